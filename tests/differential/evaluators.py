"""The three evaluators, each a process that is given worlds and questions.

    engine = Engine(program)
    answers = engine.answers(world, questions)

Each kind of question of questions.py has a kind of answer here.  The world is
sent anew for each call.
"""

import contextlib
import glob
import json
import os
import subprocess
import tempfile
import threading
from collections import namedtuple
from datetime import datetime, timezone

import questions as qs
import world as w

HERE = w.HERE
ROOT = w.ROOT
CUT = 16  # the engine names at most so many assignments

# In all of them None is what an evaluator does not say, and otherwise the way
# of asking in which the engine answers something else; normally there is none.
# until: next change; thing: the (type, bit) that was decided on.
Answer = namedtuple("Answer", "decision reason missing ids level until thing"
                    " otherwise", defaults=(None,))
Reads = namedtuple("Reads", "reason n universe keys otherwise any all scopes",
                   defaults=(None,) * 4)
Keys = namedtuple("Keys", "reason n universe keys otherwise",
                  defaults=(None,))
# A holder is "ID:LOWEST LEVEL:ASSIGNMENTS".
Holders = namedtuple("Holders", "reason holders otherwise", defaults=(None,))
# A half is "MISSING:LEVEL:ASSIGNMENT".
Paired = namedtuple("Paired", "reason unsound ids until halves otherwise",
                    defaults=(None,))
KIND_OF_ANSWER = {qs.Ask: Answer, qs.List: Reads, qs.Objects: Keys,
                  qs.Who: Holders, qs.Pair: Paired}
LISTS = ("missing", "keys", "holders", "halves")


def nothing_said(question):
    """The answer of an evaluator that does not know such questions."""
    kind = KIND_OF_ANSWER[type(question)]
    return kind(*(None for _ in kind._fields))


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


