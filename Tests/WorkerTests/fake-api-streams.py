#!/usr/bin/env python3
"""What the fake API of the end-to-end tests sends in each of its modes, and what it counts for it.

Writes fake-api-streams.json beside this script; with --check it compares them with what is there.
"""
import json
import pathlib
import sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent / "Support"))
from fakeapi import answers  # noqa: E402
from fakeapi.behaviour import Behaviour  # noqa: E402

FORMS = {
    "plain": {}, "CRLF": {"crlf": True}, "no space": {"no_space": True}, "no event lines": {"event_lines": False},
    "[DONE]": {"done": True}, "comments": {"comments": True}, "several data lines": {"data_lines": True},
    "no final newline": {"final_newline": False},
    "all of these": {"crlf": True, "no_space": True, "event_lines": False, "done": True, "comments": True,
                     "data_lines": True},
}
CONTENTS = {
    "incomplete": {"terminal": "incomplete"}, "failed": {"terminal": "failed"}, "no terminal event": {"terminal": "none"},
    "no usage": {"usage": None}, "usage of nothing": {"usage": {}}, "no model": {"model": ""}, "no tier": {"tier": None},
    "another model and tier": {"model": "gpt-5.5-mini", "tier": "flex"}, "a tool call": {"output": [
        {"type": "function_call", "name": "shell", "arguments": "{\"usage\":{\"input_tokens\":5}}", "call_id": "c"}]},
    "text that looks like the end": {"text": "event: response.completed\ndata: {\"response\":{\"usage\":{\"input_tokens\":9}}}"},
    "a terminal event of 2 KB": {"huge": 2048}, "a terminal event of 2 KB, CRLF, in data lines": {
        "huge": 2048, "crlf": True, "data_lines": True},
    "no events but the last": {"events": 0}, "failed, without usage": {"terminal": "failed", "usage": None},
    "incomplete, in CRLF without event lines": {"terminal": "incomplete", "crlf": True, "event_lines": False},
}


def case(name, api, form, order, make):
    """`make` takes the content to its parts, as the server does."""
    order = Behaviour(**({"events": 2} | order))
    content = answers.Content(order, "gpt-5.5", "priority", 1)
    content.created = 1_790_000_000
    parts = make(content)
    parts = parts[1] if isinstance(parts, tuple) else parts
    usage = None
    body = b""
    for payload, _, counts in parts:
        body += payload
        if counts and any(getattr(content.usage, field) for field in content.usage.__slots__):
            usage = {field: getattr(content.usage, field) for field in content.usage.__slots__} | {
                "ending": "completed" if api == "chat" else order.terminal, "model": content.model,
                "tier": content.tier or ""}
    return {"name": name, "api": api, "format": form, "body": body.decode(), "usage": usage}


def cases():
    answers.numbers.seed(4)
    for name, order in (FORMS | CONTENTS).items():
        yield case(f"stream: {name}", "responses", "stream", order, answers.Content.stream)
    for name, order in CONTENTS.items():
        if order.get("terminal") != "none":
            yield case(f"body: {name}", "responses", "json", order, answers.Content.whole)
            yield case(f"chat body: {name}", "chat", "json", order, answers.Content.chat_whole)
    for name, order in (FORMS | CONTENTS).items():
        for included in (True, False):
            yield case(f"chat stream: {name}, usage {'asked for' if included else 'not asked for'}", "chat", "stream", order,
                       lambda content: content.chat_stream(included))


text = "[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n"
if sys.argv[1:] == ["--check"]:
    sys.exit((here / "fake-api-streams.json").read_text() != text)
(here / "fake-api-streams.json").write_text(text)
