/*
 * Replays tests/decisions through the engine, and through the naive
 * evaluator, which thereby is held to what the files say too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>

#include "naive.h"
#include "pair_cases.h"
#include "policy.h"

#define FOLDER "tests/decisions/"

/* The last words of a case, and the standing lines before it. */
struct expected {
	struct rv_subject u;
	struct rv_slice ids[32];
	int64_t at;
	bool said_because, said_by, said_level, said_until;
	enum rv_reason reason;
	unsigned missing;
	unsigned half_missing[NAIVE_HALVES]; /* with "N:condition" */
	uint64_t by[RV_VERDICT_ASSIGNMENTS];
	size_t n_by;
	enum rv_level level_needed;
	int64_t until;
};

struct standing {
	int64_t at;
	enum rv_level level;
	enum rv_pairing pairing;
	/* "member NAME GROUP...": a row each */
	char member[64][2][64];
	size_t n_members;
};

static void
take_condition(
    struct expected *x, const char *word, const struct policy_line *l)
{
	char *colon;
	unsigned long half = strtoul(word, &colon, 10);
	unsigned *missing = &x->missing;

	if (*colon == ':' && half >= 1 && half <= NAIVE_HALVES) {
		missing = &x->half_missing[half - 1];
		word = colon + 1;
	}
	for (int r = RV_REASON_ALLOWED; r <= RV_REASON_GROUPS_UNKNOWN; r++)
		if (strcmp(word, rv_reason_name((enum rv_reason)r)) == 0) {
			x->reason = (enum rv_reason)r;
			return;
		}
	for (unsigned bit = 1; bit <= RV_MISSING_READ; bit <<= 1)
		if (strcmp(word, rv_missing_name((enum rv_missing)bit)) == 0) {
			x->reason = RV_REASON_NOT_PERMITTED;
			*missing |= bit;
			return;
		}
	policy_die(l, "no such reason or condition");
}

/* Calls take for each part of a word with commas. */
static void
each_part(struct expected *x, const char *list, const struct policy_line *l,
    void (*take)(struct expected *, const char *, const struct policy_line *))
{
	char copy[256], *save = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", list);
	for (char *p = strtok_r(copy, ",", &save); p != NULL;
	     p = strtok_r(NULL, ",", &save))
		take(x, p, l);
}

static void
take_assignment(
    struct expected *x, const char *word, const struct policy_line *l)
{
	if (strcmp(word, "none") == 0)
		return;
	if (x->n_by == RV_VERDICT_ASSIGNMENTS)
		policy_die(l, "too many assignments");
	x->by[x->n_by++] = strtoull(word, NULL, 10);
}

static void
take_options(struct expected *x, const struct policy_line *l, size_t i)
{
	for (; i < l->n; i++) {
		if (word_is(l, i, "because")) {
			x->said_because = true;
			each_part(x, word_at(l, ++i), l, take_condition);
		} else if (word_is(l, i, "by")) {
			x->said_by = true;
			each_part(x, word_at(l, ++i), l, take_assignment);
		} else if (word_is(l, i, "at")) {
			x->at = number_at(l, ++i);
		} else if (word_is(l, i, "level")) {
			x->u.level = level_at(l, ++i);
		} else if (word_is(l, i, "needs-level")) {
			x->said_level = true;
			x->level_needed = level_at(l, ++i);
		} else if (word_is(l, i, "valid-until")) {
			x->said_until = true;
			x->until = number_at(l, ++i);
		} else if (word_is(l, i, "delegated")) {
			x->u.delegated = true;
		} else if (word_is(l, i, "groups-unknown")) {
			x->u.groups_known = false;
		} else {
			policy_die(l, "not understood");
		}
	}
}

/* The ids of a user: its principal, then its groups. */
static void
take_subject(struct world *w, struct expected *x,
    const struct standing *standing, const char *name)
{
	x->ids[0] = world_name(w, "krb5:%s@LAB.TEST", name);
	x->u = (struct rv_subject){ .ids = x->ids,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = standing->level };
	for (size_t i = 0; i < standing->n_members; i++)
		if (strcmp(standing->member[i][0], name) == 0)
			x->ids[x->u.n_ids++] =
			    world_name(w, "group:%s", standing->member[i][1]);
}

