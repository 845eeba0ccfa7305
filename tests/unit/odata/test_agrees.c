/*
 * The two readers of one tree, against each other: random conditions and
 * orders over random objects, asked of PostgreSQL and evaluated in memory.
 */
#include <time.h>

#include "unit/store/cluster.h"

#include "odata/eval.h"
#include "odata/sql.h"
#include "unit/odata/random_query.h"

#define ROWS	   48u
#define CONDITIONS 4000u
#define ORDERS	   60u

struct world {
	struct cluster cluster;
	json_t *bodies[ROWS]; /* in order of their keys */
	struct random random;
};

/*
 * Columns of another collation than ours, and a session elsewhere on the
 * globe: neither may be seen.
 */
static const char schema[] =
    "SET TimeZone = 'Asia/Kolkata'; "
    "CREATE TABLE sample (key text COLLATE \"und-x-icu\" PRIMARY KEY, "
    "id text COLLATE \"und-x-icu\", name text COLLATE \"und-x-icu\" NOT NULL, "
    "note text COLLATE \"und-x-icu\", flag boolean, small integer NOT NULL, "
    "big bigint, ratio double precision, changed timestamptz, guid uuid, "
    "tags text[] COLLATE \"und-x-icu\", numbers integer[], place jsonb, "
    "items jsonb)";

static const char insert[] = "INSERT INTO sample SELECT * FROM "
			     "jsonb_populate_record(NULL::sample, $1::jsonb)";

/* The row of a body: its values by the names of the columns. */
static void
insert_body(struct world *w, const json_t *body)
{
	json_t *row = json_object();
	const char *text[1];
	char *dump;
	PGresult *result;

	(void)json_object_set(row, "key", json_object_get(body, "ID"));
	for (size_t i = 0; i < sample.n_properties; i++) {
		const struct rv_odata_property *p = &sample.properties[i];
		json_t *value = json_object_get(body, p->name);

		if (p->column != NULL && value != NULL)
			(void)json_object_set(row, p->column, value);
	}
	dump = json_dumps(row, 0);
	text[0] = dump;
	result = PQexecParams(
	    w->cluster.admin, insert, 1, NULL, text, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		print_error("%s", PQerrorMessage(w->cluster.admin));
	assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
	PQclear(result);
	free(dump);
	json_decref(row);
}

/* Of this run, or of the one to be repeated: the only argument. */
static unsigned long long seed;

static int
group_up(void **state)
{
	static struct world world;

	world.random.state = UINT64_C(0x9e3779b97f4a7c15) * seed;
	print_message("# seed %llu\n", seed);
	cluster_up(&world.cluster);
	cluster_sql(&world.cluster, schema);
	for (unsigned i = 0; i < ROWS; i++) {
		char id[8];

		(void)snprintf(id, sizeof(id), "%c%02u", i % 2 ? 'a' : 'B', i);
		world.bodies[i] = random_body(&world.random, id);
		insert_body(&world, world.bodies[i]);
	}
	*state = &world;
	return 0;
}

static int
group_down(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < ROWS; i++)
		json_decref(w->bodies[i]);
	cluster_down(&w->cluster);
	return 0;
}

static PGresult *
ask(struct world *w, struct rv_odata_sql *sql)
{
	PGresult *result =
	    PQexecParams(w->cluster.admin, rv_buf_cstr(&sql->text),
		(int)sql->n_params, NULL, sql->params, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		print_error("%s\n%s", rv_buf_cstr(&sql->text),
		    PQerrorMessage(w->cluster.admin));
	assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
	return result;
}

static const char *
id_of(const json_t *body)
{
	return json_string_value(json_object_get(body, "ID"));
}

static bool
has_row(const PGresult *result, const char *id)
{
	for (int i = 0; i < PQntuples(result); i++)
		if (strcmp(PQgetvalue(result, i, 0), id) == 0)
			return true;
	return false;
}

/* Returns how many objects satisfy the condition. */
static unsigned
compare(struct world *w, const char *text, const struct rv_odata_query *query,
    const PGresult *result)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ROWS; i++) {
		bool here = rv_odata_matches(query, &sample, w->bodies[i]);
		bool there = has_row(result, id_of(w->bodies[i]));

		if (here != there) {
			char *dump = json_dumps(w->bodies[i], 0);

			print_error("%s\nin memory %d, in the store %d: %s\n",
			    text, here, there, dump);
			free(dump);
		}
		assert_int_equal(here, there);
		n += here;
	}
	return n;
}

