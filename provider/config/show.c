#include "config/config.h"

#include "config/record.h"
#include "config/value.h"

void
rv_config_show(const struct rv_config *config, FILE *out)
{
	rv_record_show(&rv_config_params, config, out);
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
	const struct rv_param *v = rv_config_params.v;

	rv_buf_reset(ret_names);
	for (size_t i = 0; i < rv_config_params.n; i++) {
		if (v[i].section != NULL || v[i].reload ||
		    !differs(old, new, &v[i]))
			continue;
		if (ret_names->n > 0)
			rv_buf_puts(ret_names, ", ");
		rv_buf_puts(ret_names, v[i].name);
	}
}
