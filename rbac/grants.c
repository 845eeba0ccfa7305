/*
 * Working copies of assignments become part of the version: one block for
 * each administrative user, with all that a check reads of its assignments,
 * and for each role, scope and collection the set of those that name it.
 */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

/* Sets to be made at once in the first version: what, and who names it. */
struct naming {
	struct rv_pairs roles, scopes, collections;
};

/* One user's assignments while they are put together. */
struct maker {
	struct rv_builder *b;
	struct rv_error *e;
	struct naming naming;
	struct rv_assignment *rows; /* their sets lie in ids, or in the base */
	size_t cap_rows;
	uint32_t *ids;
	size_t cap_ids, n_ids;
};

void
rv_assignment_judge(const struct rv_snapshot *s, struct rv_assignment *a)
{
	a->bare = a->scopes.n == 0 && a->collections.n == 0;
	a->all_scopes = s->all_scopes != RV_NONE &&
			rv_ids_contain(a->scopes, s->all_scopes);
	a->all_devices = s->root_devices != RV_NONE &&
			 rv_ids_contain(a->collections, s->root_devices);
	a->all_users = s->root_users != RV_NONE &&
		       rv_ids_contain(a->collections, s->root_users);
}

/* ---- Who names it -------------------------------------------------------- */

enum kind {
	ROLE,
	SCOPE,
	COLLECTION
};

/* Where the set of those that name it is kept; NULL when out of memory. */
static struct rv_idset **
set_of(struct rv_builder *b, enum kind kind, uint32_t number)
{
	struct rv_role *role;
	struct rv_scope *scope;
	struct rv_collection *c;

	switch (kind) {
	case ROLE:
		role = rv_builder_role_at(b, number);
		return role != NULL ? &role->assignments : NULL;
	case SCOPE:
		scope = rv_builder_scope_at(b, number);
		return scope != NULL ? &scope->assignments : NULL;
	case COLLECTION:
		c = rv_builder_collection_at(b, number);
		return c != NULL ? &c->assignments : NULL;
	}
	return NULL;
}

/* An assignment begins or ceases to name something. */
static int
name_one(
    struct maker *m, enum kind kind, uint32_t what, uint32_t number, bool in)
{
	struct rv_pairs *pairs = kind == ROLE	 ? &m->naming.roles
				 : kind == SCOPE ? &m->naming.scopes
						 : &m->naming.collections;
	struct rv_idset **set;
	int r;

	if (m->b->base == NULL)
		return rv_pairs_add(pairs, what, number);
	set = set_of(m->b, kind, what);
	if (set == NULL)
		return RV_ERR_NOMEM;
	r = in ? rv_idset_add(&m->b->edit, set, number)
	       : rv_idset_remove(&m->b->edit, set, number);
	RV_ASSERT(r == RV_OK || r == RV_ERR_NOMEM);
	return r;
}

/* Notes the differences between what it named and what it names. */
static int
name_all(struct maker *m, enum kind kind, struct rv_ids was, struct rv_ids is,
    uint32_t number)
{
	size_t i = 0, k = 0;
	int r = RV_OK;

	while (r == RV_OK && (i < was.n || k < is.n)) {
		if (k == is.n || (i < was.n && was.p[i] < is.p[k]))
			r = name_one(m, kind, was.p[i++], number, false);
		else if (i == was.n || is.p[k] < was.p[i])
			r = name_one(m, kind, is.p[k++], number, true);
		else
			i++, k++;
	}
	return r;
}

static int
note_owner(struct rv_builder *b, const struct rv_work *w, bool bare)
{
	struct rv_owner *owner =
	    rv_trie_put(&b->edit, &b->s->owners, w->number, sizeof(*owner));

	if (owner == NULL)
		return RV_ERR_NOMEM;
	*owner = (struct rv_owner){ 0 };
	if (w->there)
		*owner = (struct rv_owner){
			.admin_id = w->admin_id,
			.what = rv_owner_what(w->role,
			    w->from_ms != INT64_MIN || w->until_ms != INT64_MAX,
			    bare),
		};
	if ((w->was != NULL) != w->there)
		b->s->counts.assignments +=
		    w->there ? 1 : SIZE_MAX; /* one less: it is gone */
	return RV_OK;
}

