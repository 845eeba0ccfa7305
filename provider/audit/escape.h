/*
 * Peer text made safe: whatever the bytes are, the result is printable
 * ASCII without a line end, and bounded.  Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_ESCAPE_H
#define PROVIDER_AUDIT_ESCAPE_H

#include "reeve/base.h"

/*
 * Appends the text as a JSON string (RFC 8259 section 7) in ASCII: other
 * characters as \uXXXX, a byte that is no UTF-8 as \ufffd.  When it would
 * take more than max bytes it is cut between characters, and
 * "...[cut N bytes]" with the number of bytes left out is put at its end.
 */
void rv_audit_put_json(struct rv_buf *out, struct rv_slice text, size_t max);
/* The same with "~" at the end of what was cut: for many texts. */
void rv_audit_put_json_brief(
    struct rv_buf *out, struct rv_slice text, size_t max);

/*
 * Appends the text in double quotes for a line in the form of SMSProv.log:
 * other bytes than printable ASCII as \xNN, '"' and '\' with a '\' before
 * them, the first of "$$" as \x24, since "$$<" ends the text of a line.
 * Cut as above.
 */
void rv_audit_put_line(struct rv_buf *out, struct rv_slice text, size_t max);

#endif
