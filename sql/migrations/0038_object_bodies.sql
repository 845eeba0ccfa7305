-- The text in which an object stands in lists is kept beside it: making it
-- costs PostgreSQL twenty times what reading it does.  What is kept is only a
-- copy: where it may be old, lists make the text anew.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.object_body (
    object_type_id  integer NOT NULL,
    object_key      text COLLATE "C" NOT NULL,
    revision        bigint NOT NULL,
    body            json NOT NULL,
    PRIMARY KEY (object_type_id, object_key),
    FOREIGN KEY (object_type_id, object_key)
        REFERENCES reeve.secured_object ON DELETE CASCADE
);
CREATE INDEX object_body_of_revision ON reeve.object_body (revision);
COMMENT ON TABLE reeve.object_body IS
'The body of an object as lists show it.  Good while revision is not below the object''s and above that of object_body_names; else it is made anew.';

CREATE TABLE reeve.object_body_names (
    is_only         boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    changed_revision bigint NOT NULL
);
INSERT INTO reeve.object_body_names (changed_revision) VALUES (0);
COMMENT ON TABLE reeve.object_body_names IS
'The last revision that changed something which stands in the bodies of many objects: names of scopes, the site code, names of keys.';

CREATE FUNCTION reeve.body_of_application(o reeve.secured_object) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp
-- A session keeps the plans, which must be good for tables that have grown.
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN json_build_object(
            'CI_ID', reeve.as_integer(o.properties -> 'CI_ID'),
            'ModelName', o.object_key,
            'LocalizedDisplayName', o.name,
            'LocalizedDescription', reeve.as_text(o.properties
                -> 'LocalizedDescription'),
            'Manufacturer', reeve.as_text(o.properties -> 'Manufacturer'),
            'SoftwareVersion', reeve.as_text(o.properties -> 'SoftwareVersion'),
            'CIVersion', reeve.as_integer(o.properties -> 'CIVersion'),
            'IsDeployed', reeve.as_boolean(o.properties -> 'IsDeployed'),
            'IsEnabled', reeve.as_boolean(o.properties -> 'IsEnabled'),
            'IsExpired', reeve.as_boolean(o.properties -> 'IsExpired'),
            'IsLatest', reeve.as_boolean(o.properties -> 'IsLatest'),
            'NumberOfDeploymentTypes', reeve.as_integer(o.properties
                -> 'NumberOfDeploymentTypes'),
            'SecuredScopeNames', ARRAY(SELECT c.name FROM reeve.object_scope x
                JOIN reeve.security_scope c ON c.scope_id = x.scope_id
                WHERE x.object_type_id = o.object_type_id
                    AND x.object_key = o.object_key ORDER BY x.scope_id),
            'CreatedBy', reeve.as_text(o.properties -> 'CreatedBy'),
            'DateCreated', reeve.edm_time(reeve.as_time(o.properties
                -> 'DateCreated')),
            'LastModifiedBy', reeve.as_text(o.properties -> 'LastModifiedBy'),
            'DateLastModified', reeve.edm_time(reeve.as_time(o.properties
                -> 'DateLastModified')),
            'SourceSite', (SELECT st.site_code FROM reeve.site_setting st),
            'FolderID', o.folder_id,
            'Properties', o.properties - '{CI_ID,LocalizedDescription,Manufacturer,SoftwareVersion,CIVersion,IsDeployed,IsEnabled,IsExpired,IsLatest,NumberOfDeploymentTypes,CreatedBy,DateCreated,LastModifiedBy,DateLastModified}'::text[]);
END
$$;
COMMENT ON FUNCTION reeve.body_of_application(reeve.secured_object) IS
'An application as SMS_Application shows it.';

