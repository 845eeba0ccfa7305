/*
 * Following the store: after every change that can be made to it, the
 * version that was made of the change answers as one that is loaded anew.
 */
#include "unit/store/line.h"

/* ---- Every entity ----------------------------------------------------------- */

/* In this order: later ones need earlier ones. */
static const struct {
	const char *what;
	const char *sql;
	bool migrating;
	bool loads; /* what versions do not provide for */
} cases[] = {
	{ "a scope",
	    "insert into security_scope (scope_id, name) values"
	    " ('TST00001', 'one')",
	    false, false },
	{ "a scope's name",
	    "update security_scope set name = 'other'"
	    " where scope_id = 'TST00001'",
	    false, false },
	{ "a role with operations",
	    "insert into security_role (role_id, name) values"
	    " ('TST00001', 'one');"
	    "insert into role_operation values ('TST00001', 31, 0),"
	    " ('TST00001', 31, 1), ('TST00001', 1, 0), ('TST00001', 1, 7)",
	    false, false },
	{ "a role's name and operations",
	    "update security_role set name = 'renamed'"
	    " where role_id = 'TST00001';"
	    "insert into role_operation values ('TST00001', 2, 0),"
	    " ('TST00001', 31, 2);"
	    "delete from role_operation where role_id = 'TST00001'"
	    " and object_type_id = 31 and bit = 2",
	    false, false },
	{ "unknown bits",
	    "insert into role_unknown_bits values"
	    " ('TST00001', 31, 5)",
	    false, false },
	{ "collections, the lower one first",
	    "insert into collection (collection_id, kind, limiting_id, name)"
	    " values ('TST00000', 'device', 'TST00001', 'lower'),"
	    " ('TST00001', 'device', 'SMS00001', 'upper'),"
	    " ('TST00002', 'user', 'SMS00004', 'users')",
	    false, false },
	{ "a collection's name",
	    "update collection set name = 'low',"
	    " comment = 'x' where collection_id ="
	    " 'TST00000'",
	    false, false },
	{ "rules of a collection",
	    "insert into collection_rule (collection_id, kind, ordinal, name,"
	    " rule, query) values ('TST00001', 'device', 1, 'q', 'query',"
	    " 'select * from SMS_R_System')",
	    false, false },
	{ "a deployment, of which no snapshot has anything",
	    "insert into deployment (deployment_id, object_type_id,"
	    " deployment_key, content_type_id, content_key, collection_id,"
	    " name, is_required, starts_at, created_by, created_at,"
	    " modified_by, modified_at) select 1, 200, '1', 31,"
	    " min(object_key), 'TST00001', 'one', true, now(), 'x', now(),"
	    " 'x', now() from secured_object where object_type_id = 31;"
	    "update deployment set is_enabled = false",
	    false, false },
	{ "what was deployed", "delete from deployment where deployment_id = 1",
	    false, false },
	{ "resources",
	    "insert into resource (resource_id, resource_type, name) values"
	    " (7, 5, 'seven'), (8, 5, 'eight'), (9, 4, 'nine'),"
	    " (10, 3, 'ten')",
	    false, false },
	{ "members",
	    "insert into collection_member values ('TST00001', 7, 'device'),"
	    " ('TST00001', 8, 'device'), ('TST00002', 9, 'user'),"
	    " ('RVE00014', 7, 'device');"
	    "insert into collection_member values ('TST00000', 7, 'device')",
	    false, false },
	{ "a resource's properties",
	    "update resource set name = 'new', properties ="
	    " '{\"a\": 1e400, \"b\": [[[1]]]}' where resource_id = 7",
	    false, false },
	{ "an administrator with an assignment",
	    "insert into administrative_user (admin_id, principal_id,"
	    " logon_name, is_group) values (4000000, 'krb5:zed@LAB.TEST',"
	    " 'zed', false);"
	    "insert into assignment (assignment_id, admin_id, role_id) values"
	    " (4000000, 4000000, 'TST00001');"
	    "insert into assignment_scope values (4000000, 'TST00001'),"
	    " (4000000, 'RVE00010');"
	    "insert into assignment_collection values (4000000, 'TST00001')",
	    false, false },
	{ "a minimum of a role",
	    "insert into role_minimum values"
	    " ('TST00001', 2)",
	    false, false },
	{ "another",
	    "update role_minimum set level = 3 where role_id ="
	    " 'TST00001'",
	    false, false },
	{ "a minimum of an operation",
	    "insert into operation_minimum values"
	    " (31, 1, 3)",
	    false, false },
	{ "another one", "update operation_minimum set level = 2", false,
	    false },
	{ "none", "delete from operation_minimum; delete from role_minimum",
	    false, false },
	{ "scopes of an assignment",
	    "insert into assignment_scope values (4000000, 'RVE00011');"
	    "delete from assignment_scope where assignment_id = 4000000"
	    " and scope_id = 'RVE00010'",
	    false, false },
	{ "collections of an assignment",
	    "insert into assignment_collection values (4000000, 'RVE00014');"
	    "delete from assignment_collection where assignment_id = 4000000"
	    " and collection_id = 'TST00001'",
	    false, false },
	{ "the end of an assignment",
	    "set local timezone = 'Asia/Kolkata';"
	    "update assignment set valid_until ="
	    " '2026-01-01 00:00:00.001+00' where assignment_id = 4000000",
	    false, false },
	{ "one that is over",
	    "set local timezone = 'America/St_Johns';"
	    "update assignment set valid_until ="
	    " '2026-01-01 00:00:00+00' where assignment_id = 4000000",
	    false, false },
	{ "the beginning of an assignment",
	    "update assignment set valid_from = '0044-03-15 12:00:00+00 BC',"
	    " valid_until = '294276-12-31 23:59:59.999+00'"
	    " where assignment_id = 4000000",
	    false, false },
	{ "one not yet begun",
	    "update assignment set valid_from = '2026-01-01 00:00:00.001+00'"
	    " where assignment_id = 4000000",
	    false, false },
	{ "for ever",
	    "update assignment set valid_from = null, valid_until = null"
	    " where assignment_id = 4000000",
	    false, false },
	{ "an assignment's role",
	    "update assignment set role_id = 'SMS0007R'"
	    " where assignment_id = 4000000",
	    false, false },
	{ "an account",
	    "update administrative_user set account_id = 'zed-1',"
	    " display_name = 'Zed' where admin_id = 4000000",
	    false, false },
	{ "an administrator out",
	    "update administrative_user set is_deleted"
	    " = true where admin_id = 4000000",
	    false, false },
	{ "an orphan",
	    "update administrative_user set is_deleted = false,"
	    " is_orphaned = true where admin_id = 4000000",
	    false, false },
	{ "back",
	    "update administrative_user set is_orphaned = false"
	    " where admin_id = 4000000",
	    false, false },
	{ "another name, and one that takes the old",
	    "update administrative_user set principal_id = 'krb5:y@LAB.TEST'"
	    " where admin_id = 4000000;"
	    "insert into administrative_user (admin_id, principal_id,"
	    " logon_name, is_group) values (4000001, 'krb5:zed@LAB.TEST',"
	    " 'zed', false);"
	    "insert into assignment (assignment_id, admin_id, role_id) values"
	    " (4000001, 4000001, 'TST00001');"
	    "insert into assignment_scope values (4000001, 'SMS00ALL')",
	    false, false },
	{ "objects",
	    "insert into secured_object (object_type_id, object_key, name)"
	    " values (31, 'test/1', 'one'), (31, 'test/2', 'two'),"
	    " (15, 'test/1', 'secured by role');"
	    "insert into object_scope values (31, 'test/1', 'TST00001'),"
	    " (31, 'test/1', 'RVE00010'), (31, 'test/2', 'RVE00010')",
	    false, false },
	{ "objects of a type of their own, and who may be no author of it",
	    "insert into secured_object (object_type_id, object_key, name,"
	    " properties) values"
	    " (11, 'test/item', 'item', '{\"OwnObjectTypeID\": 52}'),"
	    " (11, 'test/plain', 'plain', '{}'),"
	    " (48, 'test/policy', 'policy', '{\"OwnObjectTypeID\": 57}'),"
	    " (48, 'test/gone', 'gone', '{\"OwnObjectTypeID\": 56}');"
	    "insert into object_scope values (11, 'test/item', 'RVE00010'),"
	    " (11, 'test/plain', 'RVE00010'), (48, 'test/policy', 'RVE00010'),"
	    " (48, 'test/gone', 'RVE00010');"
	    "insert into role_operation values ('TST00001', 11, 0),"
	    " ('TST00001', 11, 1), ('TST00001', 48, 0), ('TST00001', 48, 2),"
	    " ('TST00001', 57, 0), ('TST00001', 57, 20)",
	    false, false },
	{ "their names, and one that goes",
	    "update secured_object set name = 'x', properties = properties"
	    " || '{\"y\": 1}' where object_key in ('test/item',"
	    " 'test/policy');"
	    "delete from secured_object where object_key = 'test/gone'",
	    false, false },
	{ "an object's properties",
	    "update secured_object set properties = '{\"x\": 1}', name = 'n',"
	    " folder_id = null where object_key = 'test/1'",
	    false, false },
	{ "scopes of objects",
	    "delete from object_scope where object_key = 'test/2';"
	    "insert into object_scope values (31, 'test/2', 'TST00001'),"
	    " (31, 'test/2', 'RVE00011')",
	    false, false },
	{ "a row that came and went",
	    "insert into role_operation values ('TST00001', 31, 4);"
	    "delete from role_operation where role_id = 'TST00001'"
	    " and object_type_id = 31 and bit = 4;"
	    "delete from role_operation where role_id = 'TST00001'"
	    " and object_type_id = 31 and bit = 1;"
	    "insert into role_operation values ('TST00001', 31, 1)",
	    false, false },
	{ "another limiting collection",
	    "update collection set limiting_id = 'RVE00014'"
	    " where collection_id = 'TST00000'",
	    false, false },
	{ "the minimum level", "update site_setting set minimum_level = 2",
	    false, false },
	{ "the pairing",
	    "update site_setting set minimum_level = 1,"
	    " deploy_pairing = 'user'",
	    false, false },
	{ "the site's name",
	    "update site_setting set site_name = 'x',"
	    " deploy_pairing = 'assignment'",
	    false, false },
	{ "exclusions",
	    "insert into exclusion_list values"
	    " ('krb5:zed@LAB.TEST'), ('group:nobody'), ('sid:s-1-5-21-1')",
	    false, false },
	{ "one exclusion less",
	    "delete from exclusion_list where principal_id = 'group:nobody'",
	    false, false },
	{ "further principals",
	    "insert into administrative_principal (principal_id, admin_id)"
	    " values ('sid:s-1-5-21-1', 4000000), ('sid:s-1-5-21-2', 4000000)",
	    false, false },
	{ "a principal of another",
	    "delete from administrative_principal"
	    " where principal_id = 'sid:s-1-5-21-1';"
	    "update administrative_user set principal_id = 'sid:s-1-5-21-1'"
	    " where admin_id = 4000000;"
	    "update administrative_principal set created_by = 'x'"
	    " where principal_id = 'sid:s-1-5-21-2'",
	    false, false },
	{ "a level to be confirmed",
	    "update site_setting set minimum_level = 3, revert_level = 1,"
	    " revert_at_ms = 1900000000000, max_auth_age_s = 600",
	    false, false },
	{ "a level that was confirmed",
	    "update site_setting set minimum_level = 1, revert_level = null,"
	    " revert_at_ms = null, max_auth_age_s = null",
	    false, false },
	{ "a reporting login",
	    "insert into reporting_login values"
	    " ('rep', 4000000)",
	    false, false },
	{ "a type of an application",
	    "insert into object_type (object_type_id, sdk_name, display_name,"
	    " secured_by, provenance) values (2000000, 'Contraption',"
	    " 'Contraptions', 'scope', 'test');"
	    "insert into operation values"
	    " (2000000, 0, 'Read', false, false, 'test'),"
	    " (2000000, 1, 'Turn', false, false, 'test'),"
	    " (2000000, 2, 'Oil', false, true, 'test'),"
	    " (2000000, 10, 'Create', true, false, 'test');"
	    "insert into operation_need values (2000000, 2, 1);"
	    "insert into operation_minimum values (2000000, 1, 2)",
	    false, false },
	{ "its objects and roles",
	    "insert into secured_object (object_type_id, object_key, name)"
	    " values (2000000, 'c1', 'one');"
	    "insert into object_scope values (2000000, 'c1', 'TST00001');"
	    "insert into role_operation values ('TST00001', 2000000, 0),"
	    " ('TST00001', 2000000, 1), ('TST00001', 2000000, 2)",
	    false, false },
	{ "an operation's name",
	    "update operation set name = 'Turn Off' where"
	    " object_type_id = 2000000 and bit = 1",
	    false, true },
	{ "a class",
	    "insert into class_operation values"
	    " ('SMS_Contraption', 'Read', 0, 1, 'test')",
	    true, false },
	{ "a default instance",
	    "insert into default_instance values (31, 'default', 0, 1)", true,
	    false },
	{ "what deploying asks for",
	    "insert into deploy_operation values (7, 9, 1, 'test')", true,
	    false },
	{ "a resource that goes", "delete from resource where resource_id = 7",
	    false, false },
	{ "a collection that goes",
	    "delete from collection where collection_id = 'TST00000'", false,
	    false },
	{ "an object that goes",
	    "delete from secured_object where object_key in ('test/1', 'c1')",
	    false, false },
	{ "an administrator who goes",
	    "insert into role_minimum values ('TST00001', 2);"
	    "delete from administrative_user where admin_id in"
	    " (4000000, 4000001)",
	    false, false },
	{ "a role that goes with its minimum",
	    "delete from security_role where role_id = 'TST00001'", false,
	    false },
	{ "a scope that goes",
	    "delete from object_scope where object_key = 'test/2'"
	    " and scope_id = 'TST00001';"
	    "delete from security_scope where scope_id = 'TST00001'",
	    false, false },
	{ "a type that goes",
	    "delete from operation_minimum; delete from operation_need where"
	    " object_type_id = 2000000; delete from operation where"
	    " object_type_id = 2000000; delete from object_type where"
	    " object_type_id = 2000000",
	    false, true },
	{ "no row at all", "select", false, true },
	{ "collections and members that go together",
	    "delete from collection_member where collection_id = 'TST00001';"
	    "delete from collection where collection_id in"
	    " ('TST00001', 'TST00002')",
	    false, false },
};

