"""Configuring a record store from the command line."""

import json
from pathlib import Path

import pytest

from muster.domain.errors import BadInput, NotFound
from tests.cli.conftest import Run


@pytest.fixture
def acme(run: Run) -> None:
    assert run("account", "add", "acme", "--json").exit_code == 0


@pytest.mark.usefixtures("acme")
def test_a_sample_is_configured_shown_and_configured_again(run: Run, tmp_path: Path) -> None:
    done = run("records", "configure", "film-and-tv", "acme")
    assert done.exit_code == 0, done.output
    assert "template catalog-item/1 Feature" in done.stdout

    shown = tmp_path / "shown.toml"
    shown.write_text(run("records", "show", "acme").stdout, encoding="utf-8")
    again = run("records", "configure", str(shown), "acme")
    assert (again.exit_code, "nothing was changed" in again.stdout) == (0, True)


@pytest.mark.usefixtures("acme")
def test_what_changes_is_told(run: Run) -> None:
    first = json.loads(run("records", "configure", "conformance", "acme", "--json").stdout)
    assert "process 4 Catalog items" in first["added"]
    second = json.loads(run("records", "configure", "-", "acme", "--json", stdin='company_currency = "EUR"').stdout)
    assert "process 4 Catalog items" in second["removed"]
    assert json.loads(run("records", "show", "acme", "--json").stdout)["version"] == 2


@pytest.mark.usefixtures("acme")
def test_an_account_without_a_configuration_is_told_how_to_begin(run: Run) -> None:
    refused = run("records", "show", "acme")
    assert isinstance(refused.exception, NotFound)
    assert "film-and-tv" in refused.exception.message


def test_a_file_is_checked_without_an_account(run: Run, tmp_path: Path) -> None:
    assert "No mistakes" in run("records", "check", "film-and-tv").stdout
    file = tmp_path / "mine.toml"
    file.write_text('[[models]]\nid = 1\nname = "M"\nsplits = [1]\n', encoding="utf-8")
    refused = run("records", "check", str(file))
    assert isinstance(refused.exception, BadInput)
    assert [fault.path for fault in refused.exception.faults] == ["models[1].splits"]
    assert isinstance(run("records", "check", "missing.toml").exception, BadInput)


def test_samples_are_listed_and_printed(run: Run) -> None:
    names = [one["name"] for one in json.loads(run("records", "samples", "--json").stdout)["samples"]]
    assert names == ["film-and-tv", "conformance"]
    assert "Films and television" in run("records", "samples").stdout
    assert (
        json.loads(run("records", "check", "-", "--json", stdin=run("records", "samples", names[0]).stdout).stdout)[
            "models"
        ]
        > 4
    )


@pytest.fixture
def stocked(run: Run, acme: None) -> None:
    del acme
    assert run("fixtures", "load", "seed-records", "acme").exit_code == 0


@pytest.mark.usefixtures("stocked")
def test_records_are_searched_page_by_page(run: Run) -> None:
    shown = run("records", "search", "acme", "deal", "--limit", "2")
    assert ("deal/1 " in shown.stdout, "--page 2 shows more" in shown.stdout) == (True, True)
    where = '{"$eq": ["territory", "Germany"]}'
    found = json.loads(run("records", "search", "acme", "right", "--where", where, "--json").stdout)
    assert [one["record"] for one in found["records"]] == ["right/1", "right/7", "right/103"]
    assert json.loads(run("records", "search", "acme", "deal", "--keywords", "Ostbucht", "--json").stdout)["total"] == 2
    for wrong in ("{x", '{"$eq": ["nope", 1]}', "[]"):
        assert isinstance(run("records", "search", "acme", "right", "--where", wrong).exception, BadInput)


@pytest.mark.usefixtures("stocked")
def test_a_record_is_shown(run: Run) -> None:
    shown = " ".join(run("records", "get", "acme", "table/1").stdout.split())
    assert ("amount 10000 USD" in shown, "below deal/1" in shown) == (True, True)
    told = json.loads(run("records", "get", "acme", "deal/1", "--json").stdout)
    assert (told["status_name"], told["values"]["renewal_notice"]) == ("Executed", "2026-10-02")
    assert isinstance(run("records", "get", "acme", "deal/999").exception, NotFound)
    assert isinstance(run("records", "get", "acme", "ship/1").exception, BadInput)


@pytest.mark.usefixtures("stocked")
def test_a_schedule_is_shown_in_every_form(run: Run) -> None:
    assert "nothing was amortized yet" in run("records", "schedule", "acme", "1").stdout
    asked = ("records", "schedule", "acme", "1", "--model", "77")
    shown = run(*asked).stdout
    assert ("6,000.00" in shown, "10,000.00 USD charged; nothing was kept" in shown) == (True, True)
    assert run(*asked, "--format", "csv").stdout.splitlines()[1].endswith("10000.00,6000.00,4000.00,USD")
    assert run(*asked, "--format", "svg").stdout.startswith("<svg")
    assert json.loads(run(*asked, "--format", "json").stdout)["rowId"] == 1
    assert isinstance(run("records", "schedule", "acme", "1", "--model", "5").exception, NotFound)
    refused = run("records", "schedule", "acme", "1", "--model", "82").exception
    assert isinstance(refused, BadInput)
    assert "cannot be amortized by model 82" in refused.message


@pytest.mark.usefixtures("stocked")
def test_records_without_a_template_are_told_of(run: Run) -> None:
    assert run("records", "configure", "-", "acme", "--force", stdin='company_currency = "USD"').exit_code == 0
    assert "22 contact records have a template that its configuration lacks" in run("doctor", "--no-channels").stdout
