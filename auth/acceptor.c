/*
 * The Kerberos acceptor: one SPNEGO token, one leg, one verdict.  There is
 * no state between two calls, so nothing half-open for anybody to hold.
 */
#include "reeve/auth.h"

#include <stdlib.h>
#include <string.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include "acceptor_credential.h"
#include "ap_req.h"
#include "gss_status.h"
#include "spnego.h"
#include "ticket.h"

struct rv_acceptor {
	struct rv_acceptor_credential credential;
	enum rv_channel_binding binding;
	char **realms;
	size_t n_realms;
};

/* ---- Life -------------------------------------------------------------------- */

static int
copy_realms(
    const struct rv_acceptor_config *config, struct rv_acceptor *acceptor)
{
	acceptor->realms = calloc(config->n_realms, sizeof(char *));
	if (acceptor->realms == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < config->n_realms; i++) {
		acceptor->realms[i] = strdup(config->realms[i]);
		if (acceptor->realms[i] == NULL)
			return RV_ERR_NOMEM;
		acceptor->n_realms++;
	}
	return RV_OK;
}

static int
check_config(const struct rv_acceptor_config *config, struct rv_error *e)
{
	const char *missing = NULL;

	if (config->keytab == NULL || *config->keytab == '\0')
		missing = "keytab";
	else if (config->service == NULL || *config->service == '\0')
		missing = "service name";
	else if (config->replay_cache == NULL || *config->replay_cache == '\0')
		missing = "replay cache";
	else if (config->n_realms == 0)
		missing = "list of realms";
	if (missing == NULL)
		return RV_OK;
	rv_error_set(e, "the configuration of Kerberos lacks the %s", missing);
	return RV_ERR_INVALID;
}

int
rv_acceptor_new(const struct rv_acceptor_config *config,
    struct rv_acceptor **ret_acceptor, struct rv_error *e)
{
	struct rv_acceptor *acceptor = NULL;
	int r;

	r = check_config(config, e);
	if (r != RV_OK)
		return r;
	r = RV_ERR_NOMEM;
	acceptor = calloc(1, sizeof(*acceptor));
	if (acceptor == NULL || copy_realms(config, acceptor) != RV_OK) {
		rv_error_set(e, "out of memory");
		goto out;
	}
	acceptor->binding = config->binding;
	r = rv_acceptor_credential_init(config, &acceptor->credential, e);
	if (r != RV_OK)
		goto out;
	*ret_acceptor = acceptor;
	acceptor = NULL;
out:
	rv_acceptor_free(&acceptor);
	return r;
}

void
rv_acceptor_free(struct rv_acceptor **acceptor)
{
	struct rv_acceptor *a = *acceptor;

	*acceptor = NULL;
	if (a == NULL)
		return;
	rv_acceptor_credential_fini(&a->credential);
	for (size_t i = 0; i < a->n_realms; i++)
		free(a->realms[i]);
	free(a->realms);
	free(a);
}

/* ---- One token ------------------------------------------------------------------ */

/* What one call of the library leaves behind. */
struct leg {
	OM_uint32 major, minor, flags;
	gss_ctx_id_t context;
	gss_name_t source;
	gss_OID mech;
	gss_buffer_desc output;
};

static void
leg_fini(struct leg *leg)
{
	OM_uint32 minor;

	rv_ignore((int)gss_delete_sec_context(&minor, &leg->context, NULL));
	rv_ignore((int)gss_release_name(&minor, &leg->source));
	rv_ignore((int)gss_release_buffer(&minor, &leg->output));
}

/*
 * The NULL at the end is for delegated credentials: a ticket-granting
 * ticket that a client forwards is parsed by the library and thrown away.
 */
static void
accept_leg(gss_cred_id_t cred, struct rv_slice token, struct rv_slice binding,
    struct leg *leg)
{
	gss_buffer_desc input = rv_gss_borrow(token);
	struct gss_channel_bindings_struct channel = {
		.initiator_addrtype = GSS_C_AF_UNSPEC,
		.acceptor_addrtype = GSS_C_AF_UNSPEC,
		.application_data = rv_gss_borrow(binding),
	};

