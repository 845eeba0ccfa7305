-- The minimum level of the site, who is excepted from it, the minima of roles
-- and operations, the greatest age of an authentication, and the further
-- principals of administrative users: what is in force, and who may set it.
--
-- A change of the minimum may await a confirmation.  While it does, the row
-- holds the new level, the one before, and the instant from which on that one
-- counts again: nothing has to happen for a change to end that nobody could
-- confirm.  docs/rule.md sections 6 and 10.

SET LOCAL ROLE reeve_owner;
DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;

-- What has no id of Configuration Manager's is numbered from 1,000,000, as
-- types are.
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000001, 'info', 'rba', 'set', 'minimum level of security role',
     '1=actor;2=role;3=level'),
    (1000002, 'info', 'rba', 'set', 'minimum level of operation',
     '1=actor;2=object type;3=operation;4=level'),
    (1000003, 'info', 'provider', 'set', 'greatest age of an authentication',
     '1=actor;2=seconds, or none'),
    (1000004, 'info', 'rba', 'add', 'principal of administrative user',
     '1=actor;2=principal;3=account'),
    (1000005, 'info', 'rba', 'remove', 'principal of administrative user',
     '1=actor;2=principal;3=account');

-- Settings ----------------------------------------------------------------------

ALTER TABLE reeve.site_setting
    DROP CONSTRAINT site_setting_max_auth_age_s_check,
    ADD CONSTRAINT site_setting_max_auth_age_s_check
        CHECK (max_auth_age_s BETWEEN 10 AND 31536000),
    ADD COLUMN revert_level smallint CHECK (revert_level BETWEEN 1 AND 3),
    ADD COLUMN revert_at_ms bigint CHECK (revert_at_ms > 0),
    ADD CONSTRAINT reverts_to_a_level
        CHECK ((revert_level IS NULL) = (revert_at_ms IS NULL));
-- The history stays whole: each image begins with what was left.
DO $$
BEGIN
    PERFORM reeve.write_changes('site_setting', '{singleton}',
        ARRAY[to_jsonb(s) - '{revert_level,revert_at_ms}'::text[]],
        ARRAY[to_jsonb(s)])
    FROM reeve.site_setting s;
END
$$;
COMMENT ON COLUMN reeve.site_setting.minimum_level IS
'Level that every request needs: 1 windows, 2 certificate, 3 hello.  With revert_at_ms, until then.';
COMMENT ON COLUMN reeve.site_setting.revert_level IS
'Level that counts again from revert_at_ms on; NULL: no change awaits its confirmation.';
COMMENT ON COLUMN reeve.site_setting.revert_at_ms IS
'Until when the change of minimum_level can be confirmed: milliseconds since 1970 in UTC.';

CREATE OR REPLACE VIEW reeve.feed_site AS
SELECT r.n AS revision, r.epoch::text AS epoch,
    s.minimum_level::integer AS minimum,
    CASE s.deploy_pairing WHEN 'assignment' THEN 0 WHEN 'user' THEN 1
        END AS pairing,
    s.revert_level::integer AS revert_level, s.revert_at_ms,
    s.max_auth_age_s
FROM reeve.site_revision r CROSS JOIN reeve.site_setting s;
COMMENT ON VIEW reeve.feed_site IS
'One row: revision, epoch, minimum level of the site, pairing of the halves of a two-object operation (0 assignment, 1 user), what the minimum reverts to and when (NULL: it does not), and the greatest age of an authentication (NULL: any).';

CREATE OR REPLACE VIEW reeve.feed_setting AS
SELECT site_code::text, site_name, minimum_level::integer AS minimum_level,
    max_auth_age_s, deploy_pairing, revert_level::integer AS revert_level,
    revert_at_ms
FROM reeve.site_setting;

-- The gate ------------------------------------------------------------------------

CREATE FUNCTION reeve.site_level_at(at timestamptz) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT (CASE WHEN to_ms(date_trunc('milliseconds', $1)) >= s.revert_at_ms
            THEN s.revert_level ELSE s.minimum_level END)::integer
    FROM site_setting s
