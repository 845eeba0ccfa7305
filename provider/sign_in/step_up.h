/*
 * What somebody has to do whose sign-in is good, but not strong or new enough
 * for the site.
 */
#ifndef PROVIDER_SIGN_IN_STEP_UP_H
#define PROVIDER_SIGN_IN_STEP_UP_H

#include "pipeline/exchange.h"

/*
 * Answers 403 with missing.level and one way for each method by which the
 * site lets the level be reached; who came with a token gets 401 and the
 * challenges of RFC 9470 and of Entra ID.  Does not finish the exchange.
 */
void rv_step_up_level(struct rv_exchange *x, enum rv_level needed);
/* 401 with max_age, in seconds, for a sign-in that is too old. */
void rv_step_up_age(
    struct rv_exchange *x, enum rv_level needed, uint32_t max_age_s);

#endif
