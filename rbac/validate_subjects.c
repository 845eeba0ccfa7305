/* Administrative users and assignments, in every direction. */
#include "builder.h"

#include <string.h>

/* Whether a row, where there is one, holds exactly the scopes. */
static bool
row_is(const struct rv_assignment *a)
{
	size_t n = 0;

	if (a->scope_row == NULL)
		return a->scope_row_bits == 0;
	for (size_t i = 0; i < rv_words(a->scope_row_bits); i++)
		n += (size_t)__builtin_popcountll(a->scope_row[i]);
	for (size_t i = 0; i < a->scopes.n; i++)
		if (a->scopes.p[i] >= a->scope_row_bits ||
		    !rv_row_has(a->scope_row, a->scopes.p[i]))
			return false;
	return n == a->scopes.n;
}

/* What it names is there, and knows it. */
static int
check_names(const struct rv_snapshot *s, const struct rv_assignment *a,
    struct rv_error *why)
{
	const unsigned long long id = a->assignment_id;

	if (a->role >= s->n_roles || s->roles[a->role].masks == NULL ||
	    !rv_idset_has(s->roles[a->role].assignments, a->number))
		return rv_broken(why, "assignment %llu has no role", id);
	for (size_t i = 0; i < a->scopes.n; i++) {
		const struct rv_scope *scope = rv_scope_at(s, a->scopes.p[i]);

		if (scope == NULL ||
		    !rv_idset_has(scope->assignments, a->number))
			return rv_broken(
			    why, "assignment %llu has a false scope", id);
	}
	for (size_t i = 0; i < a->collections.n; i++) {
		const struct rv_collection *c =
		    rv_collection_at(s, a->collections.p[i]);

		if (c == NULL || !rv_idset_has(c->assignments, a->number))
			return rv_broken(
			    why, "assignment %llu has a false collection", id);
	}
	return RV_OK;
}

static int
check_assignment(const struct rv_snapshot *s, const struct rv_assignment *a,
    uint32_t admin_id, struct rv_error *why)
{
	const unsigned long long id = a->assignment_id;
	const struct rv_ids scopes = a->scopes, collections = a->collections;
	const struct rv_owner *owner =
	    rv_trie_get(&s->owners, a->number, sizeof(*owner));
	const struct rv_slice name =
	    a->number < s->assignment_ids.n
		? rv_dict_name(&s->assignment_ids, a->number)
		: RV_SLICE_NONE;

	if (owner == NULL || owner->admin_id != admin_id ||
	    owner->what !=
		rv_owner_what(a->role,
		    a->from_ms != INT64_MIN || a->until_ms != INT64_MAX,
		    a->bare) ||
	    a->admin_id != admin_id || name.n != sizeof(a->assignment_id) ||
	    memcmp(name.p, &a->assignment_id, name.n) != 0)
		return rv_broken(why, "assignment %llu is inconsistent", id);
	if (a->from_ms >= a->until_ms || !rv_ids_ascend(scopes) ||
	    !rv_ids_ascend(collections) || !row_is(a))
		return rv_broken(why, "assignment %llu is inconsistent", id);
	if (a->bare != (scopes.n == 0 && collections.n == 0) ||
	    a->all_scopes != rv_ids_contain(scopes, s->all_scopes) ||
	    a->all_devices != rv_ids_contain(collections, s->root_devices) ||
	    a->all_users != rv_ids_contain(collections, s->root_users))
		return rv_broken(
		    why, "assignment %llu misjudges its categories", id);
	return check_names(s, a, why);
}

int
rv_grants_check(const struct rv_snapshot *s, const struct rv_grants *g,
    uint32_t admin_id, struct rv_error *why)
{
	int r = RV_OK;

	for (size_t i = 0; g != NULL && r == RV_OK && i < g->n; i++) {
		if (i > 0 && g->p[i - 1].assignment_id >= g->p[i].assignment_id)
			return rv_broken(why,
			    "the assignments of administrative user %u are "
			    "out of order",
			    admin_id);
		r = check_assignment(s, &g->p[i], admin_id, why);
	}
	return r;
}

/* How often assignments name something, from either side. */
struct namings {
	uint64_t assignments, roles, scopes, collections;
	uint64_t principals; /* further ones that users have */
};

static int
check_admin(const struct rv_snapshot *s, uint32_t admin_id, struct namings *sum,
    struct rv_error *why)
{
	const struct rv_admin *admin = rv_admin_at(s, admin_id);
	const struct rv_principal *p = NULL;

