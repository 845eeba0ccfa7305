/*
 * What net sends to the acceptor: whatever the bytes, nothing outside of them
 * is looked at, and what is taken comes out the same when written again.
 */
#include "process/accept_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
is_inside(struct rv_slice part, struct rv_slice whole)
{
	RV_ASSERT(part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice bytes = { (const char *)data, size };
	struct rv_question q;
	struct rv_buf again;

	if (rv_question_decode(bytes, &q) != RV_OK)
		return 0;
	RV_ASSERT(q.token.n <= RV_NEGOTIATE_TOKEN_MAX);
	RV_ASSERT(q.n_bindings <= RV_BINDINGS_MAX);
	is_inside(q.token, bytes);
	for (size_t i = 0; i < q.n_bindings; i++) {
		RV_ASSERT(q.bindings[i].n > 0);
		RV_ASSERT(q.bindings[i].n <= RV_BINDING_MAX);
		is_inside(q.bindings[i], bytes);
	}
	rv_buf_init(&again, 0);
	RV_ASSERT(rv_question_encode(&q, &again) == RV_OK);
	RV_ASSERT(rv_slice_eq(rv_buf_slice(&again), bytes));
	rv_buf_fini(&again);
	return 0;
}
