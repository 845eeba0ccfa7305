-- Resources: who may delete them and what goes with them; computers imported:
-- what is a match, who may know of it, and where a new device is a member.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.run(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids', to_jsonb(ARRAY[
            'krb5:' || who || '@LAB.TEST']), 'own', 1,
        'groups_known', known, 'level', 3, 'delegated', false),
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
    more jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', CASE r ->> 'changed' WHEN '0'
        THEN 'nothing' ELSE '' END)
    FROM pg_temp.run(who, op, args, more, known) AS r
$$;
CREATE FUNCTION pg_temp.id(name text) RETURNS text LANGUAGE sql AS $$
    SELECT collection_id::text FROM reeve.collection c WHERE c.name = $1
$$;
-- "direct:dev1 include:A" as rules
CREATE FUNCTION pg_temp.rules(said text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(CASE split_part(w, ':', 1) WHEN 'direct'
        THEN jsonb_build_object('rule', 'direct', 'resource_id', (SELECT
            resource_id::text FROM reeve.resource
            WHERE name = split_part(w, ':', 2)))
        ELSE jsonb_build_object('rule', split_part(w, ':', 1), 'other_id',
            coalesce(pg_temp.id(split_part(w, ':', 2)),
                split_part(w, ':', 2))) END), '[]')
    FROM regexp_split_to_table(said, ' ') w WHERE w <> ''
$$;
CREATE FUNCTION pg_temp.make(who text, name text, limit_name text, said text)
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'collection_create', jsonb_build_object('name',
        name, 'limiting_id', coalesce(pg_temp.id(limit_name), limit_name),
        'rules', pg_temp.rules(said)))
$$;
CREATE FUNCTION pg_temp.members(name text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(r.name, ' ' ORDER BY r.name), '')
    FROM reeve.collection_member m JOIN reeve.resource r USING (resource_id)
    WHERE m.collection_id = pg_temp.id($1)
