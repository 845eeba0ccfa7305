#!/usr/bin/python3 -B
"""TLS as no good client speaks it: old versions, resumption, early data,
floods of renewals, and thousands of connections that never get anywhere."""

import os
import select
import socket
import ssl
import subprocess
import time

from lib import callers, fixture, tap, wire

ROLES = "/AdminService/wmi/SMS_Role"
HALF_OPEN = 400
CAP = 500
FREED_S = 10

site = fixture.site(config={
    "loops": 1, "tls_minimum": "1.2", "max_unauthenticated": CAP,
    "authentication_timeout": "3s", "header_timeout": "3s"})
PORT = site.port("https")
ledger = callers.Ledger(site)
alice = callers.bearer(site, "alice", ledger)


def s_client(*options, text="", timeout=20):
    """What openssl s_client says; it reads until the server ends."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-CAfile",
         site.ca, "-servername", "localhost", *options], input=text,
        text=True, capture_output=True, timeout=timeout, check=False)
    return done.stdout + done.stderr


GOOD = "GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n"

tap.like(s_client("-crlf", "-ign_eof", text=GOOD), "HTTP/1.1 200",
         "the client that all others differ from is a good one")

# ---- 38: old versions and ciphers ---------------------------------------------

for what, options in (
        ("TLS 1.0", ("-tls1", "-cipher", "ALL:@SECLEVEL=0")),
        ("TLS 1.1", ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")),
        ("no encryption", ("-tls1_2", "-cipher", "eNULL:@SECLEVEL=0")),
        ("no authentication", ("-tls1_2", "-cipher", "aNULL:@SECLEVEL=0")),
        ("CBC", ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")),
        ("no forward secrecy", ("-tls1_2", "-cipher", "AES128-GCM-SHA256"))):
    said = s_client("-crlf", "-ign_eof", *options, text=GOOD)
    tap.ok("HTTP/1.1" not in said and ("alert" in said or "error" in said),
           f"38. {what} is refused")

# ---- 51, 52: resumption -------------------------------------------------------


def handshake(context, session=None, name="localhost"):
    raw = socket.create_connection(("127.0.0.1", PORT), 10)
    tls = context.wrap_socket(raw, server_hostname=name, session=session)
    tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    tls.recv(65536)  # tickets would come before it
    return tls


for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context(cafile=site.ca)
    context.maximum_version = context.minimum_version = version
    with handshake(context) as first:
        session = first.session
        tap.ok(session is None or not session.has_ticket,
               f"51. {version.name}: no ticket is given")
    with handshake(context, session) as second:
        tap.ok(not second.session_reused,
               f"51. {version.name}: a session is not resumed")
    context.check_hostname = False
    with handshake(context, session, "elsewhere.test") as third:
        tap.ok(not third.session_reused,
               f"51. {version.name}: nor with another name")

# ---- 54: early data -----------------------------------------------------------

saved = os.path.join(site.folder, "session.pem")
early = os.path.join(site.folder, "early.txt")
with open(early, "w", encoding="ascii") as f:
    f.write(GOOD)
said = s_client("-tls1_3", "-crlf", "-ign_eof", "-sess_out", saved, text=GOOD)
tap.ok(not os.path.exists(saved) or "Max Early Data: 0" in said,
       "54. no session is given that early data could go with")
tap.unlike(said, "Early data was accepted", "54. no early data is taken")

# ---- 53: renegotiation, and floods of renewals --------------------------------


def talk(options, lines):
    """Commands of s_client, one after the other; whether it was cut off."""
    child = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-CAfile",
         site.ca, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, bufsize=0)
    os.set_blocking(child.stdout.fileno(), False)
    said, sent = b"", 0
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and child.poll() is None:
        readable, writable, _ = select.select(
            [child.stdout], [child.stdin] if sent < lines else [], [], 0.05)
        if readable:
            said += child.stdout.read() or b""
        ready = said.count(b"\n---\n") > 2
        if writable and ready:
            try:
                child.stdin.write(LETTER[options[0]])
            except BrokenPipeError:
                break
            sent += 1
            time.sleep(0.005)
    cut = child.poll() is not None or sent < lines
    if child.poll() is None:
        child.kill()
    child.communicate()
    return cut, sent


LETTER = {"-tls1_2": b"R\n", "-tls1_3": b"K\n"}
for what, version in (("renegotiation", "-tls1_2"),
                      ("a flood of key updates", "-tls1_3")):
    cut, sent = talk((version,), 300)
    tap.ok(cut, f"53. {what} ends the connection (after {sent})")
tap.is_(ledger.ask("GET", ROLES, alice).status, 200,
        "others are served as before")

# ---- 55: connections that never get anywhere ----------------------------------


def times(connection, n=60):
    spent = []
    for _ in range(n):
        began = time.monotonic()
        if ledger.note(connection.request("GET", ROLES, alice)).status != 200:
            return [float("inf")]
        spent.append(time.monotonic() - began)
    return sorted(spent)


def is_open(raw):
    """Whether the provider still holds this connection."""
    raw.setblocking(False)
    try:
        return raw.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


with wire.Wire(site) as kept:
    quiet = times(kept)
    crowd = [socket.create_connection(("127.0.0.1", PORT), 10)
             for _ in range(HALF_OPEN)]
    began = time.monotonic()
    busy = times(kept)
    tap.ok(busy[-2] < max(2 * quiet[-2], 0.05),
           f"55. who is signed in is answered as before ({quiet[-2]:.4f} s, "
           f"{busy[-2]:.4f} s with {HALF_OPEN} half-open ones)")
    refused = HALF_OPEN - sum(map(is_open, crowd))
    tap.ok(0 < refused < HALF_OPEN,
           f"55. from half of the cap on some are refused ({refused})")
    while any(map(is_open, crowd)) and \
            time.monotonic() - began < FREED_S + 2:
        time.sleep(0.1)
    spent = time.monotonic() - began
    tap.ok(not any(map(is_open, crowd)) and spent <= FREED_S,
           f"55. all of them are freed in time ({spent:.1f} s)")
    tap.is_(times(kept, 1)[0] < float("inf"), True,
            "55. who has signed in is not")
for raw in crowd:
    raw.close()

with wire.Wire(site) as idle:
    tap.is_(idle.request("GET", "/healthz").status, 200, "an open route")
    time.sleep(4)
    tap.is_(idle.request("GET", "/healthz").status, 200,
            "who only asks what is open to all is not ended")

fixture.finish(site)
