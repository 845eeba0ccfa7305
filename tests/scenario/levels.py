#!/usr/bin/python3 -B
"""The authentication levels at every door, and how they are set."""

import base64
import json
import time

from lib import callers, doors, fixture, records, spnego, tap

WMI = "/AdminService/wmi/"
ROLES = WMI + "SMS_Role"
SET = WMI + "SMS_Site.SetAuthenticationLevel"
GET = WMI + "SMS_Site.GetAuthenticationLevel"
SIGN_IN = "/reeve/v1/session"
EVALUATION = "/access/v1/evaluation"
NUMBERS = {"windows": 0, "certificate": 10, "hello": 20}

site = fixture.site(config={"loops": 1, "penalty_exempt": "127.0.0.1"})
ledger = callers.Ledger(site)

# ---- Who calls, and how strongly ---------------------------------------------

# Each of alice's ways proves another level.
CCACHES = {"windows": site.kinit("alice"),
           "certificate": site.kinit("alice", certificate=True),
           "hello": site.kinit("alice", one_time=True)}


def negotiate(level):
    return {"Authorization": spnego.header(
        spnego.good(site, CCACHES[level]))}


def fresh(level):
    """A new session of alice at a level; the sign-in itself may be refused
    by the gate, and still gives one."""
    answer = ledger.ask("GET", ROLES, negotiate(level))
    return {"Authorization": "Bearer " + answer.header("reeve-session")}


def post(path, body, headers):
    return ledger.ask("POST", path, {
        **headers, "Content-Type": "application/json"},
        json.dumps(body).encode())


def get(headers, path=ROLES):
    return ledger.ask("GET", path, headers)


def error(answer):
    said = answer.json()
    return said.get("error", said)


def code(answer):
    return answer.status, error(answer).get("code")


def missing(answer):
    said = error(answer)
    return said.get("missing", said.get("@reeve.missing", {}))


def in_force(name):
    return get(strong, GET).json().get("@reeve.level") == name


def set_level(name, **more):
    answer = post(SET, {"AuthenticationLevel": NUMBERS[name], **more}, strong)
    tap.is_((answer.status, answer.json().get("ReturnValue")), (200, 0),
            f"the level is set to {name}")
    return answer


def is_so(condition, name, timeout=10):
    try:
        records.wait_for(condition, timeout=timeout, what=name)
        tap.ok(True, name)
    except TimeoutError as e:
        tap.fail(name, str(e))


live = {level: fresh(level) for level in NUMBERS}
strong = live["hello"]

# ---- What is no level ------------------------------------------------------------

for value in (1, 5, 30, -10, "10", 10.0, None, True, [10]):
    tap.is_(code(post(SET, {"AuthenticationLevel": value}, strong)),
            (400, "bad_request"), f"{value!r} is no level")
for body, what in (({}, "nothing to set"),
                   ({"AuthenticationLevel": 0, "more": 1},
                    "a member that nobody knows"),
                   ({"AuthenticationLevel": 0, "confirmWithin": "10"},
                    "a time without a unit"),
                   ({"AuthenticationLevel": 0, "confirmWithin": "1s"},
                    "a time that is too short"),
                   ({"AuthenticationLevel": 0, "confirmWithin": "25h"},
                    "a time that is too long"),
                   ({"ExceptionList": ["Domain Admins"]},
                    "a display name as an exception"),
                   ({"ExceptionList": "S-1-5-21-1-2-3-500"},
                    "a list that is none")):
    tap.is_(code(post(SET, body, strong)), (400, "bad_request"), what)

# ---- Each door at each level --------------------------------------------------------

DOORS = [(method, path) for method, path, power in doors.routes(site)
         if power != "open"]
tap.ok(len(DOORS) > 20, "the provider lists its doors")


def knock(method, path, level):
    """One request at a door with a live session of that level."""
    if (method, path) == ("POST", SIGN_IN):
        token = base64.b64encode(spnego.good(site, CCACHES[level]))
        return post(path, {"negotiate": token.decode()}, {})
    who = live[level]
    if (method, path) == ("DELETE", SIGN_IN):
        who = fresh(level)  # it would be the end of the others'
    return post(path, {}, who) if method == "POST" else ledger.ask(
        method, path, who)


