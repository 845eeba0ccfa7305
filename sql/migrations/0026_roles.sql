-- Security roles and security scopes: made, copied, changed, deleted,
-- imported, exported, compared.
--
-- A wish is what somebody wants a role to have of one type: {"type", "mask",
-- "names"}.  mask is Configuration Manager's GrantedOperations, the low 32
-- bits; names are ReeveOperations, all bits by name.  Without names the high
-- bits stay as they are.  Low bits that name no operation are kept in
-- role_unknown_bits and grant nothing (docs/rule.md section 1).

SET LOCAL ROLE reeve_owner;

CREATE SEQUENCE reeve.role_number_seq MAXVALUE 1048575;
COMMENT ON SEQUENCE reeve.role_number_seq IS
'Numbers in the RoleIDs of this site, five hexadecimal digits.';
CREATE SEQUENCE reeve.scope_number_seq MAXVALUE 1048575;
COMMENT ON SEQUENCE reeve.scope_number_seq IS
'Numbers in the CategoryIDs of this site, five hexadecimal digits.';

-- What roles and scopes have in common ----------------------------------------

CREATE FUNCTION reeve.is_free_id(entity text, id text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM retired_id r
            WHERE r.entity = $1 AND r.id = $2)
        AND NOT EXISTS (SELECT FROM security_role r WHERE r.role_id = $2)
        AND NOT EXISTS (SELECT FROM security_scope s WHERE s.scope_id = $2)
$$;
COMMENT ON FUNCTION reeve.is_free_id(text, text) IS
'Whether an id is no role''s and no scope''s, and was none of the entity''s before.';

CREATE FUNCTION reeve.new_site_id(entity text, numbers regclass) RETURNS text
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    site text := (SELECT s.site_code FROM site_setting s);
    id text;
BEGIN
    LOOP
        id := site || lpad(upper(to_hex(nextval(numbers))), 5, '0');
        IF is_free_id(entity, id) THEN
            RETURN id;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.new_site_id(text, regclass) IS
'An id for something new: the code of the site and a number that was never used.';

CREATE FUNCTION reeve.require_creating(who reeve.asker, at timestamptz,
    object_type_id integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    PERFORM require_gate(who);
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, object_type_id::text,
        'Create', NULL);
    IF v.decision THEN
        RETURN v.assignments;
    ELSIF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse_missing(object_type_id, 'Create', v.missing,
        v.level_needed, v.reason);
END
$$;
COMMENT ON FUNCTION reeve.require_creating(reeve.asker, timestamptz, integer)
IS 'The assignments that allow Create of roles or scopes; RV403 with what is missing, RV503.';

CREATE FUNCTION reeve.reads_type(who reeve.asker, at timestamptz,
    object_type_id integer) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT v.decision FROM allowed(who.ids, cardinality(who.ids), true,
        who.level, who.delegated, at, $3::text, 'Read', NULL) v
$$;
COMMENT ON FUNCTION reeve.reads_type(reeve.asker, timestamptz, integer) IS
'Whether the caller may read all of a type that is secured by role only.';

CREATE FUNCTION reeve.check_label(label jsonb, member text, shortest integer,
    longest integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    given text := label #>> '{}';
BEGIN
    IF jsonb_typeof(label) IS DISTINCT FROM 'string'
        OR length(given) NOT BETWEEN shortest AND longest
        OR given ~ '[[:cntrl:]]' OR (shortest > 0 AND btrim(given) = '') THEN
        PERFORM refuse('RV400', format('%s is a text of %s to %s characters,'
            ' none of them a control character.', member, shortest, longest),
            jsonb_build_object('reason', 'malformed_name', 'member', member));
    END IF;
    RETURN given;
END
$$;
COMMENT ON FUNCTION reeve.check_label(jsonb, text, integer, integer) IS
'A name or a description as a person gave it; RV400 when it is none.';

CREATE FUNCTION reeve.users_of(who reeve.asker, at timestamptz,
    admins bigint[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('object_type_id', 28,
        'object_key', u.admin_id::text, 'name', u.logon_name)
        ORDER BY u.admin_id), '[]')
    FROM administrative_user u
    WHERE u.admin_id = ANY (admins) AND reads_type(who, at, 28)
$$;
COMMENT ON FUNCTION reeve.users_of(reeve.asker, timestamptz, bigint[]) IS
'Administrative users for the list of a refusal; empty for who may not read them.';

CREATE FUNCTION reeve.refuse_in_use(who reeve.asker, at timestamptz,
    thing text, admins bigint[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM refuse('RV409', format('Administrative users have this %s: take'
        ' it from them first.', thing), jsonb_build_object(
        'reason', 'in_use', 'objects', users_of(who, at, admins)));
END
$$;
COMMENT ON FUNCTION reeve.refuse_in_use(reeve.asker, timestamptz, text,
    bigint[]) IS
'RV409: assignments name it; with the administrative users, as far as the caller may read them.';

CREATE FUNCTION reeve.refuse_built_in(thing text) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV409', format('A built-in %s is neither changed nor'
        ' deleted.', $1), '{"reason":"built_in"}')
$$;
COMMENT ON FUNCTION reeve.refuse_built_in(text) IS
'RV409: what is built in stays as it is.';

CREATE FUNCTION reeve.refuse_name_taken(name text) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV409', format('The name %s is taken: choose another.',
        $1), '{"reason":"name_taken"}')
$$;
COMMENT ON FUNCTION reeve.refuse_name_taken(text) IS
'RV409: names of roles, and of scopes, are unique.';

-- Wishes ----------------------------------------------------------------------

CREATE TYPE reeve.role_wish AS (
    object_type_id  integer,
    bits            smallint[],
    unknown         bigint
);
COMMENT ON TYPE reeve.role_wish IS
'What a role shall have of one type: operations, and low bits that name none.';

