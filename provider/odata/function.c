/* Functions of $filter: what they take, and what they give. */
#include <time.h>

#include "odata/reader.h"
#include "odata/value.h"

#define ARGS_MAX 3u

struct function {
	const char *name;
	enum rv_odata_function is;
	unsigned char least, most; /* number of arguments */
	enum rv_odata_type gives;
	enum rv_odata_type takes[ARGS_MAX];
};

static const struct function functions[] = {
	{ "contains", RV_ODATA_F_CONTAINS, 2, 2, RV_ODATA_BOOL,
	    { RV_ODATA_STRING, RV_ODATA_STRING } },
	{ "startswith", RV_ODATA_F_STARTSWITH, 2, 2, RV_ODATA_BOOL,
	    { RV_ODATA_STRING, RV_ODATA_STRING } },
	{ "endswith", RV_ODATA_F_ENDSWITH, 2, 2, RV_ODATA_BOOL,
	    { RV_ODATA_STRING, RV_ODATA_STRING } },
	{ "tolower", RV_ODATA_F_TOLOWER, 1, 1, RV_ODATA_STRING,
	    { RV_ODATA_STRING } },
	{ "toupper", RV_ODATA_F_TOUPPER, 1, 1, RV_ODATA_STRING,
	    { RV_ODATA_STRING } },
	{ "length", RV_ODATA_F_LENGTH, 1, 1, RV_ODATA_INT,
	    { RV_ODATA_STRING } },
	{ "indexof", RV_ODATA_F_INDEXOF, 2, 2, RV_ODATA_INT,
	    { RV_ODATA_STRING, RV_ODATA_STRING } },
	{ "substring", RV_ODATA_F_SUBSTRING, 2, 3, RV_ODATA_STRING,
	    { RV_ODATA_STRING, RV_ODATA_INT, RV_ODATA_INT } },
	{ "concat", RV_ODATA_F_CONCAT, 2, 2, RV_ODATA_STRING,
	    { RV_ODATA_STRING, RV_ODATA_STRING } },
	{ "trim", RV_ODATA_F_TRIM, 1, 1, RV_ODATA_STRING, { RV_ODATA_STRING } },
	/* RV_ODATA_DATE here: a date, with a time or without. */
	{ "year", RV_ODATA_F_YEAR, 1, 1, RV_ODATA_INT, { RV_ODATA_DATE } },
	{ "month", RV_ODATA_F_MONTH, 1, 1, RV_ODATA_INT, { RV_ODATA_DATE } },
	{ "day", RV_ODATA_F_DAY, 1, 1, RV_ODATA_INT, { RV_ODATA_DATE } },
	{ "hour", RV_ODATA_F_HOUR, 1, 1, RV_ODATA_INT, { RV_ODATA_INSTANT } },
	{ "minute", RV_ODATA_F_MINUTE, 1, 1, RV_ODATA_INT,
	    { RV_ODATA_INSTANT } },
	{ "second", RV_ODATA_F_SECOND, 1, 1, RV_ODATA_INT,
	    { RV_ODATA_INSTANT } },
	{ "date", RV_ODATA_F_DATE, 1, 1, RV_ODATA_DATE, { RV_ODATA_INSTANT } },
};

/* Of OData 4.01 (URL Conventions, section 5.1.1.4 on), but not here. */
static const char *const elsewhere[] = { "hassubset", "hassubsequence",
	"matchespattern", "fractionalseconds", "maxdatetime", "mindatetime",
	"time", "totaloffsetminutes", "totalseconds", "ceiling", "floor",
	"round", "cast", "isof", "case", "geo.distance", "geo.intersects",
	"geo.length" };

static int
unknown(struct rv_odata_reader *r, const struct rv_odata_token *name)
{
	int shown = name->text.n < 40 ? (int)name->text.n : 40;

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (rv_slice_ieq(name->text, rv_slice_of(elsewhere[i])))
			return rv_odata_fail_unsupported(r, name->at,
			    "the function %s() is not supported", elsewhere[i]);
	return rv_odata_fail(
	    r, name->at, "there is no function %.*s()", shown, name->text.p);
}