ORDER = list(NUMBERS)
for name in ORDER:
    set_level(name)
    is_so(lambda name=name: in_force(name), f"{name} is in force")
    for method, path in DOORS:
        wrong = []
        for level in ORDER:
            answer = knock(method, path, level)
            is_below = ORDER.index(level) < ORDER.index(name)
            said = code(answer) if answer.status >= 400 else (answer.status,)
            if is_below != (said == (403, "level_too_low")):
                wrong.append((level, said))
            if answer.status == 401:
                wrong.append((level, said))
            if is_below and (missing(answer).get("level") != name
                             or not missing(answer).get("step_up")):
                wrong.append((level, missing(answer)))
        tap.is_(wrong, [], f"minimum {name}: {method} {path}")
    unknown = get(live["windows"], "/no/such/door")
    tap.is_(unknown.status, 404 if name == "windows" else 403,
            f"minimum {name}: what is no door is behind the gate too")

# hello is in force: its way is told, and bare PKINIT is none.
step = missing(get(live["certificate"]))
tap.is_([(way["method"], way["indicators"]) for way in step["step_up"]],
        [("kerberos", ["passkey"])],
        "at hello a ticket by PKINIT is told what would be enough")
tap.is_(code(ledger.ask("GET", ROLES, negotiate("certificate"))),
        (403, "level_too_low"), "PKINIT is refused at hello")
answer = get(live["windows"])
tap.is_([(r["reason"], r["subject"]["level"])
         for r in callers.records_of(site, answer)],
        [("level_too_low", "windows")], "the log says what was too low")

# ---- The exclusion list -----------------------------------------------------------------

set_level("hello", ExceptionList=["alice@LAB.TEST"])
is_so(lambda: get(live["windows"]).status == 200,
      "who is on the exclusion list gets through with a password")
answer = get(live["windows"])
tap.is_([r.get("excluded_by") for r in callers.records_of(site, answer)],
        ["krb5:alice@LAB.TEST"], "the log says by which entry")
answer = get(live["hello"])
tap.is_([r.get("excluded_by") for r in callers.records_of(site, answer)],
        [None], "who needs no exception has none in the log")
HELPDESK = site.psql("SELECT principal_id FROM reeve.administrative_user "
                     "WHERE principal_id LIKE 'group:%' "
                     "ORDER BY 1").split("\n")
dave = callers.negotiate(site, "dave")
answer = ledger.ask("GET", ROLES, dave)
tap.is_(code(answer), (403, "level_too_low"), "dave is not on it")
dave = {"Authorization": "Bearer " + answer.header("reeve-session")}
set_level("hello", ExceptionList=[g for g in HELPDESK if g])
is_so(lambda: get(dave).status == 200, "by one of his groups he is")
is_so(lambda: code(get(live["windows"])) == (403, "level_too_low"),
      "the list was replaced: alice is not on it any more")
said = get(strong, GET).json()
tap.is_((said["AuthenticationLevel"], sorted(said["ExceptionList"])),
        (20, sorted(g for g in HELPDESK if g)), "both can be read")
SID = "S-1-5-21-1-2-3-1104"
tap.is_(post(SET, {"ExceptionList": [SID]}, strong).status, 200,
        "a SID is taken")
is_so(lambda: get(strong, GET).json()["ExceptionList"]
      == ["group:" + SID.lower(), "sid:" + SID.lower()],
      "as that of a person and of a group")
tap.is_(post(SET, {"ExceptionList": []}, strong).status, 200,
        "the list is emptied")
set_level("windows")
is_so(lambda: get(live["windows"]).status == 200, "windows is enough again")

# ---- Who may set it ------------------------------------------------------------------------

frank = callers.bearer(site, "bob", ledger)
tap.is_(code(post(SET, {"AuthenticationLevel": 0}, frank))[0], 403,
        "bob may not set the level")
