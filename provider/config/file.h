/*
 * Reads files and folders that decide who gets in: what others may write is
 * refused.  Private to provider/config.
 */
#ifndef PROVIDER_CONFIG_FILE_H
#define PROVIDER_CONFIG_FILE_H

#include "config/fields.h"

/*
 * Appends the bytes of a regular file.  RV_ERR_INVALID when it does not
 * belong to root or to our user, or when group or others may write it;
 * RV_ERR_LIMIT beyond 1 MiB; *e names the file.
 */
RV_MUSTUSE int rv_file_read(
    const char *path, struct rv_buf *text, struct rv_error *e);

/*
 * The names of the files NAME.conf in a folder, without .conf, in their
 * order (of bytes); names that begin with a dot, and all others, are passed
 * over.  The folder is held to the same as a file.  RV_ERR_INVALID for a
 * NAME that is not of letters, digits, '.', '_' and '-'; RV_ERR_LIMIT
 * beyond 256.  Lives in the arena.
 */
RV_MUSTUSE int rv_file_names(const char *folder, struct rv_arena *arena,
    struct rv_strings *ret_names, struct rv_error *e);

#endif
