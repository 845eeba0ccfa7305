-- What tells one history of the database from another that has the same
-- epoch and numbers, and refusals of rows with which no provider could load.

SET LOCAL ROLE reeve_owner;

-- Marks ---------------------------------------------------------------------

CREATE TABLE reeve.revision_mark (
    revision    bigint PRIMARY KEY CHECK (revision >= 0),
    mark        uuid NOT NULL DEFAULT gen_random_uuid()
);
COMMENT ON TABLE reeve.revision_mark IS
'A random mark of each revision.  After a restore, or the promotion of a standby that lagged behind, another write may have the same number; it has another mark.';
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON reeve.revision_mark
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.refuse_statement();
-- Those before have none: who knows one of them loads everything once more.
INSERT INTO reeve.revision_mark (revision) SELECT n FROM reeve.site_revision;

CREATE FUNCTION reeve.mark_revision() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    INSERT INTO revision_mark (revision) VALUES (NEW.n);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.mark_revision() IS
'Trigger: gives each revision that is taken its mark.';
CREATE TRIGGER mark AFTER UPDATE OF n ON reeve.site_revision
    FOR EACH ROW WHEN (OLD.n <> NEW.n)
    EXECUTE FUNCTION reeve.mark_revision();

CREATE VIEW reeve.feed_mark AS
SELECT revision, mark::text FROM reeve.revision_mark;
COMMENT ON VIEW reeve.feed_mark IS
'The mark of each revision: a provider compares that of its own at each poll.';

-- The depth of the limiting tree ----------------------------------------------

CREATE FUNCTION reeve.guard_collection_depth() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    depth integer;
BEGIN
    WITH RECURSIVE up (above, n) AS (
        SELECT NEW.limiting_id, 1
        UNION ALL
        SELECT c.limiting_id, up.n + 1
        FROM up JOIN collection c ON c.collection_id = up.above
        WHERE up.n <= 64),
    down (id, n) AS (
        SELECT NEW.collection_id, 0
        UNION ALL
        SELECT c.collection_id, down.n + 1
        FROM down JOIN collection c ON c.limiting_id = down.id
        WHERE down.n <= 64)
    SELECT (SELECT max(up.n) FROM up) + (SELECT max(down.n) FROM down)
        INTO depth;
    IF depth > 64 THEN
        RAISE EXCEPTION 'the chain of limiting collections through % would'
            ' be longer than 64', NEW.collection_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_collection_depth() IS
'Trigger: no chain of limiting collections has more than 64, the root included; each check of a collection walks up.';
-- By their names after d_no_cycle, so that a circle is called one.
CREATE TRIGGER d_no_depth AFTER INSERT ON reeve.collection
    FOR EACH ROW WHEN (NEW.limiting_id IS NOT NULL)
    EXECUTE FUNCTION reeve.guard_collection_depth();
CREATE TRIGGER d_no_depth_update AFTER UPDATE OF limiting_id
    ON reeve.collection FOR EACH ROW
    WHEN (OLD.limiting_id IS DISTINCT FROM NEW.limiting_id)
    EXECUTE FUNCTION reeve.guard_collection_depth();

DO $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE down (id, n) AS (
            SELECT collection_id, 1 FROM reeve.collection
                WHERE limiting_id IS NULL
            UNION ALL
            SELECT c.collection_id, down.n + 1
            FROM down JOIN reeve.collection c ON c.limiting_id = down.id
            WHERE down.n <= 64)
        SELECT FROM down WHERE n > 64) THEN
        RAISE EXCEPTION 'a chain of limiting collections is longer than 64'
            USING HINT = 'Limit them to one further up, then migrate.';
    END IF;
END
$$;

-- What the builder refuses ----------------------------------------------------

CREATE FUNCTION reeve.guard_instance_operations() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM default_instance d
            JOIN object_type t USING (object_type_id)
            WHERE d.object_type_id = NEW.object_type_id
                AND t.secured_by NOT IN ('scope', 'role')) THEN
        RAISE EXCEPTION 'type % cannot have an instance secured by role',
            NEW.object_type_id USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM default_instance d
            JOIN operation o ON o.object_type_id = d.object_type_id
                AND o.bit IN (d.read_bit, d.modify_bit)
            WHERE d.object_type_id = NEW.object_type_id AND o.is_type_wide)
        OR EXISTS (SELECT FROM operation_need n
            JOIN operation o ON o.object_type_id = n.object_type_id
                AND o.bit IN (n.bit, n.needed_bit)
            WHERE n.object_type_id = NEW.object_type_id AND o.is_type_wide)
    THEN
        RAISE EXCEPTION 'an operation of type % on instances cannot be'
            ' type-wide', NEW.object_type_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_instance_operations() IS
'Trigger: default instances are of types with scopes or secured by role, and what they and needs name are operations on instances; else no provider could load.';
CREATE TRIGGER d_on_instances AFTER INSERT OR UPDATE
    ON reeve.default_instance
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_instance_operations();
CREATE TRIGGER d_on_instances AFTER UPDATE OF is_type_wide
    ON reeve.operation
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_instance_operations();
CREATE TRIGGER d_on_instances AFTER UPDATE OF secured_by
    ON reeve.object_type
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_instance_operations();

-- An assignment without a category --------------------------------------------

-- The constraint at the commit refuses one; the rule does not rest on it.
CREATE OR REPLACE FUNCTION reeve.weigh(ids text[], level integer, delegated boolean,
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
        -- Without any category it has no permission, whatever is asked.
        IF kind = 'role' AND NOT EXISTS (SELECT FROM assignment_scope s
                WHERE s.assignment_id = a.assignment_id)
            AND NOT EXISTS (SELECT FROM assignment_collection c
                WHERE c.assignment_id = a.assignment_id) THEN
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
REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.feed_mark TO reeve_runtime;
GRANT SELECT ON reeve.revision_mark, reeve.feed_mark TO reeve_auditor;
-- Writes that change nothing ---------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.require_no_self_gain(who reeve.asker, at timestamptz,
    object_type_id integer, before text[], added text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    set_scope smallint;
    had smallint[] := operations_in(who, at, $3, before || 'SMS00ALL'::text);
    gains smallint[];
    lacking smallint;
BEGIN
    -- What is there already brings nobody anything, whoever they are.
    IF added <@ before THEN
        RETURN;
    END IF;
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

RESET ROLE;
