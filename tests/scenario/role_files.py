#!/usr/bin/python3 -B
"""Role files: in, out, compared; over REST and by the command."""

import hashlib
import json
import os
import subprocess
import xml.etree.ElementTree as tree

from lib import fixture, tap, web
from lib.records import audit
from lab import host

WMI = "/AdminService/wmi/SMS_Role"
OWN = "/reeve/v1/roles/"
site = fixture.site()
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "dave", "frank", "mallory")}
FILE = """<SMS_Roles>
  <SMS_Role CopiedFromID="SMS0009R" RoleName="Example" RoleDescription="text">
    <Operations>
      <Operation GrantedOperations="1" ObjectTypeID="6"/>
      <Operation GrantedOperations="140311" ObjectTypeID="31"/>
    </Operations>
  </SMS_Role>
</SMS_Roles>
"""


def scalar(sql):
    return site.psql(sql).strip()


def bits(name):
    return scalar("SELECT string_agg(object_type_id || '.' || bit, ' ' ORDER "
                  "BY object_type_id, bit) FROM reeve.role_operation JOIN "
                  f"reeve.security_role USING (role_id) WHERE name = '{name}'")


def take_in(caller, xml, **more):
    return WHO[caller].post(WMI + ".ImportRole", {"RolesXml": xml, **more})


def out(caller, role):
    return WHO[caller].post(WMI + ".ExportRole", {"RoleID": role})


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def count():
    return int(scalar("SELECT count(*) FROM reeve.security_role"))


# ---- In, as Configuration Manager has it ------------------------------------

answer = take_in("alice", FILE)
body = answer.json()
tap.is_((answer.status, body["ReturnValue"], body["ErrorStr"]), (200, 0, ""),
        "ImportRole")
role = body["@reeve.roles"][0]
EXAMPLE = role["key"]
tap.is_((role["name"], role["action"], role["removed"]),
        ("Example", "created", []), "the answer says what came of it")
tap.is_([o for o in role["added"] if o["ObjectTypeID"] == 6],
        [{"ObjectTypeID": 6, "OperationName": "Read"}],
        "and what it may do, by name")
tap.is_(scalar("SELECT description || copied_from_id FROM "
               "reeve.security_role WHERE name = 'Example'"), "textSMS0009R",
        "description and origin are kept")
BITS = bits("Example")
tap.ok(BITS.startswith("6.0 31.0 31.1 31.2 "), "it has the bits of the masks")
known = int(scalar("SELECT count(*) FROM reeve.role_operation WHERE role_id "
                   f"= '{EXAMPLE}'"))
tap.is_(known + sum(bin(u["GrantedOperations"]).count("1")
                    for u in role["unknown"]), 1 + bin(140311).count("1"),
        "no bit of the file is lost without a word")
tap.is_([(r["event"], r["action"], r["outcome"]) for r in
         audit(site, request_id=answer.header("x-request-id"))],
        [("write", "ImportRole", "allow")], "the access stream has it")
tap.is_(scalar("SELECT strings[2] FROM reeve.admin_audit WHERE message_id = "
               "31207"), "Example", "and the admin stream, 31207")
body = take_in("alice", FILE).json()
tap.is_((body["@reeve.roles"][0]["action"], body["@reeve.changed"]),
        ("same", 0), "the same again is no change")
tap.is_(error(take_in("alice", FILE, OverwrittenExisted=False)),
        (409, "name_taken"), "nothing is overwritten when that is not wanted")
body = take_in("alice", FILE, NewRoleName="Other").json()
tap.is_((body["@reeve.roles"][0]["name"], bits("Other")), ("Other", BITS),
        "Import-CMSecurityRole -NewRoleName")
two = FILE.replace("</SMS_Roles>", "") + \
    '<SMS_Role RoleName="Second"><Operations><Operation ObjectTypeID="987654"' \
    ' GrantedOperations="3"/></Operations></SMS_Role></SMS_Roles>'
body = take_in("alice", two).json()
tap.is_([(r["name"], r["action"]) for r in body["@reeve.roles"]],
        [("Example", "same"), ("Second", "created")], "two in one file")
tap.is_(body["@reeve.roles"][1]["unknown"],
        [{"ObjectTypeID": 987654, "GrantedOperations": 3}],
        "a type that nobody knows is told")

# ---- Out ----------------------------------------------------------------------

answer = out("alice", EXAMPLE)
tap.is_((answer.status, answer.json()["ReturnValue"]), (200, 0), "ExportRole")
masks = {o.get("ObjectTypeID"): o.get("GrantedOperations") for o in
         tree.fromstring(answer.json()["ExportedXML"]).iter("Operation")}
tap.is_(masks, {"6": "1", "31": "140311"},
        "the masks go out as they came in, unknown bits too")
