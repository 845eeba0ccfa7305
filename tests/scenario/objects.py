#!/usr/bin/python3 -B
"""Objects over REST, of types in scopes and secured by role: made, changed,
replaced, deleted."""

from lib import fixture, tap, web
from lib.records import audit

WMI, V1 = "/AdminService/wmi/", "/AdminService/v1.0/"
APPLICATION, PACKAGE = WMI + "SMS_Application", WMI + "SMS_Package"
site = fixture.site()
WHO = {name: web.client(site, name) for name in ("alice", "bob", "dave",
                                                 "mallory")}


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision"))


def scopes(answer):
    return [s["CategoryID"] for s in answer.json()["@reeve.scopes"]]


# ---- An application's life --------------------------------------------------

before = revision()
answer = call("bob", "POST", APPLICATION, {
    "LocalizedDisplayName": "Editor", "Manufacturer": "Acme",
    "CIVersion": 3, "IsEnabled": True})
tap.is_((answer.status, scopes(answer)), (201, ["RVE00010"]),
        "bob makes an application, in his scope, and is told which")
tap.is_(answer.json()["@reeve.revision"], before + 1, "at which revision")
PATH = answer.header("location")
tap.is_(PATH, f"{APPLICATION}({answer.json()['CI_ID']})", "and where it is")
tap.is_([(r["event"], r["action"], r["outcome"]) for r in
         audit(site, request_id=answer.header("x-request-id"))],
        [("write", "Create", "allow")], "the access stream has it")
got = call("bob", "GET", PATH)
said = got.json()
tap.is_((got.status, said["LocalizedDisplayName"], said["Manufacturer"],
         said["CIVersion"], said["IsEnabled"], said["CreatedBy"],
         said["SecuredScopeNames"]),
        (200, "Editor", "Acme", 3, True, "bob@LAB.TEST", ["Headquarters"]),
        "it is as he made it")
tap.is_(got.header("etag"), answer.header("etag"), "with the tag he was told")

said["Manufacturer"] = "Acme Ltd"
changed = call("bob", "PATCH", PATH, said,
               headers={"If-Match": got.header("etag")})
tap.is_(changed.status, 200, "what was read may be sent back changed")
again = call("bob", "PATCH", PATH, {"Manufacturer": "x"},
             headers={"If-Match": got.header("etag")})
tap.is_(error(again), (412, "changed_meanwhile"), "not by an old tag")
tap.is_(call("bob", "GET", PATH).json()["Manufacturer"], "Acme Ltd",
        "one change is there, the other is not")
was = call("bob", "GET", PATH).json()
answer = call("bob", "PUT", PATH.replace(APPLICATION, V1 + "Application"),
              {"LocalizedDisplayName": "Editor 2", "CIVersion": 4})
now = call("bob", "GET", PATH).json()
tap.is_((answer.status, answer.json()["Name"], now["LocalizedDisplayName"],
         now["CIVersion"], now["Manufacturer"], now["IsEnabled"]),
        (200, "Editor 2", "Editor 2", 4, None, None),
        "PUT replaces: what it does not say takes its default")
tap.is_([now[name] for name in ("CI_ID", "ModelName", "CreatedBy",
                                "DateCreated", "SecuredScopeNames")],
        [was[name] for name in ("CI_ID", "ModelName", "CreatedBy",
                                "DateCreated", "SecuredScopeNames")],
        "but for what is not the caller's to say")
tap.is_(error(call("bob", "PUT", PATH, {"CIVersion": 5})),
        (400, "malformed_name"), "a name has no default")
was = now
answer = call("bob", "PATCH", PATH, {
    "IsDeployed": not was["IsDeployed"], "NumberOfDeploymentTypes": 77})
now = call("bob", "GET", PATH).json()
tap.is_((answer.status, now["IsDeployed"], now["NumberOfDeploymentTypes"]),
        (200, was["IsDeployed"], was["NumberOfDeploymentTypes"]),
        "what the site derives of it is sent back in vain")
tap.is_(error(call("bob", "PATCH", PATH, {"Properties": {
    "IsDeployed": True}})), (400, "bad_request"),
        "and is none of its properties")
