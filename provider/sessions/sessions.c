#include "sessions/sessions.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "loop/loop.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sessions/sessions_row.h"
#include "store/pg.h"

/* New sessions are gathered for so long, then written together. */
#define GATHER_MS 20
/* Beyond, the oldest are given up: others then ask for a new sign-in. */
#define KEPT_MAX 4096u
/* Ticks between two prunings, by lane 0. */
#define PRUNE_TICKS 600u

struct rv_sessions_lane {
	struct rv_lane *lane;
	struct event *gathered;
	json_t *rows; /* to be written */
	bool writing;
	/* Lane 0: the number of the last end that was seen; -1: none yet. */
	int64_t last_end;
	bool following;
	unsigned ticks;
};

/* Ends are followed once for all lanes. */
static bool
is_follower(const struct rv_sessions_lane *l)
{
	return rv_loop_index(l->lane->loop) == 0;
}

/* ---- Writing -------------------------------------------------------------------- */

struct writing {
	struct rv_sessions_lane *l;
	json_t *rows;
};

static void
keep_back(struct rv_sessions_lane *l, json_t *rows)
{
	if (json_array_extend(rows, l->rows) == 0) {
		json_decref(l->rows);
		l->rows = json_incref(rows);
	}
	while (json_array_size(l->rows) > KEPT_MAX)
		(void)json_array_remove(l->rows, 0);
}

static void
on_written(void *arg, const struct rv_pg_answer *answer)
{
	struct writing *w = arg;

	w->l->writing = false;
	if (answer->outcome == RV_PG_REFUSED)
		rv_log(RV_LOG_ERROR,
		    "the store refused sessions, which other providers do "
		    "not know therefore: %s",
		    answer->message);
	else if (answer->outcome != RV_PG_DONE)
		keep_back(w->l, w->rows);
	json_decref(w->rows);
	free(w);
}

static void
write_rows(struct rv_sessions_lane *l)
{
	struct writing *w;
	char *text;

	if (l->writing || json_array_size(l->rows) == 0)
		return;
	w = calloc(1, sizeof(*w));
	text = json_dumps(l->rows, JSON_COMPACT);
	if (w == NULL || text == NULL) {
		free(w);
		free(text);
		return; /* the next tick tries again */
	}
	w->l = l;
	w->rows = l->rows;
	l->rows = json_array();
	if (l->rows == NULL) {
		l->rows = w->rows;
		free(w);
	} else {
		const char *params[] = { text };
		const struct rv_pg_step step = {
			.sql = "SELECT reeve.session_put($1::jsonb)",
			.n_params = 1,
			.params = params,
		};

		l->writing = true;
		rv_pg_run(l->lane->pg, &step, 1, false, on_written, w);
	}
	free(text);
}

static void
on_gathered(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	write_rows(arg);
}

void
rv_sessions_lane_put(
    struct rv_sessions_lane *sessions, const struct rv_session *session)
{
	const struct timeval soon = { .tv_usec = GATHER_MS * 1000 };
	const char *node = sessions->lane->provider->node;
	json_t *row = rv_session_row(session, node);

	/* Without memory this provider alone knows it. */
	if (row == NULL || json_array_append_new(sessions->rows, row) != 0)
		return;
	if (!event_pending(sessions->gathered, EV_TIMEOUT, NULL))
		rv_ignore(event_add(sessions->gathered, &soon));
}

/* ---- Finding ---------------------------------------------------------------------- */

struct finding {
	struct rv_sessions_lane *l;
	unsigned char hash[RV_SESSION_HASH_SIZE];
	void (*done)(void *arg, int result);
	void *arg;
};

