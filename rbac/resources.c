/*
 * Resources (devices, users, groups) and the collections that they are
 * members of.  Membership of the two roots is by definition and is not kept.
 */
#include "builder.h"

#include <stdlib.h>

int
rv_builder_resource(
    struct rv_builder *b, const struct rv_row_resource *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_resource *resources;
	int r = rv_builder_enter(b, RV_TABLE_RESOURCE, e);

	if (r != RV_OK)
		return r;
	if (row->type != RV_RESOURCE_DEVICE && row->type != RV_RESOURCE_USER &&
	    row->type != RV_RESOURCE_GROUP)
		return rv_builder_refuse(b, e, "%u is of no known type (%d)",
		    row->resource_id, (int)row->type);
	resources = rv_array_room(s->resources, s->n_resources,
	    &s->cap_resources, sizeof(*resources));
	if (resources == NULL)
		return rv_builder_nomem(b, e);
	s->resources = resources;
	r = rv_intmap_add(
	    &s->resource_ids, row->resource_id, (uint32_t)s->n_resources);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "%u is there twice", row->resource_id);
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	resources[s->n_resources++] =
	    (struct rv_resource){ row->resource_id, row->type };
	return RV_OK;
}

int
rv_builder_member(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e)
{
	const struct rv_snapshot *s = b->s;
	uint32_t collection, resource;
	int r = rv_builder_enter(b, RV_TABLE_MEMBER, e);

	if (r != RV_OK)
		return r;
	collection = rv_dict_find(&s->collection_ids, 0, row->collection_id);
	resource = rv_intmap_find(&s->resource_ids, row->resource_id);
	if (collection == RV_NONE)
		return rv_builder_refuse(b, e,
		    "resource %u: there is no collection \"%.*s\"",
		    row->resource_id, RV_CUT(row->collection_id));
	if (resource == RV_NONE)
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\": there is no resource %u",
		    RV_CUT(row->collection_id), row->resource_id);
	if (b->collections[collection].limiting == RV_NONE)
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\": membership of a root is by "
		    "definition, not by a row",
		    RV_CUT(row->collection_id));
	if ((b->collections[collection].kind == RV_KIND_DEVICE) !=
	    (s->resources[resource].type == RV_RESOURCE_DEVICE))
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\" and resource %u are of different "
		    "kinds",
		    RV_CUT(row->collection_id), row->resource_id);
	if (rv_pairs_add(&b->members, resource, collection) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

static int
compare_resources(const void *a, const void *b)
{
	const struct rv_resource *x = a, *y = b;

	return x->resource_id < y->resource_id
		   ? -1
		   : x->resource_id > y->resource_id;
}

/* Sorts the resources by id and gives the memberships their new numbers. */
static int
resources_sort(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s;
	uint32_t *new_of;
	size_t i = 1;

	while (i < s->n_resources &&
	       s->resources[i - 1].resource_id < s->resources[i].resource_id)
		i++;
	if (i >= s->n_resources)
		return RV_OK; /* they came in order */
	new_of = rv_array_new(s->n_resources, sizeof(*new_of));
	if (new_of == NULL)
		return RV_ERR_NOMEM;
	qsort(s->resources, s->n_resources, sizeof(*s->resources),
	    compare_resources);
	for (uint32_t k = 0; k < s->n_resources; k++)
		new_of[rv_intmap_set(
		    &s->resource_ids, s->resources[k].resource_id, k)] = k;
	for (i = 0; i < b->members.n; i++)
		b->members.p[i].owner = new_of[b->members.p[i].owner];
	free(new_of);
	return RV_OK;
}

const uint64_t *
rv_kind_row(const struct rv_snapshot *s, enum rv_resource_type type)
{
	return s->kind_rows +
	       (size_t)(type - RV_RESOURCE_GROUP) * rv_words(s->n_resources);
}

static int
kinds_make(struct rv_snapshot *s)
{
	const size_t words = rv_words(s->n_resources);

	s->kind_rows = rv_array_new(3 * words, sizeof(*s->kind_rows));
	if (s->kind_rows == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t i = 0; i < s->n_resources; i++)
		rv_row_add(s->kind_rows + (size_t)(s->resources[i].type -
						   RV_RESOURCE_GROUP) *
					      words,
		    i);
	return RV_OK;
}

int
rv_resources_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;

	for (size_t i = 0; i < b->members.n; i++)
		b->members.p[i].item =
		    s->collection_number[b->members.p[i].item];
	if (resources_sort(b) != RV_OK ||
	    rv_groups_make(&b->members, s->n_resources, &s->members) != RV_OK ||
	    rv_members_make(&s->inside, &s->members, s->collection_ids.n) !=
		RV_OK ||
	    kinds_make(s) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}
