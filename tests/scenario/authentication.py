#!/usr/bin/python3 -B
"""Who gets in, who does not, and what the caller and the log are told."""

import base64
import collections
import json
import os
import struct
import time

from lib import callers, fixture, records, spnego, tap, wire
from lab.people import PEOPLE

ROLES = "/AdminService/wmi/SMS_Role"
ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
EVALUATION = "/access/v1/evaluation"
DEADLINE_MS = 500  # directory_deadline

# One loop: refusals are counted for each.  Sessions ask the directory again
# at nearly each request, so that what it says shows at once.
site = fixture.site(config={"loops": 1, "groups_refresh": "100ms",
                            "directory_cache": 0,
                            "directory_deadline": f"{DEADLINE_MS}ms",
                            "penalty_exempt": "127.0.0.1"})
ledger = callers.Ledger(site)


def get(headers, path=ROLES):
    return ledger.ask("GET", path, headers)


def present(*values):
    """Asks with the given fields Authorization."""
    fields = "".join(f"Authorization: {value}\r\n" for value in values)
    return ledger.send(f"GET {ROLES} HTTP/1.1\r\nHost: localhost\r\n"
                       f"{fields}\r\n")[0]


def decision(headers, person, action="Read", kind="SMS_Role", key=""):
    """(status, decision, reason) of a question about oneself."""
    body = json.dumps({"subject": {"type": "user", "id": f"{person}@LAB.TEST"},
                       "action": {"name": action},
                       "resource": {"type": kind, "id": key}}).encode()
    answer = ledger.ask("POST", EVALUATION, {
        **headers, "Content-Type": "application/json"}, body)
    said = answer.json()
    return (answer.status, said.get("decision"),
            said.get("context", said).get("reason", said.get("code")))


def application():
    """The key of some application."""
    return site.psql("SELECT min(object_key) FROM reeve.secured_object"
                     " WHERE object_type_id = 31").strip()


def add_scope(headers, key):
    return ledger.ask("POST", ADD, {
        **headers, "Content-Type": "application/json"}, json.dumps(
            {"ObjectIDs": [key], "ObjectTypeIDs": [31],
             "CategoryIDs": ["RVE00010"]}).encode())


def reasons(answer):
    return [(r["event"], r["outcome"], r["reason"])
            for r in callers.records_of(site, answer)]


def subject(answer):
    """(principal, method, level) in the only record of an answer."""
    (record,) = callers.records_of(site, answer)
    return tuple(record["subject"][k] for k in ("id", "method", "level"))


def code(answer):
    error = answer.json()
    error = error.get("error", error)
    return answer.status, error.get("code")


def lacks(missing):
    """The level that is missing, and the methods that reach it."""
    return missing["level"], [way["method"] for way in missing["step_up"]]


def reconfigure(**changes):
    tap.is_(site.stop("provider"), 0, "the provider ends")
    site.provider.write_config(**changes)
    site.start("provider")


def in_force():
    with wire.Wire(site) as w:
        return w.request("GET", "/readyz").json()["revision"]


def change_policy(sql):
    """Changes rows in a revision, and waits until it is in force."""
    revision = int(site.psql(
        "BEGIN; SET LOCAL ROLE reeve_owner; SELECT reeve.take_revision(); "
        + sql + "; COMMIT;"))
    records.wait_for(lambda: in_force() >= revision,
                     what="the new revision")


def in_time(condition):
    try:
        return records.wait_for(condition, timeout=2)
    except TimeoutError:
        return False


# ---- Credentials that are none ----------------------------------------------

password = site.kinit("alice")


def token(**how):
    return spnego.good(site, password, **how)


def flipped(good):
    """A token whose ticket was changed on the way."""
    at = len(good) // 2
    return good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]


