#!/usr/bin/python3 -B
"""Who asks with the revision that a revocation was answered with is denied at
every provider of the site, however far behind it is."""

import json

from lib import callers, fixture, records, second, tap, web, wire

WMI = "/AdminService/wmi/"
MEMBERSHIP = WMI + "SMS_SecuredCategoryMembership."
BRANCH, BRANCHES = "RVE00011", "RVE00016"
HOW_OFTEN = 4
site = fixture.site(config={"loops": 1, "revision_wait": "500ms"},
                    feed_proxy=True)
there = second.start(site)
SITES = (site, there)
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER = APPS["Contoso Ledger"]
KNOWN = {}


def ask(who, where, method, path, body=None, **fields):
    """A request in a session that is the provider's own."""
    if (who, where) not in KNOWN:
        KNOWN[who, where] = callers.bearer(where, who, callers.Ledger(where))
    more = {"Content-Type": "application/json"} if body is not None else {}
    with wire.Wire(where) as line:
        return line.request(
            method, path, {**KNOWN[who, where], **more, **fields},
            json.dumps(body).encode() if body is not None else b"")


def do(where, method, path, body=None, **fields):
    """What alice changes; the revision that it was answered with."""
    answer = ask("alice", where, method, path, body, **fields)
    if answer.status not in (200, 201, 204):
        tap.fail(f"alice: {method} {path}", answer.text[:300])
    return answer.header("reeve-revision")


def question(who, action, kind, key):
    return {"subject": {"type": "user", "id": f"{who}@LAB.TEST"},
            "action": {"name": action}, "resource": {"type": kind, "id": key}}


def decided(where, asked, stamp=None, who=None):
    """The decision at a provider, or the status where there is none."""
    more = {"Reeve-At-Least": stamp} if stamp else {}
    who = who or asked["subject"]["id"].partition("@")[0]
    answer = ask(who, where, "POST", "/access/v1/evaluation", asked, **more)
    if answer.status != 200:
        return answer.status
    return answer.json()["decision"]


def number(stamp):
    return int(stamp.partition(";")[0])


# ---- What is given and taken away ------------------------------------------------

def admin_id(logon):
    return int(site.psql("SELECT admin_id FROM reeve.administrative_user WHERE "
                         f"principal_id = 'krb5:{logon}@LAB.TEST'"))


def admin(action):
    return f"{WMI}SMS_Admin({HEIDI})/AdminService.{action}"


ROLE = ask("alice", site, "POST", WMI + "SMS_Role", {
    "RoleName": "Reader", "Operations": [
        {"ObjectTypeID": 31, "GrantedOperations": 1},
        {"ObjectTypeID": 1, "GrantedOperations": 1}]}).json()["RoleID"]
ROLE_PATH = f"{WMI}SMS_Role('{ROLE}')"
do(site, "POST", WMI + "SMS_Admin", {"LogonName": "LAB\\heidi", "Permissions": [
    {"RoleID": ROLE, "CategoryID": "RVE00010", "CategoryTypeID": 29},
    {"RoleID": ROLE, "CategoryID": BRANCHES, "CategoryTypeID": 1}]})
HEIDI = admin_id("heidi")
READS = question("heidi", "Read", "SMS_Application", LEDGER)
DESK = json.loads(ask("alice", site, "POST", WMI + "SMS_Collection", {
    "Name": "Desk", "CollectionType": 2,
    "LimitToCollectionID": BRANCHES}).body)["CollectionID"]
DEVICE = int(site.psql("SELECT min(resource_id) FROM reeve.collection_member "
                       f"WHERE collection_id = '{BRANCHES}'"))
RULE = {"collectionRule": {
    "@odata.type": "#AdminService.SMS_CollectionRuleDirect",
    "RuleName": "one", "ResourceClassName": "SMS_R_System",
    "ResourceID": DEVICE}}
