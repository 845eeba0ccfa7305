/*
 * What the configuration says of failed sign-ins.
 */
#ifndef PROVIDER_SIGN_IN_PENALTIES_H
#define PROVIDER_SIGN_IN_PENALTIES_H

#include "reeve/auth_penalty.h"

#include "config/config.h"

/* Borrows from the configuration. */
struct rv_penalty_config rv_sign_in_penalties(const struct rv_config *config);

#endif