	/* No credential would mean: any keytab, any mechanism. */
	RV_ASSERT(cred != GSS_C_NO_CREDENTIAL);
	*leg = (struct leg){ .context = GSS_C_NO_CONTEXT };
	leg->major = gss_accept_sec_context(&leg->minor, &leg->context, cred,
	    &input, binding.p == NULL ? GSS_C_NO_CHANNEL_BINDINGS : &channel,
	    &leg->source, &leg->mech, &leg->output, &leg->flags, NULL, NULL);
}

/* The code with which krb5 itself refuses, 0 when it does not. */
static OM_uint32
krb5_code_with(gss_cred_id_t cred, struct rv_slice krb5_token)
{
	struct leg leg;
	OM_uint32 code;

	accept_leg(cred, krb5_token, RV_SLICE_NONE, &leg);
	code = GSS_ERROR(leg.major) ? leg.minor : 0;
	leg_fini(&leg);
	return code;
}

/*
 * SPNEGO renumbers the codes of the mechanism under it as it likes, so why
 * it refused shows only when krb5 is asked directly: first without the
 * replay cache, which has seen this token by now whatever was wrong with
 * it.  Whatever comes out, the token stays refused.
 */
static OM_uint32
krb5_code_of(const struct rv_acceptor *acceptor, struct rv_slice krb5_token)
{
	const struct rv_acceptor_credential *c = &acceptor->credential;
	OM_uint32 code = krb5_code_with(c->krb5_uncached, krb5_token);

	return code != 0 ? code : krb5_code_with(c->krb5, krb5_token);
}

static enum rv_auth_refusal
refuse_failure(const struct rv_acceptor *acceptor, struct rv_slice krb5_token,
    const struct leg *leg, struct rv_accepted *ret)
{
	enum rv_auth_refusal refusal;
	OM_uint32 code = 0;

	rv_gss_status_text("Kerberos", leg->major, leg->minor, ret->detail,
	    sizeof(ret->detail));
	if (GSS_ROUTINE_ERROR(leg->major) == GSS_S_FAILURE)
		code = krb5_code_of(acceptor, krb5_token);
	refusal = rv_gss_refusal_of(leg->major, code);
	/* "No key" is also what an unreadable keytab looks like. */
	if (refusal == RV_REFUSED_WRONG_SERVICE &&
	    !rv_acceptor_credential_has_keytab(&acceptor->credential))
		return RV_REFUSED_INTERNAL;
	return refusal;
}

static enum rv_auth_refusal
judge_leg(const struct rv_acceptor *acceptor, struct rv_slice krb5_token,
    const struct leg *leg, struct rv_accepted *ret)
{
	const struct rv_ticket ticket = {
		.context = leg->context,
		.source = leg->source,
		.flags = leg->flags,
	};
	const struct rv_ticket_policy policy = {
		.realms = (const char *const *)acceptor->realms,
		.n_realms = acceptor->n_realms,
		.require_binding = acceptor->binding == RV_BINDING_REQUIRE,
		.clock_skew_s = acceptor->credential.clock_skew_s,
	};

	if (GSS_ERROR(leg->major))
		return refuse_failure(acceptor, krb5_token, leg, ret);
	if ((leg->major & GSS_S_CONTINUE_NEEDED) != 0)
		return rv_accepted_refuse(ret, RV_REFUSED_UNFINISHED,
		    "the exchange wants another leg");
	if (leg->major != GSS_S_COMPLETE || leg->source == GSS_C_NO_NAME)
		return rv_accepted_refuse(ret, RV_REFUSED_BAD_TOKEN,
		    "GSSAPI answered %#x, which is not a plain success",
		    (unsigned)leg->major);
	if (!gss_oid_equal(leg->mech, gss_mech_krb5))
		return rv_accepted_refuse(ret, RV_REFUSED_MECHANISM,
		    "SPNEGO chose another mechanism than krb5");
	return rv_ticket_judge(&ticket, &policy, ret);
}

