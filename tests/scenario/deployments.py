#!/usr/bin/python3 -B
"""Deployments over REST: the rows of the table in docs/rule.md section 4 one
by one, what is tried to deploy more than one may, and what they keep.

Olga's assignments are made anew for each row: (operations, scopes,
collections).
"""

import itertools
import json

from lib import fixture, tap, web
from lib.records import audit

WMI, V1 = "/AdminService/wmi/", "/AdminService/v1.0/"
APPLICATIONS = WMI + "SMS_ApplicationAssignment"
site = fixture.site()
ALICE, OLGA = web.client(site, "alice"), web.client(site, "olga")
MALLORY = web.client(site, "mallory")
NUMBERS = itertools.count(1)
TYPES = {"Collection": 1, "Package": 2, "Application": 31, "Settings": 38}


def name():
    return f"number {next(NUMBERS)}"


def made(class_name, body):
    answer = ALICE.post(WMI + class_name, body)
    assert answer.status == 201, (class_name, answer.body)
    return answer


def said(answer):
    """The status, and what an error says."""
    error = answer.json().get("error", {}) if answer.body else {}
    return (answer.status, error["code"]) if error else answer.status


def lacking(answer):
    """Which half lacks what."""
    halves = answer.json()["error"]["@reeve.missing"]["halves"]
    return [(h["half"], h["operation"], *h["conditions"]) for h in halves]


def refusal(answer):
    """All that tells one refusal from another."""
    body = answer.json()
    del body["error"]["@reeve.request_id"]
    return answer.status, body


# ---- The site ---------------------------------------------------------------

def collection(limit):
    return made("SMS_Collection", {"Name": name(), "CollectionType": 2,
                                   "LimitToCollectionID": limit}
                ).json()["CollectionID"]


def scope():
    return made("SMS_SecuredCategory",
                {"CategoryName": name()}).json()["CategoryID"]


MINE = collection("SMS00001")
BELOW, ELSEWHERE = collection(MINE), collection("SMS00001")
SCOPE, OTHER = scope(), scope()
APP, HIDDEN = (made("SMS_Application", {
    "LocalizedDisplayName": name(), "CategoryIDs": [s]}).json()["CI_ID"]
    for s in (SCOPE, OTHER))
PACKAGE = made("SMS_Package", {"Name": name(), "CategoryIDs": [SCOPE]}
               ).json()["PackageID"]
SETTINGS = made("SMS_ClientSettings", {"Name": name(), "CategoryIDs": [SCOPE]}
                ).json()["SettingsID"]
ADMIN = made("SMS_Admin", {"LogonName": "LAB\\olga"}).header("location")
ROLES = {}


def role(operations):
    wanted = json.dumps(operations, sort_keys=True)
    if wanted not in ROLES:
        ROLES[wanted] = made("SMS_Role", {
            "RoleName": name(), "RoleDescription": "", "Operations": [
                {"ObjectTypeID": TYPES[t], "ReeveOperations": names}
                for t, names in operations.items()]}).json()["RoleID"]
    return ROLES[wanted]


def become(*assignments):
    """Gives olga these assignments, and no others."""
    rows = []
    for operations, scopes, collections in assignments:
        rows += [{"RoleID": role(operations), "CategoryID": c,
                  "CategoryTypeID": 29} for c in scopes]
        rows += [{"RoleID": role(operations), "CategoryID": c,
                  "CategoryTypeID": 1} for c in collections]
    answer = ALICE.patch(ADMIN, {"Permissions": rows})
    assert answer.status == 200, answer.body


def deployment(content=None, target=MINE, **more):
    return {"AssignedCIs": [APP if content is None else content],
            "TargetCollectionID": target, **more}


def tried(body, where=APPLICATIONS):
    return OLGA.post(where + "?dryRun=true", body)


READ = {"Application": ["Read"], "Collection": ["Read"]}
DEPLOY = {"Application": ["Read"], "Collection": ["Read",
                                                  "Deploy Applications"]}