	if (admin != NULL && admin->principal < s->principals.n &&
	    (admin->account == RV_NONE || admin->account < s->texts.n))
		p = rv_trie_get(
		    &s->principal_admins, admin->principal, sizeof(*p));
	if (p == NULL ||
	    (admin->out ? p->n_out == 0 || p->out_id < admin_id
			: !p->present || p->admin_id != admin_id) ||
	    rv_idset_has(s->out_ids, admin_id) != admin->out ||
	    (admin->grants != NULL && admin->grants->n == 0))
		return rv_broken(
		    why, "administrative user %u is lost", admin_id);
	for (size_t i = 0; admin->grants != NULL && i < admin->grants->n; i++) {
		sum->scopes += admin->grants->p[i].scopes.n;
		sum->collections += admin->grants->p[i].collections.n;
	}
	sum->principals += admin->n_principals;
	if (admin->grants != NULL)
		sum->assignments += admin->grants->n;
	return rv_grants_check(s, admin->grants, admin_id, why);
}

/* What names stand for; *ret_held is of how many users they are principals. */
static int
check_principals(
    const struct rv_snapshot *s, size_t *ret_held, struct rv_error *why)
{
	size_t held = 0, further = 0, excluded = 0;

	for (uint32_t i = 0; i < s->principals.n; i++) {
		const struct rv_principal *p = rv_principal_at(s, i);
		const struct rv_admin *admin;

		if (p == NULL)
			continue;
		held += p->n_out + (p->present ? 1 : 0);
		further += p->is_further;
		excluded += p->excluded;
		admin = p->is_further ? rv_admin_at(s, p->further) : NULL;
		if (p->is_further &&
		    (p->present || admin == NULL || admin->is_group ||
			admin->n_principals == 0))
			return rv_broken(
			    why, "a further principal is nobody's");
	}
	if (further != s->counts.principals || excluded != s->counts.exclusions)
		return rv_broken(why, "principals are miscounted");
	*ret_held = held;
	return RV_OK;
}

/* Nobody else has a principal, or an assignment. */
static int
check_columns(const struct rv_snapshot *s, struct rv_error *why)
{
	size_t held = 0, owned = 0, elements = 0;
	const struct rv_admin *page;

	if (check_principals(s, &held, why) != RV_OK)
		return RV_ERR_INTERNAL;
	for (uint32_t i = 0; i < s->assignment_ids.n; i++) {
		const struct rv_owner *owner =
		    rv_trie_get(&s->owners, i, sizeof(*owner));

		owned += rv_owner_is_there(owner);
	}
	for (uint64_t at = 0; at <= UINT32_MAX; at += RV_TRIE_FAN) {
		uint32_t id = (uint32_t)at;

		page = rv_trie_next_page(&s->admins, &id);
		if (page == NULL)
			break;
		at = id & ~(uint64_t)(RV_TRIE_FAN - 1);
		for (size_t i = 0; i < RV_TRIE_FAN; i++)
			elements += page[i].present || page[i].grants != NULL ||
				    page[i].n_principals > 0;
	}
	if (held != s->counts.admins || elements != s->counts.admins ||
	    owned != s->counts.assignments ||
	    rv_idset_count(s->admin_ids) != s->counts.admins)
		return rv_broken(why, "users or assignments are miscounted");
	return RV_OK;
}

static void
sum_named(const struct rv_snapshot *s, struct namings *sum)
{
	for (size_t i = 0; i < s->n_roles; i++)
		sum->roles += rv_idset_count(s->roles[i].assignments);
	for (uint32_t i = 0; i < s->scope_ids.n; i++) {
		const struct rv_scope *scope = rv_scope_at(s, i);

		if (scope != NULL)
			sum->scopes += rv_idset_count(scope->assignments);
	}
	for (uint32_t i = 0; i < s->collection_ids.n; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		if (c != NULL)
			sum->collections += rv_idset_count(c->assignments);
	}
}

int
rv_subjects_check(const struct rv_snapshot *s, struct rv_error *why)
{
	struct namings by = { 0 }, of = { 0 };
	uint64_t from = 0;
	uint32_t id;
	int r = RV_OK;

	if (!rv_idset_is_sound(s->admin_ids) || !rv_idset_is_sound(s->out_ids))
		return rv_broken(why, "the set of users is unsound");
	while (r == RV_OK && rv_idset_next(s->admin_ids, &from, &id))
		r = check_admin(s, id, &by, why);
	if (r == RV_OK)
		r = check_columns(s, why);
	if (r != RV_OK)
		return r;
	sum_named(s, &of);
	if (by.principals != s->counts.principals)
		return rv_broken(why, "users have other principals");
	if (by.assignments != s->counts.assignments ||
	    of.roles != by.assignments || of.scopes != by.scopes ||
	    of.collections != by.collections)
		return rv_broken(
		    why, "roles, scopes or collections are given too often");
	return RV_OK;
}
