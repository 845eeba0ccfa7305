/*
 * Lists of the AdminService's classes: ids and rights from the snapshot,
 * rows from the store, and the engine has the last word on each row.
 *
 * One REPEATABLE READ transaction a page reads the revision first, then
 * candidates in the order of their keys, batch by batch, on one connection;
 * the rows are judged on a snapshot of at least that revision: rules are
 * never older than data.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "pipeline/route.h"
#include "pipeline/waiter.h"
#include "provider.h"
#include "rest/page_token.h"
#include "rest/query.h"
#include "rest/rest.h"
#include "store/pg.h"

#define PAGE_ROWS      1000u
#define BATCH_ROWS     1000
#define CANDIDATES_MAX 20000u
#define BODY_MAX       (16u << 20)
#define PAGE_BYTES     (4u << 20)
#define WAIT_MS	       100

/* A class: its rows in order of key, narrowed by scopes where it has them. */
struct list_class {
	const char *name;
	const char *rows; /* $1 last key, $2 scopes or NULL, $3 how many */
};

#define ROWS(view)                                              \
	"SELECT key, body::text, object_key FROM reeve." view   \
	" WHERE key > $1 COLLATE \"C\" AND ($2::text[] IS NULL" \
	" OR scopes && $2::text[]) ORDER BY key LIMIT $3"

static const struct list_class classes[] = {
	{ "SMS_Admin", ROWS("list_sms_admin") },
	{ "SMS_Role", ROWS("list_sms_role") },
	{ "SMS_SecuredCategory", ROWS("list_sms_securedcategory") },
	{ "SMS_Collection", ROWS("list_sms_collection") },
	{ "SMS_R_System", ROWS("list_sms_r_system") },
	{ "SMS_Application", ROWS("list_sms_application") },
};

struct list {
	struct rv_exchange *x;
	const struct list_class *class;
	struct rv_query query;
	struct rv_slice bound;	/* what a page token is bound to */
	const char *scopes;	/* text[] literal, or NULL */
	struct rv_buf last_key; /* of the last candidate seen */
	struct rv_buf value;	/* the rows of the page */
	size_t rows, candidates;
	bool filtered, more;
	EVP_MD_CTX *ids_hash;
	struct rv_pg_lease *lease;
	struct rv_waiter waiter;
	struct list *next; /* of the lane's lists in work */
};

static void
list_free(struct list *l)
{
	struct list **at = &l->x->lane->lists;

	while (*at != NULL && *at != l)
		at = &(*at)->next;
	if (*at != NULL)
		*at = l->next;
	rv_pg_lease_drop(&l->lease);
	EVP_MD_CTX_free(l->ids_hash);
	rv_buf_fini(&l->last_key);
	rv_buf_fini(&l->value);
	free(l);
}

/* Ends the list; the exchange has been answered. */
static void
finish(struct list *l)
{
	struct rv_exchange *x = l->x;

	list_free(l);
	rv_exchange_finish(x);
}

static void
fail(struct list *l, const char *code, const char *detail)
{
	rv_answer_unavailable(l->x, code, detail);
	finish(l);
}

static void
fail_store(struct list *l)
{
	fail(l, "store_unavailable",
	    "The site's store cannot be reached; try again.");
}

static void
fail_memory(struct list *l)
{
	fail(l, "overload", "The provider is out of memory; try again.");
}

/* ---- The answer ----------------------------------------------------------- */

static void
record(struct list *l)
{
	struct rv_exchange *x = l->x;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char *hex;

	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	x->record.object_type = rv_slice_of(l->class->name);
	x->record.action = RV_SLICE_LIT("Read");
	x->record.count = (int64_t)l->rows;
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	if (EVP_DigestFinal_ex(l->ids_hash, hash, &n) != 1)
		return;
	hex = rv_arena_alloc(x->arena, 2 * (size_t)n + 1);
	if (hex == NULL)
		return;
	x->record.ids_hash = rv_slice_of(rv_hex(hex, hash, n));
}

