-- Security roles and scopes: who may make, change and delete them, what a
-- change of a role may give to whom, role files, and comparison.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.run(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids', to_jsonb(
            ('krb5:' || who || '@LAB.TEST') || groups), 'own', 1,
        'groups_known', known, 'level', 1, 'delegated', false),
        jsonb_build_array(jsonb_build_object('op', op, 'args', args)), NULL,
        jsonb_build_object('body_sha256', repeat('a', 64)) || more);
    RETURN jsonb_build_object('changed', r.changed) || (r.result -> 0);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN jsonb_build_object('refused', SQLSTATE || ' ' || SQLERRM);
    END IF;
    RETURN about::jsonb || jsonb_build_object('refused',
        concat_ws(' ', SQLSTATE, about::jsonb ->> 'reason'));
END
$$;
CREATE FUNCTION pg_temp.said(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', r ->> 'changed')
    FROM pg_temp.run(who, op, args, more, groups, known) AS r
$$;
CREATE FUNCTION pg_temp.id_of(name text) RETURNS text LANGUAGE sql AS $$
    SELECT role_id FROM reeve.security_role r WHERE r.name = $1
    UNION ALL SELECT scope_id FROM reeve.security_scope s WHERE s.name = $1
$$;
-- 31:Read,Modify 28:Simulate, as a role has them
CREATE FUNCTION pg_temp.has(name text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(x.type || ':' || x.names, ' '
        ORDER BY x.type), '')
    FROM (SELECT p.object_type_id AS type,
            string_agg(o.name, ',' ORDER BY p.bit) AS names
        FROM reeve.role_operation p
        JOIN reeve.operation o USING (object_type_id, bit)
        WHERE p.role_id = pg_temp.id_of($1) GROUP BY 1) x
$$;
CREATE FUNCTION pg_temp.last_audit() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', message_id, array_to_string(strings, ','))
    FROM reeve.admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.create_role(name text, operations jsonb)
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said('alice', 'role_create',
        jsonb_build_object('name', name, 'operations', operations))
$$;

-- Creating --------------------------------------------------------------------

SELECT is(pg_temp.create_role('Desk',
    '[{"type":31,"mask":3},{"type":28,"names":["read","SIMULATE"]}]'), '1',
    'alice makes a role, by mask and by names in any case');
SELECT is(pg_temp.has('Desk'), '28:Read,Simulate 31:Read,Modify',
    'it has what was asked for');
SELECT matches(pg_temp.id_of('Desk'), '^RVE[0-9A-F]{5}$',
    'under an id of this site');
SELECT is(pg_temp.last_audit(), '31200 alice@LAB.TEST,,Desk',
    'the admin stream has it, 31200');
SELECT is(pg_temp.said('alice', op, args::jsonb, '{"if_match":["old"]}'),
    'RV412 changed_meanwhile', 'what is read for it has changed: ' || op)
FROM (VALUES
    ('role_create', '{"name":"Copy of it","copied_from_id":"SMS0009R"}'),
    ('role_export', '{"role_ids":["SMS0009R"]}'))
    AS t (op, args);
SELECT is((SELECT created_by || ' ' || modified_by FROM security_role
    WHERE name = 'Desk'), 'alice@LAB.TEST alice@LAB.TEST',
    'and the role who made it');
SELECT is(pg_temp.said('alice', 'role_create', args::jsonb), answer, what)
FROM (VALUES
    ('{"name":"Desk"}', 'RV409 name_taken', 'a name that is taken'),
    ('{}', 'RV400 malformed_name', 'no name'),
    ('{"name":""}', 'RV400 malformed_name', 'an empty name'),
    ('{"name":"  "}', 'RV400 malformed_name', 'a name of blanks'),
    ('{"name":7}', 'RV400 malformed_name', 'a number for a name'),
    ('{"name":"a\u001b[2J"}', 'RV400 malformed_name',
        'a name that a terminal would obey'),
    ('{"name":"x","description":"a\u0007"}', 'RV400 malformed_name',
        'a description with a bell'),
    ('{"name":"x","operations":{}}', 'RV400 malformed_operations',
        'operations that are no list'),
    ('{"name":"x","operations":[7]}', 'RV400 malformed_operations',
        'an operation that is no object'),
    ('{"name":"x","operations":[{"type":31}]}', 'RV400 malformed_operations',
        'neither mask nor names'),
    ('{"name":"x","operations":[{"type":31,"mask":4294967296}]}',
        'RV400 malformed_operations', 'hostile 8: a mask of 33 bits'),
    ('{"name":"x","operations":[{"type":31,"mask":-1}]}',
        'RV400 malformed_operations', 'hostile 8: a negative mask'),
    ('{"name":"x","operations":[{"type":"31 OR 1=1","mask":1}]}',
        'RV400 malformed_operations', 'hostile 1: SQL for a type'),
    ('{"name":"x","operations":[{"type":31,"mask":1},{"type":31,"mask":2}]}',
        'RV400 type_named_twice', 'one type twice'),
    ('{"name":"x","operations":[{"type":31,"names":["Fly"]}]}',
        'RV400 unknown_operation', 'a name of no operation'),
    ('{"name":"x","operations":[{"type":999,"names":["Read"]}]}',
        'RV400 unknown_operation', 'a name of an operation of no type'),
    ('{"name":"x","operations":[{"type":31,"mask":1,"names":["Modify"]}]}',
        'RV400 contradictory_operations', 'two that contradict each other'),
    ('{"name":"x","copied_from_id":"x"}', 'RV400 malformed_role_id',
        'a copy of what is no RoleID'),
    ('{"name":"x","copied_from_id":"SMS0FFFF"}', 'RV404 no_such_object',
        'a copy of no role')) AS t (args, answer, what);
SELECT is(pg_temp.create_role(repeat('n', 256), '[]'), '1', '256 characters');
SELECT is(pg_temp.create_role(repeat('n', 257), '[]'), 'RV400 malformed_name',
    '257');
SELECT is(pg_temp.create_role(E'De\u200bsk', '[]'), '1',
    'hostile 93: a name with zero width is another name');
SELECT is(pg_temp.said('alice', 'role_create', '{"name":"o''; DROP TABLE"}'),
    '1', 'hostile 1: SQL in a name is a name');

-- Who may not -------------------------------------------------------------------

SELECT is(pg_temp.run(who, op, args::jsonb) - 'missing' - 'objects',
    jsonb_build_object('reason', split_part(answer, ' ', 2), 'refused',
        answer), who || ' ' || op || ': ' || answer)
FROM (VALUES
    ('mallory', 'role_create', '{"name":"x"}', 'RV403 no_assignment'),
    ('bob', 'role_create', '{"name":"x"}', 'RV403 not_permitted'),
    ('bob', 'role_import', '{"roles":[]}', 'RV403 not_permitted'),
    ('bob', 'scope_create', '{"name":"x"}', 'RV403 not_permitted'),
    ('bob', 'role_change', '{"role_id":"SMS0001R"}', 'RV404 no_such_object'),
    ('bob', 'role_change', '{"role_id":"SMS0FFFF"}', 'RV404 no_such_object'),
    ('bob', 'role_delete', '{"role_id":"SMS0001R"}', 'RV404 no_such_object'),
    ('bob', 'role_export', '{"role_ids":["SMS0001R"]}',
        'RV404 no_such_object'),
    ('bob', 'scope_change', '{"scope_id":"RVE00010"}',
        'RV404 no_such_object'),
    ('bob', 'scope_delete', '{"scope_id":"RVE00010"}',
        'RV404 no_such_object'),
    ('alice', 'role_change', '{}', 'RV404 no_such_object'),
    ('alice', 'role_delete', '{}', 'RV404 no_such_object'),
    ('alice', 'scope_delete', '{}', 'RV404 no_such_object'),
    ('alice', 'role_change', '{"role_id":"SMS0001R","name":"x"}',
        'RV409 built_in'),
    ('alice', 'role_change', '{"role_id":"SMS000AR","operations":[]}',
        'RV409 built_in'),
    ('alice', 'role_delete', '{"role_id":"SMS000AR"}', 'RV409 built_in'),
    ('alice', 'scope_change', '{"scope_id":"SMS00UNA","name":"x"}',
        'RV409 built_in'),
    ('alice', 'scope_delete', '{"scope_id":"SMS00ALL"}', 'RV409 built_in'))
    AS t (who, op, args, answer);
SELECT is(pg_temp.run('dave', 'role_create', '{"name":"x"}', '{}',
    ARRAY['group:' || (SELECT account_id FROM administrative_user
        WHERE is_group AND logon_name ~ 'analysts')]) -> 'missing',
    '{"operation":"Create","type":"SMS_Role","conditions":["operation"]}',
    'an analyst is told what is missing');
SELECT is(pg_temp.said('ivan', 'role_create', '{"name":"x"}', '{}', '{}',
    false), 'RV503 groups_unknown', 'not decidable without the groups');

-- Copying -------------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'role_create',
    '{"name":"Like Auditor","copied_from_id":"RVE0001R"}'), '1', 'a copy');
