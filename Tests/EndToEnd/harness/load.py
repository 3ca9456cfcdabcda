"""A steady load from a process of its own (Tests/Support/steady_load.py), and what came of it."""

import json
import pathlib
import subprocess
import sys

from .waiting import eventually

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "Support" / "steady_load.py"


KINDS = ("stream", "kept", "new", "seldom", "socket")  # of clients that ask the API


class SteadyLoad:
    """`fields`: what stands on every request, or {kind of client: what stands on its requests}."""

    def __init__(self, port, fields=(), **plan):
        plan |= {"port": port, "fields": fields if isinstance(fields, dict) else dict.fromkeys(KINDS, list(fields))}
        self.process = subprocess.Popen([sys.executable, str(SCRIPT), json.dumps(plan)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.failures = []  # all that were reported
        self.last = None
        self.gap = self.silence = self.lateness = 0.0  # the longest of all
        self.interruptions = 0

    def steady(self, kind="stream"):
        """Waits until all clients are at work."""
        eventually(lambda: self.report()["answered"][kind] > 20, 20, "the load to be steady")

    def goes_on(self, count=20, kind="stream"):
        """Waits until so many streams more are answered, or turns of another kind of client."""
        seen = self.report()["answered"][kind]
        eventually(lambda: self.report()["answered"][kind] >= seen + count, 20, f"{kind}s to be answered")

    def _order(self, order):
        self.process.stdin.write(order + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the load has ended with {self.process.wait()}"
        self.last = json.loads(line)
        self.failures += self.last["failures"]
        for name in ("gap", "silence", "lateness"):
            setattr(self, name, max(getattr(self, name), self.last[name]))
        return self.last

    def report(self):
        """All counts so far; failures, gap and silence since the last report."""
        return self._order(b"report")

    def stop(self):
        """The last report, when everything that was open is answered."""
        report = self._order(b"stop")
        self.process.wait(10)
        self.kill()
        return report

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def answered(self):
        """Answers of the API that were whole and right, as of the last report."""
        return sum(self.last["answered"][kind] for kind in KINDS)

    def described(self):
        """All of it in a few lines."""
        last = self.last
        return (f"answered: {', '.join(f'{count} {kind}' for kind, count in last['answered'].items() if count)}\n"
                f"failed {sum(last['failed'].values())}, truncated {sum(last['truncated'].values())}, "
                f"{last['events']} events, {last['connections']} connections, {last['idle_ends']} closed while idle, "
                f"{last['restarts']} WebSockets to begin anew\n"
                f"longest gap in accepting {self.gap * 1000:.0f} ms, longest silence of a stream "
                f"{self.silence * 1000:.0f} ms (the load itself was late by {self.lateness * 1000:.0f} ms)")