static const char select_where[] = "SELECT r.key FROM sample r WHERE ";

/* One random query; false when it was too large to be read. */
static bool
try_condition(struct world *w, const char *option,
    void (*make)(struct random_query *), unsigned *matches)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_sql sql = { .first = 1 };
	struct rv_odata_query query;
	struct rv_buf text = { 0 };
	struct random_query q = { .random = &w->random, .out = &text };
	int r;

	rv_buf_puts(&text, option);
	make(&q);
	r = rv_odata_query_read(arena, &sample, false,
	    rv_slice_of(rv_buf_cstr(&text)), &query, &fault);
	if (r != RV_OK && strstr(fault.what, "too") == NULL)
		fail_msg("%s: %zu: %s", text.p, fault.at, fault.what);
	if (r == RV_OK) {
		PGresult *result;

		rv_buf_puts(&sql.text, select_where);
		assert_int_equal(
		    rv_odata_sql_where(arena, &query, &sql), RV_OK);
		result = ask(w, &sql);
		*matches += compare(w, text.p, &query, result);
		PQclear(result);
	}
	rv_buf_fini(&sql.text);
	rv_buf_fini(&text);
	rv_arena_free(&arena);
	return r == RV_OK;
}

static void
test_conditions(void **state)
{
	struct world *w = *state;
	unsigned read = 0, matches = 0;

	for (unsigned i = 0; i < CONDITIONS; i++)
		read +=
		    try_condition(w, "$filter=", random_condition, &matches);
	print_message("# %u conditions, %u matches\n", read, matches);
	/* Neither all nor nothing, or nothing would be compared. */
	assert_true(read > CONDITIONS / 2);
	assert_true(matches > read && matches < read * (ROWS - 1));
}

static void
random_search(struct random_query *q)
{
	static const char *const words[] = { "a", "\"a b\"", "\xc3\xa4", "_",
		"a%25", "\"a'b\"", "B", "\"a\\\\b\"" };
	size_t n = 1 + random_below(q->random, 3);

	for (size_t i = 0; i < n; i++) {
		rv_buf_puts(q->out, i == 0		  ? ""
				    : random_one_in(q, 2) ? " OR "
							  : " ");
		rv_buf_puts(q->out, random_one_in(q, 3) ? "NOT " : "");
		rv_buf_puts(q->out, RANDOM_OF(q->random, words));
	}
}

static void
test_searches(void **state)
{
	struct world *w = *state;
	unsigned matches = 0;

	for (unsigned i = 0; i < 100; i++)
		assert_true(
		    try_condition(w, "$search=", random_search, &matches));
	assert_true(matches > 0);
}

/* ---- Orders ---------------------------------------------------------------
 */

static void
random_order(struct random_query *q)
{
	static const char *const paths[] = { "Name", "Note", "Flag", "Small",
		"Big", "Ratio", "Changed", "Guid", "Place/City", "Place/Zip",
		"Place/Since", "Place/Inner/Text" };
	static const char *const ways[] = { "", " desc", " asc" };
	size_t n = 1 + random_below(q->random, 3);

	for (size_t i = 0; i < n; i++)
		rv_buf_printf(q->out, "%s%s%s", i > 0 ? "," : "",
		    RANDOM_OF(q->random, paths), RANDOM_OF(q->random, ways));
}

/* Sorts by insertion, equal ones by their keys: by bytes. */
static void
sort_bodies(const struct rv_odata_query *query, json_t **bodies)
{
	for (unsigned i = 1; i < ROWS; i++) {
		for (unsigned j = i; j > 0; j--) {
			json_t *a = bodies[j - 1], *b = bodies[j];
			int order = rv_odata_compare(query, a, b);

			if (order < 0 ||
			    (order == 0 && strcmp(id_of(a), id_of(b)) < 0))
				break;
			bodies[j - 1] = b;
			bodies[j] = a;
		}
	}
}

static const char paged_head[] = "SELECT r.key, v FROM sample r, LATERAL "
				 "(SELECT ";
static const char paged_values[] = " AS a) x, LATERAL (SELECT "
				   "jsonb_agg(e ORDER BY n)::text AS v FROM "
				   "unnest(x.a) WITH ORDINALITY AS u(e, n)) y "
				   "WHERE ";
static const char paged_tail[] = " LIMIT 7";

