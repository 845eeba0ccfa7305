#!/usr/bin/python3 -B
"""Bodies of requests: what is read, what is refused, and that it is early."""

import copy
import json
import re

from lib import callers, fixture, records, tap, wire

EVALUATION = "/access/v1/evaluation"
ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
REMOVE = "/AdminService/wmi/SMS_SecuredCategoryMembership.RemoveMemberships"
JSON = "application/json"
MAX = 65536  # max_body

site = fixture.site(config={"loops": 1, "max_body": MAX})
ledger = callers.Ledger(site)
alice = callers.bearer(site, "alice", ledger)
application = site.psql("SELECT min(object_key) FROM reeve.secured_object"
                        " WHERE object_type_id = 31").strip()

QUESTION = {"subject": {"type": "user", "id": "alice@LAB.TEST"},
            "action": {"name": "Read"},
            "resource": {"type": "SMS_Application", "id": application}}
CHANGE = {"ObjectIDs": [application], "ObjectTypeIDs": [31],
          "CategoryIDs": ["RVE00012"]}


def post(path, body, content_type=JSON, **fields):
    """Sends a body; fields have _ for - in their names."""
    headers = dict(alice)
    if content_type is not None:
        headers["Content-Type"] = content_type
    headers |= {n.replace("_", "-"): v for n, v in fields.items()}
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return ledger.ask("POST", path, headers, body)


def code(answer):
    said = answer.json()
    return answer.status, said.get("error", said).get("code")


def detail(answer):
    said = answer.json()
    return said["error"]["message"] if "error" in said else said["detail"]


def changed(base, **members):
    """base with some members replaced; None as a value is JSON's null."""
    out = copy.deepcopy(base)
    for name, value in members.items():
        *way, last = name.split("__")
        at = out
        for step in way:
            at = at[step]
        if value is ...:
            del at[last]
        else:
            at[last] = value
    return out


def in_force():
    with wire.Wire(site) as w:
        return w.request("GET", "/readyz").json()["revision"]


def judge(what, path, answer, expected, pattern=""):
    """One check: status and code, and what the sentence names."""
    held = code(answer) == expected and re.search(pattern, detail(answer))
    tap.ok(held, f"{path.rsplit('.')[-1]}: {what}: {expected[0]}")
    if not held:
        tap.diag(f"{answer.trace}\n{answer.text}\nexpected: {expected} "
                 f"{pattern}")


tap.is_(post(EVALUATION, QUESTION).json()["decision"], True,
        "the question that all others differ from is a good one")
answer = post(ADD, CHANGE)
tap.is_((answer.status, answer.json()["@reeve.changed"]), (200, 1),
        "so is the change")
revision = in_force()

# ---- What is not JSON, or too much of it ------------------------------------

text = json.dumps(QUESTION).encode()


def with_member(member):
    """The bytes of both bodies with one more member at their end."""
    return [(path, json.dumps(base).encode()[:-1] + b", " + member + b"}")
            for path, base in ((EVALUATION, QUESTION), (ADD, CHANGE))]


def in_value(value):
    return with_member(b'"context": {"x": ' + value + b"}")


def alone(body):
    return [(EVALUATION, body), (ADD, body)]


