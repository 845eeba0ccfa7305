/*
 * What every folder uses: result codes, byte slices, bounded buffers.
 *
 * Implemented in rbac/base/, the bottom of the house.  Nothing here does
 * I/O, logs, or keeps state; every function may be called from any thread
 * on objects that the caller owns.
 */
#ifndef REEVE_BASE_H
#define REEVE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RV_MUSTUSE	     __attribute__((warn_unused_result))
#define RV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * A broken invariant of our own, never a property of peer input.  Stays on
 * in release builds: it prints the condition and its place, then aborts.
 */
#define RV_ASSERT(cond) \
	((cond) ? (void)0 : rv_assert_failed(#cond, __FILE__, __LINE__))
void rv_assert_failed(const char *cond, const char *file, int line)
    __attribute__((noreturn));

/* 0 is success; every failure is negative.  rv_strerr() names them. */
enum rv_err {
	RV_OK = 0,
	RV_ERR_NOMEM = -1,	 /* an allocation failed */
	RV_ERR_INVALID = -2,	 /* malformed or contradictory input */
	RV_ERR_LIMIT = -3,	 /* input beyond a limit */
	RV_ERR_NOTFOUND = -4,	 /* no such thing */
	RV_ERR_EXISTS = -5,	 /* there already */
	RV_ERR_DENIED = -6,	 /* refused by policy */
	RV_ERR_UNAVAILABLE = -7, /* a dependency is away; may be retried */
	RV_ERR_TIMEOUT = -8,	 /* a deadline passed */
	RV_ERR_IO = -9,		 /* the operating system refused */
	RV_ERR_STALE = -10,	 /* the data is older than allowed */
	RV_ERR_INTERNAL = -11,	 /* a library broke its word */
	RV_ERR_AGAIN = -12,	 /* would block; call again when ready */
};

/* Returns a short English name of a code, never NULL; static storage. */
const char *rv_strerr(int err);

/*
 * One line for the operator about a failure: what, where, what to do.
 * Owned by the caller; no allocation.
 */
struct rv_error {
	char text[512];
};

/* Replaces the text, cutting it to the size.  e may be NULL. */
void rv_error_set(struct rv_error *e, const char *fmt, ...) RV_PRINTF(2, 3);

/* Borrowed bytes, not NUL-terminated.  {NULL, 0} means "absent". */
struct rv_slice {
	const char *p;
	size_t n;
};

#define RV_SLICE_LIT(s) ((struct rv_slice){ (s), sizeof(s) - 1 })
#define RV_SLICE_NONE	((struct rv_slice){ NULL, 0 })
/* For printf("%.*s", RV_SLICE_FMT(s)). */
#define RV_SLICE_FMT(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

/* Borrows a C string; NULL gives the absent slice. */
struct rv_slice rv_slice_of(const char *s);
/* Byte equality.  Absent equals only absent. */
bool rv_slice_eq(struct rv_slice a, struct rv_slice b);
bool rv_slice_eq_cstr(struct rv_slice a, const char *b);
/* ASCII case folded equality, for names that a protocol folds. */
bool rv_slice_ieq(struct rv_slice a, struct rv_slice b);
/* Byte order; a prefix sorts first. */
int rv_slice_cmp(struct rv_slice a, struct rv_slice b);
bool rv_slice_has_prefix(struct rv_slice s, struct rv_slice prefix);
/*
 * Copies to a new NUL-terminated string, owned by the caller (free()).
 * Returns NULL when out of memory.  NUL bytes inside are copied as they are.
 */
char *rv_slice_dup(struct rv_slice s);
/*
 * Parses all of s as a decimal number without sign, leading zeros or
 * blanks.  RV_ERR_INVALID, or RV_ERR_LIMIT beyond max.
 */
RV_MUSTUSE int rv_slice_to_u64(
    struct rv_slice s, uint64_t max, uint64_t *ret_value);
/* True when the bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool rv_slice_is_text(struct rv_slice s);

/*
 * A growing byte buffer with a maximum and a sticky error: after a failed
 * write `failed` stays set and later writes do nothing, so that a writer
 * tests once, at the end.  Zeroed memory is an empty buffer without limit.
 */
struct rv_buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max; /* 0: no limit */
	bool failed;
};

void rv_buf_init(struct rv_buf *b, size_t max);
/* Frees the bytes and leaves an empty buffer with the same maximum. */
void rv_buf_fini(struct rv_buf *b);
/* Keeps the memory, forgets bytes and error. */
void rv_buf_reset(struct rv_buf *b);
void rv_buf_put(struct rv_buf *b, const void *p, size_t n);
void rv_buf_putc(struct rv_buf *b, char c);
void rv_buf_puts(struct rv_buf *b, const char *s);
void rv_buf_put_slice(struct rv_buf *b, struct rv_slice s);
void rv_buf_printf(struct rv_buf *b, const char *fmt, ...) RV_PRINTF(2, 3);
/* Makes room for n more bytes; RV_ERR_NOMEM or RV_ERR_LIMIT, also sticky. */
RV_MUSTUSE int rv_buf_reserve(struct rv_buf *b, size_t n);
/* Drops the first n bytes, n <= b->n. */
void rv_buf_consume(struct rv_buf *b, size_t n);
/* NUL-terminates without counting the NUL; NULL after a sticky error. */
const char *rv_buf_cstr(struct rv_buf *b);
struct rv_slice rv_buf_slice(const struct rv_buf *b);

/*
 * An arena: many small allocations that die together with one request or
 * one snapshot.  Not safe for two threads at once.
 */
struct rv_arena;

/* max is the total of bytes it may hand out, 0 for no limit. */
struct rv_arena *rv_arena_new(size_t max);
/* Frees everything; *arena may be NULL and becomes NULL. */
void rv_arena_free(struct rv_arena **arena);
/* Zeroed, aligned for any type; NULL when out of memory or over max. */
void *rv_arena_alloc(struct rv_arena *a, size_t n);
/* Copies the bytes and adds a NUL; NULL when out of memory. */
char *rv_arena_dup(struct rv_arena *a, struct rv_slice s);
char *rv_arena_printf(struct rv_arena *a, const char *fmt, ...) RV_PRINTF(2, 3);

/* Marks a result as looked at and not needed; say why beside the call. */
static inline void
rv_ignore(int result)
{
	(void)result;
}

#endif
