#include "cli/cli.h"

#include <krb5.h>
#include <stdlib.h>

char *
rv_cli_principal(struct rv_error *e)
{
	krb5_context context = NULL;
	krb5_ccache cache = NULL;
	krb5_principal principal = NULL;
	char *name = NULL, *copy = NULL;

	if (krb5_init_context(&context) != 0)
		context = NULL;
	if (context != NULL && krb5_cc_default(context, &cache) == 0 &&
	    krb5_cc_get_principal(context, cache, &principal) == 0 &&
	    krb5_unparse_name(context, principal, &name) == 0)
		copy = rv_slice_dup(rv_slice_of(name));
	if (copy == NULL)
		rv_error_set(
		    e, "you have no Kerberos ticket: get one with kinit(1)");
	if (context != NULL) {
		krb5_free_unparsed_name(context, name);
		krb5_free_principal(context, principal);
		if (cache != NULL)
			(void)krb5_cc_close(context, cache);
		krb5_free_context(context);
	}
	return copy;
}
