"""Applications by a prefix of their names, the first page of a hundred.

10^5 applications, 16 clients at once, another prefix in each request.  The
peer is the same SELECT by pgbench: the view of the class, the bounds of the
prefix, the order, the limit; nobody judges its rows, no audit record is kept,
nothing is encoded.  Then the same list at an offered rate: each of the clients
waits before it asks again.
"""

import glob
import json
import os
import re

from bench import https, machine, programs
from bench.rows import BenchError, Row
from lab import host
from lab.process import Guard
from lab.site import Site

SECONDS = 5
CLIENTS = 16
OFFERED = 300  # requests a second
LIMIT_MS = 5.0
APPLICATIONS = 100000

FILL = f"""
SET ROLE reeve_owner; SET search_path = reeve, pg_temp;
BEGIN;
SELECT take_revision();
INSERT INTO secured_object (object_type_id, object_key, name, properties)
    SELECT 31, 'ScopeId_bench/Application_' || i, 'App-' || lpad(i::text, 5,
        '0'), '{{}}' FROM generate_series(0, {APPLICATIONS - 1}) i;
INSERT INTO object_scope (object_type_id, object_key, scope_id)
    SELECT 31, 'ScopeId_bench/Application_' || i, 'SMS00UNA'
    FROM generate_series(0, {APPLICATIONS - 1}) i;
COMMIT;
"""

# As rest/list_sql.c makes it for $filter=startswith(LocalizedDisplayName,...)
SELECT = """\\set n random(0, 999)
SELECT r.key, r.etag, r.object_type::text, r.object_key, r.body::text
FROM reeve.list_sms_application r
WHERE r.object_type = 31
    AND r.localizeddisplayname COLLATE "C" >= 'App-' || lpad(:n::text, 3, '0')
    AND r.localizeddisplayname COLLATE "C" < 'App-' || lpad(:n::text, 3, '0')
        || ':'
ORDER BY r.key COLLATE "C" LIMIT 101;
"""

WRK = """
wrk.headers["Authorization"] = {token}
math.randomseed({seed})
request = function()
    return wrk.format("GET", "/AdminService/wmi/SMS_Application?$top=100&"
        .. "$filter=startswith(LocalizedDisplayName,%27App-"
        .. string.format("%03d", math.random(0, 999)) .. "%27)")
end
{delay}
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("MEASURED %d %d %d %.0f %.0f\\n",
        summary.requests, summary.duration, e.connect + e.read + e.write
        + e.status + e.timeout, latency:percentile(50),
        latency:percentile(99)))
end
"""


class Asked:
    """What the clients of a list have seen."""

    def __init__(self, site, caller, script, seed, pause_ms=0):
        delay = f"delay = function() return {pause_ms} end" if pause_ms else ""
        host.write(script, WRK.format(token=json.dumps(caller.bearer),
                                      seed=seed, delay=delay), 0o600)
        text = programs.run(["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s",
                             "-s", script, site.url])
        found = re.search(r"MEASURED (\d+) (\d+) (\d+) (\d+) (\d+)", text)
        if not found:
            raise BenchError(f"wrk said: {text[-400:]}")
        n, microseconds, errors, self.p50_us, self.p99_us = map(
            int, found.groups())
        if n == 0 or errors:
            raise BenchError(f"{errors} of {n} answers were errors")
        self.rate = n * 1e6 / microseconds


class Selected:
    """What pgbench has seen of the SELECT."""

    def __init__(self, site, folder):
        script = os.path.join(folder, "select.sql")
        host.write(script, SELECT, 0o644)
        log = os.path.join(folder, "pgbench_log")
        programs.run(["pgbench", "-n", "-l", f"--log-prefix={log}", "-c",
                      str(CLIENTS), "-j", "1", "-T", str(SECONDS), "-f",
                      script, site.postgres.conninfo("postgres")])
        times = []
        for path in glob.glob(log + ".*"):
            with open(path, encoding="ascii") as f:
                times += [int(line.split()[2]) for line in f]
            os.unlink(path)
        if len(times) < 100:
            raise BenchError(f"pgbench made only {len(times)} transactions")
        times.sort()
        self.rate = len(times) / SECONDS
        self.p50_us = times[len(times) // 2]
        self.p99_us = times[len(times) * 99 // 100]


def _rows(ours, theirs, paced):
    where = f"list by name prefix, {CLIENTS} clients"
    yield Row(where, ours.rate, "requests/s", "the SELECT by pgbench",
              theirs.rate, None, True)
    yield Row(where + ", median", ours.p50_us, "us", "the SELECT by pgbench",
              theirs.p50_us)
    yield Row(where + ", p99", ours.p99_us, "us", "the SELECT by pgbench",
              theirs.p99_us, 1.5)
    yield Row(f"{where}, {OFFERED}/s offered, p99", paced.p99_us / 1e3, "ms",
              "limit", LIMIT_MS, 1)


def measure(runs, say):
    if len(machine.cpus()) < 2:
        raise BenchError("server and client need a processor each")
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    # One caller may use half of the connections of a loop.
    site = Site(os.path.join(folder, "s"), progress=say,
                config={"loops": 1, "store_connections": 2 * CLIENTS + 2})
    rows = []
    try:
        site.up()
        say(f"making {APPLICATIONS} applications")
        site.postgres.psql(FILL)
        site.postgres.psql("VACUUM (ANALYZE) reeve.secured_object, "
                           "reeve.object_scope")
        caller = https.Caller(site)
        script = os.path.join(folder, "wrk.lua")
        for i in range(runs):
            say(f"run {i + 1} of {runs}")
            rows += _rows(Asked(site, caller, script, i),
                          Selected(site, folder),
                          Asked(site, caller, script, i,
                                round(CLIENTS * 1000 / OFFERED)))
    finally:
        site.down()
        host.remove_temp(folder)
    return rows
