#include "reeve/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
rv_buf_init(struct rv_buf *b, size_t max)
{
	*b = (struct rv_buf){ .max = max };
}

void
rv_buf_fini(struct rv_buf *b)
{
	free(b->p);
	rv_buf_init(b, b->max);
}

void
rv_buf_reset(struct rv_buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* The size to grow to for `need` bytes, at most max. */
static size_t
grown_size(const struct rv_buf *b, size_t need)
{
	size_t cap = b->cap < 64 ? 64 : b->cap;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	return b->max != 0 && cap > b->max ? b->max : cap;
}

int
rv_buf_reserve(struct rv_buf *b, size_t n)
{
	int r = RV_ERR_NOMEM;
	size_t cap;
	char *p;

	if (b->failed)
		return RV_ERR_NOMEM;
	if (n > SIZE_MAX - b->n || (b->max != 0 && b->n + n > b->max)) {
		r = RV_ERR_LIMIT;
		goto out;
	}
	if (b->n + n <= b->cap)
		return RV_OK;
	cap = grown_size(b, b->n + n);
	p = realloc(b->p, cap);
	if (p == NULL)
		goto out;
	b->p = p;
	b->cap = cap;
	r = RV_OK;
out:
	if (r != RV_OK)
		b->failed = true;
	return r;
}

void
rv_buf_put(struct rv_buf *b, const void *p, size_t n)
{
	if (n == 0 || rv_buf_reserve(b, n) != RV_OK)
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
rv_buf_putc(struct rv_buf *b, char c)
{
	rv_buf_put(b, &c, 1);
}

void
rv_buf_puts(struct rv_buf *b, const char *s)
{
	rv_buf_put(b, s, strlen(s));
}

void
rv_buf_put_slice(struct rv_buf *b, struct rv_slice s)
{
	rv_buf_put(b, s.p, s.n);
}

void
rv_buf_printf(struct rv_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0) {
		b->failed = true;
	} else if (rv_buf_reserve(b, (size_t)n + 1) == RV_OK) {
		(void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void
rv_buf_consume(struct rv_buf *b, size_t n)
{
	RV_ASSERT(n <= b->n);
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->p, b->p + n, b->n);
}

const char *
rv_buf_cstr(struct rv_buf *b)
{
	if (rv_buf_reserve(b, 1) != RV_OK)
		return NULL;
	b->p[b->n] = '\0';
	return b->p;
}

struct rv_slice
rv_buf_slice(const struct rv_buf *b)
{
	return (struct rv_slice){ b->p, b->n };
}
