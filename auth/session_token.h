/*
 * Tokens of sessions: 256 random bits behind a prefix by which they are
 * told from tokens of others, and the hash under which they are kept.
 */
#ifndef AUTH_SESSION_TOKEN_H
#define AUTH_SESSION_TOKEN_H

#include "reeve/auth_session.h"

/* RV_ERR_INTERNAL when there is no randomness. */
RV_MUSTUSE int rv_session_make_token(char ret_token[RV_SESSION_TOKEN_SIZE]);
/* A public name, drawn apart: it tells nothing about the token. */
RV_MUSTUSE int rv_session_make_id(char ret_id[RV_SESSION_ID_SIZE]);

#endif
