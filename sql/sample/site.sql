-- A sample site worth looking at.  Run it once, as a superuser or a member of
-- reeve_owner, after all migrations, before or after reeved --init:
--
--     psql -X -v ON_ERROR_STOP=1 -d reeve -f sql/sample/site.sql
--
-- It is one transaction and takes one revision.
--
-- Scopes (beside All, SMS00ALL, and Default, SMS00UNA)
--   RVE00010 Headquarters    RVE00011 Branch Offices    RVE00012 Laboratory
--
-- Collections                                                     members
--   SMS00001 All Systems (by definition)                              500
--     SMSDM003 All Desktop and Server Clients                         480
--     SMSDM001 All Mobile Devices                                      15
--     SMS000US All Unknown Computers                                    5
--     RVE00014 Workstations                                           350
--       RVE00015 Headquarters Workstations                            200
--         RVE00017 Finance Workstations                                40
--         RVE00018 Pilot Ring                                          20
--       RVE00016 Branch Workstations                                  150
--         RVE0001C Branch Kiosks                                       30
--     RVE00019 Servers                                                100
--       RVE0001A Database Servers                                      25
--       RVE0001B Web Servers                                           40
--   SMS00004 All Users and User Groups (by definition)                 68
--     SMS00002 All Users                                               60
--     SMS00003 All User Groups                                          8
--     RVE0001D Employees                                               50
--       RVE0001E Finance Staff                                         12
--     RVE0001F Contractors                                             10
--
-- Administrative users, and what each shows
--   alice      Full Administrator, all instances: sees and does everything
--   bob        Application Author in RVE00010: reads and changes the eight
--              applications of Headquarters (RVE_A01..RVE_A08 below, and A09,
--              which is in two scopes), of 24; all others are 404 for him,
--              and lists hide them.  He may not take A01 out of RVE00010,
--              its last scope, nor put it into RVE00011, which is not his.
--   carol      Remote Tools Operator on RVE00015, scope Default: controls the
--              workstations of headquarters; those of branches are 404
--   analysts   (group; dave is in it by way of helpdesk) Read-only Analyst,
--              all instances: reads everything, changes nothing
--   deployers  (group: ivan, judy) Application Deployment Manager, in scope
--              RVE00011 x collections RVE00016 and RVE0001D
--   erin       per role: Operating System Deployment Manager in RVE00012 and
--              Default on RVE00018; Software Update Manager in RVE00011 on
--              RVE00014; Infrastructure Administrator in Default on RVE00019
--   frank      Security Administrator and Operations Administrator, all
--              instances: together nearly a Full Administrator
--   grace      the other roles: Asset Manager, Compliance Settings Manager,
--              Application Administrator, Endpoint Protection Manager,
--              Company Resource Access Manager (until 2099), Auditor; and
--              Full Administrator in January 2024, expired since
--   mallory, heidi and dave himself have no administrative user.
--
-- Reports: CREATE ROLE report_bob LOGIN IN ROLE reeve_reporting; and that login
-- reads in reeve.v_rbac_* what bob may read; report_analysts what analysts may.

BEGIN;
SET LOCAL ROLE reeve_owner;
SET LOCAL search_path = reeve, pg_temp;

DO $$ BEGIN PERFORM take_revision(); END $$;

UPDATE site_setting SET site_name = 'Sample site';

INSERT INTO security_scope (scope_id, name, description, created_by) VALUES
    ('RVE00010', 'Headquarters', 'Objects of headquarters.', 'sample'),
    ('RVE00011', 'Branch Offices', 'Objects of the branches.', 'sample'),
    ('RVE00012', 'Laboratory', 'Objects under test.', 'sample');

INSERT INTO collection (collection_id, kind, limiting_id, name, comment,
    created_by) VALUES
    ('RVE00014', 'device', 'SMS00001', 'Workstations',
        'All desktops and notebooks.', 'sample'),
    ('RVE00015', 'device', 'RVE00014', 'Headquarters Workstations',
        'Site HQ.', 'sample'),
    ('RVE00016', 'device', 'RVE00014', 'Branch Workstations',
        'Sites BR1 to BR5.', 'sample'),
    ('RVE00017', 'device', 'RVE00015', 'Finance Workstations',
        'Handle with care: closing days.', 'sample'),
    ('RVE00018', 'device', 'RVE00015', 'Pilot Ring',
        'Gets everything first.', 'sample'),
    ('RVE00019', 'device', 'SMS00001', 'Servers', 'All servers.', 'sample'),
    ('RVE0001A', 'device', 'RVE00019', 'Database Servers', '', 'sample'),
    ('RVE0001B', 'device', 'RVE00019', 'Web Servers', '', 'sample'),
    ('RVE0001C', 'device', 'RVE00016', 'Branch Kiosks',
        'Public, without a keyboard.', 'sample'),
    ('RVE0001D', 'user', 'SMS00004', 'Employees', '', 'sample'),
    ('RVE0001E', 'user', 'RVE0001D', 'Finance Staff', '', 'sample'),
    ('RVE0001F', 'user', 'SMS00004', 'Contractors', '', 'sample');

