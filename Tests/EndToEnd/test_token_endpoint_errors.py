"""What the token endpoint's errors lead to: the right answer to clients, one line of log, and a way back."""

import asyncio
import json
import ssl

import pytest

from harness import FULL, login
from harness.relay import Relay
from harness.waiting import eventually, eventually_async
from test_tls_upstream import certificate

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}
SECRET = "rt_leaked-in-an-error"


def refusals():
    """(name, answer, the reason that the log has, whether it is part of the usual run)."""
    codes = {"refresh_token_expired": "the refresh token has expired",
             "refresh_token_invalidated": "the refresh token was revoked"}
    for code, reason in codes.items():
        for place, body in code_in_each_place(code):
            yield f"{code} in {place}", {"status": 401, "json": body}, f"{reason} (status 401)", place == "error"
    refused = "the token endpoint refused the refresh token"
    yield ("invalid_grant", {"status": 400, "json": {"error": "invalid_grant", "error_description": SECRET}},
           f"{refused} (status 400, invalid_grant)", True)
    yield "400 without a body", {"status": 400, "body": ""}, f"{refused} (status 400)", False
    yield "401 with a page", {"status": 401, "body": f"<html>{SECRET}</html>"}, f"{refused} (status 401)", True
    yield ("401 with a code of no form", {"status": 401, "json": {"error": {"code": f"a {SECRET}\n"}}},
           f"{refused} (status 401)", False)
    yield ("403 with a code", {"status": 403, "json": {"code": "refresh_token_expired"}},
           "the refresh token has expired (status 403)", True)


def code_in_each_place(code):
    return [("error.code", {"error": {"code": code, "message": SECRET}}), ("error", {"error": code}),
            ("code", {"code": code, "detail": SECRET})]


def failures():
    """(name, answer, the beginning of the reason that the log has, whether it is part of the usual run)."""
    def status(number, *fields, usual=False, **more):
        return (" ".join([str(number), *map(str, fields)]),
                {"status": number, "headers": [list(field) for field in fields], "body": SECRET, **more},
                f"the token endpoint answered with status {number}", usual)

    yield status(403, usual=True)
    yield status(404)
    yield status(302, ("Location", "http://127.0.0.1:1/"))
    yield status(429)
    yield status(429, ("Retry-After", "2"), usual=True)
    yield status(429, ("Retry-After", "Fri, 01 Jan 2027 00:00:00 GMT"))
    yield status(500)
    yield status(503, ("Retry-After", "3"))
    yield status(529)
    answered = "the token endpoint answered with status 200"
    broken = "the exchange with the token endpoint broke off"
    tokens = {"access_token": login.token(0, 3600), "refresh_token": SECRET}
    yield "200 with garbage", {"body": f"}}{SECRET}"}, answered, True
    yield "200 without tokens", {"json": {"token_type": "Bearer"}}, answered, False
    yield "200 with tokens of no form", {"json": {"access_token": 5, "refresh_token": "a b"}}, answered, False
    yield "200 of a megabyte", {"json": tokens | {"more": "x" * (1 << 20)}}, f"{broken}: the answer is too long", True
    yield "an empty answer", {"hangup": True}, broken, True
    yield "an answer cut off", {"json": tokens, "cut_after_bytes": 40}, broken, True
    yield "an answer cut off by a reset", {"json": tokens, "cut_after_bytes": 40, "reset": True}, broken, False
    yield "no HTTP", {"raw": f"220 {SECRET} ESMTP\r\n\r\n"}, broken, False
    yield "a head without end", {"raw": "HTTP/1.1 200 OK\r\n" + "x-y: z\r\n" * 60000}, broken, False


def parameters(cases):
    return [pytest.param(answer, reason, id=name) for name, answer, reason, usual in cases if usual or FULL]


async def asked_at_once(ocm, count=50):
    """The answers to many requests at a time."""
    return await asyncio.gather(*(ocm.ask("POST", "/v1/responses", TURN) for _ in range(count)))


async def works(ocm, seconds=10):
    async def look():
        return (await ocm.ask("POST", "/v1/responses", TURN)).status == 200

    await eventually_async(look, seconds, "an answer")


def assert_signed_out(responses):
    for response in responses:
        error = response.json()["error"]
        assert (response.status, error["code"]) == (400, "credential_unavailable"), response
        assert "sign in" in error["message"] and SECRET not in error["message"]


def assert_put_off(responses):
    for response in responses:
        assert response.status == 503 and 1 <= int(response.header("retry-after")) <= 5, response
        assert SECRET not in response.body.decode()


def assert_one_alarm(ocm, level, message, reason):
    line, = ocm.alarms()
    assert (line["level"], line["message"]) == (level, message)
    assert line["reason"].startswith(reason)
    assert SECRET not in ocm.log()


def left(ocm):
    """What is kept on disk of answers."""
    return [path.name for path in ocm.directory.iterdir() if "answer" in path.name or SECRET in path.name]


