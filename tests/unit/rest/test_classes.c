/* The table of classes is sound, and classes are found by their names. */
#include "unit/unit.h"

#include "odata/key.h"
#include "rest/classes.h"
#include "unit/rbac/world.h"

/* ---- The table ------------------------------------------------------------- */

static bool
is_column(const char *name)
{
	return name != NULL && name[0] != '\0' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
		   strlen(name);
}

static void
check_property(const struct rv_odata_property *p)
{
	if (p->filterable || p->is_navigation)
		assert_true(is_column(p->column));
	if (p->type == RV_EDM_COMPLEX)
		assert_non_null(p->of);
	else
		assert_null(p->of);
	if (p->of != NULL && p->is_navigation)
		assert_non_null(p->of->view);
	else if (p->of != NULL)
		assert_null(p->of->view);
	if (p->is_key) {
		assert_true(p->filterable);
		assert_false(p->lazy || p->nullable || p->is_collection);
	}
}

static size_t
check_properties(const struct rv_odata_class *c)
{
	size_t keys = 0;

	for (size_t i = 0; i < c->n_properties; i++) {
		const struct rv_slice name = rv_slice_of(c->properties[i].name);

		check_property(&c->properties[i]);
		keys += c->properties[i].is_key;
		for (size_t k = 0; k < i; k++)
			assert_false(rv_slice_ieq(
			    name, rv_slice_of(c->properties[k].name)));
	}
	return keys;
}

static void
each_class_is_sound(void **state)
{
	const struct rv_class *c;
	size_t n = 0;

	(void)state;
	for (; (c = rv_class_at(n)) != NULL; n++) {
		const size_t keys = check_properties(&c->odata);

		assert_int_equal(keys > 0, c->odata.view != NULL);
		assert_true(keys <= RV_ODATA_KEYS_MAX);
		assert_int_equal(c->odata.entity != NULL, keys > 0);
		if (c->object_type_id != 0)
			assert_string_equal(c->type, c->odata.name);
	}
	assert_true(n > 90);
}

static void
each_name_means_one_class(void **state)
{
	const struct rv_class *a, *b;

	(void)state;
	for (size_t i = 0; (a = rv_class_at(i)) != NULL; i++)
		for (size_t k = 0; k < i; k++) {
			b = rv_class_at(k);
			assert_false(rv_slice_ieq(rv_slice_of(a->odata.name),
			    rv_slice_of(b->odata.name)));
			assert_false(a->odata.entity != NULL &&
				     rv_slice_ieq(rv_slice_of(a->odata.entity),
					 rv_slice_of(b->odata.entity)));
			assert_false(a->object_type_id != 0 &&
				     a->object_type_id == b->object_type_id);
		}
}

/* ---- By name ------------------------------------------------------------------ */

static const struct {
	uint32_t id;
	const char *sdk, *class;
	enum rv_secured_by secured_by;
} types[] = {
	{ 31, "Application", "SMS_Application", RV_SECURED_BY_SCOPE },
	{ 4, "StatusMessage", "SMS_StatusMessage", RV_SECURED_BY_ROLE },
	{ 200, "CIAssignment", "SMS_CIAssignment", RV_SECURED_BY_DERIVED },
	{ 2000099, "VirtualThing", "SMS_VirtualThing", RV_SECURED_BY_DERIVED },
	{ 1000101, "AuditLog", "RVE_AuditLog", RV_SECURED_BY_ROLE },
	{ 2000001, "Vault", "APP_Vault", RV_SECURED_BY_SCOPE },
	{ 2000002, "Safe", "SMS_Safe", RV_SECURED_BY_ROLE },
	{ 2000003, "Plain", NULL, RV_SECURED_BY_SCOPE },
	/* Names that would stand for something else. */
	{ 2000004, "Sham", "sms_apermission", RV_SECURED_BY_SCOPE },
	{ 2000005, "Sham2", "SMS_Device", RV_SECURED_BY_SCOPE },
	{ 2000006, "Sham3", "Container", RV_SECURED_BY_SCOPE },
	{ 2000007, "Sham4", "SMS_Lazy", RV_SECURED_BY_SCOPE },
	{ 2000008, "Sham5", "A\"/><x", RV_SECURED_BY_SCOPE },
	{ 2000009, "Sham6", "SMS_1", RV_SECURED_BY_SCOPE },
	{ 2000010, "Sent", "APP_Sent", RV_SECURED_BY_DERIVED },
};