def skewed(ccache, seconds):
    """A token of a client whose clock is off by so much.

    A credential cache of format 4 has the offset of the clock in its
    header; the ticket for the service is in the cache already.
    """
    spnego.good(site, ccache)
    with open(ccache, "rb") as f:
        data = f.read()
    assert data[:2] == b"\5\4", "not a credential cache of format 4"
    rest = data[4 + struct.unpack(">H", data[2:4])[0]:]
    with open(ccache + ".skewed", "wb") as f:
        f.write(data[:2] + struct.pack(">HHHii", 12, 1, 8, seconds, 0) + rest)
    return spnego.good(site, ccache + ".skewed")


def without_preauthentication():
    site.kdc.kadmin("addprinc", "-pw", "lax-password", "-requires_preauth",
                    "lax")
    return spnego.good(site, site.kinit("lax", password="lax-password"))


def other_mechanism(oid):
    """SPNEGO that offers one mechanism, of the length of NTLM's."""
    return spnego.ntlm_in_spnego().replace(
        bytes.fromhex("060a2b06010401823702020a"), bytes.fromhex(oid))


stranger = spnego.bindings_for(site.path("pki", "stranger.pem"))
used = spnego.header(token())
tap.is_(present(used).status, 200, "a good ticket is accepted")

# what was sent, the fields Authorization, reason in the audit log
REFUSED = [
    ("nothing", (), "no_credential"),
    ("an empty field", ("",), "malformed"),
    ("the scheme alone", ("Negotiate",), "malformed"),
    ("what is not base64", ("Negotiate !!!!",), "malformed"),
    ("base64 with something behind it",
     (spnego.header(token()) + " x",), "malformed"),
    ("random bytes", (spnego.header(os.urandom(500)),), "malformed"),
    ("a token of 64 KiB and one byte",
     (spnego.header(os.urandom(65537)),), "malformed"),
    ("two credentials, both good",
     (spnego.header(token()), spnego.header(token())), "malformed"),
    ("NTLM as the scheme",
     ("NTLM " + base64.b64encode(spnego.ntlm()).decode(),), "ntlm"),
    ("NTLM without a frame", (spnego.header(spnego.ntlm()),), "ntlm"),
    ("NTLM inside of SPNEGO", (spnego.header(spnego.ntlm_in_spnego()),),
     "ntlm"),
    ("NegoEx inside of SPNEGO", (spnego.header(other_mechanism(
        "060a2b06010401823702021e")),), "mechanism"),
    ("a krb5 token without SPNEGO",
     (spnego.header(spnego.raw_krb5(site, password)),), "mechanism"),
    ("a password", ("Basic YWxpY2U6YWxpY2UtcGFzc3dvcmQ=",), "scheme"),
    ("a session token that never was", ("Bearer rvs1_" + "A" * 43,),
     "session_unknown"),
    ("rubbish as a session token", ("Bearer ../../x' OR 1=1",),
     "session_unknown"),
    ("a ticket for another service",
     (spnego.header(spnego.wrong_service(site, password)),),
     "wrong_service"),
    ("a ticket that was changed", (spnego.header(flipped(token())),),
     "bad_token"),
    ("a ticket without pre-authentication",
     (spnego.header(without_preauthentication()),), "bad_token"),
    ("a nameless ticket", (spnego.header(spnego.anonymous(site)),),
     "anonymous"),
    ("a ticket without mutual authentication",
     (spnego.header(token(mutual=False)),), "not_mutual"),
    ("a token that was used on another connection", (used,), "replay"),
    ("a clock that is ahead by more than 300 s",
     (spnego.header(skewed(password, 320)),), "clock_skew"),
    ("a binding to another certificate",
     (spnego.header(token(bindings=stranger)),), "channel_binding"),
]


def told(answer):
    """What a refused caller sees, but for the id of its request."""
    return (answer.status, answer.header_all("www-authenticate"),
            answer.header_all("reeve-session"), answer.body.replace(
                answer.header("x-request-id").encode(), b"ID"))


bodies = set()
recorded = set()
for what, fields, reason in REFUSED:
    answer = present(*fields)
    bodies.add(told(answer)[3])
    tap.is_(told(answer)[:3], (401, ["Negotiate"], []),
            f"{what}: refused, and Negotiate asked for")
    tap.is_(reasons(answer), [] if reason in recorded else
            [("authentication", "failure", reason)],
            f"{what}: the log says {reason}, once")
    recorded.add(reason)
