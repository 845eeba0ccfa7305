#!/usr/bin/python3 -B
"""Devices and users deleted, and computers imported, over REST: by a full
administrator and by those who would like to reach further than they may."""

from lib import fixture, tap, web

WMI, OWN = "/AdminService/wmi/", "/reeve/v1/"
COLLECTION, DEVICE = WMI + "SMS_Collection", WMI + "SMS_R_System"
IMPORT = WMI + "SMS_Site.ImportMachineEntry"
site = fixture.site()
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "heidi", "judy", "olga")}
DEVICES = [int(i) for i in site.psql(
    "SELECT resource_id FROM reeve.resource WHERE resource_type = 5 "
    "ORDER BY 1 LIMIT 8").split()]
USER = int(site.psql("SELECT min(resource_id) FROM reeve.resource WHERE "
                     "resource_type = 4"))
GROUP = int(site.psql("""
    SET search_path = reeve, public;
    BEGIN;
    SELECT take_revision();
    INSERT INTO resource (resource_id, resource_type, name)
        VALUES (4000000000, 3, 'a group') RETURNING resource_id;
    COMMIT;""").splitlines()[-1])


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def error(answer):
    said_so = answer.json()
    return answer.status, said_so.get("error", said_so)["code"]


def made(path, body):
    answer = call("alice", "POST", path, body)
    assert answer.status == 201, (path, answer.status, answer.body)
    return answer.header("location")


def collection(name, limit="SMS00001", devices=()):
    return made(COLLECTION, {
        "Name": name, "CollectionType": 2, "LimitToCollectionID": limit,
        "CollectionRules": [{"RuleName": "it", "ResourceID": d,
                             "ResourceClassName": "SMS_R_System"}
                            for d in devices]}).split("'")[1]


def role(name, *wishes):
    """A role with operations of types: its RoleID."""
    return made(WMI + "SMS_Role", {
        "RoleName": name, "RoleDescription": "", "Operations": [
            {"ObjectTypeID": t, "ReeveOperations": list(names)}
            for t, names in wishes]}).split("'")[1]


def assign(who, *rows):
    made(WMI + "SMS_Admin", {"LogonName": f"LAB\\{who}", "Permissions": [
        {"RoleID": r, "CategoryID": c,
         "CategoryTypeID": 29 if c.startswith("SMS00") else 1}
        for r, c in rows]})


def members(of):
    rows = call("alice", "GET", WMI + "SMS_FullCollectionMembership?$filter="
                f"CollectionID%20eq%20'{of}'").json()["value"]
    return sorted(r["ResourceID"] for r in rows)


def sees(who, device, operation="Read"):
    return WHO[who].post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": operation},
        "resource": {"type": "SMS_R_System", "id": str(device)}}
        ).json()["decision"]


def revision():
    return site.psql("SELECT n FROM reeve.site_revision").strip()


def computer(name, target, **more):
    return {"NetbiosName": name, "CollectionId": target, **more}


MINE = collection("Mine", devices=DEVICES[:3])
LESS = collection("Less", MINE, DEVICES[:1])
READ = collection("Only read", devices=[DEVICES[3]])
HIDDEN = collection("Hidden", devices=[DEVICES[4]])
REMOVE = role("Removes", (1, ["Read", "Delete Resource", "Read Resource"]))
READS = role("Reads", (1, ["Read", "Read Resource"]))
IMPORTS = role("Imports", (6, ["Read", "Import Computer Entry"]),
               (1, ["Read", "Modify Resource"]))
SITES = role("Site's half", (6, ["Read", "Import Computer Entry"]))
MODIFIES = role("Collection's half", (1, ["Read", "Modify Resource"]))
CONTROLS = role("Controls", (1, ["Read", "Remote Control"]))
assign("heidi", (REMOVE, MINE), (READS, READ))
assign("judy", (SITES, "SMS00UNA"), (MODIFIES, MINE))
assign("olga", (IMPORTS, "SMS00UNA"), (IMPORTS, MINE), (IMPORTS, READ),
       (CONTROLS, LESS))

# ---- Deleting -------------------------------------------------------------------


def device(number):
    return f"{DEVICE}({number})"


before = revision()
for caller, path, more, status, code in (
        ("bob", device(DEVICES[0]), {}, 404, "no_such_object"),
        ("heidi", device(DEVICES[3]), {}, 403, "not_permitted"),
        ("heidi", device(DEVICES[4]), {}, 404, "no_such_object"),
        ("heidi", device(4294967295), {}, 404, "no_such_object"),
        ("heidi", f"{WMI}SMS_R_User({DEVICES[0]})", {}, 404,
         "no_such_object"),
        ("heidi", f"{WMI}SMS_R_UserGroup({GROUP})", {}, 404,
         "no_such_object"),
        ("alice", DEVICE + "('16777217')", {}, 400, "bad_key"),
        ("alice", DEVICE + "(-1)", {}, 400, "bad_key"),
        ("alice", DEVICE + "(" + "9" * 1000 + ")", {}, 400, "bad_key"),
        ("alice", DEVICE + "(" + "9" * 10000 + ")", {}, 414, None),
        ("alice", DEVICE + "(1%20OR%201=1)", {}, 400, "bad_key"),
        ("alice", DEVICE + "(1%00)", {}, 400, None),
        ("heidi", device(DEVICES[0]), {"If-Match": 'W/"1"'}, 412,
         "changed_meanwhile")):
    answer = call(caller, "DELETE", path, headers=more)
    got = error(answer)
    tap.is_(got if code else got[0], (status, code) if code else status,
            f"{caller} deletes {path[len(WMI):60]}: {code}")
