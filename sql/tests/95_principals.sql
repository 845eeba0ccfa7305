-- One person, several principals: who is found by them, who may add and take
-- them, and what cannot be had by way of them.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.admin(name text) RETURNS bigint LANGUAGE sql AS $$
    SELECT admin_id FROM reeve.administrative_user
    WHERE logon_name = name || '@LAB.TEST' OR logon_name = name
$$;
CREATE FUNCTION pg_temp.cert(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT 'cert:key:' || repeat(to_hex(n), 64)
$$;
CREATE FUNCTION pg_temp.actor(name text, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('principal', name || '@LAB.TEST', 'ids',
        jsonb_build_array('krb5:' || name || '@LAB.TEST'), 'own', 1,
        'groups_known', true, 'level', 1, 'delegated', false,
        'session', 'test') || more
$$;
-- "changed N at M", "replayed ..." or SQLSTATE and reason.
CREATE FUNCTION pg_temp.outcome(call text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    EXECUTE 'SELECT * FROM reeve.' || call INTO STRICT r;
    RETURN CASE WHEN r.replayed THEN 'replayed ' ELSE 'changed ' END
        || r.changed;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
    END IF;
    RETURN SQLSTATE || ' ' || (about::jsonb ->> 'reason');
END
$$;
CREATE FUNCTION pg_temp.add(actor jsonb, admin_id bigint, id text,
    key text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('principal_add(%L, %L, %L, %L, %L)', actor,
        admin_id, id, key, jsonb_build_object('body_sha256',
            repeat('a', 64))))
$$;
CREATE FUNCTION pg_temp.take(actor jsonb, id text) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('principal_remove(%L, %L, NULL, ''{}'')',
        actor, id))
$$;
CREATE FUNCTION pg_temp.reads(ids text[], own integer, known boolean)
RETURNS text LANGUAGE sql AS $$
    SELECT reason FROM reeve.allowed(ids, own, known, 1, false, now(),
        'SMS_Application', 'Read', (SELECT object_key
        FROM reeve.secured_object WHERE name = 'Contoso Ledger'))
$$;

-- Forms ----------------------------------------------------------------------

SELECT is(is_principal(id), is_one, coalesce(left(id, 60), 'NULL'))
FROM (VALUES ('krb5:alice@LAB.TEST', true),
    ('krb5:HTTP/web.lab.test@LAB.TEST', true),
    ('sid:s-1-5-21-1-2-3-1104', true),
    (pg_temp.cert(10), true),
    ('cert:serial:' || repeat('0', 64) || ':01ff', true),
    ('cert:ski:' || repeat('0', 64) || ':01ff', true),
    ('oidc:https://login.example/|alice', true),
    ('oidc-app:https://login.example/|app', true),
    (NULL, false), ('', false), ('alice@LAB.TEST', false),
    ('krb5:', false), ('krb5:alice', false), ('krb5:@LAB.TEST', false),
    ('krb5:alice@', false), (E'krb5:al\nice@LAB.TEST', false),
    ('group:10000000-0000-4000-8000-000000000001', false),
    ('sid:S-1-5-21-1', false), ('sid:s-1', false), ('sid:s-1-5-x', false),
    ('cert:key:' || repeat('A', 64), false),
    ('cert:key:' || repeat('a', 63), false),
    ('cert:serial:01', false), ('cert:sha1:' || repeat('a', 40), false),
    ('cert:serial:' || repeat('0', 64) || ':1', false),
    ('oidc:alice', false), ('oidc:|alice', false), ('oidc:iss|', false),
    ('ldap:uid=alice', false),
    ('krb5:' || repeat('a', 1024) || '@LAB.TEST', false)) AS t (id, is_one);

-- Whom they find --------------------------------------------------------------

SELECT is(pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('bob'), id),
    'changed 1', 'a full administrator adds ' || left(id, 20))
FROM unnest(ARRAY[pg_temp.cert(11), 'sid:s-1-5-21-1-2-3-1104']) AS id;
SELECT is(pg_temp.reads(ARRAY['krb5:bob@LAB.TEST'], 1, true), 'allowed',
    'bob reads by his principal');
SELECT is(pg_temp.reads(ARRAY[pg_temp.cert(11)], 1, true), 'allowed',
    'and by his certificate');
SELECT is(pg_temp.reads(ARRAY[pg_temp.cert(11)], 1, false), 'allowed',
    'also while the groups are not known');
SELECT is(pg_temp.reads(ARRAY[pg_temp.cert(12)], 1, true), 'no_assignment',
    'another certificate is nobody''s');
SELECT is(pg_temp.reads(ARRAY['krb5:mallory@LAB.TEST', id], 1, true),
    'no_assignment', 'what is no own id finds no user: ' || left(id, 20))
FROM unnest(ARRAY['krb5:bob@LAB.TEST', pg_temp.cert(11)]) AS id;
SELECT is((SELECT assignments FROM allowed(ARRAY['krb5:bob@LAB.TEST',
        pg_temp.cert(11), 'sid:s-1-5-21-1-2-3-1104'], 3, true, 1, false,
        now(), 'SMS_Application', 'Create', NULL)),
    (SELECT assignments FROM allowed(ARRAY['krb5:bob@LAB.TEST'], 1, true, 1,
        false, now(), 'SMS_Application', 'Create', NULL)),
    'one user by three principals is one user');
SELECT set_eq($$SELECT * FROM allowed_objects(ARRAY[pg_temp.cert(11)], 1,
        true, 1, false, now(), 'SMS_Application', 'Read')$$,
    $$SELECT * FROM allowed_objects('{krb5:bob@LAB.TEST}', 1,
        true, 1, false, now(), 'SMS_Application', 'Read')$$,
    'lists find him too');
SELECT set_eq($$SELECT assignment_id FROM holdings(ARRAY[pg_temp.cert(11)],
        1, true, now())$$,
    $$SELECT assignment_id FROM holdings('{krb5:bob@LAB.TEST}', 1, true,
        now())$$, 'and so do holdings');
SELECT is((SELECT row(p.decision, p.reason, p.assignments)::text
        FROM allowed_pair(ARRAY[pg_temp.cert(11)], 1, true, 1, false, now(),
            'refer', q) p), (SELECT row(p.decision, p.reason,
            p.assignments)::text
        FROM allowed_pair('{krb5:bob@LAB.TEST}', 1, true, 1, false, now(),
            'refer', q) p), 'and operations on two things')
FROM (SELECT jsonb_build_object('object', t, 'other', t) AS q
    FROM (SELECT jsonb_build_object('type', 'SMS_Application', 'key',
            object_key) AS t
        FROM secured_object WHERE name = 'Contoso Ledger') x) y;
SELECT isnt_empty($$SELECT * FROM permissions_of(ARRAY[pg_temp.cert(11)], 1,
    true, 1, false, now())$$, 'and permissions_of()');
SELECT set_has('SELECT principal_id FROM feed_principal',
    $$VALUES (pg_temp.cert(11))$$, 'the feed has them');
SELECT is((SELECT count(*)::integer FROM change
    WHERE entity = 'administrative_principal' AND new IS NOT NULL), 2,
    'and the changes');
SELECT is((SELECT row(message_id, strings, before IS NULL)::text
        FROM admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1),
    row(1000004, ARRAY['alice@LAB.TEST', 'sid:s-1-5-21-1-2-3-1104',
        'bob@LAB.TEST'], true)::text, 'and the audit');

-- Users that are out ------------------------------------------------------------

CREATE FUNCTION pg_temp.reads_when(change text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM reeve.take_revision();
    EXECUTE 'UPDATE reeve.administrative_user SET ' || change
        || ' WHERE logon_name = ''bob@LAB.TEST''';
    result := pg_temp.reads(ARRAY[pg_temp.cert(11)], 1, true)
        || ' ' || pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('bob'),
            pg_temp.cert(13))
        || ' ' || pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('carol'),
            pg_temp.cert(11));
    RAISE SQLSTATE 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    RETURN result;
