#!/usr/bin/python3 -B
"""Types that an application registers: from the request to decisions."""

import json

from lib import fixture, tap, web
from lib.records import audit, wait_for

CLASS = "/AdminService/wmi/RVE_ApplicationType"
BACKUP = CLASS + "('Contoso_Backup')"
REPORT = "/reeve/v1/types/missing-operations"
MEMBERSHIP = "/AdminService/wmi/SMS_SecuredCategoryMembership."
HQ, BRANCH = "RVE00010", "RVE00011"
site = fixture.site(feed_proxy=True)
PEOPLE = ("alice", "bob", "frank", "mallory", "grace")


def session(name):
    """A client with a session: tickets are no part of what is tried."""
    signed_in = web.client(site, name).post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{name}@LAB.TEST"},
        "action": {"name": "Read"}, "resource": {"type": "SMS_Application"}})
    return web.Client(site, session=signed_in.header("reeve-session"))


WHO = {name: session(name) for name in PEOPLE}
alice = WHO["alice"]


def rows(sql):
    return [tuple(line.split("|")) for line in
            site.psql("SET search_path = reeve; " + sql).split("\n")
            if "|" in line]


def owner(sql):
    site.psql("SET client_min_messages = warning; SET search_path = reeve;"
              " BEGIN; SET LOCAL ROLE reeve_owner; SELECT take_revision();"
              f" {sql}; COMMIT")
    wanted = revision()
    wait_for(lambda: ask("alice", "Read", "SMS_Application")
             ["context"]["revision"] >= wanted, what="the revision")


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision").strip())


def loads():
    """How often what had changed could not be followed."""
    with open(site.provider.log, encoding="utf-8") as f:
        return sum("cannot be followed" in line for line in f)


def ask(who, action, kind, key=None):
    return WHO[who].post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": action},
        "resource": {"type": kind, "id": key or ""}}).json()


def by_engine(who, action, kind, key):
    answer = ask(who, action, kind, key)
    return (who, action, key or "", answer["decision"])


def by_sql(questions):
    """The same questions to the rule in the database, all at once."""
    asked = json.dumps([{"who": w, "op": o, "type": t, "key": k}
                        for w, o, t, k in questions])
    return [(who, op, key, said == "t") for who, op, key, said in rows(
        "SELECT q->>'who', q->>'op', coalesce(q->>'key', ''), a.decision"
        f" FROM jsonb_array_elements($x${asked}$x$) WITH ORDINALITY"
        " AS x (q, i), LATERAL allowed(ARRAY['krb5:' || (q->>'who') ||"
        " '@LAB.TEST'], 1, true, 1, false, now(), q->>'type', q->>'op',"
        " q->>'key') AS a ORDER BY i")]


def agree(operations, kinds, keys, name):
    """The engine and its twin say the same of every question."""
    questions = [(who, op, kind, key) for who in PEOPLE for op in operations
                 for kind in kinds for key in keys]
    engine = [by_engine(*q) for q in questions]
    tap.is_(engine, by_sql(questions), name)
    return {q[:2] + q[3:]: a[3] for q, a in zip(questions, engine)}


OPERATIONS = [{"Name": "Modify"}, {"Name": "Delete"}, {"Name": "Create"},
              {"Name": "Restore", "Needs": "Modify"},
              {"Name": "Plan", "TypeWide": True}]
WISH = {"ClassName": "Contoso_Backup", "DisplayName": "Backup job",
        "Application": "Contoso Backup", "SecuredBy": "scope",
        "Operations": OPERATIONS}


def refused(answer, status, code, name):
    error = answer.json().get("error", {})
    tap.is_((answer.status, error.get("code")), (status, code), name)
    return error


# ---- Registering ----------------------------------------------------------------

before, loaded = revision(), loads()
tap.is_(ask("alice", "Restore", "Contoso_Backup")["decision"], False,
        "before it is registered, nobody may do anything to it")
