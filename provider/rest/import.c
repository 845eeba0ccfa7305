#include "rest/import.h"

#include <string.h>
#include <strings.h>

#include "loop/pool.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "reeve/auth_directory.h"
#include "rest/admins.h"
#include "rest/change.h"
#include "rest/query_rule.h"
#include "rest/write_args.h"

#define READ "read"

/* Administrative users of the other site, whose SIDs the directory is asked. */
struct looking {
	struct rv_job job; /* first: jobs are cast */
	struct rv_exchange *x;
	struct rv_directory *directory;
	json_t *args;
	/* Of the worker's thread, then of the loop's: SIDs, and who has them. */
	json_t *sids, *found;
	bool silent, failed;
};

/* ---- The change ----------------------------------------------------------------- */

static void
answer_import(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const json_t *result = rv_written_result(written, 0);

	(void)arg;
	rv_answer_json(x, 200,
	    json_pack("{s:I, s:I, s:b, s:b, s:O*, s:O*, s:O*, s:O*}",
		"revision", (json_int_t)written->revision, "changed",
		(json_int_t)written->changed, "in_force", written->in_force,
		"replayed", written->replayed, "plan",
		json_object_get(result, "plan"), "memberships",
		json_object_get(result, "memberships"), "rules",
		json_object_get(result, "rules"), "differences",
		json_object_get(result, "differences")));
}

/* Takes the reference; NULL: answered, or out of memory. */
static void
import(struct rv_exchange *x, json_t *args)
{
	rv_write_change(x, "site_import", args, answer_import, NULL);
}

/* ---- Queries ---------------------------------------------------------------------- */

/* What the caller itself says to have read does not count. */
static int
read_query(json_t *rule)
{
	json_t *text = json_object_get(rule, "QueryExpression"), *read;

	if (!json_is_object(rule))
		return RV_OK;
	(void)json_object_del(rule, READ);
	if (!json_is_string(text) || json_string_length(text) == 0)
		return RV_OK;
	read = rv_query_rule(NULL, text);
	return read != NULL && json_object_set_new(rule, READ, read) == 0
		   ? RV_OK
		   : RV_ERR_NOMEM;
}

/* Puts beside each query of a collection what is read in it. */
static int
read_queries(const json_t *args)
{
	const json_t *collection;
	json_t *rule;
	size_t i, k;
	int r = RV_OK;

	json_array_foreach(
	    json_object_get(args, "SMS_Collection"), i, collection)
	{
		json_array_foreach(
		    json_object_get(collection, "CollectionRules"), k, rule)
		{
			if (r == RV_OK)
				r = read_query(rule);
		}
	}
	return r;
}

/* ---- Who has a SID ------------------------------------------------------------------ */

static json_t *
account_json(const struct rv_found_account *a)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "principal", a->principal,
	    "account_id", a->account_id, "display_name", a->display_name, "dn",
	    a->dn);
}

/* False: there is no use in asking for others. */
static bool
find_one(struct looking *l, const char *sid)
{
	struct rv_directory_found found = { .known = false };
	bool go_on;

	rv_directory_find(l->directory, rv_slice_of(sid), &found);
	l->silent = !found.known && !found.refused;
	go_on = found.known;
	if (found.known && found.n == 1 &&
	    json_object_set_new(
		l->found, sid, account_json(&found.accounts[0])) != 0) {
		l->failed = true;
		go_on = false;
	}
	rv_directory_found_fini(&found);
	return go_on;
}

/* On a worker.  One that has no SIDs refuses the first, and that is that. */
static void
find_all(struct rv_job *job)
{
	struct looking *l = (struct looking *)job;
	const size_t n = json_array_size(l->sids);

	for (size_t i = 0; i < n; i++)
		if (!find_one(l, json_string_value(json_array_get(l->sids, i))))
			break;
}

static void
go_on(struct rv_job *job)
{
	struct looking *l = (struct looking *)job;
	struct rv_exchange *x = l->x;

	json_decref(l->sids);
	if (!l->silent && !l->failed &&
	    json_object_set_new(l->args, "found", l->found) == 0) {
		import(x, l->args);
		return;
	}
	if (l->silent)
		rv_answer_unavailable(x, "directory_unavailable",
		    "The directory does not answer, so that nobody can be "
		    "looked up in it (31243): try again later.");
	else
		rv_answer_json(x, 200, NULL);
	if (l->silent || l->failed)
		json_decref(l->found);
	json_decref(l->args);
	rv_exchange_finish(x);
}

/* In lower case, as the directory and the store have them. */
static json_t *
sids_of(struct rv_exchange *x, const json_t *args)
{
	const json_t *row;
	json_t *sids = json_array();
	size_t i;

	json_array_foreach(json_object_get(args, "SMS_Admin"), i, row)
	{
		const json_t *sid = json_object_get(row, "AdminSid");
		char *lower;

		if (!json_is_string(sid) ||
		    strncasecmp(json_string_value(sid), "S-1-", 4) != 0)
			continue;
		lower =
		    rv_arena_dup(x->arena, rv_slice_of(json_string_value(sid)));
		for (char *c = lower; c != NULL && *c != '\0'; c++)
			if (*c == 'S')
				*c = 's';
		if (lower == NULL ||
		    json_array_append_new(sids, json_string(lower)) != 0) {
			json_decref(sids);
			return NULL;
		}
	}
	return sids;
}

static void
look_up(struct rv_exchange *x, json_t *args)
{
	struct looking *l = rv_arena_alloc(x->arena, sizeof(*l));

	if (l == NULL) {
		json_decref(args);
		import(x, NULL);
		return;
	}
	*l = (struct looking){ .job = { .run = find_all,
				   .done = go_on,
				   .loop = x->lane->loop },
		.x = x,
		.directory = x->lane->provider->directory,
		.args = args,
		.sids = sids_of(x, args),
		.found = json_object() };
	if (l->sids != NULL && l->found != NULL &&
	    rv_pool_submit(x->lane->provider->pool, &l->job) == RV_OK)
		return;
	rv_answer_unavailable(
	    x, "overload", "Too many look-ups are waiting; try again.");
	json_decref(l->sids);
	json_decref(l->found);
	json_decref(args);
	rv_exchange_finish(x);
}

/* ---- What is asked -------------------------------------------------------------------- */

void
rv_rest_import_configmgr(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
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
	json_t *args = NULL;

	x->record.action = RV_SLICE_LIT("Import");
	x->record.object_type = RV_SLICE_LIT("SMS_Admin");
	/* Nobody else has the directory asked thousands of questions. */
	if (rv_admins_may(x, "Add"))
		args = rv_write_args(x, members);
	if (args != NULL && read_queries(args) != RV_OK) {
		json_decref(args);
		args = NULL;
	}
	if (args != NULL && x->lane->provider->directory != NULL)
		look_up(x, args);
	else
		import(x, args);
}
