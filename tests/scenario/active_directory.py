#!/usr/bin/python3 -B
"""Active Directory: its tickets with their PACs, its groups, its accounts.

Needs root: the domain controller lives in a network of its own.
"""

import os
import shutil

from lib import fixture, tap, web
from lib.records import audit, wait_for

from lab import host, samba
from lab.samba import BASE, NAME, REALM, Samba

OWN = "/reeve/v1/session"
ROLES = "/AdminService/wmi/SMS_Role"
ALICE, CAROL = "Al1ce!" + "pass", "Car0l!" + "pass"

samba.enter()
site = fixture.site(parts=("postgres", "kdc"))
with Samba(site.private_path("ad")) as ad:
    ad.user("alice", ALICE)
    ad.user("carol", CAROL)
    ad.group("Inner", "alice")
    ad.group("Outer", "Inner")
    web_keys = ad.service("websvc", "HTTP/localhost")
    directory_keys = ad.service("reeve")
    domain = ad.sid("alice").rsplit("-", 1)[0].upper()

    # The provider of the lab, for people of the domain.
    with open(site.kdc.krb5_conf, encoding="utf-8") as f:
        conf = f.read()
    host.write(site.kdc.krb5_conf, samba.krb5_conf(conf, of_member=True))
    host.write(os.path.join(site.provider.folder, "krb5.conf"),
               samba.krb5_conf(conf))
    host.run(["ktutil"], stdin=f"rkt {web_keys}\n"
             f"wkt {site.provider.keytab}\nquit\n")
    keytab = os.path.join(site.provider.folder, "ad.keytab")
    shutil.copy(directory_keys, keytab)
    host.give(site.provider.folder, host.provider_user())
    host.give(site.provider.keytab, host.provider_user())
    site.provider.write_config(
        realms=["LAB.TEST", REALM], pac_domains=f"{REALM}={domain}",
        directory_uri=f"ldap://{NAME}", directory_kind="auto",
        directory_domain=samba.DOMAIN,
        directory_base=BASE, directory_group_base=BASE,
        directory_user_filter="(&(objectClass=user)(sAMAccountName=%s))",
        directory_id_attribute="objectSid", directory_realm=REALM,
        directory_keytab=keytab, directory_cache=0, groups_refresh="100ms",
        directory_deadline="5s", penalty_exempt="127.0.0.1")
    site.start("provider")

    # A group of the domain, nested, is an administrative user.
    outer = ad.sid("Outer")
    site.psql(f"""BEGIN; SELECT reeve.take_revision();
        INSERT INTO reeve.administrative_user (principal_id, account_id,
            logon_name, display_name, is_group)
        VALUES ('group:{outer}', '{outer}', 'ADLAB\\Outer', 'Outer', true);
        INSERT INTO reeve.assignment (assignment_id, admin_id, role_id)
        SELECT nextval('reeve.assignment_id_seq'), admin_id, 'SMS0002R'
        FROM reeve.administrative_user WHERE principal_id = 'group:{outer}';
        INSERT INTO reeve.assignment_scope
        SELECT assignment_id, 'SMS00ALL' FROM reeve.assignment JOIN
            reeve.administrative_user USING (admin_id)
        WHERE principal_id = 'group:{outer}'; COMMIT""")

    def sign_in(name, password):
        ccache = os.path.join(site.private_path("ad"), f"cc.{name}")
        return web.Client(site, ad.kinit(name, password, ccache,
                                         site.kdc.krb5_conf))

    # ---- Who one is -----------------------------------------------------------

    alice = sign_in("alice", ALICE)
    answer = alice.get(OWN)
    if answer.status != 200:
        tap.diag(str([(r.get("reason"), r.get("detail")) for r in audit(site)]))
    tap.is_(answer.status, 200, "a ticket of the domain signs in")
    mine = answer.json()
    tap.is_(sorted(mine["ids"]),
            [f"krb5:alice@{REALM}", f"sid:{ad.sid('alice')}"],
            "under the principal and under the SID of the PAC")
    tap.ok(mine["groups_known"], "with all groups")
    tap.is_(mine["level"], "windows", "at the level windows")

    # ---- Groups, nested -----------------------------------------------------------

    wait_for(lambda: alice.get(ROLES).status == 200,
             what="the rights of the outer group")
    tap.is_(alice.get(ROLES).status, 200,
            "a group in which another group of hers is gives her its rights")
    carol = sign_in("carol", CAROL)
    tap.is_(carol.get(ROLES).status, 403, "and nothing to who is in none")
    ad.tool("group", "removemembers", "Inner", "alice")
    tap.is_(alice.get(ROLES).status, 403,
            "the directory's word comes before that of a ticket hours old")
    ad.tool("group", "addmembers", "Inner", "alice")
    tap.is_(alice.get(ROLES).status, 200, "and back")

    # ---- Accounts -----------------------------------------------------------------

    ad.tool("user", "disable", "alice")
    refused = alice.get(ROLES)
    tap.is_((refused.status, refused.json()["error"]["code"]),
            (403, "account_disabled"), "a disabled account is let in no more")
    ad.tool("user", "enable", "alice")
    tap.is_(alice.get(ROLES).status, 200, "enabled again, it is")
    ad.modify(f"dn: CN=alice,CN=Users,{BASE}\nchangetype: modify\n"
              "replace: accountExpires\naccountExpires: 132000000000000000\n")
    tap.is_(alice.get(ROLES).status, 403, "nor one that has expired")
    ad.modify(f"dn: CN=alice,CN=Users,{BASE}\nchangetype: modify\n"
              "replace: accountExpires\naccountExpires: 0\n")
    tap.is_(alice.get(ROLES).status, 200, "without an end it is let in")

    # ---- Accounts by their names -----------------------------------------------------

    site.psql(f"""BEGIN; SELECT reeve.take_revision();
        INSERT INTO reeve.assignment (assignment_id, admin_id, role_id)
            SELECT 900000, admin_id, 'SMS0001R'
            FROM reeve.administrative_user
            WHERE principal_id = 'group:{outer}';
        INSERT INTO reeve.assignment_scope VALUES (900000, 'SMS00ALL');
        INSERT INTO reeve.assignment_collection VALUES
            (900000, 'SMS00001'), (900000, 'SMS00004'); COMMIT""")
    ADMIN = "/AdminService/wmi/SMS_Admin"
    carol = ad.sid("carol")
    for name in (f"{samba.DOMAIN.lower()}\\carol", f"{REALM}\\carol",
                 f"carol@{REALM.lower()}", "Carol", carol.upper(), f"CN=carol,CN=Users,{BASE}",
                 f"krb5:carol@{REALM}"):
        made = alice.post(ADMIN, {"LogonName": name})
        tap.is_((made.status, site.psql(
            "SELECT principal_id, account_id, is_group FROM "
            "reeve.administrative_user ORDER BY admin_id DESC LIMIT 1")
            .strip()), (201, f"krb5:carol@{REALM}|{carol}|f"),
                f"carol is added by {name}, as her SID")
        tap.is_(alice.request("DELETE", made.header("location")).status, 204,
                "and removed")
    refused = alice.post(ADMIN, {"LogonName":
                                 REALM.split(".", maxsplit=1)[0] + "\\carol"})
    tap.is_((refused.status, refused.json()["error"]["code"]),
            (400, "unknown_account"), "a domain of another name is another")
    made = alice.post(ADMIN, {"LogonName": "Inner"})
    tap.is_((made.status, made.json().get("error", {}).get("code")),
            (201, None), "a group is added by its name")
    found = alice.post(ADMIN + ".FindOrphans", {}).json()
    tap.is_(([o for o in found["Orphans"] if "Inner" in o["LogonName"]],
             found["Checked"] > 0), ([], True), "its account is there")

    # ---- Accounts of a site of Configuration Manager -------------------------------------

    def come_over(*users, by=None):
        """Users of another site come, with Read on all that is here."""
        return (by or alice).post("/reeve/v1/import/configmgr", {
            "source": "ABC", "SMS_Role": [{
                "RoleID": "SMS0002R", "RoleName": "Read-only Analyst",
                "Operations": []}],
            "SMS_SecuredCategory": [{"CategoryID": "SMS00UNA",
                                     "CategoryName": "Default"}],
            "SMS_SecuredCategoryMembership": [], "SMS_Collection": [],
            "SMS_Admin": [{
                "LogonName": name, "AdminSid": sid, "IsGroup": is_group,
                "IsDeleted": False, "Permissions": [{
                    "RoleID": "SMS0002R", "CategoryTypeID": 29,
                    "CategoryID": "SMS00UNA"}]}
                for name, sid, is_group in users]})

    nobody = carol.rsplit("-", 1)[0] + "-999999"
    answer = come_over(("ABC\\carol", carol.upper(), False),
                       ("ABC\\nobody", nobody.upper(), False))
    tap.is_((answer.status, [
        site.psql("SELECT principal_id, account_id, distinguished_name FROM "
                  "reeve.administrative_user WHERE logon_name = "
                  f"'ABC\\{name}'").strip() for name in ("carol", "nobody")]),
        (200, [f"krb5:carol@{REALM}|{carol}|CN=carol,CN=Users,{BASE}",
               f"sid:{nobody}||"]),
        "whose SID the directory knows comes as that account")

    # ---- Without the directory -------------------------------------------------------

    site.provider.write_config(directory_uri=None)
    site.restart("provider")
    alice = sign_in("alice", ALICE)
    wait_for(lambda: alice.get(ROLES).status == 200,
             what="the groups of the PAC")
    tap.is_(alice.get(ROLES).status, 200,
            "the groups of the PAC count where there is no directory")
    site.provider.write_config(pac_domains=f"{REALM}=S-1-5-21-1-2-3")
    site.restart("provider")
    alice = sign_in("alice", ALICE)
    tap.is_(alice.get(OWN).json()["ids"], [f"krb5:alice@{REALM}"],
            "SIDs of a domain that is not listed for the realm are nobody's")
    tap.isnt(alice.get(ROLES).status, 200, "nor do its groups give anything")
    site.provider.write_config(pac_domains=f"{REALM}={domain}",
                               directory_uri=f"ldap://{NAME}")
    site.restart("provider")
    alice = sign_in("alice", ALICE)
    wait_for(lambda: alice.get(ROLES).status == 200, what="her groups")
    stranger = sign_in("carol", CAROL)
    tap.is_(stranger.get(ROLES).status, 200, "carol may read alone")
    ad.daemon.stop(20)
    answer = come_over(("ABC\\dave", nobody + "9", False), by=stranger)
    tap.is_((answer.status, answer.json()["code"]), (403, "not_permitted"),
            "who may not import has the directory asked nothing")
    answer = come_over(("ABC\\dave", nobody + "9", False))
    tap.is_((answer.status, answer.json()["code"]),
            (503, "directory_unavailable"),
            "nobody comes of whom the directory could not be asked")
    tap.ok(any(r["subject"]["id"] == f"alice@{REALM}" for r in audit(site)
               if "subject" in r), "the log calls her by the full principal")

    fixture.finish(site)
