/* Every route is described, or the provider does not start. */
#include "unit/unit.h"

#include <string.h>

#include "pipeline/route.h"
#include "rest/openapi.h"

static void
every_route_is_described(void **state)
{
	struct rv_error e = { "" };

	(void)state;
	if (rv_openapi_init(&e) != RV_OK)
		fail_msg("%s", e.text);
	for (size_t i = 0; rv_route_at(i) != NULL; i++)
		assert_int_equal(rv_openapi_check(rv_route_at(i), &e), RV_OK);
}

static void
a_route_without_a_description_is_refused(void **state)
{
	struct rv_route route = *rv_route_at(0);
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(rv_openapi_init(&e), RV_OK);
	route.path = "/reeve/v1/undescribed";
	assert_int_equal(rv_openapi_check(&route, &e), RV_ERR_INTERNAL);
	assert_non_null(strstr(e.text, "GET /reeve/v1/undescribed"));
	assert_non_null(strstr(e.text, "is not described"));
}

/* One that takes a body says which, and one that takes none says none. */
static void
a_body_without_a_schema_is_refused(void **state)
{
	struct rv_route route = *rv_route_at(0);
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(rv_openapi_init(&e), RV_OK);
	assert_int_equal(rv_openapi_check(&route, &e), RV_OK);
	route.body = true;
	assert_int_equal(rv_openapi_check(&route, &e), RV_ERR_INTERNAL);
	assert_non_null(strstr(e.text, "body"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(a_route_without_a_description_is_refused),
		cmocka_unit_test(a_body_without_a_schema_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
