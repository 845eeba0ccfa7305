-- The database itself refuses what the model forbids, also to its owner.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

SELECT throws_ok($$INSERT INTO security_scope (scope_id, name)
    VALUES ('RVE00F00', 'x')$$, '55000', NULL,
    'no policy change without a revision');
SELECT throws_ok('UPDATE security_role SET description = $q$x$q$', '55000',
    NULL, 'no update either');
SELECT throws_ok('DELETE FROM object_scope', '55000', NULL, 'nor a delete');
SELECT throws_ok('TRUNCATE object_scope', '55000', NULL, 'nor a truncate');
SELECT throws_ok('UPDATE site_revision SET n = n + 2', '55000', NULL,
    'the revision makes no leap');
SELECT throws_ok('UPDATE site_revision SET n = n - 1', '55000', NULL,
    'nor a step back');
SELECT throws_ok('UPDATE site_revision SET holder = pg_current_xact_id()',
    '55000', NULL, 'nobody writes himself down as the holder');
SELECT throws_ok('UPDATE site_revision SET migrating = pg_current_xact_id()',
    '55000', NULL, 'nor as a migration without a revision');
SELECT throws_ok('DELETE FROM site_revision', '55000', NULL,
    'the counter stays');

DO $$ BEGIN PERFORM reeve.take_revision(); END $$;

CREATE FUNCTION pg_temp.refused(sql text, code text, what text)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE sql;
        SET CONSTRAINTS ALL IMMEDIATE;
        RAISE SQLSTATE 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        RETURN fail(what || ': was not refused');
    WHEN OTHERS THEN
        RETURN is(SQLSTATE::text, code, what || ': ' || SQLERRM);
    END;
END
$$;

SAVEPOINT deep;
INSERT INTO collection (collection_id, kind, limiting_id, name)
    SELECT 'RVE01' || to_char(i, 'FM000'), 'device', CASE i WHEN 1
        THEN 'SMS00001' ELSE 'RVE01' || to_char(i - 1, 'FM000') END,
        'depth ' || i FROM generate_series(1, 63) i;
SELECT count(*) AS deep FROM collection WHERE collection_id LIKE 'RVE010%'
\gset
ROLLBACK TO deep;
SELECT is(:deep, 63, 'a chain of 64 collections is as long as they come');

