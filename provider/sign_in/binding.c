#include "sign_in/binding.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "tls-server-end-point:"

/* RFC 5929 section 4.1: the hash of the signature, but never MD5 or SHA-1. */
static const EVP_MD *
hash_of(X509 *cert)
{
	int hash = NID_undef;

	if (X509_get_signature_info(cert, &hash, NULL, NULL, NULL) != 1 ||
	    hash == NID_undef)
		return NULL;
	if (hash == NID_md5 || hash == NID_sha1)
		return EVP_sha256();
	return EVP_get_digestbynid(hash);
}

static int
bind_to(X509 *cert, const char *path, struct rv_arena *arena,
    struct rv_slice *ret_binding, struct rv_error *e)
{
	const size_t prefix_n = sizeof(PREFIX) - 1;
	const EVP_MD *hash = hash_of(cert);
	char *p = rv_arena_alloc(arena, prefix_n + EVP_MAX_MD_SIZE);
	unsigned n = 0;

	if (hash == NULL) {
		rv_error_set(e,
		    "binding_certificates: RFC 5929 defines no channel "
		    "binding for the signature of %s",
		    path);
		return RV_ERR_INVALID;
	}
	if (p == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	memcpy(p, PREFIX, prefix_n);
	if (X509_digest(cert, hash, (unsigned char *)p + prefix_n, &n) != 1) {
		rv_error_set(e, "binding_certificates: cannot hash %s", path);
		return RV_ERR_INTERNAL;
	}
	*ret_binding = (struct rv_slice){ p, prefix_n + n };
	return RV_OK;
}

int
rv_binding_of_file(const char *path, struct rv_arena *arena,
    struct rv_slice *ret_binding, struct rv_error *e)
{
	FILE *f = fopen(path, "re");
	X509 *cert;
	int r;

	if (f == NULL) {
		rv_error_set(e, "binding_certificates: cannot open %s: %s",
		    path, strerror(errno));
		return RV_ERR_INVALID;
	}
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	if (cert == NULL) {
		rv_error_set(e,
		    "binding_certificates: %s has no certificate in PEM", path);
		return RV_ERR_INVALID;
	}
	r = bind_to(cert, path, arena, ret_binding, e);
	X509_free(cert);
	return r;
}
