/*
 * The changes of a group: kept as their requests come to the point of
 * writing, then made in one revision, all or none.
 */
#include <openssl/evp.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/batch.h"

/* ---- All or none -------------------------------------------------------------- */

static bool
is_of_group(const struct rv_batch *b, size_t i)
{
	return i < b->next && b->parts[i].is_held;
}

/* The part goes on to its end: it counts among the open ones again. */
static struct rv_exchange *
let_go(struct rv_batch_part *part)
{
	struct rv_exchange *x = part->x;

	part->is_held = false;
	part->batch->open++;
	json_decref(part->held.changes);
	part->held.changes = NULL;
	return x;
}

static void
give_up_part(struct rv_batch_part *part)
{
	struct rv_exchange *x = let_go(part);

	rv_answer_error(x, 424, "failed_dependency",
	    "Another request of the same group was refused: nothing of the "
	    "group was done.");
	rv_exchange_finish(x);
}

static void
give_up(struct rv_batch *b)
{
	for (size_t i = b->group_at; i < b->next; i++)
		if (is_of_group(b, i))
			give_up_part(&b->parts[i]);
}

/* The changes of all parts, each with the condition of its request. */
static json_t *
changes_of(const struct rv_batch *b)
{
	json_t *all = json_array();
	bool ok = all != NULL;

	for (size_t i = b->group_at; ok && i < b->next; i++) {
		const struct rv_change_held *held = &b->parts[i].held;
		json_t *request, *tags, *one;
		size_t k;

		if (!is_of_group(b, i))
			continue;
		request = json_loads(held->request, 0, NULL);
		tags = json_object_get(request, "if_match");
		ok = request != NULL;
		json_array_foreach(held->changes, k, one)
		{
			ok = ok && (tags == NULL || json_object_set(one,
							"if_match", tags) == 0);
			ok = ok && json_array_append(all, one) == 0;
		}
		json_decref(request);
	}
	if (ok)
		return all;
	json_decref(all);
	return NULL;
}

/* In the arena; NULL when out of memory. */
static const char *
text_of(struct rv_batch *b, json_t *changes)
{
	char *text = changes != NULL ? json_dumps(changes, JSON_COMPACT) : NULL;
	const char *kept = NULL;

	if (text != NULL)
		kept = rv_arena_dup(b->x->arena, rv_slice_of(text));
	free(text);
	json_decref(changes);
	return kept;
}

/* A group has a key of its own, made of the batch's; NULL: no memory. */
static const char *
key_of(struct rv_batch *b)
{
	const char *of = rv_arena_printf(
	    b->x->arena, "%s group %.*s", b->key, RV_SLICE_FMT(b->group));
	char *hex = rv_arena_alloc(b->x->arena, 65);
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (of == NULL || hex == NULL ||
	    EVP_Digest(of, rv_slice_of(of).n, hash, &n, EVP_sha256(), NULL) !=
		1 ||
	    n != 32)
		return NULL;
	return rv_hex(hex, hash, n);
}

/* ---- Answers ------------------------------------------------------------------- */

/* What the changes of one part gave, from the place *at on. */
static bool
results_of(const struct rv_batch_part *part, const struct rv_written *all,
    size_t *at, struct rv_written *ret)
{
	const size_t n = json_array_size(part->held.changes);
	bool ok;

	*ret = *all;
	ret->result = json_array();
	ret->next = NULL;
	ok = ret->result != NULL;
	for (size_t i = 0; ok && i < n; i++)
		ok = json_array_append(ret->result,
			 json_array_get(all->result, (*at)++)) == 0;
	return ok;
}

static void
answer_part(
    struct rv_batch_part *part, const struct rv_written *all, size_t *at)
{
	struct rv_exchange *x = part->x;
	struct rv_written own;

	if (results_of(part, all, at, &own))
		part->held.answer(x, &own, part->held.arg);
	else
		rv_answer_json(x, 200, NULL);
	json_decref(own.result);
}

/* As store_write.c has it for the leader. */
static void
record_part(struct rv_exchange *x, const struct rv_exchange *leader)
{
	x->committed = leader->committed;
	x->revision = leader->revision;
	x->record.outcome = leader->record.outcome;
	x->record.reason = leader->record.reason;
	x->record.count = leader->record.count;
}

