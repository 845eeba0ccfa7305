/*
 * OpenID AuthZEN Authorization API 1.0, section 9: the metadata of the
 * policy decision point.  Its identity is configured, never taken from the
 * request: a field Host that somebody forged must not send callers away.
 */
#include <jansson.h>

#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/rest.h"

void
rv_rest_metadata(struct rv_exchange *x)
{
	const char *url = x->lane->provider->config->public_url;

	if (url == NULL)
		rv_answer_error(x, 404, "no_public_url",
		    "This provider has no public URL (public_url in its "
		    "configuration); use the default paths.");
	else
		rv_answer_json(x, 200,
		    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}",
			"policy_decision_point", url,
			"access_evaluation_endpoint",
			json_sprintf("%s/access/v1/evaluation", url),
			"access_evaluations_endpoint",
			json_sprintf("%s/access/v1/evaluations", url),
			"search_subject_endpoint",
			json_sprintf("%s/access/v1/search/subject", url),
			"search_resource_endpoint",
			json_sprintf("%s/access/v1/search/resource", url),
			"search_action_endpoint",
			json_sprintf("%s/access/v1/search/action", url)));
	rv_exchange_finish(x);
}