SELECT is(pg_temp.has('Like Auditor'), (SELECT pg_temp.has(name)
    FROM security_role WHERE role_id = 'RVE0001R'),
    'has all operations of the other, the high ones too');
SELECT is((SELECT copied_from_id FROM security_role
    WHERE name = 'Like Auditor'), 'RVE0001R', 'and says whose copy it is');
SELECT is(pg_temp.said('alice', 'role_create', '{"name":"Other",
    "copied_from_id":"PS100007","operations":[{"type":31,"mask":1}]}'), '1',
    'the RoleID of another site is kept where operations are given');

-- Changing -------------------------------------------------------------------------

CREATE FUNCTION pg_temp.change(name text, args jsonb, who text DEFAULT 'alice')
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'role_change',
        jsonb_build_object('role_id', pg_temp.id_of(name)) || args)
$$;
SELECT is(pg_temp.change('Desk', '{"description":"of the help desk"}'), '1',
    'a description');
SELECT is(pg_temp.last_audit(), '31201 alice@LAB.TEST,Desk', '31201');
SELECT is(pg_temp.change('Desk', '{"description":"of the help desk"}'), '0',
    'the same again is no change');
SELECT is(pg_temp.change('Desk', '{"name":"Other"}'), 'RV409 name_taken',
    'a name that is taken');
