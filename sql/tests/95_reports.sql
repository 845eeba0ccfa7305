-- Reports show exactly the rows that the decision function lets their reader
-- Read, and a reporting login gets at nothing else.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE ROLE reeve_test_report LOGIN IN ROLE reeve_reporting;
CREATE ROLE reeve_test_nobody LOGIN IN ROLE reeve_reporting;

-- Binds the test's login to an administrative user.
CREATE FUNCTION pg_temp.bind(who text) RETURNS void LANGUAGE sql AS $$
    SELECT reeve.take_revision();
    DELETE FROM reeve.reporting_login WHERE login = 'reeve_test_report';
    INSERT INTO reeve.reporting_login
        SELECT 'reeve_test_report', u.admin_id
        FROM reeve.administrative_user u WHERE u.logon_name = who
$$;
-- Runs SQL as a login and takes back all that it did: the rows of the last
-- statement, or the SQLSTATE of its refusal.
CREATE FUNCTION pg_temp.as_login(login name, VARIADIC sql text[])
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    rows jsonb;
BEGIN
    EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
    FOR i IN 1..cardinality(sql) - 1 LOOP
        EXECUTE sql[i];
    END LOOP;
    EXECUTE format('SELECT coalesce(jsonb_agg(x), ''[]'') FROM (%s) x',
        sql[cardinality(sql)]) INTO rows;
    RAISE SQLSTATE 'ZZ001' USING MESSAGE = rows;
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    RETURN SQLERRM;
WHEN OTHERS THEN
    RETURN to_jsonb(SQLSTATE);
END
$$;
CREATE FUNCTION pg_temp.seen(view text, columns text) RETURNS text[]
LANGUAGE sql AS $$
    SELECT ARRAY(SELECT r ->> 'k' FROM jsonb_array_elements(
        pg_temp.as_login('reeve_test_report', format(
            'SELECT concat_ws('' '', %s) AS k FROM reeve.%I', columns,
            view))) r ORDER BY 1)
$$;

-- What the decision function says of the same rows ----------------------------

CREATE FUNCTION pg_temp.may(who text, type text, key text,
    operation text DEFAULT 'Read') RETURNS boolean LANGUAGE sql AS $$
    SELECT (reeve.allowed(ARRAY[u.principal_id], 1, true, 1, false,
        clock_timestamp(), type, operation, key)).decision
    FROM reeve.administrative_user u WHERE u.logon_name = who
$$;
-- Each row that there is, as a report names it, and what must be readable.
CREATE TEMPORARY TABLE row_of_report (view text, columns text, k text,
    type text, key text, also_type text, also_key text);
INSERT INTO row_of_report (view, columns, k, type, key)
SELECT 'v_rbac_r_system', 'resource_id, name', concat_ws(' ', resource_id,
    name), 'SMS_R_System', resource_id::text FROM reeve.resource
    WHERE resource_type = 5
UNION ALL
SELECT 'v_rbac_r_user', 'resource_id, name', concat_ws(' ', resource_id,
    name), 'SMS_R_User', resource_id::text FROM reeve.resource
    WHERE resource_type = 4
UNION ALL
SELECT 'v_rbac_r_usergroup', 'resource_id, name', concat_ws(' ',
    resource_id, name), 'SMS_R_UserGroup', resource_id::text
    FROM reeve.resource WHERE resource_type = 3
UNION ALL
SELECT 'v_rbac_collection', 'collection_id, name, member_count',
    concat_ws(' ', key, body ->> 'Name', body ->> 'MemberCount'),
    'SMS_Collection', key FROM reeve.list_sms_collection
UNION ALL
SELECT 'v_rbac_securedobject', 'object_type_id, object_key, name',
    concat_ws(' ', object_type_id, object_key, name), object_type_id::text,
    object_key FROM reeve.secured_object
UNION ALL
SELECT 'v_rbac_securedobjectscope', 'object_type_id, object_key, category_id',
    concat_ws(' ', object_type_id, object_key, scope_id),
    object_type_id::text, object_key FROM reeve.object_scope
UNION ALL
SELECT 'v_rbac_application', 'model_name, display_name, ci_id',
    concat_ws(' ', object_key, name, properties ->> 'CI_ID'), '31', object_key
    FROM reeve.secured_object WHERE object_type_id = 31
UNION ALL
SELECT 'v_rbac_package', 'package_id, name', concat_ws(' ', object_key, name),
    '2', object_key FROM reeve.secured_object WHERE object_type_id = 2
