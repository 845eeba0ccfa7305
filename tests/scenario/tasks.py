#!/usr/bin/python3 -B
"""Tasks: what each needs, and the least role for some of them."""

from lib import fixture, tap, web

TASKS, ROLE = "/reeve/v1/tasks", "/reeve/v1/roles/for-tasks"

site = fixture.site()
frank = web.client(site, "frank")
tasks = {t["task"]: t for t in frank.get(TASKS).json()["tasks"]}
tap.ok(len(tasks) >= 50, f"there are {len(tasks)} tasks, for everybody")
deploy = tasks["application.deploy"]
tap.is_(deploy["title"], "Deploy an application to a collection",
        "with a title")
tap.is_([(n["type"], n["operation"], n["together"]) for n in deploy["needs"]],
        [("SMS_Application", "Read", "deploy"),
         ("SMS_Collection", "Read", "deploy"),
         ("SMS_Collection", "Deploy Applications", "deploy")],
        "both halves, and that they come from one assignment")
tap.ok("together" not in tasks["application.read"]["needs"][0],
       "which is not said where there is one")

role = frank.post(ROLE, {"tasks": ["application.deploy", "scope.create"]})
tap.is_(role.status, 200, "a role is made of tasks")
tap.is_({o["type"]: o["operations"] for o in role.json()["operations"]},
        {"SMS_Application": ["Read"],
         "SMS_Collection": ["Read", "Deploy Applications"],
         "SMS_SecuredCategory": ["Read", "Create"]}, "of what they need")
tap.is_(role.json()["not_limited_by_scopes"], ["SMS_SecuredCategory"],
        "with what no scope limits")
for what, body in {
        "no member": {}, "none": {"tasks": []}, "no list": {"tasks": "x"},
        "a number": {"tasks": [1]}, "an unknown one": {"tasks": ["nothing"]},
        "quotes": {"tasks": ['a"},{']}, "too many": {"tasks": ["a.b"] * 101},
        "something else": {"tasks": ["scope.create"], "role": "x"}}.items():
    answer = frank.post(ROLE, body)
    tap.is_((answer.status, answer.header("content-type")),
            (400, "application/problem+json"), f"refused: {what}")
tap.is_(web.Client(site).get(TASKS).status, 401, "and nobody asks unknown")

fixture.finish(site)
