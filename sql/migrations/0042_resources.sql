-- Resources: deleted, and computers imported; and the rules of collections
-- that come from another site.
--
-- A resource goes with its memberships and with the direct rules that name it.
-- Nobody gains anything by that: who leaves an excluded collection comes into
-- the excluding one only when there still is somebody to come.
--
-- An imported computer is a new device, or, when its MAC address or its SMBIOS
-- GUID is that of a device, this one.  Only its own memberships are made anew,
-- in the target collection and in all that depend on it: nobody else comes or
-- goes by an import.
--
-- A match that the caller may not read is refused as what there is not.  To
-- make a second device instead would hand out another's machine: whoever may
-- deploy to the target collection would install what answers to that address
-- (docs/rule.md section 4 wants Modify Resource on the matched record).  That
-- something stands in the way is thus known, of it nothing else.
-- Whether it is overwritten or not, in whatever words it was asked: the same.

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000120, 'info', 'provider', 'delete', 'resource',
     '1=user;2=class;3=resource;4=name'),
    (1000121, 'info', 'provider', 'import', 'computer',
     '1=user;2=resource;3=name;4=collection');

CREATE SEQUENCE reeve.device_number_seq
    MINVALUE 16777216 MAXVALUE 2046820351 START 16777216;
COMMENT ON SEQUENCE reeve.device_number_seq IS
'ResourceIDs of devices that are imported; those of unknown computers, users and groups lie above.';

CREATE FUNCTION reeve.new_device_id() RETURNS bigint
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    LOOP
        made := nextval('reeve.device_number_seq');
        IF EXISTS (SELECT FROM resource r WHERE r.resource_id = made) THEN
            -- Others have given numbers: behind the last of them.
            PERFORM setval('reeve.device_number_seq', (SELECT
                max(r.resource_id) FROM resource r
                WHERE r.resource_id BETWEEN made AND 2046820351));
        ELSIF NOT EXISTS (SELECT FROM retired_id r
                WHERE r.entity = 'resource' AND r.id = made::text) THEN
            RETURN made;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.new_device_id() IS
'A ResourceID that was never used.';

CREATE FUNCTION reeve.resource_image(id bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('resource_id', r.resource_id,
        'resource_type', r.resource_type, 'name', r.name,
        'properties', r.properties)
    FROM resource r WHERE r.resource_id = $1
$$;
COMMENT ON FUNCTION reeve.resource_image(bigint) IS
'A resource for the admin stream.';

-- Who may ------------------------------------------------------------------------

CREATE FUNCTION reeve.require_on_resource(who reeve.asker, at timestamptz,
    class text, operation text, key text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, class, operation,
        key);
    IF v.decision THEN
        RETURN v.assignments;
    ELSIF v.reason = 'groups_unknown' OR NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT can_read_resource(who, at, class, key) THEN
        PERFORM refuse_no_such_object();
    END IF;
    PERFORM refuse_missing(1, (SELECT o.name FROM class_operation c
            JOIN operation o ON o.object_type_id = 1 AND o.bit = c.bit
            WHERE c.class_name = class AND c.operation
                = require_on_resource.operation),
        v.missing, v.level_needed, v.reason);
END
$$;
COMMENT ON FUNCTION reeve.require_on_resource(reeve.asker, timestamptz, text,
    text, text) IS
'The assignments that allow an operation on a device, user or group; otherwise RV403 with what it is on collections, RV404 when the caller may not read it, RV503.';

CREATE FUNCTION reeve.can_read_resource(who reeve.asker, at timestamptz,
    class text, key text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, class, 'Read', key);
    RETURN v.decision;
END
$$;
COMMENT ON FUNCTION reeve.can_read_resource(reeve.asker, timestamptz, text,
    text) IS
'Whether the caller may Read a device, user or group.';

CREATE FUNCTION reeve.refuse_no_such_object() RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV404', 'There is no such object.',
        '{"reason":"no_such_object"}')
$$;
COMMENT ON FUNCTION reeve.refuse_no_such_object() IS
'RV404, in the same words whether it is missing or hidden.';

-- Deleting ------------------------------------------------------------------------

