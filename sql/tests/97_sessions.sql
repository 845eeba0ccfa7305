-- Sessions: written once, found by their hash, ended for good.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.row_of(id text, principal text, began bigint)
RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_array(jsonb_build_object(
        'hash', encode(sha256(convert_to(id, 'UTF8')), 'hex'), 'id', id,
        'node', 'lab', 'principal', principal, 'method', 'kerberos',
        'level', 1, 'identity', '{}', 'binding', 0, 'address', '192.0.2.1',
        'exporter', repeat('00', 32), 'began_at', began,
        'expires_at', 4102444800000))
$$;
CREATE FUNCTION pg_temp.is_there(id text) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (SELECT FROM reeve.session_get(
        sha256(convert_to(id, 'UTF8'))))
$$;

SET LOCAL ROLE reeve_runtime;
SELECT throws_ok('SELECT * FROM reeve.session', '42501', NULL,
    'a provider reads sessions by the functions alone');
SELECT throws_ok('DELETE FROM reeve.session_end', '42501', NULL,
    'and takes no end back');
SELECT reeve.session_put(pg_temp.row_of('00000000000000a1', 'a@X', 1000));
SELECT reeve.session_put(pg_temp.row_of('00000000000000a1', 'b@X', 2000));
SELECT is((SELECT principal FROM reeve.session_list('', 10)), 'a@X',
    'the first row of a name stays');
SELECT ok(pg_temp.is_there('00000000000000a1'), 'found by its hash');
SELECT ok(NOT pg_temp.is_there('00000000000000a2'), 'another is not');

SELECT is(reeve.session_end_put(ARRAY['00000000000000a1'], '{}', 'alice'), 1,
    'one is ended');
SELECT ok(NOT pg_temp.is_there('00000000000000a1'), 'and is gone');
SELECT reeve.session_put(pg_temp.row_of('00000000000000a1', 'a@X', 1000));
SELECT ok(NOT pg_temp.is_there('00000000000000a1'),
    'a row that comes late does not bring it back');
SELECT is(reeve.session_ends_last(), (SELECT max(seq)
    FROM reeve.session_ends_after(0)), 'ends are followed by their numbers');

SELECT reeve.session_end_put('{}', ARRAY['c@X'], 'alice');
SELECT reeve.session_put(pg_temp.row_of('00000000000000c1', 'c@X', 1000));
SELECT ok(NOT pg_temp.is_there('00000000000000c1'),
    'nor one that began before all of a person ended');
SELECT reeve.session_put(pg_temp.row_of('00000000000000c2', 'c@X',
    4000000000000));
SELECT ok(pg_temp.is_there('00000000000000c2'), 'a later one is another');

SELECT throws_ok($$SELECT reeve.session_put('[{"hash":"00"}]')$$, NULL, NULL,
    'what is no session is refused');
SELECT lives_ok('SELECT reeve.session_prune()', 'pruning');
SELECT ok(pg_temp.is_there('00000000000000c2'), 'leaves what lives');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
