/*
 * The decision rule once more, straight from docs/rule.md: no index, no set,
 * no dictionary, only loops over rows.  It shares no code with the engine
 * that it judges.  For test programs only.
 *
 * `flaw` plants a mistake, to show that the comparison would catch it.
 */
#ifndef TESTS_UNIT_RBAC_NAIVE_H
#define TESTS_UNIT_RBAC_NAIVE_H

#include "naive_ask.h"

static inline const struct rv_row_role *
naive_role(const struct naive *n, struct rv_slice id)
{
	for (size_t i = 0; i < n->w->n_role; i++)
		if (rv_slice_eq(n->w->role[i].role_id, id))
			return &n->w->role[i];
	abort(); /* the rows refer to each other */
}

static inline bool
naive_role_has(
    const struct naive *n, struct rv_slice role, uint32_t type, uint8_t bit)
{
	if (n->flaw == FLAW_BITS_32 && bit >= 32)
		return false;
	for (size_t i = 0; i < n->w->n_role_operation; i++) {
		const struct rv_row_role_operation *o =
		    &n->w->role_operation[i];

		if (rv_slice_eq(o->role_id, role) &&
		    o->object_type_id == type && o->bit == bit)
			return true;
	}
	return false;
}

static inline bool
naive_role_is_security(const struct naive *n, struct rv_slice role)
{
	for (size_t i = 0; i < n->w->n_role_operation; i++) {
		const struct rv_row_role_operation *o =
		    &n->w->role_operation[i];

		if (rv_slice_eq(o->role_id, role) &&
		    naive_operation(n, o->object_type_id, o->bit)->security)
			return true;
	}
	return false;
}

static inline const struct rv_row_admin *
naive_admin(const struct naive *n, uint32_t id)
{
	for (size_t i = 0; i < n->w->n_admin; i++)
		if (n->w->admin[i].admin_id == id)
			return &n->w->admin[i];
	abort(); /* the rows refer to each other */
}

/* Whether somebody has a further principal. */
static inline bool
naive_has_further(
    const struct naive *n, const struct rv_row_admin *admin, struct rv_slice id)
{
	for (size_t i = 0; i < n->w->n_principal; i++)
		if (n->w->principal[i].admin_id == admin->admin_id &&
		    rv_slice_eq(n->w->principal[i].principal_id, id))
			return true;
	return false;
}

/* Whether the i-th id of the subject stands for an administrative user. */
static inline bool
naive_stands_for(
    const struct naive *n, size_t i, const struct rv_row_admin *admin)
{
	const struct rv_slice id = n->u->ids[i];
	const bool own = i < n->u->n_own;

	if ((own || n->flaw == FLAW_FURTHER_AS_GROUP) &&
	    n->flaw != FLAW_FURTHER_FORGOTTEN &&
	    naive_has_further(n, admin, id))
		return true;
	if (!own && !admin->is_group && n->flaw != FLAW_USER_AS_GROUP)
		return false;
	if (own && admin->is_group && n->flaw == FLAW_OWN_IS_NO_GROUP)
		return false;
	return rv_slice_eq(id, admin->principal_id);
}

/* Whether an assignment is the subject's: its own, or a known group's. */
static inline bool
naive_names_subject(const struct naive *n, const struct rv_row_assignment *a)
{
	const struct rv_row_admin *admin = naive_admin(n, a->admin_id);

	if (admin->out && n->flaw != FLAW_OUT_COUNTS)
		return false;
	for (size_t i = 0; i < n->u->n_ids; i++) {
		if (i >= n->u->n_own && !n->u->groups_known &&
		    n->flaw != FLAW_GROUPS_GUESSED)
			break;
		if (naive_stands_for(n, i, admin))
			return true;
	}
	return false;
}

/* The gate: docs/rule.md sections 3 and 6. */
static inline bool
naive_is_excluded(const struct naive *n, struct rv_slice id)
{
	for (size_t i = 0; i < n->w->n_exclusion; i++)
		if (rv_slice_eq(n->w->exclusion[i].principal_id, id))
			return true;
	return false;
}

static inline bool
naive_own_is_excluded(const struct naive *n, size_t i)
{
	if (naive_is_excluded(n, n->u->ids[i]))
		return true;
	for (size_t k = 0; k < n->w->n_admin; k++)
		if (!n->w->admin[k].out &&
		    naive_has_further(n, &n->w->admin[k], n->u->ids[i]) &&
		    naive_is_excluded(n, n->w->admin[k].principal_id))
			return true;
	return false;
}

