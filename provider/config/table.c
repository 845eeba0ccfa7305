#include "config/table.h"

#include <string.h>

#define LONGEST_NAME 32

const struct rv_param *
rv_param_find(const struct rv_param_set *set, struct rv_slice name)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].section == NULL &&
		    rv_slice_eq_cstr(name, set->v[i].name))
			return &set->v[i];
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
rv_param_suggest(const struct rv_param_set *set, struct rv_slice name)
{
	const struct rv_param *best = NULL;
	size_t best_distance = name.n / 3 + 1;

	if (name.n > LONGEST_NAME)
		return NULL;
	for (size_t i = 0; i < set->n; i++) {
		struct rv_slice other = rv_slice_of(set->v[i].name);
		size_t d;

		if (set->v[i].section != NULL || other.n > LONGEST_NAME)
			continue;
		d = distance(name, other);
		if (d < best_distance) {
			best = &set->v[i];
			best_distance = d;
		}
	}
	return best;
}

void *
rv_param_field(void *fields, const struct rv_param *param)
{
	return (char *)fields + param->offset;
}

const void *
rv_param_get(const void *fields, const struct rv_param *param)
{
	return (const char *)fields + param->offset;
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
