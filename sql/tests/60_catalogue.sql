-- The shipped catalogue: numbers that are public stay as they are, and the
-- built-in roles hold what their pages and descriptions say.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.mask(t integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(1::bigint << bit) FROM operation
    WHERE object_type_id = t AND bit < 32
$$;
SELECT is(pg_temp.mask(t), m, format('type %s: full mask %s', t, m))
FROM (VALUES (1, 1342176935::bigint), (2, 805446679), (6, 813515799),
    (11, 805708823), (20, 808592407), (28, 805307399), (31, 805448727),
    (37, 805708807), (41, 809501719), (43, 1049631), (226, 1027),
    (47, 807666695 + 16), (38, 1 + 2 + 4 + 16 + 1024 + 262144 + 2097152))
    AS x (t, m);
SELECT results_eq($$SELECT name COLLATE "default", bit::integer FROM operation
    WHERE object_type_id = 1 AND bit >= 32 ORDER BY bit$$,
    $$VALUES ('Run Script', 32), ('Run CMPivot', 33), ('Notify Resource', 34)$$,
    'operations on collections without a published bit');
SELECT set_eq('SELECT DISTINCT name::text FROM operation WHERE is_type_wide',
    ARRAY['Create', 'Add', 'Run Report', 'Modify Report'],
    'type-wide are exactly Create, Add, Run Report, Modify Report');
SELECT is_empty($$SELECT * FROM operation WHERE is_type_wide
    <> (name IN ('Create', 'Add', 'Run Report', 'Modify Report'))$$,
    'in every type');
SELECT is_empty($$SELECT o.* FROM operation o
    WHERE is_security <> (
        (object_type_id IN (27, 28, 29) OR object_type_id BETWEEN 1000100
            AND 1000105)
        AND name NOT IN ('Read', 'Run Report', 'Simulate', 'Verify', 'Export')
        OR object_type_id = 6 AND name = 'Set Authentication Level')$$,
    'the security operations are those of section 10');
SELECT is_empty($$SELECT object_type_id FROM object_type
    WHERE secured_by = 'scope' AND object_type_id <> 1 AND NOT EXISTS (
        SELECT FROM operation o WHERE o.object_type_id
            = object_type.object_type_id AND o.name = 'Set Security Scope')$$,
    'each type secured by scope has Set Security Scope');
SELECT is_empty($$SELECT object_type_id FROM object_type
    WHERE secured_by <> 'scope' AND EXISTS (
        SELECT FROM operation o WHERE o.object_type_id
            = object_type.object_type_id AND o.name = 'Set Security Scope')$$,
    'and no other');
SELECT is((SELECT count(*)::integer FROM operation o
    WHERE object_type_id >= 1000000 AND name NOT IN ('Read', 'Modify',
        'Delete', 'Create', 'Set Security Scope') AND bit < 32), 0,
    'operations without a published number have high bits');
SELECT is_empty($$SELECT object_type_id FROM object_type t
    WHERE class_name IS NULL OR provenance = ''$$,
    'each type has a class name and a provenance');
SELECT results_eq($$SELECT class_name COLLATE "default", count(*)::integer
    FROM class_operation GROUP BY class_name ORDER BY class_name$$,
    $$VALUES ('SMS_G_System_*', 13), ('SMS_R_System', 13),
        ('SMS_R_User', 13), ('SMS_R_UserGroup', 13)$$,
    'classes without a type');
SELECT is_empty($$SELECT * FROM class_operation c
    JOIN operation o USING (object_type_id, bit)
    WHERE o.name::text <> CASE c.operation
        WHEN 'Read' THEN CASE WHEN c.class_name = 'SMS_G_System_*'
            THEN 'Read Resource' ELSE 'Read' END
        WHEN 'Modify' THEN 'Modify Resource'
        WHEN 'Delete' THEN 'Delete Resource' ELSE c.operation END$$,
    'operations on them mean what section 1 says');

-- Roles.
CREATE FUNCTION pg_temp.gives(role text, t integer) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(o.name, ', ' ORDER BY o.bit)
    FROM role_operation r JOIN operation o USING (object_type_id, bit)
    WHERE r.role_id = role AND r.object_type_id = t
$$;
SELECT is((SELECT count(*)::integer FROM security_role WHERE is_built_in), 16,
    '15 built-in roles, and Auditor');
SELECT is_empty($$SELECT object_type_id, bit FROM operation
    EXCEPT SELECT object_type_id, bit FROM role_operation
        WHERE role_id = 'SMS0001R'$$,
    'Full Administrator has every operation of every type');
SELECT set_eq($$SELECT object_type_id, bit FROM role_operation
    WHERE role_id = 'SMS000ER'$$,
    'SELECT object_type_id, bit FROM operation WHERE NOT is_security',
    'Operations Administrator has all but the security operations');
SELECT set_eq($$SELECT object_type_id, bit FROM role_operation
    WHERE role_id = 'SMS0002R'$$, $$SELECT object_type_id, bit FROM operation
    WHERE name IN ('Read', 'Read Resource', 'Read Default', 'Run Report',
        'View Asset Intelligence')$$, 'Read-only Analyst reads');
SELECT set_eq($$SELECT object_type_id, name::text FROM role_operation
    JOIN operation USING (object_type_id, bit) WHERE role_id = 'RVE0001R'$$,
    $$SELECT object_type_id, name::text FROM operation
    WHERE name = 'Read' AND object_type_id <> 1000104
        OR object_type_id = 28 AND name = 'Simulate'
        OR object_type_id = 1000101 AND name IN ('Verify', 'Export')$$,
    'Auditor reads all but site keys, simulates, verifies, exports');
SELECT is(pg_temp.gives(role, t), operations,
    format('%s on type %s', role, t))
FROM (VALUES
    ('SMS0003R', 1, 'Read, Remote Control, Read Resource'),
    ('SMS0008R', 31, 'Read, Modify, Delete, Set Security Scope, Create, Approve, Move Object, Modify Folder, Run Report'),
    ('SMS0008R', 1, NULL),
    ('SMS0007R', 1, 'Read, Read Resource, Deploy Applications'),
    ('SMS000FR', 28, 'Read, Modify, Remove, Add, Run Report, Modify Report, Simulate, Grant'),
    ('SMS000FR', 27, 'Read, Modify, Delete, Create'),
    ('SMS000FR', 29, 'Read, Modify, Delete, Create'),
    ('SMS000FR', 1000000, 'Read'),
    ('SMS000AR', 1000002, 'Read, Modify, Delete, Create'),
    ('SMS000GR', 1, 'Read, Delete, Read Resource, Audit Security, Enforce Security, Deploy AntiMalware Policies, Deploy Firewall/Configuration Policies'),
    ('SMS000HR', 48, 'Read, Modify, Delete, Set Security Scope, Create'))
    AS x (role, t, operations);
SELECT is_empty($$SELECT r.role_id FROM role_operation r
    JOIN operation o USING (object_type_id, bit)
    WHERE o.is_security AND r.role_id NOT IN ('SMS0001R', 'SMS000FR')$$,
    'security operations are with two roles only');
SELECT is_empty($$SELECT role_id FROM role_operation
    JOIN operation USING (object_type_id, bit)
    WHERE name = 'Control AMT'
        AND role_id NOT IN ('SMS0001R', 'SMS000ER')$$,
    'nobody else controls AMT');
-- A role that cannot read a thing it may change would be of no use.
SELECT is_empty($$SELECT r.role_id, r.object_type_id, o.name
    FROM role_operation r JOIN operation o USING (object_type_id, bit)
    JOIN security_role s USING (role_id)
    WHERE s.is_built_in AND NOT o.is_type_wide
        AND o.name NOT IN ('Read', 'Read Default', 'Modify Default')
        AND NOT EXISTS (SELECT FROM role_operation x
            WHERE x.role_id = r.role_id
                AND x.object_type_id = r.object_type_id
                AND x.bit = read_bit(r.object_type_id))
        AND o.bit <> read_bit(r.object_type_id)
        -- Simulate and the like need no object.
        AND NOT (r.role_id = 'RVE0001R')$$,
    'no built-in role changes what it cannot read');
SELECT is((SELECT count(*)::integer FROM collection WHERE is_built_in), 7,
    'seven built-in collections');
SELECT is((SELECT count(*)::integer FROM security_scope WHERE is_built_in), 2,
    'two built-in scopes');

-- Deploying.
SELECT results_eq('SELECT object_type_id, bit FROM feed_deploy ORDER BY 1',
    $$VALUES (2, 14), (11, 22), (20, 23), (31, 20), (34, 26), (37, 26),
        (38, 16), (47, 19), (48, 27), (53, 27)$$,
    'what deploying content of each type asks for');
SELECT is_empty($$SELECT d.* FROM deploy_operation d
    LEFT JOIN operation o ON o.object_type_id = 1 AND o.bit = d.bit
    WHERE o.name IS NULL OR o.name NOT LIKE 'Deploy %'
        OR d.provenance = ''$$, 'is an operation that deploys');
SELECT is((SELECT pairing FROM feed_site), 0, 'halves come from one assignment');
DO $$
BEGIN
    PERFORM take_revision();
    UPDATE site_setting SET deploy_pairing = 'user';
END
$$;
SELECT is((SELECT pairing FROM feed_site), 1,
    'or, where the site is set so, from any of the user');
SELECT throws_ok($$INSERT INTO deploy_operation (object_type_id, bit,
    provenance) VALUES (6, 14, 'x')$$, '42501', NULL,
    'what the shipped types ask for does not change');
DO $$
BEGIN
    INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance) VALUES (2000000, 'App', 'x', 'scope', 'test');
END
$$;
SELECT lives_ok($$INSERT INTO deploy_operation (object_type_id, bit,
    provenance) VALUES (2000000, 20, 'test')$$,
    'an application says it of its own types');
SELECT throws_ok($$UPDATE deploy_operation SET bit = 10
    WHERE object_type_id = 2000000$$, '23514', NULL,
    'but not that they ask for a type-wide operation');
SELECT throws_ok($$UPDATE deploy_operation SET bit = 63
    WHERE object_type_id = 2000000$$, '23503', NULL,
    'nor for one that there is not');

-- Type 26 alone has something in the place of Read.
INSERT INTO operation (object_type_id, bit, name, is_type_wide, is_security,
    provenance) VALUES (2000000, 1, 'A', false, false, 'test'),
    (2000000, 2, 'B', false, false, 'test');
INSERT INTO operation_need VALUES (2000000, 1, 2);
SELECT is(read_bit(t), b::smallint, 'Read of type ' || t)
FROM (VALUES (26, 27), (31, 0), (2000000, NULL)) AS x (t, b);
SELECT is(needed_bits(2000000, 1::smallint), '{2,NULL}',
    'in a type without Read nothing on an instance is allowed');

SELECT * FROM finish();
ROLLBACK;
