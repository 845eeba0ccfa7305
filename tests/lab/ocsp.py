"""OCSP responders of the authority users-ca (pki.make_clients), good and bad.

    with Responders(folder) as them:
        them.url["good"]

    good      signed by a responder that the authority has made
    issuer    signed by the authority itself
    strange   signed by a responder of another authority
    client    signed by a client's certificate, which may not
    revoked   signed by a responder that has been revoked
    silent    takes the question and says nothing
    slow      answers well, after 30 s
    garbage   answers with bytes that are no response
    html      answers with a page and status 200
    replayed  gives everybody the good answer about the certificate "sid"
    closed    nobody listens

As a script, `ocsp.py FOLDER` prints NAME=URL (OCSP_GOOD=...) and READY, then
takes `stop good` and `start good`, and ends with its standard input.
"""

import http.server
import os
import sys
import threading

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    # As a script this file would hide the package that it belongs to.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import host  # noqa: E402
from lab.host import LabError  # noqa: E402
from lab.process import Daemon  # noqa: E402

SLOW_S = 30
TYPE = "application/ocsp-response"
# name: the certificate that signs, of FOLDER
SIGNERS = {"good": "responder", "issuer": "users-ca",
           "strange": "responder-strange", "client": "sid",
           "revoked": "responder-revoked"}


class _Bad(http.server.BaseHTTPRequestHandler):
    """Answers as the path says."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        kind = self.path.strip("/")
        self.server.asked[kind] = self.server.asked.get(kind, 0) + 1
        if kind in ("silent", "slow"):
            self.server.ended.wait(SLOW_S if kind == "slow" else None)
        if self.server.ended.is_set():
            return
        if kind == "garbage":
            self._send(TYPE, os.urandom(200))
        elif kind == "html":
            self._send("text/html", b"<p>Sign in to use this network.")
        elif kind in ("replayed", "slow"):
            self._send(TYPE, self.server.recorded)

    def _send(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Bad)
        self.recorded = b""
        self.asked = {}
        self.ended = threading.Event()

    def handle_error(self, *_args):
        pass  # callers that have given up


class Responders:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.daemons, self.ports, self.url = {}, {}, {}
        self.bad = _Server()
        threading.Thread(target=self.bad.serve_forever, daemon=True).start()
        try:
            for name in SIGNERS:
                self.ports[name] = host.free_port(self.ports.values())
                self.url[name] = f"http://127.0.0.1:{self.ports[name]}/"
                self.start(name)
            self.bad.recorded = self._record("sid")
        except BaseException:
            self.close()
            raise
        port = self.bad.server_address[1]
        for name in ("silent", "slow", "garbage", "html", "replayed"):
            self.url[name] = f"http://127.0.0.1:{port}/{name}"
        closed = host.free_port(self.ports.values())
        self.url["closed"] = f"http://127.0.0.1:{closed}/"

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name):
        signer = self.path(SIGNERS[name])
        at = self.path("ocsp-" + name)
        daemon = Daemon("openssl ocsp", at + ".pid", at + ".log")
        daemon.start(["openssl", "ocsp", "-index",
                      self.path("users-ca.index"), "-port",
                      str(self.ports[name]), "-rsigner",
                      signer + ".pem", "-rkey", signer + ".key", "-CA",
                      self.path("users-ca.pem"), "-nmin", "60",
                      "-rmd", "sha256", "-ignore_err"], host.base_env())
        self.daemons[name] = daemon
        daemon.wait_until(lambda: not host.is_free(self.ports[name]), 10,
                          "listening")

    def stop(self, name):
        self.daemons[name].kill()

    def _record(self, name):
        """The good answer about a certificate, without a nonce."""
        out = self.path("recorded.der")
        host.run(["openssl", "ocsp", "-issuer", self.path("users-ca.pem"),
                  "-cert", self.path(name + ".pem"), "-url",
                  self.url["good"], "-no_nonce", "-noverify", "-respout",
                  out], what="openssl ocsp")
        with open(out, "rb") as f:
            return f.read()

    def asked(self, name):
        """How often one of the bad ones was asked."""
        return self.bad.asked.get(name, 0)

    def close(self):
        self.bad.ended.set()
        self.bad.shutdown()
        self.bad.server_close()
        for daemon in self.daemons.values():
            if daemon.alive:
                daemon.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.close()


def main(argv):
    if len(argv) != 2:
        sys.exit("usage: ocsp.py FOLDER")
    with Responders(argv[1]) as them:
        for name, url in them.url.items():
            print(f"OCSP_{name.upper()}={url}")
        print("READY", flush=True)
        for line in sys.stdin:
            verb, name = line.split()
            {"stop": them.stop, "start": them.start}[verb](name)
            print("OK", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv)
    except LabError as e:
        sys.exit(f"ocsp: {e}")
