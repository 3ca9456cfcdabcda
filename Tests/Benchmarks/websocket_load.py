"""Both ends of relayed WebSockets in one process: the upstream that takes every upgrade, and the clients."""

import base64
import hashlib
import re
import select
import selectors
import socket
import time

PAYLOAD = 100
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x37\xfa\x21\x3d"
REQUEST = ("GET /v1/responses HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer %s\r\n\r\n")
ANSWER = ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: %s\r\nx-codex-primary-used-percent: 12\r\nx-request-id: req_1\r\n\r\n")
DOWN, UP = "down", "up"  # from the upstream to the client, and back


class Refused(Exception):
    """The upgrade was answered with something else than 101: its status line."""


def accept(key):
    """RFC 6455 section 4.2.2"""
    return base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def masked(data):
    key = (MASK * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))


def padded(start):
    return (start + "w" * (PAYLOAD - len(start) - 2) + '"}').encode()


# What the two ends say: an event of a response, and what a client says of one that has ended.
EVENT = padded('{"type":"response.output_text.delta","sequence_number":12,"output_index":0,"delta":"')
PROCESSED = padded('{"type":"response.processed","response_id":"resp_')
FRAMES = {DOWN: bytes((0x81, PAYLOAD)) + EVENT, UP: bytes((0x81, 0x80 | PAYLOAD)) + MASK + masked(PROCESSED)}


def large_frame(direction, size):
    """The head of a frame, and a piece to repeat: a text without an end that means anything."""
    if direction == DOWN:
        return bytes((0x81, 127)) + size.to_bytes(8), b"x" * 65536
    return bytes((0x81, 0x80 | 127)) + size.to_bytes(8) + MASK, masked(b"x" * 65536)


def polled(seconds, read=(), write=()):
    """Those that are ready, as poll(2) names them."""
    poll = select.poll()
    for handle in read:
        poll.register(handle, select.POLLIN)
    for handle in write:
        poll.register(handle, select.POLLOUT)
    return poll.poll(seconds * 1000)


def read_head(handle):
    data = b""
    while b"\r\n\r\n" not in data:
        more = handle.recv(65536)
        if not more:
            raise Refused("the connection was closed")
        data += more
    return data


class Sockets:
    """As many WebSockets as are asked for, through whatever listens on a port."""

    def __init__(self, listener, port, token, count):
        self.listener, self.port, self.request = listener, port, (REQUEST % token).encode()
        self.clients, self.upstreams = [], []
        try:
            for _ in range(count):
                self._open()
        except BaseException:
            self.close()
            raise

    def _open(self):
        client = socket.create_connection(("127.0.0.1", self.port), 10)
        self.clients.append(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(self.request)
        while True:
            ready = [descriptor for descriptor, _ in polled(10, read=(client, self.listener))]
            if not ready:
                raise Refused("no answer in 10 s")
            if client.fileno() in ready:
                raise Refused(read_head(client).split(b"\r\n")[0].decode())
            upstream, _ = self.listener.accept()
            upstream.settimeout(10)
            key = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)", read_head(upstream))
            if key:
                break
            upstream.close()
        self.upstreams.append(upstream)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream.sendall((ANSWER % accept(key.group(1))).encode())
        answer = read_head(client)
        if not answer.startswith(b"HTTP/1.1 101"):
            raise Refused(answer.split(b"\r\n")[0].decode())

    def close(self):
        for handle in self.clients + self.upstreams:
            handle.close()

    def ends(self, direction):
        """(those that send, those that receive)"""
        return (self.upstreams, self.clients) if direction == DOWN else (self.clients, self.upstreams)

    def paced(self, direction, interval, batch, seconds):
        """Sends `batch` frames on each socket every `interval` seconds, the sockets one after the other.

        Returns how many frames were relayed, and how many were lost.
        """
        senders, receivers = self.ends(direction)
        wire = FRAMES[direction] * batch
        step, sent, received = interval / len(senders), 0, 0
        with selectors.EpollSelector() as selector:
            for handle in receivers:
                handle.setblocking(False)
                selector.register(handle, selectors.EVENT_READ)
            start = time.monotonic()
            while True:
                now = time.monotonic() - start
                while sent * step <= now and now < seconds:
                    senders[sent % len(senders)].sendall(wire)
                    sent += 1
                if now >= seconds and (received >= sent * len(wire) or now > seconds + 5):
                    break
                wait = min(max(sent * step - now, 0), 0.1) if now < seconds else 0.1
                for key, _ in selector.select(wait):
                    received += len(key.fileobj.recv(65536))
        size = len(FRAMES[direction])
        return received // size, sent * batch - received // size

    def large(self, direction, size, watch):
        """Sends one message of `size` bytes and calls watch() now and then while it passes."""
        (sender, *_), (receiver, *_) = self.ends(direction)
        head, piece = large_frame(direction, size)
        sender.setblocking(False)
        receiver.setblocking(False)
        waiting, left, missing, looked = head, size, len(head) + size, 0
        while missing:
            ready = dict(polled(10, read=(receiver,), write=(sender,) if waiting or left else ()))
            if not ready:
                raise Refused(f"a message of {size} bytes is stuck with {missing} bytes missing")
            if sender.fileno() in ready:
                if not waiting:
                    waiting, left = piece[:left], left - min(left, len(piece))
                waiting = waiting[sender.send(waiting):]
            if receiver.fileno() in ready:
                taken = len(receiver.recv(1 << 18))
                if not taken:
                    raise Refused(f"a message of {size} bytes was cut with {missing} bytes missing")
                missing -= taken
            if time.monotonic() - looked > 0.01:
                watch()
                looked = time.monotonic()
        sender.settimeout(10)


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener
