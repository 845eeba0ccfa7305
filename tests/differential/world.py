"""Random worlds, changes of them, and questions.

A world is the shipped catalogue (sql/catalogue/*.tsv) and lists of rows, one
list a table; a row is a tuple of numbers and texts, None for what is absent:

  type        id, SDK name, class, role|scope|collection|derived
  operation   type, bit, name, type_wide|plain, security|plain
  operation_need      type, bit, needed bit
  class_operation     class, operation, bit of type 1
  default_instance    type, key, read bit, modify bit
  role        id                 role_operation     role, type, bit
  role_minimum  role, level      operation_minimum  type, bit, level
  scope       id                 collection         id, device|user, limit
  admin       id, user|group, in|out, principal
  assignment  id, admin, role, from, until (ms of UTC)
  assignment_scope    assignment, scope
  assignment_collection  assignment, collection
  object      type, key          object_scope       type, key, scope
  resource    id, device|user|group
  member      collection, resource
  rule        collection, direct|include|exclude, resource or collection

A world with rules has the members that follow from them as well: one
evaluator computes them again, the others believe what is stored.
"""

import importlib.util
import os
import random
from collections import defaultdict, namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# In the order in which the engine's builder takes them; minima come last.
TABLES = ("type", "operation", "operation_need", "class_operation",
          "default_instance", "role", "role_operation", "scope", "collection",
          "admin", "assignment", "assignment_scope", "assignment_collection",
          "object", "object_scope", "resource", "member", "rule",
          "role_minimum", "operation_minimum")
# Which columns of a row name a row of another table.
REFERENCES = {
    "operation": {"type": (0,)},
    "operation_need": {"operation": ((0, 1), (0, 2))},
    "default_instance": {"type": (0,), "operation": ((0, 2), (0, 3))},
    "role_operation": {"role": (0,), "operation": ((1, 2),)},
    "role_minimum": {"role": (0,)}, "operation_minimum": {
        "operation": ((0, 1),)},
    "collection": {"collection": (2,)},
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
T0 = 1_790_000_000_000  # an instant; validities lie around it
MOMENTS = (-86_400_000, -1000, -1, 0, 1, 2, 1000, 86_400_000)
READ, MODIFY = "Read", "Modify"
INVENTORY = "View Asset Intelligence"

Ask = namedtuple("Ask", "ids own known level delegated at type operation key")
List = namedtuple("List", "ids own known level delegated at type")


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
        "role": [(r["role_id"],) for r in g.rows_of("roles")],
        "role_operation": g.role_operations({t[0] for t in types}, flagged),
        "scope": [(r["scope_id"],) for r in g.rows_of("scopes")],
        "collection": [(r["collection_id"], r["kind"], r["limiting_id"]
                        or None) for r in g.rows_of("collections")],
        "object": [(d[0], d[1]) for d in defaults]})
    return tables


CATALOGUE = load_catalogue()