$$;
CREATE FUNCTION pg_temp.assign(name text, role text, categories text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:' || name || '@LAB.TEST', name || '@LAB.TEST', false)
        ON CONFLICT DO NOTHING;
    INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT admin_id, role FROM reeve.administrative_user
        WHERE logon_name = name || '@LAB.TEST' RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_scope SELECT a, c
        FROM regexp_split_to_table(categories, ' ') c WHERE c ~ '^SMS00(ALL|UNA)$';
    INSERT INTO reeve.assignment_collection SELECT a, coalesce(pg_temp.id(c), c)
        FROM regexp_split_to_table(categories, ' ') c
        WHERE c !~ '^SMS00(ALL|UNA)$';
END
$$;
CREATE FUNCTION pg_temp.role(role text, operations text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO reeve.security_role (role_id, name, is_built_in)
        VALUES (role, role, false);
    INSERT INTO reeve.role_operation SELECT role, o.object_type_id, o.bit
        FROM reeve.operation o WHERE o.object_type_id IN (1, 6)
            AND o.name = ANY (string_to_array(operations, ','))
$$;
CREATE FUNCTION pg_temp.mac(i integer) RETURNS text LANGUAGE sql AS $$
    SELECT '02:00:00:00:00:0' || i
$$;
CREATE FUNCTION pg_temp.guid(i integer) RETURNS text LANGUAGE sql AS $$
    SELECT '4C4C4544-0000-0000-0000-00000000000' || i
$$;
-- {name, target} and what is said besides
CREATE FUNCTION pg_temp.import(who text, target text, more jsonb,
    request jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT pg_temp.run(who, 'machine_import', '{"name":"NEW"}'::jsonb
        || jsonb_build_object('collection_id',
            coalesce(pg_temp.id(target), target)) || more, request, known)
$$;
CREATE FUNCTION pg_temp.imported(who text, target text, more jsonb,
    request jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', CASE r ->> 'MachineExists' WHEN 'true'
            THEN 'changed' ELSE 'new' END
        || CASE r ->> '@reeve.member' WHEN 'true' THEN ' member' ELSE '' END)
    FROM pg_temp.import(who, target, more, request, known) AS r
$$;
CREATE FUNCTION pg_temp.gone(who text, class text, name text,
    more jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'resource_delete', jsonb_build_object('class',
        class, 'key', coalesce((SELECT resource_id::text FROM reeve.resource r
            WHERE r.name = gone.name), name)), more, known)
$$;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.resource (resource_id, resource_type, name, properties)
        SELECT 900000 + i, 5, 'dev' || i, jsonb_build_object('SMBIOSGUID',
            lower(replace(pg_temp.guid(i), '-', '')), 'MACAddresses',
            jsonb_build_array(replace(lower(pg_temp.mac(i)), ':', '-')))
        FROM generate_series(1, 6) i;
    INSERT INTO reeve.resource (resource_id, resource_type, name)
        VALUES (900009, 4, 'user1'), (900010, 3, 'group1');
    PERFORM pg_temp.role('TSTDELET', 'Read,Delete Resource');
    PERFORM pg_temp.role('TSTREADS', 'Read,Read Resource');
    PERFORM pg_temp.role('TSTIMPOR', 'Read,Import Computer Entry,'
        'Modify Resource');
    PERFORM pg_temp.role('TSTMODIF', 'Read,Modify Resource');
    PERFORM pg_temp.role('TSTSITES', 'Read,Import Computer Entry');
    PERFORM pg_temp.role('TSTREMOT', 'Read,Remote Control');
END
$$;
SELECT pg_temp.make('alice', 'A', 'SMS00001', 'direct:dev1 direct:dev2'
    ' direct:dev3'), pg_temp.make('alice', 'B', 'SMS00001', 'direct:dev3'
    ' direct:dev4'), pg_temp.make('alice', 'C', 'A', 'direct:dev1'),
    pg_temp.make('alice', 'D', 'SMS00001', 'include:A exclude:B');
SELECT pg_temp.make('alice', 'All', 'SMS00001', 'include:SMS00001'),
    pg_temp.make('alice', 'In all', 'All', 'include:SMS00001 exclude:B');
SELECT pg_temp.assign('remover', 'TSTDELET', 'A'),
    pg_temp.assign('remover', 'TSTREADS', 'B'),
    pg_temp.assign('importer', 'TSTIMPOR', 'SMS00UNA A'),
    pg_temp.assign('apart', 'TSTMODIF', 'A'),
    pg_temp.assign('apart', 'TSTSITES', 'SMS00UNA'),
    pg_temp.assign('siteless', 'TSTMODIF', 'A');

-- Deleting ---------------------------------------------------------------------

SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev4'),
    'RV403 not_permitted', 'a collection that one only reads is not enough');
SELECT is(pg_temp.run('remover', 'resource_delete', '{"class":"SMS_R_System",
    "key":"900004"}') -> 'missing' ->> 'operation', 'Delete Resource',
    'and what lacks is named as it is called on collections');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev5'),
    'RV404 no_such_object', 'one that cannot be read is as none');
SELECT is(pg_temp.run('remover', 'resource_delete',
    '{"class":"SMS_R_System","key":"900005"}'), pg_temp.run('remover',
    'resource_delete', '{"class":"SMS_R_System","key":"990005"}'),
    'in the same words as one that there is not');
SELECT is(pg_temp.gone('remover', 'SMS_R_User', 'dev1'),
    'RV404 no_such_object', 'a device is no user');
SELECT is(pg_temp.gone('alice', 'SMS_R_Nothing', 'dev1'),
    'RV400 op_not_applicable', 'and nothing else is deleted');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev5', known => false),
    'RV503 groups_unknown', 'unknown groups: not decidable');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev1',
    '{"if_match":["1"]}'), 'RV412 changed_meanwhile', 'If-Match is honoured');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev1',
    '{"dry_run":true}'), '', 'a dry run');
SELECT is(pg_temp.members('C'), 'dev1', 'leaves everything');
SELECT pg_temp.assign('remover', 'TSTREMOT', 'D');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev3'), '',
    'a member of an excluded collection goes: nobody gains it');
SELECT is(pg_temp.members('D') || '|' || pg_temp.members('B'),
    'dev1 dev2|dev4', 'and is a member of nothing');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', 'dev1'), '', 'the next');
