"""The real Codex CLI over WebSocket: what it shows through OCM is what it shows without OCM."""

import asyncio
import re
import subprocess

import pytest
from websocket_rows import ANSWER, CALL, FALLBACK, GOOD, LIMIT, ROWS

from harness import FULL, codex
from harness.fake import FakeAPI
from harness.ocm import Ocm
from harness.usage import assert_equal

LETTERS = {"WARMUP": "W", "TURN": "T", "POST": "P"}
SLOW = {"upgrade 500"}  # of the slow rows, those that are always run
AT_ONCE = 3  # rows
# What differs from run to run: identities, places, times, numbers of tokens.
VARIES = re.compile(r"(req|resp|msg)_\w+|wss?://\S+?/responses|/tmp/\S+|in \d+ms|^[\d,]+$|^\S+Z\s+|^session id: .*", re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def installed():
    codex.binary()


def asked(fake, user="alice"):
    return "".join(LETTERS.get(record["method"], "U") for record in fake.records() if record["user"] == user)


def shown(done):
    """Output and errors, without what varies and without the beginnings of answers that were cut."""
    lines = VARIES.sub("*", done.stderr.partition("user\n")[2]).splitlines()
    return done.stdout.strip(), [line for line in lines if "wwww" not in line]


def matches(row, fake, user, done):
    assert asked(fake, user) == row.asked
    assert (done.returncode, done.stdout.strip()) == ((0, ANSWER) if row.good else (1, "")), done.stderr
    for text in row.shown:
        assert text in done.stderr, done.stderr


class Runs:
    """Each row by a user of its own, twice: without OCM and through it. Rows run side by side: some of them only wait.

    On a busy machine the CLI itself is not always the same, for its first connection is opened beside its first turn: a row
    that does not hold is given a second, quiet try.
    """

    def __init__(self, ocm, near, directory):
        self.ocm, self.near, self.far, self.directory = ocm, near, ocm.fake, directory
        self.results = {}

    async def all(self, rows):
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(row):
            async with limit:
                self.results[row.name] = user_of(row), await self.both(row, user_of(row))

        # What the API does not forgive is the login's matter, and so everybody's.
        for some in (lambda row: "401" not in row.name, lambda row: "401" in row.name):
            await asyncio.gather(*map(one, filter(some, rows)))
        for row in rows:
            try:
                self.check(row)
            except (AssertionError, subprocess.TimeoutExpired) as error:
                print(f"{row.name}, once more: {error}")
                self.results[row.name] = again(row), await self.both(row, again(row))

    async def both(self, row, user):
        """The two processes, finished, or why they are not."""
        for fake in (self.near, self.far):
            for route, times, behaviour in row.orders:
                fake.order(route, times, user, **behaviour)
        places = self.directory / user / "alone", self.directory / user / "through"
        for place in places:
            place.mkdir(parents=True)
        return await asyncio.gather(
            asyncio.to_thread(codex.run, places[0], self.near.url + "/backend-api/codex", "any", user=user, websockets=True),
            asyncio.to_thread(codex.run, places[1], self.ocm.url, self.ocm.tokens[user], user=user, websockets=True),
            return_exceptions=True)

    def check(self, row):
        user, (alone, through) = self.results[row.name]
        for done in (alone, through):
            if isinstance(done, Exception):
                raise done
        matches(row, self.near, user, alone)
        if row.same:
            matches(row, self.far, user, through)
            assert shown(through) == shown(alone)


def user_of(row):
    return f"row-{ROWS.index(row)}"


def again(row):
    return user_of(row) + "-again"


CHOSEN = [row for row in ROWS if FULL or not row.slow or row.name in SLOW]


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory, _shared_directory, _shared_fake, installed):
    """Those rows whose tests are about to run."""
    directory = tmp_path_factory.mktemp("rows")
    rows = [item.callspec.params["row"] for item in request.session.items if item.originalname == ROW_TEST]
    near, far = FakeAPI(directory), _shared_fake
    ocm = Ocm(_shared_directory, far, users=[user(row) for row in rows for user in (user_of, again)])
    ocm.tolerate(".*")
    try:
        near.control(check=False)
        ocm.start()
        runs = Runs(ocm, near, directory)
        asyncio.run(runs.all(rows))
        yield runs
        stats = far.settled()
        ocm.stop()
        if stats["usage"]:
            assert_equal(ocm.usage(), stats)
    finally:
        ocm.kill()
        near.stop()


