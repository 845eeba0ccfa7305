/* Tokens, faults and limits. */
#include <stdio.h>
#include <string.h>

#include "odata/reader.h"
#include "odata/value.h"

#define GUID_BYTES 36u
#define NAME_SHOWN 40 /* bytes of a caller's word in a fault */

static int
fail(struct rv_odata_reader *r, size_t at, bool unsupported, const char *fmt,
    va_list args)
{
	char text[256];
	char *what;

	(void)vsnprintf(text, sizeof(text), fmt, args);
	what = rv_arena_dup(r->arena, rv_slice_of(text));
	if (what == NULL)
		return RV_ERR_NOMEM;
	*r->fault = (struct rv_odata_fault){ .option = r->option,
		.at = r->base + at,
		.what = what,
		.unsupported = unsupported };
	return RV_ERR_INVALID;
}

int
rv_odata_fail(struct rv_odata_reader *r, size_t at, const char *fmt, ...)
{
	va_list args;
	int result;

	va_start(args, fmt);
	result = fail(r, at, false, fmt, args);
	va_end(args);
	return result;
}

int
rv_odata_fail_unsupported(
    struct rv_odata_reader *r, size_t at, const char *fmt, ...)
{
	va_list args;
	int result;

	va_start(args, fmt);
	result = fail(r, at, true, fmt, args);
	va_end(args);
	return result;
}

static bool
is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '$' || c == '@';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word_byte(char c)
{
	return is_word_start(c) || is_digit(c) || c == '.';
}

/* What numbers, dates, times and GUIDs are made of. */
static bool
is_literal_byte(char c)
{
	return is_word_byte(c) || c == '-' || c == '+' || c == ':';
}

static int
lex_string(struct rv_odata_reader *r)
{
	char *out = rv_arena_alloc(r->arena, r->text.n - r->at + 1);
	size_t i = r->at + 1, n = 0;

	if (out == NULL)
		return RV_ERR_NOMEM;
	for (;; i++) {
		if (i >= r->text.n)
			return rv_odata_fail(r, r->at,
			    "the text in quotes does not end; a quote inside "
			    "of it is doubled");
		if (r->text.p[i] == '\'' &&
		    (i + 1 >= r->text.n || r->text.p[i + 1] != '\''))
			break;
		if (r->text.p[i] == '\'')
			i++;
		out[n++] = r->text.p[i];
	}
	r->token =
	    (struct rv_odata_token){ RV_ODATA_T_STRING, { out, n }, r->at };
	r->at = i + 1;
	return RV_OK;
}

static void
lex_run(struct rv_odata_reader *r, enum rv_odata_token_kind kind,
    bool (*is_part)(char))
{
	size_t i = r->at + 1;

	while (i < r->text.n && is_part(r->text.p[i]))
		i++;
	r->token = (struct rv_odata_token){ kind,
		{ r->text.p + r->at, i - r->at }, r->at };
	r->at = i;
}

/* Whether a GUID begins here: it may look like a name at first. */
static bool
is_at_guid(const struct rv_odata_reader *r)
{
	size_t left = r->text.n - r->at;

	return left >= GUID_BYTES &&
	       rv_odata_is_guid(
		   (struct rv_slice){ r->text.p + r->at, GUID_BYTES }) &&
	       (left == GUID_BYTES ||
		   !is_literal_byte(r->text.p[r->at + GUID_BYTES]));
}

/* "-5", "-.5": a number; "-Name", "-(": an operator that is not here. */
static bool
is_at_number(const struct rv_odata_reader *r)
{
	size_t i = r->at;

	if ((r->text.p[i] == '-' || r->text.p[i] == '+') && i + 1 < r->text.n)
		i++;
	return is_digit(r->text.p[i]);
}