-- Devices: 1-200 headquarters, 201-350 branches, 351-450 servers, 451-480
-- laboratory, 481-495 mobile, 496-500 unknown.
INSERT INTO resource (resource_id, resource_type, name, properties)
SELECT 16777216 + i, 5, n.name, jsonb_build_object(
    'NetbiosName', n.name,
    'SMSUniqueIdentifier', 'GUID:' || upper(md5('device ' || i)::uuid::text),
    'Active', 1, 'Client', CASE WHEN i > 495 THEN 0 ELSE 1 END,
    'ClientVersion', '5.00.9128.1007',
    'ADSiteName', CASE WHEN i BETWEEN 201 AND 350
        THEN 'BR' || 1 + i % 5 ELSE 'HQ' END,
    'IPAddresses', jsonb_build_array(
        format('10.%s.%s.%s', CASE WHEN i BETWEEN 201 AND 350
            THEN 20 + i % 5 ELSE 10 END, i / 200, 10 + i % 200)),
    'MACAddresses', jsonb_build_array(format('00:15:5D:%s:%s:%s',
        upper(lpad(to_hex(i / 256), 2, '0')),
        upper(lpad(to_hex(i % 256), 2, '0')),
        upper(lpad(to_hex(i * 7 % 256), 2, '0')))),
    'OperatingSystemNameandVersion', CASE
        WHEN i BETWEEN 351 AND 450 THEN 'Microsoft Windows NT Server 10.0'
        WHEN i BETWEEN 481 AND 495 THEN 'iOS 18.2'
        ELSE 'Microsoft Windows NT Workstation 10.0' END,
    'ResourceDomainORWorkgroup', 'LAB',
    'DistinguishedName', format('CN=%s,OU=%s,DC=lab,DC=test', n.name,
        split_part(n.name, '-', 1)),
    'LastLogonUserName', CASE WHEN i <= 350
        THEN 'user' || lpad((1 + i % 49)::text, 2, '0') END,
    'LastLogonUserDomain', CASE WHEN i <= 350 THEN 'LAB' END,
    'CreationDate', '2025-03-01T08:00:00Z', 'Obsolete', 0,
    'Unknown', CASE WHEN i > 495 THEN 1 END)
FROM generate_series(1, 500) AS i,
    LATERAL (SELECT CASE
        WHEN i <= 200 THEN 'HQ-WS-' || lpad(i::text, 4, '0')
        WHEN i <= 350 THEN 'BR' || 1 + i % 5 || '-WS-'
            || lpad((i - 200)::text, 4, '0')
        WHEN i <= 375 THEN 'HQ-DB-' || lpad((i - 350)::text, 3, '0')
        WHEN i <= 415 THEN 'HQ-WEB-' || lpad((i - 375)::text, 3, '0')
        WHEN i <= 450 THEN 'HQ-SRV-' || lpad((i - 415)::text, 3, '0')
        WHEN i <= 480 THEN 'LAB-WS-' || lpad((i - 450)::text, 3, '0')
        WHEN i <= 495 THEN 'MOB-' || lpad((i - 480)::text, 3, '0')
        ELSE 'UNKNOWN-' || i - 495 END AS name) n;

-- Users: the eleven people of the lab first.  Then eight groups.
INSERT INTO resource (resource_id, resource_type, name, properties)
SELECT 2063597568 + i, 4, 'LAB\' || n.name, jsonb_build_object(
    'UserName', n.name, 'WindowsNTDomain', 'LAB',
    'UserPrincipalName', n.name || '@lab.test')