$$;
COMMENT ON FUNCTION reeve.site_level_at(timestamptz) IS
'The minimum level in force at an instant: a change that was not confirmed in time ends by itself.';

DROP FUNCTION reeve.passes_gate(text[], integer, boolean, integer);
CREATE FUNCTION reeve.passes_gate(principal_ids text[], n_own integer,
    groups_known boolean, level integer, at timestamptz DEFAULT NULL)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    -- Now is never before the last write.
    SELECT $4 BETWEEN site_level_at(coalesce($5, greatest(clock_timestamp(),
                (SELECT r.decided_at FROM site_revision r)))) AND 3
        OR ($4 BETWEEN 1 AND 3 AND EXISTS (SELECT FROM exclusion_list x
            WHERE x.principal_id = ANY (counted_ids($1, $2, $3))))
$$;
COMMENT ON FUNCTION reeve.passes_gate(text[], integer, boolean, integer,
    timestamptz) IS
'The gate before the rule: the minimum level of the site at an instant (NULL: now), which the exclusion list lifts for an own id, the principal of the user it stands for, or a known group; never below windows.';

CREATE OR REPLACE FUNCTION reeve.require_gate(who reeve.asker) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    needed text := level_name(site_level_at(at));
BEGIN
    IF passes_gate(who.ids, cardinality(who.ids), true, who.level, at) THEN
        RETURN;
    END IF;
    PERFORM refuse('RV403', format('The site asks for authentication level'
        ' %s: sign in with it.', needed), jsonb_build_object(
        'reason', 'level_too_low', 'missing', jsonb_build_object(
            'conditions', jsonb_build_array('level'), 'level', needed)));
END
$$;
COMMENT ON FUNCTION reeve.require_gate(reeve.asker) IS
'RV403 unless the caller passes the minimum level of the site, as it is at the instant of the write.';

-- Who may set levels ----------------------------------------------------------------

CREATE FUNCTION reeve.require_set_level(who reeve.asker, at timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    op_bit smallint;
    matched bigint[];
BEGIN
    PERFORM require_gate(who);
    SELECT o.bit INTO STRICT op_bit FROM operation o
        WHERE o.object_type_id = 6 AND o.name = 'Set Authentication Level';
    matched := ARRAY(SELECT s FROM sufficing(who, at, 6, op_bit,
        ARRAY['SMS00ALL']) s ORDER BY s);
    IF matched = '{}' THEN
        PERFORM require_in_scope(who, at, 6, 'Set Authentication Level',
            'SMS00ALL');
    END IF;
    RETURN matched;
END
$$;
COMMENT ON FUNCTION reeve.require_set_level(reeve.asker, timestamptz) IS
'The assignments that give Set Authentication Level on SMS00ALL; otherwise RV403 or RV503.';

CREATE FUNCTION reeve.require_real_level(who reeve.asker, needed integer)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF who.level >= needed THEN
        RETURN;
    END IF;
    PERFORM refuse('RV403', format('This change needs you to be signed in at'
        ' level %s yourself; the exclusion list does not count for it.',
        level_name(needed)), jsonb_build_object(
        'reason', 'level_too_low', 'missing', jsonb_build_object(
            'operation', 'Set Authentication Level', 'type', 'SMS_Site',
            'conditions', jsonb_build_array('level'),
            'level', level_name(needed))));
END
$$;
COMMENT ON FUNCTION reeve.require_real_level(reeve.asker, integer) IS
'RV403 unless the caller signed in at the level: an exception from the minimum is no level.';

CREATE FUNCTION reeve.highest_site_level() RETURNS integer
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT greatest(s.minimum_level, s.revert_level)::integer
    FROM site_setting s
$$;
COMMENT ON FUNCTION reeve.highest_site_level() IS
'The higher of the minimum level and of what it may revert to.';

-- Each change -------------------------------------------------------------------------

CREATE FUNCTION reeve.level_image() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('minimum_level',
        level_name(s.minimum_level), 'revert_level',
        level_name(s.revert_level), 'revert_at_ms', s.revert_at_ms))
    FROM site_setting s
