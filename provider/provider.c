#include "provider.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "pipeline/lane.h"
#include "pipeline/route.h"
#include "privilege.h"
#include "process/acceptor_link.h"
#include "process/checkpoint.h"
#include "process/child.h"
#include "process/sandbox.h"
#include "rest/openapi.h"
#include "sign_in/current.h"
#include "sign_in/penalties.h"
#include "store/db.h"
#include "store/feed.h"
#include "store/schema.h"
#include "transport/listener.h"
#include "transport/tls.h"

#define MAX_WAITING_JOBS 1024u
#define LAST_BYTES_MS	 1000
#define ALIVE_MS	 5000
#define NODE_SIZE	 256u

/* ---- Parts ---------------------------------------------------------------- */

static int
name_node(struct rv_provider *p, struct rv_error *e)
{
	char name[NODE_SIZE] = "";

	if (p->config->node != NULL) {
		p->node = strdup(p->config->node);
	} else {
		if (gethostname(name, sizeof(name) - 1) != 0)
			name[0] = '\0';
		p->node = strdup(name[0] != '\0' ? name : "unnamed");
	}
	if (p->node != NULL)
		return RV_OK;
	rv_error_set(e, "out of memory");
	return RV_ERR_NOMEM;
}

/*
 * What needs privileges or files that the sandbox hides was done before.
 * No thread runs yet: it would stay outside.
 */
static int
become_confined(
    struct rv_provider *p, const struct rv_child *child, struct rv_error *e)
{
	const struct rv_config *c = p->config;
	int r = rv_privilege_drop(c->user, e);

	if (r == RV_OK)
		r = rv_child_bind(child, e);
	if (r == RV_OK)
		r = rv_port_file_open(c->port_file, &p->port_file, e);
	if (r == RV_OK)
		r = rv_sandbox_net(c, e);
	return r;
}

int
rv_provider_open_directory(const struct rv_config *c,
    struct rv_directory **ret_directory, struct rv_error *e)
{
	const struct rv_directory_config ldap = {
		.uris = c->directory_uri.v,
		.n_uris = c->directory_uri.n,
		.kind = (enum rv_directory_kind)c->directory_kind,
		.bind = (enum rv_directory_bind)c->directory_bind,
		.tls = (enum rv_directory_tls)c->directory_tls,
		.ca = c->directory_ca,
		.pins = c->directory_pins.v,
		.n_pins = c->directory_pins.n,
		.certificate = c->directory_certificate,
		.key = c->directory_key,
		.bind_dn = c->directory_bind_dn,
		.password_file = c->directory_password_file,
		.cache = (size_t)c->directory_cache,
		.cache_ms = c->groups_refresh,
		.base = c->directory_base,
		.group_base = c->directory_group_base != NULL
				  ? c->directory_group_base
				  : c->directory_base,
		.user_filter = c->directory_user_filter,
		.id_attribute = c->directory_id_attribute,
		.realm = c->directory_realm,
		.domain = c->directory_domain,
		.client_keytab = c->directory_keytab,
		.deadline_ms = (int)c->directory_deadline,
		.max_groups = (size_t)c->directory_max_groups,
		.max_depth = (unsigned)c->directory_max_depth,
	};

	*ret_directory = NULL;
	if (c->directory_uri.n == 0)
		return RV_OK;
	return rv_directory_new(&ldap, ret_directory, e);
}

static int
open_sign_in(struct rv_provider *p, struct rv_error *e)
{
	const struct rv_penalty_config penalties =
	    rv_sign_in_penalties(p->config);
	const struct rv_sign_in_args args = { .config = p->config };
	struct rv_sign_in_policy *policy;
	const char *part;
	int r = rv_penalties_new(&penalties, &p->penalties, e);

	if (r == RV_OK && rv_ocsp_new(&p->ocsp) != RV_OK) {
		rv_error_set(e, "out of memory");
		r = RV_ERR_NOMEM;
	}
	if (r == RV_OK)
		r = rv_sign_in_policy_new(&args, &policy, &part, e);
	if (r != RV_OK)
		return r;
	r = rv_tls_set_trust(p->tls, policy->trust, e);
	p->sign_in = rv_sign_in_new(policy);
	if (p->sign_in != NULL)
		return r;
	rv_error_set(e, "out of memory");
	return RV_ERR_NOMEM;
}

