#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disturb a run of tare, and see whether its result tells.

    tests/plant.py KIND SEED SHARE OUT TARE ARGUMENT...

runs TARE ARGUMENT... --out OUT and disturbs SHARE of its guests (scenario boot) and tests (iperf), by KIND:

    stop    SIGSTOP for QEMU
    spin    a busy process of higher priority on the CPU that the vCPU runs on; needs root
    none    nothing

for 50, 100, 200, 400 or 800 ms. Each sample whose measured interval holds a whole disturbance, and each
that none came near, is printed as a line: what, ms, flagged or silent, metric, target, and the evidence. It
fails if tare did, or if what was to be planted could not be.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time

MILLISECONDS = 50, 100, 200, 400, 800
NEAR_S = 0.05  # a disturbance this close to an interval may or may not be in it


def read(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def children(pid):
    """All below `pid`."""
    for task in os.listdir(f"/proc/{pid}/task") if os.path.exists(f"/proc/{pid}/task") else ():
        for child in read(f"/proc/{pid}/task/{task}/children").split():
            yield int(child)
            try:
                yield from children(int(child))
            except OSError:
                pass  # it has ended


def vcpu_cpu(qemu):
    """The CPU that the vCPU's thread was last seen on."""
    for task in os.listdir(f"/proc/{qemu}/task"):
        if read(f"/proc/{qemu}/task/{task}/comm").startswith(("CPU ", "ALL CPUs/")):
            return int(read(f"/proc/{qemu}/task/{task}/stat").rpartition(")")[2].split()[36])
    raise OSError("no vCPU")


def stop(qemu, seconds):
    os.kill(qemu, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(qemu, signal.SIGCONT)


def spin(qemu, seconds):
    """Half of them by a lower nice value, half by a real-time class."""
    cpu, by_nice = vcpu_cpu(qemu), random.random() < 0.5
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {cpu})
        if by_nice:
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        else:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        raise PermissionError("no process of higher priority could be started")


def disturb(kind, share, tare):
    """Until tare ends: (from, to, ms) of each disturbance."""
    done, seen = [], set()
    while tare.poll() is None:
        # Not those that tare only asks what they can do.
        alive = {pid: read(f"/proc/{pid}/cmdline") for pid in children(tare.pid)}
        guests = [pid for pid, line in alive.items() if "guest=" in line]
        clients = [pid for pid, line in alive.items() if "iperf3\0" in line and "--client\0" in line]
        for pid in guests if BOOT else clients if guests else ():
            if pid in seen:
                continue
            seen.add(pid)
            if kind == "none" or random.random() >= share:
                continue
            ms = random.choice(MILLISECONDS)
            # A Linux guest boots for longer; iperf3 measures its second second.
            time.sleep(random.uniform(0.05, 0.5) if BOOT else random.uniform(1.05, 1.95 - ms / 1000))
            begin = time.monotonic()
            try:
                {"stop": stop, "spin": spin}[kind](guests[0], ms / 1000)
            except PermissionError:
                tare.terminate()
                raise
            except OSError:
                continue  # the guest ended meanwhile: not planted
            done.append((begin, time.monotonic(), ms))
        time.sleep(0.005)
    return done


def tell(kind, done, out):
    document = json.load(open(out, encoding="utf-8"))
    held = set()
    for metric in document["metrics"]:
        for sample in metric["samples"] + metric["warmup"]:
            evidence = sample.get("evidence", {})
            if "from" not in evidence:
                raise SystemExit(f"{metric['metric']}: a sample without evidence")
            begin, end = evidence["from"], evidence["from"] + evidence["seconds"]
            inside = [d for d in done if begin < d[0] and d[1] < end]
            near = [d for d in done if d[0] < end + NEAR_S and begin - NEAR_S < d[1]]
            if near and not inside:
                continue
            held.update(inside)
            flagged = "disturbed" in sample.get("note", "").split(", ")
            if flagged != bool(sample.get("disturbed")):
                raise SystemExit(f"{metric['metric']}: note and list differ")
            print(kind if inside else "none", max((d[2] for d in inside), default=0),
                  "flagged" if flagged else "silent", metric["metric"], metric["target"],
                  json.dumps({**evidence, "seen": sample.get("disturbed", []),
                              "value": sample.get("value")}), sep="\t")
    print(f"{len(done)} planted, {len(held)} of them within a measured interval", file=sys.stderr)


kind, seed, share, out, *command = sys.argv[1:]
BOOT = "iperf" not in command
random.seed(int(seed))
with subprocess.Popen([*command, "--out", out], stdout=subprocess.DEVNULL) as run:
    planted = disturb(kind, float(share), run)
if run.returncode not in (0, 3):
    raise SystemExit(f"tare: status {run.returncode}")
tell(kind, planted, out)
