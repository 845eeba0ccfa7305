#!/usr/bin/python3 -B
"""Four eyes over REST: what gives rights waits for a second administrator."""

from lib import fixture, tap, web

WMI = "/AdminService/wmi/"
ADMIN, APPROVAL = WMI + "SMS_Admin", WMI + "RVE_Approval"
SETTING = "/reeve/v1/site/approval"
site = fixture.site()
WHO = {name: web.client(site, name) for name in ("alice", "bob", "frank")}


def call(caller, method, path, body=None, **more):
    return WHO[caller].request(method, path, body=body, **more)


def error(answer):
    return answer.status, answer.json()["error"]["code"]


def row(role, category, kind=29):
    return {"RoleID": role, "CategoryID": category, "CategoryTypeID": kind}


def users(name):
    return int(site.psql("SELECT count(*) FROM reeve.administrative_user "
                         f"WHERE logon_name = '{name}@LAB.TEST'"))


FULL = [row("SMS0001R", "SMS00ALL"), row("SMS0001R", "SMS00001", 1),
        row("SMS0001R", "SMS00004", 1)]
NEW = {"LogonName": "LAB\\heidi",
       "Permissions": [row("SMS0009R", "SMS00UNA")]}
tap.is_(call("alice", "POST", ADMIN, {"LogonName": "LAB\\olga",
                                      "Permissions": FULL}).status, 201,
        "olga is a full administrator, too")
WHO["olga"] = web.client(site, "olga")
tap.is_(call("bob", "POST", SETTING, {"required": True}).json()["code"],
        "not_permitted", "the setting takes Set Authentication Level")
tap.is_(call("alice", "POST", SETTING, {"required": True}).status, 200,
        "alice has the site ask a second administrator")
tap.is_(call("alice", "GET", SETTING).json(),
        {"required": True, "expires_after_s": 604800}, "and sees that it does")
tap.is_(call("bob", "GET", SETTING).json()["code"], "not_permitted",
        "which takes Read on the site")

answer = call("alice", "POST", ADMIN, NEW,
              headers={"Idempotency-Key": "one"})
ID = answer.json()["ApprovalID"]
tap.is_((answer.status, answer.header("location"), answer.json()["State"]),
        (202, f"{APPROVAL}({ID})", "pending"), "a grant waits: 202")
tap.is_(users("heidi"), 0, "nothing is given yet")
again = call("alice", "POST", ADMIN, NEW, headers={"Idempotency-Key": "one"})
tap.is_((again.status, again.json()["ApprovalID"]), (202, ID),
        "asked again with the same key it is the same request")
tap.is_(call("alice", "POST", ADMIN + "?dryRun=true", NEW).status, 200,
        "a dry run is still one")
tap.is_(call("alice", "GET", APPROVAL + "?$filter=State%20eq%20'pending'")
        .json()["value"][0]["ApprovalID"], ID, "requests are listed")
tap.ok("heidi" in call("olga", "GET", f"{APPROVAL}({ID})").json()["Request"],
       "who may approve sees what is asked for")
tap.is_(error(call("bob", "GET", APPROVAL)), (403, "not_permitted"),
        "who may not read them sees none")

DECIDE = f"{APPROVAL}({ID})/AdminService."
for caller, path, status, code in (
        ("alice", DECIDE + "Approve", 403, "own_request"),
        ("bob", DECIDE + "Approve", 403, "not_permitted"),
        ("frank", DECIDE + "Approve", 403, "not_permitted"),
        ("olga", f"{APPROVAL}(999999)/AdminService.Approve", 404,
         "no_such_object"),
        ("olga", f"{APPROVAL}('x')/AdminService.Approve", 400, "bad_key")):
    tap.is_(error(call(caller, "POST", path, {})), (status, code),
            f"{caller} does not approve: {code}")
answer = call("olga", "POST", DECIDE + "Approve", {})
tap.is_((answer.status, answer.json()["approval_state"], users("heidi")),
        (200, "approved", 1), "olga approves, and it is given")
tap.is_(error(call("olga", "POST", DECIDE + "Approve", {})),
        (409, "decided_already"), "once")

heidi = int(site.psql("SELECT admin_id FROM reeve.administrative_user WHERE "
                      "logon_name = 'heidi@LAB.TEST'"))
answer = call("olga", "POST", f"{ADMIN}({heidi})/AdminService.AddPrincipal",
              {"PrincipalID": "krb5:heidi-too@LAB.TEST"})
tap.is_(answer.status, 202, "a further principal waits, too")
tap.is_(call("alice", "POST",
             f"{answer.header('location')}/AdminService.Reject", {})
        .json()["approval_state"], "rejected", "alice says no")
answer = call("olga", "POST", "/reeve/v1/principals/add", {
    "admin_id": heidi, "principal_id": "krb5:heidi-too@LAB.TEST"})
tap.is_((answer.status, answer.json()["code"]), (409, "approval_needed"),
        "and there is no other way")
answer = call("alice", "POST", WMI + "$batch", {"requests": [
    {"id": "1", "method": "PATCH", "url": f"{ADMIN}({heidi})", "headers": {
        "content-type": "application/json"},
     "body": {"Permissions": [row("SMS0009R", "SMS00ALL")]}}]})
tap.is_(answer.json()["responses"][0]["status"], 202, "nor in a batch")
answer = call("alice", "POST", WMI + "$batch", {"requests": [
    {"id": "1", "method": "POST", "url": WMI + "SMS_SecuredCategory",
     "headers": {"content-type": "application/json"}, "atomicityGroup": "g",
     "body": {"CategoryName": "Not alone"}},
    {"id": "2", "method": "PATCH", "url": f"{ADMIN}({heidi})", "headers": {
        "content-type": "application/json"}, "atomicityGroup": "g",
     "body": {"Permissions": [row("SMS0009R", "SMS00ALL")]}}]})
tap.is_([(one["status"], one["body"]["error"]["code"])
         for one in answer.json()["responses"]],
        [(424, "failed_dependency"), (409, "approval_needed")],
        "in a group it does not wait while the rest is made")
tap.is_(site.psql("SELECT count(*) FROM reeve.security_scope WHERE name = "
                  "'Not alone'").strip(), "0", "nothing of the group is made")
tap.is_(call("alice", "DELETE", f"{ADMIN}({heidi})").status, 204,
        "taking away does not wait")
answer = call("olga", "POST", SETTING, {"required": False})
tap.is_(answer.status, 202, "nor can one end the asking alone")
tap.is_(call("olga", "POST",
             f"{answer.header('location')}/AdminService.Reject", {})
        .json()["approval_state"], "withdrawn", "who asked takes it back")

fixture.finish(site)
