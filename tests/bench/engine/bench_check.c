/*
 * What a check costs, beside a bare loop that answers the same questions
 * from plain arrays made for them alone: two hash tables, one test of
 * scopes, no reasons.  Runs are interleaved; medians and their ratios are
 * printed, in processor time.  Every answer is compared with the loop's.
 *
 * gcc -std=c11 -D_GNU_SOURCE -O2 -Iinclude -Irbac -o /tmp/bench_check
 *     tests/bench/engine/bench_check.c $(find rbac -name '*.c')
 * /tmp/bench_check [objects [runs [way [size]]]]  (way, size: only this one)
 */
#include "world.h"

__extension__ typedef unsigned __int128 u128;

#define ASKED	  ((size_t)1 << 19)
#define RUNS_MOST 31

/* ---- The bare loop ------------------------------------------------------ */

struct bare_slot {
	uint32_t tag, index;
};

struct bare_key {
	char key[KEY];
	uint32_t index;
};

struct bare_object {
	uint32_t type;
	uint32_t scopes[2];
};

struct bare {
	struct bare_slot *slots, *subject_slots;
	struct bare_key *keys, *subject_keys;
	struct bare_object *objects;
	size_t mask, subject_mask;
	/* Of each subject, type and operation: which row of scopes. */
	uint8_t (*rights)[TYPES][OPERATIONS];
	/* Of each subject: a row for each combination of its assignments. */
	uint64_t *rows;
	size_t words;
};

static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	u128 r = (u128)a * b;

	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static inline uint64_t
