-- Operations on more than one thing: docs/rule.md section 4.  Each is a row
-- of halves, one question a half; an assignment fails the union of what it
-- fails in each half.
--
--   pair_halves     the halves of an operation: the table of section 4
--   weigh_pair      each assignment with the conditions that it fails in each
--   allowed_pair    the decision, with reasons by half
--   explain_pair    every assignment and half
--
-- A question is a JSON object.  Things are {"type": .., "key": ..}:
--
--   deploy, read-deployment   object (the content), collection
--   delete-deployment         object (its type is enough), collection
--   distribute                object (the content), other (point or group)
--   refer                     object (what refers), other
--   create-collection         limiting
--   change-limiting           collection, limiting (the new one)
--   write-rule                collection (absent: a new one), named (ids),
--                             inventory (true) with limiting, direct (things)
--   import-computer           object (the site), collection, other (absent:
--                             no record matches)
--   move                      object, from, to (folders; absent: the root)
--   create-folder             object (what it is for), to (absent: the root)
--   change-folder, delete-folder   object (what it is for), from (the folder)

SET LOCAL ROLE reeve_owner;

CREATE TYPE reeve.half AS (
    question        reeve.meaning,
    folder_scopes   text[]
);
COMMENT ON TYPE reeve.half IS
'One half of an operation on more than one thing.  folder_scopes: the operation is asked for in one of these scopes, not on an instance of its type; NULL otherwise.';

CREATE TYPE reeve.half_weight AS (
    assignment_id   bigint,
    half            integer,
    failed          text[],
    level_needed    integer
);
COMMENT ON TYPE reeve.half_weight IS
'What an assignment fails in a half, as weigh() says it.';

-- The halves ------------------------------------------------------------------

CREATE FUNCTION reeve.half_of(type text, operation text, object_key text)
RETURNS reeve.half
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT ROW(meaning_of($1, $2, $3), NULL)::half
$$;
COMMENT ON FUNCTION reeve.half_of(text, text, text) IS
'A half that is a question like any other.';

CREATE FUNCTION reeve.half_on(thing jsonb, operation text) RETURNS reeve.half
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT half_of(thing ->> 'type', operation, thing ->> 'key')
$$;
COMMENT ON FUNCTION reeve.half_on(jsonb, text) IS
'half_of, for a thing as a question names it.';

CREATE FUNCTION reeve.half_of_deploying(type text, collection_id text)
RETURNS reeve.half
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning;
    content integer := object_type_named(type);
    needed text;
BEGIN
    SELECT o.name INTO needed FROM deploy_operation d
        JOIN operation o ON o.object_type_id = d.collection_type_id
            AND o.bit = d.bit
        WHERE d.object_type_id = content;
    IF FOUND THEN
        RETURN half_of('1', needed, collection_id);
    END IF;
    q.reason := CASE WHEN content IS NULL THEN 'unknown_type'
        ELSE 'op_not_applicable' END;
    RETURN ROW(q, NULL)::half;
END
$$;
COMMENT ON FUNCTION reeve.half_of_deploying(text, text) IS
'Deploy(k) on a collection, for content of a type.';

CREATE FUNCTION reeve.half_of_folder(type text, folder text)
RETURNS reeve.half
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning;
    place meaning;
    t object_type;
BEGIN
    SELECT x.* INTO t FROM object_type x
        WHERE x.object_type_id = object_type_named(type);
    IF NOT FOUND THEN
        q.reason := CASE WHEN class_without_type(type) IS NULL
            THEN 'unknown_type' ELSE 'op_not_applicable' END;
        RETURN ROW(q, NULL)::half;
    END IF;
    q.object_type_id := t.object_type_id;
    SELECT o.bit INTO q.bit FROM operation o
        WHERE o.object_type_id = t.object_type_id
            AND o.name = 'Modify Folder';
    IF NOT FOUND THEN
        q.reason := 'unknown_operation';
        RETURN ROW(q, NULL)::half;
    END IF;
    -- It is about no instance of the type, and reads none.
    q.kind := CASE t.secured_by WHEN 'derived' THEN 'derived' ELSE 'role' END;
    q.object_kind := q.kind;
    q.needed_bits := '{}';
    IF folder IS NULL THEN
        RETURN ROW(q, NULL)::half;
    END IF;
    place := meaning_of('226', 'Read', folder);
    q.reason := place.reason;
    q.is_missing := place.is_missing;
    IF q.kind = 'role' THEN
        q.kind := place.kind;
    END IF;
    RETURN ROW(q, covering_scopes(226, folder))::half;
