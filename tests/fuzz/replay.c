/*
 * Feeds every file of the named folders to one fuzz target and prints TAP:
 * what a fuzzer once found stays found, without a fuzzer.
 *
 *   replay FOLDER...
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reeve/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tally {
	unsigned run;
	unsigned failed;
};

static void
report(struct tally *t, bool ok, const char *path, const char *why)
{
	t->run++;
	t->failed += !ok;
	printf("%sok %u - %s%s%s\n", ok ? "" : "not ", t->run, path,
	    why != NULL ? ": " : "", why != NULL ? why : "");
	/* A target that aborts must not take the lines before with it. */
	(void)fflush(stdout);
}

static bool
read_file(const char *path, struct rv_buf *ret_bytes)
{
	char piece[4096];
	size_t n;
	FILE *f = fopen(path, "rbe");
	bool ok = false;

	if (f == NULL)
		return false;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		rv_buf_put(ret_bytes, piece, n);
	ok = ferror(f) == 0 && !ret_bytes->failed;
	(void)fclose(f);
	return ok;
}

static void
replay_file(struct tally *t, const char *path)
{
	struct rv_buf bytes = { 0 };
	uint8_t *exact = NULL;
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	if (!read_file(path, &bytes)) {
		report(t, false, path, strerror(errno));
		goto out;
	}
	/* Memory of exactly that size, so that a read beyond it is seen. */
	exact = malloc(bytes.n + (bytes.n == 0));
	if (exact == NULL) {
		report(t, false, path, "out of memory");
		goto out;
	}
	if (bytes.n > 0)
		memcpy(exact, bytes.p, bytes.n);
	rv_ignore(LLVMFuzzerTestOneInput(exact, bytes.n)); /* aborts */
	report(t, true, path, NULL);
out:
	free(exact);
	rv_buf_fini(&bytes);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay_folder(struct tally *t, const char *folder)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_visible, alphasort);

	if (n <= 0)
		report(t, false, folder,
		    n < 0 ? strerror(errno) : "no file in this folder");
	for (int i = 0; i < n; i++) {
		struct rv_buf path = { 0 };

		rv_buf_printf(&path, "%s/%s", folder, entries[i]->d_name);
		if (rv_buf_cstr(&path) != NULL)
			replay_file(t, path.p);
		else
			report(t, false, folder, "out of memory");
		rv_buf_fini(&path);
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	struct tally t = { 0 };

	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s FOLDER...\n",
		    argc > 0 ? argv[0] : "replay");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		replay_folder(&t, argv[i]);
	printf("1..%u\n", t.run);
	return t.failed == 0 ? 0 : 1;
}
