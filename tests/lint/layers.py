"""rbac/ and auth/ include only include/reeve and themselves."""

import os
import re

import common

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)
# folder -> folders whose headers it may include besides include/
ALLOWED = {"include": (), "rbac": ("rbac",), "auth": ("auth",),
           "provider": ("provider",)}


def headers(root, folder):
    """Names by which a header of folder can be included."""
    return {os.path.relpath(p, folder)
            for p in common.files(root, (folder,), (".h",))}


def is_allowed(root, path, name, allowed):
    if name.startswith("reeve/"):
        return True
    # As found beside the file, which must not lead out of its folder.
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if os.path.exists(os.path.join(root, beside)):
        return beside.split(os.sep)[0] in allowed
    return any(name in headers(root, folder) for folder in allowed)


def check(root):
    found = []
    for folder, allowed in ALLOWED.items():
        for path in common.files(root, (folder,), (".c", ".h")):
            text = common.c_code(common.read(root, path), keep_strings=True)
            for match in INCLUDE.finditer(text):
                if not is_allowed(root, path, match[1], allowed):
                    found.append(common.finding(
                        path, common.line_of(text, match.start()),
                        f'{folder}/ may not include "{match[1]}"'))
    return found


PLANTS = {
    "rbac includes from provider": {
        "rbac/x.c": '#include "loop/loop.h"\n', "provider/loop/loop.h": ""},
    "auth includes from provider by a relative path": {
        "auth/x.c": '#include "../provider/log.h"\n', "provider/log.h": ""},
    "rbac includes from auth": {
        "rbac/a/x.c": '#include "spnego.h"\n', "auth/spnego.h": ""},
    "auth includes from rbac": {
        "auth/x.h": '# include "set/set.h"\n', "rbac/set/set.h": ""},
    "include reaches into rbac": {
        "include/reeve/x.h": '#include "set/set.h"\n', "rbac/set/set.h": ""},
}
SOUND = {"rbac/set/set.h": "", "rbac/x.c": '#include "set/set.h"\n'
         '#include "reeve/base.h"\n#include <stdio.h>\n'
         '/* #include "loop/loop.h" */\n',
         "include/reeve/base.h": "", "provider/loop/loop.h": "",
         "provider/loop/x.c": '#include "loop.h"\n#include "loop/loop.h"\n'}

if __name__ == "__main__":
    common.main("folders include only what lies below them", check, PLANTS,
                SOUND)
