-- Types that applications register at run time.  A registered type is a row
-- of object_type with its operations, and the rule, the feed and the lists
-- take it as any other; what is here is who may register what, and in which
-- version each operation came.
--
-- Nothing that an application names can be a security operation, mean what
-- is shipped, or take away from a type what a role may already hold.

SET LOCAL ROLE reeve_owner;
DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;

INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000080, 'info', 'provider', 'create', 'application type',
     '1=user;2=class name;3=application;4=version'),
    (1000081, 'info', 'provider', 'modify', 'application type',
     '1=user;2=class name;3=application;4=version'),
    (1000082, 'info', 'provider', 'delete', 'application type',
     '1=user;2=class name;3=application;4=version');

CREATE TABLE reeve.application_type (
    class_name      text COLLATE "C" PRIMARY KEY,
    object_type_id  integer UNIQUE REFERENCES reeve.object_type,
    application     text NOT NULL CHECK (length(application) BETWEEN 1 AND 128),
    version         integer NOT NULL CHECK (version BETWEEN 1 AND 1000000000),
    display_name    text NOT NULL
                    CHECK (length(display_name) BETWEEN 1 AND 256),
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    modified_by     text NOT NULL,
    modified_at     timestamptz NOT NULL,
    changed_revision bigint NOT NULL
);
COMMENT ON TABLE reeve.application_type IS
'Types that applications have registered, each an instance of Application Type (1000103).';
COMMENT ON COLUMN reeve.application_type.object_type_id IS
'Its object type; NULL: a class of resources, which has none and is secured by collection.';
COMMENT ON COLUMN reeve.application_type.version IS
'Goes up whenever the application adds operations.';
COMMENT ON COLUMN reeve.application_type.changed_revision IS
'Revision of the last change: its ETag.';

CREATE TABLE reeve.application_operation (
    class_name      text COLLATE "C" NOT NULL
                    REFERENCES reeve.application_type,
    name            text COLLATE "C" NOT NULL,
    version         integer NOT NULL,
    PRIMARY KEY (class_name, name)
);
COMMENT ON TABLE reeve.application_operation IS
'In which version of a registered type each of its operations came.';

DO $$
BEGIN
    PERFORM reeve.feed_changes_of('reeve.application_type');
    PERFORM reeve.feed_changes_of('reeve.application_operation');
    PERFORM reeve.never_reuse_ids_of('reeve.object_type', 'object_type_id');
END
$$;

-- Guards ----------------------------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.guard_shipped_type() RETURNS trigger
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
    ELSIF TG_TABLE_NAME = 'class_operation' AND EXISTS (
            SELECT FROM application_type a WHERE a.object_type_id IS NULL
                AND a.class_name = coalesce(becomes, was) ->> 'class_name')
    THEN
        RETURN coalesce(NEW, OLD);
    ELSIF t IS NULL OR EXISTS (SELECT FROM object_type o
            WHERE o.object_type_id = t AND o.is_shipped) THEN
        RAISE EXCEPTION 'the shipped catalogue (%) is not changed',
            TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
COMMENT ON FUNCTION reeve.guard_shipped_type() IS
'Trigger: shipped types and what hangs on them change by migrations only; classes of resources that an application registered are its own.';

