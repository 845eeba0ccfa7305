-- Folders: who may make, change and delete them, and move what lies in them;
-- objects of types that are secured by role; policies of a type of their own.
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
-- Who there is: olga has everything about folders of applications in
-- Headquarters, wanda in the branches, judy the same as olga in two halves, and
-- rosa may move but make nothing.
DO $$
DECLARE
    g record;
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name) VALUES
        ('RVE0F0A1', 'Folders'), ('RVE0F0A2', 'Folders alone'),
        ('RVE0F0A3', 'Applications alone'), ('RVE0F0A4', 'Movers'),
        ('RVE0F0A5', 'Items'), ('RVE0F0A6', 'Items and profiles'),
        ('RVE0F0A7', 'Readers'), ('RVE0F0A8', 'Makers');
    INSERT INTO reeve.role_operation
    SELECT r.role_id, o.object_type_id, o.bit FROM (VALUES
        ('RVE0F0A1', 226, '{Read,Create,Modify,Delete}'::text[]),
        ('RVE0F0A1', 31, '{Read,Move Object,Modify Folder}'),
        ('RVE0F0A2', 226, '{Read,Create,Modify,Delete}'),
        ('RVE0F0A3', 31, '{Read,Move Object,Modify Folder}'),
        ('RVE0F0A4', 226, '{Read}'), ('RVE0F0A4', 31, '{Read,Move Object}'),
        ('RVE0F0A7', 31, '{Read}'), ('RVE0F0A8', 226, '{Create}'),
        ('RVE0F0A8', 31, '{Modify Folder}'),
        ('RVE0F0A5', 11, '{Read,Create,Modify,Delete}'),
        ('RVE0F0A5', 52, '{Read}'),
        ('RVE0F0A6', 11, '{Read,Create,Modify,Delete}'),
        ('RVE0F0A6', 52, '{Read,Author Policy}'))
        AS r (role_id, type, names)
    JOIN reeve.operation o ON o.object_type_id = r.type
        AND o.name = ANY (r.names);
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
    SELECT 'krb5:' || n || '@LAB.TEST', n, false
    FROM unnest('{olga,wanda,judy,rosa,rita,cora,ines,paul}'::text[]) n;
    FOR g IN SELECT * FROM (VALUES
        ('olga', 'RVE0F0A1', '{RVE00010}'::text[]),
        ('wanda', 'RVE0F0A1', '{RVE00011}'),
        ('judy', 'RVE0F0A2', '{RVE00010}'), ('judy', 'RVE0F0A3', '{RVE00010}'),
        ('rosa', 'RVE0F0A4', '{RVE00010,RVE00011}'),
        ('rita', 'RVE0F0A7', '{RVE00010}'),
        ('cora', 'RVE0F0A8', '{RVE00010}'),
        ('ines', 'RVE0F0A5', '{SMS00UNA}'), ('paul', 'RVE0F0A6', '{SMS00UNA}'))
        AS x (who, role, scopes)
    LOOP
        INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT admin_id, g.role FROM reeve.administrative_user
        WHERE principal_id = 'krb5:' || g.who || '@LAB.TEST'
        RETURNING assignment_id INTO a;
        INSERT INTO reeve.assignment_scope SELECT a, unnest(g.scopes);
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.number(name text) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce((SELECT (properties ->> 'ContainerNodeID')::bigint
        FROM reeve.secured_object o
        WHERE o.object_type_id = 226 AND o.name = $1), 0)
$$;
CREATE FUNCTION pg_temp.make(who text, name text, parent text,
    more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'folder_create', jsonb_build_object('name', name,
        'properties', jsonb_build_object('ObjectType', 31,
            'ParentContainerNodeID', pg_temp.number(parent))) || more)
$$;
CREATE FUNCTION pg_temp.change(who text, name text, args jsonb,
    request jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'folder_change', args
        || jsonb_build_object('key', pg_temp.number(name)::text), request)
$$;
CREATE FUNCTION pg_temp.put(who text, name text, parent text) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.change(who, name, jsonb_build_object('properties',
        jsonb_build_object('ParentContainerNodeID', pg_temp.number(parent))))
$$;
CREATE FUNCTION pg_temp.remove(who text, name text,
    request jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'folder_delete',
        jsonb_build_object('key', pg_temp.number(name)::text), request)
