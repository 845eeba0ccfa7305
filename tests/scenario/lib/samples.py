"""What each route of the provider may be sent, and what comes of it.

    sent = samples.of(site)
    sent.BODIES[path], sent.KEYS[pattern], sent.DONE[method, path]
"""

from types import SimpleNamespace

ADMIN_SERVICE = "/AdminService"
ROLES = ADMIN_SERVICE + "/wmi/SMS_Role"
EVALUATION = "/access/v1/evaluation"
SITE = ADMIN_SERVICE + "/wmi/SMS_Site."
MEMBERSHIP = ADMIN_SERVICE + "/wmi/SMS_SecuredCategoryMembership."
SECURED = ADMIN_SERVICE + "/wmi/SMS_RbacSecuredObject."
OWN = "/reeve/v1/roles/"


def question(person):
    return {"subject": {"type": "user", "id": person + "@LAB.TEST"},
            "action": {"name": "Read"},
            "resource": {"type": "SMS_Role", "id": ""}}


def of(site):
    """Makes what the samples are about; a site is asked for them once."""
    application = site.psql("SELECT min(object_key) FROM reeve.secured_object"
                            " WHERE object_type_id = 31").strip()
    memberships = {"ObjectIDs": [application], "ObjectTypeIDs": [31],
                   "CategoryIDs": ["RVE00012"]}
    bob = int(site.psql("SELECT admin_id FROM reeve.administrative_user WHERE "
                        "principal_id = 'krb5:bob@LAB.TEST'"))
    # What each route with a body may be sent.
    SEARCH = "/access/v1/search/"
    BODIES = {
        EVALUATION: question("mallory"),
        EVALUATION + "s": {**question("mallory"), "evaluations": [{}]},
        SEARCH + "resource": question("mallory"),
        SEARCH + "subject": question("mallory"),
        SEARCH + "action": question("mallory"),
        "/reeve/v1/explain": question("mallory"),
        "/reeve/v1/pair": {"operation": "create_collection",
                           "limiting": "SMS00001",
                           "subject": question("mallory")["subject"]},
        "/reeve/v1/what-if": {"subject": question("mallory")["subject"]},
        "/reeve/v1/scope": {"subject": question("mallory")["subject"]},
        MEMBERSHIP + "AddMemberships": memberships,
        MEMBERSHIP + "RemoveMemberships": memberships,
        SECURED + "UserHasPermissions": {"ObjectPath": "SMS_Role",
                                         "Permissions": 1},
        SECURED + "GetCollectionsWithResourcePermissions": {
            "ResourceID": 16777217, "Permissions": 1},
        SECURED + "GetAvailableScopes": {"RoleIDs": [], "ScopeTypeID": 29},
        SECURED + "GetUserList": {"ObjectPath": "SMS_Role('SMS0001R')"},
        SITE + "SetAuthenticationLevel": {"AuthenticationLevel": 0},
        SITE + "ImportMachineEntry": {
            "NetbiosName": "SAMPLE", "MACAddress": "02:00:00:00:00:01",
            "CollectionId": "TST00003"},
        "/reeve/v1/site/max-auth-age": {"seconds": None},
        "/reeve/v1/site/role-minimum": {"role_id": "SMS0001R", "level": None},
        "/reeve/v1/site/operation-minimum": {
            "type": "SMS_Role", "operation": "Read", "level": None},
        "/reeve/v1/principals/add": {"admin_id": bob,
                                     "principal_id": "cert:key:" + "0" * 64},
        "/reeve/v1/principals/remove": {"principal_id": "cert:key:" + "0" * 64},
        "/reeve/v1/sessions/revoke": {"sessions": ["0" * 16]},
    }
    # Routes with a key in their path, and which one they are asked with.
    KEYS = {}
    for path, name in ((ADMIN_SERVICE + "/wmi/RVE_ApplicationType", "Test_One"),
                       (ADMIN_SERVICE + "/v1.0/ApplicationType", "Test_Two")):
        KEYS[path + "({key})"] = f"{path}('{name}')"
        BODIES[path] = {"ClassName": name, "Application": "Test",
                        "SecuredBy": "role", "Operations": [{"Name": "Read"}]}
        BODIES[f"{path}('{name}')"] = {"DisplayName": "Another"}

    for root in ("wmi", "v1.0"):
        BODIES[f"{ADMIN_SERVICE}/{root}/$batch"] = {"requests": [
            {"id": "1", "method": "GET", "url": ROLES}]}

    # Roles and scopes that nobody has; each root takes its own away.
    site.psql("""SET ROLE reeve_owner; SET search_path = reeve, pg_temp;
        BEGIN; SELECT take_revision();
        INSERT INTO security_role (role_id, name, is_built_in, created_by,
                modified_by)
            SELECT 'TST0000' || i, 'test ' || i, false, 'x', 'x'
            FROM generate_series(1, 4) i;
        INSERT INTO security_scope (scope_id, name, is_built_in, created_by,
                modified_by)
            SELECT 'TST0000' || i, 'test ' || i, false, 'x', 'x'
            FROM generate_series(1, 4) i;
        INSERT INTO collection (collection_id, kind, limiting_id, name)
        SELECT 'TST0000' || i, 'device', 'SMS00001', 'test ' || i
        FROM generate_series(1, 4) i;
    INSERT INTO administrative_user (admin_id, principal_id, logon_name,
                is_group)
            SELECT 20000000 + i, format('krb5:test%s@OTHER.TEST', i), 'test', false
            FROM generate_series(1, 4) i;
        INSERT INTO assignment (assignment_id, admin_id, role_id)
            SELECT 20000000 + i, 20000000 + i, 'SMS0008R'
            FROM generate_series(3, 4) i;
        INSERT INTO assignment_scope (assignment_id, scope_id)
            SELECT 20000000 + i, 'SMS00UNA' FROM generate_series(3, 4) i;
        INSERT INTO approval (approval_id, op, args, actor, requested_by,
                requested_at, expires_at)
            SELECT 900000 + i, 'role_create',
                jsonb_build_object('name', format('approved %s', i)),
                '{"principal":"bob@LAB.TEST","ids":["krb5:bob@LAB.TEST"],
                    "own":1,"groups_known":true,"level":1,"delegated":false}',
                'bob@LAB.TEST', now(), now() + interval '1 day'
            FROM generate_series(1, 4) i;
        INSERT INTO resource (resource_id, resource_type, name)
            SELECT 20000000 + i, 5 - (i - 1) / 2, 'test ' || i
            FROM generate_series(1, 6) i;
        INSERT INTO secured_object (object_type_id, object_key, name)
            VALUES (2, 'TST00001', 'one'), (2, 'TST10001', 'two'),
                (2, 'TST20001', 'deployed'), (38, 'TST30001', 'deployed');
        INSERT INTO object_scope (object_type_id, object_key, scope_id)
        SELECT object_type_id, object_key, 'SMS00UNA' FROM secured_object
        WHERE object_key ~ '^TST[0-9]0001$';
        INSERT INTO deployment (deployment_id, object_type_id,
                deployment_key, content_type_id, content_key, collection_id,
                name, is_required, starts_at, created_by, created_at,
                modified_by, modified_at)
            SELECT 21000000 + i, type, key, content, thing, place, 'test',
                true, now(), 'x', now(), 'x', now()
            FROM (SELECT i, 200 AS type, (21000000 + i)::text AS key,
                    31 AS content, (SELECT min(object_key)
                    FROM secured_object WHERE object_type_id = 31) AS thing,
                    'SMS00001' AS place
                FROM generate_series(1, 4) i
                UNION ALL SELECT i, 201, 'TST2000' || i, 2, 'TST20001',
                    'SMS00001' FROM generate_series(5, 6) i
                UNION ALL SELECT i, 202, format('ClientSettingsID=%L,'
                    'CollectionID=%L', 'TST30001', c), 38, 'TST30001', c
                FROM (VALUES (7, 'SMS00001'), (8, 'SMS000US')) v (i, c)) d;
        COMMIT""")
    PACKAGES = {ADMIN_SERVICE + "/wmi/SMS_Package": "('TST00001')",
                ADMIN_SERVICE + "/v1.0/Package": "('TST10001')"}
    for path, key in PACKAGES.items():
        BODIES[path] = {"Name": "new"}
        BODIES[path + key] = {"Name": "another"}
    # To where it lies: nothing changes, and it is done well.
    MOVED = {"InstanceKeys": ["TST00001"], "ContainerNodeID": 0,
             "TargetContainerNodeID": 0, "ObjectType": 2}
    for path in ("/wmi/SMS_ObjectContainerItem", "/v1.0/ObjectContainerItem"):
        for method in (".MoveMembers", "/AdminService.MoveMembers"):
            BODIES[ADMIN_SERVICE + path + method] = MOVED
    ROLE_FILE = ('<SMS_Roles><SMS_Role CopiedFromID="SMS0009R" RoleName="%s" '
                 'RoleDescription=""><Operations><Operation '
                 'GrantedOperations="1" ObjectTypeID="31"/></Operations>'
                 "</SMS_Role></SMS_Roles>")
    GRANTED = [{"ObjectTypeID": 31, "GrantedOperations": 1}]
    for number, (role, scope) in enumerate((
            ("/wmi/SMS_Role", "/wmi/SMS_SecuredCategory"),
            ("/v1.0/Role", "/v1.0/SecuredCategory")), 1):
        role, scope = ADMIN_SERVICE + role, ADMIN_SERVICE + scope
        goes, stays = f"('TST0000{number}')", f"('TST0000{number + 2}')"
        for path, key, body in (
                (role, goes, {"RoleName": f"another {number}",
                              "RoleDescription": "another",
                              "Operations": GRANTED}),
                (scope, goes, {"CategoryName": f"another {number}",
                               "CategoryDescription": "another"})):
            KEYS[path + "({key})"] = path + key
            BODIES[path + key] = body
        for path, body in (
                (role + "%s/AdminService.Copy", {"Name": f"a copy {number}"}),
                (role + "%s/AdminService.SetPermission",
                 {"RolePermission": {"Application": ["Read"]}}),
                (role + "%s/AdminService.ExportRole", {}),
                (scope + "%s/AdminService.DeleteAndMove",
                 {"MoveTo": "SMS00UNA"})):
            KEYS[path % "({key})"] = path % stays
            BODIES[path % stays] = body
        BODIES[role] = {"RoleName": f"new {number}", "Operations": GRANTED}
        BODIES[scope] = {"CategoryName": f"new {number}"}
        BODIES[role + ".ExportRole"] = {"RoleID": "SMS0001R"}
        BODIES[role + ".ImportRole"] = {"RolesXml": ROLE_FILE % f"file {number}"}
    for number, admin in enumerate(("/wmi/SMS_Admin", "/v1.0/Admin"), 1):
        admin = ADMIN_SERVICE + admin
        goes, stays = f"({20000000 + number})", f"({20000002 + number})"
        KEYS[admin + "({key})"] = admin + goes
        BODIES[admin] = {"LogonName": f"krb5:new{number}@OTHER.TEST"}
        BODIES[admin + goes] = {"DisplayName": "another", "Permissions": []}
        BODIES[admin + ".FindOrphans"] = {}
        # In this order: each needs what the one before has given.
        for action, body in (
                ("AddRole", {"RoleID": "SMS0009R"}),
                ("RemoveRole", {"RoleID": "SMS0009R"}),
                ("AddScope", {"CategoryID": "SMS00ALL"}),
                ("RemoveScope", {"CategoryID": "SMS00ALL"}),
                ("AddCollection", {"CollectionID": "SMS00001"}),
                ("RemoveCollection", {"CollectionID": "SMS00001"}),
                ("AddPrincipal",
                 {"PrincipalID": f"krb5:too{number}@OTHER.TEST"})):
            KEYS[f"{admin}({{key}})/AdminService.{action}"] = \
                f"{admin}{stays}/AdminService.{action}"
            BODIES[f"{admin}{stays}/AdminService.{action}"] = body
    device = int(site.psql("SELECT min(resource_id) FROM reeve.resource WHERE "
                           "resource_type = 5"))
    rule = {"RuleName": "one", "ResourceClassName": "SMS_R_System",
            "ResourceID": device}
    for number, name in enumerate(("/wmi/SMS_Collection",
                                   "/v1.0/Collections"), 1):
        name = ADMIN_SERVICE + name
        goes, stays = f"('TST0000{number}')", f"('TST0000{number + 2}')"
        KEYS[name + "({key})"] = name + goes
        BODIES[name] = {"Name": f"new {number}", "CollectionType": 2,
                        "LimitToCollectionID": "SMS00001"}
        BODIES[name + goes] = {"Name": f"another {number}",
                               "Comment": "another", "CollectionRules": [],
                               "LimitToCollectionID": "SMS00001"}
        for action, body in (
                ("AddMembershipRule", {"collectionRule": rule}),
                ("AddMembershipRules", {"collectionRules": [rule]}),
                ("DeleteMembershipRule", {"collectionRule": rule}),
                ("DeleteMembershipRules", {"collectionRules": [rule]}),
                ("RequestRefresh", {})):
            path = f"{name}{stays}/AdminService.{action}"
            KEYS[f"{name}({{key}})/AdminService.{action}"] = path
            BODIES[path] = body
    for number, name in enumerate((
            "/wmi/SMS_R_System", "/v1.0/Device", "/wmi/SMS_R_User",
            "/v1.0/User", "/wmi/SMS_R_UserGroup", "/v1.0/UserGroup"), 1):
        path = ADMIN_SERVICE + name
        KEYS[path + "({key})"] = f"{path}({20000000 + number})"
        BODIES[f"{path}({20000000 + number})"] = {}
    deployments = iter(range(21000001, 21000009))
    for name in ("ApplicationAssignment", "CIAssignment", "Advertisement",
                 "ClientSettingsAssignment"):
        for root, place in (("/wmi/SMS_", "SMSDM001"), ("/v1.0/", "SMSDM003")):
            path, number = ADMIN_SERVICE + root + name, next(deployments)
            key, body = {
                "Advertisement": (f"'TST2000{number % 10}'", {
                    "PackageID": "TST20001", "CollectionID": place}),
                "ClientSettingsAssignment": (
                    "ClientSettingsID='TST30001',CollectionID='%s'" % (
                        "SMS00001" if number == 21000007 else "SMS000US"), {
                        "ClientSettingsID": "TST30001",
                        "CollectionID": place})}.get(name, (number, {
                            "ContentKey": application,
                            "TargetCollectionID": place}))
            KEYS[path + "({key})"] = f"{path}({key})"
            BODIES[path] = body
            BODIES[f"{path}({key})"] = {"Enabled": False}
    for number, approval in enumerate(("/wmi/RVE_Approval", "/v1.0/Approval")):
        approval = ADMIN_SERVICE + approval
        for n, action in enumerate(("Approve", "Reject"), 2 * number + 1):
            path = f"{approval}({900000 + n})/AdminService.{action}"
            KEYS[f"{approval}({{key}})/AdminService.{action}"] = path
            BODIES[path] = {}
    BODIES["/reeve/v1/site/approval"] = {"required": False}
    BODIES.update({OWN + "import": {"xml": ROLE_FILE % "file 3"},
                   OWN + "export": {"role_ids": ["SMS0001R"]},
                   OWN + "compare": {"a": "SMS0001R", "b": "SMS0002R"},
                   OWN + "similar": {"role_id": "SMS0002R"},
                   OWN + "for-tasks": {"tasks": ["role.read"]}})
    BODIES["/reeve/v1/import/configmgr"] = {
        "source": "TST", "SMS_Admin": [], "SMS_SecuredCategory": [
            {"CategoryID": "TSU00001", "CategoryName": "comes over"}],
        "SMS_Role": [], "SMS_SecuredCategoryMembership": [],
        "SMS_Collection": []}
    # What is made is 201, what is taken away 204.
    DONE = {}
    for pattern, path in KEYS.items():
        DONE["POST", pattern.removesuffix("({key})")] = 201
        DONE["DELETE", path] = 204
        DONE["POST", path] = 204 if "DeleteAndMove" in path else \
            201 if "Copy" in path else 200
    for path, key in PACKAGES.items():
        DONE.update({("POST", path): 201, ("DELETE", path + key): 204})
    return SimpleNamespace(BODIES=BODIES, KEYS=KEYS, DONE=DONE,
                           PACKAGES=PACKAGES)
