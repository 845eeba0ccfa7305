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
/* The same, many at once: Access Evaluations. */
void rv_rest_evaluations(struct rv_exchange *x);
/* Its searches and its metadata: rest/search_kinds.c, rest/metadata.c. */
void rv_rest_search_resource(struct rv_exchange *x);
void rv_rest_search_subject(struct rv_exchange *x);
void rv_rest_search_action(struct rv_exchange *x);
void rv_rest_metadata(struct rv_exchange *x);
/* Reeve's own: rest/explain.c, rest/scope.c, rest/pair.c, rest/what_if.c. */
void rv_rest_pair(struct rv_exchange *x);
void rv_rest_what_if(struct rv_exchange *x);
void rv_rest_explain(struct rv_exchange *x);
void rv_rest_scope(struct rv_exchange *x);
/* Signs in with a token in the body: rest/session_begin.c. */
void rv_rest_session_begin(struct rv_exchange *x);
/* Sessions: rest/session.c. */
void rv_rest_session(struct rv_exchange *x);
void rv_rest_session_delete(struct rv_exchange *x);
void rv_rest_sessions(struct rv_exchange *x);
void rv_rest_sessions_revoke(struct rv_exchange *x);
/* The classes of the AdminService: rest/list.c, rest/entity.c. */
void rv_rest_list(struct rv_exchange *x);
void rv_rest_entity(struct rv_exchange *x);
void rv_rest_count(struct rv_exchange *x);
/* Roots of the AdminService and their $metadata: rest/service_document.c. */
void rv_rest_service_document(struct rv_exchange *x);
void rv_rest_csdl(struct rv_exchange *x);
/* SMS_RbacSecuredObject's methods: rest/methods_rbac.c, methods_users.c. */
void rv_rest_user_has_permissions(struct rv_exchange *x);
void rv_rest_collections_with_permissions(struct rv_exchange *x);
void rv_rest_available_scopes(struct rv_exchange *x);
void rv_rest_user_list(struct rv_exchange *x);
/* SMS_SecuredCategoryMembership's static methods. */
void rv_rest_add_memberships(struct rv_exchange *x);
void rv_rest_remove_memberships(struct rv_exchange *x);

/* The site's level and its exceptions: rest/level.c. */
void rv_rest_set_level(struct rv_exchange *x);
void rv_rest_get_level(struct rv_exchange *x);
/* What else is set as the level is: rest/site_settings.c. */
void rv_rest_max_auth_age(struct rv_exchange *x);
void rv_rest_role_minimum(struct rv_exchange *x);
void rv_rest_operation_minimum(struct rv_exchange *x);
void rv_rest_principal_add(struct rv_exchange *x);
void rv_rest_principal_remove(struct rv_exchange *x);
/* What tasks need: rest/tasks.c. */
void rv_rest_tasks(struct rv_exchange *x);
void rv_rest_role_for_tasks(struct rv_exchange *x);

#endif
