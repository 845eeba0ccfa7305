/*
 * A class with a property of each kind, for tests and the fuzz target of the
 * query parser.
 */
#ifndef TESTS_UNIT_ODATA_SAMPLE_H
#define TESTS_UNIT_ODATA_SAMPLE_H

#include "odata/model.h"

#define SAMPLE_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct rv_odata_property sample_inner_properties[] = {
	{ .name = "Text",
	    .type = RV_EDM_STRING,
	    .nullable = true,
	    .filterable = true },
	{ .name = "Number",
	    .type = RV_EDM_INT64,
	    .nullable = true,
	    .filterable = true },
	{ .name = "Marks",
	    .type = RV_EDM_STRING,
	    .is_collection = true,
	    .filterable = true },
	{ .name = "Hidden", .type = RV_EDM_STRING },
};

static const struct rv_odata_class sample_inner = {
	.name = "Inner",
	.properties = sample_inner_properties,
	.n_properties = SAMPLE_COUNT(sample_inner_properties),
};

static const struct rv_odata_property sample_place_properties[] = {
	{ .name = "City",
	    .type = RV_EDM_STRING,
	    .nullable = true,
	    .filterable = true },
	{ .name = "Zip",
	    .type = RV_EDM_INT32,
	    .nullable = true,
	    .filterable = true },
	{ .name = "Since",
	    .type = RV_EDM_DATE_TIME_OFFSET,
	    .nullable = true,
	    .filterable = true },
	{ .name = "Inner",
	    .type = RV_EDM_COMPLEX,
	    .nullable = true,
	    .filterable = true,
	    .of = &sample_inner },
};

static const struct rv_odata_class sample_place = {
	.name = "Place",
	.properties = sample_place_properties,
	.n_properties = SAMPLE_COUNT(sample_place_properties),
};

static const struct rv_odata_property sample_other_properties[] = {
	{ .name = "Number",
	    .type = RV_EDM_INT32,
	    .is_key = true,
	    .filterable = true,
	    .column = "number" },
	{ .name = "Kind",
	    .type = RV_EDM_STRING,
	    .is_key = true,
	    .filterable = true,
	    .column = "kind" },
	{ .name = "Title",
	    .type = RV_EDM_STRING,
	    .filterable = true,
	    .column = "title" },
};

static const struct rv_odata_class sample_other = {
	.name = "Other",
	.entity = "Others",
	.view = "list_other",
	.properties = sample_other_properties,
	.n_properties = SAMPLE_COUNT(sample_other_properties),
};

static const struct rv_odata_property sample_properties[] = {
	{ .name = "ID",
	    .type = RV_EDM_STRING,
	    .is_key = true,
	    .filterable = true,
	    .column = "id" },
	{ .name = "Name",
	    .type = RV_EDM_STRING,
	    .filterable = true,
	    .column = "name" },
	{ .name = "Note",
	    .type = RV_EDM_STRING,
	    .nullable = true,
	    .filterable = true,
	    .column = "note" },
	{ .name = "Flag",
	    .type = RV_EDM_BOOLEAN,
	    .nullable = true,
	    .filterable = true,
	    .column = "flag" },
	{ .name = "Small",
	    .type = RV_EDM_INT32,
	    .filterable = true,
	    .column = "small" },
	{ .name = "Big",
	    .type = RV_EDM_INT64,
	    .nullable = true,
	    .filterable = true,
	    .column = "big" },
	{ .name = "Ratio",
	    .type = RV_EDM_DOUBLE,
	    .nullable = true,
	    .filterable = true,
	    .column = "ratio" },
	{ .name = "Changed",
	    .type = RV_EDM_DATE_TIME_OFFSET,
	    .nullable = true,
	    .filterable = true,
	    .column = "changed" },
	{ .name = "Guid",
	    .type = RV_EDM_GUID,
	    .nullable = true,
	    .filterable = true,
	    .column = "guid" },
	{ .name = "Tags",
	    .type = RV_EDM_STRING,
	    .is_collection = true,
	    .filterable = true,
	    .column = "tags" },
	{ .name = "Numbers",
	    .type = RV_EDM_INT32,
	    .is_collection = true,
	    .filterable = true,
	    .column = "numbers" },
	{ .name = "Place",
	    .type = RV_EDM_COMPLEX,
	    .nullable = true,
	    .filterable = true,
	    .column = "place",
	    .of = &sample_place },
	{ .name = "Items",
	    .type = RV_EDM_COMPLEX,
	    .is_collection = true,
	    .filterable = true,
	    .column = "items",
	    .of = &sample_inner },
	{ .name = "Secret", .type = RV_EDM_STRING, .column = "secret" },
	{ .name = "Absent", .type = RV_EDM_STRING, .filterable = true },
	{ .name = "Long", .type = RV_EDM_STRING, .lazy = true },
	{ .name = "Others",
	    .type = RV_EDM_COMPLEX,
	    .is_collection = true,
	    .is_navigation = true,
	    .of = &sample_other },
};

static const struct rv_odata_class sample = {
	.name = "SMS_Sample",
	.entity = "Samples",
	.view = "list_sample",
	.properties = sample_properties,
	.n_properties = SAMPLE_COUNT(sample_properties),
};

#endif