static int
name_work(struct maker *m, const struct rv_work *w, struct rv_ids scopes,
    struct rv_ids collections)
{
	const struct rv_ids none = { NULL, 0 };
	const struct rv_assignment *was = w->was;
	const struct rv_ids old_role = { was != NULL ? &was->role : NULL,
		was != NULL };
	const struct rv_ids new_role = { &w->role, w->there };

	if (name_all(m, ROLE, old_role, new_role, w->number) != RV_OK ||
	    name_all(m, SCOPE, was != NULL ? was->scopes : none, scopes,
		w->number) != RV_OK ||
	    name_all(m, COLLECTION, was != NULL ? was->collections : none,
		collections, w->number) != RV_OK)
		return RV_ERR_NOMEM;
	return note_owner(m->b, w, scopes.n == 0 && collections.n == 0);
}

/* All the sets of a kind at once, for the first version. */
static int
make_sets(
    struct maker *m, enum kind kind, const struct rv_pairs *pairs, size_t n)
{
	struct rv_groups g = { 0 };
	int r = rv_groups_make(pairs, n, &g);

	for (uint32_t i = 0; r == RV_OK && i < n; i++) {
		const struct rv_ids numbers = rv_groups_get(&g, i);
		struct rv_idset **set;

		if (numbers.n == 0)
			continue;
		set = set_of(m->b, kind, i);
		r = set != NULL ? rv_idset_make(&m->b->edit, numbers, set)
				: RV_ERR_NOMEM;
	}
	rv_groups_fini(&g);
	return r;
}

/* ---- One user's block ---------------------------------------------------- */

/*
 * A set of scopes in which a check has to search gets a row of bits, unless
 * that would be far larger than the list.
 */
static size_t
row_words(const struct rv_assignment *a)
{
	size_t words;

	if (a->scopes.n == 0)
		return 0;
	words = rv_words((size_t)a->scopes.p[a->scopes.n - 1] + 1);
	return words * sizeof(uint64_t) <= 32 * a->scopes.n * sizeof(uint32_t)
		   ? words
		   : 0;
}

static struct rv_ids
put_ids(uint32_t **to, struct rv_ids ids)
{
	const struct rv_ids put = { *to, ids.n };

	if (ids.n > 0)
		memcpy(*to, ids.p, ids.n * sizeof(*ids.p));
	*to += ids.n;
	return put;
}

/* The block: assignments, then rows of bits, then ids. */
static struct rv_grants *
make_block(struct maker *m, size_t n)
{
	size_t words = 0, ids = 0;
	struct rv_grants *g;
	uint64_t *row;
	uint32_t *id;

	for (size_t i = 0; i < n; i++) {
		words += row_words(&m->rows[i]);
		ids += m->rows[i].scopes.n + m->rows[i].collections.n;
	}
	g = rv_block_new(&m->b->edit, sizeof(*g) + n * sizeof(g->p[0]) +
					  words * sizeof(*row) +
					  ids * sizeof(*id));
	if (g == NULL)
		return NULL;
	g->n = n;
	row = (uint64_t *)(void *)&g->p[n];
	id = (uint32_t *)(void *)(row + words);
	for (size_t i = 0; i < n; i++) {
		struct rv_assignment *a = &g->p[i];

		*a = m->rows[i];
		words = row_words(a);
		a->scope_row = words > 0 ? row : NULL;
		a->scope_row_bits = (uint32_t)(words * RV_BITS);
		for (size_t k = 0; words > 0 && k < a->scopes.n; k++)
			rv_row_add(row, a->scopes.p[k]);
		row += words;
		a->scopes = put_ids(&id, a->scopes);
		a->collections = put_ids(&id, a->collections);
		rv_assignment_judge(m->b->s, a);
	}
	return g;
}

