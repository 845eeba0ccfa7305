/*
 * What is not known, or does not fit, is not followed: then only a full
 * load is right.
 */
#include "unit/store/line.h"

#define SCOPE(id) "{\"scope_id\":\"" id "\",\"name\":\"n\"}"
#define SETTINGS(level, pairing)                                     \
	"{\"minimum_level\":" level ",\"deploy_pairing\":\"" pairing \
	"\",\"revert_level\":null,\"revert_at_ms\":null,"            \
	"\"max_auth_age_s\":null}"
#define REVERTING(level, at)                                      \
	"{\"minimum_level\":1,\"deploy_pairing\":\"assignment\"," \
	"\"revert_level\":" level ",\"revert_at_ms\":" at         \
	",\"max_auth_age_s\":null}"
#define PRINCIPAL(id, admin) \
	"{\"principal_id\":\"" id "\",\"admin_id\":" admin "}"
#define COLLECTION(id, kind)                             \
	"{\"collection_id\":\"" id "\",\"kind\":\"" kind \
	"\",\"limiting_id\":\"SMS00001\",\"name\":\"n\"}"
#define MINIMUM(type, bit)                                          \
	"{\"object_type_id\":" type ",\"bit\":" bit ",\"level\":1," \
	"\"name\":\"Read\",\"is_type_wide\":false,\"is_security\":false}"

/* One or two changes; the second, of the same row, follows the first. */
struct doubtful {
	const char *what;
	const char *entity, *before, *after;
	const char *again_before, *again_after;
	int revision;	  /* beyond that which should come */
	unsigned ordinal; /* 0: 1 */
	const char *why;  /* part of the reason */
};

static const struct doubtful doubts[] = {
	{ .what = "an entity",
	    .entity = "novelty",
	    .after = "{}",
	    .why = "novelty" },
	{ .what = "a column",
	    .entity = "security_scope",
	    .after = "{\"scope_id\":\"DBT00001\",\"name\":\"n\",\"x\":1}",
	    .why = "\"x\"" },
	{ .what = "no column",
	    .entity = "security_scope",
	    .after = "{\"name\":\"n\"}",
	    .why = "missing" },
	{ .what = "a column twice",
	    .entity = "security_scope",
	    .after = "{\"scope_id\":\"DBT00001\",\"scope_id\":\"DBT00002\","
		     "\"name\":\"n\"}",
	    .why = "JSON" },
	{ .what = "a null",
	    .entity = "security_scope",
	    .after = "{\"scope_id\":null,\"name\":\"n\"}",
	    .why = "scope_id" },
	{ .what = "a number for a text",
	    .entity = "security_scope",
	    .after = "{\"scope_id\":1,\"name\":\"n\"}",
	    .why = "scope_id" },
	{ .what = "a text for a number",
	    .entity = "operation_minimum",
	    .after = MINIMUM("\"31\"", "0"),
	    .why = "object_type_id" },
	{ .what = "a number out of range",
	    .entity = "operation_minimum",
	    .after = MINIMUM("31", "64"),
	    .why = "bit" },
	{ .what = "a fraction",
	    .entity = "operation_minimum",
	    .after = MINIMUM("31", "1.0"),
	    .why = "bit" },
	{ .what = "a word",
	    .entity = "collection",
	    .after = COLLECTION("DBT00001", "thing"),
	    .why = "thing" },
	{ .what = "another kind",
	    .entity = "collection",
	    .before = COLLECTION("RVE00014", "device"),
	    .after = COLLECTION("RVE00014", "user"),
	    .why = "" },
	{ .what = "no object",
	    .entity = "security_scope",
	    .after = "[]",
	    .why = "object" },
	{ .what = "no JSON",
	    .entity = "security_scope",
	    .after = "{",
	    .why = "JSON" },
	{ .what = "what is not there",
	    .entity = "security_scope",
	    .before = SCOPE("DBT00001"),
	    .why = "" },
	{ .what = "what is there already",
	    .entity = "security_scope",
	    .after = SCOPE("RVE00010"),
	    .why = "RVE00010" },
	{ .what = "a scope that is still named",
	    .entity = "security_scope",
	    .before = SCOPE("RVE00010"),
	    .why = "" },
	{ .what = "a type that changes",
	    .entity = "object_type",
	    .before = "{\"object_type_id\":31,\"sdk_name\":\"Application\","
		      "\"class_name\":null,\"secured_by\":\"scope\"}",
	    .after = "{\"object_type_id\":31,\"sdk_name\":\"Application\","
		     "\"class_name\":null,\"secured_by\":\"role\"}",
	    .why = "full load" },
	{ .what = "the settings come",
	    .entity = "site_setting",
	    .after = SETTINGS("1", "assignment"),
	    .why = "settings" },
	{ .what = "settings that the site has not",
	    .entity = "site_setting",
	    .before = SETTINGS("1", "assignment"),
	    .after = SETTINGS("3", "assignment"),
	    .why = "settings" },
	{ .what = "a pairing",
	    .entity = "site_setting",
	    .before = SETTINGS("1", "assignment"),
	    .after = SETTINGS("1", "any"),
	    .why = "deploy_pairing" },
	{ .what = "a level to revert to that is none",
	    .entity = "site_setting",
	    .before = SETTINGS("1", "assignment"),
	    .after = REVERTING("4", "1000"),
	    .why = "revert_level" },
	{ .what = "an instant that is none",
	    .entity = "site_setting",
	    .before = SETTINGS("1", "assignment"),
	    .after = REVERTING("1", "\"soon\""),
	    .why = "revert_at_ms" },
	{ .what = "a level to revert to that the site has not",
	    .entity = "site_setting",
	    .before = SETTINGS("1", "assignment"),
	    .after = REVERTING("3", "1000"),
	    .why = "settings" },
	{ .what = "a principal of nobody",
	    .entity = "administrative_principal",
	    .after = PRINCIPAL("cert:key:00", "12"),
	    .why = "there is no administrative user 12" },
	{ .what = "a principal that is a user's own",
	    .entity = "administrative_principal",
	    .after = PRINCIPAL("krb5:alice@LAB.TEST", "16777218"),
	    .why = "krb5:alice@LAB.TEST" },
	{ .what = "a principal that was none",
	    .entity = "administrative_principal",
	    .before = PRINCIPAL("cert:key:00", "16777217"),
	    .why = "no further principal" },
	{ .what = "an exclusion that was none",
	    .entity = "exclusion_list",
	    .before = "{\"principal_id\":\"krb5:x@LAB.TEST\"}",
	    .why = "not on the exclusion list" },
	{ .what = "a hole in the ordinals",
	    .entity = "security_scope",
	    .after = SCOPE("DBT00001"),
	    .ordinal = 2,
	    .why = "change 2" },
	{ .what = "a hole in the revisions",
	    .entity = "security_scope",
	    .after = SCOPE("DBT00001"),
	    .revision = 1,
	    .why = "follows change" },
	{ .what = "an old revision",
	    .entity = "security_scope",
	    .after = SCOPE("DBT00001"),
	    .revision = -1,
	    .why = "change" },
	{ .what = "images that do not join",
	    .entity = "security_scope",
	    .after = SCOPE("DBT00001"),
	    .again_before = SCOPE("DBT00002"),
	    .why = "was left" },
	{ .what = "twice the same",
	    .entity = "security_scope",
	    .after = SCOPE("DBT00001"),
	    .again_after = SCOPE("DBT00001"),
	    .why = "was left" },
	{ .what = "no change at all", .why = "end with" },
};

