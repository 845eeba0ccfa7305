/*
 * What no single value can violate, for each table: required parameters,
 * those that belong together, and forms that types do not tell.  Private to
 * provider/config.
 */
#ifndef PROVIDER_CONFIG_CHECK_H
#define PROVIDER_CONFIG_CHECK_H

#include "config/record.h"

RV_MUSTUSE int rv_config_check(
    const struct rv_record *record, struct rv_error *e);
RV_MUSTUSE int rv_authority_check(
    const struct rv_record *record, struct rv_error *e);
RV_MUSTUSE int rv_issuer_check(
    const struct rv_record *record, struct rv_error *e);

#endif
