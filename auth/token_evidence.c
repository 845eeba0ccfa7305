/* What a good token proves: who, in which groups, and how strongly. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "token_claims.h"

static struct rv_slice
text_of(const struct rv_token_case *c, const char *claim)
{
	return rv_jws_text(c->jws->payload, claim);
}

static const json_t *
claim_of(const struct rv_token_case *c, const char *claim)
{
	return claim != NULL ? json_object_get(c->jws->payload, claim) : NULL;
}

/* ---- Who --------------------------------------------------------------------------- */

/* Adds PREFIX:ISS|NAME; RV_ERR_INVALID when it is no name or too long. */
static int
add_id(const struct rv_token_case *c, const char *prefix, struct rv_slice name,
    struct rv_texts *ids)
{
	struct rv_buf id = { .max = RV_PRINCIPAL_MAX - 1 };
	int r = RV_ERR_INVALID;

	if (name.n > 0) {
		rv_buf_printf(&id, "%s:%.*s|%.*s", prefix,
		    RV_SLICE_FMT(text_of(c, "iss")), RV_SLICE_FMT(name));
		if (!id.failed)
			r = rv_texts_add(ids, rv_buf_slice(&id));
	}
	rv_buf_fini(&id);
	return r;
}

static struct rv_slice
client_of(const struct rv_token_case *c)
{
	static const char *const claims[] = { "azp", "appid", "client_id",
		"sub" };
	struct rv_slice client = RV_SLICE_NONE;

	for (size_t i = 0; i < 4 && client.n == 0; i++)
		client = text_of(c, claims[i]);
	return client;
}

/* tid and oid: what Entra never uses again, nor changes. */
static int
add_entra_person(const struct rv_token_case *c, struct rv_texts *ids)
{
	struct rv_slice tid = text_of(c, "tid"), oid = text_of(c, "oid");
	struct rv_buf name = { 0 };
	int r = RV_ERR_INVALID;

	rv_buf_printf(&name, "%.*s:%.*s", RV_SLICE_FMT(tid), RV_SLICE_FMT(oid));
	if (oid.n > 0 && !name.failed)
		r = add_id(c, "oidc", rv_buf_slice(&name), ids);
	rv_buf_fini(&name);
	return r;
}

static int
add_person(const struct rv_token_case *c, struct rv_texts *ids)
{
	const char *claim = c->issuer->subject_claim;

	if (rv_token_is_application(c))
		return add_id(c, "oidc-app", client_of(c), ids);
	if (c->issuer->entra)
		return add_entra_person(c, ids);
	return add_id(
	    c, "oidc", text_of(c, claim != NULL ? claim : "sub"), ids);
}

/* Nothing that a terminal or a line of a log would obey. */
static bool
is_printable(struct rv_slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return text.n > 0;
}

/*
 * The name for people, with the id behind it: the name alone may be anybody's
 * and the record has to say who it was.
 */
static void
put_principal(const struct rv_token_case *c, struct rv_evidence *ev)
{
	struct rv_slice shown = c->issuer->principal_claim != NULL
				    ? text_of(c, c->issuer->principal_claim)
				    : RV_SLICE_NONE;
	const char *id = ev->ids.v[0];

	if (!is_printable(shown) ||
	    shown.n + strlen(id) + sizeof(" ()") > RV_PRINCIPAL_MAX)
		(void)snprintf(ev->principal, RV_PRINCIPAL_MAX, "%s", id);
	else
		(void)snprintf(ev->principal, RV_PRINCIPAL_MAX, "%.*s (%s)",
		    RV_SLICE_FMT(shown), id);
}

/* ---- In the directory --------------------------------------------------------------- */

static bool
is_sid(struct rv_slice text)
{
	if (text.n < 6 || text.n > 184 || strncasecmp(text.p, "S-1-", 4) != 0)
		return false;
	for (size_t i = 4; i < text.n; i++)
		if (text.p[i] != '-' && !isdigit((unsigned char)text.p[i]))
			return false;
	return true;
}

/* Only in the realm of the issuer's file, whatever the token says. */
static void
put_name(struct rv_slice name, const char *realm, char out[RV_PRINCIPAL_MAX])
{
	const char *at = memrchr(name.p, '@', name.n);
	struct rv_slice said = RV_SLICE_NONE;

	if (at != NULL) {
		said = (struct rv_slice){ at + 1,
			name.n - (size_t)(at - name.p) - 1 };
		name.n = (size_t)(at - name.p);
	}
	if (name.n == 0 || memchr(name.p, '@', name.n) != NULL ||
	    name.n + strlen(realm) + 2 > RV_PRINCIPAL_MAX ||
	    (said.p != NULL && !rv_slice_ieq(said, rv_slice_of(realm))))
		return;
	(void)snprintf(
	    out, RV_PRINCIPAL_MAX, "%.*s@%s", RV_SLICE_FMT(name), realm);
}

