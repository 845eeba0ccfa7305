/*
 * reeved.conf and the files of its folders: any bytes are parsed or refused
 * with a message, and what is accepted is the same after it was printed and
 * parsed again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/authority.h"
#include "config/config.h"
#include "config/issuer.h"
#include "config/record.h"

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

static void
check_message(const struct rv_error *e)
{
	RV_ASSERT(strncmp(e->text, "fuzz.conf:", 10) == 0);
	RV_ASSERT(rv_slice_is_text(rv_slice_of(e->text)));
	RV_ASSERT(strchr(e->text, '\n') == NULL);
}

static void
try_config(struct rv_slice text)
{
	struct rv_config *config = NULL;
	struct rv_error e = { "" };

	if (rv_config_parse(text, "fuzz.conf", &config, &e) == RV_OK) {
		check_again(config);
		rv_config_free(&config);
		return;
	}
	RV_ASSERT(config == NULL);
	check_message(&e);
}

/* ---- Files of folders -------------------------------------------------- */

static int
parse(const struct rv_param_set *set, struct rv_slice text,
    struct rv_arena *arena, void *fields, struct rv_error *e)
{
	struct rv_record record = {
		.set = set,
		.fields = fields,
		.arena = arena,
		.file = "fuzz.conf",
	};

	return rv_record_parse(&record, text, e);
}

static char *
show_fields(const struct rv_param_set *set, const void *fields, size_t *ret_n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_n);

	RV_ASSERT(out != NULL);
	rv_record_show(set, fields, out);
	RV_ASSERT(fclose(out) == 0);
	return text;
}

/* Two zeroed structs of the set. */
static void
try_file(const struct rv_param_set *set, struct rv_slice text, void *fields,
    void *again)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_error e = { "" };
	size_t n, n_again;
	char *shown, *shown_again;

	RV_ASSERT(arena != NULL);
	if (parse(set, text, arena, fields, &e) != RV_OK) {
		check_message(&e);
	} else {
		shown = show_fields(set, fields, &n);
		RV_ASSERT(parse(set, (struct rv_slice){ shown, n }, arena,
			      again, &e) == RV_OK);
		shown_again = show_fields(set, again, &n_again);
		RV_ASSERT(n == n_again && memcmp(shown, shown_again, n) == 0);
		free(shown);
		free(shown_again);
	}
	rv_arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice text = { (const char *)data, size };
	struct rv_authority_config authorities[2] = { 0 };
	struct rv_issuer_config issuers[2] = { 0 };

	try_config(text);
	try_file(&rv_authority_params, text, &authorities[0], &authorities[1]);
	try_file(&rv_issuer_params, text, &issuers[0], &issuers[1]);
	return 0;
}
