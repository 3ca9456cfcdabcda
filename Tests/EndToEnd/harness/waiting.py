"""Waiting for what the tests can't be told of: files, processes, counters. Always up to a deadline, never for a fixed time."""

import asyncio
import inspect
import time

STEP = 0.01


def eventually(look, seconds=10, what="a condition"):
    """What look() returns as soon as it is true."""
    until = time.monotonic() + seconds
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() >= until:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(STEP)


async def eventually_async(look, seconds=10, what="a condition"):
    """The same for a coroutine's test; look may be a coroutine function itself."""
    until = time.monotonic() + seconds
    while True:
        value = look()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() >= until:
            raise AssertionError(f"waited {seconds} s for {what}")
        await asyncio.sleep(STEP)


async def every(step, look):
    """Calls look() again and again until it is cancelled."""
    while True:
        look()
        await asyncio.sleep(step)
