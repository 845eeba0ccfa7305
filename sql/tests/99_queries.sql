-- Membership rules by query: what they find, and whose rights they may not widen.
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
-- A rule as a provider sends it that has read the query.
CREATE FUNCTION pg_temp.query(predicate text,
    class text DEFAULT 'SMS_R_System') RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('rule', 'query', 'name', 'q', 'query',
        concat('select * from ', class, ' where ', predicate), 'class', class,
        'predicate', predicate::jsonb)
$$;
CREATE FUNCTION pg_temp.make(who text, name text, limit_name text,
    VARIADIC rules jsonb[]) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'collection_create', jsonb_build_object('name',
        name, 'limiting_id', coalesce(pg_temp.id(limit_name), limit_name),
        'rules', to_jsonb(rules)))
$$;
CREATE FUNCTION pg_temp.change(who text, name text, how text,
    VARIADIC rules jsonb[]) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'collection_change', jsonb_build_object(
        'collection_id', pg_temp.id(name), how, to_jsonb(rules)))
$$;
CREATE FUNCTION pg_temp.set(who text, device text, value jsonb,
    more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'resource_change', jsonb_build_object('class',
        'SMS_R_System', 'key', (SELECT resource_id::text FROM reeve.resource
            WHERE name = device), 'values', value), more)
$$;
-- Whom a predicate finds, asked by a collection of its own.
CREATE FUNCTION pg_temp.found(predicate text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    said text := pg_temp.change('alice', 'Found', 'rules',
        pg_temp.query(predicate));
BEGIN
    RETURN CASE WHEN said IN ('', 'nothing') THEN pg_temp.members('Found')
        ELSE said END;
END
$$;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.resource (resource_id, resource_type, name, properties)
    VALUES (900001, 5, 'qa-1', '{"ADSiteName":"North","Client":1,
            "IPAddresses":["10.0.0.1","10.0.0.2"]}'),
        (900002, 5, 'qa-2', '{"ADSiteName":"South","Client":0,
            "IPAddresses":[]}'),
        (900003, 5, 'QA-3', '{"ADSiteName":"north","Client":10}'),
        (900004, 5, 'qb%4', '{"ADSiteName":null}'),
        (900005, 5, 'qb\4', '{}'),
        (900009, 4, 'quser', '{"Mail":"q@lab.test"}'),
        (900010, 3, 'qgroup', '{}');
END
$$;
SELECT is(pg_temp.make('alice', 'Test', 'SMS00001',
    pg_temp.query('["like","Name","q%"]')), '', 'devices for the test');
SELECT is(pg_temp.members('Test'), 'QA-3 qa-1 qa-2 qb%4 qb\4',
    'a query finds members when it is made');
SELECT is(pg_temp.make('alice', 'Found', 'Test',
    VARIADIC '{}'::jsonb[]), '', 'a collection in them');

-- What a query finds -------------------------------------------------------------

SELECT is(pg_temp.found(predicate), answer, predicate)
FROM (VALUES
    ('null', 'QA-3 qa-1 qa-2 qb%4 qb\4'),
    ('["=","name","QA-1"]', 'qa-1'),
    ('["<>","Name","qa-1"]', 'QA-3 qa-2 qb%4 qb\4'),
    ('["=","adsitename","NORTH"]', 'QA-3 qa-1'),
    ('["<>","ADSiteName","North"]', 'qa-2'),
    ('["not",["=","ADSiteName","North"]]', 'qa-2'),
    ('["null","ADSiteName"]', 'qb%4 qb\4'),
    ('["not",["null","ADSiteName"]]', 'QA-3 qa-1 qa-2'),
    ('["or",["=","ADSiteName","South"],["=","Name","qb%4"]]', 'qa-2 qb%4'),
    ('["and",["=","ADSiteName","North"],[">","Client",1]]', 'QA-3'),
    ('[">","Client",1]', 'QA-3'),
    ('[">=","Client","1"]', 'QA-3 qa-1'),
    ('["<","Client",1]', 'qa-2'),
    ('["in","Name",["qa-1","QA-2","x"]]', 'qa-1 qa-2'),
    ('["in","Client",[0,10]]', 'QA-3 qa-2'),
    ('["like","Name","qa-_"]', 'QA-3 qa-1 qa-2'),
    ('["like","Name","q%4"]', 'qb%4 qb\4'),
    ('["like","Name","qb\\4"]', 'qb\4'),
    ('["=","IPAddresses","10.0.0.2"]', 'qa-1'),
    ('["null","IPAddresses"]', 'QA-3 qa-2 qb%4 qb\4'),
    ('[">","Name","qb"]', 'qb%4 qb\4'),
    ('["=","ResourceID",900002]', 'qa-2'),
    ('["like","NetbiosName","qa%"]', 'QA-3 qa-1 qa-2'))
    AS t (predicate, answer);

-- What is no query ------------------------------------------------------------------

SELECT is(pg_temp.found(predicate), answer, left(predicate, 60))
FROM (VALUES
    ('["=","Nonsense",1]', 'RV400 malformed_query'),
    ('["=","properties",1]', 'RV400 malformed_query'),
    ('["=","Name",{"a":1}]', 'RV400 malformed_query'),
    ('["=","Name",1.5]', 'RV400 malformed_query'),
    ('["=","Name"]', 'RV400 malformed_query'),
    ('["drop","Name","x"]', 'RV400 malformed_query'),
    ('{"and":[]}', 'RV400 malformed_query'),
    ('["and",["=","Name","x"]]', 'RV400 malformed_query'),
    ('["in","Name",[]]', 'RV400 malformed_query'),
    ('["in","Name",[["x"]]]', 'RV400 malformed_query'),
    ('["like","Name",7]', 'RV400 malformed_query'),
    ('["like","Name","[a-c]%"]', 'RV501 query_rule'),
    ('["like","Name","%a%a%a%a%a%a%a%a%a%"]', 'RV400 malformed_query'),
    (repeat('["not",', 70) || '["null","Name"]' || repeat(']', 70),
        'RV400 malformed_query'),
    ('["=","Name","' || repeat('x', 600) || '"]', 'RV400 malformed_query'))
    AS t (predicate, answer);
SELECT is(pg_temp.change('alice', 'Found', 'add_rules', rule), answer, what)
FROM (VALUES
    (pg_temp.query('null', 'SMS_R_User'), 'RV400 other_kind',
        'users are not in a collection of devices'),
    ('{"rule":"query","query":"x","fault":{"at":3,"what":"a join",
        "unsupported":true}}', 'RV501 query_rule', 'what is not understood'),
    ('{"rule":"query","query":"x","fault":{"at":3,"what":"no class",
        "unsupported":false}}', 'RV400 malformed_query', 'what is wrong'),
    ('{"rule":"query","query":"x"}', 'RV501 query_rule',
        'what nobody has read'),
    ('{"rule":"query"}', 'RV400 malformed_query', 'no query at all'))
    AS t (rule, answer, what);