END
$$;
COMMENT ON FUNCTION reeve.half_of_folder(text, text) IS
'Modify Folder for a type, in a category that is a scope of the folder, or SMS00ALL; any at the root.';

CREATE FUNCTION reeve.pair_halves(operation text, question jsonb)
RETURNS SETOF reeve.half
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    x jsonb := question -> 'object';
    y jsonb := question -> 'other';
    c text := question ->> 'collection';
    l text := question ->> 'limiting';
    source text := question ->> 'from';
    target text := question ->> 'to';
BEGIN
    CASE operation
    WHEN 'deploy' THEN
        RETURN NEXT half_of_deploying(x ->> 'type', c);
        RETURN NEXT half_on(x, 'Read');
    WHEN 'delete-deployment' THEN
        RETURN NEXT half_of_deploying(x ->> 'type', c);
    WHEN 'read-deployment' THEN
        RETURN NEXT half_of('1', 'Read', c);
        RETURN NEXT half_on(x, 'Read');
    WHEN 'distribute' THEN
        RETURN NEXT half_on(x, 'Read');
        RETURN NEXT half_on(y, 'Copy to Distribution Point');
    WHEN 'refer' THEN
        RETURN NEXT half_on(x, 'Modify');
        RETURN NEXT half_on(y, 'Read');
    WHEN 'create-collection' THEN
        RETURN NEXT half_of('1', 'Create', NULL);
        RETURN NEXT half_of('1', 'Read', l);
    WHEN 'change-limiting' THEN
        RETURN NEXT half_of('1', 'Modify', c);
        RETURN NEXT half_of('1', 'Read', l);
    WHEN 'write-rule' THEN
        RETURN NEXT half_of('1', CASE WHEN c IS NULL THEN 'Create'
            ELSE 'Modify' END, c);
        RETURN QUERY SELECT h.* FROM jsonb_array_elements_text(
                coalesce(question -> 'named', '[]')) AS n (id),
            half_of('1', 'Read', n.id) h;
        IF (question -> 'inventory')::boolean THEN
            RETURN NEXT half_of('1', 'Read Resource', l);
        END IF;
        RETURN QUERY SELECT h.* FROM jsonb_array_elements(
                coalesce(question -> 'direct', '[]')) AS d (thing),
            half_on(d.thing, 'Read') h;
    WHEN 'import-computer' THEN
        RETURN NEXT half_on(x, 'Import Computer Entry');
        RETURN NEXT half_of('1', 'Modify Resource', c);
        IF y IS NOT NULL THEN
            RETURN NEXT half_on(y, 'Modify');
        END IF;
    WHEN 'move' THEN
        RETURN NEXT half_on(x, 'Move Object');
        -- A type's root is no object and needs nothing.
        IF source IS NOT NULL THEN
            RETURN NEXT half_of('226', 'Read', source);
        END IF;
        IF target IS NOT NULL THEN
            RETURN NEXT half_of('226', 'Read', target);
        END IF;
    WHEN 'create-folder' THEN
        RETURN NEXT half_of('226', 'Create', NULL);
        RETURN NEXT half_of_folder(x ->> 'type', target);
    WHEN 'change-folder' THEN
        RETURN NEXT half_of('226', 'Modify', source);
        RETURN NEXT half_of_folder(x ->> 'type', source);
    WHEN 'delete-folder' THEN
        RETURN NEXT half_of('226', 'Delete', source);
        RETURN NEXT half_of_folder(x ->> 'type', source);
    ELSE
        NULL;
    END CASE;
END
$$;
COMMENT ON FUNCTION reeve.pair_halves(text, jsonb) IS
'The halves of an operation on more than one thing, in the order of the table in docs/rule.md section 4; none for an operation that is not in it.';

-- What each assignment lacks --------------------------------------------------

