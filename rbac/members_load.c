/*
 * All memberships of the first version: its rows are taken in batches, and
 * become exact pages and sets at once.
 */
#include "builder.h"

#include <stdlib.h>
#include <string.h>

/*
 * Nearly all of the time of a row goes into waiting for memory: the names of
 * the collections are many and come in any order.  So some rows are gathered,
 * and for all of them is fetched at once what the next step reads.
 */
#define BATCH	  32
#define MOST_NAME 44 /* bytes of a name that waits */

struct waiting {
	uint64_t hash;
	uint32_t resource_id;
	uint16_t n;
	char name[MOST_NAME];
};

struct rv_member_batch {
	size_t n;
	size_t n_kinds;
	uint8_t *kinds; /* by collection: which resources it may have */
	struct waiting rows[BATCH];
};

enum {
	OF_NONE, /* it is not there, or a root */
	OF_DEVICES,
	OF_OTHERS
};

void
rv_member_batch_free(struct rv_member_batch **batch)
{
	if (*batch != NULL)
		free((*batch)->kinds);
	free(*batch);
	*batch = NULL;
}

/* By the time of the first membership all collections are there. */
static struct rv_member_batch *
batch_new(const struct rv_snapshot *s)
{
	struct rv_member_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->n_kinds = s->collection_ids.n;
	batch->kinds = rv_array_new(batch->n_kinds, sizeof(*batch->kinds));
	if (batch->kinds == NULL)
		rv_member_batch_free(&batch);
	for (uint32_t i = 0; batch != NULL && i < batch->n_kinds; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		if (c != NULL && c->parent != RV_NONE)
			batch->kinds[i] =
			    c->kind == RV_KIND_DEVICE ? OF_DEVICES : OF_OTHERS;
	}
	return batch;
}

/* A row that could not be taken the short way: why, or after all. */
static int
take_slowly(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e)
{
	uint32_t number;
	int r = rv_member_read(b, row, &number, e);

	if (r == RV_OK &&
	    rv_pairs_add(&b->members, row->resource_id, number) != RV_OK)
		r = rv_builder_nomem(b, e);
	return r;
}

static int
take_waiting(struct rv_builder *b, const struct waiting *w, struct rv_error *e)
{
	const struct rv_snapshot *s = b->s;
	const struct rv_row_member row = { { w->name, w->n }, w->resource_id };
	const struct rv_dict_record *record =
	    rv_dict_get(&s->collection_ids, w->hash, 0, row.collection_id);
	const unsigned type = rv_resource_type(&s->resources, w->resource_id);

	if (record == NULL || type == 0 || record->id >= b->batch->n_kinds ||
	    b->batch->kinds[record->id] !=
		(type == RV_RESOURCE_DEVICE ? OF_DEVICES : OF_OTHERS))
		return take_slowly(b, &row, e);
	if (rv_pairs_add(&b->members, w->resource_id, record->id) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

static int
take_batch(struct rv_builder *b, struct rv_error *e)
{
	struct rv_member_batch *batch = b->batch;
	int r = RV_OK;

	for (size_t i = 0; i < batch->n; i++)
		rv_dict_fetch_record(
		    &b->s->collection_ids, batch->rows[i].hash);
	for (size_t i = 0; r == RV_OK && i < batch->n; i++)
		r = take_waiting(b, &batch->rows[i], e);
	batch->n = 0;
	return r;
}

int
rv_members_take(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e)
{
	const struct rv_slice name = row->collection_id;
	struct waiting *w;

	if (b->batch == NULL && (b->batch = batch_new(b->s)) == NULL)
		return rv_builder_nomem(b, e);
	if (name.n == 0 || name.n > MOST_NAME)
		return take_slowly(b, row, e);
	w = &b->batch->rows[b->batch->n++];
	w->hash = rv_dict_hash(&b->s->collection_ids, 0, name);
	w->resource_id = row->resource_id;
	w->n = (uint16_t)name.n;
	memcpy(w->name, name.p, name.n);
	rv_dict_fetch_slot(&b->s->collection_ids, w->hash);
	rv_resource_fetch(&b->s->resources, w->resource_id);
	return b->batch->n == BATCH ? take_batch(b, e) : RV_OK;
}

/* ---- The end ------------------------------------------------------------- */

/* All resources by id; *ret_types has the type of each. */
static int
list_resources(
    const struct rv_snapshot *s, uint32_t **ret_ids, uint8_t **ret_types)
{
	const size_t n = s->counts.resources;
	uint32_t *ids = rv_array_new(n, sizeof(*ids));
	uint8_t *types = rv_array_new(n, sizeof(*types));
	uint64_t from = 0;

	*ret_ids = ids;
	*ret_types = types;
	if (ids == NULL || types == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		RV_ASSERT(rv_resource_next(&s->resources, &from, &ids[i]));
		types[i] = (uint8_t)rv_resource_type(&s->resources, ids[i]);
	}
	return RV_OK;
}

/* The sets of all devices, all users, all groups. */
static int
make_kinds(struct rv_builder *b, const uint32_t *ids, const uint8_t *types)
{
	const size_t n = b->s->counts.resources;
	uint32_t *some = rv_array_new(n, sizeof(*some));
	int r = some != NULL ? RV_OK : RV_ERR_NOMEM;

	for (unsigned type = RV_RESOURCE_GROUP;
	     r == RV_OK && type <= RV_RESOURCE_DEVICE; type++) {
		struct rv_ids of = { some, 0 };

		for (size_t i = 0; i < n; i++)
			if (types[i] == type)
				some[of.n++] = ids[i];
		if (of.n > 0)
			r = rv_idset_make(
			    &b->edit, of, rv_builder_kind(b, type));
	}
	free(some);
	return r;
}

/* Which resources each collection has. */
static int
make_members(
    struct rv_builder *b, const struct rv_groups *of, struct rv_ids ids)
{
	const size_t n = b->s->collection_ids.n;
	struct rv_groups inside = { 0 };
	int r = rv_groups_turn(of, ids, n, &inside);

	for (uint32_t i = 0; r == RV_OK && i < n; i++) {
		const struct rv_ids members = rv_groups_get(&inside, i);
		struct rv_collection *c;

		if (members.n == 0)
			continue;
		c = rv_builder_collection_at(b, i);
		r = c != NULL ? rv_idset_make(&b->edit, members, &c->members)
			      : RV_ERR_NOMEM;
	}
	rv_groups_fini(&inside);
	return r;
}

static int
make_all(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s;
	struct rv_groups of = { 0 };
	uint32_t *ids = NULL;
	uint8_t *types = NULL;
	int r = list_resources(s, &ids, &types);

	if (r == RV_OK)
		r = make_kinds(b, ids, types);
	free(types);
	if (r == RV_OK)
		r = rv_groups_of(&b->members,
		    (struct rv_ids){ ids, s->counts.resources }, &of);
	rv_pairs_fini(&b->members);
	if (r == RV_OK)
		r = rv_resource_fill(&b->edit, &s->resources, ids, of.n_owners,
		    of.first, of.items);
	if (r == RV_OK)
		r = make_members(b, &of, (struct rv_ids){ ids, of.n_owners });
	if (r == RV_OK)
		s->counts.memberships = of.first[of.n_owners];
	rv_groups_fini(&of);
	free(ids);
	return r;
}

int
rv_members_make(struct rv_builder *b, struct rv_error *e)
{
	const int r = b->batch != NULL ? take_batch(b, e) : RV_OK;

	if (r != RV_OK)
		return r;
	return make_all(b) == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}
