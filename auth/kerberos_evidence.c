/*
 * From what the acceptor said to evidence.  The SIDs of a PAC are the word
 * of the KDC of a realm: they count for the domains that this realm is
 * listed with, and for no others, since a KDC could name any.  That a
 * service acts for somebody is believed of every KDC.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pac.h"
#include "principal.h"
#include "reeve/auth_kerberos.h"

static enum rv_auth_refusal refuse(enum rv_auth_refusal why, char detail[256],
    const char *fmt, ...) RV_PRINTF(3, 4);

static enum rv_auth_refusal
refuse(enum rv_auth_refusal why, char detail[256], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rv_ignore(vsnprintf(detail, 256, fmt, ap));
	va_end(ap);
	return why;
}

/* ---- SIDs ---------------------------------------------------------------------- */

/* Of no domain: what says how somebody has signed in. */
static bool
is_well_known(const char *sid)
{
	return strncmp(sid, "S-1-18-", 7) == 0 ||
	       strcmp(sid, "S-1-5-65-1") == 0;
}

/* "REALM=S-1-5-21-..." for this realm, and the SID behind that prefix. */
static bool
is_allowed(const struct rv_kerberos_policy *policy, struct rv_slice realm,
    const char *sid)
{
	for (size_t i = 0; i < policy->pac_domains.n; i++) {
		const char *entry = policy->pac_domains.v[i];
		const char *domain = strchr(entry, '=');
		size_t n;

		if (domain == NULL ||
		    !rv_slice_eq(realm,
			(struct rv_slice){ entry, (size_t)(domain - entry) }))
			continue;
		n = strlen(++domain);
		if (n > 0 && strncmp(sid, domain, n) == 0 && sid[n] == '-' &&
		    strchr(sid + n + 1, '-') == NULL)
			return true;
	}
	return false;
}

static int
add_lower(struct rv_texts *texts, const char *prefix, const char *sid)
{
	char text[RV_SID_SIZE + 8];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s%s", prefix, sid);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	return rv_texts_add(texts, rv_slice_of(text));
}

/* A group of an allowed domain; it counts for a level, too. */
static int
add_group(struct rv_evidence *e, const char *sid)
{
	int r = add_lower(&e->groups, "", sid);

	return r == RV_OK ? rv_texts_add(&e->sids, rv_slice_of(sid)) : r;
}

static int
add_groups(const struct rv_kerberos_policy *policy, struct rv_slice realm,
    const struct rv_texts *sids, struct rv_evidence *e)
{
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < sids->n; i++) {
		if (is_allowed(policy, realm, sids->v[i]))
			r = add_group(e, sids->v[i]);
		else if (is_well_known(sids->v[i]))
			r = rv_texts_add(&e->sids, rv_slice_of(sids->v[i]));
	}
	return r;
}

/* Only where the account's own domain is the realm's. */
static int
add_account(const struct rv_kerberos_policy *policy, struct rv_slice realm,
    const struct rv_pac *pac, struct rv_evidence *e)
{
	int r;

	if (!pac->has_logon_info ||
	    !is_allowed(policy, realm, pac->account_sid))
		return RV_OK;
	r = add_lower(&e->ids, "sid:", pac->account_sid);
	if (r == RV_OK)
		r = add_groups(policy, realm, &pac->groups, e);
	if (r == RV_OK)
		r = add_groups(policy, realm, &pac->extra, e);
	if (r != RV_OK)
		return r;
	e->has_groups = true;
	(void)snprintf(
	    e->lookup, sizeof(e->lookup), "%s", e->ids.v[e->ids.n - 1]);
	return RV_OK;
}

/* ---- Delegation (docs/rule.md section 9) ------------------------------------------ */

/* Wherever the KDC has put the mark. */
static bool
is_service_asserted(const struct rv_pac *pac)
{
	const struct rv_slice mark = RV_SLICE_LIT(RV_SID_S4U);

	return rv_texts_have(&pac->extra, mark) ||
	       rv_texts_have(&pac->groups, mark);
}

/*
 * By whom it went is in the PAC for S4U2proxy.  A ticket that a service got
 * for somebody to itself names nobody: then nobody can be listed.
 */