SELECT is(pg_temp.change('Desk', '{"permission":
    {"application":["Read"],"Boundaries":["create","Delete"]}}'), '4',
    'permissions by names, as the cmdlet has them');
SELECT is(pg_temp.has('Desk'), '28:Read,Simulate 31:Read 45:Delete,Create',
    'other types keep theirs');
SELECT is(pg_temp.change('Desk', args::jsonb), answer, what) FROM (VALUES
    ('{"permission":{"Nothing":["Read"]}}', 'RV400 unknown_type', 'no type'),
    ('{"permission":{"Boundaries":["Fly"]}}', 'RV400 unknown_operation',
        'no operation'),
    ('{"permission":{"Boundaries":"Read"}}', 'RV400 malformed_operations',
        'no list'),
    ('{"permission":[]}', 'RV400 malformed_operations', 'no object'))
    AS t (args, answer, what);
SELECT is(pg_temp.change('Desk', '{"operations":
    [{"type":28,"mask":1},{"type":31,"mask":3}]}'), '4',
    'operations as a whole, by one who knows masks only');
SELECT is(pg_temp.has('Desk'), '28:Read,Simulate 31:Read,Modify',
    'high bits stay where the type does, the rest goes');
SELECT is(pg_temp.change('Desk', '{"operations":[{"type":28,"mask":3,
    "names":["Read","Simulate"]},{"type":31,"mask":3}]}'), '2',
    'a mask that was changed wins over names sent back as they were');
SELECT is(pg_temp.has('Desk'), '28:Read,Modify,Simulate 31:Read,Modify',
    'so it is');
SELECT is(pg_temp.change('Desk', '{"operations":[{"type":28,"mask":3,
    "names":["Read"]},{"type":31,"mask":3}]}'), '3',
    'names that were changed win over a mask sent back as it was');
SELECT is(pg_temp.has('Desk'), '28:Read 31:Read,Modify', 'so it is');
SELECT is(pg_temp.said('alice', 'role_change', jsonb_build_object('role_id',
    pg_temp.id_of('Desk'), 'name', 'Stale'), '{"if_match":["never"]}'),
    'RV412 changed_meanwhile', 'two administrators: the second gets 412');
