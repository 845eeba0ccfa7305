#!/usr/bin/python3 -B
"""Many callers at once, while rules change and the configuration is read
again: each gets the answers that are his, and each request its record.

Scenarios with one caller at a time put the threads of the provider into an
order; this is where ThreadSanitizer has something to see.
"""

import collections
import json
import os
import signal
import threading

from lib import callers, fixture, tap, wire

ROUNDS, CHANGES, SIGN_INS = 12, 8, 6
MEMBERSHIPS = "/AdminService/wmi/SMS_SecuredCategoryMembership."
BRANCH = "RVE00011"
JSON = {"Content-Type": "application/json"}
TRY_AGAIN = ("too_many_lists", "catching_up")
APPLICATIONS = "/AdminService/wmi/SMS_Application"
READERS = ("alice", "bob", "dave", "mallory", "ivan", "erin")
site = fixture.site(config={"groups_refresh": "100ms", "loops": "3"})
LEDGER = site.psql("SELECT object_key FROM reeve.secured_object "
                   "WHERE name = 'Contoso Ledger'").strip()
ledger = callers.Ledger(site)
found = collections.defaultdict(list)  # what each thread found


def question(who):
    return json.dumps({
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": "Read"},
        "resource": {"type": "SMS_Application", "id": LEDGER}}).encode()


def rows(connection, session):
    """How many applications there are, or the status."""
    while True:
        answer = ledger.note(connection.request("GET", APPLICATIONS, session))
        if answer.status == 200:
            return len(answer.json()["value"])
        if answer.json()["error"]["code"] not in TRY_AGAIN:
            return answer.status


def decision(connection, who, fields):
    """May who read the application?  Or the status."""
    answer = ledger.note(connection.request(
        "POST", callers.SIGN_IN, {**fields, **JSON}, question(who)))
    return answer.json()["decision"] if answer.status == 200 else answer.status


def look(connection, who, session):
    return rows(connection, session), decision(connection, who, session)


def read(who, session):
    for _ in range(ROUNDS):
        with wire.Wire(site, timeout=60) as connection:
            for _ in range(2):
                found[who].append(look(connection, who, session))


def change(session):
    """Puts an application into a scope and takes it out again."""
    body = json.dumps({"ObjectIDs": [LEDGER], "ObjectTypeIDs": [31],
                       "CategoryIDs": [BRANCH]}).encode()
    for i in range(CHANGES):
        verb = ("AddMemberships", "RemoveMemberships")[i % 2]
        answer = ledger.ask("POST", MEMBERSHIPS + verb, {**session, **JSON},
                            body)
        found["changes"].append(answer.status)
        os.kill(site.provider.daemon.pid, signal.SIGHUP)


def sign_in(who, tokens):
    for token in tokens:
        with wire.Wire(site, timeout=60) as connection:
            found["sign-ins"].append(decision(connection, who, token))


def all_at_once(jobs):
    start = threading.Barrier(len(jobs))

    def run(job, *arguments):
        start.wait()
        try:
            job(*arguments)
        except Exception as e:  # noqa: BLE001 - whatever it is, it failed
            found["errors"].append(repr(e))

    threads = [threading.Thread(target=run, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


sessions = {who: callers.bearer(site, who, ledger) for who in READERS}
with wire.Wire(site) as one:
    alone = {who: look(one, who, sessions[who]) for who in READERS}
tap.is_([alone[who][1] for who in ("alice", "ivan")], [True, False],
        "alone: alice may read the application, ivan may not")
tap.is_(alone["mallory"], (403, False), "mallory nothing at all")
# Made beforehand, since libkrb5 of this side reads one environment.
tokens = [callers.negotiate(site, "dave") for _ in range(SIGN_INS * 3)]

all_at_once([(change, sessions["alice"])]
            + [(read, who, sessions[who]) for who in READERS * 2]
            + [(sign_in, "dave", tokens[i::3]) for i in range(3)])

tap.is_(found["errors"], [], "every request is answered")
tap.is_(found["changes"], [200] * CHANGES, "every change is made")
tap.is_(found["sign-ins"], [True] * len(tokens), "every ticket is accepted")
# The change is within the scopes of ivan, who sees one application more.
n = alone["ivan"][0]
for who in READERS:
    expected = {alone[who]}
    if who == "ivan":
        expected = {(seen, may) for seen in (n, n + 1)
                    for may in (False, True)}
    tap.is_(set(found[who]) - expected, set(), f"{who} gets what is his")
    tap.is_(len(found[who]), ROUNDS * 4, "as often as he asks")
ledger.settle()
fixture.finish(site)