tap.is_(post(SET, {"AuthenticationLevel": 10}, live["windows"]).status, 403,
        "nobody raises the level above their own")
is_so(lambda: in_force("windows"), "so it stays windows")

# ---- confirmWithin -----------------------------------------------------------------------------

set_level("certificate", confirmWithin="10s")
began = time.monotonic()
pending = get(strong, GET).json()["@reeve.pending"]
tap.is_((pending["level"], pending["reverts_to"]), ("certificate", "windows"),
        "the change awaits its confirmation")
tap.is_(code(get(live["windows"])), (403, "level_too_low"),
        "and binds meanwhile")
ledger.ask("GET", ROLES, negotiate("windows"))
tap.ok(get(strong, GET).json()["@reeve.pending"] is not None,
       "a sign-in below the new level confirms nothing")
is_so(lambda: get(live["windows"]).status == 200,
      "nobody has confirmed it: it is taken back", timeout=20)
tap.ok(time.monotonic() - began > 9, "not before its time")
is_so(lambda: site.psql(
    "SELECT minimum_level, revert_at_ms IS NULL FROM reeve.site_setting")
    .strip() == "1|t", "the store says so, too", timeout=20)
set_level("certificate", confirmWithin="10s")
began = time.monotonic()
ledger.ask("GET", ROLES, negotiate("certificate"))
is_so(lambda: get(strong, GET).json()["@reeve.pending"] is None,
      "a sign-in at the new level confirms it")

# ---- The greatest age ------------------------------------------------------------------------------

tap.is_(post("/reeve/v1/site/max-auth-age", {"seconds": 5}, strong).status,
        400, "five seconds are no age")
tap.is_(post("/reeve/v1/site/max-auth-age", {"seconds": 10}, strong).status,
        200, "a greatest age is set")
CCACHES["new"] = site.kinit("alice", one_time=True)
new = ledger.ask("GET", ROLES, negotiate("new"))
tap.is_(new.status, 200, "a fresh sign-in is young enough")
is_so(lambda: code(get(live["hello"])) == (401, "too_old"),
      "older ones are refused, live sessions too")
answer = get(live["hello"])
tap.ok(any('max_age="10"' in v for v in
           answer.header_all("www-authenticate")),
       "and told how old a sign-in may be")
tap.is_(missing(answer).get("max_age"), 10, "in the body, too")
answer = ledger.ask("GET", ROLES, negotiate("hello"))
tap.is_((code(answer), any("max_age" in v for v in
                           answer.header_all("www-authenticate"))),
        ((401, "too_old"), True),
        "a new ticket of an old sign-in is as old: Negotiate is told as well")
CCACHES["new"] = site.kinit("alice", one_time=True)
again = fresh("new")
tap.is_(post("/reeve/v1/site/max-auth-age", {"seconds": None},
             again).status, 200, "the limit is lifted")
is_so(lambda: get(live["hello"]).status == 200, "and old sessions go on")
is_so(lambda: time.monotonic() - began > 12 and in_force("certificate"),
      "what was confirmed is not taken back", timeout=20)
set_level("windows")
is_so(lambda: get(live["windows"]).status == 200, "windows is enough again")

# ---- Minima of roles and operations -------------------------------------------------------------------

ROLE, OPERATION = "/reeve/v1/site/role-minimum", \
    "/reeve/v1/site/operation-minimum"
for path, body, what in (
        (ROLE, {"role_id": "SMS0001R"}, "no level"),
        (ROLE, {"role_id": "SMS0001R", "level": 10}, "a number"),
        (ROLE, {"level": "hello"}, "no role"),
        (OPERATION, {"type": "SMS_Role", "level": "hello"}, "no operation")):
    tap.is_(code(post(path, body, strong)), (400, "bad_request"),
            f"{path} with {what}")
tap.is_(post(OPERATION, {"type": "SMS_Role", "operation": "Read",
                         "level": "certificate"}, strong).status, 200,
        "an operation gets a minimum")
is_so(lambda: get(live["windows"]).status == 403,
      "it is refused below")
