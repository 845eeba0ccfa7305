"""The certificate authority of the lab, and what it has signed.

One authority signs the server, the KDC and people.  Server and TLS client
keys are ECDSA P-256; the keys for PKINIT are RSA, which is all that the
krb5 1.20 of Debian 12 signs with.

Files: ca.pem, ca.key; server.pem, server.key (chain of localhost); kdc.pem,
kdc.key; NAME.pem, NAME.key of people (PKINIT and TLS client);
stranger.pem, stranger.key (TLS client of an authority that nobody trusts).

make_clients() is apart from that: an authority of people with all kinds of
good and bad client certificates, its lists and its responders.  As a script,
`pki.py FOLDER` makes just these.
"""

import os
import sys

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    # As a script this file would hide the package that it belongs to.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import host  # noqa: E402
from lab.people import REALM  # noqa: E402

DAYS = "3650"

EXTENSIONS = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost,IP:127.0.0.1
[kdc]
basicConstraints = critical,CA:FALSE
keyUsage = digitalSignature,keyEncipherment,keyAgreement
extendedKeyUsage = 1.3.6.1.5.2.3.5
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:kdc_name
[kdc_name]
realm = EXP:0,GeneralString:REALM
name = EXP:1,SEQUENCE:kdc_parts
[kdc_parts]
type = EXP:0,INTEGER:2
string = EXP:1,SEQUENCE:kdc_strings
[kdc_strings]
one = GeneralString:krbtgt
two = GeneralString:REALM
[person]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = 1.3.6.1.5.2.3.4,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:person_name,\
otherName:1.3.6.1.4.1.311.20.2.3;UTF8:PERSON@REALM
[person_name]
realm = EXP:0,GeneralString:REALM
name = EXP:1,SEQUENCE:person_parts
[person_parts]
type = EXP:0,INTEGER:1
string = EXP:1,SEQUENCE:person_strings
[person_strings]
one = GeneralString:PERSON
"""


def _openssl(*args):
    return host.run(["openssl", *args], what="openssl " + args[0])


def _key(path, kind):
    algorithm = {"ec": ("EC", "ec_paramgen_curve:P-256"),
                 "rsa": ("RSA", "rsa_keygen_bits:2048")}[kind]
    _openssl("genpkey", "-algorithm", algorithm[0], "-pkeyopt", algorithm[1],
             "-out", path)
    os.chmod(path, 0o600)


def make_authority(folder, name="ca", subject="/CN=Reeve lab authority"):
    at = os.path.join(folder, name)
    _key(at + ".key", "ec")
    config = at + ".cnf"
    host.write(config, "[req]\ndistinguished_name = dn\n[dn]\n" + EXTENSIONS
               .replace("REALM", REALM).replace("PERSON", "nobody"))
    _openssl("req", "-x509", "-new", "-key", at + ".key", "-sha256",
             "-days", DAYS, "-subj", subject, "-config", config,
             "-extensions", "ca", "-out", at + ".pem")
    os.unlink(config)


def issue(folder, name, section, *, kind="ec", person="nobody",
          extensions=None, ca="ca", days=DAYS, subject=None):
    """Makes NAME.key and NAME.pem, signed by CA.

    section names a part of EXTENSIONS, or of the text in extensions.
    """
    at = os.path.join(folder, name)
    _key(at + ".key", kind)
    text = (extensions or EXTENSIONS).replace("REALM", REALM)
    host.write(at + ".cnf", text.replace("PERSON", person))
    _openssl("req", "-new", "-key", at + ".key", "-sha256", "-out",
             at + ".csr", "-subj", subject or "/CN=" + name)
    authority = os.path.join(folder, ca)
    _openssl("x509", "-req", "-in", at + ".csr", "-CA", authority + ".pem",
             "-CAkey", authority + ".key", "-set_serial",
             str(int.from_bytes(os.urandom(8), "big") >> 1), "-sha256",
             "-days", str(days), "-extfile", at + ".cnf", "-extensions",
             section, "-out", at + ".pem")
    os.unlink(at + ".csr")
    os.unlink(at + ".cnf")
    return at + ".pem", at + ".key"


def make(folder):
    os.makedirs(folder, exist_ok=True)
    make_authority(folder)
    make_authority(folder, "stranger-ca", "/CN=Authority of nobody")
    issue(folder, "server", "server", subject="/CN=localhost")
    issue(folder, "kdc", "kdc", kind="rsa")
    for name in ("alice", "bob"):
        issue(folder, name, "person", kind="rsa", person=name)
    issue(folder, "stranger", "person", person="alice", ca="stranger-ca")


# ---- Clients ----------------------------------------------------------------

UPN = "1.3.6.1.4.1.311.20.2.3"
SID = "S-1-5-21-1-2-3-1104"
DOMAIN = "S-1-5-21-1-2-3"
POLICY = "1.3.6.1.4.1.55555.1"
LONG_CHAIN = 50

# What `openssl ca` wants, and the extensions of authorities.
AUTHORITY = """
[ca]
default_ca = own
[own]
dir = {at}
database = {at}.index
serial = {at}.serial
crlnumber = {at}.crlnumber
new_certs_dir = {folder}
certificate = {at}.pem
private_key = {at}.key
default_md = sha256
default_days = 3650
default_crl_days = 30
unique_subject = no
policy = any
[any]
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.5.29.32.0
[no_authority]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[constrained]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
nameConstraints = critical,permitted;DNS:lab.test
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

