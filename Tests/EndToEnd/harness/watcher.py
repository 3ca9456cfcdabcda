"""An eye on auth.json that does not close."""

import json
import threading
import time


class Watcher(threading.Thread):
    """Reads the file all the time: `versions` are the whole texts in their order, `torn` the times at which it was
    none, each with its length."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.stopping = path, threading.Event()
        self.versions, self.torn, self.reads = [], [], 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.join()

    def run(self):
        last = None
        while not self.stopping.wait(0.0005):
            self.reads += 1
            try:
                text = self.path.read_bytes()
            except FileNotFoundError:
                text = b""
            if text == last:
                continue
            last = text
            try:
                self.versions.append((time.monotonic(), json.loads(text)))
            except ValueError:
                self.torn.append((time.monotonic(), len(text)))
