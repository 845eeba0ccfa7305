#!/usr/bin/python3 -B
"""Many questions or requests in one: what becomes of each depends neither on
its place nor on what stands beside it."""

import json
import random

from lib import callers, fixture, tap, wire

WMI = "/AdminService/wmi/"
EVALUATIONS = "/access/v1/evaluations"
TURNS = 24
site = fixture.site(config={"loops": 1})
LEDGER = callers.Ledger(site)
WHO = {name: callers.bearer(site, name, LEDGER)
       for name in ("alice", "bob", "carol", "erin", "mallory")}
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
IDS = dict(row.split("|") for row in site.psql(
    "SELECT object_key, properties ->> 'CI_ID' FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER_KEY, SALE = APPS["Contoso Ledger"], APPS["Point of Sale"]
DICE = random.Random(107)


def post(who, path, body, **fields):
    with wire.Wire(site) as line:
        return LEDGER.note(line.request("POST", path, {
            **WHO[who], "Content-Type": "application/json",
            **{k.replace("_", "-"): v for k, v in fields.items()}},
            json.dumps(body).encode()))


def orders(n):
    """Each thing first once and last once, backwards, and at random."""
    yield list(range(n))
    yield list(range(n))[::-1]
    for k in range(1, n, max(1, n // TURNS)):
        yield list(range(k, n)) + list(range(k))
    for _ in range(TURNS):
        order = list(range(n))
        DICE.shuffle(order)
        yield order


# ---- Questions ---------------------------------------------------------------------

def resource(kind, key):
    return {"type": kind, "id": key}


QUESTIONS = [{"action": {"name": action}, "resource": thing}
             for action in ("Read", "Modify", "Delete", "Create",
                            "Set Security Scope", "No such")
             for thing in (resource("SMS_Application", LEDGER_KEY),
                           resource("SMS_Application", SALE),
                           resource("SMS_Application", "ScopeId_0/none"),
                           resource("SMS_Application", ""),
                           resource("SMS_R_System", "16777217"),
                           resource("SMS_Collection", "RVE00015"),
                           resource("SMS_Role", "SMS0001R"),
                           resource("SMS_Nothing", "x"))]
WRONG = [{"action": {"name": "Read"}},
         {"action": {}, "resource": resource("SMS_Role", "")},
         {"action": {"name": "Read"}, "resource": {"type": "SMS_Role"}}]


def about(who):
    return {"subject": {"type": "user", "id": f"{who}@LAB.TEST"}}


def judged(one):
    """What an answer says, but for the instants."""
    context = {k: v for k, v in one.get("context", {}).items()
               if k not in ("evaluated_at", "valid_until")}
    return one["decision"], json.dumps(context, sort_keys=True)


for who in ("alice", "bob", "carol", "erin", "mallory"):
    asked = QUESTIONS + WRONG
    alone = [judged(post(who, "/access/v1/evaluation",
                         {**about(who), **q}).json()) for q in QUESTIONS]
    together = {}
    differ = set()
    for order in orders(len(asked)):
        said = post(who, EVALUATIONS, {
            **about(who), "evaluations": [asked[i] for i in order],
            "options": {"reasons": True}}).json()["evaluations"]
        for i, one in zip(order, said, strict=True):
            if together.setdefault(i, judged(one)) != judged(one):
                differ.add(i)
    tap.is_(differ, set(), f"{who}: {len(asked)} questions in "
            f"{TURNS} orders and more are each answered alike")
    tap.is_([together[i][0] for i in range(len(alone))],
            [one[0] for one in alone], f"{who}: as each is alone")
    tap.is_([i for i, one in enumerate(alone)
             if json.loads(one[1])["reason"]
             != json.loads(together[i][1])["reason"]], [],
            f"{who}: for the same reason")
    tap.is_([together[i][0] for i in range(len(alone), len(asked))],
            [False] * len(WRONG), "what is malformed denies itself alone")

# People, too, may be mixed.
people = [{**about(who), **q} for who in ("bob", "carol", "erin", "mallory")
          for q in QUESTIONS[:8]]
answers = {}
for order in list(orders(len(people)))[:20]:
    said = post("alice", EVALUATIONS, {
        "evaluations": [people[i] for i in order]}).json()["evaluations"]
    for i, one in zip(order, said, strict=True):
        answers.setdefault(i, set()).add(one["decision"])
tap.is_({len(found) for found in answers.values()}, {1},
        "questions about several people are each answered alike")
tap.ok({True} in answers.values() and {False} in answers.values(),
       "some yes, some no")

# Doubles, in their order; and one too many.
double = [QUESTIONS[i % 3 * 8] for i in range(1000)]
said = post("bob", EVALUATIONS, {**about("bob"), "evaluations": double})
tap.is_((said.status, [one["decision"] for one in said.json()["evaluations"]]),
        (200, [judged(post("bob", "/access/v1/evaluation", {
            **about("bob"), **q}).json())[0] for q in double[:3]] * 333
         + [judged(post("bob", "/access/v1/evaluation", {
             **about("bob"), **double[0]}).json())[0]]),
        "a thousand with doubles are answered in their order")
said = post("bob", EVALUATIONS, {**about("bob"),
                                 "evaluations": double + double[:1]})
tap.is_((said.status, said.json()["code"]), (413, "too_many_items"),
        "1001 are too many")

# ---- Requests in $batch ----------------------------------------------------------------

def entity(key):
    return f"{WMI}SMS_Application({IDS[key]})"


PATCH = {"headers": {"Content-Type": "application/json"}}
PARTS = [
    {"method": "GET", "url": entity(LEDGER_KEY)},
    {"method": "GET", "url": entity(SALE)},
    {"method": "GET", "url": f"{WMI}SMS_Application(2147483646)"},
    {"method": "GET", "url": WMI + "SMS_Application?$select=ModelName"},
    {"method": "GET", "url": WMI + "SMS_Application/$count"},
    {"method": "GET", "url": WMI + "SMS_Role"},
    {"method": "GET", "url": WMI + "SMS_R_System?$top=1"},
    {"method": "GET", "url": WMI + "SMS_Collection"},
    {"method": "GET", "url": WMI + "SMS_Nothing"},
    {"method": "GET", "url": WMI + "SMS_Application?$filter=x"},
    {"method": "PATCH", "url": entity(LEDGER_KEY) + "?dryRun=true",
     "body": {"LocalizedDescription": "x"}, **PATCH},
    {"method": "PATCH", "url": entity(SALE) + "?dryRun=true",
     "body": {"LocalizedDescription": "x"}, **PATCH},
    {"method": "DELETE", "url": entity(SALE) + "?dryRun=true"},
    {"method": "POST", "url": WMI + "SMS_Role?dryRun=true",
     "body": {"RoleName": "x", "Operations": []}, **PATCH},
    {"method": "POST", "url": WMI + "SMS_RbacSecuredObject"
     ".UserHasPermissions", "body": {
         "ObjectPath": f"SMS_Application('{SALE}')", "Permissions": 1},
     **PATCH},
    {"method": "POST", "url": WMI + "SMS_SecuredCategoryMembership"
     ".AddMemberships", "body": {
         "ObjectIDs": [LEDGER_KEY], "ObjectTypeIDs": [31],
         "CategoryIDs": ["RVE00011"]}, **PATCH, "_not_for": ("alice",)},
]


def outcome(one):
    """What a request of a batch came to, but for names and instants."""
    body = one.get("body")
    if isinstance(body, dict):
        if "@reeve.dryRun" in body:  # what would be made has a date
            body = {k: body[k] for k in ("ReturnValue", "@reeve.changed")}
        if "error" in body:
            body["error"] = {k: v for k, v in body["error"].items()
                             if k != "@reeve.request_id"}
    return one["status"], json.dumps(body, sort_keys=True)


for who in ("alice", "bob", "carol", "erin", "mallory"):
    parts = [{k: v for k, v in part.items() if k != "_not_for"}
             for part in PARTS if who not in part.get("_not_for", ())]
    seen, differ = {}, set()
    for order in orders(len(parts)):
        said = post(who, WMI + "$batch", {"requests": [
            {"id": str(i), **parts[i]} for i in order]},
            Prefer="continue-on-error").json()["responses"]
        if [one["id"] for one in said] != [str(i) for i in order]:
            differ.add("the order of the answers")
        for one in said:
            if seen.setdefault(one["id"], outcome(one)) != outcome(one):
                differ.add(one["id"])
    tap.is_(differ, set(), f"{who}: {len(parts)} requests in all orders come "
            "to the same each")
    alone = {}
    for i, part in enumerate(parts):
        fields = {**WHO[who], **part.get("headers", {})}
        body = json.dumps(part["body"]).encode() if "body" in part else b""
        with wire.Wire(site) as line:
            alone[str(i)] = LEDGER.note(line.request(
                part["method"], part["url"], fields, body)).status
    tap.is_({i: status for i, (status, _) in seen.items()}, alone,
            f"{who}: and to the same as alone")

def made(order, name):
    """What becomes of nine changes of which each third is refused."""
    asked = [{"id": str(i), "method": "POST", "url": WMI + "SMS_Role",
              "body": {"RoleName": f"{name} {i}" if i % 3 else "",
                       "Operations": []}, **PATCH} for i in range(9)]
    said = post("alice", WMI + "$batch", {"requests": [
        asked[i] for i in order]}, Prefer="continue-on-error").json()
    return {one["id"]: one["status"] for one in said["responses"]}


expected = {str(i): 201 if i % 3 else 400 for i in range(9)}
tap.is_([made(order, f"turn {n}") for n, order in enumerate(
    list(orders(9))[:6])], [expected] * 6,
    "changes are made, and refused, in any order alike")

LEDGER.settle()
fixture.finish(site)
