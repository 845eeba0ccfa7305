"""Words and paths that do not belong into the tree.

The patterns are written so that they do not match themselves.
"""

import os
import re

import common

PATTERNS = {
    "a path of somebody's machine":
        r"(?<![\w.$}-])/(?:wo[r]k|ho[m]e/[a-z]\w*|ro[o]t|Use[r]s/\w+)/",
    "the host of a package registry":
        r"registry\.np[m]js|pypi\.o[r]g|files\.pythonh[o]sted|"
        r"proxy\.gol[a]ng|crates\.i[o]\b|deb\.debi[a]n\.org",
    "how the text was made":
        r"(?i)\b(?:cl[a]ude|anthr[o]pic|chat[g]pt|open[a]i|c[o]pilot|"
        r"ll[m]s?|sub-?ag[e]nts?|ai[- ]gener[a]ted|language mod[e]l)\b",
    "what was still to do": r"\b(?:TO[D]O|FIX[M]E|XX[X])\b",
    "a conflict left by a merge": r"^(?:<{7}|>{7}) ",
    "a number of a work item": r"(?i)\bissu[e] #?\d+|\bphas[e] \d",
}
BINARY = (".png", ".ico", ".woff2", ".bin", ".der", ".pac", ".p12", ".gz")


def check(root):
    found = []
    own = os.path.realpath(root) + os.sep
    for path in common.files(root):
        if path.endswith(BINARY) or "/corpus/" in path:
            continue
        text = common.read(root, path)
        if "\0" in text:
            continue
        for what, pattern in PATTERNS.items():
            for match in re.finditer(pattern, text, re.M):
                found.append(common.finding(
                    path, common.line_of(text, match.start()),
                    f"{what}: {match.group()!r}"))
        if len(own) > 5 and own in text:
            found.append(common.finding(
                path, common.line_of(text, text.index(own)),
                "the path of this checkout"))
    return found


PLANTS = {
    "a home folder": {"docs/x.md": "see /ho" + "me/someone/reeve\n"},
    "a path of this machine": {"a/x.sh": "cd /wo" + "rk/main\n"},
    "a registry": {"a/x": "https://registry.np" + "mjs.org/x\n"},
    "an assistant": {"docs/x.md": "written by Cl" + "aude\n"},
    "something to do": {"provider/x.c": "/* TO" + "DO: later */\n"},
    "a merge": {"a.c": "<" * 7 + " HEAD\n"},
    "a work item": {"a.c": "/* see issu" + "e #12 */\n"},
}
SOUND = {"a.md": "Issues of tokens; a session; /usr/bin/work/; "
         "$HOME/work/x; the phases of the moon; 'root/'.\n"}

if __name__ == "__main__":
    common.main("no stray words and paths", check, PLANTS, SOUND)
