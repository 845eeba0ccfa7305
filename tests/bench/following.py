"""One change, from its COMMIT to the decision, against a bare client."""

from bench import programs, store


def measure(stores, runs, say, shape=store.MILLION):
    db = stores.get(shape, say)
    return programs.measure("bench_feed", runs, say, (db.conninfo(),))
