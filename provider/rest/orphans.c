/*
 * Administrative users whose account the directory has no more, or has given
 * to somebody else: found, and marked when the caller says so.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "loop/pool.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/admins.h"
#include "rest/body.h"
#include "rest/store_write.h"
#include "sign_in/signing.h"
#include "store/pg.h"

/* All look-ups of one request; who is left then was not checked. */
#define LOOKUPS_MAX_MS 30000

enum state {
	NOT_CHECKED, /* not of this directory, or no answer, or no time */
	THERE,
	GONE,
	REPLACED, /* the name is another account's now */
};

struct user {
	const char *admin_id, *principal, *account_id, *logon_name;
	bool is_orphaned;
	enum state state;
};

struct search {
	struct rv_job job;
	struct rv_exchange *x;
	struct user *users;
	size_t n;
	bool marks;
};

static void
fail(struct rv_exchange *x)
{
	rv_answer_json(x, 200, NULL);
	rv_exchange_finish(x);
}

/* ---- What the directory says --------------------------------------------------- */

static bool
is_same(const struct user *u, const char *account_id)
{
	return u->account_id == NULL || account_id == NULL ||
	       strcmp(u->account_id, account_id) == 0;
}

static void
check_person(struct rv_directory *directory, struct user *u, const char *who)
{
	struct rv_account account;

	rv_directory_lookup(directory, who, &account);
	if (account.known)
		u->state = !account.found		    ? GONE
			   : is_same(u, account.account_id) ? THERE
							    : REPLACED;
	rv_account_fini(&account);
}

static void
check_group(struct rv_directory *directory, struct user *u, const char *id)
{
	struct rv_directory_found found;

	rv_directory_find_id(directory, rv_slice_of(id), &found);
	if (found.known)
		u->state = found.n > 0 ? THERE : GONE;
	rv_directory_found_fini(&found);
}

static void
check(const struct rv_provider *p, struct user *u)
{
	const char *krb5 =
	    strncmp(u->principal, "krb5:", 5) == 0 ? u->principal + 5 : NULL;
	const char *group =
	    strncmp(u->principal, "group:", 6) == 0 ? u->principal + 6 : NULL;

	if (group != NULL)
		check_group(p->directory, u, group);
	else if (krb5 != NULL && rv_account_is_askable(p, krb5))
		check_person(p->directory, u, krb5);
}

static void
run(struct rv_job *job)
{
	struct search *s = (struct search *)job;
	const struct rv_provider *p = s->x->lane->provider;
	const int64_t end = rv_boot_ms() + LOOKUPS_MAX_MS;

	for (size_t i = 0; i < s->n && rv_boot_ms() < end; i++)
		check(p, &s->users[i]);
}

/* ---- The answer -------------------------------------------------------------------- */

static json_t *
orphans_json(const struct search *s)
{
	static const char *const names[] = { [NOT_CHECKED] = "notChecked",
		[THERE] = "there",
		[GONE] = "gone",
		[REPLACED] = "replaced" };
	json_t *rows = json_array();

	for (size_t i = 0; rows != NULL && i < s->n; i++) {
		const struct user *u = &s->users[i];

		if (u->state != GONE && u->state != REPLACED && !u->is_orphaned)
			continue;
		if (json_array_append_new(rows,
			json_pack("{s:I, s:s, s:s, s:b}", "AdminID",
			    (json_int_t)strtoll(u->admin_id, NULL, 10),
			    "LogonName", u->logon_name, "State",
			    names[u->state], "IsOrphaned", u->is_orphaned)) !=
		    0) {
			json_decref(rows);
			rows = NULL;
		}
	}
	return rows;
}

static size_t
count(const struct search *s, enum state state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->users[i].state == state;
	return n;
}

static json_t *
answer_json(const struct search *s, uint64_t marked)
{
	return json_pack("{s:i, s:o, s:I, s:I, s:I}", "ReturnValue", 0,
	    "Orphans", orphans_json(s), "Checked",
	    (json_int_t)(s->n - count(s, NOT_CHECKED)), "NotChecked",
	    (json_int_t)count(s, NOT_CHECKED), "Marked", (json_int_t)marked);
}

static void
answer_marked(struct rv_exchange *x, const struct rv_written *w, void *arg)
{
	const struct search *s = arg;
	json_t *body = answer_json(s, w->changed);

	if (body != NULL && json_object_set_new(body, "@reeve.revision",
				json_integer((json_int_t)w->revision)) != 0) {
		json_decref(body);
		body = NULL;
	}
	rv_answer_json(x, 200, body);
}

/* ---- Marking ------------------------------------------------------------------------ */

/* "{16777217,16777219}" of those to mark, in the arena. */
static const char *
ids_to_mark(const struct search *s)
{
	struct rv_buf b = { 0 };
	const char *text = NULL;

	rv_buf_putc(&b, '{');
	for (size_t i = 0; i < s->n; i++) {
		const struct user *u = &s->users[i];

		if ((u->state == GONE || u->state == REPLACED) &&
		    !u->is_orphaned)
			rv_buf_printf(
			    &b, "%s%s", b.n > 1 ? "," : "", u->admin_id);
	}
	rv_buf_putc(&b, '}');
	if (!b.failed)
		text = rv_arena_dup(s->x->arena, rv_buf_slice(&b));
	rv_buf_fini(&b);
	return text;
}

