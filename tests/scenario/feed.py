#!/usr/bin/python3 -B
"""Changes while others ask: whole revisions, in order, and no pause."""

import threading
import time

from lib import fixture, tap, web
from lib.records import wait_for

ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
REMOVE = "/AdminService/wmi/SMS_SecuredCategoryMembership.RemoveMemberships"
BRANCH = "RVE00011"
WRITES = 16
site = fixture.site(feed_proxy=True)
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
PAIR = [APPS["Contoso Ledger"], APPS["Contoso Treasury"]]


def session(name):
    """A client with a session: tickets are no part of what is tried."""
    signed_in = web.client(site, name).post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{name}@LAB.TEST"},
        "action": {"name": "Read"}, "resource": {"type": "SMS_Application"}})
    return web.Client(site, session=signed_in.header("reeve-session"))


def ask(client, key, name="ivan"):
    return client.post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{name}@LAB.TEST"},
        "action": {"name": "Read"},
        "resource": {"type": "SMS_Application", "id": key}})


class Reader(threading.Thread):
    """Asks about both objects in turn, until it is told to end."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.client = session("ivan")
        self.number = number
        self.seen = []  # (revision, decision), in order
        self.others = []  # answers that are none
        self.end = threading.Event()

    def run(self):
        turn = self.number
        while not self.end.is_set():
            answer = ask(self.client, PAIR[turn % 2])
            turn += 1
            if answer.status == 200:
                body = answer.json()
                self.seen.append((body["context"]["revision"],
                                  body["decision"]))
            else:
                self.others.append(answer.status)


def owner(sql):
    site.psql("SET client_min_messages = warning; SET search_path = reeve;"
              " BEGIN; SET LOCAL ROLE reeve_owner; SELECT take_revision();"
              f" {sql}; COMMIT")


def loads():
    """How often what had changed could not be followed."""
    with open(site.provider.log, encoding="utf-8") as f:
        return sum("cannot be followed" in line for line in f)


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision").strip())


def in_force(wanted):
    body = ask(alice, PAIR[0], "alice").json()
    return body["context"]["revision"] >= wanted


# ---- Both or none, in order ---------------------------------------------------

alice = session("alice")
before = loads()
readers = [Reader(i) for i in range(3)]
for r in readers:
    r.start()
truth = {revision(): False}
for i in range(WRITES):
    body = alice.post(REMOVE if i % 2 else ADD, {
        "ObjectIDs": PAIR, "ObjectTypeIDs": [31, 31],
        "CategoryIDs": [BRANCH]}).json()
    truth[body["@reeve.revision"]] = i % 2 == 0
    if not body["@reeve.in_force"] or body["@reeve.changed"] != 2:
        tap.fail("a write of both is in force when it is answered",
                 str(body))
        break
else:
    tap.ok(True, "each write of both is in force when it is answered")
tap.is_(loads(), before, "none of them needed a full load")

# ---- What cannot be followed is loaded, and nobody waits ------------------------

owner("INSERT INTO object_type (object_type_id, sdk_name, display_name,"
      " secured_by, provenance) VALUES (2000000, 'Contraption', 'C',"
      " 'scope', 'test');"
      " INSERT INTO operation VALUES (2000000, 0, 'Read', false, false, 't'),"
      " (2000000, 1, 'Turn', false, false, 't')")
truth[revision()] = False
for i in range(5):
    owner(f"UPDATE operation SET name = 'Turn {i}' WHERE bit = 1"
          " AND object_type_id = 2000000")
    truth[revision()] = False
    wait_for(lambda: in_force(revision()), what="the load")
tap.ok(loads() > before, "another name of an operation takes a full load")
tap.ok(in_force(revision()), "and is in force after it")

for r in readers:
    r.end.set()
for r in readers:
    r.join(30)
seen = [s for r in readers for s in r.seen]
tap.is_([r.others for r in readers], [[], [], []],
        "every question was answered, loads or not")
tap.ok(len(seen) > 30, f"and there were some ({len(seen)})")
wrong = [s for s in seen if truth.get(s[0]) is not s[1]]
tap.is_(wrong, [], "each answer is that of the whole revision that it names")
tap.is_([r.number for r in readers
         if [s[0] for s in r.seen] != sorted(s[0] for s in r.seen)], [],
        "nobody sees a revision before the one that was seen")
tap.ok(len({s[0] for s in seen}) > 3, "several revisions were seen")

# ---- A revision that does not come is not waited for for ever -------------------

site.feed.hold()
began = time.monotonic()
answer = alice.post(ADD, {"ObjectIDs": PAIR, "ObjectTypeIDs": [31, 31],
                          "CategoryIDs": [BRANCH]})
took = time.monotonic() - began
body = answer.json()
tap.is_((answer.status, body["@reeve.in_force"]), (200, False),
        "with the feed held back a write is done, and said not to be in force")
tap.ok(0.9 < took < 10, f"after a second ({took:.1f} s)")
site.feed.release()
wait_for(lambda: in_force(body["@reeve.revision"]), what="the revision")
tap.is_(ask(session("ivan"), PAIR[1]).json()["decision"], True,
        "once the feed flows, it is")

fixture.finish(site)