CREATE FUNCTION reeve.weigh_half(ids text[], level integer, delegated boolean,
    at timestamptz, h reeve.half)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning := h.question;
BEGIN
    IF h.folder_scopes IS NULL THEN
        RETURN QUERY SELECT * FROM weigh_question(ids, level, delegated, at,
            q);
    ELSE
        RETURN QUERY SELECT * FROM weigh(ids, level, delegated, at,
            q.object_type_id, q.bit, q.kind, h.folder_scopes, '{}', false);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.weigh_half(text[], integer, boolean, timestamptz,
    reeve.half) IS
'weigh, for one half of an operation.';

CREATE FUNCTION reeve.weigh_pair(ids text[], level integer, delegated boolean,
    at timestamptz, halves reeve.half[]) RETURNS SETOF reeve.half_weight
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT w.assignment_id, i, w.failed, w.level_needed
    FROM generate_subscripts(halves, 1) AS i,
        weigh_half(ids, level, delegated, at, halves[i]) w
$$;
COMMENT ON FUNCTION reeve.weigh_pair(text[], integer, boolean, timestamptz,
    reeve.half[]) IS
'Each assignment of the subject with the conditions that it fails in each half, numbered from 1.';

-- The decision ----------------------------------------------------------------

CREATE FUNCTION reeve.unsound_half(halves reeve.half[], OUT half integer,
    OUT reason text)
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT h.i, h.reason
    FROM (SELECT i, CASE WHEN q.reason IS NOT NULL THEN q.reason
                WHEN q.is_missing THEN 'no_such_object' END AS reason
        FROM generate_subscripts(halves, 1) AS i,
            LATERAL (SELECT (halves[i].question).*) q) h
    WHERE h.reason IS NOT NULL
    ORDER BY CASE h.reason WHEN 'unknown_type' THEN 1
        WHEN 'no_such_object' THEN 3 ELSE 2 END, h.i
    LIMIT 1
$$;
COMMENT ON FUNCTION reeve.unsound_half(reeve.half[]) IS
'The half whose question cannot be, and why; of several the reason that comes first in docs/rule.md section 3.';

CREATE FUNCTION reeve.halves_apart(weights reeve.half_weight[],
    n_halves integer) RETURNS bigint[]
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT array_agg(f.id ORDER BY f.half) FROM (
        SELECT w.half, min(w.assignment_id) AS id FROM unnest(weights) w
        WHERE w.failed = '{}' GROUP BY w.half) f
    HAVING count(*) = n_halves
$$;
COMMENT ON FUNCTION reeve.halves_apart(reeve.half_weight[], integer) IS
'For each half the first assignment that holds it, in the order of the halves; NULL when one is held by none.';

CREATE FUNCTION reeve.halves_together(weights reeve.half_weight[])
RETURNS TABLE (size bigint, assignments bigint[])
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT t.size, array_agg(t.assignment_id ORDER BY t.assignment_id)
    FROM (SELECT w.assignment_id, sum(cardinality(w.failed)) AS size
          FROM unnest(weights) w GROUP BY w.assignment_id) t
    GROUP BY t.size ORDER BY t.size LIMIT 1
$$;
COMMENT ON FUNCTION reeve.halves_together(reeve.half_weight[]) IS
'The assignments that fail fewest conditions in all halves together, and how many; none when there are no assignments.';

CREATE FUNCTION reeve.describe_halves(halves reeve.half[],
    weights reeve.half_weight[], nearest bigint[], apart bigint[])
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_agg(jsonb_build_object('half', i,
        'object_type_id', (halves[i].question).object_type_id,
        'bit', (halves[i].question).bit,
        'missing', to_jsonb(ARRAY(SELECT o.c
            FROM unnest(ARRAY['operation', 'scope', 'collection', 'level',
                'time', 'read']) WITH ORDINALITY AS o (c, n)
            WHERE EXISTS (SELECT FROM unnest(weights) w
                WHERE w.half = i AND w.assignment_id = ANY (nearest)
                    AND o.c = ANY (w.failed))
            ORDER BY o.n)),
        'level', coalesce((SELECT min(w.level_needed)
            FROM unnest(weights) w
            WHERE w.half = i AND w.assignment_id = ANY (nearest)), 0),
        'assignment', apart[i]) ORDER BY i)
    FROM generate_subscripts(halves, 1) AS i
