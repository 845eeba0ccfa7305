#!/usr/bin/python3 -B
"""Several requests in one: $batch, its groups, and what it must refuse."""

from lib import callers, fixture, tap, web
from lib.records import audit

ROOT = "/AdminService/wmi/"
BATCH = ROOT + "$batch"
JSON = {"Content-Type": "application/json"}
site = fixture.site(config={"require_if_match": "on",
                            "public_url": "https://reeve.lab.test"})
WHO = {name: web.client(site, name) for name in ("alice", "mallory")}


def post(requests, who="alice", path=BATCH, **headers):
    body = requests if isinstance(requests, dict) else {"requests": requests}
    return WHO[who].request("POST", path, body=body, headers={
        name.replace("_", "-"): value for name, value in headers.items()})


def run(requests, who="alice", path=BATCH, **headers):
    """The answers by their ids."""
    answer = post(requests, who, path, **headers)
    tap.is_(answer.status, 200, "the batch is answered")
    return {one["id"]: one for one in answer.json()["responses"]}


def statuses(answers):
    return {name: one["status"] for name, one in answers.items()}


def get(name, url, **more):
    return {"id": name, "method": "GET", "url": url, **more}


def role(name, title, **more):
    return {"id": name, "method": "POST", "url": "SMS_Role", "body": {
        "RoleName": title, "RoleDescription": "",
        "Operations": [{"ObjectTypeID": 31, "GrantedOperations": 1}]}, **more}


def roles(like):
    return int(site.psql("SELECT count(*) FROM reeve.security_role "
                         f"WHERE name LIKE '{like}'"))


def revision():
    return int(site.psql("SELECT n FROM reeve.site_revision"))


def code(answer):
    return answer.status, answer.json()["error"]["code"]


# ---- Requests on their own --------------------------------------------------

answer = post([get("1", "SMS_Role?$top=1"),
               get("2", "/AdminService/v1.0/Role?$top=1"),
               get("3", "https://reeve.lab.test" + ROOT + "SMS_Role('SMS0001R')"),
               {"id": "4", "method": "get", "url": "$metadata"}],
              X_Request_ID="mine")
said = answer.json()["responses"]
tap.is_([(one["id"], one["status"]) for one in said],
        [(name, 200) for name in "1234"], "reads are answered in their order")
tap.is_((len(said[0]["body"]["value"]), said[2]["body"]["RoleID"]),
        (1, "SMS0001R"), "with what each would be answered alone")
tap.like(said[3]["body"], "<edmx:Edmx", "what is no JSON is a string")
tap.is_(said[0]["headers"]["OData-Version"], "4.0", "with its fields")
tap.is_([r["request"]["path"] for n in range(3)
         for r in audit(site, request_id=f"mine.{n}")],
        [ROOT + "SMS_Role", "/AdminService/v1.0/Role",
         ROOT + "SMS_Role('SMS0001R')"],
        "each has a record of its own in the log")
tap.is_([r["event"] for r in audit(site, request_id="mine")], ["batch"],
        "and the batch has one")
tap.is_({r["subject"]["id"] for n in range(3)
         for r in audit(site, request_id=f"mine.{n}")}, {"alice@LAB.TEST"},
        "all are the caller's")

answers = run([get("1", "SMS_Role"), get("2", "SMS_Role"), get("3", "")
               | {"url": "SMS_Nothing"}], "mallory",
              Prefer="continue-on-error")
tap.is_(statuses(answers), {"1": 403, "2": 403, "3": 404},
        "within a batch nobody may more than outside")
tap.is_(answers["1"]["body"]["error"]["@reeve.missing"]["operation"], "Read",
        "a refusal says what is missing")
answers = run([get("1", "SMS_Nothing"), get("2", "SMS_Role")])
tap.is_((statuses(answers), answers["2"]["body"]["error"]["code"]),
        ({"1": 404, "2": 424}, "not_attempted"),
        "after a failure nothing more is begun")
