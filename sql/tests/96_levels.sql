-- The minimum level of the site: who sets it, how a change that nobody
-- confirms ends, whom the exclusion list excepts; minima and ages.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.actor(name text, level integer,
    more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('principal', name || '@LAB.TEST', 'ids',
        jsonb_build_array('krb5:' || name || '@LAB.TEST'), 'own', 1,
        'groups_known', true, 'level', level, 'delegated', false,
        'session', 'test') || more
$$;
-- "changed N", "replayed N", or SQLSTATE, reason and level.
CREATE FUNCTION pg_temp.outcome(call text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    r jsonb;
    about text;
BEGIN
    EXECUTE 'SELECT to_jsonb(x) FROM reeve.' || call || ' x' INTO STRICT r;
    RETURN CASE WHEN (r ->> 'replayed')::boolean THEN 'replayed '
        ELSE 'changed ' END || (r ->> 'changed');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
    END IF;
    RETURN concat_ws(' ', SQLSTATE, about::jsonb ->> 'reason',
        about::jsonb #>> '{missing,level}');
END
$$;
CREATE FUNCTION pg_temp.set(name text, mine integer, level integer,
    within integer DEFAULT NULL, key text DEFAULT NULL,
    more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('site_level_set(%L, %L, %L, %L, %L)',
        pg_temp.actor(name, mine, more), level, within, key,
        jsonb_build_object('body_sha256', repeat('a', 64))))
$$;
CREATE FUNCTION pg_temp.confirm(name text, mine integer,
    more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('site_level_confirm(%L, ''{}'')',
        pg_temp.actor(name, mine, more)))
$$;
CREATE FUNCTION pg_temp.exclude(name text, mine integer, ids text[],
    key text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('exclusion_set(%L, %L, %L, %L)',
        pg_temp.actor(name, mine), ids, key,
        jsonb_build_object('body_sha256', repeat('b', 64))))
$$;
CREATE FUNCTION pg_temp.stored() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', minimum_level, revert_level,
        CASE WHEN revert_at_ms IS NOT NULL THEN 'pending' END)
    FROM reeve.site_setting
$$;
-- The instant of the last write goes on by so much: time passes.
CREATE FUNCTION pg_temp.later(by interval) RETURNS void LANGUAGE sql AS $$
    UPDATE reeve.site_revision SET decided_at =
        date_trunc('milliseconds', clock_timestamp()) + by
$$;

-- Who may set it ------------------------------------------------------------------

SELECT is(pg_temp.set(name, mine, level, within), answer, what)
FROM (VALUES
    ('bob', 3, 1, NULL, 'RV403 not_permitted', 'not everybody'),
    ('mallory', 3, 1, NULL, 'RV403 not_permitted', 'not nobody'),
    ('frank', 3, 2, NULL, 'RV403 not_permitted',
        'nor who has everything but that'),
    ('alice', 1, 2, NULL, 'RV403 level_too_low certificate',
        'not above one''s own level'),
    ('alice', 2, 3, NULL, 'RV403 level_too_low hello', 'nor two above'),
    ('alice', 1, 3, 600, 'RV403 level_too_low hello',
        'not to be confirmed either'),
    ('alice', 3, 0, NULL, 'RV400 malformed_level', 'none is no minimum'),
    ('alice', 3, 4, NULL, 'RV400 malformed_level', 'nor is 4'),
    ('alice', 3, 20, NULL, 'RV400 malformed_level',
        'Configuration Manager''s numbers are the provider''s affair'),
    ('alice', 3, NULL, NULL, 'RV400 malformed_level', 'nor nothing'),
    ('alice', 3, 3, 9, 'RV400 malformed_confirm_within', 'too short'),
    ('alice', 3, 3, -1, 'RV400 malformed_confirm_within', 'not negative'),
    ('alice', 3, 3, 86401, 'RV400 malformed_confirm_within', 'too long'),
    ('alice', 1, 1, NULL, 'changed 0', 'as it is'))
    AS t (name, mine, level, within, answer, what);
SELECT is(pg_temp.set('alice', 3, 3, NULL, NULL, '{"delegated": true}'),
    'RV403 not_permitted', 'a gateway does not set it for alice');
SELECT is(pg_temp.set('bob', 3, 2, NULL, NULL, '{"groups_known": false}'),
    'RV503 groups_unknown', 'groups that are not known might let bob');
SELECT is(pg_temp.set('x', 3, 2, NULL, NULL, '{"ids":
    ["krb5:mallory@LAB.TEST", "krb5:alice@LAB.TEST"]}'),
    'RV403 not_permitted', 'a user among the groups is no user');
SELECT is(pg_temp.stored(), '1', 'it is as it was');

-- Set on a scope is not set on all.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:part@LAB.TEST', 'part', false);
    INSERT INTO reeve.assignment (assignment_id, admin_id, role_id)
        SELECT 3001, admin_id, 'SMS0001R' FROM reeve.administrative_user
        WHERE logon_name = 'part';
    INSERT INTO reeve.assignment_scope VALUES (3001, 'RVE00010'),
        (3001, 'SMS00UNA');
    INSERT INTO reeve.assignment_collection VALUES (3001, 'SMS00001'),
        (3001, 'SMS00004');
END
$$;
SELECT is(pg_temp.set('part', 3, 2), 'RV403 not_permitted',
    'Full Administrator of two scopes is not enough');

-- Without confirmation; and the audit -----------------------------------------------

SELECT is(pg_temp.set('alice', 2, 2, 0), 'changed 1', 'certificate');
SELECT is(pg_temp.stored(), '2', 'is stored, for good');
SELECT is((SELECT row(message_id, actor, strings, level, before, after)::text
        FROM admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1),
    row(52400, 'alice@LAB.TEST', ARRAY['alice@LAB.TEST', 'certificate',
        'set'], 2, '{"minimum_level": "windows"}'::jsonb,
        '{"minimum_level": "certificate"}'::jsonb)::text,
    'and audited as 52400');
SELECT is(pg_temp.set('alice', 1, 1), 'RV403 level_too_low certificate',
    'who is below it does not set it back');
SELECT is(passes_gate('{krb5:alice@LAB.TEST}', 1, true, l), l >= 2,
    'the gate at ' || l) FROM generate_series(0, 4) l WHERE l < 4;
SELECT is(pg_temp.set('alice', 2, 1), 'changed 1', 'back to windows');

-- To be confirmed ------------------------------------------------------------------------

SELECT is(pg_temp.confirm('alice', 3), 'changed 0', 'nothing awaits it');
SELECT is(pg_temp.set('alice', 3, 3, 600), 'changed 1', 'for ten minutes');
SELECT is(pg_temp.stored(), '3 1 pending', 'with what it goes back to');
SELECT is((SELECT row(minimum, revert_level, revert_at_ms - to_ms(r.decided_at),
        max_auth_age_s)::text FROM feed_site, site_revision r),
    row(3, 1, 600000::bigint, NULL)::text, 'and when, in the feed');
SELECT is(site_level_at(r.decided_at + by), level, 'after ' || by)
FROM site_revision r, (VALUES (interval '0', 3),
    ('599 seconds 999 milliseconds', 3), ('600 seconds', 1),
    ('1 day', 1)) AS t (by, level);
SELECT is(passes_gate('{krb5:alice@LAB.TEST}', 1, true, l,
        r.decided_at + by), passes, format('the gate at %s after %s', l, by))
FROM site_revision r, (VALUES (2, interval '0', false), (3, '0', true),
    (2, '599 seconds 999 milliseconds', false), (1, '600 seconds', true),
    (0, '600 seconds', false)) AS t (l, by, passes);
SELECT is(pg_temp.confirm(name, mine), answer, what)
FROM (VALUES
    ('bob', 3, 'RV403 not_permitted', 'not everybody confirms it'),
    ('alice', 2, 'RV403 level_too_low hello', 'nor at a lower level'),
    ('part', 3, 'RV403 not_permitted', 'nor who may not set it'))
    AS t (name, mine, answer, what);
SELECT is(pg_temp.confirm('alice', 3, '{"delegated": true}'),
    'RV403 not_permitted', 'nor a gateway');
SELECT is(pg_temp.stored(), '3 1 pending', 'it still awaits that');
SELECT is(pg_temp.set('alice', 1, 1), 'RV403 level_too_low hello',
    'who is below it does not end it by hand');
SELECT is(pg_temp.outcome('site_level_revert_due(''{}'')'), 'changed 0',
    'nor does anybody before its time');
-- Another change on top reverts to what was confirmed last.
SELECT is(pg_temp.set('alice', 3, 2, 600), 'changed 1', 'another change');
SELECT is(pg_temp.stored(), '2 1 pending', 'goes back to windows too');
SELECT is(pg_temp.set('alice', 2, 2, NULL), 'changed 1',
    'set for good by somebody of that level');
SELECT is(pg_temp.stored(), '2', 'it is');
SELECT is(pg_temp.set('alice', 3, 3, 600), 'changed 1', 'again');
SELECT is(pg_temp.confirm('alice', 3), 'changed 1', 'confirmed');
SELECT is(pg_temp.stored(), '3', 'for good');
SELECT is((SELECT strings FROM admin_audit
        ORDER BY revision DESC, ordinal DESC LIMIT 1),
    ARRAY['alice@LAB.TEST', 'hello', 'confirmed'], 'audited');
SELECT is(pg_temp.confirm('alice', 3), 'changed 0', 'once');

-- Time runs out --------------------------------------------------------------------------

SELECT is(pg_temp.set('alice', 3, 1), 'changed 1', 'from windows');
SELECT is(pg_temp.set('alice', 3, 3, 600), 'changed 1', 'to hello');
SELECT pg_temp.later('601 seconds');
SELECT is(passes_gate('{krb5:bob@LAB.TEST}', 1, true, 1), true,
    'its time is over: windows is enough, before anything is written');
SELECT is(pg_temp.confirm('alice', 3), 'changed 0', 'too late to confirm it');
SELECT is(pg_temp.stored(), '3 1 pending', 'what is stored is as before');
SELECT is(pg_temp.outcome('site_level_revert_due(''{}'')'), 'changed 1',
    'until it is settled');
SELECT is(pg_temp.stored(), '1', 'then it is windows');
SELECT is((SELECT row(message_id, actor, strings)::text FROM admin_audit
        ORDER BY revision DESC, ordinal DESC LIMIT 1),
    row(52400, 'reeve', ARRAY['reeve', 'windows', 'reverted'])::text,
    'audited');
SELECT is(pg_temp.outcome('site_level_revert_due(''{}'')'), 'changed 0',
    'twice is once');
-- A set that comes before the settling finds what is in force.
SELECT is(pg_temp.set('alice', 3, 3, 600), 'changed 1', 'to hello again');
SELECT pg_temp.later('2000 seconds');
SELECT is(pg_temp.set('alice', 2, 2), 'changed 1',
    'certificate suffices: hello is in force no more');
SELECT is(pg_temp.stored(), '2', 'with nothing that awaits');
SELECT is((SELECT array_agg(strings[3] ORDER BY ordinal) FROM admin_audit
    WHERE revision = (SELECT max(revision) FROM admin_audit)),
    ARRAY['reverted', 'set'], 'both are audited');
-- A lowering that may revert is no way round the higher level.
SELECT is(pg_temp.set('alice', 3, 3), 'changed 1', 'hello');
SELECT is(pg_temp.set('alice', 3, 1, 600), 'changed 1', 'windows, at first');
SELECT is(pg_temp.stored(), '1 3 pending', 'to go back to hello');
SELECT is(pg_temp.set('alice', 1, 1), 'RV403 level_too_low hello',
    'who has windows does not make it last by setting it');
SELECT is(pg_temp.exclude('alice', 1, '{krb5:alice@LAB.TEST}'),
    'RV403 level_too_low hello', 'nor excepts himself meanwhile');
SELECT is(pg_temp.confirm('alice', 1), 'changed 1',
    'but confirms it, by a sign-in at the new level');

-- Keys ------------------------------------------------------------------------------------

SELECT is(pg_temp.set('alice', 2, 2, NULL, 'k'), 'changed 1', 'with a key');
SELECT is(pg_temp.set('alice', 2, 1), 'changed 1', 'and back');
SELECT is(pg_temp.set('alice', 2, 2, NULL, 'k'), 'replayed 1', 'a replay');
SELECT is(pg_temp.stored(), '1', 'sets nothing');
SELECT is(pg_temp.set('alice', 3, 3, NULL, 'k'),
    'RV422 idempotency_key_reused', 'the key is for that level');
SELECT is(pg_temp.exclude('alice', 3, '{}', 'k'),
    'RV422 idempotency_key_reused', 'and for that function');
SELECT is((SELECT count(*) FROM admin_audit WHERE strings[3] = 'set'
        AND revision > (SELECT max(revision) - 2 FROM site_revision r,
            LATERAL (SELECT r.n AS revision) y)), 2::bigint,
    'a replay takes no revision and writes no audit');

-- The exclusion list -----------------------------------------------------------------------

SELECT is(pg_temp.exclude(name, mine, ids), answer, what)
FROM (VALUES
    ('bob', 3, '{krb5:bob@LAB.TEST}'::text[], 'RV403 not_permitted',
        'not everybody sets it'),
    ('part', 3, '{krb5:part@LAB.TEST}', 'RV403 not_permitted',
        'nor who may set it for some scopes'),
    ('alice', 3, '{bob@LAB.TEST}', 'RV400 malformed_principal',
        'bare names are none'),
    ('alice', 3, '{group:}', 'RV400 malformed_principal', 'nor empty ones'),
    ('alice', 3, ARRAY[NULL]::text[], 'RV400 malformed_principal',
        'nor nothing'),
    ('alice', 3, NULL, 'RV400 malformed_principal', 'nor no list'),
    ('alice', 3, ARRAY(SELECT 'krb5:u' || i || '@LAB.TEST'
        FROM generate_series(1, 1001) i), 'RV400 malformed_principal',
        'nor more than 1000'),
    ('alice', 1, '{}', 'changed 0', 'as it is'),
    ('alice', 1, '{krb5:bob@LAB.TEST,group:g1,krb5:bob@LAB.TEST,sid:s-1-5-21-4}',
        'changed 3', 'each once'),
    ('alice', 1, '{krb5:bob@LAB.TEST,group:g1}', 'changed 1', 'one less'))
    AS t (name, mine, ids, answer, what);
SELECT is((SELECT row(message_id, strings, before, after)::text
        FROM admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1),
    row(52400, ARRAY['alice@LAB.TEST', 'windows', 'exclusion list'],
        '{"exclusion_list": ["group:g1", "krb5:bob@LAB.TEST",
            "sid:s-1-5-21-4"]}'::jsonb, '{"exclusion_list": ["group:g1",
            "krb5:bob@LAB.TEST"]}'::jsonb)::text, 'audited as 52400');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_principal (principal_id, admin_id)
    SELECT 'sid:s-1-5-21-1-2-3-1104', admin_id
    FROM reeve.administrative_user WHERE logon_name = 'bob@LAB.TEST';
END
$$;
SELECT is(pg_temp.set('alice', 3, 3), 'changed 1', 'hello');
SELECT is(passes_gate(ids, own, known, level), answer, what)
FROM (VALUES
    ('{krb5:bob@LAB.TEST}'::text[], 1, true, 1, true, 'bob passes'),
    ('{krb5:bob@LAB.TEST}', 1, true, 0, false, 'not below windows'),
    ('{krb5:bob@LAB.TEST}', 1, true, 4, false, 'nor at no level'),
    ('{sid:s-1-5-21-1-2-3-1104}', 1, true, 1, true,
        'bob by a further principal'),
    ('{sid:s-1-5-21-1-2-3-1104}', 1, false, 1, true,
        'his groups do not matter'),
    ('{sid:s-1-5-21-1-2-3-1105}', 1, true, 1, false, 'another does not'),
    ('{krb5:carol@LAB.TEST,group:g1}', 1, true, 1, true, 'a group'),
    ('{krb5:carol@LAB.TEST,group:g1}', 1, false, 1, false,
        'that is not known'),
    ('{krb5:carol@LAB.TEST,group:g2}', 1, true, 1, false, 'another group'),
    ('{krb5:carol@LAB.TEST,krb5:bob@LAB.TEST}', 1, true, 1, false,
        'bob among the groups of carol is not bob'),
    ('{krb5:carol@LAB.TEST,sid:s-1-5-21-1-2-3-1104}', 1, true, 1, false,
        'nor is what he signs in with'))
    AS t (ids, own, known, level, answer, what);
SELECT is(pg_temp.exclude('alice', 3, '{krb5:bob@LAB.TEST,group:g1,krb5:alice@LAB.TEST}'),
    'changed 1', 'alice too');
SELECT is(pg_temp.set('alice', 1, 1), 'RV403 level_too_low hello',
    'being excepted is no level: she sets none by it');
SELECT is(pg_temp.exclude('alice', 1, '{}'), 'RV403 level_too_low hello',
    'nor the list');
SELECT is((SELECT changed FROM scope_membership_add(pg_temp.actor('alice', 1),
        jsonb_build_array(jsonb_build_object('category_id', 'RVE00012',
            'object_type_id', 31, 'object_key', (SELECT object_key
                FROM secured_object WHERE name = 'Contoso Ledger'))),
        NULL, '{}')), 1, 'but does her other work');
SELECT is(pg_temp.outcome(format('scope_membership_add(%L, ''[{"category_id":'
    ' "RVE00012", "object_type_id": 31, "object_key": "x"}]'', NULL,'
    ' ''{}'')', pg_temp.actor('carol', 2))),
    'RV403 level_too_low hello', 'which others do not');
-- The list that excepted a deleted user's other principals does so no more.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.administrative_user SET is_deleted = true
        WHERE logon_name = 'bob@LAB.TEST';
END
$$;
SELECT is(passes_gate('{sid:s-1-5-21-1-2-3-1104}', 1, true, 1), false,
    'a principal of a user that is out stands for nobody');
SELECT is(pg_temp.set('alice', 3, 1), 'changed 1', 'windows');

-- Minima -----------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.role(name text, mine integer, role text,
    level integer) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('role_minimum_set(%L, %L, %L, NULL,'
        ' ''{}'')', pg_temp.actor(name, mine), role, level))
$$;
CREATE FUNCTION pg_temp.operation(name text, mine integer, type text,
    op text, level integer) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('operation_minimum_set(%L, %L, %L, %L,'
        ' NULL, ''{}'')', pg_temp.actor(name, mine), type, op, level))