static int
link_keeper(
    struct rv_provider *p, const struct rv_child *child, struct rv_error *e)
{
	int r;

	if (child->keeper < 0)
		return RV_OK;
	r = rv_keeper_link_new(child->keeper, &p->keeper, e);
	return r == RV_OK
		   ? rv_checkpoints_new(p->keeper, p->config->audit_directory,
			 p->node, &p->checkpoints, e)
		   : r;
}

static int
open_audit(struct rv_provider *p, unsigned loops, struct rv_error *e)
{
	const struct rv_audit_config audit = {
		.directory = p->config->audit_directory,
		.node = p->node,
		.segment_size = p->config->audit_segment_size,
		.reserve = p->config->audit_reserve,
		.producers = loops,
		.closed = p->checkpoints != NULL ? rv_checkpoints_closed : NULL,
		.arg = p->checkpoints,
	};

	return rv_audit_open(&audit, &p->audit, e);
}

static void
on_published(void *arg, uint64_t revision)
{
	struct rv_provider *p = arg;

	rv_log(RV_LOG_DEBUG, "the rules of revision %llu are in force",
	    (unsigned long long)revision);
	for (unsigned i = 0; i < p->n_lanes; i++)
		rv_lane_published(p->lanes[i]);
}

static int
start_feed(struct rv_provider *p, struct rv_error *e)
{
	const struct rv_config *c = p->config;
	const struct rv_feed_config feed = {
		.conninfo = c->store_feed != NULL ? c->store_feed : c->store,
		.deadline_ms = c->store_deadline,
		.max_staleness_ms = c->max_staleness,
		.published = on_published,
		.arg = p,
	};

	return rv_feed_start(&feed, &p->feed, e);
}

/* ---- Lanes ------------------------------------------------------------------ */

size_t
rv_provider_loops(const struct rv_config *config)
{
	long online;

	if (config->loops > 0)
		return (size_t)config->loops;
	online = sysconf(_SC_NPROCESSORS_ONLN);
	if (online < 1)
		return 1;
	return online < RV_CHILD_LINKS_MAX ? (size_t)online
					   : RV_CHILD_LINKS_MAX;
}

