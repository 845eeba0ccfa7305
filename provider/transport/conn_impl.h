/*
 * Between conn.c (events, times, bytes) and conn_http.c (requests and
 * answers).  Nobody else includes this.
 */
#ifndef PROVIDER_TRANSPORT_CONN_IMPL_H
#define PROVIDER_TRANSPORT_CONN_IMPL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "http/chunk.h"
#include "http/http1.h"
#include "pipeline/door.h"
#include "transport/conn.h"
#include "transport/tls.h"
#include "transport/wire.h"

#define RV_CONN_NEVER INT64_MAX

enum rv_conn_state {
	RV_CONN_HANDSHAKE,
	RV_CONN_HEAD, /* idle until its first byte */
	RV_CONN_PIPELINE,
	RV_CONN_BODY,
	RV_CONN_WRITING,
	RV_CONN_DISCARD,
	RV_CONN_LINGER,
};

struct rv_conn {
	struct rv_conn_host *host;
	LIST_ENTRY(rv_conn) link;
	struct rv_wire wire;
	struct rv_peer peer;
	enum rv_conn_state state;

	struct event readable, writable, timer, kick;
	bool reading, writing; /* the events that are added */
	int64_t deadline_ms;   /* of the state, or RV_CONN_NEVER */
	int64_t armed_ms;      /* when the timer fires; never later */

	struct rv_slice input; /* read, not yet taken */
	struct rv_buf kept;    /* holds the input between turns */
	bool in_scratch;       /* or the host's scratch does, in a turn */

	struct rv_http1_reader reader;
	bool head_began; /* header_timeout runs */
	struct rv_exchange *x;
	bool wants_body;
	bool head_only; /* the answer to a HEAD */
	bool closing;	/* no request after this one */
	size_t body_max;
	struct rv_buf body;
	uint64_t body_left; /* not yet taken; of known length */
	bool body_ended;    /* all of it was taken */
	bool body_invited;  /* the peer is bound to send it */
	struct rv_chunk_reader chunks;

	struct rv_tls_binding binding; /* what peer.binding borrows */
	int64_t sign_in_ms;	       /* until when somebody has to sign in */
	bool authenticated;	       /* somebody has signed in on it */
	bool was_open;		       /* an answer did not ask for anybody, */
	bool was_refused;	       /* and one did */
	bool running; /* within its own events: work() will go on */
	bool ended;   /* the peer sends nothing more */
	bool dead;    /* to be freed at the end of the turn */
};

/* ---- conn.c --------------------------------------------------------- */

void rv_conn_set_deadline(struct rv_conn *c, int64_t timeout_ms);
/* Nobody has signed in in time, nor is it all open to everybody. */
bool rv_conn_is_overdue(const struct rv_conn *c);
/* Begins the end: nothing is sent or understood any more. */
void rv_conn_linger(struct rv_conn *c);
void rv_conn_took(struct rv_conn *c, size_t n);
/* Goes on in an event of its own, as soon as the present one is over. */
void rv_conn_kick(struct rv_conn *c);
/* Adds and deletes events to suit the state, outside of its own turns. */
void rv_conn_settle(struct rv_conn *c);

/* ---- conn_http.c ---------------------------------------------------- */

/* Each takes from the input and may change the state. */
void rv_conn_take_head(struct rv_conn *c);
void rv_conn_take_body(struct rv_conn *c);
void rv_conn_discard(struct rv_conn *c);
/* The pipeline has asked for the body. */
void rv_conn_begin_body(struct rv_conn *c);
/* The answer is with the kernel. */
void rv_conn_answered(struct rv_conn *c);
void rv_conn_reject(struct rv_conn *c, const struct rv_http1_fault *fault);
void rv_conn_fail_body(struct rv_conn *c, int status, const char *reason);

#endif
