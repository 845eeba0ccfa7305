#include "bare.h"

__extension__ typedef unsigned __int128 u128;

#define GROUP_MOST  64
#define COMBINATION 8 /* of three assignments */

struct slot {
	uint32_t tag, index; /* tag 0: free */
};

struct key {
	char key[KEY];
	uint32_t index;
};

struct object {
	uint32_t type;
	uint32_t scopes[2];
};

struct bare {
	bool devices;
	struct slot *slots, *subject_slots;
	struct key *keys, *subject_keys;
	struct object *objects;
	size_t mask, subject_mask;
	uint16_t (*members)[MEMBER_OF]; /* of devices: their collections */
	/* Of each subject, type and operation: which assignments have it. */
	uint8_t (*rights)[TYPES][OPERATIONS];
	/* Of each subject: a row of scopes or collections a combination. */
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

static struct slot *
make_table(const struct key *keys, size_t n, size_t *ret_mask)
{
	struct slot *slots;
	size_t n_slots = 1;

	while (n_slots < n * 2)
		n_slots *= 2;
	slots = bench_alloc(n_slots, sizeof(*slots));
	for (size_t i = 0; i < n; i++) {
		const uint64_t h = hash36(keys[i].key);
		size_t at = h & (n_slots - 1);

		while (slots[at].tag != 0)
			at = (at + 1) & (n_slots - 1);
		slots[at] =
		    (struct slot){ (uint32_t)(h >> 32) | 1, (uint32_t)i };
	}
	*ret_mask = n_slots - 1;
	return slots;
}

static inline bool
find(const struct slot *slots, size_t mask, const struct key *keys,
    const char *key, uint32_t *ret)
{
	const uint64_t h = hash36(key);
	const uint32_t tag = (uint32_t)(h >> 32) | 1;

	for (size_t i = h & mask;; i = (i + 1) & mask) {
		const struct slot x = slots[i];

		if (x.tag == 0)
			return false;
		if (x.tag == tag && memcmp(keys[x.index].key, key, KEY) == 0) {
			*ret = x.index;
			return true;
		}
	}
}

/* The assignment of a subject: its own, or one of its groups'. */
static size_t
assignment_of(const struct bench_world *w, size_t subject, size_t k)
{
	return k == 0 ? subject : SUBJECTS + w->groups[subject][k - 1];
}

static void
make_rights(struct bare *b, const struct bench_world *w)
{
	b->words = (w->n_categories + 63) / 64;
	b->rights = bench_alloc(SUBJECTS, sizeof(*b->rights));
	b->rows =
	    bench_alloc(SUBJECTS * COMBINATION * b->words, sizeof(*b->rows));
	for (size_t i = 0; i < SUBJECTS; i++)
		for (size_t k = 0; k < HELD; k++) {
			const size_t a = assignment_of(w, i, k);

			for (size_t t = 0; t < TYPES; t++)
				for (size_t o = 0; o < OPERATIONS; o++)
					b->rights[i][t][o] |=
					    (uint8_t)((w->role_masks[w->role[a]]
								    [t] >>
							      o &
							  1)
						      << k);
			for (size_t c = 0; c < COMBINATION; c++)
				for (size_t x = 0;
				     (c >> k & 1) != 0 && x < b->words; x++)
					b->rows[(i * COMBINATION + c) *
						    b->words +
						x] |= w->held[a][x];
		}
}

static void
make_objects(struct bare *b, const struct bench_world *w)
{
	b->keys = bench_alloc(w->n_objects, sizeof(*b->keys));
	b->objects = bench_alloc(w->n_objects, sizeof(*b->objects));
	for (size_t i = 0; i < w->n_objects; i++) {
		memcpy(b->keys[i].key, w->objects[i].key, KEY);
		b->keys[i].index = (uint32_t)i;
		b->objects[i] = (struct object){ w->objects[i].type,
			{ w->objects[i].scopes[0], w->objects[i].scopes[1] } };
	}
	b->slots = make_table(b->keys, w->n_objects, &b->mask);
}

struct bare *
bare_new(const struct bench_world *w)
{
	struct bare *b = bench_alloc(1, sizeof(*b));

	b->devices = w->members != NULL;
	b->subject_keys = bench_alloc(SUBJECTS, sizeof(*b->subject_keys));
	for (size_t i = 0; i < SUBJECTS; i++)
		memcpy(b->subject_keys[i].key, w->subject_keys[i], KEY);
	b->subject_slots =
	    make_table(b->subject_keys, SUBJECTS, &b->subject_mask);
	make_rights(b, w);
	if (!b->devices) {
		make_objects(b, w);
		return b;
	}
	b->members = bench_alloc(w->n_objects, sizeof(*b->members));
	memcpy(b->members, w->members, w->n_objects * sizeof(*b->members));
	return b;
}

void
bare_free(struct bare **b)
{
	free((*b)->slots);
	free((*b)->subject_slots);
	free((*b)->keys);
	free((*b)->subject_keys);
	free((*b)->objects);
	free((*b)->members);
	free((*b)->rights);
	free((*b)->rows);
	free(*b);
	*b = NULL;
}

uint32_t
bare_subject(const struct bare *b, const char *key)
{
	uint32_t u = 0;

	if (!find(b->subject_slots, b->subject_mask, b->subject_keys, key, &u))
		abort();
	return u;
}

static inline bool
row_has(const uint64_t *row, uint32_t bit)
{
	return row[bit / 64] >> bit % 64 & 1;
}

static inline bool
allows_object(const struct bare *b, const struct bench_request *r)
{
	const struct object *x;
	const uint64_t *row;
	uint32_t u, o;

	if (!find(b->subject_slots, b->subject_mask, b->subject_keys,
		r->subject, &u) ||
	    !find(b->slots, b->mask, b->keys, r->object, &o))
		return false;
	x = &b->objects[o];
	row = b->rows +
	      ((size_t)u * COMBINATION + b->rights[u][x->type][r->operation]) *
		  b->words;
	return row_has(row, x->scopes[0]) | row_has(row, x->scopes[1]);
}

/* Devices are numbered without gaps: their record is where they are. */
static inline bool
allows_device(const struct bare *b, const struct bench_request *r)
{
	const uint16_t *in;
	const uint64_t *row;
	uint32_t u, id = 0;
	bool covered = false;

	if (!find(b->subject_slots, b->subject_mask, b->subject_keys,
		r->subject, &u))
		return false;
	for (uint32_t i = 0; i < r->n_object; i++)
		id = id * 10 + (uint32_t)(r->object[i] - '0');
	in = b->members[id - FIRST_DEVICE];
	row = b->rows +
	      ((size_t)u * COMBINATION + b->rights[u][0][r->operation]) *
		  b->words;
	for (size_t i = 0; i < MEMBER_OF; i++)
		covered |= row_has(row, in[i]);
	return covered;
}

bool
bare_allows(const struct bare *b, const struct bench_request *r)
{
	return b->devices ? allows_device(b, r) : allows_object(b, r);
}

size_t
bare_run(const struct bare *b, const struct bench_request *requests, size_t n)
{
	size_t allowed = 0;

	for (size_t i = 0; !b->devices && i < n; i++)
		allowed += allows_object(b, &requests[i]);
	for (size_t i = 0; b->devices && i < n; i++)
		allowed += allows_device(b, &requests[i]);
	return allowed;
}

/* One group of objects: what will be read is fetched for all, in steps. */
static inline size_t
run_group(const struct bare *b, const struct bench_request *r, size_t n)
{
	uint32_t subjects[GROUP_MOST], found[GROUP_MOST];
	uint64_t h[GROUP_MOST];
	size_t allowed = 0;

	for (size_t k = 0; k < n; k++) {
		h[k] = hash36(r[k].object);
		__builtin_prefetch(&b->slots[h[k] & b->mask]);
	}
	for (size_t k = 0; k < n; k++) {
		const uint32_t tag = (uint32_t)(h[k] >> 32) | 1;
		size_t at = h[k] & b->mask;

		while (b->slots[at].tag != 0 && b->slots[at].tag != tag)
			at = (at + 1) & b->mask;
		found[k] = b->slots[at].index;
		__builtin_prefetch(&b->keys[found[k]]);
		__builtin_prefetch((const char *)&b->keys[found[k]] + KEY - 1);
		__builtin_prefetch(&b->objects[found[k]]);
		subjects[k] = bare_subject(b, r[k].subject);
		__builtin_prefetch(
		    &b->rights[subjects[k]][r[k].type][r[k].operation]);
	}
	for (size_t k = 0; k < n; k++) {
		const struct object *x = &b->objects[found[k]];
		const uint64_t *row =
		    b->rows +
		    ((size_t)subjects[k] * COMBINATION +
			b->rights[subjects[k]][x->type][r[k].operation]) *
			b->words;

		if (memcmp(b->keys[found[k]].key, r[k].object, KEY) != 0)
			allowed += allows_object(b, &r[k]);
		else
			allowed += row_has(row, x->scopes[0]) |
				   row_has(row, x->scopes[1]);
	}
	return allowed;
}

size_t
bare_run_groups(const struct bare *b, const struct bench_request *requests,
    size_t n, size_t group)
{
	size_t allowed = 0;

	for (size_t i = 0; i + group <= n; i += group)
		allowed += run_group(b, requests + i, group);
	return allowed;
}
