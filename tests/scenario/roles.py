#!/usr/bin/python3 -B
"""Security roles and scopes over REST: made, copied, changed, deleted."""

from lib import fixture, tap, web
from lib.records import audit

WMI = "/AdminService/wmi/"
ROLE, SCOPE = WMI + "SMS_Role", WMI + "SMS_SecuredCategory"
site = fixture.site()
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "dave", "frank", "mallory", "carol")}


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def key(role):
    return f"{ROLE}('{role}')"


def scalar(sql):
    return site.psql(sql).strip()


def has(role):
    """{"31": "Modify,Read"} and so on."""
    return dict(row.split("|") for row in site.psql(
        "SELECT object_type_id, string_agg(o.name, ',' ORDER BY o.name) "
        "FROM reeve.role_operation r JOIN reeve.operation o USING "
        f"(object_type_id, bit) WHERE role_id = '{role}' GROUP BY 1")
        .split("\n") if "|" in row)


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def revision():
    return int(scalar("SELECT n FROM reeve.site_revision"))


def may(who, action, kind):
    return WHO[who].post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": action},
        "resource": {"type": kind, "id": ""}}).json()["decision"]


# ---- A role's life ----------------------------------------------------------

before = revision()
answer = call("alice", "POST", ROLE, {
    "RoleName": "Desk", "RoleDescription": "of the help desk",
    "RoleID": "", "IsBuiltIn": False,
    "Operations": [{"ObjectTypeID": 31, "GrantedOperations": 3},
                   {"ObjectTypeID": 28, "GrantedOperations": 1,
                    "ReeveOperations": ["Read", "Simulate"]}]})
tap.is_(answer.status, 201, "alice makes a role")
DESK = answer.json()["RoleID"]
tap.is_(answer.header("location"), key(DESK), "and is told where it is")
tap.is_(answer.json()["@reeve.revision"], before + 1, "at which revision")
tap.is_(has(DESK), {"31": "Modify,Read", "28": "Read,Simulate"},
        "it has what was asked for")
tap.is_([(r["event"], r["outcome"]) for r in
         audit(site, request_id=answer.header("x-request-id"))],
        [("write", "allow")], "the access stream has it")
rows = call("alice", "GET", ROLE).json()["value"]
tap.is_([r["RoleName"] for r in rows if r["RoleID"] == DESK], ["Desk"],
        "the list shows it")

answer = call("alice", "PATCH", key(DESK),
              {"@odata.etag": "x", "RoleID": DESK, "NumberOfAdmins": 0,
               "RoleDescription": "changed", "IsBuiltIn": False})
tap.is_((answer.status, answer.json()["@reeve.changed"]), (200, 1),
        "what was read may be sent back changed")
entity = call("alice", "GET", key(DESK)).json()
tap.is_(call("alice", "PUT", key(DESK), entity).json()["@reeve.changed"], 0,
        "all of it may be put back as it was")
del entity["RoleDescription"]
answer = call("alice", "PUT", key(DESK), {**entity, "RoleName": "Desk 2"})
tap.is_((answer.status, scalar("SELECT name || ':' || description FROM"
                               " reeve.security_role WHERE "
                               f"role_id = '{DESK}'")), (200, "Desk 2:"),
        "PUT replaces the whole: a new name, and no description")
answer = call("alice", "PUT", key(DESK), {"RoleName": "Desk 3"})
tap.is_((error(answer), "member Operations of the body is missing" in answer.text),
        ((400, "bad_request"), True),
        "but operations are not taken away by leaving them out")
tap.is_(has(DESK), {"31": "Modify,Read", "28": "Read,Simulate"},
        "it has them still")
answer = call("alice", "PATCH", key(DESK), {
    "Operations": [{"ObjectTypeID": 28, "GrantedOperations": 1},
                   {"ObjectTypeID": 31, "GrantedOperations": 2147483649}]})
tap.is_(answer.json()["unknown"],
        [{"ObjectTypeID": 31, "GrantedOperations": 2147483648}],
        "a bit without a meaning is told")
tap.is_(has(DESK), {"31": "Read", "28": "Read,Simulate"},
        "it grants nothing, and high bits stay")
answer = call("alice", "POST", key(DESK) + "/AdminService.SetPermission", {
    "RolePermission": {"Boundaries": "Create,Delete",
                       "application": ["read", "Modify"],
                       "Alert Subscription": "Modify, Set Security Scope"}})
tap.is_(answer.status, 200, "Set-CMSecurityRolePermission by names")
tap.is_(has(DESK), {"28": "Read,Simulate", "31": "Modify,Read",
                    "45": "Create,Delete",
                    "1000003": "Modify,Set Security Scope"},
        "the types that it names change, others do not")

answer = call("alice", "POST", key("SMS0001R") + "/AdminService.Copy",
              {"Name": "Nearly full", "Description": "a copy"})
COPY = answer.json()["RoleID"]
tap.is_((answer.status, has(COPY)), (201, has("SMS0001R")),
        "Copy-CMSecurityRole: a copy of a built-in role has all it has")
