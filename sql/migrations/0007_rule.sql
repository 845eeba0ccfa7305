-- The decision rule in SQL, over the tables as they are.
--
-- docs/rule.md is the text; the engine in rbac/ is its twin.  Both answer
-- the same for the same rows: a test asks them both.  Here the aim is to be
-- read.  All functions are STABLE and take the instant as a parameter.
--
--   meaning_of           what (type, operation, key) means: type, bit, kind
--   subject_assignments  the assignments that name the subject
--   covering_scopes, covering_collections   what covers an object
--   weigh                each assignment with the conditions that it fails
--   allowed              the decision, with reasons
--   permissions_of       what a subject holds at an instant

SET LOCAL ROLE reeve_owner;

-- The question --------------------------------------------------------------

CREATE FUNCTION reeve.object_type_named(type text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT object_type_id FROM object_type
        WHERE class_name = $1 OR sdk_name = $1 OR object_type_id::text = $1);
END
$$;
COMMENT ON FUNCTION reeve.object_type_named(text) IS
'The type that a class name, an SDK name or a decimal ObjectTypeID means; NULL when there is none.';

CREATE FUNCTION reeve.class_without_type(type text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT class_name FROM class_operation
        WHERE class_name = $1
            OR (right(class_name, 1) = '*'
                AND starts_with($1, left(class_name, -1))
                AND length($1) >= length(class_name))
        ORDER BY class_name = $1 DESC, length(class_name) DESC LIMIT 1);
END
$$;
COMMENT ON FUNCTION reeve.class_without_type(text) IS
'The entry of class_operation that a class of resources or inventory falls under, the longest prefix; NULL when there is none.';

CREATE FUNCTION reeve.resource_named(class text, object_key text)
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT resource_id FROM resource
        WHERE resource_id =
                CASE WHEN $2 ~ '^[1-9][0-9]{0,9}$' THEN $2::bigint END
            AND CASE WHEN $1 = 'SMS_R_User' THEN resource_type = 4
                WHEN $1 = 'SMS_R_UserGroup' THEN resource_type = 3
                WHEN $1 = 'SMS_CombinedUserResources' THEN resource_type IN (3, 4)
                WHEN $1 IN ('SMS_R_System', 'SMS_CombinedDeviceResources')
                    OR starts_with($1, 'SMS_G_System_') THEN resource_type = 5
                ELSE true END);
END
$$;
COMMENT ON FUNCTION reeve.resource_named(text, text) IS
'The resource whose ResourceID is the key, if it is of the kind that its class holds; NULL when there is none.';

CREATE FUNCTION reeve.object_exists(object_type_id integer, object_key text)
RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT CASE $1
            WHEN 1 THEN EXISTS (SELECT FROM collection
                WHERE collection_id = $2)
            WHEN 27 THEN EXISTS (SELECT FROM security_role WHERE role_id = $2)
            WHEN 28 THEN EXISTS (SELECT FROM administrative_user
                WHERE admin_id::text = $2)
            WHEN 29 THEN EXISTS (SELECT FROM security_scope WHERE scope_id = $2)
            ELSE EXISTS (SELECT FROM secured_object o
                WHERE o.object_type_id = $1 AND o.object_key = $2)
            END);
END
$$;
COMMENT ON FUNCTION reeve.object_exists(integer, text) IS
'Whether an instance of a type exists, in whichever table its type has.';

CREATE TYPE reeve.meaning AS (
    reason          text,
    object_type_id  integer,
    bit             smallint,
    needed_bits     smallint[],
    is_barred       boolean,
    kind            text,
    object_kind     text,
    is_below        boolean,
    object_key      text,
    is_missing      boolean
);
COMMENT ON TYPE reeve.meaning IS
'What a question means.  reason: set when no assignment is asked.  needed_bits: operations to be held on the same object besides; is_barred: what is needed does not exist.  kind, object_kind: how the operation and the object are secured (role, scope, collection, resource, derived).  is_below: an assigned collection itself does not count, only one above.  is_missing: an instance is needed or named, and does not exist.';

CREATE FUNCTION reeve.read_bit(object_type_id integer) RETURNS smallint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            (SELECT o.bit FROM operation o
             WHERE o.object_type_id = $1 AND o.name = 'Read'),
            (SELECT min(n.needed_bit) FROM operation_need n
             WHERE n.object_type_id = $1
             HAVING count(DISTINCT n.needed_bit) = 1)));
