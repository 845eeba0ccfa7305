#include "unit/config/folder.h"

#include "config/authority.h"
#include "config/folders.h"
#include "config/issuer.h"

#define AUTHORITY "certificate = /ca.pem\ncrl = /ca.crl\n"

static void
assert_loads(const char *path, size_t n)
{
	struct rv_authorities_config *all = NULL;
	struct rv_error e;

	if (rv_authorities_load(path, &all, &e) != RV_OK)
		fail_msg("%s", e.text);
	assert_int_equal(all->n, n);
	rv_authorities_config_free(&all);
}

static void
assert_not_loaded(
    const struct folder *f, int want, const char *where, const char *why)
{
	struct rv_authorities_config *all = NULL;
	struct rv_error e;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s%s", f->path, where);
	assert_int_equal(rv_authorities_load(f->path, &all, &e), want);
	assert_null(all);
	if (strncmp(e.text, path, strlen(path)) != 0 ||
	    strstr(e.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, why);
}

/* ---- Which files ------------------------------------------------------- */

static void
test_none(void **state)
{
	struct folder f;
	struct rv_issuers_config *issuers = NULL;
	struct rv_error e;

	(void)state;
	assert_loads(NULL, 0);
	assert_int_equal(rv_issuers_load(NULL, &issuers, &e), RV_OK);
	assert_int_equal(issuers->n, 0);
	rv_issuers_config_free(&issuers);
	folder_make(&f);
	assert_loads(f.path, 0);
	folder_remove(&f);
	assert_not_loaded(&f, RV_ERR_IO, "", "No such file");
}

static void
test_order(void **state)
{
	static const char *const names[] = { "B", "a", "a-b", "a.b", "z" };
	struct folder f;
	struct rv_authorities_config *all = NULL;
	struct rv_error e;

	(void)state;
	folder_make(&f);
	folder_put(&f, "z.conf", AUTHORITY);
	folder_put(&f, "a.b.conf", AUTHORITY);
	folder_put(&f, "a.conf", AUTHORITY);
	folder_put(&f, "B.conf", AUTHORITY);
	folder_put(&f, "a-b.conf", AUTHORITY);
	assert_int_equal(rv_authorities_load(f.path, &all, &e), RV_OK);
	assert_int_equal(all->n, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < all->n; i++)
		assert_string_equal(all->v[i].name, names[i]);
	rv_authorities_config_free(&all);
	folder_remove(&f);
}

static void
test_passed_over(void **state)
{
	struct folder f;

	(void)state;
	folder_make(&f);
	folder_put(&f, "a.conf", AUTHORITY);
	folder_put(&f, ".b.conf", "nonsense");
	folder_put(&f, ".conf", "nonsense");
	folder_put(&f, "conf", "nonsense");
	folder_put(&f, "c.conf~", "nonsense");
	folder_put(&f, "d.conf.bak", "nonsense");
	folder_put(&f, "README", "nonsense");
	assert_loads(f.path, 1);
	folder_remove(&f);
}

static void
test_names(void **state)
{
	struct folder f;

	(void)state;
	folder_make(&f);
	folder_put(&f, "a b.conf", AUTHORITY);
	assert_not_loaded(&f, RV_ERR_INVALID, ": the file 'a b.conf'",
	    "must have a name of letters, digits, '.', '_' and '-'");
	folder_remove(&f);
}

static void
test_too_many(void **state)
{
	struct folder f;
	char name[32];

	(void)state;
	folder_make(&f);
	for (int i = 0; i < 256; i++) {
		(void)snprintf(name, sizeof(name), "%d.conf", i);
		folder_put(&f, name, AUTHORITY);
	}
	assert_loads(f.path, 256);
	folder_put(&f, "256.conf", AUTHORITY);
	assert_not_loaded(&f, RV_ERR_LIMIT, ": ", "more than 256 files");
	folder_remove(&f);
}

/* ---- Mistakes and owners ----------------------------------------------- */

static void
test_mistake(void **state)
{
	struct folder f;

	(void)state;
	folder_make(&f);
	folder_put(&f, "a.conf", AUTHORITY);
	folder_put(&f, "b.conf", AUTHORITY "mapings = weak\n");
	assert_not_loaded(&f, RV_ERR_INVALID, "/b.conf:3:1: ",
	    "unknown parameter 'mapings'; did you mean 'mapping'?");
	folder_remove(&f);
}

static void
test_file_of_others(void **state)
{
	struct folder f;

	(void)state;
	folder_make(&f);
	folder_put(&f, "a.conf", AUTHORITY);
	assert_int_equal(chmod(folder_path(&f, "a.conf"), 0620), 0);
	assert_not_loaded(&f, RV_ERR_INVALID,
	    "/a.conf: ", "may be written by group or others (mode 0620)");
	if (geteuid() == 0) {
		folder_put(&f, "a.conf", AUTHORITY);
		assert_int_equal(
		    chown(folder_path(&f, "a.conf"), 65534, 65534), 0);
		assert_not_loaded(
		    &f, RV_ERR_INVALID, "/a.conf: ", "belongs to user 65534");
	}
	assert_int_equal(unlink(folder_path(&f, "a.conf")), 0);
	assert_int_equal(mkdir(folder_path(&f, "a.conf"), 0700), 0);
	assert_not_loaded(
	    &f, RV_ERR_INVALID, "/a.conf: ", "not a regular file");
	folder_remove(&f);
}

static void
test_folder_of_others(void **state)
{
	struct folder f;

	(void)state;
	folder_make(&f);
	assert_int_equal(chmod(f.path, 0770), 0);
	assert_not_loaded(&f, RV_ERR_INVALID, ": ",
	    "may be written by group or others (mode 0770)");
	assert_int_equal(chmod(f.path, 01777), 0);
	assert_not_loaded(&f, RV_ERR_INVALID, ": ", "(mode 1777)");
	assert_int_equal(chmod(f.path, 0755), 0);
	assert_loads(f.path, 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(f.path, 65534, 65534), 0);
		assert_not_loaded(
		    &f, RV_ERR_INVALID, ": ", "belongs to user 65534");
	}
	folder_remove(&f);
}