$$;
COMMENT ON FUNCTION reeve.level_image() IS
'The minimum level of the site for before and after in the audit.';

CREATE FUNCTION reeve.store_level(at timestamptz, actor jsonb, request jsonb,
    level integer, revert_level integer, revert_at_ms bigint, what text,
    matched bigint[]) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    before jsonb := level_image();
    done integer;
BEGIN
    UPDATE site_setting s SET minimum_level = store_level.level,
            revert_level = store_level.revert_level,
            revert_at_ms = store_level.revert_at_ms
        WHERE (s.minimum_level::integer, s.revert_level::integer,
                s.revert_at_ms) IS DISTINCT FROM (store_level.level,
                store_level.revert_level, store_level.revert_at_ms);
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done > 0 THEN
        PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(52400,
            ARRAY[level_name(level), what], before, level_image())
            ::audit_event], matched);
    END IF;
    RETURN done;
END
$$;
COMMENT ON FUNCTION reeve.store_level(timestamptz, jsonb, jsonb, integer,
    integer, bigint, text, bigint[]) IS
'Writes the minimum level of the site and what it reverts to, with its audit row; returns whether that was a change (1) or not (0).';

CREATE FUNCTION reeve.settle_level(at timestamptz, request jsonb)
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    back integer;
BEGIN
    SELECT s.revert_level INTO back FROM site_setting s
        WHERE s.revert_at_ms <= to_ms(date_trunc('milliseconds', at));
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    RETURN store_level(at, '{"principal":"reeve"}', request, back, NULL,
        NULL, 'reverted', NULL);
END
$$;
COMMENT ON FUNCTION reeve.settle_level(timestamptz, jsonb) IS
'Makes stored what is in force already, when a change was not confirmed in time.';

CREATE FUNCTION reeve.apply_site_level(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    wanted integer := args ->> 'level';
    within integer := coalesce((args ->> 'confirm_within_s')::integer, 0);
    matched bigint[];
    base integer;
BEGIN
    IF wanted IS NULL OR wanted NOT BETWEEN 1 AND 3 THEN
        PERFORM refuse('RV400', 'The minimum level is windows, certificate'
            ' or hello.', '{"reason":"malformed_level"}');
    ELSIF within <> 0 AND within NOT BETWEEN 10 AND 86400 THEN
        PERFORM refuse('RV400', 'A change can be confirmed within 10 seconds'
            ' to one day.', '{"reason":"malformed_confirm_within"}');
    END IF;
    matched := require_set_level(who, at);
    PERFORM settle_level(at, request);
    PERFORM require_real_level(who, greatest(wanted, highest_site_level()));
    -- Back to what was confirmed last, not to another that awaits it.
    SELECT coalesce(s.revert_level, s.minimum_level) INTO base
        FROM site_setting s;
    IF within = 0 OR wanted = base THEN
        RETURN store_level(at, actor, request, wanted, NULL, NULL, 'set',
            matched);
    END IF;
    RETURN store_level(at, actor, request, wanted, base,
        to_ms(date_trunc('milliseconds', at)) + within * 1000::bigint,
        'set, to be confirmed', matched);
END
$$;
COMMENT ON FUNCTION reeve.apply_site_level(reeve.asker, jsonb, jsonb, jsonb) IS
'site_level_set under the revision held.';

CREATE FUNCTION reeve.apply_exclusions(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    wanted text[];
    had text[] := ARRAY(SELECT x.principal_id FROM exclusion_list x
        ORDER BY x.principal_id);
    matched bigint[];
    done integer;
BEGIN
    IF jsonb_typeof(args -> 'principal_ids') IS DISTINCT FROM 'array'
        OR jsonb_array_length(args -> 'principal_ids') > 1000
        OR EXISTS (SELECT FROM jsonb_array_elements_text(
                args -> 'principal_ids') AS p (id)
            WHERE p.id IS NULL OR NOT (is_principal(p.id)
                OR p.id ~ '^group:[^[:cntrl:]]{1,255}$')) THEN
        PERFORM refuse('RV400', 'The exclusion list names up to 1000'
            ' principals, such as krb5:alice@EXAMPLE.COM, sid:s-1-5-... or'
            ' group:<id>.', '{"reason":"malformed_principal"}');
    END IF;
    matched := require_set_level(who, at);
    PERFORM settle_level(at, request);
    PERFORM require_real_level(who, highest_site_level());
    wanted := ARRAY(SELECT DISTINCT p.id COLLATE "C"
        FROM jsonb_array_elements_text(args -> 'principal_ids') AS p (id)
        ORDER BY 1);
    IF wanted = had THEN
        RETURN 0;
    END IF;
    DELETE FROM exclusion_list x WHERE x.principal_id <> ALL (wanted);
    GET DIAGNOSTICS done = ROW_COUNT;
    INSERT INTO exclusion_list (principal_id)
        SELECT w.id FROM unnest(wanted) AS w (id) WHERE w.id <> ALL (had);
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(52400,
        ARRAY[level_name(site_level_at(at)), 'exclusion list'],
        jsonb_build_object('exclusion_list', had),
        jsonb_build_object('exclusion_list', wanted))::audit_event],
        matched);
    RETURN done + (SELECT count(*) FROM unnest(wanted) AS w (id)
        WHERE w.id <> ALL (had));
