-- Administrative users: made, changed, removed, and what they hold.
--
-- A wish is one row of SMS_APermission as a caller sends it: {"role_id" or
-- "role_name", "category_type_id" (29 without one), "category_id" or
-- "category_name", and perhaps "assignment_id", "valid_from", "valid_until"
-- (milliseconds since 1970, UTC, or null)}.  A negative assignment_id stands
-- for a new assignment: rows with the same one make it together.
--
-- Rows replace what the user holds.  One without assignment_id means each
-- row that is there with its role and category (and validity, when it says
-- one); else it joins the first assignment of its role that is without end
-- (or has its validity); else it makes one.  Rows in collections that the
-- caller may not read stay.

SET LOCAL ROLE reeve_owner;

CREATE TYPE reeve.permission_wish AS (
    assignment_id   bigint,
    role_id         text,
    category_type_id integer,
    category_id     text,
    has_validity    boolean,
    valid_from      timestamptz,
    valid_until     timestamptz
);
COMMENT ON TYPE reeve.permission_wish IS
'A permission that an administrative user shall have.  assignment_id: NULL for wherever it fits, negative for a new assignment; has_validity: whether from and until are said.';

CREATE VIEW reeve.permission_held AS
SELECT a.admin_id, a.assignment_id, a.role_id::text, 29 AS category_type_id,
    s.scope_id::text AS category_id, a.valid_from, a.valid_until
FROM reeve.assignment a
JOIN reeve.assignment_scope s USING (assignment_id)
UNION ALL
SELECT a.admin_id, a.assignment_id, a.role_id, 1, c.collection_id,
    a.valid_from, a.valid_until
FROM reeve.assignment a
JOIN reeve.assignment_collection c USING (assignment_id);
COMMENT ON VIEW reeve.permission_held IS
'The permissions of administrative users: role and category, by ids alone.';

-- What callers send --------------------------------------------------------------

