/*
 * The parts of one running provider, and how they start and end together.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdatomic.h>

#include "reeve/auth.h"
#include "reeve/base.h"

#include "process/port_file.h"
#include "rest/page_token.h"

struct rv_acceptor_link;
struct rv_audit;
struct rv_checkpoints;
struct rv_child;
struct rv_config;
struct rv_endpoints;
struct rv_feed;
struct rv_keeper_link;
struct rv_lane;
struct rv_ocsp;
struct rv_penalties;
struct rv_pool;
struct rv_sign_in;
struct rv_tls;

/*
 * Filled by rv_provider_start() and then read by all threads; the parts
 * guard themselves.
 */
struct rv_provider {
	const struct rv_config *config;
	const char *node;
	struct rv_acceptor_link **acceptors; /* one for each lane */
	struct rv_directory *directory;	     /* NULL: none is configured */
	struct rv_sign_in *sign_in; /* what credentials are judged by */
	struct rv_ocsp *ocsp;	    /* what responders have said */
	struct rv_penalties *penalties;
	struct rv_sessions *sessions;
	struct rv_keeper_link *keeper;	    /* NULL: none runs */
	struct rv_checkpoints *checkpoints; /* NULL: likewise */
	struct rv_audit *audit;
	struct rv_feed *feed;
	struct rv_pool *pool;
	struct rv_tls *tls;
	struct rv_endpoints *endpoints;
	struct rv_page_key page_key;
	struct rv_port_file port_file;
	struct rv_lane **lanes; /* one for each loop */
	unsigned n_lanes;
	atomic_int follows_ends; /* of sessions: since the first answer */
	atomic_bool draining;
};

/*
 * Starts everything in the order in which the parts need each other, and
 * returns when the provider listens.  On the way it becomes the configured
 * user and enters its sandbox.  child has the links to the other processes,
 * which the provider takes.  On failure everything that was started is ended
 * again.
 */
RV_MUSTUSE int rv_provider_start(const struct rv_config *config,
    const struct rv_child *child, struct rv_provider **ret_provider,
    struct rv_error *e);

/*
 * Takes no new connections, lets the requests in work end for at most
 * drain_ms, then ends everything.  True when all of them ended.
 */
bool rv_provider_stop(struct rv_provider **provider, int64_t drain_ms);

/* True while every loop turns: each has ticked within the last 5 s. */
bool rv_provider_is_alive(const struct rv_provider *provider);

/*
 * Opens the directory of the configuration; NULL with RV_OK when none is
 * configured.  Before threads start.
 */
RV_MUSTUSE int rv_provider_open_directory(const struct rv_config *config,
    struct rv_directory **ret_directory, struct rv_error *e);

/* How many event loops there will be. */
size_t rv_provider_loops(const struct rv_config *config);

/* The port of the first listening address. */
uint16_t rv_provider_port(const struct rv_provider *provider);

#endif
