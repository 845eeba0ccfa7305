#!/usr/bin/python3 -B
"""An idempotency key is of one request: every route that changes something
does the same again once, and refuses another request under the key."""

import json
import threading

from lib import callers, doors, fixture, samples, tap, wire
from lib.samples import MEMBERSHIP, OWN, SECURED

WMI = "/AdminService/wmi/"
site = fixture.site(config={"loops": 2})
LEDGER = callers.Ledger(site)
ALICE = callers.bearer(site, "alice", LEDGER)
SENT = samples.of(site)
# What changes nothing has nothing to do twice.
QUESTIONS = {"/access/v1/evaluation", "/access/v1/evaluations",
             "/reeve/v1/explain", "/reeve/v1/pair", "/reeve/v1/what-if",
             "/reeve/v1/scope", OWN + "compare", OWN + "similar",
             OWN + "for-tasks"} | {
                 "/access/v1/search/" + kind
                 for kind in ("resource", "subject", "action")} | {
                     SECURED + name for name in (
                         "UserHasPermissions", "GetAvailableScopes",
                         "GetCollectionsWithResourcePermissions",
                         "GetUserList")}
# Ends what is there and no more, however often: no revision, no key.
SESSIONS = {"/reeve/v1/session", "/reeve/v1/sessions/revoke"}
# Of the marks that the directory leaves.
ORPHANS = {WMI + "SMS_Admin.FindOrphans",
           "/AdminService/v1.0/Admin.FindOrphans"}
TABLE = [(method, SENT.KEYS.get(path, doors.sample(method, path)))
         for method, path, _ in doors.patterns(site)]
CHANGES = [(method, path) for method, path in TABLE
           if method != "GET" and not path.endswith("$batch")
           and path not in QUESTIONS | SESSIONS | ORPHANS]
# One letter more of these is another request that is as good.
FREE = ("RoleName", "RoleDescription", "CategoryName", "CategoryDescription",
        "Name", "DisplayName", "Comment", "ClassName", "LogonName", "RuleName",
        "PrincipalID", "xml", "RolesXml", "source")
# Of those without: another value of a member.
OTHER = {"RoleID": "SMS0002R", "CategoryID": "SMS00UNA",
         "CollectionID": "SMS00004", "RolePermission": {"Application": []},
         "MoveTo": "RVE00012", "required": True, "AuthenticationLevel": 10,
         "seconds": 28800, "level": "windows", "role_ids": ["SMS0002R"],
         "principal_id": "cert:key:" + "1" * 64, "CategoryIDs": ["RVE00011"]}


def other(body):
    """Another body that the route takes."""
    for name, value in body.items():
        if name in FREE and isinstance(value, str):
            changed = value.replace("RoleDescription=\"\"",
                                    "RoleDescription=\"x\"")
            return {**body, name: changed if changed != value
                    else value + "x"}
        if name in OTHER:
            return {**body, name: OTHER[name]}
        if name == "collectionRule":
            return {name: {**value, "RuleName": "another"}}
        if name == "collectionRules":
            return {name: [{**value[0], "RuleName": "another"}]}
    return None


def ask(method, path, body, key, who=None):
    text = json.dumps(body).encode() if body is not None else b""
    fields = {**(who or ALICE), "Content-Type": "application/json",
              "Idempotency-Key": key}
    if body is None:
        del fields["Content-Type"]
    with wire.Wire(site) as line:
        return LEDGER.note(line.request(method, path, fields, text))


def code(answer):
    body = answer.json()
    return answer.status, body.get("error", body).get("code")


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision"))


REUSED = (422, "idempotency_key_reused")
tap.ok(len(CHANGES) > 80, f"there are {len(CHANGES)} ways to change something")

# ---- One key for everything --------------------------------------------------------

first = {"ObjectIDs": SENT.BODIES[MEMBERSHIP + "AddMemberships"]["ObjectIDs"],
         "ObjectTypeIDs": [31], "CategoryIDs": ["RVE00012"]}
# What is an upgrade or an end of a type needs the type.
for path in (WMI + "RVE_ApplicationType",
             "/AdminService/v1.0/ApplicationType"):
    tap.is_(ask("POST", path, SENT.BODIES[path], path).status, 201,
            f"{path}: a type is registered")
tap.is_(ask("POST", MEMBERSHIP + "AddMemberships", first, "one").status, 200,
        "a key is used")