$$;
CREATE FUNCTION pg_temp.application(name text) RETURNS text LANGUAGE sql AS $$
    SELECT object_key FROM reeve.secured_object o
    WHERE o.object_type_id = 31 AND o.name = $1
$$;
CREATE FUNCTION pg_temp.move(who text, names text[], source text,
    target text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'folder_move', jsonb_build_object('object_type',
        31, 'keys', (SELECT jsonb_agg(coalesce(pg_temp.application(n), n))
            FROM unnest(names) n), 'from', pg_temp.number(source),
        'to', pg_temp.number(target)) || more)
$$;
CREATE FUNCTION pg_temp.place(name text) RETURNS text LANGUAGE sql AS $$
    SELECT f.name FROM reeve.secured_object o
    JOIN reeve.secured_object f ON f.object_type_id = 226
        AND f.object_key = o.folder_id
    WHERE o.name = $1
$$;

-- Making ---------------------------------------------------------------------------

SELECT is(pg_temp.make('olga', 'Office', NULL), '1', 'olga makes a folder');
SELECT is(pg_temp.last_audit(), '1000093 olga@LAB.TEST,'
    || 'SMS_ObjectContainerNode,' || (SELECT object_key FROM secured_object
        WHERE name = 'Office') || ',Office', 'the admin stream has it');
SELECT is(scopes_of(226, object_key), '{RVE00010}', 'in her scope')
FROM secured_object WHERE name = 'Office';
SELECT is(pg_temp.make('olga', 'Finance', 'Office'), '1', 'and one in it');
SELECT is(pg_temp.place('Finance'), 'Office', 'which lies there');
SELECT is(pg_temp.make('cora', 'Unseen', 'Finance'), '1',
    'cora makes one in Finance, which she need not see');
SELECT is(pg_temp.make('alice', 'Shared', NULL,
    '{"scopes":["RVE00010","RVE00011"]}'), '1', 'alice one in two scopes');
SELECT is(pg_temp.make('alice', 'Remote', NULL, '{"scopes":["RVE00011"]}'),
    '1', 'and one for the branches');
SELECT is(pg_temp.make('alice', 'Named', NULL,
    '{"properties":{"ObjectTypeName":"SMS_ApplicationLatest"}}'), '1',
    'by the name of the class, as Configuration Manager has it');
SELECT is(pg_temp.make('alice', 'Numbered', NULL,
    '{"properties":{"ObjectType":6000}}'), '1',
    'and by its number of folders of applications');
SELECT is((SELECT array_agg(DISTINCT folder_for(properties)) FROM
    secured_object WHERE name IN ('Named', 'Numbered', 'Office')), '{31}',
    'all are for applications');
SELECT is(pg_temp.make('alice', 'Parcels', NULL,
    '{"properties":{"ObjectType":2}}'), '1', 'one for packages');
SELECT is(pg_temp.make(who, 'x', parent, more::jsonb), answer, what)
FROM (VALUES
    ('olga', NULL, '{"scopes":["RVE00011"]}', 'RV403 not_permitted',
        'a scope that she has not'),
    ('olga', NULL, '{"scopes":["SMS00ALL"]}', 'RV400 scope_all', 'All'),
    ('olga', 'Remote', '{}', 'RV404 no_such_object',
        'someone else''s folder, which she cannot see'),
    ('wanda', 'Office', '{}', 'RV404 no_such_object', 'nor the other way'),
    ('olga', 'Shared', '{}', '1', 'one that she shares'),
    ('judy', NULL, '{}', 'RV403 not_permitted',
        'two assignments that have it only together'),
    ('judy', 'Office', '{}', 'RV403 not_permitted', 'within another neither'),
    ('rosa', 'Office', '{}', 'RV403 not_permitted', 'who may only move'),
    ('bob', NULL, '{}', 'RV403 not_permitted',
        'bob, whose role knows no folders'),
    ('carol', NULL, '{}', 'RV403 not_permitted', 'carol'),
    ('mallory', NULL, '{}', 'RV403 no_assignment', 'mallory'),
    ('cora', 'Remote', '{}', 'RV404 no_such_object',
        'cora in another scope than hers'),
    ('olga', NULL, '{"properties":{"ObjectType":2}}', 'RV403 not_permitted',
        'a type that she makes no folders for'),
    ('alice', 'Parcels', '{"properties":{"ObjectType":31,'
        '"ParentContainerNodeID":1}}', 'RV404 no_such_object', 'no parent'),
    ('alice', NULL, '{"properties":{"ObjectType":31,'
        '"ParentContainerNodeID":"0 OR 1=1"}}', 'RV400 malformed_folder',
        'hostile 1: SQL for a number'),
    ('alice', NULL, '{"properties":{"ObjectType":30}}',
        'RV400 op_not_applicable', 'alerts have no folders'),
    ('alice', NULL, '{"properties":{"ObjectType":226}}',
        'RV400 op_not_applicable', 'nor folders folders of folders'),
    ('alice', NULL, '{"properties":{"ObjectType":99}}', 'RV400 unknown_type',
        'no such type'),
    ('alice', NULL, '{"properties":{}}', 'RV400 unknown_type', 'no type'),
    ('alice', NULL, '{"properties":{"ObjectType":31,'
        '"ObjectTypeName":"SMS_Package"}}', 'RV400 unknown_type',
        'two types at once'),
    ('alice', NULL, '{"properties":{"ObjectType":31,"SearchFolder":true}}',
        'RV400 search_folder', 'a search folder'),
    ('alice', NULL, '{"properties":{"ObjectType":31,"Secret":1}}',
        'RV400 malformed_properties', 'what no folder has'),
    ('alice', NULL, '{"name":""}', 'RV400 malformed_name', 'no name'),
    ('alice', NULL, '{"name":"a\u0007"}', 'RV400 malformed_name', 'a bell'))
    AS t (who, parent, more, answer, what);
