-- Own types in every question: docs/rule.md section 3.
--
-- A configuration item or policy may be of a type of its own besides, a VPN
-- profile, say.  To create, change or delete one needs Author Policy of that
-- type, which the writes have asked for since 0039.  Here what decides, lists
-- and explains does, by one function, and the writes ask that one alone.

SET LOCAL ROLE reeve_owner;

-- What asks for it ------------------------------------------------------------

-- Without a search_path of its own it becomes part of the statement that it is
-- in: a load reads it of each object.
CREATE OR REPLACE FUNCTION reeve.own_type_of(type_id integer, properties jsonb)
RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN type_id = 11 AND properties -> 'OwnObjectTypeID' IN ('52', '59')
        OR type_id = 48 AND properties -> 'OwnObjectTypeID' IN ('56', '57',
            '58', '60', '61', '62', '64', '65', '69')
    -- JSON may write 52 as 52.0.
    THEN (properties ->> 'OwnObjectTypeID')::numeric::integer END;
ALTER FUNCTION reeve.own_type_of(integer, jsonb) RESET ALL;

CREATE FUNCTION reeve.asks_for_author(type_id integer, operation text)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN type_id IN (11, 48) AND operation IN ('Create', 'Modify', 'Delete');
COMMENT ON FUNCTION reeve.asks_for_author(integer, text) IS
'Whether an operation on an object of a type asks for Author Policy of the object''s own type besides, where it has one.';

CREATE FUNCTION reeve.author_question(q reeve.meaning, operation text)
RETURNS reeve.meaning
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    own integer;
BEGIN
    IF asks_for_author(q.object_type_id, operation) THEN
        SELECT own_type_of(o.object_type_id, o.properties) INTO own
        FROM secured_object o WHERE o.object_type_id = q.object_type_id
            AND o.object_key = q.object_key;
    END IF;
    IF own IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN meaning_of(own::text, 'Author Policy', NULL);
END
$$;
COMMENT ON FUNCTION reeve.author_question(reeve.meaning, text) IS
'What a question asks for besides because of the own type of the object that it names; NULL: nothing.';

-- Of the objects of a site few are of an own type.
CREATE INDEX secured_object_own_type ON reeve.secured_object
    (object_type_id, (reeve.own_type_of(object_type_id, properties)),
        object_key)
    WHERE object_type_id IN (11, 48) AND properties ? 'OwnObjectTypeID';
COMMENT ON INDEX reeve.secured_object_own_type IS
'Configuration items and policies of a type of their own, which lists leave out for who may not author it.';

-- The decision ----------------------------------------------------------------

CREATE TYPE reeve.verdict AS (
    decision        boolean,
    reason          text,
    missing         text[],
    assignments     bigint[],
    object_type_id  integer,
    "bit"           smallint,
    level_needed    integer,
    besides         bigint[]
);
COMMENT ON TYPE reeve.verdict IS
'What allowed() answers.  besides: the assignments that give Author Policy of the own type of the object; none where nothing asks for it.';

CREATE FUNCTION reeve.decide(q reeve.meaning, operation text, ids text[],
    groups_known boolean, level integer, delegated boolean, at timestamptz)
RETURNS reeve.verdict
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v verdict := ROW(false, q.reason, '{}', '{}', q.object_type_id, q.bit, 0,
        '{}');
    author meaning;
    second verdict;
    size integer;
    sets jsonb;
    nearest bigint[];
    lowest integer;
BEGIN
    IF q.reason IS NOT NULL THEN
        RETURN v;
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
        v.decision := true;
        v.reason := 'allowed';
        v.assignments := nearest;
    ELSIF groups_known IS NOT TRUE THEN
        v.reason := 'groups_unknown';
    ELSIF q.is_missing THEN
        v.reason := 'no_such_object';
    ELSIF size IS NULL THEN
        v.reason := 'no_assignment';
    ELSE
        v.reason := 'not_permitted';
        v.missing := ARRAY(SELECT c
            FROM unnest(ARRAY['operation', 'scope', 'collection', 'level',
                'time', 'read']) WITH ORDINALITY AS o (c, i)
            WHERE jsonb_path_exists(sets,
                '$[*][*] ? (@ == $c)', jsonb_build_object('c', c))
            ORDER BY i);
        v.assignments := nearest;
        v.level_needed := lowest;
    END IF;
    -- Most questions are about other types.
    IF v.decision AND q.object_type_id IN (11, 48) THEN
        author := author_question(q, operation);
    END IF;
    IF author IS NULL THEN
        RETURN v;
    END IF;
    second := decide(author, 'Author Policy', ids, groups_known, level,
        delegated, at);
    IF NOT second.decision THEN
        RETURN second;
    END IF;
    v.besides := second.assignments;
    RETURN v;
