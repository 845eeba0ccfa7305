/* Secured objects, other than collections and resources, and their scopes. */
#include "builder.h"

#include <stdlib.h>

/*
 * Roles, scopes and administrative users have tables of their own, which say
 * what is there; a row here may repeat one of them but adds none.
 */
static int
check_known(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	const struct rv_snapshot *s = b->s;
	uint64_t id;
	bool known = true;

	if (row->object_type_id == RV_TYPE_COLLECTION)
		return rv_builder_refuse(b, e,
		    "\"%.*s\": collections have a table of their own",
		    RV_CUT(row->key));
	if (row->object_type_id == RV_TYPE_ROLE)
		known = rv_dict_find(&s->role_ids, 0, row->key) != RV_NONE;
	else if (row->object_type_id == RV_TYPE_SCOPE)
		known = rv_dict_find(&s->scope_ids, 0, row->key) != RV_NONE;
	else if (row->object_type_id == RV_TYPE_ADMIN)
		known = rv_slice_to_u64(row->key, UINT32_MAX, &id) == RV_OK &&
			rv_intmap_find(&s->admin_ids, id) != RV_NONE;
	if (!known)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is not in the table of its type",
		    row->object_type_id, RV_CUT(row->key));
	return RV_OK;
}

int
rv_builder_object(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	uint32_t type, object;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OBJECT, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "key", row->key, e)) != RV_OK ||
	    (r = check_known(b, row, e)) != RV_OK)
		return r;
	r = rv_dict_add(&b->s->object_keys, type, row->key, &object);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is there twice", row->object_type_id,
		    RV_CUT(row->key));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_builder_object_scope(struct rv_builder *b,
    const struct rv_row_object_scope *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t type, object, scope;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OBJECT_SCOPE, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) != RV_OK)
		return r;
	if (s->types[type].secured_by != RV_SECURED_BY_SCOPE)
		return rv_builder_refuse(b, e,
		    "\"%.*s\": type %u is not secured by scope",
		    RV_CUT(row->key), row->object_type_id);
	object = rv_dict_find(&s->object_keys, type, row->key);
	if (object == RV_NONE)
		return rv_builder_refuse(b, e, "type %u has no object \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key));
	scope = rv_dict_find(&s->scope_ids, 0, row->scope_id);
	if (scope == RV_NONE)
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": there is no scope \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key),
		    RV_CUT(row->scope_id));
	if (rv_slice_eq(row->scope_id, RV_SCOPE_ALL))
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": no object carries SMS00ALL",
		    row->object_type_id, RV_CUT(row->key));
	if (rv_pairs_add(&b->object_scopes, object, scope) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

/* What is compared when keys are sorted: some bytes of it first. */
struct key_order {
	uint64_t head; /* 8 bytes behind what all keys of the type share */
	uint32_t id;
	uint32_t space;
};

static uint64_t
head_of(struct rv_slice key, size_t shared)
{
	uint64_t head = 0;

	for (size_t i = shared; i < shared + 8; i++)
		head = head << 8 | (i < key.n ? (unsigned char)key.p[i] : 0);
	return head;
}

static int
compare_keys(const void *a, const void *b, void *keys)
{
	const struct key_order *x = a, *y = b;

	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	return rv_slice_cmp(
	    rv_dict_name(keys, x->id), rv_dict_name(keys, y->id));
}

static size_t
shared_length(struct rv_slice a, struct rv_slice b, size_t most)
{
	size_t n = 0;

	while (n < most && n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

/* How many bytes all keys of each type begin with in common. */
static int
find_shared(const struct rv_snapshot *s, size_t **ret_shared)
{
	uint32_t *first = rv_array_new(s->n_types, sizeof(*first));
	size_t *shared = rv_array_new(s->n_types, sizeof(*shared));

	*ret_shared = shared;
	if (first == NULL || shared == NULL) {
		free(first);
		return RV_ERR_NOMEM;
	}
	for (size_t i = 0; i < s->n_types; i++)
		first[i] = RV_NONE;
	for (uint32_t i = 0; i < s->object_keys.n; i++) {
		uint32_t type = rv_dict_space(&s->object_keys, i);
		struct rv_slice key = rv_dict_name(&s->object_keys, i);

		if (first[type] == RV_NONE) {
			first[type] = i;
			shared[type] = key.n;
		}
		shared[type] =
		    shared_length(rv_dict_name(&s->object_keys, first[type]),
			key, shared[type]);
	}
	free(first);
	return RV_OK;
}

/* Numbers the objects by type and key; *ret_old: the old number of each. */
static int
sort_objects(struct rv_snapshot *s, uint32_t **ret_old)
{
	const size_t n = s->object_keys.n;
	struct key_order *order = rv_array_new(n, sizeof(*order));
	uint32_t *old = rv_array_new(n, sizeof(*old));
	struct rv_dict view = s->object_keys; /* qsort_r() wants it writable */
	size_t *shared = NULL;
	int r = RV_ERR_NOMEM;

	*ret_old = old;
	if (order == NULL || old == NULL || find_shared(s, &shared) != RV_OK)
		goto out;
	for (uint32_t i = 0; i < n; i++) {
		order[i].id = i;
		order[i].space = rv_dict_space(&s->object_keys, i);
		order[i].head = head_of(
		    rv_dict_name(&s->object_keys, i), shared[order[i].space]);
	}
	qsort_r(order, n, sizeof(*order), compare_keys, &view);
	for (size_t i = 0; i < n; i++) {
		old[i] = order[i].id;
		s->type_first[order[i].space + 1]++;
	}
	for (size_t i = 0; i < s->n_types; i++)
		s->type_first[i + 1] += s->type_first[i];
	r = rv_dict_reorder(&s->object_keys, old);
out:
	free(order);
	free(shared);
	return r;
}

static int
scoping_of(
    struct rv_snapshot *s, struct rv_ids scopes, struct rv_scoping *ret_scoping)
{
	uint32_t set;

	switch (scopes.n) {
	case 0:
		*ret_scoping = (struct rv_scoping){ RV_NONE, RV_NONE };
		return RV_OK;
	case 1:
	case 2:
		*ret_scoping =
		    (struct rv_scoping){ scopes.p[0], scopes.p[scopes.n - 1] };
		return RV_OK;
	default:
		if (rv_sets_intern(&s->scope_sets, scopes, &set) != RV_OK)
			return RV_ERR_NOMEM;
		*ret_scoping = (struct rv_scoping){ set, RV_SCOPES_MANY };
		return RV_OK;
	}
}

/* Default instances exist always, whether or not a row says so. */
static int
add_defaults(struct rv_snapshot *s)
{
	for (uint32_t i = 0; i < s->default_keys.n; i++) {
		uint32_t object;

		if (rv_dict_add(&s->object_keys,
			rv_dict_space(&s->default_keys, i),
			rv_dict_name(&s->default_keys, i),
			&object) == RV_ERR_NOMEM)
			return RV_ERR_NOMEM;
	}
	return RV_OK;
}

int
rv_objects_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	const size_t n_rows = s->object_keys.n;
	const int added = add_defaults(s);
	const size_t n = s->object_keys.n;
	struct rv_groups scopes = { 0 };
	uint32_t *old = NULL;
	int r = RV_ERR_NOMEM;

	for (size_t i = 0; i < b->object_scopes.n; i++)
		b->object_scopes.p[i].item =
		    s->scope_rank[b->object_scopes.p[i].item];
	s->n_object_rows = n_rows;
	s->object_scopes = rv_array_new(n, sizeof(*s->object_scopes));
	s->type_first = rv_array_new(s->n_types + 1, sizeof(*s->type_first));
	if (added != RV_OK || s->object_scopes == NULL ||
	    s->type_first == NULL ||
	    rv_groups_make(&b->object_scopes, n, &scopes) != RV_OK ||
	    sort_objects(s, &old) != RV_OK)
		goto out;
	for (uint32_t i = 0; i < n; i++) {
		if (scoping_of(s, rv_groups_get(&scopes, old[i]),
			&s->object_scopes[i]) != RV_OK)
			goto out;
		rv_dict_set_value(
		    &s->object_keys, i, rv_scoping_pack(s->object_scopes[i]));
	}
	r = RV_OK;
out:
	free(old);
	rv_groups_fini(&scopes);
	return r == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}
