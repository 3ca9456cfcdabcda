#!/usr/bin/env python3
"""What a well-behaved client meets while OCM or nginx is flooded from another address, and what memory that costs OCM.

  floods.py [--seconds 60] [--floods slow-heads,…] [--subjects nginx,OCM] [--limits none,100] [--build FOLDER]

The flooder has CPU 0 to itself; OCM or nginx (two workers each), the API and the well-behaved client share CPU 1. Each
flood comes twice, and with each limit of connections per address. The table comes out in Markdown.
"""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import sys
import tempfile
import time
from typing import NamedTuple

import subjects
from processes import Running

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
from harness.fake import FakeAPI  # noqa: E402
from harness.floods import Api, Flooder, Memory, Witness, settled  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
FLOODER_CPU, CPU = 0, 1
WORKERS = 2
API_PORT = 19002
MEGABYTE = 1 << 20
FLOODS = {
    "slow-heads": ("4000 slow heads (slowhttptest -H)", lambda flooder: flooder.slow_heads()),
    "slow-bodies": ("4000 slow bodies (-B)", lambda flooder: flooder.slow_bodies()),
    "slow-readers": ("4000 slow readers (-X)", lambda flooder: flooder.slow_readers()),
    "wrong-tokens": ("200 clients with wrong tokens (h2load --h1)", lambda flooder: flooder.requests(token=False)),
    "requests": ("200 clients with a token", lambda flooder: flooder.requests()),
    "pipelined": ("50 clients, 100 requests sent ahead each", lambda flooder: flooder.requests(50, 100)),
    "bad-heads": ("200 WebSockets with frame heads that there are not", lambda flooder: flooder.sockets("bad_heads", 200)),
    "fragments": ("100 WebSockets with endless fragments", lambda flooder: flooder.sockets("fragments", 100)),
    "pings": ("100 WebSockets with pings without end", lambda flooder: flooder.sockets("pings", 100)),
    "deaf-clients": ("4000 WebSockets whose clients do not read", lambda flooder: flooder.sockets("deaf_clients", 4000)),
    "deaf-api": ("4000 WebSockets whose upstream does not read", lambda flooder: flooder.sockets("deaf_api", 4000)),
    "upgrades": ("200 clients whose WebSockets end at once", lambda flooder: flooder.sockets("upgrades", 200)),
}
FLOOD_FREE = "no flood"


class Row(NamedTuple):
    flood: str
    limit: str
    subject: str
    report: dict
    idle: int = 0
    most: int = 0
    left: int = 0
    again: int = 0


def start(stack, name, limit, options):
    """The subject, its port."""
    work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ocm-bench-")))
    upstream = subjects.Upstream(API_PORT, "/backend-api/codex")
    if name == "nginx":
        subject = subjects.nginx(work, upstream, WORKERS, guarded=True, per_address=limit)
    else:
        limits = {"connections_per_address": limit} if limit else {}
        subject = subjects.ocm(work, options.build, upstream, WORKERS, {"level": "warn", "output": str(work / "log")},
                               limits=limits)
    return subject, stack.enter_context(Running(CPU, subject.command, subject.port)), work


def witness(subject, seconds):
    """What the well-behaved client meets in so many seconds."""
    with Witness(subject.port, [["Authorization", f"Bearer {subjects.TOKEN}"]], cpu=CPU) as client:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, client.process.pid, -15)  # it stands for another machine
        time.sleep(seconds)
        return client.report()


def flooded(flooder, flood, subject, seconds):
    with flooder.run(FLOODS[flood][1](flooder)) as process:
        time.sleep(1)  # the flood swells
        if process.poll() is not None:
            sys.exit(f"the flood has ended with {process.returncode}: {process.args}")
        return witness(subject, seconds)


def measure(name, flood, limit, api, options):
    with contextlib.ExitStack() as stack:
        subject, running, work = start(stack, name, limit, options)
        flooder = Flooder(work, subject.port, subjects.TOKEN, FLOODER_CPU, api.sink)
        witness(subject, 2)
        text = str(limit or "none")
        if flood == FLOOD_FREE:
            return Row(flood, text, name, witness(subject, options.seconds))
        if name == "nginx":
            return Row(flood, text, name, flooded(flooder, flood, subject, options.seconds))
        memory = Memory(running.pid)
        idle = settled(memory, 0, 1)
        with memory:
            report = flooded(flooder, flood, subject, options.seconds)
        left = settled(memory, idle + 2 * MEGABYTE, 20)
        with Memory(running.pid) as second:
            flooded(flooder, flood, subject, min(options.seconds, 15))
        again = settled(second, left, 20)
        log = (work / "log").read_text() if (work / "log").exists() else ""
        if log and options.log:
            print(log[:2000], file=sys.stderr)
        return Row(flood, text, name, report, idle, max(memory.most, second.most), left, again)


def line(row):
    def milliseconds(kind):
        times = row.report[kind]
        return f"{times['p50']:.1f} / {times['p99']:.1f}" if times["count"] else "–"

    mb = (f"{row.idle / MEGABYTE:.1f} | {row.most / MEGABYTE:.1f} | {row.left / MEGABYTE:.1f} | "
          f"{row.again / MEGABYTE:.1f}") if row.idle else " | | | "
    what = FLOODS[row.flood][0] if row.flood in FLOODS else row.flood
    return (f"| {what} | {row.limit} | {row.subject} | {row.report['errors']} of {row.report['kept']['count']} | "
            f"{milliseconds('kept')} | {milliseconds('new')} | {milliseconds('silence')} | {mb} |")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="of each flood")
    parser.add_argument("--floods", default=",".join([FLOOD_FREE, *FLOODS]))
    parser.add_argument("--subjects", default="nginx,OCM")
    parser.add_argument("--limits", default="none,100", help="connections per address")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / ".build" / "release")
    parser.add_argument("--log", action="store_true", help="show OCM's log")
    options = parser.parse_args()
    unknown = set(options.floods.split(",")) - {FLOOD_FREE, *FLOODS}
    if unknown:
        parser.error(f"unknown floods: {', '.join(sorted(unknown))}")
    return options


def main():
    options = arguments()
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # for all alike: other load on the machine is not what is measured
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="ocm-bench-") as directory, contextlib.ExitStack() as stack:
        fake = FakeAPI(directory, "--no-check")
        stack.callback(fake.stop)
        api = Api(directory, API_PORT, fake.port)
        stack.callback(api.stop)
        for pid in (fake.pid, api.process.pid, *map(int, os.popen(f"pgrep -P {api.process.pid}").read().split())):
            os.sched_setaffinity(pid, {CPU})
            with contextlib.suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, pid, -15)
        print("| flood | limit per address | | errors | request p50 / p99, ms | on a new connection | event late by | "
              "MB idle | at most | after | after the second |")
        print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
        for flood in options.floods.split(","):
            for limit in options.limits.split(","):
                if flood == FLOOD_FREE and limit != options.limits.split(",")[0]:
                    continue
                for name in options.subjects.split(","):
                    row = measure(name, flood, 0 if limit == "none" else int(limit), api, options)
                    print(line(row), flush=True)
                    if row.report["errors"]:
                        print(json.dumps(row.report["examples"]), file=sys.stderr)


if __name__ == "__main__":
    main()
