#!/usr/bin/python3 -B
"""usage: delegation.py [SEED [SECONDS]]

P7 for administrative users and roles: nobody widens their own rights, and no
number of delegates, however they help one another, gets or gives anything
that none of them had to give (what Grant allows counts as the giver's).

Random delegates of random sites add, change and remove administrative users,
make and change roles, give further principals, write rules of collections and
move these below others; in every second site also queries, and values of
devices that queries read.  Behind each call: what the caller and its groups
hold, on collections and on devices, is no more than before.  Behind all: whatever
anybody holds that was not held before was the delegates' to give.  Both are
computed here from the rows, not by the store.  Then each of PLANTED is put
into the store's functions, and has to be noticed.
"""

import datetime
import itertools
import json
import os
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0] = HERE

import compare  # noqa: E402,F401 (finds the folders of the others)
import evaluators as ev  # noqa: E402
import world as w  # noqa: E402
from lab import host  # noqa: E402
from lab.process import Guard  # noqa: E402
from lab.site import Site  # noqa: E402
from lib import tap  # noqa: E402

STEPS = 25
MOST = 1000  # sites that are looked through for a planted bug
QUERIES = 10000  # sites from this number on have queries
TRY = """
\\set ON_ERROR_STOP 1
SET search_path = reeve, public;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE n text;
BEGIN
    EXECUTE statement INTO n;
    RETURN 'ok ' || coalesce(n, '');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || CASE WHEN SQLSTATE !~ '^RV' THEN ' ' || SQLERRM
        ELSE '' END;
END $$;
"""
SCOPES = ("TSTSCOP1", "TSTSCOP2")
COLLECTIONS = {"TSTCOLA0": "SMS00001", "TSTCOLB0": "SMS00001",
               "TSTCOLA1": "TSTCOLA0", "TSTCOLA2": "TSTCOLA1"}
DEVICES = (900001, 900002, 900003)
# What roles of the sites may have: (type, name).
OPERATIONS = [(28, n) for n in ("Read", "Modify", "Remove", "Add", "Grant")] \
    + [(27, n) for n in ("Read", "Create", "Modify")] \
    + [(31, n) for n in ("Read", "Modify", "Delete")] \
    + [(1, n) for n in ("Read", "Modify", "Deploy Applications")]
ON_DEVICES = [(1, n) for n in ("Read Resource", "Modify Resource",
                               "Remote Control")]
