#!/usr/bin/python3 -B
"""What no body may hold, sent to every route that takes one, alone and inside
a batch: refused with 400 each, and nothing is changed by it.  Names that
mislead the eye are kept as they are, apart from those that they imitate."""

import json

from lib import callers, doors, fixture, samples, tap, wire

WMI = "/AdminService/wmi/"
site = fixture.site(config={"loops": 1})
ALICE = callers.bearer(site, "alice", callers.Ledger(site))
SENT = samples.of(site)
ROUTES = [(method, SENT.KEYS.get(path, doors.sample(method, path)))
          for method, path, _ in doors.patterns(site)]
ROUTES = [(method, path, SENT.BODIES[path]) for method, path in ROUTES
          if method in ("POST", "PATCH", "PUT") and path in SENT.BODIES]


def ask(method, path, body, **more):
    with wire.Wire(site) as w:
        return w.request(method, path, {
            **ALICE, "Content-Type": "application/json", **more}, body)


def with_member(body, raw):
    """The body as text with a member more, whose value is these bytes."""
    text = json.dumps(body).encode()
    return text[:-1] + (b", " if body else b"") + b'"x": ' + raw + b"}"


def twice(body):
    """The body with its first member once more."""
    first = next(iter(body), "x")
    member = json.dumps({first: body.get(first, 1)}).encode()[1:-1]
    return b"{" + b", ".join([member, member]) + b"}"


HOSTILE = (
    ("arrays in arrays, 10,000 deep", b"[" * 10000 + b"]" * 10000),
    ("objects in objects, 10,000 deep", b'{"a":' * 10000 + b"1"
     + b"}" * 10000),
    ("bytes that are no UTF-8", b'"\xff\xfe"'),
    ("an overlong encoding", b'"\xc0\xaf"'),
    ("an encoded surrogate", b'"\xed\xa0\x80"'),
    ("a lone surrogate", b'"\\ud800"'),
    ("surrogates the wrong way round", b'"\\udc00\\ud800"'),
    ("NUL in a text", b'"a\\u0000b"'),
    ("NUL in the name of a member", b'{"a\\u0000b": 1}'),
    ("a number beyond all bounds", b"1e999"),
    ("2^63", b"9223372036854775808"),
    ("-2^63 - 1", b"-9223372036854775809"),
    ("a negative zero", b"-0"),
    ("a negative zero with a point", b"[-0.0]"),
    ("a negative zero with an exponent", b"-0e1"),
    ("a zero that leads", b"01"),
    ("a plus sign", b"+1"),
    ("NaN", b"NaN"),
    ("a raw control character", b'"\x01"'),
    ("a comma too many", b"[1,]"),
)
# What the routes of registered types are about.
for path in (WMI + "RVE_ApplicationType",
             "/AdminService/v1.0/ApplicationType"):
    tap.is_(ask("POST", path, json.dumps(SENT.BODIES[path]).encode()).status,
            201, f"{path}: a type is registered")
before = site.psql("SELECT n FROM reeve.site_revision")
for method, path, body in ROUTES:
    answers = {what: ask(method, path, with_member(body, raw)).status
               for what, raw in HOSTILE}
    answers["a member twice"] = ask(method, path, twice(body)).status
    answers["something behind it"] = ask(
        method, path, json.dumps(body).encode() + b"{}").status
    answers["a list"] = ask(method, path, b"[]").status
    tap.is_({what: s for what, s in answers.items() if s != 400}, {},
            f"{method} {path}: hostile JSON is 400")
INSIDE = {"requests": [{"id": "1", "method": "POST", "url": WMI + "SMS_Role",
                        "headers": {"content-type": "application/json"},
                        "body": "@"}]}
for what, raw in HOSTILE:
    text = json.dumps(INSIDE).encode().replace(
        b'"@"', b'{"RoleName": ' + raw + b"}")
    tap.is_(ask("POST", WMI + "$batch", text).status, 400,
            f"inside a batch: {what}")
tap.is_(site.psql("SELECT n FROM reeve.site_revision"), before,
        "nothing of all that changed anything")

# ---- Names ---------------------------------------------------------------------

NAMES = (
    ("with an override from right to left", "nimda\u202egro"),
    ("with a space of no width", "al\u200bice"),
    ("with a letter that looks like another", "\u0430lice"),
    ("with marks that combine", "e\u0301" + "\u0300" * 20),
    ("of characters beyond 16 bits", "\U0001f510\U00020000"),
    ("of quotes", "'; DROP TABLE x; -- \" ` $$"),
    ("of markup", "]]><!--&amp;<b>"),
    ("that a shell would read", "$(reboot) `id` %s %n \\"),
    ("of the greatest length", "x" * 256),
)
for what, name in NAMES:
    made = ask("POST", WMI + "SMS_Role", json.dumps(
        {"RoleName": name, "RoleDescription": name}).encode())
    tap.is_(made.status, 201, f"a role is given a name {what}")
    key = made.json()["RoleID"]
    entity = ask("GET", f"{WMI}SMS_Role('{key}')", b"").json()
    tap.is_((entity["RoleName"], entity["RoleDescription"]), (name, name),
            "it comes back as it was")
    tap.is_(site.psql("SELECT count(*) FROM reeve.admin_audit WHERE "
                      f"after ->> 'role_id' = '{key}'").strip(), "1",
            "it is one record of the admin stream")
    xml = ask("POST", f"{WMI}SMS_Role('{key}')/AdminService.ExportRole",
              b"{}").json()
    copied = ask("DELETE", f"{WMI}SMS_Role('{key}')", b"")
    tap.is_(copied.status, 204, "and is deleted")
    again = ask("POST", WMI + "SMS_Role.ImportRole", json.dumps(
        {"RolesXml": xml["ExportedXML"]}).encode())
    tap.is_((again.status, site.psql(
        "SELECT count(*) FROM reeve.security_role WHERE name = $n$"
        + name + "$n$").strip()), (200, "1"),
            "its file brings it back with the same name")
for what, name in (("of nothing", ""), ("of blanks", " \t "),
                   ("with a line end", "a\nb"), ("with an escape",
                                                 "\u001b[2J"),
                   ("with DEL", "a\u007fb"), ("that is too long",
                                              "x" * 257)):
    tap.is_(ask("POST", WMI + "SMS_Role",
                json.dumps({"RoleName": name}).encode()).status, 400,
            f"no role has a name {what}")

fixture.finish(site)
