#include "pipeline/lane.h"

#include <poll.h>
#include <stdlib.h>

#include <event2/event.h>

#include "audit/audit.h"
#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/group_sets.h"
#include "pipeline/refusals.h"
#include "pipeline/waiter.h"
#include "provider.h"
#include "sign_in/upkeep.h"
#include "sessions/sessions.h"
#include "store/housekeeping.h"
#include "store/pg.h"

#define FLUSH_TICKS	  60u
#define SWEEP_TICKS	  30u
#define MAX_WAITING_RUNS  1024u
#define FINISH_TIMEOUT_MS 3000

/* ---- The lane's own records ---------------------------------------------------- */

static void
entry_free(struct rv_audit_entry *entry)
{
	rv_buf_fini(&entry->record);
	rv_buf_fini(&entry->line);
	free(entry);
}

int
rv_lane_submit(struct rv_lane *lane, struct rv_audit_entry *entry)
{
	if (entry->record.failed || entry->line.failed) {
		entry_free(entry);
		return RV_ERR_NOMEM;
	}
	lane->own_in_flight++;
	rv_audit_submit(
	    lane->provider->audit, rv_loop_index(lane->loop), entry);
	return RV_OK;
}

static void
record_count(void *arg, const struct rv_refusal_count *count)
{
	struct rv_lane *lane = arg;
	struct rv_audit_entry *entry = calloc(1, sizeof(*entry));
	struct rv_audit_fields f = {
		.ts_ns = rv_wall_ns(),
		.boot_ns = rv_boot_ns(),
		.node = rv_slice_of(lane->provider->node),
		.event = RV_SLICE_LIT("authentication"),
		.outcome = RV_SLICE_LIT("failure"),
		.reason = rv_slice_of(count->reason),
		.src.ip = rv_slice_of(count->ip),
		.subject.groups_age_ms = -1,
		.count = -1,
		.repeated = count->count,
		.latency_us = -1,
	};

	if (entry == NULL)
		return; /* the next minute counts anew; the first is recorded */
	rv_audit_record_encode(&f, &entry->record);
	rv_audit_line_encode(&f, &entry->line);
	rv_ignore(rv_lane_submit(lane, entry)); /* as above */
}

/* ---- Events of the loop -------------------------------------------------- */

