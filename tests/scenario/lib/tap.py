"""TAP for scenarios: each check prints a line, the plan comes at the end.

    from lib import tap
    tap.is_(status, 200, "an administrator reads applications")
    tap.done()

There is no skip: a check that cannot run has failed.  An exception that
nobody catches becomes a failed check, and what was registered with
on_failure() is asked for its words (the log of the provider, for one).
"""

import atexit
import os
import re
import sys
import traceback

_state = {"count": 0, "failed": 0, "done": False, "tellers": []}


def diag(text):
    """Prints text as a comment, whatever is in it."""
    for line in str(text).splitlines() or [""]:
        print("# " + line)
    sys.stdout.flush()


def on_failure(teller):
    """teller() gives text to print when the program has failed."""
    _state["tellers"].append(teller)


def ok(condition, name):
    """One check; returns whether it held."""
    _state["count"] += 1
    name = re.sub(r"[\r\n#]", " ", str(name))
    word = "ok" if condition else "not ok"
    print(f"{word} {_state['count']} - {name}", flush=True)
    if not condition:
        _state["failed"] += 1
        frame = sys._getframe(1)
        while frame and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        if frame:  # none when called for an exception that nobody caught
            diag(f"failed at {os.path.basename(frame.f_code.co_filename)}:"
                 f"{frame.f_lineno}")
    return bool(condition)


def fail(name, why=""):
    ok(False, name)
    if why:
        diag(why)
    return False


def is_(got, expected, name):
    held = ok(got == expected, name)
    if not held:
        diag(f"     got: {got!r}\nexpected: {expected!r}")
    return held


def isnt(got, unwanted, name):
    held = ok(got != unwanted, name)
    if not held:
        diag(f"got the unwanted {got!r}")
    return held


def like(got, pattern, name):
    held = ok(re.search(pattern, str(got), re.S) is not None, name)
    if not held:
        diag(f"     got: {got!r}\n no match for: {pattern}")
    return held


def unlike(got, pattern, name):
    held = ok(re.search(pattern, str(got), re.S) is None, name)
    if not held:
        diag(f"     got: {got!r}\n must not match: {pattern}")
    return held


def raises(kind, action, name, pattern=""):
    """action() must raise kind with a text that matches pattern."""
    try:
        action()
    except kind as e:
        return like(e, pattern, name)
    return fail(name, f"raised nothing, not {kind.__name__}")


def bail_out(why):
    """Nothing further makes sense: ends this program as failed."""
    diag(why)
    _state["failed"] += 1
    _tell()
    fail(f"cannot go on: {why}")
    done()


def _tell():
    for teller in _state["tellers"]:
        try:
            diag(teller())
        except Exception as e:  # the words must not hide the failure
            diag(f"no further words: {e}")
    _state["tellers"] = []


def done():
    """Prints the plan and ends the program."""
    if _state["count"] == 0:
        fail("at least one check was made")
    if _state["failed"]:
        _tell()
    print(f"1..{_state['count']}", flush=True)
    _state["done"] = True
    sys.exit(1 if _state["failed"] else 0)


def _uncaught(kind, value, trace):
    fail(f"no uncaught {kind.__name__}")
    diag("".join(traceback.format_exception(kind, value, trace)))
    _tell()
    print(f"1..{_state['count']}", flush=True)
    _state["done"] = True


def _forgotten():
    if not _state["done"]:
        # Without a plan the harness counts the run as failed.
        diag("this program ended without tap.done()")


sys.excepthook = _uncaught
atexit.register(_forgotten)