SELECT is(pg_temp.members('A') || '|' || pg_temp.members('C')
    || '|' || pg_temp.members('D'), 'dev2||dev2',
    'goes out of all collections, limited ones too');
SELECT is((SELECT count(*)::integer FROM reeve.collection_rule
    WHERE resource_id IN (900001, 900003)), 0, 'and no rule names it');
SELECT is(pg_temp.said('alice', 'collection_refresh', jsonb_build_object(
    'collection_id', pg_temp.id('A'))), 'nothing', 'nothing is left to do');
SELECT is(pg_temp.gone('remover', 'SMS_R_System', '900001'),
    'RV404 no_such_object', 'twice is 404');
SELECT throws_matching($$ WITH r AS (SELECT reeve.take_revision())
    INSERT INTO reeve.resource (resource_id, resource_type, name)
    SELECT 900001, 5, 'again' FROM r $$, 'never used again',
    'and its id is not used again');
SELECT is(pg_temp.gone('alice', 'SMS_R_User', 'user1')
    || pg_temp.gone('alice', 'SMS_R_UserGroup', 'group1'), '',
    'users and groups go as well');
SELECT is((SELECT array_agg(a.message_id) FROM reeve.admin_audit a
    WHERE a.message_id = 1000120), '{1000120,1000120,1000120,1000120}',
    'each is in the admin stream');

-- Importing: who may --------------------------------------------------------------

SELECT is(pg_temp.imported('apart', 'A', '{"mac":"02-aa-00-00-00-01"}'),
    'RV403 not_permitted', 'halves of two assignments are not enough');
SELECT is(pg_temp.import('siteless', 'A', '{"mac":"02AA00000001"}')
    -> 'missing' ->> 'operation', 'Import Computer Entry',
    'what lacks on the site is named');
SELECT is(pg_temp.imported('importer', 'B', '{"mac":"02AA00000001"}'),
    'RV404 no_such_object', 'a target out of reach is as none');
SELECT is(pg_temp.imported('importer', 'NOSUCH', '{"mac":"02AA00000001"}'),
    'RV404 no_such_object', 'and one that there is not');
SELECT is(pg_temp.imported('alice', 'SMS00001', '{"mac":"02AA00000001"}'),
    'RV409 built_in', 'the root takes no direct members');
SELECT is(pg_temp.imported('alice', 'SMS00002', '{"mac":"02AA00000001"}'),
    'RV400 other_kind', 'a collection of users takes no computer');
SELECT is(pg_temp.imported('importer', 'A', '{"mac":"02AA00000001"}',
    known => false), 'new member', 'own assignments suffice');
SELECT is(pg_temp.imported('apart', 'A', '{"mac":"02AA00000009"}',
    known => false), 'RV503 groups_unknown', 'unknown groups: not decidable');
DO $$ BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET deploy_pairing = 'user';
END $$;
SELECT is(pg_temp.imported('apart', 'A', '{"mac":"02AA00000002"}'),
    'new member',
    'with pairing by user they are');
DO $$ BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET deploy_pairing = 'assignment';
END $$;

-- What is said ------------------------------------------------------------------------

SELECT is(pg_temp.import('alice', 'A', x.said::jsonb) ->> 'member', x.member,
    x.said)
FROM (VALUES ('{"name":""}', 'NetbiosName'),
    ('{"name":"a.b"}', 'NetbiosName'), ('{"name":"a b"}', 'NetbiosName'),
    ('{"name":"SIXTEENLETTERSAB"}', 'NetbiosName'),
    ('{"name":"A"}', 'MACAddress'),
    ('{"name":"A","mac":"02:00:00:00:00"}', 'MACAddress'),
    ('{"name":"A","mac":"02:00-00:00:00:01"}', 'MACAddress'),
    ('{"name":"A","mac":"00:00:00:00:00:00"}', 'MACAddress'),
    ('{"name":"A","mac":"FF:FF:FF:FF:FF:FF"}', 'MACAddress'),
    ('{"name":"A","mac":"01:00:5E:00:00:01"}', 'MACAddress'),
    ('{"name":"A","guid":"4C4C4544"}', 'SMBIOSGUID'),
    ('{"name":"A","guid":"{4C4C454400000000000000000000AAAA"}',
        'SMBIOSGUID'),
    ('{"name":"A","guid":"00000000-0000-0000-0000-000000000000"}',
        'SMBIOSGUID'),
    ('{"name":"A","guid":"ffffffffffffffffffffffffffffffff"}',
        'SMBIOSGUID')) AS x (said, member);
