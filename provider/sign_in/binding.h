/*
 * Channel bindings of certificates that are not the connection's own: those
 * of proxies which end TLS in front of the provider (RFC 5929 section 4).
 */
#ifndef PROVIDER_SIGN_IN_BINDING_H
#define PROVIDER_SIGN_IN_BINDING_H

#include "reeve/base.h"

/*
 * "tls-server-end-point:" and the hash of the first certificate of a PEM
 * file, in the arena.  RV_ERR_INVALID names the file.
 */
RV_MUSTUSE int rv_binding_of_file(const char *path, struct rv_arena *arena,
    struct rv_slice *ret_binding, struct rv_error *e);

#endif
