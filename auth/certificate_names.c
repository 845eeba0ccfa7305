#include "certificate_names.h"

#include <ctype.h>
#include <string.h>

#define OID_UPN	   "1.3.6.1.4.1.311.20.2.3"
#define OID_PKINIT "1.3.6.1.5.2.2"
#define OID_SID	   "1.3.6.1.4.1.311.25.2"
#define OID_NTDS   "1.3.6.1.4.1.311.25.2.1"
#define URI_SID	   "tag:microsoft.com,2022-09-14:sid:"
/* Long enough for each of the above with its NUL. */
#define OID_TEXT 80
/* MS-DTYP section 2.4.2. */
#define SUB_AUTHORITIES 15
/* A user has one component, a service two. */
#define COMPONENTS 2
#define NAMES_MAX  64

static bool
is_oid(const ASN1_OBJECT *object, const char *oid)
{
	char text[OID_TEXT];
	int n = OBJ_obj2txt(text, sizeof(text), object, 1);

	return n > 0 && n < (int)sizeof(text) && strcmp(text, oid) == 0;
}

static struct rv_slice
text_of(const ASN1_STRING *s)
{
	return (struct rv_slice){ (const char *)ASN1_STRING_get0_data(s),
		(size_t)ASN1_STRING_length(s) };
}

/* Puts text where nothing, or the same, is. */
static bool
put_once(char *to, size_t size, struct rv_slice text)
{
	if (to[0] != '\0')
		return rv_slice_eq_cstr(text, to);
	if (text.n == 0 || text.n >= size)
		return false;
	memcpy(to, text.p, text.n);
	to[text.n] = '\0';
	return true;
}

