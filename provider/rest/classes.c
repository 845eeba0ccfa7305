/*
 * Classes by their names: the constant ones, and those of the types that
 * applications have registered, which are made of the snapshot.
 */
#include "rest/classes.h"

#include <string.h>

#include "reeve/rbac_ask.h"

#include "rest/class_table.h"

#define SMS_PREFIX "SMS_"

const struct rv_class *
rv_class_at(size_t i)
{
	return i < rv_class_table_n ? &rv_class_table[i] : NULL;
}

static bool
has_name(const struct rv_class *class, struct rv_slice name, bool v1)
{
	const char *mine = v1 ? class->odata.entity : class->odata.name;

	return mine != NULL && rv_slice_ieq(rv_slice_of(mine), name);
}

static const struct rv_class *
fixed_named(struct rv_slice name, bool v1)
{
	for (size_t i = 0; i < rv_class_table_n; i++)
		if (has_name(&rv_class_table[i], name, v1))
			return &rv_class_table[i];
	return NULL;
}

/* Without what the AdminService's own classes begin with. */
static struct rv_slice
entity_of(struct rv_slice name)
{
	const struct rv_slice prefix = RV_SLICE_LIT(SMS_PREFIX);

	if (name.n > prefix.n && rv_slice_has_prefix(name, prefix))
		return (
		    struct rv_slice){ name.p + prefix.n, name.n - prefix.n };
	return name;
}

static bool
is_shipped(uint32_t object_type_id)
{
	for (size_t i = 0; i < rv_class_table_n; i++)
		if (rv_class_table[i].object_type_id == object_type_id)
			return true;
	for (size_t i = 0; i < rv_types_without_class_n; i++)
		if (rv_types_without_class[i] == object_type_id)
			return true;
	return false;
}

/* As the store has it checked: what else there is cannot be in a schema. */
static bool
is_identifier(struct rv_slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];
		const bool letter =
		    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!letter && (i == 0 || (c != '_' && (c < '0' || c > '9'))))
			return false;
	}
	return name.n > 0 && name.n <= 128;
}

/* Names that the schema of $metadata has for itself. */
static bool
is_reserved(struct rv_slice name)
{
	return rv_slice_ieq(name, RV_SLICE_LIT("Container")) ||
	       rv_slice_ieq(name, RV_SLICE_LIT("Lazy")) ||
	       rv_slice_ieq(name, RV_SLICE_LIT("NotFilterable"));
}

/*
 * The name of a registered type's class; absent when it has none: of a type
 * that ships, or under a name that is taken.
 */
static struct rv_slice
registered_name(const struct rv_type_facts *t)
{
	const struct rv_slice name =
	    t->class_name.p != NULL ? t->class_name : t->sdk_name;

	if (is_shipped(t->object_type_id) || !is_identifier(name) ||
	    !is_identifier(entity_of(name)) || is_reserved(name) ||
	    is_reserved(entity_of(name)) ||
	    (t->secured_by != RV_SECURED_BY_SCOPE &&
		t->secured_by != RV_SECURED_BY_ROLE) ||
	    fixed_named(name, false) != NULL ||
	    fixed_named(entity_of(name), true) != NULL)
		return RV_SLICE_NONE;
	return name;
}

static int
make_registered(struct rv_arena *arena, const struct rv_type_facts *t,
    struct rv_slice name, const struct rv_class **ret_class)
{
	struct rv_class *class = rv_arena_alloc(arena, sizeof(*class));
	const char *text = rv_arena_dup(arena, name);

	if (class == NULL || text == NULL)
		return RV_ERR_NOMEM;
	*class = (struct rv_class){
		.odata = {
			.name = text,
			.entity = text + (name.n - entity_of(name).n),
			.view = "list_secured_object",
			.properties = rv_object_properties,
			.n_properties = rv_object_properties_n,
		},
		.type = text,
		.object_type_id = t->object_type_id,
	};
	*ret_class = class;
	return RV_OK;
}

int
rv_class_registered_at(const struct rv_snapshot *s, struct rv_arena *arena,
    size_t i, const struct rv_class **ret_class)
{
	struct rv_type_facts t;

	for (size_t type = 0; rv_snapshot_type_at(s, type, &t); type++) {
		const struct rv_slice name = registered_name(&t);

		if (name.p != NULL && i-- == 0)
			return make_registered(arena, &t, name, ret_class);
	}
	return RV_ERR_NOTFOUND;
}

int
rv_class_find(const struct rv_snapshot *s, struct rv_arena *arena,
    struct rv_slice name, bool v1, const struct rv_class **ret_class)
{
	const struct rv_class *fixed = fixed_named(name, v1);
	struct rv_type_facts t;

	if (fixed != NULL) {
		*ret_class = fixed;
		return fixed->odata.view != NULL ? RV_OK : RV_ERR_NOTFOUND;
	}
	for (size_t i = 0; rv_snapshot_type_at(s, i, &t); i++) {
		const struct rv_slice known = registered_name(&t);

		if (known.p != NULL &&
		    rv_slice_ieq(v1 ? entity_of(known) : known, name))
			return make_registered(arena, &t, known, ret_class);
	}
	return RV_ERR_NOTFOUND;
}
