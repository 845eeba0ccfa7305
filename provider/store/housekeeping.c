#include "store/housekeeping.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "store/pg.h"

/* Seconds between two looks, when the last one found nothing to do. */
#define EVERY_TICKS 10

struct rv_housekeeping {
	struct rv_pg *pg;
	unsigned wait_ticks;
	bool busy;
};

struct rv_housekeeping *
rv_housekeeping_new(struct rv_pg *pg)
{
	struct rv_housekeeping *h = calloc(1, sizeof(*h));

	if (h != NULL)
		h->pg = pg;
	return h;
}

/* An outage of the store is told by who waits for it. */
static void
on_done(void *arg, const struct rv_pg_answer *answer)
{
	struct rv_housekeeping *h = arg;
	bool more = false;

	h->busy = false;
	if (answer->outcome == RV_PG_DONE)
		more = strcmp(PQgetvalue(answer->results[0], 0, 0), "t") == 0;
	else if (answer->outcome == RV_PG_REFUSED)
		rv_log(RV_LOG_WARNING,
		    "the store keeps what is old for now: %s", answer->message);
	h->wait_ticks = more ? 0 : EVERY_TICKS;
}

void
rv_housekeeping_tick(struct rv_housekeeping *housekeeping)
{
	/* So few that no write waits long for what this one holds. */
	static const struct rv_pg_step step = {
		.sql = "SELECT reeve.store_upkeep(1000)",
	};

	if (housekeeping->busy)
		return;
	if (housekeeping->wait_ticks > 0) {
		housekeeping->wait_ticks--;
		return;
	}
	housekeeping->busy = true;
	rv_pg_run(housekeeping->pg, &step, 1, false, on_done, housekeeping);
}

void
rv_housekeeping_free(struct rv_housekeeping **housekeeping)
{
	free(*housekeeping);
	*housekeeping = NULL;
}