END
$$;
SELECT is(pg_temp.reads_when(change), 'no_assignment RV409 user_is_out'
    ' RV409 principal_taken', 'a principal of a user that is out gives'
    ' nothing, takes none, and is not given to another: ' || change)
FROM unnest(ARRAY['is_deleted = true', 'is_orphaned = true']) AS change;

-- Who may ----------------------------------------------------------------------

SELECT is(pg_temp.add(actor, admin_id, id), answer, what)
FROM (VALUES
    (pg_temp.actor('bob'), pg_temp.admin('carol'), pg_temp.cert(1),
        'RV404 no_such_object', 'who may not even read users'),
    (pg_temp.actor('mallory'), pg_temp.admin('carol'), pg_temp.cert(1),
        'RV404 no_such_object', 'nobody'),
    (pg_temp.actor('alice'), 4294967295, pg_temp.cert(1),
        'RV404 no_such_object', 'to nobody'),
    (pg_temp.actor('alice'), NULL, pg_temp.cert(1),
        'RV404 no_such_object', 'nor to none'),
    (pg_temp.actor('grace'), pg_temp.admin('carol'), pg_temp.cert(1),
        'RV403 not_permitted', 'an auditor reads users, no more'),
    (pg_temp.actor('frank'), pg_temp.admin('alice'), pg_temp.cert(1),
        'RV403 not_grantable', 'frank cannot grant Full Administrator'),
    (pg_temp.actor('frank'), pg_temp.admin('carol'), pg_temp.cert(1),
        'changed 1', 'but what carol has'),
    (pg_temp.actor('frank', '{"delegated": true}'), pg_temp.admin('carol'),
        pg_temp.cert(1), 'RV403 not_permitted', 'not by delegation'),
    (pg_temp.actor('alice'), pg_temp.admin('carol'), 'carol@LAB.TEST',
        'RV400 malformed_principal', 'no bare name'),
    (pg_temp.actor('alice'), pg_temp.admin('carol'), NULL,
        'RV400 malformed_principal', 'not none'),
    (pg_temp.actor('alice'), pg_temp.admin('carol'), 'group:abc',
        'RV400 malformed_principal', 'a group is no principal'),
    (pg_temp.actor('alice'), pg_temp.admin('carol'), 'krb5:bob@LAB.TEST',
        'RV409 principal_taken', 'bob''s is taken'),
    (pg_temp.actor('alice'), pg_temp.admin('carol'), pg_temp.cert(11),
        'RV409 principal_taken', 'and so is his certificate'),
    (pg_temp.actor('alice'), pg_temp.admin('bob'), pg_temp.cert(11),
        'changed 0', 'the same again changes nothing'),
    (pg_temp.actor('alice'), pg_temp.admin('bob'), 'krb5:bob@LAB.TEST',
        'changed 0', 'nor does his own'),
    (pg_temp.actor('alice'), pg_temp.admin('alice'), pg_temp.cert(2),
        'RV403 self_gain', 'nobody gives himself another way to sign in'),
    (pg_temp.actor('alice', '{"ids": ["krb5:alice@LAB.TEST",
        "sid:s-1-5-21-9"], "own": 2}'), pg_temp.admin('carol'),
        'sid:s-1-5-21-9', 'RV403 self_gain',
        'nor somebody else what he signs in with'),
    (pg_temp.actor('x', jsonb_build_object('ids', jsonb_build_array(
        'krb5:mallory@LAB.TEST', 'krb5:alice@LAB.TEST'))),
        pg_temp.admin('carol'), pg_temp.cert(2), 'RV404 no_such_object',
        'a user''s id among the groups is no user'),
    ('{"principal": "alice@LAB.TEST"}', pg_temp.admin('carol'),
        pg_temp.cert(2), 'RV400 malformed_actor', 'half an actor'),
    (pg_temp.actor('alice', '{"level": 4}'), pg_temp.admin('carol'),
        pg_temp.cert(2), 'RV400 malformed_actor', 'no level'))
    AS t (actor, admin_id, id, answer, what);