SELECT is(pg_temp.import('alice', 'A', jsonb_build_object('name',
    repeat('A', 10000))) ->> 'member', 'NetbiosName', '10000 characters');
SELECT is(pg_temp.imported('alice', 'A', '{"name":"PC-1",
    "mac":"02aa000000f1","guid":"{4c4c4544-1111-1111-1111-111111111111}"}'),
    'new member', 'a computer is taken in any form');
SELECT is((SELECT r.properties - 'CreationDate' FROM reeve.resource r
    WHERE r.name = 'PC-1'), '{"NetbiosName":"PC-1","Client":0,
    "MACAddresses":["02:AA:00:00:00:F1"],
    "SMBIOSGUID":"4C4C4544-1111-1111-1111-111111111111"}',
    'and kept in one form');

-- A match -------------------------------------------------------------------------------

SELECT is(pg_temp.import('alice', 'A', jsonb_build_object('mac',
    pg_temp.mac(5))) - 'changed', '{"reason":"machine_exists",
    "resource_ids":[900005],"refused":"RV409 machine_exists"}',
    'who may read the record learns which it is, however it is written');
SELECT is(pg_temp.imported('alice', 'A', jsonb_build_object('guid',
    pg_temp.guid(5))), 'RV409 machine_exists', 'by the GUID too');
SELECT is(pg_temp.imported('alice', 'A', jsonb_build_object('guid',
    pg_temp.guid(5), 'mac', pg_temp.mac(6), 'overwrite', true)),
    'RV409 ambiguous_machine', 'two records are nobody''s choice');
SELECT is(pg_temp.import('importer', 'A', jsonb_build_object('mac',
        pg_temp.mac(5))), pg_temp.import('importer', 'NOSUCH',
        '{"mac":"02AA00000005"}'), 'a hidden record is as no target');
SELECT is(pg_temp.import('importer', 'A', jsonb_build_object('mac',
        pg_temp.mac(5), 'overwrite', true)), pg_temp.import('importer', 'A',
        jsonb_build_object('guid', pg_temp.guid(5))), 'overwritten or not');
SELECT is(pg_temp.import('importer', 'A', jsonb_build_object('mac',
        pg_temp.mac(2), 'guid', pg_temp.guid(5), 'overwrite', true)),
    pg_temp.import('importer', 'NOSUCH', '{"mac":"02AA00000005"}'),
    'also where one of two may be read');
SELECT is(pg_temp.imported('importer', 'A', jsonb_build_object('mac',
    pg_temp.mac(5)), known => false), 'RV503 groups_unknown',
    'with unknown groups it is not decidable');
SELECT pg_temp.assign('importer', 'TSTREADS', 'B');
SELECT is(pg_temp.import('importer', 'A', jsonb_build_object('mac',
    pg_temp.mac(4), 'overwrite', true)) -> 'missing' ->> 'operation',
    'Modify Resource', 'a record that one only reads is not overwritten');
SELECT is(pg_temp.imported('importer', 'A', jsonb_build_object('mac',
    pg_temp.mac(2), 'name', 'dev2', 'overwrite', true)), 'changed member',
    'one that one may modify is');
SELECT is((SELECT r.properties FROM reeve.resource r
    WHERE r.resource_id = 900002), '{"SMBIOSGUID":
    "4c4c4544000000000000000000000002","MACAddresses":["02-00-00-00-00-02"],
    "NetbiosName":"dev2"}', 'and keeps what was not said');
SELECT is(pg_temp.run('importer', 'machine_import', jsonb_build_object(
    'name', 'dev2', 'mac', pg_temp.mac(2), 'overwrite', true,
    'collection_id', pg_temp.id('A'))) ->> 'changed', '0',
    'again it changes nothing');

