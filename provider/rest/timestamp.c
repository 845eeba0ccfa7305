#include "rest/timestamp.h"

#include <time.h>

const char *
rv_timestamp(struct rv_arena *arena, int64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm tm;

	if (utc_ms < 0 || gmtime_r(&seconds, &tm) == NULL ||
	    tm.tm_year > 9999 - 1900)
		return NULL;
	return rv_arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)(utc_ms % 1000));
}
