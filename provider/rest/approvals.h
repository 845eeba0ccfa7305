/*
 * Four eyes over REST: changes that give rights and wait for a second
 * administrator, where the site asks for one (docs/store.md).
 */
#ifndef PROVIDER_REST_APPROVALS_H
#define PROVIDER_REST_APPROVALS_H

#include "pipeline/exchange.h"
#include "rest/store_write.h"

void rv_rest_approval_approve(struct rv_exchange *x);
void rv_rest_approval_reject(struct rv_exchange *x);
void rv_rest_approval_setting(struct rv_exchange *x);
/* Tells the setting to who may Read the site. */
void rv_rest_get_approval_setting(struct rv_exchange *x);

/*
 * Answers a write of which a change waits: 202 with Location of the request.
 * False: none does, and nothing was answered.
 */
bool rv_approval_answer(
    struct rv_exchange *x, const struct rv_written *written);

#endif
