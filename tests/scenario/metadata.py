#!/usr/bin/python3 -B
"""$metadata and service documents: valid by OASIS's schemas, of one mind, and
with the types that applications register."""

import json
import os
import re

import jsonschema
from lxml import etree

from lib import fixture, tap, web
from lib.wire import Wire
from lab import host

SCHEMAS = os.path.join(host.ROOT, "build/lab/csdl/node_modules/odata-csdl",
                       "schemas")
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
ROOTS = ("wmi", "v1.0")
site = fixture.site()
alice, mallory = web.client(site, "alice"), web.client(site, "mallory")


def read(path):
    with open(os.path.join(SCHEMAS, path), encoding="utf-8") as f:
        return f.read()


# Python's re has no \\p{}; our names are ASCII, which is a part of these.
json_schema = json.loads(re.sub(r"\\\\p\{\w+\}", "[0-9]", re.sub(
    r"\\\\p\{N?[Ll]\}", "[A-Za-z]", read("csdl.schema.json"))))
xml_schema = etree.XMLSchema(etree.parse(os.path.join(SCHEMAS, "edmx.xsd")))


def xml_of(root):
    answer = alice.get(f"/AdminService/{root}/$metadata")
    tap.is_((answer.status, answer.header("content-type"),
             answer.header_all("odata-version")),
            (200, "application/xml", ["4.0"]), f"{root}: $metadata is XML")
    return etree.fromstring(answer.body)


def json_of(root):
    answer = alice.get(f"/AdminService/{root}/$metadata?$format=json")
    tap.is_((answer.status, answer.header("content-type")),
            (200, "application/json"), f"{root}: and JSON on demand")
    return answer.json()


def shape_of_xml(tree):
    """name -> (kind, keys, {property: (type, collection)}); and sets."""
    types = {}
    for kind in ("EntityType", "ComplexType"):
        for t in tree.iter(EDM + kind):
            members = {}
            for p in t:
                if p.tag not in (EDM + "Property", EDM + "NavigationProperty"):
                    continue
                of = re.fullmatch(r"(Collection\()?([\w.]+)\)?", p.get("Type"))
                members[p.get("Name")] = (of[2], of[1] is not None)
            types[t.get("Name")] = (kind, [k.get("Name") for k in t.iter(
                EDM + "PropertyRef")], members)
    sets = {s.get("Name"): (s.get("EntityType"), {
        b.get("Path"): b.get("Target") for b in s})
        for s in tree.iter(EDM + "EntitySet")}
    return types, sets


def shape_of_json(document):
    types, sets = {}, {}
    for name, t in document["AdminService"].items():
        if t["$Kind"] == "EntityContainer":
            sets = {n: (s["$Type"], s.get("$NavigationPropertyBinding", {}))
                    for n, s in t.items() if n[0] != "$"}
        elif t["$Kind"] != "Term":
            types[name] = (t["$Kind"], t.get("$Key", []), {
                n: (p.get("$Type", "Edm.String"), p.get("$Collection", False))
                for n, p in t.items() if n[0] not in "$@"})
    return types, sets


def check(root):
    tree, document = xml_of(root), json_of(root)
    tap.ok(xml_schema.validate(tree), f"{root}: valid by edmx.xsd")
    for error in list(xml_schema.error_log)[:5]:
        tap.diag(error)
    errors = list(jsonschema.Draft7Validator(json_schema).iter_errors(
        document))
    tap.is_([e.message for e in errors[:5]], [],
            f"{root}: valid by csdl.schema.json")
    types, sets = shape_of_xml(tree)
    tap.is_(shape_of_json(document), (types, sets),
            f"{root}: both forms say the same")
    unknown = [(name, p) for name, (_, _, members) in types.items()
               for p, (of, _) in members.items()
               if of.startswith("AdminService.") and of[13:] not in types]
    tap.is_(unknown, [], f"{root}: each type that is named is there")
    tap.is_([s for s, (of, to) in sets.items() if of[13:] not in types
             or not types[of[13:]][1] or set(to.values()) - set(sets)], [],
            f"{root}: each set has a type with a key, and leads to others")
    answer = alice.get(f"/AdminService/{root}")
    tap.is_(answer.status, 200, f"{root}: a service document")
    tap.is_(answer.json()["@odata.context"],
            f"/AdminService/{root}/$metadata", "which names its metadata")
    tap.is_({v["name"]: (v["kind"], v["url"])
             for v in answer.json()["value"]},
            {name: ("EntitySet", name) for name in sets},
            "and all of its sets")
    return types, sets


# ---- Both roots -------------------------------------------------------------------

wmi, wmi_sets = check("wmi")
v1, v1_sets = check("v1.0")
tap.is_(len(wmi_sets), len(v1_sets), "each class has a set at both roots")
tap.ok({"Device", "Collections", "Application", "Role", "Admin", "Script",
        "BoundaryGroups"} <= set(v1_sets), "with its own names below v1.0")
tap.is_([n for n in v1_sets if n.startswith("SMS_")], [], "none with SMS_")
for name in ("Admin", "Permission", "Role", "RbacSecuredObject", "Operation",
             "SecuredCategory", "SecuredCategoryMembership",
             "SettableSecuredCategory", "InitSettableSecuredCategory",
             "AssociatedSecuredCategory", "LastCategoryObject", "Site",
             "StatusMessage", "StatMsgInsStrings", "StatMsgAttributes",
             "StatMsgModuleNames", "CollectionPermission", "AdminRole",
             "AdminCategory", "RoleInObjectType", "Collection",
             "CollectionDependencies", "FullCollectionMembership", "R_System",
             "Application", "Package", "TaskSequencePackage", "Driver",
             "ObjectContainerNode", "ObjectContainerItem"):
    tap.ok("SMS_" + name in wmi_sets, f"SMS_{name} is a set")
