#include "rest/objects.h"

#include <string.h>

#include "reeve/rbac_ask.h"

#include "rest/body.h"
#include "rest/change.h"
#include "rest/request.h"
#include "rest/routes.h"
#include "rest/write_args.h"

#define FOLDER_TYPE 226u

/* ---- The class ------------------------------------------------------------------- */

bool
rv_objects_are_written(
    const struct rv_snapshot *s, const struct rv_class *class)
{
	struct rv_type_facts t;

	for (size_t i = 0; rv_snapshot_type_at(s, i, &t); i++)
		if (t.object_type_id == class->object_type_id)
			return t.secured_by == RV_SECURED_BY_SCOPE ||
			       t.secured_by == RV_SECURED_BY_ROLE;
	return false;
}

/* 405: there is such a class, with objects that are not written this way. */
static void
refuse_method(struct rv_exchange *x, const struct rv_class *class)
{
	/* Devices, users and groups are deleted by routes of their own. */
	const bool goes = x->params.key.n > 0 &&
			  rv_slice_has_prefix(rv_slice_of(class->odata.name),
			      RV_SLICE_LIT("SMS_R_"));

	rv_answer_field(x, "Allow", goes ? "GET, HEAD, DELETE" : "GET, HEAD");
	rv_answer_error(x, 405, "method_not_allowed",
	    "Objects of this class are not written at this path; see the "
	    "field Allow.");
}

/* The class of the path, with its type; false: answered. */
static bool
writable_class(
    struct rv_exchange *x, const char *action, struct rv_class *ret_class)
{
	const struct rv_snapshot *s;
	const struct rv_class *found;

	x->record.action = rv_slice_of(action);
	if (rv_exchange_snapshot(x, &s) != RV_OK ||
	    !rv_request_class(x, &found))
		return false;
	x->record.action = rv_slice_of(action);
	*ret_class = *found;
	if (rv_objects_are_written(s, ret_class))
		return true;
	refuse_method(x, ret_class);
	return false;
}

/* ---- The body ---------------------------------------------------------------------- */

/* What the site says of an object itself: sent back by who has read it. */
static bool
is_read_only(const struct rv_odata_property *p)
{
	static const char *const names[] = { "ObjectTypeID", "FolderID",
		"CreatedBy", "DateCreated", "LastModifiedBy",
		"DateLastModified", "SourceSite", "IsDeployed",
		"NumberOfDeploymentTypes" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(p->name, names[i]) == 0)
			return true;
	return p->is_navigation;
}

static bool
is_name(const char *name)
{
	return strcmp(name, "Name") == 0 ||
	       strcmp(name, "LocalizedDisplayName") == 0;
}

/* The object's own key: a CI and a folder have a number in URLs besides. */
static bool
is_key(const struct rv_odata_property *p)
{
	return p->is_key || strcmp(p->name, "ModelName") == 0 ||
	       strcmp(p->name, "CI_UniqueID") == 0 ||
	       strcmp(p->name, "FolderGuid") == 0;
}

static bool
has_type(const struct rv_odata_property *p, const json_t *value)
{
	if (json_is_null(value))
		return true;
	if (p->is_collection)
		return json_is_array(value);
	switch (p->type) {
	case RV_EDM_BOOLEAN:
		return json_is_boolean(value);
	case RV_EDM_INT32:
		return json_is_integer(value) &&
		       json_integer_value(value) >= INT32_MIN &&
		       json_integer_value(value) <= INT32_MAX;
	case RV_EDM_INT64:
		return json_is_integer(value);
	case RV_EDM_DOUBLE:
		return json_is_number(value);
	case RV_EDM_COMPLEX:
		return json_is_object(value);
	case RV_EDM_STRING:
	case RV_EDM_DATE_TIME_OFFSET:
	case RV_EDM_GUID:
		break;
	}
	return json_is_string(value);
}

/* Puts one member where the store looks for it; false: no memory. */
static bool
put(const struct rv_odata_property *p, json_t *value, json_t *args)
{
	json_t *properties = json_object_get(args, "properties");

	if (is_key(p))
		return p->type != RV_EDM_STRING ||
		       json_object_set(args, "own_key", value) == 0;
	if (is_name(p->name))
		return json_object_set(args, "name", value) == 0;
	if (strcmp(p->name, "SecuredScopeNames") == 0)
		return json_object_set(args, "scope_names", value) == 0;
	if (strcmp(p->name, "Properties") == 0)
		return json_object_update_missing(properties, value) == 0 ||
		       json_is_null(value);
	return json_object_set(properties, p->name, value) == 0;
}

/* What the class has a property for is not kept beside it, untyped. */
static const char *
typed_name(const struct rv_class *class, json_t *properties)
{
	json_t *value;
	const char *name;

	json_object_foreach(properties, name,
	    value) if (rv_odata_property_find(&class->odata,
			   rv_slice_of(name)) != NULL) return name;
	return NULL;
}

