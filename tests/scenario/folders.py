#!/usr/bin/python3 -B
"""Folders over REST, and moving what lies in them: by whom, and whither.

Olga has all about folders of applications in Headquarters, Ivan (a deployer of
the branches) the same in the branches, Judy what Olga has but in two
assignments, Heidi may only see all of it.
"""

import time

from lib import fixture, tap, web
from lib.records import audit

WMI, V1 = "/AdminService/wmi/", "/AdminService/v1.0/"
NODE, ITEM = WMI + "SMS_ObjectContainerNode", WMI + "SMS_ObjectContainerItem"
site = fixture.site()
ALICE = web.client(site, "alice")
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER, SALE, VIEWER = (APPS[n] for n in ("Contoso Ledger", "Point of Sale",
                                          "Remote Access Client"))


def person(name, *rights):
    """An administrative user with roles made of types and masks, in scopes."""
    permissions = []
    for number, (operations, scopes) in enumerate(rights):
        role = ALICE.post(WMI + "SMS_Role", {
            "RoleName": f"{name} {number}", "Operations": [
                {"ObjectTypeID": t, "ReeveOperations": names}
                for t, names in operations.items()]})
        assert role.status == 201, role.body
        permissions += [{"RoleID": role.json()["RoleID"], "CategoryID": s,
                         "CategoryTypeID": 29} for s in scopes]
    answer = ALICE.post(WMI + "SMS_Admin", {
        "LogonName": f"LAB\\{name}", "Permissions": permissions})
    assert answer.status == 201, answer.body
    return web.client(site, name)


FOLDER = ["Read", "Create", "Modify", "Delete"]
MOVING = ["Read", "Move Object", "Modify Folder"]
HQ, BRANCH = "RVE00010", "RVE00011"
WHO = {
    "alice": ALICE, "mallory": web.client(site, "mallory"),
    "olga": person("olga", ({226: FOLDER, 31: MOVING}, [HQ])),
    "ivan": person("ivan", ({226: FOLDER, 31: MOVING}, [BRANCH])),
    "judy": person("judy", ({226: FOLDER, 31: ["Read"]}, [HQ]),
                   ({226: ["Read"], 31: MOVING}, [HQ])),
    "heidi": person("heidi", ({226: ["Read"], 31: ["Read"]}, [HQ, BRANCH])),
}


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def lacks(answer):
    missing = answer.json()["error"]["@reeve.missing"]
    return missing["type"], missing["operation"]


def number(path):
    return int(path[path.index("(") + 1:-1])


def folder(caller, name, parent=0, **more):
    """A folder for applications: its path."""
    answer = call(caller, "POST", NODE, {
        "Name": name, "ObjectType": 31, "ParentContainerNodeID": parent,
        **more})
    assert answer.status == 201, answer.body
    return answer.header("location")


def move(caller, keys, source, target, kind=31, path=ITEM + ".MoveMembers",
         **more):
    return call(caller, "POST", path, {
        "InstanceKeys": keys, "ContainerNodeID": source,
        "TargetContainerNodeID": target, "ObjectType": kind}, **more)


def place(key):
    """The ContainerNodeID of what an application lies in; 0 at the root."""
    rows = ALICE.get(f"{ITEM}?$filter=InstanceKey%20eq%20'{key}'").json()
    return rows["value"][0]["ContainerNodeID"] if rows["value"] else 0


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision"))


# ---- A folder's life ----------------------------------------------------------

before = revision()
answer = call("olga", "POST", NODE, {"Name": "Office", "ObjectType": 31})
OFFICE = answer.header("location")
made = answer.json()
tap.is_((answer.status, OFFICE, made["Name"], made["ObjectTypeName"],
         made["ParentContainerNodeID"], made["SecuredScopeNames"]),
        (201, f"{NODE}({made['ContainerNodeID']})", "Office",
         "SMS_Application", 0, ["Headquarters"]),
        "olga makes a folder, in her scope")
