-- Objects of scoped types: who may make, change and delete them, and in which
-- scopes a new one is (docs/rule.md section 5).
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
CREATE FUNCTION pg_temp.last_audit() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', message_id, array_to_string(strings, ','))
    FROM reeve.admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.scopes_said(who text, args jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', (SELECT string_agg(s ->> 'CategoryID',
        ',' ORDER BY s ->> 'CategoryID')
        FROM jsonb_array_elements(r -> 'scopes') s))
    FROM pg_temp.run(who, 'object_create', args) AS r
$$;
CREATE FUNCTION pg_temp.key_of(name text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(CASE WHEN o.object_type_id = 31
        THEN o.properties ->> 'CI_ID' END, o.object_key)
    FROM reeve.secured_object o WHERE o.name = $1
$$;

-- Which scopes a new object gets -------------------------------------------------

SELECT is(pg_temp.scopes_said('bob', '{"type":31,"name":"Bob one"}'),
    'RVE00010', 'none named: the scopes of the maker');
SELECT is(pg_temp.last_audit(), '1000090 bob@LAB.TEST,SMS_Application,'
    || (SELECT object_key FROM secured_object WHERE name = 'Bob one')
    || ',Bob one', 'the admin stream has it');
SELECT is(pg_temp.scopes_said('alice', '{"type":31,"name":"Alice one"}'),
    'SMS00UNA', 'Default in place of All');
SELECT is(pg_temp.scopes_said('alice',
    '{"type":31,"name":"Alice two","scopes":["RVE00011"],'
    '"scope_names":["Laboratory"]}'), 'RVE00011,RVE00012',
    'who has All may name any, by id and by name');
SELECT is(pg_temp.scopes_said('bob',
    '{"type":31,"name":"Bob two","scopes":["RVE00010"]}'), 'RVE00010',
    'bob names his own');
SELECT is(pg_temp.scopes_said(who, args::jsonb), answer, what)
FROM (VALUES
    ('bob', '{"type":31,"name":"x","scopes":["RVE00011"]}',
        'RV403 not_permitted', 'a scope that is not bob''s'),
    ('bob', '{"type":31,"name":"x","scopes":["RVE00010","SMS00UNA"]}',
        'RV403 not_permitted', 'his and another'),
    ('alice', '{"type":31,"name":"x","scopes":["SMS00ALL"]}',
        'RV400 scope_all', 'nothing is put into All'),
    ('alice', '{"type":31,"name":"x","scopes":["RVE0FFFF"]}',
        'RV400 unknown_category', 'no such scope'),
    ('alice', '{"type":31,"name":"x","scopes":[7]}',
        'RV400 malformed_scopes', 'a scope that is no text'),
    ('bob', '{"type":7,"name":"x"}', 'RV403 not_permitted',
        'a type that bob may not create'),
    ('mallory', '{"type":31,"name":"x"}', 'RV403 no_assignment', 'mallory'),
    ('dave', '{"type":31,"name":"x"}', 'RV403 no_assignment',
        'dave, without his groups'),
    ('carol', '{"type":31,"name":"x"}', 'RV403 not_permitted', 'carol'))
    AS t (who, args, answer, what);

SELECT is(pg_temp.said('dave', 'object_create', '{"type":31,"name":"x"}',
    '{}', '{}', false), 'RV503 groups_unknown',
    'whose groups are not known is not told no');

-- The maker has Create in Headquarters and Set Security Scope in Laboratory.
DO $$
DECLARE
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name)
        VALUES ('RVE0F001', 'Classifier');
    INSERT INTO reeve.role_operation
    SELECT 'RVE0F001', o.object_type_id, o.bit FROM reeve.operation o
    WHERE o.object_type_id = 31 AND o.name IN ('Read', 'Set Security Scope');
    INSERT INTO reeve.assignment (admin_id, role_id)
    SELECT admin_id, 'RVE0F001' FROM reeve.administrative_user
    WHERE principal_id = 'krb5:bob@LAB.TEST' RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_scope VALUES (a, 'RVE00012');
END
$$;
SELECT is(pg_temp.scopes_said('bob', '{"type":31,"name":"Bob three"}'),
    'RVE00010,RVE00012', 'Set Security Scope counts for the scopes');