FROM generate_series(1, 60) AS i,
    LATERAL (SELECT coalesce((ARRAY['alice', 'bob', 'carol', 'dave',
        'mallory', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'])[i],
        'user' || lpad((i - 11)::text, 2, '0')) AS name) n
UNION ALL
SELECT 2080374784 + i, 3, 'LAB\' || name, jsonb_build_object(
    'UserGroupName', name, 'WindowsNTDomain', 'LAB')
FROM unnest(ARRAY['analysts', 'helpdesk', 'deployers', 'everyone', 'finance',
    'sales', 'engineering', 'contractors']) WITH ORDINALITY AS g (name, i);

-- Limiting collections first: each statement is checked against them.
INSERT INTO collection_member (collection_id, resource_id, kind)
SELECT c.id, 16777216 + i, 'device'
FROM (VALUES (1, 'SMSDM003', 1, 480), (1, 'SMSDM001', 481, 495),
        (1, 'SMS000US', 496, 500), (1, 'RVE00014', 1, 350),
        (2, 'RVE00015', 1, 200), (3, 'RVE00017', 1, 40),
        (3, 'RVE00018', 181, 200), (2, 'RVE00016', 201, 350),
        (3, 'RVE0001C', 321, 350), (1, 'RVE00019', 351, 450),
        (2, 'RVE0001A', 351, 375), (2, 'RVE0001B', 376, 415))
    AS c (depth, id, first, last),
    LATERAL generate_series(c.first, c.last) AS i;
INSERT INTO collection_member (collection_id, resource_id, kind)
SELECT c.id, 2063597568 + i, 'user'
FROM (VALUES ('SMS00002', 1, 60), ('RVE0001D', 1, 50), ('RVE0001E', 12, 23),
        ('RVE0001F', 51, 60)) AS c (id, first, last),
    LATERAL generate_series(c.first, c.last) AS i
UNION ALL
SELECT 'SMS00003', 2080374784 + i, 'user' FROM generate_series(1, 8) AS i;

INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule, query,
    resource_id, other_id) VALUES
    ('RVE00014', 'device', 1, 'Workstations by name', 'query',
        'select * from SMS_R_System where Name like "%-WS-%"', NULL, NULL),
    ('RVE00015', 'device', 1, 'HQ by name', 'query',
        'select * from SMS_R_System where Name like "HQ-WS-%"', NULL, NULL),
    ('RVE00016', 'device', 1, 'All workstations', 'include', NULL, NULL,
        'RVE00014'),
    ('RVE00016', 'device', 2, 'but headquarters', 'exclude', NULL, NULL,
        'RVE00015'),
    ('RVE00018', 'device', 1, 'HQ-WS-0181', 'direct', NULL, 16777397, NULL),
    ('RVE00019', 'device', 1, 'Servers by system', 'query',
        'select * from SMS_R_System where OperatingSystemNameandVersion like "%Server%"',
        NULL, NULL);

-- Objects -------------------------------------------------------------------

-- 24 applications.  A01..A08 in Headquarters alone, A09 in Headquarters and
-- Branch Offices, A10..A15 in Branch Offices, A16..A19 in Laboratory, A20 in
-- Laboratory and Default, A21..A24 in Default.  bob sees A01..A09.
CREATE TEMPORARY TABLE sample_application ON COMMIT DROP AS
SELECT a.*,
    'ScopeId_6B2F1C74-0D5E-4F3A-9A41-52C8E7D0B913/Application_'
        || md5('application ' || i)::uuid AS model_name
