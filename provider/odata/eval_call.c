#include "odata/eval_call.h"

#include <string.h>

#include "odata/value.h"

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Characters, not bytes. */
static size_t
length(struct rv_slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += !is_continuation(s.p[i]);
	return n;
}

/* The byte at which that character begins, or the end. */
static size_t
byte_at(struct rv_slice s, uint64_t character)
{
	size_t i = 0;

	while (i < s.n && character > 0) {
		i++;
		while (i < s.n && is_continuation(s.p[i]))
			i++;
		character--;
	}
	return i;
}

/* The byte at which the part begins, or SIZE_MAX. */
static size_t
find(struct rv_slice whole, struct rv_slice part)
{
	const char *at;

	if (part.n == 0)
		return 0;
	if (whole.n < part.n)
		return SIZE_MAX;
	at = memmem(whole.p, whole.n, part.p, part.n);
	return at != NULL ? (size_t)(at - whole.p) : SIZE_MAX;
}

bool
rv_odata_find_folded(struct rv_slice whole, struct rv_slice part)
{
	for (size_t i = 0; i + part.n <= whole.n; i++)
		if (rv_slice_ieq(
			(struct rv_slice){ whole.p + i, part.n }, part))
			return true;
	return false;
}

static bool
ends_with(struct rv_slice s, struct rv_slice end)
{
	return s.n >= end.n && memcmp(s.p + s.n - end.n, end.p, end.n) == 0;
}

/* ---- Texts ----------------------------------------------------------------
 */

static struct rv_slice
folded(char *text, size_t n, bool upper)
{
	for (size_t i = 0; i < n; i++) {
		if (upper && text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
		if (!upper && text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	}
	return (struct rv_slice){ text, n };
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct rv_slice
trimmed(struct rv_slice s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct rv_slice
part_of(struct rv_slice s, const struct rv_odata_value *args, size_t n_args)
{
	uint64_t from = args[1].i > 0 ? (uint64_t)args[1].i : 0;
	size_t at = byte_at(s, from);
	struct rv_slice rest = { s.p + at, s.n - at };

	if (n_args == 3)
		rest.n = byte_at(rest, args[2].i > 0 ? (uint64_t)args[2].i : 0);
	return rest;
}

/* Functions whose value is a text. */
static int
call_text(struct rv_arena *arena, enum rv_odata_function function,
    const struct rv_odata_value *args, size_t n_args, struct rv_slice *ret)
{
	struct rv_slice a = args[0].text;
	char *copy;

	if (function == RV_ODATA_F_TRIM) {
		*ret = trimmed(a);
		return RV_OK;
	}
	if (function == RV_ODATA_F_SUBSTRING) {
		*ret = part_of(a, args, n_args);
		return RV_OK;
	}
	if (function == RV_ODATA_F_CONCAT) {
		struct rv_slice b = args[1].text;

		copy = rv_arena_alloc(arena, a.n + b.n + 1);
		if (copy == NULL)
			return RV_ERR_NOMEM;
		memcpy(copy, a.p, a.n);
		memcpy(copy + a.n, b.p, b.n);
		*ret = (struct rv_slice){ copy, a.n + b.n };
		return RV_OK;
	}
	copy = rv_arena_dup(arena, a);
	if (copy == NULL)
		return RV_ERR_NOMEM;
	*ret = folded(copy, a.n, function == RV_ODATA_F_TOUPPER);
	return RV_OK;
}

/* ---- Numbers --------------------------------------------------------------
 */

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t
days_of(const struct rv_odata_value *v)
{
	return v->type == RV_ODATA_DATE
		   ? v->i
		   : floor_divide(v->i, RV_ODATA_MICROS * RV_ODATA_DAY_SEC);
}

/* Seconds since midnight, UTC. */
static int64_t
seconds_of(const struct rv_odata_value *v)
{
	int64_t seconds = floor_divide(v->i, RV_ODATA_MICROS);

	return seconds -
	       floor_divide(seconds, RV_ODATA_DAY_SEC) * RV_ODATA_DAY_SEC;
}

static int64_t
index_of(struct rv_slice whole, struct rv_slice part)
{
	size_t at = find(whole, part);

	if (at == SIZE_MAX)
		return -1;
	return (int64_t)length((struct rv_slice){ whole.p, at });
}

/* Functions whose value is a number. */
static int64_t
call_number(enum rv_odata_function function, const struct rv_odata_value *args)
{
	switch ((int)function) {
	case RV_ODATA_F_LENGTH:
		return (int64_t)length(args[0].text);
	case RV_ODATA_F_INDEXOF:
		return index_of(args[0].text, args[1].text);
	case RV_ODATA_F_YEAR:
		return rv_odata_day_of(days_of(args)).year;
	case RV_ODATA_F_MONTH:
		return rv_odata_day_of(days_of(args)).month;
	case RV_ODATA_F_DAY:
		return rv_odata_day_of(days_of(args)).day;
	case RV_ODATA_F_HOUR:
		return seconds_of(args) / 3600;
	case RV_ODATA_F_MINUTE:
		return seconds_of(args) / 60 % 60;
	default:
		break;
	}
	return seconds_of(args) % 60;
}

static bool
call_boolean(enum rv_odata_function function, const struct rv_odata_value *args)
{
	struct rv_slice a = args[0].text, b = args[1].text;

	if (function == RV_ODATA_F_CONTAINS)
		return find(a, b) != SIZE_MAX;
	if (function == RV_ODATA_F_STARTSWITH)
		return rv_slice_has_prefix(a, b);
	return ends_with(a, b);
}

int
rv_odata_call(struct rv_arena *arena, enum rv_odata_function function,
    const struct rv_odata_value *args, size_t n_args,
    struct rv_odata_value *ret)
{
	struct rv_odata_value value = { .type = RV_ODATA_INT };
	int r = RV_OK;

	switch (function) {
	case RV_ODATA_F_CONTAINS:
	case RV_ODATA_F_STARTSWITH:
	case RV_ODATA_F_ENDSWITH:
		value.type = RV_ODATA_BOOL;
		value.i = call_boolean(function, args);
		break;
	case RV_ODATA_F_TOLOWER:
	case RV_ODATA_F_TOUPPER:
	case RV_ODATA_F_SUBSTRING:
	case RV_ODATA_F_CONCAT:
	case RV_ODATA_F_TRIM:
		value.type = RV_ODATA_STRING;
		r = call_text(arena, function, args, n_args, &value.text);
		break;
	case RV_ODATA_F_DATE:
		value.type = RV_ODATA_DATE;
		value.i = days_of(args);
		break;
	case RV_ODATA_F_LENGTH:
	case RV_ODATA_F_INDEXOF:
	case RV_ODATA_F_YEAR:
	case RV_ODATA_F_MONTH:
	case RV_ODATA_F_DAY:
	case RV_ODATA_F_HOUR:
	case RV_ODATA_F_MINUTE:
	case RV_ODATA_F_SECOND:
		value.i = call_number(function, args);
		break;
	}
	if (r == RV_OK)
		*ret = value;
	return r;
}
