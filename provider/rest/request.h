/*
 * What requests for classes have in common: which class, which query, and
 * the form of their answers (OData JSON 4.01).
 */
#ifndef PROVIDER_REST_REQUEST_H
#define PROVIDER_REST_REQUEST_H

#include <jansson.h>

#include "odata/key.h"
#include "pipeline/exchange.h"
#include "rest/classes.h"

/* Each of these answers itself when it gives false (and does not finish). */

/* The class that the path names, below /wmi/ or /v1.0/; 404 without one. */
bool rv_request_class(struct rv_exchange *x, const struct rv_class **ret_class);
/* Its query: 400 with what is wrong and where, 501 for what is not here. */
bool rv_request_query(struct rv_exchange *x, const struct rv_class *class,
    bool single, struct rv_odata_query *ret);
/* What stands between the parentheses of the path; 400. */
bool rv_request_key(struct rv_exchange *x, const struct rv_class *class,
    struct rv_odata_key *ret);

/*
 * The value of @odata.context for a set of the class, or with "/$entity" for
 * one of it; a new reference, NULL when out of memory.
 */
json_t *rv_request_context(const struct rv_exchange *x,
    const struct rv_class *class, const char *suffix);

/* Answers with a body of OData's; takes the reference, NULL: no memory. */
void rv_request_answer(struct rv_exchange *x, int status, json_t *body);
/* The same with a text in the arena; absent: no memory. */
void rv_request_answer_text(
    struct rv_exchange *x, int status, struct rv_slice body);

#endif
