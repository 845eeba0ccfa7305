-- A site of Configuration Manager comes over: administrative users, security
-- roles, scopes, memberships of scopes, and the tree of collections, in one
-- revision.
--
-- The arguments are rows of SMS_Role, SMS_SecuredCategory, SMS_Collection,
-- SMS_Admin and SMS_SecuredCategoryMembership as an AdminService gives them.
-- Nothing that is here is taken for something that comes because of its name:
-- only what came before, or is the same to the last operation, is kept.

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000070, 'info', 'collection', 'import', 'collection of another site',
     '1=actor;2=collection;3=name');

CREATE TABLE reeve.import_origin (
    entity          text COLLATE "C" NOT NULL CHECK (entity IN
                    ('role', 'scope', 'collection', 'admin')),
    source          text COLLATE "C" NOT NULL
                    CHECK (length(source) BETWEEN 1 AND 64),
    source_id       text COLLATE "C" NOT NULL
                    CHECK (length(source_id) BETWEEN 1 AND 256),
    id              text COLLATE "C" NOT NULL,
    PRIMARY KEY (entity, source, source_id)
);
COMMENT ON TABLE reeve.import_origin IS
'What came from another site: its id there and its id here, so that a second import knows it.  No part of the policy.';

CREATE SEQUENCE reeve.import_number_seq MAXVALUE 1048575;
COMMENT ON SEQUENCE reeve.import_number_seq IS
'Numbers in the ids of imported collections whose own ids are taken.';

-- Who may, and what they send ---------------------------------------------------

