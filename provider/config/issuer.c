#include "config/issuer.h"

#include <string.h>

#include "config/check.h"
#include "config/folder.h"
#include "config/form.h"

_Static_assert(offsetof(struct rv_issuer_config, name) ==
		       offsetof(struct rv_folder_file, name) &&
		   offsetof(struct rv_issuer_config, file) ==
		       offsetof(struct rv_folder_file, file),
    "rv_folder_load() fills in both");

/* ---- Checks ------------------------------------------------------------ */

static int
check_required(const struct rv_record *record, struct rv_error *e)
{
	static const char *const names[] = { "issuer", "audience",
		"subject_claim", "algorithms", "types" };

	return rv_record_require(
	    record, names, sizeof(names) / sizeof(names[0]), "", e);
}

static int
check_forms(const struct rv_record *record, struct rv_error *e)
{
	static const struct rv_form forms[] = {
		{ "jwks_uri", rv_form_is_https,
		    "a URL that begins with https://" },
		{ "discovery_uri", rv_form_is_https,
		    "a URL that begins with https://" },
		{ "ca_pins", rv_form_is_pin,
		    "sha256: with 32 bytes in base64 or hexadecimal" },
		{ "algorithms", rv_form_is_algorithm,
		    "RS256, PS256 and ES256" },
		{ "types", rv_form_is_token_type, "at+jwt and JWT" },
		{ "directory_realm", rv_form_is_suffix, "the name of a realm" },
		{ "certificate_amr", rv_form_is_methods,
		    "sets of methods, each written a+b+c" },
		{ "hello_amr", rv_form_is_methods,
		    "sets of methods, each written a+b+c" },
	};

	return rv_form_check(
	    record, forms, sizeof(forms) / sizeof(forms[0]), e);
}

/* {tenantid} is a word of ours for a part that Entra fills in. */
static int
check_tenants(const struct rv_record *record, struct rv_error *e)
{
	static const char *const names[] = { "tenants" };
	const struct rv_issuer_config *c = record->fields;
	const char *at = strstr(c->issuer, RV_ISSUER_TENANT);

	if (at == NULL)
		return RV_OK;
	if (c->kind != RV_ISSUER_ENTRA)
		return rv_record_fail(record, "issuer", e,
		    "issuer may contain " RV_ISSUER_TENANT
		    " only when kind is entra");
	if (strstr(at + 1, RV_ISSUER_TENANT) != NULL)
		return rv_record_fail(record, "issuer", e,
		    "issuer may contain " RV_ISSUER_TENANT " only once");
	return rv_record_require(
	    record, names, 1, " because issuer contains " RV_ISSUER_TENANT, e);
}

/* From where the keys come must be one place, and a safe one. */
static int
check_keys(const struct rv_record *record, struct rv_error *e)
{
	const struct rv_issuer_config *c = record->fields;

	if (c->jwks_uri != NULL && c->discovery_uri != NULL)
		return rv_record_fail(record, "jwks_uri", e,
		    "jwks_uri and discovery_uri exclude each other");
	if (c->jwks_uri == NULL && c->discovery_uri == NULL &&
	    !rv_form_is_https(c->issuer))
		return rv_record_fail(record, "issuer", e,
		    "issuer does not begin with https://: set jwks_uri or "
		    "discovery_uri, for its keys");
	if (c->keys_refresh > c->keys_max_age)
		return rv_record_fail(record, "keys_refresh", e,
		    "keys_refresh must not be longer than keys_max_age");
	return RV_OK;
}

int
rv_issuer_check(const struct rv_record *record, struct rv_error *e)
{
	int r = check_required(record, e);

	if (r == RV_OK)
		r = check_forms(record, e);
	if (r == RV_OK)
		r = check_tenants(record, e);
	if (r == RV_OK)
		r = check_keys(record, e);
	return r;
}

/* ---- The folder -------------------------------------------------------- */

static int
check_twins(const struct rv_issuers_config *all, struct rv_error *e)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t j = 0; j < i; j++) {
			if (strcmp(all->v[i].issuer, all->v[j].issuer) != 0)
				continue;
			rv_error_set(e, "%s: issuer is the same as in %s",
			    all->v[i].file, all->v[j].file);
			return RV_ERR_INVALID;
		}
	return RV_OK;
}

int
rv_issuers_load(const char *folder, struct rv_issuers_config **ret_issuers,
    struct rv_error *e)
{
	struct rv_arena *arena = rv_arena_new(RV_FOLDER_ARENA_MAX);
	struct rv_issuers_config *all = NULL;
	void *v = NULL;
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "out of memory");
	if (arena != NULL)
		all = rv_arena_alloc(arena, sizeof(*all));
	if (all == NULL)
		goto out;
	r = rv_folder_load(folder, &rv_issuer_params, arena, &v, &all->n, e);
	if (r != RV_OK)
		goto out;
	all->v = v;
	all->arena = arena;
	r = check_twins(all, e);
	if (r != RV_OK)
		goto out;
	rv_error_set(e, "%s", "");
	*ret_issuers = all;
	arena = NULL;
out:
	rv_arena_free(&arena);
	return r;
}

int
rv_issuers_parse(struct rv_slice text, const char *name, const char *file,
    struct rv_issuers_config **ret_issuers, struct rv_error *e)
{
	struct rv_arena *arena = rv_arena_new(RV_FOLDER_ARENA_MAX);
	struct rv_record record = { .set = &rv_issuer_params, .arena = arena };
	struct rv_issuers_config *all = NULL;
	struct rv_issuer_config *one = NULL;
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "out of memory");
	if (arena != NULL) {
		all = rv_arena_alloc(arena, sizeof(*all));
		one = rv_arena_alloc(arena, sizeof(*one));
	}
	if (all == NULL || one == NULL)
		goto out;
	one->name = rv_arena_dup(arena, rv_slice_of(name));
	one->file = rv_arena_dup(arena, rv_slice_of(file));
	if (one->name == NULL || one->file == NULL)
		goto out;
	record.fields = one;
	record.file = one->file;
	r = rv_record_parse(&record, text, e);
	if (r != RV_OK)
		goto out;
	*all = (struct rv_issuers_config){ arena, one, 1 };
	rv_error_set(e, "%s", "");
	*ret_issuers = all;
	arena = NULL;
out:
	rv_arena_free(&arena);
	return r;
}

void
rv_issuers_config_free(struct rv_issuers_config **issuers)
{
	struct rv_arena *arena = *issuers == NULL ? NULL : (*issuers)->arena;

	*issuers = NULL;
	rv_arena_free(&arena); /* frees the struct too */
}
