/*
 * What a check costs, beside a bare loop that answers the same questions from
 * plain arrays (bare.h).  Both find the subject by its key: we the session
 * that was resolved for it, the loop the row of rights; both then find the
 * object by its key.  We are given the type and the operation as prepared.
 *
 * Every answer is compared with the loop's before anything is measured.
 */
#include "bare.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define ASKED	   ((size_t)1 << 19)
#define GROUP_MOST 64

struct bench {
	struct bench_world w;
	struct bare *bare;
	struct bench_request *asked;
	size_t n_allowed;
	struct rv_arena *arena; /* of what is prepared, and its names */
	const struct rv_subject_resolved *resolved[SUBJECTS];
	const struct rv_prepared *prepared[TYPES][OPERATIONS];
	char what[64]; /* behind the name of a row */
	double goal;
};

/* A copy that lives as long as what is prepared. */
static struct rv_slice
keep(struct bench *b, struct rv_slice text)
{
	char *copy = rv_arena_dup(b->arena, text);

	if (copy == NULL)
		abort();
	return (struct rv_slice){ copy, text.n };
}

/* A session for each subject: one own id, and eight of groups. */
static void
resolve_subjects(struct bench *b)
{
	struct rv_error e = { "" };

	for (size_t i = 0; i < SUBJECTS; i++) {
		struct rv_slice ids[1 + IN];
		char text[48];
		const struct rv_subject u = { .ids = ids,
			.n_ids = 1 + IN,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };

		ids[0] = bench_slice(b->w.subject_keys[i]);
		for (size_t k = 0; k < IN; k++)
			ids[1 + k] = keep(b, bench_format(text, "%s:%030zu",
						 k < 2 ? "group" : "other",
						 (size_t)b->w.groups[i][k]));
		bench_need(
		    rv_rbac_resolve(b->w.s, &u, b->arena, &b->resolved[i]), &e,
		    "resolve");
	}
}

static void
prepare_operations(struct bench *b)
{
	const bool devices = b->w.members != NULL;
	struct rv_error e = { "" };
	char type[48], operation[48];

	for (size_t t = 0; t < (devices ? 1 : TYPES); t++)
		for (size_t o = 0; o < OPERATIONS; o++)
			bench_need(
			    rv_rbac_prepare(b->w.s,
				devices ? RV_SLICE_LIT("SMS_R_System")
					: bench_text(type, "SMS_Type%zu", t),
				o == 0
				    ? RV_SLICE_LIT("Read")
				    : bench_text(operation, "Operate %zu", o),
				b->arena, &b->prepared[t][o]),
			    &e, "prepare");
}

static struct rv_slice
key_of(const struct bench_request *r)
{
	return (struct rv_slice){ r->object, r->n_object };
}

static void
choose_requests(struct bench *b)
{
	struct bench_world *w = &b->w;

	b->asked = bench_alloc(ASKED, sizeof(*b->asked));
	for (size_t i = 0; i < ASKED; i++) {
		struct bench_request *r = &b->asked[i];
		const size_t o = world_below(w, w->n_objects);

		r->u = (uint32_t)world_below(w, SUBJECTS);
		r->operation = (uint32_t)world_below(w, OPERATIONS);
		memcpy(r->subject, w->subject_keys[r->u], KEY);
		if (w->members != NULL) {
			r->n_object = (uint32_t)snprintf(r->object,
			    sizeof(r->object), "%zu", FIRST_DEVICE + o);
			continue;
		}
		memcpy(r->object, w->objects[o].key, KEY);
		r->n_object = KEY;
		r->type = w->objects[o].type;
	}
}

/* ---- The ways of asking ------------------------------------------------- */

static inline void
check_one(
    const struct bench *b, const struct bench_request *r, struct rv_verdict *v)
{
	const uint32_t u = bare_subject(b->bare, r->subject);

	rv_rbac_check_prepared(b->resolved[u], 0,
	    b->prepared[r->type][r->operation], key_of(r), RV_WANT_ALL, v);
}