static int
take_in(const struct finding *f, const PGresult *row)
{
	struct rv_session session;
	int r;

	if (PQntuples(row) != 1)
		return RV_ERR_NOTFOUND;
	/* Ends that nobody follows yet would be missed. */
	if (atomic_load(&f->l->lane->provider->follows_ends) == 0)
		return RV_ERR_UNAVAILABLE;
	r = rv_session_of_row(row, f->hash, &session);
	if (r == RV_ERR_INVALID)
		rv_log(RV_LOG_ERROR,
		    "a session in the store is not in a form that this "
		    "provider knows: its person has to sign in again");
	if (r == RV_OK)
		r = rv_session_adopt(f->l->lane->provider->sessions, &session);
	rv_session_fini(&session);
	/* Another request has taken it in meanwhile. */
	return r == RV_ERR_EXISTS    ? RV_OK
	       : r == RV_ERR_INVALID ? RV_ERR_NOTFOUND
				     : r;
}

static void
on_row(void *arg, const struct rv_pg_answer *answer)
{
	struct finding *f = arg;
	int r = RV_ERR_UNAVAILABLE;

	if (answer->outcome == RV_PG_DONE)
		r = take_in(f, answer->results[0]);
	f->done(f->arg, r);
	free(f);
}

void
rv_sessions_lane_find(struct rv_sessions_lane *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE],
    void (*done)(void *arg, int result), void *arg)
{
	char text[2 + 2 * RV_SESSION_HASH_SIZE + 1] = "\\x";
	const char *params[] = { text };
	const struct rv_pg_step step = {
		.sql = "SELECT * FROM reeve.session_get($1::bytea)",
		.n_params = 1,
		.params = params,
	};
	struct finding *f;

	f = calloc(1, sizeof(*f));
	if (f == NULL) {
		done(arg, RV_ERR_NOMEM);
		return;
	}
	f->l = sessions;
	memcpy(f->hash, hash, sizeof(f->hash));
	f->done = done;
	f->arg = arg;
	(void)rv_hex(text + 2, hash, RV_SESSION_HASH_SIZE);
	rv_pg_run(sessions->lane->pg, &step, 1, false, on_row, f);
}

/* ---- Ends --------------------------------------------------------------------------- */

static void
apply(struct rv_sessions *sessions, const PGresult *rows, int i)
{
	if (!PQgetisnull(rows, i, 1))
		(void)rv_session_end_id(sessions, PQgetvalue(rows, i, 1), true);
	if (!PQgetisnull(rows, i, 2))
		(void)rv_session_end_person(
		    sessions, PQgetvalue(rows, i, 2), true);
}

static void
on_ends(void *arg, const struct rv_pg_answer *answer)
{
	struct rv_sessions_lane *l = arg;
	const PGresult *rows;
	uint64_t seq;

	l->following = false;
	if (answer->outcome != RV_PG_DONE)
		return;
	rows = answer->results[0];
	for (int i = 0; i < PQntuples(rows); i++) {
		if (rv_slice_to_u64(rv_slice_of(PQgetvalue(rows, i, 0)),
			INT64_MAX, &seq) != RV_OK)
			return;
		if (l->last_end >= 0)
			apply(l->lane->provider->sessions, rows, i);
		l->last_end = (int64_t)seq;
	}
	atomic_store(&l->lane->provider->follows_ends, 1);
}

/* The first question is where to begin. */
static void
follow(struct rv_sessions_lane *l)
{
	char after[24];
	const char *params[] = { after };
	const struct rv_pg_step first = {
		.sql = "SELECT reeve.session_ends_last()",
	};
	const struct rv_pg_step next = {
		.sql = "SELECT * FROM reeve.session_ends_after($1::bigint)",
		.n_params = 1,
		.params = params,
	};

	if (l->following)
		return;
	l->following = true;
	(void)snprintf(after, sizeof(after), "%lld", (long long)l->last_end);
	rv_pg_run(l->lane->pg, l->last_end < 0 ? &first : &next, 1, false,
	    on_ends, l);
}

static void
on_pruned(void *arg, const struct rv_pg_answer *answer)
{
	(void)arg;
	if (answer->outcome == RV_PG_REFUSED)
		rv_log(RV_LOG_WARNING,
		    "sessions that have ended stay in the store: %s",
		    answer->message);
}

static void
prune(struct rv_sessions_lane *l)
{
	const struct rv_pg_step step = {
		.sql = "SELECT reeve.session_prune()",
	};

	rv_pg_run(l->lane->pg, &step, 1, false, on_pruned, NULL);
}

