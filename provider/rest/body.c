#include "rest/body.h"

#include <string.h>

void
rv_body_bad(struct rv_exchange *x, const char *path, const char *wrong)
{
	const char *detail = rv_arena_printf(
	    x->arena, "The member %s of the body %s.", path, wrong);

	rv_answer_error(x, 400, "bad_request", detail != NULL ? detail : wrong);
}

/* Behind the '-' of a number: whether all its digits are 0. */
static bool
is_zero(const char *p, const char *end)
{
	bool zero = false;

	for (; p < end && (*p == '.' || (*p >= '0' && *p <= '9')); p++) {
		if (*p >= '1' && *p <= '9')
			return false;
		zero = true;
	}
	return zero;
}

/* Behind the quote that opens a string: its closing quote, or the end. */
static const char *
end_of_string(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p;
}

/*
 * Whether JSON text has a negative zero, which is one number to one reader
 * and another to the next (RFC 8259 section 6, RFC 7493 section 2.2).
 */
static bool
has_negative_zero(struct rv_slice text)
{
	const char *const end = text.p + text.n;

	for (const char *p = text.p; p < end; p++) {
		if (*p == '"')
			p = end_of_string(p + 1, end);
		else if (*p == '-' && is_zero(p + 1, end) && p > text.p &&
			 strchr("eE", p[-1]) == NULL)
			return true;
	}
	return false;
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
	else if (has_negative_zero(x->body))
		detail = "The body holds a negative zero: write 0.";
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
