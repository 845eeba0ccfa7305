/*
 * What the operator asks, as one JSON object in one message:
 *   {"do": "status"}
 *   {"do": "level_windows"}
 *   {"do": "add_admin", "principal": "alice@EXAMPLE.ORG",
 *    "account_id": "..."}            (account_id may be left out)
 */
#ifndef PROVIDER_RESCUE_REQUEST_H
#define PROVIDER_RESCUE_REQUEST_H

#include <jansson.h>

#include "reeve/base.h"

#define RV_RESCUE_MESSAGE_MAX 4096u

enum rv_rescue_action {
	RV_RESCUE_STATUS,
	RV_RESCUE_LEVEL_WINDOWS,
	RV_RESCUE_ADD_ADMIN,
};

struct rv_rescue_request {
	enum rv_rescue_action action;
	const char *word;	/* of the action: a literal */
	const char *principal;	/* borrowed from body */
	const char *account_id; /* NULL: none was given */
	json_t *body;
};

/* Any bytes.  RV_ERR_INVALID with a sentence; *ret is then empty. */
RV_MUSTUSE int rv_rescue_request_read(
    struct rv_slice bytes, struct rv_rescue_request *ret, struct rv_error *e);
void rv_rescue_request_fini(struct rv_rescue_request *request);

#endif
