"""What one may not know of, and what there is not: answered alike, at the same
time.

One caller, one connection, one request after another: an object that the
caller may not read, or one that there is not, by the toss of a coin, so that
whatever else the machine does meets both.  Medians of each; the row is the
slower by the faster.  Besides: what a filter as large as may be costs, and a
decision at the end of the longest chain of collections, each against the
plain one in the same turns.
"""

import importlib
import json
import os
import random
import statistics
import sys
import time
import urllib.parse

from bench import https
from bench.rows import BenchError, Row
from lab import host
from lab.process import Guard
from lab.site import Site

PAIRS = 1000
SLOW_PAIRS = 120  # of what is held back
SLOW_US = 20000
WARM_UP = 30
APART = 1.05  # the reference's five per cent
CPU_MS = 10.0
DEEPEST = 64
WMI = "/AdminService/wmi/"
FOLDER = os.path.join(host.ROOT, "tests/scenario")

# A chain of collections, the last of them limited through all others.
CHAIN = f"""
SET ROLE reeve_owner; SET search_path = reeve, pg_temp;
BEGIN;
SELECT take_revision();
INSERT INTO collection (collection_id, kind, limiting_id, name)
    SELECT 'BEN' || lpad(i::text, 5, '0'), 'device', CASE i WHEN 2
        THEN 'SMS00001' ELSE 'BEN' || lpad((i - 1)::text, 5, '0') END,
        'bench ' || i FROM generate_series(2, {DEEPEST}) i;
COMMIT;
"""


class Line:
    """Somebody who has signed in, on one connection."""

    def __init__(self, site, who):
        wire = importlib.import_module("lib.wire")
        spnego = importlib.import_module("lib.spnego")
        with wire.Wire(site) as first:
            answer = first.request("GET", "/reeve/v1/session", {
                "Authorization": spnego.header(
                    spnego.good(site, site.kinit(who)))})
        token = answer.header("reeve-session")
        if token is None:
            raise BenchError(f"{who} cannot sign in: {answer.status}")
        self.fields = {"Authorization": "Bearer " + token}
        self.wire = wire.Wire(site)

    def ask(self, method, path, body=None):
        """(microseconds, status, body) of one request."""
        fields, data = self.fields, b""
        if body is not None:
            fields = {**fields, "Content-Type": "application/json"}
            data = json.dumps(body).encode()
        start = time.perf_counter_ns()
        answer = self.wire.request(method, path, fields, data)
        took = (time.perf_counter_ns() - start) / 1000
        if answer is None:
            raise BenchError("the provider closed the connection")
        return took, answer.status, answer.body


def _strip(body, key):
    """What an answer says, but for what differs from each to the next."""
    said = json.loads(body.decode().replace(key, "KEY"))
    for part in (said, said.get("error", {}), said.get("context", {})):
        for name in ("@reeve.request_id", "request_id", "evaluated_at",
                     "valid_until"):
            part.pop(name, None)
    return said


def _paired(line, name, requests):
    """Medians of two requests by turns, in no order: {what: microseconds}"""
    times = {what: [] for what in requests}
    dice = random.Random(name)
    pairs = PAIRS + WARM_UP
    for i in range(pairs):
        if i == WARM_UP and took > SLOW_US:
            pairs = SLOW_PAIRS + WARM_UP
        if i >= pairs:
            break
        order = list(requests)
        dice.shuffle(order)
        for what in order:
            took, status, body = line.ask(*requests[what](dice))
            if i >= WARM_UP:
                times[what].append(took)
            elif i == 0:
                requests[what].said = status, body, requests[what].key
    return {what: statistics.median(t) for what, t in times.items()}


class _Made:
    """Makes requests of one kind; keeps what the first was answered."""

    def __init__(self, make, keys):
        self.make, self.keys, self.said, self.key = make, keys, None, None

    def __call__(self, dice):
        self.key = dice.choice(self.keys)
        return self.make(self.key)


def _questions(site):
    """(name, who, make(key) -> request, hidden keys, missing keys)"""
    def keys(sql):
        return site.psql(sql).split()

    def beyond(numbers):
        return [str(int(n) + 50_000_000) for n in numbers]

    apps = ("SELECT {} FROM reeve.secured_object o WHERE object_type_id = 31 "
            "AND NOT EXISTS (SELECT FROM reeve.object_scope s WHERE "
            "s.object_type_id = 31 AND s.object_key = o.object_key "
            "AND s.scope_id = 'RVE00010')")
    hidden = keys(apps.format("object_key"))
    # Of the same length, and as far from any other.
    missing = [k[:-12] + f"{i:012x}" for i, k in enumerate(hidden)]
    numbers = [i for i in keys("SELECT key FROM reeve.list_sms_application r "
                               "WHERE object_key IN (" + ", ".join(
                                   f"'{k}'" for k in hidden) + ")")]
    devices = keys("SELECT resource_id FROM reeve.resource r WHERE "
                   "resource_type = 5 AND resource_id NOT IN (SELECT "
                   "resource_id FROM reeve.collection_member WHERE "
                   "collection_id = 'RVE00015') LIMIT 50")
    collections = [f"BEN{i:05d}" for i in range(2, 30)]

    def question(who, kind, path="/access/v1/evaluation"):
        return lambda key: ("POST", path, {
            "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
            "action": {"name": "Modify"},
            "resource": {"type": kind, "id": key}})

    def single(kind, quote=""):
        return lambda key: ("GET", f"{WMI}{kind}({quote}{key}{quote})", None)

    yield ("evaluation of an application", "bob",
           question("bob", "SMS_Application"), hidden, missing)
    yield ("evaluation of a device", "carol",
           question("carol", "SMS_R_System"), devices,
           beyond(devices))
    yield ("explanation", "bob", question(
        "bob", "SMS_Application", "/reeve/v1/explain"), hidden, missing)
    yield ("an application", "bob", single("SMS_Application"), numbers,
           beyond(numbers))
    yield ("a device", "carol", single("SMS_R_System"), devices,
           beyond(devices))
    yield ("a collection", "carol", single("SMS_Collection", "'"),
           collections, [c.replace("BEN", "BEM") for c in collections])
    yield ("change of an application", "bob", lambda key: (
        "PATCH", f"{WMI}SMS_Application({key})",
        {"LocalizedDescription": "x"}), numbers,
        beyond(numbers))
    yield ("scope of an application", "bob", lambda key: (
        "POST", WMI + "SMS_SecuredCategoryMembership.AddMemberships",
        {"ObjectIDs": [key], "ObjectTypeIDs": [31],
         "CategoryIDs": ["RVE00010"]}), hidden, missing)