END
$$;
COMMENT ON FUNCTION reeve.read_bit(integer) IS
'The Read of a type; for a type without one, the operation that all its exceptions need (View Asset Intelligence); NULL when there is none.';

CREATE FUNCTION reeve.needed_bits(object_type_id integer, "bit" smallint)
RETURNS smallint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        WITH RECURSIVE need (b) AS (
            SELECT coalesce((SELECT n.needed_bit FROM operation_need n
                    WHERE n.object_type_id = $1 AND n.bit = $2), read_bit($1))
            WHERE $2 IS DISTINCT FROM read_bit($1)
            UNION
            SELECT coalesce((SELECT n.needed_bit FROM operation_need n
                    WHERE n.object_type_id = $1 AND n.bit = x.b), read_bit($1))
            FROM need x WHERE x.b <> read_bit($1)
        )
        SELECT coalesce(array_agg(b), '{}') FROM need);
END
$$;
COMMENT ON FUNCTION reeve.needed_bits(integer, smallint) IS
'What an operation on an instance needs on the same object: Read, or what operation_need says and what that needs.  NULL among them: something that does not exist.';

CREATE FUNCTION reeve.meaning_on_resource(entry text, class text,
    operation text, object_key text) RETURNS reeve.meaning
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning;
BEGIN
    q.object_type_id := 1;
    q.kind := 'resource';
    q.object_kind := 'resource';
    SELECT c.bit INTO q.bit FROM class_operation c
        WHERE c.class_name = $1 AND c.operation = $3;
    IF NOT FOUND THEN
        q.reason := 'op_not_applicable';
        RETURN q;
    END IF;
    q.object_key := resource_named(class, object_key);
    q.is_missing := q.object_key IS NULL;
    q.needed_bits := needed_bits(1, q.bit);
    q.is_barred := array_position(q.needed_bits, NULL) IS NOT NULL;
    RETURN q;
END
$$;
COMMENT ON FUNCTION reeve.meaning_on_resource(text, text, text, text) IS
'The meaning of a question about a device, user, group or inventory: one on type 1, by the entry of its class in class_operation.';

CREATE FUNCTION reeve.meaning_on_default(d reeve.default_instance,
    operation text) RETURNS reeve.meaning
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning;
BEGIN
    q.object_type_id := d.object_type_id;
    q.object_key := d.object_key;
    q.kind := 'role';
    q.object_kind := 'role';
    q.needed_bits := '{}';
    q.is_missing := false;
    CASE operation
    WHEN 'Read' THEN
        q.bit := d.read_bit;
    WHEN 'Modify' THEN
        q.bit := d.modify_bit;
        q.needed_bits := ARRAY[d.read_bit];
    ELSE
        q.reason := 'op_not_applicable';
    END CASE;
    RETURN q;
END
$$;
COMMENT ON FUNCTION reeve.meaning_on_default(reeve.default_instance, text) IS
'The meaning of a question about the default client settings or the default antimalware policy: it exists always.';

CREATE FUNCTION reeve.meaning_on_type(t reeve.object_type,
    o reeve.operation, object_key text) RETURNS reeve.meaning
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning;
BEGIN
    q.object_type_id := t.object_type_id;
    q.bit := o.bit;
    q.object_key := object_key;
    q.object_kind := t.secured_by;
    q.kind := t.secured_by;
    -- Nobody changes a collection that was given to him, only those below.
    q.is_below := t.object_type_id = 1 AND o.name IN ('Modify', 'Delete');
    q.needed_bits := CASE
        WHEN NOT o.is_type_wide THEN needed_bits(t.object_type_id, o.bit)
        -- A type-wide operation that names an instance needs Read of it.
        WHEN object_key IS NOT NULL THEN ARRAY[read_bit(t.object_type_id)]
        ELSE '{}' END;
    q.is_barred := array_position(q.needed_bits, NULL) IS NOT NULL;
    IF o.is_type_wide AND t.secured_by <> 'derived' THEN
        q.kind := 'role';
    END IF;
    q.is_missing := CASE
        WHEN object_key IS NOT NULL
            THEN NOT object_exists(t.object_type_id, object_key)
        ELSE q.kind IN ('scope', 'collection') END;
    RETURN q;
END
$$;
COMMENT ON FUNCTION reeve.meaning_on_type(reeve.object_type, reeve.operation,
    text) IS
'The meaning of a question about a type, or an instance of one.';

