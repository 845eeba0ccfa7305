"""Random worlds, and changes of them; questions.py has the questions.

A world is the shipped catalogue (sql/catalogue/*.tsv) and lists of rows, one
list a table; a row is a tuple of numbers and texts, None for what is absent:

  type        id, SDK name, class, role|scope|collection|derived
  operation   type, bit, name, type_wide|plain, security|plain
  operation_need      type, bit, needed bit
  class_operation     class, operation, bit of type 1
  default_instance    type, key, read bit, modify bit
  deploy      type, bit of type 1
  role        id                 role_operation     role, type, bit
  role_minimum  role, level      operation_minimum  type, bit, level
  scope       id                 collection         id, device|user, limit
  admin       id, user|group, in|out, principal
  principal   further principal, admin (a user)
  assignment  id, admin, role, from, until (ms of UTC)
  assignment_scope    assignment, scope
  assignment_collection  assignment, collection
  object      type, key, own type (0: none)
  object_scope       type, key, scope
  resource    id, device|user|group
  member      collection, resource
  rule        collection, direct|include|exclude, resource or collection

A world with rules has the members that follow from them as well: one
evaluator computes them again, the others believe what is stored.

A world may have come from others: `before` has them, the first one first.
"""

import importlib.util
import os
import random
from collections import defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# In the order in which the engine's builder takes them; minima come last.
TABLES = ("type", "operation", "operation_need", "class_operation",
          "default_instance", "deploy", "role", "role_operation", "scope", "collection",
          "admin", "principal", "assignment", "assignment_scope", "assignment_collection",
          "object", "object_scope", "resource", "member", "rule",
          "role_minimum", "operation_minimum")
# Which columns of a row name a row of another table.
REFERENCES = {
    "operation": {"type": (0,)},
    "operation_need": {"operation": ((0, 1), (0, 2))},
    "default_instance": {"type": (0,), "operation": ((0, 2), (0, 3))},
    "deploy": {"type": (0,)},
    "role_operation": {"role": (0,), "operation": ((1, 2),)},
    "role_minimum": {"role": (0,)}, "operation_minimum": {
        "operation": ((0, 1),)},
    "collection": {"collection": (2,)},
    "principal": {"admin": (1,)},
    "assignment": {"admin": (1,), "role": (2,)},
    "assignment_scope": {"assignment": (0,), "scope": (1,)},
    "assignment_collection": {"assignment": (0,), "collection": (1,)},
    "object": {"type": (0,)},
    "object_scope": {"object": ((0, 1),), "scope": (2,)},
    "member": {"collection": (0,), "resource": (1,)},
    "rule": {"collection": (0,)},
}
KEYS = {"operation": (0, 1), "object": (0, 1)}  # elsewhere the first column

SIZES = (0, 1, 2, 3, 5, 8)
EDGES = (0, 1, 63, 64, 65)
DEEPEST = 64  # collections in a chain of limits, the root included
T0 = 1_790_000_000_000  # an instant; validities lie around it
MOMENTS = (-86_400_000, -1000, -1, 0, 1, 2, 1000, 86_400_000)
READ, MODIFY = "Read", "Modify"
INVENTORY = "View Asset Intelligence"


