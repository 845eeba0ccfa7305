/*
 * Handlers of the REST routes.  Each is called on the loop of its exchange
 * with an authenticated caller that has passed the gate (open routes: with
 * no identity), fills the answer, and ends in rv_exchange_finish(), now or
 * in a later turn.
 */
#ifndef PROVIDER_REST_H
#define PROVIDER_REST_H

struct rv_exchange;

void rv_rest_healthz(struct rv_exchange *x);
void rv_rest_readyz(struct rv_exchange *x);
void rv_rest_version(struct rv_exchange *x);
/* OpenID AuthZEN Authorization API 1.0, Access Evaluation. */
void rv_rest_evaluation(struct rv_exchange *x);
/* OData lists of the classes in rest/list.c. */
void rv_rest_list(struct rv_exchange *x);
/* SMS_SecuredCategoryMembership's static methods. */
void rv_rest_add_memberships(struct rv_exchange *x);
void rv_rest_remove_memberships(struct rv_exchange *x);

#endif
