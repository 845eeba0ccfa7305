/*
 * Full TLS 1.3 handshakes through the provider's transport, against a bare
 * loop of accept() and SSL_accept() with the same settings of OpenSSL: how
 * many a second of the server's processor.  Client and server are threads of
 * one program; only the server's processor time counts.
 *
 * With a client certificate the bare server verifies chain and CRL within
 * the handshake.  Ours proves the key there and judges later, so the cost of
 * one judgement is added to it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "bench/kit.h"
#include "config/config.h"
#include "loop/loop.h"
#include "transport/listener.h"
#include "transport/tls.h"
#include "unit/auth/pki_run.h"

#define HANDSHAKES 400u
#define WARM	   50u

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

static double
cpu_s(pthread_t thread)
{
	struct timespec t;
	clockid_t clock;

	need(pthread_getcpuclockid(thread, &clock) == 0 &&
		 clock_gettime(clock, &t) == 0,
	    "no clock of a thread");
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- The client ----------------------------------------------------- */

static SSL_CTX *
client_new(bool certified)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	need(ctx != NULL &&
		 SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1,
	    "no client");
	/* Whoever is told that nothing more comes may just close. */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (certified)
		need(SSL_CTX_use_certificate_file(
			 ctx, pki_path("sid.pem"), SSL_FILETYPE_PEM) == 1 &&
			 SSL_CTX_use_PrivateKey_file(
			     ctx, pki_path("sid.key"), SSL_FILETYPE_PEM) == 1,
		    "no certificate for the client");
	return ctx;
}

/* A whole connection: the server has seen its end when this returns. */
static void
connect_once(SSL_CTX *ctx, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(ctx);
	char byte;
	int on = 1, n;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	need(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0, "connect");
	need(SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1, "handshake");
	(void)SSL_shutdown(ssl);
	(void)shutdown(fd, SHUT_WR);
	/* What the server thinks of the certificate is read here. */
	n = SSL_read(ssl, &byte, 1);
	need(n <= 0 && SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN,
	    "the server has refused the handshake");
	SSL_free(ssl);
	(void)close(fd);
}

/* Handshakes for each second that the server has worked. */
static double
rate(pthread_t server, uint16_t port, bool certified)
{
	SSL_CTX *ctx = client_new(certified);
	double spent;

	for (unsigned i = 0; i < WARM; i++)
		connect_once(ctx, port);
	spent = cpu_s(server);
	for (unsigned i = 0; i < HANDSHAKES; i++)
		connect_once(ctx, port);
	spent = cpu_s(server) - spent;
	SSL_CTX_free(ctx);
	return HANDSHAKES / spent;
}

/* ---- Ours ----------------------------------------------------------- */

struct ours {
	struct rv_config config;
	struct rv_tls *tls;
	struct rv_endpoints *endpoints;
	struct rv_loop *loop;
	struct rv_listener *listener;
	struct rv_task task;
	pthread_t thread; /* of the loop */
	atomic_bool known;
};

static void
on_loop(void *arg)
{
	struct ours *o = arg;

	o->thread = pthread_self();
	atomic_store(&o->known, true);
}

static void
ours_start(struct ours *o, const struct rv_trust *trust)
{
	static const char *const any[] = { "127.0.0.1:0" };
	struct rv_error e = { "" };
	struct rv_listener_args args;

	*o = (struct ours){ .config = { .listen = { any, 1 },
				.tls_certificate = pki_path("server-only.pem"),
				.tls_key = pki_path("server-only.key"),
				.max_connections = 64,
				.max_unauthenticated = 64,
				.max_header = 98304,
				.max_body = 100000,
				.authentication_timeout = 10000,
				.header_timeout = 10000,
				.body_timeout = 10000,
				.idle_timeout = 10000,
				.write_timeout = 10000 } };
	bench_need(rv_tls_new(&o->config, &o->tls, &e), &e, "TLS");
	bench_need(rv_tls_set_trust(o->tls, trust, &e), &e, "trust");
	bench_need(
	    rv_endpoints_new(&o->config, &o->endpoints, &e), &e, "addresses");
	bench_need(rv_loop_new(NULL, 0, &o->loop, &e), &e, "loop");
	args = (struct rv_listener_args){ o->loop, &o->config, o->tls,
		o->endpoints };
	bench_need(rv_listener_new(&args, &o->listener, &e), &e, "listener");
	bench_need(rv_loop_start(o->loop, &e), &e, "start");
	o->task = (struct rv_task){ .fn = on_loop, .arg = o };
	rv_loop_post(o->loop, &o->task);
	while (!atomic_load(&o->known))
		(void)usleep(100);
}

static void
ours_stop(struct ours *o)
{
	rv_loop_stop(o->loop);
	rv_listener_free(&o->listener);
	rv_loop_free(&o->loop);
	rv_endpoints_free(&o->endpoints);
	rv_tls_free(&o->tls);
}

/* ---- The bare server ------------------------------------------------ */

struct bare {
	SSL_CTX *ctx;
	int fd;
	uint16_t port;
	pthread_t thread;
};