CREATE FUNCTION reeve.type_called(name text) RETURNS integer
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(object_type_named($1), (
        SELECT min(t.object_type_id) FROM object_type t
        WHERE lower($1) IN (lower(t.sdk_name), lower(t.class_name),
            lower(t.display_name))
        HAVING count(*) = 1))
$$;
COMMENT ON FUNCTION reeve.type_called(text) IS
'The type that a person means by an id or a name: of the SDK, of the class, or as it is shown, in any case; NULL for none or several.';

CREATE FUNCTION reeve.bits_called(type_id integer, names jsonb)
RETURNS smallint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    found_bits smallint[];
    unknown text;
BEGIN
    IF jsonb_typeof(names) IS DISTINCT FROM 'array' OR jsonb_path_exists(
            names, '$[*] ? (@.type() != "string")') THEN
        PERFORM refuse('RV400', 'Operations are a list of names.',
            '{"reason":"malformed_operations"}');
    END IF;
    SELECT coalesce(array_agg(DISTINCT o.bit), '{}'),
        min(n.name) FILTER (WHERE o.bit IS NULL)
    INTO found_bits, unknown
    FROM jsonb_array_elements_text(names) AS n (name)
    LEFT JOIN operation o ON o.object_type_id = type_id
        AND lower(o.name) = lower(n.name);
    IF unknown IS NOT NULL THEN
        PERFORM refuse('RV400', format('Objects of type %s have no operation'
            ' %s.', type_id, left(unknown, 128)), jsonb_build_object(
            'reason', 'unknown_operation', 'object_type_id', type_id));
    END IF;
    RETURN found_bits;
END
$$;
COMMENT ON FUNCTION reeve.bits_called(integer, jsonb) IS
'The bits of operations of a type by their names, in any case; RV400 for a name of none.';

