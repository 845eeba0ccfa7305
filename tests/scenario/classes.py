#!/usr/bin/python3 -B
"""The table of classes and the views of the store say the same; what depends
on who reads is closed to nobody in particular."""

import os
import sys

from lib import fixture, tap
from lab import host

sys.path.insert(0, os.path.join(host.ROOT, "sql", "catalogue"))
import generate  # noqa: E402

SQL_TYPES = {  # of columns, by the type that bodies have
    "Edm.String": {"text"}, "Edm.Boolean": {"boolean"},
    "Edm.Int32": {"integer", "bigint"}, "Edm.Int64": {"integer", "bigint"},
    "Edm.DateTimeOffset": {"timestamp with time zone"},
    "Collection(Edm.String)": {"text[]"}}
JSON_TYPES = {
    "Edm.String": {"string"}, "Edm.Boolean": {"boolean"},
    "Edm.Int32": {"number"}, "Edm.Int64": {"number"},
    "Edm.DateTimeOffset": {"string"}}
CALLER = """DO $do$ BEGIN PERFORM set_config('reeve.caller', '{{"principal":
    "{0}", "ids": ["{0}"], "own": 1, "groups_known": true,
    "delegated": false, "level": 1}}', false), set_config('reeve.caller_at',
    (extract(epoch FROM now()) * 1000)::bigint::text, false); END $do$;"""
ALICE = CALLER.format("krb5:alice@LAB.TEST")
site = fixture.site(parts=("postgres",))


def table():
    """(class, view, object type, [(property, row)]) of every entity."""
    properties = {}
    for row in generate.rows_of("class_properties"):
        properties.setdefault(row["class_name"], []).append(row)
    fixed = generate.rows_of("classes")
    for row in fixed:
        if row["kind"] == "entity":
            yield (row["class_name"], row["view"], int(row["object_type_id"]),
                   [(p["name"], p) for p in properties[row["class_name"]]])
    for row, key, numbered in generate.object_classes(
            {row["class_name"] for row in fixed}):
        yield (row["class_name"], row["view"], row["object_type_id"], [
            (key if p["name"] == "(key)" else p["name"], p)
            for p in properties["(numbered)" if numbered else "(object)"]])


def column_of(name, row):
    flags = row["flags"].split(",")
    named = [f[7:] for f in flags if f.startswith("column=")]
    if named:
        return named[0]
    return name.lower() if "filter" in flags else None


def rows(sql):
    return [line.split("|") for line in site.psql(sql).splitlines()]


columns = {}
for view, name, kind in rows("""
        SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            AND a.attnum > 0
        WHERE c.relnamespace = 'reeve'::regnamespace AND c.relkind = 'v'"""):
    columns.setdefault(view, {})[name] = kind

# ---- Columns ----------------------------------------------------------------------

classes = list(table())
for name, view, number, properties in classes:
    wrong = []
    for prop, row in properties:
        column = column_of(prop, row)
        if column is None or row["edm_type"].startswith("->"):
            continue
        kind = columns.get(view, {}).get(column)
        if kind not in SQL_TYPES[row["edm_type"]]:
            wrong.append((prop, column, kind))
    tap.is_(wrong, [], f"{name}: each filter has its column in {view}")
tap.is_(set(c for c in columns if c.startswith("list_"))
        - {view for _, view, _, _ in classes}, set(),
        "no view of a class without one")

# ---- Bodies: of every row, names in order, types, and the columns' values ---------

site.psql("""SET ROLE reeve_owner; SET search_path = reeve;
    BEGIN; SELECT take_revision();
    UPDATE resource SET properties = properties || '{"CreationDate":
        "2025-02-30T08:00:00Z", "Active": "yes", "Client": 1.5,
        "ADSiteName": 7, "IPAddresses": [1, "10.0.0.1", null]}'
        WHERE resource_id = 16777217;
    UPDATE resource SET properties = '{}' WHERE resource_id = 16777218;
    UPDATE resource SET properties = properties || '{"CreationDate":
        "2025-06-30T08:00:00.987+02:00"}' WHERE resource_id = 16777219;
    INSERT INTO security_role (role_id, name) VALUES ('RVE000A1', 'It''s');
    INSERT INTO role_unknown_bits VALUES ('RVE000A1', 31, 8);
    INSERT INTO role_operation VALUES ('RVE000A1', 31, 0), ('RVE000A1', 1, 32);
    COMMIT""")


def compared(prop, row):
    """An expression: body and column differ in this row."""
    column = f'v."{column_of(prop, row)}"'
    member = f"(v.body -> '{prop}')::jsonb"
    if row["edm_type"] == "Edm.DateTimeOffset":
        return (f"({member} #>> '{{}}')::timestamptz "
                f"IS DISTINCT FROM {column}")
    if row["edm_type"].startswith("Collection"):
        return (f"ARRAY(SELECT x FROM unnest({column}) x ORDER BY 1) <> ARRAY("
                f"SELECT jsonb_array_elements_text({member}) ORDER BY 1)")
    return f"nullif({member}, 'null') IS DISTINCT FROM to_jsonb({column})"


