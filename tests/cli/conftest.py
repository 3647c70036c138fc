"""The command line as people use it, and a server as an operator starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec
import pytest
from click.testing import CliRunner, Result

from muster.cli.main import muster

Run = Callable[..., Result]

TEMPLATE: Mapping[str, object] = {
    "name": "Refund",
    "displayName": "Refund",
    "definition": {
        "steps": [
            {"name": "notification"},
            {"name": "customer-account"},
            {"name": "financial-account", "input": {"preDefined": {"financialAccountSubType": "DEBIT"}}},
        ]
    },
}


class Server(msgspec.Struct, frozen=True):
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    log: Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory."""
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the data directory."""
    monkeypatch.setenv("MUSTER_DATA", str(data))
    monkeypatch.chdir(data.parent)

    def invoke(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(muster, arguments, input=stdin)

    return invoke


@pytest.fixture
def account(run: Run, tmp_path: Path) -> dict[str, str]:
    """The account `acme` with the template `Refund`."""
    made: dict[str, str] = json.loads(run("account", "add", "acme", "--json").stdout)
    file = tmp_path / "refund.json"
    file.write_text(json.dumps(TEMPLATE), encoding="utf-8")
    assert run("template", "add", "acme", str(file)).exit_code == 0
    return made


@pytest.fixture
def server(data: Path, tmp_path: Path) -> Iterator[Server]:
    """A running server on the data directory."""
    log = tmp_path / "server.log"
    with log.open("w", encoding="utf-8") as stream:
        process = start(data, stream)
        try:
            yield Server(process, wait_until_ready(process, log), log)
        finally:
            process.kill()
            process.wait()


def start(data: Path, log: IO[str]) -> subprocess.Popen[str]:
    """`muster serve` on any free port."""
    command = [sys.executable, "-m", "muster", "serve", "--port", "0", "--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    return subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL, text=True, env=environment)  # noqa: S603


def wait_until_ready(process: subprocess.Popen[str], log: Path) -> str:
    """The address from the log line that says it has started."""
    while process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"event": "started"' in line:
                return f"http://{json.loads(line)['bind_address']}"
        subprocess.run(["sleep", "0.05"], check=True)  # noqa: S607
    raise AssertionError(log.read_text(encoding="utf-8"))