CREATE FUNCTION reeve.is_time_ms(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
-- To the end of the year 9999.
RETURN coalesce(jsonb_typeof(value), 'null') = 'null'
    OR (jsonb_typeof(value) = 'number' AND value::text ~ '^(0|[1-9][0-9]{0,14})$'
        AND value::text::bigint <= 253402300799999);
COMMENT ON FUNCTION reeve.is_time_ms(jsonb) IS
'Whether this is an instant in milliseconds since 1970, or nothing.';

CREATE FUNCTION reeve.time_of_ms(value jsonb) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN 'epoch'::timestamptz + (value #>> '{}')::bigint
    * interval '1 millisecond';
COMMENT ON FUNCTION reeve.time_of_ms(jsonb) IS
'The instant of is_time_ms(); NULL for nothing.';

CREATE FUNCTION reeve.refuse_permission(place integer, wrong text,
    reason text) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM refuse('RV400', format('Permissions[%s] %s.', place, wrong),
        jsonb_build_object('reason', reason, 'place', place));
END
$$;
COMMENT ON FUNCTION reeve.refuse_permission(integer, text, text) IS
'RV400: what is wrong with which row, counted from 0.';

CREATE FUNCTION reeve.check_permission(place integer, w jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    wrong := CASE
    WHEN jsonb_typeof(w) IS DISTINCT FROM 'object' THEN 'is not an object'
    WHEN coalesce(jsonb_typeof(coalesce(w -> 'role_id', w -> 'role_name')),
        'null') <> 'string' THEN 'names no role: RoleID or RoleName'
    WHEN coalesce(jsonb_typeof(coalesce(w -> 'category_id',
        w -> 'category_name')), 'null') <> 'string'
        THEN 'names no scope or collection: CategoryID or CategoryName'
    WHEN coalesce(w -> 'category_type_id', '29') NOT IN ('1', '29')
        THEN 'has a CategoryTypeID other than 29 (scope) and 1 (collection)'
    WHEN coalesce(w ->> 'assignment_id', '1') !~ '^-?[1-9][0-9]{0,17}$'
        THEN 'has an AssignmentID that is no whole number'
    WHEN NOT is_time_ms(w -> 'valid_from')
        OR NOT is_time_ms(w -> 'valid_until')
        THEN 'has a ValidFrom or ValidUntil that is no date and time'
    WHEN time_of_ms(w -> 'valid_until') <= time_of_ms(w -> 'valid_from')
        THEN 'ends before it begins'
    END;
    IF wrong IS NOT NULL THEN
        PERFORM refuse_permission(place, wrong, 'malformed_permission');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_permission(integer, jsonb) IS
'RV400 unless this is a wish in form.';

CREATE FUNCTION reeve.named_category(who reeve.asker, at timestamptz,
    type_id integer, id text, name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    named text;
    can_read record;
BEGIN
    IF type_id = 29 THEN
        RETURN (SELECT s.scope_id FROM security_scope s
            WHERE CASE WHEN id IS NULL THEN s.name = named_category.name
                ELSE s.scope_id = id END);
    END IF;
    named := (SELECT c.collection_id FROM collection c
        WHERE CASE WHEN id IS NULL THEN c.name = named_category.name
            ELSE c.collection_id = id END);
    -- One that the caller may not read is as one that there is not.
    SELECT * INTO can_read FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, '1', 'Read',
        coalesce(named, ''));
    IF NOT can_read.decision AND NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    RETURN CASE WHEN can_read.decision THEN named END;
END
$$;
COMMENT ON FUNCTION reeve.named_category(reeve.asker, timestamptz, integer,
    text, text) IS
'The scope or collection that a caller means by its id, else by its name; NULL for one that there is not or that it may not read.';

CREATE FUNCTION reeve.wish_in(who reeve.asker, at timestamptz, place integer,
    w jsonb) RETURNS reeve.permission_wish
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    p permission_wish;
BEGIN
    PERFORM check_permission(place, w);
    p.assignment_id := w ->> 'assignment_id';
    p.category_type_id := coalesce(w ->> 'category_type_id', '29');
    p.has_validity := w ? 'valid_from' OR w ? 'valid_until';
    p.valid_from := time_of_ms(w -> 'valid_from');
    p.valid_until := time_of_ms(w -> 'valid_until');
    p.role_id := (SELECT r.role_id FROM security_role r
        WHERE CASE WHEN w ->> 'role_id' IS NULL THEN r.name = w ->> 'role_name'
            ELSE r.role_id = w ->> 'role_id' END);
    IF p.role_id IS NULL THEN
        PERFORM refuse_permission(place, 'names a role that there is not: '
            || left(coalesce(w ->> 'role_id', w ->> 'role_name'), 256),
            'unknown_role');
    END IF;
    p.category_id := named_category(who, at, p.category_type_id,
        w ->> 'category_id', w ->> 'category_name');
    IF p.category_id IS NULL THEN
        PERFORM refuse_permission(place, format('names a %s that there is'
            ' not: %s', CASE p.category_type_id WHEN 29 THEN 'security scope'
                ELSE 'collection' END,
            left(coalesce(w ->> 'category_id', w ->> 'category_name'), 256)),
            'unknown_category');
    END IF;
    RETURN p;
END
$$;
COMMENT ON FUNCTION reeve.wish_in(reeve.asker, timestamptz, integer, jsonb) IS
'A wish with its role and category looked up; RV400 when there is no such.';

CREATE FUNCTION reeve.wishes_in(who reeve.asker, at timestamptz,
    given jsonb) RETURNS reeve.permission_wish[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(given) IS DISTINCT FROM 'array'
        OR jsonb_array_length(given) > 1000 THEN
        PERFORM refuse('RV400', 'Permissions are a list of at most 1000 rows'
            ' with RoleID, CategoryID and CategoryTypeID.',
            '{"reason":"malformed_permissions"}');
    END IF;
    RETURN ARRAY(SELECT wish_in(who, at, (g.i - 1)::integer, g.w)
        FROM jsonb_array_elements(given) WITH ORDINALITY AS g (w, i)
        ORDER BY g.i);
END
$$;
COMMENT ON FUNCTION reeve.wishes_in(reeve.asker, timestamptz, jsonb) IS
'The wishes of a request; RV400 when they are malformed.';

-- Where wishes belong ------------------------------------------------------------

CREATE FUNCTION reeve.check_places(admin_id bigint,
    wishes reeve.permission_wish[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(wishes) w WHERE w.assignment_id > 0
            AND NOT EXISTS (SELECT FROM assignment a
                WHERE a.assignment_id = w.assignment_id
                    AND a.admin_id = $1 AND a.role_id = w.role_id)) THEN
        PERFORM refuse('RV400', 'An AssignmentID is none of this'
            ' administrative user with that role: leave it out, or use a'
            ' negative one for a new assignment.',
            '{"reason":"unknown_assignment"}');
    ELSIF EXISTS (SELECT FROM unnest(wishes) w
            WHERE w.assignment_id IS NOT NULL GROUP BY w.assignment_id
            HAVING count(DISTINCT w.role_id) > 1 OR count(DISTINCT
                (w.valid_from, w.valid_until)) FILTER (WHERE w.has_validity
                    OR w.assignment_id < 0) > 1) THEN
        PERFORM refuse('RV400', 'Rows with one AssignmentID have one role,'
            ' one ValidFrom and one ValidUntil.',
            '{"reason":"contradictory_assignment"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_places(bigint, reeve.permission_wish[]) IS
'RV400 unless each assignment that wishes name is one of the user, or new, and they agree about it.';

CREATE FUNCTION reeve.place_wishes(admin_id bigint,
    wishes reeve.permission_wish[]) RETURNS SETOF reeve.permission_wish
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wish AS (
        SELECT * FROM unnest(wishes) WITH ORDINALITY AS u (assignment_id,
            role_id, category_type_id, category_id, has_validity, valid_from,
            valid_until, i)
    ), there AS (
        SELECT w.i, h.assignment_id FROM wish w
        JOIN permission_held h ON h.admin_id = $1 AND h.role_id = w.role_id
            AND h.category_type_id = w.category_type_id
            AND h.category_id = w.category_id
            AND (NOT w.has_validity OR (h.valid_from, h.valid_until)
                IS NOT DISTINCT FROM (w.valid_from, w.valid_until))
        WHERE w.assignment_id IS NULL
    ), joined AS (
        SELECT w.i, min(a.assignment_id) AS assignment_id FROM wish w
        JOIN assignment a ON a.admin_id = $1 AND a.role_id = w.role_id
            AND CASE WHEN w.has_validity THEN (a.valid_from, a.valid_until)
                    IS NOT DISTINCT FROM (w.valid_from, w.valid_until)
                ELSE a.valid_until IS NULL END
        WHERE w.assignment_id IS NULL
            AND NOT EXISTS (SELECT FROM there t WHERE t.i = w.i)
        GROUP BY w.i
    ), placed AS (
        SELECT * FROM there UNION ALL SELECT * FROM joined
    )
    SELECT DISTINCT coalesce(w.assignment_id, p.assignment_id,
            -1000000000000000000 - dense_rank() OVER (ORDER BY w.role_id,
                w.valid_from, w.valid_until)),
        w.role_id, w.category_type_id, w.category_id,
        -- A row that has found its place says nothing new of its validity.
        w.has_validity AND p.i IS NULL, w.valid_from, w.valid_until
    FROM wish w LEFT JOIN placed p ON p.i = w.i;
END
$$;
COMMENT ON FUNCTION reeve.place_wishes(bigint, reeve.permission_wish[]) IS
'The wishes, each in its assignment: one that the user has, or a new one (negative).';

-- Storing ------------------------------------------------------------------------

CREATE FUNCTION reeve.make_assignments(admin_id bigint,
    placed reeve.permission_wish[]) RETURNS reeve.permission_wish[]
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    fresh record;
    id bigint;
BEGIN
    FOR fresh IN SELECT DISTINCT p.assignment_id, p.role_id, p.valid_from,
            p.valid_until
        FROM unnest(placed) p WHERE p.assignment_id < 0
        ORDER BY p.assignment_id DESC
    LOOP
        INSERT INTO assignment AS a (admin_id, role_id, valid_from,
                valid_until)
            VALUES ($1, fresh.role_id, fresh.valid_from, fresh.valid_until)
            RETURNING a.assignment_id INTO id;
        placed := ARRAY(SELECT (CASE WHEN p.assignment_id
                    = fresh.assignment_id THEN id ELSE p.assignment_id END,
                p.role_id, p.category_type_id, p.category_id, p.has_validity,
                p.valid_from, p.valid_until)::permission_wish
            FROM unnest(placed) p);
    END LOOP;
    RETURN placed;
END
$$;
COMMENT ON FUNCTION reeve.make_assignments(bigint, reeve.permission_wish[]) IS
'Makes the assignments that are new; the wishes with the ids that these have now.';

CREATE FUNCTION reeve.store_validity(placed reeve.permission_wish[],
    OUT changed integer, OUT widened bigint[])
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    WITH said AS (
        SELECT DISTINCT p.assignment_id, p.valid_from, p.valid_until
        FROM unnest(placed) p WHERE p.has_validity AND p.assignment_id > 0
    ), was AS (
        SELECT s.*, coalesce(s.valid_from, '-infinity')
                < coalesce(a.valid_from, '-infinity')
            OR coalesce(s.valid_until, 'infinity')
                > coalesce(a.valid_until, 'infinity') AS is_wider
        FROM said s JOIN assignment a USING (assignment_id)
        WHERE (a.valid_from, a.valid_until)
            IS DISTINCT FROM (s.valid_from, s.valid_until)
    ), done AS (
        UPDATE assignment a SET valid_from = w.valid_from,
            valid_until = w.valid_until
        FROM was w WHERE a.assignment_id = w.assignment_id
        RETURNING w.assignment_id, w.is_wider
    )
    SELECT count(*)::integer, coalesce(array_agg(assignment_id)
        FILTER (WHERE is_wider), '{}') INTO changed, widened FROM done;
END
$$;
COMMENT ON FUNCTION reeve.store_validity(reeve.permission_wish[]) IS
'Gives assignments the validity that is said of them; how many it changed for, and which count at an instant at which they did not.';

CREATE FUNCTION reeve.store_categories(placed reeve.permission_wish[])
RETURNS bigint[]
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    added bigint[];
BEGIN
    WITH scope AS (
        INSERT INTO assignment_scope AS s (assignment_id, scope_id)
        SELECT p.assignment_id, p.category_id FROM unnest(placed) p
        WHERE p.category_type_id = 29
        ON CONFLICT DO NOTHING RETURNING s.assignment_id
    ), collection AS (
        INSERT INTO assignment_collection AS c (assignment_id, collection_id)
        SELECT p.assignment_id, p.category_id FROM unnest(placed) p
        WHERE p.category_type_id = 1
        ON CONFLICT DO NOTHING RETURNING c.assignment_id
    )
    SELECT coalesce(array_agg(x.assignment_id), '{}') INTO added
    FROM (SELECT * FROM scope UNION ALL SELECT * FROM collection) x;
    RETURN added;
END
$$;
COMMENT ON FUNCTION reeve.store_categories(reeve.permission_wish[]) IS
'Adds the categories that are missing; the assignment of each one that was.';

CREATE FUNCTION reeve.drop_permissions(admin_id bigint,
    kept reeve.permission_wish[], OUT changed integer)
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    DELETE FROM assignment a WHERE a.admin_id = $1 AND NOT EXISTS (
        SELECT FROM unnest(kept) k WHERE k.assignment_id = a.assignment_id);
    GET DIAGNOSTICS changed = ROW_COUNT;
    DELETE FROM assignment_scope s USING assignment a
        WHERE a.admin_id = $1 AND s.assignment_id = a.assignment_id
            AND NOT EXISTS (SELECT FROM unnest(kept) k
                WHERE k.assignment_id = s.assignment_id
                    AND k.category_type_id = 29
                    AND k.category_id = s.scope_id);
    GET DIAGNOSTICS n = ROW_COUNT;
    changed := changed + n;
    DELETE FROM assignment_collection c USING assignment a
        WHERE a.admin_id = $1 AND c.assignment_id = a.assignment_id
            AND NOT EXISTS (SELECT FROM unnest(kept) k
                WHERE k.assignment_id = c.assignment_id
                    AND k.category_type_id = 1
                    AND k.category_id = c.collection_id);
    GET DIAGNOSTICS n = ROW_COUNT;
    changed := changed + n;
END
$$;
COMMENT ON FUNCTION reeve.drop_permissions(bigint, reeve.permission_wish[]) IS
'Takes from an administrative user all that is not kept; how many rows that were.';

CREATE FUNCTION reeve.hidden_permissions(who reeve.asker, at timestamptz,
    admin_id bigint) RETURNS SETOF reeve.permission_wish
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT h.assignment_id, h.role_id, h.category_type_id, h.category_id,
        false, h.valid_from, h.valid_until
    FROM permission_held h
    WHERE h.admin_id = $3 AND h.category_type_id = 1
        AND NOT (SELECT v.decision FROM allowed(who.ids,
            cardinality(who.ids), who.groups_known, who.level, who.delegated,
            at, '1', 'Read', h.category_id) v)
$$;
COMMENT ON FUNCTION reeve.hidden_permissions(reeve.asker, timestamptz, bigint)
IS 'The permissions of an administrative user in collections that the caller may not read.';

CREATE FUNCTION reeve.store_permissions(admin_id bigint,
    wishes reeve.permission_wish[], hidden reeve.permission_wish[],
    OUT changed integer, OUT widened bigint[])
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    placed permission_wish[];
    longer record;
    added bigint[];
BEGIN
    PERFORM check_places(admin_id, wishes);
    placed := make_assignments(admin_id,
        ARRAY(SELECT p FROM place_wishes(admin_id, wishes) p));
    longer := store_validity(placed);
    added := store_categories(placed);
    changed := longer.changed + cardinality(added)
        + drop_permissions(admin_id, placed || hidden);
    widened := ARRAY(SELECT DISTINCT x FROM unnest(longer.widened || added)
        AS x ORDER BY x);
END
$$;
COMMENT ON FUNCTION reeve.store_permissions(bigint, reeve.permission_wish[],
    reeve.permission_wish[]) IS
'Gives an administrative user what is wished, and nothing else but what is hidden; how many rows changed, and which assignments are new, wider or longer.';

-- Section 6 ------------------------------------------------------------------------

CREATE FUNCTION reeve.refuse_grant(who reeve.asker, at timestamptz,
    assignments bigint[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    roles jsonb := (SELECT jsonb_agg(DISTINCT r.role_id)
        FROM assignment a JOIN security_role r USING (role_id)
        WHERE a.assignment_id = ANY (assignments)
            AND reads_type(who, at, 27));
BEGIN
    PERFORM refuse('RV403', format('You could not grant the role %s there:'
        ' one assignment of yours has to cover each scope with each'
        ' collection, for as long, and its role has to have every operation'
        ' of that role, or Grant.', (SELECT r.name FROM assignment a
            JOIN security_role r USING (role_id)
            WHERE a.assignment_id = ANY (assignments)
            ORDER BY a.assignment_id LIMIT 1)),
        jsonb_build_object('reason', 'not_grantable', 'missing',
            jsonb_strip_nulls(jsonb_build_object('operation', 'Grant',
                'type', 'SMS_Admin', 'roles', roles,
                'conditions', jsonb_build_array('operation')))));
END
$$;
COMMENT ON FUNCTION reeve.refuse_grant(reeve.asker, timestamptz, bigint[]) IS
'RV403: assignments that the caller could not grant.';

CREATE FUNCTION reeve.require_grants(who reeve.asker, at timestamptz,
    u reeve.administrative_user, widened bigint[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    ungrantable bigint[];
BEGIN
    IF cardinality(widened) = 0 THEN
        RETURN;
    ELSIF is_caller(who, u.admin_id) THEN
        PERFORM refuse_self_gain();
    ELSIF u.is_group AND NOT who.groups_known THEN
        -- The caller cannot be shown not to be in that group.
        PERFORM refuse_not_decidable();
    END IF;
    ungrantable := ARRAY(SELECT a.assignment_id FROM assignment a
        WHERE a.assignment_id = ANY (widened) AND NOT can_grant(who, at, a)
        ORDER BY 1);
    IF cardinality(ungrantable) = 0 THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse_grant(who, at, ungrantable);
END
$$;
COMMENT ON FUNCTION reeve.require_grants(reeve.asker, timestamptz,
    reeve.administrative_user, bigint[]) IS
'For assignments that a write has made, widened or prolonged: RV403 unless each is grantable as it now is and none accrues to the caller; RV503 when unknown groups could change that.';

CREATE FUNCTION reeve.require_admin_power(who reeve.asker, at timestamptz,
    operation text, admin_id text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    PERFORM require_gate(who);
    IF admin_id IS NOT NULL THEN
        RETURN require_on_object(who, at, 28, operation, admin_id);
    END IF;
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, '28', operation,
        NULL);
    IF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT v.decision THEN
        PERFORM refuse_missing(28, operation, v.missing, v.level_needed,
            v.reason);
    END IF;
    RETURN v.assignments;
END
$$;
COMMENT ON FUNCTION reeve.require_admin_power(reeve.asker, timestamptz, text,
    text) IS
'The assignments that allow an operation on an administrative user, or Add; otherwise RV403, RV404, RV503.';

CREATE FUNCTION reeve.require_reading_roles(who reeve.asker, at timestamptz)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, '27', 'Read', NULL);
    IF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT v.decision THEN
        PERFORM refuse_missing(27, 'Read', v.missing, v.level_needed,
            v.reason);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_reading_roles(reeve.asker, timestamptz) IS
'RV403 unless the caller may read security roles: whoever gives them has to.';

-- What a grant does not limit, and what it lacks -----------------------------------

CREATE FUNCTION reeve.not_limited(role text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('type',
            coalesce(x.class_name, x.sdk_name), 'name', x.display_name,
            'operations', x.names, 'reason', x.reason)
        ORDER BY x.reason, x.object_type_id), '[]')
    FROM (SELECT t.object_type_id, t.class_name, t.sdk_name, t.display_name,
            CASE t.secured_by WHEN 'role' THEN 'secured_by_role'
                ELSE 'type_wide' END AS reason,
            jsonb_agg(o.name ORDER BY o.bit) AS names
        FROM role_operation h
        JOIN operation o USING (object_type_id, bit)
        JOIN object_type t USING (object_type_id)
        WHERE h.role_id = $1
            AND (t.secured_by = 'role' OR o.is_type_wide)
        GROUP BY t.object_type_id) x
$$;
COMMENT ON FUNCTION reeve.not_limited(text) IS
'What a role gives whatever scopes and collections it is given with: types secured by role only, and type-wide operations.';

CREATE FUNCTION reeve.deploys(role text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN EXISTS (SELECT FROM reeve.role_operation h
    JOIN reeve.deploy_operation d ON d.bit = h.bit
    WHERE h.role_id = $1 AND h.object_type_id = 1);
COMMENT ON FUNCTION reeve.deploys(text) IS
'Whether a role has an operation that deploys something.';

CREATE FUNCTION reeve.deploying_lacks(who reeve.asker, at timestamptz,
    given reeve.assignment) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH place (type_id, needed) AS (VALUES (6, 'Read'), (42, 'Read'),
        (42, 'Copy to Distribution Point'), (43, 'Read'),
        (43, 'Copy to Distribution Point'), (46, 'Read'), (226, 'Read')
    ), missing AS (
        SELECT p.type_id, jsonb_agg(p.needed) AS names
        FROM place p JOIN operation o ON o.object_type_id = p.type_id
            AND o.name = p.needed
        WHERE NOT EXISTS (SELECT FROM role_operation h
            WHERE h.role_id = given.role_id AND h.object_type_id = p.type_id
                AND h.bit = o.bit)
        GROUP BY p.type_id
    ), beyond AS (
        SELECT o.object_type_id AS type_id, count(*) AS n,
            (jsonb_agg(DISTINCT o.name) FILTER (WHERE o.shown)) AS names
        FROM (SELECT s.object_type_id, s.name, (SELECT v.decision
                    FROM allowed(who.ids, cardinality(who.ids), true,
                        who.level, who.delegated, at,
                        s.object_type_id::text, 'Read', s.object_key) v)
                    AS shown
            FROM secured_object s
            WHERE s.object_type_id IN (6, 42, 43, 46, 226)
                AND NOT EXISTS (SELECT FROM object_scope c
                    JOIN assignment_scope a ON a.scope_id = c.scope_id
                    WHERE a.assignment_id = given.assignment_id
                        AND c.object_type_id = s.object_type_id
                        AND c.object_key = s.object_key)
                AND NOT EXISTS (SELECT FROM assignment_scope a
                    WHERE a.assignment_id = given.assignment_id
                        AND a.scope_id = 'SMS00ALL')
            ORDER BY s.object_type_id, s.object_key LIMIT 100) o
        WHERE o.shown GROUP BY o.object_type_id
    )
    SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'type', t.class_name, 'lacks_operations', m.names,
            'out_of_scope', b.names)) ORDER BY t.object_type_id), '[]')
    FROM object_type t
    LEFT JOIN missing m ON m.type_id = t.object_type_id
    LEFT JOIN beyond b ON b.type_id = t.object_type_id
    WHERE m.type_id IS NOT NULL OR b.type_id IS NOT NULL
$$;
COMMENT ON FUNCTION reeve.deploying_lacks(reeve.asker, timestamptz,
    reeve.assignment) IS
'What somebody who deploys by this assignment will miss: operations on sites, points, groups and folders that the role has not, and those of the first 100 of these, as far as the caller may read them, that its scopes do not cover.';

CREATE FUNCTION reeve.grant_report(who reeve.asker, at timestamptz,
    widened bigint[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('assignment_id',
            a.assignment_id, 'role_id', a.role_id,
            'not_limited', not_limited(a.role_id),
            'deploying_lacks', CASE WHEN deploys(a.role_id)
                THEN deploying_lacks(who, at, a) ELSE '[]' END)
        ORDER BY a.assignment_id), '[]')
    FROM assignment a WHERE a.assignment_id = ANY (widened)
$$;
COMMENT ON FUNCTION reeve.grant_report(reeve.asker, timestamptz, bigint[]) IS
'For a dry run: what each assignment does not limit, and what a deploying one lacks.';

-- The admin stream -------------------------------------------------------------------

CREATE FUNCTION reeve.admin_image(admin_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT jsonb_build_object('admin_id', u.admin_id,
            'principal_id', u.principal_id, 'logon_name', u.logon_name,
            'display_name', u.display_name, 'is_group', u.is_group,
            'assignments', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(
                    jsonb_build_object('assignment_id', a.assignment_id,
                        'role_id', a.role_id, 'valid_from', to_ms(a.valid_from),
                        'valid_until', to_ms(a.valid_until),
                        'scopes', ARRAY(SELECT s.scope_id FROM assignment_scope s
                            WHERE s.assignment_id = a.assignment_id ORDER BY 1),
                        'collections', ARRAY(SELECT c.collection_id
                            FROM assignment_collection c
                            WHERE c.assignment_id = a.assignment_id
                            ORDER BY 1))) ORDER BY a.assignment_id), '[]')
                FROM assignment a WHERE a.admin_id = u.admin_id))
        FROM administrative_user u WHERE u.admin_id = $1);
END
$$;
COMMENT ON FUNCTION reeve.admin_image(bigint) IS
'An administrative user for the admin stream, with its assignments.';

CREATE FUNCTION reeve.audit_admin(message integer, at timestamptz,
    actor jsonb, request jsonb, image jsonb, before jsonb, after jsonb,
    matched bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM write_admin_audit($2, $3, $4, ARRAY[ROW($1,
        CASE WHEN $1 = 31242 THEN ARRAY['', image ->> 'logon_name']
        ELSE ARRAY['', image ->> 'logon_name',
            (SELECT coalesce(string_agg(DISTINCT a ->> 'role_id', ','), '')
                FROM jsonb_array_elements(image -> 'assignments') a),
            (SELECT coalesce(string_agg(DISTINCT s, ','), '')
                FROM jsonb_array_elements(image -> 'assignments') a,
                    jsonb_array_elements_text(a -> 'scopes') s),
            (SELECT coalesce(string_agg(DISTINCT c, ','), '')
                FROM jsonb_array_elements(image -> 'assignments') a,
                    jsonb_array_elements_text(a -> 'collections') c)]
        END, $6, $7)::audit_event], $8);
END
$$;
COMMENT ON FUNCTION reeve.audit_admin(integer, timestamptz, jsonb, jsonb,
    jsonb, jsonb, jsonb, bigint[]) IS
'A row of the admin stream about an administrative user: account, roles, scopes and collections of the image.';

-- Making -----------------------------------------------------------------------------

CREATE FUNCTION reeve.check_account(args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    id text := args ->> 'principal_id';
    is_group boolean := jsonb_typeof(args -> 'is_group') = 'boolean'
        AND (args ->> 'is_group')::boolean;
BEGIN
    IF (CASE WHEN is_group
        THEN coalesce(id <> 'group:' || lower(args ->> 'account_id')
            OR id !~ '^group:[0-9A-Za-z{}-]{1,128}$', true)
        ELSE NOT is_principal(id) END) THEN
        PERFORM refuse('RV400', 'An administrative user is an account of the'
            ' directory, or has a principal such as krb5:alice@EXAMPLE.COM.',
            '{"reason":"malformed_principal"}');
    END IF;
    PERFORM check_label(args -> 'logon_name', 'LogonName', 1, 1024);
    PERFORM check_label(coalesce(args -> 'display_name', '""'),
        'DisplayName', 0, 256);
    IF args ->> 'account_id' = '' THEN
        PERFORM refuse('RV400', 'The account has an empty id.',
            '{"reason":"malformed_account"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_account(jsonb) IS
'RV400 unless the account of a new administrative user is well described.';

CREATE FUNCTION reeve.refuse_known(who reeve.asker, at timestamptz,
    principal text, account text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    had administrative_user;
BEGIN
    SELECT u.* INTO had FROM administrative_user u
        WHERE u.admin_id = admin_of_principal(principal)
            OR u.account_id = lower(account)
        ORDER BY u.admin_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM refuse('RV409', CASE WHEN had.is_deleted OR had.is_orphaned
        THEN 'An orphaned administrative user has this account or name:'
            ' remove that one first.'
        ELSE 'This account is an administrative user already: change that'
            ' one.' END, jsonb_build_object('reason', CASE
            WHEN had.is_deleted OR had.is_orphaned THEN 'orphan_has_account'
            ELSE 'admin_exists' END,
        'objects', users_of(who, at, ARRAY[had.admin_id])));
END
$$;
COMMENT ON FUNCTION reeve.refuse_known(reeve.asker, timestamptz, text, text)
IS 'RV409 when an administrative user has the principal or the account, in or out.';

CREATE FUNCTION reeve.apply_admin_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    u administrative_user;
    matched bigint[];
    stored record;
    image jsonb;
BEGIN
    matched := require_admin_power(who, at, 'Add', NULL);
    PERFORM require_reading_roles(who, at);
    PERFORM check_account(args);
    PERFORM refuse_known(who, at, args ->> 'principal_id',
        args ->> 'account_id');
    INSERT INTO administrative_user AS x (principal_id, account_id,
            logon_name, display_name, distinguished_name, is_group,
            created_by, created_at, modified_by, modified_at)
        VALUES (args ->> 'principal_id', lower(args ->> 'account_id'),
            args ->> 'logon_name', coalesce(args ->> 'display_name', ''),
            coalesce(args ->> 'distinguished_name', ''),
            coalesce((args ->> 'is_group')::boolean, false),
            who.principal, at, who.principal, at)
        RETURNING x.* INTO u;
    stored := store_permissions(u.admin_id, wishes_in(who, at,
        coalesce(args -> 'permissions', '[]')), '{}');
    PERFORM require_grants(who, at, u, stored.widened);
    image := admin_image(u.admin_id);
    PERFORM audit_admin(31240, at, actor, request, image, NULL, image,
        matched);
    RETURN ROW(1 + stored.changed, jsonb_build_object('key',
        u.admin_id::text) || CASE WHEN request @> '{"dry_run":true}'
            THEN jsonb_build_object('grants', grant_report(who, at,
                stored.widened)) ELSE '{}' END);
END
$$;
COMMENT ON FUNCTION reeve.apply_admin_create(reeve.asker, jsonb, jsonb, jsonb)
IS 'admin_create: {principal_id, account_id, logon_name, display_name, distinguished_name, is_group, permissions}; result: {key}, and grants in a dry run.';

-- Changing ---------------------------------------------------------------------------

CREATE FUNCTION reeve.held_wishes(admin_id bigint)
RETURNS reeve.permission_wish[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(array_agg((h.assignment_id, h.role_id,
            h.category_type_id, h.category_id, false, NULL, NULL)
            ::permission_wish), '{}')
        FROM permission_held h WHERE h.admin_id = $1);
END
$$;
COMMENT ON FUNCTION reeve.held_wishes(bigint) IS
'All that an administrative user holds, to be held further.';

CREATE FUNCTION reeve.added_role(admin_id bigint, given jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    categories jsonb := given -> 'categories';
BEGIN
    -- As those roles that the user has: in all its scopes and collections.
    IF categories IS NULL THEN
        categories := (SELECT jsonb_agg(DISTINCT jsonb_build_object(
                'category_type_id', h.category_type_id,
                'category_id', h.category_id))
            FROM permission_held h
            WHERE h.admin_id = $1 AND h.valid_until IS NULL);
    END IF;
    IF jsonb_typeof(categories) IS DISTINCT FROM 'array'
        OR jsonb_array_length(categories) = 0 THEN
        PERFORM refuse('RV409', 'This administrative user has no scope and no'
            ' collection without end: say which the role is for.',
            '{"reason":"no_category"}');
    END IF;
    RETURN (SELECT jsonb_agg(c || (given - 'categories'))
        FROM jsonb_array_elements(categories) c);
END
$$;
COMMENT ON FUNCTION reeve.added_role(bigint, jsonb) IS
'The rows of a role that is added: in the categories that are named, else in all that the user has without end.';

CREATE FUNCTION reeve.added_category(admin_id bigint, given jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    rows jsonb := (SELECT jsonb_agg((given - 'role_id' - 'role_name')
            || jsonb_build_object('assignment_id', a.assignment_id,
                'role_id', a.role_id))
        FROM assignment a JOIN security_role r USING (role_id)
        WHERE a.admin_id = $1 AND a.valid_until IS NULL
            AND r.role_id = coalesce(given ->> 'role_id', r.role_id)
            AND r.name = coalesce(given ->> 'role_name', r.name));
BEGIN
    IF rows IS NULL THEN
        PERFORM refuse('RV409', 'This administrative user has no such role'
            ' without end.', '{"reason":"no_role"}');
    END IF;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION reeve.added_category(bigint, jsonb) IS
'The rows of a scope or collection that is added to each role without end, or to one.';

CREATE FUNCTION reeve.is_dropped(h reeve.permission_wish, role text,
    type_id integer, category text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN (role IS NULL OR h.role_id = role)
    AND (category IS NULL OR (h.category_type_id, h.category_id)
        = (type_id, category));
COMMENT ON FUNCTION reeve.is_dropped(reeve.permission_wish, text, integer,
    text) IS
'Whether a permission is of a role, and in a category, that is taken away.';

CREATE FUNCTION reeve.remaining_wishes(who reeve.asker, at timestamptz,
    admin_id bigint, given jsonb) RETURNS reeve.permission_wish[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    held permission_wish[] := held_wishes(admin_id);
    has_role boolean := given ? 'role_id' OR given ? 'role_name';
    has_category boolean := given ? 'category_id' OR given ? 'category_name';
    type_id integer := coalesce(given ->> 'category_type_id', '29');
    role text;
    category text;
    kept permission_wish[];
BEGIN
    role := (SELECT r.role_id FROM security_role r
        WHERE r.role_id = given ->> 'role_id'
            OR (NOT given ? 'role_id' AND r.name = given ->> 'role_name'));
    IF has_category THEN
        category := named_category(who, at, type_id, given ->> 'category_id',
            given ->> 'category_name');
    END IF;
    IF (has_role AND role IS NULL) OR (has_category AND category IS NULL)
        OR NOT (has_role OR has_category) OR NOT EXISTS (
            SELECT FROM unnest(held) h
            WHERE is_dropped(h, role, type_id, category)) THEN
        PERFORM refuse('RV409', 'This administrative user has no such role,'
            ' scope or collection.', '{"reason":"not_held"}');
    END IF;
    kept := ARRAY(SELECT h FROM unnest(held) h
        WHERE NOT is_dropped(h, role, type_id, category));
    IF has_category AND EXISTS (SELECT FROM unnest(held) h WHERE NOT EXISTS (
            SELECT FROM unnest(kept) k
            WHERE k.assignment_id = h.assignment_id)) THEN
        PERFORM refuse('RV409', 'A role of this administrative user would be'
            ' left without scope and collection: remove the role instead.',
            '{"reason":"last_category"}');
    END IF;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION reeve.remaining_wishes(reeve.asker, timestamptz, bigint,
    jsonb) IS
'What an administrative user holds without a role, or without a category (of one role); RV409 when it has no such, or a role would be left without category.';

CREATE FUNCTION reeve.edited_wishes(who reeve.asker, at timestamptz,
    admin_id bigint, edit text, given jsonb)
RETURNS reeve.permission_wish[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(given) IS DISTINCT FROM 'object' THEN
        PERFORM refuse('RV400', 'Say what to add or to remove.',
            '{"reason":"malformed_edit"}');
    END IF;
    CASE edit
    WHEN 'remove' THEN
        RETURN remaining_wishes(who, at, admin_id, given);
    WHEN 'add_role' THEN
        RETURN held_wishes(admin_id) || wishes_in(who, at,
            added_role(admin_id, given));
    WHEN 'add_category' THEN
        RETURN held_wishes(admin_id) || wishes_in(who, at,
            added_category(admin_id, given));
    END CASE;
END
$$;
COMMENT ON FUNCTION reeve.edited_wishes(reeve.asker, timestamptz, bigint,
    text, jsonb) IS
'What an administrative user shall hold after remove, add_role or add_category.';

CREATE FUNCTION reeve.change_permissions(who reeve.asker, at timestamptz,
    admin_id bigint, args jsonb, OUT changed integer, OUT widened bigint[])
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    edit text := (SELECT e FROM unnest('{remove,add_role,add_category}'
        ::text[]) e WHERE args ? e LIMIT 1);
    stored record;
BEGIN
    changed := 0;
    widened := '{}';
    IF edit IS NOT NULL THEN
        stored := store_permissions(admin_id, edited_wishes(who, at,
            admin_id, edit, args -> edit), '{}');
    ELSIF args ? 'permissions' THEN
        stored := store_permissions(admin_id,
            wishes_in(who, at, args -> 'permissions'),
            ARRAY(SELECT h FROM hidden_permissions(who, at, admin_id) h));
    END IF;
    IF edit IS NOT NULL OR args ? 'permissions' THEN
        changed := stored.changed;
        widened := stored.widened;
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.change_permissions(reeve.asker, timestamptz, bigint,
    jsonb) IS
'Stores what a change says of permissions: all of them, or one edit.';

CREATE FUNCTION reeve.apply_admin_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    -- Without a key the question would be about no user at all.
    id text := coalesce(args ->> 'admin_id', '');
    u administrative_user;
    matched bigint[] := require_admin_power(who, at, 'Modify', id);
    before jsonb;
    after jsonb;
    stored record;
BEGIN
    PERFORM require_reading_roles(who, at);
    SELECT x.* INTO STRICT u FROM administrative_user x
        WHERE x.admin_id::text = id;
    IF request ? 'if_match' THEN
        PERFORM require_match(request, etag_of('SMS_Admin', id));
    END IF;
    PERFORM require_grantable(who, at, u.admin_id);
    before := admin_image(u.admin_id);
    IF args ? 'display_name' THEN
        UPDATE administrative_user x SET display_name = check_label(
                args -> 'display_name', 'DisplayName', 0, 256)
            WHERE x.admin_id = u.admin_id;
    END IF;
    stored := change_permissions(who, at, u.admin_id, args);
    PERFORM require_grants(who, at, u, stored.widened);
    after := admin_image(u.admin_id);
    IF before = after THEN
        RETURN ROW(0, jsonb_build_object('key', id));
    END IF;
    UPDATE administrative_user x SET modified_by = who.principal,
        modified_at = at WHERE x.admin_id = u.admin_id;
    PERFORM audit_admin(31241, at, actor, request, after, before, after,
        matched);
    RETURN ROW(1 + stored.changed, jsonb_build_object('key', id)
        || CASE WHEN request @> '{"dry_run":true}'
            THEN jsonb_build_object('grants', grant_report(who, at,
                stored.widened)) ELSE '{}' END);
END
$$;
COMMENT ON FUNCTION reeve.apply_admin_change(reeve.asker, jsonb, jsonb, jsonb)
IS 'admin_change: {admin_id} and display_name, permissions (all of them), or one of add_role, add_category, remove; result: {key}, and grants in a dry run.';

-- Removing ---------------------------------------------------------------------------

CREATE FUNCTION reeve.apply_admin_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    id text := coalesce(args ->> 'admin_id', '');
    u administrative_user;
    matched bigint[] := require_admin_power(who, at, 'Remove', id);
    image jsonb;
BEGIN
    SELECT x.* INTO STRICT u FROM administrative_user x
        WHERE x.admin_id::text = id;
    IF request ? 'if_match' THEN
        PERFORM require_match(request, etag_of('SMS_Admin', id));
    END IF;
    IF NOT u.is_group AND is_caller(who, u.admin_id) THEN
        PERFORM refuse('RV403', 'You may not remove yourself: another'
            ' administrator has to do this.',
            '{"reason":"self_removal","message_id":31247}');
    END IF;
    PERFORM require_grantable(who, at, u.admin_id);
    image := admin_image(u.admin_id);
    DELETE FROM administrative_user x WHERE x.admin_id = u.admin_id;
    PERFORM audit_admin(31242, at, actor, request, image, image, NULL,
        matched);
    RETURN ROW(1, jsonb_build_object('key', id));
END
$$;
COMMENT ON FUNCTION reeve.apply_admin_delete(reeve.asker, jsonb, jsonb, jsonb)
IS 'admin_delete: {admin_id}; RV403 for oneself and where an assignment is not grantable, RV409 for the last full administrator.';

-- Orphans ----------------------------------------------------------------------------

CREATE FUNCTION reeve.account_mark_gone(admin_ids bigint[], request jsonb)
RETURNS TABLE (revision bigint, changed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    u administrative_user;
BEGIN
    PERFORM check_request(NULL, request);
    changed := 0;
    BEGIN
        revision := take_revision();
        UPDATE site_revision SET orphaning = true;
        FOR u IN SELECT x.* FROM administrative_user x
            WHERE x.admin_id = ANY ($1) AND NOT x.is_deleted
                AND NOT x.is_orphaned
            ORDER BY x.admin_id
        LOOP
            UPDATE administrative_user x SET is_orphaned = true,
                    modified_by = 'reeve', modified_at = decision_instant()
                WHERE x.admin_id = u.admin_id;
            PERFORM write_admin_audit(decision_instant(),
                '{"principal":"reeve"}', request, ARRAY[ROW(31241,
                    ARRAY['', u.principal_id, 'orphaned', '', ''],
                    jsonb_build_object('admin_id', u.admin_id,
                        'is_orphaned', false, 'account_id', u.account_id),
                    jsonb_build_object('admin_id', u.admin_id,
                        'is_orphaned', true))::audit_event], NULL);
            changed := changed + 1;
        END LOOP;
        IF changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        -- At commit the checks would run as the caller, who may not read.
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        SELECT s.n INTO revision FROM site_revision s;
    END;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.account_mark_gone(bigint[], jsonb) IS
'The directory has no account any more for these administrative users: they are orphans, and give nothing.  changed: how many were none before.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('admin_create', 'An administrative user is added, with its permissions.'),
    ('admin_change', 'An administrative user or its permissions are changed.'),
    ('admin_delete', 'An administrative user is removed.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.permission_wish FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.account_mark_gone(bigint[], jsonb)
    TO reeve_runtime;
RESET ROLE;
