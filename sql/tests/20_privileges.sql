-- What a provider's login cannot do, whatever becomes of the provider; and
-- that an auditor reads everything and writes nothing.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.outcome(role name, sql text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', role);
    EXECUTE sql;
    RAISE SQLSTATE 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    RETURN 'done';
WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

SELECT is(pg_temp.outcome(r, sql), '42501', r || ' is refused: ' || sql)
FROM unnest(ARRAY['reeve_runtime', 'reeve_auditor']) AS r, (VALUES
    ('CREATE TABLE reeve.x (a int)'),
    ('CREATE FUNCTION reeve.x() RETURNS int LANGUAGE sql RETURN 1'),
    ('CREATE SCHEMA x'),
    ('CREATE ROLE x'),
    ('ALTER TABLE reeve.object_scope DISABLE TRIGGER ALL'),
    ('ALTER TABLE reeve.object_scope OWNER TO CURRENT_USER'),
    ('ALTER FUNCTION reeve.take_revision() SECURITY DEFINER'),
    ('DROP TABLE reeve.change'),
    ('GRANT reeve_owner TO CURRENT_USER'),
    ('SET ROLE reeve_owner'),
    ('SET session_replication_role = replica'),
    ('COPY (SELECT 1) TO PROGRAM ''true'''),
    ('COPY (SELECT 1) TO ''/tmp/reeve-test-x'''),
    ('COPY reeve.object_scope FROM ''/etc/passwd'''),
    ('SELECT pg_read_file(''/etc/passwd'')'),
    ('SELECT pg_ls_dir(''/'')'),
    ('SELECT lo_import(''/etc/passwd'')'),
    ('CREATE EXTENSION file_fdw'),
    ('SELECT reeve.take_revision()'),
    ('SELECT reeve.begin_migration()'),
    ('SELECT reeve.renew_epoch()'),
    ('SELECT reeve.change_memberships(''{}'', ''[]'', NULL, ''{}'', true)'),
    ('SELECT reeve.write_changes(''x'', ''{}'', ''{}'', ''{}'')'),
    ('SELECT reeve.feed_changes_of(''reeve.change'')'),
    ('SELECT nextval(''reeve.admin_id_seq'')'),
    ('SELECT setval(''reeve.admin_id_seq'', 16777217)')) AS t (sql);

-- No table takes a write of either; the provider reads views only.
SELECT is(pg_temp.outcome(r, format(sql, t.oid::regclass)), '42501',
    format('%s is refused: ' || sql, r, t.oid::regclass))
FROM unnest(ARRAY['reeve_runtime', 'reeve_auditor']) AS r,
    pg_class t, (VALUES ('INSERT INTO %s DEFAULT VALUES'),
        ('DELETE FROM %s'), ('TRUNCATE %s'),
        ('LOCK TABLE %s IN EXCLUSIVE MODE')) AS s (sql)
WHERE t.relnamespace = 'reeve'::regnamespace AND t.relkind = 'r'
ORDER BY r, t.relname, sql;
SELECT is_empty($$
    SELECT t.oid::regclass, p FROM pg_class t,
        unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
            'TRIGGER']) AS p, unnest(ARRAY['reeve_runtime',
            'reeve_auditor']) AS r
    WHERE t.relnamespace = 'reeve'::regnamespace AND t.relkind IN ('r', 'v')
        AND (has_table_privilege(r, t.oid, p)
            OR CASE WHEN p IN ('INSERT', 'UPDATE', 'REFERENCES')
                THEN has_any_column_privilege(r, t.oid, p) END)
$$, 'neither has a privilege to write on any relation or column');
SELECT set_eq($$
    SELECT t.relname::text FROM pg_class t
    WHERE t.relnamespace = 'reeve'::regnamespace AND t.relkind IN ('r', 'v')
        AND has_table_privilege('reeve_runtime', t.oid, 'SELECT')
$$, $$
    SELECT t.relname::text FROM pg_class t
    WHERE t.relnamespace = 'reeve'::regnamespace AND t.relkind = 'v'
        AND (t.relname LIKE 'feed\_%' OR t.relname LIKE 'list\_%')
    UNION ALL SELECT 'schema_migration'
$$, 'reeve_runtime reads the feed, the lists and schema_migration, no more');
SELECT is_empty($$
    SELECT t.oid::regclass FROM pg_class t
    WHERE t.relnamespace = 'reeve'::regnamespace AND t.relkind IN ('r', 'v')
        AND NOT has_table_privilege('reeve_auditor', t.oid, 'SELECT')
$$, 'reeve_auditor reads every table and view');

SELECT is(pg_temp.outcome('reeve_runtime', format('SELECT * FROM %s',
    t.oid::regclass)), 'done', 'reeve_runtime reads ' || t.relname)
FROM pg_class t WHERE t.relnamespace = 'reeve'::regnamespace
    AND t.relkind = 'v'
    AND (t.relname LIKE 'feed\_%' OR t.relname LIKE 'list\_%')
ORDER BY t.relname;
SELECT is(pg_temp.outcome('reeve_auditor', format('SELECT * FROM %s',
    t.oid::regclass)), 'done', 'reeve_auditor reads ' || t.relname)
FROM pg_class t WHERE t.relnamespace = 'reeve'::regnamespace
    AND t.relkind IN ('r', 'v') ORDER BY t.relname;
SELECT is(pg_temp.outcome('reeve_auditor', $$SELECT reeve.allowed(
    '{krb5:bob@LAB.TEST}', 1, true, 1, false, now(), 'SMS_Application',
    'Read', NULL)$$), '42501', 'an auditor asks nothing about others');
SELECT is(pg_temp.outcome('reeve_runtime', $$SELECT reeve.allowed(
    '{krb5:bob@LAB.TEST}', 1, true, 1, false, now(), 'SMS_Application',
    'Read', NULL)$$), 'done', 'the provider does');
SELECT is(pg_temp.outcome('reeve_auditor', $$SELECT
    reeve.scope_membership_add('{}', '[]', NULL, '{}')$$), '42501',
    'an auditor changes nothing');

-- Objects of the caller's own cannot stand in for the schema's.
SELECT is(pg_temp.outcome('reeve_runtime', $$
    CREATE TEMPORARY TABLE site_setting (minimum_level int, singleton bool);
    SET LOCAL search_path = pg_temp, reeve;
    DO $d$ BEGIN
        IF NOT reeve.passes_gate('{krb5:x}', 1, true, 1) THEN
            RAISE SQLSTATE 'ZZ002';
        END IF;
    END $d$
$$), 'done', 'a temporary table does not shadow a table of the schema');

-- A report's login sees what its administrative user holds, nothing else.
CREATE ROLE reeve_test_report LOGIN IN ROLE reeve_auditor;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.reporting_login
    SELECT 'reeve_test_report', admin_id FROM reeve.administrative_user
    WHERE logon_name = 'bob@LAB.TEST';
END
$$;
SELECT is_empty('SELECT * FROM reeve.permissions_of_login()',
    'a login that is bound to nobody holds nothing');
SET SESSION AUTHORIZATION reeve_test_report;
CREATE TEMPORARY TABLE seen AS
    SELECT role_id, category_id FROM reeve.permissions_of_login();
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT * FROM seen',
    $$VALUES ('SMS0008R', 'RVE00010')$$,
    'a login bound to bob holds what bob holds');

SELECT * FROM finish();
ROLLBACK;