CREATE FUNCTION reeve.require_full_administrator(who reeve.asker,
    at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    matched bigint[];
BEGIN
    PERFORM require_gate(who);
    matched := ARRAY(SELECT p.assignment_id FROM permissions_of(who.ids,
            cardinality(who.ids), who.groups_known, who.level, who.delegated,
            at) p
        JOIN assignment a USING (assignment_id)
        WHERE p.role_id = 'SMS0001R' AND a.valid_until IS NULL
            AND (p.category_type_id, p.category_id) IN ((29, 'SMS00ALL'),
                (1, 'SMS00001'), (1, 'SMS00004'))
        GROUP BY p.assignment_id HAVING count(*) = 3 ORDER BY 1);
    IF matched <> '{}' THEN
        RETURN matched;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse('RV403', 'A site is imported by a Full Administrator of'
        ' all scopes and collections, without end.', jsonb_build_object(
        'reason', 'not_permitted', 'missing', jsonb_build_object('roles',
        jsonb_build_array('SMS0001R'), 'conditions',
        jsonb_build_array('operation'))));
END
$$;
COMMENT ON FUNCTION reeve.require_full_administrator(reeve.asker, timestamptz)
IS 'The assignments of Full Administrator on SMS00ALL, SMS00001 and SMS00004 without end; RV403, RV503.';

CREATE FUNCTION reeve.import_is_list(list jsonb, member text, form text,
    missing text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof($1) = 'array' THEN NOT EXISTS (
        SELECT FROM jsonb_array_elements($1) x
        WHERE jsonb_typeof(x) <> 'object'
            OR coalesce(x ->> $2, $4) !~ $3) ELSE false END
$$;
COMMENT ON FUNCTION reeve.import_is_list(jsonb, text, text, text) IS
'Whether this is a list of objects whose member has a form; missing stands for one that has none.';

CREATE FUNCTION reeve.check_import(args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    SELECT n.class INTO wrong FROM (VALUES ('SMS_Admin', 'LogonName'),
            ('SMS_Role', 'RoleID'), ('SMS_SecuredCategory', 'CategoryID'),
            ('SMS_SecuredCategoryMembership', 'CategoryID'),
            ('SMS_Collection', 'CollectionID')) AS n (class, key)
        WHERE jsonb_typeof(args -> n.class) IS DISTINCT FROM 'array'
            OR jsonb_array_length(args -> n.class) > 100000
            OR EXISTS (SELECT FROM jsonb_array_elements(args -> n.class) r
                WHERE coalesce(jsonb_typeof(r -> n.key), '') <> 'string'
                    OR length(r ->> n.key) NOT BETWEEN 1 AND 256)
            OR (SELECT count(*) <> count(DISTINCT r ->> n.key)
                FROM jsonb_array_elements(args -> n.class) r
                WHERE n.class IN ('SMS_Role', 'SMS_SecuredCategory',
                    'SMS_Collection'))
        ORDER BY 1 LIMIT 1;
    IF wrong IS NULL AND EXISTS (SELECT
            FROM jsonb_array_elements(args -> 'SMS_Admin') a
            WHERE NOT import_is_list(a -> 'Permissions', 'AssignmentID',
                '^[1-9][0-9]{0,14}$', '1')) THEN
        wrong := 'SMS_Admin';
    ELSIF wrong IS NULL AND EXISTS (SELECT
            FROM jsonb_array_elements(args -> 'SMS_Role') r
            WHERE NOT import_is_list(r -> 'Operations', 'ObjectTypeID',
                '^[1-9][0-9]{0,8}$', '')) THEN
        wrong := 'SMS_Role';
    ELSIF wrong IS NULL AND (coalesce(length(args ->> 'source'), 0)
            NOT BETWEEN 1 AND 64
            OR jsonb_typeof(coalesce(args -> 'accounts', '{}')) <> 'object')
    THEN
        wrong := 'source or accounts';
    END IF;
    IF wrong IS NOT NULL THEN
        PERFORM refuse('RV400', format('%s is not what an import takes: rows'
            ' of the class with their keys, once each, and with Permissions'
            ' or Operations.', wrong), jsonb_build_object('reason',
            'malformed_import', 'member', wrong));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_import(jsonb) IS
'RV400 unless these are rows of the classes that an import takes.';

-- Ids and names -------------------------------------------------------------------

CREATE FUNCTION reeve.import_is_free(entity text, id text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT $2 ~ '^[A-Z0-9]{8}$' AND $2 !~ '^(SMS|RVE)' AND CASE $1
        WHEN 'role' THEN is_free_id('security_role', $2)
        WHEN 'scope' THEN is_free_id('security_scope', $2)
        ELSE NOT EXISTS (SELECT FROM collection c WHERE c.collection_id = $2)
            AND NOT EXISTS (SELECT FROM retired_id r
                WHERE r.entity = 'collection' AND r.id = $2) END
$$;
COMMENT ON FUNCTION reeve.import_is_free(text, text) IS
'Whether an id of another site can be kept: well formed, reserved for nobody, and never used here.';

CREATE FUNCTION reeve.import_id(entity text, wanted text) RETURNS text
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    site text := (SELECT s.site_code FROM site_setting s);
    fresh text;
BEGIN
    IF import_is_free(entity, wanted) THEN
        RETURN wanted;
    ELSIF entity = 'role' THEN
        RETURN new_site_id('security_role', 'role_number_seq');
    ELSIF entity = 'scope' THEN
        RETURN new_site_id('security_scope', 'scope_number_seq');
    END IF;
    LOOP
        fresh := site || lpad(upper(to_hex(nextval('import_number_seq'))), 5,
            '0');
        EXIT WHEN NOT EXISTS (SELECT FROM collection c
                WHERE c.collection_id = fresh)
            AND NOT EXISTS (SELECT FROM retired_id r
                WHERE r.entity = 'collection' AND r.id = fresh);
    END LOOP;
    RETURN fresh;
END
$$;
COMMENT ON FUNCTION reeve.import_id(text, text) IS
'The id here of something that comes: its own, else a new one.';

CREATE FUNCTION reeve.import_name(entity text, name text, source_id text)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    longest integer := CASE entity WHEN 'collection' THEN 255 ELSE 256 END;
    tail text := ' (' || source_id || ')';
    wanted text := check_label(to_jsonb(name), entity || ' ' || source_id, 1,
        longest);
BEGIN
    FOR i IN 1 .. 2 LOOP
        IF NOT (CASE entity
            WHEN 'role' THEN EXISTS (SELECT FROM security_role r
                WHERE r.name = wanted)
            WHEN 'scope' THEN EXISTS (SELECT FROM security_scope s
                WHERE s.name = wanted)
            ELSE EXISTS (SELECT FROM collection c WHERE c.name = wanted) END)
        THEN
            RETURN wanted;
        END IF;
        wanted := left(name, longest - length(tail)) || tail;
    END LOOP;
    PERFORM refuse_name_taken(wanted);
END
$$;
COMMENT ON FUNCTION reeve.import_name(text, text, text) IS
'The name here of something that comes: its own, else with its id behind it; RV409 when that is taken too.';

CREATE FUNCTION reeve.import_known(entity text, source text, source_id text)
RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT o.id FROM import_origin o
    WHERE (o.entity, o.source, o.source_id) = ($1, $2, $3) AND CASE $1
        WHEN 'role' THEN EXISTS (SELECT FROM security_role r
            WHERE r.role_id = o.id)
        WHEN 'scope' THEN EXISTS (SELECT FROM security_scope s
            WHERE s.scope_id = o.id)
        WHEN 'collection' THEN EXISTS (SELECT FROM collection c
            WHERE c.collection_id = o.id)
        ELSE EXISTS (SELECT FROM administrative_user u
            WHERE u.admin_id::text = o.id) END
$$;
COMMENT ON FUNCTION reeve.import_known(text, text, text) IS
'The id here of what came from there before; NULL when it did not, or is gone again.';

CREATE FUNCTION reeve.import_line(entity text, source text, source_id text,
    name text, id text, action text, why text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF id IS NOT NULL AND action <> 'left_out' THEN
        INSERT INTO import_origin AS o (entity, source, source_id, id)
            VALUES ($1, $2, $3, $5)
            ON CONFLICT ON CONSTRAINT import_origin_pkey
                DO UPDATE SET id = excluded.id;
    END IF;
    RETURN jsonb_strip_nulls(jsonb_build_object('entity', entity,
        'source_id', source_id, 'name', name, 'id', id, 'action', action,
        'why', why));
END
$$;
COMMENT ON FUNCTION reeve.import_line(text, text, text, text, text, text,
    text) IS
'One line of the plan; what is here now is remembered with where it came from.';

-- Roles, scopes, collections --------------------------------------------------------

CREATE FUNCTION reeve.import_masks(r jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('type',
        o -> 'ObjectTypeID', 'mask', o -> 'GrantedOperations')
        ORDER BY (o ->> 'ObjectTypeID')::numeric), '[]')
    FROM jsonb_array_elements($1 -> 'Operations') o
    WHERE o -> 'GrantedOperations' IS DISTINCT FROM '0'
$$;
COMMENT ON FUNCTION reeve.import_masks(jsonb) IS
'The operations of a row of SMS_Role as wishes.';

CREATE FUNCTION reeve.import_role_row(who reeve.asker, at timestamptz,
    source text, r jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    there text := r ->> 'RoleID';
    known text := import_known('role', source, there);
    here security_role;
    id text;
    wanted text;
BEGIN
    SELECT x.* INTO here FROM security_role x WHERE x.role_id = there;
    IF here.is_built_in THEN
        RETURN import_line('role', source, there, r ->> 'RoleName', there,
            'mapped', 'built in here');
    ELSIF known IS NOT NULL THEN
        RETURN import_line('role', source, there, r ->> 'RoleName', known,
            'kept', 'it came before');
    ELSIF here.name = r ->> 'RoleName' AND
        role_in_file(there) -> 'operations' = import_masks(r) THEN
        RETURN import_line('role', source, there, r ->> 'RoleName', there,
            'kept', 'it is here already, with the same operations');
    END IF;
    id := import_id('role', there);
    wanted := import_name('role', r ->> 'RoleName', there);
    INSERT INTO security_role (role_id, name, description, copied_from_id,
            created_by, created_at, modified_by, modified_at)
        VALUES (id, wanted, check_label(coalesce(nullif(
                r -> 'RoleDescription', 'null'), '""'), 'RoleDescription', 0,
            512), copied_from(jsonb_build_object('copied_from_id',
                r -> 'CopiedFromID')), who.principal, at, who.principal, at);
    PERFORM store_wishes(id, ARRAY(SELECT w
        FROM wishes_of(NULL, import_masks(r)) w), true);
    RETURN import_line('role', source, there, wanted, id, 'made',
            CASE WHEN id <> there THEN 'its id is taken or reserved here' END)
        || jsonb_build_object('unknown', unknown_of(id));
END
$$;
COMMENT ON FUNCTION reeve.import_role_row(reeve.asker, timestamptz, text,
    jsonb) IS
'One role comes; the line of the plan.';

CREATE FUNCTION reeve.import_scope_row(who reeve.asker, at timestamptz,
    source text, r jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    there text := r ->> 'CategoryID';
    known text := import_known('scope', source, there);
    here security_scope;
    id text;
    wanted text;
BEGIN
    SELECT x.* INTO here FROM security_scope x WHERE x.scope_id = there;
    IF here.is_built_in THEN
        RETURN import_line('scope', source, there, r ->> 'CategoryName',
            there, 'mapped', 'built in here');
    ELSIF known IS NOT NULL THEN
        RETURN import_line('scope', source, there, r ->> 'CategoryName',
            known, 'kept', 'it came before');
    END IF;
    id := import_id('scope', there);
    wanted := import_name('scope', r ->> 'CategoryName', there);
    INSERT INTO security_scope (scope_id, name, description, created_by,
            created_at, modified_by, modified_at)
        VALUES (id, wanted, check_label(coalesce(nullif(
                r -> 'CategoryDescription', 'null'), '""'),
            'CategoryDescription', 0, 512), who.principal, at, who.principal,
            at);
    RETURN import_line('scope', source, there, wanted, id, 'made',
        CASE WHEN id <> there THEN 'its id is taken or reserved here' END);
END
$$;
COMMENT ON FUNCTION reeve.import_scope_row(reeve.asker, timestamptz, text,
    jsonb) IS
'One scope comes; the line of the plan.';

CREATE FUNCTION reeve.import_collection_row(who reeve.asker, at timestamptz,
    source text, r jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    there text := r ->> 'CollectionID';
    its_kind text := CASE r ->> 'CollectionType' WHEN '1' THEN 'user'
        WHEN '2' THEN 'device' END;
    known text := import_known('collection', source, there);
    above text := import_known('collection', source,
        r ->> 'LimitToCollectionID');
    id text;
    wanted text;
BEGIN
    IF EXISTS (SELECT FROM collection c WHERE c.collection_id = there
            AND c.is_built_in) THEN
        RETURN import_line('collection', source, there, r ->> 'Name', there,
            'mapped', 'built in here');
    ELSIF known IS NOT NULL THEN
        RETURN import_line('collection', source, there, r ->> 'Name', known,
            'kept', 'it came before');
    ELSIF its_kind IS NULL OR NOT EXISTS (SELECT FROM collection c
            WHERE c.collection_id = above AND c.kind = its_kind) THEN
        RETURN import_line('collection', source, there, r ->> 'Name', NULL,
            'left_out', CASE WHEN its_kind IS NULL
                THEN 'it is one of neither devices nor users'
                ELSE 'its limiting collection is not here' END);
    END IF;
    id := import_id('collection', there);
    wanted := import_name('collection', r ->> 'Name', there);
    INSERT INTO collection (collection_id, kind, limiting_id, name, comment,
            created_by, created_at, modified_by, modified_at)
        VALUES (id, its_kind, above, wanted, check_label(coalesce(nullif(
                r -> 'Comment', 'null'), '""'), 'Comment', 0, 512),
            who.principal, at, who.principal, at);
    RETURN import_line('collection', source, there, wanted, id, 'made',
        CASE WHEN id <> there THEN 'its id is taken or reserved here' END);
END
$$;
COMMENT ON FUNCTION reeve.import_collection_row(reeve.asker, timestamptz,
    text, jsonb) IS
'One collection comes, without rules; the line of the plan.  What limits it has come before.';

CREATE FUNCTION reeve.import_tree(collections jsonb) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH RECURSIVE one AS (
        SELECT c AS r, c ->> 'CollectionID' AS id,
            c ->> 'LimitToCollectionID' AS above
        FROM jsonb_array_elements($1) c
    ), tree AS (
        SELECT o.r, o.id, 0 AS depth FROM one o
        WHERE NOT EXISTS (SELECT FROM one p WHERE p.id = o.above)
        UNION ALL
        SELECT o.r, o.id, t.depth + 1 FROM tree t JOIN one o ON o.above = t.id
    )
    -- What is in a ring is limited to nothing that comes before it.
    SELECT x.r FROM (SELECT t.r, t.id, t.depth FROM tree t
        UNION ALL SELECT o.r, o.id, 1000000 FROM one o
            WHERE NOT EXISTS (SELECT FROM tree t WHERE t.id = o.id)) x
    ORDER BY x.depth, x.id COLLATE "C"
$$;
COMMENT ON FUNCTION reeve.import_tree(jsonb) IS
'Rows of SMS_Collection, each behind what limits it.';

-- Administrative users ----------------------------------------------------------------

CREATE FUNCTION reeve.import_principal(a jsonb, accounts jsonb,
    found jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE WHEN x.id LIKE 'group:%' THEN lower(x.id) ELSE x.id END
    FROM (SELECT coalesce(accounts ->> (a ->> 'AdminSid'),
        accounts ->> (a ->> 'LogonName'), found ->> 'principal',
        CASE WHEN a ->> 'AdminSid' ~* '^S-1-[0-9]{1,15}(-[0-9]{1,10}){1,15}$'
            THEN CASE WHEN a -> 'IsGroup' = 'true' THEN 'group:' ELSE 'sid:'
                END || lower(a ->> 'AdminSid') END) AS id) x
$$;
COMMENT ON FUNCTION reeve.import_principal(jsonb, jsonb, jsonb) IS
'Who an administrative user of the other site is here: as the caller says by SID or name, else as the directory has found its SID, else by its SID; NULL for nobody.';

CREATE FUNCTION reeve.import_permissions(source text, a jsonb)
RETURNS TABLE (wish reeve.permission_wish, left_out text)
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT (-coalesce((p ->> 'AssignmentID')::bigint,
                1000000000000000 + dense_rank() OVER (ORDER BY r.id)),
            r.id, t.id, c.id, false, NULL, NULL)::permission_wish,
        CASE WHEN r.id IS NULL THEN 'its role is not here: '
                || coalesce(p ->> 'RoleID', 'none')
            WHEN c.id IS NULL THEN CASE t.id WHEN 1 THEN 'its collection'
                WHEN 29 THEN 'its scope' ELSE 'its category' END
                || ' is not here: ' || coalesce(p ->> 'CategoryID', 'none')
            WHEN coalesce(p -> 'ValidFrom', 'null') <> 'null'
                OR coalesce(p -> 'ValidUntil', 'null') <> 'null'
            THEN 'it is temporary' END
    FROM jsonb_array_elements($2 -> 'Permissions') p,
        LATERAL (SELECT import_known('role', $1, p ->> 'RoleID') AS id) r,
        LATERAL (SELECT CASE p ->> 'CategoryTypeID' WHEN '1' THEN 1
            WHEN '29' THEN 29 END AS id) t,
        LATERAL (SELECT CASE t.id
            WHEN 1 THEN import_known('collection', $1, p ->> 'CategoryID')
            WHEN 29 THEN import_known('scope', $1, p ->> 'CategoryID') END
            AS id) c
$$;
COMMENT ON FUNCTION reeve.import_permissions(text, jsonb) IS
'The permissions of an administrative user of the other site by ids of here, or why one is left out.';

CREATE FUNCTION reeve.import_refusal(who reeve.asker, a jsonb,
    principal text) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE
    WHEN a -> 'IsDeleted' = 'true' THEN 'its account is gone'
    WHEN principal IS NULL
        THEN 'it has no SID, and accounts does not say who it is'
    WHEN (a -> 'IsGroup' IS NOT DISTINCT FROM 'true')
            <> (principal ~ '^group:[0-9A-Za-z{}-]{1,128}$')
        OR NOT (is_principal(principal) OR principal LIKE 'group:%')
        THEN 'what accounts says of it is no principal of its kind'
    WHEN principal = ANY (who.ids)
        THEN 'nobody gives rights to themselves'
    END
$$;
COMMENT ON FUNCTION reeve.import_refusal(reeve.asker, jsonb, text) IS
'Why an administrative user does not come; NULL when it does.';

CREATE FUNCTION reeve.import_admin_row(who reeve.asker, actor jsonb,
    args jsonb, a jsonb, request jsonb, matched bigint[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    source text := args ->> 'source';
    name text := check_label(a -> 'LogonName', 'LogonName', 1, 256);
    found jsonb := args #> ARRAY['found', lower(a ->> 'AdminSid')];
    principal text := import_principal(a, args -> 'accounts', found);
    why text := import_refusal(who, a, principal);
    here bigint := admin_of_principal(principal);
    u administrative_user;
    wishes permission_wish[];
    lost text[];
    stored record;
BEGIN
    IF why IS NOT NULL THEN
        RETURN import_line('admin', source, name, name, NULL, 'left_out',
            why);
    ELSIF here IS NOT NULL THEN
        RETURN import_line('admin', source, name, name, here::text, 'kept',
            'it is here already: its permissions stay as they are');
    END IF;
    SELECT coalesce(array_agg(p.wish) FILTER (WHERE p.left_out IS NULL),
            '{}'), coalesce(array_agg(DISTINCT p.left_out)
            FILTER (WHERE p.left_out IS NOT NULL), '{}')
        INTO wishes, lost FROM import_permissions(source, a) p;
    IF wishes = '{}' THEN
        RETURN import_line('admin', source, name, name, NULL, 'left_out',
            'none of its permissions can be kept')
            || jsonb_build_object('permissions_left_out', lost);
    END IF;
    INSERT INTO administrative_user AS x (principal_id, account_id,
            logon_name, display_name, distinguished_name, is_group,
            created_by, created_at, modified_by, modified_at)
        VALUES (principal, CASE WHEN principal LIKE 'group:%'
                THEN lower(substr(principal, 7))
                WHEN principal = found ->> 'principal'
                THEN found ->> 'account_id' END, name,
            left(coalesce(nullif(a ->> 'DisplayName', ''),
                found ->> 'display_name', ''), 256),
            coalesce(nullif(a ->> 'DistinguishedName', ''),
                found ->> 'dn', ''),
            principal LIKE 'group:%', who.principal, at, who.principal, at)
        RETURNING x.* INTO u;
    stored := store_permissions(u.admin_id, wishes, '{}');
    PERFORM require_grants(who, at, u, stored.widened);
    PERFORM audit_admin(31240, at, actor, request, admin_image(u.admin_id),
        NULL, admin_image(u.admin_id), matched);
    RETURN import_line('admin', source, name, name, u.admin_id::text, 'made',
            NULL) || jsonb_build_object('principal', principal,
        'permissions', cardinality(wishes), 'permissions_left_out', lost);
END
$$;
COMMENT ON FUNCTION reeve.import_admin_row(reeve.asker, jsonb, jsonb, jsonb,
    jsonb, bigint[]) IS
'One administrative user comes, under section 6 of the rule; the line of the plan.';

-- Memberships of scopes -----------------------------------------------------------------

CREATE FUNCTION reeve.import_memberships(who reeve.asker, actor jsonb,
    args jsonb, request jsonb, OUT changed integer, OUT told jsonb)
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    fresh membership[];
BEGIN
    WITH given AS (
        SELECT DISTINCT (m ->> 'ObjectTypeID')::integer AS type,
            m ->> 'ObjectKey' AS key, import_known('scope',
                args ->> 'source', m ->> 'CategoryID') AS scope
        FROM jsonb_array_elements(args -> 'SMS_SecuredCategoryMembership') m
        WHERE m ->> 'ObjectTypeID' ~ '^[1-9][0-9]{0,8}$'
    ), judged AS (
        SELECT g.*, o.object_key IS NOT NULL AND g.scope <> 'SMS00ALL'
                AS is_here, s.scope_id IS NOT NULL AS is_done
        FROM given g
        LEFT JOIN secured_object o ON o.object_type_id = g.type
            AND o.object_key = g.key
        LEFT JOIN object_scope s ON s.object_type_id = g.type
            AND s.object_key = g.key AND s.scope_id = g.scope
    )
    SELECT coalesce(array_agg((j.type, j.key, j.scope)::membership
            ORDER BY j.type, j.key COLLATE "C", j.scope)
            FILTER (WHERE j.is_here AND NOT j.is_done), '{}'),
        jsonb_build_object('made', count(*) FILTER (WHERE j.is_here
                AND NOT j.is_done),
            'kept', count(*) FILTER (WHERE j.is_here AND j.is_done),
            'left_out', count(*) FILTER (WHERE j.is_here IS NOT TRUE),
            'why', 'objects or scopes that are not here are left out; an'
                ' object that is here stays in its other scopes')
        INTO fresh, told FROM judged j;
    changed := 0;
    IF fresh <> '{}' THEN
        changed := apply_memberships(who, actor, fresh, true, request);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.import_memberships(reeve.asker, jsonb, jsonb, jsonb)
IS 'Objects that are here come into the scopes that they have there, under section 5 of the rule.';

-- What is decided otherwise here ------------------------------------------------------------

CREATE FUNCTION reeve.differing_pairs(admins bigint[]) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH deploys AS (
        SELECT a.admin_id, a.assignment_id, a.role_id, c.collection_id,
            k.object_type_id
        FROM assignment a
        JOIN assignment_collection c USING (assignment_id)
        JOIN role_operation p ON p.role_id = a.role_id
            AND p.object_type_id = 1
        JOIN deploy_operation k ON k.bit = p.bit
        WHERE a.admin_id = ANY ($1)
    ), reads AS (
        SELECT a.admin_id, a.assignment_id, a.role_id, s.scope_id,
            p.object_type_id, t.secured_by = 'role' AS is_whole
        FROM assignment a
        JOIN assignment_scope s USING (assignment_id)
        JOIN role_operation p ON p.role_id = a.role_id AND p.bit = 0
        JOIN object_type t ON t.object_type_id = p.object_type_id
        WHERE a.admin_id = ANY ($1)
    ), lost AS (
        SELECT DISTINCT d.admin_id, d.object_type_id, d.role_id AS deploying,
            r.role_id AS reading, d.collection_id, r.scope_id
        FROM deploys d JOIN reads r USING (admin_id, object_type_id)
        WHERE NOT EXISTS (SELECT FROM deploys e
            JOIN reads f USING (assignment_id, object_type_id)
            WHERE e.admin_id = d.admin_id
                AND e.object_type_id = d.object_type_id
                AND e.collection_id = ANY (limiting_chain(d.collection_id))
                AND (f.is_whole OR f.scope_id IN (r.scope_id, 'SMS00ALL')))
    )
    SELECT jsonb_build_object('kind', 'deploy_pairing', 'admin', u.logon_name,
        'type', t.sdk_name, 'deploying_role', l.deploying, 'reading_role',
        l.reading, 'collections', jsonb_agg(DISTINCT l.collection_id),
        'scopes', jsonb_agg(DISTINCT l.scope_id), 'there', true, 'here',
        false)
    FROM lost l JOIN administrative_user u USING (admin_id)
    JOIN object_type t USING (object_type_id)
    CROSS JOIN site_setting s
    WHERE s.deploy_pairing = 'assignment'
    GROUP BY u.admin_id, u.logon_name, t.object_type_id, t.sdk_name,
        l.deploying, l.reading
    ORDER BY u.admin_id, t.object_type_id, l.deploying, l.reading
$$;
COMMENT ON FUNCTION reeve.differing_pairs(bigint[]) IS
'Deployments that two assignments of one administrative user allow together, and no one alone: content of which scopes to which collections (section 4 of the rule).';

CREATE FUNCTION reeve.differing_reads(admins bigint[]) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH held AS (
        SELECT h.admin_id, h.role_id, h.category_id, o.object_type_id, o.bit,
            o.name, t.sdk_name, t.secured_by
        FROM permission_held h
        JOIN role_operation p USING (role_id)
        JOIN operation o USING (object_type_id, bit)
        JOIN object_type t USING (object_type_id)
        WHERE h.admin_id = ANY ($1) AND o.bit <> 0 AND NOT o.is_type_wide
            AND t.secured_by IN ('role', CASE h.category_type_id
                WHEN 29 THEN 'scope' ELSE 'collection' END)
    ), lost AS (
        SELECT DISTINCT x.admin_id, x.role_id, x.object_type_id, x.sdk_name,
            x.name, CASE WHEN x.secured_by <> 'role' THEN x.category_id END
                AS category
        FROM held x
        WHERE NOT EXISTS (SELECT FROM permission_held h
            JOIN role_operation p USING (role_id)
            WHERE h.admin_id = x.admin_id
                AND p.object_type_id = x.object_type_id
                AND p.bit = coalesce((SELECT n.needed_bit
                    FROM operation_need n
                    WHERE n.object_type_id = x.object_type_id
                        AND n.bit = x.bit), 0)
                AND CASE x.secured_by WHEN 'role' THEN true
                    WHEN 'scope' THEN h.category_type_id = 29
                        AND h.category_id IN (x.category_id, 'SMS00ALL')
                    ELSE h.category_type_id = 1 AND h.category_id
                        = ANY (limiting_chain(x.category_id)) END)
            AND NOT EXISTS (SELECT FROM operation_need n
                WHERE n.object_type_id = x.object_type_id
                    AND n.needed_bit = x.bit)
    )
    SELECT jsonb_build_object('kind', 'read_needed', 'admin', u.logon_name,
        'type', l.sdk_name, 'role', l.role_id, 'operations',
        jsonb_agg(DISTINCT l.name), 'categories', coalesce(
            jsonb_agg(DISTINCT l.category) FILTER (WHERE l.category
                IS NOT NULL), '[]'), 'there', true, 'here', false)
    FROM lost l JOIN administrative_user u USING (admin_id)
    GROUP BY u.admin_id, u.logon_name, l.object_type_id, l.sdk_name,
        l.role_id
    ORDER BY u.admin_id, l.object_type_id, l.role_id
$$;
COMMENT ON FUNCTION reeve.differing_reads(bigint[]) IS
'Operations on objects that the administrative user may not read by any of its permissions (section 3 of the rule).';

CREATE FUNCTION reeve.differing_own(admins bigint[]) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_build_object('kind', 'own_collection', 'admin',
        u.logon_name, 'collection', own.category_id, 'by', jsonb_agg(DISTINCT
            above.category_id), 'operations', jsonb_agg(DISTINCT o.name),
        'there', false, 'here', true)
    FROM permission_held own
    JOIN collection c ON c.collection_id = own.category_id
        AND NOT c.is_built_in
    JOIN permission_held above ON above.admin_id = own.admin_id
        AND above.category_type_id = 1
        AND above.category_id <> own.category_id
        AND above.category_id = ANY (limiting_chain(own.category_id))
    JOIN role_operation p ON p.role_id = above.role_id
        AND p.object_type_id = 1
    JOIN operation o ON o.object_type_id = 1 AND o.bit = p.bit
        AND o.name IN ('Modify', 'Delete')
    JOIN administrative_user u ON u.admin_id = own.admin_id
    WHERE own.admin_id = ANY ($1) AND own.category_type_id = 1
    GROUP BY u.admin_id, u.logon_name, own.category_id
    ORDER BY u.admin_id, own.category_id
$$;
COMMENT ON FUNCTION reeve.differing_own(bigint[]) IS
'Collections that are given directly, which Modify or Delete on one above reaches all the same: here each permission is judged by itself (section 3 of the rule).';

CREATE FUNCTION reeve.differing_delegation(admins bigint[])
RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH giver AS (
        SELECT DISTINCT a.admin_id, a.role_id FROM assignment a
        JOIN role_operation p ON p.role_id = a.role_id
            AND p.object_type_id = 28
        JOIN operation o ON o.object_type_id = 28 AND o.bit = p.bit
            AND o.name IN ('Add', 'Create', 'Modify')
        WHERE a.admin_id = ANY ($1)
    ), given AS (
        SELECT DISTINCT a.role_id FROM assignment a
        WHERE a.admin_id = ANY ($1)
    )
    SELECT jsonb_build_object('kind', 'delegation', 'admin', u.logon_name,
        'role', g.role_id, 'cannot_give', jsonb_agg(x.role_id
            ORDER BY x.role_id), 'there', true, 'here', false)
    FROM giver g JOIN administrative_user u USING (admin_id)
    CROSS JOIN given x
    WHERE EXISTS (SELECT FROM role_operation p WHERE p.role_id = x.role_id
            AND NOT EXISTS (SELECT FROM role_operation q
                WHERE q.role_id = g.role_id
                    AND (q.object_type_id, q.bit)
                        = (p.object_type_id, p.bit)))
        AND NOT (EXISTS (SELECT FROM role_operation q
                JOIN operation o USING (object_type_id, bit)
                WHERE q.role_id = g.role_id AND o.object_type_id = 28
                    AND o.name = 'Grant')
            AND NOT EXISTS (SELECT FROM role_operation p
                JOIN operation o USING (object_type_id, bit)
                WHERE p.role_id = x.role_id AND o.is_security))
    GROUP BY u.admin_id, u.logon_name, g.role_id
    ORDER BY u.admin_id, g.role_id
$$;
COMMENT ON FUNCTION reeve.differing_delegation(bigint[]) IS
'Roles in use that a role with power over administrative users cannot give by itself (section 6 of the rule).';

CREATE FUNCTION reeve.differing_roles(args jsonb) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH role AS (
        SELECT import_known('role', args ->> 'source', r ->> 'RoleID') AS id,
            r
        FROM jsonb_array_elements(args -> 'SMS_Role') r
    ), low AS (
        SELECT x.id, (w ->> 'type')::integer AS type,
            (w ->> 'mask')::bigint AS mask
        FROM role x, jsonb_array_elements(import_masks(x.r)) w
        WHERE w ->> 'type' ~ '^[1-9][0-9]{0,8}$'
    ), built AS (
        SELECT DISTINCT x.id, o.object_type_id, o.name, o.bit,
            EXISTS (SELECT FROM role_operation p WHERE p.role_id = x.id
                AND (p.object_type_id, p.bit) = (o.object_type_id, o.bit))
                AS here,
            EXISTS (SELECT FROM low l WHERE l.id = x.id
                AND l.type = o.object_type_id
                AND l.mask & (1::bigint << o.bit) <> 0) AS there
        FROM role x JOIN security_role s ON s.role_id = x.id
            AND s.is_built_in
        CROSS JOIN operation o WHERE o.bit < 32
    )
    SELECT jsonb_build_object('kind', 'unknown_operations', 'role', u.role_id,
        'object_type_id', u.object_type_id, 'mask', u.bits, 'there', true,
        'here', false)
    FROM role x JOIN role_unknown_bits u ON u.role_id = x.id
    UNION ALL
    SELECT jsonb_build_object('kind', 'read_of_deployments', 'role',
        p.role_id, 'type', t.sdk_name, 'there', true, 'here', false)
    FROM role x JOIN role_operation p ON p.role_id = x.id AND p.bit = 0
    JOIN object_type t ON t.object_type_id = p.object_type_id
        AND t.secured_by = 'derived'
    UNION ALL
    SELECT jsonb_build_object('kind', 'built_in_role', 'role', b.id, 'type',
        t.sdk_name, 'operations', jsonb_agg(b.name ORDER BY b.bit), 'there',
        b.there, 'here', b.here)
    FROM built b JOIN object_type t USING (object_type_id)
    WHERE b.here <> b.there
    GROUP BY b.id, t.object_type_id, t.sdk_name, b.there, b.here
$$;
COMMENT ON FUNCTION reeve.differing_roles(jsonb) IS
'What roles of the other site give there and not here, or the other way: operations without a meaning here, Read on deployments, and built-in roles that have other operations.';

CREATE FUNCTION reeve.import_differences(args jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH admin AS (
        SELECT array_agg(u.admin_id) AS ids FROM administrative_user u
        JOIN import_origin o ON o.entity = 'admin'
            AND o.source = args ->> 'source' AND o.id = u.admin_id::text
        WHERE EXISTS (SELECT FROM jsonb_array_elements(args -> 'SMS_Admin') a
            WHERE a ->> 'LogonName' = o.source_id)
    )
    SELECT coalesce(jsonb_agg(d), '[]') FROM (
        SELECT differing_pairs(ids) AS d FROM admin
        UNION ALL SELECT differing_reads(ids) FROM admin
        UNION ALL SELECT differing_own(ids) FROM admin
        UNION ALL SELECT differing_delegation(ids) FROM admin
        UNION ALL SELECT differing_roles(args)) x
$$;
COMMENT ON FUNCTION reeve.import_differences(jsonb) IS
'Each decision that differs between the two sites over what has come, computed from the rows that are here now.';

-- All of it --------------------------------------------------------------------------------------

CREATE FUNCTION reeve.import_things(who reeve.asker, at timestamptz,
    args jsonb) RETURNS SETOF jsonb
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    source text := args ->> 'source';
    r jsonb;
BEGIN
    FOR r IN SELECT x FROM jsonb_array_elements(args -> 'SMS_Role') x
        ORDER BY x ->> 'RoleID' COLLATE "C"
    LOOP
        RETURN NEXT import_role_row(who, at, source, r);
    END LOOP;
    FOR r IN SELECT x FROM jsonb_array_elements(args -> 'SMS_SecuredCategory')
        x ORDER BY x ->> 'CategoryID' COLLATE "C"
    LOOP
        RETURN NEXT import_scope_row(who, at, source, r);
    END LOOP;
    FOR r IN SELECT x FROM import_tree(args -> 'SMS_Collection') x LOOP
        RETURN NEXT import_collection_row(who, at, source, r);
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.import_things(reeve.asker, timestamptz, jsonb) IS
'Roles, scopes and collections come, in the order of their ids, the tree from its roots; the lines of the plan.';

CREATE FUNCTION reeve.import_audit(line jsonb) RETURNS reeve.audit_event
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE line ->> 'entity'
    WHEN 'role' THEN ROW(31207, ARRAY[line ->> 'name'], NULL,
        role_image(line ->> 'id'))::audit_event
    WHEN 'scope' THEN ROW(31220, ARRAY[line ->> 'name'], NULL,
        scope_image(line ->> 'id'))::audit_event
    ELSE ROW(1000070, ARRAY['', line ->> 'id', line ->> 'name'], NULL,
        line)::audit_event END
$$;
COMMENT ON FUNCTION reeve.import_audit(jsonb) IS
'The row of the admin stream for a line of the plan that makes something.';

CREATE FUNCTION reeve.apply_site_import(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_full_administrator(who, at);
    lines jsonb[];
    made audit_event[];
    a jsonb;
    members record;
BEGIN
    PERFORM check_import(args);
    lines := ARRAY(SELECT l FROM import_things(who, at, args) l);
    made := ARRAY(SELECT import_audit(l) FROM unnest(lines) l
        WHERE l ->> 'action' = 'made');
    IF made <> '{}' THEN
        PERFORM write_admin_audit(at, actor, request, made, matched);
    END IF;
    members := import_memberships(who, actor, args, request);
    FOR a IN SELECT x FROM jsonb_array_elements(args -> 'SMS_Admin')
        WITH ORDINALITY AS g (x, i) ORDER BY g.x ->> 'LogonName' COLLATE "C",
            g.i
    LOOP
        lines := lines || import_admin_row(who, actor, args, a, request,
            matched);
    END LOOP;
    RETURN ROW(members.changed + (SELECT count(*) FROM unnest(lines) l
            WHERE l ->> 'action' = 'made')::integer,
        jsonb_build_object('plan', to_jsonb(lines), 'memberships',
            members.told, 'differences', import_differences(args)));
END
$$;
COMMENT ON FUNCTION reeve.apply_site_import(reeve.asker, jsonb, jsonb, jsonb)
IS 'site_import: {source, SMS_Role, SMS_SecuredCategory, SMS_Collection, SMS_Admin, SMS_SecuredCategoryMembership, accounts, found}; result: {plan, memberships, differences}.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('site_import', 'A site of Configuration Manager comes over.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
