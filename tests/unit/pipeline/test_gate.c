/*
 * The gate as a pure function: level in force, exclusion, age, mapping, and
 * the account behind the name.
 */
#include "unit/unit.h"

#include "pipeline/gate.h"
#include "unit/rbac/policy.h"

#define L(text) RV_SLICE_LIT(text)
#define NOW	100000000

struct site {
	struct world w;
	struct rv_snapshot *s;
};

static void
site_open(struct site *t, enum rv_level minimum, uint32_t max_age_s)
{
	world_init(&t->w);
	policy_read(&t->w, "tests/decisions/office.policy");
	world_add_admin(&t->w, (struct rv_row_admin){ .admin_id = 900,
				   .principal_id = L("krb5:uma@LAB.TEST"),
				   .account_id = L("uma's account") });
	world_add_principal(&t->w,
	    (struct rv_row_principal){ L("krb5:uma-adm@LAB.TEST"), 900 });
	world_add_principal(
	    &t->w, (struct rv_row_principal){ L("cert:key:00"), 900 });
	world_add_exclusion(
	    &t->w, (struct rv_row_exclusion){ L("krb5:uma@LAB.TEST") });
	t->w.site.minimum = minimum;
	t->w.site.max_auth_age_s = max_age_s;
	t->s = world_snapshot(&t->w);
}

static void
site_close(struct site *t)
{
	rv_snapshot_free(&t->s);
	world_fini(&t->w);
}

/* Somebody who has signed in an hour ago. */
struct caller {
	const char *id, *lookup, *account_id;
	enum rv_auth_method method;
	enum rv_level level;
	bool found, mapped;
};

static struct rv_gate_judgement
judge(const struct site *t, const struct caller *c)
{
	char id[64], *ids[] = { id };
	struct rv_evidence e = {
		.method = c->method,
		.principal = "somebody",
		.ids = { ids, 1 },
		.authenticated_at_ms = NOW - 3600000,
	};
	struct rv_account account = {
		.known = c->found,
		.found = c->account_id != NULL,
		.account_id = (char *)(uintptr_t)c->account_id,
	};
	const struct rv_identity *identity;
	struct rv_gate_judgement j;

	(void)snprintf(id, sizeof(id), "%s", c->id);
	if (c->lookup != NULL)
		(void)snprintf(e.lookup, sizeof(e.lookup), "%s", c->lookup);
	identity = rv_identity_new(&e, c->level, &account, NOW);
	assert_non_null(identity);
	rv_identity_set_mapped(identity, c->mapped);
	rv_gate_judge(identity, t->s, NOW, &j);
	/* Only what outlives the identity is looked at. */
	j.principal_id = RV_SLICE_NONE;
	rv_identity_unref(&identity);
	return j;
}

static enum rv_gate
gate(const struct site *t, const struct caller *c)
{
	return judge(t, c).gate;
}

static const struct caller mallory = {
	.id = "krb5:mallory@LAB.TEST",
	.method = RV_AUTH_KERBEROS,
	.level = RV_LEVEL_WINDOWS,
};

static void
test_levels(void **state)
{
	static const enum rv_level levels[] = { RV_LEVEL_NONE, RV_LEVEL_WINDOWS,
		RV_LEVEL_CERTIFICATE, RV_LEVEL_HELLO };

	(void)state;
	for (size_t i = 1; i < 4; i++) {
		struct site t;

		site_open(&t, levels[i], 0);
		for (size_t k = 0; k < 4; k++) {
			struct caller c = mallory;

			c.level = levels[k];
			assert_int_equal(gate(&t, &c),
			    k >= i ? RV_GATE_PASSED : RV_GATE_LEVEL_TOO_LOW);
		}
		site_close(&t);
	}
}

static void
test_exclusion(void **state)
{
	struct caller c = { .id = "krb5:uma@LAB.TEST",
		.method = RV_AUTH_KERBEROS,
		.level = RV_LEVEL_WINDOWS };
	struct rv_gate_judgement j;
	struct site t;

	(void)state;
	site_open(&t, RV_LEVEL_HELLO, 0);
	j = judge(&t, &c);
	assert_int_equal(j.gate, RV_GATE_PASSED);
	assert_true(rv_slice_eq(j.excluded_by, L("krb5:uma@LAB.TEST")));
	/* By another principal she is still herself. */
	c.id = "cert:key:00";
	assert_int_equal(gate(&t, &c), RV_GATE_PASSED);
	/* Never below windows. */
	c.level = RV_LEVEL_NONE;
	assert_int_equal(gate(&t, &c), RV_GATE_LEVEL_TOO_LOW);
	/* Who needs no exception has used none. */
	c.level = RV_LEVEL_HELLO;
	assert_null(judge(&t, &c).excluded_by.p);
	site_close(&t);
}

static void
test_age(void **state)
{
	struct caller c = mallory;
	struct site t;

	(void)state;
	site_open(&t, RV_LEVEL_WINDOWS, 3600);
	assert_int_equal(gate(&t, &c), RV_GATE_TOO_OLD);
	/* Who is only asked about has not signed in. */
	c.method = RV_AUTH_NONE;
	assert_int_equal(gate(&t, &c), RV_GATE_PASSED);
	site_close(&t);
	site_open(&t, RV_LEVEL_WINDOWS, 3601);
	assert_int_equal(gate(&t, &mallory), RV_GATE_PASSED);
	assert_int_equal(judge(&t, &mallory).until_ms, NOW + 1000);
	site_close(&t);
}

static void
test_mapping(void **state)
{
	struct caller c = mallory;
	struct site t;

	(void)state;
	site_open(&t, RV_LEVEL_WINDOWS, 0);
	c.mapped = true;
	assert_int_equal(gate(&t, &c), RV_GATE_MAPPING_GONE);
	c.id = "cert:key:00";
	assert_int_equal(gate(&t, &c), RV_GATE_PASSED);
	site_close(&t);
}

static void
test_account(void **state)
{
	struct caller c = { .id = "krb5:uma@LAB.TEST",
		.lookup = "uma@LAB.TEST",
		.method = RV_AUTH_KERBEROS,
		.level = RV_LEVEL_WINDOWS,
		.account_id = "uma's account",
		.found = true };
	struct site t;

	(void)state;
	site_open(&t, RV_LEVEL_WINDOWS, 0);
	assert_int_equal(gate(&t, &c), RV_GATE_PASSED);
	c.account_id = "another account";
	assert_int_equal(gate(&t, &c), RV_GATE_ACCOUNT_REPLACED);
	c.account_id = NULL;
	assert_int_equal(gate(&t, &c), RV_GATE_ACCOUNT_GONE);
	/* The directory did not answer: what it said before counts. */
	c.found = false;
	assert_int_equal(gate(&t, &c), RV_GATE_PASSED);
	/* By a certificate her account is looked up too. */
	c.found = true;
	c.id = "cert:key:00";
	c.account_id = "another account";
	assert_int_equal(gate(&t, &c), RV_GATE_ACCOUNT_REPLACED);
	/* Another name has another account, of which nothing is stored. */
	c.id = "krb5:uma-adm@LAB.TEST";
	c.lookup = "uma-adm@LAB.TEST";
	assert_int_equal(gate(&t, &c), RV_GATE_PASSED);
	site_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_exclusion),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_mapping),
		cmocka_unit_test(test_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
