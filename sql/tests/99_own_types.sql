-- Own types of configuration items and policies in questions: Create, Modify
-- and Delete of one need Author Policy of that type besides.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

-- ines has items alone; paul profiles too, by the same role; ann by two roles;
-- vera's needs a certificate; bert is blind: he cannot read profiles; gina's
-- come by way of a group; sven's with a security operation.
DO $$
DECLARE
    g record;
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name) VALUES
        ('RVE0F0B1', 'Items'), ('RVE0F0B2', 'Items and profiles'),
        ('RVE0F0B3', 'Profiles'), ('RVE0F0B4', 'Profiles, unseen'),
        ('RVE0F0B5', 'Profiles by certificate'),
        ('RVE0F0B6', 'Profiles and sessions');
    INSERT INTO reeve.role_minimum (role_id, level) VALUES ('RVE0F0B5', 2);
    INSERT INTO reeve.role_operation
    SELECT r.role_id, o.object_type_id, o.bit FROM (VALUES
        ('RVE0F0B1', 11, '{Read,Create,Modify,Delete}'::text[]),
        ('RVE0F0B1', 48, '{Read,Create,Modify,Delete}'),
        ('RVE0F0B2', 11, '{Read,Create,Modify,Delete}'),
        ('RVE0F0B2', 52, '{Read,Author Policy}'),
        ('RVE0F0B3', 52, '{Read,Author Policy}'),
        ('RVE0F0B3', 56, '{Read,Author Policy}'),
        ('RVE0F0B4', 52, '{Author Policy}'),
        ('RVE0F0B5', 52, '{Read,Author Policy}'),
        ('RVE0F0B6', 52, '{Read,Author Policy}'),
        ('RVE0F0B6', 28, '{Read,Add}'))
        AS r (role_id, type, names)
    JOIN reeve.operation o ON o.object_type_id = r.type
        AND o.name = ANY (r.names);
    INSERT INTO reeve.administrative_user (admin_id, principal_id, logon_name,
        is_group)
    SELECT 40000000 + i, CASE n WHEN 'authors' THEN 'group:authors'
            ELSE 'krb5:' || n || '@LAB.TEST' END, n, n = 'authors'
    FROM unnest('{ines,paul,ann,vera,bert,gina,authors,sven}'::text[])
        WITH ORDINALITY AS u (n, i);
    FOR g IN SELECT * FROM (VALUES
        ('ines', 'RVE0F0B1'), ('paul', 'RVE0F0B2'),
        ('ann', 'RVE0F0B1'), ('ann', 'RVE0F0B3'),
        ('vera', 'RVE0F0B1'), ('vera', 'RVE0F0B5'),
        ('bert', 'RVE0F0B1'), ('bert', 'RVE0F0B4'),
        ('gina', 'RVE0F0B1'), ('authors', 'RVE0F0B3'),
        ('sven', 'RVE0F0B1'), ('sven', 'RVE0F0B6')) AS x (who, role)
    LOOP
        INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT admin_id, g.role FROM reeve.administrative_user
        WHERE logon_name = g.who
        RETURNING assignment_id INTO a;
        INSERT INTO reeve.assignment_scope VALUES (a, 'SMS00UNA');
    END LOOP;
    INSERT INTO reeve.secured_object (object_type_id, object_key, name,
        properties) VALUES
        (11, 'own/plain', 'Plain', '{}'),
        (11, 'own/profile', 'Profile', '{"OwnObjectTypeID":52}'),
        (11, 'own/other', 'Other', '{"OwnObjectTypeID":59}'),
        (48, 'own/wifi', 'Wi-Fi', '{"OwnObjectTypeID":56}'),
        -- No own type of a configuration item.
        (11, 'own/wrong', 'Wrong', '{"OwnObjectTypeID":56}'),
        -- JSON has many ways to write a number.
        (11, 'own/ways', 'Ways', '{"OwnObjectTypeID":5.90e1}');
    INSERT INTO reeve.object_scope (object_type_id, object_key, scope_id)
    SELECT object_type_id, object_key, 'SMS00UNA' FROM reeve.secured_object
    WHERE object_key LIKE 'own/%';
END
$$;

CREATE FUNCTION pg_temp.ids(who text) RETURNS text[] LANGUAGE sql AS $$
    SELECT CASE WHEN who = 'gina' THEN ARRAY['krb5:gina@LAB.TEST',
        'group:authors'] ELSE ARRAY['krb5:' || who || '@LAB.TEST'] END
