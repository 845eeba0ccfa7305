-- A site of Configuration Manager comes over: what is made, kept, mapped and
-- left out, and what is decided otherwise here.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.run(who text, args jsonb, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids', jsonb_build_array(
            'krb5:' || who || '@LAB.TEST'), 'own', 1, 'groups_known', true,
        'level', 1, 'delegated', false), jsonb_build_array(
            jsonb_build_object('op', 'site_import', 'args', args)), NULL,
        jsonb_build_object('body_sha256', repeat('a', 64)) || more);
    RETURN jsonb_build_object('changed', r.changed, 'revision', r.revision)
        || (r.result -> 0);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN jsonb_build_object('refused', SQLSTATE || ' ' || SQLERRM);
    END IF;
    RETURN about::jsonb || jsonb_build_object('refused',
        concat_ws(' ', SQLSTATE, about::jsonb ->> 'reason'));
END
$$;
-- "RoleID/CategoryTypeID/CategoryID ..." as SMS_APermission[]
CREATE FUNCTION pg_temp.rows(said text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('RoleID', split_part(w, '/', 1),
        'CategoryTypeID', split_part(w, '/', 2)::integer, 'CategoryID',
        split_part(w, '/', 3))) FROM regexp_split_to_table(said, ' ') w
$$;
CREATE FUNCTION pg_temp.admin(name text, sid text, is_group boolean,
    said text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('LogonName', name, 'AdminSid', sid, 'IsGroup',
        is_group, 'IsDeleted', false, 'Permissions', pg_temp.rows(said))
$$;
CREATE FUNCTION pg_temp.line(answer jsonb, entity text, source_id text)
RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', l ->> 'action', l ->> 'name', l ->> 'id')
    FROM jsonb_array_elements($1 -> 'plan') l
    WHERE l ->> 'entity' = $2 AND l ->> 'source_id' = $3
$$;
CREATE FUNCTION pg_temp.differs(answer jsonb, kind text) RETURNS SETOF jsonb
LANGUAGE sql AS $$
    SELECT d - 'kind' FROM jsonb_array_elements($1 -> 'differences') d
    WHERE d ->> 'kind' = $2
$$;

SELECT reeve.take_revision();
INSERT INTO reeve.administrative_user (admin_id, principal_id, logon_name,
        is_group)
    VALUES (30000001, 'krb5:full@LAB.TEST', 'full@LAB.TEST', false),
        (30000002, 'krb5:weak@LAB.TEST', 'weak@LAB.TEST', false);
INSERT INTO reeve.assignment (assignment_id, admin_id, role_id) VALUES
    (900001, 30000001, 'SMS0001R'), (900002, 30000002, 'SMS000FR');
INSERT INTO reeve.assignment_scope VALUES (900001, 'SMS00ALL'),
    (900002, 'SMS00ALL');
INSERT INTO reeve.assignment_collection VALUES (900001, 'SMS00001'),
    (900001, 'SMS00004'), (900002, 'SMS00001'), (900002, 'SMS00004');
-- An id and a name that the other site has, too
INSERT INTO reeve.security_scope (scope_id, name)
    VALUES ('ABC00012', 'Sales');

CREATE TEMPORARY TABLE given AS SELECT jsonb_build_object('source', 'ABC',
    'SMS_Role', '[
    {"RoleID": "SMS0009R", "RoleName": "Application Administrator",
        "IsBuiltIn": true, "Operations": [
            {"ObjectTypeID": 31, "GrantedOperations": 1}]},
    {"RoleID": "ABC00001", "RoleName": "Deployers", "Operations": [
        {"ObjectTypeID": 1, "GrantedOperations": 1052673},
        {"ObjectTypeID": 31, "GrantedOperations": 2147483648},
        {"ObjectTypeID": 999, "GrantedOperations": 6}]},
    {"RoleID": "ABC00002", "RoleName": "Readers", "Operations": [
        {"ObjectTypeID": 31, "GrantedOperations": 1},
        {"ObjectTypeID": 200, "GrantedOperations": 1}]},
    {"RoleID": "ABC00003", "RoleName": "Blind", "Operations": [
        {"ObjectTypeID": 7, "GrantedOperations": 6}]},
    {"RoleID": "ABC00004", "RoleName": "Keepers", "Operations": [
        {"ObjectTypeID": 1, "GrantedOperations": 7},
        {"ObjectTypeID": 28, "GrantedOperations": 3}]}]'::jsonb,
    'SMS_SecuredCategory', '[
    {"CategoryID": "SMS00ALL", "CategoryName": "All"},
    {"CategoryID": "ABC00011", "CategoryName": "Sales"},
    {"CategoryID": "ABC00012", "CategoryName": "Branches"}]'::jsonb,
    'SMS_Collection', '[
    {"CollectionID": "ABC00024", "Name": "D", "CollectionType": 2,
        "LimitToCollectionID": "ABC00023"},
    {"CollectionID": "ABC00023", "Name": "C", "CollectionType": 2,
        "LimitToCollectionID": "ABC00022"},
    {"CollectionID": "ABC00022", "Name": "B", "CollectionType": 2,
        "LimitToCollectionID": "ABC00021"},
    {"CollectionID": "ABC00021", "Name": "A", "CollectionType": 2,
        "LimitToCollectionID": "SMS00001"},
    {"CollectionID": "ABC00031", "Name": "Ring 1", "CollectionType": 2,
        "LimitToCollectionID": "ABC00032"},
    {"CollectionID": "ABC00032", "Name": "Ring 2", "CollectionType": 2,
        "LimitToCollectionID": "ABC00031"},
    {"CollectionID": "SMS00001", "Name": "All Systems", "CollectionType": 2,
        "LimitToCollectionID": ""}]'::jsonb,
    'SMS_SecuredCategoryMembership', '[
    {"CategoryID": "ABC00011", "ObjectTypeID": 31, "ObjectKey": "absent"}
    ]'::jsonb,
    'SMS_Admin', jsonb_build_array(
    pg_temp.admin('ABC\pat', 'S-1-5-21-1-2-3-1001', false,
        'ABC00001/1/ABC00022 ABC00001/29/ABC00012 ABC00002/29/ABC00011'),
    pg_temp.admin('ABC\desk', 'S-1-5-21-1-2-3-1002', true,
        'ABC00003/29/ABC00011 ABC00099/29/ABC00011'),
    pg_temp.admin('ABC\kim', 'S-1-5-21-1-2-3-1003', false,
        'ABC00004/1/ABC00021 ABC00004/1/ABC00023 ABC00004/29/SMS00ALL'),
    pg_temp.admin('ABC\gone', 'S-1-5-21-1-2-3-1004', false,
        'SMS0009R/29/SMS00ALL') || '{"IsDeleted": true}',
    pg_temp.admin('ABC\cloud', '', false, 'SMS0009R/29/SMS00ALL'),
    pg_temp.admin('ABC\me', 'S-1-5-21-1-2-3-1005', false,
        'ABC00003/29/ABC00011') ),
    'accounts', '{"ABC\\me": "krb5:full@LAB.TEST"}'::jsonb) AS args;

