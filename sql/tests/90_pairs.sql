-- Operations on more than one thing: the readable cases of
-- tests/decisions/pairs.cases, asked of the functions here, and what they
-- leave out.  Run from the top of the tree, where that folder lies.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

CREATE TEMPORARY TABLE policy_line (n serial, line text);
CREATE TEMPORARY TABLE case_line (n serial, line text);
\copy policy_line (line) FROM 'tests/decisions/catalogue.types' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
\copy policy_line (line) FROM 'tests/decisions/pairs.policy' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
\copy case_line (line) FROM 'tests/decisions/pairs.cases' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')

-- On the sample site first ----------------------------------------------------

SET LOCAL search_path = reeve, public;
CREATE FUNCTION pg_temp.ask(who text, operation text, question jsonb,
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', reason, 'at ' || unsound, (SELECT string_agg(
            (h ->> 'half') || ':' || (h ->> 'missing'), ' ')
        FROM jsonb_array_elements(halves) h WHERE h ->> 'missing' <> '[]'))
    FROM allowed_pair(ARRAY['krb5:' || who || '@LAB.TEST'], 1, known, 1,
        false, now(), operation, question)
$$;
SELECT is(pg_temp.ask(who, operation, question), answer,
    format('%s: %s %s', who, operation, question))
FROM (VALUES
    ('alice', 'deploy', '{"object":{"type":"SMS_Package","key":"RVE00020"},
        "collection":"RVE0001C"}'::jsonb, 'allowed'),
    ('alice', 'deploy', '{"object":{"type":"SMS_Package","key":"none"},
        "collection":"RVE0001C"}', 'no_such_object at 2'),
    ('alice', 'deploy', '{"object":{"type":"SMS_Package","key":"none"},
        "collection":"none"}', 'no_such_object at 1'),
    ('alice', 'deploy', '{"object":{"type":"SMS_None","key":"none"},
        "collection":"RVE0001C"}', 'unknown_type at 1'),
    ('alice', 'deploy', '{"object":{"type":"SMS_Site","key":"RVE"},
        "collection":"RVE0001C"}', 'op_not_applicable at 1'),
    ('alice', 'deploy', '{}', 'unknown_type at 1'),
    ('alice', 'nonsense', '{}', 'unknown_operation'),
    ('alice', 'change-folder', '{"object":{"type":"SMS_R_System"},
        "from":"none"}', 'op_not_applicable at 2'),
    ('alice', 'change-limiting', '{"collection":"RVE00017",
        "limiting":"RVE00016"}', 'allowed'),
    ('alice', 'change-limiting', '{"collection":"SMS00001",
        "limiting":"RVE00016"}', 'not_permitted 1:["collection"]'),
    ('carol', 'write-rule', '{"collection":"RVE00017","named":["RVE00016"],
        "inventory":true,"limiting":"RVE00015",
        "direct":[{"type":"SMS_R_System","key":"16777417"}]}',
        'not_permitted 1:["operation"] 2:["collection"] 4:["collection"]'),
    ('mallory', 'move', '{"object":{"type":"SMS_Package","key":"RVE00020"}}',
        'no_assignment')) AS t (who, operation, question, answer);
SELECT is(pg_temp.ask('bob', 'move',
    '{"object":{"type":"SMS_Package","key":"none"}}', false),
    'groups_unknown', 'with unknown groups a missing object is not told');
SELECT is(pg_temp.ask('bob', 'move',
    '{"object":{"type":"SMS_None","key":"none"}}', false),
    'unknown_type at 1', 'what no groups could mend is');
SELECT results_eq($$SELECT half, failed FROM explain_pair(
    '{krb5:carol@LAB.TEST}', 1, true, 1, false, now(), 'create-collection',
    '{"limiting":"RVE00015"}')$$,
    $$VALUES (1, '{operation}'::text[]), (2, '{}')$$,
    'explain_pair() shows each assignment and half');
SELECT is_empty($$SELECT * FROM explain_pair('{krb5:carol@LAB.TEST}', 1,
    true, 1, false, now(), 'create-collection', '{"limiting":"none"}')$$,
    'and nothing where a half is unsound');
