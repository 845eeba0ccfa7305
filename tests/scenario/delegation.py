#!/usr/bin/python3 -B
"""Administrative users over REST: added by any name of an account, given
roles in scopes and collections, changed by two at once, removed; orphans."""

from lib import fixture, tap, web
from lib.records import audit

WMI = "/AdminService/wmi/"
ADMIN = WMI + "SMS_Admin"
site = fixture.site()
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "dave", "frank", "mallory")}


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def key(admin):
    return f"{ADMIN}({admin})"


def scalar(sql):
    return site.psql(sql).strip()


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def row(role, category, kind=29, **more):
    return {"RoleID": role, "CategoryID": category, "CategoryTypeID": kind,
            **more}


def admin_id(name):
    return int(scalar("SELECT admin_id FROM reeve.administrative_user WHERE "
                      f"logon_name IN ('{name}', '{name}@LAB.TEST')"))


def holds(admin):
    """{("SMS0009R", 29, "SMS00ALL"), ...}"""
    entity = call("alice", "GET", key(admin)).json()
    return {(p["RoleID"], p["CategoryTypeID"], p["CategoryID"])
            for p in entity["Permissions"]}


def may(who, action, kind):
    return web.client(site, who).post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": action},
        "resource": {"type": kind, "id": ""}}).json()["decision"]


# ---- Whom a name means --------------------------------------------------------

UUID = "20000000-0000-4000-8000-0000000000"
PEOPLE = "ou=people,dc=lab,dc=test"
for name, who, number in (
        ("mallory@LAB.TEST", "mallory", "05"),
        ("Mallory@lab.test", "mallory", "05"),
        ("LAB\\mallory", "mallory", "05"),
        ("lab.test\\MALLORY", "mallory", "05"),
        ("krb5:mallory@LAB.TEST", "mallory", "05"),
        (f"uid=mallory,{PEOPLE}", "mallory", "05"),
        ("mallory", "mallory", "05")):
    answer = call("alice", "POST", ADMIN, {
        "LogonName": name, "Permissions": [row("SMS0009R", "SMS00UNA")]})
    made = answer.json().get("AdminID")
    tap.is_((answer.status, answer.header("location")), (201, key(made)),
            f"an administrative user is added by {name}")
    tap.is_(scalar("SELECT principal_id, account_id, logon_name, "
                   "display_name, is_group FROM reeve.administrative_user "
                   f"WHERE admin_id = {made}"),
            f"krb5:{who}@LAB.TEST|{UUID}{number}|{who}@LAB.TEST|"
            f"{who.capitalize()}|f", "as the account that cannot be taken "
            "for another")
    if name != "mallory":
        tap.is_(call("alice", "DELETE", key(made)).status, 204,
                "and is removed")
MALLORY = made
tap.is_(error(call("alice", "POST", ADMIN, {"LogonName": "LAB\\mallory"})),
        (409, "admin_exists"), "nobody is added twice, under no name")
tap.is_([(r["event"], r["outcome"]) for r in
         audit(site, request_id=answer.header("x-request-id"))],
        [("write", "allow")], "the access stream has it")

tap.is_(error(call("alice", "POST", ADMIN, {
    "LogonName": "LAB\\everyone",
    "Permissions": [row("SMS0009R", "SMS00UNA")]})), (403, "self_gain"),
        "nobody gives anything to a group that one is in")
SPARE = "cn=spare,ou=groups,dc=lab,dc=test"
site.directory.modify(
    f"dn: {SPARE}\nchangetype: add\nobjectClass: groupOfNames\ncn: spare\n"
    f"member: uid=heidi,{PEOPLE}\n")
answer = call("alice", "POST", ADMIN, {
    "DistinguishedName": SPARE,
    "LogonName": "nobody of this name", "RoleNames": ["Remote Tools Operator"],
    "CategoryNames": ["Default"], "CollectionNames": ["All Systems"]})
GROUP = answer.json()["AdminID"]
TOOLS = scalar("SELECT role_id FROM reeve.security_role WHERE name = "
               "'Remote Tools Operator'")
tap.is_((answer.status, holds(GROUP)),
        (201, {(TOOLS, 29, "SMS00UNA"), (TOOLS, 1, "SMS00001")}),
        "New-CMAdministrativeUser: a group by its DN, roles, scopes and "
        "collections by name")
tap.is_(scalar("SELECT is_group, principal_id LIKE 'group:%' FROM "
               f"reeve.administrative_user WHERE admin_id = {GROUP}"),
        "t|t", "the group is one")

