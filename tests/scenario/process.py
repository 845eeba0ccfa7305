#!/usr/bin/python3 -B
"""The provider as processes: start, refusals to start, reload, end."""

import json
import os
import pwd
import shutil
import signal
import socket
import threading
import time

from lib import fixture, tap, web
from lib.records import audit, wait_for
from lib.wire import Wire
from lab import host
from lab.host import LabError
from lab.process import descendants, is_alive, send, stat

# One loop: what is told to one connection is told to all before its next turn.
site = fixture.site(config={"drain_timeout": "5s", "loops": "1"})
provider = site.provider


def log():
    with open(provider.log, encoding="utf-8", errors="replace") as f:
        return f.read()


def session(user="alice"):
    answer = web.client(site, user).get("/AdminService/wmi/SMS_Role")
    return web.Client(site, session=answer.header("reeve-session"))


# ---- The command line ----------------------------------------------------------

tap.like(provider.command("--check-config"), "is good",
         "--check-config praises a good file")
tap.like(provider.command("--version"), "^reeved ", "--version")
tap.like(provider.command("--help"), "usage: reeved", "--help")
routes = [line.split("\t") for line in
          provider.command("--routes").strip().split("\n")]
tap.ok(all(len(route) == 3 and all(route) for route in routes),
       "--routes: every route has a power")
for options in (("--nonsense",), ("--init",), ("--admin", "x"), ("extra",),
                ("--migrate", "--init"),
                ("--version", "--child", "net:5:0:")):
    tap.raises(LabError, lambda: provider.command(*options),
               f"{options} is refused", "reeved --help|go together")
for operand in ("net:5:0:", "acceptor:0:0:a1", "keeper:3:0:k4", "", "x",
                "net:5:0:a6,k7,", "supervisor:5:0:"):
    tap.raises(LabError, lambda: provider.command("--child", operand),
               f"--child {operand!r} of somebody else is refused",
               "processes that reeved starts itself")
tap.is_(provider.command("--show-config").count("realms = LAB.TEST"), 1,
        "--show-config shows what is in force")

# ---- Files that are refused ------------------------------------------------------

good = site.conf()


def refused(text, pattern, name):
    with open(provider.config, "w", encoding="utf-8") as f:
        f.write(text)
    tap.raises(LabError, lambda: provider.command("--check-config"), name,
               pattern)
    with open(provider.config, "w", encoding="utf-8") as f:
        f.write(good)


lines = good.count("\n")
refused(good + "nonsense = 1\n", rf"reeved\.conf:{lines + 1}:1: .*nonsense",
        "an unknown parameter is named with line and column")
refused(good + "max_staleness = soon\n", rf":{lines + 1}:\d+: .*max_staleness",
        "a value that is none, likewise")
refused(good + "loops = 2\n", rf":{lines + 1}:\d+: .*loops",
        "a parameter that is given twice, likewise")
refused(good.replace("\nkeytab = ", "\n# "), "keytab",
        "a parameter that is required is missed")
os.chmod(provider.config, 0o666)
tap.raises(LabError, lambda: provider.command("--check-config"),
           "a file that others may write is refused", "written by group")
os.chmod(provider.config, 0o640)

# ---- SIGHUP ------------------------------------------------------------------------

before = log().count("reloaded")
provider.write_config(log_level="debug")
os.kill(provider.daemon.pid, signal.SIGHUP)
wait_for(lambda: log().count("was reloaded") > before, what="the reload")
tap.ok(True, "SIGHUP reads the file again")
provider.write_config(loops="2")
os.kill(provider.daemon.pid, signal.SIGHUP)
wait_for(lambda: "need a restart: loops" in log(), what="the warning")
tap.ok(True, "what needs a restart is named")
with open(provider.config, "a", encoding="utf-8") as f:
    f.write("nonsense = 1\n")
os.kill(provider.daemon.pid, signal.SIGHUP)
wait_for(lambda: "the old one stays" in log(), what="the refusal")
tap.is_(web.client(site, "alice").get("/AdminService/wmi/SMS_Role").status,
        200, "with a broken file the old configuration stays in force")
provider.write_config(loops="1", log_level=None)

# libkrb5 reads a krb5.conf that is changed in place; another file is hidden.
krb5_conf = os.path.join(provider.folder, "krb5.conf")
os.link(krb5_conf, krb5_conf + ".old")
shutil.copy(krb5_conf, krb5_conf + ".new")
os.replace(krb5_conf + ".new", krb5_conf)
host.give(krb5_conf, host.provider_user())
wait_for(lambda: "krb5.conf was replaced" in log(), what="the word of it")
tap.ok(True, "a krb5.conf that was replaced is told of")
os.replace(krb5_conf + ".old", krb5_conf)

# ---- sd_notify, SIGTERM ---------------------------------------------------------------

