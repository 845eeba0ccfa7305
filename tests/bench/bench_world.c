/*
 * bench_world FILE SECONDS
 *
 * The engine on the world that the libraries of peers/ are measured on:
 * FILE is what peers/world.mjs writes.  Prints decisions a second and the
 * number of answers that differ from the oracle's.
 *
 * The subjects are resolved before, once each, as a provider does it for a
 * session; type, operation and object are asked about by their names.
 *
 * Every role has Read of every type besides, which our rule wants held with
 * each other operation and the world knows nothing of.
 */
#include <string.h>

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

#include "bench/kit.h"

#define NOW_MS	   INT64_C(1760000000000)
#define MAX_FIELDS 10
#define READ_BIT   16
#define FIRST_TYPE 1000u

struct ask {
	struct rv_slice admin;
	struct rv_question question;
	const struct rv_subject_resolved *subject;
	bool want;
};

struct world {
	struct rv_builder *b;
	struct rv_error e;
	uint64_t assignments;
	uint32_t admins, types, operations;
	struct ask *asks;
	size_t n_asks, cap_asks;
};

/* Cuts a line into its fields, in place; the text stays for good. */
static size_t
cut(char *line, struct rv_slice fields[MAX_FIELDS])
{
	size_t n = 0;

	while (line != NULL && n < MAX_FIELDS)
		fields[n++] = rv_slice_of(strsep(&line, "\t"));
	return n;
}

static uint32_t
number(struct rv_slice s)
{
	uint64_t value;

	if (rv_slice_to_u64(s, UINT32_MAX, &value) != RV_OK) {
		(void)fprintf(stderr, "no number: %.*s\n", RV_SLICE_FMT(s));
		exit(1);
	}
	return (uint32_t)value;
}

static void
need(struct world *w, int r)
{
	bench_need(r, &w->e, "bench_world");
}

static void
make_operation(struct world *w, uint32_t type, uint8_t bit, struct rv_slice n)
{
	const struct rv_row_operation row = {
		.object_type_id = FIRST_TYPE + type, .bit = bit, .name = n
	};

	need(w, rv_builder_operation(w->b, &row, &w->e));
}

/* types N operations M */
static void
make_catalogue(struct world *w, const struct rv_slice *f)
{
	char text[24];

	w->types = number(f[1]);
	w->operations = number(f[2]);
	for (uint32_t t = 0; t < w->types; t++) {
		(void)snprintf(text, sizeof(text), "t%u", t);
		need(w, rv_builder_type(w->b,
			    &(struct rv_row_type){ FIRST_TYPE + t,
				rv_slice_of(text), RV_SLICE_NONE,
				RV_SECURED_BY_SCOPE },
			    &w->e));
	}
	for (uint32_t t = 0; t < w->types; t++) {
		make_operation(w, t, READ_BIT, RV_SLICE_LIT("Read"));
		for (uint8_t op = 0; op < w->operations; op++) {
			(void)snprintf(text, sizeof(text), "op%u", op);
			make_operation(w, t, op, rv_slice_of(text));
		}
	}
}

static void
make_role(struct world *w, const struct rv_slice *f)
{
	need(w, rv_builder_role(
		    w->b, &(struct rv_row_role){ f[1], f[1], 0 }, &w->e));
}

/* grant ROLE TYPE BIT */
static void
make_grant(struct world *w, const struct rv_slice *f)
{
	need(w, rv_builder_role_operation(w->b,
		    &(struct rv_row_role_operation){ f[1],
			FIRST_TYPE + number(f[2]), (uint8_t)number(f[3]) },
		    &w->e));
}

static void
make_admin(struct world *w, const struct rv_slice *f)
{
	need(w, rv_builder_admin(w->b,
		    &(struct rv_row_admin){
			.admin_id = ++w->admins, .principal_id = f[1] },
		    &w->e));
}

/* assignment ID ADMIN ROLE: ADMIN counts from 1 in the order of admin */
static void
make_assignment(struct world *w, const struct rv_slice *f)
{
	need(w, rv_builder_assignment(w->b,
		    &(struct rv_row_assignment){ number(f[1]), number(f[2]),
			f[3], INT64_MIN, INT64_MAX },
		    &w->e));
}

static void
make_ask(struct world *w, const struct rv_slice *f)
{
	if (w->n_asks == w->cap_asks) {
		w->cap_asks = w->cap_asks * 2 + 1024;
		w->asks = realloc(w->asks, w->cap_asks * sizeof(*w->asks));
		if (w->asks == NULL) {
			(void)fprintf(stderr, "out of memory\n");
			exit(1);
		}
	}
	w->asks[w->n_asks++] = (struct ask){ .admin = f[1],
		.question = { .type = f[2],
		    .operation = f[3],
		    .key = f[4],
		    .want = RV_WANT_FIRST },
		.want = rv_slice_eq_cstr(f[5], "true") };
}

