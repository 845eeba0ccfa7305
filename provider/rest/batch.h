/*
 * Several requests in one: $batch in JSON (OData JSON Format 4.01 section
 * 19).  Each request goes the whole way from the gate on as if it had come
 * alone: decision, answer, record.  They are run in their order, one after
 * another.  All on the loop of the outer exchange; all memory is its arena's
 * where nothing else is said.
 */
#ifndef PROVIDER_REST_BATCH_H
#define PROVIDER_REST_BATCH_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "rest/store_write.h"

#define RV_BATCH_MAX   100u	  /* requests */
#define RV_BATCH_BYTES (1u << 20) /* of the body of all */

/* A change that waits for the others of its group. */
struct rv_change_held {
	json_t *changes;     /* an array; the reference goes along */
	const char *request; /* what the store is told of it; JSON */
	rv_write_answer *answer;
	void *arg;
};

struct rv_batch;

/* One request of a batch. */
struct rv_batch_part {
	struct rv_batch *batch;
	/* As it was read. */
	struct rv_slice id;
	struct rv_slice group; /* absent: in none */
	size_t *depends;       /* on these parts, each before this one */
	size_t n_depends;
	struct rv_request request;
	struct rv_slice body;
	/* As it goes. */
	struct rv_exchange *x; /* NULL before it has begun, and at its end */
	bool wants_body;       /* asked for before x was known */
	bool was_held, is_held, leads;
	struct rv_change_held held;
	int status; /* 0: not answered */
};

struct rv_batch {
	struct rv_exchange *x; /* the outer one */
	struct rv_batch_part *parts;
	size_t n;
	size_t next;	/* to be begun */
	size_t open;	/* begun, not answered, not held */
	bool advancing; /* the loop that begins them runs */
	bool continues; /* after a failure: Prefer: continue-on-error */
	bool failed;
	/* The group whose changes are being collected; absent: none. */
	struct rv_slice group;
	size_t group_at; /* its first part */
	bool group_failed;
	size_t reserved; /* records of it in the audit log */
	const char *key; /* Idempotency-Key, or NULL */
	struct rv_buf out;
};

/* POST .../$batch */
void rv_rest_batch(struct rv_exchange *x);

/*
 * Reads all requests and everything that is wrong with them, before any of
 * them begins.  False: the exchange is answered (not finished).
 */
bool rv_batch_read(struct rv_batch *b, const json_t *body);

/* Of an exchange with a group_part: keeps it and its change. */
void rv_batch_hold(struct rv_exchange *x, const struct rv_change_held *held);

/*
 * The group is complete: makes its changes in one revision, or, when one has
 * failed, answers those that are held.
 */
void rv_batch_group_end(struct rv_batch *b);
/* The part that leads its group is answered: so are the others, if not yet. */
void rv_batch_group_led(
    struct rv_batch_part *leader, const struct rv_answer *answer);
/*
 * The part whose change the store has refused, as the leader's exchange was
 * told; NULL when that is not known.
 */
struct rv_batch_part *rv_batch_refused(const struct rv_batch_part *leader);

#endif
