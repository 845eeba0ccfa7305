#!/usr/bin/python3 -B
"""Authorities, certificates of people, and those that must be refused.

usage: certificates.py FOLDER

An authority "root" has an intermediate, which signs people.  Of each
certificate NAME there are NAME.pem (it, then its intermediates) and NAME.key.
CRLs: root.crl, intermediate.crl, and bad ones.  PEOPLE says what is in each.
"""

import datetime
import os
import sys
import warnings

from cryptography import utils, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU
from cryptography.x509.oid import NameOID, ObjectIdentifier

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.utcnow().replace(microsecond=0)
UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
PKINIT = ObjectIdentifier("1.3.6.1.5.2.2")
SID = ObjectIdentifier("1.3.6.1.4.1.311.25.2")
NTDS = ObjectIdentifier("1.3.6.1.4.1.311.25.2.1")
SID_TAG = "tag:microsoft.com,2022-09-14:sid:"
DOMAIN = "S-1-5-21-1000-2000-3000"
POLICY, OTHER_POLICY = "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"
LONG = 50


# ---- DER --------------------------------------------------------------------

def der(tag, *parts):
    """One element of DER (X.690)."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def oid_der(oid):
    arcs = [int(a) for a in oid.dotted_string.split(".")]
    out = bytearray([arcs[0] * 40 + arcs[1]])
    for arc in arcs[2:]:
        part = [arc & 0x7f]
        while arc := arc >> 7:
            part.insert(0, 0x80 | arc & 0x7f)
        out += bytes(part)
    return der(0x06, bytes(out))


def upn(text, tag=0x0c):
    return x509.OtherName(UPN, der(tag, text.encode()))


def pkinit(realm, *components):
    """KRB5PrincipalName, RFC 4556 section 3.2.2."""
    strings = der(0x30, *(der(0x1b, c.encode()) for c in components))
    name = der(0x30, der(0xa0, der(0x02, b"\x01")), der(0xa1, strings))
    return x509.OtherName(PKINIT, der(
        0x30, der(0xa0, der(0x1b, realm.encode())), der(0xa1, name)))


def sid_extension(sid):
    """MS-WCCE section 2.2.2.7.7.4."""
    value = der(0xa0, der(0x04, sid.encode()))
    return x509.UnrecognizedExtension(
        SID, der(0x30, der(0xa0, oid_der(NTDS), value)))


# ---- Making -----------------------------------------------------------------

class Authority:
    """A certificate that signs others, and what leads from it to the root."""

    def __init__(self, name, key, cert, path):
        self.name, self.key, self.cert, self.path = name, key, cert, path


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def write(folder, name, data, mode=0o644):
    path = os.path.join(folder, name)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode),
                   "wb") as f:
        f.write(data)


def write_key(folder, name, key):
    write(folder, name + ".key", key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()), 0o600)


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(**which):
    every = dict.fromkeys((
        "digital_signature", "content_commitment", "key_encipherment",
        "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
        "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**{**every, **which})


CA_USAGE = (usage(key_cert_sign=True, crl_sign=True), True)


def sign(subject, key, by, extensions, *, start=-DAY, end=DAY * 30,
         serial=None, hash_=None):
    """by: an Authority, or None for a certificate that signs itself."""
    signer = by.key if by else key
    builder = (x509.CertificateBuilder().subject_name(named(subject))
               .issuer_name(by.cert.subject if by else named(subject))
               .public_key(key.public_key())
               .serial_number(serial or x509.random_serial_number())
               .not_valid_before(NOW + start).not_valid_after(NOW + end)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                   key.public_key()), False))
    if by:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                signer.public_key()), False)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(signer, hash_ or hashes.SHA256())


def load(folder, name):
    """An authority that was made before."""
    with open(os.path.join(folder, name + ".pem"), "rb") as f:
        cert = x509.load_pem_x509_certificate(f.read())
    with open(os.path.join(folder, name + ".key"), "rb") as f:
        key = serialization.load_pem_private_key(f.read(), None)
    return Authority(name, key, cert, [])


def authority(folder, name, by=None, *, extensions=None, key=None, **how):
    key = key or ec.generate_private_key(ec.SECP256R1())
    if extensions is None:
        extensions = [(x509.BasicConstraints(True, None), True), CA_USAGE]
    cert = sign(name, key, by, extensions, **how)
    write(folder, name + ".pem", pem(cert))
    write_key(folder, name, key)
    return Authority(name, key, cert, [cert] + by.path if by else [])


def crl(folder, name, by, revoked=(), *, start=-DAY, end=DAY * 7, key=None,
        extensions=()):
    builder = (x509.CertificateRevocationListBuilder()
               .issuer_name(by.cert.subject).last_update(NOW + start)
               .next_update(NOW + end)
               .add_extension(x509.CRLNumber(1), False)
               .add_extension(
                   x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       by.key.public_key()), False))
    for cert in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(
                cert.serial_number).revocation_date(NOW - DAY).build())
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    made = builder.sign(key or by.key, hashes.SHA256())
    write(folder, name + ".crl", pem(made))
    write(folder, name + ".crl.der", made.public_bytes(
        serialization.Encoding.DER))


def person(folder, name, by, *, names=(), eku=(EKU.CLIENT_AUTH,),
           signs=True, extra=(), key=None, subject=None, is_ca=False, **how):
    key = key or ec.generate_private_key(ec.SECP256R1())
    extensions = [(x509.BasicConstraints(is_ca, None), True),
                  (usage(digital_signature=signs, key_agreement=not signs,
                         key_cert_sign=is_ca), True)]
    if eku:
        extensions.append((x509.ExtendedKeyUsage(eku), False))
    if names:
        extensions.append((x509.SubjectAlternativeName(names), False))
    extensions += [(value, False) for value in extra]
    cert = sign(subject or name, key, by, extensions, **how)
    write(folder, name + ".pem", pem(cert) + b"".join(map(pem, by.path)))
    write_key(folder, name, key)
    return cert


# ---- Who there is -----------------------------------------------------------

def policies(*oids):
    return x509.CertificatePolicies([x509.PolicyInformation(
        ObjectIdentifier(o), None) for o in oids])


def uri(text):
    return x509.UniformResourceIdentifier(text)


# What is in the certificate of each name; the intermediate signs them.
PEOPLE = {
    "good": {"names": [x509.DNSName("good.lab.test")]},
    "revoked": {},
    "expired": {"start": -DAY * 3, "end": -DAY},
    "early": {"start": DAY, "end": DAY * 3},
    "server": {"eku": (EKU.SERVER_AUTH,)},
    "no-eku": {"eku": ()},
    "any-eku": {"eku": (EKU.ANY_EXTENDED_KEY_USAGE,)},
    "no-signing": {"signs": False},
    "authority-itself": {"is_ca": True},
    "name-only": {"subject": "alice@LAB.TEST"},
    "mail": {"names": [x509.RFC822Name("alice@lab.test")]},
    "upn": {"names": [upn("alice@lab.test")]},
    "upn-elsewhere": {"names": [upn("admin@evil.test")]},
    "upn-below": {"names": [upn("admin@evil.lab.test")]},
    "upn-nul": {"names": [upn("alice@lab.test\0.evil.test")]},
    "upn-no-utf8": {"names": [x509.OtherName(UPN, der(
        0x0c, b"al\xffce@lab.test"))]},
    "upn-no-string": {"names": [upn("alice@lab.test", 0x04)]},
    "upn-two-parts": {"names": [upn("alice@evil.test@lab.test")]},
    "two-upns": {"names": [upn("nobody@lab.test"), upn("alice@lab.test")]},
    "dns-nul": {"names": [x509.DNSName("good.lab.test\0.evil.test")]},
    "mail-nul": {"names": [x509.RFC822Name(
        "alice@lab.test", ), x509.UniformResourceIdentifier("http://a\0b")]},
    "kerberos": {"names": [pkinit("LAB.TEST", "alice")]},
    "kerberos-service": {"names": [pkinit("LAB.TEST", "web", "host")]},
    "kerberos-elsewhere": {"names": [pkinit("EVIL.TEST", "alice")]},
    "kerberos-slash": {"names": [pkinit("LAB.TEST", "alice/admin")]},
    "kerberos-twice": {"names": [pkinit("LAB.TEST", "bob"),
                                 pkinit("LAB.TEST", "alice")]},
    "kerberos-broken": {"names": [x509.OtherName(PKINIT, der(
        0x30, der(0xa0, der(0x1b, b"LAB.TEST"))))]},
    "kerberos-other": {"names": [upn("bob@lab.test"),
                                 pkinit("LAB.TEST", "alice")]},
    "sid": {"extra": [sid_extension(DOMAIN + "-1104")]},
    "sid-uri": {"names": [uri(SID_TAG + DOMAIN + "-1104")]},
    "sid-both": {"names": [uri(SID_TAG + DOMAIN + "-1104")],
                 "extra": [sid_extension(DOMAIN + "-1104")]},
    "sid-differs": {"names": [uri(SID_TAG + DOMAIN + "-500")],
                    "extra": [sid_extension(DOMAIN + "-1104")]},
    "sid-elsewhere": {"extra": [sid_extension("S-1-5-21-9-9-9-1104")]},
    "sid-longer": {"extra": [sid_extension(DOMAIN + "0-1104")]},
    "sid-below": {"extra": [sid_extension(DOMAIN + "-7-1104")]},
    "sid-broken": {"extra": [sid_extension("S-1-5-21-x")]},
    "sid-nul": {"extra": [sid_extension(DOMAIN + "-1104\0-1")]},
    "sid-no-name": {"extra": [x509.UnrecognizedExtension(
        SID, b"\x04\x02ab")]},
    "policy": {"extra": [policies(POLICY, OTHER_POLICY)]},
    "sha1": {"hash_": hashes.SHA1()},
    "ended-by-crl": {"end": DAY * 30},
}


def bad_paths(folder, root, intermediate):
    """Certificates whose fault is above them."""
    false = authority(folder, "false-authority", intermediate, extensions=[
        (x509.BasicConstraints(False, None), True),
        (usage(digital_signature=True), True)])
    person(folder, "below-no-authority", false)
    constrained = authority(folder, "constrained", root, extensions=[
        (x509.BasicConstraints(True, None), True), CA_USAGE,
        (x509.NameConstraints([x509.DNSName("lab.test")], None), True)])
    person(folder, "constrained-name", constrained,
           names=[x509.DNSName("admin.evil.test")])
    stranger = authority(folder, "stranger-root")
    person(folder, "stranger", stranger)
    impostor = authority(folder, "impostor", None)
    impostor.cert = sign("root", impostor.key, None, [
        (x509.BasicConstraints(True, None), True), CA_USAGE])
    person(folder, "impostors", impostor)
    unpoliced = authority(folder, "unpoliced", root, extensions=[
        (x509.BasicConstraints(True, None), True), CA_USAGE,
        (policies(OTHER_POLICY), False)])
    person(folder, "policy-not-above", unpoliced,
           extra=[policies(POLICY, OTHER_POLICY)])
    above = root
    for i in range(LONG):
        above = authority(folder, f"long-{i}", above)
        os.unlink(os.path.join(folder, f"long-{i}.key"))
        os.unlink(os.path.join(folder, f"long-{i}.pem"))
        if i in (3, LONG - 1):
            person(folder, "chain-of-5" if i == 3 else "chain-of-50", above)
    return constrained, unpoliced


def cycle(folder):
    """Two authorities that have signed each other."""
    one = authority(folder, "cycle-1")
    two = authority(folder, "cycle-2", one)
    again = sign("cycle-1", one.key, two, [
        (x509.BasicConstraints(True, None), True), CA_USAGE])
    two.path = [two.cert, again] * 3
    person(folder, "cyclic", two)


def weak_keys(folder, root):
    rsa_key = rsa.generate_private_key(65537, 2048)
    by = authority(folder, "rsa-authority", root, key=rsa_key)
    person(folder, "rsa-1024", by, key=rsa.generate_private_key(65537, 1024))
    person(folder, "md5", by, hash_=hashes.MD5())
    person(folder, "rsa", by)
    return by


def make(folder):
    # Weak hashes are what some of them are for.
    warnings.simplefilter("ignore", utils.CryptographyDeprecationWarning)
    os.makedirs(folder, exist_ok=True)
    root = authority(folder, "root", end=DAY * 3000)
    intermediate = authority(folder, "intermediate", root, end=DAY * 300)
    made = {name: person(folder, name, intermediate, **what)
            for name, what in PEOPLE.items()}
    above = bad_paths(folder, root, intermediate)
    weak = weak_keys(folder, root)
    cycle(folder)
    crl(folder, "root", root)
    for by in (*above, weak):
        crl(folder, by.name, by)
    crl(folder, "intermediate", intermediate, [made["revoked"]])
    crl(folder, "expired", intermediate, [made["revoked"]],
        start=-DAY * 3, end=-DAY)
    crl(folder, "early", intermediate, start=DAY, end=DAY * 3)
    crl(folder, "forged", intermediate, key=ec.generate_private_key(
        ec.SECP256R1()))
    crl(folder, "delta", intermediate, extensions=[
        (x509.DeltaCRLIndicator(1), True)])
    crl(folder, "root-revokes", root, [intermediate.cert])


if __name__ == "__main__":
    make(sys.argv[1])
