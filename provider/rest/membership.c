/*
 * SMS_SecuredCategoryMembership.AddMemberships and .RemoveMemberships: the
 * scopes of objects.  The snapshot may refuse early; the store decides
 * again inside the transaction that writes (docs/rule.md sections 5, 7).
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "pipeline/waiter.h"
#include "provider.h"
#include "rest/body.h"
#include "rest/rest.h"
#include "store/pg.h"

#define ITEMS_MAX   1000u
#define KEY_MAX	    255u
#define CATCH_UP_MS 1000

struct change {
	struct rv_exchange *x;
	const char *sql;
	json_t *items;		 /* the triples, as the store takes them */
	struct rv_slice key;	 /* idempotency key, or absent */
	struct rv_waiter waiter; /* for the revision that was written */
	uint64_t changed;
	bool replayed;
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

static bool
read_key(struct change *c)
{
	bool twice;

	c->key = rv_request_field(&c->x->request, "idempotency-key", &twice);
	if (!twice &&
	    (c->key.p == NULL || (c->key.n > 0 && c->key.n <= KEY_MAX &&
				     rv_slice_is_text(c->key))))
		return true;
	rv_answer_error(c->x, 400, "bad_idempotency_key",
	    "The field Idempotency-Key must be sent once, with 1 to 255 "
	    "bytes.");
	return false;
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
answer_written(struct change *c, bool reached)
{
	struct rv_exchange *x = c->x;

	x->revision = c->waiter.revision;
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason =
	    c->replayed ? RV_SLICE_LIT("replayed") : RV_SLICE_LIT("allowed");
	x->record.count = (int64_t)c->changed;
	rv_answer_json(x, 200,
	    json_pack("{s:i, s:I, s:I, s:b, s:b}", "ReturnValue", 0,
		"@reeve.revision", (json_int_t)c->waiter.revision,
		"@reeve.changed", (json_int_t)c->changed, "@reeve.in_force",
		reached, "@reeve.replayed", c->replayed));
	finish(c);
}

static void
on_caught_up(void *arg, bool reached)
{
	answer_written(arg, reached);
}

/* The store's own words: SQLSTATE RVnnn, a sentence, and JSON detail. */
static void
answer_refused(struct change *c, const struct rv_pg_answer *reply)
{
	struct rv_slice state = rv_slice_of(reply->sqlstate);
	struct rv_problem p = { .code = "refused" };
	json_t *detail = NULL;
	const char *reason;
	uint64_t status;

	if (!rv_slice_has_prefix(state, RV_SLICE_LIT("RV")) || state.n != 5 ||
	    rv_slice_to_u64(
		(struct rv_slice){ state.p + 2, 3 }, 599, &status) != RV_OK ||
	    status < 400) {
		rv_answer_unavailable(c->x, "store_refused",
		    "The site's store refused the change; nothing was "
		    "written. Try again.");
		return;
	}
	if (reply->detail != NULL)
		detail =
		    json_loads(reply->detail, JSON_REJECT_DUPLICATES, NULL);
	reason = json_string_value(json_object_get(detail, "reason"));
	if (reason != NULL)
		p.code = rv_arena_dup(c->x->arena, rv_slice_of(reason));
	if (p.code == NULL)
		p.code = "refused";
	p.status = (int)status;
	p.detail = rv_arena_dup(c->x->arena, rv_slice_of(reply->message));
	if (p.detail == NULL)
		p.detail = "The change was refused.";
	p.missing = json_incref(json_object_get(detail, "missing"));
	p.objects = json_incref(json_object_get(detail, "objects"));
	if (status == 403 || status == 404)
		c->x->record.outcome = RV_SLICE_LIT("deny");
	if (status == 503)
		rv_answer_field(c->x, "Retry-After", "1");
	rv_answer_problem(c->x, &p);
	json_decref(detail);
}

static bool
read_result(struct change *c, const PGresult *row)
{
	if (PQntuples(row) != 1 || PQnfields(row) != 3 ||
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(row, 0, 0)), INT64_MAX,
		&c->waiter.revision) != RV_OK ||
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(row, 0, 1)), INT32_MAX,
		&c->changed) != RV_OK)
		return false;
	c->replayed = strcmp(PQgetvalue(row, 0, 2), "t") == 0;
	return true;
}

static void
on_written(void *arg, const struct rv_pg_answer *reply)
{
	struct change *c = arg;

	rv_audit_unreserve(c->x->lane->provider->audit);
	switch (reply->outcome) {
	case RV_PG_DONE:
		c->x->committed = true;
		if (!read_result(c, reply->results[0]))
			break;
		c->waiter.fn = on_caught_up;
		c->waiter.arg = c;
		rv_waiter_start(c->x->lane, &c->waiter, CATCH_UP_MS);
		return;
	case RV_PG_REFUSED:
		answer_refused(c, reply);
		finish(c);
		return;
	case RV_PG_UNAVAILABLE:
		rv_answer_unavailable(c->x, "store_unavailable",
		    "The site's store cannot be reached; nothing was "
		    "written. Try again.");
		finish(c);
		return;
	case RV_PG_UNKNOWN:
		c->x->unclear = true;
		break;
	}
	rv_answer_unavailable(c->x, "outcome_unknown",
	    "The connection to the site's store broke before it confirmed: "
	    "the change may have been written. Send the same request with "
	    "the same Idempotency-Key to learn the outcome.");
	finish(c);
}

static void
write_change(struct change *c)
{
	struct rv_exchange *x = c->x;
	char *items = json_dumps(c->items, JSON_COMPACT);
	const char *params[4] = {
		rv_exchange_actor_json(x),
		items,
		c->key.p != NULL ? rv_arena_dup(x->arena, c->key) : NULL,
		rv_exchange_request_json(x),
	};
	const struct rv_pg_step step = {
		.sql = c->sql,
		.n_params = 4,
		.params = params,
	};

	if (params[0] == NULL || items == NULL || params[3] == NULL ||
	    (c->key.p != NULL && params[2] == NULL)) {
		rv_answer_json(x, 200, NULL);
		finish(c);
	} else if (!rv_audit_reserve(x->lane->provider->audit)) {
		rv_answer_unavailable(x, "audit_unavailable",
		    "The audit log has no room for a record of this change; "
		    "nothing was written. The site's operator has to make "
		    "room.");
		finish(c);
	} else {
		rv_pg_run(x->lane->pg, &step, 1, true, on_written, c);
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
	if (read_items(c) && read_key(c) &&
	    (c->key.p != NULL || may_change_all(c)))
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
