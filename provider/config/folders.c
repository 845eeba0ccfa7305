#include "config/folders.h"

#include "config/authority.h"
#include "config/issuer.h"
#include "config/record.h"

struct folders {
	struct rv_authorities_config *authorities;
	struct rv_issuers_config *issuers;
};

static int
load(const struct rv_config *config, struct folders *all, struct rv_error *e)
{
	int r = rv_authorities_load(config->authorities, &all->authorities, e);

	if (r == RV_OK)
		r = rv_issuers_load(config->issuers, &all->issuers, e);
	return r;
}

static void
unload(struct folders *all)
{
	rv_authorities_config_free(&all->authorities);
	rv_issuers_config_free(&all->issuers);
}

int
rv_config_check_folders(const struct rv_config *config, struct rv_error *e)
{
	struct folders all = { 0 };
	int r = load(config, &all, e);

	unload(&all);
	return r;
}

static void
show(const struct rv_param_set *set, const char *file, const void *fields,
    FILE *out)
{
	(void)fprintf(out, "\n# ---- %s\n\n", file);
	rv_record_show(set, fields, out);
}

int
rv_config_show_folders(
    const struct rv_config *config, FILE *out, struct rv_error *e)
{
	struct folders all = { 0 };
	int r = load(config, &all, e);

	for (size_t i = 0; r == RV_OK && i < all.authorities->n; i++)
		show(&rv_authority_params, all.authorities->v[i].file,
		    &all.authorities->v[i], out);
	for (size_t i = 0; r == RV_OK && i < all.issuers->n; i++)
		show(&rv_issuer_params, all.issuers->v[i].file,
		    &all.issuers->v[i], out);
	unload(&all);
	return r;
}
