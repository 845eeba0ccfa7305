/* The table of routes: every one has a power, and paths do not stray. */
#include "unit/unit.h"

#include "pipeline/route.h"

static const struct rv_route *
find(enum rv_method method, const char *path, unsigned *allowed)
{
	struct rv_route_params params;

	return rv_route_find(method, rv_slice_of(path), &params, allowed);
}

static void
every_route_is_complete(void **state)
{
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(rv_routes_validate(&e), RV_OK);
	for (size_t i = 0; rv_route_at(i) != NULL; i++)
		assert_int_not_equal(rv_route_at(i)->access, RV_ACCESS_NONE);
}

/* A new open route has to be added here by hand, on purpose. */
static void
only_these_routes_are_open(void **state)
{
	static const char *const open[] = {
		"/healthz",
		"/readyz",
		"/version",
		"/.well-known/authzen-configuration",
		"(no more)",
	};
	const size_t n = sizeof(open) / sizeof(open[0]) - 1;
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; rv_route_at(i) != NULL; i++) {
		if (rv_route_at(i)->access != RV_ACCESS_OPEN)
			continue;
		assert_string_equal(
		    rv_route_at(i)->path, open[seen < n ? seen : n]);
		seen++;
	}
	assert_int_equal(seen, n);
}

static void
class_names_ignore_case(void **state)
{
	const struct rv_route *route;
	unsigned allowed;

	(void)state;
	route = find(RV_GET, "/adminservice/WMI/sms_ROLE", &allowed);
	assert_non_null(route);
	assert_string_equal(route->path, "/AdminService/wmi/{class}");
	assert_null(find(RV_POST, "/ACCESS/v1/evaluation", &allowed));
	assert_int_equal(allowed, 0);
}

static void
other_methods_are_named(void **state)
{
	unsigned allowed;

	(void)state;
	assert_null(find(RV_POST,
	    "/AdminService/wmi/SMS_Site.GetAuthenticationLevel", &allowed));
	assert_int_equal(allowed, (1u << RV_GET) | (1u << RV_HEAD));
	assert_null(find(RV_GET, "/access/v1/evaluation", &allowed));
	assert_int_equal(allowed, 1u << RV_POST);
	assert_non_null(find(RV_HEAD, "/healthz", &allowed));
}

static void
near_paths_are_nothing(void **state)
{
	static const char *const paths[] = { "", "/", "/healthz/", "/health",
		"/healthzz", "/AdminService", "/AdminService/wmi/",
		"/AdminService/wmi/SMS_Role/x", "/AdminService/wmi/SMS_Role.X",
		"/AdminServiceX/wmi/SMS_Role", "/access/v1/evaluation/" };
	unsigned allowed;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_null(find(RV_GET, paths[i], &allowed));
		assert_int_equal(allowed, 0);
	}
}

/* Which route takes a path, and what it makes of it. */
static void
parameters_are_what_stands_in_their_place(void **state)
{
	static const struct {
		const char *path, *key;
	} cases[] = {
		{ "/AdminService/wmi/SMS_Role('SMS0001R')", "'SMS0001R'" },
		{ "/adminservice/WMI/sms_role('a)b')", "'a)b'" },
		{ "/AdminService/wmi/SMS_Role()", NULL },
		{ "/AdminService/wmi/SMS_Role('a'", NULL },
		{ "/AdminService/wmi/SMS_Role('a')x", NULL },
	};
	struct rv_route_params params;
	unsigned allowed;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rv_route *route = rv_route_find(
		    RV_GET, rv_slice_of(cases[i].path), &params, &allowed);

		if (cases[i].key == NULL) {
			assert_null(route);
			continue;
		}
		assert_non_null(route);
		assert_true(rv_slice_eq_cstr(params.key, cases[i].key));
	}
}

static void
errors_have_the_form_of_the_path(void **state)
{
	(void)state;
	assert_int_equal(
	    rv_route_error_form(rv_slice_of("/adminservice/wmi/nothing")),
	    RV_FORM_ODATA);
	assert_int_equal(rv_route_error_form(rv_slice_of("/AdminServices")),
	    RV_FORM_PROBLEM);
	assert_int_equal(rv_route_error_form(rv_slice_of("")), RV_FORM_PROBLEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_complete),
		cmocka_unit_test(only_these_routes_are_open),
		cmocka_unit_test(class_names_ignore_case),
		cmocka_unit_test(other_methods_are_named),
		cmocka_unit_test(near_paths_are_nothing),
		cmocka_unit_test(parameters_are_what_stands_in_their_place),
		cmocka_unit_test(errors_have_the_form_of_the_path),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
