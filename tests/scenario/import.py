#!/usr/bin/python3 -B
"""A site of Configuration Manager comes over, saved or from its service."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import os
import ssl
import subprocess
import threading

from lib import fixture, tap
from lab import host

site = fixture.site(config={"revision_wait": "200ms", "store_deadline": "10s"})
REEVE = os.path.join(os.path.dirname(site.provider.binary), "reeve")
FOLDER = os.path.join(site.folder, "cm")
CCACHES = {}


def reeve(who, *arguments, source="ABC"):
    """(exit code, output, what it says) of the command, as somebody."""
    if source:
        arguments += ("--source", source)
    if who not in CCACHES:
        CCACHES[who] = site.kinit(who)
    env = host.base_env(REEVE_URL=site.url, REEVE_CA=site.ca)
    env.update(site.provider.env())
    env.update(KRB5_CONFIG=site.kdc.krb5_conf,
               KRB5CCNAME="FILE:" + CCACHES[who])
    ran = subprocess.run([REEVE, "import", *arguments], env=env, check=False,
                         capture_output=True, timeout=60)
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


def scalar(sql):
    return site.psql(sql).strip()


def count():
    return scalar("SELECT count(*) FROM reeve.security_role")


def save(name, rows):
    with open(os.path.join(FOLDER, name + ".json"), "w",
              encoding="utf-8") as out:
        json.dump(rows, out)


def permission(role, kind, category):
    return {"RoleID": role, "CategoryTypeID": kind, "CategoryID": category}


# ---- A saved site: a list, or an answer with its value ----------------------

os.mkdir(FOLDER)
save("SMS_Role", {"value": [
    {"RoleID": "ABC00001", "RoleName": "Deployers of ABC", "Operations": [
        {"ObjectTypeID": 1, "GrantedOperations": 1052673}]},
    {"RoleID": "ABC00002", "RoleName": "Readers of ABC", "Operations": [
        {"ObjectTypeID": 31, "GrantedOperations": 2147483649}]}]})
save("SMS_SecuredCategory", [
    {"CategoryID": "ABC00011", "CategoryName": "Branches of ABC"}])
save("SMS_SecuredCategoryMembership", [
    {"CategoryID": "ABC00011", "ObjectTypeID": 31, "ObjectKey": "absent"}])
save("SMS_Collection", [
    {"CollectionID": f"ABC0002{i}", "Name": f"ABC {i}", "CollectionType": 2,
     "LimitToCollectionID": f"ABC0002{i - 1}" if i else "SMS00001"}
    for i in (3, 2, 1, 0)] + [
    {"CollectionID": "SMS00001", "Name": "All Systems", "CollectionType": 2,
     "LimitToCollectionID": ""}])
save("SMS_Admin", [
    {"LogonName": "ABC\\desk", "AdminSid": "S-1-5-21-1-2-3-1002",
     "IsGroup": True, "IsDeleted": False, "Permissions": [
         permission("ABC00001", 1, "ABC00022"),
         permission("ABC00001", 29, "ABC00011"),
         permission("ABC00002", 29, "ABC00011")]},
    {"LogonName": "ABC\\gone", "AdminSid": "S-1-5-21-1-2-3-1004",
     "IsGroup": False, "IsDeleted": True, "Permissions": []}])

before = count()
code, out, said = reeve("alice", "configmgr", FOLDER)
tap.is_((code, said), (0, ""), "the plan is shown")
tap.like(out, r"made\tcollection\tABC00023\tABC00023\tABC 3",
         "it has the tree")
tap.like(out, r"left_out\tadmin\tABC\\gone\t\tABC\\gone\tits account is gone",
         "who is left out, and why")
tap.like(out, r'differs\tdeploy_pairing\t[^\t]+\t.*"ABC00022"',
         "and what is decided otherwise")
tap.is_(count(), before, "and nothing is changed")

code, out, said = reeve("bob", "configmgr", FOLDER, "--apply")
tap.is_(code, 3, "who is no Full Administrator imports nothing")
tap.is_(count(), before, "nothing at all")

revision = int(scalar("SELECT n FROM reeve.site_revision"))
code, out, said = reeve("alice", "configmgr", FOLDER, "--apply", "--json")
tap.is_((code, said), (0, ""), "it is imported")
tap.is_(json.loads(out)["revision"], revision + 1, "in one revision")
tap.is_({d["kind"] for d in json.loads(out)["differences"]},
        {"deploy_pairing", "unknown_operations"}, "as JSON, too")
tap.is_(scalar("SELECT reeve.limiting_chain('ABC00023')"),
        "{ABC00023,ABC00022,ABC00021,ABC00020,SMS00001}", "the tree is here")
code, out, said = reeve("alice", "configmgr", FOLDER, "--apply", "--json")
tap.is_((code, json.loads(out)["changed"]), (0, 0), "twice is once")

# ---- Rules: direct ones by name, links between what comes --------------------

NAME, AGAIN = scalar("SELECT string_agg(name, ' ') FROM (SELECT name FROM "
                     "reeve.resource WHERE resource_type = 5 "
                     "ORDER BY resource_id LIMIT 2) x").split()
DEVICE = scalar(f"SELECT resource_id FROM reeve.resource WHERE name = '{NAME}'")
SECOND = int(DEVICE) + 1
site.psql(f"""
SET search_path = reeve, public;
BEGIN;
SELECT take_revision();
INSERT INTO resource (resource_id, resource_type, name)
    VALUES (20000001, 5, lower('{AGAIN}'));
