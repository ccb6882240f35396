"""What bench/run and bench/fleet share: programs, their figures, and holding those against promises."""

import importlib.machinery
import importlib.util
import os
import pathlib
import platform
import re
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "release" / "bin"
BENCH = ROOT / "bench"


def load_script(name):
    """Another script of this folder, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(BENCH / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def build(*targets):
    """The programs as scripts/build makes them, and `targets` besides."""
    subprocess.run([str(ROOT / "scripts" / "build")], check=True, stdout=sys.stderr)
    if targets:
        subprocess.run(["cmake", "--build", str(ROOT / "build" / "release"), "--target", *targets],
                       check=True, stdout=sys.stderr)


def scrape(url):
    """A metrics page as {series: value}, and under each bare name the sum over its labels."""
    with urllib.request.urlopen(url + "/metrics", timeout=10) as reply:
        text = reply.read().decode()
    values = {}
    for name, labels, value in re.findall(r"^(\w+)(\{[^}]*\})? (\S+)", text, re.M):
        values[name] = values.get(name, 0) + float(value)
        if labels:
            values[name + labels] = float(value)
    return values


def children_of(pid):
    children = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return children


def cpu_seconds(*pids):
    """User and system time that these processes have used."""
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory.group(1)) / 2**20, 1),
        "kernel": platform.release(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit.stdout.strip(),
    }


def print_promises(promises):
    """Each is (what, value, ">=" or "<=", bound, goal or None)."""
    print(f"\n{'promise':<44}{'measured':>10}{'promised':>12}{'goal':>8}")
    for what, value, relation, bound, goal in promises:
        holds = value >= bound if relation == ">=" else value <= bound
        print(f"{what:<44}{value:>10.2f}{relation + ' ' + str(bound):>12}{goal if goal else '':>8}"
              f"  {'holds' if holds else 'FALLS SHORT'}")


def as_document(promises):
    return [{"what": w, "value": round(v, 3), "relation": r, "promised": b, "goal": g}
            for w, v, r, b, g in promises]
