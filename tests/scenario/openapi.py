#!/usr/bin/python3 -B
"""The OpenAPI document: valid, whole, and kept by what the provider does."""

import json
import os
import re
import subprocess

import jsonschema

from lib import callers, doors, fixture, samples, tap, wire
from lab import host

MODULES = os.path.join(host.ROOT, "build/lab/openapi")
SCRIPT = os.path.join(host.HERE, "openapi", "validate.mjs")
OWN_SESSION = "/reeve/v1/session"
DIALECT = jsonschema.Draft202012Validator

site = fixture.site(config={"public_url": "https://reeve.lab.test"})
ledger = callers.Ledger(site)
alice = callers.bearer(site, "alice", ledger)
mallory = callers.bearer(site, "mallory", ledger)
sent = samples.of(site)


def fetch():
    answer = ledger.ask("GET", "/openapi.json", mallory)
    tap.is_((answer.status, answer.header("content-type")),
            (200, "application/json"), "whoever has signed in gets it")
    return answer.json()


# ---- The document itself ----------------------------------------------------

document = fetch()
with open(SCRIPT, encoding="utf-8") as f:
    done = subprocess.run(
        ["node", "--input-type=module", "-e", f.read()], cwd=MODULES,
        input=json.dumps(document), capture_output=True, text=True,
        check=True)
verdict = json.loads(done.stdout)
tap.is_((verdict["valid"], verdict["version"], verdict["errors"]),
        (True, "3.1", []), "the meta-schema of OpenAPI 3.1 holds, and every "
        "reference leads somewhere")
for name, schema in document["components"]["schemas"].items():
    DIALECT.check_schema(schema)
tap.ok(True, "each schema is one of JSON Schema 2020-12")
ids = [one["operationId"] for item in document["paths"].values()
       for method, one in item.items() if method != "parameters"]
tap.is_(len(ids), len(set(ids)), "no two operations have one id")

# ---- Routes and operations ----------------------------------------------------

TABLE = doors.patterns(site)
OPERATIONS = {(method.upper(), path): one
              for path, item in document["paths"].items()
              for method, one in item.items() if method != "parameters"}


def shape(pattern):
    """A regular expression of the paths in the document of a route."""
    return re.escape(pattern).replace(r"\{class\}", r"[A-Za-z][A-Za-z0-9_]*")


for method, pattern, power in TABLE:
    own = [one for (m, path), one in OPERATIONS.items()
           if m == method and re.fullmatch(shape(pattern), path)]
    tap.ok(own, f"{method} {pattern} is in the document")
tap.is_([name for name in OPERATIONS
         if not any(m == name[0] and re.fullmatch(shape(p), name[1])
                    for m, p, _ in TABLE)], [],
        "nothing is in the document that is no route")
sets = {f"/AdminService/{root}/{one['name']}" for root in ("wmi", "v1.0")
        for one in ledger.ask("GET", f"/AdminService/{root}",
                              mallory).json()["value"]}
tap.is_({path for method, path in OPERATIONS if method == "GET"
         and path.startswith("/AdminService/") and path.count("/") == 3
         and "(" not in path and "$" not in path and "." not in
         path.rsplit("/", 1)[1]}, sets,
        "the sets of the service documents are its lists")

# ---- What the provider answers ------------------------------------------------


def resolved(part):
    while "$ref" in part:
        at = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        part = at
    return part


# One for all, since it remembers where references lead.
RESOLVER = jsonschema.RefResolver("", document)


def faults(value, schema):
    """What is wrong with a value by a schema of the document."""
    return [f"{list(e.absolute_path)}: {e.message[:200]}"
            for e in DIALECT(schema, resolver=RESOLVER).iter_errors(value)]


def wrong(operation, answer):
    """What the document does not say of an answer; empty: nothing."""
    said = operation["responses"].get(str(answer.status))
    if said is None:
        return f"status {answer.status} is not documented: {answer.text[:300]}"
    content = resolved(said).get("content", {})
    media = (answer.header("content-type") or "").split(";")[0]
    if not content:
        return "" if not answer.body else "there is a body"
    if media not in content:
        return f"{answer.status}: {media} is not documented"
    value = answer.text if "json" not in media else answer.json()
    return "; ".join(faults(value, content[media]["schema"]))


def ask(method, path, who=None, body=None, **fields):
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    if body is not None:
        fields.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    with wire.Wire(site) as w:
        return w.request(method, path, {**(who or {}), **fields}, body or b"")


def announce(method, path, who, length):
    """A request that ends before its body: whose length is enough."""
    fields = {"Host": "localhost", **who,
              "Content-Type": "application/json", "Content-Length": length}
    with wire.Wire(site) as w:
        w.send("\r\n".join([f"{method} {path} HTTP/1.1", *(
            f"{name}: {value}" for name, value in fields.items()),
            "", ""]))
        return w.answer(method)



def check(name, operation, answer, what, at_least=()):
    """An answer as the document has it, with one of some statuses."""
    fault = wrong(operation, answer)
    if at_least and answer.status not in at_least:
        fault = f"{answer.status} in place of {at_least}: {answer.text[:300]}"
    tap.is_(fault, "", f"{name[0]} {name[1]}: {what}")


# A list like the one that is documented, but with a status too few.
broken = {"responses": {"404": {"$ref": "#/components/responses/OData404"}}}
refusal = ask("GET", "/AdminService/wmi/SMS_Role")
tap.like(wrong(broken, refusal), "401 is not documented",
         "a status that is not documented is found")
