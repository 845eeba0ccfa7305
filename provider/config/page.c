#include "config/page.h"

#include <string.h>

#include "config/value.h"

/* Columns of the source, as mandoc(1) advises. */
#define WIDTH 78

/*
 * Prints prose as roff text: lines of bounded width, each sentence on a new
 * line, nothing that could be taken for a request or an escape.
 */
static void
print_prose(const char *text, FILE *out)
{
	size_t column = 0;
	bool sentence_ended = false;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column > 0 && (sentence_ended || column + n >= WIDTH)) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			column += (size_t)(fputc(' ', out) == ' ');
		else if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		for (size_t i = 0; i < n; i++)
			if (text[i] == '\\')
				(void)fputs("\\e", out);
			else
				(void)fputc(text[i], out);
		column += n;
		sentence_ended = n > 0 && text[n - 1] == '.';
		text += n;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

static const char *
type_name(enum rv_param_type type)
{
	switch (type) {
	case RV_PARAM_STRING:
		return "string";
	case RV_PARAM_PATH:
		return "path";
	case RV_PARAM_LIST:
		return "list";
	case RV_PARAM_INTEGER:
		return "integer";
	case RV_PARAM_DURATION:
		return "duration";
	case RV_PARAM_SIZE:
		return "size";
	case RV_PARAM_CHOICE:
		return "choice";
	}
	return "string";
}

static void
print_limit(const struct rv_param *param, int64_t value, FILE *out)
{
	struct rv_buf text = { .max = 64 };
	const char *s;

	if (param->type == RV_PARAM_DURATION)
		rv_value_print_duration(value, &text);
	else
		rv_value_print_size((uint64_t)value, &text);
	s = param->type == RV_PARAM_INTEGER ? NULL : rv_buf_cstr(&text);
	if (s != NULL)
		(void)fputs(s, out);
	else
		(void)fprintf(out, "%lld", (long long)value);
	rv_buf_fini(&text);
}

/* "Type: integer, 1 to 64, default 4, reload." */
static void
print_facts(const struct rv_param *param, FILE *out)
{
	if (param->type == RV_PARAM_CHOICE) {
		(void)fputs("One of ", out);
		for (int i = 0;; i++) {
			struct rv_slice v = rv_param_value_at(param, i);

			if (v.p == NULL)
				break;
			(void)fprintf(out, "%s%.*s", i == 0 ? "" : " | ",
			    RV_SLICE_FMT(v));
		}
	} else {
		(void)fprintf(out, "Type: %s", type_name(param->type));
	}
	if (param->type == RV_PARAM_INTEGER ||
	    param->type == RV_PARAM_DURATION || param->type == RV_PARAM_SIZE) {
		(void)fputs(", ", out);
		print_limit(param, param->min, out);
		(void)fputs(" to ", out);
		print_limit(param, param->max, out);
	}
	if (param->dflt[0] != '\0')
		(void)fprintf(out, ", default %s", param->dflt);
	(void)fputs(param->reload ? ", reload.\n" : ".\n", out);
}

void
rv_page_table(const struct rv_param_set *set, FILE *out)
{
	bool in_list = false;

	for (size_t i = 0; i < set->n; i++) {
		const struct rv_param *param = &set->v[i];

		if (param->section != NULL) {
			if (in_list)
				(void)fputs(".El\n", out);
			(void)fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n",
			    param->section);
			in_list = true;
			continue;
		}
		(void)fprintf(out, ".It Ic %s\n", param->name);
		print_prose(param->prose, out);
		(void)fputs(".br\n", out);
		print_facts(param, out);
	}
	if (in_list)
		(void)fputs(".El\n", out);
}
