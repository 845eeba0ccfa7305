#!/usr/bin/python3 -B
"""Names that mislead: whoever bears one is not taken for another, and nobody
who reads it, in a list, a log or on a terminal, is led astray."""

import glob
import json
import os
import subprocess
import urllib.parse

from lib import callers, fixture, records, tap, wire
from lab import host

WMI = "/AdminService/wmi/"
site = fixture.site(config={"loops": 1})
REEVE = os.path.join(os.path.dirname(site.provider.binary), "reeve")
LEDGER = callers.Ledger(site)
ALICE = callers.bearer(site, "alice", LEDGER)
LINE = wire.Wire(site)
CCACHE = site.kinit("alice")

NAMES = (
    ("with an override from right to left", "nimda\u202egro"),
    ("with isolates", "a\u2066b\u2069"),
    ("with a space of no width", "al\u200bice"),
    ("with a letter that looks like another", "\u0430lice"),
    ("with a mark of byte order", "\ufeffalice"),
    ("with a separator of lines", "alice\u2028admin"),
    ("with a blank that is none", "al\u00a0ice"),
    ("with tags", "alice\U000e0061\U000e0062"),
    ("with marks that combine", "e\u0301" + "\u0300" * 20),
    ("of characters beyond 16 bits", "\U0001f510\U00020000"),
    ("of a formula", '=HYPERLINK("http://x","y")'),
    ("of another formula", "@SUM(1+1)*cmd|' /C calc'!A0"),
    ("of fields with commas", 'a,"b";c|d'),
    ("of an end of a log line", "x]LOG]!><time=\"1\" $$<a><b>"),
    ("of another format's fields", "act=Delete suser=root|CEF:0\\=x"),
    ("of a record", '","outcome":"allow","x":"'),
    ("of escapes", "\\u0000 \\n %n %s ${jndi:x} {{7*7}}"),
    ("of quotes", "'; DROP TABLE x; -- \" ` $$"),
    ("of markup", "]]><!--&amp;<b onload='x'>"),
    ("that is a path", "../../etc/passwd"),
    ("of the greatest length", "\u00fc" * 255),
)
REFUSED = (
    ("of nothing", ""), ("of blanks", " \t "), ("with a line end", "a\nb"),
    ("with a return", "a\rb"), ("with NUL", "a\0b"),
    ("with an escape", "\u001b[2J"), ("with a tabulator", "a\tb"),
    ("with DEL", "a\u007fb"), ("with a control of 8 bits", "a\u009bb"),
    ("that is too long", "x" * 513), ("much too long", "x" * 500000),
    ("that is a number", 7), ("that is null", None), ("that is a list", ["x"]),
)


def ask(method, path, body=None):
    fields, text = dict(ALICE), b""
    if body is not None:
        fields["Content-Type"] = "application/json"
        text = json.dumps(body).encode()
    return LEDGER.note(LINE.request(method, path, fields, text))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def listed(kind, member, name, option="filter"):
    """The rows of a class whose member is the name."""
    text = f"{member} eq {quoted(name)}"
    if option == "search":
        text = '"' + name + '"'
    answer = ask("GET", f"{WMI}{kind}?${option}="
                 + urllib.parse.quote(text, safe=""))
    return answer.json()["value"] if answer.status == 200 else answer.text