UNION ALL
SELECT 'v_rbac_tasksequencepackage', 'package_id, name',
    concat_ws(' ', object_key, name), '20', object_key
    FROM reeve.secured_object WHERE object_type_id = 20
UNION ALL
SELECT 'v_rbac_admin', 'admin_id, logon_name', concat_ws(' ', admin_id,
    logon_name), 'SMS_Admin', admin_id::text FROM reeve.administrative_user
UNION ALL
SELECT 'v_rbac_role', 'role_id, role_name', concat_ws(' ', role_id, name),
    'SMS_Role', role_id FROM reeve.security_role
UNION ALL
SELECT 'v_rbac_roleoperation', 'role_id, object_type_id, "bit", operation',
    concat_ws(' ', r.role_id, r.object_type_id, r.bit, o.name), 'SMS_Role',
    r.role_id FROM reeve.role_operation r
    JOIN reeve.operation o USING (object_type_id, bit)
UNION ALL
SELECT 'v_rbac_scope', 'category_id, category_name', concat_ws(' ', scope_id,
    name), 'SMS_SecuredCategory', scope_id FROM reeve.security_scope
UNION ALL
SELECT 'v_rbac_permission',
    'admin_id, role_id, category_type_id, category_id, assignment_id',
    concat_ws(' ', a.admin_id, a.role_id, c.type, c.id, a.assignment_id),
    'SMS_Admin', a.admin_id::text FROM reeve.assignment a
    JOIN (SELECT assignment_id, 29 AS type, scope_id AS id
            FROM reeve.assignment_scope UNION ALL
          SELECT assignment_id, 1, collection_id
            FROM reeve.assignment_collection) c USING (assignment_id)
UNION ALL
SELECT 'v_rbac_adminaudit', 'revision, ordinal', concat_ws(' ', revision,
    ordinal), 'AuditLog', NULL FROM reeve.admin_audit;
INSERT INTO row_of_report
SELECT 'v_rbac_fullcollectionmembership', 'collection_id, resource_id',
    concat_ws(' ', m.collection_id, r.resource_id),
    (ARRAY['SMS_R_UserGroup', 'SMS_R_User', 'SMS_R_System'])
        [r.resource_type - 2],
    r.resource_id::text, 'SMS_Collection', m.collection_id
FROM (SELECT collection_id, resource_id FROM reeve.collection_member
    UNION ALL SELECT CASE kind WHEN 'device' THEN 'SMS00001'
        ELSE 'SMS00004' END, resource_id FROM reeve.resource) m
JOIN reeve.resource r USING (resource_id);

SELECT set_eq($$SELECT DISTINCT view FROM row_of_report
        UNION SELECT 'v_rbac_getadminids'$$,
    $$SELECT relname::text FROM pg_class WHERE relkind = 'v'
        AND relnamespace = 'reeve'::regnamespace AND relname LIKE 'v\_rbac\_%'
    $$, 'every report is in this test');
SELECT set_eq($$SELECT relname::text FROM pg_class WHERE relkind = 'v'
        AND relnamespace = 'reeve'::regnamespace AND relname LIKE 'v\_rbac\_%'
    $$, $$SELECT replace(proname, 'fn_', 'v_') FROM pg_proc
        WHERE pronamespace = 'reeve'::regnamespace
            AND proname LIKE 'fn\_rbac\_%'$$, 'each function has its view');

-- One administrative user after the other.  A decision on a thing is asked
-- for once, however many rows are about it.
CREATE TEMPORARY TABLE read_right (who text, type text, key text,
    allowed boolean, UNIQUE (who, type, key));
INSERT INTO read_right
SELECT u.logon_name, t.type, t.key, pg_temp.may(u.logon_name, t.type, t.key,
    CASE t.type WHEN '26' THEN 'View Asset Intelligence' ELSE 'Read' END)
FROM reeve.administrative_user u,
    (SELECT type, key FROM row_of_report
     UNION SELECT also_type, also_key FROM row_of_report
        WHERE also_type IS NOT NULL) t
WHERE u.logon_name IN ('alice@LAB.TEST', 'bob@LAB.TEST', 'carol@LAB.TEST',
    'erin@LAB.TEST', 'LAB\deployers');
