/*
 * Registering types of applications.  Names of members are read here, all
 * else is decided in the store (docs/rule.md section 7).
 */
#include "rest/types.h"

#include <string.h>

#include "rest/body.h"
#include "rest/change.h"
#include "rest/routes.h"

#define KEY_MAX 256u

bool
rv_types_may(struct rv_exchange *x, const char *type, const char *operation,
    struct rv_slice key)
{
	const struct rv_subject caller = rv_subject_of(x->identity);
	const struct rv_question q = {
		.type = rv_slice_of(type),
		.operation = rv_slice_of(operation),
		.key = key,
	};
	const struct rv_snapshot *s;
	struct rv_verdict verdict;

	x->record.object_type = q.type;
	x->record.object_id = key;
	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	rv_rbac_check(s, &caller, rv_exchange_instant(x), &q, &verdict);
	rv_exchange_record_verdict(x, &verdict);
	if (verdict.decision == RV_ALLOW)
		return true;
	rv_answer_denied(x, s, &q, &verdict);
	return false;
}

/* ---- The key in the path ---------------------------------------------------- */

/* 'NAME', or ClassName='NAME'; NULL: answered. */
static const char *
key_of(struct rv_exchange *x)
{
	const struct rv_slice member = RV_SLICE_LIT("ClassName=");
	struct rv_slice raw = x->params.key;
	const char *key;

	if (raw.n > member.n &&
	    rv_slice_ieq((struct rv_slice){ raw.p, member.n }, member))
		raw = (struct rv_slice){ raw.p + member.n, raw.n - member.n };
	if (raw.n <= 2 || raw.n > KEY_MAX || raw.p[0] != '\'' ||
	    raw.p[raw.n - 1] != '\'' ||
	    memchr(raw.p + 1, '\'', raw.n - 2) != NULL) {
		rv_answer_error(x, 400, "bad_key",
		    "The key in the path is the name of a class in single "
		    "quotes, such as ('Contoso_Backup').");
		return NULL;
	}
	key = rv_arena_dup(x->arena, (struct rv_slice){ raw.p + 1, raw.n - 2 });
	if (key == NULL)
		rv_answer_json(x, 200, NULL);
	return key;
}

/* ---- The body ------------------------------------------------------------------ */

static bool
is_listed(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Leaves the members that are known; annotations go.  False: answered. */
static bool
keep_known(struct rv_exchange *x, json_t *object, const char *const *names,
    const char *within)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, name, value)
	{
		if (is_listed(names, name))
			continue;
		if (strchr(name, '@') == NULL) {
			rv_body_bad(x,
			    rv_arena_printf(x->arena, "%s%.100s", within, name),
			    "is not known here");
			return false;
		}
		(void)json_object_del(object, name);
	}
	return true;
}

/*
 * The body with nothing in it that nobody reads.  What a script that reads,
 * changes and writes back sends along is compared in the store, but for
 * SinceVersion and RolesLackingOperations, which say nothing.  NULL:
 * answered.
 */
static json_t *
body_of(struct rv_exchange *x)
{
	static const char *const members[] = { "ClassName", "SDKName",
		"DisplayName", "ObjectTypeID", "Application", "Version",
		"SecuredBy", "Operations", "CreatedBy", "CreatedDate",
		"LastModifiedBy", "LastModifiedDate", "RolesLackingOperations",
		NULL };
	static const char *const parts[] = { "Name", "Bit", "TypeWide", "Needs",
		"Means", "SinceVersion", NULL };
	json_t *body = rv_body_object(x), *one;
	bool ok = body != NULL && keep_known(x, body, members, "");
	size_t i;

	json_array_foreach(json_object_get(body, "Operations"), i, one)
	{
		if (!ok)
			break;
		ok = json_is_object(one) &&
		     keep_known(x, one, parts, "Operations.");
		if (!ok && !x->answered)
			rv_body_bad(x, "Operations", "must hold objects");
	}
	if (ok)
		return body;
	json_decref(body);
	return NULL;
}

