"""The routes of a provider, as it tells them itself, with paths to ask."""


def sample(path):
    """The path, with something of each site in the place of parameters."""
    name = "Role" if "/v1.0/" in path else "SMS_Role"
    return path.replace("{class}({key})", f"{name}('SMS0001R')").replace(
        "{class}", name)


def routes(site):
    """[(method, path, power)]"""
    lines = [line.split("\t") for line in
             site.provider.command("--routes").splitlines()]
    return [(method, sample(path), power) for method, path, power in lines]
