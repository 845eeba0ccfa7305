-- Which of several changes was refused: a group is refused as a whole, and its
-- sender wants to know by what.

SET LOCAL ROLE reeve_owner;

CREATE OR REPLACE FUNCTION reeve.refuse(code text, message text, detail jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    change text := nullif(current_setting('reeve.change', true), '');
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message,
        DETAIL = (detail || CASE WHEN change IS NULL THEN '{}'::jsonb
            ELSE jsonb_build_object('change', change::integer) END)::text;
END
$$;
COMMENT ON FUNCTION reeve.refuse(text, text, jsonb) IS
'Ends a write with an SQLSTATE of ours, a sentence for the user and JSON for programs; change is the number of the one that is refused, where change_site() has several.';

CREATE OR REPLACE FUNCTION reeve.change_site(actor jsonb, changes jsonb,
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
    one record;
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
        FOR one IN SELECT x.c, x.i FROM jsonb_array_elements(changes)
                WITH ORDINALITY AS x (c, i) ORDER BY x.i LOOP
            -- For refuse(): which of them it was.
            PERFORM set_config('reeve.change', CASE
                WHEN jsonb_array_length(changes) > 1 THEN one.i::text
                ELSE '' END, true);
            done := apply_change(one.c, who, actor, request);
            changed := changed + done.changed;
            result := result || jsonb_build_array(
                coalesce(done.result, '{}'));
        END LOOP;
        IF NOT is_dry AND changed > 0 THEN
            PERFORM mark_audit_only(revision);
        END IF;
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

RESET ROLE;
