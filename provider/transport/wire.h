/*
 * One TLS connection on a non-blocking socket, server side: OpenSSL right
 * on the descriptor.  Belongs to one loop.
 *
 * SIGPIPE must be ignored by the process: OpenSSL writes to sockets
 * without MSG_NOSIGNAL.
 */
#ifndef PROVIDER_TRANSPORT_WIRE_H
#define PROVIDER_TRANSPORT_WIRE_H

#include <openssl/ssl.h>

#include "reeve/base.h"

struct rv_tls;
struct rv_tls_binding;

enum rv_wire_result {
	RV_WIRE_OK,
	RV_WIRE_AGAIN, /* wait for the socket; see wants_write */
	RV_WIRE_END,   /* the peer has ended, or broke the protocol */
};

struct rv_wire {
	SSL *ssl;
	int fd;
	struct rv_buf out; /* what is to be sent */
	size_t sent;	   /* of out */
	bool established;
	bool wants_write;  /* the last step waits for room in the socket */
	unsigned renewals; /* handshake messages after the handshake */
};

/*
 * Takes the descriptor, also on failure (RV_ERR_NOMEM).  The wire must not
 * move afterwards.  demanding and the binding: as rv_tls_accept().
 */
RV_MUSTUSE int rv_wire_init(struct rv_wire *w, struct rv_tls *tls,
    bool demanding, int fd, struct rv_tls_binding *ret_binding);
void rv_wire_fini(struct rv_wire *w);

/* Goes on with the handshake. */
RV_MUSTUSE enum rv_wire_result rv_wire_handshake(struct rv_wire *w);
/* Reads what is there, at most size bytes, at least one when OK. */
RV_MUSTUSE enum rv_wire_result rv_wire_read(
    struct rv_wire *w, char *p, size_t size, size_t *ret_n);
/* True when bytes were taken from the socket that no read returned yet. */
bool rv_wire_has_pending(const struct rv_wire *w);
/* Sends out; OK when all of it is with the kernel: out is empty again. */
RV_MUSTUSE enum rv_wire_result rv_wire_flush(struct rv_wire *w);
/* Says close_notify and that nothing more will be sent. */
void rv_wire_shutdown(struct rv_wire *w);
/* After the shutdown: drops what still comes. */
RV_MUSTUSE enum rv_wire_result rv_wire_drop(struct rv_wire *w);
/* Makes the coming close() forget unsent bytes (RST). */
void rv_wire_abort(struct rv_wire *w);

#endif