static int
make_lanes(struct rv_provider *p, unsigned n, struct rv_error *e)
{
	int r = RV_OK;

	p->lanes = calloc(n, sizeof(*p->lanes));
	if (p->lanes == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	for (; r == RV_OK && p->n_lanes < n; p->n_lanes++) {
		r = rv_lane_new(p, p->n_lanes, &p->lanes[p->n_lanes], e);
		if (r != RV_OK)
			break;
	}
	return r;
}

static int
link_lanes(
    struct rv_provider *p, const struct rv_child *child, struct rv_error *e)
{
	int r = RV_OK;

	rv_error_set(e, "out of memory");
	p->acceptors = calloc(p->n_lanes, sizeof(struct rv_acceptor_link *));
	if (p->acceptors == NULL)
		return RV_ERR_NOMEM;
	for (unsigned i = 0; r == RV_OK && i < p->n_lanes; i++)
		r = rv_acceptor_link_new(
		    /* Each was made. NOLINTNEXTLINE(*-core.NullDereference) */
		    p->lanes[i]->loop, child->links[i], &p->acceptors[i]);
	return r;
}

static int
listen_on_lanes(struct rv_provider *p, struct rv_error *e)
{
	int r = RV_OK;

	for (unsigned i = 0; r == RV_OK && i < p->n_lanes; i++) {
		const struct rv_listener_args args = {
			.loop = p->lanes[i]->loop,
			.config = p->config,
			.tls = p->tls,
			.endpoints = p->endpoints,
		};

		r = rv_listener_new(&args, &p->lanes[i]->listener, e);
	}
	return r;
}

static int
start_lanes(struct rv_provider *p, struct rv_error *e)
{
	int r = RV_OK;

	for (unsigned i = 0; r == RV_OK && i < p->n_lanes; i++)
		r = rv_loop_start(p->lanes[i]->loop, e);
	return r;
}

/* ---- Start -------------------------------------------------------------------- */

/*
 * A schema that is not ours is no reason to wait: whoever starts us must
 * learn it now.  A store that is away is: the feed goes on trying.
 */
static int
check_schema(const struct rv_config *c, struct rv_error *e)
{
	const struct rv_db_config store = {
		.conninfo = c->store_feed != NULL ? c->store_feed : c->store,
		.deadline_ms = c->store_deadline,
		.stop_fd = -1,
	};
	struct rv_db *db = NULL;
	int r = rv_db_open(&store, &db, e);

	if (r == RV_OK)
		r = rv_schema_check(db, e);
	rv_db_close(&db);
	if (r != RV_ERR_UNAVAILABLE && r != RV_ERR_TIMEOUT)
		return r;
	rv_log(RV_LOG_WARNING,
	    "the store is away, requests are refused "
	    "until it is back: %s",
	    e->text);
	return RV_OK;
}

/* In the order in which the parts need each other. */
static int
start_parts(
    struct rv_provider *p, const struct rv_child *child, struct rv_error *e)
{
	const struct rv_config *c = p->config;
	/* One for each link: processors may come and go. */
	unsigned loops = (unsigned)child->n_links;
	int r;

	if ((r = rv_routes_validate(e)) != RV_OK ||
	    (r = rv_openapi_init(e)) != RV_OK ||
	    (r = name_node(p, e)) != RV_OK ||
	    (r = rv_tls_new(c, &p->tls, e)) != RV_OK ||
	    (r = rv_endpoints_new(c, &p->endpoints, e)) != RV_OK ||
	    (r = rv_endpoints_bind(p->endpoints, c, loops, e)) != RV_OK ||
	    (r = become_confined(p, child, e)) != RV_OK ||
	    (r = open_sign_in(p, e)) != RV_OK ||
	    (r = rv_provider_open_directory(c, &p->directory, e)) != RV_OK ||
	    (r = check_schema(c, e)) != RV_OK ||
	    (r = link_keeper(p, child, e)) != RV_OK ||
	    (r = open_audit(p, loops, e)) != RV_OK)
		return r;
	rv_error_set(e, "out of memory");
	if ((r = rv_page_key_make(&p->page_key)) != RV_OK ||
	    (r = rv_sessions_new((size_t)c->max_sessions,
		 (size_t)c->max_sessions_per_person,
		 (enum rv_session_binding)c->session_binding, &p->sessions)) !=
		RV_OK)
		return r;
	if ((r = rv_pool_new((unsigned)c->workers, MAX_WAITING_JOBS, &p->pool,
		 e)) != RV_OK ||
	    (r = make_lanes(p, loops, e)) != RV_OK ||
	    (r = link_lanes(p, child, e)) != RV_OK ||
	    (r = start_feed(p, e)) != RV_OK ||
	    (r = listen_on_lanes(p, e)) != RV_OK)
		return r;
	return start_lanes(p, e);
}

/* Frees what there is, in the opposite order; the loops have stopped. */
static void
provider_free(struct rv_provider **provider)
{
	struct rv_provider *p = *provider;

	*provider = NULL;
	rv_pool_free(&p->pool);
	for (unsigned i = 0; i < p->n_lanes; i++) {
		rv_lane_finish(p->lanes[i]);
		rv_listener_free(&p->lanes[i]->listener);
	}
	rv_feed_stop(&p->feed);
	for (unsigned i = 0; p->acceptors != NULL && i < p->n_lanes; i++)
		rv_acceptor_link_free(&p->acceptors[i]);
	free(p->acceptors);
	for (unsigned i = 0; i < p->n_lanes; i++)
		rv_lane_free(&p->lanes[i]);
	free(p->lanes);
	rv_audit_close(&p->audit);
	rv_checkpoints_free(&p->checkpoints);
	rv_keeper_link_free(&p->keeper);
	rv_sessions_free(&p->sessions);
	rv_sign_in_free(&p->sign_in);
	rv_ocsp_free(&p->ocsp);
	rv_penalties_free(&p->penalties);
	rv_directory_free(&p->directory);
	rv_port_file_close(&p->port_file);
	rv_endpoints_free(&p->endpoints);
	rv_tls_free(&p->tls);
	free((void *)(uintptr_t)p->node);
	free(p);
}

static void
stop_lanes(struct rv_provider *p)
{
	for (unsigned i = 0; i < p->n_lanes; i++)
		rv_loop_stop(p->lanes[i]->loop);
}

int
rv_provider_start(const struct rv_config *config, const struct rv_child *child,
    struct rv_provider **ret_provider, struct rv_error *e)
{
	struct rv_provider *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	p->config = config;
	p->port_file.fd = -1;
	r = start_parts(p, child, e);
	if (r != RV_OK) {
		stop_lanes(p);
		provider_free(&p);
		return r;
	}
	*ret_provider = p;
	return RV_OK;
}

/* ---- End ------------------------------------------------------------------------ */

/* A call on the loop of each lane, awaited. */
struct visit {
	struct rv_task task;
	struct rv_lane *lane;
	void (*fn)(struct rv_listener *listener);
	atomic_bool done;
};

static void
run_visit(void *arg)
{
	struct visit *v = arg;

	v->fn(v->lane->listener);
	atomic_store(&v->done, true);
}

static void
pause_briefly(void)
{
	const struct timespec a_moment = { .tv_nsec = 5000000 };

	(void)nanosleep(&a_moment, NULL);
}

static void
visit_listeners(struct rv_provider *p, void (*fn)(struct rv_listener *))
{
	for (unsigned i = 0; i < p->n_lanes; i++) {
		struct visit v = { .lane = p->lanes[i], .fn = fn };

		v.task.fn = run_visit;
		v.task.arg = &v;
		rv_loop_post(p->lanes[i]->loop, &v.task);
		while (!atomic_load(&v.done))
			pause_briefly();
	}
}

static size_t
requests_in_work(struct rv_provider *p)
{
	size_t n = 0;

	for (unsigned i = 0; i < p->n_lanes; i++)
		n += atomic_load(&p->lanes[i]->exchanges);
	return n;
}

bool
rv_provider_stop(struct rv_provider **provider, int64_t drain_ms)
{
	struct rv_provider *p = *provider;
	int64_t until = rv_boot_ms() + drain_ms;
	bool drained;

	*provider = NULL;
	atomic_store(&p->draining, true);
	visit_listeners(p, rv_listener_stop_accepting);
	visit_listeners(p, rv_listener_close_idle);
	while (requests_in_work(p) > 0 && rv_boot_ms() < until)
		pause_briefly();
	drained = requests_in_work(p) == 0;
	/* Answers that are still on their way out get their last chance. */
	visit_listeners(p, rv_listener_close_idle);
	until = rv_boot_ms() + LAST_BYTES_MS;
	while (rv_endpoints_live(p->endpoints) > 0 && rv_boot_ms() < until)
		pause_briefly();
	stop_lanes(p);
	if (drained) {
		provider_free(&p);
		return true;
	}
	/*
	 * Requests are still held by workers or the store.  The process
	 * ends in a moment; freeing under them would not be safe.  What
	 * has been handed to the log is written.
	 */
	rv_audit_close(&p->audit);
	rv_checkpoints_free(&p->checkpoints);
	return false;
}

bool
rv_provider_is_alive(const struct rv_provider *provider)
{
	int64_t now = rv_boot_ms();

	for (unsigned i = 0; i < provider->n_lanes; i++)
		if (now - atomic_load(&provider->lanes[i]->ticked_boot_ms) >
		    ALIVE_MS)
			return false;
	return true;
}

uint16_t
rv_provider_port(const struct rv_provider *provider)
{
	return rv_endpoints_port(provider->endpoints);
}
