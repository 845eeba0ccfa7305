#!/usr/bin/python3 -B
"""Collections that would depend on themselves, at once or by a detour, and
chains that are too long: refused where they are written, by all who write."""

import itertools
import json
import threading

from lib import callers, fixture, tap, wire

WMI = "/AdminService/wmi/"
COLLECTION = WMI + "SMS_Collection"
LONGEST = 64  # collections in a chain of limits, the root included
site = fixture.site(config={"loops": 2})
LEDGER = callers.Ledger(site)
WHO = {name: callers.bearer(site, name, LEDGER) for name in ("alice", "heidi")}
LINES = {}


def ask(who, method, path, body=None, line=None):
    fields, text = dict(WHO[who]), b""
    if body is not None:
        fields["Content-Type"] = "application/json"
        text = json.dumps(body).encode()
    line = line or LINES.setdefault(who, wire.Wire(site))
    return LEDGER.note(line.request(method, path, fields, text))


def make(name, limit="SMS00001", rules=()):
    answer = ask("alice", "POST", COLLECTION, {
        "Name": name, "CollectionType": 2, "LimitToCollectionID": limit,
        "CollectionRules": list(rules)})
    return answer.json()["CollectionID"] if answer.status == 201 \
        else (answer.status, answer.json()["error"]["code"])


def link(kind, collection):
    """A rule that includes or excludes a collection."""
    return {"@odata.type": f"#AdminService.SMS_CollectionRule{kind}Collection",
            "RuleName": "it", f"{kind}CollectionID": collection}


def key(collection):
    return f"{COLLECTION}('{collection}')"


def change(collection, body, line=None):
    answer = ask("alice", "PATCH", key(collection), body, line)
    return answer.status, answer.json().get("error", {}).get("code")


def bind(kind, a, b):
    """Has a depend on b: by its limit, or by a rule."""
    if kind == "limit":
        return change(a, {"LimitToCollectionID": b})
    return change(a, {"CollectionRules": [link(kind, b)]})


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision"))


CIRCLE = (409, "circular_dependency")
KINDS = ("limit", "Include", "Exclude")

# ---- Itself ---------------------------------------------------------------------

one = make("One")
before = revision()
for kind in KINDS:
    tap.is_(bind(kind, one, one), CIRCLE, f"{kind}: not of itself")
    action = f"{key(one)}/AdminService.AddMembershipRule"
    if kind != "limit":
        for name, body in ((action, {"collectionRule": link(kind, one)}),
                           (action + "s", {"collectionRules": [
                               link(kind, one)]})):
            answer = ask("alice", "POST", name, body)
            tap.is_((answer.status, answer.json()["error"]["code"]), CIRCLE,
                    f"{kind}: nor by a rule that is added")
tap.is_(revision(), before, "and nothing of it is there")

# ---- By a detour -----------------------------------------------------------------

# Each mixture of limits, inclusions and exclusions around two and three.
for n in (2, 3):
    for kinds in itertools.product(KINDS, repeat=n):
        ring = [make(f"Ring {n} {' '.join(kinds)} {i}") for i in range(n)]
        said = [bind(kind, ring[i], ring[(i + 1) % n])
                for i, kind in enumerate(kinds)]
        tap.is_(said, [(200, None)] * (n - 1) + [CIRCLE],
                f"a circle of {' '.join(kinds)} is refused when it closes")
tap.is_(site.psql("SELECT count(*) FROM reeve.collection c WHERE "
                  "c.collection_id = ANY (reeve.limiting_chain("
                  "c.limiting_id))").strip(), "0",
        "no collection limits itself")

# Two changes that are right alone, in one group.
a, b = make("Twin a"), make("Twin b")
before = revision()


def in_group(*changes):
    answer = ask("alice", "POST", WMI + "$batch", {"requests": [
        {"id": str(i), "method": "PATCH", "url": key(which),
         "atomicityGroup": "g", "body": body,
         "headers": {"Content-Type": "application/json"}}
        for i, (which, body) in enumerate(changes)]})
    return {one["id"]: one["status"] for one in answer.json()["responses"]}


# The second closes it, and the first is not done for that.
LATTER = {"0": 424, "1": 409}


for kind in ("Include", "Exclude"):
    tap.is_(in_group((a, {"CollectionRules": [link(kind, b)]}),
                     (b, {"CollectionRules": [link(kind, a)]})), LATTER,
            f"{kind}: a group that closes a circle is refused whole")
tap.is_(in_group((a, {"LimitToCollectionID": b}),
                 (b, {"LimitToCollectionID": a})), LATTER,
        "so is one of limits")
tap.is_(revision(), before, "and leaves nothing")

