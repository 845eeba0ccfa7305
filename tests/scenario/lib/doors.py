"""The routes of a provider, as it tells them itself, with paths to ask."""

import re


def sample(method, path):
    """The path, with something of each site in the place of parameters."""
    name, key = "SMS_Role", "SMS0001R"
    if method != "GET":
        name, key = "SMS_Package", "TST00001"
    if "/v1.0/" in path:
        name, key = name.removeprefix("SMS_"), key.replace("TST0", "TST1")
    if "SecuredCategory" in path:
        key = "SMS00UNA"
    key = f"'{key}'"
    if re.search(r"(Admin|Approval)\(", path):
        key = "16777217"
    return path.replace("{class}", name).replace("{key}", key)


def patterns(site):
    """[(method, path as it is in the table, power)]"""
    return [line.split("\t") for line in
            site.provider.command("--routes").splitlines()]


def routes(site):
    """[(method, path, power)]"""
    return [(method, sample(method, path), power)
            for method, path, power in patterns(site)]


def methods(table, path):
    """Those of all patterns of a table that a path fits, HEAD with GET."""
    found = set()
    for method, pattern, _ in table:
        shape = re.escape(pattern).replace(r"\{class\}", "[^(.$/]+").replace(
            r"\(\{key\}\)", r"\(.+\)")
        if re.fullmatch(shape, path):
            found |= {"GET", "HEAD"} if method == "GET" else {method}
    return found
