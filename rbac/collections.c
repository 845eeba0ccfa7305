/*
 * Collections: a forest by limiting collection.  A row may come before that
 * of its limiting collection; that there is one is looked at in the end.
 */
#include "builder.h"

struct rv_collection *
rv_builder_collection_at(struct rv_builder *b, uint32_t number)
{
	return rv_trie_put(
	    &b->edit, &b->s->collections, number, sizeof(struct rv_collection));
}

/* The number of a name, and the element; it may not be there yet. */
static struct rv_collection *
collection_room(struct rv_builder *b, struct rv_slice id, uint32_t *ret_number)
{
	const int r =
	    rv_dict_add(&b->edit, &b->s->collection_ids, 0, id, ret_number);

	return r == RV_OK || r == RV_ERR_EXISTS
		   ? rv_builder_collection_at(b, *ret_number)
		   : NULL;
}

/* Counts a collection among those limited to its parent, or not any more. */
static int
count_child(struct rv_builder *b, uint32_t parent, bool in)
{
	struct rv_collection *c;

	if (parent == RV_NONE)
		return RV_OK;
	c = rv_builder_collection_at(b, parent);
	if (c == NULL)
		return RV_ERR_NOMEM;
	c->n_children += in ? 1 : UINT32_MAX; /* one less */
	return RV_OK;
}

/* The number of the limiting collection of a row, RV_NONE when absent. */
static int
limiting_of(struct rv_builder *b, const struct rv_row_collection *row,
    uint32_t *ret_parent, struct rv_error *e)
{
	int r;

	*ret_parent = RV_NONE;
	if (row->limiting_id.n == 0)
		return RV_OK;
	r = rv_builder_name(b, "limiting_id", row->limiting_id, e);
	if (r == RV_OK &&
	    collection_room(b, row->limiting_id, ret_parent) == NULL)
		r = rv_builder_nomem(b, e);
	return r;
}

static void
note_root(struct rv_snapshot *s, struct rv_slice id, uint32_t number)
{
	if (rv_slice_eq(id, RV_ROOT_DEVICES))
		s->root_devices = number;
	if (rv_slice_eq(id, RV_ROOT_USERS))
		s->root_users = number;
}

int
rv_builder_collection(struct rv_builder *b, const struct rv_row_collection *row,
    struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t number, parent;
	struct rv_collection *c;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_COLLECTION, e)) != RV_OK ||
	    (r = rv_builder_name(b, "collection_id", row->collection_id, e)) !=
		RV_OK)
		return r;
	if (row->kind != RV_KIND_DEVICE && row->kind != RV_KIND_USER)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" is of no known kind (%d)",
		    RV_CUT(row->collection_id), (int)row->kind);
	r = limiting_of(b, row, &parent, e);
	if (r != RV_OK)
		return r;
	c = collection_room(b, row->collection_id, &number);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	if (c->present)
		return rv_builder_refuse(b, e, "\"%.*s\" is there twice",
		    RV_CUT(row->collection_id));
	c->present = true;
	c->parent = parent;
	c->kind = (uint8_t)row->kind;
	note_root(s, row->collection_id, number);
	s->counts.collections++;
	if (count_child(b, parent, true) != RV_OK ||
	    rv_builder_touch(&b->collections, number) != RV_OK ||
	    rv_order_add(&b->edit, &s->collection_order, &s->collection_ids,
		number) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

/* The collection of a change, to be written to. */
static int
collection_of(struct rv_builder *b, struct rv_slice id, uint32_t *ret_number,
    struct rv_collection **ret_collection, struct rv_error *e)
{
	*ret_number = rv_collection_find(b->s, id);
	if (*ret_number == RV_NONE)
		return rv_builder_refuse(
		    b, e, "there is no collection \"%.*s\"", RV_CUT(id));
	*ret_collection = rv_builder_collection_at(b, *ret_number);
	if (*ret_collection == NULL ||
	    rv_builder_touch(&b->collections, *ret_number) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_builder_change_collection(struct rv_builder *b,
    const struct rv_row_collection *row, struct rv_error *e)
{
	struct rv_collection *c;
	uint32_t number, parent;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_COLLECTION, e)) != RV_OK ||
	    (r = limiting_of(b, row, &parent, e)) != RV_OK ||
	    (r = collection_of(b, row->collection_id, &number, &c, e)) != RV_OK)
		return r;
	if ((int)c->kind != (int)row->kind)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" cannot become of another kind",
		    RV_CUT(row->collection_id));
	if (count_child(b, c->parent, false) != RV_OK ||
	    count_child(b, parent, true) != RV_OK)
		return rv_builder_nomem(b, e);
	c->parent = parent;
	b->moved = true;
	return RV_OK;
}

/* What names it may still go: rv_collections_finish() looks. */
int
rv_builder_remove_collection(
    struct rv_builder *b, struct rv_slice collection_id, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_collection *c;
	uint32_t number;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_COLLECTION, e)) != RV_OK ||
	    (r = collection_of(b, collection_id, &number, &c, e)) != RV_OK)
		return r;
	if (number == s->root_devices || number == s->root_users)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" cannot go", RV_CUT(collection_id));
	if (count_child(b, c->parent, false) != RV_OK ||
	    rv_order_remove(&b->edit, &s->collection_order, &s->collection_ids,
		number) != RV_OK)
		return rv_builder_nomem(b, e);
	c->present = false;
	c->parent = RV_NONE;
	s->counts.collections--;
	return RV_OK;
}

/* ---- The end ------------------------------------------------------------- */

static struct rv_slice
name_of(const struct rv_builder *b, uint32_t number)
{
	return rv_dict_name(&b->s->collection_ids, number);
}

/* The two roots, and only they, have no limiting collection. */
static int
check_root(struct rv_builder *b, uint32_t number, const struct rv_collection *c,
    struct rv_error *e)
{
	const struct rv_slice name = name_of(b, number);
	const bool devices = number == b->s->root_devices;
	const bool users = number == b->s->root_users;

	if ((devices || users) != (c->parent == RV_NONE))
		return rv_builder_refuse(b, e, "collection: \"%.*s\" %s",
		    RV_CUT(name),
		    c->parent == RV_NONE
			? "has no limiting collection"
			: "is a root and has a limiting collection");
	if ((devices && c->kind != RV_KIND_DEVICE) ||
	    (users && c->kind != RV_KIND_USER))
		return rv_builder_refuse(b, e,
		    "collection: \"%.*s\" is of the wrong kind", RV_CUT(name));
	return RV_OK;
}

static int
check_parent(struct rv_builder *b, uint32_t number,
    const struct rv_collection *c, struct rv_error *e)
{
	const struct rv_collection *parent;

	if (c->parent == RV_NONE)
		return RV_OK;
	parent = rv_collection_at(b->s, c->parent);
	if (parent == NULL)
		return rv_builder_refuse(b, e,
		    "collection: \"%.*s\" is limited to \"%.*s\", "
		    "which is not there",
		    RV_CUT(name_of(b, number)), RV_CUT(name_of(b, c->parent)));
	if (parent->kind != c->kind)
		return rv_builder_refuse(b, e,
		    "collection: \"%.*s\" is limited to \"%.*s\", "
		    "which is of the other kind",
		    RV_CUT(name_of(b, number)), RV_CUT(name_of(b, c->parent)));
	return RV_OK;
}

/*
 * Walks up to a root, or to what an earlier walk has come along.  Each
 * collection is walked over once in all walks together.
 */
static int
check_chain(struct rv_builder *b, uint32_t number, uint32_t walk,
    struct rv_intmap *seen, struct rv_error *e)
{
	while (number != RV_NONE) {
		const struct rv_collection *c = rv_collection_at(b->s, number);
		const int r = rv_intmap_add(seen, number, walk);

		if (r == RV_ERR_NOMEM)
			return rv_builder_nomem(b, e);
		if (r == RV_ERR_EXISTS && rv_intmap_find(seen, number) == walk)
			return rv_builder_refuse(b, e,
			    "collection: \"%.*s\" is limited to itself "
			    "through a cycle",
			    RV_CUT(name_of(b, number)));
		/* A parent that is not there is another check's to say. */
		if (r == RV_ERR_EXISTS || c == NULL)
			return RV_OK;
		number = c->parent;
	}
	return RV_OK;
}

/* After check_chain(), so that a cycle is called one. */
static int
check_depth(struct rv_builder *b, uint32_t number, struct rv_error *e)
{
	uint32_t at = number;

	for (size_t n = 0; at != RV_NONE; n++) {
		const struct rv_collection *c = rv_collection_at(b->s, at);

		if (n == RV_CHAIN_MAX)
			return rv_builder_refuse(b, e,
			    "collection: the chain of limiting collections "
			    "of \"%.*s\" is longer than %d",
			    RV_CUT(name_of(b, number)), RV_CHAIN_MAX);
		/* A parent that is not there is another check's to say. */
		at = c != NULL ? c->parent : RV_NONE;
	}
	return RV_OK;
}

/* What is below a collection that moved was not touched itself. */
static int
check_depths(struct rv_builder *b, struct rv_error *e)
{
	const size_t n = b->moved ? b->s->collection_ids.n : b->collections.n;
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < n; i++)
		r = check_depth(
		    b, b->moved ? (uint32_t)i : b->collections.p[i], e);
	return r;
}

static int
check_gone(struct rv_builder *b, uint32_t number, struct rv_error *e)
{
	const struct rv_collection *c =
	    rv_trie_get(&b->s->collections, number, sizeof(*c));
	const char *what = c == NULL		? NULL
			   : c->n_children > 0	? "collections are limited to"
			   : c->members != NULL ? "resources are members of"
			   : c->assignments != NULL ? "assignments name"
						    : NULL;

	if (what == NULL)
		return RV_OK;
	return rv_builder_refuse(b, e,
	    "collection: \"%.*s\" is gone, and %s it",
	    RV_CUT(name_of(b, number)), what);
}

int
rv_collections_finish(struct rv_builder *b, struct rv_error *e)
{
	struct rv_intmap seen = { 0 };
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < b->collections.n; i++) {
		const uint32_t number = b->collections.p[i];

		const struct rv_collection *c = rv_collection_at(b->s, number);

		if (c == NULL)
			r = check_gone(b, number, e);
		else if ((r = check_root(b, number, c, e)) == RV_OK &&
			 (r = check_parent(b, number, c, e)) == RV_OK)
			r = check_chain(b, number, (uint32_t)i, &seen, e);
	}
	rv_intmap_fini(&seen);
	return r != RV_OK ? r : check_depths(b, e);
}
