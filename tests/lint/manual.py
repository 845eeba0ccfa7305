"""Every parameter of every table is in its section of reeved.conf(5)."""

import os
import re
import subprocess

import common

PARAMETER = re.compile(r"^(?:PARAM|CHOICE)\((\w+),", re.M)
# section of the manual -> table
TABLES = {
    "PARAMETERS": "provider/config/params.h",
    "AUTHORITIES": "provider/config/params_authority.h",
    "ISSUERS": "provider/config/params_issuer.h",
}


def section(manual, title):
    """The text below a heading, up to the next one."""
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", manual,
                      re.M | re.S)
    return found[1] if found else ""


def missing(table, text):
    """Names of the table that the text does not describe."""
    return [name for name in PARAMETER.findall(table)
            if not re.search(r"^\.It\b.*\b" + name + r"\b", text, re.M)]


def check_tree():
    program = os.environ.get("REEVED") or os.path.join(
        common.ROOT, "build/release/reeved")
    try:
        manual = subprocess.run([program, "--manual"], capture_output=True,
                                text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        return [f"cannot get the manual: {e}"]
    found = []
    for title, path in TABLES.items():
        table = common.read(common.ROOT, path)
        if not PARAMETER.search(table):
            found.append(f"{path}: no parameters found")
        found += [f"{path}: {name} is not in the manual below {title}"
                  for name in missing(table, section(manual, title))]
    return found


if __name__ == "__main__":
    tap = common.Tap()
    found = check_tree()
    tap.ok(not found, "every parameter is in the manual", found)
    two = 'PARAM(one, path, "",\n    "x")\nCHOICE(two, "a|b", "a",\n'
    tap.ok(missing(two, ".It Cm one\n") == ["two"],
           "finds a planted one: a parameter that is missing")
    tap.ok(missing(two, ".It Cm one\n.It Ic two Ar value\n") == [],
           "finds nothing where nothing is")
    page = ".Sh A\n.It Cm one\n.Sh B\n.It Cm two\n"
    tap.ok(missing(two, section(page, "A")) == ["two"]
           and missing(two, section(page, "B")) == ["one"]
           and missing(two, section(page, "C")) == ["one", "two"],
           "finds a planted one: a parameter below another heading")
    tap.done()
