-- Decisions of the rule on the sample site, as a table to be read: who, what,
-- on what, and the answer with its reasons.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

DO $$
BEGIN
    PERFORM take_revision();
    -- A hello-only role, an operation that needs a certificate, and a scope
    -- and a collection of one id.
    INSERT INTO role_minimum VALUES ('SMS000HR', 3);
    INSERT INTO operation_minimum
    SELECT object_type_id, bit, 2 FROM operation
    WHERE object_type_id = 31 AND name = 'Approve';
    INSERT INTO security_scope (scope_id, name)
        VALUES ('RVE00014', 'As a collection');
    INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (2, 'TWIN', 'In the scope RVE00014');
    INSERT INTO object_scope VALUES (2, 'TWIN', 'RVE00014');
    INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (201, 'DEP', 'A deployment');
    -- Modify without Read; and a window in time.
    INSERT INTO security_role (role_id, name)
        VALUES ('RVE00050', 'Blind editor'), ('RVE00051', 'Reader');
    INSERT INTO role_operation VALUES ('RVE00050', 2, 1),
        ('RVE00051', 1, 0), ('RVE00051', 2, 0);
    INSERT INTO administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:blind@LAB.TEST', 'blind', false),
            ('krb5:timed@LAB.TEST', 'timed', false),
            ('krb5:gone@LAB.TEST', 'gone', false),
            ('krb5:below@LAB.TEST', 'below', false),
            ('krb5:within@LAB.TEST', 'within', false);
    INSERT INTO assignment (assignment_id, admin_id, role_id, valid_from,
        valid_until)
    SELECT x.id, u.admin_id, x.role, x.begins, x.ends
    FROM (VALUES (1001, 'blind', 'RVE00050', NULL::timestamptz,
            NULL::timestamptz),
        (1002, 'timed', 'SMS0002R', '2030-01-01 00:00:00+00',
            '2030-01-01 00:00:01+00'),
        (1003, 'gone', 'SMS0001R', NULL, NULL),
        (1004, 'below', 'RVE00051', NULL, NULL),
        (1005, 'within', 'RVE00051', NULL, NULL)) AS x (id, n, role, begins, ends)
    JOIN administrative_user u ON u.logon_name = x.n;
    INSERT INTO assignment_scope VALUES (1001, 'RVE00010'),
        (1002, 'SMS00ALL'), (1003, 'SMS00ALL'), (1005, 'RVE00014');
    INSERT INTO assignment_collection VALUES (1004, 'RVE00014');
    UPDATE administrative_user SET is_orphaned = true
        WHERE logon_name = 'gone';
END
$$;

CREATE FUNCTION pg_temp.key_of(what text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT object_key FROM secured_object
        WHERE name = $1), $1)
$$;
-- "allowed", or the reason and what is missing.
CREATE FUNCTION pg_temp.answer(who text, level integer, type text,
    operation text, key text, at timestamptz DEFAULT now(),
    groups_known boolean DEFAULT true, delegated boolean DEFAULT false)
RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN v.decision <> (v.reason = 'allowed') THEN 'contradiction'
        ELSE v.reason || coalesce(': '
            || nullif(array_to_string(v.missing, ' '), ''), '') END
    FROM allowed(ARRAY(SELECT CASE WHEN p LIKE '%-%' THEN 'group:' || p
            ELSE 'krb5:' || p || '@LAB.TEST' END
        FROM regexp_split_to_table(who, ' ') AS p), 1, groups_known, level,
        delegated, at, type, operation, pg_temp.key_of(key)) v
$$;
\set analysts 10000000-0000-4000-8000-000000000001
\set deployers 10000000-0000-4000-8000-000000000003

SELECT is(pg_temp.answer(who, level, type, operation, key), answer,
    format('%s (level %s): %s %s %s', who, level, operation, type, key))
