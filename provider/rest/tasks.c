/*
 * What administrators set out to do: the operations that each task needs,
 * and the least role for some of them.  Facts of the shipped catalogue,
 * which tell nothing of the site.
 */
#include <string.h>

#include "pipeline/lane.h"
#include "rest/body.h"
#include "rest/rest.h"
#include "rest/site.h"
#include "store/pg.h"

#define TASKS_MAX 100u

/* One value of JSON from the store as the answer. */
static void
on_value(void *arg, const struct rv_pg_answer *reply)
{
	struct rv_exchange *x = arg;
	const struct rv_slice refused = RV_SLICE_LIT("RV400");

	if (reply->outcome == RV_PG_DONE) {
		x->record.outcome = RV_SLICE_LIT("allow");
		rv_answer_json(x, 200,
		    json_loads(PQgetvalue(reply->results[0], 0, 0), 0, NULL));
	} else if (reply->outcome == RV_PG_REFUSED &&
		   rv_slice_eq_cstr(refused, reply->sqlstate)) {
		rv_answer_error(x, 400, "unknown_task",
		    rv_arena_dup(x->arena, rv_slice_of(reply->message)));
	} else {
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
	}
	rv_exchange_finish(x);
}

void
rv_rest_tasks(struct rv_exchange *x)
{
	const struct rv_pg_step step = {
		.sql = "SELECT jsonb_build_object('tasks', reeve.tasks())",
	};

	rv_pg_run(x->lane->pg, &step, 1, false, on_value, x);
}

/* The names as PostgreSQL's text of a text[]; NULL: answered. */
static const char *
names_of(struct rv_exchange *x, const json_t *body)
{
	const json_t *tasks = json_object_get(body, "tasks"), *name;
	const char *text = NULL;
	struct rv_buf b = { 0 };
	bool good = json_is_array(tasks) && json_array_size(tasks) > 0 &&
		    json_array_size(tasks) <= TASKS_MAX;
	size_t i;

	rv_buf_putc(&b, '{');
	json_array_foreach(tasks, i, name)
	{
		const char *s = json_string_value(name);

		/* Of what names of tasks are made, no quoting is needed. */
		good = good && s != NULL && s[0] != '\0' &&
		       strspn(s, "abcdefghijklmnopqrstuvwxyz_.") == strlen(s);
		if (good)
			rv_buf_printf(&b, "%s%s", i > 0 ? "," : "", s);
	}
	rv_buf_putc(&b, '}');
	if (!good)
		rv_body_bad(x, "tasks",
		    "must be a list of 1 to 100 names as GET /reeve/v1/tasks "
		    "has them");
	else if (!b.failed)
		text = rv_arena_dup(x->arena, rv_buf_slice(&b));
	if (text == NULL && !x->answered)
		rv_answer_json(x, 200, NULL);
	rv_buf_fini(&b);
	return text;
}

void
rv_rest_role_for_tasks(struct rv_exchange *x)
{
	static const char *const members[] = { "tasks", NULL };
	json_t *body = rv_site_body(x, members);
	const char *params[1] = { body != NULL ? names_of(x, body) : NULL };
	const struct rv_pg_step step = {
		.sql = "SELECT reeve.role_for_tasks($1::text[])",
		.n_params = 1,
		.params = params,
	};

	json_decref(body);
	if (params[0] == NULL)
		rv_exchange_finish(x);
	else
		rv_pg_run(x->lane->pg, &step, 1, false, on_value, x);
}
