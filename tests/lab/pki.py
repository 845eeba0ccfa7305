"""The certificate authority of the lab, and what it has signed.

One authority signs the server, the KDC and people.  Server and TLS client
keys are ECDSA P-256; the keys for PKINIT are RSA, which is all that the
krb5 1.20 of Debian 12 signs with.

Files: ca.pem, ca.key; server.pem, server.key (chain of localhost); kdc.pem,
kdc.key; NAME.pem, NAME.key of people (PKINIT and TLS client);
stranger.pem, stranger.key (TLS client of an authority that nobody trusts).
"""

import os

from lab import host
from lab.people import REALM

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
