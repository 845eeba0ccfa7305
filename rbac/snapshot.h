/*
 * What a snapshot is made of: one version of the site's policy and of what
 * it is about, at one revision.  Everything has a number; a name is looked
 * up once, at the door, and the decision then works on numbers:
 *
 *   type name -> type -> bit of the operation
 *   principal -> administrative user -> its assignments, by id
 *   assignment -> role (a mask a type), set of scopes, set of collections
 *   object key -> object -> its scopes
 *   ResourceID -> the collections that it is a member of
 *   collection -> its limiting collection, its members
 *   role, scope, collection -> assignments that name it
 *
 * Columns and sets share their pages between the versions of a line.  The
 * numbers of a name are the same in all of them, and what is there in a
 * version only its columns say: use the rv_*_find() below.
 *
 * Only the builder writes to one, before anybody else sees it.
 */
#ifndef RBAC_SNAPSHOT_H
#define RBAC_SNAPSHOT_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

#include "block.h"
#include "catalogue.h"
#include "dict.h"
#include "idset.h"
#include "order.h"
#include "resources.h"
#include "trie.h"

#define RV_SNAPSHOT_MAGIC 0x72767373u
#define RV_EPOCH_MAX	  63
#define RV_MARK_MAX	  63

/* The scope that stands for all, and the roots of the collections. */
#define RV_SCOPE_ALL	RV_SLICE_LIT("SMS00ALL")
#define RV_ROOT_DEVICES RV_SLICE_LIT("SMS00001")
#define RV_ROOT_USERS	RV_SLICE_LIT("SMS00004")

/* How the principal ids of groups begin. */
#define RV_GROUP_PREFIX RV_SLICE_LIT("group:")

struct rv_role {
	uint64_t *masks;	      /* block: by type; NULL: not there */
	struct rv_idset *assignments; /* their numbers */
	uint8_t minimum;	      /* enum rv_level */
	bool security;		      /* it has a security operation */
};

/* Elements of columns: zeroed, nothing is there. */
struct rv_scope {
	struct rv_idset *assignments; /* their numbers */
	bool present;
};

struct rv_collection {
	struct rv_idset *members; /* ResourceIDs; roots apart */
	struct rv_idset *assignments;
	uint32_t parent; /* number of the limiting one; RV_NONE: a root */
	uint32_t n_children;
	uint8_t kind; /* enum rv_collection_kind */
	bool present;
};

/*
 * What a check reads of an assignment.  Sets and rows lie in the same block,
 * or, when it is only supposed, in the arena of whoever supposes it.
 */
struct rv_assignment {
	int64_t from_ms, until_ms;
	uint64_t assignment_id;
	const uint64_t *scope_row; /* a bit a scope; NULL: search scopes */
	struct rv_ids scopes, collections; /* all that it names */
	uint32_t scope_row_bits;
	uint32_t admin_id;
	uint32_t role;
	uint32_t number; /* in the sets of roles, scopes and collections */
	bool all_scopes, all_devices, all_users;
	bool bare; /* names no category: has no permission */
};

/* The assignments of one administrative user, by id: one block. */
struct rv_grants {
	size_t n;
	struct rv_assignment p[];
};

struct rv_admin {
	struct rv_grants *grants; /* NULL when it has none */
	uint32_t principal;	  /* in principals */
	uint32_t account;	  /* in texts, or RV_NONE */
	uint32_t n_principals;	  /* further ones */
	bool present, is_group;
	bool out; /* deleted or orphaned: gives nothing */
};

/*
 * By the id of the principal's name: who has it, of those that are in.  Any
 * number that are out may have it too; the last of them is known.  Or it is
 * a further one of somebody, in or out; nobody that is in has it then.
 */
struct rv_principal {
	uint32_t admin_id;
	uint32_t out_id, n_out; /* the highest; how many */
	uint32_t further;	/* whose further principal it is */
	bool present;		/* somebody that is in has it */
	bool is_further;
	bool excluded; /* it is on the exclusion list */
};

/*
 * By the number of an assignment: whose it is, and what a search over many
 * needs of each, so that it need not look at the assignments themselves.
 */
struct rv_owner {
	uint32_t admin_id;
	uint32_t what; /* the role, and RV_OWNER_* */
};
#define RV_OWNER_ROLE	 ((UINT32_C(1) << 29) - 1)
#define RV_OWNER_PRESENT (UINT32_C(1) << 29)
#define RV_OWNER_BOUNDED (UINT32_C(1) << 30) /* it begins or ends */
#define RV_OWNER_BARE	 (UINT32_C(1) << 31) /* as in struct rv_assignment */

