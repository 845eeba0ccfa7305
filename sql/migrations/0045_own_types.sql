-- Own types in every question: docs/rule.md section 1.  A configuration item
-- or policy may be of a type of its own (a VPN profile, say); Create, Modify
-- and Delete of such a one need Author Policy of that type besides.  The
-- writes have asked for it since 0039; here the questions do.
--
-- A verdict that the own type denies is that about Author Policy, whole: its
-- type and bit say what is lacking.

SET LOCAL ROLE reeve_owner;

-- What asks for it ------------------------------------------------------------

CREATE FUNCTION reeve.is_authored(object_type_id integer, operation text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN object_type_id IN (11, 48)
    AND operation IN ('Create', 'Modify', 'Delete');
COMMENT ON FUNCTION reeve.is_authored(integer, text) IS
'Whether an operation on an instance of a type asks for Author Policy of the instance''s own type besides, if it has one.';

CREATE FUNCTION reeve.own_type_asked(q reeve.meaning, operation text)
RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT is_authored(q.object_type_id, operation) OR q.object_key IS NULL
    THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT own_type_of(o.object_type_id, o.properties)
        FROM secured_object o WHERE o.object_type_id = q.object_type_id
            AND o.object_key = q.object_key);
END
$$;
COMMENT ON FUNCTION reeve.own_type_asked(reeve.meaning, text) IS
'The own type whose Author Policy a question asks for besides; NULL: none.';

CREATE INDEX secured_object_own_type ON reeve.secured_object (object_type_id,
        object_key)
    WHERE object_type_id IN (11, 48) AND properties ? 'OwnObjectTypeID';
COMMENT ON INDEX reeve.secured_object_own_type IS
'Configuration items and policies of a type of their own, for lists.';

-- The decision ----------------------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.allowed(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    type text, operation text, object_key text,
    OUT decision boolean, OUT reason text, OUT missing text[],
    OUT assignments bigint[], OUT object_type_id integer, OUT "bit" smallint,
    OUT level_needed integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning := meaning_of(type, operation, object_key);
    ids text[] := counted_ids(principal_ids, n_own, groups_known);
    size integer;
    sets jsonb;
    nearest bigint[];
    lowest integer;
    own integer;
    v record;
BEGIN
    decision := false;
    reason := q.reason;
    missing := '{}';
    assignments := '{}';
    object_type_id := q.object_type_id;
    bit := q.bit;
    level_needed := 0;
    IF at IS NULL OR level IS NULL OR delegated IS NULL THEN
        RAISE EXCEPTION 'level, delegated and at are not NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF reason IS NOT NULL THEN
        RETURN;
    END IF;
    IF NOT coalesce(q.is_missing, false) THEN
        -- The smallest sets of failed conditions; an empty one allows.
        SELECT w.size, array_agg(w.assignment_id ORDER BY w.assignment_id),
            jsonb_agg(w.failed), coalesce(min(w.level_needed), 0)
        INTO size, nearest, sets, lowest
        FROM (SELECT x.*, cardinality(x.failed) AS size
              FROM weigh_question(ids, level, delegated, at, q) x) w
        GROUP BY w.size ORDER BY w.size LIMIT 1;
    END IF;
    IF size = 0 THEN
        decision := true;
        reason := 'allowed';
        assignments := nearest;
        own := own_type_asked(q, operation);
    ELSIF groups_known IS NOT TRUE THEN
        reason := 'groups_unknown';
    ELSIF q.is_missing THEN
        reason := 'no_such_object';
    ELSIF size IS NULL THEN
        reason := 'no_assignment';
    ELSE
        reason := 'not_permitted';
        missing := ARRAY(SELECT c
            FROM unnest(ARRAY['operation', 'scope', 'collection', 'level',
                'time', 'read']) WITH ORDINALITY AS o (c, i)
            WHERE jsonb_path_exists(sets,
                '$[*][*] ? (@ == $c)', jsonb_build_object('c', c))
            ORDER BY i);
        assignments := nearest;
        level_needed := lowest;
    END IF;
    IF own IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO v FROM allowed(principal_ids, n_own, groups_known, level,
        delegated, at, own::text, 'Author Policy', NULL);
    IF NOT v.decision THEN
        decision := false;
        reason := v.reason;
        missing := v.missing;
        assignments := v.assignments;
        object_type_id := v.object_type_id;
        bit := v.bit;
        level_needed := v.level_needed;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION reeve.explain(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    type text, operation text, object_key text)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    q meaning := meaning_of(type, operation, object_key);
    own integer := own_type_asked(q, operation);
BEGIN
    -- The lines are those of what the verdict is about.
    IF own IS NOT NULL AND (SELECT v.object_type_id = own
            FROM allowed(principal_ids, n_own, groups_known, level, delegated,
                at, type, operation, object_key) v) THEN
        q := meaning_of(own::text, 'Author Policy', NULL);
    END IF;
    IF q.reason IS NOT NULL OR q.is_missing IS TRUE THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT w.* FROM weigh_question(counted_ids(principal_ids, n_own,
        groups_known), level, delegated, at, q) w
    ORDER BY w.assignment_id;
END
$$;
COMMENT ON FUNCTION reeve.explain(text[], integer, boolean, integer, boolean,
    timestamptz, text, text, text) IS
'Every assignment of the subject with all conditions that it fails; one without any suffices.  Where only Author Policy of the object''s own type is lacking, the conditions of that.';

CREATE OR REPLACE FUNCTION reeve.require_on_object(who reeve.asker,
    at timestamptz, object_type_id integer, operation text, object_key text)
RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
    can_read record;
BEGIN
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, object_type_id::text,
        operation, object_key);
    IF v.decision THEN
        RETURN v.assignments;
    END IF;
    IF v.reason IN ('unknown_type', 'unknown_operation', 'op_not_applicable')
    THEN
        PERFORM refuse('RV400', format('%s does not apply to objects of type'
            ' %s.', operation, object_type_id),
            jsonb_build_object('reason', v.reason));
    ELSIF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    END IF;
    SELECT * INTO can_read FROM allowed(who.ids, cardinality(who.ids), true,
        who.level, who.delegated, at, object_type_id::text,
        read_name(object_type_id), object_key);
    IF NOT can_read.decision THEN
        -- The same words whether it is missing or hidden.
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    END IF;
    -- What lacks may be Author Policy of the object's own type.
    PERFORM refuse_missing(v.object_type_id, CASE
            WHEN v.object_type_id = object_type_id THEN operation
            ELSE 'Author Policy' END, v.missing, v.level_needed, v.reason);
