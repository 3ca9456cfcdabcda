"""Under a real systemd: a Debian 12 that installs the package and lives with it. Nothing that was accepted is dropped."""

import asyncio
import json
import re
import time

import pytest

from harness import counts, debian
from harness.installed import Installed
from harness.load import SteadyLoad
from harness.ocm import TOP
from harness.package import package
from harness.waiting import eventually, eventually_async

PACKAGING = TOP / "packaging"
TURN = {"model": "gpt-5.5", "stream": True}
ROUNDS = counts(2, 20)


@pytest.fixture(scope="module")
def _installed(tmp_path_factory):
    debian.possible()
    installed = Installed(tmp_path_factory.mktemp("installed"))
    yield installed
    installed.close()


@pytest.fixture
def ocm(_installed):
    """Its socket listens, its service does not run; the test is in its network."""
    _installed.control(clear=True)
    _installed.configure()
    _installed.system.systemctl("stop", "ocm.service", "ocm.socket")
    _installed.system.systemctl("reset-failed", "ocm.service", check=False)
    _installed.system.systemctl("start", "ocm.socket")
    with _installed.system.network():
        yield _installed


@pytest.fixture
def running(ocm):
    ocm.system.systemctl("start", "ocm.service")
    ocm.serving()
    return ocm


async def ask(ocm):
    async with await ocm.connect() as connection:
        return await connection.ask("POST", "/v1/responses", TURN)


async def test_the_first_connection_starts_the_service_and_is_answered(ocm):
    assert ocm.main() == 0
    begin = time.monotonic()
    response = await ask(ocm)
    print(f"the first connection was answered after {(time.monotonic() - begin) * 1000:.0f} ms")
    assert response.status == 200 and b"response.completed" in response.body
    assert ocm.main() != 0
    listed = ocm.system.run("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
                            f"http://[::1]:{ocm.PORT}/v1/models", "-H", f"Authorization: Bearer {ocm.token}")
    assert listed.stdout == "200"


def test_ready_is_said_with_a_line_for_the_operator(running):
    assert running.system.show("ocm.service", "StatusText")
    assert running.system.show("ocm.service", "WatchdogUSec") == "30s"


