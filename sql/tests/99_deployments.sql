-- Deployments: who may make, change, delete and read them (docs/rule.md
-- section 4), what of them is fixed, and what they keep from being deleted.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.actor(who text, groups text[], known boolean,
    level integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('principal', who || '@LAB.TEST', 'ids',
        to_jsonb(('krb5:' || who || '@LAB.TEST') || groups), 'own', 1,
        'groups_known', known, 'level', level, 'delegated', false)
$$;
CREATE FUNCTION pg_temp.run(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true, key text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(
        pg_temp.actor(who, groups, known, 1),
        jsonb_build_array(jsonb_build_object('op', op, 'args', args)), key,
        jsonb_build_object('body_sha256', repeat('a', 64)) || more);
    RETURN jsonb_build_object('changed', r.changed) || (r.result -> 0);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN jsonb_build_object('refused', SQLSTATE || ' ' || SQLERRM);
    END IF;
    RETURN about::jsonb || jsonb_build_object('refused',
        concat_ws(' ', SQLSTATE, about::jsonb ->> 'reason'), 'words',
        SQLERRM);
END
$$;
CREATE FUNCTION pg_temp.said(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', r ->> 'changed')
    FROM pg_temp.run(who, op, args, more, groups, known) AS r
$$;
-- Tried only: nothing is left behind.
CREATE FUNCTION pg_temp.tried(who text, op text, args jsonb,
    groups text[] DEFAULT '{}', known boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said(who, op, args, '{"dry_run":true}', groups, known)
$$;
CREATE FUNCTION pg_temp.lacks(who text, op text, args jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', r ->> 'refused', (SELECT string_agg(format(
            '%s:%s(%s)', h ->> 'half', h ->> 'operation',
            array_to_string(ARRAY(SELECT jsonb_array_elements_text(
                h -> 'conditions')), ',')), ' ' ORDER BY i)
        FROM jsonb_array_elements(r #> '{missing,halves}')
            WITH ORDINALITY AS x (h, i)))
    FROM pg_temp.run(who, op, args, '{"dry_run":true}') AS r
$$;
CREATE FUNCTION pg_temp.application(app text, coll text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('class', 'SMS_ApplicationAssignment',
        'content_key', app, 'collection_id', coll)
$$;
CREATE FUNCTION pg_temp.named(id text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('class', 'SMS_ApplicationAssignment', 'key',
        id)
$$;
CREATE FUNCTION pg_temp.read_as(who text, groups text[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    keys text;
BEGIN
    PERFORM set_config('reeve.caller', pg_temp.actor(who, groups, true,
        1)::text, true);
    PERFORM set_config('reeve.caller_at', floor(extract(epoch
        FROM clock_timestamp()) * 1000)::text, true);
    -- As the provider does: it judges the content of each row.
    SELECT string_agg(v.body ->> 'AssignmentName', ',' ORDER BY v.key)
        INTO keys FROM reeve.list_sms_applicationassignment v
        WHERE reeve.caller_can_read(v.object_type::text, v.object_key);
    PERFORM set_config('reeve.caller', '', true);
    RETURN coalesce(keys, '');
END
$$;

-- The site: collections a > b, and c; applications in two scopes.
CREATE SEQUENCE pg_temp.role_number;
CREATE FUNCTION pg_temp.give(who text, operations jsonb, scopes text[],
    collections text[], valid_until timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    new_role text := 'RVE0D' || lpad(nextval('role_number')::text, 3, '0');
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name)
        VALUES (new_role, new_role);
    INSERT INTO reeve.role_operation
    SELECT new_role, o.object_type_id, o.bit FROM jsonb_each(operations) e
    JOIN reeve.operation o ON o.object_type_id = e.key::integer
        AND e.value ? o.name;
    INSERT INTO reeve.administrative_user (principal_id, logon_name,
            is_group)
        VALUES (CASE WHEN who ~ '^group:' THEN who
            ELSE 'krb5:' || who || '@LAB.TEST' END, who, who ~ '^group:')
        ON CONFLICT DO NOTHING;
    INSERT INTO reeve.assignment (admin_id, role_id, valid_until)
    SELECT u.admin_id, new_role, give.valid_until
    FROM reeve.administrative_user u WHERE u.principal_id IN (who,
            'krb5:' || who || '@LAB.TEST')
        RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_scope SELECT a, s FROM unnest(scopes) s;
    INSERT INTO reeve.assignment_collection
        SELECT a, c FROM unnest(collections) c;
    RETURN a;
END
$$;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.collection (collection_id, kind, limiting_id, name)
    VALUES ('TSTA0000', 'device', 'SMS00001', 'tst a'),
        ('TSTB0000', 'device', 'TSTA0000', 'tst b'),
        ('TSTC0000', 'device', 'SMS00001', 'tst c'),
        ('TSTD0000', 'device', 'SMS00001', 'tst d');
    INSERT INTO reeve.secured_object (object_type_id, object_key, name)
    VALUES (31, 'app one', 'One'), (31, 'app two', 'Two'),
        (2, 'TST00011', 'Package'), (20, 'TST00012', 'Sequence'),
        (11, 'item', 'Item'), (34, 'updates', 'Updates'),
        (38, 'settings', 'Settings'), (47, 'malware', 'Antimalware'),
        (48, 'policy', 'Policy'), (53, 'firewall', 'Firewall'),
        (7, 'TST00013', 'Query');
    INSERT INTO reeve.secured_object (object_type_id, object_key, name)
    VALUES (37, 'update', 'Update') ON CONFLICT DO NOTHING;
    INSERT INTO reeve.object_scope (object_type_id, object_key, scope_id)
    SELECT o.object_type_id, o.object_key, CASE o.object_key
        WHEN 'app two' THEN 'RVE00011' ELSE 'RVE00010' END
    FROM reeve.secured_object o JOIN reeve.object_type t
        USING (object_type_id)
    WHERE t.secured_by = 'scope' AND o.object_key IN ('app one', 'app two',
        'TST00011', 'TST00012', 'item', 'updates', 'settings', 'malware',
        'policy', 'firewall', 'TST00013');
    -- All of it in one.
    PERFORM pg_temp.give('dora', '{"31":["Read","Delete"],"1":["Read",'
        '"Deploy Applications","Delete"]}', '{RVE00010}', '{TSTA0000}');
    -- Both halves, each in an assignment of its own.
    PERFORM pg_temp.give('hugo', '{"31":["Read"]}', '{RVE00010}', '{}');
    PERFORM pg_temp.give('hugo', '{"1":["Read","Deploy Applications"]}',
        '{}', '{TSTA0000}');
    -- Deploys in one scope, and reads in another besides.
    PERFORM pg_temp.give('ivan', '{"31":["Read"],"1":["Read",'
        '"Deploy Applications"]}', '{RVE00010}', '{TSTA0000}');
    PERFORM pg_temp.give('ivan', '{"31":["Read"],"1":["Read"]}',
        '{RVE00011}', '{TSTC0000}');
    -- Only Read, only Deploy, on the sub-collection, and of packages.
    PERFORM pg_temp.give('rosa', '{"31":["Read"],"1":["Read"]}',
        '{RVE00010,RVE00011}', '{TSTA0000}');
    PERFORM pg_temp.give('stan', '{"1":["Read","Deploy Applications"]}',
        '{}', '{TSTA0000}');
    PERFORM pg_temp.give('uma', '{"31":["Read"],"1":["Read",'
        '"Deploy Applications"]}', '{RVE00010}', '{TSTB0000}');
    PERFORM pg_temp.give('vera', '{"31":["Read"],"2":["Read"],'
        '"1":["Read","Deploy Packages"]}', '{RVE00010}', '{TSTA0000}');
    -- Deploys without reading: section 3 asks for Read of each half.
    PERFORM pg_temp.give('zoe', '{"31":["Read"],"1":["Deploy Applications"]}',
        '{RVE00010}', '{TSTA0000}');
    PERFORM pg_temp.give('group:deployers@lab.test', '{"31":["Read"],'
        '"1":["Read","Deploy Applications"]}', '{RVE00010}', '{TSTA0000}');
END
$$;
UPDATE site_setting SET deploy_pairing = 'assignment'
    WHERE deploy_pairing <> 'assignment';

-- Making one: the row of section 4 ---------------------------------------------------

SELECT is(pg_temp.tried(who, 'deployment_create',
        pg_temp.application(app, coll), groups, known), answer, what)
FROM (VALUES
    ('dora', 'app one', 'TSTA0000', '{}'::text[], true, '1',
        'who holds both halves in one assignment deploys'),
    ('dora', 'app one', 'TSTB0000', '{}', true, '1',
        'to a collection limited to that of the permission too'),
    ('uma', 'app one', 'TSTB0000', '{}', true, '1', 'so does uma, to b'),
    ('uma', 'app one', 'TSTA0000', '{}', true, 'RV404 no_such_object',
        'not to the collection that limits hers'),
    ('dora', 'app one', 'SMS00001', '{}', true, 'RV404 no_such_object',
        'nor dora to the root above hers'),
    ('dora', 'app one', 'TSTC0000', '{}', true, 'RV404 no_such_object',
        'a collection that is hidden is as one'),
    ('dora', 'app one', 'TST0FFFF', '{}', true, 'RV404 no_such_object',
        'that there is not'),
    ('dora', 'app two', 'TSTA0000', '{}', true, 'RV404 no_such_object',
        'an application that is hidden is as one'),
    ('dora', 'app none', 'TSTA0000', '{}', true, 'RV404 no_such_object',
        'that there is not'),
    ('ivan', 'app one', 'TSTA0000', '{}', true, '1', 'ivan deploys one'),
    ('ivan', 'app two', 'TSTA0000', '{}', true, 'RV403 not_permitted',
        'not what he reads through another scope'),
    ('ivan', 'app one', 'TSTC0000', '{}', true, 'RV403 not_permitted',
        'not to where he reads only'),
    ('hugo', 'app one', 'TSTA0000', '{}', true, 'RV403 not_permitted',
        'halves of two assignments are none'),
    ('rosa', 'app one', 'TSTA0000', '{}', true, 'RV403 not_permitted',
        'reading both is not deploying'),
    ('stan', 'app one', 'TSTA0000', '{}', true, 'RV404 no_such_object',
        'nor is Deploy without Read of the application'),
    ('zoe', 'app one', 'TSTA0000', '{}', true, 'RV404 no_such_object',
        'nor without Read of the collection'),
    ('vera', 'app one', 'TSTA0000', '{}', true, 'RV403 not_permitted',
        'Deploy Packages is not Deploy Applications'),
    ('mallory', 'app one', 'TSTA0000', '{}', true, 'RV403 no_assignment',
        'mallory deploys nothing at all'),
    ('gina', 'app one', 'TSTA0000', '{group:deployers@lab.test}', true, '1',
        'a group''s assignment counts'),
    ('gina', 'app one', 'TSTA0000', '{}', false, 'RV503 groups_unknown',
        'whose groups are unknown is not told no'),
    ('gina', 'app none', 'TST0FFFF', '{}', false, 'RV503 groups_unknown',
        'whether or not there are such things'),
    ('dora', 'app one', 'TSTA0000', '{}', false, '1',
        'own assignments suffice')) AS t (who, app, coll, groups, known,
    answer, what);

SELECT is(pg_temp.lacks(who, 'deployment_create',
        pg_temp.application(app, coll)), answer, what)
FROM (VALUES
    ('rosa', 'app one', 'TSTA0000', 'RV403 not_permitted '
        'collection:Deploy Applications(operation)',
        'rosa is told the half that she lacks'),
    ('ivan', 'app two', 'TSTA0000', 'RV403 not_permitted '
        'content:Read(scope)', 'ivan: which, and that it is the scope'),
    ('hugo', 'app one', 'TSTA0000', 'RV403 not_permitted '
        'collection:Deploy Applications(operation,collection) '
        'content:Read(operation,scope)',
        'hugo: what either of his assignments lacks'))
    AS t (who, app, coll, answer, what);
SELECT is(pg_temp.run('ivan', 'deployment_create',
    pg_temp.application('app two', 'TSTA0000')) ->> 'words',
    'No assignment of yours has all that this needs together; the nearest'
    ' lack Read on SMS_Application.', 'in words too');
SELECT is(a, b, 'hidden and missing: the same words and reasons')
FROM (SELECT pg_temp.run('dora', 'deployment_create',
        pg_temp.application('app two', 'TSTA0000')) AS a,
    pg_temp.run('dora', 'deployment_create',
        pg_temp.application('app none', 'TST0FFFF')) AS b) x;

-- deploy_pairing = user: Configuration Manager's behaviour.
SAVEPOINT pairing;
SELECT take_revision() IS NOT NULL AS taken \gset
UPDATE site_setting SET deploy_pairing = 'user';
SELECT is(pg_temp.tried(who, 'deployment_create',
    pg_temp.application(app, coll)), answer, what || ', pairing user')
FROM (VALUES
    ('hugo', 'app one', 'TSTA0000', '1', 'halves of two assignments do'),
    ('ivan', 'app two', 'TSTA0000', '1', 'what is read elsewhere too'),
    ('ivan', 'app one', 'TSTC0000', 'RV403 not_permitted',
        'Deploy is still needed on the collection'),
    ('rosa', 'app one', 'TSTA0000', 'RV403 not_permitted',
        'Read alone is still not enough')) AS t (who, app, coll, answer,
    what);
ROLLBACK TO pairing;

-- A right that ends.
SAVEPOINT temporary;
SELECT pg_temp.give('tess', '{"31":["Read"],"1":["Read"]}', '{RVE00010}',
    '{TSTA0000}') AS a, pg_temp.give('tess', '{"31":["Read"],"1":["Read",'
    '"Deploy Applications"]}', '{RVE00010}', '{TSTA0000}',
    date_trunc('milliseconds', clock_timestamp()) + '1 day') AS ending \gset
SELECT is(pg_temp.tried('tess', 'deployment_create',
    pg_temp.application('app one', 'TSTA0000')), '1',
    'a temporary right deploys while it lasts');
SELECT take_revision() IS NOT NULL AS taken \gset
UPDATE assignment SET valid_until = date_trunc('milliseconds',
        clock_timestamp()) - interval '1 day'
    WHERE assignment_id = :ending;
SELECT is(pg_temp.run('tess', 'deployment_create',
    pg_temp.application('app one', 'TSTA0000')) ->> 'refused',
    'RV403 not_permitted', 'and not afterwards');
ROLLBACK TO temporary;

-- Each kind of content --------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'deployment_create', jsonb_build_object(
        'class', class, 'collection_id', 'TSTD0000') || args::jsonb), answer,
    what)
FROM (VALUES
    ('SMS_CIAssignment', '{"content_type":11,"content_key":"item"}', '1',
        'a configuration item'),
    ('SMS_CIAssignment', '{"content_type":34,"content_key":"updates"}', '1',
        'an update group'),
    ('SMS_CIAssignment', '{"content_type":37,"content_key":"update"}', '1',
        'an update'),
    ('SMS_CIAssignment', '{"content_type":48,"content_key":"policy"}', '1',
        'a policy'),
    ('SMS_CIAssignment', '{"content_type":53,"content_key":"firewall"}',
        '1', 'a firewall policy'),
    ('SMS_CIAssignment', '{"content_key":"app two"}', '1',
        'an application by the general class'),
    ('SMS_Advertisement', '{"content_key":"TST00011"}', '1', 'a package'),
    ('SMS_Advertisement', '{"content_key":"TST00012"}', '1',
        'a task sequence'),
    ('SMS_ClientSettingsAssignment', '{"content_key":"settings"}', '1',
        'client settings'),
    ('SMS_ClientSettingsAssignment', '{"content_key":"settings"}',
        'RV409 already_deployed', 'once a collection'),
    ('SMS_ClientSettingsAssignment', '{"content_key":"malware"}', '1',
        'an antimalware policy'),
    ('SMS_ClientSettingsAssignment', '{"content_key":"0"}',
        'RV400 op_not_applicable', 'not the default settings'),
    ('SMS_ApplicationAssignment', '{"content_key":"item"}',
        'RV404 no_such_object', 'an item is no application'),
    ('SMS_ApplicationAssignment', '{"content_type":11,"content_key":"item"}',
        'RV400 op_not_applicable', 'however it is said'),
    ('SMS_CIAssignment', '{"content_type":7,"content_key":"TST00013"}',
        'RV400 op_not_applicable', 'a query is not deployed'),
    ('SMS_CIAssignment', '{}', 'RV400 malformed_content', 'nothing'),
    ('SMS_CIAssignment', '{"cis":[1,2]}', 'RV400 malformed_content',
        'two things'),
    ('SMS_CIAssignment', '{"cis":["1"]}', 'RV400 malformed_content',
        'a CI_ID that is no number'),
    ('SMS_Admin', '{"content_key":"x"}', 'RV400 op_not_applicable',
        'another class')) AS t (class, args, answer, what);
SELECT is(pg_temp.tried('alice', 'deployment_create',
        pg_temp.application('app one', 'TSTA0000') || args::jsonb), answer,
    what)
FROM (VALUES
    ('{"collection_id":""}', 'RV400 malformed_collection', 'no collection'),
    ('{"offer":1}', 'RV400 malformed_offer', 'no such intent'),
    ('{"action":3}', 'RV400 malformed_action', 'no such action'),
    ('{"action":2}', 'RV400 malformed_action',
        'to take it away is never only offered'),
    ('{"action":2,"offer":0}', '1', 'but required'),
    ('{"start":"yesterday"}', 'RV400 malformed_time', 'no instant'),
    ('{"start":"2026-02-30T00:00:00Z"}', 'RV400 malformed_time',
        'a day that there is not'),
    ('{"start":"2026-02-03T00:00:00Z","deadline":"2026-02-02T00:00:00Z"}',
        'RV400 malformed_deadline', 'a deadline before the start'),
    ('{"name":"a\u0007"}', 'RV400 malformed_name', 'a bell in its name'))
    AS t (args, answer, what);
SELECT is((SELECT string_agg(d.object_type_id || ' ' || d.is_required, ','
        ORDER BY d.content_type_id) FROM deployment d
    WHERE d.collection_id = 'TSTD0000'),
    '201 false,200 true,201 false,200 false,200 true,200 true,202 true,202 true,200 true,200 true',
    'nobody is made to install what was not said to be required');
SELECT matches((SELECT string_agg(d.deployment_key, ' ' ORDER BY
        d.deployment_id) FROM deployment d
    WHERE d.object_type_id > 200),
    '^RVE[0-9A-F]{5} RVE[0-9A-F]{5} ClientSettingsID=''settings'','
    'CollectionID=''TSTD0000'' ClientSettingsID=''malware'','
    'CollectionID=''TSTD0000''$', 'their keys');

-- One's life ---------------------------------------------------------------------------------

SELECT pg_temp.run('dora', 'deployment_create',
    pg_temp.application('app one', 'TSTA0000')
    || '{"name":"first","deadline":"2099-01-01T00:00:00Z"}')
    AS made \gset
SELECT :'made'::jsonb ->> 'key' AS key, :'made'::jsonb ->> 'etag' AS etag \gset
SELECT is((SELECT array_to_string(strings, ',') FROM admin_audit
        WHERE message_id = 1000110 ORDER BY revision DESC, ordinal DESC
        LIMIT 1), 'dora@LAB.TEST,SMS_CIAssignment,' || :'key'
    || ',SMS_Application,app one,TSTA0000', 'the admin stream has it');
SELECT is((SELECT string_agg(entity || ' ' || (old IS NULL), ','
        ORDER BY ordinal) FROM change WHERE revision = :etag
        AND entity NOT LIKE 'audit%'),
    'secured_object false,deployment true', 'and the feed has two rows');
SELECT is((SELECT properties -> 'IsDeployed' FROM secured_object
    WHERE object_key = 'app one'), 'true', 'the application is deployed');
SELECT is(pg_temp.read_as(who, groups), names, who || ' reads: ' || names)
FROM (VALUES ('dora', '{}'::text[], 'first'), ('rosa', '{}', 'first'),
    ('hugo', '{}', 'first'), ('ivan', '{}', 'first'),
    ('uma', '{}', ''), ('stan', '{}', ''), ('mallory', '{}', ''),
    ('gina', '{group:deployers@lab.test}', 'first')) AS t (who, groups,
    names);
SELECT is((SELECT count(*) FROM list_sms_applicationassignment), 0::bigint,
    'nobody reads none');

SELECT is(pg_temp.said(who, 'deployment_change', pg_temp.named(:'key')
        || args::jsonb, more::jsonb), answer, what)
FROM (VALUES
    ('dora', '{"enabled":false}', '{}', '1', 'it is changed'),
    ('dora', '{"enabled":false}', '{}', '0', 'not twice'),
    ('dora', '{"enabled":true}', '{"if_match":["0"]}',
        'RV412 changed_meanwhile', 'not by an old tag'),
    ('dora', '{"collection_id":"TSTB0000"}', '{}',
        'RV409 deployment_is_fixed', 'its collection stays'),
    ('dora', '{"content_key":"app two"}', '{}',
        'RV409 deployment_is_fixed', 'so does its content'),
    ('dora', '{"cis":[1]}', '{}', 'RV409 deployment_is_fixed',
        'by whatever name'),
    ('dora', '{"content_type":11}', '{}', 'RV409 deployment_is_fixed',
        'and of whatever type'),
    ('dora', '{"collection_id":"TSTA0000","content_key":"app one"}', '{}',
        '0', 'what is said again is no change'),
    ('dora', '{"own_key":"1"}', '{}', 'RV400 another_key', 'another key'),
    ('dora', '{"deadline":""}', '{}', '1', 'a deadline goes'),
    ('rosa', '{"enabled":true}', '{}', 'RV403 not_permitted',
        'who reads only does not change it'),
    ('hugo', '{"enabled":true}', '{}', 'RV403 not_permitted',
        'nor who has the halves apart'),
    ('stan', '{"enabled":true}', '{}', 'RV404 no_such_object',
        'who cannot read the application does not know of it'),
    ('uma', '{"enabled":true}', '{}', 'RV404 no_such_object',
        'nor who cannot read the collection'),
    ('mallory', '{"enabled":true}', '{}', 'RV404 no_such_object',
        'nor mallory')) AS t (who, args, more, answer, what);
SELECT throws_ok('UPDATE deployment SET collection_id = ''TSTB0000''',
    '55000', NULL, 'what is where does not change in the table either');
SELECT is(pg_temp.said('dora', 'deployment_change',
    pg_temp.named(:'key') || '{"class":"SMS_Advertisement"}'),
    'RV404 no_such_object', 'it is of no other class');
SELECT is(a, b, 'hidden and missing: the same words')
FROM (SELECT pg_temp.run('uma', 'deployment_delete', pg_temp.named(:'key'))
    AS a, pg_temp.run('uma', 'deployment_delete', pg_temp.named('1')) AS b) x;

-- What is deployed stays.
SELECT is(r ->> 'refused' || ' ' || (r -> 'objects'), answer, what)
FROM (VALUES
    ('dora', 'object_delete', 'RV409 is_deployed [{"name": "first", '
        '"object_key": "' || :'key' || '", "object_type_id": 200}]',
        'the application is not deleted, and told by what it is kept'),
    ('lena', 'object_delete', 'RV409 is_deployed ["others"]',
        'others are not named to who cannot read them'))
    AS t (who, op, answer, what),
    LATERAL (SELECT CASE WHEN t.who = 'lena' THEN pg_temp.give('lena',
        '{"31":["Read","Delete"]}', '{RVE00010}', '{}') END) g,
    pg_temp.run(who, op, jsonb_build_object('type', 31, 'key',
        (SELECT properties ->> 'CI_ID' FROM secured_object
        WHERE object_key = 'app one'))) AS r;
SELECT is(pg_temp.run('alice', 'collection_delete',
        '{"collection_id":"TSTD0000"}') ->> 'refused', 'RV409 is_deployed',
    'nor is a collection');
SELECT is(jsonb_array_length(pg_temp.run('alice', 'collection_delete',
        '{"collection_id":"TSTD0000"}') -> 'objects'), 10, 'with all of them');
SELECT is(pg_temp.said('mallory', 'object_delete', jsonb_build_object(
        'type', 31, 'key', (SELECT properties ->> 'CI_ID'
        FROM secured_object WHERE object_key = 'app one'))),
    'RV404 no_such_object', 'which mallory is not told');
SELECT throws_ok($$DELETE FROM secured_object WHERE object_key = 'app one'$$,
    '23503', NULL, 'the table refuses it too');

-- Deleting: Deploy(k) on the collection alone.
SELECT is(pg_temp.tried(who, 'deployment_delete', pg_temp.named(:'key')),
    answer, what)
FROM (VALUES
    ('dora', '1', 'who made it stops it'),
    ('stan', '1', 'so does whoever answers for the devices'),
    ('hugo', '1', 'whose Read is elsewhere'),
    ('rosa', 'RV403 not_permitted', 'not who reads only'),
    ('vera', 'RV403 not_permitted', 'nor who deploys other things'),
    ('uma', 'RV404 no_such_object', 'nor who deploys below'),
    ('zoe', 'RV404 no_such_object', 'nor who cannot read the collection'))
    AS t (who, answer, what);
SELECT is(pg_temp.run('stan', 'deployment_delete', pg_temp.named(:'key'),
    '{"dry_run":true}') -> 'effects', '[]',
    'a dry run does not show what is stopped to who cannot read it');
SELECT is((SELECT count(*) FROM jsonb_array_elements(pg_temp.run('dora',
        'deployment_delete', pg_temp.named(:'key'), '{"dry_run":true}')
        -> 'effects') e WHERE e ->> 'entity' = 'deployment'), 1::bigint,
    'and does to others');
SELECT is(pg_temp.said('stan', 'deployment_delete', pg_temp.named(:'key'),
    '{"if_match":["1"]}'), 'RV412 changed_meanwhile', 'not by an old tag');
SELECT is(pg_temp.said('stan', 'deployment_delete', pg_temp.named(:'key')),
    '1', 'it is deleted');
SELECT is(pg_temp.said('stan', 'deployment_delete', pg_temp.named(:'key')),
    'RV404 no_such_object', 'once');
SELECT is((SELECT properties -> 'IsDeployed' FROM secured_object
    WHERE object_key = 'app one'), 'false', 'the application is no longer');
SELECT ok(EXISTS (SELECT FROM retired_id WHERE entity = 'deployment'
    AND id = :'key'), 'its id is not used again');
SELECT is(pg_temp.said('dora', 'object_delete', jsonb_build_object(
        'type', 31, 'key', (SELECT properties ->> 'CI_ID'
        FROM secured_object WHERE object_key = 'app one'))), '1',
    'and now it goes');

SELECT is(pg_temp.run('alice', 'deployment_create', pg_temp.application(
        'app two', 'TSTA0000'), '{}', '{}', true, 'key') ->> 'key',
    pg_temp.run('alice', 'deployment_create', pg_temp.application(
        'app two', 'TSTA0000'), '{}', '{}', true, 'key') ->> 'key',
    'a repetition makes one');

SELECT * FROM finish();
ROLLBACK;
