/*
 * One object of a class as the answer: after GET, and after a write.
 */
#ifndef PROVIDER_REST_ENTITY_H
#define PROVIDER_REST_ENTITY_H

#include "pipeline/exchange.h"
#include "rest/classes.h"

/*
 * Reads the object with this key, decides whether the caller may see it (404
 * otherwise, docs/rule.md section 8), and answers with its body, its ETag and
 * what $select and $expand ask for; finishes the exchange.  status 201 adds
 * Location.  For use outside of rv_write_run()'s answer: it reads the store.
 */
void rv_entity_answer(struct rv_exchange *x, const struct rv_class *class,
    struct rv_slice key, int status);

#endif
