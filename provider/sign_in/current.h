/*
 * The policy in force, and how a new one takes its place.  A failed change
 * leaves the old one, and is remembered until a change succeeds.
 */
#ifndef PROVIDER_SIGN_IN_CURRENT_H
#define PROVIDER_SIGN_IN_CURRENT_H

#include "sign_in/policy.h"

struct rv_sign_in;

/* Takes the policy.  NULL when out of memory: the policy is given up then. */
struct rv_sign_in *rv_sign_in_new(struct rv_sign_in_policy *policy);
/* After the last request.  *sign_in may be NULL and becomes NULL. */
void rv_sign_in_free(struct rv_sign_in **sign_in);

/* A reference to the policy of now.  Any thread. */
const struct rv_sign_in_policy *rv_sign_in_policy_now(
    struct rv_sign_in *sign_in);

/* Puts another policy in force; takes it.  Any thread. */
void rv_sign_in_replace(
    struct rv_sign_in *sign_in, struct rv_sign_in_policy *policy);

/*
 * Remembers that the last change failed: `part` is a word for readiness
 * ("authorities"), a literal; NULL: it succeeded.  Any thread.
 */
void rv_sign_in_set_failed(struct rv_sign_in *sign_in, const char *part);
/* The word, or NULL. */
const char *rv_sign_in_failed(struct rv_sign_in *sign_in);

#endif
