/*
 * What the readers of options share: where they are, what they may still
 * use, and how they say what was wrong.  One reader reads one query with all
 * that is nested in it, in one thread.
 */
#ifndef PROVIDER_ODATA_READER_H
#define PROVIDER_ODATA_READER_H

#include "odata/tree.h"

enum rv_odata_token_kind {
	RV_ODATA_T_END,
	RV_ODATA_T_WORD,    /* a name: letters, digits, '_', '.', '$', '@' */
	RV_ODATA_T_STRING,  /* text is without quotes, doubled ones single */
	RV_ODATA_T_LITERAL, /* a number, a date, a GUID: not read yet */
	RV_ODATA_T_PUNCT,   /* one byte: text.p[0] */
};

struct rv_odata_token {
	enum rv_odata_token_kind kind;
	struct rv_slice text;
	size_t at;
};

struct rv_odata_reader {
	struct rv_arena *arena;
	struct rv_odata_fault *fault;
	const char *option; /* being read */
	size_t base;	    /* of text in the decoded option */
	struct rv_slice text;
	size_t at; /* next byte of text that is not in token */
	struct rv_odata_token token;
	const struct rv_odata_class *class;
	const struct rv_odata_variable *variable; /* the innermost */
	unsigned nodes;				  /* made so far */
	unsigned listed;	   /* values in lists of `in` so far */
	unsigned depth;		   /* of parentheses and kin */
	struct rv_odata_value now; /* what now() is; null: unread */
};

/*
 * Writes the fault (at: in the reader's text) and returns RV_ERR_INVALID, or
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_fail(
    struct rv_odata_reader *r, size_t at, const char *fmt, ...) RV_PRINTF(3, 4);
/* The same for what is of OData but not here. */
RV_MUSTUSE int rv_odata_fail_unsupported(
    struct rv_odata_reader *r, size_t at, const char *fmt, ...) RV_PRINTF(3, 4);

/* Starts on a text and reads its first token. */
RV_MUSTUSE int rv_odata_start(
    struct rv_odata_reader *r, struct rv_slice text, size_t base);
/* Reads the next token into r->token. */
RV_MUSTUSE int rv_odata_next(struct rv_odata_reader *r);
/* Whether the current token is this byte, or this word in any case. */
bool rv_odata_at_punct(const struct rv_odata_reader *r, char c);
bool rv_odata_at_word(const struct rv_odata_reader *r, const char *word);
/* The byte must be here and is passed over. */
RV_MUSTUSE int rv_odata_expect(struct rv_odata_reader *r, char c);
/* Nothing may be here any more. */
RV_MUSTUSE int rv_odata_expect_end(struct rv_odata_reader *r);
/* A fault that names what is here and what was expected. */
RV_MUSTUSE int rv_odata_unexpected(
    struct rv_odata_reader *r, const char *expected);

/* Parentheses and their like: RV_ODATA_DEPTH_MAX of them, one in another. */
RV_MUSTUSE int rv_odata_enter(struct rv_odata_reader *r);
void rv_odata_leave(struct rv_odata_reader *r);

/* A new node; at most RV_ODATA_NODES_MAX a query. */
RV_MUSTUSE int rv_odata_node_new(struct rv_odata_reader *r,
    enum rv_odata_kind kind, size_t at, size_t n_args,
    struct rv_odata_node **ret_node);

/* Passes over a whole $filter, or $search; the text is started already. */
RV_MUSTUSE int rv_odata_read_filter(
    struct rv_odata_reader *r, const struct rv_odata_node **ret_node);
RV_MUSTUSE int rv_odata_read_search(struct rv_odata_reader *r,
    struct rv_slice text, size_t base, const struct rv_odata_node **ret_node);

/* Whether $search looks into the property. */
bool rv_odata_is_searched(const struct rv_odata_property *property);

/* A number, date, GUID as it stands in the token; null, true, false. */
RV_MUSTUSE int rv_odata_read_literal(
    struct rv_odata_reader *r, struct rv_odata_node **ret_node);
/*
 * A path that begins at the current token, a word, in the class (or at a
 * variable); passed over, up to a '/' that leads to any or all.
 */
RV_MUSTUSE int rv_odata_read_path(
    struct rv_odata_reader *r, struct rv_odata_node **ret_node);
/* The property of the class named by the current token. */
RV_MUSTUSE int rv_odata_read_property(struct rv_odata_reader *r,
    const struct rv_odata_class *class,
    const struct rv_odata_property **ret_property);
/* A call: the name is passed over, the current token its '('. */
RV_MUSTUSE int rv_odata_read_call(struct rv_odata_reader *r,
    struct rv_odata_token name, struct rv_odata_node **ret_node);
/* One whole expression: an argument, what is in parentheses. */
RV_MUSTUSE int rv_odata_read_expression(
    struct rv_odata_reader *r, struct rv_odata_node **ret_node);

/* Checks the two sides of a comparison, and makes a date an instant. */
RV_MUSTUSE int rv_odata_check_pair(struct rv_odata_reader *r, size_t at,
    const struct rv_odata_node *a, struct rv_odata_node *b);
/* The node must be a condition. */
RV_MUSTUSE int rv_odata_check_condition(
    struct rv_odata_reader *r, const struct rv_odata_node *node);

/* The options of one list or object, decoded or nested in an $expand. */
RV_MUSTUSE int rv_odata_read_select(
    struct rv_odata_reader *r, struct rv_odata_query *query);
RV_MUSTUSE int rv_odata_read_order(
    struct rv_odata_reader *r, struct rv_odata_query *query);
RV_MUSTUSE int rv_odata_read_expand(
    struct rv_odata_reader *r, struct rv_odata_query *query);

/* What of the options of a query was already there: each stands once. */
enum rv_odata_option {
	RV_ODATA_O_FILTER,
	RV_ODATA_O_SELECT,
	RV_ODATA_O_ORDERBY,
	RV_ODATA_O_TOP,
	RV_ODATA_O_SKIP,
	RV_ODATA_O_COUNT,
	RV_ODATA_O_EXPAND,
	RV_ODATA_O_SEARCH,
	RV_ODATA_O_SKIPTOKEN,
	RV_ODATA_O_FORMAT,
	RV_ODATA_O_UNSUPPORTED, /* of OData, but not here */
	RV_ODATA_O_OTHER,	/* not of OData */
};

/* An empty query for the class. */
void rv_odata_query_init(
    struct rv_odata_query *query, const struct rv_odata_class *class);
/* Which option a name is; *ret_name is how faults call it. */
enum rv_odata_option rv_odata_option_of(
    struct rv_slice name, const char **ret_name);
/* Reads the decoded value of an option, which is r->option. */
RV_MUSTUSE int rv_odata_read_option(struct rv_odata_reader *r,
    enum rv_odata_option option, struct rv_slice value, size_t base,
    struct rv_odata_query *query);

#endif
