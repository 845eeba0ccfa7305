/*
 * Collections: a forest by limiting collection.  They are numbered in
 * preorder, each tree before the next, so that what is limited to c, through
 * any chain, is the interval of numbers c .. last[c].
 */
#include "builder.h"

#include <stdlib.h>

int
rv_builder_collection(struct rv_builder *b, const struct rv_row_collection *row,
    struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_collection_row *rows;
	uint32_t id, limiting = RV_NONE;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_COLLECTION, e)) != RV_OK ||
	    (r = rv_builder_name(b, "collection_id", row->collection_id, e)) !=
		RV_OK)
		return r;
	if (row->kind != RV_KIND_DEVICE && row->kind != RV_KIND_USER)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" is of no known kind (%d)",
		    RV_CUT(row->collection_id), (int)row->kind);
	rows = rv_array_room(b->collections, s->collection_ids.n,
	    &b->cap_collections, sizeof(*rows));
	if (rows == NULL)
		return rv_builder_nomem(b, e);
	b->collections = rows;
	if (row->limiting_id.n > 0 &&
	    rv_dict_add(&s->texts, 0, row->limiting_id, &limiting) ==
		RV_ERR_NOMEM)
		return rv_builder_nomem(b, e);
	r = rv_dict_add(&s->collection_ids, 0, row->collection_id, &id);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e, "\"%.*s\" is there twice",
		    RV_CUT(row->collection_id));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	rows[id] = (struct rv_collection_row){ limiting, row->kind };
	return RV_OK;
}

/* The work of numbering, by the ids of the dictionary. */
struct forest {
	uint32_t *parent;
	uint32_t *child, *sibling; /* first child, next sibling */
	uint32_t *order;	   /* parents before children */
	size_t n_order;
	uint32_t *size; /* of the tree under each, itself included */
	uint32_t *next; /* the number that its next child gets */
};

static void
forest_fini(struct forest *f)
{
	free(f->parent);
	free(f->child);
	free(f->sibling);
	free(f->order);
	free(f->size);
	free(f->next);
}

