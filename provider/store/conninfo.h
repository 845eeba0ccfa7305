/*
 * How the provider connects to PostgreSQL, said once for the pool of the
 * loops and for the builder thread.
 */
#ifndef PROVIDER_STORE_CONNINFO_H
#define PROVIDER_STORE_CONNINFO_H

#include <libpq-fe.h>

#include "reeve/base.h"

/* Refuses what libpq cannot parse: RV_ERR_INVALID with a line in *e. */
RV_MUSTUSE int rv_conninfo_check(const char *conninfo, struct rv_error *e);

/*
 * The first host of the string that libpq would look up in the DNS, which
 * blocks the calling thread; NULL when there is none (Unix sockets, IP
 * addresses, hostaddr) or when out of memory.  Owned by the caller.
 */
char *rv_conninfo_looked_up_host(const char *conninfo);

/*
 * Begins to connect (PQconnectStartParams); never NULL unless out of
 * memory.  Defaults that the string may override: no GSSAPI encryption
 * (libpq would talk to the KDC, blocking) and a server that accepts writes.
 */
PGconn *rv_conninfo_start(const char *conninfo);

/*
 * The settings of a session, one statement with two parameters: statement
 * timeout and timeout of an idle transaction, both in ms as text, "0" for
 * none.
 */
extern const char rv_session_sql[];

/* The last message of a connection as one line without its line end. */
void rv_conninfo_why(const PGconn *conn, struct rv_error *ret_why);

#endif