SELECT is(pg_temp.scopes_said('bob',
    '{"type":31,"name":"x","scopes":["RVE00012"]}'), 'RV403 not_permitted',
    'but is not Create there');

-- A role with Create on no scope at all makes nothing.
DO $$ BEGIN
    PERFORM reeve.take_revision();
    DELETE FROM reeve.assignment_scope s USING reeve.assignment a,
        reeve.administrative_user u WHERE s.assignment_id = a.assignment_id
        AND a.admin_id = u.admin_id AND u.principal_id = 'krb5:bob@LAB.TEST';
    -- An assignment of a scoped role keeps something: a collection.
    INSERT INTO reeve.assignment_collection
    SELECT a.assignment_id, 'RVE00018' FROM reeve.assignment a
    JOIN reeve.administrative_user u USING (admin_id)
    WHERE u.principal_id = 'krb5:bob@LAB.TEST' ON CONFLICT DO NOTHING;
END $$;
SELECT is(pg_temp.scopes_said('bob', '{"type":31,"name":"x"}'),
    'RV403 no_initial_scope', 'without a scope nothing is made');
DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.assignment_scope
    SELECT a.assignment_id, 'RVE00010' FROM reeve.assignment a
    JOIN reeve.administrative_user u USING (admin_id)
    WHERE u.principal_id = 'krb5:bob@LAB.TEST' AND a.role_id <> 'RVE0F001';
END $$;

-- What is kept ---------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'object_create', args::jsonb), answer, what)
FROM (VALUES
    ('{"type":31,"name":"Full","properties":{"Manufacturer":"Acme",'
        '"CIVersion":1,"Tags":["a","b"],"IsEnabled":true}}', '1',
        'texts, numbers, lists'),
    ('{"type":31}', 'RV400 malformed_name', 'no name'),
    ('{"type":31,"name":"a\u0007"}', 'RV400 malformed_name', 'a bell'),
    ('{"type":31,"name":"x","properties":[]}', 'RV400 malformed_properties',
        'properties that are a list'),
    ('{"type":31,"name":"x","properties":{"CI_ID":1}}',
        'RV400 malformed_properties', 'a number of another'),
    ('{"type":31,"name":"x","properties":{"CreatedBy":"root"}}',
        'RV400 malformed_properties', 'hostile: a maker that one is not'),
    ('{"type":31,"name":"x","properties":{"a b":1}}',
        'RV400 malformed_properties', 'a name with a blank'),
    ('{"type":31,"name":"x","properties":{"a":[[[[[1]]]]]}}',
        'RV400 malformed_properties', 'hostile 89: too deep'),
    ('{"type":226,"name":"x"}', 'RV400 op_not_applicable', 'a folder'),
    ('{"type":45,"name":"x"}', '1', 'a type secured by role'),
    ('{"type":28,"name":"x"}', 'RV400 op_not_applicable', 'a user'),
    ('{"type":"31 OR 1=1","name":"x"}', 'RV400 op_not_applicable',
        'hostile 1: SQL for a type'),
    ('{"name":"x"}', 'RV400 op_not_applicable', 'no type'),
    ('{"type":2,"name":"Package","key":"ABC00001"}', '1', 'a package'),
    ('{"type":20,"name":"Sequence"}', '1', 'a task sequence'),
    ('{"type":43,"name":"Group"}', '1', 'a group of points'),
    ('{"type":42,"name":"Point","key":"dp9.lab.test"}',
        'RV400 op_not_applicable', 'nobody makes a point'))
    AS t (args, answer, what);
SELECT is(pg_temp.said('alice', 'object_create', jsonb_build_object('type',
    31, 'name', 'x', 'properties', jsonb_build_object('a',
    repeat('x', 4001)))), 'RV400 malformed_properties', 'a long text');
SELECT is(pg_temp.said('alice', 'object_create', jsonb_build_object('type',
    31, 'name', repeat('n', 513))), 'RV400 malformed_name', 'a long name');