tap.is_(len(bodies), 1, "whatever the cause, the caller is told the same")

answer, closed = ledger.send(
    f"GET {ROLES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
    + spnego.header(os.urandom(75000)) + "\r\n\r\n")
tap.is_((answer.status, closed), (431, True),
        "a token that no header may hold: 431, and the end")

# Those that were only counted show when the provider ends.
reconfigure()
counts = collections.Counter()
for record in records.audit(site, event="authentication"):
    counts[record["reason"]] += record.get("repeated", 1)
tap.is_(counts, collections.Counter(
    ["header_too_large"] + [reason for _, _, reason in REFUSED]),
    "the log has each refusal under its reason, or counts it there")

# ---- Good tickets -----------------------------------------------------------

PROOFS = [
    ("alice", {}, "windows", "a password"),
    ("alice", {"certificate": True}, "certificate", "a certificate"),
    ("alice", {"one_time": True}, "hello", "what stands for a passkey"),
    ("olga", {"one_time": True}, "windows", "a one-time password"),
]
for person, how, level, what in PROOFS:
    one = spnego.Initiator(site, site.kinit(person, **how))
    answer = ledger.ask("POST", EVALUATION,
                        {"Authorization": spnego.header(one.token)})
    (field,) = answer.header_all("www-authenticate")
    tap.ok(one.check(base64.b64decode(field.removeprefix("Negotiate "))),
           f"{what}: the provider proves itself, too")
    tap.is_(subject(answer), (f"{person}@LAB.TEST", "kerberos", level),
            f"{what} of {person} proves the level {level}")

right = spnego.bindings_for(site.path("pki", "server.pem"))
tap.is_(present(spnego.header(token(bindings=right))).status, 200,
        "a binding to the right certificate is accepted")

# Names are whole and exact: none of these is alice, or anybody.
for name in ("root", "ALICE", "alice/admin"):
    site.kdc.kadmin("addprinc", "-pw", "other-password", "+requires_preauth",
                    name)
    ccache = site.kinit(name, password="other-password",
                        name="other-" + name.replace("/", "-"))
    answer = present(spnego.header(spnego.good(site, ccache)))
    tap.ok(answer.status in (403, 503), f"{name} may not read roles")
    tap.is_(subject(answer), (f"{name}@LAB.TEST", "kerberos", "windows"),
            f"{name} is in the log under the whole name")

# ---- Sessions ---------------------------------------------------------------

first = get(callers.negotiate(site, "alice", certificate=True))
session = first.header("reeve-session")
answer = get({"Authorization": "Bearer " + session})
tap.is_((answer.status, answer.body), (200, first.body),
        "the token of a session is as good as the sign-in")
tap.is_(subject(answer), subject(first),
        "a session keeps its principal and its level")
tap.is_(callers.records_of(site, answer)[0]["session"],
        callers.records_of(site, first)[0]["session"],
        "the log names the session, at its beginning, too")
tap.unlike(json.dumps(records.audit(site)), session[5:],
           "the log does not hold the token")
tap.is_((answer.header("reeve-session"), answer.header("www-authenticate")),
        (None, None), "who has a session gets no other one")
for what, wrong in (
        ("with another last letter",
         session[:-1] + ("A" if session[-1] != "A" else "E")),
        ("cut short", session[:-1]), ("with more behind it", session + "A"),
        ("in other letters", session.swapcase()),
        ("without its mark", session.removeprefix("rvs1_"))):
    tap.is_(told(present("Bearer " + wrong))[:3], (401, ["Negotiate"], []),
            f"a session token {what} is refused")

# ---- The level that the site asks for ---------------------------------------

