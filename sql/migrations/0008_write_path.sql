-- The write path.  Each policy change is one call of one function here, in
-- one READ COMMITTED transaction:
--
--   1. take_revision: the lock that orders all changes
--   2. the idempotency key: a replay gives the increment back
--   3. the gate and the rule again, on the rows as they are now
--   4. rules that span rows
--   5. rows; triggers write the change rows; the admin audit
--
-- A refusal is an error, so that nothing of it remains, no revision either:
--   RV400 malformed, RV403 denied, RV404 no such object or not readable,
--   RV409 conflict, RV422 key used with another body, RV503 not decidable.
-- MESSAGE is for the user; DETAIL is JSON with reason and what is missing.

SET LOCAL ROLE reeve_owner;

CREATE FUNCTION reeve.refuse(code text, message text, detail jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message,
        DETAIL = detail::text;
END
$$;
COMMENT ON FUNCTION reeve.refuse(text, text, jsonb) IS
'Ends a write with an SQLSTATE of ours, a sentence for the user and JSON for programs.';

-- The actor and the request -------------------------------------------------

CREATE TYPE reeve.asker AS (
    principal       text,
    ids             text[],
    groups_known    boolean,
    level           integer,
    delegated       boolean
);
COMMENT ON TYPE reeve.asker IS
'Who asks: the principal ids that count (without groups when these are not known), level, and whether by delegation.';

CREATE FUNCTION reeve.asker_of(actor jsonb) RETURNS reeve.asker
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    who asker;
    own jsonb := actor -> 'own';
BEGIN
    IF jsonb_typeof(actor) IS DISTINCT FROM 'object'
        OR jsonb_typeof(actor -> 'principal') IS DISTINCT FROM 'string'
        OR jsonb_typeof(actor -> 'ids') IS DISTINCT FROM 'array'
        OR jsonb_typeof(own) IS DISTINCT FROM 'number'
        OR jsonb_typeof(actor -> 'groups_known') IS DISTINCT FROM 'boolean'
        OR jsonb_typeof(actor -> 'delegated') IS DISTINCT FROM 'boolean'
        OR (actor -> 'level') IS NULL
        OR (actor -> 'level') NOT IN ('0', '1', '2', '3')
        OR own::text !~ '^[1-9][0-9]{0,3}$'
        OR own::integer > jsonb_array_length(actor -> 'ids')
        OR jsonb_path_exists(actor, '$.ids[*] ? (@.type() != "string")')
    THEN
        PERFORM refuse('RV400', 'The description of the caller is malformed.',
            '{"reason":"malformed_actor"}');
    END IF;
    who.principal := actor ->> 'principal';
    who.groups_known := actor -> 'groups_known';
    who.level := actor -> 'level';
    who.delegated := actor -> 'delegated';
    who.ids := counted_ids(
        ARRAY(SELECT jsonb_array_elements_text(actor -> 'ids')),
        own::integer, who.groups_known);
    RETURN who;
END
$$;
COMMENT ON FUNCTION reeve.asker_of(jsonb) IS
'Reads the description of a caller; RV400 when it is not complete.';

CREATE FUNCTION reeve.check_request(idempotency_key text, request jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(request) IS DISTINCT FROM 'object' THEN
        PERFORM refuse('RV400', 'The description of the request is malformed.',
            '{"reason":"malformed_request"}');
    END IF;
    IF idempotency_key IS NULL THEN
        RETURN;
    END IF;
    IF length(idempotency_key) NOT BETWEEN 1 AND 255
        OR coalesce(request ->> 'body_sha256', '') !~ '^[0-9a-f]{64}$' THEN
        PERFORM refuse('RV400', 'An idempotency key has 1 to 255 characters'
            ' and comes with the SHA-256 of the body.',
            '{"reason":"malformed_idempotency_key"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_request(text, jsonb) IS
'Refuses a request whose idempotency key cannot be kept.';

CREATE FUNCTION reeve.replayed_answer(actor text, key text, operation text,
    body_sha256 text) RETURNS reeve.idempotency_key
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    kept idempotency_key;
BEGIN
    SELECT k.* INTO kept FROM idempotency_key k
        WHERE k.actor = $1 AND k.key = $2;
    IF FOUND AND (kept.operation <> $3 OR kept.body_sha256 <> $4) THEN
        PERFORM refuse('RV422', 'This idempotency key was used with another'
            ' request: send a new key.', '{"reason":"idempotency_key_reused"}');
    END IF;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION reeve.replayed_answer(text, text, text, text) IS
'The answer kept under an idempotency key, all NULL without one; RV422 when the key belongs to another request.';

CREATE FUNCTION reeve.decision_instant() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN (SELECT decided_at FROM reeve.site_revision);
COMMENT ON FUNCTION reeve.decision_instant() IS
'The instant at which the write that holds the revision is decided.';

-- Refusals ------------------------------------------------------------------

CREATE FUNCTION reeve.level_name(level integer) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN (ARRAY['none', 'windows', 'certificate', 'hello'])[level + 1];
COMMENT ON FUNCTION reeve.level_name(integer) IS
'The name of an authentication level.';

CREATE FUNCTION reeve.require_gate(who reeve.asker) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    needed text;
BEGIN
    IF passes_gate(who.ids, cardinality(who.ids), true, who.level) THEN
        RETURN;
    END IF;
    SELECT level_name(minimum_level) INTO needed FROM site_setting;
    PERFORM refuse('RV403', format('The site asks for authentication level'
        ' %s: sign in with it.', needed), jsonb_build_object(
        'reason', 'level_too_low', 'missing', jsonb_build_object(
            'conditions', jsonb_build_array('level'), 'level', needed)));
END
$$;
COMMENT ON FUNCTION reeve.require_gate(reeve.asker) IS
'RV403 unless the caller passes the minimum level of the site, as it is now.';

CREATE FUNCTION reeve.refuse_not_decidable() RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV503', 'Your groups are not known at the moment: try again'
        ' later.', '{"reason":"groups_unknown"}')
$$;
COMMENT ON FUNCTION reeve.refuse_not_decidable() IS
'RV503: groups of the caller could change the answer and are not known.';

CREATE FUNCTION reeve.refuse_missing(object_type_id integer, operation text,
    conditions text[], level_needed integer, reason text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    type text;
BEGIN
    SELECT coalesce(t.class_name, t.sdk_name) INTO type FROM object_type t
        WHERE t.object_type_id = $1;
    PERFORM refuse('RV403', format('You lack %s on %s.', operation, type),
        jsonb_build_object('reason', $5, 'missing',
            jsonb_strip_nulls(jsonb_build_object('operation', operation,
                'type', type, 'conditions', to_jsonb(conditions),
                'level', level_name(nullif(level_needed, 0))))));
END
$$;
COMMENT ON FUNCTION reeve.refuse_missing(integer, text, text[], integer, text)
IS 'RV403 with what is missing.';

CREATE FUNCTION reeve.require_on_object(who reeve.asker, at timestamptz,
    object_type_id integer, operation text, object_key text) RETURNS bigint[]
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
        who.level, who.delegated, at, object_type_id::text, 'Read',
        object_key);
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
'The assignments that allow an operation on an object; otherwise RV403, RV404 when the caller may not read it, RV503, RV400.';

-- Scope memberships ---------------------------------------------------------

CREATE TYPE reeve.membership AS (
    object_type_id  integer,
    object_key      text,
    scope_id        text
);
COMMENT ON TYPE reeve.membership IS 'An object in a scope.';

CREATE FUNCTION reeve.memberships_of(items jsonb)
RETURNS SETOF reeve.membership
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(items) IS DISTINCT FROM 'array'
        OR jsonb_array_length(items) NOT BETWEEN 1 AND 1000 THEN
        PERFORM refuse('RV400', 'A request names 1 to 1000 memberships.',
            '{"reason":"malformed_items"}');
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(items) AS i
            WHERE jsonb_typeof(i -> 'category_id') IS DISTINCT FROM 'string'
                OR jsonb_typeof(i -> 'object_key') IS DISTINCT FROM 'string'
                OR jsonb_typeof(i -> 'object_type_id')
                    IS DISTINCT FROM 'number'
                OR i ->> 'object_type_id' !~ '^[1-9][0-9]{0,8}$') THEN
        PERFORM refuse('RV400', 'Each membership has category_id (text),'
            ' object_type_id (number) and object_key (text).',
            '{"reason":"malformed_items"}');
    END IF;
    RETURN QUERY
        SELECT DISTINCT (i ->> 'object_type_id')::integer,
            (i ->> 'object_key') COLLATE "C", (i ->> 'category_id') COLLATE "C"
        FROM jsonb_array_elements(items) AS i ORDER BY 1, 2, 3;
END
$$;
COMMENT ON FUNCTION reeve.memberships_of(jsonb) IS
'The memberships that a request names, each once, in order; RV400 when malformed.';

CREATE FUNCTION reeve.require_scopes(memberships reeve.membership[],
    adding boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    unknown text;
BEGIN
    SELECT m.scope_id INTO unknown FROM unnest(memberships) m
    WHERE NOT EXISTS (SELECT FROM security_scope s
        WHERE s.scope_id = m.scope_id)
    ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        PERFORM refuse('RV400', format('There is no security scope %s.',
            left(unknown, 64)), jsonb_build_object(
                'reason', 'unknown_category', 'category_id', unknown));
    END IF;
    IF adding AND EXISTS (SELECT FROM unnest(memberships) m
            WHERE m.scope_id = 'SMS00ALL') THEN
        PERFORM refuse('RV400', 'Objects are not put into the scope All'
            ' (SMS00ALL).', '{"reason":"scope_all"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_scopes(reeve.membership[], boolean) IS
'RV400 for a scope that does not exist, and for adding SMS00ALL.';

CREATE FUNCTION reeve.sufficing(who reeve.asker, at timestamptz,
    object_type_id integer, "bit" smallint, scopes text[])
RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT assignment_id FROM weigh(who.ids, who.level, who.delegated, at,
        $3, $4, 'scope', scopes, '{}', false)
    WHERE failed = '{}'
$$;
COMMENT ON FUNCTION reeve.sufficing(reeve.asker, timestamptz, integer, smallint,
    text[]) IS
'Assignments of the caller that hold an operation of a scoped type in one of the scopes.';

CREATE FUNCTION reeve.require_in_scope(who reeve.asker, at timestamptz,
    object_type_id integer, operation text, scope_id text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    op_bit smallint;
    nearest record;
BEGIN
    SELECT o.bit INTO STRICT op_bit FROM operation o
        WHERE o.object_type_id = $3 AND o.name = $4;
    SELECT w.* INTO nearest FROM weigh(who.ids, who.level, who.delegated, at,
        $3, op_bit, 'scope', ARRAY[scope_id, 'SMS00ALL'], '{}', false) w
    ORDER BY cardinality(w.failed), w.assignment_id LIMIT 1;
    IF nearest.failed = '{}' THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse_missing(object_type_id, operation, nearest.failed,
        nearest.level_needed, 'not_permitted');
END
$$;
COMMENT ON FUNCTION reeve.require_in_scope(reeve.asker, timestamptz, integer,
    text, text) IS
'RV403 unless the caller has an operation of a type in a permission whose category is the scope or SMS00ALL.';

CREATE FUNCTION reeve.operations_in(who reeve.asker, at timestamptz,
    object_type_id integer, scopes text[]) RETURNS smallint[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH held AS (
        SELECT o.bit FROM operation o
        WHERE o.object_type_id = $3 AND NOT o.is_type_wide
            AND EXISTS (SELECT FROM sufficing(who, at, $3, o.bit, scopes)))
    SELECT coalesce(array_agg(h.bit ORDER BY h.bit), '{}') FROM held h
    WHERE NOT EXISTS (SELECT FROM unnest(needed_bits($3, h.bit)) AS n (b)
        WHERE n.b IS NULL OR n.b NOT IN (SELECT bit FROM held))
$$;
COMMENT ON FUNCTION reeve.operations_in(reeve.asker, timestamptz, integer,
    text[]) IS
'What the caller may do to an object of a scoped type that carries the scopes (SMS00ALL among them).';

CREATE FUNCTION reeve.require_no_self_gain(who reeve.asker, at timestamptz,
    object_type_id integer, before text[], added text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    set_scope smallint;
    had smallint[] := operations_in(who, at, $3, before || 'SMS00ALL'::text);
    gains smallint[];
    lacking smallint;
BEGIN
    gains := ARRAY(
        SELECT unnest(operations_in(who, at, $3,
            before || added || 'SMS00ALL'::text))
        EXCEPT SELECT unnest(had));
    SELECT o.bit INTO STRICT set_scope FROM operation o
        WHERE o.object_type_id = $3 AND o.name = 'Set Security Scope';
    -- One and the same assignment has Set Security Scope and the operation:
    -- in some added scope, and in each that brings the operation.
    SELECT g.bit INTO lacking
    FROM unnest(gains) AS g (bit),
        LATERAL (SELECT count(*) FILTER (WHERE x.both) AS fit,
                count(*) FILTER (WHERE x.brings AND NOT x.both) AS unfit
            FROM (SELECT
                    EXISTS (SELECT sufficing(who, at, $3, g.bit,
                            ARRAY[s, 'SMS00ALL'])
                        INTERSECT SELECT sufficing(who, at, $3, set_scope,
                            ARRAY[s, 'SMS00ALL'])) AS both,
                    EXISTS (SELECT FROM sufficing(who, at, $3, g.bit,
                        ARRAY[s])) AS brings
                FROM unnest(added) AS s) x) y
    WHERE y.fit = 0 OR y.unfit > 0
    ORDER BY g.bit LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_missing(object_type_id,
            (SELECT o.name FROM operation o
             WHERE o.object_type_id = $3 AND o.bit = lacking),
            ARRAY['scope'], 0, 'self_gain');
    END IF;
    -- Unknown groups may hold more than is seen: without a gain only when
    -- nothing is left to gain.
    IF NOT who.groups_known AND EXISTS (SELECT FROM operation o
            WHERE o.object_type_id = $3 AND NOT o.is_type_wide
                AND o.bit <> ALL (had)) THEN
        PERFORM refuse_not_decidable();
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_no_self_gain(reeve.asker, timestamptz,
    integer, text[], text[]) IS
'RV403 when adding scopes to an object gives the caller an operation on it that no single assignment holds there with Set Security Scope.';

CREATE FUNCTION reeve.scopes_of(object_type_id integer, object_key text)
RETURNS text[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN ARRAY(SELECT s.scope_id FROM reeve.object_scope s
    WHERE s.object_type_id = $1 AND s.object_key = $2 ORDER BY s.scope_id);
COMMENT ON FUNCTION reeve.scopes_of(integer, text) IS
'The scopes that an object carries.';

CREATE FUNCTION reeve.decide_memberships(who reeve.asker, at timestamptz,
    memberships reeve.membership[], adding boolean) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    m membership;
    o record;
    matched bigint[] := '{}';
BEGIN
    PERFORM require_gate(who);
    PERFORM require_scopes(memberships, adding);
    -- One object of each kind: those of one type that exist and carry equal
    -- scopes get equal answers.
    FOR o IN SELECT DISTINCT ON (x.object_type_id, y.there, y.scoped,
            y.scopes) x.object_type_id, x.object_key
        FROM unnest(memberships) x,
            LATERAL (SELECT
                object_exists(x.object_type_id, x.object_key) AS there,
                is_scoped(x.object_type_id, x.object_key) AS scoped,
                scopes_of(x.object_type_id, x.object_key) AS scopes) y
        ORDER BY x.object_type_id, y.there, y.scoped, y.scopes
    LOOP
        matched := matched || require_on_object(who, at, o.object_type_id,
            'Set Security Scope', o.object_key);
    END LOOP;
    FOR m IN SELECT DISTINCT x.object_type_id, NULL, x.scope_id
        FROM unnest(memberships) x ORDER BY 1, 3
    LOOP
        PERFORM require_in_scope(who, at, m.object_type_id,
            'Set Security Scope', m.scope_id);
    END LOOP;
    IF adding THEN
        -- Objects with equal scopes get equal answers.
        PERFORM require_no_self_gain(who, at, g.object_type_id, g.before,
            g.added)
        FROM (SELECT DISTINCT x.object_type_id,
                scopes_of(x.object_type_id, x.object_key) AS before,
                array_agg(x.scope_id ORDER BY x.scope_id) AS added
            FROM unnest(memberships) x
            GROUP BY x.object_type_id, x.object_key) g;
        -- Nor at a level that the caller could sign in with.
        who.level := 3;
        who.delegated := false;
        PERFORM require_no_self_gain(who, at, g.object_type_id, g.before,
            g.added)
        FROM (SELECT DISTINCT x.object_type_id,
                scopes_of(x.object_type_id, x.object_key) AS before,
                array_agg(x.scope_id ORDER BY x.scope_id) AS added
            FROM unnest(memberships) x
            GROUP BY x.object_type_id, x.object_key) g;
    END IF;
    RETURN ARRAY(SELECT DISTINCT unnest(matched) ORDER BY 1);
END
$$;
COMMENT ON FUNCTION reeve.decide_memberships(reeve.asker, timestamptz,
    reeve.membership[], boolean) IS
'Section 5 of the rule for all memberships of a request: the assignments that allow it, or a refusal.';

CREATE FUNCTION reeve.require_scope_left(memberships reeve.membership[])
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    left_without jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('category_id', m.scope_id,
        'object_type_id', m.object_type_id, 'object_key', m.object_key)
        ORDER BY m.object_type_id, m.object_key COLLATE "C",
            m.scope_id COLLATE "C")
    INTO left_without
    FROM unnest(memberships) m
    WHERE NOT EXISTS (SELECT FROM object_scope s
        WHERE s.object_type_id = m.object_type_id
            AND s.object_key = m.object_key);
    IF left_without IS NOT NULL THEN
        PERFORM refuse('RV409', 'An object keeps at least one security scope:'
            ' add another before you remove the last.', jsonb_build_object(
                'reason', 'last_scope', 'objects', left_without));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_scope_left(reeve.membership[]) IS
'RV409 with the list of objects that would be in no scope.';

CREATE FUNCTION reeve.store_memberships(memberships reeve.membership[],
    adding boolean) RETURNS reeve.membership[]
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    done membership[];
BEGIN
    IF adding THEN
        WITH added AS (
            INSERT INTO object_scope (object_type_id, object_key, scope_id)
            SELECT m.* FROM unnest(memberships) m
            ON CONFLICT DO NOTHING RETURNING *)
        SELECT array_agg((a.object_type_id, a.object_key, a.scope_id)
            ::membership) INTO done FROM added a;
    ELSE
        WITH gone AS (
            DELETE FROM object_scope s USING unnest(memberships) m
            WHERE s.object_type_id = m.object_type_id
                AND s.object_key = m.object_key AND s.scope_id = m.scope_id
            RETURNING s.*)
        SELECT array_agg((g.object_type_id, g.object_key, g.scope_id)
            ::membership) INTO done FROM gone g;
        PERFORM require_scope_left(done);
    END IF;
    -- The ETag of the object changes with its scopes.
    UPDATE secured_object o SET changed_revision = held_revision()
    FROM (SELECT DISTINCT d.object_type_id, d.object_key
          FROM unnest(done) d) x
    WHERE o.object_type_id = x.object_type_id
        AND o.object_key = x.object_key;
    RETURN ARRAY(SELECT d FROM unnest(done) d ORDER BY d.object_type_id,
        d.object_key COLLATE "C", d.scope_id COLLATE "C");
END
$$;
COMMENT ON FUNCTION reeve.store_memberships(reeve.membership[], boolean) IS
'Adds or removes memberships and returns those that were not so already.';

CREATE FUNCTION reeve.audit_memberships(at timestamptz, actor jsonb,
    request jsonb, done reeve.membership[], adding boolean,
    matched bigint[]) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    WITH object AS (
        SELECT d.object_type_id, d.object_key,
            array_agg(d.scope_id) AS changed,
            scopes_of(d.object_type_id, d.object_key) AS now
        FROM unnest(done) d GROUP BY d.object_type_id, d.object_key
    ), images AS (
        SELECT o.object_type_id, o.object_key, jsonb_build_object('scopes',
                ARRAY(SELECT s FROM (SELECT unnest(o.now) AS s
                        UNION SELECT unnest(o.changed)) x
                    WHERE NOT adding OR s <> ALL (o.changed)
                    ORDER BY s COLLATE "C")) AS before,
            jsonb_build_object('scopes', o.now) AS after
        FROM object o
    )
    SELECT write_admin_audit(at, actor, request, array_agg(ROW(
        CASE WHEN adding THEN 31226 ELSE 31227 END,
        ARRAY[d.scope_id, d.object_type_id::text, d.object_key],
        i.before, i.after)::audit_event ORDER BY d.object_type_id,
        d.object_key COLLATE "C", d.scope_id COLLATE "C"), matched)
    FROM unnest(done) d JOIN images i USING (object_type_id, object_key)
    HAVING count(*) > 0
$$;
COMMENT ON FUNCTION reeve.audit_memberships(timestamptz, jsonb, jsonb,
    reeve.membership[], boolean, bigint[]) IS
'One row of the admin audit for each membership that changed, with the scopes of its object before and after the request.';

CREATE FUNCTION reeve.apply_memberships(who reeve.asker, actor jsonb,
    memberships reeve.membership[], adding boolean, request jsonb)
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[];
    done membership[];
BEGIN
    matched := decide_memberships(who, at, memberships, adding);
    done := store_memberships(memberships, adding);
    PERFORM audit_memberships(at, actor, request, done, adding, matched);
    RETURN cardinality(done);
END
$$;
COMMENT ON FUNCTION reeve.apply_memberships(reeve.asker, jsonb,
    reeve.membership[], boolean, jsonb) IS
'Decides, stores and audits memberships under the revision held; returns how many changed.';

CREATE FUNCTION reeve.change_memberships(actor jsonb, items jsonb,
    idempotency_key text, request jsonb, adding boolean)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    op_name text := CASE WHEN adding THEN 'scope_membership_add'
        ELSE 'scope_membership_remove' END;
    who asker := asker_of(actor);
    memberships membership[] := ARRAY(SELECT m FROM memberships_of(items) m);
    kept idempotency_key;
BEGIN
    PERFORM check_request(idempotency_key, request);
    replayed := false;
    changed := 0;
    -- The inner block is a subtransaction: leaving it by RV001 gives the
    -- revision back, so that only what changed something has a number.
    BEGIN
        revision := take_revision();
        kept := replayed_answer(who.principal, idempotency_key, op_name,
            request ->> 'body_sha256');
        IF kept.key IS NOT NULL THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'replayed';
        END IF;
        changed := apply_memberships(who, actor, memberships, adding,
            request);
        IF changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        -- What is checked at commit, now: a refusal belongs to this call.
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        NULL;
    END;
    IF kept.key IS NOT NULL THEN
        revision := kept.revision;
        changed := kept.changed;
        replayed := true;
    ELSE
        IF changed = 0 THEN
            SELECT s.n INTO revision FROM site_revision s;
        END IF;
        INSERT INTO idempotency_key AS k
            (actor, key, operation, body_sha256, revision, changed)
        SELECT who.principal, $3, op_name,
            request ->> 'body_sha256', change_memberships.revision,
            change_memberships.changed
        WHERE $3 IS NOT NULL ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.change_memberships(jsonb, jsonb, text, jsonb, boolean)
IS 'The one body of scope_membership_add and scope_membership_remove.';

CREATE FUNCTION reeve.scope_membership_add(actor jsonb, items jsonb,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_memberships($1, $2, $3, $4, true)
$$;
COMMENT ON FUNCTION reeve.scope_membership_add(jsonb, jsonb, text, jsonb) IS
'Puts objects into security scopes, all or none.  changed: how many were not there; with none no revision is taken and the current one returned.';

CREATE FUNCTION reeve.scope_membership_remove(actor jsonb, items jsonb,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_memberships($1, $2, $3, $4, false)
$$;
COMMENT ON FUNCTION reeve.scope_membership_remove(jsonb, jsonb, text, jsonb) IS
'Takes objects out of security scopes, all or none; the last scope of an object stays (RV409).';

-- The first administrator, and orphans --------------------------------------

CREATE FUNCTION reeve.site_init(principal text, account_id text, actor text)
RETURNS TABLE (admin_id bigint, revision bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted text := principal;
    given bigint;
BEGIN
    IF wanted !~ ':' AND wanted ~ '^[^@]+@[^@]+$' THEN
        wanted := 'krb5:' || wanted;
    END IF;
    IF coalesce(wanted, '') !~ '^(krb5|cert|oidc):.+$' OR actor IS NULL
        OR account_id = '' THEN
        PERFORM refuse('RV400', 'The first administrator is named by a'
            ' principal such as krb5:alice@EXAMPLE.COM.',
            '{"reason":"malformed_principal"}');
    END IF;
    revision := take_revision();
    IF full_admin_exists() THEN
        PERFORM refuse('RV409', 'The site has a full administrator already.',
            '{"reason":"initialised_already"}');
    END IF;
    SELECT u.admin_id INTO site_init.admin_id FROM administrative_user u
        WHERE u.principal_id = wanted AND NOT u.is_deleted
            AND NOT u.is_orphaned
            AND coalesce(u.account_id = lower($2), true);
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM administrative_user u
                WHERE u.principal_id = wanted
                    OR u.account_id = lower($2)) THEN
            PERFORM refuse('RV409', 'This principal or account is that of a'
                ' deleted, orphaned or other administrative user.',
                '{"reason":"account_replaced"}');
        END IF;
        INSERT INTO administrative_user AS u (principal_id, account_id,
            logon_name, display_name, is_group, created_by, modified_by)
        VALUES (wanted, lower($2), regexp_replace(wanted, '^[^:]+:', ''),
            regexp_replace(wanted, '^[^:]+:', ''), false, actor, actor)
        RETURNING u.admin_id INTO site_init.admin_id;
    END IF;
    INSERT INTO assignment AS a (admin_id, role_id)
        VALUES (site_init.admin_id, 'SMS0001R')
        RETURNING a.assignment_id INTO given;
    INSERT INTO assignment_scope VALUES (given, 'SMS00ALL');
    INSERT INTO assignment_collection
        VALUES (given, 'SMS00001'), (given, 'SMS00004');
    PERFORM write_admin_audit(decision_instant(),
        jsonb_build_object('principal', actor), '{}', ARRAY[ROW(31240,
            ARRAY['', wanted, 'SMS0001R', 'SMS00ALL', 'SMS00001,SMS00004'],
            NULL, jsonb_build_object('admin_id', site_init.admin_id,
                'assignment_id', given))::audit_event], NULL);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.site_init(text, text, text) IS
'Makes the first full administrator: Full Administrator on SMS00ALL, SMS00001 and SMS00004 without end.  RV409 when the site has one.';

CREATE FUNCTION reeve.account_mark_orphaned(principal_id text,
    seen_account_id text, request jsonb)
RETURNS TABLE (revision bigint, changed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    u administrative_user;
BEGIN
    PERFORM check_request(NULL, request);
    BEGIN
        revision := take_revision();
        SELECT x.* INTO u FROM administrative_user x
            WHERE x.principal_id = $1 AND NOT x.is_deleted
                AND NOT x.is_orphaned AND x.account_id <> lower($2);
        IF NOT FOUND THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        UPDATE site_revision SET orphaning = true;
        UPDATE administrative_user x SET is_orphaned = true,
                modified_by = 'reeve', modified_at = decision_instant()
            WHERE x.admin_id = u.admin_id;
        PERFORM write_admin_audit(decision_instant(),
            '{"principal":"reeve"}', request, ARRAY[ROW(31241,
                ARRAY['', $1, 'orphaned', lower($2), ''],
                jsonb_build_object('admin_id', u.admin_id, 'is_orphaned',
                    false, 'account_id', u.account_id),
                jsonb_build_object('admin_id', u.admin_id, 'is_orphaned',
                    true, 'seen_account_id', lower($2)))::audit_event], NULL);
        -- At commit the checks would run as the caller, who may not read.
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
        changed := 1;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        SELECT s.n, 0 INTO revision, changed FROM site_revision s;
    END;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.account_mark_orphaned(text, text, jsonb) IS
'The directory answers with another account id for this principal: the administrative user gives nothing any more.  Without a stored or a seen id nothing is shown, and nothing changes.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.asker FROM PUBLIC;
REVOKE ALL ON TYPE reeve.membership FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    reeve.scope_membership_add(jsonb, jsonb, text, jsonb),
    reeve.scope_membership_remove(jsonb, jsonb, text, jsonb),
    reeve.account_mark_orphaned(text, text, jsonb)
    TO reeve_runtime;
RESET ROLE;