SELECT is(pg_temp.said('alice', 'role_change', jsonb_build_object('role_id',
    pg_temp.id_of('Desk'), 'description', 'x'), jsonb_build_object('if_match',
    jsonb_build_array(role_etag(pg_temp.id_of('Desk'))))), '1',
    'the first does not');

-- Section 6: what a change gives, and to whom -----------------------------------------

DO $$
DECLARE
    a bigint;
    x record;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name, is_built_in)
        VALUES ('TST00001', 'Of bob', false), ('TST00002', 'Of frank', false),
            ('TST00003', 'Of deployers', false), ('TST00004', 'Of carol', false),
            ('TST00005', 'Half', false);
    INSERT INTO reeve.role_operation VALUES ('TST00001', 31, 0),
        ('TST00002', 31, 0), ('TST00003', 31, 0), ('TST00004', 31, 0),
        ('TST00005', 27, 0), ('TST00005', 27, 1), ('TST00005', 31, 0),
        ('TST00005', 31, 1);
    FOR x IN SELECT * FROM (VALUES ('bob', 'TST00001', 'RVE00010'),
        ('frank', 'TST00002', 'SMS00ALL'), ('deployers', 'TST00003',
        'RVE00011'), ('carol', 'TST00004', 'RVE00011'),
        ('erin', 'TST00005', 'RVE00010')) AS v (name, role, scope)
    LOOP
        INSERT INTO reeve.assignment (admin_id, role_id)
            SELECT admin_id, x.role FROM reeve.administrative_user
            WHERE logon_name ~ x.name
            RETURNING assignment_id INTO STRICT a;
        INSERT INTO reeve.assignment_scope VALUES (a, x.scope);
    END LOOP;
END
$$;
-- frank has Grant on everything, erin has role TST00005 in RVE00010 alone.
SELECT is(pg_temp.change('Of bob', '{"permission":{"31":["Read","Modify"]}}',
    'frank'), '2', 'Grant gives what is no security operation');
SELECT is(pg_temp.change('Of bob', '{"permission":{"SMSScript":["Read"]}}',
    'erin'), 'RV403 not_grantable', 'without Grant nobody gives what he lacks');
SELECT is(pg_temp.change('Of bob', '{"operations":[{"type":31,"mask":1}]}',
    'erin'), '2', 'taking away needs Modify alone');
SELECT is(pg_temp.change('Of bob', '{"operations":[{"type":31,"mask":3}]}',
    'erin'), '2', 'one gives what one has where one has it');
SELECT is(pg_temp.change('Of carol', '{"operations":[{"type":31,"mask":3}]}',
    'erin'), 'RV403 not_grantable', 'but not where one has it not');
SELECT is(pg_temp.has('Of carol'), '31:Read', 'and nothing of it stays');
SELECT is(pg_temp.run('frank', 'role_change', '{"role_id":"TST00001",
    "permission":{"SecurityScopes":["Create"],"Site":["Create"]}}')
    - 'objects', '{"reason":"not_grantable","refused":"RV403 not_grantable",
    "missing":{"operation":"Grant","type":"SMS_Admin",
    "conditions":["operation"]}}', 'hostile 102: nor a security operation'
    ' together with one that one lacks');
SELECT is(pg_temp.run('frank', 'role_change', '{"role_id":"TST00001",
    "permission":{"SecurityScopes":["Create"],"Site":["Create"]}}')
    #> '{objects,0,name}', (SELECT to_jsonb(logon_name)
    FROM administrative_user WHERE logon_name ~ 'bob'),
    'the refusal names the administrative user that has the role');
SELECT is(pg_temp.change('Of frank', '{"permission":{"31":["Read","Modify"]}}',
    'frank'), 'RV403 self_gain', 'hostile 101: nobody widens his own role');
SELECT is(pg_temp.change('Of frank', '{"name":"Of Frank"}', 'frank'), '1',
    'he may rename it');
SELECT is(pg_temp.change('Of Frank', '{"operations":[]}', 'frank'), '2',
    'and take away from it');
SELECT is(pg_temp.change('Of Frank', '{"operations":[{"type":31,"mask":1}]}',
    'frank'), 'RV403 self_gain', 'but not give it back to himself');
