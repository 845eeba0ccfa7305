/*
 * Reads the *.policy and *.cases files of tests/decisions: lines of words,
 * words quoted where they hold blanks, '#' for the rest of a line.  The
 * language is described in tests/decisions/README.md.  For test programs
 * only: whatever cannot be read ends the program with file and line.
 */
#ifndef TESTS_UNIT_RBAC_POLICY_H
#define TESTS_UNIT_RBAC_POLICY_H

#include "world.h"

#define POLICY_WORDS 64

struct policy_line {
	const char *file;
	int number;
	char *words[POLICY_WORDS];
	size_t n;
	char text[1024];
};

static inline void policy_die(const struct policy_line *l, const char *what)
    __attribute__((noreturn));

static inline void
policy_die(const struct policy_line *l, const char *what)
{
	(void)fprintf(stderr, "%s:%d: %s\n", l->file, l->number, what);
	exit(2);
}

/* Cuts the line into words in place. */
static inline void
policy_split(struct policy_line *l)
{
	char *p = l->text;

	l->n = 0;
	for (;;) {
		char end = ' ';

		p += strspn(p, " \t\n");
		if (*p == '\0' || *p == '#')
			return;
		if (l->n == POLICY_WORDS)
			policy_die(l, "too many words");
		if (*p == '"') {
			end = '"';
			p++;
		}
		l->words[l->n++] = p;
		p += end == '"' ? strcspn(p, "\"\n") : strcspn(p, " \t\n");
		if (end == '"' && *p != '"')
			policy_die(l, "a quote is not closed");
		if (*p == '\0')
			return;
		*p++ = '\0';
	}
}

/* The next line that says something; false at the end of the file. */
static inline bool
policy_next(FILE *f, struct policy_line *l)
{
	while (fgets(l->text, sizeof(l->text), f) != NULL) {
		l->number++;
		policy_split(l);
		if (l->n > 0)
			return true;
	}
	return false;
}

static inline FILE *
policy_open(struct policy_line *l, const char *file)
{
	FILE *f = fopen(file, "r");

	*l = (struct policy_line){ .file = file };
	if (f == NULL)
		policy_die(l, "cannot be opened");
	return f;
}

static inline bool
word_is(const struct policy_line *l, size_t i, const char *word)
{
	return i < l->n && strcmp(l->words[i], word) == 0;
}

static inline const char *
word_at(const struct policy_line *l, size_t i)
{
	if (i >= l->n)
		policy_die(l, "a word is missing at the end");
	return l->words[i];
}

static inline long long
number_at(const struct policy_line *l, size_t i)
{
	char *end;
	long long n = strtoll(word_at(l, i), &end, 10);

	if (*end != '\0' || end == l->words[i])
		policy_die(l, "a number is expected");
	return n;
}

static inline struct rv_slice
name_at(struct world *w, const struct policy_line *l, size_t i)
{
	return world_name(w, "%s", word_at(l, i));
}

static inline enum rv_level
level_at(const struct policy_line *l, size_t i)
{
	for (int level = RV_LEVEL_NONE; level <= RV_LEVEL_HELLO; level++)
		if (word_is(l, i, rv_level_name((enum rv_level)level)))
			return (enum rv_level)level;
	policy_die(l, "none, windows, certificate or hello is expected");
}

static inline uint32_t
type_at(const struct world *w, const struct policy_line *l, size_t i)
{
	for (size_t k = 0; k < w->n_type; k++)
		if (rv_slice_eq_cstr(w->type[k].sdk_name, word_at(l, i)))
			return w->type[k].object_type_id;
	policy_die(l, "no such type");
}

static inline uint8_t
operation_at(
    const struct world *w, const struct policy_line *l, uint32_t type, size_t i)
{
	for (size_t k = 0; k < w->n_operation; k++)
		if (w->operation[k].object_type_id == type &&
		    rv_slice_eq_cstr(w->operation[k].name, word_at(l, i)))
			return w->operation[k].bit;
	policy_die(l, "no such operation");
}

/* type ID SDK-NAME CLASS|- role|scope|collection|derived */
static inline void
policy_type(struct world *w, const struct policy_line *l)
{
	static const char *const ways[] = { "role", "scope", "collection",
		"derived" };
	int way = -1;

	for (int i = 0; i < 4; i++)
		if (word_is(l, 4, ways[i]))
			way = i;
	if (way < 0)
		policy_die(l, "role, scope, collection or derived is expected");
	world_add_type(w,
	    (struct rv_row_type){ (uint32_t)number_at(l, 1), name_at(w, l, 2),
		word_is(l, 3, "-") ? RV_SLICE_NONE : name_at(w, l, 3),
		(enum rv_secured_by)way });
}

