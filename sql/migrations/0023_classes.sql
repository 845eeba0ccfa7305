-- One view for each class of the AdminService: list_<name in lower case>, or
-- list_secured_object for all classes of secured objects together.  A view
-- has
--   key          the key as in paths; of several properties their names and
--                values (ObjectTypeID=31,RoleID='SMS0001R')
--   scopes       of the object; NULL for a class that carries none
--   etag         another one after each change of what the body shows, the
--                names of other things and what depends on the caller apart
--   object_type, object_key
--                what the reader must be able to Read to see the row.  0: the
--                class itself; NULL: nothing; without a key: any of the type
--   body         all properties in the order of sql/catalogue/classes.tsv and
--                class_properties.tsv, lazy ones too
-- and a column for each property that filters may name.
--
-- What depends on who reads comes from the settings reeve.caller (a
-- description of the caller as the write functions take it) and
-- reeve.caller_at (the instant of its request, in milliseconds), which a
-- provider sets in the transaction that reads.  Without them there is
-- nobody, who may see nothing.

SET LOCAL ROLE reeve_owner;

-- The table of properties is the provider's own: class_table.c comes of the
-- same files as the views are held to.
DROP VIEW reeve.list_class_property;
DROP TABLE reeve.class_property;

-- The caller --------------------------------------------------------------------

CREATE TYPE reeve.caller AS (
    who             reeve.asker,
    at              timestamptz
);
COMMENT ON TYPE reeve.caller IS
'Who reads a list, and when; NULL: nobody.';

CREATE FUNCTION reeve.caller_now() RETURNS reeve.caller
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    c caller;
    actor text := nullif(current_setting('reeve.caller', true), '');
    at_ms text := nullif(current_setting('reeve.caller_at', true), '');
BEGIN
    IF actor IS NULL OR at_ms IS NULL THEN
        RETURN NULL;
    END IF;
    c.who := asker_of(actor::jsonb);
    c.at := to_timestamp(at_ms::bigint / 1000.0);
    RETURN c;
END
$$;
COMMENT ON FUNCTION reeve.caller_now() IS
'The caller that this transaction reads for; NULL when none is set.';

