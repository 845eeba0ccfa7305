-- Four eyes: a change that gives rights waits for a second administrator, and
-- there is no way around it.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.run(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', ids text[] DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids', to_jsonb(
            ('krb5:' || who || '@LAB.TEST') || ids), 'own', 1 +
            cardinality(ids), 'groups_known', true, 'level', 3, 'delegated',
            false),
        jsonb_build_array(jsonb_build_object('op', op, 'args', args)), NULL,
        jsonb_build_object('body_sha256', repeat('a', 64)) || more);
    RETURN jsonb_build_object('changed', r.changed) || (r.result -> 0);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE !~ '^RV[45]' THEN
        RETURN jsonb_build_object('refused', SQLSTATE || ' ' || SQLERRM);
    END IF;
    RETURN about::jsonb || jsonb_build_object('refused',
        concat_ws(' ', SQLSTATE, about::jsonb ->> 'reason'));
END
$$;
CREATE FUNCTION pg_temp.said(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', ids text[] DEFAULT '{}') RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', r ->> 'approval_state', 'done')
    FROM pg_temp.run(who, op, args, more, ids) AS r
$$;
CREATE FUNCTION pg_temp.id(name text) RETURNS text LANGUAGE sql AS $$
    SELECT admin_id::text FROM reeve.administrative_user
    WHERE logon_name = name || '@LAB.TEST'
$$;
CREATE FUNCTION pg_temp.last() RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('approval_id', max(approval_id))
    FROM reeve.approval
$$;
CREATE FUNCTION pg_temp.add(who text, name text, permissions jsonb)
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'admin_create', jsonb_build_object(
        'principal_id', 'krb5:' || name || '@LAB.TEST', 'logon_name',
        name || '@LAB.TEST', 'permissions', permissions))
$$;
\set row '''[{"role_id":"SMS0009R","category_id":"SMS00UNA"}]'''

-- zoe and yves are full administrators beside alice.
SELECT is(pg_temp.add('alice', name, '[{"role_id":"SMS0001R",
    "category_id":"SMS00ALL"},{"role_id":"SMS0001R",
    "category_id":"SMS00001","category_type_id":1},{"role_id":"SMS0001R",
    "category_id":"SMS00004","category_type_id":1}]'), 'done',
    name || ' is a full administrator')
FROM (VALUES ('zoe'), ('yves')) AS t (name);
SELECT is(pg_temp.add('alice', 'amy', :row), 'done',
    'without the setting nobody is asked');

SELECT is(pg_temp.said('bob', 'approval_setting_change',
    '{"required":true}'), 'RV403 not_permitted',
    'the setting takes Set Authentication Level');
SELECT is(pg_temp.said('alice', 'approval_setting_change', args::jsonb),
    'RV400 malformed_setting', 'a setting that is none: ' || args)
FROM (VALUES ('{}'), ('{"required":"yes"}'),
    ('{"required":true,"expires_after_s":5}')) AS t (args);
SELECT is(pg_temp.said('alice', 'approval_setting_change',
    '{"required":true}'), 'done', 'alice has the site ask');

-- What waits, and what does not -------------------------------------------------

SELECT is(pg_temp.add('alice', 'ann', :row), 'pending',
    'a new administrative user waits');
SELECT is(pg_temp.id('ann'), NULL, 'and is not there yet');
SELECT pg_temp.last() AS ann \gset
SELECT is((SELECT message_id || ' ' || strings[3] FROM admin_audit
    ORDER BY revision DESC, ordinal DESC LIMIT 1), '1000050 admin_create',
    'the admin stream has the request');
SELECT is(pg_temp.add('alice', 'nil', '[]'), 'done',
    'a user without permissions gives nobody anything');
SELECT is(pg_temp.said('alice', 'admin_change', jsonb_build_object('admin_id',
    pg_temp.id('amy'), 'permissions', '[]'::jsonb)), 'done',
    'nor does taking away');
