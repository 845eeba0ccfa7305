#!/usr/bin/python3 -B
"""Collections over REST: made, changed, deleted, with rules of all kinds, by
a full administrator and by one with rights on a part."""

from lib import fixture, tap, web

WMI = "/AdminService/wmi/"
COLLECTION, ADMIN = WMI + "SMS_Collection", WMI + "SMS_Admin"
site = fixture.site()
WHO = {name: web.client(site, name) for name in ("alice", "bob", "heidi")}
DEVICES = [int(i) for i in site.psql(
    "SELECT resource_id FROM reeve.resource WHERE resource_type = 5 "
    "ORDER BY 1 LIMIT 4").split()]


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def key(collection):
    return f"{COLLECTION}('{collection}')"


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def direct(*devices):
    return [{"@odata.type": "#AdminService.SMS_CollectionRuleDirect",
             "RuleName": f"device {d}", "ResourceClassName": "SMS_R_System",
             "ResourceID": d} for d in devices]


def include(collection):
    return {"@odata.type": "#AdminService.SMS_CollectionRuleInclude"
            "Collection", "RuleName": "them", "IncludeCollectionID": collection}


def make(caller, name, limit, rules=(), **more):
    return call(caller, "POST", COLLECTION, {
        "Name": name, "CollectionType": 2, "LimitToCollectionID": limit,
        "CollectionRules": list(rules), **more})


def members(collection):
    rows = call("alice", "GET", WMI + "SMS_FullCollectionMembership?$filter="
                f"CollectionID%20eq%20'{collection}'").json()["value"]
    return sorted(r["ResourceID"] for r in rows)


def sees(who, device):
    """Whether somebody is decided to see a device."""
    return WHO[who].post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": "Read"},
        "resource": {"type": "SMS_R_System", "id": str(device)}}
        ).json()["decision"]


answer = make("alice", "Desks", "SMS00001", direct(*DEVICES[:3]))
DESKS = answer.json()["CollectionID"]
tap.is_((answer.status, answer.header("location")), (201, key(DESKS)),
        "alice makes a collection")
tap.is_(members(DESKS), DEVICES[:3], "with three members")
FLOOR = make("alice", "Floor", DESKS, direct(DEVICES[0])).json()[
    "CollectionID"]
tap.is_(call("alice", "POST", ADMIN, {"LogonName": "LAB\\heidi",
        "Permissions": [
            {"RoleID": "SMS0009R", "CategoryID": FLOOR, "CategoryTypeID": 1},
            {"RoleID": "SMS0009R", "CategoryID": "SMS00UNA"}]}).status, 201,
        "heidi administers applications on a part of it")
tap.is_([sees("heidi", d) for d in DEVICES[:2]], [True, False],
        "and sees that part")
answer = call("alice", "POST", key(FLOOR) + "/AdminService.AddMembershipRule",
              {"collectionRule": direct(DEVICES[1])[0]})
tap.is_((answer.status, members(FLOOR), sees("heidi", DEVICES[1])),
        (200, DEVICES[:2], True), "one more member, and heidi sees it")
answer = call("alice", "POST", key(FLOOR)
              + "/AdminService.AddMembershipRules",
              {"collectionRules": direct(DEVICES[2], DEVICES[3])})
tap.is_((answer.status, members(FLOOR)), (200, DEVICES[:3]),
        "several in one call; who is not in the limit is no member")
answer = call("alice", "POST", key(FLOOR)
              + "/AdminService.DeleteMembershipRules",
              {"collectionRules": direct(DEVICES[1], DEVICES[2])})
tap.is_((answer.status, members(FLOOR), sees("heidi", DEVICES[1])),
        (200, DEVICES[:1], False), "and back")
tap.is_(call("alice", "POST", key(FLOOR)
             + "/AdminService.DeleteMembershipRule",
             {"collectionRule": direct(DEVICES[3])[0]}).status, 200, "one")
entity = call("alice", "GET", key(FLOOR)).json()
answer = call("alice", "PATCH", key(FLOOR), {
    **entity, "Comment": "by hand",
    "CollectionRules": entity["CollectionRules"] + [include(DESKS)]})