static inline bool
naive_admits(const struct naive *n)
{
	const struct rv_row_site *site = &n->w->site;
	const int level = (int)n->u->level;
	int minimum = (int)site->minimum;

	if (site->revert_at_ms > 0 && n->at >= site->revert_at_ms)
		minimum = (int)site->revert_level;
	if (level < 1 || level > 3)
		return false;
	if (level >= minimum)
		return true;
	for (size_t i = 0; i < n->u->n_ids; i++) {
		const struct rv_slice id = n->u->ids[i];

		if (i < n->u->n_own ? naive_own_is_excluded(n, i)
				    : n->u->groups_known && id.n >= 6 &&
					  memcmp(id.p, "group:", 6) == 0 &&
					  naive_is_excluded(n, id))
			return true;
	}
	return false;
}

static inline bool
naive_valid(const struct naive *n, const struct rv_row_assignment *a)
{
	if (n->flaw == FLAW_UNTIL_INCLUSIVE && n->at == a->until_ms)
		return true;
	if (n->flaw == FLAW_FROM_EXCLUSIVE && n->at == a->from_ms)
		return false;
	return a->from_ms <= n->at && n->at < a->until_ms;
}

static inline int
naive_minimum(const struct naive *n, const struct rv_row_assignment *a,
    uint32_t type, uint8_t bit)
{
	int role = (int)naive_role(n, a->role_id)->minimum;
	int operation = (int)naive_operation(n, type, bit)->minimum;

	if (n->flaw == FLAW_LEVEL_OF_ROLE_ONLY)
		return role;
	return role > operation ? role : operation;
}

static inline bool
naive_level(const struct naive *n, const struct rv_row_assignment *a,
    uint32_t type, uint8_t bit)
{
	if (n->u->delegated && n->flaw != FLAW_DELEGATED_TRUSTED &&
	    naive_role_is_security(n, a->role_id))
		return false;
	if ((int)n->u->level < 0 || (int)n->u->level > 3)
		return n->flaw == FLAW_LEVEL_ANY;
	return (int)n->u->level >= naive_minimum(n, a, type, bit);
}

/* Whether o is c, or limited to c through any chain. */
static inline bool
naive_limited(const struct naive *n, struct rv_slice o, struct rv_slice c)
{
	for (;;) {
		struct rv_slice up = RV_SLICE_NONE;

		if (rv_slice_eq(o, c))
			return true;
		if (n->flaw == FLAW_NO_CHAIN)
			return false;
		for (size_t i = 0; i < n->w->n_collection; i++)
			if (rv_slice_eq(n->w->collection[i].collection_id, o))
				up = n->w->collection[i].limiting_id;
		if (up.p == NULL)
			return false;
		o = up;
	}
}

static inline bool
naive_member(const struct naive *n, uint32_t resource, struct rv_slice c)
{
	enum rv_resource_type type = RV_RESOURCE_DEVICE;

	for (size_t i = 0; i < n->w->n_resource; i++)
		if (n->w->resource[i].resource_id == resource)
			type = n->w->resource[i].type;
	if (n->flaw != FLAW_ROOTS_STORED &&
	    rv_slice_eq_cstr(
		c, type == RV_RESOURCE_DEVICE ? "SMS00001" : "SMS00004"))
		return true;
	for (size_t i = 0; i < n->w->n_member; i++)
		if (n->w->member[i].resource_id == resource &&
		    rv_slice_eq(n->w->member[i].collection_id, c))
			return true;
	return false;
}

static inline bool
naive_carries(const struct naive *n, const struct naive_question *q,
    struct rv_slice scope)
{
	for (size_t i = 0; i < n->w->n_object_scope; i++)
		if (n->w->object_scope[i].object_type_id == q->carrier &&
		    rv_slice_eq(n->w->object_scope[i].key, q->key) &&
		    rv_slice_eq(n->w->object_scope[i].scope_id, scope))
			return true;
	return false;
}

/* Does the permission (role, scope s) cover the object? */
static inline bool
naive_scope_covers(
    const struct naive *n, const struct naive_question *q, struct rv_slice s)
{
	switch (q->on) {
	case ON_ROLE:
		return true;
	case ON_SCOPES:
		return rv_slice_eq_cstr(s, "SMS00ALL") ||
		       naive_carries(n, q, s);
	case ON_COLLECTION:
	case ON_RESOURCE:
	case ON_NOTHING:
		break;
	}
	return false;
}