SELECT is(pg_temp.said('alice', op, args), answer, what) FROM (VALUES
    ('admin_change', jsonb_build_object('admin_id', pg_temp.id('nil'),
        'permissions', :row::jsonb), 'pending', 'permissions wait'),
    ('admin_change', jsonb_build_object('admin_id', pg_temp.id('nil'),
        'add_role', '{"role_id":"SMS0009R","categories":[
            {"category_id":"SMS00UNA"}]}'::jsonb), 'pending', 'so do edits'),
    ('admin_principal_add', jsonb_build_object('admin_id', pg_temp.id('amy'),
        'principal_id', 'krb5:amy-too@LAB.TEST'), 'pending',
        'and further principals'),
    ('role_create', '{"name":"Nobody has it","operations":[{"type":31,
        "mask":3}]}', 'done', 'a role that nobody has gives nothing'),
    ('role_create', '{"name":"Somebody has it","operations":[{"type":31,
        "mask":1}]}', 'done', 'nor does another'))
    AS t (op, args, answer, what);
SELECT is((SELECT count(*) FROM administrative_principal), 0::bigint,
    'nobody has a further principal');
SELECT throws_ok($$SELECT * FROM principal_add('{"principal":"alice@LAB.TEST",
    "ids":["krb5:alice@LAB.TEST"],"own":1,"groups_known":true,"level":3,
    "delegated":false}', pg_temp.id('amy')::bigint, 'krb5:amy-too@LAB.TEST',
    NULL, jsonb_build_object('body_sha256', repeat('a', 64)))$$, 'RV409',
    NULL, 'the function that cannot wait is refused');

-- A role that somebody has.
DO $$
DECLARE
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT pg_temp.id('nil')::bigint, role_id FROM reeve.security_role
        WHERE name = 'Somebody has it' RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_scope VALUES (a, 'SMS00UNA');
END
$$;
SELECT is(pg_temp.said('alice', 'role_change', jsonb_build_object('role_id',
    (SELECT role_id FROM security_role WHERE name = 'Somebody has it'),
    'operations', '[{"type":31,"mask":3}]'::jsonb)), 'pending',
    'a role that somebody has waits when it gains');
SELECT is((SELECT count(*) FROM role_operation o JOIN security_role r
    USING (role_id) WHERE r.name = 'Somebody has it'), 1::bigint,
    'and has gained nothing');
SELECT is(pg_temp.said('alice', 'role_change', jsonb_build_object('role_id',
    (SELECT role_id FROM security_role WHERE name = 'Somebody has it'),
    'description', 'x')), 'done', 'a description does not wait');

-- Deciding ------------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'approval_decide_approve', :'ann'),
    'RV403 own_request', 'nobody approves of one''s own request');
SELECT is(pg_temp.said('a', 'approval_decide_approve', :'ann', '{}',
    '{krb5:alice@LAB.TEST}'), 'RV403 own_request', 'nor under another name');
SELECT is(pg_temp.said('bob', 'approval_decide_approve', :'ann'),
    'RV403 not_permitted', 'approving takes Approve');
SELECT is(pg_temp.said('bob', 'approval_decide_reject', :'ann'),
    'RV403 not_permitted', 'rejecting too');
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', args::jsonb),
    'RV404 no_such_object', 'no such request: ' || args)
FROM (VALUES ('{}'), ('{"approval_id":99999}'), ('{"approval_id":"x"}'))
    AS t (args);
SELECT is(pg_temp.said('zoe', op, :'ann', '{"if_match":["old"]}'),
    'RV412 changed_meanwhile', 'on another state of the request: ' || op)
FROM (VALUES ('approval_decide_approve'), ('approval_decide_reject'))
    AS t (op);
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', :'ann',
    jsonb_build_object('if_match', jsonb_build_array((SELECT etag
        FROM list_rve_approval WHERE key = :'ann'::jsonb ->> 'approval_id')))),
    'approved', 'zoe approves');
SELECT ok(pg_temp.id('ann') IS NOT NULL, 'and ann is there');
SELECT is((SELECT string_agg(role_id, ',') FROM permission_held
    WHERE admin_id::text = pg_temp.id('ann')), 'SMS0009R',
    'with what was asked for');
SELECT is((SELECT message_id || ' ' || array_to_string(strings, ',')
    FROM admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1),
    '1000051 zoe@LAB.TEST,' || (:'ann'::jsonb ->> 'approval_id')
    || ',approved', 'the admin stream has who approved');
SELECT is(pg_temp.said('yves', 'approval_decide_approve', :'ann'),
    'RV409 decided_already', 'once');
