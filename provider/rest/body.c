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
rv_body_string(struct rv_exchange *x, const json_t *object, const char *member,
    const char *path, struct rv_slice *ret_value)
{
	const json_t *value = json_object_get(object, member);
	struct rv_slice s;
	char *copy;

	if (value == NULL || !json_is_string(value)) {
		rv_body_bad(
		    x, path, value == NULL ? "is missing" : "must be a string");
		return RV_ERR_INVALID;
	}
	s = (struct rv_slice){ json_string_value(value),
		json_string_length(value) };
	if (s.n > RV_BODY_STRING_MAX || !rv_slice_is_text(s)) {
		rv_body_bad(x, path,
		    s.n > RV_BODY_STRING_MAX ? "is longer than 1024 bytes"
					     : "holds a NUL character");
		return RV_ERR_INVALID;
	}
	copy = rv_arena_dup(x->arena, s);
	if (copy == NULL) {
		rv_answer_unavailable(
		    x, "overload", "The provider is out of memory; try again.");
		return RV_ERR_NOMEM;
	}
	*ret_value = (struct rv_slice){ copy, s.n };
	return RV_OK;
}
