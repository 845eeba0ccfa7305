/* All operations that a subject may do on one object. */
#include "conditions.h"
#include "own_types.h"

#include "reeve/rbac_ask.h"

/* What all assignments together give: on the object, below, at all. */
struct gains {
	uint64_t on, below, at_all;
};

static struct gains
gather(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t)
{
	const uint64_t within = rv_within_level(k, t->t);
	struct gains g = { 0 };
	struct rv_demand d;

	rv_demand_init(&d, k, t);
	for (size_t i = 0; i < k->n; i++) {
		const struct rv_claim *c = &k->claims[i];
		const uint64_t given = rv_usable(c, at_ms, t->type, within);

		if (given == 0)
			continue;
		g.at_all |= given;
		if (rv_covers(k->s, c, t->need_cover, &d, false))
			g.on |= given;
		if (t->t->below != 0 &&
		    rv_covers(k->s, c, t->need_cover, &d, true))
			g.below |= given;
	}
	return g;
}

/* Whether one operation is allowed, once it is known what is given. */
static bool
allows(
    const struct rv_target *t, const struct gains *g, unsigned bit, bool named)
{
	const uint64_t read =
	    t->t->read_bit == RV_NO_BIT
		? 0
		: RV_BIT(t->t->read_bit) | t->t->needs[t->t->read_bit];
	const bool strict =
	    t->cover == RV_COVER_COLLECTION && (t->t->below & RV_BIT(bit)) != 0;

	if ((t->t->type_wide & RV_BIT(bit)) != 0)
		return (g->at_all & RV_BIT(bit)) != 0 &&
		       (!named || (read != 0 && (g->on & read) == read));
	return ((strict ? g->below : g->on) & RV_BIT(bit)) != 0 &&
	       (t->t->barred & RV_BIT(bit)) == 0 &&
	       (g->on & t->t->needs[bit]) == t->t->needs[bit];
}

/* Whether the subject has what the own type of an object asks for. */
static bool
authors(const struct rv_subject_resolved *k, int64_t at_ms, uint32_t object)
{
	const unsigned place = rv_own_place_of(k->s, object);

	return place == RV_OWN_TYPES || rv_may_author(k, at_ms, place);
}

static uint64_t
on_type(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, bool named, bool exists)
{
	const struct gains g = gather(k, at_ms, t);
	/* With no object there is nothing but what is about the type. */
	uint64_t asked =
	    exists ? t->t->registered : t->t->registered & t->t->type_wide;
	uint64_t allowed = 0;

	if (t->never)
		return 0;
	for (uint64_t left = asked; left != 0; left &= left - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(left);

		if (allows(t, &g, bit, named))
			allowed |= RV_BIT(bit);
	}
	if ((allowed & t->t->authored) != 0 && named &&
	    !authors(k, at_ms, t->object))
		allowed &= ~t->t->authored;
	return allowed;
}

static bool
allowed_by_check(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, struct rv_slice key)
{
	struct rv_verdict v;

	rv_rbac_check_prepared(k, at_ms, p, key, RV_WANT_FIRST, &v);
	return v.decision == RV_ALLOW;
}

/* Of a class only the operations that its table lists. */
static uint64_t
on_class(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, uint32_t class)
{
	const struct rv_dict *operations = &k->s->catalogue->class_operations;
	const struct gains g = gather(k, at_ms, t);
	uint64_t allowed = 0;

	for (uint32_t i = 0; i < operations->n; i++) {
		const unsigned bit = (unsigned)rv_dict_value(operations, i);

		if (rv_dict_space(operations, i) == class &&
		    allows(t, &g, bit, true))
			allowed |= RV_BIT(bit);
	}
	return allowed;
}

/* On a default instance there are Read and Modify, and nothing else. */
static uint64_t
on_default(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, struct rv_slice key)
{
	const uint8_t bits[] = { t->t->read_bit, t->t->modify_bit };
	uint64_t allowed = 0;

	for (size_t i = 0; i < 2; i++) {
		struct rv_prepared p;

		if (bits[i] == RV_NO_BIT)
			continue;
		rv_target_prepare_bit(k->s, t->type, bits[i], &p);
		if (allowed_by_check(k, at_ms, &p, key))
			allowed |= RV_BIT(bits[i]);
	}
	return allowed;
}

static void
answer(const struct rv_subject_resolved *u, int64_t at_ms, struct rv_slice type,
    struct rv_slice key, struct rv_operations *ret)
{
	struct rv_prepared p;
	struct rv_target t;
	const uint32_t class = rv_target_prepare_name(u->s, type, &p);
	const bool found = rv_target_find_any(&p, key, &t);

	if (t.t == NULL) {
		ret->reason = RV_REASON_UNKNOWN_TYPE;
		return;
	}
	ret->object_type_id = t.t->object_type_id;
	if (key.p != NULL && !found)
		ret->reason = u->groups_known ? RV_REASON_NO_SUCH_OBJECT
					      : RV_REASON_GROUPS_UNKNOWN;
	else if (class != RV_NONE)
		ret->allowed = found ? on_class(u, at_ms, &t, class) : 0;
	else if (t.is_default)
		ret->allowed = on_default(u, at_ms, &t, key);
	else
		ret->allowed = on_type(u, at_ms, &t, key.p != NULL,
		    found || t.need_cover == RV_COVER_NOTHING);
	if (class != RV_NONE && key.p == NULL)
		ret->reason = RV_REASON_NO_SUCH_OBJECT;
}

void
rv_rbac_operations(const struct rv_subject_resolved *u, int64_t at_ms,
    struct rv_slice type, struct rv_slice key, struct rv_operations *ret)
{
	*ret = (struct rv_operations){ .reason = RV_REASON_ALLOWED,
		.valid_until_ms = rv_next_boundary(u, at_ms) };
	answer(u, at_ms, type, key, ret);
}
