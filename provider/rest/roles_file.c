/*
 * Roles from role files and into them: SMS_Role.ImportRole and ExportRole as
 * Configuration Manager has them, and Reeve's own that tell more.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline/route.h"
#include "rest/body.h"
#include "rest/change.h"
#include "rest/role_file.h"
#include "rest/role_signature.h"
#include "rest/roles.h"
#include "rest/write_args.h"

static void
begin(struct rv_exchange *x, const char *action)
{
	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT("SMS_Role");
}

/* Sets member of an answer below /AdminService, or another elsewhere. */
static int
set(const struct rv_exchange *x, json_t *body, const char *odata,
    const char *plain, json_t *value)
{
	const bool is_odata =
	    rv_route_error_form(x->request.path) == RV_FORM_ODATA;

	return json_object_set_new(body, is_odata ? odata : plain, value);
}

/* What all answers here say. */
static json_t *
facts(const struct rv_exchange *x, const struct rv_written *w)
{
	json_t *body = json_object();

	if (body != NULL &&
	    set(x, body, "@reeve.revision", "revision",
		json_integer((json_int_t)w->revision)) == 0 &&
	    set(x, body, "@reeve.replayed", "replayed",
		json_boolean(w->replayed)) == 0)
		return body;
	json_decref(body);
	return NULL;
}

/* ---- In ----------------------------------------------------------------------------- */

/* By whom, as check_signature() has left it in the arena. */
static json_t *
signed_by(const char *text)
{
	return json_loads(text, JSON_DECODE_ANY, NULL);
}

/* By whom the file is signed, as JSON; NULL: answered. */
static char *
check_signature(struct rv_exchange *x, json_t *args)
{
	const json_t *text = json_object_get(args, "xml");
	const struct rv_slice xml = { json_string_value(text),
		json_string_length(text) };
	char *dumped, *kept = NULL;
	json_t *by;

	if (!rv_role_signature_check(x, args, xml, &by))
		return NULL;
	dumped = json_dumps(by, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(by);
	if (dumped != NULL)
		kept = rv_arena_dup(x->arena, rv_slice_of(dumped));
	free(dumped);
	if (kept == NULL)
		rv_answer_json(x, 200, NULL);
	return kept;
}

static void
answer_import(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	json_t *body = facts(x, written);
	json_t *roles = json_object_get(rv_written_result(written, 0), "roles");

	if (body != NULL &&
	    rv_route_error_form(x->request.path) == RV_FORM_ODATA &&
	    (json_object_set_new(body, "ReturnValue", json_integer(0)) != 0 ||
		json_object_set_new(body, "ErrorStr", json_string("")) != 0)) {
		json_decref(body);
		body = NULL;
	}
	if (body != NULL &&
	    (set(x, body, "@reeve.changed", "changed",
		 json_integer((json_int_t)written->changed)) != 0 ||
		set(x, body, "@reeve.in_force", "in_force",
		    json_boolean(written->in_force)) != 0 ||
		set(x, body, "@reeve.roles", "roles", json_incref(roles)) !=
		    0 ||
		set(x, body, "@reeve.signed_by", "signed_by", signed_by(arg)) !=
		    0)) {
		json_decref(body);
		body = NULL;
	}
	rv_answer_json(x, 200, body);
}

/* The text in args becomes the roles in it; false: answered. */
static bool
read_xml(struct rv_exchange *x, json_t *args, const char *member)
{
	const json_t *text = json_object_get(args, "xml");
	const struct rv_slice xml = { json_string_value(text),
		json_string_length(text) };
	struct rv_error e = { "" };
	json_t *roles;
	int r;

	if (text == NULL) {
		rv_body_bad(x, member, "is missing");
		return false;
	}
	r = rv_role_file_read(xml, &roles, &e);
	if (r == RV_ERR_INVALID)
		rv_answer_error(x, 400, "bad_role_file",
		    rv_arena_dup(x->arena, rv_slice_of(e.text)));
	if (r != RV_OK)
		return false;
	if (json_object_del(args, "xml") == 0 &&
	    json_object_set_new(args, "roles", roles) == 0)
		return true;
	rv_answer_json(x, 200, NULL);
	return false;
}

static void
import_roles(struct rv_exchange *x, const struct rv_write_member *members,
    bool overwrites)
{
	char *by = NULL;
	json_t *args;

	begin(x, "ImportRole");
	args = rv_write_args(x, members);
	if (args != NULL && json_object_get(args, "overwrite") == NULL &&
	    json_object_set_new(args, "overwrite", json_boolean(overwrites)) !=
		0)
		rv_answer_json(x, 200, NULL);
	if (args != NULL && !x->answered)
		by = check_signature(x, args);
	if (by == NULL || !read_xml(x, args, members->name)) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, "role_import", args, answer_import, by);
}

