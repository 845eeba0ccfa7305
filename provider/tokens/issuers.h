/*
 * The issuers of the configuration as the judges of tokens and of levels want
 * them.
 */
#ifndef PROVIDER_TOKENS_ISSUERS_H
#define PROVIDER_TOKENS_ISSUERS_H

#include "config/issuer.h"
#include "reeve/auth_token.h"

/* Issuers and their levels, in the same order; both borrow from the config. */
struct rv_token_settings {
	struct rv_arena *arena; /* owns the rest, this struct included */
	size_t n;
	const struct rv_issuer *issuers;
	const struct rv_issuer_levels *levels;
};

/*
 * Valid as long as the configuration is.  source of each is the name of its
 * file, as evidence has it.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_token_settings_new(const struct rv_issuers_config *config,
    struct rv_token_settings **ret_settings);
/* *settings may be NULL and becomes NULL. */
void rv_token_settings_free(struct rv_token_settings **settings);

/* The place of the issuer of that source; n when there is none. */
size_t rv_token_settings_find(
    const struct rv_token_settings *settings, const char *source);

#endif