alice = callers.bearer(site, "alice", ledger)
certified = callers.bearer(site, "alice", ledger, certificate=True)
passkey = callers.bearer(site, "alice", ledger, one_time=True)
LEVELS = [
    (2, "certificate", "password", (403, 200, 200)),
    (3, "hello", "password or a certificate", (403, 403, 200)),
    (1, "windows", "password from before is enough again", (200, 200, 200)),
]
for number, name, what, expected in LEVELS:
    change_policy(f"UPDATE reeve.site_setting SET minimum_level = {number}")
    answers = [get(who) for who in (alice, certified, passkey)]
    tap.is_(tuple(a.status for a in answers), expected,
            f"minimum {name}, at the next request: a {what}"
            + (" is too little" if number > 1 else ""))
    for answer in (a for a in answers if a.status == 403):
        tap.is_((code(answer), lacks(answer.json()["error"]["@reeve.missing"])),
                ((403, "level_too_low"), (name, ["kerberos"])),
                f"the caller is told that {name} is missing, and how to step "
                "up")
        tap.is_(reasons(answer), [("request", "failure", "level_too_low")],
                "the log has it once")
    if number > 1:
        answer = ledger.ask("POST", EVALUATION, alice)
        tap.is_((code(answer), lacks(answer.json()["missing"])),
                ((403, "level_too_low"), (name, ["kerberos"])),
                "questions about oneself need the level, too")

# ---- Without the directory --------------------------------------------------

before = callers.bearer(site, "dave", ledger)
tap.is_(get(before).status, 200, "dave reads roles by a nested group")
site.stop("slapd")


def check_unknown_groups(state):
    """Nobody's groups are known to a new sign-in."""
    for person in ("dave", "mallory"):
        who = callers.bearer(site, person, ledger)
        answer = get(who)
        tap.is_((code(answer), answer.header("retry-after")),
                ((503, "groups_unknown"), "1"),
                f"{state}: a list for {person} is 503, not 403")
        tap.is_(decision(who, person), (200, False, "groups_unknown"),
                f"{state}: a question of {person} is not decidable")
    tap.is_(callers.records_of(site, answer)[0]["subject"]["groups_known"],
            False, f"{state}: the log says that the groups are unknown")


check_unknown_groups("slapd is stopped")
fresh = callers.bearer(site, "alice", ledger)
tap.is_((get(fresh).status, decision(fresh, "alice")),
        (200, (200, True, "allowed")),
        "slapd is stopped: what alice herself was given is hers")
bob = callers.bearer(site, "bob", ledger)
tap.is_(code(get(bob, "/AdminService/wmi/SMS_Application")),
        (503, "groups_unknown"),
        "slapd is stopped: a list that groups could make longer is 503")
unknown = callers.bearer(site, "dave", ledger)
for key in ("no-such-object", application()):
    tap.is_(code(add_scope(unknown, key)), (503, "groups_unknown"),
            "slapd is stopped: a change is 503, whether the object exists "
            "or not")
tap.is_(code(add_scope(before, "no-such-object")), (404, "no_such_object"),
        "slapd is stopped: groups that are known stay known for a while")
tap.is_(get(before).status, 200,
        "slapd is stopped: the session of dave from before goes on")

site.start("slapd")
site.pause("slapd")
for person, expected in (("dave", 503), ("alice", 200)):
    field = callers.negotiate(site, person)
    began = time.monotonic()
    status = get(field).status
    took = (time.monotonic() - began) * 1000
    tap.is_(status, expected, f"slapd hangs: {person} is answered")
    tap.ok(took < DEADLINE_MS + 1000,
           f"slapd hangs: {person} waited {took:.0f} ms, the deadline being "
           f"{DEADLINE_MS} ms")
site.resume("slapd")
tap.ok(in_time(lambda: get(callers.negotiate(site, "dave")).status == 200),
       "slapd is back: dave reads roles again")

# ---- Accounts ---------------------------------------------------------------

site.stop("slapd")
with open(site.directory.config, encoding="utf-8") as f:
    conf = f.read()
with open(site.directory.config, "w", encoding="utf-8") as f:
    f.write(conf.replace("moduleload refint\n", """moduleload refint
moduleload ppolicy
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl'
  EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.99999.1 NAME 'labControlled' SUP top
  AUXILIARY MAY userAccountControl )
"""))
site.start("slapd")

