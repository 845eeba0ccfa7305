/*
 * Devices, users and user groups: changed, deleted, and computers imported,
 * over REST.
 * Who may is decided in the store (docs/rule.md sections 1, 4 and 7).
 */
#ifndef PROVIDER_REST_RESOURCES_H
#define PROVIDER_REST_RESOURCES_H

struct rv_exchange;

/* DELETE of the key of a class of resources: 204. */
void rv_rest_device_delete(struct rv_exchange *x);
void rv_rest_user_delete(struct rv_exchange *x);
void rv_rest_user_group_delete(struct rv_exchange *x);

/* PATCH of the key of a class of resources: the values that are sent. */
void rv_rest_device_change(struct rv_exchange *x);
void rv_rest_user_change(struct rv_exchange *x);
void rv_rest_user_group_change(struct rv_exchange *x);

/* SMS_Site.ImportMachineEntry: 200 with ResourceID and MachineExists. */
void rv_rest_machine_import(struct rv_exchange *x);

#endif
