/*
 * CSDL JSON 4.01 (OASIS).  Names need no escapes: see metadata_xml.c.  What a
 * member says by being absent is left out: Edm.String, not nullable.
 */
#include "rest/metadata_schema.h"

#define NS RV_SCHEMA_NAMESPACE "."

static void
put_property(const struct rv_schema *schema, const struct rv_odata_property *p,
    struct rv_buf *out)
{
	rv_buf_printf(out, ",\"%s\":{", p->name);
	if (p->is_navigation)
		rv_buf_puts(out, "\"$Kind\":\"NavigationProperty\",");
	rv_buf_printf(out, "\"$Type\":\"%s%s\"",
	    p->type == RV_EDM_COMPLEX ? NS : "", rv_schema_type(schema, p));
	if (p->is_collection)
		rv_buf_puts(out, ",\"$Collection\":true");
	if (p->nullable || (p->is_navigation && !p->is_collection))
		rv_buf_puts(out, ",\"$Nullable\":true");
	if (p->type == RV_EDM_DATE_TIME_OFFSET)
		rv_buf_puts(out, ",\"$Precision\":3");
	if (p->lazy)
		rv_buf_puts(out, ",\"@" NS "Lazy\":true");
	if (!p->filterable && !p->is_navigation)
		rv_buf_puts(out, ",\"@" NS "NotFilterable\":true");
	rv_buf_putc(out, '}');
}

static void
put_keys(const struct rv_odata_class *class, struct rv_buf *out)
{
	const char *before = "";

	rv_buf_puts(out, ",\"$Key\":[");
	for (size_t i = 0; i < class->n_properties; i++)
		if (class->properties[i].is_key) {
			rv_buf_printf(
			    out, "%s\"%s\"", before, class->properties[i].name);
			before = ",";
		}
	rv_buf_putc(out, ']');
}

static void
put_class(const struct rv_schema *schema, const struct rv_class *class,
    struct rv_buf *out)
{
	const bool entity = rv_schema_is_entity(&class->odata);

	rv_buf_printf(out, ",\"%s\":{\"$Kind\":\"%s\"",
	    rv_schema_name(schema, &class->odata),
	    entity ? "EntityType" : "ComplexType");
	if (entity)
		put_keys(&class->odata, out);
	if (class->base != NULL)
		rv_buf_printf(out, ",\"$BaseType\":\"" NS "%s\"", class->base);
	if (rv_schema_is_open(&class->odata))
		rv_buf_puts(out, ",\"$OpenType\":true");
	for (size_t i = 0; i < class->odata.n_properties; i++)
		put_property(schema, &class->odata.properties[i], out);
	rv_buf_putc(out, '}');
}

static void
put_set(const struct rv_schema *schema, const struct rv_odata_class *class,
    struct rv_buf *out)
{
	const char *name = rv_schema_name(schema, class);
	const char *before = ",\"$NavigationPropertyBinding\":{";

	rv_buf_printf(out,
	    ",\"%s\":{\"$Collection\":true,\"$Type\":\"" NS "%s\"", name, name);
	for (size_t i = 0; i < class->n_properties; i++)
		if (class->properties[i].is_navigation) {
			rv_buf_printf(out, "%s\"%s\":\"%s\"", before,
			    class->properties[i].name,
			    rv_schema_type(schema, &class->properties[i]));
			before = ",";
		}
	rv_buf_puts(out, before[1] == '\0' ? "}}" : "}");
}

static void
put_terms(struct rv_buf *out)
{
	rv_buf_puts(out,
	    "\"Lazy\":{\"$Kind\":\"Term\",\"$Type\":\"Edm.Boolean\","
	    "\"$DefaultValue\":true,\"$AppliesTo\":[\"Property\"],"
	    "\"@Org.OData.Core.V1.Description\":\"In lists only when $select "
	    "names it.\"},"
	    "\"NotFilterable\":{\"$Kind\":\"Term\",\"$Type\":\"Edm.Boolean\","
	    "\"$DefaultValue\":true,\"$AppliesTo\":[\"Property\"],"
	    "\"@Org.OData.Core.V1.Description\":\"Not for $filter and "
	    "$orderby.\"}");
}

void
rv_schema_put_json(const struct rv_schema *schema, struct rv_buf *out)
{
	rv_buf_puts(out,
	    "{\"$Version\":\"4.01\",\"$EntityContainer\":\"" NS "Container\","
	    "\"$Reference\":{\"https://oasis-tcs.github.io/"
	    "odata-vocabularies/vocabularies/Org.OData.Core.V1.json\":"
	    "{\"$Include\":[{\"$Namespace\":\"Org.OData.Core.V1\"}]}},"
	    "\"" RV_SCHEMA_NAMESPACE "\":{");
	put_terms(out);
	for (size_t i = 0; i < schema->n; i++)
		put_class(schema, schema->classes[i], out);
	rv_buf_puts(out, ",\"Container\":{\"$Kind\":\"EntityContainer\"");
	for (size_t i = 0; i < schema->n; i++)
		if (rv_schema_is_entity(&schema->classes[i]->odata))
			put_set(schema, &schema->classes[i]->odata, out);
	rv_buf_puts(out, "}}}");
}