CREATE FUNCTION reeve.bits_in(type_id integer, mask bigint)
RETURNS smallint[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(array_agg(o.bit ORDER BY o.bit), '{}') FROM operation o
    WHERE o.object_type_id = $1 AND o.bit < 32
        AND $2 & (1::bigint << o.bit) <> 0
$$;
COMMENT ON FUNCTION reeve.bits_in(integer, bigint) IS
'The operations of a type that a mask of low bits has.';

CREATE FUNCTION reeve.mask_of(bits smallint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN (SELECT coalesce(sum(1::bigint << b), 0)::bigint
    FROM unnest(bits) AS x (b) WHERE b < 32);
COMMENT ON FUNCTION reeve.mask_of(smallint[]) IS
'The mask of the low ones of some bits.';

CREATE FUNCTION reeve.check_wishes(wishes jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(wishes) IS DISTINCT FROM 'array'
        OR jsonb_array_length(wishes) > 1000
        OR EXISTS (SELECT FROM jsonb_array_elements(wishes) AS w
            WHERE jsonb_typeof(w) <> 'object'
                OR coalesce(w ->> 'type', '') !~ '^[1-9][0-9]{0,8}$'
                OR coalesce(w ->> 'mask', w ->> 'names') IS NULL
                OR coalesce(jsonb_typeof(w -> 'names'), 'null')
                    NOT IN ('array', 'null')
                OR coalesce(w ->> 'mask', '0') !~ '^(0|[1-9][0-9]{0,9})$'
                OR coalesce(w ->> 'mask', '0')::numeric > 4294967295) THEN
        PERFORM refuse('RV400', 'Operations are a list of at most 1000 types,'
            ' each with ObjectTypeID and GrantedOperations, a mask of 32'
            ' bits, or names.', '{"reason":"malformed_operations"}');
    ELSIF (SELECT count(*) <> count(DISTINCT (w ->> 'type')::integer)
            FROM jsonb_array_elements(wishes) AS w) THEN
        PERFORM refuse('RV400', 'Operations name each type once.',
            '{"reason":"type_named_twice"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_wishes(jsonb) IS
'RV400 unless these are wishes, one a type.';

CREATE FUNCTION reeve.wish_of(role text, w jsonb) RETURNS reeve.role_wish
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    r role_wish;
    mask bigint := w ->> 'mask';
    had smallint[];
    low smallint[];
    named smallint[];
BEGIN
    r.object_type_id := w ->> 'type';
    had := ARRAY(SELECT o.bit FROM role_operation o WHERE o.role_id = role
        AND o.object_type_id = r.object_type_id ORDER BY o.bit);
    IF jsonb_typeof(w -> 'names') = 'array' THEN
        named := bits_called(r.object_type_id, w -> 'names');
    END IF;
    low := bits_in(r.object_type_id, coalesce(mask, mask_of(named)));
    -- Who knows one of the two sends the other back as it was.
    IF named IS NOT NULL AND mask_of(low) <> mask_of(named) THEN
        IF mask_of(low) = mask_of(had) THEN
            low := bits_in(r.object_type_id, mask_of(named));
        ELSIF mask_of(named) <> mask_of(had) THEN
            PERFORM refuse('RV400', format('For type %s GrantedOperations and'
                ' ReeveOperations say different things: send one of them.',
                r.object_type_id), jsonb_build_object('reason',
                'contradictory_operations', 'object_type_id',
                r.object_type_id));
        END IF;
    END IF;
    r.bits := low || ARRAY(SELECT b FROM unnest(coalesce(named, had)) AS x (b)
        WHERE b >= 32 ORDER BY b);
    r.unknown := coalesce(mask, (SELECT u.bits FROM role_unknown_bits u
            WHERE u.role_id = role
                AND u.object_type_id = r.object_type_id), 0)
        & ~(SELECT coalesce(sum(1::bigint << o.bit), 0)::bigint
            FROM operation o WHERE o.object_type_id = r.object_type_id
                AND o.bit < 32);
    RETURN r;
END
$$;
COMMENT ON FUNCTION reeve.wish_of(text, jsonb) IS
'What one wish means for a role as it is (NULL: a new one).';

CREATE FUNCTION reeve.wishes_of(role text, wishes jsonb)
RETURNS SETOF reeve.role_wish
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM check_wishes(wishes);
    RETURN QUERY SELECT (wish_of(role, w)).*
        FROM jsonb_array_elements(wishes) AS w;
END
$$;
COMMENT ON FUNCTION reeve.wishes_of(text, jsonb) IS
'What all wishes mean for a role as it is.';

CREATE FUNCTION reeve.permission_wishes(permission jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(permission) IS DISTINCT FROM 'object' THEN
        PERFORM refuse('RV400', 'RolePermission has a list of operations for'
            ' each type.', '{"reason":"malformed_operations"}');
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(permission) AS k
        WHERE type_called(k) IS NULL ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        PERFORM refuse('RV400', format('There is no type %s.',
            left(unknown, 128)), '{"reason":"unknown_type"}');
    END IF;
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('type',
            type_called(p.key), 'names', p.value)), '[]')
        FROM jsonb_each(permission) p);
END
$$;
COMMENT ON FUNCTION reeve.permission_wishes(jsonb) IS
'Wishes from {type: [operation, ...]}, as Set-CMSecurityRolePermission has them; RV400 for a type of no such name.';

CREATE FUNCTION reeve.role_image(role text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('role_id', r.role_id, 'name', r.name,
        'description', r.description, 'operations', (
            SELECT coalesce(jsonb_object_agg(t.object_type_id, t.names), '{}')
            FROM (SELECT p.object_type_id,
                    jsonb_agg(o.name ORDER BY o.bit) AS names
                FROM role_operation p
                JOIN operation o USING (object_type_id, bit)
                WHERE p.role_id = r.role_id
                GROUP BY p.object_type_id) t))
    FROM security_role r WHERE r.role_id = $1
$$;
COMMENT ON FUNCTION reeve.role_image(text) IS
'A role for the admin stream, with its operations by name.';

-- Section 6 for roles -----------------------------------------------------------

CREATE FUNCTION reeve.require_role_widening(who reeve.asker, at timestamptz,
    role text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    ungrantable bigint[];
BEGIN
    IF EXISTS (SELECT FROM assignment a WHERE a.role_id = role
            AND is_caller(who, a.admin_id)) THEN
        PERFORM refuse_self_gain();
    ELSIF NOT who.groups_known AND EXISTS (SELECT FROM assignment a
            JOIN administrative_user u USING (admin_id)
            WHERE a.role_id = role AND u.is_group) THEN
        -- The caller cannot be shown not to be in that group.
        PERFORM refuse_not_decidable();
    END IF;
    SELECT array_agg(DISTINCT a.admin_id) INTO ungrantable
        FROM assignment a
        WHERE a.role_id = role AND NOT can_grant(who, at, a);
    IF ungrantable IS NULL THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse('RV403', 'Administrative users have this role, and you'
        ' could not grant it to them as it would be.', jsonb_build_object(
        'reason', 'not_grantable', 'missing', jsonb_build_object(
            'operation', 'Grant', 'type', 'SMS_Admin', 'conditions',
            jsonb_build_array('operation')),
        'objects', users_of(who, at, ungrantable)));
END
$$;
COMMENT ON FUNCTION reeve.require_role_widening(reeve.asker, timestamptz,
    text) IS
'For a role that has gained an operation: RV403 unless each assignment of it is grantable as it now is and none accrues to the caller; RV503 when unknown groups could change that.';

CREATE FUNCTION reeve.store_wishes(role text, wishes reeve.role_wish[],
    whole boolean, OUT added integer, OUT removed integer,
    OUT remembered integer)
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    DELETE FROM role_operation o WHERE o.role_id = role
        AND CASE WHEN o.object_type_id = ANY (ARRAY(
                SELECT w.object_type_id FROM unnest(wishes) w))
            THEN NOT EXISTS (SELECT FROM unnest(wishes) w
                WHERE w.object_type_id = o.object_type_id
                    AND o.bit = ANY (w.bits))
            ELSE whole END;
    GET DIAGNOSTICS removed = ROW_COUNT;
    INSERT INTO role_operation (role_id, object_type_id, bit)
        SELECT role, w.object_type_id, b
        FROM unnest(wishes) w, unnest(w.bits) AS b
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    DELETE FROM role_unknown_bits u WHERE u.role_id = role
        AND CASE WHEN u.object_type_id = ANY (ARRAY(
                SELECT w.object_type_id FROM unnest(wishes) w))
            THEN NOT EXISTS (SELECT FROM unnest(wishes) w
                WHERE w.object_type_id = u.object_type_id
                    AND w.unknown <> 0)
            ELSE whole END;
    GET DIAGNOSTICS remembered = ROW_COUNT;
    INSERT INTO role_unknown_bits AS u (role_id, object_type_id, bits)
        SELECT role, w.object_type_id, w.unknown FROM unnest(wishes) w
        WHERE w.unknown <> 0
        ON CONFLICT (role_id, object_type_id)
            DO UPDATE SET bits = excluded.bits
            WHERE u.bits <> excluded.bits;
    GET DIAGNOSTICS n = ROW_COUNT;
    remembered := remembered + n;
END
$$;
COMMENT ON FUNCTION reeve.store_wishes(text, reeve.role_wish[], boolean) IS
'Gives a role what is wished; whole: and nothing else.  How many operations came and went, and how many rows of unknown bits changed.';

CREATE FUNCTION reeve.unknown_of(role text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('ObjectTypeID',
        u.object_type_id, 'GrantedOperations', u.bits)
        ORDER BY u.object_type_id), '[]')
    FROM role_unknown_bits u WHERE u.role_id = $1
$$;
COMMENT ON FUNCTION reeve.unknown_of(text) IS
'Bits of a role that name no operation, for the answer of a write.';

-- Roles --------------------------------------------------------------------------

CREATE FUNCTION reeve.role_etag(role text) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(to_jsonb(v) ->> 'etag', md5(v.body::text))
    FROM list_sms_role v WHERE v.key = $1
$$;
COMMENT ON FUNCTION reeve.role_etag(text) IS
'The entity tag of a role, as lists show it.';

CREATE FUNCTION reeve.copied_wishes(who reeve.asker, at timestamptz,
    source text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM require_on_object(who, at, 27, 'Read', coalesce(source, ''));
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('type',
            x.object_type_id, 'mask', x.mask, 'names', x.names)), '[]')
        FROM (SELECT coalesce(k.object_type_id, u.object_type_id)
                    AS object_type_id,
                coalesce(k.mask, 0) | coalesce(u.bits, 0) AS mask,
                coalesce(k.names, '[]') AS names
            FROM (SELECT p.object_type_id, mask_of(array_agg(p.bit)) AS mask,
                    jsonb_agg(o.name) AS names
                FROM role_operation p
                JOIN operation o USING (object_type_id, bit)
                WHERE p.role_id = source GROUP BY p.object_type_id) k
            FULL JOIN (SELECT * FROM role_unknown_bits b
                WHERE b.role_id = source) u USING (object_type_id)) x);
END
$$;
COMMENT ON FUNCTION reeve.copied_wishes(reeve.asker, timestamptz, text) IS
'Wishes for all that another role has, which the caller must be able to read.';

CREATE FUNCTION reeve.copied_from(args jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    id text := nullif(args ->> 'copied_from_id', '');
BEGIN
    IF id IS NOT NULL AND id !~ '^[A-Z0-9]{8}$' THEN
        PERFORM refuse('RV400', 'CopiedFromID is a RoleID, such as SMS0009R.',
            '{"reason":"malformed_role_id"}');
    END IF;
    RETURN id;
END
$$;
COMMENT ON FUNCTION reeve.copied_from(jsonb) IS
'The role that a new one was copied from, here or elsewhere; NULL for none.';

CREATE FUNCTION reeve.insert_role(who reeve.asker, at timestamptz,
    args jsonb, wishes jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted text := check_label(args -> 'name', 'RoleName', 1, 256);
    about text := check_label(coalesce(args -> 'description', '""'),
        'RoleDescription', 0, 512);
    id text;
BEGIN
    IF EXISTS (SELECT FROM security_role r WHERE r.name = wanted) THEN
        PERFORM refuse_name_taken(wanted);
    END IF;
    id := new_site_id('security_role', 'role_number_seq');
    INSERT INTO security_role (role_id, name, description, copied_from_id,
            created_by, created_at, modified_by, modified_at)
        VALUES (id, wanted, about, copied_from(args), who.principal, at,
            who.principal, at);
    PERFORM store_wishes(id, ARRAY(SELECT w FROM wishes_of(NULL, wishes) w),
        true);
    RETURN id;
END
$$;
COMMENT ON FUNCTION reeve.insert_role(reeve.asker, timestamptz, jsonb, jsonb)
IS 'Stores a new role and returns its RoleID.';

CREATE FUNCTION reeve.apply_role_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_creating(who, at, 27);
    wishes jsonb := args -> 'operations';
    id text;
BEGIN
    IF wishes IS NULL AND copied_from(args) IS NOT NULL THEN
        wishes := copied_wishes(who, at, copied_from(args));
    END IF;
    id := insert_role(who, at, args, coalesce(wishes, '[]'));
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31200,
        ARRAY['', args ->> 'name'], NULL, role_image(id))::audit_event],
        matched);
    RETURN ROW(1, jsonb_build_object('key', id, 'unknown', unknown_of(id)));
