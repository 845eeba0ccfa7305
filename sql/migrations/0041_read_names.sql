-- What stands for Read of a type, by its name: type 26 has no Read of its own,
-- and who may read one of its objects is told what it lacks, not that there
-- is none.

SET LOCAL ROLE reeve_owner;

CREATE FUNCTION reeve.read_name(object_type_id integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT o.name FROM operation o
        WHERE o.object_type_id = $1 AND o.bit = read_bit($1)), 'Read');
END
$$;
COMMENT ON FUNCTION reeve.read_name(integer) IS
'The operation that stands for Read of a type; Read, which nobody has then, for one that has none.';

CREATE OR REPLACE FUNCTION reeve.require_on_object(who reeve.asker, at timestamptz,
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
'The assignments that allow an operation on an object; otherwise RV403, RV404 when the caller may not read it, RV503, RV400.';

CREATE OR REPLACE FUNCTION reeve.may_read_object(who reeve.asker,
    at timestamptz, object_type_id integer, object_key text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT decision FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, $3::text,
        read_name($3), $4)
$$;
COMMENT ON FUNCTION reeve.may_read_object(reeve.asker, timestamptz, integer,
    text) IS
'Whether the caller may read an object, and so be told its key.';

REVOKE ALL ON FUNCTION reeve.read_name(integer) FROM PUBLIC;
RESET ROLE;
