#!/usr/bin/python3 -B
"""What the provider seals is good for whom it was given, for what it was given
and as it was given: altered anywhere, or taken elsewhere, it is 400."""

import base64
import json
import string

from lib import callers, fixture, records, second, tap, wire

WMI, V1 = "/AdminService/wmi/", "/AdminService/v1.0/"
SEARCH = "/access/v1/search/resource"
JSON = {"Content-Type": "application/json"}
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits \
    + "-_"
site = fixture.site(config={"loops": 1})
there = second.start(site)
LEDGER = callers.Ledger(site)
WHO = {name: callers.bearer(site, name, LEDGER)
       for name in ("alice", "dave", "bob", "carol")}


class Caller:
    """Somebody on one connection, which is made anew when it has ended."""

    def __init__(self, name, where=site, session=None):
        self.fields, self.where = session or WHO[name], where
        self.line = None

    def ask(self, method, path, headers=(), body=b""):
        fields = {**self.fields, **dict(headers)}
        if self.line is not None:
            try:
                answer = self.line.request(method, path, fields, body)
                if answer is not None:
                    return answer
            except OSError:
                pass
        self.line = wire.Wire(self.where)
        return self.line.request(method, path, fields, body)

    def page(self, path):
        return self.ask("GET", path, {"Prefer": "odata.maxpagesize=4"})

    def search(self, body):
        return self.ask("POST", SEARCH, JSON, json.dumps(body).encode())


alice = Caller("alice")


def code(answer):
    body = answer.json()
    return answer.status, body.get("error", body).get("code")


