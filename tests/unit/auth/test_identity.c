/*
 * Identities: ids in order, whose groups count, hash of the groups, the way
 * through JSON, references.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "reeve/auth.h"

static char own_id[] = "krb5:alice@LAB.TEST";
static char *own_ids[] = { own_id };
static const struct rv_evidence evidence = {
	.method = RV_AUTH_KERBEROS,
	.principal = "alice@LAB.TEST",
	.lookup = "alice@LAB.TEST",
	.ids = { own_ids, 1 },
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

/* ---- Groups that the evidence brings ----------------------------------------- */

static char pac_group[] = "s-1-5-21-1-2-3-513";
static char *pac_groups[] = { pac_group };

static struct rv_evidence
evidence_with_groups(void)
{
	struct rv_evidence e = evidence;

	e.has_groups = true;
	e.groups = (struct rv_texts){ pac_groups, 1 };
	return e;
}

static void
test_evidence_brings_groups(void **state)
{
	const struct rv_evidence e = evidence_with_groups();
	const struct rv_account away = { .known = false };
	const struct rv_identity *id;

	(void)state;
	/* Nobody was asked, or who was asked did not answer. */
	for (int asked = 0; asked < 2; asked++) {
		id = rv_identity_new(
		    &e, RV_LEVEL_WINDOWS, asked ? &away : NULL, 5000);
		assert_non_null(id);
		assert_true(id->groups_known);
		assert_true(id->groups_from_evidence);
		/* As old as the sign-in behind the ticket. */
		assert_int_equal(id->groups_at_ms, 1000);
		assert_int_equal(id->n_ids, 2);
		assert_id(id, 1, "group:s-1-5-21-1-2-3-513");
		rv_identity_unref(&id);
	}
}

static void
test_directory_comes_first(void **state)
{
	const struct rv_evidence e = evidence_with_groups();
	const char *groups[] = { "g1" };
	struct rv_account account = account_of(groups, 1);
	const struct rv_identity *id;

	(void)state;
	account.at_ms = 4000;
	id = rv_identity_new(&e, RV_LEVEL_WINDOWS, &account, 5000);
	assert_non_null(id);
	assert_false(id->groups_from_evidence);
	assert_int_equal(id->groups_at_ms, 4000);
	assert_int_equal(id->n_ids, 2);
	assert_id(id, 1, "group:g1");
	rv_identity_unref(&id);
	/* It knows nobody of that name: what a ticket says of him is old. */
	account = (struct rv_account){ .known = true, .found = false };
	id = rv_identity_new(&e, RV_LEVEL_WINDOWS, &account, 5000);
	assert_non_null(id);
	assert_true(id->groups_known);
	assert_int_equal(id->n_ids, 1);
	rv_identity_unref(&id);
}

static void
test_delegated(void **state)
{
	struct rv_evidence e = evidence;
	const struct rv_identity *id;

	(void)state;
	e.delegated = true;
	memcpy(e.delegated_by, "HTTP/gate@LAB.TEST", 19);
	id = rv_identity_new(&e, RV_LEVEL_WINDOWS, NULL, 5000);
	assert_non_null(id);
	assert_true(id->delegated);
	assert_string_equal(id->delegated_by, "HTTP/gate@LAB.TEST");
	rv_identity_unref(&id);
}

/* ---- As JSON ------------------------------------------------------------------ */

static struct rv_slice
printed(const struct rv_identity *id)
{
	char *text = NULL;

	assert_int_equal(rv_identity_print(id, &text), RV_OK);
	assert_non_null(text);
	return rv_slice_of(text);
}

static void
assert_same(const struct rv_identity *a, const struct rv_identity *b)
{
	struct rv_slice x = printed(a), y = printed(b);

	assert_true(rv_slice_eq(x, y));
	assert_memory_equal(a->groups_hash, b->groups_hash, 32);
	assert_int_equal(a->n_own, b->n_own);
	assert_int_equal(a->n_ids, b->n_ids);
	assert_int_equal(a->mapped, b->mapped);
	assert_int_equal(a->groups_at_ms, b->groups_at_ms);
	assert_int_equal(a->expires_at_ms, b->expires_at_ms);
	free((void *)(uintptr_t)x.p);
	free((void *)(uintptr_t)y.p);
}

/* Some identity of a generator; strange texts among them. */
static const struct rv_identity *
some_identity(unsigned seed)
{
	static char strange[] = "oidc:https://x/|a\"b\\c\xc3\xa4\x01";
	char *ids[] = { own_id, strange };
	char *groups[] = { pac_group, strange, own_id };
	struct rv_evidence e = evidence;
	struct rv_account account = { .known = (seed & 1) != 0 };
	const struct rv_identity *id;

	e.method = (enum rv_auth_method)(1 + seed % 3);
	e.ids = (struct rv_texts){ ids, 1 + (seed >> 1) % 2 };
	e.has_groups = (seed & 4) != 0;
	e.groups = (struct rv_texts){ groups, (seed >> 3) % 4 };
	e.delegated = (seed & 32) != 0;
	memcpy(e.delegated_by, "HTTP/gate@LAB.TEST", 19);
	memcpy(e.source, "corp", 5);
	account.account_id = (seed & 64) != 0 ? strange : NULL;
	account.groups = groups;
	account.n_groups = (seed >> 3) % 4;
	id = rv_identity_new(&e,
	    e.delegated ? RV_LEVEL_WINDOWS : (enum rv_level)(1 + seed % 3),
	    (seed & 128) != 0 ? &account : NULL, 5000 + (int64_t)seed);
	assert_non_null(id);
	rv_identity_set_mapped(id, (seed & 2) != 0);
	return id;
}

