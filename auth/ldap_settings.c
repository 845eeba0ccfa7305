#include "ldap_settings.h"

#include <string.h>

static bool
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

/* One server an address, and no second way to give a base or a filter. */
static int
check_uri(const char *uri, enum rv_directory_tls tls, struct rv_error *e)
{
	const char *scheme = tls == RV_DIRECTORY_LDAPS ? "ldaps://" : "ldap://";
	const size_t n = strlen(scheme);

	if (strncmp(uri, scheme, n) == 0 && uri[n] != '\0' &&
	    strpbrk(uri + n, " ,/?") == NULL)
		return RV_OK;
	rv_error_set(e, "the address of the directory, %s, must be %sHOST:PORT",
	    uri, scheme);
	return RV_ERR_INVALID;
}

/* NULL when the way of signing in has all that it needs. */
static const char *
lacks(const struct rv_ldap_settings *s)
{
	switch (s->bind) {
	case RV_BIND_GSSAPI:
		return is_set(s->client_keytab) ? NULL : "keytab";
	case RV_BIND_EXTERNAL:
		if (s->tls == RV_DIRECTORY_TLS_OFF)
			return "TLS that a client certificate needs";
		return is_set(s->certificate) && is_set(s->key)
			   ? NULL
			   : "client certificate and key";
	case RV_BIND_SIMPLE:
		/* Never in clear. */
		if (s->tls == RV_DIRECTORY_TLS_OFF)
			return "TLS that a password needs";
		return is_set(s->bind_dn) && is_set(s->password_file)
			   ? NULL
			   : "name and password file";
	}
	return "way of signing in";
}

int
rv_ldap_settings_check(
    const struct rv_ldap_settings *settings, struct rv_error *e)
{
	const char *missing = lacks(settings);
	int r = RV_OK;

	if (settings->n_uris == 0 || !is_set(settings->uris[0]))
		missing = "address";
	else if (missing == NULL && settings->tls != RV_DIRECTORY_TLS_OFF &&
		 !is_set(settings->ca))
		missing = "authority of its certificate";
	if (missing != NULL) {
		rv_error_set(e,
		    "the configuration of the directory lacks the %s", missing);
		return RV_ERR_INVALID;
	}
	for (size_t i = 0; r == RV_OK && i < settings->n_uris; i++)
		r = check_uri(settings->uris[i], settings->tls, e);
	return r;
}