static bool
as_expected(const struct expected *x, enum rv_decision decision,
    const struct rv_verdict *v)
{
	if (v->decision != decision)
		return false;
	if (x->said_because &&
	    (v->reason != x->reason || v->missing != x->missing))
		return false;
	if (x->said_by &&
	    (v->n_assignments != x->n_by ||
		memcmp(v->assignments, x->by, x->n_by * sizeof(*x->by)) != 0))
		return false;
	if (x->said_level && v->level_needed != x->level_needed)
		return false;
	return !x->said_until || v->valid_until_ms == x->until;
}

static void
show(const char *who, const struct rv_verdict *v)
{
	print_error("  %s: %s %s, missing:", who,
	    v->decision == RV_ALLOW ? "allow" : "deny",
	    rv_reason_name(v->reason));
	for (unsigned bit = 1; bit <= RV_MISSING_READ; bit <<= 1)
		if ((v->missing & bit) != 0)
			print_error(
			    " %s", rv_missing_name((enum rv_missing)bit));
	print_error(", level %s, until %lld, by",
	    rv_level_name(v->level_needed), (long long)v->valid_until_ms);
	for (size_t i = 0; i < v->n_assignments; i++)
		print_error(" %llu", (unsigned long long)v->assignments[i]);
	print_error("\n");
}

/* allow|deny USER OPERATION TYPE KEY|- [options] */
static bool
replay_case(struct world *w, const struct rv_snapshot *s,
    const struct standing *standing, const struct policy_line *l)
{
	const enum rv_decision decision =
	    word_is(l, 0, "allow") ? RV_ALLOW : RV_DENY;
	struct expected x = { .at = standing->at };
	struct rv_verdict engine, naive;
	struct rv_question q;

	take_subject(w, &x, standing, word_at(l, 1));
	q = (struct rv_question){ name_at(w, l, 3), name_at(w, l, 2),
		word_is(l, 4, "-") ? RV_SLICE_NONE : name_at(w, l, 4),
		RV_WANT_ALL };
	take_options(&x, l, 5);
	if (decision == RV_DENY && !x.said_because)
		policy_die(l, "a deny needs its reason: because ...");
	rv_rbac_check(s, &x.u, x.at, &q, &engine);
	naive_check(w, &x.u, x.at, &q, FLAW_NONE, &naive);
	if (as_expected(&x, decision, &engine) && same_verdict(&engine, &naive))
		return true;
	print_error("%s:%d: not as expected\n", l->file, l->number);
	show("engine", &engine);
	show("naive ", &naive);
	return false;
}

static bool
pair_as_expected(const struct expected *x, enum rv_decision decision,
    const struct rv_pair_verdict *v)
{
	if (v->decision != decision)
		return false;
	for (size_t i = 0; x->said_because && i < v->n_halves; i++)
		if (v->halves[i].missing != x->half_missing[i])
			return false;
	if (x->said_because && v->reason != x->reason)
		return false;
	return !x->said_by || (v->n_assignments == x->n_by &&
				  memcmp(v->assignments, x->by,
				      x->n_by * sizeof(*x->by)) == 0);
}

static void
show_pair(const struct rv_pair_verdict *v)
{
	print_error("  engine: %s %s, missing:",
	    v->decision == RV_ALLOW ? "allow" : "deny",
	    rv_reason_name(v->reason));
	for (size_t i = 0; i < v->n_halves; i++)
		for (unsigned bit = 1; bit <= RV_MISSING_READ; bit <<= 1)
			if ((v->halves[i].missing & bit) != 0)
				print_error(" %zu:%s", i + 1,
				    rv_missing_name((enum rv_missing)bit));
	print_error(", by");
	for (size_t i = 0; i < v->n_assignments; i++)
		print_error(" %llu", (unsigned long long)v->assignments[i]);
	print_error("\n");
}