COMMIT;""")


def direct(name, number):
    return {"RuleName": name, "ResourceClassName": "SMS_R_System",
            "ResourceID": number}


def include(collection):
    return {"RuleName": "in", "IncludeCollectionID": collection}


RULES = {
    "0": [direct(NAME.upper(), 5), direct(AGAIN, 6), direct("absent", DEVICE),
          {"RuleName": "q", "QueryID": 1, "QueryExpression":
           f"select * from SMS_R_System where ResourceID = {SECOND}",
           "read": {"class": "SMS_R_System", "predicate": None}},
          {"RuleName": "j", "QueryExpression": "select * from SMS_R_System "
           "inner join SMS_G_System_OPERATING_SYSTEM on 1 = 1"}],
    "1": [include("ABC00030"), {"RuleName": "out",
                                "ExcludeCollectionID": "ABC00032"}],
    "2": [include("ABC00031"), include("ABC00099"), {"RuleName": "what"}]}
COLLECTIONS = [
    {"CollectionID": f"ABC0003{i}", "Name": f"Ruled {i}", "CollectionType": 2,
     "LimitToCollectionID": "SMS00001", "CollectionRules": rules}
    for i, rules in RULES.items()]
save("SMS_Collection", COLLECTIONS)
code, out, said = reeve("alice", "configmgr", FOLDER)
tap.is_((code, said), (0, ""), "collections with rules are planned")
for line in (
        rf"left_out\trule\tABC00030\tABC00030\t{AGAIN}\tseveral devices",
        r"left_out\trule\tABC00030\tABC00030\tabsent\tno device",
        r"left_out\trule\tABC00030\tABC00030\tj\tThe query of a rule cannot "
        r"be read at byte 27: .*\tselect \* from SMS_R_System inner",
        r"left_out\trule\tABC00032\tABC00032\tin\tthe collection that it "
        r"names depends",
        r"left_out\trule\tABC00032\tABC00032\tin\tthe collection that it "
        r"names did not come",
        r"left_out\trule\tABC00032\tABC00032\twhat\tit is no rule",
        r"made\trules\t4"):
    tap.like(out, line, "the plan says " + line[:60])
code, out, said = reeve("alice", "configmgr", FOLDER, "--apply", "--json")
tap.is_((code, json.loads(out)["rules"]), (0, {"made": 4, "left_out": 6}),
        "and the rest comes")
tap.is_(scalar("SELECT string_agg(collection_id || ' ' || resource_id, ',' "
               "ORDER BY 1) FROM reeve.collection_member "
               "WHERE collection_id ~ '^ABC0003'"),
        f"ABC00030 {DEVICE},ABC00030 {SECOND},ABC00031 {DEVICE},"
        f"ABC00031 {SECOND}", "with the members that the rules give; what "
        "the caller says to have read in a query does not count")
code, out, said = reeve("alice", "configmgr", FOLDER, "--apply", "--json")
tap.is_((code, json.loads(out)["changed"]), (0, 0), "rules come once")
save("SMS_Collection", [{**COLLECTIONS[0], "CollectionID": "ABC00040",
                         "CollectionRules": {"not": "a list"}}])
tap.is_(reeve("alice", "configmgr", FOLDER)[0], 1,
        "rules that are no list are refused")
save("SMS_Collection", COLLECTIONS)

# ---- From a service ----------------------------------------------------------

code, out, said = reeve("alice", "configmgr", site.url, "--cacert", site.ca,
                        source="RVE")
tap.is_((code, said), (0, ""), "an AdminService is asked")
tap.like(out, r"mapped\trole\tSMS0001R\tSMS0001R", "its roles are seen")
tap.like(out, r"kept\trole\tABC00001\tABC00001",
         "what is the same is kept")
code, out, said = reeve("alice", "configmgr", "https://localhost:1")
tap.is_(code, 1, "one that is not there")

# One that speaks as Configuration Manager: pages, and lists for single objects.
ROOT = "/AdminService/wmi/"
LAZY = {"LogonName": "XYZ\\lee", "AdminSid": "S-1-5-21-1-2-3-2001",
        "AdminID": 16777300, "IsGroup": False, "Permissions": None}
RULED = {"CollectionID": "XYZ00021", "Name": "Ruled by XYZ",
         "CollectionType": 2, "LimitToCollectionID": "SMS00001"}
PAGES = {
    "SMS_Admin": [LAZY],
    "SMS_Admin(16777300)": [{**LAZY, "Permissions": [
        permission("XYZ00001", 29, "XYZ00011")]}],
    "SMS_Role": [{"RoleID": "XYZ00001", "RoleName": "Of XYZ",
                  "Operations": None}],
    "SMS_Role('XYZ00001')": [{
        "RoleID": "XYZ00001", "RoleName": "Of XYZ", "Operations": [
            {"ObjectTypeID": 31, "GrantedOperations": 1}]}],
    "SMS_SecuredCategory": [{"CategoryID": "XYZ00011",
                             "CategoryName": "First of XYZ"}],
    "SMS_SecuredCategory?$skiptoken=2": [{"CategoryID": "XYZ00012",
                                          "CategoryName": "Last of XYZ"}],
    "SMS_SecuredCategoryMembership": [],
    "SMS_Collection": [{**RULED, "CollectionRules": None}, {
        "CollectionID": "SMS00001", "Name": "All Systems",
        "CollectionType": 2, "LimitToCollectionID": "",
        "CollectionRules": []}],
    "SMS_Collection('XYZ00021')": [{**RULED, "CollectionRules": [
        direct(NAME, 7)]}]}


class Service(BaseHTTPRequestHandler):
    """An AdminService of few rows; another host is where links point."""

    def do_GET(self):
        what = self.path.removeprefix(ROOT)
        rows = {"value": PAGES.get(what)}
        if what == "SMS_SecuredCategory":
            rows["@odata.nextLink"] = ("https://elsewhere.test" + self.path
                                       + "?$skiptoken=2")
        body = json.dumps(rows).encode()
        self.send_response(200 if what in PAGES else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


CERT, KEY = (os.path.join(FOLDER, name) for name in ("cert.pem", "key.pem"))
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=cm",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", KEY,
                "-out", CERT], check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
CM = f"https://127.0.0.1:{server.server_port}"
code, out, said = reeve("alice", "configmgr", CM, source="XYZ")
tap.is_(code, 1, "a service whose authority is not named is not trusted")
code, out, said = reeve("alice", "configmgr", CM, "--cacert", CERT, "--apply",
                        source="XYZ")
tap.is_((code, said), (0, ""), "a service with pages")
tap.like(out, r"made\tscope\tXYZ00012\tXYZ00012", "its second page, too, "
         "though the link points to another host")
tap.like(out, r"made\tadmin\tXYZ.lee\t\d+", "and what lists do not hold")
tap.like(out, r"made\trules\t1", "rules of collections among it")
server.shutdown()
server.server_close()

# ---- What is wrong -------------------------------------------------------------

os.remove(os.path.join(FOLDER, "SMS_Role.json"))
code, out, said = reeve("alice", "configmgr", FOLDER, "--apply")
tap.is_(code, 1, "a class is missing")
tap.like(said, r"SMS_Role\.json", "and named")
save("SMS_Role", [{"RoleName": "without an id"}])
code, out, said = reeve("alice", "configmgr", FOLDER, "--apply")
tap.is_(code, 1, "rows without a key")
tap.is_(reeve("alice", "other", FOLDER)[0], 2, "nothing else is imported")

tap.is_(reeve("alice", "configmgr", FOLDER, source=None)[0], 2,
        "the other site has a name")

fixture.finish(site)
