#include "rest/holding.h"

#include "rest/question.h"
#include "rest/timestamp.h"

struct rv_sight
rv_sight_of(struct rv_exchange *x, const struct rv_snapshot *s)
{
	/* Roles and scopes are secured by role only: all of them, or none. */
	return (struct rv_sight){
		.x = x,
		.s = s,
		.roles = rv_may_read_class(x, s, "SMS_Role"),
		.scopes = rv_may_read_class(x, s, "SMS_SecuredCategory"),
	};
}

static bool
may_see(const struct rv_sight *sight, enum rv_named kind, struct rv_slice id)
{
	struct rv_question q = {
		.type = RV_SLICE_LIT("SMS_Collection"),
		.key = id,
	};

	if (kind == RV_NAMED_SCOPE)
		return sight->scopes;
	return rv_exchange_may_read(sight->x, sight->s, &q);
}

static int
see_ids(const struct rv_sight *sight, enum rv_named kind,
    const struct rv_slice *ids, size_t n, struct rv_names *names,
    struct rv_seen_ids *ret)
{
	struct rv_slice *seen =
	    rv_arena_alloc(sight->x->arena, n * sizeof(*seen));

	*ret = (struct rv_seen_ids){ .p = seen };
	if (seen == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *copy;

		if (!may_see(sight, kind, ids[i])) {
			ret->hidden++;
			continue;
		}
		copy = rv_arena_dup(sight->x->arena, ids[i]);
		if (copy == NULL)
			return RV_ERR_NOMEM;
		seen[ret->n++] = (struct rv_slice){ copy, ids[i].n };
		rv_names_want(names, kind, ids[i]);
	}
	return RV_OK;
}

static int
see_id(struct rv_exchange *x, struct rv_slice id, struct rv_slice *ret)
{
	const char *copy = rv_arena_dup(x->arena, id);

	*ret = (struct rv_slice){ copy, id.n };
	return copy == NULL ? RV_ERR_NOMEM : RV_OK;
}

int
rv_holding_see(const struct rv_sight *sight, const struct rv_holding *h,
    struct rv_names *names, struct rv_seen *ret)
{
	struct rv_seen seen = {
		.assignment_id = h->assignment_id,
		.minimum = h->minimum,
		.valid = h->valid,
		.from_ms = h->from_ms,
		.until_ms = h->until_ms,
	};
	int r = RV_OK;

	if (sight->roles) {
		r = see_id(sight->x, h->role_id, &seen.role_id);
		rv_names_want(names, RV_NAMED_ROLE, h->role_id);
	}
	if (r == RV_OK && h->is_group)
		r = see_id(sight->x, h->principal_id, &seen.group);
	if (r == RV_OK)
		r = see_ids(sight, RV_NAMED_SCOPE, h->scopes, h->n_scopes,
		    names, &seen.scopes);
	if (r == RV_OK)
		r = see_ids(sight, RV_NAMED_COLLECTION, h->collections,
		    h->n_collections, names, &seen.collections);
	if (r == RV_OK)
		*ret = seen;
	return r;
}

/* ---- As JSON --------------------------------------------------------------------- */

static json_t *
ids_json(const struct rv_names *names, enum rv_named kind,
    const struct rv_seen_ids *ids)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < ids->n; i++)
		if (json_array_append_new(
			list, rv_names_json(names, kind, ids->p[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *
hidden_json(size_t hidden)
{
	return hidden > 0 ? json_integer((json_int_t)hidden) : NULL;
}

static json_t *
via_json(struct rv_slice group)
{
	const struct rv_slice prefix = RV_SLICE_LIT("group:");

	if (group.p == NULL)
		return NULL;
	if (rv_slice_has_prefix(group, prefix)) {
		group.p += prefix.n;
		group.n -= prefix.n;
	}
	return json_pack(
	    "{s:s, s:s%}", "type", "group", "id", group.p, group.n);
}

json_t *
rv_seen_json(struct rv_exchange *x, const struct rv_seen *seen,
    const struct rv_names *names)
{
	json_t *role = NULL;

	if (seen->role_id.p != NULL)
		role = rv_names_json(names, RV_NAMED_ROLE, seen->role_id);
	return json_pack("{s:I, s:o*, s:o*, s:b, s:s*, s:s*, s:s*, s:o, s:o*, "
			 "s:o, s:o*}",
	    "id", (json_int_t)seen->assignment_id, "role", role, "via",
	    via_json(seen->group), "valid", seen->valid, "valid_from",
	    rv_timestamp(x->arena, seen->from_ms), "valid_until",
	    rv_timestamp(x->arena, seen->until_ms), "minimum_level",
	    seen->minimum > RV_LEVEL_NONE ? rv_level_name(seen->minimum) : NULL,
	    "scopes", ids_json(names, RV_NAMED_SCOPE, &seen->scopes),
	    "scopes_hidden", hidden_json(seen->scopes.hidden), "collections",
	    ids_json(names, RV_NAMED_COLLECTION, &seen->collections),
	    "collections_hidden", hidden_json(seen->collections.hidden));
}
