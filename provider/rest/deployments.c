#include "rest/deployments.h"

#include <stdint.h>
#include <string.h>

#include "rest/body.h"
#include "rest/change.h"
#include "rest/request.h"
#include "rest/routes.h"
#include "rest/rows.h"
#include "rest/write_args.h"

/* ---- What callers send ------------------------------------------------------------- */

/* What a script that reads, changes and writes back sends along. */
#define READ_ONLY                                        \
	{ "CollectionName", NULL, JSON_NULL },           \
	    { "CreationTime", NULL, JSON_NULL },         \
	    { "CreatedBy", NULL, JSON_NULL },            \
	    { "LastModificationTime", NULL, JSON_NULL }, \
	    { "LastModifiedBy", NULL, JSON_NULL },       \
	    { "SourceSite", NULL, JSON_NULL },           \
	    { "ContentName", NULL, JSON_NULL },          \
	    { "ApplicationName", NULL, JSON_NULL },      \
	    { "PackageName", NULL, JSON_NULL },          \
	{                                                \
		"__LAZYPROPERTIES", NULL, JSON_NULL      \
	}

static const struct rv_write_member ci_members[] = {
	{ "AssignmentID", "own_key", JSON_INTEGER },
	{ "AssignmentName", "name", JSON_STRING },
	{ "AssignmentDescription", "comment", JSON_STRING },
	{ "TargetCollectionID", "collection_id", JSON_STRING },
	{ "AssignedCIs", "cis", JSON_ARRAY },
	{ "OfferTypeID", "offer", JSON_INTEGER },
	{ "DesiredConfigType", "action", JSON_INTEGER },
	{ "Enabled", "enabled", JSON_TRUE },
	{ "StartTime", "start", JSON_STRING },
	{ "EnforcementDeadline", "deadline", JSON_STRING },
	{ "ContentTypeID", "content_type", JSON_INTEGER },
	{ "ContentKey", "content_key", JSON_STRING },
	READ_ONLY,
	{ NULL, NULL, JSON_NULL },
};
static const struct rv_write_member package_members[] = {
	{ "AdvertisementID", "own_key", JSON_STRING },
	{ "AdvertisementName", "name", JSON_STRING },
	{ "Comment", "comment", JSON_STRING },
	{ "PackageID", "content_key", JSON_STRING },
	{ "ProgramName", "program", JSON_STRING },
	{ "CollectionID", "collection_id", JSON_STRING },
	{ "OfferType", "offer", JSON_INTEGER },
	{ "Enabled", "enabled", JSON_TRUE },
	{ "PresentTime", "start", JSON_STRING },
	{ "EnforcementDeadline", "deadline", JSON_STRING },
	{ "ContentTypeID", "content_type", JSON_INTEGER },
	READ_ONLY,
	{ NULL, NULL, JSON_NULL },
};
static const struct rv_write_member settings_members[] = {
	{ "ClientSettingsID", "content_key", JSON_STRING },
	{ "CollectionID", "collection_id", JSON_STRING },
	{ "Name", "name", JSON_STRING },
	{ "Comment", "comment", JSON_STRING },
	{ "Enabled", "enabled", JSON_TRUE },
	{ "StartTime", "start", JSON_STRING },
	{ "ContentTypeID", "content_type", JSON_INTEGER },
	{ "UniqueID", NULL, JSON_NULL },
	READ_ONLY,
	{ NULL, NULL, JSON_NULL },
};

static const struct rv_write_member *
members_of(const struct rv_class *class)
{
	if (strcmp(class->odata.name, "SMS_Advertisement") == 0)
		return package_members;
	if (strcmp(class->odata.name, "SMS_ClientSettingsAssignment") == 0)
		return settings_members;
	return ci_members;
}

/* A number in a body is a text in a path; false: answered. */
static bool
read_own_key(struct rv_exchange *x, json_t *args)
{
	const json_t *own = json_object_get(args, "own_key");

	if (own == NULL || json_is_string(own))
		return true;
	return rv_write_set(x, args, "own_key",
	    rv_arena_printf(
		x->arena, "%lld", (long long)json_integer_value(own)));
}

/* ---- The class and the key ------------------------------------------------------------ */

