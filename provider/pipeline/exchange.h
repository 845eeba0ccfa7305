/*
 * One request on its way through the pipeline, as its stages and the
 * handlers of routes see it.  docs/architecture.md has the picture.
 *
 * An exchange belongs to one loop.  Whoever holds it at a moment (a stage,
 * a worker's job, a statement of the store) passes it on exactly once;
 * it ends in rv_exchange_finish().
 */
#ifndef PROVIDER_PIPELINE_EXCHANGE_H
#define PROVIDER_PIPELINE_EXCHANGE_H

#include <jansson.h>

#include "reeve/auth.h"
#include "reeve/rbac.h"

#include "audit/audit.h"
#include "audit/record.h"
#include "pipeline/door.h"
#include "pipeline/message.h"
#include "pipeline/route.h"

struct rv_batch_part;
struct rv_lane;
struct rv_sign_in_policy;
struct rv_signing;

struct rv_exchange {
	struct rv_lane *lane;
	const struct rv_door_ops *ops; /* NULL: the connection is gone */
	void *door;
	struct rv_arena *arena;	   /* lives as long as the exchange */
	struct rv_request request; /* a copy in the arena */
	struct rv_peer peer;
	struct rv_slice body; /* only while handle() runs */
	char body_sha256[65]; /* hex, of the whole body */
	struct rv_slice request_id;
	const struct rv_route *route;
	struct rv_route_params params; /* of its path, borrowed from request */

	const struct rv_sign_in_policy *policy; /* a reference, or NULL */
	struct rv_signing *signing;		/* in the arena, or NULL */
	const struct rv_identity *identity;	/* NULL until authenticated */
	/* What a fresh sign-in gives besides: NULL or in the arena. */
	const char *reply_token, *session_token;
	/* The others that are asked about; references of the exchange. */
	const struct rv_identity **abouts;
	size_t n_abouts;
	unsigned char session_hash[RV_SESSION_HASH_SIZE];
	char session_id[RV_SESSION_ID_SIZE];
	int64_t session_ends_at_ms;

	int64_t at_ms; /* the instant of all decisions; 0: none taken yet */
	int64_t fresh_until_boot_ms;
	int64_t gate_until_ms; /* how long the gate's word holds, UTC */
	uint64_t revision;     /* the latest snapshot used; 0: none */
	const char *epoch;     /* its history */

	struct rv_answer answer;
	bool answered; /* answer is filled */
	bool wants_body;
	bool
	    unclear; /* a write may be durable: the answer that says so stays */
	bool committed; /* a write is durable in the store: the answer stays */
	bool dry_run;	/* a write that is tried, and not kept */
	/* Its change waits for the others of its group (rest/batch.h). */
	struct rv_batch_part *group_part;
	uint64_t refused_change; /* of several, from 1; 0: not known */

	struct rv_audit_fields record;
	struct rv_audit_entry entry;
	int64_t began_boot_ns;
	bool *ended; /* set when it ends within the first stage */
};

/* ---- Stages, in order -------------------------------------------------- */

/* authenticate.c: fills identity, then rv_exchange_authenticated(). */
void rv_authenticate(struct rv_exchange *x);
/* The same for a route whose credential is in the body, now in x->body. */
void rv_authenticate_body(struct rv_exchange *x);
/* Asks the door for that body. */
void rv_exchange_want_credential(struct rv_exchange *x);
void rv_exchange_authenticated(struct rv_exchange *x);
/* gate.c: true when the caller may go on; else the exchange ends. */
bool rv_gate(struct rv_exchange *x);

/*
 * The end of all handling: writes the record, waits until it is durable,
 * gives the answer to the door, frees.  The answer must be filled.
 */
void rv_exchange_finish(struct rv_exchange *x);
/* Frees it without an answer; for the pipeline's own stages. */
void rv_exchange_free(struct rv_exchange *x);
/* Called by the lane with a record that has become durable, or failed. */
void rv_exchange_recorded(struct rv_audit_entry *entry);

/*
 * Starts the way of a request that stands within another, `outer`: of the
 * same caller, whose credential is not looked at again; all else is as with
 * rv_exchange_begin().  group_part: see struct rv_exchange; may be NULL.
 */
struct rv_exchange *rv_exchange_begin_within(const struct rv_exchange *outer,
    const struct rv_door_ops *ops, void *door, const struct rv_request *request,
    struct rv_batch_part *group_part);

/* ---- For handlers ------------------------------------------------------ */

/*
 * The snapshot of this turn; read the pointer again in a later turn.  On
 * RV_ERR_STALE the exchange has been answered with 503 (not finished).
 */
RV_MUSTUSE int rv_exchange_snapshot(
    struct rv_exchange *x, const struct rv_snapshot **ret_snapshot);
/* The instant of this request's decisions: read once. */
int64_t rv_exchange_instant(struct rv_exchange *x);
/* Somebody as the engine sees them; borrows from the identity. */
struct rv_subject rv_subject_of(const struct rv_identity *identity);
/* True when the caller may Read the object that q names. */
bool rv_exchange_may_read(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_question *q);
/* Puts a verdict's facts into the audit record. */
void rv_exchange_record_verdict(
    struct rv_exchange *x, const struct rv_verdict *verdict);

/*
 * What the store's write functions want to know of the caller and of the
 * request, as JSON text in the arena (docs/store.md); NULL when out of
 * memory.  store_args.c
 */
const char *rv_exchange_actor_json(struct rv_exchange *x);
const char *rv_exchange_request_json(struct rv_exchange *x);

/* ---- Answers (answer.c) ------------------------------------------------ */

/* Adds a field to the answer; value is borrowed from the arena. */
void rv_answer_field(
    struct rv_exchange *x, const char *name, const char *value);
/* Answers with a JSON body.  Takes the reference; NULL: out of memory. */
void rv_answer_json(struct rv_exchange *x, int status, json_t *body);

/* What an error tells: status, a word for programs, a sentence. */
struct rv_problem {
	int status;
	const char *code;   /* "not_permitted", "unknown_route" */
	const char *detail; /* what was wrong, where, what to do */
	json_t *missing;    /* reference taken; NULL when nothing is named */
	json_t *objects; /* reference taken; what stands in the way, or NULL */
};
/*
 * Answers with the error form of the route: OData's below /AdminService
 * (OData JSON 4.01 section 21), RFC 9457 elsewhere; also fills outcome and
 * reason of the record.
 */
void rv_answer_problem(struct rv_exchange *x, const struct rv_problem *p);
/* The same for errors that have nothing but these to tell. */
void rv_answer_error(
    struct rv_exchange *x, int status, const char *code, const char *detail);
/* 503 with Retry-After. */
void rv_answer_unavailable(
    struct rv_exchange *x, const char *code, const char *detail);
/*
 * Answers a refused operation on an object (docs/rule.md section 8): 404
 * where the caller may not Read it, the same as for a missing one; 403 with
 * what is missing where it may; 503 when its groups are not known.
 */
void rv_answer_denied(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_question *q, const struct rv_verdict *verdict);
/*
 * What a deny lacks, as far as the caller may know it.  NULL when out of
 * memory.
 */
json_t *rv_missing_json(
    const struct rv_snapshot *s, const struct rv_verdict *verdict);

#endif