/* Printable UTF-8 without NUL and controls. */
static bool
is_clean(struct rv_slice text)
{
	if (text.n == 0 || !rv_slice_is_text(text))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

/* What would be read as a separator or an escape elsewhere is no name. */
static bool
is_component(struct rv_slice text)
{
	return is_clean(text) && memchr(text.p, '@', text.n) == NULL &&
	       memchr(text.p, '/', text.n) == NULL &&
	       memchr(text.p, '\\', text.n) == NULL;
}

/* ---- SIDs ----------------------------------------------------------- */

/* One decimal number without zeros in front, and the '-' behind it. */
static bool
take_number(struct rv_slice *text, uint64_t max)
{
	struct rv_slice number = { text->p, 0 };
	uint64_t value;

	while (number.n < text->n && isdigit((unsigned char)number.p[number.n]))
		number.n++;
	if (number.n == 0 || (number.n > 1 && number.p[0] == '0') ||
	    rv_slice_to_u64(number, max, &value) != RV_OK)
		return false;
	text->p += number.n;
	text->n -= number.n;
	if (text->n == 0)
		return true;
	if (text->p[0] != '-' || text->n == 1)
		return false;
	text->p++;
	text->n--;
	return true;
}

/* MS-DTYP section 2.4.2.1, decimal. */
static bool
is_sid(struct rv_slice text)
{
	unsigned n = 0;

	if (text.n < 4 || (text.p[0] != 'S' && text.p[0] != 's') ||
	    memcmp(text.p + 1, "-1-", 3) != 0)
		return false;
	text.p += 4;
	text.n -= 4;
	if (!take_number(&text, (1ull << 48) - 1))
		return false;
	while (
	    text.n > 0 && n < SUB_AUTHORITIES && take_number(&text, UINT32_MAX))
		n++;
	return text.n == 0 && n > 0;
}

static bool
add_sid(struct rv_certificate_names *names, struct rv_slice text,
    const char **ret_detail)
{
	char lower[RV_CERTIFICATE_SID_MAX];

	*ret_detail = "its SID is malformed";
	if (text.n >= sizeof(lower) || !is_sid(text))
		return false;
	memcpy(lower, text.p, text.n);
	lower[0] = 's';
	*ret_detail = "it has two SIDs";
	return put_once(
	    names->sid, sizeof(names->sid), (struct rv_slice){ lower, text.n });
}

static bool
add_sid_name(struct rv_certificate_names *names, const GENERAL_NAME *name,
    const char **ret_detail)
{
	*ret_detail = "its SID extension is malformed";
	if (name->type != GEN_OTHERNAME ||
	    !is_oid(name->d.otherName->type_id, OID_NTDS) ||
	    name->d.otherName->value->type != V_ASN1_OCTET_STRING)
		return false;
	return add_sid(names,
	    text_of(name->d.otherName->value->value.octet_string), ret_detail);
}

bool
rv_certificate_names_add_sid(struct rv_certificate_names *names,
    const unsigned char *der, long n, const char **ret_detail)
{
	const unsigned char *end = der;
	GENERAL_NAMES *all = d2i_GENERAL_NAMES(NULL, &end, n);
	bool ok = false;

	*ret_detail = "its SID extension is malformed";
	if (all != NULL && end == der + n && sk_GENERAL_NAME_num(all) == 1)
		ok = add_sid_name(
		    names, sk_GENERAL_NAME_value(all, 0), ret_detail);
	GENERAL_NAMES_free(all);
	return ok;
}

/* ---- Other names ---------------------------------------------------- */

static bool
add_upn(struct rv_certificate_names *names, const ASN1_TYPE *value,
    const char **ret_detail)
{
	struct rv_slice text, user;
	const char *at;

	*ret_detail = "its user principal name is malformed";
	if (value->type != V_ASN1_UTF8STRING)
		return false;
	text = text_of(value->value.utf8string);
	at = text.n > 0 ? memchr(text.p, '@', text.n) : NULL;
	if (at == NULL)
		return false;
	user = (struct rv_slice){ text.p, (size_t)(at - text.p) };
	if (!is_component(user) ||
	    !is_component((struct rv_slice){ at + 1, text.n - user.n - 1 }))
		return false;
	if (names->upn[0] != '\0') {
		*ret_detail = "it has two user principal names";
		return false;
	}
	return put_once(names->upn, sizeof(names->upn), text);
}

/* The contents of the element at the front, which must have this tag. */
static bool
take(struct rv_slice *in, int class, int tag, struct rv_slice *ret)
{
	const unsigned char *p = (const unsigned char *)in->p;
	const unsigned char *begin = p;
	long n = 0;
	int got_tag = 0, got_class = 0;
	/* 0x80: an error, or longer than the input; 1: no definite length. */
	int info = ASN1_get_object(&p, &n, &got_tag, &got_class, (long)in->n);

	if ((info & 0x81) != 0 || got_tag != tag || got_class != class)
		return false;
	*ret = (struct rv_slice){ (const char *)p, (size_t)n };
	in->n -= (size_t)(p - begin) + (size_t)n;
	in->p = (const char *)p + n;
	return true;
}

/* [tag] EXPLICIT of one element. */
static bool
take_tagged(struct rv_slice *in, int tag, int inner, struct rv_slice *ret)
{
	struct rv_slice outer;

	return take(in, V_ASN1_CONTEXT_SPECIFIC, tag, &outer) &&
	       take(&outer, V_ASN1_UNIVERSAL, inner, ret) && outer.n == 0;
}

/* Appends the components with '/' between them. */
static bool
put_components(struct rv_slice strings, char *to, size_t size)
{
	struct rv_slice one;
	size_t n = 0, components = 0;

	while (strings.n > 0) {
		if (components++ == COMPONENTS ||
		    !take(&strings, V_ASN1_UNIVERSAL, V_ASN1_GENERALSTRING,
			&one) ||
		    !is_component(one) || n + one.n + 2 > size)
			return false;
		if (n > 0)
			to[n++] = '/';
		memcpy(to + n, one.p, one.n);
		n += one.n;
	}
	to[n] = '\0';
	return n > 0;
}

/* KRB5PrincipalName, RFC 4556 section 3.2.2. */
static bool
parse_principal(
    struct rv_slice der, char *name, size_t size, struct rv_slice *ret_realm)
{
	struct rv_slice all, parts, type, strings;

	return take(&der, V_ASN1_UNIVERSAL, V_ASN1_SEQUENCE, &all) &&
	       der.n == 0 &&
	       take_tagged(&all, 0, V_ASN1_GENERALSTRING, ret_realm) &&
	       take_tagged(&all, 1, V_ASN1_SEQUENCE, &parts) && all.n == 0 &&
	       take_tagged(&parts, 0, V_ASN1_INTEGER, &type) &&
	       take_tagged(&parts, 1, V_ASN1_SEQUENCE, &strings) &&
	       parts.n == 0 && is_component(*ret_realm) &&
	       put_components(strings, name, size);
}

static bool
add_principal(struct rv_certificate_names *names, const ASN1_TYPE *value,
    const char **ret_detail)
{
	char name[RV_CERTIFICATE_NAME_MAX];
	struct rv_slice realm;

	*ret_detail = "its Kerberos name is malformed";
	if (value->type != V_ASN1_SEQUENCE ||
	    !parse_principal(
		text_of(value->value.sequence), name, sizeof(name), &realm) ||
	    realm.n >= sizeof(names->realm))
		return false;
	*ret_detail = "it has two Kerberos names";
	return put_once(names->principal, sizeof(names->principal),
		   rv_slice_of(name)) &&
	       put_once(names->realm, sizeof(names->realm), realm);
}

/* Names that say nothing here still must not lie about their length. */
static bool
is_string_clean(const ASN1_IA5STRING *s, const char **ret_detail)
{
	*ret_detail = "it has a name with a NUL or of no known characters";
	return ASN1_STRING_length(s) == 0 || is_clean(text_of(s));
}

static bool
add_uri(struct rv_certificate_names *names, const ASN1_IA5STRING *uri,
    const char **ret_detail)
{
	const struct rv_slice prefix = RV_SLICE_LIT(URI_SID);
	struct rv_slice text = text_of(uri);

	if (!is_string_clean(uri, ret_detail))
		return false;
	if (!rv_slice_has_prefix(text, prefix))
		return true;
	text.p += prefix.n;
	text.n -= prefix.n;
	return add_sid(names, text, ret_detail);
}

static bool
add_name(struct rv_certificate_names *names, const GENERAL_NAME *name,
    const char **ret_detail)
{
	switch (name->type) {
	case GEN_OTHERNAME:
		if (is_oid(name->d.otherName->type_id, OID_UPN))
			return add_upn(
			    names, name->d.otherName->value, ret_detail);
		if (is_oid(name->d.otherName->type_id, OID_PKINIT))
			return add_principal(
			    names, name->d.otherName->value, ret_detail);
		return true;
	case GEN_URI:
		return add_uri(
		    names, name->d.uniformResourceIdentifier, ret_detail);
	case GEN_EMAIL:
		return is_string_clean(name->d.rfc822Name, ret_detail);
	case GEN_DNS:
		return is_string_clean(name->d.dNSName, ret_detail);
	default:
		return true;
	}
}

bool
rv_certificate_names_add(struct rv_certificate_names *names,
    const GENERAL_NAMES *san, const char **ret_detail)
{
	int n = sk_GENERAL_NAME_num(san);

	*ret_detail = "it has too many names";
	if (n > NAMES_MAX)
		return false;
	for (int i = 0; i < n; i++)
		if (!add_name(names, sk_GENERAL_NAME_value(san, i), ret_detail))
			return false;
	return true;
}

/* ---- A certificate -------------------------------------------------- */

static bool
read_san(const X509 *leaf, struct rv_certificate_names *names,
    const char **ret_detail)
{
	int critical = 0;
	GENERAL_NAMES *san =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
	bool ok;

	if (san == NULL) {
		/* -1: there is none; else it cannot be read, or is twice. */
		*ret_detail = "its alternative names are malformed";
		return critical == -1;
	}
	ok = rv_certificate_names_add(names, san, ret_detail);
	GENERAL_NAMES_free(san);
	return ok;
}

static bool
read_sid(const X509 *leaf, struct rv_certificate_names *names,
    const char **ret_detail)
{
	int found = -1;

	for (int i = 0; i < X509_get_ext_count(leaf); i++) {
		if (!is_oid(X509_EXTENSION_get_object(X509_get_ext(leaf, i)),
			OID_SID))
			continue;
		*ret_detail = "it has two SID extensions";
		if (found >= 0)
			return false;
		found = i;
	}
	if (found >= 0) {
		ASN1_OCTET_STRING *data =
		    X509_EXTENSION_get_data(X509_get_ext(leaf, found));

		return rv_certificate_names_add_sid(names,
		    ASN1_STRING_get0_data(data), ASN1_STRING_length(data),
		    ret_detail);
	}
	return true;
}

bool
rv_certificate_names_read(const X509 *leaf,
    struct rv_certificate_names *ret_names, const char **ret_detail)
{
	*ret_names = (struct rv_certificate_names){ .sid = "" };
	return read_san(leaf, ret_names, ret_detail) &&
	       read_sid(leaf, ret_names, ret_detail);
}
