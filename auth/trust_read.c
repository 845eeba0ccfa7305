/* The files of an authority: certificate, intermediates, CRLs. */
#include "trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* More than any CRL in use has. */
#define FILE_MAX  (64l << 20)
#define CHAIN_MAX 16

static int
invalid(const struct rv_trusted *t, const char *path, const char *what,
    struct rv_error *e)
{
	ERR_clear_error();
	rv_error_set(e, "authority %s: %s %s", t->as.source, path, what);
	return RV_ERR_INVALID;
}

/* NULL, with the reason in *e, when it is no file that may be read. */
static BIO *
open_file(const struct rv_trusted *t, const char *path, mode_t forbidden,
    struct rv_error *e)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	BIO *bio = NULL;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		rv_error_set(e, "authority %s: cannot read %s: %s",
		    t->as.source, path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		(void)invalid(t, path, "is no file, or too large", e);
	} else if ((st.st_mode & forbidden) != 0) {
		(void)invalid(
		    t, path, "may be written by others: chmod go-w", e);
	} else {
		bio = BIO_new_fp(f, BIO_CLOSE);
		if (bio != NULL)
			return bio;
		rv_error_set(e, "out of memory");
	}
	if (f != NULL)
		(void)fclose(f);
	return NULL;
}

/* Nothing but the end of the file may have ended the reading of PEM. */
static bool
ended_well(void)
{
	unsigned long code = ERR_peek_last_error();
	bool ok = ERR_GET_LIB(code) == ERR_LIB_PEM &&
		  ERR_GET_REASON(code) == PEM_R_NO_START_LINE;

	ERR_clear_error();
	return ok;
}

static int
read_certificates(const struct rv_trusted *t, const char *path,
    mode_t forbidden, STACK_OF(X509) * into, struct rv_error *e)
{
	BIO *bio = open_file(t, path, forbidden, e);
	X509 *cert;
	int r = RV_OK;

	if (bio == NULL)
		return RV_ERR_INVALID;
	ERR_clear_error();
	while (r == RV_OK &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_num(into) == CHAIN_MAX) {
			X509_free(cert);
			r = invalid(t, path, "has too many certificates", e);
		} else if (sk_X509_push(into, cert) == 0) {
			X509_free(cert);
			r = RV_ERR_NOMEM;
		}
	}
	if (r == RV_OK && (!ended_well() || sk_X509_num(into) == 0))
		r = invalid(t, path, "has no good certificate in PEM", e);
	BIO_free(bio);
	return r;
}

/* ---- The authority itself ------------------------------------------- */

static int
check_authority(const struct rv_trusted *t, int64_t now_ms, struct rv_error *e)
{
	int64_t from_ms;

	/* 1: basicConstraints say so; older ways of saying it do not count. */
	if (X509_check_ca(t->certificate) != 1)
		return invalid(t, t->as.certificate,
		    "is no certificate of an authority (CA:TRUE)", e);
	if (!rv_trust_ms(X509_get0_notBefore(t->certificate), &from_ms) ||
	    from_ms > now_ms)
		return invalid(t, t->as.certificate,
		    "is not valid yet: check the clock", e);
	return RV_OK;
}

static int
read_authority(struct rv_trusted *t, int64_t now_ms, struct rv_error *e)
{
	STACK_OF(X509) *read = sk_X509_new_null();
	int r = RV_ERR_NOMEM;

	if (read == NULL)
		goto out;
	/* Whoever writes this file can sign in as anybody. */
	r = read_certificates(t, t->as.certificate, S_IWGRP | S_IWOTH, read, e);
	if (r == RV_OK && sk_X509_num(read) != 1)
		r = invalid(t, t->as.certificate,
		    "has several certificates: name the one to be trusted", e);
	if (r != RV_OK)
		goto out;
	t->certificate = sk_X509_pop(read);
	r = check_authority(t, now_ms, e);
out:
	sk_X509_pop_free(read, X509_free);
	return r;
}

/* ---- CRLs ----------------------------------------------------------- */

static bool
has_weak_hash(const X509_CRL *crl)
{
	int hash = NID_undef;

	if (OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &hash, NULL) !=
	    1)
		return true;
	return hash == NID_md4 || hash == NID_md5 || hash == NID_sha1 ||
	       hash == NID_ripemd160;
}

/* Whether cert may have signed it: -1 when it is somebody else's. */
static int
is_signed_by(X509_CRL *crl, X509 *cert)
{
	if (X509_NAME_cmp(
		X509_CRL_get_issuer(crl), X509_get_subject_name(cert)) != 0)
		return -1;
	return X509_CRL_verify(crl, X509_get0_pubkey(cert)) == 1;
}

/*
 * A list of an intermediate that only callers send is judged with their
 * certificates; every other one must have a good signature.
 */
static bool
is_genuine(const struct rv_trusted *t, X509_CRL *crl)
{
	int found = is_signed_by(crl, t->certificate);

	for (int i = 0; i < sk_X509_num(t->chain) && found != 1; i++) {
		int of_this = is_signed_by(crl, sk_X509_value(t->chain, i));

		found = of_this != -1 ? of_this : found;
	}
	return found != 0;
}

static int
take_crl(
    struct rv_trusted *t, const char *path, X509_CRL *crl, struct rv_error *e)
{
	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return invalid(t, path,
		    "is a delta list; a full one is "
		    "needed",
		    e);
	if (has_weak_hash(crl))
		return invalid(t, path, "is signed with too weak a hash", e);
	if (!is_genuine(t, crl))
		return invalid(t, path, "has a bad signature", e);
	if (X509_STORE_add_crl(t->store, crl) != 1 || X509_CRL_up_ref(crl) != 1)
		return RV_ERR_NOMEM;
	t->crls[t->n_crls++] = (struct rv_trusted_crl){ path, crl };
	return RV_OK;
}

static int
read_crl(struct rv_trusted *t, const char *path, struct rv_error *e)
{
	BIO *bio = open_file(t, path, 0, e);
	X509_CRL *crl;
	int r;

	if (bio == NULL)
		return RV_ERR_INVALID;
	crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	if (crl == NULL && BIO_seek(bio, 0) == 0)
		crl = d2i_X509_CRL_bio(bio, NULL);
	ERR_clear_error();
	r = crl != NULL ? take_crl(t, path, crl, e)
			: invalid(t, path, "has no revocation list", e);
	X509_CRL_free(crl);
	BIO_free(bio);
	return r;
}

/* ---- All of it ------------------------------------------------------ */

int
rv_trusted_read(struct rv_trusted *t, int64_t now_ms, struct rv_error *e)
{
	int r;

	if (t->as.ocsp != RV_OCSP_OFF &&
	    (t->as.ocsp_url == NULL ||
		strncmp(t->as.ocsp_url, "http://", 7) != 0)) {
		/* Answers are signed: nothing is gained by TLS. */
		rv_error_set(e,
		    "authority %s: ocsp_url must begin with http://",
		    t->as.source);
		return RV_ERR_INVALID;
	}
	t->chain = sk_X509_new_null();
	t->store = X509_STORE_new();
	if (t->chain == NULL || t->store == NULL)
		return RV_ERR_NOMEM;
	r = read_authority(t, now_ms, e);
	if (r == RV_OK && t->as.chain != NULL)
		r = read_certificates(t, t->as.chain, 0, t->chain, e);
	if (r == RV_OK && X509_STORE_add_cert(t->store, t->certificate) != 1)
		r = RV_ERR_NOMEM;
	for (size_t i = 0; i < t->as.crls.n && r == RV_OK; i++)
		r = read_crl(t, t->as.crls.v[i], e);
	return r;
}
