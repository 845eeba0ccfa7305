/*
 * SMS_RbacSecuredObject.GetUserList: who may do what on an object.  It needs
 * Simulate, as every question about others, and Read of the object.
 */
#include <string.h>

#include "pipeline/lane.h"
#include "reeve/rbac_ask.h"
#include "rest/methods_object.h"
#include "rest/rest.h"
#include "store/pg.h"

#define USERS_MAX 1000u /* of one answer */
#define BITS	  64u
#define LOW_BITS  UINT64_C(0xffffffff)

struct user {
	uint32_t admin_id;
	uint64_t may;
	const char *name;
};

struct list {
	struct rv_exchange *x;
	struct user *users; /* room for USERS_MAX */
	size_t n;
	bool more;
};

static void
fail_memory(struct rv_exchange *x)
{
	rv_answer_json(x, 200, NULL);
	rv_exchange_finish(x);
}

static struct user *
find(struct list *l, uint32_t admin_id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->users[i].admin_id == admin_id)
			return &l->users[i];
	return NULL;
}

static void
note(struct list *l, uint32_t admin_id, unsigned bit)
{
	struct user *u = find(l, admin_id);

	if (u == NULL && l->n == USERS_MAX) {
		l->more = true;
		return;
	}
	if (u == NULL) {
		u = &l->users[l->n++];
		*u = (struct user){ .admin_id = admin_id };
	}
	u->may |= UINT64_C(1) << bit;
}

/* Who may do one operation. */
static int
gather(struct list *l, const struct rv_snapshot *s, const struct rv_question *q,
    unsigned bit)
{
	struct rv_holders holders;
	uint32_t ids[256];
	uint64_t from = 0;
	size_t n;
	int r =
	    rv_rbac_who(s, rv_exchange_instant(l->x), q, l->x->arena, &holders);

	if (r != RV_OK || holders.reason != RV_REASON_ALLOWED)
		return r;
	while ((n = rv_holders_ids(&holders, &from, ids, 256)) > 0)
		for (size_t i = 0; i < n; i++)
			note(l, ids[i], bit);
	return RV_OK;
}

static int
gather_all(struct list *l, const struct rv_snapshot *s,
    const struct rv_question *object, uint32_t object_type_id)
{
	int r = RV_OK;

	for (unsigned bit = 0; r == RV_OK && bit < BITS; bit++) {
		struct rv_question q = *object;

		q.operation =
		    rv_snapshot_operation_name(s, object_type_id, (uint8_t)bit);
		if (q.operation.n > 0)
			r = gather(l, s, &q, bit);
	}
	return r;
}

/* ---- Names, and the answer ---------------------------------------------------------- */

static const char *
ids_literal(const struct list *l)
{
	struct rv_buf b = { 0 };
	const char *text = NULL;

	rv_buf_putc(&b, '{');
	for (size_t i = 0; i < l->n; i++)
		rv_buf_printf(
		    &b, "%s%u", i > 0 ? "," : "", l->users[i].admin_id);
	rv_buf_putc(&b, '}');
	if (!b.failed)
		text = rv_arena_dup(l->x->arena, rv_buf_slice(&b));
	rv_buf_fini(&b);
	return text;
}

static json_t *
answer_body(const struct list *l)
{
	json_t *names = json_array(), *masks = json_array();
	int failed = names == NULL || masks == NULL;

	/* One that is gone since has no name: it may nothing any more. */
	for (size_t i = 0; failed == 0 && i < l->n; i++)
		if (l->users[i].name != NULL)
			failed = json_array_append_new(
				     names, json_string(l->users[i].name)) |
				 json_array_append_new(masks,
				     json_integer((json_int_t)(l->users[i].may &
							       LOW_BITS)));
	if (failed == 0)
		return json_pack("{s:i, s:o, s:o, s:b}", "ReturnValue", 0,
		    "UserNames", names, "PermittedOperations", masks,
		    "@reeve.more", (int)l->more);
	json_decref(names);
	json_decref(masks);
	return NULL;
}

static void
on_names(void *arg, const struct rv_pg_answer *reply)
{
	struct list *l = arg;
	struct rv_exchange *x = l->x;
	const PGresult *rows;
	uint64_t id;

	if (reply->outcome != RV_PG_DONE) {
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
		rv_exchange_finish(x);
		return;
	}
	rows = reply->results[0];
	for (int i = 0; i < PQntuples(rows); i++) {
		struct user *u = NULL;

		if (rv_slice_to_u64(rv_slice_of(PQgetvalue(rows, i, 0)),
			UINT32_MAX, &id) == RV_OK)
			u = find(l, (uint32_t)id);
		if (u == NULL)
			continue;
		u->name =
		    rv_arena_dup(x->arena, rv_slice_of(PQgetvalue(rows, i, 1)));
		if (u->name == NULL) {
			fail_memory(x);
			return;
		}
	}
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	x->record.count = PQntuples(rows);
	rv_answer_json(x, 200, answer_body(l));
	rv_exchange_finish(x);
}

static void
read_names(struct list *l)
{
	static const char sql[] =
	    "SELECT adminid, logonname FROM reeve.list_sms_admin"
	    " WHERE adminid = ANY ($1::bigint[])";
	const char *ids = ids_literal(l);

	if (ids == NULL) {
		fail_memory(l->x);
		return;
	}
	rv_pg_run(l->x->lane->pg,
	    &(struct rv_pg_step){ .sql = sql, .n_params = 1, .params = &ids },
	    1, false, on_names, l);
}

/* ---- The question -------------------------------------------------------------------- */

/* Whether the caller may do it.  False: answered. */
static bool
may(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_question *q, struct rv_verdict *verdict)
{
	const struct rv_subject me = rv_subject_of(x->identity);

	rv_rbac_check(s, &me, rv_exchange_instant(x), q, verdict);
	if (verdict->decision == RV_ALLOW)
		return true;
	rv_answer_denied(x, s, q, verdict);
	return false;
}

static bool
may_simulate(struct rv_exchange *x)
{
	const struct rv_question q = {
		.type = RV_SLICE_LIT("SMS_Admin"),
		.operation = RV_SLICE_LIT("Simulate"),
	};
	const struct rv_snapshot *s;
	struct rv_verdict verdict;

	return rv_exchange_snapshot(x, &s) == RV_OK && may(x, s, &q, &verdict);
}

static void
list_users(struct rv_exchange *x, const struct rv_question *object, void *arg)
{
	struct list *l = arg;
	struct rv_question read = *object;
	const struct rv_snapshot *s;
	struct rv_verdict verdict;

	read.operation = RV_SLICE_LIT("Read");
	if (rv_exchange_snapshot(x, &s) != RV_OK ||
	    !may(x, s, &read, &verdict)) {
		rv_exchange_finish(x);
		return;
	}
	l->x = x;
	l->users = rv_arena_alloc(x->arena, USERS_MAX * sizeof(*l->users));
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	if (l->users == NULL ||
	    gather_all(l, s, object, verdict.object_type_id) != RV_OK)
		fail_memory(x);
	else
		read_names(l);
}

void
rv_rest_user_list(struct rv_exchange *x)
{
	static const char *const members[] = { "ObjectPath", NULL };
	struct list *l = rv_arena_alloc(x->arena, sizeof(*l));
	json_t *body = rv_method_body(x, members);

	x->record.action = RV_SLICE_LIT("GetUserList");
	if (body != NULL && l != NULL && may_simulate(x)) {
		*l = (struct list){ .x = x };
		rv_method_object(x, body, list_users, l);
	} else {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	}
	json_decref(body);
}