# The extensions of a good client; cases change them.
LEAF = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,digitalSignature",
    "extendedKeyUsage": "clientAuth",
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
}
SID_PARTS = """
[sid]
one = IMPLICIT:0,SEQUENCE:sid_name
[sid_name]
oid = OID:1.3.6.1.4.1.311.25.2.1
value = EXPLICIT:0,OCTETSTRING:{sid}
"""
PKINIT_PARTS = EXTENSIONS[EXTENSIONS.index("[person_name]"):]


def with_sid(sid=SID):
    return {"1.3.6.1.4.1.311.25.2": "ASN1:SEQUENCE:sid"}, \
        SID_PARTS.format(sid=sid)


def with_san(*names):
    """names: KIND:VALUE of the section that subjectAltName points at."""
    lines = [f"{name.split(':')[0]}.{i} = {name.split(':', 1)[1]}"
             for i, name in enumerate(names)]
    return {"subjectAltName": "@names"}, \
        "\n[names]\n" + "\n".join(lines) + "\n"


def with_upn(upn):
    return with_san(f"otherName:{UPN};UTF8:{upn}")


def without(*names):
    return dict.fromkeys(names), ""


def changed(**extensions):
    return extensions, ""


def der(tag, *parts):
    body = b"".join(parts)
    assert len(body) < 128
    return bytes([tag, len(body)]) + body


# What follows is more than a configuration of openssl can say.
UPN_DER = bytes.fromhex("060a2b060104018237140203")
UTF8, T61 = 0x0c, 0x14


def with_der(san):
    return {"subjectAltName": "DER:" + der(0x30, san).hex(":")}, ""


def with_dns_of(name):
    return with_der(der(0x82, name))


def with_upn_of(name, tag=UTF8):
    return with_der(der(0xa0, UPN_DER, der(0xa0, der(tag, name))))