static void
put_lookup(const struct rv_token_case *c, struct rv_evidence *ev)
{
	struct rv_slice name = c->issuer->lookup_claim != NULL
				   ? text_of(c, c->issuer->lookup_claim)
				   : RV_SLICE_NONE;

	if (name.p == NULL || !is_printable(name) || rv_token_is_application(c))
		return;
	if (is_sid(name)) {
		(void)snprintf(ev->lookup, RV_PRINCIPAL_MAX, "sid:%.*s",
		    RV_SLICE_FMT(name));
		for (char *s = ev->lookup; *s != '\0'; s++)
			*s = (char)tolower((unsigned char)*s);
	} else if (c->issuer->directory_realm != NULL) {
		put_name(name, c->issuer->directory_realm, ev->lookup);
	}
}

/* ---- Groups ----------------------------------------------------------------------------- */

/*
 * Entra leaves a long list out and says where it could be had (_claim_names),
 * or only that there is one (hasgroups): that is "unknown", not "none".
 */
static bool
is_overage(const struct rv_token_case *c)
{
	const json_t *elsewhere = claim_of(c, "_claim_names");
	const json_t *has = claim_of(c, "hasgroups");

	if (elsewhere != NULL &&
	    (!json_is_object(elsewhere) ||
		json_object_get(elsewhere, c->issuer->groups_claim) != NULL))
		return true;
	return has != NULL && !json_is_false(has);
}

/* All or nothing: a list with anything else in it is unknown. */
static int
add_groups(const struct rv_token_case *c, struct rv_evidence *ev)
{
	const json_t *groups = claim_of(c, c->issuer->groups_claim);
	const json_t *one;
	int r = RV_OK;
	size_t i;

	if (!json_is_array(groups) || is_overage(c))
		return RV_OK;
	json_array_foreach(groups, i, one)
	{
		if (r == RV_OK)
			r = add_id(c, "oidc",
			    (struct rv_slice){ json_string_value(one),
				json_string_length(one) },
			    &ev->groups);
	}
	ev->has_groups = r == RV_OK;
	if (r != RV_OK)
		rv_texts_fini(&ev->groups);
	return r == RV_ERR_NOMEM ? r : RV_OK;
}

/* ---- How strongly -------------------------------------------------------------------------- */

/* A text, or each text of an array; anything else proves nothing. */
static int
add_texts(const json_t *claim, struct rv_texts *texts)
{
	const json_t *one;
	int r = RV_OK;
	size_t i;

	if (json_is_string(claim))
		return rv_texts_add(
		    texts, (struct rv_slice){ json_string_value(claim),
			       json_string_length(claim) });
	json_array_foreach(claim, i, one)
	{
		if (r == RV_OK && json_is_string(one))
			r = rv_texts_add(
			    texts, (struct rv_slice){ json_string_value(one),
				       json_string_length(one) });
	}
	return r;
}

static int
fill(const struct rv_token_case *c, struct rv_evidence *ev)
{
	int64_t exp_ms, at_ms;
	int r = add_person(c, &ev->ids);

	if (r != RV_OK)
		return r;
	put_principal(c, ev);
	put_lookup(c, ev);
	if (!rv_token_time(c, "exp", 0, &exp_ms) ||
	    !rv_token_time(c, "auth_time", 0, &at_ms))
		return RV_ERR_INVALID;
	ev->expires_at_ms = exp_ms;
	ev->authenticated_at_ms = at_ms;
	/* An application has no groups, and signs in by no factors. */
	if (rv_token_is_application(c))
		return RV_OK;
	r = add_groups(c, ev);
	if (r == RV_OK)
		r = add_texts(claim_of(c, "acrs"), &ev->acrs);
	if (r == RV_OK && json_is_string(claim_of(c, "acr")))
		r = add_texts(claim_of(c, "acr"), &ev->acr);
	if (r == RV_OK && json_is_array(claim_of(c, "amr")))
		r = add_texts(claim_of(c, "amr"), &ev->amr);
	return r;
}

enum rv_auth_refusal
rv_token_evidence(
    const struct rv_token_case *c, struct rv_evidence *ret_evidence)
{
	struct rv_evidence ev = { .method = RV_AUTH_TOKEN };
	int r;

	(void)snprintf(ev.source, sizeof(ev.source), "%s", c->issuer->source);
	r = fill(c, &ev);
	if (r == RV_OK) {
		*ret_evidence = ev;
		return RV_REFUSED_NOT;
	}
	rv_evidence_fini(&ev);
	if (r == RV_ERR_INVALID)
		return rv_jws_refuse(c->detail, RV_REFUSED_NO_NAME,
		    "nothing in the token names its person, or the name is too "
		    "long");
	return rv_jws_refuse(
	    c->detail, RV_REFUSED_INTERNAL, "%s", rv_strerr(r));
}
