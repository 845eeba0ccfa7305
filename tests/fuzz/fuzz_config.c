/*
 * reeved.conf: any bytes are parsed or refused with a message, and what is
 * accepted is the same after it was printed and parsed again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
show(const struct rv_config *config, size_t *ret_n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_n);

	RV_ASSERT(out != NULL);
	rv_config_show(config, out);
	RV_ASSERT(fclose(out) == 0);
	return text;
}

static void
check_again(const struct rv_config *config)
{
	struct rv_config *second = NULL;
	struct rv_buf names = { 0 };
	struct rv_error e;
	size_t n, n_again;
	char *text = show(config, &n), *again;

	RV_ASSERT(rv_config_parse((struct rv_slice){ text, n }, "shown",
		      &second, &e) == RV_OK);
	again = show(second, &n_again);
	RV_ASSERT(n == n_again && memcmp(text, again, n) == 0);
	rv_config_restart_needed(config, second, &names);
	RV_ASSERT(!names.failed && names.n == 0);
	rv_buf_fini(&names);
	rv_config_free(&second);
	free(text);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice text = { (const char *)data, size };
	struct rv_config *config = NULL;
	struct rv_error e = { "" };

	if (rv_config_parse(text, "fuzz.conf", &config, &e) == RV_OK) {
		check_again(config);
		rv_config_free(&config);
		return 0;
	}
	RV_ASSERT(config == NULL);
	RV_ASSERT(strncmp(e.text, "fuzz.conf:", 10) == 0);
	RV_ASSERT(rv_slice_is_text(rv_slice_of(e.text)));
	RV_ASSERT(strchr(e.text, '\n') == NULL);
	return 0;
}
