#!/usr/bin/python3 -B
"""Kerberos against strangers: each hostile ticket by its name, and what is
told of it in the log; delegation, PACs, bindings, and new keys in the keytab
of a provider that goes on.
"""

import os
import shutil
import struct
import subprocess

from lib import callers, fixture, records, spnego, tap, tickets, wire
from lab import host
from lab.kdc import STRANGERS, STRANGE_REALM

ROLES = "/AdminService/wmi/SMS_Role"
APPLICATIONS = "/AdminService/wmi/SMS_Application"
GATEWAY = "HTTP/gateway@LAB.TEST"
SERVICE = "HTTP/localhost@LAB.TEST"
DOMAIN, STRANGE_DOMAIN = "S-1-5-21-11-12-13", "S-1-5-21-21-22-23"
MFA_KEY, S4U = "S-1-18-5", "S-1-18-2"

# Sources that fail often are made to wait; here all of them are one.
site = fixture.site(parts=("postgres", "kdc", "directory"))
ledger = callers.Ledger(site)
# In a folder of its own: another file comes to its place below.
KEYTAB = site.private_path("tickets", "service.keytab")
os.makedirs(os.path.dirname(KEYTAB))
shutil.copy(site.path("keytabs", "service.keytab"), KEYTAB)
host.give(os.path.dirname(KEYTAB), host.provider_user())
site.provider.write_config(
    loops=1, penalty_exempt="127.0.0.1", keytab=KEYTAB,
    pac_domains=f"LAB.TEST={DOMAIN}", hello_indicators="hwkey")
site.start("provider")


# ---- Asking -----------------------------------------------------------------

def present(*tokens, path=ROLES):
    """Asks on a new connection with these tokens, in a field each."""
    fields = "".join(f"Authorization: {spnego.header(token)}\r\n"
                     for token in tokens)
    return ledger.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                       f"{fields}\r\n")[0]


def forged(name, path=ROLES, bindings=None, **how):
    ccache = tickets.forge(site, name, **how)
    return present(spnego.good(site, ccache, bindings=bindings), path=path)


def subject(answer):
    """What the only record of an answer says of who asked."""
    (record,) = callers.records_of(site, answer)
    return record["subject"]


def who(answer):
    return tuple(subject(answer)[k] for k in ("id", "method", "level"))


def reasons(answer):
    return [(r["event"], r["outcome"], r["reason"])
            for r in callers.records_of(site, answer)]


def told(answer):
    """What a caller sees, but for the id of its request."""
    return (answer.status, answer.header_all("www-authenticate"),
            answer.header_all("reeve-session"), answer.body.replace(
                answer.header("x-request-id").encode(), b"ID"))


seen = set()
bodies = set()


def refused(answer, reason, what):
    """401 without a word why; the log has the reason, the first time."""
    bodies.add(told(answer)[3])
    tap.is_(told(answer)[:3], (401, ["Negotiate"], []),
            f"{what}: 401, and no more said")
    tap.is_(reasons(answer), [] if reason in seen else
            [("authentication", "failure", reason)],
            f"{what}: the log says {reason}")
    seen.add(reason)


def reconfigure(**changes):
    """A restart; what was only counted is written, and counts anew."""
    tap.is_(site.stop("provider"), 0, "the provider ends")
    site.provider.write_config(**changes)
    site.start("provider")
    seen.clear()


class Head:
    """The head of an answer that somebody else's client has seen."""

    def __init__(self, text):
        first, *lines = text.splitlines()
        self.status = int(first.split()[1])
        self.fields = {name.lower(): value.strip() for name, _, value in
                       (line.partition(":") for line in lines)}
        self.trace = text

    def header(self, name):
        return self.fields.get(name)


def in_force():
    with wire.Wire(site) as w:
        return w.request("GET", "/readyz").json()["revision"]


def change_policy(sql):
    """Changes rows in a revision, and waits until it is in force."""
    revision = int(site.psql(
        "BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision(); "
        + sql + "; COMMIT;"))
    records.wait_for(lambda: in_force() >= revision, what="the new revision")


# ---- What strangers send ----------------------------------------------------

def der(tag, *contents):
    octets = b"".join(contents)
    assert len(octets) < 128
    return bytes((tag, len(octets))) + octets


def offer(mechanism, token=b""):
    """A NegTokenInit for one mechanism, its OID in hexadecimal digits."""
    init = der(0xa0, der(0x30, bytes.fromhex(mechanism)))
    if token:
        init += der(0xa2, der(4, token))
    return der(0x60, bytes.fromhex("06062b0601050502"),
               der(0xa0, der(0x30, init)))


