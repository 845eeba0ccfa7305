/*
 * What the acceptor sends to net, and what processes tell the supervisor:
 * whatever the bytes, an answer that is taken is within its limits and comes
 * out the same when written again.
 */
#include <string.h>

#include "notify.h"
#include "process/accept_codec.h"
#include "process/child.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_answer(struct rv_slice bytes)
{
	struct rv_accepted accepted;
	struct rv_buf again;
	uint64_t id;

	if (rv_answer_id(bytes, &id) != RV_OK ||
	    rv_answer_decode(bytes, &accepted) != RV_OK)
		return;
	RV_ASSERT(accepted.n_indicators <= RV_EVIDENCE_INDICATORS);
	RV_ASSERT(accepted.pac.n <= RV_PAC_MAX);
	RV_ASSERT(accepted.reply.n <= RV_NEGOTIATE_TOKEN_MAX);
	RV_ASSERT(memchr(accepted.principal, '\0',
		      sizeof(accepted.principal)) != NULL);
	RV_ASSERT(
	    memchr(accepted.detail, '\0', sizeof(accepted.detail)) != NULL);
	rv_buf_init(&again, 0);
	RV_ASSERT(rv_answer_encode(id, &accepted, &again) == RV_OK);
	RV_ASSERT(rv_slice_eq(rv_buf_slice(&again), bytes));
	rv_buf_fini(&again);
	rv_accepted_fini(&accepted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice bytes = { (const char *)data, size };
	struct rv_child child;

	check_answer(bytes);
	rv_ignore(rv_notify_pass(NULL, bytes)); /* to nobody */
	if (rv_child_parse(bytes, &child) == RV_OK) {
		RV_ASSERT(child.n_links <= RV_CHILD_LINKS_MAX);
		RV_ASSERT(memchr(child.name, '\0', sizeof(child.name)) != NULL);
	}
	return 0;
}
