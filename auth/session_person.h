/*
 * Whose sessions are whose: live ones by principal, oldest first.  Guarded
 * by a mutex of its own, which is the last that any thread takes.
 */
#ifndef AUTH_SESSION_PERSON_H
#define AUTH_SESSION_PERSON_H

#include <sys/queue.h>

#include "reeve/auth_session.h"

/* The place of a session in the list of its person; part of the session. */
struct rv_session_place_of {
	TAILQ_ENTRY(rv_session_place_of) link;
	unsigned char hash[RV_SESSION_HASH_SIZE];
	struct rv_session_person *person; /* NULL: in no list */
};

struct rv_session_persons;

/* RV_ERR_NOMEM. */
RV_MUSTUSE int rv_session_persons_new(
    size_t max_per_person, struct rv_session_persons **ret_persons);
void rv_session_persons_free(struct rv_session_persons **persons);

/*
 * Adds one, at the end.  *ret_is_over: the person has more than it may, and
 * ret_oldest is the hash of the one that has to go.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_session_persons_add(struct rv_session_persons *persons,
    const char *principal, struct rv_session_place_of *place, bool *ret_is_over,
    unsigned char ret_oldest[RV_SESSION_HASH_SIZE]);
/* One that is in no list is left alone. */
void rv_session_persons_remove(
    struct rv_session_persons *persons, struct rv_session_place_of *place);
#endif
