-- What a provider loads and follows.  Columns, their order and their types
-- are agreed with provider/store: the loader copies them in binary.

SET LOCAL ROLE reeve_owner;

CREATE FUNCTION reeve.to_ms(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT
RETURN (extract(epoch FROM at) * 1000)::bigint;
COMMENT ON FUNCTION reeve.to_ms(timestamptz) IS
'An instant as milliseconds since 1970 in UTC.';

CREATE VIEW reeve.feed_site AS
SELECT r.n AS revision, r.epoch::text AS epoch,
    s.minimum_level::integer AS minimum
FROM reeve.site_revision r CROSS JOIN reeve.site_setting s;
COMMENT ON VIEW reeve.feed_site IS
'One row: revision, epoch, minimum level of the site.';

CREATE VIEW reeve.feed_type AS
SELECT object_type_id, sdk_name::text, class_name::text,
    CASE secured_by WHEN 'role' THEN 0 WHEN 'scope' THEN 1
        WHEN 'collection' THEN 2 WHEN 'derived' THEN 3 END AS secured_by
FROM reeve.object_type;
COMMENT ON VIEW reeve.feed_type IS
'Types; secured_by: 0 role, 1 scope, 2 collection, 3 derived.';

CREATE VIEW reeve.feed_operation AS
SELECT o.object_type_id, o.bit::integer AS bit, o.name::text AS name,
    o.is_type_wide AS type_wide, o.is_security AS security,
    coalesce(m.level, 0)::integer AS minimum
FROM reeve.operation o
LEFT JOIN reeve.operation_minimum m USING (object_type_id, bit);
COMMENT ON VIEW reeve.feed_operation IS
'Operations with the minimum level of each, 0 for none.';

CREATE VIEW reeve.feed_operation_need AS
SELECT object_type_id, bit::integer AS bit, needed_bit::integer AS needed_bit
FROM reeve.operation_need;
COMMENT ON VIEW reeve.feed_operation_need IS
'Exceptions: an operation that needs another than Read; itself for nothing.';

CREATE VIEW reeve.feed_class_operation AS
SELECT class_name::text, operation::text, bit::integer AS bit
FROM reeve.class_operation;
COMMENT ON VIEW reeve.feed_class_operation IS
'Operations on classes without a type, as bits of type 1.';

CREATE VIEW reeve.feed_default_instance AS
SELECT object_type_id, object_key::text, read_bit::integer AS read_bit,
    modify_bit::integer AS modify_bit
FROM reeve.default_instance;
COMMENT ON VIEW reeve.feed_default_instance IS
'Instances that are secured by role only.';

CREATE VIEW reeve.feed_role AS
SELECT r.role_id::text, r.name::text,
    coalesce(m.level, 0)::integer AS minimum
FROM reeve.security_role r LEFT JOIN reeve.role_minimum m USING (role_id);
COMMENT ON VIEW reeve.feed_role IS
'Roles with the minimum level of each, 0 for none.';

CREATE VIEW reeve.feed_role_operation AS
SELECT role_id::text, object_type_id, bit::integer AS bit
FROM reeve.role_operation;
COMMENT ON VIEW reeve.feed_role_operation IS 'What each role allows.';

CREATE VIEW reeve.feed_scope AS
SELECT scope_id::text FROM reeve.security_scope;
COMMENT ON VIEW reeve.feed_scope IS 'Security scopes.';

CREATE VIEW reeve.feed_collection AS
SELECT collection_id::text,
    CASE kind WHEN 'device' THEN 0 WHEN 'user' THEN 1 END AS kind,
    limiting_id::text
FROM reeve.collection;
COMMENT ON VIEW reeve.feed_collection IS
'Collections; kind: 0 devices, 1 users.';

CREATE VIEW reeve.feed_admin AS
SELECT admin_id, is_group, is_deleted OR is_orphaned AS is_out,
    principal_id::text, account_id::text
FROM reeve.administrative_user;
COMMENT ON VIEW reeve.feed_admin IS
'Administrative users; is_out: deleted or orphaned, gives nothing.';

CREATE VIEW reeve.feed_assignment AS
SELECT assignment_id, admin_id, role_id::text,
    reeve.to_ms(valid_from) AS from_ms, reeve.to_ms(valid_until) AS until_ms
FROM reeve.assignment;
COMMENT ON VIEW reeve.feed_assignment IS
'Assignments; NULL: always, without end.';

CREATE VIEW reeve.feed_assignment_scope AS
SELECT assignment_id, scope_id::text FROM reeve.assignment_scope;
COMMENT ON VIEW reeve.feed_assignment_scope IS 'Scopes of assignments.';

CREATE VIEW reeve.feed_assignment_collection AS
SELECT assignment_id, collection_id::text FROM reeve.assignment_collection;
COMMENT ON VIEW reeve.feed_assignment_collection IS
'Collections of assignments.';

CREATE VIEW reeve.feed_object AS
SELECT object_type_id, object_key::text FROM reeve.secured_object
UNION ALL SELECT 27, role_id::text FROM reeve.security_role
UNION ALL SELECT 28, admin_id::text FROM reeve.administrative_user
UNION ALL SELECT 29, scope_id::text FROM reeve.security_scope;
COMMENT ON VIEW reeve.feed_object IS
'Instances of every type but collections and resources: secured objects, and roles, administrative users and scopes by their ids.';

CREATE VIEW reeve.feed_object_scope AS
SELECT object_type_id, object_key::text, scope_id::text
FROM reeve.object_scope;
COMMENT ON VIEW reeve.feed_object_scope IS 'Scopes of objects.';

CREATE VIEW reeve.feed_resource AS
SELECT resource_id, resource_type::integer AS resource_type
FROM reeve.resource;
COMMENT ON VIEW reeve.feed_resource IS
'Resources: 5 device, 4 user, 3 user group.';

CREATE VIEW reeve.feed_member AS
SELECT collection_id::text, resource_id FROM reeve.collection_member;
COMMENT ON VIEW reeve.feed_member IS
'Stored members; those of the two roots are by definition and not here.';

CREATE VIEW reeve.feed_change AS
SELECT revision, ordinal, entity::text, key::text, old, new
FROM reeve.change;
COMMENT ON VIEW reeve.feed_change IS
'Changes in the order of (revision, ordinal), with full row images.';

CREATE VIEW reeve.feed_exclusion AS
SELECT principal_id::text FROM reeve.exclusion_list;
COMMENT ON VIEW reeve.feed_exclusion IS
'Principals exempt from the minimum level of the site.';

CREATE VIEW reeve.feed_setting AS
SELECT site_code::text, site_name, minimum_level::integer AS minimum_level,
    max_auth_age_s, deploy_pairing
FROM reeve.site_setting;
COMMENT ON VIEW reeve.feed_setting IS 'One row: the settings of the site.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.to_ms(timestamptz)
    TO reeve_runtime, reeve_auditor;
DO $$
DECLARE
    v record;
BEGIN
    FOR v IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'reeve'::regnamespace AND relkind = 'v'
            AND relname LIKE 'feed\_%'
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO reeve_runtime', v.name);
    END LOOP;
END
$$;
RESET ROLE;
