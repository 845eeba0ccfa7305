#!/usr/bin/python3 -B
"""Sessions: one's own, everybody's, revoked, and at another provider."""

from lib import fixture, second, tap, web
from lib.records import audit, wait_for

OWN, ALL = "/reeve/v1/session", "/reeve/v1/sessions"
REVOKE = "/reeve/v1/sessions/revoke"


def sign_in(name, where=None):
    """A client with a session, and the session's public name."""
    answer = web.Client(where or site, site.kinit(name)).get(OWN)
    token = answer.header("reeve-session")
    return (web.Client(where or site, session=token),
            answer.json()["session"]["id"], token)


site = fixture.site()

# ---- One's own ----------------------------------------------------------------

bob, bob_id, bob_token = sign_in("bob")
mine = bob.get(OWN).json()
tap.is_((mine["principal"], mine["method"], mine["level"]),
        ("bob@LAB.TEST", "kerberos", "windows"), "who one is")
tap.is_(mine["session"]["id"], bob_id, "and by which session")
tap.ok("krb5:bob@LAB.TEST" in mine["ids"], "and under which names")
tap.ok(bob_token not in bob.get(OWN).text, "but not the token again")

wait_for(lambda: site.psql("SELECT count(*) FROM reeve.session WHERE "
                           f"session_id = '{bob_id}'").strip() == "1",
         what="the row of the session")
tap.is_(site.psql("SELECT count(*) FROM reeve.session s WHERE s::text LIKE "
                  f"'%{bob_token[5:]}%'").strip(), "0", "the store has no token")

answer = bob.delete(OWN)
tap.is_((answer.status, answer.json()), (200, {"ended": True}), "signing out")
tap.is_(bob.get(OWN).status, 401, "and the token opens nothing any more")
tap.is_(audit(site, event="authentication", reason="session_revoked") != [],
        True, "which the record tells")
answer = web.Client(site, site.kinit("bob")).delete(OWN)
tap.is_(answer.status, 200, "a sign-in brings a session, which can be ended")

# ---- Everybody's ---------------------------------------------------------------

bob, bob_id, _ = sign_in("bob")
alice, alice_id, _ = sign_in("alice")
tap.is_(bob.get(ALL).status, 403, "bob may not list sessions")
tap.is_(bob.get(ALL).json()["missing"]["operation"], "Read",
        "and is told what is missing")
tap.is_(bob.post(REVOKE, {"principals": ["alice@LAB.TEST"]}).status, 403,
        "nor end those of others")
tap.is_(alice.get(OWN).status, 200, "which live on")


def listed():
    return {s["id"]: s for s in alice.get(ALL).json()["sessions"]}


wait_for(lambda: {bob_id, alice_id} <= set(listed()), what="both in the list")
row = listed()[bob_id]
tap.is_((row["principal"], row["level"], row["node"], row["address"]),
        ("bob@LAB.TEST", "windows", "lab", "127.0.0.1"), "what a row says")
tap.ok("hash" not in row and "identity" not in row, "and what it does not")
page = alice.get(ALL + "?limit=1").json()
tap.is_(len(page["sessions"]), 1, "a page")
rest = alice.get(f"{ALL}?after={page['next_after']}").json()
tap.is_({s["id"] for s in page["sessions"] + rest["sessions"]}, set(listed()),
        "and the rest")
for query in ("limit=0", "limit=1001", "after=x", "x=1", "after=../../etc"):
    tap.is_(alice.get(f"{ALL}?{query}").status, 400, f"?{query} is refused")

# ---- Revoked --------------------------------------------------------------------

for body in ({}, {"sessions": []}, {"sessions": "x"}, {"sessions": [1]},
             {"sessions": ["a"] * 1001}, {"principals": [""]}):
    tap.is_(alice.post(REVOKE, body).status, 400,
            f"{str(body)[:30]} is refused")
answer = alice.post(REVOKE, {"sessions": [bob_id]})
tap.is_((answer.status, answer.json()), (200, {"revoked": 1}), "alice ends it")
refused = bob.get(OWN)
tap.is_(refused.status, 401, "bob's token is refused")
tap.unlike(refused.text, "revoke", "with nothing that tells why")
record = [r for r in audit(site, event="session")
          if bob_id in str(r.get("items"))]
tap.is_(len(record), 1, "the record names the session that was ended")
both = [sign_in("bob")[0] for _ in range(2)]
wait_for(lambda: sum(s["principal"] == "bob@LAB.TEST"
                     for s in listed().values()) == 2, what="bob's two")
answer = alice.post(REVOKE, {"principals": ["bob@LAB.TEST"]})
tap.is_(answer.json(), {"revoked": 2}, "all of a person at once")
tap.is_([c.get(OWN).status for c in both], [401, 401], "are over")
tap.is_(alice.get(OWN).status, 200, "and no others")

# ---- At another provider -----------------------------------------------------------

there = second.start(site)
bob, bob_id, token = sign_in("bob")
away = web.Client(there, session=token)
wait_for(lambda: away.get(OWN).status == 200,
         what="the session at another provider")
tap.is_(away.get(OWN).json()["principal"], "bob@LAB.TEST",
        "a session is known to another provider of the site")
tap.is_(alice.post(REVOKE, {"sessions": [bob_id]}).status, 200,
        "it is ended at the first")
wait_for(lambda: away.get(OWN).status == 401, timeout=5,
         what="the end at the other")
tap.is_(away.get(OWN).status, 401, "and is over at the second")
wrong = "rvs1_" + "A" * 43
tap.is_(web.Client(there, session=wrong).get(OWN).status, 401,
        "a token that nobody has issued is refused there, too")
there.finish()

fixture.finish(site)
