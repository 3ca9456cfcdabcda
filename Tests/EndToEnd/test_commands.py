"""The commands that prepare: token, client-config, version, and the help of all."""
import hashlib
import json
import os
import re
import subprocess
import tomllib

import pytest

from harness.ocm import binaries, write_private


@pytest.fixture
def run(tmp_path):
    """Runs the program in an empty folder."""

    def run(*arguments):
        return subprocess.run(
            [binaries() / "ocm-supervisor", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=30,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})

    return run


@pytest.fixture
def configure(tmp_path):
    """Writes a configuration of these services."""

    def configure(*services, **supervisor):
        write_private(tmp_path / "config.json", {
            "services": [{"type": "ocm", **service} for service in services], "supervisor": supervisor})

    return configure


ALICE = {"name": "alice", "token": "sk-ocm-of-alice"}
BOB = {"name": "bob", "token_sha256": hashlib.sha256(b"sk-ocm-of-bob").hexdigest()}


def test_a_token_comes_with_its_digest_and_its_entry(run):
    report = json.loads(run("token", "--name", "alice", "--json").stdout)
    assert re.fullmatch(r"sk-ocm-[0-9A-Za-z]{43}", report["token"])
    assert report["token_sha256"] == hashlib.sha256(report["token"].encode()).hexdigest()
    assert report["user"] == {"name": "alice", "token_sha256": report["token_sha256"]}


def test_no_two_tokens_are_alike(run):
    tokens = {json.loads(run("token", "--json").stdout)["token"] for _ in range(20)}
    assert len(tokens) == 20
    used = set("".join(token.removeprefix("sk-ocm-") for token in tokens))
    assert len(used) > 50, "860 characters out of 62 use nearly all of them"


def test_the_printed_entry_can_be_pasted(run, configure, tmp_path):
    printed = run("token", "--name", 'a "quoted" näme').stdout
    token, digest, entry = (line.strip() for line in printed.splitlines() if line.startswith("  "))
    assert json.loads(entry) == {"name": 'a "quoted" näme', "token_sha256": digest}
    assert hashlib.sha256(token.encode()).hexdigest() == digest
    configure({"users": [json.loads(entry)]})
    assert run("check").returncode == 0, "the configuration is ./config.json where none is named"


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 256])
def test_a_name_that_the_configuration_refuses_is_refused(run, name):
    assert run("token", "--name", name).returncode == 64


def test_the_client_configuration_is_toml_with_the_users_token(run, configure):
    configure({"listen_port": 8080, "users": [ALICE, BOB]})
    result = run("client-config", "--user", "alice")
    assert result.returncode == 0
    assert tomllib.loads(result.stdout) == {
        "model_provider": "ocm",
        "model_providers": {"ocm": {
            "name": "OCM", "base_url": "http://127.0.0.1:8080/v1", "wire_api": "responses",
            "experimental_bearer_token": "sk-ocm-of-alice", "supports_websockets": True}},
    }
    assert "codex exec" in result.stdout and "undo" in result.stdout


def test_where_the_file_has_the_digest_alone_the_client_takes_the_token_from_its_environment(run, configure):
    configure({"listen_port": 8080, "users": [ALICE, BOB]})
    result = run("client-config", "--user", "bob")
    provider = tomllib.loads(result.stdout)["model_providers"]["ocm"]
    assert provider["env_key"] == "OCM_TOKEN"
    assert "experimental_bearer_token" not in provider
    assert "export OCM_TOKEN=" in result.stdout
    assert "sk-ocm-of-alice" not in result.stdout


def test_a_service_without_users_needs_no_user(run, configure):
    configure({"listen_port": 8080}, websockets=False)
    provider = tomllib.loads(run("client-config").stdout)["model_providers"]["ocm"]
    assert provider == {
        "name": "OCM", "base_url": "http://127.0.0.1:8080/v1", "wire_api": "responses", "supports_websockets": False}


@pytest.mark.parametrize("token", ['quote"back\\slash', "plain"])
def test_tokens_keep_their_characters(run, configure, token):
    configure({"listen_port": 8080, "users": [{"name": "alice", "token": token}]})
    text = run("client-config", "--user", "alice").stdout
    assert tomllib.loads(text)["model_providers"]["ocm"]["experimental_bearer_token"] == token
    report = json.loads(run("client-config", "--user", "alice", "--json").stdout)
    assert report["experimental_bearer_token"] == token
    assert report["config_toml"] + "\n" == text


@pytest.mark.parametrize("listen, given, url", [
    ("::1", [], "http://[::1]:8080/v1"),
    ("127.0.0.1", ["--base-url", "https://ocm.example.com"], "https://ocm.example.com/v1"),
    ("127.0.0.1", ["--base-url", "https://ocm.example.com:8443/codex/v1/"], "https://ocm.example.com:8443/codex/v1"),
    ("0.0.0.0", [], f"http://{os.uname().nodename}:8080/v1"),
])
def test_the_base_url_is_where_the_service_listens_or_what_is_said(run, configure, listen, given, url):
    configure({"listen": listen, "listen_port": 8080, "users": [ALICE]})
    report = json.loads(run("client-config", "--user", "alice", "--json", *given).stdout)
    assert report["base_url"] == url


def test_a_user_is_found_in_their_service(run, configure):
    configure({"tag": "one", "listen_port": 8081, "users": [ALICE]}, {"tag": "two", "listen_port": 8082, "users": [BOB]})
    report = json.loads(run("client-config", "--user", "bob", "--json").stdout)
    assert report["base_url"].endswith(":8082/v1")


@pytest.mark.parametrize("arguments, said", [
    ([], "--user: alice, bob"),
    (["--user", "carol"], 'no user "carol"'),
    (["--user", "alice", "--service", "other"], 'no service "other"'),
    (["--user", "alice", "--base-url", "ocm.example.com"], "--base-url"),
])
def test_what_is_missing_or_wrong_is_a_usage_error_that_says_what_there_is(run, configure, arguments, said):
    configure({"listen_port": 8080, "users": [ALICE, BOB]})
    result = run("client-config", *arguments)
    assert result.returncode == 64
    assert said in result.stderr


def test_any_free_port_needs_a_base_url(run, configure):
    configure({"users": [ALICE]})
    result = run("client-config", "--user", "alice")
    assert result.returncode == 64
    assert "--base-url" in result.stderr


def test_the_version_is_the_same_everywhere(run):
    version = json.loads(run("version", "--json").stdout)["version"]
    assert run("version").stdout == run("--version").stdout == f"ocm-supervisor {version}\n"


@pytest.mark.parametrize("command", ["run", "check", "status", "token", "client-config", "version"])
def test_every_command_has_help(run, command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith("OVERVIEW: ") and f"ocm-supervisor {command}" in result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_completions(run, shell):
    result = run("--generate-completion-script", shell)
    assert result.returncode == 0
    assert "client-config" in result.stdout
