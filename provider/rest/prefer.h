/* The field Prefer (RFC 7240, OData 4.01 protocol section 8.2.8). */
#ifndef PROVIDER_REST_PREFER_H
#define PROVIDER_REST_PREFER_H

#include "pipeline/exchange.h"

/*
 * The value of a preference, with or without "odata." before its name;
 * absent when there is none, empty when it has no value.
 */
struct rv_slice rv_prefer(const struct rv_exchange *x, const char *name);

/*
 * Makes *page smaller where maxpagesize asks for it, and says so in the field
 * Preference-Applied; what is no number above 0 is ignored, as RFC 7240 says.
 * Always true.
 */
bool rv_prefer_page(struct rv_exchange *x, size_t *page);

#endif
