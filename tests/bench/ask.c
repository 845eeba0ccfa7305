#include "bench/ask.h"

/* Some instant: the made-up sites have no assignments with an end. */
#define NOW_MS INT64_C(1760000000000)

static struct rv_slice
decimal(char (*buf)[12], uint32_t value)
{
	char *p = *buf + sizeof(*buf);

	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return (struct rv_slice){ p, (size_t)(*buf + sizeof(*buf) - p) };
}

/* One decision a device: there is no question about all of them yet. */
int
bench_devices_of(const struct rv_snapshot *s, const struct rv_subject *u,
    struct bench_range among, uint32_t *ret_ids, size_t *ret_n)
{
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *subject;
	const struct rv_prepared *read;
	struct rv_verdict v;
	size_t found = 0;
	int r = RV_ERR_NOMEM;
	char buf[12];

	if (arena == NULL ||
	    (r = rv_rbac_resolve(s, u, arena, &subject)) != RV_OK ||
	    (r = rv_rbac_prepare(s, RV_SLICE_LIT("SMS_R_System"),
		 RV_SLICE_LIT("Read"), arena, &read)) != RV_OK)
		goto out;
	for (uint32_t i = 0; i < among.n; i++) {
		rv_rbac_check_prepared(subject, NOW_MS, read,
		    decimal(&buf, among.first + i), RV_WANT_FIRST, &v);
		if (v.decision != RV_ALLOW)
			continue;
		if (ret_ids != NULL)
			ret_ids[found] = among.first + i;
		found++;
	}
	*ret_n = found;
out:
	rv_arena_free(&arena);
	return r;
}

/* One decision an administrator, likewise. */
size_t
bench_readers_of(const struct rv_snapshot *s, const struct rv_slice *principals,
    uint32_t n, struct rv_slice key, uint32_t *ret_who)
{
	const struct rv_question q = { .type = RV_SLICE_LIT("SMS_Application"),
		.operation = RV_SLICE_LIT("Read"),
		.key = key,
		.want = RV_WANT_FIRST };
	struct rv_verdict v;
	size_t found = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct rv_subject u = { .ids = &principals[i],
			.n_ids = 1,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };

		rv_rbac_check(s, &u, NOW_MS, &q, &v);
		if (v.decision == RV_ALLOW)
			ret_who[found++] = i;
	}
	return found;
}