SELECT is(pg_temp.run('weak', args) ->> 'refused', 'RV403 not_permitted',
    'a Security Administrator imports nothing') FROM given;
SELECT is(pg_temp.run('nobody', args) ->> 'refused', 'RV403 not_permitted',
    'nor does who is none') FROM given;
SELECT is(pg_temp.run('full', args - 'SMS_Role') ->> 'refused',
    'RV400 malformed_import', 'all classes are needed') FROM given;

-- Hostile: an AssignmentID that would be another's, or of two roles
SELECT is(pg_temp.run('full', jsonb_set(args,
    '{SMS_Admin,0,Permissions,0,AssignmentID}', v::jsonb)) ->> 'refused',
    'RV400 malformed_import', 'an AssignmentID of ' || v)
    FROM given, unnest(ARRAY['-900001', '1.5', '"x"',
        '1000000000000000']) v;
SELECT is(pg_temp.run('full', jsonb_set(jsonb_set(args,
    '{SMS_Admin,0,Permissions,0,AssignmentID}', '7'),
    '{SMS_Admin,0,Permissions,2,AssignmentID}', '7')) ->> 'refused',
    'RV400 contradictory_assignment', 'an assignment of two roles')
    FROM given;
SELECT is(pg_temp.run('full', jsonb_set(args,
    '{SMS_Role,1,Operations,0,ObjectTypeID}', v::jsonb)) ->> 'refused',
    'RV400 malformed_import', 'an ObjectTypeID of ' || v)
    FROM given, unnest(ARRAY['"x"', '-1', 'null']) v;

CREATE TEMPORARY TABLE tried AS SELECT pg_temp.run('full', args,
    '{"dry_run":true}') AS a FROM given;
SELECT ok(a ? 'results', 'a dry run answers') FROM tried;
SELECT is(count(*), 0::bigint, 'and leaves nothing')
    FROM reeve.security_role r WHERE r.role_id LIKE 'ABC%';
SELECT is(count(*), 0::bigint, 'nor remembers anything')
    FROM reeve.import_origin;

CREATE TEMPORARY TABLE done AS SELECT pg_temp.run('full', args) AS a
    FROM given;
SELECT is(a ->> 'refused', NULL, 'a Full Administrator imports') FROM done;
SELECT is(pg_temp.line(a, 'role', 'SMS0009R'),
    'mapped Application Administrator SMS0009R', 'a built-in role') FROM done;