/* ---- Answers ---------------------------------------------------------------------- */

static void
answer_type(struct rv_exchange *x, const struct rv_written *w, int status)
{
	json_t *result = json_array_get(w->result, 0);
	const char *key = json_string_value(json_object_get(result, "key"));
	json_t *body = json_pack("{s:s, s:I, s:b, s:b}", "@odata.context",
	    RV_WMI "$metadata#" RV_TYPES_CLASS "/$entity", "@reeve.revision",
	    (json_int_t)w->revision, "@reeve.in_force", w->in_force,
	    "@reeve.replayed", w->replayed);

	if (body == NULL || json_object_update(body, result) != 0) {
		json_decref(body);
		body = NULL;
	}
	(void)json_object_del(body, "key");
	/* A class name has no character to be escaped. */
	if (status == 201 && key != NULL)
		rv_answer_field(x, "Location",
		    rv_arena_printf(
			x->arena, RV_WMI RV_TYPES_CLASS "('%s')", key));
	rv_answer_json(x, status, body);
}

static void
answer_created(struct rv_exchange *x, const struct rv_written *w, void *arg)
{
	(void)arg;
	answer_type(x, w, 201);
}

static void
answer_modified(struct rv_exchange *x, const struct rv_written *w, void *arg)
{
	(void)arg;
	answer_type(x, w, 200);
}

static void
answer_removed(struct rv_exchange *x, const struct rv_written *w, void *arg)
{
	(void)w;
	(void)arg;
	x->answer.status = 204;
	x->answer.content_type = NULL;
	x->answered = true;
}

/* ---- Changes ------------------------------------------------------------------------ */

/*
 * Whether the snapshot lets the caller change the type of the key.  What comes
 * with an idempotency key may be done already, so that the type is gone: the
 * store, which refuses too, knows.
 */
static bool
may_change(struct rv_exchange *x, const char *operation, const char *key)
{
	bool twice;

	if (rv_request_field(&x->request, "idempotency-key", &twice).p ==
		NULL &&
	    !twice)
		return rv_types_may(
		    x, RV_TYPES_CLASS, operation, rv_slice_of(key));
	x->record.object_type = RV_SLICE_LIT(RV_TYPES_CLASS);
	x->record.object_id = rv_slice_of(key);
	return true;
}

/* Takes args; NULL is an exchange that is answered, or out of memory. */
static void
run(struct rv_exchange *x, const char *op, json_t *args,
    rv_write_answer *answer)
{
	if (args != NULL) {
		rv_change_run(
		    x, json_pack("[o]", rv_change(op, args)), answer, NULL);
		return;
	}
	if (!x->answered)
		rv_answer_json(x, 200, NULL);
	rv_exchange_finish(x);
}

void
rv_rest_type_create(struct rv_exchange *x)
{
	json_t *args = NULL;

	x->record.action = RV_SLICE_LIT("Create");
	if (rv_types_may(x, RV_TYPES_CLASS, "Create", RV_SLICE_NONE))
		args = body_of(x);
	run(x, "application_type_create", args, answer_created);
}

void
rv_rest_type_modify(struct rv_exchange *x)
{
	const char *key = key_of(x);
	json_t *args = NULL;

	x->record.action = RV_SLICE_LIT("Modify");
	if (key != NULL && may_change(x, "Modify", key))
		args = body_of(x);
	if (args != NULL &&
	    json_object_set_new(args, "key", json_string(key)) != 0) {
		json_decref(args);
		args = NULL;
	}
	run(x, "application_type_modify", args, answer_modified);
}

void
rv_rest_type_delete(struct rv_exchange *x)
{
	const char *key = key_of(x);
	json_t *args = NULL;

	x->record.action = RV_SLICE_LIT("Delete");
	if (key != NULL && may_change(x, "Delete", key))
		args = json_pack("{s:s}", "key", key);
	run(x, "application_type_delete", args, answer_removed);
}
