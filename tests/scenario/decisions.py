#!/usr/bin/python3 -B
"""May this person do this to that: the sample site's people ask."""

from lib import fixture, tap, web
from lib.records import audit

PATH = "/access/v1/evaluation"
site = fixture.site()

# The people's own names for the objects that are asked about.
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER = APPS["Contoso Ledger"]        # Headquarters
SALE = APPS["Point of Sale"]           # Branch Offices
REMOTE = APPS["Remote Access Client"]  # both
HQ_WS, BRANCH_WS, SERVER = "16777226", "16777440", "16777570"

WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "carol", "dave", "mallory", "erin",
                    "frank", "grace", "ivan")}


def ask(caller, subject, action, kind, key, **more):
    return WHO[caller].post(PATH, {
        "subject": {"type": "user", "id": f"{subject}@LAB.TEST"},
        "action": {"name": action},
        "resource": {"type": kind, "id": key}, **more})


def decides(caller, action, kind, key, expected, reason, conditions=None):
    """caller asks about itself."""
    answer = ask(caller, caller, action, kind, key)
    what = f"{caller}: {action} {kind} {key[-12:] or '(any)'}"
    if not tap.is_(answer.status, 200, f"{what} is answered"):
        return
    body = answer.json()
    context = body["context"]
    tap.is_((body["decision"], context["reason"]), (expected, reason), what)
    if conditions is not None:
        tap.is_(context["missing"]["conditions"], conditions,
                f"{what}: what is missing")
    else:
        tap.ok("missing" not in context, f"{what}: nothing is named missing")


YES, NO = (True, "allowed"), (False, "not_permitted")
HIDDEN = (False, "no_such_object")
MISSING_KEY = "ScopeId_0/Application_0"

# ---- Applications: secured by scope ----------------------------------------

decides("alice", "Delete", "SMS_Application", LEDGER, *YES)
decides("alice", "Delete", "Application", LEDGER, *YES)  # by SDK name
decides("alice", "Delete", "31", LEDGER, *YES)           # by ObjectTypeID
decides("alice", "Delete", "SMS_Application", MISSING_KEY, *HIDDEN)
decides("alice", "Create", "SMS_Application", "", *YES)
decides("bob", "Modify", "SMS_Application", LEDGER, *YES)
decides("bob", "Modify", "SMS_Application", REMOTE, *YES)
decides("bob", "Modify", "SMS_Application", SALE, *HIDDEN)
decides("bob", "Create", "SMS_Application", "", *YES)
decides("bob", "Delete", "SMS_Package", "RVE00021", *HIDDEN)
decides("dave", "Read", "SMS_Application", SALE, *YES)
decides("dave", "Delete", "SMS_Application", SALE, *NO, ["operation"])
decides("dave", "Run Report", "SMS_Application", "", *YES)
decides("dave", "Create", "SMS_Application", "", *NO, ["operation"])
decides("ivan", "Read", "SMS_Application", SALE, *YES)
decides("ivan", "Modify", "SMS_Application", SALE, *NO, ["operation"])
decides("ivan", "Read", "SMS_Application", LEDGER, *HIDDEN)
decides("mallory", "Read", "SMS_Application", LEDGER, *HIDDEN)
decides("mallory", "Create", "SMS_Application", "",
        False, "no_assignment", [])

# ---- Devices and collections -------------------------------------------------

decides("carol", "Remote Control", "SMS_R_System", HQ_WS, *YES)
decides("carol", "Read Resource", "SMS_R_System", HQ_WS, *YES)
decides("carol", "Read", "SMS_G_System_COMPUTER_SYSTEM", HQ_WS, *YES)
decides("carol", "Remote Control", "SMS_R_System", BRANCH_WS, *HIDDEN)
decides("carol", "Delete Resource", "SMS_R_System", HQ_WS, *NO,
        ["operation"])
decides("carol", "Deploy Applications", "SMS_R_System", HQ_WS,
        False, "op_not_applicable")
decides("carol", "Read", "SMS_Collection", "RVE00015", *YES)
decides("carol", "Read", "SMS_Collection", "RVE00017", *YES)
decides("carol", "Read", "SMS_Collection", "RVE00014", *HIDDEN)
decides("carol", "Modify", "SMS_Collection", "RVE00015", *NO,
        ["operation", "collection"])
decides("carol", "Modify", "SMS_Collection", "RVE00017", *NO, ["operation"])
decides("alice", "Modify", "SMS_Collection", "SMS00001", *NO, ["collection"])
decides("alice", "Remote Control", "SMS_R_System", SERVER, *YES)
decides("alice", "Remote Control", "SMS_R_System", "2063597569", *HIDDEN)
decides("alice", "Read", "SMS_R_User", "2063597569", *YES)

# ---- One role's scopes are not another role's ---------------------------------

decides("erin", "Modify", "SMS_TaskSequencePackage", "RVE00034", *YES)
decides("erin", "Modify", "SMS_TaskSequencePackage", "RVE00035", *YES)
decides("erin", "Read", "SMS_TaskSequencePackage", "RVE00031", *HIDDEN)

