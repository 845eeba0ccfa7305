/*
 * SMS_Collection, written over REST.  Who may, who is a member, and that
 * nobody widens one's own reach is decided in the store (docs/rule.md sections
 * 4, 6 and 7).
 */
#ifndef PROVIDER_REST_COLLECTIONS_H
#define PROVIDER_REST_COLLECTIONS_H

struct rv_exchange;

void rv_rest_collection_create(struct rv_exchange *x);
void rv_rest_collection_change(struct rv_exchange *x);
void rv_rest_collection_replace(struct rv_exchange *x);
void rv_rest_collection_delete(struct rv_exchange *x);
void rv_rest_collection_refresh(struct rv_exchange *x);
void rv_rest_collection_add_rule(struct rv_exchange *x);
void rv_rest_collection_add_rules(struct rv_exchange *x);
void rv_rest_collection_drop_rule(struct rv_exchange *x);
void rv_rest_collection_drop_rules(struct rv_exchange *x);

#endif
