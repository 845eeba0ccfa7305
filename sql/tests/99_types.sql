-- Types that applications register: what comes of them in the rule, in which
-- versions, and what no application may name.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.actor(who text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('principal', who || '@LAB.TEST', 'ids',
        jsonb_build_array('krb5:' || who || '@LAB.TEST'), 'own', 1,
        'groups_known', true, 'level', 1, 'delegated', false)
$$;
-- One change: what it gave, or SQLSTATE and reason of the refusal.
CREATE FUNCTION pg_temp.ask(who text, op text, args jsonb,
    more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(pg_temp.actor(who),
        jsonb_build_array(jsonb_build_object('op', 'application_type_' || op,
            'args', args)), NULL, more);
    RETURN (r.result -> 0) || jsonb_build_object('changed', r.changed);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN to_jsonb(SQLSTATE || ' ' || SQLERRM);
    END IF;
    RETURN to_jsonb(SQLSTATE || ' ' || (about::jsonb ->> 'reason'));
END
$$;
CREATE FUNCTION pg_temp.made(class text, ops text, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.ask('alice', 'create', jsonb_build_object('ClassName',
        class, 'Application', 'Test', 'SecuredBy', 'scope', 'Operations',
        ops::jsonb) || more)
$$;
CREATE FUNCTION pg_temp.may(who text, op text, key text,
    type text DEFAULT 'Contoso_Backup') RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN decision THEN 'yes' ELSE reason END FROM reeve.allowed(
        ARRAY['krb5:' || who || '@LAB.TEST'], 1, true, 1, false, now(), type,
        op, key)
$$;

-- ---- Registering ---------------------------------------------------------------

SELECT is(pg_temp.made('Contoso_Backup', '[{"Name": "Modify"},
    {"Name": "Create"}, {"Name": "Restore", "Needs": "Modify"},
    {"Name": "Verify Backup", "Bit": 40}, {"Name": "Plan", "TypeWide": true}]',
    '{"Application": "Contoso Backup", "DisplayName": "Backup job"}')
    - '@odata.etag' - 'Operations' - 'CreatedDate' - 'LastModifiedDate', '{"key":
    "Contoso_Backup", "changed": 8, "ClassName": "Contoso_Backup",
    "ObjectTypeID": 2000000, "SDKName": "ContosoBackup",
    "DisplayName": "Backup job", "Application": "Contoso Backup",
    "Version": 1, "SecuredBy": "scope", "CreatedBy": "alice@LAB.TEST",
    "LastModifiedBy": "alice@LAB.TEST", "RolesLackingOperations": []}'::jsonb,
    'an application registers a type');
SELECT set_eq('SELECT bit::integer, name::text, is_type_wide, is_security
    FROM operation WHERE object_type_id = 2000000 ORDER BY bit', $$VALUES
    (0, 'Read', false, false), (1, 'Modify', false, false),
    (4, 'Set Security Scope', false, false), (10, 'Create', true, false),
    (32, 'Restore', false, false), (33, 'Plan', true, false),
    (40, 'Verify Backup', false, false)$$,
    'it has Read and Set Security Scope unasked, the bits of standard names,'
    ' and from 32 those that named none; none is a security operation');
SELECT is((SELECT string_agg(needs, ',') FROM application_operation_shown
    WHERE class_name = 'Contoso_Backup'), 'Modify',
    'an operation needs another in place of Read');
SELECT set_eq('SELECT role_id::text, array_agg(bit::integer ORDER BY bit)
    FROM role_operation WHERE object_type_id = 2000000 GROUP BY 1 ORDER BY 1',
    $$VALUES ('RVE0001R', '{0}'::integer[]), ('SMS0001R',
    '{0,1,4,10,32,33,40}'), ('SMS0002R', '{0}'), ('SMS000ER',
    '{0,1,4,10,32,33,40}')$$,
    'the built-in roles have of it what they have of every type');
SELECT is((SELECT string_agg(c.entity, ',' ORDER BY c.ordinal) FROM change c
    WHERE revision = (SELECT n FROM site_revision)
    AND entity IN ('object_type', 'secured_object', 'operation_need')),
    'object_type,secured_object,operation_need',
    'the change feed has the rows, in one revision');
SELECT set_eq($$SELECT message_id, strings[2:4]::text, before::text, after ->> 'Version'
    FROM admin_audit WHERE revision = (SELECT n FROM site_revision)$$,
    $$VALUES (1000080, '{Contoso_Backup,"Contoso Backup",1}',
    NULL::text, '1')$$, 'and the audit says who registered what');

-- ---- Decisions about it -----------------------------------------------------------

DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.secured_object (object_type_id, object_key, name)
        VALUES (2000000, 'b1', 'one'), (2000000, 'b2', 'two');
    INSERT INTO reeve.object_scope VALUES (2000000, 'b1', 'RVE00010'),
        (2000000, 'b2', 'RVE00011');
    INSERT INTO reeve.security_role (role_id, name, copied_from_id) VALUES
        ('TST00001', 'Restorer', NULL), ('TST00002', 'Copy', 'SMS0001R'),
        ('TST00003', 'Other', NULL);
    INSERT INTO reeve.role_operation VALUES ('TST00001', 2000000, 0),
        ('TST00001', 2000000, 1), ('TST00001', 2000000, 32),
        ('TST00003', 31, 0);
    INSERT INTO reeve.administrative_user (admin_id, principal_id, logon_name,
        is_group, account_id) VALUES (5000001, 'krb5:rita@LAB.TEST', 'rita',
        false, 'test:rita');
    INSERT INTO reeve.assignment (assignment_id, admin_id, role_id)
        VALUES (5000001, 5000001, 'TST00001');
    INSERT INTO reeve.assignment_scope VALUES (5000001, 'RVE00010');
END
$$;
SELECT is(pg_temp.may('rita', 'Restore', 'b1'), 'yes',
    'a role holds registered operations, in a scope');
SELECT is(pg_temp.may('rita', 'Restore', 'b2'), 'not_permitted',
    'and not in another scope');
SELECT is(pg_temp.may('rita', 'Verify Backup', 'b1'), 'not_permitted',
    'nor another operation');
SELECT is(pg_temp.may('rita', 'Restore', 'b1', '2000000'), 'yes',
    'the type goes by its id');
SELECT is(pg_temp.may('rita', 'Restore', 'b1', 'ContosoBackup'), 'yes',
    'and by its SDK name');
SELECT is(pg_temp.may('alice', 'Plan', NULL), 'yes',
    'a type-wide operation needs no instance');
SELECT is(pg_temp.may('alice', 'Restore', 'b2'), 'yes',
    'a Full Administrator may do it everywhere');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    DELETE FROM reeve.role_operation
        WHERE role_id = 'TST00001' AND bit = 1;
END
$$;
SELECT is(pg_temp.may('rita', 'Restore', 'b1'), 'not_permitted',
    'without what it needs, the operation is not allowed');

-- ---- Versions ------------------------------------------------------------------------

SELECT is(pg_temp.ask('alice', 'modify', '{"key": "Contoso_Backup",
    "Operations": [{"Name": "Restore"}]}'), '"RV409 operation_lost"',
    'a version does not take operations away');
CREATE FUNCTION pg_temp.upgrade(more text, version integer DEFAULT 2,
    match text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.ask('alice', 'modify', jsonb_build_object('key',
        'Contoso_Backup', 'Version', version, 'Operations', '[{"Name":
        "Modify"}, {"Name": "Create"}, {"Name": "Restore", "Needs": "Modify"},
        {"Name": "Verify Backup"}, {"Name": "Plan", "TypeWide": true}]'::jsonb
        || more::jsonb), CASE WHEN match IS NULL THEN '{}' ELSE
        jsonb_build_object('if_match', jsonb_build_array(match)) END)
