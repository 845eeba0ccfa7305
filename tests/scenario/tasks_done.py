#!/usr/bin/python3 -B
"""Each task of the catalogue, done with exactly the operations that it names,
and refused without any one of them.

Olga has one role, on everything.  It gets the operations of a task; what the
provider does itself she really does; what other programs do after asking, she
asks; what takes two things she asks in one question about both.  Then the role loses
one operation after the other: the same is refused with that one named, and the
explanation says that the task is what it is good for.
"""

import itertools

from lib import fixture, tap, web

WMI, OWN = "/AdminService/wmi/", "/reeve/v1/"
site = fixture.site()
ALICE, OLGA = web.client(site, "alice"), web.client(site, "olga")
NUMBERS = itertools.count(1)
site.psql("""
SET search_path = reeve, public;
BEGIN;
SELECT take_revision();
INSERT INTO secured_object (object_type_id, object_key, name)
    SELECT object_type_id, 'it', 'it' FROM object_type
    WHERE secured_by IN ('scope', 'role')
        AND object_type_id NOT IN (27, 28, 29)
    ON CONFLICT DO NOTHING;
INSERT INTO object_scope (object_type_id, object_key, scope_id)
    SELECT object_type_id, 'it', 'SMS00UNA' FROM object_type
    WHERE secured_by = 'scope';
COMMIT;
""")
TYPE_WIDE = set(site.psql(
    "SELECT coalesce(t.class_name, t.sdk_name) || '/' || o.name "
    "FROM reeve.operation o JOIN reeve.object_type t USING (object_type_id) "
    "WHERE o.is_type_wide").splitlines())
DEVICE = int(site.psql("SELECT min(resource_id) FROM reeve.resource "
                       "WHERE resource_type = 5"))


def name():
    return f"number {next(NUMBERS)}"


def made(path, body):
    """Something that Alice has made: its path and its key."""
    answer = ALICE.request("POST", path, body=body)
    assert answer.status == 201, (path, answer.status, answer.body)
    path = answer.header("location")
    return path, path[path.index("(") + 1:-1].strip("'")


def collection(limit="SMS00001", rules=()):
    return {"Name": name(), "CollectionType": 2, "LimitToCollectionID": limit,
            "CollectionRules": list(rules)}


def direct(device):
    return {"@odata.type": "#AdminService.SMS_CollectionRuleDirect",
            "RuleName": "it", "ResourceClassName": "SMS_R_System",
            "ResourceID": device}


ROLE, ROLE_ID = made(WMI + "SMS_Role", {
    "RoleName": "Olga's", "RoleDescription": "", "Operations": []})
OLGAS = [{"RoleID": ROLE_ID, "CategoryID": c, "CategoryTypeID": t}
         for c, t in (("SMS00ALL", 29), ("SMS00001", 1), ("SMS00004", 1))]
ADMIN, ADMIN_ID = made(WMI + "SMS_Admin", {
    "LogonName": "LAB\\olga", "Permissions": OLGAS})
OTHER, OTHER_ID = made(WMI + "SMS_Admin", {
    "LogonName": "LAB\\judy", "Permissions": [
        {"RoleID": ROLE_ID, "CategoryID": "SMS00UNA",
         "CategoryTypeID": 29}]})
APPLICATION, _ = made(WMI + "SMS_Application",
                      {"LocalizedDisplayName": name()})
MODEL = ALICE.get(APPLICATION).json()["ModelName"]
COLLECTION, COLLECTION_ID = made(WMI + "SMS_Collection",
                                 collection(rules=[direct(DEVICE)]))
SCOPE, SCOPE_ID = made(WMI + "SMS_SecuredCategory", {"CategoryName": name()})
CUSTOM, _ = made(WMI + "SMS_Role", {
    "RoleName": name(), "RoleDescription": "", "Operations": []})
# What a question without an object of its own is asked about.
KEYS = {"SMS_Collection": COLLECTION_ID, "SMS_Role": ROLE_ID,
        "SMS_Admin": OTHER_ID, "SMS_SecuredCategory": SCOPE_ID,
        "SMS_Application": MODEL}


# ---- What Olga does: requests, each of which has to be answered well ---------

def ask(method, path, body=None):
    return lambda: OLGA.request(method, path, body=body)


def deleted(path, body):
    """Reads and deletes what Alice has made for it."""
    thing, _ = made(path, body)
    return [ask("GET", thing), ask("DELETE", thing)]