SELECT ok(properties @> '{"Manufacturer":"Acme","CreatedBy":"alice@LAB.TEST"}'
        AND properties ->> 'CI_ID' ~ '^[0-9]+$'
        AND object_key ~ '^ScopeId_.*/Application_.*$',
    'an application has a number, a ModelName and who made it')
FROM secured_object WHERE name = 'Full';
SELECT matches(pg_temp.key_of('Package'), '^RVE[0-9A-F]{5}$',
    'the site gives PackageIDs');
SELECT isnt(pg_temp.key_of('Package'), pg_temp.key_of('Sequence'),
    'no two alike');

-- Changing -----------------------------------------------------------------------------

CREATE FUNCTION pg_temp.change(who text, name text, more jsonb,
    request jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'object_change', jsonb_build_object('type', 31,
        'key', pg_temp.key_of(name)) || more, request)
$$;
CREATE FUNCTION pg_temp.remove(who text, name text,
    request jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'object_delete', jsonb_build_object('type', 31,
        'key', pg_temp.key_of(name)), request)
$$;
SELECT is(pg_temp.change('bob', 'Bob one',
    '{"properties":{"Manufacturer":"Acme"}}'), '1', 'bob changes his own');
SELECT is(pg_temp.change('bob', 'Bob one',
    '{"properties":{"Manufacturer":"Acme"}}'), '0', 'twice is nothing');
SELECT is(pg_temp.change('bob', 'Bob one', '{"name":"Bob 1"}'), '1',
    'another name');
SELECT is(properties ->> 'Manufacturer', 'Acme', 'the rest stays')
FROM secured_object WHERE name = 'Bob 1';
SELECT is(pg_temp.change('bob', 'Bob 1',
    '{"properties":{"Manufacturer":null}}'), '1', 'null takes away');
SELECT ok(NOT properties ? 'Manufacturer', 'what it names')
FROM secured_object WHERE name = 'Bob 1';
SELECT is(pg_temp.change('bob', 'Bob 1', '{"scope_names":["Headquarters"]}'),
    '0', 'the scopes that it has may be sent back');
SELECT is(pg_temp.change('alice', 'Bob 1', '{"scopes":["RVE00011"]}'),
    'RV400 scopes_elsewhere', 'others are given elsewhere');
SELECT is(pg_temp.change('bob', 'Bob 1', '{"own_key":"x","name":"y"}'),
    'RV400 another_key', 'keys do not change');
SELECT is(pg_temp.change('bob', 'Alice one', '{"name":"x"}'),
    'RV404 no_such_object', 'bob does not see Default');
SELECT is(pg_temp.said('bob', 'object_change',
    '{"type":31,"key":"1","name":"x"}'), 'RV404 no_such_object',
    'nor what there is not');
SELECT is(pg_temp.said('dave', 'object_change', jsonb_build_object('type',
    31, 'key', pg_temp.key_of('Bob 1'), 'name', 'x'), '{}',
    ARRAY['group:' || (SELECT account_id FROM administrative_user
        WHERE logon_name ~* 'analysts')]), 'RV403 not_permitted',
    'who reads it is told that it may not');
SELECT is(pg_temp.change('bob', 'Bob 1', '{"name":"y"}',
    '{"if_match":["0"]}'), 'RV412 changed_meanwhile', 'an old tag');
SELECT is(pg_temp.change('bob', 'Bob 1', '{"name":"Bob one"}',
    jsonb_build_object('if_match', jsonb_build_array(changed_revision::text))),
    '1', 'the tag that it has')
FROM secured_object WHERE name = 'Bob 1';
SELECT is(pg_temp.change('alice', 'Full', '{"name":"z"}',
    '{"dry_run":true}') , '1', 'a dry run says what would be');
SELECT ok(EXISTS (SELECT FROM secured_object WHERE name = 'Full'),
    'and keeps nothing');

-- Deleting -----------------------------------------------------------------------------

SELECT is(pg_temp.remove('bob', 'Alice one'), 'RV404 no_such_object',
    'bob does not delete what he does not see');
SELECT is(pg_temp.remove('bob', 'Bob one', '{"if_match":["0"]}'),
    'RV412 changed_meanwhile', 'nor what was changed');
