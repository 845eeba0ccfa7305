/* Media types that a caller accepts (RFC 9110 section 12.5.1).  Pure. */
#ifndef PROVIDER_REST_MEDIA_H
#define PROVIDER_REST_MEDIA_H

#include "reeve/base.h"

/*
 * How much a list of media ranges wants a type such as "application/xml", in
 * thousandths: that of the most specific range.  Parameters but q are not
 * looked at.  0: not at all, or the list is absent.
 */
unsigned rv_media_quality(struct rv_slice accept, const char *type);

#endif
