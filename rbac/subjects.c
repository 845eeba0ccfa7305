/* Administrative users. */
#include "builder.h"

#include <stdio.h>

struct rv_admin *
rv_builder_admin_at(struct rv_builder *b, uint32_t admin_id)
{
	return rv_trie_put(
	    &b->edit, &b->s->admins, admin_id, sizeof(struct rv_admin));
}

/*
 * The principal id is unique among the administrative users that are in.  An
 * old row of one that is out may bear the id of a newer one.
 */
static int
principal_take(struct rv_builder *b, uint32_t admin_id,
    const struct rv_admin *admin, struct rv_error *e)
{
	struct rv_principal *p = rv_builder_principal_at(b, admin->principal);

	if (p == NULL)
		return rv_builder_nomem(b, e);
	if (admin->out) {
		if (p->n_out++ == 0 || admin_id > p->out_id)
			p->out_id = admin_id;
		if (rv_idset_add(&b->edit, &b->s->out_ids, admin_id) != RV_OK)
			return rv_builder_nomem(b, e);
		return RV_OK;
	}
	if (p->present || p->is_further)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" is the principal of %u and of %u",
		    RV_CUT(rv_dict_name(&b->s->principals, admin->principal)),
		    p->present ? p->admin_id : p->further, admin_id);
	p->present = true;
	p->admin_id = admin_id;
	return RV_OK;
}

/*
 * The highest of those that are out and have a principal.  Seldom asked: one
 * of at least two such users has changed, or is removed.
 */
static uint32_t
last_out(const struct rv_snapshot *s, uint32_t principal, uint32_t besides)
{
	uint32_t id, last = 0;
	uint64_t from = 0;

	while (rv_idset_next(s->admin_ids, &from, &id)) {
		const struct rv_admin *a = rv_admin_at(s, id);

		if (id != besides && a != NULL && a->out &&
		    a->principal == principal)
			last = id;
	}
	return last;
}

static int
principal_leave(
    struct rv_builder *b, uint32_t admin_id, const struct rv_admin *admin)
{
	struct rv_principal *p = rv_builder_principal_at(b, admin->principal);

	if (p == NULL)
		return RV_ERR_NOMEM;
	if (!admin->out) {
		p->present = false;
		p->admin_id = 0;
		return RV_OK;
	}
	p->n_out--;
	if (rv_idset_remove(&b->edit, &b->s->out_ids, admin_id) != RV_OK)
		return RV_ERR_NOMEM;
	if (p->n_out == 0)
		p->out_id = 0;
	else if (p->out_id == admin_id)
		p->out_id = last_out(b->s, admin->principal, admin_id);
	return RV_OK;
}

