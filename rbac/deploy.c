/* What deploying content of a type asks for: docs/rule.md section 4. */
#include "builder.h"

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

int
rv_builder_deploy(
    struct rv_builder *b, const struct rv_row_deploy *row, struct rv_error *e)
{
	const struct rv_type *collection;
	uint32_t content, type;
	struct rv_catalogue *c;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_DEPLOY, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &content, e)) !=
		RV_OK ||
	    (r = rv_builder_type_of(b, RV_TYPE_COLLECTION, &type, e)) != RV_OK)
		return r;
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	collection = &c->types[type];
	if (row->bit >= RV_BITS ||
	    (collection->registered & RV_BIT(row->bit)) == 0 ||
	    (collection->type_wide & RV_BIT(row->bit)) != 0)
		return rv_builder_refuse(b, e,
		    "type %u: bit %u is no operation on a collection",
		    row->object_type_id, row->bit);
	if (c->types[content].deploy_bit != RV_NO_BIT)
		return rv_builder_refuse(
		    b, e, "type %u is there twice", row->object_type_id);
	c->types[content].deploy_bit = row->bit;
	return RV_OK;
}
