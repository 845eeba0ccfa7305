/*
 * How the naive evaluator understands a question: docs/rule.md section 1 in
 * loops over rows.  For test programs only.
 */
#ifndef TESTS_UNIT_RBAC_NAIVE_ASK_H
#define TESTS_UNIT_RBAC_NAIVE_ASK_H

#include "world.h"

enum flaw {
	FLAW_NONE,
	FLAW_UNTIL_INCLUSIVE,	 /* valid at the very instant of its end */
	FLAW_FROM_EXCLUSIVE,	 /* not yet valid at its first instant */
	FLAW_OUT_COUNTS,	 /* orphaned users still give rights */
	FLAW_GROUPS_GUESSED,	 /* unknown groups count */
	FLAW_MODIFY_OWN,	 /* Modify on the assigned collection itself */
	FLAW_NO_CHAIN,		 /* limited collections are not covered */
	FLAW_ID_ALONE,		 /* a collection's id passes for a scope's */
	FLAW_READ_FORGOTTEN,	 /* no Read beside the operation */
	FLAW_LEVEL_OF_ROLE_ONLY, /* minima of operations are forgotten */
	FLAW_DELEGATED_TRUSTED,
	FLAW_ROLES_ADDED_UP, /* one role's bit on another role's scope */
	FLAW_BITS_32,	     /* bits 32-63 are lost */
	FLAW_ROOTS_STORED,   /* membership of the roots is not implied */
	FLAW_DEFAULT_SCOPED, /* Read means Read on default instances */
	FLAW_TYPE_WIDE_BLIND, /* an instance of a type-wide one is not looked at */
	FLAW_BARE_GIVES,      /* an assignment without category gives */
	FLAW_LEVEL_ANY,	      /* a level that there is not counts as highest */
	FLAW_FURTHER_FORGOTTEN, /* further principals stand for nobody */
	FLAW_FURTHER_AS_GROUP,	/* they do also behind the own ids */
	FLAW_USER_AS_GROUP,	/* as users do */
	FLAW_OWN_IS_NO_GROUP,	/* own ids stand for users alone */
	FLAW_AUTHOR_FORGOTTEN,	/* own types of objects ask for nothing */
	FLAW_AUTHOR_OF_READ,	/* they do also where an object is read */
	FLAW_COUNT,
	/* Of operations on more than one thing. */
	FLAW_HALVES_APART = FLAW_COUNT, /* two assignments add up */
	FLAW_READS_TOGETHER,	 /* reading a deployment asks one for both */
	FLAW_STOP_NEEDS_CONTENT, /* so that a deployment cannot be stopped */
	FLAW_LIMITING_FORGOTTEN,
	FLAW_FOLDER_ANYWHERE, /* Modify Folder in whatever scope */
	FLAW_ROOT_IS_A_FOLDER,
	FLAW_TARGET_FOLDER_FORGOTTEN,
	FLAW_NAMED_FORGOTTEN,  /* collections that a rule names */
	FLAW_RECORD_FORGOTTEN, /* that an import matches */
	FLAW_PAIR_END,
};

struct naive {
	const struct world *w;
	const struct rv_subject *u;
	int64_t at;
	enum flaw flaw;
};

/* A question after its names are understood. */
struct naive_question {
	uint32_t type;
	uint8_t bit;
	enum {
		ON_ROLE,
		ON_SCOPES,
		ON_COLLECTION,
		ON_RESOURCE,
		ON_NOTHING
	} on;
	bool modifies; /* Modify or Delete of a collection */
	bool reads;    /* it is itself what Read means on this object */
	bool type_wide;
	bool named; /* an instance is named */
	int default_instance;
	uint32_t carrier; /* the type of the object that carries scopes */
	struct rv_slice key;
	uint32_t resource;
};

static inline const struct rv_row_type *
naive_type(const struct naive *n, uint32_t id)
{
	for (size_t i = 0; i < n->w->n_type; i++)
		if (n->w->type[i].object_type_id == id)
			return &n->w->type[i];
	abort(); /* the rows refer to each other */
}

static inline const struct rv_row_operation *
naive_operation(const struct naive *n, uint32_t type, uint8_t bit)
{
	for (size_t i = 0; i < n->w->n_operation; i++)
		if (n->w->operation[i].object_type_id == type &&
		    n->w->operation[i].bit == bit)
			return &n->w->operation[i];
	abort(); /* the rows refer to each other */
}

static inline int
naive_bit(const struct naive *n, uint32_t type, struct rv_slice name)
{
	for (size_t i = 0; i < n->w->n_operation; i++)
		if (n->w->operation[i].object_type_id == type &&
		    rv_slice_eq(n->w->operation[i].name, name))
			return n->w->operation[i].bit;
	return -1;
}

/* What stands for Read of a type, or -1. */
static inline int
naive_read_bit(const struct naive *n, uint32_t type)
{
	return naive_bit(n, type,
	    type == 26 ? RV_SLICE_LIT("View Asset Intelligence")
		       : RV_SLICE_LIT("Read"));
}

static inline bool
naive_is_number(struct rv_slice key, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	/* Keys are set. NOLINTNEXTLINE(clang-analyzer-core.*) */
	return rv_slice_eq_cstr(key, text);
}

static inline bool
naive_exists(const struct naive *n, uint32_t type, struct rv_slice key)
{
	const struct world *w = n->w;

	for (size_t i = 0; type == 1 && i < w->n_collection; i++)
		if (rv_slice_eq(w->collection[i].collection_id, key))
			return true;
	for (size_t i = 0; type == 27 && i < w->n_role; i++)
		if (rv_slice_eq(w->role[i].role_id, key))
			return true;
	for (size_t i = 0; type == 28 && i < w->n_admin; i++)
		if (naive_is_number(key, w->admin[i].admin_id))
			return true;
	for (size_t i = 0; type == 29 && i < w->n_scope; i++)
		if (rv_slice_eq(w->scope[i].scope_id, key))
			return true;
	for (size_t i = 0; i < w->n_object; i++)
		if (w->object[i].object_type_id == type &&
		    rv_slice_eq(w->object[i].key, key))
			return true;
	return false;
}

