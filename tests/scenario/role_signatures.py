#!/usr/bin/python3 -B
"""Signed role files: verified without Reeve, refused when they are another's,
altered or not signed where they must be, and good beyond a change of keys."""

import hashlib
import os
import subprocess

from lib import fixture, tap, web

from lab import host
from lab.host import LabError

OWN, WMI = "/reeve/v1/roles/", "/AdminService/wmi/SMS_Role"
site = fixture.site()
provider = site.provider
ALICE = web.client(site, "alice")
PREFIX = b"reeve keeper signature 1\0"
AUDIT, ROLES = b"\1", b"\2"


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True,
                          check=False)


def public(key):
    """The public key of a file, as hexadecimal digits."""
    return openssl("pkey", "-in", key, "-pubout", "-outform",
                   "DER").stdout[-32:].hex()


def message(text, purpose):
    path = site.path("message")
    with open(path, "wb") as f:
        f.write(PREFIX + purpose + hashlib.sha256(text).digest())
    return path


def is_signed(text, signature, key, purpose=ROLES):
    """Whether OpenSSL takes the signature for one by the key."""
    path = site.path("signature")
    with open(path, "wb") as f:
        f.write(bytes.fromhex(signature))
    return openssl("pkeyutl", "-verify", "-rawin", "-inkey", key, "-in",
                   message(text, purpose), "-sigfile", path).returncode == 0


def sign(text, key, purpose=ROLES):
    made = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in",
                   message(text, purpose)).stdout
    return {"key": public(key), "signature": made.hex()}


def take(xml, signature=None, who=ALICE, **more):
    body = {"xml": xml, "overwrite": True, **more}
    if signature is not None:
        body["signature"] = signature
    return who.post(OWN + "import", body)


def code(answer):
    return answer.status, answer.json()["code"]


made = ALICE.request("POST", WMI, body={
    "RoleName": "Signed", "RoleDescription": "by the keeper", "Operations": [
        {"ObjectTypeID": 31, "ReeveOperations": ["Read", "Modify"]}]}).json()
KEY = provider.keeper_key
answer = ALICE.post(OWN + "export", {"role_ids": [made["RoleID"]]})
XML, SIGNATURE = answer.json()["xml"], answer.json()["signature"]
tap.is_(SIGNATURE["key"], public(KEY), "an export says who has signed it")
tap.ok(is_signed(XML.encode(), SIGNATURE["signature"], KEY),
       "and OpenSSL finds the signature good")
tap.ok(not is_signed(XML.encode(), SIGNATURE["signature"], KEY, AUDIT),
       "which is none for the audit log")
for path, body in ((f"{WMI}('{made['RoleID']}')/AdminService.ExportRole", {}),
                   (f"{WMI}.ExportRole", {"RoleID": made["RoleID"]})):
    answer = ALICE.post(path, body).json()
    tap.ok(is_signed(answer["ExportedXML"].encode(),
                     answer["@reeve.signature"]["signature"], KEY),
           "as Configuration Manager's methods give it, too")
tap.is_(web.client(site, "frank").get(OWN + "file-keys").json(),
        {"own": public(KEY), "trusted": [], "required": False},
        "the key is told to whoever has signed in")
tap.is_(web.Client(site).get(OWN + "file-keys").status, 401,
        "and to nobody else")

# ---- Back in ---------------------------------------------------------------------

answer = take(XML, SIGNATURE)
tap.is_((answer.status, answer.json()["signed_by"]),
        (200, {"key": public(KEY), "own": True}), "it is taken back as ours")
answer = ALICE.post(WMI + ".ImportRole", {"RolesXml": XML,
                                          "Signature": SIGNATURE})
tap.is_((answer.status, answer.json()["@reeve.signed_by"]["own"]),
        (200, True), "by Configuration Manager's method, too")
tap.is_(take(XML).json()["signed_by"], None,
        "one without a signature says that")
OTHER = site.path("other.key")
host.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", OTHER])
before = ALICE.get(f"{WMI}('{made['RoleID']}')").json()["@odata.etag"]
digits = SIGNATURE["signature"]
flipped = f"{int(digits[-1], 16) ^ 1:x}"
for what, xml, signature, expected in (
        ("an altered file", XML.replace("Signed", "signed"), SIGNATURE,
         (422, "bad_signature")),
        ("a file with a byte more", XML + "\n", SIGNATURE,
         (422, "bad_signature")),
        ("an altered signature", XML,
         {**SIGNATURE, "signature": digits[:-1] + flipped},
         (422, "bad_signature")),
        ("one of the audit log's purpose", XML,
         sign(XML.encode(), KEY, AUDIT), (422, "bad_signature")),
        ("one by another key", XML, sign(XML.encode(), OTHER),
         (422, "unknown_signer")),
        ("one that only says to be ours", XML,
         {**sign(XML.encode(), OTHER), "key": public(KEY)},
         (422, "bad_signature")),
        ("one of zeros", XML, {"key": "0" * 64, "signature": "0" * 128},
         (422, "unknown_signer")),
        ("a truncated one", XML, {**SIGNATURE, "signature": digits[:-2]},
         (400, "malformed_signature")),
        ("one too long", XML, {**SIGNATURE, "signature": digits + "00"},
         (400, "malformed_signature")),
        ("no digits", XML, {**SIGNATURE, "signature": "x" * 128},
         (400, "malformed_signature")),
        ("no key", XML, {"signature": digits}, (400, "malformed_signature")),
        ("a member more", XML, {**SIGNATURE, "algorithm": "none"},
         (400, "malformed_signature")),
        ("an empty one", XML, {}, (400, "malformed_signature"))):
    tap.is_(code(take(xml, signature)), expected, f"refused: {what}")
tap.is_(code(ALICE.post(OWN + "import?dryRun=true", {
    "xml": XML + " ", "overwrite": True, "signature": SIGNATURE})),
    (422, "bad_signature"), "a dry run refuses the same")
tap.is_(ALICE.get(f"{WMI}('{made['RoleID']}')").json()["@odata.etag"], before,
        "none of them has changed anything")

# ---- Another key -------------------------------------------------------------------

FORMER = public(KEY)
provider.write_config(role_file_keys="ab")
tap.raises(LabError, lambda: provider.command("--check-config"),
           "what is no key is refused at the start", "role_file_keys")
provider.stop()
os.replace(OTHER, KEY)
os.chmod(KEY, 0o600)
host.give(KEY, host.provider_user())
provider.write_config(role_file_keys=FORMER, require_role_signature="on")
provider.start()
provider.wait()
ALICE = web.client(site, "alice")
tap.is_(ALICE.get(OWN + "file-keys").json(),
        {"own": public(KEY), "trusted": [FORMER], "required": True},
        "the site has another key and trusts its former one")
answer = take(XML, SIGNATURE, ALICE)
tap.is_((answer.status, answer.json()["signed_by"]),
        (200, {"key": FORMER, "own": False}), "an older file is still good")
answer = ALICE.post(OWN + "export", {"role_ids": [made["RoleID"]]}).json()
tap.is_(answer["signature"]["key"], public(KEY), "new ones have the new key")
tap.is_(take(answer["xml"], answer["signature"], ALICE).json()[
    "signed_by"]["own"], True, "and are good")
tap.is_(code(take(XML, None, ALICE)), (422, "signature_required"),
        "without a signature nothing is taken any more")
tap.is_(ALICE.post(WMI + ".ImportRole", {"RolesXml": XML}).json()["error"][
    "code"], "signature_required", "by no door")
fixture.finish(site)