SELECT is(pg_temp.change('Of deployers',
    '{"permission":{"31":["Read","Modify"]}}', 'frank'), '2',
    'nor does he gain by a group that he is not in');
SELECT is(pg_temp.said('frank', 'role_change', '{"role_id":"TST00003",
    "permission":{"31":["Read"]}}', '{}', ARRAY[g.principal_id]), '2',
    'one in that group takes away')
FROM administrative_user g WHERE g.logon_name ~ 'deployers';
SELECT is(pg_temp.said('frank', 'role_change', '{"role_id":"TST00003",
    "permission":{"31":["Read","Modify"]}}', '{}', ARRAY[g.principal_id]),
    'RV403 self_gain', 'and does not give to his own group')
FROM administrative_user g WHERE g.logon_name ~ 'deployers';
SELECT is(pg_temp.said('frank', 'role_change', '{"role_id":"TST00003",
    "permission":{"31":["Read","Modify"]}}', '{}', '{}', false),
    'RV503 groups_unknown', 'nor to one that he cannot be shown not to be in');
SELECT is(pg_temp.said('frank', 'role_change', '{"role_id":"TST00001",
    "permission":{"31":["Read"]}}', '{}', '{}', false), '2',
    'a role of users only needs no groups');
SELECT is(pg_temp.said('alice', 'role_import', '{"overwrite":true,"roles":
    [{"name":"Of carol","description":"","operations":[{"type":31,"mask":3}],
    "names":[]}]}'), '2', 'the same by a file: who may');
SELECT is(pg_temp.said('frank', 'role_import', '{"overwrite":true,"roles":
    [{"name":"Of Frank","operations":[{"type":31,"mask":3}],"names":[]}]}'),
    'RV403 self_gain', 'and who may not');

-- Deleting ----------------------------------------------------------------------------

SELECT is(pg_temp.run('alice', 'role_delete', '{"role_id":"TST00001"}'),
    jsonb_build_object('refused', 'RV409 in_use', 'reason', 'in_use',
        'objects', jsonb_build_array(jsonb_build_object('object_type_id', 28,
            'object_key', u.admin_id::text, 'name', u.logon_name))),
    'a role that somebody has stays, and the answer says who')
FROM administrative_user u WHERE u.logon_name ~ 'bob';
DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.role_operation VALUES ('TST00005', 27, 2);
END $$;
SELECT is(pg_temp.run('erin', 'role_delete', '{"role_id":"TST00001"}')
    -> 'objects', '[]', 'but not to one who may not read users');
CREATE TEMP TABLE gone AS SELECT pg_temp.id_of('Desk') AS id;
SELECT is(pg_temp.said('alice', 'role_delete', jsonb_build_object('role_id',
    id), '{"if_match":["never"]}'), 'RV412 changed_meanwhile',
    'not one that was changed') FROM gone;
SELECT is(pg_temp.said('alice', 'role_delete', jsonb_build_object('role_id',
    id)), '1', 'one that nobody has goes') FROM gone;
SELECT is(pg_temp.last_audit(), '31202 alice@LAB.TEST,Desk', '31202');
SELECT is(is_free_id('security_role', id), false, 'its id is never used again')
FROM gone;
SELECT is(pg_temp.said('alice', 'role_delete', jsonb_build_object('role_id',
    id)), 'RV404 no_such_object', 'and it is gone') FROM gone;

-- Role files ------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.file(roles jsonb, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
    SELECT pg_temp.run('alice', 'role_import',
        jsonb_build_object('roles', roles) || more)
$$;
CREATE TEMP TABLE file AS SELECT '[{"name":"From file","description":"d",
    "copied_from_id":"SMS0009R","operations":[{"type":31,"mask":2147484675},
    {"type":7654,"mask":5}],"names":[{"type":28,"name":"Simulate"},
    {"type":28,"name":"Teleport"}]}]'::jsonb AS roles;
CREATE TEMP TABLE answer AS SELECT pg_temp.file(roles) AS r FROM file;
SELECT is(r #>> '{roles,0,action}', 'created', 'a role comes from a file')
FROM answer;
SELECT is(r #> '{roles,0,unknown}', '[{"ObjectTypeID":31,"GrantedOperations":
    2147483648},{"ObjectTypeID":7654,"GrantedOperations":5}]',
    'bits and types that nobody knows are told') FROM answer;