END
$$;
COMMENT ON FUNCTION reeve.apply_exclusions(reeve.asker, jsonb, jsonb, jsonb) IS
'exclusion_set under the revision held; returns how many entries came or went.';

CREATE FUNCTION reeve.require_minimum(level integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF level IS NULL OR level NOT BETWEEN 0 AND 3 THEN
        PERFORM refuse('RV400', 'A minimum is none, windows, certificate or'
            ' hello.', '{"reason":"malformed_level"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_minimum(integer) IS
'RV400 for what is no level.';

CREATE FUNCTION reeve.apply_role_minimum(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    role text := args ->> 'role_id';
    wanted integer := args ->> 'level';
    had integer;
    matched bigint[];
BEGIN
    PERFORM require_minimum(wanted);
    matched := require_set_level(who, at);
    IF NOT object_exists(27, role) THEN
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    END IF;
    had := coalesce((SELECT m.level FROM role_minimum m
        WHERE m.role_id = role), 0);
    PERFORM require_real_level(who, greatest(had, wanted));
    IF wanted = had THEN
        RETURN 0;
    ELSIF wanted = 0 THEN
        DELETE FROM role_minimum m WHERE m.role_id = role;
    ELSE
        INSERT INTO role_minimum AS m (role_id, level) VALUES (role, wanted)
            ON CONFLICT (role_id) DO UPDATE SET level = excluded.level;
    END IF;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000001,
        ARRAY[role, level_name(wanted)],
        jsonb_build_object('minimum', level_name(had)),
        jsonb_build_object('minimum', level_name(wanted)))::audit_event],
        matched);
    RETURN 1;
END
$$;
COMMENT ON FUNCTION reeve.apply_role_minimum(reeve.asker, jsonb, jsonb, jsonb)
IS 'role_minimum_set under the revision held.';

