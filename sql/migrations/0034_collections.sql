-- Collections: made, changed, deleted, with direct, include and exclude rules.
--
-- The stored membership is made of the rules in the transaction that writes
-- them, for the collection and for all that depend on it: its direct members
-- and those of included collections, without those of excluded ones, as far
-- as they are in the limiting collection.  Rules by query are kept where there
-- are some, with the members that they have; none is written here.
--
-- Nobody enlarges what one's own rights reach (docs/rule.md section 6,
-- self_widening): gains_of() tells which collections may get members by a
-- write, whichever way it goes through their links.

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000060, 'info', 'collection', 'add', 'collection',
     '1=actor;2=collection;3=name'),
    (1000061, 'info', 'collection', 'modify', 'collection',
     '1=actor;2=collection;3=name'),
    (1000062, 'info', 'collection', 'delete', 'collection',
     '1=actor;2=collection;3=name');

CREATE SEQUENCE reeve.collection_number_seq MAXVALUE 1048575;
COMMENT ON SEQUENCE reeve.collection_number_seq IS
'Numbers in the CollectionIDs of this site, five hexadecimal digits.';

CREATE FUNCTION reeve.new_collection_id() RETURNS text
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    site text := (SELECT s.site_code FROM site_setting s);
    made text;
BEGIN
    LOOP
        made := site || lpad(upper(to_hex(
            nextval('reeve.collection_number_seq'))), 5, '0');
        IF NOT EXISTS (SELECT FROM collection c WHERE c.collection_id = made)
            AND NOT EXISTS (SELECT FROM retired_id r
                WHERE r.entity = 'collection' AND r.id = made) THEN
            RETURN made;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.new_collection_id() IS
'A CollectionID that was never used.';

-- Membership -------------------------------------------------------------------

CREATE FUNCTION reeve.dependents_of(id text) RETURNS TABLE (collection_id text)
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH RECURSIVE reached (id) AS (
        SELECT $1 COLLATE "C"
        UNION
        SELECT l.id FROM reached x, LATERAL (
            SELECT c.collection_id::text FROM collection c
                WHERE c.limiting_id = x.id
            UNION ALL
            SELECT r.collection_id::text FROM collection_rule r
                WHERE r.other_id = x.id) AS l (id)
    )
    SELECT id FROM reached
$$;
COMMENT ON FUNCTION reeve.dependents_of(text) IS
'A collection and all whose members depend on its, through limiting, include and exclude links.';

CREATE FUNCTION reeve.members_by_rules(id text) RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH c AS (
        SELECT c.*, EXISTS (SELECT FROM collection_rule q
            WHERE q.collection_id = c.collection_id AND q.rule = 'query')
            AS by_query
        FROM collection c WHERE c.collection_id = $1
    ), wanted (resource_id) AS (
        SELECT r.resource_id FROM collection_rule r
            WHERE r.collection_id = $1 AND r.rule = 'direct'
        UNION
        SELECT m.resource_id FROM collection_rule r
            JOIN collection_member m ON m.collection_id = r.other_id
            WHERE r.collection_id = $1 AND r.rule = 'include'
        UNION
        -- The roots have everybody of their kind by definition.
        SELECT x.resource_id FROM collection_rule r
            JOIN resource x ON x.kind = r.kind
            WHERE r.collection_id = $1 AND r.rule = 'include'
                AND r.other_id IN ('SMS00001', 'SMS00004')
        UNION
        SELECT m.resource_id FROM collection_member m, c
            WHERE m.collection_id = $1 AND c.by_query
    )
    SELECT w.resource_id FROM wanted w
    WHERE w.resource_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM collection_rule r
            JOIN collection_member m ON m.collection_id = r.other_id
                AND m.resource_id = w.resource_id
            WHERE r.collection_id = $1 AND r.rule = 'exclude')
        AND NOT EXISTS (SELECT FROM collection_rule r
            WHERE r.collection_id = $1 AND r.rule = 'exclude'
                AND r.other_id IN ('SMS00001', 'SMS00004'))
        AND EXISTS (SELECT FROM c WHERE c.limiting_id
                IN ('SMS00001', 'SMS00004')
            OR EXISTS (SELECT FROM collection_member m
                WHERE m.collection_id = c.limiting_id
                    AND m.resource_id = w.resource_id))
$$;
COMMENT ON FUNCTION reeve.members_by_rules(text) IS
'Who is a member of a collection by its rules and its limit, as those that it names are now.';

CREATE FUNCTION reeve.store_members(id text, is_changed boolean)
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    c collection;
    has_rules boolean := EXISTS (SELECT FROM collection_rule r
        WHERE r.collection_id = id);
    wanted bigint[];
    gone integer;
    new integer;
