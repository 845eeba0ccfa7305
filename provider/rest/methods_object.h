/*
 * The object that a method is about: read from the body's ObjectPath, and
 * where URLs name it by a number (CI_ID, ContainerNodeID) found in the store.
 */
#ifndef PROVIDER_REST_METHODS_OBJECT_H
#define PROVIDER_REST_METHODS_OBJECT_H

#include <jansson.h>

#include "pipeline/exchange.h"

/* Goes on with the exchange, up to rv_exchange_finish(). */
typedef void rv_method_found(
    struct rv_exchange *x, const struct rv_question *object, void *arg);

/*
 * Reads the member ObjectPath of the body and calls found() with its class
 * and key (absent for a class alone), in this turn or a later one.  Whether
 * there is such an object is for the engine to say.  A path that is none, or
 * of no class, is 400.  Ends the exchange where it does not call found().
 */
void rv_method_object(struct rv_exchange *x, const json_t *body,
    rv_method_found *found, void *arg);

/*
 * The body with these members alone (NULL ends the list), annotations
 * ("@odata.type") apart; NULL: answered.
 */
json_t *rv_method_body(struct rv_exchange *x, const char *const *members);

/* A member that is a mask of 32 bits.  RV_ERR_INVALID: answered. */
RV_MUSTUSE int rv_method_mask(struct rv_exchange *x, const json_t *body,
    const char *member, uint64_t *ret_mask);

#endif
