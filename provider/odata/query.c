/* The options of a query: splitting, decoding, and the plain ones. */
#include "odata/query.h"

#include <string.h>

#include "http/uri.h"
#include "odata/reader.h"

static const struct {
	const char *name; /* with '$' */
	enum rv_odata_option is;
} options[] = {
	{ "$filter", RV_ODATA_O_FILTER },
	{ "$select", RV_ODATA_O_SELECT },
	{ "$orderby", RV_ODATA_O_ORDERBY },
	{ "$top", RV_ODATA_O_TOP },
	{ "$skip", RV_ODATA_O_SKIP },
	{ "$count", RV_ODATA_O_COUNT },
	{ "$expand", RV_ODATA_O_EXPAND },
	{ "$search", RV_ODATA_O_SEARCH },
	{ "$skiptoken", RV_ODATA_O_SKIPTOKEN },
	{ "$format", RV_ODATA_O_FORMAT },
	{ "$apply", RV_ODATA_O_UNSUPPORTED },
	{ "$compute", RV_ODATA_O_UNSUPPORTED },
	{ "$deltatoken", RV_ODATA_O_UNSUPPORTED },
	{ "$index", RV_ODATA_O_UNSUPPORTED },
	{ "$levels", RV_ODATA_O_UNSUPPORTED },
	{ "$schemaversion", RV_ODATA_O_UNSUPPORTED },
};

void
rv_odata_query_init(
    struct rv_odata_query *query, const struct rv_odata_class *class)
{
	*query = (struct rv_odata_query){
		.class = class, .select_all = true, .top = SIZE_MAX
	};
}

enum rv_odata_option
rv_odata_option_of(struct rv_slice name, const char **ret_name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		*ret_name = options[i].name;
		if (rv_slice_ieq(name, rv_slice_of(options[i].name)) ||
		    rv_slice_ieq(name, rv_slice_of(options[i].name + 1)))
			return options[i].is;
	}
	*ret_name = NULL;
	/* '$' is OData's alone, '@' its parameters'. */
	return name.n > 0 && (name.p[0] == '$' || name.p[0] == '@')
		   ? RV_ODATA_O_UNSUPPORTED
		   : RV_ODATA_O_OTHER;
}

static int
read_number(struct rv_odata_reader *r, struct rv_slice value, size_t *ret)
{
	uint64_t n = 0;

	r->base = 0;
	if (rv_slice_to_u64(value, RV_ODATA_TOP_MAX, &n) != RV_OK)
		return rv_odata_fail(r, 0,
		    "a whole number from 0 to %u is expected",
		    RV_ODATA_TOP_MAX);
	*ret = (size_t)n;
	return RV_OK;
}

static int
read_boolean(struct rv_odata_reader *r, struct rv_slice value, bool *ret)
{
	bool yes = rv_slice_ieq(value, RV_SLICE_LIT("true"));

	if (!yes && !rv_slice_ieq(value, RV_SLICE_LIT("false")))
		return rv_odata_fail(r, 0, "true or false is expected");
	*ret = yes;
	return RV_OK;
}

static int
read_format(struct rv_odata_reader *r, struct rv_slice value)
{
	const struct rv_slice json = RV_SLICE_LIT("application/json");
	struct rv_slice head = { value.p, value.n < json.n ? value.n : json.n };

	if (rv_slice_ieq(value, RV_SLICE_LIT("json")) ||
	    (rv_slice_ieq(head, json) &&
		(value.n == json.n || value.p[json.n] == ';')))
		return RV_OK;
	return rv_odata_fail_unsupported(r, 0, "json is the only format here");
}

/* Options whose values are read token by token. */
static int
read_tokens(struct rv_odata_reader *r, enum rv_odata_option option,
    struct rv_slice value, size_t base, struct rv_odata_query *query)
{
	int result = rv_odata_start(r, value, base);

	if (result != RV_OK)
		return result;
	if (option == RV_ODATA_O_FILTER)
		result = rv_odata_read_filter(r, &query->filter);
	else if (option == RV_ODATA_O_SELECT)
		result = rv_odata_read_select(r, query);
	else if (option == RV_ODATA_O_ORDERBY)
		result = rv_odata_read_order(r, query);
	else
		result = rv_odata_read_expand(r, query);
	return result == RV_OK ? rv_odata_expect_end(r) : result;
}

int
rv_odata_read_option(struct rv_odata_reader *r, enum rv_odata_option option,
    struct rv_slice value, size_t base, struct rv_odata_query *query)
{
	r->base = base;
	switch (option) {
	case RV_ODATA_O_FILTER:
	case RV_ODATA_O_SELECT:
	case RV_ODATA_O_ORDERBY:
	case RV_ODATA_O_EXPAND:
		return read_tokens(r, option, value, base, query);
	case RV_ODATA_O_SEARCH:
		return rv_odata_read_search(r, value, base, &query->search);
	case RV_ODATA_O_TOP:
		return read_number(r, value, &query->top);
	case RV_ODATA_O_SKIP:
		return read_number(r, value, &query->skip);
	case RV_ODATA_O_COUNT:
		return read_boolean(r, value, &query->count);
	case RV_ODATA_O_FORMAT:
		return read_format(r, value);
	case RV_ODATA_O_SKIPTOKEN:
		query->skiptoken = value;
		return RV_OK;
	case RV_ODATA_O_UNSUPPORTED:
		return rv_odata_fail_unsupported(
		    r, 0, "this option is not supported");
	case RV_ODATA_O_OTHER:
		break;
	}
	return RV_OK;
}

