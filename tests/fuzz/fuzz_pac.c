/*
 * PACs, and what the acceptor's process says, of any bytes: nothing outside
 * of them is read, and what comes out is text.
 */
#include "reeve/auth_kerberos.h"

#include "pac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct rv_texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		RV_ASSERT(rv_slice_is_text(rv_slice_of(texts->v[i])));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rv_slice bytes = { (const char *)data, size };
	struct rv_accepted accepted;
	struct rv_pac pac;

	if (rv_pac_read(bytes, &pac) == RV_OK) {
		check(&pac.groups);
		check(&pac.extra);
		check(&pac.services);
		RV_ASSERT(pac.has_logon_info == (pac.account_sid[0] != '\0'));
	}
	rv_pac_fini(&pac);
	if (rv_accepted_decode(bytes, &accepted) == RV_OK) {
		struct rv_buf again = { 0 };

		rv_accepted_encode(&accepted, &again);
		RV_ASSERT(rv_slice_eq(rv_buf_slice(&again), bytes));
		rv_buf_fini(&again);
	}
	rv_accepted_fini(&accepted);
	return 0;
}
