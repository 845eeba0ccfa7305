-- Changes of several requests in one revision: what one request says of its
-- own change only, such as If-Match, goes with the change.

SET LOCAL ROLE reeve_owner;

CREATE OR REPLACE FUNCTION reeve.apply_change(change jsonb, who reeve.asker,
    actor jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    op_name text := change ->> 'op';
    own jsonb := '{}';
    done outcome;
BEGIN
    IF NOT EXISTS (SELECT FROM policy_operation p WHERE p.name = op_name)
        OR jsonb_typeof(change -> 'args') IS DISTINCT FROM 'object' THEN
        PERFORM refuse('RV400', 'There is no such change.',
            '{"reason":"unknown_change"}');
    END IF;
    IF change ? 'if_match' THEN
        own := jsonb_build_object('if_match', change -> 'if_match');
    END IF;
    EXECUTE format('SELECT * FROM reeve.%I($1, $2, $3, $4)',
            'apply_' || op_name)
        INTO done USING who, actor, change -> 'args', request || own;
    RETURN done;
END
$$;
COMMENT ON FUNCTION reeve.apply_change(jsonb, reeve.asker, jsonb, jsonb) IS
'Decides, stores and audits one change under the revision held; if_match of the change goes before that of the request.';

RESET ROLE;
