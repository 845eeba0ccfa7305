#include "pipeline/exchange.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "loop/loop.h"
#include "pipeline/at_least.h"
#include "pipeline/group_sets.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "pipeline/refusals.h"
#include "pipeline/route.h"
#include "provider.h"
#include "sign_in/current.h"
#include "sign_in/signing.h"
#include "store/feed.h"
#include "transport/certified.h"

#define ARENA_MAX      (64u << 20)
#define REQUEST_ID_MAX 128u
#define RECORD_MAX     (1u << 20)
/* Of a body that is a credential: a token of 64 KiB in base64. */
#define CREDENTIAL_MAX 98304u

/* ---- Beginning ---------------------------------------------------------- */

static struct rv_slice
copied(struct rv_arena *arena, struct rv_slice s, bool *ok)
{
	char *p;

	if (s.p == NULL)
		return s;
	p = rv_arena_dup(arena, s);
	if (p == NULL) {
		*ok = false;
		return RV_SLICE_NONE;
	}
	return (struct rv_slice){ p, s.n };
}

static bool
copy_request(struct rv_exchange *x, const struct rv_request *r)
{
	struct rv_field *fields;
	bool ok = true;

	fields = rv_arena_alloc(x->arena, r->n_fields * sizeof(*fields));
	if (fields == NULL)
		return false;
	for (size_t i = 0; i < r->n_fields; i++) {
		fields[i].name = copied(x->arena, r->fields[i].name, &ok);
		fields[i].value = copied(x->arena, r->fields[i].value, &ok);
	}
	x->request = *r;
	x->request.fields = fields;
	x->request.path = copied(x->arena, r->path, &ok);
	x->request.query = copied(x->arena, r->query, &ok);
	return ok;
}

static bool
copy_peer(struct rv_exchange *x, const struct rv_peer *peer)
{
	bool ok = true;

	x->peer = *peer;
	if (peer->certified != NULL)
		x->peer.certified = rv_certified_ref(peer->certified);
	x->peer.binding = copied(x->arena, peer->binding, &ok);
	x->request.peer = &x->peer;
	return ok;
}

