#include "config/record.h"

#include <string.h>

#include "config/value.h"

/* Where the parser is. */
struct reader {
	struct rv_record *record;
	size_t line;
	const char *line_start;
	struct rv_error *e;
};

/* FILE:LINE:COLUMN: text; columns count bytes from 1. */
static int
fail_at(const struct reader *rd, const char *at, const char *text)
{
	rv_error_set(rd->e, "%s:%zu:%zu: %s", rd->record->file, rd->line,
	    (size_t)(at - rd->line_start) + 1, text);
	return RV_ERR_INVALID;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static struct rv_slice
trim(struct rv_slice s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* What no line may hold, with advice for the usual causes. */
static int
check_bytes(const struct reader *rd, struct rv_slice line)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c == '\r')
			return fail_at(rd, line.p + i,
			    "carriage return: save the file with Unix line "
			    "ends");
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return fail_at(rd, line.p + i,
			    "control character: only tabs are allowed");
	}
	/* Find the place only after the line as a whole has failed. */
	if (rv_slice_is_text(line))
		return RV_OK;
	for (size_t n = 1; n <= line.n; n++) {
		struct rv_slice head = { line.p, n };
		bool whole =
		    n == line.n || ((unsigned char)line.p[n] & 0xc0) != 0x80;

		if (whole && !rv_slice_is_text(head)) {
			while (n > 1 &&
			       ((unsigned char)line.p[n - 1] & 0xc0) == 0x80)
				n--;
			return fail_at(rd, line.p + n - 1, "not UTF-8");
		}
	}
	return fail_at(rd, line.p, "not UTF-8");
}

static int
unknown_name(const struct reader *rd, struct rv_slice name)
{
	const struct rv_param *near = rv_param_suggest(rd->record->set, name);
	struct rv_error e;

	if (near != NULL)
		rv_error_set(&e, "unknown parameter '%s'; did you mean '%s'?",
		    rv_value_quote(name).text, near->name);
	else
		rv_error_set(&e, "unknown parameter '%s'; see reeved.conf(5)",
		    rv_value_quote(name).text);
	return fail_at(rd, name.p, e.text);
}

static int
find_param(const struct reader *rd, struct rv_slice name,
    const struct rv_param **ret_param)
{
	const struct rv_param_set *set = rd->record->set;
	const struct rv_param *param = rv_param_find(set, name);
	struct rv_error e;
	size_t *line;

	if (param == NULL)
		return unknown_name(rd, name);
	line = &rd->record->lines[param - set->v];
	if (*line != 0) {
		rv_error_set(
		    &e, "%s was already set in line %zu", param->name, *line);
		return fail_at(rd, name.p, e.text);
	}
	*line = rd->line;
	*ret_param = param;
	return RV_OK;
}

static int
read_assignment(const struct reader *rd, struct rv_slice line)
{
	const struct rv_param *param = NULL;
	struct rv_slice name = { line.p, 0 }, value;
	size_t i, offset = 0;
	struct rv_error e;
	int r;

	while (name.n < line.n && is_name(line.p[name.n]))
		name.n++;
	if (name.n == 0)
		return fail_at(rd, line.p,
		    "the name of a parameter, '#' or "
		    "an empty line is expected");
	for (i = name.n; i < line.n && is_blank(line.p[i]); i++)
		;
	if (i == line.n || line.p[i] != '=')
		return fail_at(rd, line.p + i, "'=' is expected");
	r = find_param(rd, name, &param);
	if (r != RV_OK)
		return r;
	value = (struct rv_slice){ line.p + i + 1, line.n - i - 1 };
	value = trim(value);
	r = rv_value_parse(value, param, rd->record, &offset, &e);
	if (r != RV_OK)
		rv_ignore(fail_at(rd, value.p + offset, e.text));
	return r;
}

static int
read_line(struct reader *rd, struct rv_slice line)
{
	int r;

	rd->line++;
	rd->line_start = line.p;
	r = check_bytes(rd, line);
	if (r != RV_OK)
		return r;
	line = trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return RV_OK;
	return read_assignment(rd, line);
}

static int
read_lines(struct reader *rd, struct rv_slice text)
{
	int r;

	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end == NULL ? text.n : (size_t)(end - text.p);

		r = read_line(rd, (struct rv_slice){ text.p, n });
		if (r != RV_OK)
			return r;
		if (end != NULL)
			n++;
		text.p += n;
		text.n -= n;
	}
	return RV_OK;
}

static int
set_defaults(struct rv_record *record)
{
	const struct rv_param *v = record->set->v;
	size_t offset;
	int r;

	for (size_t i = 0; i < record->set->n; i++) {
		if (v[i].section != NULL)
			continue;
		r = rv_value_parse(
		    rv_slice_of(v[i].dflt), &v[i], record, &offset, NULL);
		/* The table is ours: only memory may be short. */
		RV_ASSERT(r == RV_OK || r == RV_ERR_NOMEM);
		if (r != RV_OK)
			return r;
	}
	return RV_OK;
}

int
rv_record_parse(
    struct rv_record *record, struct rv_slice text, struct rv_error *e)
{
	const struct rv_param_set *set = record->set;
	struct reader rd = { .record = record, .e = e };
	int r;

	rv_error_set(e, "%s: out of memory", record->file);
	record->lines =
	    rv_arena_alloc(record->arena, set->n * sizeof(*record->lines));
	if (record->lines == NULL)
		return RV_ERR_NOMEM;
	r = set_defaults(record);
	if (r == RV_OK)
		r = read_lines(&rd, text);
	if (r == RV_OK && set->check != NULL)
		r = set->check(record, e);
	if (r == RV_OK)
		rv_error_set(e, "%s", "");
	return r;
}