CREATE FUNCTION reeve.meaning_of(type text, operation text, object_key text)
RETURNS reeve.meaning
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning;
    entry text;
    t object_type;
    o operation;
    d default_instance;
BEGIN
    SELECT x.* INTO t FROM object_type x
        WHERE x.object_type_id = object_type_named(type);
    IF NOT FOUND THEN
        entry := class_without_type(type);
        IF entry IS NOT NULL THEN
            RETURN meaning_on_resource(entry, type, operation, object_key);
        END IF;
        q.reason := 'unknown_type';
        RETURN q;
    END IF;
    SELECT x.* INTO o FROM operation x
        WHERE x.object_type_id = t.object_type_id AND x.name = operation;
    IF NOT FOUND THEN
        q.object_type_id := t.object_type_id;
        q.reason := 'unknown_operation';
        RETURN q;
    END IF;
    SELECT x.* INTO d FROM default_instance x
        WHERE x.object_type_id = t.object_type_id
            AND x.object_key = meaning_of.object_key;
    IF FOUND THEN
        RETURN meaning_on_default(d, operation);
    END IF;
    RETURN meaning_on_type(t, o, object_key);
END
$$;
COMMENT ON FUNCTION reeve.meaning_of(text, text, text) IS
'What (type, operation, object key) means; every question goes through it.';

-- The subject ---------------------------------------------------------------

CREATE FUNCTION reeve.counted_ids(principal_ids text[], n_own integer,
    groups_known boolean) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN groups_known THEN coalesce(principal_ids, '{}')
    ELSE coalesce(principal_ids[1:n_own], '{}') END;
COMMENT ON FUNCTION reeve.counted_ids(text[], integer, boolean) IS
'The principal ids that count: all, or when the groups are not known, the subject''s own.';

CREATE FUNCTION reeve.subject_assignments(ids text[])
RETURNS TABLE (assignment_id bigint, admin_id bigint, role_id text,
    valid_from timestamptz, valid_until timestamptz)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT a.assignment_id, a.admin_id, a.role_id::text, a.valid_from, a.valid_until
    FROM administrative_user u
    JOIN assignment a ON a.admin_id = u.admin_id
    WHERE u.principal_id = ANY (ids) AND NOT u.is_deleted
        AND NOT u.is_orphaned;
END
$$;
COMMENT ON FUNCTION reeve.subject_assignments(text[]) IS
'All assignments, of any time, of the administrative users that the ids name; deleted and orphaned ones give nothing.';

CREATE FUNCTION reeve.is_valid_at(valid_from timestamptz,
    valid_until timestamptz, at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(valid_from <= date_trunc('milliseconds', at), true)
    AND coalesce(date_trunc('milliseconds', at) < valid_until, true);
COMMENT ON FUNCTION reeve.is_valid_at(timestamptz, timestamptz, timestamptz) IS
'Whether a half-open interval contains an instant, to the millisecond.';

CREATE FUNCTION reeve.role_is_security(role_id text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM role_operation r
        JOIN operation o USING (object_type_id, bit)
        WHERE r.role_id = $1 AND o.is_security);
END
$$;
COMMENT ON FUNCTION reeve.role_is_security(text) IS
'Whether a role has a security operation: a delegated caller cannot use it.';

CREATE FUNCTION reeve.required_level(role_id text, object_type_id integer,
    "bit" smallint) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN greatest(
        coalesce((SELECT level FROM role_minimum m WHERE m.role_id = $1), 0),
        coalesce((SELECT level FROM operation_minimum m
            WHERE m.object_type_id = $2 AND m.bit = $3), 0));
END
$$;
COMMENT ON FUNCTION reeve.required_level(text, integer, smallint) IS
'The level that an operation by a role needs: the higher of the two minima, 0 without any.';

-- The object ----------------------------------------------------------------

CREATE FUNCTION reeve.covering_scopes(object_type_id integer, object_key text)
RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT s.scope_id FROM object_scope s
        WHERE s.object_type_id = $1 AND s.object_key = $2) || 'SMS00ALL'::text;
END
$$;
COMMENT ON FUNCTION reeve.covering_scopes(integer, text) IS
'The scopes that cover an object: its own, and SMS00ALL.';

CREATE FUNCTION reeve.limiting_chain(collection_id text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        WITH RECURSIVE chain (id, next) AS (
            SELECT c.collection_id, c.limiting_id FROM collection c
                WHERE c.collection_id = $1
            UNION
            SELECT c.collection_id, c.limiting_id
                FROM chain x JOIN collection c ON c.collection_id = x.next
        )
        SELECT coalesce(array_agg(id), '{}') FROM chain);
