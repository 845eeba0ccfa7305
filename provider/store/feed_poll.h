/* One statement: where the site is, and what has changed since. */
#ifndef PROVIDER_STORE_FEED_POLL_H
#define PROVIDER_STORE_FEED_POLL_H

#include "store/changes.h"
#include "store/db.h"

struct rv_poll {
	PGresult *result; /* what the slices are borrowed from */
	struct rv_row_site site;
	struct rv_slice mark_before; /* of the revision asked for; or absent */
	/* Whole revisions only. */
	struct rv_change *rows;
	size_t n;
	bool cut;	 /* there are more than were asked for */
	bool unreadable; /* there are some that make no sense */
};

/* The statement: $1 the revision to begin after, $2 the number of rows. */
extern const char rv_poll_sql[];
/* Once a session, before rv_poll_open().  Errors as in store/db.h. */
RV_MUSTUSE int rv_poll_prepare(struct rv_db *db, struct rv_error *e);
/*
 * Asks for at most `limit` rows after a revision, INT64_MAX for none.
 * RV_ERR_INVALID without a row of the site; RV_ERR_DENIED may be for a
 * change that PostgreSQL itself cannot read.
 */
RV_MUSTUSE int rv_poll_open(struct rv_db *db, uint64_t after, size_t limit,
    struct rv_poll *ret_poll, struct rv_error *e);
void rv_poll_close(struct rv_poll *poll);

#endif
