"""Kerberos tickets through the acceptor process, against a bare loop."""

import os

from bench import programs
from bench.rows import BenchError
from lab import host
from lab.site import Site

PROGRAM = "bench_acceptor"


def measure(runs, say):
    """The rows of the program, with a KDC of its own."""
    say(f"{PROGRAM}, {runs} runs, against a KDC")
    folder = host.make_temp()
    try:
        found = _measure(folder, runs)
    finally:
        host.remove_temp(folder)
    if not found:
        raise BenchError(f"{PROGRAM} printed no line of results")
    return found


def _measure(folder, runs):
    with Site(os.path.join(folder, "s")) as site:
        site.up(("kdc",))
        ccache = site.kinit("alice")
        folder = site.path("replay")
        os.makedirs(folder)
        return programs.results(host.run(
            programs.pinned([programs.path_of(PROGRAM),
                             site.path("keytabs", "service.keytab"), folder,
                             str(runs)]),
            env=host.base_env(KRB5_CONFIG=site.kdc.krb5_conf,
                              KRB5CCNAME="FILE:" + ccache)))
