/*
 * What a snapshot says to one line of words: "ask", "list", "objects", "who"
 * and "pair", each as a line of words.  engine.c names the words.
 */
#ifndef TESTS_DIFFERENTIAL_SAYS_H
#define TESTS_DIFFERENTIAL_SAYS_H

#include "rows.h"

#include <inttypes.h>

#include "reeve/rbac_ask.h"
#include "reeve/rbac_pair.h"

#define IDS 256

/* The words of a word; how many. */
static inline size_t
split_word(struct rv_slice text, struct rv_slice *ret_words)
{
	size_t n = 0;

	for (size_t from = 0, i = 0; i <= text.n && text.n > 0; i++) {
		if (i < text.n && text.p[i] != ' ')
			continue;
		if (n == IDS)
			die("too many words", text);
		ret_words[n++] = (struct rv_slice){ text.p + from, i - from };
		from = i + 1;
	}
	return n;
}

static inline struct rv_subject
subject(const struct line *l, struct rv_slice *ids)
{
	return (struct rv_subject){ .ids = ids,
		.n_ids = split_word(word(l, 1), ids),
		.n_own = (size_t)number(l, 2, 0),
		.groups_known = is(l, 3, "yes"),
		.level = (enum rv_level)number(l, 4, 0),
		.delegated = is(l, 5, "yes") };
}

static inline const struct rv_subject_resolved *
resolved(
    const struct rv_snapshot *s, const struct line *l, struct rv_arena *arena)
{
	struct rv_slice ids[IDS];
	const struct rv_subject u = subject(l, ids);
	const struct rv_subject_resolved *k;

	if (rv_rbac_resolve(s, &u, arena, &k) != RV_OK)
		die("out of memory", word(l, 0));
	return k;
}

static inline void
say_missing(FILE *out, unsigned missing)
{
	const char *comma = "";

	for (unsigned b = 1; b <= RV_MISSING_READ; b <<= 1) {
		if ((missing & b) == 0)
			continue;
		(void)fprintf(
		    out, "%s%s", comma, rv_missing_name((enum rv_missing)b));
		comma = ",";
	}
}

static inline void
say_ids(FILE *out, const uint64_t *ids, size_t n, bool cut)
{
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "%s%" PRIu64, i > 0 ? "," : "", ids[i]);
	(void)fprintf(out, "%s", cut ? ",..." : "");
}

static inline void
say_instant(FILE *out, int64_t ms)
{
	if (ms == INT64_MAX)
		(void)fprintf(out, "\tnone");
	else
		(void)fprintf(out, "\t%" PRId64, ms);
}

static inline const char *
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

/* ---- One check, in every way ---------------------------------------------- */

static inline bool
same(const struct rv_verdict *a, const struct rv_verdict *b)
{
	return a->decision == b->decision && a->reason == b->reason &&
	       a->valid_until_ms == b->valid_until_ms &&
	       a->object_type_id == b->object_type_id && a->bit == b->bit &&
	       a->missing == b->missing && a->level_needed == b->level_needed &&
	       a->revision == b->revision &&
	       a->assignments_cut == b->assignments_cut &&
	       a->n_assignments == b->n_assignments &&
	       memcmp(a->assignments, b->assignments,
		   a->n_assignments * sizeof(*a->assignments)) == 0;
}

/* An allow may name its first assignment only. */
static inline bool
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
static inline const char *
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

static inline void
say_ask(FILE *out, const struct rv_snapshot *s, const struct line *l)
{
	struct rv_slice ids[IDS];
	const struct rv_subject u = subject(l, ids);
	const struct rv_question q = {
		.type = word(l, 7), .operation = word(l, 8), .key = word(l, 9)
	};
	const int64_t at_ms = number(l, 6, 0);
	struct rv_verdict v;
	const char *differs;

	rv_rbac_check(s, &u, at_ms, &q, &v);
	differs = ask_otherwise(s, &u, at_ms, &q, &v);
	(void)fprintf(out, "ask\t%s\t%s\t", decision_name(v.decision),
	    rv_reason_name(v.reason));
	say_missing(out, v.missing);
	(void)fputc('\t', out);
	say_ids(out, v.assignments, v.n_assignments, v.assignments_cut);
	(void)fprintf(out, "\t%d", (int)v.level_needed);
	say_instant(out, v.valid_until_ms);
	(void)fprintf(out, "\t%u\t%u\t%s", (unsigned)v.object_type_id,
	    (unsigned)v.bit, differs == NULL ? "" : differs);
}

