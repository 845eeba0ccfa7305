#include "bench/site/site.h"

#include <string.h>

#include "bench/kit.h"

#define ROLES	     20
#define ASSIGNMENTS  3
#define SCOPES_EACH  2
#define LARGE_SHARE  10
#define SMALL_EACH   2
#define OBJECT_EACH  2
#define MOST_MEMBERS 16

/* Who takes the rows, and the numbers drawn so far. */
struct maker {
	const struct bench_shape *shape;
	bench_emit *emit;
	void *arg;
	struct rv_error *e;
	uint64_t random;
};

static struct rv_slice
name(struct bench_name *buf, const char *format, uint32_t i)
{
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(buf->text, sizeof(buf->text), format, i);
#pragma GCC diagnostic pop
	RV_ASSERT(n > 0 && (size_t)n < sizeof(buf->text));
	return (struct rv_slice){ buf->text, (size_t)n };
}

struct rv_slice
bench_admin(struct bench_name *buf, uint32_t i)
{
	return name(buf, "krb5:admin%06u@BENCH.TEST", i);
}

struct rv_slice
bench_object(struct bench_name *buf, uint32_t i)
{
	return name(buf, "b0000000-0000-4000-8000-%012u", i);
}

struct rv_slice
bench_resource(struct bench_name *buf, uint32_t i)
{
	return name(buf, "%u", BENCH_FIRST_RESOURCE + i);
}

static struct rv_slice
role(struct bench_name *buf, uint32_t i)
{
	return name(buf, "BR%06u", i);
}

static struct rv_slice
scope(struct bench_name *buf, uint32_t i)
{
	return name(buf, "BS%06u", i);
}

static struct rv_slice
collection(struct bench_name *buf, uint32_t i)
{
	return name(buf, "BC%06u", i);
}

static int
give(struct maker *m, enum bench_table table, const void *row)
{
	return m->emit(m->arg, table, row, m->e);
}

/* ---- The part of the catalogue that is asked about ----------------------- */

static const struct rv_row_type types[] = {
	{ 1, { "Collection", 10 }, { "SMS_Collection", 14 },
	    RV_SECURED_BY_COLLECTION },
	{ BENCH_TYPE_APP, { "Application", 11 }, { "SMS_Application", 15 },
	    RV_SECURED_BY_SCOPE },
};

static const struct rv_row_operation operations[] = {
	{ .object_type_id = 1, .bit = 0, .name = { "Read", 4 } },
	{ .object_type_id = 1, .bit = 12, .name = { "Read Resource", 13 } },
	{ .object_type_id = BENCH_TYPE_APP, .bit = 0, .name = { "Read", 4 } },
	{ .object_type_id = BENCH_TYPE_APP, .bit = 1, .name = { "Modify", 6 } },
	{ .object_type_id = BENCH_TYPE_APP, .bit = 2, .name = { "Delete", 6 } },
	{ .object_type_id = BENCH_TYPE_APP,
	    .bit = 11,
	    .name = { "Approve", 7 } },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
make_catalogue(struct maker *m)
{
	const struct rv_row_class_operation classes[] = {
		{ RV_SLICE_LIT("SMS_R_System"), RV_SLICE_LIT("Read"), 0 },
		{ RV_SLICE_LIT("SMS_R_System"), RV_SLICE_LIT("Read Resource"),
		    12 },
	};
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < COUNT(types); i++)
		r = give(m, BENCH_TYPE, &types[i]);
	for (size_t i = 0; r == RV_OK && i < COUNT(operations); i++)
		r = give(m, BENCH_OPERATION, &operations[i]);
	for (size_t i = 0; r == RV_OK && i < COUNT(classes); i++)
		r = give(m, BENCH_CLASS_OPERATION, &classes[i]);
	return r;
}

/* ---- Roles, scopes, collections ------------------------------------------ */

/* Three of four roles may read; each other operation is in every second. */
static int
make_role_operations(struct maker *m, uint32_t i)
{
	struct bench_name buf;
	int r = RV_OK;

	for (size_t k = 0; r == RV_OK && k < COUNT(operations); k++) {
		struct rv_row_role_operation row = { role(&buf, i),
			operations[k].object_type_id, operations[k].bit };
		uint32_t dice = bench_below(&m->random, 4);

		if (dice < (row.bit == 0 ? 3u : 2u))
			r = give(m, BENCH_ROLE_OPERATION, &row);
	}
	return r;
}

