/*
 * Many checks at once.  A check waits for memory three times, one after the
 * other: for the slot of its key, for the record, for what its assignments
 * cover.  In groups each step is begun for all before the first is needed.
 */
#include "conditions.h"

#include "reeve/rbac_ask.h"

#define GROUP  16
#define RECENT 16 /* kinds of questions that are remembered; a power of two */

/* Types and operations that were prepared; mixed batches have few. */
struct recent {
	struct rv_slice type, operation;
	struct rv_prepared p;
};

/* One check on its way. */
struct member {
	const struct rv_prepared *p;
	struct rv_aim aim;
	struct rv_carrier o;
	bool plain, resource;
};

/*
 * What a group works with.  Nothing of it is read before it is written; to
 * clear it for each group would cost as much as a fifth of the checks.
 */
struct group {
	struct member m[GROUP];
	struct rv_prepared own[GROUP]; /* of those that came without */
};

static inline bool
same(struct rv_slice a, struct rv_slice b)
{
	return a.n == b.n && (a.p == b.p || rv_slice_eq(a, b));
}

static void
prepare(struct recent *recent, const struct rv_snapshot *s,
    const struct rv_question *q, struct rv_prepared *ret)
{
	/* Any function of the two will do. */
	unsigned at = (unsigned)(q->type.n * 5 + q->operation.n);
	struct recent *r;

	if (q->type.n > 0)
		at += (unsigned char)q->type.p[q->type.n - 1];
	if (q->operation.n > 0)
		at += (unsigned char)q->operation.p[q->operation.n - 1];
	r = &recent[at % RECENT];
	if (r->p.s == NULL || !same(r->type, q->type) ||
	    !same(r->operation, q->operation)) {
		r->type = q->type;
		r->operation = q->operation;
		rv_target_prepare(s, q->type, q->operation, &r->p);
	}
	*ret = r->p;
}

static inline void
fetch_claims(const struct rv_subject_resolved *k)
{
	for (size_t i = 0; i < k->n && i < 4; i++)
		__builtin_prefetch(&k->claims[i]);
}

static inline void
fetch_item(const struct rv_claim *c, uint32_t scope)
{
	__builtin_prefetch(
	    &c->row[(scope < c->row_bits ? scope : 0) / RV_BITS]);
}

/* Where the scopes of the object will be looked up. */
static inline void
fetch_rows(const struct rv_subject_resolved *k, struct rv_scoping carried)
{
	for (size_t i = 0; i < k->n && i < 4; i++) {
		fetch_item(&k->claims[i], carried.a);
		fetch_item(&k->claims[i], carried.b);
	}
}

static inline void
aim_all(
    struct group *g, struct recent *recent, const struct rv_ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct rv_question *q = &asks[i].question;
		struct member *m = &g->m[i];

		m->p = asks[i].prepared;
		if (m->p == NULL) {
			prepare(recent, asks[i].subject->s, q, &g->own[i]);
			m->p = &g->own[i];
		}
		m->plain = m->p->plain && q->key.p != NULL;
		m->resource =
		    m->p->plain_resource && asks[i].subject->places != NULL;
		rv_target_aim(m->p, q->key, &m->aim);
		rv_target_fetch_slot(&m->aim);
		__builtin_prefetch(asks[i].subject);
	}
}

static inline void
find_all(struct group *g, const struct rv_ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rv_target_fetch_record(g->m[i].p, &g->m[i].aim);
		fetch_claims(asks[i].subject);
	}
	for (size_t i = 0; i < n; i++) {
		struct member *m = &g->m[i];

		if (!m->plain)
			continue;
		rv_target_find_plain(
		    m->p, asks[i].question.key, m->aim.hash, &m->o);
		fetch_rows(asks[i].subject, m->o.scoping);
	}
}

static inline void
decide_all(const struct group *g, const struct rv_ask *asks, size_t n,
    int64_t at_ms, struct rv_verdict *ret)
{
	for (size_t i = 0; i < n; i++) {
		const struct member *m = &g->m[i];
		const struct rv_question *q = &asks[i].question;
		struct rv_target t;

		if (m->plain) {
			rv_decide_plain(asks[i].subject, at_ms, m->p, &m->o,
			    q->want, &ret[i]);
			continue;
		}
		if (m->resource) {
			rv_decide_resource(asks[i].subject, at_ms, m->p,
			    m->aim.number, q->want, &ret[i]);
			continue;
		}
		rv_target_find(m->p, q->key, &m->aim, &t);
		rv_decide(asks[i].subject, at_ms, &t, q->want, &ret[i]);
	}
}

void
rv_rbac_check_many(const struct rv_ask *asks, size_t n, int64_t at_ms,
    struct rv_verdict *ret_verdicts)
{
	struct recent recent[RECENT];
	struct group g __attribute__((uninitialized));

	for (size_t i = 0; i < RECENT; i++)
		recent[i].p.s = NULL;
	for (size_t i = 0; i < n; i++)
		RV_ASSERT(asks[i].subject->s == asks[0].subject->s &&
			  (asks[i].prepared == NULL ||
			      asks[i].prepared->s == asks[0].subject->s));
	for (size_t i = 0; i < n; i += GROUP) {
		const size_t here = n - i < GROUP ? n - i : GROUP;

		aim_all(&g, recent, asks + i, here);
		find_all(&g, asks + i, here);
		decide_all(&g, asks + i, here, at_ms, ret_verdicts + i);
	}
}