answer = call("heidi", "DELETE", device(DEVICES[3]))
tap.is_(answer.json()["error"]["@reeve.missing"]["operation"],
        "Delete Resource", "and 403 says what it is called on collections")
tap.is_([{k: v for k, v in call("heidi", "DELETE", device(d)).json()[
    "error"].items() if k != "@reeve.request_id"} for d in (DEVICES[4],)],
        [{k: v for k, v in call("heidi", "DELETE", device(1)).json()[
            "error"].items() if k != "@reeve.request_id"}],
        "a hidden device is answered as none")
answer = call("heidi", "DELETE", device(DEVICES[0]) + "?dryRun=true")
tap.is_((answer.status, revision(), members(LESS)),
        (200, before, DEVICES[:1]), "refusals and a dry run keep nothing")
tag = call("heidi", "GET", device(DEVICES[0])).json()["@odata.etag"]
named = {"Idempotency-Key": "delete-it-once", "If-Match": tag}
tap.is_([call("heidi", "DELETE", device(DEVICES[0]), headers=named).status
         for _ in range(2)], [204, 204], "a key twice deletes once")
tap.is_((members(MINE), members(LESS), sees("alice", DEVICES[0])),
        (DEVICES[1:3], [], False),
        "it is in no collection, and decisions follow")
rules = call("alice", "GET", f"{COLLECTION}('{LESS}')").json()
tap.is_(rules["CollectionRules"], [], "no rule names it")
tap.is_(error(call("heidi", "DELETE", device(DEVICES[0]))),
        (404, "no_such_object"), "twice is 404")
tap.is_([call("alice", "DELETE", path).status for path in (
    f"/AdminService/v1.0/Device({DEVICES[7]})", f"{WMI}sms_r_user({USER})",
    f"/AdminService/v1.0/UserGroup({GROUP})")], [204, 204, 204],
        "users and groups go too, and by their entities")
answer = call("heidi", "POST", WMI + "$batch", {"requests": [
    {"id": "1", "atomicityGroup": "g", "method": "DELETE",
     "url": f"SMS_R_System({DEVICES[1]})"},
    {"id": "2", "atomicityGroup": "g", "method": "DELETE",
     "url": f"SMS_R_System({DEVICES[3]})"}]}).json()["responses"]
tap.is_(([r["status"] for r in answer], members(MINE)),
        ([424, 403], DEVICES[1:3]),
        "in a group with one that is refused nothing is deleted")

# ---- Importing: what there is not yet -------------------------------------------------

MAC = "02:00:00:00:01:{:02X}".format
answer = call("olga", "POST", IMPORT, computer(
    "NEW-1", MINE, MACAddress="02-00-00-00-01-01",
    SMBIOSGUID="{4c4c4544-0001-0000-0000-000000000001}"))
new = answer.json()
tap.is_((answer.status, new.get("MachineExists"), new.get("@reeve.member"),
         new.get("ReturnValue")), (200, False, True, 0), "a computer comes")
NEW = new["ResourceID"]
got = call("olga", "GET", device(NEW)).json()
tap.is_((got["Name"], got["MACAddresses"], got["SMBIOSGUID"],
         NEW in members(MINE), sees("olga", NEW)),
        ("NEW-1", [MAC(1)], "4C4C4544-0001-0000-0000-000000000001", True,
         True), "and is a device in the collection")
named = {"Idempotency-Key": "import-it-once"}
body = computer("NEW-2", MINE, MACAddress=MAC(2))
answers = [call("olga", "POST", IMPORT, body, headers=named).json()
           for _ in range(2)]
tap.is_((answers[0]["ResourceID"], answers[1]["@reeve.replayed"]),
        (answers[1]["ResourceID"], True), "a key twice imports once")
tap.is_(error(call("olga", "POST", IMPORT, body)), (409, "machine_exists"),
        "without the key it is there already")
before = revision()
answer = call("olga", "POST", IMPORT + "?dryRun=true",
              computer("NEW-3", MINE, MACAddress=MAC(3)))
tap.is_((answer.status, revision()), (200, before), "a dry run keeps nothing")
answer = call("alice", "POST", IMPORT, computer("OUTSIDE", LESS,
                                               MACAddress=MAC(4))).json()
tap.is_((answer["@reeve.member"], members(LESS)), (False, []),
        "what the limit has not is no member, and the answer says so")
answer = call("olga", "POST", WMI + "$batch", {"requests": [
    {"id": str(i), "atomicityGroup": "g", "method": "POST",
     "url": "SMS_Site.ImportMachineEntry",
     "headers": {"Content-Type": "application/json"},
     "body": computer(f"GROUP-{i}", target, MACAddress=MAC(16 + i))}
    for i, target in ((1, MINE), (2, HIDDEN))]}).json()["responses"]
