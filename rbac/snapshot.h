/*
 * What a snapshot is made of.  Everything has a dense index; a name is
 * looked up once, at the door, and the decision then works on indices:
 *
 *   type name -> type -> bit of the operation
 *   principal -> administrative user -> its assignments, by id
 *   assignment -> role (a mask a type), set of scopes, set of collections
 *   object key -> object -> its scopes
 *   ResourceID -> resource -> the collections that it is a member of
 *
 * Objects are numbered by type and then in the order of their keys, resources
 * in the order of their ids: a list comes out in order, and can be resumed.
 *
 *   collection -> number in preorder: c covers c .. last[c]
 *
 * Only the builder writes to one, before anybody else sees it.
 */
#ifndef RBAC_SNAPSHOT_H
#define RBAC_SNAPSHOT_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

#include "dict.h"
#include "groups.h"
#include "intmap.h"
#include "members.h"
#include "sets.h"

#define RV_SNAPSHOT_MAGIC 0x72767373u
#define RV_BITS		  64u
#define RV_BIT(bit)	  (UINT64_C(1) << (bit))

#define RV_NO_BIT 0xff

/* Types whose instances, or whose rules, the engine itself knows. */
#define RV_TYPE_COLLECTION 1
#define RV_TYPE_ROLE	   27
#define RV_TYPE_ADMIN	   28
#define RV_TYPE_SCOPE	   29

/* The scope that stands for all, and the roots of the collections. */
#define RV_SCOPE_ALL	RV_SLICE_LIT("SMS00ALL")
#define RV_ROOT_DEVICES RV_SLICE_LIT("SMS00001")
#define RV_ROOT_USERS	RV_SLICE_LIT("SMS00004")

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

struct rv_role {
	uint8_t minimum; /* enum rv_level */
	bool security;	 /* it has a security operation */
};

struct rv_collection {
	uint32_t name;	 /* in collection_ids */
	uint32_t parent; /* RV_NONE for the roots; else a lower number */
	uint32_t last;	 /* the highest number in the tree under this one */
	enum rv_collection_kind kind;
};

struct rv_admin {
	uint32_t admin_id;
	uint32_t principal; /* in principals */
	uint32_t account;   /* in texts, or RV_NONE */
	uint32_t first;	    /* its first assignment; the next one's ends it */
	bool is_group;
	bool out;
};

/*
 * What a check reads of an assignment comes first, to lie in one line.  It
 * points into the snapshot, or, when it is only supposed, into the arena of
 * whoever supposes it.
 */
struct rv_assignment {
	uint64_t assignment_id;
	int64_t from_ms, until_ms;
	const uint64_t *masks;	   /* of the role, by type */
	const uint64_t *scope_row; /* a bit a scope; NULL: search scopes */
	uint32_t admin, role;
	uint8_t minimum; /* of the role, enum rv_level */
	bool security;	 /* of the role */
	bool all_scopes, all_devices, all_users;
	bool bare;		   /* names no category: has no permission */
	struct rv_ids scopes;	   /* ranks */
	struct rv_ids collections; /* all that it names, by number */
	struct rv_ids outer;	   /* those that lie in no other of them */
	uint32_t scope_set, collection_set, outer_set; /* as interned */
};

/*
 * The scopes that an object carries, by rank.  Nearly all carry one or two,
 * which are kept in place: the same twice for one, RV_NONE for none.
 */
struct rv_scoping {
	uint32_t a, b; /* b = RV_SCOPES_MANY: a is a set in scope_sets */
};
#define RV_SCOPES_MANY (RV_NONE - 1)

struct rv_resource {
	uint32_t resource_id;
	enum rv_resource_type type;
};

struct rv_snapshot {
	uint32_t magic;
	uint64_t revision;
	enum rv_level site_level;
	uint32_t epoch;	      /* in texts */
	struct rv_dict texts; /* what is only shown */

	struct rv_type *types;
	size_t n_types, cap_types;
	struct rv_intmap type_ids;
	struct rv_dict type_names; /* class and SDK names */
	uint32_t *name_type;	   /* per type name */
	size_t cap_name_type;
	size_t n_operations;
	struct rv_dict operation_names; /* space: type */
	uint8_t *name_bit;		/* per operation name */
	size_t cap_name_bit;

	/* Classes without a type: their operations are type 1's. */
	struct rv_dict classes; /* a prefix without its '*' */
	struct rv_dict class_prefixes;
	struct rv_dict class_operations; /* space: class, or prefix + top bit */
	uint8_t *class_bit;
	size_t cap_class_bit;