SELECT is(r #> '{roles,0,unknown_names}',
    '[{"ObjectTypeID":28,"OperationName":"Teleport"}]', 'and names')
FROM answer;
SELECT is(pg_temp.has('From file'), '28:Simulate 31:Read,Modify,Create',
    'the rest is granted');
SELECT is(pg_temp.last_audit(), '31207 alice@LAB.TEST,From file', '31207');
SELECT is(pg_temp.file(roles) ->> 'refused', 'RV409 name_taken',
    'a file overwrites only when told to') FROM file;
SELECT is(pg_temp.file(roles, '{"overwrite":true}')
    #>> '{roles,0,action}', 'same', 'the same again is no change') FROM file;
SELECT is((pg_temp.file('[{"name":"From file","operations":
    [{"type":31,"mask":5}],"names":[]}]', '{"overwrite":true}')
    #> '{roles,0}') - 'key'::text, '{"name":"From file","action":"changed",
    "unknown":[],"unknown_names":[],
    "added":[{"ObjectTypeID":31,"OperationName":"Delete"}],
    "removed":[{"ObjectTypeID":28,"OperationName":"Simulate"},
    {"ObjectTypeID":31,"OperationName":"Create"},
    {"ObjectTypeID":31,"OperationName":"Modify"}]}',
    'overwriting makes it equal, and tells the difference');
SELECT is(pg_temp.file(roles, '{"new_name":"Renamed"}')
    #>> '{roles,0,name}', 'Renamed', 'under another name') FROM file;
SELECT is(pg_temp.file(roles::jsonb, more::jsonb) ->> 'refused', answer, what)
FROM (VALUES
    ('[]', '{}', 'RV400 malformed_role_file', 'no role'),
    ('{}', '{}', 'RV400 malformed_role_file', 'no list'),
    ('[{"name":"a","operations":[],"names":[]},
        {"name":"a","operations":[],"names":[]}]', '{}',
        'RV400 role_named_twice', 'two of one name'),
    ('[{"name":"a","operations":[],"names":[]},
        {"name":"b","operations":[],"names":[]}]', '{"new_name":"c"}',
        'RV400 new_name_for_several', 'one new name for two'),
    ('[{"name":"a","operations":[]}]', '{}', 'RV400 malformed_role_file',
        'no names'),
    ('[{"name":"a","operations":[],"names":[{"type":"x","name":"y"}]}]', '{}',
        'RV400 malformed_role_file', 'a name of no type'),
    ('[{"name":"a","operations":[{"type":31,"mask":1},{"type":31,"mask":1}],
        "names":[]}]', '{}', 'RV400 type_named_twice', 'a type twice'),
    ('[{"name":"Full Administrator","operations":[],"names":[]}]',
        '{"overwrite":true}', 'RV409 built_in',
        'hostile 104: the name of a built-in role'),
    ('[{"name":"fine","operations":[],"names":[]},
        {"name":"","operations":[],"names":[]}]', '{}',
        'RV400 malformed_name', 'one of two that is wrong'))
    AS t (roles, more, answer, what);
SELECT is(pg_temp.id_of('fine'), NULL, 'all or none');

-- Unknown bits grant nothing, also when what they may have meant comes to be.
SELECT is(pg_temp.file(roles, '{"new_name":"Waiting"}') #>>
    '{roles,0,action}', 'created', 'a role with a type to come') FROM file;
DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.object_type (object_type_id, sdk_name, class_name,
            display_name, secured_by, provenance)
        VALUES (7654, 'Late', 'APP_Late', 'Late', 'role', 'test');
    INSERT INTO reeve.operation VALUES (7654, 0, 'Read', false, false, 'test'),
        (7654, 2, 'Delete', false, false, 'test');
END $$;
SELECT is(pg_temp.has('Waiting'), '28:Simulate 31:Read,Modify,Create',
    'a type registered later is not granted by them');
SELECT is(pg_temp.change('Waiting', '{"description":"renamed"}'), '1',
    'nor by another change');
SELECT is(pg_temp.has('Waiting'), '28:Simulate 31:Read,Modify,Create',
    'as one sees');
