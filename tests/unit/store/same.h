/*
 * Whether two snapshots answer alike: everything that is in the store, asked
 * of both by everybody who is in the store, and by somebody who is not.
 */
#ifndef TESTS_UNIT_STORE_SAME_H
#define TESTS_UNIT_STORE_SAME_H

#include "unit/store/cluster.h"

#include "reeve/rbac.h"
#include "reeve/rbac_ask.h"
#include "reeve/rbac_build.h"

/* The principals, one a row. */
static const char same_people[] =
    "select principal_id from reeve.feed_admin"
    " union all values ('krb5:nobody@LAB.TEST'), ('krb5:zed@LAB.TEST')";

/* type, operation, key; with some that are not there, or not any more. */
static const char same_questions[] =
    "select o.object_type_id::text, p.name, o.object_key"
    "  from reeve.feed_object o join reeve.feed_operation p"
    "  using (object_type_id)"
    " union all select p.object_type_id::text, p.name, null"
    "  from reeve.feed_operation p"
    " union all select '1', p.name, c.collection_id"
    "  from reeve.feed_operation p, reeve.feed_collection c"
    "  where p.object_type_id = 1"
    " union all select c.class_name, c.operation, r.resource_id::text"
    "  from reeve.feed_class_operation c, reeve.feed_resource r"
    "  where c.class_name in ('SMS_R_System', 'SMS_R_User')"
    "  and (r.resource_id % 25 = 0 or r.resource_id < 1000)"
    " union all values ('31', 'Read', 'test/none'), ('31', 'Read', 'test/1'),"
    "  ('31', 'Read', 'test/2'), ('27', 'Read', 'TST00001'),"
    "  ('28', 'Read', '4000000'), ('29', 'Read', 'TST00001'),"
    "  ('1', 'Read', 'TST00001'), ('1', 'Read', 'TST00002'),"
    "  ('SMS_R_System', 'Read', '7'), ('SMS_R_System', 'Read', '8'),"
    "  ('Contraption', 'Read', null), ('Contraption', 'Turn', 'c1')";

static inline PGresult *
same_rows(const struct cluster *c, const char *sql)
{
	PGresult *result = PQexec(c->admin, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		print_error("%s", PQerrorMessage(c->admin));
	assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
	return result;
}

static inline struct rv_slice
same_text(const PGresult *rows, int i, int column)
{
	if (PQgetisnull(rows, i, column))
		return RV_SLICE_NONE;
	return rv_slice_of(PQgetvalue(rows, i, column));
}

static inline bool
same_verdict(const struct rv_verdict *a, const struct rv_verdict *b)
{
	return a->decision == b->decision && a->reason == b->reason &&
	       a->revision == b->revision &&
	       a->valid_until_ms == b->valid_until_ms &&
	       a->object_type_id == b->object_type_id && a->bit == b->bit &&
	       a->own_type == b->own_type && a->missing == b->missing &&
	       a->level_needed == b->level_needed &&
	       a->n_assignments == b->n_assignments &&
	       a->assignments_cut == b->assignments_cut &&
	       memcmp(a->assignments, b->assignments,
		   a->n_assignments * sizeof(*a->assignments)) == 0;
}

/* Decisions of one subject; returns how many there are that allow. */
static inline size_t
same_decisions(const struct rv_snapshot *a, const struct rv_snapshot *b,
    struct rv_slice id, const PGresult *questions, int64_t at_ms)
{
	struct rv_subject u = {
		.ids = &id, .n_ids = 1, .n_own = 1, .groups_known = true
	};
	size_t allowed = 0;

	for (int i = 0; i < PQntuples(questions); i++) {
		const struct rv_question q = {
			.type = same_text(questions, i, 0),
			.operation = same_text(questions, i, 1),
			.key = same_text(questions, i, 2),
		};
		struct rv_verdict x, y;

		u.level = i % 3 == 0 ? RV_LEVEL_WINDOWS : RV_LEVEL_HELLO;
		rv_rbac_check(a, &u, at_ms, &q, &x);
		rv_rbac_check(b, &u, at_ms, &q, &y);
		if (!same_verdict(&x, &y))
			print_error("%.*s %.*s on %.*s %.*s: %s, %s\n",
			    RV_SLICE_FMT(id), RV_SLICE_FMT(q.operation),
			    RV_SLICE_FMT(q.type), RV_SLICE_FMT(q.key),
			    rv_reason_name(x.reason), rv_reason_name(y.reason));
		assert_true(same_verdict(&x, &y));
		allowed += x.decision == RV_ALLOW;
	}
	return allowed;
}

/* How many instances of a type the subject may read. */
static inline void
same_lists(const struct rv_snapshot *a, const struct rv_snapshot *b,
    struct rv_slice id, int64_t at_ms)
{
	static const char *const types[] = { "1", "2", "27", "28", "29", "31",
		"SMS_R_System", "SMS_R_User", "Contraption" };
	const struct rv_snapshot *const s[] = { a, b };
	const struct rv_subject u = {
		.ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO,
	};

	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		struct rv_object_set set[2];

		for (size_t i = 0; i < 2; i++) {
			struct rv_arena *arena = rv_arena_new(1 << 20);
			const struct rv_subject_resolved *subject;

			assert_non_null(arena);
			assert_int_equal(
			    rv_rbac_resolve(s[i], &u, arena, &subject), RV_OK);
			assert_int_equal(
			    rv_rbac_objects(subject, at_ms,
				rv_slice_of(types[t]), RV_SLICE_LIT("Read"),
				true, arena, &set[i]),
			    RV_OK);
			rv_arena_free(&arena);
		}
		assert_int_equal(set[0].reason, set[1].reason);
		assert_int_equal(set[0].n, set[1].n);
		assert_int_equal(set[0].universe, set[1].universe);
	}
}

