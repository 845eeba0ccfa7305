#!/usr/bin/python3 -B
"""usage: compare.py SEED COUNT SECONDS

Asks the engine, its twin in SQL, and the text of the rule in Prolog the same
questions about COUNT random worlds (0: as many as SECONDS allow), and before
them the cases of corpus/.  Where they differ, the world and the question are
made as small as they go and kept in corpus/, and the run has failed.

The worlds of a seed are always the same.
"""

import os
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE),
                os.path.join(os.path.dirname(HERE), "scenario")]

import evaluators as ev  # noqa: E402
import questions as qs  # noqa: E402
import world as w  # noqa: E402
from lab import host  # noqa: E402
from lab.process import Guard  # noqa: E402
from lab.site import Site  # noqa: E402

CORPUS = os.path.join(HERE, "corpus")
ASKS, LISTS = 120, 3
CHANGES = 3  # worlds that follow from the first one of a line
UNDECIDED = ("unknown_type", "unknown_operation", "op_not_applicable")
MOST = 12  # worlds with differences that are told of; then it is enough


class Parts:
    """A folder, a database, and the three evaluators.

    built: the engine is the library that make built last, with sanitizers
    where the harness asks for these; else it is compiled for this run.
    """

    def __init__(self, twin=True, built=False):
        self.folder = host.make_temp()
        Guard.get().tell("rm " + self.folder)
        self.objects, self.program = ev.build_engine(self.folder, built)
        self.site = None
        self.all = [ev.Engine(self.program), ev.Text()]
        if twin:
            self.site = Site(os.path.join(self.folder, "s"))
            self.site.up(("postgres",))
            self.all.append(ev.Twin(self.site))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.all:
            one.close()
        if self.site is not None:
            self.site.down()
        host.remove_temp(self.folder)


def differ(question, answers):
    """Why answers to one question are not the same; None when they are."""
    first = answers[0]
    for other in answers[1:]:
        for field in first._fields:
            a, b = getattr(first, field), getattr(other, field)
            if a is None or b is None:
                continue
            if field == "thing" and first.reason in UNDECIDED:
                continue
            if a != b:
                return field
    if first.otherwise:
        return "otherwise"
    return None


def unsound_list(world, q, engine):
    """What the engine says of a whole list must be true of its keys."""
    if not isinstance(q, qs.List) or engine.any is None or q.known == "no" \
            or engine.reason not in ("allowed", "not_permitted"):
        return None
    t = ev.type_named(world, q.type)
    # These are behind Read Default, and alone do not make a list.
    default = {d[1] for d in world.all("default_instance") if d[0] == t}
    if engine.any == "deny":
        return "any" if set(engine.keys) - default else None
    objects = [o[1] for o in world.all("object") if o[0] == t]
    scopes, ways = set(engine.scopes), {x[0]: x[3] for x in world.all("type")}
    if engine.all and objects:
        return None if set(objects) <= set(engine.keys) else "all"
    if ways.get(t) == "scope":
        told = {key for x, key, s in world.rows["object_scope"]
                if x == t and s in scopes}
        return None if told == set(engine.keys) - default else "scopes"
    return None


def ask_all(evaluators, world, questions, **more):
    found = []
    for one in evaluators:
        options = more if isinstance(one, ev.Twin) else {}
        found.append(one.answers(world, questions, **options))
    return list(zip(*found))


def differences(evaluators, world, questions, **more):
    """[(question, answers, field)] and all answers."""
    answers = ask_all(evaluators, world, questions, **more)
    found = []
    for q, a in zip(questions, answers):
        field = differ(q, a) or unsound_list(world, q, a[0])
        if field is not None:
            found.append((q, a, field))
    return found, answers


# ---- Making a case small -------------------------------------------------------

def still(evaluators, world, question, field):
    """Whether they still differ, in the same way."""
    found, _ = differences(evaluators, world, [question])
    return bool(found) and found[0][2] == field


def shrink(evaluators, world, question, field, seconds=60):
    """A small world and question on which they differ as before."""
    deadline = time.monotonic() + seconds

    def worse(less, asked):
        return time.monotonic() < deadline and still(
            evaluators, less, asked, field)

    again = True
    while again:
        before = world.size(), question
        shorter = world
        while shorter is not None:
            world = shorter
            shorter = next((less for less in shorter_lines(world)
                            if worse(less, question)), None)
        for table in reversed(w.TABLES):
            world = shrink_table(world, table, lambda less: worse(
                less, question))
        for less in smaller_questions(question):
            if worse(world, less):
                question = less
                break
        again = (world.size(), question) != before
    return world, question


def shorter_lines(world):
    """The world with fewer worlds before it."""
    for i in range(len(world.before)):
        less = world.copy()
        less.before = world.before[i + 1:]
        yield less
        less = world.copy()
        less.before = world.before[:i] + world.before[i + 1:]
        yield less


def without(world, table, gone, everywhere):
    """A copy without some rows of a table, in the worlds before it too."""
    less = world.copy()
    worlds = [less]
    if everywhere:
        less.before = tuple(b.copy() for b in world.before)
        worlds += less.before
    for one in worlds:
        one.rows[table] = [r for r in one.rows[table] if r not in gone]
        one.prune()
    return less


