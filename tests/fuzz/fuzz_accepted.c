/*
 * What the acceptor's process says, of any bytes: what is taken is whole,
 * within its limits, and the same bytes again when it is written.
 */
#include "reeve/auth_kerberos.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct rv_accepted *a)
{
	RV_ASSERT(a->refusal < RV_N_REFUSALS);
	RV_ASSERT(a->refusal != RV_REFUSED_NOT || a->principal[0] != '\0');
	RV_ASSERT(memchr(a->principal, '\0', sizeof(a->principal)) != NULL);
	RV_ASSERT(memchr(a->detail, '\0', sizeof(a->detail)) != NULL);
	RV_ASSERT(a->n_indicators <= RV_EVIDENCE_INDICATORS);
	for (size_t i = 0; i < a->n_indicators; i++)
		RV_ASSERT(
		    memchr(a->indicators[i], '\0', RV_INDICATOR_MAX) != NULL);
	RV_ASSERT(a->pac.n <= RV_PAC_MAX);
	RV_ASSERT(a->authenticated_at_ms >= 0 && a->expires_at_ms >= 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rv_slice bytes = { (const char *)data, size };
	const struct rv_kerberos_policy policy = { .gateways = { NULL, 0 } };
	struct rv_accepted accepted;
	struct rv_evidence evidence;
	struct rv_buf again = { 0 };
	char detail[256];

	if (rv_accepted_decode(bytes, &accepted) == RV_OK) {
		check(&accepted);
		rv_accepted_encode(&accepted, &again);
		RV_ASSERT(rv_slice_eq(rv_buf_slice(&again), bytes));
		if (rv_kerberos_evidence(&accepted, &policy, &evidence,
			detail) != RV_REFUSED_NOT)
			RV_ASSERT(evidence.method == RV_AUTH_NONE);
		rv_evidence_fini(&evidence);
		rv_buf_fini(&again);
	}
	rv_accepted_fini(&accepted);
	return 0;
}
