#!/usr/bin/python3 -B
"""The command reeve, as people and scripts use it."""

import json
import os
import subprocess

from lib import fixture, tap
from lab import host

OK, ERROR, USAGE, DENIED, SIGN_IN, NOT_FOUND, CONFLICT = range(7)

site = fixture.site(config={"revision_wait": "200ms"})
REEVE = os.path.join(os.path.dirname(site.provider.binary), "reeve")
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER = APPS["Contoso Ledger"]        # Headquarters
SALE = APPS["Point of Sale"]           # Branch Offices
CCACHES = {}


class Ran:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()


def reeve(who, *arguments, stdin=b"", **environment):
    """Runs the command as somebody who has signed in; None: nobody."""
    if who and who not in CCACHES:
        CCACHES[who] = site.kinit(who)
    env = host.base_env(
        REEVE_URL=site.url, REEVE_CA=site.ca,
        KRB5_CONFIG=site.kdc.krb5_conf,
        KRB5CCNAME="FILE:" + (CCACHES[who] if who else "/nonexistent"))
    env.update(site.provider.env())
    env["KRB5_CONFIG"] = site.kdc.krb5_conf
    env.update(environment)
    return Ran(subprocess.run(
        [REEVE, *arguments], env={k: v for k, v in env.items()
                                  if v is not None},
        input=stdin, capture_output=True, check=False, timeout=60))


def gives(who, arguments, code, out=None, err=None, **more):
    """The exit code, and all of what it prints (out) or part of it (err)."""
    ran = reeve(who, *arguments, **more)
    what = f"{who}: reeve {' '.join(a[-24:] for a in arguments)}"
    if not tap.is_(ran.code, code, f"{what} is {code}"):
        tap.diag(ran.out + ran.err)
    if out is not None:
        tap.is_(ran.out, out, f"{what}: what it prints")
    if err is not None:
        tap.like(ran.err, err, f"{what}: what it says")
    elif code == OK:
        tap.is_(ran.err, "", f"{what}: no error")
    return ran


MODIFY = ("Modify", "SMS_Application")

# ---- One check ----------------------------------------------------------------

gives("bob", ["check", *MODIFY, LEDGER], OK, "allowed\n")
gives("dave", ["check", *MODIFY, LEDGER], DENIED, "denied: not_permitted\n")
gives("bob", ["check", *MODIFY, SALE], NOT_FOUND,
      "denied: no_such_object\n")
gives("bob", ["check", "Create", "SMS_Application"], OK, "allowed\n")
gives("grace", ["check", "--subject", "bob@LAB.TEST", *MODIFY, SALE],
      DENIED, "denied: not_permitted\n")
gives("grace", ["check", "--group", "10000000-0000-4000-8000-000000000001",
                "Read", "SMS_Application", SALE], OK, "allowed\n")
gives("bob", ["check", "--subject", "alice@LAB.TEST", *MODIFY, SALE],
      DENIED, "", "missing: Simulate on SMS_Admin \\(operation")

# ---- Why ----------------------------------------------------------------------

ran = gives("grace", ["explain", "--subject", "bob@LAB.TEST", *MODIFY, SALE],
            DENIED)
lines = ran.out.splitlines()
tap.is_(lines[0],
        "bob@LAB.TEST may not Modify the application Point of Sale: the role "
        "Application Author holds it, but only in the scope Headquarters, "
        "and the application is in Branch Offices.",
        "the first line is the sentence")
tap.like(lines[1], "^assignment [0-9]+: Application Author \\(SMS0008R\\)$",
         "then the assignments")
tap.is_(lines[2], "  scopes Headquarters (RVE00010)", "with their scopes")
ran = gives("bob", ["explain", *MODIFY, LEDGER], OK)
tap.like(ran.out, "^You may Modify the application Contoso Ledger: ",
         "an allow is explained too")
ran = gives("dave", ["explain", "Delete", "SMS_Application", SALE], DENIED)
tap.like(ran.out, r"it is needed to: Delete an application "
         r"\(application\.delete\)", "and a denial names the task")
ran = gives("dave", ["--json", "explain", "Delete", "SMS_Application", SALE],
            DENIED)
