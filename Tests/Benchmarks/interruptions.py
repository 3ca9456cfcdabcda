#!/usr/bin/env python3
"""What clients lose when OCM, nginx and HAProxy are reloaded and when a worker of theirs is killed, under the same load.

  interruptions.py [--runs 3] [--reloads 10] [--kills 2] [--rest 8] [--subjects nginx,HAProxy,OCM] [--build FOLDER]

The load: 200 paced streams, 100 short requests a second on kept and on new connections, and 250 connections a second that
only ask whether anybody is there (Tests/Support/steady_load.py). The table comes out in Markdown.
"""
import argparse
import contextlib
import os
import pathlib
import tempfile
import time

import subjects
from interrupted import HAProxy, Nginx, OCM

from harness.fake import FakeAPI  # found by what interrupted has set
from harness.load import SteadyLoad

HERE = pathlib.Path(__file__).resolve().parent
LOAD_CPU = 0
PACE = 1.0  # seconds between two interruptions
AFTERMATH = 7.0  # seconds in which whatever an interruption broke comes to light: the longest stream
KILL = "worker killed"


class Row:
    """What happened in one phase of all runs."""

    def __init__(self):
        self.times = self.answered = self.failed = self.truncated = self.elsewhere = 0
        self.gap = 0.0

    def add(self, times, before, load, failures, kills):
        self.times += times
        self.answered += load.answered - before
        self.gap = max(self.gap, load.gap)
        for failure in failures:
            self.failed += failure["what"] == "failed"
            self.truncated += failure["what"] == "truncated"
            self.elsewhere += not any(kill.explains(failure) for kill in kills)


def phase(row, load, times, act, pause):
    """Does something so many times, waits until its consequences are known, and adds them to the row."""
    before, known = load.answered, len(load.failures)
    load.gap = 0.0
    kills = []
    for number in range(times):
        began = time.monotonic()
        kill = act(number)
        kills += [kill] if kill else []
        time.sleep(max(began + PACE - time.monotonic(), 0))
    time.sleep(pause)
    load.report()
    row.add(times, before, load, load.failures[known:], kills)


def run(make, api, options, rows):
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ocm-bench-")))
        server = stack.enter_context(make(work, api, options.build))
        load = stack.enter_context(SteadyLoad(server.port, server.fields))
        os.sched_setaffinity(load.process.pid, {LOAD_CPU})
        load.steady()

        def row(name):
            return rows.setdefault((server.name, name), Row())

        phase(row("at rest"), load, 0, None, options.rest)
        for name, reload in server.reloads.items():
            phase(row(name), load, options.reloads, reload, AFTERMATH)
        phase(row(KILL), load, options.kills, lambda _: server.kill_worker(), AFTERMATH)
        load.stop()


def print_table(rows):
    print("\n| | | times | answered | failed | truncated | not on the killed process | longest gap in accepting |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, what), row in rows.items():
        elsewhere = row.elsewhere if what == KILL else ""
        print(f"| {name} | {what} | {row.times or ''} | {row.answered} | {row.failed} | {row.truncated} | {elsewhere} "
              f"| {row.gap * 1000:.0f} ms |", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--reloads", type=int, default=10, help="in each run")
    parser.add_argument("--kills", type=int, default=2, help="in each run")
    parser.add_argument("--rest", type=float, default=8, help="seconds in which nothing is done")
    parser.add_argument("--subjects", default=",".join(SUBJECTS))
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / ".build" / "release")
    options = parser.parse_args()
    unknown = set(options.subjects.split(",")) - set(SUBJECTS)
    if unknown:
        parser.error(f"unknown subjects: {', '.join(sorted(unknown))}")
    return options


SUBJECTS = {
    "nginx": lambda work, api, build: Nginx(work, api),
    "HAProxy": lambda work, api, build: HAProxy(work, api),
    "OCM": OCM,
}


def main():
    options = arguments()
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # for all alike: other load on the machine is not what is measured
    rows = {}
    with tempfile.TemporaryDirectory(prefix="ocm-bench-") as directory:
        fake = FakeAPI(directory, "--no-check")
        os.sched_setaffinity(fake.pid, {LOAD_CPU})
        try:
            api = subjects.Upstream(fake.port, "/backend-api/codex")
            # They take turns, so that a drift of the machine hits all of them.
            for _ in range(options.runs):
                for name in options.subjects.split(","):
                    run(SUBJECTS[name], api, options, rows)
        finally:
            fake.stop()
    print_table(rows)


if __name__ == "__main__":
    main()