static struct rv_snapshot *
snapshot(struct world *w)
{
	world_init(w);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		world_add_type(
		    w, (struct rv_row_type){ .object_type_id = types[i].id,
			   .sdk_name = rv_slice_of(types[i].sdk),
			   .class_name = rv_slice_of(types[i].class),
			   .secured_by = types[i].secured_by });
	return world_snapshot(w);
}

static const struct {
	const char *name;
	bool v1;
	const char *class; /* NULL: there is none */
	uint32_t type;
} names[] = {
	{ "SMS_Role", false, "SMS_Role", 0 },
	{ "sms_ROLE", false, "SMS_Role", 0 },
	{ "Role", false, NULL, 0 },
	{ "role", true, "SMS_Role", 0 },
	{ "SMS_Role", true, NULL, 0 },
	{ "DEVICE", true, "SMS_R_System", 0 },
	{ "Collections", true, "SMS_Collection", 0 },
	{ "SMS_Application", false, "SMS_Application", 31 },
	{ "SMS_Package", false, "SMS_Package", 2 },
	{ "SMS_Scripts", false, "SMS_Scripts", 1000000 },
	{ "SMS_APermission", false, NULL, 0 },
	{ "APermission", true, NULL, 0 },
	{ "SMS_CIAssignment", false, "SMS_CIAssignment", 0 },
	{ "Advertisement", true, "SMS_Advertisement", 0 },
	{ "SMS_VirtualThing", false, NULL, 0 },
	{ "RVE_AuditLog", false, NULL, 0 },
	{ "APP_Vault", false, "APP_Vault", 2000001 },
	{ "app_vault", true, "APP_Vault", 2000001 },
	{ "Vault", false, NULL, 0 },
	{ "SMS_Safe", false, "SMS_Safe", 2000002 },
	{ "safe", true, "SMS_Safe", 2000002 },
	{ "Plain", false, "Plain", 2000003 },
	{ "SMS_Device", false, NULL, 0 },
	{ "Container", false, NULL, 0 },
	{ "SMS_Lazy", false, NULL, 0 },
	{ "Lazy", true, NULL, 0 },
	{ "A\"/><x", false, NULL, 0 },
	{ "SMS_1", false, NULL, 0 },
	{ "1", true, NULL, 0 },
	{ "APP_Sent", false, NULL, 0 },
	{ "", false, NULL, 0 },
	{ "", true, NULL, 0 },
};

static void
classes_are_found_by_their_names(void **state)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct world w;
	struct rv_snapshot *s = snapshot(&w);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct rv_class *c = NULL;
		const int r = rv_class_find(
		    s, arena, rv_slice_of(names[i].name), names[i].v1, &c);

		if (names[i].class == NULL) {
			assert_int_equal(r, RV_ERR_NOTFOUND);
			continue;
		}
		assert_int_equal(r, RV_OK);
		assert_string_equal(c->odata.name, names[i].class);
		assert_int_equal(c->object_type_id, names[i].type);
	}
	rv_snapshot_free(&s);
	world_fini(&w);
	rv_arena_free(&arena);
}

static void
registered_ones_come_one_by_one(void **state)
{
	static const char *const expected[] = { "APP_Vault", "SMS_Safe",
		"Plain" };
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_class *c;
	struct world w;
	struct rv_snapshot *s = snapshot(&w);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
		    rv_class_registered_at(s, arena, i, &c), RV_OK);
		assert_string_equal(c->odata.name, expected[i]);
		assert_string_equal(c->type, expected[i]);
		assert_string_equal(c->odata.view, "list_secured_object");
		assert_int_equal(check_properties(&c->odata), 1);
	}
	assert_int_equal(
	    rv_class_registered_at(s, arena, 3, &c), RV_ERR_NOTFOUND);
	rv_snapshot_free(&s);
	world_fini(&w);
	rv_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_is_sound),
		cmocka_unit_test(each_name_means_one_class),
		cmocka_unit_test(classes_are_found_by_their_names),
		cmocka_unit_test(registered_ones_come_one_by_one),
	};

	return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
