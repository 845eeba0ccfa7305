"""A site: a folder with PostgreSQL, a KDC, a directory and the provider.

    with Site(folder) as site:
        site.up()
        ccache = site.kinit("alice")

Everything listens on loopback or on Unix sockets.  All that a site starts
ends with the program that started it, unless detach() lets it live on.
"""

import contextlib
import fcntl
import json
import os
import shutil

from lab import host, template
from lab.directory import Directory
from lab.host import LabError
from lab.kdc import ONE_TIME_PASSWORD, Kdc
from lab.people import REALM, read_people
from lab.postgres import Postgres
from lab.process import Guard
from lab.provider import Provider
from lab.proxy import Proxy

ALL = ("postgres", "kdc", "directory", "provider")
LONGEST_SOCKET = "run/feed/.s.PGSQL.5432"


def silent(_text):
    pass


def _lock(path):
    """Opens and locks path, which its last holder may have removed."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(fd), os.stat(path)):
                return fd
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


@contextlib.contextmanager
def locked(folder):
    """One program at a time makes or removes the site in folder.

    The file of the lock goes with the site.
    """
    folder = os.path.abspath(folder)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    fd = _lock(folder + ".lock")
    try:
        yield
    finally:
        if not os.path.isdir(folder):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(folder + ".lock")
        os.close(fd)


class Site:
    """One site.

    config     parameters of reeved.conf over the lab's own; None leaves out
    wrapper    command before the provider: ["valgrind", "-q"]
    binary     the provider; else $REEVED, else build/release/reeved
    feed_proxy puts site.feed between the provider's store_feed and the store
    as_root    starts the provider as root (set the parameter user then)
    """

    def __init__(self, folder, *, config=None, wrapper=(), binary=None,
                 feed_proxy=False, as_root=False, template=False,
                 progress=silent):
        self.folder = os.path.abspath(folder)
        self.is_template = template
        self.progress = progress
        self.people = read_people()
        self.state_file = self.path("state.json")
        self.state = self._read_state()
        if "private" not in self.state:
            self.state["private"] = self._choose_private()
        self.feed = Proxy(self.run_path("feed"), self.run_path("pg")) \
            if feed_proxy else None
        self.kdc = Kdc(self)
        self.directory = Directory(self)
        self.postgres = Postgres(self)
        self.provider = Provider(self, config, wrapper, binary, as_root)

    # ---- Where things are ------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def private_path(self, *parts):
        """What other users must reach: in the site, or beside it."""
        return os.path.join(self.state["private"], *parts)

    def run_path(self, *parts):
        """Sockets and pid files."""
        return self.private_path("run", *parts)

    def port(self, name):
        """The port of kdc, ldap or https; the same for the site's life."""
        ports = self.state.setdefault("ports", {})
        if name not in ports:
            wanted = os.environ.get("REEVE_PORT", "")
            if name == "https" and wanted and not self.is_template:
                ports[name] = self._wanted_port(wanted)
            else:
                ports[name] = host.free_port(ports.values())
        return ports[name]

    @staticmethod
    def _wanted_port(text):
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise LabError(f"REEVE_PORT={text} is no port: give a number "
                           "from 1 to 65535")
        if not host.is_free(int(text)):
            raise LabError(f"REEVE_PORT={text} is in use: name another port, "
                           "or none for a free one")
        return int(text)

    def _choose_private(self):
        """The site's own folder, or one under /tmp where that is no good.

        It is no good where a socket's name would be too long, and where the
        users of PostgreSQL or of the provider cannot enter it.
        """
        os.makedirs(self.folder, exist_ok=True)
        users = {host.database_user(), host.provider_user()}
        if len(self.path(LONGEST_SOCKET)) <= host.SOCKET_MAX and all(
                host.can_enter(user, self.folder) for user in users):
            return self.folder
        folder = host.make_temp()
        host.write(self.path("tmpdir"), folder + "\n")
        Guard.get().tell("rm " + folder)
        return folder

    def _read_state(self):
        try:
            with open(self.state_file, encoding="utf-8") as f:
                return json.load(f)
        except FileNotFoundError:
            return {}
        except ValueError as e:
            raise LabError(f"{self.state_file} is damaged: {e}") from e

    def _write_state(self):
        host.write(self.state_file + ".new", json.dumps(self.state) + "\n")
        os.replace(self.state_file + ".new", self.state_file)

    # ---- Up and down -----------------------------------------------------

    def prepare(self):
        """Makes the folders and notes where things are."""
        for name in ("https", "kdc", "ldap"):
            self.port(name)
        self._write_state()
        for folder in (self.path("log"), self.run_path()):
            os.makedirs(folder, exist_ok=True)
        os.chmod(self.run_path(), 0o755)

    def is_made(self):
        return "template" in self.state

    def up(self, parts=ALL):
        """Makes the site if it is new, and starts what does not run."""
        try:
            self._up(parts)
        except BaseException:
            self.stop_parts()
            raise
        return self

    def _up(self, parts):
        self.prepare()
        if not self.is_made():
            self.progress("copying the template")
            self.state["template"] = template.fill(self, self.progress)
        for attempt in range(3):
            self._configure()
            self._write_state()
            try:
                self.start_parts(parts)
                break
            except LabError as e:
                if attempt == 2 or "in use" not in str(e):
                    raise
                self._other_ports()
        self._write_env()

    def _other_ports(self):
        """Somebody took one of our ports before we did."""
        self.progress("a port was taken meanwhile; trying others")
        self.stop_parts()
        self.state["ports"] = {}
        self.prepare()

    def _configure(self):
        self.kdc.configure()
        self.directory.configure()
        self.postgres.configure()
        self.provider.configure()

    def part(self, name):
        return {"postgres": self.postgres, "kdc": self.kdc,
                "directory": self.directory, "slapd": self.directory,
                "provider": self.provider}[name]

    def start_parts(self, parts):
        """Starts together what does not need each other; then the rest."""
        first = [self.part(p) for p in parts if p != "provider"]
        dead = [p for p in parts
                if p != "provider" and not self.part(p).daemon.alive]
        if dead:
            self.progress("starting " + ", ".join(dead))
        for name in dead:
            self.part(name).start()
        for part in first:
            part.wait()
        if self.feed is not None and "provider" in parts:
            self.feed.start()
        if "provider" in parts:
            self._start_provider()

    def _start_provider(self):
        provider = self.provider
        mark = self._binary_mark()
        if provider.daemon.alive and self.state.get("binary") != mark:
            self.progress("the provider was built anew: restarting it")
            provider.stop()
        if not provider.daemon.alive:
            self.progress("starting the provider")
            provider.start()
        provider.wait()
        self.state["binary"] = mark
        self._write_state()

    def _binary_mark(self):
        try:
            info = os.stat(self.provider.binary)
        except OSError as e:
            raise LabError(f"{self.provider.binary} is missing: build it, or "
                           "name another in the variable REEVED") from e
        return [self.provider.binary, info.st_mtime_ns, info.st_ino]

    def stop_parts(self):
        """Stops everything; data stays.  Safe to repeat."""
        if self.provider.daemon.pid is not None:
            self.provider.stop()
        if self.feed is not None:
            self.feed.stop()
        self.directory.stop()
        self.kdc.stop()
        self.postgres.stop()

    def down(self):
        """Stops everything and removes the site with all its data."""
        self.stop_parts()
        private = self.state["private"]
        if private != self.folder:
            host.remove_temp(private)
        if os.path.exists(self.state_file) or (
                os.path.isdir(self.folder)
                and set(os.listdir(self.folder)) <= {"tmpdir"}):
            shutil.rmtree(self.folder)

    def detach(self):
        """From now on the site outlives this program."""
        for part in (self.postgres, self.kdc, self.directory, self.provider):
            part.daemon.forget()
        self.kdc.radius.forget()
        Guard.get().tell("keep " + self.state["private"])

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.down()

    # ---- Parts under test ------------------------------------------------

    def start(self, name):
        """Starts one part and waits until it serves."""
        part = self.part(name)
        part.start()
        part.wait()

    def stop(self, name):
        return self.part(name).stop()

    def kill(self, name):
        return self.part(name).daemon.kill()

    def pause(self, name):
        self.part(name).daemon.pause()

    def resume(self, name):
        self.part(name).daemon.resume()

    def restart(self, name):
        self.stop(name)
        self.start(name)

    # ---- What tests ask for ----------------------------------------------

    @property
    def url(self):
        return self.provider.url

    @property
    def audit_folder(self):
        return self.provider.audit

    @property
    def ca(self):
        return self.path("pki", "ca.pem")

    def conf(self):
        """The text of reeved.conf as it stands."""
        with open(self.provider.config, encoding="utf-8") as f:
            return f.read()

    def psql(self, sql, user="postgres", **more):
        return self.postgres.psql(sql, user, **more)

    def kinit(self, user, *, password=None, certificate=False,
              one_time=False, anonymous=False, options=(), name=None):
        """Signs user in; returns the path of a new credential cache.

        certificate: with the user's own (PKINIT).  one_time: with the
        one-time password over FAST.  password: another than the right one.
        """
        folder = self.path("ccaches")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        name = name or f"{user}-{len(os.listdir(folder))}"
        ccache = os.path.join(folder, name)
        keys = None
        if certificate:
            keys = (self.path("pki", f"{user}.pem"),
                    self.path("pki", f"{user}.key"))
        if password is None and user in self.people:
            password = self.people[user].password
        return self.kdc.kinit(
            user, ccache, password=password, certificate=keys,
            one_time=ONE_TIME_PASSWORD if one_time is True
            else one_time or None, anonymous=anonymous, options=options)

    # ---- The file env ----------------------------------------------------

    def environment(self):
        return {
            "REEVE_URL": self.url,
            "REEVE_CA": self.ca,
            "REEVE_REALM": REALM,
            "KRB5_CONFIG": self.kdc.krb5_conf,
            "KRB5CCNAME": "FILE:" + self.path("cc"),
            "REEVE_STORE": self.postgres.conninfo("auditor"),
            "REEVE_AUDIT": self.audit_folder,
        }

    def _write_env(self):
        def quote(text):
            return "'" + text.replace("'", "'\\''") + "'"
        lines = ["# Environment of this site; read it with `.`"]
        lines += [f"export {name}={quote(value)}"
                  for name, value in self.environment().items()]
        commands = quote(os.path.dirname(self.provider.binary))
        lines.append(f'export PATH={commands}:"$PATH"')
        host.write(self.path("env"), "\n".join(lines) + "\n")
