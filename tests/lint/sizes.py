"""Sizes of C files and functions, as warnings."""

import json
import os
import subprocess

import common

FILE_LINES = 500
FUNCTION_LINES = 60


def functions(root, paths):
    """(path, line, name, length) of every function."""
    if not paths:
        return
    out = subprocess.run(
        ["ctags", "--output-format=json", "--languages=C", "--kinds-C=f",
         "--map-C=+.h", "--fields=+ne", "-o", "-", "-L", "-"],
        input="\n".join(paths), cwd=root, capture_output=True, text=True,
        check=True).stdout
    for line in out.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and "end" in tag:
            yield (tag["path"], tag["line"], tag["name"],
                   tag["end"] - tag["line"] + 1)


def check(root):
    paths = common.files(root, common.C_FOLDERS, (".c", ".h"))
    found = []
    for path in paths:
        lines = common.read(root, path).count("\n")
        if lines > FILE_LINES:
            found.append(f"{path} has {lines} lines (over {FILE_LINES})")
    for path, line, name, length in functions(root, paths):
        if length > FUNCTION_LINES:
            found.append(common.finding(
                path, line, f"{name}() has {length} lines (over "
                f"{FUNCTION_LINES})"))
    return found


PLANTS = {
    "a long file": {"rbac/x.c": "\n" * (FILE_LINES + 1)},
    "a long function": {"rbac/x.c": "int\nf(void)\n{\n" + "\tg();\n"
                        * FUNCTION_LINES + "}\n"},
}
SOUND = {"rbac/x.c": "int\nf(void)\n{\n\treturn 0;\n}\n"}

if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    common.main("sizes of files and functions", check, PLANTS, SOUND,
                warn=True)