# What has a name: the class, its key, the member, what else it is made with.
THINGS = (
    ("SMS_Role", "RoleID", "RoleName", {"Operations": [
        {"ObjectTypeID": 31, "GrantedOperations": 1}]}),
    ("SMS_SecuredCategory", "CategoryID", "CategoryName", {}),
    ("SMS_Collection", "CollectionID", "Name",
     {"CollectionType": 2, "LimitToCollectionID": "SMS00001"}),
    ("SMS_Package", "PackageID", "Name", {}),
    ("SMS_Application", "CI_ID", "LocalizedDisplayName", {}),
    ("RVE_ApplicationType", "ClassName", "DisplayName",
     {"Application": "Test", "SecuredBy": "role",
      "Operations": [{"Name": "Read"}]}),
)
MADE = {}  # (class, name) -> key
for kind, key, member, more in THINGS:
    apart, same, found, again = set(), {}, {}, {}
    for i, (what, name) in enumerate(NAMES):
        extra = {**more, "ClassName": f"Test_N{i}"} \
            if kind == "RVE_ApplicationType" else more
        answer = ask("POST", WMI + kind, {member: name, **extra})
        if answer.status != 201:
            same[what] = answer.text[:200]
            continue
        mine = MADE[kind, name] = str(answer.json()[key])
        apart.add(mine)
        entity = ask("GET", answer.header("location"))
        if entity.status != 200 or entity.json()[member] != name:
            same[what] = entity.text[:200]
        rows = listed(kind, member, name) \
            if kind != "RVE_ApplicationType" else [entity.json()]
        if [str(r[key]) for r in rows] != [mine] or rows[0][member] != name:
            found[what] = rows
    tap.is_((len(apart), same), (len(NAMES), {}),
            f"{kind}: {len(NAMES)} names that mislead are each kept, apart")
    tap.is_(found, {}, f"{kind}: each is found by itself alone")
    answers = {what: ask("POST", WMI + kind, {
        member: name, **more, **({"ClassName": f"Test_W{i}"} if kind
                                 == "RVE_ApplicationType" else {})}).status
               for i, (what, name) in enumerate(REFUSED)}
    # A type that is given no name for people has that of its class.
    if kind == "RVE_ApplicationType" and answers.get("that is null") == 201:
        del answers["that is null"]
    tap.is_({w: s for w, s in answers.items() if s != 400}, {},
            f"{kind}: what no name can be is 400")
    one = next(k for (c, _), k in MADE.items() if c == kind)
    path = f"{WMI}{kind}('{one}')"
    if kind != "SMS_Application":
        answers = {what: ask("PATCH", path, {member: name}).status
                   for what, name in REFUSED
                   if name is not None and name != ""}
        tap.is_({w: s for w, s in answers.items() if s != 400}, {},
                f"{kind}: nor is it given later")

# ---- Administrative users ------------------------------------------------------------

PRINCIPALS = ("krb5:\u0430lice@LAB.TEST", "krb5:al\u200bice@LAB.TEST",
              "krb5:alice\u202e@LAB.TEST", "krb5:ALICE@LAB.TEST",
              "krb5:alice@LAB.TEST.", "krb5:alice@l\u0430b.test")
MINE = int(site.psql("SELECT admin_id FROM reeve.administrative_user WHERE "
                     "principal_id = 'krb5:alice@LAB.TEST'"))
for principal in PRINCIPALS:
    answer = ask("POST", WMI + "SMS_Admin", {"LogonName": principal})
    tap.ok(answer.status in (201, 400, 404, 409),
           f"{ascii(principal)} is {answer.status}")
    if answer.status == 201:
        made = ask("GET", answer.header("location")).json()
        tap.ok(made["LogonName"] in (principal, principal[5:])
               and made["AdminID"] != MINE, "and is somebody else than alice")
tap.is_(site.psql("SELECT count(*) FROM reeve.administrative_user WHERE "
                  "principal_id = 'krb5:alice@LAB.TEST'").strip(), "1",
        "alice is one and alone")
for what, logon in (("NUL", "krb5:a\0@LAB.TEST"), ("a line end",
                                                  "krb5:a\nb@LAB.TEST"),
                    ("an escape", "krb5:\u001b[2J@LAB.TEST"),
                    ("300 letters", "krb5:" + "x" * 300 + "@LAB.TEST"),
                    ("500,000 letters", "krb5:" + "x" * 500000)):
    tap.is_(ask("POST", WMI + "SMS_Admin", {"LogonName": logon}).status, 400,
            f"a logon name with {what} is 400")
shown = ask("POST", WMI + "SMS_Admin", {
    "LogonName": "LAB\\heidi", "DisplayName": "nimda\u202egro",
    "Permissions": [
        {"RoleID": MADE["SMS_Role", "\u0430lice"],
         "CategoryID": MADE["SMS_SecuredCategory", "nimda\u202egro"],
         "CategoryTypeID": 29}]})
tap.is_(shown.status, 201, "somebody has a role and a scope with such names")
ADMIN = shown.json()["AdminID"]

# ---- Where they are told ---------------------------------------------------------------

metadata = ask("GET", WMI + "$metadata")
tap.is_(metadata.status, 200, "$metadata with the types is whole")
tap.unlike(metadata.text, "nimda|\u202e|\u200b|onload|LOG\\]",
           "and has none of their names for people")
types = ask("GET", "/reeve/v1/types").json()["types"]
tap.is_(sorted(t["DisplayName"] for t in types if t["ClassName"][:6]
               == "Test_N"), sorted(name for _, name in NAMES),
        "the list of types has them")
permission = ask("GET", f"{WMI}SMS_Permission?$filter=AdminID%20eq%20{ADMIN}"
                 ).json()["value"][0]
tap.is_((permission["RoleName"], permission["CategoryName"]),
        ("\u0430lice", "nimda\u202egro"), "permissions have them")
