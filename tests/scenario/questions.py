#!/usr/bin/python3 -B
"""Questions beyond one: batches, searches, explanations, what if."""

import json

from lib import fixture, tap, web
from lib.records import audit

EVALUATION, BATCH = "/access/v1/evaluation", "/access/v1/evaluations"
RESOURCE, SUBJECT, ACTION = (f"/access/v1/search/{kind}" for kind in
                             ("resource", "subject", "action"))
METADATA = "/.well-known/authzen-configuration"
EXPLAIN, SCOPE, PAIR, WHAT_IF = (f"/reeve/v1/{name}" for name in
                                 ("explain", "scope", "pair", "what-if"))

site = fixture.site(config={"max_batch": "100", "revision_wait": "300ms",
                            "public_url": "https://reeve.lab.test"})
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER = APPS["Contoso Ledger"]        # Headquarters
SALE = APPS["Point of Sale"]           # Branch Offices
REMOTE = APPS["Remote Access Client"]  # both
MISSING_KEY = "ScopeId_0/Application_0"
HQ_WS, BRANCH_WS = "16777226", "16777440"
WHO = {}


def caller(name):
    """Signs in once, and goes on by the session."""
    if name not in WHO:
        answer = web.client(site, name).post(EVALUATION, {})
        WHO[name] = web.Client(site, session=answer.header("reeve-session"))
    return WHO[name]


def subject(name):
    return {"type": "user", "id": f"{name}@LAB.TEST"}


def resource(kind, key=""):
    return {"type": kind, "id": key}


def item(action, kind, key="", who=None):
    one = {"action": {"name": action}, "resource": resource(kind, key)}
    if who:
        one["subject"] = subject(who)
    return one


def ask(who, path, body, status=200, **more):
    """The answer's JSON, once the status is as expected."""
    answer = caller(who).post(path, body, **more)
    if answer.status != status:
        tap.fail(f"{who}: {path} is {answer.status}, not {status}",
                 answer.text[:400])
    return answer.json()


def timeless(body):
    """Without what differs from one moment to the next."""
    if isinstance(body, dict):
        return {k: timeless(v) for k, v in body.items()
                if k not in ("evaluated_at", "valid_until", "request_id")}
    return [timeless(v) for v in body] if isinstance(body, list) else body


def is_refused(who, path, body, status, code, what):
    answer = caller(who).post(path, body)
    tap.is_((answer.status, answer.json().get("code")), (status, code), what)
    return answer.json()


# ---- Batches ---------------------------------------------------------------

ITEMS = [item("Delete", "SMS_Application", SALE),
         item("Read", "SMS_Application", SALE),
         item("Read", "SMS_Application", MISSING_KEY),
         item("Read", "SMS_R_System", HQ_WS),
         item("Create", "SMS_Application"),
         item("read", "SMS_Application", SALE),
         item("Read", "SMS_Nothing", "x"),
         item("Read", "SMS_Role", "SMS0001R")]
for who in ("dave", "bob", "mallory", "alice"):
    singles = [ask(who, EVALUATION, {"subject": subject(who), **one})
               for one in ITEMS]
    batch = ask(who, BATCH, {"subject": subject(who), "evaluations": ITEMS})
    tap.is_(batch["evaluations"],
            [{"decision": one["decision"]} for one in singles],
            f"{who}: a batch decides as its questions alone do, in order")
    tap.ok("decision" not in batch, f"{who}: a batch has no decision itself")
    batch = ask(who, BATCH, {"subject": subject(who), "evaluations": ITEMS,
                             "options": {"reasons": True, "other": 1}})
    tap.is_(timeless(batch["evaluations"]), timeless(singles),
            f"{who}: with reasons, all of each answer is equal")
    tap.is_(len({json.dumps([e["context"]["revision"],
                             e["context"]["evaluated_at"]])
                 for e in batch["evaluations"]}), 1,
            f"{who}: all at one instant, on one revision")

defaults = {"subject": subject("dave"), "action": {"name": "Read"},
            "resource": resource("SMS_Application", SALE)}
decisions = [e["decision"] for e in ask("dave", BATCH, {
    **defaults, "evaluations": [
        {}, {"action": {"name": "Delete"}},
        {"resource": resource("SMS_Application", MISSING_KEY)}]}
)["evaluations"]]
tap.is_(decisions, [True, False, False],
        "what an item lacks is taken from the top, whole")
for empty in ({}, {"evaluations": []}, {"evaluations": None}):
    tap.is_(timeless(ask("dave", BATCH, {**defaults, **empty})),
            timeless(ask("dave", EVALUATION, defaults)),
            f"without questions ({empty}) it is a single evaluation")