PLACES = ("North", "South")  # what queries ask of devices
MOMENTS = (None, 4070908800000, 4102444800000)  # ends of validity
PEOPLE, GROUPS = ("p1", "p2", "p3", "p4"), ("g1", "g2")
ROWS = """
SELECT json_build_object(
    'assignments', (SELECT coalesce(json_agg(json_build_array(
        a.assignment_id, a.admin_id, a.role_id,
        to_ms(a.valid_from), to_ms(a.valid_until),
        ARRAY(SELECT s.scope_id FROM assignment_scope s
            WHERE s.assignment_id = a.assignment_id),
        ARRAY(SELECT c.collection_id FROM assignment_collection c
            WHERE c.assignment_id = a.assignment_id))), '[]')
        FROM assignment a),
    'tree', (SELECT json_object_agg(collection_id, limiting_id)
        FROM collection WHERE kind = 'device'),
    'members', (SELECT coalesce(json_agg(json_build_array(collection_id,
        resource_id)), '[]') FROM collection_member),
    'roles', (SELECT json_agg(json_build_array(r.role_id, o.object_type_id,
        o.bit)) FROM security_role r JOIN role_operation o USING (role_id)
        WHERE r.role_id LIKE 'TST%' OR r.role_id LIKE 'RVE%'),
    'users', (SELECT json_object_agg(principal_id, admin_id)
        FROM administrative_user),
    'further', (SELECT coalesce(json_object_agg(principal_id, admin_id), '{}')
        FROM administrative_principal));
"""
# (function, text, what stands there with the bug, a site that notices it)
PLANTED = (
    ("require_grants", "is_caller(who, u.admin_id)", "false", 8),
    ("require_grants", "NOT can_grant(who, at, a)", "false", 2),
    ("require_role_widening", "NOT can_grant(who, at, a)", "false", 2),
    ("require_role_widening", "is_caller(who, a.admin_id)", "false", 4),
    ("can_grant", "x.scope_id IN (s.id, 'SMS00ALL')", "true", 21),
    ("can_grant", "x.collection_id = ANY (limiting_chain(c.id))", "true", 4),
    ("can_grant", ">= coalesce(given.valid_until, 'infinity')",
     "IS NOT NULL", 30),
    ("role_may_give", "NOT role_is_security(given) AND", "", 4),
    ("role_may_give", "o.name = 'Grant'", "o.name = 'Modify'", 14),
    ("store_permissions", "longer.widened || added", "added", 38),
    ("store_permissions", "longer.widened || added", "longer.widened", 4),
    ("refuse_self_widening", "is_caller(who, own.admin_id) AND", "false AND",
     13),
    ("holds_same_on", ">= coalesce(own.valid_until, 'infinity')",
     "IS NOT NULL", 752),
    ("gains_of", "WHEN 'exclude' THEN NOT x.gains",
     "WHEN 'exclude' THEN x.gains", 467),
    ("require_reach", "NOT can_grant(who, at, given)", "false", 65),
    ("require_reach", "NOT holds_same_on(who, at, given, c.collection_id)",
     "false", 239),
    ("move_limit", "c.collection_id;\n    PERFORM refuse_self_widening("
     "who, at, c.collection_id, true, true);", "c.collection_id;", 781),
    ("apply_resource_change",
     "PERFORM refuse_gained(who, at, r.resource_id, had);", "", 10002),
    ("refuse_gained", "m.collection_id <> ALL (had)", "m.collection_id = "
     "ANY (had)", 10002),
    ("apply_principal_add",
     "PERFORM require_grantable(who, at, u.admin_id);", "", 2),
)


def literal(value):
    return "'" + json.dumps(value).replace("'", "''") + "'"


class Store:
    """One database; each site is a transaction that is given back."""

    def __init__(self, site):
        self.process = ev.Process(
            ["psql", "-XAtq", "-d", site.postgres.conninfo("postgres"),
             "-f", "-"], env=host.base_env())
        self.ask(TRY)
        # Numbers are given out from the same on in each site: what happens
        # in one does not depend on those before it.
        self.same_numbers = "".join(self.ask(
            "SELECT format('SELECT setval(%L, %s, %L);', "
            "'reeve.' || sequencename, coalesce(last_value, start_value), "
            "last_value IS NOT NULL) FROM pg_sequences "
            "WHERE schemaname = 'reeve' ORDER BY sequencename;"))

    def ask(self, sql):
        return self.process.talk(sql + "\n\\echo done\n")

    def rows(self):
        return json.loads("".join(self.ask(ROWS)))

    def write(self, call):
        """ok and what it changed, or the SQLSTATE of the refusal."""
        quoted = "'" + call.replace("'", "''") + "'"
        return self.ask(f"SELECT pg_temp.try({quoted});")[0]


class Rights:
    """What assignments give, as atoms: (type, bit, kind, thing, from, until).

    A collection as a category (kind 1) gives itself and all that is limited
    to it, and with members its devices (kind 5), too.
    """

    def __init__(self, rows):
        self.rows = rows
        self.bits = {}
        for role, type_id, bit in rows["roles"] or ():
            self.bits.setdefault(role, set()).add((type_id, bit))
        self.members = {}
        for collection, device in rows["members"]:
            self.members.setdefault(collection, set()).add(device)

    def below(self, top):
        """The collections that an assignment of one reaches."""
        tree, found = self.rows["tree"], set()
        for one in tree:
            at = one
            while at is not None and at != top:
                at = tree.get(at)
            if at == top:
                found.add(one)
        return found

    def things(self, scopes, collections, members):
        for scope in scopes:
            yield 29, scope
        for collection in collections:
            for one in self.below(collection):
                yield 1, one
            if members:
                for device in DEVICES if collection == "SMS00001" \
                        else self.members.get(collection, ()):
                    yield 5, device

    def atoms(self, assignments, members=False):
        found = set()
        for _, _, role, begin, end, scopes, collections in assignments:
            things = set(self.things(scopes, collections, members))
            found |= {(*bit, *thing, begin or 0, end or 1 << 60)
                      for bit in self.bits.get(role, ())
                      for thing in things}
        return found

    def of(self, admins):
        return [a for a in self.rows["assignments"] if a[1] in admins]