tap.is_(([r["status"] for r in answer], site.psql(
    "SELECT count(*) FROM reeve.resource WHERE name ~ '^GROUP'").strip()),
        ([424, 404], "0"), "a group with a refused import imports nothing")

# ---- Importing: reaching further ----------------------------------------------------------

site.psql(f"""
SET search_path = reeve, public;
BEGIN;
SELECT take_revision();
UPDATE resource SET properties = properties || jsonb_build_object(
        'MACAddresses', jsonb_build_array('02:00:00:00:02:0' || n),
        'SMBIOSGUID', '4C4C4544-0002-0000-0000-00000000000' || n)
    FROM unnest(ARRAY{DEVICES}) WITH ORDINALITY AS x (id, n)
    WHERE resource_id = id;
COMMIT;
""")


def theirs(i, **more):
    return {"MACAddress": f"02:00:00:00:02:0{i + 1}", **more}


FREE = {"MACAddress": MAC(99)}
OVER = {"OverwriteExistingRecord": True}
LONG = "x" * 10000
before = revision()
for caller, body, status, code in (
        ("bob", computer("X", MINE, **FREE), 403, "not_permitted"),
        ("judy", computer("X", MINE, **FREE), 403, "not_permitted"),
        ("olga", computer("X", HIDDEN, **FREE), 404, "no_such_object"),
        ("olga", computer("X", "NOSUCH", **FREE), 404, "no_such_object"),
        ("olga", computer("X", LONG, **FREE), 404, "no_such_object"),
        ("olga", computer("X", "x' OR 1=1", **FREE), 404, "no_such_object"),
        ("alice", computer("X", "SMS00001", **FREE), 409, "built_in"),
        ("alice", computer("X", "SMS00004", **FREE), 400, "other_kind"),
        # A hidden record, whatever is said of it
        ("olga", computer("X", MINE, **theirs(4)), 404, "no_such_object"),
        ("olga", computer("X", MINE, **theirs(4, **OVER)), 404,
         "no_such_object"),
        ("olga", computer("X", MINE, SMBIOSGUID="4c4c4544000200000000"
                          "000000000005", **FREE, **OVER), 404,
         "no_such_object"),
        # Records that one may read
        ("olga", computer("X", MINE, **theirs(2)), 409, "machine_exists"),
        ("alice", computer("X", MINE, SMBIOSGUID="4c4c45440002000000000"
                           "00000000005", **theirs(2, **OVER)), 409,
         "ambiguous_machine"),
        # Devices of Mine into Less, where one has Remote Control
        ("olga", computer("X", LESS, **theirs(2, **OVER)), 403,
         "self_widening"),
        ("alice", computer(LONG, MINE, **FREE), 400, "malformed_machine"),
        ("alice", computer("", MINE, **FREE), 400, "malformed_machine"),
        ("alice", computer("X", MINE, MACAddress=LONG), 400,
         "malformed_machine"),
        ("alice", computer("X", MINE, SMBIOSGUID=LONG), 400,
         "malformed_machine"),
        ("alice", computer("X", MINE), 400, "malformed_machine"),
        ("alice", computer("X\0", MINE, **FREE), 400, "bad_json"),
        ("alice", computer("X", MINE, MACAddress="02\0"), 400, "bad_json"),
        ("alice", computer("X", MINE, Other=1, **FREE), 400, "bad_request"),
        ("alice", computer(1, MINE, **FREE), 400, "bad_request"),
        ("alice", computer("X", MINE, OverwriteExistingRecord="true",
                           **FREE), 400, "bad_request"),
        ("alice", [], 400, None)):
    got = error(call(caller, "POST", IMPORT, body))
    tap.is_(got if code else got[0], (status, code) if code else status,
            f"{caller} imports {str(body)[:90]}: {code}")
tap.is_(revision(), before, "no refusal took a revision")


def said(body):
    """All of an answer to Olga but its own number."""
    answer = call("olga", "POST", IMPORT, body)
    error_said = answer.json()["error"]
    del error_said["@reeve.request_id"]
    return answer.status, error_said


tap.is_(said(computer("X", MINE, **theirs(4))),
        said(computer("X", "NOSUCH", **FREE)),
        "a hidden match is told as no target, and nothing of the record")
answer = call("judy", "POST", IMPORT, computer("X", MINE, **FREE))
tap.ok("@reeve.missing" in answer.json()["error"],
       "halves of two assignments: what lacks is said")
answer = call("olga", "POST", IMPORT, computer("OVER", MINE,
                                               **theirs(2, **OVER))).json()
tap.is_((answer["ResourceID"], answer["MachineExists"], call(
    "alice", "GET", device(DEVICES[2])).json()["Name"]),
        (DEVICES[2], True, "OVER"), "a record that one may modify is")
with open(site.provider.log, encoding="utf-8") as log:
    tap.ok("cannot be followed" not in log.read(),
           "no provider loads all for any of it")

fixture.finish(site)