$$;
CREATE FUNCTION pg_temp.asked(who text, op text, key text, type text,
    level integer, known boolean) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', v.reason, nullif(array_to_string(v.missing, ','), ''),
        'of', v.object_type_id, nullif(v.level_needed, 0))
    FROM allowed(pg_temp.ids(who), 1, known, level, false, now(), type, op,
        key) v
$$;
SELECT is(pg_temp.asked(who, op, key, 'SMS_ConfigurationItem', level, known),
    answer, what)
FROM (VALUES
    ('ines', 'Modify', 'own/plain', 1, true, 'allowed of 11',
        'what is of no type of its own asks for nothing'),
    ('ines', 'Modify', 'own/wrong', 1, true, 'allowed of 11',
        'nor a number that means none'),
    ('ines', 'Read', 'own/profile', 1, true, 'allowed of 11',
        'nor who reads'),
    ('ines', 'Create', NULL, 1, true, 'allowed of 11',
        'nor who makes something, before it is said what'),
    ('ines', 'Modify', 'own/profile', 1, true,
        'not_permitted operation,read of 52', 'Modify does'),
    ('ines', 'Delete', 'own/profile', 1, true,
        'not_permitted operation,read of 52', 'and Delete'),
    ('ines', 'Create', 'own/profile', 1, true,
        'not_permitted operation,read of 52', 'and Create that names one'),
    ('paul', 'Modify', 'own/profile', 1, true, 'allowed of 11',
        'who is an author is allowed'),
    ('paul', 'Modify', 'own/other', 1, true,
        'not_permitted operation,read of 59', 'of that type only'),
    ('ann', 'Modify', 'own/profile', 1, true, 'allowed of 11',
        'whichever assignment says so'),
    ('bert', 'Modify', 'own/profile', 1, true, 'not_permitted read of 52',
        'Author Policy needs Read as ever'),
    ('vera', 'Modify', 'own/profile', 1, true,
        'not_permitted operation,level,read of 52 2', 'and its level'),
    ('vera', 'Modify', 'own/profile', 2, true, 'allowed of 11',
        'which is reached'),
    ('gina', 'Modify', 'own/profile', 1, true, 'allowed of 11',
        'a group may have it'),
    ('gina', 'Modify', 'own/profile', 1, false, 'groups_unknown of 52',
        'if it is known'),
    ('gina', 'Modify', 'own/plain', 1, false, 'allowed of 11',
        'where it is asked for'),
    ('ines', 'Modify', 'own/none', 1, true, 'no_such_object of 11',
        'what there is not is not there'))
    AS t (who, op, key, level, known, answer, what);
SELECT is(pg_temp.asked(who, 'Modify', 'own/wifi', 'SMS_ConfigurationPolicy',
    1, true), answer, 'a policy: ' || who)
FROM (VALUES ('ines', 'not_permitted operation,read of 56'),
    ('ann', 'allowed of 48')) AS t (who, answer);
SELECT is((SELECT array_agg(v.assignments) FROM allowed(pg_temp.ids('ann'), 1,
        true, 1, false, now(), '11', 'Modify', 'own/profile') v),
    (SELECT array_agg(ARRAY[a.assignment_id]) FROM assignment a
        JOIN administrative_user u USING (admin_id)
        WHERE u.logon_name = 'ann' AND a.role_id = 'RVE0F0B1'),
    'those that suffice are those of the question itself');

SELECT is((SELECT concat_ws(' ', v.reason, array_to_string(v.missing, ','),
        'of', v.object_type_id, v.bit, v.level_needed)
    FROM allowed(pg_temp.ids('sven'), 1, true, 3, delegated, now(), '11',
        'Modify', 'own/profile') v), answer, what)
FROM (VALUES (false, 'allowed  of 11 1 0', 'an author oneself'),
    (true, 'not_permitted operation,level,read of 52 20 0',
        'is none on behalf of somebody: no level helps'))
    AS t (delegated, answer, what);
SELECT is((allowed('{krb5:nobody@LAB.TEST}', 1, true, 1, false, now(), '11',
    'Modify', 'own/profile')).object_type_id, 11,
    'what lacks the operation itself is told of that');

-- Explained -------------------------------------------------------------------

