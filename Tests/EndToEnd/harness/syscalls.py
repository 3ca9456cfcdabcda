"""Killing a process at a system call of its own choice: each is recorded once, and then met again."""

import collections
import os
import re
import signal
import subprocess

from .tools import tool
from .waiting import eventually

CALL = re.compile(r"^(?:\d+ +)?([a-z_0-9]+)\((.*)$")


class Call:
    """One system call of a trace: its name, how many of that name there were with it, its arguments as text."""

    def __init__(self, name, number, arguments):
        self.name, self.number, self.arguments = name, number, arguments

    def __repr__(self):
        return f"{self.name}#{self.number}({self.arguments[:100]}"

    @property
    def injection(self):
        """The option of strace that ends the process before the call is carried out."""
        return f"--inject={self.name}:signal=SIGKILL:when={self.number}"


def calls(trace):
    """The calls of a trace's text, in their order."""
    numbers, found = collections.Counter(), []
    for line in trace.splitlines():
        if match := CALL.match(line):
            numbers[match[1]] += 1
            found.append(Call(match[1], numbers[match[1]], match[2]))
    return found


class Tracer:
    """strace on a process that runs; its children are left alone."""

    def __init__(self, pid, path, *options):
        self.path = path
        self.process = subprocess.Popen([tool("strace"), "-p", str(pid), "-o", str(path), *options],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        assert "attached" in line, line

    def detach(self):
        """Leaves the process as it is, and gives the calls that it has made."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self, seconds=30):
        """The calls, once the process has come to its end."""
        try:
            self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process.stderr.close()
        return calls(self.path.read_text())


SCRIPT = """#!/usr/bin/python3 -I
import os, select, signal, sys
real, order = {real!r}, {order!r}
try:
    os.rename(order, order + ".taken")
except FileNotFoundError:
    os.execv(real, [real, *sys.argv[1:]])
with open(order + ".taken") as file:
    alone, *options = file.read().split("\\n")
if alone:
    # The whole question is there: from here on the parent is not needed, and does nothing more.
    poll = select.poll()
    poll.register(0, select.POLLRDHUP)
    poll.poll()
    os.kill(os.getppid(), signal.SIGSTOP)
os.execv({strace!r}, ["strace", "-q", *options, real, *sys.argv[1:]])
"""


# Programs are started by descriptor: so no other file can take their place, but what starts them can.
PRELOADED = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static long (*next)(long, ...);
static int (*next_prctl)(int, ...);
static int gave_up;

__attribute__((constructor)) static void find(void) {{
    next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    next_prctl = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
}}

// strace looks into memory that is closed to all without capabilities: children keep them.
int prctl(int option, ...) {{
    va_list list;
    unsigned long all[4];
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        all[i] = va_arg(list, unsigned long);
    va_end(list);
    if (!next_prctl)
        find();
    return option == PR_CAPBSET_DROP ? 0 : next_prctl(option, all[0], all[1], all[2], all[3]);
}}

long syscall(long number, ...) {{
    va_list list;
    long all[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        all[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_capset) {{
        gave_up = 1;
        return 0;
    }}
    if (number == SYS_capget && gave_up) {{
        memset((void *)all[1], 0, 24);
        return 0;
    }}
    char **arguments = (char **)all[2];
    if (number == SYS_execveat && strcmp(arguments[0], "ocm-supervisor") == 0)
        execve("{script}", arguments, (char **)all[3]);
    return next(number, all[0], all[1], all[2], all[3], all[4], all[5]);
}}
"""


class TracedChildren:
    """Has the supervisor's next child put under strace.

    Whatever the supervisor starts from its own program goes through a script, which starts that program, under strace if
    there is an order to.
    """

    def __init__(self, directory, binaries):
        directory.mkdir()
        self.order, self.trace = directory / "order", directory / "trace"
        script = directory / "script"
        script.write_text(SCRIPT.format(
            real=str(binaries / "ocm-supervisor"), order=str(self.order), strace=tool("strace")))
        script.chmod(0o755)
        (directory / "preloaded.c").write_text(PRELOADED.format(script=script))
        preloaded = directory / "preloaded.so"
        subprocess.run([tool("cc", "gcc"), "-shared", "-fPIC", "-o", str(preloaded), str(directory / "preloaded.c")],
                       check=True)
        # What starts the supervisor.
        self.launcher = [tool("env", "coreutils"), f"LD_PRELOAD={preloaded}"]

    def next(self, *options, alone=False):
        """Orders strace for the next child. `alone`: its parent is stopped as soon as it has asked."""
        self.trace.unlink(missing_ok=True)
        new = self.order.with_suffix(".new")
        new.write_text("\n".join(["alone" if alone else "", "-o", str(self.trace), *options]))
        os.replace(new, self.order)

    def calls(self, seconds=20):
        """What the child has done, after its end."""
        eventually(self._has_ended, seconds, "the child's end")
        return calls(self.trace.read_text())

    def _has_ended(self):
        """The last call does not return. Whatever strace says after that may be missing: the supervisor ends a child
        that has not read its question, and here that is strace."""
        return self.trace.exists() and re.search(r"= \?\n(\+\+\+ .*\n)?$", self.trace.read_text())

    def was_killed(self):
        return "+++ exited" not in self.trace.read_text()
