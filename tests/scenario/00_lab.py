#!/usr/bin/python3 -B
"""The parts of a site work without the provider: the lab tests itself."""

from lib import fixture, spnego, tap  # first: makes the lab importable
from lab.host import LabError

site = fixture.site(parts=("postgres", "kdc", "directory"))

# ---- Kerberos --------------------------------------------------------------

password = site.kinit("alice")
tap.is_(spnego.accept(site, spnego.good(site, password)),
        ("alice@LAB.TEST", ["spake"]), "a password gives no level by itself")
tap.is_(spnego.accept(site, spnego.good(
    site, site.kinit("alice", certificate=True))),
    ("alice@LAB.TEST", ["pkinit"]), "a certificate gives pkinit")
tap.is_(spnego.accept(site, spnego.good(
    site, site.kinit("alice", one_time=True))),
    ("alice@LAB.TEST", ["passkey"]), "alice's token stands for a passkey")
tap.is_(spnego.accept(site, spnego.good(
    site, site.kinit("olga", one_time=True))),
    ("olga@LAB.TEST", ["otp"]), "olga's token gives otp")
tap.raises(LabError, lambda: site.kinit("alice", password="wrong"),
           "a wrong password is refused", "Password incorrect")
tap.raises(LabError, lambda: site.kinit("olga", one_time="000000"),
           "a wrong one-time password is refused", "failed")
tap.is_(spnego.accept(site, spnego.anonymous(site))[0],
        "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS",
        "a nameless ticket can be had, so that its refusal can be tested")
tap.is_(spnego.accept(site, spnego.wrong_service(site, password),
                      "host.keytab")[0], "alice@LAB.TEST",
        "there is a second service")

# ---- Directory -------------------------------------------------------------

found = site.directory.search("(member=cn=helpdesk,ou=groups,dc=lab,dc=test)",
                              "entryUUID", ccache=password)
tap.like(found, "^dn: cn=analysts,.*\nentryUUID: 10000000-0000-4000-8000-"
         "000000000001\n", "helpdesk is nested in analysts")
tap.like(site.directory.search("(uid=dave)", "memberOf", "entryUUID",
                               ccache=password),
         "memberOf: cn=helpdesk,.*entryUUID: 20000000-0000-4000-8000-"
         "000000000004", "dave is in helpdesk")
site.directory.add_to_group("helpdesk",
                            "uid=heidi,ou=people,dc=lab,dc=test")
tap.like(site.directory.search("(cn=helpdesk)", "member", ccache=password),
         "uid=heidi", "a test may change groups")

# ---- PostgreSQL ------------------------------------------------------------

for login in ("reeve", "auditor"):
    tap.is_(site.psql("SELECT current_user", user=login).strip(), login,
            f"the database takes the login {login}")
site.pause("postgres")
site.resume("postgres")
site.kill("postgres")
tap.raises(LabError, lambda: site.psql("SELECT 1"),
           "a killed database does not answer", "psql failed")
site.start("postgres")
tap.is_(site.psql("SELECT 1").strip(), "1", "it recovers from a crash")

fixture.finish(site)