SELECT isnt(pg_temp.change('Waiting', '{"operations":[{"type":7654,"mask":5}]}'),
    '0', 'only by writing the operations');
SELECT is(pg_temp.has('Waiting'), '7654:Read,Delete', 'under section 6');

-- What goes out comes in again.
CREATE TEMP TABLE exported AS SELECT pg_temp.run('alice', 'role_export',
    '{"role_ids":["RVE0001R","SMS0001R","RVE0001R"]}') AS r;
SELECT is(jsonb_array_length(r -> 'roles'), 2, 'built-in roles go out, once')
FROM exported;
SELECT is((SELECT string_agg(strings[2], ',' ORDER BY ordinal)
    FROM admin_audit WHERE message_id = 31208), 'Auditor,Full Administrator',
    '31208');
SELECT is(pg_temp.file(jsonb_build_array(r #> '{roles,0}'
    || '{"complete":true}'), '{"new_name":"Auditor again"}')
    #>> '{roles,0,action}', 'created', 'and come in under another name')
FROM exported;
SELECT is(pg_temp.has('Auditor again'), (SELECT pg_temp.has(name)
    FROM security_role WHERE role_id = 'RVE0001R'), 'with every operation');
SELECT is((SELECT copied_from_id FROM security_role
    WHERE name = 'Auditor again'), 'RVE0001R', 'and their origin');
SELECT is(pg_temp.run('alice', 'role_export', args::jsonb) ->> 'refused',
    answer, what)
FROM (VALUES ('{}', 'RV400 malformed_role_id', 'none'),
    ('{"role_ids":[]}', 'RV400 malformed_role_id', 'an empty list'),
    ('{"role_ids":["SMS0FFFF"]}', 'RV404 no_such_object', 'one that is not'))
    AS t (args, answer, what);

-- Scopes -------------------------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'scope_create', '{"name":"Kiosks"}'), '1',
    'a scope');
SELECT matches(pg_temp.id_of('Kiosks'), '^RVE[0-9A-F]{5}$', 'with its id');
SELECT is(pg_temp.last_audit(), '31220 alice@LAB.TEST,Kiosks', '31220');
SELECT is(pg_temp.said('alice', 'scope_create', args::jsonb), answer, what)
FROM (VALUES ('{"name":"Kiosks"}', 'RV409 name_taken', 'taken'),
    ('{}', 'RV400 malformed_name', 'no name')) AS t (args, answer, what);
CREATE FUNCTION pg_temp.scope(who text, op text, name text,
    args jsonb DEFAULT '{}', more jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql AS $$
    SELECT pg_temp.run(who, op, jsonb_build_object('scope_id',
        pg_temp.id_of(name)) || args, more)
$$;
SELECT is(pg_temp.scope('alice', 'scope_change', 'Kiosks',
    '{"description":"of shops"}') ->> 'changed', '1', 'a description');
SELECT is(pg_temp.last_audit(), '31221 alice@LAB.TEST,Kiosks', '31221');
SELECT is(pg_temp.scope('alice', 'scope_change', 'Kiosks', '{"name":"Kiosks"}')
    ->> 'changed', '0', 'the same again');
SELECT is(pg_temp.scope('alice', 'scope_change', 'Kiosks',
    '{"name":"Default"}') ->> 'refused', 'RV409 name_taken', 'taken');
SELECT is(pg_temp.scope('alice', op, 'Kiosks', '{}', '{"if_match":["x"]}')
    ->> 'refused', 'RV412 changed_meanwhile', op || ' of what was changed')
FROM unnest(ARRAY['scope_change', 'scope_delete']) AS op;
SELECT is(pg_temp.scope('alice', 'scope_delete', 'Headquarters')
    ->> 'refused', 'RV409 in_use', 'a scope that somebody has stays');

DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.secured_object (object_type_id, object_key, name)
        VALUES (31, 'test/only', 'Only'), (31, 'test/both', 'Both');
    INSERT INTO reeve.object_scope VALUES
        (31, 'test/only', pg_temp.id_of('Kiosks')),
        (31, 'test/both', pg_temp.id_of('Kiosks')),
        (31, 'test/both', 'RVE00011');
END $$;
SELECT is(pg_temp.scope('alice', 'scope_delete', 'Kiosks'), '{"refused":
    "RV409 last_scope","reason":"last_scope","count":1,"objects":
    [{"object_type_id":31,"object_key":"test/only"}]}',
    'a scope is not deleted under an object that has no other');
