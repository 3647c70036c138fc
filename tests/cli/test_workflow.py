"""What an operator sees of customers' workflows, and does to them."""

import json
import urllib.request
from pathlib import Path

import pytest

from muster.domain.errors import BadInput, NotFound, WrongState
from tests.cli.conftest import Run, Server

PEOPLE = "title,phone,hours\nfor Jo,+15552000001,2\nfor Ann,+15552000002,2\nfor nobody,nobody,\n"
JO, ANN = "+15552000001", "+15552000002"


@pytest.fixture
def texted(
    *, account: dict[str, str], server: Server, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A batch whose two texts have arrived: the ids of its workflows by phone number."""
    monkeypatch.setenv("MUSTER_PUBLIC_URL", server.address)
    _hand_over(run, tmp_path, account["account_id"])
    return _workflows(run, "--batch", "last")


def _hand_over(run: Run, folder: Path, account: str) -> None:
    file = folder / "people.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    assert run("batch", "submit", account, str(file), "--template", "Refund").exit_code == 0
    assert run("batch", "watch", "last", "--delivered", "--json").exit_code == 0


def _workflows(run: Run, *options: str) -> dict[str, str]:
    found = json.loads(run("workflow", "list", *options, "--json").stdout)["workflows"]
    return {one["address"]: one["workflow"] for one in found}


def _every_batch(run: Run, *, atleast: int) -> list[dict[str, dict[str, int]]]:
    """Upkeep makes the batch that carries a text sent again, some moments later."""
    for _ in range(1000):
        found: list[dict[str, dict[str, int]]] = json.loads(run("batch", "list", "--all", "--json").stdout)["batches"]
        if len(found) >= atleast:
            return found
    raise AssertionError("there is no batch for the text")


def _post(url: str, form: str) -> int:
    with urllib.request.urlopen(url, form.encode(), timeout=10) as answer:  # noqa: S310 - our own address
        status: int = answer.status
        return status


def test_workflows_are_found_by_batch_state_and_whom_they_are_for(texted: dict[str, str], run: Run) -> None:
    assert list(texted) == [JO, ANN]
    assert _workflows(run, "acme", "--state", "active") == texted
    assert _workflows(run, "--state", "completed") == {}
    assert list(_workflows(run, "--search", "0002")) == [ANN]
    page = run("workflow", "list", "--limit", "1")
    assert texted[JO] in page.stdout
    assert "1 of 2 shown" in page.stdout


def test_a_workflow_is_meant_by_its_id_or_an_end_of_it_or_a_phone_number(texted: dict[str, str], run: Run) -> None:
    whole = texted[ANN]
    shown = [json.loads(run("workflow", "show", name, "--json").stdout) for name in (whole, whole[-8:].upper(), ANN)]
    assert {one["workflow"] for one in shown} == {whole}
    assert [step["status"] for step in shown[0]["steps"]] == ["completed", "active", "created"]
    several = run("workflow", "show", whole[:24])
    assert isinstance(several.exception, BadInput)
    assert texted[JO] in several.exception.message
    missing = run("workflow", "cancel", whole[-7:])
    assert isinstance(missing.exception, NotFound)
    assert "workflow list" in missing.exception.message


@pytest.mark.usefixtures("texted")
def test_the_link_is_the_customers_and_what_they_do_is_counted(run: Run) -> None:
    link = json.loads(run("workflow", "link", JO, "--json").stdout)["link"]
    assert run("workflow", "link", JO).stdout == f"{link}\n"
    assert _post(f"{link}/decline", "reason=wrong_information") == 200
    assert "wrong information" in run("workflow", "show", JO).stdout
    counts = json.loads(run("batch", "show", "last", "--json").stdout)["workflows"]
    assert counts == {"active": 1, "completed": 0, "declined": 1, "cancelled": 0, "expired": 0}
    assert "the customer would not" in run("batch", "show", "last").stdout


@pytest.mark.usefixtures("texted")
def test_a_link_under_another_secret_is_not_made_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_LINK_KEY", "another secret of thirty-two characters")
    refused = run("workflow", "link", JO)
    assert isinstance(refused.exception, WrongState)
    assert "link_key" in refused.exception.message


@pytest.mark.usefixtures("texted")
def test_a_text_sent_again_is_in_the_history_and_its_batch_is_not_the_last(run: Run) -> None:
    last = json.loads(run("batch", "show", "last", "--json").stdout)["batch"]
    assert run("workflow", "resend", JO).exit_code == 0
    texts = json.loads(run("workflow", "history", JO, "--json").stdout)["texts"]
    assert [(text["serial"], text["origin"]) for text in texts] == [(0, "initial"), (1, "manual")]
    assert "the operator" in run("workflow", "history", JO).stdout
    every = _every_batch(run, atleast=2)
    assert json.loads(run("batch", "list", "--json").stdout)["total"] == 1
    assert json.loads(run("batch", "show", "last", "--json").stdout)["batch"] == last
    assert sum(every[0]["workflows"].values()) == 0


@pytest.mark.usefixtures("texted")
def test_who_has_opted_out_is_not_texted_again(run: Run) -> None:
    run("suppression", "add", "acme", JO)
    assert isinstance(run("workflow", "resend", JO).exception, WrongState)


@pytest.mark.usefixtures("texted")
def test_a_workflow_gets_more_time_until_it_is_cancelled(run: Run) -> None:
    before = json.loads(run("workflow", "show", JO, "--json").stdout)["expires_at"]
    extended = json.loads(run("workflow", "extend", JO, "--hours", "48", "--json").stdout)
    assert extended["expires_at"] > before
    assert run("workflow", "extend", JO, "--hours", "0").exit_code == 2
    assert json.loads(run("workflow", "cancel", JO, "--json").stdout)["state"] == "cancelled"
    assert run("workflow", "cancel", JO).exit_code == 0
    assert isinstance(run("workflow", "extend", JO, "--hours", "48").exception, WrongState)


def test_another_accounts_workflow_is_not_there(texted: dict[str, str], run: Run) -> None:
    assert run("account", "add", "other").exit_code == 0
    for command in ("show", "link", "history", "cancel", "resend"):
        assert isinstance(run("workflow", command, "-a", "other", texted[JO]).exception, NotFound)
    assert json.loads(run("workflow", "list", "other", "--json").stdout)["total"] == 0
    assert isinstance(run("workflow", "show", texted[JO]).exception, BadInput)


@pytest.mark.usefixtures("account")
def test_an_account_without_workflows_has_an_empty_list(run: Run) -> None:
    assert json.loads(run("workflow", "list", "--json").stdout) == {"total": 0, "workflows": []}
    assert "0 in all" in run("workflow", "list").stdout