BROKEN = [
    ("nothing", alone(b"")), ("a blank", alone(b" \r\n")),
    ("an array", alone(b"[" + text + b"]")), ("a string", alone(b'"x"')),
    ("a number", alone(b"1")), ("null", alone(b"null")),
    ("two values", alone(text + text)),
    ("a byte behind it", alone(text + b"x")),
    ("NUL behind it", alone(text + b"\0")), ("no end", alone(text[:-1])),
    ("a form", alone(b"subject=alice&action=Read")),
    ("UTF-16", alone(text.decode().encode("utf-16"))),
    *[(what, with_member(member)) for what, member in (
        ("a comma too many", b'"x": 1,'), ("no comma", b'"x": 1 "y": 1'),
        ("no colon", b'"x" 1'), ("a name without quotes", b"x: 1"),
        ("single quotes", b"'x': 1"), ("a number as a name", b"1: 1"),
        ("a comment", b'"x": 1 // y\n'), ("a comment inside", b'"x": /**/ 1'),
        ("a member twice", b'"x": 1, "x": 1'),
        ("a member twice, once escaped", b'"x": 1, "\\u0078": 2'),
        ("NUL in a name", b'"x\\u0000y": 1'),
        ("a name that is no UTF-8", b'"\xff": 1'))],
    *[(what, in_value(value)) for what, value in (
        ("a member twice, deep inside", b'{"y": {"z": 1, "z": 1}}'),
        ("NaN", b"NaN"), ("Infinity", b"-Infinity"), ("01", b"01"),
        ("+1", b"+1"), (".5", b".5"), ("1.", b"1."), ("0x1", b"0x1"),
        ("1e", b"1e"), ("1e999", b"1e999"), ("-1e999", b"-1e999"),
        ("2^63", b"9223372036854775808"), ("-2^63-1",
                                           b"-9223372036854775809"),
        ("40 digits", b"9" * 40), ("True", b"True"), ("undefined",
                                                     b"undefined"),
        ("a byte that is no UTF-8", b'"\xff"'),
        ("Latin-1", b'"\xe4"'), ("UTF-8 cut short", b'"\xe2\x82"'),
        ("an overlong slash", b'"\xc0\xaf"'),
        ("an overlong NUL", b'"\xc0\x80"'),
        ("an overlong of three bytes", b'"\xe0\x80\xaf"'),
        ("a surrogate in UTF-8", b'"\xed\xa0\x80"'),
        ("beyond U+10FFFF", b'"\xf4\x90\x80\x80"'),
        ("a high surrogate alone", b'"\\ud800"'),
        ("a high surrogate before a letter", b'"\\ud800x"'),
        ("a low surrogate alone", b'"\\udc00"'),
        ("surrogates in the wrong order", b'"\\udc00\\ud800"'),
        ("an escaped NUL", b'"\\u0000"'), ("a tab in a string", b'"\t"'),
        ("a line end in a string", b'"\n"'), ("NUL in a string", b'"\0"'),
        ("an escape that is none", b'"\\x41"'),
        ("an escape cut short", b'"\\u12"'), ("no closing quote", b'"x'))],
    ("10,000 arrays", in_value(b"[" * 10000 + b"]" * 10000)),
    ("10,000 objects", in_value(b'{"y":' * 10000 + b"1" + b"}" * 10000)),
    ("10,000 open arrays", alone(b"[" * 10000)),
]
for what, cases in BROKEN:
    for path, body in cases:
        judge(what, path, post(path, body), (400, "bad_json"))

# ---- JSON that is no question -----------------------------------------------

ANY = (1, True, [], {}, ["x"], 1.5)  # what no string is
NOT_A_QUESTION = [
    *[(f"without {name}", {name.replace(".", "__"): ...},
       name + " of the body is missing")
      for name in ("subject", "subject.type", "subject.id", "action",
                   "action.name", "resource", "resource.type",
                   "resource.id")],
    *[(f"{name} = {value!r}", {name: value}, name)
      for name in ("subject", "action", "resource")
      for value in (None, "x", 1, [])],
    *[(f"{name} = {value!r}", {name.replace(".", "__"): value}, name)
      for name in ("subject.id", "action.name", "resource.type")
      for value in (None, *ANY)],
    *[(f"{name} = {value!r}", {name.replace(".", "__"): value}, name)
      for name in ("subject.properties", "action.properties",
                   "resource.properties", "context")
      for value in ("x", 1, [], False)],
    ("a name of 1025 bytes", {"resource__id": "x" * 1025}, "resource.id"),
    ("a subject that is no user", {"subject__type": "device"},
     "subject.type"),
]
for what, members, named in NOT_A_QUESTION:
    judge(what, EVALUATION, post(EVALUATION, changed(QUESTION, **members)),
          (400, "bad_request"), f"member {named}")

GOOD = [
    ("null for what may be absent", {
        "context": None, "subject__properties": None,
        "action__properties": None, "resource__properties": None}),
    ("objects for what may be absent", {
        "context": {"time": "2025-06-27T18:03-07:00"},
        "subject__properties": {"department": "Sales"},
        "action__properties": {"method": "GET"},
        "resource__properties": {"title": "x", "deep": [{"a": [None]}]}}),
    ("members that nobody knows", {"x": 1, "subject__x": None,
                                   "options": [], "action__y": {"z": []}}),
    ("the greatest numbers", {"context": {"a": 2 ** 63 - 1, "b": -2 ** 63,
                                          "c": 1e308, "d": 1e-0}}),
    ("letters of every plane", {"context": {"ä€😀\uffff": "\U0010ffff"}}),
]
for what, members in GOOD:
    answer = post(EVALUATION, changed(QUESTION, **members))
    tap.is_((answer.status, answer.json().get("decision")), (200, True),
            f"a question with {what} is answered")
