"""Under a steady load, whatever the operator does fails no request and cuts no stream, and so does the supervisor's death."""

import pytest

from harness import counts
from harness.interruptions import kill_supervisor
from harness.load import SteadyLoad
from harness.usage import assert_equal

ROUNDS = counts(2, 20)
DEADLINE = pytest.mark.deadline(counts(120, 600))


@pytest.fixture
def steady(start_ocm, capsys):
    """An OCM, and a load on it in which nothing may go wrong, nor go uncounted."""
    ocm = start_ocm(supervisor={"drain_timeout": "30s", "stop_timeout": "20s"})
    with SteadyLoad(ocm.port, ocm.fields()) as load:
        load.steady()
        yield ocm, load
        load.stop()
    with capsys.disabled():
        print(f"\n{load.described()}")
    assert load.failures == []
    assert load.last["open"] == 0
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == load.answered
    assert_equal(ocm.usage(), stats)


@DEADLINE
def test_the_supervisor_is_killed_and_comes_back(steady):
    ocm, load = steady
    ocm.tolerate("the supervisor is gone: serving on")
    for _ in range(ROUNDS):
        kill_supervisor(ocm)
        load.goes_on()
        assert load.last["failures"] == []
