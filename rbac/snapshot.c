#include "builder.h"

#include <stdlib.h>

/* ---- The end of versions ------------------------------------------------- */

static void
free_roles(struct rv_snapshot *s)
{
	for (size_t i = 0; i < s->n_roles; i++) {
		rv_block_free(s->roles[i].masks);
		rv_idset_free(s->roles[i].assignments);
	}
	rv_block_free(s->roles);
	rv_order_free(s->role_order);
	rv_dict_fini(&s->role_ids);
}

static void
free_scopes(struct rv_snapshot *s)
{
	const struct rv_scope *page;

	for (uint32_t id = 0;
	     (page = rv_trie_next_page(&s->scopes, &id)) != NULL;
	     id += RV_TRIE_FAN)
		for (size_t i = 0; i < RV_TRIE_FAN; i++)
			rv_idset_free(page[i].assignments);
	rv_trie_free(&s->scopes);
	rv_order_free(s->scope_order);
	rv_dict_fini(&s->scope_ids);
}

static void
free_collections(struct rv_snapshot *s)
{
	const struct rv_collection *page;

	for (uint32_t id = 0;
	     (page = rv_trie_next_page(&s->collections, &id)) != NULL;
	     id += RV_TRIE_FAN)
		for (size_t i = 0; i < RV_TRIE_FAN; i++) {
			rv_idset_free(page[i].members);
			rv_idset_free(page[i].assignments);
		}
	rv_trie_free(&s->collections);
	rv_order_free(s->collection_order);
	rv_dict_fini(&s->collection_ids);
}

static void
free_subjects(struct rv_snapshot *s)
{
	const struct rv_admin *page;

	for (uint32_t id = 0;
	     (page = rv_trie_next_page(&s->admins, &id)) != NULL;) {
		for (size_t i = 0; i < RV_TRIE_FAN; i++)
			rv_block_free(page[i].grants);
		if ((id |= RV_TRIE_FAN - 1) == UINT32_MAX)
			break;
		id++;
	}
	rv_trie_free(&s->admins);
	rv_idset_free(s->admin_ids);
	rv_idset_free(s->out_ids);
	rv_trie_free(&s->principal_admins);
	rv_trie_free(&s->owners);
	rv_dict_fini(&s->principals);
	rv_dict_fini(&s->assignment_ids);
}

static void
free_objects(struct rv_snapshot *s)
{
	struct rv_idset *const *page;

	for (uint32_t id = 0;
	     (page = rv_trie_next_page(&s->scope_sets, &id)) != NULL;
	     id += RV_TRIE_FAN)
		for (size_t i = 0; i < RV_TRIE_FAN; i++)
			rv_idset_free(page[i]);
	rv_trie_free(&s->scope_sets);
	rv_trie_free(&s->scopings);
	for (size_t i = 0; i < s->n_object_orders; i++)
		rv_order_free(s->object_orders[i]);
	rv_block_free(s->object_orders);
	rv_idset_free(s->implied);
	for (size_t i = 0; i < RV_OWN_TYPES; i++)
		rv_idset_free(s->own[i]);
	rv_dict_fini(&s->object_keys);
}

void
rv_snapshot_free_whole(struct rv_snapshot *s)
{
	s->magic = 0;
	rv_catalogue_free(&s->catalogue);
	free_roles(s);
	free_scopes(s);
	free_collections(s);
	free_subjects(s);
	free_objects(s);
	rv_dict_fini(&s->texts);
	rv_resources_free(&s->resources);
	for (size_t i = 0; i < sizeof(s->kinds) / sizeof(*s->kinds); i++)
		rv_idset_free(s->kinds[i]);
	free(s);
}

/*
 * What a version's successor replaced, that version and older ones may see:
 * so it goes with the version once it is the oldest.
 */
void
rv_snapshot_drain(struct rv_snapshot *s)
{
	while (s->older != NULL)
		s = s->older;
	while (s != NULL && s->given_up && !s->built_on) {
		struct rv_snapshot *newer = s->newer;

		if (newer == NULL) {
			rv_snapshot_free_whole(s);
			return;
		}
		newer->older = NULL;
		rv_blocks_free(&s->retired);
		rv_catalogue_free(&s->retired_catalogue);
		s->magic = 0;
		free(s);
		s = newer;
	}
}

void
rv_snapshot_free(struct rv_snapshot **snapshot)
{
	struct rv_snapshot *s = *snapshot;

	*snapshot = NULL;
	if (s == NULL)
		return;
	RV_ASSERT(s->magic == RV_SNAPSHOT_MAGIC && !s->given_up);
	s->given_up = true;
	rv_snapshot_drain(s);
}

/* ---- Facts --------------------------------------------------------------- */

uint64_t
rv_snapshot_revision(const struct rv_snapshot *s)
{
	return s->revision;
}

struct rv_slice
rv_snapshot_epoch(const struct rv_snapshot *s)
{
	return rv_slice_of(s->epoch);
}

struct rv_slice
rv_snapshot_mark(const struct rv_snapshot *s)
{
	return rv_slice_of(s->mark);
}

enum rv_level
rv_snapshot_site_level(const struct rv_snapshot *s)
{
	return s->site_level;
}

enum rv_pairing
rv_snapshot_pairing(const struct rv_snapshot *s)
{
	return s->pairing;
}

struct rv_slice
rv_snapshot_operation_name(
    const struct rv_snapshot *s, uint32_t object_type_id, uint8_t bit)
{
	const struct rv_catalogue *c = s->catalogue;
	const uint32_t type = rv_intmap_find(&c->type_ids, object_type_id);

	if (type == RV_NONE || bit >= RV_BITS)
		return RV_SLICE_NONE;
	return rv_dict_name(&c->operation_names, c->types[type].name[bit]);
}

struct rv_slice
rv_snapshot_type_name(const struct rv_snapshot *s, uint32_t object_type_id)
{
	const struct rv_catalogue *c = s->catalogue;
	const uint32_t type = rv_intmap_find(&c->type_ids, object_type_id);

	if (type == RV_NONE)
		return RV_SLICE_NONE;
	return rv_type_name(c, &c->types[type]);
}

/* Names are no blocks, but their slots are. */
static size_t
name_bytes(const struct rv_dict *d)
{
	return rv_dict_bytes(d) - d->n_slots * sizeof(*d->slots);
}

void
rv_snapshot_count(const struct rv_snapshot *s, struct rv_snapshot_counts *ret)
{
	*ret = s->counts;
	ret->types = s->catalogue->n_types;
	ret->operations = s->catalogue->n_operations;
	ret->bytes =
	    sizeof(*s) + s->block_bytes + name_bytes(&s->texts) +
	    name_bytes(&s->role_ids) + name_bytes(&s->scope_ids) +
	    name_bytes(&s->collection_ids) + name_bytes(&s->principals) +
	    name_bytes(&s->assignment_ids) + name_bytes(&s->object_keys) +
	    rv_catalogue_bytes(s->catalogue);
}
