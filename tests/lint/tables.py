"""Every table of the schema says what it is for: COMMENT ON TABLE."""

import re

import common

CREATE = re.compile(r"^\s*CREATE\s+(?:UNLOGGED\s+)?TABLE\s+"
                    r"(?:IF\s+NOT\s+EXISTS\s+)?([\w.\"]+)", re.I | re.M)
COMMENT = re.compile(r"^\s*COMMENT\s+ON\s+TABLE\s+([\w.\"]+)\s+IS\s+"
                     r"(?:E?'(?:[^']|'')+'|\$)", re.I | re.M)
PARTITION = re.compile(r"\s+PARTITION\s+OF\b", re.I)


def bare(name):
    return name.replace('"', "").removeprefix("reeve.").lower()


def sql(text):
    return re.sub(r"--[^\n]*", "", text)


def check(root):
    made, said = {}, set()
    for path in common.files(root, ("sql/migrations",), (".sql",)):
        text = common.read(root, path)
        text = sql(text)
        for match in CREATE.finditer(text):
            if not PARTITION.match(text, match.end()):
                made[bare(match[1])] = (path, common.line_of(
                    text, match.start(1)))
        said |= {bare(m[1]) for m in COMMENT.finditer(text)}
    return [common.finding(*made[name], f"table {name} has no COMMENT ON "
                           "TABLE") for name in made if name not in said]


PLANTS = {
    "a table without a comment": {
        "sql/migrations/0001_a.sql": "CREATE TABLE reeve.a (b int);\n"
        "-- COMMENT ON TABLE reeve.a IS 'no';\n"},
    "a table with an empty comment": {
        "sql/migrations/0001_a.sql": "CREATE TABLE reeve.a (b int);\n"
        "COMMENT ON TABLE reeve.a IS '';\n"},
}
SOUND = {"sql/migrations/0001_a.sql": "CREATE TABLE a (b int);\n"
         "CREATE TEMP TABLE t (x int);\n",
         "sql/migrations/0002_b.sql": "COMMENT ON TABLE reeve.a IS\n"
         "    'What it''s for.';\n"}

if __name__ == "__main__":
    common.main("every table has a comment", check, PLANTS, SOUND)
