#!/usr/bin/python3 -B
"""OData over REST: queries, single objects, what they refer to, pages."""

import urllib.parse

from lib import fixture, tap, web

WMI, V1 = "/AdminService/wmi/", "/AdminService/v1.0/"

site = fixture.site()
WHO = {name: web.client(site, name) for name in ("alice", "bob", "mallory")}


def get(who, path, **options):
    """The answer to options as a client writes them: {"filter": "..."}"""
    query = "&".join(f"${name}={urllib.parse.quote(str(value), safe='')}"
                     for name, value in options.items())
    return WHO[who].get(path + ("?" + query if query else ""))


def rows(who, kind, **options):
    answer = get(who, WMI + kind, **options)
    if answer.status != 200:
        tap.fail(f"{kind} {options}: {answer.status}", answer.text[:300])
        return []
    return answer.json()["value"]


def names(kind, expression, member="Name"):
    return sorted(r[member] for r in rows("alice", kind, filter=expression))


# ---- $filter -----------------------------------------------------------------

COLLECTIONS = rows("alice", "SMS_Collection")
for expression, wanted in {
        "Name eq 'All Systems'": lambda c: c["Name"] == "All Systems",
        "name ne 'All Systems'": lambda c: c["Name"] != "All Systems",
        "startswith(Name,'All') eq true": lambda c: c["Name"][:3] == "All",
        "contains(tolower(Name),'user')": lambda c:
            "user" in c["Name"].lower(),
        "endswith(Name,'s') and CollectionType eq 2": lambda c:
            c["Name"].endswith("s") and c["CollectionType"] == 2,
        "CollectionType in (1,2) and not (IsBuiltIn eq true)": lambda c:
            c["CollectionType"] in (1, 2) and not c["IsBuiltIn"],
        "MemberCount gt 100 or CollectionID eq 'SMS00001'": lambda c:
            c["MemberCount"] > 100 or c["CollectionID"] == "SMS00001",
        "LimitToCollectionID eq null": lambda c:
            c["LimitToCollectionID"] is None,
        "Name eq 'x'' or true or ''x'": lambda c: False,
        "LastChangeTime gt 2001-01-01T00:00:00Z": lambda c: True,
}.items():
    tap.is_(names("SMS_Collection", expression, "CollectionID"),
            sorted(c["CollectionID"] for c in COLLECTIONS if wanted(c)),
            f"$filter={expression}")
tap.is_(names("SMS_R_System", "IPAddresses/any(a: startswith(a,'10.'))",
              "ResourceID"),
        names("SMS_R_System", "not IPAddresses/all(a: not "
              "startswith(a,'10.'))", "ResourceID"),
        "any and all over a collection")

# ---- What is wrong, and where ------------------------------------------------------

for options, status, words in (
        ({"filter": "Nme eq 'x'"}, 400, "Nme"),
        ({"filter": "Name eq 5"}, 400, "a string does not compare"),
        ({"filter": "Name eq 'x"}, 400, "$filter"),
        ({"filter": "(" * 100 + "true" + ")" * 100}, 400, "$filter"),
        ({"filter": "Name eq 'x' or " * 200 + "true"}, 400, "$filter"),
        ({"filter": "geo.distance(a,b) lt 1"}, 501, "geo.distance"),
        ({"apply": "aggregate($count as N)"}, 501, "$apply"),
        ({"compute": "1 as x"}, 501, "$compute"),
        ({"orderby": "Nothing"}, 400, "Nothing"),
        ({"select": "Nothing"}, 400, "Nothing"),
        ({"expand": "Name"}, 400, "Name"),
        ({"top": "x"}, 400, "$top"), ({"skip": "-1"}, 400, "$skip"),
        ({"count": "perhaps"}, 400, "$count")):
    answer = get("alice", WMI + "SMS_Collection", **options)
    error = answer.json()["error"]
    tap.is_((answer.status, words in error["message"] or error), (status, True),
            f"{str(options)[:60]} is {status} and names {words}")
tap.ok(get("alice", WMI + "SMS_Collection", filter="Name eq '" + "x" * 9000
           + "'").status in (400, 414, 431), "a filter of 9000 bytes is refused")
tap.is_(get("alice", WMI + "SMS_Nothing").status, 404, "no such class")
tap.is_(get("alice", WMI + "pg_catalog.pg_class").status, 404,
        "nor anything else by that way")

# ---- $select, $orderby, $top, $skip, $count, $search ---------------------------------

row = rows("alice", "SMS_Collection", select="name,collectionID", top=1)[0]
tap.is_(sorted(k for k in row if not k.startswith("@")),
        ["CollectionID", "Name"], "$select takes some, in the class's names")
tap.ok("IsSecAdminRole" not in rows("alice", "SMS_Role")[0],
       "lazy properties are not in lists")
role = rows("alice", "SMS_Role", select="RoleID,IsSecAdminRole,Operations",
            filter="RoleID eq 'SMS0001R'")[0]
tap.ok(role["IsSecAdminRole"] and len(role["Operations"]) > 30,
       "unless they are selected")
ordered = [(r["CollectionType"], r["Name"]) for r in rows(
    "alice", "SMS_Collection", orderby="CollectionType desc,Name")]
