#!/usr/bin/python3 -B
"""usage: writes.py [SEED [SECONDS]]

What no sequence of writes may do, whoever makes them: give the caller rights
that section 5 of docs/rule.md does not let it give (P7), take away the last
full administrator, or change what is shipped (P8).  Random callers put
objects of random sites into scopes and take them out again through the
functions of the store; each answer is compared with what the text of the rule
in Prolog and a few lines here expect.
"""

import datetime
import json
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

STEPS = 12
NOW = int(time.time() * 1000)  # far from all moments of the worlds
SET_SCOPE = "Set Security Scope"
TRY = """
CREATE FUNCTION pg_temp.try(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE n text;
BEGIN
    EXECUTE statement INTO n;
    RETURN 'ok ' || coalesce(n, '');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;
"""
# What a world before this one has left; evaluators.EMPTY has the rest.
FORGET = """
BEGIN; SET LOCAL session_replication_role = replica;
DELETE FROM role_operation WHERE object_type_id >= 2000000;
DELETE FROM deploy_operation WHERE object_type_id >= 2000000;
DELETE FROM default_instance WHERE object_type_id >= 2000000;
DELETE FROM secured_object WHERE object_type_id >= 2000000;
DELETE FROM operation_need WHERE object_type_id >= 2000000;
DELETE FROM operation WHERE object_type_id >= 2000000;
DELETE FROM object_type WHERE object_type_id >= 2000000;
DELETE FROM class_operation WHERE provenance = 'test';
COMMIT;
"""
# The worlds have ids of their own; those that the store gives are others.
NEXT_IDS = """
SELECT setval('reeve.admin_id_seq', 20000000),
    setval('reeve.assignment_id_seq', 100000);
"""
SHIPPED = """
SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (
    SELECT r::text FROM reeve.role_operation r JOIN reeve.security_role s
        USING (role_id) WHERE s.is_built_in
    UNION ALL SELECT role_id || name FROM reeve.security_role
        WHERE is_built_in
    UNION ALL SELECT scope_id FROM reeve.security_scope WHERE is_built_in
    UNION ALL SELECT collection_id || coalesce(limiting_id, '')
        FROM reeve.collection WHERE is_built_in) s (x);
"""
FULL = "SELECT count(*) FROM reeve.full_administrator;"


class Store:
    """The database of the twin, written to for good."""

    def __init__(self, twin):
        self.twin = twin
        self.ask(TRY)

    def ask(self, sql):
        return self.twin.process.talk(sql + "\n\\echo done\n")

    def load(self, world):
        self.ask(FORGET + ev.EMPTY + "".join(self.twin.load(world, False))
                 + "COMMIT;\n" + NEXT_IDS)

    def one(self, sql):
        return self.ask(sql)[0]

    def write(self, role, call):
        """ok and the first value, or the SQLSTATE of the refusal."""
        quoted = "'" + call.replace("'", "''") + "'"
        return self.ask(f"SET ROLE {role};\nSELECT pg_temp.try({quoted});\n"
                        "RESET ROLE;")[0]


def literal(value):
    return "'" + json.dumps(value).replace("'", "''") + "'"


def membership_call(adding, q, items):
    actor = {"principal": q.ids[0], "ids": list(q.ids), "own": q.own,
             "groups_known": q.known == "yes", "level": q.level,
             "delegated": q.delegated == "yes", "session": "s"}
    named = [{"category_id": s, "object_type_id": t, "object_key": key}
             for t, key, s in items]
    name = "add" if adding else "remove"
    return (f"SELECT changed FROM reeve.scope_membership_{name}("
            f"{literal(actor)}, {literal(named)}, NULL, "
            "'{\"request_id\": \"r\", \"source\": \"s\"}')")


# ---- What the rule says -------------------------------------------------------