tap.is_(scalar("SELECT copied_from_id FROM reeve.security_role WHERE "
               f"role_id = '{COPY}'"), "SMS0001R", "and says from where")
answer = call("alice", "POST", WMI.replace("wmi", "v1.0") + "Role",
              {"RoleName": "By copy", "CopiedFromID": DESK})
tap.is_((answer.status, has(answer.json()["RoleID"])), (201, has(DESK)),
        "the entity's route does the same")

answer = call("alice", "DELETE", key(COPY))
tap.is_((answer.status, answer.body), (204, b""), "a role is deleted")
tap.is_(error(call("alice", "DELETE", key(COPY))), (404, "no_such_object"),
        "once")
tap.is_(scalar("SELECT string_agg(DISTINCT message_id::text, ',' ORDER BY "
               "message_id::text) FROM reeve.admin_audit WHERE message_id "
               "BETWEEN 31200 AND 31209"), "31200,31201,31202",
        "the admin stream has made, changed, deleted")

# ---- What is refused ------------------------------------------------------------

before = revision()
for caller, method, path, body, status, code in (
        ("mallory", "POST", ROLE, {"RoleName": "x"}, 403, "no_assignment"),
        ("bob", "POST", ROLE, {"RoleName": "x"}, 403, "not_permitted"),
        ("bob", "PATCH", key(DESK), {}, 404, "no_such_object"),
        ("bob", "DELETE", key(DESK), None, 404, "no_such_object"),
        ("bob", "DELETE", key("SMS0FFFF"), None, 404, "no_such_object"),
        ("dave", "PATCH", key(DESK), {"RoleName": "y"}, 403,
         "not_permitted"),
        ("dave", "POST", SCOPE, {"CategoryName": "x"}, 403, "not_permitted"),
        # hostile 104: a built-in role
        ("alice", "PATCH", key("SMS000AR"), {"Operations": []}, 409,
         "built_in"),
        ("alice", "DELETE", key("SMS000AR"), None, 409, "built_in"),
        ("alice", "DELETE", f"{SCOPE}('SMS00UNA')", None, 409, "built_in"),
        ("alice", "POST", ROLE, {"RoleName": "Desk 2"}, 409, "name_taken"),
        ("alice", "POST", ROLE, {}, 400, "malformed_name"),
        ("alice", "POST", ROLE, {"RoleName": "x", "Admin": 1}, 400,
         "bad_request"),
        ("alice", "PATCH", key(DESK), {"RoleID": "SMS0001R"}, 400,
         "bad_request"),
        ("alice", "PATCH", ROLE + "(7)", {}, 400, "bad_key"),
        # hostile 1, 97: SQL in a key
        ("alice", "DELETE", ROLE + "('x''%20OR%201=1')", None, 400,
         "bad_key"),
        # hostile 88-92
        ("alice", "POST", ROLE, "[" * 10000, 400, "bad_json"),
        ("alice", "POST", ROLE, '{"RoleName":"a","RoleName":"b"}', 400,
         "bad_json"),
        ("alice", "POST", ROLE, '{"RoleName":"\\ud800"}', 400, "bad_json"),
        ("alice", "POST", ROLE, '{"RoleName":"a\\u0000"}', 400, "bad_json"),
        ("alice", "POST", ROLE, b'{"RoleName":"\xff"}', 400, "bad_json"),
        ("alice", "PATCH", key(DESK), '{"Operations":[{"ObjectTypeID":31,'
         '"GrantedOperations":1e999}]}', 400, "bad_json"),
        ("alice", "PATCH", key(DESK), '{"Operations":[{"ObjectTypeID":31,'
         '"GrantedOperations":9223372036854775808}]}', 400, "bad_json"),
        ("alice", "PATCH", key(DESK), {"Operations": [
            {"ObjectTypeID": 31, "GrantedOperations": 4294967296}]}, 400,
         "bad_request"),
        ("alice", "PATCH", key(DESK), {"Operations": [
            {"ObjectTypeID": 31, "GrantedOperations": -1}]}, 400,
         "bad_request"),
        ("alice", "PATCH", key(DESK), {"Operations": [
            {"ObjectTypeID": 31, "GrantedOperations": 1, "Also": 1}]}, 400,
         "bad_request")):
    more = {"headers": {"Content-Type": "application/json"}} \
        if isinstance(body, (str, bytes)) else {}
    tap.is_(error(call(caller, method, path, body, **more)), (status, code),
            f"{caller} {method} {path[-30:]} {str(body)[:40]}: {code}")
tap.is_(revision(), before, "no refusal took a revision")
answer = call("dave", "POST", ROLE, {"RoleName": "x"})
tap.is_(answer.json()["error"]["@reeve.missing"],
        {"operation": "Create", "type": "SMS_Role",
         "conditions": ["operation"]}, "dave is told what is missing")
answer = call("alice", "DELETE", key("SMS0004R"))
tap.is_(answer.status, 409, "not even alice deletes what is built in")

# ---- Delegation -------------------------------------------------------------------

