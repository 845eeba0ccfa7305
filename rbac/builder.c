#include "builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

int
rv_builder_refuse(
    struct rv_builder *b, struct rv_error *e, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	rv_error_set(&b->why, "table %s: %s", table_name(b->table), what);
	rv_error_set(e, "%s", b->why.text);
	b->failed = RV_ERR_INVALID;
	return RV_ERR_INVALID;
}

int
rv_builder_nomem(struct rv_builder *b, struct rv_error *e)
{
	rv_error_set(&b->why, "table %s: out of memory", table_name(b->table));
	rv_error_set(e, "%s", b->why.text);
	b->failed = RV_ERR_NOMEM;
	return RV_ERR_NOMEM;
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
	if (table < b->table)
		return rv_builder_refuse(b, e,
		    "a row of the table %s came after it", table_name(table));
	b->table = table;
	return RV_OK;
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
	uint32_t type = rv_intmap_find(&b->s->type_ids, object_type_id);

	if (type == RV_NONE)
		return rv_builder_refuse(
		    b, e, "there is no type %u", object_type_id);
	*ret_type = type;
	return RV_OK;
}

int
rv_builder_site(
    struct rv_builder *b, const struct rv_row_site *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint64_t seed;
	int r;

	if (b->table == RV_TABLE_SITE && b->failed == RV_OK)
		return rv_builder_refuse(b, e, "a second row");
	if ((r = rv_builder_enter(b, RV_TABLE_SITE, e)) != RV_OK ||
	    (r = rv_builder_name(b, "epoch", row->epoch, e)) != RV_OK ||
	    (r = rv_builder_level(b, "site", row->minimum, e)) != RV_OK)
		return r;
	s->revision = row->revision;
	s->site_level = row->minimum;
	/*
	 * The epoch is random and not told to those who name objects, so that
	 * nobody can choose keys that fall into one slot.
	 */
	seed = rv_hash(0, row->epoch);
	rv_dict_init(&s->texts, seed);
	rv_dict_init(&s->type_names, seed);
	rv_dict_init(&s->operation_names, seed);
	rv_dict_init(&s->classes, seed);
	rv_dict_init(&s->class_prefixes, seed);
	rv_dict_init(&s->class_operations, seed);
	rv_dict_init(&s->default_keys, seed);
	rv_dict_init(&s->role_ids, seed);
	rv_dict_init(&s->scope_ids, seed);
	rv_dict_init(&s->collection_ids, seed);
	rv_dict_init(&s->principals, seed);
	rv_dict_init(&s->object_keys, seed);
	if (rv_dict_add(&s->texts, 0, row->epoch, &s->epoch) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

static int
compare_names(const void *a, const void *b, void *names)
{
	return rv_slice_cmp(rv_dict_name(names, *(const uint32_t *)a),
	    rv_dict_name(names, *(const uint32_t *)b));
}

uint32_t *
rv_names_in_order(const struct rv_dict *names)
{
	struct rv_dict view = *names; /* qsort_r() wants a writable one */
	uint32_t *order = rv_array_new(names->n, sizeof(*order));

	if (order == NULL)
		return NULL;
	for (uint32_t i = 0; i < names->n; i++)
		order[i] = i;
	qsort_r(order, names->n, sizeof(*order), compare_names, &view);
	return order;
}

struct rv_builder *
rv_builder_new(void)
{
	struct rv_builder *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->s = calloc(1, sizeof(*b->s));
	if (b->s == NULL) {
		free(b);
		return NULL;
	}
	b->s->magic = RV_SNAPSHOT_MAGIC;
	b->s->epoch = RV_NONE;
	b->s->all_scopes = RV_NONE;
	b->s->root_devices = RV_NONE;
	b->s->root_users = RV_NONE;
	return b;
}

void
rv_builder_free(struct rv_builder **builder)
{
	struct rv_builder *b = *builder;

	*builder = NULL;
	if (b == NULL)
		return;
	rv_snapshot_free(&b->s);
	free(b->need);
	free(b->collections);
	rv_intmap_fini(&b->assignment_ids);
	rv_pairs_fini(&b->assignment_scopes);
	rv_pairs_fini(&b->assignment_collections);
	rv_pairs_fini(&b->object_scopes);
	rv_pairs_fini(&b->members);
	free(b);
}

static int
freeze(struct rv_builder *b, struct rv_error *e)
{
	static int (*const steps[])(struct rv_builder *, struct rv_error *) = {
		rv_catalogue_freeze,
		rv_roles_freeze,
		rv_scopes_freeze,
		rv_collections_freeze,
		rv_subjects_freeze,
		rv_objects_freeze,
		rv_resources_freeze,
		rv_subjects_link,
	};
	int r = rv_builder_enter(b, RV_TABLE_MEMBER, e);

	for (size_t i = 0; r == RV_OK && i < sizeof(steps) / sizeof(*steps);
	     i++)
		r = steps[i](b, e);
	return r;
}

int
rv_builder_finish(struct rv_builder **builder,
    struct rv_snapshot **ret_snapshot, struct rv_error *e)
{
	struct rv_builder *b = *builder;
	struct rv_error why;
	int r = freeze(b, e);

	if (r != RV_OK)
		goto out;
	r = rv_snapshot_validate(b->s, &why);
	if (r != RV_OK) {
		rv_error_set(e, "the snapshot is unsound: %s", why.text);
		goto out;
	}
	*ret_snapshot = b->s;
	b->s = NULL;
out:
	rv_builder_free(builder);
	return r;
}
