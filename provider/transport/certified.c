#include "transport/certified.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>

struct counted {
	struct rv_certified c; /* first: what holders point at */
	atomic_size_t refs;
};

/* The count is not part of what a holder may not change. */
static struct counted *
counted_of(const struct rv_certified *certified)
{
	return (struct counted *)(uintptr_t)certified;
}

static void
counted_free(struct counted *counted)
{
	X509_free(counted->c.leaf);
	sk_X509_pop_free(counted->c.untrusted, X509_free);
	free(counted);
}

static void
describe(X509 *leaf, char *to, int size)
{
	BIO *bio = BIO_new(BIO_s_mem());

	/* RFC 2253 escapes whatever is not printable ASCII. */
	if (bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(leaf),
			       0, XN_FLAG_RFC2253) >= 0) {
		int n = BIO_read(bio, to, size - 1);

		to[n > 0 ? n : 0] = '\0';
	}
	BIO_free(bio);
}

int
rv_certified_new(
    SSL *ssl, int64_t now_ms, const struct rv_certified **ret_certified)
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	/* On a server it lacks the leaf; NULL when nothing else came. */
	STACK_OF(X509) *sent = SSL_get_peer_cert_chain(ssl);
	struct counted *counted;
	unsigned n = 0;

	*ret_certified = NULL;
	if (leaf == NULL)
		return RV_OK;
	counted = calloc(1, sizeof(*counted));
	if (counted == NULL) {
		X509_free(leaf);
		return RV_ERR_NOMEM;
	}
	atomic_init(&counted->refs, 1);
	counted->c.leaf = leaf;
	counted->c.proved_at_ms = now_ms;
	if (sent != NULL)
		counted->c.untrusted = X509_chain_up_ref(sent);
	if ((sent != NULL && counted->c.untrusted == NULL) ||
	    X509_digest(leaf, EVP_sha256(), counted->c.sha256, &n) != 1 ||
	    n != sizeof(counted->c.sha256)) {
		counted_free(counted);
		ERR_clear_error();
		return RV_ERR_NOMEM;
	}
	describe(leaf, counted->c.subject, sizeof(counted->c.subject));
	ERR_clear_error();
	*ret_certified = &counted->c;
	return RV_OK;
}

const struct rv_certified *
rv_certified_ref(const struct rv_certified *certified)
{
	atomic_fetch_add_explicit(
	    &counted_of(certified)->refs, 1, memory_order_relaxed);
	return certified;
}

void
rv_certified_unref(const struct rv_certified **certified)
{
	struct counted *counted;

	if (*certified == NULL)
		return;
	counted = counted_of(*certified);
	*certified = NULL;
	/* What other holders did comes before the free. */
	if (atomic_fetch_sub_explicit(
		&counted->refs, 1, memory_order_acq_rel) == 1)
		counted_free(counted);
}
