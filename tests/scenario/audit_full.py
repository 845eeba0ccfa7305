#!/usr/bin/python3 -B
"""No record, no answer: the disk of the audit log fills up and is freed."""

import errno
import glob
import hashlib
import json
import os
import subprocess

from lib import fixture, tap, web
from lib.records import wait_for

ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
site = fixture.site(config={"audit_reserve": "64K",
                            "audit_segment_size": "128K"})
KEY = site.psql("SELECT object_key FROM reeve.secured_object "
                "WHERE name = 'Contoso Ledger'").strip()
site.stop("provider")

# ---- A file system of its own, of 512 KiB ---------------------------------------

folder = site.provider.audit
owner = os.stat(folder)
mount = subprocess.run(
    ["mount", "-t", "tmpfs", "-o", f"size=512k,mode=750,uid={owner.st_uid},"
     f"gid={owner.st_gid}", "tmpfs", folder], capture_output=True, text=True,
    check=False)
if mount.returncode != 0:
    tap.bail_out("this scenario mounts a small tmpfs and needs root: "
                 + mount.stderr)
try:
    site.start("provider")
    ticket = web.client(site, "alice")
    signed_in = ticket.get("/AdminService/wmi/SMS_Role")
    alice = web.Client(site, session=signed_in.header("reeve-session"))

    def decide(caller=alice):
        return caller.post("/access/v1/evaluation", {
            "subject": {"type": "user", "id": "alice@LAB.TEST"},
            "action": {"name": "Delete"},
            "resource": {"type": "SMS_Application", "id": KEY}})

    def write(scope):
        return alice.post(ADD, {"ObjectIDs": [KEY], "ObjectTypeIDs": [31],
                                "CategoryIDs": [scope]})

    def revision():
        return int(site.psql("SELECT n FROM reeve.site_revision").strip())

    def durable():
        """Request ids of all records in the log, in order."""
        return [r.get("request_id") for r in records()]

    def lines():
        out = []
        for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
            with open(path, "rb") as f:
                data = f.read()
            tap.ok(data == b"" or data.endswith(b"\n"),
                   "a segment ends with a whole line")
            out += data.split(b"\n")[:-1]
        return out

    def records():
        return [json.loads(line) for line in lines()]

    tap.is_((decide().status, write("RVE00011").status), (200, 200),
            "with room everything is answered")

    # ---- Full ----------------------------------------------------------------

    filler = os.path.join(folder, "filler")
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(fd, bytes(4096)) > 0:
            pass
    except OSError as e:
        tap.is_(e.errno, errno.ENOSPC, "the disk is full")
    os.close(fd)

    # What was set aside beforehand may still be used up.
    answered = []

    def refused():
        answer = decide()
        if answer.status == 200:
            answered.append(answer.header("x-request-id"))
        return answer if answer.status == 503 else None

    answer = wait_for(refused, timeout=60, what="the log to be full")
    tap.is_(answer.json()["code"], "audit_unavailable",
            "a full disk refuses decisions, and says why")
    before = revision()
    answer = write("RVE00012")
    tap.is_(answer.status, 503, "a full disk refuses writes")
    tap.is_(revision(), before, "and nothing was written")
    tap.is_(web.Client(site).get("/AdminService/wmi/SMS_Role").status in
            (401, 503), True, "callers without a credential get no further")
    tap.is_(decide(ticket).status, 503, "signing in does not help")
    tap.is_(alice.get("/readyz").status, 503, "the provider is not ready")
    tap.is_(alice.get("/healthz").status, 200, "but alive")
    tap.ok(set(answered) <= set(durable()),
           f"each of the {len(answered)} answers on the way has its record")

    # ---- Room again ------------------------------------------------------------

    os.unlink(filler)
    wait_for(lambda: decide().status == 200, timeout=15, what="decisions")
    tap.ok(True, "with room again decisions come back by themselves")
    wait_for(lambda: write("RVE00012").status == 200, timeout=15,
             what="writes")
    tap.is_(alice.get("/readyz").status, 200, "and the provider is ready")

    # ---- The chain --------------------------------------------------------------

    site.stop("provider")
    chain = lines()
    tap.ok(len(chain) > len(answered), "there are records to check")
    tap.is_([json.loads(line)["seq"] for line in chain],
            list(range(1, len(chain) + 1)), "no number is missing")
    tap.ok(all(json.loads(b)["prev"] == hashlib.sha256(a).hexdigest()
               for a, b in zip(chain, chain[1:])),
           "each record carries the hash of the one before")
finally:
    site.stop("provider")
    subprocess.run(["umount", folder], check=False)

fixture.no_reports(site)
tap.done()
