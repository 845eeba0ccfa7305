/*
 * The decision on operations on more than one thing: docs/rule.md section 4.
 * An assignment fails the union of what it fails in each half, every
 * condition marked with its half; else all is as in a check.
 */
#include "conditions.h"
#include "pair.h"

struct pair {
	const struct rv_subject_resolved *k;
	int64_t at_ms;
	const struct rv_halves *h;
	struct rv_demand *demands;
	bool *read_failed; /* by half, for every assignment or for none */
	bool *level_known; /* by half: level_needed is set */
	bool any_read_failed;
	struct rv_pair_verdict *v;
};

/* The conditions that an assignment fails in one half, `read` apart. */
static inline unsigned
failed_in(const struct pair *p, const struct rv_claim *c, size_t half)
{
	uint64_t unused = 0;

	return rv_failed_by(p->k, c, p->at_ms, &p->demands[half], &unused);
}

/* How many conditions an assignment fails in all halves, `read` apart. */
static size_t
size_of(const struct pair *p, const struct rv_claim *c)
{
	size_t size = 0;

	for (size_t i = 0; i < p->h->n; i++)
		size += rv_conditions(failed_in(p, c, i));
	return size;
}

/*
 * `read` for each half: whether what it needs is allowed, by whatever
 * permissions, and what the own type of its object asks for.
 */
static void
find_reads(struct pair *p)
{
	for (size_t i = 0; i < p->h->n; i++) {
		const struct rv_target *t = &p->h->targets[i];
		uint64_t met = 0;

		for (size_t k = 0; k < p->k->n; k++)
			(void)rv_failed_by(p->k, &p->k->claims[k], p->at_ms,
			    &p->demands[i], &met);
		p->read_failed[i] =
		    t->barred || met != t->needs ||
		    (t->own != 0 && !rv_may_author(p->k, p->at_ms, t->own - 1));
		p->any_read_failed |= p->read_failed[i];
	}
}

/* Each half from any assignment: the first for each, or false. */
static bool
allow_apart(struct pair *p)
{
	struct rv_kept kept = { .ids = p->v->assignments };
	struct rv_pair_half *halves = p->h->halves;

	for (size_t i = 0; i < p->h->n; i++) {
		size_t k = 0;

		while (k < p->k->n && failed_in(p, &p->k->claims[k], i) != 0)
			k++;
		if (k == p->k->n)
			return false;
		halves[i].assignment = p->k->claims[k].assignment_id;
	}
	for (size_t i = 0; i < p->h->n; i++)
		rv_keep_id(&kept, halves[i].assignment);
	p->v->n_assignments = kept.n;
	p->v->assignments_cut = kept.cut;
	return true;
}

/* All halves from one assignment: all of those, or false. */
static bool
allow_together(struct pair *p)
{
	struct rv_kept kept = { .ids = p->v->assignments };

	for (size_t k = 0; k < p->k->n; k++)
		if (size_of(p, &p->k->claims[k]) == 0)
			rv_keep_id(&kept, p->k->claims[k].assignment_id);
	p->v->n_assignments = kept.n;
	p->v->assignments_cut = kept.cut;
	return kept.n > 0;
}

static void
forget_halves(struct pair *p)
{
	for (size_t i = 0; i < p->h->n; i++) {
		p->h->halves[i].missing = 0;
		p->h->halves[i].level_needed = RV_LEVEL_NONE;
		p->h->halves[i].assignment = 0;
		p->level_known[i] = false;
	}
}

/* The lowest level that takes `level` out of the half of a nearest set. */
static void
keep_level(struct pair *p, const struct rv_claim *c, size_t i)
{
	const struct rv_target *t = &p->h->targets[i];
	struct rv_pair_half *half = &p->h->halves[i];
	const unsigned minimum = rv_minimum_of(c, t->t, t->bit);

	if (c->delegated ||
	    (p->level_known[i] && minimum >= (unsigned)half->level_needed))
		return;
	p->level_known[i] = true;
	half->level_needed = (enum rv_level)minimum;
}

static void
keep_nearest(struct pair *p, const struct rv_claim *c)
{
	for (size_t i = 0; i < p->h->n; i++) {
		const unsigned failed = failed_in(p, c, i);

		p->h->halves[i].missing |= failed;
		if ((failed & RV_MISSING_LEVEL) != 0)
			keep_level(p, c, i);
	}
}