static bool
is_request_id(struct rv_slice id)
{
	if (id.n == 0 || id.n > REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return false;
	return true;
}

/* The caller's own id is kept, so that it can find its request again. */
static bool
name_request(struct rv_exchange *x)
{
	struct rv_slice id =
	    rv_request_field(&x->request, "x-request-id", NULL);
	unsigned char random[8];
	uint64_t n;
	const char *made;

	if (is_request_id(id)) {
		x->request_id = id;
		return true;
	}
	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	memcpy(&n, random, sizeof(n));
	made = rv_arena_printf(x->arena, "%016llx", (unsigned long long)n);
	x->request_id = rv_slice_of(made);
	return made != NULL;
}

static struct rv_exchange *
exchange_new(struct rv_loop *loop, const struct rv_door_ops *ops, void *door)
{
	struct rv_exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->arena = rv_arena_new(ARENA_MAX);
	if (x->arena == NULL) {
		free(x);
		return NULL;
	}
	x->lane = rv_lane_of(loop);
	x->ops = ops;
	x->door = door;
	x->began_boot_ns = rv_boot_ns();
	x->entry.owner = x;
	x->record.count = -1;
	x->record.subject.groups_age_ms = -1;
	rv_buf_init(&x->entry.record, RECORD_MAX);
	rv_buf_init(&x->entry.line, RECORD_MAX);
	(void)atomic_fetch_add(&x->lane->exchanges, 1);
	return x;
}

void
rv_exchange_free(struct rv_exchange *x)
{
	if (x->ended != NULL)
		*x->ended = true;
	(void)atomic_fetch_sub(&x->lane->exchanges, 1);
	rv_signing_fini(x->signing);
	rv_sign_in_policy_unref(&x->policy);
	rv_identity_unref(&x->identity);
	for (size_t i = 0; i < x->n_abouts; i++)
		rv_identity_unref(&x->abouts[i]);
	rv_buf_fini(&x->entry.record);
	rv_buf_fini(&x->entry.line);
	rv_certified_unref(&x->peer.certified);
	rv_arena_free(&x->arena);
	free(x);
}

/* Nothing can be allocated: the one answer that needs no memory. */
static void
answer_without_memory(const struct rv_door_ops *ops, void *door)
{
	const struct rv_answer overloaded = {
		.status = 503,
		.fields = { { RV_SLICE_LIT("Retry-After"),
		    RV_SLICE_LIT("1") } },
		.n_fields = 1,
		.content_type = "application/problem+json",
		.body = RV_SLICE_LIT("{\"type\":\"urn:reeve:problem:overload\","
				     "\"title\":\"Service Unavailable\","
				     "\"status\":503,\"detail\":\"The "
				     "provider is out of memory; try again."
				     "\"}"),
		.close = true,
	};

	ops->answer(door, &overloaded);
}

static void
on_head(struct rv_exchange *x)
{
	unsigned allowed;
	const struct rv_route *route = rv_route_find(
	    x->request.method, x->request.path, &x->params, &allowed);

	if (route != NULL && route->access == RV_ACCESS_OPEN) {
		x->route = route;
		route->handle(x);
		return;
	}
	if (atomic_load(&x->lane->provider->draining)) {
		x->answer.close = true;
		rv_answer_unavailable(x, "shutting_down",
		    "This provider is shutting down; ask another one, or "
		    "try again.");
		rv_exchange_finish(x);
		return;
	}
	/* Unknown routes too: nobody maps the site without signing in. */
	x->route = route;
	rv_authenticate(x);
}

/* An exchange that ends within its first stage is gone: NULL then. */
static struct rv_exchange *
run_first_stage(struct rv_exchange *x, void (*stage)(struct rv_exchange *x))
{
	bool ended = false;

	/* cppcheck-suppress autoVariables ; taken back, unless x has gone */
	x->ended = &ended;
	stage(x);
	if (ended)
		return NULL;
	x->ended = NULL;
	return x;
}

struct rv_exchange *
rv_exchange_begin(struct rv_loop *loop, const struct rv_door_ops *ops,
    void *door, const struct rv_request *request)
{
	struct rv_exchange *x = exchange_new(loop, ops, door);

	if (x == NULL) {
		answer_without_memory(ops, door);
		return NULL;
	}
	if (!copy_request(x, request) || !copy_peer(x, request->peer) ||
	    !name_request(x)) {
		rv_exchange_free(x);
		answer_without_memory(ops, door);
		return NULL;
	}
	return run_first_stage(x, on_head);
}

static void
on_head_within(struct rv_exchange *x)
{
	unsigned allowed;

	x->route = rv_route_find(
	    x->request.method, x->request.path, &x->params, &allowed);
	rv_exchange_authenticated(x);
}

struct rv_exchange *
rv_exchange_begin_within(const struct rv_exchange *outer,
    const struct rv_door_ops *ops, void *door, const struct rv_request *request,
    struct rv_batch_part *group_part)
{
	struct rv_exchange *x = exchange_new(outer->lane->loop, ops, door);

	if (x == NULL || !copy_request(x, request) ||
	    !copy_peer(x, request->peer) || !name_request(x)) {
		if (x != NULL)
			rv_exchange_free(x);
		answer_without_memory(ops, door);
		return NULL;
	}
	x->group_part = group_part;
	x->policy = rv_sign_in_policy_now(x->lane->provider->sign_in);
	x->identity = rv_identity_ref(outer->identity);
	memcpy(x->session_hash, outer->session_hash, sizeof(x->session_hash));
	memcpy(x->session_id, outer->session_id, sizeof(x->session_id));
	x->session_ends_at_ms = outer->session_ends_at_ms;
	return run_first_stage(x, on_head_within);
}

/* RFC 9110 section 15.5.6: a 405 says which methods there are. */
static void
put_allow(struct rv_exchange *x, unsigned methods)
{
	struct rv_buf list = { 0 };

	for (unsigned m = 0; m <= RV_OPTIONS; m++)
		if ((methods & (1u << m)) != 0)
			rv_buf_printf(&list, "%s%s", list.n > 0 ? ", " : "",
			    rv_method_name((enum rv_method)m));
	if (!list.failed)
		rv_answer_field(
		    x, "Allow", rv_arena_dup(x->arena, rv_buf_slice(&list)));
	rv_buf_fini(&list);
}

struct rv_exchange *
rv_exchange_reject(struct rv_loop *loop, const struct rv_door_ops *ops,
    void *door, const struct rv_peer *peer, int status, const char *reason,
    const char *detail)
{
	static const struct rv_request none = { .path = { "", 0 } };
	struct rv_exchange *x = exchange_new(loop, ops, door);

	if (x == NULL || !copy_request(x, &none) || !copy_peer(x, peer) ||
	    !name_request(x)) {
		if (x != NULL)
			rv_exchange_free(x);
		answer_without_memory(ops, door);
		return NULL;
	}
	x->answer.close = true;
	if (status == 405)
		put_allow(x, rv_routes_methods());
	rv_answer_error(x, status, reason, detail);
	return run_first_stage(x, rv_exchange_finish);
}

void
rv_exchange_gone(struct rv_exchange *x)
{
	x->ops = NULL;
	x->door = NULL;
	/* Waiting for a body that will not come: this is its end. */
	if (x->wants_body)
		rv_exchange_body_failed(x, 400, "connection_lost");
}

/* ---- After authentication ----------------------------------------------- */

static void
answer_no_route(struct rv_exchange *x, unsigned allowed)
{
	if (allowed == 0) {
		rv_answer_error(
		    x, 404, "unknown_route", "There is nothing at this path.");
		return;
	}
	put_allow(x, allowed);
	rv_answer_error(x, 405, "method_not_allowed",
	    "This path does not take that method; see the field Allow.");
}

/* RFC 9110 section 8.3.1: parameters may follow, after a semicolon. */
static bool
media_is_json(struct rv_slice type)
{
	struct rv_slice json = RV_SLICE_LIT("application/json");
	size_t n = json.n;

	if (type.n < n || !rv_slice_ieq((struct rv_slice){ type.p, n }, json))
		return false;
	while (n < type.n && (type.p[n] == ' ' || type.p[n] == '\t'))
		n++;
	return n == type.n || type.p[n] == ';';
}

/* Judges the head of a request with a body; false: it has been answered. */
static bool
body_is_acceptable(struct rv_exchange *x)
{
	struct rv_slice coding, type;
	bool twice;

	coding = rv_request_field(&x->request, "content-encoding", &twice);
	if (twice || (coding.p != NULL &&
			 !rv_slice_ieq(coding, RV_SLICE_LIT("identity")))) {
		rv_answer_error(x, 415, "content_encoding",
		    "Send the body without Content-Encoding.");
		return false;
	}
	type = rv_request_field(&x->request, "content-type", NULL);
	if (type.p == NULL || !media_is_json(type)) {
		rv_answer_error(x, x->route->bad_media_status, "content_type",
		    "Send the body as Content-Type: application/json.");
		return false;
	}
	return true;
}

static void
want_body(struct rv_exchange *x, size_t max)
{
	if (x->ops == NULL) {
		rv_exchange_body_failed(x, 400, "connection_lost");
		return;
	}
	if (x->request.body_length_known && x->request.body_length > max) {
		rv_exchange_body_failed(x, 413, "body_too_large");
		return;
	}
	x->wants_body = true;
	x->ops->want_body(x->door, max);
}

static void
go_on(struct rv_exchange *x)
{
	struct rv_route_params params;
	unsigned allowed;

	if (!rv_gate(x))
		return;
	if (x->route == NULL) {
		(void)rv_route_find(
		    x->request.method, x->request.path, &params, &allowed);
		answer_no_route(x, allowed);
		rv_exchange_finish(x);
		return;
	}
	x->record.event = rv_slice_of(x->route->event);
	if (!x->route->body) {
		x->route->handle(x);
		return;
	}
	if (!body_is_acceptable(x)) {
		rv_exchange_finish(x);
		return;
	}
	want_body(x, x->lane->provider->config->max_body);
}

void
rv_exchange_want_credential(struct rv_exchange *x)
{
	if (body_is_acceptable(x))
		want_body(x, CREDENTIAL_MAX);
	else
		rv_exchange_finish(x);
}

/* What a request wants to be decided by is waited for before the gate. */
void
rv_exchange_authenticated(struct rv_exchange *x)
{
	rv_at_least(x, go_on);
}

/* The body is the connection's, which may be gone in a later turn. */
static bool
hash_body(struct rv_exchange *x, struct rv_slice body)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(body.p, body.n, hash, &n, EVP_sha256(), NULL) != 1 ||
	    n != 32)
		return false;
	(void)rv_hex(x->body_sha256, hash, n);
	return true;
}

/* Whoever handles it may have ended it: then there is nothing to clear. */
static void
handle_now(struct rv_exchange *x)
{
	bool *outer = x->ended;
	bool ended = false;

	/* cppcheck-suppress autoVariables ; taken back, unless x has gone */
	x->ended = &ended;
	x->route->handle(x);
	if (ended) {
		if (outer != NULL)
			*outer = true;
		return;
	}
	x->ended = outer;
	x->body = RV_SLICE_NONE;
}

void
rv_exchange_body(struct rv_exchange *x, struct rv_slice body)
{
	RV_ASSERT(x->wants_body);
	x->wants_body = false;
	if (!hash_body(x, body)) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	x->body = body;
	if (x->identity == NULL)
		rv_authenticate_body(x);
	else
		handle_now(x);
}

void
rv_exchange_body_failed(struct rv_exchange *x, int status, const char *reason)
{
	const char *detail = "The body of the request could not be read.";

	x->wants_body = false;
	x->answer.close = true;
	if (status == 413)
		detail = "The body of the request is larger than this site "
			 "allows (max_body).";
	else if (status == 408)
		detail = "The body of the request did not arrive in time.";
	rv_answer_error(x, status, reason, detail);
	rv_exchange_finish(x);
}
