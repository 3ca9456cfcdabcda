"""The Debian package: what is in it, what installing and removing it do, and what its documents say."""

import json
import pathlib
import re
import subprocess

import pytest

from harness import debian
from harness.ocm import TOP, binaries
from harness.package import PACKAGING, package
from harness.tools import tool

MANUALS = ["ocm-supervisor.8", "ocm.json.5"]


def output(*command, **options):
    """What a program says, on both of its outputs; its status must be 0."""
    ended = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           stdin=subprocess.DEVNULL, check=False, **options)
    assert ended.returncode == 0, f"{command}: status {ended.returncode}\n{ended.stdout}"
    return ended.stdout


def test_lintian_finds_nothing():
    built = package()
    symbols = next(built.parent.glob("ocm-dbgsym_*.deb"))
    found = output(tool("lintian"), "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", built, symbols)
    assert "E:" not in found and "W:" not in found


def test_the_package_has_the_version_of_its_programs_and_their_symbols():
    version = output(binaries() / "ocm-supervisor", "--version").split()[-1]
    assert output("dpkg-deb", "--field", package(), "Version").strip() == version
    assert output("dpkg-deb", "--field", package("2"), "Version").strip() == f"{version}-2"
    symbols = output("dpkg-deb", "--contents", next(package().parent.glob("ocm-dbgsym_*.deb")))
    assert len(re.findall(r"/\.build-id/[0-9a-f]{2}/[0-9a-f]{38}\.debug$", symbols, re.MULTILINE)) == 2


# The manual.

@pytest.mark.parametrize("manual", MANUALS)
def test_a_manual_page_is_clean(manual):
    page = PACKAGING / "man" / manual
    assert output(tool("mandoc"), "-T", "lint", "-W", "warning", page) == ""


def rendered(manual):
    text = output(tool("mandoc"), "-T", "utf8", "-O", "width=1000", PACKAGING / "man" / manual)
    return re.sub(r".\x08", "", text)


def described(command):
    """Names and options of a command and of what is below it, as the program itself describes them."""
    if not command.get("shouldDisplay", True):
        return
    yield command["commandName"]
    for argument in command.get("arguments", []):
        if argument.get("shouldDisplay", True):
            yield from ("-" * (1 if name["kind"] == "short" else 2) + name["name"] for name in argument.get("names", []))
    for below in command.get("subcommands", []):
        if below["commandName"] != "help":
            yield from described(below)


def test_the_manual_has_every_command_and_option():
    page = rendered("ocm-supervisor.8")
    help_text = json.loads(output(binaries() / "ocm-supervisor", "--experimental-dump-help"))
    names = set(described(help_text["command"]))
    assert {"run", "usage", "--since", "-c"} <= names
    assert sorted(name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page)) == []


