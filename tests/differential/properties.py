#!/usr/bin/python3 -B
"""usage: properties.py [SEED [SECONDS]]

What must hold of every decision, whatever the rule says in detail, asked of
the engine over random worlds: nobody without an assignment may do anything,
taking away never allows, order and names do not matter, a scope and a
collection reach as far as they go, an explanation is enough, lists and checks
agree, and an end is an end to the millisecond.
"""

import datetime
import os
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = HERE

import compare  # noqa: E402 (finds the folders of the others)
import evaluators as ev  # noqa: E402
import questions as qs  # noqa: E402
import world as w  # noqa: E402
from lib import tap  # noqa: E402

ASKS = 60
ROOTS = ("SMS00001", "SMS00004")


class Case:
    """One world with questions and their answers."""

    def __init__(self, engine, rng):
        self.engine, self.rng = engine, rng
        self.world = w.random_world(rng)
        self.world.rows["rule"] = []  # an exclude would let less be more
        asker = qs.Asker(rng, self.world)
        self.questions = [asker.ask() for _ in range(ASKS)]
        self.answers = self.ask(self.questions)

    def ask(self, questions, world=None):
        return self.engine.answers(world or self.world, questions)

    def against(self, questions, world=None):
        return zip(self.questions, self.answers, self.ask(questions, world))


def ids_of(answer):
    return [int(i) for i in answer.ids.split(",") if i and i != "..."]


def same(a, b):
    return (a.decision, a.reason, a.missing, a.ids, a.level) == (
        b.decision, b.reason, b.missing, b.ids, b.level)


# ---- The properties; each gives what breaks it --------------------------------

def default_deny(c):
    """P1 who has no assignment may do nothing"""
    nobody = [q._replace(ids=["krb5:no@LAB.TEST"], own=1)
              for q in c.questions]
    for q, a in zip(nobody, c.ask(nobody)):
        if a.decision != "deny":
            yield q, a


def less(c):
    """P2 taking rows away allows nothing new"""
    for _ in range(6):
        table = c.rng.choice(("assignment", "assignment_scope", "admin",
                              "assignment_collection", "object_scope",
                              "member", "role_operation"))
        if not c.world.rows[table]:
            continue
        smaller = c.world.copy()
        for _ in range(c.rng.choice((1, 2, 10))):
            if smaller.rows[table]:
                smaller.rows[table].remove(c.rng.choice(smaller.rows[table]))
        smaller.prune()
        for q, before, after in c.against(c.questions, smaller):
            # A role may lose its security operation, which delegation bars.
            if after.decision == "allow" and before.decision != "allow" \
                    and not (q.delegated == "yes"
                             and table == "role_operation"):
                yield q, table, before, after


def weaker(c):
    """P2 a weaker subject may do no more"""
    for change in ({"level": 0}, {"level": 1}, {"delegated": "yes"},
                   {"known": "no"}):
        asked = [q._replace(**change) if change.get("level", 0) <= q.level
                 else q for q in c.questions]
        for q, before, after in c.against(asked):
            if after.decision == "allow" and before.decision != "allow":
                yield q, change, before, after


def out(c):
    """P2 who is out gives nothing"""
    gone = c.world.copy()
    gone.rows["admin"] = [(*a[:2], "out", a[3]) for a in gone.rows["admin"]]
    for q, _, after in c.against(c.questions, gone):
        if after.decision == "allow" or after.ids:
            yield q, after


def order(c):
    """P3 the order of rows and ids does not matter, nor do doubled ids"""
    mixed = c.world.copy()
    for table in w.TABLES:
        c.rng.shuffle(mixed.rows[table])
    asked = []
    for q in c.questions:
        own, groups = list(q.ids[:q.own]), list(q.ids[q.own:])
        c.rng.shuffle(groups)
        asked.append(q._replace(ids=own + groups + groups[:1]))
    for q, before, after in c.against(asked, mixed):
        if not same(before, after) or before.until != after.until:
            yield q, before, after


