#include "rest/site.h"

#include <string.h>

#include "rest/body.h"
#include "rest/store_write.h"

#define ARGS_MAX 4u

static bool
is_listed(const char *const *members, const char *name)
{
	for (; *members != NULL; members++)
		if (strcmp(*members, name) == 0)
			return true;
	return false;
}

/* A member that nobody reads is a wish that nobody fulfils. */
json_t *
rv_site_body(struct rv_exchange *x, const char *const *members)
{
	json_t *root = rv_body_object(x), *value;
	const char *name;

	json_object_foreach(root, name, value)
	{
		if (!is_listed(members, name)) {
			rv_body_bad(x,
			    rv_arena_dup(x->arena, rv_slice_of(name)),
			    "is not known here");
			json_decref(root);
			return NULL;
		}
	}
	return root;
}

int
rv_site_level(struct rv_exchange *x, const json_t *body, const char *member,
    const char **ret_level)
{
	static const char *const numbers[] = { "0", "1", "2", "3" };
	const json_t *value = json_object_get(body, member);

	if (json_is_null(value)) {
		*ret_level = numbers[0];
		return RV_OK;
	}
	for (int l = RV_LEVEL_WINDOWS; l <= RV_LEVEL_HELLO; l++)
		if (json_is_string(value) &&
		    strcmp(json_string_value(value),
			rv_level_name((enum rv_level)l)) == 0) {
			*ret_level = numbers[l];
			return RV_OK;
		}
	rv_body_bad(x, member,
	    "must be \"windows\", \"certificate\", \"hello\", or null for "
	    "none");
	return RV_ERR_INVALID;
}

bool
rv_site_may_read(struct rv_exchange *x, const char *type)
{
	const struct rv_subject subject = rv_subject_of(x->identity);
	const struct rv_question q = {
		.type = rv_slice_of(type),
		.operation = RV_SLICE_LIT("Read"),
	};
	const struct rv_snapshot *s;
	struct rv_readable readable;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	if (rv_rbac_readable(s, &subject, rv_exchange_instant(x), q.type,
		x->arena, &readable) != RV_OK)
		rv_answer_json(x, 200, NULL);
	else if (readable.any == RV_ALLOW)
		return true;
	else
		rv_answer_denied(x, s, &q, &readable.verdict);
	return false;
}

void
rv_site_write(struct rv_exchange *x, const char *sql, const char *const *args,
    size_t n_args)
{
	const char *params[ARGS_MAX + 3];
	struct rv_pg_step step = { .sql = sql, .params = params };
	const char *key;
	size_t n = 0;

	RV_ASSERT(n_args <= ARGS_MAX);
	if (!rv_write_key(x, &key)) {
		rv_exchange_finish(x);
		return;
	}
	params[n++] = rv_exchange_actor_json(x);
	for (size_t i = 0; i < n_args; i++)
		params[n++] = args[i];
	params[n++] = key;
	params[n++] = rv_exchange_request_json(x);
	step.n_params = (int)n;
	if (params[0] == NULL || params[n - 1] == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	rv_write_run(x, &step, 1, NULL, NULL);
}