def test_the_manual_has_every_field_of_the_configuration():
    page = rendered("ocm.json.5")
    decoding = "".join(path.read_text() for path in (TOP / "Sources/ocm-supervisor/Configuration/Decoding").glob("*.swift"))
    fields = set(re.findall(r'fields\.(?:take\w*|value)\(\s*"(\w+)"', decoding))
    assert {"listen", "token_sha256", "stop_timeout"} <= fields
    assert sorted(field for field in fields if not re.search(rf"(?<!\w){field}(?!\w)", page)) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_come_without_a_word_besides(shell):
    ended = subprocess.run([binaries() / "ocm-supervisor", "--generate-completion-script", shell], capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"client-config" in ended.stdout


# The examples.

EXAMPLES = sorted((PACKAGING / "examples").glob("*/config.json"))


@pytest.mark.parametrize("example", [*EXAMPLES, PACKAGING / "config.json"], ids=lambda path: path.parent.name)
def test_a_configuration_misses_nothing_but_a_login(example, directory):
    """With the places that it names made beside it: what is left to complain of is the login."""
    path = pathlib.Path(directory) / "config.json"
    path.write_text(re.sub(r"/var/lib/ocm|~/\.codex|~/\.config/ocm", directory, example.read_text()))
    ended = subprocess.run([binaries() / "ocm-supervisor", "check", "--json", "-c", path], capture_output=True, text=True)
    report = json.loads(ended.stdout)
    assert [error["path"] for error in report["errors"]] == ["services[0].credential_path"], ended.stdout
    assert report["warnings"] == [], ended.stdout


# In a Debian of its own.

@pytest.fixture(scope="module")
def system(tmp_path_factory):
    debian.possible()
    system = debian.Debian(tmp_path_factory.mktemp("debian"))
    yield system
    system.stop()


@pytest.fixture
def installed(system):
    system.put(package(), "/root/ocm.deb")
    system.run("dpkg", "--install", "/root/ocm.deb")
    yield system
    system.run("dpkg", "--purge", "ocm")


UNITS = ["ocm.socket", "ocm.service"]


def test_installing_enables_and_starts_nothing(installed):
    assert installed.systemctl("is-enabled", *UNITS, check=False).stdout.split() == ["disabled", "disabled"]
    assert installed.systemctl("is-active", *UNITS, check=False).stdout.split() == ["inactive", "inactive"]


def test_what_is_secret_is_its_users_alone(installed):
    def owner(path):
        return installed.run("stat", "--format=%U:%G %a", path).stdout.strip()
    assert owner("/etc/ocm/config.json") == "root:ocm 640"
    assert owner("/var/lib/ocm") == "ocm:ocm 700"
    installed.run("cat", "/etc/ocm/config.json", user="ocm")
    assert installed.run("cat", "/etc/ocm/config.json", user="ocm-worker", check=False).returncode != 0


def test_systemd_finds_nothing_wrong_with_the_units(installed):
    ended = installed.run("systemd-analyze", "verify", "--man=no", *UNITS)
    assert ended.stdout + ended.stderr == ""
    # As a user whose home directory there is.
    ended = installed.run("env", "HOME=/var/lib/ocm", "XDG_RUNTIME_DIR=/tmp", "systemd-analyze", "verify", "--user", "--man=no",
                          *UNITS, user="ocm")
    assert ended.stdout + ended.stderr == ""


def test_nginx_takes_its_example(system):
    place = "/etc/letsencrypt/live/ocm.example.com"
    system.path(place).mkdir(parents=True, exist_ok=True)
    system.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
               "/CN=ocm.example.com", "-keyout", f"{place}/privkey.pem", "-out", f"{place}/fullchain.pem")
    system.put(PACKAGING / "examples/team/nginx.conf", "/etc/nginx/sites-enabled/ocm")
    system.run("nginx", "-t", "-q")


def exposure(system, *arguments):
    text = system.run("systemd-analyze", "security", "--no-pager", *arguments, check=False).stdout
    return float(re.search(r"exposure level for \S+: ([\d.]+)", text).group(1))


def test_the_service_is_exposed_as_little_as_promised(installed):
    alone = exposure(installed, "ocm.service")
    drop_in = installed.path("/etc/systemd/system/ocm.service.d")
    drop_in.mkdir(parents=True)
    installed.put(PACKAGING / "examples/separate-worker-user/separate-worker-user.conf",
                  "/etc/systemd/system/ocm.service.d/separate-worker-user.conf")
    installed.systemctl("daemon-reload")
    separate = exposure(installed, "ocm.service")
    for file in drop_in.iterdir():
        file.unlink()
    drop_in.rmdir()
    installed.systemctl("daemon-reload")
    # As the settings weigh for a service of the system. They count it as root's, which a person's own never is.
    person = exposure(installed, "--offline=true", "/usr/lib/systemd/user/ocm.service")
    print(f"exposure: {alone}, with a user for the workers {separate}, a person's own {person}")
    assert alone <= 1.5 and separate <= 2.2 and person <= 1.8


def test_a_removal_keeps_configuration_login_and_usage_and_a_purge_keeps_none(installed):
    for path in ("/var/lib/ocm/auth.json", "/var/lib/ocm/usages.json"):
        installed.run("touch", path, user="ocm")
    installed.path("/etc/ocm/config.json").write_text("{}\n")
    installed.systemctl("enable", "ocm.socket")
    installed.run("dpkg", "--remove", "ocm")
    assert installed.path("/var/lib/ocm/auth.json").exists() and installed.path("/var/lib/ocm/usages.json").exists()
    installed.run("dpkg", "--install", "/root/ocm.deb")
    assert installed.path("/etc/ocm/config.json").read_text() == "{}\n"
    assert installed.systemctl("is-enabled", "ocm.socket").stdout.strip() == "enabled"
    installed.run("dpkg", "--purge", "ocm")
    for path in ("/var/lib/ocm", "/etc/ocm", "/usr/bin/ocm-supervisor", "/etc/systemd/system/sockets.target.wants/ocm.socket"):
        assert not installed.path(path).is_symlink() and not installed.path(path).exists(), path