/* One member of the body; false: answered. */
static bool
take(struct rv_exchange *x, const struct rv_class *class, const char *name,
    json_t *value, json_t *args)
{
	const struct rv_odata_property *p =
	    rv_odata_property_find(&class->odata, rv_slice_of(name));
	const char *shown = rv_arena_dup(x->arena, rv_slice_of(name));

	if (strcmp(name, "CategoryIDs") == 0 && json_is_array(value)) {
		if (json_object_set(args, "scopes", value) == 0)
			return true;
	} else if (p == NULL) {
		rv_body_bad(x, shown, "is not known here");
		return false;
	} else if (strcmp(p->name, "Properties") == 0 &&
		   typed_name(class, value) != NULL) {
		rv_body_bad(x, shown,
		    "has a name that the class has itself; send it beside "
		    "Properties");
		return false;
	} else if (!is_read_only(p) && !has_type(p, value)) {
		rv_body_bad(x, shown, "is of another type; see $metadata");
		return false;
	} else if (is_read_only(p) || put(p, value, args)) {
		return true;
	}
	rv_answer_json(x, 200, NULL);
	return false;
}

/* The body as arguments of a change; NULL: answered. */
static json_t *
read_args(struct rv_exchange *x, const struct rv_class *class)
{
	json_t *body = rv_body_object(x), *args, *value;
	const char *name;

	if (body == NULL)
		return NULL;
	args = json_pack("{s:I, s:{}}", "type",
	    (json_int_t) class->object_type_id, "properties");
	if (args == NULL)
		rv_answer_json(x, 200, NULL);
	json_object_foreach(body, name, value)
	{
		if (args == NULL)
			break;
		/* Annotations, of OData or of ours, say nothing here. */
		if (strchr(name, '@') == NULL &&
		    !take(x, class, name, value, args)) {
			json_decref(args);
			args = NULL;
		}
	}
	json_decref(body);
	return args;
}

/* ---- The change ------------------------------------------------------------------------ */

/* What the store calls it: folders have rules of their own. */
struct names {
	const char *object, *folder;
};

static void
run(struct rv_exchange *x, struct names op, json_t *args,
    rv_write_answer *answer, struct rv_class *class)
{
	const bool folder =
	    class != NULL && class->object_type_id == FOLDER_TYPE;

	rv_write_change(x, folder ? op.folder : op.object, args, answer, class);
}

/* The key of the path, as the store has it, into args; false: answered. */
static bool
put_key(struct rv_exchange *x, const struct rv_class *class, json_t *args)
{
	struct rv_odata_key key;
	struct rv_slice text;

	if (!rv_request_key(x, class, &key))
		return false;
	if (rv_odata_key_text(x->arena, &class->odata, &key, &text) == RV_OK &&
	    json_object_set_new(args, "key", json_stringn(text.p, text.n)) ==
		0) {
		x->record.object_id = text;
		return true;
	}
	rv_answer_json(x, 200, NULL);
	return false;
}

/* ---- Answers ------------------------------------------------------------------------------ */

/* Each class of objects has one; were there none, its first would do. */
static const struct rv_odata_property *
key_property(const struct rv_class *class)
{
	size_t i = class->odata.n_properties - 1;

	while (i > 0 && !class->odata.properties[i].is_key)
		i--;
	return &class->odata.properties[i];
}

/* Keys that others give may have characters that paths have escaped. */
static const char *
location(struct rv_exchange *x, const struct rv_class *class, const char *key)
{
	const bool text = key_property(class)->type == RV_EDM_STRING;
	struct rv_buf out = { 0 };
	const char *kept;

	rv_buf_printf(
	    &out, "%s%s(%s", RV_WMI, class->odata.name, text ? "'" : "");
	for (const char *p = key; *p != '\0'; p++)
		if (strchr("/\\{}", *p) != NULL)
			rv_buf_printf(&out, "%%%02X", (unsigned char)*p);
		else
			rv_buf_putc(&out, *p);
	rv_buf_puts(&out, text ? "')" : ")");
	kept = out.failed ? NULL : rv_arena_dup(x->arena, rv_buf_slice(&out));
	rv_buf_fini(&out);
	return kept;
}

static void
put_etag(struct rv_exchange *x, const json_t *result)
{
	const char *tag = json_string_value(json_object_get(result, "etag"));

	if (tag != NULL)
		rv_answer_field(
		    x, "ETag", rv_arena_printf(x->arena, "W/\"%s\"", tag));
}

/* What the caller is told, which may be more than it may read afterwards. */
static json_t *
told(const struct rv_exchange *x, const struct rv_class *class,
    const struct rv_written *written, const json_t *result)
{
	json_t *body = json_pack("{s:O*, s:O*, s:O*, s:I, s:I, s:b, s:b}",
	    "ObjectKey", json_object_get(result, "object_key"), "Name",
	    json_object_get(result, "name"), "@reeve.scopes",
	    json_object_get(result, "scopes"), "@reeve.revision",
	    (json_int_t)written->revision, "@reeve.changed",
	    (json_int_t)written->changed, "@reeve.in_force", written->in_force,
	    "@reeve.replayed", written->replayed);
	json_t *context = rv_request_context(x, class, "/$entity");

	if (context != NULL && body != NULL &&
	    json_object_set(body, "@odata.context", context) == 0 &&
	    json_object_set(body, key_property(class)->name,
		json_object_get(result, "key")) == 0) {
		json_decref(context);
		return body;
	}
	json_decref(context);
	json_decref(body);
	return NULL;
}