answer = WHO["alice"].post(f"{WMI}('SMS0001R')/AdminService.ExportRole", {})
tap.is_(answer.status, 200, "built-in roles can be exported")
FULL = answer.json()["ExportedXML"]
full = tree.fromstring(FULL)
tap.is_({o.get("ObjectTypeID"): o.get("GrantedOperations")
         for o in full.iter("Operation")}["1"], scalar(
             "SELECT sum(1::bigint << bit) FROM reeve.role_operation WHERE "
             "role_id = 'SMS0001R' AND object_type_id = 1 AND bit < 32"),
        "a mask has all low bits")
tap.is_(scalar("SELECT string_agg(strings[2], ',') FROM reeve.admin_audit "
               "WHERE message_id = 31208"), "Example,Full Administrator",
        "the admin stream has the exports, 31208")
body = take_in("alice", FULL, NewRoleName="Full again").json()
tap.is_(bits("Full again"), bits("Full Administrator"),
        "what goes out comes in again, high bits too")
tap.is_(take_in("alice", FULL, NewRoleName="Full again")
        .json()["@reeve.roles"][0]["action"], "same", "and once more")
tap.is_(out("dave", EXAMPLE).status, 200, "Read is enough for an export")
tap.is_(error(out("bob", EXAMPLE)), (404, "no_such_object"),
        "without it the role is not there")
tap.is_(error(out("alice", "SMS0FFFF")), (404, "no_such_object"),
        "nor is one that does not exist")

# ---- What is refused ------------------------------------------------------------

before = count()
for caller, xml, more, status, code in (
        ("bob", FILE, {}, 403, "not_permitted"),
        ("dave", FILE, {}, 403, "not_permitted"),
        ("mallory", FILE, {}, 403, "no_assignment"),
        # hostile 104: a file with the name of a built-in role
        ("alice", FILE.replace("Example", "Auditor"), {}, 409, "built_in"),
        ("alice", two, {"NewRoleName": "x"}, 400, "new_name_for_several"),
        ("alice", two.replace("Second", "Example"), {}, 400,
         "role_named_twice"),
        ("alice", FILE.replace('"31"', '"6"'), {}, 400, "type_named_twice"),
        ("alice", FILE.replace("140311", "4294967296"), {}, 400,
         "bad_role_file"),
        ("alice", FILE.replace("Example", ""), {}, 400, "malformed_name"),
        ("alice", FILE[:-5], {}, 400, "bad_role_file"),
        ("alice", "", {}, 400, "bad_role_file"),
        ("alice", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
         + FILE.replace("text", "&e;"), {}, 400, "bad_role_file"),
        ("alice", "<a>" * 20000, {}, 400, "bad_role_file"),
        ("alice", 7, {}, 400, "bad_request"),
        ("alice", FILE, {"OverwrittenExisted": "yes"}, 400, "bad_request"),
        ("alice", FILE, {"Overwrite": True}, 400, "bad_request")):
    tap.is_(error(take_in(caller, xml, **more)), (status, code),
            f"{caller} {str(xml)[-30:]!r} {more}: {code}")
tap.is_(error(WHO["alice"].post(WMI + ".ImportRole", {})),
        (400, "bad_request"), "no file")
tap.is_(count(), before, "nothing of it is there")

# ---- Reeve's own ------------------------------------------------------------------

changed = FILE.replace("140311", "5")
answer = WHO["alice"].post(OWN + "import?dryRun=true",
                           {"xml": changed, "overwrite": True})
body = answer.json()
role = body["results"][0]["roles"][0]
tap.is_((answer.status, body["dry_run"], role["action"], role["added"]),
        (200, True, "changed", []), "a trial shows the difference")
tap.ok({"ObjectTypeID": 31, "OperationName": "Modify"} in role["removed"],
       "by name")
tap.is_(bits("Example"), BITS, "and keeps nothing")
answer = WHO["alice"].post(OWN + "import", {"xml": changed})
tap.is_((answer.status, answer.json()["code"]), (409, "name_taken"),
        "it overwrites nothing unless told to")
answer = WHO["alice"].post(OWN + "import", {"xml": changed,
                                            "overwrite": True})
tap.is_((answer.status, bits("Example")), (200, "6.0 31.0 31.2"),
        "and then it does")
answer = WHO["alice"].post(OWN + "export", {"role_ids": ["SMS0004R",
                                                         EXAMPLE]})
tap.is_([r.get("RoleName") for r in tree.fromstring(answer.json()["xml"])],
        [scalar("SELECT name FROM reeve.security_role WHERE role_id = "
                "'SMS0004R'"), "Example"], "several roles in one file")