messages, link = {}, WMI + "SMS_StatusMessage?$filter=MessageID%20ne%200"
while link:
    page = ask("GET", link).json()
    messages.update((m["RecordID"], m["Description"]) for m in page["value"])
    link = page.get("@odata.nextLink")
said = "\n".join(messages.values())
tap.is_([what for what, name in NAMES if name not in said], [],
        "the admin stream tells each of them")
tap.is_([m for m in messages.values() if "\n" in m or "\r" in m], [],
        "in one line each")
again = site.psql("SELECT count(*) FROM reeve.admin_audit a, unnest(a.strings)"
                  " s WHERE s ~ '[[:cntrl:]]'").strip()
tap.is_(again, "0", "no string of it has a control character")

# ---- The access stream: each request is one record in each format -----------------------

for what, name in NAMES:
    path = f"{WMI}SMS_Application?$filter=" + urllib.parse.quote(
        f"LocalizedDisplayName eq {quoted(name)}", safe="")
    answer = ask("GET", path)
    key = ask("POST", "/access/v1/evaluation", {
        "subject": {"type": "user", "id": "alice@LAB.TEST"},
        "action": {"name": name[:64]},
        "resource": {"type": "SMS_Application", "id": name[:64]}})
    found = records.audit(site, request_id=key.header("x-request-id"))
    tap.is_([(r.get("action"), r.get("object", {}).get("id"))
             for r in found if key.status == 200],
            [(name[:64], name[:64])] if key.status == 200 else [],
            f"{what}: a question with it is one record, which gives it back")
for path in glob.glob(os.path.join(site.audit_folder, "*")):
    if not path.endswith((".jsonl", ".log", ".lo_")):
        continue
    with open(path, "rb") as log:
        data = log.read()
    tap.is_(sorted({b for b in data if b != 10 and not 32 <= b < 127}), [],
            f"{os.path.basename(path)[-12:]} is printable ASCII")
jsonl = [line for path in sorted(glob.glob(os.path.join(
    site.audit_folder, "*.jsonl"))) for line in open(path, encoding="ascii")]
tap.is_([line for line in jsonl if not isinstance(json.loads(line), dict)], [],
        "each line of the records is one object")
lines = [line for path in glob.glob(os.path.join(
    site.audit_folder, "SMSProv.lo*")) for line in open(path,
                                                       encoding="ascii")]
tap.is_([line[:200] for line in lines if line.count("$$<") != 1], [],
        "each line of the log for people ends once")
tap.is_(len(lines), len(jsonl), "and there are as many of the one as the other")
with open(site.provider.log, encoding="utf-8") as log:
    tap.unlike(log.read(), "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u202e]",
               "the provider's own log has nothing of it raw")

# ---- On a terminal ----------------------------------------------------------------------


def reeve(*arguments):
    env = host.base_env(REEVE_URL=site.url, REEVE_CA=site.ca)
    env.update(site.provider.env())
    env.update(KRB5_CONFIG=site.kdc.krb5_conf, KRB5CCNAME="FILE:" + CCACHE)
    ran = subprocess.run([REEVE, *arguments], env=env, check=False,
                         capture_output=True, timeout=60)
    return ran.stdout.decode(), ran.stderr.decode()


UNSEEN = "[\x00-\x09\x0b-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2066-\u2069" \
    "\ufeff\U000e0000-\U000e0fff]"
KEY = site.psql("SELECT object_key FROM reeve.secured_object WHERE "
                "object_type_id = 31 AND name = '\u0430lice'").strip()
roles = [MADE["SMS_Role", name] for _, name in NAMES]
shown = ""
for command in (["role", "similar", "--limit", "40", roles[0]],
                ["scope", "--subject", "heidi@LAB.TEST"],
                ["explain", "--subject", "heidi@LAB.TEST", "Read",
                 "SMS_Application", KEY],
                ["check", "Read", "SMS_Application", "nimda\u202egro"],
                ["check", "al\u200bice", "SMS_Application"]):
    out, err = reeve(*command)
    tap.unlike((out + err).replace("\n", "").replace("\t", ""), UNSEEN,
               f"reeve {command[0]}: nothing that is not seen")
    shown += out + err
for part in ("nimda<U+202E>gro", "al<U+200B>ice", "<U+0430>lice",
             "<U+FEFF>alice", "alice<U+2028>admin"):
    tap.ok(part in shown, f"{part} is told from what it imitates")
out, _ = reeve("--json", "scope", "--subject", "heidi@LAB.TEST")
tap.is_((out.isascii(), "\u0430lice" in json.dumps(
    json.loads(out), ensure_ascii=False)), (True, True),
    "as JSON it is ASCII, and gives them back")

LEDGER.settle()
fixture.finish(site)
