/*
 * What the routes that set the site's levels share: strict reading of their
 * few members.  Each reader answers 400 that names the member when it is
 * wrong (the exchange is then not finished).
 */
#ifndef PROVIDER_REST_SITE_H
#define PROVIDER_REST_SITE_H

#include <jansson.h>

#include "pipeline/exchange.h"

/*
 * The body, with no members but these (NULL ends the list).  NULL: answered.
 * The reference is the caller's.
 */
json_t *rv_site_body(struct rv_exchange *x, const char *const *members);

/*
 * A level by name, or null for none, as the text that the store takes: "0"
 * to "3", static.
 */
RV_MUSTUSE int rv_site_level(struct rv_exchange *x, const json_t *body,
    const char *member, const char **ret_level);

/*
 * Whether the caller may Read some instance of the type, by this provider's
 * rules.  False: answered.
 */
bool rv_site_may_read(struct rv_exchange *x, const char *type);

/*
 * One call of a write function: actor first, then the arguments, then the
 * idempotency key and the request; finishes the exchange.  sql has the
 * parameters in this order.
 */
void rv_site_write(struct rv_exchange *x, const char *sql,
    const char *const *args, size_t n_args);

#endif
