#include "rest/folders.h"

#include <jansson.h>

#include "rest/body.h"
#include "rest/write_args.h"

#define KEYS_MAX 200u

/* ---- The arguments ------------------------------------------------------------- */

/* False: answered. */
static bool
has_all(struct rv_exchange *x, const json_t *args,
    const struct rv_write_member *members)
{
	for (; members->name != NULL; members++)
		if (json_object_get(args, members->arg) == NULL) {
			rv_body_bad(x, members->name, "is missing");
			return false;
		}
	return true;
}

/* False: answered. */
static bool
are_keys(struct rv_exchange *x, const json_t *keys)
{
	const json_t *key;
	size_t i;

	if (json_array_size(keys) == 0 || json_array_size(keys) > KEYS_MAX) {
		rv_body_bad(x, "InstanceKeys", "must have 1 to 200 elements");
		return false;
	}
	json_array_foreach(keys, i, key)
	{
		const struct rv_slice s = { json_string_value(key),
			json_string_length(key) };

		if (json_is_string(key) && s.n > 0 &&
		    s.n <= RV_BODY_STRING_MAX && rv_slice_is_text(s))
			continue;
		rv_body_bad(
		    x, "InstanceKeys", "must hold strings of 1 to 1024 bytes");
		return false;
	}
	return true;
}

/* NULL: answered. */
static json_t *
read_args(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "InstanceKeys", "keys", JSON_ARRAY },
		{ "ContainerNodeID", "from", JSON_INTEGER },
		{ "TargetContainerNodeID", "to", JSON_INTEGER },
		{ "ObjectType", "object_type", JSON_INTEGER },
		{ NULL, NULL, JSON_NULL },
	};
	json_t *args = rv_write_args(x, members);

	if (args != NULL && (!has_all(x, args, members) ||
				!are_keys(x, json_object_get(args, "keys")))) {
		json_decref(args);
		args = NULL;
	}
	return args;
}

/* ---- The early refusal ---------------------------------------------------------- */

/* What the store alone knows, such as numbers of folders, it says. */
static bool
is_for_the_store(const struct rv_verdict *v)
{
	return v->decision == RV_ALLOW || v->reason == RV_REASON_UNKNOWN_TYPE ||
	       v->reason == RV_REASON_UNKNOWN_OPERATION ||
	       v->reason == RV_REASON_OP_NOT_APPLICABLE;
}

/* Move Object on each; false: answered. */
static bool
may_move(struct rv_exchange *x, struct rv_slice type, const json_t *keys)
{
	const struct rv_subject caller = rv_subject_of(x->identity);
	const struct rv_snapshot *s;
	const json_t *key;
	size_t i;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	json_array_foreach(keys, i, key)
	{
		const struct rv_question q = {
			.type = type,
			.operation = RV_SLICE_LIT("Move Object"),
			.key = x->record.items[i].object_id,
		};
		struct rv_verdict verdict;

		rv_rbac_check(s, &caller, rv_exchange_instant(x), &q, &verdict);
		if (!is_for_the_store(&verdict)) {
			rv_answer_denied(x, s, &q, &verdict);
			return false;
		}
	}
	return true;
}

/* Each object that is asked for; false: answered. */
static bool
record_items(struct rv_exchange *x, struct rv_slice type, const json_t *keys)
{
	const size_t n = json_array_size(keys);
	struct rv_audit_item *items =
	    rv_arena_alloc(x->arena, n * sizeof(*items));

	for (size_t i = 0; items != NULL && i < n; i++) {
		const json_t *key = json_array_get(keys, i);
		const struct rv_slice s = { json_string_value(key),
			json_string_length(key) };
		const char *kept = rv_arena_dup(x->arena, s);

		if (kept == NULL)
			items = NULL;
		else
			items[i] = (struct rv_audit_item){ .reason = "asked",
				.action = RV_SLICE_LIT("Move Object"),
				.object_type = type,
				.object_id = { kept, s.n } };
	}
	if (items == NULL) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	x->record.items = items;
	x->record.n_items = n;
	return true;
}

/* False: answered. */
static bool
record_and_decide(struct rv_exchange *x, const json_t *args)
{
	const json_t *keys = json_object_get(args, "keys");
	const struct rv_slice type =
	    rv_slice_of(rv_arena_printf(x->arena, "%lld",
		(long long)json_integer_value(
		    json_object_get(args, "object_type"))));
	bool twice;

	if (!record_items(x, type, keys))
		return false;
	/* With a key it may be a replay: only the store can tell. */
	return rv_request_field(&x->request, "idempotency-key", &twice).p !=
		   NULL ||
	       may_move(x, type, keys);
}

void
rv_rest_folder_move(struct rv_exchange *x)
{
	json_t *args;

	x->record.action = RV_SLICE_LIT("MoveMembers");
	x->record.object_type = RV_SLICE_LIT("SMS_ObjectContainerItem");
	args = read_args(x);
	if (args != NULL && !record_and_decide(x, args)) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, "folder_move", args, NULL, NULL);
}
