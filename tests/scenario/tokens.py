#!/usr/bin/python3 -B
"""Signing in with tokens: who gets in, who does not, what the log says, and
what happens when an issuer is slow, gone, or lies.
"""

import base64
import json
import os
import shutil
import time

from lib import callers, fixture, records, tap
from lab import host
from lab.oidc import Odd, Oidc, claims, proof
from lab.site import ALL

ROLES = "/AdminService/wmi/SMS_Role"

site = fixture.site(parts=[p for p in ALL if p != "provider"],
                    config={"loops": 1, "penalty_exempt": "127.0.0.1"})
op = Oidc(site.path("op"), site.path("pki"))
op.start()
odd = Odd()

# ---- The site's issuers and authorities --------------------------------------

here = site.provider.folder


def put(folder, name, **values):
    os.makedirs(os.path.join(here, folder), exist_ok=True)
    host.write(os.path.join(here, folder, name), "".join(
        f"{k} = {v}\n" for k, v in values.items()), 0o640)


shutil.copy(odd.ca, os.path.join(here, "odd-ca.pem"))
put("issuers", "op.conf", issuer=op.issuer, audience="reeve", types="at+jwt",
    ca=f"{here}/ca.pem", groups_claim="groups", domain_sign_in="yes",
    certificate_acr="urn:reeve:phr", hello_acrs="c1",
    lookup_claim="upn", directory_realm="LAB.TEST")
put("issuers", "odd.conf", issuer=odd.issuer, audience="reeve",
    types="at+jwt", ca=f"{here}/odd-ca.pem", domain_sign_in="yes")
put("authorities", "lab.conf", certificate=f"{here}/ca.pem",
    crl_required="no", realms="LAB.TEST")
host.give(here, host.provider_user())
site.provider.write_config(issuers=f"{here}/issuers", public_url=site.url,
                           authorities=f"{here}/authorities")

ALICE = f"oidc:{op.issuer}|alice"
for person, name in (("alice", ALICE), ("alice", f"oidc:{odd.issuer}|alice"),
                     ("frank", f"oidc-app:{op.issuer}|job")):
    site.psql(
        "BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision(); "
        "INSERT INTO reeve.administrative_principal (principal_id, admin_id)"
        f" SELECT '{name}', admin_id FROM reeve.administrative_user"
        f" WHERE principal_id = 'krb5:{person}@LAB.TEST'; COMMIT;")
odd.be("slow")
good = op.token(user="alice")
site.start("provider")
ledger = callers.Ledger(site)


def ask(token, scheme="Bearer", path=ROLES, method="GET", **fields):
    return ledger.ask(method, path, {
        "Authorization": f"{scheme} {token}", **fields})


def record_of(answer):
    (record,) = callers.records_of(site, answer)
    return record


def signs_in(token, who, name, level="windows", **more):
    answer = ask(token, **more)
    if not tap.is_(answer.status, 200, name):
        tap.diag(answer.text)
        return answer
    subject = record_of(answer)["subject"]
    tap.is_((subject["method"], subject["level"]), ("token", level),
            f"{name}: by token, at {level}")
    tap.like(subject["id"], who, f"{name}: the log says who")
    return answer


def refused(token, reason, name, **more):
    """401, with a challenge, without a word why; the log has the reason."""
    answer = ask(token, **more)
    tap.is_(answer.status, 401, name)
    tap.ok(answer.header_all("www-authenticate"), f"{name}: says how to")
    found = [r["reason"] for r in callers.records_of(site, answer)]
    # Of many alike only the first is a record of its own.
    tap.ok(found in ([reason], []), f"{name}: the log says {reason}")
    if found not in ([reason], []):
        tap.diag(found)
    return answer


def forged(token, header=None, payload=None):
    parts = list(claims(token))
    parts[0].update(header or {})
    parts[1].update(payload or {})
    texts = [base64.urlsafe_b64encode(json.dumps(p).encode())
             .rstrip(b"=").decode() for p in parts]
    return ".".join(texts + [token.split(".")[2]])


# ---- A site that starts while an issuer is slow ----------------------------------


