#include "transport/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "reeve/auth_certificate.h"

#include "config/config.h"
#include "transport/tls_own.h"

/* The index of the choice in params.h. */
#define TLS_MINIMUM_1_2 1
/* What a client may send as its chain: more is no chain of people. */
#define CLIENT_CHAIN_BYTES 32768
#define CLIENT_SIGALGS                                                     \
	"ECDSA+SHA256:ECDSA+SHA384:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:" \
	"RSA+SHA256:RSA+SHA384" /* of chains: TLS 1.3 signs with PSS */
#define DAY_MS ((int64_t)86400000)

struct rv_tls {
	pthread_mutex_t mutex; /* of all that follows */
	SSL_CTX *ctx;
	struct rv_tls_binding binding;
	bool with_1_2;
};

/* ---- Context -------------------------------------------------------- */

/* RFC 7301: a client that names protocols must name ours. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	static const unsigned char http1[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	for (unsigned i = 0; i < in_n; i += 1u + in[i]) {
		if (in_n - i < sizeof(http1) - 1 ||
		    memcmp(in + i, http1, sizeof(http1) - 1) != 0)
			continue;
		*out = in + i + 1;
		*out_n = in[i];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
restrict_protocol(SSL_CTX *ctx, bool with_1_2)
{
	int lowest = with_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;

	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx, rv_tls_no_passphrase);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(ctx, lowest) == 1 &&
	       SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_cipher_list(
		   ctx, "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK:!aNULL") == 1 &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1;
}

/*
 * Buffers go when a connection is idle; one read() takes header and body
 * of a record, and those after it; a write may end anywhere and go on from
 * a buffer that has moved.
 */
static void
tune(SSL_CTX *ctx)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
}

/* ---- Certificates of clients ---------------------------------------- */

/*
 * Here the client proves to have the key, no more: whether the certificate
 * is good is judged at each of its requests (rv_certificate_judge()), with
 * an answer and a record of the reason, and with the CRLs of that moment.
 */
static int
on_certificate(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/*
 * Below TLS 1.3 no certificate is asked for: there it would go over the
 * wire in the clear.
 */
static int
on_version(SSL *ssl, void *arg)
{
	(void)arg;
	if (SSL_version(ssl) < TLS1_3_VERSION)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	return 1;
}

static bool
ask_for_certificates(SSL_CTX *ctx, const struct rv_trust *trust)
{
	STACK_OF(X509_NAME) * names;

	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, NULL);
	SSL_CTX_set_cert_cb(ctx, on_version, NULL);
	SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_BYTES);
	if (SSL_CTX_set1_client_sigalgs_list(ctx, CLIENT_SIGALGS) != 1)
		return false;
	if (trust == NULL || sk_X509_NAME_num(rv_trust_names(trust)) == 0)
		return true;
	names = SSL_dup_CA_list(rv_trust_names(trust));
	if (names == NULL)
		return false;
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return true;
}

/* ---- Beginning, change and end -------------------------------------- */

static int
context_new(bool with_1_2, const struct rv_trust *trust, SSL_CTX **ret_ctx,
    struct rv_error *e)
{
	SSL_CTX *ctx;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL) {
		rv_error_set(e, "cannot set up TLS: out of memory");
		return RV_ERR_NOMEM;
	}
	tune(ctx);
	if (!restrict_protocol(ctx, with_1_2) ||
	    !ask_for_certificates(ctx, trust)) {
		rv_error_set(e, "cannot set up TLS: %s", rv_tls_reason());
		SSL_CTX_free(ctx);
		ERR_clear_error();
		return RV_ERR_INTERNAL;
	}
	*ret_ctx = ctx;
	return RV_OK;
}

/* Takes ctx; from now on new connections get it. */
static void
put_in_force(struct rv_tls *tls, SSL_CTX *ctx,
    const struct rv_tls_binding *binding, bool with_1_2)
{
	SSL_CTX *old;

	(void)pthread_mutex_lock(&tls->mutex);
	old = tls->ctx;
	tls->ctx = ctx;
	tls->binding = *binding;
	tls->with_1_2 = with_1_2;
	(void)pthread_mutex_unlock(&tls->mutex);
	/* Connections hold references of their own. */
	SSL_CTX_free(old);
}

