#!/usr/bin/python3 -B
"""Measures, shows a table, and writes build/bench/results.jsonl.

usage: run.py [--peers] [NAME...]      --list tells the names

BENCH_RUNS sets the number of paired runs (3 at least, 5 if not set).
"""

import os
import signal
import sys
import time

sys.dont_write_bytecode = True
# As a script this file would hide the package that it belongs to.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from bench import accepting, following, hidden, https  # noqa: E402
from bench import lists, loading  # noqa: E402
from bench import machine, peers, prefix, programs, rows, writing  # noqa: E402
from bench.rows import BenchError  # noqa: E402
from bench.store import Stores  # noqa: E402
from lab import host  # noqa: E402
from lab.host import LabError  # noqa: E402

RESULTS = os.path.join(host.ROOT, "build/bench/results.jsonl")
FEWEST_RUNS = 3


def of_program(program, measure=programs.measure):
    return lambda runs, say: measure(program, runs, say)


def known(stores):
    """{name: measure(runs, say)} of `make bench`, in order."""
    found = {name: of_program(program, programs.measure_sizes)
             for name, program in programs.engine().items()}
    found.update(who=of_program("bench_who"),
                 token=of_program("bench_token"),
                 session=of_program("bench_session"),
                 memory=of_program("bench_memory"),
                 change=of_program("bench_change"),
                 growth=of_program("bench_growth"),
                 handshake=of_program("bench_handshake"),
                 lists=lambda *how: lists.measure(stores, *how),
                 load=lambda *how: loading.measure(stores, *how),
                 feed=lambda *how: following.measure(stores, *how),
                 acceptor=accepting.measure,
                 https=https.measure,
                 prefix=prefix.measure,
                 writing=writing.measure,
                 hidden=hidden.measure)
    return found


def how_often():
    text = os.environ.get("BENCH_RUNS", "5")
    if not text.isdigit() or int(text) < FEWEST_RUNS:
        raise BenchError(f"BENCH_RUNS={text}: a median wants {FEWEST_RUNS} "
                         "runs or more")
    return int(text)


class Progress:
    def __init__(self):
        self.start = time.monotonic()

    def about(self, name):
        def say(text):
            spent = time.monotonic() - self.start
            print(f"[{spent:6.1f} s] {name}: {text}", flush=True)
        return say


def chosen(table, names):
    unknown = [n for n in names if n not in table]
    if unknown:
        raise BenchError(f"no measurement {', '.join(unknown)}; there are "
                         + ", ".join(table))
    return {n: m for n, m in table.items() if not names or n in names}


def measure_all(table, runs):
    """All summaries; a measurement that fails does not end the others."""
    progress, summaries, failed = Progress(), [], []
    for name, measure in table.items():
        try:
            found = rows.summarise(measure(runs, progress.about(name)))
        except (BenchError, LabError, OSError) as e:
            print(f"bench: {name}: {e}", file=sys.stderr, flush=True)
            failed.append(name)
            continue
        summaries += found
        rows.write(RESULTS, found)
    return summaries, failed


def main(argv):
    if "--help" in argv or "-h" in argv:
        print(__doc__.strip())
        return 0
    with Stores() as stores:
        table = peers.known() if "--peers" in argv else known(stores)
        if "--list" in argv:
            print("\n".join(table))
            return 0
        names = [a for a in argv if not a.startswith("--")]
        table, runs = chosen(table, names), how_often()
        os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
        print(f"machine: {machine.describe()}", flush=True)
        summaries, failed = measure_all(table, runs)
    print()
    print("\n".join(rows.table(summaries)))
    print(f"\nbench: {len(summaries)} rows in build/bench/results.jsonl"
          + (f"; FAILED: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def interrupt(*_args):
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except (BenchError, LabError) as e:
        print(f"bench: {e}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
