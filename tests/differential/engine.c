/*
 * The engine as a program that others can ask.  Standard input has lines of
 * words, separated by tabs: the rows of a world in the order of the builder
 * (tests/differential/world.py says which), then
 *
 *   ask   IDS OWN KNOWN LEVEL DELEGATED AT TYPE OPERATION KEY
 *   list  IDS OWN KNOWN LEVEL DELEGATED AT TYPE READ-OPERATION TYPE-ID
 *   done  forgets the world
 *
 * \N is an absent word, IDS are separated by blanks.  Each ask and each list
 * is answered with a line, done with the line "done", and a world that the
 * builder refuses with "refused" and the reason, once.
 */
#include "rows.h"

#include <inttypes.h>

#include "reeve/rbac_ask.h"

#define IDS 256

/* The snapshot; NULL when the builder refused the world. */
static const struct rv_snapshot *
snapshot(struct state *t)
{
	struct rv_error e = { "" };

	if (t->s == NULL && !t->refused) {
		t->refused = world_build(&t->w, &t->s, &e) != RV_OK ||
			     rv_snapshot_validate(t->s, &e) != RV_OK;
		if (t->refused)
			(void)printf("refused\t%s\n", e.text);
	}
	return t->refused ? NULL : t->s;
}

static struct rv_subject
subject(const struct line *l, struct rv_slice *ids)
{
	struct rv_slice text = word(l, 1);
	size_t n = 0;

	for (size_t from = 0, i = 0; i <= text.n && text.n > 0; i++) {
		if (i < text.n && text.p[i] != ' ')
			continue;
		if (n == IDS)
			die("too many ids", text);
		ids[n++] = (struct rv_slice){ text.p + from, i - from };
		from = i + 1;
	}
	return (struct rv_subject){ .ids = ids,
		.n_ids = n,
		.n_own = (size_t)number(l, 2, 0),
		.groups_known = is(l, 3, "yes"),
		.level = (enum rv_level)number(l, 4, 0),
		.delegated = is(l, 5, "yes") };
}

static void
print_missing(unsigned missing)
{
	const char *comma = "";

	for (unsigned b = 1; b <= RV_MISSING_READ; b <<= 1) {
		if ((missing & b) == 0)
			continue;
		(void)printf(
		    "%s%s", comma, rv_missing_name((enum rv_missing)b));
		comma = ",";
	}
}

static const char *
decision_name(enum rv_decision decision)
{
	switch (decision) {
	case RV_ALLOW:
		return "allow";
	case RV_DENY:
		return "deny";
	}
	return "neither";
}

static bool
same(const struct rv_verdict *a, const struct rv_verdict *b)
{
	return a->decision == b->decision && a->reason == b->reason &&
	       a->valid_until_ms == b->valid_until_ms &&
	       a->object_type_id == b->object_type_id && a->bit == b->bit &&
	       a->missing == b->missing && a->level_needed == b->level_needed &&
	       a->assignments_cut == b->assignments_cut &&
	       a->n_assignments == b->n_assignments &&
	       memcmp(a->assignments, b->assignments,
		   a->n_assignments * sizeof(*a->assignments)) == 0;
}

/* An allow may name its first assignment only. */
static bool
same_first(const struct rv_verdict *all, const struct rv_verdict *first)
{
	struct rv_verdict v = *all;

	if (v.decision == RV_ALLOW) {
		v.n_assignments = 1;
		v.assignments_cut = false;
	}
	return same(&v, first);
}

/* The same question in every way in which the engine can be asked. */
static const char *
ask_otherwise(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_question *q, const struct rv_verdict *v)
{
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *k;
	const struct rv_prepared *p;
	struct rv_verdict w[3];
	struct rv_ask asks[3];
	const char *differs = NULL;

	if (arena == NULL || rv_rbac_resolve(s, u, arena, &k) != RV_OK ||
	    rv_rbac_prepare(s, q->type, q->operation, arena, &p) != RV_OK)
		die("out of memory", q->type);
	rv_rbac_check_resolved(k, at_ms, q, &w[0]);
	rv_rbac_check_prepared(k, at_ms, p, q->key, RV_WANT_ALL, &w[1]);
	if (!same(v, &w[0]) || !same(v, &w[1]))
		differs = "resolved or prepared";
	asks[0] = asks[1] = asks[2] =
	    (struct rv_ask){ .subject = k, .question = *q };
	asks[1].question.want = RV_WANT_FIRST;
	asks[2].prepared = p;
	rv_rbac_check_many(asks, 3, at_ms, w);
	if (!same(v, &w[0]) || !same_first(v, &w[1]) || !same(v, &w[2]))
		differs = "many";
	rv_rbac_check(s, u, at_ms, &asks[1].question, &w[0]);
	if (!same_first(v, &w[0]))
		differs = "first";
	rv_arena_free(&arena);
	return differs;
}