tap.is_([e["decision"] for e in ask("dave", BATCH, {
    "resource": {}, "evaluations": [{**defaults}]})["evaluations"]], [True],
    "a default that nobody takes may be empty")

mixed = ask("dave", BATCH, {"subject": subject("dave"), "evaluations": [
    item("Read", "SMS_Application", SALE),
    {"action": {"name": "Read"}}, {"subject": "dave"}, [],
    item("Read", "SMS_Application", "k" * 1025)]})["evaluations"]
tap.is_([e["decision"] for e in mixed], [True] + 4 * [False],
        "a question that is malformed is a deny of its own")
tap.is_([e["context"]["error"]["status"] for e in mixed[1:]], 4 * [400],
        "and says so")
tap.like(mixed[1]["context"]["error"]["message"], "resource is missing",
         "and names the member")

NO_YES_NO = [item("Delete", "SMS_Application", SALE),
             item("Read", "SMS_Application", SALE),
             item("Delete", "SMS_Application", SALE)]
for semantic, questions, expected in (
        ("execute_all", NO_YES_NO, [False, True, False]),
        ("deny_on_first_deny", NO_YES_NO, [False]),
        ("deny_on_first_deny", NO_YES_NO[1:], [True, False]),
        ("deny_on_first_deny", [{"action": 1}, *NO_YES_NO], [False]),
        ("permit_on_first_permit", NO_YES_NO, [False, True]),
        ("permit_on_first_permit", NO_YES_NO[:1], [False])):
    got = ask("dave", BATCH, {
        "subject": subject("dave"), "evaluations": questions,
        "options": {"evaluations_semantic": semantic}})["evaluations"]
    tap.is_([e["decision"] for e in got], expected,
            f"{semantic} of {len(questions)} stops where it should")

hundred = [ITEMS[1]] * 100
tap.is_(len(ask("dave", BATCH, {"subject": subject("dave"),
                                "evaluations": hundred})["evaluations"]),
        100, "as many questions as max_batch are answered")
is_refused("dave", BATCH, {"subject": subject("dave"),
                           "evaluations": [*hundred, ITEMS[1]]},
           413, "too_many_items", "one more is refused")
for wrong, member in (({"evaluations": {}}, "evaluations"),
                      ({"options": []}, "options"),
                      ({"options": {"evaluations_semantic": "any"}},
                       "options.evaluations_semantic"),
                      ({"options": {"reasons": 1}}, "options.reasons")):
    said = is_refused("dave", BATCH, {**defaults, **wrong}, 400,
                      "bad_request", f"{wrong} is refused")
    tap.like(said["detail"], f"member {member} ", "and the member named")

# About others, each through the gate, with Simulate.
others = [item("Read", "SMS_Application", SALE, who)
          for who in ("dave", "bob", "nobody", "grace", "alice")]
got = ask("grace", BATCH, {"evaluations": others})["evaluations"]
tap.is_([e["decision"] for e in got], [True, False, False, True, True],
        "a batch is about several people")
refused = is_refused("bob", BATCH, {"evaluations": [
    item("Read", "SMS_Application", LEDGER, who)
    for who in ("bob", "alice")]}, 403, "not_permitted",
    "one other person in it needs Simulate")
tap.is_(refused["missing"]["operation"], "Simulate", "which it names")
many = [item("Read", "SMS_Role", "SMS0001R", f"nobody{n}")
        for n in range(66)]
got = ask("grace", BATCH, {"evaluations": many})["evaluations"]
tap.is_(["error" in e.get("context", {}) for e in got],
        64 * [False] + 2 * [True], "64 others are looked up, no more")

answer = caller("grace").post(BATCH, {"evaluations": others[:2] + [{}]})
found = audit(site, request_id=answer.header("x-request-id"))
tap.is_(len(found), 1, "a batch has one record")
tap.is_((found[0]["event"], found[0]["outcome"], found[0]["count"]),
        ("decision", "deny", 3), "which is about all of it")
tap.is_(found[0]["items"], [
    ["allowed", "Read", "SMS_Application", SALE, "dave@LAB.TEST"],
    ["not_permitted", "Read", "SMS_Application", SALE, "bob@LAB.TEST"],
    ["bad_request"]], "and lists the verdicts")
tap.is_([a.split()[0] for a in found[0]["abouts"]],
        ["dave@LAB.TEST", "bob@LAB.TEST"], "and whose groups it rests on")

# ---- Which objects ---------------------------------------------------------


