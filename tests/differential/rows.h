/*
 * Lines of words, separated by tabs, as rows of a world: what
 * tests/differential/world.py writes.  For test programs only: whatever
 * cannot be read ends the program.
 */
#ifndef TESTS_DIFFERENTIAL_ROWS_H
#define TESTS_DIFFERENTIAL_ROWS_H

#include "unit/rbac/world.h"

#define WORDS 32

struct line {
	struct rv_slice words[WORDS];
	size_t n;
};

#define VERSIONS 8

struct state {
	struct world w;
	struct rv_snapshot *s; /* made by the first question */
	bool refused;
	/* What the rows come from, change by change; see engine.c. */
	struct rv_snapshot *origin;
	struct rv_snapshot *versions[VERSIONS];
	size_t n_versions;
	struct rv_builder *b; /* of the next version */
	struct rv_error why;  /* the first row that it did not take */
};

static inline void
die(const char *what, struct rv_slice word)
{
	(void)fprintf(stderr, "engine: %s: %.*s\n", what, (int)word.n, word.p);
	exit(2);
}

static inline void
split(char *text, size_t n, struct line *l)
{
	const char *p = text, *const end = text + n;

	l->n = 0;
	for (;;) {
		const char *tab = memchr(p, '\t', (size_t)(end - p));
		struct rv_slice word = { p,
			(size_t)((tab == NULL ? end : tab) - p) };

		if (l->n == WORDS)
			die("too many words", word);
		if (rv_slice_eq_cstr(word, "\\N"))
			word = RV_SLICE_NONE;
		l->words[l->n++] = word;
		if (tab == NULL)
			return;
		p = tab + 1;
	}
}

static inline struct rv_slice
word(const struct line *l, size_t i)
{
	if (i >= l->n)
		die("a word is missing after", l->words[l->n - 1]);
	return l->words[i];
}

static inline bool
is(const struct line *l, size_t i, const char *text)
{
	return rv_slice_eq_cstr(word(l, i), text);
}

static inline int64_t
number(const struct line *l, size_t i, int64_t absent)
{
	struct rv_slice text = word(l, i);
	char buffer[32], *end;
	int64_t n;

	if (text.p == NULL)
		return absent;
	if (text.n >= sizeof(buffer))
		die("not a number", text);
	memcpy(buffer, text.p, text.n);
	buffer[text.n] = '\0';
	n = strtoll(buffer, &end, 10);
	if (end == buffer || *end != '\0')
		die("not a number", text);
	return n;
}

/* Names outlive their line: the world keeps them. */
static inline struct rv_slice
name(struct state *t, const struct line *l, size_t i)
{
	struct rv_slice text = word(l, i);

	if (text.p == NULL)
		return text;
	return world_name(&t->w, "%.*s", (int)text.n, text.p);
}

static inline uint32_t
number32(const struct line *l, size_t i)
{
	return (uint32_t)number(l, i, 0);
}

static inline uint8_t
bit(const struct line *l, size_t i)
{
	return (uint8_t)number(l, i, 0);
}

static inline int
one_of(const struct line *l, size_t i, const char *const *names, int n)
{
	for (int k = 0; k < n; k++)
		if (is(l, i, names[k]))
			return k;
	die("not understood", word(l, i));
	return 0;
}

static inline void
row_type(struct state *t, const struct line *l)
{
	static const char *const ways[] = { "role", "scope", "collection",
		"derived" };

	world_add_type(&t->w,
	    (struct rv_row_type){ number32(l, 1), name(t, l, 2), name(t, l, 3),
		(enum rv_secured_by)one_of(l, 4, ways, 4) });
}

static inline void
row_operation(struct state *t, const struct line *l)
{
	world_add_operation(
	    &t->w, (struct rv_row_operation){ .object_type_id = number32(l, 1),
		       .bit = bit(l, 2),
		       .name = name(t, l, 3),
		       .type_wide = is(l, 4, "type_wide"),
		       .security = is(l, 5, "security") });
}

static inline void
row_operation_need(struct state *t, const struct line *l)
{
	world_add_operation_need(
	    &t->w, (struct rv_row_operation_need){
		       number32(l, 1), bit(l, 2), bit(l, 3) });
}

static inline void
row_class_operation(struct state *t, const struct line *l)
{
	world_add_class_operation(
	    &t->w, (struct rv_row_class_operation){
		       name(t, l, 1), name(t, l, 2), bit(l, 3) });
}