def covers(held, wanted):
    """Whether an atom covers another's thing and time."""
    _, _, kind, thing, begin, end = wanted
    return held[2] == kind and held[4] <= begin and held[5] >= end and (
        held[3] == thing or (kind == 29 and held[3] == "SMS00ALL"))


class Giving:
    """All that some delegates, together, had to give at the beginning."""

    def __init__(self, atoms, grant, security):
        self.atoms, self.security = atoms, security
        self.grants = [a for a in atoms if a[:2] == grant]

    def has(self, atom):
        if any(h[:2] == atom[:2] and covers(h, atom) for h in self.atoms):
            return True
        return atom[:2] not in self.security \
            and any(covers(g, atom) for g in self.grants)


def query(place):
    """A rule as a provider sends it that has read the query."""
    return {"rule": "query", "name": "q", "class": "SMS_R_System",
            "query": f"select * from SMS_R_System where ADSiteName='{place}'",
            "predicate": ["=", "ADSiteName", place]}


class Sequence:
    def __init__(self, store, catalogue, rng, queries):
        self.store, self.rng, self.queries = store, rng, queries
        self.bits, self.security = catalogue
        self.outcomes, self.wrong, self.made = {}, [], 0
        self.groups = {p: [g for g in GROUPS if rng.random() < .4]
                       for p in PEOPLE}
        self.store.ask("BEGIN;" + self.store.same_numbers + self.world())
        self.first = Rights(self.store.rows())
        self.giving = Giving(
            self.first.atoms(self.first.of(self.delegates())),
            self.bits[28, "Grant"], self.security)

    def end(self):
        self.store.ask("ROLLBACK;")

    # ---- The site ------------------------------------------------------------

    def categories(self):
        scopes = self.rng.sample(("SMS00ALL", *SCOPES), self.rng.randrange(3))
        collections = self.rng.sample(
            ("SMS00001", *COLLECTIONS), self.rng.randrange(3))
        # Often one with its limit: what the limit holds back matters then.
        if collections and self.rng.random() < .3:
            limit = COLLECTIONS.get(collections[0])
            if limit is not None and limit not in collections:
                collections.append(limit)
        return (scopes, collections) if scopes or collections \
            else ([self.rng.choice(SCOPES)], [])

    def world(self):
        sql = ["SELECT take_revision();"]
        for scope in SCOPES:
            sql.append("INSERT INTO security_scope (scope_id, name) VALUES "
                       f"('{scope}', '{scope}');")
        for name, limit in COLLECTIONS.items():
            sql.append("INSERT INTO collection (collection_id, kind, "
                       f"limiting_id, name) VALUES ('{name}', 'device', "
                       f"'{limit}', '{name}');")
        for device in DEVICES:
            sql.append("INSERT INTO resource (resource_id, resource_type, "
                       f"name) VALUES ({device}, 5, 'd{device}');")
            if self.queries:
                sql.append("UPDATE resource SET properties = "
                           f"{literal({'ADSiteName': self.rng.choice(PLACES)})}"
                           f" WHERE resource_id = {device};")
        for name in COLLECTIONS:
            for device in DEVICES:
                if self.rng.random() < .5:
                    sql.append(
                        "INSERT INTO collection_rule (collection_id, kind, "
                        f"ordinal, name, rule, resource_id) VALUES ('{name}',"
                        f" 'device', {device - 900000}, 'd', 'direct', "
                        f"{device});")
            # Only to those before it: there is no circle.
            before = list(COLLECTIONS)[:list(COLLECTIONS).index(name)]
            for n, other in enumerate(before, 10):
                rule = self.rng.choice(("include", "exclude", None))
                if rule:
                    sql.append(
                        "INSERT INTO collection_rule (collection_id, kind, "
                        f"ordinal, name, rule, other_id) VALUES ('{name}', "
                        f"'device', {n}, 'r', '{rule}', '{other}');")
            if self.queries and self.rng.random() < .6:
                one = query(self.rng.choice(PLACES))
                sql.append(
                    "INSERT INTO collection_rule (collection_id, kind, "
                    f"ordinal, name, rule, query, predicate) SELECT '{name}',"
                    " 'device', 20, 'q', 'query', q ->> 'query', "
                    "checked_query(q, 'device') FROM (SELECT "
                    f"{literal(one)}::jsonb AS q) x;")
            # From the top: who is limited finds the members of the limit.
            sql.append(f"SELECT store_members('{name}', true);")
        for i in range(5):
            sql.append("INSERT INTO security_role (role_id, name) VALUES "
                       f"('TST0000{i}', 'role {i}');")
            # Most may write users and roles: else little happens.
            named = OPERATIONS + (ON_DEVICES if self.queries else [])
            held = [o for o in named if self.rng.random() <
                    (.75 if o[0] in (1, 27, 28) and o[1] != "Grant" else .4)]
            for type_id, name in held:
                sql.append(
                    f"INSERT INTO role_operation VALUES ('TST0000{i}', "
                    f"{type_id}, {self.bits[type_id, name][1]});")
        for n, name in enumerate((*PEOPLE, *GROUPS, "v1", "v2")):
            group = name in GROUPS
            sql.append(
                "INSERT INTO administrative_user (admin_id, principal_id, "
                f"logon_name, is_group) VALUES ({30000000 + n}, "
                f"'{'group:' + name if group else f'krb5:{name}@T'}', "
                f"'{name}', {group});")
            for _ in range(self.rng.randrange(1, 3)):
                sql.append(self.assignment(30000000 + n))
        return "\n".join(sql)

    def assignment(self, admin):
        scopes, collections = self.categories()
        end = self.rng.choice(MOMENTS)
        end = "NULL" if end is None else f"to_timestamp({end} / 1000)"
        return (
            "WITH a AS (INSERT INTO assignment (admin_id, role_id, "
            f"valid_until) VALUES ({admin}, 'TST0000"
            f"{self.rng.randrange(5)}', {end}) RETURNING assignment_id), "
            "s AS (INSERT INTO assignment_scope SELECT assignment_id, x FROM "
            f"a, unnest(ARRAY{scopes!r}::text[]) x) "
            "INSERT INTO assignment_collection SELECT assignment_id, x FROM "
            f"a, unnest(ARRAY{collections!r}::text[]) x;")

    # ---- Callers ---------------------------------------------------------------

    def admins_of(self, person):
        users = self.first.rows["users"]
        return {users[f"krb5:{person}@T"]} \
            | {users[f"group:{g}"] for g in self.groups[person]}

    def delegates(self):
        return set().union(*(self.admins_of(p) for p in PEOPLE))

    def actor(self, person, known):
        ids = [f"krb5:{person}@T", f"krb5:{person}-too@T"] \
            + [f"group:{g}" for g in self.groups[person]]
        return {"principal": f"{person}@T", "ids": ids, "own": 2,
                "groups_known": known, "level": 3, "delegated": False}

    # ---- Calls -------------------------------------------------------------------

    def permission(self, rows):
        """A row as callers send it, often one that there is."""
        rng = self.rng
        role = rng.choice(sorted(self.roles))
        scopes, collections = self.categories()
        kind, category = rng.choice([(29, s) for s in scopes]
                                    + [(1, c) for c in collections])
        row = {"role_id": role, "category_type_id": kind,
               "category_id": category}
        if rng.random() < .4:
            row["valid_until"] = rng.choice(MOMENTS)
        if rng.random() < .2:
            row["assignment_id"] = -rng.randrange(1, 3)
        there = [a for a in rows["assignments"] if a[2] == role]
        if there and rng.random() < .3:
            row["assignment_id"] = rng.choice(there)[0]
        return row

    def held(self, rows, admin):
        """What a user has, as rows that are sent back."""
        return [{"role_id": a[2], "category_type_id": kind,
                 "category_id": c, "assignment_id": a[0]}
                for a in rows["assignments"] if a[1] == admin
                for kind, c in [(29, s) for s in a[5]]
                + [(1, x) for x in a[6]]]

    def wishes(self):
        types = sorted({t for t, _ in OPERATIONS})
        return [{"type": t, "names": [n for u, n in OPERATIONS if u == t
                                      and self.rng.random() < .5]}
                for t in self.rng.sample(types, self.rng.randrange(1, 4))]

    def call(self, rows):
        rng = self.rng
        admin = rng.choice(sorted(rows["users"].values()))
        kind = rng.choice(("create", "change", "change", "prolong", "edit",
                           "delete", "role", "role", "new_role", "collection",
                           "collection", "collection"))
        if kind == "collection" and self.queries and rng.random() < .4:
            return self.device_call()
        if kind == "collection":
            return self.collection_call()
        if kind == "create":
            self.made += 1
            return "admin_create", {
                "principal_id": f"krb5:new{self.made}@T",
                "logon_name": "new", "permissions": [
                    self.permission(rows)
                    for _ in range(rng.randrange(1, 3))]}
        if kind == "change":
            kept = [r for r in self.held(rows, admin) if rng.random() < .8]
            return "admin_change", {
                "admin_id": str(admin),
                "permissions": kept + [self.permission(rows)]}
        if kind == "prolong":
            end = rng.choice(MOMENTS)
            return "admin_change", {
                "admin_id": str(admin), "permissions": [
                    {**r, "valid_until": end}
                    for r in self.held(rows, admin)]}
        if kind == "edit":
            row = self.permission(rows)
            row.pop("assignment_id", None)
            return "admin_change", {"admin_id": str(admin), **rng.choice((
                {"add_role": {"role_id": row["role_id"]}},
                {"add_category": row},
                {"remove": {"role_id": row["role_id"]}}))}
        if kind == "delete" and rng.random() < .3:
            return "admin_delete", {"admin_id": str(admin)}
        if kind == "new_role":
            self.made += 1
            return "role_create", {"name": f"made {self.made}",
                                   "operations": self.wishes()}
        return "role_change", {"role_id": rng.choice(sorted(self.roles)),
                               "operations": self.wishes()}

    def collection_call(self):
        rng, names = self.rng, tuple(COLLECTIONS)
        name, other = rng.choice(names), rng.choice(names)
        rule = rng.choice((
            {"rule": "direct", "resource_id": str(rng.choice(DEVICES))},
            {"rule": "include", "other_id": other},
            {"rule": "exclude", "other_id": other},
            *[query(p) for p in PLACES if self.queries]))
        limit = {"limiting_id": rng.choice(("SMS00001", *names))}
        return "collection_change", {"collection_id": name, **rng.choice((
            {"add_rules": [rule]}, {"add_rules": [rule]},
            {"drop_rules": [rule]}, {"rules": []}, limit, limit, limit))}

    def device_call(self):
        return "resource_change", {
            "class": "SMS_R_System", "key": str(self.rng.choice(DEVICES)),
            "values": {"ADSiteName": self.rng.choice(PLACES)}}

    def statement(self, person, rows):
        actor = self.actor(person, self.rng.random() < .9)
        request = {"body_sha256": "a" * 64}
        if self.rng.random() < .08:
            admin = self.rng.choice(sorted(rows["users"].values()))
            other = self.rng.choice(PEOPLE)
            return ("SELECT changed FROM principal_add("
                    f"{literal(actor)}, {admin}, 'krb5:{other}-too@T', "
                    f"NULL, {literal(request)})")
        op, args = self.call(rows)
        return (f"SELECT changed FROM change_site({literal(actor)}, "
                f"{literal([{'op': op, 'args': args}])}, NULL, "
                f"{literal(request)})")

    # ---- What must hold --------------------------------------------------------------

    def check_caller(self, person, before, after, said):
        admins = self.admins_of(person)
        had = before.atoms(before.of(admins), True)
        gained = [x for x in after.atoms(after.of(admins), True) - had
                  if not any(h[:2] == x[:2] and covers(h, x) for h in had)]
        if gained:
            self.wrong.append((person, "has gained", gained[:3], said))

    def check_all(self):
        """Whatever is held now and was not before was theirs to give."""
        now = Rights(self.store.rows())
        for admin in now.rows["users"].values():
            had = self.first.atoms(self.first.of({admin}))
            # Another way to be somebody gives all that that one has.
            if admin in now.rows["further"].values():
                had = set()
            for atom in now.atoms(now.of({admin})):
                if not any(h[:2] == atom[:2] and covers(h, atom)
                           for h in had) and not self.giving.has(atom):
                    self.wrong.append((admin, "holds what nobody could give",
                                       atom))
                    return

    def run(self):
        rows = self.store.rows()
        for _ in range(STEPS):
            self.roles = {r[0] for r in rows["roles"]}
            person = self.rng.choice(PEOPLE)
            said = self.statement(person, rows)
            found = self.store.write(said)
            word = found[:5] if found.startswith("RV") else found[:2]
            self.outcomes[word] = self.outcomes.get(word, 0) + 1
            if word not in ("ok",) and not word.startswith("RV"):
                self.wrong.append((person, found, said))
            if found.startswith("ok") and found != "ok 0":
                before, rows = Rights(rows), self.store.rows()
                self.check_caller(person, before, Rights(rows), said)
            if self.wrong:
                return
        self.check_all()


