#!/usr/bin/python3 -B
"""PostgreSQL away: decisions go on for a while, writes do not, then all
comes back by itself."""

import time

from lib import fixture, tap, web
from lib.records import wait_for

ADD = "/AdminService/wmi/SMS_SecuredCategoryMembership.AddMemberships"
STALENESS = 3
site = fixture.site(config={"max_staleness": f"{STALENESS}s",
                            "store_deadline": "1s"})
KEY = site.psql("SELECT object_key FROM reeve.secured_object "
                "WHERE name = 'Contoso Ledger'").strip()
# A session: the ticket would be no part of what is measured here.
signed_in = web.client(site, "alice").get("/AdminService/wmi/SMS_Role")
alice = web.Client(site, session=signed_in.header("reeve-session"))


def decide():
    return alice.post("/access/v1/evaluation", {
        "subject": {"type": "user", "id": "alice@LAB.TEST"},
        "action": {"name": "Delete"},
        "resource": {"type": "SMS_Application", "id": KEY}})


def write():
    return alice.post(ADD, {"ObjectIDs": [KEY], "ObjectTypeIDs": [31],
                            "CategoryIDs": ["RVE00012"]})


def ready():
    return alice.get("/readyz").status


def outage(how, end):
    """One outage: how(part) takes the store away, end(part) brings it."""
    name = how.__name__
    tap.is_((ready(), decide().status), (200, 200), f"{name}: all is well")
    began = time.monotonic()
    how("postgres")
    tap.is_(decide().json().get("decision"), True,
            f"{name}: decisions go on without the store")
    answer = write()
    took = time.monotonic() - began
    tap.is_(answer.status, 503, f"{name}: a write is refused at once")
    tap.ok(took < STALENESS, f"{name}: and soon ({took:.1f} s)")
    tap.is_(answer.header("retry-after"), "1", f"{name}: with Retry-After")
    answer = alice.get("/AdminService/wmi/SMS_Role")
    tap.is_(answer.status, 503, f"{name}: so is a list")
    wait_for(lambda: decide().status == 503, timeout=STALENESS + 6,
             what="the end of the staleness bound")
    took = time.monotonic() - began
    tap.ok(took >= STALENESS - 1.5,
           f"{name}: decisions end only at the bound ({took:.1f} s)")
    tap.is_(decide().json()["code"], "stale", f"{name}: and say why")
    tap.is_(ready(), 503, f"{name}: the provider is not ready")
    tap.is_(alice.get("/healthz").status, 200, f"{name}: but alive")
    end("postgres")
    wait_for(lambda: decide().status == 200, timeout=20, what="decisions")
    tap.ok(True, f"{name}: decisions come back by themselves")
    wait_for(lambda: write().status == 200, timeout=20, what="writes")
    tap.ok(True, f"{name}: so do writes")
    wait_for(lambda: alice.get("/AdminService/wmi/SMS_Role").status == 200,
             timeout=20, what="lists")
    tap.is_(ready(), 200, f"{name}: and the provider is ready")


outage(site.stop, site.start)
outage(site.kill, site.start)
outage(site.pause, site.resume)

fixture.finish(site)
