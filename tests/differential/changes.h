/*
 * Lines as changes of a snapshot: "+" adds a row, "~" changes one that is
 * there, "-" removes one; the table is the second word.  What the builder
 * does not take is kept in t->why, for the end of the version to tell.
 */
#ifndef TESTS_DIFFERENTIAL_CHANGES_H
#define TESTS_DIFFERENTIAL_CHANGES_H

#include "rows.h"

/* The line without its first word: as rows.h reads rows. */
static inline struct line
behind(const struct line *l)
{
	struct line rest = { .n = l->n - 1 };

	memcpy(rest.words, l->words + 1, rest.n * sizeof(*rest.words));
	return rest;
}

static inline enum rv_level
level(const struct line *l, size_t i)
{
	return (enum rv_level)number(l, i, 0);
}

/* "role", id, minimum */
static inline int
change_role(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_role row = { word(l, 1), word(l, 1), level(l, 2) };

	if (sign == '-')
		return rv_builder_remove_role(b, row.role_id, e);
	return sign == '+' ? rv_builder_role(b, &row, e)
			   : rv_builder_change_role(b, &row, e);
}

/* "operation", type, bit, name, wide, security, minimum: only changed. */
static inline int
change_operation(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	(void)sign;
	return rv_builder_change_operation(b,
	    &(struct rv_row_operation){ number32(l, 1), bit(l, 2), word(l, 3),
		is(l, 4, "type_wide"), is(l, 5, "security"), level(l, 6) },
	    e);
}

static inline int
change_role_operation(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_role_operation row = { word(l, 1), number32(l, 2),
		bit(l, 3) };

	return sign == '+' ? rv_builder_role_operation(b, &row, e)
			   : rv_builder_remove_role_operation(b, &row, e);
}

static inline int
change_scope(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_scope row = { word(l, 1) };

	return sign == '+' ? rv_builder_scope(b, &row, e)
			   : rv_builder_remove_scope(b, row.scope_id, e);
}

static inline int
change_collection(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	static const char *const kinds[] = { "device", "user" };
	const struct rv_row_collection row = { word(l, 1),
		(enum rv_collection_kind)one_of(l, 2, kinds, 2), word(l, 3) };

	if (sign == '-')
		return rv_builder_remove_collection(b, row.collection_id, e);
	return sign == '+' ? rv_builder_collection(b, &row, e)
			   : rv_builder_change_collection(b, &row, e);
}

static inline int
change_admin(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_admin row = { .admin_id = number32(l, 1),
		.is_group = is(l, 2, "group"),
		.out = is(l, 3, "out"),
		.principal_id = word(l, 4) };

	if (sign == '-')
		return rv_builder_remove_admin(b, row.admin_id, e);
	return sign == '+' ? rv_builder_admin(b, &row, e)
			   : rv_builder_change_admin(b, &row, e);
}

static inline int
change_principal(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_principal row = { word(l, 1), number32(l, 2) };

	if (sign == '-')
		return rv_builder_remove_principal(b, row.principal_id, e);
	return sign == '+' ? rv_builder_principal(b, &row, e)
			   : rv_builder_change_principal(b, &row, e);
}

static inline int
change_assignment(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_assignment row = { (uint64_t)number(l, 1, 0),
		number32(l, 2), word(l, 3), number(l, 4, INT64_MIN),
		number(l, 5, INT64_MAX) };

	if (sign == '-')
		return rv_builder_remove_assignment(b, row.assignment_id, e);
	return sign == '+' ? rv_builder_assignment(b, &row, e)
			   : rv_builder_change_assignment(b, &row, e);
}

static inline int
change_assignment_scope(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_assignment_scope row = { (uint64_t)number(l, 1, 0),
		word(l, 2) };

	return sign == '+' ? rv_builder_assignment_scope(b, &row, e)
			   : rv_builder_remove_assignment_scope(b, &row, e);
}

static inline int
change_assignment_collection(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_assignment_collection row = {
		(uint64_t)number(l, 1, 0), word(l, 2)
	};

	return sign == '+'
		   ? rv_builder_assignment_collection(b, &row, e)
		   : rv_builder_remove_assignment_collection(b, &row, e);
}

static inline int
change_object(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_object row = { number32(l, 1), word(l, 2),
		number32(l, 3) };

	return sign == '+' ? rv_builder_object(b, &row, e)
			   : rv_builder_remove_object(b, &row, e);
}

static inline int
change_object_scope(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_object_scope row = { number32(l, 1), word(l, 2),
		word(l, 3) };

	return sign == '+' ? rv_builder_object_scope(b, &row, e)
			   : rv_builder_remove_object_scope(b, &row, e);
}

static inline int
change_resource(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	static const char *const kinds[] = { "group", "user", "device" };
	const struct rv_row_resource row = { number32(l, 1),
		(enum rv_resource_type)(
		    RV_RESOURCE_GROUP + one_of(l, 2, kinds, 3)) };

	return sign == '+' ? rv_builder_resource(b, &row, e)
			   : rv_builder_remove_resource(b, row.resource_id, e);
}

static inline int
change_member(
    struct rv_builder *b, char sign, const struct line *l, struct rv_error *e)
{
	const struct rv_row_member row = { word(l, 1), number32(l, 2) };

	return sign == '+' ? rv_builder_member(b, &row, e)
			   : rv_builder_remove_member(b, &row, e);
}

static inline void
row_change(struct state *t, const struct line *whole)
{
	static const struct {
		const char *table;
		int (*change)(struct rv_builder *, char, const struct line *,
		    struct rv_error *);
	} tables[] = {
		{ "role", change_role },
		{ "operation", change_operation },
		{ "role_operation", change_role_operation },
		{ "scope", change_scope },
		{ "collection", change_collection },
		{ "admin", change_admin },
		{ "principal", change_principal },
		{ "assignment", change_assignment },
		{ "assignment_scope", change_assignment_scope },
		{ "assignment_collection", change_assignment_collection },
		{ "object", change_object },
		{ "object_scope", change_object_scope },
		{ "resource", change_resource },
		{ "member", change_member },
	};
	const char sign = word(whole, 0).p[0];
	const struct line l = behind(whole);

	if (t->why.text[0] != '\0')
		return;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		struct rv_error e = { "" };

		if (!is(&l, 0, tables[i].table))
			continue;
		if (tables[i].change(t->b, sign, &l, &e) != RV_OK)
			(void)snprintf(t->why.text, sizeof(t->why.text),
			    "%c %s: %.60s", sign, tables[i].table, e.text);
		return;
	}
	die("not understood", word(&l, 0));
}

#endif
