#!/usr/bin/python3 -B
"""Every route that the provider says it has, from outside."""

import json
import re

from lib import callers, doors, fixture, samples, tap, wire
from lib.samples import MEMBERSHIP, OWN, question

ADMIN_SERVICE = "/AdminService"
ROLES = ADMIN_SERVICE + "/wmi/SMS_Role"
EVALUATION = "/access/v1/evaluation"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

site = fixture.site(config={"loops": 1,
                            "public_url": "https://reeve.lab.test"})
ledger = callers.Ledger(site)
alice = callers.bearer(site, "alice", ledger)
mallory = callers.bearer(site, "mallory", ledger)
sent = samples.of(site)
BODIES, KEYS, DONE = sent.BODIES, sent.KEYS, sent.DONE
# Signing in and out: scenario levels.py and sessions.py.
OWN_SESSION = "/reeve/v1/session"
routes = [(method, KEYS.get(path, doors.sample(method, path)), power)
          for method, path, power in doors.patterns(site)
          if path != OWN_SESSION]
# What there is, for everybody who has signed in.
ABOUT = {f"{ADMIN_SERVICE}/{root}{what}" for root in ("wmi", "v1.0")
         for what in ("", "/$metadata")} | {
             "/reeve/v1/tasks", OWN + "file-keys",
             "/openapi.json", OWN + "for-tasks"}
OPEN = {path for _, path, power in routes if power == "open"}
tap.ok(len(routes) > 10, "the provider lists its routes")
tap.is_({path for method, path, _ in routes if method != "GET"}, set(BODIES),
        "this test knows a body for each route that takes one")


def ask(method, path, headers=None):
    """One request; those of open routes have no record to be compared."""
    headers, body = dict(headers or {}), b""
    if method in ("POST", "PATCH", "PUT") and path in BODIES:
        headers["Content-Type"] = "application/json"
        body = json.dumps(BODIES[path]).encode()
    with wire.Wire(site) as w:
        answer = w.request(method, path, headers, body)
    return answer if answer.status in (200, 503) and path in OPEN \
        else ledger.note(answer)


def gains(said):
    """What an answer about oneself allows; falsy when it is nothing."""
    if "ReturnValue" in said:
        return any(value for value in said.values())
    if "responses" in said:
        return any(one["status"] < 400 for one in said["responses"])
    for name in ("evaluations", "results", "assignments"):
        if name in said and "decision" not in said:
            return any(row.get("decision", True) for row in said[name])
    return said["decision"]


def is_revision(text):
    return re.fullmatch(r"[1-9][0-9]*; epoch=[0-9a-f-]{36}", text or "")


def error_form(answer, path):
    """What is wrong with the form of an error; nothing when it is right."""
    if answer.header("content-length") != str(len(answer.body)):
        return "Content-Length"
    said, request_id = answer.json(), answer.header("x-request-id")
    if re.match("/adminservice(/|$)", path.lower()):
        error = said.get("error", {})
        right = (answer.header("content-type") == "application/json"
                 and set(said) == {"error"}
                 and {"code", "message"} <= set(error)
                 and error.get("@reeve.request_id") == request_id)
        return "" if right else f"OData: {answer.trace} {answer.text}"
    right = (answer.header("content-type") == "application/problem+json"
             and said.get("type") == "urn:reeve:problem:" + said.get("code")
             and said.get("status") == answer.status and said.get("title")
             and said.get("detail") and said.get("request_id") == request_id)
    return "" if right else f"RFC 9457: {answer.trace} {answer.text}"


# ---- Each route -------------------------------------------------------------

