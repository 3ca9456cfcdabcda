"""The login's limits: what the API says of them in its answers' fields is what `status` shows, and whose it is."""

import asyncio
import calendar
import os
import re
import signal
import subprocess
import time

from harness import admin
from harness.ocm import binaries
from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}
NOW = int(time.time())


def window(name, used, minutes, resets):
    return [[f"x-{name}-used-percent", str(used)], [f"x-{name}-window-minutes", str(minutes)],
            [f"x-{name}-reset-at", str(resets)]]


TWO = [["x-codex-active-limit", "codex"], *window("codex-primary", 37.5, 300, NOW + 7800),
       *window("codex-secondary", 40, 10080, NOW + 200_000)]
SPARK = [["X-Codex-Spark-Limit-Name", "GPT-5.3-Codex-Spark"], *window("codex-spark-primary", 2, 1440, NOW + 40_000)]
CREDITS = [["x-codex-credits-has-credits", "True"], ["x-codex-credits-unlimited", "False"],
           ["x-codex-credits-balance", "9.99"]]


def limits(ocm, service=0):
    return admin.status(ocm.socket_path)["services"][service]["credential"].get("limits")


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def used(ocm):
    found = limits(ocm)
    return found and found["families"][0]["windows"][0]["used_percent"]


def control(ocm, fields):
    ocm.fake.control(limit_headers=fields)


async def ask(ocm, **options):
    return await ocm.ask("POST", "/v1/responses", TURN, **options)


async def becomes(ocm, value):
    await eventually_async(lambda: used(ocm) == value, 10, f"{value} % to be shown")


async def test_all_families_are_shown_as_the_api_states_them(start_ocm):
    ocm = start_ocm()
    assert limits(ocm) is None
    control(ocm, TWO + SPARK + CREDITS)
    before = int(time.time())
    assert (await ask(ocm)).status == 200
    await becomes(ocm, 37.5)
    found = limits(ocm)
    assert before <= seconds(found["seen"]) <= time.time()
    assert found["active"] == "codex"
    assert found["credits"] == {"available": True, "unlimited": False, "balance": "9.99"}
    codex, spark = found["families"]
    assert (codex["limit"], spark["limit"], spark["name"]) == ("codex", "codex-spark", "GPT-5.3-Codex-Spark")
    assert [(w["minutes"], w["used_percent"], seconds(w["resets"])) for w in codex["windows"]] == [
        (300, 37.5, NOW + 7800), (10080, 40, NOW + 200_000)]
    assert [w["minutes"] for w in spark["windows"]] == [1440]


async def test_the_page_shows_use_and_reset_by_the_local_clock(start_ocm):
    ocm = start_ocm()
    control(ocm, TWO)
    await ask(ocm)
    await becomes(ocm, 37.5)
    text = subprocess.run(
        [binaries() / "ocm-supervisor", "status", "--socket", ocm.socket_path], capture_output=True, text=True,
        timeout=30, env={"PATH": os.environ["PATH"], "TZ": "Asia/Kolkata"}).stdout
    reset = r"resets (\S+ )?\d\d:\d\d:\d\d IST"
    assert re.search(rf"\n  limits        5 h window 37\.5 % used, {reset} \(in [12] h( \d+ min)?\)\n", text)
    assert re.search(rf"\n                7 day window 40 % used, {reset} \(in 2 days( \d+ h)?\)\n", text)
    assert re.search(r"\n                as of (now|\d+ s ago) \(\d\d:\d\d:\d\d IST\)\n", text)


async def test_the_answer_that_says_that_a_limit_is_reached_says_it_here_too(start_ocm):
    ocm = start_ocm()
    control(ocm, window("codex-primary", 100, 300, NOW + 600))
    answer = await ask(ocm, fake={"status": 429, "error": {"error": {"type": "usage_limit_reached"}}})
    assert answer.status == 429
    await becomes(ocm, 100)


async def test_the_newest_of_all_workers_counts(start_ocm):
    ocm = start_ocm(workers=3)
    for value in range(1, 8):
        control(ocm, window("codex-primary", value, 300, NOW + 600))
        await asyncio.gather(*(ask(ocm) for _ in range(12)))
    await becomes(ocm, 7)


async def test_what_an_answer_does_not_speak_of_stays_as_it_was(start_ocm):
    ocm = start_ocm(workers=1)
    control(ocm, TWO + SPARK)
    await ask(ocm)
    await becomes(ocm, 37.5)
    control(ocm, window("codex-primary", 38, 300, NOW + 7800))
    await ask(ocm)
    await eventually_async(lambda: 38 in [w["used_percent"] for f in limits(ocm)["families"] for w in f["windows"]],
                           10, "the new value")
    assert {f["limit"] for f in limits(ocm)["families"]} == {"codex", "codex-spark"}


async def test_an_api_key_has_none(start_ocm):
    ocm = start_ocm(auth="apikey")
    await ask(ocm)
    assert limits(ocm) is None


async def test_another_account_begins_without_and_the_same_one_keeps_them(start_ocm):
    ocm = start_ocm(start=False, auth=None)
    ocm.sign_in(account="acc-1")
    ocm.start()
    await ask(ocm)
    await eventually_async(lambda: limits(ocm), 10, "the limits")
    expires = admin.status(ocm.socket_path)["services"][0]["credential"]["expires"]
    ocm.sign_in(account="acc-1", lifetime=7200)
    await eventually_async(
        lambda: admin.status(ocm.socket_path)["services"][0]["credential"]["expires"] != expires, 10, "the new token")
    assert limits(ocm)
    ocm.sign_in(account="acc-2")
    await eventually_async(lambda: limits(ocm) is None, 10, "the limits of the other account to go")
    await ask(ocm)
    await eventually_async(lambda: limits(ocm), 10, "the limits of this account")


async def test_services_that_share_a_login_share_its_limits(start_ocm):
    ocm = start_ocm(start=False)
    ocm.configuration["services"].append(
        {"type": "ocm", "tag": "other", "listen": "127.0.0.1", "credential_path": str(ocm.auth_path),
         "users": [{"name": "carol", "token": "sk-carol-of-the-other-service"}]})
    ocm.start()
    await ask(ocm)
    await eventually_async(lambda: limits(ocm, 1), 10, "the limits")
    assert limits(ocm, 0) == limits(ocm, 1)


async def test_workers_that_have_lost_their_supervisor_tell_the_next_one(start_ocm):
    ocm = start_ocm(workers=1)
    ocm.tolerate("(?i)supervisor")
    control(ocm, TWO)
    await ask(ocm)
    await becomes(ocm, 37.5)
    seen = limits(ocm)["seen"]
    os.kill(ocm.pid, signal.SIGKILL)
    ocm.process.wait()
    ocm.start()
    eventually(lambda: used(ocm) == 37.5, 10, "the limits that the old worker saw")
    assert limits(ocm)["seen"] == seen