static void
put_next_link(struct list *l, struct rv_buf *out)
{
	const char *token = rv_page_token_seal(&l->x->lane->provider->page_key,
	    l->x->arena, l->bound, rv_buf_slice(&l->last_key));

	if (token == NULL)
		out->failed = true;
	else if (l->query.top == SIZE_MAX)
		rv_buf_printf(out, ",\"@odata.nextLink\":\"%s?$skiptoken=%s\"",
		    l->x->route->path, token);
	else
		rv_buf_printf(out,
		    ",\"@odata.nextLink\":\"%s?$top=%zu&$skiptoken=%s\"",
		    l->x->route->path, l->query.top - l->rows, token);
}

static void
answer(struct list *l, bool more)
{
	struct rv_exchange *x = l->x;
	struct rv_buf out;
	char *body;

	rv_buf_init(&out, 0);
	rv_buf_printf(&out,
	    "{\"@odata.context\":\"/AdminService/wmi/$metadata#%s\","
	    "\"@reeve.filtered\":%s,\"@reeve.revision\":%llu,\"value\":[",
	    l->class->name, l->filtered ? "true" : "false",
	    (unsigned long long)x->revision);
	rv_buf_put_slice(&out, rv_buf_slice(&l->value));
	rv_buf_putc(&out, ']');
	if (more)
		put_next_link(l, &out);
	rv_buf_putc(&out, '}');
	body = out.failed ? NULL : rv_arena_dup(x->arena, rv_buf_slice(&out));
	if (body == NULL) {
		rv_buf_fini(&out);
		fail_memory(l);
		return;
	}
	x->answer.status = 200;
	x->answer.content_type = "application/json;odata.metadata=minimal";
	x->answer.body = (struct rv_slice){ body, out.n };
	x->answered = true;
	rv_buf_fini(&out);
	record(l);
	finish(l);
}

/* ---- Rows ------------------------------------------------------------------ */

static bool
may_read(struct list *l, const struct rv_snapshot *s, struct rv_slice key)
{
	struct rv_question q = {
		.type = rv_slice_of(l->class->name),
		.key = key,
	};

	return rv_exchange_may_read(l->x, s, &q);
}

static void
hash_key(struct list *l, struct rv_slice key)
{
	unsigned char n[4] = { (unsigned char)(key.n >> 24),
		(unsigned char)(key.n >> 16), (unsigned char)(key.n >> 8),
		(unsigned char)key.n };

	if (EVP_DigestUpdate(l->ids_hash, n, sizeof(n)) != 1 ||
	    EVP_DigestUpdate(l->ids_hash, key.p, key.n) != 1)
		l->value.failed = true;
}

static size_t
page_limit(const struct list *l)
{
	return l->query.top < PAGE_ROWS ? l->query.top : PAGE_ROWS;
}

/* By rows or by bytes: a page with long rows ends early. */
static bool
is_full(const struct list *l)
{
	return l->rows >= page_limit(l) || l->value.n > PAGE_BYTES;
}

/* Judges the rows of one batch; stops where the page is full. */
static void
take_rows(struct list *l, const struct rv_snapshot *s, const PGresult *rows)
{
	for (int i = 0; i < PQntuples(rows) && !is_full(l); i++) {
		struct rv_slice key = { PQgetvalue(rows, i, 0),
			(size_t)PQgetlength(rows, i, 0) };
		struct rv_slice body = { PQgetvalue(rows, i, 1),
			(size_t)PQgetlength(rows, i, 1) };
		struct rv_slice object = { PQgetvalue(rows, i, 2),
			(size_t)PQgetlength(rows, i, 2) };

		l->candidates++;
		rv_buf_reset(&l->last_key);
		rv_buf_put_slice(&l->last_key, key);
		if (!may_read(l, s, object)) {
			/* Rights may have shrunk since the first look. */
			l->filtered = true;
			continue;
		}
		if (l->rows > 0)
			rv_buf_putc(&l->value, ',');
		rv_buf_put_slice(&l->value, body);
		hash_key(l, key);
		l->rows++;
	}
}

/* ---- The transaction -------------------------------------------------------- */

static void
on_committed(
    void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *reply)
{
	struct list *l = arg;

	l->lease = lease;
	if (reply->outcome == RV_PG_DONE)
		rv_pg_lease_end(&l->lease);
	/* The rows are read: a connection lost since changes nothing. */
	answer(l, l->more);
}

static void
close_and_answer(struct list *l, bool more)
{
	static const struct rv_pg_step commit = { .sql = "COMMIT" };

	l->more = more;
	rv_pg_lease_run(l->lease, &commit, 1, on_committed, l);
}

