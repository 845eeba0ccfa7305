/*
 * What comes before the rule: further principals, the exclusion list, and
 * the minimum level with a change that awaits its confirmation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"
#include "reeve/rbac_ask.h"

#define L(text) RV_SLICE_LIT(text)

#define KEY   L("cert:key:00")
#define SID   L("sid:s-1-5-21-1")
#define BOB   L("krb5:bob@LAB.TEST")
#define ALICE L("krb5:alice@LAB.TEST")
#define GROUP L("group:g1")

/* Bob (2) has a key and a SID; carol is out and has one too. */
struct site {
	struct world w;
	struct rv_snapshot *s;
};

static void
site_open(struct site *t)
{
	world_init(&t->w);
	policy_read(&t->w, "tests/decisions/office.policy");
	world_add_principal(&t->w, (struct rv_row_principal){ KEY, 2 });
	world_add_principal(&t->w, (struct rv_row_principal){ SID, 2 });
	world_add_admin(&t->w, (struct rv_row_admin){ .admin_id = 900,
				   .out = true,
				   .principal_id = L("krb5:left@LAB.TEST"),
				   .account_id = L("left's account") });
	world_add_principal(
	    &t->w, (struct rv_row_principal){ L("cert:key:11"), 900 });
	world_add_exclusion(&t->w, (struct rv_row_exclusion){ BOB });
	world_add_exclusion(&t->w, (struct rv_row_exclusion){ GROUP });
	world_add_exclusion(
	    &t->w, (struct rv_row_exclusion){ L("krb5:left@LAB.TEST") });
	t->w.site.minimum = RV_LEVEL_HELLO;
	t->w.site.revert_level = RV_LEVEL_WINDOWS;
	t->w.site.revert_at_ms = 1000;
	t->w.site.max_auth_age_s = 600;
	t->s = world_snapshot(&t->w);
}

static void
site_close(struct site *t)
{
	rv_snapshot_free(&t->s);
	world_fini(&t->w);
}

/* ---- Whom an id stands for ------------------------------------------------ */

static void
test_names_their_user(void **state)
{
	struct rv_slice who;
	struct site t;

	(void)state;
	site_open(&t);
	assert_true(rv_snapshot_admin_principal(t.s, KEY, &who));
	assert_true(rv_slice_eq(who, BOB));
	assert_true(rv_snapshot_admin_principal(t.s, BOB, &who));
	assert_true(rv_slice_eq(who, BOB));
	assert_false(rv_snapshot_admin_principal(t.s, L("cert:key:11"), &who));
	assert_null(who.p);
	assert_false(rv_snapshot_admin_principal(t.s, L("cert:key:22"), &who));
	assert_false(rv_snapshot_admin_principal(t.s, RV_SLICE_NONE, &who));
	/* The account of one that is out is known by each of its names. */
	assert_true(rv_slice_eq(rv_snapshot_account_id(t.s, L("cert:key:11")),
	    L("left's account")));
	assert_null(rv_snapshot_account_id(t.s, L("cert:key:22")).p);
	site_close(&t);
}

