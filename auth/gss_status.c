#include "gss_status.h"

#include <errno.h>
#include <stdio.h>

#include <krb5/krb5.h>

/* Appends all messages of one status to text, behind a separator each. */
static size_t
append_status(char *text, size_t size, size_t used, OM_uint32 status, int type)
{
	OM_uint32 minor, more = 0;

	do {
		gss_buffer_desc message = GSS_C_EMPTY_BUFFER;
		int n;

		if (GSS_ERROR(gss_display_status(
			&minor, status, type, GSS_C_NO_OID, &more, &message)))
			break;
		n = snprintf(text + used, size - used, ": %.*s",
		    (int)message.length, (const char *)message.value);
		rv_ignore((int)gss_release_buffer(&minor, &message));
		if (n < 0 || (size_t)n >= size - used)
			return size - 1; /* cut */
		used += (size_t)n;
	} while (more != 0 && used + 1 < size);
	return used;
}

void
rv_gss_status_text(
    const char *what, OM_uint32 major, OM_uint32 minor, char *text, size_t size)
{
	int n = snprintf(text, size, "%s", what);
	size_t used = n < 0 ? 0 : (size_t)n;

	if (used + 1 >= size)
		return;
	/* "Unspecified failure, see minor code" says nothing. */
	if (GSS_ROUTINE_ERROR(major) != GSS_S_FAILURE || minor == 0)
		rv_ignore((int)append_status(
		    text, size, used, major, GSS_C_GSS_CODE));
	/* ... and after any other code the minor one is noise. */
	else
		rv_ignore((int)append_status(
		    text, size, used, minor, GSS_C_MECH_CODE));
}

/*
 * Codes seen from MIT krb5 1.20 for tickets of a private KDC, and those of
 * RFC 4120 section 7.5.9 that mean the same.
 */
static enum rv_auth_refusal
refusal_of_krb5(krb5_error_code code)
{
	switch (code) {
	case KRB5KRB_AP_ERR_REPEAT:
		return RV_REFUSED_REPLAY;
	case KRB5KRB_AP_ERR_SKEW:
	case KRB5KRB_AP_ERR_TKT_NYV:
		return RV_REFUSED_CLOCK_SKEW;
	case KRB5KRB_AP_ERR_TKT_EXPIRED:
		return RV_REFUSED_EXPIRED;
	case KRB5KRB_AP_WRONG_PRINC:
	case KRB5KRB_AP_ERR_NOT_US:
	case KRB5KRB_AP_ERR_NOKEY:
	case KRB5_KT_NOTFOUND:
		return RV_REFUSED_WRONG_SERVICE;
	case KRB5_RC_IO:
	case KRB5_RC_IO_PERM:
	case KRB5_RC_IO_IO:
	case KRB5_RC_IO_SPACE:
	case KRB5_RC_IO_UNKNOWN:
	case KRB5_RC_UNKNOWN:
	case KRB5_RC_REQUIRED:
	case KRB5_RC_TYPE_NOTFOUND:
	case KRB5_KT_IOERR:
	case KRB5_KT_FORMAT:
	case ENOENT:
	case EACCES:
	case EPERM:
	case EROFS:
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return RV_REFUSED_INTERNAL;
	default:
		return RV_REFUSED_BAD_TOKEN;
	}
}

enum rv_auth_refusal
rv_gss_refusal_of(OM_uint32 major, OM_uint32 krb5_code)
{
	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_BAD_BINDINGS:
		return RV_REFUSED_BINDING;
	case GSS_S_BAD_MECH:
		return RV_REFUSED_MECHANISM;
	case GSS_S_DUPLICATE_TOKEN:
	case GSS_S_OLD_TOKEN:
		return RV_REFUSED_REPLAY;
	case GSS_S_NO_CRED:
		return RV_REFUSED_INTERNAL;
	default:
		return refusal_of_krb5((krb5_error_code)krb5_code);
	}
}

gss_buffer_desc
rv_gss_borrow(struct rv_slice s)
{
	return (gss_buffer_desc){ s.n, (void *)(uintptr_t)s.p };
}