tap.is_([(r["event"], r["action"], r["outcome"], r["policy_revision"])
         for r in audit(site, request_id=answer.header("x-request-id"))],
        [("write", "Create", "allow", before + 1)],
        "the access stream has it, with its revision")
got = call("olga", "GET", OFFICE)
tap.is_((got.status, got.header("etag")), (200, answer.header("etag")),
        "with the tag that she was told")
said = got.json()
said["Name"] = "Offices"
tap.is_(call("olga", "PATCH", OFFICE, said, headers={
    "If-Match": got.header("etag")}).status, 200,
    "what was read may be sent back changed")
tap.is_([error(call("olga", method, OFFICE, {"Name": "x"}, headers={
    "If-Match": got.header("etag")})) for method in ("PATCH", "PUT", "DELETE")],
    [(412, "changed_meanwhile")] * 3, "not by an old tag")
FINANCE = folder("olga", "Finance", number(OFFICE))
tap.is_(call("olga", "GET", FINANCE).json()["ParentContainerNodeID"],
        number(OFFICE), "a folder in a folder")
V1_FINANCE = FINANCE.replace(NODE, V1 + "ObjectContainerNode")
answer = call("olga", "PUT", V1_FINANCE, {"Name": "Accounting"})
tap.is_((answer.status,
         call("olga", "GET", FINANCE).json()["ParentContainerNodeID"]),
        (200, 0), "PUT replaces: without a parent it is at the root")
tap.is_(call("olga", "PATCH", FINANCE, {
    "ParentContainerNodeID": number(OFFICE)}).status, 200, "PATCH puts it back")

# ---- Tried, repeated, in a group --------------------------------------------------

before = revision()
dry = call("olga", "POST", NODE + "?dryRun=true",
           {"Name": "Tried", "ObjectType": 31})
tap.is_((dry.status, dry.json()["@reeve.dryRun"], revision()),
        (200, True, before), "a dry run makes none")
keyed = [call("olga", "POST", NODE, {"Name": "Once", "ObjectType": 31},
              headers={"Idempotency-Key": "one"}) for _ in range(2)]
tap.is_(([a.status for a in keyed], keyed[0].header("location"), site.psql(
    "SELECT count(*) FROM reeve.secured_object WHERE name = 'Once'").strip()),
    ([201, 201], keyed[1].header("location"), "1"),
    "a repetition makes one folder")
ONCE = keyed[0].header("location")


def group(*requests):
    answer = call("olga", "POST", WMI + "$batch", {"requests": [
        {"id": str(i), "atomicityGroup": "g", "method": method, "url": url,
         "body": body} for i, (method, url, body) in enumerate(requests)]})
    return [one["status"] for one in answer.json()["responses"]]


MOVE = {"InstanceKeys": [VIEWER], "ContainerNodeID": place(VIEWER),
        "TargetContainerNodeID": number(OFFICE), "ObjectType": 31}
before = revision()
tap.is_(max(group(
    ("PATCH", ONCE, {"Name": "Twice"}),
    ("POST", "SMS_ObjectContainerItem.MoveMembers", MOVE))) >= 400, True,
    "a group in which olga may do one of two things")
tap.is_((revision(), call("olga", "GET", ONCE).json()["Name"]),
        (before, "Once"), "does neither")
move("alice", [VIEWER], place(VIEWER), 0)
MOVE["ContainerNodeID"] = 0
before = revision()
tap.is_(group(("PATCH", ONCE, {"Name": "Twice"}),
              ("POST", "SMS_ObjectContainerItem.MoveMembers", MOVE)),
        [200, 200], "when she may do both")
tap.is_((revision(), place(VIEWER)), (before + 1, number(OFFICE)),
        "they are done in one revision")
tap.is_(call("olga", "DELETE", ONCE).status, 204, "it is deleted")
tap.is_(error(call("olga", "DELETE", ONCE)), (404, "no_such_object"), "once")