site.directory.modify(
    f"dn: uid=twin,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\n"
    "uid: twin\ncn: Twin\nsn: Lab\n\n"
    "dn: cn=twin,ou=groups,dc=lab,dc=test\nchangetype: add\n"
    f"objectClass: groupOfNames\ncn: twin\nmember: uid=twin,{PEOPLE}\n")
answer = call("alice", "POST", ADMIN, {"LogonName": "LAB\\twin"})
tap.is_(error(answer), (409, "ambiguous_account"),
        "a name of a user and a group is one of neither")
tap.is_(sorted(o["DistinguishedName"] for o in
               answer.json()["error"]["@reeve.objects"]),
        ["cn=twin,ou=groups,dc=lab,dc=test", f"uid=twin,{PEOPLE}"],
        "and both are told")
for body, status, code in (
        ({"LogonName": "LAB\\nobody"}, 400, "unknown_account"),
        ({"LogonName": "OTHER\\mallory"}, 400, "unknown_account"),
        ({"LogonName": "*"}, 400, "unknown_account"),
        ({"LogonName": "mallory)(uid=*"}, 400, "unknown_account"),
        ({"LogonName": "uid=nobody," + PEOPLE}, 400, "unknown_account"),
        ({"LogonName": "S-1-5-21-1-2-3-1104"}, 400, "unusable_account"),
        ({}, 400, "bad_request"), ({"LogonName": ""}, 400, "bad_request"),
        ({"LogonName": 7}, 400, "bad_request"),
        ({"LogonName": "x" * 1025}, 400, "bad_request"),
        ({"LogonName": "krb5:a@B", "Level": 3}, 400, "bad_request")):
    tap.is_(error(call("alice", "POST", ADMIN, body)), (status, code),
            f"nobody is added as {str(body)[:60]}")
answer = call("alice", "POST", ADMIN, {"LogonName": "krb5:pat@OTHER.TEST"})
tap.is_((answer.status, scalar(
    "SELECT principal_id, coalesce(account_id, '-') FROM "
    "reeve.administrative_user WHERE logon_name = 'pat@OTHER.TEST'")),
        (201, "krb5:pat@OTHER.TEST|-"), "somebody of another realm")

# ---- Permissions ----------------------------------------------------------------

entity = call("alice", "GET", key(MALLORY)).json()
etag = entity["@odata.etag"]
tap.is_(may("mallory", "Read", "SMS_Role"), False, "mallory reads no roles")
answer = call("alice", "PATCH", key(MALLORY), {
    "Permissions": entity["Permissions"] + [row("SMS0002R", "SMS00ALL")]},
    headers={"If-Match": etag})
tap.is_(answer.status, 200, "what was read is written back with a row more")
tap.is_(holds(MALLORY), {("SMS0009R", 29, "SMS00UNA"),
                         ("SMS0002R", 29, "SMS00ALL")}, "it is there")
answer = call("frank", "PATCH", key(MALLORY), {"Permissions": []},
              headers={"If-Match": etag})
tap.is_(error(answer), (412, "changed_meanwhile"),
        "the second of two administrators who edit the same gets 412")
tap.is_(len(holds(MALLORY)), 2, "and what the first one wrote stays")
tap.is_(may("mallory", "Read", "SMS_Role"), True,
        "the next decision counts it")

entity = call("alice", "GET", key(MALLORY)).json()
until = "2099-01-01T00:00:00Z"
tap.is_(error(call("alice", "PUT", key(MALLORY), {"DisplayName": "x"})),
        (400, "bad_request"),
        "permissions are not taken away by leaving them out of a PUT")
answer = call("alice", "PUT", key(MALLORY), {
    **entity, "Permissions": entity["Permissions"]
    + [row("SMS000AR", "SMS00UNA", ValidUntil=until)]})
tap.is_(answer.status, 200, "a temporary permission, by PUT of all there is")
ids = {p["RoleID"]: (p["AssignmentID"], p["ValidUntil"]) for p in
       call("alice", "GET", key(MALLORY)).json()["Permissions"]}
tap.is_(ids["SMS000AR"][1], "2099-01-01T00:00:00.000Z", "it ends")
plain = [row(role, category) for role, kind, category in holds(MALLORY)]
tap.is_(call("alice", "PATCH", key(MALLORY), {"Permissions": plain})
        .json()["@reeve.changed"], 0,
        "a script that knows no AssignmentID leaves all as it is")
tap.is_({p["RoleID"]: (p["AssignmentID"], p["ValidUntil"]) for p in
         call("alice", "GET", key(MALLORY)).json()["Permissions"]}, ids,
        "validity and AssignmentID too")