/* What stands between the last slash before a key and the key. */
static struct rv_slice
name_in_path(struct rv_slice path)
{
	const char *end = memchr(path.p, '(', path.n);
	struct rv_slice name = { path.p,
		end != NULL ? (size_t)(end - path.p) : path.n };
	const char *slash = memrchr(name.p, '/', name.n);

	if (slash != NULL) {
		name.n -= (size_t)(slash + 1 - name.p);
		name.p = slash + 1;
	}
	return name;
}

/* The class of the path, for the record too; NULL: answered. */
static const struct rv_class *
begin(struct rv_exchange *x, const char *action)
{
	const struct rv_class *class;

	x->params.class = name_in_path(x->request.path);
	if (!rv_request_class(x, &class))
		return NULL;
	x->record.action = rv_slice_of(action);
	return class;
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

static bool
put_class(struct rv_exchange *x, const struct rv_class *class, json_t *args)
{
	return rv_write_set(x, args, "class", class->odata.name);
}

/* ---- Answers --------------------------------------------------------------------------- */

/* A key of one text is quoted; one of several properties is so already. */
static const char *
location(struct rv_exchange *x, const struct rv_class *class, const char *key)
{
	const bool text = members_of(class) == package_members;

	return rv_arena_printf(x->arena, RV_WMI "%s(%s%s%s)", class->odata.name,
	    text ? "'" : "", key, text ? "'" : "");
}

static json_t *
told(const struct rv_exchange *x, const struct rv_class *class,
    const struct rv_written *written)
{
	return json_pack("{s:o*, s:O*, s:I, s:I, s:b, s:b, s:b}",
	    "@odata.context", rv_request_context(x, class, "/$entity"),
	    "@reeve.key", json_object_get(rv_written_result(written, 0), "key"),
	    "@reeve.revision", (json_int_t)written->revision, "@reeve.changed",
	    (json_int_t)written->changed, "@reeve.in_force", written->in_force,
	    "@reeve.replayed", written->replayed, "@reeve.dryRun", false);
}

static void
put_etag(struct rv_exchange *x, const json_t *result)
{
	const char *tag = json_string_value(json_object_get(result, "etag"));

	if (tag != NULL)
		rv_answer_field(
		    x, "ETag", rv_arena_printf(x->arena, "W/\"%s\"", tag));
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
	rv_answer_json(x, 201, told(x, class, written));
}

static void
answer_changed(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	json_t *body = told(x, arg, written);

	put_etag(x, rv_written_result(written, 0));
	if (body != NULL &&
	    json_object_set_new(body, "ReturnValue", json_integer(0)) != 0) {
		json_decref(body);
		body = NULL;
	}
	rv_answer_json(x, 200, body);
}

/* ---- Handlers ---------------------------------------------------------------------------- */

/* The body as arguments of a change; NULL: answered. */
static json_t *
read_args(struct rv_exchange *x, const struct rv_class *class, bool has_key)
{
	json_t *args = rv_write_args(x, members_of(class));

	if (args == NULL)
		return NULL;
	if (put_class(x, class, args) && read_own_key(x, args) &&
	    (!has_key || put_key(x, class, args)))
		return args;
	json_decref(args);
	return NULL;
}

/* The early refusal: who reads no collection deploys to none. */
static bool
reads_some_collection(struct rv_exchange *x, const struct rv_class *class)
{
	struct rv_list_sight sight;

	return rv_list_sight_of(x, class, &sight);
}

void
rv_rest_deployment_create(struct rv_exchange *x)
{
	const struct rv_class *class = begin(x, "Deploy");
	json_t *args = NULL;

	if (class != NULL && reads_some_collection(x, class))
		args = read_args(x, class, false);
	/* rv_class_find() gives what lives as long as the exchange. */
	rv_write_change(x, "deployment_create", args, answer_created,
	    (void *)(uintptr_t) class);
}

void
rv_rest_deployment_change(struct rv_exchange *x)
{
	const struct rv_class *class = begin(x, "Deploy");
	json_t *args = class != NULL ? read_args(x, class, true) : NULL;

	rv_write_change(x, "deployment_change", args, answer_changed,
	    (void *)(uintptr_t) class);
}

void
rv_rest_deployment_delete(struct rv_exchange *x)
{
	const struct rv_class *class = begin(x, "Delete");
	json_t *args = class != NULL ? json_object() : NULL;

	if (args != NULL &&
	    (!put_class(x, class, args) || !put_key(x, class, args))) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, "deployment_delete", args, rv_write_removed, NULL);
}
