"""Access Evaluation over HTTPS, against a constant answer of nginx.

One core each for the server, in turns, and another for the client.  Both
speak HTTP/1.1 with the same certificate and TLS 1.3, and answer with the
same body; the caller bears a session token.  Ours is in the audit log, on
disk, before it is sent; that cannot be switched off, so the rate at which
the disk keeps single lines stands beside it.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time

from bench import machine, programs
from bench.rows import BenchError, Row
from lab import host
from lab.process import Daemon, Guard
from lab.site import Site

SECONDS = 4
CONNECTIONS = (1, 32)
RECORD = 700  # bytes of an audit record, about
PATH = "/access/v1/evaluation"

NGINX = """
daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/error.log;
events {{ worker_connections 1024; multi_accept on; }}
http {{
    access_log off; default_type application/json;
    client_body_temp_path {at}/a; proxy_temp_path {at}/b;
    fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;
    keepalive_requests 1000000000; keepalive_timeout 600;
    server {{
        listen 127.0.0.1:{port} ssl; server_tokens off;
        ssl_protocols TLSv1.3; ssl_session_tickets off;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        location / {{ return 200 '{body}'; }}
    }}
}}
"""

WRK = """
wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = {token}
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("MEASURED %d %d %d %.0f %.0f\\n",
        summary.requests, summary.duration, e.connect + e.read + e.write
        + e.status + e.timeout, latency:percentile(50),
        latency:percentile(99)))
end
"""


def _library():
    """The callers of the scenarios: they know how to sign in."""
    path = os.path.join(host.ROOT, "tests/scenario")
    if path not in sys.path:
        sys.path.insert(1, path)
    from lib import spnego, web
    return spnego, web


class Caller:
    """Alice, signed in, and her question."""

    def __init__(self, site):
        spnego, web = _library()
        token = spnego.Initiator(site, site.kinit("alice")).token
        key = site.psql("SELECT min(object_key) FROM reeve.feed_object "
                        "WHERE object_type_id = 31").strip()
        self.question = json.dumps({
            "subject": {"type": "user", "id": "alice@LAB.TEST"},
            "action": {"name": "Read"},
            "resource": {"type": "SMS_Application", "id": key}})
        headers = {"Authorization": spnego.header(token),
                   "Content-Type": "application/json"}
        first = web.Client(site).post(PATH, self.question, headers=headers)
        session = first.header("reeve-session")
        if first.status != 200 or session is None:
            raise BenchError(f"signing in failed: {first.status} "
                             f"{first.text[:300]}")
        self.bearer = "Bearer " + session
        again = web.Client(site, session=session).post(
            PATH, self.question, headers={"Content-Type": "application/json"})
        if again.status != 200 or again.json().get("decision") is not True:
            raise BenchError(f"the answer is not an allow: {again.text[:300]}")
        self.answer = again.text.strip()

    def write(self, path):
        host.write(path, WRK.format(body=json.dumps(self.question),
                                    token=json.dumps(self.bearer)), 0o600)


def _cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _appends(folder):
    """Lines a second that the disk keeps, one fdatasync for each."""
    path = os.path.join(folder, "appends")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    n, start = 0, time.monotonic()
    try:
        while time.monotonic() - start < 1:
            os.write(fd, b"x" * RECORD)
            os.fdatasync(fd)
            n += 1
        return n / (time.monotonic() - start)
    finally:
        os.close(fd)
        os.unlink(path)


class Load:
    """What wrk has seen in some seconds, and what it cost the server."""

    def __init__(self, url, pid, script, connections):
        spent = _cpu_seconds(pid)
        text = programs.run(programs.pinned(
            ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", script,
             url + PATH], machine.last_cpu()))
        spent = _cpu_seconds(pid) - spent
        found = re.search(r"MEASURED (\d+) (\d+) (\d+) (\d+) (\d+)", text)
        if not found:
            raise BenchError(f"wrk said: {text[-400:]}")
        n, microseconds, errors, self.p50_us, self.p99_us = map(
            int, found.groups())
        if n == 0 or errors:
            raise BenchError(f"{url}: {errors} of {n} answers were errors")
        self.rate = n * 1e6 / microseconds
        self.cpu_us = spent * 1e6 / n


@contextlib.contextmanager
def _nginx(site, body):
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    port = host.free_port((site.port("https"),))
    if "$" in body:
        raise BenchError("nginx would take a part of the answer for a "
                         f"variable: {body}")
    quoted = body.replace("\\", "\\\\").replace("'", "\\'")
    host.write(os.path.join(folder, "nginx.conf"), NGINX.format(
        at=folder, port=port, certificate=site.path("pki", "server.pem"),
        key=site.path("pki", "server.key"), body=quoted))
    daemon = Daemon("nginx", os.path.join(folder, "pid"),
                    os.path.join(folder, "log"))
    url = f"https://localhost:{port}"
    daemon.start(programs.pinned(["nginx", "-p", folder, "-c",
                                  os.path.join(folder, "nginx.conf")]),
                 host.base_env())
    try:
        daemon.wait_until(lambda: _answers(site, url), 10, "answering")
        yield url, daemon.pid
    finally:
        daemon.stop()
        host.remove_temp(folder)


def _answers(site, url):
    return subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "--noproxy", "*", "--cacert",
         site.ca, url + "/"], check=False).returncode == 0


def _rows(n, ours, theirs, appends):
    where = f"evaluation over HTTPS, {n} connection" + "s" * (n > 1)
    yield Row(where, ours.rate, "requests/s", "nginx, a constant",
              theirs.rate, None, True)
    yield Row(where + ", CPU", ours.cpu_us, "us/request",
              "nginx, a constant", theirs.cpu_us)
    yield Row(where + ", median", ours.p50_us, "us", "nginx, a constant",
              theirs.p50_us)
    yield Row(where + ", p99", ours.p99_us, "us", "nginx, a constant",
              theirs.p99_us)
    yield Row(where + ", disk", ours.rate, "requests/s",
              "append + fdatasync", appends, None, True)


def measure(runs, say):
    if len(machine.cpus()) < 2:
        raise BenchError("server and client need a processor each")
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    site = Site(os.path.join(folder, "s"), progress=say,
                config={"loops": 1},
                wrapper=["taskset", "-c", str(machine.first_cpu())])
    rows = []
    try:
        site.up()
        caller = Caller(site)
        script = os.path.join(folder, "wrk.lua")
        caller.write(script)
        with _nginx(site, caller.answer) as (nginx, nginx_pid):
            for i in range(runs):
                for n in CONNECTIONS:
                    say(f"run {i + 1} of {runs}, connections: {n}")
                    ours = Load(site.url, site.provider.child("net"),
                                script, n)
                    theirs = Load(nginx, nginx_pid, script, n)
                    rows += _rows(n, ours, theirs,
                                  _appends(site.audit_folder))
    finally:
        site.down()
        host.remove_temp(folder)
    return rows