SELECT is(pg_temp.said('alice', 'folder_create', jsonb_build_object('name',
    'x', 'properties', jsonb_build_object('ObjectType', 31,
    'ParentContainerNodeID', pg_temp.number('Parcels')))),
    'RV409 another_type', 'a folder within one for another type');
SELECT is(pg_temp.said('dave', 'folder_create',
    '{"name":"x","properties":{"ObjectType":31}}', '{}', '{}', false),
    'RV503 groups_unknown', 'whose groups are not known is not told no');
SELECT is(pg_temp.run('judy', 'folder_create',
    '{"name":"x","properties":{"ObjectType":31}}') -> 'missing',
    '{"type":"SMS_ObjectContainerNode","operation":"Create",'
    '"conditions":["operation"]}', 'what is missing is said');

-- Changing ---------------------------------------------------------------------------

SELECT is(pg_temp.change('olga', 'Finance', '{"name":"Accounting"}'), '1',
    'olga renames hers');
SELECT is(split_part(pg_temp.last_audit(), ' ', 1), '1000094',
    'the admin stream has it');
SELECT is(pg_temp.change('olga', 'Accounting', '{"name":"Accounting"}'), '0',
    'the same is no change');
SELECT is(pg_temp.change('olga', 'Accounting', jsonb_build_object('name',
    'Accounting', 'properties', jsonb_build_object('ObjectType', 31,
    'ObjectTypeName', 'SMS_Application', 'ParentContainerNodeID',
    pg_temp.number('Office'), 'FolderFlags', 0, 'SearchFolder', false),
    'own_key', object_key, 'scope_names', '["Headquarters"]'::jsonb)), '0',
    'what was read may be sent back')
FROM secured_object WHERE name = 'Accounting';
SELECT is(pg_temp.change(who, name, args::jsonb, request::jsonb), answer, what)
FROM (VALUES
    ('wanda', 'Accounting', '{"name":"x"}', '{}', 'RV404 no_such_object',
        'who cannot see it'),
    ('rosa', 'Accounting', '{"name":"x"}', '{}', 'RV403 not_permitted',
        'who can only see it'),
    ('judy', 'Accounting', '{"name":"x"}', '{}', 'RV403 not_permitted',
        'two assignments that have it only together'),
    ('olga', 'Nothing', '{"name":"x"}', '{}', 'RV404 no_such_object',
        'no such folder'),
    ('olga', 'Accounting', '{"name":"x"}', '{"if_match":["0"]}',
        'RV412 changed_meanwhile', 'an old tag'),
    ('rosa', 'Accounting', '{"name":"x"}', '{"if_match":["0"]}',
        'RV403 not_permitted', 'power goes before the tag'),
    ('olga', 'Accounting', '{"properties":{"ObjectType":2}}', '{}',
        'RV400 another_type', 'another type'),
    ('olga', 'Accounting', '{"own_key":"x"}', '{}', 'RV400 another_key',
        'another key'),
    ('olga', 'Accounting', '{"scopes":["RVE00011"]}', '{}',
        'RV400 scopes_elsewhere', 'another scope'),
    ('olga', 'Accounting', '{"name":7}', '{}', 'RV400 malformed_name',
        'a number for a name'),
    ('olga', 'Accounting', '{"properties":{"ParentContainerNodeID":-1}}',
        '{}', 'RV400 malformed_folder', 'a parent below none'),
    ('alice', 'Accounting', '{"replace":true}', '{}', 'RV400 malformed_name',
        'a replacement without a name'))
    AS t (who, name, args, request, answer, what);
