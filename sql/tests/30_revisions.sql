-- Revisions have no gaps, every change has its rows, and a replay of an
-- idempotency key gives the same answer and takes no revision.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.actor(name text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('principal', name || '@LAB.TEST', 'ids',
        jsonb_build_array('krb5:' || name || '@LAB.TEST'), 'own', 1,
        'groups_known', true, 'level', 1, 'delegated', false,
        'session', 'test')
$$;
CREATE FUNCTION pg_temp.item(scope text, key text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_build_array(jsonb_build_object('category_id', scope,
        'object_type_id', 2, 'object_key', key))
$$;
CREATE FUNCTION pg_temp.request(body text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('request_id', 'req-1', 'source', '127.0.0.1:1',
        'body_sha256', encode(sha256(body::bytea), 'hex'))
$$;
CREATE FUNCTION pg_temp.n() RETURNS bigint LANGUAGE sql AS $$
    SELECT n FROM reeve.site_revision
$$;
CREATE TEMPORARY TABLE start AS SELECT pg_temp.n() AS n;

-- Marks: equal numbers of two histories are told apart.
SELECT is_empty($$
    SELECT r FROM generate_series((SELECT min(revision)
        FROM reeve.feed_mark), pg_temp.n()) AS r
    WHERE NOT EXISTS (SELECT FROM reeve.feed_mark WHERE revision = r)
$$, 'every revision since there are marks has one');
SAVEPOINT parting;
DO $$ BEGIN PERFORM reeve.take_revision(); END $$;
SELECT mark AS one, revision AS parted FROM reeve.feed_mark
    WHERE revision = pg_temp.n() \gset
ROLLBACK TO parting;
SELECT is_empty('SELECT 1 FROM reeve.feed_mark WHERE revision > pg_temp.n()',
    'a revision that was given back leaves no mark');
DO $$ BEGIN PERFORM reeve.take_revision(); END $$;
SELECT mark AS other FROM reeve.feed_mark WHERE revision = :parted \gset
ROLLBACK TO parting;
SELECT isnt(:'other'::text, :'one'::text,
    'another write with the same number has another mark');
SELECT throws_ok('UPDATE reeve.revision_mark SET mark = gen_random_uuid()',
    '55000', NULL, 'a mark stays');
SELECT throws_ok('DELETE FROM reeve.revision_mark', '55000', NULL,
    'and is not removed');

SELECT is_empty($$
    SELECT r FROM generate_series(1, pg_temp.n()) AS r
    WHERE NOT EXISTS (SELECT FROM reeve.change WHERE revision = r)
$$, 'every revision so far has change rows');
SELECT is_empty($$
    SELECT revision FROM reeve.change GROUP BY revision
    HAVING min(ordinal) <> 1 OR max(ordinal) <> count(*)
$$, 'ordinals of a revision go from 1 without gaps');

SELECT results_eq($$
    SELECT * FROM reeve.scope_membership_add(pg_temp.actor('alice'),
        pg_temp.item('RVE00011', 'RVE00021'), 'key-1', pg_temp.request('b1'))
$$, $$SELECT n + 1, 1, false FROM start$$, 'a change takes one revision');
SELECT results_eq($$
    SELECT entity, key, old IS NULL, new FROM reeve.change
    WHERE revision = (SELECT n + 1 FROM start) AND entity = 'object_scope'
$$, $$VALUES ('object_scope' COLLATE "C",
    '["2", "RVE00021", "RVE00011"]' COLLATE "C", true,
    '{"object_type_id": 2, "object_key": "RVE00021",
      "scope_id": "RVE00011"}'::jsonb)$$,
    'with the full image of the new row');
SELECT is((SELECT changed_revision FROM reeve.secured_object
    WHERE object_type_id = 2 AND object_key = 'RVE00021'),
    (SELECT n + 1 FROM start), 'the ETag of the object is that revision');
SELECT results_eq($$
    SELECT message_id, strings, actor, request_id, source, session, level,
        before, after
    FROM reeve.admin_audit WHERE revision = (SELECT n + 1 FROM start)
$$, $$VALUES (31226, ARRAY['alice@LAB.TEST', 'RVE00011', '2', 'RVE00021'],
    'alice@LAB.TEST', 'req-1', '127.0.0.1:1', 'test', 1::smallint,
    '{"scopes": ["RVE00010"]}'::jsonb,
    '{"scopes": ["RVE00010", "RVE00011"]}'::jsonb)$$,
    'and one row of the admin audit, 31226, with before and after');

SELECT results_eq($$
    SELECT * FROM reeve.scope_membership_add(pg_temp.actor('alice'),
        pg_temp.item('RVE00011', 'RVE00021'), 'key-1', pg_temp.request('b1'))
$$, $$SELECT n + 1, 1, true FROM start$$, 'a replay gets the kept answer');
SELECT is(pg_temp.n(), (SELECT n + 1 FROM start), 'and takes no revision');
SELECT throws_ok($$
    SELECT * FROM reeve.scope_membership_add(pg_temp.actor('alice'),
        pg_temp.item('RVE00011', 'RVE00021'), 'key-1', pg_temp.request('b2'))
$$, 'RV422', NULL, 'the key with another body is refused');
SELECT throws_ok($$
    SELECT * FROM reeve.scope_membership_remove(pg_temp.actor('alice'),
        pg_temp.item('RVE00011', 'RVE00021'), 'key-1', pg_temp.request('b1'))
$$, 'RV422', NULL, 'the key with another operation too');
SELECT results_eq($$
    SELECT revision, changed, replayed FROM reeve.scope_membership_add(
        pg_temp.actor('frank'), pg_temp.item('RVE00011', 'RVE00021'),
        'key-1', pg_temp.request('b1'))
$$, $$SELECT n + 1, 0, false FROM start$$,
    'another actor''s key is another key; nothing changed, no revision');
SELECT is(pg_temp.n(), (SELECT n + 1 FROM start), 'the counter stands still');
SELECT throws_ok($$
    SELECT * FROM reeve.scope_membership_add(pg_temp.actor('mallory'),
        pg_temp.item('RVE00011', 'RVE00021'), NULL, '{}')
$$, 'RV404', NULL, 'a refusal');
SELECT is(pg_temp.n(), (SELECT n + 1 FROM start), 'takes no revision');
SELECT results_eq($$
    SELECT * FROM reeve.scope_membership_remove(pg_temp.actor('alice'),
        pg_temp.item('RVE00011', 'RVE00021'), 'key-2', pg_temp.request('b3'))
$$, $$SELECT n + 2, 1, false FROM start$$, 'the next change, the next number');
SELECT is((SELECT message_id FROM reeve.admin_audit
    WHERE revision = (SELECT n + 2 FROM start)), 31227, 'audited as 31227');
SELECT throws_ok($$
    SELECT * FROM reeve.scope_membership_add(pg_temp.actor('alice'),
        pg_temp.item('RVE00011', 'RVE00021'), 'key-3', '{}')
$$, 'RV400', NULL, 'a key without the hash of its body is malformed');

-- A large request is one revision.
SELECT results_eq($$
    SELECT changed FROM reeve.scope_membership_add(pg_temp.actor('alice'),
        (SELECT jsonb_agg(jsonb_build_object('category_id', 'RVE00012',
            'object_type_id', object_type_id, 'object_key', object_key))
         FROM reeve.secured_object
         WHERE object_type_id IN (31, 2, 20)), NULL, '{}')
$$, $$SELECT count(*)::integer FROM reeve.secured_object o
    WHERE object_type_id IN (31, 2, 20) AND NOT EXISTS (
        SELECT FROM reeve.change c WHERE c.entity = 'object_scope'
            AND c.new ->> 'object_key' = o.object_key
            AND c.new ->> 'scope_id' = 'RVE00012'
            AND c.revision <= (SELECT n FROM start))$$,
    'many memberships in one request');
SELECT is(pg_temp.n(), (SELECT n + 3 FROM start), 'are one revision');

-- The history can be replayed: old and new images follow each other.
SELECT is_empty($$
    SELECT entity, key, revision FROM (
        SELECT entity, key, revision, old,
            lag(new) OVER (PARTITION BY entity, key
                ORDER BY revision, ordinal) AS previous
        FROM reeve.change) c
    WHERE old IS DISTINCT FROM previous
$$, 'each old image is the new image of the change before');
SELECT is_empty($$
    SELECT key FROM (SELECT DISTINCT ON (key) key, new FROM reeve.change
        WHERE entity = 'object_scope'
        ORDER BY key, revision DESC, ordinal DESC) c
    WHERE new IS NOT NULL
    EXCEPT
    SELECT jsonb_build_array(object_type_id::text, object_key, scope_id)::text
        COLLATE "C" FROM reeve.object_scope
$$, 'and the last images are the rows');
SELECT is_empty($$
    SELECT new - 'changed_revision' FROM (SELECT DISTINCT ON (key) new
        FROM reeve.change WHERE entity = 'collection_member'
        ORDER BY key, revision DESC, ordinal DESC) c WHERE new IS NOT NULL
    EXCEPT SELECT to_jsonb(m) FROM reeve.collection_member m
$$, 'of members too');

-- Decided never earlier than before.
SELECT ok(decided_at >= date_trunc('milliseconds', now()),
    'the instant of decision is the clock''s') FROM reeve.site_revision;
UPDATE reeve.site_revision SET decided_at = '2100-01-01 00:00:00+00';
SELECT is((SELECT reeve.take_revision() > 0
    AND reeve.decision_instant() = '2100-01-01 00:00:00+00'::timestamptz),
    true, 'a clock that was stepped back does not step decisions back');

-- The epoch.
CREATE TEMPORARY TABLE was AS SELECT epoch FROM reeve.feed_site;
SELECT isnt(reeve.renew_epoch()::text, (SELECT epoch FROM was),
    'renew_epoch() makes another history of it');

SELECT * FROM finish();
ROLLBACK;
