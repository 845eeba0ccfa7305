-- Collections: who may make, change and delete them, who is in them, and
-- that nobody brings anything within reach of one's own rights.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.run(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids', to_jsonb(ARRAY[
            'krb5:' || who || '@LAB.TEST']), 'own', 1,
        'groups_known', known, 'level', 3, 'delegated', false),
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
    more jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', CASE r ->> 'changed' WHEN '0'
        THEN 'nothing' ELSE '' END)
    FROM pg_temp.run(who, op, args, more, known) AS r
$$;
CREATE FUNCTION pg_temp.id(name text) RETURNS text LANGUAGE sql AS $$
    SELECT collection_id::text FROM reeve.collection c WHERE c.name = $1
$$;
-- "direct:dev1 include:A" as rules
CREATE FUNCTION pg_temp.rules(said text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(CASE split_part(w, ':', 1) WHEN 'direct'
        THEN jsonb_build_object('rule', 'direct', 'resource_id', (SELECT
            resource_id::text FROM reeve.resource
            WHERE name = split_part(w, ':', 2)))
        ELSE jsonb_build_object('rule', split_part(w, ':', 1), 'other_id',
            coalesce(pg_temp.id(split_part(w, ':', 2)),
                split_part(w, ':', 2))) END), '[]')
    FROM regexp_split_to_table(said, ' ') w WHERE w <> ''
$$;
CREATE FUNCTION pg_temp.make(who text, name text, limit_name text, said text)
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'collection_create', jsonb_build_object('name',
        name, 'limiting_id', coalesce(pg_temp.id(limit_name), limit_name),
        'rules', pg_temp.rules(said)))
$$;
CREATE FUNCTION pg_temp.change(who text, name text, what jsonb,
    more jsonb DEFAULT '{}', known boolean DEFAULT true) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'collection_change', jsonb_build_object(
        'collection_id', pg_temp.id(name)) || what, more, known)
$$;
CREATE FUNCTION pg_temp.members(name text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(r.name, ' ' ORDER BY r.name), '')
    FROM reeve.collection_member m JOIN reeve.resource r USING (resource_id)
    WHERE m.collection_id = pg_temp.id($1)