static void
take(struct world *w, const struct rv_slice *f)
{
	const struct rv_slice what = f[0];

	if (rv_slice_eq_cstr(what, "catalogue"))
		make_catalogue(w, f);
	else if (rv_slice_eq_cstr(what, "role"))
		make_role(w, f);
	else if (rv_slice_eq_cstr(what, "grant"))
		make_grant(w, f);
	else if (rv_slice_eq_cstr(what, "scope"))
		need(w, rv_builder_scope(
			    w->b, &(struct rv_row_scope){ f[1] }, &w->e));
	else if (rv_slice_eq_cstr(what, "admin"))
		make_admin(w, f);
	else if (rv_slice_eq_cstr(what, "assignment"))
		make_assignment(w, f);
	else if (rv_slice_eq_cstr(what, "in"))
		need(w,
		    rv_builder_assignment_scope(w->b,
			&(struct rv_row_assignment_scope){ number(f[1]), f[2] },
			&w->e));
	else if (rv_slice_eq_cstr(what, "object"))
		need(w, rv_builder_object(w->b,
			    &(struct rv_row_object){
				FIRST_TYPE + number(f[1]), f[2], 0 },
			    &w->e));
	else if (rv_slice_eq_cstr(what, "object_in"))
		need(w, rv_builder_object_scope(w->b,
			    &(struct rv_row_object_scope){
				FIRST_TYPE + number(f[1]), f[2], f[3] },
			    &w->e));
	else if (rv_slice_eq_cstr(what, "ask"))
		make_ask(w, f);
}

static char *
read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET) != 0) {
		perror(path);
		exit(1);
	}
	text = bench_alloc((size_t)size + 1, 1);
	if (fread(text, 1, (size_t)size, f) != (size_t)size) {
		perror(path);
		exit(1);
	}
	(void)fclose(f);
	return text;
}

static struct rv_snapshot *
build(struct world *w, char *text)
{
	const struct rv_row_site site = { .revision = 1,
		.epoch = RV_SLICE_LIT("00000000-0000-4000-8000-000000000000"),
		.minimum = RV_LEVEL_WINDOWS };
	struct rv_slice fields[MAX_FIELDS] = { { NULL, 0 } };
	struct rv_snapshot *s = NULL;

	w->b = rv_builder_new(1);
	need(w, w->b != NULL ? RV_OK : RV_ERR_NOMEM);
	need(w, rv_builder_site(w->b, &site, &w->e));
	for (char *line = text, *next; *line != '\0'; line = next) {
		next = strchr(line, '\n');
		if (next == NULL)
			next = line + strlen(line);
		else
			*next++ = '\0';
		(void)cut(line, fields);
		take(w, fields);
	}
	need(w, rv_builder_finish(&w->b, &s, &w->e));
	return s;
}

static int
compare_admins(const void *a, const void *b)
{
	const struct ask *const *x = a, *const *y = b;

	return rv_slice_cmp((*x)->admin, (*y)->admin);
}

/* One resolved subject an administrator, shared by the questions. */
static void
resolve(struct world *w, const struct rv_snapshot *s, struct rv_arena *arena)
{
	struct ask **by_admin = bench_alloc(w->n_asks, sizeof(*by_admin));

	for (size_t i = 0; i < w->n_asks; i++)
		by_admin[i] = &w->asks[i];
	qsort(by_admin, w->n_asks, sizeof(*by_admin), compare_admins);
	for (size_t i = 0; i < w->n_asks; i++) {
		struct ask *a = by_admin[i];
		const struct rv_subject u = { .ids = &a->admin,
			.n_ids = 1,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };

		if (i > 0 && rv_slice_eq(by_admin[i - 1]->admin, a->admin))
			a->subject = by_admin[i - 1]->subject;
		else
			need(w, rv_rbac_resolve(s, &u, arena, &a->subject));
	}
	free(by_admin);
}

static bool
right(const struct ask *a)
{
	struct rv_verdict v;

	rv_rbac_check_resolved(a->subject, NOW_MS, &a->question, &v);
	return (v.decision == RV_ALLOW) == a->want;
}

int
main(int argc, char **argv)
{
	struct world w = { .e = { "" } };
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_snapshot *s;
	size_t n = 0, wrong = 0;
	double start, spent, seconds;
	char *text;

	if (argc != 3 || (seconds = strtod(argv[2], NULL)) <= 0) {
		(void)fprintf(stderr, "usage: bench_world FILE SECONDS\n");
		return 2;
	}
	text = read_all(argv[1]);
	s = build(&w, text);
	if (w.n_asks == 0) {
		(void)fprintf(stderr, "%s asks nothing\n", argv[1]);
		return 1;
	}
	need(&w, arena != NULL ? RV_OK : RV_ERR_NOMEM);
	resolve(&w, s, arena);
	start = bench_now_s();
	do {
		for (size_t i = 0; i < w.n_asks; i++)
			wrong += !right(&w.asks[i]);
		n += w.n_asks;
		spent = bench_now_s() - start;
	} while (spent < seconds);
	(void)printf(
	    "{\"rate\":%.1f,\"wrong\":%zu}\n", (double)n / spent, wrong);
	rv_arena_free(&arena);
	rv_snapshot_free(&s);
	free(w.asks);
	free(text);
	return 0;
}
