-- The local operator: what it may do, that nobody else may, and what is kept
-- of it.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.outcome(call text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    r jsonb;
    about text;
BEGIN
    EXECUTE 'SELECT to_jsonb(x) FROM reeve.' || call || ' x' INTO STRICT r;
    RETURN 'done' || coalesce(' ' || (r ->> 'changed'), '');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN SQLSTATE;
    END IF;
    RETURN SQLSTATE || ' ' || (about::jsonb ->> 'reason');
END
$$;
CREATE FUNCTION pg_temp.as_role(role name, call text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', role);
    EXECUTE 'SELECT to_jsonb(x) FROM reeve.' || call || ' x' INTO STRICT result;
    RAISE SQLSTATE 'ZZ001';
EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
    RETURN 'done';
WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
\set root '{"principal": "unix:root", "uid": 0}'
CREATE FUNCTION pg_temp.add(principal text, account text DEFAULT NULL,
    operator jsonb DEFAULT '{"principal": "unix:root", "uid": 0}')
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('rescue_admin_add(%L, %L, %L, NULL,'
        ' ''{}'')', operator, principal, account))
$$;

-- Whose they are -----------------------------------------------------------------

SELECT is(pg_temp.as_role(r, call), CASE r WHEN 'reeve_rescue' THEN 'done'
    ELSE '42501' END, format('%s: %s', r, left(call, 24)))
FROM unnest(ARRAY['reeve_rescue', 'reeve_runtime', 'reeve_auditor',
        'reeve_reporting']) AS r,
    (VALUES ('rescue_status()'),
        ('rescue_level_windows(''{"principal": "unix:root", "uid": 0}'',''{}'')'),
        ('rescue_admin_add(''{"principal": "unix:root", "uid": 0}'','
            ' ''krb5:x@LAB.TEST'', NULL, NULL, ''{}'')')) AS c (call);
SELECT is(pg_temp.as_role('reeve_rescue', call), '42501',
    'reeve_rescue does nothing else: ' || call)
FROM (VALUES ('site_init(''x@LAB.TEST'', NULL, ''x'')'),
    ('passes_gate(''{krb5:alice@LAB.TEST}'', 1, true, 1)'),
    ('site_level_set(''{}'', 1, NULL, NULL, ''{}'')'),
    ('exclusion_set(''{}'', ''{}'', NULL, ''{}'')'),
    ('principal_add(''{}'', 1, ''x'', NULL, ''{}'')'),
    ('take_revision()'), ('who_may(now(), ''31'', ''Read'', NULL)'),
    ('rescue_user(''krb5:x@LAB.TEST'', NULL, NULL, ''x'')'),
    ('store_level(now(), ''{}'', ''{}'', 1, NULL, NULL, '''', NULL)'),
    ('change_policy(''site_level_set'', ''{}'', ''{}'', NULL, ''{}'')'),
    ('feed_site'), ('administrative_user'), ('change')) AS t (call);
SELECT ok(NOT pg_has_role('reeve_rescue', r, 'MEMBER')
    AND NOT pg_has_role(r, 'reeve_rescue', 'MEMBER'),
    'reeve_rescue and ' || r || ' have nothing in common')
FROM unnest(ARRAY['reeve_runtime', 'reeve_auditor', 'reeve_reporting',
    'reeve_owner']) AS r;

-- Who it is -----------------------------------------------------------------------

SELECT is(pg_temp.outcome(format(
    'rescue_level_windows(%L, ''{}'')', operator)),
    'RV400 malformed_operator', coalesce(operator::text, 'nobody'))
FROM unnest(ARRAY[NULL, '{}', '[]', '"unix:root"', '{"principal": "unix:root"}',
    '{"principal": "root", "uid": 0}', '{"principal": "unix:", "uid": 0}',
    '{"principal": "unix:root", "uid": "0"}',
    '{"principal": "unix:root", "uid": -1}',
    '{"principal": "krb5:alice@LAB.TEST", "uid": 0}',
    '{"principal": "unix:a\nb", "uid": 0}']::jsonb[]) AS operator;

-- The status: no names -----------------------------------------------------------------

SELECT is((SELECT row(minimum_level, stored_level, revert_level,
        max_auth_age_s, full_administrators, excluded)::text
        FROM reeve.rescue_status()),
    row(1, 1, NULL, NULL, 1::bigint, 0::bigint)::text, 'the status');

-- Back to windows ----------------------------------------------------------------------

SELECT is(pg_temp.outcome(format('rescue_level_windows(%L, ''{}'')', :'root')),
    'done 0', 'it is windows already');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET minimum_level = 3;
END
$$;
SELECT is(reeve.passes_gate('{krb5:alice@LAB.TEST}', 1, true, 1), false,
    'nobody gets in at windows');
SELECT is(pg_temp.outcome(format('rescue_level_windows(%L,'
    ' ''{"request_id": "r1", "source": "unix"}'')', :'root')), 'done 1',
    'the operator sets it back');
SELECT is(reeve.passes_gate('{krb5:alice@LAB.TEST}', 1, true, 1), true,
    'and they do');
SELECT results_eq($$SELECT message_id, actor, strings, request_id,
        level IS NULL FROM reeve.admin_audit
    WHERE revision = (SELECT max(revision) FROM reeve.admin_audit)
    ORDER BY ordinal$$,
    $$VALUES (52400, 'unix:root', ARRAY['unix:root', 'windows', 'rescue'],
            'r1', true),
        (1000010, 'unix:root', ARRAY['unix:root', 'level', 'windows'], 'r1',
            true)$$,
    'both rows name the operator');
SELECT is((SELECT severity FROM reeve.audit_message
    WHERE message_id = 1000010), 'warning', 'one of them is an alarm');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_setting SET revert_level = 3, revert_at_ms =
        reeve.to_ms(clock_timestamp() + interval '1 minute');
END
$$;
SELECT is(pg_temp.outcome(format('rescue_level_windows(%L, ''{}'')', :'root')),
    'done 1', 'what would go back to hello is settled too');
SELECT is(reeve.site_level_at(clock_timestamp() + interval '1 hour'), 1,
    'for good');

-- A full administrator --------------------------------------------------------------------

SELECT is(pg_temp.add('krb5:rescue@LAB.TEST'), 'done', 'one is added');
SELECT is((SELECT row(a.role_id, u.is_group,
        reeve.to_ms(a.valid_until) - reeve.to_ms(a.valid_from),
        (SELECT array_agg(s.scope_id::text) FROM reeve.assignment_scope s
         WHERE s.assignment_id = a.assignment_id),
        (SELECT array_agg(c.collection_id::text ORDER BY c.collection_id)
         FROM reeve.assignment_collection c
         WHERE c.assignment_id = a.assignment_id))::text
    FROM reeve.assignment a JOIN reeve.administrative_user u USING (admin_id)
    WHERE u.principal_id = 'krb5:rescue@LAB.TEST'),
    row('SMS0001R', false, 86400000::bigint, ARRAY['SMS00ALL'],
        ARRAY['SMS00001', 'SMS00004'])::text, 'for a day');
SELECT is((SELECT decision FROM reeve.allowed('{krb5:rescue@LAB.TEST}', 1,
    true, 1, false, clock_timestamp() + by, 'SMS_Site',
    'Set Authentication Level', (SELECT object_key
        FROM reeve.secured_object WHERE object_type_id = 6 LIMIT 1))),
    answer, 'after ' || by)
FROM (VALUES (interval '1 second', true), ('25 hours', false))
    AS t (by, answer)
WHERE EXISTS (SELECT FROM reeve.secured_object WHERE object_type_id = 6);
SELECT results_eq($$SELECT message_id, actor, strings[2:]
    FROM reeve.admin_audit
    WHERE revision = (SELECT max(revision) FROM reeve.admin_audit)
    ORDER BY ordinal$$,
    $$VALUES (31240, 'unix:root', ARRAY['', 'krb5:rescue@LAB.TEST',
            'SMS0001R', 'SMS00ALL', 'SMS00001,SMS00004']),
        (1000010, 'unix:root', ARRAY['full administrator',
            'krb5:rescue@LAB.TEST'])$$, 'audited');
SELECT is((SELECT full_administrators FROM reeve.rescue_status()), 1::bigint,
    'it counts among those without end no more than before');
SELECT is(pg_temp.add(principal, account), answer, what)
FROM (VALUES ('krb5:alice@LAB.TEST', NULL, 'RV409 full_administrator_already',
        'alice is one'),
    ('bob@LAB.TEST', NULL, 'done', 'bob, by a bare name'),
    ('group:10000000-0000-4000-8000-000000000001', NULL,
        'RV400 malformed_principal', 'no group'),
    ('root', NULL, 'RV400 malformed_principal', 'no bare word'),
    (NULL, NULL, 'RV400 malformed_principal', 'nobody'),
    ('krb5:new@LAB.TEST', '', 'RV400 malformed_principal',
        'an empty account'),
    ('krb5:new@LAB.TEST', (SELECT account_id FROM reeve.administrative_user
        WHERE account_id IS NOT NULL LIMIT 1), 'RV409 account_replaced',
        'the account of another'),
    ('krb5:bob@LAB.TEST', 'some-other-account', CASE WHEN EXISTS (
        SELECT FROM reeve.administrative_user WHERE account_id IS NOT NULL
            AND principal_id = 'krb5:bob@LAB.TEST')
        THEN 'RV409 account_replaced' ELSE 'done' END,
        'bob with another account'))
    AS t (principal, account, answer, what);
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_principal (principal_id, admin_id)
    SELECT 'sid:s-1-5-21-7', admin_id FROM reeve.administrative_user
    WHERE logon_name = 'carol@LAB.TEST';
    UPDATE reeve.administrative_user SET is_deleted = true
    WHERE logon_name = 'erin@LAB.TEST';
END
$$;
SELECT is(pg_temp.add('sid:s-1-5-21-7'), 'done', 'by a further principal');
SELECT is((SELECT count(*)::integer FROM reeve.assignment
    JOIN reeve.administrative_user USING (admin_id)
    WHERE logon_name = 'carol@LAB.TEST' AND role_id = 'SMS0001R'), 1,
    'the user that has it');
SELECT is(pg_temp.add('krb5:erin@LAB.TEST'), 'RV409 account_replaced',
    'nobody who was deleted');

-- While the site has none ---------------------------------------------------------------

DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.site_revision SET orphaning = true;
    UPDATE reeve.administrative_user SET is_orphaned = true
        WHERE logon_name = 'alice@LAB.TEST';
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
END
$$;
SELECT is((SELECT full_administrators FROM reeve.rescue_status()), 0::bigint,
    'the last one is gone, by its orphaning');
SELECT is(pg_temp.add('krb5:rescue@LAB.TEST'), 'done', 'then one is added');
SELECT is((SELECT count(*) FROM reeve.full_administrator
    WHERE principal_id = 'krb5:rescue@LAB.TEST'), 1::bigint, 'without end');
SELECT is(pg_temp.add('krb5:second@LAB.TEST'), 'done', 'the next one');
SELECT ok(NOT EXISTS (SELECT FROM reeve.full_administrator
    WHERE principal_id = 'krb5:second@LAB.TEST'), 'is for a day again');
SELECT is(pg_temp.add('krb5:rescue@LAB.TEST'),
    'RV409 full_administrator_already', 'the first one stays as it is');

SELECT * FROM finish();
ROLLBACK;