int
rv_odata_next(struct rv_odata_reader *r)
{
	while (r->at < r->text.n && r->text.p[r->at] == ' ')
		r->at++;
	if (r->at >= r->text.n) {
		r->token = (struct rv_odata_token){ RV_ODATA_T_END,
			RV_SLICE_LIT(""), r->text.n };
		return RV_OK;
	}
	if (r->text.p[r->at] == '\'')
		return lex_string(r);
	if (is_at_guid(r) || is_at_number(r))
		lex_run(r, RV_ODATA_T_LITERAL, is_literal_byte);
	else if (is_word_start(r->text.p[r->at]))
		lex_run(r, RV_ODATA_T_WORD, is_word_byte);
	else {
		r->token = (struct rv_odata_token){ RV_ODATA_T_PUNCT,
			{ r->text.p + r->at, 1 }, r->at };
		r->at++;
	}
	return RV_OK;
}

int
rv_odata_start(struct rv_odata_reader *r, struct rv_slice text, size_t base)
{
	r->text = text;
	r->base = base;
	r->at = 0;
	return rv_odata_next(r);
}

bool
rv_odata_at_punct(const struct rv_odata_reader *r, char c)
{
	return r->token.kind == RV_ODATA_T_PUNCT && r->token.text.p[0] == c;
}

bool
rv_odata_at_word(const struct rv_odata_reader *r, const char *word)
{
	return r->token.kind == RV_ODATA_T_WORD &&
	       rv_slice_ieq(r->token.text, rv_slice_of(word));
}

int
rv_odata_unexpected(struct rv_odata_reader *r, const char *expected)
{
	const struct rv_odata_token *t = &r->token;
	char c = t->text.n > 0 ? t->text.p[0] : '\0';
	int shown = t->text.n < NAME_SHOWN ? (int)t->text.n : NAME_SHOWN;

	switch (t->kind) {
	case RV_ODATA_T_END:
		return rv_odata_fail(
		    r, t->at, "%s is expected, but the text ends", expected);
	case RV_ODATA_T_STRING:
		return rv_odata_fail(
		    r, t->at, "%s is expected, not a text in quotes", expected);
	case RV_ODATA_T_WORD:
	case RV_ODATA_T_LITERAL:
		return rv_odata_fail(r, t->at, "%s is expected, not %.*s",
		    expected, shown, t->text.p);
	case RV_ODATA_T_PUNCT:
		break;
	}
	if (c > ' ' && c < 0x7f)
		return rv_odata_fail(
		    r, t->at, "%s is expected, not '%c'", expected, c);
	return rv_odata_fail(r, t->at,
	    "%s is expected; other characters may stand in quotes only",
	    expected);
}

int
rv_odata_expect(struct rv_odata_reader *r, char c)
{
	const char what[] = { '\'', c, '\'', '\0' };

	if (!rv_odata_at_punct(r, c))
		return rv_odata_unexpected(r, what);
	return rv_odata_next(r);
}

int
rv_odata_expect_end(struct rv_odata_reader *r)
{
	if (r->token.kind == RV_ODATA_T_END)
		return RV_OK;
	return rv_odata_unexpected(r, "the end");
}

int
rv_odata_enter(struct rv_odata_reader *r)
{
	if (r->depth >= RV_ODATA_DEPTH_MAX)
		return rv_odata_fail(r, r->token.at,
		    "it is nested too deeply: more than %u levels",
		    RV_ODATA_DEPTH_MAX);
	r->depth++;
	return RV_OK;
}

void
rv_odata_leave(struct rv_odata_reader *r)
{
	r->depth--;
}

int
rv_odata_node_new(struct rv_odata_reader *r, enum rv_odata_kind kind, size_t at,
    size_t n_args, struct rv_odata_node **ret_node)
{
	struct rv_odata_node *node;

	if (r->nodes >= RV_ODATA_NODES_MAX)
		return rv_odata_fail(r, at,
		    "it is too large: more than %u names, values and operators",
		    RV_ODATA_NODES_MAX);
	r->nodes++;
	node = rv_arena_alloc(r->arena, sizeof(*node));
	if (node == NULL)
		return RV_ERR_NOMEM;
	node->kind = kind;
	node->at = at;
	node->type = RV_ODATA_BOOL;
	if (n_args > 0) {
		node->args = rv_arena_alloc(
		    r->arena, n_args * sizeof(struct rv_odata_node *));
		if (node->args == NULL)
			return RV_ERR_NOMEM;
	}
	node->n_args = n_args;
	*ret_node = node;
	return RV_OK;
}
