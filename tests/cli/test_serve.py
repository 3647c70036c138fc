"""A server as an operator runs it: it starts, says when it is ready, drains, and says nothing personal."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import Run, Server


def fetch(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        return answer.status, answer.read().decode()


def test_it_is_ready_and_measured_and_ends_well_on_sigterm(server: Server) -> None:
    assert fetch(f"{server.address}/health/ready")[0] == 200
    assert fetch(f"{server.address}/health/live")[0] == 200
    figures = {family.name for family in text_string_to_metric_families(fetch(f"{server.address}/metrics")[1])}
    assert {"muster_outcomes", "muster_queue_depth", "muster_build_info"} <= figures
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=30) == 0


def test_every_door_is_documented(server: Server) -> None:
    documents = json.loads(fetch(f"{server.address}/openapi")[1])["documents"]
    assert documents
    for document in documents:
        assert json.loads(fetch(server.address + document["path"])[1])["openapi"].startswith("3.")


@pytest.mark.usefixtures("account")
def test_a_batch_from_the_command_line_runs_on_the_server_and_no_number_is_logged(
    server: Server, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("title,phone\n" + "".join(f"t,+1555200{n:04}\n" for n in range(700)), encoding="utf-8")
    submitted = run("batch", "submit", "acme", str(file), "--template", "Refund", "--json")
    last = json.loads(run("batch", "watch", "last", "--delivered", "--json").stdout.splitlines()[-1])
    assert (last["batch"], last["state"]) == (json.loads(submitted.stdout)["batch"], "completed")
    assert last["counts"]["delivered"] == 700
    assert last["conserved"]
    assert "555200" not in server.log.read_text(encoding="utf-8")


def test_a_port_in_use_is_one_clear_line(server: Server, tmp_path: Path) -> None:
    port = server.address.rpartition(":")[2]
    command = [sys.executable, "-m", "muster", "serve", "--port", port, "--data", str(tmp_path / "other")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert second.returncode == 1
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


def test_faulty_settings_are_all_named_and_end_with_2(tmp_path: Path) -> None:
    file = tmp_path / "muster.toml"
    file.write_text("port = 'x'\nworkers = -1\n", encoding="utf-8")
    command = [sys.executable, "-m", "muster", "--config", str(file), "serve"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert refused.returncode == 2
    assert "port" in refused.stderr
    assert "workers" in refused.stderr
    assert "Traceback" not in refused.stderr
