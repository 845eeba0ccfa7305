#include "store/changes.h"

#include <stdlib.h>
#include <string.h>

#include "store/changes_image.h"
#include "store/changes_rows.h"

/*
 * All changes of one row taken together: what it was before the first and is
 * after the last.  Nothing but that matters to the next version, and so the
 * order can be chosen: first what goes, each row before those that it names,
 * then what comes or changes, each row after those that it names.  Cascading
 * deletes would come the other way round.
 */
struct net {
	size_t entity; /* its place in rv_change_entities */
	const struct rv_change *first, *last;
};

struct batch {
	const struct rv_changes *changes;
	struct rv_builder *builder;
	struct net *nets; /* by entity and key */
	size_t n;
};

/* ---- Are they all there? ---------------------------------------------------- */

static int
check_sequence(
    const struct rv_changes *changes, uint64_t base, struct rv_error *e)
{
	uint64_t revision = base;
	uint32_t ordinal = 0;

	for (size_t i = 0; i < changes->n; i++) {
		const struct rv_change *c = &changes->rows[i];

		if (c->revision != revision) {
			revision++;
			ordinal = 0;
		}
		if (c->revision != revision || c->ordinal != ++ordinal) {
			rv_error_set(e,
			    "change %u of revision %llu follows change %u of "
			    "revision %llu",
			    c->ordinal, (unsigned long long)c->revision,
			    ordinal, (unsigned long long)revision);
			return RV_ERR_INVALID;
		}
	}
	if (revision == changes->revision && revision > base)
		return RV_OK;
	rv_error_set(e, "the changes end with revision %llu instead of %llu",
	    (unsigned long long)revision,
	    (unsigned long long)changes->revision);
	return RV_ERR_INVALID;
}

/* ---- Net changes ------------------------------------------------------------ */

static int
find_entity(struct rv_slice name, size_t *ret_entity, struct rv_error *e)
{
	for (size_t i = 0; i < rv_change_n_entities; i++)
		if (rv_slice_eq_cstr(name, rv_change_entities[i].name)) {
			*ret_entity = i;
			return RV_OK;
		}
	rv_error_set(e, "the entity \"%.*s\" is not known", RV_SLICE_FMT(name));
	return RV_ERR_INVALID;
}

/* Rows are in the order of time: a pointer tells it. */
static int
by_row(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	int order;

	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	order = rv_slice_cmp(x->first->key, y->first->key);
	if (order != 0)
		return order;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool
same_image(struct rv_slice a, struct rv_slice b)
{
	return (a.p == NULL) == (b.p == NULL) && rv_slice_eq(a, b);
}

/* Whether a change begins with what the one before it has left. */
static bool
continues(const struct rv_change *before, const struct rv_change *after)
{
	return same_image(before->after, after->before) &&
	       before->after_from_ms == after->before_from_ms &&
	       before->after_until_ms == after->before_until_ms;
}

static int
take_rows(struct batch *batch, struct rv_error *e)
{
	for (size_t i = 0; i < batch->changes->n; i++) {
		const struct rv_change *c = &batch->changes->rows[i];
		size_t entity;
		int r = find_entity(c->entity, &entity, e);

		if (r != RV_OK)
			return r;
		if (!rv_change_entities[entity].no_effect)
			batch->nets[batch->n++] = (struct net){ entity, c, c };
	}
	return RV_OK;
}

static int
collapse(struct batch *batch, struct rv_error *e)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct net *next = &batch->nets[i];
		struct net *last = n > 0 ? &batch->nets[n - 1] : NULL;

		if (last == NULL || last->entity != next->entity ||
		    !rv_slice_eq(last->first->key, next->first->key)) {
			batch->nets[n++] = *next;
			continue;
		}
		if (!continues(last->last, next->first)) {
			rv_error_set(e,
			    "%s %.*s: revision %llu does not begin with what "
			    "was left",
			    rv_change_entities[next->entity].name,
			    RV_SLICE_FMT(next->first->key),
			    (unsigned long long)next->first->revision);
			return RV_ERR_INVALID;
		}
		last->last = next->first;
	}
	batch->n = n;
	return RV_OK;
}

