"""The real Codex CLI over WebSocket: what it shows through OCM is what it shows without OCM."""

import asyncio
import re

import pytest
from websocket_rows import ANSWER, CALL, FALLBACK, GOOD, LIMIT, ROWS

from harness import FULL, codex
from harness.usage import assert_equal

LETTERS = {"WARMUP": "W", "TURN": "T", "POST": "P"}
SLOW = {"upgrade 500"}  # of the slow rows, those that are always run
# What differs from run to run: identities, places, times, numbers of tokens.
VARIES = re.compile(r"(req|resp|msg)_\w+|wss?://\S+?/responses|/tmp/\S+|in \d+ms|^[\d,]+$|^\S+Z\s+|^session id: .*", re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def installed():
    codex.binary()


def order(fake, row):
    for route, times, behaviour in row.orders:
        fake.order(route, times, **behaviour)


def asked(fake):
    return "".join(LETTERS.get(record["method"], "U") for record in fake.records())


def shown(done):
    """Output and errors, without what varies and without the beginnings of answers that were cut."""
    lines = VARIES.sub("*", done.stderr.partition("user\n")[2]).splitlines()
    return done.stdout.strip(), [line for line in lines if "wwww" not in line]


def matches(row, fake, done):
    assert asked(fake) == row.asked
    assert (done.returncode, done.stdout.strip()) == ((0, ANSWER) if row.good else (1, "")), done.stderr
    for text in row.shown:
        assert text in done.stderr, done.stderr


def chosen(rows):
    return [row for row in rows if FULL or not row.slow or row.name in SLOW]


@pytest.mark.deadline(100)
@pytest.mark.parametrize("row", chosen(ROWS), ids=lambda row: row.name.replace(" ", "-"))
async def test_the_cli_shows_through_ocm_what_it_shows_without(start_ocm, tmp_path, row):
    near, far = start_ocm.fake(), start_ocm.fake()
    near.control(check=False)
    ocm = start_ocm(fake=far)
    ocm.tolerate(".*")
    order(near, row)
    order(far, row)
    for name in ("alone", "through"):
        (tmp_path / name).mkdir()
    alone, through = await asyncio.gather(
        asyncio.to_thread(codex.run, tmp_path / "alone", near.url + "/backend-api/codex", "any", websockets=True),
        asyncio.to_thread(codex.run, tmp_path / "through", ocm.url, ocm.tokens["alice"], websockets=True))
    matches(row, near, alone)
    if row.same:
        matches(row, far, through)
        assert shown(through) == shown(alone)
    stats = far.settled()
    ocm.stop()
    if stats["usage"]:
        assert_equal(ocm.usage(), stats)


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
