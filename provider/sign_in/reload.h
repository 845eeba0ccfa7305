/*
 * A new policy in the place of the old one, while requests go on.
 */
#ifndef PROVIDER_SIGN_IN_RELOAD_H
#define PROVIDER_SIGN_IN_RELOAD_H

#include "config/config.h"

struct rv_provider;

/*
 * Takes up what may change without a restart: our own certificate, the
 * authorities, the issuers, the lists of levels, the penalties.  All of it,
 * or nothing: on failure everything stays as it was, which readiness tells
 * until a later reload succeeds.  On success *config is taken and NULL.
 * Blocks on the disk; one thread at a time.
 */
RV_MUSTUSE int rv_sign_in_reload(
    struct rv_provider *p, struct rv_config **config, struct rv_error *e);

#endif
