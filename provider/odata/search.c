/* $search: terms and phrases, AND, OR, NOT (URL Conventions, 5.1.8). */
#include <string.h>

#include "odata/reader.h"

/* What the words of a search are read from; tokens of their own. */
struct words {
	struct rv_odata_reader *r;
	struct rv_slice text;
	size_t at;
};

/*
 * Groups are read like all else, at most RV_ODATA_DEPTH_MAX deep.
 * NOLINTBEGIN(misc-no-recursion)
 */
static int read_any(struct words *w, struct rv_odata_node **ret);

static void
skip_blanks(struct words *w)
{
	while (w->at < w->text.n && w->text.p[w->at] == ' ')
		w->at++;
}

static char
peek(struct words *w)
{
	skip_blanks(w);
	return w->at < w->text.n ? w->text.p[w->at] : '\0';
}

static bool
is_word_end(char c)
{
	return c == ' ' || c == '(' || c == ')' || c == '"';
}

/* The next word as it stands, not passed over. */
static struct rv_slice
word_ahead(struct words *w)
{
	size_t end;

	skip_blanks(w);
	end = w->at;
	while (end < w->text.n && !is_word_end(w->text.p[end]))
		end++;
	return (struct rv_slice){ w->text.p + w->at, end - w->at };
}

/* Operators are in capitals: small ones are words to look for. */
static bool
is_operator(struct rv_slice word)
{
	return rv_slice_eq_cstr(word, "AND") || rv_slice_eq_cstr(word, "OR") ||
	       rv_slice_eq_cstr(word, "NOT");
}

static bool
pass_operator(struct words *w, const char *op)
{
	struct rv_slice word = word_ahead(w);

	if (!rv_slice_eq_cstr(word, op))
		return false;
	w->at += word.n;
	return true;
}

static int
term_new(struct words *w, struct rv_slice text, struct rv_odata_node **ret)
{
	struct rv_odata_node *node = NULL;
	int result = rv_odata_node_new(w->r, RV_ODATA_TERM, w->at, 0, &node);

	if (result != RV_OK)
		return result;
	node->value =
	    (struct rv_odata_value){ .type = RV_ODATA_STRING, .text = text };
	*ret = node;
	return RV_OK;
}

/* In double quotes; a backslash takes the next byte as it is. */
static int
read_phrase(struct words *w, struct rv_odata_node **ret)
{
	size_t from = w->at++, n = 0;
	char *out = rv_arena_alloc(w->r->arena, w->text.n + 1);
	int result;

	if (out == NULL)
		return RV_ERR_NOMEM;
	for (; w->at < w->text.n && w->text.p[w->at] != '"'; w->at++) {
		if (w->text.p[w->at] == '\\' && w->at + 1 < w->text.n)
			w->at++;
		out[n++] = w->text.p[w->at];
	}
	if (w->at >= w->text.n)
		return rv_odata_fail(
		    w->r, from, "the text in quotes does not end");
	if (n == 0)
		return rv_odata_fail(
		    w->r, from, "there is nothing between the quotes");
	result = term_new(w, (struct rv_slice){ out, n }, ret);
	w->at++;
	return result;
}

static int
read_group(struct words *w, struct rv_odata_node **ret)
{
	int result = rv_odata_enter(w->r);

	w->at++;
	if (result == RV_OK)
		result = read_any(w, ret);
	if (result == RV_OK && peek(w) != ')')
		result = rv_odata_fail(w->r, w->at, "')' is expected");
	w->at++;
	rv_odata_leave(w->r);
	return result;
}

static int
read_term(struct words *w, struct rv_odata_node **ret)
{
	char next = peek(w);
	struct rv_slice word = word_ahead(w);
	int result;

	if (next == '(')
		return read_group(w, ret);
	if (next == '"')
		return read_phrase(w, ret);
	if (word.n == 0 || is_operator(word))
		return rv_odata_fail(w->r, w->at, "a word is expected");
	result = term_new(w, word, ret);
	w->at += word.n;
	return result;
}

static int
read_not(struct words *w, struct rv_odata_node **ret)
{
	struct rv_odata_node *node = NULL, *arg = NULL;
	int result;

	if (!pass_operator(w, "NOT"))
		return read_term(w, ret);
	result = rv_odata_enter(w->r);
	if (result == RV_OK)
		result = rv_odata_node_new(w->r, RV_ODATA_NOT, w->at, 1, &node);
	if (result == RV_OK)
		result = read_not(w, &arg);
	rv_odata_leave(w->r);
	if (result == RV_OK) {
		node->args[0] = arg;
		*ret = node;
	}
	return result;
}

static int
join(struct words *w, enum rv_odata_kind kind,
    int (*read)(struct words *, struct rv_odata_node **),
    struct rv_odata_node **left)
{
	struct rv_odata_node *node = NULL, *right = NULL;
	int result = rv_odata_node_new(w->r, kind, w->at, 2, &node);

	if (result == RV_OK)
		result = read(w, &right);
	if (result == RV_OK) {
		node->args[0] = *left;
		node->args[1] = right;
		*left = node;
	}
	return result;
}

/* Words side by side are joined as by AND. */
static int
read_all(struct words *w, struct rv_odata_node **ret)
{
	int result = read_not(w, ret);

	while (result == RV_OK) {
		bool said = pass_operator(w, "AND");
		char next = peek(w);

		if (!said && (next == '\0' || next == ')' ||
				 rv_slice_eq_cstr(word_ahead(w), "OR")))
			break;
		result = join(w, RV_ODATA_AND, read_not, ret);
	}
	return result;
}

static int
read_any(struct words *w, struct rv_odata_node **ret)
{
	int result = read_all(w, ret);

	while (result == RV_OK && pass_operator(w, "OR"))
		result = join(w, RV_ODATA_OR, read_all, ret);
	return result;
}

/* NOLINTEND(misc-no-recursion) */

bool
rv_odata_is_searched(const struct rv_odata_property *p)
{
	return p->type == RV_EDM_STRING && p->filterable && !p->is_collection &&
	       p->column != NULL;
}

static bool
has_searched(const struct rv_odata_class *class)
{
	for (size_t i = 0; i < class->n_properties; i++)
		if (rv_odata_is_searched(&class->properties[i]))
			return true;
	return false;
}

int
rv_odata_read_search(struct rv_odata_reader *r, struct rv_slice text,
    size_t base, const struct rv_odata_node **ret_node)
{
	struct words w = { .r = r, .text = text };
	struct rv_odata_node *node = NULL;
	int result;

	r->base = base;
	if (!has_searched(r->class))
		return rv_odata_fail_unsupported(
		    r, 0, "%s has no text to search", r->class->name);
	result = read_any(&w, &node);
	if (result == RV_OK && peek(&w) != '\0')
		result = rv_odata_fail(r, w.at, "')' closes nothing");
	if (result == RV_OK)
		*ret_node = node;
	return result;
}
