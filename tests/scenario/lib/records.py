"""What the provider has written into its audit log."""

import glob
import json
import os
import time


def audit(site, **wanted):
    """The records of the site, oldest first, that have the wanted values.

    audit(site, event="request", status=403).  A line that is no JSON object
    is an error: the log must be whole at any time.  Only the last line may
    still be in the making.
    """
    out = []
    for path in sorted(glob.glob(os.path.join(site.audit_folder, "*.jsonl"))):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        lines = text.split("\n")[:-1]  # what follows the last end of line
        out += [json.loads(line) for line in lines]
    return [r for r in out
            if all(r.get(k) == v for k, v in wanted.items())]


def wait_for(condition, timeout=10, what="it"):
    """Asks condition() until it gives something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {timeout} s")
        time.sleep(0.02)
