"""Fixtures from the command line, and what the notifications door then shows of them."""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from muster.domain.errors import BadInput, MusterError
from tests.cli.conftest import Run, Server

DOOR = "/public/v1/notifications"
HEAD = """
[[accounts]]
id = "ACC-0000-0001"
type = "Operations"
name = "Shop"
[[categories]]
id = "NTC-0000-0006"
name = "Orders"
[[batches]]
id = "MST-0000-0000-0001"
category = "NTC-0000-0006"
account = "ACC-0000-0001"
subject = "Hello"
[[batches.attachments]]
id = "ATT-0000-0000-0001"
fileName = "a.txt"
"""


@pytest.fixture
def acme(run: Run) -> None:
    assert run("account", "add", "acme", "--json").exit_code == 0


pytestmark = pytest.mark.usefixtures("acme")


def loaded(run: Run, file: str, *options: str) -> dict[str, Any]:
    answer = run("fixtures", "load", file, "acme", "--json", *options)
    assert answer.exit_code == 0, answer.output
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def faults(run: Run, file: Path) -> dict[str, str]:
    refused = run("fixtures", "load", str(file), "acme")
    assert isinstance(refused.exception, BadInput), refused.output
    return {fault.path: fault.code for fault in refused.exception.faults}


def with_attachment(folder: Path, path: str) -> Path:
    file = folder / "set.toml"
    file.write_text(f"{HEAD}path = {json.dumps(path)}\n", encoding="utf-8")
    return file


def test_a_sample_is_loaded_and_its_tokens_are_shown_once(run: Run) -> None:
    shown = run("fixtures", "load", "seed-notifications", "acme")
    assert shown.exit_code == 0
    assert shown.stdout.count("idt:TKN-0000-00") == 4
    assert "cannot be shown again" in shown.stdout

    again = run("fixtures", "load", "seed-notifications", "acme")
    assert (again.exit_code, "idt:" in again.stdout, "nothing was changed" in again.stdout) == (0, False, True)
    assert "every entry of every batch is in exactly one state" in run("doctor", "--no-channels").stdout


def test_a_dry_run_keeps_nothing(run: Run) -> None:
    assert loaded(run, "seed-notifications", "--dry-run")["made"]["batches"] == 2
    assert loaded(run, "seed-notifications")["made"]["batches"] == 2


def test_samples_are_listed_and_shown_and_what_is_shown_can_be_loaded(run: Run, tmp_path: Path) -> None:
    listed = json.loads(run("fixtures", "list", "--json").stdout)["samples"]
    assert [one["name"] for one in listed] == ["seed-notifications", "seed-records"]
    told = " ".join(run("fixtures", "list").stdout.split())
    for one in listed:
        assert one["title"] in told
        file = tmp_path / "mine.toml"
        file.write_text(run("fixtures", "show", one["name"]).stdout, encoding="utf-8")
        assert loaded(run, str(file))["made"] == loaded(run, one["name"])["kept"]


def test_the_records_of_a_sample_are_loaded_with_their_configuration(run: Run) -> None:
    rehearsed = loaded(run, "seed-records", "--dry-run")["made"]
    assert loaded(run, "seed-records")["made"] == rehearsed
    assert (rehearsed["blueprint"], rehearsed["records"] > 60, rehearsed["date rules"] > 10) == (1, True, True)
    again = run("fixtures", "load", "seed-records", "acme")
    assert (again.exit_code, "nothing was changed" in again.stdout) == (0, True)
    assert "1 record store: every record has a template" in run("doctor", "--no-channels").stdout


def test_a_file_that_names_a_blueprint_has_records(run: Run) -> None:
    text = {
        "blueprint": "conformance",
        "records": [{"type": "catalog-item", "id": 7, "template": 1, "title": "A", "values": {"x": 1}}],
    }
    refused = run("fixtures", "load", "-", "acme", stdin=json.dumps(text))
    assert isinstance(refused.exception, BadInput)
    assert [one.path for one in refused.exception.faults] == ["records[catalog-item/7].values.x"]


