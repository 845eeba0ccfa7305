/*
 * Object types that applications register: RVE_ApplicationType of the
 * AdminService, and what of Reeve's own routes is about them.  Each handler
 * ends the exchange, see rest/rest.h.
 */
#ifndef PROVIDER_REST_TYPES_H
#define PROVIDER_REST_TYPES_H

#include "pipeline/exchange.h"

#define RV_TYPES_CLASS "RVE_ApplicationType"

/* Registering, later versions, taking away: rest/types.c. */
void rv_rest_type_create(struct rv_exchange *x);
void rv_rest_type_modify(struct rv_exchange *x);
void rv_rest_type_delete(struct rv_exchange *x);
/* What is registered, and which roles lack operations: rest/types_list.c. */
void rv_rest_types(struct rv_exchange *x);
void rv_rest_types_missing(struct rv_exchange *x);

/*
 * Whether the caller may do it, by this provider's rules; key absent: to no
 * instance.  False: answered.  The store decides again where it writes.
 */
bool rv_types_may(struct rv_exchange *x, const char *type,
    const char *operation, struct rv_slice key);

#endif
