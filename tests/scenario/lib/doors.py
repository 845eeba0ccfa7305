"""The routes of a provider, as it tells them itself, with paths to ask."""

import re


def sample(path):
    """The path, with something of each site in the place of parameters."""
    name = "Role" if "/v1.0/" in path else "SMS_Role"
    key = "SMS00UNA" if "SecuredCategory" in path else "SMS0001R"
    return path.replace("{class}", name).replace("{key}", f"'{key}'")


def patterns(site):
    """[(method, path as it is in the table, power)]"""
    return [line.split("\t") for line in
            site.provider.command("--routes").splitlines()]


def routes(site):
    """[(method, path, power)]"""
    return [(method, sample(path), power)
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
