"""C is formatted as .clang-format says."""

import collections
import os
import shutil
import subprocess

import common


def check(root):
    paths = common.files(root, common.C_FOLDERS, (".c", ".h"))
    law = os.path.join(common.ROOT, ".clang-format")
    if not paths:
        return []
    if root != common.ROOT:
        shutil.copy(law, root)
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths],
                          cwd=root, capture_output=True, text=True,
                          check=False)
    if done.returncode == 0:
        return []
    counts = collections.Counter(
        line.split(":")[0] for line in done.stderr.splitlines()
        if "error:" in line)
    return [f"{path}: {n} places" for path, n in sorted(counts.items())] \
        or [done.stderr.strip()]


PLANTS = {"blanks for a tab": {
    "rbac/x.c": "int\nf(void)\n{\n    return 0;\n}\n"}}
SOUND = {"rbac/x.c": "int\nf(void)\n{\n\treturn 0;\n}\n"}

if __name__ == "__main__":
    common.main("C is formatted (make fmt does it)", check, PLANTS, SOUND)
