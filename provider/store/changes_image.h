/* The image of a row, JSON as PostgreSQL writes it, into its values. */
#ifndef PROVIDER_STORE_CHANGES_IMAGE_H
#define PROVIDER_STORE_CHANGES_IMAGE_H

#include <jansson.h>

#include "store/changes_rows.h"

struct rv_change_image {
	json_t *json; /* what the texts of the row are borrowed from */
	struct rv_change_row row;
};

/*
 * Strict: every column that is known and no other, each with a value that
 * it can have.  RV_ERR_INVALID, or RV_ERR_NOMEM.  An image that was zeroed
 * or opened can be closed.
 */
RV_MUSTUSE int rv_change_image_open(const struct rv_change_entity *entity,
    struct rv_slice json, struct rv_change_image *ret_image,
    struct rv_error *e);
void rv_change_image_close(struct rv_change_image *image);

/* Whether a snapshot that has the one row need not change for the other. */
bool rv_change_row_same(const struct rv_change_entity *entity,
    const struct rv_change_row *a, const struct rv_change_row *b);

#endif
