/*
 * What a snapshot says beside yes and no: facts, lists, reasons; hostile
 * questions; many threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "naive.h"
#include "policy.h"
#include "random_world.h"

#define L(text) RV_SLICE_LIT(text)

struct office {
	struct world w;
	struct rv_snapshot *s;
	struct rv_arena *arena;
};

static int
setup(void **state)
{
	struct office *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return -1;
	world_init(&o->w);
	policy_read(&o->w, "tests/decisions/office.policy");
	o->s = world_snapshot(&o->w);
	o->arena = rv_arena_new(0);
	*state = o;
	return 0;
}

static int
teardown(void **state)
{
	struct office *o = *state;

	rv_snapshot_free(&o->s);
	world_fini(&o->w);
	rv_arena_free(&o->arena);
	free(o);
	return 0;
}

static struct rv_subject
subject(const struct rv_slice *ids, size_t n)
{
	return (struct rv_subject){ .ids = ids,
		.n_ids = n,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
}

static void
test_facts(void **state)
{
	const struct office *o = *state;
	struct rv_snapshot_counts c;

	assert_int_equal(rv_snapshot_revision(o->s), 7);
	assert_int_equal(rv_snapshot_epoch(o->s).n, 36);
	assert_int_equal(rv_snapshot_site_level(o->s), RV_LEVEL_WINDOWS);
	assert_true(rv_slice_eq_cstr(
	    rv_snapshot_type_name(o->s, 31), "SMS_Application"));
	assert_true(rv_slice_eq_cstr(
	    rv_snapshot_type_name(o->s, 26), "SoftwareTitles"));
	assert_null(rv_snapshot_type_name(o->s, 32).p);
	assert_true(rv_slice_eq_cstr(
	    rv_snapshot_operation_name(o->s, 1, 40), "Run Script"));
	assert_null(rv_snapshot_operation_name(o->s, 1, 41).p);
	assert_null(rv_snapshot_operation_name(o->s, 1, 64).p);
	assert_null(rv_snapshot_operation_name(o->s, 1, 255).p);
	assert_null(rv_snapshot_operation_name(o->s, 2, 0).p);
	rv_snapshot_count(o->s, &c);
	assert_int_equal(c.types, 17);
	assert_int_equal(c.roles, 13);
	assert_int_equal(c.scopes, 5);
	assert_int_equal(c.collections, 8);
	assert_int_equal(c.admins, 19);
	assert_int_equal(c.assignments, 24);
	assert_int_equal(c.objects, 10);
	assert_int_equal(c.resources, 8);
	assert_int_equal(c.memberships, 6);
	assert_int_equal(c.operations, o->w.n_operation);
}

static void
test_has_object(void **state)
{
	const struct office *o = *state;
	static const struct {
		const char *type, *key;
		bool has;
	} cases[] = {
		{ "SMS_Application", "app-eu", true },
		{ "31", "app-eu", true },
		{ "31", "app-EU", false },
		{ "SMS_Boundary", "app-eu", false }, /* of another type */
		{ "SMS_Nothing", "app-eu", false },
		{ "SMS_Collection", "BERLIN", true },
		{ "SMS_Collection", "EU", false },
		{ "SMS_SecuredCategory", "EU", true },
		{ "SMS_SecuredCategory", "BERLIN", false },
		{ "SMS_ClientSettings", "1", true },
		{ "SMS_Role", "FULL", true },
		{ "SMS_Admin", "22", true },
		{ "SMS_Admin", "23", false },
		{ "SMS_R_System", "16777216", true },
		{ "SMS_G_System_OS", "16777216", true },
		{ "SMS_R_User", "16777216", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    rv_snapshot_has_object(o->s, rv_slice_of(cases[i].type),
			rv_slice_of(cases[i].key)),
		    cases[i].has);
	assert_false(rv_snapshot_has_object(o->s, L("31"), RV_SLICE_NONE));
	assert_false(rv_snapshot_has_object(o->s, RV_SLICE_NONE, L("x")));
}

static void
test_account_id(void **state)
{
	const struct office *o = *state;

	assert_null(rv_snapshot_account_id(o->s, L("krb5:bob@LAB.TEST")).p);
	assert_null(rv_snapshot_account_id(o->s, L("krb5:nobody@LAB.TEST")).p);
	assert_null(rv_snapshot_account_id(o->s, RV_SLICE_NONE).p);
}