/* ---- Lists ------------------------------------------------------------------ */

static inline void say_objects(
    FILE *out, const struct rv_snapshot *s, const struct line *l);

/* What a list in one query would be compiled from, and what is in it. */
static inline void
say_list(FILE *out, const struct rv_snapshot *s, const struct line *l)
{
	struct rv_slice ids[IDS];
	const struct rv_subject u = subject(l, ids);
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_readable r;

	if (arena == NULL || rv_rbac_readable(s, &u, number(l, 6, 0),
				 word(l, 7), arena, &r) != RV_OK)
		die("cannot be listed", word(l, 7));
	(void)fprintf(out, "list\t%s\t%s\t", decision_name(r.any),
	    r.all ? "all" : "some");
	for (size_t i = 0; i < r.n_scopes; i++)
		(void)fprintf(out, "%s%.*s", i > 0 ? "," : "",
		    (int)r.scopes[i].n, r.scopes[i].p);
	rv_arena_free(&arena);
	say_objects(out, s, l);
}

/* That one can go on behind any key, and that a count is the same. */
static inline const char *
list_otherwise(const struct rv_subject_resolved *k, const struct line *l,
    const struct rv_object_set *set, struct rv_arena *arena)
{
	struct rv_object_set counted;
	struct rv_cursor here = { 0 }, there;
	char room[RV_KEY_ROOM], room2[RV_KEY_ROOM];
	struct rv_slice key, next;
	size_t n = 0;

	if (rv_rbac_objects(k, number(l, 6, 0), word(l, 7), word(l, 8), true,
		arena, &counted) != RV_OK)
		die("out of memory", word(l, 0));
	if (counted.reason != set->reason || counted.n != set->n ||
	    counted.universe != set->universe)
		return "count";
	if (set->reason != RV_REASON_ALLOWED)
		return set->n == 0 ? NULL : "something in no list";
	while (rv_object_set_next(set, &here, room, &key)) {
		struct rv_cursor after = here;
		const bool more = rv_object_set_next(set, &after, room2, &next);

		n++;
		there = rv_object_set_after(set, key);
		if (rv_object_set_next(set, &there, room, &key) != more ||
		    (more && !rv_slice_eq(key, next)))
			return "behind a key";
	}
	return n == set->n ? NULL : "as many as counted";
}

static inline void
say_objects(FILE *out, const struct rv_snapshot *s, const struct line *l)
{
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *k = resolved(s, l, arena);
	struct rv_cursor cursor = { 0 };
	struct rv_object_set set;
	char room[RV_KEY_ROOM];
	const char *differs;
	struct rv_slice key;

	if (rv_rbac_objects(k, number(l, 6, 0), word(l, 7), word(l, 8), false,
		arena, &set) != RV_OK)
		die("out of memory", word(l, 0));
	differs = list_otherwise(k, l, &set, arena);
	if (is(l, 0, "objects"))
		(void)fprintf(out, "objects");
	(void)fprintf(out, "\t%s\t%s\t%zu\t%zu", differs == NULL ? "" : differs,
	    rv_reason_name(set.reason), set.n, set.universe);
	while (set.reason == RV_REASON_ALLOWED &&
	       rv_object_set_next(&set, &cursor, room, &key))
		(void)fprintf(out, "\t%.*s", (int)key.n, key.p);
	rv_arena_free(&arena);
}

