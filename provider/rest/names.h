/*
 * Names for people: of roles, scopes, collections, applications and devices,
 * and of the tasks that an operation belongs to.
 * The snapshot knows ids alone; names are read from the store, at the end,
 * for those ids that the caller may see.  Without the store there are none.
 */
#ifndef PROVIDER_REST_NAMES_H
#define PROVIDER_REST_NAMES_H

#include <jansson.h>

#include "pipeline/exchange.h"

enum rv_named {
	RV_NAMED_ROLE,
	RV_NAMED_SCOPE,
	RV_NAMED_COLLECTION,
	RV_NAMED_APPLICATION,
	RV_NAMED_DEVICE,
};
#define RV_NAMED_N 5

#define RV_NAMES_MAX 512 /* more stay without a name */

struct rv_names;

/* NULL when out of memory; in the arena of the exchange. */
struct rv_names *rv_names_new(struct rv_exchange *x);

/*
 * Wants the name of one thing.  The key is copied.  The caller of this
 * judges whether the asker may see it.  Out of memory it has no name.
 */
void rv_names_want(
    struct rv_names *names, enum rv_named kind, struct rv_slice key);

/*
 * Reads all that are wanted and calls done(), in this turn or a later one.
 */
void rv_names_read(struct rv_names *names, void (*done)(void *arg), void *arg);

/* In the arena; NULL when it is not known. */
const char *rv_names_get(
    const struct rv_names *names, enum rv_named kind, struct rv_slice key);

/*
 * The application whose scopes are wanted: afterwards rv_names_scope() gives
 * their names, one by one, NULL behind the last.
 */
void rv_names_want_scopes(struct rv_names *names, struct rv_slice key);
const char *rv_names_scope(const struct rv_names *names, size_t i);

/* What an administrator sets out to do, by docs/tasks.md. */
struct rv_named_task {
	const char *id;
	const char *title;
};

/*
 * The operation whose tasks are wanted, by the names that
 * rv_snapshot_type_name() and rv_snapshot_operation_name() have: afterwards
 * rv_names_task() gives those that need it, one by one, the ones that need
 * least first, at most RV_NAMES_TASKS, NULL behind the last.  The names are
 * copied.  Tasks are facts of the catalogue, which everybody may know.
 */
#define RV_NAMES_TASKS 5
void rv_names_want_tasks(
    struct rv_names *names, struct rv_slice type, struct rv_slice operation);
const struct rv_named_task *rv_names_task(
    const struct rv_names *names, size_t i);

/* {"id": key} and "name" when it is known; NULL when out of memory. */
json_t *rv_names_json(
    const struct rv_names *names, enum rv_named kind, struct rv_slice key);

/* The kind of a type's or class's instances; false when they have no names. */
bool rv_named_of(struct rv_slice type, enum rv_named *ret_kind);

#endif