static enum rv_decision
may(const struct site *t, const struct rv_slice *ids, size_t n, size_t own)
{
	const struct rv_subject u = { .ids = ids,
		.n_ids = n,
		.n_own = own,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_question q = { L("Application"), L("Modify"),
		L("app-eu"), RV_WANT_ALL };
	struct rv_verdict v;

	rv_rbac_check(t->s, &u, 0, &q, &v);
	return v.decision;
}

static void
test_only_own_ids_find_users(void **state)
{
	const struct rv_slice own[] = { KEY };
	const struct rv_slice three[] = { KEY, SID, BOB };
	const struct rv_slice behind[] = { L("krb5:nobody@LAB.TEST"), KEY,
		BOB };
	struct site t;

	(void)state;
	site_open(&t);
	assert_int_equal(may(&t, own, 1, 1), RV_ALLOW);
	assert_int_equal(may(&t, three, 3, 3), RV_ALLOW);
	assert_int_equal(may(&t, behind, 3, 1), RV_DENY);
	assert_int_equal(may(&t, behind, 3, 0), RV_DENY);
	assert_int_equal(may(&t, behind, 3, 2), RV_ALLOW);
	site_close(&t);
}

/* One user by three principals is one user: each assignment once. */
static void
test_three_principals_are_one(void **state)
{
	const struct rv_slice ids[] = { KEY, SID, BOB };
	const struct rv_subject u = { .ids = ids,
		.n_ids = 3,
		.n_own = 3,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *resolved;
	const struct rv_holding *holdings;
	size_t n = 0;
	struct site t;

	(void)state;
	assert_non_null(arena);
	site_open(&t);
	assert_int_equal(rv_rbac_resolve(t.s, &u, arena, &resolved), RV_OK);
	assert_int_equal(
	    rv_rbac_holdings(resolved, 0, arena, &holdings, &n), RV_OK);
	assert_true(n > 0);
	for (size_t i = 1; i < n; i++)
		assert_true(
		    holdings[i - 1].assignment_id < holdings[i].assignment_id);
	for (size_t i = 0; i < n; i++)
		assert_true(rv_slice_eq(holdings[i].principal_id, BOB));
	rv_arena_free(&arena);
	site_close(&t);
}

/* What is only supposed of a user counts for each of its principals. */
static void
test_supposed_by_a_further_principal(void **state)
{
	const struct rv_slice id = KEY;
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_row_assignment row = { 77, 2, L("FULL"), INT64_MIN,
		INT64_MAX };
	const struct rv_row_assignment_scope scope = { 77, L("SMS00ALL") };
	const struct rv_overlay overlay = { .assignments = &row,
		.n_assignments = 1,
		.scopes = &scope,
		.n_scopes = 1 };
	const struct rv_question q = { L("Application"), L("Modify"),
		L("app-us"), RV_WANT_ALL };
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *resolved;
	struct rv_verdict v;
	struct site t;

	(void)state;
	assert_non_null(arena);
	site_open(&t);
	rv_rbac_check(t.s, &u, 0, &q, &v);
	assert_int_equal(v.decision, RV_DENY);
	assert_int_equal(
	    rv_rbac_resolve_if(t.s, &u, &overlay, arena, &resolved, NULL),
	    RV_OK);
	rv_rbac_check_resolved(resolved, 0, &q, &v);
	assert_int_equal(v.decision, RV_ALLOW);
	rv_arena_free(&arena);
	site_close(&t);
}

/* ---- The minimum level ------------------------------------------------------ */

static void
test_reverts_by_itself(void **state)
{
	struct rv_level_pending pending;
	struct site t;

	(void)state;
	site_open(&t);
	assert_int_equal(rv_snapshot_site_level_at(t.s, 999), RV_LEVEL_HELLO);
	assert_int_equal(
	    rv_snapshot_site_level_at(t.s, 1000), RV_LEVEL_WINDOWS);
	assert_int_equal(rv_snapshot_site_level_until(t.s, 999), 1000);
	assert_int_equal(rv_snapshot_site_level_until(t.s, 1000), INT64_MAX);
	assert_true(rv_snapshot_level_pending(t.s, &pending));
	assert_int_equal(pending.level, RV_LEVEL_HELLO);
	assert_int_equal(pending.revert_level, RV_LEVEL_WINDOWS);
	assert_int_equal(pending.revert_at_ms, 1000);
	assert_int_equal(rv_snapshot_max_auth_age_s(t.s), 600);
	site_close(&t);

	world_init(&t.w);
	t.w.site.minimum = RV_LEVEL_CERTIFICATE;
	t.s = world_snapshot(&t.w);
	assert_int_equal(
	    rv_snapshot_site_level_at(t.s, INT64_MAX), RV_LEVEL_CERTIFICATE);
	assert_int_equal(rv_snapshot_site_level_until(t.s, 0), INT64_MAX);
	assert_false(rv_snapshot_level_pending(t.s, &pending));
	assert_int_equal(pending.revert_at_ms, 0);
	assert_int_equal(rv_snapshot_max_auth_age_s(t.s), 0);
	site_close(&t);
}

/* ---- The exclusion list -------------------------------------------------------- */

static void
assert_gate(const struct site *t, struct rv_subject u, enum rv_level level,
    bool admitted, struct rv_slice by)
{
	struct rv_slice entry;

	u.level = level;
	assert_int_equal(rv_snapshot_admits(t->s, &u, 0, &entry), admitted);
	assert_true(rv_slice_eq(entry, by));
}

static void
test_excepted_by_name_and_group(void **state)
{
	const struct rv_slice key = KEY, alice = ALICE;
	const struct rv_slice grouped[] = { ALICE, GROUP };
	const struct rv_slice left = L("cert:key:11");
	const struct rv_subject by_key = {
		.ids = &key, .n_ids = 1, .n_own = 1
	};
	struct rv_subject by_group = {
		.ids = grouped, .n_ids = 2, .n_own = 1, .groups_known = true
	};
	const struct rv_subject other = {
		.ids = &alice, .n_ids = 1, .n_own = 1, .groups_known = true
	};
	const struct rv_subject gone = {
		.ids = &left, .n_ids = 1, .n_own = 1, .groups_known = true
	};
	struct site t;

	(void)state;
	site_open(&t);
	assert_gate(&t, by_key, RV_LEVEL_WINDOWS, true, BOB);
	assert_gate(&t, by_key, RV_LEVEL_NONE, false, RV_SLICE_NONE);
	assert_gate(&t, by_key, (enum rv_level)4, false, RV_SLICE_NONE);
	assert_gate(&t, by_group, RV_LEVEL_WINDOWS, true, GROUP);
	by_group.groups_known = false;
	assert_gate(&t, by_group, RV_LEVEL_WINDOWS, false, RV_SLICE_NONE);
	assert_gate(&t, by_group, RV_LEVEL_HELLO, true, RV_SLICE_NONE);
	assert_gate(&t, other, RV_LEVEL_CERTIFICATE, false, RV_SLICE_NONE);
	assert_gate(&t, other, RV_LEVEL_HELLO, true, RV_SLICE_NONE);
	/* That the user is listed does not help one of its names: it is out. */
	assert_gate(&t, gone, RV_LEVEL_WINDOWS, false, RV_SLICE_NONE);
	site_close(&t);
}

/* What the directory calls a group is a group, and no person's name. */
static void
test_a_name_among_the_groups(void **state)
{
	const struct rv_slice ids[] = { ALICE, BOB, KEY };
	const struct rv_subject u = {
		.ids = ids, .n_ids = 3, .n_own = 1, .groups_known = true
	};
	struct site t;

	(void)state;
	site_open(&t);
	assert_gate(&t, u, RV_LEVEL_WINDOWS, false, RV_SLICE_NONE);
	site_close(&t);
}

/* ---- What the builder refuses ----------------------------------------------------- */

static void
assert_refused(const struct world *w, const char *words)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };

	assert_int_equal(world_build(w, &s, &e), RV_ERR_INVALID);
	if (strstr(e.text, words) == NULL)
		print_error("expected \"%s\", got \"%s\"\n", words, e.text);
	assert_non_null(strstr(e.text, words));
}

