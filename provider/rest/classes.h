/*
 * The classes of the AdminService: what each is made of, whose Read one
 * needs, and how its rows are judged.  The fixed ones are a constant table;
 * every type with objects in scopes is a class besides, built-in or
 * registered by an application.
 */
#ifndef PROVIDER_REST_CLASSES_H
#define PROVIDER_REST_CLASSES_H

#include "reeve/rbac.h"

#include "odata/model.h"

/*
 * The view of a class, reeve.list_<lower-case name>, has
 *   key          text   COLLATE "C", unique; the key as in paths
 *   scopes       text[] of the object, NULL for classes without
 *   etag         text   another one after each change of what body shows
 *   object_type  integer, object_key text: the object that one must be able
 *                to Read to see the row; without a key any of the type
 *   body         json   all properties, in order, lazy ones too
 * and a column for each property that may be filtered, by its name in lower
 * case.  The view of secured objects, reeve.list_secured_object, has
 * object_type as its first key.
 */
struct rv_class {
	struct rv_odata_class odata;
	const char *type; /* whose Read its routes need */
	/* Of secured objects: rows are those of this type; else 0. */
	uint32_t object_type_id;
};

/*
 * By its name, or by that of its entity, with ASCII case folded; a class of
 * a registered type is in the arena and lives as long.  RV_ERR_NOTFOUND,
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_class_find(const struct rv_snapshot *s,
    struct rv_arena *arena, struct rv_slice name, bool v1,
    const struct rv_class **ret_class);

/* The fixed classes, by number from 0; NULL behind the last. */
const struct rv_class *rv_class_at(size_t i);

#endif