static void
test_roles_giving(void **state)
{
	const struct office *o = *state;
	const struct rv_slice *roles;
	size_t n;

	assert_int_equal(
	    rv_rbac_roles_giving(o->s, 31, 0, o->arena, &roles, &n), RV_OK);
	assert_int_equal(n, 3); /* by id, not in order of their rows */
	assert_true(rv_slice_eq_cstr(roles[0], "AUTHOR"));
	assert_true(rv_slice_eq_cstr(roles[1], "FULL"));
	assert_true(rv_slice_eq_cstr(roles[2], "READER"));
	assert_int_equal(
	    rv_rbac_roles_giving(o->s, 31, 64, o->arena, &roles, &n), RV_OK);
	assert_int_equal(n, 0);
	assert_int_equal(
	    rv_rbac_roles_giving(o->s, 99, 0, o->arena, &roles, &n), RV_OK);
	assert_int_equal(n, 0);
}

/* One line: who lists what, and what comes out. */
struct listing {
	const char *who, *type;
	enum rv_decision any;
	bool all;
	const char *scopes; /* joined by blanks */
	enum rv_reason reason;
	unsigned missing;
};

static void
check_listing(
    struct office *o, const struct listing *x, const struct rv_subject *u)
{
	struct rv_readable list;
	struct rv_buf scopes = { 0 };

	assert_int_equal(
	    rv_rbac_readable(o->s, u, 0, rv_slice_of(x->type), o->arena, &list),
	    RV_OK);
	for (size_t i = 0; i < list.n_scopes; i++) {
		rv_buf_puts(&scopes, i == 0 ? "" : " ");
		rv_buf_put_slice(&scopes, list.scopes[i]);
	}
	if (list.any != x->any || list.all != x->all ||
	    list.verdict.reason != x->reason ||
	    list.verdict.missing != x->missing)
		print_error("%s lists %s: %s\n", x->who, x->type,
		    rv_reason_name(list.verdict.reason));
	assert_int_equal(list.any, x->any);
	assert_int_equal(list.verdict.decision, x->any);
	assert_int_equal(list.all, x->all);
	assert_int_equal(list.verdict.reason, x->reason);
	assert_int_equal(list.verdict.missing, x->missing);
	assert_string_equal(rv_buf_cstr(&scopes), x->scopes);
	rv_buf_fini(&scopes);
}

static void
test_lists(void **state)
{
	static const struct listing cases[] = {
		{ "alice", "SMS_Application", RV_ALLOW, true, "SMS00ALL", 0,
		    0 },
		{ "bob", "SMS_Application", RV_ALLOW, false, "EU", 0, 0 },
		{ "dave", "31", RV_ALLOW, false, "US", 0, 0 },
		{ "frank", "31", RV_ALLOW, false, "", 0, 0 },
		{ "carol", "31", RV_DENY, false, "", RV_REASON_NOT_PERMITTED,
		    RV_MISSING_OPERATION },
		{ "nobody", "31", RV_DENY, false, "", RV_REASON_NO_ASSIGNMENT,
		    0 },
		{ "quinn", "31", RV_DENY, false, "", RV_REASON_NOT_PERMITTED,
		    RV_MISSING_SCOPE },
		{ "alice", "SMS_Collection", RV_ALLOW, true, "", 0, 0 },
		{ "rosa", "SMS_Collection", RV_ALLOW, false, "", 0, 0 },
		{ "carol", "SMS_Collection", RV_ALLOW, false, "", 0, 0 },
		{ "rosa", "SMS_R_System", RV_ALLOW, true, "", 0, 0 },
		{ "rosa", "SMS_R_User", RV_ALLOW, false, "", 0, 0 },
		{ "rosa", "SMS_G_System_OS", RV_ALLOW, true, "", 0, 0 },
		{ "heidi", "SMS_R_System", RV_DENY, false, "",
		    RV_REASON_NOT_PERMITTED, RV_MISSING_OPERATION },
		{ "rosa", "SMS_Boundary", RV_ALLOW, true, "", 0, 0 },
		{ "alice", "CIAssignment", RV_DENY, false, "",
		    RV_REASON_NOT_PERMITTED, RV_MISSING_OPERATION },
		{ "alice", "SMS_Nothing", RV_DENY, false, "",
		    RV_REASON_UNKNOWN_TYPE, 0 },
		{ "mike", "SoftwareTitles", RV_DENY, false, "",
		    RV_REASON_NOT_PERMITTED, RV_MISSING_OPERATION },
		{ "nina", "SoftwareTitles", RV_ALLOW, true, "", 0, 0 },
		/* Read over all scopes is not Read Default. */
		{ "alice", "SMS_ClientSettings", RV_ALLOW, true, "SMS00ALL", 0,
		    0 },
		{ "judy", "SMS_ClientSettings", RV_ALLOW, false,
		    "EU SMS00ALL SMS00UNA TWIN US", 0, 0 },
		{ "ivan", "SMS_ClientSettings", RV_DENY, false, "",
		    RV_REASON_NOT_PERMITTED, RV_MISSING_OPERATION },
	};
	struct office *o = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_slice id =
		    world_name(&o->w, "krb5:%s@LAB.TEST", cases[i].who);
		struct rv_subject u = subject(&id, 1);

		check_listing(o, &cases[i], &u);
	}
}

