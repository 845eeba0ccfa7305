-- What is administered: secured objects with their scopes, and the resources
-- (devices, users, groups) with their collections.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.secured_object (
    object_type_id  integer NOT NULL REFERENCES reeve.object_type,
    object_key      text COLLATE "C" NOT NULL
                    CHECK (length(object_key) BETWEEN 1 AND 512),
    name            text NOT NULL CHECK (length(name) <= 512),
    folder_type_id  integer NOT NULL DEFAULT 226 CHECK (folder_type_id = 226),
    folder_id       text COLLATE "C",
    properties      jsonb NOT NULL DEFAULT '{}'
                    CHECK (jsonb_typeof(properties) = 'object'),
    changed_revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (object_type_id, object_key),
    FOREIGN KEY (folder_type_id, folder_id) REFERENCES reeve.secured_object,
    CONSTRAINT held_elsewhere CHECK (object_type_id NOT IN (1, 27, 28, 29))
);
CREATE INDEX secured_object_in_folder ON reeve.secured_object (folder_id)
    WHERE folder_id IS NOT NULL;
COMMENT ON TABLE reeve.secured_object IS
'Instances of every type but collections, roles, administrative users and scopes, which have tables of their own.';
COMMENT ON COLUMN reeve.secured_object.folder_id IS
'Folder (an object of type 226) that the object lies in; NULL: the root.  It gives no right.';
COMMENT ON COLUMN reeve.secured_object.changed_revision IS
'Revision of the last change of the object or of its scopes: its ETag.';

CREATE TABLE reeve.object_scope (
    object_type_id  integer NOT NULL,
    object_key      text COLLATE "C" NOT NULL,
    scope_id        text COLLATE "C" NOT NULL REFERENCES reeve.security_scope,
    PRIMARY KEY (object_type_id, object_key, scope_id),
    FOREIGN KEY (object_type_id, object_key)
        REFERENCES reeve.secured_object ON DELETE CASCADE,
    CONSTRAINT all_is_no_scope_of_an_object CHECK (scope_id <> 'SMS00ALL')
);
CREATE INDEX object_of_scope ON reeve.object_scope (scope_id);
COMMENT ON TABLE reeve.object_scope IS
'Scopes of an object: at least one for each object of a type secured by scope, none for others.';

CREATE TABLE reeve.resource (
    resource_id     bigint PRIMARY KEY
                    CHECK (resource_id BETWEEN 1 AND 4294967295),
    resource_type   smallint NOT NULL CHECK (resource_type IN (3, 4, 5)),
    kind            text NOT NULL GENERATED ALWAYS AS
                    (CASE resource_type WHEN 5 THEN 'device' ELSE 'user' END)
                    STORED,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
    properties      jsonb NOT NULL DEFAULT '{}'
                    CHECK (jsonb_typeof(properties) = 'object'),
    changed_revision bigint NOT NULL DEFAULT 0,
    UNIQUE (resource_id, kind)
);
CREATE INDEX resource_of_type ON reeve.resource (resource_type, resource_id);
COMMENT ON TABLE reeve.resource IS
'Devices (type 5), users (4) and user groups (3).';

CREATE TABLE reeve.collection_member (
    collection_id   text COLLATE "C" NOT NULL,
    resource_id     bigint NOT NULL,
    kind            text NOT NULL,
    PRIMARY KEY (collection_id, resource_id),
    FOREIGN KEY (collection_id, kind)
        REFERENCES reeve.collection (collection_id, kind) ON DELETE CASCADE,
    FOREIGN KEY (resource_id, kind)
        REFERENCES reeve.resource (resource_id, kind) ON DELETE CASCADE,
    CONSTRAINT roots_have_members_by_definition
        CHECK (collection_id NOT IN ('SMS00001', 'SMS00004'))
);
CREATE INDEX member_of_collections
    ON reeve.collection_member (resource_id, collection_id);
COMMENT ON TABLE reeve.collection_member IS
'The stored membership.  SMS00001 has every device and SMS00004 every user and group by definition: never stored.';

ALTER TABLE reeve.collection_rule
    ADD FOREIGN KEY (resource_id, kind)
        REFERENCES reeve.resource (resource_id, kind);

CREATE FUNCTION reeve.stamp_revision() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    NEW.changed_revision := held_revision();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION reeve.stamp_revision() IS
'Trigger: notes the revision of a change in the row.';
CREATE TRIGGER c_stamp BEFORE INSERT OR UPDATE ON reeve.secured_object
    FOR EACH ROW EXECUTE FUNCTION reeve.stamp_revision();
CREATE TRIGGER c_stamp BEFORE INSERT OR UPDATE ON reeve.resource
    FOR EACH ROW EXECUTE FUNCTION reeve.stamp_revision();