site.psql(f"""
    BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision();
    WITH given AS (INSERT INTO reeve.assignment (admin_id, role_id)
        SELECT admin_id, '{DESK}' FROM reeve.administrative_user
        WHERE logon_name ~ '^(bob|frank)' RETURNING assignment_id)
    INSERT INTO reeve.assignment_scope SELECT assignment_id, 'RVE00010'
        FROM given; COMMIT""")
answer = call("frank", "POST", key(DESK) + "/AdminService.SetPermission",
              {"RolePermission": {"SMSScript": ["Read"]}})
tap.is_(error(answer), (403, "self_gain"),
        "hostile 101: frank does not widen a role that he has")
tap.is_(has(DESK).get("1000000"), None, "and it is not wider")
answer = call("frank", "PATCH", key(DESK), {"Operations": [
    {"ObjectTypeID": 31, "GrantedOperations": 1}]})
tap.is_(answer.status, 200, "he may take away from it")
tap.is_(may("bob", "Read", "SMS_Admin"), False,
        "which is in force for the next decision")
answer = call("alice", "DELETE", key(DESK))
tap.is_((error(answer), sorted(o["name"].split("@")[0] for o in
                               answer.json()["error"]["@reeve.objects"])),
        ((409, "in_use"), ["bob", "frank"]),
        "a role that somebody has stays, and the answer says who")

# ---- Twice, on a condition, only tried ----------------------------------------------

headers = {"Idempotency-Key": "role-1"}
first = call("alice", "POST", ROLE, {"RoleName": "Once"}, headers=headers)
again = call("alice", "POST", ROLE, {"RoleName": "Once"}, headers=headers)
tap.is_((first.status, again.status, again.json()["RoleID"],
         again.json()["@reeve.replayed"]),
        (201, 201, first.json()["RoleID"], True),
        "a retry with the key does not make two")
ONCE = first.json()["RoleID"]
answer = call("alice", "PATCH", key(ONCE), {"RoleName": "x"},
              headers={"If-Match": '"stale"'})
tap.is_(error(answer), (412, "changed_meanwhile"),
        "hostile 105: the second of two gets 412")
answer = call("alice", "DELETE", key(ONCE) + "?dryRun=true")
tap.is_((answer.status, answer.json()["@reeve.dryRun"],
         answer.json()["effects"][-1]["entity"]),
        (200, True, "security_role"), "a dry run tells what would go")
tap.is_(scalar("SELECT count(*) FROM reeve.security_role WHERE name = 'Once'"),
        "1", "and leaves it")

# ---- Scopes ----------------------------------------------------------------------------

answer = call("alice", "POST", SCOPE,
              {"CategoryName": "Kiosks", "CategoryDescription": "d"})
KIOSKS = answer.json()["CategoryID"]
tap.is_((answer.status, answer.header("location")),
        (201, f"{SCOPE}('{KIOSKS}')"), "New-CMSecurityScope")
tap.is_(call("alice", "PATCH", f"{SCOPE}('{KIOSKS}')",
             {"CategoryName": "Shops"}).status, 200, "Set-CMSecurityScope")
tap.is_((error(call("alice", "PUT", f"{SCOPE}('{KIOSKS}')",
                    {"CategoryDescription": "x"})),
         call("alice", "PUT", f"{SCOPE}('{KIOSKS}')",
              {"CategoryName": "Shops"}).status,
         scalar("SELECT name || ':' || description FROM reeve.security_scope"
                f" WHERE scope_id = '{KIOSKS}'")),
        ((400, "bad_request"), 200, "Shops:"), "PUT replaces the whole")
LEDGER = scalar("SELECT object_key FROM reeve.secured_object "
                "WHERE name = 'Contoso Ledger'")
member = {"ObjectIDs": [LEDGER], "ObjectTypeIDs": [31]}
MEMBERS = WMI + "SMS_SecuredCategoryMembership."
call("alice", "POST", MEMBERS + "AddMemberships",
     {**member, "CategoryIDs": [KIOSKS]})
call("alice", "POST", MEMBERS + "RemoveMemberships",
     {**member, "CategoryIDs": ["RVE00010"]})
answer = call("alice", "DELETE", f"{SCOPE}('{KIOSKS}')")
tap.is_((error(answer), answer.json()["error"]["@reeve.objects"]),
        ((409, "last_scope"), [{"object_type_id": 31, "object_key": LEDGER}]),
        "a scope stays while an object has no other, and they are listed")
answer = call("alice", "POST",
              f"{SCOPE}('{KIOSKS}')/AdminService.DeleteAndMove", {})
tap.is_(error(answer), (400, "bad_request"), "moving needs a goal")
answer = call("alice", "POST",
              f"{SCOPE}('{KIOSKS}')/AdminService.DeleteAndMove",
              {"MoveTo": "RVE00010"})
tap.is_((answer.status, scalar("SELECT string_agg(scope_id, ',') FROM "
                               "reeve.object_scope WHERE object_key = "
                               f"'{LEDGER}'")), (204, "RVE00010"),
        "its objects go where they are sent, and it goes")
answer = call("alice", "DELETE", f"{SCOPE}('RVE00010')")
tap.is_(error(answer), (409, "in_use"), "a scope that somebody has stays")

fixture.finish(site)
