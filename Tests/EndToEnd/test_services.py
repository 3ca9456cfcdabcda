"""Several services in one supervisor: each its own listener, login, users and usage file."""

import json
import re

from harness.http import Connection
from harness.ocm import free_port, write_private
from harness.usage import assert_equal
from harness.waiting import eventually_async

TURN = {"model": "gpt-5.5", "input": "hi", "stream": True}


async def test_two_services_keep_logins_users_and_usage_apart(start_ocm):
    ocm = start_ocm(start=False, users=("alice",))
    other, key = free_port(), ocm.fake.login(mode="apikey")
    path = ocm.directory / "key.json"
    write_private(path, key)
    ocm.configuration["services"].append({
        "type": "ocm", "tag": "team", "listen": "127.0.0.1", "listen_port": other, "credential_path": str(path),
        "usages_path": str(ocm.directory / "team.json"), "users": [{"name": "carol", "token": "sk-ocm-carol"}]})
    ocm.start()

    async def ask(port, token, user):
        fields = [("Authorization", f"Bearer {token}"), ("x-test-user", user)]
        async with await Connection.open(port, fields) as connection:
            return await connection.ask("POST", "/v1/responses", TURN)

    mine = await ask(ocm.port, ocm.tokens["alice"], "alice")
    theirs = await ask(other, "sk-ocm-carol", "carol")
    assert ocm.fake.record(mine)["target"] == "/backend-api/codex/responses"
    assert ocm.fake.record(theirs)["target"] == "/v1/responses"
    assert (await ask(ocm.port, "sk-ocm-carol", "carol")).status == 401
    assert (await ask(other, ocm.tokens["alice"], "alice")).status == 401
    stats = ocm.fake.settled()
    ocm.tolerate(r"no user has")
    ocm.stop()
    for usage, user in ((ocm.usage(), "alice"), (json.loads((ocm.directory / "team.json").read_text()), "carol")):
        assert_equal(usage, {"usage": [row for row in stats["usage"] if row["user"] == user]})


async def test_two_services_may_count_in_one_file(start_ocm):
    ocm = start_ocm(start=False, users=("alice",))
    other = free_port()
    ocm.configuration["services"].append(ocm.configuration["services"][0] | {
        "tag": "team", "listen_port": other, "users": [{"name": "carol", "token": "sk-ocm-carol"}]})
    ocm.start()
    carol = [("Authorization", "Bearer sk-ocm-carol"), ("x-test-user", "carol")]
    for _ in range(20):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
        async with await Connection.open(other, carol) as connection:
            assert (await connection.ask("POST", "/v1/responses", TURN)).status == 200
    stats = ocm.fake.settled()
    ocm.stop()
    assert sum(row["request_count"] for row in stats["usage"]) == 40
    assert_equal(ocm.usage(), stats)


async def test_port_0_is_any_free_one_that_the_log_names(start_ocm):
    ocm = start_ocm(start=False)
    ocm.configuration["services"][0]["listen_port"] = 0
    ocm.start(wait=False)
    match = await eventually_async(lambda: re.search(r"127\.0\.0\.1:(\d+)", ocm.log().replace(ocm.fake.url, "")), 10,
                                   "the log to name the port")
    ocm.port = int(match.group(1))
    ocm.wait_ready()
    assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
