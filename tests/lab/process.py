"""Daemons of the lab: start, stop, pause, and never leave one behind.

A daemon is known by its pid and its start time, so that a number that the
kernel has given to somebody else is never signalled.
"""

import atexit
import os
import signal
import subprocess
import time

from lab import host
from lab.host import LabError


def stat(pid):
    """(state, parent, start time) of a process, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return fields[0], int(fields[1]), fields[19]


def is_alive(pid, start):
    now = stat(pid)
    return now is not None and now[2] == start and now[0] not in "ZX"


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def descendants(pid):
    """pid and all below it; PostgreSQL's are leaders of own groups."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            info = stat(name)
            if info:
                children.setdefault(info[1], []).append(int(name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def signal_tree(pid, number):
    for one in descendants(pid):
        send(one, number)


class Guard:
    """The other end of guard.py; one for a whole program."""

    _one = None

    def __init__(self):
        self.child = subprocess.Popen(
            ["/usr/bin/python3", "-S", "-E",
             os.path.join(host.HERE, "guard.py")],
            stdin=subprocess.PIPE, start_new_session=True, cwd="/",
            env=host.base_env())
        atexit.register(self.close)

    @classmethod
    def get(cls):
        if cls._one is None:
            cls._one = Guard()
        return cls._one

    def tell(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def close(self):
        """Ends all that is still watched, and waits for it."""
        try:
            self.child.stdin.close()
        except OSError:
            pass
        self.child.wait()
        Guard._one = None


class Daemon:
    """One process of a site.  Its pid file outlives this object."""

    def __init__(self, name, pid_file, log, stop_signal=signal.SIGTERM):
        self.name = name
        self.pid_file = pid_file
        self.log = log
        self.stop_signal = stop_signal
        self.child = None
        self.pid, self.started = self._read_pid()
        self.exit_code = None

    def _read_pid(self):
        try:
            with open(self.pid_file, encoding="ascii") as f:
                pid, started = f.read().split()
        except (OSError, ValueError):
            return None, None
        return int(pid), started

    @property
    def alive(self):
        if self.child is not None:
            self.exit_code = self.child.poll()
            if self.exit_code is not None:
                return False
        return self.pid is not None and is_alive(self.pid, self.started)

    def start(self, argv, env, user=None, cwd="/"):
        if self.alive:
            raise LabError(f"{self.name} runs already")
        guard = Guard.get()
        with open(self.log, "ab") as log:
            try:
                self.child = subprocess.Popen(
                    argv, env=env, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, cwd=cwd, start_new_session=True,
                    **host.as_user(user))
            except OSError as e:
                raise LabError(f"cannot start {argv[0]}: {e}") from e
        self.pid, self.exit_code = self.child.pid, None
        self.started = stat(self.pid)[2]
        guard.tell(f"+ {self.pid} {self.started} {int(self.stop_signal)}")
        host.write(self.pid_file, f"{self.pid} {self.started}\n")

    def wait_until(self, ready, timeout, what):
        """Waits for ready(); LabError with the log's end if it dies."""
        deadline = time.monotonic() + timeout
        pause = 0.002
        while not ready():
            if not self.alive:
                raise LabError(f"{self.name} ended at once (exit "
                               f"{self.exit_code}); the end of {self.log}:\n"
                               + self.log_tail())
            if time.monotonic() > deadline:
                raise LabError(f"{self.name}: {what} not within {timeout} s; "
                               f"the end of {self.log}:\n" + self.log_tail())
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def log_tail(self, lines=25):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return "".join(f.readlines()[-lines:])
        except OSError:
            return "(no log)"

    def forget(self):
        """From now on the daemon outlives this program."""
        if self.pid is not None:
            Guard.get().tell(f"- {self.pid}")

    def stop(self, timeout=15, number=None):
        """Asks the daemon to end, and kills it after timeout seconds.

        Returns the exit code, None when another program started it.
        """
        if self.alive:
            signal_tree(self.pid, signal.SIGCONT)
            tree = [(p, s[2]) for p in descendants(self.pid)
                    if (s := stat(p))]
            send(self.pid, number or self.stop_signal)
            deadline = time.monotonic() + timeout
            while self.alive and time.monotonic() < deadline:
                time.sleep(0.005)
            for pid, started in tree:
                if is_alive(pid, started):
                    send(pid, signal.SIGKILL)
        return self._ended()

    def kill(self):
        """SIGKILL to the daemon and all below it: a crash."""
        if self.alive:
            tree = [(p, s[2]) for p in descendants(self.pid)
                    if (s := stat(p))]
            for pid, _started in tree:
                send(pid, signal.SIGKILL)
            while self.alive or any(is_alive(*one) for one in tree):
                time.sleep(0.002)
        return self._ended()

    def _ended(self):
        if self.child is not None:
            self.exit_code = self.child.wait()
            self.child = None
        if self.pid is not None:
            if Guard._one is not None:
                Guard.get().tell(f"- {self.pid}")
            self.pid = None
        try:
            os.unlink(self.pid_file)
        except FileNotFoundError:
            pass
        return self.exit_code

    def pause(self):
        """Stops it in its tracks: sockets stay open, nothing answers."""
        signal_tree(self.pid, signal.SIGSTOP)

    def resume(self):
        signal_tree(self.pid, signal.SIGCONT)