void
rv_rest_role_import(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "RolesXml", "xml", JSON_STRING },
		{ "OverwrittenExisted", "overwrite", JSON_TRUE },
		{ "NewRoleName", "new_name", JSON_STRING },
		{ "Signature", "signature", JSON_OBJECT },
		{ NULL, NULL, JSON_NULL },
	};

	import_roles(x, members, true);
}

void
rv_rest_roles_import(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "xml", "xml", JSON_STRING },
		{ "overwrite", "overwrite", JSON_TRUE },
		{ "new_name", "new_name", JSON_STRING },
		{ "signature", "signature", JSON_OBJECT },
		{ NULL, NULL, JSON_NULL },
	};

	import_roles(x, members, false);
}

/* ---- Out ---------------------------------------------------------------------------- */

struct exported {
	json_t *body;
	struct rv_slice xml; /* in the arena */
};

static void
sign_export(struct rv_exchange *x, void *arg)
{
	const struct exported *exported = arg;

	rv_role_sign(x, exported->xml, exported->body,
	    rv_route_error_form(x->request.path) == RV_FORM_ODATA
		? "@reeve.signature"
		: "signature");
}

/* With a signature where somebody signs; takes the reference. */
static void
answer_file(struct rv_exchange *x, const struct rv_written *written,
    struct rv_slice xml, json_t *body)
{
	struct exported *exported = NULL;

	if (body != NULL && written->next != NULL && rv_role_signs(x))
		exported = rv_arena_alloc(x->arena, sizeof(*exported));
	if (exported == NULL) {
		rv_answer_json(x, 200, body);
		return;
	}
	*exported =
	    (struct exported){ body, { rv_arena_dup(x->arena, xml), xml.n } };
	if (exported->xml.p != NULL) {
		*written->next =
		    (struct rv_written_next){ sign_export, exported };
		return;
	}
	json_decref(body);
	rv_answer_json(x, 200, NULL);
}

static void
answer_export(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	json_t *body = facts(x, written);
	struct rv_buf xml;

	(void)arg;
	rv_buf_init(&xml, 0);
	rv_role_file_write(
	    json_object_get(rv_written_result(written, 0), "roles"), &xml);
	if (body != NULL &&
	    (xml.failed || set(x, body, "ExportedXML", "xml",
			       json_stringn(xml.p, xml.n)) != 0)) {
		json_decref(body);
		body = NULL;
	}
	if (body != NULL &&
	    rv_route_error_form(x->request.path) == RV_FORM_ODATA)
		(void)json_object_set_new(body, "ReturnValue", json_integer(0));
	answer_file(x, written, rv_buf_slice(&xml), body);
	rv_buf_fini(&xml);
}

static void
export_roles(struct rv_exchange *x, json_t *args)
{
	rv_write_change(x, "role_export", args, answer_export, NULL);
}

void
rv_rest_role_export(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "RoleID", "id", JSON_STRING },
		{ NULL, NULL, JSON_NULL },
	};
	json_t *args, *ids = NULL;

	begin(x, "ExportRole");
	args = rv_write_args(x, members);
	if (args != NULL && json_object_get(args, "id") == NULL)
		rv_body_bad(x, "RoleID", "is missing");
	else if (args != NULL)
		ids = json_pack(
		    "{s:[O]}", "role_ids", json_object_get(args, "id"));
	json_decref(args);
	export_roles(x, ids);
}

void
rv_rest_role_export_this(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args, *ids = NULL;

	begin(x, "ExportRole");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args != NULL)
		ids = json_pack("{s:[s]}", "role_ids", key);
	json_decref(args);
	export_roles(x, ids);
}

void
rv_rest_roles_export(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "role_ids", "role_ids", JSON_ARRAY },
		{ NULL, NULL, JSON_NULL },
	};

	begin(x, "ExportRole");
	export_roles(x, rv_write_args(x, members));
}