for what, body in (
        ("in another order", json.dumps(
            dict(reversed(QUESTION.items()))).encode()),
        ("with blanks and escapes", b" \r\n\t" + text.replace(
            b"alice", b"\\u0061lice").replace(b",", b" ,\n") + b"\n"),
        ("in UTF-8", json.dumps(changed(QUESTION, context={"ä": "€"}),
                                ensure_ascii=False).encode())):
    tap.is_(post(EVALUATION, body).json().get("decision"), True,
            f"a question {what} is answered")

# Names that look like others are others; the log shows them in one line.
STRANGE = ["x\r\n{\"v\":1}", "\x1b[31m]LOG]!>|=", "\u202ealice", "\u2028",
           "ali\u200bce@LAB.TEST", "\u0430lice@LAB.TEST", "ALICE@LAB.TEST",
           "alice@LAB.TEST ", "alice", "*)(uid=*", "x' OR 1=1 --", "x" * 1024]
for name in STRANGE:
    answer = post(EVALUATION, changed(QUESTION, subject__id=name,
                                      resource__id=name))
    (record,) = callers.records_of(site, answer)
    tap.is_((answer.status, answer.json().get("decision"), record["about"],
             record["object"]["id"]), (200, False, name, name),
            f"{name[:30]!r} is nobody, and is in the log as it was sent")

# ---- JSON that is no change -------------------------------------------------

NOT_A_CHANGE = [
    *[(f"without {name}", {name: ...}, name + " of the body is missing")
      for name in CHANGE],
    *[(f"{name} = {value!r}", {name: value}, name) for name in CHANGE
      for value in (None, "x", 1, {}, [], [None], [[]], [{}], [True])],
    *[(f"ObjectTypeIDs = {value!r}", {"ObjectTypeIDs": value},
       "ObjectTypeIDs") for value in (["31"], [31.0], [-1], [2 ** 31],
                                      [31, 31], [2 ** 63 - 1])],
    *[(f"{name} with {what}", {name: [value]}, name)
      for name in ("ObjectIDs", "CategoryIDs") for what, value in (
          ("an empty name", ""), ("a number", 31),
          ("a name of 1025 bytes", "x" * 1025))],
    ("1001 objects", {"ObjectIDs": ["x"] * 1001,
                      "ObjectTypeIDs": [31] * 1001}, "ObjectIDs"),
    ("1002 memberships", {"ObjectIDs": [application] * 501,
                          "ObjectTypeIDs": [31] * 501,
                          "CategoryIDs": ["RVE00012", "RVE00010"]},
     "ObjectIDs"),
]
for path in (ADD, REMOVE):
    for what, members, named in NOT_A_CHANGE:
        judge(what, path, post(path, changed(CHANGE, **members)),
              (400, "bad_request"), named)
for what, key in (("an empty one", ""), ("one of 256 bytes", "k" * 256),
                  ("two keys", "a\r\nIdempotency-Key: b")):
    judge(f"an Idempotency-Key, {what}", ADD,
          post(ADD, CHANGE, Idempotency_Key=key),
          (400, "bad_idempotency_key"))
tap.is_(in_force(), revision, "none of it changed anything")
tap.is_(post(REMOVE, changed(CHANGE, x=None, ReturnValue=1)).status, 200,
        "a change with members that nobody knows is made")

# ---- What the head says of the body -----------------------------------------

WRONG_TYPES = [None, "", "text/plain", "text/json", "application/xml",
               "application/jsonp", "application/x-www-form-urlencoded",
               "multipart/form-data; boundary=x", "json",
               "application/json-patch+json", "application/json, text/plain"]
for path, base, status in ((EVALUATION, QUESTION, 400), (ADD, CHANGE, 415)):
    for content_type in WRONG_TYPES:
        judge(f"Content-Type {content_type!r}", path,
              post(path, base, content_type), (status, "content_type"))
    for content_type in ("application/json; charset=utf-8",
                         'application/json;charset="UTF-8"',
                         "Application/JSON", "application/json ; x=y"):
        tap.is_(post(path, base, content_type).status, 200,
                f"{path}: Content-Type {content_type!r} is accepted")
    for coding in ("gzip", "br", "deflate", "identity, gzip", "x",
                   "gzip\r\nContent-Encoding: gzip",
                   "identity\r\nContent-Encoding: gzip"):
        judge(f"Content-Encoding {coding!r}", path,
              post(path, base, Content_Encoding=coding),
              (415, "content_encoding"))
    tap.is_(post(path, base, Content_Encoding="identity").status, 200,
            f"{path}: Content-Encoding identity is none")
judge("two Content-Types", EVALUATION, post(
    EVALUATION, QUESTION, f"{JSON}\r\nContent-Type: {JSON}"),
    (400, "content_type"))