static void
test_refused_principals(void **state)
{
	static const struct {
		const char *principal_id;
		uint32_t admin_id;
		const char *words;
	} rows[] = {
		{ "cert:key:00", 1,
		    "\"cert:key:00\" is the principal of 2 and of 1" },
		{ "krb5:alice@LAB.TEST", 2, "is the principal of 1 and of 2" },
		{ "cert:key:33", 12345,
		    "there is no administrative user 12345" },
		{ "cert:key:33", 901, "there is no administrative user 901" },
		{ "", 2, "principal_id is empty" },
		{ "\xff", 2, "is not UTF-8" },
	};
	struct site t;

	(void)state;
	site_open(&t);
	world_add_admin(&t.w, (struct rv_row_admin){ .admin_id = 901,
				  .is_group = true,
				  .principal_id = L("group:a") });
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		world_add_principal(&t.w,
		    (struct rv_row_principal){
			rv_slice_of(rows[i].principal_id), rows[i].admin_id });
		assert_refused(&t.w, rows[i].words);
		world_drop_principal(&t.w, t.w.n_principal - 1);
	}
	world_add_exclusion(&t.w, (struct rv_row_exclusion){ BOB });
	assert_refused(&t.w, "is there twice");
	world_drop_exclusion(&t.w, t.w.n_exclusion - 1);
	t.w.site.revert_at_ms = -1;
	assert_refused(&t.w, "no instant to revert at");
	t.w.site.revert_at_ms = 1;
	t.w.site.revert_level = (enum rv_level)4;
	assert_refused(&t.w, "is no authentication level");
	site_close(&t);
}