DISABLED = [
    ("bob", "pwdAccountLockedTime", "replace: pwdAccountLockedTime\n"
     "pwdAccountLockedTime: 000001010000Z\n"),
    ("carol", "userAccountControl", "add: objectClass\n"
     "objectClass: labControlled\n-\nreplace: userAccountControl\n"
     "userAccountControl: 514\n"),
]
for person, attribute, change in DISABLED:
    live = callers.bearer(site, person, ledger)
    entry = f"dn: uid={person},{PEOPLE}\nchangetype: modify\n"
    site.directory.modify(entry + change)
    answer = get(callers.negotiate(site, person))
    tap.is_((code(answer), answer.header("reeve-session")),
            ((403, "account_disabled"), None),
            f"{attribute}: {person} signs in no more")
    tap.is_((reasons(answer), subject(answer)[0]),
            ([("authentication", "failure", "account_disabled")],
             f"{person}@LAB.TEST"), f"{attribute}: the log says who it was")
    tap.ok(in_time(lambda: code(get(live)) == (403, "account_disabled")),
           f"{attribute}: a live session ends")
    site.directory.modify(entry + f"delete: {attribute}\n")
    tap.isnt(code(get(callers.negotiate(site, person)))[1],
             "account_disabled", f"without {attribute} {person} is back")
    tap.is_(get(live).status, 401, "the session that was ended stays so")

frank = callers.bearer(site, "frank", ledger)
tap.is_(get(frank).status, 200, "frank reads roles")
change_policy("UPDATE reeve.administrative_user SET account_id = "
              "'20000000-0000-4000-8000-000000000099' "
              "WHERE principal_id = 'krb5:frank@LAB.TEST'")
answer = get(frank)
tap.is_(code(answer), (403, "account_replaced"),
        "frank is not the account that was made an administrative user")
tap.is_(reasons(answer), [("request", "failure", "account_replaced")],
        "the log says so, once")
tap.is_(code(get(callers.negotiate(site, "frank"))),
        (403, "account_replaced"), "a new sign-in changes nothing")
tap.is_(get(alice).status, 200, "nobody else is concerned")
tap.ok(in_time(lambda: site.psql(
    "SELECT is_orphaned FROM reeve.administrative_user WHERE principal_id = "
    "'krb5:frank@LAB.TEST'").strip() == "t"),
    "the administrative user is marked orphaned")

# ---- Other settings ---------------------------------------------------------

reconfigure(channel_binding="require", session_lifetime="1s")
answer = present(spnego.header(token()))
tap.is_((told(answer)[:2], reasons(answer)),
        ((401, ["Negotiate"]), [("authentication", "failure",
                                 "channel_binding")]),
        "channel_binding = require: a ticket without a binding is refused")
answer = present(spnego.header(token(bindings=stranger)))
tap.is_(answer.status, 401, "so is one with a wrong binding")
answer = present(spnego.header(token(bindings=right)))
tap.is_(answer.status, 200, "one with the right binding is accepted")
short = {"Authorization": "Bearer " + answer.header("reeve-session")}
ended = records.wait_for(lambda: next(
    (a for a in [get(short)] if a.status != 200), None))
tap.is_((ended.status, reasons(ended)),
        (401, [("authentication", "failure", "expired")]),
        "a session ends after session_lifetime")
tap.is_(present(*alice.values()).status, 200,
        "a provider that starts again knows the sessions from before")

reconfigure(channel_binding="when_offered", realms="OTHER.TEST")
answer = present(spnego.header(token()))
tap.is_((told(answer)[:2], reasons(answer)),
        ((401, ["Negotiate"]), [("authentication", "failure", "realm")]),
        "a realm that is not on the list is refused")

with wire.Wire(site) as w:
    tap.is_(w.request("GET", "/readyz").status, 200,
            "after all of this the provider is ready")
ledger.settle()
fixture.finish(site)
