#!/usr/bin/python3 -B
"""The gate holds for callers and for those whom questions are about, and a
name that has lost its directory account has lost its rights."""

from lib import fixture, tap, web
from lib.records import wait_for

PEOPLE = "ou=people,dc=lab,dc=test"
ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
REMOVE = ADD.replace("Add", "Remove")
site = fixture.site(config={"groups_refresh": "100ms",
                            "groups_max_age": "10s"})
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
KEY, BOTH = APPS["Contoso Ledger"], APPS["Remote Access Client"]
alice = web.client(site, "alice")


def about(who, action="Read", caller=alice):
    body = caller.post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": action},
        "resource": {"type": "SMS_Application", "id": KEY}}).json()
    return body.get("decision"), body.get("context", {}).get("reason")


def change(sql):
    site.psql("BEGIN; SET LOCAL ROLE reeve_owner; "
              "SELECT reeve.take_revision(); " + sql + "; COMMIT;")


def session(user):
    answer = web.client(site, user).get("/AdminService/wmi/SMS_Role")
    return web.Client(site, session=answer.header("reeve-session"))


def is_so(condition, name):
    try:
        wait_for(condition, timeout=10, what=name)
        tap.ok(True, name)
    except TimeoutError as e:
        tap.fail(name, str(e))


tap.is_(about("frank"), (True, "allowed"), "frank may read the application")

# ---- The level of the site ----------------------------------------------------

change("UPDATE reeve.site_setting SET minimum_level = 2")
strong = web.Client(site, site.kinit("alice", certificate=True))
is_so(lambda: web.client(site, "frank").get("/AdminService/wmi/SMS_Role")
      .status == 403, "below the site's level frank himself is refused")
tap.is_(about("frank", caller=strong), (False, "level_too_low"),
        "and so is the answer about him")
change("UPDATE reeve.site_setting SET minimum_level = 1")
is_so(lambda: about("frank") == (True, "allowed"), "the level is back")

# ---- Disabled, replaced, gone ----------------------------------------------------

change("UPDATE reeve.administrative_user SET account_id = "
       "'20000000-0000-4000-8000-000000000099' "
       "WHERE principal_id = 'krb5:erin@LAB.TEST'")
is_so(lambda: about("erin") == (False, "account_replaced"),
      "about erin, whose account was replaced: no")
is_so(lambda: site.psql("SELECT is_orphaned FROM reeve.administrative_user "
                        "WHERE principal_id = 'krb5:erin@LAB.TEST'").strip()
      == "t", "and she is marked orphaned")

frank, carol = session("frank"), session("carol")
tap.is_(frank.get("/AdminService/wmi/SMS_Role").status, 200,
        "frank has a session")
site.directory.modify(f"dn: uid=frank,{PEOPLE}\nchangetype: delete\n")
is_so(lambda: frank.get("/AdminService/wmi/SMS_Role").status == 401,
      "with his directory account his session ends")
answer = web.client(site, "frank").get("/AdminService/wmi/SMS_Role")
tap.is_((answer.status, answer.json()["error"]["code"]),
        (403, "account_gone"), "a new sign-in does not help")
tap.is_(about("frank"), (False, "account_gone"), "about him: no")
tap.is_(site.psql("SELECT is_orphaned FROM reeve.administrative_user "
                  "WHERE principal_id = 'krb5:frank@LAB.TEST'").strip(), "f",
        "he is not marked: the directory may be restored")
tap.is_(carol.get("/AdminService/wmi/SMS_Collection").status, 200,
        "nobody else is concerned")

# The name comes back as somebody else's.
live = session("grace")
tap.is_(live.get("/AdminService/wmi/SMS_Role").status, 200,
        "grace has a session")
site.directory.modify(f"dn: uid=grace,{PEOPLE}\nchangetype: delete\n")
site.directory.modify(
    f"dn: uid=grace,{PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\n"
    "uid: grace\ncn: Another Grace\nsn: Grace\n")
is_so(lambda: live.get("/AdminService/wmi/SMS_Role").status == 401,
      "a session is not handed on to another account of the same name")

# While the directory is away, what it last said about the account counts.
still = session("alice")
site.stop("directory")
is_so(lambda: still.get("/AdminService/wmi/SMS_Role").status == 200,
      "with the directory away alice's own assignments go on")
site.start("directory")
is_so(lambda: web.client(site, "dave").get("/AdminService/wmi/SMS_Role")
      .status == 200, "the directory is back: dave's groups are known")

# ---- A replay is answered as the first time, whatever has changed since -----------

key = {"Idempotency-Key": "gate-1"}
change("DELETE FROM reeve.object_scope WHERE object_key = "
       f"'{BOTH}' AND scope_id NOT IN ('RVE00010', 'RVE00011')")
bob = web.client(site, "bob")
body = {"ObjectIDs": [BOTH], "ObjectTypeIDs": [31],
        "CategoryIDs": ["RVE00010"]}
first = bob.post(REMOVE, body, headers=key)
tap.is_(first.status, 200, "bob takes his application out of his scope")
again = bob.post(REMOVE, body, headers=key)
tap.is_((again.status, again.json().get("@reeve.replayed"),
         again.json().get("@reeve.revision")),
        (200, True, first.json()["@reeve.revision"]),
        "sent again it is answered as done, though he sees it no more")
last = bob.post(REMOVE, body, headers={"Idempotency-Key": "gate-2"})
tap.is_((last.status, last.json().get("error", {}).get("code")),
        (404, "no_such_object"), "another request is refused by the store")

fixture.finish(site)