FROM (VALUES
    -- secured by scope
    ('alice', 1, 'SMS_Application', 'Modify', 'Kiosk Shell', 'allowed'),
    ('bob', 1, 'SMS_Application', 'Read', 'Contoso Ledger', 'allowed'),
    ('bob', 1, 'Application', 'Modify', 'Contoso Ledger', 'allowed'),
    ('bob', 1, '31', 'Delete', 'Remote Access Client', 'allowed'),
    ('bob', 1, 'SMS_Application', 'Read', 'Kiosk Shell', 'not_permitted: scope'),
    ('bob', 1, 'SMS_Application', 'Modify', 'Kiosk Shell', 'not_permitted: scope read'),
    ('bob', 1, 'SMS_Package', 'Read', 'Finance Macros', 'not_permitted: operation'),
    ('bob', 1, 'SMS_Package', 'Read', 'Kiosk Media', 'not_permitted: operation scope'),
    ('mallory', 1, 'SMS_Application', 'Read', 'Contoso Ledger', 'no_assignment'),
    ('gone', 1, 'SMS_Application', 'Read', 'Contoso Ledger', 'no_assignment'),
    ('blind', 1, 'SMS_Package', 'Modify', 'Finance Macros', 'not_permitted: read'),
    -- unknown things
    ('alice', 1, 'SMS_Application', 'Read', 'none', 'no_such_object'),
    ('alice', 1, 'SMS_Application', 'Read', NULL, 'no_such_object'),
    ('mallory', 1, 'SMS_Application', 'Read', 'none', 'no_such_object'),
    ('alice', 1, 'SMS_None', 'Read', 'x', 'unknown_type'),
    ('alice', 1, 'sms_application', 'Read', 'Kiosk Shell', 'unknown_type'),
    ('alice', 1, '031', 'Read', 'Kiosk Shell', 'unknown_type'),
    ('alice', 1, 'SMS_Application', 'read', 'Kiosk Shell', 'unknown_operation'),
    ('alice', 1, 'SMS_Application', 'Deploy', 'Kiosk Shell', 'unknown_operation'),
    -- type-wide
    ('bob', 1, 'SMS_Application', 'Create', NULL, 'allowed'),
    ('bob', 1, 'SMS_Application', 'Run Report', 'Contoso Ledger', 'allowed'),
    ('bob', 1, 'SMS_Application', 'Run Report', 'Kiosk Shell', 'not_permitted: read'),
    ('bob', 1, 'SMS_Application', 'Run Report', 'none', 'no_such_object'),
    ('bob', 1, 'SMS_Application', 'Modify Report', NULL, 'not_permitted: operation'),
    -- secured by role
    ('alice', 1, 'SMS_Role', 'Modify', 'SMS0001R', 'allowed'),
    ('frank', 1, 'SMS_Role', 'Modify', NULL, 'allowed'),
    ('alice', 1, 'SMS_Role', 'Read', 'RVE00FFF', 'no_such_object'),
    ('bob', 1, 'SMS_Role', 'Read', NULL, 'not_permitted: operation'),
    ('bob', 1, 'SMS_Role', 'Modify', NULL, 'not_permitted: operation read'),
    ('alice', 1, 'SMS_Boundary', 'Modify', '10.10.0.0/16', 'allowed'),
    ('alice', 1, 'SoftwareTitles', 'Manage Asset Intelligence', NULL, 'allowed'),
    ('grace', 1, 'SoftwareTitles', 'View Asset Intelligence', NULL, 'allowed'),
    ('bob', 1, 'SoftwareTitles', 'View Asset Intelligence', NULL, 'not_permitted: operation'),
    -- default instances
    ('alice', 1, 'SMS_ClientSettings', 'Modify', '0', 'allowed'),
    ('alice', 1, 'SMS_ClientSettings', 'Delete', '0', 'op_not_applicable'),
    ('alice', 1, 'SMS_ClientSettings', 'Read Default', '0', 'op_not_applicable'),
    ('alice', 1, 'SMS_ClientSettings', 'Set Security Scope', '0', 'op_not_applicable'),
    ('grace', 1, 'SMS_AntimalwareSettings', 'Modify', '1', 'allowed'),
    ('grace', 1, 'SMS_AntimalwareSettings', 'Modify', 'Server Antimalware Policy', 'allowed'),
    ('erin', 1, 'SMS_ClientSettings', 'Read', 'Kiosk Client Settings', 'not_permitted: operation'),
    -- collections
    ('alice', 1, 'SMS_Collection', 'Modify', 'RVE00014', 'allowed'),
    ('alice', 1, 'SMS_Collection', 'Delete', 'SMS00001', 'not_permitted: collection'),
    ('carol', 1, 'SMS_Collection', 'Read', 'RVE00015', 'allowed'),
    ('carol', 1, 'SMS_Collection', 'Read', 'RVE00017', 'allowed'),
    ('carol', 1, 'SMS_Collection', 'Read', 'RVE00014', 'not_permitted: collection'),
    ('carol', 1, 'SMS_Collection', 'Modify', 'RVE00017', 'not_permitted: operation'),
    ('grace', 1, 'SMS_Collection', 'Modify', 'RVE00014', 'not_permitted: operation collection time'),
    ('grace', 1, 'SMS_Collection', 'Modify', 'RVE00015', 'allowed'),
    ('carol', 1, 'SMS_Collection', 'Read', 'RVE00FFF', 'no_such_object'),
    -- a scope and a collection of one id are two things
    ('below', 1, 'SMS_Package', 'Read', 'In the scope RVE00014', 'not_permitted: scope'),
    ('below', 1, 'SMS_Collection', 'Read', 'RVE00014', 'allowed'),
    ('within', 1, 'SMS_Package', 'Read', 'In the scope RVE00014', 'allowed'),
    ('within', 1, 'SMS_Collection', 'Read', 'RVE00014', 'not_permitted: collection'),
    ('within', 1, 'SMS_R_System', 'Read', '16777217', 'not_permitted: collection'),
    -- resources
    ('carol', 1, 'SMS_R_System', 'Remote Control', '16777217', 'allowed'),
    ('carol', 1, 'SMS_R_System', 'Remote Control', '16777417', 'not_permitted: collection read'),
    ('carol', 1, 'SMS_R_System', 'Modify', '16777217', 'not_permitted: operation'),
    ('carol', 1, 'SMS_G_System_DISK', 'Read', '16777217', 'allowed'),
    ('carol', 1, 'SMS_G_System_DISK', 'Deploy Applications', '16777217', 'op_not_applicable'),
    ('carol', 1, 'SMS_R_System', 'Deploy Applications', '16777217', 'op_not_applicable'),
    ('carol', 1, 'SMS_R_System', 'Create', NULL, 'op_not_applicable'),
    ('carol', 1, 'SMS_R_System', 'Read', '1', 'no_such_object'),
    ('carol', 1, 'SMS_R_System', 'Read', NULL, 'no_such_object'),
    ('alice', 1, 'SMS_R_System', 'Read', '016777217', 'no_such_object'),
    ('alice', 1, 'SMS_R_User', 'Read', '16777217', 'no_such_object'),
    ('alice', 1, 'SMS_R_User', 'Read', '2063597569', 'allowed'),
    ('alice', 1, 'SMS_R_UserGroup', 'Delete', '2080374785', 'allowed'),
    -- an unknown computer is a member of All Systems by definition
    ('alice', 1, 'SMS_R_System', 'Read', '16777716', 'allowed'),
    -- Collection Delete deletes no devices
    ('grace', 1, 'SMS_R_System', 'Delete', '16777567', 'not_permitted: operation time'),
    -- deployments are derived
    ('alice', 1, 'SMS_Advertisement', 'Read', 'A deployment', 'not_permitted: operation'),
    -- minima
    ('grace', 1, 'SMS_ConfigurationPolicy', 'Create', NULL, 'not_permitted: operation level time'),
    ('grace', 3, 'SMS_ConfigurationPolicy', 'Create', NULL, 'allowed'),
    ('bob', 1, 'SMS_Application', 'Approve', 'Contoso Ledger', 'not_permitted: level'),
    ('bob', 2, 'SMS_Application', 'Approve', 'Contoso Ledger', 'allowed'),
    ('bob', 0, 'SMS_Application', 'Read', 'Contoso Ledger', 'allowed'))
    AS t (who, level, type, operation, key, answer);