$$;
SELECT is(pg_temp.role(name, mine, role, level), answer,
    format('%s at %s: %s %s', name, mine, role, level))
FROM (VALUES ('bob', 3, 'SMS0002R', 2, 'RV403 not_permitted'),
    ('frank', 3, 'SMS0002R', 2, 'RV403 not_permitted'),
    ('alice', 1, 'SMS0002R', 2, 'RV403 level_too_low certificate'),
    ('alice', 3, 'NONE0001', 2, 'RV404 no_such_object'),
    ('alice', 3, NULL, 2, 'RV404 no_such_object'),
    ('alice', 3, 'SMS0002R', 4, 'RV400 malformed_level'),
    ('alice', 3, 'SMS0002R', -1, 'RV400 malformed_level'),
    ('alice', 3, 'SMS0002R', NULL, 'RV400 malformed_level'),
    ('alice', 1, 'SMS0002R', 0, 'changed 0'),
    ('alice', 2, 'SMS0002R', 2, 'changed 1'),
    ('alice', 2, 'SMS0002R', 2, 'changed 0'),
    ('alice', 1, 'SMS0002R', 0, 'RV403 level_too_low certificate'),
    ('alice', 3, 'SMS0002R', 3, 'changed 1'),
    ('alice', 2, 'SMS0002R', 1, 'RV403 level_too_low hello'),
    ('alice', 3, 'SMS0002R', 0, 'changed 1'))
    AS t (name, mine, role, level, answer);
