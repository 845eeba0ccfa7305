/*
 * Messages for the operator on standard error, in the form of
 * sd-daemon(3): "<6>text" under systemd, "time level text" on a terminal.
 * Libraries return errors; only provider/ logs, once, where it handles
 * them.  Any thread.
 */
#ifndef PROVIDER_LOG_H
#define PROVIDER_LOG_H

#include "reeve/base.h"

enum rv_log_level {
	RV_LOG_ERROR,
	RV_LOG_WARNING,
	RV_LOG_INFO,
	RV_LOG_DEBUG,
};

/* May be called again at a reload. */
void rv_log_set_level(enum rv_log_level level);
/* Control and non-ASCII bytes of the text are escaped, long text is cut. */
void rv_log(enum rv_log_level level, const char *fmt, ...) RV_PRINTF(2, 3);

#endif