def _hidden_rows(site, say):
    for name, who, make, hidden, missing in _questions(site):
        if not hidden or len(hidden[0]) != len(missing[0]):
            raise BenchError(f"{name}: the keys are not alike")
        two = {"hidden": _Made(make, hidden), "missing": _Made(make, missing)}
        medians = _paired(Line(site, who), name, two)
        said = [(status, _strip(body, key)) for status, body, key in
                (one.said for one in two.values())]
        if said[0] != said[1]:
            raise BenchError(f"{name}: not answered alike: {said}")
        say(f"{name}: hidden {medians['hidden']:.0f} us, "
            f"missing {medians['missing']:.0f} us")
        slow, fast = max(medians.values()), min(medians.values())
        yield Row(f"hidden or missing: {name}", slow, "us",
                  "the faster of the two", fast, APART)


# ---- Large filters, long chains --------------------------------------------------


def _filters():
    """The dearest that may be: 100 nodes, ten deep, none an index's."""
    deep = "tolower(" * 7 + "Name" + ")" * 7
    part = f"contains({deep},'{'a' * 40}b')"
    wide = " or ".join([f"contains(Name,'{'a' * 40}{i}')" for i in range(24)])
    texts = ",".join(f"'{'x' * 20}{i}'" for i in range(149))
    yield "ten deep", f"({part}) or ({part}) or ({part}) or ({part})"
    yield "a hundred nodes", wide
    yield "any and all", "IPAddresses/any(a: contains(a,'x')) or " \
        "MACAddresses/all(m: MACAddresses/any(n: n eq m and contains(n,'x')))"
    yield "in of 149", f"Name in ({texts})"


def _cpu(site):
    """Seconds of processor of the provider and of its store, so far."""
    from lab.process import descendants
    total = 0.0
    for daemon in (site.provider.daemon, site.postgres.daemon):
        for pid in [daemon.pid, *descendants(daemon.pid)]:
            try:
                total += https._cpu_seconds(pid)
            except OSError:
                pass  # a process that has ended meanwhile
    return total


def _filter_rows(site, say):
    line = Line(site, "alice")
    plain = "$filter=" + urllib.parse.quote("Name eq 'No such'", safe="")
    for name, text in _filters():
        dear = "$filter=" + urllib.parse.quote(text, safe="")
        spent = {}
        for query in (plain, dear):
            turns = 150
            line.ask("GET", f"{WMI}SMS_R_System?{query}")
            before = _cpu(site)
            for _ in range(turns):
                _, status, _ = line.ask("GET", f"{WMI}SMS_R_System?{query}")
                if status != 200:
                    raise BenchError(f"{name}: {status}")
            spent[query] = (_cpu(site) - before) * 1000 / turns
        say(f"filter, {name}: {spent[dear]:.1f} ms, plain {spent[plain]:.1f}")
        yield Row(f"CPU of a filter over 500 devices, {name}", spent[dear],
                  "ms", "limit", CPU_MS, 1)
        yield Row(f"CPU of a filter over 500 devices, {name}, by a plain one",
                  spent[dear], "ms", "Name eq", spent[plain])


def _chain_rows(site, say):
    line = Line(site, "dave")

    def asked(collection):
        return _Made(lambda key: ("POST", "/access/v1/evaluation", {
            "subject": {"type": "user", "id": "dave@LAB.TEST"},
            "action": {"name": "Read"},
            "resource": {"type": "SMS_Collection", "id": key}}), [collection])

    two = {"end": asked(f"BEN{DEEPEST:05d}"), "top": asked("BEN00002")}
    medians = _paired(line, "chain", two)
    for one in two.values():
        if json.loads(one.said[1])["decision"] is not True:
            raise BenchError(f"the answer is not an allow: {one.said}")
    say(f"chain: end {medians['end']:.0f} us, top {medians['top']:.0f} us")
    yield Row("a decision at the end of 64 collections", medians["end"], "us",
              "at the second", medians["top"])
    yield Row("a decision at the end of 64 collections, in all",
              medians["end"] / 1000, "ms", "limit", CPU_MS, 1)


def measure(runs, say):
    if FOLDER not in sys.path:
        sys.path.append(FOLDER)
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    site = Site(os.path.join(folder, "s"), progress=say, config={"loops": 1})
    rows = []
    try:
        site.up()
        site.postgres.psql(CHAIN)
        site.postgres.psql("VACUUM (ANALYZE)")
        for i in range(runs):
            say(f"run {i + 1} of {runs}")
            rows += [*_hidden_rows(site, say), *_filter_rows(site, say),
                     *_chain_rows(site, say)]
    finally:
        site.down()
        host.remove_temp(folder)
    return rows
