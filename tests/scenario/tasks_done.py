#!/usr/bin/python3 -B
"""Each task of the catalogue, done with exactly the operations that it names,
and refused without any one of them.

Olga has one role, on everything.  It gets the operations of a task; what the
provider does itself she really does; what other programs do after asking, she
asks.  Then the role loses one operation after the other.
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


def application():
    return {"LocalizedDisplayName": name()}


DEVICES = WMI + f"SMS_R_System({DEVICE})"
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
    "admin.modify": lambda: [ask("GET", OTHER), ask(
        "PATCH", OTHER, {"DisplayName": name()})],
    "admin.simulate": lambda: [ask("GET", OTHER), ask("POST", OWN + "explain", {
        "subject": {"type": "user", "id": "judy@LAB.TEST"},
        "action": {"name": "Read"},
        "resource": {"type": "SMS_Role", "id": ""}})],
    "session.revoke": lambda: [ask("GET", OWN + "sessions"), ask(
        "POST", OWN + "sessions/revoke", {"principals": ["judy@LAB.TEST"]})],
}


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
                "type": n["type"],
                "id": "" if f"{n['type']}/{n['operation']}" in TYPE_WIDE
                else KEYS.get(n["type"], "it")}} for n in needs]})
    return [e["decision"] for e in answer.json()["evaluations"]]


def give(wishes):
    answer = ALICE.request("PATCH", ROLE, body={"Operations": [
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


def lacks(task, needs, i, wishes):
    """The task is refused without the i-th of its operations."""
    kind, operation = needs[i]["type"], needs[i]["operation"]
    steps = DOING[task]() if task in DOING else None
    give(without(wishes, kind, operation))
    found = decisions(needs)
    # On one object the last, which the task is about, needs the others.
    wide = {f"{n['type']}/{n['operation']}" for n in (needs[i], needs[-1])}
    same = not wide & TYPE_WIDE and (kind, needs[i]["on"]) == (
        needs[-1]["type"], needs[-1]["on"])
    tap.is_((found[i], same and found[-1]), (False, False),
            f"{task} without {operation} of {kind}")
    if steps is not None:
        answer = refusal(steps)
        tap.ok(answer is not None and (
            answer.status == 404 or (answer.status == 403
                                     and missing(answer) == operation)),
               "and is refused" + ("" if answer is None else
                                   f": {answer.status} {missing(answer)}"))


tasks = OLGA.get(OWN + "tasks").json()["tasks"]
for task, needs in ((t["task"], t["needs"]) for t in tasks):
    wishes = wishes_of(task)
    give([(number, operations) for number, _, operations in wishes])
    tap.is_(decisions(needs), [True] * len(needs), f"{task} is allowed")
    if task in DOING:
        answer = refusal(DOING[task]())
        tap.is_(answer and (answer.status, answer.body), None,
                "and done with what it needs")
    for i in range(len(needs)):
        lacks(task, needs, i, wishes)
unknown = set(DOING) - {t["task"] for t in tasks}
tap.is_(unknown, set(), "each thing that is done is a task")
fixture.finish(site)