static inline uint32_t
rv_owner_what(uint32_t role, bool bounded, bool bare)
{
	return (role & RV_OWNER_ROLE) | RV_OWNER_PRESENT |
	       (bounded ? RV_OWNER_BOUNDED : 0) | (bare ? RV_OWNER_BARE : 0);
}

/* Whether there is an assignment of that number. */
static inline bool
rv_owner_is_there(const struct rv_owner *owner)
{
	return owner != NULL && (owner->what & RV_OWNER_PRESENT) != 0;
}

/*
 * The scopes that an object carries, by number.  Nearly all carry one or two,
 * which are kept in place: the same twice for one, RV_NONE twice for none.
 * Zero twice: there is no such object; no scope has the number 0.
 */
struct rv_scoping {
	uint32_t a, b; /* b = RV_SCOPES_MANY: in the column scope_sets */
};
#define RV_SCOPES_MANY (RV_NONE - 1)

struct rv_snapshot {
	uint32_t magic;
	uint32_t edition; /* its number in the line; the first is 1 */
	uint64_t revision;
	enum rv_level site_level;
	enum rv_level revert_level; /* from revert_at_ms on */
	int64_t revert_at_ms;	    /* 0: no change awaits confirmation */
	uint32_t max_auth_age_s;    /* 0: any */
	enum rv_pairing pairing;
	char epoch[RV_EPOCH_MAX + 1];
	char mark[RV_MARK_MAX + 1]; /* of the revision; empty: none */
	struct rv_snapshot_counts counts;

	/* The line: what goes when this and all older versions are gone. */
	struct rv_snapshot *older, *newer;
	uint32_t highest; /* edition that any builder of the line had */
	bool given_up;	  /* nobody holds it */
	bool built_on;	  /* a builder does */
	struct rv_blocks retired;
	struct rv_catalogue *retired_catalogue;
	size_t block_bytes; /* of the blocks that this version sees */

	struct rv_catalogue *catalogue;

	struct rv_dict role_ids;
	struct rv_role *roles; /* block, by number */
	size_t n_roles;
	struct rv_order *role_order;

	struct rv_dict scope_ids; /* number 0 is the empty name's */
	struct rv_trie scopes;	  /* struct rv_scope */
	struct rv_order *scope_order;
	uint32_t all_scopes; /* number of SMS00ALL, or RV_NONE */

	struct rv_dict collection_ids;
	struct rv_trie collections; /* struct rv_collection */
	struct rv_order *collection_order;
	uint32_t root_devices, root_users; /* numbers, or RV_NONE */

	struct rv_dict texts; /* what is only shown */
	struct rv_dict principals;
	struct rv_trie principal_admins; /* struct rv_principal */
	struct rv_trie admins;		 /* struct rv_admin, by admin_id */
	struct rv_idset *admin_ids;	 /* all that are there */
	struct rv_idset *out_ids;	 /* those of them that are out */
	struct rv_dict assignment_ids;	 /* names of 8 bytes: the id */
	struct rv_trie owners;		 /* struct rv_owner, by number */

	struct rv_dict object_keys;	 /* space: type; value: its scoping */
	struct rv_trie scopings;	 /* struct rv_scoping, by object */
	struct rv_trie scope_sets;	 /* struct rv_idset *, by object */
	struct rv_order **object_orders; /* block, by type */
	size_t n_object_orders;
	/* Default instances without a row of their own: there all the same. */
	struct rv_idset *implied;
	struct rv_idset *own[RV_OWN_TYPES]; /* objects by their own type */

	struct rv_trie resources;  /* see resources.h */
	struct rv_idset *kinds[3]; /* see rv_kind_set() */
};

static inline uint32_t
rv_role_find(const struct rv_snapshot *s, struct rv_slice id)
{
	const uint32_t role = rv_dict_find(&s->role_ids, 0, id);

	return role < s->n_roles && s->roles[role].masks != NULL ? role
								 : RV_NONE;
}

/* NULL when there is none of that number. */
static inline const struct rv_scope *
rv_scope_at(const struct rv_snapshot *s, uint32_t number)
{
	const struct rv_scope *scope =
	    rv_trie_get(&s->scopes, number, sizeof(*scope));

	return scope != NULL && scope->present ? scope : NULL;
}

static inline uint32_t
rv_scope_find(const struct rv_snapshot *s, struct rv_slice id)
{
	const uint32_t number = rv_dict_find(&s->scope_ids, 0, id);

	return number != RV_NONE && rv_scope_at(s, number) != NULL ? number
								   : RV_NONE;
}