def renamed(c):
    """P3 names do not matter: a renamed world answers alike"""
    def scope(s):
        return s if s.startswith("SMS00") else "NEWSCOPE" + s

    def collection(x):
        return x if x is None or x.startswith("SMS") else "NEWCOLL" + x

    def key(t, k):
        ours = k is not None and (t, k) in names
        return "new " + k if ours else k

    r = c.world.rows
    names = {o[:2] for o in r["object"]} - {d[:2] for d in
                                            c.world.all("default_instance")}
    new = c.world.copy()
    new.rows.update({
        "scope": [(scope(s),) for (s,) in r["scope"]],
        "collection": [(collection(x), k, collection(above))
                       for x, k, above in r["collection"]],
        "admin": [(*a[:3], a[3] + "x") for a in r["admin"]],
        "principal": [(p[0] + "x", p[1]) for p in r["principal"]],
        "assignment": [(a[0] + 5, *a[1:]) for a in r["assignment"]],
        "assignment_scope": [(a + 5, scope(s))
                             for a, s in r["assignment_scope"]],
        "assignment_collection": [(a + 5, collection(x)) for a, x in
                                  r["assignment_collection"]],
        "object": [(t, key(t, k), own) for t, k, own in r["object"]],
        "object_scope": [(t, key(t, k), scope(s))
                         for t, k, s in r["object_scope"]],
        "member": [(collection(x), n) for x, n in r["member"]]})
    known_c = {x[0] for x in r["collection"]}
    known_s = {x[0] for x in r["scope"]}
    asked = []
    for q in c.questions:
        t, k = ev.type_named(c.world, q.type), q.key
        if t == 1 and k in known_c:
            k = collection(k)
        elif t == 29 and k in known_s:
            k = scope(k)
        else:
            k = key(t, k)
        asked.append(q._replace(ids=[i + "x" for i in q.ids], key=k))
    for q, before, after in c.against(asked, new):
        moved = ",".join("..." if i == "..." else str(int(i) + 5)
                         for i in before.ids.split(",") if i)
        if not same(before._replace(ids=moved), after):
            yield q, before, after


def isolated(c):
    """P4 what is assigned in a scope says nothing about objects outside"""
    ways = {t[0]: t[3] for t in c.world.all("type")}
    wide = {(o[0], o[2]) for o in c.world.all("operation")
            if o[3] == "type_wide"}
    carried = {o for o in c.world.rows["object_scope"]}
    default = {d[:2] for d in c.world.all("default_instance")}
    # An own type is secured by role: a permission in any scope counts.
    own = {o[:2] for o in c.world.rows["object"] if o[2]}
    scopes = sorted({s for _, s in c.world.rows["assignment_scope"]}
                    - {"SMS00ALL"})
    for s in c.rng.sample(scopes, min(3, len(scopes))):
        without = c.world.copy()
        without.rows["assignment_scope"] = [
            a for a in c.world.rows["assignment_scope"] if a[1] != s]
        without.prune()
        for q, before, after in c.against(c.questions, without):
            t = ev.type_named(c.world, q.type)
            if ways.get(t) == "scope" and (t, q.operation) not in wide \
                    and (t, q.key, s) not in carried \
                    and (t, q.key) not in default | own \
                    and before.decision != after.decision:
                yield q, s, before, after


def limited(c):
    """P5 rights on a collection reach its members and no further"""
    limit = {x[0]: x[2] for x in c.world.all("collection")}
    kinds = dict(c.world.rows["resource"])
    members = set(c.world.rows["member"])
    mine = qs._group(c.world.rows["assignment_collection"])

    def inside(r, x):
        if x in ROOTS:
            return (kinds[r] == "device") == (x == ROOTS[0])
        return (x, r) in members and inside(r, limit[x])

    for q, a in zip(c.questions, c.answers):
        if a.decision != "allow" or a.thing[0] != 1 or q.key is None:
            continue
        if q.type in ("1", "Collection", "SMS_Collection"):
            if q.operation not in (w.READ, w.MODIFY, "Delete"):
                continue
            above, at = set(), limit[q.key]
            while at is not None:
                above.add(at)
                at = limit[at]
            if q.operation == w.READ:
                above.add(q.key)
            for n in ids_of(a):
                if not above & set(mine[n]):
                    yield q, a, n
            continue
        for n in ids_of(a):
            if not any(inside(int(q.key), x) for x in mine[n]):
                yield q, a, n


