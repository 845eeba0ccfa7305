/* What the files of the feed share. */
#ifndef PROVIDER_STORE_FEED_INTERNAL_H
#define PROVIDER_STORE_FEED_INTERNAL_H

#include <pthread.h>

#include "store/db.h"
#include "store/feed.h"
#include "store/feed_version.h"

struct rv_feed {
	struct rv_feed_config config;
	char *conninfo;
	int stop_fd;
	atomic_bool stopping;
	pthread_t thread;
	bool running;
	struct rv_versions versions;

	pthread_mutex_t lock; /* guards what rv_feed_state() shows */
	struct rv_feed_state state;
	int64_t confirmed_ms; /* INT64_MIN: never */

	/* The builder's own. */
	struct rv_db *db;
	char system_id[32]; /* of the database behind the version, or "" */
	unsigned failures;  /* since something was confirmed */
	uint64_t doubted;   /* the revision that changes did not fit */
	size_t limit;	    /* rows of changes to ask for at once */
	size_t behind;	    /* rows taken since it was last up to date */
};

/* ---- feed.c: what the builder reports ---- */

void rv_feed_report_connected(struct rv_feed *feed, bool connected);
/* Logged once: the same again at each attempt is noise. */
void rv_feed_report_problem(struct rv_feed *feed, const char *text);
/* A snapshot is in force, and what it says was so at this instant. */
void rv_feed_report_confirmed(
    struct rv_feed *feed, uint64_t revision, int64_t at_ms);

/* ---- feed_follow.c ---- */

/* The thread's function; arg is the feed. */
void *rv_feed_build(void *arg);

#endif
