/*
 * The engine as a program that others can ask.  Standard input has lines of
 * words, separated by tabs: the rows of a world in the order of the builder
 * (tests/differential/world.py says which), then
 *
 *   ask     IDS OWN KNOWN LEVEL DELEGATED AT TYPE OPERATION KEY
 *   list    IDS OWN KNOWN LEVEL DELEGATED AT TYPE READ-OPERATION
 *   objects IDS OWN KNOWN LEVEL DELEGATED AT TYPE OPERATION
 *   who     AT TYPE OPERATION KEY
 *   pair    IDS OWN KNOWN LEVEL DELEGATED AT OPERATION PAIRING TYPE KEY
 *           OTHER-TYPE OTHER-KEY COLLECTION LIMITING FROM TO NAMED DIRECT
 *           INVENTORY
 *   done    forgets the world
 *
 * \N is an absent word, words of a word are separated by blanks.  Each
 * question is answered with a line, done with the line "done", and a world
 * that the builder refuses with "refused" and the reason, once.
 *
 * Before the world there can be another one that it came from:
 *
 *   (rows)  base
 *   next    (changes, as changes.h has them)  step       once or more
 *
 * Then every question is asked twice more: of the version that followed the
 * changes, and of the first version, which must have stayed what it was.  The
 * last word of an answer says where these differ.
 */
#include "changes.h"
#include "says.h"

typedef void say_fn(FILE *, const struct rv_snapshot *, const struct line *);

static void
refuse(struct state *t, const char *what, const struct rv_error *e)
{
	if (!t->refused)
		(void)printf("refused\t%s: %s\n", what, e->text);
	t->refused = true;
}

static struct rv_snapshot *
load(struct state *t)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };

	if (world_build(&t->w, &s, &e) != RV_OK ||
	    rv_snapshot_validate(s, &e) != RV_OK)
		refuse(t, "loaded", &e);
	return s;
}

static void
forget_rows(struct state *t)
{
	const uint64_t revision = t->w.site.revision;

	world_fini(&t->w);
	world_init(&t->w);
	t->w.site.revision = revision;
}

/* ---- Versions that follow from each other -------------------------------- */

static void
base(struct state *t, const struct line *l)
{
	(void)l;
	if (t->refused)
		return;
	t->origin = load(t);
	t->versions[0] = load(t);
	t->n_versions = 1;
	forget_rows(t);
}

/* A version that fails must leave no trace in the next one. */
static void
fail_once(struct state *t)
{
	const struct rv_row_scope scope = { RV_SLICE_LIT("FAILED") };
	const struct rv_row_assignment bad = { UINT64_MAX, UINT32_MAX,
		RV_SLICE_LIT("SMS0001R"), INT64_MIN, INT64_MAX };
	struct rv_builder *b = rv_builder_on(t->versions[t->n_versions - 1]);
	struct rv_snapshot *s = NULL;
	struct rv_error e;

	if (b == NULL)
		die("out of memory", RV_SLICE_LIT("next"));
	if (rv_builder_site(b, &t->w.site, &e) != RV_OK ||
	    rv_builder_scope(b, &scope, &e) != RV_OK) {
		refuse(t, "the version to fail", &e);
	} else if (rv_builder_assignment(b, &bad, &e) == RV_OK &&
		   rv_builder_finish(&b, &s, &e) == RV_OK) {
		(void)snprintf(e.text, sizeof(e.text), "it does not");
		refuse(t, "the version to fail", &e);
		rv_snapshot_free(&s);
	}
	rv_builder_free(&b);
}

static void
next(struct state *t, const struct line *l)
{
	struct rv_error e = { "" };

	(void)l;
	if (t->refused)
		return;
	if (t->n_versions == 0 || t->n_versions == VERSIONS)
		die("no base, or too many versions", RV_SLICE_LIT("next"));
	t->w.site.revision++;
	fail_once(t);
	t->why = (struct rv_error){ "" };
	t->b = rv_builder_on(t->versions[t->n_versions - 1]);
	if (t->b == NULL || rv_builder_site(t->b, &t->w.site, &e) != RV_OK)
		refuse(t, "on a base", &e);
}

static void
change(struct state *t, const struct line *l)
{
	if (!t->refused)
		row_change(t, l);
}

static void
step(struct state *t, const struct line *l)
{
	struct rv_snapshot *s = NULL;

	(void)l;
	if (t->refused)
		return;
	if (t->why.text[0] != '\0')
		refuse(t, "a change", &t->why);
	else if (rv_builder_finish(&t->b, &s, &t->why) != RV_OK ||
		 rv_snapshot_validate(s, &t->why) != RV_OK)
		refuse(t, "followed", &t->why);
	rv_builder_free(&t->b);
	if (s != NULL)
		t->versions[t->n_versions++] = s;
}

