-- Objects of the types that are secured by scope: made, changed, deleted.
--
-- Folders have rules of their own (docs/rule.md section 4) and are not made
-- here.  A key that another system gives (a site code, a server's name, that
-- of an application's object) is said by the caller; all others are given
-- here, and none is used twice.

SET LOCAL ROLE reeve_owner;
DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;

INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000090, 'info', 'provider', 'create', 'secured object',
     '1=user;2=class;3=key;4=name'),
    (1000091, 'info', 'provider', 'modify', 'secured object',
     '1=user;2=class;3=key;4=name'),
    (1000092, 'info', 'provider', 'delete', 'secured object',
     '1=user;2=class;3=key;4=name');

CREATE SEQUENCE reeve.object_number_seq MAXVALUE 1048575;
COMMENT ON SEQUENCE reeve.object_number_seq IS
'Numbers in the keys of objects of this site, five hexadecimal digits.';

-- What is asked for -------------------------------------------------------------

CREATE FUNCTION reeve.scoped_type(args jsonb) RETURNS reeve.object_type
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    t object_type;
BEGIN
    IF coalesce(args ->> 'type', '') ~ '^[1-9][0-9]{0,8}$' THEN
        SELECT x.* INTO t FROM object_type x
            WHERE x.object_type_id = (args ->> 'type')::integer
                AND x.secured_by = 'scope' AND x.object_type_id <> 226;
    END IF;
    IF t.object_type_id IS NULL THEN
        PERFORM refuse('RV400', 'Objects of this type are not written this'
            ' way.', '{"reason":"op_not_applicable"}');
    END IF;
    RETURN t;
END
$$;
COMMENT ON FUNCTION reeve.scoped_type(jsonb) IS
'The type that a change of an object names: one secured by scope, and not that of folders; RV400.';

CREATE FUNCTION reeve.type_with_create(args jsonb) RETURNS reeve.object_type
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    t object_type := scoped_type(args);
BEGIN
    IF NOT EXISTS (SELECT FROM operation o WHERE o.name = 'Create'
            AND o.object_type_id = t.object_type_id) THEN
        PERFORM refuse('RV400', 'Objects of this type are not made: it has no'
            ' operation Create.', '{"reason":"op_not_applicable"}');
    END IF;
    RETURN t;
END
$$;
COMMENT ON FUNCTION reeve.type_with_create(jsonb) IS
'The type that a new object shall be of; RV400 when nobody makes such.';

CREATE FUNCTION reeve.key_in_url(type_id integer, url_key text) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE WHEN $1 IN (11, 31, 32, 34, 1000004, 1000005)
        THEN coalesce((SELECT o.object_key FROM secured_object o
            WHERE o.object_type_id = $1
                AND o.object_type_id IN (11, 31, 32, 34, 1000004, 1000005)
                AND (o.properties ->> 'CI_ID') COLLATE "C" = $2), '')
        ELSE coalesce($2, '') END
$$;
COMMENT ON FUNCTION reeve.key_in_url(integer, text) IS
'The key of an object by that of its path, which is a CI_ID for some types; empty for none.';