def created(path, body):
    """Makes something, and reads what was made."""
    where = []

    def make():
        answer = OLGA.request("POST", path, body=body)
        where.append(answer.header("location"))
        return answer
    return [make, lambda: OLGA.get(where[0])]


def role(operations=()):
    return {"RoleName": name(), "RoleDescription": "",
            "Operations": list(operations)}


def scoped(verb):
    return ask("POST", WMI + "SMS_SecuredCategoryMembership." + verb, {
        "ObjectIDs": [MODEL], "ObjectTypeIDs": [31],
        "CategoryIDs": [SCOPE_ID]})


def rule(added):
    return ask("POST", COLLECTION + "/AdminService.AddMembershipRule",
               {"collectionRule": added})


def fresh_collection():
    return made(WMI + "SMS_Collection", collection())


def includes():
    one, _ = fresh_collection()
    _, other = fresh_collection()
    return [ask("GET", one), ask(
        "POST", one + "/AdminService.AddMembershipRule", {"collectionRule": {
            "@odata.type": "#AdminService.SMS_CollectionRuleInclude"
            "Collection", "RuleName": "it", "IncludeCollectionID": other}})]


def has_direct():
    one, _ = fresh_collection()
    return [ask("GET", one),
            ask("POST", one + "/AdminService.AddMembershipRule",
                {"collectionRule": direct(DEVICE)})]


def computer():
    number = next(NUMBERS)
    return {"NetbiosName": f"PC-{number}", "CollectionId": COLLECTION_ID,
            "MACAddress": f"020000{number:06x}"}


def fresh_device():
    """A device that Alice has imported: its path."""
    answer = ALICE.request("POST", IMPORT, body=computer())
    assert answer.status == 200, (answer.status, answer.body)
    return WMI + f"SMS_R_System({answer.json()['ResourceID']})"


def goes():
    device = fresh_device()
    return [ask("GET", device), ask("DELETE", device)]


def application():
    return {"LocalizedDisplayName": name()}


def other_admin():
    return {"LogonName": f"krb5:number{next(NUMBERS)}@OTHER.TEST",
            "Permissions": [{"RoleID": ROLE_ID, "CategoryID": SCOPE_ID,
                             "CategoryTypeID": 29}]}


def changed(class_name, body):
    """Reads and changes what Alice has made for it."""
    thing, _ = made(WMI + class_name, body)
    return [ask("GET", thing), ask("PATCH", thing, body)]


def deployed(class_name, body, target="CollectionID"):
    """Deploys something to a collection of its own, and reads that."""
    target = {target: fresh_collection()[1]}
    return created(WMI + class_name, {**body, **target})


def assigned(type_id, key):
    return deployed("SMS_CIAssignment", {
        "ContentTypeID": type_id, "ContentKey": key}, "TargetCollectionID")


def stopped():
    """Only deletes: who stops a deployment need not read its content."""
    thing, _ = made(WMI + "SMS_ApplicationAssignment", {
        "ContentKey": MODEL, "TargetCollectionID": COLLECTION_ID})
    return [ask("GET", COLLECTION), ask("DELETE", thing)]


def application_type():
    return {"ClassName": f"Test_Number{next(NUMBERS)}", "Application": "Test",
            "SecuredBy": "role", "Operations": [{"Name": "Read"}]}


def moved():
    """Moves what Alice has made for it into a folder."""
    path, _ = made(WMI + "SMS_Application", application())
    return [ask("GET", path),
            ask("POST", WMI + "SMS_ObjectContainerItem.MoveMembers", {
                "InstanceKeys": [ALICE.get(path).json()["ModelName"]],
                "ContainerNodeID": 0, "TargetContainerNodeID": FOLDER,
                "ObjectType": 31})]


FOLDER = ALICE.get(
    WMI + "SMS_ObjectContainerNode?$filter=ObjectType%20eq%2031&$top=1").json()[
        "value"][0]["ContainerNodeID"]
