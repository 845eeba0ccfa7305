#include "rest/role_file.h"

#include <libxml/xmlreader.h>
#include <pthread.h>
#include <string.h>

#define TYPE_MAX  999999999u
#define MASK_MAX  UINT32_MAX
#define DEPTH_MAX 4

/* Elements by their depth, as a file nests them. */
static const char *const levels[DEPTH_MAX][3] = {
	{ "SMS_Roles", NULL },
	{ "SMS_Role", NULL },
	{ "Operations", NULL },
	{ "Operation", "ReeveOperation", NULL },
};

struct reading {
	xmlTextReader *reader;
	json_t *roles;
	json_t *role; /* the last of roles, borrowed */
	bool has_operations;
	struct rv_error *e;
	bool told; /* e has a line */
	bool no_memory;
};

/* ---- Refusing -------------------------------------------------------------------- */

static int
refuse(struct reading *r, const char *what, const char *name)
{
	if (!r->told)
		rv_error_set(r->e, "line %d of the role file: %s%s%.64s",
		    xmlTextReaderGetParserLineNumber(r->reader), what,
		    name != NULL ? " " : "", name != NULL ? name : "");
	r->told = true;
	return RV_ERR_INVALID;
}

static int
no_memory(struct reading *r)
{
	r->no_memory = true;
	return RV_ERR_NOMEM;
}

/* The parser's own word: its text may hold what the file holds. */
static void
on_error(void *arg, xmlErrorPtr error)
{
	struct reading *r = arg;

	if (error->code == XML_ERR_NO_MEMORY)
		r->no_memory = true;
	if (error->level >= XML_ERR_ERROR && !r->told) {
		rv_error_set(
		    r->e, "line %d of the role file is not XML", error->line);
		r->told = true;
	}
}

/* ---- Attributes --------------------------------------------------------------------- */

static const char *
name_of(const struct reading *r)
{
	const xmlChar *name = xmlTextReaderConstName(r->reader);

	return name != NULL ? (const char *)name : "";
}

/* The value of the attribute that the reader stands on. */
static int
take_text(struct reading *r, json_t *object, const char *member)
{
	const xmlChar *value = xmlTextReaderConstValue(r->reader);
	struct rv_slice s = rv_slice_of((const char *)value);

	if (value == NULL || s.n > RV_ROLE_FILE_ATTRIBUTE_MAX)
		return refuse(r, "too long a value of", name_of(r));
	if (json_object_set_new(object, member, json_stringn(s.p, s.n)) != 0)
		return no_memory(r);
	return RV_OK;
}

static int
take_number(struct reading *r, json_t *object, const char *member, uint64_t max)
{
	const xmlChar *value = xmlTextReaderConstValue(r->reader);
	uint64_t n;

	if (value == NULL ||
	    rv_slice_to_u64(rv_slice_of((const char *)value), max, &n) != RV_OK)
		return refuse(r, "no number of that size in", name_of(r));
	if (json_object_set_new(object, member, json_integer((json_int_t)n)) !=
	    0)
		return no_memory(r);
	return RV_OK;
}

static int
role_attribute(struct reading *r, json_t *role)
{
	const char *name = name_of(r);

	if (strcmp(name, "RoleName") == 0)
		return take_text(r, role, "name");
	if (strcmp(name, "RoleDescription") == 0)
		return take_text(r, role, "description");
	if (strcmp(name, "CopiedFromID") == 0)
		return take_text(r, role, "copied_from_id");
	if (strcmp(name, "ReeveFormat") != 0)
		return refuse(r, "there is no attribute", name);
	if (!xmlStrEqual(
		xmlTextReaderConstValue(r->reader), (const xmlChar *)"1"))
		return refuse(
		    r, "this provider reads format 1, not another", NULL);
	return json_object_set(role, "complete", json_true()) == 0
		   ? RV_OK
		   : no_memory(r);
}

static int
operation_attribute(struct reading *r, json_t *operation)
{
	const char *name = name_of(r);

	if (strcmp(name, "ObjectTypeID") == 0)
		return take_number(r, operation, "type", TYPE_MAX);
	if (strcmp(name, "GrantedOperations") == 0)
		return take_number(r, operation, "mask", MASK_MAX);
	return refuse(r, "there is no attribute", name);
}

static int
named_attribute(struct reading *r, json_t *operation)
{
	const char *name = name_of(r);

	if (strcmp(name, "ObjectTypeID") == 0)
		return take_number(r, operation, "type", TYPE_MAX);
	if (strcmp(name, "OperationName") == 0)
		return take_text(r, operation, "name");
	return refuse(r, "there is no attribute", name);
}

typedef int read_attribute(struct reading *r, json_t *object);

static int
no_attribute(struct reading *r, json_t *object)
{
	(void)object;
	return refuse(r, "there is no attribute", name_of(r));
}

static int
read_attributes(struct reading *r, read_attribute *read, json_t *object)
{
	int more = xmlTextReaderMoveToFirstAttribute(r->reader);
	int result = RV_OK;

	for (; more == 1 && result == RV_OK;
	     more = xmlTextReaderMoveToNextAttribute(r->reader))
		result = read(r, object);
	if (result == RV_OK && more < 0)
		result = refuse(r, "its attributes cannot be read", NULL);
	if (result == RV_OK)
		(void)xmlTextReaderMoveToElement(r->reader);
	return result;
}

/* ---- Elements ------------------------------------------------------------------------- */

