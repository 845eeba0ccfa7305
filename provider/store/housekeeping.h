/*
 * What the store needs from time to time: texts of lists kept anew, answers
 * forgotten that nobody will ask for again.  Several providers may do it at
 * once; each takes what no other has.
 */
#ifndef PROVIDER_STORE_HOUSEKEEPING_H
#define PROVIDER_STORE_HOUSEKEEPING_H

struct rv_housekeeping;
struct rv_pg;

/* pg must outlive it but for rv_pg_free().  NULL when out of memory. */
struct rv_housekeeping *rv_housekeeping_new(struct rv_pg *pg);
/*
 * Once a second, on the loop of pg: asks the store when it is time, or at
 * once while the last answer said that there is more.  Never blocks; what
 * fails is logged and tried again.
 */
void rv_housekeeping_tick(struct rv_housekeeping *housekeeping);
/*
 * After rv_pg_free(), which answers what is under way.  *housekeeping may be
 * NULL and becomes NULL.
 */
void rv_housekeeping_free(struct rv_housekeeping **housekeeping);

#endif