$$;
SELECT is(pg_temp.upgrade('[{"Name": "Wipe"}]', 1), '"RV409 version_not_later"',
    'what adds operations is a later version');
SELECT is(pg_temp.upgrade('[]', 1) -> 'changed', '0',
    'the same version again changes nothing');
SELECT is(pg_temp.upgrade('[{"Name": "Wipe"}]', 2, 'stale'),
    '"RV412 changed_meanwhile"', 'If-Match refuses who has read another state');
SELECT is(pg_temp.upgrade('[{"Name": "Wipe", "Bit": 40}]'),
    '"RV400 malformed_operation"', 'a bit that is taken is refused');
SELECT is(pg_temp.upgrade('[{"Name": "restore"}]'),
    '"RV400 malformed_operation"', 'nor another name in case only');
CREATE TEMPORARY TABLE second AS SELECT pg_temp.upgrade('[{"Name": "Wipe"}]',
    2, (SELECT etag FROM list_rve_applicationtype)) AS said;
SELECT is((SELECT said -> 'Version' FROM second), '2',
    'a later version, with If-Match of what it was');
SELECT is((SELECT said -> 'RolesLackingOperations' FROM second),
    '[{"RoleID": "TST00001", "RoleName": "Restorer", "Operations": ["Modify",
    "Set Security Scope", "Create", "Plan", "Wipe", "Verify Backup"]}]'::jsonb
    || '[{"RoleID": "TST00002", "RoleName": "Copy", "Operations": ["Read",
    "Modify", "Set Security Scope", "Create", "Restore", "Plan", "Wipe",
    "Verify Backup"]}]', 'says which custom roles lack operations: those with'
    ' some of the type, and copies of roles that have them');
