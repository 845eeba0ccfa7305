-- change_site: changes by their names, several in one revision, on the
-- condition that an object is as its caller saw it, or only tried.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

-- A change of this test: renames a role, which everybody may.
CREATE FUNCTION reeve.apply_test_rename(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    had text;
BEGIN
    SELECT r.name INTO had FROM security_role r
        WHERE r.role_id = args ->> 'role' FOR UPDATE;
    PERFORM require_match(request, md5(had));
    IF args ->> 'name' = 'refused' THEN
        PERFORM refuse('RV409', 'Not this one.', '{"reason":"refused"}');
    ELSIF had = args ->> 'name' THEN
        RETURN ROW(0, NULL)::outcome;
    END IF;
    UPDATE security_role SET name = args ->> 'name'
        WHERE role_id = args ->> 'role';
    RETURN ROW(1, jsonb_build_object('key', args ->> 'role', 'had', had));
END
$$;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.policy_operation VALUES ('test_rename', 'for a test');
    INSERT INTO reeve.security_role (role_id, name, is_built_in, created_by,
            modified_by)
        VALUES ('TST00001', 'one', false, 'x', 'x'),
            ('TST00002', 'two', false, 'x', 'x');
END
$$;

CREATE FUNCTION pg_temp.rename(changes jsonb, key text DEFAULT NULL,
    more jsonb DEFAULT '{}', who text DEFAULT 'alice') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids',
        jsonb_build_array('krb5:' || who || '@LAB.TEST'), 'own', 1, 'groups_known', true,
        'level', 1, 'delegated', false), changes, key,
        jsonb_build_object('body_sha256', repeat('a', 64)) || more);
    RETURN concat_ws(' ', CASE WHEN r.replayed THEN 'replayed' END,
        r.changed, r.result);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
    END IF;
    RETURN SQLSTATE || ' ' || (about::jsonb ->> 'reason');
END
$$;
CREATE FUNCTION pg_temp.to(role text, name text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_object('op', 'test_rename', 'args',
        jsonb_build_object('role', role, 'name', name))
$$;
CREATE FUNCTION pg_temp.names() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(name, ' ' ORDER BY role_id) FROM reeve.security_role
    WHERE role_id LIKE 'TST%'
$$;
CREATE FUNCTION pg_temp.revision() RETURNS bigint LANGUAGE sql AS $$
    SELECT n FROM reeve.site_revision
$$;
CREATE TEMP TABLE before AS SELECT pg_temp.revision() AS n;

-- What is no change -----------------------------------------------------------

SELECT is(pg_temp.rename(changes::jsonb), answer, what)
FROM (VALUES
    ('[]', 'RV400 malformed_changes', 'none'),
    ('{}', 'RV400 malformed_changes', 'no list'),
    ('[{}]', 'RV400 unknown_change', 'one without a name'),
    ('["test_rename"]', 'RV400 unknown_change', 'one that is no object'),
    ('[{"op":"test_rename"}]', 'RV400 unknown_change', 'one without args'),
    ('[{"op":"test_rename","args":[]}]', 'RV400 unknown_change',
        'args that are no object'),
    ('[{"op":"site_level","args":{}}]', 'RV400 unknown_change',
        'a function that is there, but no change'),
    ('[{"op":"test_rename(x)","args":{}}]', 'RV400 unknown_change',
        'SQL for a name')) AS t (changes, answer, what);
SELECT is(pg_temp.rename((SELECT jsonb_agg(pg_temp.to('TST00001', 'x'))
    FROM generate_series(1, 1001))), 'RV400 malformed_changes', '1001');
SELECT is(pg_temp.names(), 'one two', 'nothing was changed');
SELECT is(pg_temp.revision(), (SELECT n FROM before), 'at no revision');

-- One, several, none ----------------------------------------------------------------

SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'uno'))),
    '1 [{"had": "one", "key": "TST00001"}]', 'one, with what it gives');
SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'uno'))),
    '0 [{}]', 'not what is so already');
SELECT is(pg_temp.revision() - (SELECT n FROM before), 1::bigint,
    'which takes no revision');
SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'a'),
    pg_temp.to('TST00002', 'b'))),
    '2 [{"had": "uno", "key": "TST00001"}, {"had": "two", "key": "TST00002"}]',
    'two, in their order');
SELECT is(pg_temp.revision() - (SELECT n FROM before), 2::bigint,
    'at one revision');
SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'c'),
    pg_temp.to('TST00002', 'refused'))), 'RV409 refused',
    'one of them is refused');
SELECT is(pg_temp.names(), 'a b', 'and none is there');
SELECT is(pg_temp.revision() - (SELECT n FROM before), 2::bigint,
    'nor a revision');

-- On a condition -----------------------------------------------------------------------

SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', name)),
    NULL, jsonb_build_object('if_match', tags)), answer, what)
FROM (VALUES
    ('d', jsonb_build_array(md5('b')), 'RV412 changed_meanwhile',
        'another tag'),
    ('d', '[]'::jsonb, 'RV412 changed_meanwhile', 'no tag'),
    ('d', jsonb_build_array(md5('z'), md5('a')),
        '1 [{"had": "a", "key": "TST00001"}]', 'one of several'),
    ('e', '["*"]', '1 [{"had": "d", "key": "TST00001"}]', 'any'))
    AS t (name, tags, answer, what);

-- Only tried ------------------------------------------------------------------------------

SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'refused')),
    NULL, '{"dry_run":true}'), 'RV409 refused', 'refused as in earnest');
SELECT matches(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'f')),
    'k1', '{"dry_run":true}'), '^1 \[\{"effects": \[\{"key": "TST00001", .*'
    '"new": \{.*"name": "f".*"results": \[\{"had": "e"', 'tells what it does');
SELECT is(pg_temp.names(), 'e b', 'and has not done it');
SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'f')),
    NULL, '{"dry_run":true}', 'mallory'), '1 [{"effects": [], "results": '
    '[{"had": "e", "key": "TST00001"}], "effects_not_shown": 1}]',
    'whoever may not read roles sees no row of them');
SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'f')),
    'k1'), '1 [{"had": "e", "key": "TST00001"}]',
    'its key is free for the deed');

-- Again ---------------------------------------------------------------------------------------

SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'f')),
    'k1'), 'replayed 1 [{"had": "e", "key": "TST00001"}]',
    'a replay gives what the first gave');
SELECT is(pg_temp.rename(jsonb_build_array(pg_temp.to('TST00001', 'g')),
    'k1'), 'RV422 idempotency_key_reused', 'but not to something else');
SELECT is(pg_temp.names(), 'f b', 'which was not done');

SELECT * FROM finish();
ROLLBACK;
