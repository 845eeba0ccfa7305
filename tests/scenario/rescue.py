#!/usr/bin/python3 -B
"""The operator of the machine lets somebody in again, and no more."""

import glob
import json
import os
import socket
import subprocess

from lib import fixture, tap, web
from lib.records import wait_for

from lab import host

CERTIFICATE = 2

site = fixture.site(parts=("postgres",))
site.postgres.allow_login("rescuer")
site.psql("CREATE ROLE rescuer LOGIN IN ROLE reeve_rescue")
SOCKET = os.path.join(site.provider.folder, "operator")
site.provider.overrides.update(
    operator_socket=SOCKET, store_rescue=site.postgres.conninfo("rescuer"))
site.up()


def rescue(*operands, user=None):
    command = [os.path.join(os.path.dirname(site.provider.binary), "reeve"),
               "--socket", SOCKET, "--json", "rescue", *operands]
    done = subprocess.run(command, user=user, text=True, cwd="/",
                          capture_output=True, check=False)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        return done.returncode, done.stderr


def raw(data):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(10)
        s.connect(SOCKET)
        s.send(data)
        return json.loads(s.recv(65536))


def journal():
    lines = []
    for path in sorted(glob.glob(os.path.join(
            site.audit_folder, "operator", "*.jsonl"))):
        with open(path, encoding="utf-8") as f:
            lines += [json.loads(line) for line in f if line.strip()]
    return [r for r in lines if r.get("event") == "rescue"]


# ---- Status ------------------------------------------------------------------

code, said = rescue("status")
tap.is_((code, said["ok"], said["minimum_level"], said["stored_level"]),
        (0, True, 1, 1), "the operator sees how the site stands")
tap.ok(said["full_administrators"] >= 1, "and how many administer it")
tap.unlike(json.dumps(said), "alice", "but no names")

# ---- Nobody can sign in any more ------------------------------------------------

site.psql("BEGIN; SELECT reeve.take_revision();"
          f"UPDATE reeve.site_setting SET minimum_level = {CERTIFICATE};"
          "COMMIT")
alice = web.Client(site, site.kinit("alice"))


def level_of_alice():
    return alice.get("/AdminService/wmi/SMS_Role").status


wait_for(lambda: level_of_alice() == 403,
                         what="the level that nobody has")
code, said = rescue("level-windows")
tap.is_((code, said["changed"]), (0, 1), "the operator sets it back")
wait_for(lambda: level_of_alice() == 200, what="alice is back")
tap.is_(level_of_alice(), 200, "and people sign in again")
tap.is_(rescue("level-windows")[1]["changed"], 0, "twice changes nothing")

# ---- An administrator for a day ---------------------------------------------------

bob = web.Client(site, site.kinit("bob"))
tap.is_(bob.get("/AdminService/wmi/SMS_Admin").status, 403,
        "bob sees no administrators")
code, said = rescue("add-admin", "judy@LAB.TEST")
tap.is_((code, said["ok"]), (0, True), "judy becomes an administrator")
tap.ok(said["valid_until"] is not None,
       "for a day, since there is another one without end")
judy = web.Client(site, site.kinit("judy"))
wait_for(
    lambda: judy.get("/AdminService/wmi/SMS_Admin").status == 200,
    what="judy's rights")
tap.is_(judy.get("/AdminService/wmi/SMS_Admin").status, 200, "she may all")

# ---- Who may not, and what it does not do -------------------------------------------

if os.getuid() == 0:
    code, said = rescue("status", user="nobody")
    tap.is_((code, said["code"]), (3, "not_permitted"),
            "another user of the machine is told nothing")
for data in (b"", b"{}", b"[]", b"x" * 5000, b'{"do":"drop"}',
             b'{"do":"status","x":1}', b'{"do":"status","do":"status"}',
             b'{"do":"add_admin"}', b'{"do":"add_admin","principal":"x"}',
             b'{"do":"add_admin","principal":"a\\u0000b@X"}',
             b'{"do":"add_admin","principal":"a b@X"}',
             b'{"do":"add_admin","principal":"a@X","account_id":"A"}',
             b"\xff\xfe", b"[" * 4000):
    if data:
        tap.is_(raw(data)["code"], "malformed", f"{data[:30]!r} is refused")
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as gone:
    gone.connect(SOCKET)  # and leaves without a word
tap.is_(rescue("status")[0], 0, "whoever leaves holds nobody up")
tap.is_(rescue("bless")[0], 2, "an unknown action is a mistake of usage")
for sql in ("SELECT * FROM reeve.rescue_status()",
            "SELECT reeve.rescue_admin_add('{}', 'krb5:x@X', NULL, NULL, "
            "'{}')"):
    tap.raises(host.LabError, lambda s=sql: site.psql(s, user="reeve"),
               "the provider's own login cannot", "permission denied")

# ---- What is left of it ------------------------------------------------------------

acts = [(r["action"], r["outcome"]) for r in journal()
        if r.get("action") != "refused"]
tap.ok(("level_windows", "success") in acts and
       ("add_admin", "success") in acts, "the journal has both")
tap.ok(all(r["subject"]["id"] in ("root", "nobody") or os.getuid() != 0
           for r in journal()), "with who asked")
tap.is_(site.psql("SELECT count(*) FROM reeve.admin_audit WHERE actor LIKE "
                  "'unix:%' AND message_id = 1000010").strip(), "2",
        "and so has the store, in the transaction of the change")
with open(site.provider.log, encoding="utf-8") as f:
    tap.like(f.read(), "warning operator .*add_admin", "and the log alarms")

site.provider.write_config(rescue="off")
site.restart("provider")
tap.is_(rescue("level-windows")[1]["code"], "switched_off",
        "it can be switched off")
tap.is_(rescue("status")[0], 0, "but for the status")

fixture.finish(site)
