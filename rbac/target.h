/*
 * What a question is about, in the terms of one snapshot: its names
 * resolved, its class translated, its object found.
 */
#ifndef RBAC_TARGET_H
#define RBAC_TARGET_H

#include "snapshot.h"

/* What a category has to do with the object; docs/rule.md section 3. */
enum rv_cover {
	RV_COVER_NOTHING,    /* nothing: the role decides */
	RV_COVER_SCOPE,	     /* carry one of its scopes, or all scopes */
	RV_COVER_COLLECTION, /* be the collection, or one above it */
	RV_COVER_RESOURCE,   /* be a collection that it is a member of */
};

struct rv_target {
	/* RV_REASON_ALLOWED: a sound question; else why it is denied. */
	enum rv_reason reason;
	const struct rv_type *t; /* NULL for an unknown type */
	uint32_t type;		 /* its index */
	uint8_t bit;		 /* RV_NO_BIT for an unknown operation */
	bool never;		 /* no bit of a role gives it */
	enum rv_cover cover;	 /* what the operation itself asks for */
	bool below; /* the category itself does not do, only one above */

	uint64_t needs;		  /* to be allowed besides, by any permission */
	bool barred;		  /* ... and what is needed does not exist */
	bool is_default;	  /* an instance secured by role only */
	enum rv_cover need_cover; /* what they ask for */
	/*
	 * One more than the place of the object's own type, when its Author
	 * Policy is asked for besides; 0: it is not.  own_types.h.
	 */
	unsigned own;
	uint32_t object; /* number of an object or collection, ResourceID */
	unsigned resource_type;	   /* enum rv_resource_type, or 0 */
	struct rv_scoping scoping; /* of what is secured by scope */
};

/* Where the instances of a type are found. */
enum rv_table_kind {
	RV_IN_OBJECTS,
	RV_IN_COLLECTIONS,
	RV_IN_ROLES,
	RV_IN_ADMINS,
	RV_IN_SCOPES,
	RV_IN_RESOURCES,
};

/* The target without its object. */
struct rv_prepared {
	const struct rv_snapshot *s;
	struct rv_target base;
	enum rv_table_kind table;
	unsigned kinds; /* of resources, enum rv_class_kind bits */
	bool type_wide;
	bool authored; /* of an instance of an own type, its Author Policy */
	/*
	 * Nothing but the scopes of an object, and one other operation at most
	 * besides: what nearly all questions are about, and what has a way of
	 * its own through the engine.
	 */
	bool plain;
	bool plain_resource; /* the same of a resource and its collections */
};

/* Whether resources of a type, or of none, are of the kinds of a class. */
static inline bool
rv_target_is_of(const struct rv_prepared *p, unsigned type)
{
	switch (type) {
	case RV_RESOURCE_DEVICE:
		return (p->kinds & RV_CLASS_DEVICES) != 0;
	case RV_RESOURCE_USER:
		return (p->kinds & RV_CLASS_USERS) != 0;
	case RV_RESOURCE_GROUP:
		return (p->kinds & RV_CLASS_GROUPS) != 0;
	default:
		return false;
	}
}

/* A key on its way to its instance; see rv_dict_hash(). */
struct rv_aim {
	const struct rv_dict *dict; /* NULL: number */
	uint64_t hash;
	uint64_t number; /* UINT64_MAX: the key is none */
	uint32_t space;
};

/* The class as which a question may be asked, or the type, is resolved. */
void rv_target_prepare(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_slice operation, struct rv_prepared *ret_prepared);
/*
 * The same for a type or class alone, with what its instances ask for;
 * returns the class as rv_class_space() does, or RV_NONE.
 */
uint32_t rv_target_prepare_name(const struct rv_snapshot *s,
    struct rv_slice type, struct rv_prepared *ret_prepared);
/* Finds an instance whatever is asked about it; false for none. */
bool rv_target_find_any(const struct rv_prepared *p, struct rv_slice key,
    struct rv_target *ret_target);
/* The same for one bit of a type by its index; no class. */
void rv_target_prepare_bit(const struct rv_snapshot *s, uint32_t type,
    uint8_t bit, struct rv_prepared *ret_prepared);
void rv_target_aim(
    const struct rv_prepared *p, struct rv_slice key, struct rv_aim *ret_aim);
/* Two steps that fetch what finding will read. */
void rv_target_fetch_slot(const struct rv_aim *a);
void rv_target_fetch_record(
    const struct rv_prepared *p, const struct rv_aim *a);

/* The object of a plain question. */
struct rv_carrier {
	struct rv_scoping scoping;
	uint32_t object;
	bool found;
};

static inline void
rv_target_find_plain(const struct rv_prepared *p, struct rv_slice key,
    uint64_t hash, struct rv_carrier *ret)
{
	const struct rv_dict_record *record =
	    rv_dict_get(&p->s->object_keys, hash, p->base.type, key);

	*ret = (struct rv_carrier){ 0 };
	if (record == NULL)
		return;
	ret->object = record->id;
	ret->scoping = rv_scoping_of(p->s, record);
	ret->found = rv_scoping_is_object(ret->scoping);
}

void rv_target_find(const struct rv_prepared *p, struct rv_slice key,
    const struct rv_aim *a, struct rv_target *ret_target);
void rv_target_resolve(const struct rv_snapshot *s, const struct rv_question *q,
    struct rv_target *ret_target);
/* A question about the type alone: the role, time and level decide. */
void rv_target_resolve_read(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_target *ret_target);

#endif
