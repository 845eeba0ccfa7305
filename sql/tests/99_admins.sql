-- Administrative users: who may add, change and remove whom, what a list of
-- permissions replaces, and that nothing of it widens who writes it.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

CREATE FUNCTION pg_temp.run(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    r record;
    about text;
BEGIN
    SELECT * INTO STRICT r FROM reeve.change_site(jsonb_build_object(
        'principal', who || '@LAB.TEST', 'ids', to_jsonb(
            ('krb5:' || who || '@LAB.TEST') || groups), 'own', 1,
        'groups_known', known, 'level', 1, 'delegated', false),
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
-- '' when it was done, else why not
CREATE FUNCTION pg_temp.said(who text, op text, args jsonb,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(r ->> 'refused', CASE r ->> 'changed' WHEN '0'
        THEN 'nothing' ELSE '' END)
    FROM pg_temp.run(who, op, args, more, groups, known) AS r
$$;
CREATE FUNCTION pg_temp.id(name text) RETURNS text LANGUAGE sql AS $$
    SELECT admin_id::text FROM reeve.administrative_user
    WHERE logon_name = name || '@LAB.TEST' OR display_name = name
$$;
-- "SMS0009R:29:RVE00001" as rows of SMS_APermission, an AssignmentID behind @
CREATE FUNCTION pg_temp.rows(said text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'role_id', split_part(w, ':', 1),
        'category_type_id', split_part(w, ':', 2)::integer,
        'category_id', split_part(split_part(w, ':', 3), '@', 1),
        'assignment_id', nullif(split_part(w, '@', 2), '')::bigint))), '[]')
    FROM regexp_split_to_table(said, ' ') w WHERE w <> ''
$$;
CREATE FUNCTION pg_temp.add(who text, name text, permissions text,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'admin_create', jsonb_build_object(
        'principal_id', 'krb5:' || name || '@LAB.TEST', 'logon_name',
        name || '@LAB.TEST', 'is_group', false, 'permissions',
        pg_temp.rows(permissions)), more, groups, known)
$$;
CREATE FUNCTION pg_temp.give(who text, name text, permissions text,
    more jsonb DEFAULT '{}', groups text[] DEFAULT '{}',
    known boolean DEFAULT true) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'admin_change', jsonb_build_object('admin_id',
        pg_temp.id(name), 'permissions', pg_temp.rows(permissions)), more,
        groups, known)
$$;
CREATE FUNCTION pg_temp.edit(who text, name text, edit jsonb) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'admin_change', jsonb_build_object('admin_id',
        pg_temp.id(name)) || edit)
$$;
-- "SMS0009R 29:RVE00001 1:SMS00001 | ..." in the order of AssignmentIDs
CREATE FUNCTION pg_temp.holds(name text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(x.said, ' | ' ORDER BY x.assignment_id), '')
    FROM (SELECT h.assignment_id, h.role_id || ' ' || string_agg(
            h.category_type_id || ':' || h.category_id, ' '
            ORDER BY h.category_type_id DESC, h.category_id) AS said
        FROM reeve.permission_held h WHERE h.admin_id::text = pg_temp.id($1)
        GROUP BY h.assignment_id, h.role_id) x
$$;
CREATE FUNCTION pg_temp.assignment_of(name text, role text) RETURNS bigint
LANGUAGE sql AS $$
    SELECT min(a.assignment_id) FROM reeve.assignment a
    WHERE a.admin_id::text = pg_temp.id($1) AND a.role_id = $2
$$;
CREATE FUNCTION pg_temp.last_audit() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', message_id, array_to_string(strings, ','))
    FROM reeve.admin_audit ORDER BY revision DESC, ordinal DESC LIMIT 1
