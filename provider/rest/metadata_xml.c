/*
 * CSDL XML 4.0 (OASIS).  Every name is one of ours or was checked when it
 * was registered: letters, digits and '_'; nothing needs to be escaped.
 */
#include "rest/metadata_schema.h"

#define NS RV_SCHEMA_NAMESPACE "."

static void
put_type(const struct rv_schema *schema, const struct rv_odata_property *p,
    struct rv_buf *out)
{
	rv_buf_printf(out, "%s%s%s%s", p->is_collection ? "Collection(" : "",
	    p->type == RV_EDM_COMPLEX ? NS : "", rv_schema_type(schema, p),
	    p->is_collection ? ")" : "");
}

/* An annotation of a property with one of our terms. */
static void
put_term(struct rv_buf *out, const char *term)
{
	rv_buf_printf(
	    out, "<Annotation Term=\"" NS "%s\" Bool=\"true\"/>", term);
}

static void
put_structural(const struct rv_schema *schema,
    const struct rv_odata_property *p, struct rv_buf *out)
{
	rv_buf_printf(out, "<Property Name=\"%s\" Type=\"", p->name);
	put_type(schema, p, out);
	rv_buf_printf(
	    out, "\" Nullable=\"%s\"", p->nullable ? "true" : "false");
	if (p->type == RV_EDM_DATE_TIME_OFFSET)
		rv_buf_puts(out, " Precision=\"3\"");
	if (!p->lazy && !p->filterable) {
		rv_buf_puts(out, ">");
		put_term(out, "NotFilterable");
		rv_buf_puts(out, "</Property>\n");
	} else if (p->lazy) {
		rv_buf_puts(out, ">");
		put_term(out, "Lazy");
		if (!p->filterable)
			put_term(out, "NotFilterable");
		rv_buf_puts(out, "</Property>\n");
	} else {
		rv_buf_puts(out, "/>\n");
	}
}

static void
put_navigation(const struct rv_schema *schema,
    const struct rv_odata_property *p, struct rv_buf *out)
{
	rv_buf_printf(out, "<NavigationProperty Name=\"%s\" Type=\"", p->name);
	put_type(schema, p, out);
	/* What its reader may not see is not there. */
	rv_buf_puts(
	    out, p->is_collection ? "\"/>\n" : "\" Nullable=\"true\"/>\n");
}

static void
put_properties(const struct rv_schema *schema,
    const struct rv_odata_class *class, struct rv_buf *out)
{
	for (size_t i = 0; i < class->n_properties; i++) {
		const struct rv_odata_property *p = &class->properties[i];

		if (p->is_navigation)
			put_navigation(schema, p, out);
		else
			put_structural(schema, p, out);
	}
}

static void
put_complex(const struct rv_schema *schema, const struct rv_class *class,
    struct rv_buf *out)
{
	rv_buf_printf(out, "<ComplexType Name=\"%s\"", class->odata.name);
	if (class->base != NULL)
		rv_buf_printf(out, " BaseType=\"" NS "%s\"", class->base);
	if (rv_schema_is_open(&class->odata))
		rv_buf_puts(out, " OpenType=\"true\"");
	rv_buf_puts(out, ">\n");
	put_properties(schema, &class->odata, out);
	rv_buf_puts(out, "</ComplexType>\n");
}

static void
put_entity(const struct rv_schema *schema, const struct rv_odata_class *class,
    struct rv_buf *out)
{
	rv_buf_printf(out, "<EntityType Name=\"%s\">\n<Key>",
	    rv_schema_name(schema, class));
	for (size_t i = 0; i < class->n_properties; i++)
		if (class->properties[i].is_key)
			rv_buf_printf(out, "<PropertyRef Name=\"%s\"/>",
			    class->properties[i].name);
	rv_buf_puts(out, "</Key>\n");
	put_properties(schema, class, out);
	rv_buf_puts(out, "</EntityType>\n");
}

static void
put_set(const struct rv_schema *schema, const struct rv_odata_class *class,
    struct rv_buf *out)
{
	const char *name = rv_schema_name(schema, class);

	rv_buf_printf(
	    out, "<EntitySet Name=\"%s\" EntityType=\"" NS "%s\">", name, name);
	for (size_t i = 0; i < class->n_properties; i++)
		if (class->properties[i].is_navigation)
			rv_buf_printf(out,
			    "<NavigationPropertyBinding Path=\"%s\" "
			    "Target=\"%s\"/>",
			    class->properties[i].name,
			    rv_schema_type(schema, &class->properties[i]));
	rv_buf_puts(out, "</EntitySet>\n");
}

static void
put_terms(struct rv_buf *out)
{
	rv_buf_puts(out,
	    "<Term Name=\"Lazy\" Type=\"Edm.Boolean\" DefaultValue=\"true\" "
	    "AppliesTo=\"Property\">"
	    "<Annotation Term=\"Org.OData.Core.V1.Description\" String=\"In "
	    "lists only when $select names it.\"/></Term>\n"
	    "<Term Name=\"NotFilterable\" Type=\"Edm.Boolean\" "
	    "DefaultValue=\"true\" AppliesTo=\"Property\">"
	    "<Annotation Term=\"Org.OData.Core.V1.Description\" String=\"Not "
	    "for $filter and $orderby.\"/></Term>\n");
}

void
rv_schema_put_xml(const struct rv_schema *schema, struct rv_buf *out)
{
	rv_buf_puts(out,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<edmx:Edmx Version=\"4.0\" "
	    "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\n"
	    "<edmx:Reference Uri=\"https://oasis-tcs.github.io/"
	    "odata-vocabularies/vocabularies/Org.OData.Core.V1.xml\">"
	    "<edmx:Include Namespace=\"Org.OData.Core.V1\"/>"
	    "</edmx:Reference>\n"
	    "<edmx:DataServices>\n"
	    "<Schema Namespace=\"" RV_SCHEMA_NAMESPACE "\" "
	    "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">\n");
	put_terms(out);
	for (size_t i = 0; i < schema->n; i++)
		if (rv_schema_is_entity(&schema->classes[i]->odata))
			put_entity(schema, &schema->classes[i]->odata, out);
		else
			put_complex(schema, schema->classes[i], out);
	rv_buf_puts(out, "<EntityContainer Name=\"Container\">\n");
	for (size_t i = 0; i < schema->n; i++)
		if (rv_schema_is_entity(&schema->classes[i]->odata))
			put_set(schema, &schema->classes[i]->odata, out);
	rv_buf_puts(out, "</EntityContainer>\n</Schema>\n"
			 "</edmx:DataServices>\n</edmx:Edmx>\n");
}
