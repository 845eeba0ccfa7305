"""People who call a site over connections of the tests' own making.

    ledger = callers.Ledger(site)
    alice = callers.bearer(site, "alice", ledger)
    answer = ledger.ask("GET", "/version", alice)
    ledger.settle()
"""

from lib import records, spnego, tap, wire

# Anybody may sign in here: the route is about the caller alone.
SIGN_IN = "/access/v1/evaluation"


class Ledger:
    """Every answer of a scenario, to be held against the audit log.

    A request of somebody who is known has one record of its own.  Of the
    refusals before that, each is a record or is counted in one.
    """

    def __init__(self, site):
        self.site = site
        self.noted = []

    def note(self, answer):
        if answer is not None:
            self.noted.append(answer)
        return answer

    def ask(self, method, path, headers=None, body=b""):
        """One request on a connection of its own."""
        with wire.Wire(self.site) as w:
            return self.note(w.request(method, path, headers, body))

    def send(self, data, method="GET"):
        """Bytes as they are; returns the answer, and whether it closed."""
        with wire.Wire(self.site) as w:
            w.send(data)
            answer = self.note(w.answer(method))
            return answer, answer is None or is_closing(w, answer)

    def settle(self):
        """Ends the provider, which writes its counts, and compares."""
        tap.is_(self.site.stop("provider"), 0,
                "the provider ends by itself on SIGTERM, with 0")
        log = records.audit(self.site)
        found = {}
        for record in log:
            found.setdefault(record.get("request_id"), []).append(
                record.get("request", {}).get("status"))
        own = {a.header("x-request-id"): [a.status] for a in self.noted}
        known = {i: s for i, s in own.items() if i in found}
        tap.is_({i: found[i] for i in known}, known,
                "no request has two records, and each has its status")
        tap.is_([a.trace for a in self.noted if is_known(a)
                 and a.header("x-request-id") not in found], [],
                "each request of somebody known has a record")
        tap.is_(sum(r.get("repeated", 0) for r in log),
                len(own) - len(known),
                "each refusal without a record is counted in one")


def is_known(answer):
    """Whether the provider knew who asked: only then it says so much."""
    return answer.header("reeve-revision") is not None


def is_closing(connection, answer):
    """Whether the provider announced the end, and ended."""
    return (answer.header("connection") == "close"
            and connection.is_closed())


def negotiate(site, user, **how):
    """The field of a fresh sign-in with Kerberos."""
    return {"Authorization": spnego.header(
        spnego.good(site, site.kinit(user, **how)))}


def bearer(site, user, ledger, **how):
    """Signs user in and returns the field of the new session."""
    answer = ledger.ask("POST", SIGN_IN, negotiate(site, user, **how))
    return {"Authorization": "Bearer " + answer.header("reeve-session")}


def records_of(site, answer):
    """What the audit log has of one answer."""
    return records.audit(site, request_id=answer.header("x-request-id"))
