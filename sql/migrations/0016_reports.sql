-- Reports, in the manner of Configuration Manager's fn_rbac_*: functions, and
-- a view for each, that return only the rows which the reader may Read.
--
-- The reader is the administrative user that reporting_login binds to
-- session_user, which SET ROLE, a SECURITY DEFINER function and search_path
-- all leave as it is.  Its own assignments count, at level windows; a login
-- that is bound to nobody, or to somebody deleted, orphaned or below the
-- minimum of the site, sees no rows.  Nothing here takes the ids of anybody.
--
-- Each function reads the clock once and decides on the snapshot that it
-- reads its rows from: rights and rows are of one revision.  What a query
-- filters by, it filters behind the function, so that no leaky operator sees
-- a row that the reader does not.

DO $$
BEGIN
    -- Roles belong to the cluster: another site in it may have made it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reeve_reporting')
    THEN
        CREATE ROLE reeve_reporting NOLOGIN NOSUPERUSER NOCREATEDB
            NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
END
$$;
COMMENT ON ROLE reeve_reporting IS
'Group of reporting logins: reads the v_rbac_* views, which show what the administrative user bound to the login may Read.';

SET LOCAL ROLE reeve_owner;

-- The reader --------------------------------------------------------------------

CREATE TYPE reeve.reader AS (
    ids             text[],
    at              timestamptz
);
COMMENT ON TYPE reeve.reader IS
'Who reads a report, and when; no ids: nobody.';

CREATE FUNCTION reeve.reader_of_login() RETURNS reeve.reader
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    who reader;
BEGIN
    -- Not the clock of the transaction or of the message, which a client can
    -- hold still; and never before the last write.
    SELECT greatest(clock_timestamp(), r.decided_at) INTO who.at
        FROM site_revision r;
    SELECT ARRAY[u.principal_id::text] INTO who.ids
        FROM reporting_login l
        JOIN administrative_user u ON u.admin_id = l.admin_id
        WHERE l.login = session_user AND NOT u.is_deleted
            AND NOT u.is_orphaned;
    IF who.ids IS NULL OR passes_gate(who.ids, 1, true, 1) IS NOT TRUE THEN
        who.ids := '{}';
    END IF;
    RETURN who;
END
$$;
COMMENT ON FUNCTION reeve.reader_of_login() IS
'The reader that this database login is bound to, if it passes the gate of the site at level windows.';

CREATE FUNCTION reeve.readable(who reeve.reader, type text)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    -- Type 26 has no Read.
    read text := CASE object_type_named(type)
        WHEN 26 THEN 'View Asset Intelligence' ELSE 'Read' END;
    q meaning := list_meaning(type, read);
BEGIN
    IF q.reason IS NULL AND who.ids <> '{}' THEN
        RETURN QUERY SELECT * FROM list_objects(who.ids, 1, false, who.at,
            type, read, q);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.readable(reeve.reader, text) IS
'The keys of the objects of a type, or resources of a class, that a reader may Read.';

