"""Which of a million devices may somebody read: engine, SQL, row security.

The same question about the same rows, for another administrator in each
run; the numbers found must agree.
"""

from bench import store
from bench.rows import BenchError, Row
from bench.store import Loader

LIMIT_MS = 1.0
FEW = 100000

# What the administrator's roles let him read, as collections.
GIVEN = """
SELECT ac.collection_id
FROM reeve.administrative_user u
JOIN reeve.assignment a USING (admin_id)
JOIN reeve.role_operation o ON o.role_id = a.role_id
    AND o.object_type_id = 1 AND o.bit = 0
JOIN reeve.assignment_collection ac USING (assignment_id)
WHERE u.principal_id = ANY (string_to_array(
        current_setting('bench.ids'), ' '))
    AND NOT u.is_deleted AND NOT u.is_orphaned
    AND coalesce(a.valid_from <= now(), true)
    AND coalesce(now() < a.valid_until, true)"""

# Two ways to ask; the better one counts.
BY_MEMBERS = f"""
WITH given AS MATERIALIZED ({GIVEN})
SELECT %s FROM (
    SELECT m.resource_id FROM reeve.collection_member m
    WHERE m.collection_id IN (SELECT collection_id FROM given)
        AND m.kind = 'device'
    UNION
    SELECT r.resource_id FROM reeve.resource r
    WHERE r.resource_type = 5
        AND EXISTS (SELECT FROM given WHERE collection_id = 'SMS00001')) x;"""
BY_DEVICES = f"""
WITH given AS MATERIALIZED ({GIVEN})
SELECT %s FROM reeve.resource r
WHERE r.resource_type = 5 AND (
    EXISTS (SELECT FROM given WHERE collection_id = 'SMS00001')
    OR r.resource_id IN (SELECT m.resource_id FROM reeve.collection_member m
        WHERE m.collection_id IN (SELECT collection_id FROM given)));"""

# The same as a policy: the reader only says "select".  Once as a subquery,
# which PostgreSQL can answer once for all rows, though the reader must then
# be allowed to read the policy's tables; and once as a function with the
# owner's rights, for readers who are not, which is called for every row and
# so slowly that it gets the first FEW devices only.
ROW_SECURITY = f"""
CREATE ROLE bench_reader NOLOGIN;
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA reeve, bench TO bench_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reeve TO bench_reader;
CREATE TABLE bench.device AS
    SELECT resource_id, name FROM reeve.resource WHERE resource_type = 5;
ALTER TABLE bench.device ADD PRIMARY KEY (resource_id);
CREATE TABLE bench.guarded AS
    SELECT * FROM bench.device WHERE resource_id >= {store.FIRST_RESOURCE}
    ORDER BY resource_id LIMIT {FEW};
ALTER TABLE bench.guarded ADD PRIMARY KEY (resource_id);
GRANT SELECT ON bench.device, bench.guarded TO bench_reader;
ALTER TABLE bench.device ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON bench.device FOR SELECT TO bench_reader USING (
    EXISTS (SELECT FROM reeve.collection_member m
        WHERE m.resource_id = device.resource_id
            AND m.collection_id IN ({GIVEN}))
    OR EXISTS (SELECT FROM ({GIVEN}) g WHERE g.collection_id = 'SMS00001'));
CREATE FUNCTION bench.may_read(resource bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM ({GIVEN}) g
        WHERE g.collection_id = 'SMS00001'
            OR EXISTS (SELECT FROM reeve.collection_member m
                WHERE m.resource_id = $1
                    AND m.collection_id = g.collection_id));
END
$$;
ALTER TABLE bench.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY readable ON bench.guarded FOR SELECT TO bench_reader
    USING (bench.may_read(resource_id));
"""


class Question:
    """One administrator, asked about in all ways."""

    def __init__(self, db, loader, principal, among):
        self.db = db
        self.before = f"SET bench.ids = '{principal}'"
        self.found, self.count, self.ids = loader.devices(principal, among)
        self.few, self.count_few, _ = loader.devices(principal, FEW)
        self._agree(principal)

    def _agree(self, principal):
        for sql in (BY_MEMBERS, BY_DEVICES):
            self._same(principal, self.found, sql % "count(*)")
        as_reader = "SET ROLE bench_reader; SELECT count(*) FROM bench."
        self._same(principal, self.found, as_reader + "device;")
        self._same(principal, self.few, as_reader + "guarded;")

    def _same(self, principal, found, sql):
        answer = self.db.psql(f"{self.before};{sql}")
        if int(answer) != found:
            raise BenchError(f"{principal} may read {found} devices by the "
                             f"engine, {answer.strip()} by SQL: {sql}")

    def sql(self, what):
        return min(self.db.seconds(sql % what, self.before)
                   for sql in (BY_MEMBERS, BY_DEVICES))

    def row_security(self, what, table="device"):
        before = f"{self.before}; SET ROLE bench_reader"
        return self.db.seconds(f"SELECT {what} FROM bench.{table};", before)


def _rows(what, spent, sql, row_security):
    yield Row(f"devices of 10^6, {what}", spent * 1e3, "ms", "limit",
              LIMIT_MS, 1)
    yield Row(f"devices of 10^6, {what}, SQL", 1 / spent, "/s",
              "the same in SQL", 1 / sql, 200, True)
    yield Row(f"devices of 10^6, {what}, RLS", 1 / spent, "/s",
              "row-level security, subquery", 1 / row_security, 2000, True)


def _ask(db, loader, number, among):
    q = Question(db, loader, f"krb5:admin{number:06}@BENCH.TEST", among)
    if q.found == 0:
        return []  # this one may read nothing; the next one will do
    by_function = q.row_security("count(*)", "guarded")
    return [Row("devices of 10^5, count, RLS function", 1 / q.count_few, "/s",
                "row-level security, function", 1 / by_function, 2000, True),
            *_rows("count", q.count, q.sql("count(*)"),
                   q.row_security("count(*)")),
            *_rows("ids", q.ids, q.sql("resource_id"),
                   q.row_security("resource_id"))]


def measure(stores, runs, say, shape=store.MILLION):
    rows = []
    db = stores.get(shape, say)
    say("making a table with row-level security")
    db.psql(ROW_SECURITY)
    db.psql("VACUUM (ANALYZE) bench.device")
    with Loader(db) as loader:
        asked = number = 0
        while asked < runs:
            say(f"run {asked + 1} of {runs}")
            found = _ask(db, loader, number, shape[0])
            number += 1
            asked += bool(found)
            rows += found
            if number > shape[3] // 2:
                raise BenchError("hardly anybody may read any device")
    return rows