static inline const struct rv_collection *
rv_collection_at(const struct rv_snapshot *s, uint32_t number)
{
	const struct rv_collection *c =
	    rv_trie_get(&s->collections, number, sizeof(*c));

	return c != NULL && c->present ? c : NULL;
}

static inline uint32_t
rv_collection_find(const struct rv_snapshot *s, struct rv_slice id)
{
	const uint32_t number = rv_dict_find(&s->collection_ids, 0, id);

	return number != RV_NONE && rv_collection_at(s, number) != NULL
		   ? number
		   : RV_NONE;
}

static inline const struct rv_admin *
rv_admin_at(const struct rv_snapshot *s, uint32_t admin_id)
{
	const struct rv_admin *a =
	    rv_trie_get(&s->admins, admin_id, sizeof(*a));

	return a != NULL && a->present ? a : NULL;
}

/* What a name stands for, by its number; NULL when for nothing. */
static inline const struct rv_principal *
rv_principal_at(const struct rv_snapshot *s, uint32_t name)
{
	return name != RV_NONE ? rv_trie_get(&s->principal_admins, name,
				     sizeof(struct rv_principal))
			       : NULL;
}

static inline const struct rv_principal *
rv_principal_find(const struct rv_snapshot *s, struct rv_slice principal_id)
{
	return rv_principal_at(
	    s, rv_dict_find(&s->principals, 0, principal_id));
}

/*
 * Whom an own id of a subject stands for, by its principal or a further one;
 * NULL when for nobody that is in.
 */
static inline const struct rv_admin *
rv_admin_find(const struct rv_snapshot *s, struct rv_slice own_id)
{
	const struct rv_principal *p = rv_principal_find(s, own_id);
	const struct rv_admin *admin;

	if (p == NULL)
		return NULL;
	if (p->present)
		return rv_admin_at(s, p->admin_id);
	admin = p->is_further ? rv_admin_at(s, p->further) : NULL;
	return admin != NULL && !admin->out ? admin : NULL;
}

/* Which group the id of a group stands for; NULL when for none that is in. */
static inline const struct rv_admin *
rv_group_find(const struct rv_snapshot *s, struct rv_slice group_id)
{
	const struct rv_principal *p = rv_principal_find(s, group_id);
	const struct rv_admin *admin =
	    p != NULL && p->present ? rv_admin_at(s, p->admin_id) : NULL;

	return admin != NULL && admin->is_group ? admin : NULL;
}

/* Whom the i-th id of a subject stands for; behind its own ones, groups. */
static inline const struct rv_admin *
rv_subject_admin(
    const struct rv_snapshot *s, const struct rv_subject *u, size_t i)
{
	return i < u->n_own ? rv_admin_find(s, u->ids[i])
			    : rv_group_find(s, u->ids[i]);
}

/* Absent and RV_NONE twice are different: no object, or no scope. */
static inline bool
rv_scoping_is_object(struct rv_scoping s)
{
	return s.a != 0 || s.b != 0;
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

static inline struct rv_scoping
rv_scoping_at(const struct rv_snapshot *s, uint32_t object)
{
	const struct rv_scoping *x =
	    rv_trie_get(&s->scopings, object, sizeof(*x));

	return x != NULL ? *x : (struct rv_scoping){ 0, 0 };
}

/* What a found record says in this version; it may be: no object. */
static inline struct rv_scoping
rv_scoping_of(const struct rv_snapshot *s, const struct rv_dict_record *record)
{
	return rv_dict_has_moved(record) ? rv_scoping_at(s, record->id)
					 : rv_scoping_unpack(record->value);
}

/* The set of an object whose scoping says RV_SCOPES_MANY. */
static inline const struct rv_idset *
rv_scoping_set(const struct rv_snapshot *s, uint32_t object)
{
	const size_t size = sizeof(struct rv_idset *);
	struct rv_idset *const *set = rv_trie_get(&s->scope_sets, object, size);

	return set != NULL ? *set : NULL;
}

/* All resources of a type. */
static inline const struct rv_idset *
rv_kind_set(const struct rv_snapshot *s, enum rv_resource_type type)
{
	return s->kinds[type - RV_RESOURCE_GROUP];
}

/* The objects of a type by its number, in the order of their keys. */
static inline const struct rv_order *
rv_object_order(const struct rv_snapshot *s, uint32_t type)
{
	return type < s->n_object_orders ? s->object_orders[type] : NULL;
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
 * Fills what follows from the categories of an assignment: all_scopes,
 * all_devices, all_users, bare.  Scopes and collections are set.
 */
void rv_assignment_judge(const struct rv_snapshot *s, struct rv_assignment *a);

#endif
