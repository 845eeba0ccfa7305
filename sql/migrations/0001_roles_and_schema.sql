-- The database roles, the schema, and the record of migrations.
--
-- Every migration runs in one transaction as a superuser, or as an owner of
-- the database that may create roles.  Each begins with SET LOCAL ROLE
-- reeve_owner, so that all objects belong to that role, and ends with RESET
-- ROLE.  No file contains BEGIN, COMMIT or a psql command.

DO $$
DECLARE
    wanted text;
BEGIN
    -- Roles belong to the cluster: another site in it may have made them.
    FOREACH wanted IN ARRAY
        ARRAY['reeve_owner', 'reeve_runtime', 'reeve_auditor']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB'
                           ' NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'reeve_owner'
               AND (rolcanlogin OR rolsuper)) THEN
        RAISE EXCEPTION 'role reeve_owner may not log in nor be a superuser'
            USING HINT = 'ALTER ROLE reeve_owner NOLOGIN NOSUPERUSER;';
    END IF;
    -- Who is no superuser must be a member to create in the owner's name.
    IF NOT pg_has_role(current_user, 'reeve_owner', 'MEMBER') THEN
        EXECUTE format('GRANT reeve_owner TO %I', current_user);
    END IF;
END
$$;

COMMENT ON ROLE reeve_owner IS
'Owns everything in schema reeve; nobody logs in as it.';
COMMENT ON ROLE reeve_runtime IS
'Group of the providers'' logins: reads the feed and list views, writes only by calling functions.';
COMMENT ON ROLE reeve_auditor IS
'Group of read-only logins: reads every table and view of the site, writes nothing.';

CREATE SCHEMA IF NOT EXISTS reeve;
ALTER SCHEMA reeve OWNER TO reeve_owner;
COMMENT ON SCHEMA reeve IS
'Role-based administration: catalogue, policy, objects, resources, the decision rule, the write path, the change feed and the admin audit.';
REVOKE ALL ON SCHEMA reeve FROM PUBLIC;
GRANT USAGE ON SCHEMA reeve TO reeve_runtime, reeve_auditor;

-- reeved --migrate creates this table first, to record this file in it.
CREATE TABLE IF NOT EXISTS reeve.schema_migration (
    version     integer PRIMARY KEY CHECK (version > 0),
    name        text NOT NULL,
    sha256      text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE reeve.schema_migration OWNER TO reeve_owner;
COMMENT ON TABLE reeve.schema_migration IS
'One row for each migration that was applied; a file that was applied never changes.';
REVOKE ALL ON reeve.schema_migration FROM PUBLIC;
GRANT SELECT ON reeve.schema_migration TO reeve_runtime, reeve_auditor;

SET LOCAL ROLE reeve_owner;

-- Nobody may call a new function unless a GRANT says so.
ALTER DEFAULT PRIVILEGES FOR ROLE reeve_owner
    REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE reeve_owner IN SCHEMA reeve
    GRANT SELECT ON TABLES TO reeve_auditor;

CREATE FUNCTION reeve.schema_version() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp
RETURN (SELECT coalesce(max(version), 0) FROM reeve.schema_migration);
COMMENT ON FUNCTION reeve.schema_version() IS
'The number of the last migration that was applied; a provider refuses a schema outside its range.';
REVOKE ALL ON FUNCTION reeve.schema_version() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.schema_version()
    TO reeve_runtime, reeve_auditor;

RESET ROLE;