# The same from two sides at once: one of them comes second.
for turn, kind in enumerate(KINDS):
    a, b = make(f"Left {turn}"), make(f"Right {turn}")
    said, start = [], threading.Barrier(2)

    def run(mine, other):
        with wire.Wire(site) as line:
            start.wait()
            said.append(change(
                mine, {"LimitToCollectionID": other} if kind == "limit"
                else {"CollectionRules": [link(kind, other)]}, line))

    threads = [threading.Thread(target=run, args=pair)
               for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.is_(sorted(said), [(200, None), CIRCLE],
            f"{kind}: of two at once that close a circle one is refused")

# ---- Too deep -----------------------------------------------------------------------

chain = ["SMS00001"]
while isinstance(chain[-1], str) and len(chain) <= LONGEST:
    chain.append(make(f"Level {len(chain)}", chain[-1]))
tap.is_((len(chain), chain.pop()), (LONGEST + 1, (409, "too_deep")),
        f"a chain of {LONGEST} is whole; one more is refused")
top = make("Top")
half = make("Half", top)
tap.is_(change(top, {"LimitToCollectionID": chain[-2]}), (409, "too_deep"),
        "nor does a move of what others are limited to make it longer")
tap.is_(change(top, {"LimitToCollectionID": chain[-3]}), (200, None),
        "up to the last place it may go")


def tree(name, depth):
    """Rows of a chain, as another site has them."""
    return [{"CollectionID": f"{name}{i:05X}", "Name": f"{name} {i}",
             "CollectionType": 2, "LimitToCollectionID":
                 f"{name}{i - 1:05X}" if i else "SMS00001"}
            for i in range(depth)]


def come(name, rows):
    answer = ask("alice", "POST", "/reeve/v1/import/configmgr", {
        "source": name, "SMS_Admin": [], "SMS_Role": [],
        "SMS_SecuredCategory": [], "SMS_SecuredCategoryMembership": [],
        "SMS_Collection": [{
            "CollectionID": "SMS00001", "Name": "All Systems",
            "CollectionType": 2, "LimitToCollectionID": ""}, *rows]})
    return answer.status, answer.text, site.psql(
        "SELECT count(*) FROM reeve.collection WHERE collection_id LIKE "
        f"'{name}%'").strip()


before = revision()
round_about = tree("TRB", 5)
round_about[0]["LimitToCollectionID"] = "TRB00004"
for what, name, rows, status, word in (
        ("1,000 deep", "TRA", tree("TRA", 1000), 409, "contradicts_site"),
        ("in a circle", "TRB", round_about, 200, "is not here"),
        ("of itself", "TRC", [{**tree("TRC", 1)[0],
                               "LimitToCollectionID": "TRC00000"}], 200,
         "is not here"),
        ("63 deep", "TRD", tree("TRD", LONGEST - 1), 200, "made")):
    answered, text, came = come(name, rows)
    tap.is_((answered, word in text, came), (
        status, True, str(len(rows)) if word == "made" else "0"),
        f"an import of collections {what} is {status} and says {word}")
tap.is_(site.psql("SELECT max(cardinality(reeve.limiting_chain("
                  "collection_id))) FROM reeve.collection").strip(),
        str(LONGEST), "no chain is longer")

# Straight in the store, too.
for what, sql in (
        ("a chain that is longer", "INSERT INTO collection (collection_id, "
         f"kind, limiting_id, name) VALUES ('X', 'device', '{chain[-1]}', 'X')"),
        ("a circle", f"UPDATE collection SET limiting_id = '{chain[-1]}' "
         f"WHERE collection_id = '{chain[1]}'")):
    said = site.psql("\\set ON_ERROR_STOP 0\nSET ROLE reeve_owner; "
                     "SET search_path = reeve; BEGIN; SELECT take_revision(); "
                     f"{sql}; COMMIT; SELECT 'is ' || count(*) FROM collection "
                     f"WHERE limiting_id = '{chain[-1]}'")
    tap.like(said, "is 0", f"the store refuses {what}")

# ---- Decisions at the end of the longest ------------------------------------------

answer = ask("alice", "POST", WMI + "SMS_Admin", {
    "LogonName": "LAB\\heidi", "Permissions": [
        {"RoleID": "SMS0009R", "CategoryID": chain[2], "CategoryTypeID": 1},
        {"RoleID": "SMS0009R", "CategoryID": "SMS00UNA"}]})
tap.is_(answer.status, 201, "heidi gets what is limited to the third")
stamp = answer.header("reeve-revision")
said = []
for collection in chain:
    answer = ask("heidi", "POST", "/access/v1/evaluation", {
        "subject": {"type": "user", "id": "heidi@LAB.TEST"},
        "action": {"name": "Read"},
        "resource": {"type": "SMS_Collection", "id": collection}})
    said.append(answer.json()["decision"])
tap.is_(said, [False, False] + [True] * (len(chain) - 2),
        "she reads it and the sixty that are limited to it, and no others")
tap.is_(ask("heidi", "GET", COLLECTION + "/$count").text,
        str(len(chain) - 2 + 2), "her list has them, and the two that were moved there")
with open(site.provider.log, encoding="utf-8") as log:
    tap.unlike(log.read(), "cannot be followed|is limited to itself",
               "no provider has seen a circle")

LEDGER.settle()
fixture.finish(site)
