-- Lists and "who may" say, set by set, what allowed() says of each object and
-- each administrative user: on the sample site, and on random worlds beside
-- it.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

-- Every instance that a question of a type or class can be about.
CREATE FUNCTION pg_temp.candidates(type text) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
    SELECT object_key FROM feed_object
        WHERE object_type_id = object_type_named(type)
    UNION SELECT d.object_key FROM default_instance d
        WHERE object_type_id = object_type_named(type)
    UNION SELECT collection_id FROM collection
        WHERE object_type_named(type) = 1
    UNION SELECT resource_id::text FROM resource
        WHERE object_type_named(type) IS NULL
            AND resource_named(type, resource_id::text) IS NOT NULL
$$;
CREATE TYPE pg_temp.question AS (ids text[], own integer, known boolean,
    level integer, delegated boolean, at timestamptz, type text,
    operation text);

-- Where the list differs from allowed() asked about one object at a time.
CREATE FUNCTION pg_temp.wrong(q pg_temp.question) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    counted record;
    universe bigint;
    one_by_one text[];
    listed text[];
    expected text;
    refused text := 'none';
BEGIN
    SELECT * INTO counted FROM count_objects(q.ids, q.own, q.known, q.level,
        q.delegated, q.at, q.type, q.operation);
    SELECT count(*), coalesce(array_agg(k ORDER BY k COLLATE "C")
        FILTER (WHERE (allowed(q.ids, q.own, q.known, q.level, q.delegated,
            q.at, q.type, q.operation, k)).decision), '{}')
    INTO universe, one_by_one FROM pg_temp.candidates(q.type) k;
    BEGIN
        listed := ARRAY(SELECT k FROM allowed_objects(q.ids, q.own, q.known,
            q.level, q.delegated, q.at, q.type, q.operation) k
            ORDER BY k COLLATE "C");
    EXCEPTION WHEN SQLSTATE 'RV400' OR SQLSTATE 'RV503' THEN
        GET STACKED DIAGNOSTICS refused = PG_EXCEPTION_DETAIL;
        refused := refused::jsonb ->> 'reason';
    END;
    expected := (list_meaning(q.type, q.operation)).reason;
    IF expected IS NULL AND NOT q.known
        AND (one_by_one = '{}' OR cardinality(one_by_one) < universe) THEN
        expected := 'groups_unknown';
    END IF;
    IF expected IS NOT NULL THEN
        RETURN CASE WHEN refused <> expected OR counted.reason <> expected
            OR counted.n <> 0 THEN format('%s: %s, %s, not %s', q, refused,
                counted, expected) END;
    END IF;
    RETURN CASE WHEN refused <> 'none' OR listed <> one_by_one
        OR counted <> ROW(CASE one_by_one WHEN '{}' THEN 'not_permitted'
            ELSE 'allowed' END, cardinality(one_by_one)::bigint, universe)
        THEN format('%s: %s %s, %s, not %s', q, refused, listed, counted,
            one_by_one) END;
END
$$;