def explained(c):
    """P6 an explanation is enough, and without it there is none"""
    allowed = [(q, a) for q, a in zip(c.questions, c.answers)
               if a.decision == "allow"]
    for q, a in c.rng.sample(allowed, min(6, len(allowed))):
        named = set(ids_of(a))
        if q.known == "no":  # as good, and says what is missing
            q = q._replace(known="yes", ids=q.ids[:q.own])
        only, without = c.world.copy(), c.world.copy()
        only.rows["assignment"] = [
            x for x in only.rows["assignment"] if x[0] in named]
        without.rows["assignment"] = [
            x for x in without.rows["assignment"] if x[0] not in named]
        with_them, = c.ask([q], only.prune())
        # Read may come from any permission, Author Policy of an own type too.
        if with_them.decision != "allow" and with_them.missing != "read" \
                and with_them.thing == a.thing:
            yield q, a, with_them
        others, = c.ask([q], without.prune())
        if others.decision == "allow" and not a.ids.endswith("..."):
            yield q, a, others


def nearest(c):
    """P6 what is said to be missing is, for each that is named"""
    for q, a in zip(c.questions, c.answers):
        if a.reason != "not_permitted":
            continue
        missing = a.missing.split(",")
        if not a.missing or not a.ids or ("level" not in missing
                                          and a.level != "0"):
            yield q, a


def lists(c):
    """P9 a list has what a check allows, asked in every way"""
    asker = qs.Asker(c.rng, c.world)
    asked = [asker.list() for _ in range(4)]
    for q, keys in zip(asked, c.ask(asked)):
        field = compare.unsound_list(c.world, q, keys) or keys.otherwise
        if field:
            yield q, field, keys
    for q, a in zip(c.questions, c.answers):
        if a.otherwise:
            yield q, a


def until(c):
    """P10, P11 an answer holds until its end, and an end is an end"""
    ends = [q._replace(at=int(a.until) - 1) if a.until != "none" else q
            for q, a in zip(c.questions, c.answers)]
    for q, before, after in c.against(ends):
        if not same(before, after) or before.until != after.until:
            yield q, before, after
    end = {a[0]: a[4] for a in c.world.rows["assignment"]}
    begin = {a[0]: a[3] for a in c.world.rows["assignment"]}
    for moment, at_is, names in (("end", end, False), ("begin", begin, True)):
        asked = [q._replace(at=min((at_is[n] for n in ids_of(a)
                                    if at_is[n] is not None), default=q.at))
                 for q, a in zip(c.questions, c.answers)]
        for q, before, after in zip(asked, c.answers, c.ask(asked)):
            if before.decision != "allow" or "..." in before.ids:
                continue
            for n in ids_of(before):
                if at_is[n] == q.at and after.decision == "allow" \
                        and "..." not in after.ids \
                        and (n in ids_of(after)) != names:
                    yield q, moment, before, after


PROPERTIES = (default_deny, less, weaker, out, order, renamed, isolated,
              limited, explained, nearest, lists, until)


def find_broken(engine, seed, seconds):
    """({property: what broke it first}, worlds, questions)."""
    deadline = time.monotonic() + seconds
    broken, n = {}, 0
    while time.monotonic() < deadline:
        for held in PROPERTIES:
            case = Case(engine, w.source("property", seed, n))
            why = next(held(case), None)
            if why is not None and held not in broken:
                broken[held] = (n, case.world, why)
        n += 1
    return broken, n


def main(seed, seconds):
    with compare.Parts(twin=False) as parts:
        broken, n = find_broken(parts.all[0], seed, seconds)
    tap.diag(f"seed {seed}: {n} worlds")
    tap.ok(n > 0, "worlds were made")
    for held in PROPERTIES:
        if not tap.ok(held not in broken, held.__doc__):
            world_number, world, why = broken[held]
            tap.diag("\n".join([f"seed {seed}, world {world_number}:",
                                *world.lines(), *map(str, why)][-200:]))
    tap.done()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1
         else datetime.date.today().isoformat(),
         float(sys.argv[2]) if len(sys.argv) > 2 else 15)
