#include "rest/import.h"

#include "rest/change.h"
#include "rest/roles.h"

static void
answer_import(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const json_t *result = rv_written_result(written, 0);

	(void)arg;
	rv_answer_json(x, 200,
	    json_pack("{s:I, s:I, s:b, s:b, s:O*, s:O*, s:O*}", "revision",
		(json_int_t)written->revision, "changed",
		(json_int_t)written->changed, "in_force", written->in_force,
		"replayed", written->replayed, "plan",
		json_object_get(result, "plan"), "memberships",
		json_object_get(result, "memberships"), "differences",
		json_object_get(result, "differences")));
}

void
rv_rest_import_configmgr(struct rv_exchange *x)
{
	static const struct rv_roles_member members[] = {
		{ "source", "source", JSON_STRING },
		{ "accounts", "accounts", JSON_OBJECT },
		{ "SMS_Admin", "SMS_Admin", JSON_ARRAY },
		{ "SMS_Role", "SMS_Role", JSON_ARRAY },
		{ "SMS_SecuredCategory", "SMS_SecuredCategory", JSON_ARRAY },
		{ "SMS_SecuredCategoryMembership",
		    "SMS_SecuredCategoryMembership", JSON_ARRAY },
		{ "SMS_Collection", "SMS_Collection", JSON_ARRAY },
		{ NULL, NULL, JSON_NULL },
	};

	x->record.action = RV_SLICE_LIT("Import");
	x->record.object_type = RV_SLICE_LIT("SMS_Admin");
	rv_roles_run(
	    x, "site_import", rv_roles_args(x, members), answer_import, NULL);
}