THING = {"Application": ["Read"]}
PLACE = {"Collection": ["Read", "Deploy Applications"]}
BOTH = (DEPLOY, [SCOPE], [MINE])
NONE = (404, "no_such_object")
NO = (403, "not_permitted")

# ---- Creating: Deploy(k) on c and Read on x, from one assignment ----------------

for what, assignments, content, target, expected, lacks in (
        ("both halves in one assignment", [BOTH], APP, MINE, 200, None),
        ("a collection below that of the assignment", [BOTH], APP, BELOW, 200,
         None),
        ("halves of two assignments", [(THING, [SCOPE], []),
                                       (PLACE, [], [MINE])], APP, MINE, NO,
         [("collection", "Deploy Applications", "operation", "collection"),
          ("content", "Read", "operation", "scope")]),
        ("content that is read through another scope",
         [BOTH, (THING, [OTHER], [])], HIDDEN, MINE, NO,
         [("content", "Read", "scope")]),
        ("a target that is read by another assignment",
         [BOTH, (READ, [], [ELSEWHERE])], APP, ELSEWHERE, NO,
         [("collection", "Deploy Applications", "collection")]),
        ("somebody who only reads", [(READ, [SCOPE], [MINE])], APP, MINE, NO,
         [("collection", "Deploy Applications", "operation")]),
        ("Deploy of something else",
         [({**READ, "Collection": ["Read", "Deploy Packages"]}, [SCOPE],
           [MINE])], APP, MINE, NO,
         [("collection", "Deploy Applications", "operation")]),
        ("the collection above one's own, not read",
         [(DEPLOY, [SCOPE], [BELOW])], APP, MINE, NONE, None),
        ("the collection above one's own, read",
         [(DEPLOY, [SCOPE], [BELOW]), (READ, [], [MINE])], APP, MINE, NO,
         [("collection", "Deploy Applications", "collection")]),
        ("all systems", [BOTH], APP, "SMS00001", NONE, None),
        ("a collection that is hidden", [BOTH], APP, ELSEWHERE, NONE, None),
        ("a collection that there is not", [BOTH], APP, "TST0FFFF", NONE,
         None),
        ("an application that is hidden", [BOTH], HIDDEN, MINE, NONE, None),
        ("an application that there is not", [BOTH], 7, MINE, NONE, None)):
    become(*assignments)
    got = tried(deployment(content, target))
    tap.is_(said(got), expected, f"deploying with or to {what}: {expected}")
    if lacks:
        tap.is_(lacking(got), lacks, f"{what}: which half lacks what")

become(BOTH)
tap.is_(refusal(OLGA.post(APPLICATIONS, deployment(HIDDEN))),
        refusal(OLGA.post(APPLICATIONS, deployment(7))),
        "an application that is hidden is refused as one that there is not")
tap.is_(refusal(OLGA.post(APPLICATIONS, deployment(target=ELSEWHERE))),
        refusal(OLGA.post(APPLICATIONS, deployment(target="TST0FFFF"))),
        "and so is a collection")
tap.is_(MALLORY.post(APPLICATIONS, deployment()).status, 403,
        "who has no rights deploys nothing")


def set_pairing(word):
    site.psql("SET ROLE reeve_owner; SET search_path = reeve, pg_temp; BEGIN;"
              " SELECT take_revision(); UPDATE site_setting SET "
              f"deploy_pairing = '{word}'; COMMIT")


APART = [(THING, [SCOPE], []), (PLACE, [], [MINE])]
set_pairing("user")
for what, assignments, content, target, expected in (
        ("halves of two assignments do", APART, APP, MINE, 200),
        ("so does what is read through another scope",
         [BOTH, (THING, [OTHER], [])], HIDDEN, MINE, 200),
        ("a target that is only read does not",
         [BOTH, (READ, [], [ELSEWHERE])], APP, ELSEWHERE, NO)):
    become(*assignments)
    tap.is_(said(tried(deployment(content, target))), expected,
            f"pairing user: {what}")
set_pairing("assignment")
become(*APART)
tap.is_(said(tried(deployment())), NO, "pairing assignment: again they do not")

