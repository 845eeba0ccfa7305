/* The decoder of COPY BINARY: what it takes, and all that it refuses. */
#include "unit/unit.h"

#include "store/copy.h"

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
/* (int4 7, text 'ab', NULL), (int4 -1, text '', bool true) */
#define ROW_1	"\0\3\0\0\0\4\0\0\0\7\0\0\0\2ab\377\377\377\377"
#define ROW_2	"\0\3\0\0\0\4\377\377\377\377\0\0\0\0\0\0\0\1\1"
#define TRAILER "\377\377"

static const char good[] = HEADER ROW_1 ROW_2 TRAILER;
#define GOOD_LENGTH (sizeof(good) - 1)

/* Reads all of one piece; the number of rows, or the error. */
static int
count_rows(const char *p, size_t n, unsigned n_fields)
{
	struct rv_copy_field f[RV_COPY_FIELDS];
	struct rv_copy c;
	bool row = true;
	int r, rows = 0;

	rv_copy_init(&c, n_fields);
	r = rv_copy_piece(&c, (struct rv_slice){ p, n }, NULL);
	while (r == RV_OK && row) {
		r = rv_copy_row(&c, f, &row, NULL);
		if (r == RV_OK && row)
			rows++;
	}
	if (r == RV_OK)
		r = rv_copy_end(&c, NULL);
	return r == RV_OK ? rows : r;
}

static void
reads_fields(void **state)
{
	struct rv_copy_field f[RV_COPY_FIELDS];
	struct rv_slice s;
	struct rv_copy c;
	int32_t v;
	bool row, b;

	(void)state;
	rv_copy_init(&c, 3);
	assert_int_equal(
	    rv_copy_piece(&c, (struct rv_slice){ good, GOOD_LENGTH }, NULL),
	    RV_OK);
	assert_int_equal(rv_copy_row(&c, f, &row, NULL), RV_OK);
	assert_true(row);
	assert_int_equal(rv_copy_int4(&f[0], &v), RV_OK);
	assert_int_equal(v, 7);
	assert_int_equal(rv_copy_text(&f[1], &s), RV_OK);
	assert_true(rv_slice_eq_cstr(s, "ab"));
	assert_null(f[2].p);
	assert_int_equal(rv_copy_row(&c, f, &row, NULL), RV_OK);
	assert_true(row);
	assert_int_equal(rv_copy_int4(&f[0], &v), RV_OK);
	assert_int_equal(v, -1);
	assert_int_equal(rv_copy_text(&f[1], &s), RV_OK);
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	assert_int_equal(rv_copy_bool(&f[2], &b), RV_OK);
	assert_true(b);
	assert_int_equal(rv_copy_end(&c, NULL), RV_ERR_INVALID);
	assert_int_equal(rv_copy_row(&c, f, &row, NULL), RV_OK);
	assert_false(row);
	assert_int_equal(rv_copy_end(&c, NULL), RV_OK);
	assert_int_equal(c.rows, 2);
}

/* Each prefix is in memory of its own, so that a sanitizer sees its end. */
static void
refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t n = 0; n < GOOD_LENGTH; n++) {
		char *p = malloc(n > 0 ? n : 1);

		assert_non_null(p);
		memcpy(p, good, n);
		assert_int_equal(count_rows(p, n, 3), RV_ERR_INVALID);
		free(p);
	}
	assert_int_equal(count_rows(good, GOOD_LENGTH, 3), 2);
}

static void
takes_pieces_of_whole_rows(void **state)
{
	static const struct rv_slice pieces[] = {
		{ HEADER, sizeof(HEADER) - 1 },
		{ ROW_1, sizeof(ROW_1) - 1 },
		{ ROW_2, sizeof(ROW_2) - 1 },
		{ TRAILER, sizeof(TRAILER) - 1 },
	};
	struct rv_copy_field f[RV_COPY_FIELDS];
	struct rv_copy c;

	(void)state;
	rv_copy_init(&c, 3);
	for (size_t i = 0; i < 4; i++) {
		bool row = true;

		assert_int_equal(rv_copy_piece(&c, pieces[i], NULL), RV_OK);
		while (row)
			assert_int_equal(rv_copy_row(&c, f, &row, NULL), RV_OK);
	}
	assert_int_equal(c.rows, 2);
	assert_int_equal(rv_copy_end(&c, NULL), RV_OK);
	assert_int_equal(rv_copy_piece(&c, pieces[1], NULL), RV_ERR_INVALID);
}

#define REFUSES(bytes, n_fields) \
	assert_int_equal(        \
	    count_rows(bytes, sizeof(bytes) - 1, n_fields), RV_ERR_INVALID)

static void
refuses_malformed_data(void **state)
{
	(void)state;
	/* signature, flags, header extension */
	REFUSES("PGCOPY\n\377\r\r\0\0\0\0\0\0\0\0\0" TRAILER, 3);
	REFUSES("PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0" TRAILER, 3);
	REFUSES("PGCOPY\n\377\r\n\0\0\0\0\1\0\0\0\0" TRAILER, 3);
	REFUSES("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\1x" TRAILER, 3);
	/* another number of fields */
	REFUSES(HEADER ROW_1 TRAILER, 2);
	REFUSES(HEADER ROW_1 TRAILER, 4);
	REFUSES(HEADER "\0\0" TRAILER, 3);
	/* lengths beyond the data, beyond int4, negative but not -1 */
	REFUSES(HEADER "\0\1\0\0\0\5abcd" TRAILER, 1);
	REFUSES(HEADER "\0\1\177\377\377\377abcd" TRAILER, 1);
	REFUSES(HEADER "\0\1\377\377\377\376abcd" TRAILER, 1);
	REFUSES(HEADER "\0\1\200\0\0\0abcd" TRAILER, 1);
	/* after the trailer */
	REFUSES(HEADER ROW_1 TRAILER "\0", 3);
	REFUSES(HEADER TRAILER ROW_1, 3);
	assert_int_equal(
	    count_rows(HEADER TRAILER, sizeof(HEADER TRAILER) - 1, 3), 0);
}

