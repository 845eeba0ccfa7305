/* A subject as it would be with other assignments. */
#include "conditions.h"
#include "resolve.h"

#include "reeve/rbac_ask.h"

#include <stdlib.h>
#include <string.h>

#define CUT(s) (int)((s).n < 64 ? (s).n : 64), ((s).p != NULL ? (s).p : "")

struct overlay {
	const struct rv_snapshot *s;
	const struct rv_overlay *rows;
	struct rv_arena *arena;
	struct rv_error *e;
	uint64_t *removed;	     /* ascending */
	struct rv_assignment *added; /* in the order of the rows */
};

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
is_removed(const struct overlay *o, uint64_t id)
{
	return o->rows->n_removed > 0 &&
	       bsearch(&id, o->removed, o->rows->n_removed, sizeof(id),
		   compare_ids) != NULL;
}

static int
refuse(const struct overlay *o, uint64_t id, const char *why)
{
	rv_error_set(o->e, "assignment %llu: %s", (unsigned long long)id, why);
	return RV_ERR_INVALID;
}

static int
take_removed(struct overlay *o)
{
	const size_t n = o->rows->n_removed;

	o->removed = rv_arena_alloc(o->arena, n * sizeof(*o->removed));
	if (o->removed == NULL)
		return RV_ERR_NOMEM;
	if (n > 0)
		memcpy(o->removed, o->rows->removed, n * sizeof(*o->removed));
	for (size_t i = 1; i < n; i++) /* qsort() may allocate; these are few */
		for (size_t k = i; k > 0 && o->removed[k - 1] > o->removed[k];
		     k--) {
			uint64_t swap = o->removed[k];

			o->removed[k] = o->removed[k - 1];
			o->removed[k - 1] = swap;
		}
	return RV_OK;
}

/* The one of the rows with that id, behind the first `from`; NULL: none. */
static struct rv_assignment *
added_from(const struct overlay *o, size_t from, uint64_t id)
{
	for (size_t i = from; i < o->rows->n_assignments; i++)
		if (o->added[i].assignment_id == id)
			return &o->added[i];
	return NULL;
}

static int
take_row(struct overlay *o, const struct rv_row_assignment *row,
    struct rv_assignment *ret)
{
	const uint32_t role = rv_role_find(o->s, row->role_id);

	if (rv_admin_at(o->s, row->admin_id) == NULL)
		return refuse(o, row->assignment_id,
		    "there is no such administrative user");
	if (role == RV_NONE)
		return refuse(o, row->assignment_id, "there is no such role");
	if (row->assignment_id == UINT64_MAX)
		return refuse(o, row->assignment_id, "this is no id");
	if (row->from_ms >= row->until_ms)
		return refuse(
		    o, row->assignment_id, "it ends before it begins");
	*ret = (struct rv_assignment){
		.assignment_id = row->assignment_id,
		.from_ms = row->from_ms,
		.until_ms = row->until_ms,
		.admin_id = row->admin_id,
		.role = role,
		.number = RV_NONE,
	};
	return RV_OK;
}

/* Whether the site has an assignment of that id. */
static bool
is_there(const struct rv_snapshot *s, uint64_t id)
{
	const struct rv_slice name = { (const char *)&id, sizeof(id) };
	const uint32_t number = rv_dict_find(&s->assignment_ids, 0, name);
	const struct rv_owner *owner;

	if (number == RV_NONE)
		return false;
	owner = rv_trie_get(&s->owners, number, sizeof(*owner));
	return rv_owner_is_there(owner);
}

/* Ids: the removed ones are there, the new ones are not, or not any more. */
static int
check_ids(const struct overlay *o)
{
	for (size_t i = 0; i < o->rows->n_removed; i++) {
		if (!is_there(o->s, o->removed[i]))
			return refuse(
			    o, o->removed[i], "it is not there to be removed");
		if (i > 0 && o->removed[i - 1] == o->removed[i])
			return refuse(o, o->removed[i], "it is removed twice");
	}
	for (size_t i = 0; i < o->rows->n_assignments; i++) {
		const uint64_t id = o->added[i].assignment_id;

		if (is_there(o->s, id) && !is_removed(o, id))
			return refuse(o, id, "it is there already");
		if (added_from(o, i + 1, id) != NULL)
			return refuse(o, id, "it is there twice");
	}
	return RV_OK;
}

/* A set that grows by one; keeps it ascending and without duplicates. */
static void
insert(struct rv_ids *set, uint32_t *room, uint32_t item)
{
	const size_t at = rv_ids_upto(*set, item);

	if (at > 0 && room[at - 1] == item)
		return;
	memmove(room + at + 1, room + at, (set->n - at) * sizeof(*room));
	room[at] = item;
	set->n++;
}

