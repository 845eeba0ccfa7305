/*
 * The rows of assignments.  Those that are touched are noted in working
 * copies; grants.c makes them part of the version.
 */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

#define MOST_MOVES (UINT32_C(1) << 31)

/* Assignments go by the 8 bytes of their ids. */
static struct rv_slice
id_bytes(const uint64_t *id)
{
	return (struct rv_slice){ (const char *)id, sizeof(*id) };
}

static unsigned long long
shown(uint64_t id)
{
	return (unsigned long long)id;
}

static int
compare_id(const void *key, const void *element)
{
	const uint64_t id = *(const uint64_t *)key;
	const struct rv_assignment *a = element;

	return id < a->assignment_id ? -1 : id > a->assignment_id;
}

/* The assignment in a version; NULL when it is not there. */
static const struct rv_assignment *
find_in(const struct rv_snapshot *s, uint32_t number, uint64_t id)
{
	const struct rv_owner *owner =
	    rv_trie_get(&s->owners, number, sizeof(*owner));
	const struct rv_admin *admin;

	if (!rv_owner_is_there(owner))
		return NULL;
	admin = rv_trie_get(&s->admins, owner->admin_id, sizeof(*admin));
	RV_ASSERT(admin != NULL && admin->grants != NULL);
	return bsearch(&id, admin->grants->p, admin->grants->n,
	    sizeof(admin->grants->p[0]), compare_id);
}

/* A working copy of what the base has under a number, which may be nothing. */
static struct rv_work *
work_make(struct rv_builder *b, uint32_t number, uint64_t id)
{
	const struct rv_assignment *was =
	    b->base != NULL ? find_in(b->base, number, id) : NULL;
	struct rv_work *works =
	    rv_array_room(b->works, b->n_works, &b->cap_works, sizeof(*works));
	struct rv_work *w;

	if (works == NULL)
		return NULL;
	b->works = works;
	if (b->base != NULL &&
	    rv_intmap_add(&b->work_of, number, (uint32_t)b->n_works) != RV_OK)
		return NULL;
	w = &works[b->n_works++];
	*w = (struct rv_work){ .number = number, .was = was };
	if (was != NULL) {
		w->assignment_id = was->assignment_id;
		w->from_ms = was->from_ms;
		w->until_ms = was->until_ms;
		w->admin_id = was->admin_id;
		w->role = was->role;
		w->there = w->known = true;
	}
	return w;
}

/* The first version has every assignment in work, in the order of numbers. */
static uint32_t
place_of(const struct rv_builder *b, uint32_t number)
{
	if (b->base != NULL)
		return rv_intmap_find(&b->work_of, number);
	return number < b->n_works ? number : RV_NONE;
}

static struct rv_work *
work_of(struct rv_builder *b, uint32_t number, uint64_t id)
{
	const uint32_t place = place_of(b, number);

	return place != RV_NONE ? &b->works[place] : work_make(b, number, id);
}

void
rv_works_free(struct rv_builder *b)
{
	for (size_t i = 0; i < b->n_works; i++) {
		free(b->works[i].scopes.p);
		free(b->works[i].collections.p);
	}
	free(b->works);
	b->works = NULL;
	b->n_works = b->cap_works = 0;
}

/*
 * The working copy for a row that names an assignment.  One that this edit
 * has removed counts only where rows take something from it.
 */
static int
work_for(struct rv_builder *b, uint64_t assignment_id, bool removing,
    struct rv_work **ret_work, struct rv_error *e)
{
	const uint32_t number =
	    rv_dict_find(&b->s->assignment_ids, 0, id_bytes(&assignment_id));
	struct rv_work *w = NULL;

	if (number != RV_NONE &&
	    (w = work_of(b, number, assignment_id)) == NULL)
		return rv_builder_nomem(b, e);
	if (w == NULL || !(removing ? w->known : w->there))
		return rv_builder_refuse(
		    b, e, "there is no assignment %llu", shown(assignment_id));
	*ret_work = w;
	return RV_OK;
}

