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

CREATE FUNCTION reeve.effects_of(revision bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('entity', c.entity, 'key',
            c.key, 'old', c.old, 'new', c.new) ORDER BY c.ordinal), '[]')
    FROM (SELECT * FROM change c WHERE c.revision = $1
        ORDER BY c.ordinal LIMIT 1000) c
$$;
COMMENT ON FUNCTION reeve.effects_of(bigint) IS
'The first 1000 rows that a revision changed, before and after.';

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
            result := jsonb_build_array(jsonb_build_object('results', result,
                'effects', effects_of(revision)));
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
'Applies changes, {op, args} each, in order, under one revision, all or none.  result: one object each.  With dry_run in the request nothing stays, and result is one object with results and effects.  With nothing changed no revision is taken.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.outcome FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.change_site(jsonb, jsonb, text, jsonb)
    TO reeve_runtime;
RESET ROLE;