SELECT is(pg_temp.scope('alice', 'scope_delete', 'Kiosks',
    args::jsonb) ->> 'refused', answer, what)
FROM (VALUES ('{"move_to":"SMS00ALL"}', 'RV400 scope_all', 'not into All'),
    ('{"move_to":"RVE0FFFF"}', 'RV400 unknown_category', 'nor into none'))
    AS t (args, answer, what);
SELECT is(pg_temp.scope('alice', 'scope_delete', 'Kiosks',
    jsonb_build_object('move_to', pg_temp.id_of('Kiosks'))) ->> 'refused',
    'RV400 malformed_move_to', 'nor into itself');
-- frank may delete scopes, and has Set Security Scope by another role.
DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.role_operation VALUES ('TST00005', 29, 0),
        ('TST00005', 29, 2);
END $$;
SELECT is(pg_temp.scope('erin', 'scope_delete', 'Kiosks')
    - 'count', '{"refused":"RV409 last_scope","reason":"last_scope",
    "objects":[]}', 'objects that one may not read are not listed');
SELECT is(pg_temp.scope('erin', 'scope_delete', 'Kiosks',
    '{"move_to":"RVE00010"}') ->> 'refused', 'RV403 not_permitted',
    'who may delete scopes does not by that move objects');
SELECT is(pg_temp.scope('alice', 'scope_delete', 'Kiosks',
    '{"move_to":"RVE00012"}') ->> 'changed', '5', 'they go elsewhere');
SELECT is((SELECT string_agg(object_key || ' ' || scope_id, ', '
    ORDER BY object_key, scope_id) FROM object_scope
    WHERE object_key ~ '^test/'), 'test/both RVE00011, test/both RVE00012,'
    ' test/only RVE00012', 'to where they were sent');
SELECT is(pg_temp.last_audit(), '31222 alice@LAB.TEST,Kiosks', '31222');

-- Comparing -----------------------------------------------------------------------------------

SELECT is(role_compare('SMS0001R', 'SMS0FFFF'), NULL, 'with no role');
SELECT is(role_compare(pg_temp.id_of('Auditor again'), 'RVE0001R')
    - 'a' - 'both', '{"b":"RVE0001R","only_a":[],"only_b":[],
    "unknown_a":[],"unknown_b":[]}', 'two that are alike');
SELECT is(role_compare('TST00001', 'TST00005') #> '{only_b}', '[{"type":
    "SMS_Role","object_type_id":27,"operation":"Read"},{"type":"SMS_Role",
    "object_type_id":27,"operation":"Modify"},{"type":"SMS_Role",
    "object_type_id":27,"operation":"Delete"},{"type":"SMS_SecuredCategory",
    "object_type_id":29,"operation":"Read"},{"type":"SMS_SecuredCategory",
    "object_type_id":29,"operation":"Delete"},{"type":"SMS_Application",
    "object_type_id":31,"operation":"Modify"}]', 'what one has more');
SELECT is(role_similar(pg_temp.id_of('Auditor again'), 1)
    #>> '{roles,0,role_id}', id, 'the most similar first')
FROM (SELECT min(role_id) AS id FROM security_role
    WHERE name IN ('Auditor', 'Like Auditor')) x;
SELECT is(role_similar(pg_temp.id_of('Auditor again'), 1)
    #>> '{roles,0,similarity}', '1.0000', 'with all in common');
SELECT is(jsonb_array_length(role_similar('SMS0001R', 5) -> 'roles'), 5,
    'as many as asked for');
SELECT is(role_similar('SMS0FFFF', 5), NULL, 'to no role');

-- The gate -------------------------------------------------------------------------------------

DO $$ BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET minimum_level = 2;
END $$;
SELECT is(pg_temp.said('alice', name, '{}'), 'RV403 level_too_low',
    name || ' asks for the level of the site first')
FROM policy_operation WHERE name ~ '^(role|scope)_' ORDER BY name;

SELECT * FROM finish();
ROLLBACK;
