"""Disks, directories and files that are in the way of the login: said once, survived, over when the obstacle goes."""

import asyncio
import os
import pathlib
import shutil

import pytest

from harness import FULL, login, nobody, proc
from harness.asking import TURN, Asking
from harness.places import FileSystem
from harness.waiting import eventually_async

KEPT = "new tokens could not be written, they are kept in memory"
PUT_OFF = "refresh put off"
UNUSABLE = "credential file can't be used"
NONE = "there is no login"


@pytest.fixture
def file_system(directory):
    """A tmpfs for the login."""
    made = FileSystem(pathlib.Path(directory) / "disk")
    yield made
    made.unmount()


def ocm_with(start_ocm, path, sign_in=True, **settings):
    """An OCM whose login is at `path`; not started."""
    ocm = start_ocm(start=False, auth=None, **settings)
    ocm.auth_path = pathlib.Path(path)
    ocm.configuration["services"][0]["credential_path"] = str(path)
    if sign_in:
        ocm.sign_in()
    return ocm


async def refreshed(ocm, count):
    """The token is rejected, and a request is answered all the same, for the `count`-th time."""
    ocm.fake.control(revoke_access=True)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    stats = ocm.fake.stats()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (count, 0)


async def file_is_live(ocm, seconds=10):
    """auth.json holds the refresh token that the server issued last, and nothing lies beside it."""
    def look():
        return ocm.auth()["tokens"]["refresh_token"] in ocm.fake.stats()["live_refresh_tokens"]

    await eventually_async(look, seconds, "auth.json to hold the live refresh token")
    await eventually_async(lambda: left_overs(ocm) == [], 5, "the rest to be cleared away")


def left_overs(ocm):
    return [path.name for path in ocm.auth_path.resolve().parent.iterdir()
            if ".ocm-" in path.name and not path.name.endswith("lock")]


def said(ocm, message):
    return [line for line in ocm.alarms() if line["message"] == message]


def assert_said_once(ocm, message, *texts):
    line, = said(ocm, message)
    assert line["level"] == "error"
    for text in texts:
        assert text in line["reason"]


async def works(ocm, seconds=10):
    async def look():
        return (await ocm.ask("POST", "/v1/responses", TURN)).status == 200

    await eventually_async(look, seconds, "an answer")


# Where the new tokens have no place.

@pytest.mark.parametrize("obstacle, text", [("full", "No space left"), ("read-only", "Read-only")])
async def test_new_tokens_that_find_no_place_are_kept_in_memory_until_they_do(file_system, start_ocm, obstacle, text):
    ocm = ocm_with(start_ocm, file_system.path / "auth.json")
    ocm.tolerate(KEPT)
    ocm.start()
    before = ocm.auth_path.read_bytes()
    file_system.fill() if obstacle == "full" else file_system.read_only()
    async with Asking(ocm) as asking:
        await refreshed(ocm, 1)
        await eventually_async(lambda: said(ocm, KEPT), 5, "the message")
        await refreshed(ocm, 2)  # with the token that is in memory alone
        assert ocm.auth_path.read_bytes() == before
        file_system.clear() if obstacle == "full" else file_system.read_only(False)
        await file_is_live(ocm)
    assert set(asking.statuses) == {200}
    assert_said_once(ocm, KEPT, text)
    assert ocm.log().count("new tokens written after all") == 1
    await refreshed(ocm, 3)
    await file_is_live(ocm)


@pytest.mark.deadline(60)
@pytest.mark.parametrize("obstacle, text", [("full", "No space left"), ("read-only", "Read-only")])
async def test_a_refresh_that_can_wait_does_while_its_answer_has_no_place(file_system, start_ocm, obstacle, text):
    ocm = ocm_with(start_ocm, file_system.path / "auth.json")
    ocm.tolerate(PUT_OFF)
    ocm.fake.control(check=False)
    ocm.write_auth(login.due(ocm.auth()))
    before = ocm.auth_path.read_bytes()
    file_system.fill() if obstacle == "full" else file_system.read_only()
    ocm.start()
    async with Asking(ocm) as asking:
        await eventually_async(lambda: said(ocm, PUT_OFF), 5, "the message")
        assert_said_once(ocm, PUT_OFF, text)
        assert (ocm.fake.stats()["refreshes"], ocm.auth_path.read_bytes()) == (0, before)
        if obstacle == "full" and not FULL:
            return  # it is looked at again every ten seconds: once is enough
        file_system.clear() if obstacle == "full" else file_system.read_only(False)
        await eventually_async(lambda: ocm.fake.stats()["refreshes"] == 1, 20, "the refresh")
        await file_is_live(ocm)
    assert set(asking.statuses) == {200}
    assert len(ocm.alarms()) == 1