/* operation TYPE BIT NAME [type-wide] [security] [minimum LEVEL] */
static inline void
policy_operation(struct world *w, const struct policy_line *l)
{
	struct rv_row_operation row = { .object_type_id = type_at(w, l, 1),
		.bit = (uint8_t)number_at(l, 2),
		.name = name_at(w, l, 3) };

	for (size_t i = 4; i < l->n; i++) {
		if (word_is(l, i, "type-wide"))
			row.type_wide = true;
		else if (word_is(l, i, "security"))
			row.security = true;
		else if (word_is(l, i, "minimum"))
			row.minimum = level_at(l, ++i);
		else
			policy_die(l, "not understood");
	}
	world_add_operation(w, row);
}

/* role ID [minimum LEVEL] */
static inline void
policy_role(struct world *w, const struct policy_line *l)
{
	world_add_role(
	    w, (struct rv_row_role){ name_at(w, l, 1), name_at(w, l, 1),
		   l->n > 2 ? level_at(l, 3) : RV_LEVEL_NONE });
}

/* grants ROLE TYPE OPERATION... */
static inline void
policy_grants(struct world *w, const struct policy_line *l)
{
	uint32_t type = type_at(w, l, 2);

	for (size_t i = 3; i < l->n; i++)
		world_add_role_operation(
		    w, (struct rv_row_role_operation){ name_at(w, l, 1), type,
			   operation_at(w, l, type, i) });
}

/* collection ID devices|users [limited-to ID] */
static inline void
policy_collection(struct world *w, const struct policy_line *l)
{
	world_add_collection(
	    w, (struct rv_row_collection){ name_at(w, l, 1),
		   word_is(l, 2, "users") ? RV_KIND_USER : RV_KIND_DEVICE,
		   l->n > 3 ? name_at(w, l, 4) : RV_SLICE_NONE });
}

/* user|group NUMBER NAME [out] */
static inline void
policy_admin(struct world *w, const struct policy_line *l)
{
	const bool group = word_is(l, 0, "group");

	world_add_admin(w,
	    (struct rv_row_admin){ .admin_id = (uint32_t)number_at(l, 1),
		.is_group = group,
		.out = word_is(l, 3, "out"),
		.principal_id = world_name(w,
		    group ? "group:%s" : "krb5:%s@LAB.TEST", word_at(l, 2)) });
}

static inline uint32_t
admin_at(const struct world *w, const struct policy_line *l, size_t i)
{
	char user[256], group[256];

	(void)snprintf(user, sizeof(user), "krb5:%s@LAB.TEST", word_at(l, i));
	(void)snprintf(group, sizeof(group), "group:%s", word_at(l, i));
	for (size_t k = 0; k < w->n_admin; k++)
		if (rv_slice_eq_cstr(w->admin[k].principal_id, user) ||
		    rv_slice_eq_cstr(w->admin[k].principal_id, group))
			return w->admin[k].admin_id;
	policy_die(l, "no such administrative user");
}

/*
 * assign NUMBER USER ROLE [scopes ID...] [collections ID...] [from MS]
 * [until MS]
 */
static inline void
policy_assign(struct world *w, const struct policy_line *l)
{
	struct rv_row_assignment row = { .assignment_id =
					     (uint64_t)number_at(l, 1),
		.admin_id = admin_at(w, l, 2),
		.role_id = name_at(w, l, 3),
		.from_ms = INT64_MIN,
		.until_ms = INT64_MAX };
	bool scopes = true;

	for (size_t i = 4; i < l->n; i++) {
		if (word_is(l, i, "scopes"))
			scopes = true;
		else if (word_is(l, i, "collections"))
			scopes = false;
		else if (word_is(l, i, "from"))
			row.from_ms = number_at(l, ++i);
		else if (word_is(l, i, "until"))
			row.until_ms = number_at(l, ++i);
		else if (scopes)
			world_add_assignment_scope(
			    w, (struct rv_row_assignment_scope){
				   row.assignment_id, name_at(w, l, i) });
		else
			world_add_assignment_collection(
			    w, (struct rv_row_assignment_collection){
				   row.assignment_id, name_at(w, l, i) });
	}
	world_add_assignment(w, row);
}