static enum rv_auth_refusal
judge_delegation(const struct rv_kerberos_policy *policy,
    const struct rv_pac *pac, struct rv_evidence *e, char detail[256])
{
	const struct rv_texts *services = &pac->services;

	if (!pac->has_delegation && !is_service_asserted(pac))
		return RV_REFUSED_NOT;
	if (!pac->has_delegation || services->n == 0)
		return refuse(RV_REFUSED_DELEGATED, detail,
		    "a service got this ticket on behalf of %.128s, and it "
		    "does not say which",
		    e->principal);
	for (size_t i = 0; i < services->n; i++)
		if (!rv_words_have(
			&policy->gateways, rv_slice_of(services->v[i])))
			return refuse(RV_REFUSED_DELEGATED, detail,
			    "%.64s got this ticket on behalf of %.64s and is "
			    "not among the gateways",
			    services->v[i], e->principal);
	if (strlen(services->v[services->n - 1]) >= sizeof(e->delegated_by))
		return refuse(RV_REFUSED_DELEGATED, detail,
		    "the name of the gateway is too long");
	(void)snprintf(e->delegated_by, sizeof(e->delegated_by), "%s",
	    services->v[services->n - 1]);
	e->delegated = true;
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
judge_pac(const struct rv_kerberos_policy *policy, struct rv_slice realm,
    struct rv_slice bytes, struct rv_evidence *e, char detail[256])
{
	enum rv_auth_refusal refusal;
	struct rv_pac pac;
	int r = rv_pac_read(bytes, &pac);

	if (r == RV_ERR_INVALID)
		return refuse(RV_REFUSED_PAC, detail,
		    "the PAC in the ticket of %.128s is damaged", e->principal);
	if (r != RV_OK)
		return refuse(RV_REFUSED_INTERNAL, detail, "out of memory");
	refusal = judge_delegation(policy, &pac, e, detail);
	if (refusal == RV_REFUSED_NOT &&
	    add_account(policy, realm, &pac, e) != RV_OK)
		refusal = refuse(RV_REFUSED_INTERNAL, detail, "out of memory");
	rv_pac_fini(&pac);
	return refusal;
}

/* ---- The whole ------------------------------------------------------------------------ */

static int
fill(const struct rv_accepted *accepted, struct rv_evidence *e)
{
	char id[RV_PRINCIPAL_MAX + 8];
	int r;

	memcpy(e->principal, accepted->principal, RV_PRINCIPAL_MAX);
	memcpy(e->lookup, accepted->principal, RV_PRINCIPAL_MAX);
	(void)snprintf(id, sizeof(id), "krb5:%s", accepted->principal);
	r = rv_texts_add(&e->ids, rv_slice_of(id));
	for (size_t i = 0; r == RV_OK && i < accepted->n_indicators; i++)
		r = rv_texts_add(
		    &e->indicators, rv_slice_of(accepted->indicators[i]));
	return r;
}

static enum rv_auth_refusal
judge(const struct rv_accepted *accepted,
    const struct rv_kerberos_policy *policy, struct rv_evidence *e,
    char detail[256])
{
	struct rv_slice name, realm;

	if (!rv_principal_split(
		rv_slice_of(accepted->principal), &name, &realm))
		return refuse(RV_REFUSED_BAD_TOKEN, detail,
		    "the principal is not readable text with one realm");
	if (fill(accepted, e) != RV_OK)
		return refuse(RV_REFUSED_INTERNAL, detail, "out of memory");
	if (accepted->pac.n == 0)
		return RV_REFUSED_NOT;
	return judge_pac(
	    policy, realm, rv_buf_slice(&accepted->pac), e, detail);
}

enum rv_auth_refusal
rv_kerberos_evidence(const struct rv_accepted *accepted,
    const struct rv_kerberos_policy *policy, struct rv_evidence *ret_evidence,
    char detail[256])
{
	enum rv_auth_refusal refusal;

	detail[0] = '\0';
	*ret_evidence = (struct rv_evidence){
		.method = RV_AUTH_KERBEROS,
		.authenticated_at_ms = accepted->authenticated_at_ms,
		.expires_at_ms = accepted->expires_at_ms,
		.channel_bound = accepted->channel_bound,
		.mutual = accepted->mutual,
	};
	refusal =
	    accepted->refusal != RV_REFUSED_NOT
		? refuse(accepted->refusal, detail, "%s", accepted->detail)
		: judge(accepted, policy, ret_evidence, detail);
	if (refusal != RV_REFUSED_NOT)
		rv_evidence_fini(ret_evidence);
	return refusal;
}
