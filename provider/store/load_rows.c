#include "store/load.h"

/*
 * One row while it is decoded.  A column that does not fit sets `bad` and
 * reads as 0; whoever has read all columns asks once.
 */
struct columns {
	const struct rv_copy_field *f;
	unsigned bad; /* number of the first bad column, 0: none */
};

static void
note_bad(struct columns *c, unsigned i)
{
	if (c->bad == 0)
		c->bad = i + 1;
}

static struct rv_slice
text(struct columns *c, unsigned i)
{
	struct rv_slice s = RV_SLICE_NONE;

	if (rv_copy_text(&c->f[i], &s) != RV_OK)
		note_bad(c, i);
	return s;
}

static struct rv_slice
text_or_null(struct columns *c, unsigned i)
{
	return c->f[i].p == NULL ? RV_SLICE_NONE : text(c, i);
}

static bool
boolean(struct columns *c, unsigned i)
{
	bool v = false;

	if (rv_copy_bool(&c->f[i], &v) != RV_OK)
		note_bad(c, i);
	return v;
}

static unsigned
integer(struct columns *c, unsigned i, int32_t min, int32_t max)
{
	int32_t v = 0;

	if (rv_copy_int4(&c->f[i], &v) != RV_OK || v < min || v > max) {
		note_bad(c, i);
		v = min;
	}
	return (unsigned)v;
}

static uint32_t
type_id(struct columns *c, unsigned i)
{
	return integer(c, i, 0, INT32_MAX);
}

static uint8_t
bit(struct columns *c, unsigned i)
{
	return (uint8_t)integer(c, i, 0, 63);
}

static enum rv_level
level(struct columns *c, unsigned i)
{
	return (enum rv_level)integer(c, i, RV_LEVEL_NONE, RV_LEVEL_HELLO);
}

static int64_t
bigint(struct columns *c, unsigned i, int64_t min, int64_t max)
{
	int64_t v = 0;

	if (rv_copy_int8(&c->f[i], &v) != RV_OK || v < min || v > max) {
		note_bad(c, i);
		v = min;
	}
	return v;
}

static uint64_t
id64(struct columns *c, unsigned i)
{
	return (uint64_t)bigint(c, i, 0, INT64_MAX);
}

static uint32_t
id32(struct columns *c, unsigned i)
{
	return (uint32_t)bigint(c, i, 0, UINT32_MAX);
}

static int64_t
instant(struct columns *c, unsigned i, int64_t when_null)
{
	if (c->f[i].p == NULL)
		return when_null;
	return bigint(c, i, INT64_MIN, INT64_MAX);
}

static int
check(const struct columns *c, struct rv_error *e)
{
	if (c->bad == 0)
		return RV_OK;
	rv_error_set(
	    e, "column %u has a value that is not allowed there", c->bad);
	return RV_ERR_INVALID;
}

/*
 * A row function: decodes into `row` with the initialisers given, then
 * hands it to rv_builder_<what>().
 */
#define ROW(what, ...)                                                 \
	static int take_##what(struct rv_builder *b,                   \
	    const struct rv_copy_field *fields, struct rv_error *e)    \
	{                                                              \
		struct columns c = { .f = fields };                    \
		const struct rv_row_##what row = { __VA_ARGS__ };      \
		int r = check(&c, e);                                  \
                                                                       \
		return r != RV_OK ? r : rv_builder_##what(b, &row, e); \
	}

/* clang-format off */
ROW(site,
    .revision = id64(&c, 0),
    .epoch = text(&c, 1),
    .minimum = level(&c, 2))
ROW(type,
    .object_type_id = type_id(&c, 0),
    .sdk_name = text(&c, 1),
    .class_name = text_or_null(&c, 2),
    .secured_by = (enum rv_secured_by)integer(&c, 3, RV_SECURED_BY_ROLE,
	RV_SECURED_BY_DERIVED))
ROW(operation,
    .object_type_id = type_id(&c, 0),
    .bit = bit(&c, 1),
    .name = text(&c, 2),
    .type_wide = boolean(&c, 3),
    .security = boolean(&c, 4),
    .minimum = level(&c, 5))
