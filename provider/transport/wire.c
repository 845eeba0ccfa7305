#include "transport/wire.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "transport/tls.h"

/*
 * Key updates (RFC 8446 section 4.6.3) that one connection may ask for.  A
 * key lasts for 2^24 records, so that more is an attack on the processor.
 */
#define MAX_RENEWALS 32u
/* Memory that a connection keeps between two answers. */
#define KEPT_BYTES 16384u
/* Bytes of a refused request that are taken off the socket at once. */
#define DROP_BYTES 65536

static void
on_message(int sent, int version, int type, const void *p, size_t n, SSL *ssl,
    void *arg)
{
	struct rv_wire *w = arg;

	(void)version;
	(void)p;
	(void)n;
	(void)ssl;
	if (sent != 0 || type != SSL3_RT_HANDSHAKE || !w->established)
		return;
	/* OpenSSL would go on within one SSL_read(): end the input. */
	if (++w->renewals > MAX_RENEWALS)
		(void)shutdown(w->fd, SHUT_RDWR);
}

int
rv_wire_init(struct rv_wire *w, struct rv_tls *tls, bool demanding, int fd,
    struct rv_tls_binding *ret_binding)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	rv_buf_init(&w->out, 0);
	w->ssl = rv_tls_accept(tls, demanding, ret_binding);
	if (w->ssl == NULL || SSL_set_fd(w->ssl, fd) != 1) {
		ERR_clear_error();
		rv_wire_fini(w);
		return RV_ERR_NOMEM;
	}
	SSL_set_msg_callback(w->ssl, on_message);
	SSL_set_msg_callback_arg(w->ssl, w);
	return RV_OK;
}

void
rv_wire_fini(struct rv_wire *w)
{
	SSL_free(w->ssl);
	w->ssl = NULL;
	if (w->fd >= 0)
		(void)close(w->fd);
	w->fd = -1;
	rv_buf_fini(&w->out);
}

/* What a call that returned n <= 0 waits for. */
static enum rv_wire_result
judge(struct rv_wire *w, int n)
{
	int error = SSL_get_error(w->ssl, n);

	if (error == SSL_ERROR_WANT_WRITE) {
		w->wants_write = true;
		return RV_WIRE_AGAIN;
	}
	if (error == SSL_ERROR_WANT_READ)
		return RV_WIRE_AGAIN;
	/* SSL_shutdown() must not be called after a fatal error. */
	if (error != SSL_ERROR_ZERO_RETURN)
		w->established = false;
	ERR_clear_error();
	return RV_WIRE_END;
}

/* SSL_get_error() looks into the thread's queue: no old errors there. */
static void
begin_step(struct rv_wire *w)
{
	ERR_clear_error();
	w->wants_write = false;
}

enum rv_wire_result
rv_wire_handshake(struct rv_wire *w)
{
	int n;

	begin_step(w);
	n = SSL_do_handshake(w->ssl);
	if (n != 1)
		return judge(w, n);
	if (!rv_tls_is_good(w->ssl))
		return RV_WIRE_END;
	w->established = true;
	return RV_WIRE_OK;
}

enum rv_wire_result
rv_wire_read(struct rv_wire *w, char *p, size_t size, size_t *ret_n)
{
	int n;

	begin_step(w);
	n = SSL_read(w->ssl, p, size < INT_MAX ? (int)size : INT_MAX);
	if (n <= 0)
		return judge(w, n);
	*ret_n = (size_t)n;
	return RV_WIRE_OK;
}

bool
rv_wire_has_pending(const struct rv_wire *w)
{
	return SSL_has_pending(w->ssl) == 1;
}

enum rv_wire_result
rv_wire_flush(struct rv_wire *w)
{
	begin_step(w);
	while (w->sent < w->out.n) {
		size_t left = w->out.n - w->sent;
		int n = SSL_write(w->ssl, w->out.p + w->sent,
		    left < INT_MAX ? (int)left : INT_MAX);

		if (n <= 0)
			return judge(w, n);
		w->sent += (size_t)n;
	}
	w->sent = 0;
	if (w->out.cap > KEPT_BYTES)
		rv_buf_fini(&w->out);
	else
		rv_buf_reset(&w->out);
	return RV_WIRE_OK;
}

void
rv_wire_shutdown(struct rv_wire *w)
{
	begin_step(w);
	if (w->established)
		(void)SSL_shutdown(w->ssl);
	ERR_clear_error();
	w->established = false;
	(void)shutdown(w->fd, SHUT_WR);
}

enum rv_wire_result
rv_wire_drop(struct rv_wire *w)
{
	char scrap[4096];
	ssize_t n = 1;

	for (size_t all = 0; n > 0 && all < DROP_BYTES; all += (size_t)n) {
		do
			n = recv(w->fd, scrap, sizeof(scrap), 0);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return errno == EAGAIN ? RV_WIRE_AGAIN : RV_WIRE_END;
	}
	return n == 0 ? RV_WIRE_END : RV_WIRE_AGAIN;
}

void
rv_wire_abort(struct rv_wire *w)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}
