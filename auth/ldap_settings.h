/*
 * How to reach a directory: servers, TLS, and the way of signing in.
 */
#ifndef AUTH_LDAP_SETTINGS_H
#define AUTH_LDAP_SETTINGS_H

#include "reeve/auth_directory.h"

/* Borrowed texts, which outlive whoever uses them. */
struct rv_ldap_settings {
	const char *const *uris; /* tried in order */
	size_t n_uris;
	enum rv_directory_bind bind;
	enum rv_directory_tls tls;
	const char *ca;		 /* PEM, or NULL */
	const char *const *pins; /* as libldap takes them; any one of them */
	size_t n_pins;
	const char *certificate, *key;
	const char *bind_dn, *password_file;
	const char *client_keytab;
	int timeout_ms;
};

/*
 * Whether they can work together.  RV_ERR_INVALID with a line that names
 * what is missing or contradictory: a password without TLS is.
 */
RV_MUSTUSE int rv_ldap_settings_check(
    const struct rv_ldap_settings *settings, struct rv_error *e);

#endif
