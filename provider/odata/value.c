#include "odata/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64u /* bytes of a number */
#define GUID_BYTES 36u

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Days since 1970: H. Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", days_from_civil. */
int64_t
rv_odata_days(struct rv_odata_day day)
{
	int64_t y = day.month <= 2 ? day.year - 1 : day.year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t shifted = (int64_t)day.month + (day.month > 2 ? -3 : 9);
	int64_t doy = (153 * shifted + 2) / 5 + (int64_t)day.day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* The same, civil_from_days. */
struct rv_odata_day
rv_odata_day_of(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct rv_odata_day day;

	day.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	day.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	day.year = yoe + era * 400 + (day.month <= 2 ? 1 : 0);
	return day;
}

/* ---- Numbers --------------------------------------------------------------
 */

static size_t
digits(struct rv_slice s, size_t i)
{
	while (i < s.n && is_digit(s.p[i]))
		i++;
	return i;
}

/* Passes over a decimal number; *ret_whole: it has neither '.' nor 'e'. */
static bool
is_number(struct rv_slice s, bool *ret_whole)
{
	size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
	size_t from = i;

	i = digits(s, i);
	if (i == from)
		return false;
	*ret_whole = i == s.n;
	if (i < s.n && s.p[i] == '.') {
		from = ++i;
		i = digits(s, i);
		if (i == from)
			return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		from = i;
		i = digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.n;
}

static int
whole_number(const char *text, struct rv_odata_value *ret)
{
	long long i;

	errno = 0;
	i = strtoll(text, NULL, 10);
	if (errno != 0 || (i == 0 && text[0] == '-'))
		return RV_ERR_LIMIT;
	*ret = (struct rv_odata_value){ .type = RV_ODATA_INT, .i = i };
	return RV_OK;
}

static int
broken_number(const char *text, struct rv_odata_value *ret)
{
	double d;

	errno = 0;
	d = strtod(text, NULL);
	/* Underflow is no fault where something is left of the number. */
	if (!isfinite(d) || (errno != 0 && d == 0) || (d == 0 && signbit(d)))
		return RV_ERR_LIMIT;
	*ret = (struct rv_odata_value){ .type = RV_ODATA_DOUBLE, .d = d };
	return RV_OK;
}

int
rv_odata_value_number(struct rv_slice s, struct rv_odata_value *ret)
{
	char text[NUMBER_MAX + 1];
	bool whole = false;

	if (!is_number(s, &whole))
		return RV_ERR_INVALID;
	if (s.n > NUMBER_MAX)
		return RV_ERR_LIMIT;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return whole ? whole_number(text, ret) : broken_number(text, ret);
}

/* ---- Dates ----------------------------------------------------------------
 */

/* Takes n digits, then the byte that must follow them (0: none). */
static bool
take_digits(struct rv_slice *s, size_t n, char then, unsigned *ret)
{
	unsigned value = 0;
	size_t used = n + (then != '\0' ? 1 : 0);

	if (s->n < used)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s->p[i]))
			return false;
		value = value * 10 + (unsigned)(s->p[i] - '0');
	}
	if (then != '\0' && s->p[n] != then)
		return false;
	s->p += used;
	s->n -= used;
	*ret = value;
	return true;
}