SELECT is(pg_temp.said('yves', 'approval_decide_reject', :'ann'),
    'RV409 decided_already', 'nor is it rejected then');

-- On the state that was seen.
SELECT is(pg_temp.said('alice', 'admin_change', jsonb_build_object('admin_id',
    pg_temp.id('ann'), 'permissions', '[{"role_id":"SMS0009R",
    "category_id":"SMS00UNA"},{"role_id":"SMS0002R",
    "category_id":"SMS00UNA"}]'::jsonb)), 'pending', 'alice asks for more');
SELECT is(pg_temp.said('yves', 'admin_change', jsonb_build_object('admin_id',
    pg_temp.id('ann'), 'display_name', 'Ann')), 'done',
    'ann is changed meanwhile');
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', pg_temp.last()),
    'RV412 changed_meanwhile', 'so that it has to be asked for anew');
SELECT is(pg_temp.said('alice', 'approval_decide_reject', pg_temp.last()),
    'withdrawn', 'alice takes it back');

-- Under the rights of who approves.
SELECT is(pg_temp.add('alice', 'eve', :row), 'pending', 'eve');
SELECT pg_temp.last() AS eve \gset
DO $$
DECLARE
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name, is_built_in)
        VALUES ('TST00009', 'Approver', false);
    INSERT INTO reeve.role_operation
        SELECT 'TST00009', o.object_type_id, o.bit FROM reeve.operation o
        WHERE o.object_type_id = 1000102
            OR (o.object_type_id, o.name) IN ((28, 'Read'), (28, 'Add'),
                (27, 'Read'));
    INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT admin_id, 'TST00009' FROM reeve.administrative_user
        WHERE logon_name ~ '^bob' RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_scope VALUES (a, 'SMS00ALL');
END
$$;
SELECT is(pg_temp.said('bob', 'approval_decide_approve', :'eve'),
    'RV403 not_grantable', 'nobody approves of what one could not give');
SELECT is(pg_temp.id('eve'), NULL, 'eve is not there');
SELECT is(pg_temp.said('bob', 'approval_decide_reject', :'eve'), 'rejected',
    'but may say no');
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', :'eve'),
    'RV409 decided_already', 'which stands');

-- To the approver's own good.
SELECT is(pg_temp.said('alice', 'admin_change', jsonb_build_object('admin_id',
    pg_temp.id('zoe'), 'add_role', '{"role_id":"SMS0009R"}'::jsonb)),
    'pending', 'alice asks for something for zoe');
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', pg_temp.last()),
    'RV403 self_gain', 'of which zoe cannot approve');
SELECT is(pg_temp.said('yves', 'approval_decide_approve', pg_temp.last()),
    'approved', 'but yves can');

-- Too late, and by whom is gone.
SELECT is(pg_temp.add('alice', 'late', :row), 'pending', 'a request');
UPDATE approval SET requested_at = requested_at - interval '8 days',
    expires_at = expires_at - interval '8 days'
    WHERE approval_id = (pg_temp.last() ->> 'approval_id')::bigint;
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', pg_temp.last()),
    'RV409 approval_expired', 'that has expired');
SELECT is((SELECT state FROM list_rve_approval
    WHERE key = pg_temp.last() ->> 'approval_id'), 'expired', 'is shown so');
SELECT is(pg_temp.add('yves', 'orphan', :row), 'pending', 'one of yves');
SELECT is(pg_temp.said('zoe', 'admin_delete', jsonb_build_object('admin_id',
    pg_temp.id('yves'))), 'done', 'who is removed, which waits for nobody');
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', pg_temp.last()),
    'RV409 requester_gone', 'nobody approves of what that one asked for');

-- The setting itself.
SELECT is(pg_temp.said('alice', 'approval_setting_change',
    '{"required":false}'), 'pending', 'to end the asking waits, too');
SELECT ok((SELECT is_required FROM approval_setting), 'so that it goes on');
SELECT is(pg_temp.said('zoe', 'approval_decide_approve', pg_temp.last()),
    'approved', 'until a second one approves');
SELECT is(pg_temp.add('alice', 'free', :row), 'done', 'then nothing waits');
SELECT is((SELECT body ->> 'Request' FROM list_rve_approval LIMIT 1), NULL,
    'what was asked for is shown to who may Approve alone');

SELECT * FROM finish();
ROLLBACK;