odata = []  # answers below /AdminService
for method, path, power in routes:
    name = f"{method} {path}"
    anonymous = ask(method, path)
    nobody = ask(method, path, mallory)
    if power == "open":
        tap.ok(anonymous.status in (200, 503), f"{name} is open to everybody")
        tap.is_((anonymous.header("reeve-revision"),
                 callers.records_of(site, anonymous)), (None, []),
                f"{name} says nothing of the site, and is in no log")
        continue
    tap.is_((anonymous.status, anonymous.header("www-authenticate"),
             anonymous.header("reeve-revision")), (401, "Negotiate", None),
            f"{name} without a credential is 401, and says nothing else")
    tap.is_(error_form(anonymous, path), "", f"{name}: its 401 has the form")
    if path in ABOUT:
        tap.is_((power, nobody.status), ("self", 200),
                f"{name} tells whoever has signed in")
    elif power == "self":
        tap.is_((nobody.status, gains(nobody.json())), (200, False),
                f"{name} tells somebody without rights so")
    else:
        # On an object that one may not read it is 404, unless one may not
        # read any of its class.
        hidden = method != "GET" and "Copy" not in path and any(
            part in path for part in (
                MEMBERSHIP, "/principals/", "('", "='", "(2", "ExportRole",
                "roles/export", "MoveMembers"))
        tap.is_(nobody.status, 404 if hidden else 403,
                f"{name} needs {power}")
        tap.is_(error_form(nobody, path), "", f"{name}: so does the refusal")
    tap.ok(is_revision(nobody.header("reeve-revision")),
           f"{name} names the revision by which it refused")
    somebody = ask(method, path, alice)
    tap.is_(somebody.status, DONE.get((method, path), 200),
            f"{name} answers who may ask")
    if path.startswith(ADMIN_SERVICE):
        odata += [(name, a) for a in (anonymous, nobody, somebody)]

# ---- Methods ----------------------------------------------------------------

TABLE = doors.patterns(site)
takes = {path: doors.methods(TABLE, path) for _, path, _ in routes}
for path, methods in takes.items():
    others = [ask(m, path, mallory) for m in METHODS if m not in methods]
    tap.is_([a.status for a in others], [405] * len(others),
            f"{path}: no other method")
    tap.is_([set((a.header("allow") or "").split(", ")) for a in others],
            [methods] * len(others), f"{path}: Allow names those it takes")
    tap.is_(ask("DELETE", path).status, 401,
            f"{path}: who is unknown is not told the methods")

for path in (p for p, methods in takes.items() if "HEAD" in methods):
    with wire.Wire(site) as w:
        got = w.request("GET", path, alice)
        head = w.request("HEAD", path, alice)
        again = w.request("HEAD", path, alice)
    if path not in OPEN:
        for answer in (got, head, again):
            ledger.note(answer)
    varying = ("date", "x-request-id")
    tap.is_([h for h in head.headers if h[0] not in varying],
            [h for h in got.headers if h[0] not in varying],
            f"HEAD {path} has the header of GET")
    tap.is_((head.status, again.status), (got.status, got.status),
            f"HEAD {path} has no body")

# ---- Paths ------------------------------------------------------------------

NOWHERE = ["/", "/index.html", "/AdminService", "/AdminService/v1",
           "/AdminService/wmi/SMS_Nothing", "/AdminService/v1.0/SMS_Role",
           "/AdminServices/wmi/SMS_Role", ROLES + "s", ROLES + "/SMS0001R",
           ROLES + "(x", "/access/v1/search", "/access/v2/evaluation",
           "/reeve/v1", "/reeve/v1/explain/x", "/.well-known",
           "/ACCESS/v1/evaluation", "/HealthZ", "/healthz.txt",
           "/AdminService/wmi/SMS_Role%20", "/AdminService/wmi/SMS_R%C3%B6le"]
for path in NOWHERE:
    tap.is_((ask("GET", path).status, ask("GET", path, alice).status),
            (401, 404), f"{path}: 401 for the unknown, 404 for the known")
    tap.is_(error_form(ask("GET", path, mallory), path), "",
            f"{path}: its 404 has the form")

for path in ("/adminservice/wmi/sms_role", "/ADMINSERVICE/WMI/SMS_ROLE",
             "/AdminService/wmi/SMS%5FRole", "/%41dminService/wmi/SMS_Role"):
    tap.is_((ask("GET", path).status, ask("GET", path, mallory).status,
             ask("GET", path, alice).status), (401, 403, 200),
            f"{path} is the route of the roles, and guarded as it is")

