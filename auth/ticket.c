#include "ticket.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>

#include "gss_status.h"
#include "principal.h"

#define ANONYMOUS_REALM	     "WELLKNOWN:ANONYMOUS"
#define ATTRIBUTE_INDICATORS "auth-indicators"
/* The PAC whole; listed whenever there is one. */
#define ATTRIBUTE_PAC "urn:mspac:"
/* More values of one attribute than any KDC issues: stop asking. */
#define VALUES_MAX 64

enum rv_auth_refusal
rv_accepted_refuse(
    struct rv_accepted *ret, enum rv_auth_refusal refusal, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rv_ignore(vsnprintf(ret->detail, sizeof(ret->detail), fmt, ap));
	va_end(ap);
	return refusal;
}

static enum rv_auth_refusal
refuse_status(
    struct rv_accepted *ret, const char *what, OM_uint32 major, OM_uint32 minor)
{
	rv_gss_status_text(
	    what, major, minor, ret->detail, sizeof(ret->detail));
	return RV_REFUSED_INTERNAL;
}

/* ---- Flags ------------------------------------------------------------------ */

static enum rv_auth_refusal
judge_context_flags(const struct rv_ticket *ticket,
    const struct rv_ticket_policy *policy, struct rv_accepted *ret)
{
	ret->mutual = (ticket->flags & GSS_C_MUTUAL_FLAG) != 0;
	ret->channel_bound = (ticket->flags & GSS_C_CHANNEL_BOUND_FLAG) != 0;

	if (!ret->mutual)
		return rv_accepted_refuse(ret, RV_REFUSED_NOT_MUTUAL,
		    "the client did not ask for mutual authentication");
	/*
	 * A client without bindings is accepted by the library as if it had
	 * the right ones; only the flag tells them apart.
	 */
	if (policy->require_binding && !ret->channel_bound)
		return rv_accepted_refuse(ret, RV_REFUSED_BINDING,
		    "the client sent no channel binding");
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
judge_ticket_flags(const struct rv_ticket *ticket, struct rv_accepted *ret)
{
	OM_uint32 major, minor;
	krb5_flags flags = 0;

	major = gss_krb5_get_tkt_flags(&minor, ticket->context, &flags);
	if (GSS_ERROR(major))
		return refuse_status(
		    ret, "the flags of the ticket", major, minor);
	if ((flags & TKT_FLG_ANONYMOUS) != 0)
		return rv_accepted_refuse(ret, RV_REFUSED_ANONYMOUS,
		    "the ticket is marked anonymous");
	/* Without it the KDC gave the ticket to whoever asked. */
	if ((flags & TKT_FLG_PRE_AUTH) == 0)
		return rv_accepted_refuse(ret, RV_REFUSED_BAD_TOKEN,
		    "%.*s signed in without pre-authentication: set "
		    "+requires_preauth at the KDC",
		    128, ret->principal);
	return RV_REFUSED_NOT;
}

/* ---- Name --------------------------------------------------------------------- */

/*
 * The full principal.  gss_localname() would strip the realm, by rules of
 * krb5.conf at that: alice of any realm would be our alice.
 */
static enum rv_auth_refusal
copy_principal(const struct rv_ticket *ticket, struct rv_accepted *ret)
{
	enum rv_auth_refusal refusal = RV_REFUSED_NOT;
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	gss_OID type = GSS_C_NO_OID;
	OM_uint32 major, minor;

	major = gss_display_name(&minor, ticket->source, &text, &type);
	if (GSS_ERROR(major))
		return refuse_status(
		    ret, "the name in the ticket", major, minor);
	/* GSS_C_ANON_FLAG is not set for anonymous PKINIT; the type is. */
	if (gss_oid_equal(type, GSS_C_NT_ANONYMOUS))
		refusal = rv_accepted_refuse(ret, RV_REFUSED_ANONYMOUS,
		    "the ticket is of an anonymous principal");
	else if (text.length >= sizeof(ret->principal))
		refusal = rv_accepted_refuse(ret, RV_REFUSED_BAD_TOKEN,
		    "the principal has %zu bytes, %d at most", text.length,
		    RV_PRINCIPAL_MAX - 1);
	else
		memcpy(ret->principal, text.value, text.length);
	rv_ignore((int)gss_release_buffer(&minor, &text));
	return refusal;
}

static bool
is_realm_of_ours(struct rv_slice realm, const struct rv_ticket_policy *policy)
{
	for (size_t i = 0; i < policy->n_realms; i++) {
		if (rv_slice_eq_cstr(realm, policy->realms[i]))
			return true;
	}
	return false;
}

static enum rv_auth_refusal
judge_name(const struct rv_ticket *ticket,
    const struct rv_ticket_policy *policy, struct rv_accepted *ret)
{
	enum rv_auth_refusal refusal = copy_principal(ticket, ret);
	struct rv_slice name, realm;

	if (refusal != RV_REFUSED_NOT)
		return refusal;
	if (!rv_principal_split(rv_slice_of(ret->principal), &name, &realm))
		return rv_accepted_refuse(ret, RV_REFUSED_BAD_TOKEN,
		    "the principal is not readable text with one realm");
	if (rv_slice_eq_cstr(realm, ANONYMOUS_REALM))
		return rv_accepted_refuse(ret, RV_REFUSED_ANONYMOUS,
		    "the ticket is of the anonymous realm");
	if (!is_realm_of_ours(realm, policy))
		return rv_accepted_refuse(ret, RV_REFUSED_REALM,
		    "the realm %.*s is not among those accepted",
		    (int)(realm.n < 128 ? realm.n : 128), realm.p);
	return RV_REFUSED_NOT;
}

/* ---- Attributes of the name ----------------------------------------------------- */

static bool
is_attribute(const gss_buffer_desc *name, const char *wanted)
{
	return rv_slice_eq_cstr(
	    (struct rv_slice){ name->value, name->length }, wanted);
}

/* One that does not fit is left out: that can only lower the level. */
static void
add_indicator(struct rv_accepted *ret, const gss_buffer_desc *value)
{
	struct rv_slice text = { value->value, value->length };

	if (ret->n_indicators < RV_EVIDENCE_INDICATORS && text.n > 0 &&
	    text.n < RV_INDICATOR_MAX && rv_slice_is_text(text))
		memcpy(ret->indicators[ret->n_indicators++], text.p, text.n);
}

/* RFC 8129.  Each call gives one value, until more is 0. */
static enum rv_auth_refusal
read_indicators(const struct rv_ticket *ticket, gss_buffer_t attribute,
    struct rv_accepted *ret)
{
	int more = -1;

	for (int i = 0; more != 0 && i < VALUES_MAX; i++) {
		gss_buffer_desc value = GSS_C_EMPTY_BUFFER;
		gss_buffer_desc shown = GSS_C_EMPTY_BUFFER;
		int authenticated = 0, complete = 0;
		OM_uint32 major, minor, unused;

		major =
		    gss_get_name_attribute(&minor, ticket->source, attribute,
			&authenticated, &complete, &value, &shown, &more);
		if (GSS_ERROR(major))
			return refuse_status(
			    ret, "the indicators", major, minor);
		if (authenticated != 0 && complete != 0)
			add_indicator(ret, &value);
		rv_ignore((int)gss_release_buffer(&unused, &value));
		rv_ignore((int)gss_release_buffer(&unused, &shown));
	}
	return RV_REFUSED_NOT;
}

/*
 * A PAC that is too large, or not authenticated, is damaged: without it a
 * mark of delegation would go unseen.
 */
static enum rv_auth_refusal
read_pac(const struct rv_ticket *ticket, gss_buffer_t attribute,
    struct rv_accepted *ret)
{
	gss_buffer_desc value = GSS_C_EMPTY_BUFFER, shown = GSS_C_EMPTY_BUFFER;
	enum rv_auth_refusal refusal = RV_REFUSED_NOT;
	int authenticated = 0, complete = 0, more = -1;
	OM_uint32 major, minor, unused;

	major = gss_get_name_attribute(&minor, ticket->source, attribute,
	    &authenticated, &complete, &value, &shown, &more);
	/* It is listed, and kept back when its checksum is wrong. */
	if (GSS_ROUTINE_ERROR(major) == GSS_S_UNAVAILABLE)
		return rv_accepted_refuse(
		    ret, RV_REFUSED_PAC, "the checksum of the PAC is wrong");
	if (GSS_ERROR(major))
		return refuse_status(ret, "the PAC", major, minor);
	if (authenticated == 0 || complete == 0 || more != 0 ||
	    value.length > RV_PAC_MAX)
		refusal = rv_accepted_refuse(ret, RV_REFUSED_PAC,
		    "the PAC is not whole, not authentic or too large");
	else
		rv_buf_put(&ret->pac, value.value, value.length);
	if (ret->pac.failed)
		refusal = rv_accepted_refuse(
		    ret, RV_REFUSED_INTERNAL, "out of memory");
	rv_ignore((int)gss_release_buffer(&unused, &value));
	rv_ignore((int)gss_release_buffer(&unused, &shown));
	return refusal;
}

static enum rv_auth_refusal
judge_attribute(const struct rv_ticket *ticket, gss_buffer_t attribute,
    struct rv_accepted *ret)
{
	if (is_attribute(attribute, ATTRIBUTE_PAC))
		return read_pac(ticket, attribute, ret);
	if (is_attribute(attribute, ATTRIBUTE_INDICATORS))
		return read_indicators(ticket, attribute, ret);
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
judge_attributes(const struct rv_ticket *ticket, struct rv_accepted *ret)
{
	enum rv_auth_refusal refusal = RV_REFUSED_NOT;
	gss_buffer_set_t attributes = GSS_C_NO_BUFFER_SET;
	OM_uint32 major, minor;
	int is_mechanism_name = 0;

	major = gss_inquire_name(
	    &minor, ticket->source, &is_mechanism_name, NULL, &attributes);
	if (GSS_ERROR(major))
		return refuse_status(
		    ret, "the attributes of the name", major, minor);
	for (size_t i = 0; refusal == RV_REFUSED_NOT && attributes != NULL &&
			   i < attributes->count;
	     i++)
		refusal =
		    judge_attribute(ticket, &attributes->elements[i], ret);
	rv_ignore((int)gss_release_buffer_set(&minor, &attributes));
	return refusal;
}

/* ---- Times ------------------------------------------------------------------------ */

static enum rv_auth_refusal
judge_times(const struct rv_ticket *ticket,
    const struct rv_ticket_policy *policy, struct rv_accepted *ret)
{
	OM_uint32 major, minor, lifetime_s = 0;
	krb5_timestamp authtime = 0;
	struct timespec now;
	int64_t left_s;

	major = gsskrb5_extract_authtime_from_sec_context(
	    &minor, ticket->context, &authtime);
	if (GSS_ERROR(major))
		return refuse_status(
		    ret, "the time of the sign-in", major, minor);
	major = gss_context_time(&minor, ticket->context, &lifetime_s);
	if (GSS_ERROR(major) &&
	    GSS_ROUTINE_ERROR(major) != GSS_S_CONTEXT_EXPIRED)
		return refuse_status(
		    ret, "the end of the ticket", major, minor);
	left_s = (int64_t)lifetime_s - policy->clock_skew_s;
	if (GSS_ERROR(major) || left_s <= 0)
		return rv_accepted_refuse(ret, RV_REFUSED_EXPIRED,
		    "the ticket of %.*s has ended", 128, ret->principal);
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return rv_accepted_refuse(
		    ret, RV_REFUSED_INTERNAL, "the clock cannot be read");
	/* 32 bits without sign: good until 2106. */
	ret->authenticated_at_ms = (int64_t)(uint32_t)authtime * 1000;
	ret->expires_at_ms = ((int64_t)now.tv_sec + left_s) * 1000;
	return RV_REFUSED_NOT;
}

enum rv_auth_refusal
rv_ticket_judge(const struct rv_ticket *ticket,
    const struct rv_ticket_policy *policy, struct rv_accepted *ret)
{
	enum rv_auth_refusal refusal;

	refusal = judge_context_flags(ticket, policy, ret);
	if (refusal == RV_REFUSED_NOT)
		refusal = judge_name(ticket, policy, ret);
	if (refusal == RV_REFUSED_NOT)
		refusal = judge_attributes(ticket, ret);
	if (refusal == RV_REFUSED_NOT)
		refusal = judge_times(ticket, policy, ret);
	if (refusal == RV_REFUSED_NOT)
		refusal = judge_ticket_flags(ticket, ret);
	return refusal;
}
