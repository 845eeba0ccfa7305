/*
 * A membership rule by query as the store takes it.
 */
#ifndef PROVIDER_REST_QUERY_RULE_H
#define PROVIDER_REST_QUERY_RULE_H

#include <jansson.h>

/*
 * Reads a query (a JSON string) to {rule, name, query} with {class, predicate},
 * or with {fault} that says what could not be read: the store may have such a
 * rule already, and decides.  name may be NULL.  The reference is the
 * caller's; NULL: it is no text, or out of memory.  Pure; any thread.
 */
json_t *rv_query_rule(json_t *name, json_t *text);

#endif