# A right that ends.
become((READ, [SCOPE], [MINE]), BOTH)
tap.is_(said(tried(deployment())), 200, "a right deploys while it lasts")
site.psql("SET ROLE reeve_owner; SET search_path = reeve, pg_temp; BEGIN; "
          "SELECT take_revision(); UPDATE assignment SET valid_until = "
          "date_trunc('milliseconds', clock_timestamp()) - interval '1 day' "
          f"WHERE role_id = '{role(DEPLOY)}'; COMMIT")
got = OLGA.post(APPLICATIONS, deployment())
tap.is_((said(got), {h[0] for h in lacking(got)}), (NO, {"collection"}),
        "and not when it has ended")

# ---- A deployment's life -------------------------------------------------------

# What is given again keeps its end: it has to go first.
become((READ, [SCOPE], [MINE]))
become(BOTH)
body = deployment(AssignmentName="Editor", OfferTypeID=0,
                  StartTime="2026-01-01T00:00:00Z",
                  EnforcementDeadline="2099-01-01T00:00:00Z")
answer = OLGA.post(APPLICATIONS, body, headers={"Idempotency-Key": "one"})
again = OLGA.post(APPLICATIONS, body, headers={"Idempotency-Key": "one"})
tap.is_((answer.status, again.json()["@reeve.replayed"],
         again.json()["AssignmentID"]),
        (201, True, answer.json()["AssignmentID"]), "one key makes one")
PATH, NUMBER = answer.header("location"), answer.json()["AssignmentID"]
tap.is_(PATH, f"{APPLICATIONS}({NUMBER})", "and says where it is")
tap.is_([(r["event"], r["action"], r["outcome"], r["object"]["id"]) for r in
         audit(site, request_id=answer.header("x-request-id"))],
        [("write", "Deploy", "allow", str(NUMBER))],
        "the access stream has it")
got = OLGA.get(PATH)
tap.is_({m: got.json()[m] for m in (
    "AssignmentName", "AssignedCIs", "TargetCollectionID", "OfferTypeID",
    "Enabled", "StartTime", "EnforcementDeadline", "LastModifiedBy")}, {
        **body, "Enabled": True, "LastModifiedBy": "olga@LAB.TEST"},
    "it is as she made it")
tap.is_(got.header("etag"), answer.header("etag"), "with the tag she was told")
TAG = got.header("etag")
tap.is_(ALICE.get(WMI + f"SMS_Application({APP})").json()["IsDeployed"], True,
        "its application is deployed")
tap.is_(OLGA.get(PATH.replace(APPLICATIONS, WMI + "SMS_CIAssignment")).json()[
    "ContentTypeID"], 31, "the general class has it too")
for query, found in (
        ("TargetCollectionID%20eq%20'" + MINE + "'", [NUMBER]),
        ("Enabled%20eq%20false", []),
        ("EnforcementDeadline%20gt%202098-01-01T00:00:00Z", [NUMBER]),
        ("startswith(AssignmentName,'Ed')", [NUMBER])):
    got = OLGA.get(V1 + "ApplicationAssignment?$count=true&$filter=" + query)
    tap.is_((got.json()["@odata.count"],
             [row["AssignmentID"] for row in got.json()["value"]]),
            (len(found), found), f"lists find it by {query}")

changed = OLGA.patch(PATH, {**OLGA.get(PATH).json(), "Enabled": False},
                     headers={"If-Match": TAG})
tap.is_((changed.status, changed.json()["@reeve.changed"]), (200, 1),
        "what was read may be sent back changed")
tap.is_(said(OLGA.patch(PATH, {"Enabled": True}, headers={"If-Match": TAG})),
        (412, "changed_meanwhile"), "not by an old tag")
got = OLGA.patch(PATH, {"AssignmentName": "Editor 2"},
                 headers={"Prefer": "return=representation"})
tap.is_((got.json()["AssignmentName"], got.json()["Enabled"],
         got.header("preference-applied")),
        ("Editor 2", False, "return=representation"),
        "what it is now is told who asks")
for what, member in (("target", {"TargetCollectionID": BELOW}),
                     ("content", {"AssignedCIs": [HIDDEN]})):
    tap.is_(said(OLGA.patch(PATH, member)), (409, "deployment_is_fixed"),
            f"its {what} does not change")
