#include "config/table.h"

#include <string.h>

#define LONGEST_NAME 32

/* clang-format off */
#define RELOAD true
#define RESTART false
#define TYPE_string RV_PARAM_STRING
#define TYPE_path RV_PARAM_PATH
#define TYPE_list RV_PARAM_LIST
#define TYPE_integer RV_PARAM_INTEGER
#define TYPE_duration RV_PARAM_DURATION
#define TYPE_size RV_PARAM_SIZE

static const struct rv_param table[] = {
#define SECTION(title) { .section = (title) },
#define PARAM(field, kind, standard, least, most, when, text) \
	{ .name = #field, .type = TYPE_##kind, .dflt = (standard), \
	  .min = (least), .max = (most), .reload = (when), .prose = (text), \
	  .offset = offsetof(struct rv_config, field) },
#define CHOICE(field, all, standard, when, text) \
	{ .name = #field, .type = RV_PARAM_CHOICE, .dflt = (standard), \
	  .values = (all), .reload = (when), .prose = (text), \
	  .offset = offsetof(struct rv_config, field) },
#include "config/params.h"
#undef SECTION
#undef PARAM
#undef CHOICE
};
/* clang-format on */

#define N_TABLE (sizeof(table) / sizeof(table[0]))

const struct rv_param *
rv_param_table(size_t *ret_n)
{
	*ret_n = N_TABLE;
	return table;
}

const struct rv_param *
rv_param_find(struct rv_slice name)
{
	for (size_t i = 0; i < N_TABLE; i++)
		if (table[i].section == NULL &&
		    rv_slice_eq_cstr(name, table[i].name))
			return &table[i];
	return NULL;
}

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t
distance(struct rv_slice a, struct rv_slice b)
{
	size_t row[LONGEST_NAME + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];
			size_t change = a.p[i - 1] == b.p[j - 1] ? 0 : 1;

			row[j] =
			    least(above + 1, row[j - 1] + 1, diagonal + change);
			diagonal = above;
		}
	}
	return row[b.n];
}

const struct rv_param *
rv_param_suggest(struct rv_slice name)
{
	const struct rv_param *best = NULL;
	size_t best_distance = name.n / 3 + 1;

	if (name.n > LONGEST_NAME)
		return NULL;
	for (size_t i = 0; i < N_TABLE; i++) {
		struct rv_slice other = rv_slice_of(table[i].name);
		size_t d;

		if (table[i].section != NULL || other.n > LONGEST_NAME)
			continue;
		d = distance(name, other);
		if (d < best_distance) {
			best = &table[i];
			best_distance = d;
		}
	}
	return best;
}

static void *
field(struct rv_config *config, const struct rv_param *param)
{
	return (char *)config + param->offset;
}

const char **
rv_param_string(struct rv_config *config, const struct rv_param *param)
{
	return field(config, param);
}

struct rv_strings *
rv_param_list(struct rv_config *config, const struct rv_param *param)
{
	return field(config, param);
}

int64_t *
rv_param_number(struct rv_config *config, const struct rv_param *param)
{
	return field(config, param);
}

size_t *
rv_param_size(struct rv_config *config, const struct rv_param *param)
{
	return field(config, param);
}

int *
rv_param_choice(struct rv_config *config, const struct rv_param *param)
{
	return field(config, param);
}

struct rv_slice
rv_param_value_at(const struct rv_param *param, int i)
{
	const char *p = param->values;

	for (;;) {
		const char *end = strchr(p, '|');
		size_t n = end == NULL ? strlen(p) : (size_t)(end - p);

		if (i-- == 0)
			return (struct rv_slice){ p, n };
		if (end == NULL)
			return RV_SLICE_NONE;
		p = end + 1;
	}
}
