/*
 * The parts of one running provider, and how they start and end together.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdatomic.h>

#include "reeve/auth.h"
#include "reeve/base.h"

#include "rest/page_token.h"

struct rv_acceptor_link;
struct rv_audit;
struct rv_config;
struct rv_endpoints;
struct rv_feed;
struct rv_lane;
struct rv_pool;
struct rv_tls;

/*
 * Filled by rv_provider_start() and then read by all threads; the parts
 * guard themselves.
 */
struct rv_provider {
	const struct rv_config *config;
	const char *node;
	struct rv_level_policy level_policy;
	struct rv_acceptor *acceptor;
	struct rv_acceptor_link **acceptors; /* one for each lane */
	struct rv_directory *directory;	     /* NULL: none is configured */
	struct rv_sessions *sessions;
	struct rv_audit *audit;
	struct rv_feed *feed;
	struct rv_pool *pool;
	struct rv_tls *tls;
	struct rv_endpoints *endpoints;
	struct rv_page_key page_key;
	struct rv_lane **lanes; /* one for each loop */
	unsigned n_lanes;
	atomic_bool draining;
};

/*
 * Starts everything in the order in which the parts need each other, and
 * returns when the provider listens.  Becomes the configured user on the
 * way.  On failure everything that was started is ended again.
 */
RV_MUSTUSE int rv_provider_start(const struct rv_config *config,
    struct rv_provider **ret_provider, struct rv_error *e);

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

/* The port of the first listening address. */
uint16_t rv_provider_port(const struct rv_provider *provider);

#endif
