#!/usr/bin/env python3
"""Compare what it costs OCM, nginx and HAProxy to relay streams, side by side in one run (see README.md here).

  compare.py [--rounds 3] [--seconds 3] [--loads paced,requests] [--subject NAME=PORT:COMMAND]…

OCM is the release build of this checkout: one worker, one user with a token, usage tracking on. Every --subject is one
more program to measure: COMMAND stays in the foreground, serves POST /v1/responses on 127.0.0.1:PORT and forwards it to
http://127.0.0.1:19001/responses. The table comes out in Markdown.
"""
import argparse
import contextlib
import pathlib
import re
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

import subjects
from processes import Running, cpu_seconds, proportional_memory_kb

HERE = pathlib.Path(__file__).resolve().parent
LOAD_CPU, SUBJECT_CPU = 0, 1
RESULT = re.compile(r"requests (\d+) rate (\d+) events (\d+) errors (\d+) p50 ([\d.]+) p99 ([\d.]+)")


class Load(NamedTuple):
    name: str
    what: str
    events: int
    interval_us: int
    connections: int
    unit: str


LOADS = [
    Load("paced", "100 streams, 100 events/s each", 200, 10_000, 100, "event"),
    Load("many", "2000 streams, 10 events/s each", 50, 100_000, 2000, "event"),
    Load("flood", "32 streams, as fast as it goes", 200, 0, 32, "event"),
    Load("requests", "32 connections, short answers, keep-alive", 1, 0, 32, "request"),
]


class Sample(NamedTuple):
    cost_us: float  # CPU time of the subject's processes per event or request
    p50_us: float
    p99_us: float
    rate: int
    errors: int


def measure(bench, load, subject, root, options):
    before = cpu_seconds(root)
    command = [bench, "cl", subject.port, load.connections, options.seconds, subjects.TOKEN, options.body]
    ended = subprocess.run(["taskset", "-c", str(LOAD_CPU), *map(str, command)], capture_output=True, text=True)
    spent = cpu_seconds(root) - before
    result = RESULT.search(ended.stdout)
    if not result:
        sys.exit(f"{subject.name} gave no result under '{load.name}': {ended.stdout}{ended.stderr}")
    requests, rate, events, errors = map(int, result.group(1, 2, 3, 4))
    count = events if load.unit == "event" else requests
    if count == 0:
        sys.exit(f"{subject.name} relayed nothing under '{load.name}': {ended.stderr}")
    return Sample(spent * 1e6 / count, float(result.group(5)), float(result.group(6)), rate, errors)


def medians(samples):
    return {name: Sample(*map(statistics.median, zip(*rows))) for name, rows in samples.items()}


def print_table(load, samples, memory, rounds):
    median = medians(samples)
    yardstick = median["nginx"].cost_us
    print(f"\n**{load.name}**: {load.what} (median of {rounds} rounds)\n")
    print(f"| | CPU per {load.unit} | × nginx | latency p50 | p99 | requests/s | memory | errors |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in median.items():
        errors = sum(sample.errors for sample in samples[name])
        print(f"| {name} | {row.cost_us:.1f} µs | {row.cost_us / yardstick:.2f} | {row.p50_us:.0f} µs | {row.p99_us:.0f} µs "
              f"| {row.rate:.0f} | {memory[name] / 1024:.1f} MB | {errors} |", flush=True)


def print_summary(results):
    """All loads in one table: CPU time, and as a multiple of nginx's."""
    print("\n| CPU time | " + " | ".join(f"{load.name}, per {load.unit}" for load in results) + " |")
    print("|---|" + "---|" * len(results))
    for name in next(iter(results.values())):
        cells = [f"{median[name].cost_us:.1f} µs ({median[name].cost_us / median['nginx'].cost_us:.2f} ×)"
                 for median in results.values()]
        print(f"| {name} | {' | '.join(cells)} |")


def compile_bench(work):
    bench = work / "ssebench"
    subprocess.run([shutil.which("gcc") or "cc", "-O2", "-Wall", "-o", bench, *HERE.glob("*.c")], check=True)
    return bench


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of load per round and subject")
    parser.add_argument("--body", type=int, default=1000, help="bytes of request body")
    parser.add_argument("--loads", default=",".join(load.name for load in LOADS))
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / ".build" / "release")
    parser.add_argument("--subject", action="append", default=[], metavar="NAME=PORT:COMMAND")
    options = parser.parse_args()
    unknown = set(options.loads.split(",")) - {load.name for load in LOADS}
    if unknown:
        parser.error(f"unknown loads: {', '.join(sorted(unknown))}")
    return options


def main():
    options = arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ocm-bench-")))
        bench = compile_bench(work)
        compared = subjects.all_subjects(work, options.build, map(subjects.parse, options.subject))
        running = {subject.name: stack.enter_context(Running(SUBJECT_CPU, subject.command, subject.port)) for subject in compared}
        results = {}
        for load in LOADS:
            if load.name not in options.loads.split(","):
                continue
            upstream = [bench, "up", subjects.UPSTREAM_PORT, load.events, 40, load.interval_us]
            samples = {subject.name: [] for subject in compared}
            with Running(LOAD_CPU, upstream, subjects.UPSTREAM_PORT):
                # The subjects take turns, so that a drift of the machine hits all of them.
                for _ in range(options.rounds):
                    for subject in compared:
                        samples[subject.name].append(measure(bench, load, subject, running[subject.name].pid, options))
                memory = {name: proportional_memory_kb(process.pid) for name, process in running.items()}
            print_table(load, samples, memory, options.rounds)
            results[load] = medians(samples)
        print_summary(results)


if __name__ == "__main__":
    main()
