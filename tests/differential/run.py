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

SECONDS = 8  # for each
FIXED = ("1", "2")
WORLDS = 6  # of each fixed seed


def main():
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    with compare.Parts(built=True) as parts:
        compare.replay_all(parts, tap)
        for seed in FIXED:
            compare.compare_seed(parts, tap, seed, WORLDS, SECONDS)
        compare.compare_seed(parts, tap, today, 0, SECONDS)
    tap.done()


if __name__ == "__main__":
    main()
