#include "config/record.h"

#include "config/file.h"
#include "config/value.h"

int
rv_record_load(struct rv_record *record, struct rv_error *e)
{
	struct rv_buf text = { 0 };
	int r = rv_file_read(record->file, &text, e);

	if (r == RV_OK)
		r = rv_record_parse(record, rv_buf_slice(&text), e);
	rv_buf_fini(&text);
	return r;
}

static const struct rv_param *
find(const struct rv_record *record, const char *name)
{
	const struct rv_param *param =
	    rv_param_find(record->set, rv_slice_of(name));

	RV_ASSERT(param != NULL);
	return param;
}

int
rv_record_fail(const struct rv_record *record, const char *name,
    struct rv_error *e, const char *text)
{
	size_t line = 0;

	if (name != NULL)
		line = record->lines[find(record, name) - record->set->v];
	if (line != 0)
		rv_error_set(e, "%s:%zu:1: %s", record->file, line, text);
	else
		rv_error_set(e, "%s: %s", record->file, text);
	return RV_ERR_INVALID;
}

static bool
is_set(const struct rv_record *record, const char *name)
{
	const struct rv_param *param = find(record, name);
	const void *field = rv_param_get(record->fields, param);

	if (param->type == RV_PARAM_LIST)
		return ((const struct rv_strings *)field)->n > 0;
	RV_ASSERT(
	    param->type == RV_PARAM_STRING || param->type == RV_PARAM_PATH);
	return *(const char *const *)field != NULL;
}

int
rv_record_require(const struct rv_record *record, const char *const *names,
    size_t n, const char *because, struct rv_error *e)
{
	struct rv_buf text = { .max = 400 };
	size_t n_missing = 0;
	const char *s;
	int r = RV_OK;

	for (size_t i = 0; i < n; i++) {
		if (is_set(record, names[i]))
			continue;
		rv_buf_puts(&text, n_missing++ == 0 ? "" : ", ");
		rv_buf_puts(&text, names[i]);
	}
	rv_buf_puts(&text, n_missing == 1 ? " is required" : " are required");
	rv_buf_puts(&text, because);
	s = rv_buf_cstr(&text);
	if (n_missing > 0)
		r = rv_record_fail(
		    record, NULL, e, s != NULL ? s : "not complete");
	rv_buf_fini(&text);
	return r;
}

void
rv_record_show(const struct rv_param_set *set, const void *fields, FILE *out)
{
	struct rv_buf value = { 0 };
	const char *s;

	for (size_t i = 0; i < set->n; i++) {
		const struct rv_param *param = &set->v[i];

		if (param->section != NULL) {
			(void)fprintf(out, "%s# %s\n", i == 0 ? "" : "\n",
			    param->section);
			continue;
		}
		rv_buf_reset(&value);
		rv_value_print(fields, param, &value);
		s = rv_buf_cstr(&value);
		if (s == NULL)
			(void)fprintf(
			    out, "# %s: out of memory\n", param->name);
		else
			(void)fprintf(out, "%s = %s\n", param->name, s);
	}
	rv_buf_fini(&value);
}