/* object TYPE KEY [is OWN-TYPE] [in SCOPE...] */
static inline void
policy_object(struct world *w, const struct policy_line *l)
{
	uint32_t type = type_at(w, l, 1);
	struct rv_slice key = name_at(w, l, 2);

	const bool own = word_is(l, 3, "is");

	world_add_object(
	    w, (struct rv_row_object){ type, key, own ? type_at(w, l, 4) : 0 });
	for (size_t i = own ? 6 : 4; i < l->n; i++)
		world_add_object_scope(w, (struct rv_row_object_scope){
					      type, key, name_at(w, l, i) });
}

/* device|person|people NUMBER [in COLLECTION...] */
static inline void
policy_resource(struct world *w, const struct policy_line *l)
{
	uint32_t id = (uint32_t)number_at(l, 1);

	world_add_resource(
	    w, (struct rv_row_resource){
		   id, word_is(l, 0, "device")	 ? RV_RESOURCE_DEVICE
		       : word_is(l, 0, "person") ? RV_RESOURCE_USER
						 : RV_RESOURCE_GROUP });
	for (size_t i = 3; i < l->n; i++)
		world_add_member(
		    w, (struct rv_row_member){ name_at(w, l, i), id });
}

static inline void policy_read(struct world *w, const char *file);

static inline void
policy_include(struct world *w, const struct policy_line *l)
{
	const char *slash = strrchr(l->file, '/');
	char file[512];

	(void)snprintf(file, sizeof(file), "%.*s%s",
	    slash == NULL ? 0 : (int)(slash - l->file + 1), l->file,
	    word_at(l, 1));
	policy_read(w, file);
}

/* need TYPE OPERATION NEEDED */
static inline void
policy_need(struct world *w, const struct policy_line *l)
{
	uint32_t type = type_at(w, l, 1);

	world_add_operation_need(
	    w, (struct rv_row_operation_need){ type,
		   operation_at(w, l, type, 2), operation_at(w, l, type, 3) });
}

/* class NAME OPERATION OPERATION-OF-COLLECTION */
static inline void
policy_class(struct world *w, const struct policy_line *l)
{
	world_add_class_operation(
	    w, (struct rv_row_class_operation){ name_at(w, l, 1),
		   name_at(w, l, 2), operation_at(w, l, 1, 3) });
}

/* default TYPE KEY READ-OPERATION MODIFY-OPERATION */
static inline void
policy_default(struct world *w, const struct policy_line *l)
{
	uint32_t type = type_at(w, l, 1);

	world_add_default_instance(
	    w, (struct rv_row_default_instance){ type, name_at(w, l, 2),
		   operation_at(w, l, type, 3), operation_at(w, l, type, 4) });
}

/* deploy TYPE OPERATION-OF-COLLECTION */
static inline void
policy_deploy(struct world *w, const struct policy_line *l)
{
	world_add_deploy(w, (struct rv_row_deploy){
				type_at(w, l, 1), operation_at(w, l, 1, 2) });
}

static inline void
policy_scope(struct world *w, const struct policy_line *l)
{
	for (size_t i = 1; i < l->n; i++)
		world_add_scope(w, (struct rv_row_scope){ name_at(w, l, i) });
}

static inline void
policy_read(struct world *w, const char *file)
{
	static const struct {
		const char *word;
		void (*read)(struct world *, const struct policy_line *);
	} readers[] = {
		{ "include", policy_include },
		{ "type", policy_type },
		{ "operation", policy_operation },
		{ "need", policy_need },
		{ "class", policy_class },
		{ "default", policy_default },
		{ "deploy", policy_deploy },
		{ "role", policy_role },
		{ "grants", policy_grants },
		{ "scope", policy_scope },
		{ "collection", policy_collection },
		{ "user", policy_admin },
		{ "group", policy_admin },
		{ "assign", policy_assign },
		{ "object", policy_object },
		{ "device", policy_resource },
		{ "person", policy_resource },
		{ "people", policy_resource },
	};
	struct policy_line l;
	FILE *f = policy_open(&l, file);

	while (policy_next(f, &l)) {
		size_t i = 0;

		while (i < sizeof(readers) / sizeof(*readers) &&
		       !word_is(&l, 0, readers[i].word))
			i++;
		if (i == sizeof(readers) / sizeof(*readers))
			policy_die(&l, "not understood");
		readers[i].read(w, &l);
	}
	(void)fclose(f);
}

#endif
