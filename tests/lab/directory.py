"""slapd with the people and nested groups of the lab.

It takes GSSAPI binds (and EXTERNAL on its own socket, for the lab), answers
nobody who is not authenticated, and nothing on a connection without
encryption.
"""

import os
import socket
import urllib.parse

from lab import host
from lab.people import BASE, GROUPS, PEOPLE, groups
from lab.process import Daemon

SLAPD_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile "{run}/slapd.own.pid"
argsfile "{run}/slapd.args"
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload refint
threads 4
disallow bind_anon bind_simple
require authc
security ssf=56
sasl-realm LAB.TEST
sasl-host 127.0.0.1
sasl-secprops noanonymous,noplain,minssf=56
TLSCACertificateFile "{pki}/ca.pem"
TLSCertificateFile "{pki}/server.pem"
TLSCertificateKeyFile "{pki}/server.key"
authz-regexp "uid=reeve-directory,(cn=[^,]*,)?cn=gssapi,cn=auth" \
"cn=reeve-directory,ou=services,{base}"
authz-regexp "uid=([^,/]+),(cn=[^,]*,)?cn=gssapi,cn=auth" \
"uid=$1,{people}"
authz-regexp "gidNumber={gid}[+]uidNumber={uid},cn=peercred,cn=external,\
cn=auth" "cn=admin,{base}"
database mdb
maxsize 67108864
suffix {base}
rootdn cn=admin,{base}
directory "{folder}/db"
dbnosync
index objectClass,uid,member,memberOf,cn,entryUUID eq
overlay memberof
memberof-group-oc groupOfNames
memberof-refint true
overlay refint
refint_attributes member
access to * by users read by * none
"""

# slapd takes tickets for any ldap/ key of its keytab: libldap asks for the
# name that it was given or for the one that a reverse look-up told it.
SLAPD_KRB5 = "[libdefaults]\n  ignore_acceptor_hostname = true\n"


def entry(dn, uuid, pairs):
    lines = [f"dn: {dn}"] + [f"{name}: {value}" for name, value in pairs]
    if uuid:
        lines.append(f"entryUUID: {uuid}")
    return "\n".join(lines) + "\n\n"


def containers():
    first = entry(BASE, None, [("objectClass", "dcObject"),
                               ("objectClass", "organization"),
                               ("dc", "lab"), ("o", "lab")])
    units = [entry(f"ou={name},{BASE}", None,
                   [("objectClass", "organizationalUnit"), ("ou", name)])
             for name in ("people", "groups", "services")]
    binder = entry(f"cn=reeve-directory,ou=services,{BASE}", None,
                   [("objectClass", "applicationProcess"),
                    ("cn", "reeve-directory")])
    return first + "".join(units) + binder


def ldif(people):
    """The directory as LDIF for slapadd, operational attributes too."""
    table = groups(people)
    holders = {}
    for group in table.values():
        for name in group.people:
            holders.setdefault(people[name].dn, []).append(group.dn)
        for name in group.nested:
            holders.setdefault(table[name].dn, []).append(group.dn)
    text = containers()
    for p in people.values():
        text += entry(p.dn, p.uuid, [
            ("objectClass", "inetOrgPerson"), ("uid", p.name),
            ("cn", p.name.capitalize()), ("sn", "Lab"),
            ("mail", f"{p.name}@lab.test")] + [
                ("memberOf", dn) for dn in holders.get(p.dn, ())])
    for g in table.values():
        members = [people[n].dn for n in g.people]
        members += [table[n].dn for n in g.nested]
        text += entry(g.dn, g.uuid, [
            ("objectClass", "groupOfNames"), ("cn", g.name)] + [
                ("member", dn) for dn in members] + [
                ("memberOf", dn) for dn in holders.get(g.dn, ())])
    return text


class Directory:
    def __init__(self, site):
        self.site = site
        self.folder = site.path("directory")
        self.socket = site.run_path("ldapi")
        self.daemon = Daemon("slapd", site.run_path("slapd.pid"),
                             site.path("log", "slapd.log"))

    @property
    def uri(self):
        return f"ldap://127.0.0.1:{self.site.port('ldap')}"

    @property
    def local_uri(self):
        return "ldapi://" + urllib.parse.quote(self.socket, safe="")

    @property
    def config(self):
        return os.path.join(self.folder, "slapd.conf")

    def env(self):
        own = os.path.join(self.folder, "krb5.conf")
        return host.base_env(
            KRB5_CONFIG=own + ":" + self.site.kdc.krb5_conf,
            KRB5_KTNAME="FILE:" + self.site.path("keytabs", "ldap.keytab"),
            KRB5RCACHENAME="none:")

    def configure(self):
        os.makedirs(os.path.join(self.folder, "db"), mode=0o700,
                    exist_ok=True)
        host.write(os.path.join(self.folder, "krb5.conf"), SLAPD_KRB5)
        host.write(self.config, SLAPD_CONF.format(
            run=self.site.run_path(), pki=self.site.path("pki"), base=BASE,
            people=PEOPLE, folder=self.folder, uid=os.geteuid(),
            gid=os.getegid()))

    def make(self, people):
        self.configure()
        host.run(["slapadd", "-q", "-f", self.config], stdin=ldif(people),
                 what="slapadd")

    def start(self):
        urls = f"{self.local_uri} {self.uri}"
        self.daemon.start(["slapd", "-d", "none", "-n", "reeve-lab", "-f",
                           self.config, "-h", urls], self.env())

    def wait(self):
        def listens():
            with socket.socket(socket.AF_UNIX) as s:
                return s.connect_ex(self.socket) == 0
        self.daemon.wait_until(listens, 20, "listening")

    def stop(self, timeout=5):
        self.daemon.stop(timeout)

    def modify(self, text):
        """Applies LDIF changes as the directory's manager."""
        return host.run(["ldapmodify", "-Q", "-Y", "EXTERNAL", "-H",
                         self.local_uri], stdin=text, what="ldapmodify")

    def search(self, *args, ccache=None, base=BASE):
        """ldapsearch: GSSAPI with ccache, else as the manager."""
        how = ["-Y", "EXTERNAL", "-H", self.local_uri]
        env = None
        if ccache:
            how = ["-Y", "GSSAPI", "-N", "-H", self.uri]
            env = host.base_env(KRB5_CONFIG=self.site.kdc.krb5_conf,
                                KRB5CCNAME="FILE:" + ccache)
        return host.run(["ldapsearch", "-Q", "-LLL", "-o", "ldif-wrap=no",
                         *how, "-b", base, *args], env=env,
                        what="ldapsearch")

    def add_to_group(self, group, dn):
        self.modify(f"dn: cn={group},{GROUPS}\nchangetype: modify\n"
                    f"add: member\nmember: {dn}\n")

    def remove_from_group(self, group, dn):
        self.modify(f"dn: cn={group},{GROUPS}\nchangetype: modify\n"
                    f"delete: member\nmember: {dn}\n")