-- Groups.
SELECT is(pg_temp.answer('dave ' || :'analysts', 1, 'SMS_Application', 'Read',
    'Kiosk Shell'), 'allowed', 'dave reads by way of analysts');
SELECT is(pg_temp.answer('dave ' || :'analysts', 1, 'SMS_Application', 'Read',
    'Kiosk Shell', groups_known => false), 'groups_unknown',
    'with unknown groups it is not decidable');
SELECT is(pg_temp.answer('dave ' || :'analysts', 1, 'SMS_Application', 'Read',
    'none', groups_known => false), 'groups_unknown',
    'whether or not the object exists');
SELECT is(pg_temp.answer('bob', 1, 'SMS_Application', 'Read',
    'Contoso Ledger', groups_known => false), 'allowed',
    'one''s own assignments suffice');
SELECT is(pg_temp.answer('ivan ' || :'deployers', 1, 'SMS_Collection',
    'Deploy Applications', 'RVE0001C'), 'allowed',
    'a deployer of branches deploys to kiosks');
SELECT is(pg_temp.answer('ivan ' || :'deployers', 1, 'SMS_Collection',
    'Deploy Applications', 'RVE00015'), 'not_permitted: collection read',
    'but not to headquarters');

-- Time, half-open and to the millisecond.
SELECT is(pg_temp.answer('timed', 1, 'SMS_Boundary', 'Read', NULL, at::timestamptz),
    answer, 'valid from 0 to 1 s: at ' || at)