/* Groups that are not known: only what is complete anyway. */
static void
test_lists_with_groups_unknown(void **state)
{
	static const struct listing cases[] = {
		{ "alice", "SMS_Application", RV_ALLOW, true, "SMS00ALL", 0,
		    0 },
		{ "bob", "SMS_Application", RV_DENY, false, "",
		    RV_REASON_GROUPS_UNKNOWN, 0 },
		{ "nobody", "SMS_Application", RV_DENY, false, "",
		    RV_REASON_GROUPS_UNKNOWN, 0 },
		{ "rosa", "SMS_R_System", RV_ALLOW, true, "", 0, 0 },
		{ "rosa", "SMS_R_User", RV_DENY, false, "",
		    RV_REASON_GROUPS_UNKNOWN, 0 },
	};
	struct office *o = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rv_slice ids[2] = { world_name(&o->w, "krb5:%s@LAB.TEST",
					       cases[i].who),
			L("group:analysts") };
		struct rv_subject u = subject(ids, 2);

		u.groups_known = false;
		check_listing(o, &cases[i], &u);
	}
}

/* The verdict names sixteen, the smallest ids, and says that it is cut. */
static void
test_many_assignments(void **state)
{
	struct rv_slice ids[40] = { { NULL, 0 } };
	struct rv_subject u = subject(ids, 40);
	const struct rv_question q = { L("Application"), L("Read"), L("x"),
		RV_WANT_ALL };
	struct rv_snapshot *s;
	struct rv_verdict v;
	struct world w;

	(void)state;
	world_init(&w);
	policy_read(&w, "tests/decisions/catalogue.types");
	world_add_role(&w, (struct rv_row_role){ L("R"), L("R"), 0 });
	world_add_role_operation(
	    &w, (struct rv_row_role_operation){ L("R"), 31, 0 });
	world_add_scope(&w, (struct rv_row_scope){ L("SMS00ALL") });
	world_add_object(&w, (struct rv_row_object){ 31, L("x"), 0 });
	for (size_t i = 0; i < 20; i++) {
		ids[i] = ids[39 - i] = world_name(&w, "group:u%zu", i);
		world_add_admin(
		    &w, (struct rv_row_admin){ .admin_id = (uint32_t)i,
			    .is_group = true,
			    .principal_id = ids[i] });
		for (uint64_t k = 0; k < 2; k++) {
			uint64_t id = 1000 - i * 10 - k;

			world_add_assignment(
			    &w, (struct rv_row_assignment){ id, (uint32_t)i,
				    L("R"), INT64_MIN, INT64_MAX });
			world_add_assignment_scope(
			    &w, (struct rv_row_assignment_scope){
				    id, L("SMS00ALL") });
		}
	}
	s = world_snapshot(&w);
	rv_rbac_check(s, &u, 0, &q, &v); /* each id twice */
	assert_int_equal(v.decision, RV_ALLOW);
	assert_int_equal(v.n_assignments, RV_VERDICT_ASSIGNMENTS);
	assert_true(v.assignments_cut);
	for (size_t i = 0; i < RV_VERDICT_ASSIGNMENTS; i++)
		assert_int_equal(
		    v.assignments[i], 1000 - (19 - i / 2) * 10 - 1 + i % 2);
	u.n_ids = 8;
	rv_rbac_check(s, &u, 0, &q, &v);
	assert_int_equal(v.n_assignments, 16);
	assert_false(v.assignments_cut);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* Values from outside the enums, and slices of every odd form. */
static void
test_hostile_questions(void **state)
{
	static const struct rv_slice odd[] = { { NULL, 0 }, { "", 0 },
		{ "\0", 1 }, { "\xff\xfe", 2 }, { "*", 1 }, { "SMS_*", 5 },
		{ "18446744073709551616", 20 }, { "4294967297", 10 },
		{ "-1", 2 }, { "SMS_R_System\0", 13 } };
	const size_t n = sizeof(odd) / sizeof(*odd);
	const struct office *o = *state;
	const struct rv_slice ids[] = { L("krb5:alice@LAB.TEST"), RV_SLICE_NONE,
		L("") };
	struct rv_subject u = subject(ids, 3);
	struct rv_question q = { L("Application"), L("Read"), L("app-eu"),
		RV_WANT_ALL };
	struct rv_verdict v;

	for (size_t i = 0; i < n * n * n; i++) {
		struct rv_question bad = { odd[i % n], odd[i / n % n],
			odd[i / n / n], RV_WANT_ALL };

		rv_rbac_check(o->s, &u, 0, &bad, &v);
		assert_int_equal(v.decision, RV_DENY);
		assert_int_equal(v.reason, RV_REASON_UNKNOWN_TYPE);
	}
	for (size_t i = 0; i < n; i++) {
		struct rv_question bad = { q.type, odd[i], q.key, RV_WANT_ALL };

		rv_rbac_check(o->s, &u, 0, &bad, &v);
		assert_int_equal(v.reason, RV_REASON_UNKNOWN_OPERATION);
		bad = q;
		bad.key = odd[i];
		rv_rbac_check(o->s, &u, 0, &bad, &v);
		assert_int_equal(v.reason, RV_REASON_NO_SUCH_OBJECT);
	}
	rv_rbac_check(o->s, &u, 0, &q, &v);
	assert_int_equal(v.decision, RV_ALLOW);
	for (int level = -3; level < 9; level++) {
		u.level = (enum rv_level)level;
		rv_rbac_check(o->s, &u, 0, &q, &v);
		assert_int_equal(
		    v.decision, level >= 0 && level <= 3 ? RV_ALLOW : RV_DENY);
	}
	u.level = RV_LEVEL_HELLO;
	u.n_own = 77; /* more own ids than ids */
	u.groups_known = false;
	rv_rbac_check(o->s, &u, 0, &q, &v);
	assert_int_equal(v.decision, RV_ALLOW);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(
	    rv_reason_name(RV_REASON_NO_SUCH_OBJECT), "no_such_object");
	assert_string_equal(
	    rv_reason_name((enum rv_reason)99), "unknown_reason");
	assert_string_equal(
	    rv_missing_name(RV_MISSING_COLLECTION), "collection");
	assert_string_equal(rv_missing_name((enum rv_missing)3), "unknown");
}

/* Threads that ask one snapshot get the answers that one thread gets. */
#define ASKED 2000

struct crowd {
	const struct rv_snapshot *s;
	struct random_subject subjects[ASKED];
	struct rv_question questions[ASKED];
	struct rv_verdict verdicts[ASKED];
};

static void *
ask_all(void *arg)
{
	const struct crowd *c = arg;
	size_t *wrong = calloc(1, sizeof(*wrong));

	for (size_t i = 0; wrong != NULL && i < ASKED; i++) {
		struct rv_verdict v;

		rv_rbac_check(c->s, &c->subjects[i].u, 7, &c->questions[i], &v);
		*wrong += !same_verdict(&v, &c->verdicts[i]);
	}
	return wrong;
}

static void
test_threads(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	struct random r = { 20261122 };
	struct rv_snapshot *s;
	pthread_t threads[4];
	struct world w;

	(void)state;
	assert_non_null(c);
	do {
		random_world(&w, &r);
		if (w.n_assignment > 4 && w.n_object > 4)
			break;
		world_fini(&w);
	} while (true);
	s = world_snapshot(&w);
	c->s = s;
	for (size_t i = 0; i < ASKED; i++) {
		random_subject(&w, &r, &c->subjects[i]);
		c->questions[i] = random_question(&w, &r);
		rv_rbac_check(
		    s, &c->subjects[i].u, 7, &c->questions[i], &c->verdicts[i]);
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_all, c), 0);
	for (size_t i = 0; i < 4; i++) {
		void *wrong = NULL;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_non_null(wrong);
		assert_int_equal(*(size_t *)wrong, 0);
		free(wrong);
	}
	rv_snapshot_free(&s);
	world_fini(&w);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_has_object),
		cmocka_unit_test(test_account_id),
		cmocka_unit_test(test_roles_giving),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lists_with_groups_unknown),
		cmocka_unit_test(test_many_assignments),
		cmocka_unit_test(test_hostile_questions),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