def resources(who, action, kind, about=None, **page):
    body = {"subject": subject(about or who), "action": {"name": action},
            "resource": {"type": kind}}
    if page:
        body["page"] = page
    return ask(who, RESOURCE, body)


def walk(who, action, kind, limit, about=None):
    """All pages: their ids, and how many rows each has."""
    ids, sizes, token = [], [], None
    while token != "":
        page = {"limit": limit, **({"token": token} if token else {})}
        got = resources(who, action, kind, about, **page)
        token = got["page"]["next_token"]
        sizes.append(len(got["results"]))
        tap.ok(all(set(r) == {"type", "id"} and r["type"] == kind
                   for r in got["results"]), "a page has only such entities")
        ids += [r["id"] for r in got["results"]]
    return ids, sizes


DEVICES = site.psql("SELECT resource_id FROM reeve.resource WHERE "
                    "resource_type = 5 ORDER BY 1").split()
COLLECTIONS = site.psql("SELECT collection_id FROM reeve.collection "
                        "ORDER BY collection_id COLLATE \"C\"").split()
KEYS = {"SMS_Application": sorted(APPS.values()), "SMS_R_System": DEVICES,
        "SMS_Collection": COLLECTIONS}
for who, action, kind, limit in (
        ("bob", "Modify", "SMS_Application", 4),
        ("dave", "Read", "SMS_Application", 7),
        ("dave", "Delete", "SMS_Application", 7),
        ("ivan", "Read", "SMS_Collection", 2),
        ("carol", "Remote Control", "SMS_R_System", 64),
        ("alice", "Read", "SMS_R_System", 500),
        ("alice", "Modify", "SMS_Collection", 5)):
    what = f"{who}: {action} {kind}"
    checks = []
    for at in range(0, len(KEYS[kind]), 100):
        part = KEYS[kind][at:at + 100]
        checks += [key for key, e in zip(part, ask(who, BATCH, {
            "subject": subject(who), "action": {"name": action},
            "evaluations": [{"resource": resource(kind, key)}
                            for key in part]})["evaluations"])
                   if e["decision"]]
    ids, sizes = walk(who, action, kind, limit)
    tap.is_(ids, checks, f"{what}: the list is what single checks allow")
    tap.is_([size for size in sizes[:-1] if size != limit], [],
            f"{what}: all pages but the last are full")
    counted = resources(who, action, kind,
                        properties={"count_only": True})
    tap.is_((counted["page"]["total"], counted["results"]),
            (len(checks), []), f"{what}: and the count is the same")
tap.is_(resources("dave", "Read", "SMS_Nothing")["results"], [],
        "of an unknown type there are none")
tap.is_(resources("dave", "read", "SMS_Application")["results"], [],
        "of an unknown operation neither")
body = {"subject": subject("dave"), "action": {"name": "Read"},
        "resource": {"type": "SMS_Application", "id": SALE},
        "page": {"limit": 2}}
first = ask("dave", RESOURCE, body)
token = first["page"]["next_token"]
tap.is_((len(first["results"]), first["page"]["total"]), (2, len(APPS)),
        "the id of a resource that is searched for is ignored")
body["page"] = {"token": token}
tap.is_(len(ask("dave", RESOURCE, body)["results"]), 2,
        "the token keeps the limit")
for change, what in (
        ({"page": {"token": token, "limit": 3}}, "another limit"),
        ({"page": {"token": token[:-2] + "AA"}}, "a forged token"),
        ({"page": {"token": 1}}, "a token that is none"),
        ({"page": {"limit": -1}}, "a negative limit"),
        ({"page": {"limit": "2"}}, "a limit that is a text"),
        ({"page": []}, "a page that is none"),
        ({"action": {"name": "Copy"}}, "the token of another action"),
        ({"resource": {"type": "SMS_Role"}}, "the token of another type"),
        ({"subject": {"type": "user"}}, "a subject without an id")):
    is_refused("dave", RESOURCE, {**body, **change}, 400, "bad_request",
               f"{what} is refused")
other = {**body, "subject": subject("alice")}
is_refused("alice", RESOURCE, other, 400, "bad_request",
           "and so is the token of another caller")
ids, _ = walk("grace", "Modify", "SMS_Application", 3, about="bob")
tap.is_(ids, walk("bob", "Modify", "SMS_Application", 100)[0],
        "an auditor lists what bob may do")
is_refused("bob", RESOURCE, {**body, "subject": subject("alice"),
                             "page": {}}, 403, "not_permitted",
           "bob may not list what alice may do")
