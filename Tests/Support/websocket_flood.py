#!/usr/bin/env python3
"""Floods a service with WebSockets, and is the API behind them.

  websocket_flood.py PLAN

PLAN is JSON: `port` and `token` (of the service), `sink` (where the API's end of each socket is accepted), `kind` (one of KINDS),
`connections`. It goes on until it is killed; clients whose connection ends begin anew.
"""

import base64
import hashlib
import json
import os
import resource
import select
import socket
import struct
import sys

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TARGET = "/v1/responses/flood"
BLOCK = 1 << 16  # bytes of what is sent over and over
RESET = struct.pack("ii", 1, 0)
SWITCHING = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n")


def frame(first, payload=b"", length=None):
    """As a client sends it; the mask is zeros. `length`: what the head claims."""
    size = len(payload) if length is None else length
    head = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2) if size < 65536 else b"\xff" + size.to_bytes(8)
    return bytes((first,)) + head + bytes(4) + payload


def block(*frames):
    one = b"".join(frames)
    return one * max(1, BLOCK // len(one))


# Heads that no client may send: reserved bits, opcodes and lengths that there are not, control frames in pieces, no mask.
BAD_HEADS = [frame(0xC1), frame(0x83), frame(0x8B), frame(0x80), frame(0x09), frame(0x89, length=126), b"\x81\x05hello",
             frame(0x81, length=1 << 63), frame(0x82, length=(1 << 63) - 1), b"\x81\xfe\x00\x01" + bytes(4), b"\xff" * 14]
FRAGMENTS = block(*[frame(0x00)] * 50, *[frame(0x00, b"x")] * 50)
PINGS = block(frame(0x89), frame(0x89, b"p" * 125), frame(0x8A, b"q" * 125))
LARGE = bytes(BLOCK)
EVENTS = block(b"\x81\x7e\x04\x00" + b"w" * 1024)  # a server's


class Kind:
    """What the clients send once: `first`, then over and over: `more`; the API over and over: `api`. `leaves`: when a client
    ends its connection by RST and begins anew: when it is `opened`, when anything is `answered`, or never."""

    def __init__(self, first=(b"",), more=b"", api=b"", client_reads=True, api_reads=True, leaves=None):
        self.first, self.more, self.api = first, more, api
        self.client_reads, self.api_reads, self.leaves = client_reads, api_reads, leaves


KINDS = {
    "bad_heads": Kind(first=BAD_HEADS, leaves="answered"),
    "fragments": Kind(first=[frame(0x01, b"{")], more=FRAGMENTS),
    "pings": Kind(more=PINGS),
    "deaf_clients": Kind(api=EVENTS, client_reads=False),
    "deaf_api": Kind(first=[frame(0x82, length=1 << 27)], more=LARGE, api_reads=False),
    "upgrades": Kind(leaves="opened"),
}


class End:
    """A connection: what there is to send, and what becomes of what comes."""

    def __init__(self, flood, handle):
        self.flood, self.handle = flood, handle
        self.open = False  # as a WebSocket
        self.head = b""
        self.unsent = memoryview(b"")
        self.more = b""
        self.reads = True
        handle.setblocking(False)
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)
        flood.watch(self, select.EPOLLIN | select.EPOLLOUT)

    def ready(self, events):
        try:
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR) and self.reads:
                self.read()
            if events & select.EPOLLOUT and self.handle:
                self.write()
        except BlockingIOError:
            pass
        except OSError:
            self.over()
        if self.handle and events & select.EPOLLHUP:
            self.over()

    def read(self):
        data = self.handle.recv(1 << 18)
        if not data:
            self.over()
        elif not self.open:
            self.head += data
            if b"\r\n\r\n" in self.head:
                self.opened()

        elif self.flood.kind.leaves == "answered":
            self.over()

    def write(self):
        if not self.unsent:
            self.unsent = memoryview(self.more)
        if self.unsent:
            self.unsent = self.unsent[self.handle.send(self.unsent):]
        self.flood.change(self)

    def wanted(self):
        return (select.EPOLLIN if self.reads else 0) | (select.EPOLLOUT if self.unsent or self.more else 0)

    def send(self, first, more):
        self.unsent, self.more = memoryview(first), more
        self.write()

    def over(self):
        if self.handle:
            self.flood.forget(self)
            self.handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.handle.close()
            self.handle = None

    def opened(self):
        raise NotImplementedError


class Client(End):
    def __init__(self, flood):
        handle = socket.socket()
        if not flood.kind.client_reads:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.setblocking(False)
        handle.connect_ex(("127.0.0.1", flood.plan["port"]))
        super().__init__(flood, handle)
        self.unsent = memoryview(flood.request)

    def opened(self):
        if not self.head.startswith(b"HTTP/1.1 101 ") or self.flood.kind.leaves == "opened":
            self.over()
            return
        self.open, self.reads = True, self.flood.kind.client_reads
        self.send(self.flood.next_first(), self.flood.kind.more)

    def over(self):
        if self.handle:
            super().over()
            self.flood.begin.append(self)


class Api(End):
    """The other end of a client's socket."""

    def opened(self):
        fields = dict(line.lower().split(b": ", 1) for line in self.head.split(b"\r\n")[1:] if b": " in line)
        key = next(line[19:] for line in self.head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
        assert b"upgrade" in fields
        accept = base64.b64encode(hashlib.sha1(key.strip() + GUID).digest())
        self.open, self.reads = True, self.flood.kind.api_reads
        self.send(SWITCHING % accept, self.flood.kind.api)


class Flood:
    def __init__(self, plan):
        self.plan, self.kind = plan, KINDS[plan["kind"]]
        self.epoll = select.epoll()
        self.ends = {}
        self.begin = []  # clients that have ended
        self.firsts = 0
        self.request = (f"GET {TARGET} HTTP/1.1\r\nHost: flood\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
                        f"Authorization: Bearer {plan['token']}\r\n\r\n").encode()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not self.kind.api_reads:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", plan["sink"]))
        self.listener.listen(4096)
        self.listener.setblocking(False)
        self.epoll.register(self.listener, select.EPOLLIN)

    def next_first(self):
        self.firsts += 1
        return self.kind.first[self.firsts % len(self.kind.first)]

    def watch(self, end, events):
        self.ends[end.handle.fileno()] = end
        self.epoll.register(end.handle, events)

    def change(self, end):
        self.epoll.modify(end.handle, end.wanted())

    def forget(self, end):
        del self.ends[end.handle.fileno()]
        self.epoll.unregister(end.handle)

    def run(self):
        for _ in range(self.plan["connections"]):
            Client(self)
        while True:
            for descriptor, events in self.epoll.poll(0.1, 256):
                if descriptor == self.listener.fileno():
                    self.accept()
                elif end := self.ends.get(descriptor):
                    end.ready(events)
            again, self.begin = len(self.begin), []
            for _ in range(again):
                Client(self)

    def accept(self):
        try:
            for _ in range(64):
                Api(self, self.listener.accept()[0])
        except BlockingIOError:
            pass


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.nice(5)
    Flood(json.loads(sys.argv[1])).run()