CREATE FUNCTION reeve.fn_rbac_getadminids()
RETURNS TABLE (admin_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT u.admin_id FROM reader_of_login() w
    JOIN administrative_user u ON u.principal_id = ANY (w.ids)
$$;
COMMENT ON FUNCTION reeve.fn_rbac_getadminids() IS
'The administrative user that reports of this login are filtered for; none: they are empty.';

-- Resources and collections -----------------------------------------------------

CREATE FUNCTION reeve.fn_rbac_r_system()
RETURNS TABLE (resource_id bigint, resource_type integer, name text,
    netbios_name text, sms_unique_identifier text, active text, client text,
    client_version text, ad_site_name text,
    operating_system_name_and_version text,
    resource_domain_or_workgroup text, distinguished_name text,
    last_logon_user_name text, last_logon_user_domain text,
    creation_date text, obsolete text, unknown text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT r.resource_id, r.resource_type::integer, r.name,
        coalesce(r.properties ->> 'NetbiosName', r.name),
        r.properties ->> 'SMSUniqueIdentifier', r.properties ->> 'Active',
        r.properties ->> 'Client', r.properties ->> 'ClientVersion',
        r.properties ->> 'ADSiteName',
        r.properties ->> 'OperatingSystemNameandVersion',
        r.properties ->> 'ResourceDomainORWorkgroup',
        r.properties ->> 'DistinguishedName',
        r.properties ->> 'LastLogonUserName',
        r.properties ->> 'LastLogonUserDomain',
        r.properties ->> 'CreationDate', r.properties ->> 'Obsolete',
        r.properties ->> 'Unknown'
    FROM reader_of_login() w, readable(w, 'SMS_R_System') k
    JOIN resource r ON r.resource_id = k::bigint
$$;
COMMENT ON FUNCTION reeve.fn_rbac_r_system() IS
'Devices that the reader may Read.';

CREATE FUNCTION reeve.fn_rbac_r_user()
RETURNS TABLE (resource_id bigint, resource_type integer, name text,
    user_name text, windows_nt_domain text, user_principal_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT r.resource_id, r.resource_type::integer, r.name,
        r.properties ->> 'UserName', r.properties ->> 'WindowsNTDomain',
        r.properties ->> 'UserPrincipalName'
    FROM reader_of_login() w, readable(w, 'SMS_R_User') k
    JOIN resource r ON r.resource_id = k::bigint
$$;
COMMENT ON FUNCTION reeve.fn_rbac_r_user() IS
'Users (resources, not administrative users) that the reader may Read.';

CREATE FUNCTION reeve.fn_rbac_r_usergroup()
RETURNS TABLE (resource_id bigint, resource_type integer, name text,
    user_group_name text, windows_nt_domain text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT r.resource_id, r.resource_type::integer, r.name,
        r.properties ->> 'UserGroupName', r.properties ->> 'WindowsNTDomain'
    FROM reader_of_login() w, readable(w, 'SMS_R_UserGroup') k
    JOIN resource r ON r.resource_id = k::bigint
$$;
COMMENT ON FUNCTION reeve.fn_rbac_r_usergroup() IS
'User groups that the reader may Read.';

CREATE FUNCTION reeve.fn_rbac_collection()
RETURNS TABLE (collection_id text, name text, comment text,
    collection_type integer, limit_to_collection_id text,
    limit_to_collection_name text, is_built_in boolean, member_count bigint,
    last_change_time timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH readable AS MATERIALIZED (
        SELECT k.id FROM reader_of_login() w,
            readable(w, 'SMS_Collection') AS k (id)
    ), counted AS MATERIALIZED (
        SELECT m.collection_id, count(*) AS n FROM collection_member m
        WHERE m.collection_id IN (SELECT k.id FROM readable k)
        GROUP BY m.collection_id
    )
    SELECT c.collection_id::text, c.name::text, c.comment,
        CASE c.kind WHEN 'device' THEN 2 ELSE 1 END,
        c.limiting_id::text, (SELECT l.name::text FROM collection l
            WHERE l.collection_id = c.limiting_id
                AND l.collection_id IN (SELECT x.id FROM readable x)),
        c.is_built_in, CASE WHEN c.limiting_id IS NULL
            THEN (SELECT count(*) FROM resource r WHERE r.kind = c.kind)
            ELSE coalesce(n.n, 0) END,
        c.modified_at
    FROM readable k
    JOIN collection c ON c.collection_id = k.id
    LEFT JOIN counted n ON n.collection_id = c.collection_id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_collection() IS
'Collections that the reader may Read.  The name of the limiting collection is NULL where the reader may not Read that one.';

CREATE FUNCTION reeve.fn_rbac_fullcollectionmembership()
RETURNS TABLE (collection_id text, resource_id bigint, resource_type integer,
    name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH who AS MATERIALIZED (
        SELECT w FROM reader_of_login() w
    ), collections AS MATERIALIZED (
        SELECT k.id FROM who, readable(who.w, 'SMS_Collection') AS k (id)
    ), resources AS MATERIALIZED (
        SELECT k.id::bigint AS id
        FROM who, unnest(ARRAY['SMS_R_System', 'SMS_R_User',
            'SMS_R_UserGroup']) AS c (class),
            readable(who.w, c.class) AS k (id)
    )
    SELECT m.collection_id, r.resource_id, r.resource_type::integer, r.name
    FROM (SELECT x.collection_id::text, x.resource_id
            FROM collection_member x
        UNION ALL SELECT CASE y.kind WHEN 'device' THEN 'SMS00001'
                ELSE 'SMS00004' END, y.resource_id FROM resource y) m
    JOIN collections c ON c.id = m.collection_id
    JOIN resources k ON k.id = m.resource_id
    JOIN resource r ON r.resource_id = m.resource_id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_fullcollectionmembership() IS
'Members of collections, where the reader may Read both; those of the two roots are in it, though they are not stored.';

-- Secured objects -----------------------------------------------------------------

CREATE FUNCTION reeve.fn_rbac_securedobject()
RETURNS TABLE (object_type_id integer, type text, object_key text,
    name text, folder_id text, folder_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH who AS MATERIALIZED (
        SELECT w FROM reader_of_login() w
    ), folders AS MATERIALIZED (
        SELECT k.id FROM who, readable(who.w, '226') AS k (id)
    )
    SELECT t.object_type_id, coalesce(t.class_name, t.sdk_name)::text, k.id,
        o.name, o.folder_id::text, (SELECT f.name FROM secured_object f
            WHERE f.object_type_id = 226 AND f.object_key = o.folder_id
                AND f.object_key IN (SELECT x.id FROM folders x))
    FROM who CROSS JOIN object_type t
    CROSS JOIN readable(who.w, t.object_type_id::text) AS k (id)
    LEFT JOIN secured_object o
        ON o.object_type_id = t.object_type_id AND o.object_key = k.id
    WHERE t.object_type_id NOT IN (1, 27, 28, 29)
$$;
COMMENT ON FUNCTION reeve.fn_rbac_securedobject() IS
'Objects of every type that the reader may Read; collections, roles, administrative users and scopes have functions of their own.  The name of the folder is NULL where the reader may not Read that.';

CREATE FUNCTION reeve.fn_rbac_securedobjectscope()
RETURNS TABLE (object_type_id integer, object_key text, category_id text,
    category_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH who AS MATERIALIZED (
        SELECT w FROM reader_of_login() w
    ), scopes AS MATERIALIZED (
        SELECT k.id FROM who, readable(who.w, 'SMS_SecuredCategory') AS k (id)
    )
    SELECT s.object_type_id, s.object_key::text, s.scope_id::text,
        (SELECT c.name::text FROM security_scope c
            WHERE c.scope_id = s.scope_id
                AND c.scope_id IN (SELECT x.id FROM scopes x))
    FROM who CROSS JOIN object_type t
    CROSS JOIN readable(who.w, t.object_type_id::text) AS k (id)
    JOIN object_scope s
        ON s.object_type_id = t.object_type_id AND s.object_key = k.id
    WHERE t.secured_by = 'scope'
$$;
COMMENT ON FUNCTION reeve.fn_rbac_securedobjectscope() IS
'Scopes of the objects that the reader may Read.  The name of a scope is NULL where the reader may not Read that.';

CREATE FUNCTION reeve.scope_names(scopes text[], readable text[])
RETURNS text[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT ARRAY(SELECT c.name::text FROM unnest(scopes) AS s (id)
        LEFT JOIN security_scope c
            ON c.scope_id = s.id AND c.scope_id = ANY (readable)
        ORDER BY s.id COLLATE "C")
$$;
COMMENT ON FUNCTION reeve.scope_names(text[], text[]) IS
'Names of scopes in the order of their ids; NULL for those that are not readable.';

CREATE FUNCTION reeve.objects_of_report(type_id integer)
RETURNS TABLE (object_key text, name text, properties jsonb,
    secured_scope_names text[])
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    who reader := reader_of_login();
    scopes text[] := ARRAY(SELECT * FROM readable(who,
        'SMS_SecuredCategory'));
BEGIN
    RETURN QUERY
    SELECT o.object_key::text, o.name, o.properties,
        scope_names(ARRAY(SELECT s.scope_id::text FROM object_scope s
            WHERE s.object_type_id = type_id
                AND s.object_key = o.object_key), scopes)
    FROM readable(who, type_id::text) AS k (id)
    JOIN secured_object o
        ON o.object_type_id = type_id AND o.object_key = k.id;
END
$$;
COMMENT ON FUNCTION reeve.objects_of_report(integer) IS
'What the reports of one type of objects have in common.';

CREATE FUNCTION reeve.fn_rbac_application()
RETURNS TABLE (ci_id text, model_name text, display_name text,
    description text, manufacturer text, software_version text,
    ci_version text, is_deployed text, is_enabled text, is_expired text,
    is_latest text, number_of_deployment_types text, created_by text,
    date_created text, last_modified_by text, date_last_modified text,
    secured_scope_names text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT o.properties ->> 'CI_ID', o.object_key, o.name,
        o.properties ->> 'LocalizedDescription',
        o.properties ->> 'Manufacturer', o.properties ->> 'SoftwareVersion',
        o.properties ->> 'CIVersion', o.properties ->> 'IsDeployed',
        o.properties ->> 'IsEnabled', o.properties ->> 'IsExpired',
        o.properties ->> 'IsLatest',
        o.properties ->> 'NumberOfDeploymentTypes',
        o.properties ->> 'CreatedBy', o.properties ->> 'DateCreated',
        o.properties ->> 'LastModifiedBy',
        o.properties ->> 'DateLastModified', o.secured_scope_names
    FROM objects_of_report(31) o
$$;
COMMENT ON FUNCTION reeve.fn_rbac_application() IS
'Applications that the reader may Read, with the names of their scopes; NULL among them for a scope that the reader may not Read.';

CREATE FUNCTION reeve.fn_rbac_package()
RETURNS TABLE (package_id text, name text, secured_scope_names text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT o.object_key, o.name, o.secured_scope_names
    FROM objects_of_report(2) o
$$;
COMMENT ON FUNCTION reeve.fn_rbac_package() IS
'Packages that the reader may Read, with the names of their scopes as in fn_rbac_application.';

CREATE FUNCTION reeve.fn_rbac_tasksequencepackage()
RETURNS TABLE (package_id text, name text, secured_scope_names text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT o.object_key, o.name, o.secured_scope_names
    FROM objects_of_report(20) o
$$;
COMMENT ON FUNCTION reeve.fn_rbac_tasksequencepackage() IS
'Task sequences that the reader may Read, with the names of their scopes as in fn_rbac_application.';

-- Who may what -----------------------------------------------------------------------

CREATE FUNCTION reeve.fn_rbac_admin()
RETURNS TABLE (admin_id bigint, admin_sid text, logon_name text,
    display_name text, distinguished_name text, is_group boolean,
    is_deleted boolean, is_orphaned boolean, created_by text,
    created_date timestamptz, last_modified_by text,
    last_modified_date timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT u.admin_id, u.account_id::text, u.logon_name, u.display_name,
        u.distinguished_name, u.is_group, u.is_deleted, u.is_orphaned,
        u.created_by, u.created_at, u.modified_by, u.modified_at
    FROM reader_of_login() w, readable(w, 'SMS_Admin') AS k (id)
    JOIN administrative_user u ON u.admin_id = k.id::bigint
$$;
COMMENT ON FUNCTION reeve.fn_rbac_admin() IS
'Administrative users, for a reader who may Read them.';

CREATE FUNCTION reeve.fn_rbac_role()
RETURNS TABLE (role_id text, role_name text, role_description text,
    copied_from_id text, is_built_in boolean, created_by text,
    created_date timestamptz, last_modified_by text,
    last_modified_date timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT r.role_id::text, r.name::text, r.description,
        r.copied_from_id::text, r.is_built_in, r.created_by, r.created_at,
        r.modified_by, r.modified_at
    FROM reader_of_login() w, readable(w, 'SMS_Role') AS k (id)
    JOIN security_role r ON r.role_id = k.id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_role() IS
'Security roles, for a reader who may Read them.';

CREATE FUNCTION reeve.fn_rbac_roleoperation()
RETURNS TABLE (role_id text, object_type_id integer, type text, "bit" integer,
    operation text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT r.role_id::text, r.object_type_id,
        coalesce(t.class_name, t.sdk_name)::text, r.bit::integer,
        o.name::text
    FROM reader_of_login() w, readable(w, 'SMS_Role') AS k (id)
    JOIN role_operation r ON r.role_id = k.id
    JOIN operation o USING (object_type_id, bit)
    JOIN object_type t ON t.object_type_id = r.object_type_id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_roleoperation() IS
'What each security role allows, for a reader who may Read roles.';

CREATE FUNCTION reeve.fn_rbac_scope()
RETURNS TABLE (category_id text, category_name text,
    category_description text, is_built_in boolean, created_by text,
    created_date timestamptz, last_modified_by text,
    last_modified_date timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT s.scope_id::text, s.name::text, s.description, s.is_built_in,
        s.created_by, s.created_at, s.modified_by, s.modified_at
    FROM reader_of_login() w, readable(w, 'SMS_SecuredCategory') AS k (id)
    JOIN security_scope s ON s.scope_id = k.id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_scope() IS
'Security scopes, for a reader who may Read them.';

CREATE FUNCTION reeve.fn_rbac_permission()
RETURNS TABLE (admin_id bigint, logon_name text, role_id text,
    role_name text, category_type_id integer, category_id text,
    category_name text, assignment_id bigint, valid_from timestamptz,
    valid_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH who AS MATERIALIZED (
        SELECT w FROM reader_of_login() w
    ), admins AS MATERIALIZED (
        SELECT k.id::bigint AS id
        FROM who, readable(who.w, 'SMS_Admin') AS k (id)
    ), roles AS MATERIALIZED (
        SELECT r.role_id, r.name
        FROM who, readable(who.w, 'SMS_Role') AS k (id)
        JOIN security_role r ON r.role_id = k.id
    ), categories AS MATERIALIZED (
        SELECT 29 AS type, s.scope_id AS id, s.name
        FROM who, readable(who.w, 'SMS_SecuredCategory') AS k (id)
        JOIN security_scope s ON s.scope_id = k.id
        UNION ALL SELECT 1, c.collection_id, c.name
        FROM who, readable(who.w, 'SMS_Collection') AS k (id)
        JOIN collection c ON c.collection_id = k.id
    ), held AS (
        SELECT s.assignment_id, 29 AS type, s.scope_id AS id
            FROM assignment_scope s
        UNION ALL SELECT c.assignment_id, 1, c.collection_id
            FROM assignment_collection c
    )
    SELECT u.admin_id, u.logon_name, a.role_id::text, r.name::text, h.type,
        h.id::text, c.name::text, a.assignment_id, a.valid_from,
        a.valid_until
    FROM admins k
    JOIN administrative_user u ON u.admin_id = k.id
    JOIN assignment a ON a.admin_id = u.admin_id
    JOIN held h ON h.assignment_id = a.assignment_id
    LEFT JOIN roles r ON r.role_id = a.role_id
    LEFT JOIN categories c ON c.type = h.type AND c.id = h.id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_permission() IS
'Permissions, one row for each role and category of each assignment, for a reader who may Read administrative users.  Names of roles, scopes and collections are NULL where the reader may not Read those.';

CREATE FUNCTION reeve.fn_rbac_adminaudit()
RETURNS TABLE (revision bigint, ordinal integer, at timestamptz, actor text,
    message_id integer, severity text, action text, object text,
    strings text[], level integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT a.revision, a.ordinal, a.at, a.actor, a.message_id, m.severity,
        m.action, m.object, a.strings, a.level::integer
    FROM reader_of_login() w
    JOIN LATERAL allowed(w.ids, 1, true, 1, false, w.at, 'AuditLog', 'Read',
        NULL) v ON v.decision
    CROSS JOIN admin_audit a
    JOIN audit_message m ON m.message_id = a.message_id
$$;
COMMENT ON FUNCTION reeve.fn_rbac_adminaudit() IS
'Administrative changes, for a reader who may Read the audit log.';

-- A view for each ----------------------------------------------------------------------

DO $$
DECLARE
    f record;
    view text;
BEGIN
    FOR f IN SELECT p.proname, obj_description(p.oid, 'pg_proc') AS about
        FROM pg_proc p WHERE p.pronamespace = 'reeve'::regnamespace
            AND p.proname LIKE 'fn\_rbac\_%'
    LOOP
        view := 'v_' || substr(f.proname, 4);
        EXECUTE format('CREATE VIEW reeve.%I WITH (security_barrier) AS'
            ' SELECT * FROM reeve.%I()', view, f.proname);
        EXECUTE format('COMMENT ON VIEW reeve.%I IS %L', view, f.about);
        EXECUTE format('REVOKE ALL ON reeve.%I FROM PUBLIC', view);
        EXECUTE format('GRANT SELECT ON reeve.%I TO reeve_reporting', view);
        EXECUTE format('REVOKE ALL ON FUNCTION reeve.%I() FROM PUBLIC',
            f.proname);
        -- A view calls its function with the rights of who reads it.
        EXECUTE format('GRANT EXECUTE ON FUNCTION reeve.%I()'
            ' TO reeve_reporting, reeve_auditor', f.proname);
    END LOOP;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.reader FROM PUBLIC;
GRANT USAGE ON SCHEMA reeve TO reeve_reporting;
GRANT EXECUTE ON FUNCTION reeve.permissions_of_login() TO reeve_reporting;
RESET ROLE;
