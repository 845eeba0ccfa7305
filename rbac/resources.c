/*
 * Resources (devices, users, groups) and the collections that they are
 * members of.  Membership of the two roots is by definition and is not kept.
 */
#include "builder.h"

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

int
rv_resources_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;

	for (size_t i = 0; i < b->members.n; i++)
		b->members.p[i].item =
		    s->collection_number[b->members.p[i].item];
	if (rv_groups_make(&b->members, s->n_resources, &s->members) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}