answer = alice.post(CLASS + "?dryRun=true", WISH)
tap.is_((answer.status, revision()), (200, before),
        "a dry run registers nothing")
tap.is_(answer.json()["results"][0]["ObjectTypeID"], 2000000,
        "and says what would come")
key = {"Idempotency-Key": "setup-1"}
answer = alice.post(CLASS, WISH, headers=key)
body = answer.json()
tap.is_((answer.status, answer.header("location")), (201, BACKUP),
        "alice registers a type")
tap.is_((body["ClassName"], body["ObjectTypeID"], body["Version"],
         body["@reeve.revision"], body["@reeve.in_force"]),
        ("Contoso_Backup", 2000000, 1, before + 1, True),
        "it is there, and this provider goes by it")
tap.is_([(o["Name"], o["Bit"], o["TypeWide"], o["Needs"])
         for o in body["Operations"]],
        [("Read", 0, False, None), ("Modify", 1, False, None),
         ("Delete", 2, False, None), ("Set Security Scope", 4, False, None),
         ("Create", 10, True, None), ("Restore", 32, False, "Modify"),
         ("Plan", 33, True, None)], "with its operations")
again = alice.post(CLASS, WISH, headers=key)
tap.is_((again.json()["@reeve.replayed"], revision()), (True, before + 1),
        "the same request with its key changes nothing")
refused(alice.post(CLASS, WISH), 409, "name_taken", "nor without: 409")
tap.is_(loads(), loaded, "the type came by the feed, without a full load")
record = audit(site, request_id=answer.header("x-request-id"))
tap.is_([(r["event"], r["outcome"], r["policy_revision"]) for r in record],
        [("write", "allow", before + 1)], "the access stream has it")
tap.is_(rows("SELECT message_id, strings[2] FROM admin_audit WHERE "
             f"revision = {before + 1}"), [("1000080", "Contoso_Backup")],
        "and the admin stream, with a message of its own")
listed = WHO["grace"].get("/reeve/v1/types")
tap.is_((listed.status, [t["ClassName"] for t in listed.json()["types"]]),
        (200, ["Contoso_Backup"]), "who reads types sees what is registered")
tap.is_([WHO["mallory"].get(p).status for p in ("/reeve/v1/types", REPORT)],
        [403, 403], "others do not")

# ---- Decisions -------------------------------------------------------------------

owner("INSERT INTO secured_object (object_type_id, object_key, name) VALUES"
      " (2000000, 'hq', 'one'), (2000000, 'branch', 'two');"
      " INSERT INTO object_scope VALUES"
      f" (2000000, 'hq', '{HQ}'), (2000000, 'branch', '{BRANCH}');"
      " INSERT INTO security_role (role_id, name, copied_from_id) VALUES"
      " ('TST00001', 'Restorer', NULL), ('TST00002', 'Full, copied',"
      " 'SMS0001R'); INSERT INTO role_operation SELECT 'TST00001', 2000000,"
      " b FROM unnest(ARRAY[0, 1, 32]) b; INSERT INTO assignment"
      " (assignment_id, admin_id, role_id) SELECT 6000001, admin_id,"
      " 'TST00001' FROM administrative_user WHERE principal_id ="
      f" 'krb5:bob@LAB.TEST'; INSERT INTO assignment_scope VALUES (6000001,"
      f" '{HQ}')")
tap.is_(loads(), loaded, "its objects and a role with it come by the feed")
names = [o["Name"] for o in body["Operations"]] + ["Wipe"]
kinds = ["Contoso_Backup", "ContosoBackup", "2000000"]
said = agree(names, kinds[:1], ["hq", "branch", "none", None],
             "engine and database agree on the registered type")
agree(["Restore"], kinds[1:], ["hq", "branch"],
      "by its SDK name and by its number too")
tap.is_([said["bob", "Restore", k] for k in ("hq", "branch", "none")],
        [True, False, False], "a role with its operations counts in its scope")