def test_standard_input_may_be_either_format(run: Run) -> None:
    for text in ('{"contacts": [{"id": "CTT-0000-0001", "email": "a@example.com"}]}', "title = 'nothing'"):
        assert run("fixtures", "load", "-", "acme", stdin=text).exit_code == 0


def test_an_attachment_may_stand_beside_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_bytes(b"abc")
    assert loaded(run, str(with_attachment(tmp_path, "files/a.txt")))["made"]["batches"] == 1


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/hostname", "link.txt", "pipe", ".", "missing.txt", "x/../../secret.txt", "~"]
)
def test_an_attachment_never_comes_from_elsewhere(run: Run, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "pipe")
    assert faults(run, with_attachment(folder, path)) == {"batches[0].attachments[0].path": "unreadable"}


def test_standard_input_has_no_files_beside_it(run: Run) -> None:
    refused = run("fixtures", "load", "-", "acme", stdin=f'{HEAD}path = "a.txt"\n')
    assert isinstance(refused.exception, BadInput)
    assert refused.exception.faults[0].code == "out_of_place"


def test_a_file_or_an_account_that_is_not_there_is_said_so(run: Run) -> None:
    missing = run("fixtures", "load", "nothing.toml", "acme")
    assert isinstance(missing.exception, BadInput)
    assert "seed-notifications" in missing.exception.message
    assert isinstance(run("fixtures", "load", "seed-notifications", "nobody").exception, MusterError)


def test_the_door_shows_what_was_loaded(run: Run, server: Server) -> None:
    tokens = {one["name"]: one["token"] for one in loaded(run, "seed-notifications")["tokens"]}

    def get(path: str, who: str = "operations") -> httpx.Response:
        headers = {"authorization": f"Bearer {tokens[who]}"}
        answer = httpx.get(f"{server.address}{DOOR}{path}", headers=headers, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer

    contacts = get("/contacts?any(optOuts,eq(id,'NTC-0000-0006'))&select=optOuts").json()["data"]
    assert [one["id"] for one in contacts] == ["CTT-0000-0002"]
    (batch,) = get("/batches?select=audit", "vendor").json()["data"]
    assert (batch["id"], batch["status"], batch["account"]["name"]) == ("MST-0000-0000-0001", "Completed", "Fabrikam")
    assert batch["audit"]["created"]["by"] == {"id": "TKN-0000-0012", "name": "vendor"}
    messages = get("/messages?eq(batch.id,'MST-0000-0000-0001')&select=audit").json()["data"]
    statuses = ["Sent", "Discarded", "Bounced", "Complained", "Failed"]
    assert [one["status"] for one in messages] == statuses
    assert messages[2]["audit"]["bounced"]["at"] == "2026-01-08T06:33:05.000Z"
    assert messages[2]["audit"]["sent"]["at"] == "2026-01-08T06:31:32.000Z"
    content = get("/batches/MST-0000-0000-0001/attachments/ATT-0000-0000-0001").content
    assert content == b"item,quantity\nlicence,25\n"
    ours = get("/accounts/ACC-0000-0013/categories/NTC-0000-0006/contacts", "vendor").json()["data"]
    assert [one["id"] for one in ours] == ["CTT-0000-0011", "CTT-0000-0012"]
    assert get("/messages?eq(status,'Queued')&limit=0").json()["$meta"]["pagination"]["total"] == 1


def test_a_message_that_waits_is_sent_once_somebody_resumes_its_batch(run: Run, server: Server) -> None:
    token = loaded(run, "seed-notifications")["tokens"][0]["token"]
    (waiting,) = [
        one
        for one in json.loads(run("batch", "list", "-a", "acme", "--all", "--json").stdout)["batches"]
        if one["state"] == "paused"
    ]
    assert run("batch", "resume", waiting["batch"]).exit_code == 0
    assert run("batch", "watch", waiting["batch"], "--delivered", "--json").exit_code == 0
    answer = httpx.get(
        f"{server.address}{DOOR}/messages?eq(batch.id,'MST-0000-0000-0002')",
        headers={"authorization": f"Bearer {token}"},
    )
    assert [one["status"] for one in answer.json()["data"]] == ["Sent"]