static void
answer_created(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const struct rv_class *class = arg;
	const json_t *result = rv_written_result(written, 0);
	const char *key = json_string_value(json_object_get(result, "key"));

	if (key != NULL) {
		rv_answer_field(x, "Location", location(x, class, key));
		x->record.object_id =
		    rv_slice_of(rv_arena_dup(x->arena, rv_slice_of(key)));
	}
	put_etag(x, result);
	rv_answer_json(x, 201, told(x, class, written, result));
}

static void
answer_changed(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const json_t *result = rv_written_result(written, 0);

	put_etag(x, result);
	rv_answer_json(x, 200, told(x, arg, written, result));
}

static void
answer_deleted(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	(void)written;
	(void)arg;
	x->answer.status = 204;
	x->answer.content_type = NULL;
	x->answered = true;
}

/* ---- The early refusal ------------------------------------------------------------------ */

/*
 * Whether the caller may write what is of a type of its own besides
 * (docs/rule.md section 1); whether there is such a type, and all else, is
 * for the store to say.  False: answered.
 */
static bool
may_author(struct rv_exchange *x, const json_t *args)
{
	const json_t *own = json_object_get(
	    json_object_get(args, "properties"), "OwnObjectTypeID");
	const struct rv_subject caller = rv_subject_of(x->identity);
	struct rv_question q = { .operation = RV_SLICE_LIT("Author Policy") };
	const struct rv_snapshot *s;
	struct rv_verdict verdict;
	bool has_key;

	/* With a key it may be a replay: only the store can tell. */
	if (!json_is_integer(own) ||
	    rv_request_field(&x->request, "idempotency-key", &has_key).p !=
		NULL)
		return true;
	q.type = rv_slice_of(rv_arena_printf(
	    x->arena, "%lld", (long long)json_integer_value(own)));
	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	rv_rbac_check(s, &caller, rv_exchange_instant(x), &q, &verdict);
	if (verdict.decision == RV_ALLOW ||
	    verdict.reason == RV_REASON_UNKNOWN_TYPE ||
	    verdict.reason == RV_REASON_UNKNOWN_OPERATION)
		return true;
	rv_answer_denied(x, s, &q, &verdict);
	return false;
}

/* ---- Handlers --------------------------------------------------------------------------------- */

/* The class in the arena, for the answer; NULL: answered. */
static struct rv_class *
begin(struct rv_exchange *x, const char *action)
{
	struct rv_class *class = rv_arena_alloc(x->arena, sizeof(*class));

	if (class == NULL)
		rv_answer_json(x, 200, NULL);
	else if (!writable_class(x, action, class))
		class = NULL;
	return class;
}

static json_t *
drop(json_t *args)
{
	json_decref(args);
	return NULL;
}

void
rv_rest_object_create(struct rv_exchange *x)
{
	static const struct names op = { "object_create", "folder_create" };
	struct rv_class *class = begin(x, "Create");
	json_t *args = class != NULL ? read_args(x, class) : NULL, *key;

	key = json_object_get(args, "own_key");
	if (key != NULL && json_object_set(args, "key", key) != 0)
		args = drop(args);
	if (args != NULL && !may_author(x, args))
		args = drop(args);
	run(x, op, args, answer_created, class);
}

/* PATCH changes what is sent, PUT all that is the caller's to say. */
static void
change(struct rv_exchange *x, bool replace)
{
	static const struct names op = { "object_change", "folder_change" };
	struct rv_class *class = begin(x, "Modify");
	json_t *args = class != NULL ? read_args(x, class) : NULL;

	if (args != NULL && !put_key(x, class, args))
		args = drop(args);
	if (args != NULL && replace &&
	    json_object_set_new(args, "replace", json_true()) != 0)
		args = drop(args);
	run(x, op, args, answer_changed, class);
}

void
rv_rest_object_change(struct rv_exchange *x)
{
	change(x, false);
}

void
rv_rest_object_replace(struct rv_exchange *x)
{
	change(x, true);
}

void
rv_rest_object_delete(struct rv_exchange *x)
{
	static const struct names op = { "object_delete", "folder_delete" };
	struct rv_class *class = begin(x, "Delete");
	json_t *args = NULL;

	if (class != NULL)
		args = json_pack(
		    "{s:I}", "type", (json_int_t) class->object_type_id);
	if (args != NULL && !put_key(x, class, args))
		args = drop(args);
	run(x, op, args, answer_deleted, class);
}
