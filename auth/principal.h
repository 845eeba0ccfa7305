/*
 * Principals as text, "alice/admin@LAB.TEST", in the form that
 * krb5_unparse_name() writes: '@', '/' and '\' inside a component have a
 * '\' before them.
 */
#ifndef AUTH_PRINCIPAL_H
#define AUTH_PRINCIPAL_H

#include "reeve/base.h"

/*
 * Splits at the one '@' that is not escaped.  False when there is none or
 * more than one, when either side is empty, or when the text is not UTF-8
 * or has control characters: such a principal is nobody.
 */
bool rv_principal_split(struct rv_slice principal, struct rv_slice *ret_name,
    struct rv_slice *ret_realm);

#endif