static inline void
row_default_instance(struct state *t, const struct line *l)
{
	world_add_default_instance(
	    &t->w, (struct rv_row_default_instance){
		       number32(l, 1), name(t, l, 2), bit(l, 3), bit(l, 4) });
}

static inline void
row_deploy(struct state *t, const struct line *l)
{
	world_add_deploy(
	    &t->w, (struct rv_row_deploy){ number32(l, 1), bit(l, 2) });
}

static inline void
row_role(struct state *t, const struct line *l)
{
	struct rv_slice id = name(t, l, 1);

	world_add_role(&t->w, (struct rv_row_role){ id, id, RV_LEVEL_NONE });
}

static inline void
row_role_operation(struct state *t, const struct line *l)
{
	world_add_role_operation(
	    &t->w, (struct rv_row_role_operation){
		       name(t, l, 1), number32(l, 2), bit(l, 3) });
}

/* The engine gets minima with the roles and operations they are of. */
static inline void
row_role_minimum(struct state *t, const struct line *l)
{
	for (size_t i = 0; i < t->w.n_role; i++)
		if (rv_slice_eq(t->w.role[i].role_id, word(l, 1)))
			t->w.role[i].minimum = (enum rv_level)number(l, 2, 0);
}

static inline void
row_operation_minimum(struct state *t, const struct line *l)
{
	for (size_t i = 0; i < t->w.n_operation; i++)
		if (t->w.operation[i].object_type_id == number32(l, 1) &&
		    t->w.operation[i].bit == bit(l, 2))
			t->w.operation[i].minimum =
			    (enum rv_level)number(l, 3, 0);
}

static inline void
row_scope(struct state *t, const struct line *l)
{
	world_add_scope(&t->w, (struct rv_row_scope){ name(t, l, 1) });
}

static inline void
row_collection(struct state *t, const struct line *l)
{
	static const char *const kinds[] = { "device", "user" };

	world_add_collection(
	    &t->w, (struct rv_row_collection){ name(t, l, 1),
		       (enum rv_collection_kind)one_of(l, 2, kinds, 2),
		       name(t, l, 3) });
}

static inline void
row_admin(struct state *t, const struct line *l)
{
	world_add_admin(
	    &t->w, (struct rv_row_admin){ .admin_id = number32(l, 1),
		       .is_group = is(l, 2, "group"),
		       .out = is(l, 3, "out"),
		       .principal_id = name(t, l, 4) });
}

static inline void
row_principal(struct state *t, const struct line *l)
{
	world_add_principal(
	    &t->w, (struct rv_row_principal){ name(t, l, 1), number32(l, 2) });
}

static inline void
row_assignment(struct state *t, const struct line *l)
{
	world_add_assignment(
	    &t->w, (struct rv_row_assignment){ (uint64_t)number(l, 1, 0),
		       number32(l, 2), name(t, l, 3), number(l, 4, INT64_MIN),
		       number(l, 5, INT64_MAX) });
}

static inline void
row_assignment_scope(struct state *t, const struct line *l)
{
	world_add_assignment_scope(
	    &t->w, (struct rv_row_assignment_scope){
		       (uint64_t)number(l, 1, 0), name(t, l, 2) });
}

static inline void
row_assignment_collection(struct state *t, const struct line *l)
{
	world_add_assignment_collection(
	    &t->w, (struct rv_row_assignment_collection){
		       (uint64_t)number(l, 1, 0), name(t, l, 2) });
}

static inline void
row_object(struct state *t, const struct line *l)
{
	world_add_object(&t->w, (struct rv_row_object){ number32(l, 1),
				    name(t, l, 2), number32(l, 3) });
}

static inline void
row_object_scope(struct state *t, const struct line *l)
{
	world_add_object_scope(
	    &t->w, (struct rv_row_object_scope){
		       number32(l, 1), name(t, l, 2), name(t, l, 3) });
}

static inline void
row_resource(struct state *t, const struct line *l)
{
	static const char *const kinds[] = { "group", "user", "device" };

	world_add_resource(
	    &t->w, (struct rv_row_resource){ number32(l, 1),
		       (enum rv_resource_type)(
			   RV_RESOURCE_GROUP + one_of(l, 2, kinds, 3)) });
}

static inline void
row_member(struct state *t, const struct line *l)
{
	world_add_member(
	    &t->w, (struct rv_row_member){ name(t, l, 1), number32(l, 2) });
}

#endif
