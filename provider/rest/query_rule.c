#include "rest/query_rule.h"

#include "wql/wql.h"

static json_t *
unread(json_t *name, json_t *text, const struct rv_wql_fault *fault)
{
	return json_pack("{s:s, s:O*, s:O, s:{s:I, s:s, s:b}}", "rule", "query",
	    "name", name, "query", text, "fault", "at", (json_int_t)fault->at,
	    "what", fault->what, "unsupported", fault->unsupported);
}

json_t *
rv_query_rule(json_t *name, json_t *text)
{
	json_t *rule = NULL;
	struct rv_wql_fault fault;
	struct rv_wql wql;
	int r;

	if (!json_is_string(text))
		return NULL;
	r = rv_wql_read((struct rv_slice){ json_string_value(text),
			    json_string_length(text) },
	    &wql, &fault);
	if (r == RV_OK)
		rule = json_pack("{s:s, s:O*, s:O, s:s, s:O?}", "rule", "query",
		    "name", name, "query", text, "class", wql.class,
		    "predicate", wql.where);
	else if (r == RV_ERR_INVALID)
		rule = unread(name, text, &fault);
	rv_wql_fini(&wql);
	return rule;
}
