/* What the files of the reader share.  One reader reads one text, once. */
#ifndef PROVIDER_WQL_READER_H
#define PROVIDER_WQL_READER_H

#include "wql/wql.h"

enum rv_wql_token_kind {
	RV_WQL_T_END,
	RV_WQL_T_WORD,
	RV_WQL_T_STRING, /* text with its quotes */
	RV_WQL_T_NUMBER,
	RV_WQL_T_PUNCT, /* one or two bytes */
};

struct rv_wql_reader {
	struct rv_slice text;
	size_t next; /* the first byte behind the token */
	enum rv_wql_token_kind kind;
	struct rv_slice token;
	size_t at; /* of the token */
	const char *class;
	unsigned nodes, depth, listed;
	struct rv_wql_fault *fault;
};

/* Writes the fault at the token; returns RV_ERR_INVALID. */
RV_MUSTUSE int rv_wql_fail(
    struct rv_wql_reader *r, bool unsupported, const char *what);
/* Reads the next token. */
RV_MUSTUSE int rv_wql_next(struct rv_wql_reader *r);
/* Whether the token is this word in any case, or this punctuation. */
bool rv_wql_at(const struct rv_wql_reader *r, const char *token);
/* The token must be this one and is passed over. */
RV_MUSTUSE int rv_wql_expect(struct rv_wql_reader *r, const char *token);
/* [class.]name, passed over; the name is borrowed from the text. */
RV_MUSTUSE int rv_wql_read_name(
    struct rv_wql_reader *r, struct rv_slice *ret_name);
/* A string or an integer, passed over; a new reference. */
RV_MUSTUSE int rv_wql_read_value(struct rv_wql_reader *r, json_t **ret);
/* A whole predicate, passed over; a new reference. */
RV_MUSTUSE int rv_wql_read_any(struct rv_wql_reader *r, json_t **ret);

#endif
