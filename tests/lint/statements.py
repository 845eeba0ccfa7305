"""SQL in C is constant text with bound parameters."""

import re

import common

ESCAPE = re.compile(r"\bPQescape\w*\s*\(")
# Without parameters there is nothing but the text: it must be a literal.
PLAIN = re.compile(r"\b(PQexec|PQsendQuery)\s*\(([^,()]|\([^()]*\))*,"
                   r"\s*(?!\s*\")")
PRINTF = re.compile(r"\b\w*(?:printf|_fmt|_format|addf|putf)\w*\s*\("
                    r"([^;]*?)\)\s*[;)&|{]", re.S)
KEYWORD = re.compile(r'"[^"]*\b(?:SELECT\s|INSERT\s+INTO\b|UPDATE\s+\w|'
                     r'DELETE\s+FROM\b|CALL\s+\w|LISTEN\s|NOTIFY\s|'
                     r'COPY\s*\(|SET\s+(?:LOCAL\s+)?\w+\s*=)[^"]*"')
GLUED = re.compile(r"\b(?:strl?cat|rv_buf_(?:put|add|append)\w*)\s*\("
                   r"[^;]*?;", re.S)
# A function may hand its own parameter on; its callers are looked at instead.
PASSED_ON = re.compile(r"\b(?:PQexec|PQsendQuery)\s*\([^;]*,\s*sql\s*\)")
PARAMETER = re.compile(r"\([^;{}]*\bconst char \*sql\b[^;{}]*\)\s*\{"
                       r"(?:(?!\n\}).)*$", re.S)
CALLED = re.compile(r"\brv_(?:db|pg)_\w+\s*\([^;{]*?\)\s*[;)!=&|]", re.S)
BUILT = re.compile(r"\b(?:rv_buf_\w+\s*\(|\w*buf\w*(?:\.|->)(?:data|p|v)\b)")
# On the line or the one above: the text comes from a file of the project; or
# it is put together of constants, and all that callers wrote is bound.
EXCUSES = ("text of a migration", "SQL of constants")


def check(root):
    found = []
    for path in common.files(root, common.C_FOLDERS, (".c", ".h")):
        text = common.read(root, path)
        code = common.c_code(text, keep_strings=True)
        lines = text.split("\n")

        def report(offset, what, path=path, code=code, lines=lines):
            line = common.line_of(code, offset)
            if not any(excuse in lines[i] for i in (line - 2, line - 1)
                       for excuse in EXCUSES if i >= 0):
                found.append(common.finding(path, line, what))

        for match in ESCAPE.finditer(code):
            report(match.start(), "PQescape: bind a parameter instead")
        for match in PLAIN.finditer(code):
            if PASSED_ON.match(code, match.start()) and PARAMETER.search(
                    code[max(0, match.start() - 1500):match.start()]):
                continue
            report(match.start(), f"{match[1]} with text that is no literal: "
                   "bind parameters")
        for match in CALLED.finditer(code):
            if BUILT.search(match.group()):
                report(match.start(), "the store is given text from a "
                       "buffer: bind parameters")
        for pattern in (PRINTF, GLUED):
            for match in pattern.finditer(code):
                if KEYWORD.search(match.group()):
                    report(match.start(), "SQL is put together from pieces: "
                           "bind parameters")
    return found


def body(line):
    return {"provider/store/x.c": "void f(void)\n{\n\t" + line + "\n}\n"}


PLANTS = {
    "PQescapeLiteral": body("s = PQescapeLiteral(c, a, n);"),
    "PQexec of a variable": body("r = PQexec(conn->pg, text);"),
    "PQsendQuery of a call's result": body("PQsendQuery(pg(c), sql(x));"),
    "snprintf of a SELECT": body(
        'snprintf(b, n, "SELECT a FROM b WHERE c = \'%s\'", x);'),
    "a statement over two lines": body(
        'rv_buf_printf(b,\n\t    "DELETE FROM t WHERE a = %d", x);'),
    "PQexec of something that is not the parameter": body(
        'const char *sql = make(x);\n\tr = PQexec(c, sql);'),
    "a call of ours with a buffer": body(
        "r = rv_db_execute(db, sql_buf.data, e);"),
    "an appended piece": body('rv_buf_puts(b, "INSERT INTO t VALUES (");'),
}
SOUND = body('r = PQexec(c, "BEGIN");\n\tPQexecParams(c, select_text, 1);\n'
             '\t/* the text of a migration */\n\tPQexec(c, text);\n'
             '\trv_buf_printf(b, "Allow: GET, DELETE");\n'
             '\t/* snprintf(b, n, "SELECT %s", x); */\n'
             '}\nint g(struct d *db, const char *sql)\n{\n\tint r;\n'
         '\tstruct e e = { 0 };\n\tif (!PQsendQuery(db->c, sql))\n\t\treturn 1;\n'
         '\tstatic const char q[] = "SELECT a FROM b WHERE c = $1";')

if __name__ == "__main__":
    common.main("no SQL is built from strings", check, PLANTS, SOUND)