/* The doubt's rows as of the revision after the line's. */
static size_t
make_rows(const struct doubtful *d, uint64_t next, struct rv_change rows[2])
{
	const struct rv_change row = {
		.revision = next + (uint64_t)(int64_t)d->revision,
		.ordinal = d->ordinal > 0 ? d->ordinal : 1,
		.entity = rv_slice_of(d->entity),
		.key = RV_SLICE_LIT("k"),
		.before = rv_slice_of(d->before),
		.after = rv_slice_of(d->after),
	};

	if (d->entity == NULL)
		return 0;
	rows[0] = rows[1] = row;
	if (d->again_before == NULL && d->again_after == NULL)
		return 1;
	rows[1].ordinal++;
	rows[1].before = rv_slice_of(d->again_before);
	rows[1].after = rv_slice_of(d->again_after);
	return 2;
}

static int
apply_doubt(
    struct line *line, const struct doubtful *d, struct rv_snapshot **ret)
{
	uint64_t next = rv_snapshot_revision(line->newest) + 1;
	const struct rv_row_site site = {
		.revision = next,
		.minimum = rv_snapshot_site_level(line->newest),
		.pairing = rv_snapshot_pairing(line->newest),
	};
	struct rv_change rows[2];
	struct rv_changes changes = { .rows = rows,
		.n = make_rows(d, next, rows),
		.revision = next,
		.site = &site };

	return rv_changes_apply(&changes, line->newest, ret, &line->why);
}

static void
doubts_what_it_does_not_know(void **state)
{
	struct line *line = *state;

	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		struct rv_snapshot *next = NULL;
		int r = apply_doubt(line, &doubts[i], &next);

		if (r != RV_ERR_INVALID ||
		    strstr(line->why.text, doubts[i].why) == NULL)
			print_error(
			    "%s: %d, %s\n", doubts[i].what, r, line->why.text);
		assert_int_equal(r, RV_ERR_INVALID);
		assert_null(next);
		assert_non_null(strstr(line->why.text, doubts[i].why));
	}
	/* The line is as it was, and goes on. */
	line_check(line);
	assert_true(line_change(line, false,
	    "insert into security_scope (scope_id, name) values"
	    " ('DBT00001', 'd')"));
	assert_int_equal(line_follow(line), RV_OK);
	line_check(line);
}

/* What the doubts above come close to is no doubt. */
static void
takes_what_is_right(void **state)
{
	struct line *line = *state;
	const uint64_t next = rv_snapshot_revision(line->newest) + 1;
	const struct rv_change rows[] = {
		{ .revision = next,
		    .ordinal = 1,
		    .entity = RV_SLICE_LIT("security_scope"),
		    .key = RV_SLICE_LIT("DBT00009"),
		    .after = RV_SLICE_LIT(SCOPE("DBT00009")) },
		{ .revision = next,
		    .ordinal = 2,
		    .entity = RV_SLICE_LIT("security_scope"),
		    .key = RV_SLICE_LIT("DBT00009"),
		    .before = RV_SLICE_LIT(SCOPE("DBT00009")) },
		{ .revision = next + 1,
		    .ordinal = 1,
		    .entity = RV_SLICE_LIT("collection_rule"),
		    .key = RV_SLICE_LIT("anything"),
		    .after = RV_SLICE_LIT("{}") },
	};
	const struct rv_changes changes = { rows, 3, next + 1, NULL };
	struct rv_snapshot *s = NULL;

	assert_int_equal(
	    rv_changes_apply(&changes, line->newest, &s, &line->why), RV_OK);
	assert_int_equal(rv_snapshot_revision(s), next + 1);
	rv_snapshot_free(&line->newest);
	rv_snapshot_free(&s);
	line->newest = line_load(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubts_what_it_does_not_know),
		cmocka_unit_test(takes_what_is_right),
	};

	return cmocka_run_group_tests(tests, line_set_up, line_tear_down);
}