/* Does the permission (role, collection c) cover the object? */
static inline bool
naive_collection_covers(
    const struct naive *n, const struct naive_question *q, struct rv_slice c)
{
	switch (q->on) {
	case ON_ROLE:
		return true;
	case ON_SCOPES:
		return n->flaw == FLAW_ID_ALONE && naive_carries(n, q, c);
	case ON_COLLECTION:
		return naive_limited(n, q->key, c) &&
		       (!q->modifies || n->flaw == FLAW_MODIFY_OWN ||
			   !rv_slice_eq(q->key, c));
	case ON_RESOURCE:
		return naive_member(n, q->resource, c);
	case ON_NOTHING:
		break;
	}
	return false;
}

/* Does any permission, a category each, of the assignment cover it? */
static inline bool
naive_covers(const struct naive *n, const struct naive_question *q,
    const struct rv_row_assignment *a)
{
	if (n->flaw == FLAW_BARE_GIVES && q->on == ON_ROLE)
		return true;
	for (size_t i = 0; i < n->w->n_assignment_scope; i++)
		if (n->w->assignment_scope[i].assignment_id ==
			a->assignment_id &&
		    naive_scope_covers(
			n, q, n->w->assignment_scope[i].scope_id))
			return true;
	for (size_t i = 0; i < n->w->n_assignment_collection; i++)
		if (n->w->assignment_collection[i].assignment_id ==
			a->assignment_id &&
		    naive_collection_covers(
			n, q, n->w->assignment_collection[i].collection_id))
			return true;
	return false;
}

/* The operation is in this role, or, with the flaw, in any of the user's. */
static inline bool
naive_has_operation(const struct naive *n, const struct rv_row_assignment *a,
    uint32_t type, uint8_t bit)
{
	if (naive_type(n, type)->secured_by == RV_SECURED_BY_DERIVED)
		return false;
	if (naive_role_has(n, a->role_id, type, bit))
		return true;
	for (size_t i = 0;
	     n->flaw == FLAW_ROLES_ADDED_UP && i < n->w->n_assignment; i++)
		if (n->w->assignment[i].admin_id == a->admin_id &&
		    naive_role_has(n, n->w->assignment[i].role_id, type, bit))
			return true;
	return false;
}

/* The conditions, `read` apart, that an assignment fails. */
static inline unsigned
naive_failed(const struct naive *n, const struct naive_question *q,
    const struct rv_row_assignment *a)
{
	unsigned failed = 0;

	if (!naive_has_operation(n, a, q->type, q->bit))
		failed |= RV_MISSING_OPERATION;
	if (!naive_covers(n, q, a))
		failed |= q->on == ON_COLLECTION || q->on == ON_RESOURCE
			      ? RV_MISSING_COLLECTION
			      : RV_MISSING_SCOPE;
	if (!naive_level(n, a, q->type, q->bit))
		failed |= RV_MISSING_LEVEL;
	if (!naive_valid(n, a))
		failed |= RV_MISSING_TIME;
	return failed;
}

/* The same object, asked for another operation. */
static inline struct naive_question
naive_other(const struct naive_question *q, uint8_t bit)
{
	struct naive_question other = *q;

	other.bit = bit;
	other.modifies = false;
	return other;
}

static inline bool naive_read_too(
    const struct naive *n, const struct naive_question *q);

/*
 * These two ask each other.  Needs form no circle, so it ends:
 * NOLINTBEGIN(misc-no-recursion)
 */

/* Some permission gives it, and what it needs is allowed as well. */
static inline bool
naive_may(const struct naive *n, const struct naive_question *q)
{
	for (size_t i = 0; i < n->w->n_assignment; i++)
		if (naive_names_subject(n, &n->w->assignment[i]) &&
		    naive_failed(n, q, &n->w->assignment[i]) == 0)
			return naive_read_too(n, q);
	return false;
}