said = json.loads(ran.out)
tap.is_((said["decision"], said["context"]["missing"]["conditions"]),
        (False, ["operation"]), "as JSON it is the provider's answer")
stamp = said["at_least"]
tap.like(stamp, "^[0-9]+; epoch=[0-9a-f-]{36}$", "with the revision")

# ---- Many checks ----------------------------------------------------------------

table = (f"# a comment\n\nRead\tSMS_Application\t{SALE}\n"
         f"Delete\tSMS_Application\t{SALE}\nCreate\tSMS_Application\n")
gives("dave", ["batch", "-"], DENIED,
      f"allowed\tRead\tSMS_Application\t{SALE}\tallowed\n"
      f"denied\tDelete\tSMS_Application\t{SALE}\tnot_permitted\n"
      "denied\tCreate\tSMS_Application\t\tnot_permitted\n",
      stdin=table.encode())
path = site.path("batch")
host.write(path, "".join(json.dumps(
    {"action": {"name": "Read"},
     "resource": {"type": "SMS_Application", "id": key}}) + "\n"
    for key in [SALE] * 1100))
ran = gives("dave", ["batch", path], OK)
tap.is_(len(ran.out.splitlines()), 1100, "a long file is sent in parts")
ran = gives("dave", ["--json", "batch", "-"], DENIED, stdin=table.encode())
tap.is_([e["decision"] for e in json.loads(ran.out)["evaluations"]],
        [True, False, False], "as JSON it is the provider's answer")
gives("dave", ["batch", "-"], ERROR, "", "standard input, line 2: ",
      stdin=b"Read\tSMS_Role\nRead\n")
gives("dave", ["batch", path + ".not"], ERROR, "", "No such file")
ran = gives("dave", ["batch", "-"], ERROR, stdin=b'{"action": {}}\n')
tap.like(ran.out, "^denied\t.*action.name is missing", "and what is wrong")

# ---- Lists ---------------------------------------------------------------------

ran = gives("bob", ["list", *MODIFY], OK)
keys = ran.out.splitlines()
tap.is_((len(keys), keys == sorted(keys)), (9, True),
        "bob's nine applications, in order")
gives("bob", ["list", "--count", *MODIFY], OK, "9\n")
gives("bob", ["list", "--limit", "2", *MODIFY], OK,
      "\n".join(keys[:2]) + "\n", "there are more: --all, or --token ")
tap.is_(reeve("bob", "list", "--all", "--limit", "2", *MODIFY).out, ran.out,
        "page by page they are the same")
ran = gives("bob", ["--json", "list", "--all", "--limit", "4", *MODIFY], OK)
tap.is_([r["id"] for r in json.loads(ran.out)["results"]], keys,
        "and as JSON")
gives("mallory", ["list", *MODIFY], OK, "")
gives("bob", ["list", "--token", "x", *MODIFY], ERROR, "", "page.token")
ran = gives("grace", ["who", *MODIFY, LEDGER], OK)
rows = [line.split("\t") for line in ran.out.splitlines()]
tap.ok(any(row[:3] == ["user", "bob@LAB.TEST", "none"]
           or row[:3] == ["user", "bob@LAB.TEST", "windows"]
           for row in rows), "who may modify it: bob is among them")
ran = gives("grace", ["--json", "who", "Read", "SMS_Application", LEDGER], OK)
tap.is_([h["id"][-1] for h in json.loads(ran.out)["holders"]
         if h["type"] == "group"], ["1"], "groups are told with the users")
gives("dave", ["who", *MODIFY, LEDGER], DENIED, "", "Simulate")
ran = gives("bob", ["can", "SMS_Application", LEDGER], OK)
tap.ok({"Read", "Modify"} <= set(ran.out.splitlines()),
       "what bob may do on it")
gives("bob", ["can", "SMS_Application", SALE], NOT_FOUND, "")
ran = gives("carol", ["scope"], OK, err="not all of it")  # no roles
tap.like(ran.out, "collections Headquarters Workstations \\(RVE00015\\)",
         "what carol holds")
ran = gives("grace", ["scope", "--subject", "dave@LAB.TEST"], OK)
tap.like(ran.out, "Read-only Analyst \\(SMS0002R\\), by the group ",
         "and dave, by his group")
gives("mallory", ["scope"], OK, "no assignments\n")

