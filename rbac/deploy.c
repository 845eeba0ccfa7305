/* What deploying content of a type asks for: docs/rule.md section 4. */
#include "builder.h"

#include <string.h>

const struct rv_row_deploy rv_deploy_rows[] = {
	{ 2, 14 },  /* packages: Deploy Packages */
	{ 11, 22 }, /* configuration items: Deploy Configuration Items */
	{ 20, 23 }, /* task sequences: Deploy Task Sequences */
	{ 31, 20 }, /* applications: Deploy Applications */
	{ 34, 26 }, /* update groups: Deploy Software Updates */
	{ 37, 26 }, /* updates: the same */
	{ 38, 16 }, /* client settings: Deploy Client Settings */
	{ 47, 19 }, /* antimalware policies: Deploy AntiMalware Policies */
	{ 48, 27 }, /* policies: Deploy Firewall/Configuration Policies */
	{ 53, 27 }, /* firewall policies: the same */
};
const size_t rv_n_deploy_rows =
    sizeof(rv_deploy_rows) / sizeof(rv_deploy_rows[0]);

static int
deploy_room(struct rv_snapshot *s)
{
	if (s->deploy_bit != NULL)
		return RV_OK;
	s->deploy_bit = rv_array_new(s->n_types, sizeof(*s->deploy_bit));
	if (s->deploy_bit == NULL)
		return RV_ERR_NOMEM;
	memset(s->deploy_bit, RV_NO_BIT, s->n_types);
	return RV_OK;
}

int
rv_builder_deploy(
    struct rv_builder *b, const struct rv_row_deploy *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	const struct rv_type *collection;
	uint32_t content, type;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_DEPLOY, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &content, e)) !=
		RV_OK ||
	    (r = rv_builder_type_of(b, RV_TYPE_COLLECTION, &type, e)) != RV_OK)
		return r;
	if (deploy_room(s) != RV_OK)
		return rv_builder_nomem(b, e);
	collection = &s->types[type];
	if (row->bit >= RV_BITS ||
	    (collection->registered & RV_BIT(row->bit)) == 0 ||
	    (collection->type_wide & RV_BIT(row->bit)) != 0)
		return rv_builder_refuse(b, e,
		    "type %u: bit %u is no operation on a collection",
		    row->object_type_id, row->bit);
	if (s->deploy_bit[content] != RV_NO_BIT)
		return rv_builder_refuse(
		    b, e, "type %u is there twice", row->object_type_id);
	s->deploy_bit[content] = row->bit;
	return RV_OK;
}