$$;
-- A role of its own for somebody, "28:Read,Modify 27:Read", in categories
CREATE FUNCTION pg_temp.role(id text, said text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_role (role_id, name, is_built_in)
        VALUES (id, 'Role ' || id, false);
    INSERT INTO reeve.role_operation
        SELECT DISTINCT id, o.object_type_id, o.bit
        FROM regexp_split_to_table(said, ' ') w,
            regexp_split_to_table(split_part(w, ':', 2), ',') n
        JOIN reeve.operation o ON o.name = replace(n, '_', ' ')
        WHERE o.object_type_id = split_part(w, ':', 1)::integer;
END
$$;
CREATE FUNCTION pg_temp.assign(name text, role text, categories text,
    until timestamptz DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    a bigint;
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        VALUES ('krb5:' || name || '@LAB.TEST', name || '@LAB.TEST', false)
        ON CONFLICT DO NOTHING;
    INSERT INTO reeve.assignment (admin_id, role_id, valid_until)
        VALUES (pg_temp.id(name)::bigint, role, until)
        RETURNING assignment_id INTO a;
    INSERT INTO reeve.assignment_scope SELECT a, split_part(c, ':', 2)
        FROM regexp_split_to_table(categories, ' ') c WHERE c LIKE '29:%';
    INSERT INTO reeve.assignment_collection SELECT a, split_part(c, ':', 2)
        FROM regexp_split_to_table(categories, ' ') c WHERE c LIKE '1:%';
    RETURN a;
END
$$;

-- Two scopes, and collections A > A1 and B under All Systems.
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.security_scope (scope_id, name)
        VALUES ('TSTSCOP1', 'One'), ('TSTSCOP2', 'Two');
    INSERT INTO reeve.collection (collection_id, kind, limiting_id, name)
        VALUES ('TSTCOLA0', 'device', 'SMS00001', 'A');
    INSERT INTO reeve.collection (collection_id, kind, limiting_id, name)
        VALUES ('TSTCOLA1', 'device', 'TSTCOLA0', 'A1'),
            ('TSTCOLB0', 'device', 'SMS00001', 'B');
    PERFORM pg_temp.role('TSTADMIN', '28:Read,Modify,Remove,Add 27:Read 29:Read'
        ' 1:Read');
    PERFORM pg_temp.role('TSTGRANT', '28:Read,Modify,Remove,Add,Grant 27:Read'
        ' 29:Read 1:Read');
    PERFORM pg_temp.role('TSTREADS', '31:Read 1:Read');
    PERFORM pg_temp.role('TSTWRITE', '31:Read,Modify 1:Read');
    PERFORM pg_temp.role('TSTSECUR', '31:Read 28:Read,Modify');
    -- dora may write users, and has what TSTWRITE has, in scope One and A.
    PERFORM pg_temp.assign('dora', 'TSTADMIN', '29:TSTSCOP1 1:TSTCOLA0');
    PERFORM pg_temp.assign('dora', 'TSTWRITE', '29:TSTSCOP1 1:TSTCOLA0');
    -- gina may grant in scope Two and A1.
    PERFORM pg_temp.assign('gina', 'TSTGRANT', '29:TSTSCOP2 1:TSTCOLA1');
    -- tom may grant in One and A, till noon.
    PERFORM pg_temp.assign('tom', 'TSTGRANT', '29:TSTSCOP1 1:TSTCOLA0',
        '2099-01-01 12:00Z');
END
$$;

-- Adding ----------------------------------------------------------------------

SELECT is(pg_temp.add('alice', 'nora', 'SMS0009R:29:SMS00ALL'), '',
    'a full administrator adds a user');
SELECT is(pg_temp.holds('nora'), 'SMS0009R 29:SMS00ALL',
    'who holds what was given');
SELECT is(pg_temp.last_audit(), '31240 alice@LAB.TEST,,nora@LAB.TEST,SMS0009R'
    ',SMS00ALL,', 'the admin stream has it, 31240');
SELECT is(pg_temp.add('alice', 'nora', ''), 'RV409 admin_exists',
    'nobody is added twice');
SELECT is(pg_temp.add('bob', 'x1', ''), 'RV403 not_permitted',
    'adding takes Add on administrative users');
SELECT is(pg_temp.add('dora', 'dan', 'TSTREADS:29:TSTSCOP1'), '',
    'who may add gives a part of what one has');
SELECT is(pg_temp.add('dora', who, permissions), answer, what) FROM (VALUES
    ('x2', 'TSTWRITE:29:TSTSCOP1 TSTWRITE:1:TSTCOLA1', '',
        'all of a role in what is below one''s collection'),
    ('x3', 'TSTREADS:29:TSTSCOP2', 'RV403 not_grantable', 'another scope'),
    ('x4', 'TSTREADS:29:SMS00ALL', 'RV403 not_grantable', 'all scopes'),
    ('x5', 'TSTREADS:1:SMS00001', 'RV400 unknown_category',
        'a collection that one does not see'),
    ('x6', 'TSTREADS:29:TSTSCOP1 TSTREADS:29:TSTSCOP2',
        'RV403 not_grantable', 'a pair with one half of it elsewhere'),
    ('x7', 'TSTSECUR:29:TSTSCOP1', 'RV403 not_grantable',
        'a role with more than one has'),
    ('x8', 'SMS0001R:29:TSTSCOP1', 'RV403 not_grantable',
        'Full Administrator'),
    ('x9', 'TSTADMIN:29:TSTSCOP1', '',
        'the very role by which one gives, in the same scope'),
    ('x10', 'NOSUCHID:29:TSTSCOP1', 'RV400 unknown_role', 'no such role'),
    ('x11', 'TSTREADS:29:NOSUCHID', 'RV400 unknown_category',
        'no such scope'),
    ('x12', 'TSTREADS:7:TSTSCOP1', 'RV400 malformed_permission',
        'a category of another kind'))
    AS t (who, permissions, answer, what);
SELECT is((SELECT count(*) FROM administrative_user
    WHERE logon_name ~ '^x([3-8]|1.)@'), 0::bigint,
    'nothing is left of what was refused');

SELECT is(pg_temp.add('gina', who, permissions), answer, what) FROM (VALUES
    ('y1', 'TSTWRITE:29:TSTSCOP2', '',
        'Grant gives what the giver has not, in its scope'),
    ('y2', 'SMS0009R:29:TSTSCOP2 SMS0009R:1:TSTCOLA1', '',
        'and a built-in role without security operations'),
    ('y3', 'TSTSECUR:29:TSTSCOP2', 'RV403 not_grantable',
        'but no role with a security operation'),
    ('y4', 'TSTWRITE:29:TSTSCOP1', 'RV403 not_grantable', 'nor elsewhere'),
    ('y5', 'TSTWRITE:1:TSTCOLA0', 'RV400 unknown_category',
        'nor on the limit of one''s collection'))
    AS t (who, permissions, answer, what);

-- One assignment has to cover each pair: dora has TSTWRITE in One x A; a
-- second one of hers, in Two x B, does not make One x B.
SELECT lives_ok($$SELECT pg_temp.assign('dora', 'TSTWRITE',
    '29:TSTSCOP2 1:TSTCOLB0')$$, 'dora gets Two x B');
SELECT is(pg_temp.add('dora', who, permissions), answer, what) FROM (VALUES
    ('z1', 'TSTWRITE:29:TSTSCOP1 TSTWRITE:1:TSTCOLB0', 'RV403 not_grantable',
        'a scope of one assignment with a collection of another'),
    ('z2', 'TSTWRITE:29:TSTSCOP1@-1 TSTWRITE:1:TSTCOLA0@-1'
        ' TSTWRITE:29:TSTSCOP2@-2 TSTWRITE:1:TSTCOLB0@-2', '',
        'but two assignments, as one has them'))
    AS t (who, permissions, answer, what);
SELECT is(pg_temp.holds('z2'), 'TSTWRITE 29:TSTSCOP1 1:TSTCOLA0'
    ' | TSTWRITE 29:TSTSCOP2 1:TSTCOLB0', 'which are two');

-- Accounts --------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'admin_create', '{"logon_name":"a"}'
    || args::jsonb), answer, what) FROM (VALUES
    ('{"principal_id":"alice"}', 'RV400 malformed_principal',
        'a name that is no principal'),
    ('{"principal_id":"group:u-9","is_group":false}',
        'RV400 malformed_principal', 'a user with the form of a group'),
    ('{"principal_id":"krb5:a@B","is_group":true}',
        'RV400 malformed_principal', 'a group with the form of a user'),
    ('{"principal_id":"group:u-9","is_group":true,"account_id":"u-8"}',
        'RV400 malformed_principal', 'a group with the id of another'),
    ('{"principal_id":"group:u-9","is_group":true,"account_id":"U-9"}', '',
        'a group'),
    ('{"principal_id":"krb5:u9@LAB.TEST","account_id":"u-9"}',
        'RV409 admin_exists', 'another name of an account'),
    ('{"principal_id":"krb5:w@LAB.TEST","account_id":""}',
        'RV400 malformed_account', 'an empty id'),
    ('{"principal_id":"krb5:w@LAB.TEST","logon_name":"a\u001b[2J"}',
        'RV400 malformed_name', 'a name that a terminal would obey'))
    AS t (args, answer, what);

