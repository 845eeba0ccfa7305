#include "reeve/base.h"

#include <stdio.h>
#include <stdlib.h>

void
rv_assert_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(
	    stderr, "reeve: broken invariant: %s (%s:%d)\n", cond, file, line);
	abort();
}

const char *
rv_strerr(int err)
{
	switch ((enum rv_err)err) {
	case RV_OK:
		return "success";
	case RV_ERR_NOMEM:
		return "out of memory";
	case RV_ERR_INVALID:
		return "invalid input";
	case RV_ERR_LIMIT:
		return "over a limit";
	case RV_ERR_NOTFOUND:
		return "not found";
	case RV_ERR_EXISTS:
		return "exists already";
	case RV_ERR_DENIED:
		return "denied";
	case RV_ERR_UNAVAILABLE:
		return "unavailable";
	case RV_ERR_TIMEOUT:
		return "timed out";
	case RV_ERR_IO:
		return "input or output failed";
	case RV_ERR_STALE:
		return "data too old";
	case RV_ERR_INTERNAL:
		return "internal error";
	case RV_ERR_AGAIN:
		return "try again";
	}
	return "unknown error";
}

void
rv_error_set(struct rv_error *e, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
}
