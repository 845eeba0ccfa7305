#include "rest/names.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/lane.h"
#include "store/pg.h"

#define SCOPES_MAX 64
/* What is read besides the names of each kind. */
#define STEP_SCOPES RV_NAMED_N
#define STEP_TASKS  (RV_NAMED_N + 1)
#define STEPS_MAX   (RV_NAMED_N + 2)

struct name {
	enum rv_named kind;
	struct rv_slice key;
	const char *name;
};

struct rv_names {
	struct rv_exchange *x;
	struct name list[RV_NAMES_MAX];
	size_t n;
	const char *application; /* whose scopes are wanted */
	const char *scopes[SCOPES_MAX + 1];
	const char *lacking[2]; /* type and operation whose tasks are wanted */
	struct rv_named_task tasks[RV_NAMES_TASKS];
	size_t n_tasks;
	size_t steps[STEPS_MAX]; /* the kind of each, or of those below */
	void (*done)(void *arg);
	void *arg;
};

struct rv_names *
rv_names_new(struct rv_exchange *x)
{
	struct rv_names *names = rv_arena_alloc(x->arena, sizeof(*names));

	if (names != NULL)
		names->x = x;
	return names;
}

static const struct name *
find(const struct rv_names *names, enum rv_named kind, struct rv_slice key)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->list[i].kind == kind &&
		    rv_slice_eq(names->list[i].key, key))
			return &names->list[i];
	return NULL;
}

void
rv_names_want(struct rv_names *names, enum rv_named kind, struct rv_slice key)
{
	const char *copy;

	if (key.p == NULL || names->n == RV_NAMES_MAX ||
	    find(names, kind, key) != NULL)
		return;
	copy = rv_arena_dup(names->x->arena, key);
	if (copy != NULL)
		names->list[names->n++] = (struct name){
			.kind = kind,
			.key = { copy, key.n },
		};
}

void
rv_names_want_scopes(struct rv_names *names, struct rv_slice key)
{
	names->application = rv_arena_dup(names->x->arena, key);
}

void
rv_names_want_tasks(
    struct rv_names *names, struct rv_slice type, struct rv_slice operation)
{
	if (type.p == NULL || operation.p == NULL)
		return;
	names->lacking[0] = rv_arena_dup(names->x->arena, type);
	names->lacking[1] = rv_arena_dup(names->x->arena, operation);
}

/* ---- Reading --------------------------------------------------------------- */

#define NAMES(view, name)                              \
	"SELECT object_key, " name " FROM reeve." view \
	" WHERE object_key = ANY ($1::text[])"

static const char *const statements[RV_NAMED_N] = {
	[RV_NAMED_ROLE] = NAMES("list_sms_role", "rolename"),
	[RV_NAMED_SCOPE] = NAMES("list_sms_securedcategory", "categoryname"),
	[RV_NAMED_COLLECTION] = NAMES("list_sms_collection", "name"),
	[RV_NAMED_APPLICATION] =
	    NAMES("list_sms_application", "localizeddisplayname"),
	[RV_NAMED_DEVICE] = NAMES("list_sms_r_system", "name"),
};

static const char scopes_statement[] =
    "SELECT s.key, s.categoryname"
    " FROM reeve.list_sms_application a"
    " JOIN reeve.list_sms_securedcategory s ON s.key = ANY (a.scopes)"
    " WHERE a.object_key = $1 ORDER BY s.key";

static const char tasks_statement[] =
    "SELECT t.value ->> 'task', t.value ->> 'title'"
    " FROM jsonb_array_elements(reeve.tasks()) AS t"
    " WHERE t.value -> 'needs' @> jsonb_build_array(jsonb_build_object("
    "'type', $1::text, 'operation', $2::text))"
    " ORDER BY jsonb_array_length(t.value -> 'needs'),"
    " t.value ->> 'task' COLLATE \"C\" LIMIT 5";
_Static_assert(RV_NAMES_TASKS == 5, "as many as the statement reads");

/* The keys of one kind as text[] (PostgreSQL 15, section 8.15.2). */
static const char *
keys_literal(const struct rv_names *names, enum rv_named kind)
{
	struct rv_buf b = { 0 };
	const char *text = NULL;

	rv_buf_putc(&b, '{');
	for (size_t i = 0; i < names->n; i++) {
		const struct rv_slice key = names->list[i].key;

		if (names->list[i].kind != kind)
			continue;
		rv_buf_puts(&b, b.n > 1 ? ",\"" : "\"");
		for (size_t k = 0; k < key.n; k++) {
			if (key.p[k] == '"' || key.p[k] == '\\')
				rv_buf_putc(&b, '\\');
			rv_buf_putc(&b, key.p[k]);
		}
		rv_buf_putc(&b, '"');
	}
	rv_buf_putc(&b, '}');
	if (!b.failed && b.n > 2)
		text = rv_arena_dup(names->x->arena, rv_buf_slice(&b));
	rv_buf_fini(&b);
	return text;
}

static const char *
copied(const struct rv_names *names, const PGresult *rows, int i, int column)
{
	if (PQgetisnull(rows, i, column))
		return NULL;
	return rv_arena_dup(
	    names->x->arena, (struct rv_slice){ PQgetvalue(rows, i, column),
				 (size_t)PQgetlength(rows, i, column) });
}