SELECT pg_temp.refused(sql, code, what) FROM (VALUES
    -- Built-in things.
    ('UPDATE security_role SET name = ''x'' WHERE role_id = ''SMS0001R''',
        '42501', 'renaming a built-in role'),
    ('DELETE FROM security_role WHERE role_id = ''SMS0009R''', '42501',
        'deleting a built-in role'),
    ('DELETE FROM role_operation WHERE role_id = ''SMS0002R''', '42501',
        'taking operations from a built-in role'),
    ('INSERT INTO role_operation VALUES (''SMS0003R'', 31, 0)', '42501',
        'giving operations to a built-in role'),
    ('INSERT INTO role_unknown_bits VALUES (''SMS0003R'', 31, 8)', '42501',
        'giving unknown bits to a built-in role'),
    ('UPDATE security_scope SET name = ''x'' WHERE scope_id = ''SMS00UNA''',
        '42501', 'renaming a built-in scope'),
    ('DELETE FROM security_scope WHERE scope_id = ''SMS00ALL''', '42501',
        'deleting a built-in scope'),
    ('UPDATE collection SET name = ''x'' WHERE collection_id = ''SMSDM003''',
        '42501', 'renaming a built-in collection'),
    ('DELETE FROM collection WHERE collection_id = ''SMS000US''', '42501',
        'deleting a built-in collection'),
    ('INSERT INTO security_scope (scope_id, name, is_built_in)
        VALUES (''RVE00F00'', ''x'', true)', '42501',
        'a new built-in scope'),
    ('UPDATE security_scope SET is_built_in = true
        WHERE scope_id = ''RVE00010''', '42501', 'making a scope built in'),
    ('INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
        query) VALUES (''SMSDM003'', ''device'', 1, ''x'', ''query'', ''x'')',
        '42501', 'a rule for a built-in collection'),
    ('UPDATE object_type SET secured_by = ''role'' WHERE object_type_id = 31',
        '42501', 'changing a shipped type'),
    ('INSERT INTO operation VALUES (31, 33, ''X'', false, false, ''x'')',
        '42501', 'an operation for a shipped type'),
    ('INSERT INTO class_operation VALUES (''SMS_R_System'', ''X'', 0, 1, ''x'')',
        '42501', 'another meaning for a resource operation'),
    ('DELETE FROM default_instance', '42501', 'no default instances'),
    -- Ids.
    ('INSERT INTO security_scope (scope_id, name) VALUES (''short'', ''x'')',
        '23514', 'a scope id of another form'),
    ('INSERT INTO security_scope (scope_id, name)
        VALUES (''RVE00010'', ''x'')', '23505', 'a scope id twice'),
    ('INSERT INTO security_scope (scope_id, name)
        VALUES (''RVE00F00'', ''Default'')', '23505', 'a scope name twice'),
    ('UPDATE security_scope SET scope_id = ''RVE00F00''
        WHERE scope_id = ''RVE00012''', '55000', 'another id for a scope'),
    ('UPDATE administrative_user SET admin_id = 1
        WHERE logon_name = ''bob@LAB.TEST''', '55000',
        'another id for an administrative user'),
    -- Roles.
    ('INSERT INTO security_role (role_id, name) VALUES (''RVE00F00'', ''x'');
        INSERT INTO role_operation VALUES (''RVE00F00'', 31, 9)', '23503',
        'a bit that no operation has'),
    ('INSERT INTO security_role (role_id, name) VALUES (''RVE00F00'', ''x'');
        INSERT INTO role_operation VALUES (''RVE00F00'', 31, 64)', '23503',
        'a bit over 63'),
    ('INSERT INTO role_minimum VALUES (''SMS0001R'', 4)', '23514',
        'a level over hello'),
    ('UPDATE site_setting SET minimum_level = 0', '23514',
        'a site without a minimum level'),
    ('INSERT INTO operation_minimum VALUES (31, 9, 2)', '23503',
        'a minimum for no operation'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''Contraption'', ''C'',
        ''collection'', ''t'');
        INSERT INTO operation VALUES
        (2000000, 0, ''Read'', false, false, ''t''),
        (2000000, 1, ''Turn'', false, false, ''t''),
        (2000000, 2, ''Wind'', false, false, ''t''),
        (2000000, 3, ''Make'', true, false, ''t'');
        INSERT INTO default_instance VALUES (2000000, ''x'', 1, 2)', '23514',
        'a default instance of a type by collection'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''Contraption'', ''C'',
        ''scope'', ''t'');
        INSERT INTO operation VALUES
        (2000000, 0, ''Read'', false, false, ''t''),
        (2000000, 1, ''Turn'', false, false, ''t''),
        (2000000, 2, ''Wind'', false, false, ''t''),
        (2000000, 3, ''Make'', true, false, ''t'');
        INSERT INTO default_instance VALUES (2000000, ''x'', 1, 3)', '23514',
        'a default instance with a type-wide operation'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''Contraption'', ''C'',
        ''scope'', ''t'');
        INSERT INTO operation VALUES
        (2000000, 0, ''Read'', false, false, ''t''),
        (2000000, 1, ''Turn'', false, false, ''t''),
        (2000000, 2, ''Wind'', false, false, ''t''),
        (2000000, 3, ''Make'', true, false, ''t'');
        INSERT INTO default_instance VALUES (2000000, ''x'', 1, 2);
        UPDATE operation SET is_type_wide = true
        WHERE object_type_id = 2000000 AND bit = 1', '23514',
        'reading a default instance becomes type-wide'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''Contraption'', ''C'',
        ''scope'', ''t'');
        INSERT INTO operation VALUES
        (2000000, 0, ''Read'', false, false, ''t''),
        (2000000, 1, ''Turn'', false, false, ''t''),
        (2000000, 2, ''Wind'', false, false, ''t''),
        (2000000, 3, ''Make'', true, false, ''t'');
        INSERT INTO operation_need VALUES (2000000, 1, 2);
        UPDATE operation SET is_type_wide = true
        WHERE object_type_id = 2000000 AND bit = 1', '23514',
        'what needs another becomes type-wide'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''Contraption'', ''C'',
        ''scope'', ''t'');
        INSERT INTO operation VALUES
        (2000000, 0, ''Read'', false, false, ''t''),
        (2000000, 1, ''Turn'', false, false, ''t''),
        (2000000, 2, ''Wind'', false, false, ''t''),
        (2000000, 3, ''Make'', true, false, ''t'');
        INSERT INTO operation_need VALUES (2000000, 1, 2);
        UPDATE operation SET is_type_wide = true
        WHERE object_type_id = 2000000 AND bit = 2', '23514',
        'what is needed becomes type-wide'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''Contraption'', ''C'',
        ''scope'', ''t'');
        INSERT INTO operation VALUES
        (2000000, 0, ''Read'', false, false, ''t''),
        (2000000, 1, ''Turn'', false, false, ''t''),
        (2000000, 2, ''Wind'', false, false, ''t''),
        (2000000, 3, ''Make'', true, false, ''t'');
        INSERT INTO default_instance VALUES (2000000, ''x'', 1, 2);
        UPDATE object_type SET secured_by = ''collection''
        WHERE object_type_id = 2000000', '23514',
        'a type with a default instance becomes another'),
    -- Collections.
    ('INSERT INTO collection (collection_id, kind, name)
        VALUES (''RVE00F00'', ''device'', ''x'')', '23514',
        'a third root'),
    ('INSERT INTO collection (collection_id, kind, limiting_id, name)
        VALUES (''RVE00F00'', ''user'', ''SMS00001'', ''x'')', '23503',
        'users limited to devices'),
    ('INSERT INTO collection (collection_id, kind, limiting_id, name)
        VALUES (''RVE00F00'', ''device'', ''RVE00F00'', ''x'')', '23514',
        'a collection limited to itself'),
    ('UPDATE collection SET limiting_id = ''RVE00017''
        WHERE collection_id = ''RVE00014''', '23514', 'a circle of limits'),
    ('INSERT INTO collection (collection_id, kind, limiting_id, name)
        SELECT ''RVE01'' || to_char(i, ''FM000''), ''device'', CASE i WHEN 1
            THEN ''SMS00001'' ELSE ''RVE01'' || to_char(i - 1, ''FM000'')
            END, ''depth '' || i FROM generate_series(1, 64) i', '23514',
        'a chain of 65 collections'),
    ('INSERT INTO collection (collection_id, kind, limiting_id, name)
        SELECT ''RVE01'' || to_char(i, ''FM000''), ''device'', CASE i WHEN 1
            THEN ''SMS00001'' ELSE ''RVE01'' || to_char(i - 1, ''FM000'')
            END, ''depth '' || i FROM generate_series(1, 63) i;
        INSERT INTO collection (collection_id, kind, limiting_id, name)
            VALUES (''RVE01100'', ''device'', ''SMS00001'', ''beside'');
        UPDATE collection SET limiting_id = ''RVE01100''
            WHERE collection_id = ''RVE01001''', '23514',
        'a chain of 64 limited to another collection'),
    ('UPDATE collection SET kind = ''user'', limiting_id = ''SMS00004''
        WHERE collection_id = ''RVE0001C''', '23514',
        'devices become users'),
    ('DELETE FROM collection WHERE collection_id = ''RVE00019''', '23503',
        'deleting a limiting collection'),
    ('INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
        other_id) VALUES (''RVE00014'', ''device'', 9, ''x'', ''include'',
        ''RVE00017'')', '23514', 'including what depends on it'),
    ('INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
        other_id) VALUES (''RVE00014'', ''device'', 9, ''x'', ''exclude'',
        ''RVE0001D'')', '23503', 'excluding users from devices'),
    ('INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
        resource_id) VALUES (''RVE00014'', ''device'', 9, ''x'', ''direct'',
        1)', '23503', 'a direct rule for no resource'),
    -- Members.
    ('INSERT INTO collection_member VALUES (''SMS00001'', 16777217,
        ''device'')', '23514', 'a stored member of All Systems'),
    ('INSERT INTO collection_member VALUES (''SMS00004'', 2063597569,
        ''user'')', '23514', 'a stored member of All Users and User Groups'),
    ('INSERT INTO collection_member VALUES (''RVE00014'', 1, ''device'')',
        '23503', 'a member that does not exist'),
    ('INSERT INTO collection_member VALUES (''RVE00014'', 2063597569,
        ''user'')', '23503', 'a user in a collection of devices'),
    ('INSERT INTO collection_member VALUES (''RVE00017'', 16777517,
        ''device'')', '23514', 'a member outside of the limit'),
    ('DELETE FROM collection_member WHERE collection_id = ''RVE00015''
        AND resource_id = 16777217', '23514',
        'leaving the limit of a collection'),
    ('UPDATE collection SET limiting_id = ''RVE00019''
        WHERE collection_id = ''RVE0001C''', '23514',
        'a limit without the members'),
    -- Objects and their scopes.
    ('INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (31, ''x'', ''x'')', '23514', 'an application in no scope'),
    ('INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (1, ''RVE00F00'', ''x'')', '23514',
        'a collection among the objects'),
    ('INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (999, ''x'', ''x'')', '23503', 'an object of no type'),
    ('DELETE FROM object_scope WHERE object_type_id = 2', '23514',
        'packages in no scope'),
    ('INSERT INTO object_scope VALUES (2, ''RVE00020'', ''SMS00ALL'')',
        '23514', 'an object in SMS00ALL'),
    ('INSERT INTO object_scope VALUES (2, ''none'', ''RVE00010'')', '23503',
        'a scope on no object'),
    ('INSERT INTO object_scope VALUES (2, ''RVE00020'', ''RVE00F00'')',
        '23503', 'an object in no such scope'),
    ('INSERT INTO object_scope VALUES (45, ''1'', ''RVE00010'')', '23514',
        'a scope on what is secured by role'),
    ('INSERT INTO object_scope VALUES (38, ''0'', ''RVE00010'')', '23514',
        'a scope on the default client settings'),
    ('DELETE FROM security_scope WHERE scope_id = ''RVE00012''', '23503',
        'deleting a scope with objects'),
    ('UPDATE secured_object SET folder_id = ''none''
        WHERE object_type_id = 2', '23503', 'objects in no such folder'),
    -- Administrative users and assignments.
    ('INSERT INTO administrative_user (principal_id, logon_name, is_group)
        VALUES (''alice@LAB.TEST'', ''x'', false)', '23514',
        'a principal id without a kind'),
    ('INSERT INTO administrative_user (principal_id, logon_name, is_group)
        VALUES (''krb5:bob@LAB.TEST'', ''x'', false)', '23505',
        'an administrative user twice'),
    ('INSERT INTO administrative_user (principal_id, logon_name, is_group)
        VALUES (''group:x'', ''x'', false)', '23514',
        'a group that is a user'),
    ('INSERT INTO assignment (admin_id, role_id) SELECT admin_id, ''SMS0002R''
        FROM administrative_user LIMIT 1', '23514',
        'an assignment without scope or collection'),
    ('DELETE FROM assignment_scope WHERE assignment_id IN (SELECT
        assignment_id FROM assignment WHERE role_id = ''SMS0008R'')', '23514',
        'taking the last scope of an assignment'),
    ('INSERT INTO assignment (admin_id, role_id) VALUES (1, ''SMS0002R'')',
        '23503', 'an assignment of nobody'),
    ('UPDATE assignment SET valid_from = ''2026-01-01'',
        valid_until = ''2026-01-01''', '23514', 'an empty validity'),
    ('UPDATE assignment SET valid_until = ''2026-01-01 00:00:00.0001+00''',
        '23514', 'a validity finer than a millisecond'),
    ('UPDATE assignment SET valid_until = ''infinity''', '23514',
        'an infinite end'),
    ('DELETE FROM security_scope WHERE scope_id = ''RVE00010''', '23503',
        'deleting a scope that an assignment names'),
    ('DELETE FROM collection WHERE collection_id = ''RVE0001D''', '23503',
        'deleting a collection that an assignment names'),
    ('DELETE FROM assignment WHERE role_id = ''SMS0001R''', 'RV409',
        'taking the last full administrator away'),
    ('UPDATE administrative_user SET is_deleted = true
        WHERE NOT is_group', 'RV409', 'deleting the last full administrator'),
    ('UPDATE assignment SET valid_until = ''2099-01-01 00:00:00+00''
        WHERE role_id = ''SMS0001R'' AND valid_until IS NULL', 'RV409',
        'an end for the last full administrator'),
    -- Catalogue.
    ('INSERT INTO object_type VALUES (2000000, ''Application'', NULL, ''x'',
        ''role'')', '23502', 'a type without provenance'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''SMS_Application'', ''x'',
        ''role'', ''x'')', '23505', 'a name that means another type'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''SMS_R_System'', ''x'',
        ''role'', ''x'')', '23505', 'a name that means devices'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''SMS_G_System_X'', ''x'',
        ''role'', ''x'')', '23505', 'a name that means inventory'),
    ('INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, ''42'', ''x'',
        ''role'', ''x'')', '23514', 'a name that is a number'),
    -- What is written once.
    ('DELETE FROM change', '55000', 'deleting history'),
    ('UPDATE change SET new = ''{}''', '55000', 'rewriting history'),
    ('TRUNCATE change', '55000', 'truncating history'),
    ('DELETE FROM admin_audit', '55000', 'deleting audit rows'),
    ('UPDATE admin_audit SET actor = ''x''', '55000',
        'rewriting audit rows'),
    ('DELETE FROM retired_id', '55000', 'forgetting used ids'),
    ('UPDATE idempotency_key SET revision = 0', '55000',
        'rewriting kept answers')) AS t (sql, code, what);

