/*
 * Many checks at once.  A check waits for memory three times, one after the
 * other: for the slot of its key, for the record, for what its assignments
 * cover.  In groups each step is begun for all before the first is needed.
 */
#include "conditions.h"

#include "reeve/rbac_ask.h"

#define GROUP  16
#define RECENT 8 /* kinds of questions that are remembered; a power of two */

/* Types and operations that were prepared; mixed batches have few. */
struct recent {
	struct rv_slice type, operation;
	struct rv_prepared p;
};

struct member {
	struct rv_prepared p;
	struct rv_aim aim;
	struct rv_target t;
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

static void
fetch_subject(const struct rv_subject_resolved *k)
{
	for (size_t i = 0; i < k->n && i < 4; i++)
		__builtin_prefetch(k->found[i]);
}

/* Where the scopes of the object will be looked up. */
static void
fetch_rows(const struct rv_subject_resolved *k, const struct rv_target *t)
{
	if (t->cover != RV_COVER_SCOPE || t->reason != RV_REASON_ALLOWED ||
	    t->scoping.b >= RV_SCOPES_MANY)
		return;
	for (size_t i = 0; i < k->n && i < 4; i++) {
		const uint64_t *row = k->found[i]->scope_row;

		if (row == NULL)
			continue;
		__builtin_prefetch(&row[t->scoping.a / RV_BITS]);
		__builtin_prefetch(&row[t->scoping.b / RV_BITS]);
	}
}

static void
answer_group(struct recent *recent, const struct rv_ask *asks, size_t n,
    int64_t at_ms, struct rv_verdict *ret)
{
	struct member m[GROUP];

	for (size_t i = 0; i < n; i++) {
		const struct rv_question *q = &asks[i].question;

		if (asks[i].prepared != NULL)
			m[i].p = *asks[i].prepared;
		else
			prepare(recent, asks[i].subject->s, q, &m[i].p);
		rv_target_aim(&m[i].p, q->key, &m[i].aim);
		rv_target_fetch_slot(&m[i].p, &m[i].aim);
		__builtin_prefetch(asks[i].subject->found);
	}
	for (size_t i = 0; i < n; i++) {
		rv_target_fetch_record(&m[i].p, &m[i].aim);
		fetch_subject(asks[i].subject);
	}
	for (size_t i = 0; i < n; i++) {
		rv_target_find(
		    &m[i].p, asks[i].question.key, &m[i].aim, &m[i].t);
		fetch_rows(asks[i].subject, &m[i].t);
	}
	for (size_t i = 0; i < n; i++)
		rv_decide(asks[i].subject, at_ms, &m[i].t,
		    asks[i].question.want, &ret[i]);
}

void
rv_rbac_check_many(const struct rv_ask *asks, size_t n, int64_t at_ms,
    struct rv_verdict *ret_verdicts)
{
	struct recent recent[RECENT] = { 0 };

	for (size_t i = 0; i < n; i++)
		RV_ASSERT(asks[i].subject->s == asks[0].subject->s);
	for (size_t i = 0; i < n; i += GROUP)
		answer_group(recent, asks + i, n - i < GROUP ? n - i : GROUP,
		    at_ms, ret_verdicts + i);
}
