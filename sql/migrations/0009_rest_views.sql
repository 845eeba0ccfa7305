-- One view for each class that REST lists: key, scopes (NULL for a class
-- that carries none) and body, whose properties have Configuration Manager's
-- names and order (catalogue: class_property).  The provider reads them in
-- keyset order and filters each row by the rule.

SET LOCAL ROLE reeve_owner;

CREATE FUNCTION reeve.edm_time(at timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
COMMENT ON FUNCTION reeve.edm_time(timestamptz) IS
'An instant as OData writes it.';

CREATE VIEW reeve.list_sms_admin AS
SELECT u.admin_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    json_build_object(
        'AdminID', u.admin_id,
        'AdminSid', coalesce(u.account_id, ''),
        'AccountType', CASE WHEN u.is_group THEN 1 ELSE 0 END,
        'LogonName', u.logon_name,
        'DisplayName', u.display_name,
        'DistinguishedName', u.distinguished_name,
        'IsGroup', u.is_group,
        'IsDeleted', u.is_deleted OR u.is_orphaned,
        'RoleNames', r.names,
        'CategoryNames', s.names,
        'CollectionNames', c.names,
        'Roles', r.ids,
        'Categories', s.ids,
        'SKey', st.site_code || coalesce(u.account_id, ''),
        'SourceSite', st.site_code,
        'CreatedBy', u.created_by,
        'CreatedDate', reeve.edm_time(u.created_at),
        'LastModifiedBy', u.modified_by,
        'LastModifiedDate', reeve.edm_time(u.modified_at)) AS body
FROM reeve.administrative_user u
CROSS JOIN reeve.site_setting st
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(x.name ORDER BY x.id), '[]') AS names,
        coalesce(json_agg(x.id ORDER BY x.id), '[]') AS ids
    FROM (SELECT DISTINCT o.role_id AS id, o.name
        FROM reeve.assignment a JOIN reeve.security_role o USING (role_id)
        WHERE a.admin_id = u.admin_id) x) r
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(x.name ORDER BY x.id), '[]') AS names,
        coalesce(json_agg(x.id ORDER BY x.id), '[]') AS ids
    FROM (SELECT DISTINCT o.scope_id AS id, o.name
        FROM reeve.assignment a
        JOIN reeve.assignment_scope y USING (assignment_id)
        JOIN reeve.security_scope o USING (scope_id)
        WHERE a.admin_id = u.admin_id) x) s
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(x.name ORDER BY x.id), '[]') AS names
    FROM (SELECT DISTINCT o.collection_id AS id, o.name
        FROM reeve.assignment a
        JOIN reeve.assignment_collection y USING (assignment_id)
        JOIN reeve.collection o USING (collection_id)
        WHERE a.admin_id = u.admin_id) x) c;
COMMENT ON VIEW reeve.list_sms_admin IS
'SMS_Admin: administrative users with the names of what they hold.';

CREATE VIEW reeve.list_sms_role AS
SELECT r.role_id AS key, NULL::text[] AS scopes,
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
        'SourceSite', st.site_code) AS body
FROM reeve.security_role r CROSS JOIN reeve.site_setting st;
COMMENT ON VIEW reeve.list_sms_role IS 'SMS_Role: security roles.';

CREATE VIEW reeve.list_sms_securedcategory AS
SELECT s.scope_id AS key, NULL::text[] AS scopes,
    json_build_object(
        'CategoryID', s.scope_id,
        'CategoryName', s.name,
        'CategoryDescription', s.description,
        'IsBuiltIn', s.is_built_in,
        'NumberOfAdmins', (SELECT count(DISTINCT a.admin_id)
            FROM reeve.assignment_scope x
            JOIN reeve.assignment a USING (assignment_id)
            WHERE x.scope_id = s.scope_id),
        'NumberOfObjects', (SELECT count(*) FROM reeve.object_scope o
            WHERE o.scope_id = s.scope_id),
        'CreatedBy', s.created_by,
        'CreatedDate', reeve.edm_time(s.created_at),
        'LastModifiedBy', s.modified_by,
        'LastModifiedDate', reeve.edm_time(s.modified_at),
        'SourceSite', st.site_code) AS body
FROM reeve.security_scope s CROSS JOIN reeve.site_setting st;
COMMENT ON VIEW reeve.list_sms_securedcategory IS
'SMS_SecuredCategory: security scopes.';

CREATE VIEW reeve.list_sms_collection AS
SELECT c.collection_id AS key, NULL::text[] AS scopes,
    json_build_object(
        'CollectionID', c.collection_id,
        'Name', c.name,
        'Comment', c.comment,
        'CollectionType', CASE c.kind WHEN 'device' THEN 2 ELSE 1 END,
        'LimitToCollectionID', coalesce(c.limiting_id, ''),
        'LimitToCollectionName', coalesce(l.name, ''),
        'IsBuiltIn', c.is_built_in,
        'MemberCount', CASE WHEN c.limiting_id IS NULL
            THEN (SELECT count(*) FROM reeve.resource r WHERE r.kind = c.kind)
            ELSE (SELECT count(*) FROM reeve.collection_member m
                WHERE m.collection_id = c.collection_id) END,
        'MemberClassName', 'SMS_CM_RES_COLL_' || c.collection_id,
        'CurrentStatus', 1,
        'RefreshType', CASE WHEN EXISTS (SELECT FROM reeve.collection_rule r
                WHERE r.collection_id = c.collection_id AND r.rule = 'query')
            THEN 2 ELSE 1 END,
        'IncludeExcludeCollectionsCount',
            (SELECT count(*) FROM reeve.collection_rule r
             WHERE r.collection_id = c.collection_id
                 AND r.other_id IS NOT NULL),
        'LastChangeTime', reeve.edm_time(c.modified_at)) AS body