answer = WHO["dave"].post(OWN + "compare", {"a": "SMS0001R", "b": "RVE0001R"})
body = answer.json()
tap.is_((answer.status, body["only_b"],
         body["both"] + len(body["only_a"])), (200, [], int(scalar(
             "SELECT count(*) FROM reeve.role_operation WHERE role_id = "
             "'SMS0001R'"))), "Auditor is within Full Administrator")
answer = WHO["dave"].post(OWN + "similar", {"role_id": "SMS0001R",
                                            "limit": 1})
tap.is_([(r["name"], float(r["similarity"])) for r in answer.json()["roles"]],
        [("Full again", 1.0)], "the copy is the most similar")
for path, body, caller, status in (
        ("compare", {"a": "SMS0001R", "b": "RVE0001R"}, "bob", 403),
        ("compare", {"a": "SMS0001R", "b": "SMS0FFFF"}, "alice", 404),
        ("compare", {"a": "SMS0001R"}, "alice", 400),
        ("similar", {"role_id": "SMS0001R"}, "mallory", 403),
        ("similar", {"role_id": "SMS0FFFF"}, "alice", 404),
        ("similar", {"role_id": "SMS0001R", "limit": 0}, "alice", 400),
        ("similar", {"role_id": "SMS0001R", "limit": 101}, "alice", 400),
        ("export", {"role_ids": []}, "alice", 400),
        ("export", {"role_ids": [1]}, "alice", 404),
        ("export", {"role_ids": ["SMS0001R"]}, "bob", 404)):
    tap.is_(WHO[caller].post(OWN + path, body).status, status,
            f"{caller} {path} {body}: {status}")

# ---- The command ------------------------------------------------------------------

OK, ERROR, USAGE, DENIED, SIGN_IN, NOT_FOUND, CONFLICT = range(7)
REEVE = os.path.join(os.path.dirname(site.provider.binary), "reeve")
FOLDER = host.make_temp()


def reeve(who, *arguments, stdin=b""):
    env = host.base_env(
        REEVE_URL=site.url, REEVE_CA=site.ca,
        KRB5CCNAME="FILE:" + WHO[who].ccache)
    env.update(site.provider.env())
    env["KRB5_CONFIG"] = site.kdc.krb5_conf
    done = subprocess.run([REEVE, "role", *arguments], env=env, input=stdin,
                          capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def write(name, content):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(content)
    return path


code, text, err = reeve("alice", "export", "Example", "RVE0001R")
tap.is_((code, err, [r.get("RoleName") for r in tree.fromstring(text)]),
        (OK, "", ["Example", "Auditor"]),
        "reeve role export: roles by name or RoleID")
mine = write("mine.xml", FILE.replace("140311", "3").encode())
code, text, err = reeve("alice", "import", mine, "--overwrite", "--diff")
tap.is_((code, text, err), (OK, "signed_by\tnobody\nchanged\tExample\n"
                            "-\t31\tDelete\n+\t31\tModify\n", ""),
        "import --diff shows what would change")
tap.is_(bits("Example"), "6.0 31.0 31.2", "and changes nothing")
code, text, err = reeve("alice", "import", mine, "--overwrite")
tap.is_((code, text), (USAGE, ""), "nobody to ask: it wants --yes")
tap.is_(bits("Example"), "6.0 31.0 31.2", "and changes nothing either")
code, text, err = reeve("alice", "import", mine, "--overwrite", "--yes")
tap.is_((code, text.split("\n")[1], bits("Example")),
        (OK, "changed\tExample", "6.0 31.0 31.1"), "with it, it imports")
utf16 = write("utf16.xml", (
    '<?xml version="1.0" encoding="utf-16"?>'
    + FILE.replace("Example", "\u00dcbung")).encode("utf-16"))
code, text, err = reeve("alice", "import", utf16, "--yes")
tap.is_((code, bits("\u00dcbung")), (OK, BITS), "a file in UTF-16")
code, text, err = reeve("alice", "import", "-", "--yes", "--new-name", "Piped",
                        "--json", stdin=FILE.encode())
tap.is_((code, json.loads(text)["roles"][0]["name"]), (OK, "Piped"),
        "from standard input, under another name, for programs")
seal = os.path.join(FOLDER, "seal.json")
code, text, err = reeve("alice", "export", "Example", "--signature", seal)
signed = write("signed.xml", text.encode())
tap.is_((code, err, sorted(json.load(open(seal, encoding="utf-8")))),
        (OK, "", ["key", "signature"]), "the signature has its own file")
code, text, err = reeve("alice", "import", signed, "--overwrite", "--yes",
                        "--signature", seal)
tap.is_((code, err), (OK, ""), "and is taken with the role file")
OURS = json.load(open(seal, encoding="utf-8"))["key"]
tap.is_(text.split("\n")[0], "signed_by\town\t" + OURS, "whose it is is said")
for who in ("alice", "bob"):
    tap.is_(reeve(who, "verify", signed, "--signature", seal),
            (OK, f"signed_by\town\t{OURS}\n", ""),
            f"{who}: reeve role verify says whose it is")
tap.is_(reeve("alice", "verify", "-", "--signature", seal,
              stdin=open(signed, "rb").read())[0], OK,
        "from standard input, too")
code, text, err = reeve("alice", "verify", signed, "--signature", seal,
                        "--json")
tap.is_((code, json.loads(text)), (OK, {
    "verified": True, "signature": True, "key": OURS, "signer": "own"}),
        "and for programs")
write("signed.xml", open(signed, "rb").read() + b"\n")
code, text, err = reeve("alice", "verify", signed, "--signature", seal)
tap.is_((code, text), (1, ""), "an altered file is not verified")
tap.like(err, "not one of this file", "and why is said")
# Signed well, by a key that this site does not trust
stranger = os.path.join(FOLDER, "stranger.key")
message = os.path.join(FOLDER, "message")
subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                stranger], check=True, capture_output=True)
with open(signed, "rb") as f, open(message, "wb") as out:
    out.write(b"reeve keeper signature 1\0\2"
              + hashlib.sha256(f.read()).digest())