CREATE FUNCTION pg_temp.explained(who text, key text) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(a.role_id || ':' || array_to_string(e.failed, ','), ' '
        ORDER BY a.role_id)
    FROM explain(pg_temp.ids(who), 1, true, 1, false, now(), '11', 'Modify',
        key) e
    JOIN assignment a USING (assignment_id)
$$;
SELECT is(pg_temp.explained(who, key), answer, what)
FROM (VALUES
    ('ines', 'own/plain', 'RVE0F0B1:', 'the assignment that suffices'),
    ('ines', 'own/profile', 'RVE0F0B1:operation,read',
        'what lacks of Author Policy'),
    ('bert', 'own/profile', 'RVE0F0B1:operation,read RVE0F0B4:read',
        'of each assignment'),
    ('ann', 'own/profile', 'RVE0F0B1: RVE0F0B3:operation',
        'of the question itself where it is allowed'),
    ('ann', 'own/other', 'RVE0F0B1:operation,read RVE0F0B3:operation,read',
        'or where both lack'),
    ('ann', 'own/none', NULL, 'and none of what there is not'))
    AS t (who, key, answer, what);

-- Halves ----------------------------------------------------------------------

CREATE FUNCTION pg_temp.refers(who text, key text) RETURNS text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', v.decision, v.halves -> 0 -> 'missing')
    FROM allowed_pair(pg_temp.ids(who), 1, true, 1, false, now(), 'refer',
        jsonb_build_object('object', jsonb_build_object('type', '11', 'key',
            key), 'other', '{"type":"11","key":"own/plain"}'::jsonb), NULL) v
$$;
SELECT is(pg_temp.refers(who, key), answer, concat_ws(' ', who, key))
FROM (VALUES ('ines', 'own/plain', 't []'), ('ann', 'own/profile', 't []'),
    ('ines', 'own/profile', 'f ["read"]'),
    ('ines', 'own/other', 'f ["read"]')) AS t (who, key, answer);

-- Lists -----------------------------------------------------------------------

CREATE FUNCTION pg_temp.listed(who text, op text, type text DEFAULT '11',
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substr(k, 5), ' ' ORDER BY k)
    FROM allowed_objects(pg_temp.ids(who), 1, known, 1, false, now(), type, op)
        AS k
    WHERE k LIKE 'own/%'
$$;
SELECT is(pg_temp.listed(who, op, type), answer, concat_ws(' ', who, op, type))
FROM (VALUES
    ('ines', 'Read', '11', 'other plain profile ways wrong'),
    ('ines', 'Modify', '11', 'plain wrong'),
    ('ines', 'Delete', '11', 'plain wrong'),
    ('ines', 'Create', '11', 'plain wrong'),
    ('paul', 'Modify', '11', 'plain profile wrong'),
    ('ann', 'Modify', '11', 'plain profile wrong'),
    ('bert', 'Modify', '11', 'plain wrong'),
    ('vera', 'Modify', '11', 'plain wrong'),
    ('gina', 'Modify', '11', 'plain profile wrong'),
    ('ines', 'Read', '48', 'wifi'), ('ines', 'Modify', '48', NULL),
    ('ann', 'Modify', '48', 'wifi')) AS t (who, op, type, answer);
SELECT is_empty($$
    SELECT k.key FROM unnest('{ines,paul,ann,bert,vera,gina,sven}'::text[]) w,
        unnest('{Read,Create,Modify,Delete}'::text[]) op,
        (VALUES (11), (48)) t (id),
        LATERAL (SELECT o.object_key AS key FROM secured_object o
            WHERE o.object_type_id = t.id) k
    WHERE (SELECT v.decision FROM allowed(pg_temp.ids(w), 1, true, 1, false,
            now(), t.id::text, op, k.key) v)
        <> (k.key IN (SELECT * FROM allowed_objects(pg_temp.ids(w), 1, true,
            1, false, now(), t.id::text, op)))
$$, 'lists and decisions say the same');
SELECT is((SELECT count(*) FROM allowed_objects(pg_temp.ids('ines'), 1, true,
        1, false, now(), '11', 'Modify')),
    (SELECT c.n FROM count_objects(pg_temp.ids('ines'), 1, true, 1, false,
        now(), '11', 'Modify') c), 'as many as are counted');