for permissions, code in (
        ([row("SMS0009R", "NOSUCH00")], "unknown_category"),
        ([row("NOSUCH00", "SMS00UNA")], "unknown_role"),
        ([row("SMS0009R", "SMS00UNA", 7)], "malformed_permission"),
        ([row("SMS0009R", "SMS00UNA", ValidUntil="soon")], "bad_request"),
        ([row("SMS0009R", "SMS00UNA", ValidFrom=until, ValidUntil=until)],
         "malformed_permission"),
        ([row("SMS0009R", "SMS00UNA", AssignmentID=9999999)],
         "unknown_assignment"),
        ([row("SMS0009R", "SMS00UNA", Level=3)], "bad_request"),
        (["x"], "bad_request"), ("x", "bad_request"),
        ([row("SMS0009R", "SMS00UNA")] * 1001, "malformed_permissions")):
    tap.is_(error(call("alice", "PATCH", key(MALLORY),
                       {"Permissions": permissions})), (400, code),
            f"no permissions: {str(permissions)[:70]}")

# ---- The cmdlets, one call each ------------------------------------------------------

WANT = holds(MALLORY)
for action, body, change in (
        ("AddRole", {"RoleName": "Application Author",
                     "Categories": [{"CategoryName": "Default"}]},
         lambda w: w | {("SMS0003R", 29, "SMS00UNA")}),
        ("AddScope", {"CategoryName": "All", "RoleID": "SMS0003R"},
         lambda w: w | {("SMS0003R", 29, "SMS00ALL")}),
        ("AddCollection", {"CollectionID": "SMS00001", "RoleID": "SMS0003R"},
         lambda w: w | {("SMS0003R", 1, "SMS00001")}),
        ("RemoveCollection", {"CollectionName": "All Systems"},
         lambda w: w - {("SMS0003R", 1, "SMS00001")}),
        ("RemoveScope", {"CategoryID": "SMS00ALL", "RoleID": "SMS0003R"},
         lambda w: w - {("SMS0003R", 29, "SMS00ALL")}),
        ("RemoveRole", {"RoleName": "Application Author"},
         lambda w: {p for p in w if p[0] != "SMS0003R"})):
    author = scalar("SELECT role_id FROM reeve.security_role WHERE name = "
                    "'Application Author'")
    text = {k: author if v == "SMS0003R" else v for k, v in body.items()}
    WANT = {(author if r == "SMS0003R" else r, k, c)
            for r, k, c in change({("SMS0003R" if r == author else r, k, c)
                                   for r, k, c in WANT})}
    answer = call("alice", "POST", f"{key(MALLORY)}/AdminService.{action}",
                  text)
    tap.is_((answer.status, holds(MALLORY)), (200, WANT), action)
for action, body in (
        ("AddRole", {}), ("AddRole", {"RoleID": 7}),
        ("AddRole", {"RoleID": "SMS0009R", "Categories": "x"}),
        ("AddScope", {"RoleID": "SMS0009R"}),
        ("AddScope", {"CollectionID": "SMS00001"}),
        ("RemoveCollection", {"CategoryID": "SMS00001"})):
    tap.is_(error(call("alice", "POST",
                       f"{key(MALLORY)}/AdminService.{action}", body)),
            (400, "bad_request"), f"{action} with {body}")

# ---- Who may not -----------------------------------------------------------------------

ALICE, BOB = admin_id("alice"), admin_id("bob")
before = scalar("SELECT n FROM reeve.site_revision")
for caller, method, path, body, status, code in (
        ("bob", "POST", ADMIN, {"LogonName": "LAB\\nobody"}, 403,
         "not_permitted"),
        ("bob", "PATCH", key(MALLORY), {"Permissions": []}, 404,
         "no_such_object"),
        ("bob", "DELETE", key(MALLORY), None, 404, "no_such_object"),
        ("bob", "DELETE", key(1), None, 404, "no_such_object"),
        ("dave", "POST", ADMIN, {"LogonName": "krb5:x@LAB.TEST"}, 403,
         "not_permitted"),
        ("dave", "PATCH", key(MALLORY), {"Permissions": []}, 403,
         "not_permitted"),
        ("dave", "DELETE", key(MALLORY), None, 403, "not_permitted"),
        # Security Administrator gives nothing that it has not, frank has
        # both roles on everything, but not all of a full administrator.
        ("frank", "POST", ADMIN, {
            "LogonName": "krb5:x@OTHER.TEST",
            "Permissions": [row("SMS0001R", "SMS00ALL")]}, 403,
         "not_grantable"),
        ("frank", "PATCH", key(ALICE), {"DisplayName": "x"}, 403,
         "not_grantable"),
        ("frank", "DELETE", key(ALICE), None, 403, "not_grantable"),
        ("alice", "DELETE", key(ALICE), None, 403, "self_removal"),
        ("alice", "PATCH", key(ALICE), {"Permissions": [
            row("SMS0009R", "SMS00ALL")]}, 403, "self_gain"),
        ("alice", "PATCH", key(ALICE), {"Permissions": []}, 409,
         "last_full_administrator"),
        ("alice", "PATCH", key(MALLORY), {"AdminID": ALICE}, 400,
         "bad_request"),
        ("alice", "PATCH", f"{ADMIN}('x')", {}, 400, "bad_key"),
        ("alice", "PATCH", key(99999999999999999999), {}, 400, "bad_key")):
    tap.is_(error(call(caller, method, path, body)), (status, code),
            f"{caller} {method} {path[len(WMI):]} {str(body)[:50]}")