/* "And, unless op is Read or type-wide: u may Read the same object." */
static inline bool
naive_read_too(const struct naive *n, const struct naive_question *q)
{
	const struct rv_row_operation *op = naive_operation(n, q->type, q->bit);
	struct naive_question other;
	int needed = naive_read_bit(n, q->type);

	if (n->flaw == FLAW_READ_FORGOTTEN || q->reads)
		return true;
	if (q->default_instance >= 0) {
		other = naive_other(
		    q, n->w->default_instance[q->default_instance].read_bit);
		other.reads = true;
		return naive_may(n, &other);
	}
	if (op->type_wide || q->bit == needed)
		return true;
	for (size_t i = 0; i < n->w->n_operation_need; i++)
		if (n->w->operation_need[i].object_type_id == q->type &&
		    n->w->operation_need[i].bit == q->bit)
			needed = n->w->operation_need[i].needed_bit;
	if (needed < 0)
		return false;
	other = naive_other(q, (uint8_t)needed);
	return naive_may(n, &other);
}
/* NOLINTEND(misc-no-recursion) */

/* `read`: may the subject do what the question needs besides? */
static inline bool
naive_read_fails(const struct naive *n, const struct naive_question *q)
{
	struct naive_question read;
	int bit;

	if (!q->type_wide)
		return !naive_read_too(n, q);
	if (!q->named || n->flaw == FLAW_TYPE_WIDE_BLIND)
		return false;
	bit = naive_read_bit(n, q->type);
	if (bit < 0)
		return true;
	read = naive_other(q, (uint8_t)bit);
	read.type_wide = false;
	return !naive_may(n, &read);
}

static inline int
naive_compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The smallest sets of failed conditions, and whose they are. */
static inline void
naive_nearest(
    const struct naive *n, struct naive_question q, struct rv_verdict *v)
{
	const bool read_fails = naive_read_fails(n, &q);
	uint64_t *ids = calloc(n->w->n_assignment + 1, sizeof(*ids));
	int smallest = 99, level = 99;
	size_t n_ids = 0;

	if (ids == NULL)
		abort();
	if (q.type_wide)
		q.on = ON_ROLE; /* "T is secured by role only, or type-wide" */
	for (size_t i = 0; i < n->w->n_assignment; i++) {
		const struct rv_row_assignment *a = &n->w->assignment[i];
		unsigned failed;
		int size;

		if (!naive_names_subject(n, a))
			continue;
		failed =
		    naive_failed(n, &q, a) | (read_fails ? RV_MISSING_READ : 0);
		size = __builtin_popcount(failed);
		if (size > smallest)
			continue;
		if (size < smallest) {
			smallest = size;
			level = 99;
			n_ids = 0;
			v->missing = 0;
		}
		v->missing |= failed;
		ids[n_ids++] = a->assignment_id;
		if ((failed & RV_MISSING_LEVEL) != 0 &&
		    !(n->u->delegated &&
			naive_role_is_security(n, a->role_id)) &&
		    naive_minimum(n, a, q.type, q.bit) < level)
			level = naive_minimum(n, a, q.type, q.bit);
	}
	qsort(ids, n_ids, sizeof(*ids), naive_compare_ids);
	for (size_t i = 0; i < n_ids && i < RV_VERDICT_ASSIGNMENTS; i++)
		v->assignments[v->n_assignments++] = ids[i];
	v->assignments_cut = n_ids > RV_VERDICT_ASSIGNMENTS;
	v->level_needed = level == 99 ? RV_LEVEL_NONE : (enum rv_level)level;
	v->decision = smallest == 0 ? RV_ALLOW : RV_DENY;
	v->reason = smallest == 0    ? RV_REASON_ALLOWED
		    : smallest == 99 ? RV_REASON_NO_ASSIGNMENT
				     : RV_REASON_NOT_PERMITTED;
	free(ids);
}

static inline void
naive_boundary(int64_t at, int64_t boundary, int64_t *until)
{
	if (boundary > at && boundary < *until)
		*until = boundary;
}

/* All but what the own type of an object asks for besides. */
static inline void
naive_check_itself(const struct world *w, const struct rv_subject *u,
    int64_t at, const struct rv_question *ask, enum flaw flaw,
    struct rv_verdict *v)
{
	struct naive n = { w, u, at, flaw };
	struct naive_question q;
	enum rv_reason sound = naive_ask(&n, ask, &q);