# Where there is no directory.

async def test_a_directory_that_is_missing_may_come_go_and_come_again(start_ocm, directory):
    place = pathlib.Path(directory) / "home" / ".codex"
    ocm = ocm_with(start_ocm, place / "auth.json", sign_in=False)
    ocm.tolerate(NONE)
    ocm.start()
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 503 and int(response.header("retry-after")) >= 1
    place.mkdir(parents=True)
    ocm.sign_in()
    await works(ocm)
    shutil.rmtree(place.parent)
    await eventually_async(lambda: len(said(ocm, NONE)) == 2, 10, "the message")
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 503
    place.mkdir(parents=True)
    ocm.sign_in()
    await works(ocm)
    await refreshed(ocm, 1)
    await file_is_live(ocm)


async def test_a_directory_that_is_exchanged_for_another_brings_its_login(start_ocm, directory):
    places = [pathlib.Path(directory) / name for name in ("codex", "other", "old")]
    for place in places[:2]:
        place.mkdir()
    ocm = ocm_with(start_ocm, places[0] / "auth.json").start()
    ocm.auth_path = places[1] / "auth.json"
    ocm.sign_in()
    ocm.auth_path = places[0] / "auth.json"
    os.rename(places[0], places[2])
    os.rename(places[1], places[0])
    new = ocm.auth()["tokens"]["access_token"]
    await eventually_async(lambda: uses(ocm, new), 10, "the other login")
    await refreshed(ocm, 1)
    await file_is_live(ocm)


async def uses(ocm, access):
    response = await ocm.ask("POST", "/v1/responses", TURN)
    fields = {name.lower(): value for name, value in ocm.fake.record(response)["fields"]}
    return fields["authorization"] == f"Bearer {access}"


# Where the file is something else.

def become_directory(path):
    path.unlink()
    path.mkdir()


def become_pipe(path):
    path.unlink()
    os.mkfifo(path)


def become_large(path):
    path.write_bytes(b'{"auth_mode":"chatgpt","x":"' + b"x" * 50_000_000 + b'"}')


DAMAGES = {
    "a directory": (become_directory, "it is a directory"),
    "a pipe": (become_pipe, "it is not a regular file"),
    "50 MB": (become_large, "it has 50000030 bytes"),
    "half a file": (lambda path: path.write_bytes(path.read_bytes()[:700]), "it is not valid JSON"),
    "empty": (lambda path: path.write_bytes(b""), "it is empty"),
    "another's JSON": (lambda path: path.write_bytes(b'{"tokens": 7}'), "tokens has the wrong type"),
}


@pytest.mark.deadline(60)
async def test_a_file_that_becomes_unusable_keeps_the_last_good_login(start_ocm):
    """All of them at a time: each is said after ten seconds."""
    cases = [(start_ocm(workers=1), *damage) for damage in DAMAGES.values()]
    # All have one API: a token that is revoked for one of them is revoked for all.
    together = asyncio.Barrier(len(cases))
    async with asyncio.TaskGroup() as group:
        for ocm, damage, reason in cases:
            group.create_task(unusable_for_a_while(ocm, damage, reason, together))


async def unusable_for_a_while(ocm, damage, reason, together):
    ocm.tolerate(UNUSABLE, KEPT)
    whole = ocm.auth_path.read_bytes()
    memory = proc.resident(ocm.pid)
    damage(ocm.auth_path)
    async with Asking(ocm, interval=0.1) as asking:
        await eventually_async(lambda: said(ocm, UNUSABLE), 15, f"{reason!r}")
        # A refresh in this state: what the server issues is kept, in the file or in memory.
        if await together.wait() == 0:
            ocm.fake.control(revoke_access=True)
        await eventually_async(lambda: "access token refreshed" in ocm.log(), 15, "the refresh")
        if ocm.auth_path.is_dir():
            ocm.tolerate("there is no login")  # which may be seen, for a moment
            ocm.auth_path.rmdir()
        temporary = ocm.auth_path.with_name("restored")
        temporary.touch(0o600)
        temporary.write_bytes(whole)  # the tokens in it have been spent meanwhile
        os.replace(temporary, ocm.auth_path)
        await file_is_live(ocm)
    assert set(asking.statuses) <= {200, 503} and asking.statuses[200] > 20
    assert_said_once(ocm, UNUSABLE, reason)
    assert proc.resident(ocm.pid) - memory < 8 << 20
    assert ocm.fake.stats()["reused_refresh_tokens"] == 0