# ---- Moving -------------------------------------------------------------------------

move("alice", [LEDGER], place(LEDGER), 0)
REMOTE = folder("ivan", "Remote")
PARCELS = call("alice", "POST", NODE, {
    "Name": "Parcels", "ObjectTypeName": "SMS_Package",
    "SecuredScopeNames": ["Headquarters"]}).header("location")
answer = move("olga", [LEDGER], 0, number(FINANCE))
tap.is_((answer.status, answer.json()["ReturnValue"], answer.json()["moved"],
         place(LEDGER)), (200, 0, 1, number(FINANCE)),
        "olga moves an application of hers")
tap.is_([(r["event"], r["action"], r["outcome"],
          [i[3] for i in r["items"]])
         for r in audit(site, request_id=answer.header("x-request-id"))],
        [("write", "MoveMembers", "allow", [LEDGER])],
        "the access stream has it, with what was moved")
for path in (ITEM + "/AdminService.MoveMembers",
             V1 + "ObjectContainerItem.MoveMembers",
             V1 + "ObjectContainerItem/AdminService.MoveMembers"):
    tap.is_([move("olga", [LEDGER], number(a), number(b), path=path).status
             for a, b in ((FINANCE, OFFICE), (OFFICE, FINANCE))], [200, 200],
            f"and by {path[14:]}")
before = revision()
tap.is_(move("olga", [LEDGER], number(FINANCE), number(OFFICE),
             path=ITEM + ".MoveMembers?dryRun=true").json()["@reeve.dryRun"],
        True, "a dry run of a move")
keyed = [move("olga", [LEDGER], number(FINANCE), number(OFFICE), headers={
    "Idempotency-Key": "two"}) for _ in range(2)]
tap.is_([(a.status, a.json()["@reeve.replayed"]) for a in keyed],
        [(200, False), (200, True)], "and one that is repeated")
tap.is_((revision(), place(LEDGER)), (before + 1, number(OFFICE)),
        "is done once")

# ---- Collections, and many at once ---------------------------------------------

DEVICES = call("alice", "POST", NODE, {
    "Name": "Devices", "ObjectType": 5000}).header("location")
tap.is_((move("alice", ["RVE00014", "RVE00015"], 0, number(DEVICES),
              5000).json()["moved"], place("RVE00014"),
         ALICE.get(WMI + "SMS_Collection('RVE00014')").status),
        (2, number(DEVICES), 200), "collections are moved as well")
site.psql("""SET ROLE reeve_owner; SET search_path = reeve, public;
BEGIN; SELECT take_revision();
INSERT INTO secured_object (object_type_id, object_key, name)
SELECT 31, 'many' || i, 'many ' || i FROM generate_series(1, 200) i;
INSERT INTO object_scope SELECT 31, 'many' || i, 'RVE00010'
FROM generate_series(1, 200) i; COMMIT""")
MANY = [f"many{i}" for i in range(1, 201)]
answer = move("olga", MANY, 0, number(FINANCE), headers={
    "Idempotency-Key": "many"})
tap.is_((answer.status, answer.json()["moved"]), (200, 200),
        "200 applications in one revision")
# ---- What is refused ---------------------------------------------------------------