def skewed(ccache, seconds):
    """A copy of a cache, of a client whose clock is off by so much."""
    with open(ccache, "rb") as f:
        data = f.read()
    rest = data[4 + struct.unpack(">H", data[2:4])[0]:]
    path = f"{ccache}.{seconds}"
    with open(path, "wb") as f:
        f.write(data[:2] + struct.pack(">HHHii", 12, 1, 8, seconds, 0) + rest)
    return path


password = site.kinit("alice")


def token(ccache=password, **how):
    return spnego.good(site, ccache, **how)


def stranger(name):
    return token(site.kdc.kinit(
        f"{name}@{STRANGE_REALM}", site.path(
            "ccaches", "strange-" + name.replace("/", "-")),
        password=STRANGERS[name]))


tap.is_(who(present(token())), ("alice@LAB.TEST", "kerberos", "windows"),
        "a good ticket is accepted")

refused(present(spnego.ntlm()), "ntlm", "76: NTLMSSP raw")
refused(present(spnego.ntlm_in_spnego()), "ntlm", "76: NTLMSSP in SPNEGO")
refused(present(offer("060a2b06010401823702021e", b"NEGOEXTS" + bytes(40))),
        "mechanism", "77: NegoEx")
refused(present(offer("06062b0601050205", bytes(40))), "mechanism",
        "77: IAKERB")

used = token()
tap.is_(present(used).status, 200, "78: a token, the first time")
refused(present(used), "replay", "78: an AP-REQ again, on another connection")

refused(present(token(service="host@localhost")), "wrong_service",
        "79: a ticket for host/ and not HTTP/")

# A minute old: the client itself must not think that it is of the future.
ticket = tickets.forge(site, "clock")
tap.is_(present(token(skewed(ticket, -290))).status, 200,
        "80: a clock that is 290 s behind")
refused(present(token(skewed(ticket, -301))), "clock_skew",
        "80: a clock that is 301 s behind")

for name in STRANGERS:
    refused(present(stranger(name)), "realm",
            f"82: {name}@{STRANGE_REALM}, whom our KDC vouches for")
refused(forged("at", client=r"alice\@LAB.TEST@EVIL.TEST"), "realm",
        "82: the name of our alice inside of another's")

answer, closed = ledger.send(
    f"GET {ROLES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
    + spnego.header(os.urandom(75000)) + "\r\n\r\n")
tap.is_((answer.status, closed), (431, True),
        "87: a token that no field may hold: 431, and the end")
refused(present(os.urandom(65537)), "malformed", "87: 64 KiB and one byte")

refused(present(spnego.anonymous(site)), "anonymous", "nobody at all")

# ---- 85: PACs ---------------------------------------------------------------

PAC = tickets.Pac(domain=DOMAIN, groups=[513, 1200], extra=[MFA_KEY])
tap.is_(who(forged("pac", pac=PAC)),
        ("alice@LAB.TEST", "kerberos", "hello"),
        "a PAC of our domain, with the SID of a key that has MFA: hello")
tap.is_(who(forged("strange-pac", pac=tickets.Pac(
    domain=STRANGE_DOMAIN, groups=[512], extra=[MFA_KEY]))),
    ("alice@LAB.TEST", "kerberos", "windows"),
    "a PAC of a domain that is not listed for the realm counts for nothing")