class Oracle:
    """Section 5, over the rows of a world and the text of section 3."""

    def __init__(self, text, world):
        self.text, self.world = text, world
        self.bits = {(o[0], o[2]): o[1] for o in world.all("operation")}
        self.names = qs._group([(o[0], o[2]) for o in world.all("operation")])
        self.held = set(world.all("role_operation"))
        self.security = {o[:2] for o in world.all("operation")
                         if o[4] == "security"}
        self.role_level = dict(world.rows["role_minimum"])
        self.level = {m[:2]: m[2] for m in world.rows["operation_minimum"]}

    def decide(self, world, q, t, operations, key):
        """{operation: answer} of one caller on one object."""
        asked = [qs.Ask(q.ids, q.own, q.known, q.level, q.delegated, NOW,
                        str(t), o, key) for o in operations]
        return dict(zip(operations, self.text.answers(world, asked)))

    def holding(self, q, t, operation, scope):
        """Assignments of the caller that hold the operation in the scope."""
        rows = self.world.rows
        own = set(q.ids[:q.own])
        groups = {i for i in q.ids[q.own:] if q.known == "yes"
                  and i.startswith("group:")}
        further = {n for i, n in rows["principal"] if i in own}
        mine = {a[0] for a in rows["admin"] if a[2] == "in"
                and (a[3] in own | groups or a[0] in further)}
        categories = set(rows["assignment_scope"])
        bit = self.bits[t, operation]
        return {a[0] for a in rows["assignment"] if a[1] in mine
                and (a[2], t, bit) in self.held
                and {(a[0], scope), (a[0], "SMS00ALL")} & categories
                and (a[3] is None or a[3] <= NOW)
                and (a[4] is None or NOW < a[4])
                and q.level >= max(self.role_level.get(a[2], 0),
                                   self.level.get((t, bit), 0))
                and not (q.delegated == "yes" and any(
                    r == a[2] and (x, b) in self.security
                    for r, x, b in self.held))}

    def gains(self, q, t, key, scope):
        """Whether the caller would gain what it may not give."""
        after = self.world.copy()
        after.rows["object_scope"].append((t, key, scope))
        for who in (q, q._replace(level=3, delegated="no")):
            names = self.names[t]
            before = self.decide(self.world, who, t, names, key)
            then = self.decide(after, who, t, names, key)
            for name in names:
                if then[name].decision == "allow" != before[name].decision \
                        and not self.holding(who, t, SET_SCOPE, scope) \
                        & self.holding(who, t, name, scope):
                    return True
        return False

    def expected(self, adding, q, item):
        t, key, scope = item
        if q.level < 1:
            return "RV403"  # the site's minimum is windows
        if (scope,) not in self.world.all("scope") or (
                adding and scope == "SMS00ALL"):
            return "RV400"
        found = self.decide(self.world, q, t, (SET_SCOPE, "Read"), key)
        answer = found[SET_SCOPE]
        if answer.decision != "allow":
            if answer.reason == "op_not_applicable":
                return "RV400"
            if answer.reason == "groups_unknown":
                return "RV503"
            return "RV403" if found["Read"].decision == "allow" else "RV404"
        if not self.holding(q, t, SET_SCOPE, scope):
            return "RV503" if q.known != "yes" else "RV403"
        carried = item in self.world.rows["object_scope"]
        if adding:
            if not carried and self.gains(q, t, key, scope):
                return "RV403"
            return f"ok {0 if carried else 1}"
        last = [s for x, k, s in self.world.rows["object_scope"]
                if (x, k) == (t, key)] == [scope]
        return "RV409" if last else f"ok {1 if carried else 0}"


# ---- Sequences ------------------------------------------------------------------