# name: (what is put into a good certificate, how it is made)
CLIENTS = {
    "sid": (with_sid(), {}),
    "sid-foreign": (with_sid("S-1-5-21-9-9-9-1104"), {}),
    "sid-builtin": (with_sid("S-1-5-32-544"), {}),
    "sid-malformed": (with_sid("S-1-5-21-1-2-3-01104"), {}),
    "sid-uri": (with_san(
        f"URI:tag:microsoft.com,2022-09-14:sid:{SID}"), {}),
    "sid-twice": (({**with_sid()[0], **with_san(
        "URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500")[0]},
        with_sid()[1] + with_san(
            "URI:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500")[1]),
        {}),
    "upn": (with_upn("alice@lab.test"), {}),
    "upn-evil": (with_upn("alice@evil.test"), {}),
    "upn-longer": (with_upn("alice@lab.test.evil.test"), {}),
    "upn-twice": (with_san(f"otherName:{UPN};UTF8:bob@lab.test",
                           f"otherName:{UPN};UTF8:alice@lab.test"), {}),
    "upn-nul": (with_upn_of(b"alice@lab.test\0.evil.test"), {}),
    "upn-latin": (with_upn_of(b"alic\xe9@lab.test"), {}),
    "upn-t61": (with_upn_of(b"alice@lab.test", T61), {}),
    "dns-nul": (with_dns_of(b"alice\0.evil.test"), {}),
    "pkinit": ((
        {"subjectAltName": "otherName:1.3.6.1.5.2.2;SEQUENCE:person_name"},
        "\n" + PKINIT_PARTS.replace("REALM", REALM).replace(
            "PERSON", "alice")), {}),
    "pkinit-evil": ((
        {"subjectAltName": "otherName:1.3.6.1.5.2.2;SEQUENCE:person_name"},
        "\n" + PKINIT_PARTS.replace("REALM", "EVIL.TEST").replace(
            "PERSON", "alice")), {}),
    "cn": (without(), {"subject": "/CN=alice@" + REALM}),
    "email": (with_san(f"email:alice@{REALM.lower()}"), {}),
    "dns": (with_san("DNS:alice.lab.test"), {}),
    "policy": (changed(certificatePolicies=POLICY), {}),
    "by-sub": (with_sid(), {"ca": "users-sub"}),
    "policy-by-sub": (changed(certificatePolicies=POLICY),
                      {"ca": "users-sub"}),
    # Its issuer has no policies, so that nobody vouches for this one.
    "policy-lost": (changed(certificatePolicies=POLICY),
                    {"ca": "constrained-sub"}),
    "expired": (with_sid(), {"dates": ("20200101000000Z",
                                       "20210101000000Z")}),
    "not-yet": (with_sid(), {"dates": ("20700101000000Z",
                                       "20710101000000Z")}),
    "revoked": (with_sid(), {}),
    "revoked-by-sub": (with_sid(), {"ca": "users-sub"}),
    "of-revoked-sub": (with_sid(), {"ca": "revoked-sub"}),
    "of-stranger": (with_sid(), {"ca": "strange-ca"}),
    "of-imposter": (with_sid(), {"ca": "imposter-ca"}),
    "of-no-list": (with_sid(), {"ca": "no-list-sub"}),
    "server-only": (changed(extendedKeyUsage="serverAuth"), {}),
    "no-eku": (without("extendedKeyUsage"), {}),
    "any-eku": (changed(extendedKeyUsage="anyExtendedKeyUsage"), {}),
    "no-signing": (changed(keyUsage="critical,keyEncipherment"),
                   {"kind": "rsa"}),
    "no-usage": (without("keyUsage"), {}),
    "is-authority": (changed(
        basicConstraints="critical,CA:TRUE",
        keyUsage="critical,digitalSignature,keyCertSign"), {}),
    "of-no-authority": (with_sid(), {"ca": "no-authority"}),
    "constrained": (with_san("DNS:alice.evil.test"),
                    {"ca": "constrained-sub"}),
    "critical": (({"1.3.6.1.4.1.55555.99": "critical,ASN1:NULL"}, ""), {}),
    "sha1": (with_sid(), {"hash": "sha1"}),
    "md5": (with_sid(), {"ca": "rsa-sub", "hash": "md5"}),
    "by-rsa-sub": (with_sid(), {"ca": "rsa-sub"}),
    "rsa-1024": (with_sid(), {"kind": "rsa", "bits": 1024}),
    "rsa-2048": (with_sid(), {"kind": "rsa"}),
}
# Signed by whom, and with which extensions.
SUBORDINATES = {
    "users-sub": ("users-ca", "sub"),
    "revoked-sub": ("users-ca", "sub"),
    "no-list-sub": ("users-ca", "sub"),
    "constrained-sub": ("users-ca", "constrained"),
    "no-authority": ("users-ca", "no_authority"),
    "rsa-sub": ("users-ca", "sub"),
}