def compile_object(top, source, target, *options):
    done = subprocess.run(["gcc", *FLAGS, *options, "-MMD", "-c", "-o",
                           target, source], cwd=top, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{source} does not compile: {done.stderr[:2000]}")


def made_from(objects, file):
    """The sources that are compiled anew when a file changes."""
    found = []
    for source, target in objects.items():
        with open(target[:-2] + ".d", encoding="utf-8") as f:
            if file in f.read().split():
                found.append(source)
    return found


def link(objects, target, *options):
    done = subprocess.run(["gcc", *options, "-o", target, *objects],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"the engine does not link: {done.stderr[:2000]}")


def build_engine(folder, built):
    """Makes the engine into folder; {source: object}, program."""
    objects, more, options = {}, [], []
    if built:
        # The harness names the provider that the same make built.
        build = os.path.dirname(os.environ.get("REEVED")
                                or os.path.join(ROOT, "build/release/x"))
        more = [os.path.join(build, "libreeve-test.a")]
        if os.path.basename(build) == "asan":
            options = ["-fsanitize=address,undefined",
                       "-fno-sanitize-recover=undefined"]
    program = os.path.join(folder, "engine")
    for source in ([] if built else engine_sources(ROOT)) + [
            "tests/differential/engine.c"]:
        objects[source] = os.path.join(folder, source.replace("/", "-")
                                       + ".o")
        compile_object(ROOT, source, objects[source], *options)
    link([*objects.values(), *more], program, *options)
    return objects, program


CATALOGUE_LINES = {t: "".join("\t".join([t, *map(w.word, r)]) + "\n"
                              for r in rows)
                   for t, rows in w.CATALOGUE.items()}


class Engine:
    name = "engine"

    def __init__(self, program):
        self.process = Process([program])

    @staticmethod
    def rows(world):
        for table in w.TABLES:
            if table != "rule":  # it believes the members
                yield CATALOGUE_LINES[table]
                for row in world.rows[table]:
                    yield "\t".join([table, *map(w.word, row)]) + "\n"

    @classmethod
    def line(cls, world):
        """The world as the last one of a line, as far as it is one."""
        worlds, lines = [*world.before, world], []
        for old, new in zip(worlds, worlds[1:]):
            lines.append(w.changes(old, new))
        while None in lines:
            del worlds[:lines.index(None) + 1]
            del lines[:lines.index(None) + 1]
        if lines:
            yield from cls.rows(worlds[0])
            yield "base\n"
        for changed in lines:
            yield "next\n" + "".join(c + "\n" for c in changed) + "step\n"
        yield from cls.rows(world)

    def answers(self, world, questions):
        parts = list(self.line(world))
        parts += [qs.question_line(q) + "\n" for q in questions]
        lines = self.process.talk("".join(parts) + "done\n")
        if lines and lines[0].startswith("refused"):
            raise Failed("the engine refuses the world: " + lines[0])
        if len(lines) != len(questions):
            raise Failed(f"{len(lines)} answers to {len(questions)}")
        return [getattr(self, "_" + cells[0])(cells[1:-1], cells[-1])
                for cells in (line.split("\t") for line in lines)]

    @staticmethod
    def _ask(cells, differs):
        return Answer(*cells[:6], (int(cells[6]), int(cells[7])),
                      cells[8] or differs)

    @staticmethod
    def _list(cells, differs):
        any_, all_, scopes, otherwise, *keys = cells
        return Reads(*keys[:3], sorted(keys[3:]), otherwise or differs,
                     any_, all_ == "all", scopes.split(",") if scopes else [])

    @staticmethod
    def _objects(cells, differs):
        return Keys(*cells[1:4], sorted(cells[4:]), cells[0] or differs)

    @staticmethod
    def _who(cells, differs):
        return Holders(cells[0], cells[1:], differs)

    @staticmethod
    def _pair(cells, differs):
        decision, reason, *more = cells
        if (decision == "allow") != (reason == "allowed"):
            differs = "decision and reason"
        return Paired(reason, *more[:3], more[3:], differs)

    def close(self):
        self.process.close()


def type_named(world, name):
    """The number of a type; 0 for a class of resources."""
    return next((t for t, sdk, class_name, _ in world.all("type")
                 if name in (str(t), sdk, class_name)), 0)


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
    for t, bit in rows["deploy"]:
        yield f"deploys({t},{names[1, bit]})"
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
    for n, kind, state, principal in rows["admin"]:
        yield f"admin({n},{kind},{state},{atom(principal)})"
    for principal, n in rows["principal"]:
        yield f"principal({atom(principal)},{n})"
    for n, admin, role, begin, end in rows["assignment"]:
        yield (f"assignment({n},{admin},{atom(role)},"
               f"{'-inf' if begin is None else begin},"
               f"{'inf' if end is None else end})")
    for n, scope in rows["assignment_scope"]:
        yield f"category({n},scope({atom(scope)}))"
    for n, c in rows["assignment_collection"]:
        yield f"category({n},collection({atom(c)}))"
    for t, key, own in rows["object"]:
        yield f"object({t},{atom(key)})"
        if own:
            yield f"own_type({t},{atom(key)},{own})"
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
        parts += [goal(q) + ".\n" for q in questions]
        lines = self.process.talk(self.send + "".join(parts) + "done.\n")
        self.send = ""
        if len(lines) != len(questions):
            raise Failed(f"{len(lines)} answers to {len(questions)}; "
                         + "; ".join(lines[:2]))
        return [self._answer(line) for line in lines]

    @staticmethod
    def _answer(line):
        kind, *cells = line.split("\t")
        if kind in ("objects", "list"):
            kind_of = Keys if kind == "objects" else Reads
            return kind_of(*cells[:3], sorted(cells[3:]))
        if kind == "who":
            return Holders(cells[0], cells[1:])
        if kind == "pair":
            cells[2] = ",".join(cut(cells[2].split(",")))
            return Paired(*cells[:4], cells[4:])
        if kind == "ask":
            cells[3] = ",".join(cut(cells[3].split(",")))
            return Answer(*cells, None)
        raise Failed(f"the text says {line!r}")

    def close(self):
        self.process.close()


def goal(q):
    """A question as a term."""
    def one(name, value):
        if value is None:
            return "[]"
        if name == "ids":
            return "[" + ",".join(map(atom, value)) + "]"
        return atom(value) if isinstance(value, str) else str(value)

    if not isinstance(q, qs.Pair):
        return (type(q).__name__.lower() + "("
                + ",".join(map(one, q._fields, q)) + ")")
    first = ",".join(map(one, q._fields[:8], q[:8]))
    about = [f"{name}={one(name, getattr(q, name))}" for name in
             ("collection", "limiting", "origin", "to", "inventory")]
    for name, t, key in (("object", q.type, q.key),
                         ("other", q.other_type, q.other_key)):
        about.append(f"{name}={one('', t)}-{one('', key)}")
    about.append("named=[" + ",".join(map(atom, q.named)) + "]")
    about.append("direct=[" + ",".join(
        f"{atom(t)}-{atom(key)}" for t, key in q.direct) + "]")
    return f"pair({first},[{','.join(about)}])"


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
    ("deploy", "deploy_operation (object_type_id, bit, provenance)",
     lambda r: (*r, "test")),
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
    ("principal", "administrative_principal (principal_id, admin_id)", None),
    ("assignment", "assignment (assignment_id, admin_id, role_id, valid_from,"
     " valid_until)", lambda r: (*r[:3], stamp(r[3]), stamp(r[4]))),
    ("assignment_scope", "assignment_scope", None),
    ("assignment_collection", "assignment_collection", None),
    ("object", "secured_object (object_type_id, object_key, name,"
     " properties)", lambda r: (*r[:2], r[1], json.dumps(
         {"OwnObjectTypeID": r[2]} if r[2] else {}))),
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
    operation text);
