#!/usr/bin/env python3
"""What metering costs: the instructions that a worker executes for each relayed event, counted by callgrind.

The same stream is relayed twice: as the answer to POST /v1/responses, which is metered, and to POST /v1/alpha/search,
which takes the same way and is not. Upstream and client are this script, and they take turns: one event is written, and
when it has arrived, the next. Each figure is the difference of two runs with more and with fewer events, so that
starting, the head and the end of the response do not count. Exits with 1 where metering costs more than it may.
"""
import argparse
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import subjects

TOP = pathlib.Path(__file__).resolve().parents[2]
METERED, UNMETERED = "/v1/responses", "/v1/alpha/search"
# Stands in for the worker. A program, since the supervisor starts what it has opened, which no script survives.
LAUNCHER = """#include <unistd.h>
int main(void) {
    execl("%s", "valgrind", "--tool=callgrind", "--callgrind-out-file=%s", "--log-file=%s", "%s", (char *)0);
    return 127;
}
"""


def event(number):
    data = {"type": "response.output_text.delta", "sequence_number": number, "item_id": "msg_" + "0" * 44,
            "output_index": 0, "content_index": 0, "delta": " word", "obfuscation": "a1b2c3d4e5"}
    return f"event: response.output_text.delta\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


END = b"""event: response.completed
data: {"type":"response.completed","response":{"model":"gpt-5.5","usage":{"input_tokens":7,"output_tokens":5}}}

"""


def chunk(payload):
    return f"{len(payload):x}\r\n".encode() + payload + b"\r\n"


def receive(connection, end):
    data = b""
    while not data.endswith(end):
        more = connection.recv(65536)
        if not more:
            sys.exit(f"the connection ended behind {data[-200:]}")
        data += more
    return data


class Run:
    """One OCM whose one worker runs in callgrind, from its start to its end."""

    def __init__(self, build, path, batch):
        self.path, self.batch = path, batch
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="ocm-metering-"))
        self.work.chmod(0o755)
        self.counts = self.work / "counts"
        self.counts.mkdir()
        self.counts.chmod(0o777)  # started as root the worker is another user
        self.listener = socket.create_server(("127.0.0.1", subjects.UPSTREAM_PORT))
        shutil.copy(build / "ocm-supervisor", self.work)
        # valgrind does not read the debugging information that Swift writes.
        subprocess.run(["objcopy", "--strip-debug", build / "ocm-worker", self.work / "worker"], check=True)
        source = LAUNCHER % (shutil.which("valgrind"), self.counts / "out", self.counts / "log", self.work / "worker")
        subprocess.run(["gcc", "-xc", "-", "-o", self.work / "ocm-worker"], input=source.encode(), check=True)
        self.subject = subjects.ocm(self.work, self.work)

    def instructions(self, count):
        """Of the worker's whole life, with one stream of `count` events."""
        log = open(self.work / "supervisor.log", "wb")
        process = subprocess.Popen(list(map(str, self.subject.command)), stdout=log, stderr=log)
        try:
            self.relay(count)
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            if process.poll() is None:
                process.kill()
        text = (self.counts / "log").read_text()
        found = re.search(r"Collected : (\d+)", text)
        return int(found.group(1)) if found else sys.exit(f"callgrind has counted nothing:\n{text}")

    def relay(self, count):
        client = self.connect()
        body = b'{"model":"gpt-5.5","stream":true}'
        client.sendall(f"POST {self.path} HTTP/1.1\r\nHost: ocm\r\nAuthorization: Bearer {subjects.TOKEN}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        upstream, _ = self.listener.accept()
        receive(upstream, body)
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        receive(client, b"\r\n\r\n")
        for number in range(0, count, self.batch):
            chunks = b"".join(chunk(event(100_000 + number + index)) for index in range(self.batch))
            upstream.sendall(chunks)
            receive(client, chunks[-100:])
        upstream.sendall(chunk(END) + b"0\r\n\r\n")
        receive(client, b"0\r\n\r\n")
        client.close()
        upstream.close()

    def connect(self):
        """Once the worker listens: in callgrind that takes a while."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                client = socket.create_connection(("127.0.0.1", self.subject.port), 30)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return client
            except ConnectionRefusedError:
                time.sleep(0.1)
        sys.exit((self.work / "supervisor.log").read_text())

    def close(self):
        self.listener.close()
        shutil.rmtree(self.work)


def per_event(build, path, batch, events):
    run = Run(build, path, batch)
    try:
        few, many = run.instructions(events), run.instructions(3 * events)
    finally:
        run.close()
    return (many - few) / (2 * events)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1600, help="in the shorter of the two runs, a multiple of 16")
    parser.add_argument("--build", type=pathlib.Path, default=TOP / ".build" / "release")
    parser.add_argument("--at-most", type=float, default=5, help="percent, for events that come alone")
    arguments = parser.parse_args()
    print("| events in one read | metering off | metering on | more |\n|---|---|---|---|", flush=True)
    costs = {}
    for batch in (1, 16):
        off, on = (per_event(arguments.build, path, batch, arguments.events) for path in (UNMETERED, METERED))
        costs[batch] = (on / off - 1) * 100
        print(f"| {batch} | {off:.0f} | {on:.0f} | {costs[batch]:.1f} % |", flush=True)
    sys.exit(costs[1] > arguments.at_most)


if __name__ == "__main__":
    main()
