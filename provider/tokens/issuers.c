#include "tokens/issuers.h"

#include <string.h>

static struct rv_words
words_of(struct rv_strings strings)
{
	return (struct rv_words){ strings.v, strings.n };
}

static struct rv_issuer
issuer_of(const struct rv_issuer_config *c)
{
	return (struct rv_issuer){
		.source = c->name,
		.issuer = c->issuer,
		.audiences = words_of(c->audience),
		.tenants = words_of(c->tenants),
		.entra = c->kind == RV_ISSUER_ENTRA,
		.jwks_uri = c->jwks_uri,
		.discovery_uri = c->discovery_uri,
		.ca = c->ca,
		.ca_pins = words_of(c->ca_pins),
		.algorithms = words_of(c->algorithms),
		.types = words_of(c->types),
		.subject_claim = c->subject_claim,
		.principal_claim = c->principal_claim,
		.lookup_claim = c->lookup_claim,
		.directory_realm = c->directory_realm,
		.groups_claim = c->groups_claim,
		.max_lifetime_ms = c->max_lifetime,
		.max_age_ms = c->max_age,
		.leeway_ms = c->leeway,
		.keys_refresh_ms = c->keys_refresh,
		.keys_max_age_ms = c->keys_max_age,
		.require_sender_constraint =
		    c->sender_constrained == RV_ISSUER_SENDER_REQUIRE,
	};
}

static struct rv_issuer_levels
levels_of(const struct rv_issuer_config *c)
{
	return (struct rv_issuer_levels){
		.source = c->name,
		.domain_sign_in =
		    c->domain_sign_in == RV_ISSUER_DOMAIN_SIGN_IN_YES,
		.certificate_acrs = words_of(c->certificate_acrs),
		.certificate_acr = words_of(c->certificate_acr),
		.certificate_amr = words_of(c->certificate_amr),
		.hello_acrs = words_of(c->hello_acrs),
		.hello_acr = words_of(c->hello_acr),
		.hello_amr = words_of(c->hello_amr),
	};
}

int
rv_token_settings_new(const struct rv_issuers_config *config,
    struct rv_token_settings **ret_settings)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_token_settings *settings = NULL;
	struct rv_issuer *issuers = NULL;
	struct rv_issuer_levels *levels = NULL;

	/* One more of each: an allocation of nothing may be NULL. */
	if (arena != NULL) {
		settings = rv_arena_alloc(arena, sizeof(*settings));
		issuers =
		    rv_arena_alloc(arena, (config->n + 1) * sizeof(*issuers));
		levels =
		    rv_arena_alloc(arena, (config->n + 1) * sizeof(*levels));
	}
	if (settings == NULL || issuers == NULL || levels == NULL) {
		rv_arena_free(&arena);
		return RV_ERR_NOMEM;
	}
	for (size_t i = 0; i < config->n; i++) {
		issuers[i] = issuer_of(&config->v[i]);
		levels[i] = levels_of(&config->v[i]);
	}
	*settings =
	    (struct rv_token_settings){ arena, config->n, issuers, levels };
	*ret_settings = settings;
	return RV_OK;
}

void
rv_token_settings_free(struct rv_token_settings **settings)
{
	struct rv_arena *arena = *settings == NULL ? NULL : (*settings)->arena;

	*settings = NULL;
	rv_arena_free(&arena);
}

size_t
rv_token_settings_find(
    const struct rv_token_settings *settings, const char *source)
{
	size_t i = 0;

	while (
	    i < settings->n && strcmp(settings->issuers[i].source, source) != 0)
		i++;
	return i;
}
