"""An MIT KDC of the realm LAB.TEST, with PKINIT, SPAKE and OTP over FAST.

The same process serves a second realm, EVIL.TEST, which LAB.TEST trusts and
the provider does not: its alice is another person.
"""

import json
import os
import socket
import subprocess

from lab import host
from lab.host import LabError
from lab.people import REALM
from lab.process import Daemon

STRANGE_REALM = "EVIL.TEST"
STRANGERS = {"alice": "evil-password", "admin/alice": "evil-password",
             "root": "evil-password"}
# HTTP/gateway is a service that acts for people.
SERVICES = ("HTTP/localhost", "host/localhost", "ldap/127.0.0.1",
            "ldap/localhost", "reeve-directory", "HTTP/gateway",
            "WELLKNOWN/ANONYMOUS")
KEYTABS = {
    "service.keytab": ("HTTP/localhost",),
    "host.keytab": ("host/localhost",),
    "ldap.keytab": ("ldap/127.0.0.1", "ldap/localhost"),
    "directory.keytab": ("reeve-directory",),
    "gateway.keytab": ("HTTP/gateway",),
}
# Who may use one-time passwords, and what the KDC then vouches for.  The
# indicator passkey is a stand-in: a real one comes from a KDC with FIDO2.
# hwkey is of the lab alone: no list has it unless a scenario puts it there.
TOKENS = {"alice": "PASSKEY", "olga": "OTP", "frank": "HWKEY"}
ONE_TIME_PASSWORD = "123456"
RADIUS_SECRET = "lab-radius"

KRB5_CONF = """[libdefaults]
  default_realm = {realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  spake_preauth_groups = edwards25519
  permitted_enctypes = aes256-cts-hmac-sha384-192 aes256-cts-hmac-sha1-96
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
    pkinit_anchors = FILE:{ca}
  }}
  {strange} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  localhost = {realm}
"""

KDC_CONF = """[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {folder}/principal
    key_stash_file = {folder}/stash
    acl_file = {folder}/kadm5.acl
    max_life = 10h
    max_renewable_life = 1d
    supported_enctypes = aes256-cts-hmac-sha384-192:normal \
aes256-cts-hmac-sha1-96:normal
    pkinit_identity = FILE:{pki}/kdc.pem,{pki}/kdc.key
    pkinit_anchors = FILE:{pki}/ca.pem
    pkinit_indicator = pkinit
    encrypted_challenge_indicator = fast
    spake_preauth_indicator = spake
  }}
  {strange} = {{
    database_name = {folder}/strange/principal
    key_stash_file = {folder}/strange/stash
    acl_file = {folder}/kadm5.acl
    max_life = 10h
    supported_enctypes = aes256-cts-hmac-sha1-96:normal
  }}
[otp]
  OTP = {{
    server = {radius}
    secret = {folder}/radius.secret
    strip_realm = true
    indicator = otp
  }}
  PASSKEY = {{
    server = {radius}
    secret = {folder}/radius.secret
    strip_realm = true
    indicator = passkey
  }}
  HWKEY = {{
    server = {radius}
    secret = {folder}/radius.secret
    strip_realm = true
    indicator = hwkey
  }}
[logging]
  kdc = FILE:{log}
  default = FILE:{log}
"""


