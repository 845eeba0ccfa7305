#!/usr/bin/python3 -B
"""A site for trying the provider out, or for tests by hand.

usage: lab.py up DIR      make and start the site; returns when it is ready
       lab.py down DIR    stop it and remove it with all its data
       lab.py run DIR     up, stay in the foreground, down on Ctrl-C
       lab.py status DIR  what of it runs

REEVE_PORT sets the port of the provider, REEVED its program.
"""

import os
import shlex
import signal
import sys
import time

sys.dont_write_bytecode = True
# As a script this file would hide the package that it belongs to.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab import template  # noqa: E402
from lab.host import LabError  # noqa: E402
from lab.site import ALL, Site, locked  # noqa: E402


def say(text=""):
    """Prints; a terminal that has gone must not keep a site from ending."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Progress:
    """One line a step, with the time since the start."""

    def __init__(self):
        self.start = time.monotonic()

    def __call__(self, text):
        say(f"[{time.monotonic() - self.start:5.1f} s] {text}")


def check_folder(folder):
    """A site is made in a new folder or in one of ours."""
    if not os.path.isdir(folder):
        return
    names = os.listdir(folder)
    if set(names) - {"tmpdir"} and "state.json" not in names:
        raise LabError(f"{folder} is not empty and not a site of the lab: "
                       "name another folder")


def an_application(site):
    """Some application of the sample site, for the examples."""
    try:
        found = site.psql("SELECT object_key FROM reeve.feed_object WHERE "
                          "object_type_id = 31 ORDER BY 1 LIMIT 1").strip()
    except LabError:
        found = ""
    return found or "an-application"


def describe(site):
    """Where the site listens, and three commands to try."""
    person = site.people["alice"]
    curl = 'curl --cacert "$REEVE_CA" --negotiate -u :'
    question = ('{"subject":{"type":"user","id":"alice@LAB.TEST"},'
                '"action":{"name":"Read"},"resource":{"type":'
                '"SMS_Application","id":"' + an_application(site) + '"}}')
    say()
    say(f"The site listens on {site.url}")
    say(f"  environment  {site.path('env')}")
    say(f"  audit log    {site.audit_folder}")
    say(f"  log          {site.provider.log}")
    say("Try it:")
    say(f"  . {shlex.quote(site.path('env'))}; echo {person.password} | kinit "
        f"{person.name}")
    say(f"  {curl} -H 'Content-Type: application/json' \\\n"
        f"    -d '{question}' \\\n"
        '    "$REEVE_URL/access/v1/evaluation"')
    say(f'  {curl} "$REEVE_URL/AdminService/wmi/SMS_Application"')


def open_site(folder):
    """The site in folder, a new one where the old has lost its data."""
    check_folder(folder)
    site = Site(folder, progress=Progress())
    if site.is_made() and not os.path.isdir(site.postgres.data):
        say("The data of this site is gone (has the machine been started "
            "anew?); making a new one.")
        site.down()
        site = Site(folder, progress=Progress())
    return site


def bring_up(site):
    if site.is_made() and site.state["template"] != template.key():
        say("The SQL or the lab has changed since this site was made; "
            "'make down' removes it, so that the next one is new.")
    wanted = os.environ.get("REEVE_PORT")
    if site.is_made() and wanted and wanted != str(site.port("https")):
        say(f"REEVE_PORT={wanted} is for a new site; this one keeps its port "
            "until 'make down'.")
    try:
        site.up()
    except BaseException:
        if not site.is_made():
            site.down()  # nothing in it that is worth a look
        raise


def up(folder):
    with locked(folder):
        site = open_site(folder)
        bring_up(site)
        site.detach()
    describe(site)


def deaf():
    """A second Ctrl-C must not cut the stopping short."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def down(folder):
    with locked(folder):
        if not os.path.exists(os.path.join(folder, "state.json")):
            say(f"there is no site in {folder}")
            return
        site = Site(folder, progress=Progress())
        deaf()
        site.progress("stopping the site")
        site.down()
    say(f"the site in {folder} is stopped and removed")


def take_down(site):
    deaf()
    say()
    site.progress("stopping the site")
    site.down()
    say("stopped")


def run(folder):
    with locked(folder):
        site = open_site(folder)
        if site.provider.daemon.alive:
            raise LabError("this site runs already; 'make down' stops it")
        try:
            bring_up(site)
        except KeyboardInterrupt:
            take_down(site)
            return
    try:
        describe(site)
        say("\nCtrl-C stops the site and removes it.")
        while site.provider.daemon.alive:
            time.sleep(0.2)
    except KeyboardInterrupt:
        deaf()
        with locked(folder):
            take_down(site)
        return
    with locked(folder):
        site.stop_parts()
        if not os.path.exists(site.state_file):
            say("somebody else has stopped and removed the site")
            return
    raise LabError("the provider ended by itself (exit "
                   f"{site.provider.daemon.exit_code}); the end of "
                   f"{site.provider.log}:\n"
                   + site.provider.daemon.log_tail())


def status(folder):
    if not os.path.exists(os.path.join(folder, "state.json")):
        raise LabError(f"there is no site in {folder}")
    site = Site(folder)
    dead = [name for name in ALL if not site.part(name).daemon.alive]
    for name in ALL:
        say(f"{name:10} {'stopped' if name in dead else 'runs'}")
    if dead:
        raise LabError("not everything runs: " + ", ".join(dead))


def interrupt(*_args):
    raise KeyboardInterrupt


def main(argv):
    verbs = {"up": up, "down": down, "run": run, "status": status}
    if len(argv) != 3 or argv[1] not in verbs:
        say(__doc__.strip())
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        verbs[argv[1]](os.path.abspath(argv[2]))
    except (LabError, OSError) as e:
        print(f"lab: {e}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr, flush=True)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