CREATE FUNCTION reeve.is_scoped(object_type_id integer, object_key text)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN EXISTS (SELECT FROM reeve.object_type t
        WHERE t.object_type_id = $1 AND t.secured_by = 'scope')
    AND NOT EXISTS (SELECT FROM reeve.default_instance d
        WHERE d.object_type_id = $1 AND d.object_key = $2);
COMMENT ON FUNCTION reeve.is_scoped(integer, text) IS
'Whether an object carries scopes: its type is secured by scope and it is not the default instance.';

CREATE FUNCTION reeve.guard_object_scope() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT is_scoped(NEW.object_type_id, NEW.object_key) THEN
        RAISE EXCEPTION 'object % of type % is not secured by scope',
            NEW.object_key, NEW.object_type_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION reeve.guard_object_scope() IS
'Trigger: only objects secured by scope carry scopes.';
CREATE TRIGGER d_only_scoped BEFORE INSERT OR UPDATE ON reeve.object_scope
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_object_scope();

CREATE FUNCTION reeve.guard_last_scope() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    o record;
BEGIN
    IF TG_OP = 'DELETE' THEN o := OLD; ELSE o := NEW; END IF;
    IF is_scoped(o.object_type_id, o.object_key)
        AND EXISTS (SELECT FROM secured_object s
            WHERE s.object_type_id = o.object_type_id
                AND s.object_key = o.object_key)
        AND NOT EXISTS (SELECT FROM object_scope s
            WHERE s.object_type_id = o.object_type_id
                AND s.object_key = o.object_key) THEN
        RAISE EXCEPTION 'object % of type % would be in no scope',
            o.object_key, o.object_type_id
            USING ERRCODE = 'check_violation',
            HINT = 'An object keeps at least one security scope.';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_last_scope() IS
'Constraint trigger at commit: an object secured by scope is in at least one.';
CREATE CONSTRAINT TRIGGER e_has_scope AFTER INSERT ON reeve.secured_object
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_last_scope();
CREATE CONSTRAINT TRIGGER e_has_scope AFTER DELETE ON reeve.object_scope
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_last_scope();

CREATE FUNCTION reeve.guard_limiting() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    outside record;
BEGIN
    SELECT x.collection_id, x.resource_id, c.limiting_id INTO outside
    FROM new_rows x
    JOIN collection c ON c.collection_id = x.collection_id
    WHERE c.limiting_id NOT IN ('SMS00001', 'SMS00004')
        AND NOT EXISTS (SELECT FROM collection_member m
            WHERE m.collection_id = c.limiting_id
                AND m.resource_id = x.resource_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'resource % is no member of %, which limits %',
            outside.resource_id, outside.limiting_id, outside.collection_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_limiting() IS
'Trigger: a new member of a collection is a member of its limiting collection.';
CREATE TRIGGER d_within_limiting AFTER INSERT ON reeve.collection_member
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.guard_limiting();

CREATE FUNCTION reeve.guard_limiting_loss() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    m record;
BEGIN
    SELECT c.collection_id, x.resource_id INTO m
    FROM (SELECT OLD.collection_id, OLD.resource_id) x
    JOIN collection c ON c.limiting_id = x.collection_id
    JOIN collection_member k ON k.collection_id = c.collection_id
        AND k.resource_id = x.resource_id
    WHERE NOT EXISTS (SELECT FROM collection_member s
        WHERE s.collection_id = x.collection_id
            AND s.resource_id = x.resource_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'resource % is still a member of %, limited to %',
            m.resource_id, m.collection_id, OLD.collection_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_limiting_loss() IS
'Constraint trigger at commit: who leaves a collection has left those limited to it.';
CREATE CONSTRAINT TRIGGER e_within_limiting
    AFTER DELETE ON reeve.collection_member
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_limiting_loss();

CREATE FUNCTION reeve.guard_new_limiting() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM collection c
        JOIN collection_member m ON m.collection_id = c.collection_id
        WHERE c.collection_id = NEW.collection_id
            AND c.limiting_id NOT IN ('SMS00001', 'SMS00004')
            AND NOT EXISTS (SELECT FROM collection_member l
                WHERE l.collection_id = c.limiting_id
                    AND l.resource_id = m.resource_id)) THEN
        RAISE EXCEPTION 'collection % has members outside of its new limit',
            NEW.collection_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_new_limiting() IS
'Constraint trigger at commit: members lie within a changed limiting collection.';
CREATE CONSTRAINT TRIGGER e_within_limiting
    AFTER UPDATE OF limiting_id ON reeve.collection
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_new_limiting();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['secured_object', 'object_scope', 'resource',
        'collection_member']
    LOOP
        PERFORM reeve.feed_changes_of(('reeve.' || t)::regclass);
    END LOOP;
    PERFORM reeve.never_reuse_ids_of('reeve.resource', 'resource_id');
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
