"""One auth.json, several that refresh it: the real Codex CLI and OCM, two OCMs."""

import asyncio
import collections
import json
import random
import time

import pytest

from harness import codex, counts
from harness.ocm import write_private
from harness.waiting import eventually, eventually_async
from harness.watcher import Watcher

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}
PLANTED = {"later": {"a": [1, 2.50, None]}, "another": "é"}


def plant(ocm):
    """Fields that nobody knows, outside and inside of `tokens`."""
    value = ocm.auth()
    if "later" not in value or "more" not in value["tokens"]:
        value |= PLANTED
        value["tokens"]["more"] = {"kept": True}
        write_private(ocm.auth_path, value)


class Origins:
    """Who has asked for tokens, and what each has got."""

    def __init__(self, fake):
        self.fake = fake
        self.of = {}  # refresh token -> "ocm" or "cli"
        self.refused = collections.Counter()
        self.last = 0

    def update(self):
        """Who was answered since the last time, in order."""
        won = []
        for record in self.fake.requests(200):
            if record["id"] <= self.last or record["target"] != "/oauth/token" or not record["ended"]:
                continue
            self.last = record["id"]
            agent = {name.lower(): value for name, value in record["fields"]}.get("user-agent", "")
            who = "ocm" if agent.startswith("ocm") else "cli"
            if record["status"] == 200:
                self.of[json.loads(record["answer"])["refresh_token"]] = who
                won.append(who)
            else:
                self.refused[who] += 1
        return won


def check_versions(versions, origins):
    """OCM has lost no field of the version before; gives what the CLI has lost."""
    lost = set()
    for (_, before), (_, after) in zip(versions, versions[1:]):
        who = origins.of.get(after["tokens"]["refresh_token"])
        missing = {name for name in before if name not in after} | {
            "tokens." + name for name in before["tokens"] if name not in after["tokens"]}
        changed = {name for name in before if name in after and name not in ("tokens", "last_refresh")
                   and before[name] != after[name]}
        if who == "ocm":
            assert not missing and not changed, (missing, changed)
        elif who == "cli":
            lost |= missing | changed
    return lost


@pytest.mark.deadline(900)
async def test_the_codex_cli_and_ocm_refresh_one_login_in_turn_and_at_once(start_ocm, directory):
    codex.binary()
    ocm = start_ocm()
    ocm.tolerate(r"refresh|token|credential")
    # The CLI's home is where OCM's auth.json lies.
    owner = codex.Owner(ocm.directory, ocm.fake)
    origins = Origins(ocm.fake)
    generator = random.Random(20261122)
    outcomes, failed, slowest = collections.Counter(), 0, 0.0
    pace = 0.3  # seconds from the CLI's start to its first request, as last seen

    async def uses_file():
        """OCM's requests go with the token that is in the file."""
        response = await ocm.ask("POST", "/v1/responses", TURN)
        assert response.status in (200, 503), response
        if response.status == 503:
            return False
        sent = {name.lower(): value for name, value in ocm.fake.record(response)["fields"]}["authorization"]
        return sent == "Bearer " + ocm.auth()["tokens"]["access_token"]

    with Watcher(ocm.auth_path) as watcher:
        for number in range(counts(4, 50)):
            plant(ocm)
            await eventually_async(uses_file, 10, "OCM to be at rest")
            # Tokens that are rejected as soon as they have come are not refreshed without end.
            await eventually_async(lambda: time.monotonic() - watcher.versions[-1][0] > 2.1)
            ocm.fake.control(clear=True)
            together = number % 2 == 0
            if together:
                # Wide enough for both to ask before either is answered.
                ocm.fake.order(route="token", times=-1, delay=generator.uniform(0, 0.3))
            before = ocm.fake.stats()
            ocm.fake.control(revoke_access=True)
            if together:
                started = time.monotonic()
                process = owner.start()
                moment = started + pace + generator.uniform(-0.1, 0.1)
                while time.monotonic() < moment:
                    await asyncio.sleep(0.001)
                statuses = {(await ocm.ask("POST", "/v1/responses", TURN)).status}
            elif number % 4 == 1:
                started = time.monotonic()
                process = owner.start()
                await eventually_async(lambda: ocm.fake.stats()["requests"] > before["requests"], 20, "the CLI")
                pace = time.monotonic() - started
                await asyncio.to_thread(process.wait, 60)
                statuses = {(await ocm.ask("POST", "/v1/responses", TURN)).status}
            else:
                statuses = {(await ocm.ask("POST", "/v1/responses", TURN)).status}
                process = owner.start()
            failures = await asyncio.to_thread(process.wait, 60) != 0
            written = time.monotonic()
            await eventually_async(uses_file, 10, "OCM to take up what is in the file")
            slowest = max(slowest, time.monotonic() - written)
            assert statuses == {200}, statuses

            won = origins.update()
            after = ocm.fake.settled()
            [live] = after["live_refresh_tokens"]
            assert ocm.auth()["tokens"]["refresh_token"] == live
            reused = after["reused_refresh_tokens"] - before["reused_refresh_tokens"]
            assert reused == 0 or together
            # The CLI, too, ends when tokens change under its hands; it is the next run that counts.
            assert not failures or reused or "application network policy" in owner.errors(), owner.errors()
            failed += failures
            outcomes["together" if together else "in turn", "+".join(won), f"{reused} refused"] += 1
        ocm.fake.control(clear=True)
        assert await asyncio.to_thread(owner.start().wait, 60) == 0, owner.errors()
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
        rested = ocm.auth_path.read_bytes()
    lost = check_versions(watcher.versions, origins)
    assert json.loads(rested)["tokens"]["refresh_token"] == ocm.fake.stats()["live_refresh_tokens"][0]
    whole = [when for when, _ in watcher.versions]
    for when, length in watcher.torn:
        assert any(when < later < when + 1 for later in whole), f"{length} bytes stayed"
    print(f"\n{dict(outcomes)}; refused: {dict(origins.refused)}; runs of the CLI that failed over that: {failed}; "
          f"OCM at rest {slowest:.2f} s after the CLI at most; {watcher.reads} reads, "
          f"{len(watcher.versions)} versions, {len(watcher.torn)} torn (the CLI truncates); "
          f"the CLI lost {sorted(lost)}")


