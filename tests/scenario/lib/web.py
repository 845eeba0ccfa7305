"""HTTP as callers speak it: curl, with Kerberos where a ticket is given."""

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field

from lab import host
from lab.host import LabError


@dataclass
class Answer:
    status: int
    headers: list  # (name in lower case, value), in order, repeated ones too
    body: bytes
    trace: str = field(default="", repr=False)

    def header(self, name):
        """The first value of a header, or None."""
        return next(iter(self.header_all(name)), None)

    def header_all(self, name):
        return [v for n, v in self.headers if n == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as e:
            raise LabError(f"status {self.status}, body is no JSON: "
                           f"{self.text[:300]!r}") from e


def _parse_head(text):
    """The last head of what curl received (it follows a 401)."""
    blocks = [b for b in re.split(r"\r?\n\r?\n", text) if b.strip()]
    headers = []
    for line in blocks[-1].splitlines()[1:] if blocks else []:
        name, _, value = line.partition(":")
        headers.append((name.strip().lower(), value.strip()))
    return headers


class Client:
    """Someone who calls a site.  ccache: signs in with Kerberos.

    session: sends this token as Authorization: Bearer.  certificate:
    (certificate, key) for TLS.  Options of one call: see request().
    """

    def __init__(self, site, ccache=None, session=None, certificate=None):
        self.site = site
        self.ccache = ccache
        self.session = session
        self.certificate = certificate

    def _argv(self, method, url, headers, options):
        argv = ["curl", "--silent", "--show-error", "--cacert", self.site.ca,
                "--max-time", "60", "--noproxy", "*", "--path-as-is",
                "--request", method]
        if self.ccache:
            argv += ["--negotiate", "--user", ":"]
        if self.session:
            argv += ["--header", "Authorization: Bearer " + self.session]
        if self.certificate:
            argv += ["--cert", self.certificate[0],
                     "--key", self.certificate[1]]
        for name, value in (headers or {}).items():
            argv += ["--header", f"{name}: {value}"]
        return argv + list(options) + [url]

    def request(self, method, path, *, body=None, headers=None, options=()):
        """One request; body is bytes, text, or anything else as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        env = host.base_env(
            KRB5_CONFIG=self.site.kdc.krb5_conf,
            KRB5CCNAME="FILE:" + (self.ccache or "/nonexistent"))
        with tempfile.TemporaryDirectory() as folder:
            head = os.path.join(folder, "head")
            content = os.path.join(folder, "body")
            more = ["--dump-header", head, "--output", content,
                    "--write-out", "%{http_code}"]
            if body is not None:
                more += ["--data-binary", "@-"]
            argv = self._argv(method, self.site.url + path, headers,
                              [*more, *options])
            done = subprocess.run(argv, env=env, input=body or b"",
                                  capture_output=True, check=False)
            if done.returncode != 0:
                raise LabError(f"curl {method} {path}: exit "
                               f"{done.returncode}: "
                               f"{done.stderr.decode(errors='replace')}")
            with open(head, encoding="latin-1") as f:
                head_text = f.read()
            data = b""
            if os.path.exists(content):
                with open(content, "rb") as f:
                    data = f.read()
        return Answer(int(done.stdout), _parse_head(head_text), data,
                      head_text)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body, **more):
        return self.request("POST", path, body=body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def patch(self, path, body, **more):
        return self.request("PATCH", path, body=body, **more)


def client(site, user=None, **how):
    """A caller with fresh credentials: client(site, "alice")."""
    return Client(site, site.kinit(user, **how) if user else None)
