#!/usr/bin/python3
"""A private KDC, and with --slapd a private directory, for the tests here.

Everything lives in one temporary folder and on free ports of the loopback
address.  Prints NAME=value lines for the environment of the tests, then
READY.  Then it takes commands on standard input, one a line, and answers
each with OK:

    stop NAME | start NAME | pause NAME | resume NAME

where NAME is kdc or slapd; one that is paused accepts and stays silent.

At the end of standard input (so also when the test program dies) it stops
the daemons and removes the folder.
"""

import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

REALM = "LAB.TEST"
BASE = "dc=lab,dc=test"
USER_ID = "20000000-0000-4000-8000-0000000000%02d"
GROUP_ID = "10000000-0000-4000-8000-0000000000%02d"
FAN_ID = "10000000-0000-4000-8000-0000000002%02d"
DEEP_ID = "10000000-0000-4000-8000-0000000001%02d"
PR_SET_PDEATHSIG = 1


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(argv, text=None):
    done = subprocess.run(argv, input=text, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(
            "lab: %s failed:\n%s%s" % (argv, done.stdout, done.stderr)
        )
    return done.stdout


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


class Daemon:
    """A child that is ready when it accepts connections on its port."""

    def __init__(self, argv, port, log):
        self.argv, self.port, self.log = argv, port, log
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent,
            )
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise SystemExit(
                "lab: %s does not run:\n%s" % (self.argv[0], log.read())
            )

    def stop(self):
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def pause(self):
        self.child.send_signal(signal.SIGSTOP)

    def resume(self):
        self.child.send_signal(signal.SIGCONT)


KRB5_CONF = """
[libdefaults]
  default_realm = {realm}
  dns_lookup_realm = false
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  spake_preauth_groups = edwards25519
  default_ccache_name = FILE:{dir}/cc.none
  default_keytab_name = FILE:{dir}/default.keytab
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
    pkinit_anchors = FILE:{dir}/ca.pem
  }}
[domain_realm]
  localhost = {realm}
"""

KDC_CONF = """
[kdcdefaults]
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
[realms]
  {realm} = {{
    database_name = {dir}/principal
    key_stash_file = {dir}/stash
    acl_file = {dir}/acl
    max_life = 1h
    supported_enctypes = aes256-cts-hmac-sha384-192:normal
    pkinit_identity = FILE:{dir}/kdc.pem,{dir}/kdc.key
    pkinit_anchors = FILE:{dir}/ca.pem
    pkinit_indicator = pkinit
    spake_preauth_indicator = spake
  }}
[logging]
  kdc = FILE:{dir}/kdc.log
  default = FILE:{dir}/kdc.log
"""

# RFC 4556 sections 3.2.2 and 3.2.4: the name of a principal in a certificate.
EXTENSIONS = """
[kdc]
basicConstraints = CA:FALSE
keyUsage = digitalSignature, keyEncipherment, keyAgreement
extendedKeyUsage = 1.3.6.1.5.2.3.5
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:kdc_name
[kdc_name]
realm = EXP:0, GeneralString:{realm}
name = EXP:1, SEQUENCE:kdc_parts
[kdc_parts]
type = EXP:0, INTEGER:1
string = EXP:1, SEQUENCE:kdc_strings
[kdc_strings]
one = GeneralString:krbtgt
two = GeneralString:{realm}
[user]
basicConstraints = CA:FALSE
keyUsage = digitalSignature, keyEncipherment, keyAgreement
extendedKeyUsage = 1.3.6.1.5.2.3.4, clientAuth
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:user_name
[user_name]
realm = EXP:0, GeneralString:{realm}
name = EXP:1, SEQUENCE:user_parts
[user_parts]
type = EXP:0, INTEGER:1
string = EXP:1, SEQUENCE:user_strings
[user_strings]
one = GeneralString:alice
"""

SLAPD_CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 2.25.11620518337712948721.1 NAME 'labAccount' SUP top
  AUXILIARY MAY userAccountControl )
pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
sasl-realm {realm}
sasl-host 127.0.0.1
authz-regexp "uid=([^,/]+),cn=lab[.]test,cn=gssapi,cn=auth"
  "uid=$1,ou=services,{base}"
