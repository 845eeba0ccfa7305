#!/usr/bin/python3 -B
"""Client certificates in the pipeline, alone and beside another credential,
and a policy that is replaced while requests go on.
"""

import hashlib
import json
import os
import signal
import subprocess

from lib import callers, fixture, records, tap, wire
from lab import host
from lab.site import ALL

ROLES = "/AdminService/wmi/SMS_Role"

site = fixture.site(parts=[p for p in ALL if p != "provider"],
                    config={"loops": 1, "penalty_exempt": "127.0.0.1"})
here = site.provider.folder
ledger = callers.Ledger(site)


def authority(**more):
    values = {"certificate": f"{here}/ca.pem", "crl_required": "no", **more}
    os.makedirs(f"{here}/authorities", exist_ok=True)
    host.write(f"{here}/authorities/lab.conf", "".join(
        f"{k} = {v}\n" for k, v in values.items()), 0o640)
    host.give(here, host.provider_user())


def files(name):
    return site.path("pki", name + ".pem"), site.path("pki", name + ".key")


def with_certificate(name, headers=None, path=ROLES):
    with wire.Wire(site, certificate=files(name)) as w:
        return ledger.note(w.request("GET", path, headers or {}))


def subject(answer):
    (record,) = callers.records_of(site, answer)
    who = record["subject"]
    return who["method"], who["level"], who.get("source")


def reasons(answer):
    return [r["reason"] for r in callers.records_of(site, answer)]


def key_id(name):
    """cert:key:... of a certificate, as OpenSSL sees it."""
    public = subprocess.run(
        ["openssl", "x509", "-in", files(name)[0], "-noout", "-pubkey"],
        check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=public, check=True,
                         capture_output=True).stdout
    return "cert:key:" + hashlib.sha256(der).hexdigest()


def post(path, body, headers):
    return ledger.ask("POST", path, {
        **headers, "Content-Type": "application/json"},
        json.dumps(body).encode())


def ready():
    with wire.Wire(site) as w:
        return w.request("GET", "/readyz").json()


def reload(failed):
    os.kill(site.provider.daemon.pid, signal.SIGHUP)
    records.wait_for(lambda: ready()["reload_failed"] == failed,
                     what="the reload")


authority()
site.provider.write_config(authorities=f"{here}/authorities")
site.start("provider")
alice = callers.bearer(site, "alice", ledger)

# ---- Whom a certificate stands for ------------------------------------------------

answer = with_certificate("alice")
tap.is_((answer.status, answer.header("reeve-session")), (401, None),
        "a certificate by a name that its authority is not trusted for")
bob = int(site.psql("SELECT admin_id FROM reeve.administrative_user WHERE "
                    "principal_id = 'krb5:bob@LAB.TEST'"))
tap.is_(post("/reeve/v1/principals/add", {
    "admin_id": bob, "principal_id": key_id("bob")}, alice).status, 200,
    "bob's key becomes a principal of his")
APPLICATIONS = "/AdminService/wmi/SMS_Application"
answer = records.wait_for(lambda: next((a for a in [with_certificate(
    "bob", path=APPLICATIONS)] if a.status == 200), None))
tap.is_(subject(answer), ("certificate", "certificate", "lab"),
        "with his certificate alone bob is at the level certificate")
tap.is_(answer.header("reeve-session"), None, "and begins no session")

# ---- Two credentials -----------------------------------------------------------------

both = callers.negotiate(site, "bob")
answer = with_certificate("bob", both, APPLICATIONS)
tap.is_((answer.status, subject(answer)[:2]), (200, ("kerberos", "windows")),
        "beside his ticket the ticket counts")
answer = with_certificate("bob", alice)
tap.is_((answer.status, reasons(answer)), (401, ["two_identities"]),
        "beside somebody else's session nobody gets in")
answer = with_certificate("bob", callers.negotiate(site, "alice"))
tap.is_(answer.status, 401, "nor beside somebody else's ticket")
answer = with_certificate("bob", {"Authorization": "Bearer rvs1_"
                                  + "A" * 43})
tap.is_(answer.status, 401, "a session that never was is no fall-back to the "
        "certificate")

# ---- A connection outlives neither its mapping nor its authority -----------------------

with wire.Wire(site, certificate=files("bob")) as w:
    tap.is_(ledger.note(w.request("GET", APPLICATIONS)).status, 200,
            "a connection with bob's certificate")
    authority(certificate=f"{here}/nothing.pem")
    reload("authorities")
    tap.is_(ready()["status"], "degraded", "readiness tells a failed reload")
    tap.is_(ledger.note(w.request("GET", APPLICATIONS)).status, 200,
            "the old authorities go on")
    authority()
    reload("")
    tap.is_(ledger.note(w.request("GET", APPLICATIONS)).status, 200,
            "so do those that were read again")
    tap.is_(post("/reeve/v1/principals/remove",
                 {"principal_id": key_id("bob")}, alice).status, 200,
            "bob's key is taken away")
    records.wait_for(lambda: ledger.note(
        w.request("GET", APPLICATIONS)).status == 401)
    tap.ok(True, "and the connection stands for nobody")

# ---- The level by certificate ------------------------------------------------------------

site.provider.write_config(authorities=None)
reload("")
answer = with_certificate("bob")
tap.is_(answer.status, 401, "without authorities there is no certificate")

ledger.settle()
fixture.finish(site)