END
$$;
COMMENT ON FUNCTION reeve.limiting_chain(text) IS
'A collection and all that it is limited to, up to the root.';

CREATE FUNCTION reeve.collections_of_resource(resource_id bigint)
RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg(id), '{}') FROM (
            SELECT m.collection_id AS id FROM collection_member m
                WHERE m.resource_id = $1
            UNION
            SELECT CASE r.kind WHEN 'device' THEN 'SMS00001'
                ELSE 'SMS00004' END
            FROM resource r WHERE r.resource_id = $1) x);
END
$$;
COMMENT ON FUNCTION reeve.collections_of_resource(bigint) IS
'The collections that a resource is in, with the root that has it by definition.';

CREATE FUNCTION reeve.covering_collections(kind text, object_key text,
    is_below boolean) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN CASE kind
        WHEN 'resource' THEN collections_of_resource(object_key::bigint)
        WHEN 'collection' THEN CASE WHEN is_below
            THEN array_remove(limiting_chain(object_key), object_key)
            ELSE limiting_chain(object_key) END
        ELSE '{}' END;
END
$$;
COMMENT ON FUNCTION reeve.covering_collections(text, text, boolean) IS
'The collections whose assignment covers an operation on a collection or resource.';

-- The decision --------------------------------------------------------------

CREATE FUNCTION reeve.weigh(ids text[], level integer, delegated boolean,
    at timestamptz, object_type_id integer, "bit" smallint, kind text,
    scopes text[], collections text[], unreadable boolean)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    needed integer;
    is_barred boolean;
    a record;
BEGIN
    FOR a IN SELECT * FROM subject_assignments(ids) LOOP
        needed := required_level(a.role_id, object_type_id, "bit");
        is_barred := delegated AND role_is_security(a.role_id);
        assignment_id := a.assignment_id;
        failed := '{}';
        level_needed := NULL;
        -- No bit of a role gives a right on a deployment.
        IF kind = 'derived' OR NOT EXISTS (SELECT FROM role_operation r
                WHERE r.role_id = a.role_id
                    AND r.object_type_id = weigh.object_type_id
                    AND r.bit = weigh.bit) THEN
            failed := failed || 'operation'::text;
        END IF;
        IF kind = 'scope' AND NOT EXISTS (SELECT FROM assignment_scope s
                WHERE s.assignment_id = a.assignment_id
                    AND s.scope_id = ANY (scopes)) THEN
            failed := failed || 'scope'::text;
        END IF;
        IF kind IN ('collection', 'resource')
            AND NOT EXISTS (SELECT FROM assignment_collection c
                WHERE c.assignment_id = a.assignment_id
                    AND c.collection_id = ANY (collections)) THEN
            failed := failed || 'collection'::text;
        END IF;
        -- A level that is none of the four reaches no minimum.
        IF level < needed OR level NOT BETWEEN 0 AND 3 OR is_barred THEN
            failed := failed || 'level'::text;
        END IF;
        -- Where delegation is the obstacle, no level helps.
        IF (level < needed OR level NOT BETWEEN 0 AND 3)
            AND NOT is_barred THEN
            level_needed := needed;
        END IF;
        IF NOT is_valid_at(a.valid_from, a.valid_until, at) THEN
            failed := failed || 'time'::text;
        END IF;
        IF unreadable THEN
            failed := failed || 'read'::text;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.weigh(text[], integer, boolean, timestamptz, integer,
    smallint, text, text[], text[], boolean) IS
'Each assignment of the subject with the conditions that it fails for one operation; none failed: it suffices.';

CREATE FUNCTION reeve.weigh_question(ids text[], level integer,
    delegated boolean, at timestamptz, q reeve.meaning)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    scopes text[];
    unreadable boolean := false;
BEGIN
    IF q.object_kind = 'scope' THEN
        scopes := covering_scopes(q.object_type_id, q.object_key);
    END IF;
    unreadable := coalesce(q.is_barred, false) OR EXISTS (
        SELECT FROM unnest(q.needed_bits) AS needed (b)
        WHERE NOT EXISTS (
            SELECT FROM weigh(ids, level, delegated, at, q.object_type_id,
                needed.b, q.object_kind, scopes, covering_collections(
                    q.object_kind, q.object_key, false), false) w
            WHERE w.failed = '{}'));
    RETURN QUERY SELECT * FROM weigh(ids, level, delegated, at,
        q.object_type_id, q.bit, q.kind, scopes,
        covering_collections(q.kind, q.object_key, q.is_below),
        unreadable);