/* The next page; *last is what the one after it goes on from. */
static PGresult *
ask_page(struct world *w, struct rv_arena *arena,
    const struct rv_odata_query *query, const json_t *last)
{
	struct rv_slice values[8];
	struct rv_odata_sql sql = { .first = 1 };
	size_t n = json_array_size(last);
	PGresult *result;

	for (size_t i = 0; i < n; i++)
		values[i] =
		    rv_slice_of(json_string_value(json_array_get(last, i)));
	rv_buf_puts(&sql.text, paged_head);
	assert_int_equal(rv_odata_sql_sort_values(query, &sql), RV_OK);
	rv_buf_puts(&sql.text, paged_values);
	assert_int_equal(
	    rv_odata_sql_after(arena, query, values, n, &sql), RV_OK);
	rv_buf_puts(&sql.text, " ");
	assert_int_equal(rv_odata_sql_order(arena, query, &sql), RV_OK);
	rv_buf_puts(&sql.text, paged_tail);
	result = ask(w, &sql);
	rv_buf_fini(&sql.text);
	return result;
}

/* Page by page all rows come, each once, in the order of memory. */
static void
check_pages(struct world *w, struct rv_arena *arena,
    const struct rv_odata_query *query, json_t *const *sorted)
{
	json_t *last = json_array();
	unsigned seen = 0;
	int rows;

	do {
		PGresult *result = ask_page(w, arena, query, last);

		rows = PQntuples(result);
		for (int i = 0; i < rows; i++) {
			assert_true(seen < ROWS);
			assert_string_equal(
			    PQgetvalue(result, i, 0), id_of(sorted[seen++]));
		}
		json_decref(last);
		last = rows == 0 ? NULL
				 : json_loads(PQgetvalue(result, rows - 1, 1),
				       JSON_DECODE_ANY, NULL);
		assert_true(rows == 0 || json_is_array(last));
		PQclear(result);
	} while (rows > 0);
	assert_int_equal(seen, ROWS);
}

static void
try_order(struct world *w)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_query query;
	struct rv_buf text = { 0 };
	struct random_query q = { .random = &w->random, .out = &text };
	json_t *sorted[ROWS];

	rv_buf_puts(&text, "$orderby=");
	random_order(&q);
	assert_int_equal(rv_odata_query_read(arena, &sample, false,
			     rv_slice_of(rv_buf_cstr(&text)), &query, &fault),
	    RV_OK);
	memcpy(sorted, w->bodies, sizeof(sorted));
	sort_bodies(&query, sorted);
	check_pages(w, arena, &query, sorted);
	rv_buf_fini(&text);
	rv_arena_free(&arena);
}

static void
test_orders(void **state)
{
	for (unsigned i = 0; i < ORDERS; i++)
		try_order(*state);
}

/* A prefix is found in an index on (column COLLATE "C"), not row by row. */
static void
test_prefix_uses_an_index(void **state)
{
	static const char explain[] =
	    "EXPLAIN SELECT r.key FROM sample r WHERE ";
	struct world *w = *state;
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_sql sql = { .first = 1 };
	struct rv_odata_query query;
	PGresult *result;
	bool found = false;

	cluster_sql(&w->cluster,
	    "CREATE INDEX sample_name ON sample ((name COLLATE \"C\")); "
	    "SET enable_seqscan = off");
	assert_int_equal(rv_odata_query_read(arena, &sample, false,
			     rv_slice_of("$filter=startswith(Name,'a%25_') eq "
					 "true"),
			     &query, &fault),
	    RV_OK);
	rv_buf_puts(&sql.text, explain);
	assert_int_equal(rv_odata_sql_where(arena, &query, &sql), RV_OK);
	result = ask(w, &sql);
	for (int i = 0; i < PQntuples(result); i++)
		found = found || strstr(PQgetvalue(result, i, 0),
				     "Index Cond: (((name)::text >=") != NULL;
	if (!found)
		for (int i = 0; i < PQntuples(result); i++)
			print_error("%s\n", PQgetvalue(result, i, 0));
	assert_true(found);
	PQclear(result);
	rv_buf_fini(&sql.text);
	rv_arena_free(&arena);
	cluster_sql(&w->cluster, "RESET enable_seqscan");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_searches),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_prefix_uses_an_index),
	};

	seed = argc > 1 ? strtoull(argv[1], NULL, 10)
			: (unsigned long long)time(NULL);
	/* State 0 would stay 0. */
	seed |= 1;
	return cmocka_run_group_tests(tests, group_up, group_down);
}