tap.is_(statuses(run([get("1", "SMS_Nothing"),
                      get("2", "SMS_Role", dependsOn=["1"]),
                      get("3", "SMS_Role", dependsOn=["2"]),
                      get("4", "SMS_Role")], Prefer="continue-on-error")),
        {"1": 404, "2": 424, "3": 424, "4": 200},
        "what depends on a failure fails, the others go on")
tap.is_(statuses(run([get(str(i), "SMS_Role?$top=1") for i in range(100)])),
        {str(i): 200 for i in range(100)}, "a hundred requests are taken")

# ---- Changes ----------------------------------------------------------------

answers = run([role("1", "Batch alone"), role("2", "Batch minimal", headers={
    "Prefer": "return=minimal"})])
tap.is_(statuses(answers), {"1": 201, "2": 204}, "changes are made")
tap.is_((answers["2"].get("body"),
         answers["2"]["headers"]["Preference-Applied"]),
        (None, "return=minimal"), "return=minimal leaves the body out")
tap.is_(answers["2"]["headers"]["OData-EntityId"],
        answers["2"]["headers"]["Location"], "and says what was made")
tap.is_(roles("Batch %"), 2, "both are there")
ALONE = f"SMS_Role('{answers['1']['body']['RoleID']}')"

before = revision()
answers = run([role("1", "Group one", atomicityGroup="g"),
               role("2", "Group two", atomicityGroup="g"),
               get("3", "SMS_Role?$filter=startswith(RoleName,'Group')",
                   dependsOn=["g"])])
tap.is_(statuses(answers), {"1": 201, "2": 201, "3": 200},
        "a group of changes is made")
tap.is_([one.get("atomicityGroup") for _, one in sorted(answers.items())],
        ["g", "g", None], "each answer names its group")
tap.is_(revision(), before + 1, "in one revision")
tap.is_({row["RoleName"]: row["RoleID"]
         for row in answers["3"]["body"]["value"]},
        {"Group one": answers["1"]["body"]["RoleID"],
         "Group two": answers["2"]["body"]["RoleID"]},
        "each is answered with what it made, and what depends on them sees it")
ONE, TWO = (f"SMS_Role('{answers[n]['body']['RoleID']}')" for n in "12")

before = revision()
answers = run([role("1", "Lost one", atomicityGroup="g"),
               role("2", "Group one", atomicityGroup="g"),
               role("3", "Lost three", atomicityGroup="g")])
tap.is_(statuses(answers), {"1": 424, "2": 409, "3": 424},
        "a group with one change that is refused by the store is refused")
tap.is_(answers["2"]["body"]["error"]["code"], "name_taken",
        "and it is told which that is")
tap.is_((roles("Lost%"), revision()), (0, before), "and leaves nothing")
answers = run([role("1", "Lost one", atomicityGroup="g"),
               role("2", "Lost two", atomicityGroup="g") | {"body": {"x": 1}},
               role("3", "Lost three", atomicityGroup="g"),
               role("4", "Not lost")], Prefer="continue-on-error")
tap.is_(statuses(answers), {"1": 424, "2": 400, "3": 424, "4": 201},
        "one that is refused before takes its group along, and no other")
tap.is_((roles("Lost%"), roles("Not lost")), (0, 1), "nothing of it is left")
tap.is_([r["request"]["status"] for r in audit(
    site, request_id=answers["1"]["headers"]["X-Request-ID"])], [424],
    "what was begun has its record")
tap.is_(statuses(run([role("1", "Nobody's", atomicityGroup="g"),
                      role("2", "Nobody's 2", atomicityGroup="g")],
                     "mallory")), {"1": 403, "2": 424},
        "a group gives nobody more rights")