-- Where who_may() differs from asking each user at each level.
CREATE FUNCTION pg_temp.who_is_wrong(at timestamptz, type text,
    operation text, key text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    said text;
    asked text;
BEGIN
    SELECT string_agg(w::text, ' ' ORDER BY w.admin_id) INTO said
        FROM who_may($1, $2, $3, $4) w;
    SELECT string_agg(ROW(u.admin_id, u.is_group, u.principal_id, v.level,
            (SELECT a.assignments FROM allowed(ARRAY[u.principal_id], 1, true,
                3, false, $1, $2, $3, $4) a))::text, ' ' ORDER BY u.admin_id)
    INTO asked
    FROM administrative_user u, LATERAL (
        SELECT min(l) AS level FROM generate_series(0, 3) AS l
        WHERE (allowed(ARRAY[u.principal_id], 1, true, l, false, $1, $2, $3,
            $4)).decision) v
    WHERE v.level IS NOT NULL;
    RETURN CASE WHEN said IS DISTINCT FROM asked
        THEN format('%s %s %s: %s, not %s', type, operation, key, said, asked)
        END;
EXCEPTION WHEN SQLSTATE 'RV400' OR SQLSTATE 'RV404' THEN
    RETURN CASE WHEN (allowed('{krb5:x}', 1, true, 3, false, $1, $2, $3, $4))
        .reason NOT IN ('unknown_type', 'unknown_operation',
            'op_not_applicable', 'no_such_object') THEN 'refused' END;
END
$$;

-- The sample site, everyone and every way of securing -------------------------

-- And one whose role has Modify Default without Read Default, and a bit of a
-- derived type.
DO $$
BEGIN
    PERFORM take_revision();
    INSERT INTO security_role (role_id, name) VALUES ('RVE00050', 'Blind');
    INSERT INTO role_operation VALUES ('RVE00050', 38, 0),
        ('RVE00050', 38, 1), ('RVE00050', 38, 21), ('RVE00050', 201, 0);
    INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (201, 'DEP', 'A deployment');
    INSERT INTO administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:blind@LAB.TEST', 'blind', false);
    INSERT INTO assignment (assignment_id, admin_id, role_id)
        SELECT 99, admin_id, 'RVE00050' FROM administrative_user
        WHERE logon_name = 'blind';
    INSERT INTO assignment_scope VALUES (99, 'SMS00ALL');
END
$$;

CREATE TEMPORARY TABLE asked (type text, operation text);
INSERT INTO asked VALUES ('SMS_Application', 'Read'), ('Application', 'Modify'),
    ('31', 'Create'), ('31', 'Run Report'), ('SMS_Package', 'Read'),
    ('SMS_Collection', 'Read'), ('SMS_Collection', 'Modify'),
    ('SMS_Collection', 'Delete'), ('SMS_Collection', 'Create'),
    ('SMS_ClientSettings', 'Read'), ('SMS_ClientSettings', 'Modify'),
    ('SMS_ClientSettings', 'Delete'), ('SMS_AntimalwareSettings', 'Read'),
    ('SMS_Role', 'Read'), ('SMS_Role', 'Modify'), ('SMS_Admin', 'Read'),
    ('SMS_Admin', 'Add'), ('SMS_SecuredCategory', 'Read'),
    ('SoftwareTitles', 'View Asset Intelligence'),
    ('SoftwareTitles', 'Modify'), ('SMS_Boundary', 'Modify'),
    ('SMS_Advertisement', 'Read'), ('SMS_None', 'Read'),
    ('SMS_Application', 'None'), ('SMS_R_System', 'Create');
INSERT INTO asked SELECT * FROM (VALUES ('SMS_R_UserGroup', 'Delete'),
    ('SMS_R_UserGroup', 'Read')) v;

CREATE TEMPORARY TABLE answer AS
SELECT q, pg_temp.wrong(q) AS wrong
FROM asked a, administrative_user u, LATERAL (SELECT ROW(
    ARRAY[u.principal_id], 1, true, 1, false, clock_timestamp(), a.type,
    a.operation)::pg_temp.question AS q) x;
SELECT is_empty('SELECT wrong FROM answer WHERE wrong IS NOT NULL',
    'each list on the sample site is what allowed() says');
SELECT is((SELECT count(*)::integer FROM answer), 27 * 9,
    'of all administrative users');
SELECT results_eq($$SELECT reason, n, universe FROM count_objects(
    '{krb5:carol@LAB.TEST}', 1, true, 1, false, now(), 'SMS_R_System',
    'Remote Control')$$, $$VALUES ('allowed', 200::bigint, 500::bigint)$$,
    'carol controls 200 of 500 devices');
SELECT is_empty($$SELECT * FROM allowed_objects('{krb5:carol@LAB.TEST}', 1,
        true, 1, false, now(), 'SMS_R_System', 'Remote Control') k
    EXCEPT SELECT resource_id::text FROM collection_member
    WHERE collection_id = 'RVE00015'$$, 'those of headquarters');
SELECT is((SELECT c.reason FROM count_objects(ARRAY['krb5:' || who
        || '@LAB.TEST'], 1, false, 1, false, now(), 'SMS_R_System', 'Read') c),
    answer, 'with unknown groups only a list of everything is known: ' || who)
FROM (VALUES ('alice', 'allowed'), ('carol', 'groups_unknown'),
    ('dave', 'groups_unknown')) AS x (who, answer);
SELECT throws_ok($$SELECT * FROM allowed_objects('{krb5:carol@LAB.TEST}', 1,
    false, 1, false, now(), 'SMS_R_System', 'Read')$$, 'RV503', NULL,
    'any other is not given');
SELECT throws_ok($$SELECT * FROM allowed_objects('{krb5:carol@LAB.TEST}', 1,
    true, 1, false, now(), 'SMS_R_System', 'Deploy Applications')$$, 'RV400',
    NULL, 'an operation that a class has not has no list');
SELECT throws_ok($$SELECT * FROM allowed_objects('{krb5:carol@LAB.TEST}', 1,
    true, NULL, false, now(), 'SMS_R_System', 'Read')$$, '22004', NULL,
    'an unknown level is an error');
SELECT throws_ok($$SELECT * FROM who_may(now(), 'SMS_Application', 'Read',
    'none')$$, 'RV404', NULL, 'nobody may read what is not there');
SELECT throws_ok($$SELECT * FROM who_may(now(), 'SMS_Application', 'None',
    'none')$$, 'RV400', NULL, 'nor do what is no operation');

SELECT results_eq($$SELECT principal_id, required_level FROM who_may(now(),
    'SMS_R_System', 'Remote Control', '16777217')$$, $$VALUES
    ('krb5:alice@LAB.TEST', 0), ('krb5:carol@LAB.TEST', 0),
    ('krb5:frank@LAB.TEST', 0)$$, 'who may control a device');
SELECT results_eq($$SELECT assignment_id, role_id, is_valid, scopes,
        collections FROM holdings('{krb5:carol@LAB.TEST}', 1, true, now())$$,
    $$SELECT a.assignment_id, 'SMS0003R', true, ARRAY['SMS00UNA'],
        ARRAY['RVE00015'] FROM assignment a
    WHERE a.role_id = 'SMS0003R'$$, 'what carol holds');
SELECT results_eq($$SELECT role_id, is_valid FROM holdings(
        '{krb5:grace@LAB.TEST}', 1, true, now()) WHERE NOT is_valid$$,
    $$VALUES ('SMS0001R', false)$$, 'what has ended is shown as such');
SELECT is((SELECT string_agg(is_group::text, ' ') FROM holdings(
    '{krb5:dave@LAB.TEST,group:10000000-0000-4000-8000-000000000001}', 1,
    true, now())), 'true', 'what comes by way of a group says so');
SELECT is_empty($$SELECT * FROM holdings(
    '{krb5:dave@LAB.TEST,group:10000000-0000-4000-8000-000000000001}', 1,
    false, now())$$, 'groups that are not known give nothing');

-- Random worlds ---------------------------------------------------------------

-- Some of the values, in the order of a random number.
CREATE FUNCTION pg_temp.some(items anyarray, n integer) RETURNS anyarray
LANGUAGE sql VOLATILE AS $$
    SELECT ARRAY(SELECT x FROM unnest(items) AS x ORDER BY random() LIMIT n)
$$;
CREATE FUNCTION pg_temp.one(items anyarray) RETURNS anyelement
LANGUAGE sql VOLATILE AS $$
    SELECT items[1 + floor(random() * cardinality(items))::integer]
$$;

-- Two types that an application registered: one scoped, with needs in a
-- chain, a type-wide operation and a default instance; one without Read.
DO $$
BEGIN
    PERFORM begin_migration();
    INSERT INTO object_type (object_type_id, sdk_name, display_name,
        secured_by, provenance)
    VALUES (2000000, 'App0', 'x', 'scope', 'test'),
        (2000001, 'App1', 'x', 'role', 'test');
    INSERT INTO operation (object_type_id, bit, name, is_type_wide,
        is_security, provenance)
    SELECT 2000000, b, CASE b WHEN 0 THEN 'Read' WHEN 1 THEN 'Modify'
        WHEN 10 THEN 'Create' ELSE 'Op ' || b END, b = 10, b = 5, 'test'
    FROM unnest('{0,1,2,3,4,5,10,63}'::integer[]) AS b
    UNION ALL SELECT 2000001, b, 'Op ' || b, b = 3, false, 'test'
    FROM unnest('{1,2,3}'::integer[]) AS b;
    INSERT INTO operation_need VALUES (2000000, 2, 3), (2000000, 3, 4),
        (2000000, 63, 1), (2000001, 1, 2);
    INSERT INTO default_instance VALUES (2000000, 'default', 4, 5);
    INSERT INTO class_operation (class_name, operation, bit, provenance)
    VALUES ('SMS_CombinedUserResources', 'Read', 0, 'test'),
        ('SMS_CombinedDeviceResources', 'Remote Control', 5, 'test'),
        ('SMS_R_*', 'Read', 0, 'test');
END
$$;

CREATE FUNCTION pg_temp.make_world() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    tag text := upper(lpad(to_hex(floor(random() * 65535)::integer), 4, '0'));
    at timestamptz := timestamptz '2030-01-01 00:00:00+00';
    scopes text[];
    rooms text[];
    roles text[];
BEGIN
    PERFORM take_revision();
    DELETE FROM assignment WHERE assignment_id > 100;
    DELETE FROM object_scope WHERE object_key LIKE 'key %';
    DELETE FROM secured_object WHERE object_key LIKE 'key %';
    DELETE FROM collection_member m USING collection c
        WHERE c.collection_id = m.collection_id AND NOT c.is_built_in;
    DELETE FROM collection_rule WHERE resource_id IS NOT NULL;
    DELETE FROM resource WHERE resource_id % 50 <> 1;
    -- A scope and a collection share a name.
    scopes := ARRAY['TWIN' || tag, 'SCOA' || tag, 'SCOB' || tag];
    INSERT INTO security_scope (scope_id, name) SELECT s, s
        FROM unnest(scopes) AS s;
    rooms := ARRAY['TWIN' || tag];
    INSERT INTO collection (collection_id, kind, limiting_id, name)
        VALUES (rooms[1], 'device', 'SMS00001', rooms[1]);
    FOR i IN 1..7 LOOP
        INSERT INTO collection (collection_id, kind, limiting_id, name)
        SELECT 'COL' || i || tag, c.kind, c.collection_id, 'COL' || i || tag
        FROM collection c WHERE c.collection_id
            = (SELECT pg_temp.one(rooms || '{SMS00001,SMS00004}'::text[]));
        rooms := rooms || ('COL' || i || tag);
    END LOOP;
    FOR i IN 1..cardinality(rooms) LOOP
        INSERT INTO collection_member (collection_id, resource_id, kind)
        SELECT c.collection_id, r.resource_id, r.kind
        FROM collection c JOIN resource r ON r.kind = c.kind
        WHERE c.collection_id = rooms[i] AND random() < 0.6
            AND (c.limiting_id IN ('SMS00001', 'SMS00004') OR EXISTS (
                SELECT FROM collection_member m
                WHERE m.collection_id = c.limiting_id
                    AND m.resource_id = r.resource_id));
    END LOOP;
    INSERT INTO secured_object (object_type_id, object_key, name)
    SELECT t, 'key ' || i, 'x' FROM generate_series(1, 6) AS i,
        unnest('{2,2000000,2000001,38,201,26}'::integer[]) AS t;
    INSERT INTO object_scope
    SELECT t, 'key ' || i, s FROM generate_series(1, 6) AS i,
        unnest('{2,2000000,38}'::integer[]) AS t,
        LATERAL unnest(pg_temp.some(scopes, 1 + (i + t) % 3)) AS s;
    roles := ARRAY(SELECT 'ROL' || i || tag FROM generate_series(1, 5) AS i);
    INSERT INTO security_role (role_id, name) SELECT r, r
        FROM unnest(roles) AS r;
    INSERT INTO role_operation
    SELECT r, o.object_type_id, o.bit FROM unnest(roles) AS r, operation o
    WHERE o.object_type_id IN (1, 2, 26, 27, 28, 38, 201, 2000000, 2000001)
        AND random() < CASE WHEN o.object_type_id IN (27, 28) THEN 0.05
            WHEN o.bit = 0 THEN 0.9 ELSE 0.6 END;
    INSERT INTO role_minimum SELECT r, 1 + floor(random() * 3)
        FROM unnest(roles) AS r WHERE random() < 0.25;
    DELETE FROM operation_minimum;
    INSERT INTO operation_minimum
    SELECT o.object_type_id, o.bit, 1 + floor(random() * 3) FROM operation o
    WHERE o.object_type_id IN (1, 2, 38, 2000000) AND random() < 0.1;
    DELETE FROM administrative_user WHERE logon_name = 'random';
    INSERT INTO administrative_user (principal_id, logon_name, is_group,
        is_deleted, is_orphaned)
    SELECT CASE WHEN i > 4 THEN 'group:' ELSE 'krb5:' END || i || tag,
        'random', i > 4, i = 3, i = 4 FROM generate_series(1, 6) AS i;
    FOR i IN 1..14 LOOP
        INSERT INTO assignment (assignment_id, admin_id, role_id, valid_from,
            valid_until)
        SELECT nextval('assignment_id_seq') + 100, (SELECT u.admin_id
                FROM administrative_user u WHERE u.logon_name = 'random'
                ORDER BY random() LIMIT 1),
            pg_temp.one(roles),
            CASE WHEN random() < 0.3 THEN at + pg_temp.one(
                '{-1,0,1}'::integer[]) * interval '1 ms' END,
            CASE WHEN random() < 0.3 THEN at + pg_temp.one(
                '{2,5}'::integer[]) * interval '1 ms' END;
        INSERT INTO assignment_scope
        SELECT (SELECT max(assignment_id) FROM assignment), s
        FROM unnest(pg_temp.some(scopes || '{SMS00ALL,SMS00UNA}'::text[],
            1 + floor(random() * 2)::integer)) AS s;
        INSERT INTO assignment_collection
        SELECT (SELECT max(assignment_id) FROM assignment), c
        FROM unnest(pg_temp.some(rooms || '{SMS00001,SMS00004}'::text[],
            floor(random() * 3)::integer)) AS c;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.random_questions(n integer)
RETURNS SETOF pg_temp.question LANGUAGE plpgsql AS $$
DECLARE
    q pg_temp.question;
BEGIN
    FOR i IN 1..n LOOP
        q.ids := pg_temp.some(ARRAY(SELECT u.principal_id::text
            FROM administrative_user u WHERE u.logon_name = 'random'), 4);
        q.own := 1;
        q.known := random() < 0.9;
        q.level := pg_temp.one('{0,1,2,3,3,3,3,3,4}'::integer[]);
        q.delegated := random() < 0.15;
        q.at := timestamptz '2030-01-01 00:00:00+00'
            + pg_temp.one('{-1,0,1,2,4,5}'::integer[]) * interval '1 ms';
        SELECT x.type, x.operation INTO q.type, q.operation FROM (
            SELECT o.object_type_id::text AS type, o.name AS operation
            FROM operation o WHERE o.object_type_id IN (1, 2, 26, 27, 38, 201)
            UNION ALL SELECT o.object_type_id::text, o.name
            FROM operation o, generate_series(1, 6)
            WHERE o.object_type_id IN (2000000, 2000001)
            UNION ALL SELECT replace(c.class_name, '*', 'DISK'), c.operation
            FROM class_operation c
            UNION ALL SELECT replace(c.class_name, '*', 'DISK'), c.operation
            FROM class_operation c WHERE c.operation IN ('Read',
                'Remote Control')) x
        ORDER BY random() LIMIT 1;
        RETURN NEXT q;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.try_worlds(seed double precision, worlds integer,
    OUT asked integer, OUT decided integer, OUT filtered integer,
    OUT wrong text[], OUT who_asked integer, OUT who_wrong text[])
LANGUAGE plpgsql AS $$
DECLARE
    q pg_temp.question;
    c record;
    bad text;
BEGIN
    PERFORM setseed(seed);
    asked := 0; decided := 0; filtered := 0; who_asked := 0;
    wrong := '{}'; who_wrong := '{}';
    FOR w IN 1..worlds LOOP
        PERFORM pg_temp.make_world();
        FOR q IN SELECT * FROM pg_temp.random_questions(50) LOOP
            asked := asked + 1;
            SELECT * INTO c FROM count_objects(q.ids, q.own, q.known, q.level,
                q.delegated, q.at, q.type, q.operation);
            decided := decided + (c.n > 0)::integer;
            filtered := filtered + (c.n > 0 AND c.n < c.universe)::integer;
            bad := pg_temp.wrong(q);
            wrong := wrong || CASE WHEN bad IS NOT NULL THEN ARRAY[bad] END;
        END LOOP;
        FOR q IN SELECT * FROM pg_temp.random_questions(8) LOOP
            who_asked := who_asked + 1;
            bad := pg_temp.who_is_wrong(q.at, q.type, q.operation,
                (SELECT k FROM pg_temp.candidates(q.type) k
                 WHERE random() < 0.9 ORDER BY random() LIMIT 1));
            who_wrong := who_wrong
                || CASE WHEN bad IS NOT NULL THEN ARRAY[bad] END;
        END LOOP;
    END LOOP;
END
$$;
CREATE TEMPORARY TABLE tried AS
SELECT t.* FROM unnest('{0.1,0.2,0.3}'::double precision[]) AS seed,
    pg_temp.try_worlds(seed, 1) t;
SELECT is((SELECT sum(asked)::integer FROM tried), 150, 'lists were asked');
SELECT ok((SELECT sum(decided) BETWEEN 45 AND 105 FROM tried),
    'many have members, and many have none');
SELECT ok((SELECT sum(filtered) > 15 FROM tried), 'many leave something out');
SELECT is_empty('SELECT unnest(wrong) FROM tried',
    'each is what allowed() says of each object');
SELECT is((SELECT sum(who_asked)::integer FROM tried), 24,
    'who may was asked');
SELECT is_empty('SELECT unnest(who_wrong) FROM tried',
    'each names whom allowed() lets, from the lowest level on');

SELECT * FROM finish();
ROLLBACK;
