#include "rest/metadata_schema.h"

static size_t
count(void)
{
	size_t n = 0;

	while (rv_class_at(n) != NULL)
		n++;
	return n;
}

static int
count_registered(
    const struct rv_snapshot *s, struct rv_arena *arena, size_t *ret_n)
{
	const struct rv_class *class;
	int r;

	for (*ret_n = 0;
	     (r = rv_class_registered_at(s, arena, *ret_n, &class)) == RV_OK;
	     ++*ret_n)
		continue;
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

int
rv_schema_of(const struct rv_snapshot *s, struct rv_arena *arena, bool v1,
    struct rv_schema *ret)
{
	const size_t fixed = count();
	size_t registered;
	int r = count_registered(s, arena, &registered);

	if (r != RV_OK)
		return r;
	*ret = (struct rv_schema){ .n = fixed + registered, .v1 = v1 };
	ret->classes = rv_arena_alloc(arena, ret->n * sizeof(*ret->classes));
	if (ret->classes == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < fixed; i++)
		ret->classes[i] = rv_class_at(i);
	for (size_t i = 0; r == RV_OK && i < registered; i++)
		r = rv_class_registered_at(
		    s, arena, i, &ret->classes[fixed + i]);
	return r;
}

bool
rv_schema_is_entity(const struct rv_odata_class *class)
{
	return class->view != NULL;
}

bool
rv_schema_is_open(const struct rv_odata_class *class)
{
	return class->n_properties == 0;
}

const char *
rv_schema_name(
    const struct rv_schema *schema, const struct rv_odata_class *class)
{
	return schema->v1 && class->entity != NULL ? class->entity
						   : class->name;
}

const char *
rv_schema_type(
    const struct rv_schema *schema, const struct rv_odata_property *p)
{
	switch (p->type) {
	case RV_EDM_STRING:
		return "Edm.String";
	case RV_EDM_BOOLEAN:
		return "Edm.Boolean";
	case RV_EDM_INT32:
		return "Edm.Int32";
	case RV_EDM_INT64:
		return "Edm.Int64";
	case RV_EDM_DOUBLE:
		return "Edm.Double";
	case RV_EDM_DATE_TIME_OFFSET:
		return "Edm.DateTimeOffset";
	case RV_EDM_GUID:
		return "Edm.Guid";
	case RV_EDM_COMPLEX:
		break;
	}
	return rv_schema_name(schema, p->of);
}
