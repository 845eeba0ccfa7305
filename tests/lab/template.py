"""The template: a finished site, made once and copied for each further one.

It lies in build/lab-template/KEY; KEY is a hash of sql/ and of the lab's own
files, so a change of either makes a new one.  Copies hold a shared lock, the
maker an exclusive one: any number of sites may start at once.
"""

import contextlib
import fcntl
import glob
import hashlib
import os
import shutil
import time

from lab import host, pki
from lab.people import REALM, read_people

FOLDER = os.path.join(host.ROOT, "build/lab-template")
# Folders of a site that come from the template; postgres may lie elsewhere.
PARTS = ("pki", "kdc", "keytabs", "directory")
ADMINISTRATOR = "alice@" + REALM


def _hash_file(digest, path):
    digest.update(os.path.relpath(path, host.ROOT).encode() + b"\0")
    with open(path, "rb") as f:
        data = f.read()
    digest.update(str(len(data)).encode() + b"\0" + data)


def key():
    digest = hashlib.sha256(f"uid {os.geteuid()}\0".encode())
    for top in ("sql", "tests/lab"):
        for folder, folders, files in os.walk(os.path.join(host.ROOT, top)):
            folders[:] = sorted(f for f in folders if f != "__pycache__")
            for name in sorted(files):
                if not name.endswith((".pyc", "~", ".swp")):
                    _hash_file(digest, os.path.join(folder, name))
    return digest.hexdigest()[:20]


@contextlib.contextmanager
def _locked(how):
    os.makedirs(FOLDER, exist_ok=True)
    fd = os.open(os.path.join(FOLDER, "lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)


def fill(site, progress):
    """Copies the template into a new site, making it first if need be."""
    while True:
        with _locked(fcntl.LOCK_SH):
            at = os.path.join(FOLDER, key())
            if os.path.isdir(at):
                for name in PARTS:
                    host.copy_tree(os.path.join(at, name), site.path(name))
                host.copy_tree(os.path.join(at, "postgres"),
                               site.postgres.data)
                return os.path.basename(at)
        with _locked(fcntl.LOCK_EX):
            at = os.path.join(FOLDER, key())
            if not os.path.isdir(at):
                _remove_others()
                _make(at, type(site), site.provider.binary, progress)


def _remove_others():
    for name in os.listdir(FOLDER):
        if name != "lock":
            shutil.rmtree(os.path.join(FOLDER, name), ignore_errors=True)


def sample_files():
    """SQL that turns an initialised site into the sample site."""
    at = os.path.join(host.ROOT, "sql")
    return sorted(glob.glob(at + "/sample*.sql")
                  + glob.glob(at + "/sample/*.sql"))


def _make(at, site_class, binary, progress):
    """Builds a site step by step in a folder of its own, and keeps it."""
    started = time.monotonic()
    progress("making the template: keys and certificates")
    folder = host.make_temp()
    site = site_class(folder, template=True, binary=binary)
    try:
        site.prepare()
        people = read_people()
        pki.make(site.path("pki"))
        progress("making the template: Kerberos realm and directory")
        site.kdc.make(people)
        site.directory.make(people)
        progress("making the template: database")
        site.postgres.make()
        site.start_parts(("postgres", "kdc", "directory"))
        _fill_database(site, progress)
        site.stop_parts()
        _keep(site, at)
    finally:
        site.stop_parts()
        host.remove_temp(folder)
    progress(f"the template is made ({time.monotonic() - started:.1f} s)")


def _fill_database(site, progress):
    site.postgres.make_database()
    site.provider.configure()
    progress("making the template: migrations")
    site.provider.command("--migrate")
    site.postgres.make_logins()
    site.provider.command("--init", "--admin", ADMINISTRATOR)
    for path in sample_files():
        progress("making the template: " + os.path.basename(path))
        site.postgres.psql(None, file=path)
    site.postgres.psql("ANALYZE")


def _keep(site, at):
    new = at + ".new"
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new)
    for name in PARTS:
        host.copy_tree(site.path(name), os.path.join(new, name))
    host.copy_tree(site.postgres.data, os.path.join(new, "postgres"))
    os.rename(new, at)
