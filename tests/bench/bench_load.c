/*
 * bench_load CONNINFO
 *
 * Loads a store as the provider does.  Then, for each line of standard
 * input, answers: "load" with the seconds of one more load; "N PRINCIPAL"
 * with how many of the first N devices it may read, and the seconds for the
 * number of all that it may read, and for their ids.  So a caller can ask
 * the store the same between.
 */
#include <inttypes.h>
#include <string.h>

#include "store/db.h"
#include "store/load.h"

#include "bench/ask.h"
#include "bench/kit.h"
#include "bench/site/site.h"

static double
load(const char *conninfo, struct rv_snapshot **s)
{
	const struct rv_db_config config = { .conninfo = conninfo,
		.stop_fd = -1 };
	struct rv_error e = { "" };
	struct rv_db *db = NULL;
	double start;

	rv_snapshot_free(s);
	start = bench_now_s();
	bench_need(rv_db_open(&config, &db, &e), &e, "connecting");
	bench_need(rv_load(db, s, &e), &e, "loading");
	start = bench_now_s() - start;
	rv_db_close(&db);
	return start;
}

static void
say_counts(const struct rv_snapshot *s)
{
	struct rv_snapshot_counts c;

	rv_snapshot_count(s, &c);
	(void)printf("loaded\t%zu\t%zu\n", c.resources, c.memberships);
	(void)fflush(stdout);
}

static void
say_devices(const struct rv_snapshot *s, uint32_t n, struct rv_slice principal)
{
	const struct rv_subject u = { .ids = &principal,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	struct rv_error e = { "out of memory" };
	const uint32_t last = n < UINT32_MAX - BENCH_FIRST_RESOURCE
				  ? BENCH_FIRST_RESOURCE + n - 1
				  : UINT32_MAX;
	struct rv_snapshot_counts counts;
	double count_s, ids_s;
	size_t found, again;
	uint32_t *ids;
	int r;

	rv_snapshot_count(s, &counts);
	ids = bench_alloc(counts.resources, sizeof(*ids));
	count_s = bench_now_s();
	r = bench_devices_of(s, &u, last, NULL, &found);
	count_s = bench_now_s() - count_s;
	bench_need(r, &e, "counting");
	ids_s = bench_now_s();
	r = bench_devices_of(s, &u, last, ids, &again);
	ids_s = bench_now_s() - ids_s;
	bench_need(r, &e, "listing");
	RV_ASSERT(again <= found);
	free(ids);
	(void)printf("devices\t%zu\t%.9f\t%.9f\n", again, count_s, ids_s);
	(void)fflush(stdout);
}

static void
take_question(const struct rv_snapshot *s, const char *line)
{
	const char *blank = strchr(line, ' ');
	uint64_t n;

	if (blank == NULL ||
	    rv_slice_to_u64((struct rv_slice){ line, (size_t)(blank - line) },
		100000000, &n) != RV_OK) {
		(void)fprintf(stderr, "not understood: %s\n", line);
		exit(1);
	}
	say_devices(s, (uint32_t)n, rv_slice_of(blank + 1));
}

int
main(int argc, char **argv)
{
	struct rv_snapshot *s = NULL;
	char line[256];

	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_load CONNINFO\n");
		return 2;
	}
	(void)load(argv[1], &s);
	say_counts(s);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "load") == 0) {
			(void)printf("seconds\t%.9f\n", load(argv[1], &s));
			(void)fflush(stdout);
		} else {
			take_question(s, line);
		}
	}
	rv_snapshot_free(&s);
	return 0;
}
