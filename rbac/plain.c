/*
 * Plain questions: what nearly all are, decided for all claims of a subject
 * at once and with hardly a jump that depends on the answer.  Everything
 * here could be decided by rv_decide() as well.
 */
#include "resource_page.h"
#include "verdict.h"

#include <limits.h>

/*
 * Each condition as a row of bits, a claim each, the first one highest: so
 * all sets of failed conditions are counted and compared at once.
 */
struct failures {
	unsigned lacks, uncovered, low, late;
	unsigned lacks_need; /* the operation that is needed besides */
	unsigned condition;  /* what is missing where it is uncovered */
};

/* A scope in a row of bits; beyond its end there is nothing. */
static inline uint64_t
row_meets(const struct rv_claim *c, uint32_t word, uint64_t bit)
{
	const uint64_t within = -(uint64_t)(word < c->row_bits / RV_BITS);

	return c->row[word & within] & bit & within;
}

static inline unsigned
low_claims(const struct rv_subject_resolved *k, const struct rv_target *t)
{
	return k->reached < (int)t->t->minimum[t->bit] ? (1u << k->n) - 1
						       : k->low;
}

/* The bit of the operation that is needed besides, or any. */
static inline unsigned
need_of(const struct rv_target *t)
{
	return (unsigned)__builtin_ctzll(t->needs | RV_BIT(63));
}

static inline struct failures
find_failures(const struct rv_subject_resolved *k, const struct rv_target *t,
    struct rv_scoping carried, const int64_t *at_ms)
{
	const struct rv_claim *c = k->claims, *const end = c + k->n;
	const uint32_t word_a = carried.a / RV_BITS;
	const uint32_t word_b = carried.b / RV_BITS;
	const uint64_t bit_a = RV_BIT(carried.a % RV_BITS);
	const uint64_t bit_b = RV_BIT(carried.b % RV_BITS);
	const unsigned bit = t->bit, need = need_of(t);
	const uint32_t type = t->type;
	struct failures f = { 0 };

	for (; c < end; c++) {
		const uint64_t lacks = ~c->masks[type];
		const uint64_t met =
		    row_meets(c, word_a, bit_a) | row_meets(c, word_b, bit_b);

		f.lacks = f.lacks << 1 | (lacks >> bit & 1);
		f.lacks_need = f.lacks_need << 1 | (lacks >> need & 1);
		f.uncovered = f.uncovered << 1 | (met == 0);
		if (at_ms != NULL)
			f.late = f.late << 1 | !rv_in_time(c, *at_ms);
	}
	f.uncovered &= ~(unsigned)k->everywhere;
	f.low = low_claims(k, t);
	f.condition = RV_MISSING_SCOPE;
	return f;
}

/* The claims that name one of the collections of a resource. */
static inline unsigned
claims_of(const struct rv_subject_resolved *k, const uint16_t *in, uint32_t n)
{
	unsigned claims = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t number = in[i];
		const struct rv_places *p =
		    &k->places[rv_places_of(number, k->n_places)];

		for (size_t at = 0; at < RV_PLACES; at++)
			claims |= p->claims[at] &
				  -(unsigned)(p->collections[at] == number);
	}
	return claims;
}

static inline struct failures
find_resource_failures(const struct rv_subject_resolved *k,
    const struct rv_target *t, unsigned covered, const int64_t *at_ms)
{
	const struct rv_claim *c = k->claims, *const end = c + k->n;
	const unsigned bit = t->bit, need = need_of(t);
	const uint32_t type = t->type;
	struct failures f = { 0 };

	for (; c < end; c++) {
		const uint64_t lacks = ~c->masks[type];

		f.lacks = f.lacks << 1 | (lacks >> bit & 1);
		f.lacks_need = f.lacks_need << 1 | (lacks >> need & 1);
		if (at_ms != NULL)
			f.late = f.late << 1 | !rv_in_time(c, *at_ms);
	}
	f.uncovered = ((1u << k->n) - 1) & ~covered;
	f.low = low_claims(k, t);
	f.condition = RV_MISSING_COLLECTION;
	return f;
}

/* The claims whose sets are smallest; *ret_empty: these are empty. */
static inline unsigned
find_smallest(const struct failures *f, unsigned all, bool *ret_empty)
{
	const unsigned a = f->lacks ^ f->uncovered, b = f->lacks & f->uncovered;
	const unsigned c = f->low ^ f->late, d = f->low & f->late;
	const unsigned odd = a ^ c, carry = a & c, two = b ^ d ^ carry;
	const unsigned none =
	    all & ~(f->lacks | f->uncovered | f->low | f->late);
	unsigned keep = b & d; /* all four */

	keep = (odd & two) != 0 ? odd & two : keep;
	keep = (two & ~odd) != 0 ? two & ~odd : keep;
	keep = (odd & ~two) != 0 ? odd & ~two : keep;
	keep = none != 0 ? none : keep;
	*ret_empty = none != 0;
	return keep;
}