SELECT throws_ok($$UPDATE secured_object SET properties = properties
    || '{"ObjectType":2}' WHERE name = 'Accounting'$$, '23514', NULL,
    'no program changes what a folder is for');

-- Putting elsewhere ---------------------------------------------------------------------

SELECT is(pg_temp.put('olga', 'Accounting', 'Shared'), '1',
    'into one that she shares');
SELECT is(pg_temp.place('Accounting'), 'Shared', 'there it is');
SELECT is(pg_temp.put('olga', 'Accounting', 'Remote'), 'RV404 no_such_object',
    'into one that she cannot see');
SELECT is(pg_temp.put('rosa', 'Accounting', 'Office'), 'RV403 not_permitted',
    'who may only move objects');
SELECT is(pg_temp.put('olga', 'Shared', 'Accounting'),
    'RV409 circular_dependency', 'no circle');
SELECT is(pg_temp.put('olga', 'Shared', 'Shared'),
    'RV409 circular_dependency', 'not into itself');
SELECT is(pg_temp.put('alice', 'Accounting', 'Parcels'), 'RV409 another_type',
    'not among packages');
SELECT is(pg_temp.put('alice', 'Shared', 'Remote'), '1',
    'alice hides the way to it');
SELECT is(pg_temp.put('olga', 'Shared', 'Office'), 'RV403 not_permitted',
    'olga does not take it from where she cannot see');
SELECT is(pg_temp.change('olga', 'Shared', jsonb_build_object('name',
    'Shared by all', 'properties', jsonb_build_object('ParentContainerNodeID',
    pg_temp.number('Remote')))), '1', 'but renames it, where it lies');
SELECT throws_ok($$UPDATE secured_object SET folder_id = (SELECT object_key
    FROM secured_object WHERE name = 'Accounting')
    WHERE name = 'Shared by all'$$, '23514', NULL,
    'no program closes a circle either');
SELECT is(pg_temp.put('alice', 'Shared by all', NULL), '1', 'to the root');
SELECT is(pg_temp.change('alice', 'Accounting',
    '{"name":"Accounting","replace":true}'), '1',
    'a replacement without a parent puts it to the root');

-- Deep ------------------------------------------------------------------------------------

SELECT is((SELECT array_agg(pg_temp.make('alice', 'Deep ' || i,
    CASE WHEN i > 1 THEN 'Deep ' || i - 1 END) ORDER BY i)
    FROM generate_series(1, 32) i), array_fill('1'::text, ARRAY[32]),
    '32 within each other');
SELECT is(pg_temp.make('alice', 'Deep 33', 'Deep 32'), 'RV409 too_deep',
    'no more');
SELECT is(pg_temp.put('alice', 'Accounting', 'Deep 32'), 'RV409 too_deep',
    'nor by moving');
SELECT is(pg_temp.put('alice', 'Deep 1', 'Accounting'), 'RV409 too_deep',
    'nor all of them');
SELECT is(pg_temp.put('alice', 'Deep 32', 'Accounting'), '1',
    'the last alone is moved');

-- Moving -------------------------------------------------------------------------------------

SELECT is(pg_temp.move('olga', '{Contoso Ledger}', 'Business Applications',
    'Office'), 'RV404 no_such_object', 'a folder that she cannot see');
SELECT is(pg_temp.move('alice', '{Contoso Ledger}', 'Business Applications',
    NULL), '1', 'alice moves it to the root');
SELECT is(pg_temp.move('olga', '{Contoso Ledger}', NULL, 'Office'), '1',
    'olga into a folder of hers');
