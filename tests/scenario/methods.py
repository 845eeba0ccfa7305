#!/usr/bin/python3 -B
"""Methods of SMS_RbacSecuredObject: what one may do, where, and who else."""

from lib import fixture, tap, web
from lib.records import audit

SECURED = "/AdminService/wmi/SMS_RbacSecuredObject."
site = fixture.site()
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "carol", "mallory")}
READ, MODIFY, DELETE, REMOTE_CONTROL, READ_RESOURCE, CREATE = (
    1, 2, 4, 32, 4096, 1024)


def call(who, method, status=200, **body):
    answer = WHO[who].post(SECURED + method, body)
    tap.is_(answer.status, status, f"{who}: {method} {body}")
    return answer.json()


def has(who, path, mask):
    said = call(who, "UserHasPermissions", ObjectPath=path, Permissions=mask)
    tap.is_(said["ReturnValue"], said["Permissions"] == mask,
            "true for all that was asked")
    return said["Permissions"]


def error(answer):
    return {k: v for k, v in answer["error"].items()
            if k != "@reeve.request_id"}


# ---- UserHasPermissions -------------------------------------------------------------

mine, other = [line.split("|") for line in site.psql("""
    SELECT object_key, properties ->> 'CI_ID' FROM reeve.secured_object
    WHERE object_type_id = 31 AND name IN ('Contoso Ledger', 'Point of Sale')
    ORDER BY name""").splitlines()]
for path in (f'SMS_Application.CI_ID={mine[1]}',
             f'SMS_Application.ModelName="{mine[0]}"',
             f"SMS_Application({mine[1]})", f"sms_application('{mine[0]}')",
             f'\\\\srv\\root\\SMS\\site_RVE:SMS_Application.CI_ID={mine[1]}'):
    tap.is_(has("bob", path, READ | MODIFY | REMOTE_CONTROL), READ | MODIFY,
            "bob has his part of it")
tap.is_(has("bob", f"SMS_Application.CI_ID={mine[1]}", READ | MODIFY),
        READ | MODIFY, "and all of what he has")
for path in (f"SMS_Application({other[1]})", "SMS_Application(99999999)",
             f"SMS_Application('{other[0]}')", "SMS_Application('none')"):
    tap.is_(has("bob", path, READ), 0, "nothing on others', nor on none")
tap.is_(has("bob", "SMS_Application", CREATE | READ), CREATE,
        "of a class alone, what needs no object")
tap.is_(has("carol", "SMS_R_System(16777217)",
            READ | REMOTE_CONTROL | READ_RESOURCE | DELETE),
        READ | REMOTE_CONTROL | READ_RESOURCE, "devices are resources")
tap.is_(has("carol", "SMS_G_System_OPERATING_SYSTEM.ResourceID=16777217",
            READ_RESOURCE), READ_RESOURCE, "and so is their inventory")
tap.is_(has("carol", "SMS_R_System(16777571)", READ), 0,
        "those of her collections")
tap.is_(has("alice", "SMS_ObjectContainerNode.FolderGuid='" + site.psql(
    "SELECT min(object_key) FROM reeve.secured_object "
    "WHERE object_type_id = 226").strip() + "'", READ), READ,
        "folders by their own key")
tap.is_(has("alice", "SMS_ObjectContainerNode(" + site.psql(
    "SELECT min(properties ->> 'ContainerNodeID') FROM reeve.secured_object "
    "WHERE object_type_id = 226").strip() + ")", READ), READ,
        "and by the number of URLs")
tap.is_(has("mallory", "SMS_Role('SMS0001R')", READ), 0, "nobody has nothing")
for body in ({"Permissions": 1}, {"ObjectPath": "SMS_Role"},
             {"ObjectPath": "SMS_Nothing", "Permissions": 1},
             {"ObjectPath": "SMS_Role.RoleName='x'", "Permissions": 1},
             {"ObjectPath": "SMS_Permission('x')", "Permissions": 1},
             {"ObjectPath": "SMS_APermission", "Permissions": 1},
             {"ObjectPath": "SMS_Role' OR '1'='1", "Permissions": 1},
             {"ObjectPath": ["SMS_Role"], "Permissions": 1},
             {"ObjectPath": "SMS_Role\0", "Permissions": 1},
             {"ObjectPath": "SMS_Role(" + "9" * 2000 + ")", "Permissions": 1},
             {"ObjectPath": "SMS_Role", "Permissions": 0},
             {"ObjectPath": "SMS_Role", "Permissions": -1},
             {"ObjectPath": "SMS_Role", "Permissions": 2 ** 32},
             {"ObjectPath": "SMS_Role", "Permissions": 1.0},
             {"ObjectPath": "SMS_Role", "Permissions": "1"},
             {"ObjectPath": "SMS_Role", "Permissions": 1, "Subject": "bob"}):
    call("alice", "UserHasPermissions", 400, **body)
