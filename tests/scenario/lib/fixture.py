"""A site for one scenario, gone when the scenario ends.

    from lib import fixture, tap
    site = fixture.site(config={"max_staleness": "2s"})
    ...
    fixture.finish(site)
"""

import atexit
import os

from lab import host
from lab.host import LabError
from lab.process import Guard
from lab.site import ALL, Site
from lib import tap


def site(parts=ALL, **options):
    """A running site in a folder of its own; fails the scenario if not.

    options are those of lab.site.Site: config, wrapper, feed_proxy, ...
    parts=() makes the site and starts nothing.
    """
    folder = host.make_temp()
    Guard.get().tell("rm " + folder)
    made = Site(os.path.join(folder, "s"), **options)
    tap.on_failure(lambda: _words(made))
    try:
        made.up(parts)
    except LabError as e:
        tap.bail_out(f"the site did not come up: {e}")
    atexit.register(_remove, made, folder)
    return made


def _words(made):
    return (f"the end of the provider's log ({made.provider.log}):\n"
            + made.provider.daemon.log_tail(40))


def _remove(made, folder):
    made.down()
    host.remove_temp(folder)


def finish(made):
    """Stops the provider, checks that it ended well, and prints the plan.

    A sanitizer's report or an exit code but 0 fails the scenario.
    """
    if made.provider.daemon.pid is not None:
        code = made.provider.stop(timeout=30)
        tap.is_(code, 0, "the provider ends by itself on SIGTERM, with 0")
    no_reports(made)
    tap.done()


def no_reports(made):
    """No sanitizer has reported; call it after a provoked crash too."""
    reports = made.provider.reports()
    tap.is_(reports, [], "no sanitizer reports anything")
