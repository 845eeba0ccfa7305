-- The rule for many objects, or many people, at once: docs/rule.md section 3
-- set by set instead of object by object.
--
--   holding             assignments that hold an operation, wherever
--   reach_of            the scopes or collections in which they hold it
--   reached             the instances that these cover
--   allowed_objects     on which objects may the subject do it?
--   count_objects       how many are these, and is the answer known?
--   who_may             who may do it on this object?
--   holdings            what is the whole administrative scope of a subject?
--
-- An instance is in a list when each operation that the question wants (the
-- one asked for, and what it needs) reaches it: so allowed() and the lists
-- say the same, which sql/tests/80_lists.sql holds them to.

SET LOCAL ROLE reeve_owner;

-- What an operation reaches ---------------------------------------------------

CREATE FUNCTION reeve.holding(ids text[], level integer, delegated boolean,
    at timestamptz, object_type_id integer, "bit" smallint)
RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT a.assignment_id FROM subject_assignments(ids) a
    WHERE is_valid_at(a.valid_from, a.valid_until, at)
        AND level BETWEEN 0 AND 3
        AND level >= required_level(a.role_id, $5, $6)
        AND NOT (delegated AND role_is_security(a.role_id))
        AND EXISTS (SELECT FROM role_operation r
            WHERE r.role_id = a.role_id AND r.object_type_id = $5
                AND r.bit = $6)
$$;
COMMENT ON FUNCTION reeve.holding(text[], integer, boolean, timestamptz,
    integer, smallint) IS
'The assignments of the subject that hold an operation at an instant and level, whatever their categories cover.';

CREATE TYPE reeve.reach AS (
    kind            text,
    is_below        boolean,
    is_any          boolean,
    scopes          text[],
    collections     text[]
);
COMMENT ON TYPE reeve.reach IS
'Where an operation is held.  kind: how it is secured (role, scope, collection, resource, derived).  is_any: somewhere; that is enough for kind role.  is_below: a collection itself is not reached, only what is below it.';

CREATE FUNCTION reeve.reach_of(ids text[], level integer, delegated boolean,
    at timestamptz, object_type_id integer, "bit" smallint, kind text,
    is_below boolean) RETURNS reeve.reach
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH held (id) AS MATERIALIZED (
        SELECT * FROM holding(ids, level, delegated, at, $5, $6)
    )
    SELECT ROW(kind, coalesce(is_below, false), EXISTS (SELECT FROM held),
        CASE WHEN kind = 'scope' THEN ARRAY(
            SELECT DISTINCT s.scope_id FROM held h
            JOIN assignment_scope s ON s.assignment_id = h.id
            ORDER BY s.scope_id) END,
        CASE WHEN kind IN ('collection', 'resource') THEN ARRAY(
            SELECT DISTINCT c.collection_id FROM held h
            JOIN assignment_collection c ON c.assignment_id = h.id
            ORDER BY c.collection_id) END)::reach
$$;
COMMENT ON FUNCTION reeve.reach_of(text[], integer, boolean, timestamptz,
    integer, smallint, text, boolean) IS
'Where the subject holds an operation, over all its assignments together.';

-- Which instances there are, and which are reached ----------------------------

CREATE FUNCTION reeve.is_in_class(class text, resource_type smallint)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN class = 'SMS_R_User' THEN resource_type = 4
    WHEN class = 'SMS_R_UserGroup' THEN resource_type = 3
    WHEN class = 'SMS_CombinedUserResources' THEN resource_type IN (3, 4)
    WHEN class IN ('SMS_R_System', 'SMS_CombinedDeviceResources')
        OR starts_with(class, 'SMS_G_System_') THEN resource_type = 5
    ELSE true END;
COMMENT ON FUNCTION reeve.is_in_class(text, smallint) IS
'Whether a class holds resources of a type (3 group, 4 user, 5 device).';

CREATE FUNCTION reeve.instances(object_type_id integer, kind text, class text)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF kind = 'resource' THEN
        RETURN QUERY SELECT r.resource_id::text FROM resource r
            WHERE is_in_class(class, r.resource_type);
    ELSIF $1 = 1 THEN
        RETURN QUERY SELECT c.collection_id::text FROM collection c;
    ELSIF $1 = 27 THEN
        RETURN QUERY SELECT r.role_id::text FROM security_role r;
    ELSIF $1 = 28 THEN
        RETURN QUERY SELECT u.admin_id::text FROM administrative_user u;
    ELSIF $1 = 29 THEN
        RETURN QUERY SELECT s.scope_id::text FROM security_scope s;
    ELSE
        RETURN QUERY SELECT o.object_key::text FROM secured_object o
            WHERE o.object_type_id = $1
                AND NOT EXISTS (SELECT FROM default_instance d
                    WHERE d.object_type_id = $1
                        AND d.object_key = o.object_key);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.instances(integer, text, text) IS