END
$$;
COMMENT ON FUNCTION reeve.apply_role_create(reeve.asker, jsonb, jsonb, jsonb)
IS 'role_create: {name, description, copied_from_id, operations}; without operations those of the role copied from, or none.';

CREATE FUNCTION reeve.require_custom_role(who reeve.asker, at timestamptz,
    operation text, role text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    matched bigint[];
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, 27, operation, coalesce(role, ''));
    IF (SELECT r.is_built_in FROM security_role r WHERE r.role_id = role) THEN
        PERFORM refuse_built_in('security role');
    END IF;
    RETURN matched;
END
$$;
COMMENT ON FUNCTION reeve.require_custom_role(reeve.asker, timestamptz, text,
    text) IS
'The assignments that allow an operation on a role; RV409 for a built-in one.';

CREATE FUNCTION reeve.update_role(who reeve.asker, at timestamptz, role text,
    args jsonb, wishes reeve.role_wish[], whole boolean) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    had security_role;
    becomes security_role;
    done record;
BEGIN
    SELECT r.* INTO STRICT had FROM security_role r WHERE r.role_id = role;
    becomes := had;
    IF args ? 'name' THEN
        becomes.name := check_label(args -> 'name', 'RoleName', 1, 256);
    END IF;
    IF args ? 'description' THEN
        becomes.description := check_label(args -> 'description',
            'RoleDescription', 0, 512);
    END IF;
    IF EXISTS (SELECT FROM security_role r WHERE r.name = becomes.name
            AND r.role_id <> role) THEN
        PERFORM refuse_name_taken(becomes.name);
    END IF;
    SELECT * INTO done FROM store_wishes(role, wishes, whole);
    IF done.added > 0 THEN
        PERFORM require_role_widening(who, at, role);
    END IF;
    IF becomes = had AND done.added + done.removed + done.remembered = 0 THEN
        RETURN 0;
    END IF;
    UPDATE security_role r SET name = becomes.name,
            description = becomes.description, modified_by = who.principal,
            modified_at = at
        WHERE r.role_id = role;
    RETURN 1 + done.added + done.removed + done.remembered;
END
$$;
COMMENT ON FUNCTION reeve.update_role(reeve.asker, timestamptz, text, jsonb,
    reeve.role_wish[], boolean) IS
'Changes a role under section 6 of the rule; returns how many rows that were.';

CREATE FUNCTION reeve.apply_role_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    role text := args ->> 'role_id';
    matched bigint[] := require_custom_role(who, at, 'Modify', role);
    had jsonb := role_image(role);
    wishes role_wish[] := '{}';
    done integer;