static void
answer_group(struct rv_exchange *x, const struct rv_written *w, void *arg)
{
	struct rv_batch *b = arg;
	size_t at = 0;

	for (size_t i = b->group_at; i < b->next; i++) {
		struct rv_batch_part *part = &b->parts[i];

		if (part->leads)
			answer_part(part, w, &at);
		if (!is_of_group(b, i))
			continue;
		record_part(part->x, x);
		answer_part(part, w, &at);
		rv_exchange_finish(let_go(part));
	}
}

/* As the leader was answered, who made the changes of all. */
static void
refuse_part(struct rv_batch_part *part, const struct rv_exchange *leader,
    const struct rv_answer *answer)
{
	struct rv_exchange *x = let_go(part);
	const char *body = rv_arena_dup(x->arena, answer->body);
	const char *reason = rv_arena_dup(x->arena, leader->record.reason);

	x->record.outcome = leader->record.outcome;
	x->record.reason = rv_slice_of(reason);
	x->unclear = leader->unclear;
	if (body == NULL || reason == NULL) {
		rv_answer_json(x, 200, NULL);
	} else {
		x->answer.status = answer->status;
		x->answer.content_type = "application/json";
		x->answer.body = (struct rv_slice){ body, answer->body.n };
		x->answered = true;
	}
	rv_exchange_finish(x);
}

struct rv_batch_part *
rv_batch_refused(const struct rv_batch_part *leader)
{
	struct rv_batch *b = leader->batch;
	const uint64_t change =
	    leader->x != NULL ? leader->x->refused_change : 0;
	uint64_t n = 0;

	for (size_t i = b->group_at; change > 0 && i < b->next; i++) {
		struct rv_batch_part *part = &b->parts[i];

		if (part != leader && !is_of_group(b, i))
			continue;
		n += json_array_size(part->held.changes);
		if (change <= n)
			return part;
	}
	return NULL;
}

void
rv_batch_group_led(struct rv_batch_part *leader, const struct rv_answer *answer)
{
	struct rv_batch *b = leader->batch;
	const struct rv_batch_part *refused = rv_batch_refused(leader);

	for (; b->reserved > 0; b->reserved--)
		rv_audit_unreserve(b->x->lane->provider->audit);
	for (size_t i = b->group_at; i < b->next; i++) {
		struct rv_batch_part *part = &b->parts[i];

		if (!is_of_group(b, i))
			continue;
		if (refused == NULL || refused == part)
			refuse_part(part, leader->x, answer);
		else
			give_up_part(part);
	}
	json_decref(leader->held.changes);
	leader->held.changes = NULL;
}

/* ---- The change ------------------------------------------------------------------ */

static size_t
count(const struct rv_batch *b, struct rv_batch_part **ret_leader)
{
	size_t n = 0;

	*ret_leader = NULL;
	for (size_t i = b->group_at; i < b->next; i++) {
		if (!is_of_group(b, i))
			continue;
		if (n++ == 0)
			*ret_leader = &b->parts[i];
	}
	return n;
}

/* Room for the record of each part but the leader's, which has its own. */
static bool
reserve(struct rv_batch *b, size_t n)
{
	while (b->reserved < n) {
		if (!rv_audit_reserve(b->x->lane->provider->audit))
			return false;
		b->reserved++;
	}
	return true;
}

static void
run(struct rv_batch *b, struct rv_batch_part *leader, size_t n)
{
	struct rv_exchange *x = leader->x;
	const char *params[4] = { rv_exchange_actor_json(x),
		text_of(b, changes_of(b)), b->key != NULL ? key_of(b) : NULL,
		rv_exchange_request_json(b->x) };
	const struct rv_pg_step step = {
		.sql = "SELECT revision, changed, replayed, result FROM "
		       "reeve.change_site($1::jsonb, $2::jsonb, $3, $4::jsonb)",
		.n_params = 4,
		.params = params,
	};
	const bool ok = params[0] != NULL && params[1] != NULL &&
			params[3] != NULL &&
			(b->key == NULL || params[2] != NULL);

	leader->is_held = false;
	leader->leads = true;
	b->open++;
	x->group_part = NULL;
	if (!ok) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	} else if (!reserve(b, n - 1)) {
		rv_answer_unavailable(x, "audit_unavailable",
		    "The audit log has no room for the records of these "
		    "changes; nothing was written.");
		rv_exchange_finish(x);
	} else {
		rv_write_run(x, &step, 1, answer_group, b);
	}
}

void
rv_batch_group_end(struct rv_batch *b)
{
	struct rv_batch_part *leader;
	const size_t n = count(b, &leader);

	if (b->group_failed)
		give_up(b);
	else if (n > 0)
		run(b, leader, n);
}