static int
wrong_move(struct maker *m, const struct rv_work *w, const struct rv_dict *d,
    const struct rv_moved *moved, int why)
{
	return rv_builder_refuse(m->b, m->e, "assignment: %llu: \"%.*s\" %s",
	    (unsigned long long)w->assignment_id,
	    RV_CUT(rv_dict_name(d, moved->wrong)),
	    why == RV_ERR_EXISTS ? "is there twice" : "is not there");
}

/* A set of a working copy after its moves, behind the ids there are. */
static int
apply(struct maker *m, struct rv_work *w, bool scopes, struct rv_ids *ret)
{
	const struct rv_dict *d =
	    scopes ? &m->b->s->scope_ids : &m->b->s->collection_ids;
	struct rv_moved moved = { .ids = m->ids + m->n_ids };
	struct rv_ids was = { NULL, 0 };
	int r;

	if (w->was != NULL)
		was = scopes ? w->was->scopes : w->was->collections;
	r = rv_moves_apply(was, scopes ? &w->scopes : &w->collections,
	    m->b->base == NULL, &moved);
	if (r != RV_OK)
		return wrong_move(m, w, d, &moved, r);
	if (!w->there && moved.n > 0)
		return rv_builder_refuse(m->b, m->e,
		    "assignment: %llu is gone, and names \"%.*s\"",
		    (unsigned long long)w->assignment_id,
		    RV_CUT(rv_dict_name(d, moved.ids[0])));
	m->n_ids += moved.n;
	*ret = (struct rv_ids){ moved.ids, moved.n };
	return RV_OK;
}

/* Makes a row of a working copy, if it is there; *n counts rows. */
static int
take_work(struct maker *m, struct rv_work *w, size_t *n)
{
	struct rv_assignment *a = &m->rows[*n];
	int r;

	*a = (struct rv_assignment){ .assignment_id = w->assignment_id,
		.from_ms = w->from_ms,
		.until_ms = w->until_ms,
		.admin_id = w->admin_id,
		.role = w->role,
		.number = w->number };
	if ((r = apply(m, w, true, &a->scopes)) != RV_OK ||
	    (r = apply(m, w, false, &a->collections)) != RV_OK)
		return r;
	if (name_work(m, w, a->scopes, a->collections) != RV_OK)
		return rv_builder_nomem(m->b, m->e);
	*n += w->there;
	return RV_OK;
}

/* Room for all the rows and ids that one user may come to have. */
static int
make_room(struct maker *m, const struct rv_grants *old,
    struct rv_work *const *works, size_t n_works)
{
	size_t rows = n_works + (old != NULL ? old->n : 0), ids = 0;

	for (size_t i = 0; i < n_works; i++) {
		const struct rv_assignment *was = works[i]->was;

		ids += works[i]->scopes.n + works[i]->collections.n;
		if (was != NULL)
			ids += was->scopes.n + was->collections.n;
	}
	if (rows > m->cap_rows) {
		free(m->rows);
		m->cap_rows = rows + rows / 2;
		m->rows = rv_array_new(m->cap_rows, sizeof(*m->rows));
	}
	if (ids > m->cap_ids || m->ids == NULL) {
		free(m->ids);
		m->cap_ids = ids + ids / 2;
		m->ids = rv_array_new(m->cap_ids, sizeof(*m->ids));
	}
	m->n_ids = 0;
	if (m->rows != NULL && m->ids != NULL)
		return RV_OK;
	m->cap_rows = m->rows != NULL ? m->cap_rows : 0;
	m->cap_ids = m->ids != NULL ? m->cap_ids : 0;
	return RV_ERR_NOMEM;
}