BEGIN
    PERFORM require_match(request, role_etag(role));
    IF args ? 'operations' THEN
        wishes := ARRAY(SELECT w FROM wishes_of(role, args -> 'operations') w);
    ELSIF args ? 'permission' THEN
        wishes := ARRAY(SELECT w FROM wishes_of(role,
            permission_wishes(args -> 'permission')) w);
    END IF;
    done := update_role(who, at, role, args, wishes, args ? 'operations');
    IF done > 0 THEN
        PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31201,
            ARRAY[had ->> 'name'], had, role_image(role))::audit_event],
            matched);
    END IF;
    RETURN ROW(done, jsonb_build_object('key', role, 'unknown',
        unknown_of(role)));
END
$$;
COMMENT ON FUNCTION reeve.apply_role_change(reeve.asker, jsonb, jsonb, jsonb)
IS 'role_change: {role_id, name, description, operations | permission}; operations are all that it has afterwards, permission only replaces those of the types that it names.';

CREATE FUNCTION reeve.apply_role_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    role text := args ->> 'role_id';
    matched bigint[] := require_custom_role(who, at, 'Delete', role);
    had jsonb := role_image(role);
    holders bigint[];
BEGIN
    PERFORM require_match(request, role_etag(role));
    holders := ARRAY(SELECT DISTINCT a.admin_id FROM assignment a
        WHERE a.role_id = role);
    IF holders <> '{}' THEN
        PERFORM refuse_in_use(who, at, 'security role', holders);
    END IF;
    DELETE FROM security_role r WHERE r.role_id = role;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31202,
        ARRAY[had ->> 'name'], had, NULL)::audit_event], matched);
    RETURN ROW(1, jsonb_build_object('key', role));
END
$$;
COMMENT ON FUNCTION reeve.apply_role_delete(reeve.asker, jsonb, jsonb, jsonb)
IS 'role_delete: {role_id}; RV409 while an assignment names it.';

-- Role files ----------------------------------------------------------------------

-- In a file names stand beside masks, one an operation that no mask can hold;
-- a file of ours has all of them, one of Configuration Manager's has none.
CREATE FUNCTION reeve.file_wishes(one jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('type', t.type, 'mask',
        coalesce(m.mask, 0), 'names', CASE WHEN $1 -> 'complete' = 'true'
            OR EXISTS (SELECT FROM jsonb_array_elements($1 -> 'names') n
                WHERE (n ->> 'type')::integer = t.type)
            THEN (SELECT coalesce(jsonb_agg(o.name), '[]') FROM operation o
                WHERE o.object_type_id = t.type AND (
                    (o.bit < 32
                        AND coalesce(m.mask, 0) & (1::bigint << o.bit) <> 0)
                    OR (o.bit >= 32 AND EXISTS (SELECT
                        FROM jsonb_array_elements($1 -> 'names') n
                        WHERE (n ->> 'type')::integer = t.type
                            AND n ->> 'name' = o.name))))
            END)), '[]')
    FROM (SELECT (w ->> 'type')::integer AS type
            FROM jsonb_array_elements($1 -> 'operations') w
        UNION SELECT (n ->> 'type')::integer
            FROM jsonb_array_elements($1 -> 'names') n) t
    LEFT JOIN (SELECT (w ->> 'type')::integer AS type,
            (w ->> 'mask')::bigint AS mask
        FROM jsonb_array_elements($1 -> 'operations') w) m
        ON m.type = t.type
$$;
COMMENT ON FUNCTION reeve.file_wishes(jsonb) IS
'Wishes from one role of a file.';

CREATE FUNCTION reeve.unknown_names(one jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('ObjectTypeID',
        n -> 'type', 'OperationName', n -> 'name')), '[]')
    FROM jsonb_array_elements($1 -> 'names') n
    WHERE NOT EXISTS (SELECT FROM operation o
        WHERE o.object_type_id = (n ->> 'type')::integer AND o.bit >= 32
            AND o.name = n ->> 'name')
$$;
COMMENT ON FUNCTION reeve.unknown_names(jsonb) IS
'Operations by name in a role of a file that this site does not have; they are told, not kept.';

CREATE FUNCTION reeve.role_difference(had jsonb, becomes jsonb)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH was AS (SELECT (t.key)::integer AS type, n.name
            FROM jsonb_each($1 -> 'operations') t,
                jsonb_array_elements_text(t.value) AS n (name)),
        now AS (SELECT (t.key)::integer AS type, n.name
            FROM jsonb_each($2 -> 'operations') t,
                jsonb_array_elements_text(t.value) AS n (name))
    SELECT jsonb_build_object('added', (SELECT coalesce(jsonb_agg(
            jsonb_build_object('ObjectTypeID', x.type, 'OperationName',
                x.name) ORDER BY x.type, x.name), '[]')
            FROM (SELECT * FROM now EXCEPT SELECT * FROM was) x),
        'removed', (SELECT coalesce(jsonb_agg(
            jsonb_build_object('ObjectTypeID', x.type, 'OperationName',
                x.name) ORDER BY x.type, x.name), '[]')
            FROM (SELECT * FROM was EXCEPT SELECT * FROM now) x))
$$;
COMMENT ON FUNCTION reeve.role_difference(jsonb, jsonb) IS
'Operations that one image of a role has and another has not.';

CREATE FUNCTION reeve.import_role(who reeve.asker, at timestamptz,
    one jsonb, overwrite boolean, OUT changed integer, OUT had jsonb,
    OUT becomes jsonb, OUT told jsonb)
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    role text := (SELECT r.role_id FROM security_role r
        WHERE r.name = one ->> 'name');
    is_new boolean := role IS NULL;
    wishes jsonb;
