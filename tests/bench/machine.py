"""The machine that a figure belongs to."""

import os
import platform
import subprocess
import time


def _value_of(path, name):
    try:
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.startswith(name):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def _system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def cpus():
    """The processors that this program may run on."""
    return sorted(os.sched_getaffinity(0))


def first_cpu():
    return cpus()[0]


def last_cpu():
    """Where clients run: beside the server, if there are two."""
    return cpus()[-1]


def describe():
    memory = _value_of("/proc/meminfo", "MemTotal").split()[0]
    gib = f"{int(memory) / 2**20:.0f} GiB" if memory.isdigit() else "?"
    load = "/".join(f"{x:.1f}" for x in os.getloadavg())
    compiler = subprocess.run(["gcc", "-dumpfullversion"], text=True,
                              capture_output=True, check=False)
    return (f"{time.strftime('%Y-%m-%d')}, {len(cpus())} x "
            f"{_value_of('/proc/cpuinfo', 'model name')}, {gib}, {_system()}, "
            f"gcc {compiler.stdout.strip()}, load {load}")
