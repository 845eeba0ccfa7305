/*
 * SMS_SecuredCategoryMembership.AddMemberships and .RemoveMemberships: the
 * scopes of objects.  The snapshot may refuse early; the store decides
 * again inside the transaction that writes (docs/rule.md sections 5, 7).
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/body.h"
#include "rest/rest.h"
#include "rest/store_write.h"

#define ITEMS_MAX 1000u

struct change {
	struct rv_exchange *x;
	const char *sql;
	json_t *items;	 /* the triples, as the store takes them */
	const char *key; /* idempotency key, or NULL */
};

static void
change_free(struct change *c)
{
	json_decref(c->items);
	free(c);
}

static void
finish(struct change *c)
{
	struct rv_exchange *x = c->x;

	change_free(c);
	rv_exchange_finish(x);
}

/* ---- Reading the arguments ------------------------------------------------- */

static const json_t *
array_of(struct change *c, const json_t *root, const char *member)
{
	const json_t *value = json_object_get(root, member);

	if (!json_is_array(value)) {
		rv_body_bad(c->x, member,
		    value == NULL ? "is missing" : "must be an array");
		return NULL;
	}
	if (json_array_size(value) == 0 || json_array_size(value) > ITEMS_MAX) {
		rv_body_bad(c->x, member, "must have 1 to 1000 elements");
		return NULL;
	}
	return value;
}

static bool
is_text_element(struct change *c, const json_t *value, const char *member)
{
	struct rv_slice s = { json_string_value(value),
		json_string_length(value) };

	if (json_is_string(value) && s.n > 0 && s.n <= RV_BODY_STRING_MAX &&
	    rv_slice_is_text(s))
		return true;
	rv_body_bad(c->x, member, "must hold strings of 1 to 1024 bytes");
	return false;
}

static bool
is_type_element(struct change *c, const json_t *value)
{
	if (json_is_integer(value) && json_integer_value(value) > 0 &&
	    json_integer_value(value) <= INT32_MAX)
		return true;
	rv_body_bad(c->x, "ObjectTypeIDs", "must hold ObjectTypeID numbers");
	return false;
}

/* Every object with every scope: the type at the object's own place. */
static bool
combine(struct change *c, const json_t *objects, const json_t *types,
    const json_t *categories)
{
	size_t i, k;
	json_t *object, *category;

	if (json_array_size(objects) != json_array_size(types)) {
		rv_body_bad(
		    c->x, "ObjectTypeIDs", "must be as long as ObjectIDs");
		return false;
	}
	if (json_array_size(objects) * json_array_size(categories) >
	    ITEMS_MAX) {
		rv_body_bad(c->x, "ObjectIDs",
		    "and CategoryIDs name more than 1000 memberships");
		return false;
	}
	json_array_foreach(objects, i, object)
	{
		const json_t *type = json_array_get(types, i);

		if (!is_text_element(c, object, "ObjectIDs") ||
		    !is_type_element(c, type))
			return false;
		json_array_foreach(categories, k, category)
		{
			if (!is_text_element(c, category, "CategoryIDs"))
				return false;
			if (json_array_append_new(c->items,
				json_pack("{s:O, s:I, s:O}", "category_id",
				    category, "object_type_id",
				    json_integer_value(type), "object_key",
				    object)) != 0) {
				rv_answer_json(c->x, 200, NULL);
				return false;
			}
		}
	}
	return true;
}

/* Each membership by object; the scopes apart.  False: no memory. */
static bool
record_items(struct change *c)
{
	struct rv_arena *arena = c->x->arena;
	const size_t n = json_array_size(c->items);
	struct rv_audit_item *items = rv_arena_alloc(arena, n * sizeof(*items));
	json_t *item;
	size_t i;

	if (items == NULL)
		return false;
	json_array_foreach(c->items, i, item)
	{
		const char *key =
		    json_string_value(json_object_get(item, "object_key"));
		const char *category =
		    json_string_value(json_object_get(item, "category_id"));

		items[i].reason = "asked";
		items[i].action =
		    rv_slice_of(rv_arena_dup(arena, rv_slice_of(category)));
		items[i].object_type =
		    rv_slice_of(rv_arena_printf(arena, "%lld",
			(long long)json_integer_value(
			    json_object_get(item, "object_type_id"))));
		items[i].object_id =
		    rv_slice_of(rv_arena_dup(arena, rv_slice_of(key)));
	}
	c->x->record.items = items;
	c->x->record.n_items = n;
	return true;
}