CREATE FUNCTION reeve.apply_operation_minimum(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    type_id integer := object_type_named(args ->> 'type');
    wanted integer := args ->> 'level';
    o operation;
    had integer;
    matched bigint[];
BEGIN
    PERFORM require_minimum(wanted);
    matched := require_set_level(who, at);
    SELECT x.* INTO o FROM operation x
        WHERE x.object_type_id = type_id AND x.name = args ->> 'operation';
    IF NOT FOUND THEN
        PERFORM refuse('RV400', 'There is no such operation.',
            jsonb_build_object('reason', CASE WHEN type_id IS NULL
                THEN 'unknown_type' ELSE 'unknown_operation' END));
    END IF;
    had := coalesce((SELECT m.level FROM operation_minimum m
        WHERE m.object_type_id = type_id AND m.bit = o.bit), 0);
    PERFORM require_real_level(who, greatest(had, wanted));
    IF wanted = had THEN
        RETURN 0;
    ELSIF wanted = 0 THEN
        DELETE FROM operation_minimum m
            WHERE m.object_type_id = type_id AND m.bit = o.bit;
    ELSE
        INSERT INTO operation_minimum AS m (object_type_id, bit, level)
            VALUES (type_id, o.bit, wanted)
            ON CONFLICT (object_type_id, bit)
                DO UPDATE SET level = excluded.level;
    END IF;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000002,
        ARRAY[type_id::text, o.name::text, level_name(wanted)],
        jsonb_build_object('minimum', level_name(had)),
        jsonb_build_object('minimum', level_name(wanted)))::audit_event],
        matched);
    RETURN 1;
END
$$;
COMMENT ON FUNCTION reeve.apply_operation_minimum(reeve.asker, jsonb, jsonb,
    jsonb) IS
'operation_minimum_set under the revision held.';

CREATE FUNCTION reeve.apply_max_auth_age(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    wanted integer := args ->> 'seconds';
    had integer := (SELECT s.max_auth_age_s FROM site_setting s);
    matched bigint[];
BEGIN
    IF wanted NOT BETWEEN 10 AND 31536000 THEN
        PERFORM refuse('RV400', 'The greatest age of an authentication is 10'
            ' to 31536000 seconds.', '{"reason":"malformed_age"}');
    END IF;
    matched := require_set_level(who, at);
    PERFORM settle_level(at, request);
    PERFORM require_real_level(who, highest_site_level());
    IF wanted IS NOT DISTINCT FROM had THEN
        RETURN 0;
    END IF;
    UPDATE site_setting SET max_auth_age_s = wanted;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000003,
        ARRAY[coalesce(wanted::text, 'none')],
        jsonb_build_object('max_auth_age_s', had),
        jsonb_build_object('max_auth_age_s', wanted))::audit_event],
        matched);
    RETURN 1;
END
$$;
COMMENT ON FUNCTION reeve.apply_max_auth_age(reeve.asker, jsonb, jsonb, jsonb)
IS 'max_auth_age_set under the revision held.';

-- Delegation: section 6 of the rule ------------------------------------------------------

CREATE FUNCTION reeve.role_may_give(holder text, given text, level integer)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
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
                    AND level >= required_level(holder, 28, o.bit))))
$$;
COMMENT ON FUNCTION reeve.role_may_give(text, text, integer) IS
'Whether somebody with a role, at a level, may give another role: it has all of its operations, or Grant when that one has no security operation.';

CREATE FUNCTION reeve.can_grant(who reeve.asker, at timestamptz,
    given reeve.assignment) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
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
                        AND x.collection_id = ANY (limiting_chain(c.id))))))
$$;
COMMENT ON FUNCTION reeve.can_grant(reeve.asker, timestamptz, reeve.assignment)
IS 'Whether the caller may grant an assignment as it is: docs/rule.md section 6.';

CREATE FUNCTION reeve.require_grantable(who reeve.asker, at timestamptz,
    admin_id bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM assignment a WHERE a.admin_id = $3
            AND NOT can_grant(who, at, a)) THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse('RV403', 'You could not grant every assignment that this'
        ' administrative user has, so you may not change it.',
        jsonb_build_object('reason', 'not_grantable', 'missing',
            jsonb_build_object('operation', 'Grant', 'type', 'SMS_Admin',
                'conditions', jsonb_build_array('operation'))));
END
$$;
COMMENT ON FUNCTION reeve.require_grantable(reeve.asker, timestamptz, bigint)
IS 'RV403 unless the caller could grant every assignment that an administrative user has; RV503 when unknown groups could change that.';

