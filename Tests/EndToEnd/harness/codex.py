"""The real Codex CLI, from PyPI, kept outside the checkout."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

VERSION = "0.163.0"


def cache():
    place = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ocm-tests"
    place.mkdir(parents=True, exist_ok=True)
    return place


def binary():
    """The CLI's program, installed at the first call."""
    place = cache() / f"openai-codex-cli-bin-{VERSION}"
    program = place / "codex_cli_bin" / "bin" / "codex"
    with open(cache() / "codex.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                            "--no-deps", "--target", str(place), f"openai-codex-cli-bin=={VERSION}"], check=True)
            (place / "complete").touch()
    return program


def run(directory, base_url, token, prompt="say hi", user="alice", seconds=60, websockets=False, resume=False):
    """`codex exec` in a home of its own; the finished process with its output as text.

    `resume`: goes on with the last conversation in this directory.
    """
    base_url = base_url if base_url.endswith(("/v1", "/codex")) else base_url + "/v1"
    home, work = pathlib.Path(directory) / "codex", pathlib.Path(directory) / "work"
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    (home / "config.toml").write_text(f"""
model = "gpt-5.5"
model_provider = "ocm"
[model_providers.ocm]
name = "OCM"
base_url = "{base_url}"
wire_api = "responses"
supports_websockets = {str(websockets).lower()}
experimental_bearer_token = "{token}"
http_headers = {{ "x-test-user" = "{user}" }}
""")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(binary()), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
         *(["resume", "--last"] if resume else []), prompt],
        cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)


def command(home, *arguments, seconds=60, **variables):
    """Any command with this home; the finished process with its output as text."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run([str(binary()), *arguments], cwd=home, env=environment | variables, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=seconds)


class Owner:
    """The CLI of the login's owner, signed in with ChatGPT: it talks to the API without OCM."""

    def __init__(self, home, fake):
        self.home, self.fake = pathlib.Path(home), fake
        self.work = self.home / "work"
        self.work.mkdir(parents=True)
        (self.home / "config.toml").write_text(f"""
model = "gpt-5.5"
model_provider = "fake"
chatgpt_base_url = "{fake.url}/backend-api"
[model_providers.fake]
name = "Fake"
base_url = "{fake.url}/backend-api/codex"
wire_api = "responses"
requires_openai_auth = true
""")

    def start(self, prompt="say hi"):
        """One turn; what it says goes to files in its home."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "CODEX_HOME": str(self.home),
                       "LANG": "C.UTF-8", "CODEX_REFRESH_TOKEN_URL_OVERRIDE": self.fake.url + "/oauth/token"}
        with open(self.home / "stderr", "wb") as errors:
            return subprocess.Popen(
                [str(binary()), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt],
                cwd=self.work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)

    def errors(self):
        return (self.home / "stderr").read_text(errors="replace")
