-- A group of changes is made whole or not at all: none of it waits for a
-- second administrator while the rest is made.

SET LOCAL ROLE reeve_owner;

CREATE OR REPLACE FUNCTION reeve.make_or_ask(op text, who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    mark integer := last_ordinal();
    done outcome;
BEGIN
    -- Leaving the block by RV002 takes the change back.
    BEGIN
        done := make_change(op, who, actor, args, request);
        IF (op = 'approval_setting_change' AND done.changed > 0)
            OR has_given(mark) THEN
            RAISE SQLSTATE 'RV002' USING MESSAGE = 'needs approval';
        END IF;
        RETURN done;
    EXCEPTION WHEN SQLSTATE 'RV002' THEN
        NULL;
    END;
    -- Set where there are several: see change_site().
    IF nullif(current_setting('reeve.change', true), '') IS NOT NULL THEN
        PERFORM refuse('RV409', 'A second administrator has to approve this'
            ' change, and a group is made whole or not at all: send it by'
            ' itself.', '{"reason":"approval_needed"}');
    END IF;
    RETURN ask_approval(who, actor, op, args, request);
END
$$;
COMMENT ON FUNCTION reeve.make_or_ask(text, reeve.asker, jsonb, jsonb, jsonb)
IS 'Makes a change that gives nobody anything; one that does is kept until it is approved, or refused (RV409) when it is one of several.  To end the asking is to be approved as well.';

RESET ROLE;
