/*
 * The beginning of a connection: options of libldap, TLS, signing in.
 */
#ifndef AUTH_LDAP_BIND_H
#define AUTH_LDAP_BIND_H

#include <ldap.h>

#include "ldap_settings.h"

/* Options of TLS on this handle; before anything is sent. */
RV_MUSTUSE int rv_ldap_set_tls(LDAP *ld,
    const struct rv_ldap_settings *settings, const char *pin,
    struct rv_error *e);
/*
 * StartTLS where it is asked for, and signing in.  Blocks.
 * RV_ERR_UNAVAILABLE with a text.
 */
RV_MUSTUSE int rv_ldap_bind(
    LDAP *ld, const struct rv_ldap_settings *settings, struct rv_error *e);
/* "<what>: <the library's words>"; returns RV_ERR_UNAVAILABLE. */
int rv_ldap_unavailable(
    LDAP *ld, const char *what, int result, struct rv_error *e);

#endif
