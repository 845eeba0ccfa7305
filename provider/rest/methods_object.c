#include "rest/methods_object.h"

#include <string.h>

#include "pipeline/lane.h"
#include "rest/body.h"
#include "rest/classes.h"
#include "rest/methods_path.h"
#include "store/pg.h"

struct sought {
	struct rv_exchange *x;
	struct rv_question object;
	rv_method_found *found;
	void *arg;
};

json_t *
rv_method_body(struct rv_exchange *x, const char *const *members)
{
	json_t *root = rv_body_object(x), *value;
	const char *name;

	json_object_foreach(root, name, value)
	{
		const char *const *known = members;

		while (*known != NULL && strcmp(*known, name) != 0)
			known++;
		if (*known != NULL || name[0] == '@')
			continue;
		name = rv_arena_dup(x->arena, rv_slice_of(name));
		rv_body_bad(x, name != NULL ? name : "", "is not known here");
		json_decref(root);
		return NULL;
	}
	return root;
}

int
rv_method_mask(struct rv_exchange *x, const json_t *body, const char *member,
    uint64_t *ret_mask)
{
	const json_t *value = json_object_get(body, member);
	const json_int_t mask = json_integer_value(value);

	if (!json_is_integer(value) || mask < 1 || mask > UINT32_MAX) {
		rv_body_bad(x, member,
		    "must be a mask of operations, from 1 to 4294967295");
		return RV_ERR_INVALID;
	}
	*ret_mask = (uint64_t)mask;
	return RV_OK;
}

/* ---- The key behind a number ------------------------------------------------------ */

