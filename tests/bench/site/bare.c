#include "bench/site/bare.h"

#include <string.h>

#include "bench/kit.h"

#define ASSIGNMENTS 3
#define SCOPES	    2
#define COLLECTIONS 3
#define ROLES	    64
#define NAME	    40
#define MEMBERS	    16

/* A name and what is found by it. */
struct named {
	char bytes[NAME];
	uint32_t n, value;
};

/* Open addressing, half full at most; 0 is a free slot. */
struct names {
	struct named *all;
	uint32_t n;
	uint64_t *slots; /* tag << 32 | number + 1 */
	size_t mask;
};

struct right {
	uint32_t scopes[SCOPES], collections[COLLECTIONS];
	bool objects, devices; /* what its role may read */
};

struct bare_site {
	struct bench_shape shape;
	struct names admins, objects, devices;
	struct right (*rights)[ASSIGNMENTS];
	uint8_t *n_scopes, *n_collections; /* of each assignment so far */
	uint32_t (*carried)[SCOPES];
	uint32_t *in; /* collections of each device, one after the other */
	uint32_t *n_in;
	bool reads[ROLES][2]; /* applications, devices */
};

static uint64_t
mix(uint64_t a, uint64_t b)
{
	const __uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t
hash(struct rv_slice s)
{
	uint64_t h = s.n, word;
	size_t at = 0;

	for (; at + 8 <= s.n; at += 8) {
		memcpy(&word, s.p + at, 8);
		h = mix(h ^ UINT64_C(0x9e3779b97f4a7c15), word ^ h);
	}
	word = 0;
	memcpy(&word, s.p + at, s.n - at);
	return mix(h ^ UINT64_C(0xbf58476d1ce4e5b9), word + 1);
}

static void
names_init(struct names *names, uint32_t n)
{
	size_t slots = 16;

	while (slots < (size_t)n * 2)
		slots *= 2;
	names->all = bench_alloc(n, sizeof(*names->all));
	names->slots = bench_alloc(slots, sizeof(*names->slots));
	names->mask = slots - 1;
}

static void
names_fini(struct names *names)
{
	free(names->all);
	free(names->slots);
}

static const struct named *
find(const struct names *names, struct rv_slice key)
{
	const uint64_t h = hash(key);
	uint64_t slot;

	for (size_t i = h & names->mask; (slot = names->slots[i]) != 0;
	     i = (i + 1) & names->mask) {
		const struct named *one = &names->all[(uint32_t)slot - 1];

		if (slot >> 32 == h >> 32 && one->n == key.n &&
		    memcmp(one->bytes, key.p, key.n) == 0)
			return one;
	}
	return NULL;
}

static void
names_add(struct names *names, struct rv_slice key)
{
	const uint64_t h = hash(key);
	struct named *one = &names->all[names->n];
	size_t i = h & names->mask;

	RV_ASSERT(key.n <= NAME);
	while (names->slots[i] != 0)
		i = (i + 1) & names->mask;
	memcpy(one->bytes, key.p, key.n);
	one->n = (uint32_t)key.n;
	one->value = names->n++;
	names->slots[i] = h >> 32 << 32 | names->n;
}

/* The number at the end of a name like BS000012; UINT32_MAX: another. */
static uint32_t
number_of(struct rv_slice name)
{
	uint32_t n = 0;

	if (name.n < 3 || name.p[0] != 'B')
		return UINT32_MAX;
	for (size_t i = 2; i < name.n; i++)
		n = n * 10 + (uint32_t)(name.p[i] - '0');
	return n;
}

static struct right *
right_of(struct bare_site *b, uint64_t assignment_id)
{
	const uint64_t at = assignment_id - BENCH_FIRST_ADMIN;

	return &b->rights[at / ASSIGNMENTS][at % ASSIGNMENTS];
}

static void
take_role(struct bare_site *b, const struct rv_row_role_operation *row)
{
	const uint32_t role = number_of(row->role_id);

	RV_ASSERT(role < ROLES);
	if (row->bit == 0)
		b->reads[role][row->object_type_id == 1] = true;
}

static void
take_assignment(struct bare_site *b, const struct rv_row_assignment *row)
{
	struct right *right = right_of(b, row->assignment_id);
	const uint32_t role = number_of(row->role_id);

	right->objects = b->reads[role][0];
	right->devices = b->reads[role][1];
}

static void
take_member(struct bare_site *b, const struct rv_row_member *row)
{
	const uint32_t device = row->resource_id - BENCH_FIRST_RESOURCE;

	b->in[(size_t)device * b->shape.memberships + b->n_in[device]++] =
	    number_of(row->collection_id);
}

static int
take(void *arg, enum bench_table table, const void *any, struct rv_error *e)
{
	struct bare_site *b = arg;
	const struct rv_row_assignment_scope *scope = any;
	const struct rv_row_assignment_collection *collection = any;
	const struct rv_row_object_scope *carried = any;
	struct bench_name name;
	uint64_t at;

	(void)e;
	switch (table) {
	case BENCH_ROLE_OPERATION:
		take_role(b, any);
		break;
	case BENCH_ADMIN:
		names_add(&b->admins,
		    ((const struct rv_row_admin *)any)->principal_id);
		break;
	case BENCH_ASSIGNMENT:
		take_assignment(b, any);
		break;
	case BENCH_ASSIGNMENT_SCOPE:
		at = scope->assignment_id - BENCH_FIRST_ADMIN;
		right_of(b, scope->assignment_id)->scopes[b->n_scopes[at]++] =
		    number_of(scope->scope_id);
		break;
	case BENCH_ASSIGNMENT_COLLECTION:
		at = collection->assignment_id - BENCH_FIRST_ADMIN;
		right_of(b, collection->assignment_id)
		    ->collections[b->n_collections[at]++] =
		    number_of(collection->collection_id);
		break;
	case BENCH_OBJECT:
		names_add(
		    &b->objects, ((const struct rv_row_object *)any)->key);
		break;
	case BENCH_OBJECT_SCOPE:
		at = find(&b->objects, carried->key)->value;
		b->carried[at][b->carried[at][0] != UINT32_MAX] =
		    number_of(carried->scope_id);
		break;
	case BENCH_RESOURCE:
		at = ((const struct rv_row_resource *)any)->resource_id -
		     BENCH_FIRST_RESOURCE;
		names_add(&b->devices, bench_resource(&name, (uint32_t)at));
		break;
	case BENCH_MEMBER:
		take_member(b, any);
		break;
	case BENCH_TYPE:
	case BENCH_OPERATION:
	case BENCH_CLASS_OPERATION:
	case BENCH_ROLE:
	case BENCH_SCOPE:
	case BENCH_COLLECTION:
	case BENCH_TABLES:
		break;
	}
	return RV_OK;
}

struct bare_site *
bare_site_new(const struct bench_shape *shape)
{
	struct bare_site *b = bench_alloc(1, sizeof(*b));
	const size_t assignments = (size_t)shape->admins * ASSIGNMENTS;
	struct rv_error e = { "" };

	RV_ASSERT(shape->memberships <= MEMBERS);
	b->shape = *shape;
	names_init(&b->admins, shape->admins);
	names_init(&b->objects, shape->objects);
	names_init(&b->devices, shape->resources);
	b->rights = bench_alloc(shape->admins, sizeof(*b->rights));
	b->n_scopes = bench_alloc(assignments, 1);
	b->n_collections = bench_alloc(assignments, 1);
	b->carried = bench_alloc(shape->objects, sizeof(*b->carried));
	memset(b->carried, 0xff, shape->objects * sizeof(*b->carried));
	b->in = bench_alloc(
	    (size_t)shape->resources * shape->memberships, sizeof(*b->in));
	b->n_in = bench_alloc(shape->resources, sizeof(*b->n_in));
	bench_need(
	    bench_site_rows(shape, true, take, b, &e), &e, "the bare site");
	return b;
}

void
bare_site_free(struct bare_site **site)
{
	struct bare_site *b = *site;

	*site = NULL;
	names_fini(&b->admins);
	names_fini(&b->objects);
	names_fini(&b->devices);
	free(b->rights);
	free(b->n_scopes);
	free(b->n_collections);
	free(b->carried);
	free(b->in);
	free(b->n_in);
	free(b);
}

bool
bare_reads_object(
    const struct bare_site *b, struct rv_slice admin, struct rv_slice object)
{
	const struct named *a = find(&b->admins, admin);
	const struct named *o = find(&b->objects, object);
	bool reads = false;

	for (size_t i = 0; i < ASSIGNMENTS; i++) {
		const struct right *r = &b->rights[a->value][i];
		const uint32_t *s = b->carried[o->value];

		reads |= r->objects &
			 ((r->scopes[0] == s[0]) | (r->scopes[0] == s[1]) |
			     (r->scopes[1] == s[0]) | (r->scopes[1] == s[1]));
	}
	return reads;
}

bool
bare_reads_device(
    const struct bare_site *b, struct rv_slice admin, struct rv_slice device)
{
	const struct named *a = find(&b->admins, admin);
	const struct named *d = find(&b->devices, device);
	const uint32_t n = b->shape.memberships;
	bool reads = false;

	for (size_t i = 0; i < ASSIGNMENTS; i++) {
		const struct right *r = &b->rights[a->value][i];
		const uint32_t *in = b->in + (size_t)d->value * n;
		bool covers = false;

		for (uint32_t k = 0; k < n; k++)
			for (size_t c = 0; c < COLLECTIONS; c++)
				covers |= r->collections[c] == in[k];
		reads |= r->devices & covers;
	}
	return reads;
}