def shrink_table(world, table, worse):
    rows = list(dict.fromkeys(r for one in (*world.before, world)
                              for r in one.rows[table]))
    for everywhere in (True, False) if world.before else (False,):
        step = max(1, len(rows) // 2)
        while step and rows:
            for at in range(0, len(rows), step):
                less = without(world, table, set(rows[at:at + step]),
                               everywhere)
                if less.size() < world.size() and worse(less):
                    world = less
            step //= 2
    return world


def smaller_questions(q):
    if isinstance(q, qs.Who):
        return
    for i in range(len(q.ids)):
        if len(q.ids) > 1:
            yield q._replace(ids=q.ids[:i] + q.ids[i + 1:],
                             own=q.own - (i < q.own))
    if q.known == "no":
        yield q._replace(known="yes")
    if q.delegated == "yes":
        yield q._replace(delegated="no")
    if q.level not in (0, 3):
        yield q._replace(level=3)


def describe(question, evaluators, answers, field):
    yield f"They differ in: {field}"
    yield qs.question_line(question)
    for one, answer in zip(evaluators, answers):
        yield f"{one.name:7} " + " ".join(
            str(v) if v not in ("", None) else "-" for v in answer)


def save(name, world, question, lines):
    os.makedirs(CORPUS, exist_ok=True)
    path = os.path.join(CORPUS, name + ".case")
    with open(path, "w", encoding="utf-8") as f:
        for line in lines:
            f.write("# " + line + "\n")
        for line in world.lines():
            f.write(line + "\n")
        f.write(qs.question_line(question) + "\n")
    return path


# ---- Runs ------------------------------------------------------------------------

class Tally:
    """What was compared."""

    def __init__(self):
        self.worlds = self.asks = self.lists = self.allowed = 0
        self.keys = self.rules = self.who = self.holders = 0
        self.pairs = self.pairs_allowed = self.followed = 0
        self.reasons = {}

    def add(self, world, questions, answers):
        self.worlds += 1
        self.rules += bool(world.rows["rule"])
        self.followed += bool(world.before)
        for q, a in zip(questions, answers):
            if isinstance(q, (qs.List, qs.Objects)):
                self.lists += 1
                self.keys += len(a[0].keys)
                continue
            if isinstance(q, qs.Who):
                self.who += 1
                self.holders += len(a[0].holders)
                continue
            if isinstance(q, qs.Pair):
                self.pairs += 1
                self.pairs_allowed += a[0].reason == "allowed"
                continue
            self.asks += 1
            self.allowed += a[0].decision == "allow"
            self.reasons[a[0].reason] = self.reasons.get(a[0].reason, 0) + 1

    @property
    def share(self):
        return 100 * self.allowed / max(1, self.asks)

    def __str__(self):
        reasons = ", ".join(f"{r} {n}" for r, n in
                            sorted(self.reasons.items()))
        pairs = 100 * self.pairs_allowed / max(1, self.pairs)
        return (f"{self.worlds} worlds ({self.rules} with rules, "
                f"{self.followed} after changes), "
                f"{self.asks} questions, {self.share:.0f} % allowed, "
                f"{self.lists} lists with {self.keys} keys, {self.who} "
                f"who-may with {self.holders} rows, {self.pairs} pairs, "
                f"{pairs:.0f} % allowed; {reasons}")


def worlds_of(seed):
    """(number, world, random source), without end."""
    n = 0
    while True:
        rng = w.source("world", seed, n)
        line = w.Line(rng)
        for _ in range(1 + CHANGES):
            yield n, line.world, rng
            n += 1
            line.follow()


def replay(evaluators):
    """[(file, difference or None)] of the corpus."""
    found = []
    for name in sorted(os.listdir(CORPUS)) if os.path.isdir(CORPUS) else ():
        if name.endswith(".case"):
            world, questions = qs.read_case(os.path.join(CORPUS, name))
            bad, _ = differences(evaluators, world, questions)
            found.append((name, bad[0] if bad else None))
    return found


def explore(evaluators, seed, count, seconds, on_difference):
    """Compares worlds until the time is up or too much differs."""
    deadline = time.monotonic() + seconds
    tally, told = Tally(), 0
    for n, world, rng in worlds_of(seed):
        if time.monotonic() > deadline or (count and n >= count) \
                or told >= MOST:
            return tally
        questions = qs.make_questions(rng, world, ASKS, LISTS)
        # Now and then as the store would take it, with all its guards.
        bad, answers = differences(evaluators, world, questions,
                                   guarded=n % 5 == 0)
        tally.add(world, questions, answers)
        if bad:
            told += 1
            on_difference(n, world, *bad[0])
    return tally


def tell(evaluators, seed, tap):
    """An on_difference that shrinks, keeps and reports."""
    def on_difference(n, world, question, answers, field):
        world, question = shrink(evaluators, world, question, field)
        _, answers = differences(evaluators, world, [question])
        lines = list(describe(question, evaluators, answers[0], field))
        path = save(f"seed-{seed}-{n}", world, question, lines)
        tap.fail(f"world {n} of seed {seed}: the same answers",
                 "\n".join([f"kept in {os.path.basename(path)}",
                            *world.lines(), *lines]))
    return on_difference


def replay_all(parts, tap):
    for name, bad in replay(parts.all):
        if not tap.ok(bad is None, f"corpus: {name}"):
            tap.diag("\n".join(describe(bad[0], parts.all, *bad[1:])))


def compare_seed(parts, tap, seed, count, seconds):
    tally = explore(parts.all, seed, count, seconds,
                    tell(parts.all, seed, tap))
    tap.diag(f"seed {seed}: {tally}")
    tap.ok(tally.asks > 0, f"seed {seed}: worlds were compared")
    # Of a few worlds the share says little.
    tap.ok(tally.worlds < 30 or 30 <= tally.share <= 70,
           f"seed {seed}: 30 to 70 % of the questions are allowed")


def main(seed, count, seconds):
    from lib import tap
    with Parts() as parts:
        replay_all(parts, tap)
        compare_seed(parts, tap, seed, count, seconds)
    tap.done()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
