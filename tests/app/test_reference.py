"""The reference pages know everything there is."""

import re
from pathlib import Path

import click

from muster.app.settings import Settings
from muster.cli.main import muster

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_every_setting_has_its_row_in_the_order_of_the_defaults() -> None:
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8").partition("## What is measured")[0]
    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) == list(Settings.__struct_fields__)


def test_every_command_is_on_the_page() -> None:
    page = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `muster")]
    missing = [f"{name} {sub}" for name, sub in _commands() if not any(_tells(row, name, sub) for row in rows)]
    assert missing == []


def _commands() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    context = click.Context(muster)
    for name in muster.list_commands(context):
        command = muster.get_command(context, name)
        subs = list(command.commands) if isinstance(command, click.Group) else [""]
        found.extend((name, sub) for sub in subs)
    return found


def _tells(row: str, name: str, sub: str) -> bool:
    return f"muster {name}" in row and re.search(rf"\b{sub}\b", row) is not None
