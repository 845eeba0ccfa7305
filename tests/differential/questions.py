"""Questions about a world, mostly near to an allow, and cases as text.

A question is one of Ask (may the subject?), List (what of a type may it
Read, all in all?), Objects (on which may it?), Who (may?) and Pair (an operation on more
than one thing).  In a line of text each value is a word; the values of a list
are separated by blanks, those of one thing of `direct` by a colon.
"""

from collections import defaultdict, namedtuple

from world import (AUTHORED, CATALOGUE, INVENTORY, MODIFY, OWN_TYPES, READ,
                   T0, World, word)

Ask = namedtuple("Ask", "ids own known level delegated at type operation key")
List = namedtuple("List", "ids own known level delegated at type operation")
Objects = namedtuple("Objects", "ids own known level delegated at type"
                     " operation")
Who = namedtuple("Who", "at type operation key")
Pair = namedtuple("Pair", "ids own known level delegated at operation pairing"
                  " type key other_type other_key collection limiting origin"
                  " to named direct inventory")

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
        own = {o[0] for o in world.rows["object"]}
        own |= {r[1] for r in world.rows["role_operation"]} | {1}
        self.own = sorted(own)
        self.bits = defaultdict(list)
        for role, t, bit in world.all("role_operation"):
            if t in own:
                self.bits[role].append((t, bit))
        self.admins = {a[0]: a for a in world.rows["admin"]}
        self.scopes_of = _group(world.rows["assignment_scope"])
        self.collections_of = _group(world.rows["assignment_collection"])
        self.objects = _group(o[:2] for o in world.all("object"))
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
        breaks = rng.choice((0, 0, 0, 0, 1, 1, 2))
        for _ in range(breaks):
            q = self.broken(q)
        return q

    def list(self):
        q = self.ask()
        types = [self.type_name(t) for t in self.own]
        if self.world.rows["rule"] and self.rng.random() < .7:
            types = ["SMS_R_Other"] if "SMS_R_*" in self.classes else []
        name = self.rng.choice(types + list(CLASSES[:4]))
        return List(*q[:6], name, read_operation(self.world, name))

    def objects_of(self):
        """Of an ask, without its key."""
        q = self.ask()
        if q.type in NO_TYPES and self.rng.random() < .7:
            return self.list_of(READ)
        return Objects(*q[:6], q.type, q.operation)

    def list_of(self, operation):
        q = self.list()
        return Objects(*q[:7], operation)

    def who(self):
        q = self.ask()
        return Who(*q[5:])

    def type_name(self, t):
        row = self.types[t]
        return self.rng.choice([row[1]] * 2 + [row[2] or row[1], str(t)])

    def ways_in(self, row):
        """Some of the ids that stand for an administrative user."""
        ids = [row[3]] + [p[0] for p in self.world.rows["principal"]
                          if p[1] == row[0]]
        return self.rng.sample(ids, self.rng.choice((1, 1, len(ids))))

    def subject(self, admin):
        """The administrative user itself, or one of its members."""
        rng, row = self.rng, self.admins[admin]
        share = rng.choice((.2, .2, .9))
        others = [a[3] for a in self.world.rows["admin"]
                  if a[1] == "group" and rng.random() < share]
        if row[1] == "user":
            own = self.ways_in(row)
        else:
            own, others = ["krb5:member@LAB.TEST"], others + [row[3]]
        if rng.random() < .15:
            # Behind the own ids it is no group, and stands for nobody.
            others += self.ways_in(rng.choice(self.world.rows["admin"]))
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
        own = [x for x in self.bits[a[2]] if x[0] in OWN_TYPES
               and x[1] in AUTHORED]
        if own and rng.random() < .4:
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
        operation = rng.choice(self.by_type[t] or [(t, 0, READ)])[2]
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


# What an operation is about, and the type or operation that it asks for.
PAIRS = {
    "deploy": ("content", "collection"),
    "delete_deployment": ("content", "collection"),
    "read_deployment": ("content", "collection"),
    "distribute": ("object", "other"), "refer": ("object", "other"),
    "create_collection": ("limiting",),
    "change_limiting": ("collection", "limiting"),
    "write_rule": ("collection", "limiting", "named", "direct", "inventory"),
    "import_computer": ("site", "collection", "matched"),
    "move": ("object", "origin", "to"), "create_folder": ("object", "to"),
    "change_folder": ("object", "origin"),
    "delete_folder": ("object", "origin"),
}
NOTHING = Pair(None, None, None, None, None, None, None, None, None, None,
               None, None, None, None, None, None, (), (), "no")