def fields(ocm, pid):
    """What /proc says of a process in there."""
    text = ocm.system.run("cat", f"/proc/{pid}/status").stdout
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def assert_confined(ocm, user):
    number = ocm.system.run("id", "-u", user).stdout.strip()
    for pid in ocm.workers():
        found = fields(ocm, pid)
        assert found["Uid"].split() == [number] * 4, found
        assert {int(found[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
        # The unit's own filters come before the worker's.
        assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2"


async def test_workers_are_confined_below_the_sandbox_of_the_unit(running):
    assert_confined(running, "ocm")
    assert (await ask(running)).status == 200


@pytest.mark.deadline(90)
async def test_with_the_drop_in_workers_have_a_user_of_their_own(ocm):
    system = ocm.system
    place = system.path("/etc/systemd/system/ocm.service.d")
    place.mkdir(parents=True)
    try:
        system.put(PACKAGING / "examples/separate-worker-user/separate-worker-user.conf",
                   "/etc/systemd/system/ocm.service.d/separate-worker-user.conf")
        system.systemctl("daemon-reload")
        system.systemctl("start", "ocm.service")
        ocm.serving()
        assert_confined(ocm, "ocm-worker")
        assert (await ask(ocm)).status == 200
        # One that hangs is ended by a supervisor of another user.
        hung = min(ocm.workers())
        system.run("sh", "-c", f"kill -STOP {hung}")
        end = ("kill", "--kill-whom=main", "--signal=TERM", "ocm.service")
        system.systemctl(*end)
        eventually(lambda: system.show("ocm.service", "StatusText").startswith("finishing"), 10)
        system.systemctl(*end)
        eventually(lambda: ocm.processes() == {}, 10)
        assert system.show("ocm.service", "Result") == "success"
    finally:
        for file in place.iterdir():
            file.unlink()
        place.rmdir()
        system.systemctl("daemon-reload")


@pytest.mark.deadline(60)
async def test_without_the_socket_unit_its_own_listener_is_kept_while_it_starts_anew(ocm):
    system = ocm.system
    system.systemctl("stop", "ocm.socket")
    system.systemctl("start", "ocm.service")
    assert system.show("ocm.service", "NFileDescriptorStore") == "1"
    first = ocm.main()
    restart = asyncio.create_task(asyncio.to_thread(system.systemctl, "restart", "ocm.service"))
    asked = 0
    while not restart.done() or asked < 10:
        assert (await ask(ocm)).status == 200
        asked += 1
    await restart
    assert ocm.main() not in (0, first)


def under_load(ocm, disturb, rounds=ROUNDS):
    """Nothing fails while that is done again and again."""
    with SteadyLoad(ocm.PORT, ocm.fields, streams=counts(20, 200), rate=counts(50, 100)) as load:
        load.steady()
        for number in range(rounds):
            disturb(number)
            load.goes_on()
        load.stop()
    print(f"{rounds} rounds; {load.described()}")
    assert load.failures == []


@pytest.mark.deadline(300)
def test_a_reload_fails_nothing(running):
    pid = running.main()

    def reload(number):
        running.configure(users=("alice", f"user-{number}"))
        running.system.systemctl("reload", "ocm.service")
    under_load(running, reload)
    assert running.main() == pid


def test_a_reload_with_errors_is_refused_and_changes_nothing(running):
    pid = running.main()
    running.system.path("/etc/ocm/config.json").write_text('{ "services": 1 }')
    assert running.system.systemctl("reload", "ocm.service", check=False).returncode != 0
    assert running.main() == pid and running.system.show("ocm.service", "ActiveState") == "active"
    assert "services" in running.system.journal("ocm.service")
    assert running.status()["services"][0]["tag"] == "codex"


@pytest.mark.deadline(300)
def test_an_upgrade_of_the_package_fails_nothing_and_keeps_the_process(running):
    pid = running.main()
    first = running.workers()

    def upgrade(number):
        said = running.install(package() if number % 2 else package("2"))
        assert "goes on with the version it has" not in said, said
        assert running.main() == pid
        program = running.system.run("readlink", f"/proc/{pid}/exe").stdout.strip()
        assert program == "/usr/bin/ocm-supervisor", program
    under_load(running, upgrade)
    running.serving()
    assert not first & running.workers()


@pytest.mark.deadline(300)
def test_a_supervisor_that_is_killed_is_replaced_and_fails_nothing(running):
    def kill(_):
        pid = running.main()
        running.system.systemctl("kill", "--signal=KILL", "--kill-whom=main", "ocm.service")
        eventually(lambda: running.main() not in (0, pid), 20, "the next supervisor")
        running.serving()
    under_load(running, kill)
    assert running.system.show("ocm.service", "NRestarts") == str(ROUNDS)


@pytest.mark.deadline(60)
async def test_a_stop_finishes_what_is_open_and_leaves_nothing_behind(running):
    async with await running.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", json.dumps({"events": 40, "interval": 0.05}))]))
        response = await connection.head()
        running.system.systemctl("stop", "--no-block", "ocm.socket", "ocm.service")
        async for part in connection.parts(response):
            response.body += part
    assert b"response.completed" in response.body
    await eventually_async(lambda: running.system.show("ocm.service", "ActiveState") == "inactive", 10, "the service to end")
    assert running.processes() == {} and running.system.show("ocm.service", "Result") == "success"


@pytest.mark.deadline(60)
async def test_a_stop_ends_at_its_deadline_whatever_is_open(running):
    async with await running.connect() as connection:
        connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", '{"stall_after_events": 3}')]))
        await connection.head()
        begin = time.monotonic()
        running.system.systemctl("stop", "ocm.socket", "ocm.service")
        assert 4 < time.monotonic() - begin < 10
    assert running.processes() == {} and running.system.show("ocm.service", "Result") == "success"


@pytest.mark.deadline(60)
async def test_a_supervisor_that_does_not_stop_is_killed_with_its_workers(ocm):
    ocm.configure(stop_timeout="1h")
    drop_in = ocm.system.path("/run/systemd/system/ocm.service.d")
    drop_in.mkdir(parents=True)
    # What it says of the time that it needs is not heard.
    (drop_in / "short.conf").write_text("[Service]\nTimeoutStopSec=2\nNotifyAccess=none\nType=exec\nWatchdogSec=0\n")
    ocm.system.systemctl("daemon-reload")
    ocm.system.systemctl("stop", "ocm.socket")
    ocm.system.systemctl("start", "ocm.service")
    ocm.serving()
    try:
        async with await ocm.connect() as connection:
            connection.send(connection.request("POST", "/v1/responses", TURN, [("x-fake", '{"stall_after_events": 3}')]))
            await connection.head()
            begin = time.monotonic()
            ocm.system.systemctl("stop", "ocm.service")
            assert 1 < time.monotonic() - begin < 8
        assert ocm.system.show("ocm.service", "Result") == "timeout"
        assert not [name for name in ocm.commands().values() if name.startswith("ocm-")]
    finally:
        (drop_in / "short.conf").unlink()
        drop_in.rmdir()
        ocm.system.systemctl("daemon-reload")


def test_members_of_the_group_may_ask_the_service_and_nobody_else(running):
    """From inside of its user namespace the service knows them by the group alone."""
    running.system.run("useradd", "--groups=ocm", "olivia")
    running.system.run("useradd", "steve")
    asked = {user: running.system.run("ocm-supervisor", "status", user=user, check=False).returncode
             for user in ("root", "ocm", "olivia", "steve")}
    assert asked == {"root": 0, "ocm": 0, "olivia": 0, "steve": 77}


# A person's own login.

HOME = "/home/ursula"


@pytest.fixture
def person(ocm):
    """A user with a service manager of her own, and a login in ~/.codex."""
    system = ocm.system
    system.systemctl("stop", "ocm.socket")
    system.run("useradd", "--create-home", "ursula")
    uid = system.run("id", "--user", "ursula").stdout.strip()
    system.run("loginctl", "enable-linger", "ursula")
    eventually(lambda: system.show(f"user@{uid}.service", "ActiveState") == "active", 20, "her service manager")

    def run(*command, check=True):
        return system.run("env", f"HOME={HOME}", f"XDG_RUNTIME_DIR=/run/user/{uid}", *command, user="ursula", check=check)
    run("mkdir", "-p", f"{HOME}/.codex", f"{HOME}/.config/ocm")
    configuration = json.loads(system.path("/etc/ocm/config.json").read_text())
    configuration["services"][0] |= {"credential_path": "~/.codex/auth.json", "usages_path": "~/.config/ocm/usages.json"}
    system.path(f"{HOME}/.config/ocm/config.json").write_text(json.dumps(configuration))
    system.path(f"{HOME}/.codex/auth.json").write_text(json.dumps(ocm.fake.login(mode="chatgpt", lifetime=1)))
    system.run("chown", "--recursive", "ursula:", HOME)
    yield run
    run("systemctl", "--user", "stop", "ocm.socket", "ocm.service")
    system.run("loginctl", "terminate-user", "ursula")


@pytest.mark.deadline(90)
async def test_a_persons_own_login_is_refreshed_where_the_cli_keeps_it(ocm, person):
    login = ocm.system.path(f"{HOME}/.codex/auth.json")
    before = login.read_text()
    person("systemctl", "--user", "start", "ocm.socket")
    assert (await ask(ocm)).status == 200
    await eventually_async(lambda: login.read_text() != before, 10, "the login to be refreshed")
    assert person("stat", "--format=%U %a", f"{HOME}/.codex/auth.json").stdout.split()[0] == "ursula"
    person("systemctl", "--user", "kill", "--signal=KILL", "--kill-whom=main", "ocm.service")
    assert (await ask(ocm)).status == 200
    exposure = person("systemd-analyze", "--user", "security", "--no-pager", "ocm.service", check=False).stdout
    assert float(re.search(r"exposure level for ocm.service: ([\d.]+)", exposure).group(1)) <= 1.8
