/* Page tokens: only what was sealed for the same list opens again. */
#include "unit/unit.h"

#include <stdio.h>

#include "rest/page_token.h"

#define BOUND RV_SLICE_LIT("SMS_Role\nalice@LAB.TEST")

static struct rv_page_key page_key;

static int
make_key(void **state)
{
	(void)state;
	return rv_page_key_make(&page_key);
}

static void
another_provider_does_not_open_it(void **state)
{
	const char *token =
	    rv_page_token_seal(&page_key, *state, BOUND, RV_SLICE_LIT("k"));
	struct rv_page_key other;
	struct rv_slice key;

	assert_int_equal(rv_page_key_make(&other), RV_OK);
	assert_int_equal(
	    rv_page_token_open(&other, *state, BOUND, rv_slice_of(token), &key),
	    RV_ERR_INVALID);
}

static int
make_arena(void **state)
{
	*state = rv_arena_new(0);
	return *state == NULL;
}

static int
free_arena(void **state)
{
	struct rv_arena *arena = *state;

	rv_arena_free(&arena);
	return 0;
}

static void
what_is_sealed_opens(void **state)
{
	static const char *const keys[] = { "", "a", "SMS0001R",
		"ScopeId_1/Application_\xc3\xa4" };
	struct rv_slice key;
	const char *token;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		token = rv_page_token_seal(
		    &page_key, *state, BOUND, rv_slice_of(keys[i]));
		assert_non_null(token);
		assert_null(strpbrk(token, "+/="));
		assert_int_equal(rv_page_token_open(&page_key, *state, BOUND,
				     rv_slice_of(token), &key),
		    RV_OK);
		assert_true(rv_slice_eq_cstr(key, keys[i]));
	}
}

static void
another_list_or_caller_does_not_open_it(void **state)
{
	const char *token =
	    rv_page_token_seal(&page_key, *state, BOUND, RV_SLICE_LIT("k"));
	struct rv_slice key;

	assert_non_null(token);
	assert_int_equal(rv_page_token_open(&page_key, *state,
			     RV_SLICE_LIT("SMS_Role\nbob@LAB.TEST"),
			     rv_slice_of(token), &key),
	    RV_ERR_INVALID);
	assert_int_equal(rv_page_token_open(&page_key, *state,
			     RV_SLICE_LIT("SMS_Admin\nalice@LAB.TEST"),
			     rv_slice_of(token), &key),
	    RV_ERR_INVALID);
}

static void
each_changed_character_is_noticed(void **state)
{
	const char *token = rv_page_token_seal(
	    &page_key, *state, BOUND, RV_SLICE_LIT("SMS0001R"));
	struct rv_slice key;
	size_t n;

	assert_non_null(token);
	n = strlen(token);
	for (size_t i = 0; i < n; i++) {
		char *bad = rv_arena_dup(*state, rv_slice_of(token));

		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_int_equal(rv_page_token_open(&page_key, *state, BOUND,
				     rv_slice_of(bad), &key),
		    RV_ERR_INVALID);
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(rv_page_token_open(&page_key, *state, BOUND,
				     (struct rv_slice){ token, i }, &key),
		    RV_ERR_INVALID);
}

static void
rubbish_is_refused(void **state)
{
	static const char *const bad[] = { "", "A", "====", "+///", "%%%%",
		"not a token at all", "\xff\xff\xff\xff" };
	struct rv_slice key;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rv_page_token_open(&page_key, *state, BOUND,
				     rv_slice_of(bad[i]), &key),
		    RV_ERR_INVALID);
}

/* The site's key, as its store gives it to each provider. */
static void
whoever_has_the_key_opens_it(void **state)
{
	static const char *const bad[] = { "", "00", "x" };
	char hex[2 * RV_PAGE_KEY_SIZE + 1];
	struct rv_page_key one, other;
	const char *token;
	struct rv_slice key;

	(void)snprintf(hex, sizeof(hex), "%064x", 7u);
	assert_int_equal(rv_page_key_read(rv_slice_of(hex), &one), RV_OK);
	assert_int_equal(rv_page_key_read(rv_slice_of(hex), &other), RV_OK);
	token = rv_page_token_seal(&one, *state, BOUND, RV_SLICE_LIT("k"));
	assert_non_null(token);
	assert_int_equal(
	    rv_page_token_open(&other, *state, BOUND, rv_slice_of(token), &key),
	    RV_OK);
	assert_true(rv_slice_eq_cstr(key, "k"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rv_page_key_read(rv_slice_of(bad[i]), &one),
		    RV_ERR_INVALID);
	hex[63] = 'g';
	assert_int_equal(
	    rv_page_key_read(rv_slice_of(hex), &one), RV_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_is_sealed_opens, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    another_list_or_caller_does_not_open_it, make_arena,
		    free_arena),
		cmocka_unit_test_setup_teardown(
		    each_changed_character_is_noticed, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    another_provider_does_not_open_it, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    whoever_has_the_key_opens_it, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    rubbish_is_refused, make_arena, free_arena),
	};

	return cmocka_run_group_tests_name("page_token", tests, make_key, NULL);
}