CREATE FUNCTION reeve.caller_reads(class text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    c caller := caller_now();
    q meaning := list_meaning(class, 'Read');
BEGIN
    IF (c).at IS NOT NULL AND q.reason IS NULL THEN
        RETURN QUERY SELECT * FROM list_objects(((c).who).ids,
            ((c).who).level, ((c).who).delegated, (c).at, class, 'Read', q);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.caller_reads(text) IS
'The keys of the objects of a type, or resources of a class, that the caller may Read.';

CREATE FUNCTION reeve.caller_can_read(class text, object_key text)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    c caller := caller_now();
    who asker := (c).who;
BEGIN
    RETURN (c).at IS NOT NULL AND coalesce((SELECT a.decision
        FROM allowed(who.ids, cardinality(who.ids), true, who.level,
            who.delegated, (c).at, class, 'Read', object_key) a), false);
END
$$;
COMMENT ON FUNCTION reeve.caller_can_read(text, text) IS
'Whether the caller may Read one object of a type, or resource of a class.';

CREATE FUNCTION reeve.caller_assignments()
RETURNS TABLE (assignment_id bigint, admin_id bigint, role_id text,
    role_minimum integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c caller := caller_now();
    who asker := (c).who;
BEGIN
    RETURN QUERY SELECT a.assignment_id, a.admin_id, a.role_id::text,
        coalesce(m.level, 0)::integer
    FROM subject_assignments(who.ids) a
    LEFT JOIN role_minimum m ON m.role_id = a.role_id
    WHERE is_valid_at(a.valid_from, a.valid_until, (c).at)
        AND who.level BETWEEN coalesce(m.level, 0) AND 3
        AND NOT (who.delegated AND role_is_security(a.role_id));
END
$$;
COMMENT ON FUNCTION reeve.caller_assignments() IS
'The assignments of the caller that count, its groups'' included.';

CREATE FUNCTION reeve.caller_operations()
RETURNS TABLE (assignment_id bigint, object_type_id integer, "bit" smallint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c caller := caller_now();
    who asker := (c).who;
BEGIN
    RETURN QUERY SELECT a.assignment_id, r.object_type_id, r.bit
    FROM caller_assignments() a
    JOIN role_operation r ON r.role_id = a.role_id
    JOIN object_type t ON t.object_type_id = r.object_type_id
        AND t.secured_by <> 'derived'
    LEFT JOIN operation_minimum m ON m.object_type_id = r.object_type_id
        AND m.bit = r.bit
    WHERE who.level >= coalesce(m.level, 0);
END
$$;
COMMENT ON FUNCTION reeve.caller_operations() IS
'Which operations each of these assignments gives, wherever: in its own scopes and collections, where the type has such.';

CREATE FUNCTION reeve.caller_scopes(operations text[])
RETURNS TABLE (object_type_id integer, scope_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    WITH held AS (
        SELECT DISTINCT c.object_type_id, s.scope_id
        FROM caller_operations() c
        JOIN operation o ON o.object_type_id = c.object_type_id
            AND o.bit = c.bit AND o.name = ANY ($1)
        JOIN object_type t ON t.object_type_id = c.object_type_id
            AND t.secured_by = 'scope'
        JOIN assignment_scope s ON s.assignment_id = c.assignment_id
    )
    SELECT h.object_type_id, h.scope_id::text FROM held h
        WHERE h.scope_id <> 'SMS00ALL'
    UNION
    SELECT h.object_type_id, s.scope_id::text
    FROM held h, security_scope s
    WHERE h.scope_id = 'SMS00ALL' AND s.scope_id <> 'SMS00ALL'
$$;
COMMENT ON FUNCTION reeve.caller_scopes(text[]) IS
'For each type secured by scope, the scopes in which the caller holds one of the operations: all, where it holds it on SMS00ALL.';

CREATE FUNCTION reeve.caller_initial_scopes()
RETURNS TABLE (object_type_id integer, scope_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT DISTINCT c.object_type_id, CASE s.scope_id WHEN 'SMS00ALL'
        THEN 'SMS00UNA' ELSE s.scope_id::text END
    FROM caller_operations() c
    JOIN operation o ON o.object_type_id = c.object_type_id
        AND o.bit = c.bit AND o.name IN ('Create', 'Set Security Scope')
    JOIN object_type t ON t.object_type_id = c.object_type_id
        AND t.secured_by = 'scope'
    JOIN assignment_scope s ON s.assignment_id = c.assignment_id
$$;
COMMENT ON FUNCTION reeve.caller_initial_scopes() IS
'For each type secured by scope, the scopes that a new object of the caller gets when it names none: docs/rule.md section 5.';

CREATE FUNCTION reeve.caller_covers(admin_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    c caller := caller_now();
BEGIN
    RETURN (c).at IS NOT NULL AND NOT EXISTS (SELECT FROM assignment a
        WHERE a.admin_id = $1 AND NOT can_grant((c).who, (c).at, a));
END
$$;
COMMENT ON FUNCTION reeve.caller_covers(bigint) IS
'Whether the caller could grant every assignment that an administrative user has.';

CREATE FUNCTION reeve.available_categories(actor jsonb, at_ms bigint,
    role_ids text[], category_type_id integer)
RETURNS TABLE (id text, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
DECLARE
    who asker := asker_of(actor);
    at timestamptz := to_timestamp(at_ms / 1000.0);
    -- Without a role: whatever could be given there at all.
    roles text[] := CASE WHEN cardinality(role_ids) > 0
        THEN ARRAY(SELECT DISTINCT r FROM unnest(role_ids) r) ELSE '{""}' END;
BEGIN
    RETURN QUERY
    WITH held AS MATERIALIZED (
        SELECT a.assignment_id, a.role_id FROM subject_assignments(who.ids) a
        WHERE is_valid_at(a.valid_from, a.valid_until, at)
            AND who.level BETWEEN coalesce((SELECT m.level
                FROM role_minimum m WHERE m.role_id = a.role_id), 0) AND 3
            AND NOT (who.delegated AND role_is_security(a.role_id))
    ), giver AS MATERIALIZED (
        SELECT w.role_id AS wanted, h.role_id
        FROM unnest(roles) AS w (role_id),
            (SELECT DISTINCT x.role_id FROM held x) h
        WHERE w.role_id = '' OR (EXISTS (SELECT FROM security_role r
                WHERE r.role_id = w.role_id)
            AND role_may_give(h.role_id, w.role_id, who.level))
    ), place AS MATERIALIZED (
        SELECT h.role_id, c.scope_id::text AS id FROM held h
        JOIN assignment_scope s ON s.assignment_id = h.assignment_id
        JOIN security_scope c ON s.scope_id IN (c.scope_id, 'SMS00ALL')
        WHERE category_type_id = 29
        UNION
        SELECT h.role_id, k.id FROM held h
        JOIN assignment_collection c ON c.assignment_id = h.assignment_id,
            subtree(ARRAY[c.collection_id::text], false) AS k (id)
        WHERE category_type_id = 1
    )
    SELECT p.id, coalesce((SELECT s.name::text FROM security_scope s
            WHERE category_type_id = 29 AND s.scope_id = p.id),
        (SELECT c.name::text FROM collection c
            WHERE category_type_id = 1 AND c.collection_id = p.id))
    FROM place p JOIN giver g ON g.role_id = p.role_id
    GROUP BY p.id HAVING count(DISTINCT g.wanted) = cardinality(roles);
END
$$;
COMMENT ON FUNCTION reeve.available_categories(jsonb, bigint, text[], integer)
IS 'The scopes (29) or collections (1) in which the caller may give every one of some roles now; without roles, those in which it holds one.';

-- Values ------------------------------------------------------------------------

CREATE FUNCTION reeve.edm_time_ms(at timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
COMMENT ON FUNCTION reeve.edm_time_ms(timestamptz) IS
'An instant as OData writes it, with milliseconds.';

CREATE FUNCTION reeve.as_integer(value jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN jsonb_typeof(value) = 'number'
        AND value::text ~ '^-?[0-9]{1,18}$' THEN value::text::bigint END;
COMMENT ON FUNCTION reeve.as_integer(jsonb) IS
'A member of free properties as a whole number; NULL when it is none.';

CREATE FUNCTION reeve.as_boolean(value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN jsonb_typeof(value) = 'boolean' THEN value::boolean END;
COMMENT ON FUNCTION reeve.as_boolean(jsonb) IS
'A member of free properties as true or false; NULL when it is neither.';

CREATE FUNCTION reeve.as_text(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN jsonb_typeof(value) = 'string' THEN value #>> '{}' END;
COMMENT ON FUNCTION reeve.as_text(jsonb) IS
'A member of free properties as text; NULL when it is none.';

CREATE FUNCTION reeve.as_texts(value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN jsonb_typeof(value) = 'array' THEN ARRAY(
        SELECT x #>> '{}' FROM jsonb_array_elements(value)
            WITH ORDINALITY AS e (x, i)
        WHERE jsonb_typeof(x) = 'string' ORDER BY i)
    ELSE '{}' END;
COMMENT ON FUNCTION reeve.as_texts(jsonb) IS
'A member of free properties as an array of texts; empty when it is none.';

CREATE FUNCTION reeve.as_time(value jsonb) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN CASE WHEN reeve.as_text(value) ~ ('^(?!0000)('
        '[0-9]{4}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])'
        '|[0-9]{4}-(0[469]|11)-(0[1-9]|[12][0-9]|30)'
        '|[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])'
        '|([0-9]{2}(0[48]|[2468][048]|[13579][26])'
        '|([02468][048]|[13579][26])00)-02-29'
        ')T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?'
        '(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$')
    THEN date_trunc('second', reeve.as_text(value)::timestamptz) END;
COMMENT ON FUNCTION reeve.as_time(jsonb) IS
'A member of free properties as an instant (RFC 3339), cut to the second; NULL when it is none.';

CREATE FUNCTION reeve.edm_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN '''' || replace(value, '''', '''''') || '''';
COMMENT ON FUNCTION reeve.edm_key(text) IS
'A text as a key in a path: in single quotes, those inside doubled.';

-- Numbers in URLs ---------------------------------------------------------------

CREATE SEQUENCE reeve.url_number_seq AS integer MINVALUE 33554433;
COMMENT ON SEQUENCE reeve.url_number_seq IS
'Numbers by which URLs name objects whose key is another one: CI_ID, ContainerNodeID.';

CREATE FUNCTION reeve.number_object() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    property text := CASE NEW.object_type_id WHEN 226
        THEN 'ContainerNodeID' ELSE 'CI_ID' END;
BEGIN
    IF as_integer(NEW.properties -> property) IS NULL THEN
        NEW.properties := jsonb_set(NEW.properties, ARRAY[property],
            to_jsonb(nextval('url_number_seq')));
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION reeve.number_object() IS
'Trigger: an object of a type that URLs name by a number has one.';
CREATE TRIGGER c_number BEFORE INSERT OR UPDATE OF properties
    ON reeve.secured_object FOR EACH ROW
    WHEN (NEW.object_type_id IN (11, 31, 32, 34, 226, 1000004, 1000005))
    EXECUTE FUNCTION reeve.number_object();

DO $$
DECLARE
    lacking boolean := EXISTS (SELECT FROM reeve.secured_object o
        WHERE o.object_type_id IN (11, 31, 32, 34, 1000004, 1000005)
                AND reeve.as_integer(o.properties -> 'CI_ID') IS NULL
            OR o.object_type_id = 226 AND reeve.as_integer(o.properties
                -> 'ContainerNodeID') IS NULL);
BEGIN
    IF lacking THEN
        PERFORM reeve.begin_migration();
        UPDATE reeve.secured_object o SET properties = o.properties
        WHERE o.object_type_id
            IN (11, 31, 32, 34, 226, 1000004, 1000005);
    END IF;
END
$$;

-- The order of the keys of such classes.
CREATE UNIQUE INDEX secured_object_ci_id ON reeve.secured_object
    (object_type_id, ((properties ->> 'CI_ID') COLLATE "C"))
    WHERE object_type_id IN (11, 31, 32, 34, 1000004, 1000005);
CREATE UNIQUE INDEX secured_object_container_node ON reeve.secured_object
    (((properties ->> 'ContainerNodeID') COLLATE "C"))
    WHERE object_type_id = 226;

-- Administrative users and permissions --------------------------------------------

DROP VIEW reeve.list_sms_admin, reeve.list_sms_role,
    reeve.list_sms_securedcategory, reeve.list_sms_collection,
    reeve.list_sms_r_system, reeve.list_sms_application;

CREATE VIEW reeve.permission_row AS
SELECT a.admin_id, a.assignment_id, a.role_id, r.name AS role_name,
    29 AS category_type_id, s.scope_id AS category_id,
    s.name AS category_name, a.valid_from, a.valid_until
FROM reeve.assignment a
JOIN reeve.security_role r ON r.role_id = a.role_id
JOIN reeve.assignment_scope x ON x.assignment_id = a.assignment_id
JOIN reeve.security_scope s ON s.scope_id = x.scope_id
UNION ALL
SELECT a.admin_id, a.assignment_id, a.role_id, r.name, 1, c.collection_id,
    c.name, a.valid_from, a.valid_until
FROM reeve.assignment a
JOIN reeve.security_role r ON r.role_id = a.role_id
JOIN reeve.assignment_collection x ON x.assignment_id = a.assignment_id
JOIN reeve.collection c ON c.collection_id = x.collection_id;
COMMENT ON VIEW reeve.permission_row IS
'The flattened assignments: a row for each role and category.';

CREATE VIEW reeve.list_sms_admin AS
SELECT u.admin_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    md5(u::text || coalesce((SELECT string_agg(p::text, ','
            ORDER BY p.assignment_id, p.category_type_id, p.category_id)
        FROM reeve.permission_row p WHERE p.admin_id = u.admin_id), ''))
        AS etag,
    28 AS object_type, u.admin_id::text COLLATE "C" AS object_key,
    json_build_object(
        'AdminID', u.admin_id,
        'AdminSid', coalesce(u.account_id, ''),
        'AccountType', CASE WHEN u.is_group THEN 1 ELSE 0 END,
        'LogonName', u.logon_name,
        'DisplayName', u.display_name,
        'DistinguishedName', u.distinguished_name,
        'IsGroup', u.is_group,
        'IsDeleted', u.is_deleted OR u.is_orphaned,
        'RoleNames', (SELECT coalesce(json_agg(x.name ORDER BY x.id), '[]')
            FROM (SELECT DISTINCT p.role_id AS id, p.role_name AS name
                FROM reeve.permission_row p
                WHERE p.admin_id = u.admin_id) x),
        'CategoryNames', (SELECT coalesce(json_agg(x.name ORDER BY x.id), '[]')
            FROM (SELECT DISTINCT p.category_id AS id, p.category_name AS name
                FROM reeve.permission_row p WHERE p.admin_id = u.admin_id
                    AND p.category_type_id = 29) x),
        'CollectionNames', (SELECT coalesce(json_agg(x.name ORDER BY x.id),
                '[]')
            FROM (SELECT DISTINCT p.category_id AS id, p.category_name AS name
                FROM reeve.permission_row p WHERE p.admin_id = u.admin_id
                    AND p.category_type_id = 1 AND p.category_id
                    IN (SELECT reeve.caller_reads('SMS_Collection'))) x),
        'Roles', (SELECT coalesce(json_agg(x.id ORDER BY x.id), '[]')
            FROM (SELECT DISTINCT p.role_id AS id FROM reeve.permission_row p
                WHERE p.admin_id = u.admin_id) x),
        'Categories', (SELECT coalesce(json_agg(x.id ORDER BY x.id), '[]')
            FROM (SELECT DISTINCT p.category_id AS id
                FROM reeve.permission_row p WHERE p.admin_id = u.admin_id
                    AND p.category_type_id = 29) x),
        'SKey', (SELECT st.site_code FROM reeve.site_setting st)
            || coalesce(u.account_id, ''),
        'SourceSite', (SELECT st.site_code FROM reeve.site_setting st),
        'CreatedBy', u.created_by,
        'CreatedDate', reeve.edm_time(u.created_at),
        'LastModifiedBy', u.modified_by,
        'LastModifiedDate', reeve.edm_time(u.modified_at),
        'IsOrphaned', u.is_orphaned,
        'IsCovered', reeve.caller_covers(u.admin_id),
        'Permissions', (SELECT coalesce(json_agg(json_build_object(
                    'CategoryID', p.category_id,
                    'CategoryName', p.category_name,
                    'CategoryTypeID', p.category_type_id,
                    'RoleID', p.role_id,
                    'RoleName', p.role_name,
                    'AssignmentID', p.assignment_id,
                    'ValidFrom', reeve.edm_time_ms(p.valid_from),
                    'ValidUntil', reeve.edm_time_ms(p.valid_until))
                ORDER BY p.assignment_id, p.category_type_id DESC,
                    p.category_id), '[]')
            FROM reeve.permission_row p WHERE p.admin_id = u.admin_id
                AND (p.category_type_id = 29 OR p.category_id
                    IN (SELECT reeve.caller_reads('SMS_Collection'))))) AS body,
    u.admin_id AS adminid, CASE WHEN u.is_group THEN 1 ELSE 0 END
        AS accounttype,
    u.logon_name AS logonname, u.display_name AS displayname,
    u.distinguished_name AS distinguishedname, u.is_group AS isgroup,
    u.is_deleted OR u.is_orphaned AS isdeleted, u.is_orphaned AS isorphaned,
    (SELECT st.site_code FROM reeve.site_setting st)
        || coalesce(u.account_id, '') AS skey,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite,
    u.created_by AS createdby,
    date_trunc('second', u.created_at) AS createddate,
    u.modified_by AS lastmodifiedby,
    date_trunc('second', u.modified_at) AS lastmodifieddate
FROM reeve.administrative_user u;
COMMENT ON VIEW reeve.list_sms_admin IS
'SMS_Admin: administrative users with what they hold; in collections that the caller may read.';

CREATE VIEW reeve.list_sms_permission AS
SELECT format('CategoryID=%s,CategoryTypeID=%s,AssignmentID=%s',
        reeve.edm_key(p.category_id), p.category_type_id, p.assignment_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, md5(p::text || u.logon_name) AS etag,
    p.category_type_id AS object_type, p.category_id AS object_key,
    json_build_object(
        'AdminID', p.admin_id,
        'LogonName', u.logon_name,
        'RoleID', p.role_id,
        'RoleName', p.role_name,
        'CategoryID', p.category_id,
        'CategoryName', p.category_name,
        'CategoryTypeID', p.category_type_id,
        'GrantedToCurrentUser', p.assignment_id
            IN (SELECT a.assignment_id FROM reeve.caller_assignments() a),
        'AssignmentID', p.assignment_id,
        'ValidFrom', reeve.edm_time_ms(p.valid_from),
        'ValidUntil', reeve.edm_time_ms(p.valid_until)) AS body,
    p.admin_id AS adminid, u.logon_name AS logonname,
    p.role_id::text AS roleid, p.role_name::text AS rolename,
    p.category_id::text AS categoryid, p.category_name::text AS categoryname,
    p.category_type_id AS categorytypeid,
    p.assignment_id IN (SELECT a.assignment_id
        FROM reeve.caller_assignments() a) AS grantedtocurrentuser,
    p.assignment_id AS assignmentid,
    date_trunc('milliseconds', p.valid_from) AS validfrom,
    date_trunc('milliseconds', p.valid_until) AS validuntil
FROM reeve.permission_row p
JOIN reeve.administrative_user u ON u.admin_id = p.admin_id;
COMMENT ON VIEW reeve.list_sms_permission IS
'SMS_Permission: who holds which role in which scope or collection.';

CREATE VIEW reeve.list_sms_collectionpermission AS
SELECT format('CollectionID=%s,AssignmentID=%s',
        reeve.edm_key(p.category_id), p.assignment_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, md5(p::text || u.logon_name) AS etag,
    1 AS object_type, p.category_id AS object_key,
    json_build_object(
        'AdminID', p.admin_id,
        'LogonName', u.logon_name,
        'CollectionID', p.category_id,
        'CollectionName', p.category_name,
        'RoleID', p.role_id,
        'RoleName', p.role_name,
        'GrantedToCurrentUser', p.assignment_id
            IN (SELECT a.assignment_id FROM reeve.caller_assignments() a),
        'AssignmentID', p.assignment_id) AS body,
    p.admin_id AS adminid, u.logon_name AS logonname,
    p.category_id::text AS collectionid,
    p.category_name::text AS collectionname,
    p.role_id::text AS roleid, p.role_name::text AS rolename,
    p.assignment_id IN (SELECT a.assignment_id
        FROM reeve.caller_assignments() a) AS grantedtocurrentuser,
    p.assignment_id AS assignmentid
FROM reeve.permission_row p
JOIN reeve.administrative_user u ON u.admin_id = p.admin_id
WHERE p.category_type_id = 1;
COMMENT ON VIEW reeve.list_sms_collectionpermission IS
'SMS_CollectionPermission: who holds which role in which collection.';

CREATE VIEW reeve.list_sms_adminrole AS
SELECT format('AdminID=%s,RoleID=%s',
        x.admin_id, reeve.edm_key(x.role_id)) COLLATE "C"
        AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    28 AS object_type, x.admin_id::text COLLATE "C" AS object_key,
    json_build_object('AdminID', x.admin_id, 'RoleID', x.role_id) AS body,
    x.admin_id AS adminid, x.role_id::text AS roleid
FROM (SELECT DISTINCT a.admin_id, a.role_id FROM reeve.assignment a) x;
COMMENT ON VIEW reeve.list_sms_adminrole IS
'SMS_AdminRole: which administrative user has which role.';

CREATE VIEW reeve.list_sms_admincategory AS
SELECT format('AdminID=%s,CategoryID=%s,CategoryTypeID=%s',
        x.admin_id, reeve.edm_key(x.category_id), x.category_type_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    x.category_type_id AS object_type, x.category_id AS object_key,
    json_build_object('AdminID', x.admin_id, 'CategoryID', x.category_id,
        'CategoryTypeID', x.category_type_id) AS body,
    x.admin_id AS adminid, x.category_id::text AS categoryid,
    x.category_type_id AS categorytypeid
FROM (SELECT DISTINCT p.admin_id, p.category_id, p.category_type_id
    FROM reeve.permission_row p) x;
COMMENT ON VIEW reeve.list_sms_admincategory IS
'SMS_AdminCategory: which administrative user holds something in which scope (29) or collection (1).';

-- Roles, types and operations ------------------------------------------------------

CREATE VIEW reeve.role_mask AS
SELECT x.role_id, x.object_type_id, sum(x.granted)::bigint AS granted,
    sum(x.unknown)::bigint AS unknown,
    coalesce(json_agg(x.name ORDER BY x.bit) FILTER (WHERE x.name IS NOT NULL),
        '[]') AS operations
FROM (SELECT r.role_id, r.object_type_id, CASE WHEN r.bit < 32
            THEN 1::bigint << r.bit ELSE 0 END AS granted, 0 AS unknown,
            o.name, r.bit
        FROM reeve.role_operation r
        JOIN reeve.operation o ON o.object_type_id = r.object_type_id
            AND o.bit = r.bit
        UNION ALL
        SELECT u.role_id, u.object_type_id, 0, u.bits, NULL, NULL
        FROM reeve.role_unknown_bits u) x
GROUP BY x.role_id, x.object_type_id;
COMMENT ON VIEW reeve.role_mask IS
'What a role allows on a type: the mask of the low bits, the names of all, and low bits that mean nothing here.';

CREATE VIEW reeve.list_sms_role AS
SELECT r.role_id AS key, NULL::text[] AS scopes,
    md5(r::text || coalesce((SELECT string_agg(o.object_type_id || '.'
                || o.bit, ',' ORDER BY o.object_type_id, o.bit)
            FROM reeve.role_operation o WHERE o.role_id = r.role_id), '')
        || coalesce((SELECT string_agg(b::text, ','
                ORDER BY b.object_type_id)
            FROM reeve.role_unknown_bits b WHERE b.role_id = r.role_id), '')
        || (SELECT count(DISTINCT a.admin_id) FROM reeve.assignment a
            WHERE a.role_id = r.role_id)) AS etag,
    27 AS object_type, r.role_id AS object_key,
    json_build_object(
        'RoleID', r.role_id,
        'RoleName', r.name,
        'RoleDescription', r.description,
        'CopiedFromID', coalesce(r.copied_from_id, ''),
        'IsBuiltIn', r.is_built_in,
        'IsSecAdminRole', EXISTS (SELECT FROM reeve.role_operation o
            WHERE o.role_id = r.role_id AND o.object_type_id = 28
                AND o.bit IN (1, 10)),
        'NumberOfAdmins', (SELECT count(DISTINCT a.admin_id)
            FROM reeve.assignment a WHERE a.role_id = r.role_id),
        'CreatedBy', r.created_by,
        'CreatedDate', reeve.edm_time(r.created_at),
        'LastModifiedBy', r.modified_by,
        'LastModifiedDate', reeve.edm_time(r.modified_at),
        'SourceSite', (SELECT st.site_code FROM reeve.site_setting st),
        'Operations', (SELECT coalesce(json_agg(json_build_object(
                    'ObjectTypeID', m.object_type_id,
                    'GrantedOperations', m.granted,
                    'ReeveOperations', m.operations,
                    'ReeveUnknownOperations', m.unknown)
                ORDER BY m.object_type_id), '[]')
            FROM reeve.role_mask m WHERE m.role_id = r.role_id)) AS body,
    r.role_id::text AS roleid, r.name::text AS rolename,
    r.description AS roledescription,
    coalesce(r.copied_from_id::text, '') AS copiedfromid,
    r.is_built_in AS isbuiltin,
    (SELECT count(DISTINCT a.admin_id)::integer FROM reeve.assignment a
        WHERE a.role_id = r.role_id) AS numberofadmins,
    r.created_by AS createdby,
    date_trunc('second', r.created_at) AS createddate,
    r.modified_by AS lastmodifiedby,
    date_trunc('second', r.modified_at) AS lastmodifieddate,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite
FROM reeve.security_role r;
COMMENT ON VIEW reeve.list_sms_role IS 'SMS_Role: security roles.';

CREATE VIEW reeve.list_sms_roleinobjecttype AS
SELECT format('ObjectTypeID=%s,RoleID=%s',
        x.object_type_id, reeve.edm_key(x.role_id))
        COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    27 AS object_type, x.role_id AS object_key,
    json_build_object('ObjectTypeID', x.object_type_id, 'RoleID', x.role_id)
        AS body,
    x.object_type_id AS objecttypeid, x.role_id::text AS roleid
FROM (SELECT DISTINCT o.object_type_id, o.role_id
    FROM reeve.role_operation o) x;
COMMENT ON VIEW reeve.list_sms_roleinobjecttype IS
'SMS_RoleInObjectType: which role has an operation of which type.';

CREATE VIEW reeve.list_sms_rbacsecuredobject AS
SELECT t.object_type_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    md5(t::text || coalesce((SELECT string_agg(o::text, ',' ORDER BY o.bit)
        FROM reeve.operation o
        WHERE o.object_type_id = t.object_type_id), '')) AS etag,
    NULL::integer AS object_type, NULL::text AS object_key,
    json_build_object(
        'ObjectTypeID', t.object_type_id,
        'ObjectTypeName', coalesce(t.class_name, t.sdk_name),
        'AvailableInstanceOperations', (SELECT coalesce(sum(1::bigint << o.bit)
                FILTER (WHERE o.bit < 32 AND NOT o.is_type_wide), 0)::bigint
            FROM reeve.operation o
            WHERE o.object_type_id = t.object_type_id),
        'AvailableTypeOperations', (SELECT coalesce(sum(1::bigint << o.bit)
                FILTER (WHERE o.bit < 32 AND o.is_type_wide), 0)::bigint
            FROM reeve.operation o
            WHERE o.object_type_id = t.object_type_id),
        'GrantedOperations', coalesce(h.mask, 0),
        'ReeveOperations', coalesce(h.names, '[]'),
        'SecuredBy', t.secured_by,
        'Operations', (SELECT coalesce(json_agg(json_build_object(
                    'ObjectTypeID', o.object_type_id,
                    'OperationName', o.name,
                    'BitFlag', CASE WHEN o.bit < 32 THEN 1::bigint << o.bit
                        ELSE 0 END,
                    'IsTypeWideOperation', o.is_type_wide,
                    'ReeveBit', o.bit) ORDER BY o.bit), '[]')
            FROM reeve.operation o
            WHERE o.object_type_id = t.object_type_id)) AS body,
    t.object_type_id AS objecttypeid,
    coalesce(t.class_name, t.sdk_name)::text AS objecttypename,
    coalesce(h.mask, 0) AS grantedoperations, t.secured_by AS securedby
FROM reeve.object_type t
LEFT JOIN (SELECT x.object_type_id,
        coalesce(sum(1::bigint << x.bit) FILTER (WHERE x.bit < 32), 0)::bigint
            AS mask, json_agg(o.name ORDER BY x.bit) AS names
    FROM (SELECT DISTINCT c.object_type_id, c.bit
        FROM reeve.caller_operations() c) x
    JOIN reeve.operation o ON o.object_type_id = x.object_type_id
        AND o.bit = x.bit
    GROUP BY x.object_type_id) h ON h.object_type_id = t.object_type_id;
COMMENT ON VIEW reeve.list_sms_rbacsecuredobject IS
'SMS_RbacSecuredObject: types, their operations, and which of them the caller has, on whatever instance.';

CREATE VIEW reeve.list_sms_operation AS
SELECT format('ObjectTypeID=%s,OperationName=%s',
        o.object_type_id, reeve.edm_key(o.name))
        COLLATE "C" AS key,
    NULL::text[] AS scopes, md5(o::text) AS etag,
    NULL::integer AS object_type, NULL::text AS object_key,
    json_build_object(
        'ObjectTypeID', o.object_type_id,
        'OperationName', o.name,
        'BitFlag', CASE WHEN o.bit < 32 THEN 1::bigint << o.bit ELSE 0 END,
        'IsTypeWideOperation', o.is_type_wide,
        'ReeveBit', o.bit) AS body,
    o.object_type_id AS objecttypeid, o.name::text AS operationname,
    CASE WHEN o.bit < 32 THEN 1::bigint << o.bit ELSE 0 END AS bitflag,
    o.is_type_wide AS istypewideoperation, o.bit::integer AS reevebit
FROM reeve.operation o;
COMMENT ON VIEW reeve.list_sms_operation IS
'SMS_Operation: operations of types; BitFlag is 0 for those without a published bit, ReeveBit their number.';

-- Scopes ---------------------------------------------------------------------------

CREATE VIEW reeve.list_sms_securedcategory AS
SELECT s.scope_id AS key, NULL::text[] AS scopes,
    md5(s::text || (SELECT count(DISTINCT a.admin_id)
            FROM reeve.assignment_scope x
            JOIN reeve.assignment a ON a.assignment_id = x.assignment_id
            WHERE x.scope_id = s.scope_id)
        || '/' || (SELECT count(*) FROM reeve.object_scope o
            WHERE o.scope_id = s.scope_id)) AS etag,
    29 AS object_type, s.scope_id AS object_key,
    json_build_object(
        'CategoryID', s.scope_id,
        'CategoryName', s.name,
        'CategoryDescription', s.description,
        'IsBuiltIn', s.is_built_in,
        'NumberOfAdmins', (SELECT count(DISTINCT a.admin_id)
            FROM reeve.assignment_scope x
            JOIN reeve.assignment a ON a.assignment_id = x.assignment_id
            WHERE x.scope_id = s.scope_id),
        'NumberOfObjects', (SELECT count(*) FROM reeve.object_scope o
            WHERE o.scope_id = s.scope_id),
        'CreatedBy', s.created_by,
        'CreatedDate', reeve.edm_time(s.created_at),
        'LastModifiedBy', s.modified_by,
        'LastModifiedDate', reeve.edm_time(s.modified_at),
        'SourceSite', (SELECT st.site_code FROM reeve.site_setting st))
        AS body,
    s.scope_id::text AS categoryid, s.name::text AS categoryname,
    s.description AS categorydescription, s.is_built_in AS isbuiltin,
    (SELECT count(DISTINCT a.admin_id)::integer FROM reeve.assignment_scope x
        JOIN reeve.assignment a ON a.assignment_id = x.assignment_id
        WHERE x.scope_id = s.scope_id) AS numberofadmins,
    (SELECT count(*)::integer FROM reeve.object_scope o
        WHERE o.scope_id = s.scope_id) AS numberofobjects,
    s.created_by AS createdby,
    date_trunc('second', s.created_at) AS createddate,
    s.modified_by AS lastmodifiedby,
    date_trunc('second', s.modified_at) AS lastmodifieddate,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite
FROM reeve.security_scope s;
COMMENT ON VIEW reeve.list_sms_securedcategory IS
'SMS_SecuredCategory: security scopes.';

CREATE VIEW reeve.list_sms_securedcategorymembership AS
SELECT format('CategoryID=%s,ObjectKey=%s,ObjectTypeID=%s',
        reeve.edm_key(o.scope_id), reeve.edm_key(o.object_key), o.object_type_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    json_build_object('CategoryID', o.scope_id, 'ObjectKey', o.object_key,
        'ObjectTypeID', o.object_type_id) AS body,
    o.scope_id::text AS categoryid, o.object_key::text AS objectkey,
    o.object_type_id AS objecttypeid
FROM reeve.object_scope o;
COMMENT ON VIEW reeve.list_sms_securedcategorymembership IS
'SMS_SecuredCategoryMembership: which object is in which scope.';

CREATE VIEW reeve.list_sms_lastcategoryobject AS
SELECT format('CategoryID=%s,ObjectKey=%s,ObjectTypeID=%s',
        reeve.edm_key(o.scope_id), reeve.edm_key(o.object_key), o.object_type_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    json_build_object('CategoryID', o.scope_id, 'ObjectKey', o.object_key,
        'ObjectTypeID', o.object_type_id) AS body,
    o.scope_id::text AS categoryid, o.object_key::text AS objectkey,
    o.object_type_id AS objecttypeid
FROM reeve.object_scope o
WHERE NOT EXISTS (SELECT FROM reeve.object_scope x
    WHERE x.object_type_id = o.object_type_id
        AND x.object_key = o.object_key AND x.scope_id <> o.scope_id);
COMMENT ON VIEW reeve.list_sms_lastcategoryobject IS
'SMS_LastCategoryObject: objects that a scope alone holds.';

CREATE VIEW reeve.list_sms_settablesecuredcategory AS
SELECT format('CategoryID=%s,ObjectTypeID=%s',
        reeve.edm_key(s.scope_id), c.object_type_id)
        COLLATE "C" AS key,
    NULL::text[] AS scopes, md5(s::text) AS etag,
    NULL::integer AS object_type, NULL::text AS object_key,
    json_build_object('CategoryID', s.scope_id, 'CategoryName', s.name,
        'CategoryDescription', s.description, 'IsBuiltIn', s.is_built_in,
        'ObjectTypeID', c.object_type_id) AS body,
    s.scope_id::text AS categoryid, s.name::text AS categoryname,
    s.description AS categorydescription, s.is_built_in AS isbuiltin,
    c.object_type_id AS objecttypeid
FROM reeve.caller_scopes(ARRAY['Set Security Scope']) c
JOIN reeve.security_scope s ON s.scope_id = c.scope_id;
COMMENT ON VIEW reeve.list_sms_settablesecuredcategory IS
'SMS_SettableSecuredCategory: the scopes that the caller may add objects of a type to.';

CREATE VIEW reeve.list_sms_initsettablesecuredcategory AS
SELECT format('CategoryID=%s,ObjectTypeID=%s',
        reeve.edm_key(s.scope_id), c.object_type_id)
        COLLATE "C" AS key,
    NULL::text[] AS scopes, md5(s::text) AS etag,
    NULL::integer AS object_type, NULL::text AS object_key,
    json_build_object('CategoryID', s.scope_id, 'CategoryName', s.name,
        'CategoryDescription', s.description, 'IsBuiltIn', s.is_built_in,
        'ObjectTypeID', c.object_type_id,
        'IsInitial', EXISTS (SELECT FROM reeve.caller_initial_scopes() i
            WHERE i.object_type_id = c.object_type_id
                AND i.scope_id = s.scope_id)) AS body,
    s.scope_id::text AS categoryid, s.name::text AS categoryname,
    s.description AS categorydescription, s.is_built_in AS isbuiltin,
    c.object_type_id AS objecttypeid
FROM reeve.caller_scopes(ARRAY['Create']) c
JOIN reeve.security_scope s ON s.scope_id = c.scope_id;
COMMENT ON VIEW reeve.list_sms_initsettablesecuredcategory IS
'SMS_InitSettableSecuredCategory: the scopes that the caller may name for a new object of a type.';

CREATE VIEW reeve.list_sms_associatedsecuredcategory AS
SELECT format('CategoryID=%s,ObjectTypeID=%s',
        reeve.edm_key(s.scope_id), c.object_type_id)
        COLLATE "C" AS key,
    NULL::text[] AS scopes, md5(s::text) AS etag,
    NULL::integer AS object_type, NULL::text AS object_key,
    json_build_object('CategoryID', s.scope_id, 'CategoryName', s.name,
        'CategoryDescription', s.description, 'IsBuiltIn', s.is_built_in,
        'ObjectTypeID', c.object_type_id) AS body,
    s.scope_id::text AS categoryid, s.name::text AS categoryname,
    s.description AS categorydescription, s.is_built_in AS isbuiltin,
    c.object_type_id AS objecttypeid
FROM reeve.caller_initial_scopes() c
JOIN reeve.security_scope s ON s.scope_id = c.scope_id;
COMMENT ON VIEW reeve.list_sms_associatedsecuredcategory IS
'SMS_AssociatedSecuredCategory: the scopes that a new object of a type gets when the caller names none.';

-- Collections and resources ----------------------------------------------------------

CREATE VIEW reeve.list_sms_collection AS
SELECT c.collection_id AS key, NULL::text[] AS scopes,
    md5(c::text || (CASE WHEN c.limiting_id IS NULL
            THEN (SELECT count(*) FROM reeve.resource r WHERE r.kind = c.kind)
            ELSE (SELECT count(*) FROM reeve.collection_member m
                WHERE m.collection_id = c.collection_id) END)
        || coalesce((SELECT string_agg(x::text, ',' ORDER BY x.ordinal)
            FROM reeve.collection_rule x
            WHERE x.collection_id = c.collection_id), '')) AS etag,
    1 AS object_type, c.collection_id AS object_key,
    json_build_object(
        'CollectionID', c.collection_id,
        'Name', c.name,
        'Comment', c.comment,
        'CollectionType', CASE c.kind WHEN 'device' THEN 2 ELSE 1 END,
        'LimitToCollectionID', coalesce(c.limiting_id, ''),
        'LimitToCollectionName', coalesce((SELECT l.name
            FROM reeve.collection l WHERE l.collection_id = c.limiting_id
                AND l.collection_id
                    IN (SELECT reeve.caller_reads('SMS_Collection'))), ''),
        'IsBuiltIn', c.is_built_in,
        'MemberCount', n.members,
        'MemberClassName', 'SMS_CM_RES_COLL_' || c.collection_id,
        'CurrentStatus', 1,
        'RefreshType', CASE WHEN EXISTS (SELECT FROM reeve.collection_rule r
                WHERE r.collection_id = c.collection_id AND r.rule = 'query')
            THEN 2 ELSE 1 END,
        'IncludeExcludeCollectionsCount',
            (SELECT count(*) FROM reeve.collection_rule r
             WHERE r.collection_id = c.collection_id
                 AND r.other_id IS NOT NULL),
        'LastChangeTime', reeve.edm_time(c.modified_at),
        'LocalMemberCount', n.members,
        'OwnedByThisSite', true,
        'ReplicateToSubSites', true,
        'CollectionVariablesCount', 0,
        'ServiceWindowsCount', 0,
        'PowerConfigsCount', 0,
        'CollectionRules', (SELECT coalesce(json_agg(CASE r.rule
                    WHEN 'direct' THEN json_build_object(
                        '@odata.type', '#AdminService.SMS_CollectionRuleDirect',
                        'RuleName', CASE WHEN s.seen THEN r.name ELSE '' END,
                        'ResourceClassName', CASE WHEN r.kind = 'device'
                            THEN 'SMS_R_System' ELSE 'SMS_R_User' END,
                        'ResourceID', CASE WHEN s.seen
                            THEN r.resource_id END)
                    WHEN 'query' THEN json_build_object(
                        '@odata.type', '#AdminService.SMS_CollectionRuleQuery',
                        'RuleName', r.name,
                        'QueryID', r.ordinal,
                        'QueryExpression', r.query)
                    WHEN 'include' THEN json_build_object(
                        '@odata.type',
                        '#AdminService.SMS_CollectionRuleIncludeCollection',
                        'RuleName', CASE WHEN s.seen THEN r.name ELSE '' END,
                        'IncludeCollectionID', CASE WHEN s.seen
                            THEN r.other_id END)
                    ELSE json_build_object(
                        '@odata.type',
                        '#AdminService.SMS_CollectionRuleExcludeCollection',
                        'RuleName', CASE WHEN s.seen THEN r.name ELSE '' END,
                        'ExcludeCollectionID', CASE WHEN s.seen
                            THEN r.other_id END) END
                ORDER BY r.ordinal), '[]')
            FROM reeve.collection_rule r
            CROSS JOIN LATERAL (SELECT CASE r.rule WHEN 'query' THEN true
                WHEN 'direct' THEN reeve.caller_can_read(CASE
                        WHEN r.kind = 'device' THEN 'SMS_R_System'
                        ELSE 'SMS_CombinedUserResources' END,
                    r.resource_id::text)
                ELSE r.other_id IN (SELECT
                    reeve.caller_reads('SMS_Collection')) END AS seen) s
            WHERE r.collection_id = c.collection_id)) AS body,
    c.collection_id::text AS collectionid, c.name::text AS name,
    c.comment AS comment, CASE c.kind WHEN 'device' THEN 2 ELSE 1 END
        AS collectiontype,
    coalesce(c.limiting_id::text, '') AS limittocollectionid,
    c.is_built_in AS isbuiltin, n.members::integer AS membercount,
    n.members::integer AS localmembercount,
    'SMS_CM_RES_COLL_' || c.collection_id AS memberclassname,
    1 AS currentstatus, CASE WHEN EXISTS (SELECT FROM reeve.collection_rule r
            WHERE r.collection_id = c.collection_id AND r.rule = 'query')
        THEN 2 ELSE 1 END AS refreshtype,
    (SELECT count(*)::integer FROM reeve.collection_rule r
        WHERE r.collection_id = c.collection_id AND r.other_id IS NOT NULL)
        AS includeexcludecollectionscount,
    date_trunc('second', c.modified_at) AS lastchangetime
FROM reeve.collection c
CROSS JOIN LATERAL (SELECT CASE WHEN c.limiting_id IS NULL
    THEN (SELECT count(*) FROM reeve.resource r WHERE r.kind = c.kind)
    ELSE (SELECT count(*) FROM reeve.collection_member m
        WHERE m.collection_id = c.collection_id) END AS members) n;
COMMENT ON VIEW reeve.list_sms_collection IS
'SMS_Collection: collections.  Rules, and the name of the limiting collection, as far as the caller may read what they name.';

CREATE VIEW reeve.list_sms_collectiondependencies AS
SELECT format('DependentCollectionID=%s,SourceCollectionID=%s,RelationshipType=%s',
        reeve.edm_key(x.dependent), reeve.edm_key(x.source), x.kind)
        COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    1 AS object_type, x.dependent AS object_key,
    json_build_object('DependentCollectionID', x.dependent,
        'SourceCollectionID', x.source, 'RelationshipType', x.kind) AS body,
    x.dependent::text AS dependentcollectionid,
    x.source::text AS sourcecollectionid, x.kind AS relationshiptype
FROM (SELECT c.collection_id AS dependent, c.limiting_id AS source, 1 AS kind
        FROM reeve.collection c WHERE c.limiting_id IS NOT NULL
    UNION
    SELECT r.collection_id, r.other_id,
        CASE r.rule WHEN 'include' THEN 2 ELSE 3 END
    FROM reeve.collection_rule r WHERE r.other_id IS NOT NULL) x
WHERE x.source IN (SELECT reeve.caller_reads('SMS_Collection'));
COMMENT ON VIEW reeve.list_sms_collectiondependencies IS
'SMS_CollectionDependencies: which collection limits (1), is included (2) or excluded (3) by another; both may be read.';

-- Who may read a collection may read its members (docs/rule.md section 3).
CREATE VIEW reeve.list_sms_fullcollectionmembership AS
SELECT format('CollectionID=%s,ResourceID=%s', reeve.edm_key(m.collection_id),
        m.resource_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, r.changed_revision::text AS etag,
    1 AS object_type, m.collection_id AS object_key,
    json_build_object(
        'CollectionID', m.collection_id,
        'ResourceID', r.resource_id,
        'ResourceType', r.resource_type,
        'Name', r.name,
        'Domain', coalesce(reeve.as_text(r.properties
            -> 'ResourceDomainORWorkgroup'),
            reeve.as_text(r.properties -> 'WindowsNTDomain')),
        'SiteCode', (SELECT st.site_code FROM reeve.site_setting st),
        'SMSID', reeve.as_text(r.properties -> 'SMSUniqueIdentifier'),
        'ClientVersion', reeve.as_text(r.properties -> 'ClientVersion'),
        'IsActive', reeve.as_integer(r.properties -> 'Active') = 1,
        'IsClient', reeve.as_integer(r.properties -> 'Client') = 1,
        'IsObsolete', reeve.as_integer(r.properties -> 'Obsolete') = 1,
        'IsDirect', EXISTS (SELECT FROM reeve.collection_rule x
            WHERE x.collection_id = m.collection_id
                AND x.resource_id = m.resource_id)) AS body,
    m.collection_id::text AS collectionid, m.resource_id AS resourceid,
    r.resource_type::integer AS resourcetype, r.name AS name
FROM (SELECT x.collection_id, x.resource_id FROM reeve.collection_member x
    UNION ALL
    SELECT CASE y.kind WHEN 'device' THEN 'SMS00001' ELSE 'SMS00004' END
        COLLATE "C", y.resource_id FROM reeve.resource y) m
JOIN reeve.resource r ON r.resource_id = m.resource_id;
COMMENT ON VIEW reeve.list_sms_fullcollectionmembership IS
'SMS_FullCollectionMembership: members of collections, those of the two roots included.';

CREATE VIEW reeve.list_sms_r_system AS
SELECT r.resource_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    r.changed_revision::text AS etag,
    0 AS object_type, r.resource_id::text COLLATE "C" AS object_key,
    json_build_object(
        'ResourceID', r.resource_id,
        'ResourceType', r.resource_type,
        'Name', r.name,
        'NetbiosName', coalesce(reeve.as_text(r.properties
            -> 'NetbiosName'), r.name),
        'SMSUniqueIdentifier', reeve.as_text(r.properties
            -> 'SMSUniqueIdentifier'),
        'Active', reeve.as_integer(r.properties -> 'Active'),
        'Client', reeve.as_integer(r.properties -> 'Client'),
        'ClientVersion', reeve.as_text(r.properties -> 'ClientVersion'),
        'ADSiteName', reeve.as_text(r.properties -> 'ADSiteName'),
        'IPAddresses', reeve.as_texts(r.properties -> 'IPAddresses'),
        'MACAddresses', reeve.as_texts(r.properties -> 'MACAddresses'),
        'OperatingSystemNameandVersion', reeve.as_text(r.properties
            -> 'OperatingSystemNameandVersion'),
        'ResourceDomainORWorkgroup', reeve.as_text(r.properties
            -> 'ResourceDomainORWorkgroup'),
        'DistinguishedName', reeve.as_text(r.properties
            -> 'DistinguishedName'),
        'LastLogonUserName', reeve.as_text(r.properties
            -> 'LastLogonUserName'),
        'LastLogonUserDomain', reeve.as_text(r.properties
            -> 'LastLogonUserDomain'),
        'CreationDate', reeve.edm_time(reeve.as_time(r.properties
            -> 'CreationDate')),
        'Obsolete', reeve.as_integer(r.properties -> 'Obsolete'),
        'Unknown', reeve.as_integer(r.properties -> 'Unknown'),
        'Decommissioned', reeve.as_integer(r.properties
            -> 'Decommissioned'),
        'SID', reeve.as_text(r.properties -> 'SID'),
        'ObjectGUID', reeve.as_text(r.properties -> 'ObjectGUID'),
        'SMBIOSGUID', reeve.as_text(r.properties -> 'SMBIOSGUID'),
        'SystemOUName', reeve.as_texts(r.properties -> 'SystemOUName'),
        'SystemGroupName', reeve.as_texts(r.properties
            -> 'SystemGroupName'),
        'SMSAssignedSites', reeve.as_texts(r.properties
            -> 'SMSAssignedSites')) AS body,
    r.resource_id AS resourceid, r.resource_type::integer AS resourcetype,
    r.name AS name, coalesce(reeve.as_text(r.properties -> 'NetbiosName'),
        r.name) AS netbiosname,
    reeve.as_text(r.properties -> 'SMSUniqueIdentifier')
        AS smsuniqueidentifier,
    reeve.as_integer(r.properties -> 'Active') AS active,
    reeve.as_integer(r.properties -> 'Client') AS client,
    reeve.as_text(r.properties -> 'ClientVersion') AS clientversion,
    reeve.as_text(r.properties -> 'ADSiteName') AS adsitename,
    reeve.as_texts(r.properties -> 'IPAddresses') AS ipaddresses,
    reeve.as_texts(r.properties -> 'MACAddresses') AS macaddresses,
    reeve.as_text(r.properties -> 'OperatingSystemNameandVersion')
        AS operatingsystemnameandversion,
    reeve.as_text(r.properties -> 'ResourceDomainORWorkgroup')
        AS resourcedomainorworkgroup,
    reeve.as_text(r.properties -> 'DistinguishedName') AS distinguishedname,
    reeve.as_text(r.properties -> 'LastLogonUserName') AS lastlogonusername,
    reeve.as_text(r.properties -> 'LastLogonUserDomain')
        AS lastlogonuserdomain,
    reeve.as_time(r.properties -> 'CreationDate') AS creationdate,
    reeve.as_integer(r.properties -> 'Obsolete') AS obsolete,
    reeve.as_integer(r.properties -> 'Unknown') AS unknown,
    reeve.as_integer(r.properties -> 'Decommissioned') AS decommissioned,
    reeve.as_text(r.properties -> 'SID') AS sid,
    reeve.as_text(r.properties -> 'ObjectGUID') AS objectguid,
    reeve.as_text(r.properties -> 'SMBIOSGUID') AS smbiosguid,
    reeve.as_texts(r.properties -> 'SystemOUName') AS systemouname,
    reeve.as_texts(r.properties -> 'SystemGroupName') AS systemgroupname,
    reeve.as_texts(r.properties -> 'SMSAssignedSites') AS smsassignedsites
FROM reeve.resource r WHERE r.resource_type = 5;
COMMENT ON VIEW reeve.list_sms_r_system IS
'SMS_R_System: devices.  The key is the ResourceID as text.';

CREATE VIEW reeve.list_sms_r_user AS
SELECT r.resource_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    r.changed_revision::text AS etag,
    0 AS object_type, r.resource_id::text COLLATE "C" AS object_key,
    json_build_object(
        'ResourceID', r.resource_id,
        'ResourceType', r.resource_type,
        'Name', r.name,
        'UserName', reeve.as_text(r.properties -> 'UserName'),
        'WindowsNTDomain', reeve.as_text(r.properties -> 'WindowsNTDomain'),
        'UserPrincipalName', reeve.as_text(r.properties
            -> 'UserPrincipalName'),
        'UniqueUserName', reeve.as_text(r.properties -> 'UniqueUserName'),
        'FullUserName', reeve.as_text(r.properties -> 'FullUserName'),
        'Mail', reeve.as_text(r.properties -> 'Mail'),
        'DistinguishedName', reeve.as_text(r.properties
            -> 'DistinguishedName'),
        'SID', reeve.as_text(r.properties -> 'SID'),
        'UserGroupName', reeve.as_texts(r.properties -> 'UserGroupName'))
        AS body,
    r.resource_id AS resourceid, r.resource_type::integer AS resourcetype,
    r.name AS name, reeve.as_text(r.properties -> 'UserName') AS username,
    reeve.as_text(r.properties -> 'WindowsNTDomain') AS windowsntdomain,
    reeve.as_text(r.properties -> 'UserPrincipalName') AS userprincipalname,
    reeve.as_text(r.properties -> 'UniqueUserName') AS uniqueusername,
    reeve.as_text(r.properties -> 'FullUserName') AS fullusername,
    reeve.as_text(r.properties -> 'Mail') AS mail,
    reeve.as_text(r.properties -> 'DistinguishedName') AS distinguishedname,
    reeve.as_text(r.properties -> 'SID') AS sid,
    reeve.as_texts(r.properties -> 'UserGroupName') AS usergroupname
FROM reeve.resource r WHERE r.resource_type = 4;
COMMENT ON VIEW reeve.list_sms_r_user IS
'SMS_R_User: users, as resources.';

CREATE VIEW reeve.list_sms_r_usergroup AS
SELECT r.resource_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    r.changed_revision::text AS etag,
    0 AS object_type, r.resource_id::text COLLATE "C" AS object_key,
    json_build_object(
        'ResourceID', r.resource_id,
        'ResourceType', r.resource_type,
        'Name', r.name,
        'UsergroupName', reeve.as_text(r.properties -> 'UserGroupName'),
        'WindowsNTDomain', reeve.as_text(r.properties -> 'WindowsNTDomain'),
        'SID', reeve.as_text(r.properties -> 'SID')) AS body,
    r.resource_id AS resourceid, r.resource_type::integer AS resourcetype,
    r.name AS name, reeve.as_text(r.properties -> 'UserGroupName')
        AS usergroupname,
    reeve.as_text(r.properties -> 'WindowsNTDomain') AS windowsntdomain,
    reeve.as_text(r.properties -> 'SID') AS sid
FROM reeve.resource r WHERE r.resource_type = 3;
COMMENT ON VIEW reeve.list_sms_r_usergroup IS
'SMS_R_UserGroup: user groups, as resources.';

-- Secured objects ------------------------------------------------------------------

CREATE VIEW reeve.list_sms_application AS
SELECT (o.properties ->> 'CI_ID') COLLATE "C" AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    json_build_object(
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
        'Properties', o.properties - '{CI_ID,LocalizedDescription,Manufacturer,SoftwareVersion,CIVersion,IsDeployed,IsEnabled,IsExpired,IsLatest,NumberOfDeploymentTypes,CreatedBy,DateCreated,LastModifiedBy,DateLastModified}'::text[])
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
FROM reeve.secured_object o WHERE o.object_type_id = 31;
COMMENT ON VIEW reeve.list_sms_application IS
'SMS_Application: applications.  The key is the CI_ID, the object''s the ModelName.';

CREATE VIEW reeve.list_secured_object AS
SELECT o.object_type_id AS object_type, o.object_key AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag, o.object_key AS object_key,
    json_build_object(
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
        'Properties', o.properties - '{CreatedBy,DateCreated,LastModifiedBy,DateLastModified}'::text[])
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
FROM reeve.secured_object o;
COMMENT ON VIEW reeve.list_secured_object IS
'Objects of every type that URLs name by their key; a class shows those of one object_type.';

CREATE VIEW reeve.list_numbered_object AS
SELECT o.object_type_id AS object_type,
    (o.properties ->> 'CI_ID') COLLATE "C" AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag, o.object_key AS object_key,
    json_build_object(
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
        'Properties', o.properties - '{CI_ID,CreatedBy,DateCreated,LastModifiedBy,DateLastModified}'::text[])
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
WHERE o.object_type_id IN (11, 31, 32, 34, 1000004, 1000005);
COMMENT ON VIEW reeve.list_numbered_object IS
'Objects of the types that URLs name by a CI_ID; a class shows those of one object_type.';

CREATE VIEW reeve.list_sms_objectcontainernode AS
SELECT (o.properties ->> 'ContainerNodeID') COLLATE "C" AS key,
    ARRAY(SELECT x.scope_id::text FROM reeve.object_scope x
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key ORDER BY x.scope_id) AS scopes,
    o.changed_revision::text AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    json_build_object(
        'ContainerNodeID', reeve.as_integer(o.properties
            -> 'ContainerNodeID'),
        'FolderGuid', o.object_key,
        'Name', o.name,
        'ObjectType', reeve.as_integer(o.properties -> 'ObjectType'),
        'ObjectTypeName', (SELECT coalesce(t.class_name, t.sdk_name)
            FROM reeve.object_type t WHERE t.object_type_id
                = reeve.as_integer(o.properties -> 'ObjectType')),
        'ParentContainerNodeID', coalesce((SELECT reeve.as_integer(p.properties
                -> 'ContainerNodeID') FROM reeve.secured_object p
            WHERE p.object_type_id = 226 AND p.object_key = o.folder_id), 0),
        'FolderFlags', 0,
        'SearchFolder', false,
        'SecuredScopeNames', ARRAY(SELECT c.name FROM reeve.object_scope x
            JOIN reeve.security_scope c ON c.scope_id = x.scope_id
            WHERE x.object_type_id = o.object_type_id
                AND x.object_key = o.object_key ORDER BY x.scope_id),
        'SourceSite', (SELECT st.site_code FROM reeve.site_setting st))
        AS body,
    reeve.as_integer(o.properties -> 'ContainerNodeID') AS containernodeid,
    o.object_key::text AS folderguid, o.name AS name,
    reeve.as_integer(o.properties -> 'ObjectType') AS objecttype,
    coalesce((SELECT reeve.as_integer(p.properties -> 'ContainerNodeID')
        FROM reeve.secured_object p WHERE p.object_type_id = 226
            AND p.object_key = o.folder_id), 0) AS parentcontainernodeid,
    ARRAY(SELECT c.name::text FROM reeve.object_scope x
        JOIN reeve.security_scope c ON c.scope_id = x.scope_id
        WHERE x.object_type_id = o.object_type_id
            AND x.object_key = o.object_key) AS securedscopenames,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sourcesite
FROM reeve.secured_object o WHERE o.object_type_id = 226;
COMMENT ON VIEW reeve.list_sms_objectcontainernode IS
'SMS_ObjectContainerNode: folders.  ParentContainerNodeID is 0 at the root.';

CREATE VIEW reeve.list_sms_objectcontaineritem AS
SELECT format('InstanceKey=%s,ObjectType=%s', reeve.edm_key(o.object_key),
        o.object_type_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, o.changed_revision::text AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    json_build_object(
        'InstanceKey', o.object_key,
        'ObjectType', o.object_type_id,
        'ObjectTypeName', (SELECT coalesce(t.class_name, t.sdk_name)
            FROM reeve.object_type t
            WHERE t.object_type_id = o.object_type_id),
        'ContainerNodeID', reeve.as_integer(f.properties
            -> 'ContainerNodeID'),
        'FolderGuid', f.object_key,
        'SourceSite', (SELECT st.site_code FROM reeve.site_setting st))
        AS body,
    o.object_key::text AS instancekey, o.object_type_id AS objecttype,
    reeve.as_integer(f.properties -> 'ContainerNodeID') AS containernodeid,
    f.object_key::text AS folderguid
FROM reeve.secured_object o
JOIN reeve.secured_object f ON f.object_type_id = o.folder_type_id
    AND f.object_key = o.folder_id
WHERE o.object_type_id <> 226;
COMMENT ON VIEW reeve.list_sms_objectcontaineritem IS
'SMS_ObjectContainerItem: which object lies in which folder.';

-- Status messages: the admin stream of the audit -----------------------------------

CREATE INDEX admin_audit_record ON reeve.admin_audit
    ((revision * 4194304 + ordinal));

CREATE VIEW reeve.list_sms_statusmessage AS
SELECT (a.revision * 4194304 + a.ordinal)::text COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    4 AS object_type, NULL::text AS object_key,
    json_build_object(
        'RecordID', a.revision * 4194304 + a.ordinal,
        'MessageID', a.message_id,
        'MessageType', 768,
        'ModuleName', 'SMS Provider',
        'Component', 'SMS Provider',
        'SiteCode', (SELECT st.site_code FROM reeve.site_setting st),
        'TopLevelSiteCode', (SELECT st.site_code FROM reeve.site_setting st),
        'Severity', CASE m.severity WHEN 'info' THEN 1073741824
            WHEN 'warning' THEN 2147483648 ELSE 3221225472 END,
        'Time', reeve.edm_time_ms(a.at),
        'Win32Error', 0,
        'ReportFunction', 0,
        'SuccessfulTransaction', 0,
        'Transaction', 0,
        'PerClient', 0,
        'Description', concat_ws(' ', a.actor || ':', m.action, m.object)
            || coalesce(': ' || nullif(array_to_string(ARRAY(
                SELECT s FROM unnest(a.strings) WITH ORDINALITY AS x (s, i)
                WHERE i > 1 AND s <> '' ORDER BY i), ', '), ''), ''),
        'UserName', a.actor,
        'Revision', a.revision,
        'RequestID', a.request_id,
        'Source', a.source) AS body,
    a.revision * 4194304 + a.ordinal AS recordid, a.message_id AS messageid,
    768 AS messagetype, 'SMS Provider'::text AS modulename,
    'SMS Provider'::text AS component,
    (SELECT st.site_code::text FROM reeve.site_setting st) AS sitecode,
    CASE m.severity WHEN 'info' THEN 1073741824
        WHEN 'warning' THEN 2147483648 ELSE 3221225472 END::bigint AS severity,
    date_trunc('milliseconds', a.at) AS "time", a.actor AS username,
    a.revision AS revision, a.request_id AS requestid, a.source AS source
FROM reeve.admin_audit a
JOIN reeve.audit_message m ON m.message_id = a.message_id;
COMMENT ON VIEW reeve.list_sms_statusmessage IS
'SMS_StatusMessage: administrative changes as audit messages.  Description is in English; the insertion strings are those of the message id.';

CREATE VIEW reeve.list_sms_statmsginsstrings AS
SELECT format('RecordID=%s,InsStrIndex=%s',
        a.revision * 4194304 + a.ordinal, s.i - 1) COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    4 AS object_type, NULL::text AS object_key,
    json_build_object('RecordID', a.revision * 4194304 + a.ordinal,
        'InsStrIndex', s.i - 1, 'InsStrValue', s.value) AS body,
    a.revision * 4194304 + a.ordinal AS recordid,
    (s.i - 1)::integer AS insstrindex, s.value AS insstrvalue
FROM reeve.admin_audit a,
    unnest(a.strings) WITH ORDINALITY AS s (value, i);
COMMENT ON VIEW reeve.list_sms_statmsginsstrings IS
'SMS_StatMsgInsStrings: the insertion strings of status messages, from 0.';

CREATE VIEW reeve.list_sms_statmsgattributes AS
SELECT format('RecordID=%s,AttributeID=%s',
        a.revision * 4194304 + a.ordinal, x.id) COLLATE "C" AS key,
    NULL::text[] AS scopes, ''::text AS etag,
    4 AS object_type, NULL::text AS object_key,
    json_build_object('RecordID', a.revision * 4194304 + a.ordinal,
        'AttributeID', x.id, 'AttributeValue', x.value,
        'AttributeTime', reeve.edm_time_ms(a.at)) AS body,
    a.revision * 4194304 + a.ordinal AS recordid, x.id AS attributeid,
    x.value AS attributevalue, date_trunc('milliseconds', a.at)
        AS attributetime
FROM reeve.admin_audit a,
    LATERAL (VALUES (403, a.actor),
        (415, CASE WHEN a.message_id IN (31226, 31227)
            THEN a.strings[4] END),
        (416, CASE WHEN a.message_id IN (31226, 31227)
            THEN a.strings[3] END)) AS x (id, value)
WHERE x.value IS NOT NULL;
COMMENT ON VIEW reeve.list_sms_statmsgattributes IS
'SMS_StatMsgAttributes: who (403), and on which object (415) of which type (416).';

CREATE VIEW reeve.list_sms_statmsgmodulenames AS
SELECT x.name COLLATE "C" AS key, NULL::text[] AS scopes, ''::text AS etag,
    NULL::integer AS object_type, NULL::text AS object_key,
    json_build_object('ModuleName', x.name, 'MsgDLLName', x.dll) AS body,
    x.name AS modulename, x.dll AS msgdllname
FROM (VALUES ('SMS Provider', 'provmsgs.dll')) AS x (name, dll);
COMMENT ON VIEW reeve.list_sms_statmsgmodulenames IS
'SMS_StatMsgModuleNames: who writes status messages.';

-- The tags of objects, for writes ------------------------------------------------------

CREATE FUNCTION reeve.etag_of(class text, key text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    tag text;
BEGIN
    CASE class
    WHEN 'SMS_Admin' THEN
        SELECT v.etag INTO tag FROM list_sms_admin v WHERE v.key = $2;
    WHEN 'SMS_Role' THEN
        SELECT v.etag INTO tag FROM list_sms_role v WHERE v.key = $2;
    WHEN 'SMS_SecuredCategory' THEN
        SELECT v.etag INTO tag FROM list_sms_securedcategory v
            WHERE v.key = $2;
    WHEN 'SMS_Collection' THEN
        SELECT v.etag INTO tag FROM list_sms_collection v WHERE v.key = $2;
    ELSE
        SELECT o.changed_revision::text INTO tag FROM secured_object o
            WHERE o.object_type_id = object_type_named($1)
                AND o.object_key = $2;
        IF NOT FOUND THEN
            SELECT r.changed_revision::text INTO tag FROM resource r
                WHERE r.resource_id = resource_named($1, $2);
        END IF;
    END CASE;
    RETURN tag;
END
$$;
COMMENT ON FUNCTION reeve.etag_of(text, text) IS
'The entity tag that lists show of an object, by its own key (a CI by its ModelName); NULL when there is none.  For the conditions of writes.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.caller FROM PUBLIC;
DO $$
DECLARE
    v regclass;
BEGIN
    -- Every view of a class, now and here; later ones are granted by name.
    FOR v IN SELECT c.oid::regclass FROM pg_class c
        WHERE c.relnamespace = 'reeve'::regnamespace AND c.relkind = 'v'
            AND starts_with(c.relname, 'list_')
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO reeve_runtime', v);
    END LOOP;
END
$$;
-- Auditors read the views too: of everything, and as nobody.
GRANT EXECUTE ON FUNCTION reeve.edm_time_ms(timestamptz),
    reeve.edm_key(text), reeve.as_integer(jsonb), reeve.as_boolean(jsonb),
    reeve.as_text(jsonb), reeve.as_texts(jsonb), reeve.as_time(jsonb),
    reeve.caller_reads(text), reeve.caller_can_read(text, text),
    reeve.caller_assignments(), reeve.caller_operations(),
    reeve.caller_scopes(text[]), reeve.caller_initial_scopes(),
    reeve.caller_covers(bigint)
    TO reeve_runtime, reeve_auditor;
GRANT EXECUTE ON FUNCTION
    reeve.available_categories(jsonb, bigint, text[], integer)
    TO reeve_runtime;
RESET ROLE;
