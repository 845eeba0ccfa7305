#!/usr/bin/python3 -B
"""An issuer of tokens that behaves as it is told: discovery and keys alone.

Serves https://localhost:PORT with a certificate of an authority of its own,
all in one temporary folder.  Prints NAME=value lines (ISSUER, ISSUER_CA,
ISSUER_PIN, STRANGER_CA), then READY.  Then it takes commands on standard
input, one a line:

    keys JSON     the key set; answers OK
    be HOW        how the keys are served from now on; answers OK
    count         answers how often keys were asked for since the last count

HOW is one of: good, redirect (302 to another host, which serves good keys),
huge (10 MiB), many (1000 keys), symmetric, html, error (500), slow (30 s),
dead (the connection is closed without an answer), silent (accepted, and
not even the TLS handshake is answered), other-issuer, http-keys
(discovery that names keys without https).

At the end of standard input it ends and removes the folder.
"""

import base64
import hashlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from lab import host, pki  # noqa: E402

HUGE = 10 << 20
SLOW_SECONDS = 30


class State:
    """What is served, and what was asked; all under one lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.keys = '{"keys":[]}'
        self.how = "good"
        self.changed = threading.Event()
        self.count = 0

    def be(self, how):
        with self.lock:
            self.how = how
            self.changed.set()
            self.changed = threading.Event()

    def asked(self):
        """(how, keys, event of the next change), counted."""
        with self.lock:
            self.count += 1
            return self.how, self.keys, self.changed

    def counted(self):
        with self.lock:
            count, self.count = self.count, 0
            return count


def many(keys):
    """1000 keys, all of them good and of names of their own."""
    first = json.loads(keys)["keys"][0]
    return json.dumps({"keys": [dict(first, kid=f"k{i}")
                                for i in range(1000)]})


def symmetric(keys):
    found = json.loads(keys)
    found["keys"].append({"kty": "oct", "kid": "s", "k": "c2VjcmV0"})
    return json.dumps(found)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        state = self.server.state
        url = self.server.url
        if self.path == "/.well-known/openid-configuration":
            how = state.how
            document = {"issuer": url, "jwks_uri": url + "/jwks"}
            if how == "other-issuer":
                document["issuer"] = url + "/"
            if how == "http-keys":
                document["jwks_uri"] = url.replace("https", "http") + "/jwks"
            self.answer(200, json.dumps(document).encode())
        elif self.path == "/jwks":
            self.serve_keys(*state.asked())
        elif self.path == "/elsewhere":
            self.answer(200, state.keys.encode())
        else:
            self.answer(404, b"")

    def serve_keys(self, how, keys, changed):
        if how == "redirect":
            there = self.server.url.replace("localhost", "127.0.0.1")
            self.answer(302, b"", Location=there + "/elsewhere")
        elif how == "huge":
            self.answer(200, keys.encode() + b" " * HUGE)
        elif how == "many":
            self.answer(200, many(keys).encode())
        elif how == "symmetric":
            self.answer(200, symmetric(keys).encode())
        elif how == "html":
            self.answer(200, b"<html>Welcome</html>")
        elif how == "error":
            self.answer(500, keys.encode())
        elif how == "dead":
            self.close_connection = True
        else:
            if how == "slow":
                changed.wait(SLOW_SECONDS)
            self.answer(200, keys.encode())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder, state):
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = state
        self.url = f"https://localhost:{self.server_address[1]}"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(os.path.join(folder, "server.pem"),
                                 os.path.join(folder, "server.key"))

    def finish_request(self, request, client_address):
        """In a thread of its own: the handshake too."""
        if self.state.how == "silent":
            changed = self.state.changed
            changed.wait(SLOW_SECONDS)
            return
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        pass  # a client that turns its back is what the tests are about


def pin(certificate):
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout",
                          "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=key, capture_output=True, check=True).stdout
    return "sha256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def obey(state, line):
    word, _, rest = line.rstrip("\n").partition(" ")
    if word == "keys":
        with state.lock:
            state.keys = rest
        return "OK"
    if word == "be":
        state.be(rest)
        return "OK"
    return str(state.counted()) if word == "count" else "what?"


def main():
    folder = host.make_temp()
    try:
        pki.make_authority(folder)
        pki.make_authority(folder, "stranger-ca", "/CN=Authority of nobody")
        pki.issue(folder, "server", "server", subject="/CN=localhost")
        state = State()
        server = Server(folder, state)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ca = os.path.join(folder, "ca.pem")
        print(f"ISSUER={server.url}\nISSUER_CA={ca}\nISSUER_PIN={pin(ca)}\n"
              f"STRANGER_CA={os.path.join(folder, 'stranger-ca.pem')}\n"
              "READY", flush=True)
        for line in sys.stdin:
            print(obey(state, line), flush=True)
    finally:
        host.remove_temp(folder)


if __name__ == "__main__":
    main()
