#!/usr/bin/python3 -B
"""Every line of curl in docs/scripting.md runs, and PowerShell says the same."""

import json
import os
import re
import shlex
import subprocess

from lib import fixture, tap, web
from lab import host

BLOCK = re.compile(r"^### (.+)\n\n```sh\n(.+)\n```\n\n```powershell\n(.+)\n```$",
                   re.M)
WMI = "/AdminService/wmi/"

with open(os.path.join(host.ROOT, "docs/scripting.md"), encoding="utf-8") as f:
    text = f.read()
tasks = BLOCK.findall(text)
tap.is_(len(tasks), text.count("\n### "), "every task has one line of each")


def of_curl(line):
    """(method, URL, body) of a line of curl."""
    words = shlex.split(line)
    assert words[:4] == ["curl", "--negotiate", "--user", ":"], line
    told = dict(zip(words[4:-1:2], words[5:-1:2], strict=True))
    body = told.pop("--data", None)
    if body is not None:
        assert told.pop("--header") == "Content-Type: application/json", line
    method = told.pop("--request", "GET")
    assert not told, told
    return method, words[-1], None if body is None else json.loads(body)


WORD = re.compile(r"""\s*('(?:[^']|'')*'|"[^"`]*"|[^\s'"]+)""")


def of_powershell(line):
    """The same of one of PowerShell: quoted words, and names with values."""
    words, at = [], 0
    while at < len(line):
        found = WORD.match(line, at)
        assert found, f"no word at {at} of {line}"
        word, at = found[1], found.end()
        if word[0] == "'":
            word = word[1:-1].replace("''", "'")
        elif word[0] == '"':
            word = word[1:-1]
        words.append(word)
    assert words[:2] == ["Invoke-RestMethod", "-UseDefaultCredentials"], line
    told = dict(zip(words[2::2], words[3::2], strict=True))
    body = told.pop("-Body", None)
    if body is not None:
        assert told.pop("-ContentType") == "application/json", line
    method, url = told.pop("-Method", "GET").upper(), told.pop("-Uri")
    assert not told, told
    return method, url, None if body is None else json.loads(body)


site = fixture.site()
alice = web.client(site, "alice")
made = {}
for name, path, body, member in (
        ("ADMIN", "SMS_Admin", {"LogonName": "krb5:script@OTHER.TEST",
                                "Permissions": [
            {"RoleID": "SMS0008R", "CategoryID": "SMS00UNA",
             "CategoryTypeID": 29}]}, "AdminID"),
        ("ROLE", "SMS_Role", {"RoleName": "script", "Operations": []},
         "RoleID"),
        ("COLLECTION", "SMS_Collection", {
            "Name": "script", "LimitToCollectionID": "SMS00001"},
         "CollectionID"),
        ("SCOPE", "SMS_SecuredCategory", {"CategoryName": "script"},
         "CategoryID")):
    made[name] = str(alice.post(WMI + path, body).json()[member])
site.psql("""SET ROLE reeve_owner; SET search_path = reeve, pg_temp;
    BEGIN; SELECT take_revision();
    INSERT INTO secured_object (object_type_id, object_key, name)
        VALUES (2, 'PKG00001', 'script');
    INSERT INTO object_scope (object_type_id, object_key, scope_id)
        VALUES (2, 'PKG00001', 'SMS00UNA'); COMMIT""")
env = host.base_env(KRB5_CONFIG=site.kdc.krb5_conf, REEVE=site.url,
                    KRB5CCNAME="FILE:" + site.kinit("alice"),
                    CURL_CA_BUNDLE=site.ca, **made)
SUCCESS = {"POST": ("200", "201"), "DELETE": ("204",)}
for title, curl, powershell in tasks:
    tap.is_(of_powershell(powershell), of_curl(curl),
            f"{title}: PowerShell sends what curl does")
    done = subprocess.run(
        ["sh", "-c", curl + " --silent --show-error --write-out "
         "'\n%{http_code}'"], env=env, capture_output=True, text=True,
        check=False)
    body, _, status = done.stdout.rpartition("\n")
    tap.ok(done.returncode == 0
           and status in SUCCESS.get(of_curl(curl)[0], ("200",)),
           f"{title}: curl does it") or tap.diag(
               f"{curl}\n{status} {body[:400]} {done.stderr}")

fixture.finish(site)
