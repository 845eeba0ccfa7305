#!/usr/bin/python3 -B
"""Bytes that no good client sends: what is refused, closed and recorded."""

import json
import select
import socket
import ssl
import time
import warnings

from lib import callers, fixture, records, tap, wire

ROLES = "/AdminService/wmi/SMS_Role"
EVALUATION = "/access/v1/evaluation"
ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
DEVICES = "/AdminService/wmi/SMS_R_System"
SECOND = "1s"  # all that a peer is given for anything
LISTENS = "0A"  # in /proc/net/tcp
LIMIT_S = 9    # and until which it has to show, on a slow machine, too

# Old versions of TLS are what is tested here.
warnings.simplefilter("ignore", DeprecationWarning)

site = fixture.site(config={
    "loops": 1, "header_timeout": SECOND, "body_timeout": SECOND,
    "idle_timeout": SECOND, "write_timeout": SECOND})
ledger = callers.Ledger(site)
alice = callers.bearer(site, "alice", ledger)["Authorization"]


def head(line, *fields, host="localhost"):
    """A request head; the fields as they are."""
    lines = [line, f"Host: {host}", f"Authorization: {alice}", *fields]
    return "\r\n".join(lines) + "\r\n\r\n"


def post(path, body, *fields):
    """A request with a body of known length that would be answered."""
    return head(f"POST {path} HTTP/1.1", "Content-Type: application/json",
                f"Content-Length: {len(body)}", *fields) + body


def get(*fields, path=ROLES, host="localhost"):
    return head(f"GET {path} HTTP/1.1", *fields, host=host)


def chunked(body, coding="chunked"):
    return head(f"POST {EVALUATION} HTTP/1.1",
                "Content-Type: application/json",
                f"Transfer-Encoding: {coding}") + body


def in_force():
    with wire.Wire(site) as w:
        return w.request("GET", "/readyz").json()["revision"]


def is_known(number):
    """Whether the log knows the second of two requests."""
    return records.audit(site, request_id=f"second-{number}") != []


question = json.dumps({
    "subject": {"type": "user", "id": "alice@LAB.TEST"},
    "action": {"name": "Read"},
    "resource": {"type": "SMS_Role", "id": ""}})
application = site.psql("SELECT min(object_key) FROM reeve.secured_object"
                        " WHERE object_type_id = 31").strip()
change = json.dumps({"ObjectIDs": [application], "ObjectTypeIDs": [31],
                     "CategoryIDs": ["RVE00012"]})

# ---- One request ------------------------------------------------------------

tap.is_(ledger.send(post(EVALUATION, question))[0].json()["decision"], True,
        "the request that all others differ from is a good one")

A_CHUNK = f"{len(question):x}\r\n{question}\r\n0\r\n\r\n"

