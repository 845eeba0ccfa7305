#include "builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
table_name(enum rv_table table)
{
	static const char *const names[] = {
		[RV_TABLE_NONE] = "none",
		[RV_TABLE_SITE] = "site",
		[RV_TABLE_TYPE] = "type",
		[RV_TABLE_OPERATION] = "operation",
		[RV_TABLE_OPERATION_NEED] = "operation_need",
		[RV_TABLE_CLASS_OPERATION] = "class_operation",
		[RV_TABLE_DEFAULT_INSTANCE] = "default_instance",
		[RV_TABLE_DEPLOY] = "deploy",
		[RV_TABLE_ROLE] = "role",
		[RV_TABLE_ROLE_OPERATION] = "role_operation",
		[RV_TABLE_SCOPE] = "scope",
		[RV_TABLE_COLLECTION] = "collection",
		[RV_TABLE_ADMIN] = "admin",
		[RV_TABLE_PRINCIPAL] = "principal",
		[RV_TABLE_EXCLUSION] = "exclusion",
		[RV_TABLE_ASSIGNMENT] = "assignment",
		[RV_TABLE_ASSIGNMENT_SCOPE] = "assignment_scope",
		[RV_TABLE_ASSIGNMENT_COLLECTION] = "assignment_collection",
		[RV_TABLE_OBJECT] = "object",
		[RV_TABLE_OBJECT_SCOPE] = "object_scope",
		[RV_TABLE_RESOURCE] = "resource",
		[RV_TABLE_MEMBER] = "member",
	};

	return names[table];
}

void
rv_builder_fail(struct rv_builder *b, enum rv_err reason, struct rv_error *e,
    const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	rv_error_set(&b->why, "table %s: %s", table_name(b->table), what);
	rv_error_set(e, "%s", b->why.text);
	b->failed = reason;
}

int
rv_builder_enter(struct rv_builder *b, enum rv_table table, struct rv_error *e)
{
	if (b->failed != RV_OK) {
		rv_error_set(e, "%s", b->why.text);
		return b->failed;
	}
	if (b->table == RV_TABLE_NONE && table != RV_TABLE_SITE)
		return rv_builder_refuse(b, e, "the row of the site is first");
	if (b->base == NULL && table < b->table)
		return rv_builder_refuse(b, e,
		    "a row of the table %s came after it", table_name(table));
	b->table = table;
	return RV_OK;
}

int
rv_builder_enter_change(
    struct rv_builder *b, enum rv_table table, struct rv_error *e)
{
	const int r = rv_builder_enter(b, table, e);

	if (r == RV_OK && b->base == NULL)
		return rv_builder_refuse(
		    b, e, "a change of what the first version has not");
	return r;
}

int
rv_builder_name(struct rv_builder *b, const char *column, struct rv_slice name,
    struct rv_error *e)
{
	if (name.p == NULL || name.n == 0)
		return rv_builder_refuse(b, e, "%s is empty", column);
	if (name.n > UINT16_MAX)
		return rv_builder_refuse(b, e,
		    "%s \"%.*s...\" is longer than 65535 bytes", column,
		    RV_CUT(name));
	if (!rv_slice_is_text(name))
		return rv_builder_refuse(b, e, "%s is not UTF-8 text", column);
	return RV_OK;
}

int
rv_builder_level(struct rv_builder *b, const char *column, enum rv_level level,
    struct rv_error *e)
{
	if ((int)level < RV_LEVEL_NONE || (int)level > RV_LEVEL_HELLO)
		return rv_builder_refuse(b, e,
		    "%s: the minimum %d is no authentication level", column,
		    (int)level);
	return RV_OK;
}

int
rv_builder_type_of(struct rv_builder *b, uint32_t object_type_id,
    uint32_t *ret_type, struct rv_error *e)
{
	const uint32_t type =
	    rv_intmap_find(&b->s->catalogue->type_ids, object_type_id);

	if (type == RV_NONE)
		return rv_builder_refuse(
		    b, e, "there is no type %u", object_type_id);
	*ret_type = type;
	return RV_OK;
}

int
rv_builder_touch(struct rv_touched *t, uint32_t number)
{
	uint32_t *p;

	if (t->n > 0 && t->p[t->n - 1] == number)
		return RV_OK;
	p = rv_array_room(t->p, t->n, &t->cap, sizeof(*p));
	if (p == NULL)
		return RV_ERR_NOMEM;
	t->p = p;
	p[t->n++] = number;
	return RV_OK;
}

