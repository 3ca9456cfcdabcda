"""OCM relays WebSockets as the protocol has it: every case of websocket_cases.py, between ends that OCM knows nothing of."""

import pytest
from websocket_cases import CASES, LIMIT

from harness.ocm import free_port
from harness.sides import Upstream, connect, drive

PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"
OCM_SETTINGS = {"limits": {"websocket_message": LIMIT}, "supervisor": {
    "endpoints": {"chatgpt": URL + "/backend-api/codex", "openai": URL, "oauth": URL}}}
OCM_TOLERATED = ("the API",)
STEPS = {"in one write": 0, "byte by byte": 1, "in sevens": 7, "in segments": 1300}


@pytest.mark.deadline(120)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("section", "123456789")
async def test_every_case_holds(ocm, section, step):
    """Shows all failures of a section: one of them says less than which of them."""
    size = STEPS[step]
    failures, count = [], 0
    async with Upstream(PORT) as upstream:
        for case in CASES:
            if not case.name.startswith(section) or size and len(case.wire) <= size or case.slow and 0 < size < 1000:
                continue
            count += 1
            try:
                await drive(case, *await connect(ocm.port, upstream, ocm.fields()), size)
            except AssertionError as error:
                failures.append(f"{case.id}: {error}")
    assert not failures, f"{len(failures)} of {count}:\n" + "\n".join(failures)
