"""A worker that is killed under a steady load takes down what it had open, and nothing else."""

import pytest

from harness import counts
from harness.interruptions import kill_worker, unexplained
from harness.load import SteadyLoad
from harness.usage import counted, served

# Each is an OCM of its own with two kills: more within a minute are a crash loop, and the next worker waits.
ROUNDS = counts(1, 10)


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.deadline(90)
def test_a_worker_that_is_killed_fails_only_what_it_had_open(start_ocm, capsys, number):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)worker")
    kills = []
    with SteadyLoad(ocm.port, ocm.fields(), deltas=counts([2, 10], [4, 24])) as load:
        load.steady()
        for _ in range(2):
            kills.append(kill_worker(ocm))
            load.goes_on()
        load.stop()
    with capsys.disabled():
        print(f"\nworkers killed with {' and '.join(str(len(kill.ports)) for kill in kills)} connections; {load.described()}")
    assert unexplained(load.failures, kills) == []
    assert all(any(kill.explains(failure) for failure in load.failures) for kill in kills), "a kill that nobody noticed"
    stats = ocm.fake.settled()
    ocm.stop()
    booked = sum(row["request_count"] for row in counted(ocm.usage()).values())
    assert load.answered <= booked <= sum(row["request_count"] for row in served(stats).values())