CREATE FUNCTION reeve.built_in_role_has(role_id text, object_type_id integer,
    "bit" smallint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT EXISTS (SELECT FROM operation o
        WHERE o.object_type_id = $2 AND o.bit = $3 AND CASE $1
            WHEN 'SMS0001R' THEN true
            WHEN 'SMS000ER' THEN NOT o.is_security
            WHEN 'SMS0002R' THEN o.name IN ('Read', 'Read Default',
                'Read Resource', 'Run Report', 'View Asset Intelligence')
            WHEN 'RVE0001R' THEN o.name = 'Read'
            ELSE false END)
$$;
COMMENT ON FUNCTION reeve.built_in_role_has(text, integer, smallint) IS
'Whether a built-in role, by what it is said to hold of every type, has an operation of a registered one: Full Administrator all, Operations Administrator what is no security operation, Read-only Analyst what reads, Auditor Read.';

CREATE OR REPLACE FUNCTION reeve.guard_built_in_role_bits() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    changed text := coalesce(OLD.role_id, NEW.role_id);
    row_type integer := coalesce(OLD.object_type_id, NEW.object_type_id);
BEGIN
    IF is_migrating() OR NOT EXISTS (SELECT FROM security_role r
            WHERE r.role_id = changed AND r.is_built_in) THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    -- Registered types: only what the role is said to hold of every type.
    IF TG_TABLE_NAME = 'role_operation' AND TG_OP IN ('INSERT', 'DELETE')
        AND EXISTS (SELECT FROM application_type a
            WHERE a.object_type_id = row_type)
        AND (TG_OP = 'DELETE' OR built_in_role_has(changed, row_type,
            (to_jsonb(NEW) ->> 'bit')::smallint)) THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'what is built in is not changed: operations of role %',
        changed USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION reeve.guard_built_in_role_bits() IS
'Trigger: the operations of built-in roles change by migrations only, but for those of registered types that a role has by what it is.';

-- Names -----------------------------------------------------------------------

CREATE FUNCTION reeve.type_name_is_taken(name text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    -- Names of classes are compared without case, and a class has the name
    -- of its entity besides, which is without SMS_ or RVE_.
    SELECT EXISTS (
        SELECT FROM (SELECT lower(t.sdk_name) AS n FROM object_type t
            UNION ALL SELECT lower(t.class_name) FROM object_type t
            UNION ALL SELECT lower(c.class_name) FROM class_operation c)
            AS taken,
            unnest(ARRAY['', 'sms_', 'rve_']) AS before (x)
        WHERE before.x || lower($1) = taken.n
            OR (right(taken.n, 1) = '*'
                AND starts_with(before.x || lower($1), left(taken.n, -1))))
$$;
COMMENT ON FUNCTION reeve.type_name_is_taken(text) IS
'Whether a type, a class or an entity has the name already, in whatever case.';

CREATE FUNCTION reeve.require_type_name(name text, member text, form text)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF coalesce(name, '') !~ form THEN
        PERFORM refuse('RV400', format('%s must be a name of Latin letters,'
            ' digits and underscores, for a class with the publisher''s name'
            ' before the first underscore, as in Contoso_Backup.', member),
            jsonb_build_object('reason', 'malformed_name', 'member', member));
    ELSIF lower(name) ~ '^(sms|rve|edm|odata|adminservice)(_|$)' THEN
        PERFORM refuse('RV400', format('Names that begin with %s are not for'
            ' applications.', split_part(name, '_', 1)), jsonb_build_object(
            'reason', 'reserved_name', 'member', member));
    ELSIF type_name_is_taken(name) THEN
        PERFORM refuse('RV409', format('There is a type or a class with the'
            ' name %s already.', name), jsonb_build_object(
            'reason', 'name_taken', 'member', member));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_type_name(text, text, text) IS
'RV400 for what is no name for a registered type, RV409 for one that is taken.';

CREATE FUNCTION reeve.require_type_text(value jsonb, member text, most integer)
RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    said text := value #>> '{}';
BEGIN
    IF jsonb_typeof(value) IS DISTINCT FROM 'string'
        OR length(said) NOT BETWEEN 1 AND most
        OR said ~ '[[:cntrl:]]' OR said <> btrim(said) THEN
        PERFORM refuse('RV400', format('%s must be a text of 1 to %s'
            ' characters.', member, most), jsonb_build_object(
            'reason', 'malformed_type', 'member', member));
    END IF;
    RETURN said;
END
$$;
COMMENT ON FUNCTION reeve.require_type_text(jsonb, text, integer) IS
'A text as people read it; RV400 that names the member for anything else.';

CREATE FUNCTION reeve.require_type_number(value jsonb, member text,
    least_one integer, most integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(value) IS DISTINCT FROM 'number'
        OR value::text !~ '^[0-9]{1,9}$'
        OR value::text::integer NOT BETWEEN least_one AND most THEN
        PERFORM refuse('RV400', format('%s must be a number from %s to %s.',
            member, least_one, most), jsonb_build_object(
            'reason', 'malformed_type', 'member', member));
    END IF;
    RETURN value::text::integer;
END
$$;
COMMENT ON FUNCTION reeve.require_type_number(jsonb, text, integer, integer) IS
'A whole number within bounds; RV400 that names the member for anything else.';

-- Operations ------------------------------------------------------------------

CREATE FUNCTION reeve.standard_bit(name text) RETURNS smallint
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp
RETURN (CASE lower(name) WHEN 'read' THEN 0 WHEN 'modify' THEN 1
    WHEN 'delete' THEN 2 WHEN 'set security scope' THEN 4
    WHEN 'create' THEN 10 END)::smallint;
COMMENT ON FUNCTION reeve.standard_bit(text) IS
'The bit that an operation has in every type, by its name in any case; NULL for others.';

CREATE TYPE reeve.wanted_operation AS (
    name            text,
    "bit"           smallint,
    is_type_wide    boolean,
    needs           text,
    means           text
);
COMMENT ON TYPE reeve.wanted_operation IS
'An operation as an application names it.  bit: NULL when it is to be chosen.  needs: the operation it needs in place of Read.  means: of a class of resources, the operation of Collection that it stands for.';

CREATE FUNCTION reeve.refuse_operation(name text, wrong text) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV400', format('The operation %s %s.', left(name, 128),
        wrong), jsonb_build_object('reason', 'malformed_operation',
        'operation', left(name, 128)))
$$;
COMMENT ON FUNCTION reeve.refuse_operation(text, text) IS
'RV400: what is wrong with an operation that an application names.';

CREATE FUNCTION reeve.read_wanted_operation(said jsonb)
RETURNS reeve.wanted_operation
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    o wanted_operation;
    standard smallint;
    is_wide_by_name boolean;
BEGIN
    o.name := require_type_text(said -> 'Name', 'Operations.Name', 128);
    IF o.name !~ '^[A-Za-z][A-Za-z0-9()/.-]*( [A-Za-z0-9()/.-]+)*$' THEN
        PERFORM refuse_operation(o.name, 'must be named in Latin letters,'
            ' digits and single spaces');
    END IF;
    standard := standard_bit(o.name);
    IF standard IS NOT NULL AND o.name NOT IN ('Read', 'Modify', 'Delete',
            'Set Security Scope', 'Create') THEN
        PERFORM refuse_operation(o.name, 'has the name of a standard one in'
            ' another case');
    END IF;
    IF jsonb_typeof(coalesce(said -> 'Bit', 'null')) <> 'null' THEN
        o.bit := require_type_number(said -> 'Bit', 'Operations.Bit', 0, 63);
    END IF;
    IF o.bit <> standard OR (standard IS NULL AND o.bit IN (0, 1, 2, 4, 10))
    THEN
        PERFORM refuse_operation(o.name, 'has a bit that is not its own: 0, 1,'
            ' 2, 4 and 10 are Read, Modify, Delete, Set Security Scope and'
            ' Create');
    END IF;
    o.bit := coalesce(o.bit, standard);
    is_wide_by_name := o.name IN ('Create', 'Run Report', 'Modify Report');
    IF jsonb_typeof(coalesce(said -> 'TypeWide', 'false')) <> 'boolean'
        OR (said -> 'TypeWide' = 'false' AND is_wide_by_name)
        OR (said -> 'TypeWide' = 'true' AND standard IN (0, 1, 2, 4)) THEN
        PERFORM refuse_operation(o.name, 'cannot be type-wide, or not, as is'
            ' said');
    END IF;
    o.is_type_wide := is_wide_by_name OR coalesce(said -> 'TypeWide', 'false')
        = 'true';
    IF jsonb_typeof(coalesce(said -> 'Needs', 'null')) <> 'null' THEN
        o.needs := require_type_text(said -> 'Needs', 'Operations.Needs', 128);
    END IF;
    IF jsonb_typeof(coalesce(said -> 'Means', 'null')) <> 'null' THEN
        o.means := require_type_text(said -> 'Means', 'Operations.Means', 128);
    END IF;
    RETURN o;
END
$$;
COMMENT ON FUNCTION reeve.read_wanted_operation(jsonb) IS
'One operation as a request names it: {Name, Bit, TypeWide, Needs, Means}; RV400 for what cannot be.';

CREATE FUNCTION reeve.read_wanted_operations(said jsonb)
RETURNS reeve.wanted_operation[]
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted wanted_operation[];
    twice text;
BEGIN
    IF jsonb_typeof(said) IS DISTINCT FROM 'array'
        OR jsonb_array_length(said) NOT BETWEEN 1 AND 64 THEN
        PERFORM refuse('RV400', 'Operations must be a list of 1 to 64'
            ' operations.', '{"reason":"malformed_type","member":"Operations"}');
    END IF;
    SELECT array_agg(read_wanted_operation(e) ORDER BY i) INTO wanted
        FROM jsonb_array_elements(said) WITH ORDINALITY AS x (e, i);
    SELECT max(o.name) INTO twice FROM unnest(wanted) o
        GROUP BY lower(o.name) HAVING count(*) > 1 LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_operation(twice, 'is there twice');
    END IF;
    RETURN wanted;
END
$$;
COMMENT ON FUNCTION reeve.read_wanted_operations(jsonb) IS
'The operations that a request names, in its order; RV400 for what cannot be.';

CREATE FUNCTION reeve.with_bits(wanted reeve.wanted_operation[],
    object_type_id integer) RETURNS reeve.wanted_operation[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    taken smallint[] := ARRAY(SELECT o.bit FROM operation o
        WHERE o.object_type_id = $2) || ARRAY(SELECT o.bit FROM unnest(wanted) o
        WHERE o.bit IS NOT NULL) || ARRAY[0, 1, 2, 4, 10]::smallint[];
    result wanted_operation[] := '{}';
    o wanted_operation;
BEGIN
    FOREACH o IN ARRAY wanted LOOP
        IF o.bit IS NULL THEN
            -- From 32: those below are what role files have masks for.
            SELECT b INTO o.bit FROM generate_series(0, 63) AS b
                WHERE b <> ALL (taken) ORDER BY b < 32, b LIMIT 1;
            IF o.bit IS NULL THEN
                PERFORM refuse_operation(o.name, 'finds no free bit');
            END IF;
            taken := taken || o.bit;
        END IF;
        result := result || o;
    END LOOP;
    RETURN result;
END
$$;
COMMENT ON FUNCTION reeve.with_bits(reeve.wanted_operation[], integer) IS
'New operations with a bit each, the lowest free one from 32 for those that name none.';

CREATE FUNCTION reeve.require_sound_operations(fresh reeve.wanted_operation[],
    object_type_id integer, secured_by text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    o wanted_operation;
    seen wanted_operation[] := ARRAY(SELECT ROW(x.name, x.bit, x.is_type_wide,
        NULL, NULL)::wanted_operation FROM operation x
        WHERE x.object_type_id = $2);
BEGIN
    FOREACH o IN ARRAY fresh LOOP
        IF EXISTS (SELECT FROM unnest(seen) s WHERE s.bit = o.bit) THEN
            PERFORM refuse_operation(o.name, format('has bit %s, which is'
                ' taken', o.bit));
        ELSIF EXISTS (SELECT FROM unnest(seen) s
                WHERE lower(s.name) = lower(o.name)) THEN
            PERFORM refuse_operation(o.name, 'has the name of another one');
        ELSIF secured_by <> 'scope' AND o.name = 'Set Security Scope' THEN
            PERFORM refuse_operation(o.name, 'is for types that are secured'
                ' by scope');
        ELSIF o.means IS NOT NULL THEN
            PERFORM refuse_operation(o.name, 'has Means, which is for classes'
                ' that are secured by collection');
        ELSIF o.needs <> 'Read' AND (o.is_type_wide OR o.name = 'Read'
                OR NOT EXISTS (SELECT FROM unnest(seen) s
                    WHERE s.name = o.needs AND NOT s.is_type_wide)) THEN
            PERFORM refuse_operation(o.name, 'cannot need that: Needs names an'
                ' operation on an instance that stands before it');
        END IF;
        seen := seen || o;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.require_sound_operations(reeve.wanted_operation[],
    integer, text) IS
'RV400 for new operations that do not go together, or not with those that the type has.';

CREATE FUNCTION reeve.store_operations(class_name text, object_type_id integer,
    fresh reeve.wanted_operation[], version integer) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    INSERT INTO operation (object_type_id, bit, name, is_type_wide,
            is_security, provenance)
        SELECT $2, o.bit, o.name, o.is_type_wide, false, 'registered'
        FROM unnest(fresh) o;
    INSERT INTO operation_need (object_type_id, bit, needed_bit)
        SELECT $2, o.bit, n.bit FROM unnest(fresh) o
        JOIN operation n ON n.object_type_id = $2 AND n.name = o.needs
        WHERE o.needs <> 'Read';
    INSERT INTO application_operation (class_name, name, version)
        SELECT $1, o.name, $4 FROM unnest(fresh) o;
    INSERT INTO role_operation (role_id, object_type_id, bit)
        SELECT r.role_id, $2, o.bit
        FROM security_role r CROSS JOIN unnest(fresh) o
        WHERE r.is_built_in AND built_in_role_has(r.role_id, $2, o.bit);
    RETURN cardinality(fresh);
END
$$;
COMMENT ON FUNCTION reeve.store_operations(text, integer,
    reeve.wanted_operation[], integer) IS
'Adds operations to a registered type, and to the built-in roles that have them by what they are.';

-- Classes of resources ------------------------------------------------------------

CREATE FUNCTION reeve.store_class_operations(class_name text,
    fresh reeve.wanted_operation[], version integer) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    o wanted_operation;
    meant smallint;
BEGIN
    FOREACH o IN ARRAY fresh LOOP
        -- What it may stand for is what the shipped classes do.
        SELECT x.bit INTO meant FROM operation x
            WHERE x.object_type_id = 1 AND x.name = coalesce(o.means, o.name)
                AND NOT x.is_type_wide AND NOT x.is_security
                AND EXISTS (SELECT FROM class_operation c
                    WHERE c.bit = x.bit AND c.class_name = 'SMS_R_System');
        IF meant IS NULL OR o.needs IS NOT NULL OR o.is_type_wide
            OR o.name IN ('Create', 'Set Security Scope') THEN
            PERFORM refuse_operation(o.name, 'does not stand for an operation'
                ' on resources: Means names one, such as Read Resource or'
                ' Modify Resource');
        ELSIF (o.name = 'Read' AND meant NOT IN (SELECT x.bit FROM operation x
                WHERE x.object_type_id = 1
                    AND x.name IN ('Read', 'Read Resource'))) THEN
            PERFORM refuse_operation(o.name, 'stands for Read or Read'
                ' Resource');
        END IF;
        INSERT INTO class_operation (class_name, operation, bit, provenance)
            VALUES (class_name, o.name, meant, 'registered');
        INSERT INTO application_operation VALUES (class_name, o.name, version);
    END LOOP;
    RETURN cardinality(fresh);
END
$$;
COMMENT ON FUNCTION reeve.store_class_operations(text,
    reeve.wanted_operation[], integer) IS
'Adds operations to a registered class of resources: each stands for one on resources that collections give.';

-- Who may, and what is answered ------------------------------------------------------

CREATE FUNCTION reeve.require_register(who reeve.asker, at timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    PERFORM require_gate(who);
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, 'RVE_ApplicationType',
        'Create', NULL);
    IF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT v.decision THEN
        PERFORM refuse_missing(1000103, 'Create', v.missing, v.level_needed,
            v.reason);
    END IF;
    RETURN v.assignments;
END
$$;
COMMENT ON FUNCTION reeve.require_register(reeve.asker, timestamptz) IS
'The assignments that give Create on Application Type; otherwise RV403 or RV503.';

CREATE FUNCTION reeve.may_read_object(who reeve.asker, at timestamptz,
    object_type_id integer, object_key text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT decision FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, $3::text, 'Read', $4)
$$;
COMMENT ON FUNCTION reeve.may_read_object(reeve.asker, timestamptz, integer,
    text) IS
'Whether the caller may read an object, and so be told its key.';

CREATE VIEW reeve.missing_operation AS
SELECT a.class_name, a.application, a.version, r.role_id,
    r.name AS role_name, r.copied_from_id, o.name AS operation,
    o.bit::integer AS bit, ao.version AS since_version
FROM reeve.application_type a
JOIN reeve.application_operation ao ON ao.class_name = a.class_name
JOIN reeve.operation o ON o.object_type_id = a.object_type_id
    AND o.name = ao.name
JOIN reeve.security_role r ON NOT r.is_built_in
WHERE NOT EXISTS (SELECT FROM reeve.role_operation h
        WHERE h.role_id = r.role_id AND h.object_type_id = o.object_type_id
            AND h.bit = o.bit)
    AND (EXISTS (SELECT FROM reeve.role_operation h
            WHERE h.role_id = r.role_id
                AND h.object_type_id = o.object_type_id)
        OR EXISTS (SELECT FROM reeve.role_operation h
            WHERE h.role_id = r.copied_from_id
                AND h.object_type_id = o.object_type_id AND h.bit = o.bit));
COMMENT ON VIEW reeve.missing_operation IS
'Operations of registered types that a custom role lacks although it has others of the type, or although the role that it was copied from has them.';

CREATE FUNCTION reeve.missing_operations(class_name text, since integer,
    most integer) RETURNS SETOF json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT json_build_object('type', m.class_name, 'application',
        m.application, 'version', m.version, 'role_id', m.role_id,
        'role_name', m.role_name, 'copied_from', m.copied_from_id,
        'operations', json_agg(json_build_object('name', m.operation, 'bit',
            m.bit, 'since_version', m.since_version) ORDER BY m.bit))
    FROM missing_operation m
    WHERE ($1 IS NULL OR m.class_name = $1)
        AND m.since_version > coalesce($2, 0)
    GROUP BY m.class_name, m.application, m.version, m.role_id, m.role_name,
        m.copied_from_id
    ORDER BY m.class_name, m.role_id LIMIT $3
$$;
COMMENT ON FUNCTION reeve.missing_operations(text, integer, integer) IS
'For who may read roles: the custom roles that lack operations of one registered type, or of all, that came after a version.';

CREATE VIEW reeve.application_operation_shown AS
SELECT ao.class_name, ao.name, coalesce(o.bit, c.bit)::integer AS bit,
    coalesce(o.is_type_wide, false) AS is_type_wide,
    needed.name AS needs, meant.name AS means, ao.version AS since_version
FROM reeve.application_operation ao
JOIN reeve.application_type a ON a.class_name = ao.class_name
LEFT JOIN reeve.operation o ON o.object_type_id = a.object_type_id
    AND o.name = ao.name
LEFT JOIN reeve.operation_need n ON n.object_type_id = o.object_type_id
    AND n.bit = o.bit
LEFT JOIN reeve.operation needed ON needed.object_type_id = n.object_type_id
    AND needed.bit = n.needed_bit
LEFT JOIN reeve.class_operation c ON a.object_type_id IS NULL
    AND c.class_name = ao.class_name AND c.operation = ao.name
LEFT JOIN reeve.operation meant ON meant.object_type_id = 1
    AND meant.bit = c.bit;
COMMENT ON VIEW reeve.application_operation_shown IS
'Operations of registered types.  needs: NULL for Read.  Those of a class of resources have no bit, and mean an operation of Collection.';

CREATE VIEW reeve.list_rve_applicationtype AS
SELECT a.class_name AS key, NULL::text[] AS scopes,
    a.changed_revision::text AS etag, 1000103 AS object_type,
    a.class_name AS object_key, a.class_name AS classname,
    a.object_type_id AS objecttypeid, t.sdk_name AS sdkname,
    a.display_name AS displayname, a.application, a.version,
    coalesce(t.secured_by, 'collection') AS securedby,
    json_build_object('ClassName', a.class_name,
        'ObjectTypeID', a.object_type_id, 'SDKName', t.sdk_name,
        'DisplayName', a.display_name, 'Application', a.application,
        'Version', a.version,
        'SecuredBy', coalesce(t.secured_by, 'collection'),
        'Operations', (SELECT json_agg(json_build_object('Name', o.name,
            'Bit', o.bit, 'TypeWide', o.is_type_wide, 'Needs', o.needs,
            'Means', o.means, 'SinceVersion', o.since_version)
            ORDER BY o.bit, o.name)
            FROM reeve.application_operation_shown o
            WHERE o.class_name = a.class_name),
        'CreatedBy', a.created_by,
        'CreatedDate', reeve.edm_time(a.created_at),
        'LastModifiedBy', a.modified_by,
        'LastModifiedDate', reeve.edm_time(a.modified_at)) AS body
FROM reeve.application_type a
LEFT JOIN reeve.object_type t ON t.object_type_id = a.object_type_id;
COMMENT ON VIEW reeve.list_rve_applicationtype IS
'Rows of RVE_ApplicationType: the types that applications have registered.';

CREATE FUNCTION reeve.application_type_shown(class_name text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT l.body::jsonb FROM list_rve_applicationtype l WHERE l.key = $1
$$;
COMMENT ON FUNCTION reeve.application_type_shown(text) IS
'A registered type as answers show it.';

CREATE FUNCTION reeve.application_type_result(class_name text, who reeve.asker,
    at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('key', $1, '@odata.etag', (SELECT format('W/"%s"',
            a.changed_revision) FROM application_type a
            WHERE a.class_name = $1)) || application_type_shown($1)
        || jsonb_build_object('RolesLackingOperations', coalesce((
            SELECT jsonb_agg(jsonb_build_object('RoleID', l.role_id, 'RoleName',
                l.role_name, 'Operations', l.operations) ORDER BY l.role_id)
            FROM (SELECT m.role_id, m.role_name, jsonb_agg(m.operation
                    ORDER BY m.bit) AS operations
                FROM missing_operation m WHERE m.class_name = $1
                GROUP BY m.role_id, m.role_name) l
            WHERE may_read_object(who, at, 27, l.role_id)), '[]'))
$$;
COMMENT ON FUNCTION reeve.application_type_result(text, reeve.asker,
    timestamptz) IS
'What a write of a registered type answers: the type, and the custom roles that lack some of its operations, as far as the caller may read roles.';

CREATE FUNCTION reeve.audit_application_type(message integer, at timestamptz,
    actor jsonb, request jsonb, matched bigint[], a reeve.application_type,
    before jsonb, after jsonb) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT write_admin_audit(at, actor, request, ARRAY[ROW(message,
        ARRAY[a.class_name, a.application, a.version::text], before,
        after)::audit_event], matched)
$$;
COMMENT ON FUNCTION reeve.audit_application_type(integer, timestamptz, jsonb,
    jsonb, bigint[], reeve.application_type, jsonb, jsonb) IS
'The row of the admin stream for a change of a registered type.';

-- Create --------------------------------------------------------------------------

CREATE FUNCTION reeve.free_type_id(wanted jsonb) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    chosen integer;
BEGIN
    IF (SELECT count(*) FROM application_type) >= 1000 THEN
        PERFORM refuse('RV409', 'There are 1000 registered types: no more fit.',
            '{"reason":"too_many_types"}');
    ELSIF jsonb_typeof(coalesce(wanted, 'null')) = 'null' THEN
        RETURN (SELECT greatest(1999999, max(x.id)) + 1 FROM (
            SELECT t.object_type_id AS id FROM object_type t
            UNION ALL SELECT u.object_type_id FROM role_unknown_bits u
            UNION ALL SELECT r.id::integer FROM retired_id r
                WHERE r.entity = 'object_type') x WHERE x.id < 900000000);
    END IF;
    chosen := require_type_number(wanted, 'ObjectTypeID', 2000000, 999999999);
    IF EXISTS (SELECT FROM object_type t WHERE t.object_type_id = chosen)
        OR EXISTS (SELECT FROM retired_id r
            WHERE r.entity = 'object_type' AND r.id = chosen::text)
    THEN
        PERFORM refuse('RV409', format('ObjectTypeID %s is that of another'
            ' type, or was.', chosen), '{"reason":"id_taken"}');
    END IF;
    RETURN chosen;
END
$$;
COMMENT ON FUNCTION reeve.free_type_id(jsonb) IS
'The id for a new type: the one wanted, or the next from 2,000,000 that no type, imported role or deleted type has.';

CREATE FUNCTION reeve.store_application_type(args jsonb, who reeve.asker,
    at timestamptz, secured_by text) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    class text := args ->> 'ClassName';
    id integer;
    sdk text := coalesce(args ->> 'SDKName', replace(class, '_', ''));
    shown text := require_type_text(coalesce(nullif(args -> 'DisplayName',
        'null'), args -> 'ClassName'), 'DisplayName', 256);
BEGIN
    IF secured_by = 'collection' THEN
        IF jsonb_strip_nulls(args) ?| ARRAY['SDKName', 'ObjectTypeID'] THEN
            PERFORM refuse('RV400', 'A class that is secured by collection has'
                ' neither SDKName nor ObjectTypeID: its objects are'
                ' resources.', '{"reason":"malformed_type"}');
        END IF;
        PERFORM free_type_id(NULL);
    ELSE
        PERFORM require_type_name(sdk, 'SDKName',
            '^[A-Za-z][A-Za-z0-9_]{0,127}$');
        IF lower(sdk) = lower(class) THEN
            PERFORM refuse('RV400', 'SDKName must be another name than'
                ' ClassName.',
                '{"reason":"malformed_type","member":"SDKName"}');
        END IF;
        id := free_type_id(args -> 'ObjectTypeID');
        INSERT INTO object_type (object_type_id, sdk_name, class_name,
                display_name, secured_by, provenance)
            VALUES (id, sdk, class, shown, secured_by, 'registered');
    END IF;
    INSERT INTO application_type VALUES (class, id,
        require_type_text(args -> 'Application', 'Application', 128),
        require_type_number(coalesce(args -> 'Version', '1'), 'Version', 1,
            999999999), shown, who.principal, at, who.principal, at,
        held_revision());
    INSERT INTO secured_object (object_type_id, object_key, name,
            changed_revision)
        VALUES (1000103, class, shown, held_revision());
    RETURN id;
END
$$;
COMMENT ON FUNCTION reeve.store_application_type(jsonb, reeve.asker,
    timestamptz, text) IS
'The rows of a new registered type but for its operations; returns its id, NULL for a class of resources.';

CREATE FUNCTION reeve.first_operations(wanted reeve.wanted_operation[],
    secured_by text) RETURNS reeve.wanted_operation[]
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    result wanted_operation[] := wanted;
BEGIN
    IF secured_by = 'scope' AND NOT EXISTS (SELECT FROM unnest(wanted) o
            WHERE o.name = 'Set Security Scope') THEN
        result := ROW('Set Security Scope', 4, false, NULL,
            NULL)::wanted_operation || result;
    END IF;
    IF NOT EXISTS (SELECT FROM unnest(wanted) o WHERE o.name = 'Read') THEN
        result := ROW('Read', 0, false, NULL, NULL)::wanted_operation
            || result;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION reeve.first_operations(reeve.wanted_operation[], text) IS
'The operations of a new type: Read, and Set Security Scope where objects have scopes, are there named or not.';

CREATE FUNCTION reeve.add_operations(a reeve.application_type,
    secured_by text, fresh reeve.wanted_operation[], version integer)
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    chosen wanted_operation[];
BEGIN
    IF cardinality(fresh) = 0 THEN
        RETURN 0;
    ELSIF a.object_type_id IS NULL THEN
        RETURN store_class_operations(a.class_name, fresh, version);
    END IF;
    chosen := with_bits(fresh, a.object_type_id);
    PERFORM require_sound_operations(chosen, a.object_type_id, secured_by);
    RETURN store_operations(a.class_name, a.object_type_id, chosen, version);
END
$$;
COMMENT ON FUNCTION reeve.add_operations(reeve.application_type, text,
    reeve.wanted_operation[], integer) IS
'Adds operations to a registered type; returns how many, or refuses with RV400.';

CREATE FUNCTION reeve.apply_application_type_create(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_register(who, at);
    class text := args ->> 'ClassName';
    secured text := args ->> 'SecuredBy';
    wanted wanted_operation[];
    a application_type;
    n integer;
BEGIN
    PERFORM require_type_name(class, 'ClassName',
        '^[A-Za-z][A-Za-z0-9]{1,31}_[A-Za-z][A-Za-z0-9_]{0,94}$');
    IF coalesce(secured, '') NOT IN ('scope', 'role', 'collection') THEN
        PERFORM refuse('RV400', 'SecuredBy must be scope, role or collection.',
            '{"reason":"malformed_type","member":"SecuredBy"}');
    END IF;
    wanted := first_operations(read_wanted_operations(args -> 'Operations'),
        secured);
    PERFORM store_application_type(args, who, at, secured);
    SELECT x.* INTO STRICT a FROM application_type x
        WHERE x.class_name = class;
    n := add_operations(a, secured, wanted, a.version);
    PERFORM audit_application_type(1000080, at, actor, request, matched, a,
        NULL, application_type_shown(class));
    RETURN ROW(n + 1, application_type_result(class, who, at))::outcome;
END
$$;
COMMENT ON FUNCTION reeve.apply_application_type_create(reeve.asker, jsonb,
    jsonb, jsonb) IS
'Registers a type: {ClassName, SDKName, DisplayName, ObjectTypeID, Application, Version, SecuredBy, Operations}.';

-- Change ---------------------------------------------------------------------------

CREATE FUNCTION reeve.require_nothing_lost(a reeve.application_type,
    wanted reeve.wanted_operation[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    lost text;
BEGIN
    SELECT min(h.name) INTO lost
    FROM application_operation_shown h
    LEFT JOIN unnest(wanted) o ON o.name = h.name
    WHERE h.class_name = a.class_name AND (
        o.name IS NULL AND h.name NOT IN ('Read', 'Set Security Scope')
        OR o.bit <> h.bit
        OR o.is_type_wide <> h.is_type_wide
        OR coalesce(o.needs, 'Read') <> coalesce(h.needs, 'Read')
        OR a.object_type_id IS NULL
            AND coalesce(o.means, o.name) <> h.means);
    IF lost IS NOT NULL THEN
        PERFORM refuse('RV409', format('The operation %s is registered and'
            ' stays as it is: roles may hold it.  A new version names all'
            ' operations of the one before it, and more.', lost),
            jsonb_build_object('reason', 'operation_lost', 'operation', lost));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_nothing_lost(reeve.application_type,
    reeve.wanted_operation[]) IS
'RV409 unless all operations of a registered type are named, as they are.';

CREATE FUNCTION reeve.require_version(a reeve.application_type,
    version integer, n_fresh integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF version < a.version OR (version = a.version AND n_fresh > 0) THEN
        PERFORM refuse('RV409', format('%s is registered in version %s: what'
            ' adds operations is a later one.', a.class_name, a.version),
            jsonb_build_object('reason', 'version_not_later', 'version',
                a.version));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_version(reeve.application_type, integer,
    integer) IS
'RV409 for an earlier version, and for new operations in the same one.';

CREATE FUNCTION reeve.require_read_only(args jsonb, before jsonb)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    changed text;
BEGIN
    SELECT min(m) INTO changed FROM unnest(ARRAY['ClassName', 'SDKName',
        'ObjectTypeID', 'SecuredBy', 'CreatedBy', 'CreatedDate',
        'LastModifiedBy', 'LastModifiedDate']) AS m
    WHERE args ? m AND args -> m <> before -> m;
    IF changed IS NOT NULL THEN
        PERFORM refuse('RV400', format('%s stays as it was registered.',
            changed), jsonb_build_object('reason', 'read_only_member',
            'member', changed));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_read_only(jsonb, jsonb) IS
'RV400 for a member that never changes and is sent with another value; sent back as it was it says nothing.';

CREATE FUNCTION reeve.apply_application_type_modify(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    key text := coalesce(args ->> 'key', '');
    matched bigint[];
    a application_type;
    shown text;
    wanted wanted_operation[] := '{}';
    later integer;
    before jsonb;
    n integer;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, 1000103, 'Modify', key);
    SELECT x.* INTO STRICT a FROM application_type x WHERE x.class_name = key;
    PERFORM require_match(request, a.changed_revision::text);
    before := application_type_shown(key);
    PERFORM require_read_only(args, before);
    later := require_type_number(coalesce(args -> 'Version',
        to_jsonb(a.version)), 'Version', 1, 999999999);
    shown := require_type_text(coalesce(args -> 'DisplayName',
        to_jsonb(a.display_name)), 'DisplayName', 256);
    IF args ? 'Application' AND args ->> 'Application' <> a.application THEN
        PERFORM refuse('RV409', format('%s is registered by %s.', key,
            a.application), '{"reason":"other_application"}');
    END IF;
    IF args ? 'Operations' THEN
        wanted := read_wanted_operations(args -> 'Operations');
        PERFORM require_nothing_lost(a, wanted);
    END IF;
    wanted := ARRAY(SELECT ROW(o.name, o.bit, o.is_type_wide, o.needs,
            o.means)::wanted_operation
        FROM unnest(wanted) WITH ORDINALITY AS o (name, bit, is_type_wide,
            needs, means, i)
        WHERE o.name NOT IN (SELECT x.name FROM application_operation x
            WHERE x.class_name = key) ORDER BY o.i);
    PERFORM require_version(a, later, cardinality(wanted));
    IF later = a.version AND shown = a.display_name THEN
        RETURN ROW(0, application_type_result(key, who, at))::outcome;
    END IF;
    n := add_operations(a, (SELECT t.secured_by FROM object_type t
        WHERE t.object_type_id = a.object_type_id), wanted, later);
    UPDATE object_type SET display_name = shown
        WHERE object_type_id = a.object_type_id AND display_name <> shown;
    UPDATE secured_object o SET name = shown, changed_revision = held_revision()
        WHERE o.object_type_id = 1000103 AND o.object_key = key;
    UPDATE application_type x SET version = later, display_name = shown,
            modified_by = who.principal, modified_at = at, changed_revision = held_revision()
        WHERE x.class_name = key RETURNING x.* INTO STRICT a;
    PERFORM audit_application_type(1000081, at, actor, request, matched, a,
        before, application_type_shown(key));
    RETURN ROW(n + 1, application_type_result(key, who, at))::outcome;
END
$$;
COMMENT ON FUNCTION reeve.apply_application_type_modify(reeve.asker, jsonb,
    jsonb, jsonb) IS
'A later version of a registered type, or another name for people: {key, Application, Version, DisplayName, Operations}; operations are added and never taken away.';

-- Delete ---------------------------------------------------------------------------

CREATE FUNCTION reeve.require_type_unused(a reeve.application_type,
    who reeve.asker, at timestamptz) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    keys text[];
    roles text[];
BEGIN
    keys := ARRAY(SELECT o.object_key FROM secured_object o
        WHERE o.object_type_id = a.object_type_id
        ORDER BY o.object_key LIMIT 20);
    roles := ARRAY(SELECT DISTINCT r.role_id FROM role_operation o
        JOIN security_role r USING (role_id)
        WHERE o.object_type_id = a.object_type_id AND NOT r.is_built_in
        ORDER BY 1);
    IF keys = '{}' AND roles = '{}' THEN
        RETURN;
    END IF;
    -- Ids only of what the caller may read.
    PERFORM refuse('RV409', format('%s is in use: it has objects, or roles that'
        ' hold its operations.', a.class_name), jsonb_build_object(
        'reason', 'type_in_use', 'has_objects', keys <> '{}',
        'has_roles', roles <> '{}',
        'objects', (SELECT coalesce(jsonb_agg(k), '[]') FROM (
            SELECT k FROM unnest(keys) AS k
            WHERE may_read_object(who, at, a.object_type_id, k)
            UNION ALL SELECT k FROM unnest(roles) AS k
            WHERE may_read_object(who, at, 27, k)) x)));
END
$$;
COMMENT ON FUNCTION reeve.require_type_unused(reeve.application_type,
    reeve.asker, timestamptz) IS
'RV409 while there are objects of a registered type, or custom roles with its operations.';

CREATE FUNCTION reeve.apply_application_type_delete(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    key text := coalesce(args ->> 'key', '');
    matched bigint[];
    a application_type;
    before jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, 1000103, 'Delete', key);
    SELECT x.* INTO STRICT a FROM application_type x WHERE x.class_name = key;
    PERFORM require_match(request, a.changed_revision::text);
    PERFORM require_type_unused(a, who, at);
    before := application_type_shown(key);
    DELETE FROM role_operation o WHERE o.object_type_id = a.object_type_id;
    DELETE FROM operation_minimum o WHERE o.object_type_id = a.object_type_id;
    DELETE FROM operation_need o WHERE o.object_type_id = a.object_type_id;
    DELETE FROM deploy_operation o WHERE o.object_type_id = a.object_type_id;
    DELETE FROM operation o WHERE o.object_type_id = a.object_type_id;
    DELETE FROM class_operation c WHERE c.class_name = key
        AND a.object_type_id IS NULL;
    DELETE FROM application_operation o WHERE o.class_name = key;
    DELETE FROM secured_object o
        WHERE o.object_type_id = 1000103 AND o.object_key = key;
    DELETE FROM application_type x WHERE x.class_name = key;
    DELETE FROM object_type t WHERE t.object_type_id = a.object_type_id;
    PERFORM audit_application_type(1000082, at, actor, request, matched, a,
        before, NULL);
    RETURN ROW(1, jsonb_build_object('key', key))::outcome;
END
$$;
COMMENT ON FUNCTION reeve.apply_application_type_delete(reeve.asker, jsonb,
    jsonb, jsonb) IS
'Takes a registered type away that nothing uses: {key}.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('application_type_create', 'Registers a type of an application.'),
    ('application_type_modify', 'Registers a later version of such a type.'),
    ('application_type_delete', 'Takes such a type away when nothing uses it.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.wanted_operation FROM PUBLIC;
GRANT SELECT ON reeve.list_rve_applicationtype TO reeve_runtime;
GRANT EXECUTE ON FUNCTION reeve.missing_operations(text, integer, integer)
    TO reeve_runtime;
RESET ROLE;
