#!/usr/bin/python3 -B
"""More lists at once than there are connections to the store: they wait for
their turn, and others get theirs meanwhile."""

import subprocess
import threading

from lib import fixture, tap, web
from lib.records import wait_for

from lab import host

ROLES, APPLICATIONS = ("/AdminService/wmi/SMS_Role",
                       "/AdminService/wmi/SMS_Application")
CONNECTIONS, WAITING = 6, 32
site = fixture.site(config={"loops": 1, "store_connections": CONNECTIONS,
                            "store_deadline": "20s"})


def session(who):
    answer = web.client(site, who).get(ROLES + "?$top=1")
    return answer.header("reeve-session")


SESSIONS = {who: session(who) for who in ("alice", "bob")}


class Held:
    """The roles, so that nobody reads them, until it is over."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["psql", "-XAtq", "-d", site.postgres.conninfo("postgres")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=host.base_env())
        self.process.stdin.write(
            "BEGIN; LOCK TABLE reeve.security_role IN ACCESS EXCLUSIVE MODE;"
            "\n\\echo held\n")
        self.process.stdin.flush()
        tap.is_(self.process.stdout.readline(), "held\n", "roles are held")
        return self

    def __exit__(self, *error):
        self.process.communicate("COMMIT;\n")


def blocked():
    return int(site.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


class Asking:
    """Lists by one caller, each on a connection of its own."""

    def __init__(self, who, n, path):
        self.answers = []
        self.threads = [threading.Thread(target=self.ask, args=(who, path))
                        for _ in range(n)]
        for thread in self.threads:
            thread.start()

    def ask(self, who, path):
        client = web.Client(site, session=SESSIONS[who])
        answer = client.get(path)
        self.answers.append((answer.status, answer.json().get(
            "error", {}).get("code")))

    def end(self):
        for thread in self.threads:
            thread.join()
        return self.answers


with Held():
    first = Asking("alice", CONNECTIONS // 2, ROLES)
    wait_for(lambda: blocked() == CONNECTIONS // 2, what="all that alice may")
    more = Asking("alice", 9, ROLES)
    tap.is_(web.Client(site, session=SESSIONS["bob"]).get(APPLICATIONS).status, 200,
            "somebody else reads meanwhile")
    tap.is_(blocked(), CONNECTIONS // 2,
            "one caller has half of the connections at most")
tap.is_(first.end() + more.end(), [(200, None)] * (CONNECTIONS // 2 + 9),
        "whoever waited gets the list")
with Held():
    first = Asking("alice", CONNECTIONS // 2, ROLES)
    wait_for(lambda: blocked() == CONNECTIONS // 2, what="all that alice may")
    more = Asking("alice", WAITING + 5, ROLES)
    wait_for(lambda: len(more.answers) >= 5, what="those that are too many")
    tap.is_(more.answers, [(503, "too_many_lists")] * 5,
            "so many may wait, and no more")
more.end()
tap.is_(sorted(set(first.end() + more.answers)),
        [(200, None), (503, "too_many_lists")], "the others are answered")
tap.is_(more.answers.count((200, None)), WAITING, "all of them")
fixture.finish(site)