static void
serve_one(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);
	char byte;

	need(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "no memory");
	if (SSL_accept(ssl) == 1) {
		(void)SSL_read(ssl, &byte, 1);
		(void)SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	(void)close(fd);
}

static void *
serve(void *arg)
{
	struct bare *b = arg;
	int fd;

	while ((fd = accept4(b->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve_one(b->ctx, fd);
	return NULL;
}

/* As transport/tls.c sets it up. */
static SSL_CTX *
bare_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	need(ctx != NULL, "no context");
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1);
	need(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
		 SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
		 SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1 &&
		 SSL_CTX_use_certificate_chain_file(
		     ctx, pki_path("server-only.pem")) == 1 &&
		 SSL_CTX_use_PrivateKey_file(
		     ctx, pki_path("server-only.key"), SSL_FILETYPE_PEM) == 1,
	    "the bare server cannot be set up");
	return ctx;
}

static void
bare_verify(SSL_CTX *ctx)
{
	X509_STORE *store = X509_STORE_new();

	need(store != NULL &&
		 X509_STORE_load_file(store, pki_path("users-ca.pem")) == 1 &&
		 X509_STORE_load_file(store, pki_path("users-ca.crl")) == 1 &&
		 X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT |
						 X509_V_FLAG_CRL_CHECK |
						 X509_V_FLAG_CRL_CHECK_ALL |
						 X509_V_FLAG_POLICY_CHECK) == 1,
	    "no store");
	need(SSL_CTX_set1_verify_cert_store(ctx, store) == 1, "no store");
	X509_STORE_free(store);
	SSL_CTX_set_verify(
	    ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static void
bare_start(struct bare *b, bool certified)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b->ctx = bare_context();
	if (certified)
		bare_verify(b->ctx);
	b->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(bind(b->fd, (struct sockaddr *)&a, n) == 0 &&
		 listen(b->fd, SOMAXCONN) == 0 &&
		 getsockname(b->fd, (struct sockaddr *)&a, &n) == 0,
	    "cannot listen");
	b->port = ntohs(a.sin_port);
	need(pthread_create(&b->thread, NULL, serve, b) == 0, "no thread");
}

static void
bare_stop(struct bare *b)
{
	(void)shutdown(b->fd, SHUT_RDWR);
	(void)pthread_join(b->thread, NULL);
	(void)close(b->fd);
	SSL_CTX_free(b->ctx);
}

/* ---- Both ----------------------------------------------------------- */

static const struct rv_trust *
load_trust(void)
{
	static const char *const domains[] = { PKI_DOMAIN };
	const char *const lists[] = { pki_path("users-ca.crl") };
	const struct rv_authority a = { .source = "people",
		.certificate = pki_path("users-ca.pem"),
		.crls = { lists, 1 },
		.crl_required = true,
		.sid_domains = { domains, 1 } };
	const struct rv_trust *trust = NULL;
	struct rv_error e = { "" };

	bench_need(
	    rv_trust_load(&a, 1, pki_now_ms(), &trust, &e), &e, "authorities");
	return trust;
}

/* Seconds of one judgement. */
static double
judge_s(const struct rv_trust *trust)
{
	X509 *leaf = pki_leaf("sid");
	double spent = cpu_s(pthread_self());
	char detail[256];

	for (unsigned i = 0; i < HANDSHAKES; i++) {
		struct rv_evidence ev;

		need(rv_certificate_judge(trust, leaf, NULL, pki_now_ms(), &ev,
			 detail) == RV_REFUSED_NOT,
		    "a good certificate was refused");
		rv_evidence_fini(&ev);
	}
	spent = cpu_s(pthread_self()) - spent;
	X509_free(leaf);
	return spent / HANDSHAKES;
}

static void
measure(const struct rv_trust *trust, bool certified)
{
	struct ours ours;
	struct bare bare;
	double value, against;

	ours_start(&ours, certified ? trust : NULL);
	bare_start(&bare, certified);
	value = rate(ours.thread, rv_endpoints_port(ours.endpoints), certified);
	against = rate(bare.thread, bare.port, certified);
	if (certified)
		value = 1 / (1 / value + judge_s(trust));
	ours_stop(&ours);
	bare_stop(&bare);
	bench_print(&(struct bench_result){
	    .name = certified ? "TLS 1.3 handshakes, client certificate"
			      : "TLS 1.3 handshakes",
	    .value = value,
	    .unit = "/s of CPU",
	    .against = "a bare server",
	    .against_value = against,
	    .goal = certified ? 0.7 : 0.85,
	    .higher_is_better = true });
}

int
main(int argc, char **argv)
{
	const unsigned runs = bench_runs(argc, argv);
	const struct rv_trust *trust;

	need(pki_run(), "tests/lab/pki.py has failed");
	trust = load_trust();
	for (unsigned i = 0; i < runs; i++) {
		measure(trust, false);
		measure(trust, true);
	}
	rv_trust_unref(&trust);
	pki_remove();
	return 0;
}