	*v = (struct rv_verdict){ .decision = RV_DENY,
		.reason = sound,
		.revision = w->site.revision,
		.evaluated_at_ms = at,
		.valid_until_ms = INT64_MAX,
		.object_type_id = q.type,
		.bit = q.bit };
	for (size_t i = 0; i < w->n_assignment; i++) {
		if (!naive_names_subject(&n, &w->assignment[i]))
			continue;
		naive_boundary(
		    at, w->assignment[i].from_ms, &v->valid_until_ms);
		naive_boundary(
		    at, w->assignment[i].until_ms, &v->valid_until_ms);
	}
	if (sound == RV_REASON_ALLOWED)
		naive_nearest(&n, q, v);
	if (v->decision == RV_DENY && !u->groups_known &&
	    (v->reason == RV_REASON_NOT_PERMITTED ||
		v->reason == RV_REASON_NO_ASSIGNMENT ||
		v->reason == RV_REASON_NO_SUCH_OBJECT)) {
		v->reason = RV_REASON_GROUPS_UNKNOWN;
		v->missing = 0;
		v->level_needed = RV_LEVEL_NONE;
		v->n_assignments = 0;
		v->assignments_cut = false;
		memset(v->assignments, 0, sizeof(v->assignments));
	}
}

/* The own type of a configuration item or policy, or 0. */
static inline uint32_t
naive_own_type(const struct world *w, uint32_t type, struct rv_slice key)
{
	for (size_t i = 0; i < w->n_object; i++)
		if (w->object[i].object_type_id == type && key.p != NULL &&
		    rv_slice_eq(w->object[i].key, key))
			return w->object[i].own_type_id;
	return 0;
}

/* Whether a half lacks what it needs besides, by whatever permission. */
static inline bool
naive_besides_fails(const struct naive *n, const struct naive_question *q)
{
	const struct rv_slice op = naive_operation(n, q->type, q->bit)->name;
	const uint32_t type = naive_own_type(n->w, q->type, q->key);
	struct rv_question author = { .operation =
					  RV_SLICE_LIT("Author Policy") };
	struct rv_verdict own = { .decision = RV_ALLOW };
	char name[16];

	(void)snprintf(name, sizeof(name), "%u", type);
	author.type = rv_slice_of(name);
	if (type != 0 && n->flaw != FLAW_AUTHOR_FORGOTTEN &&
	    (rv_slice_eq_cstr(op, "Create") || rv_slice_eq_cstr(op, "Modify") ||
		rv_slice_eq_cstr(op, "Delete")))
		naive_check_itself(n->w, n->u, n->at, &author, n->flaw, &own);
	return own.decision != RV_ALLOW || naive_read_fails(n, q);
}

/* "Create, Modify and Delete on one need Author Policy of its own type." */
static inline void
naive_check(const struct world *w, const struct rv_subject *u, int64_t at,
    const struct rv_question *ask, enum flaw flaw, struct rv_verdict *v)
{
	struct rv_question author = {
		.operation = RV_SLICE_LIT("Author Policy"), .want = ask->want
	};
	struct rv_verdict own;
	uint32_t type;
	char name[16];

	naive_check_itself(w, u, at, ask, flaw, v);
	if (v->decision != RV_ALLOW || flaw == FLAW_AUTHOR_FORGOTTEN ||
	    (!rv_slice_eq_cstr(ask->operation, "Create") &&
		!rv_slice_eq_cstr(ask->operation, "Modify") &&
		!rv_slice_eq_cstr(ask->operation, "Delete") &&
		flaw != FLAW_AUTHOR_OF_READ))
		return;
	type = naive_own_type(w, v->object_type_id, ask->key);
	if (type == 0)
		return;
	(void)snprintf(name, sizeof(name), "%u", type);
	author.type = rv_slice_of(name);
	naive_check_itself(w, u, at, &author, flaw, &own);
	if (own.decision == RV_ALLOW)
		return;
	*v = own;
	v->own_type = true;
}

/* Whether two verdicts say the same, reasons and all. */
static inline bool
same_verdict(const struct rv_verdict *a, const struct rv_verdict *b)
{
	if (a->decision != b->decision || a->reason != b->reason ||
	    a->revision != b->revision ||
	    a->evaluated_at_ms != b->evaluated_at_ms ||
	    a->valid_until_ms != b->valid_until_ms ||
	    a->object_type_id != b->object_type_id || a->bit != b->bit ||
	    a->own_type != b->own_type || a->missing != b->missing ||
	    a->level_needed != b->level_needed ||
	    a->n_assignments != b->n_assignments ||
	    a->assignments_cut != b->assignments_cut)
		return false;
	for (size_t i = 0; i < a->n_assignments; i++)
		if (a->assignments[i] != b->assignments[i])
			return false;
	return true;
}

#endif