answer = call("bob", "DELETE", PATH + "?dryRun=true")
tap.is_((answer.status, call("bob", "GET", PATH).status), (200, 200),
        "a dry run keeps it")
answer = call("bob", "DELETE", PATH)
tap.is_((answer.status, answer.body), (204, b""), "it is deleted")
tap.is_(error(call("bob", "DELETE", PATH)), (404, "no_such_object"), "once")

# ---- Scopes of what is new ----------------------------------------------------

answer = call("alice", "POST", PACKAGE, {"Name": "Tools"})
tap.is_((answer.status, scopes(answer)), (201, ["SMS00UNA"]),
        "who has All makes objects in Default")
TOOLS = answer.header("location")
tap.like(answer.json()["PackageID"], "^RVE[0-9A-F]{5}$",
         "the site gives the PackageID")
answer = call("alice", "POST", PACKAGE, {
    "Name": "Branch tools", "SecuredScopeNames": ["Branch Offices"],
    "CategoryIDs": ["RVE00012"]})
tap.is_(scopes(answer), ["RVE00011", "RVE00012"], "or where she says")
answer = call("bob", "POST", APPLICATION, {
    "LocalizedDisplayName": "x", "CategoryIDs": ["RVE00011"]})
tap.is_((error(answer), answer.json()["error"]["@reeve.missing"]),
        ((403, "not_permitted"), {"operation": "Create", "type":
                                  "SMS_Application", "conditions": ["scope"]}),
        "bob makes nothing in a scope that is not his")
more = {"headers": {"Idempotency-Key": "one"}}
first = call("alice", "POST", PACKAGE, {"Name": "Once"}, **more)
second = call("alice", "POST", PACKAGE, {"Name": "Once"}, **more)
tap.is_((first.json()["PackageID"], second.json()["@reeve.replayed"]),
        (second.json()["PackageID"], True), "a repetition makes one object")

# ---- Types secured by role ------------------------------------------------------

BOUNDARY, ITEM = WMI + "SMS_Boundary", WMI + "SMS_ConfigurationItem"
more = {"headers": {"Idempotency-Key": "two"}}
tries = [call("alice", "POST", BOUNDARY + dry, {
    "Name": "10.77.0.0/16", "Properties": {"BoundaryType": 3}}, **headers)
    for dry, headers in (("?dryRun=true", {}), ("", more), ("", more))]
tap.is_([a.status for a in tries], [200, 201, 201],
        "alice makes a boundary: tried, made, repeated")
tap.is_(site.psql("SELECT count(*) FROM reeve.secured_object WHERE "
                  "name = '10.77.0.0/16'").strip(), "1", "it is there once")
PATH = tries[1].header("location")
got = call("alice", "GET", PATH)
tap.is_((got.json()["Properties"], got.json()["SecuredScopeNames"]),
        ({"BoundaryType": 3}, []), "with its properties, in no scope")
tap.is_((call("alice", "PATCH", PATH, {"Name": "10.78.0.0/16"}).status,
         error(call("alice", "DELETE", PATH, headers={
             "If-Match": got.header("etag")})),
         call("alice", "DELETE", PATH).status,
         call("alice", "GET", PATH).status),
        (200, (412, "changed_meanwhile"), 204, 404),
        "it is changed, not deleted by an old tag, and deleted")

# ---- Types of their own ------------------------------------------------------------

ROLE = call("alice", "POST", WMI + "SMS_Role", {
    "RoleName": "Items", "Operations": [
        {"ObjectTypeID": 11, "GrantedOperations": 1031},
        {"ObjectTypeID": 52, "GrantedOperations": 1}]}).header("location")
call("alice", "POST", WMI + "SMS_Admin", {
    "LogonName": "LAB\\olga", "RoleNames": ["Items"],
    "CategoryNames": ["Headquarters"]})
WHO["olga"] = web.client(site, "olga")
PROFILE = {"LocalizedDisplayName": "Profile",
           "Properties": {"OwnObjectTypeID": 52}}