static int
begin_role(struct reading *r)
{
	json_t *role = json_pack("{s:s, s:s, s:b, s:[], s:[]}", "description",
	    "", "copied_from_id", "", "complete", 0, "operations", "names");
	int result;

	if (json_array_size(r->roles) == RV_ROLE_FILE_ROLES) {
		json_decref(role);
		return refuse(r, "too many roles", NULL);
	}
	if (role == NULL || json_array_append_new(r->roles, role) != 0)
		return no_memory(r);
	r->role = role;
	r->has_operations = false;
	result = read_attributes(r, role_attribute, role);
	if (result == RV_OK && json_object_get(role, "name") == NULL)
		result = refuse(r, "the role has no RoleName", NULL);
	return result;
}

static int
begin_operations(struct reading *r)
{
	if (r->has_operations)
		return refuse(r, "a second element", "Operations");
	r->has_operations = true;
	return read_attributes(r, no_attribute, NULL);
}

static int
begin_operation(struct reading *r, bool named)
{
	json_t *list = json_object_get(r->role, named ? "names" : "operations");
	json_t *one = json_object();
	int result;

	if (json_array_size(json_object_get(r->role, "operations")) +
		json_array_size(json_object_get(r->role, "names")) >=
	    RV_ROLE_FILE_OPERATIONS) {
		json_decref(one);
		return refuse(r, "too many operations", NULL);
	}
	if (one == NULL || json_array_append_new(list, one) != 0)
		return no_memory(r);
	result = read_attributes(
	    r, named ? named_attribute : operation_attribute, one);
	if (result == RV_OK && json_object_size(one) != 2)
		result = refuse(r, "an attribute is missing from", name_of(r));
	if (result == RV_OK &&
	    json_integer_value(json_object_get(one, "type")) == 0)
		result = refuse(r, "an ObjectTypeID is never 0", NULL);
	return result;
}

static int
begin_element(struct reading *r)
{
	const int depth = xmlTextReaderDepth(r->reader);
	const char *name = name_of(r);
	int which = 0;

	if (depth < 0 || depth >= DEPTH_MAX)
		return refuse(r, "no place for the element", name);
	while (levels[depth][which] != NULL &&
	       strcmp(levels[depth][which], name) != 0)
		which++;
	if (levels[depth][which] == NULL)
		return refuse(r, "no place for the element", name);
	switch (depth) {
	case 0:
		return read_attributes(r, no_attribute, NULL);
	case 1:
		return begin_role(r);
	case 2:
		return begin_operations(r);
	default:
		return begin_operation(r, which == 1);
	}
}

static int
take_node(struct reading *r)
{
	switch (xmlTextReaderNodeType(r->reader)) {
	case XML_READER_TYPE_ELEMENT:
		return begin_element(r);
	case XML_READER_TYPE_END_ELEMENT:
	case XML_READER_TYPE_COMMENT:
	case XML_READER_TYPE_PROCESSING_INSTRUCTION:
	case XML_READER_TYPE_XML_DECLARATION:
	case XML_READER_TYPE_WHITESPACE:
	case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
		return RV_OK;
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
		return refuse(r, "a role file has no text", NULL);
	default:
		return refuse(r, "a role file has no such node", NULL);
	}
}

/* ---- The file --------------------------------------------------------------------------- */

static int
read_all(struct reading *r)
{
	int more = xmlTextReaderRead(r->reader);

	for (; more == 1; more = xmlTextReaderRead(r->reader)) {
		const int result = take_node(r);

		if (result != RV_OK)
			return result;
	}
	if (r->no_memory)
		return RV_ERR_NOMEM;
	if (more < 0 || r->told)
		return refuse(r, "this is not XML", NULL);
	if (json_array_size(r->roles) == 0)
		return refuse(r, "there is no role in it", NULL);
	return RV_OK;
}

/* Before anything else reads it. */
static int
check_bytes(struct rv_slice xml, struct rv_error *e)
{
	static const char doctype[] = "<!DOCTYPE";

	if (xml.n > RV_ROLE_FILE_MAX)
		rv_error_set(e, "the role file is longer than 1 MiB");
	else if (!rv_slice_is_text(xml))
		rv_error_set(e, "the role file is not UTF-8");
	else if (memmem(xml.p, xml.n, doctype, sizeof(doctype) - 1) != NULL)
		rv_error_set(e, "a role file has no document type");
	else
		return RV_OK;
	return RV_ERR_INVALID;
}

static struct rv_slice
without_mark(struct rv_slice xml)
{
	const struct rv_slice mark = RV_SLICE_LIT("\xef\xbb\xbf");

	if (rv_slice_has_prefix(xml, mark))
		return (struct rv_slice){ xml.p + mark.n, xml.n - mark.n };
	return xml;
}

int
rv_role_file_read(struct rv_slice xml, json_t **ret_roles, struct rv_error *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct reading r = { .e = e };
	int result;

	*ret_roles = NULL;
	result = check_bytes(xml, e);
	if (result != RV_OK)
		return result;
	/* The library sets itself up, which only one thread may do. */
	(void)pthread_once(&once, xmlInitParser);
	xml = without_mark(xml);
	r.roles = json_array();
	r.reader = xmlReaderForMemory(xml.n > 0 ? xml.p : "", (int)xml.n, NULL,
	    "UTF-8", XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	if (r.roles == NULL || r.reader == NULL) {
		result = RV_ERR_NOMEM;
	} else {
		xmlTextReaderSetStructuredErrorHandler(r.reader, on_error, &r);
		result = read_all(&r);
	}
	xmlFreeTextReader(r.reader);
	if (result == RV_OK)
		*ret_roles = r.roles;
	else
		json_decref(r.roles);
	return result;
}