static unsigned
days_in(unsigned year, unsigned month)
{
	static const unsigned char of[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return of[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static int
take_date(struct rv_slice *s, int64_t *ret_days)
{
	unsigned year, month, day;

	if (!take_digits(s, 4, '-', &year) || !take_digits(s, 2, '-', &month) ||
	    !take_digits(s, 2, '\0', &day))
		return RV_ERR_INVALID;
	if (year == 0 || month == 0 || month > 12 || day == 0 ||
	    day > days_in(year, month))
		return RV_ERR_LIMIT;
	*ret_days = rv_odata_days((struct rv_odata_day){ year, month, day });
	return RV_OK;
}

int
rv_odata_value_date(struct rv_slice s, struct rv_odata_value *ret)
{
	int64_t days = 0;
	int r = take_date(&s, &days);

	if (s.n > 0 && r == RV_OK)
		return RV_ERR_INVALID;
	if (r == RV_OK)
		*ret =
		    (struct rv_odata_value){ .type = RV_ODATA_DATE, .i = days };
	return r;
}

/* ".123": microseconds; what is finer is cut off. */
static bool
take_fraction(struct rv_slice *s, int64_t *ret_micros)
{
	int64_t unit = RV_ODATA_MICROS / 10;
	size_t i = 1;

	*ret_micros = 0;
	if (s->n == 0 || s->p[0] != '.')
		return true;
	for (; i < s->n && is_digit(s->p[i]); i++) {
		*ret_micros += unit * (s->p[i] - '0');
		unit /= 10;
	}
	s->p += i;
	s->n -= i;
	return i > 1 && i <= 13;
}

/* "Z", "+02:00": seconds to take off; all that is left of the text. */
static int
take_zone(struct rv_slice s, int64_t *ret_seconds)
{
	unsigned hours, minutes;
	char sign = s.n > 0 ? s.p[0] : '\0';

	*ret_seconds = 0;
	if (s.n == 1 && (sign == 'Z' || sign == 'z'))
		return RV_OK;
	if (sign != '+' && sign != '-')
		return RV_ERR_INVALID;
	s.p++;
	s.n--;
	if (!take_digits(&s, 2, ':', &hours) ||
	    !take_digits(&s, 2, '\0', &minutes) || s.n > 0)
		return RV_ERR_INVALID;
	if (hours > 14 || minutes > 59)
		return RV_ERR_LIMIT;
	*ret_seconds = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	if (sign == '-')
		*ret_seconds = -*ret_seconds;
	return RV_OK;
}

/* Years 1 to 9999, in the time zone of the text and in UTC. */
static bool
is_in_range(int64_t seconds)
{
	static const struct rv_odata_day first = { 1, 1, 1 },
					 last = { 9999, 12, 31 };

	return seconds >= rv_odata_days(first) * RV_ODATA_DAY_SEC &&
	       seconds < (rv_odata_days(last) + 1) * RV_ODATA_DAY_SEC;
}

int
rv_odata_value_instant(struct rv_slice s, struct rv_odata_value *ret)
{
	int64_t days = 0, micros = 0, zone = 0, seconds;
	unsigned hour, minute, second = 0;
	int r = take_date(&s, &days);

	if (r != RV_OK)
		return r;
	if (s.n == 0 || (s.p[0] != 'T' && s.p[0] != 't'))
		return RV_ERR_INVALID;
	s.p++;
	s.n--;
	if (!take_digits(&s, 2, ':', &hour) ||
	    !take_digits(&s, 2, '\0', &minute))
		return RV_ERR_INVALID;
	if (s.n > 0 && s.p[0] == ':') {
		s.p++;
		s.n--;
		if (!take_digits(&s, 2, '\0', &second) ||
		    !take_fraction(&s, &micros))
			return RV_ERR_INVALID;
	}
	r = take_zone(s, &zone);
	if (r != RV_OK)
		return r;
	if (hour > 23 || minute > 59 || second > 59)
		return RV_ERR_LIMIT;
	seconds = days * RV_ODATA_DAY_SEC + (int64_t)hour * 3600 +
		  (int64_t)minute * 60 + (int64_t)second - zone;
	if (!is_in_range(seconds))
		return RV_ERR_LIMIT;
	*ret = (struct rv_odata_value){ .type = RV_ODATA_INSTANT,
		.i = seconds * RV_ODATA_MICROS + micros };
	return RV_OK;
}

/* ---- GUIDs ----------------------------------------------------------------
 */

bool
rv_odata_is_guid(struct rv_slice s)
{
	if (s.n != GUID_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = s.p[i];

		if (dash ? c != '-'
			 : !is_digit(c) && !(c >= 'a' && c <= 'f') &&
			       !(c >= 'A' && c <= 'F'))
			return false;
	}
	return true;
}

int
rv_odata_value_guid(
    struct rv_arena *arena, struct rv_slice s, struct rv_odata_value *ret)
{
	char *text;

	if (!rv_odata_is_guid(s))
		return RV_ERR_INVALID;
	text = rv_arena_dup(arena, s);
	if (text == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < s.n; i++)
		if (text[i] >= 'A' && text[i] <= 'F')
			text[i] = (char)(text[i] - 'A' + 'a');
	*ret = (struct rv_odata_value){ .type = RV_ODATA_GUID,
		.text = { text, s.n } };
	return RV_OK;
}

/* ---- Texts ----------------------------------------------------------------
 */

static const char *
date_text(struct rv_arena *arena, int64_t days)
{
	struct rv_odata_day day = rv_odata_day_of(days);

	return rv_arena_printf(
	    arena, "%04lld-%02u-%02u", (long long)day.year, day.month, day.day);
}

static const char *
instant_text(struct rv_arena *arena, int64_t instant)
{
	int64_t micros = instant % RV_ODATA_MICROS, seconds, days;
	struct rv_odata_day day;
	int in_day;

	if (micros < 0)
		micros += RV_ODATA_MICROS;
	seconds = (instant - micros) / RV_ODATA_MICROS;
	in_day = (int)(seconds % RV_ODATA_DAY_SEC);
	if (in_day < 0)
		in_day += (int)RV_ODATA_DAY_SEC;
	days = (seconds - in_day) / RV_ODATA_DAY_SEC;
	day = rv_odata_day_of(days);
	return rv_arena_printf(arena, "%04lld-%02u-%02uT%02d:%02d:%02d.%06dZ",
	    (long long)day.year, day.month, day.day, in_day / 3600,
	    in_day / 60 % 60, in_day % 60, (int)micros);
}

const char *
rv_odata_value_text(struct rv_arena *arena, const struct rv_odata_value *value)
{
	switch (value->type) {
	case RV_ODATA_BOOL:
		return value->i != 0 ? "true" : "false";
	case RV_ODATA_INT:
		return rv_arena_printf(arena, "%lld", (long long)value->i);
	case RV_ODATA_DOUBLE:
		return rv_arena_printf(arena, "%.17g", value->d);
	case RV_ODATA_INSTANT:
		return instant_text(arena, value->i);
	case RV_ODATA_DATE:
		return date_text(arena, value->i);
	case RV_ODATA_STRING:
	case RV_ODATA_GUID:
		return rv_arena_dup(arena, value->text);
	case RV_ODATA_NULL:
	case RV_ODATA_OBJECT:
		break;
	}
	RV_ASSERT(!"a value that has a text");
	return NULL;
}

/* ---- Prefixes -------------------------------------------------------------
 */

/* The last code point of a UTF-8 text, and where it begins. */
static uint32_t
last_point(struct rv_slice s, size_t *ret_at)
{
	size_t at = s.n - 1;
	unsigned char lead;
	uint32_t point;

	while (at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at--;
	*ret_at = at;
	lead = (unsigned char)s.p[at];
	point = lead < 0x80   ? lead
		: lead < 0xe0 ? lead & 0x1fu
		: lead < 0xf0 ? lead & 0x0fu
			      : lead & 0x07u;
	for (size_t i = at + 1; i < s.n; i++)
		point = point << 6 | ((unsigned char)s.p[i] & 0x3fu);
	return point;
}

static size_t
put_point(uint32_t point, char out[4])
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

int
rv_odata_prefix_end(
    struct rv_arena *arena, struct rv_slice prefix, struct rv_slice *ret)
{
	char *text = rv_arena_alloc(arena, prefix.n + 4);
	size_t n = prefix.n, at = 0;

	if (text == NULL)
		return RV_ERR_NOMEM;
	*ret = RV_SLICE_NONE;
	memcpy(text, prefix.p, prefix.n);
	/* Behind the last of all code points nothing comes: the one before. */
	while (n > 0) {
		uint32_t point = last_point((struct rv_slice){ text, n }, &at);

		if (point < 0x10ffff) {
			point = point == 0xd7ff ? 0xe000 : point + 1;
			n = at + put_point(point, text + at);
			text[n] = '\0';
			*ret = (struct rv_slice){ text, n };
			break;
		}
		n = at;
	}
	return RV_OK;
}
