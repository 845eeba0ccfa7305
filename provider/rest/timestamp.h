/* Instants as text (RFC 3339). */
#ifndef PROVIDER_REST_TIMESTAMP_H
#define PROVIDER_REST_TIMESTAMP_H

#include "reeve/base.h"

/*
 * "2026-01-31T12:00:00.123Z" of UTC milliseconds, in the arena; NULL when
 * out of memory or beyond the year 9999.
 */
const char *rv_timestamp(struct rv_arena *arena, int64_t utc_ms);

#endif