static int
forest_init(struct forest *f, size_t n)
{
	*f = (struct forest){
		.parent = rv_array_new(n, sizeof(*f->parent)),
		.child = rv_array_new(n, sizeof(*f->child)),
		.sibling = rv_array_new(n, sizeof(*f->sibling)),
		.order = rv_array_new(n, sizeof(*f->order)),
		.size = rv_array_new(n, sizeof(*f->size)),
		.next = rv_array_new(n, sizeof(*f->next)),
	};
	if (f->parent == NULL || f->child == NULL || f->sibling == NULL ||
	    f->order == NULL || f->size == NULL || f->next == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		f->parent[i] = f->child[i] = f->sibling[i] = RV_NONE;
	return RV_OK;
}

/* The two roots, and only they, have no limiting collection. */
static int
root_check(struct rv_builder *b, uint32_t id, struct rv_error *e)
{
	const struct rv_collection_row *row = &b->collections[id];
	struct rv_slice name = rv_dict_name(&b->s->collection_ids, id);
	const bool devices = rv_slice_eq(name, RV_ROOT_DEVICES);
	const bool users = rv_slice_eq(name, RV_ROOT_USERS);

	if ((devices || users) != (row->limiting == RV_NONE))
		return rv_builder_refuse(b, e, "collection: \"%.*s\" %s",
		    RV_CUT(name),
		    row->limiting == RV_NONE
			? "has no limiting collection"
			: "is a root and has a limiting collection");
	if ((devices && row->kind != RV_KIND_DEVICE) ||
	    (users && row->kind != RV_KIND_USER))
		return rv_builder_refuse(b, e,
		    "collection: \"%.*s\" is of the wrong kind", RV_CUT(name));
	return RV_OK;
}

static int
link_parents(struct rv_builder *b, struct forest *f, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;

	for (uint32_t id = 0; id < s->collection_ids.n; id++) {
		const struct rv_collection_row *row = &b->collections[id];
		struct rv_slice limiting =
		    rv_dict_name(&s->texts, row->limiting);
		uint32_t parent = rv_dict_find(&s->collection_ids, 0, limiting);
		int r = root_check(b, id, e);

		if (r != RV_OK)
			return r;
		if (row->limiting == RV_NONE)
			continue;
		if (parent == RV_NONE)
			return rv_builder_refuse(b, e,
			    "collection: \"%.*s\" is limited to \"%.*s\", "
			    "which is not there",
			    RV_CUT(rv_dict_name(&s->collection_ids, id)),
			    RV_CUT(limiting));
		if (b->collections[parent].kind != row->kind)
			return rv_builder_refuse(b, e,
			    "collection: \"%.*s\" is limited to \"%.*s\", "
			    "which is of the other kind",
			    RV_CUT(rv_dict_name(&s->collection_ids, id)),
			    RV_CUT(limiting));
		f->parent[id] = parent;
		f->sibling[id] = f->child[parent];
		f->child[parent] = id;
	}
	return RV_OK;
}

/* Breadth first from the roots; what is not reached hangs on a cycle. */
static int
order_forest(struct rv_builder *b, struct forest *f, struct rv_error *e)
{
	const size_t n = b->s->collection_ids.n;
	uint32_t id;

	for (id = 0; id < n; id++)
		if (f->parent[id] == RV_NONE)
			f->order[f->n_order++] = id;
	for (size_t i = 0; i < f->n_order; i++)
		for (id = f->child[f->order[i]]; id != RV_NONE;
		     id = f->sibling[id])
			f->order[f->n_order++] = id;
	if (f->n_order == n)
		return RV_OK;
	for (size_t i = 0; i < f->n_order; i++)
		f->size[f->order[i]] = 1; /* reached */
	for (id = 0; f->size[id] != 0; id++)
		;
	for (size_t i = 0; i < n; i++) /* n steps up end on the cycle */
		id = f->parent[id];
	return rv_builder_refuse(b, e,
	    "collection: \"%.*s\" is limited to itself through a cycle",
	    RV_CUT(rv_dict_name(&b->s->collection_ids, id)));
}

static void
number_forest(struct rv_snapshot *s, struct forest *f,
    const struct rv_collection_row *rows)
{
	uint32_t next_root = 0;

	for (size_t i = 0; i < f->n_order; i++)
		f->size[f->order[i]] = 1;
	for (size_t i = f->n_order; i-- > 0;)
		if (f->parent[f->order[i]] != RV_NONE)
			f->size[f->parent[f->order[i]]] += f->size[f->order[i]];
	for (size_t i = 0; i < f->n_order; i++) {
		uint32_t id = f->order[i], parent = f->parent[id];
		uint32_t *next =
		    parent == RV_NONE ? &next_root : &f->next[parent];
		uint32_t number = *next;

		*next += f->size[id];
		f->next[id] = number + 1;
		s->collection_number[id] = number;
		s->collections[number] = (struct rv_collection){
			.name = id,
			.parent = parent == RV_NONE
				      ? RV_NONE
				      : s->collection_number[parent],
			.last = number + f->size[id] - 1,
			.kind = rows[id].kind,
		};
	}
}

static uint32_t
number_of(const struct rv_snapshot *s, struct rv_slice name)
{
	uint32_t id = rv_dict_find(&s->collection_ids, 0, name);

	return id == RV_NONE ? RV_NONE : s->collection_number[id];
}

/* Makes the number of a collection, and the order of the ids, known. */
static int
name_collections(struct rv_snapshot *s)
{
	const size_t n = s->collection_ids.n;

	s->collections_by_id = rv_names_in_order(&s->collection_ids);
	if (s->collections_by_id == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t id = 0; id < n; id++)
		rv_dict_set_value(
		    &s->collection_ids, id, s->collection_number[id]);
	for (size_t i = 0; i < n; i++)
		s->collections_by_id[i] =
		    s->collection_number[s->collections_by_id[i]];
	return RV_OK;
}

int
rv_collections_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	const size_t n = s->collection_ids.n;
	struct forest f;
	int r = RV_ERR_NOMEM;

	s->collections = rv_array_new(n, sizeof(*s->collections));
	s->collection_number = rv_array_new(n, sizeof(*s->collection_number));
	if (forest_init(&f, n) != RV_OK || s->collections == NULL ||
	    s->collection_number == NULL ||
	    rv_sets_init(&s->collection_sets, n) != RV_OK) {
		r = rv_builder_nomem(b, e);
		goto out;
	}
	if ((r = link_parents(b, &f, e)) != RV_OK ||
	    (r = order_forest(b, &f, e)) != RV_OK)
		goto out;
	number_forest(s, &f, b->collections);
	if (name_collections(s) != RV_OK) {
		r = rv_builder_nomem(b, e);
		goto out;
	}
	s->root_devices = number_of(s, RV_ROOT_DEVICES);
	s->root_users = number_of(s, RV_ROOT_USERS);
out:
	forest_fini(&f);
	return r;
}