SELECT set_eq($$SELECT DISTINCT role_id::text FROM missing_operation
    WHERE since_version > 1$$, $$VALUES ('TST00001'), ('TST00002')$$,
    'the report says what the last version brought');
SELECT is((SELECT json_agg(m ->> 'role_id')::text FROM
    missing_operations('Contoso_Backup', 1, 10) m), '["TST00001", "TST00002"]',
    'and the function that providers call, role by role');
SELECT is((SELECT bit FROM application_operation_shown WHERE name = 'Wipe'), 34,
    'the new operation has the next free bit');
SELECT is(pg_temp.may('alice', 'Wipe', 'b1'), 'yes',
    'a Full Administrator has it at once');
SELECT is(pg_temp.may('rita', 'Wipe', 'b1'), 'not_permitted',
    'a custom role does not gain by an upgrade');
SELECT is(pg_temp.upgrade('[{"Name": "Wipe", "TypeWide": true}]', 3),
    '"RV409 operation_lost"', 'an operation does not become type-wide later');
SELECT is(pg_temp.upgrade('[{"Name": "Wipe", "Needs": "Restore"}]', 3),
    '"RV409 operation_lost"', 'nor need something else');
SELECT is(pg_temp.ask('alice', 'modify', '{"key": "Contoso_Backup",
    "Application": "Fabrikam"}'), '"RV409 other_application"',
    'another application does not take a type over');
SELECT is(pg_temp.ask('alice', 'modify', '{"key": "Contoso_Backup",
    "SecuredBy": "role"}'), '"RV400 read_only_member"',
    'a type stays secured as it is');
SELECT is(pg_temp.ask('alice', 'modify', jsonb_build_object('key', l.key)
    || l.body::jsonb) -> 'changed', '0', 'what was read may be sent back')