tap.is_(error(answer) if answer.status != 200 else (200, members(FLOOR)),
        (200, DEVICES[:3]), "what was read is written back with a rule more")
entity_now = call("alice", "GET", key(FLOOR)).json()
for missing in ("Name", "LimitToCollectionID", "CollectionRules"):
    answer = call("alice", "PUT", key(FLOOR), {
        k: v for k, v in entity_now.items() if k != missing})
    tap.is_((error(answer), f"member {missing} of the body is missing" in answer.text),
            ((400, "bad_request"), True),
            f"PUT replaces the whole, and wants {missing}")
answer = call("alice", "PUT", key(FLOOR), {
    k: v for k, v in entity_now.items() if k != "Comment"})
tap.is_((answer.status, call("alice", "GET", key(FLOOR)).json()["Comment"],
         members(FLOOR)), (200, "", DEVICES[:3]),
        "without a comment it has none")
tap.is_(error(call("alice", "PATCH", key(FLOOR), {"Comment": "late"},
                   headers={"If-Match": entity["@odata.etag"]})),
        (412, "changed_meanwhile"), "the second of two who edit gets 412")
tap.is_(call("alice", "POST", key(FLOOR) + "/AdminService.RequestRefresh",
             {}).json()["@reeve.changed"], 0, "a refresh finds all in order")
answer = make("alice", "By entity", DESKS)
tap.is_(call("alice", "GET", "/AdminService/v1.0/Collections('"
             + answer.json()["CollectionID"] + "')").json()["Name"],
        "By entity", "the entity shows it")

for caller, method, path, body, status, code in (
        ("bob", "POST", COLLECTION, {"Name": "x", "LimitToCollectionID":
                                     "SMS00001"}, 403, "not_permitted"),
        ("bob", "PATCH", key(DESKS), {"Comment": "x"}, 404, "no_such_object"),
        ("bob", "DELETE", key(DESKS), None, 404, "no_such_object"),
        ("heidi", "PATCH", key(FLOOR), {"Comment": "x"}, 403,
         "not_permitted"),
        ("heidi", "POST", key(FLOOR) + "/AdminService.AddMembershipRule",
         {"collectionRule": direct(DEVICES[3])[0]}, 403, "not_permitted"),
        ("alice", "DELETE", key(FLOOR), None, 409, "in_use"),
        ("alice", "DELETE", key(DESKS), None, 409, "has_dependents"),
        ("alice", "PATCH", key("SMS000US"), {"Comment": "x"}, 409,
         "built_in"),
        ("alice", "PATCH", key(DESKS), {"LimitToCollectionID": FLOOR}, 409,
         "circular_dependency"),
        ("alice", "PATCH", key(DESKS), {"CollectionRules": [include(DESKS)]},
         409, "circular_dependency"),
        ("alice", "PATCH", key(DESKS), {"CollectionRules": [{
            "RuleName": "q", "QueryExpression": "select * from "
            "SMS_G_System_X86_PC_MEMORY"}]}, 501, "query_rule"),
        ("alice", "PATCH", key(DESKS), {"CollectionRules": ["x"]}, 400,
         "bad_request"),
        ("alice", "PATCH", key(DESKS), {"Members": []}, 400, "bad_request"),
        ("alice", "POST", COLLECTION, {"Name": "x"}, 400,
         "unknown_collection"),
        ("alice", "POST", COLLECTION, {
            "Name": "x", "CollectionType": 3,
            "LimitToCollectionID": "SMS00001"}, 400, "bad_request"),
        ("alice", "POST", COLLECTION, {
            "Name": "x", "CollectionType": 1,
            "LimitToCollectionID": "SMS00001"}, 400, "other_kind"),
        ("alice", "POST", key(DESKS) + "/AdminService.AddMembershipRule", {},
         400, "bad_request")):
    tap.is_(error(call(caller, method, path, body)), (status, code),
            f"{caller} {method} {path[len(WMI):]} {str(body)[:60]}")
with open(site.provider.log, encoding="utf-8") as log:
    tap.ok("cannot be followed" not in log.read(),
           "no provider loads all for any of it")

fixture.finish(site)
