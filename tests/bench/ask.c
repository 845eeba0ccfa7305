#include "bench/ask.h"

#include "reeve/rbac_ask.h"

/* Ids come in order: a list that ends early is cut by a search. */
static size_t
upto(const uint32_t *ids, size_t n, uint32_t last)
{
	while (n > 0 && ids[n - 1] > last)
		n--;
	return n;
}

int
bench_devices_of(const struct rv_snapshot *s, const struct rv_subject *u,
    uint32_t last, uint32_t *ret_ids, size_t *ret_n)
{
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *subject;
	struct rv_cursor cursor = { 0 };
	struct rv_object_set set;
	int r = RV_ERR_NOMEM;

	if (arena == NULL ||
	    (r = rv_rbac_resolve(s, u, arena, &subject)) != RV_OK ||
	    (r = rv_rbac_objects(subject, BENCH_NOW_MS,
		 RV_SLICE_LIT("SMS_R_System"), RV_SLICE_LIT("Read"),
		 ret_ids == NULL, arena, &set)) != RV_OK)
		goto out;
	*ret_n = set.n;
	if (ret_ids != NULL)
		*ret_n = upto(ret_ids,
		    rv_object_set_ids(&set, &cursor, ret_ids, set.n), last);
out:
	rv_arena_free(&arena);
	return r;
}

int
bench_readers_of(const struct rv_snapshot *s, struct rv_slice key,
    uint32_t *ret_ids, size_t room, size_t *ret_n)
{
	const struct rv_question q = { .type = RV_SLICE_LIT("SMS_Application"),
		.operation = RV_SLICE_LIT("Read"),
		.key = key };
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_holders who;
	uint64_t from = 0;
	int r = RV_ERR_NOMEM;

	if (arena != NULL)
		r = rv_rbac_who(s, BENCH_NOW_MS, &q, arena, &who);
	if (r == RV_OK) {
		*ret_n = who.n;
		rv_ignore((int)rv_holders_ids(&who, &from, ret_ids, room));
	}
	rv_arena_free(&arena);
	return r;
}