'The keys of the instances of a type or class, without the default instances, which follow a rule of their own.';

CREATE FUNCTION reeve.subtree(tops text[], is_below boolean)
RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH RECURSIVE below (id, is_top) AS (
        SELECT c.collection_id, true FROM collection c
            WHERE c.collection_id = ANY (tops)
        UNION
        SELECT c.collection_id, false
            FROM below b JOIN collection c ON c.limiting_id = b.id
    )
    SELECT DISTINCT b.id::text FROM below b
    WHERE NOT (b.is_top AND is_below)
$$;
COMMENT ON FUNCTION reeve.subtree(text[], boolean) IS
'Collections and all that is limited to them; or only what is below one of them.';

CREATE FUNCTION reeve.members_of(collections text[], class text)
RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT r.resource_id::text FROM resource r
    WHERE is_in_class(class, r.resource_type)
        AND (r.resource_id IN (SELECT m.resource_id FROM collection_member m
                WHERE m.collection_id = ANY (collections))
            OR CASE r.kind WHEN 'device' THEN 'SMS00001'
                ELSE 'SMS00004' END = ANY (collections))
$$;
COMMENT ON FUNCTION reeve.members_of(text[], text) IS
'The resources of a class that are members of one of the collections, those of the two roots by definition.';

CREATE FUNCTION reeve.reached(r reeve.reach, object_type_id integer,
    class text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT r.is_any THEN
        RETURN;
    ELSIF r.kind = 'role' OR 'SMS00ALL' = ANY (r.scopes) THEN
        RETURN QUERY SELECT * FROM instances($2,
            CASE WHEN class IS NULL THEN r.kind ELSE 'resource' END, class);
    ELSIF r.kind = 'scope' THEN
        RETURN QUERY SELECT DISTINCT s.object_key::text FROM object_scope s
            WHERE s.object_type_id = $2 AND s.scope_id = ANY (r.scopes);
    ELSIF r.kind = 'collection' THEN
        RETURN QUERY SELECT * FROM subtree(r.collections, r.is_below);
    ELSIF r.kind = 'resource' THEN
        RETURN QUERY SELECT * FROM members_of(r.collections, class);
    END IF;
    -- Of kind derived nothing: no bit of a role gives a right on a deployment.
END
$$;
COMMENT ON FUNCTION reeve.reached(reeve.reach, integer, text) IS
'The keys of the instances that a reach covers, each once.';

-- Lists -------------------------------------------------------------------------

CREATE FUNCTION reeve.list_meaning(type text, operation text)
RETURNS reeve.meaning
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning := meaning_of(type, operation, NULL);
BEGIN
    IF q.reason IS NULL AND q.object_kind <> 'resource'
        AND (SELECT o.is_type_wide FROM operation o
            WHERE o.object_type_id = q.object_type_id AND o.bit = q.bit)
    THEN
        -- On an instance a type-wide operation needs Read of it.
        q.needed_bits := ARRAY[read_bit(q.object_type_id)];
        q.is_barred := q.needed_bits[1] IS NULL;
    END IF;
    q.is_missing := false;
    RETURN q;
END
$$;
COMMENT ON FUNCTION reeve.list_meaning(text, text) IS
'What an operation means on any instance of a type or class but the default ones; reason is set when it has no meaning.';

CREATE FUNCTION reeve.reached_objects(ids text[], level integer,
    delegated boolean, at timestamptz, q reeve.meaning, class text)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    resources_of text := CASE q.object_kind WHEN 'resource' THEN class END;
    wanted reach[];
BEGIN
    IF q.is_barred THEN
        RETURN;
    END IF;
    -- Operations that are held in the same places count once.
    wanted := ARRAY(
        SELECT DISTINCT reach_of(ids, level, delegated, at,
            q.object_type_id, w.bit, w.kind, w.is_below)
        FROM (SELECT q.bit, q.kind, q.is_below
            UNION ALL SELECT n.b, q.object_kind, false
                FROM unnest(q.needed_bits) AS n (b)) w (bit, kind, is_below));
    IF cardinality(wanted) = 1 THEN
        RETURN QUERY SELECT * FROM reached(wanted[1], q.object_type_id,
            resources_of);
    ELSE
        RETURN QUERY SELECT k.key
            FROM generate_subscripts(wanted, 1) AS i,
                reached(wanted[i], q.object_type_id, resources_of) AS k (key)
            GROUP BY k.key HAVING count(*) = cardinality(wanted);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.reached_objects(text[], integer, boolean,
    timestamptz, reeve.meaning, text) IS
'The instances on which the subject may do what the meaning says, the default ones apart.';

CREATE FUNCTION reeve.reached_defaults(ids text[], level integer,
    delegated boolean, at timestamptz, type_id integer, operation text)
RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT d.object_key::text
    FROM default_instance d, meaning_on_default(d, operation) q
    WHERE d.object_type_id = type_id AND q.reason IS NULL
        AND NOT EXISTS (
            SELECT FROM unnest(q.needed_bits || q.bit) AS n (b)
            WHERE NOT EXISTS (SELECT FROM holding(ids, level, delegated, at,
                type_id, n.b)))
$$;
COMMENT ON FUNCTION reeve.reached_defaults(text[], integer, boolean,
    timestamptz, integer, text) IS
'The default instances of a type on which the subject may do an operation: those secured by role only.';

CREATE FUNCTION reeve.list_objects(ids text[], level integer,
    delegated boolean, at timestamptz, type text, operation text,
    q reeve.meaning) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF level IS NULL OR delegated IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'level, delegated and at are not NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    RETURN QUERY SELECT * FROM reached_objects(ids, level, delegated, at, q,
        type);
    IF q.object_kind <> 'resource' THEN
        RETURN QUERY SELECT * FROM reached_defaults(ids, level, delegated,
            at, q.object_type_id, operation);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.list_objects(text[], integer, boolean, timestamptz,
    text, text, reeve.meaning) IS