static void read_batch(struct list *l);

static void
on_batch(void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *reply)
{
	struct list *l = arg;
	const struct rv_snapshot *s;
	size_t before = l->candidates;
	bool last;

	l->lease = lease;
	if (reply->outcome != RV_PG_DONE) {
		fail_store(l);
		return;
	}
	if (rv_exchange_snapshot(l->x, &s) != RV_OK) {
		finish(l);
		return;
	}
	take_rows(l, s, reply->results[0]);
	last = PQntuples(reply->results[0]) < BATCH_ROWS &&
	       l->candidates - before == (size_t)PQntuples(reply->results[0]);
	if (l->value.failed || l->last_key.failed)
		fail_memory(l);
	else if (last || is_full(l) || l->candidates >= CANDIDATES_MAX)
		close_and_answer(l, !last && l->rows < l->query.top);
	else
		read_batch(l);
}

static void
read_batch(struct list *l)
{
	char limit[16];
	const char *key = rv_buf_cstr(&l->last_key);
	const char *params[3] = { key, l->scopes, limit };
	const struct rv_pg_step rows = {
		.sql = l->class->rows,
		.n_params = 3,
		.params = params,
	};

	if (key == NULL) {
		fail_memory(l);
		return;
	}
	(void)snprintf(limit, sizeof(limit), "%d", BATCH_ROWS);
	rv_pg_lease_run(l->lease, &rows, 1, on_batch, l);
}

static void
on_caught_up(void *arg, bool reached)
{
	struct list *l = arg;

	if (!reached) {
		rv_pg_lease_end(&l->lease);
		fail(l, "catching_up",
		    "The site has changed just now and this provider has not "
		    "caught up; try again.");
		return;
	}
	read_batch(l);
}

static void
on_begun(void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *reply)
{
	struct list *l = arg;
	struct rv_slice revision;

	l->lease = lease;
	if (reply->outcome != RV_PG_DONE || PQntuples(reply->results[1]) != 1) {
		fail_store(l);
		return;
	}
	revision = rv_slice_of(PQgetvalue(reply->results[1], 0, 0));
	if (rv_slice_to_u64(revision, INT64_MAX, &l->waiter.revision) !=
	    RV_OK) {
		fail_store(l);
		return;
	}
	l->waiter.fn = on_caught_up;
	l->waiter.arg = l;
	rv_waiter_start(l->x->lane, &l->waiter, WAIT_MS);
}

/*
 * One caller's lists may not take all connections of the lane: others list
 * and write as well.
 */
static bool
is_too_many(const struct list *l)
{
	const struct rv_lane *lane = l->x->lane;
	size_t most = (size_t)lane->provider->config->store_connections / 2;
	size_t mine = 0, all = 0;

	for (const struct list *o = lane->lists; o != NULL; o = o->next) {
		all++;
		if (strcmp(o->x->identity->principal,
			l->x->identity->principal) == 0)
			mine++;
	}
	return mine >= (most > 0 ? most : 1) ||
	       (all > 0 &&
		   all + 1 >=
		       (size_t)lane->provider->config->store_connections);
}

static void
begin(struct list *l)
{
	char at_ms[24];
	const char *caller[2] = { rv_exchange_actor_json(l->x), at_ms };
	const struct rv_pg_step steps[] = {
		{ .sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" },
		{ .sql = "SELECT revision FROM reeve.feed_site" },
		{ .sql = "SELECT set_config('reeve.caller', $1, true),"
			 " set_config('reeve.caller_at', $2, true)",
		    .n_params = 2,
		    .params = caller },
	};

	if (caller[0] == NULL) {
		fail_memory(l);
		return;
	}
	(void)snprintf(
	    at_ms, sizeof(at_ms), "%lld", (long long)rv_exchange_instant(l->x));
	if (is_too_many(l)) {
		fail(l, "too_many_lists",
		    "Too many lists are being read at once; try again.");
		return;
	}
	l->next = l->x->lane->lists;
	l->x->lane->lists = l;
	rv_pg_lease_begin(l->x->lane->pg, steps, 3, on_begun, l);
}

/* ---- Whether and what ------------------------------------------------------- */

static const struct list_class *
class_of(const struct rv_route *route)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (rv_slice_eq_cstr(rv_slice_of(route->type), classes[i].name))
			return &classes[i];
	return NULL;
}

