/*
 * Changes of the site by their names (reeve.change_site, docs/store.md): one
 * or several in one revision, all or none, on the condition that objects are
 * as the caller saw them, or only tried.
 */
#ifndef PROVIDER_REST_CHANGE_H
#define PROVIDER_REST_CHANGE_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "rest/store_write.h"

/* One change for rv_change_run(); takes args, NULL when out of memory. */
json_t *rv_change(const char *op, json_t *args);

/*
 * Runs the changes, an array as rv_change() makes its members, and finishes
 * the exchange; takes the reference, NULL is out of memory.  What the request
 * says besides is read here: Idempotency-Key, If-Match (RFC 9110 section
 * 13.1.1; entity tags of ours, weak or not) and the query option dryRun.
 *
 * answer sees written->result: an array with one object for each change, in
 * order, as its function gave it.  It is not called after a dry run, whose
 * answer says what would have changed.  NULL: the plain answer, with the
 * members of each of these objects.
 */
void rv_change_run(
    struct rv_exchange *x, json_t *changes, rv_write_answer *answer, void *arg);

/* The object that the i-th change of `written` gave; borrowed, or NULL. */
const json_t *rv_written_result(const struct rv_written *written, size_t i);

#endif