CREATE FUNCTION reeve.is_object_value(value jsonb, depth integer)
RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE jsonb_typeof($1)
        WHEN 'string' THEN length($1 #>> '{}') <= 4000
        WHEN 'array' THEN $2 > 0 AND jsonb_array_length($1) <= 1000
            AND NOT EXISTS (SELECT FROM jsonb_array_elements($1) AS e
                WHERE NOT is_object_value(e, $2 - 1))
        WHEN 'object' THEN $2 > 0 AND NOT EXISTS (
            SELECT FROM jsonb_each($1) AS e
            WHERE length(e.key) NOT BETWEEN 1 AND 128
                OR NOT is_object_value(e.value, $2 - 1))
        ELSE true END
$$;
COMMENT ON FUNCTION reeve.is_object_value(jsonb, integer) IS
'Whether a value may be kept in an object: texts of at most 4000 characters, lists of 1000, so deep at most.';

CREATE FUNCTION reeve.check_object_properties(given jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    -- What the store says of an object itself.
    own text[] := '{CI_ID,ContainerNodeID,CreatedBy,DateCreated,LastModifiedBy,DateLastModified}';
BEGIN
    IF jsonb_typeof(given) IS DISTINCT FROM 'object'
        OR octet_length(given::text) > 65536
        OR NOT is_object_value(given, 4)
        OR EXISTS (SELECT FROM jsonb_object_keys(given) AS k
            WHERE k !~ '^[A-Za-z_][A-Za-z0-9_]{0,127}$' OR k = ANY (own))
    THEN
        PERFORM refuse('RV400', 'Properties of an object are texts, numbers,'
            ' true, false and lists of them, at most 4 deep and 64 KiB; their'
            ' names have letters, digits and underscores.',
            '{"reason":"malformed_properties"}');
    END IF;
    RETURN given;
END
$$;
COMMENT ON FUNCTION reeve.check_object_properties(jsonb) IS
'Properties that a caller may keep in an object; RV400.';

CREATE FUNCTION reeve.object_image(type_id integer, key text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('object_type_id', o.object_type_id,
        'object_key', o.object_key, 'name', o.name, 'properties',
        o.properties, 'scopes', scopes_of($1, $2))
    FROM secured_object o
    WHERE o.object_type_id = $1 AND o.object_key = $2
$$;
COMMENT ON FUNCTION reeve.object_image(integer, text) IS
'An object for the admin stream, with its scopes.';

-- Scopes of a new object: docs/rule.md section 5 ---------------------------------

CREATE FUNCTION reeve.named_scopes(args jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    ids jsonb := coalesce(args -> 'scopes', '[]');
    names jsonb := coalesce(args -> 'scope_names', '[]');
    scopes text[];
    unknown text;
BEGIN
    IF jsonb_typeof(ids) <> 'array' OR jsonb_typeof(names) <> 'array'
        OR jsonb_path_exists(ids || names, '$[*] ? (@.type() != "string")')
        OR jsonb_array_length(ids || names) > 1000 THEN
        PERFORM refuse('RV400', 'Security scopes are a list of texts, at most'
            ' 1000.', '{"reason":"malformed_scopes"}');
    END IF;
    SELECT coalesce(array_agg(DISTINCT s.scope_id::text)
            FILTER (WHERE s.scope_id IS NOT NULL), '{}'),
        min(w.said) FILTER (WHERE s.scope_id IS NULL)
    INTO scopes, unknown
    FROM (SELECT said, true AS is_id FROM jsonb_array_elements_text(ids) said
        UNION ALL SELECT said, false
        FROM jsonb_array_elements_text(names) said) w
    LEFT JOIN security_scope s
        ON CASE WHEN w.is_id THEN s.scope_id ELSE s.name END = w.said;
    IF unknown IS NOT NULL THEN
        PERFORM refuse('RV400', format('There is no security scope %s.',
            left(unknown, 64)), jsonb_build_object('reason',
            'unknown_category', 'category_id', left(unknown, 64)));
    ELSIF 'SMS00ALL' = ANY (scopes) THEN
        PERFORM refuse('RV400', 'Objects are not put into the scope All'
            ' (SMS00ALL).', '{"reason":"scope_all"}');
    END IF;
    RETURN scopes;
END
$$;
COMMENT ON FUNCTION reeve.named_scopes(jsonb) IS
'The scopes that a request names, by id or by name; RV400 for what is none, and for SMS00ALL.';

CREATE FUNCTION reeve.creators_scopes(who reeve.asker, at timestamptz,
    type_id integer) RETURNS text[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT CASE s.scope_id WHEN 'SMS00ALL'
        THEN 'SMS00UNA' ELSE s.scope_id::text END), '{}')
    FROM operation o,
        LATERAL weigh(who.ids, who.level, who.delegated, at, $3, o.bit,
            'role', '{}', '{}', false) w
    JOIN assignment_scope s ON s.assignment_id = w.assignment_id
    WHERE o.object_type_id = $3
        AND o.name IN ('Create', 'Set Security Scope') AND w.failed = '{}'
$$;
COMMENT ON FUNCTION reeve.creators_scopes(reeve.asker, timestamptz, integer)
IS 'The scopes of a new object whose maker names none: those of all permissions with Create or Set Security Scope, Default in place of All.';

CREATE FUNCTION reeve.scopes_of_new(who reeve.asker, at timestamptz,
    type_id integer, args jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    scopes text[] := named_scopes(args);
    scope text;
BEGIN
    FOREACH scope IN ARRAY scopes LOOP
        PERFORM require_in_scope(who, at, type_id, 'Create', scope);
    END LOOP;
    IF scopes = '{}' THEN
        scopes := creators_scopes(who, at, type_id);
    END IF;
    IF scopes <> '{}' THEN
        RETURN scopes;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse_missing(type_id, 'Create', ARRAY['scope'], 0,
        'no_initial_scope');
END
$$;
COMMENT ON FUNCTION reeve.scopes_of_new(reeve.asker, timestamptz, integer,
    jsonb) IS
'The scopes that a new object gets: section 5 of the rule; RV403 when there is none.';

-- Keys ----------------------------------------------------------------------------

CREATE FUNCTION reeve.is_free_object_key(type_id integer, key text)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM secured_object o
            WHERE o.object_type_id = $1 AND o.object_key = $2)
        AND NOT EXISTS (SELECT FROM retired_id r
            WHERE r.entity = 'secured_object' AND r.id = $1 || '/' || $2)
$$;
COMMENT ON FUNCTION reeve.is_free_object_key(integer, text) IS
'Whether a key is no object''s of a type, and was none''s.';

CREATE FUNCTION reeve.given_object_key(t reeve.object_type, key jsonb)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    said text := key #>> '{}';
BEGIN
    IF jsonb_typeof(key) IS DISTINCT FROM 'string'
        OR said !~ '^[A-Za-z0-9_.:@{}\\/-]{1,255}$' THEN
        PERFORM refuse('RV400', format('%s is a text of 1 to 255 letters,'
            ' digits and _.:@{}\/-.', coalesce(t.key_property, 'ObjectKey')),
            '{"reason":"malformed_key"}');
    ELSIF NOT is_free_object_key(t.object_type_id, said) THEN
        PERFORM refuse('RV409', 'This key is taken, or was that of an object'
            ' that was deleted: choose another.', '{"reason":"key_taken"}');
    END IF;
    RETURN said;
END
$$;
COMMENT ON FUNCTION reeve.given_object_key(reeve.object_type, jsonb) IS
'A key that the caller gives; RV400, RV409 when it is or was another''s.';

CREATE FUNCTION reeve.new_object_key(t reeve.object_type, key jsonb)
RETURNS text
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    site text := (SELECT s.site_code FROM site_setting s);
    made text;
BEGIN
    IF NOT t.is_shipped AND coalesce(key, 'null') <> 'null'
        OR t.key_property IN ('SiteCode', 'ServerName') THEN
        RETURN given_object_key(t, key);
    ELSIF t.key_property IN ('ModelName', 'CI_UniqueID') THEN
        RETURN format('ScopeId_%s/%s_%s', gen_random_uuid(), t.sdk_name,
            gen_random_uuid());
    ELSIF t.key_property ~* 'guid$|^GroupID$' THEN
        RETURN upper(gen_random_uuid()::text);
    END IF;
    LOOP
        made := site || lpad(upper(to_hex(nextval('object_number_seq'))), 5,
            '0');
        -- Packages of all types share their numbers.
        IF is_free_object_key(t.object_type_id, made) AND NOT EXISTS (
                SELECT FROM secured_object o WHERE o.object_key = made) THEN
            RETURN made;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.new_object_key(reeve.object_type, jsonb) IS
'A key for a new object: the caller''s where others give it, else the site''s.';

-- The changes -----------------------------------------------------------------------

CREATE FUNCTION reeve.object_told(t reeve.object_type, key text)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('key', coalesce(CASE
            WHEN o.object_type_id IN (11, 31, 32, 34, 1000004, 1000005)
            THEN o.properties ->> 'CI_ID' END, o.object_key),
        'object_key', o.object_key, 'name', o.name,
        'etag', o.changed_revision::text,
        'scopes', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'CategoryID', s.scope_id, 'CategoryName', s.name)
                ORDER BY s.scope_id), '[]')
            FROM object_scope x JOIN security_scope s USING (scope_id)
            WHERE x.object_type_id = o.object_type_id
                AND x.object_key = o.object_key))
    FROM secured_object o
    WHERE o.object_type_id = (t).object_type_id AND o.object_key = $2