SELECT is(pg_temp.add(pg_temp.actor('alice'), admin_id, pg_temp.cert(2)),
    'RV409 principal_of_group', 'a group has none: ' || logon_name)
FROM administrative_user WHERE is_group AND NOT is_deleted LIMIT 1;
SELECT is(pg_temp.add(pg_temp.actor('bob', jsonb_build_object('ids',
        jsonb_build_array(pg_temp.cert(11)))), pg_temp.admin('bob'),
        pg_temp.cert(2)), 'RV404 no_such_object',
    'who signed in by a further principal is that user, no more');

-- A full administrator's own by a further principal, and unknown groups.
SELECT is(pg_temp.add(pg_temp.actor('frank', '{"groups_known": false}'),
    pg_temp.admin('alice'), pg_temp.cert(2)), 'RV503 groups_unknown',
    'unknown groups might let frank');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_principal (principal_id, admin_id)
        VALUES (pg_temp.cert(3), pg_temp.admin('alice'));
END
$$;
SELECT is(pg_temp.add(pg_temp.actor('alice', jsonb_build_object('ids',
    jsonb_build_array(pg_temp.cert(3)))), pg_temp.admin('alice'),
    pg_temp.cert(2)), 'RV403 self_gain',
    'alice is herself by her certificate too');
