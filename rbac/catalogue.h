/*
 * The catalogue of a site: types and operations, classes without a type,
 * instances secured by role only, what deploying asks for.  Small, and
 * changed seldom: versions share one, and a change makes a new one.
 */
#ifndef RBAC_CATALOGUE_H
#define RBAC_CATALOGUE_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

#include "dict.h"
#include "intmap.h"

#define RV_BITS	    64u
#define RV_BIT(bit) (UINT64_C(1) << (bit))

#define RV_NO_BIT 0xff

/* Types whose instances, or whose rules, the engine itself knows. */
#define RV_TYPE_COLLECTION	     1
#define RV_TYPE_CONFIGURATION_ITEM   11
#define RV_TYPE_SOFTWARE_TITLES	     26
#define RV_TYPE_ROLE		     27
#define RV_TYPE_ADMIN		     28
#define RV_TYPE_SCOPE		     29
#define RV_TYPE_CONFIGURATION_POLICY 48

/* Types that configuration items and policies may be of besides. */
#define RV_OWN_TYPES 11

struct rv_type {
	uint32_t object_type_id;
	uint32_t sdk_name;   /* in type_names */
	uint32_t class_name; /* in type_names, or RV_NONE */
	enum rv_secured_by secured_by;
	uint8_t read_bit;   /* Read, or what stands for it, or RV_NO_BIT */
	uint8_t modify_bit; /* Modify, or RV_NO_BIT */
	bool has_defaults;  /* some instance is secured by role only */
	uint64_t registered, type_wide, security;
	/* Operations that an assigned collection does not give on itself. */
	uint64_t below;
	/* Operations that ask for Author Policy of an instance's own type. */
	uint64_t authored;
	uint64_t within[RV_LEVEL_HELLO + 1]; /* a minimum up to that level */
	/*
	 * Per operation: all that the subject must be allowed besides on the
	 * same object, each by any permission; closed under "needs".
	 */
	uint64_t needs[RV_BITS];
	/* Operations that need a Read which the type has not. */
	uint64_t barred;
	uint8_t minimum[RV_BITS]; /* enum rv_level */
	uint32_t name[RV_BITS];	  /* in operation_names */
	uint8_t need[RV_BITS];	  /* as its row said; RV_NO_BIT: Read */
	uint8_t deploy_bit;	  /* Deploy(k) on type 1, or RV_NO_BIT */
};

/* Kinds of resources that a class without a type may hold, as bits. */
enum rv_class_kind {
	RV_CLASS_DEVICES = 1 << 0,
	RV_CLASS_USERS = 1 << 1,
	RV_CLASS_GROUPS = 1 << 2,
	RV_CLASS_ANY = RV_CLASS_DEVICES | RV_CLASS_USERS | RV_CLASS_GROUPS,
};

struct rv_default {
	uint8_t read_bit, modify_bit;
};

struct rv_catalogue {
	struct rv_type *types; /* by number, in order of arrival */
	size_t n_types, cap_types;
	struct rv_intmap type_ids;
	struct rv_dict type_names; /* class and SDK names; value: type */
	size_t n_operations;
	struct rv_dict operation_names; /* space: type; value: bit */

	/* Classes without a type: their operations are type 1's. */
	struct rv_dict classes; /* a prefix without its '*' */
	struct rv_dict class_prefixes;
	/* Space: class, or prefix + top bit; value: bit. */
	struct rv_dict class_operations;

	struct rv_dict default_keys; /* space: type */
	struct rv_default *defaults;
	size_t cap_defaults;
};

/* How a class of resources is named in class_operations. */
#define RV_SPACE_PREFIX UINT32_C(0x80000000)

/* NULL when out of memory.  A copy may be written to. */
struct rv_catalogue *rv_catalogue_new(uint64_t seed);
struct rv_catalogue *rv_catalogue_copy(const struct rv_catalogue *c);
/* *c may be NULL and becomes NULL. */
void rv_catalogue_free(struct rv_catalogue **c);
/* Bytes of memory. */
size_t rv_catalogue_bytes(const struct rv_catalogue *c);

/* The space of class_operations for a class name, or RV_NONE. */
uint32_t rv_class_space(const struct rv_catalogue *c, struct rv_slice name);
/* Which resources a class holds, by its name: enum rv_class_kind bits. */
unsigned rv_class_kinds(struct rv_slice name);
/* The type of a class name, an SDK name or a decimal id, or RV_NONE. */
uint32_t rv_type_find(const struct rv_catalogue *c, struct rv_slice name);
/* The class name, or the SDK name where there is none. */
struct rv_slice rv_type_name(
    const struct rv_catalogue *c, const struct rv_type *t);
/* The bit of an operation of a type by its name, or RV_NO_BIT. */
uint8_t rv_operation_find(
    const struct rv_catalogue *c, uint32_t type, struct rv_slice name);

#endif