CREATE TEMP TABLE who (n integer, at_ms bigint, type text, operation text,
    object_key text);
CREATE TEMP TABLE pair (n integer, ids text[], own integer, known boolean,
    level integer, delegated boolean, at_ms bigint, operation text,
    pairing text, question jsonb);
-- Refusals become reasons here.
CREATE FUNCTION pg_temp.why(detail text) RETURNS text
LANGUAGE sql RETURN detail::jsonb ->> 'reason';
CREATE FUNCTION pg_temp.keys_of(q listed) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    RETURN ARRAY(SELECT k.object_key FROM reeve.allowed_objects(q.ids, q.own,
        q.known, q.level, q.delegated, pg_temp.instant(q.at_ms), q.type,
        q.operation) k);
EXCEPTION WHEN SQLSTATE 'RV400' OR SQLSTATE 'RV503' THEN
    RETURN '{}';
END $$;
CREATE FUNCTION pg_temp.instant(ms bigint) RETURNS timestamptz
LANGUAGE sql RETURN timestamptz 'epoch' + ms * interval '1 millisecond';
CREATE FUNCTION pg_temp.holders_of(q who, OUT reason text,
    OUT holders text[]) LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    SELECT array_agg(format('%s:%s:%s', h.admin_id, h.required_level,
        array_to_string(h.assignments, ',')) ORDER BY h.admin_id)
    INTO holders FROM reeve.who_may(pg_temp.instant(q.at_ms), q.type,
        q.operation, q.object_key) h;
    reason := CASE WHEN holders IS NULL THEN 'not_permitted'
        ELSE 'allowed' END;
EXCEPTION WHEN SQLSTATE 'RV400' OR SQLSTATE 'RV404' THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    reason := pg_temp.why(detail);
END $$;
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
DELETE FROM administrative_principal;
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
SELECT 'ask', q.n, CASE WHEN a.decision THEN 'allow' ELSE 'deny' END,
    a.reason, array_to_string(a.missing, ','),
    array_to_string(a.assignments, ','), a.level_needed, a.object_type_id,
    a.bit
FROM question q CROSS JOIN LATERAL reeve.allowed(q.ids, q.own, q.known,
    q.level, q.delegated, pg_temp.instant(q.at_ms),
    q.type, q.operation, q.object_key) a ORDER BY q.n;
SELECT 'keys', l.n, c.reason, c.n, c.universe,
    array_to_string(pg_temp.keys_of(l), E'\t')
FROM listed l CROSS JOIN LATERAL reeve.count_objects(l.ids, l.own, l.known,
    l.level, l.delegated, pg_temp.instant(l.at_ms), l.type,
    l.operation) c ORDER BY l.n;