def takes(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


records.wait_for(odd.count, what="a look for the keys")
tap.ok(takes(lambda: callers.bearer(site, "alice", ledger)) < 2,
       "a slow issuer delays nobody who comes by Kerberos")
tap.ok(takes(lambda: signs_in(good, "alice", "another issuer")) < 2,
       "nor by another issuer")
odd.be("good")  # which answers whoever still waits
records.wait_for(lambda: ask(odd.token()).status == 200,
                 what="a sign-in after the keys have come")

# ---- Good ones -----------------------------------------------------------------

for alg in ("RS256", "PS256", "ES256"):
    signs_in(op.token(user="alice", alg=alg), r"alice", f"alice with {alg}")
signs_in(op.token(user="alice", acr="urn:reeve:phr"), "alice",
         "alice with an acr of the level certificate", "certificate")
signs_in(op.token(user="alice", acr="c1"), "alice",
         "alice with an authentication context of hello", "hello")
signs_in(odd.token(), "alice", "alice of another issuer")
signs_in(op.token(flow="client"), "job", "an application that is registered")

# ---- Who is nobody ----------------------------------------------------------------

refused(odd.token(sub="bob"), "no_mapping", "a subject that nobody has")
refused(forged(good, header={"alg": "none"}), "weak", "alg none")
refused(forged(good, payload={"sub": "bob"}), "bad_token",
        "a claim that was changed")
refused(forged(good, payload={"iss": op.issuer + "/"}), "unknown_issuer",
        "another issuer by a slash")
refused(op.ask(user="alice")["id_token"], "purpose", "an ID token")
refused(odd.token(aud="other"), "audience", "a token for somebody else")
refused(odd.token(exp=int(time.time()) - 61, iat=1, nbf=1), "expired",
        "a token of the past")
refused(odd.token(iat=int(time.time()) + 86400,
                  exp=int(time.time()) + 86700), "not_yet_valid",
        "a token of tomorrow")
refused(odd.token(cnf={"kid": "x"}), "not_bound",
        "a token that is bound by something unknown")
refused(odd.token(pad="x" * 16384), "malformed", "a token above 16 KiB")
refused("a.b", "malformed", "no token")

# ---- Proofs of possession ------------------------------------------------------------

bound = op.ask(user="alice", dpop=True)


def prove(**changes):
    return proof(bound["jwk"], bound["token"], "GET", site.url + ROLES,
                 **changes)


once = prove()
signs_in(bound["token"], "alice", "a bound token with its proof",
         scheme="DPoP", DPoP=once)
refused(bound["token"], "replay", "the same proof again", scheme="DPoP",
        DPoP=once)
refused(bound["token"], "not_bound", "a bound token as bearer")
refused(bound["token"], "not_bound", "without a proof", scheme="DPoP")
refused(bound["token"], "not_bound", "with a proof for another URL",
        scheme="DPoP", DPoP=prove(htu=site.url + "/elsewhere"))
refused(bound["token"], "not_bound", "with a proof for another method",
        scheme="DPoP", DPoP=prove(htm="POST"))
refused(good, "not_bound", "a bearer token as if it were bound",
        scheme="DPoP", DPoP=prove())

pem = tuple(site.path("pki", "alice." + end) for end in ("pem", "key"))
by_certificate = op.token(user="alice", client="bound", cert=pem[0],
                          key=pem[1])
refused(by_certificate, "not_bound",
        "a token of a certificate without that certificate")

# ---- How often an issuer is asked -------------------------------------------------------

odd.count()
for i in range(100):
    ask(odd.token(kid=f"u{i}"))
tap.ok(odd.count() <= 1, "100 unknown kids are one fetch at most")
signs_in(odd.token(), "alice", "meanwhile the known key goes on")

# ---- An issuer that is gone -------------------------------------------------------------------

op.stop()
signs_in(good, "alice", "an issuer that is gone has left its keys")

# ---- Stepping up ----------------------------------------------------------------------------

site.psql("BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision(); "
          "UPDATE reeve.site_setting SET minimum_level = 3; COMMIT;")
records.wait_for(lambda: ask(good).status == 401, what="the new minimum")
answer = ask(good)
fields = " ".join(answer.header_all("www-authenticate"))
tap.like(fields, "insufficient_user_authentication",
         "too low a level is a challenge of RFC 9470")

ledger.settle()
odd.stop()
tap.done()