static bool
read_items(struct change *c)
{
	json_t *root = rv_body_object(c->x);
	const json_t *objects, *types, *categories;
	bool ok = false;

	if (root == NULL)
		return false;
	c->items = json_array();
	if (c->items == NULL)
		rv_answer_json(c->x, 200, NULL);
	else if ((objects = array_of(c, root, "ObjectIDs")) != NULL &&
		 (types = array_of(c, root, "ObjectTypeIDs")) != NULL &&
		 (categories = array_of(c, root, "CategoryIDs")) != NULL)
		ok = combine(c, objects, types, categories);
	json_decref(root);
	if (ok && !record_items(c)) {
		rv_answer_json(c->x, 200, NULL);
		ok = false;
	}
	return ok;
}

/* ---- The early refusal ------------------------------------------------------ */

static bool
may_change(struct change *c, const struct rv_snapshot *s, const json_t *item)
{
	struct rv_exchange *x = c->x;
	struct rv_subject subject = rv_subject_of(x->identity);
	const json_t *key = json_object_get(item, "object_key");
	struct rv_question q = {
		.type = rv_slice_of(rv_arena_printf(x->arena, "%lld",
		    (long long)json_integer_value(
			json_object_get(item, "object_type_id")))),
		.operation = RV_SLICE_LIT("Set Security Scope"),
		.key = { json_string_value(key), json_string_length(key) },
	};
	struct rv_verdict verdict;

	rv_rbac_check(s, &subject, rv_exchange_instant(x), &q, &verdict);
	if (verdict.decision == RV_ALLOW)
		return true;
	rv_answer_denied(x, s, &q, &verdict);
	return false;
}

static bool
may_change_all(struct change *c)
{
	const struct rv_snapshot *s;
	json_t *item;
	size_t i;

	if (rv_exchange_snapshot(c->x, &s) != RV_OK)
		return false;
	json_array_foreach(c->items, i, item)
	{
		if (!may_change(c, s, item))
			return false;
	}
	return true;
}

/* ---- The write ---------------------------------------------------------------- */

static void
write_change(struct change *c)
{
	struct rv_exchange *x = c->x;
	char *items = json_dumps(c->items, JSON_COMPACT);
	const char *params[4] = {
		rv_exchange_actor_json(x),
		items,
		c->key,
		rv_exchange_request_json(x),
	};
	const struct rv_pg_step step = {
		.sql = c->sql,
		.n_params = 4,
		.params = params,
	};

	change_free(c);
	if (params[0] == NULL || items == NULL || params[3] == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	} else {
		rv_write_run(x, &step, 1, NULL, NULL);
	}
	free(items);
}

static void
change(struct rv_exchange *x, const char *sql, const char *action)
{
	struct change *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	c->x = x;
	c->sql = sql;
	x->record.action = rv_slice_of(action);
	/* With a key it may be a replay: only the store can tell. */
	if (read_items(c) && rv_write_key(x, &c->key) &&
	    (c->key != NULL || may_change_all(c)))
		write_change(c);
	else
		finish(c);
}

#define CALL(function)                                            \
	"SELECT revision, changed, replayed FROM reeve." function \
	"($1::jsonb, $2::jsonb, $3, $4::jsonb)"

void
rv_rest_add_memberships(struct rv_exchange *x)
{
	change(x, CALL("scope_membership_add"), "AddMemberships");
}

void
rv_rest_remove_memberships(struct rv_exchange *x)
{
	change(x, CALL("scope_membership_remove"), "RemoveMemberships");
}
