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
