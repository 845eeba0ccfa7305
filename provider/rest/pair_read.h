/* The body of a question about more than one thing: rest/pair.c. */
#ifndef PROVIDER_REST_PAIR_READ_H
#define PROVIDER_REST_PAIR_READ_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "reeve/rbac_pair.h"

/* Collections that a rule names, or its resources. */
#define RV_PAIR_THINGS_MAX 64u

struct rv_pair_body {
	struct rv_exchange *x;
	struct rv_slice operation; /* as it was named */
	struct rv_pair_question question;
	struct rv_slice named[RV_PAIR_THINGS_MAX];
	struct rv_thing direct[RV_PAIR_THINGS_MAX];
};

/* All but the subject; false: the exchange has been answered. */
bool rv_pair_read(struct rv_pair_body *body, const json_t *root);

/* "deploy", "move", ... to stand behind "may". */
const char *rv_pair_phrase(enum rv_pair_operation operation);

#endif