SELECT is(pg_temp.operation(name, mine, type, op, level), answer,
    format('%s at %s: %s %s %s', name, mine, type, op, level))
FROM (VALUES ('bob', 3, 'SMS_Application', 'Approve', 2,
        'RV403 not_permitted'),
    ('alice', 1, 'SMS_Application', 'Approve', 2,
        'RV403 level_too_low certificate'),
    ('alice', 3, 'SMS_Applicatio', 'Approve', 2, 'RV400 unknown_type'),
    ('alice', 3, NULL, 'Approve', 2, 'RV400 unknown_type'),
    ('alice', 3, 'SMS_Application', 'approve', 2, 'RV400 unknown_operation'),
    ('alice', 3, 'SMS_R_System', 'Read', 2, 'RV400 unknown_type'),
    ('alice', 3, 'SMS_Application', 'Approve', 9, 'RV400 malformed_level'),
    ('alice', 2, 'Application', 'Approve', 2, 'changed 1'),
    ('alice', 2, '31', 'Approve', 2, 'changed 0'),
    ('alice', 1, '31', 'Approve', 0, 'RV403 level_too_low certificate'),
    ('alice', 3, '31', 'Approve', 3, 'changed 1'),
    ('alice', 3, '31', 'Approve', 0, 'changed 1'))
    AS t (name, mine, type, op, level, answer);
