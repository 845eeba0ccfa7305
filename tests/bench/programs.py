"""Programs in C that measure by themselves and print lines of results."""

import glob
import os
import subprocess

from bench import machine
from bench.rows import BenchError, parse
from lab import host

FOLDER = os.path.join(host.ROOT, "build/release/bench")
ENGINE_OBJECTS = ("1000000", "10000000")


def path_of(program):
    path = os.path.join(FOLDER, program)
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is missing: run `make bench`")
    return path


def pinned(argv, cpu=None):
    """argv on one processor: all rows are for one core."""
    cpu = machine.first_cpu() if cpu is None else cpu
    return ["taskset", "-c", str(cpu), *argv]


def run(argv):
    done = subprocess.run(argv, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(argv)} failed (exit {done.returncode}): "
                         f"{done.stderr.strip()}")
    return done.stdout


def results(text):
    """The rows among what a program prints; without tabs it only talks."""
    return [parse(line) for line in text.splitlines() if "\t" in line]


def measure(program, runs, say, before=()):
    """The rows of a program, which pairs the runs by itself."""
    say(" ".join([program, *before]) + f", {runs} runs")
    found = results(run(pinned([path_of(program), *before, str(runs)])))
    if not found:
        raise BenchError(f"{program} printed no line of results")
    return found


def measure_sizes(program, runs, say):
    """Programs of tests/bench/engine take the number of objects first."""
    return [row for objects in ENGINE_OBJECTS
            for row in measure(program, runs, say, (objects,))]


def engine():
    """{name: program} of tests/bench/engine: they compare with bare loops."""
    sources = glob.glob(os.path.join(
        host.ROOT, "tests/bench/engine/bench_*.c"))
    names = sorted(os.path.basename(s)[:-len(".c")] for s in sources)
    return {name[len("bench_"):]: name for name in names}