SELECT is(pg_temp.remove('bob', 'Bob one'), '1', 'his own');
SELECT is(split_part(pg_temp.last_audit(), ' ', 1), '1000092',
    'the admin stream has it');
SELECT is(pg_temp.remove('bob', 'Bob one'), 'RV404 no_such_object', 'once');
SELECT matches(pg_temp.said('alice', 'object_delete',
    '{"type":38,"key":"0"}'), '^RV40[039] (built_in|op_not_applicable|not_permitted)',
    'the default instance stays');
SELECT is((SELECT count(*) FROM secured_object WHERE object_type_id = 38
    AND object_key = '0'), 1::bigint, 'and is there');
SELECT is(pg_temp.said('alice', 'object_delete', jsonb_build_object('type', 6,
    'key', (SELECT site_code FROM site_setting))),
    CASE WHEN EXISTS (SELECT FROM secured_object o, site_setting s
        WHERE o.object_type_id = 6 AND o.object_key = s.site_code)
    THEN 'RV409 built_in' ELSE 'RV404 no_such_object' END,
    'nor does the site itself go');
SELECT is_empty($$SELECT FROM object_scope s WHERE NOT EXISTS (
    SELECT FROM secured_object o WHERE (o.object_type_id, o.object_key)
        = (s.object_type_id, s.object_key))$$, 'no scope of nothing is left');

-- Keys that an application gives --------------------------------------------------

SELECT matches(pg_temp.said('alice', 'application_type_create',
    '{"ClassName":"Test_Thing","Application":"Test","SecuredBy":"scope",'
    '"Operations":[{"Name":"Read"},{"Name":"Modify"},{"Name":"Delete"},'
    '{"Name":"Create"},{"Name":"Set Security Scope"}]}'), '^[0-9]+$',
    'an application registers things');
CREATE FUNCTION pg_temp.thing(op text, more jsonb) RETURNS text LANGUAGE sql
AS $$
    SELECT pg_temp.said('alice', op, jsonb_build_object('type',
        (SELECT object_type_id FROM reeve.object_type
            WHERE class_name = 'Test_Thing')) || more)
$$;
SELECT is(pg_temp.thing(op, args::jsonb), answer, what)
FROM (VALUES
    ('object_create', '{"name":"Thing","key":"a1"}', '1', 'with its key'),
    ('object_create', '{"name":"Thing","key":"a1"}', 'RV409 key_taken',
        'once'),
    ('object_create', '{"name":"Thing"}', '1', 'without one'),
    ('object_create', '{"name":"x","key":"a''b"}', 'RV400 malformed_key',
        'hostile 1: a quote in a key'),
    ('object_create', '{"name":"x","key":7}', 'RV400 malformed_key',
        'a number for a key')) AS t (op, args, answer, what);
SELECT is(pg_temp.thing('object_delete', '{"key":"a1"}'), '1', 'one goes');
SELECT is(pg_temp.thing('object_create', '{"name":"Back","key":"a1"}'),
    'RV409 key_taken', 'its key is not used again');

-- Reading by another name ------------------------------------------------------------

SELECT take_revision();
INSERT INTO secured_object (object_type_id, object_key, name)
    VALUES (26, 'Titles', 'Software titles');
INSERT INTO security_role (role_id, name) VALUES ('RVE0EA26', 'Viewers');
INSERT INTO role_operation VALUES ('RVE0EA26', 26, 27);
INSERT INTO administrative_user (admin_id, principal_id, logon_name, is_group)
    VALUES (26000001, 'krb5:viewer@LAB.TEST', 'viewer', false);
INSERT INTO assignment (assignment_id, admin_id, role_id)
    VALUES (26000001, 26000001, 'RVE0EA26');
INSERT INTO assignment_scope VALUES (26000001, 'SMS00UNA');
SELECT is(pg_temp.said(who, 'object_change',
    '{"type":26,"key":"Titles","name":"Mine"}'), answer, what)
FROM (VALUES ('viewer', 'RV403 not_permitted',
        'who may View Asset Intelligence is told that Modify is lacking'),
    ('mallory', 'RV404 no_such_object', 'who may not is told nothing'))
    AS t (who, answer, what);

SELECT * FROM finish();
ROLLBACK;
