/* Becoming an ordinary user. */
#ifndef PROVIDER_PRIVILEGE_H
#define PROVIDER_PRIVILEGE_H

#include "reeve/base.h"

/*
 * As root: becomes `user` for good, with its groups, and checks that there
 * is no way back; without a user it fails, since the provider never runs
 * as root.  As an ordinary user: does nothing, but refuses to be told
 * another user.  Before threads start.  No core dumps afterwards.
 */
RV_MUSTUSE int rv_privilege_drop(const char *user, struct rv_error *e);

#endif