answer = caller("dave").post(RESOURCE, {**body, "page": {"limit": 5}})
record = audit(site, request_id=answer.header("x-request-id"))[0]
tap.is_((record["event"], record["count"], record["action"]),
        ("list", 5, "Read"), "a list is recorded with its length")

# ---- Who -----------------------------------------------------------------------


def holders(who, kind, action, key, of="user", status=200):
    return ask(who, SUBJECT, {"subject": {"type": of},
                              "action": {"name": action},
                              "resource": resource(kind, key)}, status)


got = holders("grace", "SMS_Application", "Modify", LEDGER)
tap.is_({r["id"] for r in got["results"]} >= {"alice@LAB.TEST",
                                              "bob@LAB.TEST"}, True,
        "who may modify an application of headquarters")
tap.is_([(h["type"], h["id"]) for h in got["context"]["holders"]],
        [(r["type"], r["id"]) for r in got["results"]],
        "the context has a row for each")
tap.is_({h["required_level"] for h in got["context"]["holders"]} - {
    "none", "windows", "certificate", "hello"}, set(),
    "with the level that each needs")
for row in got["results"]:
    tap.is_(ask("grace", EVALUATION, {
        "subject": row, **item("Modify", "SMS_Application", LEDGER)}
    )["decision"], True, f"asked again, {row['id']} may")
groups = holders("grace", "SMS_Application", "Read", LEDGER, "group")
tap.is_([r["id"] for r in groups["results"]],
        ["10000000-0000-4000-8000-000000000001"],
        "and which groups' members may read it")
for row in groups["results"]:
    tap.is_(ask("grace", EVALUATION, {
        "subject": row, **item("Read", "SMS_Application", LEDGER)}
    )["decision"], True, "a group is a subject that can be asked about")
tap.is_(holders("grace", "SMS_Application", "Read", MISSING_KEY)["results"],
        [], "on a missing object there is nobody")
tap.is_(is_refused("dave", SUBJECT, {
    "subject": {"type": "user"}, **item("Read", "SMS_Role", "SMS0001R")},
    403, "not_permitted", "who may is not for everybody")
    ["missing"]["operation"], "Simulate", "but for those with Simulate")

# ---- What may be done on it ------------------------------------------------------

BITS = site.psql("SELECT name FROM reeve.operation WHERE object_type_id = 31"
                 " ORDER BY bit").strip().split("\n")
for who, key in (("bob", LEDGER), ("dave", SALE), ("ivan", SALE),
                 ("bob", SALE), ("mallory", LEDGER)):
    got = ask(who, ACTION, {"subject": subject(who), "resource":
                            resource("SMS_Application", key)})
    checks = ask(who, BATCH, {
        "subject": subject(who),
        "resource": resource("SMS_Application", key),
        "evaluations": [{"action": {"name": b}} for b in BITS]})
    tap.is_([r["name"] for r in got["results"]],
            [b for b, e in zip(BITS, checks["evaluations"])
             if e["decision"]],
            f"{who}: the operations are those that checks allow")
for key in (SALE, MISSING_KEY):
    got = ask("bob", ACTION, {"subject": subject("bob"), "resource":
                              resource("SMS_Application", key)})
    tap.is_((got["results"], got["context"]["reason"]),
            ([], "no_such_object"),
            "a hidden object is answered like a missing one")

# ---- Metadata ------------------------------------------------------------------

answer = web.Client(site).get(METADATA)
tap.is_(answer.json(), {
    "policy_decision_point": "https://reeve.lab.test",
    **{name + "_endpoint": "https://reeve.lab.test" + path
       for name, path in (
           ("access_evaluation", EVALUATION),
           ("access_evaluations", BATCH), ("search_subject", SUBJECT),
           ("search_resource", RESOURCE), ("search_action", ACTION))}},
    "the metadata name the configured URL")
answer = web.Client(site).get(METADATA, headers={"Host": "localhost"})
tap.is_(answer.json()["policy_decision_point"], "https://reeve.lab.test",
        "whatever the field Host says")

# ---- Why ---------------------------------------------------------------------------


def explain(who, action, kind, key="", about=None):
    body = item(action, kind, key, about)
    return ask(who, EXPLAIN, body)


got = explain("grace", "Modify", "SMS_Application", SALE, "bob")
tap.is_(got["decision"], False, "grace asks why bob may not")
tap.is_(got["sentence"],
        "bob@LAB.TEST may not Modify the application Point of Sale: the role "
        "Application Author holds it, but only in the scope Headquarters, "
        "and the application is in Branch Offices.",
        "and reads it in one sentence")