-- Principals --------------------------------------------------------------------------------

CREATE FUNCTION reeve.is_caller(who reeve.asker, admin_id bigint)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT EXISTS (SELECT FROM administrative_user u
        WHERE u.admin_id = $2 AND u.principal_id = ANY (who.ids))
$$;
COMMENT ON FUNCTION reeve.is_caller(reeve.asker, bigint) IS
'Whether an administrative user is the caller, or a group that it is in.';

CREATE FUNCTION reeve.refuse_self_gain() RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV403', 'You may not give rights to yourself: another'
        ' administrator has to do this.', '{"reason":"self_gain"}')
$$;
COMMENT ON FUNCTION reeve.refuse_self_gain() IS
'RV403: what is written would accrue to the caller.';

CREATE FUNCTION reeve.apply_principal_add(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    id text := args ->> 'principal_id';
    u administrative_user;
    holder bigint;
    matched bigint[];
BEGIN
    IF NOT is_principal(id) THEN
        PERFORM refuse('RV400', 'A principal has a form such as'
            ' krb5:alice@EXAMPLE.COM or cert:key:<SHA-256>.',
            '{"reason":"malformed_principal"}');
    END IF;
    PERFORM require_gate(who);
    -- Without a key the question would be about no user at all.
    matched := require_on_object(who, at, 28, 'Modify',
        coalesce(args ->> 'admin_id', ''));
    SELECT x.* INTO STRICT u FROM administrative_user x
        WHERE x.admin_id = (args ->> 'admin_id')::bigint;
    IF u.is_group THEN
        PERFORM refuse('RV409', 'A group has no further principals: its'
            ' members sign in.', '{"reason":"principal_of_group"}');
    ELSIF u.is_deleted OR u.is_orphaned THEN
        PERFORM refuse('RV409', 'This administrative user is deleted or'
            ' orphaned.', '{"reason":"user_is_out"}');
    END IF;
    -- Neither what the caller signs in with to somebody else, nor another
    -- way to sign in, perhaps at a higher level, to the caller.
    IF id = ANY (who.ids) OR is_caller(who, u.admin_id) THEN
        PERFORM refuse_self_gain();
    END IF;
    PERFORM require_grantable(who, at, u.admin_id);
    holder := admin_of_principal(id);
    IF holder = u.admin_id THEN
        RETURN 0;
    ELSIF holder IS NOT NULL THEN
        PERFORM refuse('RV409', 'This principal is that of another'
            ' administrative user.', '{"reason":"principal_taken"}');
    END IF;
    INSERT INTO administrative_principal (principal_id, admin_id, created_by,
            created_at)
        VALUES (id, u.admin_id, who.principal, at);
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000004,
        ARRAY[id, u.logon_name], NULL, jsonb_build_object('admin_id',
            u.admin_id, 'principal_id', id))::audit_event], matched);
    RETURN 1;
END
$$;
COMMENT ON FUNCTION reeve.apply_principal_add(reeve.asker, jsonb, jsonb, jsonb)
IS 'principal_add under the revision held.';

CREATE FUNCTION reeve.apply_principal_remove(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    id text := args ->> 'principal_id';
    holder bigint := admin_of_principal(id);
    u administrative_user;
    matched bigint[];
BEGIN
    PERFORM require_gate(who);
    -- The same words for one that there is not as for one of a user that the
    -- caller may not read.
    IF holder IS NULL THEN
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    END IF;
    matched := require_on_object(who, at, 28, 'Modify', holder::text);
    SELECT x.* INTO STRICT u FROM administrative_user x
        WHERE x.admin_id = holder;
    IF u.principal_id = id THEN
        PERFORM refuse('RV409', 'This is the principal of the administrative'
            ' user itself, not a further one.',
            '{"reason":"own_principal"}');
    END IF;
    PERFORM require_grantable(who, at, holder);
    DELETE FROM administrative_principal p WHERE p.principal_id = id;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000005,
        ARRAY[id, u.logon_name], jsonb_build_object('admin_id', u.admin_id,
            'principal_id', id), NULL)::audit_event], matched);
    RETURN 1;
