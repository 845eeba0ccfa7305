#include "rest/pair_read.h"

#include "rest/body.h"

/* The members of a question beside the operation and the subject. */
enum member {
	OBJECT = 1u << 0,
	OTHER = 1u << 1,
	COLLECTION = 1u << 2,
	LIMITING = 1u << 3,
	FROM = 1u << 4,
	TO = 1u << 5,
	NAMED = 1u << 6,
	DIRECT = 1u << 7,
	INVENTORY = 1u << 8,
};

static const struct {
	const char *name;
	enum member bit;
} members[] = {
	{ "object", OBJECT },
	{ "other", OTHER },
	{ "collection", COLLECTION },
	{ "limiting", LIMITING },
	{ "from", FROM },
	{ "to", TO },
	{ "named", NAMED },
	{ "direct", DIRECT },
	{ "inventory", INVENTORY },
};

/* What each operation reads: reeve/rbac_pair.h. */
static const struct {
	const char *name, *phrase;
	unsigned members;
} operations[] = {
	[RV_PAIR_DEPLOY] = { "deploy", "deploy", OBJECT | COLLECTION },
	[RV_PAIR_DELETE_DEPLOYMENT] = { "delete_deployment",
	    "delete the deployment of", OBJECT | COLLECTION },
	[RV_PAIR_READ_DEPLOYMENT] = { "read_deployment",
	    "read the deployment of", OBJECT | COLLECTION },
	[RV_PAIR_DISTRIBUTE] = { "distribute", "distribute", OBJECT | OTHER },
	[RV_PAIR_REFER] = { "refer", "refer from", OBJECT | OTHER },
	[RV_PAIR_CREATE_COLLECTION] = { "create_collection",
	    "create a collection limited to", LIMITING },
	[RV_PAIR_CHANGE_LIMITING] = { "change_limiting",
	    "change the limiting collection of", COLLECTION | LIMITING },
	[RV_PAIR_WRITE_RULE] = { "write_rule", "write a membership rule of",
	    COLLECTION | LIMITING | NAMED | DIRECT | INVENTORY },
	[RV_PAIR_IMPORT_COMPUTER] = { "import_computer",
	    "import a computer into", OBJECT | OTHER | COLLECTION },
	[RV_PAIR_MOVE] = { "move", "move", OBJECT | FROM | TO },
	[RV_PAIR_CREATE_FOLDER] = { "create_folder", "create a folder for",
	    OBJECT | TO },
	[RV_PAIR_CHANGE_FOLDER] = { "change_folder", "change a folder for",
	    OBJECT | FROM },
	[RV_PAIR_DELETE_FOLDER] = { "delete_folder", "delete a folder for",
	    OBJECT | FROM },
};
#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

const char *
rv_pair_phrase(enum rv_pair_operation operation)
{
	return operations[operation].phrase;
}

static bool
read_operation(struct rv_pair_body *b, const json_t *root)
{
	struct rv_slice name;

	if (rv_body_string(b->x, root, "operation", "operation", &name) !=
	    RV_OK)
		return false;
	b->operation = name;
	for (size_t i = 0; i < N_OPERATIONS; i++)
		if (rv_slice_eq_cstr(name, operations[i].name)) {
			b->question.operation = (enum rv_pair_operation)i;
			return true;
		}
	rv_body_bad(b->x, "operation",
	    "must be deploy, delete_deployment, read_deployment, distribute, "
	    "refer, create_collection, change_limiting, write_rule, "
	    "import_computer, move, create_folder, change_folder or "
	    "delete_folder");
	return false;
}

static bool
is_absent(const json_t *value)
{
	return value == NULL || json_is_null(value);
}

/* What the operation does not read would only be repeated back. */
static bool
has_no_others(struct rv_pair_body *b, const json_t *root)
{
	const unsigned mine = operations[b->question.operation].members;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if ((mine & members[i].bit) == 0 &&
		    !is_absent(json_object_get(root, members[i].name))) {
			rv_body_bad(b->x, members[i].name,
			    "is no part of a question about this operation");
			return false;
		}
	return true;
}

static bool
read_thing(struct rv_pair_body *b, const json_t *value, const char *path,
    struct rv_thing *ret)
{
	if (is_absent(value))
		return true;
	if (!json_is_object(value)) {
		rv_body_bad(b->x, path, "must be an object");
		return false;
	}
	if (rv_body_string(b->x, value, "type", path, &ret->type) != RV_OK)
		return false;
	if (json_object_get(value, "id") != NULL &&
	    rv_body_string(b->x, value, "id", path, &ret->key) != RV_OK)
		return false;
	if (ret->key.n == 0)
		ret->key = RV_SLICE_NONE;
	return true;
}

static bool
read_id(struct rv_pair_body *b, const json_t *root, const char *member,
    struct rv_slice *ret)
{
	return is_absent(json_object_get(root, member)) ||
	       rv_body_string(b->x, root, member, member, ret) == RV_OK;
}

/* False: the exchange has been answered. */
static bool
count_things(
    struct rv_pair_body *b, const json_t *list, const char *path, size_t *ret_n)
{
	*ret_n = json_array_size(list);
	if (!is_absent(list) && !json_is_array(list))
		rv_body_bad(b->x, path, "must be an array");
	else if (*ret_n > RV_PAIR_THINGS_MAX)
		rv_body_bad(b->x, path, "has more than 64 members");
	else
		return true;
	return false;
}

static bool
read_lists(struct rv_pair_body *b, const json_t *root)
{
	const json_t *named = json_object_get(root, "named");
	const json_t *direct = json_object_get(root, "direct");
	struct rv_pair_question *q = &b->question;

	if (!count_things(b, named, "named", &q->n_named) ||
	    !count_things(b, direct, "direct", &q->n_direct))
		return false;
	for (size_t i = 0; i < q->n_named; i++) {
		/* As the member of an object, so that it is read as others. */
		json_t *one =
		    json_pack("{s:O}", "named", json_array_get(named, i));
		int r =
		    rv_body_string(b->x, one, "named", "named", &b->named[i]);

		json_decref(one);
		if (r != RV_OK)
			return false;
	}
	for (size_t i = 0; i < q->n_direct; i++)
		if (!read_thing(
			b, json_array_get(direct, i), "direct", &b->direct[i]))
			return false;
	q->named = b->named;
	q->direct = b->direct;
	return true;
}

static bool
read_inventory(struct rv_pair_body *b, const json_t *value)
{
	if (!is_absent(value) && !json_is_boolean(value)) {
		rv_body_bad(b->x, "inventory", "must be true or false");
		return false;
	}
	b->question.inventory = json_is_true(value);
	return true;
}

bool
rv_pair_read(struct rv_pair_body *b, const json_t *root)
{
	struct rv_pair_question *q = &b->question;

	return read_operation(b, root) && has_no_others(b, root) &&
	       read_thing(
		   b, json_object_get(root, "object"), "object", &q->object) &&
	       read_thing(
		   b, json_object_get(root, "other"), "other", &q->other) &&
	       read_id(b, root, "collection", &q->collection) &&
	       read_id(b, root, "limiting", &q->limiting) &&
	       read_id(b, root, "from", &q->from) &&
	       read_id(b, root, "to", &q->to) && read_lists(b, root) &&
	       read_inventory(b, json_object_get(root, "inventory"));
}
