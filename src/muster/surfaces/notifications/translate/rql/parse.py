"""From text to a tree, within limits."""

import re
from typing import Final

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.surfaces.notifications.translate.rql.meaning import meaning
from muster.surfaces.notifications.translate.rql.syntax import read
from muster.surfaces.notifications.translate.rql.tree import Expression

DEEPEST: Final = 50
"""Parentheses inside each other."""
MOST_MARKS: Final = 4_000
"""Separators and parentheses of one expression."""
_MARK: Final = re.compile(r"'[^']*'|\"[^\"]*\"|(?P<opens>\()|(?P<closes>\))|(?P<separates>[,&;|=])")


def parse(text: str) -> Expression:
    """What the expression says. Raises BadInput, which names the token that is wrong."""
    _measure(text)
    return meaning(read(text))


def _measure(text: str) -> None:
    """Refuse what would take long to read."""
    depth, marks = 0, 0
    for mark in _MARK.finditer(text):
        kind = mark.lastgroup
        marks += kind is not None
        depth += (kind == "opens") - (kind == "closes")
        if depth > DEEPEST:
            raise _too_much(f"The expression is nested deeper than {DEEPEST} levels")
        if marks > MOST_MARKS:
            raise _too_much(f"The expression has more than {MOST_MARKS} parts")


def _too_much(message: str) -> BadInput:
    return BadInput(message, [Fault("query", "TOO_LONG", message)])