database mdb
maxsize 67108864
suffix {base}
directory {dir}/db
index objectClass,uid,member eq
overlay ppolicy
sizelimit size.soft=500 size.hard=1000
access to dn.subtree="ou=services,{base}" by * none
access to * by dn.exact="uid=reeve-directory,ou=services,{base}" read by * none
"""


class Lab:
    def __init__(self, folder):
        self.dir = folder
        self.kdc_port = free_port()
        self.values = {
            "realm": REALM, "base": BASE, "dir": folder,
            "port": self.kdc_port,
        }
        self.daemons = {}

    def path(self, name):
        return os.path.join(self.dir, name)

    def fill(self, name, template):
        return write(self.path(name), template.format(**self.values))

    # ---- KDC ---------------------------------------------------------

    def certificate(self, name):
        key, request = self.path(name + ".key"), self.path(name + ".csr")
        run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes",
             "-subj", "/CN=" + name, "-keyout", key, "-out", request])
        run(["openssl", "x509", "-req", "-in", request,
             "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
             "-CAcreateserial", "-days", "2", "-sha256",
             "-extfile", self.path("extensions"), "-extensions", name,
             "-out", self.path(name + ".pem")])

    def certificates(self):
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "2", "-subj", "/CN=Lab CA",
             "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"),
             "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        self.fill("extensions", EXTENSIONS)
        self.certificate("kdc")
        self.certificate("user")

    def principals(self):
        commands = [
            "addprinc -pw alicepw +requires_preauth alice",
            "addprinc -pw alicepw +requires_preauth alice/admin",
            "addprinc -pw bobpw -requires_preauth bob",
            "addprinc -randkey HTTP/localhost",
            "addprinc -randkey HTTP/elsewhere",
            "addprinc -randkey host/localhost",
            "addprinc -randkey ldap/127.0.0.1",
            "addprinc -randkey +requires_preauth reeve-directory",
            "addprinc -randkey WELLKNOWN/ANONYMOUS",
            # host/localhost is in the same file, and yet not ours.
            "ktadd -k %s HTTP/localhost host/localhost" % self.path("http.keytab"),
            "ktadd -k %s host/localhost" % self.path("host.keytab"),
            "ktadd -k %s ldap/127.0.0.1" % self.path("ldap.keytab"),
            "ktadd -k %s reeve-directory" % self.path("directory.keytab"),
            "ktadd -norandkey -k %s krbtgt/%s" % (self.path("kdc.keytab"), REALM),
        ]
        run(["kadmin.local"], "\n".join(commands) + "\n")
        self.weak_keytab()
        # A library that falls back to the default keytab must get caught.
        shutil.copy(self.path("http.keytab"), self.path("default.keytab"))

    def weak_keytab(self):
        """One RC4 key, in the file format 0x0502 of MIT krb5."""

        def counted(data):
            return struct.pack(">H", len(data)) + data

        entry = struct.pack(">H", 2) + counted(REALM.encode())
        entry += counted(b"HTTP") + counted(b"localhost")
        entry += struct.pack(">IIB", 1, 0, 1)
        entry += struct.pack(">H", 23) + counted(bytes(16))
        with open(self.path("weak.keytab"), "wb") as f:
            f.write(b"\x05\x02" + struct.pack(">i", len(entry)) + entry)

    def sign_in(self, name, argv, password=None):
        run(["kinit", "-c", "FILE:" + self.path("cc." + name)] + argv,
            password + "\n" if password else None)

    def start_kdc(self, with_pkinit):
        self.fill("krb5.conf", KRB5_CONF)
        self.fill("kdc.conf", KDC_CONF)
        os.environ["KRB5_CONFIG"] = self.path("krb5.conf")
        os.environ["KRB5_KDC_PROFILE"] = self.path("kdc.conf")
        for name in ("KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME"):
            os.environ.pop(name, None)
        if with_pkinit:
            self.certificates()
        run(["kdb5_util", "create", "-s", "-r", REALM, "-P", "master"])
        self.principals()
        self.daemons["kdc"] = Daemon(
            ["krb5kdc", "-n", "-P", self.path("kdc.pid")], self.kdc_port,
            self.path("kdc.out"),
        )
        self.daemons["kdc"].start()
        if with_pkinit:
            self.sign_in("alice", ["alice"], "alicepw")
            self.sign_in("forwardable", ["-f", "alice"], "alicepw")
            self.sign_in("bob", ["bob"], "bobpw")
            self.sign_in("instance", ["alice/admin"], "alicepw")
            self.sign_in("pkinit", [
                "-X", "X509_user_identity=FILE:%s,%s" % (
                    self.path("user.pem"), self.path("user.key")),
                "alice"])
            self.sign_in("anonymous", ["-n", "@" + REALM])

    # ---- Directory -----------------------------------------------------

    def ldif(self):
        out = ["dn: %s\nobjectClass: dcObject\nobjectClass: organization\n"
               "dc: lab\no: lab\n" % BASE]
        for unit in ("people", "groups", "services", "referrals"):
            out.append("dn: ou=%s,%s\nobjectClass: organizationalUnit\n"
                       "ou: %s\n" % (unit, BASE, unit))

        def person(number, uid, extra="", unit="people"):
            out.append(
                "dn: cn=n%d,ou=%s,%s\nobjectClass: inetOrgPerson\n"
                "objectClass: labAccount\nuid: %s\ncn: n%d\nsn: %s\n"
                "entryUUID: %s\n%s"
                % (number, unit, BASE, uid, number, uid, USER_ID % number,
                   extra))

        def group(entry_id, cn, members, unit="groups"):
            out.append(
                "dn: cn=%s,ou=%s,%s\nobjectClass: groupOfNames\ncn: %s\n"
                "entryUUID: %s\n%s"
                % (cn, unit, BASE, cn, entry_id,
                   "".join("member: %s\n" % m for m in members)))

        def user_dn(number):
            return "cn=n%d,ou=people,%s" % (number, BASE)

        def group_dn(cn):
            return "cn=%s,ou=groups,%s" % (cn, BASE)

        person(1, "alice")
        person(4, "dave")
        person(5, "mallory")
        person(6, "erin")
        person(7, "frank")
        person(8, "locked", "pwdAccountLockedTime: 000001010000Z\n")
        person(9, "off", "userAccountControl: 514\n")
        person(10, "on", "userAccountControl: 512\n")
        person(11, "twin")
        person(12, "twin")
        person(13, "a*b(c)")
        person(14, "many")
        person(15, "toomany")
        person(16, "fan")
        # dave is in helpdesk, which is in analysts.
        group(GROUP_ID % 2, "helpdesk", [user_dn(4)])
        group(GROUP_ID % 1, "analysts", [group_dn("helpdesk"), user_dn(1)])
        # erin is in a ring of three.
        group(GROUP_ID % 11, "ring1", [user_dn(6), group_dn("ring3")])
        group(GROUP_ID % 12, "ring2", [group_dn("ring1")])
        group(GROUP_ID % 13, "ring3", [group_dn("ring2"), group_dn("ring3")])
        # frank is at the bottom of six floors.
        below = user_dn(7)
        for floor in range(1, 7):
            group(DEEP_ID % floor, "deep%d" % floor, [below])
            below = group_dn("deep%d" % floor)
        # fan is in more groups than one question has, some with parents.
        for n in range(40):
            group(FAN_ID % n, "fan%d" % n, [user_dn(16)])
        for n, below in ((40, 0), (41, 20), (42, 39)):
            group(FAN_ID % n, "fan%d" % n, [group_dn("fan%d" % below)])
        # many has two pages of groups, toomany more than slapd gives.
        for n in range(1100):
            members = [user_dn(15)] + ([user_dn(14)] if n < 700 else [])
            group("30000000-0000-4000-8000-00000000%04d" % n, "wide%d" % n,
                  members)
        out.append("dn: ou=away,ou=referrals,%s\nobjectClass: referral\n"
                   "objectClass: extensibleObject\nou: away\n"
                   "ref: ldap://127.0.0.1:9/%s\n" % (BASE, BASE))
        return "\n".join(out)

    def start_slapd(self):
        port = free_port()
        os.mkdir(self.path("db"))
        conf = self.fill("slapd.conf", SLAPD_CONF)
        data = write(self.path("data.ldif"), self.ldif())
        run(["slapadd", "-q", "-f", conf, "-l", data])
        env = ["env", "KRB5_KTNAME=FILE:" + self.path("ldap.keytab"),
               "KRB5RCACHENAME=none:"]
        self.daemons["slapd"] = Daemon(
            env + ["slapd", "-f", conf, "-h", "ldap://127.0.0.1:%d" % port,
                   "-d", "0"],
            port, self.path("slapd.out"),
        )
        self.daemons["slapd"].start()
        return {"LAB_LDAP_URI": "ldap://127.0.0.1:%d" % port}

    def serve(self):
        for line in sys.stdin:
            verb, _, name = line.strip().partition(" ")
            getattr(self.daemons[name], verb)()
            print("OK", flush=True)

    def stop(self):
        for daemon in self.daemons.values():
            daemon.stop()


def main():
    with_slapd = "--slapd" in sys.argv[1:]
    folder = tempfile.mkdtemp(prefix="reeve-lab-")
    lab = Lab(folder)
    try:
        lab.start_kdc(with_pkinit=not with_slapd)
        env = {
            "LAB_DIR": folder,
            "KRB5_CONFIG": lab.path("krb5.conf"),
            "KRB5_KDC_PROFILE": lab.path("kdc.conf"),
        }
        if with_slapd:
            env.update(lab.start_slapd())
        for name, value in env.items():
            print("%s=%s" % (name, value))
        print("READY", flush=True)
        lab.serve()
    finally:
        lab.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
