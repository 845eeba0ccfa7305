#!/usr/bin/python3 -B
"""Membership rules by query over REST: WQL that finds devices, values that
bring them in, and what is no query."""

import time
import urllib.parse

from lib import fixture, tap, web

WMI = "/AdminService/wmi/"
COLLECTION, DEVICE = WMI + "SMS_Collection", WMI + "SMS_R_System"
site = fixture.site()
WHO = {name: web.client(site, name) for name in ("alice", "bob", "carol")}


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def key(collection):
    return f"{COLLECTION}('{collection}')"


def query(text, name="by query"):
    return {"RuleName": name, "QueryExpression": text}


def make(name, *rules, limit="RVE00014"):
    return call("alice", "POST", COLLECTION, {
        "Name": name, "LimitToCollectionID": limit,
        "CollectionRules": list(rules)})


def members(collection):
    return site.psql(
        "SELECT coalesce(string_agg(r.name, ' ' ORDER BY r.name), '') "
        "FROM reeve.collection_member m JOIN reeve.resource r "
        f"USING (resource_id) WHERE m.collection_id = '{collection}'").strip()


# ---- A collection by its query ------------------------------------------------

answer = make("Eighties", query(
    'select SMS_R_System.ResourceID, SMS_R_System.Name from SMS_R_System '
    "where SMS_R_System.Name like 'HQ-WS-018%' and not Name = \"hq-ws-0185\""))
tap.is_(answer.status, 201, "a collection is made by a query")
EIGHTIES = answer.json()["CollectionID"]
found = members(EIGHTIES).split()
tap.ok(found and "HQ-WS-0185" not in found
       and all(name.startswith("HQ-WS-018") for name in found),
       "which has found its members, and no others")
count = call("alice", "GET", f"{DEVICE}/$count?$filter="
             + urllib.parse.quote("startswith(Name,'HQ-WS-018')"))
tap.is_(int(count.text), len(found) + 1, "all of them")
rules = call("alice", "GET", key(EIGHTIES)
             + "?$select=CollectionRules").json()["CollectionRules"]
tap.ok(len(rules) == 1 and rules[0]["QueryExpression"].startswith(
    "select SMS_R_System.ResourceID"), "the rule is shown as it was written")
tap.is_(call("alice", "PATCH", key(EIGHTIES), {"CollectionRules": rules})
        .json()["@reeve.changed"], 0, "and may be sent back")

ADD = key(EIGHTIES) + "/AdminService.AddMembershipRule"
DROP = key(EIGHTIES) + "/AdminService.DeleteMembershipRule"
MORE = query("select * from sms_r_system where name in ('BR-WS-0201')")
tried = call("alice", "POST", ADD + "?dryRun=true", {"collectionRule": MORE})
tap.is_((tried.status, members(EIGHTIES).split()), (200, found),
        "a dry run tries a query and keeps nothing")
headers = {"Idempotency-Key": "query-1"}
for what in ("a rule is added", "the same again is done once"):
    tap.is_(call("alice", "POST", ADD, {"collectionRule": MORE},
                 headers=headers).status, 200, what)
name = site.psql("SELECT name FROM reeve.resource WHERE name LIKE "
                 "'BR-WS-0201'").strip()
tap.is_(set(members(EIGHTIES).split()) - set(found), {name} - {""},
        "it finds one more")
tap.is_(call("alice", "POST", DROP, {"collectionRule": MORE}).status, 200,
        "and is taken away")
tap.is_(members(EIGHTIES).split(), found, "with what it found")

# ---- Values ----------------------------------------------------------------------

first = call("alice", "GET", f"{DEVICE}?$filter=Name%20eq%20'{found[0]}'"
             ).json()["value"][0]
PATH = f"{DEVICE}({first['ResourceID']})"
got = call("alice", "GET", PATH)
tap.is_(call("alice", "PATCH", PATH, got.json(), headers={
    "If-Match": got.header("etag")}).json()["@reeve.changed"], 0,
    "what was read may be sent back")
answer = call("alice", "PATCH", PATH, {"Name": "HQ-XX-1"}, headers={
    "Prefer": "return=representation"})
tap.is_((answer.status, answer.json()["Name"]), (200, "HQ-XX-1"),
        "a device is renamed")