class Kdc:
    def __init__(self, site):
        self.site = site
        self.folder = site.path("kdc")
        self.keytabs = site.path("keytabs")
        self.log = site.path("log", "kdc.log")
        self.krb5_conf = site.path("krb5.conf")
        self.radius_socket = site.run_path("radius")
        self.daemon = Daemon("krb5kdc", site.run_path("kdc.pid"),
                             site.path("log", "kdc.out"))
        self.radius = Daemon("radius", site.run_path("radius.pid"),
                             site.path("log", "radius.log"))

    def env(self, **more):
        return host.base_env(
            KRB5_CONFIG=self.krb5_conf, KRB5RCACHENAME="none:",
            KRB5_KDC_PROFILE=os.path.join(self.folder, "kdc.conf"), **more)

    def configure(self):
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        os.makedirs(os.path.join(self.folder, "strange"), mode=0o700,
                    exist_ok=True)
        os.makedirs(self.keytabs, mode=0o700, exist_ok=True)
        values = {"realm": REALM, "strange": STRANGE_REALM, "port": self.site.port("kdc"),
                  "folder": self.folder, "pki": self.site.path("pki"),
                  "ca": self.site.path("pki", "ca.pem"), "log": self.log,
                  "radius": self.radius_socket}
        host.write(self.krb5_conf, KRB5_CONF.format(**values))
        host.write(os.path.join(self.folder, "kdc.conf"),
                   KDC_CONF.format(**values))
        host.write(os.path.join(self.folder, "radius.secret"), RADIUS_SECRET,
                   0o600)

    def make(self, people):
        """Makes the database: one kadmin.local for all that it can."""
        self.configure()
        host.run(["kdb5_util", "create", "-s", "-r", REALM, "-P",
                  os.urandom(12).hex()], env=self.env())
        lines = [f"addprinc -pw {p.password} +requires_preauth {p.name}"
                 for p in people.values()]
        lines += [f"addprinc -randkey {name}" for name in SERVICES]
        lines += [f"ktadd -k {self.keytabs}/{file} {name}"
                  for file, names in KEYTABS.items() for name in names]
        host.run(["kadmin.local", "-r", REALM], env=self.env(),
                 stdin="\n".join(lines) + "\n")
        for name, kind in TOKENS.items():
            self.kadmin("setstr", name, "otp",
                        json.dumps([{"type": kind, "username": name}]))
        self._make_strange_realm()
        for file in KEYTABS:
            if not os.path.exists(os.path.join(self.keytabs, file)):
                raise LabError(f"kadmin.local made no {file}")

    def _make_strange_realm(self):
        """Its users get tickets for our services by a shared key."""
        host.run(["kdb5_util", "create", "-s", "-r", STRANGE_REALM, "-P",
                  os.urandom(12).hex()], env=self.env())
        shared = os.urandom(24).hex()
        bridge = f"krbtgt/{REALM}@{STRANGE_REALM}"
        lines = [f"addprinc -pw {password} +requires_preauth {name}"
                 for name, password in STRANGERS.items()]
        lines += [f"addprinc -e aes256-cts:normal -pw {shared} {bridge}"]
        host.run(["kadmin.local", "-r", STRANGE_REALM], env=self.env(),
                 stdin="\n".join(lines) + "\n")
        self.kadmin("addprinc", "-e", "aes256-cts:normal", "-pw", shared,
                    bridge)

    def kadmin(self, *args):
        """One command of kadmin.local, as arguments (quotes survive)."""
        return host.run(["kadmin.local", "-r", REALM, *args],
                        env=self.env(), what="kadmin.local " + args[0])

    def start(self):
        self.radius.start(["/usr/bin/python3", "-S", "-E", "-B",
                           os.path.join(host.HERE, "radius.py"),
                           self.radius_socket,
                           os.path.join(self.folder, "radius.secret"),
                           ONE_TIME_PASSWORD], host.base_env())
        self.daemon.start(["krb5kdc", "-n", "-r", REALM, "-r",
                           STRANGE_REALM], self.env())

    def wait(self):
        self.daemon.wait_until(self._listens, 20, "listening")
        self.radius.wait_until(lambda: os.path.exists(self.radius_socket),
                               20, "listening")

    def s4u2self(self, user, ccache):
        """A service's ticket for user to itself, by S4U2self.

        ccache is of HTTP/gateway; returns what kvno says.
        """
        return host.run(["kvno", "-c", "FILE:" + ccache, "-k",
                         os.path.join(self.keytabs, "gateway.keytab"), "-U",
                         user, "HTTP/gateway"], env=self.env())

    def _listens(self):
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex(("127.0.0.1", self.site.port("kdc"))) == 0

    def stop(self, timeout=5):
        self.daemon.stop(timeout)
        self.radius.stop(timeout)

    def kinit(self, name, ccache, *, password=None, certificate=None,
              one_time=None, keytab=None, anonymous=False, options=()):
        """Signs in; raises LabError with kinit's words on refusal."""
        argv, stdin = ["kinit", "-c", "FILE:" + ccache, *options], ""
        if anonymous:
            argv += ["-n", "@" + REALM]
        elif certificate:
            argv += ["-X", "X509_user_identity=FILE:{},{}".format(
                *certificate), name]
        elif keytab:
            argv += ["-k", "-t", keytab, name]
        elif one_time is not None:
            armor = ccache + ".armor"
            self.kinit(None, armor, anonymous=True)
            argv += ["-T", "FILE:" + armor, name]
            stdin = one_time + "\n"
        else:
            argv += [name]
            stdin = password + "\n"
        done = subprocess.run(argv, env=self.env(), input=stdin, text=True,
                              capture_output=True, check=False, cwd="/",
                              start_new_session=True)
        if done.returncode != 0:
            raise LabError(f"kinit {name}: {done.stderr.strip()}")
        return ccache