static void
explain(struct pair *p)
{
	struct rv_kept kept = { .ids = p->v->assignments };
	size_t smallest = SIZE_MAX;

	forget_halves(p);
	if (!p->k->groups_known) {
		p->v->reason = RV_REASON_GROUPS_UNKNOWN;
		return;
	}
	for (size_t k = 0; k < p->k->n; k++) {
		const size_t size = size_of(p, &p->k->claims[k]);

		if (size < smallest) {
			forget_halves(p);
			smallest = size;
			kept.n = 0;
			kept.cut = false;
		}
		if (size > smallest)
			continue;
		keep_nearest(p, &p->k->claims[k]);
		rv_keep_id(&kept, p->k->claims[k].assignment_id);
	}
	p->v->n_assignments = kept.n;
	p->v->assignments_cut = kept.cut;
	p->v->reason =
	    p->k->n == 0 ? RV_REASON_NO_ASSIGNMENT : RV_REASON_NOT_PERMITTED;
	for (size_t i = 0; p->k->n > 0 && i < p->h->n; i++)
		if (p->read_failed[i])
			p->h->halves[i].missing |= RV_MISSING_READ;
}

/* The reasons about names, in the order of docs/rule.md section 3. */
static unsigned
gravity(enum rv_reason reason)
{
	switch (reason) {
	case RV_REASON_UNKNOWN_TYPE:
		return 3;
	case RV_REASON_OP_NOT_APPLICABLE:
	case RV_REASON_UNKNOWN_OPERATION:
		return 2;
	case RV_REASON_NO_SUCH_OBJECT:
		return 1;
	case RV_REASON_ALLOWED:
	case RV_REASON_NO_ASSIGNMENT:
	case RV_REASON_NOT_PERMITTED:
	case RV_REASON_GROUPS_UNKNOWN:
		break;
	}
	return 0;
}

/* True when every half is a sound question; else says which is not. */
static bool
is_sound(const struct rv_halves *h, const struct rv_subject_resolved *k,
    struct rv_pair_verdict *v)
{
	unsigned worst = 0;

	for (size_t i = 0; i < h->n; i++)
		if (gravity(h->targets[i].reason) > worst) {
			worst = gravity(h->targets[i].reason);
			v->unsound = i;
			v->reason = h->targets[i].reason;
		}
	if (v->reason == RV_REASON_NO_SUCH_OBJECT && !k->groups_known) {
		v->reason = RV_REASON_GROUPS_UNKNOWN;
		v->unsound = 0;
	}
	return worst == 0;
}

static int
decide(struct pair *p, enum rv_pairing pairing, struct rv_arena *arena)
{
	const struct rv_halves *h = p->h;
	bool allowed;

	p->demands = rv_arena_alloc(arena, h->n * sizeof(*p->demands));
	p->read_failed = rv_arena_alloc(arena, h->n * sizeof(*p->read_failed));
	p->level_known = rv_arena_alloc(arena, h->n * sizeof(*p->level_known));
	if (p->demands == NULL || p->read_failed == NULL ||
	    p->level_known == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < h->n; i++)
		rv_demand_init(&p->demands[i], p->k, &h->targets[i]);
	find_reads(p);
	if (p->any_read_failed)
		allowed = false;
	else if (h->any || pairing == RV_PAIRING_USER)
		allowed = allow_apart(p);
	else
		allowed = allow_together(p);
	if (!allowed) {
		explain(p);
		return RV_OK;
	}
	p->v->decision = RV_ALLOW;
	p->v->reason = RV_REASON_ALLOWED;
	return RV_OK;
}

int
rv_rbac_pair(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_pair_question *q, enum rv_pairing pairing,
    struct rv_arena *arena, struct rv_pair_verdict *ret)
{
	struct rv_pair_verdict v = { .decision = RV_DENY,
		.reason = RV_REASON_NOT_PERMITTED,
		.revision = u->s->revision,
		.evaluated_at_ms = at_ms,
		.valid_until_ms = rv_next_boundary(u, at_ms) };
	struct pair p = { .k = u, .at_ms = at_ms, .v = &v };
	struct rv_halves h;
	int r;

	*ret = v;
	r = rv_halves_make(u->s, q, arena, &h);
	if (r != RV_OK)
		return r;
	/* An operation that is none of the table has no halves. */
	if (h.n == 0)
		v.reason = RV_REASON_UNKNOWN_OPERATION;
	p.h = &h;
	v.halves = h.halves;
	v.n_halves = h.n;
	if (h.n > 0 && is_sound(&h, u, &v))
		r = decide(&p, pairing, arena);
	if (r == RV_OK)
		*ret = v;
	return r;
}