/* ---- The site ------------------------------------------------------------ */

static int
init_names(struct rv_snapshot *s, struct rv_edit *e, uint64_t seed)
{
	uint32_t zero;

	rv_dict_init(&s->texts, seed);
	rv_dict_init(&s->role_ids, seed);
	rv_dict_init(&s->scope_ids, seed);
	rv_dict_init(&s->collection_ids, seed);
	rv_dict_init(&s->principals, seed);
	rv_dict_init(&s->assignment_ids, seed);
	rv_dict_init(&s->object_keys, seed);
	s->catalogue = rv_catalogue_new(seed);
	/* The number 0 is no scope's: see struct rv_scoping. */
	return s->catalogue != NULL && rv_dict_add(e, &s->scope_ids, 0,
					   RV_SLICE_LIT(""), &zero) == RV_OK
		   ? RV_OK
		   : RV_ERR_NOMEM;
}

/* The row on a base: its site, later. */
static int
site_follows(
    struct rv_builder *b, const struct rv_row_site *row, struct rv_error *e)
{
	if (!rv_slice_eq(row->epoch, rv_snapshot_epoch(b->base)))
		return rv_builder_refuse(b, e,
		    "the epoch \"%.*s\" is not that of the version before",
		    RV_CUT(row->epoch));
	if (row->revision <= b->base->revision)
		return rv_builder_refuse(b, e,
		    "revision %llu does not come after revision %llu",
		    (unsigned long long)row->revision,
		    (unsigned long long)b->base->revision);
	return RV_OK;
}

