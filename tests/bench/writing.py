"""Writing one permission over REST: a user's scope becomes another one.

With one client against INSERT and COMMIT of the same row in a bare table by
pgbench; with 16 clients against the bare write function by pgbench, which
takes the same change without HTTP, TLS, JSON, gate, decision in the provider,
wait for the snapshot, and audit log.

Everything is on disk before it is acknowledged, on both sides: the sites of
the tests are without fsync, this one is not.
"""

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
USERS, SCOPES = 64, 900

DURABLE = """
ALTER SYSTEM SET fsync = on;
ALTER SYSTEM SET full_page_writes = on;
SELECT pg_reload_conf();
"""
FILL = f"""
SET ROLE reeve_owner; SET search_path = reeve, pg_temp;
BEGIN;
SELECT take_revision();
INSERT INTO security_scope (scope_id, name)
    SELECT 'BEN' || lpad(i::text, 5, '0'), 'bench ' || i
    FROM generate_series(0, {SCOPES - 1}) i;
INSERT INTO administrative_user (admin_id, principal_id, logon_name, is_group)
    SELECT 30000000 + i, format('krb5:b%s@BENCH.TEST', i), 'bench', false
    FROM generate_series(0, {USERS - 1}) i;
INSERT INTO assignment (assignment_id, admin_id, role_id)
    SELECT 30000000 + i, 30000000 + i, 'SMS0008R'
    FROM generate_series(0, {USERS - 1}) i;
INSERT INTO assignment_scope (assignment_id, scope_id)
    SELECT 30000000 + i, 'SMS00UNA' FROM generate_series(0, {USERS - 1}) i;
COMMIT;
RESET ROLE;
CREATE TABLE public.bare (assignment_id bigint, scope_id text,
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
"""
BARE = f"""\\set u random(0, {USERS - 1})
\\set s random(0, {SCOPES - 1})
BEGIN;
INSERT INTO public.bare (assignment_id, scope_id)
    VALUES (30000000 + :u, 'BEN' || lpad(:s::text, 5, '0'));
COMMIT;
"""
ACTOR = {"principal": "alice@LAB.TEST", "ids": ["krb5:alice@LAB.TEST"],
         "own": 1, "groups_known": True, "level": 1, "delegated": False}
CALL = f"""\\set u random(0, {USERS - 1})
\\set s random(0, {SCOPES - 1})
SELECT revision FROM reeve.change_site('{json.dumps(ACTOR)}',
    jsonb_build_array(jsonb_build_object('op', 'admin_change', 'args',
        jsonb_build_object('admin_id', (30000000 + :u)::text, 'permissions',
            jsonb_build_array(jsonb_build_object('role_id', 'SMS0008R',
                'category_id', 'BEN' || lpad(:s::text, 5, '0')))))), NULL,
    '{{"request_id": "bench", "source": "127.0.0.1"}}');
"""
WRK = """
wrk.headers["Authorization"] = {token}
wrk.headers["Content-Type"] = "application/json"
math.randomseed({seed})
request = function()
    return wrk.format("PATCH", string.format(
        "/AdminService/wmi/SMS_Admin(%d)", 30000000 + math.random(0, {users})),
        nil, string.format('{{"Permissions":[{{"RoleID":"SMS0008R",'
            .. '"CategoryID":"BEN%05d"}}]}}', math.random(0, {scopes})))
end
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("MEASURED %d %d %d %.0f\\n", summary.requests,
        summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
        latency:percentile(50)))
end
"""


class Written:
    """What clients of the provider have seen."""

    def __init__(self, site, caller, script, seed, clients):
        host.write(script, WRK.format(
            token=json.dumps(caller.bearer), seed=seed, users=USERS - 1,
            scopes=SCOPES - 1), 0o600)
        text = programs.run(["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s",
                             "-s", script, site.url])
        found = re.search(r"MEASURED (\d+) (\d+) (\d+) (\d+)", text)
        if not found:
            raise BenchError(f"wrk said: {text[-400:]}")
        n, microseconds, errors, self.p50_us = map(int, found.groups())
        if n == 0 or errors:
            raise BenchError(f"{errors} of {n} answers were errors")
        self.rate = n * 1e6 / microseconds


def by_pgbench(site, folder, script, clients):
    """(transactions a second, median in us)"""
    path = os.path.join(folder, "write.sql")
    host.write(path, script, 0o644)
    text = programs.run([
        "pgbench", "-n", "-c", str(clients), "-j", "1",
        "-T", str(SECONDS), "-f", path, site.postgres.conninfo("postgres")])
    rate = re.search(r"tps = ([0-9.]+)", text)
    mean = re.search(r"latency average = ([0-9.]+) ms", text)
    if not rate or not mean:
        raise BenchError(f"pgbench said: {text[-400:]}")
    return float(rate[1]), float(mean[1]) * 1000


def _rows(site, folder, caller, seed):
    script = os.path.join(folder, "wrk.lua")
    one = Written(site, caller, script, seed, 1)
    _, bare_us = by_pgbench(site, folder, BARE, 1)
    yield Row("write of a permission, 1 client", one.p50_us, "us",
              "INSERT and COMMIT by pgbench", bare_us, 3)
    many = Written(site, caller, script, seed, CLIENTS)
    rate, _ = by_pgbench(site, folder, CALL, CLIENTS)
    yield Row(f"write of a permission, {CLIENTS} clients", many.rate,
              "writes/s", "the write function by pgbench", rate, .8, True)


def measure(runs, say):
    if len(machine.cpus()) < 2:
        raise BenchError("server and client need a processor each")
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    site = Site(os.path.join(folder, "s"), progress=say, config={
        "loops": 1, "store_connections": CLIENTS})
    rows = []
    try:
        site.up()
        site.postgres.psql(DURABLE)
        site.postgres.psql(FILL)
        caller = https.Caller(site)
        for i in range(runs):
            say(f"run {i + 1} of {runs}")
            rows += _rows(site, folder, caller, i)
    finally:
        site.down()
        host.remove_temp(folder)
    return rows