-- Oneself ---------------------------------------------------------------------

SELECT is(pg_temp.give('dora', 'dora', 'TSTADMIN:29:TSTSCOP1'
    ' TSTADMIN:1:TSTCOLA0 TSTWRITE:29:TSTSCOP1 TSTWRITE:1:TSTCOLA0'
    ' TSTREADS:29:TSTSCOP1'), 'RV403 self_gain',
    'nobody gives anything to oneself');
SELECT is(pg_temp.add('gina', 'pal', 'TSTREADS:29:TSTSCOP2', '{}',
    '{krb5:pal@LAB.TEST}'), '', 'an id that is no own one says nothing');
SELECT is(pg_temp.said('alice', 'admin_create', '{"principal_id":"group:g-7",
    "account_id":"g-7","is_group":true,"logon_name":"g7","permissions":[
    {"role_id":"TSTREADS","category_id":"SMS00ALL"}]}', '{}', groups, known),
    answer, what) FROM (VALUES
    ('{group:g-7}'::text[], true, 'RV403 self_gain',
        'nor to a group that one is in'),
    ('{}', false, 'RV503 groups_unknown',
        'nor to one that one cannot be shown not to be in'),
    ('{group:g-6}', true, '', 'but to another'))
    AS t (groups, known, answer, what);