ROW(operation_need,
    .object_type_id = type_id(&c, 0),
    .bit = bit(&c, 1),
    .needed_bit = bit(&c, 2))
ROW(class_operation,
    .class_name = text(&c, 0),
    .operation = text(&c, 1),
    .bit = bit(&c, 2))
ROW(default_instance,
    .object_type_id = type_id(&c, 0),
    .key = text(&c, 1),
    .read_bit = bit(&c, 2),
    .modify_bit = bit(&c, 3))
ROW(role,
    .role_id = text(&c, 0),
    .name = text(&c, 1),
    .minimum = level(&c, 2))
ROW(role_operation,
    .role_id = text(&c, 0),
    .object_type_id = type_id(&c, 1),
    .bit = bit(&c, 2))
ROW(scope,
    .scope_id = text(&c, 0))
ROW(collection,
    .collection_id = text(&c, 0),
    .kind = (enum rv_collection_kind)integer(&c, 1, RV_KIND_DEVICE,
	RV_KIND_USER),
    .limiting_id = text_or_null(&c, 2))
ROW(admin,
    .admin_id = id32(&c, 0),
    .is_group = boolean(&c, 1),
    .out = boolean(&c, 2),
    .principal_id = text(&c, 3),
    .account_id = text_or_null(&c, 4))
ROW(assignment,
    .assignment_id = id64(&c, 0),
    .admin_id = id32(&c, 1),
    .role_id = text(&c, 2),
    .from_ms = instant(&c, 3, INT64_MIN),
    .until_ms = instant(&c, 4, INT64_MAX))
ROW(assignment_scope,
    .assignment_id = id64(&c, 0),
    .scope_id = text(&c, 1))
ROW(assignment_collection,
    .assignment_id = id64(&c, 0),
    .collection_id = text(&c, 1))
ROW(object,
    .object_type_id = type_id(&c, 0),
    .key = text(&c, 1))
ROW(object_scope,
    .object_type_id = type_id(&c, 0),
    .key = text(&c, 1),
    .scope_id = text(&c, 2))
ROW(resource,
    .resource_id = id32(&c, 0),
    .type = (enum rv_resource_type)integer(&c, 1, RV_RESOURCE_GROUP,
	RV_RESOURCE_DEVICE))
ROW(member,
    .collection_id = text(&c, 0),
    .resource_id = id32(&c, 1))

#define VIEW(what, n, columns)                                                 \
	{ "feed_" #what,                                                       \
	    "copy (select " columns " from reeve.feed_" #what                  \
	    ") to stdout (format binary)", n, take_##what }

/* In the order in which the builder wants its tables. */
const struct rv_load_view rv_load_views[] = {
	VIEW(site, 3, "revision, epoch, minimum"),
	VIEW(type, 4, "object_type_id, sdk_name, class_name, secured_by"),
	VIEW(operation, 6,
	    "object_type_id, bit, name, type_wide, security, minimum"),
	VIEW(operation_need, 3, "object_type_id, bit, needed_bit"),
	VIEW(class_operation, 3, "class_name, operation, bit"),
	VIEW(default_instance, 4,
	    "object_type_id, object_key, read_bit, modify_bit"),
	VIEW(role, 3, "role_id, name, minimum"),
	VIEW(role_operation, 3, "role_id, object_type_id, bit"),
	VIEW(scope, 1, "scope_id"),
	VIEW(collection, 3, "collection_id, kind, limiting_id"),
	VIEW(admin, 5,
	    "admin_id, is_group, is_out, principal_id, account_id"),
	VIEW(assignment, 5,
	    "assignment_id, admin_id, role_id, from_ms, until_ms"),
	VIEW(assignment_scope, 2, "assignment_id, scope_id"),
	VIEW(assignment_collection, 2, "assignment_id, collection_id"),
	VIEW(object, 2, "object_type_id, object_key"),
	VIEW(object_scope, 3, "object_type_id, object_key, scope_id"),
	VIEW(resource, 2, "resource_id, resource_type"),
	VIEW(member, 2, "collection_id, resource_id"),
};
/* clang-format on */
const size_t rv_load_n_views = sizeof(rv_load_views) / sizeof(rv_load_views[0]);
