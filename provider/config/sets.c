/* The tables params*.h as data. */
#include "config/check.h"
#include "config/config.h"
#include "config/rows.h"

#define RECORD struct rv_config
static const struct rv_param config[] = {
#include "config/params.h"
};
#undef RECORD

const struct rv_param_set rv_config_params = {
	.v = config,
	.n = sizeof(config) / sizeof(config[0]),
	.size = sizeof(struct rv_config),
	.check = rv_config_check,
};
