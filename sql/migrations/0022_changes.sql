-- Changes in general: several in one revision, each by its name, with what
-- they gave (ids of what was made), on the condition that an object is still
-- as the caller saw it, and tried without being kept.
--
-- A subject adds a change NAME by a row of policy_operation and a function
--   reeve.apply_NAME(who asker, actor jsonb, args jsonb, request jsonb)
--       RETURNS outcome
-- which decides, stores and audits under the revision held, and refuses by
-- refuse().  RV412: the object is no longer as the caller saw it.

SET LOCAL ROLE reeve_owner;

CREATE TYPE reeve.outcome AS (
    changed     integer,
    result      jsonb
);
COMMENT ON TYPE reeve.outcome IS
'What a change did: how many rows of policy, and what its caller has to know of them, such as the key of what was made.';

CREATE TABLE reeve.policy_operation (
    name            text COLLATE "C" PRIMARY KEY
                    CHECK (name ~ '^[a-z][a-z0-9_]{2,48}$'),
    description     text NOT NULL CHECK (description <> '')
);
COMMENT ON TABLE reeve.policy_operation IS
'The changes that change_site() knows; apply_NAME is the function of each.';

ALTER TABLE reeve.idempotency_key ADD COLUMN result jsonb;
COMMENT ON COLUMN reeve.idempotency_key.result IS
'What the write answered besides, for a replay.';

-- Conditions ------------------------------------------------------------------