tap.is_([(a["role"], [s["name"] for s in a["scopes"]])
         for a in got["assignments"]],
        [({"id": "SMS0008R", "name": "Application Author"},
          ["Headquarters"])], "the assignment that came nearest is named")
tap.is_(got["resource"]["name"], "Point of Sale", "the object too")
tap.is_(timeless(got["context"]), timeless(ask("grace", EVALUATION, {
    "subject": subject("bob"), **item("Modify", "SMS_Application", SALE)}
)["context"]), "the context is the evaluation's")
got = explain("dave", "Delete", "SMS_Application", SALE)
tap.like(got["sentence"], "^You may not Delete the application Point of "
         "Sale: your role Read-only Analyst \\(by the group .*\\) does not "
         "hold it; .* would", "dave reads why, and which roles would")
tap.ok({"id": "SMS0001R", "name": "Full Administrator"} in got["roles"],
       "the roles are there as data")
tap.is_(got["assignments"][0]["via"],
        {"type": "group", "id": "10000000-0000-4000-8000-000000000001"},
        "and the group by which he has his")
tap.is_(got["tasks"], [{"task": "application.delete",
                        "title": "Delete an application"}],
        "and the task that the operation belongs to")
NEEDS = {t["task"]: [(n["type"], n["operation"]) for n in t["needs"]]
         for t in caller("dave").get("/reeve/v1/tasks").json()["tasks"]}
got = explain("mallory", "Read", "SMS_Role")
tap.is_([t["task"] for t in got["tasks"]],
        sorted((t for t, needs in NEEDS.items()
                if ("SMS_Role", "Read") in needs),
               key=lambda t: (len(NEEDS[t]), t))[:5],
        "of many tasks five, those with the fewest needs first")
tap.ok("roles" not in got, "also for those who may not read roles")
got = explain("dave", "Modify", "1", "RVE00016")
tap.is_([t["task"] for t in got["tasks"]], [
    "collection.modify", "collection.rule.direct", "collection.rule.include",
    "collection.rule.query"], "the type may be named by its number")
got = explain("dave", "Modify Report", "SMS_Application")
tap.is_((got["decision"], got.get("tasks")), (False, None),
        "an operation of no task has none")
got = explain("bob", "Modify", "SMS_Application", LEDGER)
tap.is_((got["decision"], got.get("tasks")), (True, None),
        "bob reads why he may")
tap.like(got["sentence"], "^You may Modify the application Contoso Ledger: ",
         "in a sentence")
text = json.dumps(got)
can_read = {
    kind: ask("bob", EVALUATION, {"subject": subject("bob"),
                                  **item("Read", kind)})["decision"]
    for kind in ("SMS_Role", "SMS_SecuredCategory")}
tap.is_(("SMS0008R" in text, "RVE00010" in text),
        (can_read["SMS_Role"], can_read["SMS_SecuredCategory"]),
        "with ids of roles and scopes only as far as he may read those")
for path, more in ((EXPLAIN, {}), (EVALUATION, {"subject": subject("bob")})):
    hidden, absent = (
        json.dumps(timeless(ask("bob", path, {
            **more, **item("Modify", "SMS_Application", key)}))).replace(
                key, "KEY") for key in (SALE, MISSING_KEY))
    tap.is_(hidden, absent, f"{path}: a hidden object is like a missing one")
got = explain("bob", "Modify", "SMS_Application", SALE)
tap.is_((got["assignments"], "Branch" in json.dumps(got), got.get("tasks"),
         got["context"]["reason"]), ([], False, None, "no_such_object"),
        "and of it nothing is told")
got = explain("grace", "Read", "SMS_Application", LEDGER, "mallory")
tap.like(got["sentence"], "^mallory@LAB.TEST may not Read the application "
         "Contoso Ledger: no assignment names", "who has nothing is told so")
got = explain("grace", "Add", "SMS_Admin")
tap.ok({"operation", "time"} <= set(got["context"]["missing"]["conditions"]),
       "an expired grant is among the nearest")
is_refused("bob", EXPLAIN, item("Read", "SMS_Application", LEDGER, "alice"),
           403, "not_permitted", "why alice may is not for bob")
is_refused("bob", EXPLAIN, {"action": {"name": "Read"}}, 400, "bad_request",
           "a resource must be named")

# ---- The whole scope ----------------------------------------------------------------

got = caller("carol").get(SCOPE).json()
tap.is_((got["subject"]["id"], got["total"], len(got["assignments"])),
        ("carol@LAB.TEST", 1, 1), "carol reads what she holds")
