"""The owner's login: refreshed when it must be, written back whole, waited for when it is not there."""

import asyncio
import json
import os
import stat
import time

from harness.waiting import eventually, eventually_async

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


async def test_a_token_that_the_api_rejects_is_refreshed_and_the_request_sent_again(start_ocm):
    ocm = start_ocm()
    old = ocm.auth()["tokens"]
    ocm.fake.control(revoke_access=True)
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 200
    stats = ocm.fake.settled()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (1, 0)
    eventually(lambda: ocm.auth()["tokens"]["refresh_token"] != old["refresh_token"], 5, "the write-back")
    assert [ocm.auth()["tokens"]["refresh_token"]] == stats["live_refresh_tokens"]


async def test_all_that_are_rejected_at_once_share_one_refresh(start_ocm):
    ocm = start_ocm()
    ocm.fake.control(revoke_access=True)
    responses = await asyncio.gather(*(ocm.ask("POST", "/v1/responses", TURN) for _ in range(50)))
    assert {response.status for response in responses} == {200}
    stats = ocm.fake.settled()
    assert (stats["refreshes"], stats["reused_refresh_tokens"]) == (1, 0)


async def test_a_token_that_is_about_to_expire_is_refreshed_ahead_of_need(start_ocm):
    ocm = start_ocm(lifetime=6)
    ocm.fake.control(lifetime=3600)
    eventually(lambda: ocm.fake.stats()["refreshes"] == 1, 8, "the refresh")
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    assert ocm.fake.stats()["reused_refresh_tokens"] == 0


async def test_a_token_that_has_expired_before_the_start_is_refreshed(start_ocm):
    ocm = start_ocm(lifetime=-10, start=False)
    ocm.fake.control(lifetime=3600)
    ocm.start()
    statuses = set()
    await becomes(ocm, 200, statuses)
    assert statuses <= {503, 200}
    assert ocm.fake.stats()["refreshes"] == 1


async def test_what_ocm_does_not_know_in_the_file_survives_a_refresh(start_ocm):
    ocm = start_ocm(start=False)
    kept = {"agent_identity": {"a": [1, 2.50, {"b": None}]}, "bedrock_api_key": "\u00e9", "later": 12345678901234567890}
    value = ocm.auth() | kept
    value["tokens"]["more"] = "kept too"
    ocm.write_auth(value)
    os.chmod(ocm.auth_path, 0o640)
    ocm.start()
    ocm.fake.control(revoke_access=True)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    eventually(lambda: ocm.auth()["tokens"]["refresh_token"] != value["tokens"]["refresh_token"], 5, "the write-back")
    after = ocm.auth()
    assert {name: after[name] for name in kept} == kept
    assert after["tokens"]["more"] == "kept too" and after["auth_mode"] == "chatgpt"
    assert after["OPENAI_API_KEY"] is None
    assert after["last_refresh"] > value["last_refresh"]
    assert stat.S_IMODE(ocm.auth_path.stat().st_mode) == 0o640


async def test_without_a_login_the_answer_is_503_until_the_file_appears(start_ocm):
    ocm = start_ocm(auth=None)
    ocm.tolerate(r"(?i)credential|auth\.json|login|sign")
    response = await ocm.ask("POST", "/v1/responses", TURN)
    assert response.status == 503 and int(response.header("retry-after")) >= 1
    assert "error" in response.json()
    ocm.sign_in()
    await becomes(ocm, 200)
    os.unlink(ocm.auth_path)
    await becomes(ocm, 503)
    ocm.sign_in(mode="apikey")
    await becomes(ocm, 200)


async def becomes(ocm, status, seen=None):
    """Until requests are answered with this status; all that were seen on the way go into `seen`."""
    async def look():
        response = await ocm.ask("POST", "/v1/responses", TURN)
        if seen is not None:
            seen.add(response.status)
        return response.status == status

    await eventually_async(look, 10, f"status {status}")


async def test_half_a_file_keeps_the_last_good_login(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)credential|auth\.json")
    whole = ocm.auth_path.read_text()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        ocm.auth_path.write_text(whole[:length])
        until = time.monotonic() + 0.3  # longer than the quiet time after which the file is read
        while time.monotonic() < until:
            assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    ocm.auth_path.write_text(whole)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200


async def test_what_another_process_writes_is_taken_up(start_ocm):
    ocm = start_ocm()
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    ocm.fake.control(revoke_access=True)
    ocm.sign_in()
    fresh = ocm.auth()["tokens"]["access_token"]

    async def uses():
        response = await ocm.ask("POST", "/v1/responses", TURN)
        return ["Authorization", f"Bearer {fresh}"] in [
            [name.title(), value] for name, value in ocm.fake.record(response)["fields"]]

    await eventually_async(uses, 5, "the new login to be used")
    assert ocm.fake.stats()["refreshes"] == 0


async def test_a_login_that_is_gone_for_good_is_400_with_what_the_owner_has_to_do(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)credential|refresh|sign|login")
    ocm.fake.control(revoke_access=True, revoke_refresh=True)
    for _ in range(3):
        async with asyncio.timeout(5):
            response = await ocm.ask("POST", "/v1/responses", TURN)
        assert response.status == 400, response
        assert response.json()["error"]["code"] == "credential_unavailable"
        assert "sign in" in response.json()["error"]["message"]
    ocm.sign_in()
    await becomes(ocm, 200)


async def test_an_oauth_server_that_is_down_is_503_with_retry_after(start_ocm):
    ocm = start_ocm()
    ocm.tolerate(r"(?i)credential|refresh|oauth")
    ocm.fake.order(route="token", times=-1, status=500)
    ocm.fake.control(revoke_access=True)
    for _ in range(3):
        async with asyncio.timeout(5):
            response = await ocm.ask("POST", "/v1/responses", TURN)
        assert response.status == 503 and int(response.header("retry-after")) >= 1
    ocm.fake.control(clear=True)
    await becomes(ocm, 200)


async def test_a_body_too_long_to_keep_is_503_after_the_refresh_and_the_next_try_succeeds(start_ocm):
    ocm = start_ocm(limits={"replay_body": 1000})
    ocm.fake.control(revoke_access=True)
    body = json.dumps(TURN | {"input": "x" * 5000}).encode()
    response = await ocm.ask("POST", "/v1/responses", body)
    assert response.status == 503 and response.header("retry-after") == "1"
    await eventually_async(lambda: ocm.fake.stats()["refreshes"] == 1, 5, "the refresh")
    assert (await ocm.ask("POST", "/v1/responses", body)).status == 200