/* A scope and a collection may bear the same id. */
static void
take_names(struct rv_names *names, enum rv_named kind, const PGresult *rows)
{
	for (int i = 0; i < PQntuples(rows); i++) {
		const struct rv_slice key = { PQgetvalue(rows, i, 0),
			(size_t)PQgetlength(rows, i, 0) };

		for (size_t k = 0; k < names->n; k++)
			if (names->list[k].kind == kind &&
			    rv_slice_eq(names->list[k].key, key))
				names->list[k].name = copied(names, rows, i, 1);
	}
}

static void
take_scopes(struct rv_names *names, const PGresult *rows)
{
	for (int k = 0; k < PQntuples(rows) && k < SCOPES_MAX; k++)
		names->scopes[k] = copied(names, rows, k, 1);
}

static void
take_tasks(struct rv_names *names, const PGresult *rows)
{
	for (int i = 0; i < PQntuples(rows) && i < RV_NAMES_TASKS; i++) {
		const struct rv_named_task task = {
			.id = copied(names, rows, i, 0),
			.title = copied(names, rows, i, 1),
		};

		if (task.id != NULL && task.title != NULL)
			names->tasks[names->n_tasks++] = task;
	}
}

static void
on_read(void *arg, const struct rv_pg_answer *answer)
{
	struct rv_names *names = arg;

	for (size_t i = 0;
	     answer->outcome == RV_PG_DONE && i < answer->n_results; i++) {
		if (names->steps[i] == STEP_SCOPES)
			take_scopes(names, answer->results[i]);
		else if (names->steps[i] == STEP_TASKS)
			take_tasks(names, answer->results[i]);
		else
			take_names(names, (enum rv_named)names->steps[i],
			    answer->results[i]);
	}
	names->done(names->arg);
}

void
rv_names_read(struct rv_names *names, void (*done)(void *arg), void *arg)
{
	struct rv_pg_step steps[STEPS_MAX];
	const char *params[STEPS_MAX];
	size_t n = 0;

	names->done = done;
	names->arg = arg;
	for (size_t kind = 0; kind < RV_NAMED_N; kind++) {
		params[n] = keys_literal(names, (enum rv_named)kind);
		if (params[n] == NULL)
			continue;
		steps[n] = (struct rv_pg_step){ .sql = statements[kind],
			.n_params = 1,
			.params = &params[n] };
		names->steps[n++] = kind;
	}
	if (names->application != NULL) {
		params[n] = names->application;
		steps[n] = (struct rv_pg_step){ .sql = scopes_statement,
			.n_params = 1,
			.params = &params[n] };
		names->steps[n++] = STEP_SCOPES;
	}
	if (names->lacking[0] != NULL && names->lacking[1] != NULL) {
		steps[n] = (struct rv_pg_step){ .sql = tasks_statement,
			.n_params = 2,
			.params = names->lacking };
		names->steps[n++] = STEP_TASKS;
	}
	if (n == 0)
		done(arg);
	else
		rv_pg_run(names->x->lane->pg, steps, n, false, on_read, names);
}

/* ---- Telling ---------------------------------------------------------------- */

const char *
rv_names_get(
    const struct rv_names *names, enum rv_named kind, struct rv_slice key)
{
	const struct name *found = find(names, kind, key);

	return found != NULL ? found->name : NULL;
}

const char *
rv_names_scope(const struct rv_names *names, size_t i)
{
	return i < SCOPES_MAX ? names->scopes[i] : NULL;
}

const struct rv_named_task *
rv_names_task(const struct rv_names *names, size_t i)
{
	return i < names->n_tasks ? &names->tasks[i] : NULL;
}

json_t *
rv_names_json(
    const struct rv_names *names, enum rv_named kind, struct rv_slice key)
{
	const char *name = rv_names_get(names, kind, key);

	return json_pack("{s:s%, s:s*}", "id", key.p, key.n, "name", name);
}

bool
rv_named_of(struct rv_slice type, enum rv_named *ret_kind)
{
	static const struct {
		const char *type;
		enum rv_named kind;
	} kinds[] = {
		{ "SMS_R_System", RV_NAMED_DEVICE },
		{ "SMS_Application", RV_NAMED_APPLICATION },
		{ "Application", RV_NAMED_APPLICATION },
		{ "31", RV_NAMED_APPLICATION },
		{ "SMS_Collection", RV_NAMED_COLLECTION },
		{ "Collection", RV_NAMED_COLLECTION },
		{ "1", RV_NAMED_COLLECTION },
		{ "SMS_Role", RV_NAMED_ROLE },
		{ "SMS_SecuredCategory", RV_NAMED_SCOPE },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (rv_slice_eq_cstr(type, kinds[i].type)) {
			*ret_kind = kinds[i].kind;
			return true;
		}
	if (rv_slice_has_prefix(type, RV_SLICE_LIT("SMS_G_System_"))) {
		*ret_kind = RV_NAMED_DEVICE;
		return true;
	}
	return false;
}
