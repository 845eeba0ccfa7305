/*
 * Following the store through changes by chance, several in a revision and
 * several revisions at once.
 */
#include "unit/store/line.h"

/* ---- By chance ---------------------------------------------------------------- */

static unsigned
chance(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % n;
}

/* Two numbers and a word each; those that the store refuses are no change. */
static const char *const templates[] = {
	"insert into resource (resource_id, resource_type, name) values"
	" ($1 + 100, 5 - $2 % 2, 'r')",
	"delete from resource where resource_id = $1 + 100 and $2 > 5",
	"insert into collection_member select 'RND0000' || $1 % 7,"
	" resource_id, kind from resource where resource_id % 7 = $2 % 7"
	" on conflict do nothing",
	"delete from collection_member where collection_id = 'RND0000' ||"
	" $1 % 7 and resource_id % 5 = $2 % 5",
	"insert into collection (collection_id, kind, limiting_id, name)"
	" values ('RND0000' || $1 % 7, 'device', case when $2 % 7 = 0 then"
	" 'SMS00001' else 'RND00000' end, gen_random_uuid()::text)",
	"update collection set limiting_id = 'RND0000' || $1 % 7 where"
	" collection_id = 'RND0000' || $2 % 7",
	"insert into security_scope (scope_id, name) values"
	" ('RND0000' || $1 % 5, 's' || $2)",
	"insert into secured_object (object_type_id, object_key, name)"
	" values (31, 'o' || $1 % 40, 'x'); insert into object_scope"
	" values (31, 'o' || $1 % 40, case when $2 % 2 = 0 then"
	" 'RVE00010' else 'RND0000' || $2 % 5 end)",
	"delete from secured_object where object_type_id = 31 and object_key"
	" = 'o' || $1 % 40 and $2 > 3",
	"insert into object_scope values (31, 'o' || $1 % 40, 'RND0000' ||"
	" $2 % 5)",
	"delete from object_scope where object_key like 'o%' and"
	" length(object_key) + $1 % 3 = 4 and scope_id = 'RND0000' || $2 % 5",
	"insert into security_role (role_id, name) values ('RND0000' ||"
	" $1 % 5, 'n' || $2)",
	"insert into role_operation select 'RND0000' || $1 % 5,"
	" object_type_id, bit from operation where object_type_id in (1, 31)"
	" and bit % 4 = $2 % 4 on conflict do nothing",
	"delete from role_operation where role_id = 'RND0000' || $1 % 5 and"
	" bit % 3 = $2 % 3",
	"insert into role_minimum values ('RND0000' || $1 % 5, 1 + $2 % 3)"
	" on conflict (role_id) do update set level = excluded.level",
	"insert into operation_minimum values (31, $1 % 3, 1 + $2 % 3) on"
	" conflict (object_type_id, bit) do update set level = excluded.level",
	"delete from operation_minimum where bit = $1 % 3 and $2 >= 0",
	"insert into administrative_user (admin_id, principal_id, logon_name,"
	" is_group) values (3000000 + $1 % 9, 'krb5:u' || $2 % 9 ||"
	" '@LAB.TEST', 'u', false)",
	"update administrative_user set principal_id = 'krb5:u' || $1 % 9 ||"
	" '@LAB.TEST' where admin_id = 3000000 + $2 % 9",
	"update administrative_user set is_deleted = not is_deleted where"
	" admin_id = 3000000 + $1 % 9 and $2 >= 0",
	"delete from administrative_user where admin_id = 3000000 + $1 % 9"
	" and $2 % 3 = 0",
	"insert into assignment (assignment_id, admin_id, role_id) values"
	" (5000000 + $1, 3000000 + $2 % 9, 'RND0000' || $1 % 5);"
	"insert into assignment_scope select 5000000 + $1, scope_id from"
	" security_scope where hashtext(scope_id) % 3 = $2 % 3;"
	"insert into assignment_collection select 5000000 + $1,"
	" collection_id from collection where hashtext(collection_id) % 5 ="
	" $2 % 5",
	"update assignment set role_id = 'RND0000' || $1 % 5, valid_until ="
	" case when $2 % 2 = 0 then timestamptz"
	" '2026-01-01 00:00:00.001+00' end where assignment_id % 11 = $1"
	" % 11 and assignment_id >= 5000000",
	"delete from assignment where assignment_id % 13 = $1 % 13 and"
	" assignment_id >= 5000000 and $2 % 2 = 0",
	"delete from collection where collection_id = 'RND0000' || $1 % 7"
	" and $2 % 2 = 0",
	"delete from security_role where role_id = 'RND0000' || $1 % 5 and"
	" $2 % 2 = 0",
	"update secured_object set name = 'n' || $1 where object_key = 'o' ||"
	" $2 % 40",
};
#define TEMPLATE_ROOM 700
#define N_TEMPLATES   (sizeof(templates) / sizeof(templates[0]))

/* A statement with numbers in place of $1 and $2. */
static size_t
put_template(const char *template, uint64_t *seed, char *to)
{
	unsigned numbers[] = { chance(seed, 60), chance(seed, 60) };
	size_t n = 0;

	for (const char *p = template; *p != '\0'; p++)
		if (*p == '$')
			n += (size_t)snprintf(
			    to + n, 4, "%u", numbers[*++p - '1']);
		else
			to[n++] = *p;
	to[n++] = ';';
	to[n] = '\0';
	assert_true(n < TEMPLATE_ROOM);
	return n;
}

/* The revision has rows: else the feed is right to load. */
static bool
chance_change(struct line *line, uint64_t *seed)
{
	char sql[3 * TEMPLATE_ROOM + 200];
	size_t used = 0;

	for (unsigned i = 1 + chance(seed, 3); i > 0; i--) {
		const char *template = templates[chance(seed, N_TEMPLATES)];

		used += put_template(template, seed, sql + used);
	}
	(void)snprintf(sql + used, sizeof(sql) - used,
	    "select 1 / count(*) from change, site_revision where revision"
	    " = n");
	return line_change(line, false, sql);
}

static void
follows_what_comes_by_chance(void **state)
{
	struct line *line = *state;
	uint64_t seed = 20261122;
	unsigned done = 0, followed = 0, checked = 0;

	for (unsigned i = 0; i < 700; i++) {
		if (!chance_change(line, &seed))
			continue;
		done++;
		/* Several at once, sometimes. */
		if (chance(&seed, 4) == 0)
			continue;
		if (line_follow(line) == RV_OK)
			followed++;
		else
			print_message("# %s\n", line->why.text),
			    line_reload(line);
		if (chance(&seed, 8) == 0) {
			line_check(line);
			checked++;
		}
	}
	print_message(
	    "# %u changes, %u followed, %u checked\n", done, followed, checked);
	(void)line_follow(line);
	line_check(line);
	assert_true(done > 100);
	assert_true(checked > 10);
	assert_true(followed > done / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_what_comes_by_chance),
	};

	return cmocka_run_group_tests(tests, line_set_up, line_tear_down);
}
