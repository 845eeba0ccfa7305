"""Tokens for Authorization: Negotiate, good ones and others.

The tokens are bytes; header() makes the value of the header.
"""

import base64
import contextlib
import hashlib
import os
import ssl
import struct

import gssapi
from gssapi import raw

SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
KRB5 = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2")


def header(token):
    return "Negotiate " + base64.b64encode(token).decode()


@contextlib.contextmanager
def _environment(site):
    """libkrb5 reads its configuration from the environment each time."""
    old = os.environ.get("KRB5_CONFIG")
    os.environ["KRB5_CONFIG"] = site.kdc.krb5_conf
    try:
        yield
    finally:
        if old is None:
            del os.environ["KRB5_CONFIG"]
        else:
            os.environ["KRB5_CONFIG"] = old


class Initiator:
    """One side of a context: token, then check(reply) if one came."""

    def __init__(self, site, ccache, *, service="HTTP@localhost",
                 mech=SPNEGO, bindings=None, mutual=True):
        self.site = site
        flags = [gssapi.RequirementFlag.integrity]
        if mutual:
            flags.append(gssapi.RequirementFlag.mutual_authentication)
        with _environment(site):
            creds = gssapi.Credentials(usage="initiate", mechs=[mech], store={
                "ccache": "FILE:" + ccache})
            self.context = gssapi.SecurityContext(
                name=gssapi.Name(service, gssapi.NameType.hostbased_service),
                creds=creds, mech=mech, usage="initiate", flags=flags,
                channel_bindings=bindings)
            self.token = self.context.step()

    def check(self, reply):
        """Takes the server's token; True when it has proved itself."""
        with _environment(self.site):
            self.context.step(reply)
        return self.context.complete


def good(site, ccache, **how):
    return Initiator(site, ccache, **how).token


def wrong_service(site, ccache):
    """A sound token for host/localhost, which the provider is not."""
    return good(site, ccache, service="host@localhost")


def raw_krb5(site, ccache):
    """A sound Kerberos token without SPNEGO around it."""
    return good(site, ccache, mech=KRB5)


def ntlm():
    """The first message of NTLM, as a Windows client without ticket."""
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0xE2088297) + bytes(16)


def ntlm_in_spnego():
    """The same, offered as the only mechanism of a NegTokenInit."""
    def der(tag, data):
        length = len(data)
        assert length < 128
        return bytes((tag, length)) + data
    mech = bytes.fromhex("060a2b06010401823702020a")
    init = der(0xA0, der(0x30, mech)) + der(0xA2, der(0x04, ntlm()))
    return der(0x60, bytes.fromhex("06062b0601050502")
               + der(0xA0, der(0x30, init)))


def anonymous(site):
    """A token from an anonymous ticket."""
    return good(site, site.kinit("anonymous", anonymous=True))


def bindings_for(certificate_file):
    """tls-server-end-point of a certificate signed with SHA-256."""
    with open(certificate_file, encoding="ascii") as f:
        der = ssl.PEM_cert_to_DER_cert(f.read())
    data = b"tls-server-end-point:" + hashlib.sha256(der).digest()
    return raw.ChannelBindings(application_data=data)


def accept(site, token, keytab="service.keytab"):
    """Plays the server; returns (principal, authentication indicators)."""
    with _environment(site):
        creds = gssapi.Credentials(usage="accept", store={
            "keytab": "FILE:" + site.path("keytabs", keytab),
            "rcache": "none:"})
        context = gssapi.SecurityContext(creds=creds, usage="accept")
        context.step(token)
        name = context.initiator_name
        try:
            found = raw.get_name_attribute(name, b"auth-indicators").values
        except gssapi.exceptions.GSSError:
            found = []
        return str(name), sorted(v.decode() for v in found)
