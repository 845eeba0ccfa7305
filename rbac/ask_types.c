/* The types of the catalogue, one by one. */
#include "snapshot.h"

#include "reeve/rbac_ask.h"

bool
rv_snapshot_type_at(
    const struct rv_snapshot *s, size_t i, struct rv_type_facts *ret)
{
	const struct rv_catalogue *c = s->catalogue;
	const struct rv_type *t;

	if (i >= c->n_types)
		return false;
	t = &c->types[i];
	*ret = (struct rv_type_facts){
		.object_type_id = t->object_type_id,
		.sdk_name = rv_dict_name(&c->type_names, t->sdk_name),
		.class_name = rv_dict_name(&c->type_names, t->class_name),
		.secured_by = t->secured_by,
		.operations = t->registered,
		.type_wide = t->type_wide,
	};
	return true;
}