SELECT is(pg_temp.add(pg_temp.actor('alice', jsonb_build_object('ids',
    jsonb_build_array(pg_temp.cert(3)))), pg_temp.admin('carol'),
    pg_temp.cert(2)), 'changed 1', 'and has her rights by it');

-- Validity of what is granted: who ends earlier cannot give what lasts.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:short@LAB.TEST', 'short', false),
            ('krb5:partly@LAB.TEST', 'partly', false);
    INSERT INTO reeve.assignment (assignment_id, admin_id, role_id,
        valid_until)
        VALUES (2001, pg_temp.admin('short'), 'SMS0001R', '2099-01-01'),
            (2002, pg_temp.admin('partly'), 'SMS0001R', NULL);
    INSERT INTO reeve.assignment_scope VALUES (2001, 'SMS00ALL'),
        (2002, 'RVE00010');
    INSERT INTO reeve.assignment_collection VALUES (2001, 'SMS00001'),
        (2001, 'SMS00004');
END
$$;
SELECT is(pg_temp.add(pg_temp.actor(name), pg_temp.admin('carol'),
    pg_temp.cert(4)), 'RV403 not_grantable', name || ' cannot grant it')
FROM unnest(ARRAY['short', 'partly']) AS name;

-- Keys -----------------------------------------------------------------------------

SELECT is(pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('carol'),
    pg_temp.cert(5), 'k1'), 'changed 1', 'a key');
SELECT is(pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('carol'),
    pg_temp.cert(5), 'k1'), 'replayed 1', 'is replayed');
SELECT is(pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('bob'),
    pg_temp.cert(6), 'k1'), 'RV422 idempotency_key_reused',
    'not for another user, though the body is the same');
SELECT is(pg_temp.take(pg_temp.actor('alice'), pg_temp.cert(5)), 'changed 1',
    'taken away');
SELECT is(pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('carol'),
    pg_temp.cert(5), 'k1'), 'replayed 1', 'the key does not bring it back');
SELECT is_empty($$SELECT FROM administrative_principal
    WHERE principal_id = pg_temp.cert(5)$$, 'indeed');

-- Taking away ------------------------------------------------------------------------