-- Ids of deleted things are not used again.
INSERT INTO security_scope (scope_id, name) VALUES ('RVE00F01', 'x1');
DELETE FROM security_scope WHERE scope_id = 'RVE00F01';
SELECT pg_temp.refused($$INSERT INTO security_scope (scope_id, name)
    VALUES ('RVE00F01', 'x2')$$, '23505', 'the id of a deleted scope');
INSERT INTO security_role (role_id, name) VALUES ('RVE00F01', 'x1');
DELETE FROM security_role WHERE role_id = 'RVE00F01';
SELECT pg_temp.refused($$INSERT INTO security_role (role_id, name)
    VALUES ('RVE00F01', 'x2')$$, '23505', 'the id of a deleted role');
INSERT INTO resource (resource_id, resource_type, name) VALUES (77, 5, 'x');
DELETE FROM resource WHERE resource_id = 77;
SELECT pg_temp.refused($$INSERT INTO resource (resource_id, resource_type,
    name) VALUES (77, 5, 'x')$$, '23505', 'the id of a deleted device');
INSERT INTO collection (collection_id, kind, limiting_id, name)
    VALUES ('RVE00F01', 'device', 'SMS00001', 'x1');
DELETE FROM collection WHERE collection_id = 'RVE00F01';
SELECT pg_temp.refused($$INSERT INTO collection (collection_id, kind,
    limiting_id, name) VALUES ('RVE00F01', 'device', 'SMS00001', 'x2')$$,
    '23505', 'the id of a deleted collection');

-- A custom type behaves as a shipped one.
INSERT INTO object_type (object_type_id, sdk_name, display_name, secured_by,
    provenance) VALUES (2000000, 'Vault', 'Vault', 'scope', 'test');
SELECT lives_ok($$INSERT INTO operation VALUES
    (2000000, 0, 'Read', false, false, 'test'),
    (2000000, 32, 'Open', false, false, 'test')$$,
    'an application registers operations');
SELECT pg_temp.refused('INSERT INTO operation_need VALUES (2000000, 0, 32)',
    '23514', 'Read needs nothing');
SELECT pg_temp.refused('INSERT INTO operation_need VALUES (2000000, 32, 32)',
    '23514', 'an operation that needs itself');

SELECT * FROM finish();
ROLLBACK;