tap.is_(ordered, sorted(((c["CollectionType"], c["Name"])
                         for c in COLLECTIONS), key=lambda x: (-x[0], x[1])),
        "$orderby, one way and the other")
tap.is_([r["Name"] for r in rows("alice", "SMS_Collection", orderby="Name",
                                 skip=2, top=3)],
        sorted(c["Name"] for c in COLLECTIONS)[2:5], "$skip and $top")
body = get("alice", WMI + "SMS_Collection", count="true", top=2).json()
tap.is_((body["@odata.count"], len(body["value"])), (len(COLLECTIONS), 2),
        "$count counts all, beside a page")
tap.is_(get("alice", WMI + "SMS_Collection/$count").text,
        str(len(COLLECTIONS)), "and alone")
mine = rows("bob", "SMS_Application")
tap.is_(get("bob", WMI + "SMS_Application/$count").text, str(len(mine)),
        "of what the caller may see")
tap.is_(get("bob", WMI + "SMS_Application", count="true",
            top=1).json()["@odata.count"], len(mine), "likewise in the list")
found = rows("alice", "SMS_Application", search="Contoso AND NOT Portal")
tap.ok(found and all("Contoso" in str(r) for r in found), "$search finds")

# ---- Pages -----------------------------------------------------------------------------

seen, link = [], f"{WMI}SMS_R_System?$orderby=Name%20desc&$top=250"
pages = 0
while link and pages < 20:
    body = WHO["alice"].get(link, headers={
        "Prefer": "odata.maxpagesize=100"}).json()
    seen += [r["Name"] for r in body["value"]]
    link, pages = body.get("@odata.nextLink"), pages + 1
every = [r["Name"] for r in rows("alice", "SMS_R_System",
                                 orderby="Name desc", top=250)]
tap.is_((seen, pages), (every, 3), "pages by preference hold each row once")
body = WHO["alice"].get(f"{WMI}SMS_R_System?$top=9", headers={
    "Prefer": "maxpagesize=4"})
tap.is_(body.header("preference-applied"), "odata.maxpagesize=4",
        "which is said")
link = body.json()["@odata.nextLink"]
tap.is_(len(WHO["alice"].get(link).json()["value"]), 5,
        "the link alone goes on, with what is left of $top")
for what, bad in {
        "another caller": (web.client(site, "dave"), link),
        "another query": (WHO["alice"], link.replace(
            "?", "?$filter=Name%20ne%20'x'&")),
        "another class": (WHO["alice"], link.replace(
            "SMS_R_System", "SMS_Collection"))}.items():
    tap.is_(bad[0].get(bad[1]).json()["error"]["code"], "bad_skiptoken",
            f"a token is not for {what}")

# ---- One object ---------------------------------------------------------------------------

one = get("alice", WMI + "SMS_Role('SMS0001R')")
tap.is_((one.status, one.json()["RoleID"]), (200, "SMS0001R"), "by its key")
tap.ok(one.json()["IsSecAdminRole"], "with lazy properties")
tap.is_(one.json()["@odata.context"], WMI + "$metadata#SMS_Role/$entity",
        "with its context")
tap.is_(one.header("etag"), one.json()["@odata.etag"], "and its tag")
again = WHO["alice"].get(WMI + "SMS_Role('SMS0001R')",
                         headers={"If-None-Match": one.header("etag")})
tap.is_((again.status, again.body), (304, b""), "which is known then")
tap.is_(get("alice", WMI + "sms_role(RoleID='SMS0001R')").status, 200,
        "by a key with its name")
device = rows("alice", "SMS_R_System", top=1)[0]["ResourceID"]
tap.is_(get("alice", f"{V1}Device({device})").json()["ResourceID"], device,
        "by a number, below /v1.0/")
for key, status in (("'nothing'", 404), ("5", 400), ("'a", 400),
                    ("RoleName='x'", 400), ("''", 404)):
    tap.is_(get("alice", f"{WMI}SMS_Role({key})").status, status,
            f"SMS_Role({key}) is {status}")
hidden = next(r for r in rows("alice", "SMS_Application")
              if r["CI_ID"] not in {m["CI_ID"] for m in mine})
answers = [get("bob", f"{WMI}SMS_Application({key})")
           for key in (hidden["CI_ID"], 2147483646)]
tap.is_([a.status for a in answers], [404, 404],
        "what one may not see is as what there is not")
tap.is_(*({k: v for k, v in a.json()["error"].items()
           if k != "@reeve.request_id"} for a in answers), "to the letter")
tap.is_(get("mallory", WMI + "SMS_Role('SMS0001R')").status, 403,
        "who may read no role is told so")

# ---- $expand ---------------------------------------------------------------------------------

permission = rows("alice", "SMS_Permission", expand="Role,Admin", top=1)[0]
tap.is_((permission["Role"]["RoleID"], permission["Admin"]["AdminID"]),
        (permission["RoleID"], permission["AdminID"]),
        "$expand brings what a row refers to")
permission = rows("alice", "SMS_Permission", top=1,
                  expand="Role($select=RoleName)")[0]
tap.is_([k for k in permission["Role"] if not k.startswith("@")
         and k != "RoleID"], ["RoleName"], "with options of its own")

fixture.finish(site)
