/*
 * Resources (devices, users, groups) and the collections that they are
 * members of.  Membership of the two roots is by definition and is not kept.
 */
#include "builder.h"

struct rv_idset **
rv_builder_kind(struct rv_builder *b, unsigned type)
{
	return &b->s->kinds[type - RV_RESOURCE_GROUP];
}

int
rv_builder_resource(
    struct rv_builder *b, const struct rv_row_resource *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	int r = rv_builder_enter(b, RV_TABLE_RESOURCE, e);

	if (r != RV_OK)
		return r;
	if (row->type != RV_RESOURCE_DEVICE && row->type != RV_RESOURCE_USER &&
	    row->type != RV_RESOURCE_GROUP)
		return rv_builder_refuse(b, e, "%u is of no known type (%d)",
		    row->resource_id, (int)row->type);
	r = rv_resource_add(
	    &b->edit, &s->resources, row->resource_id, row->type);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "%u is there twice", row->resource_id);
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	/* The first version makes the sets at its end. */
	if (b->base != NULL &&
	    rv_idset_add(&b->edit, rv_builder_kind(b, row->type),
		row->resource_id) != RV_OK)
		return rv_builder_nomem(b, e);
	s->counts.resources++;
	return RV_OK;
}

static bool
is_gone(const struct rv_builder *b, uint32_t id)
{
	return b->n_gone_resources > 0 &&
	       rv_intmap_find(&b->gone_resources, id) == 1;
}

/*
 * Its memberships may still go; until then it is kept, and
 * rv_members_finish() looks.  Its id cannot come back in the same edit: the
 * store never uses one again.
 */
int
rv_builder_remove_resource(
    struct rv_builder *b, uint32_t resource_id, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	unsigned type;
	int r = rv_builder_enter_change(b, RV_TABLE_RESOURCE, e);

	if (r != RV_OK)
		return r;
	type = rv_resource_type(&s->resources, resource_id);
	if (type == 0 || is_gone(b, resource_id))
		return rv_builder_refuse(
		    b, e, "there is no resource %u", resource_id);
	if (rv_idset_remove(&b->edit, rv_builder_kind(b, type), resource_id) !=
	    RV_OK)
		return rv_builder_nomem(b, e);
	s->counts.resources--;
	if (rv_resource_collections(&s->resources, resource_id, NULL, 0) == 0) {
		r = rv_resource_remove(&b->edit, &s->resources, resource_id);
	} else {
		r = rv_intmap_add(&b->gone_resources, resource_id, 1);
		b->n_gone_resources++;
	}
	return r == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}

/* ---- Memberships --------------------------------------------------------- */

/* Whether a row can be: c, if it is there, is its collection. */
static int
member_check(struct rv_builder *b, const struct rv_row_member *row,
    const struct rv_collection *c, struct rv_error *e)
{
	unsigned type = 0;

	if (!is_gone(b, row->resource_id))
		type = rv_resource_type(&b->s->resources, row->resource_id);
	if (c == NULL)
		return rv_builder_refuse(b, e,
		    "resource %u: there is no collection \"%.*s\"",
		    row->resource_id, RV_CUT(row->collection_id));
	if (type == 0)
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\": there is no resource %u",
		    RV_CUT(row->collection_id), row->resource_id);
	if (c->parent == RV_NONE)
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\": membership of a root is by "
		    "definition, not by a row",
		    RV_CUT(row->collection_id));
	if ((c->kind == RV_KIND_DEVICE) != (type == RV_RESOURCE_DEVICE))
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\" and resource %u are of different "
		    "kinds",
		    RV_CUT(row->collection_id), row->resource_id);
	return RV_OK;
}

int
rv_member_read(struct rv_builder *b, const struct rv_row_member *row,
    uint32_t *ret_number, struct rv_error *e)
{
	const struct rv_collection *c = NULL;

	*ret_number =
	    rv_dict_find(&b->s->collection_ids, 0, row->collection_id);
	if (*ret_number != RV_NONE)
		c = rv_collection_at(b->s, *ret_number);
	return member_check(b, row, c, e);
}

int
rv_builder_member(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_collection *c;
	uint32_t number = 0;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_MEMBER, e)) != RV_OK)
		return r;
	if (b->base == NULL)
		return rv_members_take(b, row, e);
	r = rv_member_read(b, row, &number, e);
	if (r != RV_OK)
		return r;
	r = rv_resource_join(&b->edit, &s->resources, row->resource_id, number);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\": resource %u is there twice",
		    RV_CUT(row->collection_id), row->resource_id);
	c = rv_builder_collection_at(b, number);
	if (r != RV_OK || c == NULL ||
	    rv_idset_add(&b->edit, &c->members, row->resource_id) != RV_OK)
		return rv_builder_nomem(b, e);
	s->counts.memberships++;
	return RV_OK;
}

/* The collection may be gone by now, or the resource as good as gone. */
int
rv_builder_remove_member(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_collection *c;
	uint32_t number;
	int r = rv_builder_enter_change(b, RV_TABLE_MEMBER, e);

	if (r != RV_OK)
		return r;
	number = rv_dict_find(&s->collection_ids, 0, row->collection_id);
	r = number != RV_NONE ? rv_resource_leave(&b->edit, &s->resources,
				    row->resource_id, number)
			      : RV_ERR_NOTFOUND;
	if (r == RV_ERR_NOTFOUND)
		return rv_builder_refuse(b, e,
		    "collection \"%.*s\" does not have resource %u",
		    RV_CUT(row->collection_id), row->resource_id);
	c = rv_builder_collection_at(b, number);
	if (r != RV_OK || c == NULL ||
	    rv_idset_remove(&b->edit, &c->members, row->resource_id) != RV_OK)
		return rv_builder_nomem(b, e);
	s->counts.memberships--;
	return RV_OK;
}

/* ---- The end ------------------------------------------------------------- */

/* Resources that were removed before their memberships. */
static int
end_gone(struct rv_builder *b, struct rv_error *e)
{
	for (size_t i = 0; i < b->gone_resources.n_slots; i++) {
		const struct rv_intmap_slot *slot = &b->gone_resources.slots[i];
		const uint32_t id = (uint32_t)slot->key;

		if (!slot->used)
			continue;
		if (rv_resource_collections(&b->s->resources, id, NULL, 0) > 0)
			return rv_builder_refuse(b, e,
			    "resource: %u is gone, and a member of a "
			    "collection",
			    id);
		if (rv_resource_remove(&b->edit, &b->s->resources, id) != RV_OK)
			return rv_builder_nomem(b, e);
	}
	return RV_OK;
}

int
rv_members_finish(struct rv_builder *b, struct rv_error *e)
{
	if (b->base != NULL)
		return end_gone(b, e);
	return rv_members_make(b, e);
}