class World:
    """Rows over the catalogue."""

    def __init__(self, rows=None):
        self.rows = {t: list((rows or {}).get(t, ())) for t in TABLES}

    def copy(self):
        return World(self.rows)

    def all(self, table):
        return CATALOGUE[table] + self.rows[table]

    def size(self):
        return sum(len(r) for r in self.rows.values())

    def lines(self):
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
                    ("object", lambda r: r[0] not in scoped or r in carried
                     or r in default)):
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
SCOPED = (31, 2, 6, 11, 38, 47, 226, 1000000)
BY_ROLE = (4, 25, 26, 27, 28, 29, 45)


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
        self.pool = list(dict.fromkeys(self.pool))
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

    def needs(self, t, bits):
        """Operations that need another one, in chains that end at Read."""
        plain = [o[1] for o in self.rows["operation"]
                 if o[0] == t and o[3] == "plain" and o[1] != 0]
        if 0 not in bits:
            return  # what stands for Read is said of type 26 alone
        for i, bit in enumerate(plain[1:], 1):
            if self.rng.random() < .6:
                self.rows["operation_need"].append(
                    (t, bit, self.rng.choice(plain[:i])))
        if len(plain) > 2 and self.rng.random() < .4:
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
            limit = {"chain": limits[-1], "star": limits[0]}.get(
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
            for t in self.some(self.pool, rng.choice((0, 2, 3, 99))):
                # Read of its own, the rest, or both.
                read, share = rng.choice(((1, 0), (0, .9), (.9, .1), (.9, .5),
                                          (.8, .9), (1, 1)))
                for bit in bits[t]:
                    if rng.random() < (read if bit == 0 else share):
                        self.rows["role_operation"].append((role, t, bit))
        self.mine += self.some([r[0] for r in CATALOGUE["role"]], 2)

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
                self.rows["object"].append((t, key))
                if ways[t] == "scope":
                    for s in self.some(scopes, rng.choice((1, 1, 2, 65))):
                        self.rows["object_scope"].append((t, key, s))
        for row in self.rows["default_instance"]:
            self.rows["object"].append(row[:2])

    def admins(self):
        rng, ids = self.rng, list(range(1, 70)) + [4294967295, 16777299]
        for i, n in enumerate(self.some(ids, self.size("admins", rng.choice((1, 2))))):
            group = rng.random() < .4
            self.rows["admin"].append((
                n, "group" if group else "user",
                "out" if i and rng.random() < .2 else "in",
                f"group:{i:08x}" if group else f"krb5:u{i}@LAB.TEST"))

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

def change(rng, world):
    """A copy of the world in which one thing is different."""
    new = world.copy()
    rows = new.rows
    what = rng.choice(("drop", "drop", "out", "scope", "bit", "limit",
                       "validity", "minimum", "category"))
    if what == "drop":
        table = rng.choice([t for t in TABLES if rows[t]] or ["role"])
        if rows[table]:
            rows[table].remove(rng.choice(rows[table]))
    elif what == "out" and rows["admin"]:
        i = rng.randrange(len(rows["admin"]))
        a = rows["admin"][i]
        rows["admin"][i] = (*a[:2], "in" if a[2] == "out" else "out", a[3])
    elif what == "scope" and rows["object_scope"]:
        i = rng.randrange(len(rows["object_scope"]))
        t, key, _ = rows["object_scope"][i]
        rows["object_scope"][i] = (t, key, rng.choice(
            [s[0] for s in new.all("scope") if s[0] != "SMS00ALL"]))
        rows["object_scope"] = sorted(set(rows["object_scope"]), key=str)
    elif what == "bit" and rows["role_operation"]:
        role = rng.choice(rows["role_operation"])[0]
        o = rng.choice(new.all("operation"))
        rows["role_operation"] = sorted(
            {*rows["role_operation"], (role, o[0], o[1])})
    elif what == "limit" and rows["collection"]:
        i = rng.randrange(len(rows["collection"]))
        c = rows["collection"][i]
        limit = rng.choice([x for x in CATALOGUE["collection"]
                            if x[1] == c[1]])
        rows["collection"][i] = (c[0], c[1], limit[0])
    elif what == "validity" and rows["assignment"]:
        i = rng.randrange(len(rows["assignment"]))
        a = rows["assignment"][i]
        rows["assignment"][i] = (*a[:3], T0 + rng.choice(MOMENTS), None)
    elif what == "minimum" and rows["assignment"]:
        role = rng.choice(rows["assignment"])[2]
        rows["role_minimum"] = [m for m in rows["role_minimum"]
                                if m[0] != role] + [(role, rng.choice(
                                    (1, 2, 3)))]
    elif what == "category" and rows["assignment"]:
        a = rng.choice(rows["assignment"])[0]
        c = rng.choice(new.all("collection"))[0]
        rows["assignment_collection"] = sorted(
            {*rows["assignment_collection"], (a, c)})
    return new.prune()


# ---- Questions ----------------------------------------------------------------

CLASSES = ("SMS_R_System", "SMS_R_User", "SMS_R_UserGroup",
           "SMS_G_System_DISK", "SMS_G_System_DIAL", "SMS_G_System_CPU",
           "SMS_CombinedDeviceResources", "SMS_CombinedUserResources",
           "SMS_R_Other")
NO_TYPES = ("SMS_G_System_", "SMS_G_System_*", "SMS_Nothing", "0", "031",
            "31 ", "sms_application", "99999999999", "-1", "")
FAR = ("nobody", "krb5:nobody@LAB.TEST", "group:ffffffff")


class Asker:
    """Makes questions about a world: mostly near to an allow."""

    def __init__(self, rng, world):
        self.rng, self.world = rng, world
        self.types = {t[0]: t for t in world.all("type")}
        self.names = {o[:2]: o for o in world.all("operation")}
        self.by_type = defaultdict(list)
        for o in world.all("operation"):
            self.by_type[o[0]].append(o)
        own = {t for t, _ in world.rows["object"]}
        own |= {r[1] for r in world.rows["role_operation"]} | {1}
        self.own = sorted(own)
        self.bits = defaultdict(list)
        for role, t, bit in world.all("role_operation"):
            if t in own:
                self.bits[role].append((t, bit))
        self.admins = {a[0]: a for a in world.rows["admin"]}
        self.scopes_of = _group(world.rows["assignment_scope"])
        self.collections_of = _group(world.rows["assignment_collection"])
        self.objects = _group(world.all("object"))
        self.carried = defaultdict(set)
        for t, key, s in world.rows["object_scope"]:
            self.carried[t, key].add(s)
        self.limit = {c[0]: c[2] for c in world.all("collection")}
        self.members = _group(world.rows["member"])
        for r, kind in world.rows["resource"]:
            self.members["SMS00001" if kind == "device"
                         else "SMS00004"].append(r)
        self.kinds = dict(world.rows["resource"])
        self.default = {d[:2]: d for d in world.all("default_instance")}
        self.classes = sorted({c[0] for c in world.all("class_operation")})

    def ask(self):
        rng = self.rng
        q = None
        for _ in range(25 if rng.random() < .95 else 0):
            q = q or self.near()
        if q is None:
            q = self.far()
        breaks = rng.choice((0, 0, 0, 1, 1, 2))
        for _ in range(breaks):
            q = self.broken(q)
        return q

    def list(self):
        q = self.ask()
        types = [self.type_name(t) for t in self.own]
        if self.world.rows["rule"] and self.rng.random() < .7:
            types = ["SMS_R_Other"] if "SMS_R_*" in self.classes else []
        return List(*q[:6], self.rng.choice(types + list(CLASSES[:4])))

    def type_name(self, t):
        row = self.types[t]
        return self.rng.choice([row[1]] * 2 + [row[2] or row[1], str(t)])

    def subject(self, admin):
        """The administrative user itself, or one of its members."""
        rng, row = self.rng, self.admins[admin]
        share = rng.choice((.2, .2, .9))
        others = [a[3] for a in self.world.rows["admin"]
                  if a[1] == "group" and rng.random() < share]
        if row[1] == "user":
            own = [row[3]]
        else:
            own, others = ["krb5:member@LAB.TEST"], others + [row[3]]
        rng.shuffle(others)
        if rng.random() < .1 and others:
            others.append(rng.choice(others))
        return own + others, len(own)

    def near(self):
        """A question that one assignment answers with allow, if any does."""
        rng, a = self.rng, None
        if self.world.rows["assignment"]:
            a = rng.choice(self.world.rows["assignment"])
        if a is None or not self.bits[a[2]]:
            return None
        t, bit = rng.choice(self.bits[a[2]])
        own = [x for x in self.bits[a[2]] if x[0] >= 2000000]
        if own and rng.random() < .3:
            t, bit = rng.choice(own)
        if rng.random() < .25:
            t, bit = 1, rng.choice([b for x, b in self.bits[a[2]]
                                    if x == 1] or [0])
        found = self.covered(a[0], t, self.names.get((t, bit)))
        if found is None:
            return None
        ids, own = self.subject(a[1])
        at = T0
        if a[3] is not None:
            at = a[3]
        elif a[4] is not None:
            at = a[4] - 1
        return Ask(ids, own, "yes", rng.choice((1, 2, 3, 3)), "no", at,
                   *found)

    def covered(self, a, t, operation):
        """(type, operation, key) of something that the assignment covers."""
        rng = self.rng
        if operation is None:
            return None
        name, way = operation[2], self.types[t][3]
        if operation[3] == "type_wide":
            keys = [None, None, *self.keys(t)]
            return self.type_name(t), name, rng.choice(keys)
        if t == 1 and (rng.random() < .6 or name not in
                       (READ, MODIFY, "Delete")):
            return self.covered_resource(a, name)
        if t == 1:
            return self.covered_collection(a, name)
        if name in ("Read Default", "Modify Default"):
            name = name.split()[0]
            return self.type_name(t), name, [
                d[1] for d in CATALOGUE["default_instance"] if d[0] == t][0]
        keys = self.keys(t)
        if way == "scope":
            mine = set(self.near_by(self.scopes_of[a],
                                    self.collections_of[a]))
            keys = [k for k in keys if "SMS00ALL" in mine
                    or mine & self.carried[t, k]]
        elif rng.random() < .2:
            keys = [None]
        return (self.type_name(t), name, rng.choice(keys)) if keys else None

    def near_by(self, categories, others):
        """The categories; now and then those of the other kind."""
        return others if self.rng.random() < .15 else categories

    def covered_collection(self, a, name):
        mine = set(self.near_by(self.collections_of[a], self.scopes_of[a]))
        found = [c for c, limit in self.limit.items()
                 if limit in mine or (c in mine and name == READ)]
        if not found:
            return None
        return self.type_name(1), name, self.rng.choice(found)

    def covered_resource(self, a, name):
        mine = [c for c in self.near_by(self.collections_of[a],
                                        self.scopes_of[a]) if self.members[c]]
        if not mine:
            return None
        r = self.rng.choice(self.members[self.rng.choice(mine)])
        if self.rng.random() < .2:
            r = self.rng.choice(list(self.kinds))
        classes = {"device": ("SMS_R_System", "SMS_R_System",
                              "SMS_G_System_DISK",
                              "SMS_CombinedDeviceResources"),
                   "user": ("SMS_R_User", "SMS_CombinedUserResources"),
                   "group": ("SMS_R_UserGroup", "SMS_CombinedUserResources"),
                   }[self.kinds[r]]
        plain = {"Modify Resource": MODIFY, "Delete Resource": "Delete",
                 "Read Resource": READ}.get(name, name)
        return (self.rng.choice(classes),
                self.rng.choice((name, plain)), str(r))

    def keys(self, t):
        if t == 1:
            return list(self.limit)
        if t == 27:
            return [r[0] for r in self.world.all("role")]
        if t == 28:
            return [str(a) for a in self.admins]
        if t == 29:
            return [s[0] for s in self.world.all("scope")]
        return self.objects[t]

    def far(self):
        """A question about anything."""
        rng = self.rng
        t = rng.choice(self.own)
        operation = rng.choice(self.by_type[t])[2]
        ids, own = [rng.choice(FAR)], 1
        if self.admins and rng.random() < .7:
            ids, own = self.subject(rng.choice(sorted(self.admins)))
        return Ask(ids, own, "yes", rng.choice((0, 1, 2, 3)), "no", T0,
                   self.type_name(t), operation,
                   rng.choice([None, "absent", *self.keys(t)[:20]]))

    def broken(self, q):
        """The question with one condition changed."""
        rng = self.rng
        how = rng.choice(("ids", "known", "level", "delegated", "at", "at",
                          "type", "operation", "operation", "key", "key",
                          "key"))
        if how == "ids":
            n = rng.randrange(len(q.ids) + 1)
            if n < q.own:
                return q._replace(ids=[FAR[1], *q.ids[1:]])
            return q._replace(ids=q.ids[:n])
        if how == "known":
            return q._replace(known="no", own=rng.choice(
                (q.own, q.own, min(2, len(q.ids)))))
        if how == "level":
            return q._replace(level=rng.choice((0, 1, 1, 2, 2, 3)))
        if how == "delegated":
            return q._replace(delegated="yes")
        if how == "at":
            return q._replace(at=self.moment())
        if how == "type" and q.type in CLASSES:
            return q._replace(type=rng.choice(CLASSES + NO_TYPES[:2]))
        if how == "key" and q.key and rng.random() < .15:
            return q._replace(key=rng.choice(("0", " ", "")) + q.key
                              + rng.choice(("", " ", "x")))
        if how == "type":
            names = [self.type_name(t) for t in self.own] * 2 + list(CLASSES)
            names += [rng.choice(NO_TYPES)]
            return q._replace(type=rng.choice(names))
        if how == "operation":
            return q._replace(operation=self.other_operation())
        return q._replace(key=self.other_key())

    def moment(self):
        rng = self.rng
        edges = [x for a in self.world.rows["assignment"] for x in a[3:]
                 if x is not None]
        return rng.choice(edges or [T0]) + rng.choice((-1, 0, 0, 1))

    def other_operation(self):
        rng = self.rng
        found = [o[2] for t in self.own for o in self.by_type[t]]
        return rng.choice([rng.choice(found), rng.choice(found), READ,
                           MODIFY, "Delete", "Create", INVENTORY, "read",
                           "Nothing", "", "Read Resource"])

    def other_key(self):
        rng = self.rng
        keys = [rng.choice(self.keys(t) or ["K1"]) for t in self.own]
        keys += [str(r) for r in list(self.kinds)[:20]] + list(self.limit)
        return rng.choice(keys * 3 + [None, None, "", "absent", "01", "0x1",
                                      "+1", "1 ", "4294967296", "SMS00ALL"])


def _group(pairs):
    found = defaultdict(list)
    for a, b in pairs:
        found[a].append(b)
    return found


# ---- Cases as text --------------------------------------------------------------

def question_line(q):
    return "\t".join(["ask" if isinstance(q, Ask) else "list",
                      " ".join(q.ids), *map(word, q[1:])])


def _value(text):
    return None if text == "\\N" else text


NUMBERS = {
    "type": (0,), "operation": (0, 1), "operation_need": (0, 1, 2),
    "class_operation": (2,), "default_instance": (0, 2, 3),
    "role_operation": (1, 2), "role_minimum": (1,),
    "operation_minimum": (0, 1, 2), "admin": (0,),
    "assignment": (0, 1, 3, 4), "assignment_scope": (0,),
    "assignment_collection": (0,), "object": (0,), "object_scope": (0,),
    "resource": (0,), "member": (1,)}


def read_case(path):
    """(world, questions) of a file of lines; # begins a comment."""
    world, questions = World(), []
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            table, *cells = line.split("\t")
            cells = [_value(c) for c in cells]
            if table in ("ask", "list"):
                cells[0] = (cells[0] or "").split(" ")
                for i in (1, 3, 5):
                    cells[i] = int(cells[i])
                questions.append((Ask if table == "ask" else List)(*cells))
                continue
            for i in NUMBERS.get(table, ()):
                cells[i] = None if cells[i] is None else int(cells[i])
            if table == "rule" and cells[1] == "direct":
                cells[2] = int(cells[2])
            world.rows[table].append(tuple(cells))
    return world, questions


def make_questions(rng, world, n_asks, n_lists):
    asker = Asker(rng, world)
    return ([asker.ask() for _ in range(n_asks)]
            + [asker.list() for _ in range(n_lists)])


def source(*seed):
    return random.Random(" ".join(map(str, seed)))