static int
make_roles(struct maker *m)
{
	struct bench_name buf;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < ROLES; i++) {
		struct rv_row_role row = { .role_id = role(&buf, i) };

		row.name = row.role_id;
		r = give(m, BENCH_ROLE, &row);
	}
	for (uint32_t i = 0; r == RV_OK && i < ROLES; i++)
		r = make_role_operations(m, i);
	return r;
}

static int
make_scopes(struct maker *m, bool built_in)
{
	const struct rv_row_scope all = { RV_SLICE_LIT("SMS00ALL") };
	struct bench_name buf;
	int r = built_in ? give(m, BENCH_SCOPE, &all) : RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < m->shape->scopes; i++) {
		struct rv_row_scope row = { scope(&buf, i) };

		r = give(m, BENCH_SCOPE, &row);
	}
	return r;
}

static int
make_collections(struct maker *m, bool built_in)
{
	struct rv_row_collection row = { RV_SLICE_LIT("SMS00001"),
		RV_KIND_DEVICE, RV_SLICE_NONE };
	struct bench_name buf;
	int r = built_in ? give(m, BENCH_COLLECTION, &row) : RV_OK;

	row.limiting_id = RV_SLICE_LIT("SMS00001");
	for (uint32_t i = 0; r == RV_OK && i < m->shape->collections; i++) {
		row.collection_id = collection(&buf, i);
		r = give(m, BENCH_COLLECTION, &row);
	}
	return r;
}

/* ---- Administrators ------------------------------------------------------ */

static uint64_t
assignment_id(uint32_t admin, uint32_t k)
{
	return BENCH_FIRST_ADMIN + (uint64_t)admin * ASSIGNMENTS + k;
}

static int
make_admins(struct maker *m)
{
	struct bench_name buf;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < m->shape->admins; i++) {
		struct rv_row_admin row = { .admin_id = BENCH_FIRST_ADMIN + i,
			.principal_id = bench_admin(&buf, i) };

		r = give(m, BENCH_ADMIN, &row);
	}
	for (uint32_t i = 0; r == RV_OK && i < m->shape->admins; i++) {
		uint32_t first = bench_below(&m->random, ROLES);

		for (uint32_t k = 0; r == RV_OK && k < ASSIGNMENTS; k++) {
			struct rv_row_assignment row = { assignment_id(i, k),
				BENCH_FIRST_ADMIN + i,
				role(&buf, (first + k * 7) % ROLES), INT64_MIN,
				INT64_MAX };

			r = give(m, BENCH_ASSIGNMENT, &row);
		}
	}
	return r;
}

/* n different numbers below end, by a random first and fixed strides. */
static uint32_t
pick(struct maker *m, uint32_t k, uint32_t *first, uint32_t end)
{
	if (k == 0)
		*first = bench_below(&m->random, end);
	return (*first + k * (end / 3 + 1)) % end;
}

static int
bind_scopes(struct maker *m, uint64_t id)
{
	struct bench_name buf;
	uint32_t first = 0;
	int r = RV_OK;

	for (uint32_t k = 0; r == RV_OK && k < SCOPES_EACH; k++) {
		struct rv_row_assignment_scope row = { id,
			scope(&buf, pick(m, k, &first, m->shape->scopes)) };

		r = give(m, BENCH_ASSIGNMENT_SCOPE, &row);
	}
	return r;
}

static int
bind_collections(struct maker *m, uint64_t id)
{
	const uint32_t large = m->shape->collections / LARGE_SHARE;
	const uint32_t small = m->shape->collections - large;
	struct bench_name buf;
	struct rv_row_assignment_collection row = { id,
		collection(&buf, bench_below(&m->random, large)) };
	uint32_t first = 0;
	int r = give(m, BENCH_ASSIGNMENT_COLLECTION, &row);

	for (uint32_t k = 0; r == RV_OK && k < SMALL_EACH; k++) {
		row.collection_id =
		    collection(&buf, large + pick(m, k, &first, small));
		r = give(m, BENCH_ASSIGNMENT_COLLECTION, &row);
	}
	return r;
}

