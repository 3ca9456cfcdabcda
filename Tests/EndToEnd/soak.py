"""All interruptions in any order, for as long as OCM_SOAK_MINUTES says (packaging/soak). No part of the usual run."""

import os
import random
import time

import pytest

from harness import changes, versions
from harness.interruptions import kill_supervisor, kill_worker, unexplained, upgrade
from harness.load import SteadyLoad
from harness.reload import reload
from harness.usage import counted, served

MINUTES = float(os.environ.get("OCM_SOAK_MINUTES", 1))
SEED = int(os.environ.get("OCM_SOAK_SEED", 0))
REPORT = 60  # seconds between the lines that it prints
KILLS = 61  # seconds between two kills of workers: more often it is a crash loop, and the next worker waits


class Soak:
    def __init__(self, ocm, load):
        self.ocm, self.load = ocm, load
        self.random = random.Random(SEED)
        self.kinds = [kind(ocm) for kind in (*changes.LIVE, *changes.OTHERS)]
        self.kills = []
        self.counts = {}
        self.next_kill = 0
        self.version = 0

    def act(self):
        kind = self.random.choice([self.reload] * 6 + [self.upgrade, self.kill_supervisor, self.kill_worker])
        if kind == self.kill_worker and time.monotonic() < self.next_kill:
            kind = self.reload
        kind()
        self.counts[kind.__name__] = self.counts.get(kind.__name__, 0) + 1

    def reload(self):
        change = next(self.random.choice(self.kinds))
        reload(self.ocm, change)

    def upgrade(self):
        self.version = (self.version + 1) % 10
        upgrade(self.ocm, versions.install(self.ocm.programs, self.version))

    def kill_supervisor(self):
        kill_supervisor(self.ocm)

    def kill_worker(self):
        self.next_kill = time.monotonic() + KILLS
        self.kills.append(kill_worker(self.ocm))


@pytest.mark.deadline(MINUTES * 60 + 300)
def test_nothing_is_dropped_whatever_is_done(start_ocm, directory, capsys):
    ocm = start_ocm(start=False, supervisor={"drain_timeout": "30s", "stop_timeout": "20s"})
    ocm.programs = ocm.directory / "programs"
    versions.install(ocm.programs)
    ocm.tolerate(r"(?i)worker", "the supervisor is gone: serving on")
    ocm.start()
    until = time.monotonic() + MINUTES * 60
    due = 0
    with SteadyLoad(ocm.port, ocm.fields()) as load:
        load.steady()
        soak = Soak(ocm, load)
        while time.monotonic() < until:
            soak.act()
            load.goes_on(soak.random.randint(1, 60))
            left = unexplained(load.failures, soak.kills)
            assert left == [], f"after {soak.counts} with seed {SEED}"
            if time.monotonic() > due:
                due = time.monotonic() + REPORT
                with capsys.disabled():
                    print(f"\n{soak.counts}: {load.described()}", flush=True)
        load.stop()
    with capsys.disabled():
        print(f"\n{soak.counts} with seed {SEED}: {load.described()}")
    assert unexplained(load.failures, soak.kills) == []
    stats = ocm.fake.settled()
    ocm.stop()
    booked = sum(row["request_count"] for row in counted(ocm.usage()).values())
    assert load.answered <= booked <= sum(row["request_count"] for row in served(stats).values())