VARIANTS = [
    "/x/..{}", "/.{}", "/./{}", "/..{}", "/{}", "//{}", "{}/", "{}//", "{}/.",
    "{}/..", "{}/%2e", "{}/%2e%2e/x", "/%2e%2e{}", "/%2E%2E{}", "/x/%2e%2e{}",
    "{}%00", "{}%00.txt", "%00{}", "{}%2F", "{}%2f..", "/x%2f..{}", "%2F{}",
    "{}%5c", "/x\\..{}", "{};x=1", "{}%3b", "{}%0d%0a", "{}%20", "{}%09",
    "{}#x", "{}%23x", "{}%3Fx", "{}%c0%af", "{}%e0%80%af", "{}%ff", "{}%zz",
    "{}%", "/healthz/..{}", "/healthz{}", "/healthz%2f..{}", "{}%252e",
]
# One path of each kind of power, and the first with a body.
for path in ["/healthz", EVALUATION, ROLES, MEMBERSHIP + "AddMemberships"]:
    tap.ok(path in takes, f"{path} is a route")
    variants = [variant.format(path) for variant in VARIANTS]
    if "/" in path[1:]:
        variants += [path[0] + path[1:].replace("/", slash)
                     for slash in ("%2F", "%2f", "\\", "%5C", "//", "/./")]
    statuses = [(variant, ask("GET", variant, who).status)
                for variant in variants for who in (alice, None)]
    tap.is_([s for s in statuses if s[1] not in (400, 401, 404)], [],
            f"no variant of {path} is another route, or this one")

# ---- Fields of answers ------------------------------------------------------

# status, method, path, who
KINDS = [
    (200, "GET", ROLES, alice), (401, "GET", ROLES, None),
    (403, "GET", ROLES, mallory), (404, "GET", "/nothing", mallory),
    (405, "PUT", ROLES, mallory), (400, "GET", ROLES + "?$top=x", alice),
    (501, "GET", ROLES + "?$apply=x", alice),
    (404, "POST", MEMBERSHIP + "AddMemberships", mallory),
    (400, "POST", "/access/v1/evaluation", alice),
]
for number, (status, method, path, who) in enumerate(KINDS):
    mine = f"id-{number}:{'x' * 100}~!"
    headers = {**(who or {}), "X-Request-ID": mine}
    answer = ask(method, path, headers) if path != EVALUATION \
        else ledger.ask(method, path, headers)
    tap.is_((answer.status, answer.header_all("x-request-id")),
            (status, [mine]), f"{status}: X-Request-ID comes back")
    if who:
        tap.ok(is_revision(answer.header("reeve-revision")),
               f"{status}: Reeve-Revision names revision and epoch")
    if status != 200:
        tap.is_(error_form(answer, path), "", f"{status}: has the form")
    if path.startswith(ADMIN_SERVICE):
        odata.append((f"{method} {path}", answer))
    tap.is_([answer.header(n) for n in (
        "cache-control", "x-content-type-options",
        "strict-transport-security")],
        ["no-store", "nosniff", "max-age=31536000"],
        f"{status}: nobody keeps it or takes it for something else")
tap.is_([(name, a.status) for name, a in odata
         if a.header("odata-version") != "4.0"], [],
        "each answer below /AdminService has OData-Version")
for wrong in ("x" * 129, "a b", "\xe9"):
    answer = ask("GET", ROLES, {**alice, "X-Request-ID": wrong})
    tap.like(answer.header("x-request-id"), "^[0-9a-f]{16}$",
             "an X-Request-ID that is none is replaced")

for how in ({}, mallory):
    answer = ask("GET", ROLES, {**how, "X-Forwarded-User": "alice@LAB.TEST",
                                "X-Remote-User": "alice@LAB.TEST",
                                "X-SSL-Client-S-DN": "CN=alice",
                                "X-HTTP-Method-Override": "PUT",
                                "X-Original-URL": "/healthz"})
    tap.is_(answer.status, 403 if how else 401,
            "fields that proxies set make nobody else of a caller")

ledger.settle()
fixture.finish(site)
