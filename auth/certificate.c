/* Whom a certificate names, once it is good. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "certificate_names.h"
#include "certificate_path.h"

#define HASH_HEX (2 * 32 + 1)
/* RFC 5280 section 4.1.2.2: at most 20 octets. */
#define SERIAL_MAX 20
#define KEY_ID_MAX 32

/* ---- Ids ------------------------------------------------------------ */

static void
put_hex(char *to, const unsigned char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*to++ = digits[p[i] >> 4];
		*to++ = digits[p[i] & 15];
	}
	*to = '\0';
}

static bool
add_text(struct rv_texts *ids, const char *text)
{
	return rv_texts_add(ids, rv_slice_of(text)) == RV_OK;
}

/* "cert:key:" and the hash of the SubjectPublicKeyInfo. */
static bool
add_key(const X509 *leaf, struct rv_texts *ids)
{
	char text[sizeof("cert:key:") + HASH_HEX] = "cert:key:";
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	unsigned char *der = NULL;
	int der_n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
	bool ok =
	    der_n > 0 &&
	    EVP_Digest(der, (size_t)der_n, hash, &n, EVP_sha256(), NULL) == 1 &&
	    n == 32;

	OPENSSL_free(der);
	if (!ok)
		return false;
	put_hex(text + sizeof("cert:key:") - 1, hash, n);
	return add_text(ids, text);
}

/* The number that names a certificate among those of its issuer. */
static bool
add_of_issuer(struct rv_texts *ids, const char *kind, const char *issuer,
    const unsigned char *p, size_t n)
{
	char hex[2 * KEY_ID_MAX + 1];
	char text[256];

	put_hex(hex, p, n);
	(void)snprintf(text, sizeof(text), "cert:%s:%s:%s", kind, issuer, hex);
	return add_text(ids, text);
}

static bool
issuer_hash(const X509 *leaf, char ret_hex[HASH_HEX])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_NAME_digest(
		X509_get_issuer_name(leaf), EVP_sha256(), hash, &n) != 1 ||
	    n != 32)
		return false;
	put_hex(ret_hex, hash, n);
	return true;
}

static bool
add_issued(const X509 *leaf, struct rv_texts *ids)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	const ASN1_OCTET_STRING *key_id =
	    X509_get0_subject_key_id((X509 *)(uintptr_t)leaf);
	char issuer[HASH_HEX];

	if (!issuer_hash(leaf, issuer) ||
	    !add_of_issuer(ids, "serial", issuer, ASN1_STRING_get0_data(serial),
		(size_t)ASN1_STRING_length(serial)))
		return false;
	return key_id == NULL || ASN1_STRING_length(key_id) == 0 ||
	       ASN1_STRING_length(key_id) > KEY_ID_MAX ||
	       add_of_issuer(ids, "ski", issuer, ASN1_STRING_get0_data(key_id),
		   (size_t)ASN1_STRING_length(key_id));
}

/* Whether this name is one of another authority's own certificates. */
static bool
is_claimed(const struct rv_trust *trust, const struct rv_trusted *by,
    const X509_NAME *name)
{
	for (size_t i = 0; i < trust->n; i++) {
		const struct rv_trusted *t = &trust->v[i];

		if (t == by)
			continue;
		if (X509_NAME_cmp(
			X509_get_subject_name(t->certificate), name) == 0)
			return true;
		for (int k = 0; k < sk_X509_num(t->chain); k++)
			if (X509_NAME_cmp(X509_get_subject_name(
					      sk_X509_value(t->chain, k)),
				name) == 0)
				return true;
	}
	return false;
}

/* ---- Names that an authority may give ------------------------------- */

/* A SID is its domain's and one number. */
static bool
may_say_sid(const struct rv_authority *a, const char *sid)
{
	const char *last = strrchr(sid, '-');
	struct rv_slice domain = { sid, (size_t)(last - sid) };

	for (size_t i = 0; i < a->sid_domains.n; i++)
		if (rv_slice_ieq(domain, rv_slice_of(a->sid_domains.v[i])))
			return true;
	return false;
}

/* "alice@lab.test" under the suffix LAB.TEST is alice@LAB.TEST. */
static bool
name_of_upn(
    const struct rv_authority *a, const char *upn, char *to, size_t size)
{
	const char *at = strchr(upn, '@');

	if (at == NULL)
		return false;
	for (size_t i = 0; i < a->upn_suffixes.n; i++) {
		const char *suffix = a->upn_suffixes.v[i];

		if (!rv_slice_ieq(rv_slice_of(at + 1), rv_slice_of(suffix)))
			continue;
		(void)snprintf(
		    to, size, "%.*s@%s", (int)(at - upn), upn, suffix);
		return true;
	}
	return false;
}

static bool
name_of_principal(const struct rv_authority *a,
    const struct rv_certificate_names *names, char *to, size_t size)
{
	if (names->principal[0] == '\0' ||
	    !rv_words_have(&a->realms, rv_slice_of(names->realm)))
		return false;
	(void)snprintf(to, size, "%s@%s", names->principal, names->realm);
	return true;
}

/*
 * The Kerberos name, "" when there is none that counts.  False when the
 * certificate has two different ones.
 */
