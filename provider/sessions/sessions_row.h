/* A session as a row of the store, and back. */
#ifndef PROVIDER_SESSIONS_ROW_H
#define PROVIDER_SESSIONS_ROW_H

#include <jansson.h>
#include <libpq-fe.h>

#include "reeve/auth_session.h"

/* As session_put() takes it; NULL when out of memory. */
json_t *rv_session_row(const struct rv_session *session, const char *node);
/*
 * From the only row of session_get().  RV_ERR_INVALID for anything that
 * rv_session_row() does not write; the caller gives *ret up.
 */
RV_MUSTUSE int rv_session_of_row(const PGresult *row,
    const unsigned char hash[RV_SESSION_HASH_SIZE], struct rv_session *ret);

#endif