SELECT throws_ok($$SELECT * FROM allowed_pair('{krb5:carol@LAB.TEST}', 1,
    true, NULL, false, now(), 'create-collection', '{"limiting":"RVE00015"}')
    $$, '22004', NULL, 'an unknown level is an error');

-- Pairing by user is each half asked alone; pairing by assignment gives less.
CREATE TEMPORARY TABLE pair_asked (operation text, question jsonb,
    type1 text, op1 text, key1 text, type2 text, op2 text, key2 text);
INSERT INTO pair_asked
SELECT 'deploy', jsonb_build_object('object', jsonb_build_object('type',
    o.object_type_id::text, 'key', o.object_key), 'collection',
    c.collection_id), '1', n.name, c.collection_id, o.object_type_id::text,
    'Read', o.object_key
FROM secured_object o JOIN deploy_operation d USING (object_type_id)
JOIN operation n ON n.object_type_id = 1 AND n.bit = d.bit,
    collection c
WHERE c.collection_id IN ('RVE00016', 'RVE00018', 'RVE00019', 'RVE0001D')
    AND o.object_type_id IN (2, 20)
UNION ALL
SELECT 'refer', jsonb_build_object('object', jsonb_build_object('type', '20',
    'key', x.object_key), 'other', jsonb_build_object('type', '2', 'key',
    y.object_key)), '20', 'Modify', x.object_key, '2', 'Read', y.object_key
FROM secured_object x, secured_object y
WHERE x.object_type_id = 20 AND y.object_type_id = 2
    AND x.object_key > 'RVE00034'
UNION ALL
SELECT 'change-limiting', jsonb_build_object('collection', x.collection_id,
    'limiting', y.collection_id), '1', 'Modify', x.collection_id, '1', 'Read',
    y.collection_id
FROM collection x, collection y WHERE x.collection_id LIKE 'RVE0001%'
    AND y.collection_id LIKE 'RVE0001%' AND x.collection_id < y.collection_id;
CREATE TEMPORARY TABLE pair_told AS
SELECT u.principal_id, p.*, (one.decision AND two.decision) AS apart,
    by_user.decision AS by_user, by_one.decision AS by_one,
    cardinality(by_user.assignments) AS n
FROM administrative_user u, pair_asked p,
    LATERAL allowed(ARRAY[u.principal_id], 1, true, 1, false, now(), p.type1,
        p.op1, p.key1) one,
    LATERAL allowed(ARRAY[u.principal_id], 1, true, 1, false, now(), p.type2,
        p.op2, p.key2) two,
    LATERAL allowed_pair(ARRAY[u.principal_id], 1, true, 1, false, now(),
        p.operation, p.question, 'user') by_user,
    LATERAL allowed_pair(ARRAY[u.principal_id], 1, true, 1, false, now(),
        p.operation, p.question, 'assignment') by_one
WHERE u.logon_name IN ('erin@LAB.TEST', 'grace@LAB.TEST', 'LAB\deployers');
SELECT is_empty('SELECT * FROM pair_told WHERE by_user <> apart',
    'pairing by user is each half asked alone');
SELECT is_empty('SELECT * FROM pair_told WHERE by_one AND NOT by_user',
    'pairing by assignment never gives more');
SELECT ok((SELECT count(*) FILTER (WHERE by_one) > 10
        AND count(*) FILTER (WHERE by_user AND NOT by_one) > 0
        AND count(*) FILTER (WHERE NOT by_user) > 10 FROM pair_told),
    'and now and then less');

-- The site of the cases ---------------------------------------------------------

CREATE FUNCTION pg_temp.words(line text) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(coalesce(w.m[1], w.m[2]) ORDER BY w.i), '{}')
    FROM regexp_matches(split_part(line, ' #', 1),
        '"([^"]*)"|([^\s"]+)', 'g') WITH ORDINALITY AS w (m, i)
    WHERE line !~ '^\s*#'
