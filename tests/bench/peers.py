"""The engine against authorization libraries from npm, on one world.

Every answer of everybody is compared with the world's own oracle.
"""

import functools
import glob
import json
import os
import shutil

from bench import programs
from bench.rows import BenchError, Row
from lab import host

FOLDER = os.path.join(host.ROOT, "build/bench/peers")
SECONDS = 3
# script, name, how many times as fast we want to be
PEERS = (
    ("casl", "CASL 7, abilities cached", 30),
    ("cedar", "cedar-wasm 4.13", 2500),
    ("oso", "Oso 0.27 (wasm)", 2500),
    ("casbin", "node-casbin 5.51", 20000),
)


def prepare():
    """Scripts beside the packages, and the world as the engine reads it."""
    if not os.path.isdir(os.path.join(FOLDER, "node_modules")):
        raise BenchError("the libraries are missing: run `make bench-peers`")
    for path in glob.glob(os.path.join(host.HERE, "../bench/peers/*.mjs")):
        shutil.copy(path, FOLDER)
    world = os.path.join(FOLDER, "world.tsv")
    host.write(world, programs.run(
        ["node", os.path.join(FOLDER, "world.mjs")]))
    return world


def rate(argv):
    """Decisions a second; all of them right."""
    answer = json.loads(programs.run(programs.pinned(argv)))
    if answer["wrong"]:
        raise BenchError(f"{argv[-2]}: {answer['wrong']} answers are not the "
                         "oracle's")
    return answer["rate"]


def known():
    """{name: measure(runs, say)}, one for each library."""
    return {script: functools.partial(_measure, script, name, goal)
            for script, name, goal in PEERS}


def _measure(script, name, goal, runs, say):
    world = prepare()
    ours = [programs.path_of("bench_world"), world, str(SECONDS)]
    theirs = ["node", os.path.join(FOLDER, script + ".mjs"), str(SECONDS)]
    rows = []
    for i in range(runs):
        say(f"run {i + 1} of {runs}")
        rate_of_theirs = rate(theirs)
        rows.append(Row(f"decisions against {script}", rate(ours), "/s",
                        name, rate_of_theirs, goal, True))
    return rows