/* ---- Questions ------------------------------------------------------------- */

static char *
said(say_fn *say, const struct rv_snapshot *s, const struct line *l)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (out == NULL)
		die("out of memory", word(l, 0));
	say(out, s, l);
	(void)fclose(out);
	return text;
}

static bool
agree(say_fn *say, const struct rv_snapshot *a, const struct rv_snapshot *b,
    const struct line *l)
{
	char *one = said(say, a, l), *other = said(say, b, l);
	const bool equal = strcmp(one, other) == 0;

	free(one);
	free(other);
	return equal;
}

/* The reason of a world that cannot be asked was printed when it was found. */
static void
answer(struct state *t, say_fn *say, const struct line *l)
{
	const char *differs = "";
	const struct rv_snapshot *last;
	char *text;

	if (t->s == NULL && !t->refused)
		t->s = load(t);
	if (t->refused)
		return;
	if (t->n_versions > 0) {
		last = t->versions[t->n_versions - 1];
		if (rv_snapshot_revision(last) != rv_snapshot_revision(t->s))
			differs = "revision";
		else if (!agree(say, t->s, last, l))
			differs = "followed";
		else if (!agree(say, t->origin, t->versions[0], l))
			differs = "older version";
	}
	text = said(say, t->s, l);
	(void)printf("%s\t%s\n", text, differs);
	free(text);
}

static void
answer_ask(struct state *t, const struct line *l)
{
	answer(t, say_ask, l);
}

static void
answer_list(struct state *t, const struct line *l)
{
	answer(t, say_list, l);
}

static void
answer_objects(struct state *t, const struct line *l)
{
	answer(t, say_objects, l);
}

static void
answer_who(struct state *t, const struct line *l)
{
	answer(t, say_who, l);
}

static void
answer_pair(struct state *t, const struct line *l)
{
	answer(t, say_pair, l);
}

static void
forget(struct state *t)
{
	rv_builder_free(&t->b);
	/* The older ones first and last in turn: either order is allowed. */
	for (size_t i = 0; i < t->n_versions; i += 2)
		rv_snapshot_free(&t->versions[i]);
	for (size_t i = 1; i < t->n_versions; i += 2)
		rv_snapshot_free(&t->versions[i]);
	rv_snapshot_free(&t->origin);
	rv_snapshot_free(&t->s);
	world_fini(&t->w);
}

static void
done(struct state *t, const struct line *l)
{
	(void)l;
	forget(t);
	*t = (struct state){ .refused = false };
	world_init(&t->w);
	(void)printf("done\n");
	(void)fflush(stdout);
}

static void
obey(struct state *t, const struct line *l)
{
	static const struct {
		const char *word;
		void (*obey)(struct state *, const struct line *);
	} words[] = {
		{ "ask", answer_ask },
		{ "list", answer_list },
		{ "objects", answer_objects },
		{ "who", answer_who },
		{ "pair", answer_pair },
		{ "done", done },
		{ "base", base },
		{ "next", next },
		{ "step", step },
		{ "+", change },
		{ "~", change },
		{ "-", change },
		{ "type", row_type },
		{ "operation", row_operation },
		{ "operation_need", row_operation_need },
		{ "class_operation", row_class_operation },
		{ "default_instance", row_default_instance },
		{ "deploy", row_deploy },
		{ "role", row_role },
		{ "role_operation", row_role_operation },
		{ "scope", row_scope },
		{ "collection", row_collection },
		{ "admin", row_admin },
		{ "principal", row_principal },
		{ "assignment", row_assignment },
		{ "assignment_scope", row_assignment_scope },
		{ "assignment_collection", row_assignment_collection },
		{ "object", row_object },
		{ "object_scope", row_object_scope },
		{ "resource", row_resource },
		{ "member", row_member },
		{ "role_minimum", row_role_minimum },
		{ "operation_minimum", row_operation_minimum },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is(l, 0, words[i].word)) {
			words[i].obey(t, l);
			return;
		}
	die("not understood", word(l, 0));
}

int
main(void)
{
	struct state t = { .refused = false };
	char *text = NULL;
	size_t size = 0;
	ssize_t n;

	world_init(&t.w);
	while ((n = getline(&text, &size, stdin)) > 0) {
		struct line l;

		if (text[n - 1] == '\n')
			n--;
		split(text, (size_t)n, &l);
		obey(&t, &l);
	}
	free(text);
	forget(&t);
	return 0;
}
