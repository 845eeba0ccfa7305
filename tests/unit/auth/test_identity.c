/*
 * Identities: ids in order, hash of the groups, references.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "reeve/auth.h"

static const struct rv_evidence evidence = {
	.method = RV_AUTH_KERBEROS,
	.principal = "alice@LAB.TEST",
	.authenticated_at_ms = 1000,
	.expires_at_ms = 9000,
};

static struct rv_account
account_of(const char **groups, size_t n)
{
	return (struct rv_account){
		.known = true,
		.found = true,
		.account_id = (char *)(uintptr_t) "u1",
		.groups = (char **)(uintptr_t)groups,
		.n_groups = n,
	};
}

static const struct rv_identity *
identity_of(const char **groups, size_t n)
{
	const struct rv_account account = account_of(groups, n);
	const struct rv_identity *id =
	    rv_identity_new(&evidence, RV_LEVEL_CERTIFICATE, &account, 5000);

	assert_non_null(id);
	return id;
}

static void
assert_id(const struct rv_identity *identity, size_t i, const char *expected)
{
	assert_true(i < identity->n_ids);
	assert_true(rv_slice_eq_cstr(identity->ids[i], expected));
}

static void
test_copies_everything(void **state)
{
	char first[] = "g2", second[] = "g1", own[] = "u1";
	char *groups[] = { first, second };
	struct rv_account account = {
		.known = true,
		.account_id = own,
		.groups = groups,
		.n_groups = 2,
	};
	const struct rv_identity *id;

	(void)state;
	id = rv_identity_new(&evidence, RV_LEVEL_CERTIFICATE, &account, 5000);
	assert_non_null(id);
	first[0] = second[0] = own[0] = 'X';
	assert_int_equal(id->method, RV_AUTH_KERBEROS);
	assert_int_equal(id->level, RV_LEVEL_CERTIFICATE);
	assert_string_equal(id->principal, "alice@LAB.TEST");
	assert_string_equal(id->account_id, "u1");
	assert_int_equal(id->n_ids, 3);
	assert_int_equal(id->n_own, 1);
	/* Own first, then groups in order. */
	assert_id(id, 0, "krb5:alice@LAB.TEST");
	assert_id(id, 1, "group:g1");
	assert_id(id, 2, "group:g2");
	assert_true(id->groups_known);
	assert_int_equal(id->groups_at_ms, 5000);
	assert_int_equal(id->authenticated_at_ms, 1000);
	assert_int_equal(id->expires_at_ms, 9000);
	rv_identity_unref(&id);
	assert_null(id);
	rv_identity_unref(&id);
}

static void
assert_without_groups(const struct rv_identity *id)
{
	assert_non_null(id);
	assert_false(id->groups_known);
	assert_int_equal(id->n_ids, 1);
	assert_int_equal(id->n_own, 1);
	assert_int_equal(id->groups_at_ms, 0);
	assert_null(id->account_id);
	rv_identity_unref(&id);
}

static void
test_unknown_groups(void **state)
{
	const char *groups[] = { "g1" };
	struct rv_account account = account_of(groups, 1);

	(void)state;
	assert_without_groups(
	    rv_identity_new(&evidence, RV_LEVEL_WINDOWS, NULL, 5000));
	/* Whatever an account holds that is not known: it does not count. */
	account.known = false;
	assert_without_groups(
	    rv_identity_new(&evidence, RV_LEVEL_WINDOWS, &account, 5000));
}

static void
test_hash(void **state)
{
	/* SHA-256 of 00..00 02 'a' 'b' 00..00 01 'c', by hand. */
	static const unsigned char bytes[] = "\0\0\0\0\0\0\0\2ab"
					     "\0\0\0\0\0\0\0\1c";
	const char *one[] = { "ab", "c" }, *same[] = { "c", "ab" };
	const char *other[] = { "a", "bc" };
	const struct rv_identity *a = identity_of(one, 2);
	const struct rv_identity *b = identity_of(same, 2);
	const struct rv_identity *c = identity_of(other, 2);
	const struct rv_identity *none = identity_of(NULL, 0);
	unsigned char expected[32];

	(void)state;
	assert_int_equal(EVP_Digest(bytes, sizeof(bytes) - 1, expected, NULL,
			     EVP_sha256(), NULL),
	    1);
	assert_memory_equal(a->groups_hash, expected, 32);
	assert_memory_equal(a->groups_hash, b->groups_hash, 32);
	assert_memory_not_equal(a->groups_hash, c->groups_hash, 32);
	assert_memory_not_equal(a->groups_hash, none->groups_hash, 32);
	rv_identity_unref(&a);
	rv_identity_unref(&b);
	rv_identity_unref(&c);
	rv_identity_unref(&none);
}

static void
test_with_account(void **state)
{
	const char *before[] = { "g1" }, *after[] = { "g2", "g3" };
	const struct rv_account account = account_of(after, 2);
	const struct rv_identity *old = identity_of(before, 1), *new;

	(void)state;
	new = rv_identity_with_account(old, &account, 7000);
	assert_non_null(new);
	rv_identity_unref(&old);
	assert_string_equal(new->principal, "alice@LAB.TEST");
	assert_int_equal(new->level, RV_LEVEL_CERTIFICATE);
	assert_int_equal(new->groups_at_ms, 7000);
	assert_int_equal(new->authenticated_at_ms, 1000);
	assert_int_equal(new->expires_at_ms, 9000);
	assert_int_equal(new->n_ids, 3);
	assert_id(new, 0, "krb5:alice@LAB.TEST");
	assert_id(new, 1, "group:g2");
	rv_identity_unref(&new);
}

static void *
take_and_give(void *arg)
{
	const struct rv_identity *mine = arg;

	for (int i = 0; i < 1000; i++) {
		const struct rv_identity *more = rv_identity_ref(mine);

		rv_identity_unref(&more);
	}
	rv_identity_unref(&mine);
	return NULL;
}

static void
test_references_across_threads(void **state)
{
	const struct rv_identity *id = identity_of(NULL, 0);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, take_and_give,
			(void *)(uintptr_t)rv_identity_ref(id)),
		    0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_string_equal(id->principal, "alice@LAB.TEST");
	rv_identity_unref(&id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_everything),
		cmocka_unit_test(test_unknown_groups),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_with_account),
		cmocka_unit_test(test_references_across_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
