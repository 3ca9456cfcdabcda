#!/usr/bin/env python3
"""A steady load as a process of its own, from the moment at which it starts until it is told to stop.

  steady_load.py PLAN

PLAN is JSON, the fields of steadyload.clients.Plan. Orders come as lines on standard input, and each is answered by one line of
JSON: `report` (all counts, the failures since the last report, the longest gap and silence since then), `stop` (finishes what
is open, then the last report, then the end). The end of the input is the end at once.
"""

import json
import os
import resource
import select
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from steadyload.clients import Load, Plan  # noqa: E402

FINISHING = 30  # seconds for what is open at the end


class Orders:
    def __init__(self, load):
        self.load = load
        self.rest = b""
        load.loop.watch(0, select.EPOLLIN, self.read)

    def read(self, _events):
        data = os.read(0, 4096)
        if not data:
            self.load.loop.over = True
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            if line == b"report":
                self.report()
            elif line == b"stop":
                self.load.finish(FINISHING, self.stop)
            else:
                sys.exit(f"unknown order {line!r}")

    def report(self):
        loop = self.load.loop
        value = self.load.tally.report() | {"open": self.load.open, "lateness": loop.lateness}
        loop.lateness = 0.0
        print(json.dumps(value), flush=True)

    def stop(self):
        self.report()
        self.load.loop.over = True


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    load = Load(Plan(**json.loads(sys.argv[1])))
    Orders(load)
    load.start()
    load.loop.run()


if __name__ == "__main__":
    main()
