/*
 * What writes take: members of a body as arguments of a change by name, and
 * what is answered when it is made.  Each reader answers when something is
 * wrong (the exchange is then not finished).
 */
#ifndef PROVIDER_REST_WRITE_ARGS_H
#define PROVIDER_REST_WRITE_ARGS_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "rest/store_write.h"

/* A member of a class that a caller may write. */
struct rv_write_member {
	const char *name; /* as the class has it */
	const char *arg;  /* what the store calls it; NULL: ignored */
	json_type type;
};

/*
 * The body, whose members are in the list (ends with a name of NULL), as
 * arguments of a change.  A member of an OData annotation ("@odata.etag") is
 * ignored; one that is not listed is 400 and named.  NULL: answered.  The
 * reference is the caller's.
 */
json_t *rv_write_args(
    struct rv_exchange *x, const struct rv_write_member *members);

/* What PUT, which replaces the whole, does about a member that is not sent. */
struct rv_write_whole {
	const char *name, *arg;
	bool needed; /* 400; else the text is empty then */
};

/*
 * Completes the arguments of a PUT by the list, which ends with a name of
 * NULL, and may be NULL: it is no PUT.  false: answered.
 */
bool rv_write_whole(
    struct rv_exchange *x, json_t *args, const struct rv_write_whole *members);

/*
 * Runs one change and finishes the exchange.  Takes args; NULL: answered
 * already, or out of memory.
 */
void rv_write_change(struct rv_exchange *x, const char *op, json_t *args,
    rv_write_answer *answer, void *arg);

/*
 * Answers: 201 with Location below /AdminService/wmi/, arg being the name of
 * the class; 204 after a removal.
 */
rv_write_answer rv_write_created;
rv_write_answer rv_write_removed;

/* Adds text to an object; false: answered. */
bool rv_write_set(
    struct rv_exchange *x, json_t *args, const char *member, const char *text);

#endif