BEGIN
    PERFORM check_wishes(one -> 'operations');
    IF jsonb_typeof(one -> 'names') IS DISTINCT FROM 'array' OR EXISTS (
            SELECT FROM jsonb_array_elements(one -> 'names') n
            WHERE coalesce(n ->> 'type', '') !~ '^[1-9][0-9]{0,8}$'
                OR n ->> 'name' IS NULL) THEN
        PERFORM refuse('RV400', 'A role file names the type and the operation'
            ' of each operation that has no mask.',
            '{"reason":"malformed_role_file"}');
    END IF;
    wishes := file_wishes(one);
    IF is_new THEN
        role := insert_role(who, at, one, wishes);
        changed := 1;
    ELSIF NOT overwrite THEN
        PERFORM refuse_name_taken(one ->> 'name');
    ELSE
        PERFORM require_custom_role(who, at, 'Modify', role);
        had := role_image(role);
        changed := update_role(who, at, role, one,
            ARRAY(SELECT w FROM wishes_of(role, wishes) w), true);
    END IF;
    becomes := role_image(role);
    told := jsonb_build_object('key', role, 'name', one -> 'name', 'action',
            CASE WHEN is_new THEN 'created' WHEN changed > 0 THEN 'changed'
                ELSE 'same' END,
            'unknown', unknown_of(role), 'unknown_names', unknown_names(one))
        || role_difference(coalesce(had, '{"operations":{}}'), becomes);
END
$$;
COMMENT ON FUNCTION reeve.import_role(reeve.asker, timestamptz, jsonb,
    boolean) IS
'One role of a file: made, or with overwrite the role of that name made equal to it.';

CREATE FUNCTION reeve.check_role_file(args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    roles jsonb := args -> 'roles';
BEGIN
    IF jsonb_typeof(roles) IS DISTINCT FROM 'array'
        OR jsonb_array_length(roles) NOT BETWEEN 1 AND 100 THEN
        PERFORM refuse('RV400', 'A role file has 1 to 100 roles.',
            '{"reason":"malformed_role_file"}');
    ELSIF (SELECT count(*) <> count(DISTINCT r ->> 'name')
            FROM jsonb_array_elements(roles) AS r) THEN
        PERFORM refuse('RV400', 'The role file has two roles of one name.',
            '{"reason":"role_named_twice"}');
    ELSIF args ? 'new_name' AND jsonb_array_length(roles) <> 1 THEN
        PERFORM refuse('RV400', 'A new name is for a file with one role.',
            '{"reason":"new_name_for_several"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_role_file(jsonb) IS
'RV400 for what is no content of a role file.';

CREATE FUNCTION reeve.apply_role_import(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_creating(who, at, 27);
    told jsonb := '[]';
    total integer := 0;
    one jsonb;
    done record;
BEGIN
    PERFORM check_role_file(args);
    FOR one IN SELECT r FROM jsonb_array_elements(args -> 'roles') AS x (r)
    LOOP
        IF args ? 'new_name' THEN
            one := one || jsonb_build_object('name', args -> 'new_name');
        END IF;
        SELECT * INTO done FROM import_role(who, at, one,
            coalesce((args ->> 'overwrite')::boolean, false));
        total := total + done.changed;
        told := told || jsonb_build_array(done.told);
        IF done.changed > 0 THEN
            PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31207,
                ARRAY[one ->> 'name'], done.had, done.becomes)::audit_event],
                matched);
        END IF;
    END LOOP;
    RETURN ROW(total, jsonb_build_object('roles', told));
END
$$;
COMMENT ON FUNCTION reeve.apply_role_import(reeve.asker, jsonb, jsonb, jsonb)
IS 'role_import: {roles: [{name, description, copied_from_id, operations, names, complete}], overwrite, new_name}; all or none.';

CREATE FUNCTION reeve.role_in_file(role text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('name', r.name, 'description', r.description,
        'copied_from_id', coalesce(r.copied_from_id, r.role_id),
        'operations', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('type', x.type,
                'mask', x.mask) ORDER BY x.type), '[]')
            FROM (SELECT y.type, bit_or(y.mask) AS mask
                FROM (SELECT o.object_type_id AS type, 1::bigint << o.bit
                            AS mask
                        FROM role_operation o
                        WHERE o.role_id = r.role_id AND o.bit < 32
                    UNION ALL SELECT u.object_type_id, u.bits
                        FROM role_unknown_bits u
                        WHERE u.role_id = r.role_id) y
                GROUP BY y.type) x),
        'names', (SELECT coalesce(jsonb_agg(jsonb_build_object('type',
                p.object_type_id, 'name', o.name)
                ORDER BY p.object_type_id, p.bit), '[]')
            FROM role_operation p JOIN operation o USING (object_type_id, bit)
            WHERE p.role_id = r.role_id AND p.bit >= 32))
    FROM security_role r WHERE r.role_id = $1
$$;
COMMENT ON FUNCTION reeve.role_in_file(text) IS
'A role as a role file has it.';

CREATE FUNCTION reeve.apply_role_export(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    ids jsonb := args -> 'role_ids';
    matched bigint[] := '{}';
    role text;
    roles jsonb := '[]';
BEGIN
    PERFORM require_gate(who);
    IF jsonb_typeof(ids) IS DISTINCT FROM 'array'
        OR jsonb_array_length(ids) NOT BETWEEN 1 AND 100 THEN
        PERFORM refuse('RV400', 'An export names 1 to 100 roles.',
            '{"reason":"malformed_role_id"}');
    END IF;
    FOR role IN SELECT x.id FROM jsonb_array_elements_text(ids)
        WITH ORDINALITY AS x (id, i) GROUP BY x.id ORDER BY min(x.i)
    LOOP
        matched := matched || require_on_object(who, at, 27, 'Read', role);
        roles := roles || jsonb_build_array(role_in_file(role));
        PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31208,
            ARRAY[(SELECT r.name FROM security_role r
                WHERE r.role_id = role)], NULL, NULL)::audit_event],
            ARRAY(SELECT DISTINCT unnest(matched) ORDER BY 1));
    END LOOP;
    RETURN ROW(jsonb_array_length(roles), jsonb_build_object('roles', roles));
