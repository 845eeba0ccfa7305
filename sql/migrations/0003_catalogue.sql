-- The catalogue: what can be secured, and what can be done to it.  Shipped
-- rows come with 0010; applications may register types of their own.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.object_type (
    object_type_id  integer PRIMARY KEY CHECK (object_type_id > 0),
    sdk_name        text COLLATE "C" NOT NULL UNIQUE
                    CHECK (sdk_name ~ '^[A-Za-z][A-Za-z0-9_]{0,127}$'),
    class_name      text COLLATE "C" UNIQUE
                    CHECK (class_name ~ '^[A-Za-z][A-Za-z0-9_]{0,127}$'),
    display_name    text NOT NULL,
    secured_by      text NOT NULL CHECK (secured_by IN
                    ('role', 'scope', 'collection', 'derived')),
    url_key         text,
    key_property    text,
    is_shipped      boolean NOT NULL DEFAULT false,
    provenance      text NOT NULL,
    CHECK ((secured_by = 'collection') = (object_type_id = 1)),
    CHECK (class_name <> sdk_name)
);
COMMENT ON TABLE reeve.object_type IS
'Types of secured objects; a question names one by its id, SDK name or class name.';
COMMENT ON COLUMN reeve.object_type.secured_by IS
'scope: instances carry security scopes; role: all or nothing; collection: the limiting tree; derived: deployments, from content and target.';
COMMENT ON COLUMN reeve.object_type.url_key IS
'Property that stands in the URL of an instance, e.g. CI_ID.';
COMMENT ON COLUMN reeve.object_type.key_property IS
'Property that is the object key in memberships and questions, e.g. ModelName.';
COMMENT ON COLUMN reeve.object_type.is_shipped IS
'Ships with the product and changes only by a migration.';
COMMENT ON COLUMN reeve.object_type.provenance IS
'Where the row comes from: published, derived, or ours.';

CREATE TABLE reeve.operation (
    object_type_id  integer NOT NULL REFERENCES reeve.object_type,
    bit             smallint NOT NULL CHECK (bit BETWEEN 0 AND 63),
    name            text COLLATE "C" NOT NULL
                    CHECK (length(name) BETWEEN 1 AND 128),
    is_type_wide    boolean NOT NULL,
    is_security     boolean NOT NULL,
    provenance      text NOT NULL,
    PRIMARY KEY (object_type_id, bit),
    UNIQUE (object_type_id, name),
    CHECK ((bit = 0) = (name = 'Read')),
    CHECK (NOT is_type_wide OR name <> 'Read')
);
COMMENT ON TABLE reeve.operation IS
'Operations of a type: bit 0..31 as in Configuration Manager, 32..63 where it publishes none.';
COMMENT ON COLUMN reeve.operation.is_type_wide IS
'Needs no instance: Create (Add), Run Report, Modify Report, and those that an application marks so.';
COMMENT ON COLUMN reeve.operation.is_security IS
'A security operation: changes who may do what, so no delegated caller may use a role that has one.';

CREATE TABLE reeve.operation_need (
    object_type_id  integer NOT NULL,
    bit             smallint NOT NULL,
    needed_bit      smallint NOT NULL,
    PRIMARY KEY (object_type_id, bit),
    FOREIGN KEY (object_type_id, bit) REFERENCES reeve.operation,
    FOREIGN KEY (object_type_id, needed_bit) REFERENCES reeve.operation,
    CHECK (bit <> needed_bit),
    CONSTRAINT read_needs_nothing CHECK (bit <> 0)
);
COMMENT ON TABLE reeve.operation_need IS
'Exceptions to the rule that each operation on an instance needs Read of it: a row replaces that need by another.  In a type without Read, the operation that all rows need stands for it.';

CREATE TABLE reeve.class_operation (
    class_name      text COLLATE "C" NOT NULL,
    operation       text COLLATE "C" NOT NULL,
    bit             smallint NOT NULL,
    object_type_id  integer NOT NULL DEFAULT 1 CHECK (object_type_id = 1),
    provenance      text NOT NULL,
    PRIMARY KEY (class_name, operation),
    FOREIGN KEY (object_type_id, bit) REFERENCES reeve.operation
);
COMMENT ON TABLE reeve.class_operation IS
'Classes without a type (devices, users, groups, inventory): what an operation on one means as an operation of type 1.  A class that ends in * is a prefix.';

CREATE TABLE reeve.default_instance (
    object_type_id  integer NOT NULL REFERENCES reeve.object_type,
    object_key      text COLLATE "C" NOT NULL,
    read_bit        smallint NOT NULL,
    modify_bit      smallint NOT NULL,
    FOREIGN KEY (object_type_id, read_bit) REFERENCES reeve.operation,
    FOREIGN KEY (object_type_id, modify_bit) REFERENCES reeve.operation,
    PRIMARY KEY (object_type_id, object_key),
    CHECK (read_bit <> modify_bit)
);
COMMENT ON TABLE reeve.default_instance IS
'Instances of scoped types that are secured by role only: on them Read and Modify mean Read Default and Modify Default, and nothing else applies.';

