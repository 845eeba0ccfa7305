/* import: rows of a class, saved or asked for. */
#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

#define ROOT	  "/AdminService/wmi/"
#define ROWS_MAX  100000u /* as many as an import takes of a class */
#define PAGES_MAX 10000u

/* The list in an answer, or the answer when it is one; the caller's. */
static json_t *
rows_of(json_t *body)
{
	json_t *rows =
	    json_is_array(body) ? body : json_object_get(body, "value");

	return json_is_array(rows) ? json_incref(rows) : NULL;
}

json_t *
rv_cli_import_saved(const char *folder, const char *class, struct rv_error *e)
{
	struct rv_buf path = { 0 };
	json_error_t wrong = { .text = "" };
	json_t *body = NULL, *rows = NULL;

	rv_buf_printf(&path, "%s/%s.json", folder, class);
	if (rv_buf_cstr(&path) != NULL)
		body = json_load_file(
		    rv_buf_cstr(&path), JSON_REJECT_DUPLICATES, &wrong);
	if (body != NULL)
		rows = rows_of(body);
	if (rows == NULL)
		rv_error_set(e, "%s/%s.json: %s", folder, class,
		    body != NULL ? "has no list of rows" : wrong.text);
	json_decref(body);
	rv_buf_fini(&path);
	return rows;
}

/* One GET with status 200; NULL: a line in *e. */
static json_t *
get(struct rv_cli_http *source, const char *path, struct rv_error *e)
{
	struct rv_cli_answer answer;
	json_t *body = NULL;

	if (rv_cli_http_ask(source, path, NULL, &answer, e) != RV_OK)
		return NULL;
	if (answer.status == 200 && answer.body != NULL)
		body = json_incref(answer.body);
	else
		rv_error_set(
		    e, "%s: the other site answers %ld", path, answer.status);
	rv_cli_answer_fini(&answer);
	return body;
}

/*
 * The path of the next page; a copy, NULL for none.  Only the path of a link
 * is followed, below where the pages are: never to another host.
 */
static char *
next_page(const json_t *body)
{
	const char *link = rv_cli_text(body, "@odata.nextLink");
	const char *path = strcasestr(link, ROOT);

	return path != NULL ? strdup(path) : NULL;
}

/* What lists leave out, and how the object is asked for. */
static const struct lazy {
	const char *class, *member, *key;
	bool is_text;
} lazies[] = {
	{ "SMS_Role", "Operations", "RoleID", true },
	{ "SMS_Collection", "CollectionRules", "CollectionID", true },
	{ "SMS_Admin", "Permissions", "AdminID", false },
};

static const struct lazy *
lazy_of(const char *class)
{
	for (size_t i = 0; i < sizeof(lazies) / sizeof(lazies[0]); i++)
		if (strcmp(lazies[i].class, class) == 0)
			return &lazies[i];
	return NULL;
}

/* False: the key is none. */
static bool
put_path(const struct lazy *lazy, const json_t *row, struct rv_buf *path)
{
	const char *id = rv_cli_text(row, lazy->key);

	if (!lazy->is_text)
		rv_buf_printf(path, ROOT "%s(%lld)", lazy->class,
		    (long long)json_integer_value(
			json_object_get(row, lazy->key)));
	else if (strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
		 strlen(id))
		rv_buf_printf(path, ROOT "%s('%s')", lazy->class, id);
	return path->n > 0 && rv_buf_cstr(path) != NULL;
}

/* The object itself, where the list has not all of it; NULL: in *e. */
static json_t *
whole_row(struct rv_cli_http *source, const char *class, json_t *row,
    struct rv_error *e)
{
	const struct lazy *lazy = lazy_of(class);
	struct rv_buf path = { 0 };
	json_t *body = NULL, *one = NULL;

	if (lazy == NULL || json_is_array(json_object_get(row, lazy->member)))
		return json_incref(row);
	if (put_path(lazy, row, &path))
		body = get(source, rv_buf_cstr(&path), e);
	else
		rv_error_set(e, "%s: a row has a malformed key", class);
	/* Configuration Manager has a list of one here. */
	if (body != NULL)
		one = json_is_array(json_object_get(body, "value"))
			  ? json_array_get(json_object_get(body, "value"), 0)
			  : body;
	json_incref(one);
	json_decref(body);
	rv_buf_fini(&path);
	return one;
}

static bool
add_page(struct rv_cli_http *source, const char *class, json_t *body,
    json_t *all, struct rv_error *e)
{
	json_t *rows = rows_of(body), *row;
	bool ok = rows != NULL;
	size_t i;

	if (!ok)
		rv_error_set(e, "%s: an answer without rows", class);
	json_array_foreach(rows, i, row)
	{
		json_t *one = whole_row(source, class, row, e);

		ok = one != NULL && json_array_append_new(all, one) == 0;
		if (!ok)
			break;
	}
	json_decref(rows);
	return ok;
}

json_t *
rv_cli_import_asked(
    struct rv_cli_http *source, const char *class, struct rv_error *e)
{
	struct rv_buf first = { 0 };
	json_t *all = json_array();
	char *path;
	size_t pages = 0;
	bool ok = all != NULL;

	rv_buf_printf(&first, ROOT "%s", class);
	path = rv_slice_dup(rv_buf_slice(&first));
	rv_buf_fini(&first);
	while (ok && path != NULL) {
		json_t *body = get(source, path, e);

		ok = body != NULL && add_page(source, class, body, all, e);
		free(path);
		path = ok ? next_page(body) : NULL;
		json_decref(body);
		if (++pages > PAGES_MAX || json_array_size(all) > ROWS_MAX) {
			rv_error_set(e, "%s: the pages have no end", class);
			ok = false;
		}
	}
	free(path);
	if (ok)
		return all;
	json_decref(all);
	return NULL;
}
