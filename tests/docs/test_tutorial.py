"""The tutorials do what they say: their commands are run, their tables are compared."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
ADDRESS, MAIL_LISTEN, MAIL_PORT = "127.0.0.1:8400", "127.0.0.1:2526", "2525"
"""Where the pages say that the reader's servers are."""
PASSING = {
    re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"): "(id)",
    re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b"): "(time)",
    re.compile(r"/l/[\w-]{24}"): "/l/(token)",
    re.compile(r"/u/[\w-]{40}"): "/u/(token)",
}
"""What differs from one reader to the next."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None and "CI" not in os.environ, reason="curl is not installed"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like this repository after `make install`."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.fixture
def mail_listen() -> str:
    """Where Muster is to listen for mail."""
    return _free_address()


@pytest.fixture
def server(folder: Path, mail_listen: str) -> Iterator[str]:
    """`muster serve` in that folder, on a free port; its address."""
    port = _free_address().rpartition(":")[2]
    log = folder / "serve.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(  # noqa: S603 - our own program
            [Path(sys.executable).with_name("muster"), "serve", "--port", port],
            cwd=folder,
            stderr=subprocess.PIPE,
            env=os.environ | {"MUSTER_MAIL_LISTEN": f"smtp://{mail_listen}"},
        ) as process,
    ):
        assert process.stderr is not None
        try:
            for line in process.stderr:
                written.write(line)
                if (said := json.loads(line))["event"] == "started":
                    yield said["bind_address"]
                    break
        finally:
            process.terminate()
            written.write(process.stderr.read())


@pytest.fixture
def mail_server(folder: Path) -> Iterator[str]:
    """The simulated mail server, as the page starts it, on a free port; its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "muster.drill.mail", "--port", "0", "--log", "arrivals.jsonl", "--folder", "mails"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        _, host, port = process.stdout.readline().split()
        yield f"{host}:{port}"
        process.terminate()


@pytest.fixture
def places(server: str, mail_server: str, mail_listen: str) -> Mapping[str, str]:
    """What the pages say of the reader's servers, and what is true of ours."""
    ours = mail_server.rpartition(":")[2]
    return {ADDRESS: server, MAIL_LISTEN: mail_listen, f"port={MAIL_PORT}": f"port={ours}"}


def _free_address() -> str:
    """One that nobody listened at a moment ago. Links in e-mails name the port, so it has to be known beforehand."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def blocks(page: str, language: str) -> list[str]:
    """The page's code blocks in `language`."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def words(text: str) -> list[list[str]]:
    """Lines as lists of words: neither the width of columns nor ids and times matter."""
    for passing, name in PASSING.items():
        text = passing.sub(name, text)
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "page", [page.read_text(encoding="utf-8") for page in PAGES], ids=[page.stem for page in PAGES]
)
def test_following_the_tutorial_shows_what_it_shows(page: str, folder: Path, places: Mapping[str, str]) -> None:
    server = places[ADDRESS]
    story = "set -e\n" + "\n".join(blocks(page, "bash"))
    for place, found in places.items():
        story = story.replace(place, found)
    told = subprocess.run(  # noqa: S603 - the page's own commands
        ["/bin/bash", "-c", story],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        # The reader's server listens where the settings say; this one took a free port.
        env=os.environ | {"COLUMNS": "150", "MUSTER_PUBLIC_URL": f"http://{server}"},
    )
    assert told.returncode == 0, told.stderr
    shown = words(told.stdout.replace(server, ADDRESS))
    missing = [line for block in blocks(page, "text") for line in words(block) if line not in shown]
    assert missing == []
