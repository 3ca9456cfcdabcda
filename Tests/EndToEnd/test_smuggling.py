"""No request is seen behind OCM that was not sent as a request of its own; unusual ones pass as they should.

The collection goes through OCM to the fake API and to nginx, which read requests each in a way of their own: whole, a
byte at a time, and all at the same time, so that each case could meet what another has left on a connection to the API.
"""

import asyncio
import collections
import tempfile

import pytest

from harness.fake import FakeAPI
from harness.nginx import Nginx
from harness.ocm import Ocm
from harness.waiting import eventually_async
from smuggling.collection import (BrokenBody, Malformed, Split, Valid, by_number, report, send_all,
                                  sightings_of_fake, sightings_of_nginx)
from smuggling.malformed import BROKEN_BODIES, MALFORMED
from smuggling.valid import VALID

CUT_EVERYWHERE = ("a request behind a trailer", "a request behind a body and an empty line",
                  "an empty line between two requests", "names with underscores")
Run = collections.namedtuple("Run", "cases known strange refused")


@pytest.fixture(scope="module", params=["fake API", "nginx"])
def run(request):
    """The whole collection, sent in both ways, and what the server behind OCM saw of it."""
    cases = {(kind, delivery): [kind(*case) for case in table] for delivery in ("whole", "in pieces")
             for kind, table in ((Malformed, MALFORMED), (BrokenBody, BROKEN_BODIES), (Valid, VALID))}
    with tempfile.TemporaryDirectory(prefix="ocm-") as directory:
        fake = FakeAPI(directory)
        nginx = Nginx(directory, fake.port) if request.param == "nginx" else None
        ocm = Ocm(directory, fake, users=(), workers=1)
        if nginx:
            ocm.configuration["supervisor"]["endpoints"]["chatgpt"] = f"{nginx.url}/backend-api/codex"
        try:
            ocm.start()
            for delivery in ("whole", "in pieces"):
                sent = [case for (_, key), group in cases.items() if key == delivery for case in group]
                asyncio.run(send_all(sent, ocm.port, delivery == "in pieces"))
            refused = fake.settled()["unparsable"]
            ocm.stop()
            if nginx:
                sightings = sightings_of_nginx(nginx.finish())
            else:
                sightings = sightings_of_fake(fake.requests(100_000))
            yield Run(cases, *by_number(sightings), refused)
        finally:
            ocm.kill()
            if nginx:
                nginx.kill()
            fake.stop()


@pytest.mark.parametrize("delivery", ["whole", "in pieces"])
@pytest.mark.parametrize("kind", [Malformed, BrokenBody])
def test_a_malformed_request_is_refused_and_hides_none(run, kind, delivery):
    cases = run.cases[kind, delivery]
    failures = [(case, failure) for case in cases for failure in case.failures(run.known[case.number])]
    assert not failures, report(failures)


@pytest.mark.parametrize("delivery", ["whole", "in pieces"])
def test_an_unusual_request_passes_as_it_came(run, delivery):
    cases = run.cases[Valid, delivery]
    failures = [(case, failure) for case in cases for failure in case.failures(run.known[case.number])]
    assert not failures, report(failures)


def test_nothing_is_seen_that_no_case_has_sent(run):
    assert run.strange == []
    assert run.refused == 0


async def test_wherever_a_request_is_cut_it_is_the_same(start_ocm):
    ocm = start_ocm(users=(), workers=1)
    first_is_read = asyncio.Event()
    cases = [Split(name, wire, seen, cut, first_is_read) for name, wire, seen in VALID
             for cut in range(1, len(wire)) if name in CUT_EVERYWHERE]
    assert len(cases) > 300
    sending = asyncio.ensure_future(send_all(cases, ocm.port, False, at_once=len(cases)))
    await eventually_async(lambda: all(case.is_begun for case in cases), 20, "the first pieces to be sent")
    # One worker, one thread: what was there before this request has been read before it is answered.
    await ocm.ask("GET", "/v1/models", user=None)
    first_is_read.set()
    await sending
    known, strange = by_number(sightings_of_fake(ocm.fake.requests(100_000)))
    failures = [(case, failure) for case in cases for failure in case.failures(known[case.number])]
    assert not failures, report(failures)
    assert [line for line, _ in strange] == ["/backend-api/codex/models"]


async def test_the_collection_finds_what_a_lenient_server_lets_through(fake):
    """The fake API alone reads as it likes: the hidden requests come to light."""
    cases = [Malformed(*case) for case in MALFORMED]
    await send_all(cases, fake.port, False, at_once=len(cases), patience=2)
    known, _ = by_number(sightings_of_fake(fake.requests(100_000)))
    found = [case.name for case in cases if any(s.letter == "C" for s in known[case.number])]
    assert len(found) > 50, found


def test_the_collection_is_as_large_as_promised():
    assert len(MALFORMED) + len(BROKEN_BODIES) >= 150 and len(VALID) >= 100
    assert sum(name.startswith("TE.TE") for name, *_ in MALFORMED) >= 30
    for table in (MALFORMED, BROKEN_BODIES, VALID):
        assert len({wire for _, wire, _ in table}) == len(table)