/* What is needed besides: one operation, or none. */
static inline bool
fails_need(const struct rv_subject_resolved *k, const struct rv_target *t,
    const struct failures *f, unsigned all)
{
	const bool level = (t->needs & ~rv_within_level(k, t->t)) == 0;
	const bool met = level & ((all & ~(f->lacks_need | f->uncovered |
					     (unsigned)k->low | f->late)) != 0);

	return t->barred | ((t->needs != 0) & !met);
}

static void
find_plain_level(const struct rv_subject_resolved *k, unsigned keep,
    const struct rv_target *t, struct rv_verdict *v)
{
	unsigned level = UINT_MAX;

	for (size_t i = 0; i < k->n; i++)
		if ((keep >> (k->n - 1 - i) & 1) != 0)
			rv_lower_level(&k->claims[i], t, &level);
	if (level != UINT_MAX)
		v->level_needed = (enum rv_level)level;
}

static inline void
judge_plain(const struct rv_subject_resolved *k, const struct rv_target *t,
    const struct failures *f, enum rv_want want, struct rv_verdict *v)
{
	const unsigned all = (1u << k->n) - 1;
	const struct rv_claim *c = k->claims;
	struct rv_nearest n = { 0 };
	bool empty;
	const unsigned keep = find_smallest(f, all, &empty);
	uint64_t *ids = v->assignments;

	n.size = !empty;
	n.missing = ((keep & f->lacks) != 0) * (unsigned)RV_MISSING_OPERATION |
		    ((keep & f->uncovered) != 0) * f->condition |
		    ((keep & f->low) != 0) * (unsigned)RV_MISSING_LEVEL |
		    ((keep & f->late) != 0) * (unsigned)RV_MISSING_TIME;
	for (unsigned bit = (all + 1) >> 1; bit != 0; bit >>= 1, c++) {
		*ids = c->assignment_id;
		ids += (keep & bit) != 0;
	}
	n.n = (size_t)(ids - v->assignments);
	if ((n.missing & RV_MISSING_LEVEL) != 0)
		find_plain_level(k, keep & f->low, t, v);
	rv_verdict_conclude(k, &n, fails_need(k, t, f, all), want, v);
}

static void
decide_other(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, const struct rv_carrier *o, enum rv_want want,
    struct rv_verdict *ret)
{
	struct rv_target t = p->base;

	t.object = o->object;
	t.scoping = o->scoping;
	if (!o->found)
		t.reason = RV_REASON_NO_SUCH_OBJECT;
	rv_decide(k, at_ms, &t, want, ret);
}

void
rv_decide_plain(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, const struct rv_carrier *o, enum rv_want want,
    struct rv_verdict *ret)
{
	struct failures f;

	if (!o->found || !k->few || o->scoping.b == RV_SCOPES_MANY) {
		decide_other(k, at_ms, p, o, want, ret);
		return;
	}
	rv_verdict_begin(k, at_ms, &p->base, ret);
	if (k->bounded)
		f = find_failures(k, &p->base, o->scoping, &at_ms);
	else
		f = find_failures(k, &p->base, o->scoping, NULL);
	judge_plain(k, &p->base, &f, want, ret);
}

void
rv_decide_resource(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, uint64_t number, enum rv_want want,
    struct rv_verdict *ret)
{
	const uint32_t id = (uint32_t)number, at = id & (RV_TRIE_FAN - 1);
	const struct rv_resource_page *page = NULL;
	struct rv_resource_slot slot = { 0 };
	struct rv_target t = p->base;
	struct failures f;
	unsigned covered;
	uint32_t end;

	if (number <= UINT32_MAX)
		page = rv_trie_page(&k->s->resources, id);
	if (page != NULL)
		slot = rv_page_slot(page, at);
	t.object = id;
	t.resource_type = slot.type;
	if (!rv_target_is_of(p, slot.type))
		t.reason = RV_REASON_NO_SUCH_OBJECT;
	if (t.reason != RV_REASON_ALLOWED || page == NULL ||
	    page->wide_numbers) {
		rv_decide(k, at_ms, &t, want, ret);
		return;
	}
	end = rv_page_slot(page, at + 1).first;
	covered =
	    claims_of(k, (const uint16_t *)rv_page_numbers(page) + slot.first,
		end - slot.first) |
	    (slot.type == RV_RESOURCE_DEVICE ? k->devices : k->users);
	rv_verdict_begin(k, at_ms, &t, ret);
	f = find_resource_failures(k, &t, covered, k->bounded ? &at_ms : NULL);
	judge_plain(k, &t, &f, want, ret);
}
