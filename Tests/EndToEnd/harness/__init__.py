"""What the end-to-end tests drive and watch the programs with: processes, a raw HTTP client, /proc, tools."""

import os

FULL = bool(os.environ.get("OCM_TEST_FULL"))


def counts(small, full):
    """The size of a load: small in the usual run, the promised one with OCM_TEST_FULL=1."""
    return full if FULL else small
