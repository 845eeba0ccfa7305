-- The policy: settings of the site, roles, scopes, collections,
-- administrative users and their assignments.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.site_setting (
    singleton       boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    site_code       text COLLATE "C" NOT NULL DEFAULT 'RVE'
                    CHECK (site_code ~ '^[A-Z0-9]{3}$'),
    site_name       text NOT NULL DEFAULT 'Reeve'
                    CHECK (length(site_name) BETWEEN 1 AND 256),
    minimum_level   smallint NOT NULL DEFAULT 1
                    CHECK (minimum_level BETWEEN 1 AND 3),
    -- No provider honours one yet: until one does, none can be set.
    max_auth_age_s  integer CHECK (max_auth_age_s IS NULL),
    deploy_pairing  text NOT NULL DEFAULT 'assignment'
                    CHECK (deploy_pairing IN ('assignment', 'user'))
);
COMMENT ON TABLE reeve.site_setting IS
'One row: the settings of the site that decisions read.';
COMMENT ON COLUMN reeve.site_setting.minimum_level IS
'Level that every request needs: 1 windows, 2 certificate, 3 hello.';
COMMENT ON COLUMN reeve.site_setting.max_auth_age_s IS
'Greatest age of an authentication in seconds; NULL: no limit.';
COMMENT ON COLUMN reeve.site_setting.deploy_pairing IS
'assignment: both halves of a two-object operation come from one assignment; user: from any of the user.';

