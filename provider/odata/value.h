/*
 * Values of expressions as texts: how OData writes them (ABNF of 4.01), and
 * how PostgreSQL and we write them.  Pure; any thread.
 */
#ifndef PROVIDER_ODATA_VALUE_H
#define PROVIDER_ODATA_VALUE_H

#include "odata/tree.h"

#define RV_ODATA_MICROS	 INT64_C(1000000)
#define RV_ODATA_DAY_SEC INT64_C(86400)

/* A day of the proleptic Gregorian calendar, year 1 to 9999. */
struct rv_odata_day {
	int64_t year;
	unsigned month; /* from 1 */
	unsigned day;	/* from 1 */
};

int64_t rv_odata_days(struct rv_odata_day day); /* since 1970 */
struct rv_odata_day rv_odata_day_of(int64_t days);

/*
 * Each reads all of the text.  RV_ERR_INVALID: it is no such value;
 * RV_ERR_LIMIT: it would be, but is out of range.  GUIDs are written to
 * ret->text, which is the arena's; RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_value_number(
    struct rv_slice s, struct rv_odata_value *ret);
RV_MUSTUSE int rv_odata_value_date(
    struct rv_slice s, struct rv_odata_value *ret);
RV_MUSTUSE int rv_odata_value_instant(
    struct rv_slice s, struct rv_odata_value *ret);
RV_MUSTUSE int rv_odata_value_guid(
    struct rv_arena *arena, struct rv_slice s, struct rv_odata_value *ret);
bool rv_odata_is_guid(struct rv_slice s);

/* As PostgreSQL reads it; in the arena, NULL when out of memory. */
const char *rv_odata_value_text(
    struct rv_arena *arena, const struct rv_odata_value *value);

/*
 * The text of which every text that begins with the prefix is less, the
 * prefix not; in the arena.  *ret is absent when there is none.
 */
RV_MUSTUSE int rv_odata_prefix_end(
    struct rv_arena *arena, struct rv_slice prefix, struct rv_slice *ret);

#endif
