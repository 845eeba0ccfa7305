"""What the lints share: files, C without comments, and TAP.

A lint is check(root) -> [finding], and a table of plants: files with a
violation.  Each run checks the tree, and that every plant is found.
"""

import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OUTSIDE = {"build", "var", ".git", "__pycache__", "node_modules"}
C_FOLDERS = ("include", "rbac", "auth", "provider", "tests")


def files(root, folders=(".",), endings=None):
    """Paths relative to root, sorted."""
    found = []
    for top in folders:
        for folder, names, leaves in os.walk(os.path.join(root, top)):
            names[:] = [n for n in names if n not in OUTSIDE]
            # In a second work tree .git is a file.
            for leaf in sorted(set(leaves) - OUTSIDE):
                path = os.path.relpath(os.path.join(folder, leaf), root)
                if endings is None or path.endswith(endings):
                    found.append(path)
    return sorted(set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8",
              errors="replace") as f:
        return f.read()


_C_PIECES = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def c_code(text, keep_strings=False):
    """C with comments (and the insides of strings) as blanks."""
    def replace(match):
        piece = match.group()
        if piece[0] == "/":
            return _blank(piece)
        if keep_strings:
            return piece
        return piece[0] + _blank(piece[1:-1]) + piece[-1]
    return _C_PIECES.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def finding(path, line, what):
    return f"{path}:{line}: {what}"


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, held, name, words=()):
        self.count += 1
        self.failed += not held
        print(f"{'ok' if held else 'not ok'} {self.count} - {name}")
        for word in words:
            print("# " + str(word).replace("\n", "\n# "))

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def plant(check, contents):
    """The findings in a tree that has only these {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in contents.items():
            at = os.path.join(root, path)
            os.makedirs(os.path.dirname(at), exist_ok=True)
            with open(at, "w", encoding="utf-8") as f:
                f.write(text)
        return check(root)


def main(name, check, plants, sound=None, warn=False):
    """plants: {what: {path: text}}, each with one violation at least.

    sound: {path: text} without any.  warn: findings in the tree are only
    printed.
    """
    tap = Tap()
    found = check(ROOT)
    tap.ok(warn or not found, name,
           ["warning: " + f for f in found] if warn else found)
    for what, contents in plants.items():
        tap.ok(plant(check, contents), f"finds a planted one: {what}")
    if sound is not None:
        wrong = plant(check, sound)
        tap.ok(not wrong, "finds nothing where nothing is", wrong)
    tap.done()
