/*
 * auth/: bytes in, identity out.  This header includes all of its public
 * ones; see each for its subject.
 *
 * auth/ blocks where a library blocks (GSSAPI, LDAP, HTTPS): such calls say
 * so and belong on a worker thread, never on an event loop.
 */
#ifndef REEVE_AUTH_H
#define REEVE_AUTH_H

#include "reeve/auth_certificate.h"
#include "reeve/auth_directory.h"
#include "reeve/auth_evidence.h"
#include "reeve/auth_identity.h"
#include "reeve/auth_kerberos.h"
#include "reeve/auth_penalty.h"
#include "reeve/auth_session.h"
#include "reeve/auth_token.h"

#endif
