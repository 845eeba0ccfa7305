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
	enum rv_cover need_cover; /* what they ask for */
	uint32_t object; /* number of a collection, index of a resource */
	struct rv_scoping scoping; /* of what is secured by scope */
	bool is_default;	   /* an instance secured by role only */
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
};

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
 * returns the class as rv_class_find() does, or RV_NONE.
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
void rv_target_fetch_slot(const struct rv_prepared *p, const struct rv_aim *a);
void rv_target_fetch_record(
    const struct rv_prepared *p, const struct rv_aim *a);
void rv_target_find(const struct rv_prepared *p, struct rv_slice key,
    const struct rv_aim *a, struct rv_target *ret_target);
void rv_target_resolve(const struct rv_snapshot *s, const struct rv_question *q,
    struct rv_target *ret_target);
/* A question about the type alone: the role, time and level decide. */
void rv_target_resolve_read(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_target *ret_target);

#endif
