"""What the API says: the events of a response, its JSON body, chat completions, models.

An answer's content is an iterator of parts `(payload, event_ends, counts)`: `event_ends` after the last byte of an
event, `counts` where the usage is complete with this part. Long contents are made as they are taken.
"""

import json
import random
import time

PIECE = b"x" * 65536
numbers = random.Random()
encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def compact(value):
    return encode(value).encode()


class Usage:
    """The token numbers of one answer, random so that equality means something."""

    __slots__ = ("input", "cached", "cache_write", "output", "reasoning")

    def __init__(self):
        self.input = numbers.randint(1, 200_000)
        self.cached = numbers.randint(0, self.input)
        self.cache_write = numbers.randint(0, self.input - self.cached) if numbers.random() < 0.3 else 0
        self.output = numbers.randint(1, 30_000)
        self.reasoning = numbers.randint(0, self.output)

    @classmethod
    def of(cls, order):
        """None where the answer is to have no usage; numbers chosen by the order else."""
        if order is None:
            return None
        usage = cls()
        if order != "random":
            for name in cls.__slots__:
                setattr(usage, name, int(order.get(name, 0)))
        return usage

    def responses(self):
        return {"input_tokens": self.input,
                "input_tokens_details": {"cached_tokens": self.cached, "cache_write_tokens": self.cache_write},
                "output_tokens": self.output, "output_tokens_details": {"reasoning_tokens": self.reasoning},
                "total_tokens": self.input + self.output}

    def chat(self):
        details = {"cached_tokens": self.cached, "audio_tokens": 0}
        if self.cache_write:
            details["cache_write_tokens"] = self.cache_write
        return {"prompt_tokens": self.input, "completion_tokens": self.output,
                "total_tokens": self.input + self.output, "prompt_tokens_details": details,
                "completion_tokens_details": {"reasoning_tokens": self.reasoning, "audio_tokens": 0}}


