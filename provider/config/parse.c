#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/table.h"
#include "config/value.h"

/* Enough for a file of the greatest size, its lists included. */
#define ARENA_MAX (16 * 1024 * 1024)

/* Where the parser is. */
struct reader {
	const char *name; /* of the file */
	struct rv_config *config;
	size_t line;
	const char *line_start;
	size_t *lines; /* per table entry: where it was set, 0 if not */
	struct rv_error *e;
};

/* FILE:LINE:COLUMN: text; columns count bytes from 1. */
static int
fail_at(const struct reader *rd, const char *at, const char *text)
{
	rv_error_set(rd->e, "%s:%zu:%zu: %s", rd->name, rd->line,
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
	const struct rv_param *near = rv_param_suggest(name);
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
	const struct rv_param *param = rv_param_find(name), *table;
	struct rv_error e;
	size_t n, index;

	if (param == NULL)
		return unknown_name(rd, name);
	table = rv_param_table(&n);
	index = (size_t)(param - table);
	if (rd->lines[index] != 0) {
		rv_error_set(&e, "%s was already set in line %zu", param->name,
		    rd->lines[index]);
		return fail_at(rd, name.p, e.text);
	}
	rd->lines[index] = rd->line;
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
	r = rv_value_parse(value, param, rd->config, &offset, &e);
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
set_defaults(struct rv_config *config, struct rv_error *e)
{
	size_t n, offset;
	const struct rv_param *table = rv_param_table(&n);
	int r;

	for (size_t i = 0; i < n; i++) {
		if (table[i].section != NULL)
			continue;
		r = rv_value_parse(
		    rv_slice_of(table[i].dflt), &table[i], config, &offset, e);
		/* The table is ours: only memory may be short. */
		RV_ASSERT(r == RV_OK || r == RV_ERR_NOMEM);
		if (r != RV_OK)
			return r;
	}
	return RV_OK;
}

int
rv_config_parse(struct rv_slice text, const char *name,
    struct rv_config **ret_config, struct rv_error *e)
{
	struct rv_config *config = calloc(1, sizeof(*config));
	struct reader rd = { .name = name, .config = config, .e = e };
	int r = RV_ERR_NOMEM;
	size_t n;

	(void)rv_param_table(&n);
	rd.lines = calloc(n, sizeof(*rd.lines));
	rv_error_set(e, "%s: out of memory", name);
	if (config == NULL || rd.lines == NULL)
		goto out;
	config->arena = rv_arena_new(ARENA_MAX);
	if (config->arena == NULL)
		goto out;
	config->file = rv_arena_dup(config->arena, rv_slice_of(name));
	if (config->file == NULL || set_defaults(config, e) != RV_OK)
		goto out;
	r = read_lines(&rd, text);
	if (r == RV_OK)
		r = rv_config_check(config, rd.lines, e);
	if (r != RV_OK)
		goto out;
	rv_error_set(e, "%s", "");
	*ret_config = config;
	config = NULL;
out:
	free(rd.lines);
	rv_config_free(&config);
	return r;
}

void
rv_config_free(struct rv_config **config)
{
	struct rv_config *c = *config;

	*config = NULL;
	if (c == NULL)
		return;
	rv_arena_free(&c->arena);
	free(c);
}
