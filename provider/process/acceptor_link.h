/*
 * The way to the acceptor process: one socket for each loop, tokens out and
 * judgements in, many at once.
 */
#ifndef PROVIDER_PROCESS_ACCEPTOR_LINK_H
#define PROVIDER_PROCESS_ACCEPTOR_LINK_H

#include "reeve/auth_kerberos.h"

struct rv_loop;
struct rv_pool;
struct rv_acceptor_link;

/*
 * A link that judges on the workers of this process; all three outlive it.
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_acceptor_link_new(struct rv_loop *loop, struct rv_pool *pool,
    const struct rv_acceptor *acceptor, struct rv_acceptor_link **ret_link);
/*
 * After the loop has stopped; done() is not called for what still waits.
 * *link may be NULL and becomes NULL.
 */
void rv_acceptor_link_free(struct rv_acceptor_link **link);

/*
 * One question.  Its memory is the asker's; it belongs to the link until
 * done() is called, on the loop, exactly once.
 */
struct rv_accept_call {
	struct rv_slice token; /* decoded; copied by rv_acceptor_ask() */
	struct rv_slice bindings[RV_BINDINGS_MAX];
	size_t n_bindings;
	/* accepted is valid during the call; the buffers may be taken. */
	void (*done)(struct rv_accept_call *call, struct rv_accepted *accepted);
	void *arg;
	uint64_t id;		     /* used by the link */
	struct rv_accept_call *next; /* used by the link */
};

/*
 * Only on the loop's thread.  RV_ERR_LIMIT when too many wait; RV_ERR_NOMEM;
 * RV_ERR_UNAVAILABLE when the process is gone.  Else done() comes, with
 * RV_REFUSED_INTERNAL when no answer came within 5 s.
 */
RV_MUSTUSE int rv_acceptor_ask(
    struct rv_acceptor_link *link, struct rv_accept_call *call);

#endif