static void
follows_every_entity(void **state)
{
	struct line *line = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r;

		print_message("# %s\n", cases[i].what);
		if (!line_change(line, cases[i].migrating, cases[i].sql))
			fail_msg("%s", line->why.text);
		r = line_follow(line);
		if (!cases[i].loads && r != RV_OK)
			print_error("%s: %s\n", cases[i].what, line->why.text);
		assert_int_equal(r, cases[i].loads ? RV_ERR_INVALID : RV_OK);
		if (cases[i].loads)
			line_reload(line);
		line_check(line);
	}
}

/* The same in one builder: only what comes out in the end matters. */
static void
follows_many_revisions_at_once(void **state)
{
	struct line *line = *state;

	line_reload(line);
	assert_true(line_change(line, false,
	    "insert into security_scope (scope_id, name) values"
	    " ('MNY00001', 'm')"));
	for (int i = 0; i < 5; i++) {
		assert_true(line_change(line, false,
		    "insert into secured_object (object_type_id, object_key,"
		    " name) values (31, 'many', 'm');"
		    "insert into object_scope values"
		    " (31, 'many', 'MNY00001')"));
		assert_true(line_change(line, false,
		    "insert into object_scope values"
		    " (31, 'many', 'RVE00010')"));
		assert_true(line_change(line, false,
		    "delete from secured_object where object_key = 'many'"));
	}
	assert_true(line_change(line, false,
	    "delete from security_scope where scope_id = 'MNY00001'"));
	assert_int_equal(line_follow(line), RV_OK);
	line_check(line);
}

