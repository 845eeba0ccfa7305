/* Administrative users and their assignments. */
#include "builder.h"

#include <stdlib.h>

/*
 * The principal id is unique among the administrative users that are in.  An
 * old row of one that is out may bear the id of a newer one.
 */
static int
principal_take(struct rv_builder *b, const struct rv_row_admin *row,
    uint32_t principal, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t *holder = &s->principal_admin[principal];
	const struct rv_admin *other = &s->admins[*holder];

	if (!other->out && !row->out)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" is the principal of %u and of %u",
		    RV_CUT(row->principal_id), other->admin_id, row->admin_id);
	if (other->out && (!row->out || row->admin_id > other->admin_id))
		*holder = (uint32_t)s->n_admins;
	return RV_OK;
}

static int
admin_room(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s;
	struct rv_admin *admins = rv_array_room(
	    s->admins, s->n_admins + 1, &s->cap_admins, sizeof(*admins));
	uint32_t *principal_admin;

	if (admins == NULL)
		return RV_ERR_NOMEM;
	s->admins = admins;
	principal_admin = rv_array_room(s->principal_admin, s->principals.n,
	    &s->cap_principal_admin, sizeof(*principal_admin));
	if (principal_admin == NULL)
		return RV_ERR_NOMEM;
	s->principal_admin = principal_admin;
	return RV_OK;
}

int
rv_builder_admin(
    struct rv_builder *b, const struct rv_row_admin *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_admin admin = { .admin_id = row->admin_id,
		.account = RV_NONE,
		.is_group = row->is_group,
		.out = row->out };
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ADMIN, e)) != RV_OK ||
	    (r = rv_builder_name(b, "principal_id", row->principal_id, e)) !=
		RV_OK)
		return r;
	if (admin_room(b) != RV_OK)
		return rv_builder_nomem(b, e);
	r = rv_intmap_add(&s->admin_ids, row->admin_id, (uint32_t)s->n_admins);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "%u is there twice", row->admin_id);
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	if (row->account_id.n > 0 && rv_dict_add(&s->texts, 0, row->account_id,
					 &admin.account) == RV_ERR_NOMEM)
		return rv_builder_nomem(b, e);
	r = rv_dict_add(&s->principals, 0, row->principal_id, &admin.principal);
	if (r == RV_ERR_NOMEM)
		return rv_builder_nomem(b, e);
	if (r == RV_OK)
		s->principal_admin[admin.principal] = (uint32_t)s->n_admins;
	else if ((r = principal_take(b, row, admin.principal, e)) != RV_OK)
		return r;
	s->admins[s->n_admins++] = admin;
	return RV_OK;
}

int
rv_builder_assignment(struct rv_builder *b, const struct rv_row_assignment *row,
    struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t admin = rv_intmap_find(&s->admin_ids, row->admin_id);
	uint32_t role = rv_dict_find(&s->role_ids, 0, row->role_id);
	struct rv_assignment *assignments;
	int r = rv_builder_enter(b, RV_TABLE_ASSIGNMENT, e);

	if (r != RV_OK)
		return r;
	if (admin == RV_NONE)
		return rv_builder_refuse(b, e,
		    "%llu: there is no administrative user %u",
		    (unsigned long long)row->assignment_id, row->admin_id);
	if (role == RV_NONE)
		return rv_builder_refuse(b, e,
		    "%llu: there is no role \"%.*s\"",
		    (unsigned long long)row->assignment_id,
		    RV_CUT(row->role_id));
	if (row->assignment_id == UINT64_MAX)
		return rv_builder_refuse(b, e, "%llu is no id",
		    (unsigned long long)row->assignment_id);
	if (row->from_ms >= row->until_ms)
		return rv_builder_refuse(b, e, "%llu: it ends before it begins",
		    (unsigned long long)row->assignment_id);
	assignments = rv_array_room(s->assignments, s->n_assignments,
	    &s->cap_assignments, sizeof(*assignments));
	if (assignments == NULL)
		return rv_builder_nomem(b, e);
	s->assignments = assignments;
	r = rv_intmap_add(
	    &b->assignment_ids, row->assignment_id, (uint32_t)s->n_assignments);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e, "%llu is there twice",
		    (unsigned long long)row->assignment_id);
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	assignments[s->n_assignments++] = (struct rv_assignment){
		.assignment_id = row->assignment_id,
		.from_ms = row->from_ms,
		.until_ms = row->until_ms,
		.admin = admin,
		.role = role,
	};
	return RV_OK;
}

