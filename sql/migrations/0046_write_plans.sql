-- More functions that each write calls, with plans that stay.  Those in SQL
-- were planned anew with each call; of those in PL/pgSQL some were, too, as
-- PostgreSQL guesses that a plan for the values at hand would be cheaper: it is
-- not, where planning takes longer than what is planned.  What they do is what
-- they did.

SET LOCAL ROLE reeve_owner;

CREATE OR REPLACE FUNCTION reeve.counted_ids(principal_ids text[],
    n_own integer, groups_known boolean) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    own text[] := coalesce($1[1:$2], '{}');
BEGIN
    RETURN own
        || ARRAY(SELECT u.principal_id::text
            FROM administrative_principal p
            JOIN administrative_user u ON u.admin_id = p.admin_id
            WHERE p.principal_id = ANY (own) AND NOT u.is_deleted
                AND NOT u.is_orphaned
            ORDER BY u.admin_id)
        || CASE WHEN $3 THEN ARRAY(SELECT g.id
            FROM unnest($1[$2 + 1:]) WITH ORDINALITY AS g (id, i)
            WHERE starts_with(g.id, 'group:') ORDER BY g.i) ELSE '{}' END;
END
$$;

CREATE OR REPLACE FUNCTION reeve.site_level_at(at timestamptz)
RETURNS integer
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN to_ms(date_trunc('milliseconds', $1))
                >= s.revert_at_ms
            THEN s.revert_level ELSE s.minimum_level END
        FROM site_setting s);
END
$$;

CREATE OR REPLACE FUNCTION reeve.passes_gate(principal_ids text[],
    n_own integer, groups_known boolean, level integer,
    at timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = reeve, pg_temp AS $$
BEGIN
    -- Now is never before the last write.
    RETURN $4 BETWEEN site_level_at(coalesce($5, greatest(clock_timestamp(),
                (SELECT r.decided_at FROM site_revision r)))) AND 3
        OR ($4 BETWEEN 1 AND 3 AND EXISTS (SELECT FROM exclusion_list x
            WHERE x.principal_id = ANY (counted_ids($1, $2, $3))));
END
$$;

CREATE OR REPLACE FUNCTION reeve.hidden_permissions(who reeve.asker,
    at timestamptz, admin_id bigint) RETURNS SETOF reeve.permission_wish
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT h.assignment_id, h.role_id, h.category_type_id, h.category_id,
        false, h.valid_from, h.valid_until
    FROM permission_held h
    WHERE h.admin_id = $3 AND h.category_type_id = 1
        AND NOT (SELECT v.decision FROM allowed(who.ids,
            cardinality(who.ids), who.groups_known, who.level, who.delegated,
            at, '1', 'Read', h.category_id) v);
END
$$;

ALTER FUNCTION reeve.can_grant(reeve.asker, timestamptz, reeve.assignment)
    SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION reeve.object_exists(integer, text)
    SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION reeve.role_may_give(text, text, integer)
    SET plan_cache_mode = force_generic_plan;

RESET ROLE;