/* One array for the sets of all: each may get all the rows. */
static int
take_scopes(struct overlay *o, struct rv_assignment *a)
{
	uint32_t *room =
	    rv_arena_alloc(o->arena, o->rows->n_scopes * sizeof(*room));

	if (room == NULL)
		return RV_ERR_NOMEM;
	a->scopes.p = room;
	for (size_t i = 0; i < o->rows->n_scopes; i++) {
		const struct rv_row_assignment_scope *row = &o->rows->scopes[i];
		uint32_t scope;

		if (row->assignment_id != a->assignment_id)
			continue;
		scope = rv_scope_find(o->s, row->scope_id);
		if (scope == RV_NONE)
			return refuse(
			    o, a->assignment_id, "there is no such scope");
		insert(&a->scopes, room, scope);
	}
	return RV_OK;
}

static int
take_collections(struct overlay *o, struct rv_assignment *a)
{
	const size_t n = o->rows->n_collections;
	uint32_t *room = rv_arena_alloc(o->arena, n * sizeof(*room));

	if (room == NULL)
		return RV_ERR_NOMEM;
	a->collections.p = room;
	for (size_t i = 0; i < n; i++) {
		const struct rv_row_assignment_collection *row =
		    &o->rows->collections[i];
		uint32_t collection;

		if (row->assignment_id != a->assignment_id)
			continue;
		collection = rv_collection_find(o->s, row->collection_id);
		if (collection == RV_NONE)
			return refuse(
			    o, a->assignment_id, "there is no such collection");
		insert(&a->collections, room, collection);
	}
	return RV_OK;
}

/* A category of an assignment that is none of the rows. */
static int
check_categories(const struct overlay *o)
{
	for (size_t i = 0; i < o->rows->n_scopes; i++)
		if (added_from(o, 0, o->rows->scopes[i].assignment_id) == NULL)
			return refuse(o, o->rows->scopes[i].assignment_id,
			    "it has a scope, and is none of the new ones");
	for (size_t i = 0; i < o->rows->n_collections; i++)
		if (added_from(o, 0, o->rows->collections[i].assignment_id) ==
		    NULL)
			return refuse(o, o->rows->collections[i].assignment_id,
			    "it has a collection, and is none of the new ones");
	return RV_OK;
}

static int
take_added(struct overlay *o)
{
	const size_t n = o->rows->n_assignments;
	int r;

	o->added = rv_arena_alloc(o->arena, n * sizeof(*o->added));
	if (o->added == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		r = take_row(o, &o->rows->assignments[i], &o->added[i]);
		if (r != RV_OK)
			return r;
	}
	if ((r = check_ids(o)) != RV_OK || (r = check_categories(o)) != RV_OK)
		return r;
	for (size_t i = 0; i < n; i++) {
		if ((r = take_scopes(o, &o->added[i])) != RV_OK ||
		    (r = take_collections(o, &o->added[i])) != RV_OK)
			return r;
		rv_assignment_judge(o->s, &o->added[i]);
	}
	return RV_OK;
}

/* Whether an assignment's user is the subject, or a group that counts. */
static bool
names_subject(const struct rv_snapshot *s, const struct rv_subject *u,
    const struct rv_assignment *a)
{
	const struct rv_admin *admin = rv_admin_at(s, a->admin_id);
	size_t n = u->n_ids;

	if (admin == NULL || admin->out)
		return false;
	if (!u->groups_known && u->n_own < n)
		n = u->n_own;
	for (size_t i = 0; i < n; i++)
		if (rv_subject_admin(s, u, i) == admin)
			return true;
	return false;
}

int
rv_rbac_resolve_if(const struct rv_snapshot *s, const struct rv_subject *u,
    const struct rv_overlay *overlay, struct rv_arena *arena,
    const struct rv_subject_resolved **ret_subject, struct rv_error *e)
{
	struct overlay o = { .s = s, .rows = overlay, .arena = arena, .e = e };
	struct rv_found f;
	size_t kept = 0;
	int r;

	if ((r = take_removed(&o)) != RV_OK || (r = take_added(&o)) != RV_OK)
		goto out;
	r = rv_subject_find(s, u, overlay->n_assignments, arena, &f);
	if (r != RV_OK)
		goto out;
	for (size_t i = 0; i < f.n; i++)
		if (!is_removed(&o, f.p[i]->assignment_id))
			f.p[kept++] = f.p[i];
	f.n = kept;
	for (size_t i = 0; i < overlay->n_assignments; i++)
		if (names_subject(s, u, &o.added[i]))
			f.p[f.n++] = &o.added[i];
	r = rv_subject_finish(s, u, &f, arena, ret_subject);
out:
	if (r == RV_ERR_NOMEM)
		rv_error_set(e, "out of memory");
	return r;
}