static void
on_key(void *arg, const struct rv_pg_answer *answer)
{
	struct sought *so = arg;
	const PGresult *rows;
	char *key;

	if (answer->outcome != RV_PG_DONE) {
		rv_answer_unavailable(so->x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
		rv_exchange_finish(so->x);
		return;
	}
	rows = answer->results[0];
	/* No object has a number as its key here: it stays one of none. */
	if (PQntuples(rows) == 1) {
		key = rv_arena_dup(
		    so->x->arena, (struct rv_slice){ PQgetvalue(rows, 0, 0),
				      (size_t)PQgetlength(rows, 0, 0) });
		if (key == NULL) {
			rv_answer_json(so->x, 200, NULL);
			rv_exchange_finish(so->x);
			return;
		}
		so->object.key = rv_slice_of(key);
	}
	so->found(so->x, &so->object, so->arg);
}

#define SQL_NUMBERED                                        \
	"SELECT object_key FROM reeve.list_numbered_object" \
	" WHERE object_type = $2::integer AND key = $1"
#define SQL_FOLDER                                                  \
	"SELECT object_key FROM reeve.list_sms_objectcontainernode" \
	" WHERE object_type = $2::integer AND key = $1"

static void
read_key(struct sought *so, const struct rv_class *class)
{
	const char *params[2] = { rv_arena_dup(so->x->arena, so->object.key),
		rv_arena_printf(
		    so->x->arena, "%u", (unsigned)class->object_type_id) };
	const struct rv_pg_step step = {
		.sql = strcmp(class->odata.view,
			   "list_sms_objectcontainernode") == 0
			   ? SQL_FOLDER
			   : SQL_NUMBERED,
		.n_params = 2,
		.params = params,
	};

	if (params[0] == NULL || params[1] == NULL) {
		rv_answer_json(so->x, 200, NULL);
		rv_exchange_finish(so->x);
		return;
	}
	rv_pg_run(so->x->lane->pg, &step, 1, false, on_key, so);
}

/* Whether the path names the object by the number of URLs. */
static bool
by_number(const struct rv_class *class, const struct rv_object_path *path)
{
	uint64_t number;
	const struct rv_odata_property *key = &class->odata.properties[0];

	return class->object_type_id != 0 && path->key.p != NULL &&
	       key->is_key && key->type == RV_EDM_INT64 &&
	       rv_slice_to_u64(path->key, INT64_MAX, &number) == RV_OK &&
	       (path->property.p == NULL ||
		   rv_slice_ieq(path->property, rv_slice_of(key->name)));
}

/* The key of URLs, or the property that is the object's own key. */
static bool
names_key(const struct rv_odata_property *p)
{
	static const char *const columns[] = { "objectkey", "modelname",
		"folderguid" };

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		if (p->column != NULL && strcmp(p->column, columns[i]) == 0)
			return true;
	return p->is_key;
}

static bool
is_of_objects(const struct rv_class *class, const struct rv_object_path *path)
{
	if (class->type == NULL || strcmp(class->type, class->odata.name) != 0)
		return false;
	for (size_t i = 0; i < class->odata.n_properties; i++)
		if (rv_slice_ieq(path->property,
			rv_slice_of(class->odata.properties[i].name)))
			return names_key(&class->odata.properties[i]);
	return path->property.p == NULL;
}

/* What is no class of lists may still be one of the rule: inventory. */
static bool
is_of_the_rule(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_object_path *path)
{
	const struct rv_subject me = rv_subject_of(x->identity);
	const struct rv_question q = { .type = path->class,
		.operation = RV_SLICE_LIT("Read") };
	struct rv_verdict verdict;

	rv_rbac_check(s, &me, rv_exchange_instant(x), &q, &verdict);
	return verdict.reason != RV_REASON_UNKNOWN_TYPE;
}

/* *ret_class is NULL for a class that no list has. */
static int
read_path(struct rv_exchange *x, const struct rv_snapshot *s,
    struct rv_slice text, struct rv_object_path *path,
    const struct rv_class **ret_class)
{
	int r = rv_object_path_read(x->arena, text, path);

	*ret_class = NULL;
	if (r != RV_OK)
		return r;
	r = rv_class_find(s, x->arena, path->class, false, ret_class);
	if (r == RV_ERR_NOTFOUND)
		return is_of_the_rule(x, s, path) ? RV_OK : RV_ERR_NOTFOUND;
	if (r == RV_OK && !is_of_objects(*ret_class, path))
		r = RV_ERR_NOTFOUND;
	return r;
}

/* Answers and ends the exchange. */
static void
refuse_path(struct rv_exchange *x, int r)
{
	if (r == RV_ERR_NOMEM)
		rv_answer_json(x, 200, NULL);
	else
		rv_body_bad(x, "ObjectPath",
		    r == RV_ERR_NOTFOUND
			? "is not of a class of objects, or names a property "
			  "that is not their key"
			: "must be like SMS_Collection.CollectionID="
			  "\"SMS00001\", SMS_Collection('SMS00001'), or a "
			  "class");
	rv_exchange_finish(x);
}

void
rv_method_object(struct rv_exchange *x, const json_t *body,
    rv_method_found *found, void *arg)
{
	struct sought *so = rv_arena_alloc(x->arena, sizeof(*so));
	const struct rv_class *class;
	struct rv_object_path path;
	const struct rv_snapshot *s;
	struct rv_slice text;
	int r = RV_ERR_NOMEM;

	if (rv_body_string(x, body, "ObjectPath", "ObjectPath", &text) !=
		RV_OK ||
	    rv_exchange_snapshot(x, &s) != RV_OK) {
		rv_exchange_finish(x);
		return;
	}
	if (so != NULL)
		r = read_path(x, s, text, &path, &class);
	if (r != RV_OK) {
		refuse_path(x, r);
		return;
	}
	*so = (struct sought){ .x = x, .found = found, .arg = arg };
	so->object = (struct rv_question){
		.type = class != NULL ? rv_slice_of(class->type) : path.class,
		.key = path.key,
	};
	x->record.object_type = so->object.type;
	x->record.object_id = so->object.key;
	if (class != NULL && by_number(class, &path))
		read_key(so, class);
	else
		found(x, &so->object, arg);
}
