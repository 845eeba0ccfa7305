#!/usr/bin/python3 -B
"""Client certificates: who is let in, who is not, and for how long."""

import base64
import hashlib
import os
import shutil
import signal
import ssl

from lib import fixture, records, tap, wire
from lib.records import wait_for

from lab import host, pki
from lab.ocsp import Responders

ROLES = "/AdminService/wmi/SMS_Role"
GET = f"GET {ROLES} HTTP/1.1\r\nHost: localhost\r\n\r\n"

site = fixture.site(parts=("postgres", "kdc", "directory"))
at = os.path.join(site.provider.folder, "people")
certificate_port = host.free_port((site.port("https"),))
pki.make_clients(at)


def give():
    """What the provider reads is the provider's."""
    host.give(at, host.provider_user())


def authority(**more):
    values = {"certificate": f"{at}/users-ca.pem", "chain": f"{at}/chain.pem",
              "crl": " ".join(f"{at}/{ca}.crl" for ca in (
                  "users-ca", "users-sub", "constrained-sub", "rsa-sub")),
              "sid_domains": pki.DOMAIN, **more}
    folder = os.path.join(at, "authorities")
    os.makedirs(folder, mode=0o750, exist_ok=True)
    host.write(os.path.join(folder, "people.conf"), "".join(
        f"{name} = {value}\n" for name, value in values.items()), 0o640)
    give()


def change(sql):
    site.psql("BEGIN; SET LOCAL ROLE reeve_owner; "
              "SELECT reeve.take_revision(); " + sql + "; COMMIT;")


def map_to_alice(principal):
    change("INSERT INTO reeve.administrative_principal (principal_id,"
           f" admin_id) SELECT '{principal}', admin_id FROM"
           " reeve.administrative_user WHERE principal_id ="
           " 'krb5:alice@LAB.TEST' OR logon_name = 'alice@LAB.TEST' LIMIT 1")


authority()
site.provider.write_config(
    authorities=f"{at}/authorities",
    listen_certificate=f"127.0.0.1:{certificate_port}",
    # All come from one address; penalties have a scenario of their own.
    penalty_delay="0ms", penalty_max_delay="0ms")
site.start("provider")
map_to_alice("sid:" + pki.SID.lower())


def key_of(name):
    """cert:key: and the hash of its SubjectPublicKeyInfo."""
    with open(f"{at}/{name}.pem", encoding="ascii") as f:
        pem = host.run(["openssl", "x509", "-pubkey", "-noout"],
                       stdin=f.read())
    body = "".join(line for line in pem.splitlines() if "-" not in line)
    return "cert:key:" + hashlib.sha256(
        base64.b64decode(body)).hexdigest()


class Demanding:
    """The site by its other address."""

    ca = site.ca

    @staticmethod
    def port(_name):
        return certificate_port


def chained(name, chain=None):
    """The certificate with what the client sends besides."""
    if chain is None:
        return f"{at}/{name}.pem"
    path = f"{at}/{name}-sent.pem"
    with open(path, "w", encoding="ascii") as out:
        for source in (name, chain):
            with open(f"{at}/{source}.pem", encoding="ascii") as f:
                shutil.copyfileobj(f, out)
    return path


def ask(name=None, chain=None, where=site, path=ROLES):
    """(status or "alert", request id): what a client learns by reading."""
    pair = name and (chained(name, chain), f"{at}/{name}.key")
    try:
        with wire.Wire(where, certificate=pair) as w:
            answer = w.request("GET", path)
    except (ssl.SSLError, ConnectionResetError) as e:
        return "alert", str(e)
    if answer is None:
        return "alert", "closed"
    return answer.status, answer.header("x-request-id")


def is_told(request_id, reason, told):
    """Whether the log has it: of equal refusals the first, and a count."""
    found = records.audit(site, request_id=request_id)
    if not found:
        return reason in told
    told.add(reason)
    return found[0].get("reason") == reason


def is_so(condition, name):
    try:
        wait_for(condition, timeout=30, what=name)
        tap.ok(True, name)
    except TimeoutError as e:
        tap.fail(name, str(e))


def hang_up():
    """SIGHUP, to whoever takes it."""
    os.kill(site.provider.daemon.pid, signal.SIGHUP)


# ---- Good ones -----------------------------------------------------------------

is_so(lambda: ask("sid")[0] == 200,
      "a certificate with the SID of an administrator signs in")
status, request_id = ask("sid")
tap.is_(status, 200, "and does so again")
(record,) = records.audit(site, request_id=request_id)
tap.like(record, r"certificate", "the log has the method")
tap.is_(ask("by-sub")[0], 200, "the chain may come from the authority's file")
tap.is_(ask("by-rsa-sub", "rsa-sub")[0], 200, "or from the client")
tap.is_(ask()[0], 401, "without any credential: 401")
tap.is_(ask(path="/healthz")[0], 200,
        "what is open to all asks for no certificate")

# ---- Bad ones, each by its name ------------------------------------------------

