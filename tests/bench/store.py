"""A private PostgreSQL with a made-up site, and the loader beside it."""

import os
import subprocess
import time

from bench import programs
from bench.rows import BenchError
from lab import host
from lab.process import Guard
from lab.site import Site

# devices, memberships of each, collections, administrators, scopes, objects
MILLION = (1000000, 4, 1000, 1000, 100, 10000)
FIRST_RESOURCE = 1000000000  # BENCH_FIRST_RESOURCE of site/site.h

# More than the lab's own: the peer is not to be slow for want of memory.
SETTINGS = """
ALTER SYSTEM SET shared_buffers = '2GB';
ALTER SYSTEM SET work_mem = '256MB';
ALTER SYSTEM SET maintenance_work_mem = '512MB';
ALTER SYSTEM SET effective_cache_size = '8GB';
ALTER SYSTEM SET random_page_cost = 1.1;
ALTER SYSTEM SET max_wal_size = '8GB';
"""

# The large table: an index is made faster than it is kept.
BEFORE_MEMBERS = """
DROP INDEX reeve.member_of_collections;
ALTER TABLE reeve.collection_member DROP CONSTRAINT collection_member_pkey;
"""
AFTER_MEMBERS = """
ALTER TABLE reeve.collection_member
    ADD PRIMARY KEY (collection_id, resource_id);
CREATE INDEX member_of_collections
    ON reeve.collection_member (resource_id, collection_id);
"""


class Store:
    def __init__(self, site, folder):
        self.site = site
        self.folder = folder

    def remove(self):
        self.site.down()
        host.remove_temp(self.folder)

    def conninfo(self):
        return self.site.postgres.conninfo("postgres")

    def psql(self, sql, *options):
        return self.site.postgres.psql(sql, options=options)

    def seconds(self, sql, before=""):
        """Time of one statement as its client sees it; rows go nowhere."""
        text = self.psql(f"{before};\n\\timing on\n\\o /dev/null\n{sql}\n")
        times = [line for line in text.splitlines()
                 if line.startswith("Time: ")]
        if len(times) != 1:
            raise BenchError(f"psql told {len(times)} times: {text[-300:]!r}")
        return float(times[0].split()[1]) / 1000

    def copy_seconds(self, *views):
        """psql -c "copy ... (format binary)" > /dev/null, one after other."""
        argv = ["psql", "-X", "-q", "-d", self.conninfo()]
        for view in views:
            argv += ["-c", f"copy (select * from reeve.{view}) to stdout "
                           "(format binary)"]
        start = time.monotonic()
        done = subprocess.run(argv, env=host.base_env(), check=False,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        spent = time.monotonic() - start
        if done.returncode != 0:
            raise BenchError(f"psql: {done.stderr.strip()}")
        return spent

    def fill(self, shape, say):
        """COPY without triggers: what they guard, the generator obeys."""
        folder = host.make_temp()
        Guard.get().tell("rm " + folder)
        try:
            say("making the rows of the site")
            programs.run([programs.path_of("site_rows"), folder,
                          *map(str, shape)])
            self.psql(BEFORE_MEMBERS)
            for name in sorted(os.listdir(folder)):
                say(f"copying {name} into the store")
                self._copy(os.path.join(folder, name), name)
            say("making the indexes")
            self.psql(AFTER_MEMBERS)
        finally:
            host.remove_temp(folder)
        say("vacuum, analyze")
        self.psql("VACUUM (FREEZE, ANALYZE)")

    def _copy(self, path, table):
        with open(path, encoding="ascii") as f:
            columns = f.readline().strip()
        self.psql("SET session_replication_role = replica;\n"
                  f"\\copy reeve.{table} ({columns}) from '{path}' "
                  "with (format text, header true)\n")


class Stores:
    """Stores by their shapes: made once, gone at the end of the program."""

    def __init__(self):
        self.made = {}

    def get(self, shape, say):
        """A running store with the site of a shape."""
        if shape not in self.made:
            self.made[shape] = self._make(shape, say)
        return self.made[shape]

    def _make(self, shape, say):
        folder = host.make_temp()
        Guard.get().tell("rm " + folder)
        site = Site(os.path.join(folder, "s"), progress=say)
        try:
            site.up(("postgres",))
            store = Store(site, folder)
            # one by one: ALTER SYSTEM wants no transaction around it
            for line in SETTINGS.strip().splitlines():
                store.psql(line)
            site.restart("postgres")
            store.fill(shape, say)
        except BaseException:
            site.down()
            host.remove_temp(folder)
            raise
        return store

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        for store in self.made.values():
            store.remove()


class Loader:
    """bench_load: holds a snapshot of the store and answers questions."""

    def __init__(self, store, one_core=True):
        argv = [programs.path_of("bench_load"), store.conninfo()]
        self.child = subprocess.Popen(
            programs.pinned(argv) if one_core else argv,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1)
        self.resources, self.memberships = map(int, self._answer("loaded"))

    def _answer(self, word):
        line = self.child.stdout.readline()
        fields = line.rstrip("\n").split("\t")
        if fields[0] != word:
            self.child.kill()
            raise BenchError("bench_load failed: "
                             + self.child.stderr.read().strip())
        return fields[1:]

    def _ask(self, line, word):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self._answer(word)

    def load_seconds(self):
        return float(self._ask("load", "seconds")[0])

    def devices(self, principal, among):
        """Of the first `among`: (number, seconds for it, for the ids)."""
        found, count, ids = self._ask(f"{among} {principal}", "devices")
        return int(found), float(count), float(ids)

    def memory(self):
        """Bytes of memory that the process has taken."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.stderr.close()
        self.child.wait()