tap.is_([said[who, "Restore", "branch"] for who in PEOPLE],
        [True, False, True, False, False],
        "Full Administrator and Operations Administrator have all of it")
tap.is_([said[who, "Read", "branch"] for who in PEOPLE],
        [True, False, True, False, True], "and Auditor reads it")
found = WHO["bob"].post("/access/v1/search/resource", {
    "subject": {"type": "user", "id": "bob@LAB.TEST"},
    "action": {"name": "Restore"}, "resource": {"type": "Contoso_Backup"}})
tap.is_([r["id"] for r in found.json()["results"]], ["hq"],
        "a search finds the objects on which it is allowed")
change = {"ObjectIDs": ["branch"], "ObjectTypeIDs": [2000000],
          "CategoryIDs": [HQ]}
tap.is_(alice.post(MEMBERSHIP + "AddMemberships", change).status, 200,
        "its objects go into scopes as those of any type")
tap.is_(ask("bob", "Restore", "Contoso_Backup", "branch")["decision"], True,
        "and are decided by them")

# ---- A later version ----------------------------------------------------------------

entity = listed.json()["types"][0]
etag = body["@odata.etag"]
more = {**entity, "Version": 2, "Operations": entity["Operations"] + [
    {"Name": "Wipe"}]}
refused(alice.patch(BACKUP, {**more, "Version": 1}), 409, "version_not_later",
        "new operations need a later version")
refused(alice.patch(BACKUP, {"Version": 2, "Operations": OPERATIONS[:2]}), 409,
        "operation_lost", "which takes none away")
refused(alice.patch(BACKUP, more, headers={"If-Match": 'W/"1"'}), 412,
        "changed_meanwhile", "who has read something else gets 412")
answer = alice.patch(BACKUP, more, headers={"If-Match": etag})
body = answer.json()
tap.is_((answer.status, body["Version"], body["@reeve.in_force"]),
        (200, 2, True), "what was read is sent back with one more")
tap.is_([(r["RoleID"], r["Operations"]) for r in
         body["RolesLackingOperations"]],
        [("TST00001", ["Delete", "Set Security Scope", "Create", "Plan",
                       "Wipe"]),
         ("TST00002", ["Read", "Modify", "Delete", "Set Security Scope",
                       "Create", "Restore", "Plan", "Wipe"])],
        "the upgrade says which custom roles lack operations")
refused(alice.patch(BACKUP, {"DisplayName": "x"}, headers={"If-Match": etag}),
        412, "changed_meanwhile", "the tag is another one after it")
tap.is_(loads(), loaded, "a version comes by the feed")
said = agree(["Wipe"], kinds[:1], ["hq", None],
             "engine and database agree on the new operation")
tap.is_([said[who, "Wipe", "hq"] for who in PEOPLE],
        [True, False, True, False, False],
        "built-in roles have it, custom ones gain nothing")
report = alice.get(REPORT + "?type=Contoso_Backup&since=1").json()
tap.is_([(r["role_id"], [o["name"] for o in r["operations"]])
         for r in report["missing"]],
        [("TST00001", ["Wipe"]), ("TST00002", ["Wipe"])],
        "the report narrows to what came after a version")
tap.is_([alice.get(REPORT + q).status for q in (
    "?type=No_Such", "?since=x", "?type=a'b", "?nothing=1",
    "?since=1&since=2")], [200, 400, 400, 400, 400],
        "and answers 400 to what it does not know")

# ---- What is refused ------------------------------------------------------------------

before = revision()
error = refused(WHO["frank"].post(CLASS, {**WISH, "ClassName": "Fab_Thing"}),
                403, "not_permitted", "Operations Administrator registers none")
tap.is_(error["@reeve.missing"]["operation"], "Create", "and is told why not")
refused(WHO["mallory"].patch(BACKUP, {"DisplayName": "x"}), 404,
        "no_such_object", "who may not read types is told of none")