DEVICES = WMI + f"SMS_R_System({DEVICE})"
IMPORT = WMI + "SMS_Site.ImportMachineEntry"
DOING = {
    "application.read": lambda: [ask("GET", APPLICATION)],
    "application.create": lambda: created(WMI + "SMS_Application",
                                          application()),
    "application.modify": lambda: [
        ask("GET", APPLICATION), ask("PATCH", APPLICATION, application())],
    "application.delete": lambda: deleted(WMI + "SMS_Application",
                                          application()),
    "application.scope": lambda: [
        ask("GET", APPLICATION), scoped("AddMemberships"),
        scoped("RemoveMemberships")],
    "package.create": lambda: created(WMI + "SMS_Package", {"Name": name()}),
    "package.modify": lambda: changed("SMS_Package", {"Name": name()}),
    "task_sequence.create": lambda: created(
        WMI + "SMS_TaskSequencePackage", {"Name": name()}),
    "task_sequence.modify": lambda: changed(
        "SMS_TaskSequencePackage", {"Name": name()}),
    "configuration_item.create": lambda: created(
        WMI + "SMS_ConfigurationItem", {"LocalizedDisplayName": name()}),
    "script.create": lambda: created(WMI + "SMS_Scripts",
                                     {"Name": name()}),
    "application.move": moved,
    "folder.create": lambda: [ask("POST", WMI + "SMS_ObjectContainerNode", {
        "Name": name(), "ObjectType": 31})],
    "boundary.create": lambda: created(WMI + "SMS_Boundary",
                                       {"Name": name()}),
    "boundary_group.modify": lambda: changed("SMS_BoundaryGroup",
                                             {"Name": name()}),
    "collection.read": lambda: [ask("GET", COLLECTION)],
    "collection.create": lambda: [
        ask("GET", WMI + "SMS_Collection('SMS00001')"),
        ask("POST", WMI + "SMS_Collection", collection())],
    "collection.modify": lambda: [
        ask("GET", COLLECTION), ask("PATCH", COLLECTION, {"Comment": name()})],
    "collection.delete": lambda: deleted(WMI + "SMS_Collection", collection()),
    "collection.rule.direct": has_direct,
    "collection.rule.include": includes,
    "device.read": lambda: [ask("GET", DEVICES)],
    "device.delete": goes,
    "device.import": lambda: [ask("POST", IMPORT, computer())],
    "role.read": lambda: [ask("GET", CUSTOM)],
    "role.create": lambda: created(WMI + "SMS_Role", role()),
    "role.modify": lambda: [
        ask("GET", CUSTOM), ask("PATCH", CUSTOM, {"RoleDescription": name()})],
    "role.delete": lambda: deleted(WMI + "SMS_Role", role()),
    "role.export": lambda: [
        ask("POST", CUSTOM + "/AdminService.ExportRole", {})],
    "scope.create": lambda: created(WMI + "SMS_SecuredCategory",
                                    {"CategoryName": name()}),
    "scope.modify": lambda: [ask("GET", SCOPE), ask(
        "PATCH", SCOPE, {"CategoryDescription": name()})],
    "scope.delete": lambda: deleted(WMI + "SMS_SecuredCategory",
                                    {"CategoryName": name()}),
    "admin.read": lambda: [ask("GET", OTHER)],
    "admin.add": lambda: created(WMI + "SMS_Admin", other_admin()),
    "admin.remove": lambda: deleted(WMI + "SMS_Admin", other_admin()),
    "admin.modify": lambda: [ask("GET", OTHER), ask(
        "PATCH", OTHER, {"DisplayName": name()})],
    "admin.simulate": lambda: [ask("GET", OTHER), ask("POST", OWN + "explain", {
        "subject": {"type": "user", "id": "judy@LAB.TEST"},
        "action": {"name": "Read"},
        "resource": {"type": "SMS_Role", "id": ""}})],
    "session.revoke": lambda: [ask("GET", OWN + "sessions"), ask(
        "POST", OWN + "sessions/revoke", {"principals": ["judy@LAB.TEST"]})],
    "site.level": lambda: [
        ask("GET", WMI + "SMS_Site.GetAuthenticationLevel"),
        ask("POST", WMI + "SMS_Site.SetAuthenticationLevel",
            {"AuthenticationLevel": 0})],
    "audit.read": lambda: [ask("GET", WMI + "SMS_StatusMessage?$top=1")],
    "application_type.create": lambda: created(
        WMI + "RVE_ApplicationType", application_type()),
    "application.deploy": lambda: deployed(
        "SMS_ApplicationAssignment", {"ContentKey": MODEL},
        "TargetCollectionID"),
    "package.deploy": lambda: deployed("SMS_Advertisement", {
        "PackageID": "it", "ContentTypeID": 2}),
    "task_sequence.deploy": lambda: deployed("SMS_Advertisement", {
        "PackageID": "it", "ContentTypeID": 20}),
    "configuration_item.deploy": lambda: assigned(11, "it"),
    "client_settings.deploy": lambda: deployed(
        "SMS_ClientSettingsAssignment", {
            "ClientSettingsID": "it", "ContentTypeID": 38}),
    "antimalware.deploy": lambda: deployed("SMS_ClientSettingsAssignment", {
        "ClientSettingsID": "it", "ContentTypeID": 47}),
    "update_group.deploy": lambda: assigned(34, "it"),
    "deployment.delete": stopped,
}