def _request(at, subject, kind="ec", bits=2048):
    how = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
           "rsa": [f"rsa:{bits}"]}[kind]
    _openssl("req", "-new", "-newkey", *how, "-nodes", "-keyout", at + ".key",
             "-out", at + ".csr", "-subj", subject)
    os.chmod(at + ".key", 0o600)


def _ca(folder, ca, *args):
    return _openssl("ca", "-batch", "-notext", "-config",
                    os.path.join(folder, ca + ".cnf"), *args)


def _set_up(folder, name):
    """The book of an authority: certificates, numbers."""
    at = os.path.join(folder, name)
    host.write(at + ".cnf", AUTHORITY.format(at=at, folder=folder))
    host.write(at + ".index", "")
    host.write(at + ".index.attr", "unique_subject = no\n")
    host.write(at + ".serial", "01" + os.urandom(7).hex() + "\n")
    host.write(at + ".crlnumber", "01\n")


def make_root(folder, name, subject):
    at = os.path.join(folder, name)
    _set_up(folder, name)
    _request(at, subject)
    _openssl("x509", "-req", "-in", at + ".csr", "-signkey", at + ".key",
             "-days", DAYS, "-sha256", "-extfile", at + ".cnf",
             "-extensions", "root", "-out", at + ".pem")
    os.unlink(at + ".csr")


def make_subordinate(folder, name, ca, section):
    at = os.path.join(folder, name)
    _set_up(folder, name)
    _request(at, "/CN=" + name, "rsa" if name == "rsa-sub" else "ec")
    _ca(folder, ca, "-in", at + ".csr", "-out", at + ".pem", "-extensions",
        section)
    os.unlink(at + ".csr")


def sign_client(folder, name, extensions, *, ca="users-ca", kind="ec",
                bits=2048, hash="sha256", dates=(), subject=None):
    """Makes NAME.pem and NAME.key; extensions are changes to LEAF."""
    at = os.path.join(folder, name)
    lines, sections = extensions
    text = "\n".join(f"{key} = {value}" for key, value in
                     {**LEAF, **lines}.items() if value is not None)
    host.write(at + ".ext", "[leaf]\n" + text + sections)
    _request(at, subject or "/CN=" + name, kind, bits)
    when = ["-startdate", dates[0], "-enddate", dates[1]] if dates else []
    _ca(folder, ca, "-in", at + ".csr", "-out", at + ".pem", "-extfile",
        at + ".ext", "-extensions", "leaf", "-md", hash, *when)
    os.unlink(at + ".csr")
    os.unlink(at + ".ext")
    return at + ".pem", at + ".key"


def revoke(folder, name, ca="users-ca"):
    _ca(folder, ca, "-revoke", os.path.join(folder, name + ".pem"))


def make_crl(folder, ca="users-ca", name=None, options=()):
    """Writes NAME.crl (CA.crl): what the authority has revoked by now."""
    path = os.path.join(folder, (name or ca) + ".crl")
    _ca(folder, ca, "-gencrl", *options, "-out", path + ".new")
    os.replace(path + ".new", path)
    return path


def _read(folder, *names):
    text = ""
    for name in names:
        with open(os.path.join(folder, name + ".pem"), encoding="ascii") as f:
            text += f.read()
    return text