-- Nobody widens one's own rights -----------------------------------------------------

SELECT pg_temp.make('alice', 'Mine', 'SMS00001', '');
SELECT pg_temp.assign('widener', 'TSTIMPOR', 'SMS00UNA Mine B'),
    pg_temp.assign('widener', 'TSTREMOT', 'Mine');
SELECT is(pg_temp.imported('widener', 'Mine', jsonb_build_object('mac',
    pg_temp.mac(4), 'name', 'dev4', 'overwrite', true)),
    'RV403 self_widening', 'a record of B is not brought to where one has'
    ' Remote Control');
SELECT is(pg_temp.members('Mine'), '', 'and it is not there');
SELECT is(pg_temp.imported('widener', 'Mine', '{"mac":"02AA000000A1",
    "name":"FRESH"}'), 'new member', 'a new one is no such thing');

DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.collection_rule (collection_id, kind, ordinal, name,
            rule, query)
        SELECT pg_temp.id('Mine'), 'device', 9, 'by name', 'query',
            'select * from SMS_R_System where Name like ''X%''';
END $$;
SELECT is(pg_temp.imported('widener', 'B', jsonb_build_object('mac',
    pg_temp.mac(4), 'name', 'XDEV4', 'overwrite', true)),
    'RV403 self_widening', 'nor by a name that a query there reads');
SELECT is(pg_temp.imported(w, 'B', jsonb_build_object('mac',
    pg_temp.mac(4), 'name', 'dev4', 'overwrite', true)),
    'changed member', w || ' writes what tells it nothing new')
FROM unnest('{alice,widener}'::text[]) w;
-- Where it is a member ------------------------------------------------------------------

SELECT is(pg_temp.imported('alice', 'C', '{"mac":"02AA000000B1",
    "name":"OUTSIDE"}'), 'new', 'what the limit has not is no member');
SELECT is(pg_temp.members('C'), '', 'of what it limits');
SELECT is(pg_temp.imported('alice', 'A', '{"mac":"02AA000000B1",
    "name":"OUTSIDE","overwrite":true}'), 'changed member',
    'once it is in the limit');
SELECT is(pg_temp.members('C'), 'OUTSIDE', 'it is in both, by its rule');
SELECT ok('OUTSIDE' = ANY (string_to_array(pg_temp.members('All'), ' '))
    AND 'OUTSIDE' = ANY (string_to_array(pg_temp.members('In all'), ' ')),
    'whatever includes all devices has the new one, and what is limited to it');
SELECT is(pg_temp.imported('alice', 'B', '{"mac":"02AA000000C1",
    "name":"EXCLUDED"}'), 'new member', 'one in an excluded collection');
SELECT ok('EXCLUDED' = ANY (string_to_array(pg_temp.members('All'), ' '))
    AND NOT 'EXCLUDED' = ANY (string_to_array(pg_temp.members('In all'),
        ' ')), 'is not in the one that excludes it');
SELECT is((SELECT sum((pg_temp.run('alice', 'collection_refresh',
    jsonb_build_object('collection_id', pg_temp.id(n))) ->> 'changed')
        ::integer) FROM unnest('{A,B,C,D,All,In all,Mine}'::text[]) n), 0::bigint,
    'the members are as a refresh of all would make them');
DO $$ BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.collection (collection_id, kind, limiting_id, name)
        VALUES ('TST0000F', 'device', 'SMS00001', 'Stored');
    INSERT INTO reeve.collection_member VALUES ('TST0000F', 900002, 'device');
END $$;
SELECT is(pg_temp.imported('alice', 'Stored', '{"mac":"02AA000000D1",
    "name":"ADDED"}'), 'new member', 'where members are stored without rules');
SELECT is(pg_temp.members('Stored'), 'ADDED dev2', 'all others stay');
SELECT ok((SELECT min(r.resource_id) >= 16777216 FROM reeve.resource r
    WHERE r.name IN ('NEW', 'PC-1', 'FRESH', 'ADDED')),
    'new ids are those of devices');
SELECT * FROM finish();
ROLLBACK;
