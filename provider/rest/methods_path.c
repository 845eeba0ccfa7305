#include "rest/methods_path.h"

static bool
is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* A name at the beginning of *s, and *s moved behind it. */
static int
take_word(struct rv_slice *s, struct rv_slice *ret)
{
	size_t n = 0;

	while (n < s->n && is_word(s->p[n]))
		n++;
	if (n == 0 || (s->p[0] >= '0' && s->p[0] <= '9'))
		return RV_ERR_INVALID;
	*ret = (struct rv_slice){ s->p, n };
	*s = (struct rv_slice){ s->p + n, s->n - n };
	return RV_OK;
}

/* "\\server\namespace:", which is always this site's. */
static struct rv_slice
without_namespace(struct rv_slice s)
{
	for (size_t i = 0;
	     i < s.n && (is_word(s.p[i]) || s.p[i] == '\\' || s.p[i] == '.' ||
			    s.p[i] == '-' || s.p[i] == ':');
	     i++)
		if (s.p[i] == ':')
			return (struct rv_slice){ s.p + i + 1, s.n - i - 1 };
	return s;
}

/*
 * All of s in quotes: WMI's, with '\' before what stands for itself, or
 * OData's, where the quote is doubled.
 */
static int
unquote(
    struct rv_arena *arena, struct rv_slice s, bool wmi, struct rv_slice *ret)
{
	const char quote = s.p[0];
	char *out = rv_arena_alloc(arena, s.n);
	size_t n = 0, i = 1;

	if (out == NULL)
		return RV_ERR_NOMEM;
	for (; i < s.n; i++) {
		const bool more = i + 1 < s.n;
		const bool escapes =
		    wmi ? s.p[i] == '\\' && more
			: s.p[i] == quote && more && s.p[i + 1] == quote;

		if (escapes)
			i++;
		else if (s.p[i] == quote)
			break;
		out[n++] = s.p[i];
	}
	if (i + 1 != s.n || n == 0)
		return RV_ERR_INVALID;
	*ret = (struct rv_slice){ out, n };
	return RV_OK;
}

static int
take_value(
    struct rv_arena *arena, struct rv_slice s, bool wmi, struct rv_slice *ret)
{
	uint64_t number;

	if (s.n > 1 && (s.p[0] == '\'' || (wmi && s.p[0] == '"')))
		return unquote(arena, s, wmi, ret);
	*ret = s;
	return rv_slice_to_u64(s, INT64_MAX, &number) == RV_OK ? RV_OK
							       : RV_ERR_INVALID;
}

int
rv_object_path_read(
    struct rv_arena *arena, struct rv_slice text, struct rv_object_path *ret)
{
	int r;

	*ret = (struct rv_object_path){ .property = RV_SLICE_NONE };
	if (!rv_slice_is_text(text))
		return RV_ERR_INVALID;
	text = without_namespace(text);
	r = take_word(&text, &ret->class);
	if (r != RV_OK || text.n == 0)
		return r;
	if (text.p[0] == '(' && text.n > 2 && text.p[text.n - 1] == ')')
		return take_value(arena,
		    (struct rv_slice){ text.p + 1, text.n - 2 }, false,
		    &ret->key);
	if (text.p[0] != '.')
		return RV_ERR_INVALID;
	text = (struct rv_slice){ text.p + 1, text.n - 1 };
	r = take_word(&text, &ret->property);
	if (r != RV_OK || text.n < 2 || text.p[0] != '=')
		return RV_ERR_INVALID;
	return take_value(arena, (struct rv_slice){ text.p + 1, text.n - 1 },
	    true, &ret->key);
}
