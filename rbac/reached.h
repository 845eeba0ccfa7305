/*
 * Which instances of a type a subject reaches with an operation: what each
 * wanted operation reaches, joined over all assignments; an instance is in
 * the set when all of them reach it.
 */
#ifndef RBAC_REACHED_H
#define RBAC_REACHED_H

#include "target.h"

#include "reeve/rbac_ask.h"

/* What one operation reaches, by whatever assignments. */
struct rv_reach {
	bool all;
	bool below;	      /* of collections: those below one in the row */
	uint64_t *row;	      /* scopes, or collections with all below them */
	struct rv_idsum *sum; /* resources */
};

/* An instance that follows a rule of its own. */
struct rv_exception {
	uint32_t object;
	bool in;
};

struct rv_reached {
	const struct rv_prepared *p;
	size_t items; /* of a row */
	struct rv_reach reaches[1 + RV_BITS];
	size_t n_reaches; /* 0: nothing is in the set */
	struct rv_exception *exceptions;
	size_t n_exceptions;
	/* Own types whose objects are not in it, by place, as bits. */
	unsigned own_denied;
	struct rv_idsum *resources; /* the set itself, of resources */
};

/* The order in which instances are gone through; NULL: they are numbers. */
const struct rv_order *rv_reached_order(const struct rv_prepared *p);
/* The names of what is in the order, likewise. */
const struct rv_dict *rv_reached_names(const struct rv_prepared *p);
/* Whether one of that order is in the set. */
bool rv_reached_has(const struct rv_reached *r, uint32_t id);

/* A bit of a row; what is beyond it is not in it, and 0 never is. */
static inline bool
rv_reach_item(const struct rv_reached *r, const uint64_t *row, uint32_t item)
{
	const uint32_t at = item < r->items ? item : 0;

	return row[at / RV_BITS] >> at % RV_BITS & 1;
}

#endif