for name in ("SMS_APermission", "SMS_ARoleOperation", "SMS_CollectionRule"):
    tap.is_(wmi[name][0], "ComplexType", f"{name} is a part of others")
tap.is_(wmi["SMS_SecuredCategoryMembership"][1],
        ["CategoryID", "ObjectKey", "ObjectTypeID"], "a key of three")
tap.is_(wmi["SMS_Admin"][2]["Permissions"],
        ("AdminService.SMS_APermission", True), "Permissions, as they are")

# ---- Who and how --------------------------------------------------------------------

tap.is_(mallory.get("/AdminService/wmi/$metadata").status, 200,
        "whoever has signed in may know what there is")
tap.is_(web.Client(site).get("/AdminService/wmi/$metadata").status, 401,
        "nobody else")
tap.is_(alice.get("/adminservice/WMI/%24METADATA").status, 200,
        "the path ignores case, and may be encoded")
for accept, kind in (("application/json", "json"), ("*/*", "xml"),
                     ("application/*;q=0.1", "xml"),
                     ("application/xml;q=0.5, application/json", "json"),
                     ("application/json;odata.metadata=minimal", "json"),
                     ("application/json;q=0, */*", "xml"),
                     ("text/html, application/xml;q=0.9, */*;q=0.8", "xml")):
    answer = alice.request("GET", "/AdminService/wmi/$metadata",
                           headers={"Accept": accept})
    tap.is_((answer.status, answer.header("content-type")),
            (200, "application/" + kind), f"Accept: {accept}")
for query, status in (("?$format=xml", 200), ("?format=JSON", 200),
                      ("?$format=application%2Fjson", 200),
                      ("?$format=atom", 406), ("?$format=", 406),
                      ("?$format=xml&$format=xml", 400), ("?$top=1", 400),
                      ("?$format=%zz", 400), ("?mine=1", 200)):
    answer = alice.get("/AdminService/v1.0/$metadata" + query)
    tap.is_(answer.status, status, f"{query or 'no query'} is {status}")
answer = alice.request("GET", "/AdminService/wmi/$metadata",
                       headers={"Accept": "text/html"})
tap.is_((answer.status, answer.json()["error"]["code"]),
        (406, "not_acceptable"), "what is not there is said so")
answer = alice.post("/AdminService/wmi/$metadata", {})
tap.is_((answer.status, answer.header("allow")), (405, "GET, HEAD"),
        "it is only read")
session = alice.get("/AdminService/wmi").header("reeve-session")
with Wire(site) as wire:
    wire.send("HEAD /AdminService/wmi/$metadata HTTP/1.1\r\n"
              "Host: localhost\r\nConnection: close\r\n"
              f"Authorization: Bearer {session}\r\n\r\n")
    head = wire.answer("HEAD")
    tap.ok(head.status == 200 and int(head.header("content-length")) > 50000,
           "HEAD tells the length")

# ---- Types that applications register ---------------------------------------------------

site.psql("""SET ROLE reeve_owner; SET search_path = reeve;
    BEGIN; SELECT take_revision();
    INSERT INTO object_type (object_type_id, sdk_name, class_name,
        display_name, secured_by, provenance) VALUES
        (2000001, 'Vault', 'APP_Vault', 'Vaults', 'scope', 'test'),
        (2000002, 'Safe', 'SMS_Safe', 'Safes', 'role', 'test'),
        (2000003, 'Plain', NULL, 'Without a class', 'scope', 'test'),
        (2000004, 'Sham', 'sms_apermission', 'A sham', 'scope', 'test'),
        (2000005, 'Box', 'SMS_Container', 'A container', 'role', 'test');
    INSERT INTO operation (object_type_id, bit, name, is_type_wide,
        is_security, provenance)
    SELECT t, 0, 'Read', false, false, 'test'
    FROM generate_series(2000001, 2000005) t
    UNION ALL SELECT t, 4, 'Set Security Scope', false, false, 'test'
    FROM unnest(ARRAY[2000001, 2000003, 2000004]) t;
    SELECT pg_notify('reeve_change', ''); COMMIT""")
revision = site.psql("SELECT n FROM reeve.site_revision").strip()
tap.is_(alice.request("GET", "/AdminService/wmi",
                      headers={"Reeve-At-Least": revision}).status, 200,
        "the provider has the new types")
wmi2, wmi2_sets = check("wmi")
v12, v12_sets = check("v1.0")
tap.is_(set(wmi2_sets) - set(wmi_sets), {"APP_Vault", "SMS_Safe", "Plain"},
        "registered types are classes")
tap.is_(set(v12_sets) - set(v1_sets), {"APP_Vault", "Safe", "Plain"},
        "and entities")
tap.is_(wmi2["APP_Vault"][1:], (["ObjectKey"], {
    **{n: p for n, p in wmi["SMS_Package"][2].items() if n != "PackageID"},
    "ObjectKey": ("Edm.String", False)}),
        "whose properties are those of secured objects")

fixture.finish(site)
