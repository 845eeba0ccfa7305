/*
 * Deployments over REST (docs/rule.md section 4): one handler for each verb
 * and all classes of them, told by the path.  Who may is decided in the
 * store, of the content and the collection together; what is refused here
 * already is a new deployment of somebody who may read no collection.
 */
#ifndef PROVIDER_REST_DEPLOYMENTS_H
#define PROVIDER_REST_DEPLOYMENTS_H

struct rv_exchange;

void rv_rest_deployment_create(struct rv_exchange *x);
void rv_rest_deployment_change(struct rv_exchange *x);
void rv_rest_deployment_delete(struct rv_exchange *x);

#endif