tap.ok({"id": "RVE00015", "name": "Headquarters Workstations"}
       in got["assignments"][0]["collections"], "with its collections")
got = ask("grace", SCOPE, {"subject": subject("dave")})
tap.is_([(a["role"]["id"], a["via"]["id"][-1]) for a in got["assignments"]],
        [("SMS0002R", "1")], "grace reads what dave holds by his group")
mine = caller("grace").get(SCOPE).json()
tap.is_([a["valid"] for a in mine["assignments"]
         if a["role"]["id"] == "SMS0001R"], [False],
        "of hers that have expired it says so")
is_refused("bob", SCOPE, {"subject": subject("alice")}, 403,
           "not_permitted", "what alice holds is not for bob")
tap.is_(caller("mallory").get(SCOPE).json()["assignments"], [],
        "who has nothing is told so")

# ---- Two things ------------------------------------------------------------------------


def pair(who, operation, **things):
    return ask(who, PAIR, {"operation": operation, **things})


deploy = {"object": resource("SMS_Application", SALE),
          "collection": "RVE00016"}
got = pair("ivan", "deploy", **deploy)
tap.is_(got["decision"], True, "ivan may deploy to the branches")
tap.like(got["sentence"], "^You may deploy the application Point of Sale to "
         "the collection Branch Workstations", "and reads so")
got = pair("dave", "deploy", **deploy)
tap.is_((got["decision"], [h["missing"] for h in got["halves"]]),
        (False, [["operation"], []]), "dave may not: one half is lacking")
tap.like(got["sentence"], "lacks Deploy Applications on the collection",
         "which he reads")
got = pair("ivan", "deploy", object=resource("SMS_Application", LEDGER),
           collection="RVE00016")
tap.is_((got["decision"], got["context"]["reason"], got["halves"]),
        (False, "no_such_object", []), "of what he cannot read: nothing")
is_refused("bob", PAIR, {"operation": "deploy", **deploy,
                         "subject": subject("ivan")}, 403, "not_permitted",
           "may ivan deploy is not for bob")
is_refused("bob", PAIR, {"operation": "launch", **deploy}, 400,
           "bad_request", "another operation is refused")

for wrong, member in (({"object": []}, "object"),
                      ({"object": {"type": 1}}, "object"),
                      ({"collection": 1}, "collection"),
                      ({"named": "x"}, "named"), ({"named": [1]}, "named"),
                      ({"direct": ["x"]}, "direct"),
                      ({"named": ["x"] * 65}, "named"),
                      ({"inventory": 1}, "inventory"),
                      ({"operation": 1}, "operation"),
                      ({"subject": "bob"}, "subject")):
    said = is_refused("bob", PAIR, {"operation": "deploy", **deploy, **wrong},
                      400, "bad_request", f"{str(wrong)[:40]} is refused")
    tap.like(said["detail"], f"member {member} ", "and the member named")
for operation, things, expected in (
        ("create_collection", {"limiting": "SMS00001"}, True),
        ("change_limiting", {"collection": "RVE00015",
                             "limiting": "SMS00001"}, True),
        ("write_rule", {"collection": "RVE00015", "named": ["RVE00016"],
                        "direct": [resource("SMS_R_System", HQ_WS)],
                        "inventory": True, "limiting": "RVE00014"}, True),
        ("write_rule", {"collection": "SMS00001"}, False)):
    tap.is_(pair("alice", operation, **things)["decision"], expected,
            f"alice: {operation} of {things.get('collection', 'a new one')}")

# What an allow does not read is not named, and nothing rides along.
for riding, member in (({"limiting": "SMS00001"}, "limiting"),
                       ({"other": resource("SMS_R_System", HQ_WS)}, "other"),
                       ({"to": "x"}, "to")):
    said = is_refused("ivan", PAIR, {"operation": "deploy", **deploy, **riding},
                      400, "bad_request", f"deploy with {member} is refused")
    tap.like(said["detail"], f"member {member} ", "and the member named")
got = pair("ivan", "delete_deployment",
           object=resource("SMS_Application", LEDGER), collection="RVE00016")
tap.is_(got["decision"], True, "whoever answers for the devices may stop it")
tap.ok("Ledger" not in got["sentence"] and LEDGER in got["sentence"],
       "without being told the name of what he cannot read")
recorded = [r for r in audit(site, event="decision")
            if "delete_deployment" in json.dumps(r)][-1]
tap.is_([(i[1], i[3]) for i in recorded["items"]],
        [("object", LEDGER), ("collection", "RVE00016")],
        "and the record names all that was asked about")

