/*
 * Whom the questions of one request are about: the caller, and others, who
 * are looked up in the directory, go through the gate as if they had signed
 * in at the lowest level (or at one that an enforcement point asserts), and
 * are resolved in one snapshot.
 */
#ifndef PROVIDER_REST_PEOPLE_H
#define PROVIDER_REST_PEOPLE_H

#include "pipeline/exchange.h"
#include "reeve/rbac.h"

/* Others in one request; each is a look-up in the directory. */
#define RV_PEOPLE_OTHERS 64

struct rv_person {
	struct rv_slice type, id; /* as asked; in the exchange's arena */
	bool self;
	bool is_group;	     /* a directory group, as one that is in it alone */
	enum rv_level level; /* of others: windows, or what was asserted */
	const struct rv_identity *identity; /* NULL of a group */
	/* Why the gate does not let this one through; NULL when it does. */
	const char *stopped;
	struct rv_subject subject;
	/* In the snapshot that is handed over; NULL when stopped. */
	const struct rv_subject_resolved *resolved;
};

struct rv_people;

/*
 * Goes on with the exchange by the snapshot of this turn, up to
 * rv_exchange_finish(), now or in a later turn.
 */
typedef void rv_people_found(
    struct rv_exchange *x, const struct rv_snapshot *s, void *arg);

/*
 * For so many questions, in the arena of the exchange; NULL when out of
 * memory.
 */
struct rv_people *rv_people_new(struct rv_exchange *x, size_t questions);

/*
 * Adds one, or finds it again.  RV_ERR_INVALID when the type is neither
 * "user" nor "group", RV_ERR_LIMIT beyond RV_PEOPLE_OTHERS, RV_ERR_NOMEM.
 * asserted: the level at which the caller has seen somebody else sign in.  It
 * counts when the caller is an enforcement point (enforcement_levels); from
 * others it is not heard, and windows counts.
 */
RV_MUSTUSE int rv_people_add(struct rv_people *people, struct rv_slice type,
    struct rv_slice id, enum rv_level asserted, size_t *ret_index);
const struct rv_person *rv_people_get(
    const struct rv_people *people, size_t index);
/* What is wrong with a subject, for an answer; err is of rv_people_add(). */
const char *rv_people_wrong(int err);

/*
 * Looks all of them up and calls found(), in this turn or a later one.  Needs
 * Simulate on Users where there are others, or where `simulate` says so: else
 * the exchange ends with 403, as it ends when memory runs out.
 */
void rv_people_find(
    struct rv_people *people, bool simulate, rv_people_found *found, void *arg);

/*
 * Until when an answer about this one may be kept (docs/rule.md section 8);
 * until_ms is what the engine says.
 */
int64_t rv_person_valid_until(const struct rv_exchange *x,
    const struct rv_person *person, int64_t until_ms);

#endif