# ---- What takes two things: the question about both ---------------------------

FOLDERS = site.psql("SELECT object_key FROM reeve.secured_object WHERE "
                    "object_type_id = 226 ORDER BY 1 LIMIT 2").splitlines()


def thing(kind):
    return {"type": kind, "id": KEYS.get(kind, "it")}


def deploys(kind, operation="deploy"):
    return {"operation": operation, "object": thing(kind),
            "collection": COLLECTION_ID}


PAIRS = {
    "application.deploy": deploys("SMS_Application"),
    "package.deploy": deploys("SMS_Package"),
    "task_sequence.deploy": deploys("SMS_TaskSequencePackage"),
    "configuration_item.deploy": deploys("SMS_ConfigurationItem"),
    "client_settings.deploy": deploys("SMS_ClientSettings"),
    "antimalware.deploy": deploys("SMS_AntimalwareSettings"),
    "update_group.deploy": deploys("SMS_AuthorizationList"),
    "deployment.delete": deploys("SMS_Application", "delete_deployment"),
    "application.distribute": {
        "operation": "distribute", "object": thing("SMS_Application"),
        "other": thing("SMS_DistributionPointGroup")},
    "application.move": {
        "operation": "move", "object": thing("SMS_Application"),
        "from": FOLDERS[0], "to": FOLDERS[1]},
    "folder.create": {"operation": "create_folder",
                      "object": {"type": "SMS_Application"}, "to": FOLDERS[0]},
    "collection.create": {"operation": "create_collection",
                          "limiting": "SMS00001"},
    "collection.rule.direct": {
        "operation": "write_rule", "collection": COLLECTION_ID,
        "direct": [{"type": "SMS_R_System", "id": str(DEVICE)}]},
    "collection.rule.query": {
        "operation": "write_rule", "collection": COLLECTION_ID,
        "inventory": True, "limiting": "SMS00001"},
    "collection.rule.include": {
        "operation": "write_rule", "collection": COLLECTION_ID,
        "named": ["SMS00001"]},
    "device.import": {"operation": "import_computer",
                      "object": {"type": "SMS_Site", "id": "it"},
                      "collection": COLLECTION_ID},
}


# What other programs do with one thing: a question about each operation.
ASKED = {
    "application.approve", "audit.verify", "device.cmpivot",
    "device.inventory", "device.notify",
    "device.remote_control", "device.script", "report.run", "script.approve"}


# ---- Doing and asking -----------------------------------------------------------

def refusal(steps):
    """The first answer that is not a good one, or None."""
    for step in steps:
        answer = step()
        if answer.status >= 300:
            return answer
    return None


def decisions(needs):
    """What the provider answers to each operation of a task."""
    answer = OLGA.post("/access/v1/evaluations", {
        "subject": {"type": "user", "id": "olga@LAB.TEST"},
        "evaluations": [{
            "action": {"name": n["operation"]}, "resource": {
                "type": n["type"], "id": key_of(n)}} for n in needs]})
    return [e["decision"] for e in answer.json()["evaluations"]]


def give(wishes, to=ROLE):
    answer = ALICE.request("PATCH", to, body={"Operations": [
        {"ObjectTypeID": t, "ReeveOperations": names}
        for t, names in wishes if names]})
    assert answer.status == 200, answer.body


def wishes_of(task):
    role = ALICE.post(OWN + "roles/for-tasks", {"tasks": [task]}).json()
    return [(mask["ObjectTypeID"], named["type"], named["operations"])
            for mask, named in zip(role["Operations"], role["operations"])]


def without(wishes, kind, operation):
    return [(number, [o for o in operations
                      if (type_name, o) != (kind, operation)])
            for number, type_name, operations in wishes]


def missing(answer):
    """The operation whose lack a refusal names."""
    body = answer.json()
    error = body.get("error", body)
    return error.get("@reeve.missing", error.get("missing", {})).get(
        "operation")


def key_of(need):
    """What a question about a need is about."""
    return "" if f"{need['type']}/{need['operation']}" in TYPE_WIDE else (
        KEYS.get(need["type"], "it"))


