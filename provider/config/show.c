#include "config/config.h"

#include <string.h>

#include "config/table.h"
#include "config/value.h"

void
rv_config_show(const struct rv_config *config, FILE *out)
{
	size_t n;
	const struct rv_param *table = rv_param_table(&n);
	struct rv_buf value = { 0 };
	const char *s;

	for (size_t i = 0; i < n; i++) {
		if (table[i].section != NULL) {
			(void)fprintf(out, "%s# %s\n", i == 0 ? "" : "\n",
			    table[i].section);
			continue;
		}
		rv_buf_reset(&value);
		rv_value_print(config, &table[i], &value);
		s = rv_buf_cstr(&value);
		if (s == NULL)
			(void)fprintf(
			    out, "# %s: out of memory\n", table[i].name);
		else
			(void)fprintf(out, "%s = %s\n", table[i].name, s);
	}
	rv_buf_fini(&value);
}

static bool
differs(const struct rv_config *old, const struct rv_config *new,
    const struct rv_param *param)
{
	struct rv_buf a = { 0 }, b = { 0 };
	bool r;

	rv_value_print(old, param, &a);
	rv_value_print(new, param, &b);
	/* When memory is short, rather name one too many. */
	r = a.failed || b.failed ||
	    !rv_slice_eq(rv_buf_slice(&a), rv_buf_slice(&b));
	rv_buf_fini(&a);
	rv_buf_fini(&b);
	return r;
}

void
rv_config_restart_needed(const struct rv_config *old,
    const struct rv_config *new, struct rv_buf *ret_names)
{
	size_t n;
	const struct rv_param *table = rv_param_table(&n);

	rv_buf_reset(ret_names);
	for (size_t i = 0; i < n; i++) {
		if (table[i].section != NULL || table[i].reload ||
		    !differs(old, new, &table[i]))
			continue;
		if (ret_names->n > 0)
			rv_buf_puts(ret_names, ", ");
		rv_buf_puts(ret_names, table[i].name);
	}
}