SELECT is(pg_temp.last_audit(), concat_ws(',', '1000096 olga@LAB.TEST',
    'SMS_Application', pg_temp.application('Contoso Ledger'), (SELECT
    object_key FROM secured_object WHERE name = 'Office')),
    'the admin stream has it');
SELECT is(pg_temp.place('Contoso Ledger'), 'Office', 'there it is');
SELECT is(pg_temp.move('rosa', '{Contoso Ledger}', 'Office', 'Shared by all'),
    '1', 'rosa, who makes none');
SELECT is(pg_temp.move('olga', '{Contoso Ledger,Contoso Ledger}',
    'Shared by all', 'Office'), '1', 'named twice is moved once');
SELECT is(pg_temp.move('olga', '{Contoso Ledger}', 'Office', 'Office'), '0',
    'to where it lies: nothing');
SELECT is(pg_temp.move(who, names, source, target, more::jsonb), answer, what)
FROM (VALUES
    ('olga', '{Point of Sale}'::text[], 'Office', NULL, '{}',
        'RV404 no_such_object', 'what she cannot see'),
    ('olga', '{Contoso Ledger,Point of Sale}', 'Office', NULL, '{}',
        'RV404 no_such_object', 'not even with something of hers'),
    ('olga', '{Nothing}', 'Office', NULL, '{}', 'RV404 no_such_object',
        'what there is not: the same words'),
    ('judy', '{Contoso Ledger}', 'Office', 'Accounting', '{}',
        'RV403 not_permitted', 'two assignments that have it only together'),
    ('judy', '{Contoso Ledger}', 'Office', NULL, '{}', 'RV403 not_permitted',
        'not to the root either'),
    ('bob', '{Contoso Ledger}', 'Office', 'Remote', '{}',
        'RV404 no_such_object', 'bob into what he cannot see'),
    ('rita', '{Contoso Ledger}', 'Office', NULL, '{}', 'RV403 not_permitted',
        'who may only see it'),
    ('olga', '{Contoso Ledger}', NULL, 'Office', '{}', 'RV409 not_in_folder',
        'from where it does not lie'),
    ('alice', '{Contoso Ledger}', 'Office', 'Parcels', '{}',
        'RV409 another_type', 'among packages'),
    ('alice', '{Contoso Ledger}', 'Office', NULL, '{"to":1}',
        'RV404 no_such_object', 'to no folder'),
    ('alice', '{Contoso Ledger}', 'Office', NULL, '{"from":null}',
        'RV400 malformed_folder', 'from nowhere'),
    ('alice', '{Contoso Ledger}', 'Office', NULL, '{"keys":[]}',
        'RV400 malformed_keys', 'nothing'),
    ('alice', '{Contoso Ledger}', 'Office', NULL, '{"keys":[7]}',
        'RV400 malformed_keys', 'a number'),
    ('alice', '{Contoso Ledger}', 'Office', NULL, '{"object_type":38}',
        'RV400 op_not_applicable', 'client settings lie in no folders'),
    ('alice', '{Contoso Ledger}', 'Office', NULL, '{"object_type":2}',
        'RV404 no_such_object', 'no package has this key'))
    AS t (who, names, source, target, more, answer, what);
SELECT is(pg_temp.said('alice', 'folder_move', jsonb_build_object(
    'object_type', 31, 'from', 0, 'to', 0, 'keys', (SELECT jsonb_agg('k' || i)
    FROM generate_series(1, 201) i))), 'RV400 malformed_keys', 'too many');
SELECT is(pg_temp.place('Contoso Ledger'), 'Office', 'it lies where it lay');
SELECT is(pg_temp.make('alice', 'Devices', NULL,
    '{"properties":{"ObjectType":5000}}'), '1', 'one for collections');
SELECT is(pg_temp.said('alice', 'folder_move', jsonb_build_object(
    'object_type', 5000, 'from', 0, 'to', pg_temp.number('Devices'), 'keys',
    '["RVE00014","RVE00015"]'::jsonb)), '2', 'which are moved likewise');
SELECT is((SELECT array_agg(instancekey ORDER BY instancekey)
    FROM list_sms_objectcontaineritem WHERE objecttype = 1
        AND containernodeid = pg_temp.number('Devices')),
    '{RVE00014,RVE00015}', 'and listed');
SELECT is(pg_temp.said('alice', 'collection_change',
    '{"collection_id":"RVE00015","comment":"x"}'), '1',
    'a collection in a folder is changed as any');