FROM reeve.collection c
LEFT JOIN reeve.collection l ON l.collection_id = c.limiting_id;
COMMENT ON VIEW reeve.list_sms_collection IS 'SMS_Collection: collections.';

-- The keyset order of the list.
CREATE INDEX resource_device_key ON reeve.resource
    ((resource_id::text COLLATE "C")) WHERE resource_type = 5;

CREATE VIEW reeve.list_sms_r_system AS
SELECT r.resource_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    json_build_object(
        'ResourceID', r.resource_id,
        'ResourceType', r.resource_type,
        'Name', r.name,
        'NetbiosName', coalesce(r.properties ->> 'NetbiosName', r.name),
        'SMSUniqueIdentifier', r.properties ->> 'SMSUniqueIdentifier',
        'Active', r.properties -> 'Active',
        'Client', r.properties -> 'Client',
        'ClientVersion', r.properties ->> 'ClientVersion',
        'ADSiteName', r.properties ->> 'ADSiteName',
        'IPAddresses', coalesce(r.properties -> 'IPAddresses', '[]'),
        'MACAddresses', coalesce(r.properties -> 'MACAddresses', '[]'),
        'OperatingSystemNameandVersion',
            r.properties ->> 'OperatingSystemNameandVersion',
        'ResourceDomainORWorkgroup',
            r.properties ->> 'ResourceDomainORWorkgroup',
        'DistinguishedName', r.properties ->> 'DistinguishedName',
        'LastLogonUserName', r.properties ->> 'LastLogonUserName',
        'LastLogonUserDomain', r.properties ->> 'LastLogonUserDomain',
        'CreationDate', r.properties ->> 'CreationDate',
        'Obsolete', r.properties -> 'Obsolete',
        'Unknown', r.properties -> 'Unknown') AS body
FROM reeve.resource r WHERE r.resource_type = 5;
COMMENT ON VIEW reeve.list_sms_r_system IS
'SMS_R_System: devices.  The key is the ResourceID as text.';

CREATE VIEW reeve.list_sms_application AS
SELECT o.object_key AS key, s.ids AS scopes,
    json_build_object(
        'CI_ID', o.properties -> 'CI_ID',
        'ModelName', o.object_key,
        'LocalizedDisplayName', o.name,
        'LocalizedDescription', o.properties ->> 'LocalizedDescription',
        'Manufacturer', o.properties ->> 'Manufacturer',
        'SoftwareVersion', o.properties ->> 'SoftwareVersion',
        'CIVersion', o.properties -> 'CIVersion',
        'IsDeployed', o.properties -> 'IsDeployed',
        'IsEnabled', o.properties -> 'IsEnabled',
        'IsExpired', o.properties -> 'IsExpired',
        'IsLatest', o.properties -> 'IsLatest',
        'NumberOfDeploymentTypes', o.properties -> 'NumberOfDeploymentTypes',
        'SecuredScopeNames', s.names,
        'CreatedBy', o.properties ->> 'CreatedBy',
        'DateCreated', o.properties ->> 'DateCreated',
        'LastModifiedBy', o.properties ->> 'LastModifiedBy',
        'DateLastModified', o.properties ->> 'DateLastModified',
        'SourceSite', st.site_code) AS body
FROM reeve.secured_object o
CROSS JOIN reeve.site_setting st
CROSS JOIN LATERAL (
    SELECT array_agg(x.scope_id::text ORDER BY x.scope_id) AS ids,
        json_agg(c.name ORDER BY x.scope_id) AS names
    FROM reeve.object_scope x JOIN reeve.security_scope c USING (scope_id)
    WHERE x.object_type_id = o.object_type_id
        AND x.object_key = o.object_key) s
WHERE o.object_type_id = 31;
COMMENT ON VIEW reeve.list_sms_application IS
'SMS_Application: applications.  The key is the ModelName, the URL has the CI_ID.';

CREATE VIEW reeve.list_class_property AS
SELECT class_name, ordinal, name, edm_type, is_key, lazy, filterable
FROM reeve.class_property;
COMMENT ON VIEW reeve.list_class_property IS
'Properties of the listed classes, for $metadata and filters.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.list_sms_admin, reeve.list_sms_role,
    reeve.list_sms_securedcategory, reeve.list_sms_collection,
    reeve.list_sms_r_system, reeve.list_sms_application,
    reeve.list_class_property TO reeve_runtime;
GRANT EXECUTE ON FUNCTION reeve.edm_time(timestamptz)
    TO reeve_runtime, reeve_auditor;
RESET ROLE;