/* ---- The functions of the write path ------------------------------------------ */

#define ALICE                                                        \
	"'{\"principal\":\"alice@LAB.TEST\",\"ids\":"                \
	"[\"krb5:alice@LAB.TEST\"],\"own\":1,\"groups_known\":true," \
	"\"level\":3,\"delegated\":false,\"session\":\"s\"}'"
#define REQUEST                                                  \
	"'{\"request_id\":\"r\",\"source\":\"127.0.0.1:1\","     \
	"\"body_sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae" \
	"41e4649b934ca495991b7852b855\"}'"
#define LEDGER                                                 \
	"(select jsonb_build_array(jsonb_build_object("        \
	"'category_id', 'RVE00012', 'object_type_id', 31,"     \
	"'object_key', object_key)) from reeve.secured_object" \
	" where name = 'Contoso Ledger')"

#define CHANGE(op, args)                                      \
	"select reeve.change_site(" ALICE ", '[{\"op\":\"" op \
	"\",\"args\":" args "}]', null, " REQUEST ")"

static void
follows_functions(void **state)
{
	static const char *const calls[] = {
		"select reeve.scope_membership_add(" ALICE ", " LEDGER
		", null, " REQUEST ")",
		"select reeve.scope_membership_remove(" ALICE ", " LEDGER
		", null, " REQUEST ")",
		"select reeve.account_mark_orphaned('krb5:grace@LAB.TEST',"
		" 'another', " REQUEST ")",
		CHANGE("application_type_create",
		    "{\"ClassName\":\"Contoso_Backup\",\"Application\":"
		    "\"Contoso\",\"SecuredBy\":\"scope\",\"Operations\":"
		    "[{\"Name\":\"Modify\"},{\"Name\":\"Restore\","
		    "\"Needs\":\"Modify\"},{\"Name\":\"Create\"}]}"),
		CHANGE("application_type_modify",
		    "{\"key\":\"Contoso_Backup\",\"Version\":2,"
		    "\"Operations\":[{\"Name\":\"Modify\"},{\"Name\":"
		    "\"Restore\",\"Needs\":\"Modify\"},{\"Name\":"
		    "\"Create\"},{\"Name\":\"Wipe\",\"TypeWide\":true}]}"),
		CHANGE("application_type_create",
		    "{\"ClassName\":\"Contoso_Agent\",\"Application\":"
		    "\"Contoso\",\"SecuredBy\":\"collection\","
		    "\"Operations\":[{\"Name\":\"Restart\",\"Means\":"
		    "\"Modify Resource\"}]}"),
	};
	struct line *line = *state;

	line_reload(line);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uint64_t before = rv_snapshot_revision(line->newest);
		int r;

		cluster_sql(&line->cluster, calls[i]);
		r = line_follow(line);
		if (r != RV_OK)
			print_error("%s\n", line->why.text);
		assert_int_equal(r, RV_OK);
		assert_int_equal(
		    rv_snapshot_revision(line->newest), before + 1);
		line_check(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_every_entity),
		cmocka_unit_test(follows_many_revisions_at_once),
		cmocka_unit_test(follows_functions),
	};

	return cmocka_run_group_tests(tests, line_set_up, line_tear_down);
}