SELECT throws_ok($$UPDATE secured_object SET folder_id = (SELECT object_key
    FROM secured_object WHERE name = 'Parcels')
    WHERE name = 'Contoso Ledger'$$, '23514', NULL,
    'no program puts it into a folder for others');

-- Deleting -------------------------------------------------------------------------------------

SELECT is(pg_temp.remove('wanda', 'Office'), 'RV404 no_such_object',
    'who cannot see it');
SELECT is(pg_temp.remove('rosa', 'Office'), 'RV403 not_permitted',
    'who can only see it');
SELECT is(pg_temp.remove('judy', 'Office'), 'RV403 not_permitted',
    'two assignments that have it only together');
SELECT is(pg_temp.remove('olga', 'Office', '{"if_match":["0"]}'),
    'RV412 changed_meanwhile', 'an old tag');
SELECT is(pg_temp.remove('olga', 'Office'), 'RV409 not_empty',
    'not while something lies in it');
SELECT is(pg_temp.run('olga', 'folder_delete', jsonb_build_object('key',
    pg_temp.number('Office')::text)) -> 'objects', jsonb_build_array(
    jsonb_build_object('object_type_id', 31, 'name', 'Contoso Ledger',
    'object_key', pg_temp.application('Contoso Ledger'))), 'which is said');
SELECT is(pg_temp.move('alice', '{Point of Sale}', 'Branch Applications',
    'Office'), '1', 'alice adds what olga cannot see');
SELECT is(pg_temp.move('olga', '{Contoso Ledger}', 'Office', NULL), '1',
    'olga takes hers out');
SELECT is(pg_temp.run('olga', 'folder_delete', jsonb_build_object('key',
    pg_temp.number('Office')::text)) - 'message',
    '{"reason":"not_empty","objects":[],"refused":"RV409 not_empty"}',
    'what she cannot see holds it, without a name or a number');
SELECT is(pg_temp.remove('alice', 'Devices'), 'RV409 not_empty',
    'collections hold a folder too');
SELECT is(pg_temp.move('alice', '{Point of Sale}', 'Office', NULL), '1',
    'when it is empty');
SELECT is(pg_temp.remove('olga', 'Office'), '1', 'it goes');
SELECT is(split_part(pg_temp.last_audit(), ' ', 1), '1000095',
    'the admin stream has it');
SELECT is(pg_temp.remove('olga', 'Office'), 'RV404 no_such_object', 'once');

-- A site that lets halves come from any assignment, as Configuration Manager.
DO $$ BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET deploy_pairing = 'user';
END $$;
SELECT is(pg_temp.make('judy', 'Hers', NULL), '1',
    'where halves may come from anywhere, judy makes a folder');
SELECT is(pg_temp.move('judy', '{Contoso Ledger}', NULL, 'Hers'), '1',
    'and moves into it');
SELECT is(pg_temp.move('rita', '{Contoso Ledger}', 'Hers', NULL),
    'RV403 not_permitted', 'who has no half has none there either');
DO $$ BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET deploy_pairing = 'assignment';
END $$;
SELECT is(pg_temp.remove('judy', 'Hers'), 'RV403 not_permitted',
    'until it is set back');

-- Types secured by role ----------------------------------------------------------------------------

SELECT is(pg_temp.said(who, op, args::jsonb), answer, what)
FROM (VALUES
    ('alice', 'object_create', '{"type":45,"name":"10.9.0.0/16"}', '1',
        'alice makes a boundary'),
    ('alice', 'object_create', '{"type":45,"name":"x","scopes":["RVE00010"]}',
        'RV400 not_scoped', 'which is in no scope'),
    ('alice', 'object_create', '{"type":30,"name":"Alert","scopes":[]}', '1',
        'an alert'),
    ('alice', 'object_create', '{"type":52,"name":"x"}',
        'RV400 op_not_applicable', 'a type without Create'),
    ('alice', 'object_create', '{"type":4,"name":"x"}',
        'RV400 op_not_applicable', 'no status message'),
    ('alice', 'object_create', '{"type":27,"name":"x"}',
        'RV400 op_not_applicable', 'no role'),
    ('alice', 'object_create', '{"type":1000105,"name":"x"}',
        'RV400 op_not_applicable', 'no enforcement point'),
    ('carol', 'object_create', '{"type":45,"name":"x"}',
        'RV403 not_permitted', 'carol makes none'),
    ('mallory', 'object_create', '{"type":45,"name":"x"}',
        'RV403 no_assignment', 'nor mallory'),
    ('alice', 'object_change', '{"type":45,"key":"1","name":"10.8.0.0/16"}',
        '1', 'one is changed'),
    ('mallory', 'object_change', '{"type":45,"key":"1","name":"x"}',
        'RV404 no_such_object', 'not by who cannot read it'),
    ('mallory', 'object_delete', '{"type":45,"key":"1"}',
        'RV404 no_such_object', 'nor deleted'),
    ('alice', 'object_delete', '{"type":45,"key":"2"}', '1', 'one is deleted'),
    ('alice', 'object_delete', '{"type":45,"key":"2"}',
        'RV404 no_such_object', 'once'),
    ('alice', 'object_delete', '{"type":38,"key":"0"}',
        'RV400 op_not_applicable', 'the default client settings stay'),
    ('alice', 'object_delete', '{"type":47,"key":"1"}',
        'RV400 op_not_applicable', 'and the default antimalware policy'))
    AS t (who, op, args, answer, what);
