-- The functions that each write calls, with plans that stay: a function in SQL
-- is planned anew with each call, which took most of the time of a write.
-- What they do is what they did.

SET LOCAL ROLE reeve_owner;

CREATE OR REPLACE FUNCTION reeve.write_admin_audit(at timestamptz, actor jsonb,
    request jsonb, events reeve.audit_event[], assignments bigint[])
RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    held bigint := held_revision();
    last integer := (SELECT coalesce(max(a.ordinal), 0) FROM admin_audit a
        WHERE a.revision = held);
BEGIN
    INSERT INTO admin_audit (revision, ordinal, at, actor, message_id,
        strings, request_id, source, body_sha256, session, level,
        assignments, before, after)
    SELECT held, last + row_number() OVER (ORDER BY e.i), $1,
        $2 ->> 'principal', e.message_id,
        ARRAY[$2 ->> 'principal'] || e.strings, $3 ->> 'request_id',
        $3 ->> 'source', $3 ->> 'body_sha256', $2 ->> 'session',
        ($2 ->> 'level')::smallint, $5, e.before, e.after
    FROM unnest($4) WITH ORDINALITY
        AS e (message_id, strings, before, after, i);
END
$$;

CREATE OR REPLACE FUNCTION reeve.role_may_give(holder text, given text, level integer)
RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT level >= coalesce((SELECT m.level FROM role_minimum m
                WHERE m.role_id = holder), 0)
            AND (NOT EXISTS (
                -- (i) every operation of it
                SELECT FROM role_operation g WHERE g.role_id = given
                    AND (level < required_level(holder, g.object_type_id, g.bit)
                        OR NOT EXISTS (SELECT FROM role_operation h
                            WHERE h.role_id = holder
                                AND h.object_type_id = g.object_type_id
                                AND h.bit = g.bit)))
            OR (
                -- (ii) Grant, and nothing that is kept for Full Administrators
                NOT role_is_security(given) AND EXISTS (
                    SELECT FROM role_operation h JOIN operation o
                        USING (object_type_id, bit)
                    WHERE h.role_id = holder AND o.object_type_id = 28
                        AND o.name = 'Grant'
                        AND level >= required_level(holder, 28, o.bit)))));
END
$$;

CREATE OR REPLACE FUNCTION reeve.can_grant(who reeve.asker, at timestamptz,
    given reeve.assignment) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH scope (id) AS (
            SELECT s.scope_id FROM assignment_scope s
            WHERE s.assignment_id = given.assignment_id
        ), collection (id) AS (
            SELECT c.collection_id FROM assignment_collection c
            WHERE c.assignment_id = given.assignment_id
        ), holding AS MATERIALIZED (
            SELECT h.assignment_id FROM subject_assignments(who.ids) h
            WHERE is_valid_at(h.valid_from, h.valid_until, at)
                AND coalesce(h.valid_from, '-infinity')
                    <= coalesce(given.valid_from, '-infinity')
                AND coalesce(h.valid_until, 'infinity')
                    >= coalesce(given.valid_until, 'infinity')
                AND who.level BETWEEN 0 AND 3
                AND NOT (who.delegated AND role_is_security(h.role_id))
                AND role_may_give(h.role_id, given.role_id, who.level)
        )
        -- Each member alone where the other set is empty.
        SELECT NOT EXISTS (
            SELECT FROM (SELECT s.id FROM scope s UNION ALL
                    SELECT NULL WHERE NOT EXISTS (SELECT FROM scope)) s,
                (SELECT c.id FROM collection c UNION ALL
                    SELECT NULL WHERE NOT EXISTS (SELECT FROM collection)) c
            WHERE NOT EXISTS (SELECT FROM holding h
                WHERE (s.id IS NULL OR EXISTS (SELECT FROM assignment_scope x
                        WHERE x.assignment_id = h.assignment_id
                            AND x.scope_id IN (s.id, 'SMS00ALL')))
                    AND (c.id IS NULL OR EXISTS (
                        SELECT FROM assignment_collection x
                        WHERE x.assignment_id = h.assignment_id
                            AND x.collection_id = ANY (limiting_chain(c.id)))))));
END
$$;

CREATE OR REPLACE FUNCTION reeve.is_caller(who reeve.asker, admin_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT EXISTS (SELECT FROM administrative_user u
            WHERE u.admin_id = $2 AND u.principal_id = ANY (who.ids)));
END
$$;

CREATE OR REPLACE FUNCTION reeve.change_key(image jsonb, columns text[])
RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = reeve, pg_temp AS $$
BEGIN
    IF cardinality(columns) = 1 THEN
        RETURN image ->> columns[1];
    END IF;
    RETURN (SELECT jsonb_agg(image ->> c ORDER BY i)::text
        FROM unnest(columns) WITH ORDINALITY AS k (c, i));
END
$$;

CREATE OR REPLACE FUNCTION reeve.write_changes(entity text, keys text[],
    olds jsonb[], news jsonb[]) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    held bigint := held_revision();
    last integer := (SELECT coalesce(max(c.ordinal), 0) FROM change c
        WHERE c.revision = held);
BEGIN
    -- Most statements write one row.
    IF cardinality(olds) <= 1 AND cardinality(news) <= 1 THEN
        INSERT INTO change (revision, ordinal, entity, key, old, new)
        SELECT held, last + 1, $1, change_key(coalesce(olds[1], news[1]),
            keys), olds[1], news[1]
        WHERE olds[1] IS DISTINCT FROM news[1];
        RETURN;
    END IF;
    INSERT INTO change (revision, ordinal, entity, key, old, new)
    SELECT held, last + row_number() OVER (ORDER BY p.key COLLATE "C"),
        $1, p.key, p.old, p.new
    FROM (SELECT coalesce(o.key, n.key) AS key, o.image AS old,
            n.image AS new
        FROM (SELECT change_key(i, keys) AS key, i AS image
            FROM unnest(olds) AS i) o
        FULL JOIN (SELECT change_key(i, keys) AS key, i AS image
            FROM unnest(news) AS i) n ON o.key = n.key) p
    WHERE p.old IS DISTINCT FROM p.new;
END
$$;

CREATE OR REPLACE FUNCTION reeve.full_admin_exists() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM full_administrator);
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