int
rv_tls_reload(struct rv_tls *tls, const struct rv_config *config,
    const struct rv_trust *trust, struct rv_error *e)
{
	bool with_1_2 = config->tls_minimum == TLS_MINIMUM_1_2;
	struct rv_tls_binding binding = { .n = 0 };
	SSL_CTX *ctx = NULL;
	int r = context_new(with_1_2, trust, &ctx, e);

	if (r == RV_OK)
		r = rv_tls_use_own(ctx, config, e);
	if (r == RV_OK)
		r = rv_tls_bind(ctx, config, &binding, e);
	if (r == RV_OK)
		put_in_force(tls, ctx, &binding, with_1_2);
	else
		SSL_CTX_free(ctx);
	ERR_clear_error();
	return r;
}

int
rv_tls_set_trust(
    struct rv_tls *tls, const struct rv_trust *trust, struct rv_error *e)
{
	struct rv_tls_binding binding;
	SSL_CTX *ctx = NULL, *old;
	bool with_1_2;
	int r;

	(void)pthread_mutex_lock(&tls->mutex);
	old = tls->ctx;
	binding = tls->binding;
	with_1_2 = tls->with_1_2;
	/* Fails only when the count would overflow. */
	(void)SSL_CTX_up_ref(old);
	(void)pthread_mutex_unlock(&tls->mutex);
	r = context_new(with_1_2, trust, &ctx, e);
	if (r == RV_OK)
		r = rv_tls_use_same(ctx, old, e);
	if (r == RV_OK)
		put_in_force(tls, ctx, &binding, with_1_2);
	else
		SSL_CTX_free(ctx);
	SSL_CTX_free(old);
	ERR_clear_error();
	return r;
}

int
rv_tls_new(
    const struct rv_config *config, struct rv_tls **ret_tls, struct rv_error *e)
{
	struct rv_tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (tls == NULL) {
		rv_error_set(e, "cannot set up TLS: out of memory");
		return RV_ERR_NOMEM;
	}
	/* Cannot fail without attributes. */
	(void)pthread_mutex_init(&tls->mutex, NULL);
	r = rv_tls_reload(tls, config, NULL, e);
	if (r == RV_OK)
		*ret_tls = tls;
	else
		rv_tls_free(&tls);
	return r;
}

void
rv_tls_free(struct rv_tls **tls)
{
	struct rv_tls *t = *tls;

	if (t == NULL)
		return;
	*tls = NULL;
	SSL_CTX_free(t->ctx);
	(void)pthread_mutex_destroy(&t->mutex);
	free(t);
}

/* ---- Connections ---------------------------------------------------- */

SSL *
rv_tls_accept(
    struct rv_tls *tls, bool demanding, struct rv_tls_binding *ret_binding)
{
	SSL *ssl;

	(void)pthread_mutex_lock(&tls->mutex);
	ssl = SSL_new(tls->ctx);
	*ret_binding = tls->binding;
	(void)pthread_mutex_unlock(&tls->mutex);
	if (ssl == NULL)
		return NULL;
	SSL_set_accept_state(ssl);
	if (!demanding)
		return ssl;
	SSL_set_verify(
	    ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (SSL_set_min_proto_version(ssl, TLS1_3_VERSION) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

bool
rv_tls_is_good(SSL *ssl)
{
	return SSL_version(ssl) >= TLS1_3_VERSION ||
	       SSL_get_extms_support(ssl) == 1;
}

bool
rv_tls_export(SSL *ssl, unsigned char ret_exporter[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	return SSL_export_keying_material(ssl, ret_exporter, 32, label,
		   sizeof(label) - 1, (const unsigned char *)"", 0, 1) == 1;
}

/* ---- Our own certificate -------------------------------------------- */

struct rv_tls_binding
rv_tls_binding(struct rv_tls *tls)
{
	struct rv_tls_binding binding;

	(void)pthread_mutex_lock(&tls->mutex);
	binding = tls->binding;
	(void)pthread_mutex_unlock(&tls->mutex);
	return binding;
}

static int64_t
end_of(struct rv_tls *tls)
{
	int64_t end_ms = 0;
	struct tm tm;

	(void)pthread_mutex_lock(&tls->mutex);
	if (ASN1_TIME_to_tm(
		X509_get0_notAfter(SSL_CTX_get0_certificate(tls->ctx)), &tm) ==
	    1)
		end_ms = (int64_t)timegm(&tm) * 1000;
	(void)pthread_mutex_unlock(&tls->mutex);
	return end_ms;
}

int
rv_tls_alarm(struct rv_tls *tls, int64_t now_ms, int64_t *ret_ends_at_ms)
{
	static const int days[] = { 1, 7, 30 };

	*ret_ends_at_ms = end_of(tls);
	if (*ret_ends_at_ms <= now_ms)
		return 0;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (*ret_ends_at_ms - now_ms <= days[i] * DAY_MS)
			return days[i];
	return -1;
}
