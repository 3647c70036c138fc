"""Commands are imported when they are needed, and are what the list says."""

import subprocess
import sys

import click
import pytest

from muster.cli.main import muster
from tests.cli.conftest import Run

CONTEXT = click.Context(muster)


@pytest.mark.parametrize("name", muster.list_commands(CONTEXT))
def test_the_list_says_what_the_command_says(run: Run, name: str) -> None:
    command = muster.get_command(CONTEXT, name)
    assert command is not None
    assert command.name == name
    first = (command.help or "").partition("\n")[0].partition(". ")[0].rstrip(".")
    assert f"{first}." in " ".join(run("--help").stdout.split())


def test_an_unknown_command_is_refused(run: Run) -> None:
    refused = run("bach")
    assert (refused.exit_code, "No such command" in refused.stderr) == (2, True)


def test_help_imports_no_store() -> None:
    program = "import sys, muster.cli.main; print(*sorted({'sqlalchemy', 'litestar', 'pgqueuer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == ""