CREATE FUNCTION pg_temp.compare(who text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    PERFORM pg_temp.bind(who);
    FOR v IN SELECT r.view, r.columns, coalesce(array_agg(r.k ORDER BY r.k)
            FILTER (WHERE a.allowed AND coalesce(b.allowed, true)), '{}')
            AS expected
        FROM row_of_report r
        JOIN read_right a ON a.who = compare.who AND a.type = r.type
            AND a.key IS NOT DISTINCT FROM r.key
        LEFT JOIN read_right b ON b.who = compare.who
            AND b.type = r.also_type AND b.key = r.also_key
        GROUP BY r.view, r.columns ORDER BY r.view
    LOOP
        RETURN NEXT is(pg_temp.seen(v.view, v.columns), v.expected,
            format('%s: %s has %s rows', who, v.view,
                cardinality(v.expected)));
    END LOOP;
END
$$;
SELECT pg_temp.compare(who) FROM (SELECT DISTINCT who FROM read_right
    ORDER BY who) w;
SELECT cmp_ok((SELECT count(*) FILTER (WHERE allowed) FROM read_right
        WHERE who = 'carol@LAB.TEST'), '>', 200::bigint,
    'carol has something to see');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE NOT allowed) FROM read_right
        WHERE who = 'carol@LAB.TEST'), '>', 200::bigint,
    'and something not to');

-- Names of what is not readable -------------------------------------------------