def assert_nothing_left(ocm):
    assert not left(ocm)


def token_requests(ocm):
    return sum(record["target"] == "/oauth/token" for record in ocm.fake.records())


def assert_live(ocm):
    stats = ocm.fake.settled()
    assert stats["reused_refresh_tokens"] == 0
    # Clients have the new token before the file has it.
    eventually(lambda: ocm.auth()["tokens"]["refresh_token"] in stats["live_refresh_tokens"], 10, "the file to be written")


# A token that the API rejects: its refresh is waited for.

@pytest.mark.parametrize("answer, reason", parameters(refusals()))
async def test_a_refresh_token_that_is_refused_ends_the_login_until_the_file_changes(start_ocm, answer, reason):
    ocm = start_ocm()
    ocm.tolerate("the login has ended")
    ocm.fake.order(route="token", times=-1, **answer)
    ocm.fake.control(revoke_access=True)
    before = ocm.auth_path.read_bytes()
    assert_signed_out(await asked_at_once(ocm) + await asked_at_once(ocm, 10))
    assert_one_alarm(ocm, "error", "the login has ended", reason)
    assert token_requests(ocm) == 1
    assert ocm.auth_path.read_bytes() == before
    assert_nothing_left(ocm)
    ocm.fake.control(clear=True)
    ocm.sign_in()
    await works(ocm)
    ocm.fake.control(revoke_access=True)
    await works(ocm)  # and refreshing goes on
    assert_live(ocm)


if FULL:  # ten seconds for each
    @pytest.mark.deadline(60)
    @pytest.mark.parametrize("body", [pytest.param(body, id=place) for place, body in
                                      code_in_each_place("refresh_token_reused")])
    async def test_a_refresh_token_that_was_used_before_ends_the_login_after_ten_seconds(start_ocm, body):
        ocm = start_ocm()
        ocm.tolerate("the login has ended")
        ocm.fake.order(route="token", times=-1, status=401, json=body)
        ocm.fake.control(revoke_access=True)
        assert_signed_out(await asked_at_once(ocm) + await asked_at_once(ocm, 10))
        assert_one_alarm(ocm, "error", "the login has ended", "the refresh token has been used before (status 401)")
        assert token_requests(ocm) == 1
        ocm.fake.control(clear=True)
        ocm.sign_in()
        await works(ocm)


async def test_what_the_process_writes_that_has_used_the_refresh_token_heals_all_that_wait(start_ocm):
    ocm = start_ocm()
    ocm.fake.order(route="token", status=401, json={"error": {"code": "refresh_token_reused"}})
    ocm.fake.control(revoke_access=True)
    waiting = asyncio.create_task(asked_at_once(ocm))
    await eventually_async(lambda: token_requests(ocm) == 1, 5, "the refresh")
    ocm.sign_in()
    assert {response.status for response in await waiting} == {200}
    assert ocm.alarms() == [] and token_requests(ocm) == 1


@pytest.mark.parametrize("answer, reason", parameters(failures()))
async def test_a_token_endpoint_that_fails_is_asked_again_and_a_new_file_heals_at_once(start_ocm, answer, reason):
    ocm = start_ocm()
    ocm.tolerate("refresh failed, will be tried again")
    ocm.fake.order(route="token", times=-1, **answer)
    ocm.fake.control(revoke_access=True)
    before = ocm.auth_path.read_bytes()
    assert_put_off(await asked_at_once(ocm) + await asked_at_once(ocm, 10))
    assert_one_alarm(ocm, "warning", "refresh failed, will be tried again", reason)
    assert token_requests(ocm) <= 2
    assert ocm.auth_path.read_bytes() == before
    # It may have cost the refresh token, and hold the new one.
    said_yes = answer.get("status", 200) == 200 and not answer.get("hangup")
    assert bool(left(ocm)) == said_yes and len(left(ocm)) <= 2
    if FULL:
        # More failures of the same kind are no news.
        await eventually_async(lambda: token_requests(ocm) >= 3, 20, "more attempts")
        assert_put_off(await asked_at_once(ocm, 10))
        assert len(ocm.alarms()) == 1
    ocm.sign_in()
    await works(ocm, 2)
    assert_live(ocm)
    await eventually_async(lambda: not left(ocm), 5, "the answers to be removed")


@pytest.mark.parametrize("answer", [
    pytest.param({"status": 500}, id="500"),
    *([pytest.param({"status": 429, "headers": [["Retry-After", "2"]]}, id="429 with retry-after"),
       pytest.param({"hangup": True}, id="hangup")] if FULL else [])])
async def test_a_token_endpoint_that_works_again_heals_by_itself(start_ocm, answer):
    ocm = start_ocm()
    ocm.tolerate("refresh failed, will be tried again")
    ocm.fake.order(route="token", times=2, **answer)
    ocm.fake.control(revoke_access=True)
    assert_put_off(await asked_at_once(ocm))
    await works(ocm, 15)
    stats = ocm.fake.settled()
    assert (stats["refreshes"], token_requests(ocm), len(ocm.alarms())) == (1, 3, 1)
    moments = [line["time"] for line in map(json.loads, ocm.log().splitlines()) if "refreshed" in line["message"]]
    assert len(moments) == 1
    assert_live(ocm)


