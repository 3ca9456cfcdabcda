"""A steady load from a process of its own (Tests/Support/steady_load.py), and what came of it."""

import json
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "Support" / "steady_load.py"


class SteadyLoad:
    def __init__(self, port, fields=None, **plan):
        self.kinds = ("stream", "kept", "new", "seldom", "probe")
        plan |= {"port": port, "fields": dict.fromkeys(self.kinds, fields) if isinstance(fields, list) else fields or {}}
        self.process = subprocess.Popen([sys.executable, str(SCRIPT), json.dumps(plan)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.failures = []  # all that were reported
        self.last = None

    def _order(self, order):
        self.process.stdin.write(order + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the load has ended with {self.process.wait()}"
        self.last = json.loads(line)
        self.failures += self.last["failures"]
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


def described(report):
    """The counts in a line."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in report["answered"].items() if count)
    return (f"answered: {kinds}; failed {sum(report['failed'].values())}, truncated {sum(report['truncated'].values())}; "
            f"{report['events']} events, {report['connections']} connections, {report['idle_ends']} closed while idle; "
            f"longest gap {report['gap'] * 1000:.0f} ms, silence {report['silence'] * 1000:.0f} ms, "
            f"own lateness {report['lateness'] * 1000:.0f} ms")
