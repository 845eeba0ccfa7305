#include "sign_in/reload.h"

#include "provider.h"
#include "sign_in/current.h"
#include "sign_in/penalties.h"
#include "transport/tls.h"

/*
 * TLS comes last: it is the only step that changes something in force, and
 * it changes all or nothing.
 */
static int
put_in_force(struct rv_provider *p, const struct rv_config *c,
    struct rv_sign_in_policy *policy, const char **ret_part, struct rv_error *e)
{
	const struct rv_penalty_config penalties = rv_sign_in_penalties(c);
	struct rv_penalties *tried = NULL;
	int r;

	*ret_part = "penalty_exempt";
	r = rv_penalties_new(&penalties, &tried, e);
	rv_penalties_free(&tried);
	if (r != RV_OK)
		return r;
	*ret_part = "tls_certificate";
	r = rv_tls_reload(p->tls, c, policy->trust, e);
	if (r != RV_OK)
		return r;
	*ret_part = "penalty_exempt";
	return rv_penalties_configure(p->penalties, &penalties, e);
}

int
rv_sign_in_reload(
    struct rv_provider *p, struct rv_config **config, struct rv_error *e)
{
	const struct rv_sign_in_policy *before =
	    rv_sign_in_policy_now(p->sign_in);
	const struct rv_config *fresh = *config;
	const struct rv_sign_in_args args = {
		.config = fresh,
		.owned = config,
		.before = before,
	};
	struct rv_sign_in_policy *policy = NULL;
	const struct rv_sign_in_policy *unused;
	const char *part;
	int r = rv_sign_in_policy_new(&args, &policy, &part, e);

	if (r == RV_OK)
		r = put_in_force(p, fresh, policy, &part, e);
	if (r == RV_OK) {
		rv_sign_in_replace(p->sign_in, policy);
	} else {
		unused = policy;
		rv_sign_in_policy_unref(&unused);
	}
	rv_sign_in_set_failed(p->sign_in, r == RV_OK ? NULL : part);
	rv_sign_in_policy_unref(&before);
	return r;
}