$$;
CREATE FUNCTION pg_temp.assign(name text, role text, categories text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:' || name || '@LAB.TEST', name || '@LAB.TEST', false)
        ON CONFLICT DO NOTHING;
    INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT admin_id, role FROM reeve.administrative_user
        WHERE logon_name = name || '@LAB.TEST' RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_collection SELECT a, coalesce(pg_temp.id(c), c)
        FROM regexp_split_to_table(categories, ' ') c;
END
$$;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.resource (resource_id, resource_type, name)
        SELECT 900000 + i, 5, 'dev' || i FROM generate_series(1, 4) i;
    INSERT INTO reeve.resource (resource_id, resource_type, name)
        VALUES (900009, 4, 'user1');
    INSERT INTO reeve.security_role (role_id, name, is_built_in)
        VALUES ('TSTCOLLS', 'Collections', false),
            ('TSTREMOT', 'Remote', false), ('TSTREADS', 'Reads', false);
    INSERT INTO reeve.role_operation SELECT 'TSTREADS', 1, o.bit
        FROM reeve.operation o WHERE o.object_type_id = 1
            AND o.name = 'Read';
    INSERT INTO reeve.role_operation SELECT 'TSTCOLLS', 1, o.bit
        FROM reeve.operation o WHERE o.object_type_id = 1 AND o.name IN
            ('Read', 'Modify', 'Delete', 'Create', 'Read Resource');
    INSERT INTO reeve.role_operation SELECT 'TSTREMOT', 1, o.bit
        FROM reeve.operation o WHERE o.object_type_id = 1 AND o.name IN
            ('Read', 'Read Resource', 'Remote Control');
END
$$;

-- Making, and who is in it ---------------------------------------------------

SELECT is(pg_temp.make('alice', 'A', 'SMS00001', 'direct:dev1 direct:dev2'
    ' direct:dev3'), '', 'alice makes a collection with direct members');
SELECT is(pg_temp.members('A'), 'dev1 dev2 dev3', 'who are in it');
SELECT is(pg_temp.make('alice', 'B', 'SMS00001', 'direct:dev3 direct:dev4'),
    '', 'another one');
SELECT is(pg_temp.make('alice', 'C', 'A', 'direct:dev1 direct:dev4'
    ' include:B'), '', 'one that is limited to it');
SELECT is(pg_temp.members('C'), 'dev1 dev3',
    'has those alone that are in the limit');
SELECT is(pg_temp.make('alice', 'D', 'SMS00001', 'include:A exclude:B'), '',
    'one that includes and excludes');
SELECT is(pg_temp.members('D'), 'dev1 dev2', 'has the difference');
SELECT is(pg_temp.make('alice', 'E', 'SMS00001', 'include:SMS00001'
    ' exclude:D'), '', 'one of all systems without those');
SELECT ok(pg_temp.members('E') ~ 'dev3 dev4' AND pg_temp.members('E')
    !~ 'dev1', 'has them all');
SELECT is((SELECT message_id || ' ' || strings[3] FROM admin_audit
    ORDER BY revision DESC, ordinal DESC LIMIT 1), '1000060 E',
    'the admin stream has it');
SELECT is(pg_temp.make('alice', name, lim, rules), answer, what)
FROM (VALUES
    ('A', 'SMS00001', '', 'RV409 name_taken', 'a name that is taken'),
    ('', 'SMS00001', '', 'RV400 malformed_name', 'no name'),
    ('x', 'NOSUCHID', '', 'RV400 unknown_collection', 'no such limit'),
    ('x', 'SMS00001', 'include:NOSUCHID', 'RV400 unknown_member',
        'no such collection'),
    ('x', 'SMS00001', 'include:SMS00004', 'RV400 unknown_member',
        'a collection of another kind'),
    ('x', 'SMS00001', 'direct:user1', 'RV400 unknown_member',
        'a user among devices'),
    ('x', 'SMS00001', 'direct:nobody', 'RV400 malformed_rule',
        'no such device'))
    AS t (name, lim, rules, answer, what);
SELECT is(pg_temp.said('alice', 'collection_create', jsonb_build_object(
    'name', 'x', 'limiting_id', 'SMS00001', 'rules',
    '[{"rule":"query","query":"select * from SMS_R_System"}]'::jsonb)),
    'RV501 query_rule', 'rules by query are not written');

-- Changing, and all that depends on it ------------------------------------------

SELECT is(pg_temp.change('alice', 'B', jsonb_build_object('drop_rules',
    pg_temp.rules('direct:dev3'))), '', 'dev3 leaves B');
SELECT is(concat_ws(' | ', pg_temp.members('B'), pg_temp.members('C'),
    pg_temp.members('D')), 'dev4 | dev1 | dev1 dev2 dev3',
    'and so C, and comes into D');
SELECT is(pg_temp.change('alice', 'A', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev4'))), '', 'dev4 comes into A');
SELECT is(concat_ws(' | ', pg_temp.members('A'), pg_temp.members('C'),
    pg_temp.members('D')),
    'dev1 dev2 dev3 dev4 | dev1 dev4 | dev1 dev2 dev3',
    'and into C, which names it and includes B');
SELECT is(pg_temp.change('alice', 'A', jsonb_build_object('rules',
    pg_temp.rules('direct:dev1'))), '', 'all rules are replaced');
SELECT is(concat_ws(' | ', pg_temp.members('A'), pg_temp.members('C'),
    pg_temp.members('D')), 'dev1 | dev1 | dev1', 'everybody else is gone');
SELECT is(pg_temp.change('alice', 'A', jsonb_build_object('rules', '[]'
    ::jsonb)), '', 'no rules at all');
SELECT is(pg_temp.members('A') || pg_temp.members('C'), '',
    'and nobody is left');
SELECT is(pg_temp.change('alice', 'A', jsonb_build_object('rules',
    pg_temp.rules('direct:dev1 direct:dev2'))), '', 'some come back');
SELECT is(pg_temp.change('alice', 'A', jsonb_build_object('rules',
    pg_temp.rules('direct:dev1 direct:dev2'))), 'nothing', 'once');
SELECT is(pg_temp.change('alice', 'A', what::jsonb), answer, text)
FROM (VALUES
    ('{"name":"A2","comment":"c"}', '', 'a new name'),
    ('{"limiting_id":"NOSUCHID"}', NULL, 'gone by that name'))
    AS t (what, answer, text) WHERE answer IS NOT NULL;
SELECT is(pg_temp.change('alice', 'A2', what, more::jsonb), answer, text)
FROM (VALUES
    (jsonb_build_object('name', 'B'), '{}', 'RV409 name_taken', 'its name'),
    (jsonb_build_object('limiting_id', pg_temp.id('C')), '{}',
        'RV409 circular_dependency', 'a limit that is limited to it'),
    (jsonb_build_object('add_rules', pg_temp.rules('include:D')), '{}',
        'RV409 circular_dependency', 'an inclusion of what includes it'),
    (jsonb_build_object('add_rules', pg_temp.rules('exclude:E')), '{}',
        'RV409 circular_dependency', 'an exclusion of what depends on it'),
    (jsonb_build_object('limiting_id', 'SMS00004'), '{}',
        'RV400 unknown_collection', 'a limit of another kind'),
    ('{"comment":"d"}', '{"if_match":["old"]}', 'RV412 changed_meanwhile',
        'what was changed meanwhile'))
    AS t (what, more, answer, text);
SELECT is(pg_temp.run('alice', 'collection_change', jsonb_build_object(
        'collection_id', pg_temp.id('A2')) || what) #> '{path}',
    (SELECT jsonb_agg(jsonb_build_object('collection_id', pg_temp.id(n),
        'name', n) ORDER BY i) FROM regexp_split_to_table(path, ' ')
        WITH ORDINALITY AS x (n, i)), 'by the way that is shown: ' || path)
FROM (VALUES
    (jsonb_build_object('limiting_id', pg_temp.id('A2')), 'A2 A2'),
    (jsonb_build_object('limiting_id', pg_temp.id('C')), 'A2 C A2'),
    (jsonb_build_object('add_rules', pg_temp.rules('include:A2')), 'A2 A2'),
    (jsonb_build_object('add_rules', pg_temp.rules('exclude:E')),
        'A2 E D A2'))
    AS t (what, path);
SELECT is(pg_temp.said('alice', op, '{"collection_id":"SMS000US"}'),
    'RV409 built_in', 'what is built in stays: ' || op)
FROM (VALUES ('collection_change'), ('collection_delete'),
    ('collection_refresh')) AS t (op);
SELECT is(pg_temp.change('alice', 'C', jsonb_build_object('limiting_id',
    pg_temp.id('B'))), '', 'another limit');
SELECT is(pg_temp.members('C'), 'dev4', 'other members');

-- Who may --------------------------------------------------------------------------

-- nora has TSTCOLLS on A2 and Remote on N, which is limited to A2.
SELECT is(pg_temp.make('alice', 'N', 'A2', 'direct:dev1'), '', 'N');
SELECT is(pg_temp.make('alice', 'O', 'SMS00001', 'direct:dev3'), '', 'O');
SELECT lives_ok($$SELECT pg_temp.assign('nora', 'TSTCOLLS', 'A2')$$, 'nora');
SELECT lives_ok($$SELECT pg_temp.assign('nora', 'TSTREMOT', 'N')$$, 'too');
SELECT is(pg_temp.make('nora', name, lim, rules), answer, what)
FROM (VALUES
    ('N1', 'N', '', '', 'below what one has'),
    ('N2', 'A2', 'direct:dev2', '', 'with what one may read'),
    ('N3', 'SMS00001', '', 'RV400 unknown_collection',
        'limited to what one does not see'),
    ('N4', 'A2', 'direct:dev4', 'RV400 unknown_member',
        'with a device that one does not see'),
    ('N5', 'A2', 'include:O', 'RV400 unknown_member',
        'with a collection that one does not see'))
    AS t (name, lim, rules, answer, what);
SELECT is(pg_temp.change('nora', 'N', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev2'))), 'RV403 self_widening',
    'nobody brings a device within reach of one''s own remote control');
SELECT is(pg_temp.change('nora', 'N', jsonb_build_object('add_rules',
    pg_temp.rules('include:N2'))), 'RV403 self_widening',
    'nor by an inclusion');
SELECT is(pg_temp.change('alice', 'N', jsonb_build_object('add_rules',
    pg_temp.rules('include:N2'))), '', 'alice may');
SELECT is(pg_temp.members('N'), 'dev1 dev2', 'N has dev2 now');
SELECT is(pg_temp.change('nora', 'N2', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev1'))), 'RV403 self_widening',
    'nor by what N includes');
SELECT is(pg_temp.change('nora', 'N2', jsonb_build_object('drop_rules',
    pg_temp.rules('direct:dev2'))), '', 'but out of it');
SELECT is(pg_temp.change('alice', 'N', jsonb_build_object('rules',
    pg_temp.rules('direct:dev1 include:A2 exclude:N2'))), '',
    'N is A2 without N2');
SELECT is(pg_temp.change('nora', 'N2', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev2'))), '', 'what N excludes may have more');
SELECT is(pg_temp.members('N'), 'dev1', 'since N has less then');
SELECT is(pg_temp.change('nora', 'N2', jsonb_build_object('drop_rules',
    pg_temp.rules('direct:dev2'))), 'RV403 self_widening',
    'and not less, since N would have more');
SELECT is(pg_temp.said('nora', 'collection_delete', jsonb_build_object(
    'collection_id', pg_temp.id('N2'))), 'RV409 has_dependents',
    'nor be deleted while N excludes it');
SELECT is(pg_temp.change('nora', 'A2', jsonb_build_object('comment', 'x')),
    'RV403 not_permitted', 'the collection of one''s own category is not for'
    ' one to change');
SELECT is(pg_temp.change('nora', 'O', '{"comment":"x"}'),
    'RV404 no_such_object', 'what one does not see is not there');
SELECT is(pg_temp.change('nora', 'N1', jsonb_build_object('limiting_id',
    'SMS00001')), 'RV400 unknown_collection', 'nor is it a limit');
SELECT is(pg_temp.change('nora', 'N1', jsonb_build_object('limiting_id',
    pg_temp.id('A2'))), '', 'one''s own may be');

-- A member that the limit held back does not come in by another limit.
SELECT is(pg_temp.make('alice', 'L', 'SMS00001', 'direct:dev1'), '', 'L');
SELECT is(pg_temp.make('alice', 'M', 'L', 'direct:dev1'), '', 'M');
SELECT lives_ok($$SELECT pg_temp.assign('mallory', 'TSTCOLLS', 'SMS00001')$$,
    'mallory may write all collections');
SELECT lives_ok($$SELECT pg_temp.assign('mallory', 'TSTREMOT', 'L M')$$,
    'and has remote control on one and on what limits it');
SELECT is(pg_temp.change('mallory', 'M', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev2'))), '', 'a member that the limit holds back');
SELECT is(pg_temp.members('M'), 'dev1', 'it is not in');
SELECT is(pg_temp.change('mallory', 'M', '{"limiting_id":"SMS00001"}'),
    'RV403 self_widening', 'nor does it come in by another limit');
SELECT is(pg_temp.change('mallory', 'M', '{"limiting_id":"SMS00001",
    "rules":[]}'), 'RV403 self_widening', 'whatever else is said');
SELECT is(pg_temp.members('M'), 'dev1', 'it is still not in');
-- What is held on the limit for a shorter time does not count.
SELECT is(pg_temp.change('mallory', 'L', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev2'))), 'RV403 self_widening', 'not into L');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    PERFORM pg_temp.assign('mallory', 'TSTREMOT', 'SMS00001');
    UPDATE reeve.assignment a SET valid_until = '2099-01-01Z'
        FROM reeve.assignment_collection c
        WHERE c.assignment_id = a.assignment_id
            AND c.collection_id = 'SMS00001' AND a.role_id = 'TSTREMOT';
END
$$;
SELECT is(pg_temp.change('mallory', 'L', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev2'))), 'RV403 self_widening',
    'a right for a day on the limit makes none without end');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.assignment a SET valid_until = NULL
        FROM reeve.administrative_user u WHERE u.admin_id = a.admin_id
            AND u.logon_name LIKE 'mallory@%';
END
$$;
SELECT is(pg_temp.change('mallory', 'L', jsonb_build_object('add_rules',
    pg_temp.rules('direct:dev2'))), '', 'one without end suffices');
SELECT is(pg_temp.change('mallory', 'M', '{"limiting_id":"SMS00001"}'),
    '', 'for the limit, too');

-- Nor does a collection come below one that the caller has more rights on.
SELECT is(pg_temp.make('alice', 'Q', 'SMS00001', 'direct:dev1'), '', 'Q');
SELECT is(pg_temp.make('alice', 'R', 'SMS00001', 'direct:dev1'), '', 'R');
SELECT lives_ok($$SELECT pg_temp.assign('peter', 'TSTCOLLS', 'SMS00001');
    SELECT pg_temp.assign('peter', 'TSTREMOT', 'Q')$$, 'peter');
SELECT is(pg_temp.change('peter', 'R', jsonb_build_object('limiting_id',
    pg_temp.id('Q'))), 'RV403 self_gain', 'R is not peter''s to move there');

-- What is missing, by the half that lacks it.
SELECT is(pg_temp.make('alice', 'N6', 'N', ''), '', 'N6');
SELECT lives_ok($$SELECT pg_temp.assign('olga', 'TSTCOLLS', 'N');
    SELECT pg_temp.assign('olga', 'TSTREADS', 'A2')$$, 'olga');
SELECT is(pg_temp.run('olga', 'collection_change', jsonb_build_object(
    'collection_id', pg_temp.id('N6'), 'limiting_id', pg_temp.id('A2')))
    -> 'missing', '{"type":"SMS_Collection","operation":"Modify",
    "conditions":["operation"]}', 'one that reaches both may not do both');

-- A new limit gives it to whoever has something above that.
SELECT lives_ok($$SELECT pg_temp.assign('otto', 'SMS0001R', 'N2')$$,
    'otto has everything on N2');
SELECT is(pg_temp.change('nora', 'N1', jsonb_build_object('limiting_id',
    pg_temp.id('N2'))), 'RV403 not_grantable',
    'nobody puts a collection within reach of somebody whom one could not'
    ' give it');
SELECT is(pg_temp.change('nora', 'N1', jsonb_build_object('limiting_id',
    pg_temp.id('N2')), '{}', false), 'RV503 groups_unknown',
    'what unknown groups could allow is not decided');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.administrative_user SET is_orphaned = true
        WHERE logon_name LIKE 'otto@%';
END
$$;
SELECT is(pg_temp.change('nora', 'N1', jsonb_build_object('limiting_id',
    pg_temp.id('N2'))), '', 'whose account is gone is given nothing');
SELECT is(pg_temp.change('nora', 'N1', jsonb_build_object('limiting_id',
    pg_temp.id('A2'))), '', 'and back');
DO $$
BEGIN
    PERFORM reeve.take_revision();
    UPDATE reeve.administrative_user SET is_orphaned = false
        WHERE logon_name LIKE 'otto@%';
END
$$;
SELECT is(pg_temp.change('alice', 'N1', jsonb_build_object('limiting_id',
    pg_temp.id('N2'))), '', 'alice could');

-- Deleting ----------------------------------------------------------------------------

CREATE FUNCTION pg_temp.delete(who text, name text) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'collection_delete', jsonb_build_object(
        'collection_id', pg_temp.id(name)))
$$;
SELECT is(pg_temp.delete(who, name) || ' ' || (pg_temp.id(name) IS NOT NULL),
    answer || ' true', what) FROM (VALUES
    ('bob', 'O', 'RV404 no_such_object', 'what one does not see'),
    ('nora', 'N', 'RV409 in_use', 'what an assignment names'),
    ('alice', 'A2', 'RV409 in_use', 'whoever deletes it'),
    ('alice', 'B', 'RV409 has_dependents', 'what others depend on'),
    ('alice', 'D', 'RV409 has_dependents', 'or exclude'))
    AS t (who, name, answer, what);
SELECT is(pg_temp.delete('alice', 'E'), '', 'what nobody needs is deleted');
SELECT is(pg_temp.delete('alice', 'D'), '', 'and then what that needed');
SELECT is((SELECT message_id || ' ' || strings[3] FROM admin_audit
    ORDER BY revision DESC, ordinal DESC LIMIT 1), '1000062 D',
    'the admin stream has it');
SELECT is(pg_temp.said('alice', 'collection_refresh', jsonb_build_object(
    'collection_id', pg_temp.id('N'))), 'nothing',
    'a refresh finds nothing to do');

-- A chain of limits has an end.
SELECT is((SELECT string_agg(DISTINCT x.said, ', ')
    FROM generate_series(1, 64) i, LATERAL (SELECT pg_temp.make('alice',
        'deep' || i, CASE i WHEN 1 THEN 'SMS00001'
            ELSE 'deep' || i - 1 END, '') AS said) x WHERE x.said <> ''),
    'RV409 too_deep', 'no chain of limits is longer than 64');
SELECT is(pg_temp.change('alice', 'deep1', jsonb_build_object('limiting_id',
    pg_temp.id('O'))), 'RV409 too_deep', 'nor becomes so by a move');

SELECT * FROM finish();
ROLLBACK;
