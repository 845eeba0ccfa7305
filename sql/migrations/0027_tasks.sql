-- Tasks: what administrators set out to do, all the operations that each
-- needs, and a role made of them.  The rows come with 0028.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.task (
    task_id         text COLLATE "C" PRIMARY KEY
                    CHECK (task_id ~ '^[a-z][a-z_.]{2,63}$'),
    title           text NOT NULL CHECK (title <> '')
);
COMMENT ON TABLE reeve.task IS
'What an administrator sets out to do, as documentation names it.';

CREATE TABLE reeve.task_operation (
    task_id         text COLLATE "C" NOT NULL REFERENCES reeve.task,
    ordinal         smallint NOT NULL CHECK (ordinal > 0),
    object_type_id  integer NOT NULL,
    bit             smallint NOT NULL,
    on_what         text NOT NULL CHECK (on_what <> ''),
    pair            text CHECK (pair <> ''),
    PRIMARY KEY (task_id, ordinal),
    FOREIGN KEY (object_type_id, bit) REFERENCES reeve.operation
);
COMMENT ON TABLE reeve.task_operation IS
'Each operation that a task needs, and on what.';
COMMENT ON COLUMN reeve.task_operation.pair IS
'Rows of a task with the same word must come from one assignment (docs/rule.md section 4); NULL: from any.';

CREATE FUNCTION reeve.class_of_type(object_type_id integer) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN (SELECT coalesce(t.class_name, t.sdk_name) FROM reeve.object_type t
    WHERE t.object_type_id = class_of_type.object_type_id);
COMMENT ON FUNCTION reeve.class_of_type(integer) IS
'The class of a type, as messages name it.';

CREATE FUNCTION reeve.tasks() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_agg(jsonb_build_object('task', t.task_id, 'title', t.title,
        'needs', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'type', class_of_type(n.object_type_id),
                'operation', o.name, 'on', n.on_what, 'together', n.pair))
                ORDER BY n.ordinal)
            FROM task_operation n
            JOIN operation o USING (object_type_id, bit)
            WHERE n.task_id = t.task_id)) ORDER BY t.task_id)
    FROM task t
$$;
COMMENT ON FUNCTION reeve.tasks() IS
'Each task with all that it needs; "together": from one assignment.';

CREATE FUNCTION reeve.role_for_tasks(tasks text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    unknown text;
BEGIN
    SELECT w.id INTO unknown FROM unnest(tasks) AS w (id)
        WHERE NOT EXISTS (SELECT FROM task t WHERE t.task_id = w.id)
        ORDER BY w.id LIMIT 1;
    IF unknown IS NOT NULL THEN
        PERFORM refuse('RV400', format('There is no task %s.',
            left(unknown, 64)), '{"reason":"unknown_task"}');
    ELSIF cardinality(tasks) NOT BETWEEN 1 AND 100 THEN
        PERFORM refuse('RV400', 'Name 1 to 100 tasks.',
            '{"reason":"unknown_task"}');
    END IF;
    RETURN (
        WITH named AS (
            SELECT n.object_type_id, n.bit FROM task_operation n
            WHERE n.task_id = ANY (tasks)
        ), needed AS (
            SELECT n.object_type_id, n.bit FROM named n
            UNION
            SELECT n.object_type_id, b.bit FROM named n,
                unnest(needed_bits(n.object_type_id, n.bit)) AS b (bit)
            WHERE b.bit IS NOT NULL
        ), by_type AS (
            SELECT n.object_type_id, sum(2::numeric ^ n.bit)::numeric(20)
                    AS mask,
                jsonb_agg(o.name ORDER BY n.bit) AS names
            FROM needed n JOIN operation o USING (object_type_id, bit)
            GROUP BY n.object_type_id
        )
        SELECT jsonb_build_object('Operations', jsonb_agg(jsonb_build_object(
                'ObjectTypeID', b.object_type_id,
                'GrantedOperations', b.mask) ORDER BY b.object_type_id),
            'operations', jsonb_agg(jsonb_build_object(
                'type', class_of_type(b.object_type_id),
                'operations', b.names) ORDER BY b.object_type_id),
            'not_limited_by_scopes', coalesce(jsonb_agg(
                class_of_type(b.object_type_id) ORDER BY b.object_type_id)
                FILTER (WHERE t.secured_by = 'role'), '[]'))
        FROM by_type b JOIN object_type t USING (object_type_id));
END
$$;
COMMENT ON FUNCTION reeve.role_for_tasks(text[]) IS
'The least role for some tasks: Operations as SMS_Role takes them, the same by names, and the types on which neither scopes nor collections limit it.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.tasks(), reeve.role_for_tasks(text[])
    TO reeve_runtime;
RESET ROLE;