# ---- What if -------------------------------------------------------------------------------

add = {"role": "SMS0002R", "scopes": ["SMS00ALL"],
       "collections": ["SMS00001", "SMS00004"]}
before = site.psql("SELECT n FROM reeve.site_revision")
got = ask("alice", WHAT_IF, {
    "subject": subject("bob"), "add": [add],
    "questions": [item("Read", "SMS_Application", SALE),
                  item("Read", "SMS_Application", LEDGER),
                  item("Delete", "SMS_Application", SALE)],
    "objects": [{"resource": resource("SMS_Application", SALE)}]})
tap.is_([(q["before"], q["after"], q.get("required_level"))
         for q in got["questions"]],
        [(False, True, "windows"), (True, True, "windows"),
         (False, False, None)], "what would change for bob")
tap.ok("Read" in got["objects"][0]["gained"]
       and got["objects"][0]["lost"] == [], "and which operations he gains")
holds = ask("alice", SCOPE, {"subject": subject("bob")})["assignments"]
got = ask("alice", WHAT_IF, {
    "subject": subject("bob"), "remove": [holds[0]["id"]],
    "questions": [item("Modify", "SMS_Application", LEDGER)],
    "objects": [{"resource": resource("SMS_Application", LEDGER)}]})
tap.is_([(q["before"], q["after"]) for q in got["questions"]],
        [(True, False)], "and what he would lose")
tap.ok("Modify" in got["objects"][0]["lost"], "with all its operations")
tap.is_(site.psql("SELECT n FROM reeve.site_revision"), before,
        "nothing of it is stored")
tap.is_(ask("bob", EVALUATION, {
    "subject": subject("bob"), **item("Read", "SMS_Application", SALE)}
)["decision"], False, "and bob may no more than before")
is_refused("bob", WHAT_IF, {"add": [add]}, 403, "not_permitted",
           "what if needs Simulate, even about oneself")
for wrong, member in (({"add": [{**add, "role": "SMS0099R"}]}, "add.role"),
                      ({"add": [{**add, "scopes": ["NONE"]}]}, "add.scopes"),
                      ({"add": [{**add, "collections": ["NONE"]}]},
                       "add.collections"),
                      ({"add": {}}, "add"), ({"remove": [999999]}, "remove"),
                      ({"remove": ["x"]}, "remove"),
                      ({"questions": [{}]}, "questions: action"),
                      ({"admin_id": 0}, "admin_id")):
    said = is_refused("alice", WHAT_IF, {"subject": subject("bob"), **wrong},
                      400, "bad_request", f"{wrong} is refused")
    tap.like(said["detail"], f"member {member} ", "and the member named")
is_refused("alice", WHAT_IF, {"subject": subject("mallory"), "add": [add]},
           400, "bad_request", "who is nobody's user can get nothing")

# ---- Who may ask about others, but does not read everything -----------------

site.psql("BEGIN; SET LOCAL ROLE reeve_owner; SET LOCAL search_path = reeve;"
          " SELECT take_revision();"
          " INSERT INTO assignment (assignment_id, admin_id, role_id)"
          " SELECT 9001, admin_id, 'RVE0001R' FROM administrative_user"
          " WHERE principal_id = 'krb5:carol@LAB.TEST';"
          " INSERT INTO assignment_scope VALUES (9001, 'RVE00011'); COMMIT;")
now = site.psql("SELECT n FROM reeve.site_revision").strip()
answer = caller("carol").post(RESOURCE, {
    "subject": subject("carol"), "action": {"name": "Read"},
    "resource": {"type": "SMS_Application"}}, headers={
        "Reeve-At-Least": now})
tap.is_(answer.status, 200, "the new assignment is waited for")
readable = {r["id"] for r in answer.json()["results"]}
tap.ok(SALE in readable and LEDGER not in readable,
       "carol reads the applications of the branches")
for kind, about, action, limit in (
        ("SMS_Application", "alice", "Delete", 2),
        ("SMS_R_System", "alice", "Read", 60),
        ("SMS_Collection", "alice", "Modify", 1),
        ("SMS_Application", "bob", "Modify", 5)):
    ids, _ = walk("carol", action, kind, limit, about)
    checks = []
    for at in range(0, len(KEYS[kind]), 100):
        part = KEYS[kind][at:at + 100]
        checks += [key for key, e in zip(part, ask("carol", BATCH, {
            "subject": subject(about), "action": {"name": action},
            "evaluations": [{"resource": resource(kind, key)}
                            for key in part]})["evaluations"])
                   if e["decision"]]
    tap.is_(ids, checks, f"of what {about} may {action} she is told the "
            f"{kind} that she reads")
    tap.ok(ids, "which are some")
    got = resources("carol", action, kind, about,
                    properties={"count_only": True})
    tap.is_((got["page"]["total"], got["context"]["filtered"]),
            (len(checks), True), "and counted are only those")
