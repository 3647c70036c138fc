"""Commands that are imported when they are needed, so that help comes at once."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

import click

Places = Mapping[str, tuple[str, str]]
"""By the name of a command: the module that has it under that name, and its first sentence."""


class LazyGroup(click.Group):
    """A group of the commands in `places`."""

    def __init__(self, name: str | None = None, *, places: Places, **rest: object) -> None:
        super().__init__(name, **rest)  # type: ignore[arg-type]  # click's own keywords, passed on as they came
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of `places`."""
        del ctx
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now if it was not yet."""
        del ctx
        if cmd_name not in self._places:
            return None
        return cast("click.Command", getattr(import_module(self._places[cmd_name][0]), cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in self._places.items()])