for name, view, number, properties in classes:
    of = f"FROM reeve.{view} v" + (
        f" WHERE v.object_type = {number}" if number else "")
    own = [(p, r) for p, r in properties if not r["edm_type"].startswith("->")]
    names = rows(f"""{ALICE} SELECT count(*), count(DISTINCT v.key),
        count(DISTINCT ARRAY(SELECT json_object_keys(v.body))::text),
        min(ARRAY(SELECT json_object_keys(v.body))::text) {of}""")[-1]
    if names[0] == "0":  # nothing of that type on the sample site
        continue
    tap.is_(names, [names[0], names[0], "1",
                    "{" + ",".join(p for p, _ in own) + "}"],
            f"{name}: bodies have the properties, and keys differ")
    checks = [f"('{p}: column', {compared(p, r)})" for p, r in own
              if column_of(p, r)]
    for p, r in own:
        allowed = JSON_TYPES.get(r["edm_type"], {
            "array" if r["edm_type"].startswith("Coll") else "object"})
        if "null" in r["flags"].split(","):
            allowed = allowed | {"null"}
        checks.append(f"('{p}: type', json_typeof(v.body -> '{p}') <> ALL ("
                      f"ARRAY{sorted(allowed)!r}))")
    keys = [(p, r["edm_type"]) for p, r in own
            if "key" in r["flags"].split(",")]
    spelt = [f"v.body ->> '{p}'" if len(keys) == 1 else f"'{p}=' || " + (
        f"reeve.edm_key(v.body ->> '{p}')" if t == "Edm.String"
        else f"(v.body ->> '{p}')") for p, t in keys]
    checks.append(f"('key', v.key <> {' || $$,$$ || '.join(spelt)})")
    wrong = rows(f"""{ALICE} SELECT x.what, min(v.key) FROM (SELECT v.* {of}
        OFFSET 0) v, LATERAL (VALUES {', '.join(checks)}) AS x (what, wrong)
        WHERE x.wrong IS NOT false GROUP BY 1""")
    tap.is_(wrong, [], f"{name}: and columns have the values of bodies")