static void
mark(struct search *s)
{
	const char *params[2] = {
		ids_to_mark(s),
		rv_exchange_request_json(s->x),
	};
	const struct rv_pg_step step = {
		.sql = "SELECT revision, changed, false FROM "
		       "reeve.account_mark_gone($1::bigint[], $2::jsonb)",
		.n_params = 2,
		.params = params,
	};

	if (params[0] == NULL || params[1] == NULL)
		fail(s->x);
	else
		rv_write_run(s->x, &step, 1, answer_marked, s);
}

static void
done(struct rv_job *job)
{
	struct search *s = (struct search *)job;
	struct rv_exchange *x = s->x;

	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	if (!s->marks) {
		rv_answer_json(x, 200, answer_json(s, 0));
	} else if (count(s, THERE) > 0) {
		mark(s);
		return;
	} else {
		/* Rather a wrong search base than a site without anybody. */
		rv_answer_error(x, 409, "nobody_there",
		    "The directory knows none of the administrative users, so "
		    "that nobody is marked: look whether the provider asks the "
		    "right directory, and the right part of it.");
	}
	rv_exchange_finish(x);
}

/* ---- Whom to check -------------------------------------------------------------------- */

static const char *
text_of(struct rv_exchange *x, const PGresult *rows, int i, int column)
{
	if (PQgetisnull(rows, i, column))
		return NULL;
	return rv_arena_dup(x->arena, rv_slice_of(PQgetvalue(rows, i, column)));
}

static bool
take_users(struct search *s, const PGresult *rows)
{
	const int n = PQntuples(rows);

	s->users =
	    rv_arena_alloc(s->x->arena, ((size_t)n + 1) * sizeof(*s->users));
	for (int i = 0; s->users != NULL && i < n; i++) {
		struct user *u = &s->users[i];

		*u = (struct user){
			.admin_id = text_of(s->x, rows, i, 0),
			.principal = text_of(s->x, rows, i, 1),
			.account_id = text_of(s->x, rows, i, 2),
			.logon_name = text_of(s->x, rows, i, 3),
			.is_orphaned = strcmp(PQgetvalue(rows, i, 4), "t") == 0,
		};
		if (u->admin_id == NULL || u->principal == NULL ||
		    u->logon_name == NULL)
			return false;
	}
	s->n = (size_t)n;
	return s->users != NULL;
}

static void
on_users(void *arg, const struct rv_pg_answer *reply)
{
	struct search *s = arg;

	if (reply->outcome != RV_PG_DONE) {
		rv_answer_unavailable(s->x, "store_unavailable",
		    "The site's store cannot be reached. Try again.");
		rv_exchange_finish(s->x);
		return;
	}
	if (!take_users(s, reply->results[0])) {
		fail(s->x);
		return;
	}
	s->job.run = run;
	s->job.done = done;
	s->job.loop = s->x->lane->loop;
	if (rv_pool_submit(s->x->lane->provider->pool, &s->job) == RV_OK)
		return;
	rv_answer_unavailable(
	    s->x, "overload", "Too many look-ups are waiting; try again.");
	rv_exchange_finish(s->x);
}

static void
read_users(struct search *s)
{
	const struct rv_pg_step step = {
		.sql =
		    "SELECT f.admin_id, f.principal_id, f.account_id, "
		    "l.logonname, l.isorphaned FROM reeve.feed_admin f "
		    "JOIN reeve.list_sms_admin l ON l.adminid = f.admin_id "
		    "WHERE l.isorphaned OR NOT l.isdeleted ORDER BY f.admin_id",
	};

	rv_pg_run(s->x->lane->pg, &step, 1, false, on_users, s);
}

/* {"Mark": true}, or nothing; false: answered. */
static bool
read_body(struct rv_exchange *x, bool *ret_marks)
{
	json_t *body = rv_body_object(x);
	const json_t *wish = json_object_get(body, "Mark");

	if (body == NULL)
		return false;
	*ret_marks = json_is_true(wish);
	if (json_object_size(body) > (wish != NULL ? 1u : 0u) ||
	    (wish != NULL && !json_is_boolean(wish)))
		rv_body_bad(x, "Mark", "must be true or false, and alone");
	json_decref(body);
	return !x->answered;
}

void
rv_rest_admin_find_orphans(struct rv_exchange *x)
{
	struct search *s = rv_arena_alloc(x->arena, sizeof(*s));
	bool marks = false;

	rv_admins_begin(x, "FindOrphans");
	if (s == NULL) {
		fail(x);
	} else if (!read_body(x, &marks) || !rv_admins_may(x, "Read") ||
		   (marks && !rv_admins_may(x, "Modify"))) {
		rv_exchange_finish(x);
	} else if (x->lane->provider->directory == NULL) {
		rv_answer_error(x, 409, "no_directory",
		    "This site has no directory in which accounts could be "
		    "looked up.");
		rv_exchange_finish(x);
	} else {
		*s = (struct search){ .x = x, .marks = marks };
		read_users(s);
	}
}