$$;
COMMENT ON FUNCTION reeve.object_told(reeve.object_type, text) IS
'What the maker of an object is told of it: its key in paths, its own, its tag and its scopes.';

CREATE FUNCTION reeve.apply_object_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := type_with_create(args);
    matched bigint[] := require_creating(who, at, t.object_type_id);
    wanted text := check_label(args -> 'name', 'Name', 1, 512);
    content jsonb := check_object_properties(
        coalesce(args -> 'properties', '{}'));
    scopes text[] := scopes_of_new(who, at, t.object_type_id, args);
    new_key text := new_object_key(t, args -> 'key');
BEGIN
    INSERT INTO secured_object (object_type_id, object_key, name, properties)
        VALUES (t.object_type_id, new_key, wanted,
            jsonb_strip_nulls(content) || jsonb_build_object(
            'CreatedBy', who.principal, 'DateCreated', edm_time(at),
            'LastModifiedBy', who.principal,
            'DateLastModified', edm_time(at)));
    INSERT INTO object_scope (object_type_id, object_key, scope_id)
        SELECT t.object_type_id, new_key, s FROM unnest(scopes) s;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000090,
        ARRAY[coalesce(t.class_name, t.sdk_name), new_key, wanted], NULL,
        object_image(t.object_type_id, new_key))::audit_event], matched);
    RETURN ROW(1, object_told(t, new_key));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_create(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_create: {type, name, properties, scopes (ids), scope_names, key}.';

CREATE FUNCTION reeve.require_same_scopes(type_id integer, key text,
    args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF (args ? 'scopes' OR args ? 'scope_names') AND NOT (
            named_scopes(args) <@ scopes_of(type_id, key)
            AND scopes_of(type_id, key) <@ named_scopes(args)) THEN
        PERFORM refuse('RV400', 'An object is put into security scopes, and'
            ' taken out of them, by SMS_SecuredCategoryMembership.',
            '{"reason":"scopes_elsewhere"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_same_scopes(integer, text, jsonb) IS
'RV400 when a change of an object names other scopes than it has.';

CREATE FUNCTION reeve.apply_object_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
    matched bigint[];
    had secured_object;
    before jsonb;
    wanted text;
    content jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, t.object_type_id, 'Modify', id);
    SELECT o.* INTO STRICT had FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    PERFORM require_match(request, had.changed_revision::text);
    PERFORM require_same_scopes(t.object_type_id, id, args);
    IF coalesce(args ->> 'own_key', id) <> id THEN
        PERFORM refuse('RV400', 'The key in the body is not that of the'
            ' path: keys do not change.', '{"reason":"another_key"}');
    END IF;
    wanted := check_label(coalesce(args -> 'name', to_jsonb(had.name)),
        'Name', 1, 512);
    content := jsonb_strip_nulls(had.properties || check_object_properties(
        coalesce(args -> 'properties', '{}')));
    IF octet_length(content::text) > 65536 + 1024 THEN
        PERFORM refuse('RV400', 'Properties of an object have at most 64 KiB'
            ' together.', '{"reason":"malformed_properties"}');
    ELSIF (wanted, content) = (had.name, jsonb_strip_nulls(had.properties))
    THEN
        RETURN ROW(0, object_told(t, id));
    END IF;
    before := object_image(t.object_type_id, id);
    UPDATE secured_object o SET name = wanted, properties = content
            || jsonb_build_object('LastModifiedBy', who.principal,
                'DateLastModified', edm_time(at))
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000091,
        ARRAY[coalesce(t.class_name, t.sdk_name), id, wanted], before,
        object_image(t.object_type_id, id))::audit_event], matched);
    RETURN ROW(1, object_told(t, id));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_change(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_change: {type, key (as paths have it), own_key, name, properties}; of properties those named change, null takes one away.';

CREATE FUNCTION reeve.require_no_default(type_id integer, key text)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM default_instance d
            WHERE d.object_type_id = type_id AND d.object_key = key)
        OR EXISTS (SELECT FROM site_setting s
            WHERE type_id = 6 AND s.site_code = key) THEN
        PERFORM refuse_built_in('object');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_no_default(integer, text) IS
'RV409 for the default instance of a type, and for the site itself, which have to stay.';

CREATE FUNCTION reeve.apply_object_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
    matched bigint[];
    before jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, t.object_type_id, 'Delete', id);
    PERFORM require_match(request, (SELECT o.changed_revision::text
        FROM secured_object o WHERE o.object_type_id = t.object_type_id
            AND o.object_key = id));
    PERFORM require_no_default(t.object_type_id, id);
    before := object_image(t.object_type_id, id);
    DELETE FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    INSERT INTO retired_id AS r (entity, id, revision) VALUES ('secured_object',
        t.object_type_id || '/' || (before ->> 'object_key'),
        held_revision());
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000092,
        ARRAY[coalesce(t.class_name, t.sdk_name), before ->> 'object_key',
        before ->> 'name'], before, NULL)::audit_event], matched);
    RETURN ROW(1, jsonb_build_object('key', args ->> 'key'));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_delete: {type, key (as paths have it)}; its key is not used again.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('object_create', 'A secured object is made, in security scopes.'),
    ('object_change', 'A secured object is renamed or described otherwise.'),
    ('object_delete', 'A secured object is deleted.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
