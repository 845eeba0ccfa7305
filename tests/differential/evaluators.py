"""The three evaluators, each a process that is given worlds and questions.

    engine = Engine(program)
    answers = engine.answers(world, questions)

An answer to an ask is Answer; to a list it is the set of keys.  The world is
sent anew for each call.
"""

import contextlib
import glob
import os
import subprocess
import tempfile
import threading
from collections import namedtuple
from datetime import datetime, timezone

import world as w

HERE = w.HERE
ROOT = w.ROOT
CUT = 16  # the engine names at most so many assignments

# until: next change, or None where the evaluator does not say; thing: the
# (type, bit) that was decided on, likewise; otherwise: the way of asking in
# which the engine answers something else, normally none.
Answer = namedtuple("Answer", "decision reason missing ids level until thing"
                    " otherwise", defaults=(None,))
Keys = namedtuple("Keys", "keys any all scopes")


class Failed(Exception):
    """An evaluator did not answer; the text says why."""


def cut(ids):
    """Assignments as the engine tells them."""
    return ids[:CUT] + (["..."] if len(ids) > CUT else [])


class Process:
    """A program that answers on standard output until a line `done`."""

    def __init__(self, argv, **more):
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, encoding="utf-8", **more)

    def talk(self, text):
        # Written beside the reading: both pipes are small.
        writer = threading.Thread(target=self._write, args=(text,))
        writer.start()
        lines = []
        for line in self.child.stdout:
            if line == "done\n":
                break
            lines.append(line[:-1])
        else:
            writer.join()
            raise Failed(f"{self.child.args[0]} ended: {self.said()}")
        writer.join()
        return lines

    def _write(self, text):
        try:
            self.child.stdin.write(text)
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # talk() finds the end of its output

    def said(self):
        self.child.wait(10)
        self.errors.seek(0)
        return self.errors.read()[-2000:].decode(errors="replace").strip()

    def close(self):
        try:
            self.child.stdin.close()
        except BrokenPipeError:
            pass
        self.child.stdout.close()
        self.child.wait(10)
        self.errors.close()


# ---- The engine ---------------------------------------------------------------

FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Iinclude", "-Irbac", "-Itests", "-O0",
         "-w"]


def engine_sources(top):
    return sorted(os.path.relpath(p, top) for p in
                  glob.glob(top + "/rbac/*.c") + glob.glob(top
                                                           + "/rbac/*/*.c"))


