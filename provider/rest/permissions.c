#include "rest/permissions.h"

#include <string.h>

#include "odata/value.h"
#include "rest/body.h"

enum form {
	TEXT,
	WHOLE,
	INSTANT, /* or null, which says that there is none */
};

struct member {
	const char *name, *arg;
	enum form form;
};

static const struct member members[] = {
	{ "RoleID", "role_id", TEXT },
	{ "RoleName", "role_name", TEXT },
	{ "CategoryID", "category_id", TEXT },
	{ "CategoryName", "category_name", TEXT },
	{ "CollectionID", "category_id", TEXT },
	{ "CollectionName", "category_name", TEXT },
	{ "CategoryTypeID", "category_type_id", WHOLE },
	{ "AssignmentID", "assignment_id", WHOLE },
	{ "ValidFrom", "valid_from", INSTANT },
	{ "ValidUntil", "valid_until", INSTANT },
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

/* Milliseconds since 1970 of a date and time; NULL: it is none. */
static json_t *
instant(const json_t *value)
{
	const struct rv_slice text = {
		json_string_value(value),
		json_string_length(value),
	};
	struct rv_odata_value read;

	if (json_is_null(value))
		return json_null();
	if (!json_is_string(value) ||
	    rv_odata_value_instant(text, &read) != RV_OK)
		return NULL;
	return json_integer(read.i / 1000);
}

static const struct member *
find(const char *name)
{
	for (size_t i = 0; i < N_MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

static bool
refuse(struct rv_exchange *x, const char *where, const char *name,
    const char *wrong)
{
	const char *path = rv_arena_printf(
	    x->arena, "%s%s%.64s", where, where[0] != '\0' ? "." : "", name);

	rv_body_bad(x, path != NULL ? path : name, wrong);
	return false;
}

bool
rv_permission_take(struct rv_exchange *x, const char *where, const char *name,
    json_t *value, json_t *to)
{
	static const char *const wrong[] = { [TEXT] = "must be a string",
		[WHOLE] = "must be a whole number",
		[INSTANT] = "must be a date and time such as "
			    "2026-01-31T12:00:00Z, or null" };
	const struct member *m = find(name);
	json_t *taken = NULL;

	if (m == NULL)
		return refuse(x, where, name, "is not known here");
	if (m->form == INSTANT)
		taken = instant(value);
	else if (json_is_null(value) ||
		 (json_is_string(value) && json_string_length(value) == 0))
		return true;
	else if (m->form == TEXT ? json_is_string(value)
				 : json_is_integer(value))
		taken = json_incref(value);
	if (taken == NULL)
		return refuse(x, where, name, wrong[m->form]);
	if (json_object_set_new(to, m->arg, taken) == 0)
		return true;
	rv_answer_json(x, 200, NULL);
	return false;
}

/* NULL: answered. */
static json_t *
read_row(struct rv_exchange *x, json_t *row, const char *where)
{
	json_t *read = json_object(), *value;
	const char *name;
	bool ok = read != NULL;

	if (!json_is_object(row)) {
		rv_body_bad(x, where, "must be an object");
		ok = false;
	}
	json_object_foreach(row, name, value)
	{
		if (!ok)
			break;
		if (strchr(name, '@') == NULL)
			ok = rv_permission_take(x, where, name, value, read);
	}
	if (ok)
		return read;
	json_decref(read);
	if (!x->answered)
		rv_answer_json(x, 200, NULL);
	return NULL;
}

json_t *
rv_permissions_read(
    struct rv_exchange *x, const json_t *rows, const char *where)
{
	json_t *read = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *place =
		    rv_arena_printf(x->arena, "%s[%zu]", where, i);
		json_t *one = read_row(x, row, place != NULL ? place : where);

		if (one == NULL || json_array_append_new(read, one) != 0) {
			json_decref(read);
			return NULL;
		}
	}
	if (read == NULL)
		rv_answer_json(x, 200, NULL);
	return read;
}

/* ---- By names ---------------------------------------------------------------------- */

static bool
is_texts(const json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (!json_is_string(one))
			return false;
	}
	return true;
}

/* A row for each of the categories; false: no memory. */
static bool
append_all(json_t *rows, json_t *role, const json_t *categories, int type_id)
{
	json_t *category;
	size_t i;

	json_array_foreach(categories, i, category)
	{
		json_t *row = json_pack("{s:O, s:O, s:i}", "role_name", role,
		    "category_name", category, "category_type_id", type_id);

		if (json_array_append_new(rows, row) != 0)
			return false;
	}
	return true;
}

json_t *
rv_permissions_of_names(struct rv_exchange *x, const json_t *roles,
    const json_t *scopes, const json_t *collections)
{
	json_t *rows = json_array(), *role;
	size_t i;

	if (!is_texts(roles) || !is_texts(scopes) || !is_texts(collections)) {
		rv_body_bad(x, "RoleNames, CategoryNames and CollectionNames",
		    "must be lists of names");
		json_decref(rows);
		return NULL;
	}
	json_array_foreach(roles, i, role)
	{
		if (rows == NULL || !append_all(rows, role, scopes, 29) ||
		    !append_all(rows, role, collections, 1)) {
			json_decref(rows);
			rv_answer_json(x, 200, NULL);
			return NULL;
		}
	}
	if (rows == NULL)
		rv_answer_json(x, 200, NULL);
	return rows;
}
