/* What of one type a subject may read: docs/rule.md section 8. */
#include "conditions.h"

/* The operations of Read that are given over everything of a kind. */
struct reach {
	uint64_t scopes, devices, users;
};

/* The scopes in which the subject may read, in the order of their ids. */
static int
put_scopes(const struct rv_snapshot *s, const uint64_t *marks, bool all,
    struct rv_arena *arena, struct rv_readable *ret)
{
	const size_t n_ids = s->scope_ids.n;
	struct rv_order_at at = { 0 };
	struct rv_slice *scopes;
	size_t n = 0;
	uint32_t id;

	for (size_t i = 0; !all && i < rv_words(n_ids); i++)
		n += (size_t)__builtin_popcountll(marks[i]);
	if (all)
		n = rv_order_count(s->scope_order);
	scopes = rv_arena_alloc(arena, n * sizeof(*scopes));
	if (scopes == NULL)
		return RV_ERR_NOMEM;
	ret->n_scopes = 0;
	while (ret->n_scopes < n &&
	       (id = rv_order_next(s->scope_order, &at)) != RV_NONE)
		if (all || rv_row_has(marks, id))
			scopes[ret->n_scopes++] =
			    rv_dict_name(&s->scope_ids, id);
	ret->scopes = scopes;
	return RV_OK;
}

/* Looks at all claims once; marks may be NULL. */
static struct reach
survey(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, uint64_t *marks)
{
	const uint64_t wanted = t->needs | RV_BIT(t->bit);
	const uint64_t within = rv_within_level(k, t->t);
	struct reach reach = { 0 };

	for (size_t i = 0; i < k->n; i++) {
		const struct rv_claim *c = &k->claims[i];
		const uint64_t given =
		    rv_usable(c, at_ms, t->type, within) & wanted;

		if (c->all_scopes)
			reach.scopes |= given;
		if (c->a->all_devices)
			reach.devices |= given;
		if (c->a->all_users)
			reach.users |= given;
		if ((given & RV_BIT(t->bit)) == 0 || marks == NULL)
			continue;
		for (size_t n = 0; n < c->a->scopes.n; n++)
			rv_row_add(marks, c->a->scopes.p[n]);
	}
	return reach;
}

/* Instances secured by role only are behind another operation than Read. */
static bool
reads_defaults(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t)
{
	const struct rv_catalogue *c = k->s->catalogue;

	for (uint32_t i = 0; i < c->default_keys.n; i++) {
		struct rv_target d = *t;
		struct rv_verdict v;

		if (rv_dict_space(&c->default_keys, i) != t->type)
			continue;
		d.bit = c->defaults[i].read_bit;
		d.needs = 0;
		rv_decide(k, at_ms, &d, RV_WANT_FIRST, &v);
		if (v.decision != RV_ALLOW)
			return false;
	}
	return true;
}

/* Whether every instance of the kinds is covered. */
static bool
all_resources(struct reach reach, uint64_t wanted, unsigned kinds)
{
	if ((kinds & RV_CLASS_DEVICES) != 0 && reach.devices != wanted)
		return false;
	if ((kinds & (RV_CLASS_USERS | RV_CLASS_GROUPS)) != 0 &&
	    reach.users != wanted)
		return false;
	return true;
}

static int
read_scoped(const struct rv_subject_resolved *k, const struct rv_target *t,
    struct rv_arena *arena, struct rv_readable *ret)
{
	const struct rv_snapshot *s = k->s;
	const int64_t at_ms = ret->verdict.evaluated_at_ms;
	const uint64_t wanted = t->needs | RV_BIT(t->bit);
	uint64_t *marks =
	    rv_arena_alloc(arena, rv_words(s->scope_ids.n) * sizeof(*marks));
	struct reach reach;

	if (marks == NULL)
		return RV_ERR_NOMEM;
	reach = survey(k, at_ms, t, marks);
	ret->all = reach.scopes == wanted && reads_defaults(k, at_ms, t);
	return put_scopes(
	    s, marks, reach.scopes == wanted && !ret->all, arena, ret);
}

static int
read_type(const struct rv_subject_resolved *k, const struct rv_target *t,
    struct rv_arena *arena, struct rv_readable *ret)
{
	const uint64_t wanted = t->needs | RV_BIT(t->bit);

	switch (t->t->secured_by) {
	case RV_SECURED_BY_ROLE:
		ret->all = !t->t->has_defaults ||
			   reads_defaults(k, ret->verdict.evaluated_at_ms, t);
		return RV_OK;
	case RV_SECURED_BY_SCOPE:
		return read_scoped(k, t, arena, ret);
	case RV_SECURED_BY_COLLECTION:
		ret->all = all_resources(
		    survey(k, ret->verdict.evaluated_at_ms, t, NULL), wanted,
		    RV_CLASS_ANY);
		return RV_OK;
	case RV_SECURED_BY_DERIVED:
		break;
	}
	return RV_OK;
}

int
rv_rbac_readable(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, struct rv_slice type, struct rv_arena *arena,
    struct rv_readable *ret)
{
	struct rv_readable answer = { .any = RV_DENY };
	const struct rv_subject_resolved *k;
	struct rv_target t;
	int r;

	*ret = answer;
	ret->verdict.decision = RV_DENY;
	ret->verdict.reason = RV_REASON_UNKNOWN_TYPE;
	r = rv_rbac_resolve(s, u, arena, &k);
	if (r != RV_OK)
		return r;
	rv_target_resolve_read(s, type, &t);
	rv_decide(k, at_ms, &t, RV_WANT_ALL, &answer.verdict);
	if (answer.verdict.decision == RV_ALLOW) {
		answer.any = RV_ALLOW;
		if (rv_type_find(s->catalogue, type) != RV_NONE)
			r = read_type(k, &t, arena, &answer);
		else
			answer.all = all_resources(survey(k, at_ms, &t, NULL),
			    t.needs | RV_BIT(t.bit), rv_class_kinds(type));
	}
	if (r != RV_OK)
		return r;
	if (!u->groups_known && !answer.all && answer.any == RV_ALLOW) {
		/* A group might let the subject read more. */
		struct rv_verdict *v = &answer.verdict;

		*v = (struct rv_verdict){
			.decision = RV_DENY,
			.reason = RV_REASON_GROUPS_UNKNOWN,
			.revision = v->revision,
			.evaluated_at_ms = v->evaluated_at_ms,
			.valid_until_ms = v->valid_until_ms,
			.object_type_id = v->object_type_id,
			.bit = v->bit,
		};
		answer = (struct rv_readable){ .any = RV_DENY, .verdict = *v };
	}
	*ret = answer;
	return RV_OK;
}
