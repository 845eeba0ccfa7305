/*
 * Further principals of administrative users, and the exclusion list: what
 * names a person beside the principal of its row.
 */
#include "builder.h"

struct rv_principal *
rv_builder_principal_at(struct rv_builder *b, uint32_t name)
{
	return rv_trie_put(&b->edit, &b->s->principal_admins, name,
	    sizeof(struct rv_principal));
}

/* What a name stands for, to be written to; it may be new. */
static int
named(struct rv_builder *b, struct rv_slice id, struct rv_principal **ret,
    struct rv_error *e)
{
	uint32_t name;
	int r = rv_builder_name(b, "principal_id", id, e);

	if (r != RV_OK)
		return r;
	r = rv_dict_add(&b->edit, &b->s->principals, 0, id, &name);
	if (r != RV_OK && r != RV_ERR_EXISTS)
		return rv_builder_nomem(b, e);
	*ret = rv_builder_principal_at(b, name);
	return *ret != NULL ? RV_OK : rv_builder_nomem(b, e);
}

/* ---- Further principals -------------------------------------------------- */

/* One more for a user, which is there and is no group. */
static int
give(struct rv_builder *b, const struct rv_row_principal *row,
    struct rv_principal *p, struct rv_error *e)
{
	const struct rv_admin *there = rv_admin_at(b->s, row->admin_id);
	struct rv_admin *admin;

	if (there == NULL || there->is_group)
		return rv_builder_refuse(b, e,
		    "there is no administrative user %u that may have "
		    "\"%.*s\"",
		    row->admin_id, RV_CUT(row->principal_id));
	admin = rv_builder_admin_at(b, row->admin_id);
	if (admin == NULL)
		return rv_builder_nomem(b, e);
	admin->n_principals++;
	p->is_further = true;
	p->further = row->admin_id;
	return RV_OK;
}

/* The user may be gone already, its element is not. */
static int
take(struct rv_builder *b, struct rv_principal *p, struct rv_error *e)
{
	struct rv_admin *admin = rv_builder_admin_at(b, p->further);

	if (admin == NULL)
		return rv_builder_nomem(b, e);
	RV_ASSERT(admin->n_principals > 0);
	admin->n_principals--;
	p->is_further = false;
	p->further = 0;
	return RV_OK;
}

int
rv_builder_principal(struct rv_builder *b, const struct rv_row_principal *row,
    struct rv_error *e)
{
	struct rv_principal *p = NULL;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_PRINCIPAL, e)) != RV_OK ||
	    (r = named(b, row->principal_id, &p, e)) != RV_OK)
		return r;
	if (p->present || p->is_further)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" is the principal of %u and of %u",
		    RV_CUT(row->principal_id),
		    p->present ? p->admin_id : p->further, row->admin_id);
	if ((r = give(b, row, p, e)) == RV_OK)
		b->s->counts.principals++;
	return r;
}

/* That of a change, to be written to. */
static int
further_of(struct rv_builder *b, struct rv_slice id, struct rv_principal **ret,
    struct rv_error *e)
{
	int r = rv_builder_enter_change(b, RV_TABLE_PRINCIPAL, e);

	if (r == RV_OK)
		r = named(b, id, ret, e);
	if (r == RV_OK && !(*ret)->is_further)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" is no further principal", RV_CUT(id));
	return r;
}

int
rv_builder_change_principal(struct rv_builder *b,
    const struct rv_row_principal *row, struct rv_error *e)
{
	struct rv_principal *p = NULL;
	int r = further_of(b, row->principal_id, &p, e);

	if (r == RV_OK)
		r = take(b, p, e);
	return r == RV_OK ? give(b, row, p, e) : r;
}

int
rv_builder_remove_principal(
    struct rv_builder *b, struct rv_slice principal_id, struct rv_error *e)
{
	struct rv_principal *p = NULL;
	int r = further_of(b, principal_id, &p, e);

	if (r == RV_OK)
		r = take(b, p, e);
	if (r == RV_OK)
		b->s->counts.principals--;
	return r;
}

/* ---- The exclusion list -------------------------------------------------- */

int
rv_builder_exclusion(struct rv_builder *b, const struct rv_row_exclusion *row,
    struct rv_error *e)
{
	struct rv_principal *p = NULL;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_EXCLUSION, e)) != RV_OK ||
	    (r = named(b, row->principal_id, &p, e)) != RV_OK)
		return r;
	if (p->excluded)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" is there twice", RV_CUT(row->principal_id));
	p->excluded = true;
	b->s->counts.exclusions++;
	return RV_OK;
}

int
rv_builder_remove_exclusion(
    struct rv_builder *b, struct rv_slice principal_id, struct rv_error *e)
{
	struct rv_principal *p = NULL;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_EXCLUSION, e)) != RV_OK ||
	    (r = named(b, principal_id, &p, e)) != RV_OK)
		return r;
	if (!p->excluded)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" is not on the exclusion list",
		    RV_CUT(principal_id));
	p->excluded = false;
	b->s->counts.exclusions--;
	return RV_OK;
}