$$;
-- Ids of roles, scopes and collections have eight characters.
CREATE FUNCTION pg_temp.id(name text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN name ~ '^[A-Z0-9]{8}$' THEN name
        ELSE upper(left(md5(name), 8)) END
$$;
CREATE FUNCTION pg_temp.level(name text) RETURNS integer LANGUAGE sql AS $$
    SELECT array_position(ARRAY['none', 'windows', 'certificate', 'hello'],
        name) - 1
$$;
CREATE FUNCTION pg_temp.instant(ms text) RETURNS timestamptz
LANGUAGE sql AS $$
    SELECT timestamptz 'epoch' + ms::bigint * interval '1 millisecond'
$$;
-- The words behind one that stands in the line, up to the next such.
CREATE FUNCTION pg_temp.behind(w text[], word text) RETURNS text[]
LANGUAGE sql AS $$
    SELECT ARRAY(SELECT pg_temp.id(x) FROM unnest(w[p.from + 1:]) WITH
            ORDINALITY AS x (x, i)
        WHERE i < coalesce((SELECT min(n) FROM unnest(w[p.from + 1:]) WITH
                ORDINALITY AS y (y, n)
            WHERE y IN ('scopes', 'collections', 'from', 'until', 'in',
                'limited-to', 'minimum')), 1000) ORDER BY i)
    FROM (SELECT coalesce(array_position(w, word), 1000) AS from) p
$$;

CREATE FUNCTION pg_temp.read_policy(w text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    t integer := (SELECT object_type_id FROM object_type
        WHERE sdk_name = w[CASE w[1] WHEN 'grants' THEN 3 ELSE 2 END]);
BEGIN
    CASE w[1]
    WHEN 'include' THEN NULL;
    WHEN 'type' THEN
        INSERT INTO object_type (object_type_id, sdk_name, class_name,
            secured_by, display_name, provenance)
        VALUES (w[2]::integer, w[3], nullif(w[4], '-'), w[5], 'x', 'test');
    WHEN 'operation' THEN
        INSERT INTO operation VALUES (t, w[3]::integer, w[4],
            'type-wide' = ANY (w[5:]), 'security' = ANY (w[5:]), 'test');
        INSERT INTO operation_minimum SELECT t, w[3]::integer,
            pg_temp.level(w[array_position(w, 'minimum') + 1])
        WHERE 'minimum' = ANY (w);
    WHEN 'need' THEN
        INSERT INTO operation_need SELECT t, a.bit, b.bit
        FROM operation a, operation b WHERE a.object_type_id = t
            AND b.object_type_id = t AND a.name = w[3] AND b.name = w[4];
    WHEN 'class' THEN
        INSERT INTO class_operation (class_name, operation, bit, provenance)
        SELECT w[2], w[3], o.bit, 'test' FROM operation o
        WHERE o.object_type_id = 1 AND o.name = w[4];
    WHEN 'default' THEN
        INSERT INTO default_instance SELECT t, w[3], a.bit, b.bit
        FROM operation a, operation b WHERE a.object_type_id = t
            AND b.object_type_id = t AND a.name = w[4] AND b.name = w[5];
    WHEN 'deploy' THEN
        INSERT INTO deploy_operation (object_type_id, bit, provenance)
        SELECT t, o.bit, 'test' FROM operation o
        WHERE o.object_type_id = 1 AND o.name = w[3];
    WHEN 'role' THEN
        INSERT INTO security_role (role_id, name)
            VALUES (pg_temp.id(w[2]), w[2]);
        INSERT INTO role_minimum
            SELECT pg_temp.id(w[2]), pg_temp.level(w[4]) WHERE w[3] = 'minimum';
    WHEN 'grants' THEN
        INSERT INTO role_operation SELECT pg_temp.id(w[2]), t, o.bit
        FROM operation o WHERE o.object_type_id = t AND o.name = ANY (w[4:]);
    WHEN 'scope' THEN
        INSERT INTO security_scope (scope_id, name)
            SELECT pg_temp.id(s), s FROM unnest(w[2:]) AS s;
    WHEN 'collection' THEN
        INSERT INTO collection (collection_id, name, kind, limiting_id)
            VALUES (pg_temp.id(w[2]), w[2], rtrim(w[3], 's'),
                pg_temp.id(w[5]));
    WHEN 'user', 'group' THEN
        INSERT INTO administrative_user (admin_id, principal_id, logon_name,
            is_group) VALUES (w[2]::bigint, CASE w[1] WHEN 'user' THEN 'krb5:'
            ELSE 'group:' END || w[3], w[3], w[1] = 'group');
    WHEN 'assign' THEN
        INSERT INTO assignment SELECT w[2]::bigint, u.admin_id,
            pg_temp.id(w[4]), pg_temp.instant(
                w[array_position(w, 'from') + 1]),
            pg_temp.instant(w[array_position(w, 'until') + 1])
        FROM administrative_user u WHERE u.logon_name = w[3];
        INSERT INTO assignment_scope SELECT w[2]::bigint, s
            FROM unnest(pg_temp.behind(w, 'scopes')) AS s;
        INSERT INTO assignment_collection SELECT w[2]::bigint, c
            FROM unnest(pg_temp.behind(w, 'collections')) AS c;
    WHEN 'object' THEN
        INSERT INTO secured_object (object_type_id, object_key, name)
            VALUES (t, w[3], w[3]);
        INSERT INTO object_scope SELECT t, w[3], s
            FROM unnest(pg_temp.behind(w, 'in')) AS s;
    WHEN 'device' THEN
        INSERT INTO resource (resource_id, resource_type, name)
            VALUES (w[2]::bigint, 5, w[2]);
        INSERT INTO collection_member SELECT c, w[2]::bigint, 'device'
            FROM unnest(pg_temp.behind(w, 'in')) AS c;
    END CASE;
END
$$;

-- The whole site of the cases in place of the sample, catalogue and all.
DO $$
DECLARE
    t text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH t IN ARRAY ARRAY['object_type', 'operation', 'operation_need',
        'class_operation', 'default_instance', 'deploy_operation',
        'security_role', 'role_operation', 'role_minimum',
        'operation_minimum', 'security_scope', 'collection',
        'collection_rule', 'administrative_user', 'assignment',
        'assignment_scope', 'assignment_collection', 'secured_object',
        'object_scope', 'resource', 'collection_member', 'reporting_login']
    LOOP
        EXECUTE format('DELETE FROM %I', t);
    END LOOP;
    PERFORM pg_temp.read_policy(w) FROM (SELECT pg_temp.words(line) AS w, n
        FROM policy_line ORDER BY n) x WHERE w <> '{}';
END
$$;

-- The cases -----------------------------------------------------------------------

CREATE FUNCTION pg_temp.thing(type text, key text) RETURNS jsonb
LANGUAGE sql AS $$ SELECT jsonb_build_object('type', type, 'key', key) $$;
-- The word behind another, as the id of a collection.
CREATE FUNCTION pg_temp.at(w text[], word text) RETURNS text LANGUAGE sql AS $$
    SELECT w[array_position(w, word) + 1]
$$;
-- What a case asks: its words behind the name of the operation.
CREATE FUNCTION pg_temp.question(operation text, w text[]) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT jsonb_strip_nulls(CASE
    WHEN operation IN ('deploy', 'read-deployment', 'delete-deployment') THEN
        jsonb_build_object('object', pg_temp.thing(w[1], CASE WHEN w[2] <> 'on'
            THEN w[2] END), 'collection', pg_temp.id(pg_temp.at(w, 'on')))
    WHEN operation IN ('distribute', 'refer') THEN
        jsonb_build_object('object', pg_temp.thing(w[1], w[2]),
            'other', pg_temp.thing(w[4], w[5]))
    WHEN operation IN ('create-collection', 'change-limiting') THEN
        jsonb_build_object('collection', CASE WHEN w[1] <> 'to'
            THEN pg_temp.id(w[1]) END,
            'limiting', pg_temp.id(pg_temp.at(w, 'to')))
    WHEN operation = 'write-rule' THEN
        jsonb_build_object('collection', CASE WHEN w[1] <> 'new'
            THEN pg_temp.id(w[1]) END,
            'named', (SELECT jsonb_agg(pg_temp.id(c) ORDER BY i)
                FROM regexp_split_to_table(pg_temp.at(w, 'naming'), ',')
                    WITH ORDINALITY AS n (c, i)),
            'inventory', 'inventory' = ANY (w),
            'limiting', pg_temp.id(pg_temp.at(w, 'inventory')),
            'direct', (SELECT jsonb_agg(pg_temp.thing(w[i + 1], w[i + 2])
                ORDER BY i) FROM generate_subscripts(w, 1) AS i
                WHERE w[i] = 'direct'))
    WHEN operation = 'import-computer' THEN
        jsonb_build_object('object', pg_temp.thing('Site', w[1]),
            'collection', pg_temp.id(pg_temp.at(w, 'into')),
            'other', CASE WHEN 'matching' = ANY (w) THEN pg_temp.thing(
                pg_temp.at(w, 'matching'),
                w[array_position(w, 'matching') + 2]) END)
    WHEN operation = 'move' THEN
        jsonb_build_object('object', pg_temp.thing(w[1], w[2]),
            'from', pg_temp.at(w, 'from'), 'to', pg_temp.at(w, 'to'))
    WHEN operation = 'create-folder' THEN
        jsonb_build_object('object', pg_temp.thing(w[1], NULL),
            'to', pg_temp.at(w, 'in'))
    ELSE jsonb_build_object('object', pg_temp.thing(w[1], NULL),
        'from', w[2]) END)
$$;

-- What is answered, in the words of a case.
CREATE FUNCTION pg_temp.answer(ids text[], w text[], pairing text)
RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', CASE WHEN v.decision THEN 'can' ELSE 'cannot' END,
        CASE WHEN 'because' = ANY (w) THEN 'because ' || coalesce(
            CASE WHEN v.reason = 'not_permitted' THEN (
                SELECT string_agg((h ->> 'half') || ':' || c, ',' ORDER BY
                    (h ->> 'half') || ':' || c COLLATE "C")
                FROM jsonb_array_elements(v.halves) h,
                    jsonb_array_elements_text(h -> 'missing') c)
            ELSE v.reason END, '') END,
        CASE WHEN 'by' = ANY (w) THEN 'by ' || coalesce(nullif(
            array_to_string(v.assignments, ','), ''), 'none') END)
    FROM allowed_pair(ids, 1, NOT 'groups-unknown' = ANY (w),
        pg_temp.level(coalesce(pg_temp.at(w, 'level'), 'hello')),
        'delegated' = ANY (w),
        pg_temp.instant(coalesce(pg_temp.at(w, 'at'), '0')), w[3],
        pg_temp.question(w[3], w[4:]), pairing) v
$$;
CREATE FUNCTION pg_temp.expected(w text[]) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', w[1],
        'because ' || (SELECT string_agg(c, ',' ORDER BY c COLLATE "C")
            FROM regexp_split_to_table(pg_temp.at(w, 'because'), ',') AS c),
        'by ' || pg_temp.at(w, 'by'))