ROW_TEST = "test_the_cli_shows_through_ocm_what_it_shows_without"


@pytest.mark.parametrize("row", CHOSEN, ids=lambda row: row.name.replace(" ", "-"))
def test_the_cli_shows_through_ocm_what_it_shows_without(runs, row):
    runs.check(row)


def test_a_long_conversation_needs_no_http(start_ocm, directory):
    ocm = start_ocm()
    for _ in range(30):
        ocm.fake.order("turn", output=[CALL])
    ocm.fake.order(*GOOD[:2], **GOOD[2])
    done = codex.run(directory, ocm.url, ocm.tokens["alice"], websockets=True)
    assert (done.returncode, done.stdout.strip()) == (0, ANSWER), done.stderr
    assert asked(ocm.fake) == "UW" + "T" * 31
    ocm.fake.order("turn", text="Again.")
    again = codex.run(directory, ocm.url, ocm.tokens["alice"], "go on", websockets=True, resume=True)
    assert (again.returncode, again.stdout.strip()) == (0, "Again."), again.stderr
    assert asked(ocm.fake).count("P") == 0
    stats = ocm.fake.settled()
    ocm.stop()
    assert stats["usage"][0]["request_count"] == 32
    assert_equal(ocm.usage(), stats)


def test_a_token_that_the_api_refuses_is_refreshed_before_the_cli_hears_of_it(start_ocm, directory):
    ocm = start_ocm()
    ocm.fake.control(revoke_access=True)
    ocm.fake.order(*GOOD[:2], **GOOD[2])
    done = codex.run(directory, ocm.url, ocm.tokens["alice"], websockets=True)
    assert (done.returncode, done.stdout.strip()) == (0, ANSWER), done.stderr
    assert asked(ocm.fake)[-3:] == "UWT" and "Reconnecting" not in done.stderr
    assert ocm.fake.stats()["refreshes"] == 1


def test_a_login_that_is_refused_for_good_is_shown_as_what_it_is(start_ocm, directory):
    ocm = start_ocm()
    ocm.tolerate(".*")
    ocm.fake.control(revoke_access=True, revoke_refresh=True)
    done = codex.run(directory, ocm.url, ocm.tokens["alice"], websockets=True)
    assert done.returncode == 1 and "credential_unavailable" in done.stderr
    assert "Reconnecting" not in done.stderr and FALLBACK not in done.stderr


def test_websockets_that_are_switched_off_cost_one_request(start_ocm, directory):
    ocm = start_ocm(supervisor={"websockets": False})
    ocm.fake.order(text=ANSWER)
    done = codex.run(directory, ocm.url, ocm.tokens["alice"], websockets=True)
    assert (done.returncode, done.stdout.strip()) == (0, ANSWER), done.stderr
    assert asked(ocm.fake) == "P" and "Reconnecting" not in done.stderr


def test_a_used_up_limit_in_the_upgrade_keeps_its_fields(start_ocm, directory):
    ocm = start_ocm()
    ocm.fake.order("upgrade", -1, status=429, json={"error": LIMIT}, headers=[["x-codex-active-limit", "codex"]])
    done = codex.run(directory, ocm.url, ocm.tokens["alice"], websockets=True)
    assert done.returncode == 1 and "try again at" in done.stderr
    assert asked(ocm.fake) == "UU"