static int
make_nets(struct batch *batch, struct rv_error *e)
{
	int r;

	batch->nets = calloc(batch->changes->n, sizeof(*batch->nets));
	if (batch->nets == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	r = take_rows(batch, e);
	if (r != RV_OK)
		return r;
	if (batch->n > 1)
		qsort(batch->nets, batch->n, sizeof(*batch->nets), by_row);
	return collapse(batch, e);
}

/* ---- To the builder ----------------------------------------------------------- */

static int
open_before(const struct net *net, struct rv_change_image *ret_image,
    struct rv_error *e)
{
	int r = rv_change_image_open(
	    &rv_change_entities[net->entity], net->first->before, ret_image, e);

	ret_image->row.from_ms = net->first->before_from_ms;
	ret_image->row.until_ms = net->first->before_until_ms;
	return r;
}

static int
open_after(const struct net *net, struct rv_change_image *ret_image,
    struct rv_error *e)
{
	int r = rv_change_image_open(
	    &rv_change_entities[net->entity], net->last->after, ret_image, e);

	ret_image->row.from_ms = net->last->after_from_ms;
	ret_image->row.until_ms = net->last->after_until_ms;
	return r;
}

static int
call(rv_change_fn *fn, const char *what, struct rv_builder *b,
    const struct rv_change_row *row, struct rv_error *e)
{
	if (fn != NULL)
		return fn(b, row, e);
	rv_error_set(e, "%s takes a full load", what);
	return RV_ERR_INVALID;
}

static int
remove_row(struct batch *batch, const struct net *net, struct rv_error *e)
{
	struct rv_change_image before = { .json = NULL };
	int r = open_before(net, &before, e);

	if (r == RV_OK)
		r = call(rv_change_entities[net->entity].remove, "a removal",
		    batch->builder, &before.row, e);
	rv_change_image_close(&before);
	return r;
}

static int
add_row(struct batch *batch, const struct net *net, struct rv_error *e)
{
	struct rv_change_image after = { .json = NULL };
	int r = open_after(net, &after, e);

	if (r == RV_OK)
		r = call(rv_change_entities[net->entity].add, "a new row",
		    batch->builder, &after.row, e);
	rv_change_image_close(&after);
	return r;
}

static int
change_row(struct batch *batch, const struct net *net, struct rv_error *e)
{
	const struct rv_change_entity *entity =
	    &rv_change_entities[net->entity];
	struct rv_change_image before = { .json = NULL };
	struct rv_change_image after = { .json = NULL };
	int r = open_before(net, &before, e);

	if (r == RV_OK)
		r = open_after(net, &after, e);
	if (r == RV_OK && !rv_change_row_same(entity, &before.row, &after.row))
		r = call(
		    entity->change, "a change", batch->builder, &after.row, e);
	rv_change_image_close(&before);
	rv_change_image_close(&after);
	return r;
}

enum step {
	STEP_REMOVE,
	STEP_CHANGE,
	STEP_ADD,
	STEP_NONE,
};

static enum step
step_of(const struct net *net)
{
	bool was = net->first->before.p != NULL;
	bool is = net->last->after.p != NULL;

	if (was && is)
		return STEP_CHANGE;
	return was ? STEP_REMOVE : is ? STEP_ADD : STEP_NONE;
}

/* All rows of an entity (a range of nets) that take this step. */
static int
take_step(struct batch *batch, const struct net *from, const struct net *end,
    enum step step, struct rv_error *e)
{
	static int (*const take[])(
	    struct batch *, const struct net *, struct rv_error *) = {
		[STEP_REMOVE] = remove_row,
		[STEP_CHANGE] = change_row,
		[STEP_ADD] = add_row,
	};
	struct rv_error why = { "" };
	int r = RV_OK;

	for (; from < end && r == RV_OK; from++) {
		if (step_of(from) != step)
			continue;
		r = take[step](batch, from, &why);
		if (r != RV_OK)
			rv_error_set(e, "%s %.*s, revision %llu: %.300s",
			    rv_change_entities[from->entity].name,
			    RV_SLICE_FMT(from->first->key),
			    (unsigned long long)from->last->revision, why.text);
	}
	return r;
}

/* Changes before new rows: one may give up a name that another takes. */
static int
take_nets(struct batch *batch, struct rv_error *e)
{
	const struct net *nets = batch->nets;
	size_t i, k;
	int r = RV_OK;

	for (i = batch->n; i > 0 && r == RV_OK; i = k) {
		for (k = i - 1; k > 0; k--)
			if (nets[k - 1].entity != nets[i - 1].entity)
				break;
		r = take_step(batch, nets + k, nets + i, STEP_REMOVE, e);
	}
	for (i = 0; i < batch->n && r == RV_OK; i = k) {
		for (k = i + 1; k < batch->n; k++)
			if (nets[k].entity != nets[i].entity)
				break;
		r = take_step(batch, nets + i, nets + k, STEP_CHANGE, e);
		if (r == RV_OK)
			r = take_step(batch, nets + i, nets + k, STEP_ADD, e);
	}
	/* rv_changes_apply() frees them. */
	return r; /* NOLINT(clang-analyzer-unix.Malloc) */
}

/* ---- The row of the site ------------------------------------------------------ */

static int
pairing_of(struct rv_slice word, enum rv_pairing *ret)
{
	if (rv_slice_eq_cstr(word, "assignment"))
		*ret = RV_PAIRING_ASSIGNMENT;
	else if (rv_slice_eq_cstr(word, "user"))
		*ret = RV_PAIRING_USER;
	else
		return RV_ERR_INVALID;
	return RV_OK;
}

static int
read_settings(
    const struct net *net, struct rv_row_site *site, struct rv_error *e)
{
	struct rv_change_image after = { .json = NULL };
	int r;

	if (step_of(net) != STEP_CHANGE) {
		rv_error_set(e, "the row of the settings came or went");
		return RV_ERR_INVALID;
	}
	r = open_after(net, &after, e);
	if (r == RV_OK) {
		site->minimum = (enum rv_level)after.row.v[0].n;
		site->revert_level = (enum rv_level)after.row.v[2].n;
		site->revert_at_ms = after.row.v[3].n;
		site->max_auth_age_s = (uint32_t)after.row.v[4].n;
		r = pairing_of(after.row.v[1].text, &site->pairing);
		if (r != RV_OK)
			rv_error_set(e, "deploy_pairing is not known");
	}
	rv_change_image_close(&after);
	return r;
}

static bool
same_settings(const struct rv_row_site *a, const struct rv_row_site *b)
{
	return a->minimum == b->minimum && a->pairing == b->pairing &&
	       a->revert_level == b->revert_level &&
	       a->revert_at_ms == b->revert_at_ms &&
	       a->max_auth_age_s == b->max_auth_age_s;
}

/* Of the last revision. */
static struct rv_slice
mark_of(const struct rv_changes *changes)
{
	for (size_t i = changes->n; i > 0; i--)
		if (changes->rows[i - 1].ordinal == 1)
			return changes->rows[i - 1].mark;
	return RV_SLICE_NONE;
}

/* As the base has them, but for revision and mark. */
static struct rv_row_site
settings_of(const struct rv_snapshot *base, const struct rv_changes *changes)
{
	struct rv_level_pending pending;

	(void)rv_snapshot_level_pending(base, &pending);
	return (struct rv_row_site){
		.revision = changes->revision,
		.mark = mark_of(changes),
		.epoch = rv_snapshot_epoch(base),
		.minimum = rv_snapshot_site_level(base),
		.pairing = rv_snapshot_pairing(base),
		.revert_level = pending.revert_level,
		.revert_at_ms = pending.revert_at_ms,
		.max_auth_age_s = rv_snapshot_max_auth_age_s(base),
	};
}

static int
begin(struct batch *batch, struct rv_snapshot *base, struct rv_error *e)
{
	const struct rv_row_site *now = batch->changes->site;
	struct rv_row_site site = settings_of(base, batch->changes);
	int r = RV_OK;

	for (size_t i = 0; i < batch->n && r == RV_OK &&
			   batch->nets[i].entity == RV_CHANGE_SETTINGS;
	     i++)
		r = read_settings(&batch->nets[i], &site, e);
	if (r != RV_OK)
		return r;
	if (now != NULL && !same_settings(now, &site)) {
		rv_error_set(e,
		    "the settings of the site are not what the changes make "
		    "of them");
		return RV_ERR_INVALID;
	}
	if (!rv_snapshot_line_goes_on(base)) {
		rv_error_set(e, "the line has no room for one more version");
		return RV_ERR_LIMIT;
	}
	batch->builder = rv_builder_on(base);
	if (batch->builder == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	return rv_builder_site(batch->builder, &site, e);
}

int
rv_changes_apply(const struct rv_changes *changes, struct rv_snapshot *base,
    struct rv_snapshot **ret_next, struct rv_error *e)
{
	struct batch batch = { .changes = changes };
	int r = check_sequence(changes, rv_snapshot_revision(base), e);

	if (r == RV_OK)
		r = make_nets(&batch, e);
	if (r == RV_OK)
		r = begin(&batch, base, e);
	if (r == RV_OK)
		r = take_nets(&batch, e);
	if (r == RV_OK)
		r = rv_builder_finish(&batch.builder, ret_next, e);
	rv_builder_free(&batch.builder);
	free(batch.nets);
	return r;
}
