/*
 * The start: where the log ended.  Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_RECOVER_H
#define PROVIDER_AUDIT_RECOVER_H

#include "audit/chain.h"
#include "audit/segment.h"

/*
 * Verifies the last segment, opens it for further records and cuts a torn
 * end off.  *ret_link is the last record, *ret_torn the number of bytes
 * cut.  A chain that is broken anywhere but by a torn end is
 * RV_ERR_INVALID: somebody has changed the log.
 */
RV_MUSTUSE int rv_audit_recover(struct rv_audit_segment *s,
    struct rv_audit_hasher *hasher, struct rv_audit_link *ret_link,
    uint64_t *ret_torn, struct rv_error *e);

#endif