SELECT is((SELECT c.universe - c.n FROM count_objects(pg_temp.ids(who), 1,
        true, level, false, now(), '11', 'Modify') c)
    - (SELECT c.universe - c.n FROM count_objects(pg_temp.ids(who), 1, true,
        level, false, now(), '11', 'Read') c), n,
    format('%s at level %s changes %s fewer than are read', who, level, n))
FROM (VALUES ('ines', 1, 3::bigint), ('paul', 1, 2), ('vera', 1, 3),
    ('vera', 2, 2)) AS t (who, level, n);
SELECT throws_ok($$SELECT pg_temp.listed('gina', 'Modify', '11', false)$$,
    'RV503', NULL, 'with a group that is not known there is no list');

-- Who may ---------------------------------------------------------------------

SELECT is((SELECT string_agg(u.logon_name || ':' || w.required_level, ' '
        ORDER BY u.logon_name)
    FROM who_may(now(), '11', 'Modify', key) w
    JOIN administrative_user u USING (admin_id)
    WHERE w.admin_id >= 40000000), answer, 'who may change ' || key)
FROM (VALUES
    ('own/plain', 'ann:0 bert:0 gina:0 ines:0 paul:0 sven:0 vera:0'),
    ('own/profile', 'ann:0 paul:0 sven:0 vera:2'),
    ('own/other', NULL)) AS t (key, answer);

-- Writes ----------------------------------------------------------------------

CREATE FUNCTION pg_temp.changed(who text, op text, name text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    about text;
BEGIN
    PERFORM * FROM reeve.change_site(jsonb_build_object('principal',
        who || '@LAB.TEST', 'ids', to_jsonb(pg_temp.ids(who)), 'own', 1,
        'groups_known', true, 'level', 1, 'delegated', false),
        jsonb_build_array(jsonb_build_object('op', op, 'args',
            jsonb_build_object('type', 11, 'key', (SELECT o.properties
                    ->> 'CI_ID' FROM secured_object o WHERE o.name = $3),
                'properties', jsonb_build_object('Level', who)))), NULL,
        jsonb_build_object('body_sha256', repeat('a', 64)));
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS about = PG_EXCEPTION_DETAIL;
    RETURN coalesce(nullif(about, ''), to_json(SQLERRM)::text)::jsonb;
END
$$;
-- It is deployed, and only who could delete it is told so.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.secured_object o SET properties = o.properties
        || '{"CI_ID":77000001}' WHERE o.name = 'Profile';
    INSERT INTO reeve.deployment (deployment_id, object_type_id,
        deployment_key, name, content_type_id, content_key, collection_id,
        is_required, starts_at, created_by, created_at, modified_by,
        modified_at)
    VALUES (77000002, 200, '77000002', 'Here', 11, 'own/profile', 'SMS00001',
        false, now(), 'ann', now(), 'ann', now());
END
$$;
SELECT is(pg_temp.changed(who, op, 'Profile') #- '{objects}', answer::jsonb,
    format('%s: %s', who, op))
FROM (VALUES
    ('ines', 'object_change', '{"reason":"not_permitted","missing":{"type":'
        '"SMS_UserStateManagementSettings","operation":"Author Policy",'
        '"conditions":["operation","read"]}}'),
    ('ines', 'object_delete', '{"reason":"not_permitted","missing":{"type":'
        '"SMS_UserStateManagementSettings","operation":"Author Policy",'
        '"conditions":["operation","read"]}}'),
    ('ann', 'object_delete', '{"reason":"is_deployed"}'),
    ('ann', 'object_change', NULL)) AS t (who, op, answer);
SELECT is((SELECT a.assignments FROM admin_audit a
        ORDER BY a.revision DESC, a.ordinal DESC LIMIT 1),
    (SELECT array_agg(a.assignment_id ORDER BY a.assignment_id)
        FROM assignment a JOIN administrative_user u USING (admin_id)
        WHERE u.logon_name = 'ann'),
    'the audit has what gave the operation, and what gave Author Policy');

-- The feed --------------------------------------------------------------------

SELECT set_eq($$SELECT object_key, own_type_id FROM feed_object
    WHERE object_key LIKE 'own/%'$$, $$VALUES ('own/plain', 0),
    ('own/profile', 52), ('own/other', 59), ('own/wifi', 56),
    ('own/wrong', 0), ('own/ways', 59)$$, 'providers are told of what type each is');

SELECT * FROM finish();
ROLLBACK;
