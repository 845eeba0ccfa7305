/*
 * The names in a certificate that may say whose it is: SID (MS-WCCE section
 * 2.2.2.7.7.4, KB5014754), user principal name (MS-WCCE 2.2.2.7.7), and
 * id-pkinit-san (RFC 4556 section 3.2.2).  Subject, e-mail, DNS names and
 * addresses never do.
 *
 * Bytes from outside: bounded, and refused when in doubt.
 */
#ifndef AUTH_CERTIFICATE_NAMES_H
#define AUTH_CERTIFICATE_NAMES_H

#include <openssl/x509v3.h>

#include "reeve/auth_evidence.h"

#define RV_CERTIFICATE_NAME_MAX 256
#define RV_CERTIFICATE_SID_MAX	192

/* NUL-terminated; "" for what is not there. */
struct rv_certificate_names {
	char sid[RV_CERTIFICATE_SID_MAX]; /* lower case, "s-1-..." */
	char upn[RV_CERTIFICATE_NAME_MAX];
	char principal[RV_CERTIFICATE_NAME_MAX]; /* of id-pkinit-san, */
	char realm[RV_CERTIFICATE_NAME_MAX];	 /* and its realm */
};

/*
 * False, with a word on what is wrong, for a name that is malformed, has a
 * NUL or is no UTF-8, and for two different names of one kind.
 */
bool rv_certificate_names_read(const X509 *leaf,
    struct rv_certificate_names *ret_names, const char **ret_detail);

/* Its parts: the subject's alternative names, and the SID extension. */
bool rv_certificate_names_add(struct rv_certificate_names *names,
    const GENERAL_NAMES *san, const char **ret_detail);
bool rv_certificate_names_add_sid(struct rv_certificate_names *names,
    const unsigned char *der, long n, const char **ret_detail);

#endif