SELECT is(pg_temp.give('alice', 'alice', 'SMS0001R:29:SMS00ALL'
    ' SMS0001R:1:SMS00001 SMS0001R:1:SMS00004'), 'nothing',
    'what one has already is no gain');

-- Replacing --------------------------------------------------------------------

SELECT is(pg_temp.add('alice', 'rita', 'TSTREADS:29:TSTSCOP1'
    ' TSTWRITE:29:TSTSCOP2 TSTWRITE:1:TSTCOLB0'), '', 'rita');
SELECT pg_temp.assignment_of('rita', 'TSTREADS') AS reads,
    pg_temp.assignment_of('rita', 'TSTWRITE') AS writes \gset
SELECT is(pg_temp.give('alice', 'rita', 'TSTREADS:29:TSTSCOP2'
    ' TSTWRITE:29:TSTSCOP2 TSTWRITE:1:TSTCOLB0'), '',
    'a list without AssignmentIDs replaces');
SELECT is(pg_temp.holds('rita'), 'TSTREADS 29:TSTSCOP2'
    ' | TSTWRITE 29:TSTSCOP2 1:TSTCOLB0', 'what it names is there');
SELECT is(pg_temp.assignment_of('rita', 'TSTREADS') || ' '
    || pg_temp.assignment_of('rita', 'TSTWRITE'),
    :'reads' || ' ' || :'writes', 'in the assignments that there were');
SELECT is(pg_temp.last_audit(), '31241 alice@LAB.TEST,,rita@LAB.TEST,'
    'TSTREADS,TSTWRITE,TSTSCOP2,TSTCOLB0', 'the admin stream has it, 31241');
SELECT is(pg_temp.give('alice', 'rita', 'TSTREADS:29:TSTSCOP2'
    ' TSTWRITE:29:TSTSCOP2 TSTWRITE:1:TSTCOLB0'), 'nothing',
    'the same list again changes nothing');
