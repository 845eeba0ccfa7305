/*
 * Memory that runs out: whichever allocation fails, a load ends with
 * RV_ERR_NOMEM and nothing is leaked.  The program brings its own malloc()
 * in front of the C library's; sanitizers bring theirs, so that the tests
 * are skipped under them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#else
#define OWN_MALLOC 1
#endif

static long live;	    /* blocks that are not freed */
static long countdown = -1; /* fails when it reaches 0; -1: never */
static bool failed;	    /* it did */

#if OWN_MALLOC
/* glibc's own names: NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */

static bool
may_go(void)
{
	if (countdown < 0 || countdown-- > 0)
		return true;
	failed = true;
	return false;
}

void *
malloc(size_t n)
{
	void *p = may_go() ? __libc_malloc(n) : NULL;

	live += p != NULL;
	return p;
}

void *
calloc(size_t n, size_t size)
{
	void *p = may_go() ? __libc_calloc(n, size) : NULL;

	live += p != NULL;
	return p;
}

void *
realloc(void *old, size_t n)
{
	void *p = may_go() ? __libc_realloc(old, n) : NULL;

	live += old == NULL && p != NULL;
	return p;
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return NULL;
	return realloc(old, n * size);
}

void
free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}
#endif

static void
test_every_allocation_of_a_load(void **state)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e;
	struct world w;
	long before, nth = 0;
	int r;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	before = live;
	do {
		countdown = nth++;
		failed = false;
		r = world_build(&w, &s, &e);
		countdown = -1;
		if (r != RV_OK) {
			assert_int_equal(r, RV_ERR_NOMEM);
			assert_null(s);
			assert_int_equal(live, before);
		} else if (failed) {
			rv_snapshot_free(&s);
		}
	} while (failed && nth < 100000);
	/* The last round went through; qsort() may do without its buffer. */
	assert_int_equal(r, RV_OK);
	assert_true(nth > 100);
	assert_true(live > before);
	rv_snapshot_free(&s);
	assert_int_equal(live, before);
	print_message("# %ld allocations failed in turn\n", nth - 1);
	world_fini(&w);
}

/* A check allocates nothing: it works when nothing can be had. */
static void
test_check_allocates_nothing(void **state)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:alice@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_question q = { RV_SLICE_LIT("SMS_R_System"),
		RV_SLICE_LIT("Remote Control"), RV_SLICE_LIT("16777216") };
	struct rv_snapshot *s;
	struct rv_verdict v;
	struct world w;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	s = world_snapshot(&w);
	countdown = 0;
	failed = false;
	rv_rbac_check(s, &u, 0, &q, &v);
	countdown = -1;
	assert_false(failed);
	assert_int_equal(v.decision, RV_ALLOW);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* A list that runs out of memory is no list, and no allow. */
static void
test_list_out_of_memory(void **state)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:bob@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_slice *roles;
	struct rv_snapshot *s;
	struct world w;
	size_t n;

	(void)state;
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	s = world_snapshot(&w);
	for (size_t max = 1; max < 48; max += 15) {
		struct rv_arena *arena = rv_arena_new(max);
		struct rv_readable list = { .any = RV_ALLOW, .all = true };

		assert_non_null(arena);
		if (rv_rbac_readable(s, &u, 0, RV_SLICE_LIT("Application"),
			arena, &list) != RV_OK) {
			assert_int_equal(list.any, RV_DENY);
			assert_false(list.all);
		}
		rv_arena_free(&arena);
	}
	{
		struct rv_arena *arena = rv_arena_new(1);

		assert_non_null(arena);
		assert_int_equal(
		    rv_rbac_roles_giving(s, 31, 0, arena, &roles, &n),
		    RV_ERR_NOMEM);
		rv_arena_free(&arena);
	}
	rv_snapshot_free(&s);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_of_a_load),
		cmocka_unit_test(test_check_allocates_nothing),
		cmocka_unit_test(test_list_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
