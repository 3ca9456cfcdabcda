"""Under WebSockets that ask all the time, whatever the operator does cuts no answer and loses no turn, and neither does the
supervisor's death: who is drained is closed with 1012 between two answers, and goes on over another socket."""

import pytest

from harness import changes, counts, proc, versions
from harness.interruptions import kill_supervisor, kill_worker, unexplained, upgrade
from harness.load import SteadyLoad
from harness.reload import reload
from harness.usage import assert_equal, counted, served
from harness.waiting import eventually

SOCKETS = counts(100, 500)
ROUNDS = counts(1, 5)
LOAD = {"sockets": SOCKETS, "streams": 5, "rate": 20, "seldom": 2, "deltas": counts([1, 4], [4, 24]),
        "interval": counts(0.08, 0.3), "spread": counts(0.5, 2)}
SERVING_ON = "the supervisor is gone: serving on"


@pytest.fixture
def steady(start_ocm, capsys, request):
    """An OCM, and a load on it in which nothing may go wrong, nor go uncounted."""
    ocm = start_ocm(start=False, supervisor={"drain_timeout": "60s", "stop_timeout": "20s"})
    ocm.programs = ocm.directory / "programs"
    versions.install(ocm.programs)
    ocm.start()
    with SteadyLoad(ocm.port, ocm.fields(), **LOAD) as load:
        load.steady("socket")
        yield ocm, load
        load.stop()
    with capsys.disabled():
        print(f"\n{request.node.name}, {load.interruptions} times: {load.described()}")
    assert load.failures == []
    assert load.last["open"] == 0
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == load.answered
    assert_equal(ocm.usage(), stats)


def goes_on(load, what):
    """Waits for as many turns as show that it does."""
    load.interruptions += 1
    load.goes_on(SOCKETS // 2, "socket")
    assert load.failures == [], f"after {load.interruptions} interruptions, the last was: {what}"


def lasting(ocm, load, what, act, *arguments):
    """Does it, and sees that it ends no socket."""
    workers, restarts = ocm.workers(), load.report()["restarts"]
    act(*arguments)
    goes_on(load, what)
    assert ocm.workers() == workers and load.last["restarts"] == restarts, what


def drained(ocm, load, what, act, *arguments):
    """Does it, and sees that the sockets leave the workers that were there, who then end, and go on over others."""
    old, restarts = ocm.workers(), load.report()["restarts"]
    act(*arguments)
    eventually(lambda: not any(proc.alive(pid) for pid in old), 20, f"the old workers to end, after {what}")
    goes_on(load, what)
    # Most of them: the others had just left on their own account.
    assert load.last["restarts"] - restarts >= SOCKETS / 2, what


@pytest.mark.deadline(counts(120, 1200))
def test_nothing_that_the_operator_does_nor_the_supervisors_death_cuts_an_answer(steady):
    ocm, load = steady
    ocm.tolerate(SERVING_ON)
    live = [kind(ocm) for kind in changes.LIVE]
    others = [kind(ocm) for kind in counts((changes.workers, changes.services), changes.OTHERS)]
    for number in range(1, ROUNDS + 1):
        for change in map(next, live):
            lasting(ocm, load, change, reload, ocm, change)
        for change in map(next, others):
            drained(ocm, load, change, reload, ocm, change)
        version = versions.install(ocm.programs, number % 2)
        drained(ocm, load, f"an upgrade to {version}", upgrade, ocm, version)
        drained(ocm, load, "a kill of the supervisor", kill_supervisor, ocm)


@pytest.mark.deadline(90)
def test_a_worker_that_is_killed_fails_only_what_it_had_open(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)worker")
    with SteadyLoad(ocm.port, ocm.fields(), **LOAD) as load:
        load.steady("socket")
        kill = kill_worker(ocm)
        load.goes_on(SOCKETS, "socket")
        load.stop()
    assert unexplained(load.failures, [kill]) == []
    assert any(failure["kind"] == "socket" and kill.explains(failure) for failure in load.failures)
    stats = ocm.fake.settled()
    ocm.stop()
    booked = sum(row["request_count"] for row in counted(ocm.usage()).values())
    assert load.answered <= booked <= sum(row["request_count"] for row in served(stats).values())
