#include "rest/body.h"

#include <string.h>

void
rv_body_bad(struct rv_exchange *x, const char *path, const char *wrong)
{
	const char *detail = rv_arena_printf(
	    x->arena, "The member %s of the body %s.", path, wrong);

	rv_answer_error(x, 400, "bad_request", detail != NULL ? detail : wrong);
}

json_t *
rv_body_object(struct rv_exchange *x)
{
	json_error_t error;
	json_t *root;
	const char *detail = "The body must be a JSON object.";

	root = json_loadb(x->body.n > 0 ? x->body.p : "", x->body.n,
	    JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		detail = rv_arena_printf(x->arena,
		    "The body is not valid JSON: line %d, column %d.",
		    error.line, error.column);
	else if (json_is_object(root))
		return root;
	json_decref(root);
	rv_answer_error(x, 400, "bad_json",
	    detail != NULL ? detail : "The body is not valid JSON.");
	return NULL;
}

int
rv_body_take_string(struct rv_arena *arena, const json_t *object,
    const char *member, struct rv_slice *ret_value, const char **ret_wrong)
{
	const json_t *value = json_object_get(object, member);
	struct rv_slice s;
	char *copy;

	*ret_wrong = NULL;
	if (value == NULL)
		*ret_wrong = "is missing";
	else if (!json_is_string(value))
		*ret_wrong = "must be a string";
	if (*ret_wrong != NULL)
		return RV_ERR_INVALID;
	s = (struct rv_slice){ json_string_value(value),
		json_string_length(value) };
	if (s.n > RV_BODY_STRING_MAX)
		*ret_wrong = "is longer than 1024 bytes";
	else if (!rv_slice_is_text(s))
		*ret_wrong = "holds a NUL character";
	if (*ret_wrong != NULL)
		return RV_ERR_INVALID;
	copy = rv_arena_dup(arena, s);
	if (copy == NULL)
		return RV_ERR_NOMEM;
	*ret_value = (struct rv_slice){ copy, s.n };
	return RV_OK;
}

int
rv_body_string(struct rv_exchange *x, const json_t *object, const char *member,
    const char *path, struct rv_slice *ret_value)
{
	const char *wrong;
	int r =
	    rv_body_take_string(x->arena, object, member, ret_value, &wrong);

	if (r == RV_ERR_INVALID)
		rv_body_bad(x, path, wrong);
	else if (r != RV_OK)
		rv_answer_unavailable(
		    x, "overload", "The provider is out of memory; try again.");
	return r;
}