# Refused, and not trusted.

async def test_a_token_endpoint_that_is_not_there_is_waited_for(start_ocm):
    fake = start_ocm.fake()
    relay = Relay(fake.port)
    ocm = start_ocm(supervisor={"endpoints": endpoints(fake, f"http://127.0.0.1:{relay.port}")})
    ocm.tolerate("refresh failed, will be tried again")
    fake.control(revoke_access=True)
    assert_put_off(await asked_at_once(ocm) + await asked_at_once(ocm, 10))
    assert_one_alarm(ocm, "warning", "refresh failed, will be tried again", "no connection to the token endpoint")
    await relay.open()
    await works(ocm)
    assert (relay.connections, fake.settled()["refreshes"]) == (1, 1)
    await relay.close()


async def test_a_token_endpoint_of_another_certificate_gets_no_token(start_ocm, directory):
    fake = start_ocm.fake()
    relay = Relay(fake.port)
    pairs = [certificate(directory, name, "IP:127.0.0.1") for name in ("stranger", "own")]
    stranger, own = map(serving, pairs)
    await relay.open(stranger)
    ocm = start_ocm(supervisor={"endpoints": endpoints(fake, f"https://127.0.0.1:{relay.port}")},
                    certificate={"certificate_path": [pairs[1][0]]})
    ocm.tolerate("refresh failed, will be tried again")
    fake.control(revoke_access=True)
    assert_put_off(await asked_at_once(ocm) + await asked_at_once(ocm, 10))
    assert_one_alarm(ocm, "warning", "refresh failed, will be tried again", "no TLS connection to the token endpoint")
    assert token_requests(ocm) == 0
    await relay.close()
    await relay.open(own)
    await works(ocm)
    assert fake.settled()["refreshes"] == 1
    await relay.close()


def endpoints(fake, oauth):
    return {"chatgpt": fake.url + "/backend-api/codex", "openai": fake.url, "oauth": oauth}


def serving(pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


if FULL:  # the minute that an exchange may last
    @pytest.mark.deadline(120)
    async def test_a_token_endpoint_that_is_silent_is_given_up_after_a_minute(start_ocm):
        ocm = start_ocm()
        ocm.tolerate("refresh failed, will be tried again")
        ocm.fake.order(route="token", delay=100)
        ocm.fake.control(revoke_access=True)
        assert_put_off(await asked_at_once(ocm))  # after 20 s, which no client is kept waiting for longer

        async def reported():
            return ocm.alarms()

        await eventually_async(reported, 60, "the deadline")
        assert_one_alarm(ocm, "warning", "refresh failed, will be tried again", "the token endpoint took too long")
        await works(ocm)
        assert_live(ocm)


# A token that still works: nobody notices.

@pytest.mark.parametrize("answer, level", [
    ({"status": 401, "json": {"code": "refresh_token_expired"}}, "error"),
    ({"status": 500}, "warning")], ids=["refused", "500"])
async def test_a_failed_refresh_ahead_of_need_is_noticed_by_no_client(start_ocm, answer, level):
    ocm = start_ocm(start=False)
    ocm.tolerate("the login has ended", "refresh failed, will be tried again")
    ocm.fake.control(check=False)
    ocm.write_auth(login.due(ocm.auth()))
    ocm.fake.order(route="token", times=-1, **answer)
    ocm.start()
    await eventually_async(ocm.alarms, 5, "the refresh")
    for _ in range(3):
        assert {response.status for response in await asked_at_once(ocm)} == {200}
    assert [line["level"] for line in ocm.alarms()] == [level]
    ocm.fake.control(check=True)
    responses = await asked_at_once(ocm, 10)
    (assert_signed_out if level == "error" else assert_put_off)(responses)
    assert [line["level"] for line in ocm.alarms()] == [level]
    ocm.fake.control(clear=True)
    ocm.sign_in()
    await works(ocm)


@pytest.mark.deadline(60)
async def test_an_account_without_quota_is_refreshed_nevertheless(start_ocm):
    """The API's 429 reaches the client as it came; after the reset the token is a good one."""
    ocm = start_ocm(lifetime=3)
    limit = {"error": {"type": "usage_limit_reached", "plan_type": "pro", "resets_at": 1900000000}}
    ocm.fake.order(times=-1, status=429, json=limit)

    async def refreshed_twice():
        response = await ocm.ask("POST", "/v1/responses", TURN)
        assert (response.status, response.json()) == (429, limit)
        return ocm.fake.stats()["refreshes"] >= 2

    await eventually_async(refreshed_twice, 15, "two refreshes")
    ocm.fake.control(clear=True)
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    assert_live(ocm)