/* ---- The text behind '?' --------------------------------------------------
 */

/* RFC 3986, and '+' for a blank; RV_ERR_INVALID, RV_ERR_NOMEM. */
static int
decode(struct rv_arena *arena, struct rv_slice in, struct rv_slice *ret)
{
	char *out = rv_arena_dup(arena, in);
	size_t n = 0;
	int result;

	if (out == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < in.n; i++)
		if (out[i] == '+')
			out[i] = ' ';
	result = rv_uri_decode((struct rv_slice){ out, in.n }, out, &n);
	*ret = (struct rv_slice){ out, n };
	return result;
}

static bool
is_for_one(enum rv_odata_option option)
{
	return option == RV_ODATA_O_SELECT || option == RV_ODATA_O_EXPAND ||
	       option == RV_ODATA_O_FORMAT;
}

/* Whether the option may stand here, once. */
static int
check_option(struct rv_odata_reader *r, enum rv_odata_option option,
    bool single, unsigned seen)
{
	r->base = 0;
	if (option == RV_ODATA_O_UNSUPPORTED)
		return rv_odata_fail_unsupported(
		    r, 0, "this option is not supported");
	if ((seen & 1u << option) != 0)
		return rv_odata_fail(r, 0, "%s is there twice", r->option);
	if (single && !is_for_one(option))
		return rv_odata_fail(
		    r, 0, "%s is for lists, not for one object", r->option);
	return RV_OK;
}

static int
read_value(struct rv_odata_reader *r, enum rv_odata_option option,
    struct rv_slice raw, struct rv_odata_query *query)
{
	struct rv_slice value;
	int result = decode(r->arena, raw, &value);

	if (result == RV_ERR_INVALID)
		return rv_odata_fail(r, 0,
		    "a percent escape is broken, or what it makes is no UTF-8 "
		    "or a control character");
	if (result == RV_OK && value.n > RV_ODATA_TEXT_MAX)
		return rv_odata_fail(r, RV_ODATA_TEXT_MAX,
		    "it is longer than %u bytes", RV_ODATA_TEXT_MAX);
	if (result == RV_OK)
		result = rv_odata_read_option(r, option, value, 0, query);
	return result;
}

/* "name=value". */
static int
read_pair(struct rv_odata_reader *r, struct rv_slice pair, bool single,
    unsigned *seen, struct rv_odata_query *query)
{
	const char *equals = memchr(pair.p, '=', pair.n);
	size_t n = equals != NULL ? (size_t)(equals - pair.p) : pair.n;
	struct rv_slice value = { pair.p + n, 0 }, name;
	enum rv_odata_option option;
	int result = decode(r->arena, (struct rv_slice){ pair.p, n }, &name);

	r->option = NULL;
	r->base = 0;
	if (result == RV_ERR_INVALID)
		return rv_odata_fail(
		    r, 0, "the name of an option cannot be decoded");
	if (result != RV_OK)
		return result;
	option = rv_odata_option_of(name, &r->option);
	if (option == RV_ODATA_O_OTHER)
		return RV_OK;
	if (r->option == NULL)
		r->option = name.p; /* the arena's, ends with NUL */
	result = check_option(r, option, single, *seen);
	*seen |= 1u << option;
	if (equals != NULL)
		value = (struct rv_slice){ equals + 1, pair.n - n - 1 };
	if (result == RV_OK)
		result = read_value(r, option, value, query);
	return result;
}

int
rv_odata_query_read(struct rv_arena *arena, const struct rv_odata_class *class,
    bool single, struct rv_slice text, struct rv_odata_query *ret,
    struct rv_odata_fault *ret_fault)
{
	struct rv_odata_reader r = { .arena = arena,
		.fault = ret_fault,
		.class = class };
	struct rv_odata_query query;
	unsigned seen = 0;
	int result = RV_OK;

	rv_odata_query_init(&query, class);
	while (result == RV_OK && text.n > 0) {
		const char *amp = memchr(text.p, '&', text.n);
		size_t n = amp != NULL ? (size_t)(amp - text.p) : text.n;

		if (n > 0)
			result = read_pair(&r, (struct rv_slice){ text.p, n },
			    single, &seen, &query);
		n = amp != NULL ? n + 1 : n;
		text.p += n;
		text.n -= n;
	}
	if (result == RV_OK)
		*ret = query;
	return result;
}
