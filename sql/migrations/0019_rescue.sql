-- The local operator of the site: whoever the machine itself lets speak for
-- it.  It has no permissions; it sees the status, sets the minimum level back
-- to windows, and adds one full administrator.  docs/rule.md section 10.
--
-- The functions are for a database role of their own, which no process that
-- touches the network has.  Whether the door is open at all is a matter of
-- configuration, not of the database.

DO $$
BEGIN
    -- Roles belong to the cluster: another site in it may have made it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reeve_rescue') THEN
        CREATE ROLE reeve_rescue NOLOGIN NOSUPERUSER NOCREATEDB
            NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
END
$$;
COMMENT ON ROLE reeve_rescue IS
'Group of the rescue process''s login: sees the status, sets the level back to windows, adds a full administrator; nothing else.';

SET LOCAL ROLE reeve_owner;
DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;

INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000010, 'warning', 'provider', 'rescue', 'site, by its local operator',
     '1=operator;2=what was done;3=for whom');

CREATE FUNCTION reeve.check_operator(operator jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(operator) IS DISTINCT FROM 'object'
        OR coalesce(operator ->> 'principal', '') !~ '^unix:[^[:cntrl:]]{1,255}$'
        OR jsonb_typeof(operator -> 'principal') IS DISTINCT FROM 'string'
        OR jsonb_typeof(operator -> 'uid') IS DISTINCT FROM 'number'
        OR operator ->> 'uid' !~ '^[0-9]{1,10}$' THEN
        PERFORM refuse('RV400', 'The description of the operator is'
            ' malformed.', '{"reason":"malformed_operator"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_operator(jsonb) IS
'RV400 unless it names a local account: {"principal": "unix:NAME", "uid": N}.';

CREATE FUNCTION reeve.rescue_event(operator jsonb, what text, whom text)
RETURNS reeve.audit_event
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT ROW(1000010, ARRAY[what, whom], NULL, operator)::audit_event
$$;
COMMENT ON FUNCTION reeve.rescue_event(jsonb, text, text) IS
'The row of the audit that stands for an alarm, beside that of the change.';

CREATE FUNCTION reeve.rescue_status()
RETURNS TABLE (site_code text, site_name text, schema_version integer,
    revision bigint, minimum_level integer, stored_level integer,
    revert_level integer, revert_at timestamptz, max_auth_age_s integer,
    full_administrators bigint, excluded bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT s.site_code::text, s.site_name, schema_version(), r.n,
        site_level_at(greatest(clock_timestamp(), r.decided_at)),
        s.minimum_level::integer, s.revert_level::integer,
        to_timestamp(s.revert_at_ms / 1000.0), s.max_auth_age_s,
        (SELECT count(*) FROM full_administrator),
        (SELECT count(*) FROM exclusion_list)
    FROM site_setting s CROSS JOIN site_revision r
$$;
COMMENT ON FUNCTION reeve.rescue_status() IS
'What the local operator may see: the minimum level in force and as stored, what it reverts to and when, how many full administrators without end there are.  No names.';

CREATE FUNCTION reeve.rescue_level_windows(operator jsonb, request jsonb)
RETURNS TABLE (revision bigint, changed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz;
BEGIN
    PERFORM check_operator(operator);
    PERFORM check_request(NULL, request);
    BEGIN
        revision := take_revision();
        at := decision_instant();
        changed := store_level(at, operator, request, 1, NULL, NULL,
            'rescue', NULL);
        IF changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        PERFORM write_admin_audit(at, operator, request,
            ARRAY[rescue_event(operator, 'level', 'windows')], NULL);
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        SELECT s.n, 0 INTO revision, changed FROM site_revision s;
    END;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.rescue_level_windows(jsonb, jsonb) IS
'Sets the minimum level of the site to windows, with nothing that awaits confirmation.';

CREATE FUNCTION reeve.rescue_user(principal_id text, account_id text,
    logon_name text, operator text) RETURNS bigint
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    u administrative_user;
    made bigint;
BEGIN
    SELECT x.* INTO u FROM administrative_user x
        WHERE x.admin_id = admin_of_principal($1);
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM administrative_user x
                WHERE x.account_id = lower($2)) THEN
            PERFORM refuse('RV409', 'This account is that of another'
                ' administrative user.', '{"reason":"account_replaced"}');
        END IF;
        INSERT INTO administrative_user AS x (principal_id, account_id,
            logon_name, display_name, is_group, created_by, modified_by)
        SELECT $1, lower($2), n.name, n.name, false, $4, $4
        FROM (SELECT coalesce($3, regexp_replace($1, '^[^:]+:', ''))) n (name)
        RETURNING x.admin_id INTO made;
        RETURN made;
    END IF;
    IF u.is_group OR u.is_deleted OR u.is_orphaned
        OR u.account_id <> lower($2) THEN
        PERFORM refuse('RV409', 'This principal is that of a deleted,'
            ' orphaned or other administrative user.',
            '{"reason":"account_replaced"}');
    ELSIF EXISTS (SELECT FROM full_administrator f
            WHERE f.admin_id = u.admin_id) THEN
        PERFORM refuse('RV409', 'This administrative user is a full'
            ' administrator already.',
            '{"reason":"full_administrator_already"}');
    END IF;
    RETURN u.admin_id;
END
$$;
COMMENT ON FUNCTION reeve.rescue_user(text, text, text, text) IS
'The administrative user that the operator names, made when there is none; RV409 when it cannot be that one.';

CREATE FUNCTION reeve.rescue_admin_add(operator jsonb, principal_id text,
    account_id text, logon_name text, request jsonb)
RETURNS TABLE (admin_id bigint, assignment_id bigint,
    valid_until timestamptz, revision bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted text := principal_id;
    at timestamptz;
BEGIN
    PERFORM check_operator(operator);
    PERFORM check_request(NULL, request);
    IF wanted !~ ':' AND wanted ~ '^[^@]+@[^@]+$' THEN
        wanted := 'krb5:' || wanted;
    END IF;
    IF NOT is_principal(wanted) OR account_id = '' OR logon_name = '' THEN
        PERFORM refuse('RV400', 'An administrator is named by a principal'
            ' such as krb5:alice@EXAMPLE.COM.',
            '{"reason":"malformed_principal"}');
    END IF;
    revision := take_revision();
    at := date_trunc('milliseconds', decision_instant());
    admin_id := rescue_user(wanted, account_id, logon_name,
        operator ->> 'principal');
    -- Without end only while nobody else can make another.
    IF full_admin_exists() THEN
        valid_until := at + interval '24 hours';
    END IF;
    INSERT INTO assignment AS a (admin_id, role_id, valid_from, valid_until)
        VALUES (rescue_admin_add.admin_id, 'SMS0001R', CASE
            WHEN rescue_admin_add.valid_until IS NOT NULL THEN at END,
            rescue_admin_add.valid_until)
        RETURNING a.assignment_id INTO rescue_admin_add.assignment_id;
    INSERT INTO assignment_scope
        VALUES (rescue_admin_add.assignment_id, 'SMS00ALL');
    INSERT INTO assignment_collection
        VALUES (rescue_admin_add.assignment_id, 'SMS00001'),
            (rescue_admin_add.assignment_id, 'SMS00004');
    PERFORM write_admin_audit(at, operator, request, ARRAY[
        ROW(31240, ARRAY['', wanted, 'SMS0001R', 'SMS00ALL',
            'SMS00001,SMS00004'], NULL, jsonb_build_object('admin_id',
            rescue_admin_add.admin_id, 'assignment_id',
            rescue_admin_add.assignment_id, 'valid_until_ms',
            to_ms(rescue_admin_add.valid_until)))::audit_event,
        rescue_event(operator, 'full administrator', wanted)], NULL);
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.rescue_admin_add(jsonb, text, text, text, jsonb) IS
'Makes one person Full Administrator on SMS00ALL, SMS00001 and SMS00004: for 24 hours, or without end while the site has none without end.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT USAGE ON SCHEMA reeve TO reeve_rescue;
GRANT EXECUTE ON FUNCTION
    reeve.schema_version(),
    reeve.rescue_status(),
    reeve.rescue_level_windows(jsonb, jsonb),
    reeve.rescue_admin_add(jsonb, text, text, text, jsonb)
    TO reeve_rescue;
RESET ROLE;
