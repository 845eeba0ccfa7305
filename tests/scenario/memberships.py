#!/usr/bin/python3 -B
"""Scopes of objects: the whole write path, from request to next decision."""

import json

from lib import fixture, tap, web
from lib.records import audit, wait_for

ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
REMOVE = "/AdminService/wmi/SMS_SecuredCategoryMembership.RemoveMemberships"
HQ, BRANCH, LABORATORY = "RVE00010", "RVE00011", "RVE00012"
site = fixture.site(feed_proxy=True)
APPS = dict(row.split("|") for row in site.psql(
    "SELECT name, object_key FROM reeve.secured_object "
    "WHERE object_type_id = 31").split("\n") if "|" in row)
LEDGER, SALE = APPS["Contoso Ledger"], APPS["Point of Sale"]
WHO = {name: web.client(site, name)
       for name in ("alice", "bob", "dave", "mallory", "ivan", "erin")}


def change(caller, path, keys, scopes, types=None, **more):
    return WHO[caller].post(path, {
        "ObjectIDs": keys, "ObjectTypeIDs": types or [31] * len(keys),
        "CategoryIDs": scopes}, **more)


def decision(who, action, key):
    return WHO[who].post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": f"{who}@LAB.TEST"},
        "action": {"name": action},
        "resource": {"type": "SMS_Application", "id": key}}).json()


def scopes_of(key):
    return site.psql("SELECT scope_id FROM reeve.object_scope WHERE "
                     f"object_key = '{key}' ORDER BY 1").split()


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision").strip())


# ---- In force for the next decision -------------------------------------------

tap.is_(decision("ivan", "Read", LEDGER)["decision"], False,
        "a branch deployer does not see an application of headquarters")
before = revision()
answer = change("alice", ADD, [LEDGER], [BRANCH])
tap.is_(answer.status, 200, "alice puts it into the scope of branches")
body = answer.json()
tap.is_((body["ReturnValue"], body["@reeve.changed"],
         body["@reeve.in_force"]), (0, 1, True), "it is done and in force")
tap.is_(body["@reeve.revision"], before + 1, "it took one revision")
tap.is_(decision("ivan", "Read", LEDGER)["decision"], True,
        "the very next decision goes by it")
tap.is_(scopes_of(LEDGER), [HQ, BRANCH], "the store has it")
record = audit(site, request_id=answer.header("x-request-id"))
tap.is_([(r["event"], r["outcome"], r["policy_revision"]) for r in record],
        [("write", "allow", before + 1)], "the access stream has it")
row = site.psql("SELECT message_id, actor FROM reeve.admin_audit "
                f"WHERE revision = {before + 1}")
tap.like(row, r"31226\|.*alice@LAB.TEST", "the admin stream has it, 31226")
tap.is_(site.psql("SELECT entity, new->>'scope_id' FROM reeve.change WHERE "
                  f"revision = {before + 1} AND entity = 'object_scope'")
        .strip(), f"object_scope|{BRANCH}", "and the change feed has the row")

answer = change("alice", REMOVE, [LEDGER], [BRANCH])
tap.is_((answer.status, answer.json()["@reeve.changed"]), (200, 1),
        "alice takes it out again")
tap.is_(decision("ivan", "Read", LEDGER)["decision"], False,
        "and the right is gone with the next decision")
answer = change("alice", ADD, [LEDGER, SALE], [HQ, LABORATORY])
tap.is_((answer.status, answer.json()["@reeve.changed"]), (200, 3),
        "every object with every scope; what is there already is no change")
change("alice", REMOVE, [LEDGER, SALE], [LABORATORY])
change("alice", REMOVE, [SALE], [HQ])

# ---- What is refused ---------------------------------------------------------------

before = revision()


