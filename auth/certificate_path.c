#include "certificate_path.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* SSL_CTX_set_security_level(3): no MD5, no SHA-1, RSA of 2048 bits or more. */
#define SECURITY_LEVEL 2
#define OID_TEXT       128

void
rv_path_fini(struct rv_path *path)
{
	sk_X509_pop_free(path->chain, X509_free);
	rv_texts_fini(&path->policies);
	*path = (struct rv_path){ .authority = NULL };
}

/* ---- What OpenSSL says ---------------------------------------------- */

static enum rv_auth_refusal
refusal_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return RV_REFUSED_NOT;
	case X509_V_ERR_OUT_OF_MEM:
	case X509_V_ERR_UNSPECIFIED:
		return RV_REFUSED_INTERNAL;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return RV_REFUSED_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return RV_REFUSED_NOT_YET_VALID;
	case X509_V_ERR_CERT_REVOKED:
		return RV_REFUSED_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
	case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return RV_REFUSED_NO_REVOCATION;
	case X509_V_ERR_INVALID_PURPOSE:
		return RV_REFUSED_PURPOSE;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return RV_REFUSED_WEAK;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return RV_REFUSED_UNKNOWN_ISSUER;
	default:
		return RV_REFUSED_UNTRUSTED;
	}
}

/* The authority of a verification, for on_verify(). */
static int
authority_index(void)
{
	/* OpenSSL hands this out once for each call: keep the first. */
	static atomic_int index = -1;
	int known = atomic_load(&index);
	int fresh;

	if (known >= 0)
		return known;
	fresh = X509_STORE_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (fresh >= 0 && atomic_compare_exchange_strong(&index, &known, fresh))
		return fresh;
	return known;
}

/*
 * The list that would name the authority itself is nobody's to give: it is
 * trusted because the operator says so.  Without crl_required a list that
 * is missing or old accepts; one that names the certificate refuses.
 */
static int
on_verify(int ok, X509_STORE_CTX *ctx)
{
	const struct rv_trusted *t =
	    X509_STORE_CTX_get_ex_data(ctx, authority_index());
	int error = X509_STORE_CTX_get_error(ctx);
	bool is_lack = error == X509_V_ERR_UNABLE_TO_GET_CRL ||
		       error == X509_V_ERR_CRL_HAS_EXPIRED;
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);

	if (ok == 1 || t == NULL || cert == NULL || !is_lack)
		return ok;
	if (t->as.crl_required && X509_cmp(cert, t->certificate) != 0)
		return 0;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

/* ---- One authority -------------------------------------------------- */

static void
set_parameters(X509_STORE_CTX *ctx, int64_t now_ms)
{
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

	/* No deltas, and no list that a certificate itself points at. */
	(void)X509_VERIFY_PARAM_set_flags(
	    p, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
		   X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
		   X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_INHIBIT_MAP);
	(void)X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SSL_CLIENT);
	X509_VERIFY_PARAM_set_depth(p, RV_PATH_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(p, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(p, (time_t)(now_ms / 1000));
	X509_STORE_CTX_set_verify_cb(ctx, on_verify);
}

/*
 * The authority-constrained set (RFC 5280 section 6.1.6): nothing asks for
 * a policy here, so that OpenSSL leaves the user's set empty.
 */
static bool
add_policies(X509_STORE_CTX *ctx, struct rv_texts *policies)
{
	const X509_POLICY_TREE *tree = X509_STORE_CTX_get0_policy_tree(ctx);
	STACK_OF(X509_POLICY_NODE) *nodes =
	    tree != NULL ? X509_policy_tree_get0_policies(tree) : NULL;

	for (int i = 0; i < sk_X509_POLICY_NODE_num(nodes); i++) {
		const ASN1_OBJECT *policy = X509_policy_node_get0_policy(
		    sk_X509_POLICY_NODE_value(nodes, i));
		char text[OID_TEXT];
		int n;

		/* "any" is no policy of somebody who promises something. */
		if (OBJ_obj2nid(policy) == NID_any_policy)
			continue;
		n = OBJ_obj2txt(text, sizeof(text), policy, 1);
		if (n <= 0 || n >= (int)sizeof(text))
			continue;
		if (rv_texts_add(policies, rv_slice_of(text)) != RV_OK)
			return false;
	}
	return true;
}

/* The list in force that ends last is the one that counts. */
static int64_t
crl_end(const struct rv_trusted *t, const X509 *cert, int64_t now_ms)
{
	int64_t end = 0, one;

	for (size_t i = 0; i < t->n_crls; i++) {
		const X509_CRL *crl = t->crls[i].crl;

		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
			X509_get_issuer_name(cert)) != 0)
			continue;
		if (X509_CRL_get0_nextUpdate(crl) == NULL)
			return INT64_MAX;
		if (rv_trust_ms(X509_CRL_get0_nextUpdate(crl), &one) &&
		    one > now_ms && one > end)
			end = one;
	}
	return end != 0 ? end : INT64_MAX;
}

