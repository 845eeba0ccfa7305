#!/usr/bin/python3 -B
"""usage: bugs.py [PART...]      engine, sql, prolog (all)

Plants known bugs, one after the other, and demands that a comparison over a
few fixed worlds notices each.  A bug is a patch in bugs/PART: of the engine
(which is compiled anew), of the twin's functions (which are replaced within a
transaction) or of the text in Prolog.  A patch that does not apply fails:
it is to be made anew for the source as it is, not dropped.
"""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = HERE

import compare  # noqa: E402 (finds the folders of the others)
import evaluators as ev  # noqa: E402
import world as w  # noqa: E402
from lab import host  # noqa: E402
from lib import tap  # noqa: E402

WORLDS, ASKS, LISTS = 90, 60, 3
LEAST = {"engine": 20, "sql": 20, "prolog": 10}


class Worlds:
    """The cases of the corpus and some fixed worlds, with their answers."""

    def __init__(self, engine):
        self.known, self.unsound = [], set()
        for name, world, questions in self.make():
            self.known.append((name, world, questions, engine.answers(
                world, questions)))

    @staticmethod
    def make():
        for name in sorted(os.listdir(compare.CORPUS)):
            yield name, *w.read_case(os.path.join(compare.CORPUS, name))
        source = compare.worlds_of("bugs")
        for _ in range(WORLDS):
            n, world, rng = next(source)
            yield (f"world {n}", world,
                   w.make_questions(rng, world, ASKS, LISTS))

    def notice(self, evaluator):
        """(world, field) where it answers otherwise; None: nowhere."""
        for name, world, questions, answers in self.known:
            if name in self.unsound:
                continue
            try:
                found = evaluator.answers(world, questions)
            except ev.Failed as e:
                return name, str(e)[:100]
            for q, a, b in zip(questions, answers, found):
                field = compare.differ(q, (a, b))
                if field:
                    return name, field
        return None

    def check_sound(self, evaluator):
        """Leaves out, as failed, where it differs without any bug."""
        found = self.notice(evaluator)
        while found is not None:
            tap.fail(f"without a bug the {evaluator.name} answers as the "
                     "engine", f"{found[0]}: {found[1]}")
            self.unsound.add(found[0])
            found = self.notice(evaluator)
        tap.ok(True, f"without a bug the {evaluator.name} was asked")


def patches(part):
    folder = os.path.join(HERE, "bugs", part)
    return [os.path.join(folder, f) for f in sorted(os.listdir(folder))
            if f.endswith(".patch")]


class Tree:
    """A copy of the sources, to be changed and put right again."""

    def __init__(self, folder):
        self.top = os.path.join(folder, "tree")
        for name in ("rbac", "include", "tests/unit/rbac", "sql/migrations",
                     "tests/differential"):
            shutil.copytree(os.path.join(ev.ROOT, name),
                            os.path.join(self.top, name),
                            ignore=shutil.ignore_patterns("bugs", "corpus"))

    def apply(self, patch, back=False):
        """The files that a patch changes; ev.Failed when it cannot."""
        done = subprocess.run(
            ["git", "apply", "-C1", *(["-R"] if back else []), patch],
            cwd=self.top, capture_output=True, text=True, check=False,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": self.top})
        if done.returncode != 0:
            raise ev.Failed("does not apply any more: " + done.stderr)
        with open(patch, encoding="utf-8") as f:
            return re.findall(r"^\+\+\+ b/(\S+)", f.read(), re.M)

    def path(self, name):
        return os.path.join(self.top, name)


def try_engine(parts, tree, worlds, files):
    """Compiles what a patch changed, and all of it for a header."""
    objects = dict(parts.objects)
    if any(f.endswith(".h") for f in files):
        files = list(objects)
    for source in files:
        objects[source] = tree.path(source.replace("/", "-") + ".o")
        ev.compile_object(tree.top, source, objects[source])
    program = tree.path("engine")
    ev.link(objects.values(), program)
    engine = ev.Engine(program)
    try:
        return worlds.notice(engine)
    finally:
        engine.close()


def replacing(sql):
    """A migration of functions as one that replaces them."""
    sql = re.sub(r"CREATE TYPE [^;]*;", "", sql)
    return sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


def try_sql(parts, tree, worlds, files):
    twin = parts.all[-1]
    text = ""
    for name in files:
        with open(tree.path(name), encoding="utf-8") as f:
            text += replacing(f.read())
    with twin.changed(text):
        return worlds.notice(twin)


def try_prolog(_parts, tree, worlds, _files):
    text = ev.Text(tree.path("tests/differential/ask.pl"))
    try:
        return worlds.notice(text)
    finally:
        text.close()


TRY = {"engine": try_engine, "sql": try_sql, "prolog": try_prolog}


def plant(part, parts, tree, worlds):
    found = patches(part)
    tap.ok(len(found) >= LEAST[part],
           f"{part}: {len(found)} bugs, at least {LEAST[part]}")
    for patch in found:
        name = f"{part} {os.path.basename(patch)[:-6]}"
        try:
            files = tree.apply(patch)
            try:
                where = TRY[part](parts, tree, worlds, files)
            finally:
                tree.apply(patch, back=True)
        except (ev.Failed, host.LabError) as e:
            tap.fail(name, e)
            continue
        tap.ok(where, f"{name}: noticed in {where[0]} ({where[1]})" if where
               else f"{name}: not noticed")


def main(wanted):
    with compare.Parts(twin="sql" in wanted) as parts:
        tree = Tree(parts.folder)
        worlds = Worlds(parts.all[0])
        for sound in parts.all[1:]:
            worlds.check_sound(sound)
        for part in wanted:
            plant(part, parts, tree, worlds)
    tap.done()


if __name__ == "__main__":
    main(sys.argv[1:] or list(TRY))
