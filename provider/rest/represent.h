/*
 * The object that a change has made or changed, in the answer to the change
 * (OData 4.01 protocol, sections 8.2.8.7, 11.4.2 and 11.4.3).
 */
#ifndef PROVIDER_REST_REPRESENT_H
#define PROVIDER_REST_REPRESENT_H

#include "pipeline/exchange.h"

/*
 * Adds to a JSON answer that is ready the properties of an object, as the
 * store has it by now, and its ETag.  The answer stays as it is when the
 * caller may not read the object, or nobody can at the moment: the change
 * has been made all the same.  Calls done, now or later.
 */
void rv_represent(struct rv_exchange *x, struct rv_slice class,
    struct rv_slice key, void (*done)(struct rv_exchange *x));

#endif