END
$$;
COMMENT ON FUNCTION reeve.apply_role_export(reeve.asker, jsonb, jsonb, jsonb)
IS 'role_export: {role_ids}; changes nothing, and is recorded in the admin stream.';

-- Scopes ------------------------------------------------------------------------------

CREATE FUNCTION reeve.scope_etag(scope text) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(to_jsonb(v) ->> 'etag', md5(v.body::text))
    FROM list_sms_securedcategory v WHERE v.key = $1
$$;
COMMENT ON FUNCTION reeve.scope_etag(text) IS
'The entity tag of a scope, as lists show it.';

CREATE FUNCTION reeve.require_custom_scope(who reeve.asker, at timestamptz,
    operation text, scope text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    matched bigint[];
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, 29, operation, coalesce(scope, ''));
    IF (SELECT s.is_built_in FROM security_scope s WHERE s.scope_id = scope)
    THEN
        PERFORM refuse_built_in('security scope');
    END IF;
    RETURN matched;
END
$$;
COMMENT ON FUNCTION reeve.require_custom_scope(reeve.asker, timestamptz, text,
    text) IS
'The assignments that allow an operation on a scope; RV409 for a built-in one.';

CREATE FUNCTION reeve.scope_image(scope text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('scope_id', s.scope_id, 'name', s.name,
        'description', s.description)
    FROM security_scope s WHERE s.scope_id = $1
$$;
COMMENT ON FUNCTION reeve.scope_image(text) IS
'A scope for the admin stream.';

CREATE FUNCTION reeve.apply_scope_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_creating(who, at, 29);
    wanted text := check_label(args -> 'name', 'CategoryName', 1, 256);
    about text := check_label(coalesce(args -> 'description', '""'),
        'CategoryDescription', 0, 512);
    id text;
BEGIN
    IF EXISTS (SELECT FROM security_scope s WHERE s.name = wanted) THEN
        PERFORM refuse_name_taken(wanted);
    END IF;
    id := new_site_id('security_scope', 'scope_number_seq');
    INSERT INTO security_scope (scope_id, name, description, created_by,
            created_at, modified_by, modified_at)
        VALUES (id, wanted, about, who.principal, at, who.principal, at);
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31220,
        ARRAY[wanted], NULL, scope_image(id))::audit_event], matched);
    RETURN ROW(1, jsonb_build_object('key', id));
END
$$;
COMMENT ON FUNCTION reeve.apply_scope_create(reeve.asker, jsonb, jsonb, jsonb)
IS 'scope_create: {name, description}.';

CREATE FUNCTION reeve.apply_scope_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    scope text := args ->> 'scope_id';
    matched bigint[] := require_custom_scope(who, at, 'Modify', scope);
    had jsonb := scope_image(scope);
    wanted text := check_label(coalesce(args -> 'name', had -> 'name'),
        'CategoryName', 1, 256);
    about text := check_label(coalesce(args -> 'description',
        had -> 'description'), 'CategoryDescription', 0, 512);
BEGIN
    PERFORM require_match(request, scope_etag(scope));
    IF EXISTS (SELECT FROM security_scope s WHERE s.name = wanted
            AND s.scope_id <> scope) THEN
        PERFORM refuse_name_taken(wanted);
    ELSIF (wanted, about) = (had ->> 'name', had ->> 'description') THEN
        RETURN ROW(0, jsonb_build_object('key', scope));
    END IF;
    UPDATE security_scope s SET name = wanted, description = about,
            modified_by = who.principal, modified_at = at
        WHERE s.scope_id = scope;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31221,
        ARRAY[had ->> 'name'], had, scope_image(scope))::audit_event],
        matched);
    RETURN ROW(1, jsonb_build_object('key', scope));
END
$$;
COMMENT ON FUNCTION reeve.apply_scope_change(reeve.asker, jsonb, jsonb, jsonb)
IS 'scope_change: {scope_id, name, description}.';

CREATE FUNCTION reeve.refuse_orphaning(who reeve.asker, at timestamptz,
    members reeve.membership[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    last_ones membership[] := ARRAY(SELECT m FROM unnest(members) m
        WHERE NOT EXISTS (SELECT FROM object_scope s
            WHERE s.object_type_id = m.object_type_id
                AND s.object_key = m.object_key
                AND s.scope_id <> m.scope_id)
        ORDER BY m.object_type_id, m.object_key COLLATE "C");
BEGIN
    IF last_ones = '{}' THEN
        RETURN;
    END IF;
    PERFORM refuse('RV409', format('This is the last security scope of %s'
        ' objects: name another for them, or put them into one first.',
        cardinality(last_ones)), jsonb_build_object('reason', 'last_scope',
        'count', cardinality(last_ones), 'objects', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('object_type_id',
                m.object_type_id, 'object_key', m.object_key)), '[]')
            FROM unnest(last_ones[1:1000]) m
            WHERE (SELECT v.decision FROM allowed(who.ids,
                cardinality(who.ids), true, who.level, who.delegated, at,
                m.object_type_id::text, 'Read', m.object_key) v))));
END
$$;
COMMENT ON FUNCTION reeve.refuse_orphaning(reeve.asker, timestamptz,
    reeve.membership[]) IS
'RV409 for objects that would be in no scope, with those of them that the caller may read.';