/* Classes without a type; prefixes end in '*', the longest match counts. */
static inline bool
naive_class_is(struct rv_slice row, struct rv_slice class, size_t *ret_length)
{
	*ret_length = SIZE_MAX;
	if (rv_slice_eq(row, class))
		return row.p[row.n - 1] != '*';
	*ret_length = row.n - 1;
	return row.p[row.n - 1] == '*' && class.n >= row.n &&
	       memcmp(row.p, class.p, row.n - 1) == 0;
}

static inline size_t
naive_class_match(const struct naive *n, struct rv_slice class)
{
	size_t best = 0, length;

	for (size_t i = 0; i < n->w->n_class_operation; i++)
		if (naive_class_is(
			n->w->class_operation[i].class_name, class, &length) &&
		    length > best)
			best = length;
	return best;
}

static inline enum rv_reason
naive_ask_class(const struct naive *n, const struct rv_question *ask,
    struct naive_question *q)
{
	const size_t match = naive_class_match(n, ask->type);
	const bool user = rv_slice_eq_cstr(ask->type, "SMS_R_User");
	const bool group = rv_slice_eq_cstr(ask->type, "SMS_R_UserGroup");
	bool found = false;
	size_t length;

	if (match == 0)
		return RV_REASON_UNKNOWN_TYPE;
	q->type = 1;
	for (size_t i = 0; i < n->w->n_class_operation; i++) {
		const struct rv_row_class_operation *c =
		    &n->w->class_operation[i];

		if (naive_class_is(c->class_name, ask->type, &length) &&
		    length == match &&
		    rv_slice_eq(c->operation, ask->operation)) {
			q->bit = c->bit;
			found = true;
		}
	}
	if (!found)
		return RV_REASON_OP_NOT_APPLICABLE;
	q->on = ON_RESOURCE;
	for (size_t i = 0; i < n->w->n_resource; i++) {
		const struct rv_row_resource *r = &n->w->resource[i];

		if (naive_is_number(ask->key, r->resource_id) &&
		    (r->type == RV_RESOURCE_USER) == user &&
		    (r->type == RV_RESOURCE_GROUP) == group) {
			q->resource = r->resource_id;
			return RV_REASON_ALLOWED;
		}
	}
	return RV_REASON_NO_SUCH_OBJECT;
}

static inline enum rv_reason
naive_ask_default(const struct naive *n, const struct rv_question *ask,
    struct naive_question *q)
{
	const struct rv_row_default_instance *d =
	    &n->w->default_instance[q->default_instance];

	q->on = ON_ROLE;
	q->type_wide = false;
	if (rv_slice_eq_cstr(ask->operation, "Read")) {
		q->bit = d->read_bit;
		q->reads = true;
	} else if (rv_slice_eq_cstr(ask->operation, "Modify")) {
		q->bit = d->modify_bit;
	} else {
		return RV_REASON_OP_NOT_APPLICABLE;
	}
	return RV_REASON_ALLOWED;
}

static inline const struct rv_row_type *
naive_find_type(const struct naive *n, struct rv_slice name)
{
	for (size_t i = 0; i < n->w->n_type; i++) {
		const struct rv_row_type *t = &n->w->type[i];

		if (rv_slice_eq(t->sdk_name, name) ||
		    (t->class_name.n > 0 && rv_slice_eq(t->class_name, name)) ||
		    naive_is_number(name, t->object_type_id))
			return t;
	}
	return NULL;
}

/* Understands a question, or says why it cannot be. */
static inline enum rv_reason
naive_ask(const struct naive *n, const struct rv_question *ask,
    struct naive_question *q)
{
	const struct rv_row_type *t = naive_find_type(n, ask->type);
	int bit;

	*q = (struct naive_question){ .key = ask->key,
		.named = ask->key.p != NULL,
		.bit = 255,
		.default_instance = -1 };
	if (t == NULL)
		return naive_ask_class(n, ask, q);
	q->type = q->carrier = t->object_type_id;
	bit = naive_bit(n, q->type, ask->operation);
	if (bit < 0)
		return RV_REASON_UNKNOWN_OPERATION;
	q->bit = (uint8_t)bit;
	q->type_wide = naive_operation(n, q->type, q->bit)->type_wide;
	for (size_t i = 0; q->named && n->flaw != FLAW_DEFAULT_SCOPED &&
			   i < n->w->n_default_instance;
	     i++)
		if (n->w->default_instance[i].object_type_id == q->type &&
		    rv_slice_eq(n->w->default_instance[i].key, ask->key))
			q->default_instance = (int)i;
	if (q->default_instance >= 0)
		return naive_ask_default(n, ask, q);
	q->on = t->secured_by == RV_SECURED_BY_SCOPE	    ? ON_SCOPES
		: t->secured_by == RV_SECURED_BY_COLLECTION ? ON_COLLECTION
							    : ON_ROLE;
	q->modifies =
	    q->type == 1 && (rv_slice_eq_cstr(ask->operation, "Modify") ||
				rv_slice_eq_cstr(ask->operation, "Delete"));
	if (q->named ? !naive_exists(n, q->type, ask->key)
		     : !q->type_wide && q->on != ON_ROLE)
		return RV_REASON_NO_SUCH_OBJECT;
	return RV_REASON_ALLOWED;
}

#endif