@pytest.mark.parametrize("damage, reason", DAMAGES.values(), ids=DAMAGES.keys())
async def test_a_file_that_is_unusable_at_the_start_is_503_until_it_is_one(start_ocm, damage, reason):
    ocm = start_ocm(start=False)
    ocm.tolerate(UNUSABLE)
    whole = ocm.auth_path.read_bytes()
    damage(ocm.auth_path)
    ocm.start()
    for _ in range(3):
        response = await ocm.ask("POST", "/v1/responses", TURN)
        assert response.status == 503 and int(response.header("retry-after")) >= 1
    assert_said_once(ocm, UNUSABLE, reason)
    ocm.auth_path.rmdir() if ocm.auth_path.is_dir() else ocm.auth_path.unlink()
    ocm.auth_path.write_bytes(whole)
    await works(ocm)
    assert len(ocm.alarms()) == 1


# Links.

async def test_a_symbolic_link_stays_and_its_target_is_rewritten(start_ocm, directory):
    places = [pathlib.Path(directory) / name for name in ("config", "first", "second")]
    for place in places:
        place.mkdir()
    ocm = ocm_with(start_ocm, places[0] / "auth.json", sign_in=False)
    link = ocm.auth_path
    for place in places[1:]:
        ocm.auth_path = place / "login.json"
        ocm.sign_in()
    first, second = (place / "login.json" for place in places[1:])
    ocm.auth_path = link
    os.symlink("../first/login.json", link)
    ocm.start()
    untouched = second.read_bytes()
    await refreshed(ocm, 1)
    await file_is_live(ocm)
    assert (os.readlink(link), first.is_symlink(), second.read_bytes()) == ("../first/login.json", False, untouched)
    # And over to the other login, in one step.
    os.symlink("../second/login.json", places[0] / "new")
    os.replace(places[0] / "new", link)
    access = ocm.auth()["tokens"]["access_token"]
    ocm.fake.control(check=False)
    await eventually_async(lambda: uses(ocm, access), 10, "the other login")
    ocm.fake.control(check=True)
    untouched = first.read_bytes()
    await refreshed(ocm, 2)
    await file_is_live(ocm)
    assert (os.readlink(link), first.read_bytes()) == ("../second/login.json", untouched)
    # What another process writes at the target is seen though it is in another directory.
    ocm.auth_path = second
    ocm.sign_in()
    access = ocm.auth()["tokens"]["access_token"]
    await eventually_async(lambda: uses(ocm, access), 10, "what was written at the target")
    # A link that leads nowhere is no login.
    ocm.tolerate(NONE)
    second.unlink()
    await eventually_async(lambda: said(ocm, NONE), 10, "the message")


# Owners.

@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can give a file to another user")
async def test_started_by_root_the_file_stays_its_owners(start_ocm):
    ocm = start_ocm(start=False)
    os.chown(ocm.auth_path, 1234, 2345)
    os.chmod(ocm.auth_path, 0o640)
    ocm.start()
    await refreshed(ocm, 1)
    await file_is_live(ocm)
    status = ocm.auth_path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1234, 2345, 0o640)


@pytest.mark.deadline(90)
@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can give a file to another user")
async def test_a_file_of_another_user_is_left_alone_and_the_message_names_the_ways_out(start_ocm):
    """A user without rights can't write it without taking it from its owner; spending its token would lock them out."""
    ocm = start_ocm(start=False)
    nobody.give(ocm, but=[ocm.auth_path])
    ocm.tolerate(PUT_OFF)
    ocm.fake.control(check=False)
    ocm.write_auth(login.due(ocm.auth()))
    os.chmod(ocm.auth_path, 0o644)
    ocm.start()
    before = ocm.auth_path.read_bytes()
    await eventually_async(lambda: said(ocm, PUT_OFF), 5, "the message")
    assert {(await ocm.ask("POST", "/v1/responses", TURN)).status for _ in range(10)} == {200}
    assert_said_once(ocm, PUT_OFF, "belongs to user 0", "login of its own", "owner of the login")
    # When the token is of no use any more, its owner has to act.
    ocm.fake.control(check=True)
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert (response.status, response.json()["error"]["code"]) == (400, "credential_unavailable")
    assert ocm.fake.stats()["refreshes"] == 0 and ocm.auth_path.read_bytes() == before
    assert len(ocm.alarms()) == 1
    if not FULL:
        return
    os.chown(ocm.auth_path, nobody.USER, nobody.USER)
    await works(ocm, 20)
    assert ocm.fake.stats()["refreshes"] == 1
    await file_is_live(ocm)