END
$$;
COMMENT ON FUNCTION reeve.decide(reeve.meaning, text, text[], boolean, integer,
    boolean, timestamptz) IS
'The verdict on a question, by the ids that count.  What lacks only Author Policy of the own type of its object is answered as the question about that, whole.';

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
    v verdict;
BEGIN
    IF at IS NULL OR level IS NULL OR delegated IS NULL THEN
        RAISE EXCEPTION 'level, delegated and at are not NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    v := decide(q, operation, counted_ids(principal_ids, n_own, groups_known),
        groups_known, level, delegated, at);
    decision := v.decision;
    reason := v.reason;
    missing := v.missing;
    assignments := v.assignments;
    object_type_id := v.object_type_id;
    bit := v.bit;
    level_needed := v.level_needed;
END
$$;
COMMENT ON FUNCTION reeve.allowed(text[], integer, boolean, integer, boolean,
    timestamptz, text, text, text) IS
'The decision: may the subject do the operation on the object?  With the reason, and for a refusal the nearest miss: the assignments that fail fewest conditions, and what they fail, taken together.  Where only Author Policy of the object''s own type lacks, object_type_id and bit name it, and the rest is about it.';

CREATE OR REPLACE FUNCTION reeve.explain(principal_ids text[], n_own integer,
    groups_known boolean, level integer, delegated boolean, at timestamptz,
    type text, operation text, object_key text)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
DECLARE
    q meaning := meaning_of(type, operation, object_key);
    ids text[] := counted_ids(principal_ids, n_own, groups_known);
    author meaning := author_question(q, operation);
BEGIN
    -- Whichever the verdict is about.
    IF NOT author IS NULL AND (decide(q, operation, ids, groups_known, level,
            delegated, at)).object_type_id = author.object_type_id THEN
        q := author;
    END IF;
    IF q.reason IS NULL AND q.is_missing IS NOT TRUE THEN
        RETURN QUERY SELECT w.*
            FROM weigh_question(ids, level, delegated, at, q) w
            ORDER BY w.assignment_id;
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.explain(text[], integer, boolean, integer, boolean,
    timestamptz, text, text, text) IS
'Every assignment of the subject with all conditions that it fails; one without any suffices.  Where only Author Policy of the object''s own type lacks, the conditions of that.';

-- Operations on more than one thing: section 4 of the rule -----------------------

CREATE OR REPLACE FUNCTION reeve.weigh_half(ids text[], level integer,
    delegated boolean, at timestamptz, h reeve.half)
RETURNS TABLE (assignment_id bigint, failed text[], level_needed integer)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    q meaning := h.question;
    author meaning;
    lacks boolean := false;
BEGIN
    IF h.folder_scopes IS NOT NULL THEN
        RETURN QUERY SELECT * FROM weigh(ids, level, delegated, at,
            q.object_type_id, q.bit, q.kind, h.folder_scopes, '{}', false);
        RETURN;
    END IF;
    IF q.object_type_id IN (11, 48) THEN
        author := author_question(q, (SELECT o.name FROM operation o
            WHERE o.object_type_id = q.object_type_id AND o.bit = q.bit));
        lacks := NOT author IS NULL AND NOT (decide(author, 'Author Policy',
            ids, true, level, delegated, at)).decision;
    END IF;
    -- Needed besides, by whatever permission, as Read is.
    RETURN QUERY
    SELECT w.assignment_id, CASE WHEN lacks AND 'read' <> ALL (w.failed)
            THEN w.failed || 'read'::text ELSE w.failed END, w.level_needed
    FROM weigh_question(ids, level, delegated, at, q) w;
END
$$;

-- Lists -----------------------------------------------------------------------

CREATE FUNCTION reeve.unauthored_types(ids text[], level integer,
    delegated boolean, at timestamptz, type_id integer, operation text)
RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT coalesce(asks_for_author(type_id, operation), false) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT t.own
        FROM (SELECT DISTINCT own_type_of(o.object_type_id, o.properties)
            FROM secured_object o WHERE o.object_type_id = type_id
                AND o.object_type_id IN (11, 48)
                AND o.properties ? 'OwnObjectTypeID') t (own),
            LATERAL decide(meaning_of(t.own::text, 'Author Policy', NULL),
                'Author Policy', ids, true, level, delegated, at) d
        WHERE t.own IS NOT NULL AND NOT d.decision);
END
$$;
COMMENT ON FUNCTION reeve.unauthored_types(text[], integer, boolean,
    timestamptz, integer, text) IS
'The own types of objects of a type whose Author Policy an operation on them asks for, and the ids do not have.';