static int
make_bindings(struct maker *m)
{
	const uint32_t n = m->shape->admins * ASSIGNMENTS;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < n; i++)
		r = bind_scopes(m, BENCH_FIRST_ADMIN + i);
	for (uint32_t i = 0; r == RV_OK && i < n; i++)
		r = bind_collections(m, BENCH_FIRST_ADMIN + i);
	return r;
}

/* ---- Objects and devices ------------------------------------------------- */

static int
make_objects(struct maker *m)
{
	struct bench_name buf, in;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < m->shape->objects; i++) {
		struct rv_row_object row = { BENCH_TYPE_APP,
			bench_object(&buf, i), 0 };

		r = give(m, BENCH_OBJECT, &row);
	}
	for (uint32_t i = 0; r == RV_OK && i < m->shape->objects; i++) {
		struct rv_row_object_scope row = { BENCH_TYPE_APP,
			bench_object(&buf, i), RV_SLICE_NONE };
		uint32_t first = 0;

		for (uint32_t k = 0; r == RV_OK && k < OBJECT_EACH; k++) {
			row.scope_id =
			    scope(&in, pick(m, k, &first, m->shape->scopes));
			r = give(m, BENCH_OBJECT_SCOPE, &row);
		}
	}
	return r;
}

static int
join_collections(struct maker *m, uint32_t device)
{
	const uint32_t large = m->shape->collections / LARGE_SHARE;
	const uint32_t small = m->shape->collections - large;
	const uint32_t n = m->shape->memberships;
	struct bench_name buf;
	uint32_t taken[MOST_MEMBERS] = { bench_below(&m->random, large) };
	int r = RV_OK;

	for (uint32_t k = 1; k < n; k++) {
		uint32_t one = large + bench_below(&m->random, small);

		for (uint32_t j = 1; j < k; j++)
			if (taken[j] == one) {
				one = large + (one - large + 1) % small;
				j = 0;
			}
		taken[k] = one;
	}
	for (uint32_t k = 0; r == RV_OK && k < n; k++) {
		struct rv_row_member row = { collection(&buf, taken[k]),
			BENCH_FIRST_RESOURCE + device };

		r = give(m, BENCH_MEMBER, &row);
	}
	return r;
}

static int
make_devices(struct maker *m)
{
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < m->shape->resources; i++) {
		struct rv_row_resource row = { BENCH_FIRST_RESOURCE + i,
			RV_RESOURCE_DEVICE };

		r = give(m, BENCH_RESOURCE, &row);
	}
	for (uint32_t i = 0; r == RV_OK && i < m->shape->resources; i++)
		r = join_collections(m, i);
	return r;
}

int
bench_site_rows(const struct bench_shape *shape, bool catalogue,
    bench_emit *emit, void *arg, struct rv_error *e)
{
	struct maker m = { shape, emit, arg, e, 1 };
	int r = catalogue ? make_catalogue(&m) : RV_OK;

	if (r == RV_OK)
		r = make_roles(&m);
	if (r == RV_OK)
		r = make_scopes(&m, catalogue);
	if (r == RV_OK)
		r = make_collections(&m, catalogue);
	if (r == RV_OK)
		r = make_admins(&m);
	if (r == RV_OK)
		r = make_bindings(&m);
	if (r == RV_OK)
		r = make_objects(&m);
	if (r == RV_OK)
		r = make_devices(&m);
	return r;
}

int
bench_shape_read(char *const *words, struct bench_shape *ret_shape)
{
	uint32_t numbers[6];

	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint64_t value;
		int r;

		if (words[i] == NULL)
			return RV_ERR_INVALID;
		r = rv_slice_to_u64(rv_slice_of(words[i]), 100000000, &value);
		if (r != RV_OK)
			return r;
		numbers[i] = (uint32_t)value;
	}
	*ret_shape = (struct bench_shape){ numbers[0], numbers[1], numbers[2],
		numbers[3], numbers[4], numbers[5] };
	if (ret_shape->memberships < 1 ||
	    ret_shape->memberships > MOST_MEMBERS || ret_shape->scopes < 3 ||
	    ret_shape->collections < LARGE_SHARE * ret_shape->memberships)
		return RV_ERR_INVALID;
	return RV_OK;
}