-- Changing them ------------------------------------------------------------------------

SELECT is(pg_temp.change('alice', 'Found', 'rules', pg_temp.query(
    '["=","Name","qa-1"]'), pg_temp.query('["=","Name","qa-2"]')), '',
    'two queries');
SELECT is(pg_temp.members('Found'), 'qa-1 qa-2', 'find what either finds');
SELECT is(pg_temp.change('alice', 'Found', 'drop_rules',
    pg_temp.query('["=","Name","qa-1"]')), '', 'one is taken away');
SELECT is(pg_temp.members('Found'), 'qa-2', 'with those that it found');
SELECT is(pg_temp.change('alice', 'Found', 'rules',
    pg_temp.query('["=","Name","qa-2"]')), 'nothing', 'the same is no change');
SELECT is(pg_temp.make('alice', 'Limited', 'Found',
    pg_temp.query('["like","Name","q%"]')), '', 'one within another');
SELECT is(pg_temp.members('Limited'), 'qa-2', 'has no more than its limit');
SELECT is(pg_temp.make('alice', 'Without', 'Test', pg_temp.query('null'),
    jsonb_build_object('rule', 'exclude', 'other_id', pg_temp.id('Found'))),
    '', 'one without another');
SELECT is(pg_temp.members('Without'), 'QA-3 qa-1 qb%4 qb\4', 'has the rest');
SELECT is(pg_temp.make('alice', 'People', 'SMS00004',
    pg_temp.query('["like","Name","q%"]', 'SMS_R_User')), '', 'users');
SELECT is(pg_temp.members('People'), 'quser', 'and no groups');

-- Values -------------------------------------------------------------------------------

SELECT is(pg_temp.set('alice', 'qa-1', '{"Name":"qa-2b","Client":null}'), '',
    'a device changes');
SELECT is((SELECT name || properties::text FROM resource
    WHERE resource_id = 900001), 'qa-2b{"ADSiteName": "North",'
    ' "IPAddresses": ["10.0.0.1", "10.0.0.2"]}', 'as it was said');
SELECT is(pg_temp.set('alice', 'qa-2b', '{"Name":"qa-2"}'), '', 'again');
SELECT is(pg_temp.members('Found'), 'qa-2 qa-2', 'and is found anew');
SELECT is(pg_temp.members('Limited'), 'qa-2 qa-2', 'within the limit, too');
SELECT is(pg_temp.members('Without'), 'QA-3 qb%4 qb\4', 'and left out there');
UPDATE resource SET name = 'qa-1' WHERE resource_id = 900001;
SELECT is(pg_temp.members('Found'), 'qa-2', 'and lost when it changes back');
INSERT INTO resource (resource_id, resource_type, name)
    VALUES (900020, 5, 'qa-9');