/* The role and the times of a row. */
static int
read_row(struct rv_builder *b, const struct rv_row_assignment *row,
    uint32_t *ret_role, struct rv_error *e)
{
	*ret_role = rv_role_find(b->s, row->role_id);
	if (*ret_role == RV_NONE)
		return rv_builder_refuse(b, e,
		    "%llu: there is no role \"%.*s\"",
		    shown(row->assignment_id), RV_CUT(row->role_id));
	if (row->assignment_id == UINT64_MAX)
		return rv_builder_refuse(
		    b, e, "%llu is no id", shown(row->assignment_id));
	if (row->from_ms >= row->until_ms)
		return rv_builder_refuse(b, e, "%llu: it ends before it begins",
		    shown(row->assignment_id));
	return RV_OK;
}

int
rv_builder_assignment(struct rv_builder *b, const struct rv_row_assignment *row,
    struct rv_error *e)
{
	struct rv_work *w;
	uint32_t role, number;
	int r = rv_builder_enter(b, RV_TABLE_ASSIGNMENT, e);

	if (r != RV_OK)
		return r;
	if (rv_admin_at(b->s, row->admin_id) == NULL)
		return rv_builder_refuse(b, e,
		    "%llu: there is no administrative user %u",
		    shown(row->assignment_id), row->admin_id);
	r = read_row(b, row, &role, e);
	if (r != RV_OK)
		return r;
	r = rv_dict_add(&b->edit, &b->s->assignment_ids, 0,
	    id_bytes(&row->assignment_id), &number);
	if (r != RV_OK && r != RV_ERR_EXISTS)
		return rv_builder_nomem(b, e);
	w = work_of(b, number, row->assignment_id);
	if (w == NULL)
		return rv_builder_nomem(b, e);
	if (w->there)
		return rv_builder_refuse(
		    b, e, "%llu is there twice", shown(row->assignment_id));
	if (w->was != NULL && w->was->admin_id != row->admin_id)
		return rv_builder_refuse(b, e,
		    "%llu cannot become another user's",
		    shown(row->assignment_id));
	w->assignment_id = row->assignment_id;
	w->admin_id = row->admin_id;
	w->from_ms = row->from_ms;
	w->until_ms = row->until_ms;
	w->role = role;
	w->there = w->known = true;
	return RV_OK;
}

int
rv_builder_change_assignment(struct rv_builder *b,
    const struct rv_row_assignment *row, struct rv_error *e)
{
	struct rv_work *w;
	uint32_t role;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ASSIGNMENT, e)) != RV_OK ||
	    (r = read_row(b, row, &role, e)) != RV_OK ||
	    (r = work_for(b, row->assignment_id, false, &w, e)) != RV_OK)
		return r;
	if (w->admin_id != row->admin_id)
		return rv_builder_refuse(b, e,
		    "%llu cannot become another user's",
		    shown(row->assignment_id));
	w->from_ms = row->from_ms;
	w->until_ms = row->until_ms;
	w->role = role;
	return RV_OK;
}

/* What it names may still go: rv_grants_finish() looks. */
int
rv_builder_remove_assignment(
    struct rv_builder *b, uint64_t assignment_id, struct rv_error *e)
{
	struct rv_work *w;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ASSIGNMENT, e)) != RV_OK ||
	    (r = work_for(b, assignment_id, false, &w, e)) != RV_OK)
		return r;
	w->there = false;
	return RV_OK;
}

/* ---- What they name ------------------------------------------------------ */

static int
move(struct rv_builder *b, struct rv_moves *moves, uint32_t id, bool in,
    struct rv_error *e)
{
	uint64_t *p =
	    rv_array_room(moves->p, moves->n, &moves->cap, sizeof(*p));

	if (p == NULL || moves->n >= MOST_MOVES)
		return rv_builder_nomem(b, e);
	moves->p = p;
	p[moves->n] = (uint64_t)id << 32 | (uint64_t)moves->n << 1 | in;
	moves->n++;
	return RV_OK;
}

static int
no_category(struct rv_builder *b, uint64_t assignment_id, const char *what,
    struct rv_slice id, struct rv_error *e)
{
	return rv_builder_refuse(b, e, "%llu: there is no %s \"%.*s\"",
	    shown(assignment_id), what, RV_CUT(id));
}