FROM (VALUES
    (1, 'Contoso Ledger', 'Contoso', '11.4', '{RVE00010}'::text[]),
    (2, 'Contoso Treasury', 'Contoso', '3.2', '{RVE00010}'),
    (3, 'Fabrikam Payroll', 'Fabrikam', '2024.2', '{RVE00010}'),
    (4, 'Board Portal', 'Litware', '7.0', '{RVE00010}'),
    (5, 'Visitor Desk', 'Litware', '5.1', '{RVE00010}'),
    (6, 'Document Vault', 'Northwind', '9.3', '{RVE00010}'),
    (7, 'Travel Planner', 'Adventure Works', '4.8', '{RVE00010}'),
    (8, 'Meeting Room Display', 'Proseware', '1.9', '{RVE00010}'),
    (9, 'Remote Access Client', 'Wide World', '6.2', '{RVE00010,RVE00011}'),
    (10, 'Point of Sale', 'Northwind', '12.1', '{RVE00011}'),
    (11, 'Kiosk Shell', 'Proseware', '2.7', '{RVE00011}'),
    (12, 'Stock Scanner', 'Northwind', '8.0', '{RVE00011}'),
    (13, 'Branch Print Manager', 'Fabrikam', '3.3', '{RVE00011}'),
    (14, 'Cash Recycler Driver Suite', 'Tailspin', '5.5', '{RVE00011}'),
    (15, 'Loyalty Cards', 'Tailspin', '1.4', '{RVE00011}'),
    (16, 'Packet Analyzer', 'Wide World', '4.2', '{RVE00012}'),
    (17, 'Device Farm Agent', 'Litware', '0.9', '{RVE00012}'),
    (18, 'Compiler Tool Chain', 'Open Source', '14.2', '{RVE00012}'),
    (19, 'Load Generator', 'Open Source', '2.0', '{RVE00012}'),
    (20, 'Terminal Emulator', 'Open Source', '0.81', '{RVE00012,SMS00UNA}'),
    (21, '7-Zip', 'Igor Pavlov', '24.08', '{SMS00UNA}'),
    (22, 'Mozilla Firefox ESR', 'Mozilla', '128.4', '{SMS00UNA}'),
    (23, 'LibreOffice', 'The Document Foundation', '24.8', '{SMS00UNA}'),
    (24, 'Notepad++', 'Don Ho', '8.7', '{SMS00UNA}'))
    AS a (i, name, vendor, version, scopes);

INSERT INTO secured_object (object_type_id, object_key, name, properties)
SELECT 31, model_name, name, jsonb_build_object(
    'CI_ID', 16777500 + i,
    'LocalizedDescription', format('%s %s by %s.', name, version, vendor),
    'Manufacturer', vendor, 'SoftwareVersion', version,
    'CIVersion', 1 + i % 4, 'IsDeployed', i % 3 <> 0, 'IsEnabled', true,
    'IsExpired', i = 15, 'IsLatest', true,
    'NumberOfDeploymentTypes', 1 + i % 2,
    'CreatedBy', 'LAB\alice', 'DateCreated', '2025-04-01T09:00:00Z',
    'LastModifiedBy', 'LAB\alice', 'DateLastModified', '2025-09-15T14:30:00Z')
FROM sample_application;
INSERT INTO object_scope (object_type_id, object_key, scope_id)
SELECT 31, model_name, s FROM sample_application, unnest(scopes) AS s;

-- Packages, task sequences, and one or two of most other types.
CREATE TEMPORARY TABLE sample_object ON COMMIT DROP AS
SELECT * FROM (VALUES
    (2, 'RVE00020', 'Legacy Branch Scripts', '{RVE00011}'::text[]),
    (2, 'RVE00021', 'Finance Macros', '{RVE00010}'),
    (2, 'RVE00022', 'Font Collection', '{SMS00UNA}'),
    (2, 'RVE00023', 'Root Certificates', '{SMS00UNA}'),
    (2, 'RVE00024', 'BIOS Updates', '{RVE00010,RVE00011}'),
    (2, 'RVE00025', 'Kiosk Media', '{RVE00011}'),
    (2, 'RVE00026', 'Test Data', '{RVE00012}'),
    (2, 'RVE00027', 'User State Migration Tool', '{SMS00UNA}'),
    (20, 'RVE00030', 'Install Windows 11 (Headquarters)', '{RVE00010}'),
    (20, 'RVE00031', 'Install Windows 11 (Branch)', '{RVE00011}'),
    (20, 'RVE00032', 'In-place Upgrade', '{RVE00010,RVE00011}'),
    (20, 'RVE00033', 'Rebuild Kiosk', '{RVE00011}'),
    (20, 'RVE00034', 'Install Laboratory Image', '{RVE00012}'),
    (20, 'RVE00035', 'Wipe and Retire', '{SMS00UNA}'),
    (20, 'RVE00036', 'Install Server 2025', '{SMS00UNA}'),
    (20, 'RVE00037', 'Capture Reference Image', '{RVE00012}'),
    (6, 'RVE', 'Sample site', '{SMS00UNA}'),
    (7, 'RVE00001', 'All systems without a client', '{SMS00UNA}'),
    (11, 'ScopeId_6B2F1C74-0D5E-4F3A-9A41-52C8E7D0B913/Baseline_'
        || md5('baseline')::uuid, 'Workstation Baseline', '{SMS00UNA}'),
    (18, 'RVE00040', 'Windows 11 24H2 Enterprise', '{RVE00012,SMS00UNA}'),
    (19, 'RVE00005', 'Boot Image (x64)', '{SMS00UNA}'),
    (23, 'RVE00041', 'Latitude Drivers', '{RVE00012}'),
    (24, 'RVE00042', 'Monthly Updates', '{RVE00011}'),
    (32, 'GLOBAL/OnPremises', 'On-premises', '{SMS00UNA}'),
    (34, 'ScopeId_6B2F1C74-0D5E-4F3A-9A41-52C8E7D0B913/AuthList_'
        || md5('updates')::uuid, 'Updates 2025-09', '{RVE00011}'),
    (38, '16777217', 'Kiosk Client Settings', '{RVE00011}'),
    (42, 'dp1.lab.test', 'dp1.lab.test', '{SMS00UNA}'),
    (42, 'dp2.lab.test', 'dp2.lab.test', '{RVE00011}'),
    (43, md5('dpg')::uuid::text, 'All Content', '{SMS00UNA}'),
    (46, '16777217', 'Branch Boundaries', '{RVE00011}'),
    (47, '16777218', 'Server Antimalware Policy', '{SMS00UNA}'),
    (226, md5('folder 1')::uuid::text, 'Business Applications', '{SMS00UNA}'),
    (226, md5('folder 2')::uuid::text, 'Branch Applications', '{RVE00011}'),
    (1000000, md5('script')::uuid::text, 'Restart Print Spooler',
        '{SMS00UNA}'),
    -- Secured by role only: no scope.
    (15, 'TPL00001', 'Workstation Patch Template', '{}'),
    (25, '16777219', 'Intel Ethernet I219', '{}'),
    (45, '1', '10.10.0.0/16', '{}'),
    (45, '2', '10.20.0.0/14', '{}')) AS o (type, key, name, scopes);