	struct rv_dict default_keys; /* space: type */
	struct rv_default *defaults;
	size_t cap_defaults;

	struct rv_dict role_ids;
	struct rv_role *roles;
	size_t cap_roles;
	uint64_t *role_masks; /* [role][type] */
	size_t cap_role_masks;
	uint32_t *roles_by_id; /* all roles, in order of their ids */

	struct rv_dict scope_ids;
	uint32_t *scope_rank;	 /* scope of the dictionary -> rank */
	uint32_t *scope_by_rank; /* sets hold ranks, in order of the ids */
	uint32_t all_scopes;	 /* rank of SMS00ALL, or RV_NONE */
	struct rv_sets scope_sets;
	uint64_t *scope_rows; /* the rows of assignments */

	struct rv_dict collection_ids;
	uint32_t *collection_number; /* of the dictionary -> in preorder */
	uint32_t *collections_by_id; /* numbers, in order of the ids */
	struct rv_collection *collections;
	uint32_t root_devices, root_users; /* numbers, or RV_NONE */
	struct rv_sets collection_sets;

	struct rv_dict principals;
	uint32_t *principal_admin; /* per principal */
	size_t cap_principal_admin;
	struct rv_intmap admin_ids;
	struct rv_admin *admins; /* and one more, for `first` */
	uint32_t *admins_by_id;	 /* all of them, in order of their ids */
	size_t n_admins, cap_admins;
	struct rv_assignment *assignments; /* by admin, then by id */
	size_t n_assignments, cap_assignments;

	struct rv_dict object_keys; /* space: type; value: its scoping */
	struct rv_scoping *object_scopes;
	size_t n_object_rows; /* objects without implied default instances */
	uint32_t *type_first; /* first object of each type, and the end */

	struct rv_intmap resource_ids;
	struct rv_resource *resources; /* in order of their ids */
	size_t n_resources, cap_resources;
	struct rv_groups members; /* resource -> collections, roots apart */
	struct rv_members inside; /* collection -> resources, roots apart */
	uint64_t *kind_rows; /* which resources are devices, users, groups */

	uint8_t *deploy_bit; /* per type: Deploy(k) on type 1, or RV_NO_BIT */
};

static inline uint64_t
rv_role_mask(const struct rv_snapshot *s, uint32_t role, uint32_t type)
{
	return s->role_masks[(size_t)role * s->n_types + type];
}

/* In and out of the value of a record in object_keys. */
static inline uint64_t
rv_scoping_pack(struct rv_scoping s)
{
	return (uint64_t)s.b << 32 | s.a;
}

static inline struct rv_scoping
rv_scoping_unpack(uint64_t value)
{
	return (struct rv_scoping){ (uint32_t)value, (uint32_t)(value >> 32) };
}

/* The number of words of a row of bits, one an item. */
static inline size_t
rv_words(size_t items)
{
	return (items + RV_BITS - 1) / RV_BITS;
}

static inline bool
rv_row_has(const uint64_t *row, uint32_t item)
{
	return (row[item / RV_BITS] & RV_BIT(item % RV_BITS)) != 0;
}

static inline void
rv_row_add(uint64_t *row, uint32_t item)
{
	row[item / RV_BITS] |= RV_BIT(item % RV_BITS);
}

/*
 * Fills what follows from the role and the categories of an assignment;
 * role, scopes and collections are set.
 */
void rv_assignment_judge(const struct rv_snapshot *s, struct rv_assignment *a);
/*
 * Those of a set of collections that no other of it covers; outer has room
 * for all.  Returns their number.
 */
size_t rv_collections_outer(
    const struct rv_snapshot *s, struct rv_ids set, uint32_t *outer);

/* A bit for each resource: whether it is of the type. */
const uint64_t *rv_kind_row(
    const struct rv_snapshot *s, enum rv_resource_type type);

/* How a class of resources is named in class_operations. */
#define RV_SPACE_PREFIX UINT32_C(0x80000000)

/* The space of class_operations for a class name, or RV_NONE. */
uint32_t rv_class_find(const struct rv_snapshot *s, struct rv_slice name);
/* Which resources a class holds, by its name: enum rv_class_kind bits. */
unsigned rv_class_kinds(struct rv_slice name);
/* The type of a class name, an SDK name or a decimal id, or RV_NONE. */
uint32_t rv_type_find(const struct rv_snapshot *s, struct rv_slice name);
/* The class name, or the SDK name where there is none. */
struct rv_slice rv_type_name(
    const struct rv_snapshot *s, const struct rv_type *t);

#endif
