/*
 * Paths of objects as methods take them in ObjectPath: WMI's
 *     SMS_Collection.CollectionID="SMS00001"
 *     \\host\root\SMS\site_RVE:SMS_R_System.ResourceID=16777219
 * or OData's SMS_Collection('SMS00001'), or a class alone.  Pure.
 */
#ifndef PROVIDER_REST_METHODS_PATH_H
#define PROVIDER_REST_METHODS_PATH_H

#include "reeve/base.h"

struct rv_object_path {
	struct rv_slice class;
	struct rv_slice property; /* absent: the path names none */
	struct rv_slice key;	  /* absent: a class alone */
};

/*
 * Decoded values are in the arena, the rest is borrowed.  RV_ERR_INVALID for
 * anything else, also for keys of several properties; RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_object_path_read(
    struct rv_arena *arena, struct rv_slice text, struct rv_object_path *ret);

#endif