rd(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

static inline uint64_t
hash36(const char *p)
{
	uint64_t a =
	    mix(rd(p) ^ 0xa0761d6478bd642f, rd(p + 8) ^ 0xe7037ed1a0b428db);
	uint64_t b = mix(
	    rd(p + 16) ^ 0x8ebc6af09c88c6e3, rd(p + 24) ^ 0x589965cc75374cc3);

	return mix(a ^ b, rd(p + 28) ^ 0x1d8e4e27c47d124f);
}

static struct bare_slot *
bare_table(const struct bare_key *keys, size_t n, size_t *ret_mask)
{
	struct bare_slot *slots;
	size_t n_slots = 1;

	while (n_slots < n * 2)
		n_slots *= 2;
	slots = bench_room(n_slots, sizeof(*slots));
	for (size_t i = 0; i < n; i++) {
		uint64_t h = hash36(keys[i].key);
		size_t at = h & (n_slots - 1);

		while (slots[at].tag != 0)
			at = (at + 1) & (n_slots - 1);
		slots[at] =
		    (struct bare_slot){ (uint32_t)(h >> 32) | 1, (uint32_t)i };
	}
	*ret_mask = n_slots - 1;
	return slots;
}

static inline bool
bare_find(const struct bare_slot *slots, size_t mask,
    const struct bare_key *keys, const char *key, uint32_t *ret)
{
	uint64_t h = hash36(key);
	uint32_t tag = (uint32_t)(h >> 32) | 1;

	for (size_t i = h & mask;; i = (i + 1) & mask) {
		struct bare_slot x = slots[i];

		if (x.tag == 0)
			return false;
		if (x.tag == tag && memcmp(keys[x.index].key, key, KEY) == 0) {
			*ret = x.index;
			return true;
		}
	}
}

static size_t
assignment_of(const struct bench_world *w, size_t subject, size_t k)
{
	return k == 0 ? subject : SUBJECTS + w->groups[subject][k - 1];
}

static void
bare_rights(struct bare *b, const struct bench_world *w)
{
	b->words = (w->n_scopes + 63) / 64;
	b->rights = bench_room(SUBJECTS, sizeof(*b->rights));
	b->rows = bench_room(SUBJECTS * 8 * b->words, sizeof(*b->rows));
	for (size_t i = 0; i < SUBJECTS; i++)
		for (size_t k = 0; k < HELD; k++) {
			size_t a = assignment_of(w, i, k);

			for (size_t t = 0; t < TYPES; t++)
				for (size_t o = 0; o < OPERATIONS; o++)
					if ((w->role_masks[w->role[a]][t] >> o &
						1) != 0)
						b->rights[i][t][o] |=
						    (uint8_t)(1u << k);
			for (size_t c = 0; c < 8; c++)
				for (size_t x = 0;
				     (c >> k & 1) != 0 && x < b->words; x++)
					b->rows[(i * 8 + c) * b->words + x] |=
					    w->scope_rows[a][x];
		}
}

static void
bare_make(struct bare *b, const struct bench_world *w)
{
	b->keys = bench_room(w->n_objects, sizeof(*b->keys));
	b->objects = bench_room(w->n_objects, sizeof(*b->objects));
	b->subject_keys = bench_room(SUBJECTS, sizeof(*b->subject_keys));
	for (size_t i = 0; i < w->n_objects; i++) {
		memcpy(b->keys[i].key, w->objects[i].key, KEY);
		b->keys[i].index = (uint32_t)i;
		b->objects[i] = (struct bare_object){ w->objects[i].type,
			{ w->objects[i].scopes[0], w->objects[i].scopes[1] } };
	}
	for (size_t i = 0; i < SUBJECTS; i++)
		memcpy(b->subject_keys[i].key, w->subject_keys[i], KEY);
	b->slots = bare_table(b->keys, w->n_objects, &b->mask);
	b->subject_slots =
	    bare_table(b->subject_keys, SUBJECTS, &b->subject_mask);
	bare_rights(b, w);
}

static inline bool
row_has(const uint64_t *row, uint32_t bit)
{
	return (row[bit / 64] >> bit % 64 & 1) != 0;
}

static inline bool
bare_check(const struct bare *b, const char *subject, const char *object,
    size_t operation)
{
	uint32_t u, o;
	const struct bare_object *x;
	const uint64_t *row;

	if (!bare_find(b->subject_slots, b->subject_mask, b->subject_keys,
		subject, &u) ||
	    !bare_find(b->slots, b->mask, b->keys, object, &o))
		return false;
	x = &b->objects[o];
	row = b->rows +
	      ((size_t)u * 8 + b->rights[u][x->type][operation]) * b->words;
	return row_has(row, x->scopes[0]) || row_has(row, x->scopes[1]);
}

/* ---- The questions ------------------------------------------------------ */

struct request {
	char subject[KEY + 4], object[KEY + 4];
	uint32_t u, type;
	uint32_t operation;
};

struct bench {
	struct bench_world w;
	struct bare bare;
	struct request *asked;
	bool *allowed; /* what the loop says */
	size_t n_allowed;
	/* Names, and what is prepared of them. */
	struct rv_slice types[TYPES], operations[OPERATIONS];
	struct rv_slice ids[SUBJECTS][1 + IN];
	struct rv_subject subjects[SUBJECTS];
	const struct rv_subject_resolved *resolved[SUBJECTS];
	const struct rv_prepared *prepared[TYPES][OPERATIONS];
	struct rv_ask *asks;
	struct rv_verdict *verdicts;
	struct rv_arena *arena;
	size_t wrong;
};

static struct rv_slice
keep(struct bench *b, const char *format, size_t n)
{
	char text[48];
	struct rv_slice s = bench_text(text, format, n);
	char *copy = rv_arena_dup(b->arena, s);

	if (copy == NULL)
		abort();
	return (struct rv_slice){ copy, s.n };
}

static void
name_subjects(struct bench *b)
{
	struct rv_error e = { "" };

	for (size_t i = 0; i < SUBJECTS; i++) {
		b->ids[i][0] = bench_slice(b->w.subject_keys[i]);
		for (size_t k = 0; k < IN; k++)
			b->ids[i][1 + k] =
			    keep(b, k < 2 ? "group:%030zu" : "other:%030zu",
				b->w.groups[i][k]);
		b->subjects[i] = (struct rv_subject){ .ids = b->ids[i],
			.n_ids = 1 + IN,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };
		bench_must(rv_rbac_resolve(b->w.s, &b->subjects[i], b->arena,
			       &b->resolved[i]),
		    &e);
	}
}

static void
name_operations(struct bench *b)
{
	struct rv_error e = { "" };

	for (size_t t = 0; t < TYPES; t++)
		b->types[t] = keep(b, "SMS_Type%zu", t);
	for (size_t o = 0; o < OPERATIONS; o++)
		b->operations[o] =
		    o == 0 ? RV_SLICE_LIT("Read") : keep(b, "Operate %zu", o);
	for (size_t t = 0; t < TYPES; t++)
		for (size_t o = 0; o < OPERATIONS; o++)
			bench_must(
			    rv_rbac_prepare(b->w.s, b->types[t],
				b->operations[o], b->arena, &b->prepared[t][o]),
			    &e);
}

static void
choose_requests(struct bench *b)
{
	b->asked = bench_room(ASKED, sizeof(*b->asked));
	b->allowed = bench_room(ASKED, sizeof(*b->allowed));
	b->asks = bench_room(ASKED, sizeof(*b->asks));
	b->verdicts = bench_room(64, sizeof(*b->verdicts));
	for (size_t i = 0; i < ASKED; i++) {
		struct request *r = &b->asked[i];
		size_t o = bench_below(&b->w, b->w.n_objects);

		r->u = (uint32_t)bench_below(&b->w, SUBJECTS);
		memcpy(r->subject, b->w.subject_keys[r->u], KEY);
		memcpy(r->object, b->w.objects[o].key, KEY);
		r->type = b->w.objects[o].type;
		r->operation = (uint32_t)bench_below(&b->w, OPERATIONS);
		b->allowed[i] =
		    bare_check(&b->bare, r->subject, r->object, r->operation);
		b->n_allowed += b->allowed[i];
		b->asks[i] = (struct rv_ask){ b->resolved[r->u],
			{ b->types[r->type], b->operations[r->operation],
			    bench_slice(r->object), RV_WANT_FIRST },
			NULL };
	}
}

/* ---- The ways of asking ------------------------------------------------- */

static size_t
run_bare(struct bench *b)
{
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i++)
		allowed += bare_check(&b->bare, b->asked[i].subject,
		    b->asked[i].object, b->asked[i].operation);
	return allowed;
}