# what, bytes, statuses that are right
BAD = [
    ("Content-Length and Transfer-Encoding", head(
        f"POST {EVALUATION} HTTP/1.1", "Content-Type: application/json",
        "Content-Length: 5", "Transfer-Encoding: chunked") + A_CHUNK, 400),
    ("Transfer-Encoding and Content-Length", head(
        f"POST {EVALUATION} HTTP/1.1", "Content-Type: application/json",
        "Transfer-Encoding: chunked", "Content-Length: 5") + A_CHUNK, 400),
    ("two different Content-Length",
     post(EVALUATION, question, "Content-Length: 5"), 400),
    ("two equal Content-Length",
     post(EVALUATION, question, f"Content-Length: {len(question)}"), 400),
    *[(f"Content-Length: {length!r}", head(
        f"POST {EVALUATION} HTTP/1.1", "Content-Type: application/json",
        f"Content-Length: {length}") + question, 400) for length in (
            "", "-1", "+5", "0x10", "1e2", "5, 5", "5 5", "007",
            "9223372036854775808", "18446744073709551616", "9" * 40,
            "\xb5")],
    *[(f"Transfer-Encoding: {coding!r}", chunked(A_CHUNK, coding), 400)
      for coding in ("xchunked", "chunked, identity", "identity", "gzip",
                     "gzip, chunked", "chunked, chunked", "\x0bchunked",
                     "chunked;q=1", "", "Chunked\x00")],
    ("Transfer-Encoding twice",
     chunked(A_CHUNK, "chunked\r\nTransfer-Encoding: chunked"), 400),
    ("Transfer-Encoding in HTTP/1.0", head(
        f"POST {EVALUATION} HTTP/1.0", "Content-Type: application/json",
        "Transfer-Encoding: chunked") + A_CHUNK, 400),
    ("LF alone at the end of a chunk", chunked(
        f"{len(question):x}\r\n{question}\n0\r\n\r\n"), 400),
    ("LF alone behind the size of a chunk", chunked(
        f"{len(question):x}\n{question}\r\n0\r\n\r\n"), 400),
    ("CR alone behind the size of a chunk", chunked(
        f"{len(question):x}\r{question}\r\n0\r\n\r\n"), 400),
    ("a chunk longer than its size",
     chunked(f"1\r\n{question}\r\n0\r\n\r\n"), 400),
    *[(f"the chunk size {size}", chunked(
        f"{size}\r\n{question}\r\n0\r\n\r\n"), status) for size, status in (
            ("FFFFFFFFFFFFFFFFF", (400,)), ("FFFFFFFFFFFFFFFF", (400, 413)),
            ("7FFFFFFFFFFFFFFF", (400, 413)), ("-1", (400,)),
            ("0x5", (400,)), ("+5", (400,)), (" 5", (400,)), ("", (400,)),
            ("5_0", (400,)))],
    ("a chunk extension of 1 MiB", chunked("5;" + "x" * (1 << 20)),
     (400, 413)),
    ("a trailer of 1 MiB", chunked(
        A_CHUNK[:-2] + "X: " + "y" * (1 << 20)), (400, 413, 431)),
    ("a space before the colon", get("X-Thing : 1"), 400),
    ("a tab before the colon", get("X-Thing\t: 1"), 400),
    ("a field that is folded", get("X-Thing: 1\r\n 2"), 400),
    ("a first field that is folded",
     f"GET {ROLES} HTTP/1.1\r\n Host: localhost\r\n\r\n", 400),
    ("a line without a colon", get("X-Thing"), 400),
    ("a field without a name", get(": 1"), 400),
    ("a name that is no token", get("X(Thing): 1"), 400),
    ("NUL in a value", get("X-Thing: a\0b"), 400),
    ("NUL in a name", get("X-\0Thing: a"), 400),
    ("CR alone in a value", get("X-Thing: a\rb: c"), 400),
    ("LF alone at the end of a line", get("X-Thing: a\nX-Other: b"), 400),
    ("DEL in a value", get("X-Thing: a\x7f"), 400),
    ("no Host", f"GET {ROLES} HTTP/1.1\r\nAuthorization: {alice}\r\n\r\n",
     400),
    ("two Hosts", get("Host: localhost"), 400),
    *[(f"the Host {host!r}", get(host=host), 400) for host in (
        "", "a b", "localhost:x", "localhost:65536", "user@localhost",
        "localhost/x", "[::1", "localhost,localhost")],
    ("another host in the target", get(path="https://evil.test" + ROLES),
     421),
    ("the host of the target behind a user",
     get(path="https://evil@localhost" + ROLES), 421),
    ("another scheme in the target",
     get(path="http://localhost" + ROLES), 421),
    ("a target of 64 KiB", get(path="/" + "x" * 65535), 414),
    ("a query of 64 KiB", get(path=ROLES + "?" + "x" * 65536), 414),
    ("a header of 256 KiB", get("X-Thing: " + "x" * (256 << 10)), 431),
    ("10,000 fields", get(*[f"X-{i}: 1" for i in range(10000)]), 431),
    *[(f"the method {method!r}", head(f"{method} {ROLES} HTTP/1.1"), status)
      for method, status in (
          ("TRACE", 405), ("CONNECT", 405), ("PROPFIND", 405), ("GeT", 400),
          ("get", 400), ("G\0T", 400), ("G@T", 400), ("", 400))],
    ("CONNECT to a host", head("CONNECT localhost:443 HTTP/1.1"), 405),
    *[(f"the version {version!r}", head(f"GET {ROLES} {version}"), status)
      for version, status in (
          ("HTTP/2.0", 505), ("HTTP/3.0", 505), ("HTTP/0.9", 505),
          ("HTTP/1.10", 400), ("http/1.1", 400), ("HTTP/1,1", 400),
          ("", 400), ("HTTP/1.1 x", 400))],
    ("no version", f"GET {ROLES}\r\nHost: localhost\r\n\r\n", 400),
    ("no target", "GET HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ("two spaces in the request line", head(f"GET  {ROLES} HTTP/1.1"), 400),
    ("a tab in the request line", head(f"GET\t{ROLES}\tHTTP/1.1"), 400),
    ("a blank line before the request", "\r\n" + get(), 400),
    ("a target that begins with no slash", head("GET x HTTP/1.1"), 400),
    ("* for GET", head("GET * HTTP/1.1"), 400),
    *[(f"the path {path}", get(path=path), 400) for path in (
        "/../healthz", "//healthz", "/%2e%2e/healthz", ROLES + "%00",
        "/AdminService%2Fwmi/SMS_Role", "/AdminService\\wmi\\SMS_Role",
        "/%", "/%g0", "/%c0%ae%c0%ae/healthz", "/\xe4", "/%e4", "/<x>")],
    ("another expectation", post(EVALUATION, question, "Expect: 200-ok"),
     417),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     (400, 405, 505)),
    ("what is not HTTP", "\x80\x80\x01\x03\x01" + "\0" * 30 + "\n", 400),
]