for what, member in (("a deadline before the start",
                      {"EnforcementDeadline": "2025-01-01T00:00:00Z"}),
                     ("an instant that is none", {"StartTime": "soon"}),
                     ("an intent that is none", {"OfferTypeID": 1}),
                     ("a member that there is not", {"Evil": 1}),
                     ("a text for a number", {"OfferTypeID": "0"})):
    tap.is_(OLGA.patch(PATH, member).status, 400, f"{what} is refused")
tap.is_(OLGA.get(WMI + "SMS_ApplicationAssignment('x')").status, 400,
        "a key that is no number is refused")

# ---- Reading: Read on c and Read on x, from any -----------------------------------

for what, assignments, status, listed in (
        ("halves of two assignments", [(THING, [SCOPE], []),
                                       ({"Collection": ["Read"]}, [],
                                        [MINE])], 200, [NUMBER]),
        ("Read of the application alone", [
            (THING, [SCOPE], []),
            ({"Collection": ["Read"]}, [], [ELSEWHERE])], 404, []),
        ("Read of the collection alone", [(PLACE, [], [MINE])], 404, []),
        ("Read of a collection below", [(DEPLOY, [SCOPE], [BELOW])], 404,
         [])):
    become(*assignments)
    got = OLGA.get(APPLICATIONS)
    tap.is_((OLGA.get(PATH).status, [r["AssignmentID"]
                                     for r in got.json()["value"]],
             OLGA.get(APPLICATIONS + "/$count").text,
             got.json()["@reeve.filtered"]),
            (status, listed, str(len(listed)), True), f"read with {what}")
tap.is_(refusal(OLGA.get(PATH)), refusal(OLGA.get(f"{APPLICATIONS}(1)")),
        "what is hidden is as what there is not")
become((THING, [SCOPE], []))
tap.is_(said(OLGA.get(APPLICATIONS)), NO,
        "who reads no collection at all lists no deployments")

# ---- Changing and deleting ------------------------------------------------------------

for what, assignments, changing, deleting in (
        ("both halves in one assignment", [BOTH], 200, 200),
        ("halves of two assignments", APART, NO, 200),
        ("Deploy alone", [(PLACE, [], [MINE])], NONE, 200),
        ("Read alone", [(READ, [SCOPE], [MINE])], NO, NO),
        ("Deploy on a collection below", [(DEPLOY, [SCOPE], [BELOW])], NONE,
         NONE),
        ("Deploy of another kind", [({**READ, "Collection": [
            "Read", "Deploy Packages"]}, [SCOPE], [MINE])], NO, NO)):
    become(*assignments)
    tap.is_((said(OLGA.patch(PATH + "?dryRun=true", {"Enabled": True})),
             said(OLGA.delete(PATH + "?dryRun=true"))),
            (changing, deleting), f"with {what}: change and delete")
become((PLACE, [], [MINE]))
got = OLGA.delete(PATH + "?dryRun=true")
tap.ok("Editor" not in got.text and str(APP) not in got.text,
       "who stops what it cannot read is not shown it")
become((DEPLOY, [OTHER], [BELOW]))
tap.is_(refusal(OLGA.delete(PATH)), refusal(OLGA.delete(f"{APPLICATIONS}(1)")),
        "one that is hidden is refused as one that there is not")
tap.is_(OLGA.get(PATH).status, 404, "and stays where it was")

# ---- What is deployed is not deleted ---------------------------------------------------

for what, path in (("application", f"SMS_Application({APP})"),
                   ("collection", f"SMS_Collection('{MINE}')")):
    got = ALICE.delete(WMI + path)
    if what == "collection":
        # Olga's assignment and the collection below are in its way first.
        tap.is_(got.status, 409, "a collection that is in use stays")
        continue
    tap.is_((said(got), got.json()["error"]["@reeve.objects"]), (
        (409, "is_deployed"), [{"object_type_id": 200, "object_key": str(
            NUMBER), "name": "Editor 2"}]),
        f"the {what} is not deleted, and told by what it is kept")
