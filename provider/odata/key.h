/*
 * Keys in paths (OData 4.01 URL Conventions, section 4.3.1): 'SMS0001R',
 * 16777219, or CategoryID='SMS00UNA',ObjectKey='x',ObjectTypeID=31.  Pure;
 * any thread.
 */
#ifndef PROVIDER_ODATA_KEY_H
#define PROVIDER_ODATA_KEY_H

#include "odata/query.h"

#define RV_ODATA_KEYS_MAX 4u

struct rv_odata_key {
	/* By the order of the key properties of the class, as text. */
	struct rv_slice values[RV_ODATA_KEYS_MAX];
	size_t n;
};

/*
 * Reads what stood between the parentheses, decoded already.  Strings are in
 * single quotes, doubled inside; a key of a number is one in range.
 * RV_ERR_INVALID with *ret_fault, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_key_read(struct rv_arena *arena,
    const struct rv_odata_class *class, struct rv_slice text,
    struct rv_odata_key *ret, struct rv_odata_fault *ret_fault);

/*
 * The key as text, the same for each spelling: the bare value where it is of
 * one property, else Name='value',Name=5 in their order, quotes doubled, no
 * blanks (the column `key` of views, rest/classes.h).  In the arena;
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_key_text(struct rv_arena *arena,
    const struct rv_odata_class *class, const struct rv_odata_key *key,
    struct rv_slice *ret_text);

#endif