static size_t
run_bare_grouped(struct bench *b)
{
	const struct bare *x = &b->bare;
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i += 16) {
		uint64_t h[16];

		for (size_t k = 0; k < 16; k++) {
			h[k] = hash36(b->asked[i + k].object);
			__builtin_prefetch(&x->slots[h[k] & x->mask]);
		}
		for (size_t k = 0; k < 16; k++) {
			size_t at = h[k] & x->mask;
			uint32_t tag = (uint32_t)(h[k] >> 32) | 1;

			while (x->slots[at].tag != 0 && x->slots[at].tag != tag)
				at = (at + 1) & x->mask;
			__builtin_prefetch(&x->keys[x->slots[at].index]);
			__builtin_prefetch(&x->objects[x->slots[at].index]);
		}
		for (size_t k = 0; k < 16; k++)
			allowed += bare_check(x, b->asked[i + k].subject,
			    b->asked[i + k].object, b->asked[i + k].operation);
	}
	return allowed;
}

static size_t
run_names(struct bench *b)
{
	struct rv_verdict v;
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i++) {
		struct rv_question q = b->asks[i].question;

		q.want = RV_WANT_ALL;
		rv_rbac_check(b->w.s, &b->subjects[b->asked[i].u], 0, &q, &v);
		allowed += v.decision == RV_ALLOW;
	}
	return allowed;
}

static size_t
run_resolved(struct bench *b)
{
	struct rv_verdict v;
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i++) {
		rv_rbac_check_resolved(
		    b->asks[i].subject, 0, &b->asks[i].question, &v);
		allowed += v.decision == RV_ALLOW;
	}
	return allowed;
}

static size_t
run_prepared(struct bench *b, enum rv_want want)
{
	struct rv_verdict v;
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i++) {
		const struct request *r = &b->asked[i];

		rv_rbac_check_prepared(b->resolved[r->u], 0,
		    b->prepared[r->type][r->operation], bench_slice(r->object),
		    want, &v);
		allowed += v.decision == RV_ALLOW;
		b->wrong += (v.decision == RV_ALLOW) != b->allowed[i];
	}
	return allowed;
}

