/* What the operator asked for, done in the store. */
#ifndef PROVIDER_RESCUE_ACT_H
#define PROVIDER_RESCUE_ACT_H

#include "rescue/operator.h"
#include "rescue/request.h"

struct rv_rescue_context {
	const char *conninfo; /* as reeve_rescue */
	int64_t deadline_ms;
	int stop_fd;
	bool may_change; /* the parameter rescue */
};

/*
 * The answer, owned by the caller; NULL only when out of memory.  *ret_code
 * is a word for the record: "success", "refused", ...  Each call is one
 * connection: rescues are rare, and nothing is held between them.
 */
json_t *rv_rescue_act(const struct rv_rescue_context *context,
    const struct rv_operator *who, const char *request_id,
    const struct rv_rescue_request *request, const char **ret_code);

/* {"ok": false, "code": ..., "detail": ...}; NULL when out of memory. */
json_t *rv_rescue_refusal(const char *code, const char *detail);

#endif
