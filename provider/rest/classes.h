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
 *   key          text   COLLATE "C", unique; the key as in paths: its value,
 *                or of several properties Name='value',Name=5 in their order
 *   scopes       text[] of the object, NULL for classes without
 *   etag         text   another one after each change of what body shows
 *   object_type  integer, object_key text: the object that one must be able
 *                to Read to see the row.  0: one of the class's own type (a
 *                resource); NULL: nothing; without a key: any of the type
 *   body         json   all properties, in order, lazy ones too
 * and the columns that its properties name.  Classes of secured objects share
 * reeve.list_secured_object or, where URLs have a number,
 * reeve.list_numbered_object: theirs are the rows of object_type_id.
 *
 * A navigation's column: to one, that of this view whose text is the key of
 * the other; to many, that of the other view whose text is this row's key.
 *
 * What depends on the caller is made in SQL, of the settings reeve.caller and
 * reeve.caller_at of the transaction that reads
 * (rv_exchange_actor_json() and rv_exchange_instant()); without them the
 * views show what nobody may see, which is less.
 */
struct rv_class {
	struct rv_odata_class odata;
	const char *type; /* whose Read its routes need; NULL: any caller */
	/* Of secured objects: rows are those of this type; else 0. */
	uint32_t object_type_id;
	/* Rows are of several types, or not of `type`: always "filtered". */
	bool mixed;
	const char *base; /* of a complex type: what it derives from, or NULL */
};

/*
 * By its name, or by that of its entity, with ASCII case folded; a class of
 * a registered type is in the arena and lives as long.  Complex types are not
 * found.  RV_ERR_NOTFOUND, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_class_find(const struct rv_snapshot *s,
    struct rv_arena *arena, struct rv_slice name, bool v1,
    const struct rv_class **ret_class);

/*
 * The fixed classes and complex types (which have no view), by number from
 * 0; NULL behind the last.
 */
const struct rv_class *rv_class_at(size_t i);

/*
 * The i-th class of a type that an application registered, in the arena.
 * RV_ERR_NOTFOUND behind the last, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_class_registered_at(const struct rv_snapshot *s,
    struct rv_arena *arena, size_t i, const struct rv_class **ret_class);

#endif
