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
    .minimum = level(&c, 2),
    .pairing = (enum rv_pairing)integer(&c, 3, RV_PAIRING_ASSIGNMENT,
	RV_PAIRING_USER),
    .revert_level = level(&c, 4),
    .revert_at_ms = bigint(&c, 5, 0, INT64_MAX),
    .max_auth_age_s = integer(&c, 6, 0, INT32_MAX),
    .mark = text(&c, 7))
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
ROW(deploy,
    .object_type_id = type_id(&c, 0),
    .bit = bit(&c, 1))
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
ROW(principal,
    .principal_id = text(&c, 0),
    .admin_id = id32(&c, 1))
ROW(exclusion,
    .principal_id = text(&c, 0))
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
    .key = text(&c, 1),
    .own_type_id = type_id(&c, 2))
ROW(object_scope,
    .object_type_id = type_id(&c, 0),
    .key = text(&c, 1),
    .scope_id = text(&c, 2))
/* clang-format on */

/*
 * The two large tables come as arrays of ids: PostgreSQL and we spend most
 * of the time on rows, not on what is in them.
 */
static struct rv_copy_int8s
ids(struct columns *c, unsigned i)
{
	struct rv_copy_int8s a = { NULL, 0 };

	if (rv_copy_int8s(&c->f[i], &a) != RV_OK)
		note_bad(c, i);
	return a;
}

static uint32_t
id_at(
    struct columns *c, unsigned column, const struct rv_copy_int8s *a, size_t i)
{
	int64_t id = rv_copy_element(a, i);

	if (id < 0 || id > UINT32_MAX)
		note_bad(c, column);
	return (uint32_t)id;
}

static int
take_resource(struct rv_builder *b, const struct rv_copy_field *fields,
    struct rv_error *e)
{
	struct columns c = { .f = fields };
	struct rv_row_resource row = {
		.type = (enum rv_resource_type)integer(
		    &c, 0, RV_RESOURCE_GROUP, RV_RESOURCE_DEVICE),
	};
	const struct rv_copy_int8s a = ids(&c, 1);
	int r = check(&c, e);

	for (size_t i = 0; i < a.n && r == RV_OK; i++) {
		row.resource_id = id_at(&c, 1, &a, i);
		r = check(&c, e);
		if (r == RV_OK)
			r = rv_builder_resource(b, &row, e);
	}
	return r;
}

static int
take_member(struct rv_builder *b, const struct rv_copy_field *fields,
    struct rv_error *e)
{
	struct columns c = { .f = fields };
	struct rv_row_member row = { .collection_id = text(&c, 0) };
	const struct rv_copy_int8s a = ids(&c, 1);
	int r = check(&c, e);

	for (size_t i = 0; i < a.n && r == RV_OK; i++) {
		row.resource_id = id_at(&c, 1, &a, i);
		r = check(&c, e);
		if (r == RV_OK)
			r = rv_builder_member(b, &row, e);
	}
	return r;
}

/* clang-format off */
#define QUERY(what, n, query)                                                  \
	{ "feed_" #what, "copy (" query ") to stdout (format binary)", n,      \
	    take_##what }
#define VIEW(what, n, columns)                                                 \
	QUERY(what, n, "select " columns " from reeve.feed_" #what)

/*
 * Pieces of ids, by the id, so that no message is large.  They are short
 * where ids lie far from each other.
 */
#define RESOURCES                                                              \
	"select resource_type, array_agg(resource_id)"                         \
	" from reeve.feed_resource"                                            \
	" group by resource_type, resource_id / 65536"                         \
	" order by resource_type, resource_id / 65536"
/*
 * From the index, collection by collection.  An array is cut in pieces
 * after it was made; its members are in order, which the builder likes.
 */
#define MEMBERS                                                                \
	"select p.collection_id, p.ids[s.n + 1 : s.n + 65536] from (select"    \
	" c.collection_id, array(select m.resource_id from reeve.feed_member"  \
	" m where m.collection_id = c.collection_id order by m.resource_id)"   \
	" as ids from reeve.feed_collection c offset 0) p,"                    \
	" generate_series(0, cardinality(p.ids) - 1, 65536) s (n)"

/* In the order in which the builder wants its tables. */
const struct rv_load_view rv_load_views[] = {
	VIEW(site, 8,
	    "revision, epoch, minimum, pairing, coalesce(revert_level, 0),"
	    " coalesce(revert_at_ms, 0), coalesce(max_auth_age_s, 0),"
	    " (select m.mark from reeve.feed_mark m"
	    " where m.revision = feed_site.revision)"),
	VIEW(type, 4, "object_type_id, sdk_name, class_name, secured_by"),
	VIEW(operation, 6,
	    "object_type_id, bit, name, type_wide, security, minimum"),
	VIEW(operation_need, 3, "object_type_id, bit, needed_bit"),
	VIEW(class_operation, 3, "class_name, operation, bit"),
	VIEW(default_instance, 4,
	    "object_type_id, object_key, read_bit, modify_bit"),
	VIEW(deploy, 2, "object_type_id, bit"),
	VIEW(role, 3, "role_id, name, minimum"),
	VIEW(role_operation, 3, "role_id, object_type_id, bit"),
	VIEW(scope, 1, "scope_id"),
	VIEW(collection, 3, "collection_id, kind, limiting_id"),
	VIEW(admin, 5,
	    "admin_id, is_group, is_out, principal_id, account_id"),
	VIEW(principal, 2, "principal_id, admin_id"),
	VIEW(exclusion, 1, "principal_id"),
	VIEW(assignment, 5,
	    "assignment_id, admin_id, role_id, from_ms, until_ms"),
	VIEW(assignment_scope, 2, "assignment_id, scope_id"),
	VIEW(assignment_collection, 2, "assignment_id, collection_id"),
	VIEW(object, 3, "object_type_id, object_key, own_type_id"),
	VIEW(object_scope, 3, "object_type_id, object_key, scope_id"),
	QUERY(resource, 2, RESOURCES),
	QUERY(member, 2, MEMBERS),
};
/* clang-format on */
const size_t rv_load_n_views = sizeof(rv_load_views) / sizeof(rv_load_views[0]);