END
$$;
COMMENT ON FUNCTION reeve.apply_principal_remove(reeve.asker, jsonb, jsonb,
    jsonb) IS
'principal_remove under the revision held.';

-- The one body ----------------------------------------------------------------------------------

CREATE FUNCTION reeve.apply_policy(op_name text, who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    CASE op_name
    WHEN 'site_level_set' THEN
        RETURN apply_site_level(who, actor, args, request);
    WHEN 'exclusion_set' THEN
        RETURN apply_exclusions(who, actor, args, request);
    WHEN 'role_minimum_set' THEN
        RETURN apply_role_minimum(who, actor, args, request);
    WHEN 'operation_minimum_set' THEN
        RETURN apply_operation_minimum(who, actor, args, request);
    WHEN 'max_auth_age_set' THEN
        RETURN apply_max_auth_age(who, actor, args, request);
    WHEN 'principal_add' THEN
        RETURN apply_principal_add(who, actor, args, request);
    WHEN 'principal_remove' THEN
        RETURN apply_principal_remove(who, actor, args, request);
    END CASE;
END
$$;
COMMENT ON FUNCTION reeve.apply_policy(text, reeve.asker, jsonb, jsonb, jsonb)
IS 'Decides, stores and audits one change under the revision held; returns how much changed.';

CREATE FUNCTION reeve.change_policy(op_name text, actor jsonb, args jsonb,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    who asker := asker_of(actor);
    -- What is asked for need not be in the body alone.
    asked text := op_name || ' ' || encode(sha256(convert_to(args::text,
        'UTF8')), 'hex');
    kept idempotency_key;
BEGIN
    PERFORM check_request(idempotency_key, request);
    replayed := false;
    changed := 0;
    -- As in change_memberships: leaving by RV001 gives the revision back.
    BEGIN
        revision := take_revision();
        kept := replayed_answer(who.principal, idempotency_key, asked,
            request ->> 'body_sha256');
        IF kept.key IS NOT NULL THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'replayed';
        END IF;
        changed := apply_policy(op_name, who, actor, args, request);
        IF changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
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
        SELECT who.principal, $4, asked, request ->> 'body_sha256',
            change_policy.revision, change_policy.changed
        WHERE $4 IS NOT NULL ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.change_policy(text, jsonb, jsonb, text, jsonb) IS
'The one body of the functions below: revision, idempotency key, decision, rows, audit.';

-- The functions ------------------------------------------------------------------------------------

CREATE FUNCTION reeve.site_level_set(actor jsonb, level integer,
    confirm_within_s integer, idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('site_level_set', $1, jsonb_build_object(
        'level', $2, 'confirm_within_s', $3), $4, $5)
$$;
COMMENT ON FUNCTION reeve.site_level_set(jsonb, integer, integer, text, jsonb)
IS 'Sets the minimum level of the site (1 windows, 2 certificate, 3 hello).  With confirm_within_s it ends after so many seconds unless it is confirmed; NULL or 0: it stays.';

CREATE FUNCTION reeve.exclusion_set(actor jsonb, principal_ids text[],
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('exclusion_set', $1, jsonb_build_object(
        'principal_ids', to_jsonb($2)), $3, $4)
$$;
COMMENT ON FUNCTION reeve.exclusion_set(jsonb, text[], text, jsonb) IS
'Replaces the exclusion list by another.';

CREATE FUNCTION reeve.role_minimum_set(actor jsonb, role_id text,
    level integer, idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('role_minimum_set', $1, jsonb_build_object(
        'role_id', $2, 'level', $3), $4, $5)
$$;
COMMENT ON FUNCTION reeve.role_minimum_set(jsonb, text, integer, text, jsonb)
IS 'Sets the level that a role needs to count; 0 removes it.';

CREATE FUNCTION reeve.operation_minimum_set(actor jsonb, type text,
    operation text, level integer, idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('operation_minimum_set', $1,
        jsonb_build_object('type', $2, 'operation', $3, 'level', $4), $5, $6)
$$;
COMMENT ON FUNCTION reeve.operation_minimum_set(jsonb, text, text, integer,
    text, jsonb) IS
'Sets the level that an operation of a type needs, whatever role gives it; 0 removes it.';

CREATE FUNCTION reeve.max_auth_age_set(actor jsonb, seconds integer,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('max_auth_age_set', $1, jsonb_build_object(
        'seconds', $2), $3, $4)
$$;
COMMENT ON FUNCTION reeve.max_auth_age_set(jsonb, integer, text, jsonb) IS
'Sets the greatest age of an authentication in seconds; NULL: any.';

CREATE FUNCTION reeve.principal_add(actor jsonb, admin_id bigint,
    principal_id text, idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('principal_add', $1, jsonb_build_object(
        'admin_id', $2, 'principal_id', $3), $4, $5)
$$;
COMMENT ON FUNCTION reeve.principal_add(jsonb, bigint, text, text, jsonb) IS
'Gives an administrative user a further principal; never the caller itself, nor what the caller signed in with.';

CREATE FUNCTION reeve.principal_remove(actor jsonb, principal_id text,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT * FROM change_policy('principal_remove', $1, jsonb_build_object(
        'principal_id', $2), $3, $4)
$$;
COMMENT ON FUNCTION reeve.principal_remove(jsonb, text, text, jsonb) IS
'Takes a further principal from the administrative user that has it.';

CREATE FUNCTION reeve.site_level_confirm(actor jsonb, request jsonb)
RETURNS TABLE (revision bigint, changed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    who asker := asker_of(actor);
    at timestamptz;
    wanted integer;
    matched bigint[];
BEGIN
    PERFORM check_request(NULL, request);
    BEGIN
        revision := take_revision();
        at := decision_instant();
        SELECT s.minimum_level INTO wanted FROM site_setting s
            WHERE s.revert_at_ms > to_ms(date_trunc('milliseconds', at));
        IF NOT FOUND THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        matched := require_set_level(who, at);
        PERFORM require_real_level(who, wanted);
        changed := store_level(at, actor, request, wanted, NULL, NULL,
            'confirmed', matched);
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        SELECT s.n, 0 INTO revision, changed FROM site_revision s;
    END;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.site_level_confirm(jsonb, jsonb) IS
'After a sign-in: confirms the change of the minimum level that awaits it, if the caller may set levels and signed in at the new one.  changed 0: none does, or its time is over.';

CREATE FUNCTION reeve.site_level_revert_due(request jsonb)
RETURNS TABLE (revision bigint, changed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM check_request(NULL, request);
    BEGIN
        revision := take_revision();
        changed := settle_level(decision_instant(), request);
        IF changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        SELECT s.n, 0 INTO revision, changed FROM site_revision s;
    END;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.site_level_revert_due(jsonb) IS
'Makes stored what is in force already, when a change of the minimum level was not confirmed in time; harmless at any other.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    reeve.site_level_at(timestamptz),
    reeve.passes_gate(text[], integer, boolean, integer, timestamptz),
    reeve.site_level_set(jsonb, integer, integer, text, jsonb),
    reeve.site_level_confirm(jsonb, jsonb),
    reeve.site_level_revert_due(jsonb),
    reeve.exclusion_set(jsonb, text[], text, jsonb),
    reeve.role_minimum_set(jsonb, text, integer, text, jsonb),
    reeve.operation_minimum_set(jsonb, text, text, integer, text, jsonb),
    reeve.max_auth_age_set(jsonb, integer, text, jsonb),
    reeve.principal_add(jsonb, bigint, text, text, jsonb),
    reeve.principal_remove(jsonb, text, text, jsonb)
    TO reeve_runtime;
RESET ROLE;
