#include "config/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* Largest last; the last that divides a value is used to print it. */
static const struct unit durations[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ "d", 24 * 60 * 60 * 1000 },
};
static const struct unit sizes[] = {
	{ "", 1 },
	{ "K", 1024 },
	{ "M", 1024 * 1024 },
	{ "G", 1024 * 1024 * 1024 },
};
#define N_DURATIONS (sizeof(durations) / sizeof(durations[0]))
#define N_SIZES	    (sizeof(sizes) / sizeof(sizes[0]))

struct rv_quoted
rv_value_quote(struct rv_slice s)
{
	struct rv_quoted q = { "" };
	size_t n = s.n < 40 ? s.n : 40;

	for (size_t i = 0; i < n; i++)
		q.text[i] = s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?';
	if (s.n > n)
		memcpy(q.text + n, "...", 4);
	return q;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- Words ------------------------------------------------------------- */

/*
 * Reads "..." at *pos into out.  The text has no line end, so that an open
 * quote ends with it.
 */
static int
read_quoted(
    struct rv_slice text, size_t *pos, struct rv_buf *out, struct rv_error *e)
{
	size_t start = *pos, i = start + 1;

	for (; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\') {
			i++;
			if (i >= text.n ||
			    (text.p[i] != '"' && text.p[i] != '\\')) {
				*pos = i - 1;
				rv_error_set(e,
				    "in quotes a backslash stands "
				    "only before \" or another backslash");
				return RV_ERR_INVALID;
			}
		}
		rv_buf_putc(out, text.p[i]);
	}
	if (i >= text.n) {
		rv_error_set(e, "the quote is never closed");
		return RV_ERR_INVALID;
	}
	*pos = i + 1;
	if (*pos < text.n && !is_blank(text.p[*pos])) {
		rv_error_set(e, "a blank must follow the closing quote");
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

/*
 * Reads up to the end, or up to a blank if `word`.  A '#' after a blank
 * would silently become a part of the value where the writer meant a
 * comment: it is refused.
 */
static int
read_plain(struct rv_slice text, size_t *pos, bool word, struct rv_buf *out,
    struct rv_error *e)
{
	for (; *pos < text.n; (*pos)++) {
		char c = text.p[*pos];

		if (word && is_blank(c))
			break;
		if (c == '#' && (*pos == 0 || is_blank(text.p[*pos - 1]))) {
			rv_error_set(e,
			    "a comment needs a line of its own; "
			    "put a value with '#' in double quotes");
			return RV_ERR_INVALID;
		}
		if (c == '"') {
			rv_error_set(e,
			    "a quote may only begin a value; put "
			    "the whole value in quotes and write \\\" inside");
			return RV_ERR_INVALID;
		}
		rv_buf_putc(out, c);
	}
	return RV_OK;
}

static int
read_word(struct rv_slice text, size_t *pos, bool word, struct rv_buf *out,
    struct rv_error *e)
{
	int r;

	rv_buf_reset(out);
	if (*pos < text.n && text.p[*pos] == '"')
		r = read_quoted(text, pos, out, e);
	else
		r = read_plain(text, pos, word, out, e);
	if (r == RV_OK && out->failed) {
		rv_error_set(e, "out of memory");
		r = RV_ERR_NOMEM;
	}
	return r;
}

/* The whole text as one word. */
static int
read_whole(struct rv_slice text, size_t *ret_offset, struct rv_buf *out,
    struct rv_error *e)
{
	int r;

	*ret_offset = 0;
	r = read_word(text, ret_offset, false, out, e);
	if (r == RV_OK && *ret_offset < text.n) {
		rv_error_set(e, "one value is expected; put a value with "
				"blanks in one pair of quotes");
		r = RV_ERR_INVALID;
	}
	if (r == RV_OK)
		*ret_offset = 0;
	return r;
}

/* ---- Parsers by type --------------------------------------------------- */

/* Number and unit; the bare number only where the first unit is "". */
static int
parse_scaled(struct rv_slice text, const struct unit *units, size_t n_units,
    uint64_t *ret_value)
{
	size_t digits = 0;
	uint64_t number;
	struct rv_slice unit;
	int r;

	while (
	    digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	r = rv_slice_to_u64(
	    (struct rv_slice){ text.p, digits }, UINT64_MAX, &number);
	if (r != RV_OK)
		return r;
	unit = (struct rv_slice){ text.p + digits, text.n - digits };
	for (size_t i = 0; i < n_units; i++) {
		if (!rv_slice_eq_cstr(unit, units[i].name))
			continue;
		if (number > UINT64_MAX / units[i].factor)
			return RV_ERR_LIMIT;
		*ret_value = number * units[i].factor;
		return RV_OK;
	}
	return RV_ERR_INVALID;
}

static int
parse_number(
    struct rv_slice text, const struct rv_param *param, uint64_t *ret_value)
{
	if (text.n == 0)
		return RV_ERR_INVALID;
	if (param->type == RV_PARAM_INTEGER)
		return rv_slice_to_u64(text, UINT64_MAX, ret_value);
	if (param->type == RV_PARAM_SIZE)
		return parse_scaled(text, sizes, N_SIZES, ret_value);
	if (rv_slice_eq_cstr(text, "0")) {
		*ret_value = 0;
		return RV_OK;
	}
	return parse_scaled(text, durations, N_DURATIONS, ret_value);
}

static void
print_number(const struct rv_param *param, int64_t value, struct rv_buf *out)
{
	if (param->type == RV_PARAM_DURATION)
		rv_value_print_duration(value, out);
	else if (param->type == RV_PARAM_SIZE)
		rv_value_print_size((uint64_t)value, out);
	else
		rv_buf_printf(out, "%" PRId64, value);
}

static void
explain_range(
    const struct rv_param *param, struct rv_slice text, struct rv_error *e)
{
	struct rv_buf range = { .max = 256 };
	const char *s;

	print_number(param, param->min, &range);
	rv_buf_puts(&range, " to ");
	print_number(param, param->max, &range);
	s = rv_buf_cstr(&range);
	rv_error_set(e, "%s must be %s, not '%s'", param->name,
	    s != NULL ? s : "in its range", rv_value_quote(text).text);
	rv_buf_fini(&range);
}

static void
explain_form(
    const struct rv_param *param, struct rv_slice text, struct rv_error *e)
{
	const char *form = "a whole number";

	if (param->type == RV_PARAM_DURATION)
		form = "a whole number with one of the units ms, s, m, h, d";
	else if (param->type == RV_PARAM_SIZE)
		form = "a whole number of bytes, or one with K, M or G";
	rv_error_set(e, "%s takes %s, not '%s'", param->name, form,
	    rv_value_quote(text).text);
}

static int
set_number(struct rv_slice text, const struct rv_param *param,
    const struct rv_record *record, struct rv_error *e)
{
	void *field = rv_param_field(record->fields, param);
	uint64_t value = 0;
	int r = parse_number(text, param, &value);

	if (r == RV_ERR_INVALID) {
		explain_form(param, text, e);
		return r;
	}
	if (r != RV_OK || value < (uint64_t)param->min ||
	    value > (uint64_t)param->max) {
		explain_range(param, text, e);
		return RV_ERR_INVALID;
	}
	if (param->type == RV_PARAM_SIZE)
		*(size_t *)field = (size_t)value;
	else
		*(int64_t *)field = (int64_t)value;
	return RV_OK;
}

static int
set_choice(struct rv_slice text, const struct rv_param *param,
    const struct rv_record *record, struct rv_error *e)
{
	int *field = rv_param_field(record->fields, param);
	struct rv_slice value;

	for (int i = 0;; i++) {
		value = rv_param_value_at(param, i);
		if (value.p == NULL)
			break;
		if (rv_slice_eq(value, text)) {
			*field = i;
			return RV_OK;
		}
	}
	rv_error_set(e, "%s must be one of %s, not '%s'", param->name,
	    param->values, rv_value_quote(text).text);
	return RV_ERR_INVALID;
}

static int
set_string(struct rv_slice text, const struct rv_param *param,
    const struct rv_record *record, struct rv_error *e)
{
	const char **field = rv_param_field(record->fields, param);
	char *copy;

	*field = NULL;
	if (text.n == 0)
		return RV_OK;
	if (param->type == RV_PARAM_PATH && text.p[0] != '/') {
		rv_error_set(e, "%s must be an absolute path, not '%s'",
		    param->name, rv_value_quote(text).text);
		return RV_ERR_INVALID;
	}
	copy = rv_arena_dup(record->arena, text);
	if (copy == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	*field = copy;
	return RV_OK;
}

/* Blanks separate; each item may be quoted.  Keeps items in the arena. */
static int
set_list(struct rv_slice text, const struct rv_param *param,
    const struct rv_record *record, size_t *ret_offset, struct rv_error *e)
{
	struct rv_strings *field = rv_param_field(record->fields, param);
	struct rv_buf word = { 0 };
	const char **v;
	size_t n = 0;
	int r = RV_ERR_NOMEM;

	*ret_offset = 0;
	/* At least every second byte is a blank. */
	v = rv_arena_alloc(record->arena, (text.n / 2 + 1) * sizeof(*v));
	while (v != NULL) {
		while (*ret_offset < text.n && is_blank(text.p[*ret_offset]))
			(*ret_offset)++;
		if (*ret_offset == text.n) {
			*field = (struct rv_strings){ .v = v, .n = n };
			r = RV_OK;
			goto out;
		}
		r = read_word(text, ret_offset, true, &word, e);
		if (r != RV_OK)
			goto out;
		/* "" is the empty list, as it is the unset string. */
		if (word.n == 0)
			continue;
		v[n] = rv_arena_dup(record->arena, rv_buf_slice(&word));
		if (v[n++] == NULL)
			break;
	}
	r = RV_ERR_NOMEM;
	rv_error_set(e, "out of memory");
out:
	rv_buf_fini(&word);
	return r;
}

static int
set_word(struct rv_slice word, const struct rv_param *param,
    const struct rv_record *record, struct rv_error *e)
{
	switch (param->type) {
	case RV_PARAM_STRING:
	case RV_PARAM_PATH:
		return set_string(word, param, record, e);
	case RV_PARAM_INTEGER:
	case RV_PARAM_DURATION:
	case RV_PARAM_SIZE:
		return set_number(word, param, record, e);
	case RV_PARAM_CHOICE:
		return set_choice(word, param, record, e);
	case RV_PARAM_LIST:
		break;
	}
	return RV_ERR_INTERNAL;
}

int
rv_value_parse(struct rv_slice text, const struct rv_param *param,
    const struct rv_record *record, size_t *ret_offset, struct rv_error *e)
{
	struct rv_buf word = { 0 };
	int r;

	if (param->type == RV_PARAM_LIST)
		return set_list(text, param, record, ret_offset, e);
	r = read_whole(text, ret_offset, &word, e);
	if (r == RV_OK)
		r = set_word(rv_buf_slice(&word), param, record, e);
	rv_buf_fini(&word);
	return r;
}

/* ---- Printing ---------------------------------------------------------- */

static void
print_scaled(uint64_t value, const struct unit *units, size_t n_units,
    struct rv_buf *out)
{
	size_t best = 0;

	for (size_t i = 1; value != 0 && i < n_units; i++)
		if (value % units[i].factor == 0)
			best = i;
	rv_buf_printf(
	    out, "%" PRIu64 "%s", value / units[best].factor, units[best].name);
}

void
rv_value_print_duration(int64_t ms, struct rv_buf *out)
{
	print_scaled((uint64_t)ms, durations, N_DURATIONS, out);
}

void
rv_value_print_size(uint64_t bytes, struct rv_buf *out)
{
	print_scaled(bytes, sizes, N_SIZES, out);
}

/* Without quotes only what needs none in any place. */
static bool
is_plain(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (is_blank(*p) || *p == '"' || *p == '\\' || *p == '#')
			return false;
	return *s != '\0';
}

static void
print_string(const char *s, struct rv_buf *out)
{
	if (s == NULL)
		s = "";
	if (is_plain(s)) {
		rv_buf_puts(out, s);
		return;
	}
	rv_buf_putc(out, '"');
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			rv_buf_putc(out, '\\');
		rv_buf_putc(out, *p);
	}
	rv_buf_putc(out, '"');
}

static void
print_list(const struct rv_strings *list, struct rv_buf *out)
{
	if (list->n == 0)
		rv_buf_puts(out, "\"\"");
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			rv_buf_putc(out, ' ');
		print_string(list->v[i], out);
	}
}

void
rv_value_print(
    const void *fields, const struct rv_param *param, struct rv_buf *out)
{
	const void *field = rv_param_get(fields, param);

	switch (param->type) {
	case RV_PARAM_STRING:
	case RV_PARAM_PATH:
		print_string(*(const char *const *)field, out);
		break;
	case RV_PARAM_LIST:
		print_list(field, out);
		break;
	case RV_PARAM_INTEGER:
	case RV_PARAM_DURATION:
		print_number(param, *(const int64_t *)field, out);
		break;
	case RV_PARAM_SIZE:
		rv_value_print_size(*(const size_t *)field, out);
		break;
	case RV_PARAM_CHOICE:
		rv_buf_put_slice(
		    out, rv_param_value_at(param, *(const int *)field));
		break;
	}
}
