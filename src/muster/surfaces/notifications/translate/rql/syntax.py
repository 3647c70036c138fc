"""The grammar of RQL: how names, values, calls, groups and separators may follow each other."""

from typing import Final, TypeAlias, cast

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken

from muster.domain.errors import BadInput
from muster.surfaces.notifications.translate.rql.refusals import SHORTCUT, refusal

# A comma between expressions binds tighter than a semicolon. What a name means, and how many arguments a call takes, is
# no matter of the grammar, so that the caller is told which name is wrong instead of where the parser gave up.
_GRAMMAR: Final = r"""
    start: choice
    choice: sequence (_OR sequence)*
    sequence: item ((_COMMA | _AMPERSAND) item)*
    ?item: value | call | short | group
    value: WORD | SINGLE | DOUBLE
    call: WORD _OPEN arguments _CLOSE
    arguments: argument (_COMMA argument)*
    argument: [item]
    short: WORD _EQUALS (value | call | group)
    group: _OPEN [choice] _CLOSE

    WORD: /[^\s,&;|()='"](?:[^,&;|()='"]*[^\s,&;|()='"])?/
    SINGLE: /'[^']*'/
    DOUBLE: /"[^"]*"/
    _OR: ";" | "|"
    _COMMA: ","
    _AMPERSAND: "&"
    _EQUALS: "="
    _OPEN: "("
    _CLOSE: ")"
    %ignore /\s+/
"""


class Value(msgspec.Struct, frozen=True):
    """A word or a quoted text."""

    text: str
    bare: bool


class Call(msgspec.Struct, frozen=True):
    """`name(argument,…)`. An argument that is left empty is None; no arguments at all are none."""

    name: str
    arguments: tuple["Node | None", ...]


class Short(msgspec.Struct, frozen=True):
    """`path=…`."""

    path: str
    value: "Node"


class Sequence(msgspec.Struct, frozen=True):
    """Things with commas between them: values of a list, or expressions that must all hold."""

    of: tuple["Node", ...]


class Choice(msgspec.Struct, frozen=True):
    """Expressions one of which must hold."""

    of: tuple["Node", ...]


Node: TypeAlias = Value | Call | Short | Sequence | Choice


class _Building(Transformer[Token, Node]):
    """Makes nodes while the text is read, from the inside out, so that no depth of it makes anything recurse."""

    def start(self, nodes: list[Node]) -> Node:
        return nodes[0]

    def choice(self, nodes: list[Node]) -> Node:
        return nodes[0] if len(nodes) == 1 else Choice(tuple(nodes))

    def sequence(self, nodes: list[Node]) -> Node:
        return nodes[0] if len(nodes) == 1 else Sequence(tuple(nodes))

    def value(self, tokens: list[Token]) -> Node:
        token = tokens[0]
        return Value(str(token), bare=True) if token.type == "WORD" else Value(str(token)[1:-1], bare=False)

    def arguments(self, nodes: list[Node | None]) -> tuple[Node | None, ...]:
        return () if nodes == [None] else tuple(nodes)

    def argument(self, nodes: list[Node | None]) -> Node | None:
        return nodes[0]

    def call(self, parts: tuple[Token, tuple[Node | None, ...]]) -> Node:
        name, arguments = parts
        return Call(str(name), arguments)

    def short(self, parts: tuple[Token, Node]) -> Node:
        path, value = parts
        return Short(str(path), value)

    def group(self, nodes: list[Node | None]) -> Node:
        return nodes[0] or Sequence(())


_PARSER: Final = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=True, transformer=_Building())


def read(text: str) -> Node:
    """What stands in `text`. Raises BadInput, which names where it stops to be RQL."""
    try:
        # Lark says that it makes trees, and leaves some types open; the transformer makes nodes.
        return cast("Node", _PARSER.parse(text))  # pyright: ignore[reportUnknownMemberType]
    except UnexpectedToken as error:
        token = cast("Token", error.token)
        if token.type == "_EQUALS":
            raise refusal("=", SHORTCUT) from None
        # At its end, the parser names the place of the last token.
        raise _stuck(text, None if token.type == "$END" else error.pos_in_stream) from None
    except UnexpectedInput as error:
        raise _stuck(text, error.pos_in_stream) from None


def _stuck(text: str, at: int | None) -> BadInput:
    rest = "" if at is None or at < 0 else text[at : at + 20]
    return refusal(rest or "query", f"Unexpected {rest!r}." if rest else "The expression ends too early.")
