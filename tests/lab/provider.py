"""The provider under test: its configuration, its process, its answers."""

import os
import shlex
import shutil
import ssl
import urllib.error
import urllib.request

from lab import host
from lab.host import LabError
from lab.people import GROUPS, PEOPLE, REALM
from lab.process import Daemon, descendants

# What a sanitizer or valgrind prints when it has found something.
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
           "runtime error:", "WARNING: ThreadSanitizer",
           "AddressSanitizer:DEADLYSIGNAL", "VALGRIND-ERROR")
SANITIZER_EXIT = 99

# valgrind is slow.  And version 3.19 lets no other thread run while one waits
# for the lock of the replay cache (F_OFD_SETLKW): so nobody may have to wait.
UNDER_VALGRIND = {"workers": 1, "acceptor_threads": 1,
                  "directory_deadline": "20s",
                  "store_deadline": "20s"}


def quoted(value):
    """A value as reeved.conf has it; a list is separated by blanks."""
    if isinstance(value, (list, tuple)):
        return " ".join(quoted(item) for item in value)
    text = str(value)
    if text and not any(c in text for c in ' "\\#\t'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Provider:
    def __init__(self, site, config=None, wrapper=(), binary=None,
                 as_root=False):
        self.site = site
        self.user = None if as_root else host.provider_user()
        self.overrides = dict(config or {})
        self.wrapper = list(wrapper) or shlex.split(
            os.environ.get("REEVE_WRAPPER", ""))
        self.binary = os.path.abspath(
            binary or os.environ.get("REEVED")
            or os.path.join(host.ROOT, "build/release/reeved"))
        self.folder = site.private_path("provider")
        self.audit = os.path.join(self.folder, "audit")
        # In a folder that the process with the network cannot read.
        self.keys = site.private_path("keys")
        self.keytab = os.path.join(self.keys, "service.keytab")
        self.keeper_key = os.path.join(self.keys, "keeper.key")
        self.config = os.path.join(self.folder, "reeved.conf")
        self.log = site.path("log", "provider.log")
        self.daemon = Daemon("reeved", site.run_path("provider.pid"),
                             self.log)
        self.env_more = {}

    @property
    def url(self):
        return f"https://localhost:{self.site.port('https')}"

    @property
    def suppressions(self):
        """Findings in libraries; in the wrapper, "{suppressions}"."""
        return os.path.join(self.folder, "suppressions")

    def defaults(self):
        at = self.folder
        pg = self.site.postgres
        values = {
            "listen": f"127.0.0.1:{self.site.port('https')}",
            "port_file": f"{at}/port",
            "tls_certificate": f"{at}/server.pem",
            "tls_key": f"{at}/server.key",
            "node": "lab",
            "keytab": self.keytab,
            "keeper_key": self.keeper_key,
            "replay_cache": f"{at}/replay",
            "realms": REALM,
            "directory_uri": self.site.directory.uri,
            "directory_base": PEOPLE,
            "directory_group_base": GROUPS,
            "directory_realm": REALM,
            "directory_keytab": f"{at}/directory.keytab",
            "store": pg.conninfo("reeve"),
            "sql_directory": f"{at}/migrations",
            "audit_directory": self.audit,
            "audit_reserve": "1M",
        }
        if self.wrapper:
            values.update(UNDER_VALGRIND)
        if self.site.is_template:
            values["store_owner"] = pg.conninfo("postgres")
        if self.site.feed is not None:
            values["store_feed"] = pg.conninfo(
                "reeve", sockets=self.site.feed.folder)
        return values

    def configure(self):
        """Brings everything that the provider reads into its folder."""
        at = self.folder
        os.makedirs(self.audit, mode=0o750, exist_ok=True)
        os.chmod(at, 0o755)
        pki, keytabs = self.site.path("pki"), self.site.path("keytabs")
        for source in (f"{pki}/server.pem", f"{pki}/server.key",
                       f"{pki}/ca.pem", f"{keytabs}/directory.keytab",
                       self.site.kdc.krb5_conf):
            shutil.copy(source, at)
        self._bring_keys(f"{keytabs}/service.keytab")
        target = os.path.join(at, "migrations")
        shutil.rmtree(target, ignore_errors=True)
        source = os.path.join(host.ROOT, "sql/migrations")
        if os.path.isdir(source):
            shutil.copytree(source, target)
        shutil.copytree(os.path.join(host.ROOT, "tests/suppressions"),
                        self.suppressions, dirs_exist_ok=True)
        host.give(at, host.provider_user())
        self.write_config()

    def _bring_keys(self, keytab):
        os.makedirs(self.keys, mode=0o750, exist_ok=True)
        os.chmod(self.keys, 0o755)
        shutil.copy(keytab, self.keytab)
        if not os.path.exists(self.keeper_key):
            host.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                      self.keeper_key])
        os.chmod(self.keeper_key, 0o600)
        host.give(self.keys, host.provider_user())

    def child(self, name):
        """The pid of one of the provider's processes: "net", ..."""
        for pid in descendants(self.daemon.pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if b"--child" in words and words[
                    words.index(b"--child") + 1].startswith(
                        name.encode() + b":"):
                return pid
        raise LabError(f"the provider has no process {name}")

    def write_config(self, **changes):
        """Writes reeved.conf; a value None leaves the parameter out."""
        self.overrides.update(changes)
        values = {**self.defaults(), **self.overrides}
        text = "".join(f"{name} = {quoted(value)}\n"
                       for name, value in values.items()
                       if value is not None)
        as_root = host.is_root() and self.user is None
        host.write(self.config, text, 0o644 if as_root else 0o640)
        host.give(self.config, "root" if as_root else host.provider_user())

    def env(self):
        options = {
            "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:detect_leaks=1:"
                            "abort_on_error=0:detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:"
                             f"exitcode={SANITIZER_EXIT}",
            "TSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:io_sync=0:"
                            f"suppressions='{self.suppressions}/tsan.txt'",
        }
        options = {k: os.environ.get(k, v) for k, v in options.items()}
        options.update(self.env_more)
        return host.base_env(
            KRB5_CONFIG=os.path.join(self.folder, "krb5.conf"), **options)

    def _runnable(self):
        """The binary, or a copy of it where its user cannot reach it."""
        if not os.access(self.binary, os.X_OK):
            raise LabError(f"{self.binary} is missing: build it, or name "
                           "another in the variable REEVED")
        if self.user is None or host.can_enter(self.user, self.binary):
            return self.binary
        copy = os.path.join(self.folder, "reeved")
        shutil.copy(self.binary, copy + ".new")
        os.replace(copy + ".new", copy)  # the old one may be running
        return copy

    def command(self, *options):
        """Runs reeved once with options: --check-config and the like."""
        return host.run([self._runnable(), "-f", self.config, *options],
                        env=self.env(), user=self.user,
                        what="reeved " + " ".join(options))

    def start(self):
        # The sockets of one user's providers may share a port, and neither
        # would notice.  The children of one that was killed need a moment.
        port = self.site.port("https")
        if not self.daemon.alive and not host.becomes_free(port, timeout=60):
            raise LabError(f"port {port} of 127.0.0.1 is in use")
        wrapper = [word.replace("{suppressions}", self.suppressions)
                   for word in self.wrapper]
        self.daemon.start([*wrapper, self._runnable(), "-f", self.config],
                          self.env(), self.user)

    def wait(self, timeout=None):
        slow = 10 if self.wrapper else 1
        self.daemon.wait_until(self.is_ready, timeout or 20 * slow,
                               "answering /readyz with 200")

    def tls(self):
        return ssl.create_default_context(
            cafile=self.site.path("pki", "ca.pem"))

    def is_ready(self):
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.tls()))
        # By address: a machine need not know the name localhost.
        port = self.site.port("https")
        try:
            with opener.open(f"https://127.0.0.1:{port}/readyz",
                             timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def stop(self, timeout=20):
        """SIGTERM; returns the exit code."""
        return self.daemon.stop(timeout)

    def reports(self):
        """Lines of the log in which a sanitizer accuses the provider."""
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                lines = [line.rstrip("\n") for line in f]
        except OSError:
            return []
        return [line for line in lines
                if any(mark in line for mark in REPORTS)]