SELECT is(pg_temp.members('Without'), 'QA-3 qa-1 qa-9 qb%4 qb\4',
    'a new device is found');
SELECT is(pg_temp.set('alice', 'qa-9', value::jsonb), answer, value)
FROM (VALUES ('{"SID":"S-1-5-21-1"}', 'RV400 malformed_properties'),
    ('{"MACAddresses":["02:00:00:00:00:01"]}', 'RV400 malformed_properties'),
    ('{"Nonsense":1}', 'RV400 malformed_properties'),
    ('{"Name":""}', 'RV400 malformed_name'),
    ('{"Name":null}', 'RV400 malformed_properties'),
    ('{"Client":"1"}', 'RV400 malformed_properties'),
    ('{"ADSiteName":["x"]}', 'RV400 malformed_properties'),
    ('{"IPAddresses":[1]}', 'RV400 malformed_properties'),
    ('{"ResourceID":900020,"Name":"qa-9"}', 'nothing'),
    ('{"adsitename":"West"}', '')) AS t (value, answer);
SELECT is(pg_temp.set('alice', 'qa-9', '{"Name":"x"}',
    '{"if_match":["never"]}'), 'RV412 changed_meanwhile',
    'not by an old tag');
SELECT is(pg_temp.set('mallory', 'qa-9', '{"Name":"x"}'),
    'RV404 no_such_object', 'nor by who may not read it');

-- Nobody widens its own rights by a query or a value -------------------------------------

SELECT pg_temp.role('TSTQUERY', 'Read,Modify,Modify Resource,Remote Control');
SELECT pg_temp.role('TSTWRITE',
    'Read,Read Resource,Modify,Modify Resource');
SELECT is(pg_temp.make('alice', 'Own', 'Test',
    pg_temp.query('["=","ADSiteName","North"]')), '', 'wanda''s collection');
SELECT is(pg_temp.make('alice', 'Below', 'Own',
    pg_temp.query('["=","Name","nobody"]')), '', 'and one below it');
SELECT pg_temp.assign('wanda', 'TSTQUERY', 'Own SMS00UNA');
SELECT pg_temp.assign('wanda', 'TSTWRITE', 'Test SMS00UNA');
SELECT is(pg_temp.members('Own'), 'QA-3 qa-1', 'two devices are hers');
SELECT is(pg_temp.change('wanda', 'Own', 'add_rules',
    pg_temp.query('["=","Name","qa-2"]')), 'RV403 self_widening',
    'a query brings no others');
SELECT is(pg_temp.set('wanda', 'qa-2', '{"ADSiteName":"North"}'),
    'RV403 self_widening', 'nor does a value that a query reads');
SELECT is(pg_temp.members('Own'), 'QA-3 qa-1', 'nothing has come');
SELECT is(pg_temp.set('wanda', 'qa-2', '{"ADSiteName":"East"}'), '',
    'other values she may write');
SELECT is(pg_temp.set('wanda', 'qa-1', '{"Client":5}'), '',
    'also where the device is hers already');
SELECT is(pg_temp.change('wanda', 'Below', 'add_rules',
    pg_temp.query('["like","Name","qa-%"]')), '',
    'below her own she may query as she likes');
SELECT is(pg_temp.members('Below'), 'QA-3 qa-1', 'within what is hers');
SELECT is(pg_temp.set('alice', 'qa-2', '{"ADSiteName":"North"}'), '',
    'somebody else may bring it');
SELECT is(pg_temp.members('Below'), 'QA-3 qa-1 qa-2', 'there and below');

-- What was stored before queries were read ---------------------------------------------------

SELECT take_revision();
INSERT INTO collection (collection_id, kind, limiting_id, name)
    VALUES ('TST0Q001', 'device', 'SMS00001', 'Old');
INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule, query)
    VALUES ('TST0Q001', 'device', 1, 'q', 'query', 'select a join');
INSERT INTO collection_member VALUES ('TST0Q001', 900002, 'device');
SELECT is(pg_temp.change('alice', 'Old', 'add_rules', '{"rule":"direct",
    "resource_id":"900001"}'), '', 'a rule comes to an old query');
SELECT is(pg_temp.members('Old'), 'qa-1 qa-2', 'whose members stay');
SELECT is(pg_temp.change('alice', 'Old', 'rules', '{"rule":"query",
    "query":"select a join","fault":{"at":8,"what":"x","unsupported":true}}'),
    '', 'it may be sent back as it is');
SELECT is(pg_temp.members('Old'), 'qa-1 qa-2', 'as stored');

SELECT * FROM finish();
ROLLBACK;