static void
refuses_other_types(void **state)
{
	static const struct rv_copy_field null = { NULL, 0 };
	static const struct rv_copy_field two = { "\1\2", 2 };
	static const struct rv_copy_field byte = { "\2", 1 };
	static const struct rv_copy_field latin = { "\344", 1 };
	static const struct rv_copy_field nul = { "a\0b", 3 };
	struct rv_slice s;
	int64_t v8;
	int32_t v4;
	bool b;

	(void)state;
	assert_int_equal(rv_copy_int4(&null, &v4), RV_ERR_INVALID);
	assert_int_equal(rv_copy_int8(&null, &v8), RV_ERR_INVALID);
	assert_int_equal(rv_copy_bool(&null, &b), RV_ERR_INVALID);
	assert_int_equal(rv_copy_text(&null, &s), RV_ERR_INVALID);
	assert_int_equal(rv_copy_int4(&two, &v4), RV_ERR_INVALID);
	assert_int_equal(rv_copy_int8(&two, &v8), RV_ERR_INVALID);
	assert_int_equal(rv_copy_bool(&two, &b), RV_ERR_INVALID);
	assert_int_equal(rv_copy_bool(&byte, &b), RV_ERR_INVALID);
	assert_int_equal(rv_copy_text(&latin, &s), RV_ERR_INVALID);
	assert_int_equal(rv_copy_text(&nul, &s), RV_ERR_INVALID);
}

static void
reads_limits_of_integers(void **state)
{
	static const struct rv_copy_field min4 = { "\200\0\0\0", 4 };
	static const struct rv_copy_field max8 = {
		"\177\377\377\377\377\377\377\377", 8
	};
	static const struct rv_copy_field min8 = { "\200\0\0\0\0\0\0\0", 8 };
	int64_t v8;
	int32_t v4;

	(void)state;
	assert_int_equal(rv_copy_int4(&min4, &v4), RV_OK);
	assert_true(v4 == INT32_MIN);
	assert_int_equal(rv_copy_int8(&max8, &v8), RV_OK);
	assert_true(v8 == INT64_MAX);
	assert_int_equal(rv_copy_int8(&min8, &v8), RV_OK);
	assert_true(v8 == INT64_MIN);
}

/* Dimensions, no NULL, bigint; length and lower bound; elements. */
#define ARRAY_HEAD \
	"\0\0\0\1" \
	"\0\0\0\0" \
	"\0\0\0\24"
#define ARRAY_OF_2                            \
	ARRAY_HEAD "\0\0\0\2"                 \
		   "\0\0\0\1"                 \
		   "\0\0\0\10"                \
		   "\0\0\0\0\377\377\377\377" \
		   "\0\0\0\10"                \
		   "\377\377\377\377\377\377\377\376"

static void
reads_arrays_of_ids(void **state)
{
	static const char two[] = ARRAY_OF_2;
	static const char none[] = "\0\0\0\0"
				   "\0\0\0\0"
				   "\0\0\0\24";
	struct rv_copy_field f = { two, sizeof(two) - 1 };
	struct rv_copy_int8s a;

	(void)state;
	assert_int_equal(rv_copy_int8s(&f, &a), RV_OK);
	assert_int_equal(a.n, 2);
	assert_true(rv_copy_element(&a, 0) == UINT32_MAX);
	assert_true(rv_copy_element(&a, 1) == -2);
	f = (struct rv_copy_field){ none, sizeof(none) - 1 };
	assert_int_equal(rv_copy_int8s(&f, &a), RV_OK);
	assert_int_equal(a.n, 0);
}

static void
refuses_other_arrays(void **state)
{
	/* Which byte becomes what. */
	static const struct {
		size_t at;
		char value;
	} wrong[] = {
		{ 3, 2 },   /* dimensions */
		{ 3, 0 },   /* none, with elements */
		{ 7, 1 },   /* a NULL */
		{ 11, 23 }, /* integer */
		{ 15, 1 },  /* fewer elements than there are */
		{ 15, 3 },  /* more */
		{ 12, 127 },
		{ 23, 4 }, /* the length of an element */
		{ 35, -1 },
	};
	char bytes[sizeof(ARRAY_OF_2) - 1];
	struct rv_copy_field f = { bytes, sizeof(bytes) };
	struct rv_copy_int8s a = { NULL, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memcpy(bytes, ARRAY_OF_2, sizeof(bytes));
		bytes[wrong[i].at] = wrong[i].value;
		assert_int_equal(rv_copy_int8s(&f, &a), RV_ERR_INVALID);
	}
	memcpy(bytes, ARRAY_OF_2, sizeof(bytes));
	for (f.n = 0; f.n < sizeof(bytes); f.n++)
		assert_int_equal(rv_copy_int8s(&f, &a), RV_ERR_INVALID);
	f.p = NULL;
	assert_int_equal(rv_copy_int8s(&f, &a), RV_ERR_INVALID);
	assert_int_equal(a.n, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fields),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(takes_pieces_of_whole_rows),
		cmocka_unit_test(refuses_malformed_data),
		cmocka_unit_test(refuses_other_types),
		cmocka_unit_test(reads_limits_of_integers),
		cmocka_unit_test(reads_arrays_of_ids),
		cmocka_unit_test(refuses_other_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
