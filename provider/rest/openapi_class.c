/* Schemas of the classes of the AdminService for the OpenAPI document. */
#include <string.h>

#include "rest/openapi.h"

#define SCHEMAS "#/components/schemas/"

/* ---- Properties ------------------------------------------------------------------ */

/* JSON's type and, where it says more, format; NULL: of a class. */
static const char *
primitive(enum rv_edm type, const char **ret_format)
{
	*ret_format = NULL;
	switch (type) {
	case RV_EDM_BOOLEAN:
		return "boolean";
	case RV_EDM_INT32:
		*ret_format = "int32";
		return "integer";
	case RV_EDM_INT64:
		*ret_format = "int64";
		return "integer";
	case RV_EDM_DOUBLE:
		*ret_format = "double";
		return "number";
	case RV_EDM_DATE_TIME_OFFSET:
		*ret_format = "date-time";
		return "string";
	case RV_EDM_GUID:
		*ret_format = "uuid";
		return "string";
	case RV_EDM_STRING:
		return "string";
	case RV_EDM_COMPLEX:
		break;
	}
	return NULL;
}

/* One value of the property's type. */
static void
put_value(struct rv_buf *out, const struct rv_odata_property *p, bool nullable)
{
	const char *format;
	const char *type = primitive(p->type, &format);

	if (type == NULL) {
		rv_buf_printf(out,
		    nullable ? "{\"anyOf\":[{\"$ref\":\"" SCHEMAS
			       "%s\"},{\"type\":\"null\"}]}"
			     : "{\"$ref\":\"" SCHEMAS "%s\"}",
		    p->of->name);
		return;
	}
	rv_buf_printf(out,
	    nullable ? "{\"type\":[\"%s\",\"null\"]" : "{\"type\":\"%s\"",
	    type);
	if (format != NULL)
		rv_buf_printf(out, ",\"format\":\"%s\"", format);
	rv_buf_putc(out, '}');
}

static void
put_property(struct rv_buf *out, const struct rv_odata_property *p, bool sent)
{
	const bool nullable = p->nullable || p->is_navigation;

	rv_buf_printf(out, ",\"%s\":", p->name);
	if (!p->is_collection) {
		put_value(out, p, nullable || sent);
		return;
	}
	rv_buf_puts(out, sent ? "{\"type\":[\"array\",\"null\"],\"items\":"
			      : "{\"type\":\"array\",\"items\":");
	put_value(out, p, false);
	rv_buf_putc(out, '}');
}

/* ---- Rows -------------------------------------------------------------------------- */

/* Whether other complex types derive from it: they have more members. */
static bool
is_base(const char *name)
{
	const struct rv_class *class;

	for (size_t i = 0; (class = rv_class_at(i)) != NULL; i++)
		if (class->base != NULL && strcmp(class->base, name) == 0)
			return true;
	return false;
}

/* Keys are in every row; $select may leave out all else. */
static void
put_required(struct rv_buf *out, const struct rv_odata_class *class)
{
	const char *before = ",\"required\":[";

	for (size_t i = 0; i < class->n_properties; i++)
		if (class->properties[i].is_key) {
			rv_buf_printf(
			    out, "%s\"%s\"", before, class->properties[i].name);
			before = ",";
		}
	if (before[1] == '\0')
		rv_buf_putc(out, ']');
}

/* Annotations of OData and of ours have an at sign in their names. */
#define ANNOTATIONS "\"patternProperties\":{\"@\":{}}"

static void
put_row(struct rv_buf *out, const struct rv_class *class)
{
	const struct rv_odata_class *c = &class->odata;
	const bool open =
	    c->n_properties == 0 || class->base != NULL || is_base(c->name);

	rv_buf_printf(out, ",\"%s\":{\"type\":\"object\"", c->name);
	put_required(out, c);
	rv_buf_puts(out, ",\"properties\":{\"@odata.etag\":"
			 "{\"type\":\"string\"}");
	for (size_t i = 0; i < c->n_properties; i++)
		put_property(out, &c->properties[i], false);
	rv_buf_puts(out, "}," ANNOTATIONS);
	if (!open)
		rv_buf_puts(out, ",\"additionalProperties\":false");
	if (class->base != NULL)
		rv_buf_printf(out, ",\"allOf\":[{\"$ref\":\"" SCHEMAS "%s\"}]",
		    class->base);
	rv_buf_putc(out, '}');
}

static void
put_list(struct rv_buf *out, const struct rv_odata_class *class)
{
	rv_buf_printf(out,
	    ",\"%s.List\":{\"type\":\"object\",\"required\":[\"@odata.context\""
	    ",\"@reeve.filtered\",\"@reeve.revision\",\"value\"],"
	    "\"properties\":{\"@odata.context\":{\"type\":\"string\"},"
	    "\"@reeve.filtered\":{\"type\":\"boolean\"},"
	    "\"@reeve.revision\":{\"type\":\"integer\"},"
	    "\"@odata.count\":{\"type\":\"integer\"},"
	    "\"@odata.nextLink\":{\"type\":\"string\"},"
	    "\"value\":{\"type\":\"array\",\"items\":{\"$ref\":\"" SCHEMAS
	    "%s\"}}},\"additionalProperties\":false}",
	    class->name, class->name);
}

/* ---- What is written --------------------------------------------------------------- */

static void
put_sent(struct rv_buf *out, const struct rv_odata_class *class)
{
	rv_buf_printf(out,
	    ",\"%s.Body\":{\"type\":\"object\",\"properties\":{"
	    "\"CategoryIDs\":{\"type\":\"array\",\"items\":"
	    "{\"type\":\"string\"},\"description\":\"Security scopes of a new "
	    "object\"}",
	    class->name);
	for (size_t i = 0; i < class->n_properties; i++)
		if (!class->properties[i].is_navigation)
			put_property(out, &class->properties[i], true);
	rv_buf_puts(out, "}," ANNOTATIONS ",\"additionalProperties\":false}");
}

void
rv_openapi_put_class(
    struct rv_buf *out, const struct rv_class *class, bool written)
{
	put_row(out, class);
	if (class->odata.view != NULL)
		put_list(out, &class->odata);
	if (written)
		put_sent(out, &class->odata);
}