SELECT is(pg_temp.said('alice', 'admin_change', jsonb_build_object(
    'admin_id', pg_temp.id('rita'), 'permissions', pg_temp.rows(
    'TSTREADS:29:TSTSCOP2 TSTWRITE:29:TSTSCOP2 TSTWRITE:1:TSTCOLB0')
    || '[{"role_id":"SMS0009R","category_id":"TSTSCOP1",
        "valid_until":4070908800000}]')), '', 'a temporary permission');
SELECT is((SELECT string_agg(role_id || ' ' || (valid_until AT TIME ZONE
        'UTC')::text, '') FROM permission_held
    WHERE admin_id::text = pg_temp.id('rita') AND valid_until IS NOT NULL),
    'SMS0009R 2099-01-01 00:00:00', 'ends when it says');
SELECT is(pg_temp.give('alice', 'rita', 'TSTREADS:29:TSTSCOP2'
    ' TSTWRITE:29:TSTSCOP2 TSTWRITE:1:TSTCOLB0 SMS0009R:29:TSTSCOP1'),
    'nothing', 'and a script that knows no ValidUntil leaves it so');
SELECT is(pg_temp.give('alice', 'rita', 'SMS0009R:29:TSTSCOP1'
    ' SMS0009R:29:TSTSCOP2'), '',
    'a new row of a role that has an end only makes an assignment');
SELECT is(pg_temp.holds('rita'), 'SMS0009R 29:TSTSCOP1'
    ' | SMS0009R 29:TSTSCOP2', 'beside it');

-- The second row of the same role joins the lowest without end.
SELECT is(pg_temp.give('alice', 'rita', 'TSTREADS:29:TSTSCOP1@-1'
    ' TSTREADS:29:TSTSCOP2@-2'), '', 'two assignments of one role');
SELECT is(pg_temp.give('alice', 'rita', 'TSTREADS:29:TSTSCOP1'
    ' TSTREADS:29:TSTSCOP2 TSTREADS:1:TSTCOLB0'), '', 'and a row more');
SELECT is(pg_temp.holds('rita'), 'TSTREADS 29:TSTSCOP1 1:TSTCOLB0'
    ' | TSTREADS 29:TSTSCOP2', 'goes to the first');
SELECT is(pg_temp.give('alice', 'rita', said), answer, what) FROM (VALUES
    ('TSTREADS:29:TSTSCOP1@999999', 'RV400 unknown_assignment',
        'an AssignmentID of nobody'),
    ('TSTWRITE:29:TSTSCOP1@' || pg_temp.assignment_of('rita', 'TSTREADS'),
        'RV400 unknown_assignment', 'one with another role'),
    ('TSTWRITE:29:TSTSCOP1@' || pg_temp.assignment_of('dora', 'TSTWRITE'),
        'RV400 unknown_assignment', 'one of somebody else'),
    ('TSTWRITE:29:TSTSCOP1@-1 TSTREADS:29:TSTSCOP1@-1',
        'RV400 contradictory_assignment', 'a new one with two roles'))
    AS t (said, answer, what);

-- What the caller may not read stays.
SELECT is(pg_temp.add('alice', 'hugo', 'TSTREADS:29:TSTSCOP1'), '', 'hugo');
SELECT lives_ok($$SELECT pg_temp.assign('hugo', 'TSTREADS',
    '1:TSTCOLA1 29:TSTSCOP1')$$, 'hugo has something in A1');
SELECT lives_ok($$SELECT pg_temp.assign('blind', 'TSTBLIND', '1:TSTCOLA0'
    ' 29:TSTSCOP1')$$, 'blind may grant there')
FROM pg_temp.role('TSTBLIND', '28:Read,Modify,Remove,Add,Grant 27:Read'
    ' 29:Read');
SELECT is(pg_temp.give('blind', 'hugo', ''), '',
    'blind takes all from hugo that can be seen');
SELECT is(pg_temp.holds('hugo'), 'TSTREADS 1:TSTCOLA1',
    'the collection that blind may not read stays');
SELECT is(pg_temp.give('blind', 'hugo', 'TSTREADS:1:TSTCOLA1'),
    'RV400 unknown_category', 'and cannot be guessed');

-- Who may change whom ----------------------------------------------------------

SELECT is(pg_temp.give('bob', 'nora', ''), 'RV404 no_such_object',
    'who may not read users is not told of one');
SELECT is(pg_temp.give('dora', 'gina', ''), 'RV403 not_grantable',
    'dora takes nothing from who has what dora could not give');
SELECT is(pg_temp.holds('gina'), 'TSTGRANT 29:TSTSCOP2 1:TSTCOLA1',
    'gina has it still');
SELECT is(pg_temp.said('dora', 'admin_change', jsonb_build_object(
    'admin_id', pg_temp.id('gina'), 'display_name', 'x')),
    'RV403 not_grantable', 'nor gives a new name');
SELECT is(pg_temp.give('dora', 'dan', 'TSTREADS:29:TSTSCOP1'
    ' TSTREADS:1:TSTCOLA1'), '', 'dora gives dan a collection');
SELECT is(pg_temp.give('dora', 'dan', 'TSTREADS:29:TSTSCOP1'
    ' TSTREADS:29:TSTSCOP2 TSTREADS:1:TSTCOLA1'), 'RV403 not_grantable',
    'the whole assignment is judged, with each pair that the new row makes');
SELECT is(pg_temp.give('dora', 'dan', '', '{"if_match":["old"]}'),
    'RV412 changed_meanwhile', 'on what was changed meanwhile');
SELECT is(pg_temp.give('dora', 'dan', '', jsonb_build_object('if_match',
    jsonb_build_array(etag_of('SMS_Admin', pg_temp.id('dan'))))), '',
    'and as it is');
SELECT is(pg_temp.give('dora', 'dan', 'TSTREADS:29:TSTSCOP1', '{}', '{}',
    false), '', 'unknown groups do no harm to who needs none');
SELECT is(pg_temp.give('gina', 'dan', '', '{}', '{}', false),
    'RV503 groups_unknown', 'and make the rest not decidable');

-- Time: what is given ends no later than what gives.
SELECT is(pg_temp.said('tom', 'admin_create', jsonb_build_object(
    'principal_id', 'krb5:t' || n || '@LAB.TEST', 'logon_name', 't' || n,
    'permissions', jsonb_build_array('{"role_id":"TSTREADS",
        "category_id":"TSTSCOP1"}' || more::jsonb))), answer, what)
FROM (VALUES
    (1, '{}', 'RV403 not_grantable', 'without end'),
    (2, '{"valid_until":4071000000000}', 'RV403 not_grantable', 'later'),
    (3, '{"valid_until":4070908800000}', '', 'earlier'),
    (4, '{"valid_until":1,"valid_from":1}', 'RV400 malformed_permission',
        'an end at the beginning'),
    (5, '{"valid_until":"soon"}', 'RV400 malformed_permission',
        'an end that is no time'))
    AS t (n, more, answer, what);
SELECT is(pg_temp.said('tom', 'admin_change', jsonb_build_object('admin_id',
    (SELECT admin_id FROM administrative_user WHERE logon_name = 't3')::text,
    'permissions', jsonb_build_array(jsonb_build_object('role_id', 'TSTREADS',
        'category_id', 'TSTSCOP1', 'assignment_id', (SELECT min(assignment_id)
            FROM assignment JOIN administrative_user USING (admin_id)
            WHERE logon_name = 't3'), 'valid_until', until)))), answer, what)
FROM (VALUES (4071000000000, 'RV403 not_grantable', 'nor is prolonged'),
    (4070900000000, '', 'but cut'),
    (NULL, 'RV403 not_grantable', 'and given no end'))
    AS t (until, answer, what);

-- Edits ---------------------------------------------------------------------------

SELECT is(pg_temp.add('alice', 'ed', 'TSTREADS:29:TSTSCOP1'), '', 'ed');
SELECT is(pg_temp.edit('alice', 'ed', e::jsonb) || ' ' || pg_temp.holds('ed'),
    answer, what) FROM (VALUES
    (1, '{"add_role":{"role_id":"TSTWRITE"}}',
        ' TSTREADS 29:TSTSCOP1 | TSTWRITE 29:TSTSCOP1',
        'a role in what the user has'),
    (2, '{"add_category":{"category_name":"Two"}}',
        ' TSTREADS 29:TSTSCOP1 29:TSTSCOP2 | TSTWRITE 29:TSTSCOP1'
        ' 29:TSTSCOP2', 'a scope for each role, by name'),
    (3, '{"add_category":{"category_id":"TSTCOLA0","category_type_id":1,
        "role_id":"TSTWRITE"}}',
        ' TSTREADS 29:TSTSCOP1 29:TSTSCOP2 | TSTWRITE 29:TSTSCOP1'
        ' 29:TSTSCOP2 1:TSTCOLA0', 'a collection for one role'),
    (4, '{"remove":{"category_id":"TSTSCOP2"}}',
        ' TSTREADS 29:TSTSCOP1 | TSTWRITE 29:TSTSCOP1 1:TSTCOLA0',
        'a scope less'),
    (5, '{"remove":{"category_id":"TSTSCOP1"}}',
        'RV409 last_category TSTREADS 29:TSTSCOP1 | TSTWRITE 29:TSTSCOP1'
        ' 1:TSTCOLA0', 'but not the last one of a role'),
    (6, '{"remove":{"role_id":"TSTREADS"}}',
        ' TSTWRITE 29:TSTSCOP1 1:TSTCOLA0', 'a role less'),
    (7, '{"remove":{"role_id":"TSTREADS"}}',
        'RV409 not_held TSTWRITE 29:TSTSCOP1 1:TSTCOLA0', 'once'),
    (8, '{"remove":{}}',
        'RV409 not_held TSTWRITE 29:TSTSCOP1 1:TSTCOLA0', 'and not nothing'),
    (9, '{"add_category":{"category_id":"TSTSCOP2","role_id":"TSTREADS"}}',
        'RV409 no_role TSTWRITE 29:TSTSCOP1 1:TSTCOLA0',
        'nor a scope for a role that there is not'))
    AS t (i, e, answer, what);
SELECT is(pg_temp.edit('dora', 'ed', '{"add_role":{"role_id":"SMS0009R"}}'),
    'RV403 not_grantable', 'an edit gives no more than a list');

-- Removing --------------------------------------------------------------------------

SELECT is(pg_temp.said('alice', 'admin_delete', args::jsonb),
    'RV404 no_such_object', 'no such user: ' || args)
FROM (VALUES ('{}'), ('{"admin_id":"1"}'), ('{"admin_id":"x OR 1=1"}'))
    AS t (args);
CREATE FUNCTION pg_temp.remove(who text, name text, more jsonb DEFAULT '{}',
    groups text[] DEFAULT '{}', known boolean DEFAULT true)
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.said(who, 'admin_delete', jsonb_build_object('admin_id',
        pg_temp.id(name)), more, groups, known)
$$;
CREATE FUNCTION pg_temp.is_there(name text) RETURNS boolean LANGUAGE sql AS $$
    SELECT pg_temp.id($1) IS NOT NULL
$$;
SELECT is(pg_temp.remove(who, name, more::jsonb, '{}', known) || ' '
    || pg_temp.is_there(name), answer || ' true', what) FROM (VALUES
    ('bob', 'nora', '{}', true, 'RV404 no_such_object',
        'who may not read a user is not told of one'),
    ('alice', 'alice', '{}', true, 'RV403 self_removal',
        '31247: nobody removes oneself'),
    ('alice', 'nora', '{"if_match":["old"]}', true,
        'RV412 changed_meanwhile', 'a user that was changed meanwhile'),
    ('dora', 'gina', '{}', true, 'RV403 not_grantable',
        'removing asks for what one could grant'),
    ('gina', 'dora', '{}', false, 'RV503 groups_unknown',
        'not decidable without the groups'),
    ('alice', 'nora', '{"dry_run":true}', true, '', 'a dry run'))
    AS t (who, name, more, known, answer, what);
SELECT is(pg_temp.remove('alice', 'nora') || pg_temp.is_there('nora'),
    'false', 'alice removes nora');
SELECT is(pg_temp.last_audit(), '31242 alice@LAB.TEST,,nora@LAB.TEST',
    'the admin stream has it, 31242');
SELECT is(pg_temp.add('alice', 'nora', ''), '',
    'who is removed may be added again');

-- The last full administrator ---------------------------------------------------------

-- Without a second one nothing may be taken from alice, whoever does it.
SELECT is((SELECT count(*) FROM full_administrator), 1::bigint,
    'there is one full administrator');
SELECT is(pg_temp.give('alice', 'alice', said), 'RV409 last_full_administrator',
    'the last full administrator stays one: ' || said)
FROM (VALUES (''), ('SMS0001R:29:SMS00ALL SMS0001R:1:SMS00001'),
    ('SMS0001R:1:SMS00001 SMS0001R:1:SMS00004')) AS t (said);
SELECT is(pg_temp.add('alice', 'zoe', 'SMS0001R:29:SMS00ALL'
    ' SMS0001R:1:SMS00001 SMS0001R:1:SMS00004'), '', 'zoe is another one');
SELECT is(pg_temp.remove('zoe', 'alice'), '', 'who may remove alice');
SELECT is(pg_temp.remove('zoe', 'zoe'), 'RV403 self_removal',
    'and not herself');
SELECT is(pg_temp.said('zoe', 'admin_change', jsonb_build_object('admin_id',
    pg_temp.id('zoe'), 'permissions', (SELECT jsonb_agg(r || jsonb_build_object(
        'assignment_id', pg_temp.assignment_of('zoe', 'SMS0001R'),
        'valid_until', 4070908800000)) FROM jsonb_array_elements(pg_temp.rows(
        'SMS0001R:29:SMS00ALL SMS0001R:1:SMS00001 SMS0001R:1:SMS00004')) r))),
    'RV409 last_full_administrator', 'nor gives herself an end');

-- What a dry run tells ------------------------------------------------------------------

SELECT is((SELECT r #>> '{results,0,grants,0,role_id}'
    FROM pg_temp.run('zoe', 'admin_create', jsonb_build_object('principal_id',
        'krb5:dry@LAB.TEST', 'logon_name', 'dry', 'permissions',
        pg_temp.rows('SMS0002R:29:TSTSCOP1 SMS0002R:1:TSTCOLA0')),
        '{"dry_run":true}') AS r), 'SMS0002R', 'a dry run reports on grants');
SELECT lives_ok($$SELECT pg_temp.role('TSTDEPLO', '1:Read,Deploy_Applications'
    ' 31:Read,Create 45:Read 42:Read')$$, 'a role that deploys');
CREATE TEMP TABLE told AS SELECT r #> '{results,0,grants,0}' AS t
    FROM pg_temp.run('zoe', 'admin_create', jsonb_build_object('principal_id',
        'krb5:dry@LAB.TEST', 'logon_name', 'dry', 'permissions',
        pg_temp.rows('TSTDEPLO:29:TSTSCOP1 TSTDEPLO:1:TSTCOLA0')),
        '{"dry_run":true}') AS r;
SELECT is((SELECT string_agg((l ->> 'type') || ' ' || (l ->> 'reason'), ', '
        ORDER BY l ->> 'type') FROM told,
        jsonb_array_elements(t -> 'not_limited') l),
    'SMS_Application type_wide, SMS_Boundary secured_by_role',
    'of what no scope and no collection limits');
SELECT is((SELECT string_agg((l ->> 'type') || ' ' || (l ->>
        'lacks_operations'), ', ' ORDER BY l ->> 'type') FROM told,
        jsonb_array_elements(t -> 'deploying_lacks') l
        WHERE l ? 'lacks_operations'),
    'SMS_BoundaryGroup ["Read"], SMS_DistributionPointGroup ["Read",'
    ' "Copy to Distribution Point"], SMS_DistributionPointInfo ["Copy to'
    ' Distribution Point"], SMS_ObjectContainerNode ["Read"], SMS_Site'
    ' ["Read"]', 'and of what a deploying role lacks');
SELECT ok(NOT EXISTS (SELECT FROM administrative_user
    WHERE logon_name = 'dry'), 'and keeps nothing');

-- Further principals ---------------------------------------------------------------------

SELECT is(pg_temp.said('zoe', 'admin_principal_add', jsonb_build_object(
    'admin_id', pg_temp.id('hugo'), 'principal_id', 'krb5:h@OTHER.TEST'),
    more::jsonb), answer, what) FROM (VALUES
    ('{"if_match":["old"]}', 'RV412 changed_meanwhile',
        'on what was changed meanwhile'),
    ('{}', '', 'a further principal'))
    AS t (more, answer, what);

-- Orphans -----------------------------------------------------------------------------------

SELECT is((SELECT changed FROM account_mark_gone(ARRAY[
    pg_temp.id('dan')::bigint, 1], '{}')), 1, 'dan''s account is gone');
SELECT ok((SELECT is_orphaned FROM administrative_user
    WHERE admin_id::text = pg_temp.id('dan')), 'dan is an orphan');
SELECT is((SELECT changed FROM account_mark_gone(ARRAY[
    pg_temp.id('dan')::bigint], '{}')), 0, 'once');
SELECT is(pg_temp.add('zoe', 'dan', ''), 'RV409 orphan_has_account',
    'nobody takes the place of an orphan');
SELECT is(pg_temp.remove('zoe', 'dan'), '', 'who can be removed');
SELECT is(pg_temp.add('zoe', 'dan', ''), '', 'and then be added again');
SELECT is((SELECT changed FROM account_mark_gone(ARRAY[
    pg_temp.id('zoe')::bigint], '{}')), 1,
    'even the last full administrator can be an orphan');

SELECT * FROM finish();
ROLLBACK;