CREATE TABLE reeve.class_property (
    class_name      text COLLATE "C" NOT NULL,
    ordinal         smallint NOT NULL CHECK (ordinal > 0),
    name            text COLLATE "C" NOT NULL,
    edm_type        text NOT NULL CHECK (edm_type ~
                    '^(Edm\.[A-Za-z0-9]+|Collection\(Edm\.[A-Za-z0-9]+\))$'),
    is_key          boolean NOT NULL,
    lazy            boolean NOT NULL,
    filterable      boolean NOT NULL,
    PRIMARY KEY (class_name, name),
    UNIQUE (class_name, ordinal)
);
COMMENT ON TABLE reeve.class_property IS
'Properties of the classes that lists show, in their order: the source of $metadata, of validation and of filters.';

CREATE TABLE reeve.audit_message (
    message_id      integer PRIMARY KEY CHECK (message_id > 0),
    severity        text NOT NULL
                    CHECK (severity IN ('info', 'warning', 'error')),
    area            text NOT NULL,
    action          text NOT NULL,
    object          text NOT NULL,
    insertion       text NOT NULL
);
COMMENT ON TABLE reeve.audit_message IS
'Status message ids of administrative changes, with the meaning of their insertion strings.';

CREATE FUNCTION reeve.guard_shipped_type() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    t integer := coalesce(becomes, was) ->> 'object_type_id';
BEGIN
    IF is_migrating() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_TABLE_NAME = 'object_type' THEN
        IF (was ->> 'is_shipped')::boolean
            OR (becomes ->> 'is_shipped')::boolean THEN
            RAISE EXCEPTION 'object type % is shipped: not changed', t
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    ELSIF t IS NULL OR EXISTS (SELECT FROM object_type o
            WHERE o.object_type_id = t AND o.is_shipped) THEN
        RAISE EXCEPTION 'the shipped catalogue (%) is not changed',
            TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION reeve.guard_shipped_type() IS
'Trigger: shipped types and what hangs on them change by migrations only.';

CREATE FUNCTION reeve.guard_type_names() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    twice text;
BEGIN
    SELECT n.name INTO twice
    FROM (SELECT sdk_name AS name, object_type_id FROM object_type
        UNION ALL SELECT class_name, object_type_id FROM object_type) n
    WHERE EXISTS (SELECT FROM object_type t
            WHERE t.object_type_id <> n.object_type_id
                AND n.name IN (t.sdk_name, t.class_name))
        OR EXISTS (SELECT FROM class_operation c
            WHERE n.name = c.class_name OR (right(c.class_name, 1) = '*'
                AND starts_with(n.name, left(c.class_name, -1))))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the name % would mean two things', twice
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_type_names() IS
'Trigger: a name means one type, or one class without a type.';
CREATE TRIGGER d_names_are_unique AFTER INSERT OR UPDATE ON reeve.object_type
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.guard_type_names();
CREATE TRIGGER d_names_are_unique
    AFTER INSERT OR UPDATE ON reeve.class_operation
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.guard_type_names();

CREATE FUNCTION reeve.guard_operation_need() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM operation o
            WHERE o.object_type_id = NEW.object_type_id
                AND o.bit IN (NEW.bit, NEW.needed_bit) AND o.is_type_wide)
    THEN
        RAISE EXCEPTION 'a type-wide operation of type % needs none and is'
            ' needed by none', NEW.object_type_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        WITH RECURSIVE chain (b) AS (
            SELECT NEW.needed_bit
            UNION
            SELECT n.needed_bit FROM chain x JOIN operation_need n
                ON n.object_type_id = NEW.object_type_id AND n.bit = x.b)
        SELECT FROM chain WHERE b = NEW.bit) THEN
        RAISE EXCEPTION 'operation % of type % would need itself', NEW.bit,
            NEW.object_type_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_operation_need() IS
'Trigger: needs lead from instance operations to instance operations, and in no circle.';
CREATE TRIGGER d_sound_need AFTER INSERT OR UPDATE ON reeve.operation_need
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_operation_need();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['object_type', 'operation', 'operation_need',
        'class_operation', 'default_instance', 'class_property',
        'audit_message']
    LOOP
        PERFORM reeve.feed_changes_of(('reeve.' || t)::regclass);
        CONTINUE WHEN t = 'class_property';
        EXECUTE format('CREATE TRIGGER c_guard_shipped'
            ' BEFORE INSERT OR UPDATE OR DELETE ON reeve.%I FOR EACH ROW'
            ' EXECUTE FUNCTION reeve.guard_shipped_type()', t);
    END LOOP;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