tap.is_(scalar("SELECT n FROM reeve.site_revision"), before,
        "nothing of it changed anything")

# ---- Tried first -------------------------------------------------------------------------

answer = call("alice", "POST", ADMIN + "?dryRun=true", {
    "LogonName": "LAB\\heidi", "Permissions": [
        row("SMS0001R", "SMS00UNA"), row("SMS0001R", "SMS00001", 1)]})
grant = answer.json()["results"][0]["grants"][0]
tap.is_(answer.status, 200, "a grant is tried")
tap.ok({"SMS_Boundary", "SMS_Role"} <= {
    n["type"] for n in grant["not_limited"]
    if n["reason"] == "secured_by_role"},
       "and told what no scope and no collection limits")
tap.ok(any(r["type"] == "SMS_Site" and r.get("out_of_scope")
           for r in grant["deploying_lacks"])
       or all("lacks_operations" not in r for r in grant["deploying_lacks"]),
       "and which sites and points a deploying role does not reach")
tap.is_(scalar("SELECT count(*) FROM reeve.administrative_user WHERE "
               "logon_name LIKE 'heidi%'"), "0", "and nothing is kept")

# ---- Orphans -------------------------------------------------------------------------------

ORPHANS = ADMIN + ".FindOrphans"
tap.is_(call("dave", "POST", ORPHANS, {}).json()["Orphans"], [],
        "whoever reads administrative users may look for orphans")
tap.is_(error(call("bob", "POST", ORPHANS, {})), (403, "not_permitted"),
        "who may not, not")
site.directory.modify(f"dn: uid=mallory,{PEOPLE}\nchangetype: delete\n")
site.directory.modify(f"dn: {SPARE}\nchangetype: delete\n")
found = call("alice", "POST", ORPHANS, {}).json()
tap.is_(sorted((o["AdminID"], o["State"], o["IsOrphaned"])
               for o in found["Orphans"]),
        [(MALLORY, "gone", False), (GROUP, "gone", False)],
        "accounts that are gone are found, of users and of groups")
tap.is_(found["NotChecked"], 1, "who is of another realm was not checked")
tap.is_(error(call("dave", "POST", ORPHANS, {"Mark": True})),
        (403, "not_permitted"), "who may not change them marks none")
answer = call("alice", "POST", ORPHANS, {"Mark": True})
tap.is_((answer.status, answer.json()["Marked"]), (200, 2), "they are marked")
tap.is_([r["AdminID"] for r in call(
    "alice", "GET", ADMIN + "?$filter=IsOrphaned%20eq%20true"
    "&$orderby=AdminID").json()["value"]], sorted([MALLORY, GROUP]),
        "and shown")
tap.is_([call("alice", "DELETE", key(o)).status
         for o in (MALLORY, GROUP)], [204, 204], "and removed")
tap.is_(error(call("alice", "POST", ORPHANS, {"Mark": "yes"})),
        (400, "bad_request"), "Mark is true or false")

# ---- Without the directory -------------------------------------------------------------------

site.directory.stop()
answer = call("alice", "POST", ADMIN, {"LogonName": "LAB\\heidi"})
tap.is_(error(answer), (503, "directory_unavailable"),
        "nobody is looked up in a directory that is down")
tap.ok("31243" in answer.json()["error"]["message"], "31243")
found = call("alice", "POST", ORPHANS, {"Mark": True})
tap.is_(error(found), (409, "nobody_there"),
        "and nobody is an orphan because of it")
tap.is_(scalar("SELECT count(*) FROM reeve.administrative_user WHERE "
               "is_orphaned"), "0", "nobody at all")

fixture.finish(site)
