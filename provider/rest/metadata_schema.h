/*
 * What the $metadata of the AdminService says: the classes of one of its two
 * roots, in CSDL 4.0 XML and CSDL 4.01 JSON (OASIS).
 */
#ifndef PROVIDER_REST_METADATA_SCHEMA_H
#define PROVIDER_REST_METADATA_SCHEMA_H

#include "rest/classes.h"

#define RV_SCHEMA_NAMESPACE "AdminService"

struct rv_schema {
	const struct rv_class **classes; /* complex types among them */
	size_t n;
	bool v1; /* names of entities, below /v1.0/ */
};

/* All classes of the snapshot, in the arena.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_schema_of(const struct rv_snapshot *s, struct rv_arena *arena,
    bool v1, struct rv_schema *ret);

/* The name of its type and of its set, here. */
const char *rv_schema_name(
    const struct rv_schema *schema, const struct rv_odata_class *class);
/* "Edm.String", or the name of a class without its namespace. */
const char *rv_schema_type(
    const struct rv_schema *schema, const struct rv_odata_property *p);
/* True for a class with a set of its own. */
bool rv_schema_is_entity(const struct rv_odata_class *class);
/* True for a type whose bodies have members that nobody declares. */
bool rv_schema_is_open(const struct rv_odata_class *class);

/* Appends the document; out->failed when there is no room. */
void rv_schema_put_xml(const struct rv_schema *schema, struct rv_buf *out);
void rv_schema_put_json(const struct rv_schema *schema, struct rv_buf *out);

#endif