SELECT pg_temp.bind('carol@LAB.TEST');
SELECT is(pg_temp.seen('v_rbac_collection', 'collection_id,
        limit_to_collection_id, coalesce(limit_to_collection_name, ''NULL'')'),
    ARRAY['RVE00015 RVE00014 NULL', 'RVE00017 RVE00015'
        ' Headquarters Workstations', 'RVE00018 RVE00015'
        ' Headquarters Workstations'],
    'the limiting collection has a name for who may read it');
SELECT pg_temp.bind('bob@LAB.TEST');
SELECT is(pg_temp.seen('v_rbac_application', 'secured_scope_names'),
    '{NULL,NULL}'::text || array_fill('{NULL}'::text, '{8}'),
    'scopes have names for who may read scopes: bob may not');
SELECT is(pg_temp.seen('v_rbac_securedobjectscope',
    'coalesce(category_name, ''NULL'')'), array_fill('NULL'::text, '{10}'),
    'likewise one by one');
CREATE FUNCTION pg_temp.folder() RETURNS text[] LANGUAGE sql AS $$
    SELECT pg_temp.seen('v_rbac_securedobject', 'nullif(CASE name WHEN'
        ' ''Contoso Ledger'' THEN concat_ws('' in '', name, folder_name)'
        ' END, '''')')
$$;
SELECT ok('Contoso Ledger' = ANY (pg_temp.folder()),
    'a folder has a name for who may read it: bob may not');
SELECT pg_temp.bind('alice@LAB.TEST');
SELECT ok('Contoso Ledger in Business Applications' = ANY (pg_temp.folder()),
    'alice may');
SELECT ok('{Headquarters,"Branch Offices"}' = ANY (pg_temp.seen(
    'v_rbac_application', 'secured_scope_names')), 'alice may');
-- A role that reads administrative users only.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name)
        VALUES ('RVE00060', 'Reads users');
    INSERT INTO reeve.role_operation VALUES ('RVE00060', 28, 0);
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:clerk@LAB.TEST', 'clerk', false);
    INSERT INTO reeve.assignment (assignment_id, admin_id, role_id)
        SELECT 1001, admin_id, 'RVE00060' FROM reeve.administrative_user
        WHERE logon_name = 'clerk';
    INSERT INTO reeve.assignment_scope VALUES (1001, 'RVE00010');
END
$$;
SELECT pg_temp.bind('clerk');
SELECT is((SELECT array_agg(DISTINCT x) FROM unnest(pg_temp.seen(
        'v_rbac_permission', 'role_name, category_name')) AS x),
    ARRAY[''], 'permissions without the names of roles, scopes, collections');
SELECT is(cardinality(pg_temp.seen('v_rbac_admin', 'admin_id')), 9,
    'who may read administrative users reads them');

-- A member from outside of the limiting collection, which the store refuses,
-- is not shown to who reads the collection but not the member.
SELECT pg_temp.bind('carol@LAB.TEST');
SET LOCAL session_replication_role = replica;
INSERT INTO reeve.collection_member VALUES ('RVE00017', 16777417, 'device');
SET LOCAL session_replication_role = origin;
SELECT is((SELECT count(*)::integer FROM unnest(pg_temp.seen(
        'v_rbac_fullcollectionmembership', 'collection_id')) AS c
    WHERE c = 'RVE00017'), 40, 'whoever reads a member may read it itself');
SELECT pg_temp.bind('clerk');

-- Who reads nothing ---------------------------------------------------------------

CREATE FUNCTION pg_temp.rows_seen() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(jsonb_array_length(pg_temp.as_login('reeve_test_report',
        format('SELECT 1 FROM reeve.%I', relname))))
    FROM pg_class WHERE relkind = 'v'
        AND relnamespace = 'reeve'::regnamespace AND relname LIKE 'v\_rbac\_%'
$$;
SELECT is(pg_temp.rows_seen(), 9 + (SELECT count(*) FROM row_of_report
        WHERE view = 'v_rbac_permission') + 1 + 1, 'the clerk reads a little');
SELECT is((SELECT sum(jsonb_array_length(pg_temp.as_login(
        'reeve_test_nobody', format('SELECT 1 FROM reeve.%I', relname))))
    FROM pg_class WHERE relkind = 'v'
        AND relnamespace = 'reeve'::regnamespace
        AND relname LIKE 'v\_rbac\_%'), 0::bigint,
    'a login that is bound to nobody sees nothing');
CREATE FUNCTION pg_temp.seen_after(change text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE change;
    n := pg_temp.rows_seen();
    RAISE SQLSTATE 'ZZ002' USING MESSAGE = n;
EXCEPTION WHEN SQLSTATE 'ZZ002' THEN
    RETURN SQLERRM;
END
$$;
SELECT is(pg_temp.seen_after(change), 0::bigint, about) FROM (VALUES
    ('nor does one of a deleted administrative user',
        $$UPDATE reeve.administrative_user SET is_deleted = true
        WHERE logon_name = 'clerk'$$),
    ('nor of an orphaned one',
        $$UPDATE reeve.administrative_user SET is_orphaned = true
        WHERE logon_name = 'clerk'$$),
    ('nor below the minimum of the site',
        'UPDATE reeve.site_setting SET minimum_level = 2'),
    ('nor by a role that asks for more',
        $$INSERT INTO reeve.role_minimum VALUES ('RVE00060', 2)$$),
    ('nor by what has ended',
        $$UPDATE reeve.assignment SET valid_until
            = date_trunc('milliseconds', clock_timestamp())
        WHERE assignment_id = 1001$$),
    ('nor by what begins later',
        $$UPDATE reeve.assignment SET valid_from = '2099-01-01'
        WHERE assignment_id = 1001$$)) AS t (about, change)
WHERE about NOT LIKE '%more' AND about NOT LIKE '%ended'
    AND about NOT LIKE '%later';
-- fn_rbac_getadminids still says who it is.
SELECT is(pg_temp.seen_after(change), 1::bigint, about) FROM (VALUES
    ('what a stricter role gives is not seen',
        $$INSERT INTO reeve.role_minimum VALUES ('RVE00060', 2)$$),
    ('nor what has ended', $$UPDATE reeve.assignment SET valid_until
            = date_trunc('milliseconds', clock_timestamp())
        WHERE assignment_id = 1001$$),
    ('nor what begins later', $$UPDATE reeve.assignment
        SET valid_from = '2099-01-01' WHERE assignment_id = 1001$$))
    AS t (about, change);
SELECT cmp_ok(pg_temp.seen_after($$UPDATE reeve.site_setting
        SET minimum_level = 2; INSERT INTO reeve.exclusion_list
        VALUES ('krb5:clerk@LAB.TEST')$$), '>', 9::bigint,
    'the exclusion list lifts the minimum of the site');

-- Escapes -------------------------------------------------------------------------

SELECT pg_temp.bind('bob@LAB.TEST');
CREATE FUNCTION pg_temp.try(VARIADIC sql text[]) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT pg_temp.as_login('reeve_test_report', VARIADIC sql)
$$;
SELECT is(pg_temp.try('SELECT 1'), '[{"?column?": 1}]', 'the login works');
SELECT is_empty($$
    SELECT t.oid::regclass FROM pg_class t
    WHERE t.relnamespace = 'reeve'::regnamespace
        AND t.relkind IN ('r', 'v', 'S') AND t.relname NOT LIKE 'v\_rbac\_%'
        AND pg_temp.try(format('SELECT * FROM %s', t.oid::regclass))
            <> '"42501"'
$$, 'no table, sequence or other view can be read');
SELECT is_empty($$
    SELECT t.oid::regclass, p FROM pg_class t, unnest(ARRAY['INSERT',
        'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
    WHERE t.relnamespace = 'reeve'::regnamespace AND t.relkind IN ('r', 'v')
        AND has_table_privilege('reeve_test_report', t.oid, p)
$$, 'and none written');
SELECT set_eq($$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'reeve'::regnamespace
        AND has_function_privilege('reeve_test_report', p.oid, 'EXECUTE')
$$, $$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'reeve'::regnamespace AND p.pronargs = 0
        AND (p.proname LIKE 'fn\_rbac\_%'
            OR p.proname = 'permissions_of_login')
$$, 'it calls the reports, which take no argument, and nothing else');
SELECT is_empty($$
    SELECT 1 FROM pg_class WHERE relowner = 'reeve_reporting'::regrole
    UNION ALL SELECT 1 FROM pg_proc WHERE proowner = 'reeve_reporting'::regrole
    UNION ALL SELECT 1 FROM pg_auth_members
        WHERE member = 'reeve_reporting'::regrole
$$, 'its group owns nothing and is in no other');
SELECT ok(NOT rolcanlogin AND NOT rolsuper AND NOT rolcreaterole
    AND NOT rolcreatedb AND NOT rolbypassrls, 'nor has it powers')
FROM pg_roles WHERE rolname = 'reeve_reporting';
-- (SET SESSION AUTHORIZATION is for superusers, as who connected here is one.)
SELECT is(pg_temp.try(sql, 'SELECT 1'), '"42501"', 'refused: ' || sql)
FROM unnest(ARRAY['SET ROLE reeve_owner', 'SET ROLE reeve_runtime',
    'SET ROLE reeve_auditor', 'SET ROLE reeve_test_nobody',
    'SELECT set_config(''role'', ''reeve_owner'', true)',
    'SET session_replication_role = replica',
    'CREATE TABLE reeve.x (a int)',
    'CREATE FUNCTION reeve.fn_rbac_r_system(a int) RETURNS int'
        ' LANGUAGE sql RETURN 1',
    'CREATE OR REPLACE VIEW reeve.v_rbac_r_user AS SELECT 1',
    'ALTER VIEW reeve.v_rbac_admin SET (security_barrier = false)',
    'SELECT reeve.readable(ROW(''{krb5:alice@LAB.TEST}'', now())'
        '::reeve.reader, ''SMS_Admin'')',
    'SELECT reeve.allowed(''{krb5:alice@LAB.TEST}'', 1, true, 1, false,'
        ' now(), ''SMS_Admin'', ''Read'', NULL)',
    'SELECT reeve.allowed_objects(''{krb5:alice@LAB.TEST}'', 1, true, 1,'
        ' false, now(), ''SMS_Admin'', ''Read'')',
    'SELECT reeve.holdings(''{krb5:alice@LAB.TEST}'', 1, true, now())',
    'SELECT reeve.who_may(now(), ''SMS_Admin'', ''Read'', NULL)',
    'SELECT reeve.take_revision()',
    'INSERT INTO reeve.reporting_login VALUES (''reeve_test_report'', 1)',
    'COPY (SELECT 1) TO PROGRAM ''true'''])
    AS sql;