FROM (VALUES ('2029-12-31 23:59:59.999+00', 'not_permitted: time'),
    ('2030-01-01 00:00:00.000+00', 'allowed'),
    ('2030-01-01 00:00:00.999+00', 'allowed'),
    ('2030-01-01 00:00:00.999999+00', 'allowed'),
    ('2030-01-01 00:00:01.000+00', 'not_permitted: time')) AS t (at, answer);

-- Delegation.
SELECT is(pg_temp.answer('alice', 3, 'SMS_Application', 'Read', 'Kiosk Shell',
    delegated => true), 'not_permitted: level',
    'no role with a security operation counts under delegation');
SELECT is(pg_temp.answer('bob', 1, 'SMS_Application', 'Modify',
    'Contoso Ledger', delegated => true), 'allowed', 'others do');

-- Why.
SELECT results_eq($$
    SELECT array_length(assignments, 1) FROM allowed('{krb5:grace@LAB.TEST}',
        1, true, 1, false, '2024-01-15 00:00:00+00', 'SMS_Boundary', 'Read',
        NULL)
$$, $$VALUES (2)$$, 'an allow names all assignments that suffice');
SELECT results_eq($$
    SELECT level_needed, missing FROM allowed('{krb5:bob@LAB.TEST}', 1, true,
        1, false, now(), 'SMS_Application', 'Approve',
        pg_temp.key_of('Contoso Ledger'))
$$, $$VALUES (2, ARRAY['level'])$$, 'a level that is too low names the level');
SELECT is((SELECT count(*)::integer FROM explain('{krb5:grace@LAB.TEST}', 1,
    true, 1, false, now(), 'SMS_Role', 'Modify', NULL)), 7,
    'explain() shows every assignment, the expired one too');
SELECT is_empty($$SELECT * FROM permissions_of('{krb5:timed@LAB.TEST}', 1,
    true, 1, false, now())$$, 'what is not valid is not held');