BAD = [
    ("expired", None, "expired", "39. expired"),
    ("not-yet", None, "not_yet_valid", "40. not yet valid"),
    ("of-stranger", None, "unknown_issuer", "41. of an unknown authority"),
    ("of-imposter", None, "unknown_issuer",
     "41. of an authority that only has the name of ours"),
    ("revoked", None, "revoked", "42. revoked"),
    ("revoked-by-sub", None, "revoked", "42. revoked by an intermediate"),
    ("server-only", None, "purpose", "43. for servers only"),
    ("no-eku", None, "purpose", "43. for no purpose"),
    ("of-no-authority", "no-authority", "untrusted",
     "44. of an intermediate that is no authority"),
    ("constrained", "constrained-sub", "untrusted",
     "45. outside of the authority's name constraints"),
    ("upn-nul", None, "malformed", "46. with a NUL in a name"),
    ("dns-nul", None, "malformed", "46. with a NUL in a DNS name"),
    ("upn-twice", None, "malformed", "46. with two names"),
    ("sid-twice", None, "malformed", "46. with two SIDs"),
    ("cn", None, "no_mapping", "47. that names its person in the CN only"),
    ("email", None, "no_mapping", "48. with an administrator's mail address"),
    ("upn", None, "no_mapping",
     "48. with an administrator's UPN, of an authority that may not say it"),
    ("sid-foreign", None, "no_mapping", "46. with a SID of another domain"),
    ("sha1", None, "weak", "49. signed with SHA-1"),
    ("md5", "rsa-sub", "weak", "49. signed with MD5"),
    ("rsa-1024", None, "weak", "49. with RSA of 1024 bits"),
    ("long", "long-chain", "untrusted", "50. at the end of a chain of 50"),
    ("cyclic", "cyclic-chain", None, "50. in a chain that goes round"),
]
told = set()
for name, chain, reason, what in BAD:
    status, request_id = ask(name, chain)
    tap.ok(status in (401, "alert"), f"{what}: refused ({status})")
    if status == 401 and reason:
        tap.ok(is_told(request_id, reason, told),
               f"{what}: the log says {reason}")

# ---- The address that demands one ------------------------------------------------

tap.is_(ask("sid", where=Demanding)[0], 200,
        "listen_certificate: with a certificate, 200")
tap.is_(ask(where=Demanding)[0], "alert",
        "listen_certificate: without one, no handshake")
tap.isnt(ask("revoked", where=Demanding)[0], 200,
         "listen_certificate: not with a revoked one")

# ---- While a connection lives ----------------------------------------------------

# Its key is all that tells whose it is.
map_to_alice(key_of("dns"))
is_so(lambda: ask("dns")[0] == 200, "a key is mapped to an administrator")
with wire.Wire(site, certificate=(f"{at}/dns.pem",
                                  f"{at}/dns.key")) as kept:
    tap.is_(kept.request("GET", ROLES).status, 200, "a connection is good")
    change("DELETE FROM reeve.administrative_principal"
           " WHERE principal_id LIKE 'cert:%'")
    is_so(lambda: kept.request("GET", ROLES).status in (401, 403),
          "52. without its mapping the same connection is refused")
    map_to_alice(key_of("dns"))
    is_so(lambda: kept.request("GET", ROLES).status == 200,
          "and is good again with it")
    pki.revoke(at, "dns")
    pki.make_crl(at)
    give()
    hang_up()
    is_so(lambda: kept.request("GET", ROLES).status == 401,
          "52. a list that names it ends the connection's rights")
tap.isnt(ask("dns")[0], 200, "and new ones, as soon as it is read")
tap.is_(ask("sid")[0], 200, "others are as good as before")

# ---- A list that is too old, files that are broken -------------------------------

authority(crl=f"{at}/old.crl")
hang_up()
is_so(lambda: ask("sid")[0] == 401, "an old list refuses all whom it covers")
authority()
hang_up()
is_so(lambda: ask("sid")[0] == 200, "a new one lets them in again")
authority(crl=f"{at}/imposter-ca.crl")
hang_up()
is_so(lambda: "imposter-ca.crl" in site.provider.daemon.log_tail(40),
      "a list with a bad signature is named in the log")
tap.is_(ask("sid")[0], 200, "and the old authorities stay")

# ---- Weak names -------------------------------------------------------------------

authority(mapping="weak", upn_suffixes="LAB.TEST", realms="LAB.TEST")
hang_up()
is_so(lambda: ask("upn")[0] == 200,
      "an authority that may say user principal names is believed")
tap.is_(ask("pkinit")[0], 200, "and so are its Kerberos names")
tap.is_(ask("upn-evil")[0], 401, "but not beyond its suffixes")
tap.is_(ask("pkinit-evil")[0], 401, "nor beyond its realms")

# ---- Our own certificate, while it is in use --------------------------------------

folder = site.provider.folder
kept = wire.Wire(site)
before = kept.socket.getpeercert(True)
pki.issue(site.path("pki"), "server", "server", subject="/CN=localhost")
for name in ("server.pem", "server.key"):
    shutil.copy(site.path("pki", name), folder)
    host.give(os.path.join(folder, name), host.provider_user())
hang_up()


def served():
    with wire.Wire(site) as w:
        return w.socket.getpeercert(True)


failed = 0
for _ in range(200):
    try:
        served()
    except OSError:
        failed += 1
tap.is_(failed, 0, "no handshake fails while the certificate is replaced")
is_so(lambda: served() != before, "new connections get the new one")
tap.is_(kept.request("GET", "/healthz").status, 200,
        "old connections go on")
kept.close()

# ---- OCSP --------------------------------------------------------------------------

with Responders(at) as responders:
    def with_responder(name, mode):
        authority(ocsp=mode, ocsp_url=responders.url[name],
                  ocsp_timeout="1s", crl=f"{at}/responders.crl")
        hang_up()

    with_responder("good", "hard")
    is_so(lambda: ask("revoked")[0] == 401, "OCSP: a revoked one is refused")
    tap.is_(ask("sid")[0], 200, "OCSP: a good one is not")
    with_responder("strange", "hard")
    is_so(lambda: ask("rsa-2048")[0] == 401,
          "OCSP: an answer that another authority has signed does not count")
    with_responder("slow", "hard")
    is_so(lambda: ask("rsa-2048")[0] == 401,
          "OCSP: a responder that takes 30 s is not waited for")
    with_responder("silent", "soft")
    is_so(lambda: ask("rsa-2048")[0] == 200,
          "OCSP: soft accepts when the responder is silent")

fixture.finish(site)
