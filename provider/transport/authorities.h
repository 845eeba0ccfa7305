/*
 * From the files of the folder `authorities` to what auth/ judges by.
 */
#ifndef PROVIDER_TRANSPORT_AUTHORITIES_H
#define PROVIDER_TRANSPORT_AUTHORITIES_H

#include "reeve/auth_certificate.h"

struct rv_authorities_config;

/*
 * Arrays of config->n items in the arena; their texts are borrowed from
 * config.  Each of the two results may be NULL when nobody wants it.
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_authorities_of(const struct rv_authorities_config *config,
    struct rv_arena *arena, const struct rv_authority **ret_authorities,
    const struct rv_authority_levels **ret_levels);

#endif
