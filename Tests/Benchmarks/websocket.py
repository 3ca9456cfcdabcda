#!/usr/bin/env python3
"""Compare what it costs OCM, nginx and HAProxy to relay WebSockets, side by side in one run (see README.md here).

  websocket.py [--rounds 5] [--seconds 3] [--loads down,up] [--idle 2000] [--large 64] [--subjects nginx,OCM]

nginx is set up as its documentation says: proxy_http_version 1.1, with Upgrade and Connection set. The tables come out in
Markdown. Exits with 1 where one of the programs refuses the upgrade: it is named, and not measured.
"""
import argparse
import contextlib
import os
import pathlib
import resource
import statistics
import sys
import tempfile
from typing import NamedTuple

import subjects
from processes import Running, cpu_seconds, proportional_memory_kb
from websocket_load import DOWN, UP, Refused, Sockets, listen

HERE = pathlib.Path(__file__).resolve().parent
LOAD_CPU, SUBJECT_CPU = 0, 1
UPSTREAM, NGINX_PORT, HAPROXY_PORT, OCM_PORT = 19101, 19110, 19111, 19112

NGINX = """worker_processes 1; worker_rlimit_nofile 40000; daemon off; pid {work}/nginx.pid; error_log {work}/nginx-error.log;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    client_body_temp_path {work}/n1; proxy_temp_path {work}/n2; fastcgi_temp_path {work}/n3;
    uwsgi_temp_path {work}/n4; scgi_temp_path {work}/n5;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location /v1/ {{
            proxy_pass http://127.0.0.1:{upstream}/; proxy_http_version 1.1; proxy_read_timeout 600s; proxy_send_timeout 600s;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "Upgrade";
            proxy_set_header Authorization "Bearer at"; proxy_set_header ChatGPT-Account-Id acc;
        }}
        location / {{ return 404; }}
    }}
}}
"""


class Load(NamedTuple):
    name: str
    what: str
    direction: str
    sockets: int
    interval: float  # seconds between two writes on a socket
    batch: int = 1  # frames in each write


LOADS = [
    Load("down", "100 sockets, the upstream sends 100 frames/s on each", DOWN, 100, 0.01),
    Load("up", "100 sockets, the client sends 100 frames/s on each", UP, 100, 0.01),
    Load("many", "1000 sockets, the upstream sends 10 frames/s on each", DOWN, 1000, 0.1),
    Load("batches", "32 sockets, the upstream sends 16 frames at once, 100 times a second on each", DOWN, 32, 0.01, 16),
]


def nginx(work):
    file = work / "nginx.conf"
    file.write_text(NGINX.format(work=work, upstream=UPSTREAM, port=NGINX_PORT))
    return subjects.Subject("nginx", NGINX_PORT, [subjects.program("nginx"), "-e", work / "nginx-error.log", "-c", file])


class Bench:
    """The programs, running, and the listener that is their upstream."""

    def __init__(self, compared, running, listener, options):
        self.compared, self.running, self.listener, self.options = compared, running, listener, options
        self.refusals = {}
        for subject in compared:
            try:
                self.open(subject, 1).close()
            except Refused as refused:
                self.refusals[subject.name] = str(refused)
        self.measured = [subject for subject in compared if subject.name not in self.refusals]

    def open(self, subject, count):
        return Sockets(self.listener, subject.port, subjects.TOKEN, count)

    def memory_kb(self, subject):
        return proportional_memory_kb(self.running[subject.name].pid)

    def frames(self, load):
        """{name: (CPU time of each frame in µs, frames lost)}, medians of rounds in which the programs take turns."""
        options = self.options
        costs, lost = {s.name: [] for s in self.measured}, dict.fromkeys((s.name for s in self.measured), 0)
        with contextlib.ExitStack() as stack:
            sockets = {s.name: self.open(s, load.sockets) for s in self.measured}
            for opened in sockets.values():
                stack.callback(opened.close)
            for _ in range(options.rounds):
                for subject in self.measured:
                    root = self.running[subject.name].pid
                    before = cpu_seconds(root)
                    relayed, missing = sockets[subject.name].paced(load.direction, load.interval, load.batch, options.seconds)
                    costs[subject.name].append((cpu_seconds(root) - before) * 1e6 / max(relayed, 1))
                    lost[subject.name] += missing
        return {name: (statistics.median(rows), lost[name]) for name, rows in costs.items()}

    def idle(self, subject):
        """KiB that each of many idle sockets costs."""
        before = self.memory_kb(subject)
        sockets = self.open(subject, self.options.idle)
        each = (self.memory_kb(subject) - before) / self.options.idle
        sockets.close()
        return each

    def large(self, subject, direction):
        """KiB above what it was that the program takes while a large message passes."""
        sockets = self.open(subject, 1)
        before, peak = self.memory_kb(subject), 0

        def watch():
            nonlocal peak
            peak = max(peak, self.memory_kb(subject))

        sockets.large(direction, self.options.large << 20, watch)
        sockets.close()
        return peak - before


