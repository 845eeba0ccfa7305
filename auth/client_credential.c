#include "client_credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>

#include "gss_status.h"

struct rv_client_credential {
	char *keytab;	/* "FILE:..." */
	char cache[64]; /* "MEMORY:..." */
};

/* One cache for each object: two directories do not share tickets. */
static int
name_things(struct rv_client_credential *c, const char *keytab)
{
	int n = snprintf(
	    c->cache, sizeof(c->cache), "MEMORY:reeve-client-%p", (void *)c);

	if (n < 0 || (size_t)n >= sizeof(c->cache))
		return RV_ERR_INTERNAL;
	if (asprintf(&c->keytab, "FILE:%s", keytab) < 0) {
		c->keytab = NULL;
		return RV_ERR_NOMEM;
	}
	return RV_OK;
}

static int
check_keytab(const char *name, struct rv_error *e)
{
	krb5_context ctx = NULL;
	krb5_keytab keytab = NULL;
	int r = RV_ERR_IO;

	if (krb5_init_context(&ctx) != 0) {
		rv_error_set(e, "krb5.conf cannot be read");
		return r;
	}
	if (krb5_kt_resolve(ctx, name, &keytab) == 0 &&
	    krb5_kt_have_content(ctx, keytab) == 0)
		r = RV_OK;
	else
		rv_error_set(e,
		    "the keytab for the directory, %s, cannot be read or has "
		    "no key",
		    name);
	if (keytab != NULL)
		krb5_kt_close(ctx, keytab);
	krb5_free_context(ctx);
	return r;
}

int
rv_client_credential_new(const char *keytab,
    struct rv_client_credential **ret_credential, struct rv_error *e)
{
	struct rv_client_credential *c = calloc(1, sizeof(*c));
	int r = RV_ERR_NOMEM;

	if (c != NULL)
		r = name_things(c, keytab);
	if (r != RV_OK) {
		rv_error_set(e, "%s", rv_strerr(r));
		goto out;
	}
	r = check_keytab(c->keytab, e);
	if (r != RV_OK)
		goto out;
	*ret_credential = c;
	c = NULL;
out:
	rv_client_credential_free(&c);
	return r;
}

/* A cache in memory lives as long as the process unless it is destroyed. */
void
rv_client_credential_forget(const struct rv_client_credential *credential)
{
	krb5_context ctx = NULL;
	krb5_ccache cache = NULL;

	if (krb5_init_context(&ctx) != 0)
		return;
	if (krb5_cc_resolve(ctx, credential->cache, &cache) == 0)
		rv_ignore(krb5_cc_destroy(ctx, cache)); /* frees it, too */
	krb5_free_context(ctx);
}

void
rv_client_credential_free(struct rv_client_credential **credential)
{
	struct rv_client_credential *c = *credential;

	*credential = NULL;
	if (c == NULL)
		return;
	if (c->keytab != NULL)
		rv_client_credential_forget(c);
	free(c->keytab);
	free(c);
}

int
rv_client_credential_use(
    const struct rv_client_credential *credential, struct rv_error *e)
{
	OM_uint32 major, minor;

	major = gss_krb5_ccache_name(&minor, credential->cache, NULL);
	if (GSS_ERROR(major)) {
		rv_error_set(e, "Kerberos does not take a cache in memory");
		return RV_ERR_INTERNAL;
	}
	return RV_OK;
}

/*
 * The library fetches tickets into the cache when it resolves a credential
 * that names a client keytab, and again when half their life is over.
 */
int
rv_client_credential_refresh(
    struct rv_client_credential *credential, struct rv_error *e)
{
	gss_key_value_element_desc elements[] = {
		{ "client_keytab", credential->keytab },
		{ "ccache", credential->cache },
	};
	gss_key_value_set_desc store = { 2, elements };
	gss_OID_set_desc mechs = { 1, gss_mech_krb5 };
	gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
	OM_uint32 major, minor, unused, lifetime_s = 0;
	char text[256];

	major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
	    &mechs, GSS_C_INITIATE, &store, &cred, NULL, NULL);
	if (!GSS_ERROR(major))
		major = gss_inquire_cred(
		    &minor, cred, NULL, &lifetime_s, NULL, NULL);
	if (GSS_ERROR(major) || lifetime_s == 0) {
		rv_gss_status_text("the Kerberos sign-in for the directory",
		    major, minor, text, sizeof(text));
		rv_error_set(e, "%s", text);
		rv_ignore((int)gss_release_cred(&unused, &cred));
		return RV_ERR_UNAVAILABLE;
	}
	rv_ignore((int)gss_release_cred(&unused, &cred));
	return RV_OK;
}
