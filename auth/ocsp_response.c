#include "ocsp_response.h"

#include <stdio.h>

#include <openssl/err.h>

/* Two clocks may differ by this much. */
#define SKEW_MS 300000
/* Of an answer that does not say when there will be a newer one. */
#define WITHOUT_NEXT_MS 60000
#define OLDEST_MS	3600000
/* However long a responder promises: then it is asked again. */
#define LONGEST_MS     86400000
#define SECURITY_LEVEL 2

static X509 *
leaf_of(const struct rv_path *path)
{
	return sk_X509_value(path->chain, 0);
}

/* A path has the leaf and an authority at least. */
static X509 *
issuer_of(const struct rv_path *path)
{
	return sk_X509_value(path->chain, 1);
}

/* Section 4.3: SHA-1 is what every responder knows; nothing is signed by it. */
static OCSP_CERTID *
certificate_id(const struct rv_path *path)
{
	return OCSP_cert_to_id(EVP_sha1(), leaf_of(path), issuer_of(path));
}

OCSP_REQUEST *
rv_ocsp_request_new(const struct rv_path *path)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = certificate_id(path);

	if (request == NULL || id == NULL ||
	    OCSP_request_add0_id(request, id) == NULL)
		goto fail;
	id = NULL; /* it is the request's */
	if (OCSP_request_add1_nonce(request, NULL, -1) != 1)
		goto fail;
	return request;
fail:
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	return NULL;
}

/* ---- Who has signed it ---------------------------------------------- */

/* Whether there is a list that could name the responder's certificate. */
static bool
add_crls(const struct rv_path *path, X509_STORE *store)
{
	bool found = false;

	for (size_t i = 0; i < path->authority->n_crls; i++) {
		X509_CRL *crl = path->authority->crls[i].crl;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
			X509_get_subject_name(issuer_of(path))) == 0)
			found |= X509_STORE_add_crl(store, crl) == 1;
	}
	return found;
}

/*
 * The issuer alone is trusted, so that nobody but itself can have made the
 * responder.  id-pkix-ocsp-nocheck is OpenSSL's to respect.
 */
static X509_STORE *
store_of(const struct rv_path *path, int64_t now_ms)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *p;

	if (store == NULL || X509_STORE_add_cert(store, issuer_of(path)) != 1) {
		X509_STORE_free(store);
		return NULL;
	}
	p = X509_STORE_get0_param(store);
	(void)X509_VERIFY_PARAM_set_flags(
	    p, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(p, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(p, (time_t)(now_ms / 1000));
	if (add_crls(path, store))
		(void)X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_CRL_CHECK);
	return store;
}

static bool
has_weak_hash(const OCSP_BASICRESP *basic)
{
	const ASN1_OBJECT *algorithm = NULL;
	int hash = NID_undef;

	X509_ALGOR_get0(
	    &algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(basic));
	if (OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), &hash, NULL) != 1)
		return true;
	return hash == NID_md4 || hash == NID_md5 || hash == NID_sha1 ||
	       hash == NID_ripemd160;
}

static bool
is_signed_well(
    const struct rv_path *path, OCSP_BASICRESP *basic, int64_t now_ms)
{
	X509_STORE *store = store_of(path, now_ms);
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool ok = false;

	if (store != NULL && certs != NULL &&
	    sk_X509_push(certs, issuer_of(path)) != 0)
		ok = !has_weak_hash(basic) &&
		     OCSP_basic_verify(basic, certs, store,
			 OCSP_NOEXPLICIT | OCSP_PARTIAL_CHAIN) == 1;
	sk_X509_free(certs);
	X509_STORE_free(store);
	return ok;
}

/* ---- What it says --------------------------------------------------- */

static bool
time_of(const ASN1_GENERALIZEDTIME *time, int64_t *ret_ms)
{
	return rv_trust_ms(time, ret_ms);
}

static bool
is_in_force(const ASN1_GENERALIZEDTIME *this_update,
    const ASN1_GENERALIZEDTIME *next_update, int64_t now_ms,
    int64_t *ret_until_ms)
{
	int64_t from_ms, until_ms = now_ms + WITHOUT_NEXT_MS;

	if (!time_of(this_update, &from_ms) || from_ms > now_ms + SKEW_MS)
		return false;
	if (next_update == NULL) {
		if (from_ms < now_ms - OLDEST_MS)
			return false;
	} else if (!time_of(next_update, &until_ms) || until_ms < from_ms ||
		   until_ms < now_ms) {
		return false;
	}
	*ret_until_ms =
	    until_ms < now_ms + LONGEST_MS ? until_ms : now_ms + LONGEST_MS;
	return true;
}

/* NULL, or what is wrong. */
static const char *
read_status(const struct rv_path *path, OCSP_BASICRESP *basic, int64_t now_ms,
    struct rv_ocsp_status *ret_status)
{
	ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
	OCSP_CERTID *id = certificate_id(path);
	int status = V_OCSP_CERTSTATUS_UNKNOWN;
	int found = 0;

	if (id != NULL)
		found = OCSP_resp_find_status(
		    basic, id, &status, NULL, NULL, &this_update, &next_update);
	OCSP_CERTID_free(id);
	if (found != 1)
		return "the answer is about another certificate";
	if (!is_in_force(
		this_update, next_update, now_ms, &ret_status->until_ms))
		return "the answer is not in force";
	if (status != V_OCSP_CERTSTATUS_GOOD &&
	    status != V_OCSP_CERTSTATUS_REVOKED)
		return "the responder does not know the certificate";
	ret_status->revoked = status == V_OCSP_CERTSTATUS_REVOKED;
	return NULL;
}

static const char *
judge(const struct rv_path *path, OCSP_REQUEST *request,
    OCSP_RESPONSE *response, int64_t now_ms, struct rv_ocsp_status *ret_status)
{
	const char *what = NULL;
	OCSP_BASICRESP *basic;

	if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return "the responder refuses to answer";
	basic = OCSP_response_get1_basic(response);
	if (basic == NULL)
		return "the answer is of an unknown kind";
	/* 0: it has another one.  Responders may leave it out. */
	if (OCSP_check_nonce(request, basic) == 0)
		what = "the answer is to another question (nonce)";
	else if (!is_signed_well(path, basic, now_ms))
		what = "the answer is not signed by who may";
	else
		what = read_status(path, basic, now_ms, ret_status);
	OCSP_BASICRESP_free(basic);
	return what;
}

bool
rv_ocsp_response_read(const struct rv_path *path, OCSP_REQUEST *request,
    struct rv_slice der, int64_t now_ms, struct rv_ocsp_status *ret_status,
    char detail[256])
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	struct rv_ocsp_status status = { true, 0 };
	const char *what = "the answer is malformed";

	if (response != NULL && p == (const unsigned char *)der.p + der.n)
		what = judge(path, request, response, now_ms, &status);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	if (what == NULL)
		*ret_status = status;
	else
		(void)snprintf(detail, 256, "%s", what);
	return what == NULL;
}
