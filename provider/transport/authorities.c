#include "transport/authorities.h"

#include "config/authority.h"

static struct rv_words
words_of(struct rv_strings list)
{
	return (struct rv_words){ list.v, list.n };
}

static enum rv_ocsp_mode
ocsp_of(int choice)
{
	switch (choice) {
	case RV_AUTHORITY_OCSP_OFF:
		return RV_OCSP_OFF;
	case RV_AUTHORITY_OCSP_SOFT:
		return RV_OCSP_SOFT;
	default:
		return RV_OCSP_HARD;
	}
}

static struct rv_authority
authority_of(const struct rv_authority_config *c)
{
	return (struct rv_authority){
		.source = c->name,
		.certificate = c->certificate,
		.chain = c->chain,
		.crls = words_of(c->crl),
		.crl_required = c->crl_required != RV_AUTHORITY_CRL_OPTIONAL,
		.alarm_before_ms = c->alarm_before,
		.weak_mapping = c->mapping == RV_AUTHORITY_MAPPING_WEAK,
		.upn_suffixes = words_of(c->upn_suffixes),
		.realms = words_of(c->realms),
		.sid_domains = words_of(c->sid_domains),
		.ocsp = ocsp_of(c->ocsp),
		.ocsp_url = c->ocsp_url,
		.ocsp_timeout_ms = c->ocsp_timeout,
	};
}

static struct rv_authority_levels
levels_of(const struct rv_authority_config *c)
{
	return (struct rv_authority_levels){
		.source = c->name,
		.certificate_policies = words_of(c->certificate_policies),
		.hello_policies = words_of(c->hello_policies),
	};
}

int
rv_authorities_of(const struct rv_authorities_config *config,
    struct rv_arena *arena, const struct rv_authority **ret_authorities,
    const struct rv_authority_levels **ret_levels)
{
	/* One more than needed: no array is empty. */
	struct rv_authority *authorities =
	    rv_arena_alloc(arena, (config->n + 1) * sizeof(*authorities));
	struct rv_authority_levels *levels =
	    rv_arena_alloc(arena, (config->n + 1) * sizeof(*levels));

	if (authorities == NULL || levels == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < config->n; i++) {
		authorities[i] = authority_of(&config->v[i]);
		levels[i] = levels_of(&config->v[i]);
	}
	if (ret_authorities != NULL)
		*ret_authorities = authorities;
	if (ret_levels != NULL)
		*ret_levels = levels;
	return RV_OK;
}