static inline void
say_who(FILE *out, const struct rv_snapshot *s, const struct line *l)
{
	const struct rv_question q = {
		.type = word(l, 2), .operation = word(l, 3), .key = word(l, 4)
	};
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_holders holders;
	struct rv_holder one;
	uint64_t from = 0, id_from = 0;
	uint32_t id;
	bool found;

	if (arena == NULL ||
	    rv_rbac_who(s, number(l, 1, 0), &q, arena, &holders) != RV_OK)
		die("out of memory", word(l, 0));
	(void)fprintf(out, "who\t%s", rv_reason_name(holders.reason));
	for (size_t i = 0; holders.reason == RV_REASON_ALLOWED; i++) {
		if (rv_holders_next(&holders, &from, arena, &one, &found) !=
		    RV_OK)
			die("out of memory", word(l, 0));
		if (rv_holders_ids(&holders, &id_from, &id, 1) !=
			(found ? 1u : 0u) ||
		    (found && id != one.admin_id) || found != (i < holders.n))
			(void)fprintf(out, "\tcounted or numbered otherwise");
		if (!found)
			break;
		(void)fprintf(
		    out, "\t%u:%d:", (unsigned)one.admin_id, (int)one.required);
		say_ids(out, one.assignments, one.n_assignments, false);
	}
	rv_arena_free(&arena);
}

/* ---- Operations on more than one thing --------------------------------------- */

static inline enum rv_pair_operation
pair_operation(const struct line *l, size_t i)
{
	static const char *const names[] = { "deploy", "delete_deployment",
		"read_deployment", "distribute", "refer", "create_collection",
		"change_limiting", "write_rule", "import_computer", "move",
		"create_folder", "change_folder", "delete_folder" };

	return (enum rv_pair_operation)one_of(
	    l, i, names, sizeof(names) / sizeof(*names));
}

/* "class:key class:key" */
static inline size_t
split_things(struct rv_slice text, struct rv_thing *ret_things)
{
	struct rv_slice words[IDS];
	const size_t n = split_word(text, words);

	for (size_t i = 0; i < n; i++) {
		const char *colon = memchr(words[i].p, ':', words[i].n);
		const size_t type = (size_t)(colon - words[i].p);

		ret_things[i] = (struct rv_thing){ { words[i].p, type },
			{ colon + 1, words[i].n - type - 1 } };
	}
	return n;
}

static inline void
say_pair(FILE *out, const struct rv_snapshot *s, const struct line *l)
{
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *k = resolved(s, l, arena);
	struct rv_slice named[IDS];
	struct rv_thing direct[IDS];
	const struct rv_pair_question q = {
		.operation = pair_operation(l, 7),
		.object = { word(l, 9), word(l, 10) },
		.other = { word(l, 11), word(l, 12) },
		.collection = word(l, 13),
		.limiting = word(l, 14),
		.from = word(l, 15),
		.to = word(l, 16),
		.named = named,
		.n_named = split_word(word(l, 17), named),
		.direct = direct,
		.n_direct = split_things(word(l, 18), direct),
		.inventory = is(l, 19, "yes"),
	};
	struct rv_pair_verdict v;

	if (rv_rbac_pair(k, number(l, 6, 0), &q,
		is(l, 8, "user") ? RV_PAIRING_USER : RV_PAIRING_ASSIGNMENT,
		arena, &v) != RV_OK)
		die("out of memory", word(l, 0));
	(void)fprintf(out, "pair\t%s\t%s\t%zu\t", decision_name(v.decision),
	    rv_reason_name(v.reason), v.unsound);
	say_ids(out, v.assignments, v.n_assignments, v.assignments_cut);
	say_instant(out, v.valid_until_ms);
	for (size_t i = 0; i < v.n_halves; i++) {
		(void)fputc('\t', out);
		say_missing(out, v.halves[i].missing);
		(void)fprintf(out, ":%d:%" PRIu64,
		    (int)v.halves[i].level_needed, v.halves[i].assignment);
	}
	rv_arena_free(&arena);
}

#endif
