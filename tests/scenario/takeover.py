#!/usr/bin/python3 -B
"""What somebody can do who has taken over one of the provider's processes.

The program takeover enters the very sandbox of a process, with the running
provider's configuration and as its user, and tries what is forbidden there.
The same attempts without the sandbox show that it is the sandbox, and not
something else, that forbids them.
"""

import os
import subprocess

from lib import fixture, tap
from lab import host

site = fixture.site(config={"loops": "1"})
provider = site.provider
SUPERVISOR = provider.daemon.pid
CHILDREN = {name: provider.child(name)
            for name in ("net", "acceptor", "keeper")}
# A sanitizer build has no filter of system calls; so the filter is tried in
# the build that has it, whichever build the provider is.
PROGRAM = os.path.join(host.ROOT, "build/release/takeover")
if not os.path.exists(PROGRAM):
    PROGRAM = os.path.join(os.path.dirname(provider.binary), "takeover")
FILTERED = "/release/" in PROGRAM


def reachable(program):
    """A copy where the provider's user can reach it."""
    copy = os.path.join(provider.folder, "takeover")
    host.run(["cp", program, copy])
    os.chmod(copy, 0o755)
    return copy


program = reachable(PROGRAM)
unconfined = os.path.join(provider.folder, "unconfined.conf")
host.write(unconfined, site.conf() + "sandbox = off\n", 0o640)
host.give(unconfined, host.provider_user())


def attempts(process, *wanted, config=None):
    """{attempt: "done" or the error}; and how the program ended."""
    done = subprocess.run(
        [program, config or provider.config, process, *wanted],
        env=provider.env(), capture_output=True, text=True, timeout=60,
        check=False, cwd="/", **host.as_user(provider.user))
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return dict(lines), done


def fails(process, name, *wanted, errors=("Operation not permitted",
                                          "Permission denied")):
    """Each attempt is refused in the sandbox of process."""
    results, done = attempts(process, *wanted)
    for attempt in wanted:
        tap.ok(results.get(attempt) in errors,
               f"{process}: {name}: {attempt.split(':')[0]} is refused")
        if results.get(attempt) not in errors:
            tap.diag(f"{attempt}: {results.get(attempt)} {done.stderr}")


def succeeds(process, name, *wanted, config=None):
    results, done = attempts(process, *wanted, config=config)
    for attempt in wanted:
        tap.ok(results.get(attempt) == "done",
               f"{process}: {name}: {attempt.split(':')[0]} succeeds")
        if results.get(attempt) != "done":
            tap.diag(f"{attempt}: {results.get(attempt)} {done.stderr}")


keytab, keeper_key = provider.keytab, provider.keeper_key
replay = os.path.join(provider.folder, "replay")
loot = os.path.join(provider.folder, "loot")  # a folder of its own user
port = site.port("https")
SECRETS = (f"read:{keytab}", f"read:{keeper_key}")
WRITES = (f"create:{loot}", "create:/tmp/reeve-takeover",
          f"append:{provider.config}", f"truncate:{provider.config}",
          f"append:{os.path.join(provider.folder, 'port')}")
PROCESSES = [f"ptrace:{pid}" for pid in (CHILDREN["acceptor"],
                                         CHILDREN["keeper"], SUPERVISOR)]
PROCESSES += [f"read:/proc/{pid}/mem" for pid in (CHILDREN["acceptor"],
                                                  SUPERVISOR)]
PROCESSES += [f"vm_read:{CHILDREN['acceptor']}"]
CALLS = ("fork", "become:/bin/sh", "raw_socket", "unshare", "code",
         "dumpable", "keyring", f"chmod:{provider.config}",
         f"signal:{CHILDREN['acceptor']}", f"signal:{SUPERVISOR}")

# ---- The attempts are real: without the sandbox they succeed ------------------------

with open(loot + ".seen", "w", encoding="ascii") as f:
    f.write("x")