theirs = {
    "key": subprocess.run(["openssl", "pkey", "-in", stranger, "-pubout",
                           "-outform", "DER"], check=True,
                          capture_output=True).stdout[-32:].hex(),
    "signature": subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", stranger, "-in",
         message], check=True, capture_output=True).stdout.hex()}
other = write("other.json", json.dumps(theirs).encode())
code, text, err = reeve("alice", "verify", signed, "--signature", other)
tap.is_((code, text), (1, ""), "a stranger's signature is not verified")
tap.like(err, "does not trust", "and why is said")
code, text, err = reeve("alice", "verify", signed, "--signature", write(
    "claims.json", json.dumps({**theirs, "key": OURS}).encode()))
tap.is_((code, text), (1, ""), "nor one that only says to be ours")
tap.is_([reeve("alice", "verify", signed, "--signature", write(
    "wrong.json", body))[0] for body in (b"{}", b"[]", b"\0", b'{"key": 1}',
                                         b'{"key":"' + b"0" * 100000 + b'"}')],
        [1] * 5, "nor what is none")
tap.is_(reeve("alice", "verify", signed)[0], USAGE, "it wants a signature")
tap.is_(reeve("mallory", "verify", signed, "--signature", seal)[0], 1,
        "whoever has signed in may ask for the keys")
code, text, err = reeve("alice", "import", signed, "--overwrite", "--yes",
                        "--signature", seal)
tap.isnt(code, OK, "not with another")
tap.like(err, "signature", "which is said")
tap.is_(reeve("alice", "import", signed, "--yes", "--signature", signed)[0],
        1, "what is no signature is refused here")
for who, arguments, stdin, wanted in (
        ("alice", ["import", mine, "--yes"], b"", CONFLICT),
        ("dave", ["import", mine, "--diff"], b"", DENIED),
        ("alice", ["import", os.path.join(FOLDER, "none"), "--yes"], b"",
         ERROR),
        ("alice", ["import", "-", "--yes"], b"\xff\xfe\x00", ERROR),
        ("alice", ["import", "-", "--yes"], b"\xdc", ERROR),
        ("alice", ["import", "-", "--yes"], b"no XML", ERROR),
        ("alice", ["export", "No such role"], b"", NOT_FOUND),
        ("bob", ["export", "SMS0001R"], b"", NOT_FOUND),
        ("alice", ["export"], b"", USAGE),
        ("alice", ["compare", "Example"], b"", USAGE),
        ("alice", ["fly"], b"", USAGE),
        ("bob", ["compare", "SMS0001R", "SMS0004R"], b"", DENIED)):
    code, text, err = reeve(who, *arguments, stdin=stdin)
    tap.is_((code, text, err != ""), (wanted, "", True),
            f"{who}: reeve role {' '.join(arguments)[-40:]} is {wanted}")
code, text, err = reeve("dave", "compare", "Example", "\u00dcbung")
tap.is_((code, "+\tSMS_Application\tDelete\n" in text, "-" in text),
        (OK, True, False), "reeve role compare")
code, text, err = reeve("dave", "similar", "SMS0001R", "--limit", "1")
tap.like(text, r"^1\.0000\tRVE[0-9A-F]{5}\tFull again\t-0\t\+0\n$",
         "reeve role similar")
host.remove_temp(FOLDER)

with open(site.provider.log, encoding="utf-8") as log:
    tap.ok("cannot be followed" not in log.read(),
           "an export changes nothing, and no provider loads all for it")
fixture.finish(site)