/* What a row says, in numbers. */
static int
admin_read(struct rv_builder *b, const struct rv_row_admin *row,
    struct rv_admin *ret, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	int r = rv_builder_name(b, "principal_id", row->principal_id, e);

	if (r != RV_OK)
		return r;
	ret->present = true;
	ret->is_group = row->is_group;
	ret->out = row->out;
	ret->account = RV_NONE;
	if (row->account_id.n > UINT16_MAX)
		return rv_builder_refuse(b, e,
		    "account_id of %u is longer than 65535 bytes",
		    row->admin_id);
	if (row->account_id.n > 0) {
		r = rv_dict_add(
		    &b->edit, &s->texts, 0, row->account_id, &ret->account);
		if (r != RV_OK && r != RV_ERR_EXISTS)
			return rv_builder_nomem(b, e);
	}
	r = rv_dict_add(
	    &b->edit, &s->principals, 0, row->principal_id, &ret->principal);
	if (r != RV_OK && r != RV_ERR_EXISTS)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_builder_admin(
    struct rv_builder *b, const struct rv_row_admin *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_admin *admin;
	int r = rv_builder_enter(b, RV_TABLE_ADMIN, e);

	if (r != RV_OK)
		return r;
	admin = rv_builder_admin_at(b, row->admin_id);
	if (admin == NULL)
		return rv_builder_nomem(b, e);
	if (admin->present)
		return rv_builder_refuse(
		    b, e, "%u is there twice", row->admin_id);
	if ((r = admin_read(b, row, admin, e)) != RV_OK ||
	    (r = principal_take(b, row->admin_id, admin, e)) != RV_OK)
		return r;
	if (rv_idset_add(&b->edit, &s->admin_ids, row->admin_id) != RV_OK)
		return rv_builder_nomem(b, e);
	s->counts.admins++;
	return RV_OK;
}

/* The user of a change, to be written to. */
static int
admin_of(struct rv_builder *b, uint32_t admin_id, struct rv_admin **ret_admin,
    struct rv_error *e)
{
	if (rv_admin_at(b->s, admin_id) == NULL)
		return rv_builder_refuse(
		    b, e, "there is no administrative user %u", admin_id);
	*ret_admin = rv_builder_admin_at(b, admin_id);
	return *ret_admin != NULL ? RV_OK : rv_builder_nomem(b, e);
}

int
rv_builder_change_admin(
    struct rv_builder *b, const struct rv_row_admin *row, struct rv_error *e)
{
	struct rv_admin *admin;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ADMIN, e)) != RV_OK ||
	    (r = admin_of(b, row->admin_id, &admin, e)) != RV_OK)
		return r;
	if (row->is_group && admin->n_principals > 0)
		return rv_builder_refuse(b, e,
		    "%u has further principals and becomes a group",
		    row->admin_id);
	if (principal_leave(b, row->admin_id, admin) != RV_OK)
		return rv_builder_nomem(b, e);
	if ((r = admin_read(b, row, admin, e)) != RV_OK)
		return r;
	return principal_take(b, row->admin_id, admin, e);
}

/* What names it may still go: rv_subjects_finish() looks. */
int
rv_builder_remove_admin(
    struct rv_builder *b, uint32_t admin_id, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_admin *admin;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ADMIN, e)) != RV_OK ||
	    (r = admin_of(b, admin_id, &admin, e)) != RV_OK)
		return r;
	if (principal_leave(b, admin_id, admin) != RV_OK ||
	    rv_builder_touch(&b->admins, admin_id) != RV_OK ||
	    rv_idset_remove(&b->edit, &s->admin_ids, admin_id) != RV_OK)
		return rv_builder_nomem(b, e);
	admin->present = false;
	s->counts.admins--;
	return RV_OK;
}

/* What is new is looked at as after a load. */
static int
check_granted(struct rv_builder *b, struct rv_error *e)
{
	for (size_t i = 0; i < b->granted.n; i++) {
		const uint32_t id = b->granted.p[i];
		const struct rv_admin *admin = rv_admin_at(b->s, id);
		struct rv_error why;

		if (admin != NULL &&
		    rv_grants_check(b->s, admin->grants, id, &why) != RV_OK)
			return rv_builder_refuse(
			    b, e, "the version is unsound: %s", why.text);
	}
	return RV_OK;
}

int
rv_subjects_finish(struct rv_builder *b, struct rv_error *e)
{
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < b->admins.n; i++) {
		const uint32_t id = b->admins.p[i];
		struct rv_admin *admin = rv_builder_admin_at(b, id);
		char key[16];

		if (admin == NULL)
			return rv_builder_nomem(b, e);
		if (admin->present)
			continue;
		if (admin->grants != NULL || admin->n_principals > 0)
			return rv_builder_refuse(b, e,
			    "admin: %u is gone, and %s names it", id,
			    admin->grants != NULL ? "an assignment"
						  : "a principal");
		*admin = (struct rv_admin){ 0 };
		(void)snprintf(key, sizeof(key), "%u", id);
		r = rv_objects_check_gone(
		    b, RV_TYPE_ADMIN, rv_slice_of(key), e);
	}
	return r == RV_OK ? check_granted(b, e) : r;
}