OF = number(OFFICE)
before = revision()
for caller, keys, source, target, kind, status, code, what in (
        ("olga", [SALE], 0, OF, 31, 404, "no_such_object",
         "what she cannot see"),
        ("olga", ["nothing"], 0, OF, 31, 404, "no_such_object",
         "what there is not"),
        ("olga", [LEDGER, SALE], OF, 0, 31, 404, "no_such_object",
         "all or nothing"),
        ("olga", [LEDGER], OF, number(REMOTE), 31, 404, "no_such_object",
         "into a folder that she cannot see"),
        ("olga", [LEDGER], OF, 5, 31, 404, "no_such_object",
         "into a folder that there is not"),
        ("olga", [LEDGER], 0, OF, 31, 409, "not_in_folder",
         "from where it does not lie"),
        ("olga", [LEDGER], OF, number(PARCELS), 31, 409, "another_type",
         "into a folder for packages"),
        ("heidi", [LEDGER], OF, 0, 31, 403, "not_permitted",
         "who may only see it"),
        ("mallory", [LEDGER], OF, 0, 31, 404, "no_such_object", "mallory"),
        ("alice", ["SMS0001R"], 0, OF, 27, 400, "op_not_applicable", "roles"),
        ("alice", [], OF, 0, 31, 400, "bad_request", "nothing at all"),
        ("alice", ["x"] * 501, OF, 0, 31, 400, "bad_request", "too much"),
        ("alice", [7], OF, 0, 31, 400, "bad_request", "a number"),
        ("alice", [LEDGER], OF, "0", 31, 400, "bad_request",
         "a text for a number"),
        # hostile 1: SQL in a key
        ("alice", ["x' OR 1=1 --"], OF, 0, 31, 404, "no_such_object",
         "SQL for a key"),
        ("alice", [LEDGER], OF, 2 ** 62, 31, 400, "malformed_folder",
         "a number of no folder")):
    tap.is_(error(move(caller, keys, source, target, kind)), (status, code),
            f"{caller} moves {what}: {code}")
tap.is_(move("olga", [SALE], 0, OF).json()["error"]["message"],
        move("olga", ["nothing"], 0, OF).json()["error"]["message"],
        "hidden and missing are one answer")
for caller, method, path, body, status, code in (
        ("olga", "POST", NODE, {"CategoryIDs": [BRANCH]}, 403,
         "not_permitted"),
        ("olga", "POST", NODE, {"ObjectType": 2}, 403, "not_permitted"),
        ("olga", "POST", NODE, {"ParentContainerNodeID": number(REMOTE)}, 404,
         "no_such_object"),
        ("olga", "POST", NODE, {"ParentContainerNodeID": number(PARCELS)},
         409, "another_type"),
        ("heidi", "POST", NODE, {}, 403, "not_permitted"),
        ("mallory", "POST", NODE, {}, 403, "no_assignment"),
        ("ivan", "PATCH", OFFICE, {}, 404, "no_such_object"),
        ("ivan", "DELETE", OFFICE, None, 404, "no_such_object"),
        ("heidi", "PATCH", OFFICE, {}, 403, "not_permitted"),
        ("heidi", "DELETE", OFFICE, None, 403, "not_permitted"),
        ("olga", "PATCH", FINANCE, {"ParentContainerNodeID": number(REMOTE)},
         404, "no_such_object"),
        ("olga", "PATCH", OFFICE, {"ParentContainerNodeID": number(FINANCE)},
         409, "circular_dependency"),
        ("olga", "PATCH", OFFICE, {"ParentContainerNodeID": OF}, 409,
         "circular_dependency"),
        ("olga", "PATCH", OFFICE, {"ObjectType": 2}, 400, "another_type"),
        ("olga", "PATCH", OFFICE, {"FolderGuid": "x"}, 400, "another_key"),
        ("olga", "PATCH", OFFICE, {"SecuredScopeNames": ["Laboratory"]}, 400,
         "scopes_elsewhere"),
        ("olga", "PATCH", OFFICE, {"Colour": "red"}, 400, "bad_request"),
        ("olga", "PATCH", NODE + "('x')", {}, 400, "bad_key"),
        ("olga", "DELETE", NODE + "(7)", None, 404, "no_such_object"),
        ("alice", "POST", NODE, {"ObjectType": 45}, 400, "op_not_applicable"),
        ("alice", "POST", NODE, {"SearchFolder": True}, 400,
         "search_folder")):
    if body is not None:
        body = {"Name": "x", **({"ObjectType": 31} if method == "POST"
                                else {}), **body}
    tap.is_(error(call(caller, method, path, body)), (status, code),
            f"{caller} {method} {path[30:]} {body}: {code}")

