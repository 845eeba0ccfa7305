#include "sign_in/penalties.h"

/* Sources and principals that are counted, some 100 bytes each. */
#define ENTRIES_MAX 65536u

struct rv_penalty_config
rv_sign_in_penalties(const struct rv_config *config)
{
	return (struct rv_penalty_config){
		.delay_ms = config->penalty_delay,
		.max_delay_ms = config->penalty_max_delay,
		.decay_ms = config->penalty_decay,
		.exempt = config->penalty_exempt.v,
		.n_exempt = config->penalty_exempt.n,
		.max_entries = ENTRIES_MAX,
	};
}
