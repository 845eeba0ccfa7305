"""A private PostgreSQL cluster on a Unix socket.

Nobody is asked for a password: the kernel tells the server who calls
(peer), and pg_ident.conf which logins that user may take.
"""

import os
import signal
import subprocess

from lab import host
from lab.process import Daemon

PG_PORT = 5432  # only a part of the socket's name
LOGINS = ("postgres", "reeve", "auditor")

SETTINGS = """
listen_addresses = ''
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0777
max_connections = 100
shared_buffers = 32MB
# A site is thrown away with its machine: durability is not what it shows.
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 8MB
max_wal_size = 256MB
jit = off
# Not in /dev/shm: there a killed server would leave files behind.
dynamic_shared_memory_type = mmap
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
ident_file = '{ident}'
"""


class Postgres:
    def __init__(self, site):
        self.site = site
        self.user = host.database_user()
        self.data = site.private_path("postgres")
        self.sockets = site.run_path("pg")
        self.ident = site.run_path("pg_ident.conf")
        # SIGINT: end without waiting for the sessions of others.
        self.daemon = Daemon("postgres", site.run_path("postgres.pid"),
                             site.path("log", "postgres.log"),
                             signal.SIGINT)
        self.logins = list(LOGINS)

    def conninfo(self, user, database="reeve", sockets=None):
        quoted = (sockets or self.sockets).replace("\\", "\\\\")
        quoted = quoted.replace("'", "\\'")
        if " " in quoted:
            quoted = f"'{quoted}'"
        return f"host={quoted} dbname={database} user={user}"

    def configure(self):
        os.makedirs(self.sockets, exist_ok=True)
        os.chmod(self.sockets, 0o755)
        host.give(self.sockets, self.user)
        if os.path.isdir(self.data):
            conf = os.path.join(self.data, "postgresql.auto.conf")
            host.write(conf, SETTINGS.format(
                port=PG_PORT, sockets=self.sockets, ident=self.ident), 0o600)
            hba = os.path.join(self.data, "pg_hba.conf")
            host.write(hba, "local all all peer map=lab\n", 0o600)
            host.give(conf, self.user)
            host.give(hba, self.user)
        self._write_ident()

    def _write_ident(self):
        """The caller may be anybody; the provider only its own login."""
        lines = [f"lab {host.caller_name()} {login}"
                 for login in self.logins]
        if host.is_root():
            lines += ["lab postgres postgres", "lab nobody reeve"]
            lines += [f"lab nobody {login}" for login in self.logins
                      if login not in LOGINS]
            if self.site.is_template:
                # --migrate and --init run as the provider's user.
                lines.append("lab nobody postgres")
        host.write(self.ident, "\n".join(lines) + "\n")

    def allow_login(self, login):
        """Lets the caller connect as one more database login."""
        self.logins.append(login)
        self._write_ident()
        os.kill(self.daemon.pid, signal.SIGHUP)

    def make(self):
        os.makedirs(self.data, mode=0o700)
        host.give(self.data, self.user)
        host.run(["initdb", "-D", self.data, "-U", "postgres", "-A", "peer",
                  "--locale=C.UTF-8", "-E", "UTF8", "--no-sync",
                  "--wal-segsize=1", "--no-instructions"], user=self.user)
        self.configure()

    def make_database(self):
        """Leaves two databases of four: a copy takes half the time."""
        self.psql("ALTER DATABASE postgres RENAME TO reeve;"
                  "UPDATE pg_database SET datistemplate = false"
                  " WHERE datname = 'template0';"
                  "DROP DATABASE template0;", database="template1")

    def make_logins(self):
        """The lab's own logins, members of the roles of the schema."""
        self.psql("CREATE ROLE reeve LOGIN; CREATE ROLE auditor LOGIN;"
                  "GRANT reeve_runtime TO reeve;"
                  "GRANT reeve_auditor TO auditor")

    def _clear_remains(self):
        """Removes the status file of a killed server, and what it names.

        The seventh line has key and number of a segment of shared memory,
        which the kernel keeps until somebody removes it.
        """
        stale = os.path.join(self.data, "postmaster.pid")
        try:
            with open(stale, encoding="ascii") as f:
                lines = f.read().split("\n")
        except OSError:
            return
        segment = lines[6].split()[-1:] if len(lines) > 6 else []
        if segment:
            subprocess.run(["ipcrm", "-m", *segment], env=host.base_env(),
                           stderr=subprocess.DEVNULL, check=False)
        os.unlink(stale)  # the daemon is ours, and it is not alive

    def start(self):
        self._clear_remains()
        self.daemon.start([host.PG_BIN + "/postgres", "-D", self.data],
                          host.base_env(), self.user)

    def wait(self):
        status = os.path.join(self.data, "postmaster.pid")

        def ready():
            try:
                with open(status, encoding="ascii") as f:
                    lines = f.read().split("\n")
            except OSError:
                return False
            return len(lines) > 7 and lines[7].strip() == "ready"
        self.daemon.wait_until(ready, 30, "ready")

    def stop(self, timeout=10):
        self.daemon.stop(timeout)
        self._clear_remains()

    def psql(self, sql, user="postgres", database="reeve", file=None,
             options=()):
        """Runs SQL in psql and returns its unaligned output."""
        source = ["-f", file] if file else ["-f", "-"]
        return host.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d",
             self.conninfo(user, database), *options, *source],
            stdin=None if file else sql, what="psql")
