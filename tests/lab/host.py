"""What the machine gives: paths, users, free ports, copies of folders."""

import errno
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PG_BIN = "/usr/lib/postgresql/15/bin"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# sun_path holds 108 bytes; some programs want room for a suffix.
SOCKET_MAX = 100
TEMP_PREFIX = "reeve-lab."


class LabError(Exception):
    """A part of the lab did not do what it must; the text says which."""


def is_root():
    return os.geteuid() == 0


def database_user():
    """PostgreSQL refuses to run as root; None is the caller."""
    return "postgres" if is_root() else None


def provider_user():
    """The provider serves as a user without rights; None is the caller."""
    return "nobody" if is_root() else None


def caller_name():
    return pwd.getpwuid(os.geteuid()).pw_name


def as_user(user):
    """Keyword arguments for subprocess that start a program as user."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give(path, user):
    """Makes user the owner of path and of all below it."""
    if user is None:
        return
    entry = pwd.getpwnam(user)
    os.lchown(path, entry.pw_uid, entry.pw_gid)
    for top, folders, files in os.walk(path):
        for name in folders + files:
            os.lchown(os.path.join(top, name), entry.pw_uid, entry.pw_gid)


def can_enter(user, folder):
    """Whether user may search folder and all folders above it."""
    if user is None:
        return os.access(folder, os.X_OK)
    return subprocess.run(["/usr/bin/test", "-x", folder], cwd="/",
                          check=False, **as_user(user)).returncode == 0


def base_env(**more):
    """A small environment, so that nothing of the caller's leaks in."""
    env = {"PATH": PG_BIN + ":" + SYSTEM_PATH, "LANG": "C.UTF-8",
           "HOME": "/nonexistent", "TZ": "UTC"}
    env.update({k: v for k, v in more.items() if v is not None})
    return env


def run(argv, *, env=None, user=None, stdin=None, what=None, cwd="/"):
    """Runs a program to its end and returns its output, or LabError."""
    try:
        done = subprocess.run(argv, env=env or base_env(), input=stdin,
                              stdin=None if stdin is not None
                              else subprocess.DEVNULL,
                              capture_output=True, text=True, cwd=cwd,
                              check=False, **as_user(user))
    except OSError as e:
        raise LabError(f"cannot start {argv[0]}: {e}") from e
    if done.returncode != 0:
        text = (done.stderr + done.stdout).strip()
        raise LabError(f"{what or ' '.join(argv[:2])} failed "
                       f"(exit {done.returncode}): {text}")
    return done.stdout


def is_free(port):
    """Whether nobody listens on a TCP port of 127.0.0.1."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError as e:
            return e.errno != errno.EADDRINUSE
    return True


def becomes_free(port, timeout):
    """Whether nobody listens on the port any more, within timeout seconds."""
    deadline = time.monotonic() + timeout
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def free_port(avoid=()):
    """A free TCP port of 127.0.0.1 below the range of outgoing ones."""
    for _ in range(200):
        port = random.randrange(18000, 32000)
        if port not in avoid and is_free(port):
            return port
    raise LabError("no free TCP port between 18000 and 32000")


def make_temp():
    """A folder that other users may pass through but not list."""
    path = tempfile.mkdtemp(prefix=TEMP_PREFIX, dir="/tmp")
    os.chmod(path, 0o711)
    return path


def remove_temp(path):
    """Removes what make_temp made, and nothing else."""
    if path and os.path.basename(path).startswith(TEMP_PREFIX):
        shutil.rmtree(path, ignore_errors=True)


def copy_tree(source, target):
    """cp -a: keeps owners and modes, shares blocks where it can."""
    run(["cp", "-a", "--reflink=auto", source, target], what="cp")


def write(path, text, mode=0o644):
    """Writes a file whole, with its mode from the start."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "w", encoding="utf-8") as f:
        os.fchmod(fd, mode)
        f.write(text)