int
rv_builder_assignment_scope(struct rv_builder *b,
    const struct rv_row_assignment_scope *row, struct rv_error *e)
{
	const uint32_t scope = rv_scope_find(b->s, row->scope_id);
	struct rv_work *w;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ASSIGNMENT_SCOPE, e)) != RV_OK ||
	    (r = work_for(b, row->assignment_id, false, &w, e)) != RV_OK)
		return r;
	if (scope == RV_NONE)
		return no_category(
		    b, row->assignment_id, "scope", row->scope_id, e);
	return move(b, &w->scopes, scope, true, e);
}

int
rv_builder_assignment_collection(struct rv_builder *b,
    const struct rv_row_assignment_collection *row, struct rv_error *e)
{
	const uint32_t number = rv_collection_find(b->s, row->collection_id);
	struct rv_work *w;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ASSIGNMENT_COLLECTION, e)) !=
		RV_OK ||
	    (r = work_for(b, row->assignment_id, false, &w, e)) != RV_OK)
		return r;
	if (number == RV_NONE)
		return no_category(
		    b, row->assignment_id, "collection", row->collection_id, e);
	return move(b, &w->collections, number, true, e);
}

/* A scope or collection may be gone before the rows that name it. */
int
rv_builder_remove_assignment_scope(struct rv_builder *b,
    const struct rv_row_assignment_scope *row, struct rv_error *e)
{
	const uint32_t scope = rv_dict_find(&b->s->scope_ids, 0, row->scope_id);
	struct rv_work *w;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ASSIGNMENT_SCOPE, e)) !=
		RV_OK ||
	    (r = work_for(b, row->assignment_id, true, &w, e)) != RV_OK)
		return r;
	if (scope == RV_NONE)
		return no_category(
		    b, row->assignment_id, "scope", row->scope_id, e);
	return move(b, &w->scopes, scope, false, e);
}

int
rv_builder_remove_assignment_collection(struct rv_builder *b,
    const struct rv_row_assignment_collection *row, struct rv_error *e)
{
	const uint32_t number =
	    rv_dict_find(&b->s->collection_ids, 0, row->collection_id);
	struct rv_work *w;
	int r;

	if ((r = rv_builder_enter_change(
		 b, RV_TABLE_ASSIGNMENT_COLLECTION, e)) != RV_OK ||
	    (r = work_for(b, row->assignment_id, true, &w, e)) != RV_OK)
		return r;
	if (number == RV_NONE)
		return no_category(
		    b, row->assignment_id, "collection", row->collection_id, e);
	return move(b, &w->collections, number, false, e);
}

/* ---- A set after its moves ----------------------------------------------- */

static int
compare_moves(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
sort_moves(struct rv_moves *moves)
{
	if (moves->n > 32) {
		qsort(moves->p, moves->n, sizeof(*moves->p), compare_moves);
		return;
	}
	for (size_t i = 1; i < moves->n; i++) {
		const uint64_t m = moves->p[i];
		size_t k = i;

		for (; k > 0 && moves->p[k - 1] > m; k--)
			moves->p[k] = moves->p[k - 1];
		moves->p[k] = m;
	}
}

int
rv_moves_apply(struct rv_ids was, struct rv_moves *moves, bool twice_is_once,
    struct rv_moved *ret)
{
	size_t at = 0;

	sort_moves(moves);
	ret->n = 0;
	for (size_t i = 0; i < moves->n;) {
		const uint32_t id = (uint32_t)(moves->p[i] >> 32);
		bool in;

		for (; at < was.n && was.p[at] < id; at++)
			ret->ids[ret->n++] = was.p[at];
		in = at < was.n && was.p[at] == id;
		at += in;
		for (; i < moves->n && moves->p[i] >> 32 == id; i++) {
			const bool to = (moves->p[i] & 1) != 0;

			ret->wrong = id;
			if (in == to && !(to && twice_is_once))
				return to ? RV_ERR_EXISTS : RV_ERR_NOTFOUND;
			in = to;
		}
		if (in)
			ret->ids[ret->n++] = id;
	}
	for (; at < was.n; at++)
		ret->ids[ret->n++] = was.p[at];
	return RV_OK;
}