CREATE FUNCTION reeve.apply_resource_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    class text := args ->> 'class';
    matched bigint[];
    id bigint;
    before jsonb;
    n integer;
BEGIN
    PERFORM require_gate(who);
    IF class IS NULL OR class NOT IN ('SMS_R_System', 'SMS_R_User',
            'SMS_R_UserGroup') THEN
        PERFORM refuse('RV400', 'Resources are devices, users and groups.',
            '{"reason":"op_not_applicable"}');
    END IF;
    matched := require_on_resource(who, at, class, 'Delete',
        coalesce(args ->> 'key', ''));
    id := resource_named(class, args ->> 'key');
    PERFORM require_match(request, etag_of(class, id::text));
    before := resource_image(id);
    DELETE FROM collection_rule r WHERE r.resource_id = id;
    GET DIAGNOSTICS n = ROW_COUNT;
    DELETE FROM collection_member m WHERE m.resource_id = id;
    DELETE FROM resource r WHERE r.resource_id = id;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000120,
        ARRAY[class, id::text, before ->> 'name'], before, NULL)
        ::audit_event], matched);
    RETURN ROW(1 + n, jsonb_build_object('key', id::text));
END
$$;
COMMENT ON FUNCTION reeve.apply_resource_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'resource_delete: {class, key}; its memberships and direct rules go with it, its id is not used again.';

-- What an import says ----------------------------------------------------------------

CREATE TYPE reeve.machine AS (
    name            text,
    mac             text,
    guid            text
);
COMMENT ON TYPE reeve.machine IS
'A computer to be imported: its name, its MAC address as AA:BB:CC:DD:EE:FF and its SMBIOS GUID in upper case, at least one of both.';

CREATE FUNCTION reeve.refuse_machine(member text, what text) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV400', format('%s %s.', member, what),
        jsonb_build_object('reason', 'malformed_machine', 'member', member))
$$;
COMMENT ON FUNCTION reeve.refuse_machine(text, text) IS
'RV400 for a member of an import that is no such thing.';

