"""Ends the daemons of a program that died, however it died.

Reads lines from standard input: "+ PID START SIGNAL" watches a process,
"- PID" forgets it, "rm PATH" names a folder of make_temp().  The pipe
closes when the program ends; then all that is still watched is ended, first
with its signal, after three seconds for good.  This outlives SIGKILL of the
program, which no handler inside it would.
"""

import os
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import host, process  # noqa: E402


def end_all(watched):
    for pid, (start, number) in watched.items():
        if process.is_alive(pid, start):
            process.signal_tree(pid, signal.SIGCONT)
            process.send(pid, number)
    deadline = time.monotonic() + 3
    left = dict(watched)
    while left and time.monotonic() < deadline:
        left = {p: v for p, v in left.items()
                if process.is_alive(p, v[0])}
        time.sleep(0.02)
    for pid in left:
        process.signal_tree(pid, signal.SIGKILL)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched, folders = {}, set()
    for line in sys.stdin:
        verb, rest = line.rstrip("\n").split(" ", 1)
        if verb == "+":
            pid, start, number = rest.split()
            watched[int(pid)] = (start, int(number))
        elif verb == "-":
            watched.pop(int(rest), None)
        elif verb == "rm":
            folders.add(rest)
        elif verb == "keep":
            folders.discard(rest)
    end_all(watched)
    for folder in folders:
        host.remove_temp(folder)


if __name__ == "__main__":
    main()