static void
test_not_a_folder(void **state)
{
	struct folder f, file;

	(void)state;
	folder_make(&f);
	folder_put(&f, "x", AUTHORITY);
	file = f;
	memcpy(file.path + strlen(f.path), "/x", 3);
	assert_not_loaded(&file, RV_ERR_IO, ": ", "Not a directory");
	folder_remove(&f);
}

/* ---- All folders of a configuration ------------------------------------ */

static char *
show(const struct rv_config *config, int want)
{
	struct rv_error e;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	assert_int_equal(rv_config_show_folders(config, out, &e), want);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
test_show(void **state)
{
	struct rv_config config = { 0 };
	struct folder a, i;
	char *text;

	(void)state;
	folder_make(&a);
	folder_make(&i);
	folder_put(&a, "users.conf", AUTHORITY);
	folder_put(&i, "one.conf", "issuer = https://h\naudience = \"a b\"\n");
	config.authorities = a.path;
	config.issuers = i.path;
	text = show(&config, RV_OK);
	assert_non_null(strstr(text, folder_path(&a, "users.conf")));
	assert_non_null(strstr(text, "\ncertificate = /ca.pem\n"));
	assert_non_null(strstr(text, "\nmapping = strong\n"));
	assert_non_null(strstr(text, folder_path(&i, "one.conf")));
	assert_non_null(strstr(text, "\naudience = \"a b\"\n"));
	free(text);
	folder_remove(&a);
	folder_remove(&i);
}

static void
test_check(void **state)
{
	struct rv_config config = { 0 };
	struct rv_error e;
	struct folder f;
	char *text;

	(void)state;
	assert_int_equal(rv_config_check_folders(&config, &e), RV_OK);
	folder_make(&f);
	folder_put(&f, "x.conf", AUTHORITY);
	config.authorities = f.path;
	assert_int_equal(rv_config_check_folders(&config, &e), RV_OK);
	/* and the same file is none of an issuer */
	config.issuers = f.path;
	assert_int_equal(rv_config_check_folders(&config, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "/x.conf:1:1: unknown parameter"));
	text = show(&config, RV_ERR_INVALID);
	assert_string_equal(text, "");
	free(text);
	config.authorities = "/nowhere";
	config.issuers = NULL;
	assert_int_equal(rv_config_check_folders(&config, &e), RV_ERR_IO);
	folder_remove(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_mistake),
		cmocka_unit_test(test_file_of_others),
		cmocka_unit_test(test_folder_of_others),
		cmocka_unit_test(test_not_a_folder),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