tap.is_(members(EIGHTIES).split(), found[1:], "and no longer found")
tap.is_(error(call("alice", "PATCH", PATH, {"Name": "x"}, headers={
    "If-Match": got.header("etag")})), (412, "changed_meanwhile"),
    "not by an old tag")
entity = f"/AdminService/v1.0/Device({first['ResourceID']})"
tap.is_(call("alice", "PATCH", entity, {"Name": found[0]}).status, 200,
        "and back, as the entity")
tap.is_(members(EIGHTIES).split(), found, "it is found again")
group = call("alice", "POST", WMI + "$batch", {"requests": [
    {"id": str(i), "method": "PATCH", "url": PATH, "atomicityGroup": "g",
     "headers": {"content-type": "application/json"}, "body": body}
    for i, body in enumerate(({"ADSiteName": "Here"}, {"Client": "x"}))]})
tap.is_([one["status"] for one in group.json()["responses"]], [424, 400],
        "a group is made whole or not at all")

# ---- What is refused ----------------------------------------------------------------

RULE = {"collectionRule": query("select * from SMS_R_System")}
for caller, method, path, body, status, code in (
        ("bob", "POST", ADD, RULE, 404, "no_such_object"),
        ("carol", "POST", key("RVE00015") + "/AdminService.AddMembershipRule",
         RULE, 403, "not_permitted"),
        ("bob", "PATCH", PATH, {"Name": "x"}, 404, "no_such_object"),
        ("carol", "PATCH", PATH, {"Name": "x"}, 403, "not_permitted"),
        ("alice", "PATCH", DEVICE + "(4294967290)", {"Name": "x"}, 404,
         "no_such_object"),
        ("alice", "PATCH", PATH, {"SID": "S-1-5-21-1-2-3-4"}, 400,
         "malformed_properties"),
        ("alice", "PATCH", PATH, {"Name": "x" * 10000}, 400,
         "malformed_properties"),
        ("alice", "PATCH", PATH, '{"Name":"a\\u0000b"}', 400, "bad_json"),
        ("alice", "PATCH", PATH, ["x"], 400, "bad_json")):
    tap.is_(error(call(caller, method, path, body,
                       headers={"Content-Type": "application/json"})),
            (status, code), f"{caller}: {method} is {code}")
DEEP = "(" * 200 + "Name = 'x'" + ")" * 200
for text, status, code in (
        ("", 400, "bad_request"),
        ("select", 400, "malformed_query"),
        ("select * from", 400, "malformed_query"),
        ("delete from SMS_R_System", 400, "malformed_query"),
        ("select * from SMS_R_System where", 400, "malformed_query"),
        ("select * from SMS_R_System where Name = 'x", 400,
         "malformed_query"),
        ("select * from SMS_R_System; drop table x", 400, "malformed_query"),
        ("select * from SMS_R_System where properties = 'x'", 400,
         "malformed_query"),
        ("select * from SMS_R_System where Name = 'x' or 1=1", 400,
         "malformed_query"),
        ("select * from SMS_R_User", 400, "other_kind"),
        ("select * from SMS_R_System inner join SMS_G_System_OS on 1 = 1",
         501, "query_rule"),
        ("select * from SMS_R_System where ResourceID in (select ResourceID "
         "from SMS_G_System_OS)", 501, "query_rule"),
        ("select * from SMS_R_System where Name like '[a-c]%'", 501,
         "query_rule"),
        ("select * from SMS_R_System where " + DEEP, 400, "malformed_query"),
        ("select * from SMS_R_System where Name = '" + "x" * 20000 + "'", 400,
         "malformed_query")):
    answer = call("alice", "POST", ADD, {"collectionRule": query(text)})
    tap.is_(error(answer), (status, code), f"{code}: {text[:48]!r}")
tap.is_(members(EIGHTIES).split(), found, "nothing has come of all that")

# A pattern that would take for ever by trying, on a name that nearly fits.
call("alice", "PATCH", PATH, {"Name": "a" * 250})
began = time.monotonic()
answer = call("alice", "POST", ADD, {"collectionRule": query(
    "select * from SMS_R_System where Name like '%a%a%a%a%a%a%a%b'")})
tap.is_(answer.status, 200, "a pattern with many wildcards is taken")
tap.ok(time.monotonic() - began < 20, "and does not take for ever")

fixture.finish(site)
