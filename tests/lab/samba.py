"""A domain controller of Active Directory: Samba, in a network of its own.

Its ports are fixed (88, 389), and a member finds them by name: so whoever
uses it runs in name spaces of its own, made by enter(), where the loopback
is nobody else's.

    enter()                      # begins the program anew in there
    with Samba(folder) as ad:
        ad.user("alice", "Al1ce!pass")
"""

import os
import re
import subprocess
import sys

from lab import host
from lab.host import LabError
from lab.process import Daemon

REALM, DOMAIN, HOST = "AD.LAB.TEST", "ADLAB", "dc1"
NAME = f"{HOST}.{REALM.lower()}"
BASE = "DC=" + ",DC=".join(REALM.lower().split("."))
INSIDE = "REEVE_LAB_NETWORK"
PASSWORD = "Adm1n!" + "pass"


def enter():
    """Begins this program anew where the network is its own; needs root."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable,
                           "-B", *sys.argv], {**os.environ, INSIDE: "1"})


class Samba:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.conf = os.path.join(self.folder, "etc", "smb.conf")
        self.daemon = Daemon("samba", os.path.join(folder, "samba.pid"),
                             os.path.join(folder, "samba.log"))
        self.ldb = os.path.join(self.folder, "private", "sam.ldb")

    def __enter__(self):
        os.makedirs(self.folder)
        self._names()
        self._provision()
        self.daemon.start(["samba", "-i", "-M", "single", "-s", self.conf,
                           "--debug-stdout", "-d", "1"], host.base_env(), None)
        self.daemon.wait_until(self._answers, 60, "answering on port 389")
        return self

    def __exit__(self, *_exc):
        self.daemon.stop(20)

    def _names(self):
        """This name space alone knows the name of the controller."""
        hosts = os.path.join(self.folder, "hosts")
        resolv = os.path.join(self.folder, "resolv.conf")
        host.write(hosts, f"127.0.0.1 {NAME} {HOST} {REALM.lower()} "
                   "localhost\n")
        host.write(resolv, "nameserver 127.0.0.1\n")
        for source, target in ((hosts, "/etc/hosts"),
                               (resolv, "/etc/resolv.conf")):
            subprocess.run(["mount", "--bind", source, target], check=True)

    def _provision(self):
        host.run(["samba-tool", "domain", "provision",
                  f"--targetdir={self.folder}", f"--realm={REALM}",
                  f"--domain={DOMAIN}", "--server-role=dc",
                  "--dns-backend=SAMBA_INTERNAL", f"--adminpass={PASSWORD}",
                  f"--host-name={HOST}", "--host-ip=127.0.0.1",
                  "--option=bind interfaces only=yes",
                  "--option=interfaces=lo"])

    def _answers(self):
        try:
            host.run(["ldapsearch", "-x", "-H", "ldap://127.0.0.1", "-s",
                      "base", "-b", "", "supportedCapabilities"])
        except LabError:
            return False
        return True

    # ---- People and services ---------------------------------------------------

    def tool(self, *words):
        return host.run(["samba-tool", *words, "-H", self.ldb, "-s",
                         self.conf])

    def modify(self, ldif):
        host.run(["ldbmodify", "-H", self.ldb], stdin=ldif)

    def user(self, name, password):
        self.tool("user", "create", name, password)

    def group(self, name, *members):
        self.tool("group", "add", name)
        self.tool("group", "addmembers", name, ",".join(members))

    def service(self, name, *principals):
        """An account with AES keys; returns its keytab."""
        self.user(name, PASSWORD)
        for principal in principals:
            self.tool("spn", "add", principal, name)
        # The keys are made when the password is set, for these types.
        self.modify(f"dn: CN={name},CN=Users,{BASE}\nchangetype: modify\n"
                    "replace: msDS-SupportedEncryptionTypes\n"
                    "msDS-SupportedEncryptionTypes: 24\n")
        self.tool("user", "setpassword", name, f"--newpassword={PASSWORD}2")
        keytab = os.path.join(self.folder, f"{name}.keytab")
        for principal in principals or (f"{name}@{REALM}",):
            host.run(["samba-tool", "domain", "exportkeytab", keytab,
                      f"--principal={principal}", "-s", self.conf])
        return keytab

    def sid(self, name):
        """Of a user or a group, in lower case, as ids are."""
        text = host.run(["ldbsearch", "-H", self.ldb,
                         f"(sAMAccountName={name})", "objectSid"])
        for line in text.splitlines():
            if line.startswith("objectSid: "):
                return line.split(": ", 1)[1].strip().lower()
        raise LabError(f"{name} has no SID")

    def kinit(self, name, password, ccache, krb5_conf):
        host.run(["kinit", "-c", f"FILE:{ccache}", f"{name}@{REALM}"],
                 env=host.base_env(KRB5_CONFIG=krb5_conf),
                 stdin=password + "\n")
        return ccache


def krb5_conf(text, of_member=False):
    """A krb5.conf that knows this realm, too; or that of a member of it."""
    if of_member:
        text = re.sub(r"(default_realm|localhost) = .*",
                      rf"\1 = {REALM}", text)
    return text.replace("[realms]\n", f"[realms]\n  {REALM} = {{\n"
                        "    kdc = 127.0.0.1:88\n  }\n", 1) \
        + f"  .{REALM.lower()} = {REALM}\n"


