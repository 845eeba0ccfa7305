"""From PostgreSQL to serving, against reading the same rows with psql."""

from bench import store
from bench.rows import BenchError, Row

VIEWS = ("feed_resource", "feed_member")


def measure(stores, runs, say, shape=store.MILLION):
    rows = []
    db = stores.get(shape, say)
    with store.Loader(db, one_core=False) as loader:
        # The sample site has some of its own besides.
        if (loader.resources < shape[0]
                or loader.memberships < shape[0] * shape[1]):
            raise BenchError("the loader has not got all rows")
        for i in range(runs):
            say(f"run {i + 1} of {runs}")
            copy = db.copy_seconds(*VIEWS)
            rows.append(Row(
                "load, 10^6 devices", loader.load_seconds(), "s",
                "psql copy (format binary)", copy, 1.5))
    return rows