class Sequence:
    def __init__(self, store, text, rng):
        self.store, self.text, self.rng = store, text, rng
        self.world = self.make()
        store.load(self.world)
        self.shipped = store.one(SHIPPED)
        self.wrong, self.outcomes = [], {}

    def make(self):
        """A site in which somebody may set scopes."""
        world = w.random_world(self.rng)
        for role in self.rng.sample(world.rows["role"], min(
                3, len(world.rows["role"]))):
            for t, bit in {o[:2] for o in world.all("operation")
                           if o[2] == SET_SCOPE}:
                if self.rng.random() < .5:
                    world.rows["role_operation"] += [
                        (role[0], t, b) for b in (0, bit)]
        world.rows["role_operation"] = sorted(set(
            world.rows["role_operation"]))
        return world.prune()

    def caller(self):
        q = qs.Asker(self.rng, self.world).ask()
        return q if self.rng.random() < .5 else q._replace(
            known="yes", level=3, delegated="no")

    def item(self):
        """An object and a scope; a type that has the operation."""
        rng, rows = self.rng, self.world.rows
        known = {o[0] for o in self.world.all("operation")
                 if o[2] == SET_SCOPE}
        objects = [o for o in rows["object"] if o[0] in known
                   and {t[0]: t[3] for t in self.world.all("type")}[o[0]]
                   == "scope"]
        if not objects:
            return None
        scopes = [s[0] for s in self.world.all("scope")] + ["NONE"]
        carried = [x for x in rows["object_scope"] if x[0] in known]
        if carried and rng.random() < .5:
            return rng.choice(carried)
        t, key = rng.choice(objects)[:2]
        return t, key, rng.choice(scopes)

    def memberships(self):
        item = self.item()
        if item is None:
            return
        adding, q = self.rng.random() < .6, self.caller()
        expected = Oracle(self.text, self.world).expected(adding, q, item)
        found = self.store.write("reeve_runtime", membership_call(
            adding, q, [item]))
        self.outcomes[found] = self.outcomes.get(found, 0) + 1
        if found != expected:
            self.wrong.append((adding, q, item, expected, found))
        if found == "ok 1":
            rows = self.world.rows["object_scope"]
            (rows.append if adding else rows.remove)(item)

    def first_administrator(self):
        """The first one is made where there is none, and only by init."""
        there = int(self.store.one(FULL)) > 0
        name = f"krb5:first{self.rng.randrange(10 ** 9)}@LAB.TEST"
        call = (f"SELECT 1 FROM reeve.site_init('{name}', "
                f"'{name[5:20]}', 'local')")
        refused = self.store.write("reeve_runtime", call)
        found = self.store.write("reeve_owner", call)
        if refused != "42501" or found != ("RV409" if there else "ok 1") \
                or int(self.store.one(FULL)) < 1:
            self.wrong.append(("site_init", there, refused, found))
        if there or self.rng.random() < .7:
            return
        # An orphan is marked, whoever it is; then there is none again.
        self.store.write("reeve_runtime", (
            f"SELECT changed FROM reeve.account_mark_orphaned('{name}', "
            "'another', '{}')"))
        if int(self.store.one(FULL)) != 0:
            self.wrong.append(("account_mark_orphaned", name))

    def run(self):
        for _ in range(STEPS):
            had = int(self.store.one(FULL)) > 0
            self.memberships()
            if had and int(self.store.one(FULL)) == 0:
                self.wrong.append(("no full administrator is left",))
        self.first_administrator()
        if self.store.one(SHIPPED) != self.shipped:
            self.wrong.append(("what is shipped has changed",))


def main(seed, seconds):
    deadline = time.monotonic() + seconds
    outcomes, n, wrong = {}, 0, []
    with compare.Parts(built=True) as parts:
        store, text = Store(parts.all[-1]), parts.all[1]
        while time.monotonic() < deadline and not wrong:
            one = Sequence(store, text, w.source("writes", seed, n))
            one.run()
            for what, count in one.outcomes.items():
                outcomes[what] = outcomes.get(what, 0) + count
            wrong, n = one.wrong, n + 1
        if wrong:
            tap.diag("\n".join([*one.world.lines(), *map(str, wrong)][-200:]))
    tap.diag(f"seed {seed}: {n} sites, " + ", ".join(
        f"{k} {v}" for k, v in sorted(outcomes.items())))
    tap.ok(n > 0, "sites were written to")
    tap.ok(not wrong, "P7, P8 every write is answered as the rule says, and "
           "the last full administrator and what is shipped stay")
    tap.ok(n < 20 or {"ok 1", "RV403", "RV404"} <= set(outcomes),
           "some writes are made and some refused")
    tap.done()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1
         else datetime.date.today().isoformat(),
         float(sys.argv[2]) if len(sys.argv) > 2 else 15)