SELECT results_eq($$SELECT role_id, category_type_id, category_id
    FROM permissions_of('{krb5:carol@LAB.TEST}', 1, true, 1, false, now())$$,
    $$VALUES ('SMS0003R', 1, 'RVE00015'), ('SMS0003R', 29, 'SMS00UNA')$$,
    'carol holds one role in a collection and a scope');

-- The gate.
SELECT is(passes_gate('{krb5:bob@LAB.TEST}', 1, true, level), answer,
    'minimum windows: level ' || level)
FROM (VALUES (0, false), (1, true), (3, true)) AS t (level, answer);
UPDATE site_setting SET minimum_level = 3;
INSERT INTO exclusion_list VALUES ('krb5:bob@LAB.TEST'), ('group:g');
SELECT is(passes_gate(ids, 1, known, level), answer,
    format('minimum hello: %s, level %s, groups %s', ids, level, known))
FROM (VALUES ('{krb5:bob@LAB.TEST}'::text[], 1, true, true),
    ('{krb5:bob@LAB.TEST}', 0, true, false),
    ('{krb5:alice@LAB.TEST}', 2, true, false),
    ('{krb5:alice@LAB.TEST}', 3, true, true),
    ('{krb5:alice@LAB.TEST,group:g}', 1, true, true),
    ('{krb5:alice@LAB.TEST,group:g}', 1, false, false))
    AS t (ids, level, known, answer);

-- operations_in(), which the write path uses, agrees with allowed().
SELECT is_empty($$
    SELECT u.principal_id, s.scopes, o.name
    FROM administrative_user u,
        (SELECT DISTINCT ON (scopes_of(object_type_id, object_key))
            object_key, scopes_of(object_type_id, object_key) AS scopes
         FROM secured_object WHERE object_type_id = 31) s,
        operation o,
        LATERAL allowed(ARRAY[u.principal_id], 1, true, 1, false,
            now(), '31', o.name, s.object_key) v
    WHERE o.object_type_id = 31 AND NOT o.is_type_wide
        AND v.decision <> (o.bit = ANY (operations_in(
            ROW(u.principal_id, ARRAY[u.principal_id], true, 1,
                false)::asker, now(), 31, s.scopes || 'SMS00ALL'::text)))
$$, 'operations_in() agrees with allowed()');

-- A level that is none of the four reaches nothing.
SELECT is((SELECT row(a.decision, a.reason, a.missing)::text
    FROM allowed('{krb5:alice@LAB.TEST}', 1, true, l, false,
        clock_timestamp(), 'SMS_Package', 'Read', 'RVE00021') a),
    '(f,not_permitted,{level})', format('level %s is none', l))
FROM unnest(ARRAY[-1, 4, 20]) AS l ORDER BY l;
SELECT is(passes_gate('{krb5:alice@LAB.TEST}', 1, true, 4), false,
    'nor does it pass the gate');
SELECT is_empty($$SELECT * FROM permissions_of('{krb5:alice@LAB.TEST}', 1,
    true, 4, false, clock_timestamp())$$, 'nor hold a permission');
-- The commit refuses an assignment without a category; until then, and by
-- the rule alone, it gives nothing.
INSERT INTO administrative_user (principal_id, logon_name, is_group)
    VALUES ('krb5:bare@LAB.TEST', 'bare', false);
INSERT INTO assignment (assignment_id, admin_id, role_id)
    SELECT 1099, admin_id, 'SMS0001R' FROM administrative_user
    WHERE logon_name = 'bare';
SELECT is((SELECT failed FROM weigh(ARRAY['krb5:bare@LAB.TEST'], 3, false,
        now(), 29, 0::smallint, 'role', '{}', '{}', false)),
    ARRAY['scope'], 'an assignment without a category suffices for nothing');
INSERT INTO assignment_collection VALUES (1099, 'SMS00001');
SELECT is((SELECT failed FROM weigh(ARRAY['krb5:bare@LAB.TEST'], 3, false,
        now(), 29, 0::smallint, 'role', '{}', '{}', false)),
    '{}', 'with any it does, for what is secured by role');

SELECT * FROM finish();
ROLLBACK;
