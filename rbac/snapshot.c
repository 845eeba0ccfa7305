#include "snapshot.h"

#include <stdlib.h>

void
rv_snapshot_free(struct rv_snapshot **snapshot)
{
	struct rv_snapshot *s = *snapshot;

	*snapshot = NULL;
	if (s == NULL)
		return;
	RV_ASSERT(s->magic == RV_SNAPSHOT_MAGIC);
	s->magic = 0;
	rv_dict_fini(&s->texts);
	free(s->types);
	rv_intmap_fini(&s->type_ids);
	rv_dict_fini(&s->type_names);
	free(s->name_type);
	rv_dict_fini(&s->operation_names);
	free(s->name_bit);
	rv_dict_fini(&s->classes);
	rv_dict_fini(&s->class_prefixes);
	rv_dict_fini(&s->class_operations);
	free(s->class_bit);
	rv_dict_fini(&s->default_keys);
	free(s->defaults);
	rv_dict_fini(&s->role_ids);
	free(s->roles);
	free(s->role_masks);
	free(s->roles_by_id);
	rv_dict_fini(&s->scope_ids);
	free(s->scope_rank);
	free(s->scope_by_rank);
	rv_sets_fini(&s->scope_sets);
	free(s->scope_rows);
	rv_dict_fini(&s->collection_ids);
	free(s->collection_number);
	free(s->collections_by_id);
	free(s->collections);
	rv_sets_fini(&s->collection_sets);
	rv_dict_fini(&s->principals);
	free(s->principal_admin);
	rv_intmap_fini(&s->admin_ids);
	free(s->admins);
	free(s->admins_by_id);
	free(s->assignments);
	rv_dict_fini(&s->object_keys);
	free(s->object_scopes);
	free(s->type_first);
	rv_intmap_fini(&s->resource_ids);
	free(s->resources);
	rv_groups_fini(&s->members);
	rv_members_fini(&s->inside);
	free(s->kind_rows);
	free(s->deploy_bit);
	free(s);
}

uint64_t
rv_snapshot_revision(const struct rv_snapshot *s)
{
	return s->revision;
}

struct rv_slice
rv_snapshot_epoch(const struct rv_snapshot *s)
{
	return rv_dict_name(&s->texts, s->epoch);
}

enum rv_level
rv_snapshot_site_level(const struct rv_snapshot *s)
{
	return s->site_level;
}

struct rv_slice
rv_snapshot_operation_name(
    const struct rv_snapshot *s, uint32_t object_type_id, uint8_t bit)
{
	uint32_t type = rv_intmap_find(&s->type_ids, object_type_id);

	if (type == RV_NONE || bit >= RV_BITS)
		return RV_SLICE_NONE;
	return rv_dict_name(&s->operation_names, s->types[type].name[bit]);
}

struct rv_slice
rv_snapshot_type_name(const struct rv_snapshot *s, uint32_t object_type_id)
{
	uint32_t type = rv_intmap_find(&s->type_ids, object_type_id);

	if (type == RV_NONE)
		return RV_SLICE_NONE;
	return rv_type_name(s, &s->types[type]);
}

void
rv_snapshot_count(const struct rv_snapshot *s, struct rv_snapshot_counts *ret)
{
	*ret = (struct rv_snapshot_counts){
		.types = s->n_types,
		.operations = s->n_operations,
		.roles = s->role_ids.n,
		.scopes = s->scope_ids.n,
		.collections = s->collection_ids.n,
		.admins = s->n_admins,
		.assignments = s->n_assignments,
		.objects = s->n_object_rows,
		.resources = s->n_resources,
		.memberships = s->members.first[s->n_resources],
	};
}

struct rv_slice
rv_snapshot_account_id(
    const struct rv_snapshot *s, struct rv_slice principal_id)
{
	uint32_t principal = rv_dict_find(&s->principals, 0, principal_id);
	const struct rv_admin *admin;

	if (principal == RV_NONE)
		return RV_SLICE_NONE;
	admin = &s->admins[s->principal_admin[principal]];
	return rv_dict_name(&s->texts, admin->account);
}
