/*
 * A folder of files that one table describes.  Private to provider/config.
 */
#ifndef PROVIDER_CONFIG_FOLDER_H
#define PROVIDER_CONFIG_FOLDER_H

#include "config/table.h"

/* For all files of a folder together. */
#define RV_FOLDER_ARENA_MAX (64 * 1024 * 1024)

/* What a struct for one file of a folder begins with. */
struct rv_folder_file {
	const char *name; /* of the file, without .conf */
	const char *file; /* its path */
};

/*
 * Loads every file NAME.conf of a folder into an array of the set's structs,
 * in the order of their names; all in the arena.  folder may be NULL: none.
 * Errors as of rv_file_names() and rv_record_load().
 */
RV_MUSTUSE int rv_folder_load(const char *folder,
    const struct rv_param_set *set, struct rv_arena *arena, void **ret_v,
    size_t *ret_n, struct rv_error *e);

#endif