class Content:
    """One answer in the making: the order, the names that stand in it, and its numbers."""

    def __init__(self, order, asked_model, asked_tier, serial):
        self.order = order
        self.model = asked_model if order.model == "=" else order.model
        self.tier = (asked_tier if asked_tier not in (None, "auto") else "default") if order.tier == "=" else order.tier
        self.usage = Usage.of(order.usage)
        self.id = f"{serial:016x}{numbers.getrandbits(128):032x}"
        self.created = int(time.time())
        self.eol = b"\r\n" if order.crlf else b"\n"
        self.data = b"data:" if order.no_space else b"data: "
        self.sequence = 0

    # Events.

    def event(self, name, fields):
        fields = {"type": name, "sequence_number": self.sequence} | fields
        self.sequence += 1
        return self.framed(name, compact(fields))

    def framed(self, name, data):
        lines = []
        if self.order.comments:
            lines += [b": ping", b""]
        if name and self.order.event_lines:
            lines.append((b"event:" if self.order.no_space else b"event: ") + name.encode())
        if self.order.data_lines:
            lines += [self.data + line for line in data.replace(b',"', b',\n"').split(b"\n")]
        else:
            lines.append(self.data + data)
        return self.eol.join(lines) + self.eol * 2

    def response(self, status, output=(), usage=None, error=None):
        names = {"model": self.model} if self.model else {}
        if self.tier:
            names["service_tier"] = self.tier
        return ({"id": "resp_" + self.id, "object": "response", "created_at": self.created, "status": status,
                 "error": error, "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete"
                 else None} | names
                | {"output": list(output), "parallel_tool_calls": True, "previous_response_id": None, "store": False,
                   "temperature": 1.0, "metadata": {}, "usage": usage})

    def stream(self):
        """The events of a streamed response."""
        order = self.order
        if order.body is not None:
            yield order.body.encode(), True, False
            return
        start = self.response("in_progress")
        yield self.event("response.created", {"response": start}), True, False
        yield self.event("response.in_progress", {"response": start}), True, False
        if order.output:
            output = [item | {"id": f"item_{self.id}_{n}"} for n, item in enumerate(order.output)]
            for n, item in enumerate(output):
                for name in ("added", "done"):
                    yield self.event("response.output_item." + name, {"output_index": n, "item": item}), True, False
        else:
            message = yield from self._message()
            output = [message]
        if order.terminal != "none":
            yield from self._terminal(output)
        if order.done:
            yield self.framed("", b"[DONE]"), True, False

    def _message(self):
        identity = "msg_" + self.id
        item = {"id": identity, "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        yield self.event("response.output_item.added", {"output_index": 0, "item": item}), True, False
        where = {"item_id": identity, "output_index": 0, "content_index": 0}
        part = {"type": "output_text", "annotations": [], "text": ""}
        yield self.event("response.content_part.added", where | {"part": part}), True, False
        text = yield from self._deltas(where)
        yield self.event("response.output_text.done", where | {"text": text}), True, False
        item = item | {"status": "completed", "content": [part | {"text": text}]}
        yield self.event("response.output_item.done", {"output_index": 0, "item": item}), True, False
        return item

    def _deltas(self, where):
        order, name = self.order, "response.output_text.delta"
        if order.total_bytes:
            made, size = 0, max(order.event_bytes, 4096)
            while made < order.total_bytes:
                event = self.event(name, where | {"delta": self._words(size)})
                made += len(event)
                yield event, True, False
            return ""
        texts = [order.text] if order.text else [self._words(order.event_bytes) for _ in range(order.events)]
        for text in texts:
            yield self.event(name, where | {"delta": text}), True, False
        joined = "".join(texts)
        return joined if len(joined) <= 65536 else ""

    def _words(self, size):
        start = f"{numbers.getrandbits(48):012x} "
        return start[:size] if size <= len(start) else start + "w" * (size - len(start))

    def _terminal(self, output):
        order, usage = self.order, self.usage
        status = order.terminal
        error = (order.error or {"code": "server_error", "message": "It broke."}) if status == "failed" else None
        if order.huge:
            output = [{"type": "message", "id": "msg_" + self.id, "status": "completed", "role": "assistant",
                       "content": [{"type": "output_text", "annotations": [], "text": "\x00"}]}]
        body = self.response(status, output, usage.responses() if usage else None, error)
        event = self.event("response." + status, {"response": body})
        if not order.final_newline:
            event = event.rstrip(b"\r\n")
        yield from padded(event, order.huge, usage is not None)

    # Whole bodies.

    def whole(self):
        """The JSON body of a response that is not streamed: its length and its parts."""
        order, text = self.order, self.order.text or self._words(max(self.order.event_bytes, 1))
        content = [{"type": "output_text", "annotations": [], "text": "\x00" if order.huge else text}]
        output = order.output or [{"type": "message", "id": "msg_" + self.id, "status": "completed",
                                   "role": "assistant", "content": content}]
        status = order.terminal if order.terminal != "none" else "completed"
        body = self.response(status, output, self.usage.responses() if self.usage else None, order.error)
        return whole(compact(body), order.huge, self.usage is not None)

    def chat_whole(self):
        order, names = self.order, self._chat_names("chat.completion")
        text = "\x00" if order.huge else order.text or self._words(max(order.event_bytes, 1))
        body = names | {"choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                     "finish_reason": "stop"}]}
        if self.usage:
            body["usage"] = self.usage.chat()
        return whole(compact(body), order.huge, self.usage is not None)

    def chat_stream(self, include_usage):
        order, names = self.order, self._chat_names("chat.completion.chunk")
        without = {"usage": None} if include_usage else {}
        texts = [order.text] if order.text else [self._words(order.event_bytes) for _ in range(order.events)]
        for n, text in enumerate(texts):
            delta = {"content": text} if n else {"role": "assistant", "content": text}
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            yield self.framed("", compact(names | {"choices": [choice]} | without)), True, False
        choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
        yield self.framed("", compact(names | {"choices": [choice]} | without)), True, False
        if include_usage and self.usage:
            yield self.framed("", compact(names | {"choices": [], "usage": self.usage.chat()})), True, True
        yield self.framed("", b"[DONE]"), True, False

    def _chat_names(self, kind):
        names = {"id": "chatcmpl-" + self.id, "object": kind, "created": self.created}
        if self.model:
            names["model"] = self.model
        if self.tier:
            names["service_tier"] = self.tier
        return names


def padded(data, padding, counts):
    """The parts of `data`, with `padding` bytes in the place of its (only) NUL, made as they are taken."""
    if not padding:
        yield data, True, counts
        return
    before, _, after = data.partition(b"\\u0000")
    yield before, False, False
    left = padding
    while left:
        piece = PIECE[:left]
        left -= len(piece)
        yield piece, False, False
    yield after, True, counts


def whole(data, padding, counts):
    length = len(data) - len(b"\\u0000") + padding if padding else len(data)
    return length, padded(data, padding, counts)


def models(mode):
    names = ["gpt-5.5", "gpt-5.5-mini", "gpt-5.4"]
    if mode == "openai":
        return {"object": "list", "data": [{"id": name, "object": "model", "created": 1770000000,
                                            "owned_by": "openai"} for name in names]}
    return {"models": [{"slug": name, "display_name": name, "visibility": "list", "supported_in_api": True,
                        "priority": n} for n, name in enumerate(names)]}