host.give(loot + ".seen", host.provider_user())
succeeds("net", "without the sandbox", *SECRETS, f"create:{loot}",
         f"append:{provider.config}", f"truncate:{provider.config}", "fork",
         "exec:/bin/sh", "code", "dumpable", "family:16", f"tcp:{port}",
         f"chmod:{provider.config}", f"signal:{CHILDREN['acceptor']}",
         config=unconfined)
os.unlink(loot)
os.chmod(provider.config, 0o640)

# ---- net -----------------------------------------------------------------------------

fails("net", "the keys of the others", *SECRETS)
tap.is_(attempts("net", f"list:{provider.keys}")[0],
        {f"list:{provider.keys}": "Permission denied"},
        "net: their folder cannot be listed")
fails("net", "files", *WRITES, f"append:{replay}",
      f"link:{provider.config}", errors=(
          "Operation not permitted", "Permission denied",
          "Invalid cross-device link"))
fails("net", "home, root and devices", "read:/etc/shadow", "list:/",
      "list:/root", "list:/home", "list:/var", "read:/dev/mem",
      errors=("Permission denied", "Operation not permitted",
              "No such file or directory"))
fails("net", "the other processes", *PROCESSES,
      errors=("Operation not permitted", "Permission denied"))
if FILTERED:
    fails("net", "system calls", *CALLS)
    # vfork() is one call more on the way there.
    fails("net", "a shell", "exec:/bin/sh")
    fails("net", "families of sockets", "family:16", "family:17",
          "family:38", "family:40")
succeeds("net", "what it needs", f"read:{provider.config}",
         f"read:{os.path.join(provider.folder, 'server.pem')}",
         f"create:{os.path.join(provider.audit, 'reeve-takeover')}",
         f"tcp:{port}", "pause")
os.unlink(os.path.join(provider.audit, "reeve-takeover"))

# A key that lies in the folder of the configuration is hidden all the same.
beside = os.path.join(provider.folder, "beside.keytab")
host.run(["cp", keytab, beside])
host.give(beside, host.provider_user())
other = os.path.join(provider.folder, "other.conf")
host.write(other, site.conf().replace(keytab, beside), 0o640)
host.give(other, host.provider_user())
results, _done = attempts("net", f"read:{beside}", f"read:{other}",
                          config=other)
tap.is_(results, {f"read:{beside}": "Permission denied",
                  f"read:{other}": "done"},
        "net: a keytab beside the configuration is hidden, and that alone")

# The passwords of other logins to the store, in the same folder again.
passwords = os.path.join(provider.folder, "rescue.pgpass")
host.write(passwords, "*:*:*:reeve_rescue:x\n", 0o600)
host.give(passwords, host.provider_user())
host.write(other, site.conf() + "store_rescue = \"host=/nowhere "
           f"user=reeve_rescue passfile={passwords}\"\n", 0o640)
tap.is_(attempts("net", f"read:{passwords}", f"read:{provider.config}",
                 config=other)[0],
        {f"read:{passwords}": "Permission denied",
         f"read:{provider.config}": "done"},
        "net: the password file of store_rescue is hidden")
succeeds("rescue", "what it needs", f"read:{passwords}", config=other)
fails("rescue", "the keys of the others", *SECRETS, *WRITES)
if FILTERED:
    fails("rescue", "system calls", *CALLS, "exec:/bin/sh")

# ---- acceptor ------------------------------------------------------------------------

fails("acceptor", "what is not its own", f"read:{keeper_key}",
      f"read:{os.path.join(provider.folder, 'server.key')}",
      f"read:{provider.config}", f"append:{keytab}", *WRITES,
      f"list:{provider.audit}")
fails("acceptor", "the network", f"tcp:{port}")
fails("acceptor", "the other processes",
      f"ptrace:{CHILDREN['net']}", f"read:/proc/{CHILDREN['net']}/mem")
if FILTERED:
    fails("acceptor", "system calls", *CALLS, "exec:/bin/sh", "family:1",
          "family:2", "family:10")
