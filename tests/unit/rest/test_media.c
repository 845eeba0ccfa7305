/* What a caller accepts. */
#include "unit/unit.h"

#include "rest/media.h"

static const struct {
	const char *accept;
	unsigned xml, json;
} cases[] = {
	{ "application/xml", 1000, 0 },
	{ "APPLICATION/XML , text/html", 1000, 0 },
	{ "*/*", 1000, 1000 },
	{ "application/*;q=0.25", 250, 250 },
	{ "application/json;q=0.5, */*;q=0.125", 125, 500 },
	{ "*/*, application/json;q=0", 1000, 0 },
	{ "application/*, application/xml;q=0.001", 1, 1000 },
	{ "application/json;odata.metadata=minimal;q=1.0", 0, 1000 },
	{ "application/json ; q=0.30", 0, 300 },
	{ "application/json;q=0.1234", 0, 0 },
	{ "application/json;q=2", 0, 0 },
	{ "application/json;q=", 0, 0 },
	{ "application/json;q=0,5", 0, 0 },
	{ "application/xmlx, xapplication/xml", 0, 0 },
	{ "application", 0, 0 },
	{ "text/*", 0, 0 },
	{ ",,;;,", 0, 0 },
	{ "", 0, 0 },
	{ NULL, 0, 0 },
};

static void
the_most_specific_range_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rv_slice accept = rv_slice_of(cases[i].accept);

		assert_int_equal(
		    rv_media_quality(accept, "application/xml"), cases[i].xml);
		assert_int_equal(rv_media_quality(accept, "application/json"),
		    cases[i].json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_range_counts),
	};

	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
