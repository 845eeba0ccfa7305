/* The catalogue as a thing: made, copied, looked into. */
#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

struct rv_catalogue *
rv_catalogue_new(uint64_t seed)
{
	struct rv_catalogue *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	rv_dict_init(&c->type_names, seed);
	rv_dict_init(&c->operation_names, seed);
	rv_dict_init(&c->classes, seed);
	rv_dict_init(&c->class_prefixes, seed);
	rv_dict_init(&c->class_operations, seed);
	rv_dict_init(&c->default_keys, seed);
	return c;
}

/* Names, in their order and with their values, into an empty dictionary. */
static int
copy_names(struct rv_dict *to, const struct rv_dict *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		uint32_t id;

		if (rv_dict_add(NULL, to, rv_dict_space(from, i),
			rv_dict_name(from, i), &id) != RV_OK)
			return RV_ERR_NOMEM;
		RV_ASSERT(id == i);
		rv_dict_set_value(to, id, rv_dict_value(from, i));
	}
	return RV_OK;
}

static int
copy_types(struct rv_catalogue *to, const struct rv_catalogue *from)
{
	to->types = rv_array_new(from->n_types, sizeof(*to->types));
	if (to->types == NULL)
		return RV_ERR_NOMEM;
	to->cap_types = from->n_types;
	for (uint32_t i = 0; i < from->n_types; i++) {
		to->types[i] = from->types[i];
		if (rv_intmap_add(&to->type_ids, from->types[i].object_type_id,
			i) != RV_OK)
			return RV_ERR_NOMEM;
		to->n_types++;
	}
	return RV_OK;
}

static int
copy_defaults(struct rv_catalogue *to, const struct rv_catalogue *from)
{
	const size_t n = from->default_keys.n;

	to->defaults = rv_array_new(n, sizeof(*to->defaults));
	if (to->defaults == NULL)
		return RV_ERR_NOMEM;
	to->cap_defaults = n;
	if (n > 0)
		memcpy(to->defaults, from->defaults, n * sizeof(*to->defaults));
	return RV_OK;
}

struct rv_catalogue *
rv_catalogue_copy(const struct rv_catalogue *from)
{
	struct rv_catalogue *c = rv_catalogue_new(from->type_names.seed);

	if (c == NULL)
		return NULL;
	c->n_operations = from->n_operations;
	if (copy_types(c, from) != RV_OK ||
	    copy_names(&c->type_names, &from->type_names) != RV_OK ||
	    copy_names(&c->operation_names, &from->operation_names) != RV_OK ||
	    copy_names(&c->classes, &from->classes) != RV_OK ||
	    copy_names(&c->class_prefixes, &from->class_prefixes) != RV_OK ||
	    copy_names(&c->class_operations, &from->class_operations) !=
		RV_OK ||
	    copy_names(&c->default_keys, &from->default_keys) != RV_OK ||
	    copy_defaults(c, from) != RV_OK)
		rv_catalogue_free(&c);
	return c;
}

void
rv_catalogue_free(struct rv_catalogue **catalogue)
{
	struct rv_catalogue *c = *catalogue;

	*catalogue = NULL;
	if (c == NULL)
		return;
	free(c->types);
	rv_intmap_fini(&c->type_ids);
	rv_dict_fini(&c->type_names);
	rv_dict_fini(&c->operation_names);
	rv_dict_fini(&c->classes);
	rv_dict_fini(&c->class_prefixes);
	rv_dict_fini(&c->class_operations);
	rv_dict_fini(&c->default_keys);
	free(c->defaults);
	free(c);
}

size_t
rv_catalogue_bytes(const struct rv_catalogue *c)
{
	return sizeof(*c) + c->cap_types * sizeof(*c->types) +
	       c->type_ids.n_slots * sizeof(*c->type_ids.slots) +
	       c->cap_defaults * sizeof(*c->defaults) +
	       rv_dict_bytes(&c->type_names) +
	       rv_dict_bytes(&c->operation_names) + rv_dict_bytes(&c->classes) +
	       rv_dict_bytes(&c->class_prefixes) +
	       rv_dict_bytes(&c->class_operations) +
	       rv_dict_bytes(&c->default_keys);
}

uint32_t
rv_type_find(const struct rv_catalogue *c, struct rv_slice name)
{
	const uint32_t known = rv_dict_find(&c->type_names, 0, name);
	uint64_t id;

	if (known != RV_NONE)
		return (uint32_t)rv_dict_value(&c->type_names, known);
	if (rv_slice_to_u64(name, UINT32_MAX, &id) != RV_OK)
		return RV_NONE;
	return rv_intmap_find(&c->type_ids, id);
}

struct rv_slice
rv_type_name(const struct rv_catalogue *c, const struct rv_type *t)
{
	return rv_dict_name(&c->type_names,
	    t->class_name != RV_NONE ? t->class_name : t->sdk_name);
}

uint8_t
rv_operation_find(
    const struct rv_catalogue *c, uint32_t type, struct rv_slice name)
{
	const uint32_t known = rv_dict_find(&c->operation_names, type, name);

	return known != RV_NONE
		   ? (uint8_t)rv_dict_value(&c->operation_names, known)
		   : RV_NO_BIT;
}

uint32_t
rv_class_space(const struct rv_catalogue *c, struct rv_slice name)
{
	uint32_t known = rv_dict_find(&c->classes, 0, name);
	size_t longest = 0;

	if (known != RV_NONE)
		return known;
	for (uint32_t i = 0; i < c->class_prefixes.n; i++) {
		struct rv_slice prefix = rv_dict_name(&c->class_prefixes, i);

		if (prefix.n > longest && name.n > prefix.n &&
		    rv_slice_has_prefix(name, prefix)) {
			longest = prefix.n;
			known = RV_SPACE_PREFIX | i;
		}
	}
	return known;
}

unsigned
rv_class_kinds(struct rv_slice name)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} exact[] = {
		{ "SMS_R_System", RV_CLASS_DEVICES },
		{ "SMS_CombinedDeviceResources", RV_CLASS_DEVICES },
		{ "SMS_R_User", RV_CLASS_USERS },
		{ "SMS_R_UserGroup", RV_CLASS_GROUPS },
		{ "SMS_CombinedUserResources",
		    RV_CLASS_USERS | RV_CLASS_GROUPS },
	};

	for (size_t i = 0; i < sizeof(exact) / sizeof(*exact); i++)
		if (rv_slice_eq_cstr(name, exact[i].name))
			return exact[i].kinds;
	if (rv_slice_has_prefix(name, RV_SLICE_LIT("SMS_G_System_")))
		return RV_CLASS_DEVICES;
	return RV_CLASS_ANY;
}
