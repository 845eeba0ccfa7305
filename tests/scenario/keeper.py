#!/usr/bin/python3 -B
"""Checkpoints: what the keeper signs, verified without Reeve."""

import glob
import hashlib
import os
import subprocess

from lib import fixture, tap, web
from lib.wire import Wire
from lab import host

site = fixture.site(config={"loops": "1", "audit_segment_size": "64K"})
provider = site.provider
PUBLIC = site.path("keeper.pem")
host.run(["openssl", "pkey", "-in", provider.keeper_key, "-pubout", "-out",
          PUBLIC])


def checkpoints():
    return sorted(glob.glob(os.path.join(site.audit_folder, "*.checkpoint")))


def verify(text):
    """Whether the signature at the end of a checkpoint is the keeper's."""
    signed, rest = text.split(b"key ", 1)
    signature = bytes.fromhex(rest.split(b"signature ")[1].decode())
    message = site.path("message")
    with open(message, "wb") as f:
        f.write(b"reeve keeper signature 1\0" + b"\1"
                + hashlib.sha256(signed).digest())
    with open(message + ".signature", "wb") as f:
        f.write(signature)
    return subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey",
         PUBLIC, "-in", message, "-sigfile", message + ".signature"],
        capture_output=True, check=False).returncode == 0


def fields(text):
    return dict(line.split(" ", 1) for line in text.decode().splitlines()[1:])


def fill(segments):
    """Requests until so many segments are closed and signed."""
    session = web.client(site, "alice").get(
        "/AdminService/wmi/SMS_Role").header("reeve-session")
    with Wire(site) as wire:
        while len(checkpoints()) < segments:
            wire.request("GET", "/AdminService/wmi/SMS_Role",
                         {"Authorization": f"Bearer {session}"})


tap.is_(checkpoints(), [], "an open segment has no checkpoint")
fill(2)
found = checkpoints()
for path in found:
    with open(path, "rb") as f:
        text = f.read()
    name = os.path.basename(path)
    said = fields(text)
    tap.ok(verify(text), f"{name}: signed by the keeper's key")
    tap.is_(said["segment"], name.replace(".checkpoint", ".jsonl"),
            f"{name}: names its segment")
    with open(os.path.join(site.audit_folder, said["segment"]), "rb") as f:
        lines = f.read().splitlines()
    tap.is_(said["sha256"], hashlib.sha256(lines[-1]).hexdigest(),
            f"{name}: has the hash of the last record")
    tap.like(lines[-1].decode(), f'"seq":{said["seq"]},',
             f"{name}: and its number")
    tap.is_(said["node"], "lab", f"{name}: names the provider")

with open(found[0], "rb") as f:
    text = f.read()
forged = text.replace(b"seq ", b"seq 1")
tap.ok(not verify(forged), "another number: the signature is wrong")
forged = text.replace(b"node lab", b"node lob")
tap.ok(not verify(forged), "another provider: the signature is wrong")

# A restart goes on in the same segment, which is signed once it is closed.
site.restart("provider")
fill(len(found) + 1)
with open(checkpoints()[-1], "rb") as f:
    tap.ok(verify(f.read()), "a segment of two runs is signed too")

site.stop("provider")
provider.write_config(keeper_key=None)
site.start("provider")
tap.raises(Exception, lambda: provider.child("keeper"),
           "without a key there is no keeper", "no process keeper")
tap.is_(web.client(site, "alice").get("/AdminService/wmi/SMS_Role").status,
        200, "and everything else works")
fixture.finish(site)