good = tickets.logon_info(DOMAIN, 1104, [513], [MFA_KEY])
BAD_PACS = [
    # The library does not even read these.
    ("of 2^31 buffers", "bad_token",
     struct.pack("<II", 1 << 31, 0) + bytes(64)),
    ("cut within its head", "bad_token", struct.pack("<I", 1)),
    ("with a buffer outside of it", "bad_token",
     struct.pack("<IIIIQ", 1, 0, 1, 1 << 31, 1 << 40)),
    # It keeps this one back, and accepts the ticket.
    ("with a wrong checksum", "pac", tickets.Pac(
        domain=DOMAIN, sign_with=tickets.Key(tickets.AES256, bytes(32)))),
    ("without a checksum", "pac",
     struct.pack("<IIIIQ", 1, 0, 1, len(good), 24) + good),
    # It knows nothing of what is inside of these.
    ("that is signed, its logon info cut", "pac", tickets.Pac(
        buffers=[(tickets.LOGON_INFO, good[:len(good) // 2])])),
    ("that is signed, with 2^31 groups", "pac", tickets.Pac(
        buffers=[(tickets.LOGON_INFO, good.replace(
            struct.pack("<III", 1104, 513, 1),
            struct.pack("<III", 1104, 513, 1 << 31)))])),
    ("that is signed, of random bytes", "pac", tickets.Pac(
        buffers=[(tickets.LOGON_INFO, os.urandom(400))])),
]
for i, (what, reason, pac) in enumerate(BAD_PACS):
    refused(forged(f"bad-{i}", pac=pac), reason, f"85: a PAC {what}")

# ---- 84: Delegation ---------------------------------------------------------

refused(forged("s4u2self", pac=tickets.Pac(
    domain=DOMAIN, extra=[S4U])), "delegated",
    "84: a ticket that a service got by S4U2self")
refused(forged("s4u2self-elsewhere", pac=tickets.Pac(
    domain=STRANGE_DOMAIN, extra=[S4U])), "delegated",
    "84: the same, whatever the domain")
BY_GATEWAY = tickets.Pac(domain=DOMAIN, extra=[MFA_KEY], services=[GATEWAY])
refused(forged("s4u2proxy", pac=BY_GATEWAY), "delegated",
        "84: a ticket that a service got by S4U2proxy")
gateway = site.kdc.kinit("HTTP/gateway", site.path("ccaches", "gateway"),
                         keytab=site.path("keytabs", "gateway.keytab"))
tap.like(site.kdc.s4u2self("alice", gateway), "keytab entry valid",
         "84: the KDC gives a service tickets in the name of alice")

# ---- 86: Names that mean something to the system ----------------------------

for name in ("root", "postgres", "reeve"):
    site.kdc.kadmin("addprinc", "-pw", "other-password", "+requires_preauth",
                    name)
    answer = present(token(site.kinit(name, password="other-password")))
    tap.ok(answer.status in (403, 503), f"86: {name} may not read roles")
    tap.is_(who(answer), (f"{name}@LAB.TEST", "kerberos", "windows"),
            f"86: {name} is nobody but {name}@LAB.TEST")
for keytab, name in (("host.keytab", "host/localhost"),
                     ("gateway.keytab", "HTTP/gateway")):
    answer = present(token(site.kdc.kinit(
        name, site.path("ccaches", keytab),
        keytab=site.path("keytabs", keytab))))
    tap.ok(answer.status in (401, 403, 503),
           f"86: the account of {name} may not read roles")

# ---- Levels -----------------------------------------------------------------

for person, how, level in (("alice", {"certificate": True}, "certificate"),
                           ("frank", {"one_time": True}, "hello"),
                           ("frank", {}, "windows"),
                           ("olga", {"one_time": True}, "windows")):
    tap.is_(who(present(token(site.kinit(person, **how)))),
            (f"{person}@LAB.TEST", "kerberos", level),
            f"{person} by {', '.join(how) or 'password'}: {level}")

# PKINIT alone is no proof of a person: refused where hello is asked for.
change_policy("UPDATE reeve.site_setting SET minimum_level = 3")
for what, person, how, expected in (
        ("a certificate", "alice", {"certificate": True}, 403),
        ("what stands for hello", "frank", {"one_time": True}, 200)):
    answer = present(token(site.kinit(person, **how)))
    tap.is_(answer.status, expected, f"minimum hello: {what} of {person}")
    tap.is_([r["reason"] for r in callers.records_of(site, answer)
             if r["outcome"] == "failure"],
            ["level_too_low"] if expected == 403 else [],
            f"minimum hello: the log about {person}")
change_policy("UPDATE reeve.site_setting SET minimum_level = 1")

# ---- A client that people have ----------------------------------------------

curl = subprocess.run(
    ["curl", "-sS", "--negotiate", "-u", ":", "--cacert",
     site.path("pki", "ca.pem"), "-o", "/dev/null", "-D", "-",
     site.provider.url + ROLES], text=True, capture_output=True, check=False,
    env=host.base_env(KRB5_CONFIG=site.kdc.krb5_conf,
                      KRB5CCNAME="FILE:" + password), timeout=30)
heads = [Head(text) for text in curl.stdout.strip().split("\n\n") if text]
tap.is_((curl.stderr, [ledger.note(head).status for head in heads][-1:]),
        ("", [200]), "curl --negotiate is let in")

# ---- New keys, without a restart --------------------------------------------


def bring(data):
    """Puts a keytab in place in one step, as an administrator does."""
    with open(KEYTAB + ".new", "wb") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(data)
    host.give(KEYTAB + ".new", host.provider_user())
    os.rename(KEYTAB + ".new", KEYTAB)


def read(path):
    with open(path, "rb") as f:
        return f.read()


rotated = site.path("keytabs", "service.keytab")
process = site.provider.daemon.pid
site.kdc.kadmin("ktadd", "-k", rotated, "HTTP/localhost")
fresh = site.kinit("alice")
refused(present(token(fresh)), "wrong_service",
        "a ticket of the new key, before the keytab has it")
bring(read(rotated))
tap.is_(present(token(fresh)).status, 200,
        "the new key is in the keytab: accepted without a restart")
tap.is_(present(token(password)).status, 200,
        "a ticket of the old key, which is still in the keytab")
keys = tickets.keys_of(rotated, SERVICE)
newest = [k for k in keys if k.kvno == keys[0].kvno]
bring(tickets.keytab_of(SERVICE, *newest))
refused(present(token(password)), "wrong_service",
        "a ticket of the old key, which is gone")
tap.is_(present(token(fresh)).status, 200, "the new key goes on")
tap.is_(site.provider.daemon.pid, process, "and nobody restarted anything")

weak = tickets.Key(tickets.RC4, os.urandom(16), 9)
bring(tickets.keytab_of(SERVICE, *newest, weak))
refused(forged("rc4", key=weak), "weak",
        "81: a ticket of an RC4 key, though somebody put it in the keytab")
bring(tickets.keytab_of(SERVICE, *newest))
tap.is_(len(bodies), 1, "whatever the cause, the caller is told the same")

# ---- Over a restart ---------------------------------------------------------

used = token(fresh)
tap.is_(present(used).status, 200, "78: a token before the restart")
shutil.copy(site.path("pki", "stranger.pem"), os.path.join(
    site.provider.folder, "proxy.pem"))
reconfigure(channel_binding="require", gateways=GATEWAY, binding_certificates=
            os.path.join(site.provider.folder, "proxy.pem"))
right = spnego.bindings_for(site.path("pki", "server.pem"))
proxy = spnego.bindings_for(site.path("pki", "stranger.pem"))
other = spnego.bindings_for(site.path("pki", "ca.pem"))
refused(present(used), "replay", "78: the same token after the restart")
refused(present(token(fresh)), "channel_binding",
        "83: require, and no binding")
refused(present(token(fresh, bindings=other)), "channel_binding",
        "83: a binding to another certificate")
tap.is_(present(token(fresh, bindings=right)).status, 200,
        "83: a binding to our certificate")
bound = token(fresh, bindings=proxy)
tap.is_(present(bound).status, 200,
        "83: a binding to the certificate of the proxy before us")
refused(present(bound), "replay",
        "78: a token with the second binding is used once, too")

# ---- 84: A gateway that is listed -------------------------------------------

answer = forged("by-gateway", pac=BY_GATEWAY, bindings=right)
tap.is_(who(answer), ("alice@LAB.TEST", "kerberos", "windows"),
        "84: by a listed gateway: windows, whatever else the PAC says")
tap.is_(subject(answer).get("delegated_by"), GATEWAY,
        "84: the log says through whom")
BARE = tickets.Pac(services=[GATEWAY])
for person, path, expected, what in (
        ("alice", ROLES, 403, "the roles of a Full Administrator are not"),
        ("bob", APPLICATIONS, 200, "those of an author are")):
    answer = forged(f"{person}-by-gateway", pac=BARE, bindings=right,
                    client=f"{person}@LAB.TEST", path=path)
    tap.is_((answer.status, subject(answer).get("delegated_by")),
            (expected, GATEWAY), f"84: by a gateway {what} in force")
    tap.is_(forged(f"{person}-self", bindings=right, path=path,
                   client=f"{person}@LAB.TEST").status, 200,
            f"84: {person} without a gateway may")
refused(forged("by-two", pac=tickets.Pac(
    domain=DOMAIN, services=["HTTP/unknown@LAB.TEST", GATEWAY]),
    bindings=right), "delegated",
    "84: through a gateway, and another service before it")
refused(forged("self-and-gateway", bindings=right, pac=tickets.Pac(
    domain=DOMAIN, extra=[S4U])), "delegated",
    "84: S4U2self names no service, so that no list can help")

with wire.Wire(site) as w:
    tap.is_(w.request("GET", "/readyz").status, 200,
            "after all of this the provider is ready")
ledger.settle()
fixture.finish(site)
