/*
 * Where connections come from.  Every loop has a listener of its own with
 * a socket for each address (SO_REUSEPORT: the kernel spreads connections
 * over them); what they share is in struct rv_endpoints.
 */
#ifndef PROVIDER_TRANSPORT_LISTENER_H
#define PROVIDER_TRANSPORT_LISTENER_H

#include "reeve/base.h"

struct rv_config;
struct rv_endpoints;
struct rv_listener;
struct rv_loop;
struct rv_tls;

/*
 * Reads the addresses of `listen` and of `listen_certificate`: ADDRESS:PORT,
 * [ADDRESS]:PORT, numbers only.  RV_ERR_INVALID names the wrong one.  Makes the process ignore
 * SIGPIPE, which a peer that closes early would cause.
 */
RV_MUSTUSE int rv_endpoints_new(const struct rv_config *config,
    struct rv_endpoints **ret_endpoints, struct rv_error *e);
/*
 * As root: binds the addresses with a port below 1024 for so many loops,
 * since the listeners are made after the process has become a user.
 * RV_ERR_IO when one is taken.
 */
RV_MUSTUSE int rv_endpoints_bind(struct rv_endpoints *endpoints,
    const struct rv_config *config, size_t loops, struct rv_error *e);
/* After the last listener.  *endpoints may be NULL and becomes NULL. */
void rv_endpoints_free(struct rv_endpoints **endpoints);
/* The port of the first address, known once a listener is made. */
uint16_t rv_endpoints_port(const struct rv_endpoints *endpoints);
/* That of the first one that demands certificates; 0: there is none. */
uint16_t rv_endpoints_certificate_port(const struct rv_endpoints *endpoints);
/* Connections of all listeners.  Any thread. */
size_t rv_endpoints_live(const struct rv_endpoints *endpoints);
/* Those on which nobody has signed in.  Any thread. */
size_t rv_endpoints_unauthenticated(const struct rv_endpoints *endpoints);

struct rv_listener_args {
	struct rv_loop *loop;
	const struct rv_config *config; /* outlives the listener, */
	struct rv_tls *tls;		/* as do these two */
	struct rv_endpoints *endpoints;
};

/*
 * Opens the loop's sockets; connections are taken once the loop runs.
 * Make the listeners of all loops one after the other, before the loops
 * start: for port 0 the first takes a free one, the others the same.
 * RV_ERR_IO when an address cannot be bound.
 *
 * With max_connections in all, or no descriptor left, it takes no more
 * until one has ended or a short time has passed.  From half of
 * max_unauthenticated on, a new one may be closed at once: at random, the
 * more likely the nearer to it.
 */
RV_MUSTUSE int rv_listener_new(const struct rv_listener_args *args,
    struct rv_listener **ret_listener, struct rv_error *e);
/*
 * On the loop's thread, or after the loop has stopped.  Ends all its
 * connections at once.  *listener may be NULL and becomes NULL.
 */
void rv_listener_free(struct rv_listener **listener);

/* ---- Only on the loop's thread -------------------------------------- */

/* Takes what waits in the queue, then closes the sockets for good. */
void rv_listener_stop_accepting(struct rv_listener *listener);
/*
 * Ends connections that wait for a request; every other one ends with its
 * next answer.
 */
void rv_listener_close_idle(struct rv_listener *listener);
/* Connections of this listener. */
size_t rv_listener_live(const struct rv_listener *listener);

#endif
