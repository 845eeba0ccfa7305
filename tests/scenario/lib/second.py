"""A second provider of a site, which follows the store for itself.

    there = second.start(site)
    web.client(there, "bob").get("/readyz")
    there.feed.hold()
    ...
    there.finish()
"""

import atexit
import os
import shutil

from lab import host
from lab.process import Daemon
from lab.provider import Provider
from lab.proxy import Proxy
from lib import tap, web


class _Provider(Provider):
    """With a folder, a port and a link to the store of its own."""

    def __init__(self, first, feed):
        super().__init__(first.site, first.overrides)
        self.folder = first.site.private_path("second")
        self.audit = os.path.join(self.folder, "audit")
        self.config = os.path.join(self.folder, "reeved.conf")
        self.log = first.site.path("log", "second.log")
        self.port = host.free_port([first.site.port("https")])
        self.daemon = Daemon("reeved", first.site.run_path("second.pid"),
                             self.log)
        self.feed = feed

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def defaults(self):
        return {**super().defaults(), "listen": f"127.0.0.1:{self.port}",
                "node": "second", "store_feed": self.site.postgres.conninfo(
                    "reeve", sockets=self.feed.folder)}

    def start(self):
        self.daemon.start([self._runnable(), "-f", self.config], self.env(),
                          self.user)

    def is_ready(self):
        try:
            return web.Client(At(self)).get("/readyz").status == 200
        except host.LabError:
            return False


class At:
    """A site as its callers see it through another provider."""

    def __init__(self, provider):
        self.provider = provider
        self.url = provider.url
        self.feed = provider.feed
        self.audit_folder = provider.audit

    def __getattr__(self, name):
        return getattr(self.provider.site, name)

    def port(self, name):
        return self.provider.port if name == "https" \
            else self.provider.site.port(name)

    def stop(self):
        """Ends the provider and takes its folder away; returns its code."""
        if self.provider.daemon.pid is None:
            return None
        code = self.provider.daemon.stop(20)
        self.feed.stop()
        shutil.rmtree(self.provider.folder, ignore_errors=True)
        return code

    def finish(self):
        """stop(), and checks that it ended well and nothing accuses it."""
        tap.is_(self.stop(), 0, "the second provider ends by itself, with 0")
        tap.is_(self.provider.reports(), [],
                "no sanitizer reports anything of it")


def start(site):
    """Starts it and waits until it answers; ends with the scenario."""
    feed = Proxy(site.run_path("second-feed"), site.run_path("pg"))
    feed.start()
    there = At(_Provider(site.provider, feed))
    # Of what is registered the last comes first: before the site ends.
    atexit.register(there.stop)
    there.provider.configure()
    there.provider.start()
    there.provider.wait()
    return there