tap.ok(faults({"error": {"code": "x"}},
              {"$ref": "#/components/schemas/ODataError"}),
       "a body that its schema does not allow is found")


def document_path(pattern, path):
    """The path of the document that a request of a route has."""
    if "{class}" not in pattern:
        return pattern
    return re.sub(r"\(.*\)", "({key})", path)


for method, pattern, power in TABLE:
    if pattern == OWN_SESSION:
        continue
    path = sent.KEYS.get(pattern, doors.sample(method, pattern))
    name = (method, document_path(pattern, path))
    operation = OPERATIONS[name]
    is_open = power == "open"
    takes = "requestBody" in operation
    body = sent.BODIES.get(path, {}) if takes else None
    if not is_open:
        check(name, operation, ask(method, path, body=body),
              "401 for the unknown", (401,))
        check(name, operation, ask(method, path, mallory, body),
              "as documented for who has no rights")
        check(name, operation, ask(method, path, alice, body,
                                   Reeve_At_Least="x"),
              "400 for a malformed field", (400,))
        check(name, operation,
              ask(method, path, alice, body, Reeve_At_Least="1; epoch="
                  "00000000-0000-0000-0000-000000000000"),
              "409 for another history", (409,))
    if takes:
        schema = operation["requestBody"]["content"]["application/json"][
            "schema"]
        tap.is_(faults(body, schema), [],
                f"{method} {pattern}: what is sent has the schema")
        check(name, operation, ask(method, path, alice, b"{"),
              "400 for what is no JSON", (400,))
        check(name, operation,
              ask(method, path, alice, b"x", Content_Type="text/plain"),
              "another media type", (400, 415))
        check(name, operation,
              announce(method, path, alice, 99999999),
              "413 for what is too large", (413,))
    parameters = {resolved(p)["name"] for p in operation["parameters"]}
    if "$filter" in parameters:
        check(name, operation, ask(method, path + "?$filter=(", alice),
              "400 for a malformed query", (400,))
        check(name, operation, ask(method, path + "?$apply=x", alice),
              "501 for what is not supported", (501,))
    if "If-Match" in parameters and "(" in path:
        check(name, operation,
              ask(method, path, alice, body, If_Match='"never"'),
              "412 for what has changed", (412,))
    if "If-Match" in parameters:
        check(name, operation,
              ask(method, path, alice, body, If_Match="never"),
              "400 for what is no tag", (400,))
    if "Idempotency-Key" in parameters:
        check(name, operation,
              ask(method, path, alice, body, Idempotency_Key="x" * 256),
              "400 for a key that is too long", (400,))
    if "dryRun" in parameters:
        check(name, operation, ask(method, path + "?dryRun=true", alice,
                                   body), "a dry run", (200,))
    check(name, operation, ask(method, path, alice, body),
          "what comes of it", (sent.DONE.get((method, path), 200),))
    if path in sent.KEYS.values() and method == "DELETE":
        check(name, operation, ask(method, path, alice), "404 when it is gone",
              (404,))

# ---- Registered types -----------------------------------------------------------

answer = ask("POST", "/AdminService/wmi/RVE_ApplicationType", alice, {
    "ClassName": "Contoso_Backup", "Application": "Contoso",
    "SecuredBy": "scope", "Operations": [{"Name": "Modify"},
                                         {"Name": "Create"}]})
tap.is_(answer.status, 201, "an application registers a type")
later = fetch()
tap.ok("/AdminService/wmi/Contoso_Backup" in later["paths"]
       and "post" in later["paths"]["/AdminService/wmi/Contoso_Backup"]
       and "Contoso_Backup.Body" in later["components"]["schemas"],
       "it is in the document at once, with its writes")

# ---- What comes of the state of the site -------------------------------------------

WMI = "/AdminService/wmi/"
ROLE, ADMIN = WMI + "SMS_Role('SMS0001R')", WMI + "SMS_Admin"
ROLES = ("GET", WMI + "SMS_Role")
ENTITY = ("GET", WMI + "SMS_Role({key})")
tag = ask("GET", ROLE, alice).header("etag")
check(ENTITY, OPERATIONS[ENTITY], ask("GET", ROLE, alice, If_None_Match=tag),
      "304 for what is as it was", (304,))
SETTING = ("POST", "/reeve/v1/site/approval")
check(SETTING, OPERATIONS[SETTING], ask(*SETTING, alice, {"required": True}),
      "approval is asked for", (200,))
MAKE = ("POST", ADMIN)
heidi = {"LogonName": "LAB\\heidi", "Permissions": [
    {"RoleID": "SMS0009R", "CategoryID": "SMS00UNA", "CategoryTypeID": 29}]}
check(MAKE, OPERATIONS[MAKE], ask(*MAKE, alice, heidi),
      "202 for what waits for a second administrator", (202,))
site.provider.write_config(require_if_match="on")
site.restart("provider")
alice = callers.bearer(site, "alice", ledger)
CHANGE = ("PATCH", WMI + "SMS_Role({key})")
check(CHANGE, OPERATIONS[CHANGE], ask("PATCH", ROLE, alice, {}),
      "428 without a condition, where the site demands one", (428,))

# ---- Without a store -----------------------------------------------------------------

site.stop("postgres")
for name in (ROLES, MAKE):
    check(name, OPERATIONS[name],
          ask(*name, alice, heidi if name is MAKE else None),
          "503 while the store is away", (503,))
site.start("postgres")
fixture.finish(site)
