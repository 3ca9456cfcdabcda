"""The real Codex CLI at work through two workers."""

import json

import pytest

from harness import codex
from harness.usage import assert_equal


@pytest.fixture(scope="module", autouse=True)
def installed():
    codex.binary()


def test_a_turn_and_a_turn_with_a_tool_call_are_answered_and_counted(start_ocm, directory):
    ocm = start_ocm()
    ocm.fake.order(text="Hello from the far side.", interval=0.01)
    first = codex.run(directory, ocm.url, ocm.tokens["alice"])
    assert first.returncode == 0, first.stderr
    assert first.stdout.strip() == "Hello from the far side."

    call = {"type": "function_call", "name": "exec_command", "call_id": "call_1",
            "arguments": json.dumps({"cmd": "echo $((6*7)) > answer.txt; cat answer.txt"})}
    ocm.fake.order(output=[call])
    ocm.fake.order(text="It is written.")
    second = codex.run(directory, ocm.url, ocm.tokens["bob"], "write the answer", user="bob")
    assert second.returncode == 0, second.stderr
    assert second.stdout.strip() == "It is written."
    with open(f"{directory}/work/answer.txt") as file:
        assert file.read() == "42\n"
    last = json.loads(ocm.fake.requests()[-1]["body"])
    outputs = [item for item in last["input"] if item["type"] == "function_call_output"]
    assert len(outputs) == 1 and "42" in outputs[0]["output"]

    stats = ocm.fake.settled()
    ocm.stop()
    assert [(row["user"], row["request_count"]) for row in stats["usage"]] == [("alice", 1), ("bob", 2)]
    assert_equal(ocm.usage(), stats)


def test_a_wrong_token_is_shown_as_what_it_is(start_ocm, directory):
    ocm = start_ocm()
    ocm.tolerate(r"no user has")
    done = codex.run(directory, ocm.url, "sk-wrong")
    assert done.returncode == 1
    assert "unexpected status 401 Unauthorized: invalid api key" in done.stderr
    assert ocm.fake.stats()["requests"] == 0


def test_a_used_up_limit_is_shown_with_its_reset_after_one_request(start_ocm, directory):
    ocm = start_ocm()
    ocm.fake.order(times=-1, status=429, json={"error": {
        "type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "pro",
        "resets_at": 1795900000}})
    done = codex.run(directory, ocm.url, ocm.tokens["alice"])
    assert done.returncode == 1
    assert "hit your usage limit" in done.stderr and "try again at" in done.stderr
    assert ocm.fake.stats()["requests"] == 1


def test_a_stream_cut_once_is_taken_up_again(start_ocm, directory):
    ocm = start_ocm()
    ocm.tolerate("the response was cut off")
    ocm.fake.order(cut_after_events=5)
    ocm.fake.order(text="After all.")
    done = codex.run(directory, ocm.url, ocm.tokens["alice"])
    assert done.returncode == 0, done.stderr
    assert "Reconnecting... 1/5" in done.stderr
    assert done.stdout.strip() == "After all."
    stats = ocm.fake.settled()
    assert stats["requests"] == 2
    ocm.stop()
    assert_equal(ocm.usage(), stats)