SELECT 'who', w.n, h.reason, array_to_string(h.holders, E'\t')
FROM who w CROSS JOIN LATERAL pg_temp.holders_of(w) h ORDER BY w.n;
SELECT 'pair', p.n, a.decision, a.reason, coalesce(a.unsound - 1, 0),
    array_to_string(a.assignments, ','), (SELECT string_agg(format('%s:%s:%s',
        array_to_string(ARRAY(SELECT jsonb_array_elements_text(
            h -> 'missing')), ','), h ->> 'level',
        coalesce(h ->> 'assignment', '0')), E'\t' ORDER BY i)
        FROM jsonb_array_elements(a.halves) WITH ORDINALITY AS x (h, i))
FROM pair p CROSS JOIN LATERAL reeve.allowed_pair(p.ids, p.own, p.known,
    p.level, p.delegated, pg_temp.instant(p.at_ms), p.operation, p.question,
    p.pairing) a ORDER BY p.n;
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
        rows = [r for r in rows if r[:2] not in shipped]
    return list(map(convert, rows)) if convert else rows


def about(q):
    """What an operation is about, as JSON; what is absent is left out."""
    def thing(t, key):
        found = {"type": t, "key": key}
        return {k: v for k, v in found.items() if v is not None} or None

    found = {"object": thing(q.type, q.key),
             "other": thing(q.other_type, q.other_key) if q.other_type
             is not None else None,
             "collection": q.collection, "limiting": q.limiting,
             "from": q.origin, "to": q.to, "named": list(q.named),
             "direct": [thing(*d) for d in q.direct],
             "inventory": q.inventory == "yes"}
    return json.dumps({k: v for k, v in found.items() if v is not None})


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

    @staticmethod
    def rows_of(questions):
        """Questions as rows of the temporary tables."""
        into = {qs.Ask: "question", qs.List: "listed", qs.Objects: "listed",
                qs.Who: "who", qs.Pair: "pair"}
        rows = {table: [] for table in into.values()}
        for n, q in enumerate(questions):
            row = (n, *q)
            if not isinstance(q, qs.Who):
                row = (n, q.ids, q.own, q.known == "yes", q.level,
                       q.delegated == "yes", *q[5:])
            if isinstance(q, qs.Pair):
                row = (*row[:7], q.operation.replace("_", "-"), q.pairing,
                       about(q))
            rows[into[type(q)]].append(row)
        return "".join(copy(*table) for table in rows.items())

    def answers(self, world, questions, guarded=False):
        self.worlds += 1
        text = "".join(self.load(world, guarded)) + self.rows_of(questions)
        text += ASKED + self.end
        if self.worlds % 100 == 0 and self.end == "ROLLBACK;\n":
            text += "VACUUM;\n"
        found = [nothing_said(q) for q in questions]
        for line in self.process.talk(text + "\\echo done\n"):
            kind, n, *cells = line.split("\t")
            found[int(n)] = getattr(self, "_" + kind)(
                questions[int(n)], cells)
        return found

    @staticmethod
    def _ask(_question, cells):
        decision, reason, missing, ids, level, t, bit = cells
        ids = ",".join(cut(ids.split(",") if ids else []))
        thing = None if "\\N" in (t, bit) else (int(t), int(bit))
        return Answer(decision, reason, missing, ids, level, None, thing)

    @staticmethod
    def _keys(question, cells):
        return KIND_OF_ANSWER[type(question)](
            *cells[:3], sorted(cells[3:] if cells[3:] != [""] else []))

    @staticmethod
    def _pair(_question, cells):
        decision, reason, unsound, ids, *halves = cells
        if (decision == "t") != (reason == "allowed"):
            raise Failed(f"the twin says {decision} and {reason}")
        return Paired(reason, unsound, ",".join(cut(
            ids.split(",") if ids else [])), None, halves)

    @staticmethod
    def _who(_question, cells):
        return Holders(cells[0], [] if cells[1:] == ["\\N"] else cells[1:])

    def close(self):
        self.process.close()