before = revision()
for method, path in CHANGES:
    if path.endswith("AddMemberships") or path.endswith("ApplicationType"):
        continue
    body = SENT.BODIES.get(path) if method != "DELETE" else None
    tap.is_(code(ask(method, path, body, "one")), REUSED,
            f"{method} {path}: not under the key of another request")
tap.is_(code(ask("POST", MEMBERSHIP + "RemoveMemberships", first, "one")),
        REUSED, "nor the opposite of what it was")


def in_batch(name, key, inner=None, **role):
    """What becomes of one change in a batch: status and code."""
    one = {"id": "1", "method": "POST", "url": "SMS_Role",
           "body": {"RoleName": name, "Operations": [], **role}}
    one.update({"headers": {"Idempotency-Key": inner}} if inner
               else {"atomicityGroup": "g"})
    said = ask("POST", WMI + "$batch", {"requests": [one]},
               key).json()["responses"][0]
    return said["status"], said["body"].get("error", said["body"]).get("code")


tap.is_(in_batch("x", "two", inner="one"), REUSED,
        "nor a request of a batch")
tap.is_(revision(), before, "nothing of it was done")

# ---- A key for each ---------------------------------------------------------------

for i, (method, path) in enumerate(CHANGES):
    body = SENT.BODIES.get(path) if method != "DELETE" else None
    key = f"own-{i}" if not path.endswith("ApplicationType") else path
    done = ask(method, path, body, key)
    wanted = SENT.DONE.get((method, path), 200)
    at = revision()
    again = ask(method, path, body, key)
    tap.is_((done.status, again.status, revision()), (wanted, wanted, at),
            f"{method} {path}: the same again is done once")
    if body is None:
        continue
    another = other(body)
    answers = [code(ask(method, path, another, key))] if another else []
    # The same to a reader, but not the same bytes.
    text = dict(reversed(list(body.items()))) if len(body) > 1 else None
    answers += [code(ask(method, path, text, key))] if text else []
    answers += [code(ask(method, path, {}, key))] \
        if body and method in ("PATCH", "PUT") and not answers else []
    tap.is_((set(answers) - {REUSED}, revision()), (set(), at),
            f"{method} {path}: another body under its key is 422")
    tap.ok(answers or not body, f"{method} {path}: there was another body")

tap.is_(in_batch("of a group", "grouped"), (201, None),
        "the key of a batch is that of its group")
at = revision()
tap.is_((in_batch("of a group", "grouped"), revision()), ((201, None), at),
        "which is made once")
for what, said in (
        ("another name", in_batch("of another", "grouped")),
        ("another text", in_batch("of a group", "grouped",
                                  RoleDescription="x"))):
    tap.is_((said, revision()), (REUSED, at),
            f"with {what} the group is another request")

# ---- Whose key it is ------------------------------------------------------------------

FRANK = callers.bearer(site, "frank", LEDGER)
role = {"RoleName": "of whom", "Operations": []}
mine = ask("POST", WMI + "SMS_Role", role, "shared")
tap.is_(mine.status, 201, "alice uses a key")
his = ask("POST", WMI + "SMS_Role", {**role, "RoleName": "of another"},
          "shared", FRANK)
tap.is_(his.status, 201, "and frank the same: everybody has keys of his own")
tap.is_((ask("POST", WMI + "SMS_Role", role, "shared").json()["RoleID"],
         code(ask("POST", WMI + "SMS_Role", role, "shared", FRANK))),
        (mine.json()["RoleID"], REUSED), "which stay apart")
again = callers.bearer(site, "alice", LEDGER)
tap.is_(ask("POST", WMI + "SMS_Role", role, "shared", again).json()["RoleID"],
        mine.json()["RoleID"], "alice has hers in any session")
tap.is_(ask("POST", WMI + "SMS_Role?dryRun=true", {**role, "RoleName": "dry"},
            "dry").status, 200, "a dry run does not use a key up")
tap.is_(ask("POST", WMI + "SMS_Role", {**role, "RoleName": "wet"},
            "dry").status, 201, "it is free for the real one")

# ---- At once -------------------------------------------------------------------------

said = []


def race(n):
    said.append(ask("POST", WMI + "SMS_Role", {
        "RoleName": f"race {n % 2}", "Operations": []}, "race"))


threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
tap.is_(sorted(a.status for a in said), [201] * 4 + [422] * 4,
        "of two requests at once under one key one is done")
tap.is_((site.psql("SELECT count(*) FROM reeve.security_role WHERE name LIKE "
                   "'race _'").strip(),
         len({a.json()["RoleID"] for a in said if a.status == 201})),
        ("1", 1), "once")

LEDGER.settle()
fixture.finish(site)