# Judy has each half by an assignment of its own, and no one has both.
for answer, missing in (
        (call("judy", "POST", NODE, {"Name": "x", "ObjectType": 31}),
         {("SMS_Application", "Modify Folder"),
          ("SMS_ObjectContainerNode", "Create")}),
        (call("judy", "PATCH", OFFICE, {"Name": "x"}),
         {("SMS_Application", "Modify Folder"),
          ("SMS_ObjectContainerNode", "Modify")}),
        (call("judy", "DELETE", OFFICE),
         {("SMS_Application", "Modify Folder"),
          ("SMS_ObjectContainerNode", "Delete")})):
    tap.is_((error(answer), lacks(answer) in missing),
            ((403, "not_permitted"), True), "two halves are no whole")
tap.is_(revision(), before, "no refusal took a revision")
tap.is_(move("judy", [LEDGER], OF, 0).status, 200,
        "where one of her assignments has all, judy moves")
move("judy", [LEDGER], 0, OF)

# ---- What holds a folder -------------------------------------------------------------

answer = call("olga", "DELETE", OFFICE)
tap.is_((error(answer), sorted(o["name"] for o in answer.json()["error"][
    "@reeve.objects"])), ((409, "not_empty"), [
        "Accounting", "Contoso Ledger", "Remote Access Client"]),
    "a folder with something in it stays, and what it is, is said")
HERS = folder("olga", "Hers")
move("alice", [SALE], place(SALE), number(HERS))
answer = call("olga", "DELETE", HERS)
tap.is_((error(answer), answer.json()["error"].get("@reeve.objects", [])),
        ((409, "not_empty"), []), "what she cannot see, neither")
tap.is_("Point of Sale" in str(answer.body), False, "by no word")

with open(site.provider.log, encoding="utf-8") as log:
    tap.is_([line for line in log if "cannot be followed" in line
             and "a removal takes a full load" not in line], [],
            "the change feed of all of it is followed")

# ---- 10 000 deep ------------------------------------------------------------------------

site.psql("""SET ROLE reeve_owner; SET search_path = reeve, public;
BEGIN; SELECT take_revision();
INSERT INTO secured_object (object_type_id, object_key, name, folder_id,
    properties)
SELECT 226, 'deep' || i, 'deep ' || i, CASE WHEN i > 1 THEN 'deep' || i - 1
    END, '{"ObjectType":31}' FROM generate_series(1, 10000) i;
INSERT INTO object_scope SELECT 226, 'deep' || i, 'RVE00010'
FROM generate_series(1, 10000) i;
COMMIT""")
TOP, BOTTOM = (int(n) for n in site.psql(
    "SELECT properties ->> 'ContainerNodeID' FROM reeve.secured_object WHERE "
    "object_key IN ('deep1', 'deep10000') ORDER BY object_key").split())
start = time.monotonic()
tap.is_([error(call("olga", *request)) for request in (
    ("POST", NODE, {"Name": "x", "ObjectType": 31,
                    "ParentContainerNodeID": BOTTOM}),
    ("PATCH", OFFICE, {"ParentContainerNodeID": BOTTOM}),
    ("PATCH", f"{NODE}({TOP})", {"ParentContainerNodeID": OF}),
    ("PATCH", f"{NODE}({TOP})", {"ParentContainerNodeID": BOTTOM}))],
    [(409, "too_deep")] * 4, "hostile: 10 000 folders within each other")
tap.is_(call("olga", "PATCH", f"{NODE}({BOTTOM})", {"Name": "renamed"}).status,
        200, "the last of them is renamed")
tap.is_(call("olga", "DELETE", f"{NODE}({BOTTOM})").status, 204, "and deleted")
tap.is_(time.monotonic() - start < 10, True, "all of it at once")

fixture.finish(site)