target = collection("SMS00001")
kept = ALICE.post(APPLICATIONS, deployment(target=target))
got = ALICE.delete(WMI + f"SMS_Collection('{target}')")
tap.is_((said(got), len(got.json()["error"]["@reeve.objects"])),
        ((409, "is_deployed"), 1), "nor is the collection")
become(({"Collection": ["Read", "Delete"]}, [], ["SMS00001"]))
got = OLGA.delete(WMI + f"SMS_Collection('{target}')")
tap.is_((said(got), got.json()["error"]["@reeve.objects"],
         "others" in got.json()["error"]["message"]),
        ((409, "is_deployed"), ["others"], True),
        "who cannot read what is deployed is told that there is something")

# ---- In a group, and the other classes ----------------------------------------------------

become(({**DEPLOY, "Package": ["Read"], "Settings": ["Read"],
         "Collection": ["Read", "Deploy Applications", "Deploy Packages",
                        "Deploy Client Settings"]}, [SCOPE], [MINE]))


def part(number, method, url, body=None):
    return {"id": str(number), "method": method, "url": url,
            "atomicityGroup": "g", **({"body": body} if body else {})}


def batch(*parts):
    answer = OLGA.post(WMI + "$batch", {"requests": list(parts)})
    return sorted((one["id"], one["status"])
                  for one in answer.json()["responses"])


def counted():
    return OLGA.get(WMI + "SMS_CIAssignment/$count").text, OLGA.get(
        WMI + "SMS_Advertisement/$count").text


advertised = {"PackageID": PACKAGE, "CollectionID": MINE,
              "ProgramName": "setup"}
before = counted()
tap.is_(batch(part(1, "POST", "SMS_Advertisement", advertised),
              part(2, "POST", "SMS_ApplicationAssignment",
                   deployment(HIDDEN))), [("1", 424), ("2", 404)],
        "a group with one that may not be is refused")
tap.is_(counted(), before, "as a whole")
tap.is_(batch(part(1, "POST", "SMS_Advertisement", advertised),
              part(2, "PATCH", f"SMS_ApplicationAssignment({NUMBER})",
                   {"Enabled": True}),
              part(3, "POST", "SMS_ClientSettingsAssignment", {
                  "ClientSettingsID": SETTINGS, "CollectionID": MINE})),
        [("1", 201), ("2", 200), ("3", 201)], "one that may is done")
row = OLGA.get(WMI + "SMS_Advertisement").json()["value"][0]
tap.is_((row["PackageID"], row["CollectionID"], row["ProgramName"],
         row["OfferType"]), (PACKAGE, MINE, "setup", 2), "the package")
SET = WMI + f"SMS_ClientSettingsAssignment(ClientSettingsID='{SETTINGS}'," \
    f"CollectionID='{MINE}')"
tap.is_(OLGA.get(SET).json()["ContentTypeID"], 38, "and the settings")
tap.is_(said(OLGA.post(WMI + "SMS_ClientSettingsAssignment", {
    "ClientSettingsID": SETTINGS, "CollectionID": MINE})),
    (409, "already_deployed"), "which are deployed once")
tap.is_(said(OLGA.post(WMI + "SMS_ClientSettingsAssignment", {
    "ClientSettingsID": "0", "CollectionID": MINE})), NONE,
    "the default settings, which olga cannot read, are not there")
for path in (SET, WMI + f"SMS_Advertisement('{row['AdvertisementID']}')",
             PATH, kept.header("location")):
    who = ALICE if path == kept.header("location") else OLGA
    tap.is_((who.delete(path).status, who.get(path).status), (204, 404),
            f"{path} is deleted")
tap.is_(ALICE.get(WMI + f"SMS_Application({APP})").json()["IsDeployed"],
        False, "the application is deployed no longer")
tap.is_(ALICE.delete(WMI + f"SMS_Application({APP})").status, 204,
        "and is deleted")
with open(site.provider.log, encoding="utf-8") as f:
    tap.is_([line for line in f if "cannot be followed" in line], [],
            "nothing of all this took a full load")
fixture.finish(site)