@pytest.mark.deadline(300)
async def test_two_ocms_on_one_login_take_turns(start_ocm):
    one = start_ocm(workers=1)
    two = start_ocm(workers=1, auth=None, service={"credential_path": str(one.auth_path)})
    plant(one)
    origins = Origins(one.fake)
    generator = random.Random(20261122)
    statuses, stopping = collections.Counter(), asyncio.Event()

    async def client(ocm):
        while not stopping.is_set():
            statuses[ocm, (await ocm.ask("POST", "/v1/responses", TURN)).status] += 1
            await asyncio.sleep(0.01)

    with Watcher(one.auth_path) as watcher:
        clients = [asyncio.create_task(client(ocm)) for ocm in (one, two) for _ in range(3)]
        rounds = counts(5, 50)
        for number in range(rounds):
            if number % 3 == 2:  # tokens that are rejected as soon as they come are not refreshed more than three times
                rested = time.monotonic() + 2.1
                await eventually_async(lambda: time.monotonic() > rested)
            before = one.fake.stats()["refreshes"]
            one.fake.control(clear=True)
            one.fake.order(route="token", delay=generator.uniform(0, 0.1))
            one.fake.control(revoke_access=True)
            await eventually_async(lambda: one.fake.stats()["refreshes"] > before, 10, "a refresh")
            await eventually_async(
                lambda: [one.auth()["tokens"]["refresh_token"]] == one.fake.stats()["live_refresh_tokens"], 10,
                "the write-back")
            # Whatever was asked with the old token has been answered, by both.
            seen = statuses.copy()
            await eventually_async(lambda: all(statuses[ocm, 200] > seen[ocm, 200] + 6 for ocm in (one, two)), 10,
                                   "requests")
        stopping.set()
        await asyncio.gather(*clients)
    stats = one.fake.settled()
    assert {status for _, status in statuses} == {200}, statuses
    assert (stats["refreshes"], stats["reused_refresh_tokens"], stats["refused_refreshes"]) == (rounds, 0, 0)
    assert not watcher.torn, "OCM's own writes are never torn"
    origins.update()
    assert not check_versions(watcher.versions, origins)
    eventually(lambda: sorted(p.name for p in one.directory.glob(".auth.json.ocm-*")) == [".auth.json.ocm-lock"], 5,
               "copies to be removed")
    print(f"\n{rounds} refreshes, {statuses.total()} requests, {watcher.reads} reads, none torn")
