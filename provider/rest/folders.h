/*
 * What lies in folders, moved over REST (SMS_ObjectContainerItem.MoveMembers).
 * Folders themselves are written as other objects are: rest/objects.h.
 */
#ifndef PROVIDER_REST_FOLDERS_H
#define PROVIDER_REST_FOLDERS_H

struct rv_exchange;

/*
 * All of InstanceKeys or none, in one revision; the snapshot may refuse early,
 * the store decides (docs/rule.md sections 4 and 7).  Finishes the exchange.
 */
void rv_rest_folder_move(struct rv_exchange *x);

#endif