INSERT INTO secured_object (object_type_id, object_key, name, properties)
SELECT type, key, name, CASE type
    WHEN 226 THEN '{"ObjectType":31}' ELSE jsonb_build_object('Name', name) END
FROM sample_object;
INSERT INTO object_scope (object_type_id, object_key, scope_id)
SELECT type, key, s FROM sample_object, unnest(scopes) AS s;
UPDATE secured_object o SET folder_id = md5('folder 1')::uuid::text
FROM sample_application a
WHERE o.object_type_id = 31 AND o.object_key = a.model_name AND a.i <= 9;
UPDATE secured_object o SET folder_id = md5('folder 2')::uuid::text
FROM sample_application a
WHERE o.object_type_id = 31 AND o.object_key = a.model_name
    AND a.i BETWEEN 10 AND 15;

-- Administrative users ------------------------------------------------------

-- alice may be there from reeved --init, without her directory id.
INSERT INTO administrative_user (principal_id, account_id, logon_name,
    display_name, distinguished_name, is_group, created_by)
VALUES ('krb5:alice@LAB.TEST', '20000000-0000-4000-8000-000000000001',
    'alice@LAB.TEST', 'Alice', '', false, 'sample')
ON CONFLICT (principal_id) DO NOTHING;
UPDATE administrative_user
SET account_id = '20000000-0000-4000-8000-000000000001'
WHERE principal_id = 'krb5:alice@LAB.TEST' AND account_id IS NULL;
UPDATE administrative_user SET display_name = 'Alice',
    distinguished_name = 'uid=alice,ou=people,dc=lab,dc=test'
WHERE principal_id = 'krb5:alice@LAB.TEST';

INSERT INTO administrative_user (principal_id, account_id, logon_name,
    display_name, distinguished_name, is_group, created_by)
SELECT 'krb5:' || n || '@LAB.TEST',
    '20000000-0000-4000-8000-0000000000' || nn, n || '@LAB.TEST', initcap(n),
    'uid=' || n || ',ou=people,dc=lab,dc=test', false, 'sample'
FROM (VALUES ('bob', '02'), ('carol', '03'), ('erin', '06'), ('frank', '07'),
    ('grace', '08')) AS u (n, nn)
UNION ALL
SELECT 'group:10000000-0000-4000-8000-0000000000' || nn,
    '10000000-0000-4000-8000-0000000000' || nn, 'LAB\' || n, initcap(n),
    'cn=' || n || ',ou=groups,dc=lab,dc=test', true, 'sample'
FROM (VALUES ('analysts', '01'), ('deployers', '03')) AS g (n, nn);

-- Logins that report for bob and for the analysts, once they are made.
INSERT INTO reporting_login (login, admin_id)
SELECT l.login, u.admin_id
FROM (VALUES ('report_bob', 'bob@LAB.TEST'),
    ('report_analysts', 'LAB\analysts')) AS l (login, logon)
