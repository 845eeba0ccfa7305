#!/usr/bin/python3 -B
"""Clients that others have written: odata-query with fetch, and requests."""

import json
import os
import subprocess

import requests

from lib import callers, fixture, tap
from lab import host

MODULES = os.path.join(host.ROOT, "build/lab/clients")
SCRIPT = os.path.join(host.HERE, "clients", "query.mjs")
WMI = "/AdminService/wmi/"

site = fixture.site()
ledger = callers.Ledger(site)
field = callers.bearer(site, "alice", ledger)["Authorization"]
session = requests.Session()
session.verify = site.ca
session.trust_env = False
session.headers["Authorization"] = field


def call(method, path, **more):
    return session.request(method, site.url + path, timeout=30, **more)


# ---- What is asked for by both, each in its own way ----------------------------

ASKED = [
    ("SMS_Role", {"select": ["RoleID", "RoleName"], "orderBy": "RoleID",
                  "filter": {"IsBuiltIn": True}, "top": 5, "count": True},
     {"$select": "RoleID,RoleName", "$orderby": "RoleID", "$top": "5",
      "$filter": "IsBuiltIn eq true", "$count": "true"}),
    ("SMS_Role", {"filter": {"RoleName": {"startswith": "Full"}}},
     {"$filter": "startswith(RoleName,'Full')"}),
    ("SMS_Application", {"filter": {"or": [
        {"LocalizedDisplayName": {"contains": "a"}},
        {"IsEnabled": {"ne": None}}]}, "skip": 1},
     {"$filter": "contains(LocalizedDisplayName,'a') or IsEnabled ne null",
      "$skip": "1"}),
    ("SMS_Permission", {"filter": {"CategoryTypeID": {"in": [1, 29]}},
                        "expand": "Role"},
     {"$filter": "CategoryTypeID in (1,29)", "$expand": "Role"}),
    ("SMS_R_System", {"filter": {"ResourceID": {"gt": 16777217}},
                      "orderBy": ["ResourceID desc"], "top": 3},
     {"$filter": "ResourceID gt 16777217", "$orderby": "ResourceID desc",
      "$top": "3"}),
    ("SMS_Role('SMS0001R')", {"select": ["RoleName"]},
     {"$select": "RoleName"}),
    ("SMS_Role", {"filter": {"NoSuchProperty": 1}},
     {"$filter": "NoSuchProperty eq 1"}),
]
with open(SCRIPT, encoding="utf-8") as f:
    done = subprocess.run(
        ["node", "--input-type=module", "-e", f.read()], cwd=MODULES,
        env=host.base_env(NODE_EXTRA_CA_CERTS=site.ca),
        input=json.dumps({
            "url": site.url, "token": field.removeprefix("Bearer "),
            "requests": [{"path": WMI + path, "query": query}
                         for path, query, _ in ASKED]}),
        capture_output=True, text=True, check=False)
tap.is_((done.returncode, done.stderr), (0, ""), "odata-query and fetch run")
for (path, _, params), theirs in zip(ASKED, json.loads(done.stdout),
                                     strict=True):
    ours = call("GET", WMI + path, params=params)
    body, said = ours.json(), theirs["body"]
    if ours.status_code >= 400:
        body, said = body["error"]["code"], said["error"]["code"]
    tap.is_((theirs["status"], said), (ours.status_code, body),
            f"{path}{theirs['options']} is the same to both")
tap.ok(call("GET", WMI + ASKED[1][0], params=ASKED[1][2]).json()["value"],
       "and is not empty")

# ---- Writes ---------------------------------------------------------------------

made = call("POST", WMI + "SMS_SecuredCategory",
            json={"CategoryName": "By requests"})
tap.is_(made.status_code, 201, "requests makes a scope")
where = made.headers["Location"]
seen = call("GET", where)
tap.is_(seen.json()["CategoryName"], "By requests", "and reads it")
for status in (200, 412):
    changed = call("PATCH", where, json={"CategoryDescription": "changed"},
                   headers={"If-Match": seen.json()["@odata.etag"]})
    tap.is_(changed.status_code, status,
            "If-Match holds once" if status == 200 else "and then no more")
batch = call("POST", WMI + "$batch", json={"requests": [
    {"id": "1", "method": "GET", "url": where},
    {"id": "2", "method": "DELETE", "url": where, "atomicityGroup": "g"},
    {"id": "3", "method": "GET", "url": where, "dependsOn": ["g"]}]},
    headers={"Prefer": "continue-on-error"})
tap.is_({one["id"]: one["status"] for one in batch.json()["responses"]},
        {"1": 200, "2": 204, "3": 404}, "a batch reads, deletes, reads again")
tap.is_(call("GET", where).status_code, 404, "and it is gone")

fixture.finish(site)