CREATE FUNCTION reeve.mac_of(said text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    hex text := upper(translate(said, ':-', ''));
BEGIN
    IF said = '' THEN
        RETURN NULL;
    ELSIF said !~ '^([0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5})$'
        OR hex ~ '^.[13579BDF]' OR hex = '000000000000' THEN
        PERFORM refuse_machine('MACAddress', 'is the address of one device:'
            ' six pairs of hexadecimal digits, with : or - between them or'
            ' nothing');
    END IF;
    RETURN rtrim(regexp_replace(hex, '(..)', '\1:', 'g'), ':');
END
$$;
COMMENT ON FUNCTION reeve.mac_of(text) IS
'A MAC address in the form that is stored; NULL for none, RV400 for what is none, also for one of a group or of nobody.';

CREATE FUNCTION reeve.smbios_guid_of(said text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF said = '' THEN
        RETURN NULL;
    ELSIF said !~ '^(\{[^{}]{36}\}|[^{}]{32,36})$' OR trim(said, '{}')
        !~ '^[0-9A-Fa-f]{8}(-?)([0-9A-Fa-f]{4}\1){3}[0-9A-Fa-f]{12}$'
        OR said ~ '^[{0-]+[0}-]*$' OR said ~* '^[{F-]+[F}-]*$' THEN
        PERFORM refuse_machine('SMBIOSGUID', 'is a GUID of 32 hexadecimal'
            ' digits, neither all 0 nor all F');
    END IF;
    RETURN upper(trim(said, '{}')::uuid::text);
END
$$;
COMMENT ON FUNCTION reeve.smbios_guid_of(text) IS
'An SMBIOS GUID in the form that is stored; NULL for none, RV400 for what is none, also for those that firmware gives when it knows none.';

CREATE FUNCTION reeve.machine_of(args jsonb) RETURNS reeve.machine
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    m machine;
BEGIN
    m.name := coalesce(args ->> 'name', '');
    -- Microsoft's naming conventions: what a NetBIOS name may not have.
    IF m.name !~ '^[A-Za-z0-9!@#$%^&()_''{}~-]{1,15}$' THEN
        PERFORM refuse_machine('NetbiosName', 'is a name of 1 to 15 letters,'
            ' digits and !@#$%^&()_''{}~-');
    END IF;
    m.mac := mac_of(coalesce(args ->> 'mac', ''));
    m.guid := smbios_guid_of(coalesce(args ->> 'guid', ''));
    IF m.mac IS NULL AND m.guid IS NULL THEN
        PERFORM refuse_machine('MACAddress', 'or SMBIOSGUID has to say which'
            ' computer it is');
    END IF;
    RETURN m;
END
$$;
COMMENT ON FUNCTION reeve.machine_of(jsonb) IS
'What an import says of a computer; RV400 naming the member that is wrong.';

CREATE FUNCTION reeve.bare_id(said text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN upper(translate(said, ':-{} .', ''));
COMMENT ON FUNCTION reeve.bare_id(text) IS
'A MAC address or GUID, however written, as its digits alone.';

CREATE FUNCTION reeve.bare_ids(value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT reeve.bare_id(a.id)
    FROM unnest(reeve.as_texts(value)) AS a (id));
COMMENT ON FUNCTION reeve.bare_ids(jsonb) IS
'bare_id() of each text of a list.';

CREATE INDEX device_of_guid ON reeve.resource
    (reeve.bare_id(reeve.as_text(properties -> 'SMBIOSGUID')))
    WHERE resource_type = 5;
CREATE INDEX device_of_mac ON reeve.resource
    USING gin (reeve.bare_ids(properties -> 'MACAddresses'))
    WHERE resource_type = 5;

CREATE FUNCTION reeve.devices_like(m reeve.machine) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT r.resource_id FROM resource r WHERE r.resource_type = 5
        AND bare_id(as_text(r.properties -> 'SMBIOSGUID')) = bare_id(m.guid)
    UNION
    SELECT r.resource_id FROM resource r
    WHERE r.resource_type = 5 AND m.mac IS NOT NULL
        AND bare_ids(r.properties -> 'MACAddresses') @> ARRAY[bare_id(m.mac)]
    ORDER BY 1;
END
$$;
COMMENT ON FUNCTION reeve.devices_like(reeve.machine) IS
'The devices that a computer to be imported is already: by MAC address or SMBIOS GUID, however those are written.';

-- Where it goes -------------------------------------------------------------------------

CREATE FUNCTION reeve.require_target(who reeve.asker, at timestamptz,
    id text) RETURNS reeve.collection
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    c collection;
BEGIN
    IF named_category(who, at, 1, coalesce(id, ''), NULL) IS NULL THEN
        PERFORM refuse_no_such_object();
    END IF;
    SELECT x.* INTO STRICT c FROM collection x WHERE x.collection_id = id;
    RETURN c;
END
$$;
COMMENT ON FUNCTION reeve.require_target(reeve.asker, timestamptz, text) IS
'The collection that a computer is imported into; RV404 for one that there is not or that the caller may not read.';

CREATE FUNCTION reeve.check_target(c reeve.collection) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF c.kind <> 'device' THEN
        PERFORM refuse('RV400', 'CollectionId names a collection of users.',
            '{"reason":"other_kind"}');
    ELSIF c.is_built_in THEN
        PERFORM refuse_built_in('collection');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_target(reeve.collection) IS
'RV400, RV409 for a collection that takes no direct members, or no devices.';

CREATE FUNCTION reeve.belongs_to(resource_id bigint, c reeve.collection)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH rule AS (
        SELECT r.rule, r.resource_id, r.other_id IN ('SMS00001', 'SMS00004')
            OR EXISTS (SELECT FROM collection_member m
                WHERE m.collection_id = r.other_id
                    AND m.resource_id = $1) AS names_it
        FROM collection_rule r WHERE r.collection_id = (c).collection_id
    )
    SELECT ((c).limiting_id IN ('SMS00001', 'SMS00004') OR EXISTS (
            SELECT FROM collection_member m
            WHERE m.collection_id = (c).limiting_id AND m.resource_id = $1))
        AND NOT EXISTS (SELECT FROM rule r
            WHERE r.rule = 'exclude' AND r.names_it)
        AND (EXISTS (SELECT FROM rule r WHERE r.rule = 'direct'
                    AND r.resource_id = $1
                OR r.rule = 'include' AND r.names_it)
            -- Members by query, and those without rules, are as stored.
            OR (NOT EXISTS (SELECT FROM rule r WHERE r.rule <> 'query')
                    OR EXISTS (SELECT FROM rule r WHERE r.rule = 'query'))
                AND EXISTS (SELECT FROM collection_member m
                    WHERE m.collection_id = (c).collection_id
                        AND m.resource_id = $1))
$$;
COMMENT ON FUNCTION reeve.belongs_to(bigint, reeve.collection) IS
'Whether a resource of its kind is a member of a collection, by the rules of members_by_rules() and store_members(), for this resource alone.';

CREATE FUNCTION reeve.place_in(resource_id bigint, c reeve.collection)
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    belongs boolean := belongs_to(resource_id, c);
    n integer;
BEGIN
    IF belongs THEN
        INSERT INTO collection_member (collection_id, resource_id, kind)
            VALUES (c.collection_id, resource_id, c.kind)
            ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM collection_member m
            WHERE m.collection_id = c.collection_id
                AND m.resource_id = place_in.resource_id;
    END IF;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.place_in(bigint, reeve.collection) IS
'Makes a resource a member of a collection, or none, as it belongs; 1 when that is new.';

CREATE FUNCTION reeve.place_resource(resource_id bigint, starts text[])
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    waiting text[] := ARRAY(SELECT DISTINCT d.collection_id
        FROM unnest(starts) AS s, dependents_of(s) d);
    c collection;
    n integer := 0;
BEGIN
    WHILE cardinality(waiting) > 0 LOOP
        -- One that depends on none of the others: there is no circle.
        SELECT x.* INTO STRICT c FROM collection x
            WHERE x.collection_id = ANY (waiting) AND NOT EXISTS (
                SELECT FROM links_of(x.collection_id) AS l (id)
                WHERE l.id = ANY (waiting))
            ORDER BY x.collection_id LIMIT 1;
        n := n + place_in(resource_id, c);
        waiting := array_remove(waiting, c.collection_id::text);
    END LOOP;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.place_resource(bigint, text[]) IS
'Makes the memberships of one resource anew in collections and all that depend on them, those first that others name; how many came and went.';

CREATE FUNCTION reeve.name_directly(who reeve.asker, at timestamptz,
    id bigint, c reeve.collection) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    is_stored boolean := NOT EXISTS (SELECT FROM collection_rule r
            WHERE r.collection_id = c.collection_id)
        AND EXISTS (SELECT FROM collection_member m
            WHERE m.collection_id = c.collection_id);
    n integer := 0;
BEGIN
    IF NOT is_stored THEN
        RETURN add_rules(who, at, c, ARRAY[ROW('direct', (SELECT r.name
            FROM resource r WHERE r.resource_id = id), id, NULL)
            ::wanted_rule]);
    END IF;
    -- A first rule would make the others no members any more.
    INSERT INTO collection_member (collection_id, resource_id, kind)
        SELECT c.collection_id, id, c.kind
        WHERE c.limiting_id = 'SMS00001' OR EXISTS (
            SELECT FROM collection_member m
            WHERE m.collection_id = c.limiting_id AND m.resource_id = id)
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.name_directly(reeve.asker, timestamptz, bigint,
    reeve.collection) IS
'Makes a device a direct member of a collection: by a rule, or where the members are stored without any, as they are.  How many rows are new.';

-- Importing ---------------------------------------------------------------------------------

CREATE FUNCTION reeve.own_site() RETURNS text
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    site site_setting;
BEGIN
    SELECT s.* INTO STRICT site FROM site_setting s;
    IF NOT object_exists(6, site.site_code) THEN
        INSERT INTO secured_object (object_type_id, object_key, name)
            VALUES (6, site.site_code, coalesce(nullif(site.site_name, ''),
                site.site_code));
        INSERT INTO object_scope (object_type_id, object_key, scope_id)
            VALUES (6, site.site_code, 'SMS00UNA');
    END IF;
    RETURN site.site_code;
END
$$;
COMMENT ON FUNCTION reeve.own_site() IS
'The key of the site itself as a secured object, which is made when it is first needed, in the scope Default.';

CREATE FUNCTION reeve.require_on_site(who reeve.asker, at timestamptz,
    site text, operation text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, 'SMS_Site', operation,
        site);
    IF v.decision THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    -- That there is a site is no secret.
    PERFORM refuse_missing(6, operation, v.missing, v.level_needed,
        v.reason);
END
$$;
COMMENT ON FUNCTION reeve.require_on_site(reeve.asker, timestamptz, text,
    text) IS
'RV403, RV503 unless the caller may do an operation on the site itself.';

CREATE FUNCTION reeve.require_import(who reeve.asker, at timestamptz,
    site text, collection_id text, existing bigint) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT require_pair(who, at, 'import-computer', jsonb_strip_nulls(
        jsonb_build_object('object', jsonb_build_object('type', 'SMS_Site',
            'key', site), 'collection', collection_id, 'other',
            CASE WHEN existing IS NOT NULL THEN jsonb_build_object(
                'type', 'SMS_R_System', 'key', existing::text) END)))
$$;
COMMENT ON FUNCTION reeve.require_import(reeve.asker, timestamptz, text, text,
    bigint) IS
'The assignments that allow an import, with all its halves (docs/rule.md section 4); RV403, RV503.';

CREATE FUNCTION reeve.existing_machine(who reeve.asker, at timestamptz,
    m reeve.machine, overwrite boolean) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    found bigint[] := ARRAY(SELECT d FROM devices_like(m) d);
BEGIN
    IF EXISTS (SELECT FROM unnest(found) f WHERE NOT can_read_resource(who,
            at, 'SMS_R_System', f::text)) THEN
        IF NOT who.groups_known THEN
            PERFORM refuse_not_decidable();
        END IF;
        PERFORM refuse_no_such_object();
    ELSIF cardinality(found) > 1 THEN
        PERFORM refuse('RV409', 'The MAC address and the SMBIOS GUID are those'
            ' of different devices: delete one, or name only one of both.',
            jsonb_build_object('reason', 'ambiguous_machine',
                'resource_ids', to_jsonb(found)));
    ELSIF cardinality(found) = 1 AND NOT overwrite THEN
        PERFORM refuse('RV409', format('This computer is the device %s'
            ' already: say OverwriteExistingRecord to change it.', found[1]),
            jsonb_build_object('reason', 'machine_exists',
                'resource_ids', to_jsonb(found)));
    END IF;
    RETURN found[1];
END
$$;
COMMENT ON FUNCTION reeve.existing_machine(reeve.asker, timestamptz,
    reeve.machine, boolean) IS
'The device that a computer is already, NULL for none; RV409 for several, or when it is not to be overwritten; RV404 where the caller may not read one of them.';

CREATE FUNCTION reeve.add_machine(m reeve.machine, at timestamptz)
RETURNS bigint
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    id bigint := new_device_id();
BEGIN
    INSERT INTO resource (resource_id, resource_type, name, properties)
        VALUES (id, 5, m.name, jsonb_strip_nulls(jsonb_build_object(
            'NetbiosName', m.name, 'SMBIOSGUID', m.guid,
            'MACAddresses', CASE WHEN m.mac IS NOT NULL
                THEN jsonb_build_array(m.mac) END,
            'Client', 0, 'CreationDate', edm_time(at))));
    PERFORM place_resource(id, ARRAY(SELECT r.collection_id::text
        FROM collection_rule r
        WHERE r.rule = 'include' AND r.other_id = 'SMS00001'));
    RETURN id;
END
$$;
COMMENT ON FUNCTION reeve.add_machine(reeve.machine, timestamptz) IS
'Makes a device, which is a member of whatever includes all of them; its ResourceID.';

CREATE FUNCTION reeve.change_machine(who reeve.asker, at timestamptz,
    id bigint, m reeve.machine) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    had resource;
    wanted jsonb;
    n integer;
BEGIN
    SELECT r.* INTO STRICT had FROM resource r WHERE r.resource_id = id;
    wanted := had.properties || jsonb_strip_nulls(jsonb_build_object(
        'NetbiosName', m.name, 'SMBIOSGUID', m.guid, 'MACAddresses',
        CASE WHEN m.mac IS NOT NULL AND NOT EXISTS (
                SELECT FROM unnest(bare_ids(had.properties
                    -> 'MACAddresses')) AS a (mac)
                WHERE a.mac = bare_id(m.mac))
            THEN jsonb_build_array(m.mac) END));
    IF (had.name, had.properties) = (m.name, wanted) THEN
        RETURN 0;
    END IF;
    -- Its values are what rules by query read.
    PERFORM refuse_self_widening(who, at, q.collection_id, true, true)
        FROM (SELECT DISTINCT r.collection_id::text FROM collection_rule r
            WHERE r.rule = 'query' AND r.kind = 'device') q;
    UPDATE resource r SET name = m.name, properties = wanted
        WHERE r.resource_id = id;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.change_machine(reeve.asker, timestamptz, bigint,
    reeve.machine) IS
'Writes what an import says of a device that there is; RV403 where that could bring it, by a query, into a collection of the caller''s own permissions.';

CREATE FUNCTION reeve.join_target(who reeve.asker, at timestamptz, id bigint,
    c reeve.collection, is_new boolean) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    -- Creating is no write of section 6; adding one that there is, is one.
    IF NOT is_new AND NOT EXISTS (SELECT FROM collection_rule r
            WHERE r.collection_id = c.collection_id AND r.resource_id = id)
    THEN
        PERFORM refuse_self_widening(who, at, c.collection_id, true, false);
    END IF;
    n := name_directly(who, at, id, c);
    RETURN n + place_resource(id, ARRAY[c.collection_id::text]);
END
$$;
COMMENT ON FUNCTION reeve.join_target(reeve.asker, timestamptz, bigint,
    reeve.collection, boolean) IS
'Makes a device a direct member of the target collection; RV403 self_widening for one that there was.';

CREATE FUNCTION reeve.apply_machine_import(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    m machine;
    site text;
    c collection;
    id bigint;
    matched bigint[];
    before jsonb;
    n integer;
BEGIN
    PERFORM require_gate(who);
    m := machine_of(args);
    site := own_site();
    PERFORM require_on_site(who, at, site, 'Import Computer Entry');
    c := require_target(who, at, args ->> 'collection_id');
    PERFORM require_import(who, at, site, c.collection_id, NULL);
    PERFORM check_target(c);
    id := existing_machine(who, at, m,
        coalesce((args ->> 'overwrite')::boolean, false));
    matched := require_import(who, at, site, c.collection_id, id);
    before := resource_image(id);
    IF id IS NULL THEN
        id := add_machine(m, at);
        n := 1;
    ELSE
        n := change_machine(who, at, id, m);
    END IF;
    n := n + join_target(who, at, id, c, before IS NULL);
    IF n > 0 THEN
        PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000121,
            ARRAY[id::text, m.name, c.collection_id], before,
            resource_image(id))::audit_event], matched);
    END IF;
    RETURN ROW(n, jsonb_build_object('ResourceID', id,
        'MachineExists', before IS NOT NULL, '@reeve.member',
        EXISTS (SELECT FROM collection_member x WHERE x.resource_id = id
            AND x.collection_id = c.collection_id)));
END
$$;
COMMENT ON FUNCTION reeve.apply_machine_import(reeve.asker, jsonb, jsonb,
    jsonb) IS
'machine_import: {name, mac, guid, overwrite, collection_id}; result: ResourceID, MachineExists, and @reeve.member: whether it is a member of the target collection, which it is not outside of what limits that.';

-- Rules of collections that come over ---------------------------------------------------------
--
-- A ResourceID of another site is the number of another device here: only the
-- name of a direct rule, which is that of its device, can tell who is meant,
-- and only when exactly one has it.

CREATE INDEX resource_of_name ON reeve.resource (lower(name), kind);

CREATE FUNCTION reeve.import_named_resource(r jsonb, kind text,
    OUT id bigint, OUT why text)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    found bigint[] := ARRAY(SELECT x.resource_id FROM resource x
        WHERE lower(x.name) = lower(r ->> 'RuleName')
            AND x.kind = import_named_resource.kind LIMIT 2);
BEGIN
    CASE cardinality(found)
    WHEN 1 THEN
        id := found[1];
    WHEN 0 THEN
        why := format('no %s here has its name', kind);
    ELSE
        why := format('several %ss here have its name', kind);
    END CASE;
END
$$;
COMMENT ON FUNCTION reeve.import_named_resource(jsonb, text) IS
'The one device, user or group here that has the name of a direct rule of another site, else why there is none.';

CREATE FUNCTION reeve.import_named_collection(source text, there text,
    c reeve.collection, OUT id text, OUT why text)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    id := coalesce(import_known('collection', source, there),
        (SELECT x.collection_id FROM collection x
            WHERE x.collection_id = there AND x.is_built_in));
    IF id IS NULL THEN
        why := 'the collection that it names did not come';
    ELSIF c.kind <> (SELECT x.kind FROM collection x
            WHERE x.collection_id = id) THEN
        why := 'the collection that it names is of another kind';
    ELSIF id = c.collection_id OR depends_on(id, c.collection_id) THEN
        why := 'the collection that it names depends on this one';
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.import_named_collection(text, text,
    reeve.collection) IS
'The collection here that a rule of another site names, else why there is none that it may name.';

CREATE FUNCTION reeve.import_rule(source text, c reeve.collection, r jsonb,
    OUT wanted reeve.wanted_rule, OUT why text)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    wanted.name := left(coalesce(nullif(r ->> 'RuleName', ''), '?'), 256);
    IF coalesce(r ->> 'QueryExpression', '') <> '' THEN
        wanted.rule := 'query';
        why := 'rules by query are not taken';
    ELSIF coalesce(r ->> 'IncludeCollectionID', '') <> '' THEN
        wanted.rule := 'include';
        SELECT n.id, n.why INTO wanted.other_id, why
            FROM import_named_collection(source, r ->> 'IncludeCollectionID',
                c) n;
    ELSIF coalesce(r ->> 'ExcludeCollectionID', '') <> '' THEN
        wanted.rule := 'exclude';
        SELECT n.id, n.why INTO wanted.other_id, why
            FROM import_named_collection(source, r ->> 'ExcludeCollectionID',
                c) n;
    ELSIF coalesce(r ->> 'ResourceID', '') <> '' THEN
        wanted.rule := 'direct';
        SELECT n.id, n.why INTO wanted.resource_id, why
            FROM import_named_resource(r, c.kind) n;
    ELSE
        wanted.rule := 'unknown';
        why := 'it is no rule of a known kind';
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.import_rule(text, reeve.collection, jsonb) IS
'A rule of another site as one of here, or why it is left out.';

CREATE FUNCTION reeve.import_rules_of(who reeve.asker, at timestamptz,
    source text, line jsonb, rules jsonb, OUT n integer, OUT lines jsonb[])
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    c collection;
    wanted wanted_rule[] := '{}';
    one record;
    r jsonb;
BEGIN
    SELECT x.* INTO STRICT c FROM collection x
        WHERE x.collection_id = line ->> 'id';
    lines := '{}';
    FOR r IN SELECT x FROM jsonb_array_elements(rules) x LOOP
        one := import_rule(source, c, r);
        IF one.why IS NULL THEN
            wanted := wanted || (one.wanted);
        ELSE
            lines := lines || jsonb_strip_nulls(jsonb_build_object(
                'entity', 'rule', 'source_id', line ->> 'source_id',
                'id', c.collection_id, 'name', (one.wanted).name,
                'action', 'left_out', 'why', one.why,
                'rule', (one.wanted).rule, 'query',
                nullif(r ->> 'QueryExpression', '')));
        END IF;
    END LOOP;
    n := add_rules(who, at, c, wanted);
END
$$;
COMMENT ON FUNCTION reeve.import_rules_of(reeve.asker, timestamptz, text,
    jsonb, jsonb) IS
'The rules of a collection that has just come: how many there are, and a line of the plan for each that is left out.';

CREATE FUNCTION reeve.import_rules(who reeve.asker, at timestamptz,
    args jsonb, plan jsonb[], OUT n integer, OUT lines jsonb[])
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    came record;
    done record;
    ids text[] := '{}';
    id text;
BEGIN
    n := 0;
    lines := '{}';
    FOR came IN SELECT l, r -> 'CollectionRules' AS rules
        FROM unnest(plan) WITH ORDINALITY AS p (l, i)
        JOIN jsonb_array_elements(args -> 'SMS_Collection') r
            ON r ->> 'CollectionID' = p.l ->> 'source_id'
        WHERE p.l ->> 'entity' = 'collection' AND p.l ->> 'action' = 'made'
            AND jsonb_typeof(r -> 'CollectionRules') = 'array' ORDER BY p.i
    LOOP
        done := import_rules_of(who, at, args ->> 'source', came.l,
            came.rules);
        n := n + done.n;
        lines := lines || done.lines;
        IF done.n > 0 THEN
            ids := ids || (came.l ->> 'id');
        END IF;
    END LOOP;
    -- What is new is nobody's category yet: nobody's rights get wider.
    FOREACH id IN ARRAY ids LOOP
        PERFORM refresh_members(id, true);
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.import_rules(reeve.asker, timestamptz, jsonb,
    jsonb[]) IS
'The rules of the collections that have just come, and their members; how many rules, and lines of the plan for those left out.';

CREATE FUNCTION reeve.check_import_rules(args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM jsonb_array_elements(args -> 'SMS_Collection') c
            WHERE coalesce(c -> 'CollectionRules', 'null') <> 'null'
                AND NOT import_is_list(c -> 'CollectionRules', 'ResourceID',
                    '^[0-9]{0,10}$', '')) THEN
        PERFORM refuse('RV400', 'SMS_Collection is not what an import takes:'
            ' CollectionRules is a list of rules.',
            '{"reason":"malformed_import","member":"SMS_Collection"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_import_rules(jsonb) IS
'RV400 unless the rules of collections, where there are some, are lists of rules.';

CREATE OR REPLACE FUNCTION reeve.apply_site_import(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_full_administrator(who, at);
    lines jsonb[];
    made audit_event[];
    a jsonb;
    members record;
    rules record;
BEGIN
    PERFORM check_import(args);
    PERFORM check_import_rules(args);
    lines := ARRAY(SELECT l FROM import_things(who, at, args) l);
    rules := import_rules(who, at, args, lines);
    made := ARRAY(SELECT import_audit(l) FROM unnest(lines) l
        WHERE l ->> 'action' = 'made');
    IF made <> '{}' THEN
        PERFORM write_admin_audit(at, actor, request, made, matched);
    END IF;
    members := import_memberships(who, actor, args, request);
    lines := lines || rules.lines;
    FOR a IN SELECT x FROM jsonb_array_elements(args -> 'SMS_Admin')
        WITH ORDINALITY AS g (x, i) ORDER BY g.x ->> 'LogonName' COLLATE "C",
            g.i
    LOOP
        lines := lines || import_admin_row(who, actor, args, a, request,
            matched);
    END LOOP;
    RETURN ROW(members.changed + rules.n + (SELECT count(*)
            FROM unnest(lines) l WHERE l ->> 'action' = 'made')::integer,
        jsonb_build_object('plan', to_jsonb(lines), 'memberships',
            members.told, 'rules', jsonb_build_object('made', rules.n,
                'left_out', cardinality(rules.lines)),
            'differences', import_differences(args)));
END
$$;
COMMENT ON FUNCTION reeve.apply_site_import(reeve.asker, jsonb, jsonb, jsonb)
IS 'site_import: {source, SMS_Role, SMS_SecuredCategory, SMS_Collection, SMS_Admin, SMS_SecuredCategoryMembership, accounts, found}; result: {plan, memberships, rules, differences}.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('resource_delete', 'A device, user or group is deleted.'),
    ('machine_import', 'A computer is imported into a collection.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.machine FROM PUBLIC;
RESET ROLE;