END
$$;
COMMENT ON FUNCTION reeve.weigh_question(text[], integer, boolean, timestamptz,
    reeve.meaning) IS
'weigh, for a question about an object that exists or an operation without one.';

CREATE FUNCTION reeve.allowed(principal_ids text[], n_own integer,
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
END
$$;
COMMENT ON FUNCTION reeve.allowed(text[], integer, boolean, integer, boolean,
    timestamptz, text, text, text) IS
'The decision: may the subject do the operation on the object?  With the reason, and for a refusal the nearest miss: the assignments that fail fewest conditions, and what they fail, taken together.';

CREATE FUNCTION reeve.explain(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    type text, operation text, object_key text)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT w.*
    FROM meaning_of($7, $8, $9) AS q,
        weigh_question(counted_ids($1, $2, $3), $4, $5, $6, q) AS w
    WHERE q.reason IS NULL AND q.is_missing IS NOT TRUE
    ORDER BY w.assignment_id
$$;
COMMENT ON FUNCTION reeve.explain(text[], integer, boolean, integer, boolean,
    timestamptz, text, text, text) IS
'Every assignment of the subject with all conditions that it fails; one without any suffices.';

CREATE FUNCTION reeve.permissions_of(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz)
RETURNS TABLE (assignment_id bigint, admin_id bigint, role_id text,
    category_type_id integer, category_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT a.assignment_id, a.admin_id, a.role_id, c.type_id, c.id
    FROM subject_assignments(counted_ids($1, $2, $3)) a,
        LATERAL (
            SELECT 29, s.scope_id FROM assignment_scope s
                WHERE s.assignment_id = a.assignment_id
            UNION ALL
            SELECT 1, k.collection_id FROM assignment_collection k
                WHERE k.assignment_id = a.assignment_id) c (type_id, id)
    WHERE is_valid_at(a.valid_from, a.valid_until, $6)
        AND $4 BETWEEN 0 AND 3
        AND $4 >= coalesce((SELECT m.level FROM role_minimum m
            WHERE m.role_id = a.role_id), 0)
        AND NOT ($5 AND role_is_security(a.role_id))
    ORDER BY 1, 4, 5
$$;
COMMENT ON FUNCTION reeve.permissions_of(text[], integer, boolean, integer,
    boolean, timestamptz) IS
'What a subject holds at an instant and level: rows of role and category (29 scope, 1 collection).  Minima of operations are not in it.';

CREATE FUNCTION reeve.passes_gate(principal_ids text[], n_own integer,
    groups_known boolean, level integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT $4 BETWEEN s.minimum_level AND 3
        OR ($4 BETWEEN 1 AND 3 AND EXISTS (SELECT FROM exclusion_list x
            WHERE x.principal_id = ANY (counted_ids($1, $2, $3))))
    FROM site_setting s
$$;
COMMENT ON FUNCTION reeve.passes_gate(text[], integer, boolean, integer) IS
'The gate before the rule: the minimum level of the site, which the exclusion list lifts, never below windows.';

CREATE FUNCTION reeve.permissions_of_login()
RETURNS TABLE (assignment_id bigint, admin_id bigint, role_id text,
    category_type_id integer, category_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT p.*
    FROM reporting_login l
    JOIN administrative_user u ON u.admin_id = l.admin_id,
        permissions_of(ARRAY[u.principal_id], 1, true, 1, false,
            clock_timestamp()) p
    WHERE l.login = session_user
$$;
COMMENT ON FUNCTION reeve.permissions_of_login() IS
'What the administrative user holds that this database login is bound to; empty for a login that is bound to none.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.meaning FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    reeve.allowed(text[], integer, boolean, integer, boolean, timestamptz,
        text, text, text),
    reeve.explain(text[], integer, boolean, integer, boolean, timestamptz,
        text, text, text),
    reeve.permissions_of(text[], integer, boolean, integer, boolean,
        timestamptz),
    reeve.passes_gate(text[], integer, boolean, integer)
    TO reeve_runtime;
GRANT EXECUTE ON FUNCTION reeve.permissions_of_login()
    TO reeve_runtime, reeve_auditor;
RESET ROLE;