site.stop("provider")
name = os.path.join(provider.folder, "notify")
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(name)
os.chmod(name, 0o777)
notify.settimeout(20)
provider.env_more = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "2000000"}
site.start("provider")
tap.like(notify.recv(4096).decode(), "READY=1", "the manager is told: ready")
wait_for(lambda: b"WATCHDOG=1" in notify.recv(4096), what="the watchdog")
tap.ok(True, "and kept awake while the loops turn")
os.kill(provider.daemon.pid, signal.SIGHUP)
seen = []
while not (seen and seen[-1].startswith("READY=1")):
    seen.append(notify.recv(4096).decode())
tap.ok(any("RELOADING=1" in text for text in seen), "a reload is announced")

# A request whose body is still on its way is answered; the rest is closed.
alice = session()
with Wire(site) as idle, Wire(site) as busy:
    idle.request("GET", "/healthz")
    body = json.dumps({"subject": {"type": "user", "id": "alice@LAB.TEST"},
                       "action": {"name": "Create"},
                       "resource": {"type": "SMS_Application", "id": ""}})
    busy.send("POST /access/v1/evaluation HTTP/1.1\r\nHost: localhost\r\n"
              f"Authorization: Bearer {alice.session}\r\n"
              "Content-Type: application/json\r\n"
              f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
    tap.is_(busy.answer().status, 100, "a request is in work")
    ended = {}
    stopper = threading.Thread(
        target=lambda: ended.update(code=provider.stop(timeout=30)))
    stopper.start()
    tap.ok(idle.is_closed(), "on SIGTERM an idle connection is closed")
    busy.send(body)
    answer = busy.answer()
    tap.is_((answer.status, answer.json()["decision"]), (200, True),
            "a request in work is answered")
    tap.is_(answer.header("connection"), "close", "and is the last one")
    stopper.join()
tap.is_(ended["code"], 0, "the provider ends with 0")
tap.is_([r["seq"] for r in audit(site)],
        list(range(1, len(audit(site)) + 1)),
        "over restarts the log has no gap")
notify.close()
provider.env_more = {}

# ---- What keeps it from starting ----------------------------------------------------


def no_start(pattern, name, **changes):
    provider.write_config(**changes)
    mark = len(log())
    provider.start()
    code = provider.daemon.child.wait(timeout=20)
    tap.is_(code, 1, f"{name}: it does not start")
    tap.like(log()[mark:], pattern, f"{name}: and says why")
    provider.write_config(**{k: provider.defaults().get(k)
                             for k in changes})


other = os.path.join(provider.folder, "other.keytab")
shutil.copy(os.path.join(provider.folder, "directory.keytab"), other)
host.give(other, provider.user)
no_start("has no key of a principal HTTP", "a keytab without the service's key",
         keytab=other)
no_start("keytab", "no keytab",
         keytab=os.path.join(provider.folder, "nothing"))
no_start("certificate.*No such file", "no certificate",
         tls_certificate=os.path.join(provider.folder, "nothing"))
taken = socket.socket()
taken.bind(("127.0.0.1", 0))
taken.listen()
no_start("[Aa]ddress|in use", "a port that is taken",
         listen=f"127.0.0.1:{taken.getsockname()[1]}")
taken.close()
os.chmod(os.path.join(provider.folder, "server.key"), 0o644)
no_start("server.key", "a key that others may read")
os.chmod(os.path.join(provider.folder, "server.key"), 0o600)

# ---- Schema and first administrator --------------------------------------------------

version = int(site.psql("SELECT reeve.schema_version()").strip())
owner_file = site.path("owner.conf")
with open(owner_file, "w", encoding="utf-8") as f:
    f.write(site.conf() + "store_owner = "
            f"\"{site.postgres.conninfo('postgres')}\"\n")


def as_owner(*options):
    """reeved as the database's own user, which is root's affair."""
    return host.run([provider.binary, "-f", owner_file, *options],
                    env=provider.env(), user=None,
                    what="reeved " + " ".join(options))


site.postgres.allow_login("postgres")
tap.like(as_owner("--migrate"), str(version),
         "--migrate twice does nothing more")
tap.raises(LabError, lambda: as_owner("--init", "--admin",
                                      "mallory@LAB.TEST"),
           "--init refuses a site that has a Full Administrator", "already")
site.psql("INSERT INTO reeve.schema_migration "
          "(version, name, sha256, applied_at) VALUES "
          f"(999, 'future', repeat('0', 64), now())")
no_start("999", "a schema that is too new")
site.psql("DELETE FROM reeve.schema_migration WHERE version = 999")

# ---- One process ends: all end ---------------------------------------------------------


def tree():
    """(pid, start time) of each of the provider's processes."""
    return [(pid, stat(pid)[2]) for pid in descendants(provider.daemon.pid)]


def all_end(kill, name, code):
    """kill() is called; then all processes end, the first with code."""
    site.start("provider")
    processes = tree()
    tap.is_(len(processes), 4, f"{name}: four processes run")
    mark = len(log())
    kill()
    ended = provider.daemon.child.wait(timeout=30)
    tap.is_(ended, code, f"{name}: the provider ends")
    wait_for(lambda: not [p for p in processes if is_alive(*p)],
             what="the end of all processes")
    # A process may be dead to its parent before its last thread is.
    wait_for(lambda: host.is_free(site.port("https")), what="the port")
    tap.ok(True, f"{name}: none is left over")
    return log()[mark:]


for child in ("net", "acceptor", "keeper"):
    said = all_end(lambda: send(provider.child(child), signal.SIGKILL),
                   f"kill -9 of {child}", 1)
    tap.like(said, f"process {child} was ended by signal 9",
             f"kill -9 of {child}: the log names it")
    tap.is_(said.count("listens on port"), 0,
            f"kill -9 of {child}: nothing is restarted")
all_end(lambda: send(provider.daemon.pid, signal.SIGKILL),
        "kill -9 of the supervisor", -9)
all_end(lambda: send(provider.daemon.pid, signal.SIGINT), "SIGINT", 0)

# A terminal or a service manager may signal all of them at once.
all_end(lambda: [send(pid, signal.SIGTERM)
                 for pid in reversed(descendants(provider.daemon.pid))],
        "SIGTERM to all", 0)

# Signals are the supervisor's affair: to others alone they mean nothing.
site.start("provider")
before = log().count("was reloaded")
for child in ("net", "acceptor", "keeper"):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        send(provider.child(child), number)
os.kill(provider.daemon.pid, signal.SIGHUP)
wait_for(lambda: log().count("was reloaded") > before, what="the reload")
tap.is_(log().count("was reloaded"), before + 1,
        "signals to single processes change nothing")
tap.is_(web.client(site, "alice").get("/AdminService/wmi/SMS_Role").status,
        200, "and the provider answers")
site.stop("provider")

# The acceptor stands still: sign-ins are refused in time, the rest goes on.
site.start("provider")
alice = session()
send(provider.child("acceptor"), signal.SIGSTOP)
began = time.monotonic()
late = web.client(site, "bob").get("/AdminService/wmi/SMS_Role")
tap.ok(late.status in (401, 503) and time.monotonic() - began < 10,
       f"a sign-in is refused while the acceptor hangs ({late.status})")
tap.is_(alice.get("/AdminService/wmi/SMS_Role").status, 200,
        "who is signed in is answered meanwhile")
send(provider.child("acceptor"), signal.SIGCONT)
tap.is_(web.client(site, "alice").get("/AdminService/wmi/SMS_Role").status, 200,
        "and sign-ins are possible again")
site.stop("provider")

# ---- kill -9 under load: what was answered is in the log -----------------------------

site.start("provider")
alice = session()
answered, stop = [], threading.Event()


def load():
    with Wire(site) as wire:
        while not stop.is_set():
            try:
                answer = wire.request("GET", "/AdminService/wmi/SMS_Role", {
                    "Authorization": f"Bearer {alice.session}"})
            except OSError:
                return
            if answer is None:
                return
            answered.append(answer.header("x-request-id"))


threads = [threading.Thread(target=load) for _ in range(4)]
for thread in threads:
    thread.start()
wait_for(lambda: len(answered) > 100, what="some load")
site.kill("provider")
stop.set()
for thread in threads:
    thread.join()
site.start("provider")
logged = {r.get("request_id") for r in audit(site)}
tap.is_([i for i in answered if i not in logged], [],
        f"after kill -9 each of {len(answered)} answers has its record")
tap.is_([r["seq"] for r in audit(site)],
        list(range(1, len(audit(site)) + 1)), "and the log has no gap")

# ---- Started as root -------------------------------------------------------------------

low = next(p for p in range(1023, 512, -1) if host.is_free(p))
if host.is_root():
    os.environ["REEVE_PORT"] = str(low)
    root = fixture.site(as_root=True, config={"user": host.provider_user(),
                                              "loops": "2"})
    del os.environ["REEVE_PORT"]
    uids = set()
    for pid in descendants(root.provider.daemon.pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            text = f.read()
        uids.add(text.split("Uid:\t")[1].split("\n")[0])
        tap.like(text, "CapPrm:\t0000000000000000\n",
                 "started as root: no capability is left")
    wanted = str(pwd.getpwnam(host.provider_user()).pw_uid)
    tap.is_(uids, {"\t".join([wanted] * 4)},
            "started as root: each process is the user's")
    tap.is_(web.client(root, "alice").get("/AdminService/wmi/SMS_Role").status,
            200, f"started as root: it answers on port {low}")
    os.kill(root.provider.daemon.pid, signal.SIGHUP)
    wait_for(lambda: "was reloaded" in root.provider.daemon.log_tail(),
             what="the reload")
    tap.is_(root.provider.stop(), 0, "started as root: it ends with 0")
    fixture.no_reports(root)
else:
    site.stop("provider")
    no_start("Permission denied", "a port of root's",
             listen=f"127.0.0.1:{low}")
    site.start("provider")

fixture.finish(site)