static bool
weak_name(const struct rv_authority *a,
    const struct rv_certificate_names *names, char to[RV_PRINCIPAL_MAX])
{
	char other[RV_PRINCIPAL_MAX];

	to[0] = '\0';
	if (!a->weak_mapping)
		return true;
	if (!name_of_upn(a, names->upn, to, RV_PRINCIPAL_MAX)) {
		to[0] = '\0';
		(void)name_of_principal(a, names, to, RV_PRINCIPAL_MAX);
		return true;
	}
	return !name_of_principal(a, names, other, sizeof(other)) ||
	       strcmp(to, other) == 0;
}

/* ---- The evidence --------------------------------------------------- */

static bool
add_named(struct rv_evidence *ev, const char *form, const char *name)
{
	char text[RV_PRINCIPAL_MAX + 8];
	int n = snprintf(text, sizeof(text), "%s:%s", form, name);

	return n > 0 && n < (int)sizeof(text) && add_text(&ev->ids, text);
}

static enum rv_auth_refusal
fill_names(struct rv_evidence *ev, const struct rv_authority *a,
    const struct rv_certificate_names *names, char detail[256])
{
	char weak[RV_PRINCIPAL_MAX];
	bool has_sid = names->sid[0] != '\0' && may_say_sid(a, names->sid);

	if (!weak_name(a, names, weak)) {
		(void)snprintf(detail, 256, "it has two names of a person");
		return RV_REFUSED_MALFORMED;
	}
	if (has_sid && !add_named(ev, "sid", names->sid))
		return RV_REFUSED_INTERNAL;
	if (weak[0] != '\0' && !add_named(ev, "krb5", weak))
		return RV_REFUSED_INTERNAL;
	ev->strong = weak[0] == '\0';
	if (has_sid)
		(void)snprintf(
		    ev->lookup, sizeof(ev->lookup), "sid:%s", names->sid);
	else
		(void)snprintf(ev->lookup, sizeof(ev->lookup), "%s", weak);
	/* The first id is that of the key, and of every certificate. */
	(void)snprintf(ev->principal, sizeof(ev->principal), "%s",
	    weak[0] != '\0' ? weak
	    : has_sid	    ? ev->lookup
			    : ev->ids.v[0]);
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
fill(struct rv_evidence *ev, const struct rv_trust *trust, const X509 *leaf,
    struct rv_path *path, char detail[256])
{
	const struct rv_authority *a = &path->authority->as;
	struct rv_certificate_names names;
	const char *what = "";

	if (!rv_certificate_names_read(leaf, &names, &what)) {
		(void)snprintf(detail, 256, "%s", what);
		return RV_REFUSED_MALFORMED;
	}
	if (!add_key(leaf, &ev->ids) ||
	    (!is_claimed(trust, path->authority, X509_get_issuer_name(leaf)) &&
		!add_issued(leaf, &ev->ids)))
		return RV_REFUSED_INTERNAL;
	ev->method = RV_AUTH_CERTIFICATE;
	ev->expires_at_ms = path->expires_at_ms;
	ev->policies = path->policies;
	path->policies = (struct rv_texts){ NULL, 0 };
	(void)snprintf(ev->source, sizeof(ev->source), "%s", a->source);
	return fill_names(ev, a, &names, detail);
}

/* ---- The judgement -------------------------------------------------- */

/* What has to be in a client's certificate whoever has signed it. */
static enum rv_auth_refusal
check_leaf(X509 *leaf, STACK_OF(X509) * untrusted, char detail[256])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	uint32_t flags = X509_get_extension_flags(leaf);
	const char *what = NULL;
	enum rv_auth_refusal refusal = RV_REFUSED_PURPOSE;

	if ((flags & EXFLAG_INVALID) != 0 ||
	    ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ||
	    ASN1_STRING_length(serial) > SERIAL_MAX) {
		refusal = RV_REFUSED_MALFORMED;
		what = "an extension or the serial number is malformed";
	} else if (sk_X509_num(untrusted) > RV_PATH_SENT) {
		refusal = RV_REFUSED_UNTRUSTED;
		what = "too many certificates were sent";
	} else if ((flags & EXFLAG_CA) != 0) {
		what = "it is the certificate of an authority";
	} else if ((flags & EXFLAG_XKUSAGE) == 0 ||
		   (X509_get_extended_key_usage(leaf) & XKU_SSL_CLIENT) == 0) {
		what = "its extended key usage does not have clientAuth";
	} else if ((flags & EXFLAG_KUSAGE) == 0 ||
		   (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0) {
		what = "its key usage does not have digitalSignature";
	}
	if (what == NULL)
		return RV_REFUSED_NOT;
	(void)snprintf(detail, 256, "%s", what);
	return refusal;
}

enum rv_auth_refusal
rv_certificate_judge(const struct rv_trust *trust, X509 *leaf,
    STACK_OF(X509) * untrusted, int64_t now_ms,
    struct rv_evidence *ret_evidence, char detail[256])
{
	struct rv_evidence ev = { .method = RV_AUTH_NONE };
	struct rv_path path = { .authority = NULL };
	enum rv_auth_refusal refusal;

	detail[0] = '\0';
	*ret_evidence = ev;
	refusal = check_leaf(leaf, untrusted, detail);
	if (refusal == RV_REFUSED_NOT)
		refusal =
		    rv_path_find(trust, leaf, untrusted, now_ms, &path, detail);
	if (refusal == RV_REFUSED_NOT) {
		detail[0] = '\0';
		refusal = fill(&ev, trust, leaf, &path, detail);
	}
	rv_path_fini(&path);
	ERR_clear_error();
	if (refusal != RV_REFUSED_NOT)
		rv_evidence_fini(&ev);
	*ret_evidence = ev;
	return refusal;
}
