/* Tokens, names and values. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wql/reader.h"

#define NUMBER_BYTES 20u /* of the longest 64-bit integer with its sign */

int
rv_wql_fail(struct rv_wql_reader *r, bool unsupported, const char *what)
{
	r->fault->at = r->at;
	r->fault->unsupported = unsupported;
	(void)snprintf(r->fault->what, sizeof(r->fault->what), "%s", what);
	return RV_ERR_INVALID;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       is_digit(c);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The end of the string that begins at `from`; 0: it has none. */
static size_t
string_end(struct rv_slice text, size_t from)
{
	for (size_t i = from + 1; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == text.p[from])
			return i + 1;
	}
	return 0;
}

static size_t
run_end(struct rv_slice text, size_t from)
{
	size_t i = from + 1;

	while (i < text.n && is_word(text.p[i]))
		i++;
	return i;
}

static bool
is_pair(struct rv_slice text, size_t at)
{
	static const char *const pairs[] = { "<=", ">=", "<>", "!=" };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (at + 1 < text.n && memcmp(text.p + at, pairs[i], 2) == 0)
			return true;
	}
	return false;
}

int
rv_wql_next(struct rv_wql_reader *r)
{
	size_t at = r->next, end;
	char c;

	while (at < r->text.n && is_blank(r->text.p[at]))
		at++;
	r->at = at;
	r->kind = RV_WQL_T_END;
	r->token = (struct rv_slice){ "", 0 };
	r->next = at;
	if (at == r->text.n)
		return RV_OK;
	c = r->text.p[at];
	if (c == '"' || c == '\'') {
		r->kind = RV_WQL_T_STRING;
		end = string_end(r->text, at);
		if (end == 0)
			return rv_wql_fail(r, false, "the string has no end");
	} else if (is_digit(c) || c == '-') {
		r->kind = RV_WQL_T_NUMBER;
		end = run_end(r->text, at);
	} else if (is_word(c)) {
		r->kind = RV_WQL_T_WORD;
		end = run_end(r->text, at);
	} else {
		r->kind = RV_WQL_T_PUNCT;
		end = at + (is_pair(r->text, at) ? 2 : 1);
	}
	r->token = (struct rv_slice){ r->text.p + at, end - at };
	r->next = end;
	return RV_OK;
}

bool
rv_wql_at(const struct rv_wql_reader *r, const char *token)
{
	return (r->kind == RV_WQL_T_WORD || r->kind == RV_WQL_T_PUNCT) &&
	       rv_slice_ieq(r->token, rv_slice_of(token));
}

int
rv_wql_expect(struct rv_wql_reader *r, const char *token)
{
	char what[64];

	if (rv_wql_at(r, token))
		return rv_wql_next(r);
	(void)snprintf(what, sizeof(what), "'%s' is expected", token);
	return rv_wql_fail(r, false, what);
}

int
rv_wql_read_name(struct rv_wql_reader *r, struct rv_slice *ret_name)
{
	struct rv_wql_reader first = *r;
	int e;

	if (r->kind != RV_WQL_T_WORD)
		return rv_wql_fail(r, false, "a property is expected");
	*ret_name = r->token;
	e = rv_wql_next(r);
	if (e == RV_OK && rv_wql_at(r, "("))
		return rv_wql_fail(&first, true, "functions are not done");
	if (e != RV_OK || !rv_wql_at(r, "."))
		return e;
	if (!rv_slice_ieq(*ret_name, rv_slice_of(r->class)))
		return rv_wql_fail(
		    &first, true, "only properties of the class after 'from'");
	e = rv_wql_next(r);
	if (e != RV_OK)
		return e;
	if (r->kind != RV_WQL_T_WORD)
		return rv_wql_fail(r, false, "a property is expected");
	*ret_name = r->token;
	return rv_wql_next(r);
}

static int
read_number(struct rv_wql_reader *r, json_t **ret)
{
	char digits[NUMBER_BYTES + 1] = { 0 };
	char *end;
	long long value;

	if (r->token.n > NUMBER_BYTES)
		return rv_wql_fail(r, false, "the number is out of range");
	memcpy(digits, r->token.p, r->token.n);
	errno = 0;
	value = strtoll(digits, &end, 10);
	if (*end != '\0' || end == digits)
		return rv_wql_fail(r, false, "not a whole number");
	if (errno != 0)
		return rv_wql_fail(r, false, "the number is out of range");
	*ret = json_integer(value);
	return RV_OK;
}

/* A backslash stands before a quote or a backslash; else for itself. */
static int
read_string(struct rv_wql_reader *r, json_t **ret)
{
	struct rv_slice in = { r->token.p + 1, r->token.n - 2 };
	struct rv_buf out = { 0 };
	int e = RV_OK;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\\' && i + 1 < in.n &&
		    memchr("\\\"'", in.p[i + 1], 3) != NULL)
			i++;
		rv_buf_putc(&out, in.p[i]);
	}
	if (out.failed)
		e = RV_ERR_NOMEM;
	else
		*ret = json_stringn(out.n > 0 ? out.p : "", out.n);
	rv_buf_fini(&out);
	return e;
}

int
rv_wql_read_value(struct rv_wql_reader *r, json_t **ret)
{
	int e;

	*ret = NULL;
	if (r->kind == RV_WQL_T_STRING)
		e = read_string(r, ret);
	else if (r->kind == RV_WQL_T_NUMBER)
		e = read_number(r, ret);
	else if (rv_wql_at(r, "select"))
		return rv_wql_fail(r, true, "subselects are not done");
	else
		return rv_wql_fail(r, r->kind == RV_WQL_T_WORD,
		    "a string or a number is expected");
	if (e == RV_OK && *ret == NULL)
		e = RV_ERR_NOMEM;
	if (e == RV_OK)
		e = rv_wql_next(r);
	if (e != RV_OK) {
		json_decref(*ret);
		*ret = NULL;
	}
	return e;
}