def refused(caller, path, keys, scopes, status, code, types=None):
    answer = change(caller, path, keys, scopes, types)
    name = f"{caller} {path.rsplit('.')[-1]} {scopes}: {status} {code}"
    tap.is_((answer.status, answer.json()["error"]["code"]), (status, code),
            name)
    return answer.json()["error"]


refused("mallory", ADD, [LEDGER], [BRANCH], 404, "no_such_object")
refused("bob", ADD, [SALE], [HQ], 404, "no_such_object")
refused("bob", ADD, ["ScopeId_0/none"], [HQ], 404, "no_such_object")
error = refused("dave", ADD, [LEDGER], [BRANCH], 403, "not_permitted")
tap.is_(error["@reeve.missing"]["operation"], "Set Security Scope",
        "dave is told the operation that he lacks")
error = refused("bob", ADD, [LEDGER], [BRANCH], 403, "not_permitted")
tap.is_(error["@reeve.missing"]["conditions"], ["scope"],
        "bob may change his object, but not give it a scope of others")
refused("alice", ADD, [LEDGER], ["SMS00ALL"], 400, "scope_all")
refused("alice", ADD, [LEDGER], ["RVE0FFFF"], 400, "unknown_category")
error = refused("alice", REMOVE, [LEDGER], [HQ], 409, "last_scope")
tap.like(json.dumps(error), LEDGER.split("_")[-1],
         "the last scope stays, and the answer lists the object")
tap.is_(change("alice", ADD, ["16777226"], [HQ], types=[1]).status in
        (400, 403, 404), True, "a device has no scopes")
tap.is_(change("alice", ADD, [LEDGER, "ScopeId_0/none"], [BRANCH]).status,
        404, "one missing object refuses all")
tap.is_(revision(), before, "no refusal took a revision")
tap.is_(scopes_of(LEDGER), [HQ], "no refusal changed anything")

# ---- Twice: the idempotency key ------------------------------------------------------

key = {"Idempotency-Key": "order-66"}
first = change("alice", ADD, [LEDGER], [BRANCH], headers=key)
again = change("alice", ADD, [LEDGER], [BRANCH], headers=key)
tap.is_((first.status, first.json()["@reeve.replayed"]), (200, False),
        "a write with a key")
tap.is_((again.status, again.json()["@reeve.replayed"],
         again.json()["@reeve.revision"]),
        (200, True, first.json()["@reeve.revision"]),
        "the same again is answered from the first")
tap.is_(revision(), first.json()["@reeve.revision"],
        "and took no revision")
answer = change("alice", ADD, [LEDGER], [LABORATORY], headers=key)
tap.is_(answer.status, 422, "the key with another body is refused")
tap.is_(change("alice", ADD, [LEDGER], [LABORATORY],
               headers={"Idempotency-Key": "x" * 256}).status, 400,
        "a key that is too long is refused")
change("alice", REMOVE, [LEDGER], [BRANCH])

# ---- A revoked administrator's late write --------------------------------------------

tap.is_(decision("bob", "Set Security Scope", LEDGER)["decision"], True,
        "bob may set scopes of his application")
change("alice", ADD, [LEDGER], [BRANCH])
site.feed.hold()
site.psql("""SET ROLE reeve_owner; SET search_path = reeve;
    BEGIN; SELECT take_revision();
    UPDATE administrative_user SET is_deleted = true
    WHERE principal_id = 'krb5:bob@LAB.TEST'; COMMIT""")
tap.is_(decision("bob", "Set Security Scope", LEDGER)["decision"], True,
        "with the feed held back this provider does not know it yet")
answer = change("bob", REMOVE, [LEDGER], [HQ])
tap.is_(answer.status in (403, 404), True,
        "but his write is refused by the store")
tap.is_(scopes_of(LEDGER), [HQ, BRANCH], "and nothing is changed")
site.feed.release()
wait_for(lambda: not decision("bob", "Set Security Scope",
                              LEDGER)["decision"], what="the feed")
tap.ok(True, "once the feed flows, decisions follow")

fixture.finish(site)
