/*
 * Objects of the types that are secured by scope or by role, and folders,
 * written over REST: one handler for every class of such.  Who may, and in
 * which scopes a new one is, is decided in the store (docs/rule.md sections 4,
 * 5 and 7).
 */
#ifndef PROVIDER_REST_OBJECTS_H
#define PROVIDER_REST_OBJECTS_H

#include "rest/classes.h"

struct rv_exchange;

/* Whether objects of the class are written by these; any thread. */
bool rv_objects_are_written(
    const struct rv_snapshot *s, const struct rv_class *class);

void rv_rest_object_create(struct rv_exchange *x);
void rv_rest_object_change(struct rv_exchange *x);
void rv_rest_object_replace(struct rv_exchange *x);
void rv_rest_object_delete(struct rv_exchange *x);

#endif
