/*
 * The constant rows behind rest/classes.h: provider/rest/class_table.c is
 * generated from sql/catalogue/classes.tsv, class_properties.tsv and
 * types.tsv.
 */
#ifndef PROVIDER_REST_CLASS_TABLE_H
#define PROVIDER_REST_CLASS_TABLE_H

#include "rest/classes.h"

extern const struct rv_class rv_class_table[];
extern const size_t rv_class_table_n;

/* Of the classes of types that applications register: key ObjectKey. */
extern const struct rv_odata_property *const rv_object_properties;
extern const size_t rv_object_properties_n;

/* Shipped types whose instances are no secured objects. */
extern const uint32_t rv_types_without_class[];
extern const size_t rv_types_without_class_n;

#endif