revision = in_force()
executed, without_allow = [], []
for number, (what, data, expected) in enumerate(BAD):
    expected = expected if isinstance(expected, tuple) else (expected,)
    follower = post(ADD, change, f"X-Request-ID: second-{number}")
    answer, closed = ledger.send(data + follower)
    tap.ok(answer is not None and answer.status in expected and closed,
           f"{what}: {' or '.join(map(str, expected))}, and the end")
    if answer is None or answer.status not in expected or not closed:
        tap.diag(f"{data[:300]!r}\n{answer and answer.trace}\n{closed}")
    if answer is not None and answer.status == 405 \
            and not answer.header("allow"):
        without_allow.append(what)
    if is_known(number):
        executed.append(what)
# RFC 9110 section 15.5.6: a 405 must have it.
tap.is_(without_allow, [], "each 405 names in Allow what is served")
tap.is_(executed, [], "no request behind a bad one was executed, or seen")
tap.is_(in_force(), revision, "nothing was changed")

# What was refused before anybody was known: one record each at first.
for reason, what in (("smuggling", "a request that can be read in two ways"),
                     ("malformed_request", "a malformed request"),
                     ("misdirected", "a request for another host"),
                     ("uri_too_long", "a target that is too long"),
                     ("header_too_large", "a header that is too large")):
    tap.is_([(r["event"], r["outcome"], r["src"]["ip"], r["src"]["tls"])
             for r in records.audit(site, event="authentication",
                                    reason=reason)],
            [("authentication", "failure", "127.0.0.1", "TLSv1.3")],
            f"{what} is in the log: once, all others are counted")

# ---- What only looks bad ----------------------------------------------------

forged = get("X-Forwarded-For: 198.51.100.7", "Forwarded: for=198.51.100.7",
             "X-Forwarded-User: mallory@LAB.TEST", "X-Real-IP: 198.51.100.7",
             "X-SSL-Client-Verify: SUCCESS", "X-SSL-Client-S-DN: CN=mallory")
answer, _ = ledger.send(forged)
(record,) = callers.records_of(site, answer)
tap.is_((answer.status, record["src"]["ip"], record["subject"]["id"]),
        (200, "127.0.0.1", "alice@LAB.TEST"),
        "the log has the real peer, whatever a field says")
answer, _ = ledger.send(get("Connection: Upgrade, HTTP2-Settings",
                            "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"))
tap.is_((answer.status, answer.header("upgrade")), (200, None),
        "an upgrade to h2c is passed over")
answer, _ = ledger.send(get(path="https://LOCALHOST" + ROLES))
tap.is_(answer.status, 200, "a target with our own name is a good one")
answer, closed = ledger.send(head(f"GET {ROLES} HTTP/1.0"))
tap.is_((answer.status, closed), (200, True),
        "HTTP/1.0 is answered, and the connection ends")
answer, closed = ledger.send(get("Connection: x, close") + get())
tap.is_((answer.status, closed), (200, True),
        "nothing is read after Connection: close")
with wire.Wire(site) as w:
    w.send(get("X-Request-ID: one") + post(EVALUATION, question)
           + get("X-Request-ID: three"))
    answers = [ledger.note(w.answer()) for _ in range(3)]
tap.is_([a.status for a in answers], [200] * 3,
        "good requests in a row are answered one after the other")
tap.is_([answers[0].header("x-request-id"), answers[2].header(
    "x-request-id")], ["one", "three"], "in their order")

# ---- TLS --------------------------------------------------------------------


def handshake(maximum, alpn=None):
    """The version of TLS that was agreed on, or what the peer said."""
    with wire.Wire(site, plain=True) as w:
        if maximum < ssl.TLSVersion.TLSv1_2:
            w.context.set_ciphers("ALL:@SECLEVEL=0")
            w.context.minimum_version = ssl.TLSVersion.TLSv1
        w.context.maximum_version = maximum
        if alpn:
            w.context.set_alpn_protocols(alpn)
        try:
            tls = w.context.wrap_socket(w.socket,
                                        server_hostname="localhost")
        except ssl.SSLError as e:
            return str(e)
        with tls:
            return tls.version()


