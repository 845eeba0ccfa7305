/* Tokens that only the holder of a key may use (RFC 7800, 8705, 9449). */
#include <openssl/crypto.h>
#include <string.h>

#include "base64url.h"
#include "token_claims.h"

static enum rv_auth_refusal
not_bound(const struct rv_token_case *c, const char *what)
{
	return rv_jws_refuse(c->detail, RV_REFUSED_NOT_BOUND, "%s", what);
}

/* The certificate of this very connection (RFC 8705 section 3). */
static enum rv_auth_refusal
check_certificate(const struct rv_token_case *c, struct rv_slice x5t)
{
	const unsigned char *is = c->request->certificate_sha256;
	unsigned char said[32];

	if (!rv_base64url_exactly(x5t, said, sizeof(said)))
		return not_bound(c, "x5t#S256 of the token is no SHA-256");
	if (is == NULL)
		return not_bound(c,
		    "the token is bound to a certificate, and the connection "
		    "has none");
	if (CRYPTO_memcmp(said, is, sizeof(said)) != 0)
		return not_bound(
		    c, "the token is bound to another certificate");
	return RV_REFUSED_NOT;
}

/* What we cannot check we cannot accept. */
static enum rv_auth_refusal
check_members(const struct rv_token_case *c, const json_t *cnf)
{
	static const char *const known[] = { "x5t#S256", "jkt" };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		n += rv_jws_text(cnf, known[i]).p != NULL;
	if (!json_is_object(cnf) || n == 0 || n != json_object_size(cnf))
		return not_bound(
		    c, "the token is bound (cnf) by something unknown");
	return RV_REFUSED_NOT;
}

enum rv_auth_refusal
rv_token_check_bound(const struct rv_token_case *c, bool *ret_bound)
{
	const json_t *cnf = json_object_get(c->jws->payload, "cnf");
	struct rv_slice x5t = rv_jws_text(cnf, "x5t#S256");
	struct rv_slice jkt = rv_jws_text(cnf, "jkt");
	enum rv_auth_refusal refusal = RV_REFUSED_NOT;

	*ret_bound = false;
	if (cnf != NULL)
		refusal = check_members(c, cnf);
	else if (c->issuer->require_sender_constraint)
		refusal = not_bound(
		    c, "the issuer's tokens have to be bound to a key (cnf)");
	if (refusal == RV_REFUSED_NOT && c->request->is_dpop != (jkt.p != NULL))
		refusal = not_bound(
		    c, jkt.p != NULL
			   ? "the token wants a proof: the scheme is DPoP"
			   : "the token is not bound to a key of DPoP");
	if (refusal == RV_REFUSED_NOT && x5t.p != NULL)
		refusal = check_certificate(c, x5t);
	if (refusal == RV_REFUSED_NOT && jkt.p != NULL)
		refusal = rv_dpop_judge(c->proofs, c->request, jkt, c->detail);
	*ret_bound = refusal == RV_REFUSED_NOT && x5t.p != NULL;
	return refusal;
}
