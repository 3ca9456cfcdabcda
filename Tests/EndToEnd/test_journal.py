"""The log in the journal: with its fields, from both programs, without holding up anything."""

import os
import re

import pytest

from harness.journal import Journal
from harness.waiting import eventually

TURN = {"model": "gpt-5.5", "stream": True}


@pytest.fixture
def journal(directory):
    journal = Journal(directory).open()
    yield journal
    journal.close()


def started(start_ocm, journal, variables=None, **log):
    ocm = start_ocm(start=False)
    ocm.configuration["log"] = {"level": "info", **log}
    ocm.launcher = journal.launcher
    return ocm.start(variables=variables)


async def test_records_of_both_programs_come_with_their_fields(start_ocm, journal):
    ocm = started(start_ocm, journal, output="journal", format="json")
    ready, = journal.wait_for("ready")
    assert ready["PRIORITY"] == "5" and ready["SYSLOG_IDENTIFIER"] == "ocm-supervisor" and ready["OCM_WORKERS"] == "2"
    assert ready["MESSAGE"] == f"ready version={ready['OCM_VERSION']} workers=2"
    response = await ocm.ask("POST", "/v1/responses", TURN, user="bob")
    request = [found for found in journal.wait_for("request user")][-1]
    assert request["SYSLOG_IDENTIFIER"] == "ocm-worker" and request["PRIORITY"] == "6"
    assert request["OCM_USER"] == "bob" and request["OCM_SERVICE"] == "codex" and request["OCM_STATUS"] == "200"
    assert request["OCM_MODEL"] == "gpt-5.5" and request["OCM_PATH"] == "/v1/responses"
    assert request["OCM_API_REQUEST_ID"] == response.request_id
    assert re.fullmatch("[0-9a-f]{16}", request["OCM_REQUEST_ID"])
    assert int(request["OCM_WORKER"]) in ocm.workers()
    for secret in ocm.secrets:
        assert not any(secret in value for found in journal.found for value in found.values())
    ocm.stop()
    assert journal.wait_for("stopped") and ocm.log() == ""


def test_standard_error_that_leads_to_the_journal_is_the_journal(start_ocm, journal):
    ocm = start_ocm(start=False)
    ocm.log_path.touch()
    place = os.stat(ocm.log_path)
    stream = {"JOURNAL_STREAM": f"{place.st_dev}:{place.st_ino}"}
    ocm.configuration["log"] = {"level": "info"}
    ocm.launcher = journal.launcher
    ocm.start(variables=stream)
    journal.wait_for("ready")
    ocm.stop()
    assert ocm.log() == ""
    # Not where it is named, nor where it leads elsewhere.
    seen = len(journal.records())
    ocm.configuration["log"] = {"level": "info", "output": "stderr", "format": "json"}
    ocm.start(variables=stream)
    ocm.stop()
    ocm.configuration["log"] = {"level": "info", "format": "json"}
    ocm.start(variables={"JOURNAL_STREAM": f"{place.st_dev}:1"})
    ocm.stop()
    assert len(journal.records()) == seen and ocm.log().count('"message":"stopped"') == 2


def test_without_a_journal_the_log_goes_to_standard_error(start_ocm, directory):
    journal = Journal(directory)
    ocm = started(start_ocm, journal, output="journal", format="json")
    ocm.tolerate("there is no journal, the log goes to standard error")
    ocm.stop()
    assert '"message":"there is no journal' in ocm.log() and '"message":"stopped"' in ocm.log()


async def test_a_journal_that_is_started_anew_gets_the_records_of_all(start_ocm, journal):
    ocm = started(start_ocm, journal, output="journal")
    journal.wait_for("ready")
    journal.open()
    before = {worker: 0 for worker in ocm.workers()}

    async def asked():
        await ocm.ask("POST", "/v1/responses", TURN)
        return {int(found["OCM_WORKER"]) for found in journal.records("request user")} == set(before)

    for _ in range(100):
        if await asked():
            break
    eventually(lambda: {int(found["OCM_WORKER"]) for found in journal.records("request user")} == set(before), 10)
    ocm.stop()
    journal.wait_for("stopped")


async def test_a_journal_that_takes_nothing_holds_up_nobody(start_ocm, journal):
    ocm = started(start_ocm, journal, output="journal", level="info")
    journal.wait_for("ready")
    journal.reads.clear()
    limit = int(open("/proc/sys/net/unix/max_dgram_qlen").read())
    for _ in range(limit + 50):
        assert (await ocm.ask("POST", "/v1/responses", TURN)).status == 200
    journal.reads.set()
    await ocm.ask("POST", "/v1/responses", TURN)
    missing = journal.wait_for("records are missing in the log")[0]
    assert missing["PRIORITY"] == "4" and int(missing["OCM_RECORDS"]) > 0
    ocm.stop()