END
$$;

-- Lists -----------------------------------------------------------------------

CREATE FUNCTION reeve.denied_own_types(ids text[], level integer,
    delegated boolean, at timestamptz, object_type_id integer, operation text)
RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT is_authored($5, operation) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT t.own
        FROM (SELECT DISTINCT own_type_of(o.object_type_id, o.properties)
            FROM secured_object o WHERE o.object_type_id = $5
                AND o.object_type_id IN (11, 48)
                AND o.properties ? 'OwnObjectTypeID') t (own),
            LATERAL allowed(ids, cardinality(ids), true, level, delegated, at,
                t.own::text, 'Author Policy', NULL) v
        WHERE t.own IS NOT NULL AND NOT v.decision);
END
$$;
COMMENT ON FUNCTION reeve.denied_own_types(text[], integer, boolean,
    timestamptz, integer, text) IS
'The own types of objects of a type whose Author Policy an operation asks for, and the ids do not have.';

CREATE OR REPLACE FUNCTION reeve.list_objects(ids text[], level integer,
    delegated boolean, at timestamptz, type text, operation text,
    q reeve.meaning) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    denied integer[];
BEGIN
    IF level IS NULL OR delegated IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'level, delegated and at are not NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    denied := denied_own_types(ids, level, delegated, at, q.object_type_id,
        operation);
    IF cardinality(denied) > 0 THEN
        RETURN QUERY SELECT k.key
            FROM reached_objects(ids, level, delegated, at, q, type) k (key)
            WHERE NOT EXISTS (SELECT FROM secured_object o
                WHERE o.object_type_id = q.object_type_id
                    AND o.object_key = k.key
                    AND o.object_type_id IN (11, 48)
                    AND o.properties ? 'OwnObjectTypeID'
                    AND own_type_of(o.object_type_id, o.properties)
                        = ANY (denied));
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM reached_objects(ids, level, delegated, at, q,
        type);
    IF q.object_kind <> 'resource' THEN
        RETURN QUERY SELECT * FROM reached_defaults(ids, level, delegated,
            at, q.object_type_id, operation);
    END IF;
END
$$;

-- Who may ---------------------------------------------------------------------

CREATE FUNCTION reeve.who_may_itself(at timestamptz, type text, operation text,
    object_key text)
RETURNS TABLE (admin_id bigint, is_group boolean, principal_id text,
    required_level integer, assignments bigint[])
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
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
COMMENT ON FUNCTION reeve.who_may_itself(timestamptz, text, text, text) IS
'who_may, apart from what an own type of the object asks for besides.';

CREATE OR REPLACE FUNCTION reeve.who_may(at timestamptz, type text,
    operation text, object_key text)
RETURNS TABLE (admin_id bigint, is_group boolean, principal_id text,
    required_level integer, assignments bigint[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    own integer := own_type_asked(meaning_of(type, operation, object_key),
        operation);
BEGIN
    IF own IS NULL THEN
        RETURN QUERY SELECT * FROM who_may_itself(at, type, operation,
            object_key);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT w.admin_id, w.is_group, w.principal_id,
        greatest(w.required_level, a.required_level), w.assignments
    FROM who_may_itself(at, type, operation, object_key) w
    JOIN who_may_itself(at, own::text, 'Author Policy', NULL) a
        ON a.admin_id = w.admin_id
    ORDER BY w.admin_id;
END
$$;

-- The feed --------------------------------------------------------------------

CREATE OR REPLACE VIEW reeve.feed_object AS
SELECT object_type_id, object_key::text,
    -- Asked for only where there may be one: a site has many others.
    CASE WHEN object_type_id IN (11, 48)
        THEN coalesce(reeve.own_type_of(object_type_id, properties), 0)
        ELSE 0 END AS own_type_id
FROM reeve.secured_object
UNION ALL SELECT 27, role_id::text, 0 FROM reeve.security_role
UNION ALL SELECT 28, admin_id::text, 0 FROM reeve.administrative_user
UNION ALL SELECT 29, scope_id::text, 0 FROM reeve.security_scope;
COMMENT ON VIEW reeve.feed_object IS
'Instances of every type but collections and resources: secured objects, and roles, administrative users and scopes by their ids.  own_type_id: the type of its own that a configuration item or policy is of, 0 for none.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.own_type_of(integer, jsonb)
    TO reeve_runtime, reeve_auditor;
RESET ROLE;