def variants(token):
    """(what, another text) for each way to alter a token."""
    for i, c in enumerate(token):
        other = ALPHABET[(ALPHABET.index(c) + 1 + i % 62) % 64]
        yield f"byte {i} is another", token[:i] + other + token[i + 1:]
        yield f"without byte {i}", token[:i] + token[i + 1:]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for i in range(len(raw) * 8):
        if i % 5 == 0:  # each byte, and each bit of some
            bent = bytearray(raw)
            bent[i // 8] ^= 1 << i % 8
            yield f"bit {i} is another", seal(bytes(bent))
    for i in (0, 1, 11, 12, 13, 27, 28, len(raw) - 17, len(raw) - 16,
              len(raw) - 1):  # within and at the ends of nonce, text and tag
        yield f"cut after {i} bytes", seal(raw[:i])
        yield f"the end from byte {i}", seal(raw[i:] if i else b"")
    for what, text in (
            ("a byte more before", seal(b"\0" + raw)),
            ("a byte more behind", seal(raw + b"\0")),
            ("twice", token + token), ("padded", token + "="),
            ("padded twice", token + "=="), ("with a blank", token + "%20"),
            ("with a line end", token + "%0a"), ("with NUL", token + "%00"),
            ("with a quote", token + "'"), ("in capitals", token.upper()),
            ("backwards", token[::-1]), ("of zeros", "A" * len(token)),
            ("of nothing", "%20"), ("of 8 KiB", "A" * 8192),
            ("of no alphabet", "!" * len(token)), ("of UTF-8", "%C3%A9" * 40),
            ("in the other alphabet",
             "+%2F" + token[2:]),
            ("in the clear", seal(b'{"after":[],"skip":0,"top":null}')),
            ("with spare bits", token[:-1] + ALPHABET[
                ALPHABET.index(token[-1]) ^ 1] if len(token) % 4 else
             token + "A")):
        yield what, text


def seal(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


# ---- nextLink ----------------------------------------------------------------------

LIST = WMI + "SMS_R_System?$orderby=Name&"
link = alice.page(LIST + "$filter=Name%20ne%20'x'").json()["@odata.nextLink"]
path, _, TOKEN = link.partition("$skiptoken=")
tap.is_(len(alice.page(link).json()["value"]), 4, "a link leads on")
tap.is_(alice.page(link).json()["value"], alice.page(link).json()["value"],
        "as often as one likes")
taken = {}
n = 0
for what, text in variants(TOKEN):
    n += 1
    answer = alice.page(path + "$skiptoken=" + text)
    # What no token could be is refused before anybody looks into it.
    sooner = {"with a line end": (400, "bad_query"),
              "with NUL": (400, "bad_query"),
              "of 8 KiB": (414, "uri_too_long")}
    if code(answer) != sooner.get(what, (400, "bad_skiptoken")):
        taken[what] = code(answer)
tap.is_(taken, {}, f"altered in {n} ways a token of a list is 400")
tap.ok(n > 800, "each position was altered")
tap.is_(alice.page(link).status, 200, "and none of it has spoilt the true one")
others = [alice.page(LIST).json()["@odata.nextLink"].partition(
    "$skiptoken=")[2] for _ in range(2)]
tap.is_(others[0] != others[1], True, "no two tokens of one place are alike")
half = len(TOKEN) // 2
for what, text in (("of another query", others[0]),
                   ("put together of two", TOKEN[:half] + others[0][half:]),
                   ("with another's beginning", others[0][:16] + TOKEN[16:]),
                   ("with another's end", TOKEN[:-22] + others[0][-22:])):
    tap.is_(code(alice.page(path + "$skiptoken=" + text)),
            (400, "bad_skiptoken"), f"a token {what} is 400")

# Taken elsewhere: dave, too, may see all devices.
ORDER, FILTER = "$orderby=Name", "$filter=Name%20ne%20'x'"
for what, who, target in (
        ("another caller", "dave", link),
        ("a caller who sees a part", "carol", link),
        ("another class", "alice", link.replace("R_System", "R_User")),
        ("a class with the same names", "alice",
         link.replace("R_System", "FullCollectionMembership")),
        ("another filter", "alice", link.replace("'x'", "'y'")),
        ("no filter", "alice", link.replace(FILTER, "")),
        ("another order", "alice", link.replace("Name&", "Name%20desc&", 1)),
        ("no order", "alice", link.replace(ORDER + "&", "")),
        ("more order", "alice", link.replace("Name&", "Name,ResourceID&", 1)),
        ("a search", "alice", link + "&$search=x"),
        ("a selection", "alice", link + "&$select=Name"),
        ("a count", "alice", link + "&$count=true"),
        ("an expansion", "alice", (link + "&$expand=x")),
        ("two tokens", "alice", link + "&$skiptoken=" + TOKEN)):
    answer = Caller(who).page(target)
    tap.ok(answer.status == 400 or (who, answer.status) == ("carol", 403),
           f"a token is not for {what}")
tap.is_(alice.ask("GET", link.replace("?", "/$count?")).status in (200, 400),
        True, "a number needs no token")
for root in (V1 + "Device", WMI + "sms_r_system", WMI + "SMS_R_System"):
    answer = alice.page(root + "?" + link.partition("?")[2])
    tap.is_((answer.status, [r["Name"] for r in answer.json()["value"]]),
            (200, [r["Name"] for r in alice.page(link).json()["value"]]),
            f"the class by its name {root} is the same")

# A session is none of the bonds, the caller is; what may be seen is decided
# anew for each page.
fresh = Caller("alice", session=callers.bearer(site, "alice", LEDGER))
tap.is_(fresh.page(link).json()["value"], alice.page(link).json()["value"],
        "the same caller goes on in another session")
away = Caller("alice", there)
tap.is_(away.page(link).json()["value"], alice.page(link).json()["value"],
        "and at another provider of the site")
tap.is_(code(Caller("dave", there).page(link)), (400, "bad_skiptoken"),
        "where it is not for others either")
tap.is_(code(away.page(path + "$skiptoken=" + TOKEN[:-4] + "AAAA")),
        (400, "bad_skiptoken"), "nor altered")
mine = Caller("bob").page(WMI + "SMS_Application").json()
tap.is_(len(mine["value"]), 4, "bob sees the first of his applications")
site.psql("""BEGIN; SET LOCAL ROLE reeve_owner; SET LOCAL search_path = reeve;
    SELECT take_revision();
    UPDATE administrative_user SET is_deleted = true
    WHERE principal_id = 'krb5:bob@LAB.TEST'; COMMIT""")
now = site.psql("SELECT n FROM reeve.site_revision").strip()
answer = Caller("bob").ask("GET", mine["@odata.nextLink"],
                           {"Reeve-At-Least": now})
tap.ok(answer.status in (401, 403) and "value" not in answer.json(),
       "a token keeps no right that is gone")
site.psql("SET ROLE reeve_owner; SELECT reeve.renew_page_key()")
site.restart("provider")
records.wait_for(lambda: alice.page(WMI + "SMS_Site").status == 200,
                 what="the session after the restart")
tap.is_(code(alice.page(link)), (400, "bad_skiptoken"),
        "under another key of the site none is good any more")

# ---- Tokens of searches -----------------------------------------------------------

QUESTION = {"subject": {"type": "user", "id": "alice@LAB.TEST"},
            "action": {"name": "Read"}, "resource": {"type": "SMS_R_System"}}
first = alice.search({**QUESTION, "page": {"limit": 3}}).json()
TOKEN = first["page"]["next_token"]


def follow(who, token, where=site, **changes):
    return Caller(who, where).search({**QUESTION, **changes,
                                      "page": {"token": token}})


tap.is_(len(follow("alice", TOKEN).json()["results"]), 3, "a token leads on")
taken, n = {}, 0
for what, text in variants(TOKEN):
    if "%" in text or not text:  # an empty one is the beginning
        continue
    n += 1
    answer = alice.search({**QUESTION, "page": {"token": text}})
    if answer.status != 400:
        taken[what] = answer.status
tap.is_(taken, {}, f"altered in {n} ways a token of a search is 400")
tap.ok(n > 100, "each position was altered")
for what, answer in (
        ("another caller", follow("dave", TOKEN, subject={
            "type": "user", "id": "dave@LAB.TEST"})),
        ("another caller about the same person", Caller("dave").search(
            {**QUESTION, "page": {"token": TOKEN}})),
        ("another subject", follow("alice", TOKEN, subject={
            "type": "user", "id": "dave@LAB.TEST"})),
        ("another operation", follow("alice", TOKEN,
                                     action={"name": "Modify"})),
        ("another type", follow("alice", TOKEN,
                                resource={"type": "SMS_R_User"})),
        ("another provider", follow("alice", TOKEN, there))):
    tap.ok(answer.status in (400, 403) and "results" not in answer.json(),
           f"a token of a search is not for {what}")
answer = Caller("alice").page(LIST + "$skiptoken=" + TOKEN)
tap.is_(code(answer), (400, "bad_skiptoken"), "nor for a list")
link = Caller("alice").page(LIST).json()["@odata.nextLink"]
tap.is_(follow("alice", link.partition("$skiptoken=")[2]).status, 400,
        "nor is one of a list for a search")

there.finish()
fixture.finish(site)
