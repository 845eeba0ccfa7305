/* The tables params*.h as data. */
#include "config/authority.h"
#include "config/check.h"
#include "config/config.h"
#include "config/issuer.h"
#include "config/rows.h"

#define RECORD struct rv_config
static const struct rv_param config[] = {
#include "config/params.h"
};
#undef RECORD

#define RECORD struct rv_authority_config
static const struct rv_param authority[] = {
#include "config/params_authority.h"
};
#undef RECORD

#define RECORD struct rv_issuer_config
static const struct rv_param issuer[] = {
#include "config/params_issuer.h"
};
#undef RECORD

const struct rv_param_set rv_config_params = {
	.v = config,
	.n = sizeof(config) / sizeof(config[0]),
	.size = sizeof(struct rv_config),
	.check = rv_config_check,
};

const struct rv_param_set rv_authority_params = {
	.v = authority,
	.n = sizeof(authority) / sizeof(authority[0]),
	.size = sizeof(struct rv_authority_config),
	.check = rv_authority_check,
};

const struct rv_param_set rv_issuer_params = {
	.v = issuer,
	.n = sizeof(issuer) / sizeof(issuer[0]),
	.size = sizeof(struct rv_issuer_config),
	.check = rv_issuer_check,
};