class PairAsker(Asker):
    """Makes questions about more than one thing, near to one assignment."""

    def __init__(self, rng, world):
        super().__init__(rng, world)
        self.deploys = dict(world.all("deploy"))
        self.roles_of = {a[0]: a[2] for a in world.rows["assignment"]}

    def pair(self):
        rng = self.rng
        q = self.asked_by(self.a_holder())
        possible = [p for p in PAIRS if self.is_near(p)]
        operation = rng.choice(possible if rng.random() < .9
                               else list(PAIRS))
        values = {}
        for about in PAIRS[operation]:
            values.update(getattr(self, "a_" + about)(operation))
        if rng.random() < .2 and operation == "write_rule":
            values["collection"] = None
        if rng.random() < .2:
            name = rng.choice(list(values))
            if name not in ("named", "direct", "inventory"):
                values[name] = rng.choice((None, self.other_key()))
        for name in ("type", "other_type"):
            if values.get(name, "") is None:
                values[name] = "0"
        return NOTHING._replace(
            **{k: getattr(q, k) for k in List._fields[:6]}, **values,
            operation=operation,
            pairing=rng.choice(("assignment", "assignment", "user")))

    def is_near(self, operation):
        """Whether the world has what the operation is about."""
        needed = {"distribute": 43, "import_computer": 6,
                  "change_folder": 226, "delete_folder": 226}
        return operation not in needed or self.objects[needed[operation]]

    def a_holder(self):
        """An assignment with much in it; all halves are to come from it."""
        rows = self.world.rows["assignment"]
        self.mine = None
        if not rows:
            return None
        a = max(self.rng.sample(rows, min(3, len(rows))), key=lambda x: len(
            self.bits[x[2]]) * (1 + bool(self.collections_of[x[0]])))
        self.mine = a[0]
        return a

    def asked_by(self, a):
        """An ask of the user of an assignment, now and then of others."""
        if a is None or self.rng.random() < .2:
            return self.ask()
        at = a[3] or (T0 if a[4] is None else a[4] - 1)
        q = Ask(*self.subject(a[1]), "yes", self.rng.choice((1, 2, 3, 3)),
                "no", at, "1", READ, None)
        return self.broken(q) if self.rng.random() < .3 else q

    def type_with(self, operation):
        """A type of which the assignment has the operation, if any."""
        bits = self.bits[self.roles_of[self.mine]] if self.mine else []
        found = {o[:2] for o in self.names.values()
                 if o[2] == operation and o[0] != 1 and self.keys(o[0])}
        found = [t for t, _ in found & set(bits) or found]
        if not found or self.rng.random() < .05:
            found = self.own
        return self.rng.choice(sorted(found))

    def thing(self, t):
        keys = self.keys(t)
        if self.mine and self.types[t][3] == "scope":
            scopes = set(self.scopes_of[self.mine])
            keys = [k for k in keys if "SMS00ALL" in scopes
                    or scopes & self.carried[t, k]] or keys
        return self.type_name(t), self.rng.choice(keys) if keys else "absent"

    def folder(self):
        if self.rng.random() < .3 or not self.objects[226]:
            return None
        return self.thing(226)[1]

    def a_collection(self, _operation):
        mine = self.collections_of[self.mine] if self.mine else ()
        found = [c for c, limit in self.limit.items() if limit in mine]
        return {"collection": self.rng.choice(found or list(self.limit))}

    def a_limiting(self, _operation):
        mine = self.collections_of[self.mine] if self.mine else ()
        found = [c for c, limit in self.limit.items()
                 if limit in mine or c in mine]
        return {"limiting": self.rng.choice(found or list(self.limit))}

    def a_content(self, _operation):
        bits = self.bits[self.roles_of[self.mine]] if self.mine else []
        found = [t for t in self.deploys if self.objects[t]]
        mine = [t for t in found if (1, self.deploys[t]) in bits]
        t = self.rng.choice(mine or found or self.own)
        if self.rng.random() < .1:
            t = self.rng.choice(self.own)
        return dict(zip(("type", "key"), self.thing(t)))

    def a_object(self, operation):
        wanted = {"distribute": READ, "refer": MODIFY, "move": "Move Object"}
        t = self.type_with(wanted.get(operation, "Modify Folder"))
        return dict(zip(("type", "key"), self.thing(t)))

    def a_other(self, operation):
        t = self.type_with(READ if operation == "refer"
                           else "Copy to Distribution Point")
        return dict(zip(("other_type", "other_key"), self.thing(t)))

    def a_site(self, _operation):
        t = self.type_with("Import Computer Entry")
        return dict(zip(("type", "key"), self.thing(t)))

    def a_matched(self, _operation):
        if self.rng.random() < .5 or not self.kinds:
            return {}
        return {"other_type": "SMS_R_System", "other_key": str(
            self.rng.choice(list(self.kinds)))}

    def a_named(self, _operation):
        n = self.rng.choice((0, 0, 1, 2))
        return {"named": tuple(self.a_limiting(None)["limiting"]
                               for _ in range(n))}

    def a_direct(self, _operation):
        n = self.rng.choice((0, 0, 1, 2)) if self.kinds else 0
        return {"direct": tuple(
            (self.rng.choice(CLASSES[:3] + ("SMS_CombinedDeviceResources",)),
             str(self.rng.choice(list(self.kinds)))) for _ in range(n))}

    def a_inventory(self, _operation):
        return {"inventory": self.rng.choice(("yes", "no", "no"))}

    def a_origin(self, operation):
        folder = self.folder()
        if operation != "move" and self.objects[226]:
            folder = folder or self.thing(226)[1]
        return {"origin": folder}

    def a_to(self, _operation):
        return {"to": self.folder()}