/* Scope ids are checked by the store's keys: no quote can be in them. */
static const char *
scopes_literal(struct rv_arena *arena, const struct rv_readable *readable)
{
	struct rv_buf b = { 0 };
	const char *text = NULL;

	rv_buf_putc(&b, '{');
	for (size_t i = 0; i < readable->n_scopes; i++)
		rv_buf_printf(&b, "%s\"%.*s\"", i > 0 ? "," : "",
		    RV_SLICE_FMT(readable->scopes[i]));
	rv_buf_putc(&b, '}');
	if (!b.failed)
		text = rv_arena_dup(arena, rv_buf_slice(&b));
	rv_buf_fini(&b);
	return text;
}

/* False: the exchange has been answered. */
static bool
may_list(struct list *l)
{
	struct rv_exchange *x = l->x;
	struct rv_subject subject = rv_subject_of(x->identity);
	struct rv_slice type = rv_slice_of(l->class->name);
	struct rv_question q = { .type = type };
	const struct rv_snapshot *s;
	struct rv_readable readable;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	if (rv_rbac_readable(s, &subject, rv_exchange_instant(x), type,
		x->arena, &readable) != RV_OK) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	if (!readable.all && !subject.groups_known)
		readable.verdict.reason = RV_REASON_GROUPS_UNKNOWN;
	else if (readable.any == RV_ALLOW)
		readable.verdict.reason = RV_REASON_ALLOWED;
	if (readable.verdict.reason != RV_REASON_ALLOWED) {
		rv_answer_denied(x, s, &q, &readable.verdict);
		return false;
	}
	l->filtered = !readable.all;
	if (l->filtered && readable.n_scopes > 0) {
		l->scopes = scopes_literal(x->arena, &readable);
		if (l->scopes == NULL)
			rv_answer_json(x, 200, NULL);
		return l->scopes != NULL;
	}
	return true;
}

static bool
open_token(struct list *l)
{
	struct rv_exchange *x = l->x;
	struct rv_slice key = RV_SLICE_LIT("");
	const char *bound = rv_arena_printf(
	    x->arena, "%s\n%s", l->class->name, x->identity->principal);

	l->bound = rv_slice_of(bound);
	if (bound == NULL) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	if (l->query.token.p != NULL &&
	    rv_page_token_open(&x->lane->provider->page_key, x->arena, l->bound,
		l->query.token, &key) != RV_OK) {
		rv_answer_error(x, 400, "bad_skiptoken",
		    "The $skiptoken is not one that this provider gave you for "
		    "this class; begin the list anew.");
		return false;
	}
	rv_buf_put_slice(&l->last_key, key);
	return true;
}

/* False: the exchange has been answered. */
static bool
read_query(struct list *l)
{
	struct rv_exchange *x = l->x;
	struct rv_slice option;
	const char *detail;
	int r = rv_query_parse(x->arena, x->request.query, &l->query, &option);

	if (r == RV_OK)
		return true;
	if (r == RV_ERR_NOMEM) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	if (option.p == NULL)
		detail = "The query part of the URL is not well-formed.";
	else
		detail = rv_arena_printf(x->arena, "The query option %.*s %s.",
		    RV_SLICE_FMT(option),
		    r == RV_ERR_NOTFOUND
			? "is not supported here"
			: "must be given once, with a value that fits it");
	rv_answer_error(x, r == RV_ERR_NOTFOUND ? 501 : 400,
	    r == RV_ERR_NOTFOUND ? "not_implemented" : "bad_query",
	    detail != NULL ? detail : "The query is wrong.");
	return false;
}

void
rv_rest_list(struct rv_exchange *x)
{
	struct list *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	l->x = x;
	l->class = class_of(x->route);
	rv_buf_init(&l->value, BODY_MAX);
	RV_ASSERT(l->class != NULL);
	l->ids_hash = EVP_MD_CTX_new();
	if (l->ids_hash == NULL ||
	    EVP_DigestInit_ex(l->ids_hash, EVP_sha256(), NULL) != 1) {
		fail_memory(l);
		return;
	}
	if (read_query(l) && open_token(l) && may_list(l))
		begin(l);
	else
		finish(l);
}