def is_explained(need, without_it):
    """The explanation names the tasks of an operation that is lacking."""
    kind, operation = need["type"], need["operation"]
    got = OLGA.post(OWN + "explain", {
        "action": {"name": operation},
        "resource": {"type": kind, "id": key_of(need)}}).json()
    hidden = operation == "Read" and (
        got["context"]["reason"] == "no_such_object")
    tap.is_([t["task"] for t in got.get("tasks", [])],
            [] if hidden else [t for t in SMALLEST if (
                kind, operation) in NEEDS[t]][:5], without_it + " explained")


def is_refused(task, operation, steps, without_it):
    """Really: 404 is for what cannot be read any more, or never could."""
    answer = refusal(steps)
    found = answer and (answer.status, missing(answer))
    hidden = operation == "Read" or task == "deployment.delete"
    tap.ok(found == (403, operation) or (found and found[0] == 404 and hidden),
           f"{without_it} refused: {found}")


def is_no_pair(task, operation, without_it):
    got = OLGA.post(OWN + "pair", PAIRS[task]).json()
    lacking = {h["operation"] for h in got.get("halves", [])
               if "operation" in h["missing"] or (
                   operation == "Read" and "read" in h["missing"])}
    # A denial names nothing that the asker cannot read: without Read, or as
    # of the content, of which a task may need none, to stop its deployment.
    content = PAIRS[task].get("object", thing("SMS_Collection"))["type"]
    blind = operation == "Read" or (
        task == "deployment.delete" and (content, "Read") not in NEEDS[task])
    hidden = blind and got["context"]["reason"] == "no_such_object"
    tap.ok(not got["decision"] and (hidden or operation in lacking),
           f"{without_it} no pair: {lacking or 'no such object'}")


def lacks(task, needs, i, wishes):
    """The task is refused without the i-th of its operations."""
    kind, operation = needs[i]["type"], needs[i]["operation"]
    without_it = f"{task} without {operation} of {kind} is"
    steps = DOING[task]() if task in DOING else None
    give(without(wishes, kind, operation))
    found = decisions(needs)
    # On one object the last, which the task is about, needs the others.
    wide = {f"{n['type']}/{n['operation']}" for n in (needs[i], needs[-1])}
    same = not wide & TYPE_WIDE and (kind, needs[i]["on"]) == (
        needs[-1]["type"], needs[-1]["on"])
    tap.is_((found[i], same and found[-1]), (False, False),
            without_it + " not allowed")
    is_explained(needs[i], without_it)
    if task in PAIRS:
        is_no_pair(task, operation, without_it)
    if steps is not None:
        is_refused(task, operation, steps, without_it)


tasks = OLGA.get(OWN + "tasks").json()["tasks"]
NEEDS = {t["task"]: [(n["type"], n["operation"]) for n in t["needs"]]
         for t in tasks}
SMALLEST = sorted(NEEDS, key=lambda t: (len(NEEDS[t]), t))
for task, needs in ((t["task"], t["needs"]) for t in tasks):
    wishes = wishes_of(task)
    give([(number, operations) for number, _, operations in wishes])
    tap.is_(decisions(needs), [True] * len(needs), f"{task} is allowed")
    if task in PAIRS:
        got = OLGA.post(OWN + "pair", PAIRS[task]).json()
        tap.is_((got.get("decision"), got.get("sentence", got))[
            :1 if got.get("decision") else 2], (True,),
            f"{task} is allowed in one question")
    if task in DOING:
        answer = refusal(DOING[task]())
        tap.is_(answer and (answer.status, answer.body), None,
                f"{task} is done with what it needs")
    for i in range(len(needs)):
        lacks(task, needs, i, wishes)

# ---- What has to come from one assignment ----------------------------------------

SECOND, SECOND_ID = made(WMI + "SMS_Role", role())
assert ALICE.request("PATCH", ADMIN, body={"Permissions": OLGAS + [
    {**row, "RoleID": SECOND_ID} for row in OLGAS]}).status == 200
for task, needs in ((t["task"], t["needs"]) for t in tasks
                    if "together" in t["needs"][0] and t["task"] in PAIRS):
    wishes = wishes_of(task)
    last = (needs[-1]["type"], needs[-1]["operation"])
    give(without(wishes, *last))
    give([(number, operations) for number, kind, operations in wishes
          if kind == last[0]], SECOND)
    tap.is_((decisions(needs), OLGA.post(OWN + "pair", PAIRS[task]).json()[
        "decision"]), ([True] * len(needs), False),
        f"{task} is not done by two roles that have a part each")
tap.is_(set(NEEDS), set(DOING) | set(PAIRS) | ASKED,
        "each task is done or asked, and nothing else")
fixture.finish(site)
