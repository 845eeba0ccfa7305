/*
 * What signing in needs from time to time, whether or not somebody signs in:
 * keys of issuers fetched before they are old, a change of level taken back
 * that nobody has confirmed.
 */
#ifndef PROVIDER_SIGN_IN_UPKEEP_H
#define PROVIDER_SIGN_IN_UPKEEP_H

struct rv_lane;
struct rv_upkeep;

/* NULL when out of memory. */
struct rv_upkeep *rv_upkeep_new(struct rv_lane *lane);
/* Once a second, on the lane's loop.  Never blocks. */
void rv_upkeep_tick(struct rv_upkeep *upkeep);
/*
 * After the loop and the workers have ended.  *upkeep may be NULL and becomes
 * NULL.
 */
void rv_upkeep_free(struct rv_upkeep **upkeep);

#endif