/* Notes one category of an assignment; what names the kind of category. */
static int
category_add(struct rv_builder *b, uint64_t assignment_id,
    const struct rv_dict *ids, struct rv_slice id, struct rv_error *e)
{
	uint32_t assignment = rv_intmap_find(&b->assignment_ids, assignment_id);
	uint32_t category = rv_dict_find(ids, 0, id);
	const bool scope = ids == &b->s->scope_ids;

	if (assignment == RV_NONE)
		return rv_builder_refuse(b, e, "there is no assignment %llu",
		    (unsigned long long)assignment_id);
	if (category == RV_NONE)
		return rv_builder_refuse(b, e, "%llu: there is no %s \"%.*s\"",
		    (unsigned long long)assignment_id,
		    scope ? "scope" : "collection", RV_CUT(id));
	if (rv_pairs_add(
		scope ? &b->assignment_scopes : &b->assignment_collections,
		assignment, category) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_builder_assignment_scope(struct rv_builder *b,
    const struct rv_row_assignment_scope *row, struct rv_error *e)
{
	int r = rv_builder_enter(b, RV_TABLE_ASSIGNMENT_SCOPE, e);

	if (r != RV_OK)
		return r;
	return category_add(
	    b, row->assignment_id, &b->s->scope_ids, row->scope_id, e);
}

int
rv_builder_assignment_collection(struct rv_builder *b,
    const struct rv_row_assignment_collection *row, struct rv_error *e)
{
	int r = rv_builder_enter(b, RV_TABLE_ASSIGNMENT_COLLECTION, e);

	if (r != RV_OK)
		return r;
	return category_add(b, row->assignment_id, &b->s->collection_ids,
	    row->collection_id, e);
}

/* In preorder it is enough to look back at the last one kept. */
size_t
rv_collections_outer(
    const struct rv_snapshot *s, struct rv_ids set, uint32_t *outer)
{
	size_t n = 0;

	for (size_t i = 0; i < set.n; i++)
		if (n == 0 || set.p[i] > s->collections[outer[n - 1]].last)
			outer[n++] = set.p[i];
	return n;
}

static int
intern_outer(struct rv_snapshot *s, struct rv_ids set, uint32_t *ret_outer)
{
	uint32_t *outer = rv_array_new(set.n, sizeof(*outer));
	struct rv_ids ids = { outer, 0 };
	int r;

	if (outer == NULL)
		return RV_ERR_NOMEM;
	ids.n = rv_collections_outer(s, set, outer);
	r = rv_sets_intern(&s->collection_sets, ids, ret_outer);
	free(outer);
	return r;
}

void
rv_assignment_judge(const struct rv_snapshot *s, struct rv_assignment *a)
{
	a->masks = s->role_masks + (size_t)a->role * s->n_types;
	a->minimum = s->roles[a->role].minimum;
	a->security = s->roles[a->role].security;
	a->bare = a->scopes.n == 0 && a->collections.n == 0;
	a->all_scopes = s->all_scopes != RV_NONE &&
			rv_ids_contain(a->scopes, s->all_scopes);
	a->all_devices = s->root_devices != RV_NONE &&
			 rv_ids_contain(a->collections, s->root_devices);
	a->all_users = s->root_users != RV_NONE &&
		       rv_ids_contain(a->collections, s->root_users);
}

static int
intern_categories(struct rv_snapshot *s, struct rv_assignment *a,
    struct rv_ids scopes, struct rv_ids collections)
{
	if (rv_sets_intern(&s->scope_sets, scopes, &a->scope_set) != RV_OK ||
	    rv_sets_intern(&s->collection_sets, collections,
		&a->collection_set) != RV_OK ||
	    intern_outer(s, collections, &a->outer_set) != RV_OK)
		return RV_ERR_NOMEM;
	return RV_OK;
}

static int
compare_assignments(const void *a, const void *b)
{
	const struct rv_assignment *x = a, *y = b;

	if (x->admin != y->admin)
		return x->admin < y->admin ? -1 : 1;
	return x->assignment_id < y->assignment_id
		   ? -1
		   : x->assignment_id > y->assignment_id;
}

/* Sorts the assignments and notes where those of each user begin. */
static void
assignments_sort(struct rv_snapshot *s)
{
	uint32_t i = 0;

	if (s->n_assignments > 0)
		qsort(s->assignments, s->n_assignments, sizeof(*s->assignments),
		    compare_assignments);
	for (uint32_t admin = 0; admin <= s->n_admins; admin++) {
		while (i < s->n_assignments && s->assignments[i].admin < admin)
			i++;
		s->admins[admin].first = i;
	}
}

static int
compare_admins(const void *a, const void *b, void *admins)
{
	const struct rv_admin *of = admins;
	uint32_t x = of[*(const uint32_t *)a].admin_id;
	uint32_t y = of[*(const uint32_t *)b].admin_id;

	return x < y ? -1 : x > y;
}

static int
admins_sort(struct rv_snapshot *s)
{
	s->admins_by_id = rv_array_new(s->n_admins, sizeof(*s->admins_by_id));
	if (s->admins_by_id == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t i = 0; i < s->n_admins; i++)
		s->admins_by_id[i] = i;
	qsort_r(s->admins_by_id, s->n_admins, sizeof(*s->admins_by_id),
	    compare_admins, s->admins);
	return RV_OK;
}

int
rv_subjects_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_groups scopes = { 0 }, collections = { 0 };
	int r = RV_ERR_NOMEM;

	for (size_t i = 0; i < b->assignment_scopes.n; i++)
		b->assignment_scopes.p[i].item =
		    s->scope_rank[b->assignment_scopes.p[i].item];
	for (size_t i = 0; i < b->assignment_collections.n; i++)
		b->assignment_collections.p[i].item =
		    s->collection_number[b->assignment_collections.p[i].item];
	if (admin_room(b) != RV_OK ||
	    rv_groups_make(&b->assignment_scopes, s->n_assignments, &scopes) !=
		RV_OK ||
	    rv_groups_make(&b->assignment_collections, s->n_assignments,
		&collections) != RV_OK)
		goto out;
	for (uint32_t i = 0; i < s->n_assignments; i++)
		if (intern_categories(s, &s->assignments[i],
			rv_groups_get(&scopes, i),
			rv_groups_get(&collections, i)) != RV_OK)
			goto out;
	s->admins[s->n_admins] = (struct rv_admin){ 0 };
	assignments_sort(s);
	if (admins_sort(s) != RV_OK)
		goto out;
	r = RV_OK;
out:
	rv_groups_fini(&scopes);
	rv_groups_fini(&collections);
	return r == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}

/*
 * Sets of scopes in which a check has to search get a row of bits, unless it
 * would be far larger than the list.  Numbers them from 1 on; 0: no row.
 */
static size_t
number_rows(const struct rv_snapshot *s, uint32_t *row_of_set)
{
	const size_t row_bytes = rv_words(s->scope_ids.n) * sizeof(uint64_t);
	size_t n = 0;

	for (size_t i = 0; i < s->n_assignments; i++) {
		uint32_t set = s->assignments[i].scope_set;
		size_t ids = rv_sets_get(&s->scope_sets, set).n;

		if (row_of_set[set] == 0 && ids > 0 &&
		    row_bytes <= 32 * ids * sizeof(uint32_t))
			row_of_set[set] = (uint32_t)++n;
	}
	return n;
}

static void
fill_rows(struct rv_snapshot *s, const uint32_t *row_of_set)
{
	const size_t words = rv_words(s->scope_ids.n);

	for (size_t i = 0; i < s->n_assignments; i++) {
		struct rv_assignment *a = &s->assignments[i];
		uint64_t *row;

		if (row_of_set[a->scope_set] == 0)
			continue;
		row = s->scope_rows +
		      (size_t)(row_of_set[a->scope_set] - 1) * words;
		for (size_t k = 0; k < a->scopes.n; k++)
			rv_row_add(row, a->scopes.p[k]);
		a->scope_row = row;
	}
}

int
rv_subjects_link(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t *row_of_set =
	    rv_array_new(s->scope_sets.n, sizeof(*row_of_set));

	if (row_of_set == NULL)
		return rv_builder_nomem(b, e);
	for (size_t i = 0; i < s->n_assignments; i++) {
		struct rv_assignment *a = &s->assignments[i];

		a->scopes = rv_sets_get(&s->scope_sets, a->scope_set);
		a->collections =
		    rv_sets_get(&s->collection_sets, a->collection_set);
		a->outer = rv_sets_get(&s->collection_sets, a->outer_set);
		rv_assignment_judge(s, a);
	}
	s->scope_rows =
	    rv_array_new(number_rows(s, row_of_set) * rv_words(s->scope_ids.n),
		sizeof(*s->scope_rows));
	if (s->scope_rows != NULL)
		fill_rows(s, row_of_set);
	free(row_of_set);
	return s->scope_rows != NULL ? RV_OK : rv_builder_nomem(b, e);
}