-- What stands in the way of a name: what the login makes is not found.
CREATE FUNCTION pg_temp.applications(VARIADIC before text[]) RETURNS integer
LANGUAGE sql AS $$
    SELECT jsonb_array_length(pg_temp.as_login('reeve_test_report', VARIADIC
        before || 'SELECT 1 FROM reeve.v_rbac_application'::text))
$$;
SELECT is(pg_temp.applications('SELECT 1'), 9, 'bob reads 9 applications');
SELECT is(pg_temp.applications('SET LOCAL search_path = pg_temp, reeve',
    'CREATE TEMPORARY TABLE reporting_login AS'
    ' SELECT ''reeve_test_report''::name AS login, 16777217::bigint'
    ' AS admin_id',
    'CREATE TEMPORARY TABLE administrative_user AS SELECT 16777217::bigint'
    ' AS admin_id, ''krb5:alice@LAB.TEST''::text AS principal_id,'
    ' false AS is_deleted, false AS is_orphaned',
    'CREATE TEMPORARY TABLE assignment_scope AS SELECT 2::bigint AS'
    ' assignment_id, ''SMS00ALL''::text AS scope_id'), 9,
    'temporary tables with the names of the schema''s');
SELECT is(pg_temp.applications('SET LOCAL search_path = pg_temp, pg_catalog',
    'CREATE FUNCTION pg_temp.reader_of_login() RETURNS record LANGUAGE sql'
    ' AS ''SELECT ARRAY[''''krb5:alice@LAB.TEST''''], now()''',
    'CREATE FUNCTION pg_temp.passes_gate(text[], integer, boolean, integer)'
    ' RETURNS boolean LANGUAGE sql RETURN true',
    'CREATE FUNCTION pg_temp.session_user() RETURNS name LANGUAGE sql'
    ' RETURN ''postgres''',
    'CREATE FUNCTION pg_temp.object_type_named(text) RETURNS integer'
    ' LANGUAGE sql RETURN 25',
    'CREATE FUNCTION pg_temp.always(text, text) RETURNS boolean'
    ' LANGUAGE sql RETURN true',
    'CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text,'
    ' FUNCTION = pg_temp.always)'), 9,
    'temporary functions and operators with such names');