static void
on_audit_ready(evutil_socket_t fd, short what, void *arg)
{
	struct rv_lane *lane = arg;
	struct rv_audit_entry *entry;

	(void)fd;
	(void)what;
	entry = rv_audit_reap(lane->provider->audit, rv_loop_index(lane->loop));
	while (entry != NULL) {
		struct rv_audit_entry *next = entry->next;

		if (entry->owner != NULL)
			rv_exchange_recorded(entry);
		else {
			lane->own_in_flight--;
			if (entry->result != RV_OK)
				rv_group_sets_forget(lane->group_sets);
			entry_free(entry);
		}
		entry = next;
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct rv_lane *lane = arg;

	(void)fd;
	(void)what;
	lane->ticks++;
	atomic_store(&lane->ticked_boot_ms, rv_boot_ms());
	if (lane->ticks % FLUSH_TICKS == 0)
		rv_refusals_flush(lane->refusals, record_count, lane);
	if (lane->upkeep != NULL)
		rv_upkeep_tick(lane->upkeep);
	if (lane->housekeeping != NULL)
		rv_housekeeping_tick(lane->housekeeping);
	if (rv_loop_index(lane->loop) == 0 && lane->ticks % SWEEP_TICKS == 0)
		(void)rv_sessions_sweep(lane->provider->sessions, rv_now_ms());
	rv_sessions_lane_tick(lane->sessions);
}

static void
on_published(void *arg)
{
	struct rv_lane *lane = arg;

	/* Cleared first: a publication from here on posts again. */
	atomic_store(&lane->published_posted, false);
	rv_waiters_check(lane);
}

void
rv_lane_published(struct rv_lane *lane)
{
	if (!atomic_exchange(&lane->published_posted, true))
		rv_loop_post(lane->loop, &lane->published);
}

/* ---- Making and ending --------------------------------------------------- */

static int
add_events(struct rv_lane *lane)
{
	const struct timeval second = { .tv_sec = 1 };
	struct event_base *base = rv_loop_base(lane->loop);

	lane->audit_ready = event_new(base,
	    rv_audit_fd(lane->provider->audit, rv_loop_index(lane->loop)),
	    EV_READ | EV_PERSIST, on_audit_ready, lane);
	lane->tick = event_new(base, -1, EV_PERSIST, on_tick, lane);
	if (lane->audit_ready == NULL || lane->tick == NULL ||
	    event_add(lane->audit_ready, NULL) != 0 ||
	    event_add(lane->tick, &second) != 0)
		return RV_ERR_NOMEM;
	return RV_OK;
}

int
rv_lane_new(struct rv_provider *provider, unsigned index,
    struct rv_lane **ret_lane, struct rv_error *e)
{
	const struct rv_pg_config store = {
		.conninfo = provider->config->store,
		.connections = (unsigned)provider->config->store_connections,
		.deadline_ms = provider->config->store_deadline,
		.max_waiting = MAX_WAITING_RUNS,
	};
	struct rv_lane *lane = calloc(1, sizeof(*lane));
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "out of memory");
	if (lane == NULL)
		goto out;
	lane->provider = provider;
	lane->published.fn = on_published;
	lane->published.arg = lane;
	atomic_store(&lane->ticked_boot_ms, rv_boot_ms());
	r = rv_loop_new(provider, index, &lane->loop, e);
	if (r != RV_OK)
		goto out;
	r = rv_pg_new(rv_loop_base(lane->loop), &store, &lane->pg, e);
	if (r != RV_OK)
		goto out;
	r = RV_ERR_NOMEM;
	lane->refusals = rv_refusals_new();
	lane->group_sets = rv_group_sets_new();
	if (index == 0) {
		lane->upkeep = rv_upkeep_new(lane);
		lane->housekeeping = rv_housekeeping_new(lane->pg);
	}
	if (lane->refusals == NULL || lane->group_sets == NULL ||
	    (index == 0 &&
		(lane->upkeep == NULL || lane->housekeeping == NULL)) ||
	    rv_sessions_lane_new(lane, &lane->sessions) != RV_OK ||
	    add_events(lane) != RV_OK) {
		rv_error_set(e, "out of memory");
		goto out;
	}
	*ret_lane = lane;
	lane = NULL;
	r = RV_OK;
out:
	rv_lane_free(&lane);
	return r;
}

void
rv_lane_finish(struct rv_lane *lane)
{
	struct pollfd done = {
		.fd = rv_audit_fd(
		    lane->provider->audit, rv_loop_index(lane->loop)),
		.events = POLLIN,
	};

	rv_refusals_flush(lane->refusals, record_count, lane);
	while (lane->own_in_flight > 0 && poll(&done, 1, FINISH_TIMEOUT_MS) > 0)
		on_audit_ready(done.fd, 0, lane);
}

void
rv_lane_free(struct rv_lane **lane)
{
	struct rv_lane *l = *lane;

	*lane = NULL;
	if (l == NULL)
		return;
	rv_refusals_free(&l->refusals);
	rv_group_sets_free(&l->group_sets);
	rv_upkeep_free(&l->upkeep);
	/* What the store still holds of it is answered first. */
	rv_pg_free(&l->pg);
	rv_housekeeping_free(&l->housekeeping);
	rv_sessions_lane_free(&l->sessions);
	if (l->audit_ready != NULL)
		event_free(l->audit_ready);
	if (l->tick != NULL)
		event_free(l->tick);
	rv_loop_free(&l->loop);
	free(l);
}

struct rv_lane *
rv_lane_of(const struct rv_loop *loop)
{
	return rv_loop_provider(loop)->lanes[rv_loop_index(loop)];
}