def _generator():
    spec = importlib.util.spec_from_file_location(
        "generate", os.path.join(ROOT, "sql/catalogue/generate.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_catalogue():
    """The shipped catalogue as a world's tables."""
    g = _generator()
    types = [(int(r["object_type_id"]), r["sdk_name"], r["class_name"] or None,
              r["secured_by"]) for r in g.rows_of("types")]
    operations = [(int(r["object_type_id"]), int(r["bit"]), r["name"],
                   "type_wide" if g.yes(r["type_wide"]) else "plain",
                   "security" if g.yes(r["security"]) else "plain")
                  for r in g.rows_of("operations")]
    flagged = [(o[0], o[1], o[2], o[3] == "type_wide", o[4] == "security")
               for o in operations]
    defaults = [(int(r["object_type_id"]), r["object_key"],
                 int(r["read_bit"]), int(r["modify_bit"]))
                for r in g.rows_of("default_instances")]
    tables = {t: [] for t in TABLES}
    tables.update({
        "type": types, "operation": operations, "default_instance": defaults,
        "operation_need": [
            (int(r["object_type_id"]), int(r["bit"]), int(r["needed_bit"]))
            for r in g.rows_of("operation_needs")],
        "class_operation": [(r["class_name"], r["operation"], int(r["bit"]))
                            for r in g.rows_of("class_operations")],
        "deploy": [(int(r["object_type_id"]), int(r["bit"]))
                   for r in g.rows_of("deploy_operations")],
        "role": [(r["role_id"],) for r in g.rows_of("roles")],
        "role_operation": g.role_operations({t[0] for t in types}, flagged),
        "scope": [(r["scope_id"],) for r in g.rows_of("scopes")],
        "collection": [(r["collection_id"], r["kind"], r["limiting_id"]
                        or None) for r in g.rows_of("collections")],
        "object": [(d[0], d[1], 0) for d in defaults]})
    return tables


CATALOGUE = load_catalogue()


class World:
    """Rows over the catalogue."""

    def __init__(self, rows=None, before=()):
        self.rows = {t: list((rows or {}).get(t, ())) for t in TABLES}
        self.before = tuple(before)

    def copy(self):
        return World(self.rows, self.before)

    def all(self, table):
        return CATALOGUE[table] + self.rows[table]

    def size(self):
        return (sum(len(r) for r in self.rows.values())
                + sum(1 + b.size() for b in self.before))

    def lines(self):
        for one in self.before:
            yield from one.lines()
            yield "then"
        for table in TABLES:
            for row in self.rows[table]:
                yield "\t".join([table, *map(word, row)])

    def prune(self):
        """Removes what refers to rows that are not there (any more)."""
        changed = True
        while changed:
            changed = False
            for table, references in REFERENCES.items():
                for target, columns in references.items():
                    there = {key_of(target, r) for r in self.all(target)}
                    kept = [r for r in self.rows[table] if all(
                        _named(r, c) in there or _named(r, c) is None
                        for c in columns)]
                    if len(kept) != len(self.rows[table]):
                        self.rows[table], changed = kept, True
            named = {r[0] for t in ("assignment_scope",
                                    "assignment_collection")
                     for r in self.rows[t]}
            carried = {r[:2] for r in self.rows["object_scope"]}
            scoped = {t[0] for t in self.all("type") if t[3] == "scope"}
            default = {d[:2] for d in self.all("default_instance")}
            for table, sound in (
                    ("assignment", lambda r: r[0] in named),
                    ("object", lambda r: r[0] not in scoped
                     or r[:2] in carried or r[:2] in default)):
                kept = [r for r in self.rows[table] if sound(r)]
                if len(kept) != len(self.rows[table]):
                    self.rows[table], changed = kept, True
            changed = self._within_limits() or changed
        return self

    def _within_limits(self):
        if self.rows["rule"]:
            before = self.rows["member"]
            self.rows["rule"] = [r for r in self.rows["rule"] if r[2] in (
                {x[0] for x in self.rows["resource"]} if r[1] == "direct"
                else {c[0] for c in self.all("collection")})]
            self.rows["member"] = follow_rules(self)
            return before != self.rows["member"]
        limit = {c[0]: c[2] for c in self.all("collection")}
        there = set(self.rows["member"])
        kept = [m for m in self.rows["member"] if limit[m[0]] in (
            "SMS00001", "SMS00004") or (limit[m[0]], m[1]) in there]
        changed = len(kept) != len(self.rows["member"])
        self.rows["member"] = kept
        return changed


def word(value):
    return "\\N" if value is None else str(value)


def key_of(table, row):
    columns = KEYS.get(table)
    return tuple(row[c] for c in columns) if columns else row[0]


def _named(row, column):
    if isinstance(column, tuple):
        return tuple(row[c] for c in column)
    return row[column]


def in_order(collections):
    """Collections so that each comes after what limits it."""
    done, todo = set(), list(collections)
    while todo:
        ready = [c for c in todo if c[2] is None or c[2] in done]
        yield from ready
        done.update(c[0] for c in ready)
        todo = [c for c in todo if c[0] not in done]


def follow_rules(world):
    """Members by rules; includes and excludes lead to earlier rows."""
    kinds = {r[0]: r[1] for r in world.rows["resource"]}
    members = {"SMS00001": {r for r, k in kinds.items() if k == "device"},
               "SMS00004": {r for r, k in kinds.items() if k != "device"}}
    rules = defaultdict(list)
    for collection, how, what in world.rows["rule"]:
        rules[collection].append((how, what))
    for collection, _, limit in world.all("collection"):
        if limit is None:
            continue
        into, out = set(), set()
        for how, what in rules[collection]:
            if how == "direct":
                into.add(what)
            elif how == "include":
                into |= members.get(what, set())
            else:
                out |= members.get(what, set())
        members[collection] = (into - out) & members.get(limit, set())
    return sorted((c, r) for c, found in members.items() for r in found
                  if c not in ("SMS00001", "SMS00004"))


# ---- Random worlds ----------------------------------------------------------

# Types that say something different about the rule.
SCOPED = (31, 2, 6, 11, 38, 43, 47, 48, 226, 1000000)
TOGETHER = (31, 43, 226, 6)  # what section 4 is about, besides collections
BY_ROLE = (4, 25, 26, 27, 28, 29, 45)
# Types whose instances may be of one of these besides, which asks for AUTHOR.
OWN_TYPES = {11: (52, 59), 48: (56, 57, 58, 60, 61, 62, 64, 65, 69)}
AUTHOR = 20  # Author Policy, in each of them
AUTHORED = (1, 2, 10)  # Modify, Delete, Create of those that have them


class Maker:
    """Makes one world from a random source."""

    def __init__(self, rng):
        self.rng = rng
        self.world = World()
        self.rows = self.world.rows
        # At most two dimensions at a time are large: many small worlds say
        # more than few large ones.
        dimensions = ("scopes", "collections", "roles", "admins",
                      "assignments", "resources", "objects", "categories")
        self.large = set(rng.sample(dimensions, rng.choice((0, 0, 1, 1, 2))))

    def size(self, dimension, least=0):
        sizes = EDGES if dimension in self.large else SIZES
        return max(least, self.rng.choice(sizes))

    def some(self, items, n=None):
        items = list(items)
        if n is None:
            n = self.rng.choice((0, 1, 1, 2, 3, len(items)))
        return self.rng.sample(items, min(n, len(items)))

    def make(self):
        self.types()
        self.classes()
        self.scopes_and_collections()
        self.resources()
        self.roles()
        self.objects()
        self.admins()
        self.assignments()
        self.minima()
        return self.world

    def types(self):
        """Two types that an application registered."""
        rng = self.rng
        self.pool = [1, *self.some(SCOPED, 3), *self.some(BY_ROLE, 2),
                     *self.some((200, 38, 47, 26), 1)]
        self.together = rng.random() < .4
        if self.together:
            self.pool += TOGETHER
        if rng.random() < .3:
            self.pool += self.some(OWN_TYPES, rng.choice((1, 1, 2)))
        self.pool = list(dict.fromkeys(self.pool))
        for t in [x for x in OWN_TYPES if x in self.pool]:
            self.pool += self.some(OWN_TYPES[t], rng.choice((1, 2)))
        for i in range(rng.choice((0, 1, 1, 2))):
            t, way = 2000000 + i, rng.choice(("scope", "scope", "role"))
            self.rows["type"].append(
                (t, f"App{i}", rng.choice((None, f"APP_Thing{i}")), way))
            bits = [*(() if rng.random() < 0.1 else (0,)),
                    *rng.sample(range(1, 63), rng.choice((1, 4, 8))), 63]
            for bit in bits:
                self.rows["operation"].append((
                    t, bit, READ if bit == 0 else f"Op {bit}",
                    "type_wide" if bit and rng.random() < .2 else "plain",
                    "security" if rng.random() < .1 else "plain"))
            self.needs(t, bits)
            self.pool.append(t)
            if rng.random() < .3:
                self.rows["deploy"].append((t, rng.choice(
                    [o[1] for o in CATALOGUE["operation"]
                     if o[0] == 1 and o[3] == "plain"])))

    def needs(self, t, bits):
        """Operations that need another one, in chains that end at Read."""
        plain = [o[1] for o in self.rows["operation"]
                 if o[0] == t and o[3] == "plain" and o[1] != 0]
        for i, bit in enumerate(plain[1:], 1):
            if self.rng.random() < .6:
                self.rows["operation_need"].append(
                    (t, bit, self.rng.choice(plain[:i])))
        if 0 in bits and len(plain) > 2 and self.rng.random() < .4:
            way = [x[3] for x in self.rows["type"] if x[0] == t][0]
            if way == "scope":
                self.rows["default_instance"].append(
                    (t, "default", plain[0], plain[1]))

    def classes(self):
        names = ("SMS_CombinedDeviceResources", "SMS_CombinedUserResources",
                 "SMS_G_System_DI*", "SMS_G_System_DISK", "SMS_R_*")
        for name in self.some(names, self.rng.choice((0, 0, 1, 3))):
            for operation, bit in self.some(
                    ((READ, 0), (READ + " Resource", 12), ("Delete", 9),
                     ("Remote Control", 5)), 3):
                self.rows["class_operation"].append((name, operation, bit))

    def scopes_and_collections(self):
        rng = self.rng
        shared = [f"TWIN{i:04}" for i in range(rng.choice((0, 1, 2, 3)))]
        for name in shared:
            self.rows["scope"].append((name,))
        for i in range(self.size("scopes")):
            self.rows["scope"].append((f"SCOP{i:04}",))
        limits = list(CATALOGUE["collection"])
        shape = rng.choice(("chain", "star", "any", "any"))
        for i in range(self.size("collections")):
            # Longer chains than DEEPEST are refused.
            last = limits[-1] if i % (DEEPEST // 2) else limits[0]
            limit = {"chain": last, "star": limits[0]}.get(
                shape, rng.choice(limits))
            limits.append((f"COLL{i:04}", limit[1], limit[0]))
        for name in shared:
            limit = rng.choice(limits)
            limits.append((name, limit[1], limit[0]))
        self.rows["collection"] = limits[len(CATALOGUE["collection"]):]

    def resources(self):
        rng, ids = self.rng, {1, 4294967295, 16777217}
        while len(ids) < 70:
            ids.add(rng.choice((rng.randrange(1, 100),
                                rng.randrange(16777217, 16777400))))
        by_rules = rng.random() < .4
        for r in self.some(sorted(ids), self.size("resources",
                                                  5 if by_rules else 0)):
            self.rows["resource"].append(
                (r, rng.choice(("device", "device", "user", "group"))))
        if by_rules:
            self.rules()
            self.rows["member"] = follow_rules(self.world)
        else:
            self.members()

    def members(self):
        kinds = dict(self.rows["resource"])
        inside = {"SMS00001": [r for r in kinds if kinds[r] == "device"],
                  "SMS00004": [r for r in kinds if kinds[r] != "device"]}
        for name, _, limit in in_order(self.world.all("collection")):
            if limit is not None:
                share = self.rng.choice((0, .3, .7, 1))
                inside[name] = [r for r in inside[limit]
                                if self.rng.random() < share]
                self.rows["member"] += [(name, r) for r in inside[name]]

    def rules(self):
        rng, earlier = self.rng, []
        kinds = {r: "device" if k == "device" else "user"
                 for r, k in self.rows["resource"]}
        for name, kind, limit in self.world.all("collection"):
            alike = [c for c in earlier if c[1] == kind]
            if limit is not None and name.startswith(("COLL", "TWIN")):
                found = [("direct", r) for r in kinds if kinds[r] == kind
                         and rng.random() < .8]
                found += [(rng.choice(("include", "exclude")), c[0])
                          for c in self.some(alike[-4:], 2)]
                self.rows["rule"] += sorted({(name, *f) for f in found},
                                            key=str)
            earlier.append((name, kind))

    def roles(self):
        rng = self.rng
        self.mine = []
        bits = defaultdict(list)
        for o in self.world.all("operation"):
            bits[o[0]].append(o[1])
        for i in range(self.size("roles", rng.choice((1, 3)))):
            role = f"ROLE{i:04}"
            self.rows["role"].append((role,))
            self.mine.append(role)
            widths = (2, 99, 99) if self.together else (0, 2, 3, 99)
            for t in self.some(self.pool, rng.choice(widths)):
                # Read of its own, the rest, or both.
                read, share = rng.choice(((1, 0), (0, .9), (.9, .1), (.9, .5),
                                          (.8, .9), (1, 1)))
                for bit in bits[t]:
                    if rng.random() < (read if bit == 0 else share):
                        self.rows["role_operation"].append((role, t, bit))
            self.author(role)
        self.mine += self.some([r[0] for r in CATALOGUE["role"]], 2)

    def author(self, role):
        """Who changes items or policies is an author of some, or not."""
        rng, rows = self.rng, self.rows["role_operation"]
        had = {x[1:] for x in rows if x[0] == role}
        for t, bit in sorted(had):
            if t not in OWN_TYPES or bit not in AUTHORED:
                continue
            for own in OWN_TYPES[t]:
                if own in self.pool and rng.random() < .4:
                    had |= {(own, AUTHOR), (own, rng.choice((0, 0, AUTHOR)))}
        rows += sorted((role, *x) for x in had
                       - {x[1:] for x in rows if x[0] == role})

    def own_type(self, t):
        """What an object of a type is of besides; 0: nothing."""
        if t not in OWN_TYPES or self.rng.random() < .3:
            return 0
        known = [x for x in OWN_TYPES[t] if x in self.pool]
        return self.rng.choice(known * 4 + [self.rng.choice(OWN_TYPES[t])])

    def objects(self):
        rng = self.rng
        scopes = [s[0] for s in self.world.all("scope") if s[0] != "SMS00ALL"]
        ways = {t[0]: t[3] for t in self.world.all("type")}
        # Names that something else bears too, and odd ones.
        names = ["1", "0", "SMS00001", "SMS00ALL", "31", "it's", "A B", "*",
                 "\u00e9t\u00e9", "%", "_", "default", "key"] + [
                     f"K{i}" for i in range(65)]
        default = {d[:2] for d in self.world.all("default_instance")}
        for t in sorted(set(self.pool) - {1, 27, 28, 29}):
            for key in self.some(names, self.size("objects")):
                if (t, key) in default:
                    continue
                self.rows["object"].append((t, key, self.own_type(t)))
                if ways[t] == "scope":
                    for s in self.some(scopes, rng.choice((1, 1, 2, 65))):
                        self.rows["object_scope"].append((t, key, s))
        for row in self.rows["default_instance"]:
            self.rows["object"].append((*row[:2], 0))

    def admins(self):
        rng, ids = self.rng, list(range(1, 70)) + [4294967295, 16777299]
        for i, n in enumerate(self.some(ids, self.size("admins", rng.choice((1, 2))))):
            group = rng.random() < .4
            self.rows["admin"].append((
                n, "group" if group else "user",
                "out" if i and rng.random() < .2 else "in",
                f"group:{i:08x}" if group else f"krb5:u{i}@LAB.TEST"))
            if not group and rng.random() < .5:
                for k in range(rng.choice((1, 1, 2))):
                    self.rows["principal"].append(
                        (f"sid:s-1-5-21-{i}-{k}", n))

    def assignments(self):
        rng = self.rng
        scopes = [s[0] for s in self.world.all("scope")]
        collections = [c[0] for c in self.world.all("collection")]
        twins = [s for s in scopes if s.startswith("TWIN")]
        # A few users hold most: otherwise nobody holds two.
        holders = [a[0] for a in self.rows["admin"]]
        holders += self.some(holders, 2) * (
            20 if "assignments" in self.large else 3)
        ids = list(range(1, 100)) + [2 ** 40, 2 ** 62]
        for n in self.some(ids, self.size("assignments", rng.choice((1, 4, 8)))):
            moments = sorted(rng.sample(MOMENTS, 2))
            begin = T0 + moments[0] if rng.random() < .3 else None
            end = T0 + moments[1] if rng.random() < .3 else None
            mine = self.some(scopes, self.categories(65))
            more = self.some(collections, self.categories(72))
            if rng.random() < .2 and twins:
                # A scope alone or a collection alone, never both by name.
                mine, more = rng.choice((([twins[0]], []),
                                         ([], [twins[0]])))
            if rng.random() < .25:
                mine = mine + ["SMS00ALL"]
            if rng.random() < .25:
                more = more + [rng.choice(("SMS00001", "SMS00004"))]
            if not mine and not more:
                mine = ["SMS00UNA"]
            self.rows["assignment"].append(
                (n, rng.choice(holders), rng.choice(self.mine), begin, end))
            self.rows["assignment_scope"] += [(n, s) for s in set(mine)]
            self.rows["assignment_collection"] += [(n, c) for c in set(more)]
        for table in ("assignment_scope", "assignment_collection"):
            self.rows[table].sort()

    def categories(self, most):
        if "categories" in self.large:
            return self.rng.choice((0, 1, 63, 64, most))
        return self.rng.choice((0, 1, 1, 2, 3))

    def minima(self):
        rng = self.rng
        if rng.random() < .5:
            return
        for role in self.some(self.mine):
            self.rows["role_minimum"].append((role, rng.choice((1, 2, 3))))
        own = [o[:2] for o in self.world.all("operation")
               if o[0] in self.pool]
        for t, bit in self.some(own, rng.choice((0, 1, 5, len(own) // 3))):
            self.rows["operation_minimum"].append(
                (t, bit, rng.choice((1, 2, 3))))


def random_world(rng):
    return Maker(rng).make().prune()


# ---- Changes ----------------------------------------------------------------

# Ids of these are never used again; of other rows they may be.
USED_ONCE = ("role", "scope", "collection", "admin", "assignment", "resource")


class Line:
    """Worlds that follow from each other: rows of one whole come and go."""

    def __init__(self, rng):
        self.rng = rng
        self.whole = random_world(rng)
        self.gone = {t: set() for t in USED_ONCE}
        self.world = self.whole.copy()
        if rng.random() < .6:
            for _ in range(rng.choice((1, 1, 2, 3))):
                self.thin()
            self.world.prune()

    def thin(self):
        rows = self.world.rows
        table = self.rng.choice([t for t in TABLES[TABLES.index("role"):]
                                 if rows[t]] or ["role"])
        few = table in ("admin", "assignment", "role")
        share = self.rng.choice((.1, .1, .3, .3, .5, .3 if few else 1))
        rows[table] = [r for r in rows[table] if self.rng.random() >= share]

    def follow(self):
        """The next world of the line."""
        old, new = self.world, self.world.copy()
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            way = self.rng.choice((grow, grow, shrink, edit))
            way(self, new.rows, new)
        new.prune()
        for table in USED_ONCE:
            there = {r[0] for r in new.rows[table]}
            self.gone[table] |= {r[0] for r in old.rows[table]} - there
        new.before = (*old.before, World(old.rows))
        self.world = new
        return new


def grow(line, rows, _new):
    """Rows of the whole come (back)."""
    rng = line.rng
    tables = list(TABLES[TABLES.index("role"):])
    for table in rng.choice((tables, rng.sample(tables, 3))):
        there = {key_of_row(table, r) for r in rows[table]}
        absent = [r for r in line.whole.rows[table]
                  if key_of_row(table, r) not in there
                  and r[0] not in line.gone.get(table, ())]
        share = rng.choice((.1, .5, 1))
        rows[table] += [r for r in absent if rng.random() < share]
    # Rules lead to earlier rows.
    order = {c[0]: i for i, c in enumerate(line.whole.rows["collection"])}
    rows["collection"].sort(key=lambda c: order[c[0]])


def shrink(line, rows, _new):
    rng = line.rng
    table = rng.choice([t for t in TABLES if rows[t]] or ["role"])
    few = table in ("admin", "assignment", "role", "type", "operation")
    for _ in range(1 if few else rng.choice((1, 1, 3, 20))):
        if rows[table]:
            rows[table].remove(rng.choice(rows[table]))


def edit(line, rows, new):
    rng = line.rng
    ways = {"admin": edit_admin, "object_scope": edit_scope,
            "role_operation": edit_bit, "collection": edit_limit,
            "assignment": edit_assignment}
    table = rng.choice([t for t in ways if rows[t]] or ["role"])
    if rows[table]:
        ways[table](rng, rows, new)


def edit_admin(rng, rows, _new):
    i = rng.randrange(len(rows["admin"]))
    a = rows["admin"][i]
    rows["admin"][i] = (*a[:2], "in" if a[2] == "out" else "out", a[3])


def edit_scope(rng, rows, new):
    i = rng.randrange(len(rows["object_scope"]))
    t, key, _ = rows["object_scope"][i]
    rows["object_scope"][i] = (t, key, rng.choice(
        [s[0] for s in new.all("scope") if s[0] != "SMS00ALL"]))
    rows["object_scope"] = sorted(set(rows["object_scope"]), key=str)


def edit_bit(rng, rows, new):
    role = rng.choice(rows["role_operation"])[0]
    o = rng.choice(new.all("operation"))
    rows["role_operation"] = sorted(
        {*rows["role_operation"], (role, o[0], o[1])})


def edit_limit(rng, rows, new):
    """Another limiting collection: never one that is limited to it."""
    i = rng.randrange(len(rows["collection"]))
    c = rows["collection"][i]
    known = {x[0]: x for x in new.all("collection")}
    if rows["rule"]:  # evaluated in the order of the rows
        found = CATALOGUE["collection"] + rows["collection"][:i]
    else:
        found = [x for x in known.values()
                 if c[0] not in chain(known, x[0])]
    depth = {x: len(list(chain(known, x))) for x in known}
    below = max(depth[x] for x in known if c[0] in chain(known, x)) \
        - depth[c[0]] + 1
    limit = rng.choice([x for x in found if x[1] == c[1]
                        and depth[x[0]] + below <= DEEPEST] or [
                            x for x in found if x[0] == c[2]])
    rows["collection"][i] = (c[0], c[1], limit[0])


def chain(known, collection):
    while collection is not None:
        yield collection
        collection = known[collection][2] if collection in known else None


def edit_assignment(rng, rows, new):
    i = rng.randrange(len(rows["assignment"]))
    a = rows["assignment"][i]
    what = rng.choice(("validity", "role", "minimum", "category"))
    if what == "validity":
        rows["assignment"][i] = (*a[:3], T0 + rng.choice(MOMENTS), None)
    elif what == "role":
        role = rng.choice(new.all("role"))[0]
        rows["assignment"][i] = (*a[:2], role, *a[3:])
    elif what == "minimum":
        rows["role_minimum"] = [m for m in rows["role_minimum"] if m[0]
                                != a[2]] + [(a[2], rng.choice((1, 2, 3)))]
    else:
        c = rng.choice(new.all("collection"))[0]
        rows["assignment_collection"] = sorted(
            {*rows["assignment_collection"], (a[0], c)})


# What identifies a row; of other tables the whole row does.
ROW_KEYS = {"type": 1, "operation": 2, "role": 1, "scope": 1, "collection": 1,
            "admin": 1, "principal": 1, "assignment": 1, "object": 2, "resource": 1,
            "role_minimum": 1, "operation_minimum": 2}


def key_of_row(table, row):
    return row[:ROW_KEYS.get(table, len(row))]


def changes(old, new):
    """Lines that make the one world of the other, as a store would tell.

    None when only a full load does.
    """
    fixed = TABLES[:TABLES.index("role")]
    if any(set(old.rows[t]) != set(new.rows[t]) for t in fixed):
        return None
    level = dict(new.rows["role_minimum"])
    added, changed, removed = [], list(minima(old, new)), []
    for table in TABLES[len(fixed):]:
        if table in ("role_minimum", "operation_minimum", "rule"):
            continue
        was = {key_of_row(table, r): r for r in old.rows[table]}
        now = {key_of_row(table, r): r for r in new.rows[table]}
        if table == "role":
            was = {k: (*r, 0) for k, r in was.items()}
            now = {k: (*r, level.get(r[0], 0)) for k, r in now.items()}
        for key, row in now.items():
            if key not in was:
                added.append(("+", table, *row))
            elif was[key] != row and table != "role":  # see minima()
                changed.append(("~", table, *row))
        removed = [("-", table, *r) for k, r in was.items()
                   if k not in now] + removed
    first = removed if new.size() % 2 else []
    last = [] if new.size() % 2 else removed
    return ["\t".join(map(word, line))
            for line in first + added + changed + last]


def minima(old, new):
    """Roles and operations whose minimum is another, as changed rows."""
    was, now = dict(old.rows["role_minimum"]), dict(new.rows["role_minimum"])
    there = {r[0] for r in old.all("role")} & {r[0] for r in new.all("role")}
    for role in sorted(there):
        if was.get(role, 0) != now.get(role, 0):
            yield ("~", "role", role, now.get(role, 0))
    was = {m[:2]: m[2] for m in old.rows["operation_minimum"]}
    now = {m[:2]: m[2] for m in new.rows["operation_minimum"]}
    for o in new.all("operation"):
        if was.get(o[:2], 0) != now.get(o[:2], 0):
            yield ("~", "operation", *o, now.get(o[:2], 0))


def source(*seed):
    return random.Random(" ".join(map(str, seed)))