$$;
CREATE FUNCTION pg_temp.run_cases() RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    l record;
    pairing text := 'assignment';
    groups jsonb := '{}';
    ids text[];
BEGIN
    FOR l IN SELECT pg_temp.words(c.line) AS w, c.line FROM case_line c
        ORDER BY c.n
    LOOP
        CASE coalesce(l.w[1], '')
        WHEN '' THEN
            NULL;
        WHEN 'pairing' THEN
            pairing := l.w[2];
            UPDATE site_setting SET deploy_pairing = pairing;
        WHEN 'member' THEN
            groups := groups || jsonb_build_object(l.w[2], to_jsonb(l.w[3:]));
        ELSE
            ids := 'krb5:' || l.w[2] || ARRAY(SELECT 'group:' || g
                FROM jsonb_array_elements_text(groups -> l.w[2]) AS g);
            -- The site's setting, and the same said in the question.
            RETURN NEXT is(pg_temp.answer(ids, l.w, NULL),
                pg_temp.expected(l.w), l.line);
            IF pg_temp.answer(ids, l.w, pairing)
                IS DISTINCT FROM pg_temp.expected(l.w) THEN
                RETURN NEXT fail(pairing || ': ' || l.line);
            END IF;
        END CASE;
    END LOOP;
END
$$;
SELECT pg_temp.run_cases();
SELECT cmp_ok((SELECT count(*)::integer FROM case_line
    WHERE line ~ '^can(not)? '), '>=', 70, 'there are cases');

SELECT * FROM finish();
ROLLBACK;