void
rv_sessions_lane_tick(struct rv_sessions_lane *sessions)
{
	write_rows(sessions);
	if (!is_follower(sessions))
		return;
	follow(sessions);
	if (sessions->ticks++ % PRUNE_TICKS == 0)
		prune(sessions);
}

struct ending {
	struct rv_sessions_lane *l;
	json_t *ids, *principals;
	void (*done)(void *arg, int result, uint64_t ended);
	void *arg;
};

static void
ending_free(struct ending *e)
{
	json_decref(e->ids);
	json_decref(e->principals);
	free(e);
}

/* Here they end with the answer of the store: nobody waits for the poll. */
static void
on_ended(void *arg, const struct rv_pg_answer *answer)
{
	struct ending *e = arg;
	struct rv_sessions *sessions = e->l->lane->provider->sessions;
	uint64_t ended = 0;
	int r = RV_ERR_UNAVAILABLE;
	json_t *text;
	size_t i;

	if (answer->outcome == RV_PG_DONE &&
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(answer->results[0], 0, 0)),
		INT32_MAX, &ended) == RV_OK) {
		r = RV_OK;
		json_array_foreach(e->ids, i, text)
		{
			(void)rv_session_end_id(
			    sessions, json_string_value(text), true);
		}
		json_array_foreach(e->principals, i, text)
		{
			(void)rv_session_end_person(
			    sessions, json_string_value(text), true);
		}
	}
	e->done(e->arg, r, ended);
	ending_free(e);
}

static json_t *
texts(const char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < n; i++)
		if (json_array_append_new(list, json_string(v[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static void
run_end(struct ending *e, const char *by)
{
	char *ids = json_dumps(e->ids, JSON_COMPACT);
	char *principals = json_dumps(e->principals, JSON_COMPACT);
	const char *params[] = { ids, principals, by };
	const struct rv_pg_step step = {
		.sql = "SELECT reeve.session_end_put("
		       "ARRAY(SELECT jsonb_array_elements_text($1::jsonb)), "
		       "ARRAY(SELECT jsonb_array_elements_text($2::jsonb)), "
		       "$3)",
		.n_params = 3,
		.params = params,
	};

	if (ids != NULL && principals != NULL) {
		rv_pg_run(e->l->lane->pg, &step, 1, true, on_ended, e);
	} else {
		e->done(e->arg, RV_ERR_NOMEM, 0);
		ending_free(e);
	}
	free(ids);
	free(principals);
}

void
rv_sessions_lane_end(struct rv_sessions_lane *sessions,
    const struct rv_sessions_end *end,
    void (*done)(void *arg, int result, uint64_t ended), void *arg)
{
	struct ending *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		done(arg, RV_ERR_NOMEM, 0);
		return;
	}
	e->l = sessions;
	e->done = done;
	e->arg = arg;
	e->ids = texts(end->ids, end->n_ids);
	e->principals = texts(end->principals, end->n_principals);
	if (e->ids != NULL && e->principals != NULL) {
		run_end(e, end->by);
		return;
	}
	ending_free(e);
	done(arg, RV_ERR_NOMEM, 0);
}

/* ---- Making and ending ------------------------------------------------------------------ */

int
rv_sessions_lane_new(
    struct rv_lane *lane, struct rv_sessions_lane **ret_sessions)
{
	struct rv_sessions_lane *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return RV_ERR_NOMEM;
	l->lane = lane;
	l->last_end = -1;
	l->rows = json_array();
	l->gathered = evtimer_new(rv_loop_base(lane->loop), on_gathered, l);
	if (l->rows == NULL || l->gathered == NULL) {
		rv_sessions_lane_free(&l);
		return RV_ERR_NOMEM;
	}
	*ret_sessions = l;
	return RV_OK;
}

void
rv_sessions_lane_free(struct rv_sessions_lane **sessions)
{
	struct rv_sessions_lane *l = *sessions;

	*sessions = NULL;
	if (l == NULL)
		return;
	if (l->gathered != NULL)
		event_free(l->gathered);
	json_decref(l->rows);
	free(l);
}
