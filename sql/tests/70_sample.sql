-- The sample site is what its description says, and fit to be loaded.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

SELECT results_eq($$SELECT resource_type::integer, count(*)::integer
    FROM resource GROUP BY 1 ORDER BY 1$$,
    'VALUES (3, 8), (4, 60), (5, 500)', '500 devices, 60 users, 8 groups');
SELECT is((SELECT count(*)::integer FROM security_scope
    WHERE NOT is_built_in), 3, '3 scopes of its own');
SELECT is((SELECT count(*)::integer FROM collection WHERE NOT is_built_in),
    12, '12 collections of its own');
SELECT results_eq($$SELECT object_type_id, count(*)::integer
    FROM secured_object WHERE object_type_id IN (2, 20, 31)
    GROUP BY 1 ORDER BY 1$$, 'VALUES (2, 8), (20, 8), (31, 24)',
    '40 packages, task sequences and applications');
SELECT set_eq($$SELECT logon_name FROM administrative_user$$,
    ARRAY['alice@LAB.TEST', 'bob@LAB.TEST', 'carol@LAB.TEST',
        'erin@LAB.TEST', 'frank@LAB.TEST', 'grace@LAB.TEST',
        'LAB\analysts', 'LAB\deployers'], '8 administrative users');
SELECT is_empty('SELECT role_id FROM security_role WHERE is_built_in
    EXCEPT SELECT role_id FROM assignment',
    'every built-in role is in some assignment');
SELECT results_eq($$SELECT count(*) FILTER (WHERE valid_until > now())::integer,
    count(*) FILTER (WHERE valid_until < now())::integer FROM assignment$$,
    'VALUES (1, 1)', 'one assignment ends in the future, one has ended');
SELECT results_eq('SELECT principal_id COLLATE "default" FROM full_administrator',
    $$VALUES ('krb5:alice@LAB.TEST')$$, 'alice is the full administrator');
SELECT is((SELECT account_id::text FROM administrative_user
    WHERE principal_id = 'krb5:alice@LAB.TEST'),
    '20000000-0000-4000-8000-000000000001', 'with her directory id');
SELECT is_empty($$
    SELECT m.collection_id, m.resource_id FROM collection_member m
    JOIN collection c USING (collection_id)
    WHERE c.limiting_id NOT IN ('SMS00001', 'SMS00004')
        AND NOT EXISTS (SELECT FROM collection_member l
            WHERE l.collection_id = c.limiting_id
                AND l.resource_id = m.resource_id)
$$, 'members are members of the limiting collection');
SELECT results_eq($$
    SELECT count(*) FILTER (WHERE (allowed('{krb5:bob@LAB.TEST}', 1, true, 1,
            false, now(), 'SMS_Application', 'Read',
            object_key)).decision)::integer,
        count(*) FILTER (WHERE (allowed('{krb5:alice@LAB.TEST}', 1, true, 1,
            false, now(), 'SMS_Application', 'Read',
            object_key)).decision)::integer
    FROM list_sms_application
$$, 'VALUES (9, 24)', 'bob reads 9 of the applications, alice all 24');
SELECT is_empty($$SELECT key FROM list_sms_application
    WHERE 'RVE00010' = ANY (scopes) <> (allowed('{krb5:bob@LAB.TEST}', 1,
        true, 1, false, now(), 'SMS_Application', 'Read',
        object_key)).decision$$,
    'those in his scope');
SELECT is((SELECT count(*)::integer FROM list_sms_r_system
    WHERE (allowed('{krb5:carol@LAB.TEST}', 1, true, 1, false, now(),
        'SMS_R_System', 'Remote Control', key)).decision), 200,
    'carol controls 200 devices');
SELECT ok(body ->> 'CollectionID' = key AND body ->> 'Name' IS NOT NULL,
    'the body of ' || key) FROM list_sms_collection;
SELECT is((SELECT body ->> 'MemberCount' FROM list_sms_collection
    WHERE key = k), n, 'MemberCount of ' || k)
FROM (VALUES ('SMS00001', '500'), ('SMS00004', '68'), ('RVE00014', '350'),
    ('RVE00018', '20')) AS x (k, n);
-- Collections have names for who may read them.
SELECT set_config('reeve.caller', '{"principal": "krb5:alice@LAB.TEST",
    "ids": ["krb5:alice@LAB.TEST"], "own": 1, "groups_known": true,
    "delegated": false, "level": 1}', true),
    set_config('reeve.caller_at', to_ms(now())::text, true) \g /dev/null
SELECT results_eq($$SELECT body ->> 'RoleNames', body ->> 'Roles',
        body ->> 'CollectionNames', body ->> 'Categories'
    FROM list_sms_admin WHERE body ->> 'LogonName' = 'carol@LAB.TEST'$$,
    $$VALUES ('["Remote Tools Operator"]', '["SMS0003R"]',
        '["Headquarters Workstations"]', '["SMS00UNA"]')$$,
    'what carol holds, by name and id');

SELECT results_eq($$SELECT l.login::text COLLATE "default", u.logon_name
    FROM reporting_login l JOIN administrative_user u USING (admin_id)
    ORDER BY 1$$, $$VALUES ('report_analysts', 'LAB\analysts'),
    ('report_bob', 'bob@LAB.TEST')$$, 'two logins are bound for reports');

SELECT * FROM finish();
ROLLBACK;