tap.is_((missing(get(live["windows"])).get("level"),
         get(live["certificate"]).status), ("certificate", 200),
        "with the level that is missing, and goes on at it")
tap.is_(post(OPERATION, {"type": "SMS_Role", "operation": "Read",
                         "level": None}, strong).status, 200,
        "the minimum is lifted")
is_so(lambda: get(live["windows"]).status == 200, "the operation is back")
tap.is_(post(ROLE, {"role_id": "SMS0001R", "level": "hello"}, strong).status,
        200, "a role gets a minimum")
is_so(lambda: get(live["windows"]).status == 403, "it counts no more below")
tap.is_(post(ROLE, {"role_id": "SMS0001R", "level": None}, strong).status,
        200, "and is lifted again")

# ---- Once is enough --------------------------------------------------------------------------------------

key = {"Idempotency-Key": "levels-1"}
body = {"AuthenticationLevel": 10, "ExceptionList": ["bob@LAB.TEST"]}
first = post(SET, body, {**strong, **key}).json()
again = post(SET, body, {**strong, **key}).json()
tap.is_((first["@reeve.replayed"], again["@reeve.replayed"],
         again["@reeve.revision"] == first["@reeve.revision"]),
        (False, True, True), "the same key is answered as the first time")
is_so(lambda: in_force("certificate"), "both were done")
set_level("windows", ExceptionList=[])

# ---- Principals ---------------------------------------------------------------------------------------------

ADD, REMOVE = "/reeve/v1/principals/add", "/reeve/v1/principals/remove"
bob_id = int(site.psql("SELECT admin_id FROM reeve.administrative_user WHERE "
                       "principal_id = 'krb5:bob@LAB.TEST'"))
heidi = callers.bearer(site, "heidi", ledger)


def applications(headers):
    return get(headers, WMI + "SMS_Application").status


tap.is_(applications(heidi), 403, "heidi may read no applications")
tap.is_(post(ADD, {"admin_id": bob_id, "principal_id": "krb5:heidi@LAB.TEST"},
             strong).status, 200, "she becomes another principal of bob")
is_so(lambda: applications(heidi) == 200, "and may what he may")
heidi = callers.bearer(site, "heidi", ledger)
tap.is_(applications(heidi), 200, "also with a session from now on")
tap.is_(post(REMOVE, {"principal_id": "krb5:heidi@LAB.TEST"}, strong).status,
        200, "the principal is taken away")
answer = records.wait_for(lambda: next(
    (a for a in [get(heidi)] if a.status == 401), None))
tap.is_([r["reason"] for r in callers.records_of(site, answer)],
        ["no_mapping"], "and with it her sessions that stood for him")
tap.is_(get(heidi).status, 401, "for good")

# ---- A token in a message -------------------------------------------------------------------------------------

token = base64.b64encode(spnego.good(site, CCACHES["windows"])).decode()
answer = post(SIGN_IN, {"negotiate": token}, {})
said = answer.json()
tap.is_((answer.status, said["principal"], said["level"]),
        (201, "alice@LAB.TEST", "windows"),
        "a message that carries the token signs in")
tap.is_(get({"Authorization": "Bearer " + said["session"]}).status, 200,
        "with a session")
tap.is_(code(post(SIGN_IN, {"negotiate": token}, {})),
        (401, "not_authenticated"), "the same token again is a replay")
for body, what in (({}, "no token"), ({"negotiate": 1}, "a number"),
                   ({"negotiate": "", "more": 1}, "another member")):
    tap.is_(post(SIGN_IN, body, {}).status, 400, f"a message with {what}")
tap.is_(code(post(SIGN_IN, {"negotiate": "!!"}, {})),
        (401, "not_authenticated"), "what is no base64 is 401")
tap.is_(code(post(SIGN_IN, {"negotiate": token}, strong)),
        (401, "not_authenticated"), "a message beside a session is two "
        "credentials")
tap.is_(ledger.ask("POST", SIGN_IN, {"Content-Type": "application/json"},
                   b" " * 98305).status, 413,
        "nobody unknown sends more than 96 KiB")

ledger.settle()
fixture.finish(site)
