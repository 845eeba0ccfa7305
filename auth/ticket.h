/*
 * From an accepted security context to evidence: who, since when, until
 * when, how signed in; and the refusals that only show after GSSAPI has
 * said yes.
 */
#ifndef AUTH_TICKET_H
#define AUTH_TICKET_H

#include <gssapi/gssapi.h>

#include "reeve/auth.h"

/* What gss_accept_sec_context() gave; borrowed. */
struct rv_ticket {
	gss_ctx_id_t context;
	gss_name_t source;
	OM_uint32 flags;
};

/* What a ticket must be; borrowed. */
struct rv_ticket_policy {
	const char *const *realms;
	size_t n_realms;
	bool require_binding;
	int64_t clock_skew_s; /* that the library added to the lifetime */
};

/*
 * Fills *ret and returns RV_REFUSED_NOT, or fills ret->detail.
 * Does not block.  The thread of the context.
 */
enum rv_auth_refusal rv_ticket_judge(const struct rv_ticket *ticket,
    const struct rv_ticket_policy *policy, struct rv_accepted *ret);

/* Writes ret->detail and returns refusal. */
enum rv_auth_refusal rv_accepted_refuse(struct rv_accepted *ret,
    enum rv_auth_refusal refusal, const char *fmt, ...) RV_PRINTF(3, 4);

#endif
