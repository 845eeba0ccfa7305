#!/usr/bin/python3 -B
"""Lists hold what the caller may read, say so, and come in pages."""

from lib import fixture, tap, web
from lib.records import audit
from lib.wire import Wire

WMI = "/AdminService/wmi/"
CLASSES = ("SMS_Admin", "SMS_Role", "SMS_SecuredCategory", "SMS_Collection",
           "SMS_R_System", "SMS_Application")
site = fixture.site()
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "carol", "dave", "mallory", "erin")}


def rows(caller, kind, query=""):
    answer = WHO[caller].get(WMI + kind + query)
    tap.is_(answer.status, 200, f"{caller} lists {kind}{query}")
    return answer.json() if answer.status == 200 else {"value": []}


def scalar(sql):
    return int(site.psql(sql).strip())


# ---- Who sees how many ------------------------------------------------------

TOTAL = {
    "SMS_Admin": scalar("SELECT count(*) FROM reeve.administrative_user"),
    "SMS_Role": scalar("SELECT count(*) FROM reeve.security_role"),
    "SMS_SecuredCategory": scalar("SELECT count(*) FROM reeve.security_scope"),
    "SMS_Collection": scalar("SELECT count(*) FROM reeve.collection"),
    "SMS_R_System": scalar("SELECT count(*) FROM reeve.resource "
                           "WHERE resource_type = 5"),
    "SMS_Application": scalar("SELECT count(*) FROM reeve.secured_object "
                              "WHERE object_type_id = 31"),
}
for kind in CLASSES:
    for caller in ("alice", "dave"):
        body = rows(caller, kind)
        tap.is_(len(body["value"]), TOTAL[kind], f"{caller} sees every {kind}")
        tap.is_(body["@reeve.filtered"], False, "and the list says so")

body = rows("bob", "SMS_Application")
tap.is_(len(body["value"]), 9, "bob sees the applications of his scope")
tap.is_(body["@reeve.filtered"], True, "and that the list is filtered")
names = {row["LocalizedDisplayName"] for row in body["value"]}
tap.ok("Contoso Ledger" in names and "Point of Sale" not in names,
       "it is the right ones")
tap.is_(len(rows("carol", "SMS_R_System")["value"]), 200,
        "carol sees the workstations of headquarters")
tap.is_(sorted(row["CollectionID"]
               for row in rows("carol", "SMS_Collection")["value"]),
        ["RVE00015", "RVE00017", "RVE00018"],
        "carol sees her collection and what is limited to it")
tap.is_(len(rows("erin", "SMS_Collection")["value"]), 9,
        "erin sees the union of her roles' collections")

# ---- Who may not -------------------------------------------------------------

for kind in CLASSES:
    answer = WHO["mallory"].get(WMI + kind)
    tap.is_(answer.status, 403, f"mallory may not list {kind}")
    tap.is_(answer.json()["error"]["@reeve.missing"]["operation"], "Read",
            "and is told what is missing")
for kind in ("SMS_Admin", "SMS_Role", "SMS_SecuredCategory"):
    tap.is_(WHO["bob"].get(WMI + kind).status, 403, f"bob may not list {kind}")

# ---- Shape ----------------------------------------------------------------------

body = rows("alice", "SMS_Role")
tap.is_(body["@odata.context"], "/AdminService/wmi/$metadata#SMS_Role",
        "OData's context")
tap.is_(body["@reeve.revision"],
        scalar("SELECT n FROM reeve.site_revision"), "the revision")
full = [row for row in body["value"] if row["RoleID"] == "SMS0001R"]
tap.is_((full[0]["RoleName"], full[0]["IsBuiltIn"]),
        ("Full Administrator", True), "a role with its names")
ids = [row["RoleID"] for row in body["value"]]
tap.is_(ids, sorted(ids), "rows are in the order of their keys")
session = WHO["alice"].get(WMI + "SMS_Role").header("reeve-session")
with Wire(site) as wire:
    wire.send(f"HEAD {WMI}SMS_Role HTTP/1.1\r\nHost: localhost\r\n"
              f"Authorization: Bearer {session}\r\nConnection: close\r\n\r\n")
    head = wire.answer("HEAD")
    tap.ok(head.status == 200 and int(head.header("content-length")) > 1000,
           "HEAD tells the length")
    tap.ok(wire.is_closed(), "and sends no body")
tap.is_(rows("alice", "sms_role")["value"], body["value"],
        "class names ignore case")

# ---- Pages -----------------------------------------------------------------------

first = rows("alice", "SMS_R_System", "?$top=3")
tap.is_(len(first["value"]), 3, "$top cuts")
tap.ok("@odata.nextLink" not in first, "what was cut on demand has no next")
tap.is_(rows("alice", "SMS_R_System", "?$top=0")["value"], [],
        "$top=0 is nothing")
site.psql("""SET ROLE reeve_owner; SET search_path = reeve;
    BEGIN; SELECT take_revision();
    INSERT INTO resource (resource_id, resource_type, name, properties)
    SELECT 16780000 + i, 5, 'MORE-' || i, '{}' FROM generate_series(1, 1700) i;
    SELECT pg_notify('reeve_change', ''); COMMIT""")
seen, query, pages = [], "", 0
while query is not None and pages < 10:
    page = rows("alice", "SMS_R_System", query)
    seen += [row["ResourceID"] for row in page["value"]]
    link = page.get("@odata.nextLink")
    query = "?" + link.split("?", 1)[1] if link else None
    pages += 1
tap.is_((len(seen), len(set(seen)), pages), (2200, 2200, 3),
        "three pages hold every device once")
page = rows("alice", "SMS_R_System", "?$top=1500")
tap.is_(len(page["value"]), 1000, "a page has at most 1000 rows")
token = page["@odata.nextLink"].split("?", 1)[1]
tap.is_(len(rows("alice", "SMS_R_System", "?" + token)["value"]), 500,
        "and the next one the rest of what was asked for")
token = token.split("skiptoken=")[1]
for who, kind, bad in (("dave", "SMS_R_System", token),
                       ("alice", "SMS_Application", token),
                       ("alice", "SMS_R_System", token[:-2] + "AA"),
                       ("alice", "SMS_R_System", "x")):
    answer = WHO[who].get(f"{WMI}{kind}?$skiptoken={bad}")
    tap.is_((answer.status, answer.json()["error"]["code"]),
            (400, "bad_skiptoken"), f"{who} cannot use {bad[-6:]} on {kind}")
for query, status in (("?$filter=Name%20eq%20'x'", 400), ("?$top=-1", 400),
                      ("?$top=1&$top=2", 400), ("?$apply=x", 501),
                      ("?mine=1", 200)):
    tap.is_(WHO["alice"].get(WMI + "SMS_Role" + query).status, status,
            f"{query} gives {status}")

# ---- The record ----------------------------------------------------------------------

answer = WHO["bob"].get(WMI + "SMS_Application")
record = audit(site, request_id=answer.header("x-request-id"))
tap.is_([(r["event"], r["outcome"], r["count"]) for r in record],
        [("list", "allow", 9)], "a list is one record with its count")
tap.like(record[0]["ids_sha256"], "^[0-9a-f]{64}$", "and a hash of its keys")

fixture.finish(site)
