"""Whatever WebSockets flood the service with, nobody else notices, and memory stays bounded and comes back."""

import os
import time

import pytest

from harness import counts
from harness.floods import Flooder, Memory, Witness, settled
from harness.load import SteadyLoad
from harness.ocm import Ocm, free_port, write_private
from harness.sockets import owners
from harness.waiting import eventually

MEGABYTE = 1 << 20
WHOLE = 256 * MEGABYTE  # what the whole service may take under a flood
LASTING = 4 * MEGABYTE  # what may be left of it afterwards
TOKEN = "sk-ocm-of-the-flood"
SECONDS = counts(1, 30)
FLOODS = {  # connections of each kind
    "bad_heads": 200,  # reserved bits, opcodes and lengths that there are not, no mask; each on a socket of its own
    "fragments": 100,  # of one message without end, of a byte or none
    "pings": 100,  # and pongs, whose answers are read
    "deaf_clients": counts(500, 4000),  # to which the API sends without end
    "deaf_api": counts(500, 4000),  # to which clients send without end
    "upgrades": 200,  # and gone as soon as they have succeeded
}
BESIDE = {"sockets": 20, "streams": 0, "rate": 0, "seldom": 0, "probe_interval": 0, "spread": 0.3, "deltas": [2, 8],
          "interval": 0.05}


@pytest.fixture(scope="module")
def flooded(_shared_directory, _shared_fake):
    """An OCM, who floods it, over a service of its own whose API is its own, and WebSockets beside that."""
    ocm = Ocm(_shared_directory, _shared_fake, log={"level": "warn", "format": "json"})
    ocm.tolerate("the API failed", "the API is silent")
    flooder = Flooder(_shared_directory, free_port(), TOKEN, 0 if os.cpu_count() > 1 else None, free_port())
    key = ocm.directory / "flood.json"
    write_private(key, _shared_fake.login(mode="apikey"))
    ocm.configuration["supervisor"]["endpoints"]["openai"] = f"http://127.0.0.1:{flooder.sink}"
    ocm.configuration["services"].append({
        "type": "ocm", "tag": "flooded", "listen": "127.0.0.1", "listen_port": flooder.port, "credential_path": str(key),
        "users": [{"name": "flooder", "token": TOKEN}]})
    try:
        ocm.start()
        with SteadyLoad(ocm.port, ocm.fields(), **BESIDE) as load:
            load.steady("socket")
            yield ocm, flooder, load
            load.stop()
        ocm.stop()
    finally:
        ocm.kill()


@pytest.mark.deadline(counts(60, 200))
@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_of_websockets_fails_nothing_of_others_and_its_memory_comes_back(flooded, kind):
    ocm, flooder, load = flooded
    memory, failures = Memory(ocm.pid), len(load.failures)
    idle = settled(memory, 0, 0.1)
    with memory, flooder.run(flooder.sockets(kind, FLOODS[kind])) as flood, \
            Witness(ocm.port, ocm.fields(), events=10) as witness:
        eventually(lambda: len(owners(flooder.sink, [flood.pid])) > FLOODS[kind] / 20, 10, "the flood to reach the API")
        time.sleep(SECONDS)  # the flood itself
        assert flood.poll() is None, "the flood has ended"
        report = witness.report()
        load.goes_on(10, "socket")
    left = settled(memory, idle + LASTING, 10)
    load.goes_on(10, "socket")
    print(f"{kind}: idle {idle / MEGABYTE:.1f}, at most {memory.most / MEGABYTE:.1f}, then {left / MEGABYTE:.1f} MiB; "
          f"{report}; {load.described()}")
    assert report["errors"] == 0 and report["kept"]["count"] and report["streams"], report
    assert load.failures[failures:] == []
    assert memory.most < WHOLE, f"{memory.most / MEGABYTE:.1f} MiB"
    assert left <= idle + LASTING, f"{(left - idle) / MEGABYTE:.1f} MiB are left"
