/*
 * The way to the acceptor process: one socket for each loop, tokens out and
 * judgements in, many at once.
 */
#ifndef PROVIDER_PROCESS_ACCEPTOR_LINK_H
#define PROVIDER_PROCESS_ACCEPTOR_LINK_H

#include "reeve/auth_kerberos.h"

struct rv_loop;
struct rv_acceptor_link;

/*
 * Over fd, one end of a SOCK_SEQPACKET socketpair(2), which the link closes
 * at its end also when it could not be made.  Before the loop runs; the loop
 * outlives it.  RV_ERR_NOMEM; RV_ERR_IO.
 */
RV_MUSTUSE int rv_acceptor_link_new(
    struct rv_loop *loop, int fd, struct rv_acceptor_link **ret_link);
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

/* Questions of one link that may wait for their answers. */
#define RV_ACCEPTOR_LINK_WAITING 256u

/*
 * Only on the loop's thread.  RV_ERR_LIMIT when too many wait, or for a
 * token or a binding that is too long; RV_ERR_NOMEM;
 * RV_ERR_UNAVAILABLE when the process is gone.  Else done() comes, with
 * RV_REFUSED_INTERNAL when no answer came within 5 s.
 */
RV_MUSTUSE int rv_acceptor_ask(
    struct rv_acceptor_link *link, struct rv_accept_call *call);

#endif