CREATE FUNCTION reeve.require_match(request jsonb, etag text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted jsonb := request -> 'if_match';
BEGIN
    IF wanted IS NULL OR wanted = 'null' OR wanted ? '*' OR wanted ? etag THEN
        RETURN;
    END IF;
    PERFORM refuse('RV412', 'Somebody has changed this since you read it:'
        ' read it again, and change what it is now.', jsonb_build_object(
        'reason', 'changed_meanwhile', 'etag', etag));
END
$$;
COMMENT ON FUNCTION reeve.require_match(jsonb, text) IS
'RV412 when the request has if_match, a list of entity tags, and the tag that the object has now is not in it (RFC 9110 section 13.1.1).';

-- The one body ------------------------------------------------------------------

CREATE FUNCTION reeve.apply_change(change jsonb, who reeve.asker, actor jsonb,
    request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    op_name text := change ->> 'op';
    done outcome;
BEGIN
    IF NOT EXISTS (SELECT FROM policy_operation p WHERE p.name = op_name)
        OR jsonb_typeof(change -> 'args') IS DISTINCT FROM 'object' THEN
        PERFORM refuse('RV400', 'There is no such change.',
            '{"reason":"unknown_change"}');
    END IF;
    EXECUTE format('SELECT * FROM reeve.%I($1, $2, $3, $4)',
            'apply_' || op_name)
        INTO done USING who, actor, change -> 'args', request;
    RETURN done;
END
$$;
COMMENT ON FUNCTION reeve.apply_change(jsonb, reeve.asker, jsonb, jsonb) IS
'Decides, stores and audits one change under the revision held.';

CREATE FUNCTION reeve.may_see_image(who reeve.asker, at timestamptz,
    entity text, image jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    -- What one has to be able to Read: types, and keys of them.
    types text[];
    keys text[];
BEGIN
    CASE
    WHEN entity IN ('security_role', 'role_operation', 'role_unknown_bits',
        'role_minimum') THEN
        types := '{27}';
        keys := '{NULL}';
    WHEN entity IN ('administrative_user', 'administrative_principal',
        'assignment', 'assignment_scope') THEN
        types := '{28}';
        keys := '{NULL}';
    WHEN entity = 'assignment_collection' THEN
        types := '{28,1}';
        keys := ARRAY[NULL, image ->> 'collection_id'];
    WHEN entity = 'security_scope' THEN
        types := '{29}';
        keys := '{NULL}';
    WHEN entity IN ('collection', 'collection_rule') THEN
        types := '{1}';
        keys := ARRAY[image ->> 'collection_id'];
    WHEN entity = 'collection_member' THEN
        types := '{1,SMS_R_System}';
        keys := ARRAY[image ->> 'collection_id', image ->> 'resource_id'];
    WHEN entity IN ('secured_object', 'object_scope') THEN
        types := ARRAY[image ->> 'object_type_id'];
        keys := ARRAY[image ->> 'object_key'];
    ELSE
        RETURN false;
    END CASE;
    RETURN NOT EXISTS (SELECT FROM unnest(types, keys) AS x (type, key),
            LATERAL allowed(who.ids, cardinality(who.ids), who.groups_known,
                who.level, who.delegated, at, x.type, 'Read', x.key) AS v
        WHERE NOT v.decision);
END
$$;
COMMENT ON FUNCTION reeve.may_see_image(reeve.asker, timestamptz, text, jsonb)
IS 'Whether the caller may see a row of a policy table: whoever may Read what it is about (docs/rule.md section 8).';

CREATE FUNCTION reeve.effects_of(who reeve.asker, revision bigint)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH image AS (
        SELECT c.entity, c.key, c.old, c.new, c.ordinal, c.ordinal <= 1000
                AND may_see_image(who, decision_instant(), c.entity,
                    coalesce(c.new, c.old)) AS shown
        FROM change c WHERE c.revision = $2
    )
    SELECT jsonb_build_object('effects', coalesce(jsonb_agg(
            jsonb_build_object('entity', i.entity, 'key', i.key, 'old', i.old,
                'new', i.new) ORDER BY i.ordinal) FILTER (WHERE i.shown),
            '[]'), 'effects_not_shown', count(*) FILTER (WHERE NOT i.shown))
    FROM image i
$$;
COMMENT ON FUNCTION reeve.effects_of(reeve.asker, bigint) IS
'The first 1000 rows that a revision changed, before and after, as far as the caller may read what they are about, and how many more.';

CREATE FUNCTION reeve.check_changes(changes jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(changes) IS DISTINCT FROM 'array'
        OR jsonb_array_length(changes) NOT BETWEEN 1 AND 1000 THEN
        PERFORM refuse('RV400', 'A request has 1 to 1000 changes.',
            '{"reason":"malformed_changes"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_changes(jsonb) IS
'RV400 unless these are 1 to 1000 changes.';

CREATE FUNCTION reeve.change_site(actor jsonb, changes jsonb,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean,
    result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    who asker := asker_of(actor);
    is_dry boolean := coalesce((request ->> 'dry_run')::boolean, false);
    kept_as text := CASE WHEN NOT is_dry THEN idempotency_key END;
    -- What is asked for need not be in the body alone.
    asked text := 'change ' || encode(sha256(convert_to(changes::text,
        'UTF8')), 'hex');
    kept idempotency_key;
    one jsonb;
    done outcome;
BEGIN
    PERFORM check_request(kept_as, request);
    PERFORM check_changes(changes);
    replayed := false;
    changed := 0;
    result := '[]';
    -- Leaving the block by RV001 gives the revision back, and all of it.
    BEGIN
        revision := take_revision();
        kept := replayed_answer(who.principal, kept_as, asked,
            request ->> 'body_sha256');
        IF kept.key IS NOT NULL THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'replayed';
        END IF;
        FOR one IN SELECT c FROM jsonb_array_elements(changes) AS x (c) LOOP
            done := apply_change(one, who, actor, request);
            changed := changed + done.changed;
            result := result || jsonb_build_array(
                coalesce(done.result, '{}'));
        END LOOP;
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
        IF is_dry THEN
            result := jsonb_build_array(jsonb_build_object('results', result)
                || effects_of(who, revision));
        END IF;
        IF is_dry OR changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing to keep';
        END IF;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        NULL;
    END;
    IF kept.key IS NOT NULL THEN
        revision := kept.revision;
        changed := kept.changed;
        result := coalesce(kept.result, '[]');
        replayed := true;
    ELSE
        IF is_dry OR changed = 0 THEN
            SELECT s.n INTO revision FROM site_revision s;
        END IF;
        INSERT INTO idempotency_key AS k (actor, key, operation, body_sha256,
            revision, changed, result)
        SELECT who.principal, kept_as, asked, request ->> 'body_sha256',
            change_site.revision, change_site.changed, change_site.result
        WHERE kept_as IS NOT NULL ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.change_site(jsonb, jsonb, text, jsonb) IS
'Applies changes, {op, args} each, in order, under one revision, all or none.  result: one object each.  With dry_run in the request nothing stays, and result is one object with results, effects and effects_not_shown.  With nothing changed no revision is taken.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.outcome FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.change_site(jsonb, jsonb, text, jsonb)
    TO reeve_runtime;
RESET ROLE;