FROM list_rve_applicationtype l WHERE l.key = 'Contoso_Backup';
SELECT is(pg_temp.ask('alice', 'modify', '{"key": "Contoso_Backup",
    "DisplayName": "Job"}') ->> 'DisplayName', 'Job', 'its name for people');

-- ---- Who may ---------------------------------------------------------------------------

SELECT is(pg_temp.ask(who, 'create', '{"ClassName": "Fab_Thing", "Application":
    "F", "SecuredBy": "role", "Operations": [{"Name": "Read"}]}'), said,
    who || ' registers no type: ' || said)
FROM (VALUES ('mallory', '"RV403 no_assignment"'::jsonb), ('rita',
    '"RV403 not_permitted"'), ('frank', '"RV403 not_permitted"')) AS x (who, said);
SELECT is(pg_temp.ask('frank', 'modify', '{"key": "Contoso_Backup",
    "DisplayName": "x"}'), '"RV403 not_permitted"',
    'who may read types does not change them');
SELECT is(pg_temp.ask(who, 'delete', jsonb_build_object('key', key)),
    '"RV404 no_such_object"', format('%s is told nothing of %s', who, key))
FROM (VALUES ('mallory', 'Contoso_Backup'), ('alice', 'No_Such'),
    ('alice', 'SMS_Application')) AS x (who, key);

-- ---- What no application may name ----------------------------------------------------------

SELECT is(pg_temp.made(class, '[{"Name": "Read"}]'), said, 'hostile class name '
    || left(class, 40) || ': ' || said)
FROM (VALUES ('SMS_Application', '"RV400 reserved_name"'::jsonb),
    ('sms_new', '"RV400 reserved_name"'), ('RVE_Own', '"RV400 reserved_name"'),
    ('Application', '"RV400 malformed_name"'),
    ('R_System', '"RV400 malformed_name"'),
    ('CM_UpdatePackages', '"RV409 name_taken"'),
    ('contoso_backup', '"RV409 name_taken"'),
    ('A_b''; DROP TABLE x; --', '"RV400 malformed_name"'),
    ('Contoso_*', '"RV400 malformed_name"'),
    ('Contoso_B'||chr(228)||'r', '"RV400 malformed_name"'),
    ('Edm_String', '"RV400 reserved_name"'),
    ('Con_'||repeat('x', 96), '"RV400 malformed_name"')) AS x (class, said);
SELECT is(pg_temp.made('Fab_Thing', '[{"Name": "Read"}]', more), said,
    format('hostile type %s: %s', more, said))
FROM (VALUES ('{"SDKName": "Application"}'::jsonb, '"RV409 name_taken"'::jsonb),
    ('{"SDKName": "role"}', '"RV409 name_taken"'),
    ('{"SDKName": "28"}', '"RV400 malformed_name"'),
    ('{"SDKName": "fab_thing"}', '"RV400 malformed_type"'),
    ('{"ObjectTypeID": 28}', '"RV400 malformed_type"'),
    ('{"ObjectTypeID": 1000103}', '"RV400 malformed_type"'),
    ('{"ObjectTypeID": 2000000}', '"RV409 id_taken"'),
    ('{"ObjectTypeID": 99999999999}', '"RV400 malformed_type"'),
    ('{"SecuredBy": "derived"}', '"RV400 malformed_type"'),
    ('{"SecuredBy": null}', '"RV400 malformed_type"'),
    ('{"Version": 0}', '"RV400 malformed_type"'),
    ('{"Version": 1.5}', '"RV400 malformed_type"'),
    ('{"Application": ""}', '"RV400 malformed_type"'),
    ('{"DisplayName": "a\nb"}', '"RV400 malformed_type"'),
    ('{"Operations": []}', '"RV400 malformed_type"'),
    ('{"Operations": {}}', '"RV400 malformed_type"')) AS x (more, said);
SELECT is(pg_temp.made('Fab_Thing', format('[%s]', op)),
    '"RV400 malformed_operation"', 'hostile operation ' || op)
FROM unnest(ARRAY['{"Name": "read"}', '{"Name": "Read", "Bit": 3}',
    '{"Name": "Own", "Bit": 0}', '{"Name": "Own", "Bit": 4}',
    '{"Name": "Read", "TypeWide": true}', '{"Name": "Create", "TypeWide": false}', '{"Name": "A", "Needs": "B"}', '{"Name": "A", "Needs": "A"}',
    '{"Name": "A", "Needs": "B"}, {"Name": "B", "Needs": "A"}',
    '{"Name": "W", "TypeWide": true}, {"Name": "A", "Needs": "W"}',
    '{"Name": "A", "Bit": 40}, {"Name": "B", "Bit": 40}',
    '{"Name": "A"}, {"Name": "a"}', '{"Name": "A", "Means": "Modify"}',
    '{"Name": "A  B"}', '{"Name": "A\u202eB"}', '{"Name": "0"}'])
    AS op;
SELECT is(pg_temp.made('Fab_Thing', '[{"Name": "A", "Bit": 64}]'),
    '"RV400 malformed_type"', 'no bit beyond 63');
SELECT is(pg_temp.made('Fab_Thing', (SELECT jsonb_agg(jsonb_build_object(
    'Name', 'Op ' || n))::text FROM generate_series(1, 63) n)),
    '"RV400 malformed_operation"', 'no more operations than bits');
SELECT is((SELECT count(*)::integer FROM object_type
    WHERE object_type_id > 2000000), 0, 'nothing of a refused type stays');
SELECT is(pg_temp.made('Fab_Thing', '[{"Name": "Grant"}, {"Name": "Modify"}]',
    '{"SecuredBy": "role"}') ->> 'key', 'Fab_Thing',
    'the name of a security operation on a type of one''s own');
SELECT is((SELECT count(*)::integer FROM operation WHERE object_type_id =
    2000001 AND is_security), 0, 'is no security operation');
SELECT is(pg_temp.may('frank', 'Grant', NULL, 'Fab_Thing'), 'yes',
    'nor is it refused as one');
SELECT throws_ok($$INSERT INTO role_operation VALUES ('SMS0001R', 2000001, 63)$$,
    NULL, NULL, 'a built-in role holds no operation that there is not');
DO $$ BEGIN PERFORM reeve.take_revision(); END $$;
SELECT throws_ok($$INSERT INTO role_operation VALUES ('RVE0001R', 2000000, 1)$$,
    '42501', NULL, 'nor one of a registered type that is not its own');
SELECT throws_ok($$INSERT INTO operation VALUES (28, 60, 'Own', false, false,
    'x')$$, '42501', NULL, 'shipped types gain no operations');
SELECT throws_ok($$INSERT INTO class_operation VALUES ('SMS_R_System', 'Own', 0,
    1, 'x')$$, '42501', NULL, 'nor shipped classes of resources');

-- ---- Classes of resources -----------------------------------------------------------------------

SELECT is(pg_temp.made('Contoso_Agent', '[{"Name": "Restart", "Means":
    "Modify Resource"}, {"Name": "Read Log", "Means": "Read Resource"}]',
    '{"SecuredBy": "collection"}') -> 'Operations' @? '$[*] ? (@.Name == "Read"
    && @.Means == "Read")', true, 'a class that collections secure has Read');