static void
test_json_there_and_back(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 1024; seed++) {
		const struct rv_identity *id = some_identity(seed), *back;
		struct rv_slice text = printed(id);

		assert_int_equal(rv_identity_read(text, &back), RV_OK);
		assert_same(id, back);
		free((void *)(uintptr_t)text.p);
		rv_identity_unref(&id);
		rv_identity_unref(&back);
	}
}

static void
refuse_text(const char *text)
{
	const struct rv_identity *id = NULL;

	assert_int_equal(
	    rv_identity_read(rv_slice_of(text), &id), RV_ERR_INVALID);
	assert_null(id);
}

/* The text with one part in the place of another, which must occur. */
static void
refuse_with(const char *good, const char *part, const char *instead)
{
	char text[4096];
	const char *at = strstr(good, part);

	assert_non_null(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good,
	    instead, at + strlen(part));
	refuse_text(text);
}

static void
test_json_refuses_what_it_did_not_write(void **state)
{
	const struct rv_evidence e = evidence_with_groups();
	const struct rv_identity *id =
	    rv_identity_new(&e, RV_LEVEL_WINDOWS, NULL, 5000);
	struct rv_slice good = printed(id);
	const char *t = good.p;

	(void)state;
	refuse_text("");
	refuse_text("null");
	refuse_text("[]");
	refuse_text("{}");
	refuse_with(t, "\"version\":1", "\"version\":2");
	refuse_with(t, "\"method\":\"kerberos\"", "\"method\":\"none\"");
	refuse_with(t, "\"level\":1", "\"level\":4");
	refuse_with(t, "\"level\":1", "\"level\":-1");
	refuse_with(t, "\"level\":1", "\"level\":1.0");
	refuse_with(t, "\"level\":1", "\"level\":1,\"level\":3");
	refuse_with(t, "\"mapped\":false", "\"mapped\":false,\"more\":1");
	refuse_with(t, "\"mapped\":false", "\"mapped\":0");
	refuse_with(t, "[\"krb5:alice@LAB.TEST\"]", "[]");
	refuse_with(t, "[\"krb5:alice@LAB.TEST\"]", "[1]");
	refuse_with(t, "[\"krb5:alice@LAB.TEST\"]", "\"krb5:x\"");
	refuse_with(t, "[\"s-1-5-21", "[\"z\",\"s-1-5-21");
	refuse_with(t, "\"groups_known\":true", "\"groups_known\":false");
	refuse_with(t, "\"delegated_by\":null", "\"delegated_by\":7");
	refuse_with(t, "\"principal\":\"alice", "\"principal\":\"ali\\u0000ce");
	/* Every proper beginning of it. */
	for (size_t n = 0; n < good.n; n++) {
		struct rv_slice cut = { good.p, n };
		const struct rv_identity *none = NULL;

		assert_int_equal(rv_identity_read(cut, &none), RV_ERR_INVALID);
	}
	free((void *)(uintptr_t)good.p);
	rv_identity_unref(&id);
}

/* As the store gives it back: other order, other blanks (jsonb). */
static void
test_json_in_another_order(void **state)
{
	const struct rv_identity *id = NULL;

	(void)state;
	assert_int_equal(
	    rv_identity_read(
		RV_SLICE_LIT("{\"own\": [\"krb5:a@B\"], \"level\": 1, "
			     "\"groups\": [], \"lookup\": \"\", "
			     "\"mapped\": true, \"method\": \"token\", "
			     "\"source\": \"corp\", \"version\": 1, "
			     "\"groups_at\": 0, \"principal\": \"a@B\", "
			     "\"account_id\": null, \"expires_at\": 9, "
			     "\"delegated_by\": null, "
			     "\"groups_known\": false, "
			     "\"authenticated_at\": 1, "
			     "\"groups_from_evidence\": false}"),
		&id),
	    RV_OK);
	assert_int_equal(id->method, RV_AUTH_TOKEN);
	assert_true(id->mapped);
	assert_id(id, 0, "krb5:a@B");
	rv_identity_unref(&id);
}

/* ---- References ---------------------------------------------------------------- */

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
		cmocka_unit_test(test_evidence_brings_groups),
		cmocka_unit_test(test_directory_comes_first),
		cmocka_unit_test(test_delegated),
		cmocka_unit_test(test_json_there_and_back),
		cmocka_unit_test(test_json_refuses_what_it_did_not_write),
		cmocka_unit_test(test_json_in_another_order),
		cmocka_unit_test(test_references_across_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