ledger = item("Delete", "SMS_Application", LEDGER, "alice")
for path in (EVALUATION, EXPLAIN):
    hidden = ask("carol", path, ledger)
    tap.is_((hidden["decision"], hidden["context"]["reason"],
             "assignments" in hidden["context"],
             "Ledger" in json.dumps(hidden)),
            (False, "no_such_object", False, False),
            f"{path}: about alice on what carol cannot read: nothing")
tap.is_(holders("carol", "SMS_Application", "Read", LEDGER)["results"], [],
        "nor who may read it")
got = ask("carol", ACTION, {"subject": subject("alice"), "resource":
                            resource("SMS_Application", LEDGER)})
tap.is_((got["results"], got["context"]["reason"]), ([], "no_such_object"),
        "nor what alice may do on it")
got = ask("carol", PAIR, {"operation": "deploy", "subject": subject("alice"),
                          "object": resource("SMS_Application", LEDGER),
                          "collection": "RVE00016"})
tap.is_((got["decision"], got["halves"], "assignments" in got),
        (False, [], False), "nor that she may deploy it")
got = ask("carol", WHAT_IF, {
    "subject": subject("bob"),
    "questions": [item("Read", "SMS_Application", LEDGER)],
    "objects": [{"resource": resource("SMS_Application", LEDGER)}]})
tap.is_((got["questions"][0]["before"], got["objects"][0]["lost"],
         got["objects"][0]["reason"]), (False, [], "no_such_object"),
        "nor what would change")
is_refused("carol", WHAT_IF, {
    "subject": subject("bob"), "add": [{**add, "collections": ["SMS00001"]}]},
    400, "bad_request", "nor whether there is a collection")

# ---- At least this revision ----------------------------------------------------------------

question = {"subject": subject("dave"),
            **item("Read", "SMS_Application", SALE)}
answer = caller("dave").post(EVALUATION, question)
stamp = answer.header("reeve-revision")
revision, epoch = stamp.split("; epoch=")
for text in (stamp, revision, "0"):
    answer = caller("dave").post(EVALUATION, question,
                                 headers={"Reeve-At-Least": text})
    tap.is_(answer.status, 200, f"at least {text.split(';')[0]} is there")
answer = caller("dave").post(EVALUATION, question, headers={
    "Reeve-At-Least": f"{int(revision) + 1}; epoch={epoch}"})
tap.is_((answer.status, answer.json()["code"], answer.header("retry-after")),
        (503, "revision_not_reached", "1"), "a later one is waited for")
tap.like(answer.json()["detail"], f"has revision {revision}, ",
         "and then it is told which there is")
answer = caller("dave").post(EVALUATION, question, headers={
    "Reeve-At-Least": f"{revision}; epoch={'0' * 36}"})
tap.is_((answer.status, answer.json()["code"]), (409, "other_epoch"),
        "another history is refused")
for text in ("x", "-1", "1;", "1; epoch=", "1 2"):
    answer = caller("dave").post(EVALUATION, question,
                                 headers={"Reeve-At-Least": text})
    tap.is_((answer.status, answer.json()["code"]), (400, "bad_at_least"),
            f"{text!r} is no revision")
for path, body in ((BATCH, question), (EXPLAIN, question),
                   (RESOURCE, question), (ACTION, question),
                   (SCOPE, {}), (PAIR, {"operation": "deploy", **deploy})):
    answer = caller("dave").post(path, body, headers={
        "Reeve-At-Least": str(int(revision) + 1)})
    tap.is_(answer.status, 503, f"{path} waits too")
    tap.is_(caller("dave").post(path, body).header("reeve-revision"), stamp,
            "and its answer has what can be sent back")
written = caller("alice").post(
    "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships",
    {"ObjectIDs": [LEDGER], "ObjectTypeIDs": [31],
     "CategoryIDs": ["RVE00012"]})
answer = caller("dave").post(EVALUATION, question, headers={
    "Reeve-At-Least": written.header("reeve-revision")})
tap.is_((answer.status, answer.header("reeve-revision")),
        (200, written.header("reeve-revision")),
        "whoever has written reads its own write")

fixture.finish(site)
