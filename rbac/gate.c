/*
 * What comes before the rule: the minimum level of the site, who is excepted
 * from it, and whom an id stands for.  docs/rule.md sections 3 and 6.
 */
#include "snapshot.h"

/* ---- Whom an id stands for ----------------------------------------------- */

struct rv_slice
rv_snapshot_account_id(
    const struct rv_snapshot *s, struct rv_slice principal_id)
{
	const struct rv_principal *p = rv_principal_find(s, principal_id);
	const struct rv_admin *admin = NULL;

	if (p == NULL)
		return RV_SLICE_NONE;
	if (p->present)
		admin = rv_admin_at(s, p->admin_id);
	else if (p->is_further)
		admin = rv_admin_at(s, p->further);
	else if (p->n_out > 0)
		admin = rv_admin_at(s, p->out_id);
	return admin != NULL ? rv_dict_name(&s->texts, admin->account)
			     : RV_SLICE_NONE;
}

bool
rv_snapshot_admin_principal(const struct rv_snapshot *s, struct rv_slice own_id,
    struct rv_slice *ret_canonical)
{
	const struct rv_admin *admin = rv_admin_find(s, own_id);

	*ret_canonical = admin != NULL
			     ? rv_dict_name(&s->principals, admin->principal)
			     : RV_SLICE_NONE;
	return admin != NULL;
}

/* ---- The minimum level --------------------------------------------------- */

bool
rv_snapshot_level_pending(
    const struct rv_snapshot *s, struct rv_level_pending *ret)
{
	*ret = (struct rv_level_pending){ 0 };
	if (s->revert_at_ms == 0)
		return false;
	*ret = (struct rv_level_pending){ s->site_level, s->revert_level,
		s->revert_at_ms };
	return true;
}

enum rv_level
rv_snapshot_site_level_at(const struct rv_snapshot *s, int64_t at_ms)
{
	return s->revert_at_ms != 0 && at_ms >= s->revert_at_ms
		   ? s->revert_level
		   : s->site_level;
}

int64_t
rv_snapshot_site_level_until(const struct rv_snapshot *s, int64_t at_ms)
{
	return s->revert_at_ms != 0 && at_ms < s->revert_at_ms &&
		       s->revert_level != s->site_level
		   ? s->revert_at_ms
		   : INT64_MAX;
}

uint32_t
rv_snapshot_max_auth_age_s(const struct rv_snapshot *s)
{
	return s->max_auth_age_s;
}

/* ---- The exclusion list -------------------------------------------------- */

/* Whether a name is on the list, which then is *ret_by. */
static bool
is_listed(
    const struct rv_snapshot *s, struct rv_slice id, struct rv_slice *ret_by)
{
	const uint32_t name = rv_dict_find(&s->principals, 0, id);
	const struct rv_principal *p = rv_principal_at(s, name);

	if (p == NULL || !p->excluded)
		return false;
	*ret_by = rv_dict_name(&s->principals, name);
	return true;
}

/*
 * With groups unknown what is behind the own ids counts for nothing, and
 * where they are known only as groups.
 */
bool
rv_snapshot_is_excluded(const struct rv_snapshot *s, const struct rv_subject *u,
    struct rv_slice *ret_by)
{
	struct rv_slice canonical;

	*ret_by = RV_SLICE_NONE;
	for (size_t i = 0; i < u->n_ids; i++) {
		if (i < u->n_own) {
			if (is_listed(s, u->ids[i], ret_by) ||
			    (rv_snapshot_admin_principal(
				 s, u->ids[i], &canonical) &&
				is_listed(s, canonical, ret_by)))
				return true;
		} else if (u->groups_known &&
			   rv_slice_has_prefix(u->ids[i], RV_GROUP_PREFIX) &&
			   is_listed(s, u->ids[i], ret_by)) {
			return true;
		}
	}
	return false;
}

bool
rv_snapshot_admits(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, struct rv_slice *ret_by)
{
	const int level = (int)u->level;
	int minimum = (int)rv_snapshot_site_level_at(s, at_ms);

	*ret_by = RV_SLICE_NONE;
	/* A level that we do not know reaches nothing. */
	if (level < RV_LEVEL_WINDOWS || level > RV_LEVEL_HELLO)
		return false;
	return level >= minimum || rv_snapshot_is_excluded(s, u, ret_by);
}