static enum rv_auth_refusal
take_reply(const struct leg *leg, struct rv_accepted *ret)
{
	rv_buf_put(&ret->reply, leg->output.value, leg->output.length);
	if (ret->reply.failed)
		return rv_accepted_refuse(
		    ret, RV_REFUSED_INTERNAL, "out of memory");
	return RV_REFUSED_NOT;
}

/*
 * Bindings are compared after the replay cache has noted the token, so it is
 * asked once, with the first: a token seen before is refused for that.  Only
 * one that was new, and bound to something else, is tried on with the others,
 * where the cache has nothing more to say.
 */
static void
try_bindings(const struct rv_acceptor *acceptor, struct rv_slice token,
    const struct rv_slice *bindings, size_t n, struct leg *leg)
{
	accept_leg(acceptor->credential.spnego, token,
	    n > 0 ? bindings[0] : RV_SLICE_NONE, leg);
	for (size_t i = 1;
	     i < n && GSS_ROUTINE_ERROR(leg->major) == GSS_S_BAD_BINDINGS;
	     i++) {
		leg_fini(leg);
		accept_leg(acceptor->credential.spnego_uncached, token,
		    bindings[i], leg);
	}
}

/* To the library an empty one means: do not compare. */
static bool
are_bindings(const struct rv_slice *bindings, size_t n)
{
	if (n > RV_BINDINGS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (bindings[i].p == NULL || bindings[i].n == 0)
			return false;
	return true;
}

static enum rv_auth_refusal
judge(const struct rv_acceptor *acceptor, struct rv_slice token,
    const struct rv_slice *bindings, size_t n, struct rv_accepted *ret)
{
	struct rv_spnego_look look = rv_spnego_look(token);
	struct rv_ap_req_look request;
	enum rv_auth_refusal refusal;
	struct leg leg;

	if (look.refusal != RV_REFUSED_NOT)
		return rv_accepted_refuse(ret, look.refusal, "%s", look.detail);
	request = rv_ap_req_look(look.krb5_token);
	if (request.refusal != RV_REFUSED_NOT)
		return rv_accepted_refuse(
		    ret, request.refusal, "%s", request.detail);
	if (!are_bindings(bindings, n))
		return rv_accepted_refuse(ret, RV_REFUSED_INTERNAL,
		    "too many channel bindings, or an empty one");
	if (acceptor->binding == RV_BINDING_OFF)
		n = 0;
	if (acceptor->binding == RV_BINDING_REQUIRE && n == 0)
		return rv_accepted_refuse(ret, RV_REFUSED_BINDING,
		    "this connection has nothing to bind to");
	try_bindings(acceptor, token, bindings, n, &leg);
	refusal = judge_leg(acceptor, look.krb5_token, &leg, ret);
	if (refusal == RV_REFUSED_NOT)
		refusal = take_reply(&leg, ret);
	leg_fini(&leg);
	return refusal;
}

void
rv_acceptor_accept(const struct rv_acceptor *acceptor, struct rv_slice token,
    const struct rv_slice *bindings, size_t n_bindings, struct rv_accepted *ret)
{
	enum rv_auth_refusal refusal;
	char detail[sizeof(ret->detail)];

	/* Refused until proven. */
	*ret = (struct rv_accepted){ .refusal = RV_REFUSED_INTERNAL };
	refusal = judge(acceptor, token, bindings, n_bindings, ret);
	if (refusal != RV_REFUSED_NOT) {
		/* Half of an identity is nobody's. */
		memcpy(detail, ret->detail, sizeof(detail));
		rv_accepted_fini(ret);
		memcpy(ret->detail, detail, sizeof(detail));
	}
	ret->refusal = refusal;
}
