"""Who lives in the lab: the people of users.tsv, and their groups."""

import os
from dataclasses import dataclass

REALM = "LAB.TEST"
BASE = "dc=lab,dc=test"
PEOPLE = "ou=people," + BASE
GROUPS = "ou=groups," + BASE

# name -> (number in the entryUUID, people, nested groups)
GROUP_TABLE = {
    "analysts": (1, [], ["helpdesk"]),
    "helpdesk": (2, ["dave"], []),
    "deployers": (3, ["ivan", "judy"], []),
    "everyone": (4, None, []),  # None: all people
}


@dataclass(frozen=True)
class Person:
    name: str
    password: str
    may: str
    uuid: str

    @property
    def dn(self):
        return f"uid={self.name},{PEOPLE}"


@dataclass(frozen=True)
class Group:
    name: str
    uuid: str
    people: tuple
    nested: tuple

    @property
    def dn(self):
        return f"cn={self.name},{GROUPS}"


def read_people(path=None):
    """The lines of users.tsv as {name: Person}, in order."""
    path = path or os.path.join(os.path.dirname(__file__), "users.tsv")
    people = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("#") or not line.strip():
                continue
            name, password, may = line.rstrip("\n").split("\t")
            uuid = f"20000000-0000-4000-8000-{len(people) + 1:012d}"
            people[name] = Person(name, password, may, uuid)
    return people


def groups(people):
    """The groups as {name: Group}."""
    out = {}
    for name, (number, members, nested) in GROUP_TABLE.items():
        members = list(people) if members is None else members
        out[name] = Group(name, f"10000000-0000-4000-8000-{number:012d}",
                          tuple(members), tuple(nested))
    return out
