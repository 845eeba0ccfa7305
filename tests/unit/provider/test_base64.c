/* Base64 as RFC 4648 section 10 has it, and nothing beside it. */
#include "unit/unit.h"

#include "base64.h"

static const struct {
	const char *bytes, *text, *url;
} vectors[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff", "+/8=", "-_8" },
};

static void
vectors_go_both_ways(void **state)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct rv_slice bytes = rv_slice_of(vectors[i].bytes);

		assert_string_equal(
		    rv_base64_encode(arena, RV_BASE64, bytes), vectors[i].text);
		assert_string_equal(
		    rv_base64_encode(arena, RV_BASE64URL, bytes),
		    vectors[i].url);
		rv_buf_reset(&out);
		assert_int_equal(rv_base64_decode(RV_BASE64,
				     rv_slice_of(vectors[i].text), 64, &out),
		    RV_OK);
		assert_int_equal(out.n, bytes.n);
		assert_memory_equal(out.n > 0 ? out.p : "", bytes.p, bytes.n);
		rv_buf_reset(&out);
		assert_int_equal(rv_base64_decode(RV_BASE64URL,
				     rv_slice_of(vectors[i].url), 64, &out),
		    RV_OK);
		assert_int_equal(out.n, bytes.n);
	}
	rv_buf_fini(&out);
	rv_arena_free(&arena);
}

static void
anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "=",
		"==", "====", "Zh==", "Zm9=", "Zm9 v", "Zm9v\n", " Zm9v",
		"Zm9v====", "Z=g=", "-_8=", "Zm9v!A==" };
	static const char *const bad_url[] = { "Z", "Zg==", "Zh", "Zm9", "+/8",
		"Zm 9v", "Zm9vY" };
	struct rv_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
		    rv_base64_decode(RV_BASE64, rv_slice_of(bad[i]), 64, &out),
		    RV_ERR_INVALID);
	for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++)
		assert_int_equal(rv_base64_decode(RV_BASE64URL,
				     rv_slice_of(bad_url[i]), 64, &out),
		    RV_ERR_INVALID);
	rv_buf_fini(&out);
}

static void
the_limit_is_in_bytes(void **state)
{
	struct rv_buf out = { 0 };

	(void)state;
	assert_int_equal(
	    rv_base64_decode(RV_BASE64, RV_SLICE_LIT("Zm9vYg=="), 4, &out),
	    RV_OK);
	assert_int_equal(
	    rv_base64_decode(RV_BASE64, RV_SLICE_LIT("Zm9vYg=="), 3, &out),
	    RV_ERR_LIMIT);
	rv_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_go_both_ways),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(the_limit_is_in_bytes),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
