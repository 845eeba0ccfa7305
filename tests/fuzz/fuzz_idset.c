/*
 * Sets of ids: any sequence of changes, commits and edits given up leaves
 * what a plain row of bits has, and older versions as they were.
 */
#include <stdint.h>
#include <string.h>

#include "idset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ids are of four chunks, the first and the last there can be among them. */
#define CHUNKS 4u
static const uint32_t keys[CHUNKS] = { 0, 1, 0x8000, 0xffff };

struct model {
	uint64_t has[CHUNKS][1024];
};

struct version {
	struct rv_idset *set;
	struct model model;
};

/* Statically: too large for the stack, and the same for every input. */
static struct version now, before;

static uint32_t ids[CHUNKS * 65536];

static size_t
list_model(const struct model *m)
{
	size_t n = 0;

	for (uint32_t c = 0; c < CHUNKS; c++)
		for (uint32_t i = 0; i < 1024; i++)
			for (uint64_t rest = m->has[c][i]; rest != 0;
			     rest &= rest - 1)
				ids[n++] = keys[c] << 16 | i * 64 |
					   (uint32_t)__builtin_ctzll(rest);
	return n;
}

static void
compare(const struct version *v)
{
	const size_t n = list_model(&v->model);
	uint32_t got[100];
	uint64_t from = 0;
	size_t done = 0, more;

	RV_ASSERT(rv_idset_is_sound(v->set));
	RV_ASSERT(rv_idset_count(v->set) == n);
	while ((more = rv_idset_read(v->set, &from, got, 100)) > 0) {
		RV_ASSERT(more <= n - done);
		RV_ASSERT(memcmp(got, ids + done, more * sizeof(*got)) == 0);
		done += more;
	}
	RV_ASSERT(done == n);
	RV_ASSERT(rv_idset_meets(v->set, (struct rv_ids){ ids, n }) == (n > 0));
}

/* One id, put to the set and to the model. */
static void
change(struct rv_edit *e, struct version *v, uint32_t chunk, uint32_t low,
    bool add)
{
	uint64_t *word = &v->model.has[chunk][low / 64];
	const uint64_t bit = UINT64_C(1) << low % 64;
	const uint32_t id = keys[chunk] << 16 | low;
	const bool has = (*word & bit) != 0;

	RV_ASSERT(rv_idset_has(v->set, id) == has);
	if (add)
		RV_ASSERT(rv_idset_add(e, &v->set, id) ==
			  (has ? RV_ERR_EXISTS : RV_OK));
	else
		RV_ASSERT(rv_idset_remove(e, &v->set, id) ==
			  (has ? RV_OK : RV_ERR_NOTFOUND));
	*word = add ? *word | bit : *word & ~bit;
}

/* A sum of both versions, and what they have in common. */
static void
add_up(void)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_idsum *sum;
	uint64_t either = 0, both = 0;

	RV_ASSERT(arena != NULL);
	for (uint32_t c = 0; c < CHUNKS; c++)
		for (uint32_t i = 0; i < 1024; i++) {
			const uint64_t a = now.model.has[c][i];
			const uint64_t b = before.model.has[c][i];

			either += (unsigned)__builtin_popcountll(a | b);
			both += (unsigned)__builtin_popcountll(a & b);
		}
	sum = rv_idsum_new(arena);
	RV_ASSERT(sum != NULL);
	RV_ASSERT(rv_idsum_join(sum, now.set) == RV_OK);
	RV_ASSERT(rv_idsum_join(sum, before.set) == RV_OK);
	RV_ASSERT(rv_idsum_count(sum) == either);
	rv_idsum_meet_set(sum, now.set);
	rv_idsum_meet_set(sum, before.set);
	RV_ASSERT(rv_idsum_count(sum) == both);
	rv_arena_free(&arena);
}

static void
remake(struct rv_edit *e)
{
	const size_t n = list_model(&now.model);
	struct rv_idset *made;

	RV_ASSERT(rv_idset_make(e, (struct rv_ids){ ids, n }, &made) == RV_OK);
	rv_idset_drop(e, now.set);
	now.set = made;
}

/* Four bytes: what to do, how many ids, and the lower half of the first. */
static void
step(struct rv_edit *e, const uint8_t *op)
{
	const uint32_t chunk = op[0] >> 3 & (CHUNKS - 1);
	const uint32_t low = (uint32_t)op[2] << 8 | op[3];
	const uint32_t edition = e->edition;
	const uint32_t stride = op[0] >> 5;
	struct rv_blocks replaced;

	switch (op[0] & 7) {
	case 0:
	case 1:
	case 2:
	case 3:
		for (uint32_t i = 0; i <= op[1] * 12u; i++)
			change(e, &now, chunk,
			    (low + i * (stride + 1)) & 0xffff,
			    (op[0] & 1) == 0);
		break;
	case 4:
		compare(&before);
		replaced = rv_edit_commit(e);
		rv_blocks_free(&replaced);
		before = now;
		rv_edit_begin(e, edition + 1);
		break;
	case 5:
		rv_edit_abort(e);
		now = before;
		rv_edit_begin(e, edition + 1);
		break;
	case 6:
		remake(e);
		break;
	default:
		add_up();
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_edit e;

	memset(&now, 0, sizeof(now));
	memset(&before, 0, sizeof(before));
	rv_edit_begin(&e, 1);
	for (size_t i = 0; i + 4 <= size && i < 4 * 64; i += 4)
		step(&e, data + i);
	compare(&now);
	rv_edit_abort(&e);
	compare(&before);
	rv_idset_free(before.set);
	return 0;
}