SELECT is((SELECT array_agg(DISTINCT message_id ORDER BY message_id)
    FROM admin_audit WHERE message_id > 1000000), ARRAY[1000001, 1000002],
    'each is audited');

-- Age --------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.age(name text, mine integer, seconds integer)
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('max_auth_age_set(%L, %L, NULL, ''{}'')',
        pg_temp.actor(name, mine), seconds))
$$;
SELECT is(pg_temp.age(name, 1, seconds), answer, name || ' ' || seconds)
FROM (VALUES ('bob', 600, 'RV403 not_permitted'),
    ('alice', 9, 'RV400 malformed_age'), ('alice', 0, 'RV400 malformed_age'),
    ('alice', 31536001, 'RV400 malformed_age'), ('alice', 600, 'changed 1'),
    ('alice', 600, 'changed 0')) AS t (name, seconds, answer);
SELECT is((SELECT max_auth_age_s FROM feed_site), 600, 'the feed has it');
SELECT is(pg_temp.age('alice', 1, NULL), 'changed 1', 'and none');
SELECT is(pg_temp.set('alice', 3, 3), 'changed 1', 'hello');
SELECT is(pg_temp.age('alice', 1, 86400), 'RV403 level_too_low hello',
    'at the level of the site');

SELECT * FROM finish();
ROLLBACK;