BEGIN
    SELECT x.* INTO STRICT c FROM collection x WHERE x.collection_id = id;
    -- Without rules the stored members are the truth, within the limit.
    wanted := CASE WHEN has_rules OR is_changed
        THEN ARRAY(SELECT m FROM members_by_rules(id) m)
        ELSE ARRAY(SELECT m.resource_id FROM collection_member m
            WHERE m.collection_id = id AND (c.limiting_id
                IN ('SMS00001', 'SMS00004') OR EXISTS (
                    SELECT FROM collection_member l
                    WHERE l.collection_id = c.limiting_id
                        AND l.resource_id = m.resource_id))) END;
    DELETE FROM collection_member m WHERE m.collection_id = id
        AND m.resource_id <> ALL (wanted);
    GET DIAGNOSTICS gone = ROW_COUNT;
    INSERT INTO collection_member (collection_id, resource_id, kind)
        SELECT id, w, c.kind FROM unnest(wanted) AS w
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS new = ROW_COUNT;
    RETURN gone + new;
END
$$;
COMMENT ON FUNCTION reeve.store_members(text, boolean) IS
'Makes the stored members of one collection; is_changed: its own rules were written, so that it has nobody but by them.';

CREATE FUNCTION reeve.refresh_members(changed_id text, by_rules boolean)
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    waiting text[] := ARRAY(SELECT d.collection_id
        FROM dependents_of(changed_id) d);
    next text;
    n integer := 0;
BEGIN
    WHILE cardinality(waiting) > 0 LOOP
        -- One that depends on none of the others: there is no circle.
        SELECT w INTO STRICT next FROM unnest(waiting) AS w
            WHERE NOT EXISTS (SELECT FROM links_of(w) AS l (id)
                WHERE l.id = ANY (waiting))
            ORDER BY w LIMIT 1;
        IF next NOT IN ('SMS00001', 'SMS00004') THEN
            n := n + store_members(next, by_rules AND next = changed_id);
        END IF;
        waiting := array_remove(waiting, next);
    END LOOP;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.refresh_members(text, boolean) IS
'Makes the members of a collection and of all that depend on it, those first that others name; how many came and went.';

-- Section 6: self_widening --------------------------------------------------------

CREATE FUNCTION reeve.gains_of(id text, can_gain boolean, can_lose boolean)
RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH RECURSIVE reached (id, gains) AS (
        SELECT $1 COLLATE "C", g FROM unnest(CASE WHEN $2 AND $3 THEN '{t,f}'
            WHEN $2 THEN '{t}' WHEN $3 THEN '{f}' ELSE '{}' END
            ::boolean[]) AS g
        UNION
        SELECT l.id, l.gains FROM reached x, LATERAL (
            SELECT c.collection_id::text, x.gains FROM collection c
                WHERE c.limiting_id = x.id
            UNION ALL
            -- Who leaves an excluded collection comes into this one.
            SELECT r.collection_id::text, CASE r.rule
                    WHEN 'exclude' THEN NOT x.gains ELSE x.gains END
                FROM collection_rule r WHERE r.other_id = x.id)
            AS l (id, gains)
    )
    SELECT DISTINCT id FROM reached WHERE gains
$$;
COMMENT ON FUNCTION reeve.gains_of(text, boolean, boolean) IS
'The collections that may get members when one may gain or lose some.';