static size_t
run_single(const struct bench *b)
{
	struct rv_verdict v;
	size_t allowed = 0;

	for (size_t i = 0; i < ASKED; i++) {
		check_one(b, &b->asked[i], &v);
		allowed += v.decision == RV_ALLOW;
	}
	return allowed;
}

/* The questions of a batch are put together as they come in. */
static size_t
run_batches(const struct bench *b, size_t n)
{
	struct rv_verdict v[GROUP_MOST];
	struct rv_ask asks[GROUP_MOST] = { 0 };
	size_t allowed = 0;

	for (size_t i = 0; i + n <= ASKED; i += n) {
		for (size_t k = 0; k < n; k++) {
			const struct bench_request *r = &b->asked[i + k];
			const uint32_t u = bare_subject(b->bare, r->subject);

			asks[k].subject = b->resolved[u];
			asks[k].prepared = b->prepared[r->type][r->operation];
			asks[k].question.key = key_of(r);
		}
		rv_rbac_check_many(asks, n, 0, v);
		for (size_t k = 0; k < n; k++)
			allowed += v[k].decision == RV_ALLOW;
	}
	return allowed;
}

/* Each answer is the loop's; else nothing that is measured means anything. */
static void
compare_answers(struct bench *b)
{
	for (size_t i = 0; i < ASKED; i++) {
		const bool allowed = bare_allows(b->bare, &b->asked[i]);
		struct rv_verdict v;

		check_one(b, &b->asked[i], &v);
		if ((v.decision == RV_ALLOW) != allowed) {
			(void)fprintf(stderr, "question %zu: we say %s\n", i,
			    rv_reason_name(v.reason));
			exit(1);
		}
		b->n_allowed += allowed;
	}
	(void)printf("%s: %zu of %zu allowed\n", b->what, b->n_allowed, ASKED);
}

static void
expect(const struct bench *b, size_t allowed)
{
	if (allowed == b->n_allowed)
		return;
	(void)fprintf(stderr, "%zu allowed, not %zu\n", allowed, b->n_allowed);
	exit(1);
}

/* ---- Rows ----------------------------------------------------------------- */

/* Nanoseconds a question of something that gives the number of allows. */
#define NS(b, expression)                                     \
	__extension__({                                       \
		const double begin_ = world_cpu_s();          \
		const size_t allowed_ = (expression);         \
		const double spent_ = world_cpu_s() - begin_; \
                                                              \
		expect(b, allowed_);                          \
		spent_ * 1e9 / (double)ASKED;                 \
	})

static void
print(const struct bench *b, const char *name, double ns, const char *against,
    double against_ns)
{
	char row[128];

	(void)snprintf(row, sizeof(row), "%s, %s", name, b->what);
	bench_print(&(struct bench_result){ .name = row,
	    .value = ns,
	    .unit = "ns",
	    .against = against,
	    .against_value = against_ns,
	    .goal = b->goal });
}

/* Rates: more is better. */
static void
print_rate(const struct bench *b, const char *name, double ns,
    const char *against, double against_ns, double goal)
{
	char row[128];

	(void)snprintf(row, sizeof(row), "%s, %s", name, b->what);
	bench_print(&(struct bench_result){ .name = row,
	    .value = 1e9 / ns,
	    .unit = "/s",
	    .against = against,
	    .against_value = 1e9 / against_ns,
	    .goal = goal,
	    .higher_is_better = true });
}

static double
measure_single(const struct bench *b)
{
	const double bare = NS(b, bare_run(b->bare, b->asked, ASKED));
	const double ns = NS(b, run_single(b));

	print(b, "check", ns,
	    b->w.members != NULL ? "bare loop with one membership look-up"
				 : "bare loop",
	    bare);
	return ns;
}