IN_BRANCH = {"ObjectIDs": [LEDGER], "ObjectTypeIDs": [31],
             "CategoryIDs": [BRANCH]}
NONE = {"Operations": [{"ObjectTypeID": 1, "GrantedOperations": 1}]}
SOME = {"Operations": [{"ObjectTypeID": 1, "GrantedOperations": 1},
                       {"ObjectTypeID": 31, "GrantedOperations": 1}]}
MINIMAL = {"Prefer": "return=minimal"}


def in_group(change):
    """A change of a group of a $batch."""
    method, path, body = change[:3]
    return "POST", WMI + "$batch", {"requests": [
        {"id": "1", "method": method, "url": path, "atomicityGroup": "g",
         "headers": {"Content-Type": "application/json"}, "body": body}]}


ADD = ("POST", MEMBERSHIP + "AddMemberships", IN_BRANCH)
REMOVE = ("POST", MEMBERSHIP + "RemoveMemberships", IN_BRANCH)
SCOPE = {"CategoryID": "RVE00010"}
CASES = [
    ("an object that leaves a scope",
     question("ivan", "Read", "SMS_Application", LEDGER), ADD, REMOVE),
    ("a role that loses an operation", READS, ("PATCH", ROLE_PATH, SOME),
     ("PATCH", ROLE_PATH, NONE)),
    ("a role that loses it, answered without a body", READS,
     ("PATCH", ROLE_PATH, SOME, MINIMAL),
     ("PATCH", ROLE_PATH, NONE, MINIMAL)),
    ("a role that loses it, in a group of a batch", READS,
     in_group(("PATCH", ROLE_PATH, SOME)),
     in_group(("PATCH", ROLE_PATH, NONE))),
    ("an administrator who loses a scope", READS,
     ("POST", admin("AddScope"), {"CategoryID": "RVE00010"}),
     ("POST", admin("RemoveScope"), {"CategoryID": "RVE00010"})),
    ("a device that leaves a collection",
     question("heidi", "Read", "SMS_R_System", str(DEVICE)),
     ("POST", f"{WMI}SMS_Collection('{DESK}')/AdminService.AddMembershipRule",
      RULE),
     ("POST",
      f"{WMI}SMS_Collection('{DESK}')/AdminService.DeleteMembershipRule",
      RULE)),
]


def turn(change, where):
    method, path, body, *more = change
    return do(where, method, path, body, **(more[0] if more else {}))


def both(asked, stamp):
    return [decided(where, asked, stamp) for where in SITES]


# heidi reads devices of the desk alone, and applications of headquarters.
do(site, "POST", admin("AddCollection"), {"CollectionID": DESK})
do(site, "POST", admin("RemoveCollection"), {"CollectionID": BRANCHES})
do(site, "POST", admin("AddScope"), {"CategoryID": "RVE00012"})
for what, asked, give, take in CASES:
    wrong = []
    for i in range(HOW_OFTEN):
        at = SITES[i % 2]
        given = turn(give, at)
        said = both(asked, given)
        taken = turn(take, at)
        # Where it was not made first: that provider has had least time.
        denied = [decided(where, asked, taken)
                  for where in (SITES[1 - i % 2], at)]
        if said != [True, True] or denied != [False, False] or \
                number(taken) <= number(given):
            wrong.append((said, denied, given, taken))
    tap.is_(wrong, [], f"{what}: allowed everywhere by the one revision, "
            "denied by the next")
    if what.startswith("a role") or "scope" in what.split()[-1]:
        turn(give, site)  # as it was
do(site, "POST", MEMBERSHIP + "RemoveMemberships", IN_BRANCH)

# ---- A provider that is behind -----------------------------------------------------

