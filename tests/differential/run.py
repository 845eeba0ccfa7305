#!/usr/bin/python3 -B
"""The comparison with a small budget: the corpus, fixed seeds, and the seed
of the day, which is printed; `compare.py SEED 0 SECONDS` repeats one for as
long as one likes.
"""

import datetime
import os
import sys

sys.dont_write_bytecode = True
sys.path[0] = os.path.dirname(os.path.abspath(__file__))

import compare  # noqa: E402 (finds the folders of the others)
from lib import tap  # noqa: E402

SECONDS = 30
FIXED = ("1", "2")
WORLDS = 30  # of each fixed seed; the day has the rest of the time


def main():
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    with compare.Parts() as parts:
        compare.replay_all(parts, tap)
        for seed in FIXED:
            compare.compare_seed(parts, tap, seed, WORLDS, SECONDS)
        compare.compare_seed(parts, tap, today, 0, SECONDS / 3)
    tap.done()


if __name__ == "__main__":
    main()