succeeds("acceptor", "what it needs", f"read:{keytab}", f"append:{replay}")

# ---- keeper, supervisor --------------------------------------------------------------

fails("keeper", "files", f"read:{keeper_key}", "read:/etc/passwd",
      f"read:{provider.config}")
if FILTERED:
    for call in (f"tcp:{port}", "fork", "become:/bin/sh", "family:1",
                 f"ptrace:{CHILDREN['net']}", f"list:{provider.folder}",
                 f"signal:{SUPERVISOR}"):
        results, done = attempts("keeper", "pause", call, "pause")
        wanted = {"pause": "done"}
        if call.startswith("list:"):  # a file that is not there
            wanted = {"pause": "done", call: "Permission denied"}
        tap.is_(results, wanted, f"keeper: {call.split(':')[0]} is its end")
        tap.is_(done.returncode, 0 if call.startswith("list:") else -31,
                f"keeper: {call.split(':')[0]}: by SIGSYS, where it is")
    fails("supervisor", "the network", f"tcp:{port}", "family:1",
          "raw_socket")
    fails("supervisor", "another program", "become:/bin/sh", "fork")
fails("supervisor", "keys and files", *SECRETS, *WRITES)
succeeds("supervisor", "what it needs", f"read:{provider.config}",
         f"signal:{CHILDREN['net']}")

# ---- The running processes are in there ----------------------------------------------


def status(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith(field + ":"):
                return line.split(":", 1)[1].strip()
    return None


sanitized = provider.wrapper or "/release/" not in provider.binary
for name, pid in {**CHILDREN, "supervisor": SUPERVISOR}.items():
    tap.is_(status(pid, "NoNewPrivs"), "1", f"{name}: no new privileges")
    if not sanitized:
        tasks = os.listdir(f"/proc/{pid}/task")
        tap.is_([status(f"{pid}/task/{t}", "Seccomp") for t in tasks],
                ["2"] * len(tasks), f"{name}: each thread has the filter")
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        core = [line.split()[4:6] for line in f
                if line.startswith("Max core")]
    tap.is_(core, [["0", "0"]], f"{name}: no core")
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        data = [line.split()[3] for line in f
                if line.startswith("Max data size")]
    if name != "net" and not sanitized:
        tap.ok(int(data[0]) <= 1 << 30, f"{name}: its memory is limited")


def is_socket(fd):
    return os.readlink(fd).startswith("socket:")


descriptors = f"/proc/{CHILDREN['keeper']}/fd"
links = {fd: os.readlink(f"{descriptors}/{fd}")
         for fd in os.listdir(descriptors)}
tap.is_([path for path in links.values()
         if path.startswith("/") and path != "/dev/null"
         and path != provider.log], [],
        "keeper: no file is open")
descriptors = f"/proc/{CHILDREN['net']}/fd"
writable = []
for fd in os.listdir(descriptors):
    path = os.readlink(f"{descriptors}/{fd}")
    with open(f"/proc/{CHILDREN['net']}/fdinfo/{fd}", encoding="ascii") as f:
        flags = int(f.read().split("flags:")[1].split()[0], 8)
    if path.startswith("/") and flags & (os.O_WRONLY | os.O_RDWR):
        writable.append(path)
tap.is_([path for path in writable
         if not path.startswith((provider.audit + "/", "/dev/null"))
         and path != provider.log], [],
        "net: no file is open for writing but its logs")
tap.like(host.run(["cat", provider.log]),
         "^" if not sanitized else "no filter of system calls",
         "a build without the filter says so")

# ---- sandbox = off --------------------------------------------------------------------

provider.write_config(sandbox="off")
site.restart("provider")
for name in ("net", "acceptor", "keeper", "supervisor"):
    tap.like(host.run(["cat", provider.log]),
             f"sandbox = off: the process {name} is not confined",
             f"sandbox = off is told of {name}")
provider.write_config(sandbox=None)

fixture.finish(site)
