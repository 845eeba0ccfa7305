"""The SQL of the catalogue is what its generator makes of the data."""

import os
import subprocess

import common

GENERATOR = "sql/catalogue/generate.py"


def check(root):
    if not os.path.exists(os.path.join(root, GENERATOR)):
        return []
    done = subprocess.run(["/usr/bin/python3", "-B", GENERATOR, "--check"],
                          cwd=root, capture_output=True, text=True,
                          check=False)
    if done.returncode == 0:
        return []
    return [f"{GENERATOR} --check: exit {done.returncode}: "
            + (done.stdout + done.stderr).strip()]


PLANTS = {"a generator that disagrees": {
    GENERATOR: "import sys\nsys.exit('differs' if '--check' in sys.argv "
    "else 0)\n"}}
SOUND = {GENERATOR: "print('the same')\n"}

if __name__ == "__main__":
    common.main("the catalogue is generated from its data", check, PLANTS,
                SOUND)
