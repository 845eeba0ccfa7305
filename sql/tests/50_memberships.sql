-- Writes of scope memberships: who may put what where, and what is refused
-- with which code, sentence and JSON.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.actor(name text, more jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('principal', name || '@LAB.TEST', 'ids',
        jsonb_build_array('krb5:' || name || '@LAB.TEST'), 'own', 1,
        'groups_known', true, 'level', 1, 'delegated', false,
        'session', 'test') || more
$$;
-- 'scope type name' with names of objects, several with commas between.
CREATE FUNCTION pg_temp.items(wanted text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('category_id', p[1],
        'object_type_id', p[2]::integer, 'object_key', coalesce(
            (SELECT object_key FROM reeve.secured_object
             WHERE object_type_id = p[2]::integer AND name = p[3]), p[3])))
    FROM regexp_split_to_table(wanted, ', ') AS w,
        LATERAL (SELECT regexp_match(w, '^(\S+) (\S+) (.*)$') AS p) x
$$;
-- What comes of it: "changed N", or code and reason, operation, conditions.
CREATE FUNCTION pg_temp.outcome(adding boolean, actor jsonb, items jsonb)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    about text;
    d jsonb;
BEGIN
    EXECUTE format('SELECT ''changed '' || changed FROM'
        ' reeve.scope_membership_%s($1, $2, NULL, ''{}'')',
        CASE WHEN adding THEN 'add' ELSE 'remove' END)
    INTO STRICT result USING actor, items;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    IF SQLSTATE NOT LIKE 'RV4%' AND SQLSTATE NOT LIKE 'RV5%' THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
    END IF;
    d := about;
    RETURN concat_ws(' ', SQLSTATE, d ->> 'reason',
        '(' || (d #>> '{missing,operation}') || ')',
        (SELECT string_agg(c, '+') FROM jsonb_array_elements_text(
            d #> '{missing,conditions}') AS c));
END
$$;
-- Each is tried on the sample site as it is, and undone.
CREATE FUNCTION pg_temp.try(adding boolean, actor jsonb, items jsonb)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    BEGIN
        result := pg_temp.outcome(adding, actor, items);
        RAISE SQLSTATE 'ZZ001';
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        RETURN result;
    END;
END
$$;

DO $$
BEGIN
    PERFORM reeve.take_revision();
    SET LOCAL search_path = reeve, public;
    -- pat: Application Author in RVE00010 and RVE00011, by one assignment.
    -- split: the same scopes, but Set Security Scope and Read come from one
    -- assignment in both, Modify from another in RVE00011 alone.
    -- strong: the same, with Modify in a role that needs hello.
    INSERT INTO security_role (role_id, name) VALUES
        ('RVE00060', 'Scope setter'), ('RVE00061', 'Modifier'),
        ('RVE00062', 'Strong modifier');
    INSERT INTO role_operation VALUES ('RVE00060', 31, 0),
        ('RVE00060', 31, 4), ('RVE00061', 31, 0), ('RVE00061', 31, 1),
        ('RVE00062', 31, 0), ('RVE00062', 31, 1);
    INSERT INTO role_minimum VALUES ('RVE00062', 3);
    INSERT INTO administrative_user (principal_id, logon_name, is_group)
    SELECT 'krb5:' || n || '@LAB.TEST', n, false
    FROM unnest(ARRAY['pat', 'split', 'strong', 'setter']) AS n;
    INSERT INTO assignment (assignment_id, admin_id, role_id)
    SELECT x.id, u.admin_id, x.role
    FROM (VALUES (2001, 'pat', 'SMS0008R'), (2002, 'split', 'RVE00060'),
        (2003, 'split', 'RVE00061'), (2004, 'strong', 'RVE00060'),
        (2005, 'strong', 'RVE00062'), (2006, 'setter', 'RVE00060'))
        AS x (id, n, role)
    JOIN administrative_user u ON u.logon_name = x.n;
    INSERT INTO assignment_scope VALUES (2001, 'RVE00010'),
        (2001, 'RVE00011'), (2002, 'RVE00010'), (2002, 'RVE00011'),
        (2003, 'RVE00011'), (2004, 'RVE00010'), (2004, 'RVE00011'),
        (2005, 'RVE00011'), (2006, 'RVE00010'), (2006, 'RVE00011');
END
$$;

SELECT is(pg_temp.try(what = 'add', pg_temp.actor(who), pg_temp.items(items)),
    answer, concat_ws(' ', who, what, items, '->', answer))
FROM (VALUES
    ('alice', 'add', 'RVE00011 31 Contoso Ledger', 'changed 1'),
    ('alice', 'add', 'RVE00010 31 Contoso Ledger', 'changed 0'),
    ('alice', 'add', 'RVE00011 31 Contoso Ledger, RVE00012 31 Contoso Ledger, RVE00011 2 Finance Macros', 'changed 3'),
    ('alice', 'add', 'RVE00011 31 Contoso Ledger, RVE00011 31 Contoso Ledger', 'changed 1'),
    ('alice', 'remove', 'RVE00010 31 Remote Access Client', 'changed 1'),
    ('alice', 'remove', 'RVE00012 31 Remote Access Client', 'changed 0'),
    -- the last scope
    ('alice', 'remove', 'RVE00010 31 Contoso Ledger', 'RV409 last_scope'),
    ('alice', 'remove', 'RVE00010 31 Remote Access Client, RVE00011 31 Remote Access Client', 'RV409 last_scope'),
    -- malformed
    ('alice', 'add', 'SMS00ALL 31 Contoso Ledger', 'RV400 scope_all'),
    ('alice', 'add', 'RVE00FFF 31 Contoso Ledger', 'RV400 unknown_category'),
    ('alice', 'add', 'RVE00011 9999 Contoso Ledger', 'RV400 unknown_type'),
    ('alice', 'add', 'RVE00011 45 1', 'RV400 unknown_operation'),
    ('alice', 'add', 'RVE00011 1 RVE00014', 'RV400 unknown_operation'),
    ('alice', 'add', 'RVE00011 38 0', 'RV400 op_not_applicable'),
    -- hidden and missing look the same
    ('bob', 'add', 'RVE00010 31 Kiosk Shell', 'RV404 no_such_object'),
    ('bob', 'add', 'RVE00010 31 none', 'RV404 no_such_object'),
    ('bob', 'remove', 'RVE00011 31 Kiosk Shell', 'RV404 no_such_object'),
    ('mallory', 'add', 'RVE00010 31 Contoso Ledger', 'RV404 no_such_object'),
    ('alice', 'add', 'RVE00010 31 none', 'RV404 no_such_object'),
    -- Set Security Scope on the object
    ('ivan', 'add', 'RVE00010 31 Contoso Ledger', 'RV404 no_such_object'),
    ('grace', 'add', 'RVE00012 31 Contoso Ledger', 'RV403 not_permitted (Set Security Scope) operation+scope+time'),
    -- and in a permission of the scope
    ('bob', 'add', 'RVE00011 31 Contoso Ledger', 'RV403 not_permitted (Set Security Scope) scope'),
    ('bob', 'remove', 'RVE00011 31 Remote Access Client', 'RV403 not_permitted (Set Security Scope) scope'),
    ('bob', 'remove', 'RVE00010 31 Remote Access Client', 'changed 1'),
    ('bob', 'remove', 'RVE00010 31 Contoso Ledger', 'RV409 last_scope'),
    -- all or none
    ('bob', 'remove', 'RVE00010 31 Remote Access Client, RVE00010 31 Contoso Ledger', 'RV409 last_scope'),
    ('bob', 'add', 'RVE00010 31 Remote Access Client, RVE00011 31 Contoso Ledger', 'RV403 not_permitted (Set Security Scope) scope'),
    -- self-gain: one and the same assignment
    ('pat', 'add', 'RVE00011 31 Contoso Ledger', 'changed 1'),
    ('setter', 'add', 'RVE00011 31 Contoso Ledger', 'changed 1'),
    ('split', 'add', 'RVE00011 31 Contoso Ledger', 'RV403 self_gain (Modify) scope'),
    ('split', 'add', 'RVE00010 31 Kiosk Shell', 'changed 1'),
    ('split', 'remove', 'RVE00011 31 Remote Access Client', 'changed 1'),
    ('strong', 'add', 'RVE00011 31 Contoso Ledger', 'RV403 self_gain (Modify) scope'),
    ('strong', 'add', 'RVE00010 31 Kiosk Shell', 'changed 1'),
    -- frank's two roles over everything
    ('frank', 'add', 'RVE00011 31 Contoso Ledger', 'changed 1'))
    AS t (who, what, items, answer);

-- The caller and the request.
SELECT is(pg_temp.try(true, pg_temp.actor('alice', more),
    pg_temp.items('RVE00011 31 Contoso Ledger')), answer,
    format('caller with %s -> %s', more, answer))
FROM (VALUES
    ('{"level": 0}'::jsonb, 'RV403 level_too_low level'),
    ('{"level": 4}', 'RV400 malformed_actor'),
    ('{"level": "1"}', 'RV400 malformed_actor'),
    ('{"level": null}', 'RV400 malformed_actor'),
    ('{"ids": []}', 'RV400 malformed_actor'),
    ('{"ids": [1]}', 'RV400 malformed_actor'),
    ('{"own": 2}', 'RV400 malformed_actor'),
    ('{"own": 0}', 'RV400 malformed_actor'),
    ('{"own": 0.5}', 'RV400 malformed_actor'),
    ('{"groups_known": null}', 'RV400 malformed_actor'),
    ('{"delegated": "no"}', 'RV400 malformed_actor'),
    ('{"principal": null}', 'RV400 malformed_actor'),
    ('{"delegated": true}', 'RV404 no_such_object'),
    ('{"groups_known": false}', 'changed 1'),
    ('{"ids": ["krb5:nobody@LAB.TEST", "krb5:alice@LAB.TEST"],
       "groups_known": false}', 'RV503 groups_unknown'))
    AS t (more, answer);
SELECT is(pg_temp.try(true, pg_temp.actor('pat', '{"groups_known": false}'),
    pg_temp.items('RVE00011 31 Contoso Ledger')), 'changed 1',
    'unknown groups add nothing to who may do everything already');
SELECT is(pg_temp.try(true, pg_temp.actor('setter', '{"groups_known": false}'),
    pg_temp.items('RVE00011 31 Contoso Ledger')), 'RV503 groups_unknown',
    'unknown groups could gain what is not seen');
SELECT is(pg_temp.try(true, pg_temp.actor('bob', '{"groups_known": false}'),
    pg_temp.items('RVE00010 31 none')), 'RV503 groups_unknown',
    'with unknown groups a missing object is not 404');
SELECT is(pg_temp.try(true, pg_temp.actor('alice'), items),
    'RV400 malformed_items', format('items %s', left(items::text, 40)))
FROM (VALUES ('[]'::jsonb), ('{}'), ('null'), ('[1]'), ('[{}]'),
    ('[{"category_id":"RVE00011","object_type_id":"31","object_key":"x"}]'),
    ('[{"category_id":"RVE00011","object_type_id":31.5,"object_key":"x"}]'),
    ('[{"category_id":"RVE00011","object_type_id":-31,"object_key":"x"}]'),
    ('[{"category_id":"RVE00011","object_type_id":99999999999,"object_key":"x"}]'),
    ('[{"category_id":null,"object_type_id":31,"object_key":"x"}]'),
    ((SELECT jsonb_agg('{"category_id":"RVE00011","object_type_id":31,"object_key":"x"}'::jsonb)
      FROM generate_series(1, 1001)))) AS t (items);

-- Decided on the rows as they are now: a right that was taken away since.
UPDATE reeve.assignment SET valid_until = date_trunc('milliseconds', now())
WHERE role_id = 'SMS0008R';
SELECT is(pg_temp.try(false, pg_temp.actor('bob'),
    pg_temp.items('RVE00010 31 Remote Access Client')),
    'RV404 no_such_object', 'a right that ended is none');

-- What the last scope's refusal lists.
CREATE FUNCTION pg_temp.detail(actor jsonb, items jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    about text;
BEGIN
    PERFORM reeve.scope_membership_remove(actor, items, NULL, '{}');
    RETURN NULL;
EXCEPTION WHEN SQLSTATE 'RV409' THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    RETURN about;
END
$$;
SELECT is(pg_temp.detail(pg_temp.actor('alice'), pg_temp.items(
    'RVE00010 2 Finance Macros, RVE00011 2 Kiosk Media, RVE00011 2 BIOS Updates')),
    '{"reason": "last_scope", "objects": [
        {"category_id": "RVE00010", "object_type_id": 2, "object_key": "RVE00021"},
        {"category_id": "RVE00011", "object_type_id": 2, "object_key": "RVE00025"}]}',
    'the objects that would be in no scope, and only those');

-- site_init and orphans.
SELECT throws_ok($$SELECT * FROM reeve.site_init('krb5:eve@LAB.TEST', NULL,
    'test')$$, 'RV409', NULL, 'a site has one first administrator');
SELECT is((SELECT changed FROM reeve.account_mark_orphaned(
    'krb5:alice@LAB.TEST', '20000000-0000-4000-8000-000000000001', '{}')), 0,
    'the same account is no orphan');
SELECT is((SELECT changed FROM reeve.account_mark_orphaned(
    'krb5:alice@LAB.TEST', NULL, '{}')), 0, 'an unknown account shows nothing');
SELECT is((SELECT changed FROM reeve.account_mark_orphaned(
    'krb5:nobody@LAB.TEST', 'x', '{}')), 0, 'nor does an unknown principal');
SELECT is((SELECT changed FROM reeve.account_mark_orphaned(
    'krb5:alice@LAB.TEST', '20000000-0000-4000-8000-0000000000FF', '{}')), 1,
    'another account under the name orphans the administrative user');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE',
    'even the last full administrator');
SET CONSTRAINTS ALL DEFERRED;
SELECT is_empty('SELECT * FROM reeve.full_administrator',
    'the site has none now');
SELECT is(pg_temp.try(true, pg_temp.actor('alice'),
    pg_temp.items('RVE00011 31 Contoso Ledger')), 'RV404 no_such_object',
    'an orphan may nothing');
SELECT throws_ok($$SELECT * FROM reeve.site_init('krb5:alice@LAB.TEST', NULL,
    'test')$$, 'RV409', NULL, 'nor does it come back by its name');
SELECT throws_ok($$SELECT * FROM reeve.site_init('alice', NULL, 'test')$$,
    'RV400', NULL, 'a name without a realm is refused');
CREATE TEMPORARY TABLE first AS
    SELECT * FROM reeve.site_init('krb5:eve@LAB.TEST',
        '20000000-0000-4000-8000-0000000000EE', 'test');
SELECT is((SELECT admin_id FROM first),
    (SELECT admin_id FROM reeve.full_administrator),
    'a site without one gets one');
SELECT results_eq($$SELECT category_type_id, category_id
    FROM reeve.permissions_of('{krb5:eve@LAB.TEST}', 1, true, 1, false,
        clock_timestamp()) ORDER BY 2$$,
    $$VALUES (1, 'SMS00001'), (1, 'SMS00004'), (29, 'SMS00ALL')$$,
    'with the three rows');
SELECT is((SELECT message_id FROM reeve.admin_audit ORDER BY revision DESC
    LIMIT 1), 31240, 'audited as 31240');

SELECT * FROM finish();
ROLLBACK;
