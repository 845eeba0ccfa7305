#!/usr/bin/python3 -B
"""What lists show is kept beside the objects: a scope that is renamed stands
there by its new name at once, and the provider has the store keep it so."""

from lib import fixture, tap, web
from lib.records import wait_for

WMI = "/AdminService/wmi/"
LIST = WMI + ("SMS_Package?$filter=startswith(Name,'Kept')&$orderby=Name"
              "&$select=Name,SecuredScopeNames")
OLD = """SELECT count(*) FROM reeve.object_body b WHERE b.revision
    <= (SELECT changed_revision FROM reeve.object_body_names)"""
KEYS = """SELECT string_agg(key, ',' ORDER BY key) FROM reeve.idempotency_key
    WHERE actor = 'nobody@LAB.TEST'"""

site = fixture.site()
alice = web.client(site, "alice")


def made(path, body):
    answer = alice.post(WMI + path, body)
    tap.is_(answer.status, 201, f"{path} is made")
    return answer.json()


def shown():
    return [(row["Name"], row["SecuredScopeNames"])
            for row in alice.get(LIST).json()["value"]]


scope = made("SMS_SecuredCategory",
             {"CategoryName": "Before"})["CategoryID"]
for name in ("Kept one", "Kept two"):
    made("SMS_Package", {"Name": name, "CategoryIDs": [scope]})
tap.is_(shown(), [("Kept one", ["Before"]), ("Kept two", ["Before"])],
        "objects show their scope")

answer = alice.patch(f"{WMI}SMS_SecuredCategory('{scope}')",
                     {"CategoryName": "After"})
tap.is_(answer.status // 100, 2, "the scope is renamed")
tap.is_(shown(), [("Kept one", ["After"]), ("Kept two", ["After"])],
        "and shown by its new name at once")
wait_for(lambda: site.psql(OLD).strip() == "0", timeout=30,
         what="the provider to have them kept anew")
tap.ok(True, "the provider has them kept anew")
tap.is_(shown(), [("Kept one", ["After"]), ("Kept two", ["After"])],
        "as they were")

site.psql("""INSERT INTO reeve.idempotency_key (actor, key, operation,
    body_sha256, revision, changed, created_at)
    SELECT 'nobody@LAB.TEST', 'of-' || d, 'x', 'y', 1, 0,
        clock_timestamp() - make_interval(days => d)
    FROM unnest('{1,8}'::integer[]) d""")
wait_for(lambda: site.psql(KEYS).strip() == "of-1", timeout=30,
         what="an answer of eight days ago to be forgotten")
tap.is_(site.psql(KEYS).strip(), "of-1", "one of yesterday is not forgotten")

fixture.finish(site)