def catalogue(store):
    names, security = {}, set()
    for row in store.ask(
            "SELECT json_build_array(object_type_id, bit, name, is_security) "
            "FROM operation;"):
        type_id, bit, name, kept = json.loads(row)
        names[type_id, name] = (type_id, bit)
        if kept:
            security.add((type_id, bit))
    return names, security


def sequence(store, what, seed, n):
    """Runs one; what came of its calls, and what was wrong."""
    one = Sequence(store, what, w.source("delegation", seed, n), n >= QUERIES)
    one.run()
    one.end()
    return one.outcomes, one.wrong


def sequences(store, seed, seconds):
    """Runs them until time is over or one is wrong: (n, outcomes, wrong)."""
    deadline, outcomes, what = time.monotonic() + seconds, {}, catalogue(store)
    for n in itertools.count(1):
        found, wrong = sequence(store, what, seed,
                                n if n % 2 else n + QUERIES)
        for word, count in found.items():
            outcomes[word] = outcomes.get(word, 0) + count
        if wrong or time.monotonic() > deadline:
            return n, outcomes, wrong


def notices(store, function, known):
    """Whether a site notices a bug: the one that is known to, or, when these
    have become others, one of the first of them."""
    what = catalogue(store)
    first = QUERIES if known >= QUERIES else 0
    for n in (known, *range(first + 1, first + MOST)):
        if n and sequence(store, what, "planted", n)[1]:
            if n != known:
                tap.diag(f"{function}: site {n} notices it by now")
            return True
    return False