static void
answer_ask(struct state *t, const struct line *l)
{
	struct rv_slice ids[IDS];
	struct rv_subject u = subject(l, ids);
	struct rv_question q = {
		.type = word(l, 7), .operation = word(l, 8), .key = word(l, 9)
	};
	const int64_t at_ms = number(l, 6, 0);
	struct rv_verdict v;
	const char *differs;

	if (snapshot(t) == NULL)
		return;
	rv_rbac_check(t->s, &u, at_ms, &q, &v);
	differs = ask_otherwise(t->s, &u, at_ms, &q, &v);
	(void)printf(
	    "%s\t%s\t", decision_name(v.decision), rv_reason_name(v.reason));
	print_missing(v.missing);
	(void)putchar('\t');
	for (size_t i = 0; i < v.n_assignments; i++)
		(void)printf("%s%" PRIu64, i > 0 ? "," : "", v.assignments[i]);
	(void)printf(
	    "%s\t%d\t", v.assignments_cut ? ",..." : "", (int)v.level_needed);
	if (v.valid_until_ms == INT64_MAX)
		(void)printf("none");
	else
		(void)printf("%" PRId64, v.valid_until_ms);
	(void)printf("\t%u\t%u\t%s\n", (unsigned)v.object_type_id,
	    (unsigned)v.bit, differs == NULL ? "" : differs);
}

struct list {
	const struct rv_snapshot *s;
	struct rv_subject u;
	int64_t at_ms;
	struct rv_question q;
	uint32_t type; /* 0 for a class of resources */
};

static void
print_if_allowed(struct list *list, struct rv_slice key)
{
	struct rv_verdict v;

	list->q.key = key;
	rv_rbac_check(list->s, &list->u, list->at_ms, &list->q, &v);
	if (v.decision == RV_ALLOW)
		(void)printf("\t%.*s", (int)key.n, key.p);
}

static void
print_keys(struct state *t, struct list *list)
{
	const struct world *w = &t->w;
	const uint32_t type = list->type;
	char number_text[16];

	for (size_t i = 0; i < w->n_object; i++)
		if (w->object[i].object_type_id == type)
			print_if_allowed(list, w->object[i].key);
	for (size_t i = 0; type == 1 && i < w->n_collection; i++)
		print_if_allowed(list, w->collection[i].collection_id);
	for (size_t i = 0; type == 27 && i < w->n_role; i++)
		print_if_allowed(list, w->role[i].role_id);
	for (size_t i = 0; type == 29 && i < w->n_scope; i++)
		print_if_allowed(list, w->scope[i].scope_id);
	for (size_t i = 0; type == 28 && i < w->n_admin; i++) {
		(void)snprintf(number_text, sizeof(number_text), "%u",
		    (unsigned)w->admin[i].admin_id);
		print_if_allowed(list, rv_slice_of(number_text));
	}
	for (size_t i = 0; type == 0 && i < w->n_resource; i++) {
		(void)snprintf(number_text, sizeof(number_text), "%u",
		    (unsigned)w->resource[i].resource_id);
		print_if_allowed(list, rv_slice_of(number_text));
	}
}

/* What a list in one query would be compiled from, then its keys. */
static void
answer_list(struct state *t, const struct line *l)
{
	struct rv_slice ids[IDS];
	struct list list = { .u = subject(l, ids),
		.at_ms = number(l, 6, 0),
		.q = { .type = word(l, 7), .operation = word(l, 8) },
		.type = number32(l, 9) };
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_readable r;

	list.s = snapshot(t);
	if (list.s == NULL)
		goto out;
	if (arena == NULL || rv_rbac_readable(list.s, &list.u, list.at_ms,
				 list.q.type, arena, &r) != RV_OK)
		die("cannot be listed", list.q.type);
	(void)printf(
	    "keys\t%s\t%s\t", decision_name(r.any), r.all ? "all" : "some");
	for (size_t i = 0; i < r.n_scopes; i++)
		(void)printf("%s%.*s", i > 0 ? "," : "", (int)r.scopes[i].n,
		    r.scopes[i].p);
	print_keys(t, &list);
	(void)putchar('\n');
out:
	rv_arena_free(&arena);
}

static void
forget(struct state *t, const struct line *l)
{
	(void)l;
	rv_snapshot_free(&t->s);
	world_fini(&t->w);
	world_init(&t->w);
	t->refused = false;
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
		{ "done", forget },
		{ "type", row_type },
		{ "operation", row_operation },
		{ "operation_need", row_operation_need },
		{ "class_operation", row_class_operation },
		{ "default_instance", row_default_instance },
		{ "role", row_role },
		{ "role_operation", row_role_operation },
		{ "scope", row_scope },
		{ "collection", row_collection },
		{ "admin", row_admin },
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
	rv_snapshot_free(&t.s);
	world_fini(&t.w);
	return 0;
}