def print_frames(load, results, rounds, refusals):
    print(f"\n**{load.name}**: {load.what}, text of 100 bytes (median of {rounds} rounds)\n")
    print("| | CPU per frame | × nginx | frames lost |\n|---|---|---|---|")
    for name, (cost, lost) in results.items():
        multiple = f"{cost / results['nginx'][0]:.2f}" if "nginx" in results else ""
        print(f"| {name} | {cost:.2f} µs | {multiple} | {lost} |")
    for name, refusal in refusals.items():
        print(f"| {name} | refuses the upgrade: {refusal} | | |")
    sys.stdout.flush()


def print_memory(bench):
    options = bench.options
    print(f"\n**memory**: what the PSS of all its processes grows by: at its peak while a message of {options.large} MB passes, "
          f"and for each of {options.idle} idle sockets\n")
    print("| | message down | message up | idle socket |\n|---|---|---|---|")
    for subject in bench.measured:
        cells = []
        for direction in (DOWN, UP):
            try:
                cells.append(f"{bench.large(subject, direction)} KiB")
            except (Refused, OSError) as error:
                cells.append(f"failed: {error}")
        cells.append(f"{bench.idle(subject):.1f} KiB")  # last: what they have had is not always given back
        print(f"| {subject.name} | {' | '.join(cells)} |", flush=True)
    for name, refusal in bench.refusals.items():
        print(f"| {name} | refuses the upgrade: {refusal} | | |")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of load per round and program")
    parser.add_argument("--loads", default=",".join(load.name for load in LOADS))
    parser.add_argument("--idle", type=int, default=2000, help="idle sockets; 0 leaves memory out")
    parser.add_argument("--large", type=int, default=64, help="size of the large message in MB")
    parser.add_argument("--subjects", default="nginx,HAProxy,OCM")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / ".build" / "release")
    options = parser.parse_args()
    unknown = set(options.loads.split(",")) - {load.name for load in LOADS} - {""}
    if unknown:
        parser.error(f"unknown loads: {', '.join(sorted(unknown))}")
    return options


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {LOAD_CPU})
    upstream = subjects.Upstream(UPSTREAM)
    makers = {"nginx": nginx, "HAProxy": lambda work: subjects.haproxy(work, upstream, port=HAPROXY_PORT),
              "OCM": lambda work: subjects.ocm(work, options.build, upstream, port=OCM_PORT,
                                                # Nobody here answers pings.
                                                timeouts={"websocket_ping": "0s"})}
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ocm-bench-")))
        listener = stack.enter_context(listen(UPSTREAM))
        compared = [makers[name](work) for name in options.subjects.split(",")]
        running = {subject.name: stack.enter_context(Running(SUBJECT_CPU, subject.command, subject.port))
                   for subject in compared}
        bench = Bench(compared, running, listener, options)
        for name, refusal in bench.refusals.items():
            print(f"{name} is not measured: it refuses the upgrade with '{refusal}'", file=sys.stderr)
        if options.idle:
            print_memory(bench)  # before the loads, for the same reason
        for load in LOADS:
            if load.name in options.loads.split(","):
                print_frames(load, bench.frames(load), options.rounds, bench.refusals)
        if bench.refusals:
            sys.exit(1)


if __name__ == "__main__":
    main()