def plant(store, function, text, bug, known):
    """Whether the bug is noticed; None when its text is not there."""
    source = "\n".join(store.ask(
        "SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace"
        f" = 'reeve'::regnamespace AND p.proname = '{function}';"))
    if source.count(text) != 1:
        return None
    store.ask(source.replace(text, bug) + ";")
    try:
        return notices(store, function, known)
    finally:
        store.ask(source + ";")


def main(seed, seconds):
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    site = Site(os.path.join(folder, "s"))
    try:
        site.up(("postgres",))
        store = Store(site)
        n, outcomes, wrong = sequences(store, seed, seconds)
        tap.diag(f"seed {seed}: {n} sites, " + ", ".join(
            f"{k} {v}" for k, v in sorted(outcomes.items())))
        if wrong:
            tap.diag("\n".join(map(str, wrong))[:4000])
        tap.ok(not wrong, "P7 nobody gains by what one writes, and nobody "
               "gives what was not the delegates' to give")
        tap.ok(n < 5 or {"ok", "RV403", "RV404"} <= set(outcomes),
               "some writes are made and some refused")
        for function, text, bug, known in PLANTED:
            tap.is_(plant(store, function, text, bug, known), True,
                    f"noticed in {function}: {text} is {bug or 'not there'}")
    finally:
        site.down()
        host.remove_temp(folder)
    tap.done()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1
         else datetime.date.today().isoformat(),
         float(sys.argv[2]) if len(sys.argv) > 2 else 15)
