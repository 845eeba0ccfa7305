#include "rest/reading_turns.h"

#include <string.h>

#include "config/config.h"
#include "pipeline/lane.h"
#include "provider.h"

#define WAITING_MAX 64u /* of a lane; half of them of one caller */

static size_t
count(const struct rv_reading *first, const struct rv_reading *of)
{
	size_t n = 0;

	for (const struct rv_reading *r = first; r != NULL; r = r->next)
		if (of == NULL || strcmp(r->x->identity->principal,
				      of->x->identity->principal) == 0)
			n++;
	return n;
}

/* One connection is left to those who write. */
static bool
may_start(const struct rv_reading *r)
{
	const struct rv_lane *lane = r->x->lane;
	const size_t connections =
	    (size_t)lane->provider->config->store_connections;
	const size_t all = count(lane->readings, NULL);

	return count(lane->readings, r) <
		   (connections >= 2 ? connections / 2 : 1) &&
	       (all == 0 || all + 1 < connections);
}

static void
enter(struct rv_reading *r)
{
	r->next = r->x->lane->readings;
	r->x->lane->readings = r;
}

static bool
take_from(struct rv_reading **at, const struct rv_reading *r)
{
	while (*at != NULL && *at != r)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*at = r->next;
	return true;
}

enum rv_turn
rv_reading_turn_ask(struct rv_reading *r)
{
	struct rv_reading **last = &r->x->lane->waiting_readings;

	if (may_start(r)) {
		enter(r);
		return RV_TURN_NOW;
	}
	if (count(*last, NULL) >= WAITING_MAX ||
	    count(*last, r) >= WAITING_MAX / 2)
		return RV_TURN_NONE;
	while (*last != NULL)
		last = &(*last)->next;
	r->next = NULL;
	r->until_boot_ms =
	    rv_boot_ms() + r->x->lane->provider->config->store_deadline;
	*last = r;
	return RV_TURN_WAIT;
}

void
rv_reading_turn_end(struct rv_reading *r)
{
	(void)take_from(&r->x->lane->readings, r);
}

/* The first whose waiting is over, one way or the other. */
static struct rv_reading *
next(struct rv_lane *lane, bool *ret_late)
{
	const int64_t now = rv_boot_ms();
	struct rv_reading *r = lane->waiting_readings;

	while (r != NULL && r->until_boot_ms > now && !may_start(r))
		r = r->next;
	if (r != NULL) {
		*ret_late = r->until_boot_ms <= now;
		(void)take_from(&lane->waiting_readings, r);
	}
	return r;
}

void
rv_reading_turns_next(struct rv_lane *lane)
{
	struct rv_reading *r;
	bool late;

	/* One that ends at once gets here again: the first call goes on. */
	if (lane->giving_turns)
		return;
	lane->giving_turns = true;
	while ((r = next(lane, &late)) != NULL) {
		if (late) {
			r->refuse(r);
			continue;
		}
		enter(r);
		r->start(r);
	}
	lane->giving_turns = false;
}
