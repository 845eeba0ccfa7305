/* Encodes answers as HTTP/1.1 (RFC 9112 section 4).  Pure. */
#ifndef PROVIDER_HTTP_HTTP1_WRITE_H
#define PROVIDER_HTTP_HTTP1_WRITE_H

#include "reeve/base.h"

#include "pipeline/message.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). */
struct rv_http1_date {
	int64_t at_s; /* UTC seconds of the text */
	char text[30];
};

/* Makes the text that of now_s; cheap when it is already. */
void rv_http1_date_set(struct rv_http1_date *date, int64_t now_s);

/* How an answer is to be sent. */
struct rv_http1_sending {
	bool head_only; /* the request was a HEAD */
	bool close;	/* say "Connection: close" */
	const struct rv_http1_date *date;
};

/*
 * Appends head and body to out.  Cache-Control: no-store stands where the
 * answer has no Cache-Control of its own; the fields that frame a message
 * are ours alone.  RV_ERR_INVALID when a name or value could be read as
 * something else than one field (a control character in it), or when the
 * status is not a final one; RV_ERR_NOMEM.  After a failure out is as it
 * was, except for its sticky error.
 */
RV_MUSTUSE int rv_http1_write(struct rv_buf *out,
    const struct rv_answer *answer, const struct rv_http1_sending *sending);

#endif
