/*
 * What reading a query needs to know of a class: its properties, and where
 * the store has them.  Plain constant tables; any thread.
 */
#ifndef PROVIDER_ODATA_MODEL_H
#define PROVIDER_ODATA_MODEL_H

#include "reeve/base.h"

/* Primitive types of OData CSDL 4.01 section 3.3 that our classes have. */
enum rv_edm {
	RV_EDM_STRING,
	RV_EDM_BOOLEAN,
	RV_EDM_INT32,
	RV_EDM_INT64,
	RV_EDM_DOUBLE,
	RV_EDM_DATE_TIME_OFFSET,
	RV_EDM_GUID,
	RV_EDM_COMPLEX, /* or an entity: see `of` */
};

struct rv_odata_class;

struct rv_odata_property {
	const char *name; /* as bodies and $metadata have it */
	enum rv_edm type;
	bool is_key;
	bool is_collection; /* of `type` */
	bool is_navigation; /* to entities of `of`: in bodies by $expand */
	bool nullable;
	/* In a list only when $select or $expand names it. */
	bool lazy;
	/* May stand in $filter and $orderby. */
	bool filterable;
	/*
	 * Its column in the view of the class, a plain lower-case name: a value
	 * of the matching SQL type (text, boolean, integer, bigint, double
	 * precision, timestamptz, uuid; an array of it for a collection; jsonb
	 * for what is complex).  NULL where the view has none.
	 */
	const char *column;
	const struct rv_odata_class *of; /* when complex or a navigation */
};

/* An entity type with its set, or a complex type (no view, no entity). */
struct rv_odata_class {
	const char *name;   /* "SMS_Role"; the set below /wmi/ has it too */
	const char *entity; /* the set below /v1.0/, or NULL */
	const char *view;   /* in schema reeve, or NULL */
	const struct rv_odata_property *properties; /* in order of bodies */
	size_t n_properties;
};

/* By name with ASCII case folded, as the AdminService does; NULL: none. */
const struct rv_odata_property *rv_odata_property_find(
    const struct rv_odata_class *class, struct rv_slice name);

#endif
