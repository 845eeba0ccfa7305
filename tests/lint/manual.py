"""Every parameter of reeved.conf is in reeved.conf(5)."""

import os
import re
import subprocess

import common

PARAMETER = re.compile(r"^(?:PARAM|CHOICE)\((\w+),", re.M)
TABLE = "provider/config/params.h"


def missing(table, manual):
    """Names of the table that the manual does not describe."""
    return [name for name in PARAMETER.findall(table)
            if not re.search(r"^\.It\b.*\b" + name + r"\b", manual, re.M)]


def check_tree():
    program = os.environ.get("REEVED") or os.path.join(
        common.ROOT, "build/release/reeved")
    try:
        manual = subprocess.run([program, "--manual"], capture_output=True,
                                text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        return [f"cannot get the manual: {e}"]
    table = common.read(common.ROOT, TABLE)
    if not PARAMETER.search(table):
        return [f"{TABLE}: no parameters found"]
    return [f"{TABLE}: {name} is not in the manual"
            for name in missing(table, manual)]


if __name__ == "__main__":
    tap = common.Tap()
    found = check_tree()
    tap.ok(not found, "every parameter is in the manual", found)
    two = 'PARAM(one, path, "",\n    "x")\nCHOICE(two, "a|b", "a",\n'
    tap.ok(missing(two, ".It Cm one\n") == ["two"],
           "finds a planted one: a parameter that is missing")
    tap.ok(missing(two, ".It Cm one\n.It Ic two Ar value\n") == [],
           "finds nothing where nothing is")
    tap.done()
