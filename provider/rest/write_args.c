#include "rest/write_args.h"

#include <stdlib.h>
#include <string.h>

#include "rest/body.h"
#include "rest/change.h"
#include "rest/routes.h"

/* ---- The body ---------------------------------------------------------------------- */

static const struct rv_write_member *
find(const struct rv_write_member *members, const char *name)
{
	for (; members->name != NULL; members++)
		if (strcmp(members->name, name) == 0)
			return members;
	return NULL;
}

static const char *
type_name(json_type type)
{
	switch (type) {
	case JSON_STRING:
		return "must be a string";
	case JSON_ARRAY:
		return "must be an array";
	case JSON_OBJECT:
		return "must be an object";
	case JSON_TRUE:
	case JSON_FALSE:
		return "must be true or false";
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_NULL:
		break;
	}
	return "must be a number";
}

static bool
has_type(const json_t *value, json_type type)
{
	return json_typeof(value) == type ||
	       (json_is_boolean(value) && type == JSON_TRUE);
}

/* One member into args; null is an empty text. */
static bool
take(struct rv_exchange *x, const struct rv_write_member *member,
    const char *name, json_t *value, json_t *args)
{
	if (member == NULL) {
		rv_body_bad(x, rv_arena_dup(x->arena, rv_slice_of(name)),
		    "is not known here");
		return false;
	}
	if (member->arg == NULL)
		return true;
	if (json_is_null(value) && member->type == JSON_STRING)
		return rv_write_set(x, args, member->arg, "");
	if (!has_type(value, member->type)) {
		rv_body_bad(x, member->name, type_name(member->type));
		return false;
	}
	if (json_object_set(args, member->arg, value) == 0)
		return true;
	rv_answer_json(x, 200, NULL);
	return false;
}

json_t *
rv_write_args(struct rv_exchange *x, const struct rv_write_member *members)
{
	json_t *body = rv_body_object(x), *args = NULL, *value;
	const char *name;

	if (body == NULL)
		return NULL;
	args = json_object();
	if (args == NULL)
		rv_answer_json(x, 200, NULL);
	json_object_foreach(body, name, value)
	{
		if (args == NULL)
			break;
		/* Annotations, of OData or of ours, say nothing here. */
		if (strchr(name, '@') == NULL &&
		    !take(x, find(members, name), name, value, args)) {
			json_decref(args);
			args = NULL;
		}
	}
	json_decref(body);
	return args;
}

bool
rv_write_whole(
    struct rv_exchange *x, json_t *args, const struct rv_write_whole *members)
{
	bool ok = true;

	for (; ok && members != NULL && members->name != NULL; members++) {
		if (json_object_get(args, members->arg) != NULL)
			continue;
		ok =
		    !members->needed && rv_write_set(x, args, members->arg, "");
		if (members->needed)
			rv_body_bad(x, members->name,
			    "is missing: PUT replaces the whole, PATCH "
			    "changes what is sent");
	}
	return ok;
}

bool
rv_write_set(
    struct rv_exchange *x, json_t *args, const char *member, const char *text)
{
	if (json_object_set_new(args, member, json_string(text)) == 0)
		return true;
	rv_answer_json(x, 200, NULL);
	return false;
}

/* ---- The change ------------------------------------------------------------------------ */

void
rv_write_change(struct rv_exchange *x, const char *op, json_t *args,
    rv_write_answer *answer, void *arg)
{
	json_t *changes;

	if (args == NULL) {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	changes = json_array();
	if (changes != NULL &&
	    json_array_append_new(changes, rv_change(op, args)) != 0) {
		json_decref(changes);
		changes = NULL;
	}
	rv_change_run(x, changes, answer, arg);
}

void
rv_write_created(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const json_t *result = rv_written_result(written, 0);
	const char *key = json_string_value(json_object_get(result, "key"));
	const char *class = arg;

	/* A RoleID and a CategoryID have no character to be escaped. */
	if (key != NULL)
		rv_answer_field(x, "Location",
		    rv_arena_printf(x->arena, RV_WMI "%s('%s')", class, key));
	x->record.object_id = rv_slice_of(
	    key != NULL ? rv_arena_dup(x->arena, rv_slice_of(key)) : NULL);
	rv_answer_json(x, 201,
	    json_pack("{s:s?, s:I, s:b, s:b, s:O*}",
		strcmp(class, "SMS_Role") == 0 ? "RoleID" : "CategoryID", key,
		"@reeve.revision", (json_int_t)written->revision,
		"@reeve.in_force", written->in_force, "@reeve.replayed",
		written->replayed, "@reeve.unknown",
		json_object_get(result, "unknown")));
}

void
rv_write_removed(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	(void)written;
	(void)arg;
	x->answer.status = 204;
	x->answer.content_type = NULL;
	x->answered = true;
}