/* The working copies are one user's, in the order of the assignments. */
static int
make_grants(struct maker *m, struct rv_work *const *works, size_t n_works)
{
	struct rv_admin *admin = rv_builder_admin_at(m->b, works[0]->admin_id);
	const struct rv_grants *old = admin != NULL ? admin->grants : NULL;
	struct rv_grants *new = NULL;
	size_t n = 0, i = 0;
	int r = RV_OK;

	if (admin == NULL || make_room(m, old, works, n_works) != RV_OK)
		return rv_builder_nomem(m->b, m->e);
	for (size_t k = 0; r == RV_OK && k < n_works; k++) {
		while (old != NULL && i < old->n &&
		       old->p[i].assignment_id < works[k]->assignment_id)
			m->rows[n++] = old->p[i++];
		i += works[k]->was != NULL;
		r = take_work(m, works[k], &n);
	}
	if (r != RV_OK)
		return r;
	while (old != NULL && i < old->n)
		m->rows[n++] = old->p[i++];
	if (n > 0 && (new = make_block(m, n)) == NULL)
		return rv_builder_nomem(m->b, m->e);
	rv_block_drop(&m->b->edit, old);
	admin->grants = new;
	if (m->b->base != NULL &&
	    rv_builder_touch(&m->b->granted, works[0]->admin_id) != RV_OK)
		return rv_builder_nomem(m->b, m->e);
	/* Whoever is gone must have none; a user may also be gone before. */
	if (!admin->present && new != NULL)
		return rv_builder_refuse(m->b, m->e,
		    "admin: %u is gone, and an assignment names it",
		    works[0]->admin_id);
	return RV_OK;
}

/* ---- All ----------------------------------------------------------------- */

static int
compare_works(const void *a, const void *b)
{
	const struct rv_work *x = *(struct rv_work *const *)a;
	const struct rv_work *y = *(struct rv_work *const *)b;

	if (x->admin_id != y->admin_id)
		return x->admin_id < y->admin_id ? -1 : 1;
	return x->assignment_id < y->assignment_id
		   ? -1
		   : x->assignment_id > y->assignment_id;
}

static struct rv_work **
works_in_order(struct rv_builder *b)
{
	struct rv_work **works = rv_array_new(b->n_works, sizeof(*works));
	bool ordered = true;

	for (size_t i = 0; works != NULL && i < b->n_works; i++) {
		works[i] = &b->works[i];
		ordered &=
		    i == 0 || compare_works(&works[i - 1], &works[i]) < 0;
	}
	if (works != NULL && !ordered)
		qsort(
		    works, b->n_works, sizeof(struct rv_work *), compare_works);
	return works;
}

static int
make_naming(struct maker *m)
{
	const struct rv_snapshot *s = m->b->s;

	if (m->b->base == NULL &&
	    (make_sets(m, ROLE, &m->naming.roles, s->role_ids.n) != RV_OK ||
		make_sets(m, SCOPE, &m->naming.scopes, s->scope_ids.n) !=
		    RV_OK ||
		make_sets(m, COLLECTION, &m->naming.collections,
		    s->collection_ids.n) != RV_OK))
		return rv_builder_nomem(m->b, m->e);
	return RV_OK;
}

int
rv_grants_finish(struct rv_builder *b, struct rv_error *e)
{
	struct maker m = { .b = b, .e = e };
	struct rv_work **works = works_in_order(b);
	size_t end;
	int r = works != NULL ? RV_OK : rv_builder_nomem(b, e);

	for (size_t i = 0; r == RV_OK && i < b->n_works; i = end) {
		end = i + 1;
		while (end < b->n_works &&
		       works[end]->admin_id == works[i]->admin_id)
			end++;
		r = make_grants(&m, works + i, end - i);
	}
	if (r == RV_OK)
		r = make_naming(&m);
	free(works);
	free(m.rows);
	free(m.ids);
	rv_pairs_fini(&m.naming.roles);
	rv_pairs_fini(&m.naming.scopes);
	rv_pairs_fini(&m.naming.collections);
	return r;
}