# ---- Roles, scopes, administrators: secured by role ---------------------------

decides("frank", "Add", "SMS_Admin", "", *YES)
decides("dave", "Read", "SMS_Role", "SMS0001R", *YES)
decides("dave", "Modify", "SMS_Role", "SMS0001R", *NO, ["operation"])
decides("dave", "Read", "SMS_Role", "SMS0099R", *HIDDEN)
decides("bob", "Read", "SMS_Admin", "", *NO, ["operation"])

# ---- An expired grant gives nothing --------------------------------------------

decides("grace", "Delete", "SMS_Application", APPS["Packet Analyzer"], *YES)
decides("grace", "Add", "SMS_Admin", "", False, "not_permitted",
        ["operation", "time"])  # of her Auditor role, of the expired one

# ---- Words that the catalogue does not know ------------------------------------

decides("alice", "Read", "SMS_Nothing", "x", False, "unknown_type")
decides("alice", "read", "SMS_Application", LEDGER,
        False, "unknown_operation")
decides("alice", "Read", "sms_application", LEDGER, False, "unknown_type")

# ---- A hidden object looks like a missing one ------------------------------------

hidden = ask("bob", "bob", "Delete", "SMS_Application", SALE).json()
absent = ask("bob", "bob", "Delete", "SMS_Application", MISSING_KEY).json()
for body in (hidden, absent):
    for name in ("evaluated_at", "valid_until"):
        body["context"].pop(name)
tap.is_(hidden, absent, "a hidden object is answered like a missing one")

# ---- Roles that would give it, for those who may read roles ---------------------

roles = ask("dave", "dave", "Delete", "SMS_Application", SALE).json()
tap.ok("SMS0001R" in roles["context"]["missing"]["roles"],
       "dave reads which roles would allow it")
roles = ask("carol", "carol", "Delete Resource", "SMS_R_System",
            HQ_WS).json()
tap.ok("roles" not in roles["context"]["missing"],
       "carol may not read roles and is told none")

# ---- About others ---------------------------------------------------------------

answer = ask("grace", "dave", "Read", "SMS_Application", SALE)
tap.is_(answer.json()["decision"], True,
        "an auditor asks about dave, through his nested group")
answer = ask("grace", "bob", "Modify", "SMS_Application", SALE)
tap.is_((answer.json()["decision"], answer.json()["context"]["reason"]), NO,
        "an auditor learns that bob may not, and why")
tap.is_(answer.json()["context"]["missing"]["conditions"], ["scope", "read"],
        "it is the scope that bob lacks, and so the right to read")
answer = ask("bob", "alice", "Modify", "SMS_Application", LEDGER)
tap.is_(answer.status, 403, "bob may not ask about alice")
tap.is_(answer.json()["missing"]["operation"], "Simulate",
        "what he lacks is Simulate")
answer = ask("grace", "nobody-of-this-name", "Read", "SMS_Application", SALE)
tap.is_(answer.json()["decision"], False, "an unknown person may nothing")

# ---- Every answer and its record --------------------------------------------------

answer = ask("dave", "dave", "Delete", "SMS_Application", SALE)
request_id = answer.header("x-request-id")
revision = site.psql("SELECT n FROM reeve.site_revision").strip()
tap.like(answer.header("reeve-revision"), f"^{revision}; epoch=[0-9a-f-]{{36}}$",
         "the answer names the revision of the rules")
tap.like(answer.header("reeve-session"), "^rvs1_[A-Za-z0-9_-]{43}$",
         "a first request gives a session")
found = audit(site, request_id=request_id)
tap.is_(len(found), 1, "one record for one request")
record = found[0]
tap.is_((record["event"], record["outcome"], record["reason"]),
        ("decision", "deny", "not_permitted"), "it says what was decided")
tap.is_((record["subject"]["id"], record["subject"]["level"],
         record["subject"]["groups_known"]),
        ("dave@LAB.TEST", "windows", True), "and about whom")
tap.is_((record["action"], record["object"]["id"]), ("Delete", SALE),
        "and what was asked")
tap.is_(record["policy_revision"], int(revision), "and on which revision")
tap.ok(record["matched"], "and which assignments it rests on")
hashed = record["subject"]["groups_hash"]
sets = audit(site, event="group_set")
tap.is_({tuple(r["groups"]) for r in sets
         if r["subject"]["groups_hash"] == hashed},
        {tuple(f"group:10000000-0000-4000-8000-00000000000{n}"
               for n in (1, 2, 4))},
        "the groups behind the hash are recorded")
about = [r for r in audit(site) if r.get("about") == "dave@LAB.TEST"]
tap.is_({r["about_groups_hash"] for r in about}, {hashed},
        "a question about dave names the same set")
seqs = [r["seq"] for r in sets if r["subject"]["groups_hash"] == hashed]
tap.ok(seqs[0] < min(r["seq"] for r in audit(site) if
                     r.get("subject", {}).get("groups_hash") == hashed
                     and r["event"] != "group_set"),
       "ahead of the first record that names it")

fixture.finish(site)