# ---- What if, and two things ------------------------------------------------------

ADD = ["--add", "SMS0002R:SMS00ALL:SMS00001,SMS00004"]
gives("alice", ["what-if", "--subject", "bob@LAB.TEST", *ADD, "Read",
                "SMS_Application", SALE], OK,
      "becomes allowed\n")
ran = gives("alice", ["whatif", "--subject", "bob@LAB.TEST", *ADD,
                      "--operations", "SMS_Application", SALE], OK)
tap.ok("gained\tRead" in ran.out.splitlines(), "and which operations")
gives("bob", ["what-if", *ADD, "Read", "SMS_Application", SALE], DENIED,
      "", "Simulate")
gives("alice", ["what-if", "--add", "R:S:C:D", "Read", "SMS_Role"], USAGE,
      "", "ROLE")
gives("alice", ["what-if", "--remove", "x", "Read", "SMS_Role"], USAGE, "",
      "--remove x")
ran = gives("ivan", ["deploy", "SMS_Application", SALE, "RVE00016"], OK)
tap.like(ran.out, "^You may deploy the application Point of Sale to the "
         "collection Branch Workstations", "ivan may deploy")
ran = gives("dave", ["deploy", "SMS_Application", SALE, "RVE00016"], DENIED)
tap.like(ran.out, "lacks Deploy Applications on the collection",
         "dave may not, and reads why")
gives("ivan", ["deploy", "SMS_Application", LEDGER, "RVE00016"], NOT_FOUND)

# ---- Revisions, levels, sign-in ----------------------------------------------------

gives("bob", ["--at-least", stamp, "check", *MODIFY, LEDGER], OK)
gives("bob", ["--at-least", "999999", "check", *MODIFY, LEDGER], ERROR, "",
      "has revision ")
gives("bob", ["--at-least", "1; epoch=0", "check", *MODIFY, LEDGER],
      CONFLICT, "", "history")
gives("bob", ["--at-least", "x", "check", *MODIFY, LEDGER], ERROR, "",
      "Reeve-At-Least")
gives(None, ["check", *MODIFY, LEDGER], SIGN_IN, "", "kinit")
gives(None, ["list", *MODIFY], SIGN_IN, "", "kinit")
site.psql("BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision(); "
          "INSERT INTO reeve.role_minimum (role_id, level) "
          "VALUES ('SMS0008R', 2); COMMIT;")
revision = site.psql("SELECT n FROM reeve.site_revision").strip()
ran = gives("bob", ["--at-least", revision, "explain", *MODIFY, LEDGER],
            NOT_FOUND)  # his Read comes from the same role
site.psql("BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision(); "
          "DELETE FROM reeve.role_minimum; "
          "UPDATE reeve.site_setting SET minimum_level = 2; COMMIT;")
revision = site.psql("SELECT n FROM reeve.site_revision").strip()
gives("bob", ["--at-least", revision, "check", *MODIFY, LEDGER], SIGN_IN, "",
      "asks for the authentication level certificate")

# ---- Words -----------------------------------------------------------------------------

gives(None, ["version"], OK)
tap.like(gives(None, ["help"], OK).out, "^usage: reeve ", "help helps")
gives(None, ["--help"], OK)
for wrong, says in (([], "usage: "), (["nothing"], "no command nothing"),
                    (["check"], "usage: reeve check OPERATION"),
                    (["check", "a", "b", "c", "d"], "usage: reeve check"),
                    (["--bogus", "check", "a", "b"], "--bogus"),
                    (["list", "--limit", "0", "a", "b"], "--limit 0"),
                    (["--url", "http://localhost/", "scope"], "https"),
                    (["scope", "--subject", "a", "--group", "b"],
                     "--group")):
    gives("bob", wrong, USAGE, "", says)
gives("bob", ["explain", "", "SMS_Role"], USAGE, "", "operand 1 is empty")
gives("bob", ["scope"], USAGE, "", "REEVE_URL", REEVE_URL=None)
gives("bob", ["scope"], ERROR, "", "REEVE_CA",
      REEVE_CA=site.kdc.krb5_conf)
gives("bob", ["--url", "https://localhost:1/", "scope"], ERROR, "",
      "is the provider running")

fixture.finish(site)