answer = call("olga", "POST", ITEM, PROFILE)
tap.is_((error(answer), answer.json()["error"]["@reeve.missing"]["operation"],
         answer.json()["error"]["@reeve.missing"]["type"]),
        ((403, "not_permitted"), "Author Policy",
         "SMS_UserStateManagementSettings"),
        "olga is no author of profiles, and told so")
answer = call("alice", "POST", ITEM, {
    **PROFILE, "SecuredScopeNames": ["Headquarters"]})
PATH = answer.header("location")
tap.is_((answer.status, answer.json()["Properties"]),
        (201, {"OwnObjectTypeID": 52}), "alice makes one, which says so")
tap.is_([error(call("olga", "PATCH", PATH, {"LocalizedDisplayName": "x"})),
         error(call("olga", "PUT", PATH, {"LocalizedDisplayName": "x"})),
         error(call("olga", "DELETE", PATH))], [(403, "not_permitted")] * 3,
        "olga sees it, and writes it not")
tap.is_(error(call("alice", "PATCH", PATH, {"Properties": {
    "OwnObjectTypeID": 59}})), (400, "another_type"), "it stays what it is")
OLGA = {"type": "user", "id": "olga@LAB.TEST"}
KEY = site.psql("SELECT object_key FROM reeve.secured_object"
                " WHERE properties ->> 'OwnObjectTypeID' = '52'").strip()


def question(operation, key=KEY):
    return {"subject": OLGA, "action": {"name": operation},
            "resource": {"type": "SMS_ConfigurationItem", "id": key}}


def ask(path, body):
    return call("olga", "POST", path, body).json()


def questions():
    """What olga is told that she may do with the profile: by a decision,
    as one of those she may change, one of her operations on it, one of those
    who may."""
    searched = [ask("/access/v1/search/" + kind, body) for kind, body in (
        ("resource", {"subject": OLGA, "action": {"name": "Modify"},
                      "resource": {"type": "SMS_ConfigurationItem"}}),
        ("action", question("Modify")))]
    with_names = [r.get("name") or r["id"] for s in searched
                  for r in s["results"]]
    who = call("alice", "POST", "/access/v1/search/subject", {
        **question("Modify"), "subject": {"type": "user"}}).json()
    return (ask("/access/v1/evaluation", question("Modify"))["decision"],
            KEY in with_names, "Modify" in with_names,
            any("olga" in r["id"] for r in who["results"]))


tap.is_(questions(), (False,) * 4, "no question says that she may")
tap.is_(ask("/access/v1/evaluation", question("Read"))["decision"], True,
        "but that she may read it")
answer = ask("/access/v1/evaluation", question("Delete"))["context"]["missing"]
tap.is_((answer["type"], answer["operation"], answer["conditions"]),
        ("SMS_UserStateManagementSettings", "Author Policy", ["operation"]),
        "and what is missing is what the write says")
tap.ok(ask("/reeve/v1/explain", question("Modify"))["sentence"].startswith(
    f"You may not Modify the SMS_ConfigurationItem {KEY}: that needs Author"
    " Policy of SMS_UserStateManagementSettings besides, and one of your"
    " roles does not hold it"), "as does the sentence")
call("alice", "PATCH", ROLE, {"Operations": [
    {"ObjectTypeID": 11, "GrantedOperations": 1031},
    {"ObjectTypeID": 52, "GrantedOperations": 1048577}]})
tap.is_(questions(), (True,) * 4, "an author of profiles is told so")
tap.is_((call("olga", "PUT", PATH, {"LocalizedDisplayName": "Hers"}).status,
         call("olga", "GET", PATH).json()["Properties"],
         call("olga", "DELETE", PATH).status),
        (200, {"OwnObjectTypeID": 52}, 204), "as an author she does")

# ---- What is refused ------------------------------------------------------------

