/*
 * The checked tree of $filter and $search: what reading makes, and what
 * odata/sql.h and odata/eval.h walk.  Nodes never change once read; they are
 * the arena's of the query.
 *
 * The rules of null are those of OData 4.01 (URL Conventions, section
 * 5.1.1.1): null eq null is true, every other comparison with null but `ne`
 * is false, functions of null are null, and, or, not know three values.
 */
#ifndef PROVIDER_ODATA_TREE_H
#define PROVIDER_ODATA_TREE_H

#include "odata/query.h"

/* Types that expressions have; wider than those of properties. */
enum rv_odata_type {
	RV_ODATA_NULL, /* of the literal null alone */
	RV_ODATA_STRING,
	RV_ODATA_BOOL,
	RV_ODATA_INT, /* 64 bits, as all integers are computed */
	RV_ODATA_DOUBLE,
	RV_ODATA_INSTANT, /* microseconds since 1970, UTC */
	RV_ODATA_DATE,	  /* days since 1970 */
	RV_ODATA_GUID,
	RV_ODATA_OBJECT, /* complex, or an entity */
};

struct rv_odata_value {
	enum rv_odata_type type; /* RV_ODATA_NULL: there is none */
	int64_t i;		 /* bool, int, instant, date */
	double d;
	struct rv_slice text; /* string; GUID in lower case */
};

enum rv_odata_kind {
	RV_ODATA_LITERAL, /* value */
	RV_ODATA_PATH,	  /* path from the row, or from a variable */
	RV_ODATA_EQ,	  /* args[0], args[1]; so all comparisons */
	RV_ODATA_NE,
	RV_ODATA_GT,
	RV_ODATA_GE,
	RV_ODATA_LT,
	RV_ODATA_LE,
	RV_ODATA_IN, /* args[0] in the literals args[1..] */
	RV_ODATA_AND,
	RV_ODATA_OR,
	RV_ODATA_NOT,
	RV_ODATA_CALL, /* function of args */
	RV_ODATA_ANY,  /* args[0] the collection; args[1] or nothing */
	RV_ODATA_ALL,
	RV_ODATA_TERM, /* of $search: value is the text */
};

enum rv_odata_function {
	RV_ODATA_F_CONTAINS,
	RV_ODATA_F_STARTSWITH,
	RV_ODATA_F_ENDSWITH,
	RV_ODATA_F_TOLOWER,
	RV_ODATA_F_TOUPPER,
	RV_ODATA_F_LENGTH,
	RV_ODATA_F_INDEXOF,
	RV_ODATA_F_SUBSTRING,
	RV_ODATA_F_CONCAT,
	RV_ODATA_F_TRIM,
	RV_ODATA_F_YEAR,
	RV_ODATA_F_MONTH,
	RV_ODATA_F_DAY,
	RV_ODATA_F_HOUR,
	RV_ODATA_F_MINUTE,
	RV_ODATA_F_SECOND,
	RV_ODATA_F_DATE,
};

/* The variable of an any() or all(), bound to one element after another. */
struct rv_odata_variable {
	struct rv_slice name;
	const struct rv_odata_property *of; /* the collection */
	unsigned depth;			    /* 1: the outermost */
	const struct rv_odata_variable *outer;
};

struct rv_odata_node {
	enum rv_odata_kind kind;
	enum rv_odata_type type; /* of its value; of a collection: of one */
	bool is_collection;
	size_t at; /* byte in the option, for faults */
	const struct rv_odata_node **args;
	size_t n_args;
	struct rv_odata_value value;
	enum rv_odata_function function;
	/* RV_ODATA_PATH: n == 0 with a variable is the variable itself. */
	struct rv_odata_path path;
	/* RV_ODATA_PATH: where it begins, NULL: the row; of ANY, ALL theirs. */
	const struct rv_odata_variable *variable;
};

/* The type that values of the property have in expressions. */
enum rv_odata_type rv_odata_type_of(const struct rv_odata_property *property);

/* "a string": for faults; static storage. */
const char *rv_odata_type_name(enum rv_odata_type type);

#endif