IVAN = question("ivan", "Read", "SMS_Application", LEDGER)
for behind, ahead in ((there, site), (site, there)):
    name = "the second" if behind is there else "the first"
    given = turn(ADD, ahead)
    tap.is_(both(IVAN, given), [True, True], "a right that is in force")
    behind.feed.hold()
    taken = turn(REMOVE, ahead)
    tap.is_(decided(ahead, IVAN, taken), False, "is taken away")
    tap.is_(decided(behind, IVAN), True,
            f"{name} provider, which hears nothing, does not know it yet")
    for path, body in (
            ("/access/v1/evaluation", IVAN),
            ("/access/v1/evaluations", {**IVAN, "evaluations": [{}, {}]}),
            ("/reeve/v1/explain", IVAN),
            ("/access/v1/search/action", IVAN),
            (WMI + "SMS_RbacSecuredObject.UserHasPermissions",
             {"ObjectPath": f"SMS_Application('{LEDGER}')",
              "Permissions": 1}),
            (WMI + "$batch", {"requests": [
                {"id": "1", "method": "GET", "url": WMI + "SMS_Application",
                 "headers": {"Reeve-At-Least": taken}}]})):
        answer = ask("ivan", behind, "POST", path, body, **{
            "Reeve-At-Least": taken})
        told = answer.json()
        told = told.get("code", told.get("error", {}).get("code"))
        tap.is_((answer.status, told), (503, "revision_not_reached"),
                f"{path}: it does not decide by an older one")
    tap.is_(ask("ivan", behind, "GET", WMI + "SMS_Application",
                **{"Reeve-At-Least": taken}).status, 503, "nor list by it")
    behind.feed.release()
    records.wait_for(lambda: decided(behind, IVAN, taken) is False,
                     what="the revision")
    tap.is_(both(IVAN, taken), [False, False], "and then it denies, too")
    tap.is_([decided(w, IVAN) for w in SITES], [False, False],
            "also who does not ask for it")

# Also where the revocation was made itself, when that one hears nothing.
turn(ADD, site)
site.feed.hold()
taken = turn(REMOVE, site)
tap.is_(both(IVAN, taken), [503, False],
        "who took it away knows the revision before deciding by it")
site.feed.release()
records.wait_for(lambda: decided(site, IVAN, taken) is False,
                 what="the revision")

# The revision cannot be had by guessing, or from another site.
for stamp, status in ((str(number(taken) + 10 ** 9), 503),
                      (taken.replace("epoch=", "epoch=0"), 409)):
    tap.is_(both(IVAN, stamp), [status, status], f"{stamp[:24]} is {status}")

# ---- An administrator who is gone, and a level that is higher -------------------------

GONE = question("heidi", "Read", "SMS_Application", LEDGER)
turn(("PATCH", ROLE_PATH, SOME), site)
tap.is_(both(GONE, do(site, "POST", admin("AddScope"), SCOPE)), [True, True],
        "heidi reads an application")
answer = ask("alice", there, "DELETE", f"{WMI}SMS_Admin({HEIDI})")
taken = answer.header("reeve-revision")
tap.is_(answer.status, 204, "she is deleted, and the answer has no body")
tap.is_([decided(w, GONE, taken, "alice") for w in SITES], [False, False],
        "by its revision she may no more, wherever one asks about her")
tap.is_(both(GONE, taken), [401, 401], "and her sessions stand for nobody")
answer = ask("alice", site, "POST", WMI + "SMS_Site.SetAuthenticationLevel",
             {"ExceptionList": ["alice@LAB.TEST"]})
tap.is_(answer.status, 200, "alice may come as she is")
strong = web.Client(site, site.kinit("alice", certificate=True))
answer = strong.post(WMI + "SMS_Site.SetAuthenticationLevel",
                     {"AuthenticationLevel": 10})
tap.is_(answer.status, 200, "the site asks for certificates")
tap.is_([decided(w, question("bob", "Read", "SMS_Application", LEDGER),
                 answer.header("reeve-revision")) for w in SITES], [403, 403],
        "by that revision bob's password is not enough anywhere")

there.finish()
fixture.finish(site)