static bool
takes(enum rv_odata_type wanted, enum rv_odata_type got)
{
	return got == wanted || got == RV_ODATA_NULL ||
	       (wanted == RV_ODATA_DATE && got == RV_ODATA_INSTANT);
}

/* The arguments up to and with ')'. */
static int
read_arguments(struct rv_odata_reader *r, const struct function *f,
    struct rv_odata_node *call)
{
	struct rv_odata_node *arg = NULL;
	int result = RV_OK;

	call->n_args = 0;
	while (result == RV_OK) {
		result = rv_odata_read_expression(r, &arg);
		if (result != RV_OK)
			return result;
		if (call->n_args == f->most)
			return rv_odata_fail(r, arg->at,
			    "%s() takes no more than %u arguments", f->name,
			    f->most);
		if (arg->is_collection ||
		    !takes(f->takes[call->n_args], arg->type))
			return rv_odata_fail(r, arg->at,
			    "%s() takes %s here, not %s", f->name,
			    rv_odata_type_name(f->takes[call->n_args]),
			    arg->is_collection ? "a collection"
					       : rv_odata_type_name(arg->type));
		call->args[call->n_args++] = arg;
		if (!rv_odata_at_punct(r, ','))
			break;
		result = rv_odata_next(r);
	}
	if (result == RV_OK && call->n_args < f->least)
		return rv_odata_fail(r, r->token.at, "%s() takes %u arguments",
		    f->name, f->least);
	return result;
}

/*
 * The time of the first now() of a query is that of all: a value like one
 * that the caller wrote.
 */
static int
read_now(struct rv_odata_reader *r, size_t at, struct rv_odata_node **ret_node)
{
	struct rv_odata_node *node = NULL;
	struct timespec now;
	int result = rv_odata_node_new(r, RV_ODATA_LITERAL, at, 0, &node);

	if (result != RV_OK)
		return result;
	if (r->now.type == RV_ODATA_NULL) {
		if (clock_gettime(CLOCK_REALTIME, &now) != 0)
			return RV_ERR_INTERNAL;
		r->now.type = RV_ODATA_INSTANT;
		r->now.i = (int64_t)now.tv_sec * RV_ODATA_MICROS +
			   (int64_t)now.tv_nsec / 1000;
	}
	node->value = r->now;
	node->type = RV_ODATA_INSTANT;
	*ret_node = node;
	return RV_OK;
}

static const struct function *
function_named(struct rv_slice name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (rv_slice_ieq(name, rv_slice_of(functions[i].name)))
			return &functions[i];
	return NULL;
}

static int
read_inside(struct rv_odata_reader *r, const struct rv_odata_token *name,
    struct rv_odata_node **ret_node)
{
	const struct function *f = function_named(name->text);
	struct rv_odata_node *call = NULL;
	int result;

	if (rv_slice_ieq(name->text, RV_SLICE_LIT("now")))
		return read_now(r, name->at, ret_node);
	if (f == NULL)
		return unknown(r, name);
	result = rv_odata_node_new(r, RV_ODATA_CALL, name->at, ARGS_MAX, &call);
	if (result != RV_OK)
		return result;
	call->function = f->is;
	call->type = f->gives;
	*ret_node = call;
	return read_arguments(r, f, call);
}

int
rv_odata_read_call(struct rv_odata_reader *r, struct rv_odata_token name,
    struct rv_odata_node **ret_node)
{
	int result = rv_odata_enter(r);

	if (result == RV_OK)
		result = rv_odata_expect(r, '(');
	if (result == RV_OK)
		result = read_inside(r, &name, ret_node);
	if (result == RV_OK)
		result = rv_odata_expect(r, ')');
	rv_odata_leave(r);
	return result;
}
