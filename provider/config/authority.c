#include "config/authority.h"

#include "config/check.h"
#include "config/folder.h"
#include "config/form.h"

_Static_assert(offsetof(struct rv_authority_config, name) ==
		       offsetof(struct rv_folder_file, name) &&
		   offsetof(struct rv_authority_config, file) ==
		       offsetof(struct rv_folder_file, file),
    "rv_folder_load() fills in both");

/* ---- Checks ------------------------------------------------------------ */

static int
check_required(const struct rv_record *record, struct rv_error *e)
{
	static const char *const always[] = { "certificate" };
	static const char *const crl[] = { "crl" };
	static const char *const ocsp[] = { "ocsp_url" };
	const struct rv_authority_config *a = record->fields;
	int r = rv_record_require(record, always, 1, "", e);

	if (r == RV_OK && a->crl_required == RV_AUTHORITY_CRL_REQUIRED)
		r = rv_record_require(
		    record, crl, 1, " because crl_required is yes", e);
	if (r == RV_OK && a->ocsp != RV_AUTHORITY_OCSP_OFF)
		r = rv_record_require(
		    record, ocsp, 1, " because ocsp is not off", e);
	return r;
}

int
rv_authority_check(const struct rv_record *record, struct rv_error *e)
{
	static const struct rv_form forms[] = {
		{ "crl", rv_form_is_path, "absolute paths" },
		{ "ocsp_url", rv_form_is_http,
		    "a URL that begins with http:// or https://" },
		{ "upn_suffixes", rv_form_is_suffix,
		    "what follows the @, without it" },
		{ "realms", rv_form_is_suffix, "names of realms" },
		{ "sid_domains", rv_form_is_sid_domain,
		    "domains as S-1-5-21-A-B-C" },
		{ "certificate_policies", rv_form_is_oid,
		    "OIDs such as 1.3.6.1.4.1.311.21.8.1" },
		{ "hello_policies", rv_form_is_oid,
		    "OIDs such as 1.3.6.1.4.1.311.21.8.1" },
	};
	int r = check_required(record, e);

	if (r == RV_OK)
		r = rv_form_check(
		    record, forms, sizeof(forms) / sizeof(forms[0]), e);
	return r;
}

/* ---- The folder -------------------------------------------------------- */

int
rv_authorities_load(const char *folder,
    struct rv_authorities_config **ret_authorities, struct rv_error *e)
{
	struct rv_arena *arena = rv_arena_new(RV_FOLDER_ARENA_MAX);
	struct rv_authorities_config *all = NULL;
	void *v = NULL;
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "out of memory");
	if (arena != NULL)
		all = rv_arena_alloc(arena, sizeof(*all));
	if (all == NULL)
		goto out;
	r = rv_folder_load(folder, &rv_authority_params, arena, &v, &all->n, e);
	if (r != RV_OK)
		goto out;
	rv_error_set(e, "%s", "");
	all->v = v;
	all->arena = arena;
	*ret_authorities = all;
	arena = NULL;
out:
	rv_arena_free(&arena);
	return r;
}

void
rv_authorities_config_free(struct rv_authorities_config **authorities)
{
	struct rv_arena *arena =
	    *authorities == NULL ? NULL : (*authorities)->arena;

	*authorities = NULL;
	rv_arena_free(&arena); /* frees the struct too */
}