SELECT is(pg_temp.applications('SET LOCAL transform_null_equals = on',
    'SET LOCAL array_nulls = off', 'SET LOCAL datestyle = ''German, DMY''',
    'SET LOCAL timezone = ''Pacific/Kiritimati''',
    'SET LOCAL intervalstyle = sql_standard',
    'SET LOCAL standard_conforming_strings = off',
    'SET LOCAL plan_cache_mode = force_generic_plan',
    'SET LOCAL row_security = off'), 9, 'settings that a login may change');
SELECT is(pg_temp.as_login('reeve_test_report',
    'SET LOCAL search_path = pg_temp',
    'CREATE FUNCTION pg_temp.mine() RETURNS bigint LANGUAGE sql'
    ' SECURITY DEFINER AS ''SELECT count(*) FROM reeve.v_rbac_admin''',
    'SELECT pg_temp.mine() AS n'), '[{"n": 0}]',
    'a function of one''s own reads for the login that calls it');

-- Somebody else's function: whoever calls it, session_user is the reader.
CREATE SCHEMA reeve_test_lent;
CREATE FUNCTION reeve_test_lent.lent() RETURNS bigint LANGUAGE sql
    SECURITY DEFINER AS 'SELECT count(*) FROM reeve.v_rbac_application';
GRANT USAGE ON SCHEMA reeve_test_lent TO reeve_test_report;
SELECT is(pg_temp.try('SELECT reeve_test_lent.lent() AS n'), '[{"n": 9}]',
    'a superuser''s function reads for the login that calls it');

-- A cheap condition that tells what it is asked about is asked about nothing
-- that the reader does not see.
CREATE FUNCTION pg_temp.leaked(view text, col text) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT pg_temp.as_login('reeve_test_report',
        'CREATE TEMPORARY TABLE leak (k text)',
        'CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql'
        ' COST 0.0000001 AS ''BEGIN INSERT INTO pg_temp.leak VALUES ($1);'
        ' RETURN true; END''',
        'CREATE FUNCTION pg_temp.tells(text, text) RETURNS boolean'
        ' LANGUAGE sql COST 0.0000001 AS ''SELECT pg_temp.tell($1)''',
        'CREATE OPERATOR pg_temp.<<< (LEFTARG = text, RIGHTARG = text,'
        ' FUNCTION = pg_temp.tells)',
        format('SELECT count(*) FROM reeve.%I WHERE pg_temp.tell(%s::text)'
            ' AND %2$s::text OPERATOR(pg_temp.<<<) ''''', view, col),
        'SELECT DISTINCT k FROM leak ORDER BY k')
$$;
SELECT is(ARRAY(SELECT x ->> 'k' FROM jsonb_array_elements(pg_temp.leaked(
        view, col)) x ORDER BY 1),
    ARRAY(SELECT DISTINCT x FROM unnest(pg_temp.seen(view, col)) AS x
        ORDER BY 1), 'a leaky operator over ' || view)
FROM (VALUES ('v_rbac_application', 'display_name'),
    ('v_rbac_r_system', 'name'), ('v_rbac_admin', 'logon_name'),
    ('v_rbac_securedobject', 'name')) AS t (view, col);

-- Two logins, two readers, at one time.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.reporting_login
        SELECT 'reeve_test_nobody', admin_id FROM reeve.administrative_user
        WHERE logon_name = 'alice@LAB.TEST';
END
$$;
SELECT is(ARRAY[jsonb_array_length(pg_temp.as_login('reeve_test_nobody',
        'SELECT 1 FROM reeve.v_rbac_application')),
    pg_temp.applications('SELECT 1')], ARRAY[24, 9],
    'each login reads for its own administrative user');

SELECT * FROM finish();
ROLLBACK;