static inline void
same_counts(const struct rv_snapshot *a, const struct rv_snapshot *b)
{
	struct rv_snapshot_counts x, y;

	rv_snapshot_count(a, &x);
	rv_snapshot_count(b, &y);
	assert_int_equal(x.types, y.types);
	assert_int_equal(x.operations, y.operations);
	assert_int_equal(x.roles, y.roles);
	assert_int_equal(x.scopes, y.scopes);
	assert_int_equal(x.collections, y.collections);
	assert_int_equal(x.admins, y.admins);
	assert_int_equal(x.principals, y.principals);
	assert_int_equal(x.exclusions, y.exclusions);
	assert_int_equal(x.assignments, y.assignments);
	assert_int_equal(x.objects, y.objects);
	assert_int_equal(x.resources, y.resources);
	assert_int_equal(x.memberships, y.memberships);
}

/* Of the same revision, and sound. */
static inline void
same_snapshots(const struct cluster *c, const struct rv_snapshot *a,
    const struct rv_snapshot *b)
{
	PGresult *people = same_rows(c, same_people);
	PGresult *questions = same_rows(c, same_questions);
	struct rv_level_pending one, other;
	struct rv_error why = { "" };
	size_t allowed = 0;

	if (rv_snapshot_validate(a, &why) != RV_OK)
		print_error("%s\n", why.text);
	assert_string_equal(why.text, "");
	assert_int_equal(rv_snapshot_validate(b, &why), RV_OK);
	assert_int_equal(rv_snapshot_revision(a), rv_snapshot_revision(b));
	assert_int_equal(rv_snapshot_site_level(a), rv_snapshot_site_level(b));
	assert_int_equal(rv_snapshot_pairing(a), rv_snapshot_pairing(b));
	assert_int_equal(
	    rv_snapshot_max_auth_age_s(a), rv_snapshot_max_auth_age_s(b));
	(void)rv_snapshot_level_pending(a, &one);
	(void)rv_snapshot_level_pending(b, &other);
	assert_memory_equal(&one, &other, sizeof(one));
	same_counts(a, b);
	for (int i = 0; i < PQntuples(people); i++) {
		struct rv_slice id = same_text(people, i, 0);

		/* 2026; the sample has a right of 2024, and one to 2099 */
		allowed += same_decisions(a, b, id, questions, 1767225600000);
		same_lists(a, b, id, 1767225600000);
		assert_true(rv_slice_eq(rv_snapshot_account_id(a, id),
		    rv_snapshot_account_id(b, id)));
	}
	assert_true(allowed > 100);
	PQclear(people);
	PQclear(questions);
}

#endif