CREATE TABLE reeve.security_role (
    role_id         text COLLATE "C" PRIMARY KEY
                    CHECK (role_id ~ '^[A-Z0-9]{8}$'),
    name            text COLLATE "C" NOT NULL UNIQUE
                    CHECK (length(name) BETWEEN 1 AND 256),
    description     text NOT NULL DEFAULT ''
                    CHECK (length(description) <= 512),
    copied_from_id  text COLLATE "C",
    is_built_in     boolean NOT NULL DEFAULT false,
    provenance      text,
    created_by      text NOT NULL DEFAULT 'reeve',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    modified_by     text NOT NULL DEFAULT 'reeve',
    modified_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE reeve.security_role IS
'Security roles: named sets of operations.';
COMMENT ON COLUMN reeve.security_role.copied_from_id IS
'Role that this one was copied from; it may be gone since.';

CREATE TABLE reeve.role_operation (
    role_id         text COLLATE "C" NOT NULL
                    REFERENCES reeve.security_role ON DELETE CASCADE,
    object_type_id  integer NOT NULL,
    bit             smallint NOT NULL,
    PRIMARY KEY (role_id, object_type_id, bit),
    FOREIGN KEY (object_type_id, bit) REFERENCES reeve.operation
);
CREATE INDEX role_operation_of_type
    ON reeve.role_operation (object_type_id, bit);
COMMENT ON TABLE reeve.role_operation IS
'What a role allows: one row for each operation.  A bit that names no operation cannot be here.';

CREATE TABLE reeve.role_unknown_bits (
    role_id         text COLLATE "C" NOT NULL
                    REFERENCES reeve.security_role ON DELETE CASCADE,
    object_type_id  integer NOT NULL CHECK (object_type_id > 0),
    bits            bigint NOT NULL CHECK (bits BETWEEN 1 AND 4294967295),
    PRIMARY KEY (role_id, object_type_id)
);
COMMENT ON TABLE reeve.role_unknown_bits IS
'Low bits of an imported role that name no operation: kept for the export, they grant nothing.';

CREATE TABLE reeve.role_minimum (
    role_id         text COLLATE "C" PRIMARY KEY
                    REFERENCES reeve.security_role ON DELETE CASCADE,
    level           smallint NOT NULL CHECK (level BETWEEN 1 AND 3)
);
COMMENT ON TABLE reeve.role_minimum IS
'Level that a role needs to count; a setting of the site, not part of the role.';

CREATE TABLE reeve.operation_minimum (
    object_type_id  integer NOT NULL,
    bit             smallint NOT NULL,
    level           smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
    PRIMARY KEY (object_type_id, bit),
    FOREIGN KEY (object_type_id, bit) REFERENCES reeve.operation
);
COMMENT ON TABLE reeve.operation_minimum IS
'Level that an operation needs, whatever role gives it.';

CREATE TABLE reeve.exclusion_list (
    principal_id    text COLLATE "C" PRIMARY KEY
                    CHECK (principal_id ~ '^(krb5|group|cert|oidc):.+$')
);
COMMENT ON TABLE reeve.exclusion_list IS
'Users and groups exempt from the minimum level of the site; never below windows.';

CREATE TABLE reeve.security_scope (
    scope_id        text COLLATE "C" PRIMARY KEY
                    CHECK (scope_id ~ '^[A-Z0-9]{8}$'),
    name            text COLLATE "C" NOT NULL UNIQUE
                    CHECK (length(name) BETWEEN 1 AND 256),
    description     text NOT NULL DEFAULT ''
                    CHECK (length(description) <= 512),
    is_built_in     boolean NOT NULL DEFAULT false,
    created_by      text NOT NULL DEFAULT 'reeve',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    modified_by     text NOT NULL DEFAULT 'reeve',
    modified_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE reeve.security_scope IS
'Security scopes: flat, named sets of objects.  SMS00ALL stands for all and is never on an object.';

CREATE TABLE reeve.collection (
    collection_id   text COLLATE "C" PRIMARY KEY
                    CHECK (collection_id ~ '^[A-Z0-9]{8}$'),
    kind            text NOT NULL CHECK (kind IN ('device', 'user')),
    limiting_id     text COLLATE "C",
    name            text COLLATE "C" NOT NULL UNIQUE
                    CHECK (length(name) BETWEEN 1 AND 255),
    comment         text NOT NULL DEFAULT '' CHECK (length(comment) <= 512),
    is_built_in     boolean NOT NULL DEFAULT false,
    created_by      text NOT NULL DEFAULT 'reeve',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    modified_by     text NOT NULL DEFAULT 'reeve',
    modified_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (collection_id, kind),
    FOREIGN KEY (limiting_id, kind)
        REFERENCES reeve.collection (collection_id, kind),
    CONSTRAINT only_roots_are_unlimited CHECK
        ((limiting_id IS NULL) = (collection_id IN ('SMS00001', 'SMS00004'))),
    CONSTRAINT roots_have_their_kind CHECK (CASE collection_id
        WHEN 'SMS00001' THEN kind = 'device'
        WHEN 'SMS00004' THEN kind = 'user' ELSE true END)
);
CREATE INDEX collection_by_limiting ON reeve.collection (limiting_id);
COMMENT ON TABLE reeve.collection IS
'Collections of devices or of users and groups: a tree under All Systems (SMS00001) and one under All Users and User Groups (SMS00004).';

CREATE TABLE reeve.collection_rule (
    collection_id   text COLLATE "C" NOT NULL,
    kind            text NOT NULL,
    ordinal         integer NOT NULL CHECK (ordinal > 0),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
    rule            text NOT NULL CHECK (rule IN
                    ('direct', 'query', 'include', 'exclude')),
    resource_id     bigint,
    query           text,
    other_id        text COLLATE "C",
    PRIMARY KEY (collection_id, ordinal),
    FOREIGN KEY (collection_id, kind)
        REFERENCES reeve.collection (collection_id, kind) ON DELETE CASCADE,
    FOREIGN KEY (other_id, kind)
        REFERENCES reeve.collection (collection_id, kind),
    CHECK ((resource_id IS NOT NULL) = (rule = 'direct')),
    CHECK ((query IS NOT NULL) = (rule = 'query')),
    CHECK ((other_id IS NOT NULL) = (rule IN ('include', 'exclude'))),
    CHECK (other_id <> collection_id),
    CONSTRAINT roots_have_no_rules
        CHECK (collection_id NOT IN ('SMS00001', 'SMS00004'))
);
CREATE INDEX collection_rule_other ON reeve.collection_rule (other_id);
CREATE INDEX collection_rule_resource ON reeve.collection_rule (resource_id);
COMMENT ON TABLE reeve.collection_rule IS
'Membership rules.  The stored membership is the truth; these say how it comes about.';

CREATE TABLE reeve.administrative_user (
    admin_id        bigint PRIMARY KEY
                    CHECK (admin_id BETWEEN 1 AND 4294967295),
    principal_id    text COLLATE "C" NOT NULL UNIQUE
                    CHECK (principal_id ~ '^(krb5|group|cert|oidc):.+$'),
    account_id      text COLLATE "C" UNIQUE
                    CHECK (account_id = lower(account_id)
                        AND length(account_id) > 0),
    logon_name      text NOT NULL,
    display_name    text NOT NULL DEFAULT '',
    distinguished_name text NOT NULL DEFAULT '',
    is_group        boolean NOT NULL,
    is_deleted      boolean NOT NULL DEFAULT false,
    is_orphaned     boolean NOT NULL DEFAULT false,
    created_by      text NOT NULL DEFAULT 'reeve',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    modified_by     text NOT NULL DEFAULT 'reeve',
    modified_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (is_group = (principal_id LIKE 'group:%')),
    CHECK (NOT is_group OR account_id IS NULL
        OR principal_id = 'group:' || account_id)
);
COMMENT ON TABLE reeve.administrative_user IS
'Administrative users: users and groups of the directory that hold assignments.';
COMMENT ON COLUMN reeve.administrative_user.principal_id IS
'krb5:alice@LAB.TEST for a user, group:<entryUUID> for a group.';
COMMENT ON COLUMN reeve.administrative_user.account_id IS
'Immutable id of the account in the directory; NULL until it is known.';
COMMENT ON COLUMN reeve.administrative_user.is_orphaned IS
'The directory answers with another account of that name: gives nothing any more.';

CREATE SEQUENCE reeve.admin_id_seq MINVALUE 16777217 MAXVALUE 4294967295;
COMMENT ON SEQUENCE reeve.admin_id_seq IS
'AdminIDs: the number of the site in the high byte, as in Configuration Manager.';
CREATE SEQUENCE reeve.assignment_id_seq;
COMMENT ON SEQUENCE reeve.assignment_id_seq IS 'AssignmentIDs.';
ALTER TABLE reeve.administrative_user
    ALTER admin_id SET DEFAULT nextval('reeve.admin_id_seq');

CREATE TABLE reeve.assignment (
    assignment_id   bigint PRIMARY KEY
                    DEFAULT nextval('reeve.assignment_id_seq')
                    CHECK (assignment_id > 0),
    admin_id        bigint NOT NULL
                    REFERENCES reeve.administrative_user ON DELETE CASCADE,
    role_id         text COLLATE "C" NOT NULL REFERENCES reeve.security_role,
    valid_from      timestamptz
                    CHECK (valid_from = date_trunc('milliseconds', valid_from)
                        AND isfinite(valid_from)),
    valid_until     timestamptz
                    CHECK (valid_until = date_trunc('milliseconds', valid_until)
                        AND isfinite(valid_until)),
    CONSTRAINT ends_after_it_begins CHECK (valid_from < valid_until)
);
CREATE INDEX assignment_of_admin ON reeve.assignment (admin_id);
CREATE INDEX assignment_of_role ON reeve.assignment (role_id);
COMMENT ON TABLE reeve.assignment IS
'An administrative user has a role, in the scopes and collections of the two tables beside this one.';
COMMENT ON COLUMN reeve.assignment.valid_from IS
'First instant at which it counts, to the millisecond; NULL: always.';
COMMENT ON COLUMN reeve.assignment.valid_until IS
'First instant at which it counts no more; NULL: without end.';

CREATE TABLE reeve.assignment_scope (
    assignment_id   bigint NOT NULL
                    REFERENCES reeve.assignment ON DELETE CASCADE,
    scope_id        text COLLATE "C" NOT NULL REFERENCES reeve.security_scope,
    PRIMARY KEY (assignment_id, scope_id)
);
CREATE INDEX assignment_of_scope ON reeve.assignment_scope (scope_id);
COMMENT ON TABLE reeve.assignment_scope IS
'Scopes of an assignment (categories of type 29).';

CREATE TABLE reeve.assignment_collection (
    assignment_id   bigint NOT NULL
                    REFERENCES reeve.assignment ON DELETE CASCADE,
    collection_id   text COLLATE "C" NOT NULL REFERENCES reeve.collection,
    PRIMARY KEY (assignment_id, collection_id)
);
CREATE INDEX assignment_of_collection
    ON reeve.assignment_collection (collection_id);
COMMENT ON TABLE reeve.assignment_collection IS
'Collections of an assignment (categories of type 1).';

CREATE TABLE reeve.reporting_login (
    login           name PRIMARY KEY,
    admin_id        bigint NOT NULL
                    REFERENCES reeve.administrative_user ON DELETE CASCADE
);
COMMENT ON TABLE reeve.reporting_login IS
'Binds a database login to an administrative user: what reports of that login show.';

-- Guards --------------------------------------------------------------------

CREATE FUNCTION reeve.guard_built_in() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    IF ((was ->> 'is_built_in')::boolean OR (becomes ->> 'is_built_in')::boolean)
        AND NOT is_migrating() THEN
        RAISE EXCEPTION 'what is built in is not changed: % %',
            TG_TABLE_NAME, coalesce(was, becomes) ->> TG_ARGV[0]
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION reeve.guard_built_in() IS
'Trigger: built-in roles, scopes and collections change by migrations only.';

CREATE FUNCTION reeve.guard_built_in_role_bits() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    changed text := coalesce(OLD.role_id, NEW.role_id);
BEGIN
    IF EXISTS (SELECT FROM security_role r
               WHERE r.role_id = changed AND r.is_built_in)
        AND NOT is_migrating() THEN
        RAISE EXCEPTION 'what is built in is not changed: operations of role %',
            changed USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION reeve.guard_built_in_role_bits() IS
'Trigger: the operations of built-in roles change by migrations only.';

CREATE FUNCTION reeve.guard_built_in_rules() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    changed text := coalesce(OLD.collection_id, NEW.collection_id);
BEGIN
    IF EXISTS (SELECT FROM collection c
               WHERE c.collection_id = changed AND c.is_built_in)
        AND NOT is_migrating() THEN
        RAISE EXCEPTION 'what is built in is not changed: rules of collection %',
            changed USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION reeve.guard_built_in_rules() IS
'Trigger: the rules of built-in collections change by migrations only.';

CREATE TRIGGER c_guard_built_in BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.security_role FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_built_in('role_id');
CREATE TRIGGER c_guard_built_in BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.security_scope FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_built_in('scope_id');
CREATE TRIGGER c_guard_built_in BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.collection FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_built_in('collection_id');
CREATE TRIGGER c_guard_built_in BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.role_operation FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_built_in_role_bits();
CREATE TRIGGER c_guard_built_in BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.role_unknown_bits FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_built_in_role_bits();
CREATE TRIGGER c_guard_built_in BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.collection_rule FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_built_in_rules();

CREATE FUNCTION reeve.links_of(collection_id text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT c.limiting_id FROM collection c
        WHERE c.collection_id = $1 AND c.limiting_id IS NOT NULL
    UNION ALL
    SELECT r.other_id FROM collection_rule r
        WHERE r.collection_id = $1 AND r.other_id IS NOT NULL
$$;
COMMENT ON FUNCTION reeve.links_of(text) IS
'The collections that a collection names: its limit, and those that it includes or excludes.';

CREATE FUNCTION reeve.depends_on(collection_id text, other text)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH RECURSIVE reached (id) AS (
        SELECT t.target FROM links_of($1) AS t (target)
        UNION
        SELECT t.target FROM reached x, links_of(x.id) AS t (target)
    )
    SELECT EXISTS (SELECT FROM reached WHERE id = $2)
$$;
COMMENT ON FUNCTION reeve.depends_on(text, text) IS
'Whether the members of a collection depend on another through limiting, include or exclude links, however long the chain.';

CREATE FUNCTION reeve.guard_collection_cycle() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF depends_on(NEW.collection_id, NEW.collection_id) THEN
        RAISE EXCEPTION 'collection % would depend on itself',
            NEW.collection_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_collection_cycle() IS
'Trigger: limiting, include and exclude links form no circle.';
-- A new collection is nobody's limit yet, so an INSERT can only close a
-- circle with itself or within one statement; both are looked for.
CREATE TRIGGER d_no_cycle AFTER INSERT ON reeve.collection
    FOR EACH ROW WHEN (NEW.limiting_id IS NOT NULL)
    EXECUTE FUNCTION reeve.guard_collection_cycle();
CREATE TRIGGER d_no_cycle_update AFTER UPDATE OF limiting_id
    ON reeve.collection FOR EACH ROW
    WHEN (OLD.limiting_id IS DISTINCT FROM NEW.limiting_id)
    EXECUTE FUNCTION reeve.guard_collection_cycle();
CREATE TRIGGER d_no_cycle AFTER INSERT OR UPDATE ON reeve.collection_rule
    FOR EACH ROW WHEN (NEW.other_id IS NOT NULL)
    EXECUTE FUNCTION reeve.guard_collection_cycle();

CREATE FUNCTION reeve.guard_collection_kind() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'collection % stays one of %s',
        OLD.collection_id, OLD.kind USING ERRCODE = 'check_violation';
END
$$;
COMMENT ON FUNCTION reeve.guard_collection_kind() IS
'Trigger: a collection of devices does not become one of users.';
CREATE TRIGGER d_keep_kind BEFORE UPDATE OF kind ON reeve.collection
    FOR EACH ROW WHEN (OLD.kind <> NEW.kind)
    EXECUTE FUNCTION reeve.guard_collection_kind();

CREATE FUNCTION reeve.guard_assignment_has_category() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    a bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.assignment_id
        ELSE NEW.assignment_id END;
BEGIN
    IF EXISTS (SELECT FROM assignment WHERE assignment_id = a)
        AND NOT EXISTS (SELECT FROM assignment_scope WHERE assignment_id = a)
        AND NOT EXISTS (SELECT FROM assignment_collection
            WHERE assignment_id = a) THEN
        RAISE EXCEPTION 'assignment % names no scope and no collection', a
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_assignment_has_category() IS
'Constraint trigger at commit: an assignment names at least one scope or collection.';
CREATE CONSTRAINT TRIGGER e_has_category AFTER INSERT ON reeve.assignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_assignment_has_category();
CREATE CONSTRAINT TRIGGER e_has_category AFTER DELETE ON reeve.assignment_scope
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_assignment_has_category();
CREATE CONSTRAINT TRIGGER e_has_category
    AFTER DELETE ON reeve.assignment_collection
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_assignment_has_category();

-- The last full administrator -----------------------------------------------

CREATE VIEW reeve.full_administrator AS
SELECT u.admin_id, u.principal_id
FROM reeve.administrative_user u
WHERE NOT u.is_group AND NOT u.is_deleted AND NOT u.is_orphaned
    AND NOT EXISTS (
        SELECT FROM (VALUES (29, 'SMS00ALL'), (1, 'SMS00001'), (1, 'SMS00004'))
            AS needed (category_type_id, category_id)
        WHERE NOT EXISTS (
            SELECT FROM reeve.assignment a
            WHERE a.admin_id = u.admin_id AND a.role_id = 'SMS0001R'
                AND a.valid_until IS NULL
                AND (a.valid_from IS NULL
                    OR a.valid_from <= clock_timestamp())
                AND CASE needed.category_type_id
                    WHEN 29 THEN EXISTS (
                        SELECT FROM reeve.assignment_scope s
                        WHERE s.assignment_id = a.assignment_id
                            AND s.scope_id = needed.category_id)
                    ELSE EXISTS (
                        SELECT FROM reeve.assignment_collection c
                        WHERE c.assignment_id = a.assignment_id
                            AND c.collection_id = needed.category_id)
                    END));
COMMENT ON VIEW reeve.full_administrator IS
'Users, neither deleted nor orphaned, that hold Full Administrator on SMS00ALL, SMS00001 and SMS00004 without end.';

CREATE FUNCTION reeve.full_admin_exists() RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN EXISTS (SELECT FROM reeve.full_administrator);
COMMENT ON FUNCTION reeve.full_admin_exists() IS
'Whether the site has a full administrator in the sense of the view.';

CREATE FUNCTION reeve.guard_last_full_admin() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM site_revision
               WHERE holder = pg_current_xact_id_if_assigned()
                   AND had_full_admin AND NOT orphaning)
        AND NOT full_admin_exists() THEN
        RAISE EXCEPTION 'the last full administrator cannot be taken away'
            USING ERRCODE = 'RV409',
            DETAIL = '{"reason":"last_full_administrator"}';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_last_full_admin() IS
'Constraint trigger at commit: no write leaves the site without a full administrator; marking an orphan may.';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['administrative_user', 'assignment',
        'assignment_scope', 'assignment_collection']
    LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER f_last_full_admin'
            ' AFTER UPDATE OR DELETE ON reeve.%I'
            ' DEFERRABLE INITIALLY DEFERRED FOR EACH ROW'
            ' EXECUTE FUNCTION reeve.guard_last_full_admin()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['site_setting', 'security_role',
        'role_operation', 'role_unknown_bits', 'role_minimum',
        'operation_minimum', 'exclusion_list', 'security_scope',
        'collection', 'collection_rule', 'administrative_user', 'assignment',
        'assignment_scope', 'assignment_collection', 'reporting_login']
    LOOP
        PERFORM reeve.feed_changes_of(('reeve.' || t)::regclass);
    END LOOP;
    PERFORM reeve.never_reuse_ids_of('reeve.security_role', 'role_id');
    PERFORM reeve.never_reuse_ids_of('reeve.security_scope', 'scope_id');
    PERFORM reeve.never_reuse_ids_of('reeve.collection', 'collection_id');
    PERFORM reeve.never_reuse_ids_of('reeve.administrative_user', 'admin_id');
    PERFORM reeve.never_reuse_ids_of('reeve.assignment', 'assignment_id');
END
$$;


REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