$$;
COMMENT ON FUNCTION reeve.describe_halves(reeve.half[], reeve.half_weight[],
    bigint[], bigint[]) IS
'Each half as JSON: what it asks for, what the nearest assignments lack there, and, where the halves need not come from one assignment, the one that holds it.';

CREATE FUNCTION reeve.allowed_pair(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    operation text, question jsonb, pairing text DEFAULT NULL,
    OUT decision boolean, OUT reason text, OUT unsound integer,
    OUT assignments bigint[], OUT halves jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
DECLARE
    asked half[] := ARRAY(SELECT h FROM pair_halves(operation, question) h);
    weights half_weight[];
    apart bigint[];
    nearest record;
BEGIN
    decision := false;
    assignments := '{}';
    IF at IS NULL OR level IS NULL OR delegated IS NULL THEN
        RAISE EXCEPTION 'level, delegated and at are not NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT u.half, u.reason INTO unsound, reason FROM unsound_half(asked) u;
    IF cardinality(asked) = 0 THEN
        reason := 'unknown_operation';
    ELSIF reason = 'no_such_object' AND groups_known IS NOT TRUE THEN
        reason := 'groups_unknown';
        unsound := NULL;
    END IF;
    halves := describe_halves(asked, '{}', '{}', '{}');
    IF reason IS NOT NULL THEN
        RETURN;
    END IF;
    weights := ARRAY(SELECT w FROM weigh_pair(counted_ids(principal_ids,
        n_own, groups_known), level, delegated, at, asked) w);
    IF operation = 'read-deployment' OR coalesce(pairing,
        (SELECT s.deploy_pairing FROM site_setting s)) = 'user' THEN
        apart := halves_apart(weights, cardinality(asked));
    END IF;
    SELECT * INTO nearest FROM halves_together(weights);
    decision := apart IS NOT NULL OR coalesce(nearest.size = 0, false);
    IF decision THEN
        reason := 'allowed';
        assignments := CASE WHEN apart IS NULL THEN nearest.assignments
            ELSE ARRAY(SELECT DISTINCT unnest(apart) ORDER BY 1) END;
        halves := describe_halves(asked, '{}', '{}', apart);
    ELSIF groups_known IS NOT TRUE THEN
        reason := 'groups_unknown';
    ELSIF nearest.size IS NULL THEN
        reason := 'no_assignment';
    ELSE
        reason := 'not_permitted';
        assignments := nearest.assignments;
        halves := describe_halves(asked, weights, assignments, '{}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.allowed_pair(text[], integer, boolean, integer,
    boolean, timestamptz, text, jsonb, text) IS
'May the subject do an operation on more than one thing?  All halves from one assignment, or with pairing user (NULL: as the site is set) each from any.  unsound: the half whose question cannot be.  For a refusal: the assignments that fail fewest conditions, and in halves what they fail in each.';

CREATE FUNCTION reeve.explain_pair(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    operation text, question jsonb)
RETURNS TABLE (assignment_id bigint, half integer, failed text[],
    level_needed integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT w.*
    FROM (SELECT ARRAY(SELECT h FROM pair_halves($7, $8) h) AS halves) x,
        weigh_pair(counted_ids($1, $2, $3), $4, $5, $6, x.halves) w
    WHERE (SELECT u.half FROM unsound_half(x.halves) u) IS NULL
    ORDER BY w.assignment_id, w.half
$$;
COMMENT ON FUNCTION reeve.explain_pair(text[], integer, boolean, integer,
    boolean, timestamptz, text, jsonb) IS
'Every assignment of the subject with all conditions that it fails in each half; one without any suffices.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.half FROM PUBLIC;
REVOKE ALL ON TYPE reeve.half_weight FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    reeve.allowed_pair(text[], integer, boolean, integer, boolean,
        timestamptz, text, jsonb, text),
    reeve.explain_pair(text[], integer, boolean, integer, boolean,
        timestamptz, text, jsonb)
    TO reeve_runtime;
RESET ROLE;
