#!/usr/bin/python3 -B
"""1,000 writes while the provider, and then PostgreSQL, are killed with -9:
each that was acknowledged is there, none is half there, and whoever sends
the same key again does not write twice."""

import json
import queue
import ssl
import threading
import time

from lib import callers, fixture, tap, wire
from lib.records import wait_for

ADMIN = "/AdminService/wmi/SMS_Admin"
WRITES, THREADS, SECONDS = 1000, 8, 120
# Killed when so many are acknowledged.
KILLS = ((150, "provider"), (400, "postgres"), (650, "provider"),
         (850, "postgres"))
site = fixture.site(config={"store_deadline": "2s"})
ALICE = callers.bearer(site, "alice", callers.Ledger(site))

todo = queue.Queue()
for number in range(WRITES):
    todo.put(number)
acknowledged = {}  # number -> [(AdminID, whether it was a replay), ...]
lost = []  # what was sent and not answered, or with 503
deadline = time.monotonic() + SECONDS


def send(connection, number):
    body = json.dumps({
        "LogonName": f"krb5:w{number}@OTHER.TEST", "Permissions": [
            {"RoleID": "SMS0008R", "CategoryID": "SMS00UNA"}]}).encode()
    return connection.request("POST", ADMIN, {
        **ALICE, "Content-Type": "application/json",
        "Idempotency-Key": f"write {number}"}, body)


def write(connection, number):
    """Writes, and every tenth once more; whether it was acknowledged."""
    for _ in range(1 + (number % 10 == 0)):
        answer = send(connection, number)
        if answer is None or answer.status == 503:
            lost.append((number, answer and answer.status))
            return False
        said = answer.json()
        acknowledged.setdefault(number, []).append(
            (said.get("AdminID"), said.get("@reeve.replayed"),
             answer.status))
    return True


def worker():
    connection = None
    while time.monotonic() < deadline:
        try:
            number = todo.get_nowait()
        except queue.Empty:
            return
        try:
            connection = connection or wire.Wire(site)
            if write(connection, number):
                continue
        except (OSError, ssl.SSLError, ConnectionError):
            lost.append((number, None))
        if connection is not None:
            connection.close()
        connection = None
        todo.put(number)


threads = [threading.Thread(target=worker) for _ in range(THREADS)]
for thread in threads:
    thread.start()
for count, part in KILLS:
    wait_for(lambda: len(acknowledged) >= count, timeout=SECONDS,
             what=f"{count} answers")
    site.kill(part)
    tap.ok(True, f"{part} is killed after {len(acknowledged)} answers")
    site.start(part)
for thread in threads:
    thread.join()

# ---- What is there ------------------------------------------------------------

ROWS = {int(line.split("|")[0]): line.split("|")[1:] for line in site.psql("""
    SELECT substring(u.principal_id from 'krb5:w([0-9]+)@'), u.admin_id,
        (SELECT count(*) FROM reeve.assignment a
         WHERE a.admin_id = u.admin_id),
        (SELECT count(*) FROM reeve.permission_held h
         WHERE h.admin_id = u.admin_id AND h.role_id = 'SMS0008R'
            AND h.category_id = 'SMS00UNA'),
        (SELECT count(*) FROM reeve.admin_audit x WHERE x.message_id = 31240
            AND x.after ->> 'admin_id' = u.admin_id::text),
        (SELECT count(*) FROM reeve.idempotency_key k
         WHERE k.key = format('write %s', substring(u.principal_id
            from 'krb5:w([0-9]+)@'))),
        (SELECT count(*) FROM reeve.change c
         WHERE c.entity = 'administrative_user'
            AND c.key = u.admin_id::text)
    FROM reeve.administrative_user u WHERE u.principal_id LIKE 'krb5:w%'""")
        .splitlines()}


def missing(answers):
    """Of acknowledged writes those that are not there, or are another."""
    return sorted(n for n, given in answers.items() if any(
        str(admin) != ROWS.get(n, [None])[0] for admin, *_ in given))


tap.diag(f"{len(lost)} requests went without an answer or got 503, "
         f"{sum(r for a in acknowledged.values() for _, r, _ in a)} answers "
         "were replays")
tap.is_(len(acknowledged), WRITES, "in the end every write is acknowledged")
tap.is_({s for a in acknowledged.values() for *_, s in a}, {201},
        "with 201, the first time and each time")
tap.is_(missing(acknowledged), [], "each acknowledged one is there")
tap.is_(missing({**acknowledged, WRITES: [(1, False, 201)]}), [WRITES],
        "(one that was not written would be noticed)")
tap.is_(sorted(n for n, row in ROWS.items() if row[1:] != ["1"] * 5), [],
        "none is half there: one assignment, one permission, one record, one "
        "key, one change")
tap.is_(len(ROWS), WRITES, "and none is there twice, or besides")
tap.ok(all(r for a in acknowledged.values() for _, r, _ in a[1:]),
       "what was sent again was answered from memory")
tap.ok(lost, "some were cut off in the middle")
tap.is_(site.psql("""
    SELECT (SELECT n FROM reeve.site_revision) - max(revision),
        count(*) - count(DISTINCT revision)
    FROM reeve.admin_audit WHERE message_id = 31240
        AND after ->> 'principal_id' LIKE 'krb5:w%'""").strip(), "0|0",
        "each has a revision of its own, and no revision is without a write")

fixture.finish(site)
