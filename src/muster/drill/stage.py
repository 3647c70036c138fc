"""A server and a carrier as real processes on loopback, to be started, killed and looked into."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

_START_SECONDS = 60
_STOP_SECONDS = 30
_FIRST_PORT, _LAST_PORT = 20_000, 32_768
"""Systems give connections their ports from the last one on: one of those might be taken when it is wanted again."""


class StageError(Exception):
    """A process of the stage did not do its part."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now, and that can be had again after a restart."""
    while True:
        port = secrets.randbelow(_LAST_PORT - _FIRST_PORT) + _FIRST_PORT
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Stage:
    """Everything lives in `folder`: the data, the logs, the carrier's list of arrivals."""

    def __init__(
        self, folder: Path, *, database_url: str | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """`database_url` None: the embedded store in `folder`. `settings` go to the server as MUSTER_* variables."""
        self.folder = folder
        self.port = free_port()
        self.smsc_port = free_port()
        self.control_port = free_port()
        self.arrivals = folder / "arrivals.log"
        self._where = ["--data", str(folder / "data")]
        if database_url is not None:
            self._where += ["--database-url", database_url]
        self._environment = {**os.environ, **(settings or {}), "MUSTER_LOG_FORMAT": "json"}
        self._processes: list[Process] = []

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, *more: str) -> Process:
        """Start `muster serve` and wait until it is ready."""
        arguments = ["serve", *self._where, "--port", str(self.port), *more]
        process = await self._start("server.log", "-m", "muster", *arguments)
        await self.until_ready(process)
        return process

    async def work(self, *more: str) -> Process:
        """Start `muster worker`."""
        return await self._start("worker.log", "-m", "muster", "worker", *self._where, *more)

    async def carrier(self, *more: str) -> Process:
        """Start the SMSC simulator and wait until it takes connections."""
        ports = ["--port", str(self.smsc_port), "--control", str(self.control_port)]
        arguments = [*ports, "--log", str(self.arrivals), *more]
        process = await self._start("carrier.log", "-m", "muster.drill.smsc", *arguments)
        await _until_open(self.smsc_port, process)
        await _until_open(self.control_port, process)
        return process

    async def reply(self, sender: str, text: str, *, system_id: str | None = None) -> None:
        """Let the person with the number `sender` text back to `system_id` (None: every client that has bound).

        It is on its way when this returns: wait for what it brings about. Raises StageError when no client has bound.
        """
        said = {"sender": sender, "text": text, "recipient": "Muster", "system_id": system_id}
        async with asyncio.timeout(_START_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.control_port)
            try:
                writer.write(json.dumps(said).encode() + b"\n")
                answer = json.loads(await reader.readline() or b"{}")
            finally:
                writer.close()
        if not answer.get("clients"):
            raise StageError(f"nobody takes the reply: {answer.get('error', 'no client has bound')}")

    async def _start(self, log: str, *arguments: str) -> Process:
        with (self.folder / log).open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=DEVNULL, stdout=output, stderr=output, env=self._environment
            )
        self._processes.append(process)
        return process

    async def until_ready(self, process: Process) -> None:
        """Wait until the server says that it is ready; raises StageError when it does not come up."""
        async with aiohttp.ClientSession() as http, asyncio.timeout(_START_SECONDS):
            while True:
                if process.returncode is not None:
                    raise StageError(f"the server ended with {process.returncode}:\n{self.log('server.log')}")
                try:
                    async with http.get(f"{self.url}/health/ready") as answer:
                        if answer.status == 200:  # noqa: PLR2004 - OK
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def run(self, *arguments: str) -> Any:  # noqa: ANN401 - decoded JSON
        """Run a `muster` command with `--json`; what it printed, decoded."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "muster", *arguments, *self._where, "--json",
            stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=self._environment,
        )  # fmt: skip
        output, errors = await process.communicate()
        if process.returncode != 0:
            raise StageError(f"muster {' '.join(arguments[:2])} failed: {errors.decode().strip()}")
        return json.loads(output) if output.strip() else None

    def log(self, name: str, *, last: int = 20) -> str:
        """The last lines a process wrote."""
        path = self.folder / name
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join(lines[-last:])

    async def close(self) -> None:
        """Stop what still runs."""
        for process in self._processes:
            await stop(process)


async def stop(process: Process) -> int:
    """End the process politely, then hard; its exit code."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
    return await process.wait()


async def kill(process: Process) -> None:
    """End the process as a power cut would: it gets no chance to say anything."""
    if process.returncode is None:
        process.kill()
    await process.wait()


async def _until_open(port: int, process: Process) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            if process.returncode is not None:
                raise StageError(f"the carrier ended with {process.returncode}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


class Client:
    """A client of the workflow-batches door, as its users' programs are: HTTP and JSON only."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=60))

    async def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - decoded JSON
        """The decoded answer; raises StageError for anything but 2xx."""
        async with self._http.request(method, self._url + path, json=body) as answer:
            text = await answer.text()
            if not 200 <= answer.status < 300:  # noqa: PLR2004 - the 2xx class
                raise StageError(f"{method} {path}: {answer.status} {text[:500]}")
            return json.loads(text) if text else None

    async def entries(self, path: str, *, size: int = 1000) -> Sequence[Mapping[str, Any]]:
        """All pages of a list."""
        found: list[Mapping[str, Any]] = []
        page = 1
        while True:
            answer = await self.call("GET", f"{path}?page={page}&size={size}")
            found += answer["content"]
            if not answer["hasNext"]:
                return found
            page += 1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
