"""An OpenID Connect provider of the lab: npm's oidc-provider, on loopback.

    op = Oidc(folder, pki_folder)
    op.start()
    token = op.token(user="alice", alg="ES256", amr="pwd,hwk", acr="c1")

What npm installs lies in build/lab/oidc; `make packages` puts it there.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from lab import host
from lab.host import LabError
from lab.process import Daemon

MODULES = os.path.join(host.ROOT, "build/lab/oidc")
TENANT = "11111111-2222-3333-4444-555555555555"
SCRIPTS = ("op.mjs", "client.mjs")


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Oidc:
    def __init__(self, folder, pki):
        """pki: a folder of lab.pki, whose server certificate is used."""
        if not os.path.isdir(os.path.join(MODULES, "node_modules")):
            raise LabError("build/lab/oidc has no packages: run "
                           "`make packages`")
        os.makedirs(folder, exist_ok=True)
        self.folder, self.pki = folder, pki
        self.port = host.free_port()
        self.issuer = f"https://localhost:{self.port}"
        self.ca = os.path.join(pki, "ca.pem")
        self.log = os.path.join(folder, "op.log")
        self.daemon = Daemon("oidc", os.path.join(folder, "op.pid"),
                             self.log)

    def script(self, name):
        """Node finds packages from where the script lies."""
        return os.path.join(MODULES, name)

    def env(self):
        return host.base_env(NODE_EXTRA_CA_CERTS=self.ca,
                             NODE_NO_WARNINGS="1", HOME=self.folder)

    def start(self, change=""):
        """change: "rotate" adds keys, "drop" takes the old ones away."""
        for name in SCRIPTS:
            shutil.copy(os.path.join(host.HERE, "oidc", name), MODULES)
        before = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.daemon.start(
            [shutil.which("node") or "node", self.script("op.mjs"),
             str(self.port), os.path.join(self.folder, "keys.json"),
             os.path.join(self.pki, "server.pem"),
             os.path.join(self.pki, "server.key"),
             *([change] if change else [])], self.env())

        def ready():
            with open(self.log, encoding="utf-8", errors="replace") as f:
                f.seek(before)
                return "ready" in f.read()
        self.daemon.wait_until(ready, 30, "an answer")

    def stop(self):
        return self.daemon.stop()

    def restart(self, change=""):
        self.stop()
        self.start(change)

    def ask(self, **wanted):
        """What client.mjs answers with."""
        done = subprocess.run(
            [shutil.which("node") or "node", self.script("client.mjs"),
             self.issuer, json.dumps(wanted)], env=self.env(),
            capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise LabError(f"no token: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def token(self, **wanted):
        return self.ask(**wanted)["token"]


def claims(token):
    """(header, payload) of a token, unverified."""
    return tuple(json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4)))
                 for p in token.split(".")[:2])


# ---- Tokens and proofs of the tests' own making ---------------------------------


def number(jwk, name):
    text = jwk[name]
    return int.from_bytes(base64.urlsafe_b64decode(
        text + "=" * (-len(text) % 4)), "big")


def private_key(jwk):
    """A key of ES256 from its JWK."""
    public = ec.EllipticCurvePublicNumbers(
        number(jwk, "x"), number(jwk, "y"), ec.SECP256R1())
    return ec.EllipticCurvePrivateNumbers(
        number(jwk, "d"), public).private_key()


def public_jwk(key, **more):
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", **more,
            "x": b64url(numbers.x.to_bytes(32, "big")),
            "y": b64url(numbers.y.to_bytes(32, "big"))}


def sign(key, header, payload):
    """A JWS with ES256."""
    body = ".".join(b64url(json.dumps(part).encode())
                    for part in (header, payload))
    r, s = utils.decode_dss_signature(
        key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    return body + "." + b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def proof(jwk, token, method, url, **changes):
    """A proof of possession (DPoP) for one request."""
    key = private_key(jwk)
    return sign(key, {"typ": "dpop+jwt", "alg": "ES256",
                      "jwk": public_jwk(key)},
                {"jti": b64url(os.urandom(12)), "htm": method, "htu": url,
                 "iat": int(time.time()),
                 "ath": b64url(hashlib.sha256(token.encode()).digest()),
                 **changes})


class Odd:
    """An issuer of keys that behaves as it is told: see jwks.py."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.child = subprocess.Popen(
            ["/usr/bin/python3", "-B", os.path.join(host.HERE, "jwks.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=host.base_env())
        self.said = {}
        for line in self.child.stdout:
            if line == "READY\n":
                break
            name, _, value = line.rstrip("\n").partition("=")
            self.said[name] = value
        if "ISSUER" not in self.said:
            raise LabError("jwks.py did not start")
        self.issuer, self.ca = self.said["ISSUER"], self.said["ISSUER_CA"]
        self._tell("keys " + json.dumps(
            {"keys": [public_jwk(self.key, kid="odd", use="sig")]}))

    def _tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()

    def be(self, how):
        self._tell("be " + how)

    def count(self):
        """How often keys were asked for since the last count."""
        return int(self._tell("count"))

    def token(self, kid="odd", **changes):
        now = int(time.time())
        return sign(self.key, {"alg": "ES256", "typ": "at+jwt", "kid": kid},
                    {"iss": self.issuer, "sub": "alice", "aud": "reeve",
                     "iat": now, "exp": now + 300, **changes})

    def stop(self):
        self.child.stdin.close()
        return self.child.wait()
