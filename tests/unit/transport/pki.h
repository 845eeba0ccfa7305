/*
 * Certificates for tests, made on the spot into a folder of their own.
 * Included by one file of each test program.
 */
#ifndef TESTS_TRANSPORT_PKI_H
#define TESTS_TRANSPORT_PKI_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* What to make; zeroed memory with a folder is a good P-256 certificate. */
struct pki {
	char folder[64];
	char cert[96];
	char key[96];
};

struct pki_kind {
	const char *algorithm; /* "EC", "RSA", "ED25519"; NULL: "EC" */
	const EVP_MD *hash;    /* NULL: SHA-256 */
	unsigned rsa_bits;
	long from_s, until_s; /* from now; both 0: a day before and after */
	bool is_authority;
};

static inline EVP_PKEY *
pki_key(const struct pki_kind *kind)
{
	const char *algorithm =
	    kind->algorithm != NULL ? kind->algorithm : "EC";

	if (strcmp(algorithm, "EC") == 0)
		return EVP_EC_gen("P-256");
	if (strcmp(algorithm, "RSA") == 0)
		return EVP_RSA_gen(kind->rsa_bits);
	return EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
}

static inline X509 *
pki_cert(EVP_PKEY *key, const struct pki_kind *kind)
{
	bool is_ed = EVP_PKEY_is_a(key, "ED25519") == 1;
	bool dated = kind->from_s != 0 || kind->until_s != 0;
	const EVP_MD *hash = kind->hash != NULL ? kind->hash : EVP_sha256();
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	(void)X509_set_version(cert, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	(void)X509_gmtime_adj(
	    X509_getm_notBefore(cert), dated ? kind->from_s : -86400);
	(void)X509_gmtime_adj(
	    X509_getm_notAfter(cert), dated ? kind->until_s : 86400);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	(void)X509_set_issuer_name(cert, name);
	(void)X509_set_pubkey(cert, key);
	if (kind->is_authority) {
		X509_EXTENSION *ext = X509V3_EXT_conf_nid(
		    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

		(void)X509_add_ext(cert, ext, -1);
		X509_EXTENSION_free(ext);
	}
	(void)X509_sign(cert, key, is_ed ? NULL : hash);
	return cert;
}

/* Writes NAME.crt and NAME.key (0600); false when it could not. */
static inline bool
pki_make(struct pki *p, const char *name, const struct pki_kind *kind)
{
	EVP_PKEY *key = pki_key(kind);
	X509 *cert = key != NULL ? pki_cert(key, kind) : NULL;
	FILE *f;
	bool ok = false;

	(void)snprintf(p->cert, sizeof(p->cert), "%s/%s.crt", p->folder, name);
	(void)snprintf(p->key, sizeof(p->key), "%s/%s.key", p->folder, name);
	if (cert == NULL)
		goto out;
	f = fopen(p->cert, "we");
	if (f == NULL)
		goto out;
	ok = PEM_write_X509(f, cert) == 1;
	(void)fclose(f);
	f = fopen(p->key, "we");
	if (f == NULL)
		goto out;
	ok = ok && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;
	(void)fclose(f);
	ok = ok && chmod(p->key, 0600) == 0;
out:
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static inline bool
pki_init(struct pki *p)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(p->folder, sizeof(p->folder), "%s/reeve-pki-XXXXXX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	return mkdtemp(p->folder) != NULL;
}

static inline int
pki_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
pki_fini(struct pki *p)
{
	(void)nftw(p->folder, pki_remove, 4, FTW_DEPTH | FTW_PHYS);
}

#endif
