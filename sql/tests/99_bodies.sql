-- Bodies of objects are kept beside them: whatever happens to an object, to
-- its scopes or to their names, a list shows what it would make anew.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.wrong() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(x.key || ': ' || coalesce(x.shown, 'nothing'), '; '
        ORDER BY x.key)
    FROM (SELECT l.object_type, l.object_key, l.body
          FROM list_sms_application l
          UNION ALL SELECT l.object_type, l.object_key, l.body
          FROM list_numbered_object l
          UNION ALL SELECT l.object_type, l.object_key, l.body
          FROM list_secured_object l
          WHERE l.object_type NOT IN (11, 31, 32, 34, 1000004, 1000005)) l,
        LATERAL (SELECT l.object_key, l.body::text, body_of(l.object_type,
            l.object_key)::text) x (key, shown, made)
    WHERE x.shown IS DISTINCT FROM x.made
$$;
-- Of one object, whether what is kept may be shown.
CREATE FUNCTION pg_temp.is_kept(key text) RETURNS boolean LANGUAGE sql AS $$
    SELECT b.revision >= o.changed_revision
        AND b.revision > (SELECT changed_revision FROM object_body_names)
    FROM secured_object o JOIN object_body b USING (object_type_id,
        object_key) WHERE o.object_key = $1
$$;
CREATE FUNCTION pg_temp.shown(key text, property text) RETURNS text
LANGUAGE sql AS $$
    SELECT l.body ->> property FROM list_secured_object l
    WHERE l.object_key = $1
$$;

SELECT cmp_ok((SELECT count(*) FROM list_secured_object), '>', 20::bigint,
    'there are objects');
SELECT is((SELECT count(*) FROM secured_object o WHERE NOT EXISTS (
    SELECT FROM object_body b WHERE b.object_type_id = o.object_type_id
        AND b.object_key = o.object_key)), 0::bigint,
    'of each the body is kept');
SELECT is(pg_temp.wrong(), NULL, 'as it would be made');

SELECT take_revision();
INSERT INTO security_scope (scope_id, name) VALUES ('RVE0B001', 'Before');
INSERT INTO secured_object (object_type_id, object_key, name, properties)
    VALUES (2, 'BODY0001', 'First', '{"Manufacturer":"A"}'),
        (2, 'BODY0002', 'Second', '{}'), (31, 'Body_app', 'App',
        '{"CI_ID":16900001}'), (11, 'Body_ci', 'Item',
        '{"CI_ID":16900002}');
INSERT INTO object_scope (object_type_id, object_key, scope_id)
    VALUES (2, 'BODY0001', 'RVE0B001'), (2, 'BODY0002', 'SMS00UNA'),
        (31, 'Body_app', 'RVE0B001'), (11, 'Body_ci', 'RVE0B001');
SELECT ok(pg_temp.is_kept(k), 'kept from the beginning: ' || k)
FROM unnest('{BODY0001,BODY0002,Body_app,Body_ci}'::text[]) k;
SELECT is(pg_temp.wrong(), NULL, 'and right');
SELECT is(pg_temp.shown('BODY0001', 'SecuredScopeNames'), '["Before"]',
    'with the names of its scopes');

SELECT take_revision();
UPDATE secured_object SET name = 'First, renamed'
WHERE object_key = 'BODY0001';
SELECT is(pg_temp.shown('BODY0001', 'Name'), 'First, renamed',
    'a new name is shown');
SELECT ok(pg_temp.is_kept('BODY0001'), 'and kept');
INSERT INTO object_scope (object_type_id, object_key, scope_id)
    VALUES (2, 'BODY0002', 'RVE0B001');
SELECT is(pg_temp.shown('BODY0002', 'SecuredScopeNames'),
    '["Before","Default"]', 'a scope more');
DELETE FROM object_scope WHERE object_key = 'BODY0002'
    AND scope_id = 'SMS00UNA';
SELECT is(pg_temp.shown('BODY0002', 'SecuredScopeNames'), '["Before"]',
    'a scope less');
SELECT is(pg_temp.wrong(), NULL, 'all of them right');

SELECT take_revision();
UPDATE security_scope SET name = 'After' WHERE scope_id = 'RVE0B001';
SELECT ok(NOT pg_temp.is_kept('BODY0001'),
    'when a scope is renamed, nothing that is kept is shown');
SELECT is(pg_temp.shown('BODY0001', 'SecuredScopeNames'), '["After"]',
    'but the new name at once');
SELECT is(pg_temp.wrong(), NULL, 'in all of them');
SET LOCAL ROLE reeve_runtime;
SELECT ok(reeve.store_upkeep(3), 'after three of them there is more to do');
SELECT ok(NOT reeve.store_upkeep(100000), 'after all there is not');
RESET ROLE;
SELECT ok(pg_temp.is_kept('BODY0001'), 'they are kept anew');
SELECT is(pg_temp.wrong(), NULL, 'with the new name');
SELECT take_revision();
UPDATE security_scope SET name = 'Later' WHERE scope_id = 'RVE0B001';
SELECT is(pg_temp.wrong(), NULL, 'and a third name outdates them again');
SELECT reeve.store_upkeep(100000);

SELECT take_revision();
UPDATE site_setting SET site_code = 'ZZ9';
SELECT is(pg_temp.shown('BODY0001', 'SourceSite'), 'ZZ9',
    'so does another site code');
SELECT reeve.store_upkeep(100000);

UPDATE object_body SET body = '{"Name":"planted"}',
    revision = revision - 1 WHERE object_key = 'BODY0001';
SELECT is(pg_temp.wrong(), NULL, 'what is older than its object is not shown');
UPDATE object_body SET revision = revision + 1
WHERE object_key = 'BODY0001';
SELECT isnt(pg_temp.wrong(), NULL, 'this test can see a wrong one');

SELECT take_revision();
DELETE FROM object_scope WHERE object_key = 'BODY0002';
DELETE FROM secured_object WHERE object_key = 'BODY0002';
SELECT is((SELECT count(*) FROM object_body WHERE object_key = 'BODY0002'),
    0::bigint, 'an object takes its body with it');

-- Idempotency keys ----------------------------------------------------------------

INSERT INTO idempotency_key (actor, key, operation, body_sha256, revision,
    changed, created_at)
SELECT 'a@LAB.TEST', 'key-' || d, 'x', 'y', 1, 0,
    clock_timestamp() - make_interval(days => d, mins => 1)
FROM unnest('{0,6,7,400}'::integer[]) d;
SELECT reeve.store_upkeep(1);
SELECT is((SELECT array_agg(key ORDER BY key) FROM idempotency_key
    WHERE actor = 'a@LAB.TEST'), '{key-0,key-6,key-7}',
    'the oldest key is forgotten first');
SELECT reeve.store_upkeep(1000);
SELECT is((SELECT array_agg(key ORDER BY key) FROM idempotency_key
    WHERE actor = 'a@LAB.TEST'), '{key-0,key-6}',
    'those of seven days are, younger ones stay');

SELECT * FROM finish();
ROLLBACK;
