#include "rest/resources.h"

#include <string.h>

#include "pipeline/exchange.h"
#include "rest/body.h"
#include "rest/write_args.h"

#define NUMBER_MAX 10u

/* ---- Deleting -------------------------------------------------------------------- */

/* "16777217" of (16777217) in the path, in the arena; NULL: answered. */
static const char *
key_of(struct rv_exchange *x)
{
	const struct rv_slice raw = x->params.key;
	const char *key = NULL;
	size_t n = 0;

	while (n < raw.n && raw.p[n] >= '0' && raw.p[n] <= '9')
		n++;
	if (n == 0 || n < raw.n || n > NUMBER_MAX) {
		rv_answer_error(x, 400, "bad_key",
		    "The key in the path is a ResourceID, a number such as "
		    "(16777217).");
		return NULL;
	}
	key = rv_arena_dup(x->arena, raw);
	if (key == NULL)
		rv_answer_json(x, 200, NULL);
	x->record.object_id = rv_slice_of(key);
	return key;
}

static void
delete_of(struct rv_exchange *x, const char *class)
{
	const char *key;
	json_t *args = NULL;

	x->record.action = RV_SLICE_LIT("Delete");
	x->record.object_type = rv_slice_of(class);
	key = key_of(x);
	if (key != NULL)
		args = json_pack("{s:s, s:s}", "class", class, "key", key);
	rv_write_change(x, "resource_delete", args, rv_write_removed, NULL);
}

void
rv_rest_device_delete(struct rv_exchange *x)
{
	delete_of(x, "SMS_R_System");
}

void
rv_rest_user_delete(struct rv_exchange *x)
{
	delete_of(x, "SMS_R_User");
}

void
rv_rest_user_group_delete(struct rv_exchange *x)
{
	delete_of(x, "SMS_R_UserGroup");
}

/* ---- Changing --------------------------------------------------------------------- */

/* The members of the body but annotations; NULL: answered. */
static json_t *
values_of(struct rv_exchange *x)
{
	json_t *body = rv_body_object(x), *values, *value;
	const char *name;

	if (body == NULL)
		return NULL;
	values = json_object();
	json_object_foreach(body, name, value)
	{
		const bool is_note =
		    name[0] == '@' || strcmp(name, "__LAZYPROPERTIES") == 0;

		if (!is_note && json_object_set(values, name, value) != 0) {
			json_decref(values);
			values = NULL;
			break;
		}
	}
	json_decref(body);
	if (values == NULL)
		rv_answer_json(x, 200, NULL);
	return values;
}

static void
change_of(struct rv_exchange *x, const char *class)
{
	const char *key;
	json_t *values = NULL, *args = NULL;

	x->record.action = RV_SLICE_LIT("Modify");
	x->record.object_type = rv_slice_of(class);
	key = key_of(x);
	if (key != NULL)
		values = values_of(x);
	if (values != NULL)
		args = json_pack("{s:s, s:s, s:o}", "class", class, "key", key,
		    "values", values);
	rv_write_change(x, "resource_change", args, NULL, NULL);
}

void
rv_rest_device_change(struct rv_exchange *x)
{
	change_of(x, "SMS_R_System");
}

void
rv_rest_user_change(struct rv_exchange *x)
{
	change_of(x, "SMS_R_User");
}

void
rv_rest_user_group_change(struct rv_exchange *x)
{
	change_of(x, "SMS_R_UserGroup");
}

/* ---- Importing --------------------------------------------------------------------- */

void
rv_rest_machine_import(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "NetbiosName", "name", JSON_STRING },
		{ "MACAddress", "mac", JSON_STRING },
		{ "SMBIOSGUID", "guid", JSON_STRING },
		{ "OverwriteExistingRecord", "overwrite", JSON_TRUE },
		{ "CollectionId", "collection_id", JSON_STRING },
		{ NULL, NULL, JSON_NULL },
	};

	x->record.action = RV_SLICE_LIT("Import Computer Entry");
	x->record.object_type = RV_SLICE_LIT("SMS_Site");
	rv_write_change(
	    x, "machine_import", rv_write_args(x, members), NULL, NULL);
}