SELECT is(pg_temp.may('carol', op, key, 'Contoso_Agent'),
    pg_temp.may('carol', meant, key, 'SMS_R_System'), format(
    '%s of %s is %s for carol', op, key, meant))
FROM (VALUES ('Restart', 'Modify Resource'), ('Read Log', 'Read Resource'),
    ('Read', 'Read')) AS o (op, meant),
    (SELECT min(resource_id)::text AS key FROM collection_member
        WHERE collection_id = 'RVE00015'
    UNION ALL SELECT min(resource_id)::text FROM collection_member
        WHERE collection_id = 'RVE00016') r;
SELECT is(pg_temp.made('Contoso_Evil', format('[{"Name": "X", "Means": %s}]',
    to_json(meant)), '{"SecuredBy": "collection"}'),
    '"RV400 malformed_operation"', 'no class makes X of ' || meant)
FROM unnest(ARRAY['Create', 'Deploy Applications', 'Modify Folder', 'None'])
    AS meant;
SELECT is(pg_temp.made('Contoso_Evil', '[{"Name": "Read", "Means":
    "Remote Control"}]', '{"SecuredBy": "collection"}'),
    '"RV400 malformed_operation"', 'Read stands for a Read');
SELECT is(pg_temp.ask('alice', 'modify', jsonb_build_object('key', l.key)
    || l.body::jsonb) -> 'changed', '0', 'what was read may be sent back')