CREATE FUNCTION reeve.body_of_numbered(o reeve.secured_object) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp
-- A session keeps the plans, which must be good for tables that have grown.
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN json_build_object(
            'CI_ID', reeve.as_integer(o.properties -> 'CI_ID'),
            (SELECT t.key_property FROM reeve.object_type t
                WHERE t.object_type_id = o.object_type_id), o.object_key,
            'ObjectTypeID', o.object_type_id,
            'Name', o.name,
            'LocalizedDisplayName', o.name,
            'SecuredScopeNames', ARRAY(SELECT c.name FROM reeve.object_scope x
                JOIN reeve.security_scope c ON c.scope_id = x.scope_id
                WHERE x.object_type_id = o.object_type_id
                    AND x.object_key = o.object_key ORDER BY x.scope_id),
            'FolderID', o.folder_id,
            'CreatedBy', reeve.as_text(o.properties -> 'CreatedBy'),
            'DateCreated', reeve.edm_time(reeve.as_time(o.properties
                -> 'DateCreated')),
            'LastModifiedBy', reeve.as_text(o.properties -> 'LastModifiedBy'),
            'DateLastModified', reeve.edm_time(reeve.as_time(o.properties
                -> 'DateLastModified')),
            'SourceSite', (SELECT st.site_code FROM reeve.site_setting st),
            'Properties', o.properties - '{CI_ID,CreatedBy,DateCreated,LastModifiedBy,DateLastModified}'::text[]);
END
$$;
COMMENT ON FUNCTION reeve.body_of_numbered(reeve.secured_object) IS
'An object as the class of its type shows it, where URLs name it by a CI_ID.';

CREATE FUNCTION reeve.body_of_named(o reeve.secured_object) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp
-- A session keeps the plans, which must be good for tables that have grown.
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN json_build_object(
            coalesce((SELECT t.key_property FROM reeve.object_type t
                WHERE t.object_type_id = o.object_type_id AND t.is_shipped),
                'ObjectKey'), o.object_key,
            'ObjectTypeID', o.object_type_id,
            'Name', o.name,
            'SecuredScopeNames', ARRAY(SELECT c.name FROM reeve.object_scope x
                JOIN reeve.security_scope c ON c.scope_id = x.scope_id
                WHERE x.object_type_id = o.object_type_id
                    AND x.object_key = o.object_key ORDER BY x.scope_id),
            'FolderID', o.folder_id,
            'CreatedBy', reeve.as_text(o.properties -> 'CreatedBy'),
            'DateCreated', reeve.edm_time(reeve.as_time(o.properties
                -> 'DateCreated')),
            'LastModifiedBy', reeve.as_text(o.properties -> 'LastModifiedBy'),
            'DateLastModified', reeve.edm_time(reeve.as_time(o.properties
                -> 'DateLastModified')),
            'SourceSite', (SELECT st.site_code FROM reeve.site_setting st),
            'Properties', o.properties - '{CreatedBy,DateCreated,LastModifiedBy,DateLastModified}'::text[]);
END
$$;
COMMENT ON FUNCTION reeve.body_of_named(reeve.secured_object) IS
'An object as the class of its type shows it, where URLs name it by its key.';

CREATE FUNCTION reeve.made_body(o reeve.secured_object) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN CASE WHEN o.object_type_id = 31 THEN body_of_application(o)
        WHEN o.object_type_id IN (11, 32, 34, 1000004, 1000005)
            THEN body_of_numbered(o)
        ELSE body_of_named(o) END;
END
$$;
COMMENT ON FUNCTION reeve.made_body(reeve.secured_object) IS
'The body of an object, made now, as the class of its type shows it.';

CREATE FUNCTION reeve.body_of(object_type_id integer, object_key text)
RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (SELECT made_body(o) FROM secured_object o
        WHERE o.object_type_id = $1 AND o.object_key = $2);
END
$$;
COMMENT ON FUNCTION reeve.body_of(integer, text) IS
'made_body() of an object by its name: for lists, where what is kept is old.';

CREATE FUNCTION reeve.keep_bodies() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    held bigint := held_revision();
BEGIN
    -- Always in the same order, so that two never wait for each other.
    INSERT INTO object_body AS b (object_type_id, object_key, revision, body)
    SELECT o.object_type_id, o.object_key, held, made_body(o)
    FROM (SELECT DISTINCT t.object_type_id, t.object_key FROM touched t
        ORDER BY t.object_type_id, t.object_key) x
    JOIN secured_object o ON o.object_type_id = x.object_type_id
        AND o.object_key = x.object_key
    ON CONFLICT ON CONSTRAINT object_body_pkey
        DO UPDATE SET revision = excluded.revision, body = excluded.body;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.keep_bodies() IS