CREATE OR REPLACE FUNCTION reeve.list_objects(ids text[], level integer,
    delegated boolean, at timestamptz, type text, operation text,
    q reeve.meaning) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    unauthored integer[];
BEGIN
    IF level IS NULL OR delegated IS NULL OR at IS NULL THEN
        RAISE EXCEPTION 'level, delegated and at are not NULL'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;
    unauthored := unauthored_types(ids, level, delegated, at,
        q.object_type_id, operation);
    IF unauthored = '{}' THEN
        RETURN QUERY SELECT * FROM reached_objects(ids, level, delegated, at,
            q, type);
    ELSE
        RETURN QUERY SELECT * FROM reached_objects(ids, level, delegated, at,
                q, type)
            EXCEPT
            SELECT o.object_key::text FROM secured_object o
            WHERE o.object_type_id = q.object_type_id
                AND o.object_type_id IN (11, 48)
                AND o.properties ? 'OwnObjectTypeID'
                AND own_type_of(o.object_type_id, o.properties)
                    = ANY (unauthored);
    END IF;
    IF q.object_kind <> 'resource' THEN
        RETURN QUERY SELECT * FROM reached_defaults(ids, level, delegated,
            at, q.object_type_id, operation);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.list_objects(text[], integer, boolean, timestamptz,
    text, text, reeve.meaning) IS
'All instances on which the ids allow an operation, with what their own types ask for besides, whether or not these are all the ids of the subject.';

-- Who may ---------------------------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.who_may(at timestamptz, type text,
    operation text, object_key text)
RETURNS TABLE (admin_id bigint, is_group boolean, principal_id text,
    required_level integer, assignments bigint[])
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    q meaning := meaning_of(type, operation, object_key);
    author meaning := author_question(q, operation);
    scopes text[] := '{}';
BEGIN
    IF q.reason IS NOT NULL THEN
        PERFORM refuse('RV400', 'There is no such question.',
            jsonb_build_object('reason', q.reason));
    ELSIF q.is_missing THEN
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    ELSIF q.is_barred OR q.object_kind = 'derived'
        OR author.reason IS NOT NULL OR author.is_barred THEN
        RETURN;
    END IF;
    IF q.object_kind = 'scope' THEN
        scopes := covering_scopes(q.object_type_id, q.object_key);
    END IF;
    RETURN QUERY
    -- What the own type asks for is secured by role: of no object.
    WITH wanted AS MATERIALIZED (
        SELECT w.type_id, w.bit, w.is_asked, w.kind,
            covering_collections(w.kind, q.object_key, w.is_below)
                AS collections
        FROM (SELECT q.object_type_id, q.bit, true, q.kind, q.is_below
            UNION ALL SELECT q.object_type_id, n.b, false, q.object_kind,
                    false
                FROM unnest(q.needed_bits) AS n (b)
            UNION ALL SELECT author.object_type_id, n.b, false, author.kind,
                    false
                FROM unnest(author.needed_bits || author.bit) AS n (b))
            w (type_id, bit, is_asked, kind, is_below)
        WHERE w.bit IS NOT NULL
    ), giving AS MATERIALIZED (
        SELECT w.*, r.role_id,
            required_level(r.role_id, w.type_id, w.bit) AS level
        FROM wanted w JOIN role_operation r
            ON r.object_type_id = w.type_id AND r.bit = w.bit
    ), held AS (
        SELECT a.admin_id, g.type_id, g.is_asked, g.bit,
            min(g.level) AS level,
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
        GROUP BY a.admin_id, g.type_id, g.is_asked, g.bit
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
'The administrative users whose own assignments allow an operation on an object, with what its own type asks for besides, asked for directly, with the lowest level at which they do and the assignments that suffice.  A group stands for its members.  RV400 for an unknown type or operation, RV404 for an object that does not exist.';

-- Writes ----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.require_on_object(who reeve.asker, at timestamptz,
    object_type_id integer, operation text, object_key text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v verdict := decide(meaning_of(object_type_id::text, operation,
        object_key), operation, counted_ids(who.ids, cardinality(who.ids),
        who.groups_known), who.groups_known, who.level, who.delegated, at);
    can_read record;
BEGIN
    IF v.decision THEN
        RETURN v.assignments || v.besides;
    END IF;
    IF v.reason IN ('unknown_type', 'unknown_operation', 'op_not_applicable')
    THEN
        PERFORM refuse('RV400', format('%s does not apply to objects of type'
            ' %s.', operation, object_type_id),
            jsonb_build_object('reason', v.reason));
    ELSIF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF v.object_type_id <> object_type_id THEN
        -- All but this was allowed, Read too.
        PERFORM refuse_missing(v.object_type_id, 'Author Policy', v.missing,
            v.level_needed, v.reason);
    END IF;
    SELECT * INTO can_read FROM allowed(who.ids, cardinality(who.ids), true,
        who.level, who.delegated, at, object_type_id::text,
        read_name(object_type_id), object_key);
    IF NOT can_read.decision THEN
        -- The same words whether it is missing or hidden.
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    END IF;
    PERFORM refuse_missing(object_type_id, operation, v.missing,
        v.level_needed, v.reason);
END
$$;
COMMENT ON FUNCTION reeve.require_on_object(reeve.asker, timestamptz, integer,
    text, text) IS
'The assignments that allow an operation on an object, and behind them those that give Author Policy of its own type; otherwise RV403, RV404 when the caller may not read it, RV503, RV400.';

CREATE OR REPLACE FUNCTION reeve.apply_object_change(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
    matched bigint[];
    had secured_object;
    before jsonb;
    wanted text;
    content jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, t.object_type_id, 'Modify', id);
    SELECT o.* INTO STRICT had FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    PERFORM require_match(request, had.changed_revision::text);
    PERFORM require_same_scopes(t.object_type_id, id, args);
    IF coalesce(args ->> 'own_key', id) <> id THEN
        PERFORM refuse('RV400', 'The key in the body is not that of the'
            ' path: keys do not change.', '{"reason":"another_key"}');
    END IF;
    wanted := check_label(CASE WHEN args ? 'name' OR coalesce(
            (args ->> 'replace')::boolean, false) THEN args -> 'name'
        ELSE to_jsonb(had.name) END, 'Name', 1, 512);
    content := wanted_content(had, args);
    IF (wanted, content) = (had.name, jsonb_strip_nulls(had.properties)) THEN
        RETURN ROW(0, object_told(t, id));
    END IF;
    before := object_image(t.object_type_id, id);
    UPDATE secured_object o SET name = wanted, properties = content
            || jsonb_build_object('LastModifiedBy', who.principal,
                'DateLastModified', edm_time(at))
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000091,
        ARRAY[coalesce(t.class_name, t.sdk_name), id, wanted], before,
        object_image(t.object_type_id, id))::audit_event], matched);
    RETURN ROW(1, object_told(t, id));