/* Changes of what is not so, or of what something still names. */
static int
remove_user(struct rv_builder *b, struct rv_error *e)
{
	return rv_builder_remove_admin(b, 900, e);
}

static int
remove_unknown(struct rv_builder *b, struct rv_error *e)
{
	return rv_builder_remove_principal(b, L("cert:key:44"), e);
}

static int
remove_own(struct rv_builder *b, struct rv_error *e)
{
	return rv_builder_remove_principal(b, BOB, e);
}

static int
remove_unlisted(struct rv_builder *b, struct rv_error *e)
{
	return rv_builder_remove_exclusion(b, ALICE, e);
}

static int
become_group(struct rv_builder *b, struct rv_error *e)
{
	const struct rv_row_admin row = {
		.admin_id = 2, .is_group = true, .principal_id = L("group:bob")
	};

	return rv_builder_change_admin(b, &row, e);
}

static int
go_to_nobody(struct rv_builder *b, struct rv_error *e)
{
	const struct rv_row_principal row = { KEY, 54321 };

	return rv_builder_change_principal(b, &row, e);
}

static int
take_name(struct rv_builder *b, struct rv_error *e)
{
	const struct rv_row_admin row = { .admin_id = 1, .principal_id = KEY };

	return rv_builder_change_admin(b, &row, e);
}

static void
test_refused_changes(void **state)
{
	static int (*const changes[])(struct rv_builder *,
	    struct rv_error *) = { remove_user, remove_unknown, remove_own,
		remove_unlisted, become_group, go_to_nobody, take_name };
	struct rv_error e = { "" };
	struct site t;

	(void)state;
	site_open(&t);
	t.w.site.revision++;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct rv_builder *b = rv_builder_on(t.s);
		struct rv_snapshot *next = NULL;

		assert_non_null(b);
		assert_int_equal(rv_builder_site(b, &t.w.site, &e), RV_OK);
		(void)changes[i](b, &e);
		assert_int_equal(
		    rv_builder_finish(&b, &next, &e), RV_ERR_INVALID);
		assert_null(next);
		assert_int_equal(rv_snapshot_validate(t.s, &e), RV_OK);
	}
	site_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_their_user),
		cmocka_unit_test(test_only_own_ids_find_users),
		cmocka_unit_test(test_three_principals_are_one),
		cmocka_unit_test(test_supposed_by_a_further_principal),
		cmocka_unit_test(test_reverts_by_itself),
		cmocka_unit_test(test_excepted_by_name_and_group),
		cmocka_unit_test(test_a_name_among_the_groups),
		cmocka_unit_test(test_refused_principals),
		cmocka_unit_test(test_refused_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