'All instances on which the ids allow an operation, whether or not these are all the ids of the subject.';

CREATE FUNCTION reeve.count_objects(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    type text, operation text, OUT reason text, OUT n bigint,
    OUT universe bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning := list_meaning(type, operation);
BEGIN
    n := 0;
    universe := 0;
    reason := q.reason;
    IF reason IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT count(*) INTO n FROM list_objects(counted_ids(principal_ids, n_own,
        groups_known), level, delegated, at, type, operation, q);
    SELECT (SELECT count(*)
            FROM instances(q.object_type_id, q.object_kind, type))
        + CASE WHEN q.object_kind = 'resource' THEN 0 ELSE
            (SELECT count(*) FROM default_instance d
             WHERE d.object_type_id = q.object_type_id) END
    INTO universe;
    IF groups_known IS NOT TRUE AND (n = 0 OR n < universe) THEN
        -- A group might add to it.
        reason := 'groups_unknown';
        n := 0;
    ELSE
        reason := CASE WHEN n = 0 THEN 'not_permitted' ELSE 'allowed' END;
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.count_objects(text[], integer, boolean, integer,
    boolean, timestamptz, text, text) IS
'On how many instances of a type or class the subject may do an operation, of how many.  reason: allowed; not_permitted when on none; groups_unknown when groups could add to them; or what is wrong with the question.';

CREATE FUNCTION reeve.allowed_objects(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    type text, operation text) RETURNS TABLE (object_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning := list_meaning(type, operation);
BEGIN
    IF q.reason IS NOT NULL THEN
        PERFORM refuse('RV400', 'There is no such list.',
            jsonb_build_object('reason', q.reason));
    END IF;
    IF groups_known IS NOT TRUE AND (SELECT c.reason = 'groups_unknown'
            FROM count_objects(principal_ids, n_own, groups_known, level,
                delegated, at, type, operation) c) THEN
        PERFORM refuse_not_decidable();
    END IF;
    RETURN QUERY SELECT * FROM list_objects(counted_ids(principal_ids, n_own,
        groups_known), level, delegated, at, type, operation, q);
END
$$;
COMMENT ON FUNCTION reeve.allowed_objects(text[], integer, boolean, integer,
    boolean, timestamptz, text, text) IS
'The keys of the objects of a type, or resources of a class, on which the subject may do an operation: those for which allowed() says so, in no order.  RV400 for an unknown type or operation; RV503 when the groups are not known and the subject''s own assignments do not cover all of them.';

-- Who may -------------------------------------------------------------------------

CREATE FUNCTION reeve.who_may(at timestamptz, type text, operation text,
    object_key text)
RETURNS TABLE (admin_id bigint, is_group boolean, principal_id text,
    required_level integer, assignments bigint[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    q meaning := meaning_of(type, operation, object_key);
    scopes text[] := '{}';
BEGIN
    IF q.reason IS NOT NULL THEN
        PERFORM refuse('RV400', 'There is no such question.',
            jsonb_build_object('reason', q.reason));
    ELSIF q.is_missing THEN
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    ELSIF q.is_barred OR q.object_kind = 'derived' THEN
        RETURN;
    END IF;
    IF q.object_kind = 'scope' THEN
        scopes := covering_scopes(q.object_type_id, q.object_key);
    END IF;
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT w.bit, w.is_asked, w.kind, covering_collections(w.kind,
            q.object_key, w.is_below) AS collections
        FROM (SELECT q.bit, true, q.kind, q.is_below
            UNION ALL SELECT n.b, false, q.object_kind, false
                FROM unnest(q.needed_bits) AS n (b))
            w (bit, is_asked, kind, is_below)
    ), giving AS MATERIALIZED (
        SELECT w.*, r.role_id,
            required_level(r.role_id, q.object_type_id, w.bit) AS level
        FROM wanted w JOIN role_operation r
            ON r.object_type_id = q.object_type_id AND r.bit = w.bit
    ), held AS (
        SELECT a.admin_id, g.is_asked, g.bit, min(g.level) AS level,
            array_agg(a.assignment_id ORDER BY a.assignment_id) AS ids
        FROM giving g JOIN assignment a ON a.role_id = g.role_id
        WHERE is_valid_at(a.valid_from, a.valid_until, at)
            AND CASE g.kind
                WHEN 'role' THEN true
                WHEN 'scope' THEN EXISTS (SELECT FROM assignment_scope s
                    WHERE s.assignment_id = a.assignment_id
                        AND s.scope_id = ANY (scopes))
                ELSE EXISTS (SELECT FROM assignment_collection c
                    WHERE c.assignment_id = a.assignment_id
                        AND c.collection_id = ANY (g.collections)) END
        GROUP BY a.admin_id, g.is_asked, g.bit
    )
    SELECT u.admin_id, u.is_group, u.principal_id::text,
        max(h.level), max(h.ids) FILTER (WHERE h.is_asked)
    FROM held h JOIN administrative_user u ON u.admin_id = h.admin_id
    WHERE NOT u.is_deleted AND NOT u.is_orphaned
    GROUP BY u.admin_id HAVING count(*) = (SELECT count(*) FROM wanted)
    ORDER BY u.admin_id;
END
$$;
COMMENT ON FUNCTION reeve.who_may(timestamptz, text, text, text) IS
'The administrative users whose own assignments allow an operation on an object, asked for directly, with the lowest level at which they do and the assignments that suffice.  A group stands for its members.  RV400 for an unknown type or operation, RV404 for an object that does not exist.';

CREATE FUNCTION reeve.holdings(principal_ids text[], n_own integer,
    groups_known boolean, at timestamptz)
RETURNS TABLE (assignment_id bigint, admin_id bigint, principal_id text,
    is_group boolean, role_id text, role_minimum integer, is_valid boolean,
    valid_from timestamptz, valid_until timestamptz, scopes text[],
    collections text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT a.assignment_id, u.admin_id, u.principal_id::text, u.is_group,
        a.role_id, coalesce((SELECT m.level FROM role_minimum m
            WHERE m.role_id = a.role_id), 0)::integer,
        is_valid_at(a.valid_from, a.valid_until, $4),
        a.valid_from, a.valid_until,
        ARRAY(SELECT s.scope_id::text FROM assignment_scope s
            WHERE s.assignment_id = a.assignment_id ORDER BY s.scope_id),
        ARRAY(SELECT c.collection_id::text FROM assignment_collection c
            WHERE c.assignment_id = a.assignment_id ORDER BY c.collection_id)
    FROM subject_assignments(counted_ids($1, $2, $3)) a
    JOIN administrative_user u ON u.admin_id = a.admin_id
    ORDER BY a.assignment_id
$$;
COMMENT ON FUNCTION reeve.holdings(text[], integer, boolean, timestamptz) IS
'The whole administrative scope of a subject: every assignment that names it, of any time, with its role and categories, and through which administrative user.  While the groups are not known, of its own ids only.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.reach FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    reeve.count_objects(text[], integer, boolean, integer, boolean,
        timestamptz, text, text),
    reeve.allowed_objects(text[], integer, boolean, integer, boolean,
        timestamptz, text, text),
    reeve.who_may(timestamptz, text, text, text),
    reeve.holdings(text[], integer, boolean, timestamptz)
    TO reeve_runtime;
RESET ROLE;