before = revision()
for caller, method, path, body, status, code in (
        ("mallory", "POST", PACKAGE, {"Name": "x"}, 403, "no_assignment"),
        ("bob", "POST", PACKAGE, {"Name": "x"}, 403, "not_permitted"),
        ("bob", "PATCH", TOOLS, {"Name": "x"}, 404, "no_such_object"),
        ("bob", "DELETE", TOOLS, None, 404, "no_such_object"),
        ("bob", "DELETE", PACKAGE + "('RVE0FFFF')", None, 404,
         "no_such_object"),
        ("dave", "PATCH", TOOLS, {"Name": "x"}, 403, "not_permitted"),
        ("dave", "DELETE", TOOLS, None, 403, "not_permitted"),
        ("alice", "POST", PACKAGE, {}, 400, "malformed_name"),
        ("alice", "POST", PACKAGE, {"Name": 7}, 400, "bad_request"),
        ("alice", "POST", PACKAGE, {"Name": "x", "Admin": 1}, 400,
         "bad_request"),
        ("alice", "POST", PACKAGE, {"Name": "x", "CategoryIDs": ["x"]}, 400,
         "unknown_category"),
        ("alice", "POST", PACKAGE, {"Name": "x", "CategoryIDs":
                                    ["SMS00ALL"]}, 400, "scope_all"),
        ("alice", "PATCH", TOOLS, {"PackageID": "RVE00001"}, 400,
         "another_key"),
        ("alice", "PATCH", TOOLS, {"SecuredScopeNames": ["Laboratory"]}, 400,
         "scopes_elsewhere"),
        ("alice", "POST", APPLICATION, {"LocalizedDisplayName": "x",
                                        "CIVersion": "3"}, 400,
         "bad_request"),
        ("alice", "PATCH", PACKAGE + "(7)", {}, 400, "bad_key"),
        # hostile 1, 97: SQL in a key
        ("alice", "DELETE", PACKAGE + "('x''%20OR%201=1')", None, 404,
         "no_such_object"),
        # hostile 88-92
        ("alice", "POST", PACKAGE, "[" * 10000, 400, "bad_json"),
        ("alice", "POST", PACKAGE, '{"Name":"a","Name":"b"}', 400,
         "bad_json"),
        ("alice", "POST", PACKAGE, '{"Name":"a\\u0000"}', 400, "bad_json"),
        ("alice", "POST", PACKAGE, b'{"Name":"\xff"}', 400, "bad_json"),
        # Classes that are written elsewhere, or not at all
        ("mallory", "POST", WMI + "SMS_Boundary", {"Name": "x"}, 403,
         "no_assignment"),
        ("alice", "POST", WMI + "SMS_Boundary", {
            "Name": "x", "SecuredScopeNames": ["Headquarters"]}, 400,
         "not_scoped"),
        ("mallory", "PATCH", WMI + "SMS_Boundary('1')", {"Name": "x"}, 404,
         "no_such_object"),
        ("dave", "DELETE", WMI + "SMS_Boundary('1')", None, 403,
         "not_permitted"),
        ("alice", "POST", WMI + "SMS_StatusMessage", {}, 405,
         "method_not_allowed"),
        ("alice", "POST", WMI + "RVE_EnforcementPoint", {"Name": "x"}, 404,
         "unknown_class"),
        ("alice", "PUT", WMI + "SMS_R_System(16777217)", {"Name": "x"},
         405, "method_not_allowed"),
        ("alice", "POST", WMI + "SMS_Nothing", {}, 404, "unknown_class"),
        ("alice", "POST", WMI + "SMS_DistributionPointInfo", {"Name": "x"},
         400, "op_not_applicable"),
        ("alice", "POST", WMI + "SMS_Package",
         {"Name": "x", "Properties": {"FolderID": "5"}},
         400, "bad_request")):
    more = {"headers": {"Content-Type": "application/json"}} \
        if isinstance(body, (str, bytes)) else {}
    tap.is_(error(call(caller, method, path, body, **more)), (status, code),
            f"{caller} {method} {path[-30:]} {str(body)[:40]}: {code}")
tap.is_(revision(), before, "no refusal took a revision")
tap.is_(call("alice", "POST", WMI + "SMS_StatusMessage", {}).header("allow"),
        "GET, HEAD", "405 names what there is")
tap.is_(call("alice", "GET", TOOLS).json()["Name"], "Tools",
        "and nothing changed")

fixture.finish(site)