def read_operation(world, name):
    t = next((t for t, sdk, class_name, _ in world.all("type")
              if name in (str(t), sdk, class_name)), 0)
    return INVENTORY if t == 26 else READ


def _group(pairs):
    found = defaultdict(list)
    for a, b in pairs:
        found[a].append(b)
    return found


def make_questions(rng, world, n_asks, n_lists):
    """As many asks, and as many of each of the others as lists."""
    asker = PairAsker(rng, world)
    return ([asker.ask() for _ in range(n_asks)]
            + [make() for make in (asker.list, asker.objects_of, asker.who,
                                   asker.pair) for _ in range(n_lists)]
            + [asker.pair() for _ in range(n_asks // 4)])


# ---- Cases as text --------------------------------------------------------------

KINDS = {"ask": Ask, "list": List, "objects": Objects, "who": Who,
         "pair": Pair}


def question_line(q):
    words = [type(q).__name__.lower()]
    for name, value in zip(q._fields, q):
        if name == "direct":
            value = " ".join(":".join(d) for d in value)
        elif name in ("ids", "named"):
            value = " ".join(value)
        words.append(word(value))
    return "\t".join(words)


def read_question(kind, cells):
    if kind == "list" and len(cells) == 7:
        cells = [*cells, INVENTORY if cells[6] in (
            "26", "SMS_AISoftwareList") else READ]
    values = dict(zip(KINDS[kind]._fields, cells))
    for name in ("own", "level", "at"):
        if name in values:
            values[name] = int(values[name])
    for name in ("ids", "named", "direct"):
        if name in values:
            values[name] = (values[name] or "").split(" ")
    if kind == "pair":
        values["named"] = tuple(filter(None, values["named"]))
        values["direct"] = tuple(tuple(d.split(":")) for d in filter(
            None, values["direct"]))
    return KINDS[kind](**values)


def _value(text):
    return None if text == "\\N" else text


NUMBERS = {
    "type": (0,), "operation": (0, 1), "operation_need": (0, 1, 2),
    "class_operation": (2,), "default_instance": (0, 2, 3), "deploy": (0, 1),
    "role_operation": (1, 2), "role_minimum": (1,),
    "operation_minimum": (0, 1, 2), "admin": (0,),
    "assignment": (0, 1, 3, 4), "assignment_scope": (0,),
    "assignment_collection": (0,), "object": (0, 2), "object_scope": (0,),
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
            if table == "then":
                world = World(before=(*world.before, World(world.rows)))
            elif table in KINDS:
                questions.append(read_question(table, cells))
            else:
                world.rows[table].append(read_row(table, cells))
    return world, questions


def read_row(table, cells):
    if table == "object" and len(cells) == 2:
        cells = [*cells, 0]
    for i in NUMBERS.get(table, ()):
        cells[i] = None if cells[i] is None else int(cells[i])
    if table == "rule" and cells[1] == "direct":
        cells[2] = int(cells[2])
    return tuple(cells)