SELECT is_empty($$SELECT FROM object_scope s JOIN object_type t
    USING (object_type_id) WHERE t.secured_by = 'role'$$,
    'none of them is in a scope');

-- Types of their own -------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.item(who text, op text, args jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said(who, op, '{"type":11}' || args
        || coalesce((SELECT jsonb_build_object('key', properties ->> 'CI_ID')
            FROM reeve.secured_object WHERE name = 'Profile'), '{}'))
$$;
SELECT is(pg_temp.item('ines', 'object_create', '{"name":"Plain"}'), '1',
    'ines makes a configuration item');
SELECT is(pg_temp.item('ines', 'object_create',
    '{"name":"x","properties":{"OwnObjectTypeID":52}}'),
    'RV403 not_permitted', 'but no profile: she is no author of such');
SELECT is(pg_temp.run('ines', 'object_create', '{"type":11,"name":"x",'
    '"properties":{"OwnObjectTypeID":52}}') -> 'missing',
    '{"type":"SMS_UserStateManagementSettings","operation":"Author Policy",'
    '"conditions":["operation"]}', 'which is what is missing');
SELECT is(pg_temp.item('paul', 'object_create',
    '{"name":"Profile","properties":{"OwnObjectTypeID":52}}'), '1',
    'paul does');
SELECT is(pg_temp.item(who, op, args::jsonb), answer, what)
FROM (VALUES
    ('ines', 'object_change', '{"name":"x"}', 'RV403 not_permitted',
        'ines does not change it'),
    ('ines', 'object_delete', '{}', 'RV403 not_permitted', 'nor delete it'),
    ('paul', 'object_change', '{"properties":{"OwnObjectTypeID":59}}',
        'RV400 another_type', 'it stays of its type'),
    ('paul', 'object_change', '{"properties":{"OwnObjectTypeID":null}}',
        'RV400 another_type', 'and does not lose it'),
    ('paul', 'object_change', '{"name":"Profile","replace":true,'
        '"properties":{"Level":2}}', '1', 'a replacement neither'),
    ('ines', 'object_change', '{"name":"x"}', 'RV403 not_permitted',
        'so that ines does not change it now'),
    ('paul', 'object_change', '{"properties":{"OwnObjectTypeID":52,'
        '"Level":3}}', '1', 'what was read may be sent back'),
    ('paul', 'object_delete', '{}', '1', 'paul deletes it'),
    ('paul', 'object_create', '{"name":"x","properties":'
        '{"OwnObjectTypeID":56}}', 'RV400 unknown_type',
        'a Wi-Fi profile is no configuration item'),
    ('paul', 'object_create', '{"name":"x","properties":'
        '{"OwnObjectTypeID":"52"}}', 'RV400 unknown_type',
        'a text for the type'))
    AS t (who, op, args, answer, what);
SELECT is(pg_temp.said('alice', 'object_create', '{"type":48,"name":"Wi-Fi",'
    '"properties":{"OwnObjectTypeID":56}}'), '1', 'but a policy');
SELECT throws_ok($$UPDATE secured_object SET properties = properties
    || '{"OwnObjectTypeID":57}' WHERE name = 'Wi-Fi'$$, '23514', NULL,
    'no program changes its type');

SELECT * FROM finish();
ROLLBACK;
