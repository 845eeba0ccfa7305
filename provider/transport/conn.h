/*
 * One HTTP/1.1 connection over TLS: the door (pipeline/door.h) through
 * which its requests go, one after the other.
 *
 *   handshake -> head -> in the pipeline <-> body
 *                  ^            |
 *                  |         writing -> discard (rest of a small body)
 *                  +------------+---------+
 *                               +-> linger -> closed
 *
 * A second request is read only when the first has been answered; what
 * comes earlier waits, within bounds.  After a fault, or an answer that
 * ends the connection, nothing that came with it is ever read as a
 * request.  A peer that ends its side while its request is in the pipeline
 * is gone: the request is told so, and nobody is answered.
 *
 * Times: authentication_timeout from the connection to the first request
 * that signs in, unless all that is asked is open to everybody;
 * header_timeout from the connection (or the first byte of a later
 * request) to the end of the head; body_timeout from the moment in which
 * the pipeline wants the body; write_timeout from the last byte that was
 * taken; idle_timeout from the end of an answer.
 */
#ifndef PROVIDER_TRANSPORT_CONN_H
#define PROVIDER_TRANSPORT_CONN_H

#include <sys/queue.h>
#include <sys/socket.h>

#include "reeve/base.h"

#include "http/http1_write.h"
#include "loop/loop.h"

struct rv_config;
struct rv_conn;
struct rv_tls;

LIST_HEAD(rv_conns, rv_conn);

/* What the connections of one loop share; only on that loop. */
struct rv_conn_host {
	struct rv_loop *loop;
	const struct rv_config *config;
	struct rv_tls *tls;
	struct rv_conns conns;
	size_t live;
	bool draining; /* every answer ends its connection */
	struct rv_http1_date date;
	char *scratch; /* RV_CONN_SCRATCH bytes to read into */
	/* Somebody has signed in on one; one is gone. */
	void (*authenticated)(struct rv_conn_host *host);
	void (*closed)(struct rv_conn_host *host, bool was_authenticated);
};

#define RV_CONN_SCRATCH 16384u

/*
 * Begins a connection on an accepted, non-blocking socket, which it takes,
 * also on failure.  It ends itself; host->closed() is called then, and
 * only then.  demanding: not without a certificate of the peer.
 */
RV_MUSTUSE int rv_conn_open(struct rv_conn_host *host, bool demanding, int fd,
    const struct sockaddr *peer);
/*
 * Ends, politely, those that wait for a request; every other one ends with
 * its next answer.
 */
void rv_conn_host_drain(struct rv_conn_host *host);
/* Ends all of them now; their requests are told that the peer is gone. */
void rv_conn_host_end(struct rv_conn_host *host);

#endif