CREATE FUNCTION reeve.holds_same_on(who reeve.asker, at timestamptz,
    own reeve.assignment, id text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- What ends earlier would leave behind more than the caller had.
    RETURN NOT EXISTS (SELECT FROM role_operation o
        WHERE o.role_id = own.role_id AND NOT EXISTS (SELECT FROM subject_assignments(who.ids) h
            JOIN role_operation p ON p.role_id = h.role_id
                AND p.object_type_id = o.object_type_id AND p.bit = o.bit
            JOIN assignment_collection c ON c.assignment_id = h.assignment_id
                AND c.collection_id = ANY (limiting_chain(id))
            WHERE is_valid_at(h.valid_from, h.valid_until, at)
                AND coalesce(h.valid_until, 'infinity')
                    >= coalesce(own.valid_until, 'infinity')
                AND who.level >= required_level(h.role_id, o.object_type_id,
                    o.bit)
                AND NOT (who.delegated AND role_is_security(h.role_id))));
END
$$;
COMMENT ON FUNCTION reeve.holds_same_on(reeve.asker, timestamptz,
    reeve.assignment, text) IS
'Whether the caller holds all operations of an assignment''s role on a collection, for as long as the assignment is valid.';

CREATE FUNCTION reeve.refuse_self_widening(who reeve.asker, at timestamptz,
    id text, can_gain boolean, can_lose boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    own assignment;
    found record;
BEGIN
    FOR found IN SELECT DISTINCT u.is_group, a.assignment_id,
            k.limiting_id, a.admin_id
        FROM gains_of(id, can_gain, can_lose) AS g (id)
        JOIN collection k ON k.collection_id = g.id
        JOIN assignment_collection c ON c.collection_id = g.id
        JOIN assignment a ON a.assignment_id = c.assignment_id
        JOIN administrative_user u ON u.admin_id = a.admin_id
        WHERE k.limiting_id IS NOT NULL AND NOT u.is_deleted
            AND NOT u.is_orphaned
        ORDER BY 1, 2, 3
    LOOP
        SELECT x.* INTO STRICT own FROM assignment x
            WHERE x.assignment_id = found.assignment_id;
        IF is_caller(who, own.admin_id) AND NOT holds_same_on(who, at,
                own, found.limiting_id) THEN
            PERFORM refuse('RV403', 'This could bring devices or users into a'
                ' collection in which you have rights that you have not on'
                ' the collection that limits it: somebody else has to do'
                ' this.', '{"reason":"self_widening"}');
        ELSIF found.is_group AND NOT who.groups_known THEN
            PERFORM refuse_not_decidable();
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.refuse_self_widening(reeve.asker, timestamptz, text,
    boolean, boolean) IS
'RV403 when a collection of the caller''s own permissions may get members, unless it holds the same on the limiting one; RV503 when a group of the caller could be concerned and groups are unknown.';

-- What callers send ------------------------------------------------------------------

CREATE TYPE reeve.wanted_rule AS (
    rule            text,
    name            text,
    resource_id     bigint,
    other_id        text
);
COMMENT ON TYPE reeve.wanted_rule IS
'A membership rule that a collection shall have, or lose.';

CREATE FUNCTION reeve.wanted_rule(w jsonb, kind text)
RETURNS reeve.wanted_rule
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    r wanted_rule;
BEGIN
    IF jsonb_typeof(w) IS DISTINCT FROM 'object'
        OR coalesce(w ->> 'rule', '') NOT IN ('direct', 'include', 'exclude',
            'query')
        OR (w ->> 'rule' = 'direct')
            <> (coalesce(w ->> 'resource_id', '') ~ '^[1-9][0-9]{0,9}$')
        OR (w ->> 'rule' IN ('include', 'exclude'))
            <> (coalesce(w ->> 'other_id', '') <> '') THEN
        PERFORM refuse('RV400', 'A membership rule is direct with a'
            ' ResourceID, or includes or excludes a collection by its'
            ' CollectionID.', '{"reason":"malformed_rule"}');
    ELSIF w ->> 'rule' = 'query' THEN
        PERFORM refuse('RV501', 'Rules by query are not written here: name'
            ' devices and users directly, or include collections.',
            '{"reason":"query_rule"}');
    END IF;
    r.rule := w ->> 'rule';
    r.resource_id := w ->> 'resource_id';
    r.other_id := w ->> 'other_id';
    r.name := coalesce(nullif(w ->> 'name', ''), CASE r.rule WHEN 'direct'
        THEN (SELECT x.name FROM resource x
            WHERE x.resource_id = r.resource_id)
        ELSE (SELECT c.name FROM collection c
            WHERE c.collection_id = r.other_id) END, '?');
    RETURN r;
END
$$;
COMMENT ON FUNCTION reeve.wanted_rule(jsonb, text) IS
'A rule as a caller sends it; RV400 when it is malformed, RV501 for one by query.';

CREATE FUNCTION reeve.wanted_rules(given jsonb, kind text)
RETURNS reeve.wanted_rule[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(given) IS DISTINCT FROM 'array'
        OR jsonb_array_length(given) > 1000 THEN
        PERFORM refuse('RV400', 'CollectionRules are a list of at most 1000'
            ' rules.', '{"reason":"malformed_rule"}');
    END IF;
    RETURN ARRAY(SELECT wanted_rule(g.w, kind)
        FROM jsonb_array_elements(given) WITH ORDINALITY AS g (w, i)
        ORDER BY g.i);
END
$$;
COMMENT ON FUNCTION reeve.wanted_rules(jsonb, text) IS
'The rules that a caller sends, in order.';

CREATE FUNCTION reeve.can_see_rule(who reeve.asker, at timestamptz,
    r reeve.wanted_rule) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, CASE
            WHEN r.rule <> 'direct' THEN '1'
            ELSE coalesce((SELECT CASE x.resource_type WHEN 5
                    THEN 'SMS_R_System' WHEN 4 THEN 'SMS_R_User'
                    ELSE 'SMS_R_UserGroup' END
                FROM resource x WHERE x.resource_id = r.resource_id),
                'SMS_R_System') END, 'Read',
        coalesce(r.other_id, r.resource_id::text));
    RETURN v.decision;
END
$$;
COMMENT ON FUNCTION reeve.can_see_rule(reeve.asker, timestamptz,
    reeve.wanted_rule) IS
'Whether the caller may Read what a rule names.';

CREATE FUNCTION reeve.check_rules(who reeve.asker, at timestamptz, kind text,
    rules reeve.wanted_rule[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    r wanted_rule;
BEGIN
    FOREACH r IN ARRAY rules LOOP
        -- What one may not read is as what there is not.
        IF NOT can_see_rule(who, at, r) OR NOT (CASE r.rule
            WHEN 'direct' THEN EXISTS (SELECT FROM resource x
                WHERE x.resource_id = r.resource_id
                    AND x.kind = check_rules.kind)
            ELSE EXISTS (SELECT FROM collection c
                WHERE c.collection_id = r.other_id
                    AND c.kind = check_rules.kind) END) THEN
            IF NOT who.groups_known THEN
                PERFORM refuse_not_decidable();
            END IF;
            PERFORM refuse('RV400', format('A rule names a %s that there is'
                ' not: %s.', CASE r.rule WHEN 'direct' THEN kind
                ELSE 'collection of the same kind' END,
                left(coalesce(r.other_id, r.resource_id::text), 64)),
                '{"reason":"unknown_member"}');
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.check_rules(reeve.asker, timestamptz, text,
    reeve.wanted_rule[]) IS
'RV400 for a rule that names what there is not, is of another kind, or is not for the caller to read.';

-- Who may --------------------------------------------------------------------------------

CREATE FUNCTION reeve.require_pair(who reeve.asker, at timestamptz,
    operation text, question jsonb) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
    lacking jsonb;
BEGIN
    SELECT * INTO v FROM allowed_pair(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, operation, question);
    IF v.decision THEN
        RETURN v.assignments;
    ELSIF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    END IF;
    SELECT jsonb_strip_nulls(jsonb_build_object('operation', o.name, 'type',
            coalesce(t.class_name, t.sdk_name), 'conditions', h -> 'missing',
            'level', level_name(nullif((h ->> 'level')::integer, 0))))
        INTO lacking
        FROM jsonb_array_elements(v.halves) AS h
        JOIN operation o
            ON o.object_type_id = (h ->> 'object_type_id')::integer
            AND o.bit = (h ->> 'bit')::integer
        JOIN object_type t ON t.object_type_id = o.object_type_id
        ORDER BY jsonb_array_length(h -> 'missing') = 0, h -> 'half' LIMIT 1;
    PERFORM refuse('RV403', format('No assignment of yours has all that this'
        ' needs together; the nearest lacks %s on %s.',
        lacking ->> 'operation', lacking ->> 'type'),
        jsonb_build_object('reason', v.reason, 'missing', lacking));
END
$$;
COMMENT ON FUNCTION reeve.require_pair(reeve.asker, timestamptz, text, jsonb)
IS 'The assignments that allow an operation on several things (docs/rule.md section 4); otherwise RV403 or RV503.';

CREATE FUNCTION reeve.rule_question(id text, rules reeve.wanted_rule[])
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('collection', id,
        'named', coalesce(jsonb_agg(r.other_id)
            FILTER (WHERE r.other_id IS NOT NULL), '[]'),
        'direct', coalesce(jsonb_agg(jsonb_build_object('type', CASE
                x.resource_type WHEN 5 THEN 'SMS_R_System'
                WHEN 4 THEN 'SMS_R_User' ELSE 'SMS_R_UserGroup' END,
                'key', r.resource_id::text))
            FILTER (WHERE r.resource_id IS NOT NULL), '[]')))
    FROM unnest(rules) r
    LEFT JOIN resource x ON x.resource_id = r.resource_id
$$;
COMMENT ON FUNCTION reeve.rule_question(text, reeve.wanted_rule[]) IS
'The question of writing rules, for allowed_pair().';

CREATE FUNCTION reeve.require_custom_collection(who reeve.asker,
    at timestamptz, operation text, args jsonb, request jsonb,
    OUT c reeve.collection, OUT matched bigint[])
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, 1, operation,
        coalesce(args ->> 'collection_id', ''));
    SELECT x.* INTO STRICT c FROM collection x
        WHERE x.collection_id = args ->> 'collection_id';
    IF c.is_built_in THEN
        PERFORM refuse_built_in('collection');
    END IF;
    IF request ? 'if_match' THEN
        PERFORM require_match(request, etag_of('SMS_Collection',
            c.collection_id));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_custom_collection(reeve.asker, timestamptz,
    text, jsonb, jsonb) IS
'A collection that the caller may change or delete, with the assignments that allow it; otherwise RV403, RV404, RV409, RV412.';

-- Storing ----------------------------------------------------------------------------------

CREATE FUNCTION reeve.collection_image(id text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('collection_id', c.collection_id,
        'name', c.name, 'comment', c.comment, 'limiting_id', c.limiting_id,
        'rules', (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(
            jsonb_build_object('rule', r.rule, 'resource_id', r.resource_id,
                'other_id', r.other_id, 'query', r.query))
            ORDER BY r.ordinal), '[]') FROM collection_rule r
            WHERE r.collection_id = c.collection_id))
    FROM collection c WHERE c.collection_id = $1
$$;
COMMENT ON FUNCTION reeve.collection_image(text) IS
'A collection for the admin stream, with its rules.';

CREATE FUNCTION reeve.path_between(start text, goal text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    came_from jsonb := jsonb_build_object(start, NULL);
    frontier text[] := ARRAY[start];
    path text[] := ARRAY[goal];
BEGIN
    WHILE cardinality(frontier) > 0 AND NOT came_from ? goal LOOP
        came_from := came_from || coalesce((SELECT jsonb_object_agg(l.id, f)
            FROM unnest(frontier) AS f, links_of(f) AS l (id)
            WHERE NOT came_from ? l.id), '{}');
        frontier := ARRAY(SELECT k.key FROM jsonb_each_text(came_from) k
            WHERE k.value = ANY (frontier));
    END LOOP;
    IF NOT came_from ? goal THEN
        RETURN '{}';
    END IF;
    WHILE came_from ->> path[1] IS NOT NULL LOOP
        path := (came_from ->> path[1]) || path;
    END LOOP;
    RETURN path;
END
$$;
COMMENT ON FUNCTION reeve.path_between(text, text) IS
'The shortest way by which a collection depends on another, both included; empty when it does not.';

CREATE FUNCTION reeve.refuse_circle(who reeve.asker, at timestamptz,
    id text, other text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    path text[] := path_between(other, id);
    names jsonb;
BEGIN
    -- What the caller may not read is a step without a name.
    SELECT jsonb_agg(CASE WHEN named_category(who, at, 1, p, NULL)
            IS NOT NULL THEN jsonb_build_object('collection_id', p, 'name',
            c.name) END ORDER BY i)
    INTO names FROM unnest(id || path) WITH ORDINALITY AS x (p, i)
    LEFT JOIN collection c ON c.collection_id = x.p;
    PERFORM refuse('RV409', 'The collection would depend on itself: '
        || (SELECT string_agg(coalesce(n ->> 'name',
            'one that you may not read'), ' -> ' ORDER BY i)
            FROM jsonb_array_elements(names) WITH ORDINALITY AS x (n, i))
        || '.', jsonb_build_object('reason', 'circular_dependency', 'path',
            names));
END
$$;
COMMENT ON FUNCTION reeve.refuse_circle(reeve.asker, timestamptz, text, text)
IS 'RV409: what a collection shall depend on depends on it; with the way from it and back, as far as the caller may read it.';

CREATE FUNCTION reeve.add_rules(who reeve.asker, at timestamptz,
    c reeve.collection, rules reeve.wanted_rule[]) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    circle text;
    n integer;
BEGIN
    SELECT r.other_id INTO circle FROM unnest(rules) r
        WHERE r.other_id = c.collection_id
            OR depends_on(r.other_id, c.collection_id) LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_circle(who, at, c.collection_id, circle);
    END IF;
    INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
            resource_id, other_id)
    SELECT c.collection_id, c.kind, coalesce((SELECT max(x.ordinal)
            FROM collection_rule x WHERE x.collection_id = c.collection_id),
            0) + row_number() OVER (ORDER BY r.i), r.name, r.rule,
        r.resource_id, r.other_id
    FROM (SELECT DISTINCT ON (u.rule, u.resource_id, u.other_id) u.rule,
            u.name, u.resource_id, u.other_id, u.i
        FROM unnest(rules) WITH ORDINALITY
            AS u (rule, name, resource_id, other_id, i)
        ORDER BY u.rule, u.resource_id, u.other_id, u.i) r
    WHERE NOT EXISTS (SELECT FROM collection_rule x
        WHERE x.collection_id = c.collection_id AND x.rule = r.rule
            AND (x.resource_id, x.other_id) IS NOT DISTINCT FROM
                (r.resource_id, r.other_id::text COLLATE "C"));
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.add_rules(reeve.asker, timestamptz,
    reeve.collection, reeve.wanted_rule[]) IS
'Adds the rules that are missing; RV409 for one that closes a circle.';

CREATE FUNCTION reeve.drop_rules(id text, rules reeve.wanted_rule[])
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    DELETE FROM collection_rule x USING unnest(rules) r
        WHERE x.collection_id = id AND x.rule = r.rule
            AND (x.resource_id, x.other_id) IS NOT DISTINCT FROM
                (r.resource_id, r.other_id::text COLLATE "C");
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.drop_rules(text, reeve.wanted_rule[]) IS
'Takes rules away; how many there were.';

CREATE FUNCTION reeve.audit_collection(message integer, at timestamptz,
    actor jsonb, request jsonb, before jsonb, after jsonb, matched bigint[])
RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT write_admin_audit($2, $3, $4, ARRAY[ROW($1, ARRAY[
        coalesce(after, before) ->> 'collection_id',
        coalesce(after, before) ->> 'name'], $5, $6)::audit_event], $7)
$$;
COMMENT ON FUNCTION reeve.audit_collection(integer, timestamptz, jsonb, jsonb,
    jsonb, jsonb, bigint[]) IS
'A row of the admin stream about a collection.';

CREATE FUNCTION reeve.refuse_too_deep() RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV409', 'The chain of limiting collections would be longer'
        ' than 64: choose a limit further up.', '{"reason":"too_deep"}')
$$;
COMMENT ON FUNCTION reeve.refuse_too_deep() IS
'RV409: no collection is limited through more than 64 others.';

CREATE FUNCTION reeve.apply_collection_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_creating(who, at, 1);
    l text := named_category(who, at, 1, args ->> 'limiting_id', NULL);
    wanted wanted_rule[];
    c collection;
    image jsonb;
BEGIN
    IF l IS NULL THEN
        PERFORM refuse('RV400', 'LimitToCollectionID names no collection.',
            '{"reason":"unknown_collection"}');
    END IF;
    matched := matched || require_pair(who, at, 'create-collection',
        jsonb_build_object('limiting', l));
    IF cardinality(limiting_chain(l)) >= 64 THEN
        PERFORM refuse_too_deep();
    END IF;
    c.kind := (SELECT x.kind FROM collection x WHERE x.collection_id = l);
    IF coalesce(args ->> 'kind', c.kind) <> c.kind THEN
        PERFORM refuse('RV400', 'CollectionType is another than that of the'
            ' limiting collection.', '{"reason":"other_kind"}');
    END IF;
    wanted := wanted_rules(coalesce(args -> 'rules', '[]'), c.kind);
    PERFORM check_rules(who, at, c.kind, wanted);
    IF cardinality(wanted) > 0 THEN
        PERFORM require_pair(who, at, 'write-rule',
            rule_question(NULL, wanted));
    END IF;
    IF EXISTS (SELECT FROM collection x WHERE x.name = args ->> 'name') THEN
        PERFORM refuse_name_taken(args ->> 'name');
    END IF;
    INSERT INTO collection AS x (collection_id, kind, limiting_id, name,
            comment, created_by, created_at, modified_by, modified_at)
        VALUES (new_collection_id(), c.kind, l,
            check_label(args -> 'name', 'Name', 1, 255),
            check_label(coalesce(args -> 'comment', '""'), 'Comment', 0, 512),
            who.principal, at, who.principal, at)
        RETURNING x.* INTO c;
    PERFORM add_rules(who, at, c, wanted);
    PERFORM refresh_members(c.collection_id, true);
    image := collection_image(c.collection_id);
    PERFORM audit_collection(1000060, at, actor, request, NULL, image,
        ARRAY(SELECT DISTINCT unnest(matched) ORDER BY 1));
    RETURN ROW(1, jsonb_build_object('key', c.collection_id));
END
$$;
COMMENT ON FUNCTION reeve.apply_collection_create(reeve.asker, jsonb, jsonb,
    jsonb) IS
'collection_create: {name, comment, kind, limiting_id, rules}; result: {key}.';

CREATE FUNCTION reeve.require_reach(who reeve.asker, at timestamptz,
    c reeve.collection, new_limit text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    given assignment;
    is_group boolean;
    ungrantable bigint[] := '{}';
BEGIN
    FOR given IN SELECT a.* FROM assignment a
        WHERE EXISTS (SELECT FROM assignment_collection k
            WHERE k.assignment_id = a.assignment_id
                AND k.collection_id = ANY (limiting_chain(new_limit))
                AND k.collection_id <> ALL (limiting_chain(c.limiting_id)))
        ORDER BY a.assignment_id
    LOOP
        SELECT u.is_group INTO is_group FROM administrative_user u
            WHERE u.admin_id = given.admin_id AND NOT u.is_deleted
                AND NOT u.is_orphaned;
        IF NOT FOUND THEN
            CONTINUE;
        ELSIF is_caller(who, given.admin_id) THEN
            IF NOT holds_same_on(who, at, given, c.collection_id) THEN
                PERFORM refuse_self_gain();
            END IF;
        ELSIF is_group AND NOT who.groups_known THEN
            PERFORM refuse_not_decidable();
        ELSIF NOT can_grant(who, at, given) THEN
            ungrantable := ungrantable || given.assignment_id;
        END IF;
    END LOOP;
    IF cardinality(ungrantable) = 0 THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse_grant(who, at, ungrantable);
END
$$;
COMMENT ON FUNCTION reeve.require_reach(reeve.asker, timestamptz,
    reeve.collection, text) IS
'For a collection that comes below another limit: whoever has an assignment above that reaches it now.  RV403 unless the caller could grant each of them, and has itself no more than before; RV503 when unknown groups could change that.';

CREATE FUNCTION reeve.move_limit(who reeve.asker, at timestamptz,
    c reeve.collection, new_id text) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    l text := named_category(who, at, 1, new_id, NULL);
BEGIN
    IF l IS NULL OR c.kind <> (SELECT x.kind FROM collection x
            WHERE x.collection_id = l) THEN
        PERFORM refuse('RV400', 'LimitToCollectionID names no collection of'
            ' the same kind.', '{"reason":"unknown_collection"}');
    ELSIF c.collection_id = ANY (limiting_chain(l))
        OR depends_on(l, c.collection_id) THEN
        PERFORM refuse_circle(who, at, c.collection_id, l);
    END IF;
    PERFORM require_pair(who, at, 'change-limiting', jsonb_build_object(
        'collection', c.collection_id, 'limiting', l));
    PERFORM require_reach(who, at, c, l);
    -- Who is held back by the old limit may come in by the new one.
    PERFORM refuse_self_widening(who, at, c.collection_id, true, true);
    UPDATE collection x SET limiting_id = l
        WHERE x.collection_id = c.collection_id;
    PERFORM refuse_self_widening(who, at, c.collection_id, true, true);
EXCEPTION WHEN check_violation THEN
    PERFORM refuse_too_deep();
END
$$;
COMMENT ON FUNCTION reeve.move_limit(reeve.asker, timestamptz,
    reeve.collection, text) IS
'Gives a collection another limit: needs both of section 4; the caller''s own permissions may get members by it only where it holds the same on the old limit and on the new one; and whoever has an assignment above the new limit is given something that the caller could grant.';

CREATE FUNCTION reeve.write_rules(who reeve.asker, at timestamptz,
    c reeve.collection, added reeve.wanted_rule[],
    dropped reeve.wanted_rule[]) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    PERFORM check_rules(who, at, c.kind, added);
    IF cardinality(added) > 0 THEN
        PERFORM require_pair(who, at, 'write-rule',
            rule_question(c.collection_id, added));
    END IF;
    PERFORM refuse_self_widening(who, at, c.collection_id,
        EXISTS (SELECT FROM unnest(added) r WHERE r.rule <> 'exclude')
            OR EXISTS (SELECT FROM unnest(dropped) r
                WHERE r.rule = 'exclude'),
        EXISTS (SELECT FROM unnest(dropped) r WHERE r.rule <> 'exclude')
            OR EXISTS (SELECT FROM unnest(added) r
                WHERE r.rule = 'exclude'));
    n := drop_rules(c.collection_id, dropped) + add_rules(who, at, c, added);
    -- The same through the links that the new rules have made.
    PERFORM refuse_self_widening(who, at, c.collection_id,
        cardinality(added) > 0, false);
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.write_rules(reeve.asker, timestamptz,
    reeve.collection, reeve.wanted_rule[], reeve.wanted_rule[]) IS
'Decides and stores rules that come and go; how many did.';

CREATE FUNCTION reeve.rules_of(id text) RETURNS reeve.wanted_rule[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(array_agg((r.rule, r.name, r.resource_id, r.other_id)
        ::wanted_rule ORDER BY r.ordinal), '{}')
    FROM collection_rule r WHERE r.collection_id = $1 AND r.rule <> 'query'
$$;
COMMENT ON FUNCTION reeve.rules_of(text) IS
'The rules of a collection but those by query.';

CREATE FUNCTION reeve.is_same_rule(a reeve.wanted_rule, b reeve.wanted_rule)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN a.rule = b.rule AND (a.resource_id, a.other_id)
    IS NOT DISTINCT FROM (b.resource_id, b.other_id);
COMMENT ON FUNCTION reeve.is_same_rule(reeve.wanted_rule, reeve.wanted_rule)
IS 'Whether two rules say the same, under whatever names.';

CREATE FUNCTION reeve.change_rules(who reeve.asker, at timestamptz,
    c reeve.collection, args jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    had wanted_rule[] := rules_of(c.collection_id);
    added wanted_rule[] := '{}';
    dropped wanted_rule[] := '{}';
BEGIN
    IF args ? 'rules' THEN
        -- A rule by query that is there may be sent back as it is.
        added := wanted_rules(CASE jsonb_typeof(args -> 'rules')
            WHEN 'array' THEN (SELECT coalesce(jsonb_agg(g ORDER BY i), '[]')
                FROM jsonb_array_elements(args -> 'rules')
                    WITH ORDINALITY AS x (g, i)
                WHERE NOT (g @> '{"rule":"query"}' AND EXISTS (
                    SELECT FROM collection_rule q
                    WHERE q.collection_id = c.collection_id
                        AND q.query = g ->> 'query')))
            ELSE args -> 'rules' END, c.kind);
        -- What the caller may not read stays.
        dropped := ARRAY(SELECT h FROM unnest(had) h
            WHERE NOT EXISTS (SELECT FROM unnest(added) a
                    WHERE is_same_rule(a, h))
                AND can_see_rule(who, at, h));
    ELSIF args ? 'add_rules' THEN
        added := wanted_rules(args -> 'add_rules', c.kind);
    ELSIF args ? 'drop_rules' THEN
        dropped := wanted_rules(args -> 'drop_rules', c.kind);
        PERFORM check_rules(who, at, c.kind, dropped);
    END IF;
    added := ARRAY(SELECT a FROM unnest(added) a WHERE NOT EXISTS (
        SELECT FROM unnest(had) h WHERE is_same_rule(a, h)));
    IF cardinality(added) + cardinality(dropped) = 0 THEN
        RETURN 0;
    END IF;
    RETURN write_rules(who, at, c, added, dropped);
END
$$;
COMMENT ON FUNCTION reeve.change_rules(reeve.asker, timestamptz,
    reeve.collection, jsonb) IS
'What a change says of rules: all of them (rules), some more (add_rules), or some less (drop_rules); how many came and went.';

CREATE FUNCTION reeve.apply_collection_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_custom_collection(who, at, 'Modify', args,
        request);
    c collection := found.c;
    id text := c.collection_id;
    before jsonb := collection_image(id);
    n integer;
BEGIN
    IF args ? 'name' AND EXISTS (SELECT FROM collection x
            WHERE x.name = args ->> 'name' AND x.collection_id <> id) THEN
        PERFORM refuse_name_taken(args ->> 'name');
    END IF;
    UPDATE collection x SET
        name = CASE WHEN args ? 'name' THEN check_label(args -> 'name',
            'Name', 1, 255) ELSE x.name END,
        comment = CASE WHEN args ? 'comment' THEN check_label(
            args -> 'comment', 'Comment', 0, 512) ELSE x.comment END
        WHERE x.collection_id = id;
    IF args ->> 'limiting_id' <> c.limiting_id THEN
        PERFORM move_limit(who, at, c, args ->> 'limiting_id');
    END IF;
    n := change_rules(who, at, c, args);
    IF n > 0 OR args ->> 'limiting_id' <> c.limiting_id THEN
        PERFORM refresh_members(id, n > 0);
    END IF;
    IF collection_image(id) = before THEN
        RETURN ROW(0, jsonb_build_object('key', id));
    END IF;
    UPDATE collection x SET modified_by = who.principal, modified_at = at
        WHERE x.collection_id = id;
    PERFORM audit_collection(1000061, at, actor, request, before,
        collection_image(id), found.matched);
    RETURN ROW(1 + n, jsonb_build_object('key', id));
END
$$;
COMMENT ON FUNCTION reeve.apply_collection_change(reeve.asker, jsonb, jsonb,
    jsonb) IS
'collection_change: {collection_id} and name, comment, limiting_id, and rules, add_rules or drop_rules; result: {key}.';

CREATE FUNCTION reeve.apply_collection_refresh(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_custom_collection(who, at, 'Modify', args,
        request);
    id text := args ->> 'collection_id';
BEGIN
    PERFORM refuse_self_widening(who, at, id, true, true);
    RETURN ROW(refresh_members(id, false), jsonb_build_object('key', id));
END
$$;
COMMENT ON FUNCTION reeve.apply_collection_refresh(reeve.asker, jsonb, jsonb,
    jsonb) IS
'collection_refresh: {collection_id}; makes the members anew from the rules.';

CREATE FUNCTION reeve.require_unused_collection(who reeve.asker,
    at timestamptz, id text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    admins bigint[] := ARRAY(SELECT DISTINCT a.admin_id FROM assignment a
        JOIN assignment_collection k USING (assignment_id)
        WHERE k.collection_id = id ORDER BY 1);
    others jsonb;
BEGIN
    IF cardinality(admins) > 0 THEN
        PERFORM refuse_in_use(who, at, 'collection', admins);
    END IF;
    SELECT jsonb_agg(jsonb_build_object('object_type_id', 1, 'object_key',
            c.collection_id, 'name', c.name) ORDER BY c.collection_id)
        FILTER (WHERE named_category(who, at, 1, c.collection_id, NULL)
            IS NOT NULL)
    INTO others
    FROM dependents_of(id) d JOIN collection c
        ON c.collection_id = d.collection_id
    WHERE d.collection_id <> id HAVING count(*) > 0;
    IF FOUND THEN
        PERFORM refuse('RV409', 'Other collections are limited to this one,'
            ' include or exclude it: change these first.',
            jsonb_build_object('reason', 'has_dependents', 'objects',
                coalesce(others, '[]')));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_unused_collection(reeve.asker, timestamptz,
    text) IS
'RV409 when an assignment names a collection, or another depends on it; with these, as far as the caller may read them.';

CREATE FUNCTION reeve.apply_collection_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_custom_collection(who, at, 'Delete', args,
        request);
    id text := args ->> 'collection_id';
    before jsonb := collection_image(id);
BEGIN
    PERFORM require_unused_collection(who, at, id);
    DELETE FROM collection x WHERE x.collection_id = id;
    PERFORM audit_collection(1000062, at, actor, request, before, NULL,
        found.matched);
    RETURN ROW(1, jsonb_build_object('key', id));
END
$$;
COMMENT ON FUNCTION reeve.apply_collection_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'collection_delete: {collection_id}; RV409 while something needs it.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('collection_create', 'A collection is made.'),
    ('collection_change', 'A collection, its limit or its rules are changed.'),
    ('collection_refresh', 'The members of a collection are made anew.'),
    ('collection_delete', 'A collection is deleted.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.wanted_rule FROM PUBLIC;
RESET ROLE;
