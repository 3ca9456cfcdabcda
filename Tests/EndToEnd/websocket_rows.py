"""What can happen to a WebSocket of the Codex CLI, and what the CLI was seen to make of it without OCM (0.163.0)."""

import json
from typing import NamedTuple

ANSWER = "After all."
GOOD = ("turn", 1, {"text": ANSWER})
OVER_HTTP = ("responses", 1, {"text": ANSWER})
LIMIT = {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "pro",
         "resets_at": 1795900000}
CALL = {"type": "function_call", "name": "exec_command", "call_id": "call_1",
        "arguments": json.dumps({"cmd": "echo $((6*7))"})}
FALLBACK = "Falling back from WebSockets to HTTPS transport"


class Row(NamedTuple):
    name: str
    orders: list  # (route, times, behaviour) for the fake API
    asked: str  # what it is asked: U an upgrade, W a warm-up, T a turn, P a POST
    good: bool = True  # whether the answer comes
    shown: tuple = ()  # what stands in the CLI's output, beside its progress
    slow: bool = False  # takes the CLI seconds
    same: bool = True  # through OCM it is the same by design


def once(**behaviour):
    return [("turn", 1, behaviour), GOOD]


def error(code, message):
    return {"json": {"type": "error", "status": 400,
                     "error": {"type": "invalid_request_error", "code": code, "message": message}}}


def refused(status, **more):
    return [("upgrade", -1, {"status": status, **more}), OVER_HTTP]


RECONNECTS = "UWTUT"
ROWS = [
    Row("all is well", [GOOD], "UWT"),
    Row("a tool call", [("turn", 1, {"output": [CALL]}), GOOD], "UWTT"),
    Row("pings and fragments", [("turn", 1, {"pings": True, "fragment": 100, "text": ANSWER})], "UWT"),
    Row("a terminal event of 8 MB", [("turn", 1, {"huge": 8 << 20, "text": ANSWER})], "UWT"),
    # The CLI takes no frame above 16 MiB.
    Row("a terminal event of 20 MB in one frame", once(huge=20 << 20, text="x"), RECONNECTS),
    Row("a terminal event of 20 MB in fragments", [("turn", 1, {"huge": 20 << 20, "fragment": 1 << 20, "text": ANSWER})],
        "UWT"),
    # Closes and cuts.
    *(Row(f"close {code} mid-turn", once(close=code, close_after_events=5), RECONNECTS)
      for code in (1000, 1001, 1008, 1011, 1012)),
    Row("close 1012 before the first event", once(close=1012, close_after_events=0), RECONNECTS),
    Row("close 1012 between two turns", [("turn", 1, {"output": [CALL], "close": 1012}), GOOD], RECONNECTS),
    Row("close 1012 twice", [("turn", 2, {"close": 1012, "close_after_events": 5}), GOOD], "UWTUTUT",
        shown=("Reconnecting... 2/5",)),
    Row("close 1012 always", [("turn", -1, {"close": 1012, "close_after_events": 5}), OVER_HTTP], "UWTUTUTUTUTUTP",
        shown=("Reconnecting... 5/5", FALLBACK, "websocket closed by server before response.completed"), slow=True),
    Row("close 1012 behind the warm-up", [("warmup", 1, {"close": 1012}), GOOD], "UWUT"),
    Row("close 1012 behind the upgrade", [("upgrade", 1, {"close": 1012}), GOOD], "UUT"),
    Row("the connection ends mid-turn", once(cut_after_events=5), RECONNECTS),
    Row("the connection is reset mid-turn", once(cut_after_events=5, reset=True), RECONNECTS),
    Row("the connection ends inside a frame", once(cut_after_bytes=3000), RECONNECTS),
    Row("the connection ends inside the warm-up", [("warmup", 1, {"cut_after_events": 1}), GOOD], "UWUT"),
    Row("the connection ends behind the upgrade", [("upgrade", 1, {"cut_after_events": 0}), GOOD], "UUT"),
    Row("a frame that is none", once(raw="\x83\x00"), RECONNECTS),
    # Error frames and failed responses.
    Row("websocket_connection_limit_reached", once(**error(
        "websocket_connection_limit_reached", "Responses websocket connection limit reached (60 minutes). Create a new "
        "websocket connection to continue.")), RECONNECTS),
    Row("previous_response_not_found", once(**error(
        "previous_response_not_found", "Previous response with id 'resp_x' not found.")), RECONNECTS),
    Row("an error frame 400", [("turn", -1, {"status": 400, "error": {"type": "x", "message": "It can't be."}})], "UWT",
        good=False, shown=('ERROR: {"type":"error","status":400,"error":{"type":"x","message":"It can\'t be."}',)),
    Row("an error frame 401 always", [("turn", -1, {"status": 401, "error": {"message": "who?"}}), OVER_HTTP],
        "UWTUTUTUTUTUTP", shown=("Reconnecting... 5/5", FALLBACK, "unexpected status 401 Unauthorized: who?"), slow=True),
    Row("an error frame 429 usage_limit_reached", [("turn", -1, {"status": 429, "error": LIMIT})], "UWT", good=False,
        shown=("hit your usage limit", "try again at")),
    Row("an error frame 500 once", once(status=500), RECONNECTS),
    Row("an error frame 503 once", once(status=503), RECONNECTS),
    Row("a failed response, invalid_prompt", [
        ("turn", -1, {"terminal": "failed", "error": {"code": "invalid_prompt", "message": "Not this."}})], "UWT",
        good=False, shown=("ERROR: Not this.",)),
    Row("a failed response, once", once(terminal="failed", text="x", error={"code": "server_error", "message": "Broke."}),
        RECONNECTS),
    Row("an incomplete response", [("turn", -1, {"terminal": "incomplete", "text": "x"})], "UWT", good=False,
        shown=("Incomplete response returned, reason: max_output_tokens",)),
    # Upgrades.
    Row("upgrade 426", refused(426), "UP"),
    Row("upgrade 503 once", [("upgrade", 1, {"status": 503}), GOOD], "UUT"),
    Row("upgrade 503 twice with retry-after 2", [
        ("upgrade", 2, {"status": 503, "headers": [["retry-after", "2"]]}), GOOD], "UUUT", slow=True),
    Row("upgrade without an answer", [("upgrade", 1, {"hangup": True}), GOOD], "UUT", same=False),  # 502
    Row("upgrade 429 usage_limit_reached", refused(429, json={"error": LIMIT}), "UU", good=False,
        shown=("hit your usage limit", "try again at")),
    Row("upgrade 429 with any other body", refused(429, json={"error": {"message": "slow down"}}), "UU", good=False,
        shown=("exceeded retry limit, last status: 429",)),
    Row("upgrade 400", refused(400, json={"error": {"type": "api_error", "message": "Ask the owner."}}), "UU", good=False,
        shown=('ERROR: {"error": {"type": "api_error", "message": "Ask the owner."}}',)),
    Row("upgrade 401", refused(401), "UUUUUUUP", shown=(FALLBACK, "unexpected status 401"), slow=True, same=False),
    *(Row(f"upgrade {status}", refused(status), "UUUUUUUP",
          shown=("Reconnecting... 5/5", FALLBACK, f"unexpected status {status}"), slow=True)
      for status in (403, 404, 405, 502, 503)),
    Row("upgrade 500", refused(500), "UUUUUUUP",
        shown=("Reconnecting... 5/5", FALLBACK, "experiencing high demand"), slow=True),
]