CREATE FUNCTION reeve.empty_scope(who reeve.asker, actor jsonb,
    members reeve.membership[], heir text, request jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    done integer := 0;
BEGIN
    IF heir IS NOT NULL THEN
        done := apply_memberships(who, actor, ARRAY(SELECT (m.object_type_id,
            m.object_key, heir)::membership FROM unnest(members) m), true,
            request);
    END IF;
    RETURN done + apply_memberships(who, actor, members, false, request);
EXCEPTION WHEN SQLSTATE 'RV404' THEN
    -- Which they are, and how many, is not for the caller.
    PERFORM refuse('RV403', 'The scope has objects whose scopes you may not'
        ' change.', jsonb_build_object('reason', 'not_permitted', 'missing',
        jsonb_build_object('operation', 'Set Security Scope', 'conditions',
            jsonb_build_array('read'))));
END
$$;
COMMENT ON FUNCTION reeve.empty_scope(reeve.asker, jsonb, reeve.membership[],
    text, jsonb) IS
'Takes objects out of a scope, into an heir first if there is one, under section 5 of the rule.';

CREATE FUNCTION reeve.apply_scope_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    scope text := args ->> 'scope_id';
    heir text := args ->> 'move_to';
    matched bigint[] := require_custom_scope(who, at, 'Delete', scope);
    had jsonb := scope_image(scope);
    holders bigint[];
    members membership[];
    done integer := 0;
BEGIN
    PERFORM require_match(request, scope_etag(scope));
    holders := ARRAY(SELECT DISTINCT a.admin_id FROM assignment_scope s
        JOIN assignment a USING (assignment_id) WHERE s.scope_id = scope);
    IF holders <> '{}' THEN
        PERFORM refuse_in_use(who, at, 'security scope', holders);
    ELSIF heir = scope THEN
        PERFORM refuse('RV400', 'Objects do not go into the scope that is'
            ' deleted.', '{"reason":"malformed_move_to"}');
    END IF;
    members := ARRAY(SELECT (s.object_type_id, s.object_key, s.scope_id)
        ::membership FROM object_scope s WHERE s.scope_id = scope);
    IF heir IS NULL THEN
        PERFORM refuse_orphaning(who, at, members);
    END IF;
    IF members <> '{}' THEN
        done := empty_scope(who, actor, members, heir, request);
    END IF;
    DELETE FROM security_scope s WHERE s.scope_id = scope;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(31222,
        ARRAY[had ->> 'name'], had, NULL)::audit_event], matched);
    RETURN ROW(done + 1, jsonb_build_object('key', scope));
END
$$;
COMMENT ON FUNCTION reeve.apply_scope_delete(reeve.asker, jsonb, jsonb, jsonb)
IS 'scope_delete: {scope_id, move_to}; RV409 while an assignment names it, or an object has no other scope and move_to names none.';

-- Comparing ---------------------------------------------------------------------------------

CREATE FUNCTION reeve.role_compare(a text, b text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH row AS (
        SELECT o.object_type_id, o.bit, o.name,
            coalesce(t.class_name, t.sdk_name) AS type,
            EXISTS (SELECT FROM role_operation r WHERE r.role_id = $1
                AND (r.object_type_id, r.bit) = (o.object_type_id, o.bit))
                AS in_a,
            EXISTS (SELECT FROM role_operation r WHERE r.role_id = $2
                AND (r.object_type_id, r.bit) = (o.object_type_id, o.bit))
                AS in_b
        FROM operation o JOIN object_type t USING (object_type_id)
    )
    SELECT jsonb_build_object('a', $1, 'b', $2,
        'both', count(*) FILTER (WHERE in_a AND in_b),
        'only_a', coalesce(jsonb_agg(jsonb_build_object('type', type,
            'object_type_id', object_type_id, 'operation', name)
            ORDER BY object_type_id, bit) FILTER (WHERE NOT in_b), '[]'),
        'only_b', coalesce(jsonb_agg(jsonb_build_object('type', type,
            'object_type_id', object_type_id, 'operation', name)
            ORDER BY object_type_id, bit) FILTER (WHERE NOT in_a), '[]'),
        'unknown_a', unknown_of($1), 'unknown_b', unknown_of($2))
    FROM row WHERE in_a OR in_b
    HAVING EXISTS (SELECT FROM security_role r WHERE r.role_id = $1)
        AND EXISTS (SELECT FROM security_role r WHERE r.role_id = $2)
$$;
COMMENT ON FUNCTION reeve.role_compare(text, text) IS
'What one role has and another has not; no row when one of them is missing.  For who may read roles.';

CREATE FUNCTION reeve.role_similar(role text, most integer) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('role_id', $1, 'roles', (
        SELECT coalesce(jsonb_agg(to_jsonb(y) ORDER BY y.similarity DESC,
            y.role_id), '[]')
        FROM (SELECT o.role_id, o.name, o.is_built_in, n.both AS shared,
                n.mine - n.both AS missing, n.theirs - n.both AS extra,
                CASE WHEN n.mine + n.theirs = 0 THEN 1 ELSE round(n.both
                    / (n.mine + n.theirs - n.both)::numeric, 4) END
                    AS similarity
            FROM security_role o, LATERAL (SELECT
                (SELECT count(*) FROM role_operation p
                    WHERE p.role_id = $1) AS mine,
                (SELECT count(*) FROM role_operation p
                    WHERE p.role_id = o.role_id) AS theirs,
                (SELECT count(*) FROM role_operation p
                    JOIN role_operation q USING (object_type_id, bit)
                    WHERE p.role_id = $1 AND q.role_id = o.role_id) AS both) n
            WHERE o.role_id <> $1
            ORDER BY similarity DESC, o.role_id LIMIT $2) y))
    WHERE EXISTS (SELECT FROM security_role r WHERE r.role_id = $1)
$$;
COMMENT ON FUNCTION reeve.role_similar(text, integer) IS
'The roles most like another: shared operations by all that either has.  missing: the role has them, the other has not.  NULL when there is no such role; for who may read roles.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('role_create', 'A security role is made, or copied from another.'),
    ('role_change', 'A security role is renamed or given other operations.'),
    ('role_delete', 'A security role that nobody has is deleted.'),
    ('role_import', 'Security roles are taken from a role file.'),
    ('role_export', 'Security roles are written to a role file.'),
    ('scope_create', 'A security scope is made.'),
    ('scope_change', 'A security scope is renamed or described otherwise.'),
    ('scope_delete', 'A security scope is deleted.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.role_wish FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.role_compare(text, text),
    reeve.role_similar(text, integer) TO reeve_runtime;
RESET ROLE;
