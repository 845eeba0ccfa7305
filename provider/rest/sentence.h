/*
 * One readable English sentence from a decision: who may do what, or not,
 * and what was nearest.  Pure; whoever fills it in leaves out what the
 * reader may not know.
 */
#ifndef PROVIDER_REST_SENTENCE_H
#define PROVIDER_REST_SENTENCE_H

#include "reeve/rbac.h"

/* Names in a list; hidden: so many more that the reader may not know. */
struct rv_sentence_names {
	const char *const *p;
	size_t n;
	size_t hidden;
};

/* An assignment that suffices, or that came nearest. */
struct rv_sentence_assignment {
	const char *role;  /* NULL: the reader may not know */
	const char *group; /* by which group; NULL: by itself */
	struct rv_sentence_names scopes, collections;
	/* Why it is not valid: texts of instants; NULL when it is. */
	const char *begins, *ended;
};

struct rv_sentence {
	bool self;	 /* the reader asks about itself */
	const char *who; /* else: whom */
	enum rv_decision decision;
	const char *reason; /* as in rv_reason_name(), or the gate's */
	unsigned missing;   /* enum rv_missing */
	const char *operation;
	const char *type;   /* a class or SDK name */
	const char *object; /* name or key; NULL: none is named */
	/* The own type whose Author Policy is what lacks; NULL: it is not. */
	const char *own_type;
	enum rv_level level, level_needed;
	const struct rv_sentence_assignment *nearest; /* NULL: none to tell */
	size_t others;		     /* so many more suffice, or came as near */
	struct rv_sentence_names in; /* scopes that the object carries */
	struct rv_sentence_names roles; /* that hold the operation */
};

/* Writes it, from a capital letter to a full stop. */
void rv_sentence_put(struct rv_buf *out, const struct rv_sentence *s);

/* "the application", "the device", ... of a class or SDK name. */
void rv_sentence_put_type(struct rv_buf *out, const char *type);

/* "a", "a and b", "a, b and 2 more". */
void rv_sentence_put_names(
    struct rv_buf *out, const struct rv_sentence_names *names);

/* How one gets to a level. */
const char *rv_sentence_step_up(enum rv_level level);

#endif
