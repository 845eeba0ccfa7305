#!/usr/bin/python3 -B
"""What one may not read is not learnt from how a list is ordered, narrowed,
counted or cut into pages."""

import urllib.parse
import xml.etree.ElementTree

from lib import callers, fixture, tap, wire

WMI = "/AdminService/wmi/"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
# carol reads three collections and 200 devices, and no others.
site = fixture.site(config={"loops": 1})
LEDGER = callers.Ledger(site)
WHO = {name: callers.bearer(site, name, LEDGER)
       for name in ("alice", "bob", "carol")}
LINES = {name: wire.Wire(site) for name in WHO}


def get(who, path, page=None, **options):
    """The answer to options as a client writes them: {"filter": "..."}"""
    query = "&".join(f"${name}={urllib.parse.quote(str(value), safe='')}"
                     for name, value in options.items())
    more = {"Prefer": f"odata.maxpagesize={page}"} if page else {}
    return LEDGER.note(LINES[who].request(
        "GET", path + ("?" + query if query else ""), {**WHO[who], **more}))


def rows(who, kind, **options):
    answer = get(who, WMI + kind, **options)
    return answer.json()["value"] if answer.status == 200 else answer.status


# ---- Rows ---------------------------------------------------------------------

def page_of(kind, order, guess, row, key):
    """A page that is full with one row, and perhaps more behind it."""
    answer = get("carol", WMI + kind, page=1, orderby=order, count="true",
                 filter=f"({mark(row, key)}) or ({guess})")
    body = answer.json()
    # Sealed anew each time; its length is all that could tell something.
    link = body.pop("@odata.nextLink", None)
    body["goes on"] = link and len(urllib.parse.unquote(
        link.rpartition("skiptoken=")[2]))
    return answer.status, body


def mark(row, key):
    """The filter that finds a row."""
    value = row[key]
    return f"{key} eq " + (f"'{value}'" if isinstance(value, str)
                           else str(value))


for kind, key in (("SMS_Collection", "CollectionID"),
                  ("SMS_R_System", "ResourceID"),
                  ("SMS_FullCollectionMembership", "ResourceID"),
                  ("SMS_CollectionDependencies", "SourceCollectionID")):
    name = "Name" if kind != "SMS_CollectionDependencies" else key
    mine = rows("carol", kind)
    seen = {r[key] for r in mine}
    hidden = [r for r in rows("alice", kind) if r[key] not in seen]
    tap.ok(mine and hidden, f"{kind}: some rows are carol's, some are not")
    shown, secret = mine[0], hidden[0]
    for order in (key, f"{key} desc", name, f"{name} desc"):
        first, second = (page_of(kind, order, f"{name} eq '{guess}'", shown,
                                 key) for guess in (secret[name], "No such"))
        tap.is_(first, second, f"{kind} by {order}: a page does not tell "
                "whether a row that one may not read matches as well")
    for options in ({"filter": mark(secret, key)},
                    {"filter": mark(secret, key), "orderby": name},
                    {"filter": mark(secret, key), "count": "true"},
                    {"filter": mark(secret, key), "skip": 1},
                    {"filter": mark(secret, key),
                     "search": f'"{secret[name]}"'}):
        body = get("carol", WMI + kind, page=1, **options).json()
        tap.is_((body["value"], body.get("@odata.count", 0),
                 body.get("@odata.nextLink")), ([], 0, None),
                f"{kind} {' '.join(options)}: none of it")
    tap.is_(get("carol", WMI + kind + "/$count", filter=mark(secret, key)).text,
            "0", f"{kind}/$count counts none of them")

# Where pages end is where the rows of the caller end, in any order.
for order in ("Name", "Name desc", "ResourceID desc", "NetbiosName,Name"):
    got, link, sizes = [], None, []
    body = get("carol", WMI + "SMS_R_System", page=67, orderby=order).json()
    while True:
        got += [r["Name"] for r in body["value"]]
        sizes.append(len(body["value"]))
        if "@odata.nextLink" not in body or len(sizes) > 5:
            break
        body = get("carol", body["@odata.nextLink"], page=67).json()
    tap.is_((sizes, len(set(got))), ([67, 67, 66], 200),
            f"pages by {order} are full, hold each row once and then end")
