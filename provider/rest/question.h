/*
 * One question in AuthZEN's words (subject, action, resource): read, decided
 * and told.  All routes that decide go through here, alone or many at once.
 */
#ifndef PROVIDER_REST_QUESTION_H
#define PROVIDER_REST_QUESTION_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "reeve/rbac.h"
#include "rest/people.h"

struct rv_item {
	/* What is wrong with which member; then nothing else counts. */
	const char *path, *wrong;
	size_t person;
	struct rv_question question;
	/* As told to the asker: cut to what it may read. */
	struct rv_verdict verdict;
	const char *reason; /* the word for it */
};

/* Which of the entities a question has; the others are not looked at. */
enum rv_entities {
	RV_ENTITY_SUBJECT = 1u << 0,
	RV_ENTITY_SUBJECT_ID = 1u << 1,
	RV_ENTITY_ACTION = 1u << 2,
	RV_ENTITY_RESOURCE = 1u << 3,
	RV_ENTITY_RESOURCE_ID = 1u << 4,
	/* Where the body has no subject it is the caller. */
	RV_ENTITY_SELF = 1u << 5,
};
#define RV_ENTITIES_ALL                                                \
	(RV_ENTITY_SUBJECT | RV_ENTITY_SUBJECT_ID | RV_ENTITY_ACTION | \
	    RV_ENTITY_RESOURCE | RV_ENTITY_RESOURCE_ID)

/*
 * Reads one question from an object of the body; an entity that it does not
 * have is taken whole from defaults (NULL: there are none).  What is wrong
 * with it is in *ret.  Only RV_ERR_NOMEM fails.
 */
RV_MUSTUSE int rv_item_read(struct rv_exchange *x, const json_t *object,
    const json_t *defaults, unsigned entities, struct rv_people *people,
    struct rv_item *ret);

/* Answers 400 for an item that is wrong, alone in its request. */
void rv_item_answer_wrong(struct rv_exchange *x, const struct rv_item *item);

/* Puts what is asked into the audit record of a request with one question. */
void rv_item_record(struct rv_exchange *x, const struct rv_people *people,
    const struct rv_item *item);

/*
 * Decides all items that are not wrong on one snapshot at one instant, puts
 * what was decided into the audit record (of a batch, as a list), and cuts
 * the verdicts to what the asker may read.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_items_decide(struct rv_exchange *x,
    const struct rv_snapshot *s, const struct rv_people *people,
    struct rv_item *items, size_t n, bool batch);

/* "context" of an answer: the reason, until when it holds, what is missing. */
json_t *rv_item_context(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_people *people, const struct rv_item *item);

/* True when the caller may Read the class by some permission. */
bool rv_may_read_class(
    struct rv_exchange *x, const struct rv_snapshot *s, const char *class_name);

#endif