JOIN administrative_user u ON u.logon_name = l.logon;

CREATE TEMPORARY TABLE sample_assignment ON COMMIT DROP AS
SELECT a.*, nextval('assignment_id_seq') AS id
FROM (VALUES
    ('bob@LAB.TEST', 'SMS0008R', '{RVE00010}'::text[], '{}'::text[],
        NULL::timestamptz, NULL::timestamptz),
    ('carol@LAB.TEST', 'SMS0003R', '{SMS00UNA}', '{RVE00015}', NULL, NULL),
    ('LAB\analysts', 'SMS0002R', '{SMS00ALL}', '{SMS00001,SMS00004}',
        NULL, NULL),
    ('LAB\deployers', 'SMS0007R', '{RVE00011}', '{RVE00016,RVE0001D}',
        NULL, NULL),
    ('erin@LAB.TEST', 'SMS000AR', '{RVE00012,SMS00UNA}', '{RVE00018}',
        NULL, NULL),
    ('erin@LAB.TEST', 'SMS000CR', '{RVE00011}', '{RVE00014}', NULL, NULL),
    ('erin@LAB.TEST', 'SMS000BR', '{SMS00UNA}', '{RVE00019}', NULL, NULL),
    ('frank@LAB.TEST', 'SMS000FR', '{SMS00ALL}', '{SMS00001,SMS00004}',
        NULL, NULL),
    ('frank@LAB.TEST', 'SMS000ER', '{SMS00ALL}', '{SMS00001,SMS00004}',
        NULL, NULL),
    ('grace@LAB.TEST', 'SMS0004R', '{SMS00UNA}', '{RVE00014}', NULL, NULL),
    ('grace@LAB.TEST', 'SMS0006R', '{SMS00UNA}', '{RVE00014}', NULL, NULL),
    ('grace@LAB.TEST', 'SMS0009R', '{RVE00012}', '{RVE0001D}', NULL, NULL),
    ('grace@LAB.TEST', 'SMS000GR', '{SMS00UNA}', '{RVE00019}', NULL, NULL),
    ('grace@LAB.TEST', 'SMS000HR', '{SMS00UNA}', '{RVE00016}', NULL,
        '2099-12-31 00:00:00+00'),
    ('grace@LAB.TEST', 'RVE0001R', '{SMS00ALL}', '{SMS00001,SMS00004}',
        NULL, NULL),
    ('grace@LAB.TEST', 'SMS0001R', '{SMS00ALL}', '{SMS00001,SMS00004}',
        '2024-01-01 00:00:00+00', '2024-02-01 00:00:00+00'))
    AS a (logon, role, scopes, collections, begins, ends)
UNION ALL
SELECT 'alice@LAB.TEST', 'SMS0001R', '{SMS00ALL}', '{SMS00001,SMS00004}',
    NULL, NULL, nextval('assignment_id_seq')
WHERE NOT EXISTS (SELECT FROM full_administrator
    WHERE principal_id = 'krb5:alice@LAB.TEST');

INSERT INTO assignment (assignment_id, admin_id, role_id, valid_from,
    valid_until)
SELECT s.id, u.admin_id, s.role, s.begins, s.ends
FROM sample_assignment s JOIN administrative_user u ON u.logon_name = s.logon;
INSERT INTO assignment_scope SELECT id, unnest(scopes) FROM sample_assignment;
INSERT INTO assignment_collection
SELECT id, unnest(collections) FROM sample_assignment;

DO $$
BEGIN
    PERFORM write_admin_audit(decision_instant(), '{"principal":"sample"}',
        '{}', array_agg(ROW(31240, ARRAY['', x.logon_name, x.roles, x.scopes,
            x.collections], NULL,
            jsonb_build_object('admin_id', x.admin_id))::audit_event
            ORDER BY x.admin_id), NULL)
    FROM (SELECT u.admin_id, u.logon_name,
            string_agg(s.role, ',' ORDER BY s.id) AS roles,
            string_agg(array_to_string(s.scopes, '+'), ',' ORDER BY s.id)
                AS scopes,
            string_agg(array_to_string(s.collections, '+'), ','
                ORDER BY s.id) AS collections
        FROM sample_assignment s
        JOIN administrative_user u ON u.logon_name = s.logon
        GROUP BY u.admin_id, u.logon_name ORDER BY u.admin_id) x;
END
$$;

COMMIT;