for text, instant in (("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
                      ("2000-02-29T00:00:00.9999990-13:59",
                       "2000-02-29T13:59:00Z"),
                      ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59Z"),
                      ("1900-02-29T00:00:00Z", ""),
                      ("2023-02-29T00:00:00Z", ""),
                      ("2023-04-31T00:00:00Z", ""),
                      ("0000-01-01T00:00:00Z", ""),
                      ("2023-13-01T00:00:00Z", ""),
                      ("2023-00-10T00:00:00Z", ""),
                      ("2023-01-01T24:00:00Z", ""),
                      ("2023-01-01T00:00:60Z", ""),
                      ("2023-01-01T00:00:00", ""), ("2023-01-01", ""),
                      ("2023-01-01T00:00:00+16:00", ""), ("infinity", ""),
                      ("now", ""), ("12023-01-01T00:00:00Z", ""), ("", "")):
    tap.is_(rows(f"""SELECT reeve.edm_time(reeve.as_time(
        to_jsonb('{text}'::text)))""")[-1][0], instant,
            f"'{text}' is {'an' if instant else 'no'} instant")

# ---- Nobody, and who may see what -------------------------------------------------


def member(who, view, key, path):
    """A member of a body, as who reads it; None is nobody."""
    settings = CALLER.format(f"krb5:{who}@LAB.TEST") if who else ""
    return rows(f"""{settings} SELECT v.body #> '{{{path}}}'
        FROM reeve.{view} v WHERE v.key = $${key}$$""")[-1][0]


admin = dict(rows("SELECT logon_name, admin_id "
                  "FROM reeve.administrative_user"))
carol = admin["carol@LAB.TEST"]
erin = admin["erin@LAB.TEST"]
tap.is_(member("alice", "list_sms_admin", carol, "CollectionNames"),
        '["Headquarters Workstations"]', "alice sees carol's collections")
tap.is_(member(None, "list_sms_admin", carol, "CollectionNames"), "[]",
        "nobody sees none")
tap.is_(member("bob", "list_sms_admin", carol, "CollectionNames"), "[]",
        "nor does who may not read them")
tap.ok('"CategoryTypeID" : 1,' in member(
    "alice", "list_sms_admin", carol, "Permissions")
    and '"CategoryTypeID" : 1,' not in member(
        "bob", "list_sms_admin", carol, "Permissions"),
    "and so with Permissions")
tap.is_([member(who, "list_sms_admin", carol, "IsCovered")
         for who in ("alice", "carol", "bob", None)],
        ["true", "true", "false", "false"],
        "IsCovered: what the caller could grant")
tap.is_([member(who, "list_sms_rbacsecuredobject", "31", "GrantedOperations")
         for who in ("alice", "mallory", None)], ["805448727", "0", "0"],
        "GrantedOperations: what the caller has")
tap.is_(int(member("carol", "list_sms_rbacsecuredobject", "1",
                   "GrantedOperations")), 1 | 32 | 4096,
        "a Remote Tools Operator reads, reads resources, and controls")
tap.is_([rows(f"""{CALLER.format('krb5:' + who + '@LAB.TEST')}
        SELECT string_agg(v.categoryid, ' ' ORDER BY v.categoryid)
        FROM reeve.list_sms_{kind}securedcategory v
        WHERE v.objecttypeid = 31""")[-1][0]
         for kind in ("settable", "initsettable", "associated")
         for who in ("alice", "bob", "carol")],
        ["RVE00010 RVE00011 RVE00012 SMS00UNA", "RVE00010", "",
         "RVE00010 RVE00011 RVE00012 SMS00UNA", "RVE00010", "",
         "SMS00UNA", "RVE00010", ""],
        "scopes for changes, for new objects, and those that these get")
tap.is_(rows(f"""{CALLER.format('krb5:carol@LAB.TEST')} SELECT
    bool_or(v.grantedtocurrentuser AND v.adminid <> {carol}),
    bool_and(v.grantedtocurrentuser OR v.adminid <> {carol})
    FROM reeve.list_sms_permission v""")[-1], ["f", "t"],
        "GrantedToCurrentUser is one's own")
tap.is_(member("alice", "list_sms_collection", "RVE00018",
               "CollectionRules,0,ResourceID"), "16777397",
        "a rule on what one may read")
site.psql("""SET ROLE reeve_owner; SET search_path = reeve;
    BEGIN; SELECT take_revision();
    INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
        other_id) VALUES ('RVE00018', 'device', 2, 'Secret name', 'exclude',
        'RVE00019'); COMMIT""")
tap.is_([member("carol", "list_sms_collection", "RVE00018",
                "CollectionRules,1," + m)
         for m in ("RuleName", "ExcludeCollectionID")], ['""', "null"],
        "and one on what one may not, without its name")
tap.is_([member(who, "list_sms_collection", "RVE00015",
                "LimitToCollectionName") for who in ("alice", "carol")],
        ['"Workstations"', '""'], "and the name of a limiting collection")
tap.is_(rows(f"""{CALLER.format('krb5:carol@LAB.TEST')}
    SELECT count(*) FROM reeve.list_sms_collectiondependencies
    WHERE sourcecollectionid IN ('RVE00014', 'RVE00019')""")[-1], ["0"],
        "nor is a dependency on it there")

# ---- Numbers and tags ----------------------------------------------------------------

site.psql("""SET ROLE reeve_owner; SET search_path = reeve;
    BEGIN; SELECT take_revision();
    INSERT INTO secured_object (object_type_id, object_key, name) VALUES
        (31, 'model', 'New'), (226, 'folder', 'New');
    INSERT INTO object_scope VALUES (31, 'model', 'SMS00UNA'),
        (226, 'folder', 'SMS00UNA'); COMMIT""")
numbers = rows("""SELECT object_type_id,
    coalesce(properties ->> 'CI_ID', properties ->> 'ContainerNodeID')
    FROM reeve.secured_object WHERE object_key IN ('model', 'folder')""")
tap.ok(len(numbers) == 2 and all(int(n) > 33554432 for _, n in numbers),
       "objects that URLs name by a number get one")
for what, change, view, key in (
        ("a role", "UPDATE security_role SET description = 'x' "
         "WHERE role_id = 'RVE000A1'", "list_sms_role", "RVE000A1"),
        ("its operations", "INSERT INTO role_operation VALUES "
         "('RVE000A1', 2, 0)", "list_sms_role", "RVE000A1"),
        ("an assignment", "UPDATE assignment SET valid_until = "
         "'2100-01-01Z' WHERE admin_id = " + erin, "list_sms_admin", erin),
        ("its scopes", "DELETE FROM assignment_scope WHERE assignment_id = "
         f"(SELECT max(assignment_id) FROM assignment WHERE admin_id = {erin})"
         , "list_sms_admin", erin),
        ("members", "DELETE FROM collection_member WHERE collection_id = "
         "'RVE00018' AND resource_id = 16777397", "list_sms_collection",
         "RVE00018"),
        ("rules", "DELETE FROM collection_rule WHERE collection_id = "
         "'RVE00018' AND ordinal = 2", "list_sms_collection", "RVE00018"),
        ("an object", "UPDATE secured_object SET name = 'Newer' "
         "WHERE object_key = 'model'", "list_numbered_object",
         dict(numbers)["31"])):
    tag = f"SELECT etag FROM reeve.{view} WHERE key = '{key}'"
    before = site.psql(tag)
    site.psql("SET ROLE reeve_owner; SET search_path = reeve; BEGIN; "
              f"SELECT take_revision(); {change}; COMMIT")
    tap.ok(before.strip() and before != site.psql(tag),
           f"{what}: another tag after a change")
tap.is_(rows("""SELECT reeve.etag_of('SMS_Role', 'RVE000A1') = r.etag,
    reeve.etag_of('SMS_Application', 'model') = o.etag,
    reeve.etag_of('SMS_Role', 'x') IS NULL
    FROM reeve.list_sms_role r, reeve.list_numbered_object o
    WHERE r.key = 'RVE000A1' AND o.object_key = 'model'""")[-1],
        ["t", "t", "t"], "and writes compare the tag that lists show")

tap.done()