static void
measure_batches(const struct bench *b, double single)
{
	static const size_t sizes[] = { 8, 32, 64 };
	double ns = single;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const double bare =
		    NS(b, bare_run_groups(b->bare, b->asked, ASKED, sizes[i]));
		char name[48];

		ns = NS(b, run_batches(b, sizes[i]));
		(void)snprintf(
		    name, sizeof(name), "check, batch of %zu", sizes[i]);
		print(b, name, ns, "bare loop in batches", bare);
	}
	print_rate(b, "check, batch of 64 against one at a time", ns,
	    "one at a time", single, 2.5);
}

/* ---- Two cores -------------------------------------------------------------- */

struct worker {
	const struct bench *b;
	int cpu;
	size_t allowed;
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)w->cpu, &set);
	/* Where it may not, the system decides. */
	(void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	w->allowed = run_single(w->b);
	return NULL;
}

/* Nanoseconds a question, by the clock, of so many threads at once. */
static double
threads_ns(const struct bench *b, int n)
{
	struct worker workers[2];
	pthread_t threads[2];
	double spent = bench_now_s();

	for (int i = 0; i < n; i++) {
		workers[i] = (struct worker){ .b = b, .cpu = i };
		if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
			exit(1);
	}
	for (int i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	spent = bench_now_s() - spent;
	for (int i = 0; i < n; i++)
		expect(b, workers[i].allowed);
	return spent * 1e9 / (double)ASKED / n;
}

static void
measure_cores(const struct bench *b)
{
	const double one = threads_ns(b, 1);

	if (sysconf(_SC_NPROCESSORS_ONLN) >= 2)
		print_rate(b, "check, 2 cores against 1", threads_ns(b, 2),
		    "1 core", one, 1.9);
}

/* ---- Sites ------------------------------------------------------------------- */

static void
open_bench(struct bench *b, const char *what, size_t n, const char *things)
{
	unsigned zeros = 0;
	size_t rest = n;

	for (; rest >= 10 && rest % 10 == 0; rest /= 10)
		zeros++;
	if (rest == 1)
		(void)snprintf(b->what, sizeof(b->what), "%s10^%u %s", what,
		    zeros, things);
	else
		(void)snprintf(
		    b->what, sizeof(b->what), "%s%zu %s", what, n, things);
	b->goal = n > 1000000 ? 1.8 : 1.3;
	b->arena = rv_arena_new(0);
	if (b->arena == NULL)
		abort();
	b->bare = bare_new(&b->w);
	resolve_subjects(b);
	prepare_operations(b);
	choose_requests(b);
	compare_answers(b);
}

static void
close_bench(struct bench *b)
{
	rv_arena_free(&b->arena);
	bare_free(&b->bare);
	bench_free(&b->w);
	free(b->asked);
	free(b);
}

static void
measure_objects(size_t n, unsigned runs, size_t scopes, const char *what)
{
	struct bench *b = bench_alloc(1, sizeof(*b));

	bench_make(&b->w, n, scopes, scopes * 3 / 10);
	open_bench(b, what, n, "objects");
	for (unsigned i = 0; i < runs; i++) {
		measure_batches(b, measure_single(b));
		measure_cores(b);
	}
	close_bench(b);
}

static void
measure_devices(size_t n, unsigned runs)
{
	struct bench *b = bench_alloc(1, sizeof(*b));

	bench_make_devices(&b->w, n, 10);
	open_bench(b, "", n, "devices");
	for (unsigned i = 0; i < runs; i++)
		(void)measure_single(b);
	close_bench(b);
}

int
main(int argc, char **argv)
{
	uint64_t objects = 0, runs = 0;

	if (argc != 3 ||
	    rv_slice_to_u64(rv_slice_of(argv[1]), 100000000, &objects) !=
		RV_OK ||
	    rv_slice_to_u64(rv_slice_of(argv[2]), 1000, &runs) != RV_OK ||
	    objects == 0 || runs == 0) {
		(void)fprintf(stderr, "usage: %s OBJECTS RUNS\n", argv[0]);
		return 2;
	}
	measure_objects(objects, (unsigned)runs, 100, "100 scopes, ");
	measure_objects(objects, (unsigned)runs, 10000, "10^4 scopes, ");
	measure_devices(objects, (unsigned)runs);
	return 0;
}