answer = WHO["bob"].post(SECURED + "UserHasPermissions", {
    "ObjectPath": f"SMS_Application({mine[1]})", "Permissions": READ})
record = audit(site, request_id=answer.header("x-request-id"))
tap.is_([(r["event"], r["outcome"], r["action"]) for r in record],
        [("decision", "allow", "UserHasPermissions")], "it is in the log")

# ---- GetCollectionsWithResourcePermissions ------------------------------------------------


def collections(who, resource, mask):
    return call(who, "GetCollectionsWithResourcePermissions",
                ResourceID=resource, Permissions=mask)["CollectionIDs"]


tap.is_(collections("alice", 16777217, READ),
        ["RVE00014", "RVE00015", "RVE00017", "SMS00001", "SMSDM003"],
        "alice: every collection that has the device")
tap.is_(collections("carol", 16777217, REMOTE_CONTROL),
        ["RVE00015", "RVE00017"], "carol: hers, and what is limited to it")
tap.is_(collections("carol", 16777217, REMOTE_CONTROL | DELETE), [],
        "none with all of what she has not")
tap.is_(collections("carol", 16777571, READ), [], "not of others' devices")
tap.is_(collections("alice", 4294967295, READ), [], "nor of none")
tap.is_(collections("mallory", 16777217, READ), [], "mallory: none")
for body in ({"ResourceID": "16777217", "Permissions": 1},
             {"ResourceID": 0, "Permissions": 1}, {"Permissions": 1},
             {"ResourceID": 2 ** 32, "Permissions": 1},
             {"ResourceID": 1, "Permissions": 1, "x": 1}):
    call("alice", "GetCollectionsWithResourcePermissions", 400, **body)

# ---- GetAvailableScopes --------------------------------------------------------------------


def scopes(who, roles, kind=29):
    said = call(who, "GetAvailableScopes", RoleIDs=roles, ScopeTypeID=kind)
    tap.is_(len(said["ScopeNames"]), len(said["ScopeIDs"]), "each has a name")
    return said["ScopeIDs"]


ALL = ["RVE00010", "RVE00011", "RVE00012", "SMS00ALL", "SMS00UNA"]
tap.is_(scopes("alice", ["SMS0001R", "SMS0003R"]), ALL, "alice: all")
tap.is_(scopes("carol", ["SMS0003R"]), ["SMS00UNA"],
        "carol: where she has all of a role's operations")
tap.is_(scopes("carol", ["SMS0003R", "SMS0008R"]), [],
        "and of each role, if there are several")
tap.is_(scopes("carol", ["SMS0003R"], 1),
        ["RVE00015", "RVE00017", "RVE00018"],
        "collections, with those limited to them")
tap.is_(scopes("carol", []), ["SMS00UNA"], "without roles: all of hers")
tap.is_(scopes("alice", ["XXX00000"]), [], "of no role, nowhere")
tap.is_(scopes("mallory", []), [], "mallory: nowhere")
for body in ({}, {"RoleIDs": "SMS0001R"}, {"RoleIDs": [1]},
             {"RoleIDs": ["SMS0001R\"}"]}, {"RoleIDs": ["sms0001r"]},
             {"RoleIDs": ["SMS0001R"] * 1001},
             {"RoleIDs": [], "ScopeTypeID": 28},
             {"RoleIDs": [], "ScopeTypeID": "29"}):
    call("alice", "GetAvailableScopes", 400, **body)

# ---- GetUserList ----------------------------------------------------------------------------


def users(path):
    said = call("alice", "GetUserList", ObjectPath=path)
    tap.is_(said["@reeve.more"], False, "all of them")
    return dict(zip(said["UserNames"], said["PermittedOperations"]))


found = users(f"SMS_Application.CI_ID={mine[1]}")
tap.ok({"alice@LAB.TEST", "bob@LAB.TEST"} <= set(found)
       and "carol@LAB.TEST" not in found, "who may do something with it")
tap.is_(found["alice@LAB.TEST"], int(site.psql(
    "SELECT sum(1::bigint << bit) FROM reeve.operation "
    "WHERE object_type_id = 31 AND bit < 32")), "alice: everything")
tap.ok(found["bob@LAB.TEST"] & (READ | MODIFY) == READ | MODIFY
       and found["bob@LAB.TEST"] & REMOTE_CONTROL == 0, "bob: his part")
tap.ok(users("SMS_R_System(16777217)")["carol@LAB.TEST"]
       & REMOTE_CONTROL != 0, "and of a device")
for who in ("bob", "carol", "mallory"):
    said = call(who, "GetUserList", 403,
                ObjectPath=f"SMS_Application({mine[1]})")
    tap.is_(said["error"]["@reeve.missing"]["operation"], "Simulate",
            f"{who} may not ask about others")
call("alice", "GetUserList", 404, ObjectPath="SMS_Application('none')")
call("alice", "GetUserList", 400, ObjectPath="SMS_Nothing('none')")

fixture.finish(site)