FROM list_rve_applicationtype l WHERE l.key = 'Contoso_Agent';
SELECT is(pg_temp.ask('alice', 'modify', '{"key": "Contoso_Agent", "Version":
    2, "Operations": [{"Name": "Restart", "Means": "Modify Resource"},
    {"Name": "Read Log", "Means": "Read Resource"}, {"Name": "Wake", "Means":
    "Notify Resource"}]}') -> 'changed', '2', 'a later version adds to it');
SELECT is(pg_temp.ask('alice', 'modify', '{"key": "Contoso_Agent", "Version":
    3, "Operations": [{"Name": "Restart", "Means": "Read Resource"},
    {"Name": "Read Log", "Means": "Read Resource"}, {"Name": "Wake", "Means":
    "Notify Resource"}]}'), '"RV409 operation_lost"',
    'and none comes to mean what fewer may refuse');
SELECT is(pg_temp.ask('alice', 'delete', '{"key": "Contoso_Agent"}')
    -> 'changed', '1', 'it goes');
SELECT is(pg_temp.may('alice', 'Read', '1', 'Contoso_Agent'), 'unknown_type',
    'and means nothing then');

-- ---- Taking away ---------------------------------------------------------------------------------

SELECT is(pg_temp.ask('alice', 'delete', '{"key": "Contoso_Backup"}'),
    '"RV409 type_in_use"', 'a type with objects and roles stays');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    DELETE FROM reeve.secured_object WHERE object_type_id = 2000000;
END
$$;
SELECT is(pg_temp.ask('alice', 'delete', '{"key": "Contoso_Backup"}'),
    '"RV409 type_in_use"', 'and one that a custom role holds');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    DELETE FROM reeve.role_operation
        WHERE object_type_id = 2000000 AND role_id LIKE 'TST%';
    INSERT INTO reeve.operation_minimum VALUES (2000000, 32, 2);
END
$$;
SELECT is(pg_temp.ask('alice', 'delete', '{"key": "Contoso_Backup"}')
    -> 'changed', '1', 'an unused one goes, with its minima');
SELECT is_empty('SELECT FROM operation WHERE object_type_id = 2000000
    UNION ALL SELECT FROM role_operation WHERE object_type_id = 2000000
    UNION ALL SELECT FROM secured_object WHERE object_key = ''Contoso_Backup''',
    'and nothing of it stays');
SELECT is(pg_temp.made('Contoso_Backup', '[{"Name": "Read"}]',
    '{"ObjectTypeID": 2000000}'), '"RV409 id_taken"',
    'its id is never used again');
SELECT is((pg_temp.made('Contoso_Backup', '[{"Name": "Read"}]')
    ->> 'ObjectTypeID')::integer, 2000002, 'its name may be');
INSERT INTO role_unknown_bits VALUES ('TST00003', 2000003, 2);
SELECT isnt((pg_temp.made('Contoso_Next', '[{"Name": "Modify"}]')
    ->> 'ObjectTypeID')::integer, 2000003,
    'a new type does not take an id that an imported role knows');
SELECT is(pg_temp.made('Contoso_Known', '[{"Name": "Modify"}]',
    '{"ObjectTypeID": 2000003}') ->> 'ObjectTypeID', '2000003',
    'unless that is asked for');
SELECT is_empty('SELECT FROM role_operation WHERE role_id = ''TST00003''
    AND object_type_id = 2000003', 'and what the role knew grants nothing');

SELECT * FROM finish();
ROLLBACK;
