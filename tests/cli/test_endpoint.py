"""Webhook endpoints from the command line."""

import json

import pytest

from muster.domain.errors import BadInput
from tests.cli.conftest import Run

HOOK = "http://127.0.0.1:9/hook"

pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let webhooks go to this machine."""
    monkeypatch.setenv("MUSTER_WEBHOOK_ALLOW", "127.0.0.0/8")


@pytest.mark.parametrize("name", ["linx.workflow-updated", "workflow.updated"])
def test_an_endpoint_in_the_vendors_style_names_events_in_either_words(run: Run, name: str) -> None:
    arguments = ("--style", "workflow-batches", "--type", name, "--json")

    made = json.loads(run("endpoint", "add", "acme", HOOK, *arguments).stdout)

    assert (made["style"], made["types"]) == ("workflow-batches", ["workflow.updated"])


def test_an_endpoint_may_be_told_of_records_in_the_vendors_words(run: Run) -> None:
    made = json.loads(
        run("endpoint", "add", "acme", HOOK, "--style", "record-batches", "--type", "action-executed", "--json").stdout
    )

    assert (made["style"], made["types"]) == ("record-batches", ["record.acted"])


def test_an_unknown_event_is_refused_with_those_there_are(run: Run) -> None:
    refused = run("endpoint", "add", "acme", HOOK, "--type", "linx.workflow-updated")

    assert isinstance(refused.exception, BadInput)
    assert "workflow.updated" in refused.exception.faults[0].message


def test_an_unknown_style_is_refused_with_those_there_are(run: Run) -> None:
    refused = run("endpoint", "add", "acme", HOOK, "--style", "sundial")

    assert isinstance(refused.exception, BadInput)
    assert "standard, workflow-batches" in refused.exception.faults[0].message


def test_an_endpoint_is_tried_out_and_switched_off(run: Run) -> None:
    made = json.loads(run("endpoint", "add", "acme", HOOK, "--json").stdout)

    assert run("endpoint", "test", "acme", made["endpoint"]).exit_code == 0
    assert json.loads(run("endpoint", "disable", "acme", made["endpoint"], "--json").stdout)["state"] == "disabled"
    assert run("endpoint", "test", "acme", made["endpoint"]).exit_code != 0
