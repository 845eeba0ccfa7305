#!/usr/bin/python3 -B
"""Issuers of tokens as an administrator meets them: `reeve site
onboard-tenant` against a real OpenID Connect provider, which judges tokens
with the code of the daemon.
"""

import base64
import json
import os
import stat
import subprocess
import threading

from lib import tap
from lab import host, pki
from lab.oidc import Oidc, claims
from lab.process import Guard

OK, ERROR, USAGE, DENIED, SIGN_IN, NOT_FOUND, CONFLICT = range(7)
REEVE = os.path.join(os.path.dirname(os.path.abspath(os.environ.get(
    "REEVED", os.path.join(host.ROOT, "build/release/reeved")))), "reeve")

folder = host.make_temp()
Guard.get().tell("rm " + folder)
pki.make_authority(folder)
pki.make_authority(folder, "stranger-ca", "/CN=Authority of nobody")
pki.issue(folder, "server", "server", subject="/CN=localhost")
pki.issue(folder, "alice", "person", kind="rsa", person="alice")
op = Oidc(os.path.join(folder, "op"), folder)
op.start()
issuers = os.path.join(folder, "issuers")
os.mkdir(issuers)


class Ran:
    def __init__(self, done):
        self.code, self.out, self.err = (
            done.returncode, done.stdout, done.stderr)

    def json(self):
        return json.loads(self.out)


def onboard(name, *more, stdin="", ca="ca.pem", audience="reeve"):
    return Ran(subprocess.run(
        [REEVE, "site", "onboard-tenant", name, "--issuer", op.issuer,
         "--audience", audience, "--ca", os.path.join(folder, ca),
         "--folder", issuers, *more], input=stdin, text=True,
        capture_output=True, check=False, timeout=60,
        env=host.base_env(https_proxy="http://127.0.0.1:9")))


def is_code(ran, code, name):
    if not tap.is_(ran.code, code, name):
        tap.diag(ran.out + ran.err)


def path(name):
    return os.path.join(issuers, name + ".conf")