# ---- How the body comes -----------------------------------------------------


def head(*fields, path=EVALUATION, who=alice["Authorization"]):
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost",
                        f"Authorization: {who}", f"Content-Type: {JSON}",
                        *fields]) + "\r\n\r\n"


def padded(size):
    """The question, blown up with blanks."""
    return text + b" " * (size - len(text))


def chunks(body, size, extension=b"", trailer=b""):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p)
                    for p in parts) + b"0\r\n" + trailer + b"\r\n"


CHUNKED = "Transfer-Encoding: chunked"

tap.is_(post(EVALUATION, padded(MAX)).status, 200,
        "a body of max_body bytes is read")
for what, data in (
        ("Content-Length", head(f"Content-Length: {MAX + 1}")),
        ("a Content-Length of 2^63-1", head(f"Content-Length: {2**63 - 1}")),
        ("the size of the first chunk", head(CHUNKED) + f"{MAX + 1:x}\r\n"),
        ("the size of a later chunk",
         head(CHUNKED) + f"1\r\n{{\r\n{MAX:x}\r\n"),
        ("Content-Length, and waiting to be asked",
         head(f"Content-Length: {MAX + 1}", "Expect: 100-continue"))):
    answer, closed = ledger.send(data)
    tap.is_((code(answer), closed), ((413, "body_too_large"), True),
            f"too large by {what}: 413 before the body comes, and the end")
answer, _ = ledger.send(head(f"Content-Length: {MAX + 1}", who="Bearer x"))
tap.is_(answer.status, 401, "who is unknown is not told the limit")

with wire.Wire(site) as w:
    for what, data in (
            ("of one byte", chunks(text, 1)),
            ("with extensions", chunks(text, 100, b';a=1;b="c"')),
            ("with a trailer", chunks(text, 100, b"", b"X-Sum: 1\r\n")),
            ("as large as allowed", chunks(padded(MAX), 8192))):
        w.send(head(CHUNKED).encode() + data)
        tap.is_(ledger.note(w.answer()).json().get("decision"), True,
                f"chunks {what} are read")
    w.send(head(CHUNKED, "Expect: 100-continue"))
    tap.is_(w.answer().status, 100, "who waits to send chunks is asked to")
    w.send(chunks(text, 50))
    tap.is_(ledger.note(w.answer()).status, 200, "and answered")
    length = f"Content-Length: {len(text)}"
    w.send(head(length, "Expect: 100-Continue"))
    tap.is_(w.answer().status, 100, "who waits to send a body is asked to")
    for byte in text:
        w.send(bytes([byte]))
    tap.is_(ledger.note(w.answer()).json().get("decision"), True,
            "and answered, however small the pieces")
    w.send(head(length, "Expect: 100-continue").encode() + text)
    answer = w.answer()
    if answer.status == 100:  # allowed, and of no use
        answer = w.answer()
    tap.is_(ledger.note(answer).status, 200,
            "who waits and sends all the same is answered once")
    w.send(head("Content-Length: 0", "Expect: 100-continue"))
    tap.is_(code(ledger.note(w.answer())), (400, "bad_json"),
            "who has no body is not asked for one")

NOT_ASKED = [
    (401, "a credential that is none", head(
        length, "Expect: 100-continue", who="Bearer rvs1_" + "A" * 43)),
    (401, "no token", head(length, "Expect: 100-continue", who="Negotiate")),
    (404, "a path that is none", head(
        length, "Expect: 100-continue", path="/nothing")),
    (405, "a path without that method", head(
        length, "Expect: 100-continue",
        path="/AdminService/wmi/SMS_Site.GetAuthenticationLevel")),
    (415, "a coding", head(length, "Expect: 100-continue",
                           "Content-Encoding: gzip")),
    (417, "another expectation", head(length, "Expect: 102-processing")),
]
for status, what, data in NOT_ASKED:
    answer, closed = ledger.send(data)
    tap.is_((answer.status, closed), (status, True),
            f"{what}: {status} without 100, and the end")

answer = ledger.ask("GET", "/AdminService/wmi/SMS_Role", alice, b"x" * 1000)
tap.is_(answer.status, 200, "a body where none is wanted is passed over")
with wire.Wire(site) as w:
    w.send(head(length))
    w.send(text[:10])
tap.ok(records.wait_for(lambda: [r for r in records.audit(site) if r.get(
    "reason") == "connection_lost"]),
    "a caller that is lost within its body is in the log")

ledger.settle()
fixture.finish(site)