/* can|cannot USER OPERATION ... [options] */
static bool
replay_pair(struct world *w, const struct rv_snapshot *s,
    const struct standing *standing, const struct policy_line *l)
{
	const enum rv_decision decision =
	    word_is(l, 0, "can") ? RV_ALLOW : RV_DENY;
	struct rv_arena *arena = rv_arena_new(0);
	struct expected x = { .at = standing->at };
	const struct rv_subject_resolved *u;
	struct naive_pair_verdict naive;
	struct rv_pair_verdict engine;
	struct pair_case c;
	bool good;

	assert_non_null(arena);
	take_subject(w, &x, standing, word_at(l, 1));
	take_options(&x, l, pair_read(w, l, &c));
	if (decision == RV_DENY && !x.said_because)
		policy_die(l, "a refusal needs its reason: because ...");
	assert_int_equal(rv_rbac_resolve(s, &x.u, arena, &u), RV_OK);
	assert_int_equal(
	    rv_rbac_pair(u, x.at, &c.q, standing->pairing, arena, &engine),
	    RV_OK);
	naive_pair(w, &x.u, x.at, &c.q, standing->pairing, FLAW_NONE, &naive);
	good = pair_as_expected(&x, decision, &engine) &&
	       same_pair(&engine, &naive,
		   standing->pairing == RV_PAIRING_USER ||
		       c.q.operation == RV_PAIR_READ_DEPLOYMENT);
	if (!good) {
		print_error("%s:%d: not as expected\n", l->file, l->number);
		show_pair(&engine);
		print_error("  naive: %s\n", rv_reason_name(naive.reason));
	}
	rv_arena_free(&arena);
	return good;
}

static void
stand(struct standing *standing, const struct policy_line *l)
{
	for (size_t i = 2; word_is(l, 0, "member") && i < l->n; i++) {
		if (standing->n_members == 64)
			policy_die(l, "too many members");
		(void)snprintf(standing->member[standing->n_members][0], 64,
		    "%s", word_at(l, 1));
		(void)snprintf(standing->member[standing->n_members++][1], 64,
		    "%s", word_at(l, i));
	}
	if (word_is(l, 0, "at"))
		standing->at = number_at(l, 1);
	else if (word_is(l, 0, "level"))
		standing->level = level_at(l, 1);
	else if (word_is(l, 0, "pairing"))
		standing->pairing = word_is(l, 1, "user")
					? RV_PAIRING_USER
					: RV_PAIRING_ASSIGNMENT;
	else if (!word_is(l, 0, "member"))
		policy_die(l, "not understood");
}

/* Replays one file; the policy beside it bears the same name. */
static void
replay(const char *name, size_t *ret_cases, size_t *ret_failed)
{
	char policy[300], cases[300];
	struct standing standing = { .level = RV_LEVEL_HELLO };
	struct rv_snapshot *s;
	struct policy_line l;
	struct world w;
	FILE *f;

	(void)snprintf(cases, sizeof(cases), FOLDER "%s", name);
	(void)snprintf(policy, sizeof(policy), FOLDER "%.*s.policy",
	    (int)(strlen(name) - strlen(".cases")), name);
	world_init(&w);
	policy_read(&w, policy);
	s = world_snapshot(&w);
	f = policy_open(&l, cases);
	while (policy_next(f, &l)) {
		if (word_is(&l, 0, "can") || word_is(&l, 0, "cannot")) {
			++*ret_cases;
			*ret_failed += !replay_pair(&w, s, &standing, &l);
			continue;
		}
		if (!word_is(&l, 0, "allow") && !word_is(&l, 0, "deny")) {
			stand(&standing, &l);
			continue;
		}
		++*ret_cases;
		*ret_failed += !replay_case(&w, s, &standing, &l);
	}
	(void)fclose(f);
	rv_snapshot_free(&s);
	world_fini(&w);
}

static void
test_cases(void **state)
{
	size_t cases = 0, failed = 0, files = 0;
	struct dirent *entry;
	DIR *d = opendir(FOLDER);

	(void)state;
	assert_non_null(d); /* run from the root of the project */
	while ((entry = readdir(d)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot == NULL || strcmp(dot, ".cases") != 0)
			continue;
		files++;
		replay(entry->d_name, &cases, &failed);
	}
	(void)closedir(d);
	print_message("# %zu cases in %zu files\n", cases, files);
	assert_true(cases >= 150);
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