static int
site_begins(
    struct rv_builder *b, const struct rv_row_site *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;

	if (row->epoch.n > RV_EPOCH_MAX)
		return rv_builder_refuse(b, e,
		    "the epoch \"%.*s\" is longer than %d bytes",
		    RV_CUT(row->epoch), RV_EPOCH_MAX);
	memcpy(s->epoch, row->epoch.p, row->epoch.n);
	/* Not of the epoch: every caller is told that. */
	if (init_names(s, &b->edit, b->seed) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

/* What can be wrong with its settings. */
static int
check_settings(
    struct rv_builder *b, const struct rv_row_site *row, struct rv_error *e)
{
	int r;

	if ((r = rv_builder_level(b, "site", row->minimum, e)) != RV_OK ||
	    (r = rv_builder_level(b, "revert", row->revert_level, e)) != RV_OK)
		return r;
	if (row->mark.n > RV_MARK_MAX)
		return rv_builder_refuse(b, e,
		    "the mark of the revision is longer than %d bytes",
		    RV_MARK_MAX);
	if (row->revert_at_ms < 0)
		return rv_builder_refuse(b, e,
		    "%lld is no instant to revert at",
		    (long long)row->revert_at_ms);
	if (row->pairing != RV_PAIRING_ASSIGNMENT &&
	    row->pairing != RV_PAIRING_USER)
		return rv_builder_refuse(
		    b, e, "%d is no way of pairing", (int)row->pairing);
	return RV_OK;
}

int
rv_builder_site(
    struct rv_builder *b, const struct rv_row_site *row, struct rv_error *e)
{
	int r;

	if (b->table != RV_TABLE_NONE && b->failed == RV_OK)
		return rv_builder_refuse(b, e, "a second row of the site");
	if ((r = rv_builder_enter(b, RV_TABLE_SITE, e)) != RV_OK ||
	    (r = rv_builder_name(b, "epoch", row->epoch, e)) != RV_OK ||
	    (r = check_settings(b, row, e)) != RV_OK)
		return r;
	r = b->base != NULL ? site_follows(b, row, e) : site_begins(b, row, e);
	if (r != RV_OK)
		return r;
	memset(b->s->mark, 0, sizeof(b->s->mark));
	if (row->mark.n > 0)
		memcpy(b->s->mark, row->mark.p, row->mark.n);
	b->s->revision = row->revision;
	b->s->site_level = row->minimum;
	b->s->revert_level = row->revert_level;
	b->s->revert_at_ms = row->revert_at_ms;
	b->s->max_auth_age_s = row->max_auth_age_s;
	b->s->pairing = row->pairing;
	return RV_OK;
}

/* ---- Beginning and end --------------------------------------------------- */

struct rv_builder *
rv_builder_new(uint64_t seed)
{
	struct rv_builder *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->s = calloc(1, sizeof(*b->s));
	if (b->s == NULL) {
		free(b);
		return NULL;
	}
	b->seed = seed;
	b->s->magic = RV_SNAPSHOT_MAGIC;
	b->s->edition = b->s->highest = 1;
	b->s->all_scopes = RV_NONE;
	b->s->root_devices = RV_NONE;
	b->s->root_users = RV_NONE;
	rv_edit_begin(&b->edit, b->s->edition);
	return b;
}

/* Of 2^32 versions the last has none after it: a load begins anew. */
bool
rv_snapshot_line_goes_on(const struct rv_snapshot *newest)
{
	return newest->highest < UINT32_MAX;
}

struct rv_builder *
rv_builder_on(struct rv_snapshot *base)
{
	struct rv_builder *b;

	RV_ASSERT(base->magic == RV_SNAPSHOT_MAGIC);
	RV_ASSERT(base->newer == NULL && !base->built_on);
	if (!rv_snapshot_line_goes_on(base))
		return NULL;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->s = malloc(sizeof(*b->s));
	if (b->s == NULL) {
		free(b);
		return NULL;
	}
	/* Never that of an edit that was given up: see struct rv_block_head. */
	base->highest++;
	*b->s = *base;
	b->s->edition = base->highest;
	b->s->older = base;
	b->s->given_up = false;
	b->base = base;
	base->built_on = true;
	rv_edit_begin(&b->edit, b->s->edition);
	return b;
}

/* The base is as if there had been no builder. */
static void
give_up(struct rv_builder *b)
{
	if (b->s == NULL)
		return;
	if (b->base == NULL) {
		rv_snapshot_free_whole(b->s);
		return;
	}
	rv_edit_abort(&b->edit);
	if (b->s->catalogue != b->base->catalogue)
		rv_catalogue_free(&b->s->catalogue);
	free(b->s);
}

void
rv_builder_free(struct rv_builder **builder)
{
	struct rv_builder *b = *builder;

	*builder = NULL;
	if (b == NULL)
		return;
	give_up(b);
	if (b->base != NULL) {
		b->base->built_on = false;
		rv_snapshot_drain(b->base);
	}
	rv_works_free(b);
	rv_intmap_fini(&b->work_of);
	free(b->roles.p);
	free(b->scopes.p);
	free(b->collections.p);
	free(b->admins.p);
	free(b->granted.p);
	rv_pairs_fini(&b->members);
	rv_member_batch_free(&b->batch);
	rv_intmap_fini(&b->gone_objects);
	rv_intmap_fini(&b->gone_resources);
	free(b);
}

static int
finish_rows(struct rv_builder *b, struct rv_error *e)
{
	static int (*const steps[])(struct rv_builder *, struct rv_error *) = {
		rv_catalogue_finish,
		rv_grants_finish,
		rv_objects_finish,
		rv_members_finish,
		rv_roles_finish,
		rv_scopes_finish,
		rv_collections_finish,
		rv_subjects_finish,
	};
	int r = rv_builder_enter(b, RV_TABLE_MEMBER, e);

	for (size_t i = 0; r == RV_OK && i < sizeof(steps) / sizeof(*steps);
	     i++)
		r = steps[i](b, e);
	return r;
}

/* From here on the version is part of its line, and nothing can fail. */
static void
join_line(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s, *base = b->base;
	struct rv_blocks replaced;

	s->block_bytes += b->edit.made.bytes - b->edit.replaced.bytes;
	replaced = rv_edit_commit(&b->edit);
	b->s = NULL;
	if (base == NULL) {
		RV_ASSERT(replaced.first == NULL);
		return;
	}
	base->retired = replaced;
	if (s->catalogue != base->catalogue)
		base->retired_catalogue = base->catalogue;
	base->newer = s;
}

int
rv_builder_finish(struct rv_builder **builder,
    struct rv_snapshot **ret_snapshot, struct rv_error *e)
{
	struct rv_builder *b = *builder;
	struct rv_snapshot *s = b->s;
	struct rv_error why;
	int r = finish_rows(b, e);

	if (r == RV_OK && b->base == NULL) {
		r = rv_snapshot_validate(s, &why);
		if (r != RV_OK)
			rv_error_set(
			    e, "the snapshot is unsound: %s", why.text);
	}
	if (r == RV_OK) {
		join_line(b);
		*ret_snapshot = s;
	}
	rv_builder_free(builder);
	return r;
}