SELECT is(pg_temp.take(actor, id), answer, what)
FROM (VALUES
    (pg_temp.actor('bob'), pg_temp.cert(11), 'RV404 no_such_object',
        'who may not read users'),
    (pg_temp.actor('grace'), pg_temp.cert(11), 'RV403 not_permitted',
        'who may only read them'),
    (pg_temp.actor('frank'), pg_temp.cert(3), 'RV403 not_grantable',
        'who could not grant what alice has'),
    (pg_temp.actor('alice'), pg_temp.cert(9), 'RV404 no_such_object',
        'one that there is not'),
    (pg_temp.actor('alice'), NULL, 'RV404 no_such_object', 'none'),
    (pg_temp.actor('alice'), 'krb5:bob@LAB.TEST', 'RV409 own_principal',
        'the principal itself stays'),
    (pg_temp.actor('alice'), 'krb5:alice@LAB.TEST', 'RV409 own_principal',
        'that of the last full administrator too'),
    (pg_temp.actor('alice'), pg_temp.cert(3), 'changed 1',
        'her own lost certificate'),
    (pg_temp.actor('alice'), pg_temp.cert(11), 'changed 1', 'bob''s'))
    AS t (actor, id, answer, what);
SELECT is(pg_temp.reads(ARRAY[pg_temp.cert(11)], 1, true), 'no_assignment',
    'a mapping that is removed ends at the next question');
SELECT is(pg_temp.add(pg_temp.actor('alice'), pg_temp.admin('bob'),
    pg_temp.cert(11)), 'changed 1', 'and may be made again');

-- The tables themselves ------------------------------------------------------------------

CREATE FUNCTION pg_temp.by_hand(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reeve.take_revision();
    EXECUTE sql;
    RAISE SQLSTATE 'ZZ001';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
SELECT is(pg_temp.by_hand(sql), code, sql) FROM (VALUES
    ($$INSERT INTO reeve.administrative_principal (principal_id, admin_id)
        VALUES ('krb5:bob@LAB.TEST', pg_temp.admin('carol'))$$, '23505'),
    ($$INSERT INTO reeve.administrative_principal (principal_id, admin_id)
        VALUES (pg_temp.cert(11), pg_temp.admin('carol'))$$, '23505'),
    ($$INSERT INTO reeve.administrative_principal (principal_id, admin_id)
        VALUES ('group:abc', pg_temp.admin('carol'))$$, '23514'),
    ($$INSERT INTO reeve.administrative_principal (principal_id, admin_id)
        SELECT pg_temp.cert(8), admin_id FROM reeve.administrative_user
        WHERE is_group LIMIT 1$$, '23514'),
    ($$INSERT INTO reeve.administrative_user (principal_id, logon_name,
        is_group) VALUES (pg_temp.cert(11), 'x', false)$$, '23505'),
    ($$UPDATE reeve.administrative_user SET principal_id = pg_temp.cert(11)
        WHERE admin_id = pg_temp.admin('carol')$$, '23505'),
    ($$UPDATE reeve.administrative_user SET principal_id = 'group:bob',
        is_group = true, account_id = NULL
        WHERE admin_id = pg_temp.admin('bob')$$, '23514'),
    ($$UPDATE reeve.administrative_principal SET principal_id =
        pg_temp.cert(8) WHERE principal_id = pg_temp.cert(11)$$, '55000'),
    ($$TRUNCATE reeve.administrative_principal$$, '55000'),
    ($$INSERT INTO reeve.administrative_user (principal_id, logon_name,
        is_group) VALUES ('sid:s-1-5-21-7', 'x', false)$$, 'ZZ001'),
    ($$INSERT INTO reeve.administrative_user (principal_id, logon_name,
        is_group) VALUES ('ldap:x', 'x', false)$$, '23514')) AS t (sql, code);

-- A replaced account is found by a further principal.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.administrative_user SET account_id = 'old-account'
        WHERE logon_name = 'bob@LAB.TEST';
END
$$;
SELECT is((SELECT changed FROM account_mark_orphaned(pg_temp.cert(11),
    'new-account', '{}')), 1, 'a user is marked by a further principal');
SELECT ok((SELECT is_orphaned FROM administrative_user
    WHERE logon_name = 'bob@LAB.TEST'), 'indeed');

SELECT * FROM finish();
ROLLBACK;
