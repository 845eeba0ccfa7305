/*
 * What GSSAPI and Kerberos say when they fail, as text for the operator and
 * as a reason of refusal.
 */
#ifndef AUTH_GSS_STATUS_H
#define AUTH_GSS_STATUS_H

#include <gssapi/gssapi.h>

#include "reeve/auth.h"

/*
 * Writes "<what>: <major text> (<minor text>)", cut to size.  Any thread;
 * must run on the thread where the call failed, before another one.
 */
void rv_gss_status_text(const char *what, OM_uint32 major, OM_uint32 minor,
    char *text, size_t size);

/*
 * The refusal for an accept that failed.  krb5_code is the code of the krb5
 * mechanism itself, 0 when there is none.
 */
enum rv_auth_refusal rv_gss_refusal_of(OM_uint32 major, OM_uint32 krb5_code);

/* Borrows bytes as GSSAPI wants them; it never writes to its inputs. */
gss_buffer_desc rv_gss_borrow(struct rv_slice s);

#endif