for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1,
                ssl.TLSVersion.TLSv1_2):
    tap.like(handshake(version), "alert protocol version",
             f"{version.name} is refused")
tap.is_(handshake(ssl.TLSVersion.TLSv1_3), "TLSv1.3", "TLS 1.3 is spoken")
tap.like(handshake(ssl.TLSVersion.TLSv1_3, ["h2"]),
         "alert no application protocol",
         "who speaks only h2 is turned away")
tap.is_(handshake(ssl.TLSVersion.TLSv1_3, ["h2", "http/1.1"]), "TLSv1.3",
        "who speaks HTTP/1.1, too, is not")
with wire.Wire(site, plain=True) as w:
    w.send(get())
    tap.unlike(w.read_until_closed(), "HTTP/1",
               "a request without TLS has no answer")

# ---- Peers that take their time ---------------------------------------------


def drip(w, data):
    """Sends a byte now and then, until the provider has had enough."""
    for byte in data.encode():
        if select.select([w.socket], [], [], 0.15)[0]:
            break
        w.send(bytes([byte]))
    return ledger.note(w.answer())


def silence(w, data):
    """Sends nothing at all any more."""
    return ledger.note(w.answer())


def connections():
    """Those that the provider holds; a closed one has no inode."""
    with open("/proc/net/tcp", encoding="ascii") as f:
        lines = [line.split() for line in f.readlines()[1:]]
    port = f":{site.port('https'):04X}"
    return sum(local.endswith(port) and state != LISTENS and inode != "0"
               for _, local, _, state, *_, inode in (
                   line[:10] for line in lines))


for how in (silence, drip):
    for what, data, rest in (
            ("head", get()[:20], get()[20:]),
            ("body", post(EVALUATION, question)[:-50], question[-50:]),
            ("chunked body", chunked(A_CHUNK)[:-50], A_CHUNK[-50:])):
        began = time.monotonic()
        with wire.Wire(site) as w:
            w.send(data)
            answer = how(w, rest)
            tap.ok(answer.status == 408 and callers.is_closing(w, answer),
                   f"{how.__name__} in the {what}: 408, and the end")
        tap.ok(time.monotonic() - began < LIMIT_S,
               f"{how.__name__} in the {what}: in time")

began = time.monotonic()
idle = []
for number in range(200):
    if number % 2:
        idle.append(wire.Wire(site))
    else:  # not even a handshake
        idle.append(wire.Wire(site, plain=True))
tap.is_([ledger.send(get())[0].status for _ in range(10)], [200] * 10,
        "200 connections that say nothing do not stop a good caller")
tap.is_([w.read_until_closed() for w in idle], [b""] * 200,
        "they end without a word")
tap.ok(time.monotonic() - began < LIMIT_S, "in time")
for w in idle:
    w.close()

with wire.Wire(site) as w:
    w.send(get())
    answer = ledger.note(w.answer())
    began = time.monotonic()
    tap.ok(answer.status == 200 and w.is_closed(),
           "who has nothing more to ask is let go")
    tap.ok(time.monotonic() - began < LIMIT_S, "in time")

with wire.Wire(site, plain=True) as w:
    w.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    w.socket = w.context.wrap_socket(w.socket, server_hostname="localhost")
    w.send(get(path=DEVICES) * 60)
    tap.is_(ledger.send(get())[0].status, 200,
            "a peer that never reads holds nobody up")
    # The kernel may drop it without a word, so only the provider knows.
    tap.ok(records.wait_for(lambda: connections() == 0, 20,
                            "the end of all connections"),
           "a peer that never reads is cut off, and no connection is left")

# ---- Where TLS 1.2 is allowed -----------------------------------------------

tap.is_(site.stop("provider"), 0, "the provider ends")
site.provider.write_config(tls_minimum="1.2")
site.start("provider")
tap.like(handshake(ssl.TLSVersion.TLSv1_1), "alert protocol version",
         "tls_minimum = 1.2: TLS 1.1 is refused all the same")
with wire.Wire(site, maximum=ssl.TLSVersion.TLSv1_2) as w:
    answer = ledger.note(w.request("GET", ROLES, callers.negotiate(
        site, "alice")))
(record,) = callers.records_of(site, answer)
tap.is_((answer.status, record["src"]["tls"]), (200, "TLSv1.2"),
        "tls_minimum = 1.2: TLS 1.2 is spoken, and in the log")

ledger.settle()
fixture.finish(site)