SELECT is(pg_temp.line(a, 'role', 'ABC00001'), 'made Deployers ABC00001',
    'a role keeps its id') FROM done;
SELECT is(pg_temp.line(a, 'scope', 'ABC00011'),
    'made Sales (ABC00011) ABC00011', 'a name that is taken has the id')
    FROM done;
SELECT matches(pg_temp.line(a, 'scope', 'ABC00012'),
    '^made Branches (?!ABC00012)', 'an id that is taken is another')
    FROM done;
SELECT is(reeve.limiting_chain('ABC00024'), '{ABC00024,ABC00023,ABC00022,'
    'ABC00021,SMS00001}', 'the tree, four deep, in any order of rows');
SELECT is(pg_temp.line(a, 'collection', 'ABC00031'), 'left_out Ring 1',
    'a ring of collections') FROM done;
SELECT is(pg_temp.line(a, 'admin', 'ABC\gone'), 'left_out ABC\gone',
    'an account that is gone') FROM done;
SELECT is(pg_temp.line(a, 'admin', 'ABC\cloud'), 'left_out ABC\cloud',
    'one without a SID') FROM done;
SELECT is(pg_temp.line(a, 'admin', 'ABC\me'), 'left_out ABC\me',
    'nobody gives rights to themselves') FROM done;
SELECT is(a -> 'memberships' ->> 'left_out', '1', 'an absent object')
    FROM done;
SELECT is((SELECT array_agg(u.principal_id::text
        ORDER BY u.principal_id)
    FROM reeve.administrative_user u WHERE u.logon_name LIKE 'ABC\\%'),
    '{group:s-1-5-21-1-2-3-1002,sid:s-1-5-21-1-2-3-1001,'
    'sid:s-1-5-21-1-2-3-1003}', 'users and groups by their SIDs');
SELECT is((SELECT count(DISTINCT h.assignment_id) FROM reeve.permission_held
    h JOIN reeve.administrative_user u USING (admin_id)
    WHERE u.logon_name = 'ABC\pat'), 2::bigint, 'an assignment a role');

SELECT is(array_agg(d), ARRAY[jsonb_build_object('admin', 'ABC\pat', 'type',
    'Application', 'deploying_role', 'ABC00001', 'reading_role', 'ABC00002',
    'collections', '["ABC00022"]'::jsonb, 'scopes', '["ABC00011"]'::jsonb,
    'there', true, 'here', false)], 'two assignments deploy there')
    FROM done, pg_temp.differs(a, 'deploy_pairing') d;
SELECT is(array_agg(d ->> 'admin' || (d ->> 'operations')),
    '{"ABC\\desk[\"Delete\", \"Modify\"]"}', 'Read is needed besides')
    FROM done, pg_temp.differs(a, 'read_needed') d WHERE d ->> 'type'
    = 'Query';
SELECT is(array_agg(concat_ws(' ', d ->> 'collection', d -> 'by')),
    '{"ABC00023 [\"ABC00021\"]"}', 'one''s own collection, from above')
    FROM done, pg_temp.differs(a, 'own_collection') d;
SELECT is(array_agg(d ->> 'mask' ORDER BY d ->> 'mask'),
    '{2147483648,6}', 'operations without a meaning')
    FROM done, pg_temp.differs(a, 'unknown_operations') d;
SELECT is(array_agg(d ->> 'role'), '{ABC00002}', 'Read on deployments')
    FROM done, pg_temp.differs(a, 'read_of_deployments') d;
SELECT is(array_agg(d -> 'cannot_give'),
    ARRAY['["ABC00001", "ABC00002", "ABC00003"]'::jsonb],
    'roles that one cannot give')
    FROM done, pg_temp.differs(a, 'delegation') d;
SELECT ok(count(*) > 0, 'a built-in role with other operations')
    FROM done, pg_temp.differs(a, 'built_in_role') d
    WHERE d ->> 'role' = 'SMS0009R';

-- Once more: nothing is made twice
CREATE TEMPORARY TABLE again AS SELECT pg_temp.run('full', args) AS a
    FROM given;
SELECT is(a ->> 'changed', '0', 'a second import changes nothing')
    FROM again;
SELECT is((SELECT count(*) FROM jsonb_array_elements(g.a -> 'plan') l
    WHERE l ->> 'action' = 'made'), 0::bigint, 'and makes nothing')
    FROM again g;
SELECT is((SELECT a -> 'differences' FROM again),
    (SELECT a -> 'differences' FROM done), 'the differences stay');
SELECT is((SELECT count(DISTINCT x.revision) FROM reeve.admin_audit x
    WHERE x.message_id IN (31207, 31220, 1000070, 31240)
        AND x.revision = (SELECT (a ->> 'revision')::bigint FROM done)),
    1::bigint, 'all of it is one revision of the admin stream');
SELECT * FROM finish();
ROLLBACK;