static size_t
run_first(struct bench *b)
{
	return run_prepared(b, RV_WANT_FIRST);
}

static size_t
run_all(struct bench *b)
{
	return run_prepared(b, RV_WANT_ALL);
}

static size_t
run_many(struct bench *b)
{
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i += 64) {
		rv_rbac_check_many(&b->asks[i], 64, 0, b->verdicts);
		for (size_t k = 0; k < 64; k++)
			allowed += b->verdicts[k].decision == RV_ALLOW;
	}
	return allowed;
}

static size_t
run_many_prepared(struct bench *b)
{
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i += 64) {
		struct rv_ask asks[64];

		for (size_t k = 0; k < 64; k++) {
			const struct request *r = &b->asked[i + k];

			asks[k] = b->asks[i + k];
			asks[k].prepared = b->prepared[r->type][r->operation];
		}
		rv_rbac_check_many(asks, 64, 0, b->verdicts);
		for (size_t k = 0; k < 64; k++)
			allowed += b->verdicts[k].decision == RV_ALLOW;
	}
	return allowed;
}

static const struct way {
	const char *name;
	size_t (*run)(struct bench *);
	int base; /* the way that it is compared with */
} ways[] = {
	{ "bare loop, one at a time", run_bare, 0 },
	{ "check, prepared, first", run_first, 0 },
	{ "check, prepared, all", run_all, 0 },
	{ "check, subject resolved, by names, first", run_resolved, 0 },
	{ "check, by names and 9 principals, all", run_names, 0 },
	{ "bare loop, groups of 16 with prefetch", run_bare_grouped, 5 },
	{ "batches of 64, mixed, prepared, first", run_many_prepared, 5 },
	{ "batches of 64, mixed, by names, first", run_many, 5 },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
measure(struct bench *b, size_t runs, size_t only)
{
	static double ns[WAYS][RUNS_MOST];
	double median[WAYS];

	for (size_t r = 0; r < runs; r++)
		for (size_t i = 0; i < WAYS; i++) {
			double begin = bench_now();
			size_t allowed = only == 0 || only == i + 1
					     ? ways[i].run(b)
					     : b->n_allowed;

			ns[i][r] = (bench_now() - begin) / (double)ASKED * 1e9;
			b->wrong += allowed != b->n_allowed;
		}
	for (size_t i = 0; i < WAYS; i++) {
		qsort(ns[i], runs, sizeof(double), compare);
		median[i] = ns[i][runs / 2];
	}
	for (size_t i = 0; i < WAYS; i++)
		printf("  %-42s %7.1f ns  (%.1f to %.1f)  ratio %.2f\n",
		    ways[i].name, median[i], ns[i][0], ns[i][runs - 1],
		    median[i] / median[ways[i].base]);
}

int
main(int argc, char **argv)
{
	static const struct {
		size_t scopes, held;
	} sizes[] = { { 100, 30 }, { 10000, 3000 } };
	size_t objects = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 7;
	size_t only = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	size_t size = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	size_t wrong = 0;

	if (runs < 1 || runs > RUNS_MOST || objects < 1)
		return 2;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bench *b = bench_room(1, sizeof(*b));
		const bool wanted = size == 0 || size == i + 1;
		double begin = bench_now();

		if (!wanted)
			continue;
		bench_make(&b->w, objects, sizes[i].scopes, sizes[i].held);
		printf("%zu objects, %zu scopes (loaded in %.1f s)\n", objects,
		    sizes[i].scopes, bench_now() - begin);
		b->arena = rv_arena_new(0);
		if (b->arena == NULL)
			abort();
		bare_make(&b->bare, &b->w);
		name_subjects(b);
		name_operations(b);
		choose_requests(b);
		measure(b, runs, only);
		printf("  %zu of %zu allowed, %zu answers differ\n",
		    b->n_allowed, ASKED, b->wrong);
		wrong += b->wrong;
	}
	return wrong != 0;
}
