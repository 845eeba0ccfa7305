#include "config/config.h"

#include <stdlib.h>

#include "config/file.h"
#include "config/record.h"

/* Enough for a file of the greatest size, its lists included. */
#define ARENA_MAX (16 * 1024 * 1024)

int
rv_config_parse(struct rv_slice text, const char *name,
    struct rv_config **ret_config, struct rv_error *e)
{
	struct rv_config *config = calloc(1, sizeof(*config));
	struct rv_record record = { .set = &rv_config_params };
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "%s: out of memory", name);
	if (config == NULL)
		goto out;
	config->arena = rv_arena_new(ARENA_MAX);
	if (config->arena == NULL)
		goto out;
	config->file = rv_arena_dup(config->arena, rv_slice_of(name));
	if (config->file == NULL)
		goto out;
	record.fields = config;
	record.arena = config->arena;
	record.file = config->file;
	r = rv_record_parse(&record, text, e);
	if (r != RV_OK)
		goto out;
	*ret_config = config;
	config = NULL;
out:
	rv_config_free(&config);
	return r;
}

int
rv_config_load(
    const char *path, struct rv_config **ret_config, struct rv_error *e)
{
	struct rv_buf text = { 0 };
	int r = rv_file_read(path, &text, e);

	if (r == RV_OK)
		r = rv_config_parse(rv_buf_slice(&text), path, ret_config, e);
	rv_buf_fini(&text);
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