for what, one in (
        ("a read", get("2", "SMS_Role", atomicityGroup="g")),
        ("a write that is not made by change_site", {
            "id": "2", "method": "POST", "atomicityGroup": "g",
            "url": "SMS_Site.SetAuthenticationLevel",
            "body": {"AuthenticationLevel": 0}}),
        ("a dry run", role("2", "Dry", atomicityGroup="g")
         | {"url": "SMS_Role?dryRun=true"}),
        ("a key of its own", role("2", "Keyed", atomicityGroup="g",
                                  headers={"Idempotency-Key": "k"}))):
    answers = run([role("1", "Lost one", atomicityGroup="g"), one])
    tap.is_((statuses(answers), roles("Lost%")), ({"1": 424, "2": 501}, 0),
            f"{what} in a group is 501, and nothing is done")

first = run([role("1", "Once", atomicityGroup="g")], Idempotency_Key="b-1")
again = run([role("1", "Once", atomicityGroup="g")], Idempotency_Key="b-1")
tap.is_((statuses(again), again["1"]["body"]["RoleID"], roles("Once")),
        ({"1": 201}, first["1"]["body"]["RoleID"], 1),
        "the key of a batch makes its group once")

# ---- If-Match ---------------------------------------------------------------

alice = WHO["alice"]
change = {"RoleDescription": "changed"}
whole = {"RoleName": "Alone", "Operations": []}
for method, body in (("PATCH", change), ("PUT", whole), ("DELETE", None)):
    tap.is_(code(alice.request(method, ROOT + ALONE, body=body)),
            (428, "if_match_required"), f"{method} without If-Match is 428")
etag = alice.request("GET", ROOT + ALONE).header("etag")
tap.is_(alice.request("PATCH", ROOT + ALONE, body=change,
                      headers={"If-Match": etag}).status, 200,
        "with it the change is made")
tap.is_(code(alice.request("DELETE", ROOT + ALONE,
                           headers={"If-Match": etag}))[0], 412,
        "and not when the object is another by then")


def patch(name, url, tag, text):
    return {"id": name, "method": "PATCH", "url": url,
            "atomicityGroup": "g", "headers": {"If-Match": tag},
            "body": {"RoleDescription": text}}


tags = {url: alice.request("GET", ROOT + url).header("etag")
        for url in (ONE, TWO)}
tap.is_(statuses(run([patch("1", ONE, tags[ONE], "new"),
                      patch("2", TWO, '"0"', "new")])), {"1": 424, "2": 412},
        "in a group each change has its own condition")
tap.is_(alice.request("GET", ROOT + ONE).header("etag"), tags[ONE],
        "and nothing is done where one does not hold")
tap.is_(statuses(run([patch("1", ONE, tags[ONE], "new"),
                      patch("2", TWO, tags[TWO], "new")])),
        {"1": 200, "2": 200}, "when all hold, all are made")
tap.is_(statuses(run([{"id": "1", "method": "DELETE", "url": ONE,
                       "atomicityGroup": "g"}])), {"1": 428},
        "what must be said alone must be said in a batch")

# ---- Hostile batches --------------------------------------------------------

