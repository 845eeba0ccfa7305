/*
 * How people name somebody in the exclusion list, and how the store does.
 */
#ifndef PROVIDER_REST_LEVEL_IDS_H
#define PROVIDER_REST_LEVEL_IDS_H

#include "reeve/base.h"

/*
 * Appends the ids that a name stands for to the inside of a PostgreSQL array
 * literal: "S-1-5-..." as person and as group, since nobody else has that
 * SID; "NAME@REALM" as Kerberos principal; ids of the store as they are.
 * False: it is no name.
 */
bool rv_level_id_put(struct rv_slice name, struct rv_buf *out);

#endif
