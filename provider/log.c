#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A write of up to PIPE_BUF (4096) bytes is not mixed with others'. */
#define MESSAGE_MAX 4000
#define CUT_MARK    " [cut]"

/*
 * Process-wide, since the level belongs to the one standard error of the
 * process and every thread logs.
 */
static _Atomic int level_now = RV_LOG_INFO;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;
static bool journal;

/*
 * JOURNAL_STREAM is inherited by children whose standard error was sent
 * elsewhere, so the file must be the one that it names (systemd.exec(5)).
 */
static void
look_for_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;
	char *end;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return;
	dev = strtoumax(stream, &end, 10);
	if (*end != ':')
		return;
	ino = strtoumax(end + 1, &end, 10);
	journal = *end == '\0' && dev == (uintmax_t)st.st_dev &&
		  ino == (uintmax_t)st.st_ino;
}

static const char *
level_name(enum rv_log_level level)
{
	switch (level) {
	case RV_LOG_ERROR:
		return "error";
	case RV_LOG_WARNING:
		return "warning";
	case RV_LOG_INFO:
		return "info";
	case RV_LOG_DEBUG:
		return "debug";
	}
	return "error";
}

/* syslog(3)'s numbers, as sd-daemon(3) has them. */
static int
level_priority(enum rv_log_level level)
{
	switch (level) {
	case RV_LOG_ERROR:
		return 3;
	case RV_LOG_WARNING:
		return 4;
	case RV_LOG_INFO:
		return 6;
	case RV_LOG_DEBUG:
		return 7;
	}
	return 3;
}

/* "<6>" or "2026-11-22T10:00:00.123Z info "; returns its length. */
static size_t
put_prefix(char *out, size_t size, enum rv_log_level level)
{
	struct timespec ts = { 0 };
	struct tm tm = { 0 };
	size_t n;

	if (journal)
		return (size_t)snprintf(
		    out, size, "<%d>", level_priority(level));
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(out + n, size - n, ".%03dZ %s ",
	    (int)(ts.tv_nsec / 1000000), level_name(level));
	return n;
}

/* Appends text escaped; stops with a mark where the message is full. */
static size_t
put_escaped(char *out, size_t n, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (n + 4 + sizeof(CUT_MARK) > MESSAGE_MAX) {
			memcpy(out + n, CUT_MARK, sizeof(CUT_MARK) - 1);
			return n + sizeof(CUT_MARK) - 1;
		}
		if (c >= ' ' && c < 0x7f) {
			out[n++] = (char)c;
		} else {
			out[n++] = '\\';
			out[n++] = 'x';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	return n;
}

void
rv_log_set_level(enum rv_log_level level)
{
	atomic_store(&level_now, (int)level);
}

void
rv_log(enum rv_log_level level, const char *fmt, ...)
{
	char text[MESSAGE_MAX], out[MESSAGE_MAX + 1];
	int saved = errno;
	va_list ap;
	size_t n;

	if ((int)level > atomic_load(&level_now))
		return;
	(void)pthread_once(&journal_once, look_for_journal);
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	n = put_prefix(out, sizeof(out), level);
	n = put_escaped(out, n, text);
	out[n++] = '\n';
	/* Nobody is left to be told of a failure. */
	while (write(STDERR_FILENO, out, n) < 0 && errno == EINTR)
		;
	errno = saved;
}
