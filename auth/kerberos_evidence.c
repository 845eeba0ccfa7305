/* From what the acceptor said to evidence. */
#include <stdio.h>
#include <string.h>

#include "reeve/auth_kerberos.h"

static int
fill(const struct rv_accepted *accepted, struct rv_evidence *evidence)
{
	char id[RV_PRINCIPAL_MAX + 8];
	int r;

	rv_ignore(snprintf(id, sizeof(id), "krb5:%s", accepted->principal));
	r = rv_texts_add(&evidence->ids, rv_slice_of(id));
	for (size_t i = 0; r == RV_OK && i < accepted->n_indicators; i++)
		r = rv_texts_add(&evidence->indicators,
		    rv_slice_of(accepted->indicators[i]));
	return r;
}

enum rv_auth_refusal
rv_kerberos_evidence(const struct rv_accepted *accepted,
    const struct rv_kerberos_policy *policy, struct rv_evidence *ret_evidence,
    char detail[256])
{
	(void)policy;
	*ret_evidence = (struct rv_evidence){
		.method = RV_AUTH_KERBEROS,
		.authenticated_at_ms = accepted->authenticated_at_ms,
		.expires_at_ms = accepted->expires_at_ms,
		.channel_bound = accepted->channel_bound,
		.mutual = accepted->mutual,
	};
	memcpy(ret_evidence->principal, accepted->principal, RV_PRINCIPAL_MAX);
	memcpy(ret_evidence->lookup, accepted->principal, RV_PRINCIPAL_MAX);
	if (fill(accepted, ret_evidence) == RV_OK)
		return RV_REFUSED_NOT;
	rv_evidence_fini(ret_evidence);
	rv_ignore(snprintf(detail, 256, "out of memory"));
	return RV_REFUSED_INTERNAL;
}