static bool
find_end(struct rv_path *path, int64_t now_ms)
{
	int last = sk_X509_num(path->chain) - 1;

	path->expires_at_ms = INT64_MAX;
	for (int i = 0; i <= last; i++) {
		X509 *cert = sk_X509_value(path->chain, i);
		int64_t end;

		if (!rv_trust_ms(X509_get0_notAfter(cert), &end))
			return false;
		if (end < path->expires_at_ms)
			path->expires_at_ms = end;
		end = i < last ? crl_end(path->authority, cert, now_ms)
			       : INT64_MAX;
		if (end < path->expires_at_ms)
			path->expires_at_ms = end;
	}
	return true;
}

struct verdict {
	enum rv_auth_refusal refusal;
	int length; /* of the chain; INT_MAX: it reached no authority */
	int error, depth;
};

/* How far it is to the authority; INT_MAX when the chain lacks it. */
static int
length_to(X509_STORE_CTX *ctx, const struct rv_trusted *t)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	for (int i = 0; i < sk_X509_num(chain); i++)
		if (X509_cmp(sk_X509_value(chain, i), t->certificate) == 0)
			return i;
	return INT_MAX;
}

static struct verdict
verify(const struct rv_trusted *t, X509 *leaf, STACK_OF(X509) * untrusted,
    int64_t now_ms, struct rv_path *ret_path)
{
	struct verdict v = { RV_REFUSED_INTERNAL, 0, X509_V_ERR_OUT_OF_MEM, 0 };
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int index = authority_index();

	if (ctx == NULL || index < 0 ||
	    X509_STORE_CTX_init(ctx, t->store, leaf, untrusted) != 1 ||
	    X509_STORE_CTX_set_ex_data(ctx, index, (void *)(uintptr_t)t) != 1)
		goto out;
	set_parameters(ctx, now_ms);
	if (X509_verify_cert(ctx) != 1) {
		v.error = X509_STORE_CTX_get_error(ctx);
		v.depth = X509_STORE_CTX_get_error_depth(ctx);
		/* A failure without a cause is still a failure. */
		if (v.error != X509_V_OK)
			v.refusal = refusal_of(v.error);
		v.length = length_to(ctx, t);
		goto out;
	}
	ret_path->authority = t;
	ret_path->chain = X509_STORE_CTX_get1_chain(ctx);
	if (ret_path->chain == NULL || length_to(ctx, t) == INT_MAX ||
	    !add_policies(ctx, &ret_path->policies) ||
	    !find_end(ret_path, now_ms))
		goto out;
	v = (struct verdict){ RV_REFUSED_NOT, length_to(ctx, t), X509_V_OK, 0 };
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	if (v.refusal != RV_REFUSED_NOT)
		rv_path_fini(ret_path);
	return v;
}

/* ---- All of them ---------------------------------------------------- */

/* What the caller sent, then what the authority's file brings. */
static STACK_OF(X509) *
    untrusted_of(const struct rv_trusted *t, STACK_OF(X509) * sent)
{
	STACK_OF(X509) *all =
	    sent != NULL ? sk_X509_dup(sent) : sk_X509_new_null();

	for (int i = 0; all != NULL && i < sk_X509_num(t->chain); i++)
		if (sk_X509_push(all, sk_X509_value(t->chain, i)) == 0) {
			sk_X509_free(all);
			return NULL;
		}
	return all;
}

/*
 * The nearest authority decides, but what any of them calls revoked is, and
 * a failure of our own is nobody's word.
 */
static bool
counts_more(const struct verdict *v, const struct verdict *than)
{
	bool is_final = v->refusal == RV_REFUSED_REVOKED ||
			v->refusal == RV_REFUSED_INTERNAL;
	bool was_final = than->refusal == RV_REFUSED_REVOKED ||
			 than->refusal == RV_REFUSED_INTERNAL;

	if (is_final != was_final)
		return is_final;
	return v->length < than->length;
}

static void
describe(char detail[256], const struct verdict *v)
{
	(void)snprintf(detail, 256, "%s (certificate %d of the chain)",
	    X509_verify_cert_error_string(v->error), v->depth);
}

enum rv_auth_refusal
rv_path_find(const struct rv_trust *trust, X509 *leaf, STACK_OF(X509) * sent,
    int64_t now_ms, struct rv_path *ret_path, char detail[256])
{
	struct verdict best = { RV_REFUSED_UNKNOWN_ISSUER, INT_MAX,
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0 };

	*ret_path = (struct rv_path){ .authority = NULL };
	for (size_t i = 0; i < trust->n; i++) {
		struct rv_path path = { .authority = NULL };
		struct verdict v = { RV_REFUSED_INTERNAL, 0,
			X509_V_ERR_OUT_OF_MEM, 0 };
		STACK_OF(X509) *untrusted = untrusted_of(&trust->v[i], sent);

		if (untrusted != NULL)
			v = verify(
			    &trust->v[i], leaf, untrusted, now_ms, &path);
		sk_X509_free(untrusted);
		if (i == 0 || counts_more(&v, &best)) {
			rv_path_fini(ret_path);
			*ret_path = path;
			best = v;
		} else {
			rv_path_fini(&path);
		}
	}
	describe(detail, &best);
	return best.refusal;
}
