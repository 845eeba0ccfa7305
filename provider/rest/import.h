/*
 * A site of Configuration Manager comes over, in one revision: what it takes
 * and tells is docs/coming-over.md; what of it is right is decided in the
 * store (reeve.apply_site_import).
 */
#ifndef PROVIDER_REST_IMPORT_H
#define PROVIDER_REST_IMPORT_H

#include "pipeline/exchange.h"

/* Handler: POST /reeve/v1/import/configmgr; with dryRun only the plan. */
void rv_rest_import_configmgr(struct rv_exchange *x);

#endif