'Trigger: keeps the bodies of objects that were made or changed, or whose scopes were.';
CREATE TRIGGER g_keep_bodies AFTER INSERT ON reeve.secured_object
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.keep_bodies();
CREATE TRIGGER g_keep_bodies_changed AFTER UPDATE ON reeve.secured_object
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.keep_bodies();
CREATE TRIGGER g_keep_bodies AFTER INSERT ON reeve.object_scope
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.keep_bodies();
-- Its key is all that a row of object_scope has, and does not change.
CREATE TRIGGER g_keep_bodies_gone AFTER DELETE ON reeve.object_scope
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.keep_bodies();

CREATE FUNCTION reeve.outdate_bodies() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    UPDATE object_body_names SET changed_revision = held_revision();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.outdate_bodies() IS
'Trigger: what stands in the bodies of many objects has changed; store_upkeep() keeps them anew, bit by bit.';
CREATE TRIGGER g_outdate_bodies AFTER UPDATE OF name ON reeve.security_scope
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.outdate_bodies();
CREATE TRIGGER g_outdate_bodies AFTER UPDATE OF site_code
    ON reeve.site_setting
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.outdate_bodies();
CREATE TRIGGER g_outdate_bodies AFTER UPDATE OF key_property, is_shipped
    ON reeve.object_type
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.outdate_bodies();

-- The classes, as before but for where a body comes from -----------------------

CREATE OR REPLACE VIEW reeve.list_sms_application AS
SELECT (o.properties ->> 'CI_ID') COLLATE "C" AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    CASE WHEN b.revision >= o.changed_revision AND b.revision
            > (SELECT n.changed_revision FROM reeve.object_body_names n)
        THEN b.body ELSE reeve.body_of(o.object_type_id, o.object_key) END
        AS body,
    reeve.as_integer(o.properties -> 'CI_ID') AS ci_id,
    o.object_key::text AS modelname, o.name AS localizeddisplayname,
    reeve.as_text(o.properties -> 'LocalizedDescription')
        AS localizeddescription,
    reeve.as_text(o.properties -> 'Manufacturer') AS manufacturer,
    reeve.as_text(o.properties -> 'SoftwareVersion') AS softwareversion,
    reeve.as_integer(o.properties -> 'CIVersion') AS civersion,
    reeve.as_boolean(o.properties -> 'IsDeployed') AS isdeployed,
    reeve.as_boolean(o.properties -> 'IsEnabled') AS isenabled,
    reeve.as_boolean(o.properties -> 'IsExpired') AS isexpired,
    reeve.as_boolean(o.properties -> 'IsLatest') AS islatest,
    reeve.as_integer(o.properties -> 'NumberOfDeploymentTypes')
        AS numberofdeploymenttypes,
    ARRAY(SELECT c.name::text FROM reeve.object_scope x
        JOIN reeve.security_scope c ON c.scope_id = x.scope_id
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key) AS securedscopenames,
    reeve.as_text(o.properties -> 'CreatedBy') AS createdby,
    reeve.as_time(o.properties -> 'DateCreated') AS datecreated,
    reeve.as_text(o.properties -> 'LastModifiedBy') AS lastmodifiedby,
    reeve.as_time(o.properties -> 'DateLastModified') AS datelastmodified,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite,
    o.folder_id::text AS folderid
FROM reeve.secured_object o
LEFT JOIN reeve.object_body b ON b.object_type_id = o.object_type_id
    AND b.object_key = o.object_key
WHERE o.object_type_id = 31;

CREATE OR REPLACE VIEW reeve.list_secured_object AS
SELECT o.object_type_id AS object_type, o.object_key AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag, o.object_key AS object_key,
    CASE WHEN b.revision >= o.changed_revision AND b.revision
            > (SELECT n.changed_revision FROM reeve.object_body_names n)
        THEN b.body ELSE reeve.body_of(o.object_type_id, o.object_key) END
        AS body,
    o.object_key::text AS objectkey, o.object_type_id AS objecttypeid,
    o.name AS name,
    ARRAY(SELECT c.name::text FROM reeve.object_scope x
        JOIN reeve.security_scope c ON c.scope_id = x.scope_id
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key) AS securedscopenames,
    o.folder_id::text AS folderid,
    reeve.as_text(o.properties -> 'CreatedBy') AS createdby,
    reeve.as_time(o.properties -> 'DateCreated') AS datecreated,
    reeve.as_text(o.properties -> 'LastModifiedBy') AS lastmodifiedby,
    reeve.as_time(o.properties -> 'DateLastModified') AS datelastmodified,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite
FROM reeve.secured_object o
LEFT JOIN reeve.object_body b ON b.object_type_id = o.object_type_id
    AND b.object_key = o.object_key;

CREATE OR REPLACE VIEW reeve.list_numbered_object AS
SELECT o.object_type_id AS object_type,
    (o.properties ->> 'CI_ID') COLLATE "C" AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag, o.object_key AS object_key,
    CASE WHEN b.revision >= o.changed_revision AND b.revision
            > (SELECT n.changed_revision FROM reeve.object_body_names n)
        THEN b.body ELSE reeve.body_of(o.object_type_id, o.object_key) END
        AS body,
    reeve.as_integer(o.properties -> 'CI_ID') AS ci_id,
    o.object_key::text AS objectkey, o.object_type_id AS objecttypeid,
    o.name AS name,
    ARRAY(SELECT c.name::text FROM reeve.object_scope x
        JOIN reeve.security_scope c ON c.scope_id = x.scope_id
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key) AS securedscopenames,
    o.folder_id::text AS folderid,
    reeve.as_text(o.properties -> 'CreatedBy') AS createdby,
    reeve.as_time(o.properties -> 'DateCreated') AS datecreated,
    reeve.as_text(o.properties -> 'LastModifiedBy') AS lastmodifiedby,
    reeve.as_time(o.properties -> 'DateLastModified') AS datelastmodified,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite
FROM reeve.secured_object o
LEFT JOIN reeve.object_body b ON b.object_type_id = o.object_type_id
    AND b.object_key = o.object_key
WHERE o.object_type_id IN (11, 31, 32, 34, 1000004, 1000005);
COMMENT ON VIEW reeve.list_numbered_object IS
'Objects of the types that URLs name by a CI_ID; a class shows those of one object_type, applications another view.';

INSERT INTO reeve.object_body (object_type_id, object_key, revision, body)
SELECT o.object_type_id, o.object_key, greatest(o.changed_revision, 1),
    reeve.made_body(o)
FROM reeve.secured_object o;

-- What a provider does for the store by and by -----------------------------------

CREATE INDEX idempotency_key_of_day ON reeve.idempotency_key (created_at);

CREATE FUNCTION reeve.refresh_bodies(most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    names bigint := (SELECT n.changed_revision FROM object_body_names n);
    done integer;
BEGIN
    -- A writer's own body is of a later revision, and stays.
    WITH old AS (
        SELECT b.object_type_id, b.object_key FROM object_body b
        WHERE b.revision <= names ORDER BY b.revision LIMIT most
        FOR UPDATE SKIP LOCKED)
    UPDATE object_body b SET body = made_body(o),
        revision = greatest(o.changed_revision, names + 1)
    FROM old, secured_object o
    WHERE b.object_type_id = old.object_type_id
        AND b.object_key = old.object_key
        AND o.object_type_id = old.object_type_id
        AND o.object_key = old.object_key;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END
$$;
COMMENT ON FUNCTION reeve.refresh_bodies(integer) IS
'Makes bodies anew in which an old name may stand, the oldest first; how many.';

CREATE FUNCTION reeve.store_upkeep(most integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    of_bodies integer;
    of_keys integer;
BEGIN
    of_bodies := refresh_bodies(most);
    DELETE FROM idempotency_key k USING (
        SELECT x.actor, x.key FROM idempotency_key x
        WHERE x.created_at < clock_timestamp() - interval '7 days'
        ORDER BY x.created_at LIMIT most FOR UPDATE SKIP LOCKED) x
    WHERE k.actor = x.actor AND k.key = x.key;
    GET DIAGNOSTICS of_keys = ROW_COUNT;
    RETURN of_bodies = most OR of_keys = most;
END
$$;
COMMENT ON FUNCTION reeve.store_upkeep(integer) IS
'Keeps old bodies anew and forgets idempotency keys after seven days, no more than so many of each; true when there is more to do.';

REVOKE ALL ON TABLE reeve.object_body, reeve.object_body_names FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.object_body, reeve.object_body_names TO reeve_auditor;
GRANT EXECUTE ON FUNCTION reeve.body_of(integer, text)
    TO reeve_runtime, reeve_auditor;
GRANT EXECUTE ON FUNCTION reeve.store_upkeep(integer) TO reeve_runtime;
RESET ROLE;
