#include "rest/query.h"

#include <string.h>

#define TOP_MAX 1000000u

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decoding (RFC 3986 section 2.1) into the arena. */
static int
decode(struct rv_arena *arena, struct rv_slice in, struct rv_slice *ret)
{
	char *out = rv_arena_alloc(arena, in.n + 1);
	size_t n = 0;

	if (out == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < in.n; i++) {
		int hi, lo;

		if (in.p[i] != '%') {
			out[n++] = in.p[i] == '+' ? ' ' : in.p[i];
			continue;
		}
		if (in.n - i < 3 || (hi = hex_digit(in.p[i + 1])) < 0 ||
		    (lo = hex_digit(in.p[i + 2])) < 0)
			return RV_ERR_INVALID;
		out[n++] = (char)(unsigned char)(hi << 4 | lo);
		i += 2;
	}
	*ret = (struct rv_slice){ out, n };
	return rv_slice_is_text(*ret) ? RV_OK : RV_ERR_INVALID;
}

/* OData 4.01 lets the $ be left out and ignores case. */
static bool
is_option(struct rv_slice name, const char *option)
{
	if (name.n > 0 && name.p[0] == '$') {
		name.p++;
		name.n--;
	}
	return rv_slice_ieq(name, rv_slice_of(option));
}

static bool
is_known_odata_option(struct rv_slice name)
{
	static const char *const options[] = { "filter", "select", "orderby",
		"skip", "count", "expand", "search", "apply", "compute",
		"format", "deltatoken", "schemaversion", "index" };

	if (name.n > 0 && name.p[0] == '$')
		return true;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (is_option(name, options[i]))
			return true;
	return false;
}

static int
take(struct rv_slice name, struct rv_slice value, struct rv_query *query)
{
	uint64_t top;

	if (is_option(name, "top")) {
		if (query->top != SIZE_MAX ||
		    rv_slice_to_u64(value, TOP_MAX, &top) != RV_OK)
			return RV_ERR_INVALID;
		query->top = (size_t)top;
		return RV_OK;
	}
	if (is_option(name, "skiptoken")) {
		if (query->token.p != NULL)
			return RV_ERR_INVALID;
		query->token = value;
		return RV_OK;
	}
	/* Options that are not OData's are the caller's own: ignored. */
	return is_known_odata_option(name) ? RV_ERR_NOTFOUND : RV_OK;
}

static int
take_pair(struct rv_arena *arena, struct rv_slice pair, struct rv_query *query,
    struct rv_slice *option)
{
	const char *eq = memchr(pair.p, '=', pair.n);
	struct rv_slice name, value = RV_SLICE_LIT("");
	size_t n = eq != NULL ? (size_t)(eq - pair.p) : pair.n;
	int r;

	*option = RV_SLICE_NONE;
	r = decode(arena, (struct rv_slice){ pair.p, n }, &name);
	if (r == RV_OK && eq != NULL)
		r = decode(
		    arena, (struct rv_slice){ eq + 1, pair.n - n - 1 }, &value);
	if (r != RV_OK)
		return r;
	*option = name;
	return take(name, value, query);
}

int
rv_query_parse(struct rv_arena *arena, struct rv_slice text,
    struct rv_query *ret_query, struct rv_slice *ret_option)
{
	struct rv_query query = { .top = SIZE_MAX };
	int r = RV_OK;

	*ret_option = RV_SLICE_NONE;
	while (r == RV_OK && text.n > 0) {
		const char *amp = memchr(text.p, '&', text.n);
		size_t n = amp != NULL ? (size_t)(amp - text.p) : text.n;

		if (n > 0)
			r = take_pair(arena, (struct rv_slice){ text.p, n },
			    &query, ret_option);
		n = amp != NULL ? n + 1 : n;
		text.p += n;
		text.n -= n;
	}
	if (r == RV_OK)
		*ret_query = query;
	return r;
}
