#!/usr/bin/python3 -B
"""What was made or changed, in the answer to the change: always after a
creation, after a change where Prefer asks for it, and never more than its
caller may read."""

from lib import fixture, tap, web

WMI = "/AdminService/wmi/"
WISH = {"Prefer": "return=representation"}
site = fixture.site()
ALICE = web.client(site, "alice")
APPLICATION = {"LocalizedDisplayName": "Shown", "Manufacturer": "Contoso"}
# class, what is made, the number or name in its path
MADE = (
    ("SMS_Role", {"RoleName": "Shown", "RoleDescription": "all of it",
                  "Operations": [{"ObjectTypeID": 31,
                                  "GrantedOperations": 1}]}, "RoleID"),
    ("SMS_SecuredCategory", {"CategoryName": "Shown"}, "CategoryID"),
    ("SMS_Collection", {"Name": "Shown", "CollectionType": 2,
                        "LimitToCollectionID": "SMS00001"}, "CollectionID"),
    ("SMS_Admin", {"LogonName": "LAB\\heidi", "Permissions": [
        {"RoleID": "SMS0002R", "CategoryID": "SMS00UNA",
         "CategoryTypeID": 29}]}, "AdminID"),
    ("SMS_Application", APPLICATION, "CI_ID"),
)
CHANGED = {"SMS_Role": {"RoleDescription": "changed"},
           "SMS_SecuredCategory": {"CategoryDescription": "changed"},
           "SMS_Collection": {"Comment": "changed"},
           "SMS_Application": {"Manufacturer": "changed"}}


def facts(body):
    return {name: value for name, value in body.items()
            if name.startswith("@reeve.") or name == "ReturnValue"}


def properties(body):
    return {name: value for name, value in body.items()
            if not name.startswith("@reeve.")
            and name not in ("ReturnValue", "unknown")}


def same(answer, path, what):
    """The properties of an answer are those of the object."""
    read = ALICE.get(path)
    tap.is_(properties(answer.json()), properties(read.json()), what)
    tap.is_(answer.header("etag"), read.header("etag"), "and the ETag")
    tap.ok({"@reeve.revision", "@reeve.in_force"} <= set(facts(answer.json())),
           "with what is said of the change")


paths = {}
for name, body, key in MADE:
    answer = ALICE.request("POST", WMI + name, body=body)
    tap.is_(answer.status, 201, f"{name} is made")
    paths[name] = answer.header("location")
    same(answer, paths[name], f"the answer has all of {name}")
    tap.is_(answer.header("preference-applied"), None, "nobody asked for it")
for name, body in CHANGED.items():
    answer = ALICE.request("PATCH", paths[name], body=body)
    tap.is_((answer.status, set(body) & set(answer.json())), (200, set()),
            f"a change of {name} says what was done")
    body = {member: value + " again" for member, value in body.items()}
    answer = ALICE.request("PATCH", paths[name], body=body, headers=WISH)
    tap.is_((answer.status, answer.header("preference-applied"),
             {m: answer.json()[m] for m in body}),
            (200, "return=representation", body), "and the object, if asked")
    same(answer, paths[name], "all of it")
answer = ALICE.request("PATCH", paths["SMS_Role"] + "?dryRun=true", body={
    "RoleDescription": "tried"}, headers=WISH)
tap.is_((answer.status, "RoleDescription" in answer.json(),
         answer.header("preference-applied")), (200, False, None),
        "nothing to show of what was only tried")
answer = ALICE.request("POST", WMI + "SMS_SecuredCategory", body={
    "CategoryName": "Quiet"}, headers={"Prefer": "return=minimal"})
tap.is_((answer.status, answer.body), (204, b""), "nor if nobody wants it")

# Who may make but not read is told what was done.
ALICE.request("POST", WMI + "SMS_Role", body={
    "RoleName": "Blind", "RoleDescription": "", "Operations": [
        {"ObjectTypeID": 31, "ReeveOperations": ["Create"]}]})
role = ALICE.get(WMI + "SMS_Role?$filter=RoleName%20eq%20'Blind'").json()[
    "value"][0]["RoleID"]
ALICE.request("POST", WMI + "SMS_Admin", body={
    "LogonName": "LAB\\ivan", "Permissions": [
        {"RoleID": role, "CategoryID": "SMS00UNA", "CategoryTypeID": 29}]})
answer = web.client(site, "ivan").request(
    "POST", WMI + "SMS_Application", body={"LocalizedDisplayName": "Unseen"})
tap.is_((answer.status, answer.json().get("LocalizedDisplayName")),
        (201, None), "what one may not read is not shown to who made it")
tap.ok("@reeve.revision" in answer.json(), "but that it was made")

# In a group all is answered at once.
answer = ALICE.request("POST", WMI + "$batch", body={"requests": [
    {"id": "1", "atomicityGroup": "g", "method": "POST",
     "url": "SMS_SecuredCategory", "body": {"CategoryName": "Grouped"}},
    {"id": "2", "atomicityGroup": "g", "method": "POST",
     "url": "SMS_SecuredCategory", "body": {"CategoryName": "Grouped too"}}]})
tap.is_([(r["status"], "CategoryName" in r["body"])
         for r in answer.json()["responses"]], [(201, False)] * 2,
        "a group says what was made")
answer = ALICE.request("POST", WMI + "$batch", body={"requests": [
    {"id": "1", "method": "POST", "url": "SMS_SecuredCategory",
     "body": {"CategoryName": "Alone"}}]})
tap.is_(answer.json()["responses"][0]["body"].get("CategoryName"), "Alone",
        "a request on its own shows it in a batch, too")
fixture.finish(site)