refused(WHO["grace"].patch(BACKUP, {"DisplayName": "x"}), 403,
        "not_permitted", "who may read one does not change it")
refused(alice.patch(CLASS + "('Fab_None')", {"DisplayName": "x"}), 404,
        "no_such_object", "one that is not there is 404")
for hostile, status, code in (
        ({"IsSecurity": True}, 400, "bad_request"),
        ({"ClassName": "SMS_Application"}, 400, "reserved_name"),
        ({"ClassName": "CM_UpdatePackages"}, 409, "name_taken"),
        ({"ClassName": "contoso_backup"}, 409, "name_taken"),
        ({"SDKName": "Application"}, 409, "name_taken"),
        ({"ObjectTypeID": 28}, 400, "malformed_type"),
        ({"Operations": [{"Name": "A", "IsSecurity": True}]}, 400,
         "bad_request"),
        ({"Operations": ["Read"]}, 400, "bad_request"),
        ({"Operations": [{"Name": "Own", "Bit": 1}]}, 400,
         "malformed_operation"),
        ({"Operations": [{"Name": "A\ud800"}]}, 400, "bad_json"),
        ({"Operations": [{"Name": "A\u0000"}]}, 400, "bad_json")):
    refused(alice.post(CLASS, {**WISH, "ClassName": "Fab_Thing", **hostile}),
            status, code, f"hostile {json.dumps(hostile)}: {status} {code}")
for path in ("(Contoso_Backup)", "('')", "('a'b')", "(1)"):
    refused(alice.patch(CLASS + path, {"DisplayName": "x"}), 400, "bad_key",
            f"the key {path} is none")
tap.is_(revision(), before, "no refusal took a revision")

# ---- A class of resources -----------------------------------------------------------------

answer = alice.post("/AdminService/v1.0/ApplicationType", {
    "ClassName": "Contoso_Agent", "Application": "Contoso Backup",
    "SecuredBy": "collection", "Operations": [
        {"Name": "Restart", "Means": "Modify Resource"}]})
tap.is_((answer.status, answer.json()["ObjectTypeID"]), (201, None),
        "a class of resources is secured by collections")
tap.is_(loads(), loaded, "and comes by the feed too")
device = site.psql("SELECT min(resource_id) FROM reeve.resource WHERE"
                   " resource_type = 5").strip()
said = agree(["Restart", "Read", "Modify"], ["Contoso_Agent"], [device],
             "engine and database agree on it")
tap.is_([said[who, "Restart", device] ==
         ask(who, "Modify Resource", "SMS_R_System", device)["decision"]
         for who in PEOPLE], [True] * len(PEOPLE),
        "its operation is allowed where what it means is")

# ---- Taking it away -----------------------------------------------------------------------

error = refused(alice.delete(BACKUP), 409, "type_in_use",
                "a type with objects and roles stays")
tap.is_(error["@reeve.objects"], ["branch", "hq", "TST00001"],
        "and the answer says what uses it")
owner("DELETE FROM secured_object WHERE object_type_id = 2000000;"
      " DELETE FROM role_operation WHERE role_id = 'TST00001'")
answer = alice.delete(BACKUP)
tap.is_((answer.status, answer.body), (204, b""), "an unused one goes")
wanted = revision()
wait_for(lambda: ask("alice", "Read", "SMS_Application")
         ["context"]["revision"] >= wanted, what="the revision")
agree(["Read", "Restore"], kinds, ["hq", None],
      "engine and database agree that it is gone")
answer = alice.post(CLASS, {**WISH, "ObjectTypeID": 2000000})
refused(answer, 409, "id_taken", "its number is never used again")
answer = alice.post(CLASS, WISH)
tap.is_((answer.status, answer.json()["ObjectTypeID"]), (201, 2000001),
        "its name is free")

fixture.finish(site)
