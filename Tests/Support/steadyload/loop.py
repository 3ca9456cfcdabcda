"""One epoll loop with timers: the cheapest that a load of thousands of events a second can be in one thread."""

import heapq
import itertools
import select
import time

now = time.monotonic  # the same clock in every process of the machine


class Loop:
    def __init__(self):
        self.epoll = select.epoll()
        self.handlers = {}
        self.timers = []
        self.order = itertools.count()  # of timers that are due at the same moment
        self.over = False
        self.lateness = 0.0  # the longest that a timer had to wait for this process, in seconds

    def watch(self, descriptor, events, call):
        self.handlers[descriptor] = call
        self.epoll.register(descriptor, events)

    def change(self, descriptor, events):
        self.epoll.modify(descriptor, events)

    def forget(self, descriptor):
        del self.handlers[descriptor]
        self.epoll.unregister(descriptor)

    def at(self, moment, call):
        """The timer, for cancel()."""
        timer = [moment, next(self.order), call]
        heapq.heappush(self.timers, timer)
        return timer

    @staticmethod
    def cancel(timer):
        timer[2] = None

    def run(self):
        while not self.over:
            for descriptor, events in self.epoll.poll(self._patience()):
                call = self.handlers.get(descriptor)  # an earlier one of these events may have ended it
                if call:
                    call(events)
            self._fire()

    def _patience(self):
        """Seconds until the next timer; half a millisecond early, since epoll rounds up to whole ones."""
        return max(self.timers[0][0] - now() - 0.0005, 0) if self.timers else -1

    def _fire(self):
        moment = now()
        while self.timers and self.timers[0][0] <= moment:
            due, _, call = heapq.heappop(self.timers)
            if call:
                self.lateness = max(self.lateness, moment - due)
                call()