ok = get("1", "SMS_Role?$top=1")
make = role("0", "Hostile")
HOSTILE = [
    ("no requests", {"requests": []}), ("no array", {"requests": {}}),
    ("nothing", {}), ("more than requests", {"requests": [ok], "x": 1}),
    ("no object", [1]), ("no id", [{"method": "GET", "url": "SMS_Role"}]),
    ("an id that is no string", [ok | {"id": 1}]),
    ("an empty id", [ok | {"id": ""}]), ("doubled ids", [ok, ok]),
    ("an unknown member", [ok | {"x": 1}]),
    ("an unknown method", [ok | {"method": "TRACE"}]),
    ("a dependsOn on itself", [ok | {"dependsOn": ["1"]}]),
    ("a cycle of dependsOn", [ok | {"dependsOn": ["2"]},
                              get("2", "SMS_Role", dependsOn=["1"])]),
    ("an unknown dependsOn", [ok | {"dependsOn": ["nobody"]}]),
    ("a dependsOn that is no array", [ok | {"dependsOn": "1"}]),
    ("a group with the name of a request",
     [ok, role("2", "Hostile", atomicityGroup="1")]),
    ("a request with the name of a group",
     [role("2", "Hostile", atomicityGroup="1"), ok]),
    ("a group that is torn apart",
     [role("1", "Hostile", atomicityGroup="g"), get("2", "SMS_Role"),
      role("3", "Hostile", atomicityGroup="g")]),
    ("a batch within", [{"id": "1", "method": "POST", "url": "$batch",
                         "body": {"requests": [ok]}}]),
    ("a batch within, spelt otherwise",
     [{"id": "1", "method": "POST", "url": "/adminservice/V1.0/%24BATCH",
       "body": {"requests": [ok]}}]),
    ("a body that is a string", [make | {"body": "{}"}]),
    ("a body that is an array", [make | {"body": [{}]}]),
    ("a body that is null", [make | {"body": None}]),
    ("a body of a GET", [ok | {"body": {}}]),
    ("headers that are none", [ok | {"headers": []}]),
    ("a header that is no string", [ok | {"headers": {"Prefer": 1}}]),
    ("a header with a line end", [ok | {"headers": {"Prefer": "a\r\nb"}}]),
]
for url in ("https://elsewhere.lab.test" + ROOT + "SMS_Role",
            "http://reeve.lab.test" + ROOT + "SMS_Role",
            "https://reeve.lab.test.evil" + ROOT + "SMS_Role",
            "https://reeve.lab.test@evil" + ROOT + "SMS_Role",
            "//elsewhere.lab.test" + ROOT + "SMS_Role", "file:///etc/passwd",
            "/access/v1/evaluation", "/reeve/v1/session", "/healthz",
            "../../reeve/v1/types", "/AdminService/../reeve/v1/types",
            "/AdminService/%2e%2e/reeve/v1/types", "/AdminServices/wmi/x",
            "SMS_Role#x", "SMS_Role%00", "", 1):
    HOSTILE.append((f"the url {url!r}", [ok | {"url": url}]))
for name in ("Authorization", "authorization", "Cookie", "Host",
             "Proxy-Authorization", "DPoP", "X-Forwarded-User",
             "Content-Length", "Transfer-Encoding", "Content-Encoding"):
    HOSTILE.append((f"the header {name}", [ok | {"headers": {name: "x"}}]))
before = revision()
for what, hostile in HOSTILE:
    # A change before it shows that nothing at all was done.
    if isinstance(hostile, list):
        hostile = [make | {"id": "first"}] + hostile
    tap.is_(code(post(hostile)), (400, "bad_batch"), f"{what} is refused")
tap.is_(code(post([make] + [get(str(i + 1), "SMS_Role")
                            for i in range(100)])),
        (413, "too_many_requests"), "101 requests are too many")
tap.is_(code(post([make, ok | {"if": "$0"}])), (501, "not_supported"),
        "a condition is not supported")
tap.is_(post([make, ok | {"url": "SMS_Role?x=" + "y" * 1100000}]).status, 413,
        "more than 1 MiB is too much")
tap.is_(code(post([make], Prefer="respond-async")), (501, "respond_async"),
        "respond-async is refused plainly")
tap.is_(WHO["alice"].request(
    "POST", BATCH, body="--b", headers={
        "Content-Type": "multipart/mixed; boundary=b"}).status, 415,
    "a batch in multipart is refused")
tap.is_((revision(), roles("Hostile")), (before, 0),
        "nothing of all this was done")

ledger = callers.Ledger(site)
answer = ledger.ask("POST", BATCH, JSON, b'{"requests":[{"id":"1",'
                    b'"method":"GET","url":"SMS_Role"}]}')
tap.is_((answer.status, code(answer)[1]), (401, "not_authenticated"),
        "without a credential there is no batch")
answer = ledger.ask("POST", BATCH, JSON, b'{"requests":[{"id":"1","method":'
                    b'"GET","url":"SMS_Role","headers":{"Authorization":'
                    b'"Bearer x"}}]}')
tap.is_(answer.status, 401, "nor with one inside")
ledger.settle()
fixture.finish(site)