def compile_object(top, source, target):
    done = subprocess.run(["gcc", *FLAGS, "-c", "-o", target, source],
                          cwd=top, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Failed(f"{source} does not compile: {done.stderr[:2000]}")


def link(objects, target):
    done = subprocess.run(["gcc", "-o", target, *objects],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"the engine does not link: {done.stderr[:2000]}")


def build_engine(folder):
    """Compiles the engine into folder; {source: object}, program."""
    objects = {}
    for source in [*engine_sources(ROOT), "tests/differential/engine.c"]:
        objects[source] = os.path.join(folder, source.replace("/", "-")
                                       + ".o")
        compile_object(ROOT, source, objects[source])
    program = os.path.join(folder, "engine")
    link(objects.values(), program)
    return objects, program


CATALOGUE_LINES = {t: "".join("\t".join([t, *map(w.word, r)]) + "\n"
                              for r in rows)
                   for t, rows in w.CATALOGUE.items()}


class Engine:
    name = "engine"

    def __init__(self, program):
        self.process = Process([program])

    def answers(self, world, questions):
        parts = []
        for table in w.TABLES:
            if table == "rule":
                continue  # the engine believes the members
            parts.append(CATALOGUE_LINES[table])
            parts += ["\t".join([table, *map(w.word, r)]) + "\n"
                      for r in world.rows[table]]
        for q in questions:
            line = w.question_line(q)
            if isinstance(q, w.List):
                line += (f"\t{read_operation(world, q.type)}"
                         f"\t{type_named(world, q.type)}")
            parts.append(line + "\n")
        lines = self.process.talk("".join(parts) + "done\n")
        if lines and lines[0].startswith("refused"):
            raise Failed("the engine refuses the world: " + lines[0])
        if len(lines) != len(questions):
            raise Failed(f"{len(lines)} answers to {len(questions)}")
        return [self._answer(line) for line in lines]

    @staticmethod
    def _answer(line):
        cells = line.split("\t")
        if cells[0] == "keys":
            return Keys(sorted(cells[4:]), cells[1], cells[2] == "all",
                        cells[3].split(",") if cells[3] else [])
        return Answer(*cells[:5], cells[5], (int(cells[6]), int(cells[7])),
                      cells[8])

    def close(self):
        self.process.close()


def type_named(world, name):
    """The number of a type; 0 for a class of resources."""
    return next((t for t, sdk, class_name, _ in world.all("type")
                 if name in (str(t), sdk, class_name)), 0)


def read_operation(world, name):
    return w.INVENTORY if type_named(world, name) == 26 else w.READ


# ---- The text, in Prolog --------------------------------------------------------

def atom(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def facts(world, own):
    """The rows as facts; own: without the catalogue, or the catalogue."""
    rows = world.rows if own else w.CATALOGUE
    names = {o[:2]: atom(o[2]) for o in world.all("operation")}
    for t, sdk, class_name, way in rows["type"]:
        yield f"type({t},{atom(sdk)},{atom(class_name or 'none')},{way})"
    for t, bit, _, wide, security in rows["operation"]:
        yield f"operation({t},{names[t, bit]},{wide},{security})"
    for t, bit, needed in rows["operation_need"]:
        yield f"need({t},{names[t, bit]},{names[t, needed]})"
    for c, operation, bit in rows["class_operation"]:
        yield f"class_operation({atom(c)},{atom(operation)},{names[1, bit]})"
    for t, key, read, modify in rows["default_instance"]:
        yield (f"default_instance({t},{atom(key)},{names[t, read]},"
               f"{names[t, modify]})")
    for (role,) in rows["role"]:
        yield f"role({atom(role)})"
    for role, t, bit in rows["role_operation"]:
        yield f"role_operation({atom(role)},{t},{names[t, bit]})"
    for role, level in rows["role_minimum"]:
        yield f"role_minimum({atom(role)},{level})"
    for t, bit, level in rows["operation_minimum"]:
        yield f"operation_minimum({t},{names[t, bit]},{level})"
    for (scope,) in rows["scope"]:
        yield f"scope({atom(scope)})"
    for c, kind, limit in rows["collection"]:
        yield f"collection({atom(c)},{kind},{atom(limit or 'none')})"
    for n, _, state, principal in rows["admin"]:
        yield f"admin({n},{state},{atom(principal)})"
    for n, admin, role, begin, end in rows["assignment"]:
        yield (f"assignment({n},{admin},{atom(role)},"
               f"{'-inf' if begin is None else begin},"
               f"{'inf' if end is None else end})")
    for n, scope in rows["assignment_scope"]:
        yield f"category({n},scope({atom(scope)}))"
    for n, c in rows["assignment_collection"]:
        yield f"category({n},collection({atom(c)}))"
    for t, key in rows["object"]:
        yield f"object({t},{atom(key)})"
    for t, key, scope in rows["object_scope"]:
        yield f"carries({t},{atom(key)},{atom(scope)})"
    for r, kind in rows["resource"]:
        yield f"resource({atom(str(r))},{kind})"
    if not rows["rule"]:
        for c, r in rows["member"]:
            yield f"stored({atom(c)},{atom(str(r))})"
    for c, how, what in rows["rule"]:
        yield f"rule({atom(c)},{how}({atom(str(what))}))"


class Text:
    name = "text"

    def __init__(self, program=None):
        self.process = Process(
            ["swipl", "-O", program or os.path.join(HERE, "ask.pl")])
        self.send = "".join(f + ".\n" for f in facts(w.World(), False))
        self.send += "catalogue.\n"

    def answers(self, world, questions):
        parts = [f + ".\n" for f in facts(world, True)]
        for q in questions:
            ids = ",".join(map(atom, q.ids))
            text = (f"[{ids}],{q.own},{q.known},{q.level},{q.delegated},"
                    f"{q.at},{atom(q.type)}")
            if isinstance(q, w.List):
                parts.append(f"list({text}).\n")
            else:
                key = "[]" if q.key is None else atom(q.key)
                parts.append(f"ask({text},{atom(q.operation)},{key}).\n")
        lines = self.process.talk(self.send + "".join(parts) + "done.\n")
        self.send = ""
        if len(lines) != len(questions):
            raise Failed(f"{len(lines)} answers to {len(questions)}; "
                         + "; ".join(lines[:2]))
        return [self._answer(line) for line in lines]

    @staticmethod
    def _answer(line):
        cells = line.split("\t")
        if cells[0] == "keys":
            return Keys(sorted(cells[1:]), None, None, None)
        cells[3] = ",".join(cut(cells[3].split(",")))
        return Answer(*cells[:6], None)

    def close(self):
        self.process.close()


# ---- The twin, in SQL -------------------------------------------------------------

# Column lists and how a row of world.py becomes one of the table.
COPIES = (
    ("type", "object_type (object_type_id, sdk_name, class_name, secured_by,"
     " display_name, provenance)", lambda r: (*r, "x", "test")),
    ("operation", "operation (object_type_id, bit, name, is_type_wide,"
     " is_security, provenance)", lambda r: (
         *r[:3], r[3] == "type_wide", r[4] == "security", "test")),
    ("operation_need", "operation_need", None),
    ("class_operation", "class_operation (class_name, operation, bit,"
     " provenance)", lambda r: (*r, "test")),
    ("default_instance", "default_instance", None),
    ("role", "security_role (role_id, name)", lambda r: (r[0], r[0])),
    ("role_operation", "role_operation", None),
    ("role_minimum", "role_minimum", None),
    ("operation_minimum", "operation_minimum", None),
    ("scope", "security_scope (scope_id, name)", lambda r: (r[0], r[0])),
    ("collection", "collection (collection_id, kind, limiting_id, name)",
     lambda r: (*r, r[0])),
    ("admin", "administrative_user (admin_id, is_group, is_deleted,"
     " is_orphaned, principal_id, logon_name)", lambda r: (
         r[0], r[1] == "group", r[2] == "out" and r[0] % 2 == 0,
         r[2] == "out" and r[0] % 2 == 1, r[3], r[3])),
    ("assignment", "assignment (assignment_id, admin_id, role_id, valid_from,"
     " valid_until)", lambda r: (*r[:3], stamp(r[3]), stamp(r[4]))),
    ("assignment_scope", "assignment_scope", None),
    ("assignment_collection", "assignment_collection", None),
    ("object", "secured_object (object_type_id, object_key, name)",
     lambda r: (*r, r[1])),
    ("object_scope", "object_scope", None),
    ("resource", "resource (resource_id, resource_type, name)", lambda r: (
        r[0], {"device": 5, "user": 4, "group": 3}[r[1]], str(r[0]))),
    ("member", "collection_member (collection_id, resource_id, kind)", None),
    ("rule", "collection_rule (collection_id, kind, ordinal, name, rule,"
     " resource_id, other_id)", None),
)

TEMPORARY = """
\\set ON_ERROR_STOP 1
\\pset format unaligned
\\pset tuples_only on
\\pset fieldsep '\\t'
\\pset null '\\\\N'
\\set QUIET 1
CREATE TEMP TABLE question (n integer, ids text[], own integer,
    known boolean, level integer, delegated boolean, at_ms bigint, type text,
    operation text, object_key text);
CREATE TEMP TABLE listed (n integer, ids text[], own integer, known boolean,
    level integer, delegated boolean, at_ms bigint, type text,
    operation text, object_type_id integer);
SET search_path = reeve;
"""
# The sample site's own rows go; what is shipped stays.
EMPTY = """
BEGIN; SET LOCAL session_replication_role = replica;
DELETE FROM collection_member; DELETE FROM collection_rule;
DELETE FROM resource; DELETE FROM object_scope;
DELETE FROM secured_object o WHERE NOT EXISTS (SELECT FROM default_instance d
    WHERE d.object_type_id = o.object_type_id
        AND d.object_key = o.object_key);
DELETE FROM assignment_scope; DELETE FROM assignment_collection;
DELETE FROM assignment; DELETE FROM reporting_login;
DELETE FROM administrative_user; DELETE FROM role_minimum;
DELETE FROM operation_minimum; DELETE FROM exclusion_list;
DELETE FROM role_unknown_bits;
DELETE FROM role_operation o WHERE NOT EXISTS (SELECT FROM security_role r
    WHERE r.role_id = o.role_id AND r.is_built_in);
DELETE FROM security_role WHERE NOT is_built_in;
DELETE FROM security_scope WHERE NOT is_built_in;
DELETE FROM collection WHERE NOT is_built_in;
COMMIT;
VACUUM (ANALYZE);
"""
ASKED = """
SELECT q.n, CASE WHEN a.decision THEN 'allow' ELSE 'deny' END, a.reason,
    array_to_string(a.missing, ','), array_to_string(a.assignments, ','),
    a.level_needed, a.object_type_id, a.bit
FROM question q CROSS JOIN LATERAL reeve.allowed(q.ids, q.own, q.known,
    q.level, q.delegated,
    timestamptz 'epoch' + q.at_ms * interval '1 millisecond',
    q.type, q.operation, q.object_key) a ORDER BY q.n;
"""
LISTED = """
SELECT 'keys', l.n, k.object_key FROM listed l
CROSS JOIN LATERAL (
    SELECT object_key FROM reeve.feed_object o
        WHERE o.object_type_id = l.object_type_id
    UNION ALL SELECT collection_id FROM reeve.feed_collection
        WHERE l.object_type_id = 1
    UNION ALL SELECT resource_id::text FROM reeve.feed_resource
        WHERE l.object_type_id = 0) k
CROSS JOIN LATERAL reeve.allowed(l.ids, l.own, l.known, l.level, l.delegated,
    timestamptz 'epoch' + l.at_ms * interval '1 millisecond', l.type,
    l.operation, k.object_key) a
WHERE a.decision ORDER BY l.n, k.object_key COLLATE "C";
"""


def stamp(ms):
    """An instant as PostgreSQL reads it."""
    if ms is None:
        return None
    seconds, rest = divmod(ms, 1000)
    day = datetime.fromtimestamp(seconds, timezone.utc)
    return day.strftime("%Y-%m-%d %H:%M:%S") + f".{rest:03}+00"


def cell(value):
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (list, tuple)):
        quoted = ('"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
                  for v in value)
        value = "{" + ",".join(quoted) + "}"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t")


def copy(into, rows):
    if not rows:
        return ""
    return (f"COPY {into} FROM STDIN;\n"
            + "".join("\t".join(map(cell, r)) + "\n" for r in rows) + "\\.\n")


def rows_for(world, table, convert):
    rows = world.rows[table]
    kind = {c[0]: c[1] for c in world.all("collection")}
    if table == "member":
        return [(c, r, kind[c]) for c, r in rows]
    if table == "rule":
        return [(c, kind[c], i + 1, "rule", how,
                 what if how == "direct" else None,
                 None if how == "direct" else what)
                for i, (c, how, what) in enumerate(rows)]
    if table == "object":
        shipped = {d[:2] for d in w.CATALOGUE["default_instance"]}
        rows = [r for r in rows if r not in shipped]
    return list(map(convert, rows)) if convert else rows


class Twin:
    """The twin, in the private cluster of a lab site."""
    name = "twin"

    def __init__(self, site):
        from lab import host
        self.begin, self.end = "BEGIN;\n", "ROLLBACK;\n"
        self.process = Process(
            ["psql", "-XAtq", "-d", site.postgres.conninfo("postgres"),
             "-f", "-"], env=host.base_env())
        self.worlds = 0
        self.process.talk(TEMPORARY + EMPTY + "\\echo done\n")

    @contextlib.contextmanager
    def changed(self, sql):
        """Within it the database is as SQL makes it."""
        self.process.talk("BEGIN;\n" + sql + "\\echo done\n")
        self.begin, self.end = "SAVEPOINT w;\n", "ROLLBACK TO w;\n"
        yield
        self.process.talk("ROLLBACK;\n\\echo done\n")
        self.begin, self.end = "BEGIN;\n", "ROLLBACK;\n"

    def load(self, world, guarded):
        """guarded: with all triggers, as a revision of the store."""
        yield self.begin
        # Only a migration registers what hangs on shipped types.
        yield ("DO $$ BEGIN PERFORM begin_migration(); END $$;\n" if guarded
               else "SET LOCAL session_replication_role = replica;\n")
        for table, into, convert in COPIES:
            yield copy(into, rows_for(world, table, convert))
        if guarded:
            yield "SET CONSTRAINTS ALL IMMEDIATE;\n"

    def answers(self, world, questions, guarded=False):
        asks = [(n, q.ids, q.own, q.known == "yes", q.level,
                 q.delegated == "yes", q.at, q.type, q.operation, q.key)
                for n, q in enumerate(questions) if isinstance(q, w.Ask)]
        lists = [(n, q.ids, q.own, q.known == "yes", q.level,
                  q.delegated == "yes", q.at, q.type,
                  read_operation(world, q.type), type_named(world, q.type))
                 for n, q in enumerate(questions) if isinstance(q, w.List)]
        self.worlds += 1
        text = "".join(self.load(world, guarded))
        text += copy("question", asks) + copy("listed", lists)
        text += ASKED + LISTED + self.end
        if self.worlds % 100 == 0 and self.end == "ROLLBACK;\n":
            text += "VACUUM;\n"
        found = [None] * len(questions)
        for n, *_ in lists:
            found[n] = Keys([], None, None, None)
        for line in self.process.talk(text + "\\echo done\n"):
            cells = line.split("\t")
            if cells[0] == "keys":
                found[int(cells[1])].keys.append(cells[2])
            else:
                found[int(cells[0])] = self._answer(cells[1:])
        return found

    @staticmethod
    def _answer(cells):
        decision, reason, missing, ids, level, t, bit = cells
        ids = ",".join(cut(ids.split(",") if ids else []))
        thing = None if "\\N" in (t, bit) else (int(t), int(bit))
        return Answer(decision, reason, missing, ids, level, None, thing)

    def close(self):
        self.process.close()
