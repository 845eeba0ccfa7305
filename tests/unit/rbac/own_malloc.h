/*
 * A malloc() in front of the C library's, which counts blocks and fails when
 * it is told to.  Sanitizers bring theirs: tests skip what they cannot do
 * when OWN_MALLOC is 0.  For test programs only, in one file of each.
 */
#ifndef TESTS_UNIT_RBAC_OWN_MALLOC_H
#define TESTS_UNIT_RBAC_OWN_MALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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
void *__libc_memalign(size_t alignment, size_t n);
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
aligned_alloc(size_t alignment, size_t n)
{
	void *p = may_go() ? __libc_memalign(alignment, n) : NULL;

	live += p != NULL;
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

#endif
