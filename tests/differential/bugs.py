#!/usr/bin/python3 -B
"""usage: bugs.py [PART...]      engine, sql, prolog (all)

Plants known bugs, one after the other, and demands that a comparison over a
few fixed worlds notices each.  The bugs of a part are in bugs/PART.txt: of
the engine (which is compiled anew), of the twin's functions (which are
replaced within a transaction) or of the text in Prolog.  There

    = name of the bug
    @ file
    - what is there now, exactly once
    + what is there with the bug

are lines that each keep what follows their first blank; of - and + there may
be several or none.  What is not there once fails: then the bug is to be made
anew for the source as it is, not dropped.
"""

import contextlib
import os
import re
import shutil
import sys
from collections import namedtuple

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = HERE

import compare  # noqa: E402 (finds the folders of the others)
import evaluators as ev  # noqa: E402
import questions as qs  # noqa: E402
import world as w  # noqa: E402
from lab import host  # noqa: E402
from lib import tap  # noqa: E402

WORLDS, ASKS, LISTS = 160, 60, 3
LEAST = 20
Bug = namedtuple("Bug", "name file old new")


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
            yield name, *qs.read_case(os.path.join(compare.CORPUS, name))
        source = compare.worlds_of("bugs")
        for _ in range(WORLDS):
            n, world, rng = next(source)
            yield (f"world {n}", world,
                   qs.make_questions(rng, world, ASKS, LISTS))

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
                field = compare.differ(q, (b, a))
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


def bugs_of(part):
    found = []
    with open(os.path.join(HERE, "bugs", part + ".txt"),
              encoding="utf-8") as f:
        for line in f:
            sign, text = line[:1], line[2:].rstrip("\n")
            if sign == "=":
                found.append(Bug(text, [], [], []))
            elif sign in ("@", "-", "+"):
                found[-1]["@-+".index(sign) + 1].append(text)
            elif line.strip() and sign != "#":
                raise ev.Failed(f"{part}: not understood: {line}")
    return [Bug(b.name, *map("\n".join, b[1:])) for b in found]


class Tree:
    """A copy of the sources, to be changed and put right again."""

    def __init__(self, folder):
        self.top = os.path.join(folder, "tree")
        for name in ("rbac", "include", "tests/unit/rbac", "sql/migrations",
                     "tests/differential"):
            shutil.copytree(os.path.join(ev.ROOT, name),
                            os.path.join(self.top, name),
                            ignore=shutil.ignore_patterns("bugs", "corpus"))

    @contextlib.contextmanager
    def planted(self, bug):
        """Within it the file of the bug is as the bug has it."""
        path = self.path(bug.file)
        with open(path, encoding="utf-8") as f:
            sound = f.read()
        if sound.count(bug.old) != 1:
            raise ev.Failed(f"{bug.file} has it {sound.count(bug.old)} times")
        self.write(path, sound.replace(bug.old, bug.new))
        try:
            yield sound
        finally:
            self.write(path, sound)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def path(self, name):
        return os.path.join(self.top, name)


def try_engine(parts, tree, worlds, bug, _sound):
    """Compiles the file of the bug, or what includes it."""
    objects = dict(parts.objects)
    for source in ev.made_from(objects, bug.file):
        objects[source] = tree.path(source.replace("/", "-") + ".o")
        ev.compile_object(tree.top, source, objects[source])
    program = tree.path("engine")
    ev.link(objects.values(), program)
    engine = ev.Engine(program)
    try:
        return worlds.notice(engine)
    finally:
        engine.close()


def functions(sql):
    """The statements of a migration that make functions."""
    return re.findall(r"^CREATE (?:OR REPLACE )?FUNCTION.*?"
                      r"(?=^COMMENT |^CREATE |^DO |^--|^REVOKE |^\Z)", sql,
                      re.M | re.S)


def try_sql(parts, tree, worlds, bug, sound):
    """Makes anew the functions that the bug is in."""
    with open(tree.path(bug.file), encoding="utf-8") as f:
        changed = [new for new in functions(f.read())
                   if new not in functions(sound)]
    if not changed:
        raise ev.Failed("it is in no function")
    text = "".join(re.sub(r"^CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", c)
                   for c in changed)
    twin = parts.all[-1]
    with twin.changed(text):
        return worlds.notice(twin)


def try_prolog(_parts, tree, worlds, _bug, _sound):
    text = ev.Text(tree.path("tests/differential/ask.pl"))
    try:
        return worlds.notice(text)
    finally:
        text.close()


TRY = {"engine": try_engine, "sql": try_sql, "prolog": try_prolog}


def plant(part, parts, tree, worlds):
    found = bugs_of(part)
    tap.ok(len(found) >= LEAST,
           f"{part}: {len(found)} bugs, at least {LEAST}")
    for bug in found:
        name = f"{part}: {bug.name}"
        try:
            with tree.planted(bug) as sound:
                where = TRY[part](parts, tree, worlds, bug, sound)
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