def _make_long(folder):
    """long.pem: a good certificate at the end of a chain of 50."""
    at = os.path.join(folder, "link")
    _request(at, "/CN=link")
    names, above = [], "users-ca"
    for i in range(LONG_CHAIN):
        name = f"link-{i}"
        request = os.path.join(folder, "of-link.csr")
        _openssl("req", "-new", "-key", at + ".key", "-out", request,
                 "-subj", "/CN=" + name)
        _sign(folder, request, above, name, "sub",
              "users-ca" if i == 0 else "link")
        names.insert(0, name)
        above = name
    _set_up(folder, "link")
    os.rename(os.path.join(folder, above + ".pem"), at + ".pem")
    sign_client(folder, "long", with_sid(), ca="link")
    os.rename(at + ".pem", os.path.join(folder, above + ".pem"))
    host.write(os.path.join(folder, "long-chain.pem"), _read(folder, *names))
    for name in names:
        os.unlink(os.path.join(folder, name + ".pem"))


def _sign(folder, request, ca, name, section, key):
    _openssl("x509", "-req", "-in", request, "-CA",
             os.path.join(folder, ca + ".pem"), "-CAkey",
             os.path.join(folder, key + ".key"), "-set_serial",
             str(int.from_bytes(os.urandom(8), "big") >> 1), "-sha256",
             "-days", DAYS, "-extfile",
             os.path.join(folder, "users-ca.cnf"), "-extensions", section,
             "-out", os.path.join(folder, name + ".pem"))


def _make_cycle(folder):
    """Two authorities, each signed by the other, and a client of one."""
    for name in ("round-a", "round-b"):
        make_root(folder, name, "/CN=" + name)
        _openssl("req", "-new", "-key", os.path.join(folder, name + ".key"),
                 "-out", os.path.join(folder, name + ".csr"),
                 "-subj", "/CN=" + name)
    for name, by in (("round-a", "round-b"), ("round-b", "round-a")):
        _sign(folder, os.path.join(folder, name + ".csr"), by,
              name + "-crossed", "sub", by)
    sign_client(folder, "cyclic", with_sid(), ca="round-a")
    host.write(os.path.join(folder, "cyclic-chain.pem"),
               _read(folder, "round-a-crossed", "round-b-crossed"))


def _make_responders(folder):
    for name, ca in (("responder", "users-ca"),
                     ("responder-revoked", "users-ca"),
                     ("responder-strange", "strange-ca")):
        at = os.path.join(folder, name)
        _request(at, "/CN=" + name)
        _ca(folder, ca, "-in", at + ".csr", "-out", at + ".pem",
            "-extensions", "responder")
        os.unlink(at + ".csr")


def make_clients(folder):
    """The authority users-ca and all of CLIENTS; chain.pem is users-sub's."""
    os.makedirs(folder, exist_ok=True)
    make_root(folder, "users-ca", "/CN=Authority of people")
    make_root(folder, "strange-ca", "/CN=Authority of nobody")
    # The same name, another key.
    make_root(folder, "imposter-ca", "/CN=Authority of people")
    for name, (ca, section) in SUBORDINATES.items():
        make_subordinate(folder, name, ca, section)
    for name, (extensions, how) in CLIENTS.items():
        sign_client(folder, name, extensions, **how)
    _make_long(folder)
    _make_cycle(folder)
    _make_responders(folder)
    revoke(folder, "responder-revoked")
    make_crl(folder, name="responders")
    revoke(folder, "revoked")
    revoke(folder, "revoked-by-sub", "users-sub")
    revoke(folder, "revoked-sub")
    for ca in ("users-ca", "users-sub", "revoked-sub", "constrained-sub",
               "rsa-sub"):
        make_crl(folder, ca)
    make_crl(folder, name="old", options=(
        "-crl_lastupdate", "20200101000000Z",
        "-crl_nextupdate", "20200201000000Z"))
    make_crl(folder, name="sha1", options=("-md", "sha1"))
    make_crl(folder, "imposter-ca")
    host.write(os.path.join(folder, "chain.pem"),
               _read(folder, "users-sub"))
    host.write(os.path.join(folder, "subs.pem"),
               _read(folder, *SUBORDINATES))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: pki.py FOLDER")
    try:
        make_clients(os.path.abspath(sys.argv[1]))
    except host.LabError as e:
        sys.exit(f"pki: {e}")