def read(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


def tried(token, name="lab"):
    """The part "test" of the answer, for a token."""
    return onboard(name, "--yes", "--json", "--force", "--token-file", "-",
                   stdin=token + "\n").json()["test"]


# ---- The file -------------------------------------------------------------------

ran = onboard("lab", "--yes")
is_code(ran, OK, "an issuer is taken up")
tap.like(ran.out, "Reeve lab authority", "its chain is shown")
tap.like(ran.out, r"ES256-\w+ ES256", "its keys are shown")
tap.is_(stat.S_IMODE(os.stat(path("lab")).st_mode), 0o640,
        "the file is for its owner to write, for its group to read")
tap.like(read("lab"), f"(?m)^issuer = {op.issuer}$", "it names the issuer")
tap.like(read("lab"), "(?m)^ca_pins = sha256:[A-Za-z0-9+/]{43}=$",
         "the authority that was seen is pinned")
tap.is_(os.listdir(issuers), ["lab.conf"], "nothing else was left there")

before = read("lab")
is_code(onboard("lab", "--yes"), CONFLICT, "a file is not overwritten")
is_code(onboard("lab", "--yes", "--force", audience="other"), OK,
        "but for --force")
tap.isnt(read("lab"), before, "then it is another")
is_code(onboard("lab", "--yes", "--force"), OK, "and as before again")
tap.is_(read("lab"), before, "byte for byte")

is_code(onboard("no"), USAGE, "without --yes somebody must be there to ask")
is_code(onboard("../no", "--yes"), USAGE, "a name is no path")
is_code(onboard("no", "--yes", "--kind", "saml"), USAGE, "two kinds only")
is_code(onboard("no", "--yes", audience="a b"), USAGE,
        "an audience has no blanks")
is_code(onboard("no", "--yes", audience="a\nkind = entra"), USAGE,
        "nor lines of its own")
is_code(onboard("no", "--yes", "--device"), USAGE,
        "the device code flow needs the name of an application")
ran = onboard("no", "--yes", ca="stranger-ca.pem")
is_code(ran, ERROR, "a server of another authority is not taken up")
tap.like(ran.err, "(?i)certificate", "and why is said")
ran = onboard("no", "--yes", "--issuer", op.issuer + "/")
is_code(ran, ERROR, "discovery must name the very same issuer")
tap.is_(os.listdir(issuers), ["lab.conf"], "none of these left a file")

# ---- Tokens of each kind --------------------------------------------------------

for alg in ("RS256", "PS256", "ES256"):
    said = tried(op.token(user="alice", alg=alg, amr="pwd,hwk", acr="c1"))
    tap.is_(said["accepted"], True, f"a token with {alg} signs in")
    tap.is_(said["ids"], [f"oidc:{op.issuer}|alice"],
            f"with {alg} it is issuer and subject")
tap.is_(said["groups"], None,
        "groups are unknown where no claim is named for them")

token = op.token(user="alice")
with open(os.path.join(folder, "token"), "w", encoding="ascii") as f:
    f.write(token)
ran = onboard("lab", "--yes", "--force", "--token-file",
              os.path.join(folder, "token"))
is_code(ran, OK, "a token from a file")
tap.like(ran.out, r"(?m)^sign-in +accepted$", "is told to people too")
tap.like(ran.out, r"(?m)^level ", "with the level that it reaches")

said = tried(op.token(flow="client"))
tap.is_(said["ids"], [f"oidc-app:{op.issuer}|job"],
        "an application's token names the application")

# ---- Tokens that are none ---------------------------------------------------------


def refused(token, reason, name):
    said = tried(token)
    tap.is_((said["accepted"], said.get("reason")), (False, reason), name)


def forged(token, header=None, payload=None):
    """The token with other claims, and its old signature."""
    parts = list(claims(token))
    parts[0].update(header or {})
    parts[1].update(payload or {})
    texts = [base64.urlsafe_b64encode(json.dumps(p).encode())
             .rstrip(b"=").decode() for p in parts]
    return ".".join(texts + [token.split(".")[2]])


refused(forged(token, payload={"sub": "bob"}), "bad_token",
        "a claim that was changed on the way")
refused(forged(token, header={"alg": "none"}), "weak", "alg none")
refused(forged(token, header={"kid": "../../dev/null"}), "unknown_key",
        "a kid that is a path")
refused(forged(token, payload={"iss": op.issuer + "/"}), "unknown_issuer",
        "an issuer with a slash more")
refused(op.ask(user="alice")["id_token"], "purpose",
        "an ID token is no access token")
refused(op.token(user="alice", client="bound",
                 cert=os.path.join(folder, "alice.pem"),
                 key=os.path.join(folder, "alice.key")), "not_bound",
        "a token of a certificate, without it")
refused(op.token(user="alice", dpop=True), "not_bound",
        "a token of DPoP, without a proof")
refused("not a token", "malformed", "something else")
ran = onboard("lab", "--yes", "--force", "--token-file", "-",
              stdin=forged(token, header={"alg": "none"}))
is_code(ran, SIGN_IN, "a token that is refused has an exit code of its own")
is_code(onboard("lab", "--yes", "--force", "--token-file", "-",
                audience="other", stdin=token), SIGN_IN,
        "as has one for somebody else")

# ---- Rotation ---------------------------------------------------------------------------

op.restart("rotate")
tap.is_(tried(token)["accepted"], True,
        "a token of the old key is good while the key is published")
newer = op.token(user="alice")
tap.isnt(claims(newer)[0]["kid"], claims(token)[0]["kid"],
         "the new key signs now")
tap.is_(tried(newer)["accepted"], True, "and its tokens sign in")
op.restart("drop")
refused(token, "unknown_key", "a token of a key that was taken back")
tap.is_(tried(newer)["accepted"], True, "the new ones are as good as before")

# ---- The device code flow ------------------------------------------------------------------

process = subprocess.Popen(
    [REEVE, "site", "onboard-tenant", "lab", "--issuer", op.issuer,
     "--audience", "reeve", "--ca", op.ca, "--folder", issuers, "--yes",
     "--force", "--json", "--device", "--client-id", "cli", "--scope",
     "openid access"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    text=True, env=host.base_env())
timer = threading.Timer(45, process.kill)
timer.start()
user_code = None
for line in process.stderr:
    if " code " in line:
        user_code = line.split()[-1]
        break
tap.like(user_code or "", r"^[\w-]+$", "the person is told a code")
op.ask(flow="device", user="alice", user_code=user_code)
out, err = process.communicate()
timer.cancel()
if not tap.is_(process.returncode, OK, "a sign-in with that code succeeds"):
    tap.diag(out + err)
else:
    tap.is_(json.loads(out)["test"]["ids"], [f"oidc:{op.issuer}|alice"],
            "as the person who signed in")

op.stop()
ran = onboard("gone", "--yes")
is_code(ran, ERROR, "an issuer that is away is not taken up")
host.remove_temp(folder)
tap.done()
