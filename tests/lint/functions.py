"""Functions of C that nothing here may call."""

import re

import common

NEVER = {
    "strcpy": "has no bound", "strcat": "has no bound",
    "stpcpy": "has no bound", "sprintf": "has no bound; use snprintf",
    "vsprintf": "has no bound; use vsnprintf", "gets": "has no bound",
    "strtok": "keeps state; use struct rv_slice",
    "atoi": "hides errors", "atol": "hides errors", "atoll": "hides errors",
    "alloca": "can pass the end of the stack",
    "system": "runs a shell", "popen": "runs a shell",
}
# Test programs may start their parts with a command that they spell out.
IN_TESTS = {"system", "popen"}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(NEVER) + r")\s*\(")
COMPARE = re.compile(r"(?<!\w)(?:memcmp|strcmp|strncmp|rv_slice_eq\w*)\s*\(")
SECRET = re.compile(r"secret|token|passw|hmac|(?<![a-z])mac(?![a-z])|cookie"
                    r"|bearer|session_?(?:id|key|hash)|api_?key", re.I)
EXCUSE = "not a secret"  # in a comment of the same line or the one above


def arguments(code, start):
    """The text between the parentheses that open before start."""
    depth, at = 1, start
    while at < len(code) and depth:
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        at += 1
    return code[start:at - 1]


def check(root):
    found = []
    for path in common.files(root, common.C_FOLDERS, (".c", ".h")):
        text = common.read(root, path)
        code = common.c_code(text)
        lines = text.split("\n")
        for match in CALL.finditer(code):
            if path.startswith("tests/") and match[1] in IN_TESTS:
                continue
            found.append(common.finding(
                path, common.line_of(code, match.start()),
                f"{match[1]}() {NEVER[match[1]]}"))
        if path.startswith("tests/"):
            continue
        for match in COMPARE.finditer(code):
            line = common.line_of(code, match.start())
            excused = any(EXCUSE in lines[i] for i in (line - 2, line - 1)
                          if i >= 0)
            if SECRET.search(arguments(code, match.end())) and not excused:
                found.append(common.finding(
                    path, line, "compares a secret in a time that tells "
                    "where it differs: use CRYPTO_memcmp (or say in a "
                    f"comment that it is {EXCUSE})"))
    return found


PLANTS = {name: {"auth/x.c": f"int f(void)\n{{\n\t{name} (a, b);\n}}\n"}
          for name in NEVER}
PLANTS["memcmp on a token"] = {
    "auth/x.c": "if (memcmp(a->token, b, 32) == 0)\n"}
PLANTS["memcmp on a secret, on two lines"] = {
    "provider/x.c": "r = memcmp(a,\n    session_hash, n);\n"}
SOUND = {"auth/x.c": '/* strcpy(a, b) */ p("strcpy(a)"); my_system(1); '
         "x.gets(2); memcmp(a, b, 3);\n/* not a secret */\n"
         "memcmp(token, b, 3);\nCRYPTO_memcmp(token, b, 3);\n"
         "snprintf(a, n, s);\n"}

if __name__ == "__main__":
    common.main("no forbidden function is called", check, PLANTS, SOUND)
