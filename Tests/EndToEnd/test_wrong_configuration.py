"""What `ocm-supervisor check` says about configuration files, wrong ones and good ones, through the built binary."""
import json
import os
import pathlib
import subprocess

import pytest

import wrong_configurations
from harness.ocm import binaries

HERE = pathlib.Path(__file__).resolve().parent
GOOD = HERE / "configurations"


@pytest.fixture
def ocm(tmp_path):
    """Runs the program in an empty folder, which is the home of its user too."""

    def run(*arguments, **environment):
        return subprocess.run(
            [binaries() / "ocm-supervisor", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=30,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", **environment})

    return run


def write(folder, text, name="config.json"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def login(folder, text='{ "OPENAI_API_KEY": null, "tokens": { "access_token": "a.b.c" } }'):
    (folder / ".codex").mkdir()
    (folder / ".codex/auth.json").write_text(text)


@pytest.mark.parametrize("wrong", wrong_configurations.ALL, ids=lambda wrong: wrong.name)
def test_a_wrong_file_is_refused_with_line_path_and_remedy(ocm, tmp_path, wrong):
    write(tmp_path, wrong.text)
    result = ocm("check", "-c", "config.json")
    errors = sum(": error: " in line for line in wrong.lines)
    end = f"configuration config.json is not valid: {errors} {'error' if errors == 1 else 'errors'}"
    assert result.stderr.splitlines() == [*wrong.lines, end]
    assert result.stdout == ""
    assert result.returncode == 78


@pytest.mark.parametrize("command", ["run", "client-config"])
def test_the_other_commands_refuse_a_wrong_file_with_the_same_words(ocm, tmp_path, command):
    write(tmp_path, wrong_configurations.MANY.text)
    result = ocm(command, "-c", "config.json")
    assert result.stderr == ocm("check", "-c", "config.json").stderr
    assert result.returncode == 78


def test_no_secret_of_a_wrong_file_is_said(ocm, tmp_path):
    holding = [wrong for wrong in wrong_configurations.ALL
               if any(secret in str(wrong.text) for secret in wrong_configurations.SECRETS)]
    assert len(holding) > 10
    for wrong in holding:
        write(tmp_path, wrong.text)
        for arguments in [("check",), ("check", "--json"), ("run",)]:
            result = ocm(*arguments, "-c", "config.json")
            said = [secret for secret in wrong_configurations.SECRETS if secret in result.stdout + result.stderr]
            assert not said, wrong.name


def test_the_table_is_as_large_as_promised_and_names_a_remedy_in_each_line():
    assert len(wrong_configurations.ALL) >= 60
    for wrong in wrong_configurations.ALL:
        for line in wrong.lines:
            assert any(mark in line for mark in ["; ", "is missing here", "is expected here"]), line


def test_a_file_that_is_not_there_is_a_configuration_error(ocm):
    result = ocm("check", "-c", "nowhere.json")
    assert result.stderr.splitlines() == [
        "nowhere.json: error: can't be read (No such file or directory); name a readable configuration with -c FILE",
        "configuration nowhere.json is not valid: 1 error"]
    assert result.returncode == 78


def test_a_wrong_argument_is_a_usage_error(ocm):
    result = ocm("check", "--config-file", "config.json")
    assert result.returncode == 64
    assert "--config-file" in result.stderr


def test_errors_come_as_json_too(ocm, tmp_path):
    write(tmp_path, wrong_configurations.MANY.text)
    result = ocm("check", "--json", "-c", "config.json")
    report = json.loads(result.stdout)
    assert result.returncode == 78
    assert result.stderr == ""
    assert report["valid"] is False
    assert len(report["errors"]) == 8
    assert [warning["path"] for warning in report["warnings"]] == ["dns", "services[1]"]
    assert report["errors"][0] == {
        "line": 4, "path": "log.levl", "message": "is not a field of log; did you mean \"level\"?"}


def test_a_whole_sing_box_file_is_valid_and_warned_about(ocm, tmp_path):
    login(tmp_path)
    write(tmp_path, (GOOD / "whole-sing-box.json").read_bytes())
    result = ocm("check", "-c", "config.json")
    assert result.stderr.splitlines() == [
        'config.json:10: warning: dns: is a section of sing-box that plays no part here; it is passed over',
        'config.json:16: warning: ntp: is a section of sing-box that plays no part here; it is passed over',
        'config.json:22: warning: certificate.store: the store of mozilla is not built in; the system\'s store is used',
        'config.json:25: warning: endpoints: is a section of sing-box that plays no part here; it is passed over',
        'config.json:32: warning: inbounds: is a section of sing-box that plays no part here; it is passed over',
        'config.json:49: warning: route: is a section of sing-box that plays no part here; it is passed over',
        'config.json:90: warning: services[1]: is of type "ccm", which plays no part here; it is passed over',
        'config.json:100: warning: services[2].users: nobody needs a token at ::, and whoever reaches it uses the login; add '
        'users',
        'config.json:104: warning: experimental: is a section of sing-box that plays no part here; it is passed over',
    ]
    assert result.stdout.splitlines()[0] == "configuration config.json is valid"
    assert result.returncode == 0


def test_what_the_file_leaves_out_has_its_default(ocm, tmp_path):
    login(tmp_path)
    write(tmp_path, '{ "services": [ { "type": "ocm" }, { "type": "ocm", "listen": "::1" } ] }')
    report = json.loads(ocm("check", "--json", "-c", "config.json", STATE_DIRECTORY="/srv/state").stdout)
    assert report["valid"] is True
    assert report["warnings"] == []
    assert report["workers"] == len(os.sched_getaffinity(0))
    assert report["state_directory"] == "/srv/state"
    auth = str(tmp_path / ".codex/auth.json")
    assert report["services"] == [
        {"tag": "ocm", "listen": "127.0.0.1", "listen_port": 0, "users": 0, "credential_path": auth},
        {"tag": "ocm-2", "listen": "::1", "listen_port": 0, "users": 0, "credential_path": auth},
    ]


NAMED = [
    ("a named login that is not there", '"credential_path": "gone.json"', None,
     'there is no login at {folder}/gone.json; sign in with `ocm-supervisor login`, until then requests are answered 503'),
    ("a login that is no JSON", '"credential_path": "auth.json"', ("auth.json", '{ "tokens": {'),
     '{folder}/auth.json can\'t be used: it is not valid JSON: it ends too early at byte 13; sign in again with '
     '`ocm-supervisor login`'),
    ("a login without anything in it", '"credential_path": "auth.json"', ("auth.json", '{ "OPENAI_API_KEY": null }'),
     '{folder}/auth.json has neither a token nor an API key; sign in with `ocm-supervisor login`'),
    ("a usage file in a folder that is not there", '"usages_path": "gone/usages.json"', None,
     '{folder}/gone can\'t be written to (No such file or directory); create it, or name a file elsewhere'),
    ("a usage file that is a folder", '"usages_path": ".codex"', None, '{folder}/.codex is a directory; name a file'),
]


@pytest.mark.parametrize("field, file, message", [case[1:] for case in NAMED], ids=[case[0] for case in NAMED])
def test_check_examines_the_files_that_a_service_names(ocm, tmp_path, field, file, message):
    login(tmp_path)
    if file:
        (tmp_path / file[0]).write_text(file[1])
    write(tmp_path, '{\n  "services": [ { "type": "ocm",\n    ' + field + " } ]\n}\n")
    result = ocm("check", "-c", "config.json")
    path = "services[0]." + field.split('"')[1]
    assert result.stderr.splitlines()[:-1] == [f"config.json:3: error: {path}: {message.format(folder=tmp_path)}"]
    assert result.returncode == 78


def test_check_examines_the_place_of_a_named_admin_socket(ocm, tmp_path):
    login(tmp_path)
    write(tmp_path, '{ "services": [ { "type": "ocm" } ], "supervisor": {\n  "admin_socket": "gone/admin.sock" } }')
    result = ocm("check", "-c", "config.json")
    assert result.stderr.splitlines()[:-1] == [
        f"config.json:2: error: supervisor.admin_socket: {tmp_path}/gone can't be written to (No such file or directory); "
        "create it, or name a file elsewhere"]
    assert result.returncode == 78


def test_check_loads_the_certificates_to_trust(ocm, tmp_path):
    login(tmp_path)
    (tmp_path / "empty.pem").write_text("not a certificate\n")
    write(tmp_path, '{ "certificate": {\n  "certificate_path": [ "gone.pem",\n    "empty.pem" ] },\n'
                    '  "services": [ { "type": "ocm" } ] }')
    result = ocm("check", "-c", "config.json")
    assert result.stderr.splitlines()[:-1] == [
        f"config.json:2: error: certificate.certificate_path[0]: {tmp_path}/gone.pem can't be read (No such file or "
        "directory); name a readable file",
        f"config.json:3: error: certificate.certificate_path[1]: {tmp_path}/empty.pem has no certificate that OpenSSL can "
        "read; name a file of PEM certificates"]
    assert result.returncode == 78


def test_a_login_that_is_not_there_yet_is_a_warning_where_the_file_does_not_name_it(ocm, tmp_path):
    write(tmp_path, '{ "services": [ { "type": "ocm" } ] }')
    result = ocm("check", "-c", "config.json")
    assert result.returncode == 0
    assert result.stderr.splitlines() == [
        f"config.json:1: warning: services[0].credential_path: there is no login at {tmp_path}/.codex/auth.json; sign in with "
        "`ocm-supervisor login`, until then requests are answered 503"]


def test_tokens_that_everybody_can_read_are_warned_about(ocm, tmp_path):
    login(tmp_path)
    path = write(tmp_path, '{ "services": [ { "type": "ocm", "users": [ { "name": "alice", "token": "sk-x" } ] } ] }')
    assert ocm("check", "-c", "config.json").stderr == ""
    path.chmod(0o644)
    assert ocm("check", "-c", "config.json").stderr.splitlines() == [
        "config.json:1: warning: services[0].users[0].token: every user of this machine can read the tokens; chmod 640 the "
        "file, or use token_sha256"]
