-- Tasks: whoever has exactly what a task names may do each part of it, and
-- nobody who lacks one.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();
SET LOCAL search_path = reeve, public;

-- One object of each type, a role for each task, and somebody who has it on everything.
CREATE FUNCTION pg_temp.name_of(task text) RETURNS text LANGUAGE sql AS $$
    SELECT 'T' || upper(left(md5(task), 7))
$$;
DO $$
BEGIN
    PERFORM reeve.take_revision();
    INSERT INTO reeve.secured_object (object_type_id, object_key, name)
        SELECT object_type_id, 'it', 'it' FROM reeve.object_type
        WHERE secured_by IN ('scope', 'role')
            AND object_type_id NOT IN (27, 28, 29);
    INSERT INTO reeve.object_scope (object_type_id, object_key, scope_id)
        SELECT object_type_id, 'it', 'SMS00UNA' FROM reeve.object_type
        WHERE secured_by = 'scope';
    INSERT INTO reeve.security_role (role_id, name, is_built_in, created_by,
            modified_by)
        SELECT pg_temp.name_of(task_id), 'for ' || task_id, false, 'x', 'x'
        FROM reeve.task;
    INSERT INTO reeve.role_operation (role_id, object_type_id, bit)
        SELECT pg_temp.name_of(t.task_id), (o ->> 'ObjectTypeID')::integer, b
        FROM reeve.task t, LATERAL jsonb_array_elements(
                reeve.role_for_tasks(ARRAY[t.task_id]) -> 'Operations') AS o,
            generate_series(0, 62) AS b
        WHERE floor((o ->> 'GrantedOperations')::numeric / 2::numeric ^ b) % 2
            = 1;
    INSERT INTO reeve.administrative_user (principal_id, logon_name, is_group)
        SELECT 'krb5:' || pg_temp.name_of(task_id) || '@LAB.TEST', task_id,
            false FROM reeve.task;
    INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT u.admin_id, pg_temp.name_of(u.logon_name)
        FROM reeve.administrative_user u JOIN reeve.task t
            ON t.task_id = u.logon_name;
    INSERT INTO reeve.assignment_scope
        SELECT a.assignment_id, 'SMS00ALL' FROM reeve.assignment a
            JOIN reeve.administrative_user u USING (admin_id)
            JOIN reeve.task t ON t.task_id = u.logon_name;
    INSERT INTO reeve.assignment_collection
        SELECT a.assignment_id, c FROM reeve.assignment a
            JOIN reeve.administrative_user u USING (admin_id)
            JOIN reeve.task t ON t.task_id = u.logon_name,
            unnest(ARRAY['SMS00001', 'SMS00004']) AS c;
END
$$;

CREATE TEMP TABLE part AS
SELECT n.task_id, n.ordinal, n.object_type_id, o.name AS operation,
    CASE WHEN o.is_type_wide THEN NULL
        WHEN n.object_type_id = 1 THEN (SELECT c.collection_id
            FROM reeve.collection c WHERE NOT c.is_built_in LIMIT 1)
        WHEN n.object_type_id = 27 THEN pg_temp.name_of(n.task_id)
        WHEN n.object_type_id = 28 THEN (SELECT u.admin_id::text
            FROM reeve.administrative_user u WHERE u.logon_name = n.task_id)
        WHEN n.object_type_id = 29 THEN (SELECT s.scope_id
            FROM reeve.security_scope s WHERE NOT s.is_built_in LIMIT 1)
        ELSE 'it' END AS object_key,
    o.is_type_wide, t.secured_by
FROM reeve.task_operation n JOIN reeve.operation o USING (object_type_id, bit)
JOIN reeve.object_type t USING (object_type_id);
CREATE FUNCTION pg_temp.may(task text, part pg_temp.part) RETURNS boolean
LANGUAGE sql AS $$
    SELECT v.decision FROM reeve.allowed(
        ARRAY['krb5:' || pg_temp.name_of(task) || '@LAB.TEST'], 1, true, 3,
        false, (SELECT decided_at FROM reeve.site_revision),
        part.object_type_id::text, part.operation, part.object_key) v
$$;

SELECT ok((SELECT count(*) FROM reeve.task) >= 50, 'there are many tasks');
SELECT ok(pg_temp.may(p.task_id, p), p.task_id || ' ' || p.ordinal
    || ': ' || p.operation) FROM part p
ORDER BY p.task_id, p.ordinal;
SELECT ok(NOT pg_temp.may('site.level', p), 'not by another task: '
    || p.task_id || ' ' || p.ordinal) FROM part p
WHERE p.task_id <> 'site.level' AND p.object_type_id <> 6
ORDER BY p.task_id, p.ordinal;

SELECT is(reeve.role_for_tasks(ARRAY['application.deploy']),
    '{"Operations": [{"ObjectTypeID": 1, "GrantedOperations": 1048577},
        {"ObjectTypeID": 31, "GrantedOperations": 1}],
      "operations": [{"type": "SMS_Collection",
            "operations": ["Read", "Deploy Applications"]},
        {"type": "SMS_Application", "operations": ["Read"]}],
      "not_limited_by_scopes": []}', 'a role for one task');
SELECT is(reeve.role_for_tasks(ARRAY['boundary.create', 'admin.read'])
    -> 'not_limited_by_scopes', '["SMS_Admin", "SMS_Boundary"]',
    'and what no scope limits');
SELECT throws_ok($$SELECT reeve.role_for_tasks(ARRAY['nothing'])$$, 'RV400',
    'There is no task nothing.', 'no role for no task');
SELECT throws_ok($$SELECT reeve.role_for_tasks('{}')$$, 'RV400',
    'Name 1 to 100 tasks.', 'nor for none');

SELECT * FROM finish();
ROLLBACK;