tap.is_([len(get("carol", WMI + "SMS_R_System", page=100).json()["value"]),
         "@odata.nextLink" in get("carol", WMI + "SMS_R_System", page=200)
         .json()], [100, False], "a last page that is full is the last")

# ---- Properties ------------------------------------------------------------------

# What depends on the caller, or is in lists for those only who ask for it, is
# no way to sort or to narrow; nor is what the store has besides.
schema = xml.etree.ElementTree.fromstring(get("alice", WMI + "$metadata").body)
asked = wrong = 0
for kind in schema.iter(EDM + "EntityType"):
    name = kind.get("Name")
    if name not in {s.get("Name") for s in schema.iter(EDM + "EntitySet")}:
        continue
    known = {p.get("Name").lower() for tag in ("Property", "NavigationProperty")
             for p in kind.iter(EDM + tag)}
    closed = [p.get("Name") for tag in ("Property", "NavigationProperty")
              for p in kind.iter(EDM + tag)
              if tag == "NavigationProperty" or any(
                  a.get("Term").endswith(".NotFilterable")
                  for a in p.iter(EDM + "Annotation"))]
    stored = [c for c in ("key", "scopes", "etag", "object_type", "object_key",
                          "body", "ctid", "xmin", "tableoid", "principal_id",
                          "changed_revision") if c not in known]
    answers = {}
    for member in closed + stored:
        answers[member] = [get("alice", WMI + name, **options).status
                           for options in (
                               {"filter": f"{member} ne null"},
                               {"filter": f"contains({member},'a')"},
                               {"filter": f"{member}/any(x: x ne null)"},
                               {"filter": f"{member}/Name eq 'a'"},
                               {"orderby": member},
                               {"orderby": f"{member}/Name"})]
    for member in stored:
        answers[member].append(get("alice", WMI + name, select=member).status)
    asked += len(answers)
    wrong = {m: s for m, s in answers.items() if set(s) != {400}}
    tap.is_(wrong, {}, f"{name}: neither $filter nor $orderby goes by "
            f"{', '.join(closed) or 'what is not its own'}")
tap.ok(asked > 300, f"that is {asked} names")
for kind, options in (
        ("SMS_Permission", {"filter": "Role/RoleName eq 'x'"}),
        ("SMS_Permission", {"orderby": "Admin/LogonName"}),
        ("SMS_Role", {"filter": "Permissions/any(p: p/AdminID eq 1)"}),
        ("SMS_Admin", {"filter": "Permissions/any(p: p/RoleID eq 'x')"}),
        ("SMS_Admin", {"filter": "CollectionNames/any(c: c eq 'x')"}),
        ("SMS_Collection", {"filter": "CollectionRules/any(r: "
                                      "r/ResourceID eq 1)"}),
        ("SMS_Collection", {"orderby": "LimitToCollectionName"})):
    tap.is_(get("alice", WMI + kind, **options).status, 400,
            f"{kind}: no way by {next(iter(options.values()))}")

# ---- What a row refers to ---------------------------------------------------------

LINES = {name: wire.Wire(site) for name in WHO}  # the old ones stood idle
for who, kind, expand in (("carol", "SMS_Collection", "x"),
                          ("bob", "SMS_Permission", "Role"),
                          ("bob", "SMS_Role", "Permissions")):
    answer = get(who, WMI + kind, expand=expand)
    tap.is_(answer.status, 400 if expand == "x" else 403,
            f"{who}: $expand={expand} of {kind} is refused")
tap.is_(rows("carol", "SMS_Collection", select="LimitToCollectionName",
             filter="CollectionID eq 'RVE00015'")[0]["LimitToCollectionName"],
        "", "the name of a collection that carol may not read is not told")
LEDGER.settle()
fixture.finish(site)