END
$$;

CREATE OR REPLACE FUNCTION reeve.apply_object_delete(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
    matched bigint[];
    had secured_object;
    before jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, t.object_type_id, 'Delete', id);
    PERFORM refuse_deployed(who, at, 'object', ARRAY(
        SELECT d.deployment_id FROM deployment d
        WHERE d.content_type_id = t.object_type_id AND d.content_key = id
        ORDER BY 1));
    SELECT o.* INTO STRICT had FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    PERFORM require_match(request, had.changed_revision::text);
    PERFORM require_no_default(t.object_type_id, id);
    before := object_image(t.object_type_id, id);
    DELETE FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    INSERT INTO retired_id AS r (entity, id, revision) VALUES ('secured_object',
        t.object_type_id || '/' || id, held_revision());
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000092,
        ARRAY[coalesce(t.class_name, t.sdk_name), id, had.name], before,
        NULL)::audit_event], matched);
    RETURN ROW(1, jsonb_build_object('key', args ->> 'key'));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_delete: {type, key (as paths have it)}; its key is not used again.  RV409 while it is deployed.';
DROP FUNCTION reeve.delete_object(reeve.asker, jsonb, jsonb, jsonb);

COMMENT ON FUNCTION reeve.require_author_policy(reeve.asker, timestamptz,
    integer, jsonb) IS
'The assignments that allow making an object of its own type, none where it has none; RV403, RV503.  For one that exists require_on_object() asks.';

-- What providers load ---------------------------------------------------------

CREATE OR REPLACE VIEW reeve.feed_object AS
SELECT object_type_id, object_key::text,
    coalesce(reeve.own_type_of(object_type_id, properties), 0) AS own_type_id
FROM reeve.secured_object
UNION ALL SELECT 27, role_id::text, 0 FROM reeve.security_role
UNION ALL SELECT 28, admin_id::text, 0 FROM reeve.administrative_user
UNION ALL SELECT 29, scope_id::text, 0 FROM reeve.security_scope;
COMMENT ON VIEW reeve.feed_object IS
'Instances of every type but collections and resources: secured objects, and roles, administrative users and scopes by their ids; and of which type of its own an object is besides (0: none), which never changes.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.verdict FROM PUBLIC;
-- For who reads the view; a provider reads it of a row in the change feed, too.
GRANT EXECUTE ON FUNCTION reeve.own_type_of(integer, jsonb)
    TO reeve_runtime, reeve_auditor;
RESET ROLE;
